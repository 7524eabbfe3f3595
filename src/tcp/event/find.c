/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.c: who owns a tuple, and the bookkeeping that changes with its owner: flow index and local
 * endpoints together, so that neither can be forgotten.
 */
#include "find.h"

#include "isn.h"

/* Than the one remembered: it is, from now on. */
uint64_t tcp_flow_of_other(struct tcp *tcp, const struct tuple *tuple)
{
    tcp->flow = (struct flow_memo){*tuple, flow_hash(&tcp->index, tuple)};
    return tcp->flow.flow;
}

/* The flow is a name of 64 bits: that it means the same tuple as last time is near enough to true
 * for a number that only has to be hard to guess and the same for one tuple; so the tuple is not
 * kept. */
uint64_t tcp_secret(struct tcp *tcp, const struct tuple *tuple, uint64_t flow)
{
    struct secret_memo *memo = &tcp->secret;

    if (!memo->is_set || memo->flow != flow)
        *memo = (struct secret_memo){flow, tuple_secret(&tcp->isn_key, tuple), true};
    return memo->secret;
}

struct flow_ref tcp_find(const struct tcp *tcp, const struct tuple *tuple, uint64_t flow)
{
    return find_owner(tcp, tuple, flow);
}

void tcp_prefetch_slot(const struct tcp *tcp, uint64_t flow)
{
    hash_index_prefetch(&tcp->index.slots, (uint32_t)flow);
}

void tcp_prefetch_owner(const struct tcp *tcp, uint64_t flow)
{
    struct hash_cursor cursor;
    const uint32_t slot = hash_index_first(&tcp->index.slots, (uint32_t)flow, &cursor);
    struct flow_ref ref;

    if (slot == 0)
        return;
    ref = flow_unpack(slot);
    switch (ref.kind) {
    case FLOW_CONNECTION:
        prefetch(tcp->conns.memory + (size_t)ref.index * tcp->conns.stride);
        prefetch(tcp->conns.memory + (size_t)ref.index * tcp->conns.stride + 64);
        break;
    case FLOW_SYN_ENTRY:
        prefetch(syn_cache_at(&tcp->syns, ref.index));
        break;
    case FLOW_TIME_WAIT_IPV4:
    case FLOW_TIME_WAIT_IPV6:
        time_wait_prefetch(&tcp->time_waits, record_ref(ref));
        break;
    case FLOW_NONE:
        break;
    }
}

/* ---- the index and the local endpoints change together ---- */

static uint8_t endpoint_flags(bool reuse_address, bool reuse_port)
{
    return (uint8_t)((reuse_address ? ENDPOINT_REUSE_ADDRESS : 0) |
                     (reuse_port ? ENDPOINT_REUSE_PORT : 0));
}

static uint8_t conn_endpoint_flags(const struct tcp_conn *conn)
{
    return endpoint_flags(conn_has(conn, CONN_REUSE_ADDRESS), conn_has(conn, CONN_REUSE_PORT));
}

static struct endpoint_use use_of_record(const struct time_wait_record *record)
{
    return (struct endpoint_use){
        .local = tuple_local(&record->tuple),
        .kind = ENDPOINT_TIME_WAIT,
        .flags = endpoint_flags(record->flags & TIME_WAIT_REUSE_ADDRESS,
                                record->flags & TIME_WAIT_REUSE_PORT),
    };
}

bool tcp_enter_endpoint(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct endpoint_use use = {
        .local = tuple_local(&conn->tuple),
        .kind = ENDPOINT_CONNECTION,
        .flags = conn_endpoint_flags(conn),
    };

    conn->endpoint = local_endpoints_enter(&tcp->endpoints, &use);
    return conn->endpoint != POOL_NONE;
}

void tcp_leave_endpoint(struct tcp *tcp, const struct tcp_conn *conn)
{
    local_endpoints_leave_at(&tcp->endpoints, conn->endpoint, ENDPOINT_CONNECTION,
                             conn_endpoint_flags(conn));
}

bool tcp_index_connection(struct tcp *tcp, struct tcp_conn *conn, uint32_t index,
                          enum lastack_cause *why)
{
    const struct flow_ref ref = {FLOW_CONNECTION, index};

    if (!flow_insert(&tcp->index, conn->flow, ref)) {
        *why = LASTACK_CAUSE_NO_INDEX_LEFT;
        return false;
    }
    if (!tcp_enter_endpoint(tcp, conn)) {
        *why = LASTACK_CAUSE_NO_ENDPOINT_LEFT;
        (void)flow_remove(&tcp->index, conn->flow, ref);
        return false;
    }
    return true;
}

void tcp_unindex_connection(struct tcp *tcp, struct tcp_conn *conn)
{
    (void)flow_remove(&tcp->index, conn->flow,
                      (struct flow_ref){FLOW_CONNECTION, tcp_index_of(tcp, conn)});
    tcp_leave_endpoint(tcp, conn);
}

void tcp_endpoint_to_record(struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint8_t flags = conn_endpoint_flags(conn);

    local_endpoints_change_at(&tcp->endpoints, conn->endpoint, ENDPOINT_CONNECTION, flags,
                              ENDPOINT_TIME_WAIT, flags);
}

void tcp_leave_record(struct tcp *tcp, const struct time_wait_record *record)
{
    const struct endpoint_use use = use_of_record(record);

    local_endpoints_leave(&tcp->endpoints, &use);
}

void tcp_set_reuse(struct tcp *tcp, struct tcp_conn *conn, uint32_t flags)
{
    const uint8_t old = conn_endpoint_flags(conn);
    const uint32_t mask = CONN_REUSE_ADDRESS | CONN_REUSE_PORT;

    conn->flags = (conn->flags & ~mask) | (flags & mask);
    if (conn->state != TCP_CLOSED && !conn_has(conn, CONN_DETACHED))
        local_endpoints_change_at(&tcp->endpoints, conn->endpoint, ENDPOINT_CONNECTION, old,
                                  ENDPOINT_CONNECTION, conn_endpoint_flags(conn));
}

uint32_t tcp_find_listener(struct tcp *tcp, const struct lastack_endpoint *local, uint64_t flow)
{
    return local_endpoints_find_listener(&tcp->endpoints, local, 0, (uint32_t)(flow >> 32));
}
