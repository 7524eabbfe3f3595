/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.h: one TCP segment as values, RFC 9293 §3.1 and the segment variables of §3.3.1.
 *
 * Parsing happens once, in tcp_header.c; nobody above reads a packet again. Numbers are in host
 * order; SEG.LEN counts SYN and FIN, text_length does not.
 */
#ifndef LASTACK_SEGMENT_H
#define LASTACK_SEGMENT_H

#include "bytes.h"
#include "seq.h"
#include "tuple.h"

#include <lastack/address.h>
#include <lastack/trace.h>

enum { SEGMENT_SACK_MAX = 4 };

struct sack_block {
    struct seq from, to;
};

/* Which options a segment carries. */
enum segment_option {
    OPTION_MSS = 1 << 0,
    OPTION_WINDOW_SCALE = 1 << 1,
    OPTION_SACK_PERMITTED = 1 << 2,
    OPTION_SACK = 1 << 3,
    OPTION_TIMESTAMP = 1 << 4,
    OPTION_FAST_OPEN = 1 << 5,     /* kind 34 */
    OPTION_FAST_OPEN_EXP = 1 << 6, /* kind 254, magic F989 */
    OPTION_MD5 = 1 << 7,           /* kind 19, seen, not supported */
    OPTION_AO = 1 << 8,            /* kind 29, likewise */
};

struct segment {
    struct seq seq; /* SEG.SEQ */
    struct seq ack; /* SEG.ACK */
    uint32_t len;   /* SEG.LEN = text_length + SYN + FIN */
    uint32_t text_length;
    const uint8_t *text; /* into the packet */
    uint16_t flags;      /* LASTACK_FIN ... LASTACK_AE */
    uint16_t wnd;        /* SEG.WND as on the wire, unscaled */
    uint32_t window;     /* ... in bytes, for those who know the scale; the parser leaves 0 */
    uint16_t urgent;     /* SEG.UP */
    uint16_t options;    /* enum segment_option, or-ed */
    uint16_t mss;
    uint8_t window_scale; /* as sent; more than 14 counts as 14 (RFC 7323 §2.3) */
    uint8_t sack_count;
    uint32_t ts_value, ts_echo;
    struct sack_block sack[SEGMENT_SACK_MAX];
    uint8_t fast_open_length; /* cookie bytes, 0 = a request */
    uint8_t fast_open[16];
    struct sack_block again; /* text that had arrived before, as TCP finds out; from = to: none */
    uint8_t ecn;             /* the IP header's two bits */
    uint8_t ttl;
    struct tuple tuple; /* local = destination of what arrived */
};

/* As zeroed, but for the blocks and the cookie, of which a count of 0 says that there are none. */
static inline void segment_clear(struct segment *seg)
{
    seg->seq = seg->ack = seq_of(0);
    seg->len = seg->text_length = 0;
    seg->text = NULL;
    seg->flags = seg->wnd = 0;
    seg->window = 0;
    seg->urgent = seg->options = seg->mss = 0;
    seg->window_scale = seg->sack_count = 0;
    seg->ts_value = seg->ts_echo = 0;
    seg->fast_open_length = seg->ecn = seg->ttl = 0;
    seg->again = (struct sack_block){seq_of(0), seq_of(0)};
}

#endif
