/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow_index.c: the hash of a tuple; see flow_index.h.
 */
#include "flow_index.h"

#include "bytes.h"

uint64_t flow_hash(const struct flow_index *index, const struct tuple *tuple)
{
    const uint64_t ports = (uint64_t)tuple->local_port << 16 | tuple->remote_port;

    if (ip_is_ipv4(&tuple->local) && ip_is_ipv4(&tuple->remote)) {
        const uint64_t words[2] = {(uint64_t)load32(tuple->local.bytes + 12) << 32 |
                                       load32(tuple->remote.bytes + 12),
                                   ports};

        return siphash13_words(&index->key, words, 2);
    }
    {
        const uint64_t words[5] = {load64(tuple->local.bytes), load64(tuple->local.bytes + 8),
                                   load64(tuple->remote.bytes), load64(tuple->remote.bytes + 8),
                                   ports};

        return siphash13_words(&index->key, words, 5);
    }
}
