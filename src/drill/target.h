/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.h: the stack under test: one lastack, one link of bare IP packets, a clock that jumps.
 *
 *     target_input ──▶ stack ──▶ sent packets, each with its time, oldest first ──▶ target_take
 *                        ▲
 *                 target_step: on to the next deadline
 *
 * Everything is a function of the configuration: the seed is fixed, and time is what the script
 * says. After any call on the stack itself (socket.h), target_settle collects what it sends.
 */
#ifndef LASTACK_TARGET_H
#define LASTACK_TARGET_H

#include <lastack/lastack.h>

/* A packet that crossed the link; one that arrived has had its effects already. */
typedef void target_watch(void *context, int64_t at, bool is_inbound, const uint8_t *data,
                          size_t length);

/* A frame of Linux's largest size, which any device takes. */
enum { TARGET_GSO_LINUX = 65536 - 320 };

struct target_config {
    struct lastack_params params;
    struct lastack_address address; /* the stack's own; any: none yet */
    uint32_t mtu;
    uint32_t gso_max;    /* text of one frame, which is cut here; 0: one segment */
    bool whole_frames;   /* not cut, but seen as a tun device of Linux sees them */
    target_watch *watch; /* may be NULL */
    void *context;       /* of watch */
};

/* A packet that the stack sent. */
struct sent_packet {
    struct sent_packet *next;
    int64_t at;
    size_t length;
    uint8_t bytes[];
};

struct target {
    struct lastack *stack;
    int64_t now;
    struct sent_packet *sent, **sent_end;
    struct target_config config;
    void *memory;
};

/* When a target's life starts; times of traces and captures count from 0, not from here. */
extern const int64_t target_epoch;

/* False if the configuration is refused. */
bool target_open(struct target *target, const struct target_config *config);
void target_close(struct target *target);

/* An address of the stack's own; all others of its version are reached over the link. */
bool target_add_address(struct target *target, const struct lastack_address *own);

/* `count` packets arrive together, now. */
void target_input(struct target *target, const struct lastack_packet_in *packets, size_t count);

/* Collects what the stack sends after calls on it. */
void target_settle(struct target *target);

/* When something happens by itself; INT64_MAX: never. */
int64_t target_next(const struct target *target);

/* Time goes to the next deadline, or to `until` if that comes first. False: it is `until`. */
bool target_step(struct target *target, int64_t until);

/* The oldest packet not yet taken, and takes it: free it. NULL: none. */
struct sent_packet *target_take(struct target *target);

#endif
