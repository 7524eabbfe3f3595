/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_link.h: one link of a stack, carried by a descriptor of the host.
 *
 *              lastack_output                            ops->send
 *     stack ──────────────────▶ host_link ──────────────────────────────▶ tun, packet socket
 *                                  │ EAGAIN, ENOBUFS: full.  EIO, ENETDOWN: down.
 *                                  ▼
 *                               kept: the packets taken from the stack already, by copy
 *
 * A packet taken from the stack is a packet sent (stack.h). So what the descriptor will not take is
 * kept here, at most the rest of one output batch, the stack is told to hand out no more, and when
 * there is room again the kept ones leave first. Nothing waits on a packet: timers of the stack go
 * on, and what falls due meanwhile is built when the link is ready.
 *
 * Room is announced by EPOLLOUT. A descriptor that claims room and then refuses again is asked
 * after a pause that doubles (1 ms .. 64 ms), so that a lying or overloaded device costs no
 * processor time.
 */
#ifndef LASTACK_HOST_LINK_H
#define LASTACK_HOST_LINK_H

#include "trouble.h"

#include <lastack/stack.h>

struct host_link;

enum { HOST_LINK_BATCH = 16 }; /* packets taken from the stack at once and kept: at the most */

struct host_link_ops {
    const char *kind; /* "tun", "veth" */
    /* One packet into `buffer`: its length (> 0) and *flags (LASTACK_CHECKSUM_TRUSTED). -EAGAIN:
     * none is waiting; -EMSGSIZE: one was longer than `size` and is lost; -EBADFD, -ENODEV: the
     * interface is gone; any other negative errno. */
    int (*receive)(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags);
    /* 0, or a negative errno: -EAGAIN and -ENOBUFS no room, -EIO and -ENETDOWN interface down. */
    int (*send)(struct host_link *link, const struct lastack_packet_out *packet);
};

enum host_link_state { HOST_LINK_READY, HOST_LINK_FULL, HOST_LINK_DOWN };

struct host_link_counters {
    uint64_t packets_in, bytes_in, packets_out, bytes_out;
    uint32_t largest_in,
        largest_out;      /* frames, in bytes: far above the MTU where the other side cuts */
    uint64_t in_too_long; /* longer than a buffer can be */
    uint64_t out_refused; /* refused for a reason that waiting does not cure: see last_error */
    uint64_t full, down;  /* how often it became so */
};

struct kept_packet;

struct host_link {
    const struct host_link_ops *ops;
    int fd;
    uint32_t number; /* as the stack knows it */
    enum host_link_state state;
    struct lastack_link_config config; /* what the stack is told about it */
    struct kept_packet *kept[HOST_LINK_BATCH];
    unsigned kept_count;
    bool wants_room;  /* ask epoll for EPOLLOUT */
    int64_t retry_at; /* while full or down and EPOLLOUT cannot be trusted; else INT64_MAX */
    int64_t retry_pause_ns;
    int last_error; /* of out_refused, positive */
    bool has_more;  /* nothing says that the last host_link_receive took all there was */
    bool is_gone;   /* the interface was deleted under us: nothing will ever come or go */
    struct host_link_counters counters;
};

/* A link over `fd`, which it then owns. */
void host_link_init(struct host_link *link, const struct host_link_ops *ops, int fd,
                    const struct lastack_link_config *config);
void host_link_close(struct host_link *link);

/* Adds it to the stack and sets it up. */
bool host_link_attach(struct host_link *link, struct lastack *stack, struct trouble *trouble);

/* Reads up to `max` packets into `memory`, one after the other; returns how many. Stops when less
 * than one largest packet (HOST_LINK_PACKET_MAX) would fit. */
enum { HOST_LINK_PACKET_MAX = 65536 + 64 };
size_t host_link_receive(struct host_link *link, uint8_t *memory, size_t size,
                         struct lastack_packet_in *packets, size_t max);

/* Sends, or keeps and tells the stack. */
void host_link_send(struct host_link *link, struct lastack *stack,
                    const struct lastack_packet_out *packet);

/* There may be room again (EPOLLOUT, or retry_at has come). */
void host_link_flush(struct host_link *link, struct lastack *stack, int64_t now);

#endif
