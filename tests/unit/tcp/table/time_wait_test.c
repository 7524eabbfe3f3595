/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_wait_test.c: packed records give back what was put in, expire exactly, restart by one word,
 * and agree with a plain array under random operations. Both families.
 */
#include "time_wait.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIMIT = 400 };

struct model {
    struct time_wait table;
    void *memory;
    struct rng rng;
    int64_t now;
    struct time_wait_record record[2][LIMIT];
    bool in_use[2][LIMIT];
};

static struct model *model_new(uint64_t seed, int64_t now)
{
    struct model *m = calloc(1, sizeof *m);

    m->memory = malloc((size_t)time_wait_size(LIMIT, LIMIT));
    memset(m->memory, 0x5a,
           (size_t)time_wait_size(LIMIT, LIMIT)); /* fresh memory need not be zero */
    time_wait_init(&m->table, m->memory, LIMIT, LIMIT, now);
    rng_init(&m->rng, seed);
    m->now = now;
    return m;
}

static void model_free(struct model *m)
{
    free(m->memory);
    free(m);
}

static uint32_t clock_ms_of(int64_t now)
{
    return (uint32_t)((uint64_t)now / 1000000u);
}

static struct tuple random_tuple(struct rng *rng, bool is_ipv6)
{
    struct tuple tuple = {
        .local = lastack_ipv4(192, 0, 2, (uint8_t)rng_below(rng, 256)),
        .remote = lastack_ipv4(198, 51, 100, (uint8_t)rng_below(rng, 256)),
        .local_port = (uint16_t)rng_below(rng, 65536),
        .remote_port = (uint16_t)rng_below(rng, 65536),
    };

    if (is_ipv6) {
        tuple.local.bytes[0] = tuple.remote.bytes[0] = 0x20;
        tuple.local.bytes[7] = (uint8_t)rng_below(rng, 256);
    }
    return tuple;
}

static struct time_wait_record random_record(struct model *m, bool is_ipv6)
{
    return (struct time_wait_record){
        .tuple = random_tuple(&m->rng, is_ipv6),
        .snd_nxt = seq_of((uint32_t)rng_next(&m->rng)),
        .rcv_nxt = seq_of((uint32_t)rng_next(&m->rng)),
        .window = (uint16_t)rng_next(&m->rng),
        .window_shift = (uint8_t)rng_below(&m->rng, 15),
        .flags = (uint8_t)rng_below(&m->rng, 64),
        .cause = (uint8_t)rng_below(&m->rng, LASTACK_CAUSE_COUNT),
        .ts_recent = (uint32_t)rng_next(&m->rng),
        .ts_taken_at = paws_clock(m->now) - rng_below(&m->rng, 1000000),
        .entered_ms = clock_ms_of(m->now),
        .deadline = m->now + SEC(60) + rng_below(&m->rng, 1000000000),
        .challenge_at = NEVER,
    };
}

static void assert_same(const struct time_wait_record *a, const struct time_wait_record *b)
{
    assert_true(tuple_equal(&a->tuple, &b->tuple));
    assert_true(seq_equal(a->snd_nxt, b->snd_nxt) && seq_equal(a->rcv_nxt, b->rcv_nxt));
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->window_shift, b->window_shift);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->cause, b->cause);
    assert_int_equal(a->ts_recent, b->ts_recent);
    assert_int_equal(a->ts_taken_at, b->ts_taken_at);
    assert_int_equal(a->entered_ms, b->entered_ms);
    assert_true(a->deadline == b->deadline);
    if (b->challenge_at == NEVER) {
        assert_true(a->challenge_at == NEVER);
    } else { /* coarse: at most 8.4 ms and the entry's millisecond early, never late */
        assert_true(a->challenge_at <= b->challenge_at);
        assert_true(a->challenge_at > b->challenge_at - MS(10));
    }
}

static void check_equals_model(const struct model *m)
{
    struct time_wait_record record;

    for (int family = 0; family < 2; family++) {
        uint32_t at = 0;

        for (uint32_t i = 0; i < LIMIT; i++) {
            const struct time_wait_ref ref = {family != 0, i};

            if (!m->in_use[family][i])
                continue;
            assert_true(time_wait_walk(&m->table, family != 0, &at));
            assert_int_equal(at, i);
            at++;
            time_wait_read(&m->table, ref, &record);
            assert_same(&record, &m->record[family][i]);
            assert_true(time_wait_is(&m->table, ref, &record.tuple));
        }
        assert_false(time_wait_walk(&m->table, family != 0, &at));
    }
}

static bool model_enter(struct model *m, bool is_ipv6)
{
    const struct time_wait_record record = random_record(m, is_ipv6);
    struct time_wait_ref ref;

    if (!time_wait_enter(&m->table, &record, &ref))
        return false;
    assert_int_equal(ref.is_ipv6, is_ipv6);
    assert_false(m->in_use[is_ipv6][ref.index]);
    m->in_use[is_ipv6][ref.index] = true;
    m->record[is_ipv6][ref.index] = record;
    return true;
}

static int64_t model_next(const struct model *m)
{
    int64_t next = NEVER;

    for (int family = 0; family < 2; family++)
        for (uint32_t i = 0; i < LIMIT; i++)
            if (m->in_use[family][i])
                next = min64(next, m->record[family][i].deadline);
    return next;
}

/* Everything due comes out once, nothing else does. Returns how many. */
static unsigned model_expire(struct model *m, int64_t now)
{
    unsigned total = 0;

    m->now = now;
    while (time_wait_next(&m->table) <= now) {
        for (int family = 0; family < 2; family++) {
            struct time_wait_ref refs[CALENDAR_BATCH];
            const size_t count =
                time_wait_expire(&m->table, family != 0, now, refs, CALENDAR_BATCH);

            for (size_t i = 0; i < count; i++) {
                struct time_wait_record record;

                assert_true(refs[i].is_ipv6 == (family != 0) && m->in_use[family][refs[i].index]);
                time_wait_read(&m->table, refs[i], &record); /* still readable */
                assert_same(&record, &m->record[family][refs[i].index]);
                assert_true(record.deadline <= now);
                time_wait_free(&m->table, refs[i]);
                m->in_use[family][refs[i].index] = false;
            }
            total += (unsigned)count;
        }
    }
    assert_true(model_next(m) > now);
    return total;
}

/* What a segment does to a record: some fields, perhaps a restart. */
static void model_touch(struct model *m, struct time_wait_ref ref)
{
    struct time_wait_record *known = &m->record[ref.is_ipv6][ref.index];
    struct time_wait_record record;

    time_wait_read(&m->table, ref, &record);
    record.challenge_at = m->now;
    record.flags ^= TIME_WAIT_SUSPENDED;
    record.rcv_nxt = seq_add(record.rcv_nxt, 1);
    record.ts_recent++;
    record.ts_taken_at = paws_clock(m->now);
    record.cause = LASTACK_CAUSE_FIN_REPEATED;
    *known = record;
    time_wait_write(&m->table, ref, &record);
}

static void model_move(struct model *m, struct time_wait_ref ref)
{
    struct time_wait_record *known = &m->record[ref.is_ipv6][ref.index];

    if (rng_below(&m->rng, 4) == 0)
        known->deadline = m->now + rng_below(&m->rng, 1000000000);
    else
        known->deadline += rng_below(&m->rng, 1000000000);
    time_wait_set_deadline(&m->table, ref, known->deadline);
}

static void agrees_with_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct model *m = model_new(seed, (int64_t)(seed - 1) << 54); /* days of any number */

        for (unsigned step = 0; step < 15000; step++) {
            const struct time_wait_ref ref = {rng_below(&m->rng, 2) != 0,
                                              rng_below(&m->rng, LIMIT)};
            const unsigned what = rng_below(&m->rng, 10);

            if (!m->in_use[ref.is_ipv6][ref.index]) {
                model_enter(m, ref.is_ipv6);
            } else if (what < 4) {
                model_touch(m, ref);
            } else if (what < 7) {
                model_move(m, ref);
            } else if (what < 8) {
                time_wait_remove(&m->table, ref);
                m->in_use[ref.is_ipv6][ref.index] = false;
            }
            if (what == 9)
                model_expire(m, m->now + rng_below(&m->rng, 2000000000));
            if (step % 500 == 0)
                check_equals_model(m);
        }
        model_expire(m, m->now + SEC(100));
        assert_int_equal(time_wait_count(&m->table), 0);
        assert_true(time_wait_next(&m->table) == NEVER);
        model_free(m);
    }
}

/* 2MSL, restarted by the peer's repeated FIN: exact to the nanosecond (RFC 9293 §3.10.7.4). */
static void a_restart_is_exact(void **state)
{
    struct model *m = model_new(1, SEC(1000));
    struct time_wait_record record = random_record(m, false);
    struct time_wait_ref refs[1], ref;

    (void)state;
    record.deadline = SEC(1060);
    assert_true(time_wait_enter(&m->table, &record, &ref));
    assert_int_equal(time_wait_expire(&m->table, false, SEC(1060) - 1, refs, 1), 0);
    time_wait_set_deadline(&m->table, ref, SEC(1119) + 1);
    assert_int_equal(time_wait_expire(&m->table, false, SEC(1060), refs, 1), 0);
    assert_int_equal(time_wait_expire(&m->table, false, SEC(1119), refs, 1), 0);
    assert_int_equal(time_wait_expire(&m->table, false, SEC(1119) + 1, refs, 1), 1);
    assert_int_equal(refs[0].index, ref.index);
    time_wait_free(&m->table, refs[0]);
    model_free(m);
}

/* Shortened (kill, FIN-WAIT-2 to TIME-WAIT): it does not wait for the day it was put into first. */
static void shortening_moves_at_once(void **state)
{
    struct model *m = model_new(1, 0);
    struct time_wait_record record = random_record(m, true);
    struct time_wait_ref refs[1], ref;

    (void)state;
    record.deadline = SEC(200);
    assert_true(time_wait_enter(&m->table, &record, &ref));
    time_wait_set_deadline(&m->table, ref, MS(5));
    assert_true(time_wait_next(&m->table) <= MS(5));
    assert_int_equal(time_wait_expire(&m->table, true, MS(5) - 1, refs, 1), 0);
    assert_int_equal(time_wait_expire(&m->table, true, MS(5), refs, 1), 1);
    model_free(m);
}

static void a_full_pool_refuses_and_the_oldest_can_go(void **state)
{
    struct model *m = model_new(3, SEC(1));
    struct time_wait_record record = random_record(m, false);
    struct time_wait_ref ref, oldest;

    (void)state;
    assert_false(time_wait_oldest(&m->table, false, &oldest));
    for (uint32_t i = 0; i < LIMIT; i++) {
        record.deadline = SEC(100) - MS(100) * i;
        assert_true(time_wait_enter(&m->table, &record, &ref));
    }
    assert_false(time_wait_enter(&m->table, &record, &ref));
    assert_false(time_wait_oldest(&m->table, true, &oldest));
    for (uint32_t i = LIMIT; i-- > 0;) {
        assert_true(time_wait_oldest(&m->table, false, &oldest));
        time_wait_read(&m->table, oldest, &record);
        assert_true(record.deadline == SEC(100) - MS(100) * i);
        time_wait_remove(&m->table, oldest);
        assert_true(time_wait_enter(
            &m->table, &(struct time_wait_record){.tuple = record.tuple, .deadline = SEC(500)},
            &ref));
        assert_int_equal(ref.index, oldest.index);
    }
    assert_int_equal(time_wait_count(&m->table), LIMIT);
    model_free(m);
}

static void only_its_own_tuple_is_its(void **state)
{
    struct model *m = model_new(9, 0);

    (void)state;
    for (int family = 0; family < 2; family++) {
        const struct time_wait_record record = random_record(m, family != 0);
        struct time_wait_ref ref;

        assert_true(time_wait_enter(&m->table, &record, &ref));
        assert_true(time_wait_is(&m->table, ref, &record.tuple));
        for (unsigned bit = 0; bit < sizeof(struct tuple) * 8; bit++) {
            struct tuple other = record.tuple;

            ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(time_wait_is(&m->table, ref, &other));
        }
    }
    model_free(m);
}

/* A world that slept for years: what is overdue goes, nothing comes back as young. */
static void a_long_sleep_is_survived(void **state)
{
    const int64_t year = SEC(365 * 24 * 3600LL);
    struct model *m = model_new(5, SEC(77));

    (void)state;
    for (unsigned i = 0; i < 50; i++)
        assert_true(model_enter(m, i % 2 == 0));
    assert_int_equal(model_expire(m, SEC(77) + 3 * year), 50);
    for (unsigned i = 0; i < 50; i++)
        assert_true(model_enter(m, i % 2 == 0));
    check_equals_model(m);
    assert_int_equal(model_expire(m, m->now + SEC(59)), 0);
    assert_int_equal(model_expire(m, m->now + SEC(3)), 50);
    model_free(m);
}

/* Bounds of the packed fields. */
static void extremes_are_clamped(void **state)
{
    struct model *m = model_new(6, SEC(10));
    struct time_wait_record record = random_record(m, false), back;
    struct time_wait_ref ref;

    (void)state;
    assert_true(model_enter(m, false)); /* sets the clock */
    record.deadline = NEVER;
    record.ts_taken_at = paws_clock(m->now) - (1u << 30);
    assert_true(time_wait_enter(&m->table, &record, &ref));
    time_wait_read(&m->table, ref, &back);
    assert_true(back.deadline >= SEC(10) + TIME_WAIT_LONGEST &&
                back.deadline <= SEC(100) + TIME_WAIT_LONGEST);
    /* 104 days before the table's clock, which is a minute or so ahead */
    assert_in_range(back.ts_taken_at - (paws_clock(m->now) - (1u << 23)), 0, 120);
    back.challenge_at = SEC(10) + SEC(3600);
    time_wait_write(&m->table, ref, &back);
    time_wait_read(&m->table, ref, &back);
    assert_true(back.challenge_at > SEC(500) && back.challenge_at < SEC(600)); /* limits less */
    back.window_shift = 15;
    expect_assert_failure(time_wait_write(&m->table, ref, &back));
    expect_assert_failure(time_wait_free(&m->table, ref));
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_model),
        cmocka_unit_test(a_restart_is_exact),
        cmocka_unit_test(shortening_moves_at_once),
        cmocka_unit_test(a_full_pool_refuses_and_the_oldest_can_go),
        cmocka_unit_test(only_its_own_tuple_is_its),
        cmocka_unit_test(a_long_sleep_is_survived),
        cmocka_unit_test(extremes_are_clamped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
