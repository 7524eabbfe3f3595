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

static int set_up_with(void **state, uint32_t pages)
{
    static struct fixture fixture;
    struct lastack_config config;
    size_t size;

    lastack_config_default(&config);
    config.max_connections = config.max_sockets = config.max_descriptors = 16;
    config.max_udp_sockets = 3;
    config.udp_queue_bytes = 2048;
    config.max_pages = pages;
    size = lastack_size(&config);
    fixture.memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
    memset(fixture.memory, 0, size);
    fixture.stack = lastack_create(&config, fixture.memory, size, 0);
    assert_non_null(fixture.stack);
    *state = &fixture;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, 64);
}

static int set_up_with_pages(void **state)
{
    return set_up_with(state, 1024);
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

static void a_datagram_fills_one_piece_after_the_other(void **state)
{
    struct lastack *stack = stack_in(state);
    const int server = open_bound(stack, 53), client = open_bound(stack, 54);
    const struct lastack_endpoint to = loopback(53);
    char head[2], tail[3];
    const struct lastack_buffer pieces[] = {{head, 2}, {NULL, 0}, {tail, 3}};
    struct lastack_message message = {.receive = pieces, .count = 3};

    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(lastack_send_to(stack, client, "abcdef", 6, 0, &to), 6);
    assert_int_equal(lastack_send_to(stack, client, NULL, 0, 0, &to), 0);
    run(stack);
    assert_int_equal(lastack_recvv(stack, server, pieces, 3, 0), 5);
    assert_memory_equal(head, "ab", 2);
    assert_memory_equal(tail, "cde", 3);
    assert_int_equal(lastack_recv_message(stack, server, &message, 0), 5);
    assert_int_equal(message.flags, LASTACK_MSG_TRUNC);
    assert_int_equal(lastack_recv(stack, server, NULL, 0, 0), 0);
    assert_int_equal(lastack_recvv(stack, server, pieces, 3, 0), 0); /* the empty one */
    assert_int_equal(lastack_recvv(stack, server, pieces, 3, 0), -LASTACK_EAGAIN);
    assert_int_equal(lastack_recvv(stack, 99, pieces, 0, 0), -LASTACK_EBADF);
}

/* A socket of one family does not speak the other, and has nothing of TCP's. */
static void a_socket_keeps_to_its_family(void **state)
{
    struct lastack *stack = stack_in(state);
    const int ipv4 = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    const int ipv6 = lastack_socket(stack, LASTACK_AF_INET6, LASTACK_SOCK_DGRAM, 0);
    const struct lastack_endpoint to4 = loopback(53), to6 = {{.bytes = {[15] = 1}}, 53};
    int value;

    assert_int_equal(lastack_send_to(stack, ipv4, "x", 1, 0, &to6), -LASTACK_EAFNOSUPPORT);
    assert_int_equal(lastack_send_to(stack, ipv4, "x", 1, 0, &to4), 1);
    assert_int_equal(lastack_set_option(stack, ipv6, LASTACK_IPV6_V6ONLY, 1), 0);
    assert_int_equal(lastack_send_to(stack, ipv6, "x", 1, 0, &to4), -LASTACK_ENETUNREACH);
    assert_int_equal(lastack_send_to(stack, ipv6, "x", 1, 0, &to6), 1);
    assert_int_equal(lastack_set_option(stack, ipv4, LASTACK_TCP_NODELAY, 1), -LASTACK_ENOPROTOOPT);
    assert_int_equal(lastack_get_option(stack, ipv4, LASTACK_TCP_MAXSEG, &value),
                     -LASTACK_ENOPROTOOPT);
}

static bool is_told_writable(struct lastack *stack, int descriptor)
{
    struct lastack_event event;
    bool is_told = false;

    while (lastack_next_event(stack, &event))
        is_told = is_told ||
                  (event.descriptor == descriptor && event.kinds & 1u << LASTACK_EVENT_WRITABLE);
    return is_told;
}

static bool is_writable(struct lastack *stack, int descriptor)
{
    return (lastack_poll(stack, descriptor) & LASTACK_POLLOUT) != 0;
}

/* Datagrams to itself, until no more is taken; how many. */
static unsigned send_all(struct lastack *stack, int descriptor, uint16_t port)
{
    const struct lastack_endpoint to = loopback(port);
    unsigned count = 0;

    while (lastack_send_to(stack, descriptor, "x", 1, 0, &to) == 1) {
        assert_true(++count < 1000);
        lastack_check(stack);
    }
    assert_int_equal(lastack_send_to(stack, descriptor, "x", 1, 0, &to), -LASTACK_EAGAIN);
    return count;
}

/* poll tells the truth, and the event comes when there is room. */
static void writable_when_there_is_room(struct lastack *stack, unsigned most)
{
    const int first = open_bound(stack, 7), second = open_bound(stack, 8);
    const struct lastack_endpoint to = loopback(7);

    assert_true(is_writable(stack, first));
    assert_int_equal(send_all(stack, first, 7), most);
    assert_int_equal(lastack_last_cause(stack), LASTACK_CAUSE_NO_PAGE_LEFT);
    assert_false(is_writable(stack, first));
    assert_false(is_writable(stack, second)); /* it only asked */
    lastack_check(stack);
    assert_false(is_told_writable(stack, first));
    run(stack); /* they arrive: their pages are free */
    assert_true(is_told_writable(stack, second));
    assert_true(is_writable(stack, first));
    assert_true(is_writable(stack, second));
    assert_int_equal(lastack_send_to(stack, first, "x", 1, 0, &to), 1);
    run(stack);
    assert_false(is_told_writable(stack, first)); /* nobody waits any more */
    send_all(stack, first, 7);
    assert_false(is_writable(stack, second));
    assert_int_equal(lastack_close(stack, second), 0); /* who is gone does not stand in the way */
    lastack_check(stack);
    run(stack);
    assert_true(is_told_writable(stack, first));
    lastack_check(stack);
}

static void writable_when_there_is_a_page(void **state)
{
    writable_when_there_is_room(stack_in(state), 64 - 64 / 16);
}

/* Pages are there, but so many messages wait already. */
static void writable_when_messages_have_left(void **state)
{
    writable_when_there_is_room(stack_in(state), 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_datagram_there_and_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connected_socket_hears_its_peer_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_drops_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_and_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_datagram_fills_one_piece_after_the_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_socket_keeps_to_its_family, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writable_when_there_is_a_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writable_when_messages_have_left, set_up_with_pages,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
