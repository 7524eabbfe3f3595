/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saved.h: what is wrong with samples that were saved, as `doctor` and `metrics` say it.
 */
#ifndef LASTACK_SAVED_H
#define LASTACK_SAVED_H

#include "bundle.h"

/* Whether pieces are missing or cut, which is said on stderr. */
bool saved_tell_damage(const char *verb, const struct bundle *bundle);

/* Why bundle_load (or bundle_capture) failed: its status, and the file that it named. */
void saved_tell_failure(const char *verb, const char *file, int status);

#endif
