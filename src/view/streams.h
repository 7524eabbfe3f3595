/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * streams.h: the connections of a capture, by their pairs of endpoints.
 *
 * Numbered from 0 in the order in which they appear, as tshark's tcp.stream; but the same pair
 * used again is the same stream here, because how one connection follows another is part of the
 * story. The left end of a stream is the one that opened it, or that sent the first packet seen.
 *
 * A capture of several interfaces sees what goes through two of them twice. Each direction of a
 * stream is taken from where it was seen first, before it could be lost on the way to the other.
 *
 * Only the streams that are wanted get a ladder; the others are counted. Their number is bounded.
 */
#ifndef LASTACK_STREAMS_H
#define LASTACK_STREAMS_H

#include "capture.h"
#include "ladder.h"

enum { STREAMS_MAX = 1 << 20 };

struct stream {
    struct lastack_endpoint end[2];
    uint64_t segments, bytes; /* bytes of text, as often as sent */
    int64_t first_at, last_at;
    uint64_t seen[2];      /* where the packets of each end are taken from ... */
    bool is_seen[2];       /* ... once there was one */
    struct ladder *ladder; /* NULL if it is not wanted */
};

struct streams {
    struct stream *stream;
    size_t count, capacity;
    uint32_t *slot; /* hash table of indices + 1 */
    size_t slots;
    size_t wanted_from, wanted_count; /* which get a ladder */
    uint64_t beyond;                  /* segments of streams beyond STREAMS_MAX */
    uint64_t seen_elsewhere;          /* segments that were seen before at another interface */
};

/* Streams `from` to `from + count - 1` get ladders. */
void streams_init(struct streams *streams, size_t from, size_t count);
void streams_free(struct streams *streams);

/* The stream of a segment, which is added to it (unless it is taken from elsewhere); NULL if there
 * are too many. */
struct stream *streams_add(struct streams *streams, const struct capture_segment *segment);

/* Reads all of a capture. CAPTURE_END or CAPTURE_ERROR. */
enum capture_result streams_read(struct streams *streams, struct capture *capture);

#endif
