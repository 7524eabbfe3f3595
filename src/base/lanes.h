/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lanes.h: two 64-bit numbers that are added side by side, where the machine can.
 *
 * A vector type of the compiler (gcc, clang): SSE2, NEON, s390x, wasm SIMD where they are on, plain
 * arithmetic elsewhere, with the same meaning. Lanes are read with lanes[0] and lanes[1]; a load
 * takes any alignment. Never pass one by value through a function that is not inlined: its ABI
 * varies.
 */
#ifndef LASTACK_LANES_H
#define LASTACK_LANES_H

#include <stdint.h>
#include <string.h>

typedef uint64_t lanes __attribute__((vector_size(16)));

#define LANES_LOAD(lane, from) memcpy(&(lane), (from), sizeof(lanes))

#endif
