/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls_test.c: user calls in every state, RFC 9293 §3.10.1 to §3.10.6, and the interface of
 * §3.9.1: OPEN, SEND, RECEIVE, CLOSE, STATUS as socket, listen, connect, send, recv, close and
 * rows.
 */
#include "peer.h"

/* A socket of nobody: CLOSED. */
static int new_socket(void)
{
    const int fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    assert_true(fd >= 0);
    return fd;
}

static void nothing_was_sent(void)
{
    struct lastack_packet_out packet;

    assert_int_equal(lastack_output(world.stack, &packet, 1), 0);
}

/* ---- OPEN ---- */

/* covers: 9293-3.10.1-CLOSED-P */
TEST(passive_open_says_nothing)
{
    struct peer *anybody = peer_at(0);

    LISTENS(5);
    STATE(anybody, CLOSED, LISTEN, CALL_LISTEN);
    nothing_was_sent();
}

/* One SYN; SND.UNA = ISS, SND.NXT = ISS + 1: an ACK of ISS + 1 is the only one that is good.
 * covers: 9293-3.10.1-CLOSED-A */
TEST(active_open_sends_one_syn)
{
    static const struct lastack_endpoint no_port = {.port = 0};
    struct lastack_endpoint remote = no_port;
    struct peer *p = peer_at(PEER_PORT);
    const int fd = new_socket();

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).state, TCP_SYN_SENT);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    /* without a remote socket */
    remote.address = p->remote.address;
    assert_true(lastack_connect(world.stack, fd, &remote) < 0);
    nothing_was_sent();
}

/* No room: an error, and nothing is left behind (the teardown counts every pool).
 * covers: 9293-3.10.1-CLOSED-R */
TEST(no_room_for_another)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), 81};
    struct lastack_config config;
    struct peer *p;
    int fd;

    peer_config(&config);
    config.max_connections = 1;
    config.max_sockets = config.max_descriptors = 3;
    config.max_endpoints = 3;
    restart(&config);
    p = ACCEPTED(); /* the only control block, two of the endpoints, two of the sockets */
    fd = new_socket();
    assert_int_equal(
        lastack_connect(world.stack, fd, &(struct lastack_endpoint){p->remote.address, 9}),
        -LASTACK_ENOBUFS);
    assert_int_equal(lastack_last_cause(world.stack), LASTACK_CAUSE_NO_CONNECTION_LEFT);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 1);
    nothing_was_sent();
    assert_int_equal(lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0),
                     -LASTACK_ENOBUFS);
    assert_int_equal(lastack_close(world.stack, fd), 0);
    ABORTS(p);
    FORGET(p);
    fd = new_socket(); /* what was refused before is possible now */
    assert_int_equal(lastack_bind(world.stack, fd, &any), 0);
    assert_int_equal(lastack_listen(world.stack, fd, 1), 0);
}

/* An address of ours that the user chooses is the one on the wire; one that is not ours is refused.
 * covers: 9293-MUST-43 */
TEST(local_address_of_choice)
{
    const struct lastack_address second = lastack_ipv4(192, 0, 2, 77);
    const struct lastack_endpoint local = {second, 0};
    const struct lastack_endpoint foreign = {lastack_ipv4(198, 51, 100, 1), 0};
    struct peer *p = peer_at(PEER_PORT);
    struct lastack_endpoint name;

    assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &second, 24), 0);
    p->fd = new_socket();
    assert_int_equal(lastack_bind(world.stack, p->fd, &foreign), -LASTACK_EADDRNOTAVAIL);
    assert_int_equal(lastack_bind(world.stack, p->fd, &local), 0);
    CONNECTS(p);
    assert_true(lastack_address_equal(&p->local.address, &second));
    SENDS(p, .flags = SYN, .seq = 0);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1); /* arrives there and is taken */
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .from = second);
    assert_int_equal(lastack_getsockname(world.stack, p->fd, &name), 0);
    assert_true(lastack_address_equal(&name.address, &second));
}

/* The stack gets an address that would be a better source for the peer: new connections have it,
 * the old one keeps what it started with.
 * covers: 9293-MUST-45 */
TEST(local_address_stays)
{
    const struct lastack_address nearer = lastack_ipv4(192, 0, 2, 10);
    struct peer *p = CONNECTED();
    struct peer *q = peer_at(PEER_PORT + 1);

    assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &nearer, 30), 0);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .from = lastack_ipv4(192, 0, 2, 1));
    AFTER(SEC(1)); /* again: the same */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .from = lastack_ipv4(192, 0, 2, 1));
    CONNECTS(q);
    SENDS(q, .flags = SYN, .seq = 0, .from = nearer);
    FORGET(p);
    FORGET(q);
}

/* Nobody, everybody, a group: no connection can be made to them, whatever the routes say.
 * covers: 9293-MUST-46 */
TEST(connect_to_many)
{
    static const char *const many[] = {
        "255.255.255.255", "192.0.2.255", "224.0.0.1", "239.1.2.3", "240.0.0.1",
        "0.0.0.0",         "ff02::1",     "ff0e::1",   "::",
    };
    const struct lastack_address gateway = lastack_ipv4(192, 0, 2, 254);
    const struct lastack_address nobody = lastack_ipv4(0, 0, 0, 0);
    const struct lastack_address nobody6 = {{0}};
    struct lastack_address gateway6;

    assert_true(lastack_address_parse("2001:db8::fe", &gateway6));
    assert_int_equal(lastack_add_route(world.stack, &nobody, 0, PEER_LINK, &gateway), 0);
    assert_int_equal(lastack_add_route(world.stack, &nobody6, 0, PEER_LINK, &gateway6), 0);
    for (unsigned i = 0; i < sizeof many / sizeof many[0]; i++) {
        struct lastack_endpoint remote = {.port = 80};
        int fd;

        assert_true(lastack_address_parse(many[i], &remote.address));
        fd = lastack_socket(world.stack,
                            lastack_is_ipv4(&remote.address) ? LASTACK_AF_INET : LASTACK_AF_INET6,
                            LASTACK_SOCK_STREAM, 0);
        assert_int_equal(lastack_connect(world.stack, fd, &remote), -LASTACK_ENETUNREACH);
        nothing_was_sent();
        assert_int_equal(lastack_close(world.stack, fd), 0);
    }
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).peak, 0);
}

/* Every port of the range is used, and no other.
 * covers: LNX-PORTS */
TEST(ephemeral_ports)
{
    const struct lastack_endpoint remote = {lastack_ipv4(192, 0, 2, 9), 80};
    static bool is_used[65536];
    struct lastack_packet_out packets[4];
    uint32_t used = 0;

    for (unsigned i = 0; i < 60999 - 32768 + 1; i++) {
        const int fd = new_socket();
        struct lastack_endpoint local;

        assert_int_equal(lastack_connect(world.stack, fd, &remote), -LASTACK_EINPROGRESS);
        assert_int_equal(lastack_getsockname(world.stack, fd, &local), 0);
        assert_in_range(local.port, 32768, 60999);
        used += !is_used[local.port];
        is_used[local.port] = true;
        assert_int_equal(lastack_close(world.stack, fd), 0);
        while (lastack_output(world.stack, packets, 4) > 0)
            continue;
    }
    assert_true(used > (60999 - 32768 + 1) * 9 / 10);
}

/* ---- SEND ---- */

/* covers: 9293-3.10.2-CLOSED 9293-3.10.2-LISTEN */
TEST(send_without_a_connection)
{
    const int fd = new_socket();

    assert_int_equal(lastack_send(world.stack, fd, "x", 1, 0), -LASTACK_EPIPE);
    LISTENS(1);
    assert_int_equal(lastack_send(world.stack, world.listener, "x", 1, 0), -LASTACK_EPIPE);
    nothing_was_sent();
}

/* Before the handshake is over nothing is taken, and nothing leaves with a SYN; afterwards at once.
 * covers: 9293-3.10.2-SYN */
TEST(send_during_the_handshake)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);
    struct peer *q = reach(PEER_PORT + 1, TCP_SYN_RECEIVED);

    WRITES_ERROR(p, LASTACK_EAGAIN);
    WRITES_ERROR(q, LASTACK_EAGAIN);
    SETTLES();
    SENDS_NOTHING(p);
    SENDS_NOTHING(q);
    assert_int_equal(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT, 0);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(q, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    FORGET(q);
    assert_int_not_equal(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT, 0);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    WRITES(q, 10);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
}

/* ---- RECEIVE ---- */

/* covers: 9293-3.10.3-CLOSED */
TEST(receive_without_a_connection)
{
    const int fd = new_socket();
    uint8_t byte;

    assert_int_equal(lastack_recv(world.stack, fd, &byte, 1, 0), -LASTACK_ENOTCONN);
    LISTENS(1);
    assert_int_equal(lastack_recv(world.stack, world.listener, &byte, 1, 0), -LASTACK_ENOTCONN);
}

/* Text on a SYN, and text of one whose handshake is not over, is for nobody yet.
 * covers: 9293-3.10.3-SYN */
TEST(receive_during_the_handshake)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);
    struct peer *q = reach(PEER_PORT + 1, TCP_SYN_RECEIVED);
    struct peer *r = peer_at(PEER_PORT + 2);

    READS_NOTHING(p);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 100);
    READS_NOTHING(p);
    READS_NOTHING(q);
    FORGET(p);
    LISTENS(5);
    ARRIVES(r, .flags = SYN, .seq = 0, .text = 100);
    assert_int_equal(lastack_accept(world.stack, world.listener, NULL), -LASTACK_EAGAIN);
    assert_int_equal(lastack_poll(world.stack, world.listener), 0);
    ARRIVES(r, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    ACCEPTS(r);
    READS(r, 100);
    FORGET(r);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    READS(q, 100);
    FORGET(q);
}

/* Delivered in order and acknowledged; when there is nothing, there is nothing.
 * covers: 9293-3.10.3-ESTAB */
TEST(receive_in_the_states_that_may)
{
    static const enum tcp_state states[] = {TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2};

    for (unsigned i = 0; i < 3; i++) {
        struct peer *p = reach((uint16_t)(PEER_PORT + i), states[i]);

        READS_NOTHING(p);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = p->nxt - (i == 1), .text = 500);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = 501);
        READS(p, 500);
        READS_NOTHING(p);
        ARRIVES(p, .flags = ACK, .seq = 501, .ack = p->nxt - (i == 1), .text = 100);
        READS(p, 100);
        ABORTS(p);
        FORGET(p);
    }
}

/* Both sides have closed: the end, whatever else arrives.
 * covers: 9293-3.10.3-LAST */
TEST(receive_at_the_end)
{
    static const enum tcp_state states[] = {TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT};

    for (unsigned i = 0; i < 3; i++) {
        struct peer *p = reach((uint16_t)(PEER_PORT + i), states[i]);

        READS_END(p);
        ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1, .text = 50);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 50);
        READS_END(p);
        CLOSES(p);
        FORGET(p);
    }
}

/* ---- CLOSE ---- */

/* covers: 9293-3.10.4-CLOSED */
TEST(close_of_what_never_was_open)
{
    const int fd = new_socket();

    assert_int_equal(lastack_shutdown(world.stack, fd, LASTACK_SHUT_WR), -LASTACK_ENOTCONN);
    assert_int_equal(lastack_abort(world.stack, fd), -LASTACK_ENOTCONN);
    assert_int_equal(lastack_close(world.stack, fd), 0);
    nothing_was_sent();
    assert_int_equal(lastack_close(world.stack, fd), -LASTACK_EBADF);
}

/* A listener with a half-open request, and a connection that nobody has accepted: the one is
 * forgotten, the other's peer is told.
 * covers: 9293-3.10.4-LISTEN */
TEST(close_of_a_listener_with_children)
{
    struct peer *request = peer_at(PEER_PORT);
    struct peer *child = peer_at(PEER_PORT + 1);

    LISTENS(5);
    ARRIVES(request, .flags = SYN, .seq = 0);
    ARRIVES(child, .flags = SYN, .seq = 0);
    ARRIVES(child, .flags = ACK, .seq = 1, .ack = 1);
    FORGET(request);
    FORGET(child);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    SETTLES();
    STATE(child, ESTABLISHED, CLOSED, LISTENER_CLOSED);
    SENDS(child, .flags = RST | ACK, .seq = 1, .ack = 1);
    IS_IN(request, CLOSED);
    SENDS_NOTHING(request);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, 0);
    AFTER(SEC(100)); /* nor does its SYN-ACK come again */
    SENDS_NOTHING(request);
    ARRIVES(request, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(request, .flags = RST, .seq = 1);
    FORGET(request);
}

/* After close() the user can neither send nor read; shutdown() closes one direction only.
 * covers: 9293-MAY-1 */
TEST(close_ends_both_directions)
{
    struct peer *p = ACCEPTED();
    struct peer *q = accepted_with(PEER_PORT + 1, &(struct opening){0});
    const int fd = p->fd;
    uint8_t byte;

    CLOSES(p);
    assert_int_equal(lastack_recv(world.stack, fd, &byte, 1, 0), -LASTACK_EBADF);
    assert_int_equal(lastack_send(world.stack, fd, "x", 1, 0), -LASTACK_EBADF);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    SENDS(p, .flags = RST, .seq = 2);
    FORGET(p);
    SHUTS(q, LASTACK_SHUT_WR);
    WRITES_ERROR(q, LASTACK_EPIPE);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 2, .text = 10);
    READS(q, 10);
    FORGET(q);
}

/* ---- STATUS ---- */

static bool is_listening(void *context, const struct lastack_connection_row *row)
{
    *(bool *)context = row->state == TCP_LISTEN;
    return true;
}

/* covers: 9293-3.10.6-ALL */
TEST(status)
{
    static const struct {
        enum tcp_state state;
        const char *name;
    } names[] = {
        {TCP_SYN_SENT, "SYN-SENT"},       {TCP_SYN_RECEIVED, "SYN-RECEIVED"},
        {TCP_ESTABLISHED, "ESTABLISHED"}, {TCP_FIN_WAIT_1, "FIN-WAIT-1"},
        {TCP_FIN_WAIT_2, "FIN-WAIT-2"},   {TCP_CLOSE_WAIT, "CLOSE-WAIT"},
        {TCP_CLOSING, "CLOSING"},         {TCP_LAST_ACK, "LAST-ACK"},
        {TCP_TIME_WAIT, "TIME-WAIT"},
    };
    struct lastack_connection_row row;
    struct lastack_endpoint remote;
    uint64_t cursor = 0;
    bool is_listener = false;
    struct peer *p;

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        p = reach((uint16_t)(PEER_PORT + i), names[i].state);
        assert_int_equal(row_of(p).state, names[i].state);
        assert_string_equal(lastack_state_text(row_of(p).state), names[i].name);
    }
    (void)lastack_rows(world.stack, LASTACK_ROWS_LISTEN, &cursor, is_listening, &is_listener);
    assert_true(is_listener);
    p = accepted_with(PEER_PORT + 20, &(struct opening){0});
    ABORTS(p);
    FORGET(p);
    assert_false(has_row(p, &row)); /* CLOSED: there is none, and calls say so */
    assert_int_equal(lastack_getpeername(world.stack, new_socket(), &remote), -LASTACK_ENOTCONN);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        FORGET(p);
}

/* ---- IP fields ---- */

/* covers: 9293-MUST-49 */
TEST(time_to_live)
{
    struct peer *p = peer_at(PEER_PORT);
    struct peer *q;

    CONNECTS(p);
    SENDS(p, .flags = SYN, .seq = 0, .ttl = 64);
    FORGET(p);
    CLOSES(p);
    FORGET(p);
    NEW_LIFE(p);
    p->fd = new_socket();
    SETS(p, LASTACK_IP_TTL, 5);
    CONNECTS(p);
    SENDS(p, .flags = SYN, .seq = 0, .ttl = 5);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .ttl = 5);
    SETS(p, LASTACK_IP_TTL, 200);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ttl = 200);
    FORGET(p);
    assert_int_equal(lastack_set_option(world.stack, p->fd, LASTACK_IP_TTL, 256), -LASTACK_EINVAL);
    LISTENS(1);
    assert_int_equal(lastack_set_option(world.stack, world.listener, LASTACK_IP_TTL, 7), 0);
    q = peer_at(PEER_PORT + 1); /* inherited, from the SYN-ACK on */
    ARRIVES(q, .flags = SYN, .seq = 0);
    SENDS(q, .flags = SYN | ACK, .seq = 0, .ack = 1, .ttl = 7);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 11, .ttl = 7);
    FORGET(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(passive_open_says_nothing),
        RUN(active_open_sends_one_syn),
        RUN(no_room_for_another),
        RUN(local_address_of_choice),
        RUN(local_address_stays),
        RUN(connect_to_many),
        RUN(ephemeral_ports),
        RUN(send_without_a_connection),
        RUN(send_during_the_handshake),
        RUN(receive_without_a_connection),
        RUN(receive_during_the_handshake),
        RUN(receive_in_the_states_that_may),
        RUN(receive_at_the_end),
        RUN(close_of_what_never_was_open),
        RUN(close_of_a_listener_with_children),
        RUN(close_ends_both_directions),
        RUN(status),
        RUN(time_to_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
