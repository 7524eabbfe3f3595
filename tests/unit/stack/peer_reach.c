/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_reach.c: connections that are ready, and roads to every state, with every segment and move
 * on the way checked. See peer.h.
 *
 *     reach(SYN_SENT, SYN_RECEIVED)    an active open, that of both ends at once
 *     reach(... FIN_WAIT_1 ... )       accepted, then shutdown() here, or the peer's FIN first
 */
#include "peer.h"

static struct line syn_of(const struct opening *opening)
{
    return (struct line){.flags = SYN,
                         .mss = opening->mss,
                         .shift = opening->shift,
                         .win = opening->shift == 0 && opening->win > 0 ? opening->win : 0,
                         .timestamps = opening->timestamps,
                         .sack_ok = opening->sack ? 1 : 0};
}

struct peer *accepted_with(uint16_t port, const struct opening *opening)
{
    struct peer *peer = peer_at(port);
    const struct line syn = syn_of(opening);

    if (world.listener < 0)
        LISTENS(16);
    peer_arrives(peer, &syn);
    STATE(peer, LISTEN, SYN_RECEIVED, SYN);
    SENDS(peer, .flags = SYN | ACK, .seq = 0, .ack = 1);
    AFTER(opening->rtt);
    ARRIVES(peer, .flags = ACK, .seq = 1, .ack = 1, .win = opening->win);
    STATE(peer, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(peer);
    SENDS_NOTHING(peer);
    return peer;
}

struct peer *connected_with(uint16_t port, const struct opening *opening)
{
    struct peer *peer = peer_at(port);
    struct line syn_ack = syn_of(opening);

    CONNECTS(peer);
    STATE(peer, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(peer, .flags = SYN, .seq = 0);
    AFTER(opening->rtt);
    syn_ack.flags |= ACK;
    syn_ack.ack = 1;
    syn_ack.win = opening->win;
    peer_arrives(peer, &syn_ack);
    STATE(peer, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(peer, .flags = ACK, .seq = 1, .ack = 1);
    SENDS_NOTHING(peer);
    return peer;
}

/* ---- roads to every state ---- */

static void peer_fin(struct peer *peer, int64_t ack)
{
    ARRIVES(peer, .flags = FIN | ACK, .seq = 1, .ack = ack);
    peer->rcv = 2;
}

static void own_fin(struct peer *peer)
{
    SHUTS(peer, LASTACK_SHUT_WR);
    SENDS(peer, .flags = FIN | ACK, .seq = 1, .ack = peer->rcv);
    peer->nxt = 2;
}

static struct peer *reach_before_established(uint16_t port, enum tcp_state state)
{
    struct peer *peer = peer_at(port);

    CONNECTS(peer);
    STATE(peer, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(peer, .flags = SYN, .seq = 0);
    peer->nxt = 1;
    if (state == TCP_SYN_SENT)
        return peer;
    ARRIVES(peer, .flags = SYN, .seq = 0);
    STATE(peer, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(peer, .flags = SYN | ACK, .seq = 0, .ack = 1);
    peer->rcv = 1;
    return peer;
}

/* We close first. */
static void reach_behind_fin_wait_1(struct peer *peer, enum tcp_state state)
{
    own_fin(peer);
    STATE(peer, ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    if (state == TCP_FIN_WAIT_1)
        return;
    if (state == TCP_CLOSING) {
        peer_fin(peer, 1);
        STATE(peer, FIN_WAIT_1, CLOSING, FIN);
        SENDS(peer, .flags = ACK, .seq = 2, .ack = 2);
        return;
    }
    ARRIVES(peer, .flags = ACK, .seq = 1, .ack = 2);
    STATE(peer, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    if (state == TCP_FIN_WAIT_2)
        return;
    peer_fin(peer, 2);
    STATE(peer, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(peer, .flags = ACK, .seq = 2, .ack = 2);
}

struct peer *reach(uint16_t port, enum tcp_state state)
{
    struct peer *peer;

    if (state == TCP_SYN_SENT || state == TCP_SYN_RECEIVED)
        return reach_before_established(port, state);
    peer = accepted_with(port, &(struct opening){0});
    peer->nxt = peer->rcv = 1;
    if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK) {
        peer_fin(peer, 1);
        STATE(peer, ESTABLISHED, CLOSE_WAIT, FIN);
        SENDS(peer, .flags = ACK, .seq = 1, .ack = 2);
    }
    if (state == TCP_LAST_ACK) {
        own_fin(peer);
        STATE(peer, CLOSE_WAIT, LAST_ACK, CALL_SHUTDOWN);
    } else if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT) {
        reach_behind_fin_wait_1(peer, state);
    }
    SENDS_NOTHING(peer);
    return peer;
}
