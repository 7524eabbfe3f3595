/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_link.c: see sim_link.h.
 */
#include "sim_link.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_MOST = 1 << 20, PPM = 1000000 };

void sim_link_init(struct sim_link *link, const struct sim_recipe *recipe, uint64_t seed)
{
    *link = (struct sim_link){.recipe = *recipe};
    rng_init(&link->rng, seed);
}

void sim_link_free(struct sim_link *link)
{
    for (size_t i = 0; i < link->count; i++)
        free(link->heap[i].data);
    free(link->heap);
    link->heap = NULL;
    link->count = link->room = 0;
}

static bool is_earlier(const struct sim_frame *a, const struct sim_frame *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void swap_frames(struct sim_frame *a, struct sim_frame *b)
{
    const struct sim_frame other = *a;

    *a = *b;
    *b = other;
}

static bool push_frame(struct sim_link *link, struct sim_frame frame)
{
    size_t i = link->count;

    if (link->count == FRAMES_MOST)
        return false;
    if (link->count == link->room) {
        const size_t room = link->room == 0 ? 64 : 2 * link->room;
        struct sim_frame *heap = realloc(link->heap, room * sizeof *heap);

        if (heap == NULL)
            return false;
        link->heap = heap;
        link->room = room;
    }
    frame.serial = link->next_serial++;
    link->heap[link->count++] = frame;
    for (; i > 0 && is_earlier(&link->heap[i], &link->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap_frames(&link->heap[i], &link->heap[(i - 1) / 2]);
    return true;
}

static struct sim_frame pop_frame(struct sim_link *link)
{
    const struct sim_frame first = link->heap[0];

    link->heap[0] = link->heap[--link->count];
    for (size_t i = 0;;) {
        const size_t left = 2 * i + 1;
        size_t least = i;

        if (left < link->count && is_earlier(&link->heap[left], &link->heap[least]))
            least = left;
        if (left + 1 < link->count && is_earlier(&link->heap[left + 1], &link->heap[least]))
            least = left + 1;
        if (least == i)
            break;
        swap_frames(&link->heap[i], &link->heap[least]);
        i = least;
    }
    return first;
}

/* `ppm` in a million. The generator is asked in every case, so that one knob does not shift the
 * others. */
static bool happens(struct sim_link *link, uint32_t ppm)
{
    return rng_below(&link->rng, PPM) < ppm;
}

static void put_under_way(struct sim_link *link, int64_t at, const void *data, uint32_t length)
{
    struct sim_frame frame = {.at = at, .length = length, .data = malloc(length > 0 ? length : 1)};

    if (frame.data == NULL)
        return;
    memcpy(frame.data, data, length);
    if (!push_frame(link, frame))
        free(frame.data);
}

/* When its last bit has left, or NEVER if the queue before the rate is full. */
static int64_t leaves_at(struct sim_link *link, int64_t now, uint32_t length)
{
    const uint64_t rate = link->recipe.rate_bps;
    int64_t start;

    if (rate == 0)
        return now;
    start = max64(now, link->busy_until);
    if (link->recipe.queue_bytes != 0 &&
        (uint64_t)(start - now) * (rate / 8) / 1000000000u + length > link->recipe.queue_bytes)
        return NEVER;
    link->busy_until = start + (int64_t)((uint64_t)length * 8u * 1000000000u / rate);
    return link->busy_until;
}

/* The link is deaf from each multiple of stall_every_ns on; what enters then leaves when it is
 * over, in order. */
static int64_t after_stall(const struct sim_link *link, int64_t now)
{
    const struct sim_recipe *recipe = &link->recipe;
    const int64_t since = recipe->stall_every_ns > 0 ? now % recipe->stall_every_ns : 0;

    return recipe->stall_every_ns > 0 && since < recipe->stall_ns ? now - since + recipe->stall_ns
                                                                  : now;
}

/* One of a burst? The generator is asked only where there are bursts, so that the other recipes
 * keep their runs. */
static bool is_in_burst(struct sim_link *link)
{
    if (link->recipe.burst_ppm == 0)
        return false;
    if (link->burst_left == 0 && happens(link, link->recipe.burst_ppm))
        link->burst_left = link->recipe.burst_packets;
    if (link->burst_left == 0)
        return false;
    link->burst_left--;
    return true;
}

void sim_link_send(struct sim_link *link, int64_t now, const void *data, uint32_t length)
{
    const bool is_lost = happens(link, link->recipe.loss_ppm);
    const bool is_late = happens(link, link->recipe.reorder_ppm);
    const bool is_double = happens(link, link->recipe.duplicate_ppm);
    const bool is_replayed = happens(link, link->recipe.replay_ppm);
    const uint32_t jitter =
        link->recipe.jitter_ns > 0 ? rng_below(&link->rng, (uint32_t)link->recipe.jitter_ns) : 0;
    int64_t at;

    link->sent++;
    if (is_in_burst(link) || is_lost || link->is_cut) {
        link->lost++;
        return;
    }
    at = leaves_at(link, after_stall(link, now), length);
    if (at == NEVER) {
        link->overflowed++;
        return;
    }
    at += link->recipe.delay_ns + jitter + (is_late ? link->recipe.reorder_ns : 0);
    put_under_way(link, at, data, length);
    if (is_double) {
        link->duplicated++;
        put_under_way(link, at, data, length);
    }
    if (is_replayed && link->recipe.replay_most_ms > 0) {
        link->replayed++;
        put_under_way(link, at + MS(1 + rng_below(&link->rng, link->recipe.replay_most_ms)), data,
                      length);
    }
}

int64_t sim_link_next(const struct sim_link *link)
{
    return link->count == 0 ? NEVER : link->heap[0].at;
}

bool sim_link_receive(struct sim_link *link, int64_t now, struct sim_frame *frame)
{
    if (link->count == 0 || link->heap[0].at > now)
        return false;
    *frame = pop_frame(link);
    link->delivered++;
    return true;
}
