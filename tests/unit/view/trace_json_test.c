/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_json_test.c: the ten fields are always there, the others where they mean something.
 */
#include "trace_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void ten_fields_in_every_kind(void **state)
{
    static const char *const fields[] = {"time_ns", "conn", "what", "old",   "new",
                                         "cause",   "seq",  "ack",  "flags", "len"};

    (void)state;
    for (int what = 0; what < LASTACK_TRACE_COUNT; what++) {
        const struct lastack_trace_record record = {
            .what = (uint8_t)what,
            .old_state = TCP_CLOSED,
            .new_state = TCP_CLOSED,
        };
        json_t *object = trace_json(&record, NULL);

        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
            assert_non_null(json_object_get(object, fields[i]));
        assert_true(json_is_string(json_object_get(object, "what")));
        json_decref(object);
    }
}

static void is(const struct lastack_trace_record *record, const char *expected)
{
    json_t *object = trace_json(record, "A B");
    json_t *wanted = json_loads(expected, 0, NULL);

    assert_non_null(wanted);
    if (!json_equal(object, wanted))
        fail_msg("%s", json_dumps(object, JSON_PRESERVE_ORDER));
    json_decref(object);
    json_decref(wanted);
}

static void values(void **state)
{
    struct lastack_trace_record record = {
        .time_ns = 7,
        .what = LASTACK_TRACE_STATE,
        .old_state = TCP_FIN_WAIT_1,
        .new_state = TCP_CLOSING,
        .cause = LASTACK_CAUSE_FIN,
        .flags = LASTACK_FIN | LASTACK_ACK,
        .u.detail = {.seq = 4000000000u, .ack = 2, .length = 0, .window = 9},
    };

    (void)state;
    is(&record, "{\"time_ns\":7,\"conn\":\"A B\",\"what\":\"state\",\"old\":\"FIN-WAIT-1\","
                "\"new\":\"CLOSING\",\"cause\":\"fin\",\"seq\":4000000000,\"ack\":2,"
                "\"flags\":\"FIN ACK\",\"len\":0,\"win\":9}");
    record = (struct lastack_trace_record){
        .what = LASTACK_TRACE_TIMER_ARMED,
        .old_state = TCP_TIME_WAIT,
        .new_state = TCP_TIME_WAIT,
        .u.detail = {.a = LASTACK_TIMER_TIME_WAIT, .b = 60000000000},
    };
    is(&record, "{\"time_ns\":0,\"conn\":\"A B\",\"what\":\"timer_armed\",\"old\":\"TIME-WAIT\","
                "\"new\":\"TIME-WAIT\",\"cause\":null,\"seq\":null,\"ack\":null,\"flags\":null,"
                "\"len\":null,\"timer\":\"time_wait\",\"deadline_ns\":60000000000}");
    record = (struct lastack_trace_record){
        .what = LASTACK_TRACE_RETRANSMIT,
        .old_state = TCP_LAST_ACK,
        .new_state = TCP_LAST_ACK,
        .cause = LASTACK_CAUSE_RETRANSMISSION_TIMEOUT,
        .flags = LASTACK_FIN,
        .u.detail = {.seq = 5, .a = 3, .b = 1600000000},
    };
    is(&record, "{\"time_ns\":0,\"conn\":\"A B\",\"what\":\"retransmit\",\"old\":\"LAST-ACK\","
                "\"new\":\"LAST-ACK\",\"cause\":\"retransmission_timeout\",\"seq\":5,\"ack\":null,"
                "\"flags\":\"FIN\",\"len\":0,\"win\":0,\"times\":3,\"next_rto_ns\":1600000000}");
}

static void a_flow_has_its_addresses(void **state)
{
    struct lastack_trace_record record = {
        .what = LASTACK_TRACE_FLOW, .flow = 0xabc, .local_port = 80, .remote_port = 41822};

    (void)state;
    record.u.flow_addresses.local = lastack_ipv4(192, 0, 2, 1);
    record.u.flow_addresses.remote = lastack_ipv4(192, 0, 2, 2);
    json_t *object = trace_json(&record, NULL);
    assert_string_equal(json_string_value(json_object_get(object, "conn")),
                        "flow 0000000000000abc");
    assert_string_equal(json_string_value(json_object_get(object, "local")), "192.0.2.1:80");
    assert_string_equal(json_string_value(json_object_get(object, "remote")), "192.0.2.2:41822");
    assert_true(json_is_null(json_object_get(object, "old")));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_fields_in_every_kind),
        cmocka_unit_test(values),
        cmocka_unit_test(a_flow_has_its_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
