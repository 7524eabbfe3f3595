/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ack_policy.h: when an ACK may wait, RFC 9293 §3.8.6.3 (SHLD-18, MUST-40, SHLD-19) and RFC 5681
 * §4.2.
 *
 *     quick     so many ACKs go out at once: at the start of a flow and after a gap, the sender's
 *               window grows by ACKs (Linux: up to 16, enough for slow start to fill the window)
 *     pingpong  we answered data with data: request and response, where the answer carries the ACK
 *     ato       how long an ACK waits now; follows the pace of arriving data
 *
 * Values in, values out: the connection arms the deadline.
 */
#ifndef LASTACK_ACK_POLICY_H
#define LASTACK_ACK_POLICY_H

#include <lastack/params.h>
#include <stddef.h>

struct ack_policy {
    int64_t last_data_at; /* when text arrived last */
    uint32_t ato_ns;      /* 0 before the first data; at most 4 s */
    uint16_t quick;       /* ACKs that still go out at once */
    bool pingpong;
};

/* Enter quick mode for what fits the window: `window` bytes in segments of `mss`. */
void ack_policy_quicken(struct ack_policy *ack, uint32_t window, uint32_t mss, unsigned max_quick);

/* Text arrived. */
void ack_policy_data_arrived(struct ack_policy *ack, const struct lastack_params *params,
                             int64_t now, int64_t rto_ns, uint32_t window, uint32_t mss);

/* Text leaves with the ACK of the SYN-ACK: its writer waited for the connection, so this will be a
 * conversation (Linux). Nothing once text has arrived. */
void ack_policy_connected(struct ack_policy *ack, const struct lastack_params *params, int64_t now);

/* We sent text: is this a conversation? */
void ack_policy_data_sent(struct ack_policy *ack, int64_t now);

/* The delayed ACK's time has come: the next one may wait longer, and this is no conversation. */
void ack_policy_waited(struct ack_policy *ack, const struct lastack_params *params, int64_t rto_ns);

/* An ACK left (with text or without). */
void ack_policy_ack_sent(struct ack_policy *ack);

/* True: send it now. `unacked` bytes arrived since the last ACK, is_waiting: an ACK is being
 * delayed already. */
bool ack_policy_is_due(const struct ack_policy *ack, const struct lastack_params *params,
                       uint32_t unacked, uint32_t mss, bool is_waiting);

/* When a delayed ACK must leave at the latest; `armed_at` is the present deadline or NEVER.
 * Returns `now` if waiting on makes no sense. */
int64_t ack_policy_deadline(struct ack_policy *ack, const struct lastack_params *params,
                            int64_t now, int64_t srtt_ns, int64_t armed_at);

#endif
