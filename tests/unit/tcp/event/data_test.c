/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * data_test.c: text in both directions: which segments are acceptable and what of them is taken;
 * when an ACK may wait; when a small segment may leave; windows that are small, scaled, shut (RFC
 * 9293 §3.7.4, §3.8.6, §3.10.7.4; RFC 7323).
 */
#include "conn.h"
#include "peer.h"

/* ---- counted ---- */

static void counts(const struct peer *p, unsigned sent, unsigned acked, unsigned received)
{
    const struct lastack_tcp_info info = row_of(p).tcp_info;

    assert_int_equal(info.tcpi_bytes_sent, sent);
    assert_int_equal(info.tcpi_bytes_acked, acked);
    assert_int_equal(info.tcpi_bytes_received, received);
}

/* tcp_info's bytes as Linux 6.18 counts them on both ends of a connection over lo. */
static void counts_as_linux(struct peer *p, unsigned syn)
{
    counts(p, 0, syn, 0);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    counts(p, 10, syn, 0);
    AFTER(MS(250));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10); /* a repetition counts as sent */
    counts(p, 20, syn, 0);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11, .text = 5);
    assert_int_equal(row_of(p).tcp_info.tcpi_bytes_acked, syn + 10);
    assert_int_equal(row_of(p).tcp_info.tcpi_bytes_received, 5);
    SHUTS(p, LASTACK_SHUT_WR);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 6, .ack = 12); /* our FIN */
    assert_int_equal(row_of(p).tcp_info.tcpi_bytes_acked, syn + 11);
    ARRIVES(p, .flags = ACK, .seq = 7, .ack = 12, .text = 4); /* beyond a hole: not yet */
    assert_int_equal(row_of(p).tcp_info.tcpi_bytes_received, 5);
    ARRIVES(p, .flags = ACK, .seq = 6, .ack = 12, .text = 1);
    assert_int_equal(row_of(p).tcp_info.tcpi_bytes_received, 10);
    FORGET(p);
}

TEST(bytes_of_who_is_opened)
{
    counts_as_linux(ACCEPTED(), 0);
}

TEST(bytes_of_the_opener)
{
    counts_as_linux(CONNECTED(), 1);
}

/* The peer's FIN; and a FIN of ours that is not acknowledged. */
TEST(bytes_and_fin)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 3);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    counts(p, 0, 0, 4);
    WRITES(p, 7);
    SHUTS(p, LASTACK_SHUT_WR);
    (void)packets_forgotten(p);
    counts(p, 7, 0, 4);
    ARRIVES(p, .flags = ACK, .seq = 5, .ack = 8);
    counts(p, 7, 7, 4);
    FORGET(p);
}

/* After 4 GiB SND.UNA is the ISS again: its SYN was acknowledged all the same. */
TEST(bytes_round_sequence_space)
{
    struct tcp_conn conn = {.snd = {.una = {7}, .nxt = {57}, .max = {57}, .end = {107}},
                            .iss = {7}};

    assert_int_equal(conn_send_held(&conn), 99); /* the SYN is not text */
    assert_int_equal(conn_bytes_sent(&conn), 49);
    conn.stats.bytes_acked = UINT64_C(1) << 32;
    assert_int_equal(conn_send_held(&conn), 100);
    assert_int_equal(conn_bytes_sent(&conn), (UINT64_C(1) << 32) + 50);
}

/* ---- acceptable? ---- */

/* A stack whose receive window is `bytes` and stays so, whatever is read. */
static struct peer *with_window(uint32_t bytes)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.receive_buffer = config.params.receive_buffer_max = bytes;
    config.params.autotune_receive = config.params.receive_window_grows = false;
    config.params.first_window_in_segs = false;
    restart(&config);
    return ACCEPTED();
}

/* Empty segments at the edges of an open window: their ACK counts within it. On the wire the window
 * lies across the wrap of sequence space.
 * covers: 9293-3.10.7.4-seq0W */
TEST(empty_segments_at_the_edges)
{
    static const struct {
        int64_t seq;
        bool is_taken;
    } cases[] = {{0, false}, {1, true}, {2, true}, {2000, true}, {2001, false}, {70000, false}};

    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer *p = with_window(2000);

        WRITES(p, 10);
        (void)packets_forgotten(p);
        ARRIVES(p, .flags = ACK, .seq = cases[i].seq, .ack = 11);
        assert_int_equal(row_of(p).send_q, cases[i].is_taken ? 0 : 10);
        (void)packets_forgotten(p);
    }
}

/* The window is shut: only RCV.NXT itself will do, and text never.
 * covers: 9293-3.10.7.4-seq00 9293-3.10.7.4-seqL0 2525-2.12 9293-MUST-66 */
TEST(segments_before_a_shut_window)
{
    struct peer *p = with_window(1000);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1001, .win = NONE);
    WRITES(p, 30);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1001, .text = 30, .win = NONE);
    ARRIVES(p, .flags = ACK, .seq = 1002, .ack = 11);
    assert_int_equal(row_of(p).send_q, 30);
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1001);
    ARRIVES(p, .flags = ACK, .seq = 1001, .ack = 11); /* empty, in place */
    assert_int_equal(row_of(p).send_q, 20);
    ARRIVES(p, .flags = ACK, .seq = 1001, .ack = 21, .text = 1); /* a probe with text: ... */
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1001, .win = NONE); /* ... not taken */
    assert_int_equal(row_of(p).send_q, 10);                      /* ... but its ACK is */
    ARRIVES(p, .flags = FIN | ACK, .seq = 1001, .ack = 31);
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1001, .win = NONE);
    NO_STATE(p);
    assert_int_equal(row_of(p).send_q, 0);
    READS(p, 1000);
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1001, .win = 1000);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1001, .ack = 31, .text = 1);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1003);
    READS(p, 1);
}

/* What sticks out of the window is cut off, on either side and on both.
 * covers: 9293-3.10.7.4-seqLW */
TEST(text_is_trimmed_to_the_window)
{
    struct peer *p = with_window(2000);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101);
    ARRIVES(p, .flags = ACK, .seq = 51, .ack = 1, .text = 100); /* half of it is old */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 151);
    READS(p, 150);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 150); /* all of it is old */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 151);
    ARRIVES(p, .flags = FIN | ACK, .seq = 101, .ack = 1, .text = 5000); /* beyond both edges */
    NO_STATE(p); /* the FIN was cut off as well */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2151, .win = NONE);
    READS(p, 2000);
    (void)packets_forgotten(p);
    READS_NOTHING(p);
}

/* Text beyond a hole is kept, told of at once, and delivered when the hole is filled.
 * covers: 5681-3.2-ooo 5681-3.2-fill 2525-2.5 2018-4-gen */
TEST(text_beyond_holes)
{
    struct peer *p = ACCEPTED(.sack = true);

    ARRIVES(p, .flags = ACK, .seq = 201, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .sack = {{201, 301}});
    ARRIVES(p, .flags = ACK, .seq = 401, .ack = 1, .text = 100);
    (void)packets_forgotten(p);
    READS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 100); /* part of the first hole */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 101);
    ARRIVES(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100); /* the rest of it */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 301, .sack = {{401, 501}});
    READS(p, 300);
    READS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 301, .ack = 1, .text = 300); /* the second, and more */
    SENDS(p, .flags = ACK, .seq = 1, .ack = 601);
    READS(p, 300);
    READS_NOTHING(p);
}

/* Without SACK there is none.
 * covers: 2018-4-gen 2018-2 */
TEST(no_sack_unless_agreed)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 201, .ack = 1, .text = 100);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .no_sack = true);
}

/* More holes than may be: refused and counted, and nothing breaks.
 */
TEST(too_many_holes)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.reassembly_ranges_max = 3;
    restart(&config);
    p = ACCEPTED();
    for (int i = 0; i < 6; i++)
        ARRIVES(p, .flags = ACK, .seq = 101 + 200 * i, .ack = 1, .text = 100);
    assert_int_equal(packets_forgotten(p), 6);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_REASSEMBLY_LIMIT), 3);
    for (int i = 0; i < 12; i++)
        ARRIVES(p, .flags = ACK, .seq = 1 + 100 * i, .ack = 1, .text = 100);
    (void)packets_forgotten(p);
    READS(p, 1200);
}

/* ---- the send window ---- */

/* An ACK that was overtaken does not bring an old window back.
 * covers: 9293-3.10.7.4-ack-WL */
TEST(window_of_an_overtaken_ack)
{
    struct peer *p = ACCEPTED();

    WRITES(p, 100);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = 5000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 51, .win = 9000); /* older by its ACK */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 5000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = 6000); /* an update */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 6000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .text = 10, .win = 7000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101, .win = 8000); /* older by its sequence number */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 7000);
    (void)packets_forgotten(p);
}

/* Text that was overtaken acknowledges something new: the window goes with it, or its right edge
 * would move beyond what the peer has offered.
 * covers: 9293-3.10.7.4-ack-WL */
TEST(window_of_overtaken_text)
{
    struct peer *p = ACCEPTED();

    WRITES(p, 2000);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 101, .ack = 1, .text = 100, .win = 3000);  /* to 3001 */
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001, .text = 100, .win = 2000); /* to 3001 too */
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 2000);
    WRITES(p, 4000);
    FORGET(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 2000);
}

/* Nor does one that was overtaken by text: a hole is filled by an older segment.
 * covers: 9293-3.10.7.4-ack-WL */
TEST(window_of_an_overtaken_segment)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 1, .text = 10, .win = 7000);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 7000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 20, .win = 5000);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 7000);
    ARRIVES(p, .flags = ACK, .seq = 31, .ack = 1, .win = 6000);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 6000);
    (void)packets_forgotten(p);
    READS(p, 30);
}

/* 65535 is a large window, not a negative one.
 * covers: 9293-MUST-1 */
TEST(window_field_is_unsigned)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.initial_cwnd_segs = 1000;
    config.params.congestion = LASTACK_CC_NONE;
    config.params.send_buffer = 1 << 20;
    restart(&config);
    p = ACCEPTED();
    WRITES(p, 100000);
    assert_int_equal(packets_forgotten(p), 65535 / 1460);
}

/* covers: 7323-2.3-use 7323-2.3-14 9293-REC-1 7323-2.2-both */
TEST(every_shift)
{
    for (int32_t shift = 0; shift <= 15; shift++) {
        struct peer *p = accepted_with((uint16_t)(PEER_PORT + shift),
                                       &(struct opening){.shift = shift + 1, .win = 1000});

        assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 1000u << (shift > 14 ? 14 : shift));
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 65535);
        assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 65535u << (shift > 14 ? 14 : shift));
    }
}

/* Our own shift, in what we offer and in what we take.
 * covers: 7323-2.3-use 7323-2.4-rcv */
TEST(every_shift_of_ours)
{
    for (uint8_t shift = 0; shift <= 14; shift++) {
        struct lastack_config config;
        struct peer *p;

        peer_config(&config);
        config.params.window_scale_fixed = shift;
        config.params.receive_buffer = config.params.receive_buffer_max = 1u << 24;
        config.params.receive_window_grows = false;
        restart(&config);
        p = peer_at(PEER_PORT);
        LISTENS(1);
        ARRIVES(p, .flags = SYN, .seq = 0, .shift = 1);
        SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .shift = shift + 1, .win = 64240);
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1);
        ACCEPTS(p);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 2,
              .win = (int32_t)min64(65535, ((1 << 24) - 1) >> shift));
        FORGET(p);
    }
}

/* A peer without the option: neither of us scales. The option on anything but a SYN is nothing.
 * covers: 7323-2.2-both 7323-2.2-nonsyn */
TEST(no_shift_unless_agreed)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1, .win = 2000, .shift = 8);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2, .win = 64240, .shift = NONE);
    assert_int_equal(row_of(p).tcp_info.tcpi_snd_wnd, 2000);
}

/* ---- small segments: Nagle, NODELAY, CORK, MORE ---- */

/* covers: 9293-SHLD-7 */
TEST(nagle)
{
    struct peer *p = ACCEPTED();

    WRITES(p, 10);
    SENDS(p, .flags = PSH | ACK, .seq = 1, .ack = 1, .text = 10);
    WRITES(p, 10);
    WRITES(p, 10);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
    SENDS(p, .flags = PSH | ACK, .seq = 11, .ack = 1, .text = 20);
    WRITES(p, 10);
    SENDS_NOTHING(p);
    WRITES(p, 1460); /* a full one may go */
    SENDS(p, .flags = ACK, .seq = 31, .ack = 1, .text = 1460);
    SENDS_NOTHING(p);
    SETS(p, LASTACK_TCP_NODELAY, 1); /* switched on, it lets go what waits */
    SENDS(p, .flags = PSH | ACK, .seq = 1491, .ack = 1, .text = 10);
}

/* covers: 9293-MUST-17 */
TEST(nodelay)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_NODELAY, 1);
    for (int i = 0; i < 5; i++) {
        WRITES(p, 10);
        SENDS(p, .flags = PSH | ACK, .seq = 1 + 10 * i, .ack = 1, .text = 10);
    }
}

/* A cork holds small segments for 200 ms at a time, and goes on holding afterwards. */
TEST(cork)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_CORK, 1);
    SETS(p, LASTACK_TCP_NODELAY, 1); /* the cork is stronger */
    WRITES(p, 1000);
    AFTER(MS(200));
    AFTER(US(10)); /* (the RTO of a path of no length) */
    SENDS(p, .flags = PSH | ACK, .seq = 1, .ack = 1, .text = 1000);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1001);
    WRITES(p, 1000);
    WRITES(p, 1000); /* a full one goes, the rest waits again */
    SENDS(p, .flags = ACK, .seq = 1001, .ack = 1, .text = 1460);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2461);
    AFTER(MS(199));
    SENDS_NOTHING(p);
    SETS(p, LASTACK_TCP_CORK, 0);
    SENDS(p, .flags = PSH | ACK, .seq = 2461, .ack = 1, .text = 540);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 3001);
    AFTER(SEC(10));
    SENDS_NOTHING(p);
}

/* A FIN does not wait for a cork. */
TEST(cork_and_close)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_CORK, 1);
    WRITES(p, 100);
    SENDS_NOTHING(p);
    CLOSES(p);
    SENDS(p, .flags = FIN | PSH | ACK, .seq = 1, .ack = 1, .text = 100);
    FORGET(p);
}

/* The peer's MSS, and the option's 12 bytes.
 * covers: 9293-MUST-14 9293-MUST-16 2525-2.18 2525-2.3 */
TEST(segment_sizes)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.mss = 700});
    struct peer *q = accepted_with(PEER_PORT + 1, &(struct opening){.timestamps = true});
    struct peer *r = accepted_with(PEER_PORT + 2, &(struct opening){.mss = 9000});

    WRITES(p, 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 700);
    SENDS(p, .flags = ACK, .seq = 701, .ack = 1, .text = 300);
    WRITES(q, 1448);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 1448);
    WRITES(r, 1461);
    SENDS(r, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    SENDS(r, .flags = ACK, .seq = 1461, .ack = 1, .text = 1);
}

/* No MSS option: 536, and 1220 for IPv6.
 * covers: 9293-MUST-15 */
TEST(no_mss_option)
{
    struct peer *p = peer_at(PEER_PORT);
    struct peer *q = peer_at_ipv6(PEER_PORT + 1);

    CONNECTS(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = NONE);
    FORGET(p);
    WRITES(p, 600);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 536);
    FORGET(p);
    CONNECTS(q);
    ARRIVES(q, .flags = SYN | ACK, .seq = 0, .ack = 1, .mss = NONE);
    FORGET(q);
    WRITES(q, 1300);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 1, .text = 1220);
    FORGET(q);
}

/* ---- silly windows ---- */

/* The peer opens its window by 100 bytes: not worth a segment. But if nothing better comes, a timer
 * sends what fits, or those bytes would never arrive.
 * covers: 9293-MUST-38 */
TEST(the_peer_opens_a_small_window)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));
    int64_t start;

    WRITES(p, 16000);
    assert_int_equal(packets_forgotten(p), 10);
    start = world.now;
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 14601, .win = 100);
    AFTER(MS(100));
    SENDS_NOTHING(p);
    AFTER(MS(900));
    SENDS(p, .flags = ACK, .seq = 14601, .ack = 1, .text = 100);
    assert_true(world.now - start <= SEC(1));
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 14701, .win = 1300); /* all that is left */
    SENDS(p, .flags = ACK, .seq = 14701, .ack = 1, .text = 1300);
}

/* At least half of the largest window that was ever offered is worth it at once.
 * covers: 9293-MUST-38 */
TEST(the_peer_has_a_small_buffer)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.send_accounting = LASTACK_SNDBUF_BYTES;
    restart(&config);
    p = ACCEPTED(.win = 600);
    WRITES(p, 2000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 600);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 601, .win = 299);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 601, .win = 300);
    SENDS(p, .flags = ACK, .seq = 601, .ack = 1, .text = 300);
}

/* Linux: segments of half of that window, so that it is never filled by one.
 */
TEST(half_of_a_small_window)
{
    struct peer *p = ACCEPTED(.win = 600);

    WRITES(p, 2000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 300);
    SENDS(p, .flags = ACK, .seq = 301, .ack = 1, .text = 300);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 601, .win = 299);
    SENDS_NOTHING(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 601, .win = 300);
    SENDS(p, .flags = ACK, .seq = 601, .ack = 1, .text = 300);
}

/* Our window was full: reading a little opens nothing, reading a segment's worth does.
 * covers: 9293-MUST-39 */
TEST(we_open_no_small_window)
{
    struct peer *p = with_window(4 * 1460);

    for (int i = 0; i < 4; i++)
        ARRIVES(p, .flags = ACK, .seq = 1 + 1460 * i, .ack = 1, .text = 1460);
    AFTER(SEC(1));
    (void)packets_forgotten(p);
    READS(p, 100);
    READS(p, 1359);
    SENDS_NOTHING(p);
    READS(p, 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 5841, .win = 1460);
    READS(p, 4 * 1460 - 1460);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 5841, .win = 4 * 1460);
}

/* A buffer smaller than two segments opens by half of itself.
 * covers: 9293-MUST-39 */
TEST(we_open_half_of_a_small_buffer)
{
    struct peer *p = with_window(1000);

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1001, .win = NONE);
    READS(p, 499);
    SENDS_NOTHING(p);
    READS(p, 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1001, .win = 500);
}

/* SO_RCVBUF made smaller while text waits: the promise stands. (peer.c watches the edge.)
 * covers: 9293-SHLD-14 */
TEST(receive_buffer_shrinks)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 1460);
    (void)packets_forgotten(p);
    SETS(p, LASTACK_SO_RCVBUF, 4000);
    for (int i = 1; i < 46; i++) /* all that was promised before fits, and not a byte more */
        ARRIVES(p, .flags = ACK, .seq = 1 + 1460 * i, .ack = 1, .text = 1460);
    AFTER(SEC(1));
    assert_true(packets_forgotten(p) > 0);
    READS(p, 1460 + 65535);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1461 + 65535, .win = 4000); /* from now on */
    READS_NOTHING(p);
}

/* ---- when an ACK may wait ---- */

/* covers: LNX-DELACK 9293-SHLD-18 */
TEST(quick_then_delayed)
{
    struct peer *p = ACCEPTED();
    int i;

    for (i = 0; i < 16; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1 + 10 * i, .ack = 1, .text = 10);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 11 + 10 * i);
        AFTER(MS(1));
    }
    MARK();
    ARRIVES(p, .flags = ACK, .seq = 1 + 10 * i, .ack = 1, .text = 10);
    AFTER(MS(10));
    ARRIVES(p, .flags = ACK, .seq = 11 + 10 * i, .ack = 1, .text = 10);
    SENDS_NOTHING(p);
    AFTER(MS(100));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 21 + 10 * i, .at = MS(40));
    SENDS_NOTHING(p);
    READS(p, 180);
}

/* A reply takes the ACK along: from then on it is a conversation, and ACKs wait for replies.
 * covers: LNX-DELACK */
TEST(conversation)
{
    struct peer *p = ACCEPTED();
    int i;

    for (i = 0; i < 2; i++) {
        ARRIVES(p, .flags = ACK, .seq = 1 + 10 * i, .ack = 1 + 10 * i, .text = 10);
        if (i == 0)
            SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
        AFTER(MS(5));
        SENDS_NOTHING(p);
        WRITES(p, 10);
        SENDS(p, .flags = ACK, .seq = 1 + 10 * i, .ack = 11 + 10 * i, .text = 10);
        AFTER(MS(5));
    }
    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 21, .text = 10); /* and now no reply */
    MARK();
    AFTER(MS(500) - 1);
    SENDS(p, .flags = ACK, .seq = 21, .ack = 31);
    SENDS_NOTHING(p);
}

/* TCP_QUICKACK: the ACK that waits goes, and the next ones do not wait. */
TEST(quickack)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .text = 10);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 11, .text = 10);
    SENDS_NOTHING(p);
    SETS(p, LASTACK_TCP_QUICKACK, 1);
    SENDS(p, .flags = ACK, .seq = 11, .ack = 21);
    ARRIVES(p, .flags = ACK, .seq = 21, .ack = 11, .text = 10);
    SENDS(p, .flags = ACK, .seq = 11, .ack = 31);
}

/* Every second full segment is acknowledged at once, a single one after the delay of BSD.
 * covers: 9293-SHLD-18 9293-SHLD-19 9293-MUST-40 */
TEST(every_second_segment)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.quick_ack = LASTACK_QUICK_ACK_NEVER;
    config.params.delayed_ack_ns = MS(100);
    restart(&config);
    p = ACCEPTED();
    for (int i = 0; i < 10; i++)
        ARRIVES(p, .flags = ACK, .seq = 1 + 1460 * i, .ack = 1, .text = 1460);
    for (int i = 0; i < 5; i++)
        SENDS(p, .flags = ACK, .seq = 1, .ack = 2921 + 2920 * i);
    SENDS_NOTHING(p);
    MARK();
    ARRIVES(p, .flags = ACK, .seq = 14601, .ack = 1, .text = 1460);
    AFTER(SEC(1));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 16061, .at = MS(100));
}

/* Small segments of a peer that sends no larger ones count as full.
 * covers: 9293-SHLD-19 */
TEST(every_second_segment_of_a_small_mss)
{
    struct peer *p = ACCEPTED();
    uint32_t acks;

    for (int i = 0; i < 60; i++)
        ARRIVES(p, .flags = ACK, .seq = 1 + 200 * i, .ack = 1, .text = 200);
    (void)packets_forgotten(p); /* quick ones first */
    for (int i = 60; i < 80; i++)
        ARRIVES(p, .flags = ACK, .seq = 1 + 200 * i, .ack = 1, .text = 200);
    acks = packets_forgotten(p);
    assert_in_range(acks, 9, 10);
    AFTER(SEC(1));
    (void)packets_forgotten(p);
}

/* ---- timestamps ---- */

/* covers: 7323-3.2-neg 7323-3.2-all 7323-3.2-ecr 7323-4.3 */
TEST(timestamps)
{
    struct peer *p = peer_at(PEER_PORT);
    const int64_t syn = 777;

    LISTENS(1);
    ARRIVES(p, .flags = SYN, .seq = 0, .timestamps = true, .ts = syn, .echo = 12345);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .echo = syn);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .ts = 780);
    ACCEPTS(p);
    assert_int_equal(row_of(p).tcp_info.tcpi_advmss, 1460 - 12);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .echo = 780);
    /* text beyond a hole does not move TS.Recent, what fills it does */
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 11, .text = 10, .ts = 790);
    SENDS(p, .flags = ACK, .seq = 11, .ack = 1, .echo = 780);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11, .text = 10, .ts = 785);
    SENDS(p, .flags = ACK, .seq = 11, .ack = 21, .echo = 785);
    FORGET(p);
}

/* Delayed ACKs echo the earliest segment that they acknowledge.
 * covers: 7323-4.3 */
TEST(echo_of_a_delayed_ack)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.quick_ack = LASTACK_QUICK_ACK_NEVER;
    restart(&config);
    p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});
    AFTER(SEC(1));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 6002000);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 6002100);
    AFTER(SEC(1));
    SENDS(p, .flags = ACK, .seq = 1, .ack = 21, .echo = 6002000);
}

/* An old duplicate from before the wrap: an ACK, and nothing of it is taken. One tick is forgiven.
 * covers: 7323-5.3-R1 LNX-TS */
TEST(paws)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 7000000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .echo = 7000000);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 6999998);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .echo = 7000000);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_PAWS), 1);
    ARRIVES(p, .flags = FIN | ACK, .seq = 11, .ack = 1, .ts = 6999990);
    NO_STATE(p);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 6999999);
    (void)packets_forgotten(p);
    READS(p, 20);
    READS_NOTHING(p);
}

/* After so long a silence that the clock may have gone round, TS.Recent means nothing.
 * covers: LNX-TS 7323-5.5 */
TEST(paws_after_a_long_silence)
{
    struct peer *p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});
    struct peer *q = accepted_with(PEER_PORT + 1, &(struct opening){.timestamps = true});

    AFTER(SEC(2100));
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 1000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1);
    AFTER(SEC(100));
    ARRIVES(q, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 1000);
    SENDS(q, .flags = ACK, .seq = 1, .ack = 11, .echo = 1000);
}

/* ... and does not come to mean something again: on a clock of milliseconds the silence would have
 * lasted some minutes only.
 * covers: 7323-5.5 */
TEST(paws_when_milliseconds_went_round)
{
    const int64_t round_ns = MS((int64_t)1 << 32); /* 49.7 days */
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.paws_stale_ns = SEC(24 * 86400);
    for (unsigned i = 1; i < 3; i++) {
        restart(&config);
        p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});
        AFTER(round_ns * i + SEC(600));
        ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 1000);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .echo = 1000);
        AFTER(SEC(600)); /* and it was taken now */
        ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 900);
        SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .echo = 1000);
        assert_int_equal(counted(LASTACK_CAUSE_DROP_PAWS), 1);
        FORGET(p);
    }
}

/* A segment without the option: taken or dropped by policy, never answered with RST.
 * covers: 7323-3.2-miss LNX-TS */
TEST(missing_timestamp)
{
    struct lastack_config config;
    struct peer *p;

    p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = NONE);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11);
    peer_config(&config);
    config.params.missing_timestamp_ok = false;
    restart(&config);
    p = accepted_with(PEER_PORT, &(struct opening){.timestamps = true});
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = NONE);
    SENDS_NOTHING(p);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_NO_TIMESTAMP), 1);
    IS_IN(p, ESTABLISHED);
}

/* The option though it was not agreed: ignored.
 * covers: 7323-3.2-unneg */
TEST(unexpected_timestamp)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .ts = 1);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 11, .ts = NONE);
    ARRIVES(p, .flags = ACK, .seq = 11, .ack = 1, .text = 10, .ts = 4000000000);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 21, .ts = NONE);
}

/* ---- IP fields ---- */

/* covers: 9293-MUST-48 9293-SHLD-21 9293-SHLD-22 */
TEST(tos)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_IP_TOS, 0xb8);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1, .text = 10, .tos = 0xb8);
    SETS(p, LASTACK_IP_TOS, 0x28);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11, .text = 10);
    SENDS(p, .flags = ACK, .seq = 11, .ack = 11, .tos = 0x28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(bytes_of_who_is_opened),
        RUN(bytes_of_the_opener),
        RUN(bytes_and_fin),
        RUN(bytes_round_sequence_space),
        RUN(empty_segments_at_the_edges),
        RUN(segments_before_a_shut_window),
        RUN(text_is_trimmed_to_the_window),
        RUN(text_beyond_holes),
        RUN(no_sack_unless_agreed),
        RUN(too_many_holes),
        RUN(window_of_an_overtaken_ack),
        RUN(window_of_an_overtaken_segment),
        RUN(window_of_overtaken_text),
        RUN(window_field_is_unsigned),
        RUN(every_shift),
        RUN(every_shift_of_ours),
        RUN(no_shift_unless_agreed),
        RUN(nagle),
        RUN(nodelay),
        RUN(cork),
        RUN(cork_and_close),
        RUN(segment_sizes),
        RUN(no_mss_option),
        RUN(the_peer_opens_a_small_window),
        RUN(the_peer_has_a_small_buffer),
        RUN(half_of_a_small_window),
        RUN(we_open_no_small_window),
        RUN(we_open_half_of_a_small_buffer),
        RUN(receive_buffer_shrinks),
        RUN(quick_then_delayed),
        RUN(conversation),
        RUN(quickack),
        RUN(every_second_segment),
        RUN(every_second_segment_of_a_small_mss),
        RUN(timestamps),
        RUN(echo_of_a_delayed_ack),
        RUN(paws),
        RUN(paws_after_a_long_silence),
        RUN(paws_when_milliseconds_went_round),
        RUN(missing_timestamp),
        RUN(unexpected_timestamp),
        RUN(tos),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
