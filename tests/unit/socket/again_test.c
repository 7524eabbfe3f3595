/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * again_test.c: a socket that begins once more: after an attempt to connect that failed, or that a
 * shutdown() ended, nothing of the first attempt is left. And other calls that went wrong once.
 */
#include "peer.h"

/* As Linux 6.18: it ends the attempt, whichever half it names, and shuts nothing. */
static void shut_and_begin_again(int how)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1);

    CONNECTS(p);
    FORGET(p);
    SHUTS(p, how);
    STATE(p, SYN_SENT, CLOSED, CALL_SHUTDOWN);
    q->fd = p->fd;
    p->fd = -1;
    CONNECTS(q);
    ARRIVES(q, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(q);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    READS(q, 10);
    READS_NOTHING(q);
    WRITES(q, 10);
    FORGET(q);
    ARRIVES(q, .flags = ACK, .seq = 11, .ack = 11);
}

TEST(shut_rd_before_the_answer)
{
    shut_and_begin_again(LASTACK_SHUT_RD);
}

TEST(shut_wr_before_the_answer)
{
    shut_and_begin_again(LASTACK_SHUT_WR);
}

TEST(shut_rdwr_before_the_answer)
{
    shut_and_begin_again(LASTACK_SHUT_RDWR);
}

/* What was refused over IPv4 may go on over IPv6: the address is chosen anew. */
TEST(another_family_after_a_refusal)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at_ipv6(PEER_PORT + 1);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, CLOSED, REFUSED);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ECONNREFUSED);
    q->fd = p->fd;
    p->fd = -1;
    CONNECTS(q);
    assert_false(lastack_is_ipv4(&q->local.address));
    FORGET(q);
}

/* ... and so is the way: the second host is reached over another link. */
TEST(another_link_after_a_refusal)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "other", .mtu = 1500};
    const struct lastack_address own = lastack_ipv4(198, 51, 100, 1);
    const struct lastack_endpoint other = {lastack_ipv4(198, 51, 100, 9), 80};
    struct peer *p = peer_at(PEER_PORT);
    struct lastack_endpoint local;
    const int index = lastack_add_link(world.stack, &link);

    assert_int_equal(lastack_add_address(world.stack, (uint32_t)index, &own, 24), 0);
    lastack_set_link_up(world.stack, (uint32_t)index, false);
    CONNECTS(p);
    FORGET(p);
    ARRIVES(p, .flags = RST | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ECONNREFUSED);
    assert_int_equal(lastack_connect(world.stack, p->fd, &other), -LASTACK_EINPROGRESS);
    assert_int_equal(lastack_getsockname(world.stack, p->fd, &local), 0);
    assert_true(lastack_address_equal(&local.address, &own));
    assert_int_equal(lastack_close(world.stack, p->fd), 0);
    p->fd = -1;
}

/* Text that crossed our SYN is gone with the attempt: its page is free for the next. */
TEST(text_of_a_refused_attempt)
{
    struct lastack_config config;
    struct peer *p;
    uint32_t used;

    peer_config(&config);
    config.params.syn_text_kept = true;
    restart(&config);
    p = peer_at(PEER_PORT);
    used = usage_of(LASTACK_POOL_PAGES).used;
    for (int i = 0; i < 3; i++) {
        CONNECTS(p);
        ARRIVES(p, .flags = SYN, .seq = 0, .text = 100);
        ARRIVES(p, .flags = RST | ACK, .seq = 1, .ack = 1);
        FORGET(p);
        IS_IN(p, CLOSED);
        assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ECONNREFUSED);
        NEW_LIFE(p);
    }
    assert_in_range(usage_of(LASTACK_POOL_PAGES).used, used, used + 2);
}

/* An empty piece at the end of a write announces nothing behind it. */
TEST(an_empty_last_piece)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));
    const struct lastack_iovec iov[] = {{"0123456789", 10}, {NULL, 0}};

    assert_int_equal(lastack_sendv(world.stack, p->fd, iov, 2, 0), 10);
    SETTLES();
    assert_int_equal(packets_forgotten(p), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
}

/* A linger of nothing is a RST, whatever waits to be read. */
TEST(linger_of_nothing_with_unread_text)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.abort_on_unread = false;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    FORGET(p);
    LINGERS(p, 0);
    CLOSES(p);
    STATE(p, ESTABLISHED, CLOSED, LINGER_ZERO);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 11);
}

/* Answers for a link that is down do not keep those for another waiting. */
TEST(answers_for_a_link_that_is_down)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "other", .mtu = 1500};
    const struct lastack_address own = lastack_ipv4(198, 51, 100, 1);
    const struct lastack_address gone = lastack_ipv4(198, 51, 100, 9);
    struct lastack_config config;
    struct peer *p, *q;
    int index;

    peer_config(&config);
    config.max_replies = 2;
    restart(&config);
    index = lastack_add_link(world.stack, &link);
    assert_int_equal(lastack_add_address(world.stack, (uint32_t)index, &own, 24), 0);
    lastack_set_link_up(world.stack, (uint32_t)index, false);
    p = peer_at(PEER_PORT);
    for (int i = 0; i < 4; i++) {
        p->remote.address = gone;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = i + 1);
    }
    FORGET(p);
    q = peer_at(PEER_PORT + 1);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(packets_forgotten(q), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(shut_rd_before_the_answer),
        RUN(shut_wr_before_the_answer),
        RUN(shut_rdwr_before_the_answer),
        RUN(another_family_after_a_refusal),
        RUN(another_link_after_a_refusal),
        RUN(text_of_a_refused_attempt),
        RUN(an_empty_last_piece),
        RUN(linger_of_nothing_with_unread_text),
        RUN(answers_for_a_link_that_is_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
