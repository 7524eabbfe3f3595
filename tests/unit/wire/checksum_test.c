/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checksum_test.c: the wide sum against a loop over 16-bit words that is too simple to be wrong.
 */
#include "checksum.h"

#include "bytes.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LONGEST = 1460, ALIGNMENTS = 16, ROOM = LONGEST + 2 * ALIGNMENTS };

static uint16_t naive(const uint8_t *data, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void fill(uint8_t *data, size_t length, uint64_t seed)
{
    struct rng rng;

    rng_init(&rng, seed);
    for (size_t i = 0; i < length; i++)
        data[i] = (uint8_t)rng_next(&rng);
}

static void every_length_at_every_alignment(void **state)
{
    static uint8_t data[ROOM];

    (void)state;
    fill(data, sizeof data, 1);
    for (size_t length = 0; length <= LONGEST; length++) {
        for (size_t at = 0; at < ALIGNMENTS; at++)
            assert_int_equal(checksum_fold(checksum_add(0, data + at, length)),
                             naive(data + at, length));
    }
}

/* All ones is where carries are most frequent; 64 KiB is the longest that is ever summed in one
 * piece. */
static void no_carry_is_lost(void **state)
{
    static uint8_t data[65536];

    (void)state;
    memset(data, 0xff, sizeof data);
    for (size_t length = 65000; length <= sizeof data; length++)
        assert_int_equal(checksum_fold(checksum_add(0xffffffff, data, length)),
                         length % 2 == 0 ? 0xffff : 0xff00);
    fill(data, sizeof data, 3);
    assert_int_equal(checksum_fold(checksum_add(0, data, sizeof data)), naive(data, sizeof data));
}

static void sum_of_nothing_is_zero_and_of_zeros_too(void **state)
{
    static const uint8_t zeros[1500];

    (void)state;
    assert_int_equal(checksum_fold(checksum_add(0, NULL, 0)), 0);
    assert_int_equal(checksum_fold(checksum_add(0, zeros, sizeof zeros)), 0);
    assert_int_equal(checksum_finish(0), 0xffff);
}

/* covers: 9293-MUST-2 */
static void pieces_add_up_wherever_they_are_cut(void **state)
{
    static uint8_t data[LONGEST];
    struct rng rng;

    (void)state;
    fill(data, sizeof data, 4);
    rng_init(&rng, 5);
    for (unsigned round = 0; round < 2000; round++) {
        size_t length = rng_below(&rng, LONGEST + 1);
        size_t first = rng_below(&rng, (uint32_t)length + 1);
        size_t second = first + rng_below(&rng, (uint32_t)(length - first) + 1);
        uint32_t sum = checksum_add(0, data, first);
        uint64_t native;
        sum = checksum_add_at(sum, data + first, second - first, first);
        sum = checksum_add_at(sum, data + second, length - second, second);
        assert_int_equal(checksum_fold(sum), naive(data, length));
        native = checksum_native_at(0, data, first, 0);
        native = checksum_native_at(native, data + first, second - first, first);
        native = checksum_native_at(native, data + second, length - second, second);
        assert_int_equal(network16(checksum_narrow(native)), naive(data, length));
    }
}

static void joined_sums_are_the_sum_of_both(void **state)
{
    static uint8_t data[400];

    (void)state;
    fill(data, sizeof data, 6);
    assert_int_equal(
        checksum_fold(checksum_join(checksum_add(0, data, 100), checksum_add(0, data + 100, 300))),
        naive(data, 400));
    assert_int_equal(checksum_fold(checksum_join(0xffffffff, 0xffffffff)), 0xffff);
}

/* The example of RFC 1071 §3: 00 01 f2 03 f4 f5 f6 f7 sum to ddf2. */
static void example_of_the_rfc(void **state)
{
    static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

    (void)state;
    assert_int_equal(checksum_fold(checksum_add(0, data, sizeof data)), 0xddf2);
}

static struct lastack_address ipv4(uint32_t number)
{
    struct lastack_address address = {{[10] = 0xff, [11] = 0xff}};

    store32(address.bytes + 12, number);
    return address;
}

/* covers: 8200-8.1 */
static void pseudo_header_of_both_families(void **state)
{
    uint8_t laid_out[40] = {0};
    struct lastack_address a4 = ipv4(0xc0000201), b4 = ipv4(0xc6336407), a6, b6;

    (void)state;
    store32(laid_out, 0xc0000201); /* RFC 9293 §3.1: source, destination, zero, protocol, length */
    store32(laid_out + 4, 0xc6336407);
    laid_out[9] = 6;
    store16(laid_out + 10, 1480);
    assert_int_equal(checksum_fold(checksum_pseudo(&a4, &b4, 6, 1480)), naive(laid_out, 12));

    fill(laid_out, 32,
         7); /* RFC 8200 §8.1: source, destination, length (32 bits), zeros, next header */
    memcpy(a6.bytes, laid_out, 16);
    memcpy(b6.bytes, laid_out + 16, 16);
    store32(laid_out + 32, 70000);
    store32(laid_out + 36, 58);
    assert_int_equal(checksum_fold(checksum_pseudo(&a6, &b6, 58, 70000)), naive(laid_out, 40));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_at_every_alignment),
        cmocka_unit_test(no_carry_is_lost),
        cmocka_unit_test(sum_of_nothing_is_zero_and_of_zeros_too),
        cmocka_unit_test(pieces_add_up_wherever_they_are_cut),
        cmocka_unit_test(joined_sums_are_the_sum_of_both),
        cmocka_unit_test(example_of_the_rfc),
        cmocka_unit_test(pseudo_header_of_both_families),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
