/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.h: who owns a tuple, inlined for what asks for every segment. Everybody else calls tcp_find.
 *
 *     flow ──▶ the slots with its hash ──▶ each one's object: has it this tuple?
 */
#ifndef LASTACK_FIND_H
#define LASTACK_FIND_H

#include "tcp.h"

static inline bool owns(const struct tcp *tcp, struct flow_ref ref, const struct tuple *tuple)
{
    switch (ref.kind) {
    case FLOW_CONNECTION:
        return tuple_equal(&tcp_conn_at(tcp, ref.index)->tuple, tuple);
    case FLOW_SYN_ENTRY:
        return tuple_equal(&syn_cache_at(&tcp->syns, ref.index)->tuple, tuple);
    case FLOW_TIME_WAIT_IPV4:
    case FLOW_TIME_WAIT_IPV6:
        return time_wait_is(&tcp->time_waits, record_ref(ref), tuple);
    case FLOW_NONE:
        break;
    }
    return false;
}

static inline ALWAYS_INLINE struct flow_ref find_owner(const struct tcp *tcp,
                                                       const struct tuple *tuple, uint64_t flow)
{
    struct hash_cursor cursor;

    for (uint32_t slot = hash_index_first(&tcp->index.slots, (uint32_t)flow, &cursor); slot != 0;
         slot = hash_index_next(&cursor)) {
        const struct flow_ref ref = flow_unpack(slot);

        if (LIKELY(owns(tcp, ref, tuple)))
            return ref;
    }
    return (struct flow_ref){FLOW_NONE, 0};
}

#endif
