/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunked.h: the chunked transfer coding, taken off as it arrives (RFC 9112 §7.1).
 *
 *     1a; name=value CRLF  <26 bytes>  CRLF   0 CRLF  trailer lines  CRLF
 *     SIZE                 DATA        END    SIZE    TRAILER
 *
 * A machine of one byte at a time for lines and one step for data; it holds no text.
 */
#ifndef LASTACK_CHUNKED_H
#define LASTACK_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunked_phase {
    CHUNKED_SIZE,      /* hexadecimal digits */
    CHUNKED_EXTENSION, /* to the end of the line, ignored */
    CHUNKED_DATA,
    CHUNKED_DATA_END, /* CRLF */
    CHUNKED_TRAILER,  /* lines until an empty one, ignored */
    CHUNKED_DONE,
    CHUNKED_BAD,
};

/* Bytes of a chunk's extensions, or of all trailers. */
enum { CHUNKED_EXTRA_MAX = 8192 };

struct chunked {
    enum chunked_phase phase;
    uint64_t left; /* of the chunk */
    unsigned digits;
    unsigned extra; /* extension or trailer bytes so far */
    bool line_is_empty;
};

struct chunked_span {
    size_t used;        /* bytes of the input taken, coding and data */
    size_t data_at;     /* in the input: a piece of the body ... */
    size_t data_length; /* ... maybe empty */
};

/* Takes input up to the end of the next piece of data, or all of it. Call until nothing is left or
 * phase is DONE (the rest belongs to the next request) or BAD. */
struct chunked_span chunked_take(struct chunked *chunked, const uint8_t *data, size_t length);

#endif
