/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calendar_test.c: the calendar against a plain array of deadlines: nothing early, nothing late,
 * nothing twice, chains dense.
 */
#include "calendar.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { OBJECTS = 3000 };

struct object {
    uint32_t other;
    uint32_t position;
    int64_t deadline;
};

struct model {
    struct calendar calendar;
    struct object object[OBJECTS];
    bool held[OBJECTS];
    uint32_t count;
    int64_t now;
    struct rng rng;
    void *memory;
};

static int64_t deadline_of(const void *context, uint32_t index)
{
    return ((const struct object *)context)[index].deadline;
}

static struct model *model_new(uint64_t seed, int64_t now)
{
    struct model *m = calloc(1, sizeof *m);
    struct calendar_owner owner;

    assert_non_null(m);
    owner = (struct calendar_owner){
        .memory = (uint8_t *)m->object,
        .stride = sizeof(struct object),
        .position = offsetof(struct object, position),
        .context = m->object,
        .deadline = deadline_of,
    };
    m->memory = malloc((size_t)calendar_size(OBJECTS));
    memset(m->memory, 0xa5, (size_t)calendar_size(OBJECTS)); /* fresh memory need not be zero */
    memset(&m->calendar, 0xa5, sizeof m->calendar);
    m->now = now;
    rng_init(&m->rng, seed);
    calendar_init(&m->calendar, &owner, m->memory, OBJECTS, now);
    return m;
}

static void model_free(struct model *m)
{
    free(m->memory);
    free(m);
}

static void model_add(struct model *m, uint32_t index, int64_t deadline)
{
    assert_false(m->held[index]);
    m->object[index].deadline = deadline;
    m->held[index] = true;
    m->count++;
    calendar_add(&m->calendar, index, deadline);
}

static void model_remove(struct model *m, uint32_t index)
{
    assert_true(m->held[index]);
    m->held[index] = false;
    m->count--;
    calendar_remove(&m->calendar, index);
    assert_true(m->object[index].position == CALENDAR_NOWHERE);
}

static int64_t model_next(const struct model *m)
{
    int64_t next = NEVER;

    for (uint32_t i = 0; i < OBJECTS; i++)
        if (m->held[i])
            next = min64(next, m->object[i].deadline);
    return next;
}

/* Time goes to `now`: all that is due comes out, once, in batches of `max`; the rest stays. */
static uint32_t model_expire(struct model *m, int64_t now, size_t max)
{
    uint32_t due[2 * CALENDAR_BATCH];
    uint32_t total = 0;

    m->now = now;
    while (calendar_next(&m->calendar) <= now) {
        size_t count = calendar_expire(&m->calendar, now, due, max);

        assert_true(count <= max);
        for (size_t i = 0; i < count; i++) {
            assert_true(m->held[due[i]] && m->object[due[i]].deadline <= now);
            m->held[due[i]] = false;
            m->count--;
        }
        total += (uint32_t)count;
    }
    assert_true(model_next(m) > now);
    assert_int_equal(m->calendar.count, m->count);
    assert_true(calendar_next(&m->calendar) <= model_next(m));
    return total;
}

/* Chunk memory is bounded by the count: dense chains, one ragged chunk each. */
static void check_dense(const struct model *m)
{
    assert_true(m->calendar.chunks.used <=
                m->calendar.count / CALENDAR_CHUNK + min32(m->calendar.count, CALENDAR_CHAINS));
}

/* Lengths of time of every order, from nanoseconds to more than a year. */
static int64_t random_length(struct rng *rng)
{
    return (int64_t)(rng_next(rng) >> (64 - 1 - rng_below(rng, 40)));
}

static void random_step(struct model *m)
{
    uint32_t index = rng_below(&m->rng, OBJECTS);

    switch (rng_below(&m->rng, 8)) {
    default:
        if (!m->held[index])
            model_add(m, index, m->now + random_length(&m->rng) - 1000);
        break;
    case 5: /* a restart: the deadline is written, no more */
        if (m->held[index])
            m->object[index].deadline += random_length(&m->rng);
        break;
    case 6:
        if (m->held[index])
            model_remove(m, index);
        break;
    case 7:
        model_expire(m, m->now + random_length(&m->rng) / 64,
                     1 + rng_below(&m->rng, 2 * CALENDAR_BATCH));
        break;
    }
}

static void agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct model *m = model_new(seed, seed % 2 == 0 ? -SEC(700) : (int64_t)seed << 50);

        for (unsigned step = 0; step < 12000; step++) {
            random_step(m);
            if (step % 100 == 0)
                check_dense(m);
        }
        model_expire(m, m->now + SEC(3000), CALENDAR_BATCH);
        assert_int_equal(m->count, 0);
        assert_int_equal(m->calendar.chunks.used, 0);
        assert_true(calendar_next(&m->calendar) == NEVER);
        model_free(m);
    }
}

/* Sleeping until calendar_next wakes at every deadline exactly, and a bounded number of times in
 * vain. */
static void sleeping_until_next_misses_nothing(void **state)
{
    struct model *m = model_new(11, SEC(5));
    unsigned wakes = 0;

    (void)state;
    for (uint32_t i = 0; i < OBJECTS; i++)
        model_add(m, i, SEC(5) + (int64_t)rng_below(&m->rng, 2000000000));
    while (m->count > 0) {
        int64_t due = model_next(m);
        int64_t next = calendar_next(&m->calendar);

        assert_true(next >= m->now && next <= due);
        assert_int_equal(model_expire(m, next, CALENDAR_BATCH) > 0, next == due);
        wakes++;
    }
    assert_true(wakes < 3 * OBJECTS);
    model_free(m);
}

static void never_early_to_the_nanosecond(void **state)
{
    static const int64_t lengths[] = {0,        1,        65535,    65536,    1 << 26,  SEC(60),
                                      SEC(240), SEC(274), SEC(275), SEC(276), SEC(1000)};

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct model *m = model_new(1, 987654321);

        model_add(m, 3, m->now + lengths[i]);
        assert_int_equal(model_expire(m, m->now + lengths[i] - 1, 8), 0);
        assert_int_equal(model_expire(m, m->now + 1, 8), 1);
        model_free(m);
    }
}

/* 2MSL restarted again and again just before its end: the record never expires, and every
 * restart writes one word. */
static void restarts_only_write_the_deadline(void **state)
{
    struct model *m = model_new(1, 0);

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        model_add(m, i, SEC(60) + i);
    for (unsigned turn = 1; turn < 20; turn++) {
        for (uint32_t i = 0; i < 100; i++)
            m->object[i].deadline = m->now + SEC(60) + i;
        assert_int_equal(model_expire(m, m->now + SEC(59), CALENDAR_BATCH), 0);
        check_dense(m);
    }
    assert_int_equal(model_expire(m, m->now + SEC(1), CALENDAR_BATCH), 1);
    assert_int_equal(model_expire(m, m->now + 99, CALENDAR_BATCH), 99);
    model_free(m);
}

/* Many in one hour, due one nanosecond after the other, some restarted, some removed while they
 * wait. */
static void the_hour_at_hand_is_exact(void **state)
{
    struct model *m = model_new(1, SEC(1));

    (void)state;
    for (uint32_t i = 0; i < 500; i++)
        model_add(m, i, SEC(2) + i);
    for (uint32_t i = 0; i < 500; i++) {
        if (i % 5 == 4) {
            model_remove(m, i);
            assert_int_equal(model_expire(m, SEC(2) + i, 1 + i % 3), 0);
        } else if (i % 5 == 3) {
            m->object[i].deadline += 2000 - i;
            assert_int_equal(model_expire(m, SEC(2) + i, 1 + i % 3), 0);
        } else {
            assert_int_equal(model_expire(m, SEC(2) + i, 1 + i % 3), 1);
        }
    }
    assert_int_equal(model_expire(m, SEC(2) + 1999, 64), 0);
    assert_int_equal(model_expire(m, SEC(2) + 2000, 64), 100);
    model_free(m);
}

/* One call does bounded work, even when all of the objects were restarted and none is due. */
static void one_call_looks_at_few(void **state)
{
    struct model *m = model_new(1, 0);
    uint32_t due[CALENDAR_BATCH];
    unsigned calls = 0;

    (void)state;
    for (uint32_t i = 0; i < OBJECTS; i++)
        model_add(m, i, SEC(60));
    for (uint32_t i = 0; i < OBJECTS; i++)
        m->object[i].deadline = SEC(120);
    while (calendar_next(&m->calendar) <= SEC(61)) {
        assert_int_equal(calendar_expire(&m->calendar, SEC(61), due, CALENDAR_BATCH), 0);
        calls++;
    }
    assert_true(calls >= OBJECTS / (5 * CALENDAR_BATCH));
    assert_int_equal(m->calendar.count, OBJECTS);
    model_free(m);
}

static void the_oldest_is_the_first_to_expire(void **state)
{
    struct model *m = model_new(1, 0);

    (void)state;
    assert_true(calendar_oldest(&m->calendar) == POOL_NONE);
    for (uint32_t i = 0; i < 30; i++)
        model_add(m, i, SEC(60) - (int64_t)i * MS(70));
    for (uint32_t i = 29; i > 3; i--) {
        assert_int_equal(calendar_oldest(&m->calendar), i);
        model_remove(m, i);
    }
    m->object[3].deadline = SEC(90); /* restarted: it is not the oldest any more */
    assert_int_equal(calendar_oldest(&m->calendar), 2);
    model_expire(m, SEC(60) - MS(140) - 1,
                 CALENDAR_BATCH); /* 2 stands in an hour, or waits, by now */
    assert_int_equal(calendar_oldest(&m->calendar), 2);
    model_free(m);
}

static void programmer_errors_are_caught(void **state)
{
    struct model *m = model_new(1, 0);

    (void)state;
    model_add(m, 1, 5);
    m->object[2].position = CALENDAR_NOWHERE;
    expect_assert_failure(calendar_remove(&m->calendar, 2));
    m->object[2].position = m->object[1].position;
    expect_assert_failure(calendar_remove(&m->calendar, 2));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(sleeping_until_next_misses_nothing),
        cmocka_unit_test(never_early_to_the_nanosecond),
        cmocka_unit_test(restarts_only_write_the_deadline),
        cmocka_unit_test(the_hour_at_hand_is_exact),
        cmocka_unit_test(one_call_looks_at_few),
        cmocka_unit_test(the_oldest_is_the_first_to_expire),
        cmocka_unit_test(programmer_errors_are_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
