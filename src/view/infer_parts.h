/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_parts.h: what the parts of infer ask of each other. Nobody else includes it.
 */
#ifndef LASTACK_INFER_PARTS_H
#define LASTACK_INFER_PARTS_H

#include "infer.h"

enum {
    /* No window is larger (RFC 7323 §2.3): numbers farther off are nonsense. */
    INFER_REACH = 1 << 30,
};

/* ---- infer_life.c ---- */

/* The life that this packet belongs to; begins one where it must, and remarks on it. */
struct infer_life *infer_life_of(struct infer *infer, const struct infer_packet *packet,
                                 struct infer_remark *remark);

/* A SYN of a life that is over. */
bool infer_is_of_the_past(const struct infer *infer, const struct infer_packet *packet);

/* It acknowledges a SYN of a life that is over: its sender has met an old duplicate, and lives in
 * a connection that its peer does not know. What it says fits nothing here. */
bool infer_acks_the_past(const struct infer *infer, const struct infer_packet *packet);

/* `ack` acknowledges the SYN of `end`, and perhaps more. */
bool infer_acks_syn(const struct infer_life *life, unsigned end, struct seq ack);

/* ---- infer_sender.c ---- */

void infer_learn_from_sender(struct infer_life *life, const struct infer_packet *packet);

/* The sender when it sent this: what is still on its way to it had not come. `is_fresh`: no copy
 * of an earlier packet. */
struct infer_facts infer_sender_then(const struct infer_life *life,
                                     const struct infer_packet *packet, bool is_fresh);

/* True if this packet left after the one of which these were the stamps: it is no copy made by
 * the network, and was not overtaken. */
bool infer_is_newer(const struct infer_side *side, const struct infer_stamp *stamp,
                    const struct infer_packet *packet);

/* Heard the peer's FIN? By its highest ACK. */
uint8_t infer_heard_fin(const struct infer_side *side, const struct infer_side *peer);

/* ---- infer_receiver.c ---- */

/* What may reach the other end by this packet: bits of enum infer_carried. */
unsigned infer_learn_of_receiver(struct infer_life *life, const struct infer_packet *packet);

/* A RST: its sender is gone, its receiver may take it. */
void infer_learn_from_rst(struct infer *infer, struct infer_life *life,
                          const struct infer_packet *packet);

/* While lives overlap: what the opener sends in the new one may by its numbers pass for good in
 * the old one, where the other end still is. */
void infer_spill_over(struct infer *infer, const struct infer_packet *packet);

#endif
