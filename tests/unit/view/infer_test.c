/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_test.c: the capture begins late, misses packets, or holds nonsense; and numbers wrap.
 */
#include "infer_sight.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_middle_nothing_is_proven_at_first),
        cmocka_unit_test(a_capture_that_starts_with_the_syn_ack),
        cmocka_unit_test(missed_packets_weaken_what_is_known),
        cmocka_unit_test(after_a_gap_the_order_of_fins_is_open),
        cmocka_unit_test(nonsense_is_ignored),
        cmocka_unit_test(numbers_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
