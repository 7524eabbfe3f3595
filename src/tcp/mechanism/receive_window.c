/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * receive_window.c: see receive_window.h.
 */
#include "receive_window.h"

#include "bits.h"
#include "check.h"
#include "duration.h"

enum {
    WINDOW_FIELD_MAX = 65535,
};

uint32_t receive_window_select(const struct receive_space *space, uint32_t held, uint32_t offered,
                               uint32_t mss, unsigned shift)
{
    const uint32_t below_unit = (1u << shift) - 1;
    const uint32_t largest = (uint32_t)WINDOW_FIELD_MAX << shift;
    uint32_t room = space->limit > held ? space->limit - held : 0;
    uint32_t promised;

    CHECK(shift <= 14);
    room = min32(room, space->threshold);
    /* more than was promised, and worth telling (MUST-39) */
    if (room > offered && room >= min32(receive_space_most(space) / 2, mss)) {
        /* (a buffer smaller than the unit would never open) */
        room = max32(min32(room, largest) & ~below_unit, below_unit + 1);
        if (room > offered)
            return room;
    }
    /* Promised stays promised, rounded up to the unit. Small pieces would make it grow for ever, so
     * there is an end to that: what is told then is short of what is taken (RFC 7323 §2.4). */
    promised = (offered + below_unit) & ~below_unit;
    if (promised != offered && held > space->limit + space->limit / 8)
        promised -= below_unit + 1;
    return min32(promised, largest);
}

uint32_t receive_window_first(uint32_t space, uint32_t mss, bool in_segs)
{
    space = min32(space, WINDOW_FIELD_MAX);
    return in_segs && space > mss ? space - space % mss : space;
}

bool receive_space_read(struct receive_space *space, uint32_t bytes, uint32_t rtt_us, int64_t now)
{
    const uint32_t period_us = space->rtt_us != 0 ? space->rtt_us : rtt_us;

    space->copied += bytes;
    return period_us != 0 && (uint32_t)(now / 1000) - space->since_us >= period_us;
}

bool receive_space_grow(struct receive_space *space, uint32_t limit_max, int64_t now)
{
    bool is_grown = false;

    /* not half: a peer that finds the window half full with what waits to be read does not get more
     * than that through */
    if (space->copied >= space->limit / 8 * 3 && space->limit < limit_max) {
        const uint64_t grown = 2ull * max32(space->limit, space->copied);

        space->limit = grown > limit_max ? limit_max : (uint32_t)grown;
        is_grown = true;
    }
    space->copied = 0;
    space->since_us = (uint32_t)(now / 1000);
    return is_grown;
}

void receive_space_arrived(struct receive_space *space, uint32_t most, uint32_t length,
                           uint32_t mss)
{
    if (space->threshold < most)
        space->threshold += min32(most - space->threshold, 2 * max32(mss, length));
}

void receive_space_echoed(struct receive_space *space, int64_t sample_ns)
{
    const uint32_t sample = (uint32_t)min64(max64(sample_ns / 1000, 1), INT32_MAX);

    if (space->rtt_us == 0 || sample < space->rtt_us)
        space->rtt_us = sample;
    else
        space->rtt_us += (sample - space->rtt_us) / 32;
}

uint8_t window_shift_for(uint32_t max, uint8_t limit)
{
    /* the least shift that brings `max` into the field */
    const uint32_t shift = highest_bit64(max | WINDOW_FIELD_MAX) - 15;

    return (uint8_t)min32(shift, min32(limit, 14));
}
