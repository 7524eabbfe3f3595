/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ecn_test.c: RFC 3168: who agrees on ECN and who does not; which packets are ECN-capable; marks go
 * round as ECE and CWR, and the window comes down once for each round.
 */
#include "peer.h"

enum { ECT_0 = 2, CE = 3 };

static void set_ecn(bool accept, bool request)
{
    struct lastack_params params = *lastack_params(world.stack);

    params.ecn_accept = accept;
    params.ecn_request = request;
    params.congestion = LASTACK_CC_NEWRENO;
    lastack_set_params(world.stack, &params);
}

/* A connection that the peer opened, with ECN. */
static struct peer *agreed(void)
{
    struct peer *p = peer_at(PEER_PORT);

    set_ecn(true, false);
    LISTENS(5);
    ARRIVES(p, .flags = SYN | ECE | CWR, .seq = 0);
    SENDS(p, .flags = SYN | ACK | ECE, .seq = 0, .ack = 1, .not_ect = true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ACCEPTS(p);
    FORGET(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 8, 8);
    SETS(p, LASTACK_TCP_NODELAY, 1);
    return p;
}

/* Asked for by ECE and CWR on the SYN, agreed to by ECE alone.
 * covers: 3168-6.1.1-syn 9293-SHLD-8 */
TEST(four_answers_to_our_syn)
{
    static const uint16_t answers[] = {0, ECE, CWR, ECE | CWR};

    set_ecn(true, true);
    for (uint16_t i = 0; i < 4; i++) {
        struct peer *p = peer_at((uint16_t)(PEER_PORT + i));
        const bool is_agreed = answers[i] == ECE;

        CONNECTS(p);
        STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
        SENDS(p, .flags = SYN | ECE | CWR, .seq = 0, .not_ect = true);
        ARRIVES(p, .flags = SYN | ACK | answers[i], .seq = 0, .ack = 1);
        STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .not_ect = true);
        assert_int_equal(row_of(p).tcp_info.tcpi_options & 8, is_agreed ? 8 : 0);
        WRITES(p, 10);
        if (is_agreed)
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = ECT_0);
        else
            SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .not_ect = true);
        ABORTS(p);
        FORGET(p);
    }
}

/* covers: 3168-6.1.1-syn */
TEST(only_a_syn_with_both_flags_and_without_ect_asks)
{
    static const struct {
        uint16_t flags;
        uint8_t tos;
        bool accept, is_agreed;
    } table[] = {
        {0, 0, true, false},        {ECE, 0, true, false},           {CWR, 0, true, false},
        {ECE | CWR, 0, true, true}, {ECE | CWR, ECT_0, true, false}, {ECE | CWR, 0, false, false}};

    LISTENS(9);
    for (uint16_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct peer *p = peer_at((uint16_t)(PEER_PORT + i));

        set_ecn(table[i].accept, false);
        ARRIVES(p, .flags = SYN | table[i].flags, .seq = 0, .tos = table[i].tos);
        SENDS(p, .flags = (uint16_t)(SYN | ACK | (table[i].is_agreed ? ECE : 0)), .seq = 0,
              .ack = 1, .not_ect = true);
        ARRIVES(p, .flags = RST, .seq = 1);
        FORGET(p);
    }
}

/* covers: 3168-6.1.1-fb */
TEST(a_repeated_syn_does_not_ask)
{
    struct peer *p = peer_at(PEER_PORT);

    set_ecn(true, true);
    CONNECTS(p);
    SENDS(p, .flags = SYN | ECE | CWR, .seq = 0);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN, .seq = 0);
    ABORTS(p);
    FORGET(p);
}

/* covers: 3168-6.1.1-fb */
TEST(as_many_repeated_syns_ask_as_the_parameter_says)
{
    struct lastack_params params;
    struct peer *p = peer_at(PEER_PORT);

    set_ecn(true, true);
    params = *lastack_params(world.stack);
    params.ecn_retries = 1;
    lastack_set_params(world.stack, &params);
    CONNECTS(p);
    SENDS(p, .flags = SYN | ECE | CWR, .seq = 0);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN | ECE | CWR, .seq = 0);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN, .seq = 0);
    ABORTS(p);
    FORGET(p);
}

/* covers: 3168-6.1.1-ect 3168-6.1.4 3168-6.1.5 */
TEST(only_new_text_is_ecn_capable)
{
    struct peer *p = agreed();

    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .tos = ECT_0);
    AFTER(SEC(2)); /* repeated by the timer, more than once */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .not_ect = true);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .text = 50, .tos = ECT_0);
    AFTER(MS(200));
    SENDS(p, .flags = ACK, .seq = 101, .ack = 51, .not_ect = true);
    SHUTS(p, LASTACK_SHUT_WR);
    SENDS(p, .flags = FIN | ACK, .seq = 101, .ack = 51, .not_ect = true);
    FORGET(p);
}

/* covers: 3168-6.1.6 */
TEST(window_probes_are_not)
{
    struct peer *p = agreed();

    WRITES(p, 10);
    FORGET(p);
    ARRIVES(p, .flags = ACK | ECE, .seq = 1, .ack = 11, .win = NONE); /* CWR is owed now */
    WRITES(p, 10);
    AFTER(SEC(1));
    SENDS(p, .flags = ACK, .seq = 10, .ack = 1, .not_ect = true);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
    SENDS(p, .flags = ACK | CWR, .seq = 11, .ack = 1, .text = 10, .tos = ECT_0);
    FORGET(p);
}

/* ECE on everything, until CWR; CE on the segment with CWR starts over.
 * covers: 3168-6.1.3-ece */
TEST(ce_is_echoed_until_cwr)
{
    struct peer *p = agreed();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = CE);
    SENDS(p, .flags = ACK | ECE, .seq = 1, .ack = 11);
    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 1, .text = 10, .tos = ECT_0); /* beyond a hole */
    SENDS(p, .flags = ACK | ECE, .seq = 1, .ack = 11);
    WRITES(p, 5);
    SENDS(p, .flags = ACK | ECE, .seq = 1, .ack = 11, .text = 5);
    ARRIVES(p, .flags = ACK | CWR, .seq = 11, .ack = 6, .text = 10, .tos = ECT_0);
    SENDS(p, .flags = ACK, .seq = 6, .ack = 31);
    ARRIVES(p, .flags = ACK, .seq = 31, .ack = 6, .text = 10, .tos = CE);
    SENDS(p, .flags = ACK | ECE, .seq = 6, .ack = 41);
    ARRIVES(p, .flags = ACK | CWR, .seq = 41, .ack = 6, .text = 10, .tos = CE);
    SENDS(p, .flags = ACK | ECE, .seq = 6, .ack = 51);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 16, 16);
}

/* covers: 3168-6.1.5 */
TEST(ce_outside_of_the_window_is_ignored)
{
    struct peer *p = agreed();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = ECT_0);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = CE); /* old */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    FORGET(p);
}

/* Whoever did not agree takes no notice. */
TEST(without_agreement_ce_means_nothing)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = CE);
    AFTER(MS(200));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    WRITES(p, 10);
    FORGET(p);
    ARRIVES(p, .flags = ACK | ECE, .seq = 11, .ack = 11);
    assert_int_equal(counted(LASTACK_CAUSE_ECN_ECHO), 0);
}

/* A stream of ECE: the window is halved once, and again only for text sent since. The first new
 * segment has CWR, and only that one.
 * covers: 3168-6.1.2-react 3168-6.1.2-cwr */
TEST(one_reduction_a_window)
{
    struct peer *p = agreed();

    WRITES(p, 10 * 1460);
    FORGET(p);
    ARRIVES(p, .flags = ACK | ECE, .seq = 1, .ack = 1461);
    assert_in_range(row_of(p).tcp_info.tcpi_snd_ssthresh, 4, 7);
    assert_int_equal(counted(LASTACK_CAUSE_ECN_ECHO), 1);
    for (int64_t i = 2; i < 10; i++)
        ARRIVES(p, .flags = ACK | ECE, .seq = 1, .ack = 1 + i * 1460);
    assert_int_equal(counted(LASTACK_CAUSE_ECN_ECHO), 1);
    assert_in_range(row_of(p).tcp_info.tcpi_snd_cwnd, 3, 7);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 14601);
    WRITES(p, 3000);
    SENDS(p, .flags = ACK | CWR, .seq = 14601, .ack = 1, .text = 1460, .tos = ECT_0);
    SENDS(p, .flags = ACK, .seq = 16061, .ack = 1, .text = 1460, .tos = ECT_0);
    SENDS(p, .flags = ACK, .seq = 17521, .ack = 1, .text = 80, .tos = ECT_0);
    ARRIVES(p, .flags = ACK | ECE, .seq = 1, .ack = 17601);
    assert_int_equal(counted(LASTACK_CAUSE_ECN_ECHO), 2);
    FORGET(p);
}

/* A loss has brought the window down already.
 * covers: 3168-6.1.2-react */
TEST(not_in_addition_to_a_loss)
{
    struct peer *p = agreed();

    WRITES(p, 10 * 1460);
    FORGET(p);
    for (unsigned i = 0; i < 3; i++)
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460, .not_ect = true);
    ARRIVES(p, .flags = ACK | ECE, .seq = 1, .ack = 1);
    assert_int_equal(counted(LASTACK_CAUSE_ECN_ECHO), 0);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 14601);
    WRITES(p, 10); /* the peer is told of this reduction, too */
    SENDS(p, .flags = ACK | CWR, .seq = 14601, .ack = 1, .text = 10, .tos = ECT_0);
}

/* covers: 4987-3.6-opt */
TEST(a_cookie_brings_it_back)
{
    struct lastack_params params;
    struct peer *p = peer_at(PEER_PORT);

    set_ecn(true, false);
    params = *lastack_params(world.stack);
    params.syn_cookies = LASTACK_SYN_COOKIES_ALWAYS;
    lastack_set_params(world.stack, &params);
    LISTENS(5);
    ARRIVES(p, .flags = SYN | ECE | CWR, .seq = 0, .timestamps = true);
    SENDS(p, .flags = SYN | ACK | ECE, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    ACCEPTS(p);
    FORGET(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 8, 8);
}

/* What the user says of these two bits does not count. */
TEST(ip_tos_does_not_reach_the_ecn_bits)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_IP_TOS, 0x2b);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = 0x28);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(four_answers_to_our_syn),
        RUN(only_a_syn_with_both_flags_and_without_ect_asks),
        RUN(a_repeated_syn_does_not_ask),
        RUN(as_many_repeated_syns_ask_as_the_parameter_says),
        RUN(only_new_text_is_ecn_capable),
        RUN(window_probes_are_not),
        RUN(ce_is_echoed_until_cwr),
        RUN(ce_outside_of_the_window_is_ignored),
        RUN(without_agreement_ce_means_nothing),
        RUN(one_reduction_a_window),
        RUN(not_in_addition_to_a_loss),
        RUN(a_cookie_brings_it_back),
        RUN(ip_tos_does_not_reach_the_ecn_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
