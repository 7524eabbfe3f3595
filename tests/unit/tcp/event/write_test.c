/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_test.c: how much a write takes and how what was written is cut, where the profile does it
 * as Linux does: chunks, their overhead, MSG_MORE, MSG_EOR, the low-water mark of what is not
 * sent, and the clocks of what kept the sender busy.
 */
#include "peer.h"

enum { MSS = 1000 };

/* A window of 32 kB: chunks are of 16 segments. */
static struct peer *linux_peer(int64_t rtt)
{
    return ACCEPTED(.mss = MSS, .shift = 7 + 1, .win = 250, .rtt = rtt);
}

/* Another chunk is begun while less than the mark waits; one that was begun is filled. The first
 * ten segments have left on the way, so that the chunk they belonged to is filled again: 10 +
 * 16. */
TEST(notsent_lowat_counts_what_has_not_left)
{
    struct peer *p = linux_peer(MS(10));

    SETS(p, LASTACK_TCP_NOTSENT_LOWAT, 4000);
    assert_int_equal(writes_with(p, 59000, 0), 10000 + 16000);
    assert_int_equal(writes_with(p, 1, 0), -LASTACK_EAGAIN);
    assert_false(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    FORGET(p);
}

/* SO_SNDBUF limits what is charged, not what is held: the chunk at the limit is taken whole. */
TEST(the_last_chunk_goes_over_the_limit)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.min_tso_segs = 10;
    restart(&config);
    p = ACCEPTED(.mss = MSS, .win = 50000, .rtt = MS(100));
    SETS(p, LASTACK_SO_SNDBUF, 21000); /* 42000 */
    assert_int_equal(writes_with(p, 61000, 0), 10000 + 25000 + 25000);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = 50000);
    assert_false(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 30001, .win = 50000);
    assert_false(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 36001, .win = 50000); /* a third is free */
    assert_true(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    FORGET(p);
}

/* MSG_MORE waits for the rest like a cork, but only until the next ACK; PSH comes with the end. */
TEST(more_holds_until_the_next_ack)
{
    struct peer *p = linux_peer(MS(10));

    SETS(p, LASTACK_TCP_NODELAY, 1);
    assert_int_equal(writes_with(p, 3100, LASTACK_MSG_MORE), 3100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = MSS);
    SENDS(p, .flags = PSH | ACK, .seq = 1001, .ack = 1, .text = MSS); /* the end of a frame */
    SENDS(p, .flags = ACK, .seq = 2001, .ack = 1, .text = MSS);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2001, .win = 250);
    SENDS(p, .flags = ACK, .seq = 3001, .ack = 1, .text = 100);
    assert_int_equal(writes_with(p, 10, LASTACK_MSG_MORE), 10);
    SENDS_NOTHING(p);
    assert_int_equal(writes_with(p, 10, 0), 10);
    SENDS(p, .flags = PSH | ACK, .seq = 3101, .ack = 1, .text = 20);
}

/* Nothing is appended to a record that was ended; records in the queue leave one by one, small as
 * they are, and each with PSH. */
TEST(records_are_not_put_together)
{
    struct peer *p = linux_peer(MS(10));

    assert_int_equal(writes_with(p, 10400, 0), 10400);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(writes_with(p, 400, LASTACK_MSG_EOR), 400);
    assert_int_equal(writes_with(p, 2000, 0), 2000);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = 250);
    SENDS(p, .flags = PSH | ACK, .seq = 10001, .ack = 1, .text = 800);
    SENDS(p, .flags = PSH | ACK, .seq = 10801, .ack = 1, .text = 400);
    SENDS(p, .flags = PSH | ACK, .seq = 11201, .ack = 1, .text = 400);
    SENDS(p, .flags = ACK, .seq = 11601, .ack = 1, .text = MSS);
    SENDS(p, .flags = PSH | ACK, .seq = 12601, .ack = 1, .text = MSS);
}

/* The peer's window shut, then too small for a segment: the time counts, all of it as busy, too. */
TEST(what_the_window_held_back)
{
    struct peer *p = CONNECTED(.mss = MSS, .win = NONE, .rtt = MS(10));

    AFTER(MS(50));
    assert_int_equal(row_of(p).tcp_info.tcpi_busy_time, 0);
    assert_int_equal(writes_with(p, 1000, 0), 1000);
    AFTER(MS(100));
    assert_int_equal(row_of(p).tcp_info.tcpi_rwnd_limited, 100000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 2000);
    FORGET(p);
    AFTER(MS(30));
    assert_int_equal(row_of(p).tcp_info.tcpi_rwnd_limited, 100000);
    assert_int_equal(row_of(p).tcp_info.tcpi_busy_time, 130000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001, .win = 2000);
    AFTER(MS(30));
    assert_int_equal(row_of(p).tcp_info.tcpi_busy_time, 130000);
    assert_int_equal(row_of(p).tcp_info.tcpi_sndbuf_limited, 0);
}

/* All was sent, and the user would write more if there were room. */
TEST(what_the_send_buffer_held_back)
{
    struct peer *p = ACCEPTED(.mss = MSS, .win = 60000, .rtt = MS(10));

    SETS(p, LASTACK_SO_SNDBUF, 2304); /* 4608 */
    assert_int_equal(writes_with(p, 60000, 0), 40000);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .win = 60000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 20001, .win = 60000);
    FORGET(p); /* all 40000 are under way now */
    assert_int_equal(row_of(p).tcp_info.tcpi_notsent_bytes, 0);
    AFTER(MS(20));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 40001, .win = 60000);
    assert_int_equal(row_of(p).tcp_info.tcpi_sndbuf_limited, 20000);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(notsent_lowat_counts_what_has_not_left),
        RUN(the_last_chunk_goes_over_the_limit),
        RUN(more_holds_until_the_next_ack),
        RUN(records_are_not_put_together),
        RUN(what_the_window_held_back),
        RUN(what_the_send_buffer_held_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
