/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_receiver_test.c: a RST: who takes it, who sent it and why, and what it cannot do.
 */
#include "infer_sight.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
