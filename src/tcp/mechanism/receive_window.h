/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * receive_window.h: the window we offer, RFC 9293 §3.8.6 (window management) and RFC 7323 §2.
 *
 *         RCV.NXT                         edge = RCV.NXT + what was last offered
 *      ─────┼──────────────────────────────────┼──────────
 *           |<──────── RCV.WND ───────────────▶|  never shrinks (SHLD-14): edge only moves right
 *
 * What the buffer has room for is offered only when it is worth a segment: at least a full one, or
 * half the buffer (silly window avoidance, MUST-39).
 *
 * Automatic tuning, in three numbers:
 *
 *     limit       bytes that the buffer stands for. When three eighths of it were read within a
 *                 round trip (FreeBSD's bound), the next one may bring twice what this one did, and
 *                 twice the buffer (dynamic right-sizing, as in Linux)
 *     threshold   the window is never larger; it begins with the first window and grows by two
 *                 segments for each that arrives (Linux's rcv_ssthresh), or is the limit at once
 *     rtt_us      the round trip as a receiver sees it: by the timestamp that a segment echoes;
 *                 without timestamps the handshake's is all there is
 *
 * Neither grows while memory is tight; the caller says how far they may.
 */
#ifndef LASTACK_RECEIVE_WINDOW_H
#define LASTACK_RECEIVE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Instants are microseconds in 32 bits: a period may be thought shorter than it was after 71
 * minutes of silence, and is then one too many or one too few. */
struct receive_space {
    uint32_t limit;     /* bytes of window that an empty buffer stands for */
    uint32_t threshold; /* the largest window to offer */
    uint32_t since_us;  /* when the measuring period began */
    uint32_t copied;    /* bytes read by the user in this period */
    uint32_t rtt_us;    /* 0: not known yet */
};

/* The largest window that could be offered now. */
static inline uint32_t receive_space_most(const struct receive_space *space)
{
    return space->limit < space->threshold ? space->limit : space->threshold;
}

/* The window to offer now, in bytes, a multiple of 1 << shift and representable with it: `offered`
 * bytes are still outstanding from before (edge - RCV.NXT), `held` bytes wait to be read or
 * reassembled. */
uint32_t receive_window_select(const struct receive_space *space, uint32_t held, uint32_t offered,
                               uint32_t mss, unsigned shift);

/* The window of a SYN or SYN-ACK (never scaled) when `space` bytes are free; in_segs: whole
 * segments of `mss` only. */
uint32_t receive_window_first(uint32_t space, uint32_t mss, bool in_segs);

/* The user read `bytes`; `rtt_us` stands in while no round trip was measured here (0: unknown too).
 * True: a round trip is over, see receive_space_grow. */
bool receive_space_read(struct receive_space *space, uint32_t bytes, uint32_t rtt_us, int64_t now);
/* Another period begins. If so much was read in the last one, the limit grows, to `limit_max` at
 * the most. True: it grew. */
bool receive_space_grow(struct receive_space *space, uint32_t limit_max, int64_t now);

/* Tiny segments say nothing of the peer's pace (Linux). */
static inline bool receive_space_heeds(uint32_t length)
{
    return length >= 128;
}

/* `length` bytes of text in order that count arrived from a peer whose segments hold `mss`: the
 * threshold, still below `most`, follows. */
void receive_space_arrived(struct receive_space *space, uint32_t most, uint32_t length,
                           uint32_t mss);

/* A full segment arrived and echoes a timestamp that we sent `sample_ns` ago. The later ones of a
 * flight come later than the first and echo the same: less counts at once, more slowly. */
void receive_space_echoed(struct receive_space *space, int64_t sample_ns);

/* RFC 7323 §2.2: the smallest shift with which `max` bytes can be offered, at most 14. */
uint8_t window_shift_for(uint32_t max, uint8_t limit);

#endif
