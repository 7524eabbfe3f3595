/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_test.c: exchanges as they are seen on the wire, and what they prove.
 *
 * A (0) has ISN 100, B (1) has ISN 300 unless said otherwise. After each packet: what is proven
 * of its sender, and what is to be expected of its receiver.
 */
#include "infer.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { A = 0, B = 1 };
enum { S = LASTACK_SYN, F = LASTACK_FIN, R = LASTACK_RST, P = LASTACK_PSH, ACK = LASTACK_ACK };

static struct infer infer;
static struct infer_remark remark;
static int64_t now;

static void begin(void)
{
    infer_init(&infer);
    now = 0;
}

static struct infer_packet packet_of(unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                                     uint32_t length)
{
    uint32_t len = length + ((flags & S) != 0) + ((flags & F) != 0);

    return (struct infer_packet){
        .at = now,
        .from = from,
        .segment = {.seq = {seq},
                    .ack = {ack},
                    .flags = (uint16_t)flags,
                    .text_length = length,
                    .len = len,
                    .wnd = 1000,
                    .ttl = 64},
    };
}

static void see_packet(struct infer_packet packet)
{
    packet.at = now;
    infer_see(&infer, &packet, &remark);
    now += MS(10);
}

static void see(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    see_packet(packet_of(from, flags, seq, ack, length));
}

#define PROVEN(state) assert_string_equal(lastack_state_text(infer_proven(&remark.sender)), state)
#define NOT_PROVEN()  assert_int_equal(infer_proven(&remark.sender), 0)
#define EXPECTED(end, state)                                                                       \
    assert_string_equal(lastack_state_text(infer_expected(infer_facts_of(&infer, end))), state)
#define POSSIBLE(end, s)   assert_true(infer_possible(infer_facts_of(&infer, end)) & 1u << TCP_##s)
#define IMPOSSIBLE(end, s) assert_false(infer_possible(infer_facts_of(&infer, end)) & 1u << TCP_##s)
#define MARKED(name)       assert_true(remark.marks & 1u << INFER_##name)
#define UNMARKED(name)     assert_false(remark.marks & 1u << INFER_##name)
#define ONLY(name)         assert_int_equal(remark.marks, 1u << INFER_##name)
#define PLAIN()            assert_int_equal(remark.marks, 0)

/* A opens, B accepts, both are ESTABLISHED and have proven it. */
static void open_and_talk(void)
{
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, ACK, 101, 301, 0);
    see(A, ACK | P, 101, 301, 10);
    see(B, ACK | P, 301, 111, 20);
    see(A, ACK, 111, 321, 0);
}

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

/* ---- TIME-WAIT and after ---- */

static void close_by_a(void)
{
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    see(B, F | ACK, 321, 112, 0);
    see(A, ACK, 112, 322, 0);
}

/* B, the end without TIME-WAIT, connects again from the same port. */
static void a_new_syn_reopens_time_wait(void **state)
{
    (void)state;
    close_by_a();
    see(B, S, 70000, 0, 0);
    PROVEN("SYN-SENT");
    ONLY(REOPENS_TIME_WAIT);
    POSSIBLE(A, TIME_WAIT);
    EXPECTED(A, "SYN-RECEIVED");
    see(A, S | ACK, 65800, 70001, 0);
    PROVEN("SYN-RECEIVED");
    see(B, ACK, 70001, 65801, 0);
    PROVEN("ESTABLISHED");
    EXPECTED(A, "ESTABLISHED");
    assert_int_equal(infer.lives, 2);
    assert_int_equal(infer.opener, B);
    assert_int_equal(infer.closed_first, -1);
}

/* TIME-WAIT answers a SYN that is too old with an ACK; the SYN's sender resets and tries again
 * (RFC 9293 §3.5.1). */
static void an_old_syn_is_answered_from_time_wait(void **state)
{
    (void)state;
    close_by_a();
    see(B, S, 250, 0, 0);
    see(A, ACK, 112, 322, 0);
    PROVEN("TIME-WAIT");
    MARKED(CHALLENGE_ACK);
    see(B, R, 112, 0, 0);
    ONLY(RESET);
    assert_int_equal(remark.reset, INFER_RESET_CHALLENGED);
    EXPECTED(B, "SYN-SENT");
    EXPECTED(A, "SYN-RECEIVED");
    POSSIBLE(A, CLOSED);
    now += SEC(1);
    see(B, S, 250, 0, 0);
    MARKED(RETRANSMISSION);
    see(A, S | ACK, 9000, 251, 0);
    PROVEN("SYN-RECEIVED");
}

/* RFC 9293 §3.5.1, Figure 9: A crashed, B did not notice. */
static void half_open_connection_is_discovered(void **state)
{
    (void)state;
    open_and_talk();
    now += SEC(30);
    see(A, S, 400, 0, 0);
    PROVEN("SYN-SENT");
    ONLY(REOPENS);
    POSSIBLE(B, ESTABLISHED);
    EXPECTED(B, "ESTABLISHED");
    see(B, ACK, 321, 111, 0);
    PROVEN("ESTABLISHED");
    ONLY(CHALLENGE_ACK);
    see(A, R, 111, 0, 0);
    EXPECTED(A, "SYN-SENT");
    assert_int_equal(remark.reset, INFER_RESET_CHALLENGED);
    POSSIBLE(B, CLOSED);
    now += SEC(1);
    see(A, S, 400, 0, 0);
    see(B, S | ACK, 800, 401, 0);
    PROVEN("SYN-RECEIVED");
    see(A, ACK, 401, 801, 0);
    PROVEN("ESTABLISHED");
}

static void same_addresses_again_after_both_are_closed(void **state)
{
    (void)state;
    close_by_a();
    now += SEC(300);
    see(A, S, 5000000, 0, 0);
    MARKED(REOPENS);
    PROVEN("SYN-SENT");
    see(B, S | ACK, 6000000, 5000001, 0);
    PROVEN("SYN-RECEIVED");
    EXPECTED(A, "ESTABLISHED");
}

/* ---- RST ---- */

static void refused(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    see(B, R | ACK, 0, 101, 0);
    PROVEN("CLOSED");
    ONLY(RESET);
    assert_int_equal(remark.reset, INFER_RESET_REFUSED);
    EXPECTED(A, "CLOSED");
    POSSIBLE(A, SYN_SENT);
    assert_int_equal(infer.closed_first, B);
    assert_true(infer.closed_by_rst);
}

static void reset_in_syn_received_by_the_client(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, R, 101, 0, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_UNWANTED_SYN_ACK);
    EXPECTED(B, "CLOSED");
    POSSIBLE(B, LISTEN);
}

static void reset_of_a_finished_handshake(void **state)
{
    (void)state;
    begin();
    see(A, S, 100, 0, 0);
    see(B, S | ACK, 300, 101, 0);
    see(A, ACK, 101, 301, 0);
    see(B, R, 301, 0, 0);
    assert_int_equal(remark.reset, INFER_RESET_LISTENER_GONE);
    EXPECTED(A, "CLOSED");
    EXPECTED(B, "CLOSED");
}

static void reset_in_established(void **state)
{
    (void)state;
    open_and_talk();
    see(A, R | ACK, 111, 321, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_ABORTED);
    EXPECTED(B, "CLOSED");
    POSSIBLE(B, ESTABLISHED);
    assert_int_equal(infer.closed_first, A);
}

static void reset_in_fin_wait_2_because_data_came(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    see(B, ACK | P, 321, 112, 100);
    see(A, R, 112, 0, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_DATA_AFTER_CLOSE);
    EXPECTED(B, "CLOSED");
    /* The next data finds nobody. */
    see(B, ACK | P, 421, 112, 100);
    PROVEN("CLOSE-WAIT");
    see(A, R, 112, 0, 0);
    assert_int_equal(remark.reset, INFER_RESET_ALREADY_GONE);
}

static void reset_in_fin_wait_1_close_wait_and_last_ack(void **state)
{
    (void)state;
    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(A, R | ACK, 112, 321, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_AFTER_FIN);

    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, ACK, 321, 112, 0);
    see(B, R | ACK, 321, 112, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_ABORTED);
    EXPECTED(A, "CLOSED");

    open_and_talk();
    see(A, F | ACK, 111, 321, 0);
    see(B, F | ACK, 321, 112, 0);
    PROVEN("LAST-ACK");
    see(B, R | ACK, 322, 112, 0);
    PROVEN("CLOSED");
}

/* TIME-WAIT can be assassinated (RFC 1337), or ignore it: both stay possible. */
static void reset_into_time_wait(void **state)
{
    (void)state;
    close_by_a();
    see(B, R, 322, 0, 0);
    POSSIBLE(A, TIME_WAIT);
    POSSIBLE(A, CLOSED);
    see(A, ACK, 112, 322, 0);
    PROVEN("TIME-WAIT");
}

static void a_reset_outside_the_window_changes_nothing(void **state)
{
    (void)state;
    open_and_talk();
    see(A, R, 50, 0, 0);
    IMPOSSIBLE(B, CLOSED);
    EXPECTED(B, "ESTABLISHED");
}

/* Who goes on as if nothing had happened was not reset. */
static void a_forged_reset_is_seen_through(void **state)
{
    struct infer_packet rst;

    (void)state;
    open_and_talk();
    rst = packet_of(B, R, 321, 0, 0);
    rst.segment.ttl = 57;
    see_packet(rst);
    assert_true(remark.is_foreign);
    EXPECTED(A, "CLOSED");
    now += SEC(2);
    see(B, ACK | P, 321, 111, 10);
    PROVEN("ESTABLISHED");
    see(A, ACK, 111, 331, 0);
    PROVEN("ESTABLISHED");
    EXPECTED(A, "ESTABLISHED");
    EXPECTED(B, "ESTABLISHED");
}

static void giving_up_is_told_from_aborting(void **state)
{
    (void)state;
    open_and_talk();
    see(A, ACK | P, 111, 321, 10);
    for (int i = 0; i < 4; i++) {
        now += SEC(1 << i);
        see(A, ACK | P, 111, 321, 10);
        ONLY(RETRANSMISSION);
        assert_int_equal(remark.times, i + 1);
    }
    see(A, R | ACK, 121, 321, 0);
    assert_int_equal(remark.reset, INFER_RESET_GAVE_UP);

    open_and_talk();
    for (int i = 0; i < 3; i++) {
        now += SEC(75);
        see(A, ACK, 110, 321, 0);
        ONLY(KEEPALIVE);
        assert_int_equal(remark.times, i + 1);
    }
    see(A, R | ACK, 111, 321, 0);
    assert_int_equal(remark.reset, INFER_RESET_KEEPALIVE_GAVE_UP);
}

static void nobody_knows_the_connection(void **state)
{
    (void)state;
    begin();
    see(A, ACK | P, 5000, 9000, 100);
    see(B, R, 9000, 0, 0);
    PROVEN("CLOSED");
    assert_int_equal(remark.reset, INFER_RESET_NO_CONNECTION);
}

/* ---- the capture begins late or misses packets ---- */

static void in_the_middle_nothing_is_proven_at_first(void **state)
{
    (void)state;
    begin();
    see(A, ACK | P, 5000, 9000, 100);
    NOT_PROVEN();
    POSSIBLE(A, ESTABLISHED);
    POSSIBLE(A, CLOSE_WAIT);
    POSSIBLE(A, FIN_WAIT_1);
    EXPECTED(A, "ESTABLISHED");
    see(B, ACK | P, 9000, 5100, 50);
    IMPOSSIBLE(A, CLOSE_WAIT); /* B had not */
    see(A, ACK, 5100, 9050, 0);
    PROVEN("ESTABLISHED"); /* SND.NXT is where its text ended */
    see(B, F | ACK, 9050, 5100, 0);
    PROVEN("FIN-WAIT-1");
    see(A, ACK, 5100, 9051, 0);
    PROVEN("CLOSE-WAIT");
}

static void a_capture_that_starts_with_the_syn_ack(void **state)
{
    (void)state;
    begin();
    see(B, S | ACK, 300, 101, 0);
    PROVEN("SYN-RECEIVED");
    EXPECTED(A, "ESTABLISHED");
    see(A, ACK, 101, 301, 0);
    PROVEN("ESTABLISHED");
    assert_int_equal(infer.opener, A);
}

/* B acknowledges text of A that the capture never saw. */
static void missed_packets_weaken_what_is_known(void **state)
{
    (void)state;
    open_and_talk();
    see(B, ACK, 321, 500, 0);
    MARKED(ACKS_UNSEEN);
    NOT_PROVEN(); /* A's FIN may have been among it */
    POSSIBLE(B, CLOSE_WAIT);
    POSSIBLE(B, ESTABLISHED);
    see(A, ACK | P, 500, 321, 10);
    see(B, ACK, 321, 510, 0);
    PROVEN("ESTABLISHED"); /* it was not */
}

/* Gap in what A sent: its FIN may have left unseen, so LAST-ACK and CLOSING cannot be told
 * apart. */
static void after_a_gap_the_order_of_fins_is_open(void **state)
{
    (void)state;
    open_and_talk();
    see(A, ACK | P, 211, 321, 10);
    MARKED(UNSEEN_BEFORE);
    see(A, ACK | P, 111, 321, 100);
    see(B, F | ACK, 321, 221, 0);
    see(A, F | ACK, 221, 322, 0);
    NOT_PROVEN();
    POSSIBLE(A, LAST_ACK);
    POSSIBLE(A, CLOSING);
    EXPECTED(A, "LAST-ACK");

    /* Had it acknowledged first, without a FIN, it would have been sure. */
    open_and_talk();
    see(A, ACK | P, 211, 321, 10);
    see(A, ACK | P, 111, 321, 100);
    see(B, F | ACK, 321, 221, 0);
    see(A, ACK, 221, 322, 0);
    PROVEN("CLOSE-WAIT");
    see(A, F | ACK, 221, 322, 0);
    PROVEN("LAST-ACK");
}

static void nonsense_is_ignored(void **state)
{
    (void)state;
    open_and_talk();
    see(A, ACK, 111u + 0x60000000u, 321, 0);
    ONLY(OLD_DUPLICATE);
    see(A, ACK, 111, 321u + 0x60000000u, 0);
    ONLY(OLD_DUPLICATE);
    see(B, ACK | P, 321, 111, 10);
    PROVEN("ESTABLISHED");
    EXPECTED(A, "ESTABLISHED");
}

static void numbers_wrap(void **state)
{
    (void)state;
    begin();
    see(A, S, 0xfffffff0u, 0, 0);
    see(B, S | ACK, 0xffffffffu, 0xfffffff1u, 0);
    see(A, ACK | P, 0xfffffff1u, 0, 100);
    PROVEN("ESTABLISHED");
    see(B, ACK, 0, 0x55, 0);
    PROVEN("ESTABLISHED");
    see(A, F | ACK, 0x55, 0, 0);
    see(B, F | ACK, 0, 0x56, 0);
    PROVEN("LAST-ACK");
    see(A, ACK, 0x56, 1, 0);
    PROVEN("TIME-WAIT");
}

/* ---- remarks ---- */

static void overtaken_or_lost(void **state)
{
    (void)state;
    open_and_talk(); /* a round trip of 20 ms */
    see(A, ACK | P, 121, 321, 10);
    MARKED(UNSEEN_BEFORE);
    now -= MS(9);
    see(A, ACK | P, 111, 321, 10);
    ONLY(OUT_OF_ORDER);

    open_and_talk();
    see(A, ACK | P, 121, 321, 10);
    now += MS(100);
    see(A, ACK | P, 111, 321, 10);
    ONLY(RETRANSMISSION);
}

static void three_duplicate_acks_and_a_fast_retransmission(void **state)
{
    (void)state;
    open_and_talk();
    for (uint32_t i = 0; i < 5; i++)
        see(A, ACK | P, 111 + 10 * i, 321, 10);
    see(B, ACK, 321, 111, 0); /* the same ACK as its last packet had, so the first duplicate */
    ONLY(DUPLICATE_ACK);
    see(B, ACK, 321, 111, 0);
    see(B, ACK, 321, 111, 0);
    assert_int_equal(remark.times, 3);
    see(A, ACK | P, 111, 321, 10);
    ONLY(FAST_RETRANSMISSION);
    see(B, ACK, 321, 161, 0);
    PLAIN();
    see(A, ACK | P, 151, 321, 10);
    ONLY(NEEDLESS);
}

static void zero_window_and_its_probes(void **state)
{
    struct infer_packet ack;

    (void)state;
    open_and_talk();
    ack = packet_of(B, ACK, 321, 111, 0);
    ack.segment.wnd = 0;
    see_packet(ack);
    ONLY(ZERO_WINDOW);
    see(A, ACK, 110, 321, 0); /* as Linux does */
    ONLY(WINDOW_PROBE);
    see_packet(ack);
    MARKED(ZERO_WINDOW);
    see(A, ACK, 111, 321, 1); /* as BSD does */
    ONLY(WINDOW_PROBE);
    assert_int_equal(remark.times, 2);
    ack.segment.wnd = 1000;
    see_packet(ack);
    ONLY(WINDOW_OPENS);
}

static void windows_are_scaled(void **state)
{
    struct infer_packet syn, text;

    (void)state;
    begin();
    syn = packet_of(A, S, 100, 0, 0);
    syn.segment.options = OPTION_WINDOW_SCALE;
    syn.segment.window_scale = 7;
    see_packet(syn);
    syn = packet_of(B, S | ACK, 300, 101, 0);
    syn.segment.options = OPTION_WINDOW_SCALE;
    syn.segment.window_scale = 2;
    see_packet(syn);
    text = packet_of(A, ACK, 101, 301, 0);
    see_packet(text);
    assert_int_equal(infer_window(&infer, &text), 128000);
    text = packet_of(A, ACK | P, 101, 301, 1000);
    see_packet(text);
    assert_int_equal(infer_side_of(&infer, A)->window, 128000);
    assert_int_equal(infer_side_of(&infer, B)->window, 1000); /* of its SYN-ACK: never scaled */
    MARKED(WINDOW_FULL);
}

static void keepalives_and_their_answers(void **state)
{
    (void)state;
    open_and_talk();
    now += SEC(7200);
    see(A, ACK, 110, 321, 0);
    ONLY(KEEPALIVE);
    see(B, ACK, 321, 111, 0);
    ONLY(KEEPALIVE_ACK);
    see(A, ACK, 110, 321, 1); /* with the byte of old */
    ONLY(KEEPALIVE);
    assert_int_equal(remark.times, 1);
}

static void copies_and_old_duplicates(void **state)
{
    struct infer_packet text;

    (void)state;
    open_and_talk();
    text = packet_of(A, ACK | P, 111, 321, 10);
    text.ip_id = 77;
    see_packet(text);
    see_packet(text);
    ONLY(COPY);
    text.ip_id = 78;
    now += SEC(1);
    see_packet(text);
    ONLY(RETRANSMISSION);

    open_and_talk();
    text = packet_of(A, ACK | P, 111, 321, 10);
    text.segment.options = OPTION_TIMESTAMP;
    text.segment.ts_value = 500;
    see_packet(text);
    see(B, ACK, 321, 121, 0);
    text.segment.seq.v = 121;
    text.segment.ts_value = 600;
    see_packet(text);
    text.segment.seq.v = 111;
    text.segment.ts_value = 500;
    see_packet(text);
    ONLY(OLD_DUPLICATE);
}

static void bytes_are_counted_once(void **state)
{
    (void)state;
    open_and_talk();
    see(A, ACK | P, 111, 321, 100);
    see(A, ACK | P, 111, 321, 100);
    see(A, ACK | P, 161, 321, 100); /* half new */
    assert_int_equal(infer_side_of(&infer, A)->text_bytes, 10 + 150);
    assert_int_equal(infer_side_of(&infer, A)->repeated_bytes, 100);
}

static void many_holes_stay_bounded(void **state)
{
    (void)state;
    open_and_talk();
    for (uint32_t i = 0; i < 1000; i++)
        see(A, ACK | P, 1000 + 20 * i, 321, 10);
    assert_int_equal(infer_side_of(&infer, A)->holes, INFER_HOLES);
    for (uint32_t i = 0; i < 1000; i++)
        see(A, ACK | P, 990 + 20 * i, 321, 10);
    assert_int_equal(infer_side_of(&infer, A)->holes,
                     1); /* [111, 990) is what is left of the first */
    see(B, ACK, 321, 21000 - 10, 0);
    assert_int_equal(infer_side_of(&infer, A)->holes, 0);
    assert_true(infer_side_of(&infer, A)->is_lost_by_capture);
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
        cmocka_unit_test(a_new_syn_reopens_time_wait),
        cmocka_unit_test(an_old_syn_is_answered_from_time_wait),
        cmocka_unit_test(half_open_connection_is_discovered),
        cmocka_unit_test(same_addresses_again_after_both_are_closed),
        cmocka_unit_test(refused),
        cmocka_unit_test(reset_in_syn_received_by_the_client),
        cmocka_unit_test(reset_of_a_finished_handshake),
        cmocka_unit_test(reset_in_established),
        cmocka_unit_test(reset_in_fin_wait_2_because_data_came),
        cmocka_unit_test(reset_in_fin_wait_1_close_wait_and_last_ack),
        cmocka_unit_test(reset_into_time_wait),
        cmocka_unit_test(a_reset_outside_the_window_changes_nothing),
        cmocka_unit_test(a_forged_reset_is_seen_through),
        cmocka_unit_test(giving_up_is_told_from_aborting),
        cmocka_unit_test(nobody_knows_the_connection),
        cmocka_unit_test(in_the_middle_nothing_is_proven_at_first),
        cmocka_unit_test(a_capture_that_starts_with_the_syn_ack),
        cmocka_unit_test(missed_packets_weaken_what_is_known),
        cmocka_unit_test(after_a_gap_the_order_of_fins_is_open),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(numbers_wrap),
        cmocka_unit_test(overtaken_or_lost),
        cmocka_unit_test(three_duplicate_acks_and_a_fast_retransmission),
        cmocka_unit_test(zero_window_and_its_probes),
        cmocka_unit_test(windows_are_scaled),
        cmocka_unit_test(keepalives_and_their_answers),
        cmocka_unit_test(copies_and_old_duplicates),
        cmocka_unit_test(bytes_are_counted_once),
        cmocka_unit_test(many_holes_stay_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
