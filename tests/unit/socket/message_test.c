/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message_test.c: messages in pieces, what comes along with them, lengths of queues, modes, and the
 * options that act on the socket floor.
 */
#include "pair.h"

static void pieces_out_and_in(void **state)
{
    struct pair *pair = *state;
    const struct lastack_iovec send[] = {{"one", 3}, {"", 0}, {"three", 5}};
    char first[4], second[8];
    const struct lastack_buffer receive[] = {{first, 4}, {second, 8}};
    struct lastack_endpoint remote;
    struct lastack_message out = {.send = send, .count = 3};
    struct lastack_message in = {.receive = receive, .count = 2, .remote = &remote};

    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, 0), -LASTACK_EAGAIN);
    assert_int_equal(lastack_send_message(pair->stack, pair->client, &out, 0), 8);
    pair_run(pair);
    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, 0), 8);
    assert_memory_equal(first, "onet", 4);
    assert_memory_equal(second, "hree", 4);
    assert_true(lastack_is_ipv4(&remote.address) && remote.port >= 32768);
    assert_int_equal(in.flags, 0);
    assert_int_equal(in.control_count, 0);
    out.control_count = 1;
    assert_int_equal(lastack_send_message(pair->stack, pair->client, &out, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_recv_message(pair->stack, 99, &in, 0), -LASTACK_EBADF);
}

/* A message that opens its connection (Fast Open) goes to its address, however many pieces it
 * has. */
static void pieces_that_connect(void **state)
{
    struct pair *pair = *state;
    const struct lastack_iovec send[] = {{"one", 3}, {"", 0}, {"three", 5}};
    struct lastack_endpoint local = {lastack_ipv4(127, 0, 0, 1), 80};
    const struct lastack_message out = {.send = send, .count = 3, .remote = &local};
    struct lastack_params params = *lastack_params(pair->stack);
    char text[8];
    int client, server;

    params.fast_open = LASTACK_FAST_OPEN_CLIENT | LASTACK_FAST_OPEN_CLIENT_NO_COOKIE;
    lastack_set_params(pair->stack, &params);
    client = lastack_socket(pair->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_send_message(pair->stack, client, &out, LASTACK_MSG_FASTOPEN), 8);
    pair_run(pair);
    server = lastack_accept(pair->stack, pair->listener, NULL);
    assert_true(server >= 0);
    pair_wait(pair, 2000000000);
    assert_int_equal(lastack_recv(pair->stack, server, text, sizeof text, 0), 8);
    assert_memory_equal(text, "onethree", 8);
}

/* An end behind the text is told by the next call. */
static void text_then_the_end(void **state)
{
    struct pair *pair = *state;
    char first[4], second[4];
    const struct lastack_buffer receive[] = {{first, 4}, {second, 4}};

    pair_send(pair, pair->client, 4);
    assert_int_equal(lastack_shutdown(pair->stack, pair->client, LASTACK_SHUT_WR), 0);
    pair_run(pair);
    assert_int_equal(lastack_recvv(pair->stack, pair->server, receive, 2, 0), 4);
    assert_int_equal(lastack_recvv(pair->stack, pair->server, receive, 2, 0), 0);
}

static void what_is_left_comes_along(void **state)
{
    struct pair *pair = *state;
    char data[10];
    const struct lastack_buffer receive = {data, 6};
    struct lastack_control control[2];
    struct lastack_message in = {.receive = &receive, .count = 1};

    assert_int_equal(lastack_set_option(pair->stack, pair->server, LASTACK_TCP_INQ, 2),
                     -LASTACK_EINVAL);
    assert_int_equal(lastack_set_option(pair->stack, pair->server, LASTACK_TCP_INQ, 1), 0);
    pair_send(pair, pair->client, 10);
    in.control = control;
    in.control_count = 2;
    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, LASTACK_MSG_PEEK), 6);
    assert_int_equal(control[0].number, 10);
    in.control_count = 2;
    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, 0), 6);
    assert_int_equal(in.control_count, 1);
    assert_int_equal(control[0].level, LASTACK_SOL_TCP);
    assert_int_equal(control[0].type, LASTACK_CM_INQ);
    assert_int_equal(control[0].number, 4);
    in.control_count = 0; /* no room for it: told */
    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, LASTACK_MSG_PEEK), 4);
    assert_int_equal(in.flags, LASTACK_MSG_CTRUNC);
    assert_int_equal(lastack_close(pair->stack, pair->client), 0);
    pair_run(pair);
    in.control_count = 2; /* the FIN counts as something to read */
    assert_int_equal(lastack_recv_message(pair->stack, pair->server, &in, 0), 4);
    assert_int_equal(control[0].number, 1);
}

static int asked(struct pair *pair, int fd, unsigned request)
{
    int value = -1;
    const int result = lastack_ioctl(pair->stack, fd, request, &value);

    return result < 0 ? result : value;
}

static void lengths_of_queues(void **state)
{
    struct pair *pair = *state;
    static char data[200000];
    int64_t held;

    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCINQ), 0);
    pair_send(pair, pair->client, 1000);
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCINQ), 1000);
    assert_int_equal(lastack_recv(pair->stack, pair->server, data, 400, 0), 400);
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCINQ), 600);
    held = lastack_send(pair->stack, pair->server, data, sizeof data, 0);
    assert_true(held > 0);
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCOUTQ), held);
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCOUTQNSD), held);
    pair_run(pair);
    pair_wait(pair, 300000000);
    assert_true(asked(pair, pair->server, LASTACK_SIOCOUTQ) < held);
    assert_int_equal(lastack_shutdown(pair->stack, pair->client, LASTACK_SHUT_WR), 0);
    pair_run(pair);
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCINQ), 600); /* without the FIN */
    assert_int_equal(asked(pair, pair->server, LASTACK_SIOCATMARK), 0);
    assert_int_equal(asked(pair, pair->server, 0x1234), -LASTACK_ENOTTY);
    assert_int_equal(asked(pair, pair->listener, LASTACK_SIOCINQ), -LASTACK_EINVAL);
    assert_int_equal(asked(pair, pair->listener, LASTACK_SIOCOUTQ), -LASTACK_EINVAL);
    assert_int_equal(asked(pair, 99, LASTACK_SIOCINQ), -LASTACK_EBADF);
}

/* Modes belong to the socket: a duplicate has the same. */
static void modes_are_remembered(void **state)
{
    struct pair *pair = *state;
    struct lastack *stack = pair->stack;
    const int again = lastack_fcntl(stack, pair->client, LASTACK_F_DUPFD, 0);
    int on = 1;

    assert_true(again > pair->server);
    assert_int_equal(lastack_fcntl(stack, pair->client, LASTACK_F_GETFL, 0), LASTACK_O_RDWR);
    assert_int_equal(lastack_fcntl(stack, pair->client, LASTACK_F_SETFL, LASTACK_O_NONBLOCK), 0);
    assert_int_equal(lastack_fcntl(stack, again, LASTACK_F_GETFL, 0),
                     LASTACK_O_RDWR | LASTACK_O_NONBLOCK);
    assert_int_equal(lastack_fcntl(stack, again, LASTACK_F_SETFL, 0), 0);
    assert_int_equal(lastack_ioctl(stack, again, LASTACK_FIONBIO, &on), 0);
    assert_int_equal(lastack_fcntl(stack, pair->client, LASTACK_F_GETFL, 0),
                     LASTACK_O_RDWR | LASTACK_O_NONBLOCK);
    assert_int_equal(lastack_fcntl(stack, pair->client, 1234, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_fcntl(stack, 99, LASTACK_F_GETFL, 0), -LASTACK_EBADF);
}

static int got(struct pair *pair, int fd, enum lastack_option option)
{
    int value = -1;
    const int result = lastack_get_option(pair->stack, fd, option, &value);

    return result < 0 ? result : value;
}

static void options_of_linux(void **state)
{
    struct pair *pair = *state;
    struct lastack *stack = pair->stack;
    const int fd = pair->client;

    assert_int_equal(got(pair, fd, LASTACK_SO_TYPE), LASTACK_SOCK_STREAM);
    assert_int_equal(got(pair, fd, LASTACK_SO_PROTOCOL), LASTACK_PROTOCOL_TCP);
    assert_int_equal(got(pair, fd, LASTACK_SO_DOMAIN), LASTACK_AF_INET);
    assert_int_equal(got(pair, fd, LASTACK_SO_ACCEPTCONN), 0);
    assert_int_equal(got(pair, pair->listener, LASTACK_SO_ACCEPTCONN), 1);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_SO_TYPE, 1), -LASTACK_ENOPROTOOPT);
    assert_int_equal(got(pair, fd, LASTACK_SO_SNDLOWAT), 1);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_SO_SNDLOWAT, 2), -LASTACK_ENOPROTOOPT);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_SO_MARK, 666), 0);
    assert_int_equal(got(pair, fd, LASTACK_SO_MARK), 666);
    assert_int_equal(got(pair, fd, LASTACK_IP_MTU_DISCOVER), 1);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_IP_MTU_DISCOVER, 6), -LASTACK_EINVAL);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_IP_MTU_DISCOVER, 2), 0);
    assert_int_equal(got(pair, fd, LASTACK_IP_MTU_DISCOVER), 2);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_IP_TOS, 0xff), 0);
    assert_int_equal(got(pair, fd, LASTACK_IP_TOS), 0xfc); /* ECN is TCP's own */
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_IPV6_TCLASS, 1), -LASTACK_ENOPROTOOPT);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_TCP_DEFER_ACCEPT, 5), 0);
    assert_int_equal(got(pair, fd, LASTACK_TCP_DEFER_ACCEPT), 7); /* 1 + 2 + 4 */
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_TCP_DEFER_ACCEPT, INT32_MAX), 0);
    assert_int_equal(got(pair, fd, LASTACK_TCP_DEFER_ACCEPT), 127 + 248 * 120);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_TCP_DEFER_ACCEPT, -1), 0);
    assert_int_equal(got(pair, fd, LASTACK_TCP_DEFER_ACCEPT), 0);
    assert_true(got(pair, fd, LASTACK_IP_MTU) >= 1500);
    assert_int_equal(got(pair, pair->listener, LASTACK_IP_MTU), -LASTACK_ENOTCONN);
    assert_int_equal(lastack_set_option(stack, fd, LASTACK_SO_SNDBUF, 21000), 0);
    assert_int_equal(got(pair, fd, LASTACK_SO_SNDBUF), 42000);
}

/* An option of IPv6 is none of a socket for IPv4, whichever way it is asked for. */
static void options_of_another_family(void **state)
{
    static const enum lastack_option options[] = {
        LASTACK_IPV6_UNICAST_HOPS, LASTACK_IPV6_MTU_DISCOVER, LASTACK_IPV6_MTU,
        LASTACK_IPV6_RECVERR,      LASTACK_IPV6_TCLASS,       LASTACK_IPV6_V6ONLY,
    };
    struct pair *pair = *state;
    const int of_ipv6 = lastack_socket(pair->stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
    int value;

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        assert_int_equal(lastack_set_option(pair->stack, pair->client, options[i], 1),
                         -LASTACK_ENOPROTOOPT);
        assert_int_equal(lastack_get_option(pair->stack, pair->client, options[i], &value),
                         -LASTACK_ENOPROTOOPT);
    }
    assert_int_equal(lastack_set_option(pair->stack, of_ipv6, LASTACK_IPV6_RECVERR, 1), 0);
    assert_int_equal(lastack_get_option(pair->stack, of_ipv6, LASTACK_IPV6_RECVERR, &value), 0);
    assert_int_equal(value, 1);
}

/* The stack's parameter is what new sockets begin with; an accepted one has its listener's. */
static void the_user_timeout_of_new_sockets(void **state)
{
    struct pair *pair = *state;
    struct lastack *stack = pair->stack;
    const struct lastack_endpoint at[] = {{lastack_ipv4(127, 0, 0, 1), 80},
                                          {lastack_ipv4(127, 0, 0, 1), 81}};
    struct lastack_params params = *lastack_params(stack);
    int listener, client, server;

    params.user_timeout_ns = 3000000000;
    lastack_set_params(stack, &params);
    assert_int_equal(got(pair, pair->client, LASTACK_TCP_USER_TIMEOUT), 0); /* made before */
    client = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(got(pair, client, LASTACK_TCP_USER_TIMEOUT), 3000);
    assert_int_equal(lastack_set_option(stack, client, LASTACK_TCP_USER_TIMEOUT, 0), 0);
    assert_int_equal(got(pair, client, LASTACK_TCP_USER_TIMEOUT), 0);
    assert_int_equal(lastack_connect(stack, client, &at[0]), -LASTACK_EINPROGRESS);
    pair_run(pair);
    server = lastack_accept(stack, pair->listener, NULL);
    assert_int_equal(got(pair, server, LASTACK_TCP_USER_TIMEOUT), 0);
    listener = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_bind(stack, listener, &at[1]), 0);
    assert_int_equal(lastack_listen(stack, listener, 1), 0);
    client = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_connect(stack, client, &at[1]), -LASTACK_EINPROGRESS);
    pair_run(pair);
    server = lastack_accept(stack, listener, NULL);
    assert_int_equal(got(pair, server, LASTACK_TCP_USER_TIMEOUT), 3000);
}

/* O_NONBLOCK is the socket's, FD_CLOEXEC the descriptor's. */
static void modes_of_a_second_descriptor(void **state)
{
    struct pair *pair = *state;
    const int fd = pair->client, other = lastack_dup(pair->stack, fd);
    int again;

    assert_int_equal(lastack_fcntl(pair->stack, fd, LASTACK_F_SETFD, 1), 0);
    assert_int_equal(lastack_fcntl(pair->stack, fd, LASTACK_F_SETFL, LASTACK_O_NONBLOCK), 0);
    assert_int_equal(lastack_fcntl(pair->stack, other, LASTACK_F_GETFD, 0), 0);
    assert_true(lastack_fcntl(pair->stack, other, LASTACK_F_GETFL, 0) & LASTACK_O_NONBLOCK);
    assert_int_equal(lastack_fcntl(pair->stack, fd, LASTACK_F_GETFD, 0), 1);
    again = lastack_fcntl(pair->stack, fd, LASTACK_F_DUPFD, 0);
    assert_int_equal(lastack_fcntl(pair->stack, again, LASTACK_F_GETFD, 0), 0);
    assert_int_equal(lastack_close(pair->stack, fd), 0);
    assert_int_equal(lastack_dup(pair->stack, other), fd); /* the number is another's now */
    assert_int_equal(lastack_fcntl(pair->stack, fd, LASTACK_F_GETFD, 0), 0);
}

static void readable_from_a_low_water_mark_on(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(lastack_set_option(pair->stack, pair->server, LASTACK_SO_RCVLOWAT, 100), 0);
    pair_send(pair, pair->client, 99);
    assert_false(lastack_poll(pair->stack, pair->server) & LASTACK_POLLIN);
    pair_send(pair, pair->client, 1);
    assert_true(lastack_poll(pair->stack, pair->server) & LASTACK_POLLIN);
}

static void any_address_may_be_bound(void **state)
{
    struct pair *pair = *state;
    const struct lastack_endpoint foreign = {lastack_ipv4(203, 0, 113, 9), 7};
    const int fd = lastack_socket(pair->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    assert_int_equal(lastack_bind(pair->stack, fd, &foreign), -LASTACK_EADDRNOTAVAIL);
    assert_int_equal(lastack_set_option(pair->stack, fd, LASTACK_IP_FREEBIND, 1), 0);
    assert_int_equal(lastack_bind(pair->stack, fd, &foreign), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(pieces_out_and_in),
        PAIR_TEST(pieces_that_connect),
        PAIR_TEST(text_then_the_end),
        PAIR_TEST(what_is_left_comes_along),
        PAIR_TEST(lengths_of_queues),
        PAIR_TEST(modes_are_remembered),
        PAIR_TEST(options_of_linux),
        PAIR_TEST(readable_from_a_low_water_mark_on),
        PAIR_TEST(any_address_may_be_bound),
        PAIR_TEST(options_of_another_family),
        PAIR_TEST(modes_of_a_second_descriptor),
        PAIR_TEST(the_user_timeout_of_new_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
