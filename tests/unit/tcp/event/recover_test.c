/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover_test.c: losses repaired: by RACK, by RFC 6675's counting, by duplicate ACKs, by a tail
 * loss probe, after a timeout; and taken back when nothing was lost.
 */
#include "peer.h"

static uint32_t ca_state_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_ca_state;
}

/* Ten segments are out; the round trip takes 100 ms. */
static struct peer *ten_out(void)
{
    struct peer *p = ACCEPTED(.shift = 8, .rtt = MS(100), .sack = true, .mss = 1000);

    WRITES(p, 10000);
    assert_int_equal(packets_forgotten(p), 10);
    AFTER(MS(100));
    return p;
}

/* The first is lost: the third that was sacked behind it brings it back at once; a window later the
 * episode is over and the window is ssthresh.
 * covers: 8985-6.2-loss 9937-6.4 5681-3.2-fr */
TEST(one_loss_with_rack)
{
    struct peer *p = ten_out();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 3001}});
    SENDS_NOTHING(p);
    assert_int_equal(ca_state_of(p), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 4001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    assert_int_equal(ca_state_of(p), 3);
    assert_int_equal(row_of(p).tcp_info.tcpi_sacked, 3);
    assert_int_equal(row_of(p).tcp_info.tcpi_lost, 1);
    assert_int_equal(row_of(p).tcp_info.tcpi_retrans, 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 10001}});
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    assert_int_equal(ca_state_of(p), 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, row_of(p).tcp_info.tcpi_snd_ssthresh);
    FORGET(p);
}

/* Only one is sacked, then silence: the reordering window runs out.
 * covers: 8985-6.2-timer */
TEST(racks_timer)
{
    struct peer *p = ten_out();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{7001, 8001}});
    SENDS_NOTHING(p);
    MARK();
    AFTER(MS(24));
    SENDS_NOTHING(p);
    AFTER(MS(6));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000, .at = MS(27));
    assert_int_equal(row_of(p).tcp_info.tcpi_lost, 7);
    FORGET(p);
}

/* The window runs out for nothing: the timeout that comes after it counts from when the first
 * segment was sent, as if it had run all the time; each such wait put it off by its own length.
 *
 *      burst 1  [1][ ][ ][ ][5]   burst 2, 30 ms later  [6][ ][ ][ ][ ]      1, 5, 6 are lost
 *
 * They leave again at 127, 132 and 159 ms; 1 and 5 arrive, and reordering was seen before.
 * covers: 6298-5.3 8985-8 */
TEST(racks_timer_is_part_of_the_timeout)
{
    struct peer *p = ACCEPTED(.shift = 8, .rtt = MS(100), .sack = true, .mss = 1000);
    int64_t left;

    WRITES(p, 2000);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2001);
    assert_int_equal(row_of(p).tcp_info.tcpi_reord_seen, 1);
    WRITES(p, 5000);
    AFTER(MS(30));
    WRITES(p, 5000);
    FORGET(p);
    MARK();
    AFTER(MS(70));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2001, .sack = {{3001, 6001}});
    SENDS_NOTHING(p);
    AFTER(MS(32));
    SENDS(p, .flags = ACK, .seq = 2001, .ack = 1, .text = 1000, .at = MS(97));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2001, .sack = {{8001, 12001}, {3001, 6001}});
    SENDS(p, .flags = ACK, .seq = 6001, .ack = 1, .text = 1000, .at = MS(102));
    AFTER(MS(30));
    SENDS(p, .flags = ACK, .seq = 7001, .ack = 1, .text = 1000, .at = MS(129));
    AFTER(MS(70)); /* at 202: the first two arrived */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 7001, .sack = {{8001, 12001}});
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_LOSS);
    AFTER(MS(40));
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_RETRANSMIT);
    left = (int64_t)row_of(p).tcp_info.tcpi_rto * 1000 - MS(242 - 129);
    assert_in_range(row_of(p).timer_left_ns, left - 1000, left + 1000);
    FORGET(p);
}

/* Without SACK: the third duplicate, not the second.
 * covers: 5681-3.2-fr 8985-4-1 */
TEST(without_sack)
{
    struct peer *p = ACCEPTED(.shift = 8, .rtt = MS(100), .mss = 1000);

    WRITES(p, 10000);
    assert_int_equal(packets_forgotten(p), 10);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4001); /* partial: the next hole */
    SENDS(p, .flags = ACK, .seq = 4001, .ack = 1, .text = 1000);
    FORGET(p);
}

/* RFC 6675 in the rfc way: more than two segments above, and nothing by time.
 * covers: 6675-5-enter 8985-9.2 */
TEST(by_count)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.loss_detection = LASTACK_LOSS_SACK;
    config.params.tail_loss_probe = false;
    restart(&config);
    p = ten_out();
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{7001, 8001}});
    AFTER(MS(100)); /* RACK would have sent by now */
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{7001, 10001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    assert_int_equal(row_of(p).tcp_info.tcpi_lost, 7);
    FORGET(p);
}

/* The last is lost: probed two round trips after it left, before the timeout; the probe's ACK tells
 * that one congestion response is due.
 * covers: 8985-7.2 8985-7.3 8985-7.4 LNX-TLP */
TEST(a_tail_is_lost)
{
    struct peer *p = ten_out();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 8001);
    MARK();
    AFTER(MS(201));
    SENDS_NOTHING(p);
    AFTER(MS(2));
    SENDS(p, .flags = ACK, .seq = 9001, .ack = 1, .text = 1000, .at = MS(202));
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_RETRANSMIT);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 8001, .sack = {{9001, 10001}});
    FORGET(p);
}

/* A full link holds the probe back, and before it could leave an ACK tells of a loss: that is
 * repaired, and nothing is left to probe for.
 * covers: 8985-7.3 */
TEST(a_probe_that_is_too_late)
{
    struct peer *p = ten_out();

    lastack_link_full(world.stack, PEER_LINK);
    AFTER(MS(110));
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 10001}});
    assert_int_equal(ca_state_of(p), 3);
    lastack_link_ready(world.stack, PEER_LINK);
    AFTER(0);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    SENDS_NOTHING(p);
    FORGET(p);
}

/* A DSACK for the probe: both copies arrived, nothing was lost.
 * covers: 8985-7.4 2883-4-rcv */
TEST(a_probe_for_nothing)
{
    struct peer *p = ten_out();
    const uint32_t cwnd = row_of(p).tcp_info.tcpi_snd_cwnd;

    AFTER(MS(150));
    SENDS(p, .flags = ACK, .seq = 9001, .ack = 1, .text = 1000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .sack = {{9001, 10001}});
    SENDS_NOTHING(p);
    assert_true(row_of(p).tcp_info.tcpi_snd_cwnd >= cwnd);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 0x7fffffff);
}

/* A delay spike: the timeout was spurious. New data after the first ACK, no flood of
 * retransmissions, and the window is what it was.
 * covers: 5682-2.1 9438-4.9 */
TEST(a_spurious_timeout)
{
    struct peer *p = ten_out();
    const uint32_t cwnd = row_of(p).tcp_info.tcpi_snd_cwnd;

    WRITES(p, 5000);
    AFTER(MS(420));
    assert_true(packets_forgotten(p) > 0); /* the probe, then the timeout */
    assert_int_equal(ca_state_of(p), 4);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3001); /* of what was sent once */
    assert_int_equal(ca_state_of(p), 0);
    assert_in_range(row_of(p).tcp_info.tcpi_snd_cwnd, cwnd, cwnd + 3);
    assert_int_equal(row_of(p).tcp_info.tcpi_lost, 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 0x7fffffff);
    FORGET(p);
}

/* Blocks that cannot be change nothing.
 * covers: 2018-5-valid */
TEST(impossible_blocks)
{
    struct peer *p = ten_out();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{4001, 4001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{5001, 4001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{9001, 12001}});
    assert_int_equal(row_of(p).tcp_info.tcpi_sacked, 0);
    FORGET(p);
}

/* Three losses of one window, told by three ACKs: one response. A loss in the next window is
 * another.
 * covers: 6675-5-enter */
TEST(one_response_in_a_window)
{
    struct peer *p = ten_out();
    uint32_t ssthresh;

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 3001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{4001, 6001}, {1001, 3001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    ssthresh = row_of(p).tcp_info.tcpi_snd_ssthresh;
    assert_int_equal(ssthresh, 7); /* of 10, CUBIC's 0.7 */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{7001, 9001}, {4001, 6001}});
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, ssthresh);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{7001, 10001}, {4001, 6001}});
    assert_true(packets_forgotten(p) > 0);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3001, .sack = {{7001, 10001}, {4001, 6001}});
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, ssthresh);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    assert_int_equal(ca_state_of(p), 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, ssthresh);

    WRITES(p, 7000);
    assert_true(packets_forgotten(p) >= 5);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001, .sack = {{11001, 14001}});
    SENDS(p, .flags = ACK, .seq = 10001, .ack = 1, .text = 1000);
    assert_in_range(row_of(p).tcp_info.tcpi_snd_ssthresh, 2, ssthresh - 1);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(one_loss_with_rack),
        RUN(racks_timer),
        RUN(racks_timer_is_part_of_the_timeout),
        RUN(without_sack),
        RUN(by_count),
        RUN(a_tail_is_lost),
        RUN(a_probe_that_is_too_late),
        RUN(a_probe_for_nothing),
        RUN(a_spurious_timeout),
        RUN(impossible_blocks),
        RUN(one_response_in_a_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
