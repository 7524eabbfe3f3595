/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_json_test.c: the fields that scripts rely on are there, and unknown is null.
 */
#include "row_json.h"

#include "duration.h"
#include "json_names.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *string_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static json_int_t integer_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static void every_promised_field_is_there(void **state)
{
    static const char *const fields[] = {
        "family",     "state",  "local", "peer",       "recv_q",        "send_q",        "owner",
        "owner_kind", "pid",    "fd",    "timer_kind", "timer_left_ms", "timer_retries", "why",
        "cause",      "age_ms", "inode", "cookie",     "source",
    };
    struct lastack_connection_row row = row_of(TCP_TIME_WAIT, "192.0.2.1", 80, "192.0.2.2", 41822);

    (void)state;
    json_t *object = row_json(&row, "host", false, NULL, 0);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        assert_non_null(json_object_get(object, fields[i]));
    json_decref(object);
}

static void values(void **state)
{
    struct lastack_connection_row row =
        row6_of(TCP_LAST_ACK, "2001:db8::1", 80, "2001:db8::2", 41822);

    (void)state;
    row.owner_kind = LASTACK_OWNER_ORPHAN;
    row.send_q = 1;
    row.timer = LASTACK_TIMER_RETRANSMIT;
    row.timer_left_ns = MS(1600);
    row.timer_retries = 2;
    row.cause = LASTACK_CAUSE_CALL_CLOSE;
    row.age_ns = SEC(3);
    row.cookie = UINT64_MAX;
    json_t *object = row_json(&row, "demo", false, NULL, 0);
    assert_string_equal(string_of(object, "family"), "inet6");
    assert_string_equal(string_of(object, "state"), "LAST-ACK");
    assert_string_equal(string_of(object, "local"), "[2001:db8::1]:80");
    assert_string_equal(string_of(object, "peer"), "[2001:db8::2]:41822");
    assert_string_equal(string_of(object, "owner_kind"), "orphan");
    assert_string_equal(string_of(object, "timer_kind"), "retransmit");
    assert_string_equal(string_of(object, "cause"), "call_close");
    assert_string_equal(string_of(object, "cookie"), "ffffffffffffffff");
    assert_string_equal(string_of(object, "source"), "demo");
    assert_string_equal(string_of(object, "timer"), "FIN resend 3 in 1.6 s");
    assert_int_equal(integer_of(object, "send_q"), 1);
    assert_int_equal(integer_of(object, "timer_left_ms"), 1600);
    assert_int_equal(integer_of(object, "timer_retries"), 2);
    assert_int_equal(integer_of(object, "age_ms"), 3000);
    assert_true(json_is_null(json_object_get(object, "pid")));
    assert_true(json_is_null(json_object_get(object, "fd")));
    assert_null(json_object_get(object, "congestion"));
    assert_null(json_object_get(object, "tcp_info"));
    json_decref(object);
}

static void unknown_is_null(void **state)
{
    static const char *const unknown[] = {
        "pid",         "fd",    "timer_kind", "timer_left_ms", "timer_retries",
        "gives_up_ms", "cause", "age_ms",     "netns"};
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);

    (void)state;
    json_t *object = row_json(&row, "host", true, NULL, 0);
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        assert_true(json_is_null(json_object_get(object, unknown[i])));
    json_decref(object);
}

/* A field added to the struct changes its size: then count the fields anew, here and in
 * row_json.c. */
static void tcp_info_is_complete(void **state)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);

    (void)state;
    row.has_tcp_info = true;
    row.tcp_info.tcpi_snd_cwnd = 10;
    row.tcp_info.tcpi_max_pacing_rate = UINT64_MAX;
    json_t *object = row_json(&row, "host", true, NULL, 0);
    assert_true(json_is_null(json_object_get(object, "congestion")));
    json_decref(object);
    strcpy(row.congestion, "cubic");
    object = row_json(&row, "host", true, NULL, 0);
    assert_string_equal(string_of(object, "congestion"), "cubic");
    const json_t *info = json_object_get(object, "tcp_info");
    assert_int_equal(integer_of(info, "tcpi_snd_cwnd"), 10);
    assert_true(integer_of(info, "tcpi_max_pacing_rate") == INT64_MAX);
    assert_int_equal(json_object_size(info), 61);
    if (_Alignof(uint64_t) == 8 && sizeof(void *) == 8)
        assert_int_equal(sizeof(struct lastack_tcp_info), 256);
    json_decref(object);
}

static void hostile_names_become_harmless_and_valid(void **state)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);
    const struct row_holder holders[] = {{7, 3, "\xff\x1b"}, {8, 4, "b"}};
    struct printed printed;

    (void)state;
    row_own(&row, "\xff\x1b", 7, 3);
    json_t *object = row_json(&row, "host", false, holders, 2);
    assert_string_equal(string_of(object, "comm"), "\\xff\\x1b");
    assert_int_equal(json_array_size(json_object_get(object, "processes")), 2);
    printed_open(&printed);
    json_line(printed.out, object);
    const char *line = printed_string(&printed);
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_null(strchr(line, '\x1b'));
    json_t *again = json_loads(line, 0, NULL);
    assert_non_null(again);
    json_decref(again);
    printed_free(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promised_field_is_there),
        cmocka_unit_test(values),
        cmocka_unit_test(unknown_is_null),
        cmocka_unit_test(tcp_info_is_complete),
        cmocka_unit_test(hostile_names_become_harmless_and_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
