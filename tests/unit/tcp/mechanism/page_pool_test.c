/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_pool_test.c: distinct pages, neighbours where they are free, a reserve that ordinary takers
 * cannot touch, and memory touched no further than it was ever needed.
 */
#include "page_pool.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { PAGES = 100, SIZE = 1024 };

static _Alignas(64) uint8_t memory[PAGES * (SIZE + sizeof(struct page_link)) + 64];

static void set_up(struct page_pool *pages, uint32_t limit, uint32_t reserve)
{
    assert_true(page_pool_size(SIZE, limit) <= sizeof memory);
    page_pool_init(pages, memory, SIZE, limit, reserve);
}

static uint32_t take(struct page_pool *pages)
{
    return page_pool_take(pages, PAGE_NONE, PAGE_NONE, false);
}

static void sizes_are_powers_of_two(void **state)
{
    struct page_pool pages;

    (void)state;
    expect_assert_failure(page_pool_init(&pages, memory, 512, 4, 0));
    expect_assert_failure(page_pool_init(&pages, memory, 1536, 4, 0));
    expect_assert_failure(page_pool_init(&pages, memory, 131072, 4, 0));
    expect_assert_failure(page_pool_init(&pages, memory, SIZE, 4, 4));
    set_up(&pages, 4, 3);
    assert_int_equal(pages.shift, 10);
    assert_true(page_pool_size(SIZE, 4) >= 4 * (SIZE + 8));
}

static void pages_do_not_overlap(void **state)
{
    struct page_pool pages;

    (void)state;
    set_up(&pages, 3, 0);
    for (int i = 0; i < 3; i++)
        memset(page_at(&pages, take(&pages)), i + 1, SIZE);
    for (uint32_t i = 0; i < 3; i++)
        for (unsigned b = 0; b < SIZE; b++)
            assert_int_equal(((uint8_t *)page_at(&pages, i))[b], i + 1);
    assert_true((uint8_t *)page_at(&pages, 2) + SIZE <= memory + page_pool_size(SIZE, 3));
    assert_true((uint8_t *)page_at(&pages, 0) >= (uint8_t *)(pages.links + 3));
}

static void neighbours_are_preferred(void **state)
{
    struct page_pool pages;

    (void)state;
    set_up(&pages, PAGES, 0);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(take(&pages), i);
    page_pool_give(&pages, 7);
    page_pool_give(&pages, 14);
    page_pool_give(&pages, 15);
    page_pool_give(&pages, 16);
    page_pool_give(&pages, 3);
    assert_int_equal(page_pool_take(&pages, 6, PAGE_NONE, false), 7);
    assert_int_equal(page_pool_take(&pages, 6, 15, false), 14);  /* behind 6 is held */
    assert_int_equal(page_pool_take(&pages, 6, 0, false), 3);    /* neither: the newest free one */
    assert_int_equal(page_pool_take(&pages, 13, 17, false), 16); /* in its run, not far from 13 */
    page_pool_give(&pages, 16);
    page_pool_give(&pages, 8);
    assert_int_equal(page_pool_take(&pages, 15, 16, false), 8); /* where a run ends: the newest */
    assert_int_equal(page_pool_take(&pages, PAGE_NONE, PAGE_NONE, false), 16);
    assert_int_equal(page_pool_take(&pages, PAGE_NONE, PAGE_NONE, false), 15);
    assert_int_equal(page_pool_take(&pages, 5, PAGE_NONE, false), 20); /* none free: fresh memory */
}

/* Pages that were given back one by one come again as a run, so that the next stream gets adjacent
 * ones; of an aligned sixteen, the ones given back last first. */
static void runs_are_found_again(void **state)
{
    static const uint32_t expected[2][20] = {
        {16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 10, 11, 12, 13, 14, 15},
        {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29}};
    struct page_pool pages;

    (void)state;
    for (int backwards = 0; backwards < 2; backwards++) {
        uint32_t page = PAGE_NONE;

        set_up(&pages, PAGES, 0);
        for (uint32_t i = 0; i < 40; i++)
            take(&pages);
        for (uint32_t i = 10; i < 30; i++)
            page_pool_give(&pages, backwards ? 39 - i : i);
        for (unsigned i = 0; i < 20; i++) {
            page = page_pool_take(&pages, page, PAGE_NONE, false);
            assert_int_equal(page, expected[backwards][i]);
        }
        assert_int_equal(pages.bump, 40);
    }
}

/* A stream that takes as many as it gives back stays on few pages, whatever was touched before. */
static void a_stream_comes_back_to_its_own_pages(void **state)
{
    struct page_pool pages;
    bool is_used[PAGES] = {false};
    uint32_t page = PAGE_NONE, count = 0;

    (void)state;
    set_up(&pages, PAGES, 0);
    for (uint32_t i = 0; i < 96; i++)
        take(&pages);
    for (uint32_t i = 0; i < 96; i++)
        page_pool_give(&pages, i);
    for (unsigned round = 0; round < 50; round++) {
        uint32_t held[16];

        for (unsigned i = 0; i < 16; i++) {
            held[i] = page = page_pool_take(&pages, page, PAGE_NONE, false);
            is_used[page] = true;
        }
        for (unsigned i = 0; i < 16; i++)
            page_pool_give(&pages, held[i]);
    }
    for (unsigned i = 0; i < PAGES; i++)
        count += is_used[i];
    assert_int_equal(count, 16);
}

static void reserve_is_for_those_who_may(void **state)
{
    struct page_pool pages;

    (void)state;
    set_up(&pages, 5, 2);
    assert_int_equal(page_pool_available(&pages, false), 3);
    assert_int_equal(page_pool_available(&pages, true), 5);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(take(&pages), i);
    assert_int_equal(take(&pages), PAGE_NONE);
    assert_int_equal(pages.refusals, 1);
    assert_int_equal(page_pool_take(&pages, PAGE_NONE, PAGE_NONE, true), 3);
    assert_int_equal(page_pool_take(&pages, PAGE_NONE, PAGE_NONE, true), 4);
    assert_int_equal(page_pool_take(&pages, PAGE_NONE, PAGE_NONE, true), PAGE_NONE);
    assert_int_equal(page_pool_available(&pages, false), 0);
    page_pool_give(&pages, 0);
    page_pool_give(&pages, 1);
    assert_int_equal(take(&pages), PAGE_NONE); /* the reserve fills up first */
    page_pool_give(&pages, 2);
    assert_int_not_equal(take(&pages), PAGE_NONE);
    assert_int_equal(pages.peak, 5);
}

static void giving_twice_is_refused(void **state)
{
    struct page_pool pages;

    (void)state;
    set_up(&pages, 5, 0);
    take(&pages);
    expect_assert_failure(page_pool_give(&pages, 1));
    page_pool_give(&pages, 0);
    expect_assert_failure(page_pool_give(&pages, 0));
    expect_assert_failure(page_at(&pages, 1));
}

static void random_takes_and_gives(void **state)
{
    bool held[PAGES] = {false};
    struct page_pool pages;
    struct rng rng;
    uint32_t count = 0, most = 0;

    (void)state;
    rng_init(&rng, 11);
    set_up(&pages, PAGES, 10);
    for (unsigned step = 0; step < 20000; step++) {
        uint32_t page = rng_below(&rng, PAGES);
        bool filling = step / 1000 % 2 == 0;

        if (held[page] && rng_below(&rng, filling ? 8 : 2) == 0) {
            page_pool_give(&pages, page);
            held[page] = false;
            count--;
        } else if (rng_below(&rng, 4) < (filling ? 3 : 1)) {
            uint32_t after = rng_below(&rng, PAGES), before = rng_below(&rng, PAGES);
            uint32_t got = page_pool_take(&pages, after, before, false);

            assert_int_equal(got == PAGE_NONE, count >= PAGES - 10);
            if (got == PAGE_NONE)
                continue;
            assert_false(held[got]);
            /* a free neighbour of the run that has been used before is never passed over */
            if ((after + 1) % 16 != 0 && after + 1 < pages.bump && !held[after + 1])
                assert_int_equal(got, after + 1);
            held[got] = true;
            count++;
        }
        most = count > most ? count : most;
        assert_int_equal(pages.used, count);
        assert_int_equal(pages.peak, most);
        assert_int_equal(pages.bump, most); /* touched: no more than was ever held */
    }
    assert_int_equal(most, PAGES - 10);
}

static bool is_blank(const struct page_pool *pages, uint32_t page)
{
    const uint8_t *bytes = page_at(pages, page);

    for (uint32_t i = 0; i < pages->page_size; i++)
        if (bytes[i] != PAGE_BLANK)
            return false;
    return true;
}

/* Whatever was written to it meanwhile by whoever took it for something else. */
static void blank_pages_are_blank(void **state)
{
    struct page_pool pages;
    uint32_t first, other;

    (void)state;
    memset(memory, 0x5a, sizeof memory);
    set_up(&pages, PAGES, 0);
    first = page_pool_take_blank(&pages, false);
    assert_true(is_blank(&pages, first));
    page_pool_give_blank(&pages, first);
    assert_int_equal(page_pool_take_blank(&pages, false), first); /* not filled again */
    assert_true(is_blank(&pages, first));
    page_pool_give_blank(&pages, first);
    other = take(&pages);
    assert_int_equal(other, first);
    memset(page_at(&pages, other), 0, SIZE);
    page_pool_give(&pages, other);
    assert_true(is_blank(&pages, page_pool_take_blank(&pages, false)));
    assert_int_equal(pages.used, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_two),
        cmocka_unit_test(pages_do_not_overlap),
        cmocka_unit_test(neighbours_are_preferred),
        cmocka_unit_test(runs_are_found_again),
        cmocka_unit_test(a_stream_comes_back_to_its_own_pages),
        cmocka_unit_test(reserve_is_for_those_who_may),
        cmocka_unit_test(giving_twice_is_refused),
        cmocka_unit_test(random_takes_and_gives),
        cmocka_unit_test(blank_pages_are_blank),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
