/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash_index_test.c: the stretching array against a plain list of pairs, with its written
 * invariants checked line by line.
 */
#include "hash_index.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MODEL_MAX = 6000 };

struct pair {
    uint32_t hash, ref;
};

struct model {
    struct hash_index index;
    void *memory;
    struct rng rng;
    uint32_t count;
    uint32_t next_ref;
    struct pair pair[MODEL_MAX];
};

static struct model *model_new(uint32_t limit, uint64_t seed)
{
    struct model *m = calloc(1, sizeof *m);

    assert_non_null(m);
    m->memory = aligned_alloc(64, (size_t)hash_index_size(limit));
    assert_non_null(m->memory);
    memset(m->memory, 0, (size_t)hash_index_size(limit));
    hash_index_init(&m->index, m->memory, limit);
    rng_init(&m->rng, seed);
    m->next_ref = 1;
    return m;
}

static void model_free(struct model *m)
{
    free(m->memory);
    free(m);
}

static bool model_insert(struct model *m, uint32_t hash)
{
    if (!hash_index_insert(&m->index, hash, m->next_ref))
        return false;
    m->pair[m->count++] = (struct pair){hash, m->next_ref++};
    return true;
}

static void model_remove(struct model *m, uint32_t at)
{
    assert_true(hash_index_remove(&m->index, m->pair[at].hash, m->pair[at].ref));
    m->pair[at] = m->pair[--m->count];
}

/* How often the walk over `hash` yields this pair. */
static unsigned times_found(const struct hash_index *index, uint32_t hash, uint32_t ref)
{
    struct hash_cursor cursor;
    unsigned times = 0;

    for (uint32_t found = hash_index_first(index, hash, &cursor); found != 0;
         found = hash_index_next(&cursor)) {
        assert_int_equal(cursor.line->hash[cursor.slot], hash);
        times += found == ref;
    }
    return times;
}

/* Lines are packed, and full from every record's home to where it lives. */
static void check_invariants(const struct hash_index *index)
{
    uint32_t found = 0;

    for (uint32_t at = 0; at < index->line_limit; at++) {
        const struct hash_line *line = &index->lines[at];

        for (unsigned i = 0; i < HASH_LINE_SLOTS; i++) {
            const uint32_t home = hash_index_home(index, line->hash[i]);

            if (line->ref[i] == 0)
                continue;
            found++;
            assert_true(i == 0 || line->ref[i - 1] != 0);
            assert_true(home <= at);
            for (uint32_t on = home; on < at; on++)
                assert_true(hash_line_is_full(&index->lines[on]));
        }
    }
    assert_int_equal(found, index->count);
    assert_true(index->edge > 0 && index->edge <= index->narrow && index->narrow < index->wide);
    assert_true(index->wide < index->line_limit);
}

static void check_equals_model(const struct model *m)
{
    assert_int_equal(m->index.count, m->count);
    for (uint32_t i = 0; i < m->count; i++)
        assert_int_equal(times_found(&m->index, m->pair[i].hash, m->pair[i].ref), 1);
    check_invariants(&m->index);
}

/* Grows and shrinks in waves, so that every step of the stretching meets removals. */
static void agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct model *m = model_new(MODEL_MAX, seed);

        for (unsigned step = 0; step < 24000; step++) {
            bool is_growing = step / 4000 % 2 == 0;

            if (rng_below(&m->rng, 10) < (is_growing ? 8u : 3u) && m->count < MODEL_MAX)
                assert_true(model_insert(m, (uint32_t)rng_next(&m->rng)));
            else if (m->count > 0)
                model_remove(m, rng_below(&m->rng, m->count));
            if (step % 2000 == 1999)
                check_equals_model(m);
        }
        while (m->count > 0)
            model_remove(m, rng_below(&m->rng, m->count));
        check_equals_model(m);
        model_free(m);
    }
}

/* Few different hashes: equal ones are told apart by ref, and lines overflow far. */
static void agrees_under_collisions(void **state)
{
    (void)state;
    for (uint32_t kinds = 1; kinds <= 64; kinds *= 4) {
        struct model *m = model_new(MODEL_MAX, kinds);

        for (unsigned step = 0; step < 4000; step++) {
            uint32_t hash = rng_below(&m->rng, kinds) * (UINT32_MAX / 64);

            if (m->count < 40 || (m->count < 400 && rng_below(&m->rng, 2) == 0))
                assert_true(model_insert(m, hash));
            else
                model_remove(m, rng_below(&m->rng, m->count));
            if (step % 100 == 0)
                check_equals_model(m);
        }
        model_free(m);
    }
}

/* Checked after every single insertion, over many generations of growth. */
static void every_step_of_growth_keeps_the_invariants(void **state)
{
    struct model *m = model_new(1200, 7);

    (void)state;
    for (unsigned i = 0; i < 1200; i++) {
        assert_true(model_insert(m, (uint32_t)rng_next(&m->rng)));
        check_invariants(&m->index);
    }
    check_equals_model(m);
    model_free(m);
}

static void what_is_not_held_is_not_found(void **state)
{
    struct model *m = model_new(1000, 5);
    struct hash_cursor cursor;

    (void)state;
    /* an empty slot has hash 0, too */
    assert_int_equal(hash_index_first(&m->index, 0, &cursor), 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(model_insert(m, (uint32_t)rng_next(&m->rng)));
    for (unsigned i = 0; i < 1000; i++) {
        const struct pair *pair = &m->pair[i];

        assert_int_equal(times_found(&m->index, pair->hash, pair->ref + 1000), 0);
        assert_false(hash_index_remove(&m->index, pair->hash, pair->ref + 1000));
        assert_false(hash_index_remove(&m->index, pair->hash ^ 1, pair->ref));
        assert_false(hash_index_replace(&m->index, pair->hash ^ 1, pair->ref, 1));
    }
    check_equals_model(m);
    model_free(m);
}

static void replace_rewrites_one_slot(void **state)
{
    struct model *m = model_new(100, 9);

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_true(model_insert(m, i % 3)); /* equal hashes: only the ref named is replaced */
    for (unsigned i = 0; i < 100; i += 2) {
        uint32_t new_ref = m->pair[i].ref | 0x80000000u;

        assert_true(hash_index_replace(&m->index, m->pair[i].hash, m->pair[i].ref, new_ref));
        m->pair[i].ref = new_ref;
    }
    check_equals_model(m);
    expect_assert_failure(hash_index_replace(&m->index, 1, 2, 0));
    expect_assert_failure(hash_index_insert(&m->index, 1, 0));
    model_free(m);
}

static void a_full_index_refuses_and_counts(void **state)
{
    (void)state;
    for (uint32_t limit = 1; limit < 300; limit += 13) {
        struct model *m = model_new(limit, limit);

        while (m->count < limit)
            assert_true(model_insert(m, (uint32_t)rng_next(&m->rng)));
        assert_false(model_insert(m, 77));
        assert_false(model_insert(m, 77));
        assert_int_equal(m->index.refusals, 2);
        model_remove(m, 0);
        assert_true(model_insert(m, 77));
        check_equals_model(m);
        model_free(m);
    }
}

/* The budget of decision 0007: at no count more than 11.9 bytes a slot, save for the first
 * lines. */
static void memory_follows_use(void **state)
{
    struct hash_index index;
    uint32_t limit = 120000;
    void *memory = calloc(1, (size_t)hash_index_size(limit));
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    hash_index_init(&index, memory, limit);
    assert_true(hash_index_touched(&index) <= 1024);
    for (uint32_t i = 1; i <= limit; i++) {
        assert_true(hash_index_insert(&index, (uint32_t)rng_next(&rng), i));
        if (i > 80000)
            assert_true((double)hash_index_touched(&index) / i < 11.9);
    }
    for (size_t i = hash_index_touched(&index) + 64 * 64; i < hash_index_size(limit); i++)
        assert_int_equal(((uint8_t *)memory)[i], 0);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(agrees_under_collisions),
        cmocka_unit_test(every_step_of_growth_keeps_the_invariants),
        cmocka_unit_test(what_is_not_held_is_not_found),
        cmocka_unit_test(replace_rewrites_one_slot),
        cmocka_unit_test(a_full_index_refuses_and_counts),
        cmocka_unit_test(memory_follows_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
