/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_model_test.c: infer is never wrong about two ends whose states are known.
 *
 * Two small TCPs (states, retransmission, RST, reopening; no congestion, no windows) talk over a
 * network with two legs, and infer listens in the middle:
 *
 *     end 0 ── leg ──▶ capture ── leg ──▶ end 1        each leg: loss, copies, delays that overtake
 *
 * With a clean first leg every packet must find its sender's true state among the possible ones,
 * and what is proven must be it; and what is possible must hold for both ends at that moment. With
 * a lossy first leg (infer_distrust) a packet may be overtaken: then what is proven must be a
 * state that its sender was in since it sent the packet.
 */
#include "infer.h"

#include "duration.h"
#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { S = LASTACK_SYN, F = LASTACK_FIN, R = LASTACK_RST, ACK = LASTACK_ACK };
enum { IN_FLIGHT = 256, STEPS = 400, WINDOW = 65535 };

struct end {
    enum tcp_state state;
    uint32_t iss, una, nxt, rcv;
    bool fin_sent, is_passive, is_orphan;
    int64_t rto_at, time_wait_at, entered_at;
    unsigned retries;
    enum tcp_state past[64]; /* states left, with the time at which they were */
    int64_t left_at[64];
    unsigned pasts;
};

struct flying {
    int64_t due, sent_at;
    bool is_captured;
    enum tcp_state truth;
    struct infer_packet packet;
};

static struct world {
    struct rng rng;
    int64_t now;
    struct end end[2];
    struct flying flying[IN_FLIGHT];
    unsigned count;
    bool is_clean, has_ts, has_clock_isn;
    unsigned loss; /* percent, on lossy legs */
    uint16_t ip_id;
    uint32_t isn_base;
    struct infer infer;
    uint64_t proven, seen;
    unsigned reached; /* states proven in any run */
} world;

static uint64_t current_seed;

static bool chance(unsigned percent)
{
    return rng_below(&world.rng, 100) < percent;
}

static void enter(struct end *end, enum tcp_state state)
{
    unsigned slot = end->pasts++ % 64;

    end->past[slot] = end->state;
    end->left_at[slot] = world.now;
    end->state = state;
    end->entered_at = world.now;
    if (state == TCP_TIME_WAIT)
        end->time_wait_at = world.now + SEC(10);
}

/* It is in `state`, or was at `since` or later. */
static bool was_in(const struct end *end, enum tcp_state state, int64_t since)
{
    if (end->state == state)
        return true;
    for (unsigned i = 0; i < end->pasts && i < 64; i++)
        if (end->past[i] == state && end->left_at[i] >= since)
            return true;
    return false;
}

/* ---- the network ---- */

static void fly(const struct flying *flying, bool is_lossy)
{
    unsigned copies = !is_lossy ? 1 : chance(world.loss) ? 0 : chance(world.loss / 2) ? 2 : 1;

    for (unsigned i = 0; i < copies && world.count < IN_FLIGHT; i++) {
        struct flying *copy = &world.flying[world.count++];

        *copy = *flying;
        copy->due = world.now + (is_lossy ? MS(rng_below(&world.rng, chance(10) ? 900 : 40)) : 0);
    }
}

static void capture(const struct flying *flying);

static void emit(unsigned from, unsigned flags, uint32_t seq, uint32_t ack, uint32_t length)
{
    struct flying flying = {
        .truth = world.end[from].state,
        .sent_at = world.now,
        .packet = {.from = from,
                   .ip_id = ++world.ip_id,
                   .segment = {.seq = {seq},
                               .ack = {flags & ACK ? ack : 0},
                               .flags = (uint16_t)flags,
                               .text_length = length,
                               .len = length + ((flags & S) != 0) + ((flags & F) != 0),
                               .wnd = WINDOW,
                               .ttl = 64,
                               .options = world.has_ts ? OPTION_TIMESTAMP : 0,
                               .ts_value = (uint32_t)(world.now / MS(1)) + 1}},
    };

    if (world.is_clean) {
        capture(&flying);
        flying.is_captured = true;
    }
    fly(&flying, true);
}

static void emit_ack(unsigned i)
{
    emit(i, ACK, world.end[i].nxt, world.end[i].rcv, 0);
}

/* ---- a small TCP ---- */

static void arm(struct end *end)
{
    end->rto_at = world.now + (MS(300) << end->retries);
}

/* By a clock of 4 us (RFC 9293 §3.4.1), or at random. */
static uint32_t new_isn(unsigned i)
{
    if (world.has_clock_isn)
        return world.isn_base * (i + 1) + (uint32_t)(world.now / US(4));
    return (uint32_t)rng_next(&world.rng);
}

static void start(unsigned i, bool is_passive, uint32_t iss)
{
    struct end *end = &world.end[i];

    end->iss = end->una = iss;
    end->nxt = iss + 1;
    end->fin_sent = end->is_orphan = false;
    end->retries = 0;
    end->is_passive = is_passive;
    enter(end, is_passive ? TCP_SYN_RECEIVED : TCP_SYN_SENT);
    emit(i, is_passive ? S | ACK : S, iss, end->rcv, 0);
    arm(end);
}

static void send_fin(unsigned i)
{
    struct end *end = &world.end[i];

    enter(end, end->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1);
    end->fin_sent = true;
    end->is_orphan = chance(50);
    emit(i, F | ACK, end->nxt++, end->rcv, 0);
    arm(end);
}

static void retransmit(unsigned i)
{
    struct end *end = &world.end[i];
    uint32_t text_end = end->nxt - end->fin_sent;

    if (end->state == TCP_CLOSED || end->state == TCP_LISTEN || end->una == end->nxt ||
        world.now < end->rto_at)
        return;
    if (++end->retries > 5) {
        enter(end, TCP_CLOSED);
        return;
    }
    if (end->state == TCP_SYN_SENT)
        emit(i, S, end->iss, 0, 0);
    else if (end->una == end->iss)
        emit(i, S | ACK, end->iss, end->rcv, 0);
    else if (end->una != text_end)
        emit(i, ACK, end->una, end->rcv, min32(text_end - end->una, 500));
    else
        emit(i, F | ACK, text_end, end->rcv, 0);
    arm(end);
}

static void act(unsigned i)
{
    struct end *end = &world.end[i];
    bool may_send = end->state == TCP_ESTABLISHED || end->state == TCP_CLOSE_WAIT;
    unsigned what = rng_below(&world.rng, 100);

    if (end->state == TCP_TIME_WAIT && world.now >= end->time_wait_at)
        enter(end, TCP_CLOSED);
    if ((end->state == TCP_CLOSED && what < 4) || (end->state == TCP_LISTEN && what < 1)) {
        if (i == 1 && chance(70))
            enter(end, TCP_LISTEN);
        else
            start(i, false, new_isn(i));
    } else if (may_send && what < 20 && end->nxt - end->una < 5000) {
        uint32_t length = 1 + rng_below(&world.rng, 500);

        if (end->una == end->nxt)
            end->retries = 0, arm(end);
        end->nxt += length;
        emit(i, ACK, end->nxt - length, end->rcv, length);
    } else if ((may_send || end->state == TCP_SYN_RECEIVED) && what < 26) {
        send_fin(i);
    } else if (may_send && what < 27) {
        uint32_t nxt = end->nxt;

        enter(end, TCP_CLOSED);
        emit(i, R | ACK, nxt, end->rcv, 0);
    } else if ((may_send || end->state == TCP_FIN_WAIT_2) && end->una == end->nxt && what < 30) {
        emit(i, ACK, end->nxt - 1, end->rcv, 0); /* keepalive */
    } else if (may_send && what == 31 && chance(20)) {
        enter(end, TCP_CLOSED); /* crashes: nothing is sent */
        start(i, false, new_isn(i));
    }
}

static void answer_from_nowhere(unsigned i, const struct segment *seg)
{
    if (seg->flags & R)
        return;
    if (seg->flags & ACK)
        emit(i, R, seg->ack.v, 0, 0);
    else
        emit(i, R | ACK, 0, seg->seq.v + seg->len, 0);
}

static void receive_in_syn_sent(unsigned i, const struct segment *seg)
{
    struct end *end = &world.end[i];
    bool has_ack = seg->flags & ACK;

    if (has_ack && seg->ack.v != end->nxt) {
        if (!(seg->flags & R))
            emit(i, R, seg->ack.v, 0, 0);
    } else if (seg->flags & R) {
        if (has_ack)
            enter(end, TCP_CLOSED);
    } else if (seg->flags & S) {
        end->rcv = seg->seq.v + 1;
        end->retries = 0;
        if (has_ack) {
            end->una = seg->ack.v;
            enter(end, TCP_ESTABLISHED);
            emit_ack(i);
        } else {
            enter(end, TCP_SYN_RECEIVED);
            emit(i, S | ACK, end->iss, end->rcv, 0);
            arm(end);
        }
    }
}

/* RFC 9293 §3.10.7.4, first to fourth; true if the segment goes on to the fifth. */
static bool passes(unsigned i, const struct segment *seg)
{
    struct end *end = &world.end[i];
    bool is_in = seg->len == 0 ? seg->seq.v - end->rcv < WINDOW
                               : seg->seq.v - end->rcv < WINDOW ||
                                     (seg->seq.v + seg->len - 1) - end->rcv < WINDOW;

    if (end->state == TCP_TIME_WAIT && (seg->flags & (S | ACK | R)) == S &&
        seq_after(seg->seq, (struct seq){end->rcv})) {
        end->rcv = seg->seq.v + 1;
        start(i, true, end->nxt + 100000);
        return false;
    }
    if (!is_in) {
        if (!(seg->flags & R))
            emit_ack(i);
        return false;
    }
    if (seg->flags & R) {
        if (seg->seq.v != end->rcv)
            emit_ack(i);
        else
            enter(end, end->state == TCP_SYN_RECEIVED && end->is_passive ? TCP_LISTEN : TCP_CLOSED);
        return false;
    }
    if (seg->flags & S) {
        emit_ack(i);
        return false;
    }
    return seg->flags & ACK;
}

/* Fifth: false if the segment ends here. */
static bool take_ack(unsigned i, const struct segment *seg)
{
    struct end *end = &world.end[i];
    bool is_new = seg->ack.v - end->una - 1 < end->nxt - end->una;

    if (end->state == TCP_SYN_RECEIVED) {
        if (!is_new) {
            emit(i, R, seg->ack.v, 0, 0);
            return false;
        }
        enter(end, TCP_ESTABLISHED);
    }
    if (seq_after(seg->ack, (struct seq){end->nxt}) || /* RFC 5961 §5.2 for what is too old */
        seq_before(seg->ack, (struct seq){end->una - WINDOW})) {
        emit_ack(i);
        return false;
    }
    if (is_new) {
        end->una = seg->ack.v;
        end->retries = 0;
        arm(end);
    }
    if (!end->fin_sent || end->una != end->nxt)
        return true;
    if (end->state == TCP_FIN_WAIT_1)
        enter(end, TCP_FIN_WAIT_2);
    else if (end->state == TCP_CLOSING)
        enter(end, TCP_TIME_WAIT);
    else if (end->state == TCP_LAST_ACK)
        enter(end, TCP_CLOSED);
    return end->state != TCP_CLOSED;
}

/* Seventh and eighth. */
static void take_text_and_fin(unsigned i, const struct segment *seg)
{
    struct end *end = &world.end[i];
    bool takes = end->state == TCP_ESTABLISHED || end->state == TCP_FIN_WAIT_1 ||
                 end->state == TCP_FIN_WAIT_2;
    uint32_t text_end = seg->seq.v + seg->text_length;
    bool is_next = seg->seq.v - end->rcv == 0 || (end->rcv - seg->seq.v) - 1 < seg->text_length;

    if (seg->text_length > 0 && takes && is_next && text_end != end->rcv) {
        if (end->is_orphan) {
            uint32_t nxt = end->nxt;

            enter(end, TCP_CLOSED);
            emit(i, R, nxt, 0, 0);
            return;
        }
        end->rcv = text_end;
    }
    if ((seg->flags & F) && takes && text_end == end->rcv) {
        end->rcv++;
        if (end->state == TCP_ESTABLISHED)
            enter(end, TCP_CLOSE_WAIT);
        else if (end->state == TCP_FIN_WAIT_2 || end->una == end->nxt)
            enter(end, TCP_TIME_WAIT);
        else
            enter(end, TCP_CLOSING);
    }
    if (seg->len > 0)
        emit_ack(i);
}

static void receive(unsigned i, const struct segment *seg)
{
    struct end *end = &world.end[i];

    if (end->state == TCP_CLOSED) {
        answer_from_nowhere(i, seg);
    } else if (end->state == TCP_LISTEN) {
        if (seg->flags & R)
            return;
        if (seg->flags & ACK) {
            answer_from_nowhere(i, seg);
        } else if (seg->flags & S) {
            end->rcv = seg->seq.v + 1;
            start(i, true, new_isn(i));
        }
    } else if (end->state == TCP_SYN_SENT) {
        receive_in_syn_sent(i, seg);
    } else if (passes(i, seg) && take_ack(i, seg)) {
        take_text_and_fin(i, seg);
    }
}

/* ---- the listener ---- */

static void fails(const struct flying *flying, uint16_t mask, const char *what)
{
    fail_msg("seed %llu: %s: end %u flags %x is truly %s, possible %x",
             (unsigned long long)current_seed, what, flying->packet.from,
             flying->packet.segment.flags, lastack_state_text(flying->truth), mask);
}

static void check_sender(const struct flying *flying, const struct infer_remark *remark)
{
    const struct end *end = &world.end[flying->packet.from];
    uint16_t mask = infer_possible(&remark->sender);
    enum tcp_state proven = infer_proven(&remark->sender);

    /* A reset that answers a stray segment may come from LISTEN, where there is nothing to be
     * known. */
    bool is_stray = (flying->packet.segment.flags & R) && flying->truth == TCP_LISTEN;
    world.seen++;
    if (is_stray || mask == 0) /* nothing is claimed */
        return;
    if (world.is_clean && (mask & 1u << flying->truth) == 0)
        fails(flying, mask, "the true state is not possible");
    if (proven == 0)
        return;
    world.proven++;
    world.reached |= 1u << proven;
    if (world.is_clean ? proven != flying->truth : !was_in(end, proven, flying->sent_at))
        fails(flying, mask, "a wrong state is proven");
}

/* Clean first leg: nothing an end did is hidden, but for ends that give up in silence. */
static void check_both(const struct flying *flying)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct end *end = &world.end[i];
        uint16_t mask = infer_possible(infer_facts_of(&world.infer, i));
        bool is_silent = end->state == TCP_CLOSED || end->state == TCP_LISTEN;

        if (mask != 0 && !is_silent && (mask & 1u << end->state) == 0)
            fail_msg("seed %llu: end %u is %s, possible %x, after flags %x from %u",
                     (unsigned long long)current_seed, i, lastack_state_text(end->state), mask,
                     flying->packet.segment.flags, flying->packet.from);
    }
}

static void capture(const struct flying *flying)
{
    struct infer_packet packet = flying->packet;
    struct infer_remark remark;

    packet.at = world.now;
    infer_see(&world.infer, &packet, &remark);
    if (getenv("INFER_VERBOSE") != NULL)
        print_message("%lld %u flags %x %u:%u ack %u truth %s possible %x | %x %x\n",
                      (long long)(world.now / MS(1)), packet.from, packet.segment.flags,
                      packet.segment.seq.v, packet.segment.seq.v + packet.segment.len,
                      packet.segment.ack.v, lastack_state_text(flying->truth),
                      infer_possible(&remark.sender),
                      infer_possible(infer_facts_of(&world.infer, 0)),
                      infer_possible(infer_facts_of(&world.infer, 1)));
    check_sender(flying, &remark);
    if (world.is_clean)
        check_both(flying);
}

static void deliver_due(void)
{
    for (unsigned i = 0; i < world.count;) {
        struct flying flying = world.flying[i];

        if (flying.due > world.now) {
            i++;
            continue;
        }
        world.flying[i] = world.flying[--world.count];
        if (!flying.is_captured) {
            capture(&flying);
            flying.is_captured = true;
            fly(&flying, true);
        } else {
            receive(1 - flying.packet.from, &flying.packet.segment);
        }
        i = 0; /* what arrived may have sent */
    }
}

static void run(uint64_t seed, bool is_clean)
{
    current_seed = seed;
    uint64_t proven = world.proven, seen = world.seen;
    unsigned reached = world.reached;

    memset(&world, 0, sizeof world);
    world.proven = proven, world.seen = seen, world.reached = reached;
    rng_init(&world.rng, seed);
    world.is_clean = is_clean;
    world.has_ts = chance(50);
    world.has_clock_isn = chance(50);
    world.isn_base = (uint32_t)rng_next(&world.rng);
    world.loss = rng_below(&world.rng, 3) * 12;
    infer_init(&world.infer);
    if (!is_clean) {
        infer_distrust(&world.infer, 0);
        infer_distrust(&world.infer, 1);
    }
    world.end[0].state = TCP_CLOSED;
    world.end[1].state = chance(80) ? TCP_LISTEN : TCP_CLOSED;
    world.now = SEC(1);
    start(0, false, new_isn(0));
    for (unsigned step = 0; step < STEPS; step++) {
        world.now += chance(5) ? MS(500) : MS(rng_below(&world.rng, 20));
        deliver_due();
        for (unsigned i = 0; i < 2; i++) {
            retransmit(i);
            if (chance(30))
                act(i);
        }
    }
}

/* More seeds than a unit test has time for: INFER_SEEDS=100000. */
static uint64_t seeds(void)
{
    const char *wanted = getenv("INFER_SEEDS");

    return wanted != NULL ? strtoull(wanted, NULL, 10) : 1500;
}

/* Enough is proven, in every state that packets can prove. */
static void was_worth_it(void)
{
    const unsigned all = 1u << TCP_SYN_SENT | 1u << TCP_SYN_RECEIVED | 1u << TCP_ESTABLISHED |
                         1u << TCP_FIN_WAIT_1 | 1u << TCP_FIN_WAIT_2 | 1u << TCP_CLOSE_WAIT |
                         1u << TCP_CLOSING | 1u << TCP_LAST_ACK | 1u << TCP_TIME_WAIT |
                         1u << TCP_CLOSED;

    assert_int_equal(world.reached & all, all);
    print_message("%llu of %llu packets proved a state\n", (unsigned long long)world.proven,
                  (unsigned long long)world.seen);
}

static void seen_from_its_own_link(void **state)
{
    (void)state;
    world.proven = world.seen = world.reached = 0;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run(seed, true);
    was_worth_it();
    assert_true(world.proven * 10 > world.seen * 6);
}

static void seen_from_afar(void **state)
{
    (void)state;
    world.proven = world.seen = world.reached = 0;
    for (uint64_t seed = 1; seed <= seeds(); seed++)
        run(seed, false);
    was_worth_it();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_from_its_own_link),
        cmocka_unit_test(seen_from_afar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
