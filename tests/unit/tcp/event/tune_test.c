/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tune_test.c: buffers follow the path, and what bounds them: the parameters, a connection's share
 * of the pages, memory that is tight.
 */
#include "peer.h"

enum { PAGE = 4096, SEGMENT = 1400, RTT_MS = 10 };

static void with_pages(uint32_t pages, uint32_t buffer_max)
{
    struct lastack_config config;

    peer_config(&config);
    config.max_pages = pages;
    config.params.receive_buffer = 16384;
    config.params.receive_buffer_max = buffer_max;
    config.params.send_buffer_max = buffer_max;
    restart(&config);
}

static struct peer *peer_on(uint16_t port)
{
    return accepted_with(port, &(struct opening){.rtt = MS(RTT_MS), .shift = 7 + 1, .win = 512});
}

static uint32_t limit_of(const struct peer *p)
{
    return row_of(p).tcp_info.tcpi_rcv_space;
}

/* For some round trips the peer fills the window, and all is read at the end of each. */
static void streams(struct peer *p, int64_t *nxt, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        const int64_t edge = *nxt + row_of(p).tcp_info.tcpi_rcv_wnd;
        const int64_t from = *nxt;

        for (; *nxt + SEGMENT <= edge && *nxt - from < 400000; *nxt += SEGMENT)
            ARRIVES(p, .flags = ACK, .seq = *nxt, .ack = 1, .text = SEGMENT, .win = 512);
        AFTER(MS(RTT_MS));
        READS(p, (uint32_t)(*nxt - from));
        FORGET(p);
    }
}

/* Round trip by round trip up to receive_buffer_max, no further; a set buffer not at all. */
TEST(receive_buffer_grows)
{
    struct peer *p;
    int64_t nxt = 1;

    with_pages(4096, 200000);
    p = peer_on(PEER_PORT);
    assert_int_equal(limit_of(p), 16384);
    streams(p, &nxt, 3);
    assert_in_range(limit_of(p), 32768, 200000);
    streams(p, &nxt, 10);
    assert_int_equal(limit_of(p), 200000);
    assert_true(row_of(p).tcp_info.tcpi_rcv_wnd > 190000);
    p = peer_on(PEER_PORT + 1);
    SETS(p, LASTACK_SO_RCVBUF, 20000);
    nxt = 1;
    streams(p, &nxt, 10);
    assert_int_equal(limit_of(p), 20000);
}

/* With a timestamp in each segment the round trip is measured by what it echoes. */
TEST(round_trip_by_echo)
{
    struct peer *p;

    with_pages(4096, 200000);
    p = accepted_with(PEER_PORT,
                      &(struct opening){.rtt = MS(RTT_MS), .shift = 7 + 1, .timestamps = true});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = SEGMENT);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1 + SEGMENT);
    AFTER(MS(40));
    ARRIVES(p, .flags = ACK, .seq = 1 + SEGMENT, .ack = 1, .text = SEGMENT);
    assert_in_range(row_of(p).tcp_info.tcpi_rcv_rtt, 1000, 40000);
    FORGET(p);
}

/* No connection gets more than a quarter of all pages. */
TEST(share_of_the_pages)
{
    struct peer *p;
    int64_t nxt = 1;

    with_pages(256, 6 << 20);
    p = peer_on(PEER_PORT);
    streams(p, &nxt, 20);
    assert_int_equal(limit_of(p), 256 / 4 * PAGE);
}

/* Others hold nearly all pages: nothing grows, and the window comes down to four segments. */
TEST(memory_is_tight)
{
    struct peer *p, *hogs[20];
    uint16_t count = 0;
    int64_t nxt = 1;

    with_pages(64, 6 << 20);
    p = peer_on(PEER_PORT);
    while (usage_of(LASTACK_POOL_PAGES).used < 54) {
        struct peer *hog = hogs[count] = peer_on((uint16_t)(PEER_PORT + 1 + count));

        count++;
        for (int64_t from = 1; from < 14000; from += SEGMENT) /* nobody reads it */
            ARRIVES(hog, .flags = ACK, .seq = from, .ack = 1, .text = SEGMENT, .win = 512);
    }
    for (unsigned i = 0; i < 20; i++) {
        ARRIVES(p, .flags = ACK, .seq = nxt, .ack = 1, .text = SEGMENT, .win = 512);
        nxt += SEGMENT;
        AFTER(MS(RTT_MS));
        READS(p, SEGMENT);
        FORGET(p);
    }
    assert_int_equal(limit_of(p), 16384);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_ssthresh, 4 * 1460);
    assert_in_range(row_of(p).tcp_info.tcpi_rcv_wnd, 1, 4 * 1460 + 128);
    while (count > 0)
        FORGET(hogs[--count]);
}

static void set_clamp(struct peer *p, int clamp)
{
    assert_int_equal(lastack_set_option(world.stack, p->fd, LASTACK_TCP_WINDOW_CLAMP, clamp), 0);
}

/* What was offered is used up, and all is read. */
static uint32_t window_after_text(struct peer *p)
{
    int64_t nxt = 1;

    for (unsigned i = 0; i < 8; i++) {
        const uint32_t length = min32(row_of(p).tcp_info.tcpi_rcv_wnd, 20000);

        ARRIVES(p, .flags = ACK, .seq = nxt, .ack = 1, .text = length);
        READS(p, length);
        nxt += length;
    }
    FORGET(p);
    return row_of(p).tcp_info.tcpi_rcv_wnd;
}

/* A clamp below the unit of the window scale leaves one unit, not a window of 0; where windows do
 * not grow but are the buffer, they are the clamp. */
TEST(clamped_window)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.window_scale_fixed = 14;
    restart(&config);
    p = accepted_with(PEER_PORT, &(struct opening){.rtt = MS(RTT_MS), .shift = 7 + 1});
    set_clamp(p, 1152);
    assert_int_equal(window_after_text(p), 1 << 14);
    config.params.window_scale_fixed = 0;
    config.params.receive_window_grows = false;
    restart(&config);
    p = accepted_with(PEER_PORT, &(struct opening){.rtt = MS(RTT_MS), .shift = 7 + 1});
    set_clamp(p, 5000);
    assert_int_equal(window_after_text(p), 5000);
    set_clamp(p, 6000);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_ssthresh, 6000);
    SETS(p, LASTACK_SO_RCVBUF, 30000);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_ssthresh, 6000);
    SETS(p, LASTACK_SO_RCVBUF, 3000);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_ssthresh, 3000);
}

/* Where clamps stand there is no more room: the call says so, and who is accepted with one has its
 * first window and its scale. */
TEST(no_room_for_a_clamp)
{
    struct lastack_config config;
    struct peer *p;
    unsigned count = 0;

    peer_config(&config);
    config.max_connections = 96; /* room for 96 / 8 + 64 */
    restart(&config);
    while (count < 76) {
        p = peer_on((uint16_t)(PEER_PORT + count++));
        set_clamp(p, 5000);
    }
    p = peer_on((uint16_t)(PEER_PORT + count++));
    assert_int_equal(lastack_set_option(world.stack, p->fd, LASTACK_TCP_WINDOW_CLAMP, 5000),
                     -LASTACK_ENOBUFS);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_ssthresh, 64240);
    assert_int_equal(
        lastack_set_option(world.stack, world.listener, LASTACK_TCP_WINDOW_CLAMP, 5000), 0);
    p = peer_on((uint16_t)(PEER_PORT + count));
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_wscale, 0);
    assert_int_equal(row_of(p).tcp_info.tcpi_rcv_wnd, 4380);
    lastack_check(world.stack);
}

/* Its connection is gone, and nothing is remembered for it. */
TEST(a_clamp_comes_too_late)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.rtt = MS(RTT_MS)});

    ARRIVES(p, .flags = RST, .seq = 1);
    set_clamp(p, 5000);
    FORGET(p);
    lastack_check(world.stack);
}

/* The send buffer: two windows, up to send_buffer_max, and never less than it has been. */
TEST(send_buffer_grows)
{
    struct peer *p;
    int64_t una = 1;
    int was, is;

    with_pages(4096, 300000);
    p = peer_on(PEER_PORT);
    assert_int_equal(lastack_get_option(world.stack, p->fd, LASTACK_SO_SNDBUF, &was), 0);
    for (unsigned i = 0; i < 8; i++) {
        while (writes_with(p, 100000, 0) > 0)
            SETTLES();
        FORGET(p);
        AFTER(MS(RTT_MS));
        una += row_of(p).tcp_info.tcpi_unacked * 1460;
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = una, .win = 4000);
        FORGET(p);
    }
    assert_int_equal(lastack_get_option(world.stack, p->fd, LASTACK_SO_SNDBUF, &is), 0);
    assert_true(is > was);
    assert_int_equal(is, 300000);
    AFTER(SEC(2)); /* a timeout */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_cwnd, 1);
    assert_int_equal(lastack_get_option(world.stack, p->fd, LASTACK_SO_SNDBUF, &is), 0);
    assert_int_equal(is, 300000);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(receive_buffer_grows), RUN(round_trip_by_echo), RUN(share_of_the_pages),
        RUN(memory_is_tight),      RUN(clamped_window),     RUN(a_clamp_comes_too_late),
        RUN(no_room_for_a_clamp),  RUN(send_buffer_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
