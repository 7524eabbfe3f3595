/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local_endpoints_test.c: bind() against what Linux answered, everything else against a list of
 * uses that is searched from end to end.
 *
 * covers: 9293-MUST-42
 */
#include "local_endpoints.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the addresses of bind_on_linux.py ---- */

enum form { any4, a4, b4, any6, only6, a6, a6only, b6, mapped_any, mapped_a, FORMS };

static const char *const form_addresses[FORMS] = {
    "0.0.0.0", "127.0.0.1", "127.0.0.2",   "::",      "::",
    "::1",     "::1",       "2001:db8::1", "0.0.0.0", "127.0.0.1",
};

/* Where a connection stands that a listener on such an address has accepted. */
static const enum form accepted_at[FORMS] = {a4, a4, b4, a6, a6, a6, a6, b6, a4, a4};

enum kind {
    BOUND = ENDPOINT_BOUND,
    LISTENER = ENDPOINT_LISTENER,
    CONNECTION = ENDPOINT_CONNECTION,
    TIME_WAIT = ENDPOINT_TIME_WAIT,
};

struct answer_row {
    enum kind kind;
    enum form form;     /* where the first socket was bound */
    enum form accepted; /* a4: the connection came over IPv4 */
    const char *flags;
    const char *answers; /* for each form: four letters, . for allowed and B for EADDRINUSE */
};

static const struct answer_row answers[] = {
#include "bind_on_linux.inc"
};

enum { LIMIT = 64, PORT = 80 };

struct fixture {
    struct local_endpoints table;
    void *memory;
};

static void set_up(struct fixture *f, uint32_t limit)
{
    static const struct siphash_key key = {1, 2};
    size_t size = (size_t)(local_endpoints_size(limit) + 63) & ~(size_t)63;

    f->memory = aligned_alloc(64, size);
    memset(f->memory, 0, size);
    local_endpoints_init(&f->table, f->memory, limit, &key);
}

/* Nobody is counted: nothing may be held. */
static void tear_down(struct fixture *f)
{
    assert_int_equal(f->table.entries.used, 0);
    assert_int_equal(f->table.listeners.used, 0);
    assert_int_equal(f->table.index.count, 0);
    free(f->memory);
}

static struct endpoint_use use_of(enum form form, enum kind kind, uint8_t flags)
{
    struct endpoint_use use = {.local.port = PORT, .kind = (uint8_t)kind, .flags = flags};

    assert_true(lastack_address_parse(form_addresses[form], &use.local.address));
    if (form == only6 || form == a6only)
        use.flags |= ENDPOINT_V6_ONLY;
    return use;
}

static void enter(struct fixture *f, const struct endpoint_use *use)
{
    if (use->kind == ENDPOINT_LISTENER)
        assert_true(local_endpoints_listen(&f->table, use, 7));
    else
        assert_int_not_equal(local_endpoints_enter(&f->table, use), POOL_NONE);
}

static void leave(struct fixture *f, const struct endpoint_use *use)
{
    if (use->kind == ENDPOINT_LISTENER)
        local_endpoints_unlisten(&f->table, use, 7);
    else
        local_endpoints_leave(&f->table, use);
}

static uint8_t flags_of(const char *text)
{
    return (uint8_t)((strchr(text, 'A') != NULL ? ENDPOINT_REUSE_ADDRESS : 0) |
                     (strchr(text, 'P') != NULL ? ENDPOINT_REUSE_PORT : 0));
}

static const enum lastack_cause cause_of[] = {
    [BOUND] = LASTACK_CAUSE_PORT_BOUND,
    [LISTENER] = LASTACK_CAUSE_PORT_LISTENER,
    [CONNECTION] = LASTACK_CAUSE_PORT_CONNECTION,
    [TIME_WAIT] = LASTACK_CAUSE_PORT_TIME_WAIT,
};

/* The one thing that differs: decision 0010. */
static bool differs_from_linux(const struct answer_row *row, enum form wanted)
{
    return (row->kind == CONNECTION || row->kind == TIME_WAIT) && row->form == any6 &&
           row->accepted == any6 && (wanted == any4 || wanted == mapped_any);
}

static void bind_answers_as_linux_does(void **state)
{
    static const char *const tried[4] = {"", "A", "P", "AP"};
    struct fixture f;
    unsigned allowed = 0, refused = 0;

    (void)state;
    set_up(&f, LIMIT);
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        const struct answer_row *row = &answers[i];
        bool is_bound_there = row->kind == BOUND || row->kind == LISTENER;
        enum form at = row->accepted == a4 ? a4 : accepted_at[row->form];
        struct endpoint_use first =
            use_of(is_bound_there ? row->form : at, row->kind, flags_of(row->flags));

        enter(&f, &first);
        for (unsigned form = 0; form < FORMS; form++)
            for (unsigned t = 0; t < 4; t++) {
                struct endpoint_use wanted = use_of(form, BOUND, flags_of(tried[t]));
                enum lastack_cause cause = local_endpoints_conflict(&f.table, &wanted, NULL);
                bool may = row->answers[form * 5 + t] == '.' || differs_from_linux(row, form);

                if (cause != (may ? LASTACK_CAUSE_NONE : cause_of[row->kind]))
                    fail_msg("%s {%s} then %s {%s}: %s", form_addresses[row->form], row->flags,
                             form_addresses[form], tried[t], lastack_cause_text(cause));
                allowed += may;
                refused += !may;
            }
        leave(&f, &first);
    }
    assert_int_equal(allowed + refused, 4 * (FORMS * 4 + 2) * FORMS * 4);
    assert_true(allowed > 1000 && refused > 1000); /* the table was really there */
    tear_down(&f);
}

/* ---- listen() after bind() ---- */

/* Two sockets with SO_REUSEADDR may both be bound, but only one may listen. */
static void the_second_may_not_listen(void **state)
{
    struct endpoint_use bound = use_of(any4, BOUND, ENDPOINT_REUSE_ADDRESS);
    struct endpoint_use listening = use_of(any4, LISTENER, ENDPOINT_REUSE_ADDRESS);
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    enter(&f, &bound);
    assert_int_equal(local_endpoints_conflict(&f.table, &bound, NULL), LASTACK_CAUSE_NONE);
    enter(&f, &bound);
    /* the first listens */
    assert_int_equal(local_endpoints_conflict(&f.table, &listening, &bound), LASTACK_CAUSE_NONE);
    enter(&f, &listening);
    leave(&f, &bound);
    /* the second */
    assert_int_equal(local_endpoints_conflict(&f.table, &listening, &bound),
                     LASTACK_CAUSE_PORT_LISTENER);
    leave(&f, &listening);
    leave(&f, &bound);
    tear_down(&f);
}

/* A socket is not in its own way, but its twin is. */
static void a_socket_is_not_in_its_own_way(void **state)
{
    struct endpoint_use use = use_of(a4, BOUND, 0);
    struct endpoint_use elsewhere = use_of(any4, BOUND, 0);
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    enter(&f, &use);
    assert_int_equal(local_endpoints_conflict(&f.table, &use, NULL), LASTACK_CAUSE_PORT_BOUND);
    assert_int_equal(local_endpoints_conflict(&f.table, &use, &use), LASTACK_CAUSE_NONE);
    /* it may become a wildcard, too */
    assert_int_equal(local_endpoints_conflict(&f.table, &elsewhere, &use), LASTACK_CAUSE_NONE);
    enter(&f, &use);
    assert_int_equal(local_endpoints_conflict(&f.table, &use, &use), LASTACK_CAUSE_PORT_BOUND);
    leave(&f, &use);
    leave(&f, &use);
    tear_down(&f);
}

/* Of several reasons the one that matters most is told. */
static void the_worst_reason_is_told(void **state)
{
    static const enum kind order[] = {TIME_WAIT, CONNECTION, BOUND, LISTENER};
    struct endpoint_use wanted = use_of(any6, BOUND, ENDPOINT_REUSE);
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    for (unsigned i = 0; i < 4; i++) {
        struct endpoint_use use = use_of(i % 2 == 0 ? a4 : b6, order[i], 0);

        enter(&f, &use);
        assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL), cause_of[order[i]]);
    }
    for (unsigned i = 4; i-- > 0;) {
        struct endpoint_use use = use_of(i % 2 == 0 ? a4 : b6, order[i], 0);

        assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL), cause_of[order[i]]);
        leave(&f, &use);
    }
    assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL), LASTACK_CAUSE_NONE);
    tear_down(&f);
}

/* Sockets on different links do not meet; one on any link meets both. */
static void links_keep_apart(void **state)
{
    struct endpoint_use on_one = use_of(any4, BOUND, 0), on_two = on_one, on_any = on_one;
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    on_one.link = 1;
    on_two.link = 2;
    enter(&f, &on_one);
    assert_int_equal(local_endpoints_conflict(&f.table, &on_two, NULL), LASTACK_CAUSE_NONE);
    assert_true(local_endpoints_is_unused(&f.table, &on_two));
    assert_int_equal(local_endpoints_conflict(&f.table, &on_any, NULL), LASTACK_CAUSE_PORT_BOUND);
    assert_false(local_endpoints_is_unused(&f.table, &on_any));
    enter(&f, &on_two);
    leave(&f, &on_one);
    assert_int_equal(local_endpoints_conflict(&f.table, &on_one, NULL), LASTACK_CAUSE_NONE);
    leave(&f, &on_two);
    tear_down(&f);
}

/* ---- millions ---- */

static void many_time_waits_are_one_entry(void **state)
{
    enum { MANY = 1000000 };
    struct endpoint_use use = use_of(a4, TIME_WAIT, ENDPOINT_REUSE_ADDRESS);
    struct endpoint_use plain = use_of(any4, BOUND, 0);
    struct endpoint_use reusing = use_of(any4, BOUND, ENDPOINT_REUSE_ADDRESS);
    struct fixture f;

    (void)state;
    set_up(&f, 2);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_not_equal(local_endpoints_enter(&f.table, &use), POOL_NONE);
    assert_int_equal(f.table.entries.used, 1);
    assert_int_equal(local_endpoints_count(&f.table, &use), MANY);
    assert_int_equal(local_endpoints_conflict(&f.table, &plain, NULL),
                     LASTACK_CAUSE_PORT_TIME_WAIT);
    assert_int_equal(local_endpoints_conflict(&f.table, &reusing, NULL), LASTACK_CAUSE_NONE);
    assert_true(local_endpoints_may_borrow(&f.table, PORT));
    /* one that died without the flag spoils it for the new one */
    use.flags = 0;
    assert_int_not_equal(local_endpoints_enter(&f.table, &use), POOL_NONE);
    assert_int_equal(local_endpoints_conflict(&f.table, &reusing, NULL),
                     LASTACK_CAUSE_PORT_TIME_WAIT);
    local_endpoints_leave(&f.table, &use);
    use.flags = ENDPOINT_REUSE_ADDRESS;
    for (unsigned i = 0; i < MANY; i++)
        local_endpoints_leave(&f.table, &use);
    tear_down(&f);
}

/* ---- changes ---- */

static void a_connection_becomes_time_wait(void **state)
{
    struct endpoint_use use = use_of(a6, CONNECTION, ENDPOINT_REUSE_PORT), record = use;
    struct endpoint_use wanted = use_of(any6, BOUND, 0);
    struct fixture f;

    (void)state;
    set_up(&f, 1);
    enter(&f, &use);
    assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL),
                     LASTACK_CAUSE_PORT_CONNECTION);
    local_endpoints_change(&f.table, &use, ENDPOINT_TIME_WAIT, use.flags);
    record.kind = ENDPOINT_TIME_WAIT;
    assert_int_equal(local_endpoints_count(&f.table, &use), 0);
    assert_int_equal(local_endpoints_count(&f.table, &record), 1);
    assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL),
                     LASTACK_CAUSE_PORT_TIME_WAIT);
    expect_assert_failure(local_endpoints_leave(&f.table, &use));
    leave(&f, &record);
    expect_assert_failure(local_endpoints_leave(&f.table, &record));
    tear_down(&f);
}

/* setsockopt(SO_REUSEADDR) after bind() counts from then on. */
static void flags_may_change_later(void **state)
{
    struct endpoint_use use = use_of(a4, LISTENER, 0), changed;
    struct endpoint_use wanted = use_of(any4, BOUND, ENDPOINT_REUSE_PORT);
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    enter(&f, &use);
    assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL),
                     LASTACK_CAUSE_PORT_LISTENER);
    local_endpoints_change(&f.table, &use, ENDPOINT_LISTENER, ENDPOINT_REUSE_PORT);
    assert_int_equal(local_endpoints_conflict(&f.table, &wanted, NULL), LASTACK_CAUSE_NONE);
    changed = use;
    changed.flags = ENDPOINT_REUSE_PORT;
    expect_assert_failure(local_endpoints_change(&f.table, &changed, ENDPOINT_BOUND, 0));
    leave(&f, &changed);
    tear_down(&f);
}

/* ---- full ---- */

static void a_full_table_refuses_and_stays_whole(void **state)
{
    struct endpoint_use first = use_of(a4, CONNECTION, 0), second = use_of(b4, CONNECTION, 0);
    struct endpoint_use listener = use_of(b4, LISTENER, 0);
    struct fixture f;

    (void)state;
    set_up(&f, 1);
    enter(&f, &first);
    assert_int_equal(local_endpoints_enter(&f.table, &second), POOL_NONE);
    assert_false(local_endpoints_listen(&f.table, &listener, 3));
    assert_int_equal(f.table.entries.refusals, 2);
    assert_true(local_endpoints_is_unused(&f.table, &second));
    /* an entry that is there cannot refuse */
    assert_int_not_equal(local_endpoints_enter(&f.table, &first), POOL_NONE);
    leave(&f, &first);
    leave(&f, &first);
    enter(&f, &second);
    leave(&f, &second);
    tear_down(&f);
}

/* Memory follows use: a table for a million costs nothing before it is used. */
static void memory_follows_use(void **state)
{
    struct endpoint_use use = use_of(a4, CONNECTION, 0);
    struct fixture f;

    (void)state;
    set_up(&f, 1000);
    for (uint16_t port = 1; port <= 10; port++) {
        use.local.port = port;
        enter(&f, &use);
    }
    assert_int_equal(f.table.entries.bump, 10);
    assert_true(hash_index_touched(&f.table.index) <= 1024);
    for (uint16_t port = 1; port <= 10; port++) {
        use.local.port = port;
        leave(&f, &use);
    }
    tear_down(&f);
}

/* ---- listeners ---- */

static uint32_t found(struct fixture *f, enum form at, uint32_t link, uint32_t spread)
{
    struct endpoint_use use = use_of(at, CONNECTION, 0);

    return local_endpoints_find_listener(&f->table, &use.local, link, spread);
}

static void listen_at(struct fixture *f, enum form form, uint32_t link, uint32_t handle)
{
    struct endpoint_use use = use_of(form, LISTENER, 0);

    use.link = link;
    assert_true(local_endpoints_listen(&f->table, &use, handle));
}

static void unlisten_at(struct fixture *f, enum form form, uint32_t link, uint32_t handle)
{
    struct endpoint_use use = use_of(form, LISTENER, 0);

    use.link = link;
    local_endpoints_unlisten(&f->table, &use, handle);
}

static void the_most_particular_listener_is_found(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    assert_int_equal(found(&f, a4, 0, 0), POOL_NONE);
    listen_at(&f, any6, 0, 60);
    assert_int_equal(found(&f, a4, 0, 0), 60);
    assert_int_equal(found(&f, b6, 0, 0), 60);
    listen_at(&f, any4, 0, 40);
    assert_int_equal(found(&f, a4, 0, 0), 40);
    assert_int_equal(found(&f, b6, 0, 0), 60);
    listen_at(&f, a4, 0, 41);
    assert_int_equal(found(&f, a4, 0, 0), 41);
    assert_int_equal(found(&f, b4, 0, 0), 40);
    listen_at(&f, a6, 0, 61);
    assert_int_equal(found(&f, a6, 0, 0), 61);
    assert_int_equal(found(&f, b6, 0, 0), 60);
    unlisten_at(&f, any6, 0, 60);
    assert_int_equal(found(&f, b6, 0, 0), POOL_NONE);
    unlisten_at(&f, any4, 0, 40);
    assert_int_equal(found(&f, b4, 0, 0), POOL_NONE);
    unlisten_at(&f, a4, 0, 41);
    unlisten_at(&f, a6, 0, 61);
    tear_down(&f);
}

static void v6_only_takes_no_ipv4(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    listen_at(&f, only6, 0, 1);
    assert_int_equal(found(&f, a4, 0, 0), POOL_NONE);
    assert_int_equal(found(&f, a6, 0, 0), 1);
    listen_at(&f, any4, 0, 2); /* beside it */
    assert_int_equal(found(&f, a4, 0, 0), 2);
    assert_int_equal(found(&f, a6, 0, 0), 1);
    unlisten_at(&f, only6, 0, 1);
    unlisten_at(&f, any4, 0, 2);
    tear_down(&f);
}

static void a_listener_of_the_link_comes_first(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    listen_at(&f, any4, 0, 1);
    listen_at(&f, any4, 5, 2);
    assert_int_equal(found(&f, a4, 5, 0), 2);
    assert_int_equal(found(&f, a4, 6, 0), 1);
    assert_int_equal(found(&f, a4, 0, 0), 1);
    unlisten_at(&f, any4, 0, 1);
    assert_int_equal(found(&f, a4, 5, 0), 2);
    assert_int_equal(found(&f, a4, 6, 0), POOL_NONE);
    unlisten_at(&f, any4, 5, 2);
    tear_down(&f);
}

/* Several with SO_REUSEPORT share the flows evenly; one that goes leaves the others. */
static void listeners_share_by_flow(void **state)
{
    struct endpoint_use use = use_of(any6, LISTENER, ENDPOINT_REUSE_PORT);
    unsigned seen[5] = {0};
    struct fixture f;
    struct rng rng;

    (void)state;
    rng_init(&rng, 4);
    set_up(&f, LIMIT);
    for (uint32_t handle = 0; handle < 5; handle++)
        assert_true(local_endpoints_listen(&f.table, &use, handle));
    for (unsigned i = 0; i < 5000; i++) {
        uint32_t spread = (uint32_t)rng_next(&rng), listener = found(&f, a4, 0, spread);

        assert_true(listener < 5);
        assert_int_equal(found(&f, a4, 0, spread), listener); /* a flow keeps its listener */
        seen[listener]++;
    }
    for (unsigned i = 0; i < 5; i++)
        assert_in_range(seen[i], 850, 1150);
    local_endpoints_unlisten(&f.table, &use, 2);
    for (unsigned i = 0; i < 100; i++) {
        uint32_t listener = found(&f, a4, 0, (uint32_t)rng_next(&rng));

        assert_true(listener < 5 && listener != 2);
    }
    expect_assert_failure(local_endpoints_unlisten(&f.table, &use, 2));
    for (uint32_t handle = 0; handle < 5; handle++)
        if (handle != 2)
            local_endpoints_unlisten(&f.table, &use, handle);
    tear_down(&f);
}

/* ---- connect() ---- */

static void listening_ports_are_not_borrowed(void **state)
{
    static const enum kind kinds[] = {BOUND, LISTENER, CONNECTION, TIME_WAIT};
    struct fixture f;

    (void)state;
    set_up(&f, LIMIT);
    assert_true(local_endpoints_may_borrow(&f.table, PORT));
    for (unsigned i = 0; i < 4; i++) {
        struct endpoint_use use = use_of(b6, kinds[i], ENDPOINT_REUSE);
        struct endpoint_use other = use_of(a4, CONNECTION, 0);

        enter(&f, &other);
        enter(&f, &use);
        assert_int_equal(local_endpoints_may_borrow(&f.table, PORT), kinds[i] >= CONNECTION);
        assert_true(local_endpoints_may_borrow(&f.table, PORT + 1));
        leave(&f, &use);
        leave(&f, &other);
    }
    tear_down(&f);
}

/* ---- everything at once, against a list ---- */

enum { USES = 60 };

static bool overlap(const struct endpoint_use *a, const struct endpoint_use *b)
{
    bool a4_ = lastack_is_ipv4(&a->local.address), b4_ = lastack_is_ipv4(&b->local.address);
    bool a_any = lastack_is_any(&a->local.address), b_any = lastack_is_any(&b->local.address);

    if (a->local.port != b->local.port || (a->link != 0 && b->link != 0 && a->link != b->link))
        return false;
    if (a4_ == b4_)
        return a_any || b_any || lastack_address_equal(&a->local.address, &b->local.address);
    /* only :: without IPV6_V6ONLY reaches into the other family */
    return (!a4_ && a_any && !(a->flags & ENDPOINT_V6_ONLY)) ||
           (!b4_ && b_any && !(b->flags & ENDPOINT_V6_ONLY));
}

static bool forbids(const struct endpoint_use *there, const struct endpoint_use *wanted)
{
    uint8_t both = there->flags & wanted->flags;

    if (!overlap(there, wanted) || (both & ENDPOINT_REUSE_PORT))
        return false;
    return !(both & ENDPOINT_REUSE_ADDRESS) || there->kind == ENDPOINT_LISTENER;
}

static struct endpoint_use any_use(struct rng *rng)
{
    struct endpoint_use use =
        use_of(rng_below(rng, FORMS), rng_below(rng, ENDPOINT_KINDS), (uint8_t)rng_below(rng, 4));

    use.local.port = (uint16_t)(1 + rng_below(rng, 3));
    use.link = rng_below(rng, 6) == 0 ? 1 + rng_below(rng, 2) : 0;
    return use;
}

static void check_against_list(struct fixture *f, const struct endpoint_use *uses, const bool *held,
                               struct rng *rng)
{
    struct endpoint_use wanted = any_use(rng);
    uint32_t self = rng_below(rng, USES);
    bool with_self = held[self], unused = true, borrow = true;
    bool kinds[ENDPOINT_KINDS] = {false};
    enum lastack_cause expected = LASTACK_CAUSE_NONE;

    for (uint32_t i = 0; i < USES; i++) {
        if (!held[i])
            continue;
        unused &= !overlap(&uses[i], &wanted);
        borrow &= uses[i].local.port != wanted.local.port || uses[i].kind >= ENDPOINT_CONNECTION;
        if (!(with_self && i == self))
            kinds[uses[i].kind] |= forbids(&uses[i], &wanted);
    }
    if (kinds[LISTENER])
        expected = LASTACK_CAUSE_PORT_LISTENER;
    else if (kinds[BOUND])
        expected = LASTACK_CAUSE_PORT_BOUND;
    else if (kinds[CONNECTION])
        expected = LASTACK_CAUSE_PORT_CONNECTION;
    else if (kinds[TIME_WAIT])
        expected = LASTACK_CAUSE_PORT_TIME_WAIT;
    assert_int_equal(local_endpoints_conflict(&f->table, &wanted, with_self ? &uses[self] : NULL),
                     expected);
    assert_int_equal(local_endpoints_is_unused(&f->table, &wanted), unused);
    assert_int_equal(local_endpoints_may_borrow(&f->table, wanted.local.port), borrow);
}

static void random_uses_agree_with_a_list(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct endpoint_use uses[USES];
        bool held[USES] = {false};
        struct fixture f;
        struct rng rng;

        rng_init(&rng, seed);
        set_up(&f, USES);
        for (unsigned step = 0; step < 4000; step++) {
            uint32_t i = rng_below(&rng, USES);

            if (held[i] && uses[i].kind != ENDPOINT_LISTENER && rng_below(&rng, 3) == 0) {
                static const uint8_t kinds[] = {BOUND, CONNECTION, TIME_WAIT};
                uint8_t kind = kinds[rng_below(&rng, 3)], reuse = (uint8_t)rng_below(&rng, 4);

                local_endpoints_change(&f.table, &uses[i], kind, reuse);
                uses[i].kind = kind;
                uses[i].flags = (uint8_t)((uses[i].flags & ENDPOINT_V6_ONLY) | reuse);
            } else if (held[i]) {
                leave(&f, &uses[i]);
                held[i] = false;
            } else if (rng_below(&rng, 1 + step / 1000 % 3) == 0) {
                uses[i] = any_use(&rng);
                enter(&f, &uses[i]);
                held[i] = true;
            }
            check_against_list(&f, uses, held, &rng);
        }
        for (uint32_t i = 0; i < USES; i++)
            if (held[i])
                leave(&f, &uses[i]);
        tear_down(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bind_answers_as_linux_does),
        cmocka_unit_test(the_second_may_not_listen),
        cmocka_unit_test(a_socket_is_not_in_its_own_way),
        cmocka_unit_test(the_worst_reason_is_told),
        cmocka_unit_test(links_keep_apart),
        cmocka_unit_test(many_time_waits_are_one_entry),
        cmocka_unit_test(a_connection_becomes_time_wait),
        cmocka_unit_test(flags_may_change_later),
        cmocka_unit_test(a_full_table_refuses_and_stays_whole),
        cmocka_unit_test(memory_follows_use),
        cmocka_unit_test(the_most_particular_listener_is_found),
        cmocka_unit_test(v6_only_takes_no_ipv4),
        cmocka_unit_test(a_listener_of_the_link_comes_first),
        cmocka_unit_test(listeners_share_by_flow),
        cmocka_unit_test(listening_ports_are_not_borrowed),
        cmocka_unit_test(random_uses_agree_with_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
