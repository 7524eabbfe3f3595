/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream_test.c: streams against a model that computes what was written where.
 *
 * The model of a stream is a list of the ranges put, each with the generation of its bytes; a
 * byte's value is a hash of (sequence number, generation). Everything that was put and not dropped
 * must read back, in every order of puts, on every level of the tree, across 2^32, and no page may
 * be lost.
 */
#include "stream.h"

#include "ranges.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PUTS_MAX = 300, LENGTH_MAX = 70000 };

static uint8_t scratch[LENGTH_MAX], expected[LENGTH_MAX];

struct put {
    struct seq from;
    uint32_t length;
    uint32_t salt;
};

struct model {
    struct page_pool pages;
    uint8_t *memory;
    struct stream stream;
    struct put puts[PUTS_MAX]; /* in the order in which they were put; later ones overwrite */
    unsigned count;
};

static uint8_t byte_at(struct seq seq, uint32_t salt)
{
    return (uint8_t)((seq.v * 2654435761u + salt * 40503u) >> 24);
}

static uint8_t *pool_memory(uint32_t page_size, uint32_t limit)
{
    return aligned_alloc(64, (size_t)(page_pool_size(page_size, limit) + 63) & ~(size_t)63);
}

static void model_init(struct model *m, uint32_t page_size, uint32_t limit)
{
    m->memory = pool_memory(page_size, limit);
    page_pool_init(&m->pages, m->memory, page_size, limit, 0);
    stream_init(&m->stream);
    m->count = 0;
}

static void model_end(struct model *m)
{
    stream_clear(&m->stream, &m->pages);
    assert_int_equal(m->pages.used, 0);
    assert_int_equal(m->stream.root, PAGE_NONE);
    free(m->memory);
}

static bool model_put(struct model *m, struct seq from, uint32_t length, uint32_t salt)
{
    for (uint32_t i = 0; i < length; i++)
        scratch[i] = byte_at(seq_add(from, i), salt);
    if (!stream_put(&m->stream, &m->pages, from, scratch, length))
        return false;
    assert_true(m->count < PUTS_MAX);
    m->puts[m->count++] = (struct put){from, length, salt};
    return true;
}

/* Forgets what lies before `seq`. */
static void model_drop(struct model *m, struct seq seq)
{
    unsigned kept = 0;

    stream_drop_before(&m->stream, &m->pages, seq);
    for (unsigned i = 0; i < m->count; i++) {
        struct put put = m->puts[i];
        struct seq end = seq_add(put.from, put.length);

        if (seq_before_or_equal(end, seq))
            continue;
        put.from = seq_max(put.from, seq);
        put.length = seq_distance(put.from, end);
        m->puts[kept++] = put;
    }
    m->count = kept;
}

/* One put is read back both ways, as later puts have left it. */
static void model_check_put(const struct model *m, unsigned which, uint32_t page_size)
{
    const struct put *put = &m->puts[which];
    struct lastack_iovec iov[LENGTH_MAX / 1024 + 2];
    struct seq seq = put->from;
    unsigned count;

    for (uint32_t i = 0; i < put->length; i++)
        expected[i] = byte_at(seq_add(put->from, i), put->salt);
    for (unsigned later = which + 1; later < m->count; later++) {
        const struct put *over = &m->puts[later];
        struct seq end =
            seq_min(seq_add(put->from, put->length), seq_add(over->from, over->length));

        for (struct seq s = seq_max(over->from, put->from); seq_before(s, end); s = seq_add(s, 1))
            expected[seq_distance(put->from, s)] = byte_at(s, over->salt);
    }
    memset(scratch, 0, put->length);
    stream_get(&m->stream, &m->pages, put->from, scratch, put->length);
    assert_memory_equal(scratch, expected, put->length);
    count = stream_iovec(&m->stream, &m->pages, put->from, put->length, iov, LENGTH_MAX / 1024 + 2);
    assert_in_range(count, 1, put->length / page_size + 2);
    for (unsigned i = 0; i < count; i++) {
        assert_memory_equal(iov[i].base, expected + seq_distance(put->from, seq), iov[i].length);
        seq = seq_add(seq, (uint32_t)iov[i].length);
    }
    assert_int_equal(seq.v, seq_add(put->from, put->length).v);
}

/* Held: just the pages that some put touches, and at the most the one in which the last drop
 * ended. */
static void model_check_pages(const struct model *m, struct seq dropped)
{
    uint32_t shift = m->pages.shift, count = 0, kept[PUTS_MAX * 80];

    for (unsigned i = 0; i < m->count; i++) {
        uint32_t first = m->puts[i].from.v >> shift;
        uint32_t last = seq_add(m->puts[i].from, m->puts[i].length - 1).v >> shift;

        for (uint32_t k = first;; k = (k + 1) & (UINT32_MAX >> shift)) {
            unsigned j = 0;

            while (j < count && kept[j] != k)
                j++;
            if (j == count)
                kept[count++] = k;
            if (k == last)
                break;
        }
    }
    if (m->stream.count != count) {
        assert_int_equal(m->stream.count, count + 1);
        for (unsigned j = 0; j < count; j++)
            assert_int_not_equal(kept[j], dropped.v >> shift);
    }
    assert_int_equal(stream_pages(&m->stream), m->pages.used);
    if (m->stream.count == 0)
        assert_int_equal(m->stream.index, 0);
}

struct recipe {
    uint32_t page_size;
    uint32_t start;  /* where the window begins */
    uint32_t window; /* how far ahead puts go */
    uint32_t length; /* longest put */
};

/* A receiver's life: puts anywhere in a window that slides, sometimes by a leap. */
static void slide(const struct recipe *recipe, uint64_t seed, unsigned steps)
{
    struct model m;
    struct seq base = seq_of(recipe->start);
    struct rng rng;

    rng_init(&rng, seed);
    model_init(&m, recipe->page_size, 8000);
    for (unsigned step = 0; step < steps; step++) {
        uint32_t length = 1 + rng_below(&rng, recipe->length);
        uint32_t ahead = rng_below(&rng, 3) == 0 ? rng_below(&rng, 3000)
                                                 : rng_below(&rng, recipe->window - length);

        assert_true(model_put(&m, seq_add(base, ahead), length, step));
        if (rng_below(&rng, 4) == 0) {
            uint32_t by = rng_below(&rng, rng_below(&rng, 3) == 0 ? recipe->window : 5000);

            base = seq_add(base, by);
            model_drop(&m, base);
        }
        if (m.count > 0)
            model_check_put(&m, rng_below(&rng, m.count), recipe->page_size);
        model_check_pages(&m, base);
        if (m.count > PUTS_MAX - 2 || rng_below(&rng, 60) == 0) {
            for (unsigned i = 0; i < m.count; i++)
                model_check_put(&m, i, recipe->page_size);
            base = seq_add(base, recipe->window);
            model_drop(&m, base);
            assert_in_range(m.pages.used, 0, 1); /* the page that base is in may stay */
        }
    }
    model_end(&m);
}

static const struct recipe recipes[] = {
    {4096, 0, 20000, 1460},
    {4096, 0u - 30000, 65536, 3000},          /* across 2^32 on level 1 */
    {4096, 0u - (3u << 20), 4u << 20, 9000},  /* around the size of one node */
    {4096, (4u << 20) - 100, 6u << 20, 9000}, /* level 2 */
    {4096, 0x7ff00000u, 64u << 20, 65535},
    {4096, 0u - (200u << 20), 1u << 30, 65535},  /* the largest window there is */
    {1024, 0u - 100000, 300000, 5000},           /* levels 1 and 2: a node of 256 pages */
    {1024, 0u - (80u << 20), 100u << 20, 20000}, /* level 3 */
    {1024, 12345, 1u << 30, 2000},
    {2048, 0u - (400u << 20), 1u << 30, 4000},
    {65536, 0u - (600u << 20), 1u << 30, 65535},
    {65536, 1u << 31, 3u << 20, 65535},
};

static void sliding_windows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof recipes / sizeof recipes[0]; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            slide(&recipes[i], seed * 100 + i, 250);
}

static void idle_stream_holds_nothing(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 4096, 10);
    assert_true(sizeof(struct stream) <= 12);
    assert_int_equal(stream_pages(&m.stream), 0);
    stream_drop_before(&m.stream, &m.pages, seq_of(77));
    stream_clear(&m.stream, &m.pages);
    assert_true(model_put(&m, seq_of(77), 0, 0));
    assert_int_equal(m.pages.used, 0);
    assert_int_equal(m.pages.bump, 0);
    model_end(&m);
}

/* Small talk costs one page, and none once it is read. */
static void one_page_needs_no_node(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 4096, 10);
    for (uint32_t i = 0; i < 100; i++) {
        struct seq at = seq_of(0u - 50000 + i * 1000);

        assert_true(model_put(&m, at, 1000, i));
        assert_in_range(stream_pages(&m.stream), 1, 3); /* at a border: two pages and a node */
        model_check_put(&m, 0, 4096);
        model_drop(&m, seq_add(at, 1000));
        assert_in_range(stream_pages(&m.stream), 0, 1);
    }
    model_end(&m);
}

/* The last page left gives the node back. */
static void one_page_left_needs_no_node(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 4096, 10);
    assert_true(model_put(&m, seq_of(0), 4096, 1));
    assert_true(model_put(&m, seq_of(2 * 4096), 3 * 4096, 1)); /* beyond a hole */
    assert_int_equal(stream_pages(&m.stream), 5);
    model_drop(&m, seq_of(4 * 4096 + 10));
    assert_int_equal(stream_pages(&m.stream), 1);
    assert_int_equal(m.stream.level, 0);
    model_check_put(&m, 0, 4096);
    model_end(&m);
}

/* Text in order lies in adjacent pages without a node, until a neighbour is not free. */
static void adjacent_pages_need_no_node(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 4096, 16);
    assert_true(model_put(&m, seq_of(0u - 4196), 200, 1)); /* across a page, then across 2^32 */
    assert_true(model_put(&m, seq_of(0u - 3996), 3996 + 2 * 4096, 2));
    assert_int_equal(stream_pages(&m.stream), 4);
    assert_int_equal(m.stream.level, 0);
    model_drop(&m, seq_of(0u - 4096));
    model_drop(&m, seq_of(10));
    assert_int_equal(stream_pages(&m.stream), 2);
    model_check_put(&m, 0, 4096);
    /* a page that was given back comes before one that was never touched */
    assert_true(model_put(&m, seq_of(2 * 4096), 4096, 3));
    assert_int_equal(m.stream.level, 1);
    model_check_put(&m, 0, 4096);
    model_check_put(&m, 1, 4096);
    model_end(&m);
}

/* A run that lacks one page is not taken: nothing changes, and single pages still are there. */
static void a_run_is_taken_whole(void **state)
{
    struct model m;
    uint32_t page;

    (void)state;
    model_init(&m, 4096, 8);
    page = page_pool_take_run(&m.pages, PAGE_NONE, 3, false);
    assert_int_equal(page, 0);
    assert_int_equal(page_pool_take_run(&m.pages, 1, 1, false), PAGE_NONE); /* page 2 is held */
    assert_int_equal(page_pool_take_run(&m.pages, PAGE_NONE, 6, false), PAGE_NONE);
    assert_int_equal(m.pages.used, 3);
    assert_int_equal(m.pages.refusals, 0);
    page_pool_give(&m.pages, 1);
    assert_int_equal(page_pool_take_run(&m.pages, 0, 2, false), PAGE_NONE);
    assert_int_equal(page_pool_take_run(&m.pages, 0, 1, false), 1);
    assert_int_equal(page_pool_take_run(&m.pages, 2, 5, false), 3);
    for (page = 0; page < 8; page++)
        page_pool_give(&m.pages, page);
    model_end(&m);
}

/* A bulk sender of one window for as long as it likes: always one node, never a second level. */
static void sliding_stays_on_its_level(void **state)
{
    struct model m;
    struct seq una = seq_of(0u - (20u << 20)), nxt = una;

    (void)state;
    model_init(&m, 4096, 200);
    for (unsigned step = 0; step < 1500; step++) {
        while (seq_distance(una, nxt) < 400000) {
            assert_true(model_put(&m, nxt, 16384, step));
            nxt = seq_add(nxt, 16384);
        }
        assert_int_equal(m.stream.level, 1);
        assert_int_equal(m.stream.index, 1);
        una = seq_add(una, 20000);
        model_drop(&m, una);
        model_check_put(&m, 0, 4096);
        model_check_put(&m, m.count - 1, 4096);
    }
    assert_true(seq_before(seq_of(0), una)); /* it went over 2^32 */
    model_end(&m);
}

/* What a stream fills alone, front to back, leaves as few pieces: the runs of pages it lies in. */
static void adjacent_pages_make_few_pieces(void **state)
{
    struct lastack_iovec iov[20];
    struct model m;

    (void)state;
    model_init(&m, 4096, 200);
    for (unsigned round = 0; round < 20; round++) {
        struct seq at = seq_of(1000 + round * 65536);

        for (unsigned i = 0; i < 64; i++)
            assert_true(model_put(&m, seq_add(at, i * 1024), 1024, round));
        /* seventeen pages of runs of sixteen, and the node may lie between two of them */
        assert_in_range(stream_iovec(&m.stream, &m.pages, at, 65536, iov, 20), 1, 3);
        model_drop(&m, seq_add(at, 65536));
    }
    model_end(&m);
}

/* Room is made behind text, part of it becomes text, and the rest goes back: whatever the level,
 * and over 2^32. */
static void room_that_is_not_used_goes_back(void **state)
{
    struct seq una = seq_of(0u - (6u << 20)), end = una;
    struct model m;
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    model_init(&m, 4096, 2000);
    for (unsigned step = 0; step < 600; step++) {
        const uint32_t room = 1 + rng_below(&rng, 60000), used = rng_below(&rng, room + 1);
        const uint32_t held = rng_below(&rng, step % 100 < 50 ? 5000 : 5 << 20);

        assert_false(stream_has_room(&m.stream, &m.pages, end, 70000));
        assert_true(stream_make_room(&m.stream, &m.pages, end, room));
        assert_true(stream_has_room(&m.stream, &m.pages, end, room));
        if (used > 0)
            assert_true(model_put(&m, end, used, step));
        end = seq_add(end, used);
        stream_drop_room(&m.stream, &m.pages, end, 65536);
        if (m.count > 0)
            model_check_pages(&m, una);
        else
            assert_true(m.stream.count <= 1); /* where the room began */
        if (seq_distance(una, end) > held || m.count == PUTS_MAX) {
            una = seq_add(una, seq_distance(una, end) / 2 + 1);
            model_drop(&m, una);
        }
        if (m.count > 0)
            model_check_put(&m, rng_below(&rng, m.count), 4096);
    }
    assert_true(seq_before(seq_of(0), una));
    model_end(&m);
}

static void too_few_pieces_cover_the_front(void **state)
{
    struct lastack_iovec iov[2] = {{NULL, 0}, {NULL, 7}};
    struct stream other;
    struct model m;

    (void)state;
    model_init(&m, 4096, 200);
    stream_init(&other);
    for (uint32_t i = 0; i < 8; i++) { /* two streams that take turns */
        assert_true(model_put(&m, seq_of(i * 4096), 4096, 3));
        assert_true(stream_put(&other, &m.pages, seq_of(i * 4096), scratch, 4096));
    }
    assert_int_equal(stream_iovec(&m.stream, &m.pages, seq_of(100), 30000, iov, 1), 1);
    assert_in_range(iov[0].length, 3996, 4096 + 3996);
    assert_int_equal(iov[1].length, 7); /* untouched */
    assert_int_equal(stream_iovec(&m.stream, &m.pages, seq_of(100), 30000, iov, 0), 0);
    stream_clear(&other, &m.pages);
    model_end(&m);
}

static void bytes_never_put_are_refused(void **state)
{
    struct model m;
    uint8_t byte;

    (void)state;
    model_init(&m, 4096, 10);
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(0), &byte, 1));
    assert_true(model_put(&m, seq_of(5000), 10, 1));
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(0), &byte, 1));
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(8192), &byte, 1));
    assert_true(model_put(&m, seq_of(20000), 10, 1));
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(8192), &byte, 1));
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(4095), &byte, 1));
    expect_assert_failure(stream_get(&m.stream, &m.pages, seq_of(5000 + (4u << 20)), &byte, 1));
    model_end(&m);
}

/* Full pools: a refusal changes nothing, and what was there stays readable. */
static void refusal_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct model m;
        struct rng rng;
        unsigned refused = 0;

        rng_init(&rng, seed);
        model_init(&m, 1024, 4 + rng_below(&rng, 40));
        for (unsigned step = 0; step < 200; step++) {
            struct stream before = m.stream;
            uint32_t used = m.pages.used;
            struct seq at = seq_of(0u - 100000 + rng_below(&rng, seed % 2 == 0 ? 200000 : 2000000));
            uint32_t length = 1 + rng_below(&rng, 9000);

            if (!model_put(&m, at, length, step)) {
                refused++;
                assert_memory_equal(&before, &m.stream, sizeof before);
                assert_int_equal(m.pages.used, used);
                /* honest: not for want of what is there (six nodes may be reckoned too many) */
                assert_true(m.pages.limit - used < length / 1024 + 2 + 2 + 6);
            }
            for (unsigned i = 0; i < m.count; i++)
                model_check_put(&m, i, 1024);
            if (rng_below(&rng, 30) == 0 || m.count > 100) {
                stream_clear(&m.stream, &m.pages);
                m.count = 0;
            }
        }
        assert_true(refused > 0 && m.pages.refusals == refused);
        model_end(&m);
    }
}

/* On the levels that count, the very last page is given. */
static void last_page_is_given(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 4096, 4);
    assert_true(model_put(&m, seq_of(0), 4096, 1));
    assert_true(model_put(&m, seq_of(8192), 8192, 1)); /* three pages and the node */
    assert_int_equal(page_pool_available(&m.pages, false), 0);
    assert_true(model_put(&m, seq_of(8192), 8192, 2)); /* nothing new to hold */
    assert_false(model_put(&m, seq_of(12288), 4097, 3));
    for (unsigned i = 0; i < m.count; i++)
        model_check_put(&m, i, 4096);
    model_drop(&m, seq_of(4096));
    assert_true(model_put(&m, seq_of(16384), 1, 4));
    model_end(&m);
}

/* Text in order finds a page when text beyond holes has taken all that it may. */
static void reserve_lets_text_in_order_go_on(void **state)
{
    struct page_pool pages;
    struct stream greedy, starving;
    uint8_t *memory = pool_memory(1024, 20);
    uint32_t at = 0;
    uint8_t byte = 42;

    (void)state;
    page_pool_init(&pages, memory, 1024, 20, 2);
    stream_init(&greedy);
    stream_init(&starving);
    while (stream_put(&greedy, &pages, seq_of(at), &byte, 1))
        at += 2048;
    assert_int_equal(pages.used, 18);
    assert_false(stream_put(&starving, &pages, seq_of(7), &byte, 1));
    assert_true(stream_put_reserved(&starving, &pages, seq_of(7), &byte, 1));
    assert_true(stream_put(&starving, &pages, seq_of(8), &byte, 1)); /* room in that page */
    stream_drop_before(&starving, &pages, seq_of(1024));
    assert_int_equal(stream_pages(&starving), 0);
    stream_clear(&greedy, &pages);
    assert_int_equal(pages.used, 0);
    free(memory);
}

/* A window as wide as there are nodes for, and no wider: with the smallest pages the bound is
 * reached. */
static void nodes_are_bounded(void **state)
{
    struct model m;
    uint32_t at = 0;

    (void)state;
    model_init(&m, 1024, 2200);
    while (at < 1u << 30 && stream_put(&m.stream, &m.pages, seq_of(0u - 5000000 + at), "x", 1))
        at += 256 * 1024; /* each in a node of its own */
    assert_in_range(at, 250u << 20, 256u << 20);
    assert_true(page_pool_available(&m.pages, false) > 100); /* pages were not the reason */
    assert_true(m.stream.index <= 1023);
    stream_drop_before(&m.stream, &m.pages, seq_of(0u - 5000000 + (1u << 20) + 1024));
    assert_true(stream_put(&m.stream, &m.pages, seq_of(0u - 5000000 + at), "x", 1));
    for (uint32_t i = 2u << 20; i <= at; i += 256 * 1024) {
        stream_get(&m.stream, &m.pages, seq_of(0u - 5000000 + i), scratch, 1);
        assert_int_equal(scratch[0], 'x');
    }
    model_end(&m);
}

static void puts_are_bounded(void **state)
{
    struct model m;

    (void)state;
    model_init(&m, 1024, 10);
    expect_assert_failure(stream_put(&m.stream, &m.pages, seq_of(0), scratch, 131073));
    model_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sliding_windows),
        cmocka_unit_test(idle_stream_holds_nothing),
        cmocka_unit_test(one_page_needs_no_node),
        cmocka_unit_test(one_page_left_needs_no_node),
        cmocka_unit_test(adjacent_pages_need_no_node),
        cmocka_unit_test(a_run_is_taken_whole),
        cmocka_unit_test(sliding_stays_on_its_level),
        cmocka_unit_test(adjacent_pages_make_few_pieces),
        cmocka_unit_test(room_that_is_not_used_goes_back),
        cmocka_unit_test(too_few_pieces_cover_the_front),
        cmocka_unit_test(bytes_never_put_are_refused),
        cmocka_unit_test(refusal_changes_nothing),
        cmocka_unit_test(last_page_is_given),
        cmocka_unit_test(reserve_lets_text_in_order_go_on),
        cmocka_unit_test(nodes_are_bounded),
        cmocka_unit_test(puts_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
