/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * receive_window.h: the window we offer, RFC 9293 §3.8.6 (window management) and RFC 7323 §2.
 *
 *         RCV.NXT                         edge = RCV.NXT + what was last offered
 *      ─────┼──────────────────────────────────┼──────────
 *           |<──────── RCV.WND ───────────────▶|            never shrinks (SHLD-14): the edge only moves right
 *
 * What the buffer has room for is offered only when it is worth a segment: at least a full one, or
 * half the buffer (silly window avoidance, MUST-39). The limit grows with the pace of the reader
 * (automatic tuning): when a round trip's worth of bytes was read, the next round trip may bring
 * twice that.
 */
#ifndef LASTACK_RECEIVE_WINDOW_H
#define LASTACK_RECEIVE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct receive_space {
    int64_t since;      /* when the measuring period began */
    uint32_t limit;     /* bytes of window that an empty buffer stands for */
    uint32_t copied;    /* bytes read by the user in this period */
};

/* The window to offer now, in bytes, a multiple of 1 << shift and representable with it: `offered`
 * bytes are still outstanding from before (edge - RCV.NXT), `held` bytes wait to be read or
 * reassembled. */
uint32_t receive_window_select(const struct receive_space *space, uint32_t held, uint32_t offered,
                               uint32_t mss, unsigned shift);

/* The window of a SYN or SYN-ACK (never scaled) when `space` bytes are free; in_segs: whole
 * segments of `mss` only. */
uint32_t receive_window_first(uint32_t space, uint32_t mss, bool in_segs);

/* The user read `bytes`; `rtt_ns` is the round trip as the receiver sees it (0: unknown). The limit
 * grows to `limit_max` at the most. */
void receive_space_read(struct receive_space *space, uint32_t bytes, uint32_t limit_max,
                        int64_t rtt_ns, int64_t now);

/* RFC 7323 §2.2: the smallest shift with which `max` bytes can be offered, at most 14. */
uint8_t window_shift_for(uint32_t max, uint8_t limit);

#endif
