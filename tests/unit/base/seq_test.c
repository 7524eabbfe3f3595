/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seq_test.c: order modulo 2^32 (RFC 9293 §3.4), and the small values beside it: bytes, bits,
 * durations.
 */
#include "seq.h"

#include "bits.h"
#include "bytes.h"
#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Every pair of a ring of starting points and distances below 2^31. */
static void order_holds_everywhere_on_the_circle(void **state)
{
    static const uint32_t starts[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    static const uint32_t steps[] = {1, 2, 1000, 0x40000000, 0x7fffffff};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        struct seq a = seq_of(starts[i]);

        assert_true(seq_equal(a, a) && seq_compare(a, a) == 0);
        assert_false(seq_before(a, a) || seq_after(a, a));
        assert_true(seq_before_or_equal(a, a) && seq_after_or_equal(a, a));
        for (unsigned j = 0; j < 5; j++) {
            struct seq b = seq_add(a, steps[j]);

            assert_int_equal(b.v, (uint32_t)(starts[i] + steps[j]));
            assert_true(seq_before(a, b) && seq_after(b, a));
            assert_false(seq_before(b, a) || seq_after(a, b) || seq_equal(a, b));
            assert_true(seq_before_or_equal(a, b) && !seq_before_or_equal(b, a));
            assert_true(seq_after_or_equal(b, a) && !seq_after_or_equal(a, b));
            assert_int_equal(seq_distance(a, b), steps[j]);
            assert_true(seq_equal(seq_sub(b, steps[j]), a));
            assert_true(seq_equal(seq_max(a, b), b) && seq_equal(seq_max(b, a), b));
            assert_true(seq_equal(seq_min(a, b), a) && seq_equal(seq_min(b, a), a));
        }
    }
}

static void windows_are_half_open(void **state)
{
    (void)state;
    assert_false(seq_in_window(seq_of(5), seq_of(5), 0));
    assert_true(seq_in_window(seq_of(0xffffffff), seq_of(0xffffffff), 1));
    assert_true(seq_in_window(seq_of(1), seq_of(0xffffffff), 3));
    assert_false(seq_in_window(seq_of(2), seq_of(0xffffffff), 3));
    assert_false(seq_in_window(seq_of(0xfffffffe), seq_of(0xffffffff), 3));
}

static void bytes_are_in_network_order(void **state)
{
    static const uint8_t wire[9] = {0xaa, 0x01, 0x02, 0x03, 0x04, 0x85, 0x06, 0x07, 0xf8};
    uint8_t out[9] = {0xaa};

    (void)state;
    assert_int_equal(load16(wire + 1), 0x0102);
    assert_int_equal(load32(wire + 5), 0x850607f8u);
    assert_true(load64(wire + 1) == 0x01020304850607f8u);
    store64(out + 1, 0x01020304850607f8u);
    assert_memory_equal(out, wire, 9);
    store32(out + 1, 0x04030201);
    store16(out + 5, 0xbeef);
    assert_memory_equal(out, "\xaa\x04\x03\x02\x01\xbe\xef\x07\xf8", 9);
}

static void bit_helpers(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        assert_int_equal(lowest_bit64((uint64_t)-1 << bit), bit);
        assert_int_equal(highest_bit64((uint64_t)-1 >> (63 - bit)), bit);
    }
    assert_true(rotate_left64(0x8000000000000001u, 1) == 3);
    assert_true(rotate_left64(0x0123456789abcdefu, 32) == 0x89abcdef01234567u);
}

static void times_do_not_wrap(void **state)
{
    (void)state;
    assert_true(US(1) == 1000 && MS(1) == US(1000) && SEC(1) == MS(1000));
    assert_true(time_after(5, 7) == 12);
    assert_true(time_after(NEVER, 7) == NEVER);
    assert_true(time_after(7, NEVER) == NEVER);
    assert_true(time_after(NEVER - 7, 8) == NEVER);
    assert_true(time_after(-5, 5) == 0);
    assert_true(clamp64(5, 10, 20) == 10 && clamp64(25, 10, 20) == 20 && clamp64(15, 10, 20) == 15);
    assert_true(min64(-1, 1) == -1 && max64(-1, 1) == 1);
    assert_true(min32(1, 0xffffffff) == 1 && max32(1, 0xffffffff) == 0xffffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_holds_everywhere_on_the_circle),
        cmocka_unit_test(windows_are_half_open),
        cmocka_unit_test(bytes_are_in_network_order),
        cmocka_unit_test(bit_helpers),
        cmocka_unit_test(times_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
