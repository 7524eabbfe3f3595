/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_reply.h: may we answer with ICMP, and what? RFC 1122 §3.2.2, RFC 4443 §2.4.
 *
 *     a packet was dropped, its sender should know ──▶ icmp_reply_error ──▶ message or silence
 *     an echo request arrived                      ──▶ icmp_reply_echo  ──▶ values for
 *                                                      icmp_build_echo, or silence
 *
 * No error is ever sent about an error, a packet to many, a piece that is not the first, or a
 * packet whose sender is nobody in particular. What is left is limited, as Linux does: 1000 errors
 * a second with bursts of 50, and one a second to each host, remembered for the 256 hosts told
 * last. Echo replies are not limited: they are no larger than what asked for them.
 */
#ifndef LASTACK_ICMP_REPLY_H
#define LASTACK_ICMP_REPLY_H

#include "duration.h"
#include "ip_header.h"
#include "ip_input.h"
#include "siphash.h"

enum {
    ICMP_RATE_PER_SECOND = 1000,
    ICMP_BURST = 50,
    ICMP_TARGETS = 256,
    ICMP_REPLY_TTL = 64,
};

struct icmp_target {
    uint32_t tag;    /* the rest of the hash of who was told; 0: nobody yet */
    int64_t next_at; /* not again before */
};

struct icmp_limit {
    struct siphash_key key;
    int64_t full_at; /* when the bucket of tokens will be full again */
    uint64_t refusals;
    struct icmp_target targets[ICMP_TARGETS];
};

void icmp_limit_init(struct icmp_limit *limit, const struct siphash_key *key);

/* Takes a token for an error to `target`; false (counted) if there is none. */
bool icmp_limit_take(struct icmp_limit *limit, const struct lastack_address *target, int64_t now);

/* The rules alone: may an error be sent about this packet? `about` was parsed at least as far as
 * its addresses. Too-big and unknown-option errors may answer IPv6 multicasts (RFC 4443 §2.4 e.3).
 * */
bool icmp_may_complain(const struct links *links, const struct ip_arrival *arrival,
                       const struct ip_packet *about, const struct icmp_error *error);

/* The whole answer: rules, limit, source address (the one the packet was sent to, or one of the
 * link). Fills in `ip` (everything but what the link adds) and the ICMP message at `to`, of at most
 * `room` >= ICMP_ERROR_ROOM_MIN bytes; returns the message's length, 0 for silence. */
size_t icmp_reply_error(struct icmp_limit *limit, const struct links *links,
                        const struct ip_arrival *arrival, const struct ip_packet *about,
                        const struct icmp_error *error, int64_t now, struct ip_build *ip,
                        uint8_t *to, size_t room);

/* Answers an echo request: false for silence (a broadcast or IPv4 multicast: RFC 1122 §3.2.2.6 lets
 * us; a source that is nobody). echo->data points into the request. `ip` gets the request's traffic
 * class (RFC 1122 §3.2.2.6), and payload_length ICMP_HEADER + echo->length. */
bool icmp_reply_echo(const struct links *links, const struct ip_arrival *arrival,
                     const struct ip_packet *request, const struct icmp_message *message,
                     struct ip_build *ip, struct icmp_echo *echo);

#endif
