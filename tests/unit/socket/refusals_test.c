/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refusals_test.c: every pool at its limit refuses the next one with a clear error, counts it, and
 * serves again when something was given back. Nothing is half done: the other pools are as they
 * were.
 */
#include "peer.h"

static int stream_socket(void)
{
    return lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
}

static void begin(void (*change)(struct lastack_config *config))
{
    struct lastack_config config;

    peer_config(&config);
    change(&config);
    restart(&config);
}

#define REFUSED(pool, cause, call, error)                                                          \
    do {                                                                                           \
        const uint64_t refusals = usage_of(LASTACK_POOL_##pool).refusals;                          \
                                                                                                   \
        assert_int_equal(usage_of(LASTACK_POOL_##pool).used, usage_of(LASTACK_POOL_##pool).limit); \
        assert_int_equal((call), -(error));                                                        \
        assert_int_equal(lastack_last_cause(world.stack), LASTACK_CAUSE_##cause);                  \
        assert_int_equal(usage_of(LASTACK_POOL_##pool).refusals, refusals + 1);                    \
    } while (0)

static void three_sockets(struct lastack_config *config)
{
    config->max_sockets = 3;
}

TEST(sockets)
{
    begin(three_sockets);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(stream_socket(), i);
    REFUSED(SOCKETS, NO_SOCKET_LEFT, stream_socket(), LASTACK_ENOBUFS);
    assert_int_equal(usage_of(LASTACK_POOL_DESCRIPTORS).used, 3);
    assert_int_equal(lastack_close(world.stack, 1), 0);
    assert_int_equal(stream_socket(), 1);
}

/* accept() too; the connection stays in the queue. */
TEST(sockets_for_accept)
{
    struct peer *p;

    begin(three_sockets);
    p = peer_at(PEER_PORT);
    LISTENS(5);
    (void)stream_socket();
    (void)stream_socket();
    ARRIVES(p, .flags = SYN, .seq = 0);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    FORGET(p);
    REFUSED(SOCKETS, NO_SOCKET_LEFT, lastack_accept(world.stack, world.listener, NULL),
            LASTACK_ENOBUFS);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_ACCEPT_QUEUE);
    assert_int_equal(lastack_close(world.stack, 1), 0);
    ACCEPTS(p);
}

static void three_descriptors(struct lastack_config *config)
{
    config->max_descriptors = 3;
}

TEST(descriptors)
{
    begin(three_descriptors);
    assert_int_equal(stream_socket(), 0);
    assert_int_equal(lastack_dup(world.stack, 0), 1);
    assert_int_equal(lastack_dup_to(world.stack, 0, 5), 2);
    REFUSED(DESCRIPTORS, NO_DESCRIPTOR_LEFT, lastack_dup(world.stack, 0), LASTACK_EMFILE);
    REFUSED(DESCRIPTORS, NO_DESCRIPTOR_LEFT, stream_socket(), LASTACK_EMFILE);
    assert_int_equal(usage_of(LASTACK_POOL_SOCKETS).used, 1); /* no socket without a descriptor */
    assert_int_equal(lastack_close(world.stack, 1), 0);
    assert_int_equal(stream_socket(), 1);
}

static void three_connections(struct lastack_config *config)
{
    config->max_connections = 3;
}

TEST(connections)
{
    struct peer *p = NULL;
    int fd;

    begin(three_connections);
    for (uint16_t i = 0; i < 3; i++) {
        p = peer_at((uint16_t)(PEER_PORT + i));
        CONNECTS(p);
        FORGET(p);
    }
    fd = stream_socket();
    REFUSED(CONNECTIONS, NO_CONNECTION_LEFT, lastack_connect(world.stack, fd, &p->remote),
            LASTACK_ENOBUFS);
    CLOSES(p); /* in SYN-SENT: gone at once */
    FORGET(p);
    NEW_LIFE(p);
    p->fd = fd;
    CONNECTS(p); /* the same socket may try again */
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
}

/* A passive open finds no control block: the third ACK is as good as lost, the request goes on. */
TEST(connections_for_a_third_ack)
{
    struct peer *in, *out[3];

    begin(three_connections);
    in = peer_at(PEER_PORT);
    LISTENS(5);
    ARRIVES(in, .flags = SYN, .seq = 0);
    STATE(in, LISTEN, SYN_RECEIVED, SYN);
    SENDS(in, .flags = SYN | ACK, .seq = 0, .ack = 1);
    for (uint16_t i = 0; i < 3; i++) {
        out[i] = peer_at((uint16_t)(PEER_PORT + 1 + i));
        CONNECTS(out[i]);
        FORGET(out[i]);
    }
    ARRIVES(in, .flags = ACK, .seq = 1, .ack = 1);
    SENDS_NOTHING(in);
    NO_STATE(in);
    assert_int_equal(counted(LASTACK_CAUSE_NO_CONNECTION_LEFT), 1);
    CLOSES(out[0]);
    FORGET(out[0]);
    ARRIVES(in, .flags = ACK, .seq = 1, .ack = 1);
    STATE(in, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(in);
}

static void three_syns(struct lastack_config *config)
{
    config->max_syn_entries = 3;
    config->params.syn_cookies = false;
}

TEST(syn_entries)
{
    struct peer *p[4];

    begin(three_syns);
    LISTENS(100);
    for (uint16_t i = 0; i < 4; i++) {
        p[i] = peer_at((uint16_t)(PEER_PORT + i));
        ARRIVES(p[i], .flags = SYN, .seq = 0);
    }
    SENDS_NOTHING(p[3]);
    IS_IN(p[3], CLOSED);
    assert_int_equal(counted(LASTACK_CAUSE_NO_SYN_ENTRY_LEFT), 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).refusals, 1);
    ARRIVES(p[0], .flags = RST, .seq = 1);
    ARRIVES(p[3], .flags = SYN, .seq = 0);
    IS_IN(p[3], SYN_RECEIVED);
    for (uint16_t i = 0; i < 4; i++)
        FORGET(p[i]);
}

static void three_endpoints(struct lastack_config *config)
{
    config->max_endpoints = 3;
}

static int bind_to(int fd, uint16_t port)
{
    const struct lastack_endpoint local = {lastack_ipv4(192, 0, 2, 1), port};

    return lastack_bind(world.stack, fd, &local);
}

TEST(endpoints)
{
    struct peer *p;
    int fds[4];

    begin(three_endpoints);
    p = peer_at(PEER_PORT);
    for (uint16_t i = 0; i < 4; i++)
        fds[i] = stream_socket();
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(bind_to(fds[i], (uint16_t)(1000 + i)), 0);
    REFUSED(ENDPOINTS, NO_ENDPOINT_LEFT, bind_to(fds[3], 1003), LASTACK_ENOBUFS);
    REFUSED(ENDPOINTS, NO_ENDPOINT_LEFT, lastack_connect(world.stack, fds[3], &p->remote),
            LASTACK_ENOBUFS);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    assert_int_equal(lastack_close(world.stack, fds[0]), 0);
    assert_int_equal(bind_to(fds[3], 1003), 0);
}

static void few_pages(struct lastack_config *config)
{
    config->max_pages = 4;
}

/* The page that is missing refuses the rest of a write, not what already had its place. */
TEST(pages_for_sending)
{
    static uint8_t text[65536];
    struct peer *p;
    int64_t taken;

    begin(few_pages);
    p = reach(PEER_PORT, TCP_ESTABLISHED);
    taken = lastack_send(world.stack, p->fd, text, sizeof text, 0);
    assert_in_range(taken, 1, 4 * 4096);
    assert_true(lastack_send(world.stack, p->fd, text, sizeof text, 0) < 0);
    assert_true(usage_of(LASTACK_POOL_PAGES).refusals > 0);
    assert_true(counted(LASTACK_CAUSE_NO_PAGE_LEFT) > 0);
    SETTLES();
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + taken);
    FORGET(p);
    assert_true(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    assert_true(lastack_send(world.stack, p->fd, text, 4096, 0) > 0);
    SETTLES();
    FORGET(p);
}

/* Text for which there is no page is not acknowledged: the peer keeps it. */
TEST(pages_for_receiving)
{
    struct peer *p;
    uint32_t got = 0;

    begin(few_pages);
    p = reach(PEER_PORT, TCP_ESTABLISHED);
    for (unsigned i = 0; i < 40; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1 + i * 1000, .ack = 1, .text = 1000);
        FORGET(p);
    }
    assert_true(counted(LASTACK_CAUSE_NO_PAGE_LEFT) > 0);
    got = row_of(p).recv_q;
    assert_in_range(got, 1000, 4 * 4096);
    READS(p, got);
    FORGET(p);
    for (unsigned i = 0; i < 4; i++) /* and now there are pages again */
        ARRIVES(p, .flags = ACK, .seq = 1 + got + i * 1000, .ack = 1, .text = 1000);
    FORGET(p);
    READS(p, 4000);
    FORGET(p);
}

static void two_routes(struct lastack_config *config)
{
    config->max_routes = 2; /* the two prefixes of the wire */
}

/* An address whose prefix finds no place among the routes is none of ours. */
TEST(routes)
{
    const struct lastack_address another = lastack_ipv4(198, 51, 100, 1);
    const struct lastack_address same_prefix = lastack_ipv4(192, 0, 2, 7);
    const struct lastack_endpoint local = {another, 80};

    begin(two_routes);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &another, 24),
                         -LASTACK_ENOBUFS);
    assert_int_equal(lastack_bind(world.stack, stream_socket(), &local), -LASTACK_EADDRNOTAVAIL);
    assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &same_prefix, 24), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(sockets),     RUN(sockets_for_accept),          RUN(descriptors),
        RUN(connections), RUN(connections_for_a_third_ack), RUN(syn_entries),
        RUN(endpoints),   RUN(pages_for_sending),           RUN(pages_for_receiving),
        RUN(routes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
