/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c: the arrows of RFC 9293 Figure 5, as one row of bits per state.
 *
 * Beside the figure's own arrows:
 *   - CLOSED is reached from everywhere (RST, ABORT, user timeout: §3.10.5, §3.10.7, §3.10.8);
 *   - SYN-RECEIVED -> CLOSE-WAIT: the handshake's ACK and the FIN come in one segment
 *     (§3.10.7.4: the eighth step is taken in ESTABLISHED, which the fifth has just entered, so
 *     both moves are seen);
 *   - TIME-WAIT -> SYN-RECEIVED: a new SYN reopens (RFC 9293 MAY-2, RFC 6191 §2), and -> SYN-SENT:
 *     connect() reuses the tuple;
 *   - SYN-RECEIVED -> TIME-WAIT: what had reopened was an old duplicate (RFC 1122 §4.2.2.13).
 */
#include "state.h"

#define TO(state) (1u << TCP_##state)

static const uint16_t legal_next[TCP_CLOSING + 1] = {
    [TCP_CLOSED] = TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECEIVED),
    [TCP_LISTEN] = TO(SYN_RECEIVED) | TO(SYN_SENT) | TO(CLOSED),
    [TCP_SYN_SENT] = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED),
    [TCP_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(LISTEN) | TO(TIME_WAIT) | TO(CLOSED),
    [TCP_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED),
    [TCP_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT) | TO(CLOSED),
    [TCP_FIN_WAIT_2] = TO(TIME_WAIT) | TO(CLOSED),
    [TCP_CLOSE_WAIT] = TO(LAST_ACK) | TO(CLOSED),
    [TCP_CLOSING] = TO(TIME_WAIT) | TO(CLOSED),
    [TCP_LAST_ACK] = TO(CLOSED),
    [TCP_TIME_WAIT] = TO(CLOSED) | TO(SYN_RECEIVED) | TO(SYN_SENT),
};

bool tcp_state_may_move(enum tcp_state from, enum tcp_state to)
{
    CHECK(from >= TCP_ESTABLISHED && from <= TCP_CLOSING);
    CHECK(to >= TCP_ESTABLISHED && to <= TCP_CLOSING);
    return (legal_next[from] & 1u << to) != 0;
}

bool tcp_state_is_synchronized(enum tcp_state state)
{
    const uint16_t before = TO(CLOSED) | TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECEIVED);

    return (before & 1u << state) == 0;
}

bool tcp_state_may_send(enum tcp_state state)
{
    return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT;
}

bool tcp_state_may_receive(enum tcp_state state)
{
    return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT_1 || state == TCP_FIN_WAIT_2;
}
