/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy.h: what a stack's secrets grow from.
 */
#ifndef LASTACK_ENTROPY_H
#define LASTACK_ENTROPY_H

#include "trouble.h"

#include <stdint.h>

/* Unpredictable bytes from the kernel, for lastack_config.seed. */
bool entropy_seed(uint8_t seed[32], struct trouble *trouble);

#endif
