/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_ranges.c: ranges against the slowest model there is, one flag for each sequence number.
 *
 * The tape chooses operations on numbers near the wrap of the 32-bit space; after each one the set
 * and the model must agree number by number, and the set must be sorted, disjoint and never
 * touching.
 */
#include <string.h>

#include "fuzz.h"
#include "ranges.h"

enum { SPACE = 256, NODES = 24 };

static const uint32_t ORIGIN = 0xffffff80u; /* half of SPACE lies behind the wrap */

static struct seq number(unsigned i)
{
    return seq_of(ORIGIN + i);
}

static void compare(const struct ranges *set, const struct pool *pool, const bool *model)
{
    bool seen[SPACE] = {false};
    uint32_t count = 0;
    const struct range *last = NULL;
    for (const struct range *r = ranges_first(set, pool); r != NULL;
         r = ranges_next(set, pool, r)) {
        CHECK(seq_before(r->from, r->to));
        CHECK(last == NULL || seq_before(last->to, r->from));
        for (uint32_t v = r->from.v; v != r->to.v; v++) {
            CHECK(v - ORIGIN < SPACE);
            seen[v - ORIGIN] = true;
        }
        last = r;
        CHECK(++count <= NODES);
    }
    CHECK(count == set->count && pool->used == count);
    CHECK(memcmp(seen, model, sizeof seen) == 0);
    CHECK(last == ranges_last(set, pool));
}

static void add(struct ranges *set, struct pool *pool, bool *model, unsigned from, unsigned to)
{
    uint32_t fresh = 0, expected = 0;
    struct range merged;
    uint32_t before = set->count;
    if (!ranges_add(set, pool, NODES, number(from), number(to), &fresh, &merged)) {
        CHECK(set->count == before && pool->used == NODES);
        return;
    }
    for (unsigned i = from; i < to; i++) {
        expected += !model[i];
        model[i] = true;
    }
    CHECK(fresh == expected);
    CHECK(seq_before_or_equal(merged.from, number(from)) &&
          seq_after_or_equal(merged.to, number(to)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tape = {data, size};
    static _Alignas(64) uint8_t memory[NODES * sizeof(struct range)];
    bool model[SPACE] = {false};
    struct pool pool;
    struct ranges set;
    pool_init(&pool, memory, sizeof(struct range), NODES);
    ranges_init(&set);
    while (tape.left > 0) {
        unsigned operation = tape_u8(&tape) % 4;
        unsigned from = tape_u8(&tape) % (SPACE - 1);
        unsigned to = from + 1 + tape_u8(&tape) % (SPACE - 1 - from);
        if (operation < 2) {
            add(&set, &pool, model, from, to);
        } else if (operation == 2) {
            ranges_trim_before(&set, &pool, number(from));
            memset(model, 0, from);
        } else {
            const struct range *r = ranges_at_or_after(&set, &pool, number(from));
            unsigned i = from;
            while (i < SPACE && !model[i])
                i++;
            CHECK((r == NULL) == (i == SPACE));
            CHECK(r == NULL ||
                  (seq_before_or_equal(r->from, number(i)) && seq_after(r->to, number(i))));
        }
        compare(&set, &pool, model);
    }
    ranges_clear(&set, &pool);
    CHECK(pool.used == 0 && set.count == 0);
    return 0;
}
