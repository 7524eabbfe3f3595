/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rack.c: see rack.h.
 */
#include "rack.h"

#include "duration.h"

void rack_init(struct rack *rack)
{
    *rack = (struct rack){.at = -1, .steps = 1};
}

void rack_advance(struct rack *rack, int64_t at, struct seq end, int64_t now)
{
    rack->is_advanced = true;
    if (at < rack->at || (at == rack->at && !seq_after(end, rack->end)))
        return;
    rack->rtt_ns = now - at;
    rack->at = at;
    rack->end = end;
}

void rack_update_steps(struct rack *rack, struct seq una, struct seq nxt)
{
    if (seq_before(una, rack->dsack_round))
        rack->was_dsack = false; /* of the same round trip as the last step */
    else
        rack->dsack_round = una; /* over: not ahead of SND.UNA again 2 GiB on */
    if (rack->was_dsack) {
        if (rack->steps < UINT8_MAX)
            rack->steps++;
        rack->was_dsack = false;
        rack->dsack_round = nxt;
        rack->persist = RACK_PERSIST;
    } else if (rack->persist == 0) {
        rack->steps = 1;
    }
}

void rack_recovered(struct rack *rack)
{
    if (rack->persist > 0)
        rack->persist--;
}

int64_t rack_window(const struct rack *rack, const struct rack_view *view)
{
    if (view->is_eager)
        return 0;
    return min64(view->rtt_min_ns / 4 * rack->steps, view->srtt_ns);
}
