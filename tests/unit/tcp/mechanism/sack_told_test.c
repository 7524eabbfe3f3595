/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sack_told_test.c: RFC 2018 §4's order of blocks and RFC 2883's duplicates, from values.
 */
#include "sack_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RANGES = 16 };

static struct pool pool;
static struct ranges arrived;
static uint32_t told;
static struct sack_block again;

/* Text [from, to) beyond a hole, as a connection takes it. */
static void arrives(uint32_t from, uint32_t to)
{
    struct range merged;

    assert_true(ranges_add(&arrived, &pool, RANGES, seq_of(from), seq_of(to), NULL, &merged));
    sack_told_arrived(&told, &pool, merged.from, merged.to);
}

/* "from:to ..." of what a segment would say. */
static void says(unsigned most, const char *expected)
{
    struct segment seg = {0};
    char text[200] = "";

    sack_told_fill(sack_told_at(&pool, told), &arrived, &pool, again, most, &seg);
    again = (struct sack_block){seq_of(0), seq_of(0)};
    for (unsigned i = 0; i < seg.sack_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u:%u", i > 0 ? " " : "",
                 seg.sack[i].from.v, seg.sack[i].to.v);
    assert_string_equal(text, expected);
    assert_int_equal(seg.options, seg.sack_count > 0 ? OPTION_SACK : 0);
}

/* covers: 2018-4-first 2018-4-max */
static void latest_first(void **state)
{
    (void)state;
    arrives(200, 300);
    arrives(400, 500);
    says(4, "400:500 200:300");
    arrives(600, 700);
    arrives(800, 900);
    says(4, "800:900 600:700 400:500 200:300");
    says(3, "800:900 600:700 400:500");
    arrives(300, 400); /* two become one, and the latest */
    says(4, "200:500 800:900 600:700");
    arrives(1000, 1100);
    arrives(1200, 1300);
    says(4, "1200:1300 1000:1100 200:500 800:900");
}

static void forgets_what_is_acknowledged(void **state)
{
    (void)state;
    arrives(200, 300);
    arrives(400, 500);
    arrives(600, 700);
    ranges_trim_before(&arrived, &pool, seq_of(500));
    sack_told_advance(&told, &pool, &arrived, seq_of(500));
    says(4, "600:700");
    ranges_trim_before(&arrived, &pool, seq_of(700));
    sack_told_advance(&told, &pool, &arrived, seq_of(700));
    says(4, "");
    assert_int_equal(told, POOL_NONE);
    assert_int_equal(pool.used, 0);
}

/* More blocks than anybody remembers: the lowest fill the room that is left. */
static void fills_up(void **state)
{
    (void)state;
    for (uint32_t from = 100; from < 700; from += 100)
        arrives(from, from + 50);
    says(4, "600:650 500:550 400:450 300:350");
    ranges_trim_before(&arrived, &pool, seq_of(50));
    arrives(350, 400); /* 300:450 */
    arrives(450, 500); /* 300:550 */
    says(4, "300:550 600:650 100:150 200:250");
}

/* Nobody remembers: the pool was empty. */
static void without_memory(void **state)
{
    struct range merged;

    (void)state;
    for (uint32_t from = 100; from < 600; from += 100)
        assert_true(
            ranges_add(&arrived, &pool, RANGES, seq_of(from), seq_of(from + 50), NULL, &merged));
    says(4, "100:150 200:250 300:350 400:450");
    says(2, "100:150 200:250");
}

/* covers: 2883-4-dup */
static void duplicates(void **state)
{
    (void)state;
    arrives(200, 300);
    arrives(400, 500);
    again = (struct sack_block){seq_of(50), seq_of(100)}; /* below everything */
    says(4, "50:100 400:500 200:300");
    says(4, "400:500 200:300");                            /* once */
    again = (struct sack_block){seq_of(220), seq_of(280)}; /* within a block */
    says(4, "220:280 200:300 400:500");
}

static int begin(void **state)
{
    void *memory = calloc(1, (size_t)pool_size(sizeof(struct range), RANGES));

    assert_non_null(memory);
    pool_init(&pool, memory, sizeof(struct range), RANGES);
    ranges_init(&arrived);
    told = POOL_NONE;
    *state = memory;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(latest_first, begin, end),
        cmocka_unit_test_setup_teardown(forgets_what_is_acknowledged, begin, end),
        cmocka_unit_test_setup_teardown(fills_up, begin, end),
        cmocka_unit_test_setup_teardown(without_memory, begin, end),
        cmocka_unit_test_setup_teardown(duplicates, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
