/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp_queue.c: see udp_queue.h.
 *
 * Invariant: with count > 0, either first < end (one stretch), or end <= first < skip (the ring was
 * left off at `skip` and goes on at 0). An empty queue starts at 0 again, so that the longest
 * datagram always fits an empty ring of its cost.
 */
#include "udp_queue.h"

#include <string.h>

uint32_t udp_queue_cost(uint32_t length)
{
    return ((uint32_t)sizeof(struct udp_record) + length + 7) / 8 * 8;
}

void udp_queue_init(struct udp_queue *queue, void *memory, uint32_t size)
{
    size -= size % 8;
    *queue = (struct udp_queue){.memory = memory, .size = size, .skip = size};
}

/* Where so many bytes in one piece can go; UINT32_MAX if nowhere. */
static uint32_t udp_queue_place(const struct udp_queue *queue, uint32_t cost)
{
    bool is_wrapped = queue->count > 0 && queue->end <= queue->first;

    if (is_wrapped)
        return queue->first - queue->end >= cost ? queue->end : UINT32_MAX;
    if (queue->size - queue->end >= cost)
        return queue->end;
    return queue->first >= cost ? 0 : UINT32_MAX;
}

bool udp_queue_push(struct udp_queue *queue, const struct udp_record *record, const void *data)
{
    uint32_t cost = udp_queue_cost(record->length);
    uint32_t at = udp_queue_place(queue, cost);

    if (at == UINT32_MAX) {
        queue->refusals++;
        return false;
    }
    if (at != queue->end)
        queue->skip = queue->end;
    memcpy(queue->memory + at, record, sizeof *record);
    if (record->length > 0)
        memcpy(queue->memory + at + sizeof *record, data, record->length);
    queue->end = at + cost;
    queue->count++;
    queue->bytes += record->length;
    return true;
}

bool udp_queue_front(const struct udp_queue *queue, struct udp_record *record, const uint8_t **data)
{
    if (queue->count == 0)
        return false;
    memcpy(record, queue->memory + queue->first, sizeof *record);
    *data = queue->memory + queue->first + sizeof *record;
    return true;
}

void udp_queue_pop(struct udp_queue *queue)
{
    struct udp_record record;

    CHECK(queue->count > 0);
    memcpy(&record, queue->memory + queue->first, sizeof record);
    queue->first += udp_queue_cost(record.length);
    queue->count--;
    queue->bytes -= record.length;
    if (queue->count == 0) {
        queue->first = queue->end = 0;
        queue->skip = queue->size;
    } else if (queue->first == queue->skip) {
        queue->first = 0;
        queue->skip = queue->size;
    }
}
