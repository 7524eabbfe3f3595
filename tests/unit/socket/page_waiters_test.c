/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page_waiters_test.c: who finds no page to write to is told when there is one, in the order in
 * which they came, and poll does not say writable before.
 */
#include "peer.h"

enum { PAGES = 16, PAGE = 4096, WRITERS = 4, HOG = WRITERS };

/* Connections of the stack; the first one's text holds the pages, but for what it would need at
 * once to go on, which another has. */
static struct peer *writers[WRITERS + 1];
static uint32_t acked; /* of that text */

static int64_t writes(unsigned writer)
{
    return writes_with(writers[writer], PAGE, 0);
}

static bool is_writable(unsigned writer)
{
    return (lastack_poll(world.stack, writers[writer]->fd) & LASTACK_POLLOUT) != 0;
}

static void begin(void)
{
    struct lastack_config config;
    struct lastack_event event;

    peer_config(&config);
    config.max_pages = PAGES;
    restart(&config);
    acked = 0;
    for (unsigned i = 0; i <= HOG; i++) {
        writers[i] = reach((uint16_t)(PEER_PORT + i), TCP_ESTABLISHED);
        SETS(writers[i], LASTACK_SO_SNDBUF, 1 << 20); /* pages are what is short */
    }
    while (writes(0) != -LASTACK_EAGAIN)
        FORGET(writers[0]);
    assert_true(counted(LASTACK_CAUSE_NO_PAGE_LEFT) > 0);
    do {
        while (lastack_next_event(world.stack, &event))
            continue;
        (void)writes(HOG);
    } while (is_writable(HOG));
    assert_false(is_writable(0));
}

/* So many pages of the first one's text are acknowledged. */
static void pages_come_back(unsigned count)
{
    acked += count * PAGE;
    ARRIVES(writers[0], .flags = ACK, .seq = 1, .ack = 1 + acked);
    FORGET(writers[0]);
}

static void everything_is_acknowledged(unsigned writer)
{
    struct peer *peer = writers[writer];

    ARRIVES(peer, .flags = ACK, .seq = 1, .ack = 1 + peer->written);
    FORGET(peer);
}

/* The next one that is told that it may write, but the first, which has nothing more to say; -1:
 * nobody is. */
static int told(void)
{
    struct lastack_event event;

    while (lastack_next_event(world.stack, &event))
        for (int i = 1; i < WRITERS; i++)
            if (event.descriptor == writers[i]->fd && event.kinds & 1u << LASTACK_EVENT_WRITABLE)
                return i;
    return -1;
}

static void end(void)
{
    lastack_check(world.stack);
    for (unsigned i = 0; i <= HOG; i++)
        FORGET(writers[i]);
}

TEST(not_writable_without_a_page)
{
    begin();
    assert_false(is_writable(1)); /* it has never written */
    assert_int_equal(writes(1), -LASTACK_EAGAIN);
    assert_int_equal(told(), -1);
    pages_come_back(2);
    assert_int_equal(told(), 1);
    assert_int_equal(told(), -1);
    assert_true(is_writable(1));
    assert_in_range(writes(1), 1, PAGE);
    end();
}

/* The page of a byte that was written has room for others, whoever waits. */
TEST(what_is_left_of_a_page_is_its_owners)
{
    begin();
    pages_come_back(1);
    assert_int_equal(writes(1), -LASTACK_EAGAIN);
    assert_int_equal(told(), 1);
    assert_int_equal(writes_with(writers[1], 100, 0), 100);
    assert_int_equal(writes(2), -LASTACK_EAGAIN);
    assert_true(is_writable(1));
    assert_in_range(writes(1), 1, PAGE - 100);
    assert_false(is_writable(1));
    end();
}

/* A page or two go round: each writes as much as it can when it is told, then that is
 * acknowledged. */
TEST(in_the_order_in_which_they_came)
{
    const unsigned came[] = {2, 3, 1};

    begin();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(writes(came[i]), -LASTACK_EAGAIN);
    pages_come_back(1);
    for (unsigned round = 0; round < 9; round++) {
        const unsigned writer = came[round % 3];

        assert_int_equal(told(), writer);
        assert_in_range(writes(writer), 1, PAGE);
        while (writes(writer) > 0)
            continue;
        assert_false(is_writable(writer));
        lastack_check(world.stack);
        everything_is_acknowledged(writer);
    }
    end();
}

/* Several are told before the first of them takes all there is: the others come before him. */
TEST(who_was_told_in_vain_goes_back_to_the_front)
{
    begin();
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(writes(i), -LASTACK_EAGAIN);
    pages_come_back(1);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(told(), i);
    assert_in_range(writes(1), 1, PAGE);
    for (unsigned i = 1; i <= 3; i++) /* the last who comes back stands first */
        assert_int_equal(writes(4 - i), -LASTACK_EAGAIN);
    for (int i = 2; i <= 3; i++) {
        pages_come_back(1);
        assert_int_equal(told(), i);
        assert_in_range(writes((unsigned)i), 1, PAGE);
    }
    everything_is_acknowledged(1);
    assert_int_equal(told(), 1);
    end();
}

TEST(nobody_overtakes)
{
    begin();
    assert_int_equal(writes(1), -LASTACK_EAGAIN);
    assert_int_equal(writes(2), -LASTACK_EAGAIN);
    pages_come_back(1);
    assert_int_equal(writes(3), -LASTACK_EAGAIN); /* it comes now */
    assert_false(is_writable(3));
    assert_int_equal(told(), 1);
    assert_in_range(writes(1), 1, PAGE);
    pages_come_back(2);
    assert_int_equal(told(), 2);
    assert_int_equal(told(), 3);
    assert_true(is_writable(3));
    assert_int_equal(writes_with(writers[3], 100, 0), 100);
    assert_in_range(writes(2), 1, PAGE);
    end();
}

/* A waiter that ends leaves; one that shuts its direction is passed over. */
TEST(who_is_gone_is_passed_over)
{
    begin();
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(writes(i), -LASTACK_EAGAIN);
    ARRIVES(writers[1], .flags = RST, .seq = 1);
    STATE(writers[1], ESTABLISHED, CLOSED, RST);
    lastack_check(world.stack);
    assert_int_equal(lastack_shutdown(world.stack, writers[2]->fd, LASTACK_SHUT_WR), 0);
    SETTLES();
    STATE(writers[2], ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    pages_come_back(1);
    lastack_check(world.stack);
    for (int writer; (writer = told()) != 3;)
        assert_int_not_equal(writer, -1);
    assert_in_range(writes(3), 1, PAGE);
    end();
}

/* A datagram socket stands in the same line, between the connections. */
TEST(datagrams_take_their_turn)
{
    const struct lastack_endpoint self = {lastack_ipv4(127, 0, 0, 1), 53};
    struct lastack_event event;
    int udp;

    begin();
    udp = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    assert_int_equal(lastack_bind(world.stack, udp, &self), 0);
    assert_int_equal(writes(1), -LASTACK_EAGAIN);
    assert_int_equal(lastack_send_to(world.stack, udp, "x", 1, 0, &self), -LASTACK_EAGAIN);
    assert_int_equal(writes(2), -LASTACK_EAGAIN);
    lastack_check(world.stack);
    pages_come_back(1);
    assert_int_equal(lastack_send_to(world.stack, udp, "x", 1, 0, &self), -LASTACK_EAGAIN);
    assert_int_equal(told(), 1);
    assert_in_range(writes(1), 1, PAGE);
    pages_come_back(1);
    assert_true(lastack_next_event(world.stack, &event));
    assert_int_equal(event.descriptor, udp);
    assert_int_equal(event.kinds, 1u << LASTACK_EVENT_WRITABLE);
    assert_true(lastack_poll(world.stack, udp) & LASTACK_POLLOUT);
    assert_int_equal(lastack_send_to(world.stack, udp, "x", 1, 0, &self), 1);
    assert_int_equal(lastack_poll(world.stack, udp) & LASTACK_POLLOUT, 0);
    lastack_check(world.stack);
    SETTLES(); /* it arrives, and its page is the next one's */
    assert_int_equal(told(), 2);
    assert_in_range(writes(2), 1, PAGE);
    end();
}

/* Written in place, it is the same. */
TEST(in_place)
{
    struct lastack_buffer pieces[4];

    begin();
    assert_int_equal(lastack_send_room(world.stack, writers[1]->fd, pieces, 4, PAGE),
                     -LASTACK_EAGAIN);
    pages_come_back(1);
    assert_int_equal(lastack_send_room(world.stack, writers[2]->fd, pieces, 4, PAGE),
                     -LASTACK_EAGAIN);
    assert_int_equal(told(), 1);
    assert_true(lastack_send_room(world.stack, writers[1]->fd, pieces, 4, PAGE) > 0);
    assert_true(lastack_send_done(world.stack, writers[1]->fd, 100, 0) == 100);
    SETTLES();
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(not_writable_without_a_page),
        RUN(what_is_left_of_a_page_is_its_owners),
        RUN(in_the_order_in_which_they_came),
        RUN(who_was_told_in_vain_goes_back_to_the_front),
        RUN(nobody_overtakes),
        RUN(who_is_gone_is_passed_over),
        RUN(datagrams_take_their_turn),
        RUN(in_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
