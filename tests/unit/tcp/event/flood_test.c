/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flood_test.c: RFC 4987: more SYNs than a listener has room for. What the cookie of a SYN-ACK
 * brings back, when cookies are sent, and what happens without them.
 *
 * A backlog of 4 has room for 5 requests. The peers that fill it have ports of their own.
 */
#include "peer.h"

enum { BACKLOG = 4, ROOM = BACKLOG + 1, FILLER_PORT = 50000 };

static struct peer *fillers[ROOM];

static void set_cookies(enum lastack_syn_cookies cookies)
{
    struct lastack_params params = *lastack_params(world.stack);

    params.syn_cookies = cookies;
    lastack_set_params(world.stack, &params);
}

/* A listener whose SYN queue is full. */
static void fill_queue(void)
{
    LISTENS(BACKLOG);
    for (uint16_t i = 0; i < ROOM; i++) {
        fillers[i] = peer_at((uint16_t)(FILLER_PORT + i));
        ARRIVES(fillers[i], .flags = SYN, .seq = 0);
        STATE(fillers[i], LISTEN, SYN_RECEIVED, SYN);
        SENDS(fillers[i], .flags = SYN | ACK, .seq = 0, .ack = 1);
    }
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, ROOM);
}

/* What the fillers do is of no interest any more. */
static void forget_fillers(void)
{
    for (unsigned i = 0; i < ROOM; i++)
        FORGET(fillers[i]);
}

/* Below the limit a request is kept and its SYN-ACK repeated; above it, nothing is kept and nothing
 * repeated.
 * covers: 4987-3.6-only LNX-SYNCOOKIE 4987-3.5 */
TEST(cookies_only_when_the_queue_is_full)
{
    struct peer *p = peer_at(PEER_PORT);

    fill_queue();
    assert_int_equal(counted(LASTACK_CAUSE_SYN_COOKIE), 0);
    ARRIVES(p, .flags = SYN, .seq = 0);
    NO_STATE(p);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = 1460);
    assert_int_equal(counted(LASTACK_CAUSE_SYN_COOKIE), 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, ROOM);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    AFTER(SEC(1));
    for (unsigned i = 0; i < ROOM; i++)
        SENDS(fillers[i], .flags = SYN | ACK, .seq = 0, .ack = 1);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    STATE(p, LISTEN, SYN_RECEIVED, COOKIE_ACK);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101);
    ACCEPTS(p);
    READS(p, 100);
    forget_fillers();
}

/* Everything that the SYN offered was agreed on.
 * covers: 4987-3.6-opt */
TEST(a_timestamp_brings_the_options_back)
{
    struct peer *p = peer_at(PEER_PORT);
    struct lastack_connection_row row;

    fill_queue();
    ARRIVES(p, .flags = SYN, .seq = 0, .mss = 1300, .shift = 5, .sack_ok = 1, .timestamps = true);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .sack_ok = 1, .shift = 8);
    assert_true((p->ts_last & 0x3f) != 0);
    AFTER(MS(30));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 1000);
    STATE(p, LISTEN, SYN_RECEIVED, COOKIE_ACK);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(p);
    row = row_of(p);
    assert_int_equal(row.tcp_info.tcpi_snd_wscale, 4);
    assert_int_equal(row.tcp_info.tcpi_rcv_wscale, 7);
    assert_int_equal(row.tcp_info.tcpi_snd_wnd, 16000);
    assert_int_equal(row.tcp_info.tcpi_snd_mss, 1288);
    /* SACK: text beyond a hole is told of */
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .win = 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{11, 21}});
    WRITES(p, 1288);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1288, .no_sack = true); /* no room */
    FORGET(p);
    forget_fillers();
}

/* covers: 4987-3.6-opt */
TEST(without_timestamps_no_option_was_agreed_on)
{
    struct peer *p = peer_at(PEER_PORT);
    struct lastack_connection_row row;

    fill_queue();
    ARRIVES(p, .flags = SYN, .seq = 0, .mss = 1400, .shift = 5, .sack_ok = 1);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .sack_ok = NONE, .shift = NONE, .ts = NONE);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 3000);
    STATE(p, LISTEN, SYN_RECEIVED, COOKIE_ACK);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(p);
    row = row_of(p);
    assert_int_equal(row.tcp_info.tcpi_snd_wnd, 3000);
    assert_int_equal(row.tcp_info.tcpi_snd_mss, 1300); /* 1400 has no number in a cookie */
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .no_sack = true);
    forget_fillers();
}

/* covers: LNX-SYNCOOKIE */
TEST(never_with_cookies_off)
{
    struct peer *p = peer_at(PEER_PORT);

    set_cookies(LASTACK_SYN_COOKIES_NEVER);
    fill_queue();
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_QUEUE_FULL), 1);
    assert_int_equal(counted(LASTACK_CAUSE_SYN_COOKIE), 0);
    forget_fillers();
}

/* covers: LNX-SYNCOOKIE */
TEST(always_with_cookies_always)
{
    struct peer *p = peer_at(PEER_PORT);

    set_cookies(LASTACK_SYN_COOKIES_ALWAYS);
    LISTENS(BACKLOG);
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, 0);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, LISTEN, SYN_RECEIVED, COOKIE_ACK);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(p);
}

/* covers: LNX-SYNCOOKIE */
TEST(never_while_the_accept_queue_is_full)
{
    struct peer *p = peer_at(PEER_PORT);

    set_cookies(LASTACK_SYN_COOKIES_ALWAYS);
    LISTENS(1);
    for (uint16_t i = 0; i < 2; i++) {
        struct peer *done = peer_at((uint16_t)(FILLER_PORT + i));

        ARRIVES(done, .flags = SYN, .seq = 0);
        ARRIVES(done, .flags = ACK, .seq = 1, .ack = 1);
        FORGET(done);
    }
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_SYN_COOKIE), 2);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_QUEUE_FULL), 1);
}

/* covers: 4987-3.6-valid */
TEST(an_altered_cookie_is_answered_with_rst)
{
    struct peer *p = peer_at(PEER_PORT);

    fill_queue();
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 0x1001);
    SENDS(p, .flags = RST, .seq = 0x1001);
    ARRIVES(p, .flags = ACK, .seq = 1001, .ack = 1); /* the IRS is part of it */
    SENDS(p, .flags = RST, .seq = 1);
    NO_STATE(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_COOKIE), 2);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    forget_fillers();
}

/* The clock stands at 1000 s: 40 s into its minute, so the cookie counts for 80 s more.
 * covers: 4987-3.6-valid */
TEST(a_cookie_grows_old)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1);

    set_cookies(LASTACK_SYN_COOKIES_ALWAYS);
    LISTENS(BACKLOG);
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    ARRIVES(q, .flags = SYN, .seq = 0);
    SENDS(q, .flags = SYN | ACK, .seq = 0, .ack = 1);
    AFTER(SEC(80) - 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, LISTEN, SYN_RECEIVED, COOKIE_ACK);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    AFTER(1);
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(q, .flags = RST, .seq = 1);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_COOKIE), 1);
}

/* No cookie was sent for a while: an ACK is not even looked at as one. */
TEST(at_peace_nothing_is_a_cookie)
{
    struct peer *p = peer_at(PEER_PORT);

    LISTENS(BACKLOG);
    p->has_iss = true;
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    SENDS(p, .flags = RST, .seq = 1);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_COOKIE), 0);
}

/* The pool of entries is a bound for all listeners together.
 * covers: 4987-3.2 */
TEST(the_pool_of_entries_is_full)
{
    struct lastack_config config = world.config;
    struct peer *p;

    config.max_syn_entries = ROOM;
    restart(&config);
    p = peer_at(PEER_PORT);
    LISTENS(100);
    for (uint16_t i = 0; i < ROOM; i++) {
        fillers[i] = peer_at((uint16_t)(FILLER_PORT + i));
        ARRIVES(fillers[i], .flags = SYN, .seq = 0);
    }
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    assert_int_equal(counted(LASTACK_CAUSE_SYN_COOKIE), 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).refusals, 1);
    set_cookies(LASTACK_SYN_COOKIES_NEVER);
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_NO_SYN_ENTRY_LEFT), 1);
    forget_fillers();
}

/* covers: 4987-3.4 */
TEST(the_oldest_request_makes_room)
{
    struct peer *p = peer_at(PEER_PORT);
    struct lastack_params params = *lastack_params(world.stack);

    params.syn_cookies = LASTACK_SYN_COOKIES_NEVER;
    params.syn_overflow = LASTACK_SYN_OVERFLOW_EVICT_OLDEST;
    lastack_set_params(world.stack, &params);
    fill_queue();
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(fillers[0], SYN_RECEIVED, LISTEN, SYN_EVICTED);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, ROOM);
    ARRIVES(fillers[1], .flags = ACK, .seq = 1, .ack = 1);
    STATE(fillers[1], SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    forget_fillers();
}

/* More than half full of requests that are not young: their SYN-ACKs are repeated twice, not five
 * times. A queue less than half full keeps its patience.
 * covers: 4987-3.3 */
TEST(old_requests_go_earlier_from_a_queue_half_full)
{
    struct peer *lonely = peer_at(PEER_PORT);

    LISTENS(9);
    for (uint16_t i = 0; i < ROOM; i++) { /* 5 of 9 */
        fillers[i] = peer_at((uint16_t)(FILLER_PORT + i));
        ARRIVES(fillers[i], .flags = SYN, .seq = 0);
    }
    forget_fillers();
    AFTER(SEC(8)); /* repeated after 1 and 3 s, gone after 7 s, until no more than half is left */
    STATE(fillers[0], SYN_RECEIVED, LISTEN, SYNACK_TIMEOUT);
    assert_int_equal(packets_forgotten(fillers[0]), 2);
    assert_true(usage_of(LASTACK_POOL_SYN_ENTRIES).used <= 4);
    assert_true(usage_of(LASTACK_POOL_SYN_ENTRIES).used >= 1);
    AFTER(SEC(120));
    forget_fillers();
    ARRIVES(lonely, .flags = SYN, .seq = 0);
    AFTER(SEC(120));
    assert_int_equal(packets_forgotten(lonely), 1 + 5);
    FORGET(lonely);
}

/* Its own network may send two SYNs at once, and one a second from then on. */
TEST(a_rule_limits_the_syns_of_a_network)
{
    const struct lastack_syn_rule rule = {.prefix = lastack_ipv4(192, 0, 2, 0),
                                          .prefix_length = 24,
                                          .port = STACK_PORT,
                                          .rate = 1,
                                          .burst = 2};
    struct lastack_syn_rule shown;
    uint64_t passed, refused;

    assert_int_equal(lastack_add_syn_rule(world.stack, &rule), 0);
    LISTENS(BACKLOG);
    for (uint16_t i = 0; i < 4; i++) {
        fillers[i] = peer_at((uint16_t)(FILLER_PORT + i));
        if (i == 3)
            AFTER(SEC(1));
        ARRIVES(fillers[i], .flags = SYN, .seq = 0);
        if (i == 2)
            SENDS_NOTHING(fillers[i]);
    }
    for (unsigned i = 0; i < 4; i++)
        FORGET(fillers[i]);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_LIMIT), 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, 3);
    assert_true(lastack_syn_rule_at(world.stack, 0, &shown, &passed, &refused));
    assert_int_equal(shown.port, STACK_PORT);
    assert_int_equal(passed, 3);
    assert_int_equal(refused, 1);
    assert_false(lastack_syn_rule_at(world.stack, 1, NULL, NULL, NULL));
}

/* A connection under way does not notice, and memory stays where it was.
 * covers: 4987-3.2 4987-3.5 */
TEST(ten_thousand_syns_do_not_touch_a_connection)
{
    struct peer *p = ACCEPTED(.sack = true);
    struct peer *stranger = peer_at(PEER_PORT + 1);

    for (unsigned i = 0; i < 10000; i++) {
        stranger->remote.address = lastack_ipv4(192, 0, (uint8_t)2, (uint8_t)(10 + i % 240));
        stranger->remote.port = (uint16_t)(1024 + i);
        stranger->has_iss = false;
        ARRIVES(stranger, .flags = SYN, .seq = 0);
        (void)packets_forgotten(stranger);
        if (i % 1000 == 0) {
            WRITES(p, 10);
            SENDS(p, .flags = ACK | PSH, .seq = 1 + i / 100, .ack = 1 + i / 100, .text = 10);
            ARRIVES(p, .flags = ACK, .seq = 1 + i / 100, .ack = 11 + i / 100, .text = 10);
            READS(p, 10);
            FORGET(p);
        }
    }
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).peak, 1);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).peak, 17);
    assert_true(counted(LASTACK_CAUSE_SYN_COOKIE) > 9000);
    stranger->remote.port = 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(cookies_only_when_the_queue_is_full),
        RUN(a_timestamp_brings_the_options_back),
        RUN(without_timestamps_no_option_was_agreed_on),
        RUN(never_with_cookies_off),
        RUN(always_with_cookies_always),
        RUN(never_while_the_accept_queue_is_full),
        RUN(an_altered_cookie_is_answered_with_rst),
        RUN(a_cookie_grows_old),
        RUN(at_peace_nothing_is_a_cookie),
        RUN(the_pool_of_entries_is_full),
        RUN(the_oldest_request_makes_room),
        RUN(old_requests_go_earlier_from_a_queue_half_full),
        RUN(a_rule_limits_the_syns_of_a_network),
        RUN(ten_thousand_syns_do_not_touch_a_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
