/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cache_test.c: entries come fresh, fall due in order, walk as rows, and are refused when there
 * are too many.
 */
#include "syn_cache.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIMIT = 50 };

struct fixture {
    struct syn_cache cache;
    void *memory;
};

static struct fixture *fixture_new(int64_t now)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->memory = malloc((size_t)syn_cache_size(LIMIT));
    memset(f->memory, 0x5a, (size_t)syn_cache_size(LIMIT)); /* fresh memory need not be zero */
    syn_cache_init(&f->cache, f->memory, LIMIT, now);
    return f;
}

static void fixture_free(struct fixture *f)
{
    free(f->memory);
    free(f);
}

static uint32_t add(struct fixture *f, uint32_t listener)
{
    const uint32_t index = syn_cache_add(&f->cache);

    if (index != POOL_NONE)
        syn_cache_at(&f->cache, index)->listener = listener;
    return index;
}

static void a_fresh_entry_remembers_nothing(void **state)
{
    struct fixture *f = fixture_new(0);

    (void)state;
    for (unsigned life = 0; life < 3; life++) {
        const uint32_t index = syn_cache_add(&f->cache);
        struct syn_entry *entry = syn_cache_at(&f->cache, index);

        assert_int_equal(index, 0); /* the one just given back */
        assert_int_equal(entry->flags | entry->retries | entry->mss_peer | entry->tos, 0);
        assert_int_equal(entry->tuple.local_port | entry->tuple.local.bytes[15], 0);
        assert_true(entry->listener == POOL_NONE && entry->superseded == POOL_NONE);
        assert_true(entry->listener_next == POOL_NONE && entry->listener_prev == POOL_NONE);
        assert_true(syn_cache_next(&f->cache) == NEVER);
        memset(&entry->tuple, 0xff, sizeof entry->tuple);
        entry->flags = entry->retries = entry->tos = 0xff;
        entry->mss_peer = 1460;
        entry->superseded = entry->listener = 7;
        syn_cache_arm(&f->cache, index, SEC(1));
        syn_cache_remove(&f->cache, index);
        assert_true(syn_cache_next(&f->cache) == NEVER); /* its timer went with it */
    }
    fixture_free(f);
}

static void too_many_are_refused(void **state)
{
    struct fixture *f = fixture_new(0);

    (void)state;
    for (uint32_t i = 0; i < LIMIT; i++)
        assert_int_equal(add(f, 1), i);
    assert_true(add(f, 1) == POOL_NONE);
    assert_int_equal(f->cache.entries.refusals, 1);
    syn_cache_remove(&f->cache, 31);
    assert_int_equal(add(f, 1), 31);
    fixture_free(f);
}

/* SYN-ACKs fall due in the order of their deadlines, to the nanosecond, and are re-armed further
 * away. */
static void deadlines_come_in_order(void **state)
{
    struct fixture *f = fixture_new(SEC(10));
    int64_t due_at[LIMIT];
    struct rng rng;
    int64_t now = SEC(10);

    (void)state;
    rng_init(&rng, 1);
    for (uint32_t i = 0; i < LIMIT; i++) {
        due_at[add(f, 1)] = SEC(11) + rng_below(&rng, 1000000000);
        syn_cache_arm(&f->cache, i, due_at[i]);
    }
    for (unsigned fired = 0; fired < 3 * LIMIT; fired++) {
        int64_t first = NEVER;
        uint32_t index;

        for (uint32_t i = 0; i < LIMIT; i++)
            first = min64(first, due_at[i]);
        assert_true(syn_cache_next(&f->cache) <= first);
        assert_true(syn_cache_due(&f->cache, first - 1) == POOL_NONE);
        assert_true(first >= now);
        now = first;
        index = syn_cache_due(&f->cache, now);
        assert_true(index != POOL_NONE && due_at[index] == now);
        due_at[index] = now + (SEC(1) << ++syn_cache_at(&f->cache, index)->retries);
        syn_cache_arm(&f->cache, index, due_at[index]);
    }
    fixture_free(f);
}

static void a_walk_shows_each_entry_in_use_once(void **state)
{
    struct fixture *f = fixture_new(0);
    bool in_use[LIMIT] = {false};
    struct rng rng;

    (void)state;
    rng_init(&rng, 2);
    for (unsigned step = 0; step < 2000; step++) {
        const uint32_t index = rng_below(&rng, LIMIT);
        uint32_t at = 0;

        if (in_use[index])
            syn_cache_remove(&f->cache, index);
        in_use[in_use[index] ? index : add(f, step)] ^= true;
        for (uint32_t i = 0; i < LIMIT; i++) {
            if (!in_use[i])
                continue;
            assert_true(syn_cache_walk(&f->cache, &at));
            assert_int_equal(at, i);
            at++;
        }
        assert_false(syn_cache_walk(&f->cache, &at));
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_entry_remembers_nothing),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(deadlines_come_in_order),
        cmocka_unit_test(a_walk_shows_each_entry_in_use_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
