/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern.c: see pattern.h.
 */
#include "pattern.h"

#include <string.h>

const char pattern_sha256_of_1_gib[] =
    "2fd30c5c566fc656759e1b545e5687135d6ec02da418192e85efaf6fc0a4651b";

static void store_little(uint8_t *to, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, &value, sizeof value); /* one store: the compiler does not make it of the eight */
#else
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(value >> 8 * i);
#endif
}

void pattern_fill(uint8_t *to, size_t length, uint64_t offset)
{
    uint64_t block = offset / 8;
    size_t skip = offset % 8, at = 0;
    uint8_t bytes[8];

    if (skip != 0) {
        size_t part = length < 8 - skip ? length : 8 - skip;

        store_little(bytes, block++);
        memcpy(to, bytes + skip, part);
        at = part;
    }
    for (; length - at >= 8; at += 8)
        store_little(to + at, block++);
    store_little(bytes, block);
    memcpy(to + at, bytes, length - at);
}
