/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.h: the TCP segments of a capture file, one after the other.
 *
 * pcap, through libpcap, and pcapng (pcapng_reader.h), times in nanoseconds. Links: raw IP,
 * Ethernet (with VLAN tags), Linux "cooked" (SLL, SLL2), BSD loopback. Captures that cut packets (a
 * snap length) are read as long as the TCP header is there: lengths are those of the IP header.
 * Checksums are not verified, because captures on a sending host have them unfinished.
 *
 * Fragments are not put together: they are counted and left out. Anything else that is no TCP
 * over IP is counted, too. A hostile file can make nothing but counts.
 */
#ifndef LASTACK_CAPTURE_H
#define LASTACK_CAPTURE_H

#include "segment.h"
#include "text.h"

#include <stdio.h>

struct capture;

/* One segment of the file. The local end of its tuple is its source here, the remote one its
 * destination. */
struct capture_segment {
    int64_t at;     /* ns since 1970 */
    uint64_t frame; /* number in the file, from 1, as Wireshark counts */
    uint64_t seen;  /* where: an interface of the file, and of the host if its packets tell */
    struct segment segment;
    uint16_t ip_id; /* IPv4; 0 for IPv6 */
};

/* What was met beside whole TCP segments. */
struct capture_counts {
    uint64_t frames, segments;
    uint64_t fragments; /* of IP packets that may have carried TCP */
    uint64_t cut;       /* the capture cut them before the end of the TCP header */
    uint64_t broken;    /* headers that are wrong */
    uint64_t other;     /* not IP, or not TCP */
};

/* Takes over `in` (which stdin may be). NULL if it is no capture or of a link that is not known:
 * then `error` says so, and `in` is closed. */
struct capture *capture_open(FILE *in, struct text *error);
/* Closes the file, too. */
void capture_close(struct capture *capture);

enum capture_result { CAPTURE_END, CAPTURE_SEGMENT, CAPTURE_ERROR };

/* The next segment. ERROR: the file breaks off or is damaged from here on; capture_error says
 * how. */
enum capture_result capture_next(struct capture *capture, struct capture_segment *segment);

const char *capture_error(struct capture *capture);
const struct capture_counts *capture_counts(const struct capture *capture);

#endif
