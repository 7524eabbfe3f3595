/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_memory_test.c: zeroed, aligned, apart from each other, and gone at once.
 */
#include "drill_test.h"

static void objects_are_zeroed_aligned_and_apart(void **state)
{
    struct script_memory memory = {0};
    unsigned char *objects[2000];

    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 97 + 1;

        objects[i] = script_take(&memory, size);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(objects[i][j], 0);
        memset(objects[i], (int)(i % 255 + 1), size);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t j = 0; j < i % 97 + 1; j++)
            assert_int_equal(objects[i][j], i % 255 + 1);
    script_memory_free(&memory);
    assert_null(memory.blocks);
}

static void a_large_object_gets_a_block_of_its_own(void **state)
{
    struct script_memory memory = {0};
    char *large = script_take(&memory, 1000000);

    (void)state;
    large[999999] = 'x';
    assert_string_equal(script_copy(&memory, "abcdef", 3), "abc");
    assert_string_equal(script_format(&memory, "%s-%d", "x", 7), "x-7");
    script_memory_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
        cmocka_unit_test(a_large_object_gets_a_block_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
