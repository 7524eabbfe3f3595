/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_bytes.c: see sim_bytes.h. Eight bytes at a time, each eight a mix of key and place.
 */
#include "sim_bytes.h"

#include <string.h>

static uint64_t word_at(uint64_t key, uint64_t word)
{
    uint64_t x = key + word * UINT64_C(0xbf58476d1ce4e5b9);

    x ^= x >> 29;
    return x * UINT64_C(0x94d049bb133111eb);
}

void sim_bytes_fill(uint64_t key, uint64_t at, uint8_t *data, uint32_t length)
{
    uint64_t word = word_at(key, at / 8) >> at % 8 * 8;

    for (uint32_t i = 0; i < length; i++, at++) {
        if (at % 8 == 0)
            word = word_at(key, at / 8);
        data[i] = (uint8_t)word;
        word >>= 8;
    }
}

bool sim_bytes_are(uint64_t key, uint64_t at, const uint8_t *data, uint32_t length)
{
    uint8_t expected[512];

    while (length > 0) {
        const uint32_t piece = length < sizeof expected ? length : sizeof expected;

        sim_bytes_fill(key, at, expected, piece);
        if (memcmp(data, expected, piece) != 0)
            return false;
        at += piece;
        data += piece;
        length -= piece;
    }
    return true;
}
