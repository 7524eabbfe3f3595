/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ranges_test.c: the treap against a map of one byte per sequence number, across the wrap at 2^32.
 */
#include "ranges.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SPAN = 600, NODES = 64 };

struct fixture {
    struct pool pool;
    struct range memory[NODES];
    struct ranges set;
    uint32_t base; /* sequence number of map[0] */
    bool map[SPAN];
};

static void fixture_init(struct fixture *f, uint32_t base, uint32_t nodes)
{
    *f = (struct fixture){.base = base};
    pool_init(&f->pool, f->memory, sizeof(struct range), nodes);
    ranges_init(&f->set);
}

static struct seq at(const struct fixture *f, uint32_t offset)
{
    return seq_of(f->base + offset);
}

/* Heap and search order hold, and the walk yields just the runs of the map. */
static void check_tree(const struct fixture *f, uint32_t index, unsigned depth)
{
    const struct range *node;

    if (index == POOL_NONE)
        return;
    assert_true(depth < 40);
    node = pool_at(&f->pool, index);
    if (node->left != POOL_NONE) {
        const struct range *left = pool_at(&f->pool, node->left);

        assert_true(left->priority < node->priority && seq_before(left->from, node->from));
    }
    if (node->right != POOL_NONE) {
        const struct range *right = pool_at(&f->pool, node->right);

        assert_true(right->priority < node->priority && seq_after(right->from, node->from));
    }
    check_tree(f, node->left, depth + 1);
    check_tree(f, node->right, depth + 1);
}

static void check_equals_map(const struct fixture *f)
{
    const struct range *range = ranges_first(&f->set, &f->pool), *last = NULL;
    uint32_t count = 0, i = 0;

    check_tree(f, f->set.root, 0);
    while (i < SPAN) {
        uint32_t from;

        for (; i < SPAN && !f->map[i]; i++)
            ;
        if (i == SPAN)
            break;
        for (from = i; i < SPAN && f->map[i]; i++)
            ;
        assert_non_null(range);
        assert_int_equal(range->from.v, f->base + from);
        assert_int_equal(range->to.v, f->base + i);
        count++;
        last = range;
        range = ranges_next(&f->set, &f->pool, range);
    }
    assert_null(range);
    assert_ptr_equal(ranges_last(&f->set, &f->pool), last);
    assert_int_equal(f->set.count, count);
    assert_int_equal(f->pool.used, count);
}

static void check_at_or_after(const struct fixture *f, uint32_t offset)
{
    const struct range *range = ranges_at_or_after(&f->set, &f->pool, at(f, offset));
    uint32_t i = offset;

    while (i < SPAN && !f->map[i])
        i++;
    if (i == SPAN) {
        assert_null(range);
        return;
    }
    assert_non_null(range);
    assert_true(seq_in_window(at(f, i), range->from, seq_distance(range->from, range->to)));
}

static bool map_touches(const struct fixture *f, uint32_t from, uint32_t to)
{
    for (uint32_t i = from > 0 ? from - 1 : 0; i <= to && i < SPAN; i++)
        if (f->map[i])
            return true;
    return false;
}

static void add_and_compare(struct fixture *f, uint32_t from, uint32_t to, uint32_t max)
{
    uint32_t expected = 0, fresh = 12345;
    struct range merged = {0};
    bool needs_node = !map_touches(f, from, to);
    bool room = f->set.count < max && pool_available(&f->pool) > 0;

    for (uint32_t i = from; i < to; i++)
        expected += !f->map[i];
    assert_int_equal(ranges_add(&f->set, &f->pool, max, at(f, from), at(f, to), &fresh, &merged),
                     !needs_node || room);
    if (needs_node && !room)
        return;
    for (uint32_t i = from; i < to; i++)
        f->map[i] = true;
    assert_int_equal(fresh, expected);
    for (; from > 0 && f->map[from - 1]; from--)
        ;
    for (; to < SPAN && f->map[to]; to++)
        ;
    assert_int_equal(merged.from.v, f->base + from);
    assert_int_equal(merged.to.v, f->base + to);
}

static void random_adds(uint64_t seed, uint32_t base, uint32_t nodes, uint32_t max,
                        uint32_t longest)
{
    struct fixture f;
    struct rng rng;

    rng_init(&rng, seed);
    fixture_init(&f, base, nodes);
    for (unsigned step = 0; step < 400; step++) {
        uint32_t from = rng_below(&rng, SPAN - longest), to = from + 1 + rng_below(&rng, longest);

        if (rng_below(&rng, 40) == 0) {
            ranges_trim_before(&f.set, &f.pool, at(&f, from));
            for (uint32_t i = 0; i < from; i++)
                f.map[i] = false;
        } else {
            add_and_compare(&f, from, to, max);
        }
        check_equals_map(&f);
        check_at_or_after(&f, rng_below(&rng, SPAN));
    }
    ranges_clear(&f.set, &f.pool);
    assert_int_equal(f.pool.used, 0);
    assert_int_equal(f.set.count, 0);
    assert_null(ranges_first(&f.set, &f.pool));
}

static void adds_agree_with_the_map(void **state)
{
    static const uint32_t bases[] = {0, 1000, 0x7fffff00u, 0xffffff00u, 0u - SPAN / 2};

    (void)state;
    for (unsigned b = 0; b < 5; b++)
        for (uint64_t seed = 1; seed <= 4; seed++) {
            random_adds(seed, bases[b], NODES, NODES, 4);
            random_adds(seed, bases[b], NODES, NODES, 40);
            random_adds(seed, bases[b], 5, NODES, 4); /* the pool refuses */
            random_adds(seed, bases[b], NODES, 5, 4); /* the bound refuses */
        }
}

static void touching_ranges_become_one(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 0xfffffff0u, NODES);
    add_and_compare(&f, 0, 10, NODES);
    add_and_compare(&f, 20, 30, NODES);
    assert_int_equal(f.set.count, 2);
    add_and_compare(&f, 10, 20, NODES); /* 0xfffffffa .. 4 */
    assert_int_equal(f.set.count, 1);
    check_equals_map(&f);
}

static void empty_range_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 0, NODES);
    expect_assert_failure(ranges_add(&f.set, &f.pool, NODES, seq_of(5), seq_of(5), NULL, NULL));
}

/* Bursts: appended without merging, split with their `at` and tag, found again in order. */
static void bursts_are_kept_apart(void **state)
{
    struct fixture f;
    struct range *range;

    (void)state;
    fixture_init(&f, 0xffffff00u, 4);
    range = ranges_append(&f.set, &f.pool, at(&f, 0), at(&f, 100));
    range->at = 11;
    range->count = 1;
    range = ranges_append(&f.set, &f.pool, at(&f, 100), at(&f, 300));
    assert_int_equal(range->at, 0);
    range->at = 22;
    range->count = 2;
    assert_int_equal(f.set.count, 2);

    assert_true(ranges_split(&f.set, &f.pool, at(&f, 100))); /* on a border: nothing to do */
    assert_true(ranges_split(&f.set, &f.pool, at(&f, 500))); /* behind all: nothing to do */
    assert_int_equal(f.set.count, 2);
    assert_true(ranges_split(&f.set, &f.pool, at(&f, 256))); /* at the wrap */
    assert_int_equal(f.set.count, 3);

    range = ranges_at_or_after(&f.set, &f.pool, at(&f, 255));
    assert_int_equal(range->from.v, at(&f, 100).v);
    assert_int_equal(range->to.v, 0);
    assert_int_equal(range->at, 22);
    range = ranges_next(&f.set, &f.pool, range);
    assert_int_equal(range->from.v, 0);
    assert_int_equal(range->to.v, at(&f, 300).v);
    assert_int_equal(range->at, 22);
    assert_int_equal(range->count, 2);
    assert_null(ranges_next(&f.set, &f.pool, range));

    assert_true(ranges_split(&f.set, &f.pool, at(&f, 50)));
    assert_false(ranges_split(&f.set, &f.pool, at(&f, 60))); /* pool of 4 */
    assert_null(ranges_append(&f.set, &f.pool, at(&f, 300), at(&f, 301)));
    assert_int_equal(f.set.count, 4);
    assert_int_equal(ranges_at_or_after(&f.set, &f.pool, at(&f, 60))->to.v, at(&f, 100).v);
    expect_assert_failure(ranges_append(&f.set, &f.pool, at(&f, 299), at(&f, 301)));
}

/* Marks: the answers of the tree are those of a walk over all ranges, whatever was split, joined,
 * trimmed or removed before. */
static void check_flag(const struct fixture *f, uint32_t offset, uint8_t flag)
{
    const struct range *first = NULL, *last = NULL;
    const bool is_wanted = (flag & RANGE_HAS) != 0;

    for (const struct range *r = ranges_first(&f->set, &f->pool); r != NULL;
         r = ranges_next(&f->set, &f->pool, r)) {
        if (((r->flags & flag) != 0) != is_wanted)
            continue;
        if (first == NULL && seq_after(r->to, at(f, offset)))
            first = r;
        if (seq_before(r->from, at(f, offset)))
            last = r;
    }
    assert_ptr_equal(ranges_first_flagged(&f->set, &f->pool, at(f, offset), flag), first);
    assert_ptr_equal(ranges_last_flagged(&f->set, &f->pool, at(f, offset), flag), last);
}

static void join_if_alike(struct fixture *f, struct range *range)
{
    const struct range *next = ranges_next(&f->set, &f->pool, range);

    if (next != NULL && next->flags == range->flags && seq_equal(next->from, range->to))
        ranges_join_next(&f->set, &f->pool, range);
}

static void marks_are_found(void **state)
{
    struct fixture f;
    struct rng rng;

    (void)state;
    rng_init(&rng, 7);
    for (unsigned round = 0; round < 40; round++) {
        uint32_t end = 0;

        fixture_init(&f, 0u - 300u, NODES);
        for (unsigned step = 0; step < 200; step++) {
            const uint32_t offset = rng_below(&rng, SPAN);
            struct range *range = ranges_at_or_after(&f.set, &f.pool, at(&f, offset));
            const uint32_t what = rng_below(&rng, 12);

            if (what < 4 && end < SPAN - 20) {
                const uint32_t length = 1 + rng_below(&rng, 19);

                (void)ranges_append(&f.set, &f.pool, at(&f, end), at(&f, end + length));
                end += length;
            } else if (what < 6) {
                (void)ranges_split(&f.set, &f.pool, at(&f, offset));
            } else if (what < 9 && range != NULL) {
                ranges_mark(&f.set, &f.pool, range, (uint8_t)(rng_below(&rng, 8) * 0x11));
            } else if (what == 9 && range != NULL) {
                join_if_alike(&f, range);
            } else if (what == 10 && range != NULL) {
                ranges_remove(&f.set, &f.pool, range);
            } else if (offset < SPAN / 8) {
                ranges_trim_before(&f.set, &f.pool, at(&f, offset));
            }
            check_flag(&f, rng_below(&rng, SPAN), 0x01);
            check_flag(&f, rng_below(&rng, SPAN), 0x02);
            check_flag(&f, rng_below(&rng, SPAN), 0x10);
            check_flag(&f, rng_below(&rng, SPAN), 0x20);
        }
        ranges_clear(&f.set, &f.pool);
        assert_int_equal(f.pool.used, 0);
        assert_int_equal(f.set.has_marks, 0);
    }
}

/* What a peer can do at worst: every second byte, in any order. Depth stays logarithmic. */
static unsigned depth_of(const struct pool *pool, uint32_t index)
{
    const struct range *node;
    unsigned left, right;

    if (index == POOL_NONE)
        return 0;
    node = pool_at(pool, index);
    left = depth_of(pool, node->left);
    right = depth_of(pool, node->right);
    return 1 + (left > right ? left : right);
}

static void depth_is_logarithmic(void **state)
{
    enum { MANY = 4096 };
    static struct range memory[MANY];
    struct ranges set;
    struct pool pool;

    (void)state;
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        pool_init(&pool, memory, sizeof memory[0], MANY);
        ranges_init(&set);
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t n = 2 * (backwards ? MANY - i : i);

            assert_true(ranges_add(&set, &pool, MANY, seq_of(n), seq_of(n + 1), NULL, NULL));
        }
        assert_in_range(depth_of(&pool, set.root), 12, 48);
        assert_true(ranges_add(&set, &pool, MANY, seq_of(0), seq_of(2 * MANY + 2), NULL, NULL));
        assert_int_equal(set.count, 1);
        assert_int_equal(pool.used, 1);
        ranges_clear(&set, &pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_agree_with_the_map), cmocka_unit_test(touching_ranges_become_one),
        cmocka_unit_test(empty_range_is_refused),  cmocka_unit_test(bursts_are_kept_apart),
        cmocka_unit_test(marks_are_found),         cmocka_unit_test(depth_is_logarithmic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
