/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * siphash_test.c: against the vectors that its authors published (key 00..0f, message 00 01 02
 * ...).
 */
#include "siphash.h"

#include "bits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* First eight, and the 15-byte message of the paper's appendix A. */
static const uint64_t published[] = {
    0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au, 0x85676696d7fb7e2du,
    0xcf2794e0277187b7u, 0x18765564cd99a68du, 0xcbc9466e58fee3ceu, 0xab0200f58b01d137u,
    0x93f5f5799a932462u, 0x9e0082df0ba9e4b0u, 0x7a5dbbc594ddb9f3u, 0xf4b32f46226bada7u,
    0x751e8fbc860ee5fbu, 0x14ea5627c0843d90u, 0xf723ca908e7af2eeu, 0xa129ca6149be45e5u,
};

static struct siphash_key counting_key(void)
{
    uint8_t bytes[16];

    for (unsigned i = 0; i < 16; i++)
        bytes[i] = (uint8_t)i;
    return siphash_key(bytes);
}

static void key_is_little_endian(void **state)
{
    struct siphash_key key = counting_key();

    (void)state;
    assert_true(key.k0 == 0x0706050403020100u);
    assert_true(key.k1 == 0x0f0e0d0c0b0a0908u);
}

static void bytes_match_published_vectors(void **state)
{
    struct siphash_key key = counting_key();
    uint8_t message[16];

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        message[i] = (uint8_t)i;
        assert_true(siphash24(&key, message, i) == published[i]);
    }
}

static void words_equal_their_little_endian_bytes(void **state)
{
    struct siphash_key key = counting_key();
    uint64_t words[6];
    uint8_t bytes[sizeof words];

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        words[i] = 0x0123456789abcdefu * (i + 3);
        for (unsigned b = 0; b < 8; b++)
            bytes[8 * i + b] = (uint8_t)(words[i] >> 8 * b);
    }
    for (size_t count = 0; count <= 6; count++)
        assert_true(siphash24_words(&key, words, count) == siphash24(&key, bytes, 8 * count));
    for (size_t count = 0; count < 6; count++)
        assert_true(siphash24_words_and(&key, words, count, (uint32_t)words[count]) ==
                    siphash24(&key, bytes, 8 * count + 4));
}

/* Their reference code with 1 and 3 rounds: messages of 0 and 8 bytes (00..07) under the same
 * key. */
static void one_three_matches_the_reference(void **state)
{
    static const uint64_t message[] = {0x0706050403020100u};
    struct siphash_key key = counting_key();

    (void)state;
    assert_true(siphash13_words(&key, NULL, 0) == 0xabac0158050fc4dcu);
    assert_true(siphash13_words(&key, message, 1) == 0x369095118d299a8eu);
}

static void every_input_bit_matters(void **state)
{
    struct siphash_key key = counting_key();
    uint64_t words[5] = {1, 2, 3, 4, 5};
    uint64_t before = siphash13_words(&key, words, 5);

    (void)state;
    for (unsigned bit = 0; bit < 5 * 64; bit++) {
        uint64_t after;

        words[bit / 64] ^= (uint64_t)1 << bit % 64;
        after = siphash13_words(&key, words, 5);
        words[bit / 64] ^= (uint64_t)1 << bit % 64;
        assert_true(after != before);
        assert_true(__builtin_popcountll(after ^ before) >= 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_little_endian),
        cmocka_unit_test(bytes_match_published_vectors),
        cmocka_unit_test(words_equal_their_little_endian_bytes),
        cmocka_unit_test(one_three_matches_the_reference),
        cmocka_unit_test(every_input_bit_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
