/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pattern_test.c: any piece of the pattern equals that piece of the whole; its hash is the
 * documented one.
 *
 *     pattern_test --gib     hashes 1 GiB, which takes some seconds
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pattern.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

static void hash_of_first(uint64_t length, char text[65])
{
    static uint8_t part[65536];
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;

    sha256_init(&sha256);
    for (uint64_t at = 0; at < length; at += sizeof part) {
        pattern_fill(part, sizeof part, at);
        sha256_update(&sha256, sizeof part, part);
    }
    sha256_digest(&sha256, sizeof digest, digest);
    for (unsigned i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static void starts_with_zero_and_one(void **state)
{
    static const uint8_t start[18] = {[8] = 1, [16] = 2};
    uint8_t bytes[18];

    (void)state;
    pattern_fill(bytes, sizeof bytes, 0);
    assert_memory_equal(bytes, start, sizeof start);
    pattern_fill(bytes, 8, 8 * UINT64_C(0x1122334455667788));
    assert_memory_equal(bytes, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
}

static void any_piece_is_that_piece_of_the_whole(void **state)
{
    uint8_t whole[64], piece[64 + 2];

    (void)state;
    pattern_fill(whole, sizeof whole, 0x3ff0);
    for (size_t from = 0; from <= sizeof whole; from++) {
        for (size_t length = 0; from + length <= sizeof whole; length++) {
            memset(piece, 0xee, sizeof piece);
            pattern_fill(piece + 1, length, 0x3ff0 + from);
            assert_int_equal(piece[0], 0xee);
            assert_int_equal(piece[1 + length], 0xee);
            assert_memory_equal(piece + 1, whole + from, length);
        }
    }
}

static void hash_of_one_mebibyte(void **state)
{
    char text[65];

    (void)state;
    hash_of_first(1 << 20, text);
    assert_string_equal(text, "82d2c958df6a38a76154b28789469c4a29920c47d8f839d5bb74315116324f33");
}

static int hash_of_one_gibibyte(void)
{
    char text[65];

    hash_of_first(1 << 30, text);
    printf("%s\n", text);
    return strcmp(text, pattern_sha256_of_1_gib) != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_with_zero_and_one),
        cmocka_unit_test(any_piece_is_that_piece_of_the_whole),
        cmocka_unit_test(hash_of_one_mebibyte),
    };

    if (argc > 1 && strcmp(argv[1], "--gib") == 0)
        return hash_of_one_gibibyte();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
