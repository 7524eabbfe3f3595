/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll_test.c: level and edge, one shot, exclusive, bounds and refusals; poll of many.
 */
#include "pair.h"

enum { IN = LASTACK_POLLIN, OUT = LASTACK_POLLOUT };

static void watch(struct pair *pair, int epoll, enum lastack_epoll_operation operation, int fd,
                  uint32_t events, int result)
{
    const struct lastack_epoll_event event = {events, (uint64_t)fd + 1000};

    assert_int_equal(lastack_epoll_control(pair->stack, epoll, operation, fd, &event), result);
}

/* The one event that comes, or none (events 0). */
static void wait_gives(struct pair *pair, int epoll, int fd, uint32_t events)
{
    struct lastack_epoll_event seen[4];
    const int count = lastack_epoll_wait(pair->stack, epoll, seen, 4);

    assert_int_equal(count, events != 0);
    if (events != 0) {
        assert_int_equal(seen[0].events, events);
        assert_int_equal(seen[0].data, fd + 1000);
    }
}

static void the_level_is_told_while_it_lasts(void **state)
{
    struct pair *pair = *state;
    const int epoll = lastack_epoll_create(pair->stack, 0);
    char byte[10];

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, IN, 0);
    wait_gives(pair, epoll, pair->server, 0);
    pair_send(pair, pair->client, 10);
    wait_gives(pair, epoll, pair->server, IN);
    wait_gives(pair, epoll, pair->server, IN);
    assert_int_equal(lastack_recv(pair->stack, pair->server, byte, 10, 0), 10);
    wait_gives(pair, epoll, pair->server, 0);
    assert_int_equal(lastack_poll(pair->stack, epoll), 0);
    pair_send(pair, pair->client, 1);
    assert_true(lastack_poll(pair->stack, epoll) & IN); /* an epoll can be polled, too */
}

/* One report for all news; more news, another one, whether the former were read or not; reading is
 * no news. */
static void an_edge_is_told_once(void **state)
{
    struct pair *pair = *state;
    const int epoll = lastack_epoll_create(pair->stack, 0);
    char byte[10];

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, IN | OUT | LASTACK_EPOLLET, 0);
    wait_gives(pair, epoll, pair->server, OUT); /* it was there when the watch began */
    wait_gives(pair, epoll, pair->server, 0);
    pair_send(pair, pair->client, 10);
    pair_send(pair, pair->client, 10);
    wait_gives(pair, epoll, pair->server, IN | OUT);
    wait_gives(pair, epoll, pair->server, 0);
    assert_int_equal(lastack_recv(pair->stack, pair->server, byte, 10, 0), 10);
    wait_gives(pair, epoll, pair->server, 0);
    pair_send(pair, pair->client, 1);
    wait_gives(pair, epoll, pair->server, IN | OUT);
    assert_int_equal(lastack_close(pair->stack, pair->client), 0);
    pair_run(pair);
    wait_gives(pair, epoll, pair->server, IN | OUT);
}

/* No room: nothing. Then room, once. */
static void room_is_an_edge(void **state)
{
    struct pair *pair = *state;
    const int epoll = lastack_epoll_create(pair->stack, 0);
    static char data[400000];
    struct lastack_epoll_event event;

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->client, OUT | LASTACK_EPOLLET, 0);
    wait_gives(pair, epoll, pair->client, OUT);
    do { /* until neither buffer takes more */
        pair_run(pair);
    } while (lastack_send(pair->stack, pair->client, data, sizeof data, 0) > 0);
    pair_wait(pair, 10000000);
    while (lastack_send(pair->stack, pair->client, data, sizeof data, 0) > 0)
        pair_run(pair);
    assert_int_equal(lastack_send(pair->stack, pair->client, data, 1, 0), -LASTACK_EAGAIN);
    while (lastack_epoll_wait(pair->stack, epoll, &event, 1) > 0)
        continue;
    assert_false(lastack_poll(pair->stack, pair->client) & OUT);
    while (lastack_recv(pair->stack, pair->server, data, sizeof data, 0) > 0)
        pair_wait(pair, 50000000);
    wait_gives(pair, epoll, pair->client, OUT);
    wait_gives(pair, epoll, pair->client, 0);
}

static void one_shot_is_silent_until_armed_again(void **state)
{
    struct pair *pair = *state;
    const int epoll = lastack_epoll_create(pair->stack, 0);

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, IN | LASTACK_EPOLLONESHOT, 0);
    pair_send(pair, pair->client, 10);
    wait_gives(pair, epoll, pair->server, IN);
    wait_gives(pair, epoll, pair->server, 0);
    pair_send(pair, pair->client, 10);
    wait_gives(pair, epoll, pair->server, 0);
    watch(pair, epoll, LASTACK_EPOLL_CTL_MOD, pair->server, IN | LASTACK_EPOLLONESHOT, 0);
    wait_gives(pair, epoll, pair->server, IN);
}

static void of_exclusive_ones_one_is_told(void **state)
{
    struct pair *pair = *state;
    const int one = lastack_epoll_create(pair->stack, 0);
    const int other = lastack_epoll_create(pair->stack, 0);
    const uint32_t asked = IN | LASTACK_EPOLLET | LASTACK_EPOLLEXCLUSIVE;
    struct lastack_epoll_event event;

    watch(pair, one, LASTACK_EPOLL_CTL_ADD, pair->server, asked, 0);
    watch(pair, other, LASTACK_EPOLL_CTL_ADD, pair->server, asked, 0);
    pair_send(pair, pair->client, 10);
    assert_int_equal(lastack_epoll_wait(pair->stack, one, &event, 1) +
                         lastack_epoll_wait(pair->stack, other, &event, 1),
                     1);
    watch(pair, one, LASTACK_EPOLL_CTL_MOD, pair->server, IN, -LASTACK_EINVAL);
}

/* Several with news come in turn, so that one that always has some starves nobody. */
static void ready_ones_take_turns(void **state)
{
    struct pair *pair = *state;
    const int epoll = lastack_epoll_create(pair->stack, 0);
    struct lastack_epoll_event event;

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->client, OUT, 0);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, OUT, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lastack_epoll_wait(pair->stack, epoll, &event, 1), 1);
        assert_int_equal(event.data, 1000 + (i % 2 == 0 ? pair->client : pair->server));
    }
}

static void refusals(void **state)
{
    struct pair *pair = *state;
    struct lastack *stack = pair->stack;
    const int epoll = lastack_epoll_create(stack, 0), nested = lastack_epoll_create(stack, 0);
    struct lastack_epoll_event event = {IN, 0};
    char byte;

    watch(pair, epoll, LASTACK_EPOLL_CTL_MOD, pair->server, IN, -LASTACK_ENOENT);
    watch(pair, epoll, LASTACK_EPOLL_CTL_DEL, pair->server, IN, -LASTACK_ENOENT);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, IN, 0);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->server, IN, -LASTACK_EEXIST);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, nested, IN, -LASTACK_EINVAL);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, 99, IN, -LASTACK_EBADF);
    watch(pair, pair->client, LASTACK_EPOLL_CTL_ADD, pair->server, IN, -LASTACK_EINVAL);
    assert_int_equal(lastack_epoll_control(stack, epoll, LASTACK_EPOLL_CTL_ADD, pair->client, NULL),
                     -LASTACK_EFAULT);
    assert_int_equal(lastack_epoll_wait(stack, pair->client, &event, 1), -LASTACK_EINVAL);
    assert_int_equal(lastack_epoll_wait(stack, 99, &event, 1), -LASTACK_EBADF);
    assert_int_equal(lastack_epoll_wait(stack, epoll, &event, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_recv(stack, epoll, &byte, 1, 0), -LASTACK_EBADF);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->client, IN, 0);
    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, pair->listener, IN, 0);
    watch(pair, nested, LASTACK_EPOLL_CTL_ADD, pair->client, IN, 0);
    watch(pair, nested, LASTACK_EPOLL_CTL_ADD, pair->server, IN, -LASTACK_ENOSPC); /* the fifth */
    assert_int_equal(lastack_close(stack, nested), 0); /* its watches go with it */
    assert_int_equal(lastack_epoll_wait(stack, nested, &event, 1), -LASTACK_EBADF);
    assert_int_equal(lastack_close(stack, pair->listener), 0);        /* a socket's too */
    assert_int_equal(lastack_epoll_create(stack, 0), pair->listener); /* the lowest free number */
    assert_int_equal(lastack_epoll_create(stack, 0), nested);
    watch(pair, nested, LASTACK_EPOLL_CTL_ADD, pair->client, IN, 0);
    watch(pair, nested, LASTACK_EPOLL_CTL_ADD, pair->server, IN, 0);
}

/* The number may be another socket's by the time its first one, still held, has news. */
static void a_watch_asks_the_socket_that_it_was_made_for(void **state)
{
    struct pair *pair = *state;
    struct lastack *stack = pair->stack;
    const int epoll = lastack_epoll_create(stack, 0), first = pair->server;
    const int second = lastack_dup(stack, first);

    watch(pair, epoll, LASTACK_EPOLL_CTL_ADD, first, IN | OUT, 0);
    assert_int_equal(lastack_close(stack, first), 0);
    assert_int_equal(lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0), first);
    wait_gives(pair, epoll, first, OUT); /* no HUP, which a new socket has */
    pair_send(pair, pair->client, 1);
    wait_gives(pair, epoll, first, IN | OUT);
    assert_int_equal(lastack_close(stack, second), 0);
    wait_gives(pair, epoll, first, 0);
}

static void many_at_once(void **state)
{
    struct pair *pair = *state;
    struct lastack_pollfd entries[] = {
        {pair->server, IN, 77}, {pair->client, IN | OUT, 0}, {99, IN, 0}, {-1, IN, 77}};

    pair_send(pair, pair->client, 1);
    assert_int_equal(lastack_poll_many(pair->stack, entries, 4), 3);
    assert_int_equal(entries[0].revents, IN);
    assert_int_equal(entries[1].revents, OUT);
    assert_int_equal(entries[2].revents, LASTACK_POLLNVAL);
    assert_int_equal(entries[3].revents, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(the_level_is_told_while_it_lasts),
        PAIR_TEST(an_edge_is_told_once),
        PAIR_TEST(room_is_an_edge),
        PAIR_TEST(one_shot_is_silent_until_armed_again),
        PAIR_TEST(of_exclusive_ones_one_is_told),
        PAIR_TEST(ready_ones_take_turns),
        PAIR_TEST(refusals),
        PAIR_TEST(a_watch_asks_the_socket_that_it_was_made_for),
        PAIR_TEST(many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
