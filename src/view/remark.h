/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remark.h: what is noteworthy about a packet, next to those before it. Used by infer.c alone.
 */
#ifndef LASTACK_REMARK_H
#define LASTACK_REMARK_H

#include "infer.h"

/* Fills in marks, times, reset and is_foreign. Called with what was known before this packet. */
void remark_packet(const struct infer *infer, struct infer_life *life,
                   const struct infer_packet *packet, struct infer_remark *remark);

/* Keeps of this packet what remarks on later ones need. Called when the packet has been taken
 * in. */
void remark_remember(const struct infer *infer, struct infer_life *life,
                     const struct infer_packet *packet, const struct infer_remark *remark);

#endif
