/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_sender_test.c: what a packet proves of its sender: handshakes and closes, and
 * what is lost on the way.
 */
#include "infer_sight.h"

static void open_is_proven_step_by_step(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    PROVEN("SYN-SENT");
    assert_int_equal(infer_possible(infer_facts_of(&infer, B)), 0);
    see(B, S | ACK, 300, 101, 0);
    PROVEN("SYN-RECEIVED");
    EXPECTED(A, "ESTABLISHED");
    POSSIBLE(A, SYN_SENT);
    see(A, ACK, 101, 301, 0);
    PROVEN("ESTABLISHED");
    EXPECTED(B, "ESTABLISHED");
    POSSIBLE(B, SYN_RECEIVED);
    see(A, ACK | P, 101, 301, 10);
    PROVEN("ESTABLISHED");
    /* B acknowledges text that came with the ACK of its SYN. */
    see(B, ACK, 301, 111, 0);
    PROVEN("ESTABLISHED");
    PLAIN();
    assert_int_equal(infer.round_trip_ns, MS(20));
}

/* A bare ACK of B's may be sent in SYN-RECEIVED, too (RFC 9293 §3.10.7.4, first check). */
static void a_bare_ack_does_not_prove_the_passive_end_open(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, ACK, 101, 301, 0);
    see(B, ACK, 301, 101, 0);
    NOT_PROVEN();
    POSSIBLE(B, SYN_RECEIVED);
    POSSIBLE(B, ESTABLISHED);
    see(B, ACK | P, 301, 101, 5);
    PROVEN("ESTABLISHED");
}

/* A server with Fast Open may send text in SYN-RECEIVED (RFC 7413 §4.2.2). */
static void early_text_does_not_prove_a_fast_opened_end(void **state)
{
    struct infer_packet syn;

    (void)state;
    begin();
    syn = packet_of(A, S, 100, 0, 50);
    syn.segment.options = OPTION_FAST_OPEN;
    see_packet(syn);
    PROVEN("SYN-SENT");
    see(B, S | ACK, 300, 151, 0);
    see(B, ACK | P, 301, 151, 30);
    PROVEN("SYN-RECEIVED"); /* A has acknowledged nothing yet */
    see(A, ACK, 151, 331, 0);
    PROVEN("ESTABLISHED");
    see(B, ACK | P, 331, 151, 30);
    NOT_PROVEN();
    POSSIBLE(B, SYN_RECEIVED);
    see(A, ACK, 151, 361, 7);
    see(B, ACK, 361, 158, 0);
    PROVEN("ESTABLISHED");
}

static void lost_third_ack_leaves_syn_received(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, ACK, 101, 301, 0);
    now += SEC(1);
    see(B, S | ACK, 300, 101, 0);
    MARKED(RETRANSMISSION);
    assert_int_equal(remark.times, 1);
    POSSIBLE(B, SYN_RECEIVED);
    NOT_PROVEN();
    see(A, ACK, 101, 301, 0);
    PROVEN("ESTABLISHED");
}

static void simultaneous_open(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    PROVEN("SYN-SENT");
    see(B, S, 300, 0, 0);
    PROVEN("SYN-SENT");
    ONLY(SIMULTANEOUS_OPEN);
    EXPECTED(A, "SYN-RECEIVED");
    see(A, S | ACK, 100, 301, 0);
    PROVEN("SYN-RECEIVED");
    see(B, S | ACK, 300, 101, 0);
    PROVEN("SYN-RECEIVED");
    EXPECTED(A, "ESTABLISHED");
    EXPECTED(B, "ESTABLISHED");
    /* A bare ACK may answer the crossing SYN-ACK in SYN-RECEIVED: it proves nothing. */
    see(A, ACK, 101, 301, 0);
    NOT_PROVEN();
    see(A, ACK, 101, 301, 10);
    PROVEN("ESTABLISHED");
    see(B, ACK, 301, 111, 0);
    PROVEN("ESTABLISHED");
}

static void a_closes_first(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    PROVEN("FIN-WAIT-1");
    MARKED(CLOSES_FIRST);
    EXPECTED(B, "CLOSE-WAIT");
    see(B, ACK, 321, 112, 0);
    PROVEN("CLOSE-WAIT");
    EXPECTED(A, "FIN-WAIT-2");
    see(B, F | ACK, 321, 112, 0);
    PROVEN("LAST-ACK");
    UNMARKED(SIMULTANEOUS_CLOSE);
    EXPECTED(A, "TIME-WAIT");
    see(A, ACK, 112, 322, 0);
    PROVEN("TIME-WAIT");
    EXPECTED(B, "CLOSED");
    POSSIBLE(B, LAST_ACK);
    assert_int_equal(infer.closed_first, A);
    assert_false(infer.closed_by_rst);
}

static void b_closes_first_in_three_segments(void **state)
{
    (void)state;
    open_and_talk();
    see(B, F | ACK, 321, 111, 0);
    PROVEN("FIN-WAIT-1");
    see(A, F | ACK, 111, 322, 0);
    PROVEN("LAST-ACK");
    EXPECTED(B, "TIME-WAIT");
    see(B, ACK, 322, 112, 0);
    PROVEN("TIME-WAIT");
    EXPECTED(A, "CLOSED");
    assert_int_equal(infer.closed_first, B);
}

/* Data still comes from the end that was left: FIN-WAIT-2 is proven by the ACK of it. */
static void half_close(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    PROVEN("CLOSE-WAIT");
    see(B, ACK | P, 321, 112, 500);
    PROVEN("CLOSE-WAIT");
    ONLY(HALF_CLOSE);
    see(A, ACK, 112, 821, 0);
    PROVEN("FIN-WAIT-2");
    see(B, ACK | P, 821, 112, 500);
    PLAIN();
    see(A, ACK, 112, 1321, 0);
    see(B, F | ACK, 1321, 112, 0);
    PROVEN("LAST-ACK");
    see(A, ACK, 112, 1322, 0);
    PROVEN("TIME-WAIT");
}

static void simultaneous_close(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    PROVEN("FIN-WAIT-1");
    see(B, F | ACK, 321, 111, 0); /* has not heard A's */
    PROVEN("FIN-WAIT-1");
    ONLY(SIMULTANEOUS_CLOSE);
    EXPECTED(A, "CLOSING");
    see(A, ACK, 112, 322, 0);
    PROVEN("CLOSING"); /* nothing that B sent acknowledges A's FIN */
    EXPECTED(B, "TIME-WAIT");
    see(B, ACK, 322, 112, 0);
    NOT_PROVEN(); /* CLOSING, or TIME-WAIT if A's ACK came first */
    POSSIBLE(B, CLOSING);
    POSSIBLE(B, TIME_WAIT);
    EXPECTED(A, "TIME-WAIT");
    EXPECTED(B, "TIME-WAIT");
}

/* The article's case: the peer never acknowledges our FIN, which backs off in CLOSING. */
static void closing_with_a_fin_that_is_never_acknowledged(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, F | ACK, 321, 111, 0);
    see(A, ACK, 112, 322, 0);
    PROVEN("CLOSING");
    for (unsigned i = 1; i <= 5; i++) {
        now += SEC(1 << i);
        see(A, F | ACK, 111, 322, 0);
        PROVEN("CLOSING");
        MARKED(FIN_REPEATED);
        assert_int_equal(remark.times, i);
    }
}

static void lost_fin_is_sent_again(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    PROVEN("FIN-WAIT-1");
    now += SEC(1);
    see(A, F | ACK, 111, 321, 0);
    PROVEN("FIN-WAIT-1");
    ONLY(FIN_REPEATED);
    see(B, ACK, 321, 112, 0);
    PROVEN("CLOSE-WAIT");
}

/* The last ACK is lost: B resends its FIN, A answers from TIME-WAIT. */
static void lost_last_ack(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    see(B, F | ACK, 321, 112, 0);
    see(A, ACK, 112, 322, 0);
    PROVEN("TIME-WAIT");
    now += SEC(1);
    see(B, F | ACK, 321, 112, 0);
    ONLY(FIN_REPEATED);
    NOT_PROVEN(); /* it may be a copy made by the network, and B gone */
    POSSIBLE(B, LAST_ACK);
    see(A, ACK, 112, 322, 0);
    PROVEN("TIME-WAIT");
    ONLY(LAST_ACK_REPEATED);
    EXPECTED(B, "CLOSED");
}

/* With timestamps a resent FIN is known from a copy, and proves that no ACK of it had come. */
static void a_newer_timestamp_proves_the_fin_resent(void **state)
{
    struct infer_packet fin;

    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    fin = packet_of(B, F | ACK, 321, 112, 0);
    fin.segment.options = OPTION_TIMESTAMP;
    fin.segment.ts_value = 1000;
    see_packet(fin);
    see(A, ACK, 112, 322, 0);
    POSSIBLE(B, CLOSED);
    now += SEC(1);
    see_packet(fin);
    NOT_PROVEN();
    now += SEC(1);
    fin.segment.ts_value = 3000;
    see_packet(fin);
    PROVEN("LAST-ACK");
    EXPECTED(B, "CLOSED"); /* A's ACK may still be on its way */
}

static void fin_with_text_and_fin_after_a_hole(void **state)
{
    (void)state;
    open_and_talk();
    /* A's last text [111, 211) is overtaken by its FIN. */
    see(A, F | ACK | P, 211, 321, 50);
    MARKED(UNSEEN_BEFORE);
    see(B, ACK, 321, 111, 0);
    PROVEN("ESTABLISHED"); /* the FIN is not in order for it */
    see(A, ACK | P, 111, 321, 100);
    PROVEN("FIN-WAIT-1");
    see(B, ACK, 321, 262, 0);
    PROVEN("CLOSE-WAIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_is_proven_step_by_step),
        cmocka_unit_test(a_bare_ack_does_not_prove_the_passive_end_open),
        cmocka_unit_test(early_text_does_not_prove_a_fast_opened_end),
        cmocka_unit_test(lost_third_ack_leaves_syn_received),
        cmocka_unit_test(simultaneous_open),
        cmocka_unit_test(a_closes_first),
        cmocka_unit_test(b_closes_first_in_three_segments),
        cmocka_unit_test(half_close),
        cmocka_unit_test(simultaneous_close),
        cmocka_unit_test(closing_with_a_fin_that_is_never_acknowledged),
        cmocka_unit_test(lost_fin_is_sent_again),
        cmocka_unit_test(lost_last_ack),
        cmocka_unit_test(a_newer_timestamp_proves_the_fin_resent),
        cmocka_unit_test(fin_with_text_and_fin_after_a_hole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
