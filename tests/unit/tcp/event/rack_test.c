/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rack_test.c: episodes of recovery from end to end: where they end (RFC 6675 §5), what a timeout
 * inside one does, which timer watches (RFC 8985 §8), what a timeout takes for lost (§6.3), and how
 * much leaves for each ACK (RFC 9937 §6).
 */
#include "peer.h"

enum { SEG = 1000 };

static struct lastack_tcp_info info_of(const struct peer *p)
{
    return row_of(p).tcp_info;
}

/* RFC 6675 with NewReno, nothing else; SACK unless the test does without. */
static void rfc6675_config(struct lastack_config *config)
{
    peer_config(config);
    config->params.congestion = LASTACK_CC_NEWRENO;
    config->params.loss_detection = LASTACK_LOSS_SACK;
    config->params.prr = LASTACK_PRR_RFC9937;
    config->params.tail_loss_probe = config->params.frto = config->params.undo = false;
    config->params.send_buffer = 1 << 20;
}

/* So many segments are out; the round trip takes 100 ms. */
static struct peer *with_segments_out(const struct lastack_config *config, uint32_t count,
                                      bool has_sack)
{
    struct lastack_config changed = *config;
    struct peer *p;

    changed.params.initial_cwnd_segs = (uint8_t)count;
    restart(&changed);
    p = ACCEPTED(.shift = 8, .rtt = MS(100), .sack = has_sack, .mss = SEG);
    WRITES(p, count * SEG);
    assert_int_equal(packets_forgotten(p), count);
    AFTER(MS(100));
    return p;
}

/* ---- the end of an episode ---- */

/* The episode lasts until all that had been sent when it began is acknowledged, not a segment
 * less, whatever was sent since; then nothing of the scoreboard is left below.
 * covers: 6675-5-exit */
TEST(ends_at_the_recovery_point)
{
    struct lastack_config config;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 10, true);
    WRITES(p, 10 * SEG);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 4001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG);
    assert_int_equal(info_of(p).tcpi_ca_state, 3);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 9001}});
    assert_true(packets_forgotten(p) > 0); /* new data: SND.NXT is past the point */
    assert_true(info_of(p).tcpi_unacked > 10);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 9001, .sack = {{10001, 11001}});
    assert_int_equal(info_of(p).tcpi_ca_state, 3);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10000); /* a byte is missing */
    assert_int_equal(info_of(p).tcpi_ca_state, 3);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_RETRANSMIT), 1); /* it is still the same */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    assert_in_range(info_of(p).tcpi_ca_state, 0, 1);
    assert_int_equal(info_of(p).tcpi_sacked, 1); /* what lies above stays known */
    assert_int_equal(info_of(p).tcpi_lost, 0);
    assert_int_equal(info_of(p).tcpi_retrans, 0);
    FORGET(p);
}

/* A timeout ends it; until all that was sent before the timeout is acknowledged there is no second
 * one, whatever is sacked; and what was sacked is not sent again.
 * covers: 6675-5.1 */
TEST(a_timeout_in_an_episode)
{
    struct lastack_config config;
    uint32_t ssthresh, una = 10001;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 10, true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 4001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_RETRANSMIT), 1);
    MARK();
    AFTER(MS(300));
    assert_int_equal(info_of(p).tcpi_ca_state, 4);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG, .at = MS(300));
    SENDS_NOTHING(p);
    ssthresh = info_of(p).tcpi_snd_ssthresh;
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001, .sack = {{1001, 4001}});
    FORGET(p);
    /* in one go up to what was sacked, and on behind it */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4001);
    FORGET(p);
    WRITES(p, 4 * SEG);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4001, .sack = {{5001, 10001}});
    FORGET(p);
    assert_int_equal(info_of(p).tcpi_ca_state, 4);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_RETRANSMIT), 1);
    assert_int_equal(info_of(p).tcpi_snd_ssthresh, ssthresh);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001); /* the point: losses count again */
    assert_in_range(info_of(p).tcpi_ca_state, 0, 1);
    FORGET(p);
    WRITES(p, 50 * SEG);
    while (info_of(p).tcpi_unacked < 5) {
        una += info_of(p).tcpi_unacked * SEG;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = una);
    }
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = una, .sack = {{una + SEG, una + 4 * SEG}});
    assert_int_equal(info_of(p).tcpi_ca_state, 3);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_RETRANSMIT), 2);
    FORGET(p);
}

/* After the timeout the holes are filled around what was sacked.
 * covers: 6675-5.1 */
TEST(sacked_is_not_sent_again_after_a_timeout)
{
    struct lastack_config config;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 10, true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{2001, 5001}, {6001, 8001}});
    FORGET(p);
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001, .sack = {{2001, 5001}, {6001, 8001}});
    SENDS(p, .flags = ACK, .seq = 1001, .ack = 1, .text = SEG);
    SENDS(p, .flags = ACK, .seq = 5001, .ack = 1, .text = SEG);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 8001);
    SENDS(p, .flags = ACK, .seq = 8001, .ack = 1, .text = SEG);
    SENDS(p, .flags = ACK, .seq = 9001, .ack = 1, .text = SEG);
    SENDS_NOTHING(p);
}

/* ---- a timeout with RACK ---- */

/* RACK.rtt is 100 ms, the timeout comes after 300, and neither a probe nor F-RTO is in its way. */
static struct peer *measured(bool is_window_allowed)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.tail_loss_probe = config.params.frto = false;
    config.params.rack_window_at_timeout = is_window_allowed;
    p = with_segments_out(&config, 10, true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    FORGET(p);
    MARK();
    return p;
}

/* Three segments left at 0, 150 and 250 ms, and the timeout comes at 300: with round trips of
 * 100 ms the third may still arrive. It is not lost, and not sent again.
 * covers: 8985-6.3 */
TEST(sent_just_before_a_timeout)
{
    struct peer *p = measured(false);

    WRITES(p, SEG);
    AFTER(MS(150));
    WRITES(p, SEG);
    AFTER(MS(100));
    WRITES(p, SEG);
    assert_int_equal(packets_forgotten(p), 3);
    AFTER(MS(50));
    assert_int_equal(info_of(p).tcpi_ca_state, 4);
    SENDS(p, .flags = ACK, .seq = 10001, .ack = 1, .text = SEG);
    assert_int_equal(info_of(p).tcpi_lost, 2);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11001);
    SENDS(p, .flags = ACK, .seq = 11001, .ack = 1, .text = SEG);
    SENDS_NOTHING(p); /* there is room for two, but the third is not lost */
    assert_true(info_of(p).tcpi_snd_cwnd >= 2);
}

/* Linux allows for no reordering then, the RFC for a quarter of the least round trip: of what left
 * 110 ms ago the one says that it is lost, the other that it may arrive until 125 ms are over.
 * covers: 8985-6.3 */
static void window_at_a_timeout(bool is_allowed)
{
    struct peer *p = measured(is_allowed);

    WRITES(p, SEG);
    AFTER(MS(170));
    WRITES(p, SEG);
    AFTER(MS(20));
    WRITES(p, SEG);
    FORGET(p);
    AFTER(MS(110));
    assert_int_equal(info_of(p).tcpi_ca_state, 4);
    assert_int_equal(info_of(p).tcpi_lost, is_allowed ? 2 : 3);
    FORGET(p);
}

TEST(linux_window_at_a_timeout)
{
    window_at_a_timeout(false);
}

TEST(rfc_window_at_a_timeout)
{
    window_at_a_timeout(true);
}

/* ---- timers ---- */

/* Follows the trace: which of the timers that watch for an answer are armed. */
struct armed {
    uint64_t trace_at;
    bool is_on[LASTACK_TIMER_COUNT];
    uint32_t seen[LASTACK_TIMER_COUNT];
};

static void check_armed(struct armed *armed)
{
    struct lastack_trace_record record;
    uint64_t lost = 0;

    while (lastack_trace_read(world.stack, &armed->trace_at, &record, 1, &lost) == 1) {
        const int64_t timer = record.u.detail.a;

        assert_int_equal(lost, 0);
        if (record.what == LASTACK_TRACE_TIMER_ARMED) {
            armed->is_on[timer] = true;
            armed->seen[timer]++;
        } else if (record.what == LASTACK_TRACE_TIMER_STOPPED ||
                   record.what == LASTACK_TRACE_TIMER_FIRED) {
            armed->is_on[timer] = false;
        }
        assert_true(armed->is_on[LASTACK_TIMER_RETRANSMIT] + armed->is_on[LASTACK_TIMER_LOSS] +
                        armed->is_on[LASTACK_TIMER_PERSIST] <=
                    1);
    }
}

/* RACK waits for the last of its window, then everything arrives: nothing is watched any more, and
 * what leaves next has its whole RTO, no more.
 * covers: 8985-8 6298-5.1 6298-5.2 */
TEST(nothing_left_to_wait_for)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.tail_loss_probe = false;
    p = with_segments_out(&config, 10, true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_LOSS);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 10001);
    assert_int_equal(row_of(p).timer, -1);
    MARK();
    WRITES(p, SEG);
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_RETRANSMIT);
    SENDS(p, .flags = ACK, .seq = 10001, .ack = 1, .text = SEG);
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 10001, .ack = 1, .text = SEG, .at = MS(300));
}

/* Text, ACKs, SACKs, closed windows and silence in any order: never are two of the timers armed for
 * retransmission, for a probe or reordering, and for a zero window.
 * covers: 8985-8 */
TEST(one_timer_at_a_time)
{
    struct armed armed = {.trace_at = 0};
    uint32_t random = 99, una = 1, written = 0;
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.trace_classes |= LASTACK_TRACE_CLASS_TIMER;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100), .sack = true, .mss = SEG);
    for (unsigned i = 0; i < 3000; i++) {
        const uint32_t out = info_of(p).tcpi_unacked * SEG;
        uint32_t choice, some;
        int32_t win;

        random = random * 1103515245u + 12345u;
        choice = (random >> 16) % 8;
        some = out == 0 ? 0 : (random >> 20) % (out / SEG + 1) * SEG;
        win = (random >> 28) % 4 == 0 ? NONE : 0;
        if (choice < 3 && written - (una - 1) < 12 * SEG) {
            WRITES(p, SEG);
            written += SEG;
        } else if (choice < 5) {
            una += some;
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = una, .win = win);
        } else if (choice < 7 && out >= 2 * SEG && some + SEG < out) {
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = una,
                    .sack = {{una + some + (some == 0 ? SEG : 0), una + some + 2 * SEG}});
        } else {
            AFTER(MS((random >> 24) % 64 * 5));
        }
        AFTER(MS((random >> 26) % 16));
        check_armed(&armed);
    }
    assert_true(armed.seen[LASTACK_TIMER_RETRANSMIT] > 100);
    assert_true(armed.seen[LASTACK_TIMER_LOSS] > 100);
    assert_true(armed.seen[LASTACK_TIMER_PERSIST] > 20);
    FORGET(p);
}

/* ---- proportional rate reduction ---- */

/* What is in flight: SND.NXT - SND.UNA, less what was sacked and lost, and what was sent again. */
static uint32_t in_flight(const struct peer *p)
{
    const struct lastack_tcp_info info = info_of(p);

    return info.tcpi_unacked - info.tcpi_sacked - info.tcpi_lost + info.tcpi_retrans;
}

/* An episode that brings twenty segments down to ten, as its ACKs go on. */
struct reduction {
    uint32_t una, from, edge; /* of the next ACK: everything in [from, edge) is sacked */
    uint32_t base;            /* RecoverFS, segments */
    uint32_t delivered, left; /* since it began */
};

static uint32_t share_of(const struct reduction *r)
{
    return (10 * r->delivered + r->base - 1) / r->base;
}

/* With each of `count` ACKs one segment more is sacked: after each, so many have left as their
 * share of ten in `base`, and the window is what is in flight. */
static void goes_on(struct peer *p, struct reduction *r, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        r->edge += SEG;
        r->delivered++;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = r->una, .sack = {{r->from, r->edge}});
        assert_int_equal(packets_forgotten(p), share_of(r) - r->left);
        r->left = share_of(r);
        assert_int_equal(info_of(p).tcpi_snd_cwnd, in_flight(p));
    }
}

/* Two of twenty were sacked before the third brought the loss to light: 18 were in flight then, and
 * what was sacked before is not delivered again.
 * covers: 9937-6.1 9937-6.2-inf */
TEST(base_without_what_was_sacked_before)
{
    struct reduction r = {.una = 1, .from = 1001, .edge = 4001, .base = 18, .delivered = 1};
    struct lastack_config config;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 20, true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 2001}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 3001}});
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 4001}});
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG);
    r.left = 1;
    assert_int_equal(info_of(p).tcpi_snd_ssthresh, 10);
    assert_int_equal(info_of(p).tcpi_snd_cwnd, 20 - 3 - 1 + 1);
    WRITES(p, 30 * SEG);
    SENDS_NOTHING(p);
    goes_on(p, &r, 11);
    assert_int_equal(info_of(p).tcpi_snd_cwnd, 17 - 11 + 6);
}

/* The first ACK of the episode acknowledges two and sacks three: twenty were in flight.
 * covers: 9937-6.1 9937-6.2-inf */
TEST(base_with_what_was_acknowledged)
{
    struct reduction r = {.una = 2001, .from = 3001, .edge = 6001, .base = 20, .delivered = 5};
    struct lastack_config config;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 20, true);
    WRITES(p, 30 * SEG);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2001, .sack = {{3001, 6001}});
    SENDS(p, .flags = ACK, .seq = 2001, .ack = 1, .text = SEG);
    SENDS(p, .flags = ACK, .seq = 20001, .ack = 1, .text = SEG);
    SENDS(p, .flags = ACK, .seq = 21001, .ack = 1, .text = SEG);
    SENDS_NOTHING(p);
    assert_int_equal(info_of(p).tcpi_snd_cwnd, 20 - 3 - 1 + 1);
    r.left = share_of(&r);
    goes_on(p, &r, 8);
}

/* An ACK that covers the retransmission, and what was sacked behind it, delivers one segment; in
 * ten parts it does so once, not ten times.
 * covers: 9937-6.2-del */
TEST(an_ack_in_parts)
{
    for (uint32_t parts = 1; parts <= 10; parts += 9) {
        struct lastack_config config;
        struct peer *p;

        rfc6675_config(&config);
        p = with_segments_out(&config, 20, true);
        WRITES(p, 30 * SEG);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{1001, 5001}});
        assert_int_equal(packets_forgotten(p), 2); /* 4 * 10 / 20 */
        for (uint32_t i = 1; i <= parts; i++)
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + i * (SEG / parts),
                    .sack = {{1001, 5001}});
        assert_int_equal(packets_forgotten(p), 1); /* ceil(5 * 10 / 20) */
    }
}

/* Without SACK a duplicate is one segment that arrived, but no more of them than had left: a peer
 * that repeats itself for ever draws out no more than was in flight.
 * covers: 9937-6.2-del */
TEST(duplicates_without_end)
{
    struct lastack_config config;
    uint32_t left = 0;
    struct peer *p;

    rfc6675_config(&config);
    p = with_segments_out(&config, 20, false);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEG);
    WRITES(p, 500 * SEG);
    SENDS_NOTHING(p);
    for (uint32_t i = 2; i <= 12; i++) { /* RecoverFS: 18, as the first two were before */
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
        left += packets_forgotten(p);
        assert_int_equal(1 + left, (10 * i + 17) / 18);
    }
    for (uint32_t i = 0; i < 300; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
        left += packets_forgotten(p);
    }
    assert_in_range(left, 9, 18);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(ends_at_the_recovery_point),
        RUN(a_timeout_in_an_episode),
        RUN(sacked_is_not_sent_again_after_a_timeout),
        RUN(sent_just_before_a_timeout),
        RUN(linux_window_at_a_timeout),
        RUN(rfc_window_at_a_timeout),
        RUN(nothing_left_to_wait_for),
        RUN(one_timer_at_a_time),
        RUN(base_without_what_was_sacked_before),
        RUN(base_with_what_was_acknowledged),
        RUN(an_ack_in_parts),
        RUN(duplicates_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
