/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer_test.c: text on its way: how it is cut and pushed, how what arrives in batches or out of
 * order is acknowledged, what an ACK frees, and windows that shrink or stay shut (RFC 9293 §3.7.4,
 * §3.8.6, §3.10.7.4; RFC 7323 §2.4, §4, §5).
 */
#include "peer.h"

/* A receiver that acknowledges every second segment, without Linux's quick ACKs. */
static struct peer *with_delayed_acks(bool timestamps)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.quick_ack = LASTACK_QUICK_ACK_NEVER;
    config.params.delayed_ack_ns = MS(200);
    restart(&config);
    return ACCEPTED(.timestamps = timestamps);
}

/* ---- what arrives ---- */

/* Segments that arrive together are all processed before anything is answered: two for one ACK, and
 * what fills the hole before five others is answered once, for all.
 * covers: 9293-MUST-59 9293-MUST-58 */
TEST(a_batch_is_processed_before_it_is_answered)
{
    struct line lines[8];
    struct peer *p = with_delayed_acks(false);

    for (int i = 0; i < 8; i++)
        lines[i] = (struct line){.flags = ACK, .seq = 1 + 1000 * i, .ack = 1, .text = 1000};
    peer_arrive(p, lines, 8);
    assert_in_range(packets_forgotten(p), 1, 4);
    READS(p, 8000);
    for (int i = 1; i < 6; i++) {
        ARRIVES(p, .flags = ACK, .seq = 8001 + 1000 * i, .ack = 1, .text = 1000);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 8001);
    }
    ARRIVES(p, .flags = ACK, .seq = 8001, .ack = 1, .text = 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 14001);
    SENDS_NOTHING(p);
    AFTER(SEC(1)); /* nor later */
    SENDS_NOTHING(p);
    READS(p, 6000);
}

/* What lies beyond RCV.NXT is kept and told of at once, whatever delays ACKs otherwise; what fills
 * a part of a hole too.
 * covers: 9293-SHLD-31 9293-MAY-13 5681-3.2-ooo 5681-3.2-fill */
TEST(text_beyond_a_hole_is_kept)
{
    struct peer *p = with_delayed_acks(false);

    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 31, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 21);
    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 1, .text = 10); /* the last hole */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 41);
    READS(p, 40);
}

/* ---- what leaves ---- */

/* There is no PUSH call: whatever is written leaves as soon as it may, and says so.
 * covers: 9293-MUST-60 9293-MUST-61 */
TEST(nothing_is_held_back_for_ever)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 1);
    SENDS(p, .flags = PSH | ACK, .seq = 1, .ack = 1, .text = 1);
    WRITES(p, 1);
    SENDS_NOTHING(p); /* Nagle: until the ACK, and no longer */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = PSH | ACK, .seq = 2, .ack = 1, .text = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3);
}

/* Small writes that have to wait leave as full segments, with one push at the end of them all.
 * covers: 9293-SHLD-28 9293-SHLD-27 */
TEST(small_writes_leave_as_full_segments)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.initial_cwnd_segs = 1;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    WRITES(p, 1460); /* fills the congestion window */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    for (int i = 0; i < 20; i++)
        WRITES(p, 146);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460, .no_push = true);
    SENDS(p, .flags = PSH | ACK, .seq = 2921, .ack = 1, .text = 1460);
    SENDS_NOTHING(p);
}

/* A FIN goes with the last byte that was written, not before.
 * covers: 9293-3.6-flush 2525-2.15 */
TEST(the_fin_is_last)
{
    struct peer *p = ACCEPTED(.win = 3000, .rtt = MS(100));

    WRITES(p, 1460 * 4);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460);
    SHUTS(p, LASTACK_SHUT_WR);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2921, .win = 3000);
    SENDS(p, .flags = ACK, .seq = 2921, .ack = 1, .text = 1460);
    SENDS(p, .flags = FIN | PSH | ACK, .seq = 4381, .ack = 1, .text = 1460);
    FORGET(p);
}

/* The text fills the window to its last byte: the FIN behind it does not fit, and waits until the
 * window opens; meanwhile the peer is probed.
 * covers: 9293-MUST-36 */
TEST(the_fin_needs_room_too)
{
    struct peer *p = ACCEPTED(.win = 100, .rtt = MS(100));

    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 150);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SHUTS(p, LASTACK_SHUT_WR);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = 50);
    SENDS(p, .flags = PSH | ACK, .seq = 101, .ack = 1, .text = 50);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 151, .win = NONE);
    AFTER(SEC(10));
    assert_true(packets_forgotten(p) > 0);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 151, .win = 1);
    SENDS(p, .flags = FIN | ACK, .seq = 151, .ack = 1);
    FORGET(p);
}

/* MSG_MORE, and a cork: what is not pushed may wait for company.
 * covers: 9293-MAY-16 */
TEST(unpushed_text_is_gathered)
{
    static const uint8_t zeros[1500];
    struct lastack_packet_out packets[4];
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_CORK, 1);
    for (int i = 0; i < 3; i++)
        WRITES(p, 400);
    SENDS_NOTHING(p);
    WRITES(p, 400);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS_NOTHING(p);
    SETS(p, LASTACK_TCP_CORK, 0);
    SENDS(p, .flags = PSH | ACK, .seq = 1461, .ack = 1, .text = 140);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1601);
    assert_int_equal(lastack_send(world.stack, p->fd, zeros, 1500, LASTACK_MSG_MORE), 1500);
    assert_int_equal(lastack_output(world.stack, packets, 4), 1);
    assert_int_equal(packets[0].length, 40 + 1460);
    assert_int_equal(packets[0].header[20 + 13] & PSH, 0);
    assert_int_equal(lastack_send(world.stack, p->fd, zeros, 1, 0), 1);
    assert_int_equal(lastack_output(world.stack, packets, 4), 1);
    assert_int_equal(packets[0].length, 40 + 41);
    assert_int_equal(packets[0].header[20 + 13] & PSH, PSH); /* the last of all there is */
}

/* An ACK frees what it covers, whole or in part, and an old one frees nothing.
 * covers: 9293-3.10.7.4-ack-E1 */
TEST(an_ack_frees_what_it_covers)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 3000);
    assert_int_equal(packets_forgotten(p), 3);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001); /* a part of the first segment */
    assert_int_equal(row_of(p).send_q, 2000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(row_of(p).send_q, 2000);
    AFTER(SEC(1)); /* the remainder is what comes again */
    SENDS(p, .flags = ACK, .seq = 1001, .ack = 1, .text = 1460);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3001);
    assert_int_equal(row_of(p).send_q, 0);
    AFTER(SEC(10));
    SENDS_NOTHING(p);
}

/* ---- timestamps ---- */

/* The echo on a segment that acknowledges nothing new is no measurement: a peer that only talks
 * repeats the echo of long ago.
 * covers: 7323-4.1 */
TEST(old_echoes_are_no_samples)
{
    struct peer *p = ACCEPTED(.timestamps = true, .rtt = MS(100));
    struct lastack_connection_row before;
    uint32_t echo;

    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    echo = p->ts_last;
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .echo = echo);
    before = row_of(p);
    WRITES(p, 100);
    AFTER(MS(150));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .text = 10, .echo = echo);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 101, .echo = echo); /* a duplicate */
    assert_int_equal(row_of(p).tcp_info.tcpi_rtt, before.tcp_info.tcpi_rtt);
    assert_int_equal(row_of(p).tcp_info.tcpi_rttvar, before.tcp_info.tcpi_rttvar);
    FORGET(p);
}

/* What waited beyond the hole is older, by its timestamp, than what fills it: it was checked when
 * it arrived and is not checked again.
 * covers: 7323-5.3-once */
TEST(timestamps_are_checked_on_arrival_only)
{
    struct peer *p = with_delayed_acks(true);

    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 7000000);
    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 1, .text = 10, .ts = 7000001);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 7900000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 31, .echo = 7900000);
    READS(p, 30);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_PAWS), 0);
}

/* ---- windows ---- */

/* The peer takes back what it offered: no new text beyond the newest window, but what was sent
 * within the old one is sent again when it is lost.
 * covers: 7323-2.4-snd */
TEST(the_window_shrinks)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.send_accounting = LASTACK_SNDBUF_BYTES; /* (no segments of half a window) */
    restart(&config);
    p = accepted_with(PEER_PORT, &(struct opening){.rtt = MS(100), .shift = 8, .win = 12});
    WRITES(p, 4000); /* 12 << 7 */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 8); /* 1024: the edge moved left */
    SENDS_NOTHING(p);
    AFTER(MS(400));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461, .win = 1); /* 128 */
    AFTER(MS(10));
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461, .win = 16); /* 2048 */
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460);
    FORGET(p);
}

/* Nobody reads for half a day: every probe is answered, the window stays shut, and the connection
 * is none the worse.
 * covers: 9293-MAY-8 9293-MUST-37 */
TEST(our_window_stays_shut)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.receive_buffer = config.params.receive_buffer_max = 2000;
    config.params.first_window_in_segs = false;
    restart(&config);
    p = ACCEPTED();
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 2000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2001, .win = NONE);
    for (int i = 0; i < 12 * 60; i++) {
        AFTER(SEC(60));
        ARRIVES(p, .flags = ACK, .seq = 2001, .ack = 1, .text = 1);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 2001, .win = NONE);
    }
    NO_STATE(p);
    READS(p, 2000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2001, .win = 2000);
}

/* Being stuck before a shut window is no reason to be closed, but it is no protection either: an
 * operator may, and so may the limit of orphans.
 * covers: 6429-3 */
TEST(a_stuck_connection_can_be_ended)
{
    struct lastack_config config;
    struct peer *p, *q;

    peer_config(&config);
    config.params.max_orphans = 0;
    restart(&config);
    p = ACCEPTED(.win = 100);
    q = accepted_with(PEER_PORT + 1, &(struct opening){.win = 100});
    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 100);
    WRITES(p, 100);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = NONE);
    for (int i = 0; i < 30; i++) {
        AFTER(SEC(130));
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = NONE);
    }
    NO_STATE(p); /* an hour, and nothing has happened to it */
    (void)packets_forgotten(p);
    assert_int_equal(lastack_kill(world.stack, &p->local, &p->remote, false), LASTACK_KILLED);
    SETTLES();
    STATE(p, ESTABLISHED, CLOSED, CALL_KILL);
    SENDS(p, .flags = RST | ACK, .seq = 101, .ack = 1);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
    WRITES(q, 100);
    CLOSES(q);
    STATE(q, ESTABLISHED, CLOSED, ORPHAN_LIMIT);
    SENDS(q, .flags = RST | ACK, .seq = 1, .ack = 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_batch_is_processed_before_it_is_answered),
        RUN(text_beyond_a_hole_is_kept),
        RUN(nothing_is_held_back_for_ever),
        RUN(small_writes_leave_as_full_segments),
        RUN(the_fin_is_last),
        RUN(the_fin_needs_room_too),
        RUN(unpushed_text_is_gathered),
        RUN(an_ack_frees_what_it_covers),
        RUN(old_echoes_are_no_samples),
        RUN(timestamps_are_checked_on_arrival_only),
        RUN(the_window_shrinks),
        RUN(our_window_stays_shut),
        RUN(a_stuck_connection_can_be_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
