/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time_wait_test.c: what a record does with every kind of segment, who may reopen or reuse its
 * tuple, and what happens when there are too many (RFC 9293 §3.6.1, RFC 6191, RFC 1337, RFC 1122
 * §4.2.2.13).
 */
#include "peer.h"

#include <stdio.h>

/* A record that is 10 s old; `timestamps`: of a connection that had them. */
static struct peer *record(bool timestamps)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.timestamps = timestamps});

    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(SEC(10));
    return p;
}

/* It ends so much later, and not before. */
static void ends_after(struct peer *p, int64_t ns)
{
    AFTER(ns - 1);
    NO_STATE(p);
    IS_IN(p, TIME_WAIT);
    AFTER(1);
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    SENDS_NOTHING(p);
}

/* ---- ACKs and old duplicates ---- */

/* covers: LNX-TW-BARE */
TEST(bare_ack)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2);
    SENDS_NOTHING(p);
    ends_after(p, SEC(60));
}

/* covers: LNX-TW-ACK */
TEST(old_text)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = ACK, .seq = -20, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ARRIVES(p, .flags = ACK, .seq = 500, .ack = 1, .text = 10); /* each is answered */
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(60));
}

/* Without text: once in 500 ms.
 * covers: LNX-TW-ACK */
TEST(old_ack)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(MS(400));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_CHALLENGE_LIMIT), 1);
    AFTER(MS(100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(60));
}

/* Where a connection may send five in a second, a record, which does not count, sends one in each
 * fifth of it. */
TEST(old_ack_where_a_connection_counts)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.challenge_interval_ns = SEC(1);
    config.params.challenge_count = 5;
    restart(&config);
    p = record(false);
    for (unsigned i = 0; i < 10; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
        SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
        AFTER(MS(185)); /* (a record tells time by 8 ms) */
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
        SENDS_NOTHING(p);
        AFTER(MS(15));
    }
}

/* The FIN again, with text that came before it.
 * covers: 9293-3.10.7.4-ack-TW */
TEST(repeated_fin)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    assert_int_equal(counted(LASTACK_CAUSE_FIN_REPEATED), 2);
    ends_after(p, SEC(60));
}

/* What has no ACK bit restarts nothing.
 * covers: LNX-TW-ACK */
TEST(without_ack_bit)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = 0, .seq = 2, .text = 10);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(50));
}

/* covers: 7323-5.3-R1 LNX-TW-ACK */
TEST(old_timestamp)
{
    struct peer *p = record(true);

    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2, .ts = 17);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(60));
}

/* ---- RST ---- */

/* covers: LNX-TW-RST 9293-3.10.7.4-rst-L */
TEST(rst)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = RST, .seq = 1);
    ARRIVES(p, .flags = RST, .seq = 3);
    NO_STATE(p);
    ARRIVES(p, .flags = RST, .seq = 2);
    STATE(p, TIME_WAIT, CLOSED, RST);
    SENDS_NOTHING(p);
}

/* covers: LNX-TW-RST 1337-3-F1 */
TEST(rst_by_rfc1337)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.tcp_rfc1337 = true;
    restart(&config);
    p = record(false);
    ARRIVES(p, .flags = RST, .seq = 2);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_TIME_WAIT), 1);
    ends_after(p, SEC(50));
}

/* ---- SYN ---- */

/* Newer by its sequence number: a new life, whose ISS is beyond all of the old one.
 * covers: LNX-TW-SYN 9293-MAY-2 1122-4.2.2.13-a */
TEST(reopened)
{
    struct peer *p = record(false);
    const uint32_t old = p->iss;

    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 3);
    STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 4);
    assert_true((int32_t)(p->iss - (old + 2 + 65537)) >= 0);
    ARRIVES(p, .flags = ACK, .seq = 4, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 0);
    ACCEPTS(p);
    AFTER(SEC(100)); /* nothing of the old life is left */
    IS_IN(p, ESTABLISHED);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 4, .text = 10);
}

/* Wherever the clock stands, the new life begins beyond all that the old one sent.
 * covers: LNX-TW-SYN 9293-MAY-2 */
TEST(reopened_beyond_the_old_life)
{
    struct peer *peers[24];

    for (unsigned i = 0; i < 24; i++) {
        struct peer *p = accepted_with((uint16_t)(PEER_PORT + i), &(struct opening){0});
        uint32_t old, distance;

        peers[i] = p;
        CLOSES(p);
        ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
        FORGET(p);
        old = p->iss + 2;
        AFTER(MS(3) * (i % 3)); /* the clock of ISNs alone would need 4 ms */
        NEW_LIFE(p);
        ARRIVES(p, .flags = SYN, .seq = 1000);
        STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
        SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1001);
        distance = p->iss - old;
        assert_true(distance >= 65535 && distance < 1u << 31);
        ARRIVES(p, .flags = RST, .seq = 1001);
    }
    AFTER(SEC(60));
    for (unsigned i = 0; i < 24; i++)
        FORGET(peers[i]);
}

/* At the very next sequence number it is not newer.
 * covers: 6191-2-d LNX-TW-SYN */
TEST(syn_not_newer)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = SYN, .seq = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(MS(500));
    ARRIVES(p, .flags = SYN, .seq = -1000);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_OLD_SYN), 2);
    ends_after(p, SEC(50) - MS(500)); /* nor does it make it last longer */
}

/* covers: 6191-2-d */
TEST(syn_not_newer_is_dropped)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.time_wait_syn = LASTACK_TIME_WAIT_SYN_DROP;
    restart(&config);
    p = record(false);
    ARRIVES(p, .flags = SYN, .seq = 2);
    SENDS_NOTHING(p);
    ends_after(p, SEC(50));
}

/* A newer timestamp proves it, whatever the sequence number; an older one refutes it.
 * covers: 6191-2-a LNX-TW-SYN 9293-SHLD-4 */
TEST(reopened_by_timestamp)
{
    struct peer *p = record(true);
    const int64_t old = 5000000;

    ARRIVES(p, .flags = SYN, .seq = 3, .ts = old - 1000);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    NO_STATE(p);
    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = -100000, .timestamps = true);
    STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = -99999);
    ARRIVES(p, .flags = ACK, .seq = -99999, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
}

/* Timestamps that are equal prove nothing: then the sequence number decides.
 * covers: 6191-2-b */
TEST(reopened_at_an_equal_timestamp)
{
    struct peer *p = record(true);
    const int64_t equal = 5000000 + 1000 * 1000; /* of the FIN, 1000 s after the clock's start */

    ARRIVES(p, .flags = SYN, .seq = 2, .ts = equal);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2, .echo = equal);
    NO_STATE(p);
    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 3, .ts = equal, .timestamps = true);
    STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
    FORGET(p);
}

/* The old life had no timestamps. Where the RFC is followed, that the new one has them proves it;
 * if not, or elsewhere, its sequence number has to.
 * covers: 6191-2-c */
TEST(reopened_by_having_timestamps)
{
    static const struct {
        bool by_rfc, timestamps;
        int64_t seq;
        bool reopens;
    } cases[] = {
        {true, true, -1000, true}, {true, true, 1000, true}, {true, false, -1000, false},
        {true, false, 2, false},   {true, false, 3, true},   {false, true, -1000, false},
        {false, true, 3, true},
    };

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lastack_config config;
        struct peer *p;

        peer_config(&config);
        config.params.time_wait_new_timestamps = cases[i].by_rfc;
        config.params.time_wait_syn = LASTACK_TIME_WAIT_SYN_DROP;
        restart(&config);
        p = record(false);
        NEW_LIFE(p);
        ARRIVES(p, .flags = SYN, .seq = cases[i].seq, .timestamps = cases[i].timestamps);
        if (cases[i].reopens)
            STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
        else
            SENDS_NOTHING(p);
        NO_STATE(p);
        FORGET(p);
    }
}

/* A SYN that reaches a listener is held against the rules first. */
TEST(not_reopened_against_a_rule)
{
    const struct lastack_syn_rule rule = {.prefix = lastack_ipv4(192, 0, 2, 0),
                                          .prefix_length = 24};
    struct peer *p = record(false);

    assert_int_equal(lastack_add_syn_rule(world.stack, &rule), 0);
    ARRIVES(p, .flags = SYN, .seq = 100000);
    SENDS_NOTHING(p);
    NO_STATE(p);
    IS_IN(p, TIME_WAIT);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_LIMIT), 1);
}

/* ... and one that a listener would not take at all reopens nothing. */
TEST(not_reopened_by_a_syn_with_fin)
{
    struct peer *p = record(false);

    ARRIVES(p, .flags = SYN | FIN, .seq = 100000);
    SENDS_NOTHING(p);
    NO_STATE(p);
    IS_IN(p, TIME_WAIT);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_FIN), 1);
}

/* Nobody listens any more, or reopening is switched off, or the queue is full: an ACK.
 * covers: LNX-TW-SYN */
TEST(not_reopened_without_listener)
{
    struct peer *p = record(false);

    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    ARRIVES(p, .flags = SYN, .seq = 1000);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(50));
}

TEST(not_reopened_when_switched_off)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.time_wait_reopen = false;
    restart(&config);
    p = record(false);
    ARRIVES(p, .flags = SYN, .seq = 1000);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(50));
}

/* The SYN was an old duplicate after all: the peer says so, and TIME-WAIT goes on where it was.
 * covers: 1122-4.2.2.13-a 9293-MAY-2 */
TEST(reopened_by_an_old_duplicate)
{
    struct peer *p = record(false);

    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 3);
    STATE(p, TIME_WAIT, SYN_RECEIVED, TIME_WAIT_REOPENED);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 4);
    IS_IN(p, SYN_RECEIVED);
    AFTER(MS(100));
    ARRIVES(p, .flags = RST, .seq = 4);
    STATE(p, SYN_RECEIVED, TIME_WAIT, RST);
    ends_after(p, SEC(50) - MS(100));
}

/* 2MSL passes while the request waits: then there is nothing to go back to. */
TEST(reopened_and_overtaken_by_2msl)
{
    struct peer *p = record(false);

    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 3);
    FORGET(p);
    AFTER(SEC(55));
    NO_STATE(p);
    IS_IN(p, SYN_RECEIVED);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 0);
    AFTER(SEC(8));
    STATE(p, SYN_RECEIVED, LISTEN, SYNACK_TIMEOUT);
    FORGET(p);
    IS_IN(p, CLOSED);
}

/* Its listener is closed while it waits: back to TIME-WAIT. */
TEST(reopened_and_listener_closed)
{
    struct peer *p = record(false);

    NEW_LIFE(p);
    ARRIVES(p, .flags = SYN, .seq = 3);
    FORGET(p);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    STATE(p, SYN_RECEIVED, TIME_WAIT, LISTENER_CLOSED);
    ends_after(p, SEC(50));
}

/* ---- connect() ---- */

/* From port 7777 to the peer, with SO_REUSEADDR. */
static void connect_from_7777(struct peer *p, int answer)
{
    const struct lastack_endpoint local = {lastack_ipv4(192, 0, 2, 1), 7777};

    p->local = local;
    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_SO_REUSEADDR, 1);
    assert_int_equal(lastack_bind(world.stack, p->fd, &local), 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), answer);
    SETTLES();
}

/* The first life, closed by us. */
static struct peer *first_life(bool timestamps)
{
    struct peer *p = peer_at(PEER_PORT);

    connect_from_7777(p, -LASTACK_EINPROGRESS);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .timestamps = timestamps);
    CLOSES(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    FORGET(p);
    IS_IN(p, TIME_WAIT);
    return p;
}

static void set_reuse(enum lastack_time_wait_reuse reuse)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.time_wait_reuse = reuse;
    restart(&config);
}

/* covers: LNX-TW-REUSE */
TEST(reused_by_connect)
{
    struct peer *p;
    uint32_t old;

    set_reuse(LASTACK_REUSE_ON);
    p = first_life(true);
    old = p->iss;
    AFTER(SEC(1));
    connect_from_7777(p, -LASTACK_EADDRNOTAVAIL); /* not older than a second */
    assert_int_equal(lastack_last_cause(world.stack), LASTACK_CAUSE_PORT_TIME_WAIT);
    CLOSES(p);
    AFTER(MS(1));
    NEW_LIFE(p);
    connect_from_7777(p, -LASTACK_EINPROGRESS);
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_REUSED);
    STATE(p, CLOSED, SYN_SENT, TIME_WAIT_REUSED);
    SENDS(p, .flags = SYN, .seq = 0);
    assert_true((int32_t)(p->iss - (old + 2 + 65537)) >= 0);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 0);
}

/* covers: LNX-TW-REUSE */
TEST(not_reused)
{
    struct peer *p;

    set_reuse(LASTACK_REUSE_ON);
    p = first_life(false); /* without timestamps */
    AFTER(SEC(30));
    connect_from_7777(p, -LASTACK_EADDRNOTAVAIL);
    set_reuse(LASTACK_REUSE_LOOPBACK);
    p = first_life(true);
    AFTER(SEC(30));
    connect_from_7777(p, -LASTACK_EADDRNOTAVAIL);
    set_reuse(LASTACK_REUSE_OFF);
    p = first_life(true);
    AFTER(SEC(30));
    connect_from_7777(p, -LASTACK_EADDRNOTAVAIL);
    AFTER(SEC(30));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EINPROGRESS);
    NEW_LIFE(p);
    SETTLES();
    FORGET(p);
}

/* FIN-WAIT-2 of an orphan is never reused. */
TEST(not_reused_in_fin_wait_2)
{
    struct peer *p = peer_at(PEER_PORT);

    set_reuse(LASTACK_REUSE_ON);
    p = peer_at(PEER_PORT);
    connect_from_7777(p, -LASTACK_EINPROGRESS);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .timestamps = true);
    CLOSES(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    FORGET(p);
    IS_IN(p, FIN_WAIT_2);
    AFTER(SEC(30));
    connect_from_7777(p, -LASTACK_EADDRNOTAVAIL);
    AFTER(SEC(30));
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);
}

/* ---- too many ---- */

static struct peer *nth_record(unsigned i)
{
    struct peer *p = accepted_with((uint16_t)(PEER_PORT + i), &(struct opening){0});

    CLOSES(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    AFTER(SEC(1));
    return p;
}

/* covers: LNX-TW-MAX */
TEST(the_newest_is_refused)
{
    struct lastack_config config;
    struct peer *p[3];

    peer_config(&config);
    config.params.time_wait_max = 2;
    restart(&config);
    for (unsigned i = 0; i < 3; i++)
        p[i] = nth_record(i);
    STATE(p[2], TIME_WAIT, CLOSED, TIME_WAIT_OVERFLOW);
    SENDS_NOTHING(p[2]); /* no RST */
    IS_IN(p[0], TIME_WAIT);
    IS_IN(p[1], TIME_WAIT);
    IS_IN(p[2], CLOSED);
    assert_int_equal(counted(LASTACK_CAUSE_TIME_WAIT_OVERFLOW), 2); /* the refusal, and the move */
    AFTER(SEC(57));
    STATE(p[0], TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    AFTER(SEC(1));
    STATE(p[1], TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

TEST(the_oldest_makes_room)
{
    struct lastack_config config;
    struct peer *p[3];

    peer_config(&config);
    config.params.time_wait_max = 2;
    config.params.time_wait_full = LASTACK_TIME_WAIT_EVICT_OLDEST;
    restart(&config);
    for (unsigned i = 0; i < 3; i++)
        p[i] = nth_record(i);
    STATE(p[0], TIME_WAIT, CLOSED, TIME_WAIT_EVICTED);
    IS_IN(p[1], TIME_WAIT);
    IS_IN(p[2], TIME_WAIT);
    AFTER(SEC(60));
    STATE(p[1], TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    STATE(p[2], TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* The pool is smaller than the cap: the same, counted as what it is. */
TEST(the_pool_is_full)
{
    struct lastack_config config;
    struct peer *p[2];

    peer_config(&config);
    config.max_time_waits_ipv4 = 1;
    restart(&config);
    p[0] = nth_record(0);
    p[1] = nth_record(1);
    STATE(p[1], TIME_WAIT, CLOSED, TIME_WAIT_OVERFLOW);
    SENDS_NOTHING(p[1]);
    assert_int_equal(counted(LASTACK_CAUSE_NO_TIME_WAIT_LEFT), 1);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).refusals, 1);
    IS_IN(p[0], TIME_WAIT);
    AFTER(SEC(58));
    STATE(p[0], TIME_WAIT, CLOSED, TIME_WAIT_OVER);
}

/* ---- the two families, the two kinds ---- */

TEST(ipv6)
{
    struct peer *p = peer_at_ipv6(PEER_PORT);

    CONNECTS(p);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0, .mss = 1440);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    CLOSES(p);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    STATE(p, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV6).used, 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 2);
    ends_after(p, SEC(60));
}

/* FIN-WAIT-2 of an orphan is a record too, and answers as the connection would.
 * covers: 9293-3.10.7.4-rst-E 9293-3.10.7.4-syn-S 5961-3.2-exact */
TEST(fin_wait_2_record)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    CLOSES(p);
    assert_int_equal(usage_of(LASTACK_POOL_TIME_WAIT_IPV4).used, 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2);
    ARRIVES(p, .flags = RST, .seq = 0);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = RST, .seq = 2);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 1);
    AFTER(MS(500));
    ARRIVES(p, .flags = SYN, .seq = 1000);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 1);
    AFTER(MS(500));
    ARRIVES(p, .flags = ACK, .seq = 0, .ack = 2); /* a keepalive probe */
    SENDS(p, .flags = ACK, .seq = 2, .ack = 1);
    NO_STATE(p);
    AFTER(SEC(59) - 1);
    NO_STATE(p); /* nothing of all that made it last longer */
    AFTER(1);
    STATE(p, FIN_WAIT_2, CLOSED, FIN_WAIT_2_TIMEOUT);

    p = reach(PEER_PORT + 1, TCP_FIN_WAIT_2);
    CLOSES(p);
    ARRIVES(p, .flags = RST, .seq = 1);
    STATE(p, FIN_WAIT_2, CLOSED, RST);
    SENDS_NOTHING(p);
}

/* What was not read when TIME-WAIT began can still be read: the record has the tuple, the socket
 * the text. */
TEST(unread_text_stays_with_the_socket)
{
    struct peer *p = reach(PEER_PORT, TCP_FIN_WAIT_2);

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2, .text = 100);
    STATE(p, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 2, .ack = 102);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 1); /* until its socket has looked */
    READS(p, 40);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    AFTER(SEC(60));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    READS(p, 60);
    READS_END(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(bare_ack),
        RUN(old_text),
        RUN(old_ack),
        RUN(old_ack_where_a_connection_counts),
        RUN(repeated_fin),
        RUN(without_ack_bit),
        RUN(old_timestamp),
        RUN(rst),
        RUN(rst_by_rfc1337),
        RUN(reopened),
        RUN(reopened_beyond_the_old_life),
        RUN(syn_not_newer),
        RUN(syn_not_newer_is_dropped),
        RUN(reopened_by_timestamp),
        RUN(reopened_at_an_equal_timestamp),
        RUN(reopened_by_having_timestamps),
        RUN(not_reopened_against_a_rule),
        RUN(not_reopened_by_a_syn_with_fin),
        RUN(not_reopened_without_listener),
        RUN(not_reopened_when_switched_off),
        RUN(reopened_by_an_old_duplicate),
        RUN(reopened_and_overtaken_by_2msl),
        RUN(reopened_and_listener_closed),
        RUN(reused_by_connect),
        RUN(not_reused),
        RUN(not_reused_in_fin_wait_2),
        RUN(the_newest_is_refused),
        RUN(the_oldest_makes_room),
        RUN(the_pool_is_full),
        RUN(ipv6),
        RUN(fin_wait_2_record),
        RUN(unread_text_stays_with_the_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
