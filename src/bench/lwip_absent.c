/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwip_absent.c: what takes the place of lwip_pair.c where lwIP's headers are missing.
 */
#include "lwip_pair.h"

#include "check.h"

#include <stddef.h>

struct lwip_pair *lwip_pair_make(const char **why)
{
    *why = "built without lwIP's headers (Debian: liblwip-dev)";
    return NULL;
}

void lwip_pair_lives(struct lwip_pair *pair, uint64_t count)
{
    (void)pair;
    (void)count;
    UNREACHABLE();
}

void lwip_pair_pass_2msl(struct lwip_pair *pair)
{
    (void)pair;
    UNREACHABLE();
}

void lwip_pair_bulk(struct lwip_pair *pair, uint64_t bytes)
{
    (void)pair;
    (void)bytes;
    UNREACHABLE();
}

uint64_t lwip_pair_packets(const struct lwip_pair *pair)
{
    (void)pair;
    UNREACHABLE();
}
