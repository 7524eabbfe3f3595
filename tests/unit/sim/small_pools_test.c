/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * small_pools_test.c: each pool at every size from the least that the config allows up to where a
 * life succeeds, and a little beyond.
 *
 *     size      1    2    3    4    5
 *               ✗    ✗    ✓    ✓    ✓     below what works: refused, counted, nothing left
 *
 * One connection at a time, some text both ways, an orderly end. Whatever the size: no CHECK
 * fails, no byte is wrong, both stacks come to rest with empty pools. Below the least size that
 * works, every life has to end with a refusal that is counted.
 */
#include "sim_world.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT, SERVER, PORT = 80, TEXT = 6000, SIZES = 12 };

static struct {
    struct sim_world world;
    int listener, fd[SIM_HOSTS];
    uint32_t sent[SIM_HOSTS], received[SIM_HOSTS];
    bool saw_end[SIM_HOSTS], is_refused;
} life;

static struct lastack *stack_of(unsigned host)
{
    return life.world.host[host].stack;
}

static uint8_t byte_at(unsigned from, uint32_t at)
{
    return (uint8_t)(at * 31 + at / 256 + from * 101);
}

static void converse(unsigned host)
{
    uint8_t data[512];
    int64_t done;

    while ((done = lastack_recv(stack_of(host), life.fd[host], data, sizeof data, 0)) > 0) {
        for (uint32_t i = 0; i < (uint32_t)done; i++)
            assert_int_equal(data[i], byte_at(1 - host, life.received[host] + i));
        life.received[host] += (uint32_t)done;
    }
    life.saw_end[host] = life.saw_end[host] || done == 0;
    life.is_refused = life.is_refused || (done < 0 && done != -LASTACK_EAGAIN);
    while (life.sent[host] < TEXT) {
        const uint32_t length =
            TEXT - life.sent[host] < sizeof data ? TEXT - life.sent[host] : (uint32_t)sizeof data;

        for (uint32_t i = 0; i < length; i++)
            data[i] = byte_at(host, life.sent[host] + i);
        done = lastack_send(stack_of(host), life.fd[host], data, length, 0);
        if (done <= 0)
            return;
        life.sent[host] += (uint32_t)done;
        if (life.sent[host] == TEXT)
            (void)lastack_shutdown(stack_of(host), life.fd[host], LASTACK_SHUT_WR);
    }
}

static void on_event(void *context, struct sim_world *world, unsigned host,
                     const struct lastack_event *event)
{
    (void)context;
    (void)world;
    (void)event;
    if (host == SERVER && life.fd[SERVER] < 0)
        life.fd[SERVER] = lastack_accept(stack_of(SERVER), life.listener, NULL);
    if (life.fd[host] >= 0)
        converse(host);
}

static bool listen_and_connect(void)
{
    const struct lastack_endpoint any = {.port = PORT};
    const struct lastack_endpoint to = {sim_address(SERVER, false), PORT};

    life.listener = lastack_socket(stack_of(SERVER), LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
    if (life.listener < 0 || lastack_bind(stack_of(SERVER), life.listener, &any) != 0 ||
        lastack_listen(stack_of(SERVER), life.listener, 4) != 0)
        return false;
    life.fd[CLIENT] = lastack_socket(stack_of(CLIENT), LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    return life.fd[CLIENT] >= 0 &&
           lastack_connect(stack_of(CLIENT), life.fd[CLIENT], &to) == -LASTACK_EINPROGRESS;
}

static void close_all(void)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        if (life.fd[host] >= 0)
            (void)lastack_close(stack_of(host), life.fd[host]);
    }
    if (life.listener >= 0)
        (void)lastack_close(stack_of(SERVER), life.listener);
    sim_settle(&life.world);
}

static uint64_t refusals_of_both(void)
{
    uint64_t sum = 0;

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        for (enum lastack_cause cause = LASTACK_CAUSE_NO_CONNECTION_LEFT;
             cause <= LASTACK_CAUSE_NO_INDEX_LEFT; cause++)
            sum += lastack_counter(stack_of(host), cause);
        sum += lastack_counter(stack_of(host), LASTACK_CAUSE_DROP_SYN_QUEUE_FULL);
    }
    return sum;
}

static void expect_rest(void)
{
    sim_run(&life.world, life.world.now + SEC(24 * 3600));
    assert_int_equal(sim_next(&life.world), NEVER);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        lastack_check(stack_of(host));
        for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(stack_of(host), pool, &usage);
            if (usage.used != 0 && pool != LASTACK_POOL_PATHS)
                fail_msg("%s: %u are left", usage.name, usage.used);
        }
    }
    assert_true(sim_fences_stand(&life.world));
}

/* True: everything arrived, and both saw the end. A loss now and then needs holes
 * and repetitions. */
static bool try(const struct lastack_config *config)
{
    const struct sim_recipe recipe = {.delay_ns = MS(10), .loss_ppm = 50000};
    const int64_t patience = SEC(4000);
    bool is_done;

    memset(&life, 0, sizeof life);
    life.listener = life.fd[CLIENT] = life.fd[SERVER] = -1;
    assert_true(sim_world_init(&life.world, config, &recipe, 1500, 11));
    life.world.on_event = on_event;
    if (listen_and_connect()) {
        sim_settle(&life.world);
        while (!(life.saw_end[CLIENT] && life.saw_end[SERVER]) && !life.is_refused &&
               sim_step(&life.world, patience))
            continue;
    }
    is_done = life.saw_end[CLIENT] && life.saw_end[SERVER] && life.received[CLIENT] == TEXT &&
              life.received[SERVER] == TEXT;
    close_all();
    expect_rest();
    if (!is_done)
        assert_true(refusals_of_both() > 0);
    sim_world_free(&life.world);
    return is_done;
}

/* ---- one pool after the other ---- */

static void usual(struct lastack_config *config)
{
    lastack_config_default(config);
    config->max_connections = config->max_sockets = config->max_descriptors = 16;
    config->max_time_waits_ipv4 = config->max_time_waits_ipv6 = 16;
    config->max_syn_entries = 16;
    config->max_pages = 64;
    config->max_ranges = 64;
    config->max_replies = config->max_endpoints = 16;
    config->max_udp_sockets = 1;
    config->trace_records = 0;
    config->params.syn_cookies = LASTACK_SYN_COOKIES_NEVER;
}

/* From `smallest` (what lastack_size allows) on: where it begins to work, it goes on working; below
 * that it is refused. Returns the least that works. */
static uint32_t sweep(size_t offset, uint32_t smallest)
{
    uint32_t least = 0;

    for (uint32_t size = smallest; size < smallest + SIZES; size++) {
        struct lastack_config config;
        bool works;

        usual(&config);
        memcpy((uint8_t *)&config + offset, &size, sizeof size);
        works = try(&config);
        if (works && least == 0)
            least = size + 1;
        if (!works && least != 0)
            fail_msg("it works with %u, but not with %u", least - 1, size);
    }
    assert_true(least != 0); /* some size works */
    return least - 1;
}

#define POOL_TEST(field, smallest, expected)                                                       \
    static void field(__attribute__((unused)) void **state)                                        \
    {                                                                                              \
        assert_int_equal(sweep(offsetof(struct lastack_config, field), (smallest)), (expected));   \
    }

/* a listener and a connection on one host, a connection on the other */
POOL_TEST(max_connections, 1, 1)
POOL_TEST(max_time_waits_ipv4, 0, 0) /* without a record a connection just ends earlier */
POOL_TEST(max_syn_entries, 1, 1)
POOL_TEST(max_sockets, 1, 2)
POOL_TEST(max_descriptors, 1, 2)
POOL_TEST(max_replies, 1, 1)
POOL_TEST(max_endpoints, 1, 2)
POOL_TEST(max_pages, 2, 2)
POOL_TEST(max_ranges, 1, 1)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_connections), cmocka_unit_test(max_time_waits_ipv4),
        cmocka_unit_test(max_syn_entries), cmocka_unit_test(max_sockets),
        cmocka_unit_test(max_descriptors), cmocka_unit_test(max_replies),
        cmocka_unit_test(max_endpoints),   cmocka_unit_test(max_pages),
        cmocka_unit_test(max_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
