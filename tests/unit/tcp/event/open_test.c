/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open_test.c: RFC 9293 Figure 5 down to ESTABLISHED: CLOSED, LISTEN, SYN-SENT, SYN-RECEIVED, every
 * arrow and every segment that must not be one.
 */
#include "peer.h"

/* ---- arrows ---- */

TEST(listen_and_close_of_a_listener)
{
    struct peer *anybody = peer_at(0);

    LISTENS(5);
    STATE(anybody, CLOSED, LISTEN, CALL_LISTEN);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    STATE(anybody, LISTEN, CLOSED, CALL_CLOSE);
}

/* covers: 9293-3.10.7.3-e 9293-MUST-14 9293-SHLD-5 LNX-OPTORDER LNX-WIN */
TEST(active_open)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0, .mss = 1460, .sack_ok = 1, .shift = 8, .win = 64240,
          .echo = 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EALREADY);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EISCONN);
}

/* covers: 9293-3.10.7.2-c 9293-3.10.7.4-ack-SR */
TEST(passive_open)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = 1460, .shift = NONE, .sack_ok = NONE);
    IS_IN(p, SYN_RECEIVED);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_SYN_REQUEST);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_ACCEPT_QUEUE);
    ACCEPTS(p);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_PROCESS);
}

/* The third ACK brings text and a FIN: all of it counts, in order.
 * covers: 9293-3.10.7.4-fin-E */
TEST(handshake_ends_with_text_and_fin)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 10);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 12);
    ACCEPTS(p);
    READS(p, 10);
    READS_END(p);
}

/* covers: 9293-3.10.7.3-h */
TEST(syn_ack_with_text_and_fin)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    ARRIVES(p, .flags = SYN | ACK | FIN, .seq = 0, .ack = 1, .text = 50);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 52);
    READS(p, 50);
    READS_END(p);
}

/* Both SYNs cross, then both SYN-ACKs: Figure 7 of RFC 9293. The window of a SYN-ACK is not scaled,
 * even here: with 500 bytes of it 600 do not leave.
 * covers: 9293-MUST-10 9293-3.10.7.3-f LNX-SYNRECV-PASS 7323-2.2-syn */
TEST(simultaneous_open)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    ARRIVES(p, .flags = SYN, .seq = 0, .shift = 8);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = 1460, .shift = 8);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .win = 500, .shift = 8);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 600);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 500);
    SENDS_NOTHING(p);
    FORGET(p);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), 0);
}

/* Our SYN is due again while its link is full; then the answer to the first one comes. */
TEST(syn_ack_before_a_repetition_could_leave)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    lastack_link_full(world.stack, PEER_LINK);
    AFTER(SEC(1));
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS_NOTHING(p);
    lastack_link_ready(world.stack, PEER_LINK);
    SETTLES();
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SENDS_NOTHING(p);
}

/* The peer that saw our SYN-ACK answers with a plain ACK. */
TEST(simultaneous_open_ends_with_an_ack)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS_NOTHING(p);
    /* our ACK of its SYN-ACK is asked for again: it must come, or the peer never gets on */
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    NO_STATE(p);
}

/* covers: 9293-MUST-11 9293-3.10.7.4-rst-SRa */
TEST(simultaneous_open_refused)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = RST, .seq = 1);
    STATE(p, SYN_RECEIVED, CLOSED, RST);
    SENDS_NOTHING(p);
    READS_ERROR(p, LASTACK_ECONNREFUSED);
}

/* A reset that begins at the peer's SYN begins before RCV.NXT: it is not exact, whatever else it
 * carries, and not in the window.
 * covers: 5961-3.2-exact 9293-3.10.7.4-rst-SRa */
TEST(simultaneous_open_not_refused_at_the_syn)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = SYN | RST, .seq = 0);
    ARRIVES(p, .flags = SYN | RST | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = SYN | RST, .seq = 0, .text = 10);
    NO_STATE(p);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW), 3);
    ARRIVES(p, .flags = SYN | RST, .seq = 1); /* at RCV.NXT the second step comes before the 4th */
    STATE(p, SYN_RECEIVED, CLOSED, RST);
    READS_ERROR(p, LASTACK_ECONNREFUSED);
}

/* ---- calls on the way ---- */

/* covers: 9293-3.10.4-SYN-SENT 9293-3.10.5-LISTEN */
TEST(close_and_abort_in_syn_sent_say_nothing)
{
    struct peer *p = peer_at(PEER_PORT);
    struct peer *q = peer_at(PEER_PORT + 1);

    CONNECTS(p);
    FORGET(p);
    CLOSES(p);
    STATE(p, SYN_SENT, CLOSED, CALL_CLOSE);
    SENDS_NOTHING(p);
    CONNECTS(q);
    FORGET(q);
    ABORTS(q);
    STATE(q, SYN_SENT, CLOSED, CALL_ABORT);
    SENDS_NOTHING(q);
}

/* CLOSE in SYN-RECEIVED of a simultaneous open: the FIN waits for the end of the handshake.
 * covers: 9293-3.10.4-SYN-RCVD-B */
TEST(close_in_syn_received)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    CLOSES(p);
    NO_STATE(p);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    AFTER(SEC(60));
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
}

/* covers: 9293-3.10.5-SYNC */
TEST(abort_in_syn_received)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    FORGET(p);
    ABORTS(p);
    STATE(p, SYN_RECEIVED, CLOSED, CALL_ABORT);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 1);
}

/* The second listen() on a port fails and harms nobody.
 * covers: 9293-MUST-41 */
TEST(listening_twice)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), STACK_PORT};
    int second;

    LISTENS(5);
    second = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_bind(world.stack, second, &any), -LASTACK_EADDRINUSE);
    assert_int_equal(lastack_last_cause(world.stack), LASTACK_CAUSE_PORT_LISTENER);
    (void)ACCEPTED();
}

/* ---- SYN-SENT: what is no answer ---- */

/* covers: 9293-3.10.7.3-a 9293-3.10.7.3-d 9293-3.10.7.3-g */
TEST(syn_sent_is_not_fooled)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 0); /* of the ISS itself */
    SENDS(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 2); /* of what was never sent */
    SENDS(p, .flags = RST, .seq = 2);
    ARRIVES(p, .flags = ACK, .seq = 0, .ack = 2);
    SENDS(p, .flags = RST, .seq = 2);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 2);
    ARRIVES(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = ACK, .seq = 0, .ack = 1); /* acceptable, but no SYN */
    ARRIVES(p, .flags = 0, .seq = 0, .text = 10);
    ARRIVES(p, .flags = FIN, .seq = 0);
    SENDS_NOTHING(p);
    NO_STATE(p);
    IS_IN(p, SYN_SENT);
}

/* covers: 9293-3.10.7.3-c */
TEST(refused)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, CLOSED, REFUSED);
    SENDS_NOTHING(p);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ECONNREFUSED);
    /* the error was told: the socket may try again */
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    NEW_LIFE(p);
    FORGET(p);
}

/* ---- SYN-RECEIVED of a listener ---- */

static struct peer *half_open(void)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0);
    FORGET(p);
    return p;
}

/* covers: 9293-3.10.7.4-rst-SRp 9293-3.5.1-F11 */
TEST(request_reset)
{
    struct peer *p = half_open();

    ARRIVES(p, .flags = RST, .seq = 1);
    STATE(p, SYN_RECEIVED, LISTEN, RST);
    SENDS_NOTHING(p);
    IS_IN(p, CLOSED);
    ARRIVES(p, .flags = SYN, .seq = 0); /* the listener goes on */
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    NEW_LIFE(p);
    FORGET(p);
}

/* covers: 9293-3.5-F8 */
TEST(old_duplicate_syn)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = -1000); /* of another life */
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = -999);
    ARRIVES(p, .flags = RST, .seq = -999); /* the peer does not know it */
    STATE(p, SYN_RECEIVED, LISTEN, RST);
    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(p);
}

/* The same SYN again: the same SYN-ACK again. Another one in the window: back to LISTEN.
 * covers: 9293-3.10.7.4-syn-SR */
TEST(request_sees_a_syn)
{
    struct peer *p = half_open();

    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    NO_STATE(p);
    ARRIVES(p, .flags = SYN, .seq = 100);
    STATE(p, SYN_RECEIVED, LISTEN, SYN);
    SENDS(p, .flags = RST | ACK, .seq = (int32_t)(0 - p->iss), .ack = 101);
}

/* covers: 9293-3.10.7.4-ack-SR */
TEST(request_sees_a_wrong_ack)
{
    struct peer *p = half_open();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 0);
    SENDS(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = RST, .seq = 2);
    NO_STATE(p);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).peak, 0); /* nothing was made for them */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);                 /* it is as good as ever */
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
}

/* covers: 5961-3.2-exact 9293-3.10.7.4-oow 9293-3.10.7.4-noack */
TEST(request_is_not_fooled)
{
    struct peer *p = half_open();

    ARRIVES(p, .flags = RST, .seq = 2); /* in the window, not exact */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = RST, .seq = 70000);
    ARRIVES(p, .flags = 0, .seq = 1, .text = 5);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 70000, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    NO_STATE(p);
    IS_IN(p, SYN_RECEIVED);
}

/* ---- LISTEN ---- */

/* covers: 9293-3.10.7.2-a 9293-3.10.7.2-b 9293-3.10.7.2-e LNX-LISTEN-SYNFIN */
TEST(listen_answers_only_what_it_should)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 5);
    ARRIVES(p, .flags = FIN, .seq = 0);
    ARRIVES(p, .flags = 0, .seq = 0, .text = 10);
    ARRIVES(p, .flags = SYN | FIN, .seq = 0);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 0, .ack = 77);
    SENDS(p, .flags = RST, .seq = 77);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 78);
    SENDS(p, .flags = RST, .seq = 78);
    ARRIVES(p, .flags = FIN | ACK, .seq = 0, .ack = 79, .text = 3);
    SENDS(p, .flags = RST, .seq = 79);
    NO_STATE(p);
}

/* A SYN to 2 ^ 32 - 1 with text: the SYN is taken, the text is not acknowledged.
 * covers: 9293-3.10.7.2-d */
TEST(listen_sees_a_syn_with_text)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 30);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 30);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 31);
    ACCEPTS(p);
    READS(p, 30);
}

/* ---- CLOSED ---- */

/* covers: 9293-3.10.7.1-a 9293-3.10.7.1-b 9293-3.10.7.1-c 9293-3.5.1-F10 */
TEST(closed_answers_with_rst)
{
    struct peer *p = peer_at(PEER_PORT);

    ARRIVES(p, .flags = RST, .seq = 0);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 9);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = RST | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = SYN | FIN, .seq = 0, .text = 5);
    SENDS(p, .flags = RST | ACK, .seq = 0, .ack = 7);
    ARRIVES(p, .flags = 0, .seq = 3, .text = 5);
    SENDS(p, .flags = RST | ACK, .seq = 0, .ack = 8);
    ARRIVES(p, .flags = ACK, .seq = 3, .ack = 1234, .text = 5);
    SENDS(p, .flags = RST, .seq = 1234);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_NO_CONNECTION), 2);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_NO_CONNECTION), 4);
}

/* A segment with a wrong checksum changes nothing and is not answered.
 * covers: 9293-MUST-3 */
TEST(bad_checksum)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = RST, .seq = 1, .bad_checksum = true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .bad_checksum = true);
    SENDS_NOTHING(p);
    NO_STATE(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_TCP_CHECKSUM), 2);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    READS(p, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(listen_and_close_of_a_listener),
        RUN(active_open),
        RUN(passive_open),
        RUN(handshake_ends_with_text_and_fin),
        RUN(syn_ack_with_text_and_fin),
        RUN(syn_ack_before_a_repetition_could_leave),
        RUN(simultaneous_open),
        RUN(simultaneous_open_ends_with_an_ack),
        RUN(simultaneous_open_refused),
        RUN(simultaneous_open_not_refused_at_the_syn),
        RUN(close_and_abort_in_syn_sent_say_nothing),
        RUN(close_in_syn_received),
        RUN(abort_in_syn_received),
        RUN(listening_twice),
        RUN(syn_sent_is_not_fooled),
        RUN(refused),
        RUN(request_reset),
        RUN(old_duplicate_syn),
        RUN(request_sees_a_syn),
        RUN(request_sees_a_wrong_ack),
        RUN(request_is_not_fooled),
        RUN(listen_answers_only_what_it_should),
        RUN(listen_sees_a_syn_with_text),
        RUN(closed_answers_with_rst),
        RUN(bad_checksum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
