/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_ring.c: writing and reading trace records, and the hash of a run.
 *
 *     hash' = mix(hash ^ word) for each of eight words:
 *     time | flow | cause what old new flags | ports | then either seq ack | length window | a | b
 *                                               or, in a FLOW record, two addresses as four words
 *
 * `serial` is not hashed: it counts what was kept, which depends on the switches.
 */
#include "trace_ring.h"

#include "bytes.h"
#include "check.h"

_Static_assert(sizeof(struct lastack_trace_record) == 64, "decision 0006: 64 bytes");

/* An odd multiplier carries every bit upwards, the shift brings the high half down again. */
static uint64_t trace_mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static uint64_t trace_hash_detail(uint64_t hash, const struct lastack_trace_record *record)
{
    hash = trace_mix(hash, (uint64_t)record->u.detail.seq << 32 | record->u.detail.ack);
    hash = trace_mix(hash, (uint64_t)record->u.detail.length << 32 | record->u.detail.window);
    hash = trace_mix(hash, (uint64_t)record->u.detail.a);
    return trace_mix(hash, (uint64_t)record->u.detail.b);
}

static uint64_t trace_hash_address(uint64_t hash, const struct lastack_address *address)
{
    hash = trace_mix(hash, load64(address->bytes));
    return trace_mix(hash, load64(address->bytes + 8));
}

static uint64_t trace_hash_record(uint64_t hash, const struct lastack_trace_record *record)
{
    uint64_t kind = (uint64_t)record->cause << 40 | (uint64_t)record->what << 32 |
                    (uint64_t)record->old_state << 24 | (uint64_t)record->new_state << 16 |
                    record->flags;

    hash = trace_mix(hash, (uint64_t)record->time_ns);
    hash = trace_mix(hash, record->flow);
    hash = trace_mix(hash, kind);
    hash = trace_mix(hash, (uint64_t)record->local_port << 16 | record->remote_port);
    if (record->what != LASTACK_TRACE_FLOW)
        return trace_hash_detail(hash, record);
    hash = trace_hash_address(hash, &record->u.flow_addresses.local);
    return trace_hash_address(hash, &record->u.flow_addresses.remote);
}

void trace_ring_init(struct trace_ring *ring, struct lastack_trace_record *memory, uint32_t count)
{
    CHECK((count & (count - 1)) == 0 && (count == 0 || memory != NULL));
    *ring = (struct trace_ring){.records = memory, .count = count};
    trace_ring_switch(ring, 0, true);
}

void trace_ring_switch(struct trace_ring *ring, uint32_t classes, bool hash_on)
{
    ring->classes = classes & LASTACK_TRACE_CLASS_ALL;
    ring->hash_on = hash_on;
    ring->wanted = (ring->count > 0 ? ring->classes : 0) | (hash_on ? TRACE_HASHED_CLASSES : 0);
}

void trace_write(struct trace_ring *ring, const struct lastack_trace_record *record)
{
    enum lastack_trace_class class = trace_class(record->what);
    struct lastack_trace_record *slot;

    if (ring->hash_on && (class & TRACE_HASHED_CLASSES) != 0)
        ring->hash = trace_hash_record(ring->hash, record);
    if (ring->count == 0 || (class & ring->classes) == 0)
        return;
    slot = &ring->records[ring->next & (ring->count - 1)];
    *slot = *record;
    slot->serial = (uint32_t)ring->next++;
}

size_t trace_read(const struct trace_ring *ring, uint64_t *cursor, struct lastack_trace_record *out,
                  size_t max, uint64_t *lost)
{
    uint64_t oldest = ring->next > ring->count ? ring->next - ring->count : 0;
    size_t taken = 0;

    if (*cursor < oldest) {
        if (lost != NULL)
            *lost += oldest - *cursor;
        *cursor = oldest;
    }
    for (; taken < max && *cursor < ring->next; taken++, ++*cursor)
        out[taken] = ring->records[*cursor & (ring->count - 1)];
    return taken;
}
