/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_calls.c: calls on sockets, each with what follows from it. See peer.h.
 */
#include "peer_world.h"

#include <stdlib.h>

void LISTENS(int backlog)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), STACK_PORT};

    assert_int_equal(world.listener, -1);
    world.listener = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_true(world.listener >= 0);
    assert_int_equal(lastack_bind(world.stack, world.listener, &any), 0);
    assert_int_equal(lastack_listen(world.stack, world.listener, backlog), 0);
}

void CONNECTS(struct peer *peer)
{
    struct lastack_endpoint local;

    if (peer->fd < 0)
        peer->fd = lastack_socket(world.stack,
                                  lastack_is_ipv4(&peer->remote.address) ? LASTACK_AF_INET
                                                                         : LASTACK_AF_INET6,
                                  LASTACK_SOCK_STREAM, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(lastack_connect(world.stack, peer->fd, &peer->remote), -LASTACK_EINPROGRESS);
    assert_int_equal(lastack_getsockname(world.stack, peer->fd, &local), 0);
    peer->local = local;
    SETTLES();
}

void ACCEPTS(struct peer *peer)
{
    struct lastack_endpoint remote;

    peer->fd = lastack_accept(world.stack, world.listener, &remote);
    assert_true(peer->fd >= 0);
    assert_int_equal(remote.port, peer->remote.port);
    SETTLES();
}

int64_t writes_with(struct peer *peer, uint32_t bytes, uint32_t flags)
{
    uint8_t *data = malloc(bytes);
    int64_t taken;

    assert_non_null(data);
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = peer_byte(1 + peer->written + i, true);
    taken = lastack_send(world.stack, peer->fd, data, bytes, flags);
    free(data);
    peer->written += taken > 0 ? (uint32_t)taken : 0;
    SETTLES();
    return taken;
}

void WRITES(struct peer *peer, uint32_t bytes)
{
    assert_int_equal(writes_with(peer, bytes, 0), bytes);
}

int64_t FAST_OPENS(struct peer *peer, uint32_t bytes)
{
    uint8_t *data = malloc(bytes + 1);
    int64_t sent;

    assert_non_null(data);
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = peer_byte(1 + peer->written + i, true);
    if (peer->fd < 0)
        peer->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_true(peer->fd >= 0);
    sent = lastack_send_to(world.stack, peer->fd, data, bytes, LASTACK_MSG_FASTOPEN, &peer->remote);
    free(data);
    assert_int_equal(lastack_getsockname(world.stack, peer->fd, &peer->local), 0);
    peer->written += sent > 0 ? (uint32_t)sent : 0;
    SETTLES();
    return sent;
}

void READS(struct peer *peer, uint32_t bytes)
{
    uint8_t data[4096];

    while (bytes > 0) {
        const size_t want = bytes < sizeof data ? bytes : sizeof data;
        const int64_t got = lastack_recv(world.stack, peer->fd, data, want, 0);

        assert_int_equal(got, want);
        for (uint32_t i = 0; i < (uint32_t)got; i++)
            assert_int_equal(data[i], peer_byte(1 + peer->read + i, false));
        peer->read += (uint32_t)got;
        bytes -= (uint32_t)got;
    }
    SETTLES();
}

static int64_t recv_answer(struct peer *peer)
{
    uint8_t byte;

    return lastack_recv(world.stack, peer->fd, &byte, 1, 0);
}

void READS_END(struct peer *peer)
{
    assert_int_equal(recv_answer(peer), 0);
}

void READS_NOTHING(struct peer *peer)
{
    assert_int_equal(recv_answer(peer), -LASTACK_EAGAIN);
}

void READS_ERROR(struct peer *peer, int error)
{
    assert_int_equal(recv_answer(peer), -error);
}

void WRITES_ERROR(struct peer *peer, int error)
{
    assert_int_equal(lastack_send(world.stack, peer->fd, "x", 1, 0), -error);
}

void CLOSES(struct peer *peer)
{
    assert_int_equal(lastack_close(world.stack, peer->fd), 0);
    peer->fd = -1;
    SETTLES();
}

void SHUTS(struct peer *peer, int how)
{
    assert_int_equal(lastack_shutdown(world.stack, peer->fd, how), 0);
    SETTLES();
}

void ABORTS(struct peer *peer)
{
    assert_int_equal(lastack_abort(world.stack, peer->fd), 0);
    SETTLES();
}

void LINGERS(struct peer *peer, int seconds)
{
    assert_int_equal(lastack_set_linger(world.stack, peer->fd, seconds), 0);
}

void SETS(struct peer *peer, enum lastack_option option, int value)
{
    assert_int_equal(lastack_set_option(world.stack, peer->fd, option, value), 0);
    SETTLES();
}
