/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladders.c: exchanges in the words of packets and of trace records.
 */
#include "ladders.h"

#include "check.h"
#include "duration.h"

#include <string.h>

enum { LEFT = 0, RIGHT = 1 };
enum { S = LASTACK_SYN, F = LASTACK_FIN, R = LASTACK_RST, P = LASTACK_PSH, A = LASTACK_ACK };

static struct ladder *drawn;
static int64_t now;

static struct infer_packet packet_of(unsigned from, unsigned flags, uint32_t seq, uint32_t ack,
                                     uint32_t length)
{
    bool is_syn = flags & S;

    return (struct infer_packet){
        .at = now,
        .from = from,
        .segment = {.seq = {seq + (from == LEFT ? 1000 : 5000)},
                    .ack = {flags & A ? ack + (from == LEFT ? 5000 : 1000) : 0},
                    .flags = (uint16_t)flags,
                    .text_length = length,
                    .len = length + is_syn + ((flags & F) != 0),
                    .wnd = is_syn ? 64240 : 502,
                    .ttl = 64,
                    .options = is_syn ? OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP |
                                            OPTION_WINDOW_SCALE
                                      : 0,
                    .mss = 1460,
                    .window_scale = 7},
    };
}

/* seq and ack are relative. */
static void send(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    const struct infer_packet packet = packet_of(from, flags, seq, ack, length);

    ladder_segment(drawn, &packet);
    now += US(150);
}

static void wait_for(int64_t ns)
{
    now += ns;
}

/* A record of the right end. */
static void trace(enum lastack_trace_what what, enum tcp_state state, enum lastack_cause cause,
                  int64_t a, int64_t b)
{
    const struct lastack_trace_record record = {
        .time_ns = now,
        .what = (uint8_t)what,
        .cause = (uint16_t)cause,
        .new_state = (uint8_t)state,
        .u.detail = {.a = a, .b = b},
    };

    ladder_trace(drawn, &record, false);
}

/* A packet that arrives at the right end, and what it does there. */
static void arrives(unsigned flags, uint32_t seq, uint32_t ack, uint32_t length,
                    enum tcp_state state, enum lastack_cause cause)
{
    const struct infer_packet packet = packet_of(LEFT, flags, seq, ack, length);

    ladder_segment(drawn, &packet);
    trace(LASTACK_TRACE_STATE, state, cause, 0, 0);
}

static void opens(void)
{
    send(LEFT, S, 0, 0, 0);
    send(RIGHT, S | A, 0, 1, 0);
    send(LEFT, A, 1, 1, 0);
}

static void closes_in_order(struct ladder *ladder)
{
    (void)ladder;
    opens();
    send(LEFT, A | P, 1, 1, 77);
    send(RIGHT, A, 1, 78, 0);
    send(RIGHT, A | P, 1, 78, 1200);
    send(LEFT, A, 78, 1201, 0);
    send(LEFT, F | A, 78, 1201, 0);
    send(RIGHT, A, 1201, 79, 0);
    wait_for(SEC(3));
    send(RIGHT, F | A, 1201, 79, 0);
    send(LEFT, A, 79, 1202, 0);
}

static void closes_at_once(struct ladder *ladder)
{
    (void)ladder;
    opens();
    send(LEFT, A | P, 1, 1, 10);
    send(RIGHT, A | P, 1, 11, 10);
    send(LEFT, A, 11, 11, 0);
    send(LEFT, F | A, 11, 11, 0);
    send(RIGHT, F | A, 11, 11, 0);
    send(LEFT, A, 12, 12, 0);
    send(RIGHT, A, 12, 12, 0);
}

static void loses_and_folds(struct ladder *ladder)
{
    uint32_t seq = 1;

    (void)ladder;
    opens();
    for (int i = 0; i < 300; i++, seq += 1448) {
        send(RIGHT, A, seq, 1, 1448);
        if (i % 2)
            send(LEFT, A, 1, seq + 1448, 0);
    }
    send(RIGHT, A, seq, 1, 1448);
    for (int i = 0; i < 4; i++) {
        send(RIGHT, A, seq + 1448u * (unsigned)(i + 1), 1, 1448);
        send(LEFT, A, 1, seq, 0);
    }
    send(RIGHT, A, seq, 1, 1448);
    send(LEFT, A, 1, seq + 5 * 1448, 0);
    seq += 5 * 1448;
    wait_for(MS(40));
    send(RIGHT, A | P, seq, 1, 700);
    wait_for(MS(400));
    send(RIGHT, A | P, seq, 1, 700);
    wait_for(MS(800));
    send(RIGHT, A | P, seq, 1, 700);
    send(LEFT, A, 1, seq + 700, 0);
    send(LEFT, R | A, 1, seq + 700, 0);
}

static void is_refused(struct ladder *ladder)
{
    (void)ladder;
    send(LEFT, S, 0, 0, 0);
    wait_for(MS(20));
    const struct infer_packet rst = {
        .at = now,
        .from = RIGHT,
        .segment = {.flags = R | A, .ack = {1001}, .ttl = 64},
    };
    ladder_segment(drawn, &rst);
}

static void reopens(struct ladder *ladder)
{
    struct infer_packet packet;

    (void)ladder;
    opens();
    send(RIGHT, F | A, 1, 1, 0);
    send(LEFT, F | A, 1, 2, 0);
    send(RIGHT, A, 2, 2, 0);
    wait_for(SEC(12));
    packet = packet_of(LEFT, S, 900000, 0, 0);
    ladder_segment(drawn, &packet);
    packet = packet_of(RIGHT, S | A, 65540, 900001, 0);
    packet.at += US(150);
    ladder_segment(drawn, &packet);
    packet = packet_of(LEFT, A, 900001, 65541, 0);
    packet.at += US(300);
    ladder_segment(drawn, &packet);
}

/* The right end is a stack of ours: states, causes and timers are told. */
static void is_told(struct ladder *ladder)
{
    ladder_set_own(ladder, RIGHT, TCP_LISTEN);
    ladder_set_role(ladder, LEFT, "curl");
    ladder_set_role(ladder, RIGHT, "lastack, profile linux");
    arrives(S, 0, 0, 0, TCP_SYN_RECEIVED, LASTACK_CAUSE_SYN);
    send(RIGHT, S | A, 0, 1, 0);
    arrives(A, 1, 1, 0, TCP_ESTABLISHED, LASTACK_CAUSE_HANDSHAKE_ACK);
    trace(LASTACK_TRACE_ACCEPTED, TCP_ESTABLISHED, LASTACK_CAUSE_CALL_ACCEPT, 0, 0);
    wait_for(MS(1));
    send(RIGHT, A | P, 1, 1, 1000);
    send(LEFT, A, 1, 1001, 0);
    wait_for(MS(100));
    trace(LASTACK_TRACE_STATE, TCP_FIN_WAIT_1, LASTACK_CAUSE_CALL_CLOSE, 0, 0);
    send(RIGHT, F | A, 1001, 1, 0);
    wait_for(MS(50));
    arrives(F | A, 1, 1001, 0, TCP_CLOSING, LASTACK_CAUSE_FIN);
    send(RIGHT, A, 1002, 2, 0);
    for (int i = 1; i <= 3; i++) {
        wait_for(SEC(1 << (i - 1)));
        trace(LASTACK_TRACE_TIMER_FIRED, TCP_CLOSING, LASTACK_CAUSE_RETRANSMISSION_TIMEOUT,
              LASTACK_TIMER_RETRANSMIT, i);
        trace(LASTACK_TRACE_RETRANSMIT, TCP_CLOSING, LASTACK_CAUSE_RETRANSMISSION_TIMEOUT, i,
              SEC(1 << i));
        send(RIGHT, F | A, 1001, 2, 0);
    }
    arrives(A, 2, 1002, 0, TCP_TIME_WAIT, LASTACK_CAUSE_FIN_ACKED);
    trace(LASTACK_TRACE_TIMER_ARMED, TCP_TIME_WAIT, LASTACK_CAUSE_NONE, LASTACK_TIMER_TIME_WAIT,
          now + SEC(60));
    wait_for(SEC(60));
    trace(LASTACK_TRACE_TIMER_FIRED, TCP_TIME_WAIT, LASTACK_CAUSE_TIME_WAIT_OVER,
          LASTACK_TIMER_TIME_WAIT, 1);
    trace(LASTACK_TRACE_STATE, TCP_CLOSED, LASTACK_CAUSE_TIME_WAIT_OVER, 0, 0);
}

const struct ladder_sample ladder_samples[] = {
    {"close", closes_in_order},     {"simultaneous-close", closes_at_once},
    {"bulk-loss", loses_and_folds}, {"refused", is_refused},
    {"reopened", reopens},          {"told", is_told},
};

const size_t ladder_sample_count = sizeof ladder_samples / sizeof ladder_samples[0];

void ladder_sample_build(const struct ladder_sample *sample, struct ladder *ladder)
{
    ladder_init(ladder, "192.0.2.2:41822", "192.0.2.1:80");
    drawn = ladder;
    now = SEC(1);
    sample->build(ladder);
    ladder_finish(ladder);
}
