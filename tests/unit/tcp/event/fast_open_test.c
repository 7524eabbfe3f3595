/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_test.c: RFC 7413 at both ends: text in SYNs, cookies asked for, given, believed,
 * replaced; what is lost, and what is left alone afterwards.
 */
#include "peer.h"

enum { REQUEST = 0 + 1, FULL = 8 + 1 };

#define GIVEN UINT64_C(0x1122334455667788)

static void set_fast_open(uint32_t bits)
{
    struct lastack_params params = *lastack_params(world.stack);

    params.fast_open = bits;
    lastack_set_params(world.stack, &params);
}

/* A connection that only fetches a cookie, and is gone. */
static void learns_cookie(uint16_t mss)
{
    struct peer *p = peer_at(1000);

    assert_int_equal(FAST_OPENS(p, 0), -LASTACK_EINPROGRESS);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0, .fast_open = REQUEST);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = mss, .fast_open = FULL,
            .cookie = GIVEN);
    ABORTS(p);
    FORGET(p);
}

/* ---- client ---- */

/* covers: 7413-4.1.3 */
TEST(a_cookie_is_asked_for_and_used_next_time)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1000);
    assert_int_equal(FAST_OPENS(p, 2000), 960); /* the server's MSS, less 40 for options */
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0, .text = 960, .fast_open = FULL, .cookie = GIVEN);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 961);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 961, .ack = 1);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 32, 32);
    assert_int_equal(row_of(p).tcp_info.tcpi_fastopen_client_fail, 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_unacked, 0);
    WRITES(p, 100);
    SENDS(p, .flags = ACK, .seq = 961, .ack = 1, .text = 100);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1061);
}

/* covers: 7413-4.2.2-cli */
TEST(text_that_was_not_taken_leaves_again_at_once)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 500);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 32, 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_fastopen_client_fail, 2);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_OPEN_ACTIVE_FAILED), 1);
}

/* covers: 7413-4.2.2-cli */
TEST(text_that_was_taken_in_part)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 201);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 201, .ack = 1, .text = 300);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
}

/* The peer may have kept text that his SYN-ACK does not acknowledge (he had opened too, RFC 9293
 * §3.10.7.3), and acknowledge it before it leaves again: it did leave. */
TEST(text_that_was_kept_is_acknowledged_later)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .win = NONE);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    assert_int_equal(row_of(p).send_q, 500);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501, .win = 2000);
    assert_int_equal(row_of(p).send_q, 0);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_OF_UNSENT), 0);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 501, .ack = 1, .text = 10);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 511);
}

/* ... and if he did not, it leaves when his window opens; until then it is probed. */
TEST(text_that_was_not_taken_waits_for_a_window)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .win = NONE);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    AFTER(MS(300));
    SENDS(p, .flags = ACK, .seq = 0, .ack = 1); /* a probe */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 2000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 500);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
    assert_int_equal(row_of(p).send_q, 0);
}

/* covers: 7413-4.4 */
TEST(a_repeated_syn_is_a_plain_one)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    FORGET(p);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN, .seq = 0, .fast_open = NONE);
    assert_int_equal(row_of(p).tcp_info.tcpi_fastopen_client_fail, 0);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 500);
    assert_int_equal(row_of(p).tcp_info.tcpi_fastopen_client_fail, 3);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
}

/* The first SYN did arrive, and so the answer to the second acknowledges its text. */
TEST(a_syn_ack_of_the_first_syn_comes_late)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    AFTER(SEC(1));
    FORGET(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 501);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 501, .ack = 1);
}

/* Two SYNs with text lost in a row: the server is spared for two minutes.
 * covers: 7413-4.1.3 */
TEST(a_server_that_loses_text_is_left_alone)
{
    learns_cookie(1460);
    for (uint16_t i = 0; i < 2; i++) {
        struct peer *p = peer_at((uint16_t)(PEER_PORT + i));

        assert_int_equal(FAST_OPENS(p, 500), 500);
        AFTER(SEC(1));
        ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
        ABORTS(p);
        FORGET(p);
    }
    {
        struct peer *p = peer_at(PEER_PORT + 2);

        AFTER(SEC(230));
        assert_int_equal(FAST_OPENS(p, 500), -LASTACK_EINPROGRESS);
        SENDS(p, .flags = SYN, .seq = 0, .fast_open = NONE);
        ABORTS(p);
        FORGET(p);
    }
    {
        struct peer *p = peer_at(PEER_PORT + 3);

        AFTER(SEC(10));
        assert_int_equal(FAST_OPENS(p, 500), 500);
        SENDS(p, .flags = SYN, .seq = 0, .text = 500, .fast_open = FULL);
        ABORTS(p);
        FORGET(p);
    }
}

/* Three timeouts of one SYN: nobody uses it for an hour, where the parameter says so. */
TEST(a_black_hole_pauses_it_for_all)
{
    struct lastack_params params = *lastack_params(world.stack);
    struct peer *p = peer_at(PEER_PORT), *other = peer_at(PEER_PORT + 1);

    params.fast_open_blackhole_ns = SEC(3600);
    lastack_set_params(world.stack, &params);
    learns_cookie(1460);
    assert_int_equal(FAST_OPENS(p, 500), 500);
    AFTER(SEC(2));
    assert_int_equal(counted(LASTACK_CAUSE_FAST_OPEN_BLACKHOLE), 0);
    AFTER(SEC(1));
    assert_int_equal(counted(LASTACK_CAUSE_FAST_OPEN_BLACKHOLE), 1);
    ABORTS(p);
    FORGET(p);
    assert_int_equal(FAST_OPENS(other, 500), -LASTACK_EINPROGRESS);
    SENDS(other, .flags = SYN, .seq = 0, .fast_open = NONE);
    ABORTS(other);
    FORGET(other);
}

/* The option of the experiment is tried once, when the other brought nothing. */
TEST(the_experimental_option_is_tried_once)
{
    static const bool experiment[] = {false, true, false, false};

    for (uint16_t i = 0; i < 4; i++) {
        struct peer *p = peer_at((uint16_t)(PEER_PORT + i));

        assert_int_equal(FAST_OPENS(p, 10), -LASTACK_EINPROGRESS);
        SENDS(p, .flags = SYN, .seq = 0, .fast_open = REQUEST, .experiment = experiment[i]);
        ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
        ABORTS(p);
        FORGET(p);
    }
}

/* connect() waits for the first write, and tells nobody before. */
TEST(connect_waits_for_text)
{
    struct peer *p = peer_at(PEER_PORT);

    learns_cookie(1460);
    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    SETS(p, LASTACK_TCP_FASTOPEN_CONNECT, 1);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_EISCONN);
    assert_true(lastack_poll(world.stack, p->fd) & LASTACK_POLLOUT);
    assert_int_equal(lastack_getsockname(world.stack, p->fd, &p->local), 0);
    SETTLES();
    SENDS_NOTHING(p);
    WRITES(p, 100);
    STATE(p, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(p, .flags = SYN, .seq = 0, .text = 100, .fast_open = FULL, .cookie = GIVEN);
    WRITES_ERROR(p, LASTACK_EAGAIN);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 101);
    STATE(p, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(p, .flags = ACK, .seq = 101, .ack = 1);
}

TEST(the_client_is_off)
{
    struct peer *p = peer_at(PEER_PORT);

    set_fast_open(0);
    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(FAST_OPENS(p, 100), -LASTACK_EOPNOTSUPP);
    assert_int_equal(lastack_set_option(world.stack, p->fd, LASTACK_TCP_FASTOPEN_CONNECT, 1),
                     -LASTACK_EOPNOTSUPP);
}

/* ---- server ---- */

/* A listener with room for `limit` requests, whose cookie for 192.0.2.9 is in peer->cookie. */
static struct peer *serves(int limit)
{
    struct peer *p = peer_at(1000);

    set_fast_open(LASTACK_FAST_OPEN_SERVER);
    LISTENS(16);
    assert_int_equal(lastack_set_option(world.stack, world.listener, LASTACK_TCP_FASTOPEN, limit),
                     0);
    ARRIVES(p, .flags = SYN, .seq = 0, .fast_open = REQUEST);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = FULL);
    ARRIVES(p, .flags = RST, .seq = 1);
    FORGET(p);
    return p;
}

/* Its SYN brought 300 octets and a cookie, and was answered; the program has the connection. */
static struct peer *opened_with_text(void)
{
    struct peer *p = peer_at(PEER_PORT);
    const uint64_t cookie = serves(5)->cookie;

    ARRIVES(p, .flags = SYN, .seq = 0, .text = 300, .fast_open = FULL, .cookie = cookie);
    STATE(p, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 301, .fast_open = NONE);
    ACCEPTS(p);
    return p;
}

/* covers: 7413-4.2.2-srv 7413-4.1.2 */
TEST(text_is_read_before_the_handshake_is_over)
{
    struct peer *p = opened_with_text();

    READS(p, 300);
    WRITES(p, 200);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301, .text = 200);
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 201);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    assert_int_equal(row_of(p).tcp_info.tcpi_options & 32, 32);
}

/* What was written in SYN-RECEIVED is lost, the ACK of our SYN is not: it is sent again. */
TEST(text_of_syn_received_is_sent_again)
{
    struct peer *p = opened_with_text();

    READS(p, 300);
    WRITES(p, 200);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301, .text = 200);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    lastack_check(world.stack); /* somebody waits for its ACK */
    AFTER(SEC(2));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301, .text = 200);
    FORGET(p);
}

/* The peer's SYN once more, now with an ACK and without the text that it had: all of it is old. */
TEST(a_syn_comes_again_without_its_text)
{
    struct peer *p = opened_with_text();

    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .text = 20);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    READS(p, 300);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1, .text = 10);
    READS(p, 10);
    FORGET(p);
}

/* ... and one that resets: it begins before the window, with text that ends in it or without.
 * covers: 5961-3.2-exact */
TEST(a_syn_comes_again_with_a_reset)
{
    struct peer *p = opened_with_text();

    ARRIVES(p, .flags = SYN | RST | ACK, .seq = 0, .ack = 1);
    ARRIVES(p, .flags = SYN | RST | ACK, .seq = 0, .ack = 1, .text = 400);
    NO_STATE(p);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_RST_OUT_OF_WINDOW), 2);
    ARRIVES(p, .flags = RST | ACK, .seq = 301, .ack = 1);
    STATE(p, SYN_RECEIVED, CLOSED, RST);
    SENDS_NOTHING(p);
}

/* covers: 7413-4.2.2-srv 7413-4.1.2 */
TEST(a_bad_cookie_is_answered_with_a_good_one)
{
    struct peer *p = peer_at(PEER_PORT);
    const uint64_t cookie = serves(5)->cookie;

    ARRIVES(p, .flags = SYN, .seq = 0, .text = 300, .fast_open = FULL, .cookie = cookie ^ 1);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = FULL, .cookie = cookie);
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_OPEN_PASSIVE_FAILED), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 300);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301);
    ACCEPTS(p);
    READS(p, 300);
}

/* Another client's cookie does not count, though the server gave it.
 * covers: 7413-4.1.2 */
TEST(a_cookie_is_of_one_address)
{
    struct peer *p = peer_at(PEER_PORT);
    const uint64_t cookie = serves(5)->cookie;

    p->remote.address = lastack_ipv4(192, 0, 2, 10);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 300, .fast_open = FULL, .cookie = cookie);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = FULL);
    assert_true(p->cookie != cookie);
    ARRIVES(p, .flags = RST, .seq = 1);
    FORGET(p);
}

/* covers: 7413-4.2-off */
TEST(a_listener_has_to_ask_for_it)
{
    struct peer *p = peer_at(PEER_PORT);

    set_fast_open(LASTACK_FAST_OPEN_SERVER);
    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 300, .fast_open = REQUEST);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = NONE);
    ARRIVES(p, .flags = RST, .seq = 1);
    FORGET(p);
}

/* covers: 7413-4.2-limit */
TEST(no_more_than_the_limit_are_pending)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1);
    const uint64_t cookie = serves(1)->cookie;

    ARRIVES(p, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(p, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11);
    ACCEPTS(p); /* accepted, and still pending */
    ARRIVES(q, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(q, LISTEN, SYN_RECEIVED, SYN);
    SENDS(q, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = NONE);
    assert_int_equal(counted(LASTACK_CAUSE_FAST_OPEN_OVERFLOW), 1);
    ARRIVES(q, .flags = RST, .seq = 1);
    FORGET(q);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ARRIVES(q, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(q, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    FORGET(q);
}

/* One that a RST ended counts for a minute more.
 * covers: 7413-4.2-limit */
TEST(a_reset_request_counts_on)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1);
    const uint64_t cookie = serves(1)->cookie;

    ARRIVES(p, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    ARRIVES(p, .flags = RST, .seq = 11);
    FORGET(p);
    for (unsigned i = 0; i < 2; i++) {
        ARRIVES(q, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
        SENDS(q, .flags = SYN | ACK, .seq = 0, .ack = i == 0 ? 1 : 11);
        ARRIVES(q, .flags = RST, .seq = i == 0 ? 1 : 11);
        FORGET(q);
        NEW_LIFE(q);
        AFTER(SEC(60));
    }
    ACCEPTS(p); /* what was reset before accept() can still be read */
    READS(p, 10);
    READS_ERROR(p, LASTACK_ECONNRESET);
}

/* A SYN-ACK that is lost is repeated, by its timer and when the client asks; then it gives up. */
TEST(the_syn_ack_is_repeated)
{
    struct peer *p = peer_at(PEER_PORT);
    const uint64_t cookie = serves(5)->cookie;

    MARK();
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(p, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11);
    ARRIVES(p, .flags = SYN, .seq = 0);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11);
    AFTER(SEC(1));
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11, .at = SEC(1));
    AFTER(SEC(200));
    assert_int_equal(packets_forgotten(p), 5);
    STATE(p, SYN_RECEIVED, CLOSED, SYNACK_TIMEOUT);
}

/* Cookies of the older of two keys still count, and are replaced.
 * covers: 7413-4.1.2 */
TEST(keys_are_changed_with_grace)
{
    static const uint8_t first[16] = {1}, both[32] = {2, [16] = 1}, second[16] = {2};
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1), *r = peer_at(PEER_PORT + 2);
    uint64_t cookie;

    assert_int_equal(lastack_set_fast_open_key(world.stack, -1, first, 16), 0);
    cookie = serves(5)->cookie;
    assert_int_equal(lastack_set_fast_open_key(world.stack, -1, both, 32), 0);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(p, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11, .fast_open = FULL);
    assert_true(p->cookie != cookie);
    ARRIVES(q, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = p->cookie);
    STATE(q, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(q, .flags = SYN | ACK, .seq = 0, .ack = 11, .fast_open = NONE);
    assert_int_equal(lastack_set_fast_open_key(world.stack, -1, second, 16), 0);
    ARRIVES(r, .flags = SYN, .seq = 0, .text = 10, .fast_open = FULL, .cookie = cookie);
    STATE(r, LISTEN, SYN_RECEIVED, SYN);
    SENDS(r, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = FULL, .cookie = p->cookie);
    assert_int_equal(lastack_set_fast_open_key(world.stack, -1, second, 15), -LASTACK_EINVAL);
    assert_int_equal(lastack_set_fast_open_key(world.stack, 99, second, 16), -LASTACK_EBADF);
    ARRIVES(r, .flags = RST, .seq = 1);
    FORGET(r);
}

/* The option where it may not stand, or of a length it may not have, is no option.
 * covers: 7413-4.1.1 */
TEST(odd_options_are_ignored)
{
    static const int32_t lengths[] = {1 + 2, 1 + 3, 1 + 5, 1 + 7};
    struct peer *p = peer_at(PEER_PORT);

    (void)serves(5);
    for (unsigned i = 0; i < 4; i++) {
        ARRIVES(p, .flags = SYN, .seq = 0, .text = 10, .fast_open = lengths[i], .cookie = GIVEN);
        STATE(p, LISTEN, SYN_RECEIVED, SYN);
        SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .fast_open = NONE);
        ARRIVES(p, .flags = RST, .seq = 1);
        FORGET(p);
        NEW_LIFE(p);
    }
}

/* Both bits that do without cookies. */
TEST(without_cookies)
{
    struct peer *p = peer_at(PEER_PORT), *q = peer_at(PEER_PORT + 1);

    set_fast_open(LASTACK_FAST_OPEN_CLIENT | LASTACK_FAST_OPEN_SERVER |
                  LASTACK_FAST_OPEN_CLIENT_NO_COOKIE | LASTACK_FAST_OPEN_SERVER_NO_COOKIE |
                  LASTACK_FAST_OPEN_ALL_LISTENERS);
    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0, .text = 10);
    STATE(p, LISTEN, SYN_RECEIVED, FAST_OPEN_PASSIVE);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 11);
    assert_int_equal(FAST_OPENS(q, 100), 100);
    STATE(q, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(q, .flags = SYN, .seq = 0, .text = 100, .fast_open = NONE);
    ABORTS(q);
    FORGET(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_cookie_is_asked_for_and_used_next_time),
        RUN(text_that_was_not_taken_leaves_again_at_once),
        RUN(text_that_was_taken_in_part),
        RUN(text_that_was_kept_is_acknowledged_later),
        RUN(text_that_was_not_taken_waits_for_a_window),
        RUN(a_repeated_syn_is_a_plain_one),
        RUN(a_syn_ack_of_the_first_syn_comes_late),
        RUN(a_server_that_loses_text_is_left_alone),
        RUN(a_black_hole_pauses_it_for_all),
        RUN(the_experimental_option_is_tried_once),
        RUN(connect_waits_for_text),
        RUN(the_client_is_off),
        RUN(text_is_read_before_the_handshake_is_over),
        RUN(text_of_syn_received_is_sent_again),
        RUN(a_syn_comes_again_without_its_text),
        RUN(a_syn_comes_again_with_a_reset),
        RUN(a_bad_cookie_is_answered_with_a_good_one),
        RUN(a_cookie_is_of_one_address),
        RUN(a_listener_has_to_ask_for_it),
        RUN(no_more_than_the_limit_are_pending),
        RUN(a_reset_request_counts_on),
        RUN(the_syn_ack_is_repeated),
        RUN(keys_are_changed_with_grace),
        RUN(odd_options_are_ignored),
        RUN(without_cookies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
