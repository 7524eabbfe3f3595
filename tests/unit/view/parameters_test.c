/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parameters_test.c: the table against the struct; names of four systems; ranges; profiles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "duration.h"
#include "parameter_value.h"

static struct lastack_params params;
static char message[256];

static size_t field_size(enum parameter_unit unit)
{
    static const size_t sizes[] = {8, 4, 4, 2, 1, 1, sizeof(int)};

    return sizes[unit];
}

/* Every byte of the struct that is not padding belongs to one row: rows cover it without
 * overlap, and what is left between them is only what alignment asks for. */
static void rows_cover_the_struct_without_overlap(void **state)
{
    unsigned char covered[sizeof params] = {0};
    size_t left = 0;

    (void)state;
    for (size_t i = 0; i < parameter_count(); i++) {
        const struct parameter *parameter = parameter_at(i);

        assert_int_equal(parameter->range->size, field_size(parameter->unit));
        assert_int_equal(parameter->range->is_zero_allowed, parameter->zero_text != NULL);
        for (size_t j = 0; j < field_size(parameter->unit); j++) {
            assert_int_equal(covered[parameter->range->offset + j], 0);
            covered[parameter->range->offset + j] = 1;
        }
        assert_ptr_equal(parameter_find(parameter->name), parameter);
    }
    for (size_t i = 0; i < sizeof params; i++)
        left += covered[i] == 0;
    assert_true(left < 16);
    assert_null(parameter_at(parameter_count()));
}

static void every_default_is_in_its_range_and_survives_its_text(void **state)
{
    (void)state;
    for (size_t p = 0; profile_name(p) != NULL; p++) {
        assert_true(profile_fill(profile_name(p), &params));
        for (size_t i = 0; i < parameter_count(); i++) {
            const struct parameter *parameter = parameter_at(i);
            int64_t number = parameter_number(parameter, &params);
            char value[64];

            if (!parameter_allows(parameter, number))
                fail_msg("%s of %s is out of its range", parameter->name, profile_name(p));
            parameter_value_text(parameter, &params, value, sizeof value);
            parameter_store(parameter, &params,
                            parameter_allows(parameter, 0) ? 0 : parameter->range->minimum);
            if (parameter_set(&params, parameter->name, value, message, sizeof message) !=
                PARAMETER_DONE)
                fail_msg("%s = %s: %s", parameter->name, value, message);
            assert_int_equal(parameter_number(parameter, &params), number);
        }
    }
}

static void assert_set(const char *name, const char *value)
{
    if (parameter_set(&params, name, value, message, sizeof message) != PARAMETER_DONE)
        fail_msg("%s = %s: %s", name, value, message);
}

static void assert_get(const char *name, const char *wanted)
{
    char value[64];

    assert_int_equal(parameter_get(&params, name, value, sizeof value), PARAMETER_DONE);
    assert_string_equal(value, wanted);
}

static void one_value_under_four_names(void **state)
{
    (void)state;
    lastack_params_linux(&params);
    assert_set("net.inet.tcp.msl", "30000");
    assert_int_equal(params.time_wait_ns, SEC(60));
    assert_get("tcp_time_wait_interval", "60000");
    assert_get("TcpTimedWaitDelay", "60");
    assert_get("tcptimedwaitdelay", "60");
    assert_get("time_wait", "60s");
    assert_set("/proc/sys/net/ipv4/tcp_fin_timeout", "30");
    assert_int_equal(params.fin_wait_2_ns, SEC(30));
    assert_get("net.inet.tcp.finwait2_timeout", "30000");
    assert_get("tcp_fin_timeout", "30");
    assert_set("time_wait", "1.5s");
    assert_get("time_wait", "1500ms");
    assert_string_equal(parameter_alias(parameter_find("time_wait"), PARAMETER_SOLARIS, 0),
                        "tcp_time_wait_interval");
    assert_null(parameter_alias(parameter_find("time_wait"), PARAMETER_LINUX, 0));
    assert_null(parameter_alias(parameter_find("time_wait"), PARAMETER_SOLARIS, 1));
}

static void values_with_forms_of_their_own(void **state)
{
    (void)state;
    lastack_params_linux(&params);
    assert_set("net.ipv4.tcp_rmem", "\"4096 540000 15728640\"");
    assert_int_equal(params.receive_buffer_min, 4096);
    assert_int_equal(params.receive_buffer, 540000);
    assert_int_equal(params.receive_buffer_max, 15728640);
    assert_get("net.ipv4.tcp_rmem", "4096 540000 15728640");
    assert_set("net.ipv4.ip_local_port_range", "1024 2000");
    assert_get("net.ipv4.ip_local_port_range", "1024 2000");
    for (int i = 0; i <= 2; i++) {
        static const char *const values[] = {"0", "1", "2"};
        static const bool accept[] = {false, true, true}, request[] = {false, true, false};

        assert_set("net.ipv4.tcp_ecn", values[i]);
        assert_int_equal(params.ecn_accept, accept[i]);
        assert_int_equal(params.ecn_request, request[i]);
        assert_get("net.inet.tcp.ecn.enable", values[i]);
        assert_get("tcp_ecn_permitted", i == 0 ? "0" : i == 1 ? "2" : "1");
    }
    assert_set("net.inet.tcp.rfc1323", "3");
    assert_true(params.timestamps && !params.window_scaling);
    assert_get("Tcp1323Opts", "2");
    assert_set("net.inet.tcp.rfc1323", "1");
    assert_get("Tcp1323Opts", "3");
    assert_set("kern.ipc.maxsockbuf", "4294967295");
    assert_int_equal(params.receive_buffer_max, UINT32_MAX);
    assert_int_equal(params.send_buffer_max, UINT32_MAX);
    assert_set("net.ipv4.tcp_congestion_control", "reno");
    assert_int_equal(params.congestion, LASTACK_CC_NEWRENO);
    assert_get("net.ipv4.tcp_congestion_control", "reno");
    assert_get("net.ipv4.tcp_early_retrans", "3");
    assert_set("net.ipv4.tcp_early_retrans", "2");
    assert_false(params.tail_loss_probe);
    assert_set("net.ipv4.tcp_early_retrans", "4");
    assert_true(params.tail_loss_probe);
    assert_get("net.ipv4.tcp_frto", "2");
    assert_set("net.ipv4.tcp_frto", "0");
    assert_false(params.frto);
    assert_set("net.ipv4.tcp_frto", "1");
    assert_true(params.frto);
    assert_get("net.ipv4.tcp_recovery", "1");
    assert_set("net.ipv4.tcp_recovery", "0");
    assert_int_equal(params.loss_detection, LASTACK_LOSS_SACK);
    assert_get("net.ipv4.tcp_max_reordering", "300");
    assert_set("net.ipv4.tcp_max_reordering", "127");
    assert_int_equal(params.reordering_max, 127);
    assert_set("net.ipv4.ip_no_pmtu_disc", "1");
    assert_false(params.path_mtu_discovery);
    assert_set("net.ipv4.tcp_tw_reuse", "2");
    assert_int_equal(params.time_wait_reuse, LASTACK_REUSE_LOOPBACK);
    assert_set("receive_buffer", "64k");
    assert_int_equal(params.receive_buffer, 65536);
    assert_set("sack", "off");
    assert_set("accept_overflow", "RST");
    assert_get("net.ipv4.tcp_abort_on_overflow", "1");
}

static void assert_refused(const char *name, const char *value, enum parameter_result result,
                           const char *part)
{
    struct lastack_params before = params;

    assert_int_equal(parameter_set(&params, name, value, message, sizeof message), result);
    if (strstr(message, part) == NULL)
        fail_msg("%s = %s: \"%s\" lacks \"%s\"", name, value, message, part);
    assert_memory_equal(&before, &params, sizeof params);
}

static void what_is_wrong_states_what_is_allowed(void **state)
{
    (void)state;
    memset(&params, 0, sizeof params); /* padding too: it is compared */
    lastack_params_linux(&params);
    assert_refused("time_wait", "0", PARAMETER_BAD_VALUE, "from 1ms to 3600s");
    assert_refused("time_wait", "60", PARAMETER_BAD_VALUE, "a time with its unit");
    assert_refused("fin_wait_2", "2d", PARAMETER_BAD_VALUE, "or 0 (no limit), not \"2d\"");
    assert_refused("net.ipv4.tcp_fin_timeout", "100000", PARAMETER_BAD_VALUE,
                   "net.ipv4.tcp_fin_timeout takes a number from 1 to 86400");
    assert_refused("net.inet.tcp.delacktime", "501", PARAMETER_BAD_VALUE, "from 1 to 500");
    assert_refused("tcp_rmem", "4096 1 2", PARAMETER_BAD_VALUE, "three numbers that do not fall");
    assert_refused("tcp_rmem", "1 2 3 4", PARAMETER_BAD_VALUE, "three numbers");
    assert_refused("ip_local_port_range", "5000 4000", PARAMETER_BAD_VALUE, "two ports");
    assert_refused("sack", "maybe", PARAMETER_BAD_VALUE, "on or off");
    assert_refused("accept_overflow", "ignore", PARAMETER_BAD_VALUE, "drop or rst, not \"ignore\"");
    assert_refused("net.ipv4.tcp_congestion_control", "bbr", PARAMETER_BAD_VALUE, "cubic, reno");
    assert_refused("net.ipv4.tcp_ecn", "3", PARAMETER_BAD_VALUE, "0, 1 or 2");
    assert_refused("syn_retries", "1e3", PARAMETER_BAD_VALUE, "from 1 to 127");
    assert_refused("ttl", "256", PARAMETER_BAD_VALUE, "from 1 to 255");
    assert_refused("keepalive_idle", "99999999999999999999s", PARAMETER_BAD_VALUE, "to 32767s");
    assert_refused("net.ipv4.tcp_keepalive_time", "9223372036854775807", PARAMETER_BAD_VALUE,
                   "32767");
    assert_refused("net.ipv4.tcp_autocorking", "1", PARAMETER_NO_EFFECT, "has no effect");
    assert_refused("net.ipv4.tcp_recovery", "3", PARAMETER_BAD_VALUE, "from 0 to 1");
    assert_refused("net.ipv4.tcp_early_retrans", "5", PARAMETER_BAD_VALUE, "from 0 to 4");
    assert_refused("net.ipv4.tcp_fin_timeot", "2", PARAMETER_UNKNOWN,
                   "did you mean net.ipv4.tcp_fin_timeout?");
    assert_refused("nothing.of.the.kind", "2", PARAMETER_UNKNOWN, "no parameter is called");
    assert_refused("", "", PARAMETER_UNKNOWN, "no parameter");
}

static void profiles_differ_where_they_should(void **state)
{
    (void)state;
    assert_true(profile_fill("freebsd", &params));
    assert_int_equal(params.time_wait_ns, SEC(60));
    assert_int_equal(params.option_order, LASTACK_OPTIONS_FREEBSD);
    assert_true(params.closing_repeats_fin && params.listen_synack_silent);
    assert_true(params.challenge_interval_ns == SEC(1) && params.challenge_count == 5);
    assert_true(profile_fill("rfc", &params));
    assert_int_equal(params.time_wait_ns, SEC(240));
    assert_int_equal(params.rto_formula, LASTACK_RTO_RFC6298);
    assert_true(params.challenge_interval_ns == SEC(5) && params.challenge_count == 10);
    assert_true(profile_fill("linux-2.6", &params));
    assert_int_equal(params.receive_window_initial, 5840);
    assert_int_equal(params.rto_initial_ns, SEC(3));
    assert_true(profile_fill("linux-3", &params));
    assert_int_equal(params.receive_window_initial, 14600);
    assert_true(profile_fill("linux", &params));
    profile_packetdrill_defaults(&params);
    assert_int_equal(params.receive_buffer, 540000);
    assert_int_equal(params.syn_retries, 5);
    assert_false(params.ecn_accept || params.slow_start_after_idle);
    assert_false(profile_fill("solaris", &params));
    assert_null(profile_name(5));
    assert_non_null(profile_text(4));
}

static void a_name_that_stands_for_several_is_a_name_of_each(void **state)
{
    struct parameter_foreign foreign;
    size_t count = 0;

    (void)state;
    assert_string_equal(parameter_alias(parameter_find("receive_buffer"), PARAMETER_LINUX, 0),
                        "net.ipv4.tcp_rmem");
    assert_string_equal(parameter_alias(parameter_find("port_last"), PARAMETER_LINUX, 0),
                        "net.ipv4.ip_local_port_range");
    assert_string_equal(parameter_alias(parameter_find("timestamps"), PARAMETER_BSD, 0),
                        "net.inet.tcp.rfc1323");
    assert_null(parameter_alias(parameter_find("retries2"), PARAMETER_BSD, 0));
    for (; parameter_foreign_at(PARAMETER_BSD, count, &foreign); count++) {
        char value[80];

        assert_non_null(foreign.parts[0]);
        lastack_params_linux(&params);
        assert_int_equal(parameter_get(&params, foreign.name, value, sizeof value), PARAMETER_DONE);
        if (strcmp(foreign.name, "net.inet.tcp.msl") == 0) {
            assert_string_equal(foreign.unit, "milliseconds");
            assert_string_equal(value, "30000");
        }
        if (strcmp(foreign.name, "net.inet.tcp.rfc1323") == 0) {
            assert_string_equal(foreign.unit, "a number");
            assert_string_equal(foreign.parts[0]->name, "timestamps");
            assert_string_equal(foreign.parts[1]->name, "window_scaling");
        }
    }
    assert_in_range(count, 40, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_cover_the_struct_without_overlap),
        cmocka_unit_test(every_default_is_in_its_range_and_survives_its_text),
        cmocka_unit_test(one_value_under_four_names),
        cmocka_unit_test(values_with_forms_of_their_own),
        cmocka_unit_test(a_name_that_stands_for_several_is_a_name_of_each),
        cmocka_unit_test(what_is_wrong_states_what_is_allowed),
        cmocka_unit_test(profiles_differ_where_they_should),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
