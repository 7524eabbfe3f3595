/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.c: what stack.h asks of an embedder, in its smallest form.
 */
#include "target.h"

#include "check.h"
#include "duration.h"
#include "gso_cut.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 16, LINK = 1 };

const int64_t target_epoch = SEC(1000);

static void fill_config(const struct target_config *config, struct lastack_config *own)
{
    lastack_config_default(own);
    own->params = config->params;
    memset(own->seed, 0x5c, sizeof own->seed);
    own->max_connections = 64;
    own->max_time_waits_ipv4 = own->max_time_waits_ipv6 = 64;
    own->max_syn_entries = 128;
    own->max_sockets = 128;
    own->max_descriptors = 256;
    own->max_pages = 8192;
    own->max_ranges = 4096;
    own->max_replies = 64;
    own->max_endpoints = 128;
    own->max_neighbors = 1;
    own->max_paths = 16;
    own->max_reassemblies = 2;
    own->trace_records = 4096;
    own->trace_classes = LASTACK_TRACE_CLASS_ALL & ~(uint32_t)LASTACK_TRACE_CLASS_SEGMENT;
    own->trace_hash = true;
}

bool target_add_address(struct target *target, const struct lastack_address *own)
{
    const bool is_ipv4 = lastack_is_ipv4(own);
    const struct lastack_address any =
        is_ipv4 ? lastack_ipv4(0, 0, 0, 0) : (struct lastack_address){{0}};

    return lastack_add_address(target->stack, LINK, own, is_ipv4 ? 32 : 128) == 0 &&
           lastack_add_route(target->stack, &any, 0, LINK, NULL) == 0;
}

static bool give_network(struct target *target)
{
    const struct lastack_link_config link = {
        .kind = LASTACK_LINK_IP,
        .name = "drill",
        .mtu = target->config.mtu,
        .gso_max = target->config.gso_max,
    };

    return lastack_add_link(target->stack, &link) == LINK &&
           (lastack_is_any(&target->config.address) ||
            target_add_address(target, &target->config.address));
}

bool target_open(struct target *target, const struct target_config *config)
{
    struct lastack_config own;
    size_t size;

    *target = (struct target){.config = *config, .now = target_epoch};
    target->sent_end = &target->sent;
    fill_config(config, &own);
    size = lastack_size(&own);
    if (size == 0)
        return false;
    /* Fresh zero pages of the kernel, aligned by hand: only what is used becomes real. */
    target->memory = calloc(1, size + 64);
    CHECK(target->memory != NULL);
    target->stack = lastack_create(
        &own, (void *)(((uintptr_t)target->memory + 63) & ~(uintptr_t)63), size, target->now);
    if (target->stack == NULL || !give_network(target)) {
        target_close(target);
        return false;
    }
    (void)lastack_name_owner(target->stack, 0, "packetdrill");
    return true;
}

void target_close(struct target *target)
{
    while (target->sent != NULL)
        free(target_take(target));
    free(target->memory);
    *target = (struct target){0};
}

static struct sent_packet *new_sent(struct target *target, size_t room)
{
    struct sent_packet *sent = malloc(sizeof *sent + room);

    CHECK(sent != NULL);
    *sent = (struct sent_packet){.at = target->now};
    return sent;
}

static void keep(struct target *target, struct sent_packet *sent)
{
    *target->sent_end = sent;
    target->sent_end = &sent->next;
    if (target->config.watch != NULL)
        target->config.watch(target->config.context, target->now - target_epoch, false, sent->bytes,
                             sent->length);
}

/* A frame of several segments is cut, as a card would; whole, it is one large segment. */
static void keep_segments(struct target *target, struct sent_packet *frame, size_t gso_size)
{
    const size_t size = target->config.whole_frames ? frame->length : gso_size;
    const size_t count = gso_count(frame->bytes, frame->length, size);

    for (size_t i = 0; i < count; i++) {
        struct sent_packet *sent = new_sent(target, frame->length);

        sent->length = gso_cut(frame->bytes, frame->length, size, i, sent->bytes);
        keep(target, sent);
    }
    free(frame);
}

static void take_out(struct target *target, const struct lastack_packet_out *packet)
{
    struct sent_packet *sent = new_sent(target, packet->length);

    CHECK(packet->link == LINK);
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(sent->bytes + sent->length, packet->iov[i].base, packet->iov[i].length);
        sent->length += packet->iov[i].length;
    }
    if (packet->gso_size != 0)
        keep_segments(target, sent, packet->gso_size);
    else
        keep(target, sent);
}

void target_settle(struct target *target)
{
    struct lastack_packet_out packets[BATCH];
    struct lastack_event event;
    size_t count;

    while ((count = lastack_output(target->stack, packets, BATCH)) > 0) {
        for (size_t i = 0; i < count; i++)
            take_out(target, &packets[i]);
    }
    while (lastack_next_event(target->stack, &event))
        continue; /* calls that wait ask again after each step */
}

void target_input(struct target *target, const struct lastack_packet_in *packets, size_t count)
{
    lastack_input(target->stack, target->now, packets, count);
    for (size_t i = 0; i < count && target->config.watch != NULL; i++)
        target->config.watch(target->config.context, target->now - target_epoch, true,
                             packets[i].data, packets[i].length);
}

int64_t target_next(const struct target *target)
{
    return lastack_next_deadline(target->stack);
}

bool target_step(struct target *target, int64_t until)
{
    const int64_t next = max64(target_next(target), target->now + 1); /* never stands still */
    const bool is_left = next < until;

    if (is_left || until > target->now)
        target->now = is_left ? next : until;
    lastack_tick(target->stack, target->now);
    target_settle(target);
    return is_left;
}

struct sent_packet *target_take(struct target *target)
{
    struct sent_packet *sent = target->sent;

    if (sent == NULL)
        return NULL;
    target->sent = sent->next;
    if (target->sent == NULL)
        target->sent_end = &target->sent;
    return sent;
}
