/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gso_cut.h: a frame of several TCP segments, cut as a network card cuts it.
 *
 *     header | text of 10 MSS   ──▶   header | 1 MSS,   header | 1 MSS, ...
 *
 * PSH and FIN go with the last segment, CWR with the first; lengths, sequence numbers and checksums
 * are those of each (docs of Linux: segmentation-offloads).
 */
#ifndef LASTACK_GSO_CUT_H
#define LASTACK_GSO_CUT_H

#include <stddef.h>
#include <stdint.h>

/* How many segments a frame of TCP over IP has, when each carries `size` bytes of text. */
size_t gso_count(const uint8_t *frame, size_t length, size_t size);

/* Writes the index-th one into `segment` (as large as the frame, at the most); returns its
 * length. */
size_t gso_cut(const uint8_t *frame, size_t length, size_t size, size_t index, uint8_t *segment);

#endif
