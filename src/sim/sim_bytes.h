/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_bytes.h: what simulated programs send: byte `at` of a direction follows from the direction's
 * key and its place, so whoever reads knows what has to come, and nothing that is lost, doubled or
 * out of place goes unseen.
 */
#ifndef LASTACK_SIM_BYTES_H
#define LASTACK_SIM_BYTES_H

#include <stdbool.h>
#include <stdint.h>

/* The bytes [at, at + length). */
void sim_bytes_fill(uint64_t key, uint64_t at, uint8_t *data, uint32_t length);
/* Are these the bytes that stand there? */
bool sim_bytes_are(uint64_t key, uint64_t at, const uint8_t *data, uint32_t length);

#endif
