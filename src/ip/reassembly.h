/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reassembly.h: fragments become packets again, within bounds. RFC 791 §3.2, RFC 815, RFC 1122
 * §3.3.2, RFC 8200 §4.5, RFC 5722.
 *
 *     one context:  [ head 128 | payload of up to 65535 bytes ]   a bit for each 8 bytes that came
 *                         header ┘└ its payload, so that a whole packet ends up in one piece
 *
 * Order of calls:
 *
 *     ip_input says IP_REASSEMBLE ──▶ reassembly_take
 *         REASSEMBLY_WAITS    nothing more to do now
 *         REASSEMBLY_WHOLE    result.packet, .length: ip_parse (trusted) and ip_input again,
 *                             before the next reassembly_take
 *         REASSEMBLY_REFUSED  count result.cause; if result.has_error: icmp_reply_error
 *     at reassembly_next_deadline: while (reassembly_expire(...)) icmp_reply_error
 *
 * Policy, the same for both families:
 *     - a piece that repeats bytes that are there already and equal is ignored; any other overlap
 *       abandons the packet: its pieces are dropped until its time is over (RFC 5722 §3)
 *     - 60 s after the first piece the rest is given up
 *     - at most REASSEMBLY_PER_SOURCE contexts for one source; then its oldest makes room.
 *       All full: the oldest of all makes room. Both are counted.
 *     - ECN: CE together with ECT makes CE; CE together with not-ECT is dropped (RFC 3168 §5.3)
 */
#ifndef LASTACK_REASSEMBLY_H
#define LASTACK_REASSEMBLY_H

#include "duration.h"
#include "icmp.h"
#include "packet_parse.h"

enum {
    REASSEMBLY_HEAD = 128,
    REASSEMBLY_PAYLOAD = 65536,
    REASSEMBLY_UNITS = REASSEMBLY_PAYLOAD / 8,
    REASSEMBLY_PER_SOURCE = 4,
};

#define REASSEMBLY_TIMEOUT_NS SEC(60)

struct reassembly_context {
    struct lastack_address source, destination;
    int64_t deadline;
    uint32_t id;
    uint32_t link;
    uint32_t end;          /* bytes of payload in all; 0: the last piece has not come */
    uint32_t highest;      /* end of the farthest piece so far */
    uint32_t units;        /* 8-byte units that came */
    uint16_t head_length;  /* of the first piece's header; 0: it has not come */
    uint16_t next_header;  /* IPv6: offset in the head of the byte that announces the fragment */
    uint32_t first_length; /* payload bytes of the first piece, for quoting it */
    uint8_t protocol;      /* part of an IPv4 packet's identity; of IPv6: of the first piece */
    uint8_t ecn_seen;      /* a bit for each of the four codepoints */
    bool is_used;
    bool is_ipv6;
    bool is_abandoned;
    uint64_t have[REASSEMBLY_UNITS / 64];
    uint8_t bytes[REASSEMBLY_HEAD + REASSEMBLY_PAYLOAD];
};

struct reassembly {
    struct reassembly_context *contexts;
    uint32_t limit;
    uint32_t used; /* contexts that hold pieces */
    uint64_t evictions;
    uint64_t timeouts;
};

enum reassembly_state { REASSEMBLY_WAITS, REASSEMBLY_WHOLE, REASSEMBLY_REFUSED };

struct reassembly_result {
    const uint8_t *packet; /* WHOLE: with its header as if it had never been cut */
    size_t length;
    enum lastack_cause cause; /* REFUSED */
    bool has_error;
    struct icmp_error error;
};

/* About 66 KiB for each packet that may be in pieces at once; touched as it is used. */
uint64_t reassembly_size(uint32_t limit);
/* `memory` is zero. limit 0: every fragment is refused. */
void reassembly_init(struct reassembly *reassembly, void *memory, uint32_t limit);

enum reassembly_state reassembly_take(struct reassembly *reassembly, uint32_t link,
                                      const struct ip_packet *piece, int64_t now,
                                      struct reassembly_result *result);

/* Gives up one packet whose time is over: true, until there is none. If its first piece had come,
 * `about` is that piece (about->header not NULL) for a time exceeded, code 1, and `link` is where
 * it came from; valid until the next call. */
bool reassembly_expire(struct reassembly *reassembly, int64_t now, struct ip_packet *about,
                       uint32_t *link);
/* Absolute ns; NEVER when nothing waits. */
int64_t reassembly_next_deadline(const struct reassembly *reassembly);

#endif
