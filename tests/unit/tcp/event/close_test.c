/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * close_test.c: RFC 9293 Figure 5 from ESTABLISHED down: FINs that meet, cross, get lost and come
 * again; half-closed connections; close() with unread data; text for a process that is gone.
 */
#include "peer.h"

/* ---- arrows ---- */

/* covers: 9293-3.10.4-ESTAB 9293-3.10.7.4-ack-FW1 9293-3.10.7.4-fin-FW2 9293-MUST-13 LNX-TW60
 * covers: 9293-3.10.8-tw */
TEST(we_close_first)
{
    struct peer *p = ACCEPTED();

    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    AFTER(SEC(10));
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_TIME_WAIT);
    AFTER(SEC(60) - MS(1));
    IS_IN(p, TIME_WAIT);
    AFTER(MS(1));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    SENDS_NOTHING(p);
    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 1000); /* the tuple is free */
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    FORGET(p);
}

/* covers: 9293-3.10.7.4-fin-E 9293-3.10.4-CW 9293-3.10.7.4-ack-LA 9293-MUST-12 9293-3.10.3-CW */
TEST(the_peer_closes_first)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 5);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 7);
    READS(p, 5);
    READS_END(p);
    WRITES(p, 20);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 7, .text = 20);
    CLOSES(p);
    STATE(p, CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 21, .ack = 7);
    ARRIVES(p, .flags = ACK, .seq = 7, .ack = 21); /* of the text only */
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 7, .ack = 22);
    STATE(p, LAST_ACK, CLOSED, FIN_ACKED);
    IS_IN(p, CLOSED);
    ARRIVES(p, .flags = ACK, .seq = 7, .ack = 22); /* nobody is here */
    SENDS(p, .flags = RST, .seq = 22);
}

/* covers: 9293-3.10.7.4-fin-FW1b 9293-3.10.7.4-ack-CLOSING */
TEST(both_close_at_once)
{
    struct peer *p = ACCEPTED();

    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    STATE(p, FIN_WAIT_1, CLOSING, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1); /* not of our FIN */
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2);
    STATE(p, CLOSING, TIME_WAIT, FIN_ACKED);
    SENDS_NOTHING(p);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* The peer's FIN acknowledges ours: one segment, both arrows, one ACK.
 * covers: 9293-3.10.7.4-fin-FW1a */
TEST(fin_and_ack_in_one_segment)
{
    struct peer *p = ACCEPTED();

    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    SENDS_NOTHING(p);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* ---- all that was written arrives before the FIN ---- */

/* covers: 9293-3.6-flush 2525-2.15 9293-MUST-61 */
TEST(close_sends_all_that_was_written)
{
    struct peer *p = ACCEPTED(.win = 3000);

    WRITES(p, 4000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460);
    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2921);
    SENDS(p, .flags = FIN | PSH | ACK, .seq = 2921, .ack = 1, .text = 1080);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4001); /* all but the FIN */
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4002);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    AFTER(SEC(60));
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
}

/* A FIN takes a place in sequence space, and so in the window: a full one holds it back, and the
 * peer that keeps answering is not given up.
 * covers: 9293-MUST-36 */
TEST(fin_waits_for_the_window)
{
    struct peer *p = ACCEPTED(.win = 100, .rtt = MS(100));

    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SHUTS(p, LASTACK_SHUT_WR);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = NONE);
    for (int i = 0; i < 40; i++) { /* for more than an hour */
        AFTER(SEC(120));
        assert_true(packets_forgotten(p) > 0);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = NONE);
    }
    NO_STATE(p);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = 1);
    SENDS(p, .flags = FIN | ACK, .seq = 101, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 102);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
}

/* ---- lost FINs, lost ACKs ---- */

/* covers: 9293-3.6-finrtx 9293-3.10.8-rto */
TEST(our_fin_is_lost)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    MARK();
    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    AFTER(MS(2200));
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .at = MS(300));
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .at = MS(900));
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .at = MS(2100));
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    FORGET(p);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* covers: 9293-3.6-finrtx */
TEST(our_fin_is_lost_in_last_ack_and_closing)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));
    struct peer *q;

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2);
    MARK();
    CLOSES(p);
    STATE(p, CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    AFTER(MS(300));
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 2, .at = MS(300));
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2);
    STATE(p, LAST_ACK, CLOSED, FIN_ACKED);

    q = accepted_with(PEER_PORT + 1, &(struct opening){.rtt = MS(100)});
    CLOSES(q);
    STATE(q, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(q, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(q, .flags = FIN | ACK, .seq = 1, .ack = 1);
    STATE(q, FIN_WAIT_1, CLOSING, FIN);
    SENDS(q, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(MS(300));
    SENDS(q, .flags = FIN | ACK, .seq = 1, .ack = 2);
    ARRIVES(q, .flags = ACK, .seq = 2, .ack = 2);
    STATE(q, CLOSING, TIME_WAIT, FIN_ACKED);
    AFTER(SEC(60));
    STATE(q, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* Our last ACK was lost: the peer's FIN comes again, is acknowledged again, and 2MSL starts again.
 * covers: 9293-3.10.7.4-ack-TW LNX-TW-ACK */
TEST(the_last_ack_is_lost)
{
    struct peer *p = reach(PEER_PORT, TCP_TIME_WAIT);

    AFTER(SEC(59));
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(SEC(60) - MS(1));
    NO_STATE(p);
    IS_IN(p, TIME_WAIT);
    AFTER(MS(1));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* A repeated FIN changes nothing and is acknowledged.
 * covers: 9293-3.10.7.4-fin-dup */
TEST(the_peer_repeats_its_fin)
{
    static const enum tcp_state states[] = {TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK};

    for (unsigned i = 0; i < 3; i++) {
        struct peer *p = reach((uint16_t)(PEER_PORT + i), states[i]);

        ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = 2);
        NO_STATE(p);
        assert_int_equal(row_of(p).state, states[i]);
        ABORTS(p);
        FORGET(p);
    }
}

/* A FIN beyond a hole waits until the hole is filled.
 * covers: 9293-3.10.7.4-fin-ooo 2525-2.5 */
TEST(fin_beyond_a_hole)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = FIN | ACK, .seq = 101, .ack = 1, .text = 50);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    NO_STATE(p);
    READS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 152);
    READS(p, 150);
    READS_END(p);
}

/* The same in FIN-WAIT-1 and FIN-WAIT-2, and with a FIN that carries nothing. */
TEST(fin_beyond_a_hole_after_ours)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_1);
    struct peer *q = reach(PEER_PORT + 1, TCP_FIN_WAIT_2);

    ARRIVES(p, .flags = FIN | ACK, .seq = 11, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    STATE(p, FIN_WAIT_1, CLOSING, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 12);
    READS(p, 10);

    ARRIVES(q, .flags = FIN | ACK, .seq = 11, .ack = 2);
    SENDS(q, .flags = ACK, .seq = 2, .ack = 1);
    NO_STATE(q);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    STATE(q, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(q, .flags = ACK, .seq = 2, .ack = 12);
    READS(q, 10);
    READS_END(q);
    FORGET(p);
}

/* After its FIN the peer has nothing to say.
 * covers: 9293-3.10.7.4-text */
TEST(text_after_the_fin)
{
    static const enum tcp_state states[] = {TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK};

    for (unsigned i = 0; i < 3; i++) {
        struct peer *p = reach((uint16_t)(PEER_PORT + i), states[i]);

        ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1, .text = 10);
        (void)packets_forgotten(p);
        NO_STATE(p);
        READS_END(p);
        assert_int_equal(counted(LASTACK_CAUSE_DROP_TEXT_AFTER_FIN), i + 1);
        ABORTS(p);
        FORGET(p);
    }
}

/* ---- half-closed ---- */

/* Our direction is closed, the other one goes on for as long as it likes.
 * covers: 9293-3.6-half LNX-FW2-DATA */
TEST(half_closed_by_us)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    for (int i = 0; i < 50; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1 + 1000 * i, .ack = 2, .text = 1000);
        READS(p, 1000);
        AFTER(SEC(100));
    }
    (void)packets_forgotten(p);
    NO_STATE(p);
    WRITES_ERROR(p, LASTACK_EPIPE);
    ARRIVES(p, .flags = FIN | ACK, .seq = 50001, .ack = 2);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 50002);
    READS_END(p);
}

/* covers: 9293-3.6-half 9293-3.10.2-ESTAB */
TEST(half_closed_by_the_peer)
{
    struct peer *p = reach(PEER_PORT, TCP_CLOSE_WAIT);

    for (int i = 0; i < 50; i++) {
        WRITES(p, 1000);
        SENDS(p, .flags = ACK, .seq = 1 + 1000 * i, .ack = 2, .text = 1000);
        ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1001 + 1000 * i);
        AFTER(SEC(100));
    }
    SENDS_NOTHING(p);
    NO_STATE(p);
    CLOSES(p);
    STATE(p, CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 50001, .ack = 2);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 50002);
    STATE(p, LAST_ACK, CLOSED, FIN_ACKED);
}

/* shutdown(SHUT_RD) tells the peer nothing; what arrives is acknowledged and can be read.
 * covers: LNX-SHUTRD */
TEST(reading_is_shut_down)
{
    struct peer *p = ACCEPTED();

    SHUTS(p, LASTACK_SHUT_RD);
    SENDS_NOTHING(p);
    READS_END(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    READS(p, 10);
    READS_END(p);
    NO_STATE(p);
}

/* ---- close() with unread data ---- */

/* covers: LNX-CLOSE-UNREAD 2525-2.17 9293-SHLD-3 */
TEST(unread_data_means_rst)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    READS(p, 9);
    CLOSES(p);
    STATE(p, ESTABLISHED, CLOSED, UNREAD_DATA);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 11);
}

/* What the peer will never learn otherwise it learns in every state: its text was not read. */
TEST(unread_data_means_rst_in_every_state)
{
    struct peer *p = ACCEPTED();
    struct peer *q, *r;

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 10);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 12);
    CLOSES(p);
    STATE(p, CLOSE_WAIT, CLOSED, UNREAD_DATA);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 12);

    q = reach(PEER_PORT + 1, TCP_FIN_WAIT_2);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    SENDS(q, .flags = ACK, .seq = 2, .ack = 11);
    CLOSES(q);
    STATE(q, FIN_WAIT_2, CLOSED, UNREAD_DATA);
    SENDS(q, .flags = RST | ACK, .seq = 2, .ack = 11);

    r = accepted_with(PEER_PORT + 2, &(struct opening){0});
    ARRIVES(r, .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 10);
    STATE(r, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(r, .flags = ACK, .seq = 1, .ack = 12);
    SHUTS(r, LASTACK_SHUT_WR);
    STATE(r, CLOSE_WAIT, LAST_ACK, CALL_SHUTDOWN);
    SENDS(r, .flags = FIN | ACK, .seq = 1, .ack = 12);
    CLOSES(r);
    STATE(r, LAST_ACK, CLOSED, UNREAD_DATA);
    SENDS(r, .flags = RST | ACK, .seq = 2, .ack = 12);
}

/* A FIN that nobody has read of is no data. */
TEST(unread_fin_is_no_data)
{
    struct peer *p = reach(PEER_PORT, TCP_CLOSE_WAIT);

    CLOSES(p);
    STATE(p, CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2);
    STATE(p, LAST_ACK, CLOSED, FIN_ACKED);
}

/* abort_on_unread off (BSD): the FIN goes, and what was not read is forgotten. */
TEST(unread_data_by_another_profile)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.abort_on_unread = false;
    restart(&config);
    p = ACCEPTED();
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 11);
    ARRIVES(p, .flags = FIN | ACK, .seq = 11, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 12);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* ---- text for a process that is gone ---- */

/* covers: LNX-FW2-DATA 2525-2.16 */
TEST(data_after_close)
{
    struct peer *p = ACCEPTED();
    struct peer *q;

    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    STATE(p, FIN_WAIT_1, CLOSED, DATA_AFTER_CLOSE);
    SENDS(p, .flags = RST, .seq = 1);

    q = accepted_with(PEER_PORT + 1, &(struct opening){0});
    CLOSES(q);
    STATE(q, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(q, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 2);
    STATE(q, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    STATE(q, FIN_WAIT_2, CLOSED, DATA_AFTER_CLOSE);
    SENDS(q, .flags = RST, .seq = 2);
}

/* Text and the ACK of our FIN in one segment: FIN-WAIT-2 lasts a moment. */
TEST(data_after_close_with_the_ack_of_our_fin)
{
    struct peer *p = ACCEPTED();

    CLOSES(p);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, CLOSED, DATA_AFTER_CLOSE);
    SENDS(p, .flags = RST, .seq = 2);
}

/* FIN-WAIT-2 of an orphan sees a FIN beyond a hole: there was text that nobody will read. */
TEST(orphan_sees_a_fin_beyond_a_hole)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    CLOSES(p);
    NO_STATE(p);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_ORPHAN);
    ARRIVES(p, .flags = FIN | ACK, .seq = 11, .ack = 2);
    STATE(p, FIN_WAIT_2, CLOSED, DATA_AFTER_CLOSE);
    SENDS(p, .flags = RST, .seq = 2);
}

/* ... and a FIN with text that was acknowledged before: only the FIN is new. */
TEST(orphan_sees_a_fin_with_old_text)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 11);
    READS(p, 10);
    CLOSES(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2, .text = 10);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 12);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* ---- calls that come too late ---- */

/* covers: 9293-3.10.2-CLOSING 9293-3.10.4-FW 9293-3.10.4-LAST 9293-3.10.1-OTHER */
TEST(no_second_fin)
{
    static const enum tcp_state states[] = {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_CLOSING,
                                            TCP_LAST_ACK, TCP_TIME_WAIT};

    for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct peer *p = reach((uint16_t)(PEER_PORT + i), states[i]);

        WRITES_ERROR(p, LASTACK_EPIPE);
        assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EISCONN);
        assert_int_equal(lastack_listen(world.stack, p->fd, 1), -LASTACK_EINVAL);
        if (states[i] != TCP_TIME_WAIT)
            SHUTS(p, LASTACK_SHUT_WR);
        CLOSES(p);
        SENDS_NOTHING(p);
        NO_STATE(p);
        assert_int_equal(row_of(p).state, states[i]);
        (void)lastack_kill(world.stack, &p->local, &p->remote, false);
        SETTLES();
        FORGET(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(we_close_first),
        RUN(the_peer_closes_first),
        RUN(both_close_at_once),
        RUN(fin_and_ack_in_one_segment),
        RUN(close_sends_all_that_was_written),
        RUN(fin_waits_for_the_window),
        RUN(our_fin_is_lost),
        RUN(our_fin_is_lost_in_last_ack_and_closing),
        RUN(the_last_ack_is_lost),
        RUN(the_peer_repeats_its_fin),
        RUN(fin_beyond_a_hole),
        RUN(fin_beyond_a_hole_after_ours),
        RUN(text_after_the_fin),
        RUN(half_closed_by_us),
        RUN(half_closed_by_the_peer),
        RUN(reading_is_shut_down),
        RUN(unread_data_means_rst),
        RUN(unread_data_means_rst_in_every_state),
        RUN(unread_fin_is_no_data),
        RUN(unread_data_by_another_profile),
        RUN(data_after_close),
        RUN(data_after_close_with_the_ack_of_our_fin),
        RUN(orphan_sees_a_fin_beyond_a_hole),
        RUN(orphan_sees_a_fin_with_old_text),
        RUN(no_second_fin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
