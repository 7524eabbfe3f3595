/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policies_test.c: where systems differ and both ways are allowed: each policy that only the
 * freebsd or the rfc profile chooses, beside what the default does. And what a receiver tells of
 * text that came twice or out of order, which is the same everywhere (RFC 2018, 2883, 5681 §4.2).
 */
#include "icmp.h"
#include "peer.h"

static struct lastack_config config;

/* The stack with one parameter changed; more may follow. */
#define WITH(field, value) (config.params.field = (value), restart(&config))

static int begin(void **state)
{
    const int result = peer_setup(state);

    peer_config(&config);
    return result;
}

#define RUN_WITH(name) cmocka_unit_test_setup_teardown(name, begin, peer_teardown)

static int option_of(struct peer *p, enum lastack_option option)
{
    int value = -1;

    assert_int_equal(lastack_get_option(world.stack, p->fd, option, &value), 0);
    return value;
}

/* ---- what was received, twice or in disorder ---- */

/* covers: 2883-4-dup 2883-4-part 2018-4-first */
TEST(duplicates_are_told_once)
{
    struct peer *p = ACCEPTED(.sack = true);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 201, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101, .sack = {{201, 301}});
    ARRIVES(p, .flags = ACK, .seq = 401, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101, .sack = {{401, 501}, {201, 301}});
    ARRIVES(p, .flags = ACK, .seq = 51, .ack = 1, .text = 50); /* all of it old */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101, .sack = {{51, 101}, {401, 501}, {201, 301}});
    ARRIVES(p, .flags = ACK, .seq = 151, .ack = 1, .text = 100); /* half of it old */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101, .sack = {{201, 251}, {151, 301}, {401, 501}});
    ARRIVES(p, .flags = ACK, .seq = 51, .ack = 1, .text = 200); /* at both ends: the first counts */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301, .sack = {{51, 101}, {401, 501}});
    READS(p, 300);
    FORGET(p);
}

/* Old text, new text and FIN in one segment: one ACK of all.
 * covers: 5681-4.2-one 2883-4-part */
TEST(a_duplicate_with_fin)
{
    struct peer *p = ACCEPTED(.sack = true);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    AFTER(SEC(1));
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 51, .ack = 1, .text = 60);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 112, .sack = {{51, 101}});
    SENDS_NOTHING(p);
    READS(p, 110);
    READS_END(p);
}

/* One segment over several holes: all that waited behind them is in order now.
 * covers: 9293-3.10.7.4-text */
TEST(text_over_several_ranges)
{
    struct peer *p = ACCEPTED(.sack = true);

    for (int64_t at = 101; at < 501; at += 200)
        ARRIVES(p, .flags = ACK, .seq = at, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 501, .ack = 1, .text = 100);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 300);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 401, .sack = {{101, 201}, {501, 601}});
    READS(p, 400);
    FORGET(p);
}

/* Text and SACK blocks share what the MTU leaves: a full segment has no room for them. */
TEST(sack_beside_text)
{
    struct peer *p = ACCEPTED(.sack = true);

    ARRIVES(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{101, 201}});
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{301, 401}, {101, 201}});
    SETS(p, LASTACK_TCP_NODELAY, 1);
    WRITES(p, 1460);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460, .no_sack = true);
    WRITES(p, 1460 - 12);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1448, .sack = {{301, 401}});
    WRITES(p, 1);
    SENDS(p, .flags = ACK, .seq = 2909, .ack = 1, .text = 1, .sack = {{301, 401}, {101, 201}});
    FORGET(p);
}

/* covers: 5681-3.2-fill */
TEST(a_filled_hole_is_told_at_once)
{
    struct peer *p;

    WITH(quick_ack, LASTACK_QUICK_ACK_NEVER);
    p = ACCEPTED(.sack = true);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{11, 21}});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 21, .no_sack = true);
    READS(p, 20);
}

/* ---- buffers and windows ---- */

TEST(buffers_in_whole_segments)
{
    struct peer *p;

    config.params.receive_buffer = config.params.receive_buffer_max = 65536;
    config.params.send_accounting = LASTACK_SNDBUF_BYTES;
    WITH(buffers_in_segs, true);
    p = ACCEPTED();
    assert_int_equal(option_of(p, LASTACK_SO_RCVBUF), 65536); /* no more than the most */
    config.params.receive_buffer_max = 1 << 20;
    restart(&config);
    p = ACCEPTED();
    assert_int_equal(option_of(p, LASTACK_SO_RCVBUF), 45 * 1460);
    restart(&config);
    p = CONNECTED(.mss = 1000);
    assert_int_equal(option_of(p, LASTACK_SO_RCVBUF), 66 * 1000);
}

/* 65536 bytes of buffer, 65535 of them offered, since nothing is scaled: the last fits all the
 * same. */
TEST(whole_buffer_is_accepted)
{
    for (int takes_all = 0; takes_all < 2; takes_all++) {
        struct peer *p;

        config.params.receive_buffer = config.params.receive_buffer_max = 65536;
        config.params.first_window_in_segs = false;
        WITH(accept_whole_buffer, takes_all);
        p = ACCEPTED();
        ARRIVES(p, .flags = RST, .seq = 65536); /* one behind the window that was offered */
        if (takes_all)
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
        SENDS_NOTHING(p);
        ARRIVES(p, .flags = ACK, .seq = 65536, .ack = 1, .text = 1);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
        assert_int_equal(usage_of(LASTACK_POOL_RANGES).used > 0, takes_all);
        FORGET(p);
    }
}

/* The reader makes room: Linux tells of it when the window has doubled, BSD when it is two segments
 * and a quarter of the buffer more. covers: 9293-MUST-39 */
TEST(window_updates)
{
    for (int is_bsd = 0; is_bsd < 2; is_bsd++) {
        struct peer *p;

        config.params.receive_buffer = config.params.receive_buffer_max = 20000;
        config.params.autotune_receive = config.params.first_window_in_segs = false;
        WITH(window_update,
             is_bsd ? LASTACK_WINDOW_UPDATE_TWO_SEGS : LASTACK_WINDOW_UPDATE_DOUBLED);
        p = ACCEPTED();
        for (int64_t at = 1; at < 8000; at += 1000)
            ARRIVES(p, .flags = ACK, .seq = at, .ack = 1, .text = 1000);
        AFTER(SEC(1));
        (void)packets_forgotten(p); /* 12000 are left, and known to be */
        READS(p, 2000);
        SENDS_NOTHING(p);
        READS(p, 3000);
        if (is_bsd)
            SENDS(p, .flags = ACK, .seq = 1, .ack = 8001, .win = 17000);
        READS(p, 3000);
        SENDS_NOTHING(p);
        FORGET(p);
    }
}

/* covers: 9293-SHLD-18 9293-MUST-40 */
TEST(every_second_segment)
{
    struct peer *p;

    WITH(quick_ack, LASTACK_QUICK_ACK_EVERY_SECOND);
    p = ACCEPTED();
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1, .text = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 3);
    ARRIVES(p, .flags = ACK, .seq = 3, .ack = 1, .text = 1);
    SENDS_NOTHING(p);
    MARK();
    AFTER(MS(500));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 4);
    READS(p, 3);
}

/* ---- old and unusual segments ---- */

/* Both closed at once; the peer's repeated FIN acknowledges ours. */
TEST(ack_of_an_old_segment)
{
    for (int counts = 0; counts < 2; counts++) {
        struct peer *p;

        WITH(old_segment_acks, counts);
        p = reach(PEER_PORT, TCP_CLOSING);
        ARRIVES(p, .flags = FIN | ACK, .seq = p->rcv - 1, .ack = p->nxt);
        if (counts)
            STATE(p, CLOSING, TIME_WAIT, FIN_ACKED);
        NO_STATE(p);
        SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        FORGET(p);
    }
}

/* covers: 9293-3.10.7.4-ack-TW 9293-3.10.8-tw */
TEST(only_a_fin_restarts_2msl)
{
    struct peer *p;

    WITH(time_wait_fin_restarts, true);
    p = reach(PEER_PORT, TCP_TIME_WAIT);
    AFTER(SEC(40));
    ARRIVES(p, .flags = ACK, .seq = p->rcv, .ack = p->nxt); /* in place: not even answered */
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = p->rcv - 1, .ack = p->nxt);
    SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
    AFTER(SEC(10));
    ARRIVES(p, .flags = FIN | ACK, .seq = p->rcv - 1, .ack = p->nxt);
    SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
    AFTER(SEC(60) - MS(1));
    IS_IN(p, TIME_WAIT);
    AFTER(MS(1));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* RFC 6191 has an old SYN dropped; a SYN-ACK is no SYN of a new connection. */
TEST(syn_ack_in_time_wait)
{
    struct peer *p;

    WITH(time_wait_syn, LASTACK_TIME_WAIT_SYN_DROP);
    p = reach(PEER_PORT, TCP_TIME_WAIT);
    ARRIVES(p, .flags = SYN, .seq = p->rcv - 1);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = p->rcv - 1, .ack = p->nxt);
    SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
    NO_STATE(p);
    FORGET(p);
}

/* A stray FIN without ACK, outside the window. */
TEST(no_ack_in_time_wait)
{
    for (int needs_ack = 0; needs_ack < 2; needs_ack++) {
        struct peer *p;

        WITH(time_wait_needs_ack, needs_ack);
        p = reach(PEER_PORT, TCP_TIME_WAIT);
        ARRIVES(p, .flags = FIN, .seq = p->rcv - 1);
        if (!needs_ack)
            SENDS(p, .flags = ACK, .seq = p->nxt, .ack = p->rcv);
        SENDS_NOTHING(p);
        FORGET(p);
    }
}

TEST(syn_fin_is_dropped_everywhere)
{
    struct peer *p = peer_at(PEER_PORT);

    WITH(drop_syn_fin_always, true);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN);
    ARRIVES(p, .flags = SYN | FIN, .seq = 0);
    NO_STATE(p);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_FIN), 1);
    FORGET(p);
}

/* covers: 9293-3.10.7.3-h */
TEST(text_of_a_crossing_syn)
{
    struct peer *p;

    WITH(syn_text_kept, true);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 3);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1); /* the text is not acknowledged yet */
    ARRIVES(p, .flags = ACK, .seq = 4, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    READS(p, 3);
    AFTER(MS(500));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 4);
}

/* The segment that ends the handshake brings the text of the SYN once more, and a byte behind it:
 * each byte is taken once. */
TEST(text_of_a_crossing_syn_comes_again)
{
    struct peer *p;

    WITH(syn_text_kept, true);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 3);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 4);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    READS(p, 4);
    lastack_check(world.stack); /* nothing waits behind a hole that is none */
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 5, .ack = 1, .text = 10);
    READS(p, 10);
    FORGET(p);
}

/* The segment that ends the handshake has a FIN where the SYN's text was: it is none, and keeps the
 * true one from nothing. */
TEST(fin_within_the_text_of_a_crossing_syn)
{
    struct peer *p;

    WITH(syn_text_kept, true);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 3);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK | FIN, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    READS(p, 3);
    lastack_check(world.stack); /* it does not wait beyond a hole */
    FORGET(p);
    ARRIVES(p, .flags = ACK | FIN, .seq = 4, .ack = 1);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 5);
}

/* covers: 9293-3.10.7.3-h */
TEST(fin_of_a_crossing_syn)
{
    struct peer *p;

    WITH(syn_text_kept, true);
    WITH(drop_syn_fin, false);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN);
    ARRIVES(p, .flags = SYN | FIN, .seq = 0);
    STATE(p, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2);
    READS_END(p);
}

/* ---- the SYN that is repeated ---- */

/* BSD's margin is added once, and not to the first timeout; its third repetition does without
 * options. */
TEST(syn_of_bsd)
{
    static const int64_t left_at[] = {0, MS(1000), MS(3200), MS(7400)};
    struct peer *p;

    WITH(rto_formula, LASTACK_RTO_FREEBSD);
    WITH(rto_slop_ns, MS(200));
    WITH(syn_linear_retries, 0);
    WITH(syn_drops_options, true);
    p = peer_at(PEER_PORT);
    MARK();
    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    AFTER(SEC(8));
    for (unsigned i = 0; i < 4; i++) {
        const int has_options = i < 3 ? 1 : NONE;

        SENDS(p, .flags = SYN, .mss = PEER_MSS, .sack_ok = has_options, .ts = i < 3 ? 0 : NONE,
              .shift = i < 3 ? 0 : NONE, .at = left_at[i]);
    }
    SENDS_NOTHING(p);
    FORGET(p);
}

/* ---- ICMP while connecting ---- */

/* Which errors end the attempt, and what connect() tells of them, under each policy.
 * covers: 9293-SHLD-26 9293-MUST-56 */
TEST(icmp_in_syn_sent)
{
    enum { ABORT, HARD_ONLY, REFUSED, NEVER_ENDS, POLICIES };
    static const enum lastack_icmp_in_syn policies[POLICIES] = {
        [ABORT] = LASTACK_ICMP_SYN_ABORT,
        [HARD_ONLY] = LASTACK_ICMP_SYN_HARD_ONLY,
        [REFUSED] = LASTACK_ICMP_SYN_REFUSED,
        [NEVER_ENDS] = LASTACK_ICMP_SYN_NEVER,
    };
    static const struct {
        uint8_t type, code;
        int error[POLICIES]; /* 0: the attempt goes on */
    } cases[] = {
        {ICMP_TYPE_UNREACHABLE, ICMP_CODE_HOST, {LASTACK_EHOSTUNREACH, 0, 0, 0}},
        {ICMP_TYPE_UNREACHABLE,
         ICMP_CODE_PORT,
         {LASTACK_ECONNREFUSED, LASTACK_ECONNREFUSED, LASTACK_ECONNREFUSED, 0}},
        {ICMP_TYPE_UNREACHABLE,
         ICMP_CODE_PROTOCOL,
         {LASTACK_ENOPROTOOPT, LASTACK_ENOPROTOOPT, LASTACK_ECONNREFUSED, 0}},
        {ICMP_TYPE_UNREACHABLE,
         ICMP_CODE_FILTER_PROHIBITED,
         {LASTACK_EHOSTUNREACH, 0, LASTACK_ECONNREFUSED, 0}},
        {ICMP_TYPE_TIME_EXCEEDED, 0, {LASTACK_EHOSTUNREACH, 0, LASTACK_EHOSTUNREACH, 0}},
    };

    for (unsigned policy = 0; policy < POLICIES; policy++) {
        config.params.icmp_errors =
            policy == REFUSED ? LASTACK_ICMP_ERRORS_BSD : LASTACK_ICMP_ERRORS_LINUX;
        for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            const int error = cases[i].error[policy];
            struct peer *p;

            WITH(icmp_in_syn, policies[policy]);
            p = peer_at(PEER_PORT);
            CONNECTS(p);
            STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
            SENDS(p, .flags = SYN);
            ICMP_ARRIVES(p, .type = cases[i].type, .code = cases[i].code, .seq = 0);
            if (error != 0)
                IS_IN(p, CLOSED);
            else
                NO_STATE(p);
            assert_int_equal(option_of(p, LASTACK_SO_ERROR), error);
            FORGET(p);
        }
    }
}

/* ---- options of BSD's sockets ---- */

TEST(keepinit)
{
    struct peer *p = peer_at(PEER_PORT);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    p->local.port = 50000;
    assert_int_equal(lastack_set_option(world.stack, p->fd, LASTACK_TCP_KEEPINIT, 0),
                     -LASTACK_EINVAL);
    SETS(p, LASTACK_TCP_KEEPINIT, 5);
    assert_int_equal(option_of(p, LASTACK_TCP_KEEPINIT), 5);
    assert_int_equal(lastack_bind(world.stack, p->fd, &p->local), 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EINPROGRESS);
    AFTER(SEC(5) - MS(1));
    assert_int_equal(option_of(p, LASTACK_SO_ERROR), 0);
    AFTER(MS(1));
    assert_int_equal(option_of(p, LASTACK_SO_ERROR), LASTACK_ETIMEDOUT);
    FORGET(p);
}

/* Neither ours nor the peer's: its MSS stays the default, nothing is scaled or stamped. */
TEST(noopt)
{
    struct peer *p = peer_at(PEER_PORT);

    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    p->local.port = 50000;
    SETS(p, LASTACK_TCP_NOOPT, 1);
    assert_int_equal(lastack_bind(world.stack, p->fd, &p->local), 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EINPROGRESS);
    SETTLES();
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .mss = NONE, .shift = NONE, .sack_ok = NONE, .ts = NONE);
    ARRIVES(p, .flags = SYN | ACK, .ack = 1, .shift = 8, .sack_ok = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(row_of(p).tcp_info.tcpi_options, 0);
    WRITES(p, 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 536);
    FORGET(p);
}

/* RFC 9293 MUST-48: the TOS that the user chose, on every segment; a RST too. */
TEST(tos_of_rst)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);

    SETS(p, LASTACK_IP_TOS, 0x20);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 0); /* of nothing that was sent */
    SENDS(p, .flags = RST, .seq = 0, .tos = 0x20);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .tos = 0x20);
    ABORTS(p);
    SENDS(p, .flags = RST | ACK, .seq = 1, .ack = 1, .tos = 0x20);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_WITH(duplicates_are_told_once),
        RUN_WITH(a_duplicate_with_fin),
        RUN_WITH(text_over_several_ranges),
        RUN_WITH(sack_beside_text),
        RUN_WITH(a_filled_hole_is_told_at_once),
        RUN_WITH(buffers_in_whole_segments),
        RUN_WITH(whole_buffer_is_accepted),
        RUN_WITH(window_updates),
        RUN_WITH(every_second_segment),
        RUN_WITH(ack_of_an_old_segment),
        RUN_WITH(only_a_fin_restarts_2msl),
        RUN_WITH(syn_ack_in_time_wait),
        RUN_WITH(no_ack_in_time_wait),
        RUN_WITH(syn_fin_is_dropped_everywhere),
        RUN_WITH(text_of_a_crossing_syn),
        RUN_WITH(text_of_a_crossing_syn_comes_again),
        RUN_WITH(fin_within_the_text_of_a_crossing_syn),
        RUN_WITH(fin_of_a_crossing_syn),
        RUN_WITH(syn_of_bsd),
        RUN_WITH(icmp_in_syn_sent),
        RUN_WITH(keepinit),
        RUN_WITH(noopt),
        RUN_WITH(tos_of_rst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
