/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_timewait.c: ten thousand to ten million TIME-WAIT records: bytes, and what each thing that
 * happens to them costs.
 *
 *     insert    hash, record into pool and calendar, tuple into the index
 *     lookup    hash, find the owner, compare the tuple
 *     restart   hash, find, read the record, write a later deadline
 *     expire    calendar, read the record, hash, tuple out of the index, record back to the pool
 *
 * Each is done in batches of 32 in the passes of decision 0003, the way that the stack does it.
 * Before anything is measured, all records are freed once in random order, so that the pool gives
 * them out scattered over its whole memory: neighbours in time are never neighbours in memory. A
 * round is: insert n, look up, restart an eighth, let all expire, each timed; the tuples of the
 * next round are new ones. Insertion and expiry are therefore measured at every population from 0
 * to n, but over the memory of n.
 *
 * The memory is planned for ten million, whatever n is.
 */
#include "bench.h"

#include "figure.h"
#include "flow_index.h"
#include "instructions.h"
#include "mapping.h"
#include "numbered.h"
#include "resident.h"
#include "rng.h"
#include "stopwatch.h"
#include "time_wait.h"

#include <stdlib.h>

enum {
    LIMIT = 10000000,
    BATCH = CALENDAR_BATCH,
    BLOCK = 32 * BATCH, /* operations whose random numbers are drawn beforehand */
    COUNTED = 100 * BLOCK,
};

#define TWO_MSL SEC(60)

enum { POPULATIONS = 4 };

static const uint64_t populations[POPULATIONS] = {10000, 100000, 1000000, LIMIT};

enum op { OP_INSERT, OP_LOOKUP, OP_RESTART, OP_EXPIRE, OP_SERIAL, OPS };

static const char *const op_name[OPS] = {"insert", "lookup", "restart", "expire", "serial"};

/* Acceptance: what 10 M may cost, times what 10 k costs. The time in pages as served has them: what
 * 4 KiB pages alone cost is shown beside it (docs/decisions/0014). */
static const double WORST_TIME = 3.0, WORST_INSTRUCTIONS = 1.10;

struct waiting {
    struct mapping mapping;
    struct flow_index index;
    struct time_wait table;
    bool is_ipv6;
    enum bench_pages pages;
    uint64_t first, end; /* numbers of the tuples held; restarts aside */
    int64_t now, step;   /* step: between two entries, so that n of them fill 2MSL */
    struct rng rng;
    uint64_t found; /* so that nothing measured can be optimised away */
};

/* One population, and what is known about it. */
struct population {
    struct waiting w;
    uint64_t n;
    struct stopwatch watch[OPS];
    double instructions[OPS]; /* per operation; negative: not counted */
    double bytes;             /* resident, per record */
    double lines_mean;        /* lines of the index that a lookup reads */
    uint32_t lines_most;
};

/* ---- set-up ---- */

static size_t index_bytes(void)
{
    return (hash_index_size(LIMIT) + 4095) & ~(size_t)4095;
}

static bool waiting_make(struct waiting *w, bool is_ipv6, enum bench_pages pages, uint64_t n)
{
    const uint32_t ipv4 = is_ipv6 ? 0 : LIMIT, ipv6 = is_ipv6 ? LIMIT : 0;
    struct trouble trouble;

    *w = (struct waiting){
        .is_ipv6 = is_ipv6, .pages = pages, .now = SEC(1), .step = TWO_MSL / (int64_t)n};
    if (!mapping_make(&w->mapping, index_bytes() + time_wait_size(ipv4, ipv6), &trouble)) {
        fprintf(stderr, "lastack bench: %s\n", trouble.text);
        return false;
    }
    if (pages == PAGES_2M)
        mapping_use_large_pages(&w->mapping);
    rng_init(&w->rng, n);
    w->index.key = (struct siphash_key){0x0123456789abcdefu, 0xfedcba9876543210u};
    hash_index_init(&w->index.slots, w->mapping.base, LIMIT);
    time_wait_init(&w->table, (uint8_t *)w->mapping.base + index_bytes(), ipv4, ipv6, w->now);
    return true;
}

static struct flow_ref owner_ref(struct time_wait_ref ref)
{
    return (struct flow_ref){ref.is_ipv6 ? FLOW_TIME_WAIT_IPV6 : FLOW_TIME_WAIT_IPV4, ref.index};
}

static struct time_wait_ref record_of(uint32_t packed)
{
    const struct flow_ref ref = flow_unpack(packed);

    return (struct time_wait_ref){ref.kind == FLOW_TIME_WAIT_IPV6, ref.index};
}

/* ---- the four operations, in passes ---- */

static bool find_record(const struct waiting *w, const struct tuple *tuple, uint64_t flow,
                        struct time_wait_ref *ref)
{
    struct hash_cursor cursor;

    for (uint32_t slot = hash_index_first(&w->index.slots, (uint32_t)flow, &cursor); slot != 0;
         slot = hash_index_next(&cursor)) {
        *ref = record_of(slot);
        if (time_wait_is(&w->table, *ref, tuple))
            return true;
    }
    return false;
}

static void prefetch_record(const struct waiting *w, uint64_t flow)
{
    struct hash_cursor cursor;
    const uint32_t slot = hash_index_first(&w->index.slots, (uint32_t)flow, &cursor);

    if (slot != 0)
        time_wait_prefetch(&w->table, record_of(slot));
}

static void insert_batch(struct waiting *w, uint32_t count)
{
    struct time_wait_record record[BATCH];
    uint64_t flow[BATCH];

    for (uint32_t i = 0; i < count; i++) {
        record[i] = (struct time_wait_record){
            .tuple = numbered_tuple(w->end + i, w->is_ipv6),
            .snd_nxt = seq_of((uint32_t)w->end),
            .rcv_nxt = seq_of((uint32_t)w->end ^ 0x5a5a5a5a),
            .window = 501,
            .window_shift = 7,
            .flags = TIME_WAIT_TIMESTAMP,
            .cause = LASTACK_CAUSE_FIN,
            .ts_recent = (uint32_t)w->now,
            .ts_taken_at = paws_clock(w->now),
            .entered_ms = (uint32_t)(w->now / MS(1)),
            .deadline = w->now + TWO_MSL,
            .challenge_at = NEVER,
        };
        w->now += w->step;
        flow[i] = flow_hash(&w->index, &record[i].tuple);
        hash_index_prefetch(&w->index.slots, (uint32_t)flow[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct time_wait_ref ref;

        CHECK(time_wait_enter(&w->table, &record[i], &ref));
        CHECK(flow_insert(&w->index, flow[i], owner_ref(ref)));
    }
    w->end += count;
}

static void insert_many(struct waiting *w, uint64_t count)
{
    for (uint64_t done = 0; done < count; done += BATCH)
        insert_batch(w, (uint32_t)(count - done < BATCH ? count - done : BATCH));
}

/* Passes one and two for a batch of tuples by number. */
static void prefetch_batch(const struct waiting *w, const uint64_t *number, struct tuple *tuple,
                           uint64_t *flow)
{
    for (unsigned i = 0; i < BATCH; i++) {
        tuple[i] = numbered_tuple(number[i], w->is_ipv6);
        flow[i] = flow_hash(&w->index, &tuple[i]);
        hash_index_prefetch(&w->index.slots, (uint32_t)flow[i]);
    }
    for (unsigned i = 0; i < BATCH; i++)
        prefetch_record(w, flow[i]);
}

static void lookup_batch(struct waiting *w, const uint64_t *number)
{
    struct tuple tuple[BATCH];
    uint64_t flow[BATCH];
    struct time_wait_ref ref;

    prefetch_batch(w, number, tuple, flow);
    for (unsigned i = 0; i < BATCH; i++)
        w->found += find_record(w, &tuple[i], flow[i], &ref);
}

static void restart_batch(struct waiting *w, const uint64_t *number)
{
    struct tuple tuple[BATCH];
    uint64_t flow[BATCH];

    prefetch_batch(w, number, tuple, flow);
    for (unsigned i = 0; i < BATCH; i++) {
        struct time_wait_record record;
        struct time_wait_ref ref;

        if (!find_record(w, &tuple[i], flow[i], &ref))
            continue;
        time_wait_read(&w->table, ref, &record);
        time_wait_set_deadline(&w->table, ref, w->now + TWO_MSL);
        w->found += record.window != 0;
    }
}

/* One at a time, and the next tuple is not known before the last record has been read. */
static void lookup_serially(struct waiting *w, const uint64_t *number, unsigned count)
{
    uint64_t chain = 0;

    for (unsigned i = 0; i < count; i++) {
        const struct tuple tuple = numbered_tuple(number[i] + chain, w->is_ipv6);
        struct time_wait_record record;
        struct time_wait_ref ref;

        if (!find_record(w, &tuple, flow_hash(&w->index, &tuple), &ref))
            continue;
        time_wait_read(&w->table, ref, &record);
        chain = record.window - 501u; /* 0, which the compiler cannot know */
        w->found++;
    }
}

/* What is due by now: read, hash and prefetch all, then take them out. */
static uint32_t expire_batch(struct waiting *w)
{
    struct time_wait_ref ref[BATCH];
    struct time_wait_record record;
    uint64_t flow[BATCH];
    const size_t count = time_wait_expire(&w->table, w->is_ipv6, w->now, ref, BATCH);

    for (size_t i = 0; i < count; i++) {
        time_wait_read(&w->table, ref[i], &record);
        flow[i] = flow_hash(&w->index, &record.tuple);
        hash_index_prefetch(&w->index.slots, (uint32_t)flow[i]);
    }
    for (size_t i = 0; i < count; i++) {
        CHECK(flow_remove(&w->index, flow[i], owner_ref(ref[i])));
        time_wait_free(&w->table, ref[i]);
    }
    return (uint32_t)count;
}

/* Time goes on at the pace at which they came, a batch at a time, until `count` have gone. */
static void expire_many(struct waiting *w, uint64_t count)
{
    uint64_t gone = 0;

    while (gone < count && time_wait_next(&w->table) != NEVER) {
        if (time_wait_next(&w->table) > w->now)
            w->now += w->step * BATCH;
        gone += expire_batch(w);
    }
    w->first += gone;
}

/* Frees all in random order: from now on the pool gives its records out in that order. */
static bool scatter(struct waiting *w)
{
    const uint64_t n = w->end - w->first;
    uint32_t *order = malloc(n * sizeof *order);

    if (order == NULL)
        return false;
    for (uint64_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (uint64_t i = n; i-- > 1;) {
        const uint64_t j = rng_below(&w->rng, (uint32_t)i + 1);
        const uint32_t other = order[i];

        order[i] = order[j];
        order[j] = other;
    }
    for (uint64_t i = 0; i < n; i++) {
        const struct tuple tuple = numbered_tuple(w->first + order[i], w->is_ipv6);
        const uint64_t flow = flow_hash(&w->index, &tuple);
        struct time_wait_ref ref;

        CHECK(find_record(w, &tuple, flow, &ref));
        CHECK(flow_remove(&w->index, flow, owner_ref(ref)));
        time_wait_remove(&w->table, ref);
    }
    w->first = w->end;
    free(order);
    return true;
}

/* ---- measuring ---- */

static void draw(struct waiting *w, uint64_t *number, uint64_t n)
{
    for (unsigned i = 0; i < BLOCK; i++)
        number[i] = w->first + rng_below(&w->rng, (uint32_t)n);
}

/* `count` operations, rounded up to blocks, of a kind that takes random tuples of the n that are
 * held; timed if there is a watch. Returns how many. */
static uint64_t run_random(struct waiting *w, enum op op, uint64_t n, uint64_t count,
                           struct stopwatch *watch)
{
    uint64_t number[BLOCK];
    uint64_t done = 0;

    for (; done < count; done += BLOCK) {
        draw(w, number, n);
        if (watch != NULL)
            stopwatch_start(watch);
        if (op == OP_SERIAL)
            lookup_serially(w, number, BLOCK);
        for (unsigned at = 0; at < BLOCK && op != OP_SERIAL; at += BATCH) {
            if (op == OP_LOOKUP)
                lookup_batch(w, number + at);
            else
                restart_batch(w, number + at);
        }
        if (watch != NULL)
            stopwatch_stop(watch, BLOCK);
    }
    return done;
}

/* Everything once, and small populations as often as it takes to be worth timing. */
static void run_round(struct population *p, uint64_t work)
{
    const uint64_t n = p->n;
    const uint64_t lookups = n < work ? n : work;

    for (uint64_t done = 0; done < work; done += n) {
        stopwatch_start(&p->watch[OP_INSERT]);
        insert_many(&p->w, n);
        stopwatch_stop(&p->watch[OP_INSERT], n);
        run_random(&p->w, OP_LOOKUP, n, lookups, &p->watch[OP_LOOKUP]);
        run_random(&p->w, OP_SERIAL, n, lookups / 8, &p->watch[OP_SERIAL]);
        run_random(&p->w, OP_RESTART, n, n / 8, &p->watch[OP_RESTART]);
        stopwatch_start(&p->watch[OP_EXPIRE]);
        expire_many(&p->w, n);
        stopwatch_stop(&p->watch[OP_EXPIRE], n);
    }
    for (unsigned op = 0; op < OPS; op++)
        stopwatch_round(&p->watch[op]);
}

/* How far records stand from their home lines. */
static void survey_index(struct population *p)
{
    const struct hash_index *slots = &p->w.index.slots;
    uint64_t lines = 0;

    for (uint32_t at = 0; at < slots->line_limit; at++) {
        const struct hash_line *line = &slots->lines[at];

        for (unsigned i = 0; i < HASH_LINE_SLOTS && line->ref[i] != 0; i++) {
            const uint32_t read = at - hash_index_home(slots, line->hash[i]) + 1;

            lines += read;
            p->lines_most = max32(p->lines_most, read);
        }
    }
    p->lines_mean = (double)lines / slots->count;
}

/* Its memory changes to large pages on the way, as a served stack's does. */
static void fill(struct waiting *w, uint64_t n)
{
    const uint64_t step = 100000;

    for (uint64_t done = 0; done < n; done += step) {
        insert_many(w, n - done < step ? n - done : step);
        if (w->pages == PAGES_GROWN)
            mapping_follow_use(&w->mapping,
                               hash_index_touched(&w->index.slots) + time_wait_touched(&w->table));
    }
}

/* Filled, weighed, scattered; empty again. */
static bool population_make(struct population *p, uint64_t n, bool is_ipv6, enum bench_pages pages)
{
    const size_t before = resident_bytes();

    *p = (struct population){.n = n};
    if (!waiting_make(&p->w, is_ipv6, pages, n))
        return false;
    fill(&p->w, n);
    p->bytes = (double)(resident_bytes() - before) / (double)n;
    survey_index(p);
    return scatter(&p->w);
}

/* ---- instructions ---- */

/* In the child: WHAT is FAMILY:N. */
static int count_timewait(const struct bench_options *options)
{
    static struct waiting w;
    char family[8];
    unsigned long long n;
    uint64_t operations, done;

    if (sscanf(options->count, "%7[^:]:%llu", family, &n) != 2 || n == 0 || n > LIMIT)
        return 2;
    if (!waiting_make(&w, strcmp(family, "ipv6") == 0, PAGES_4K, n))
        return 3;
    operations = n / 4 < COUNTED ? n / 4 : COUNTED;
    insert_many(&w, n);
    expire_many(&w, operations);
    counting_begin();
    insert_many(&w, operations);
    counting_end(op_name[OP_INSERT], operations);
    counting_begin();
    done = run_random(&w, OP_LOOKUP, n, COUNTED, NULL);
    counting_end(op_name[OP_LOOKUP], done);
    counting_begin();
    expire_many(&w, operations);
    counting_end(op_name[OP_EXPIRE], operations);
    counting_begin();
    done = run_random(&w, OP_RESTART, n - operations, operations, NULL);
    counting_end(op_name[OP_RESTART], done);
    return 0;
}

/* Only wanted at both ends: the run under callgrind takes a while. */
static void add_instructions(struct population *p, bool is_wanted,
                             const struct bench_options *options)
{
    struct instruction_counts counts = {0};
    char what[64];
    const char *why;

    for (unsigned op = 0; op < OPS; op++)
        p->instructions[op] = -1;
    if (!options->instructions || !is_wanted)
        return;
    snprintf(what, sizeof what, "%s:%llu", p->w.is_ipv6 ? "ipv6" : "ipv4",
             (unsigned long long)p->n);
    if (!instructions_count("timewait", what, &counts, &why)) {
        fprintf(stderr, "lastack bench: instructions are not counted: %s\n", why);
        return;
    }
    for (unsigned op = 0; op < OPS; op++)
        p->instructions[op] = instructions_of(&counts, op_name[op]);
}

/* ---- printing ---- */

static void print_json(const struct population *p, const struct bench_options *options)
{
    for (unsigned op = 0; op < OPS; op++) {
        struct figure figure = figure_of("timewait", op_name[op], p->n);

        figure.family = p->w.is_ipv6 ? "ipv6" : "ipv4";
        figure.pages = bench_pages_name(p->w.pages);
        figure.batch = op == OP_SERIAL ? 1 : BATCH;
        figure.ns_per_op = stopwatch_median(&p->watch[op]);
        figure.instructions_per_op = p->instructions[op];
        figure.bytes_per_record = p->bytes;
        figure_print_json(&figure, options->out);
    }
}

static void print_heading(bool is_ipv6, enum bench_pages pages, const struct bench_options *options)
{
    fprintf(options->out,
            "\ntimewait: %s, pages: %s, batches of %d: ns per operation, how much more than at the"
            " smallest n, instructions\n%10s %6s",
            is_ipv6 ? "IPv6" : "IPv4", bench_pages_name(pages), BATCH, "n", "bytes");
    for (unsigned op = 0; op < OPS; op++)
        fprintf(options->out, "  %18s", op_name[op]);
    fprintf(options->out, "  lines\n");
}

static void print_text(const struct population *p, const struct population *base, FILE *out)
{
    fprintf(out, "%10llu %6.1f", (unsigned long long)p->n, p->bytes);
    for (unsigned op = 0; op < OPS; op++) {
        fprintf(out, "  %6.1f %4.2fx", stopwatch_median(&p->watch[op]),
                stopwatch_ratio(&p->watch[op], &base->watch[op]));
        if (p->instructions[op] >= 0)
            fprintf(out, " %5.0f", p->instructions[op]);
        else
            fprintf(out, " %5s", "");
    }
    fprintf(out, "   %.2f, most %u\n", p->lines_mean, p->lines_most);
}

/* The bounds of docs/performance.md; false and a line on stderr for each that does not hold. */
static bool keeps_bounds(const struct population *p, const struct population *base)
{
    const double bytes = p->w.is_ipv6 ? 96 : 64;
    bool good = true;

    if (p->n >= LIMIT && p->bytes > bytes) {
        fprintf(stderr, "lastack bench: %.1f bytes a record, more than %.0f\n", p->bytes, bytes);
        good = false;
    }
    for (unsigned op = 0; op < OP_SERIAL; op++) {
        const double time = stopwatch_ratio(&p->watch[op], &base->watch[op]);
        const double instructions = p->instructions[op] / base->instructions[op];

        if (time > WORST_TIME && p->w.pages != PAGES_4K) {
            fprintf(stderr, "lastack bench: %s at %llu takes %.1f times as long as at %llu\n",
                    op_name[op], (unsigned long long)p->n, time, (unsigned long long)base->n);
            good = false;
        }
        if (base->instructions[op] > 0 && instructions > WORST_INSTRUCTIONS) {
            fprintf(stderr, "lastack bench: %s at %llu takes %.2f times the instructions\n",
                    op_name[op], (unsigned long long)p->n, instructions);
            good = false;
        }
    }
    return good;
}

/* A table planned for ten million that holds ten. */
static bool measure_idle(const struct bench_options *options)
{
    static struct waiting w;
    size_t bytes;

    if (!waiting_make(&w, false, PAGES_GROWN, 10))
        return false;
    insert_many(&w, 10);
    bytes = resident_bytes();
    if (options->json) {
        struct figure figure = figure_of("timewait", "idle", 10);

        figure.bytes_per_record = (double)bytes / 10;
        figure_print_json(&figure, options->out);
    } else {
        fprintf(options->out,
                "timewait: 10 records in tables for %d: the whole process occupies %.1f MiB\n",
                LIMIT, (double)bytes / (1 << 20));
    }
    mapping_release(&w.mapping);
    return bytes < (size_t)8 << 20;
}

static void run_populations(struct population *p, unsigned count,
                            const struct bench_options *options)
{
    const unsigned rounds = 3;
    const uint64_t work = options->quick ? 50000 : 300000;

    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < count; i++)
            run_round(&p[i], work);
    for (unsigned i = 0; i < count; i++)
        mapping_release(&p[i].w.mapping);
}

/* Which populations: all of them in pages as served, the smallest and the largest in others. */
static bool make_populations(struct population *p, unsigned *count, bool is_ipv6,
                             enum bench_pages pages, const struct bench_options *options)
{
    const uint64_t largest = options->largest != 0 ? options->largest
                             : options->quick      ? 100000
                                                   : LIMIT;

    *count = 0;
    for (unsigned i = 0; i < POPULATIONS; i++) {
        const bool is_last = i + 1 == POPULATIONS || populations[i + 1] > largest;

        if (*count > 0 && (populations[i] > largest || (pages != PAGES_GROWN && !is_last)))
            continue;
        if (!population_make(&p[(*count)++], populations[i], is_ipv6, pages))
            return false;
    }
    return true;
}

static int run_family(const struct bench_options *options, bool is_ipv6, enum bench_pages pages)
{
    static struct population p[POPULATIONS];
    unsigned count;
    bool good = true;

    if (!make_populations(p, &count, is_ipv6, pages, options))
        return 3;
    run_populations(p, count, options);
    if (!options->json)
        print_heading(is_ipv6, pages, options);
    for (unsigned i = 0; i < count; i++) {
        add_instructions(&p[i], pages == PAGES_GROWN && (i == 0 || i + 1 == count), options);
        if (options->json)
            print_json(&p[i], options);
        else
            print_text(&p[i], &p[0], options->out);
        fflush(options->out);
        good = keeps_bounds(&p[i], &p[0]) && good;
    }
    return good ? 0 : 1;
}

static int run_timewait(const struct bench_options *options)
{
    int worst = measure_idle(options) ? 0 : 1;

    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        for (enum bench_pages pages = 0; pages < PAGES_KINDS; pages++) {
            const int code =
                options->pages & 1u << pages ? run_family(options, is_ipv6 != 0, pages) : 0;

            worst = code > worst ? code : worst;
        }
    }
    return worst;
}

const struct bench bench_timewait = {
    .name = "timewait",
    .summary = "TIME-WAIT records, up to 10,000,000: bytes, insert, lookup, restart, expire",
    .run = run_timewait,
    .count = count_timewait,
};
