/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_sight.h: exchanges as they are seen on the wire, for the tests of infer's parts.
 *
 *     see(A, F | ACK, 111, 321, 0);          a packet from A: flags, seq, ack, bytes of text
 *     PROVEN("FIN-WAIT-1");                  of its sender
 *     EXPECTED(B, "CLOSE-WAIT");             of either end
 *
 * A (0) has ISN 100, B (1) has ISN 300 unless said otherwise; packets are 10 ms apart.
 */
#ifndef LASTACK_INFER_SIGHT_H
#define LASTACK_INFER_SIGHT_H

#include "infer.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { A = 0, B = 1 };
enum { S = LASTACK_SYN, F = LASTACK_FIN, R = LASTACK_RST, P = LASTACK_PSH, ACK = LASTACK_ACK };

extern struct infer infer;
extern struct infer_remark remark; /* on the last packet */
extern int64_t now;

/* Nothing was seen yet. */
void begin(void);

struct infer_packet packet_of(unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                              uint32_t length);
void see_packet(struct infer_packet packet);
void see(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length);

/* A opens, B accepts, both are ESTABLISHED and have proven it. */
void open_and_talk(void);

/* ... and A closes, then B: A is in TIME-WAIT. */
void close_by_a(void);

#define PROVEN(state) assert_string_equal(lastack_state_text(infer_proven(&remark.sender)), state)
#define NOT_PROVEN()  assert_int_equal(infer_proven(&remark.sender), 0)
#define EXPECTED(end, state)                                                                       \
    assert_string_equal(lastack_state_text(infer_expected(infer_facts_of(&infer, end))), state)
#define POSSIBLE(end, s)   assert_true(infer_possible(infer_facts_of(&infer, end)) & 1u << TCP_##s)
#define IMPOSSIBLE(end, s) assert_false(infer_possible(infer_facts_of(&infer, end)) & 1u << TCP_##s)
#define MARKED(name)       assert_true(remark.marks & 1u << INFER_##name)
#define UNMARKED(name)     assert_false(remark.marks & 1u << INFER_##name)
#define ONLY(name)         assert_int_equal(remark.marks, 1u << INFER_##name)
#define PLAIN()            assert_int_equal(remark.marks, 0)

#endif
