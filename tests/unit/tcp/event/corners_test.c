/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * corners_test.c: rare cases that each went wrong once.
 */
#include "core.h"
#include "peer.h"

/* A third ACK that lacks the agreed timestamp is dropped (RFC 7323 §3.2), and so is nothing made of
 * it. */
TEST(a_third_ack_without_its_timestamp)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    config.params.missing_timestamp_ok = false;
    config.params.synack_retries = 2;
    restart(&config);
    p = peer_at(PEER_PORT);
    LISTENS(5);
    ARRIVES(p, .flags = SYN, .seq = 0, .timestamps = true);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .ts = NONE);
    FORGET(p);
    AFTER(SEC(300));
    IS_IN(p, CLOSED);
    FORGET(p);
}

/* The peer took back its window: what we say stands inside of it, else it would not listen. */
TEST(an_ack_into_a_window_that_shrank)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 4000);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1461, .win = 100);
    (void)packets_forgotten(p);
    ARRIVES(p, .flags = ACK | PSH, .seq = 1, .ack = 1461, .text = 10, .win = 100);
    AFTER(MS(50));
    SENDS(p, .flags = ACK, .seq = 1561, .ack = 11);
    FORGET(p);
}

/* A FIN that was a lie: text goes past its place, and the true one is taken all the same. */
TEST(text_past_a_false_fin)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    ARRIVES(p, .flags = FIN | ACK, .seq = 101, .ack = 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .text = 200);
    READS(p, 200);
    ARRIVES(p, .flags = FIN | ACK, .seq = 201, .ack = 1);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    FORGET(p);
}

/* Text in small pieces that nobody reads: what is promised is rounded up to the unit of the window,
 * but does not grow with each of them without end. */
TEST(small_pieces_fill_the_buffer_once)
{
    struct peer *p = ACCEPTED(.rtt = MS(100), .shift = 8);
    const uint32_t buffer = row_of(p).tcp_info.tcpi_rcv_space;

    p->tells_short = true;
    for (uint32_t at = 1; at < 3 * buffer; at += 100) {
        for (int i = 0; i < 2; i++) /* the second one is answered at once */
            ARRIVES(p, .flags = ACK | PSH, .seq = at, .ack = 1, .text = 100);
        (void)packets_forgotten(p);
    }
    assert_in_range(row_of(p).recv_q, buffer / 2, 2 * buffer);
    FORGET(p);
}

/* A buffer that is smaller than the unit of the window: once it was shut it opens again. */
TEST(a_buffer_below_the_scale)
{
    struct lastack_config config;
    uint32_t held;
    struct peer *p;

    peer_config(&config);
    config.params.receive_buffer_max = 1 << 30; /* 14 bits of scale */
    restart(&config);
    p = ACCEPTED(.rtt = MS(100), .shift = 1);
    SETS(p, LASTACK_SO_RCVBUF, 4096);
    p->tells_short = true;
    for (int at = 1; at < 100000; at += 1000)
        ARRIVES(p, .flags = ACK | PSH, .seq = at, .ack = 1, .text = 1000);
    AFTER(MS(300));
    FORGET(p);
    held = row_of(p).recv_q;
    assert_in_range(held, 4096, 99000);
    READS(p, held);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 1 + held, .win = 1);
    SENDS_NOTHING(p);
}

/* ---- after 2 GiB ---- */

static struct tcp_conn *conn_of(const struct peer *p)
{
    const struct tuple tuple = tuple_of(&p->local, &p->remote);
    struct tcp *tcp = &world.stack->tcp;

    return tcp_conn_at(tcp, tcp_find(tcp, &tuple, flow_hash(&tcp->index, &tuple)).index);
}

/* What was noted so far back in the stream that it seems to lie ahead. */
static struct seq long_ago(const struct peer *p)
{
    return seq_sub(conn_of(p)->snd.una, 0x80001000);
}

/* The last small segment holds nothing back any more. */
TEST(nagle_after_two_gigabytes)
{
    struct peer *p = ACCEPTED(.rtt = MS(100));

    WRITES(p, 1460);
    conn_queue(&world.stack->tcp, conn_of(p))->small = long_ago(p);
    (void)packets_forgotten(p);
    WRITES(p, 10);
    assert_int_equal(packets_forgotten(p), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1471);
}

/* ---- small paths and pools ---- */

/* The window bounds the MSS, but not beyond what the path can take. */
TEST(a_small_window_on_a_small_path)
{
    struct lastack_config config;
    struct peer *p;

    peer_config(&config);
    restart_with_mtu(&config, 68);
    p = ACCEPTED(.rtt = MS(100), .win = 20);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    WRITES(p, 100);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 101);
}

static void one_connection(struct lastack_config *config)
{
    config->max_connections = 1;
}

/* No room for the connection that would take its tuple: the record stays. */
TEST(no_room_to_reuse_a_record)
{
    struct lastack_config config;
    struct peer *p, *q;

    peer_config(&config);
    one_connection(&config);
    config.params.time_wait_reuse = LASTACK_REUSE_ON;
    config.params.port_first = config.params.port_last = 50000;
    restart(&config);
    p = peer_at(PEER_PORT);
    CONNECTS(p);
    ARRIVES(p, .flags = SYN | ACK, .seq = 0, .ack = 1, .timestamps = true);
    CLOSES(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    FORGET(p);
    IS_IN(p, TIME_WAIT);
    AFTER(SEC(5));
    q = accepted_with(PEER_PORT + 1, &(struct opening){.rtt = MS(1)});
    p->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_connect(world.stack, p->fd, &p->remote), -LASTACK_ENOBUFS);
    IS_IN(p, TIME_WAIT);
    IS_IN(q, ESTABLISHED);
    FORGET(p);
    FORGET(q);
}

/* A user timeout that is set when the SYN has left: the attempt ends by it, not by a burst. */
TEST(user_timeout_set_behind_the_syn)
{
    struct peer *p = peer_at(PEER_PORT);

    CONNECTS(p);
    SETS(p, LASTACK_TCP_USER_TIMEOUT, 2500);
    FORGET(p);
    AFTER(MS(2499));
    NO_STATE(p);
    (void)packets_forgotten(p);
    AFTER(MS(2));
    STATE(p, SYN_SENT, CLOSED, USER_TIMEOUT);
    SENDS_NOTHING(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_third_ack_without_its_timestamp),
        RUN(an_ack_into_a_window_that_shrank),
        RUN(text_past_a_false_fin),
        RUN(small_pieces_fill_the_buffer_once),
        RUN(a_buffer_below_the_scale),
        RUN(nagle_after_two_gigabytes),

        RUN(a_small_window_on_a_small_path),
        RUN(no_room_to_reuse_a_record),
        RUN(user_timeout_set_behind_the_syn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
