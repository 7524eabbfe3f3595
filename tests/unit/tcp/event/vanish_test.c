/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vanish_test.c: the peer says nothing any more. Every state has an exit, at the time that the
 * linux profile (or another) says, and the application learns of it. What is held by a process and
 * waits for nothing waits for ever: that is not ours to decide.
 */
#include "peer.h"

/* Reads `count` retransmissions and says when they left. */
static void check_times(struct peer *p, const struct line *line, const int64_t *ms, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct line one = *line;

        one.at = MS(ms[i]);
        peer_sends(p, &one, __FILE__, __LINE__);
    }
    SENDS_NOTHING(p);
}

/* ---- SYN-SENT ---- */

/* covers: LNX-SYNRETRIES 9293-MUST-22 6298-2.1 */
TEST(syn_sent)
{
    static const int64_t ms[] = {1000, 2000, 3000, 4000, 5000, 7000, 11000, 19000, 35000, 67000};
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);

    MARK();
    AFTER(SEC(131) - 1);
    check_times(p, &(struct line){.flags = SYN}, ms, 10);
    NO_STATE(p);
    AFTER(1);
    STATE(p, SYN_SENT, CLOSED, SYN_TIMEOUT);
    SENDS_NOTHING(p);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ETIMEDOUT);
}

/* covers: LNX-SYNRETRIES 6298-5.5 */
TEST(syn_sent_without_linear_retries)
{
    static const int64_t ms[] = {1000, 3000, 7000, 15000, 31000, 63000};
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.syn_linear_retries = 0;
    restart(&config);
    p = reach(PEER_PORT, TCP_SYN_SENT);
    MARK();
    AFTER(SEC(127) - 1);
    check_times(p, &(struct line){.flags = SYN}, ms, 6);
    AFTER(1);
    STATE(p, SYN_SENT, CLOSED, SYN_TIMEOUT);
}

/* TCP_SYNCNT counts the doubled ones; those a second apart come first. */
TEST(syn_sent_with_syncnt)
{
    static const int64_t ms[] = {1000, 2000, 3000, 4000, 5000};
    struct peer *p = peer_at(PEER_PORT);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_TCP_SYNCNT, 1);
    MARK();
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0);
    AFTER(SEC(7) - 1);
    check_times(p, &(struct line){.flags = SYN}, ms, 5);
    AFTER(1);
    STATE(p, SYN_SENT, CLOSED, SYN_TIMEOUT);
}

/* A whole limit instead of a count (BSD's keepinit). */
TEST(syn_sent_with_a_connect_timeout)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.connect_timeout_ns = SEC(75);
    restart(&config);
    p = reach(PEER_PORT, TCP_SYN_SENT);
    AFTER(SEC(75) - 1);
    NO_STATE(p);
    (void)packets_forgotten(p);
    AFTER(1);
    STATE(p, SYN_SENT, CLOSED, USER_TIMEOUT);
}

/* RFC 9293 asks for three minutes.
 * covers: 9293-MUST-23 */
TEST(syn_sent_by_the_rfc)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.syn_linear_retries = 0;
    config.params.syn_retries = 7;
    config.params.rto_max_ns = SEC(60);
    restart(&config);
    p = reach(PEER_PORT, TCP_SYN_SENT);
    AFTER(SEC(183) - 1);
    NO_STATE(p);
    assert_int_equal(packets_forgotten(p), 7);
    AFTER(SEC(60) + 1);
    STATE(p, SYN_SENT, CLOSED, SYN_TIMEOUT);
}

/* ---- SYN-RECEIVED ---- */

/* covers: LNX-SYNACKRETRIES */
TEST(request)
{
    static const int64_t ms[] = {1000, 3000, 7000, 15000, 31000};
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(5);
    MARK();
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    AFTER(SEC(63) - 1);
    check_times(p, &(struct line){.flags = SYN | ACK, .ack = 1}, ms, 5);
    IS_IN(p, SYN_RECEIVED);
    AFTER(1);
    STATE(p, SYN_RECEIVED, LISTEN, SYNACK_TIMEOUT);
    IS_IN(p, CLOSED);
}

TEST(syn_received_of_a_simultaneous_open)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_RECEIVED);

    AFTER(SEC(127));
    assert_true(packets_forgotten(p) >= 6);
    AFTER(SEC(600));
    FORGET(p);
    IS_IN(p, CLOSED);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
}

/* ---- ESTABLISHED and the others, with something to send ---- */

/* R2 of the linux profile: the first timeout behind 924.6 s, which is 15 doublings of 200 ms.
 * covers: LNX-RETRIES2 LNX-RTOMIN LNX-RTOMAX 9293-MUST-20 9293-SHLD-11 2525-2.10 6298-5.5
 * covers: 6298-2.5 */
TEST(established_with_data)
{
    static const int64_t ms[] = {300,    900,    2100,   4500,   9300,   18900,  38100, 76500,
                                 153300, 273300, 393300, 513300, 633300, 753300, 873300};
    struct peer *p = ACCEPTED(.rtt = MS(100));

    MARK();
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    AFTER(MS(993300) - 1);
    check_times(p, &(struct line){.flags = ACK, .seq = 1, .ack = 1, .text = 10}, ms, 15);
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, RETRIES_EXHAUSTED);
    SENDS_NOTHING(p);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
}

/* By count, as the RFC and BSD have it. */
TEST(established_with_data_by_count)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.rto_formula = LASTACK_RTO_RFC6298;
    config.params.rto_min_ns = SEC(1);
    config.params.retries2 = 4;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    WRITES(p, 10);
    AFTER(SEC(31) - 1);
    assert_int_equal(packets_forgotten(p), 5);
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, RETRIES_EXHAUSTED);
}

/* Held by a process, everything said: nobody may end it. */
TEST(established_and_silent)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);
    struct peer *q = reach(PEER_PORT + 1, TCP_CLOSE_WAIT);
    struct peer *r = reach(PEER_PORT + 2, TCP_FIN_WAIT_2);

    AFTER(SEC(3600) * 24 * 3);
    SENDS_NOTHING(p);
    SENDS_NOTHING(q);
    SENDS_NOTHING(r);
    IS_IN(p, ESTABLISHED);
    IS_IN(q, CLOSE_WAIT);
    IS_IN(r, FIN_WAIT_2);
}

/* ---- FINs that nobody acknowledges ---- */

/* An orphan is given up after 8 doublings of 200 ms, 102.2 s; a process that still holds its
 * descriptor is as patient as with data.
 * covers: LNX-ORPHANRETRIES 9293-3.6-finrtx */
static void give_up(enum tcp_state state, bool is_orphan)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));
    const int64_t give_up_at = is_orphan ? MS(153300) : MS(993300);

    if (state == TCP_LAST_ACK) {
        ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
        STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    }
    if (is_orphan)
        CLOSES(p);
    else
        SHUTS(p, LASTACK_SHUT_WR);
    if (state == TCP_CLOSING)
        ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    FORGET(p);
    AFTER(give_up_at - 1);
    NO_STATE(p);
    assert_int_equal(packets_forgotten(p), is_orphan ? 8 : 15);
    AFTER(1);
    peer_state(p, state, TCP_CLOSED,
               is_orphan ? LASTACK_CAUSE_ORPHAN_RETRIES : LASTACK_CAUSE_RETRIES_EXHAUSTED, __FILE__,
               __LINE__);
    if (!is_orphan)
        READS_ERROR(p, LASTACK_ETIMEDOUT);
}

TEST(fin_wait_1)
{
    give_up(TCP_FIN_WAIT_1, false);
}
TEST(fin_wait_1_orphan)
{
    give_up(TCP_FIN_WAIT_1, true);
}
TEST(closing)
{
    give_up(TCP_CLOSING, false);
}
TEST(closing_orphan)
{
    give_up(TCP_CLOSING, true);
}
TEST(last_ack)
{
    give_up(TCP_LAST_ACK, false);
}
TEST(last_ack_orphan)
{
    give_up(TCP_LAST_ACK, true);
}

/* tcp_orphan_retries, set. */
TEST(orphan_retries)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.orphan_retries = 2;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    CLOSES(p);
    FORGET(p);
    AFTER(MS(2100) - 1); /* 200 + 400 + 800 ms are over at the timeout at 2.1 s */
    NO_STATE(p);
    AFTER(1);
    STATE(p, FIN_WAIT_1, CLOSED, ORPHAN_RETRIES);
    FORGET(p);
}

/* More orphans than we may have: the newest is reset.
 * covers: LNX-MAXORPHANS */
TEST(too_many_orphans)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.max_orphans = 2;
    restart(&config);
    for (unsigned i = 0; i < 3; i++) {
        p = accepted_with((uint16_t)(PEER_PORT + i), &(struct opening){0});
        CLOSES(p);
        if (i < 2) {
            STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
            FORGET(p);
        }
    }
    STATE(p, ESTABLISHED, CLOSED, ORPHAN_LIMIT);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 1);
}

/* ---- FIN-WAIT-2 ---- */

/* covers: LNX-FW2 */
TEST(fin_wait_2_orphan)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    AFTER(SEC(1000)); /* as long as it is held nothing runs */
    CLOSES(p);
    NO_STATE(p);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_FIN_WAIT_2);
    AFTER(SEC(60) - 1);
    IS_IN(p, FIN_WAIT_2);
    AFTER(1);
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2); /* too late */
    SENDS(p, .flags = RST, .seq = 2);
}

/* covers: LNX-FW2-LINGER2 */
TEST(fin_wait_2_by_linger2)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);
    struct peer *q = reach(PEER_PORT + 1, TCP_FIN_WAIT_2);
    struct peer *r = accepted_with(PEER_PORT + 2, &(struct opening){0});

    SETS(p, LASTACK_TCP_LINGER2, 5);
    CLOSES(p);
    AFTER(SEC(5) - 1);
    NO_STATE(p);
    AFTER(1);
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
    SENDS_NOTHING(p);

    SETS(q, LASTACK_TCP_LINGER2, -1);
    CLOSES(q);
    STATE(q, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
    SENDS(q, .flags = RST | ACK, .seq = 2, .ack = 1);

    SETS(r, LASTACK_TCP_LINGER2, -1);
    CLOSES(r);
    STATE(r, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(r, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(r, .flags = ACK, .seq = 1, .ack = 2);
    STATE(r, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(r, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
    SENDS(r, .flags = RST | ACK, .seq = 2, .ack = 1);
}

/* A profile without the limit: an orphan ends all the same. */
TEST(fin_wait_2_without_limit)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.fin_wait_2_ns = 0;
    restart(&config);
    p = reach(PEER_PORT, TCP_FIN_WAIT_2);
    CLOSES(p);
    AFTER(SEC(7200) - 1);
    IS_IN(p, FIN_WAIT_2);
    AFTER(1);
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
}

/* ---- a closed window ---- */

/* covers: LNX-PROBE0 9293-MUST-36 9293-SHLD-29 9293-SHLD-30 */
TEST(zero_window_unanswered)
{
    static const int64_t ms[] = {300,    900,    2100,   4500,   9300,   18900,  38100, 76500,
                                 153300, 273300, 393300, 513300, 633300, 753300, 873300};
    struct peer *p = ACCEPTED(.rtt = MS(100), .win = NONE);

    MARK();
    WRITES(p, 100);
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).timer, LASTACK_TIMER_PERSIST);
    AFTER(MS(993300) - 1);
    check_times(p, &(struct line){.flags = ACK, .seq = 0, .ack = 1}, ms, 15);
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, PERSIST_TIMEOUT);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
    assert_int_equal(lastack_counter(world.stack, LASTACK_CAUSE_PERSIST), 15);
}

/* As long as the probes are answered nobody gives up.
 * covers: 9293-MUST-37 LNX-PROBE0 9293-SHLD-30 */
TEST(zero_window_answered)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .win = NONE);
    int64_t wait = MS(300);
    const int64_t start = world.now;

    WRITES(p, 100);
    while (world.now - start < SEC(3600) * 24) {
        AFTER(wait - 1);
        SENDS_NOTHING(p);
        AFTER(1);
        SENDS(p, .flags = ACK, .seq = 0, .ack = 1);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
        wait = min64(2 * wait, SEC(120));
    }
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
}

/* An orphan that waits for a window is not kept for ever, whatever the peer answers: it ends when
 * its probes are as far apart as they get.
 * covers: LNX-PROBE0 */
TEST(zero_window_orphan)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .win = NONE);
    struct peer *q;

    WRITES(p, 100);
    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    AFTER(MS(153300) - 1);
    NO_STATE(p);
    assert_int_equal(packets_forgotten(p), 8);
    AFTER(1);
    STATE(p, FIN_WAIT_1, CLOSED, PERSIST_TIMEOUT);

    q = accepted_with(PEER_PORT + 1, &(struct opening){.rtt = MS(100), .win = NONE});
    WRITES(q, 100);
    CLOSES(q);
    STATE(q, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    for (int i = 0; i < 27332; i++) {
        AFTER(MS(10));
        if (packets_forgotten(q) > 0)
            ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
    }
    STATE(q, FIN_WAIT_1, CLOSED, ORPHAN_RETRIES);
}

/* The window was shut over text in flight: what is sent again takes the place of probes, and is
 * given up only when the peer falls silent too.
 * covers: 9293-MUST-35 9293-SHLD-17 9293-SHLD-16 9293-MUST-34 9293-SHLD-15 */
TEST(window_shut_over_text_in_flight)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));
    const int64_t start = world.now;

    WRITES(p, 2920);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
    WRITES(p, 1000);
    SENDS_NOTHING(p);
    while (world.now - start < SEC(3600)) {
        AFTER(SEC(120));
        assert_true(packets_forgotten(p) > 0);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
    }
    NO_STATE(p);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2921);
    SENDS(p, .flags = ACK, .seq = 2921, .ack = 1, .text = 1000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3921, .win = NONE);
    WRITES(p, 10);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3921);
    SENDS(p, .flags = ACK, .seq = 3921, .ack = 1, .text = 10);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3921, .win = NONE);
    AFTER(SEC(3600)); /* and now silence */
    (void)packets_forgotten(p);
    STATE(p, ESTABLISHED, CLOSED, RETRIES_EXHAUSTED);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
}

/* ... and opens again after an hour: what the peer threw away leaves at once, once a round trip,
 * and the hour counts neither for the next timeout nor as attempts, however they are counted.
 * covers: 9293-SHLD-17 9293-MUST-35 */
TEST(window_opens_again_over_text_in_flight)
{
    for (int is_counting = 0; is_counting < 2; is_counting++) {
        struct lastack_config config;
        struct peer *p;

        peer_config(&config);
        if (is_counting) /* R2 is a number of repetitions */
            config.params.rto_formula = LASTACK_RTO_RFC6298;
        restart(&config);
        p = ACCEPTED(.rtt = MS(100));
        WRITES(p, 1000);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
        for (int i = 0; i < 30; i++) {
            AFTER(SEC(120));
            ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
        }
        FORGET(p);
        AFTER(SEC(1));
        FORGET(p);
        AFTER(MS(200));
        MARK();
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000, .at = 0);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = NONE);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
        SENDS_NOTHING(p);
        AFTER(MS(300)); /* lost once more: a timeout of an ordinary length */
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
        NO_STATE(p);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001);
        SENDS_NOTHING(p);
        assert_int_equal(row_of(p).state, TCP_ESTABLISHED);
    }
}

/* ---- TCP_USER_TIMEOUT ---- */

/* covers: LNX-UTO 9293-MUST-21 9293-3.10.8-user */
TEST(user_timeout_with_data)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    SETS(p, LASTACK_TCP_USER_TIMEOUT, 3000);
    WRITES(p, 10);
    AFTER(SEC(3) - 1);
    assert_int_equal(packets_forgotten(p), 4); /* and at .3, .9, 2.1 s */
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, USER_TIMEOUT);
    SENDS_NOTHING(p);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
}

/* Longer than R2 would be.
 * covers: LNX-UTO */
TEST(user_timeout_replaces_the_count)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    SETS(p, LASTACK_TCP_USER_TIMEOUT, 3000000);
    WRITES(p, 10);
    AFTER(SEC(3000) - 1);
    (void)packets_forgotten(p);
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, USER_TIMEOUT);
}

/* An ACK of something new: patience starts again. */
TEST(user_timeout_starts_again)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    SETS(p, LASTACK_TCP_USER_TIMEOUT, 3000);
    WRITES(p, 2000);
    AFTER(MS(2500));
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461);
    AFTER(SEC(3) - 1);
    NO_STATE(p);
    (void)packets_forgotten(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, USER_TIMEOUT);
}

/* covers: 9293-3.10.8-user */
TEST(user_timeout_in_other_states)
{
    struct peer *p = peer_at(PEER_PORT);
    struct peer *q, *r;

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_TCP_USER_TIMEOUT, 4500);
    CONNECTS(p);
    FORGET(p);
    AFTER(MS(4500) - 1);
    NO_STATE(p);
    AFTER(1);
    STATE(p, SYN_SENT, CLOSED, USER_TIMEOUT);
    FORGET(p);

    q = accepted_with(PEER_PORT + 1, &(struct opening){.rtt = MS(100)});
    SETS(q, LASTACK_TCP_USER_TIMEOUT, 3000);
    CLOSES(q);
    FORGET(q);
    AFTER(SEC(3) - 1);
    NO_STATE(q);
    AFTER(1);
    STATE(q, FIN_WAIT_1, CLOSED, USER_TIMEOUT);
    FORGET(q);

    r = accepted_with(PEER_PORT + 2, &(struct opening){.rtt = MS(100)});
    SETS(r, LASTACK_TCP_USER_TIMEOUT, 3000);
    ARRIVES(r, .flags = FIN | ACK, .seq = 1, .ack = 1);
    CLOSES(r);
    FORGET(r);
    AFTER(SEC(3) - 1);
    NO_STATE(r);
    AFTER(1);
    STATE(r, LAST_ACK, CLOSED, USER_TIMEOUT);
    FORGET(r);
}

/* A closed window: counted from its first probe, answered or not; a window that opens in between
 * begins it anew.
 * covers: LNX-UTO */
TEST(user_timeout_with_a_closed_window)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .win = NONE);

    SETS(p, LASTACK_TCP_USER_TIMEOUT, 3000);
    WRITES(p, 10);
    AFTER(SEC(2));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11, .win = NONE);
    WRITES(p, 10);
    (void)packets_forgotten(p);
    while (packets_forgotten(p) == 0)
        AFTER(MS(10));
    for (int i = 0; i < 29; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11, .win = NONE);
        AFTER(MS(100));
    }
    AFTER(MS(90));
    NO_STATE(p);
    AFTER(MS(10));
    STATE(p, ESTABLISHED, CLOSED, USER_TIMEOUT);
    FORGET(p);
}

/* Keepalives that nobody answered before the window was shut over text are no probes of it. */
TEST(user_timeout_after_keepalives)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .win = NONE);

    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    SETS(p, LASTACK_TCP_KEEPIDLE, 5);
    SETS(p, LASTACK_TCP_KEEPINTVL, 5);
    SETS(p, LASTACK_TCP_USER_TIMEOUT, 60000);
    AFTER(SEC(11));
    WRITES(p, 10);
    AFTER(SEC(10));
    NO_STATE(p);
    FORGET(p);
}

/* ---- keepalive ---- */

/* covers: 9293-MUST-25 */
TEST(no_keepalive_unless_asked_for)
{
    struct peer *p = ACCEPTED();

    AFTER(SEC(3600) * 24);
    SENDS_NOTHING(p);
    IS_IN(p, ESTABLISHED);
}

/* covers: LNX-KEEP 9293-MUST-28 9293-SHLD-12 2525-2.9 2525-2.11 9293-MAY-5 */
TEST(keepalive_unanswered)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    MARK();
    AFTER(SEC(7200) - 1);
    SENDS_NOTHING(p);
    AFTER(1 + SEC(9 * 75) - 1);
    for (int i = 0; i < 9; i++)
        SENDS(p, .flags = ACK, .seq = 0, .ack = 1, .at = SEC(7200 + 75 * i));
    SENDS_NOTHING(p);
    NO_STATE(p);
    AFTER(1);
    STATE(p, ESTABLISHED, CLOSED, KEEPALIVE_TIMEOUT);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 1);
    READS_ERROR(p, LASTACK_ETIMEDOUT);
    assert_int_equal(lastack_counter(world.stack, LASTACK_CAUSE_KEEPALIVE), 9);
}

/* covers: 9293-MUST-24 9293-MUST-27 9293-MUST-29 */
TEST(keepalive_answered)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_KEEPIDLE, 10);
    SETS(p, LASTACK_TCP_KEEPINTVL, 3);
    SETS(p, LASTACK_TCP_KEEPCNT, 2);
    AFTER(SEC(100));
    SENDS_NOTHING(p);
    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    for (int i = 0; i < 20; i++) {
        (void)packets_forgotten(p);
        AFTER(SEC(10) - 1);
        SENDS_NOTHING(p);
        AFTER(1 + SEC(3)); /* the first probe, and one more: the first is no proof */
        assert_int_equal(packets_forgotten(p), 2);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    }
    NO_STATE(p);
    SETS(p, LASTACK_SO_KEEPALIVE, 0);
    AFTER(SEC(1000));
    SENDS_NOTHING(p);
    IS_IN(p, ESTABLISHED);
}

/* Set before the connection exists: it counts from the moment it does. */
TEST(keepalive_set_before_connect)
{
    struct peer *p = peer_at(PEER_PORT);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    SETS(p, LASTACK_TCP_KEEPIDLE, 10);
    CONNECTS(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    AFTER(SEC(10) - 1);
    SENDS_NOTHING(p);
    AFTER(1);
    SENDS(p, .flags = ACK, .seq = 0, .ack = 1);
}

/* What was armed for the SYN lies far ahead when the answer comes; the probe is not late for it. */
TEST(keepalive_after_a_long_connect)
{
    struct peer *p = peer_at(PEER_PORT);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    SETS(p, LASTACK_TCP_KEEPIDLE, 10);
    CONNECTS(p);
    AFTER(SEC(67)); /* the last SYN; the connection would be given up 64 s later */
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    AFTER(SEC(10) - 1);
    SENDS_NOTHING(p);
    AFTER(1);
    SENDS(p, .flags = ACK, .seq = 0, .ack = 1);
}

/* ... or by the listener. */
TEST(keepalive_inherited)
{
    struct peer *p;

    LISTENS(5);
    assert_int_equal(lastack_set_option(world.stack, world.listener, LASTACK_SO_KEEPALIVE, 1), 0);
    assert_int_equal(lastack_set_option(world.stack, world.listener, LASTACK_TCP_KEEPIDLE, 10), 0);
    p = ACCEPTED();
    AFTER(SEC(10) - 1);
    SENDS_NOTHING(p);
    AFTER(1);
    SENDS(p, .flags = ACK, .seq = 0, .ack = 1);
}

/* While text is unacknowledged, retransmission watches the peer and no probe is sent.
 * covers: 9293-MUST-26 */
TEST(keepalive_waits_for_data)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    SETS(p, LASTACK_TCP_KEEPIDLE, 10);
    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    WRITES(p, 10);
    AFTER(SEC(40));
    for (int i = 0; i < 8; i++)
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
    AFTER(SEC(10) - 1);
    SENDS_NOTHING(p);
    AFTER(1);
    SENDS(p, .flags = ACK, .seq = 10, .ack = 1);
}

/* TCP_USER_TIMEOUT takes the place of the count of probes.
 * covers: LNX-KEEP */
TEST(keepalive_with_user_timeout)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_KEEPIDLE, 10);
    SETS(p, LASTACK_TCP_KEEPINTVL, 3);
    SETS(p, LASTACK_TCP_KEEPCNT, 100);
    SETS(p, LASTACK_TCP_USER_TIMEOUT, 15000);
    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    AFTER(SEC(16) - 1);
    assert_int_equal(packets_forgotten(p), 2); /* at 10 and 13 s */
    NO_STATE(p);
    AFTER(1); /* 15 s since anything was heard are over, and a probe was unanswered */
    STATE(p, ESTABLISHED, CLOSED, KEEPALIVE_TIMEOUT);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 1);
}

/* In every state that lasts.
 * covers: 9293-MUST-26 */
TEST(keepalive_in_other_states)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);
    struct peer *q = reach(PEER_PORT + 1, TCP_CLOSE_WAIT);

    SETS(p, LASTACK_SO_KEEPALIVE, 1);
    SETS(q, LASTACK_SO_KEEPALIVE, 1);
    AFTER(SEC(7200) + SEC(75) * 9);
    assert_int_equal(packets_forgotten(p), 10);
    assert_int_equal(packets_forgotten(q), 10);
    STATE(p, FIN_WAIT_2, CLOSED, KEEPALIVE_TIMEOUT);
    STATE(q, CLOSE_WAIT, CLOSED, KEEPALIVE_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(syn_sent),
        RUN(syn_sent_without_linear_retries),
        RUN(syn_sent_with_syncnt),
        RUN(syn_sent_with_a_connect_timeout),
        RUN(syn_sent_by_the_rfc),
        RUN(request),
        RUN(syn_received_of_a_simultaneous_open),
        RUN(established_with_data),
        RUN(established_with_data_by_count),
        RUN(established_and_silent),
        RUN(fin_wait_1),
        RUN(fin_wait_1_orphan),
        RUN(closing),
        RUN(closing_orphan),
        RUN(last_ack),
        RUN(last_ack_orphan),
        RUN(orphan_retries),
        RUN(too_many_orphans),
        RUN(fin_wait_2_orphan),
        RUN(fin_wait_2_by_linger2),
        RUN(fin_wait_2_without_limit),
        RUN(zero_window_unanswered),
        RUN(zero_window_answered),
        RUN(zero_window_orphan),
        RUN(window_shut_over_text_in_flight),
        RUN(window_opens_again_over_text_in_flight),
        RUN(user_timeout_with_data),
        RUN(user_timeout_replaces_the_count),
        RUN(user_timeout_starts_again),
        RUN(user_timeout_in_other_states),
        RUN(user_timeout_with_a_closed_window),
        RUN(user_timeout_after_keepalives),
        RUN(no_keepalive_unless_asked_for),
        RUN(keepalive_unanswered),
        RUN(keepalive_answered),
        RUN(keepalive_set_before_connect),
        RUN(keepalive_after_a_long_connect),
        RUN(keepalive_inherited),
        RUN(keepalive_waits_for_data),
        RUN(keepalive_with_user_timeout),
        RUN(keepalive_in_other_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
