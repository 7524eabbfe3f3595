/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h: what fuzz targets share.
 *
 * A target is one function over bytes. Bytes are either the thing itself (a packet) or a tape of
 * small numbers that choose operations; a tape that has run out reads zeros, so every input means
 * something. The same target runs under libFuzzer (make fuzz) and, from files and seeded noise, in
 * every test run (replay.c). A broken invariant is a CHECK.
 */
#ifndef LASTACK_FUZZ_H
#define LASTACK_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tape {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t tape_u8(struct tape *tape)
{
    if (tape->left == 0)
        return 0;
    tape->left--;
    return *tape->at++;
}

/* The next `length` bytes, zeros where there are none left. */
static inline void tape_bytes(struct tape *tape, uint8_t *bytes, size_t length)
{
    const size_t there = length < tape->left ? length : tape->left;

    memset(bytes, 0, length);
    if (there == 0)
        return;
    memcpy(bytes, tape->at, there);
    tape->at += there;
    tape->left -= there;
}

static inline uint16_t tape_u16(struct tape *tape)
{
    unsigned high = tape_u8(tape);
    return (uint16_t)(high << 8 | tape_u8(tape));
}

static inline uint32_t tape_u32(struct tape *tape)
{
    uint32_t high = tape_u16(tape);
    return high << 16 | tape_u16(tape);
}

#endif
