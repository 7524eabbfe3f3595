/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urgent.c: RFC 9293 §3.8.5 and §3.10.7.4, "sixth, check the URG bit".
 *
 * Text stays where it is in the stream; only pointers are kept. What a program sees of it (in line,
 * or one octet out of band as BSD and Linux have it, RFC 6093 §3.1) is the socket's business.
 */
#include "tcp.h"

static struct urgent *urgent_of(struct tcp *tcp, const struct tcp_conn *conn)
{
    return &tcp->urgents[tcp_index_of(tcp, conn)];
}

/* A pointer that is behind what has arrived, or not newer than the last one, tells nothing; one
 * that points anywhere else is believed, and harms nobody (RFC 6093 §3). */
static NOINLINE void urgent_arrives(struct tcp *tcp, struct tcp_conn *conn,
                                    const struct segment *seg)
{
    struct urgent *urgent = urgent_of(tcp, conn);
    const struct seq up = seq_add(seg->seq, seg->urgent);

    if (!tcp_state_may_receive(conn->state) || conn_has(conn, CONN_ORPHAN) ||
        !seq_after(up, conn->rcv.nxt))
        return;
    if (conn_has(conn, CONN_URGENT_IN) && !seq_after(up, urgent->in))
        return;
    urgent->in = up;
    conn->flags |= CONN_URGENT_IN;
    report_count(&tcp->report, LASTACK_CAUSE_URGENT);
    conn_wake(tcp, conn, WAKE_URGENT); /* MUST-32 */
}

void sixth_check_urg(struct tcp *tcp, struct tcp_conn *conn, const struct segment *seg)
{
    if (UNLIKELY(seg->flags & LASTACK_URG))
        urgent_arrives(tcp, conn, seg);
}

bool tcp_urgent_mark(struct tcp *tcp, struct tcp_conn *conn, struct seq *mark)
{
    if (!conn_has(conn, CONN_URGENT_IN))
        return false;
    *mark = seq_sub(urgent_of(tcp, conn)->in, 1);
    if (!seq_before(*mark, conn->rcv.read))
        return true;
    conn->flags &= ~(uint32_t)CONN_URGENT_IN; /* all of it was read */
    return false;
}

/* The pointer is told even while the window is shut: an ACK carries it. */
NOINLINE void tcp_send_urgent(struct tcp *tcp, struct tcp_conn *conn)
{
    urgent_of(tcp, conn)->out = conn->snd.end;
    conn->flags |= CONN_URGENT_OUT | CONN_SEND_SMALL;
    conn->owe |= OWE_SEND | OWE_ACK;
    settle(tcp, conn);
}

NOINLINE void urgent_fill(struct tcp *tcp, struct tcp_conn *conn, struct segment *seg)
{
    const struct seq up = urgent_of(tcp, conn)->out;
    uint32_t ahead;

    if (seq_after_or_equal(conn->snd.una, up)) {
        conn->flags &= ~(uint32_t)CONN_URGENT_OUT;
        return;
    }
    if (!seq_before(seg->seq, up))
        return;
    ahead = seq_distance(seg->seq, up);
    seg->flags |= LASTACK_URG;
    seg->urgent = (uint16_t)min32(ahead, 65535); /* further on it is told again */
}
