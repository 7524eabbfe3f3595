/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_trace.c: what the stack tells of a peer's tuple: moves of its state in the trace, its row,
 * counters and pools. See peer.h.
 */
#include "peer_world.h"

static const char *state_text(unsigned state)
{
    return lastack_state_text((enum tcp_state)state);
}

/* The next move of this peer's tuple; false: none. */
static bool next_state(struct peer *peer, struct lastack_trace_record *record)
{
    uint64_t lost = 0;

    while (lastack_trace_read(world.stack, &peer->trace_at, record, 1, &lost) == 1) {
        assert_int_equal(lost, 0);
        if (record->what == LASTACK_TRACE_STATE && record->local_port == peer->local.port &&
            record->remote_port == peer->remote.port)
            return true;
    }
    return false;
}

void peer_state(struct peer *peer, enum tcp_state from, enum tcp_state to, enum lastack_cause cause,
                const char *file, int number)
{
    struct lastack_trace_record record;

    if (!next_state(peer, &record))
        PEER_FAIL(file, number, "the state has not moved");
    if (record.old_state != from || record.new_state != to || record.cause != cause)
        PEER_FAIL(file, number, "the trace says %s -> %s because of: %s",
                  state_text(record.old_state), state_text(record.new_state),
                  lastack_cause_text((enum lastack_cause)record.cause));
}

void peer_no_state(struct peer *peer, const char *file, int number)
{
    struct lastack_trace_record record;

    if (next_state(peer, &record))
        PEER_FAIL(file, number, "the state moved %s -> %s because of: %s",
                  state_text(record.old_state), state_text(record.new_state),
                  lastack_cause_text((enum lastack_cause)record.cause));
}

void FORGET(struct peer *peer)
{
    struct lastack_trace_record record;

    (void)packets_forgotten(peer);
    while (next_state(peer, &record))
        continue;
}

struct wanted {
    const struct peer *peer;
    struct lastack_connection_row *row;
    bool is_found;
};

static bool match_row(void *context, const struct lastack_connection_row *row)
{
    struct wanted *wanted = context;

    if (row->local.port != wanted->peer->local.port ||
        row->remote.port != wanted->peer->remote.port ||
        !lastack_address_equal(&row->remote.address, &wanted->peer->remote.address))
        return true;
    *wanted->row = *row;
    wanted->is_found = true;
    return false;
}

bool has_row(const struct peer *peer, struct lastack_connection_row *row)
{
    struct wanted wanted = {.peer = peer, .row = row};
    uint64_t cursor = 0;

    (void)lastack_rows(world.stack,
                       LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_TIME_WAIT | LASTACK_ROWS_SYN,
                       &cursor, match_row, &wanted);
    return wanted.is_found;
}

struct lastack_connection_row row_of(const struct peer *peer)
{
    struct lastack_connection_row row = {0};

    assert_true(has_row(peer, &row));
    return row;
}

void peer_is_in(struct peer *peer, enum tcp_state state, const char *file, int number)
{
    struct lastack_connection_row row = {.state = TCP_CLOSED};

    (void)has_row(peer, &row);
    if (row.state != state)
        PEER_FAIL(file, number, "the row says %s", state_text(row.state));
}

uint64_t counted(enum lastack_cause cause)
{
    return lastack_counter(world.stack, cause);
}

struct lastack_pool_usage usage_of(enum lastack_pool pool)
{
    struct lastack_pool_usage usage;

    lastack_pool_usage(world.stack, pool, &usage);
    return usage;
}
