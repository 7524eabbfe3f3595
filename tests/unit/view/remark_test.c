/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remark_test.c: what is noteworthy: losses, probes, windows, copies.
 */
#include "infer_sight.h"

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
