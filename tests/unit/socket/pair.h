/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.h: two connected stream sockets over the loopback link inside a stack.
 */
#ifndef LASTACK_TEST_PAIR_H
#define LASTACK_TEST_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lastack/lastack.h>

struct pair {
    struct lastack *stack;
    void *memory;
    int64_t now;
    int listener, client, server;
};

/* Everything leaves through link 0, so nothing is handed out. */
static inline void pair_run(struct pair *pair)
{
    struct lastack_packet_out packets[4];

    assert_int_equal(lastack_output(pair->stack, packets, 4), 0);
}

static inline void pair_wait(struct pair *pair, int64_t ns)
{
    const int64_t until = pair->now + ns;

    while (lastack_next_deadline(pair->stack) <= until) {
        const int64_t next = lastack_next_deadline(pair->stack);

        pair->now = next > pair->now ? next : pair->now;
        lastack_tick(pair->stack, pair->now);
        pair_run(pair);
    }
    pair->now = until;
    lastack_tick(pair->stack, pair->now);
    pair_run(pair);
}

static inline int pair_set_up(void **state)
{
    static struct pair pair;
    const struct lastack_endpoint local = {lastack_ipv4(127, 0, 0, 1), 80};
    struct lastack_config config;
    size_t size;

    lastack_config_default(&config);
    config.max_connections = config.max_sockets = config.max_descriptors = 32;
    config.max_watches = 4;
    config.max_pages = 4096;
    size = lastack_size(&config);
    pair =
        (struct pair){.memory = calloc(1, size + 63)}; /* pages that nobody touched cost nothing */
    assert_non_null(pair.memory);
    pair.stack =
        lastack_create(&config, (void *)(((uintptr_t)pair.memory + 63) & ~(uintptr_t)63), size, 0);
    assert_non_null(pair.stack);
    pair.listener = lastack_socket(pair.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_bind(pair.stack, pair.listener, &local), 0);
    assert_int_equal(lastack_listen(pair.stack, pair.listener, 5), 0);
    pair.client = lastack_socket(pair.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_connect(pair.stack, pair.client, &local), -LASTACK_EINPROGRESS);
    pair_run(&pair);
    pair.server = lastack_accept(pair.stack, pair.listener, NULL);
    assert_true(pair.server >= 0);
    assert_int_equal(lastack_connect(pair.stack, pair.client, &local), 0);
    *state = &pair;
    return 0;
}

static inline int pair_tear_down(void **state)
{
    struct pair *pair = *state;

    lastack_check(pair->stack);
    free(pair->memory);
    return 0;
}

/* `length` bytes from one to the other. */
static inline void pair_send(struct pair *pair, int from, uint32_t length)
{
    static const char zeros[65536];

    assert_int_equal(lastack_send(pair->stack, from, zeros, length, 0), length);
    pair_run(pair);
}

#define PAIR_TEST(name) cmocka_unit_test_setup_teardown(name, pair_set_up, pair_tear_down)

#endif
