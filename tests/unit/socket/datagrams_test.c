/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagrams_test.c: UDP sockets over the loopback link inside the stack: names, peers, bounds,
 * refusals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lastack/lastack.h>

struct fixture {
    struct lastack *stack;
    void *memory;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct lastack_config config;
    size_t size;

    lastack_config_default(&config);
    config.max_connections = config.max_sockets = config.max_descriptors = 16;
    config.max_udp_sockets = 3;
    config.udp_queue_bytes = 2048;
    config.max_pages = 64;
    size = lastack_size(&config);
    fixture.memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
    memset(fixture.memory, 0, size);
    fixture.stack = lastack_create(&config, fixture.memory, size, 0);
    assert_non_null(fixture.stack);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(((struct fixture *)*state)->memory);
    return 0;
}

static struct lastack *stack_in(void **state)
{
    return ((struct fixture *)*state)->stack;
}

/* Everything leaves through link 0, so nothing is handed out. */
static void run(struct lastack *stack)
{
    struct lastack_packet_out packets[4];

    assert_int_equal(lastack_output(stack, packets, 4), 0);
}

static struct lastack_endpoint loopback(uint16_t port)
{
    return (struct lastack_endpoint){lastack_ipv4(127, 0, 0, 1), port};
}

static int open_bound(struct lastack *stack, uint16_t port)
{
    const struct lastack_endpoint local = loopback(port);
    const int descriptor = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);

    assert_true(descriptor >= 0);
    assert_int_equal(lastack_bind(stack, descriptor, &local), 0);
    return descriptor;
}

static void one_datagram_there_and_back(void **state)
{
    struct lastack *stack = stack_in(state);
    const int server = open_bound(stack, 53);
    const int client = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    const struct lastack_endpoint to = loopback(53);
    struct lastack_endpoint from, name;
    char text[16];

    assert_int_equal(lastack_recv(stack, server, text, sizeof text, 0), -LASTACK_EAGAIN);
    assert_int_equal(lastack_send_to(stack, client, "query", 5, 0, &to), 5);
    run(stack);
    assert_true(lastack_poll(stack, server) & LASTACK_POLLIN);
    assert_int_equal(lastack_recv_from(stack, server, text, sizeof text, LASTACK_MSG_PEEK, &from),
                     5);
    assert_int_equal(lastack_recv_from(stack, server, text, sizeof text, 0, &from), 5);
    assert_memory_equal(text, "query", 5);
    assert_int_equal(lastack_getsockname(stack, client, &name), 0);
    assert_int_equal(from.port, name.port);
    assert_true(name.port >= 32768);
    assert_int_equal(lastack_send_to(stack, server, "answer", 6, 0, &from), 6);
    run(stack);
    /* cut to the buffer; MSG_TRUNC tells the true length */
    assert_int_equal(lastack_recv(stack, client, text, 3, LASTACK_MSG_TRUNC), 6);
    assert_int_equal(lastack_recv(stack, client, text, sizeof text, 0), -LASTACK_EAGAIN);
}

static void a_connected_socket_hears_its_peer_only(void **state)
{
    struct lastack *stack = stack_in(state);
    const int a = open_bound(stack, 1001), b = open_bound(stack, 1002), c = open_bound(stack, 1003);
    const struct lastack_endpoint to_a = loopback(1001), to_b = loopback(1002);
    char text[4];

    assert_int_equal(lastack_send(stack, a, "x", 1, 0), -LASTACK_EDESTADDRREQ);
    assert_int_equal(lastack_connect(stack, a, &to_b), 0);
    assert_int_equal(lastack_send_to(stack, c, "c", 1, 0, &to_a), 1);
    assert_int_equal(lastack_send_to(stack, b, "b", 1, 0, &to_a), 1);
    run(stack);
    assert_int_equal(lastack_recv(stack, a, text, 4, 0), 1);
    assert_int_equal(text[0], 'b');
    assert_int_equal(lastack_recv(stack, a, text, 4, 0), -LASTACK_EAGAIN);
    assert_int_equal(lastack_counter(stack, LASTACK_CAUSE_DROP_UDP_NO_PORT), 1);
}

static void a_full_queue_drops_and_counts(void **state)
{
    struct lastack *stack = stack_in(state);
    const int server = open_bound(stack, 7), client = open_bound(stack, 8);
    const struct lastack_endpoint to = loopback(7);
    static char kilo[1000];
    unsigned got = 0;

    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(lastack_send_to(stack, client, kilo, sizeof kilo, 0, &to), 1000);
    run(stack);
    while (lastack_recv(stack, server, kilo, sizeof kilo, 0) == 1000)
        got++;
    assert_true(got >= 1 && got < 10);
    assert_int_equal(lastack_counter(stack, LASTACK_CAUSE_DROP_UDP_FULL), 10 - got);
}

static void bounds_and_refusals(void **state)
{
    struct lastack *stack = stack_in(state);
    const int first = open_bound(stack, 9);
    const int second = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    const struct lastack_endpoint taken = loopback(9), remote = {lastack_ipv4(192, 0, 2, 9), 9};
    static char large[5000];
    int third;

    assert_int_equal(lastack_bind(stack, second, &taken), -LASTACK_EADDRINUSE);
    assert_int_equal(lastack_send_to(stack, second, large, sizeof large, 0, &taken),
                     -LASTACK_EMSGSIZE);
    assert_int_equal(lastack_send_to(stack, second, "x", 1, 0, &remote), -LASTACK_ENETUNREACH);
    assert_int_equal(lastack_listen(stack, first, 1), -LASTACK_EOPNOTSUPP);
    third = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    assert_true(third >= 0);
    assert_int_equal(lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0),
                     -LASTACK_ENOBUFS);
    assert_int_equal(lastack_close(stack, first), 0);
    assert_int_equal(lastack_bind(stack, third, &taken), 0); /* the port is free again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_datagram_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connected_socket_hears_its_peer_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_and_refusals, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
