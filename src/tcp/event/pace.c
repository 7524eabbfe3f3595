/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pace.c: text leaves evenly, not as fast as the window opens.
 *
 *      frame leaves ──▶ at = now + length / rate     before `at`: no text, the PACE deadline waits
 *
 *      rate = 2 windows in a round trip in slow start, else 1.2 (Linux), at most SO_MAX_PACING_RATE
 *
 * On where the parameter `pacing` or SO_MAX_PACING_RATE asks for it; Linux does it where the
 * queueing discipline is fq, or the algorithm wants it (ours do not). As there the first ten
 * segments of a connection are not held, nor is what a timer sends; who comes late gets half of a
 * gap back.
 *
 * What is remembered stands beside the state of loss recovery: a connection for which that pool has
 * no room is not paced. The deadline has the slot of the handshake's user timeout, which is over.
 */
#include "tcp.h"

enum { UNPACED_SEGMENTS = 10 };

uint64_t pace_rate(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint64_t srtt_us = (uint64_t)rtt_smoothed(&conn->rtt) / 1000;
    const uint32_t percent = conn->cc.cwnd < conn->cc.ssthresh / 2 ? 200 : 120;
    const uint64_t window = max64(conn->cc.cwnd, (int64_t)conn->packets * conn->mss);
    const struct pace *pace = conn_pace(tcp, conn);
    uint64_t rate = window * percent / 100 * 1000000 / (srtt_us == 0 ? 1000 : srtt_us);

    if (pace != NULL && pace->most != 0 && rate > pace->most)
        rate = pace->most;
    return rate;
}

NOINLINE bool pace_holds(struct tcp *tcp, struct tcp_conn *conn)
{
    const struct pace *pace;

    if (!tcp_state_is_synchronized(conn->state))
        return false;
    pace = conn_pace(tcp, conn);
    if (pace == NULL || pace->at <= tcp->report.now)
        return false;
    conn->deadline.at[DEADLINE_PACE] = pace->at;
    conn->flags |= CONN_DEADLINE_SET;
    report_note(&tcp->report, LASTACK_TRACE_TIMER_ARMED, conn->flow, &conn->tuple,
                (enum tcp_state)conn->state, LASTACK_CAUSE_NONE, LASTACK_TIMER_PACE, pace->at);
    conn->owe &= (uint8_t)~OWE_SEND;
    return true;
}

void pace_sent(struct tcp *tcp, struct tcp_conn *conn, uint32_t length)
{
    const int64_t now = tcp->report.now;
    struct pace *pace;
    uint64_t rate;
    int64_t gap;

    if (length == 0 || conn->stats.data_segs_out < UNPACED_SEGMENTS ||
        conn_need_recovery(tcp, conn) == NULL)
        return;
    pace = conn_pace(tcp, conn);
    rate = pace_rate(tcp, conn);
    if (rate == 0)
        return;
    gap = (int64_t)((uint64_t)length * 1000000000 / rate);
    if (pace->at != 0 && pace->at < now)
        gap -= min64(gap / 2, now - pace->at);
    pace->at = max64(pace->at, now) + gap;
}

NOINLINE bool tcp_set_pacing(struct tcp *tcp, struct tcp_conn *conn, uint32_t most)
{
    if (conn_need_recovery(tcp, conn) == NULL)
        return false;
    conn_pace(tcp, conn)->most = most;
    conn->flags = most != 0 ? conn->flags | CONN_PACED : conn->flags & ~(uint32_t)CONN_PACED;
    return true;
}
