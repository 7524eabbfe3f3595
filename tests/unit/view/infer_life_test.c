/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_life_test.c: TIME-WAIT and after: the same addresses again, old duplicates, an end that
 * knows nothing.
 */
#include "infer_sight.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_syn_reopens_time_wait),
        cmocka_unit_test(an_old_syn_is_answered_from_time_wait),
        cmocka_unit_test(half_open_connection_is_discovered),
        cmocka_unit_test(same_addresses_again_after_both_are_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
