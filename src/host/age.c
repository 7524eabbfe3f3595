/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * age.c: see age.h. The table is open-addressed by cookie, rebuilt at every turn, so it never
 * grows beyond twice what is alive.
 */
#include "age.h"

#include "duration.h"

#include <stdlib.h>

#define LINUX_TIME_WAIT_NS SEC(60) /* TCP_TIMEWAIT_LEN: a constant, not a setting */

int64_t age_of_row(const struct lastack_connection_row *row, int64_t fin_timeout_ns)
{
    int64_t whole = row->state == TCP_TIME_WAIT ? LINUX_TIME_WAIT_NS
                                                : min64(fin_timeout_ns, LINUX_TIME_WAIT_NS);
    if (row->timer == LASTACK_TIMER_TIME_WAIT || row->timer == LASTACK_TIMER_FIN_WAIT_2)
        return clamp64(whole - row->timer_left_ns, 0, whole);
    bool is_left_alone = row->state == TCP_CLOSE_WAIT || row->state == TCP_FIN_WAIT_2;
    if (is_left_alone && row->has_tcp_info)
        return MS(row->tcp_info.tcpi_last_ack_recv);
    return -1;
}

struct age_entry {
    uint64_t cookie; /* 0: free */
    uint8_t state;
    bool is_seen;
    int64_t since;
};

struct age_table {
    struct age_entry *entries;
    size_t capacity; /* power of two */
    size_t count;
};

struct age_table *age_table_new(void)
{
    return calloc(1, sizeof(struct age_table));
}

void age_table_free(struct age_table *table)
{
    if (table == NULL)
        return;
    free(table->entries);
    free(table);
}

static struct age_entry *slot_of(struct age_entry *entries, size_t capacity, uint64_t cookie)
{
    size_t i = (size_t)(cookie * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (capacity - 1);
    while (entries[i].cookie != 0 && entries[i].cookie != cookie)
        i = (i + 1) & (capacity - 1);
    return &entries[i];
}

/* Moves what is to be kept into a table of `capacity`; false: no memory, the old one stays. */
static bool rebuild(struct age_table *table, size_t capacity, bool only_seen)
{
    struct age_entry *entries = calloc(capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct age_entry *old = &table->entries[i];
        if (old->cookie == 0 || (only_seen && !old->is_seen))
            continue;
        *slot_of(entries, capacity, old->cookie) = *old;
        count++;
    }
    free(table->entries);
    *table = (struct age_table){.entries = entries, .capacity = capacity, .count = count};
    return true;
}

void age_table_apply(struct age_table *table, struct lastack_connection_row *row, int64_t now)
{
    if (row->cookie == 0)
        return;
    if (2 * table->count >= table->capacity &&
        !rebuild(table, table->capacity == 0 ? 1024 : 2 * table->capacity, false))
        return;
    struct age_entry *entry = slot_of(table->entries, table->capacity, row->cookie);
    table->count += entry->cookie == 0;
    if (entry->cookie == 0 || entry->state != row->state)
        *entry = (struct age_entry){.cookie = row->cookie, .state = row->state, .since = now};
    entry->is_seen = true;
    /* a state first seen in this look is not yet known to have lasted */
    if (now > entry->since)
        row->age_ns = max64(row->age_ns, now - entry->since);
}

void age_table_turn(struct age_table *table)
{
    size_t capacity = table->capacity;
    if (capacity == 0 || !rebuild(table, capacity, true))
        return;
    for (size_t i = 0; i < table->capacity; i++)
        table->entries[i].is_seen = false;
}
