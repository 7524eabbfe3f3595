/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reset_test.c: what must not happen to a connection, state by state: RST, SYN, ACK and text that
 * do not fit (RFC 5961 §3, §4, §5), the limit of challenges (§7); and ABORT, SO_LINGER 0, kill.
 */
#include "core.h"
#include "peer.h"

static const enum tcp_state synchronized[] = {TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
                                              TCP_CLOSE_WAIT,  TCP_CLOSING,    TCP_LAST_ACK};

enum { SYNCHRONIZED = sizeof synchronized / sizeof synchronized[0] };

static struct peer *reach_nth(unsigned i)
{
    return reach((uint16_t)(PEER_PORT + i), synchronized[i]);
}

/* ---- RST ---- */

/* What the application learns of a RST, by state. 0: the end, as if nothing had happened. */
static void exact_rsts(const int errors[SYNCHRONIZED])
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = RST, .seq = p->rcv);
        peer_state(p, synchronized[i], TCP_CLOSED, LASTACK_CAUSE_RST, __FILE__, __LINE__);
        SENDS_NOTHING(p);
        IS_IN(p, CLOSED);
        READS_ERROR(p, errors[i]);
        READS_ERROR(p, 0); /* an error is told once */
    }
}

/* covers: 9293-3.10.7.4-rst-E 9293-MUST-12 */
TEST(exact_rst)
{
    static const int errors[SYNCHRONIZED] = {LASTACK_ECONNRESET, LASTACK_ECONNRESET,
                                             LASTACK_ECONNRESET, LASTACK_EPIPE,
                                             LASTACK_ECONNRESET, LASTACK_ECONNRESET};

    exact_rsts(errors);
}

/* covers: 9293-3.10.7.4-rst-E 9293-3.10.7.4-rst-L */
TEST(exact_rst_by_the_rfc)
{
    static const int errors[SYNCHRONIZED] = {
        LASTACK_ECONNRESET, LASTACK_ECONNRESET, LASTACK_ECONNRESET, LASTACK_ECONNRESET, 0, 0};
    struct lastack_config config;

    peer_config(&config);
    config.params.rst_extra_linux = false;
    config.params.rst_error_closing = false;
    restart(&config);
    exact_rsts(errors);
}

/* BSD: an error in every state. */
TEST(exact_rst_is_always_an_error)
{
    static const int errors[SYNCHRONIZED] = {LASTACK_ECONNRESET, LASTACK_ECONNRESET,
                                             LASTACK_ECONNRESET, LASTACK_ECONNRESET,
                                             LASTACK_ECONNRESET, LASTACK_ECONNRESET};
    struct lastack_config config;

    peer_config(&config);
    config.params.rst_extra_linux = false;
    restart(&config);
    exact_rsts(errors);
}

/* In the window but not exact: challenged. Outside: dropped.
 * covers: 5961-3.2-exact 9293-3.10.7.4-oow LNX-RST-EXTRA */
TEST(inexact_rst)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = RST, .seq = p->rcv + 1);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        ARRIVES(p, .flags = RST, .seq = p->rcv - 2);
        ARRIVES(p, .flags = RST, .seq = p->rcv + 200000);
        ARRIVES(p, .flags = RST | ACK, .seq = p->rcv - 2, .ack = p->nxt);
        SENDS_NOTHING(p);
        NO_STATE(p);
        assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_NOT_EXACT), i + 1);
        ABORTS(p);
        FORGET(p);
    }
    assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW), 3 * SYNCHRONIZED);
}

/* Linux believes a RST one before RCV.NXT where the peer's FIN was the last thing.
 * covers: LNX-RST-EXTRA */
TEST(rst_one_before)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);
        const bool is_believed = synchronized[i] == TCP_CLOSE_WAIT ||
                                 synchronized[i] == TCP_CLOSING || synchronized[i] == TCP_LAST_ACK;

        ARRIVES(p, .flags = RST, .seq = p->rcv - 1);
        if (is_believed)
            peer_state(p, synchronized[i], TCP_CLOSED, LASTACK_CAUSE_RST, __FILE__, __LINE__);
        NO_STATE(p);
        SENDS_NOTHING(p);
        CLOSES(p);
        FORGET(p);
    }
}

/* ... and one behind the last text that a SACK told of.
 * covers: LNX-RST-EXTRA */
TEST(rst_behind_a_sacked_range)
{
    struct peer *p = ACCEPTED(.sack = true);

    ARRIVES(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1, .text = 100);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = RST, .seq = 201);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    NO_STATE(p);
    ARRIVES(p, .flags = RST, .seq = 401);
    STATE(p, ESTABLISHED, CLOSED, RST);
}

TEST(rst_one_before_by_the_rfc)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.rst_extra_linux = false;
    restart(&config);
    p = reach(PEER_PORT, TCP_CLOSE_WAIT);
    ARRIVES(p, .flags = RST, .seq = 1);
    NO_STATE(p);
    ARRIVES(p, .flags = RST, .seq = 2);
    STATE(p, CLOSE_WAIT, CLOSED, RST);
    READS_ERROR(p, LASTACK_ECONNRESET);
}

/* With a closed window the RST still counts.
 * covers: 9293-MUST-66 */
TEST(rst_with_a_closed_window)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.receive_buffer = config.params.receive_buffer_max = 2920;
    restart(&config);
    p = ACCEPTED();
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    ARRIVES(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1460);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1461);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2921, .win = NONE);
    ARRIVES(p, .flags = RST, .seq = 2920);
    ARRIVES(p, .flags = RST, .seq = 2922);
    NO_STATE(p);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = RST, .seq = 2921);
    STATE(p, ESTABLISHED, CLOSED, RST);
    READS(p, 2920); /* what had arrived before can still be read */
    READS_ERROR(p, LASTACK_ECONNRESET);
}

/* A RST is never too old for its timestamp.
 * covers: 7323-5.2-rst */
TEST(rst_with_an_old_timestamp)
{
    struct peer *p = ACCEPTED(.timestamps = true);

    ARRIVES(p, .flags = RST, .seq = 1, .ts = 17);
    STATE(p, ESTABLISHED, CLOSED, RST);
}

/* A RST may carry a text that says why; it is a RST all the same, and the text is nobody's.
 * covers: 9293-SHLD-2 */
TEST(rst_with_text)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = RST | ACK, .seq = 1, .ack = 1, .text = 20);
    STATE(p, ESTABLISHED, CLOSED, RST);
    SENDS_NOTHING(p);
    READS_ERROR(p, LASTACK_ECONNRESET);
    READS_END(p);
}

/* insecure_rst: the old rule, anywhere in the window. */
TEST(insecure_rst)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.insecure_rst = true;
    restart(&config);
    p = ACCEPTED();
    ARRIVES(p, .flags = RST, .seq = 300);
    STATE(p, ESTABLISHED, CLOSED, RST);
    SENDS_NOTHING(p);
}

/* ---- SYN ---- */

/* covers: 9293-3.10.7.4-syn-S 5961-4.2 */
TEST(syn_in_a_connection)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = SYN, .seq = p->rcv); /* in the window */
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        AFTER(MS(500));
        (void)packets_forgotten(p);
        ARRIVES(p, .flags = SYN, .seq = p->rcv + 500000); /* outside */
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        AFTER(MS(500));
        (void)packets_forgotten(p);
        ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = p->nxt); /* its own, again */
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        NO_STATE(p);
        ABORTS(p);
        FORGET(p);
    }
}

/* The peer was restarted and does not know us any more: it learns so from the challenge, and its
 * RST, exact by what the challenge says, ends us.
 * covers: 9293-3.5.1-F9 5961-4.2-reboot */
TEST(the_peer_was_restarted)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = SYN, .seq = 400000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = RST, .seq = 1);
    STATE(p, ESTABLISHED, CLOSED, RST);
    READS_ERROR(p, LASTACK_ECONNRESET);
    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 400000);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 400001);
}

/* ---- ACK ---- */

/* Of text never sent: an ACK, and the segment is dropped with its text. Far too old: the same.
 * covers: 9293-3.10.7.4-ack-E2 5961-5.2-range */
TEST(ack_out_of_range)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.ack_of_unsent_silent = false;
    restart(&config);
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = ACK, .seq = p->rcv, .ack = p->nxt + 1, .text = 10);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        AFTER(MS(500));
        (void)packets_forgotten(p);
        ARRIVES(p, .flags = ACK, .seq = p->rcv, .ack = p->nxt - 70000, .text = 10);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        NO_STATE(p);
        assert_int_equal(row_of(p).state, synchronized[i]);
        ABORTS(p);
        FORGET(p);
    }
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_OF_UNSENT), SYNCHRONIZED);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_TOO_OLD), SYNCHRONIZED);
}

/* Linux says nothing to an ACK of what was never sent, and takes neither its text nor its FIN nor
 * its timestamp.
 */
TEST(ack_of_unsent_in_silence)
{
    struct peer *p = ACCEPTED(.timestamps = true);

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 9999, .text = 10, .ts = 1 << 30);
    SENDS_NOTHING(p);
    NO_STATE(p);
    READS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10); /* not an old duplicate */
    READS(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_OF_UNSENT), 1);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_PAWS), 0);
}

/* An ACK that is only old (a segment that was overtaken) brings its text all the same. */
TEST(old_ack_with_new_text)
{
    struct peer *p = ACCEPTED();

    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 51, .text = 10);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 11);
    READS(p, 10);
    assert_int_equal(row_of(p).send_q, 0);
}

/* covers: 9293-3.10.7.4-noack */
TEST(no_ack_bit)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = 0, .seq = p->rcv, .text = 10);
        ARRIVES(p, .flags = FIN, .seq = p->rcv);
        SENDS_NOTHING(p);
        NO_STATE(p);
        ABORTS(p);
        FORGET(p);
    }
    assert_int_equal(counted(LASTACK_CAUSE_DROP_NO_ACK), 2 * SYNCHRONIZED);
}

/* ---- outside the window ---- */

/* Left and right of the window; what carries text or a FIN is always answered, a bare ACK once in
 * 500 ms.
 * covers: 9293-3.10.7.4-oow 9293-3.10.7.4-seq0W */
TEST(outside_the_window)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);

        ARRIVES(p, .flags = ACK, .seq = p->rcv - 30, .ack = p->nxt, .text = 10);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        ARRIVES(p, .flags = ACK, .seq = p->rcv + 500000, .ack = p->nxt, .text = 10);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        ARRIVES(p, .flags = FIN | ACK, .seq = p->rcv + 500000, .ack = p->nxt);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        ARRIVES(p, .flags = ACK, .seq = p->rcv - 1, .ack = p->nxt); /* a keepalive probe */
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        ARRIVES(p, .flags = ACK, .seq = p->rcv - 1, .ack = p->nxt);
        SENDS_NOTHING(p);
        NO_STATE(p);
        ABORTS(p);
        FORGET(p);
    }
    assert_int_equal(counted(LASTACK_CAUSE_DROP_OUT_OF_WINDOW), 5 * SYNCHRONIZED);
}

/* ---- the limit of challenges ---- */

/* covers: LNX-CHALLENGE 5961-7 */
TEST(challenges_are_limited)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = RST, .seq = 2);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    AFTER(MS(100));
    ARRIVES(p, .flags = RST, .seq = 2);
    ARRIVES(p, .flags = SYN, .seq = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = -70000);
    AFTER(MS(400) - 1);
    ARRIVES(p, .flags = RST, .seq = 2);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_CHALLENGE_LIMIT), 4);
    AFTER(1);
    ARRIVES(p, .flags = RST, .seq = 2);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
}

/* FreeBSD's limit, net.inet.tcp.ack_war_cnt in ack_war_timewindow: five in the second that the
 * first of them opens, whenever they come; the next one opens another second.
 * covers: 5961-7 */
TEST(challenges_are_counted_in_a_window)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.challenge_interval_ns = SEC(1);
    config.params.challenge_count = 5;
    restart(&config);
    p = ACCEPTED();
    for (unsigned window = 0; window < 3; window++) {
        for (unsigned i = 0; i < 5; i++) {
            ARRIVES(p, .flags = RST, .seq = 2);
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
            AFTER(i == 3 ? MS(600) : i == 4 ? MS(100) - 1 : MS(100)); /* 0, 100, 200, 300, 900 ms */
        }
        ARRIVES(p, .flags = RST, .seq = 2);
        ARRIVES(p, .flags = SYN, .seq = 1);
        SENDS_NOTHING(p);
        AFTER(1); /* a second after the first of the five */
    }
    assert_int_equal(counted(LASTACK_CAUSE_CHALLENGE_LIMIT), 2 * 3);
}

/* A count of nothing is no limit, as FreeBSD has it, and so is a window of no time. */
TEST(challenges_without_limit)
{
    for (unsigned i = 0; i < 2; i++) {
        struct lastack_config config;
        struct peer *p;

        peer_config(&config);
        config.params.challenge_interval_ns = i == 0 ? SEC(1) : 0;
        config.params.challenge_count = i == 0 ? 0 : 1;
        restart(&config);
        p = ACCEPTED();
        for (unsigned n = 0; n < 300; n++) { /* more than the count can tell */
            ARRIVES(p, .flags = RST, .seq = 2);
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
        }
    }
}

/* Another connection has a limit of its own. */
TEST(challenges_are_limited_each)
{
    struct peer *p = ACCEPTED();
    struct peer *q = accepted_with(PEER_PORT + 1, &(struct opening){0});

    ARRIVES(p, .flags = RST, .seq = 2);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    ARRIVES(q, .flags = RST, .seq = 2);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1);
}

/* challenge_limit: all together in a second, a number that nobody can know (CVE-2016-5696).
 * covers: 5961-7-side */
TEST(challenges_are_limited_together)
{
    struct lastack_config config;
    uint32_t sent = 0;

    peer_config(&config);
    config.params.challenge_limit = 10;
    restart(&config);
    for (unsigned i = 0; i < 40; i++) {
        struct peer *p = accepted_with((uint16_t)(PEER_PORT + i), &(struct opening){0});

        ARRIVES(p, .flags = RST, .seq = 2);
        sent += packets_forgotten(p);
    }
    assert_in_range(sent, 6, 15); /* limit / 2 + 1 ... limit * 3 / 2 */
    assert_int_equal(counted(LASTACK_CAUSE_CHALLENGE_LIMIT), 40 - sent);
}

/* ---- ABORT, SO_LINGER 0, kill ---- */

/* A RST where the peer still waits for us, silence where it does not.
 * covers: 9293-3.10.5-SYNC 9293-3.10.5-LAST */
TEST(abort_in_every_state)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);
        const bool is_told = synchronized[i] != TCP_CLOSING && synchronized[i] != TCP_LAST_ACK;

        ABORTS(p);
        peer_state(p, synchronized[i], TCP_CLOSED, LASTACK_CAUSE_CALL_ABORT, __FILE__, __LINE__);
        if (is_told)
            SENDS(p, .flags = RST | ACK, .seq = p->nxt, .ack = p->rcv);
        SENDS_NOTHING(p);
        READS_ERROR(p, LASTACK_ECONNABORTED);
    }
}

/* "respond with ok and delete the TCB": as long as the descriptor is open it means the record, and
 * only that of its own life. What came before can be read.
 * covers: 9293-3.10.5-LAST */
TEST(abort_in_time_wait)
{
    struct peer *p = ACCEPTED();

    SHUTS(p, LASTACK_SHUT_WR);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2, .text = 3);
    FORGET(p);
    IS_IN(p, TIME_WAIT);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 1);
    ABORTS(p);
    STATE(p, TIME_WAIT, CLOSED, CALL_ABORT);
    SENDS_NOTHING(p);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 0);
    assert_int_equal(lastack_abort(world.stack, p->fd), -LASTACK_ENOTCONN);
    READS(p, 3);
    READS_END(p);
    ARRIVES(p, .flags = ACK, .seq = 5, .ack = 2); /* nobody knows of it any more */
    SENDS(p, .flags = RST, .seq = 2);
}

TEST(abort_after_time_wait)
{
    struct peer *p = reach(PEER_PORT, TCP_TIME_WAIT);

    AFTER(SEC(61));
    FORGET(p);
    assert_int_equal(lastack_abort(world.stack, p->fd), -LASTACK_ENOTCONN);
}

/* A record of another life has another RCV.NXT. (Here nobody has taken note of the end yet.) */
TEST(abort_spares_the_record_of_a_later_life)
{
    struct peer *p = reach(PEER_PORT, TCP_TIME_WAIT);
    const struct tuple tuple = tuple_of(&p->local, &p->remote);
    const struct seq rcv_nxt = seq_of(p->irs + 2);

    assert_false(tcp_abort_record(&world.stack->tcp, &tuple, seq_add(rcv_nxt, 1)));
    assert_false(tcp_abort_record(&world.stack->tcp, &tuple, seq_sub(rcv_nxt, 1)));
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 1);
    assert_int_equal(lastack_abort(world.stack, p->fd), 0);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 0);
    assert_false(tcp_abort_record(&world.stack->tcp, &tuple, rcv_nxt));
    FORGET(p);
}

/* What was queued is lost, what was sent is not waited for.
 * covers: LNX-LINGER0 */
TEST(linger_zero)
{
    struct peer *p = ACCEPTED(.win = 1460);

    WRITES(p, 5000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 730); /* (half of a small window) */
    SENDS(p, .flags = ACK, .seq = 731, .ack = 1, .text = 730);
    LINGERS(p, 0);
    CLOSES(p);
    STATE(p, ESTABLISHED, CLOSED, LINGER_ZERO);
    SENDS(p, .flags = RST | ACK, .seq = 1461, .ack = 1);
}

TEST(linger_zero_in_every_state)
{
    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        struct peer *p = reach_nth(i);
        const bool is_told = synchronized[i] != TCP_CLOSING && synchronized[i] != TCP_LAST_ACK;

        LINGERS(p, 0);
        CLOSES(p);
        peer_state(p, synchronized[i], TCP_CLOSED, LASTACK_CAUSE_LINGER_ZERO, __FILE__, __LINE__);
        if (is_told)
            SENDS(p, .flags = RST | ACK, .seq = p->nxt, .ack = p->rcv);
        SENDS_NOTHING(p);
    }
}

/* Before the handshake is over, and after everything is. */
TEST(linger_zero_at_both_ends_of_life)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);
    struct peer *q = reach(PEER_PORT + 1, TCP_SYN_RECEIVED);
    struct peer *r = reach(PEER_PORT + 2, TCP_TIME_WAIT);

    LINGERS(p, 0);
    CLOSES(p);
    STATE(p, SYN_SENT, CLOSED, LINGER_ZERO);
    SENDS_NOTHING(p);
    LINGERS(q, 0);
    CLOSES(q);
    STATE(q, SYN_RECEIVED, CLOSED, LINGER_ZERO);
    SENDS(q, .flags = RST | ACK, .seq = 1, .ack = 1);
    LINGERS(r, 0);
    CLOSES(r);
    NO_STATE(r); /* the record stays: SO_LINGER is no way round TIME-WAIT once it is there */
    SENDS_NOTHING(r);
    IS_IN(r, TIME_WAIT);
}

/* An operator ends it, whatever it is. */
TEST(kill_in_every_state)
{
    struct peer *p;

    for (unsigned i = 0; i < SYNCHRONIZED; i++) {
        const bool is_told = synchronized[i] != TCP_CLOSING && synchronized[i] != TCP_LAST_ACK;

        p = reach_nth(i);
        assert_int_equal(lastack_kill(world.stack, &p->local, &p->remote, false), LASTACK_KILLED);
        SETTLES();
        peer_state(p, synchronized[i], TCP_CLOSED, LASTACK_CAUSE_CALL_KILL, __FILE__, __LINE__);
        if (is_told)
            SENDS(p, .flags = RST | ACK, .seq = p->nxt, .ack = p->rcv);
        SENDS_NOTHING(p);
        READS_ERROR(p, LASTACK_ECONNABORTED);
        assert_int_equal(lastack_kill(world.stack, &p->local, &p->remote, false),
                         LASTACK_KILL_GONE);
    }
    p = reach(PEER_PORT + 20, TCP_TIME_WAIT);
    assert_int_equal(lastack_kill(world.stack, &p->local, &p->remote, false), LASTACK_KILLED);
    STATE(p, TIME_WAIT, CLOSED, CALL_KILL);
    p = peer_at(PEER_PORT + 21);
    ARRIVES(p, .flags = SYN, .seq = 0);
    FORGET(p);
    assert_int_equal(lastack_kill(world.stack, &p->local, &p->remote, false), LASTACK_KILLED);
    STATE(p, SYN_RECEIVED, LISTEN, CALL_KILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(exact_rst),
        RUN(exact_rst_by_the_rfc),
        RUN(exact_rst_is_always_an_error),
        RUN(inexact_rst),
        RUN(rst_one_before),
        RUN(rst_behind_a_sacked_range),
        RUN(rst_one_before_by_the_rfc),
        RUN(rst_with_a_closed_window),
        RUN(rst_with_an_old_timestamp),
        RUN(rst_with_text),
        RUN(insecure_rst),
        RUN(syn_in_a_connection),
        RUN(the_peer_was_restarted),
        RUN(ack_out_of_range),
        RUN(ack_of_unsent_in_silence),
        RUN(old_ack_with_new_text),
        RUN(no_ack_bit),
        RUN(outside_the_window),
        RUN(challenges_are_limited),
        RUN(challenges_are_counted_in_a_window),
        RUN(challenges_without_limit),
        RUN(challenges_are_limited_each),
        RUN(challenges_are_limited_together),
        RUN(abort_in_every_state),
        RUN(abort_in_time_wait),
        RUN(abort_after_time_wait),
        RUN(abort_spares_the_record_of_a_later_life),
        RUN(linger_zero),
        RUN(linger_zero_in_every_state),
        RUN(linger_zero_at_both_ends_of_life),
        RUN(kill_in_every_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
