/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_link.c: see host_link.h. The kernel side of "a full link is a fact about the link" (decision
 * 0001).
 */
#include "host_link.h"

#include "check.h"
#include "duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY_PAUSE_MIN_NS MS(1)
#define RETRY_PAUSE_MAX_NS MS(64)

/* A packet by copy: iov[0] is its header, iov[1] its payload, both inside. */
struct kept_packet {
    struct lastack_packet_out packet;
    uint8_t payload[];
};

void host_link_init(struct host_link *link, const struct host_link_ops *ops, int fd,
                    const struct lastack_link_config *config)
{
    *link = (struct host_link){.ops = ops, .fd = fd, .config = *config, .retry_at = NEVER};
}

void host_link_close(struct host_link *link)
{
    for (unsigned i = 0; i < link->kept_count; i++)
        free(link->kept[i]);
    link->kept_count = 0;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

bool host_link_attach(struct host_link *link, struct lastack *stack, struct trouble *trouble)
{
    int number = lastack_add_link(stack, &link->config);

    if (number < 0)
        return trouble_set(trouble, -number, "add link %s to the stack", link->config.name);
    link->number = (uint32_t)number;
    lastack_set_link_up(stack, link->number, true);
    return true;
}

/* ---- in ---- */

size_t host_link_receive(struct host_link *link, uint8_t *memory, size_t size,
                         struct lastack_packet_in *packets, size_t max)
{
    size_t count = 0, used = 0;

    link->has_more = true;
    for (size_t tries = 0; tries < max && size - used >= HOST_LINK_PACKET_MAX; tries++) {
        uint32_t flags = 0;
        int length = link->ops->receive(link, memory + used, HOST_LINK_PACKET_MAX, &flags);

        if (length == -EMSGSIZE) {
            link->counters.in_too_long++;
            continue;
        }
        if (length <= 0) {
            link->has_more = false;
            link->is_gone = length == -EBADFD || length == -ENODEV;
            break;
        }
        packets[count++] = (struct lastack_packet_in){
            .data = memory + used, .length = (size_t)length, .link = link->number, .flags = flags};
        used += ((size_t)length + 63) & ~(size_t)63; /* each starts on a cache line */
        link->counters.packets_in++;
        link->counters.bytes_in += (uint64_t)length;
        link->counters.largest_in = max32(link->counters.largest_in, (uint32_t)length);
    }
    return count;
}

/* ---- out ---- */

static struct kept_packet *copy_packet(const struct lastack_packet_out *packet)
{
    size_t header = packet->iov[0].length, payload = packet->length - header, at = 0;
    struct kept_packet *kept = malloc(sizeof *kept + payload);

    CHECK(kept != NULL); /* at most one batch: 1 MiB */
    CHECK(header <= LASTACK_HEADER_MAX);
    kept->packet = *packet;
    memcpy(kept->packet.header, packet->iov[0].base, header);
    kept->packet.iov[0] = (struct lastack_iovec){kept->packet.header, header};
    for (unsigned i = 1; i < packet->iov_count; i++) {
        CHECK(at + packet->iov[i].length <= payload);
        memcpy(kept->payload + at, packet->iov[i].base, packet->iov[i].length);
        at += packet->iov[i].length;
    }
    kept->packet.iov[1] = (struct lastack_iovec){kept->payload, payload};
    kept->packet.iov_count = payload > 0 ? 2 : 1;
    return kept;
}

static void keep(struct host_link *link, const struct lastack_packet_out *packet)
{
    CHECK(link->kept_count < HOST_LINK_BATCH); /* the stack hands out nothing more once told */
    link->kept[link->kept_count++] = copy_packet(packet);
}

static bool is_down_error(int error)
{
    return error == -EIO || error == -ENETDOWN || error == -ENXIO;
}

static bool is_full_error(int error)
{
    return error == -EAGAIN || error == -ENOBUFS || error == -ENOMEM;
}

static void count_sent(struct host_link *link, const struct lastack_packet_out *packet)
{
    link->counters.packets_out++;
    link->counters.bytes_out += packet->length;
    link->counters.largest_out = max32(link->counters.largest_out, packet->length);
}

/* Hands one packet to the descriptor. True: it is done with (sent, or refused for good and
 * counted). */
static bool try_to_send(struct host_link *link, const struct lastack_packet_out *packet, int *error)
{
    do {
        *error = link->ops->send(link, packet);
    } while (*error == -EINTR);
    if (is_full_error(*error) || is_down_error(*error))
        return false;
    if (*error == 0) {
        count_sent(link, packet);
    } else {
        link->counters.out_refused++;
        link->last_error = -*error;
    }
    return true;
}

/* The descriptor refused: the stack hands out no more until told. */
static void close_gate(struct host_link *link, struct lastack *stack, int error)
{
    enum host_link_state state = is_down_error(error) ? HOST_LINK_DOWN : HOST_LINK_FULL;

    if (link->state == state)
        return;
    if (link->state == HOST_LINK_READY) {
        lastack_link_full(stack, link->number);
        link->wants_room = true;
        link->retry_pause_ns = RETRY_PAUSE_MIN_NS;
    }
    if (state == HOST_LINK_DOWN) {
        lastack_set_link_up(stack, link->number, false);
        link->counters.down++;
    } else {
        if (link->state == HOST_LINK_DOWN)
            lastack_set_link_up(stack, link->number, true); /* up again, only full */
        link->counters.full++;
    }
    link->state = state;
}

static void open_gate(struct host_link *link, struct lastack *stack)
{
    if (link->state == HOST_LINK_DOWN)
        lastack_set_link_up(stack, link->number, true);
    link->state = HOST_LINK_READY;
    link->wants_room = false;
    link->retry_at = NEVER;
    lastack_link_ready(stack, link->number);
}

void host_link_send(struct host_link *link, struct lastack *stack,
                    const struct lastack_packet_out *packet)
{
    int error = 0;

    if (link->state == HOST_LINK_READY && try_to_send(link, packet, &error))
        return;
    keep(link, packet);
    if (link->state == HOST_LINK_READY)
        close_gate(link, stack, error);
}

/* Room was promised and refused again: ask by the clock, less and less often. */
static void pause_asking(struct host_link *link, int64_t now)
{
    link->wants_room = false;
    link->retry_at = time_after(now, link->retry_pause_ns);
    link->retry_pause_ns = min64(2 * link->retry_pause_ns, RETRY_PAUSE_MAX_NS);
}

void host_link_flush(struct host_link *link, struct lastack *stack, int64_t now)
{
    unsigned sent = 0;
    int error = 0;

    if (link->state == HOST_LINK_READY)
        return;
    while (sent < link->kept_count && try_to_send(link, &link->kept[sent]->packet, &error)) {
        free(link->kept[sent]);
        sent++;
    }
    link->kept_count -= sent;
    memmove(link->kept, link->kept + sent, link->kept_count * sizeof link->kept[0]);
    if (link->kept_count == 0) {
        open_gate(link, stack);
        return;
    }
    close_gate(link, stack, error);
    if (sent == 0) {
        pause_asking(link, now);
        return;
    }
    link->wants_room = true; /* it did have room: believe it again */
    link->retry_at = NEVER;
    link->retry_pause_ns = RETRY_PAUSE_MIN_NS;
}
