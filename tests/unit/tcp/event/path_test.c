/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path_test.c: what the path does to a connection: ICMP errors that are believed or not (RFC 9293
 * §3.9.2.2, RFC 5927), its MTU (RFC 1191, RFC 8201), a path that swallows large packets without a
 * word (RFC 4821 §7.7), and the MSS that follows from all of it (RFC 9293 §3.7.1, RFC 6691).
 */
#include "icmp.h"
#include "peer.h"

#define TOO_BIG ICMP_TYPE_UNREACHABLE, .code = ICMP_CODE_FRAGMENTATION_NEEDED

/* A connection with 4000 bytes in flight: sequence numbers 1, 1461, 2921. */
static struct peer *with_text_in_flight(uint16_t port)
{
    struct peer *p = accepted_with(port, &(struct opening){.rtt = MS(100)});

    WRITES(p, 4000);
    assert_int_equal(packets_forgotten(p), 3);
    return p;
}

/* ---- errors ---- */

/* covers: 9293-MUST-55 6633-3 */
TEST(source_quench_is_nothing)
{
    struct peer *p = with_text_in_flight(PEER_PORT);
    const struct lastack_connection_row before = row_of(p);

    for (int i = 0; i < 10; i++)
        ICMP_ARRIVES(p, .type = ICMP_TYPE_SOURCE_QUENCH, .seq = 1);
    SENDS_NOTHING(p);
    NO_STATE(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, before.tcp_info.tcpi_snd_cwnd);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, before.tcp_info.tcpi_snd_ssthresh);
    assert_int_equal(row_of(p).tcp_info.tcpi_rto, before.tcp_info.tcpi_rto);
}

/* Hard errors too only say something about the moment: the connection goes on.
 * covers: 5927-5 9293-MUST-56 */
TEST(errors_do_not_end_what_works)
{
    static const uint8_t codes[] = {0, 1, 2, 3, 5, 9, 13};
    struct peer *p = with_text_in_flight(PEER_PORT);

    for (unsigned i = 0; i < sizeof codes; i++)
        ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = codes[i], .seq = 1461);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_TIME_EXCEEDED, .seq = 1461);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_PARAMETER_PROBLEM, .seq = 1461);
    assert_int_equal(counted(LASTACK_CAUSE_ICMP_UNREACHABLE), sizeof codes);
    NO_STATE(p);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 4001, .text = 10);
    SENDS(p, .flags = ACK, .seq = 4001, .ack = 11);
    READS(p, 10);
    READS_NOTHING(p); /* nor is the user disturbed */
}

/* Only what quotes a byte in flight can be true: the edges, from both sides, in a handshake and in
 * a connection.
 * covers: 5927-4 8201-4-valid */
TEST(errors_about_what_is_not_in_flight)
{
    static const int64_t stale[] = {0, -1000, 4001, 100000};
    struct peer *p = with_text_in_flight(PEER_PORT);
    struct peer *q = peer_at(PEER_PORT + 1);

    for (unsigned i = 0; i < sizeof stale / sizeof stale[0]; i++) {
        ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 600, .seq = stale[i]);
        ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 3, .seq = stale[i]);
    }
    assert_int_equal(counted(LASTACK_CAUSE_ICMP_STALE), 8);
    assert_int_equal(counted(LASTACK_CAUSE_ICMP_UNREACHABLE), 0);
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1460);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1400, .seq = 1); /* SND.UNA */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1360);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1300, .seq = 4000); /* the last byte */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1260);
    (void)packets_forgotten(p);
    CONNECTS(q);
    FORGET(q);
    ICMP_ARRIVES(q, .type = ICMP_TYPE_UNREACHABLE, .code = 3, .seq = 1);
    NO_STATE(q);
    ICMP_ARRIVES(q, .type = ICMP_TYPE_UNREACHABLE, .code = 3, .seq = 0);
    STATE(q, SYN_SENT, CLOSED, ICMP_UNREACHABLE);
}

/* An attempt to connect ends with the first error, whatever it says; which number the program is
 * told follows from type and code.
 * covers: LNX-ICMP-SYN */
TEST(errors_end_an_attempt)
{
    static const struct {
        uint8_t type, code;
        enum lastack_cause cause;
        int error;
    } cases[] = {
        {ICMP_TYPE_UNREACHABLE, 0, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENETUNREACH},
        {ICMP_TYPE_UNREACHABLE, 1, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_UNREACHABLE, 2, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENOPROTOOPT},
        {ICMP_TYPE_UNREACHABLE, 3, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ECONNREFUSED},
        {ICMP_TYPE_UNREACHABLE, 5, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EOPNOTSUPP},
        {ICMP_TYPE_UNREACHABLE, 6, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENETUNREACH},
        {ICMP_TYPE_UNREACHABLE, 7, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTDOWN},
        {ICMP_TYPE_UNREACHABLE, 8, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENONET},
        {ICMP_TYPE_UNREACHABLE, 9, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENETUNREACH},
        {ICMP_TYPE_UNREACHABLE, 10, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_UNREACHABLE, 11, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_ENETUNREACH},
        {ICMP_TYPE_UNREACHABLE, 12, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_UNREACHABLE, 13, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_UNREACHABLE, 14, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_UNREACHABLE, 15, LASTACK_CAUSE_ICMP_UNREACHABLE, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_TIME_EXCEEDED, 0, LASTACK_CAUSE_ICMP_TIME_EXCEEDED, LASTACK_EHOSTUNREACH},
        {ICMP_TYPE_PARAMETER_PROBLEM, 0, LASTACK_CAUSE_ICMP_PARAMETER_PROBLEM, LASTACK_EPROTO},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = peer_at((uint16_t)(PEER_PORT + i));

        CONNECTS(p);
        STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
        SENDS(p, .flags = SYN, .seq = 0);
        ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1000, .seq = 0);                  /* not this one */
        ICMP_ARRIVES(p, .type = cases[i].type, .code = cases[i].code, .seq = 1);  /* SND.NXT */
        ICMP_ARRIVES(p, .type = cases[i].type, .code = cases[i].code, .seq = -1); /* stale */
        NO_STATE(p);
        (void)packets_forgotten(p);
        ICMP_ARRIVES(p, .type = cases[i].type, .code = cases[i].code, .seq = 0);
        peer_state(p, TCP_SYN_SENT, TCP_CLOSED, cases[i].cause, __FILE__, __LINE__);
        SENDS_NOTHING(p);
        READS_ERROR(p, cases[i].error);
    }
}

/* ICMPv6's codes with Linux's numbers; the hard ones are those that the RFC's
 * policy believes too. */
TEST(errors_end_an_attempt_over_ipv6)
{
    static const struct {
        uint8_t code;
        bool is_hard;
        int error;
    } cases[] = {{0, false, LASTACK_ENETUNREACH},  {1, true, LASTACK_EACCES},
                 {2, false, LASTACK_EHOSTUNREACH}, {3, false, LASTACK_EHOSTUNREACH},
                 {4, true, LASTACK_ECONNREFUSED},  {5, true, LASTACK_EACCES},
                 {6, true, LASTACK_EACCES},        {7, true, LASTACK_EPROTO}};

    for (unsigned hard_only = 0; hard_only < 2; hard_only++) {
        struct lastack_config config;

        peer_config(&config);
        config.params.icmp_in_syn = hard_only ? LASTACK_ICMP_SYN_HARD_ONLY : LASTACK_ICMP_SYN_ABORT;
        restart(&config);
        for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct peer *p = peer_at_ipv6((uint16_t)(PEER_PORT + i));

            CONNECTS(p);
            STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
            SENDS(p, .flags = SYN, .seq = 0);
            ICMP_ARRIVES(p, .type = ICMPV6_TYPE_UNREACHABLE, .code = cases[i].code, .seq = 0);
            if (cases[i].is_hard || !hard_only) {
                STATE(p, SYN_SENT, CLOSED, ICMP_UNREACHABLE);
                READS_ERROR(p, cases[i].error);
            } else {
                NO_STATE(p);
                assert_int_equal(lastack_soft_error(world.stack, p->fd), cases[i].error);
            }
            SENDS_NOTHING(p);
            FORGET(p);
        }
    }
}

/* Linux knows sixteen codes. */
TEST(codes_that_nobody_knows)
{
    struct peer *p = reach(PEER_PORT, TCP_SYN_SENT);

    ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 16, .seq = 0);
    NO_STATE(p);
    SENDS_NOTHING(p);
}

static int soft_error_of(const struct peer *p)
{
    return lastack_soft_error(world.stack, p->fd);
}

/* What the path said last can be asked for, does not end the connection, is no longer true once
 * something gets through, and is the reason in the end if nothing does.
 * covers: 9293-SHLD-25 LNX-ICMP-SYN */
TEST(soft_errors_are_told)
{
    struct peer *p = with_text_in_flight(PEER_PORT);

    assert_int_equal(soft_error_of(p), 0);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 1, .seq = 4001); /* stale */
    assert_int_equal(soft_error_of(p), 0);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 1, .seq = 1);
    assert_int_equal(soft_error_of(p), LASTACK_EHOSTUNREACH);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 0, .seq = 1461);
    assert_int_equal(soft_error_of(p), LASTACK_ENETUNREACH);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_PARAMETER_PROBLEM, .seq = 2921);
    assert_int_equal(soft_error_of(p), LASTACK_EPROTO);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_TIME_EXCEEDED, .seq = 4000);
    assert_int_equal(soft_error_of(p), LASTACK_EHOSTUNREACH);
    NO_STATE(p);
    SENDS_NOTHING(p);
    READS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461);
    assert_int_equal(soft_error_of(p), 0);
    ICMP_ARRIVES(p, .type = ICMP_TYPE_UNREACHABLE, .code = 0, .seq = 1461);
    AFTER(SEC(2000));
    (void)packets_forgotten(p);
    STATE(p, ESTABLISHED, CLOSED, RETRIES_EXHAUSTED);
    READS_ERROR(p, LASTACK_ENETUNREACH); /* not ETIMEDOUT */
}

/* ---- path MTU ---- */

/* covers: 1191-6.3-df 9293-SHLD-24 */
TEST(dont_fragment)
{
    struct peer *p = with_text_in_flight(PEER_PORT);

    /* peer.c asserts DF of every packet (but for the tests that switch discovery off) */
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1200, .seq = 1);
    assert_true(packets_forgotten(p) > 0);
    AFTER(SEC(10));
    assert_true(packets_forgotten(p) > 0);
}

/* A burst of reports, one for each packet of a flight: the first is news, and all that was dropped
 * leaves again, once and smaller, as the window allows; the rest change nothing. The congestion
 * window is not to blame.
 * covers: 1191-6.4 1191-3-reduce 8201-5.2 */
TEST(a_burst_of_reports)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.rtt = MS(100)});
    uint32_t cwnd;

    WRITES(p, 14600);
    assert_int_equal(packets_forgotten(p), 10);
    cwnd = row_of(p).tcp_info.tcpi_snd_cwnd;
    for (int i = 0; i < 10; i++)
        ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1000, .seq = 1 + 1460 * i);
    for (int i = 0; i < 10; i++)
        SENDS(p, .flags = ACK, .seq = 1 + 960 * i, .ack = 1, .text = 960);
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, cwnd); /* segments, as on Linux */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 0x7fffffff);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1100, .seq = 1); /* never up */
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 960);
}

static struct peer *with_sack(void)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .sack = true, .timestamps = true);

    WRITES(p, 1448 * 5); /* 1, 1449, 2897, 4345, 5793 */
    assert_int_equal(packets_forgotten(p), 5);
    return p;
}

/* What the peer has, and what is small enough, does not leave again; the timer that watched the
 * flight is that of the first segment again.
 * covers: 1191-6.4 8201-5.2 */
TEST(too_big_are_the_large_ones_only)
{
    struct peer *p = with_sack();
    struct lastack_connection_row row;

    WRITES(p, 700); /* 7241: fits */
    SENDS(p, .flags = ACK, .seq = 7241, .ack = 1, .text = 700);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{2897, 4345}});
    SENDS_NOTHING(p);
    MARK();
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1252, .seq = 1449); /* 1200 of text */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 1201, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 2401, .ack = 1, .text = 496);
    SENDS(p, .flags = ACK, .seq = 4345, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 5545, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 6745, .ack = 1, .text = 496);
    SENDS_NOTHING(p);
    row = row_of(p);
    assert_int_equal(row.tcp_info.tcpi_ca_state, 4);
    assert_int_equal(row.tcp_info.tcpi_snd_cwnd, 10);
    assert_int_equal(row.tcp_info.tcpi_snd_ssthresh, 0x7fffffff);
    AFTER(MS(299));
    SENDS_NOTHING(p);
    AFTER(MS(100)); /* an RTO later, counted from now, not from when the flight had left */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1200);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 7941);
    assert_int_equal(row_of(p).tcp_info.tcpi_ca_state, 0);
}

/* Nothing that was lost for its size alone costs a window: not when it all arrives, and neither
 * does what arrives of it tell of reordering or of a needless reduction.
 * covers: 1191-6.4 */
TEST(too_big_is_no_congestion)
{
    struct peer *p = with_sack();
    struct lastack_connection_row row;

    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1252, .seq = 1);
    assert_int_equal(packets_forgotten(p), 7);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3601);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 7241);
    row = row_of(p);
    assert_int_equal(row.tcp_info.tcpi_ca_state, 0);
    assert_true(row.tcp_info.tcpi_snd_cwnd >= 10);
    assert_int_equal(row.tcp_info.tcpi_snd_ssthresh, 0x7fffffff);
    assert_int_equal(row.tcp_info.tcpi_reord_seen, 0);
    assert_int_equal(counted(LASTACK_CAUSE_RECOVERY_UNDONE), 0);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_RETRANSMIT), 0);
    SENDS_NOTHING(p);
}

/* The window holds: no more leaves than it has room for, the rest as ACKs come.
 * covers: 1191-6.4 */
TEST(too_big_under_the_window)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 14600);
    assert_int_equal(packets_forgotten(p), 10);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 640, .seq = 1); /* 600: more than 24 segments */
    assert_int_equal(packets_forgotten(p), 10);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 601);
    SENDS(p, .flags = ACK, .seq = 6001, .ack = 1, .text = 600);
    FORGET(p);
}

/* While a loss is being repaired, and once more for a path narrower still: what left again too
 * large is lost again. The reduction that the loss cost stays one.
 * covers: 1191-6.4 */
TEST(too_big_in_an_episode)
{
    struct peer *p = with_sack();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{2897, 7241}});
    AFTER(MS(110));
    FORGET(p); /* recovery: 1 and 1449 left again */
    assert_int_equal(row_of(p).tcp_info.tcpi_ca_state, 3);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1252, .seq = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 1201, .ack = 1, .text = 1200);
    SENDS(p, .flags = ACK, .seq = 2401, .ack = 1, .text = 496);
    SENDS_NOTHING(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, 3); /* what the episode has left of it */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 7);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 852, .seq = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 800);
    SENDS(p, .flags = ACK, .seq = 801, .ack = 1, .text = 800);
    SENDS_NOTHING(p); /* 2401 was small enough: it is under way, and fills the window */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, 3);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_ssthresh, 7);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 7241);
    assert_int_equal(row_of(p).tcp_info.tcpi_ca_state, 0);
}

/* Two connections over the same path: the second sends smaller segments, too, from its next on;
 * what it had in flight leaves again when its own is said to be dropped, and not before.
 * covers: 8201-5.2 1191-6.4 */
TEST(two_connections_over_one_path)
{
    struct peer *p = with_text_in_flight(PEER_PORT);
    struct peer *q = with_text_in_flight(PEER_PORT + 1);
    struct peer *r;

    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1280, .seq = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1240);
    assert_int_equal(packets_forgotten(p), 2);
    SENDS_NOTHING(q);
    AFTER(MS(1));
    WRITES(q, 1300);
    SENDS(q, .flags = ACK, .seq = 4001, .ack = 1, .text = 1240);
    SENDS_NOTHING(q); /* (Nagle) */
    ICMP_ARRIVES(q, .type = TOO_BIG, .mtu = 1280, .seq = 1);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 1240);
    SENDS(q, .flags = ACK, .seq = 1241, .ack = 1, .text = 1240);
    SENDS(q, .flags = ACK, .seq = 2481, .ack = 1, .text = 1240);
    SENDS(q, .flags = ACK, .seq = 3721, .ack = 1, .text = 280); /* (where its cuts were is lost) */
    SENDS_NOTHING(q);
    ICMP_ARRIVES(q, .type = TOO_BIG, .mtu = 1280, .seq = 1461); /* of the same burst */
    SENDS_NOTHING(q);
    r = accepted_with(PEER_PORT + 2, &(struct opening){0}); /* a new one knows from the start */
    WRITES(r, 1300);
    SENDS(r, .flags = ACK, .seq = 1, .ack = 1, .text = 1240);
    FORGET(r);
}

/* What waits for its ACK learns it when it leaves again at the latest.
 * covers: 8201-5.2 */
TEST(another_connection_times_out_over_one_path)
{
    struct peer *p = with_text_in_flight(PEER_PORT);
    struct peer *q = with_text_in_flight(PEER_PORT + 1);

    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1280, .seq = 1);
    FORGET(p);
    AFTER(MS(300));
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 1240);
    FORGET(p);
    FORGET(q);
}

/* After ten minutes the link's MTU is tried again, by those who live too, and if it is still too
 * much they are told again.
 * covers: 1191-3-age 8201-4-up */
TEST(a_learnt_mtu_is_forgotten)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 1460);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1040, .seq = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    SENDS(p, .flags = ACK, .seq = 1001, .ack = 1, .text = 460);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461);
    AFTER(SEC(599));
    WRITES(p, 1460);
    SENDS(p, .flags = ACK, .seq = 1461, .ack = 1, .text = 1000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2461);
    SENDS(p, .flags = ACK, .seq = 2461, .ack = 1, .text = 460);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2921);
    AFTER(SEC(1));
    WRITES(p, 1460);
    SENDS(p, .flags = ACK, .seq = 2921, .ack = 1, .text = 1460);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1040, .seq = 2921);
    SENDS(p, .flags = ACK, .seq = 2921, .ack = 1, .text = 1000);
    SENDS(p, .flags = ACK, .seq = 3921, .ack = 1, .text = 460);
    FORGET(p);
}

/* DF off, as the user of the stack may want: copies of one segment differ in their ID.
 * covers: 6864-4.1 */
TEST(fragments_allowed)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.path_mtu_discovery = false;
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    MARK();
    WRITES(p, 100);
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .new_id = true);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100, .new_id = true);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 600, .seq = 1); /* who asks for fragments gets them */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1460);
}

/* ---- black holes ---- */

/* Everything above 300 bytes vanishes, and nobody says so: segments get smaller, down to what
 * arrives; the transfer goes on. */
static void through_a_black_hole(bool is_ipv6, uint32_t least)
{
    struct lastack_config config;
    struct peer *p;
    uint32_t length = 1460, smallest = 1460;

    peer_config(&config);
    config.params.mtu_probing = true;
    restart(&config);
    p = is_ipv6 ? peer_at_ipv6(PEER_PORT) : peer_at(PEER_PORT);
    CONNECTS(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    FORGET(p);
    WRITES(p, 5000);
    FORGET(p);
    for (int i = 0; i < 600 && smallest > least; i++) {
        AFTER(SEC(1));
        if (packets_forgotten(p) == 0)
            continue;
        length = row_of(p).tcp_info.tcpi_snd_mss;
        assert_true(length <= smallest);
        assert_true(length == smallest || length >= smallest / 2 || length == 1024);
        smallest = length;
    }
    assert_int_equal(smallest, least);
    AFTER(SEC(200)); /* no further down than that */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, least);
    assert_true(counted(LASTACK_CAUSE_BLACK_HOLE) > 0);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1 + least); /* that small, it arrives */
    SENDS(p, .flags = ACK, .seq = 1 + least, .ack = 1, .text = least);
    FORGET(p);
}

/* covers: 4821-7.7 */
TEST(black_hole)
{
    through_a_black_hole(false, 28);
}

/* covers: 4821-7.7 */
TEST(black_hole_ipv6)
{
    through_a_black_hole(true, 1220);
}

/* First to a size that works nearly everywhere, and only after R1; switched off, never.
 * covers: 4821-7.7 */
TEST(black_hole_is_suspected_after_r1)
{
    struct lastack_config config;

    for (int is_on = 0; is_on < 2; is_on++) {
        struct peer *p;

        peer_config(&config);
        config.params.mtu_probing = is_on != 0;
        restart(&config);
        p = ACCEPTED(.rtt = MS(100));
        WRITES(p, 1460);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
        AFTER(MS(300 + 600 + 1200) - 1); /* two timeouts: an ordinary loss */
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
        AFTER(SEC(5));
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = is_on ? 1024 : 1460);
        FORGET(p);
    }
}

/* What got through at the smaller size shows that the size was not it: a path that loses much does
 * not make segments smaller and smaller, unless it is silent for twice as long.
 * covers: 4821-7.7 */
TEST(a_size_that_got_through_is_no_black_hole)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.mtu_probing = true;
    config.params.rto_formula = LASTACK_RTO_RFC6298; /* R1 counts timeouts */
    restart(&config);
    p = ACCEPTED(.rtt = MS(100));
    WRITES(p, 5000);
    while (row_of(p).tcp_info.tcpi_snd_mss == 1460)
        AFTER(MS(100));
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1024);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1025);
    for (unsigned i = 0; i < 500 && row_of(p).tcp_info.tcpi_retransmits < 5; i++)
        AFTER(SEC(1));
    assert_int_equal(row_of(p).tcp_info.tcpi_retransmits, 5);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 1024);
    for (unsigned i = 0; i < 500 && row_of(p).tcp_info.tcpi_retransmits < 6; i++)
        AFTER(SEC(1));
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_mss, 512);
    FORGET(p);
}

/* ---- MSS ---- */

/* What the option says: link MTU less the fixed headers, whatever options a segment will have and
 * whatever is known of the way there.
 * covers: 9293-MUST-67 6691-2 9293-MAY-3 */
TEST(mss_option)
{
    static const uint32_t mtus[] = {576, 1500, 9000};

    for (unsigned i = 0; i < 3; i++) {
        struct lastack_config config;
        struct peer *p, *q, *r;

        peer_config(&config);
        restart_with_mtu(&config, mtus[i]);
        p = peer_at(PEER_PORT);
        q = peer_at_ipv6(PEER_PORT + 1);
        CONNECTS(p);
        SENDS(p, .flags = SYN, .seq = 0, .mss = (int32_t)mtus[i] - 40);
        FORGET(p);
        if (mtus[i] >= 1280) {
            CONNECTS(q);
            SENDS(q, .flags = SYN, .seq = 0, .mss = (int32_t)mtus[i] - 60);
            FORGET(q);
        }
        r = peer_at(PEER_PORT + 2);
        LISTENS(1);
        ARRIVES(r, .flags = SYN, .seq = 0, .timestamps = true);
        SENDS(r, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = (int32_t)mtus[i] - 40);
        FORGET(r);
    }
}

/* Linux says what the path carries: the peer's segments will come the same way. */
TEST(mss_option_of_a_narrow_path)
{
    struct peer *p = with_text_in_flight(PEER_PORT);
    struct peer *q = peer_at(PEER_PORT + 1);

    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1000, .seq = 1);
    FORGET(p);
    CONNECTS(q);
    SENDS(q, .flags = SYN, .seq = 0, .mss = 1000 - 40);
    FORGET(q);
}

/* The path got narrow: what we send is smaller, what we say we can take is not.
 * covers: 9293-MUST-67 6691-2 */
TEST(mss_option_over_a_narrow_path)
{
    struct lastack_config config;
    struct peer *p, *q, *r;

    peer_config(&config);
    config.params.mss_option_of_path = false;
    restart(&config);
    p = with_text_in_flight(PEER_PORT);
    q = peer_at(PEER_PORT + 1);
    r = peer_at(PEER_PORT + 2);
    ICMP_ARRIVES(p, .type = TOO_BIG, .mtu = 1000, .seq = 1);
    FORGET(p);
    CONNECTS(q);
    SENDS(q, .flags = SYN, .seq = 0, .mss = 1460);
    FORGET(q);
    ARRIVES(r, .flags = SYN, .seq = 0, .timestamps = true);
    SENDS(r, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    ARRIVES(r, .flags = ACK, .seq = 1, .ack = 1);
    ACCEPTS(r);
    WRITES(r, 2000);
    SENDS(r, .flags = ACK, .seq = 1, .ack = 1, .text = 1000 - 40 - 12);
    FORGET(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(source_quench_is_nothing),
        RUN(errors_do_not_end_what_works),
        RUN(errors_about_what_is_not_in_flight),
        RUN(errors_end_an_attempt),
        RUN(errors_end_an_attempt_over_ipv6),
        RUN(codes_that_nobody_knows),
        RUN(soft_errors_are_told),
        RUN(dont_fragment),
        RUN(a_burst_of_reports),
        RUN(too_big_are_the_large_ones_only),
        RUN(too_big_is_no_congestion),
        RUN(too_big_under_the_window),
        RUN(too_big_in_an_episode),
        RUN(two_connections_over_one_path),
        RUN(another_connection_times_out_over_one_path),
        RUN(a_learnt_mtu_is_forgotten),
        RUN(fragments_allowed),
        RUN(black_hole),
        RUN(black_hole_ipv6),
        RUN(black_hole_is_suspected_after_r1),
        RUN(a_size_that_got_through_is_no_black_hole),
        RUN(mss_option),
        RUN(mss_option_over_a_narrow_path),
        RUN(mss_option_of_a_narrow_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
