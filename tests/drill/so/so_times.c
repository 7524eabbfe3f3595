/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_times.c: time that passes because the original waits.
 */
#include "so_plays.h"
#include "so_stage.h"

static void play_retransmission(void)
{
    const struct peer peer = {false, 40002, 8080, NULL};
    struct seen seen;
    int64_t first, gap = 0, last;
    uint32_t iss;
    int fd;

    start("profile=linux");
    fd = new_accepted(&peer, &iss);
    EXPECT(so.write(so.userdata, fd, "x", 1) == 1);
    EXPECT(leaves(&seen) && seen.seq == iss + 1);
    first = last = seen.at;
    for (int i = 0; i < 6; i++) {
        EXPECT(leaves(&seen) && seen.seq == iss + 1 && seen.length == 1);
        /* RFC 6298 §5.5: doubled each time (a loss probe, RFC 8985 §7, may come before) */
        EXPECT(i < 3 || seen.at - last >= 2 * gap - 1000);
        gap = seen.at - last;
        last = seen.at;
    }
    EXPECT(last - first > 5000000 && now_us() >= last);
    so.free(so.userdata);
}

static void play_giving_up(void)
{
    struct seen seen;
    int64_t before, after;

    start("patience=2");
    before = now_us();
    EXPECT(!leaves(&seen));
    after = now_us();
    EXPECT(after > before && after <= before + 2000000 + 10);
    for (int i = 0; i < 1000; i++) { /* a clock that stood still would hang the original */
        before = after;
        after = now_us();
        EXPECT(after >= before + 1);
    }
    EXPECT(so.usleep(so.userdata, 123456) == 0);
    EXPECT(now_us() >= after + 123456);
    so.free(so.userdata);
}

void play_time(void)
{
    play_retransmission();
    play_giving_up();
}
