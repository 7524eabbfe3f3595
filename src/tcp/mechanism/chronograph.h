/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chronograph.h: what kept a sender busy, and for how long: tcp_info's busy_time, rwnd_limited and
 * sndbuf_limited.
 *
 *     busy    something is queued or not acknowledged
 *     rwnd    ... and the peer's window holds it back
 *     sndbuf  ... everything has left, and the user waits for room to write more
 *
 * One clock runs at a time. A more interesting reason takes over from a less interesting one; when
 * it ends the sender is merely busy again.
 */
#ifndef LASTACK_CHRONOGRAPH_H
#define LASTACK_CHRONOGRAPH_H

#include <stdbool.h>
#include <stdint.h>

enum chronograph_kind { CHRONO_IDLE, CHRONO_BUSY, CHRONO_RWND, CHRONO_SNDBUF, CHRONO_KINDS };

struct chronograph {
    int64_t since;
    uint8_t kind;
    int64_t total_ns[CHRONO_KINDS - 1]; /* all but CHRONO_IDLE */
};

static inline void chronograph_set(struct chronograph *chrono, enum chronograph_kind kind,
                                   int64_t now)
{
    if (chrono->kind == kind)
        return;
    if (chrono->kind != CHRONO_IDLE)
        chrono->total_ns[chrono->kind - 1] += now - chrono->since;
    chrono->since = now;
    chrono->kind = (uint8_t)kind;
}

static inline void chronograph_start(struct chronograph *chrono, enum chronograph_kind kind,
                                     int64_t now)
{
    if (kind > chrono->kind)
        chronograph_set(chrono, kind, now);
}

/* `is_empty`: nothing is queued or in flight any more. */
static inline void chronograph_stop(struct chronograph *chrono, enum chronograph_kind kind,
                                    bool is_empty, int64_t now)
{
    if (is_empty)
        chronograph_set(chrono, CHRONO_IDLE, now);
    else if (chrono->kind == kind)
        chronograph_set(chrono, CHRONO_BUSY, now);
}

/* Microseconds spent with this reason (not CHRONO_IDLE) until now. */
static inline uint64_t chronograph_read(const struct chronograph *chrono,
                                        enum chronograph_kind kind, int64_t now)
{
    const int64_t ns =
        chrono->total_ns[kind - 1] + (chrono->kind == kind ? now - chrono->since : 0);

    return (uint64_t)ns / 1000;
}

#endif
