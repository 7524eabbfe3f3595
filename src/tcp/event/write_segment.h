/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * write_segment.h: how a segment of a connection is written, once next_segment.c knows what leaves.
 *
 *     what leaves    write_syn     our SYN or SYN-ACK, with its options
 *                    write_text    so many bytes from there on, with PSH and FIN where they belong
 *                    or neither    flags and a sequence number: a pure ACK, a probe
 *     then, once     write_rest    what every segment of the connection has, and its ACK is paid
 */
#ifndef LASTACK_WRITE_SEGMENT_H
#define LASTACK_WRITE_SEGMENT_H

#include "tcp.h"

/* The SYN of a connection in SYN-SENT; the SYN-ACK of one in SYN-RECEIVED (simultaneous open, Fast
 * Open). */
void write_syn(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out);
/* [from, from + length) of the queue; 0 bytes: a FIN, if it stands there. */
void write_text(const struct tcp *tcp, const struct tcp_conn *conn, struct tcp_out *out,
                struct seq from, uint32_t length);
void write_rest(struct tcp *tcp, struct tcp_conn *conn, struct tcp_out *out);

#endif
