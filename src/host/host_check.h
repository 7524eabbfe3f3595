/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_check.h: what else is said when a CHECK fails: how to repeat what led to it.
 */
#ifndef LASTACK_HOST_CHECK_H
#define LASTACK_HOST_CHECK_H

/* The line that is printed beneath; NULL: none. The text stays the caller's. */
void host_check_note(const char *note);

#endif
