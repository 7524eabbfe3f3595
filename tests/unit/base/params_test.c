/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params_test.c: the default profile has the values of Linux 6.18, and every field was given one.
 */
#include <lastack/params.h>

#include "duration.h"
#include "param_ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Numbers that programs and their operators rely on; each stands in the kernel's documentation or
 * headers. */
static void values_of_linux(void **state)
{
    struct lastack_params p;

    (void)state;
    lastack_params_linux(&p);
    assert_true(p.time_wait_ns == 60000000000);
    assert_true(p.fin_wait_2_ns == SEC(60));
    assert_true(p.rto_initial_ns == SEC(1) && p.rto_fallback_ns == SEC(3));
    assert_true(p.rto_min_ns == MS(200) && p.rto_max_ns == SEC(120));
    assert_true(p.delayed_ack_min_ns == MS(40) && p.delayed_ack_ns == MS(200));
    assert_true(p.keepalive_idle_ns == SEC(7200) && p.keepalive_interval_ns == SEC(75));
    assert_int_equal(p.keepalive_probes, 9);
    assert_true(p.challenge_interval_ns == MS(500) && p.challenge_count == 1);
    assert_true(p.challenge_limit == 0);
    assert_true(p.time_wait_reuse_delay_ns == SEC(1));
    assert_int_equal(p.syn_retries, 6);
    assert_int_equal(p.syn_linear_retries, 4);
    assert_int_equal(p.synack_retries, 5);
    assert_int_equal(p.retries1, 3);
    assert_int_equal(p.retries2, 15);
    assert_int_equal(p.orphan_retries, 0);
    assert_int_equal(p.initial_cwnd_segs, 10);
    assert_int_equal(p.somaxconn, 4096);
    assert_int_equal(p.receive_buffer_min, 4096);
    assert_int_equal(p.receive_buffer, 131072);
    assert_int_equal(p.receive_buffer_max, 6291456);
    assert_int_equal(p.send_buffer_min, 4096);
    assert_int_equal(p.send_buffer, 16384);
    assert_int_equal(p.send_buffer_max, 4194304);
    assert_int_equal(p.port_first, 32768);
    assert_int_equal(p.port_last, 60999);
    assert_int_equal(p.mss_default_ipv4, 536);
    assert_int_equal(p.ttl, 64);
    assert_true(p.sack && p.timestamps && p.window_scaling && p.ecn_accept && !p.ecn_request);
    assert_true(p.slow_start_after_idle && !p.tcp_rfc1337 && p.abort_on_unread);
    assert_int_equal(p.time_wait_reuse, 2);
    assert_int_equal(p.time_wait_full, LASTACK_TIME_WAIT_REFUSE_NEW);
    assert_int_equal(p.accept_overflow, LASTACK_ACCEPT_OVERFLOW_DROP);
    assert_int_equal(p.congestion, LASTACK_CC_CUBIC);
    assert_int_equal(p.rto_formula, LASTACK_RTO_LINUX);
    assert_int_equal(p.option_order, LASTACK_OPTIONS_LINUX);
}

/* Whatever was in memory before, the result is the same: no field is forgotten. */
static void every_field_is_set(void **state)
{
    static struct lastack_params a, b;

    (void)state;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xa5, sizeof b);
    lastack_params_linux(&a);
    lastack_params_linux(&b);
    /* The last named member ends where padding may begin. */
    assert_memory_equal(&a, &b, offsetof(struct lastack_params, ttl) + 1);
    assert_memory_equal(&a.sack, &b.sack,
                        offsetof(struct lastack_params, time_wait_reopen) + 1 -
                            offsetof(struct lastack_params, sack));
    assert_memory_equal(&a.time_wait_full, &b.time_wait_full,
                        offsetof(struct lastack_params, congestion) + sizeof a.congestion -
                            offsetof(struct lastack_params, time_wait_full));
}

static void store(struct lastack_params *p, const struct param_range *range, int64_t number)
{
    uint8_t *field = (uint8_t *)p + range->offset;
    const uint32_t word = (uint32_t)number;
    const uint16_t half = (uint16_t)number;

    if (range->size == 8)
        memcpy(field, &number, 8);
    else if (range->size == 4)
        memcpy(field, &word, 4);
    else if (range->size == 2)
        memcpy(field, &half, 2);
    else
        *field = (uint8_t)number;
}

/* Whether the number, where the field can hold it, is found fault with; and named if so. */
static void assert_fault(const struct param_range *range, int64_t number, bool is_fault)
{
    struct lastack_params p;
    const char *fault;

    lastack_params_linux(&p);
    store(&p, range, number);
    if (param_number(range, &p) != number)
        return;
    fault = lastack_params_fault(&p);
    if (is_fault)
        assert_string_equal(fault, range->text);
    else
        assert_null(fault);
}

static void every_field_has_its_bounds(void **state)
{
    struct lastack_params p;

    (void)state;
    lastack_params_linux(&p);
    assert_null(lastack_params_fault(&p));
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        const struct param_range *range = &param_ranges[i];

        assert_fault(range, range->minimum, false);
        assert_fault(range, range->maximum, false);
        assert_fault(range, range->maximum + 1, true);
        assert_fault(range, range->minimum - 1, range->minimum != 1 || !range->is_zero_allowed);
        assert_fault(range, 0, range->minimum > 0 && !range->is_zero_allowed);
        assert_fault(range, -1, true);
        assert_fault(range, INT64_MAX, true);
    }
    p.rto_max_ns = 5;
    assert_string_equal(lastack_params_fault(&p), "rto_max_ns: SEC(1)..SEC(3600)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_linux),
        cmocka_unit_test(every_field_is_set),
        cmocka_unit_test(every_field_has_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
