/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words_test.c: durations, sizes, timers, owners and reasons read as people say them.
 */
#include "words.h"

#include "duration.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void duration(int64_t ns, const char *expected)
{
    struct text text = {0};

    words_duration(&text, ns);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void durations(void **state)
{
    (void)state;
    duration(-5, "0 ns");
    duration(0, "0 ns");
    duration(999, "999 ns");
    duration(US(12), "12 us");
    duration(US(1600), "1.6 ms");
    duration(MS(200), "200 ms");
    duration(MS(2000), "2 s");
    duration(MS(1650), "1.6 s");
    duration(MS(59999), "59 s");
    duration(SEC(60), "1 min");
    duration(SEC(200), "3 min 20 s");
    duration(SEC(13 * 60 + 20), "13 min");
    duration(SEC(11520), "3 h 12 min");
    duration(SEC(7200), "2 h");
    duration(SEC(86400 * 2 + 3600 * 4 + 59), "2 d 4 h");
    duration(INT64_MAX, "106751 d 23 h");
}

static void bytes(uint64_t count, const char *expected)
{
    struct text text = {0};

    words_bytes(&text, count);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void sizes(void **state)
{
    (void)state;
    bytes(0, "0 B");
    bytes(999, "999 B");
    bytes(1000, "1 KB");
    bytes(1234567, "1.2 MB");
    bytes(64000, "64 KB");
    bytes(999999, "999 KB");
    bytes(UINT64_MAX, "18 EB");
}

static void timer_is(const struct lastack_connection_row *row, const char *expected)
{
    struct text text = {0};

    words_timer(&text, row);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static struct lastack_connection_row timed(enum tcp_state state, int timer, int64_t left_ns)
{
    struct lastack_connection_row row = row_of(state, "192.0.2.1", 80, "192.0.2.2", 41822);

    row.timer = (int8_t)timer;
    row.timer_left_ns = left_ns;
    return row;
}

static void timers_name_what_they_wait_for(void **state)
{
    struct lastack_connection_row row = timed(TCP_LAST_ACK, LASTACK_TIMER_RETRANSMIT, MS(1600));

    (void)state;
    row.timer_retries = 2;
    row.timer_retries_max = 8;
    row.gives_up_ns = SEC(52);
    timer_is(&row, "FIN resend 3/8 in 1.6 s, gives up in 52 s");
    row.timer_left_ns = -MS(3);
    timer_is(&row, "FIN resend 3/8 now, gives up in 52 s");

    /* All have been sent: no ninth of eight. */
    row.timer_retries = 8;
    row.timer_left_ns = row.gives_up_ns = SEC(3);
    timer_is(&row, "FIN resend 8/8 sent, gives up in 3 s");
    /* Linux's limit for data is a time: there may be a sixteenth. */
    row = timed(TCP_ESTABLISHED, LASTACK_TIMER_RETRANSMIT, SEC(4));
    row.timer_retries = row.timer_retries_max = 15;
    row.gives_up_ns = SEC(124);
    timer_is(&row, "data resend 16 in 4 s, gives up in 2 min 4 s");

    row = timed(TCP_SYN_SENT, LASTACK_TIMER_RETRANSMIT, SEC(4));
    row.timer_retries = 1;
    timer_is(&row, "SYN resend 2 in 4 s");
    row = timed(TCP_SYN_RECEIVED, LASTACK_TIMER_SYN_ACK, SEC(1));
    timer_is(&row, "SYN-ACK resend in 1 s");
    row = timed(TCP_ESTABLISHED, LASTACK_TIMER_RETRANSMIT, MS(204));
    timer_is(&row, "data resend in 204 ms");
    row = timed(TCP_ESTABLISHED, LASTACK_TIMER_PERSIST, MS(400));
    row.timer_retries = 3;
    timer_is(&row, "zero-window probe 4 in 400 ms");
    row = timed(TCP_TIME_WAIT, LASTACK_TIMER_TIME_WAIT, SEC(42));
    timer_is(&row, "2MSL ends in 42 s");
    row = timed(TCP_FIN_WAIT_2, LASTACK_TIMER_TIME_WAIT, SEC(42));
    timer_is(&row, "FIN-WAIT-2 ends in 42 s");
    row = timed(TCP_ESTABLISHED, LASTACK_TIMER_KEEPALIVE, SEC(7140));
    timer_is(&row, "keepalive probe in 1 h 59 min");
}

static void no_timer_is_a_warning_where_it_means_for_ever(void **state)
{
    struct lastack_connection_row row = timed(TCP_CLOSE_WAIT, -1, 0);

    (void)state;
    timer_is(&row, "none: waits for ever");
    row.state = TCP_FIN_WAIT_2;
    timer_is(&row, "none: waits for ever");
    row.state = TCP_ESTABLISHED;
    timer_is(&row, "-");
}

static void every_owner_has_words(void **state)
{
    struct lastack_connection_row row = row_of(TCP_TIME_WAIT, "192.0.2.1", 80, "192.0.2.2", 41822);
    struct text text = {0};

    (void)state;
    for (int kind = LASTACK_OWNER_PROCESS; kind <= LASTACK_OWNER_KERNEL; kind++) {
        row.owner_kind = (uint8_t)kind;
        text_clear(&text);
        words_owner(&text, &row);
        assert_true(text.length > 1);
        assert_string_not_equal(text_string(&text), "unknown");
    }
    row_own(&row, "evil\x1b[2J", 812, 7);
    row.holders = 3;
    text_clear(&text);
    words_owner(&text, &row);
    assert_string_equal(text_string(&text), "evil\\x1b[2J[812] fd 7 +2");
    text_free(&text);
}

static void why_is(const struct lastack_connection_row *row, const char *expected)
{
    struct text text = {0};

    words_why(&text, row);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void reasons(void **state)
{
    struct lastack_connection_row row = row_of(TCP_CLOSE_WAIT, "192.0.2.1", 80, "192.0.2.2", 41822);

    (void)state;
    why_is(&row, "the peer closed, the owner has not");
    row.age_ns = SEC(11520);
    why_is(&row, "the peer closed, the owner has not, for 3 h 12 min");
    row.cause = LASTACK_CAUSE_FIN;
    why_is(&row, "FIN arrived 3 h 12 min ago");
    row.owner_kind = LASTACK_OWNER_ACCEPT_QUEUE;
    row.cause = LASTACK_CAUSE_NONE;
    row.age_ns = -1;
    why_is(&row, "the peer closed, accept() was never called");

    row = row_of(TCP_LISTEN, "192.0.2.1", 80, "0.0.0.0", 0);
    row.send_q = 128;
    why_is(&row, "waits for connections");
    row.recv_q = 3;
    why_is(&row, "3 of 128 wait for accept()");
    row.recv_q = 129;
    why_is(&row, "129 of 128 wait for accept(): accept queue full");
}

static void every_state_has_a_reason_and_names(void **state)
{
    struct lastack_connection_row row = row_of(TCP_LISTEN, "192.0.2.1", 80, "192.0.2.2", 41822);
    struct text text = {0};

    (void)state;
    for (int s = TCP_ESTABLISHED; s <= TCP_CLOSING; s++) {
        row.state = (uint8_t)s;
        text_clear(&text);
        words_why(&text, &row);
        assert_string_not_equal(text_string(&text), "unknown");
        assert_string_not_equal(words_ss_state((enum tcp_state)s), "UNKNOWN");
        assert_string_not_equal(words_netstat_state((enum tcp_state)s), "UNKNOWN");
    }
    text_free(&text);
    assert_string_equal(words_ss_state(TCP_ESTABLISHED), "ESTAB");
    assert_string_equal(words_ss_state(TCP_SYN_RECEIVED), "SYN-RECV");
    assert_string_equal(words_ss_state(TCP_FIN_WAIT_1), "FIN-WAIT-1");
    assert_string_equal(words_ss_state(TCP_CLOSED), "UNCONN");
    assert_string_equal(words_netstat_state(TCP_FIN_WAIT_2), "FIN_WAIT2");
    assert_string_equal(words_ss_state((enum tcp_state)77), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(timers_name_what_they_wait_for),
        cmocka_unit_test(no_timer_is_a_warning_where_it_means_for_ever),
        cmocka_unit_test(every_owner_has_words),
        cmocka_unit_test(reasons),
        cmocka_unit_test(every_state_has_a_reason_and_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
