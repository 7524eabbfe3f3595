/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern.h: bytes that anybody can make again: the numbers 0, 1, 2 ... as 8 bytes each, lowest
 * byte first.
 *
 *     offset   0                        8                        16
 *              00 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00  02 00 ...
 *
 * No two blocks of 8 bytes are equal, so text that is lost, doubled or out of place changes the
 * hash; and a program in any language makes the same bytes in one line, for example
 *
 *     python3 -c 'import array, sys
 *     for i in range(0, 2**27, 2**17):
 *         array.array("Q", range(i, i + 2**17)).tofile(sys.stdout.buffer)'
 *
 * (on a little-endian machine) for the first 2^30.
 */
#ifndef LASTACK_PATTERN_H
#define LASTACK_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 of the first 2^30 bytes, as in docs/services.md. */
extern const char pattern_sha256_of_1_gib[];

/* The `length` bytes that start `offset` bytes into the pattern. */
void pattern_fill(uint8_t *to, size_t length, uint64_t offset);

#endif
