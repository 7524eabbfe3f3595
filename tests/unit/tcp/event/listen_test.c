/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen_test.c: a listener's two queues: who gets in, who is told what, and what becomes of them
 * when the listener goes.
 *
 *     SYN ─▶ half-open requests ── third ACK ─▶ accept queue ── accept() ─▶ socket
 *            bounded by the backlog             full above the backlog
 */
#include "peer.h"

enum { MANY = 8 };

static struct peer *all[MANY];

static void peers_from(uint16_t port, unsigned count)
{
    assert_true(count <= MANY);
    for (unsigned i = 0; i < count; i++)
        all[i] = peer_at((uint16_t)(port + i));
}

static void opens_half(struct peer *p)
{
    ARRIVES(p, .flags = SYN, .seq = 0);
    STATE(p, LISTEN, SYN_RECEIVED, SYN);
    SENDS(p, .flags = SYN | ACK, .seq = 0, .ack = 1);
}

static void opens(struct peer *p)
{
    opens_half(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1);
    STATE(p, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS_NOTHING(p);
}

static struct lastack_connection_row listener_row;

static bool take_listener(void *context, const struct lastack_connection_row *row)
{
    (void)context;
    listener_row = *row;
    return true;
}

/* recv_q: the accept queue's length; send_q: its limit. */
static struct lastack_connection_row row_of_listener(void)
{
    uint64_t cursor = 0;

    listener_row = (struct lastack_connection_row){.state = 0};
    lastack_rows(world.stack, LASTACK_ROWS_LISTEN, &cursor, take_listener, NULL);
    assert_int_equal(listener_row.state, TCP_LISTEN);
    return listener_row;
}

/* ---- the accept queue ---- */

/* It holds one more than the backlog, as on Linux. Then third ACKs are not taken and SYNs not
 * answered; the request goes on repeating its SYN-ACK, and comes in when there is room. */
TEST(a_full_accept_queue_drops)
{
    peers_from(PEER_PORT, 5);
    LISTENS(1);
    opens_half(all[2]); /* while there is room: only its third ACK comes too late */
    opens(all[0]);
    assert_int_equal(row_of_listener().recv_q, 1);
    opens(all[1]);
    assert_int_equal(row_of_listener().recv_q, 2);
    assert_int_equal(row_of_listener().send_q, 1);
    MARK();
    ARRIVES(all[2], .flags = ACK, .seq = 1, .ack = 1);
    SENDS_NOTHING(all[2]);
    IS_IN(all[2], SYN_RECEIVED);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_QUEUE_FULL), 1);
    ARRIVES(all[3], .flags = SYN, .seq = 0);
    SENDS_NOTHING(all[3]);
    IS_IN(all[3], CLOSED);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_ACK_QUEUE_FULL), 2);
    AFTER(SEC(1));
    SENDS(all[2], .flags = SYN | ACK, .seq = 0, .ack = 1, .at = SEC(1));
    ACCEPTS(all[0]);
    assert_int_equal(row_of_listener().recv_q, 1);
    ARRIVES(all[2], .flags = ACK, .seq = 1, .ack = 1);
    STATE(all[2], SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(all[1]); /* oldest first */
    ACCEPTS(all[2]);
    assert_int_equal(lastack_accept(world.stack, world.listener, NULL), -LASTACK_EAGAIN);
}

/* Data with the third ACK is not taken either: it comes again with the ACK that is. */
TEST(a_full_accept_queue_takes_no_text)
{
    peers_from(PEER_PORT, 2);
    LISTENS(0);
    opens_half(all[1]);
    opens(all[0]);
    ARRIVES(all[1], .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    SENDS_NOTHING(all[1]);
    IS_IN(all[1], SYN_RECEIVED);
    ACCEPTS(all[0]);
    ARRIVES(all[1], .flags = ACK, .seq = 1, .ack = 1, .text = 100);
    STATE(all[1], SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    SENDS(all[1], .flags = ACK, .seq = 1, .ack = 101);
    ACCEPTS(all[1]);
    READS(all[1], 100);
}

/* tcp_abort_on_overflow: the peer learns at once. */
TEST(a_full_accept_queue_resets_if_told_to)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.accept_overflow = LASTACK_ACCEPT_OVERFLOW_RST;
    restart(&config);
    peers_from(PEER_PORT, 2);
    LISTENS(0);
    opens_half(all[1]);
    opens(all[0]);
    ARRIVES(all[1], .flags = ACK, .seq = 1, .ack = 1);
    STATE(all[1], SYN_RECEIVED, LISTEN, DROP_ACK_QUEUE_FULL);
    SENDS(all[1], .flags = RST, .seq = 1);
    IS_IN(all[1], CLOSED);
    ACCEPTS(all[0]);
}

TEST(the_backlog_is_bounded_by_somaxconn)
{
    struct lastack_config config;

    peer_config(&config);
    config.params.somaxconn = 2;
    restart(&config);
    LISTENS(100);
    assert_int_equal(row_of_listener().send_q, 2);
    /* listen() again changes the backlog only, within the same bound */
    assert_int_equal(lastack_listen(world.stack, world.listener, 1), 0);
    assert_int_equal(row_of_listener().send_q, 1);
    assert_int_equal(lastack_listen(world.stack, world.listener, -1), 0);
    assert_int_equal(row_of_listener().send_q, 2);
    peers_from(PEER_PORT, 4);
    for (unsigned i = 0; i < 3; i++)
        opens(all[i]);
    ARRIVES(all[3], .flags = SYN, .seq = 0);
    SENDS_NOTHING(all[3]);
    IS_IN(all[3], CLOSED);
}

/* ---- half-open requests ---- */

TEST(a_full_syn_queue_drops)
{
    struct lastack_config config;
    unsigned held = 0;

    peer_config(&config);
    config.params.syn_cookies = false;
    config.params.syn_backlog_max = 3;
    restart(&config);
    LISTENS(100);
    peers_from(PEER_PORT, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        struct lastack_connection_row row;

        ARRIVES(all[i], .flags = SYN, .seq = 0);
        held += has_row(all[i], &row);
        if (i == 2)
            assert_int_equal(held, 3);
    }
    assert_in_range(held, 3, 4);
    assert_int_equal(counted(LASTACK_CAUSE_DROP_SYN_QUEUE_FULL), MANY - held);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, held);
    for (unsigned i = held; i < MANY; i++)
        SENDS_NOTHING(all[i]); /* neither SYN-ACK nor RST: the peer tries again */
    /* one that completes makes room for the next */
    ARRIVES(all[0], .flags = ACK, .seq = 1, .ack = 1);
    NEW_LIFE(all[MANY - 1]);
    ARRIVES(all[MANY - 1], .flags = SYN, .seq = 0);
    IS_IN(all[MANY - 1], SYN_RECEIVED);
    for (unsigned i = 0; i < MANY; i++)
        FORGET(all[i]);
}

/* ---- the listener goes ---- */

/* Half-open requests vanish without a word, as on Linux: their next segment finds no listener.
 * Connections that nobody has accepted are reset: their peer believes in them. */
TEST(a_closed_listener_leaves_nobody_behind)
{
    peers_from(PEER_PORT, 3);
    LISTENS(5);
    opens_half(all[0]);
    opens(all[1]);
    opens(all[2]);
    ARRIVES(all[2], .flags = ACK, .seq = 1, .ack = 1, .text = 10);
    SENDS(all[2], .flags = ACK, .seq = 1, .ack = 11);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    SETTLES();
    STATE(all[0], SYN_RECEIVED, CLOSED, LISTENER_CLOSED);
    SENDS_NOTHING(all[0]);
    STATE(all[1], ESTABLISHED, CLOSED, LISTENER_CLOSED);
    SENDS(all[1], .flags = RST | ACK, .seq = 1, .ack = 1);
    STATE(all[2], ESTABLISHED, CLOSED, LISTENER_CLOSED);
    SENDS(all[2], .flags = RST | ACK, .seq = 1, .ack = 11);
    FORGET(peer_at(0)); /* the listener's own way to CLOSED */
    assert_int_equal(usage_of(LASTACK_POOL_CONNECTIONS).used, 0);
    assert_int_equal(usage_of(LASTACK_POOL_SYN_ENTRIES).used, 0);
    assert_int_equal(usage_of(LASTACK_POOL_PAGES).used, 0);
    ARRIVES(all[0], .flags = ACK, .seq = 1, .ack = 1); /* the third ACK comes too late */
    SENDS(all[0], .flags = RST, .seq = 1);
}

/* The peer has closed, or reset, before accept(): the first is accepted in CLOSE-WAIT with its
 * text; the second is still handed out, and its first read tells. */
TEST(gone_before_accept)
{
    peers_from(PEER_PORT, 2);
    LISTENS(5);
    opens(all[0]);
    ARRIVES(all[0], .flags = FIN | ACK, .seq = 1, .ack = 1, .text = 5);
    STATE(all[0], ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(all[0], .flags = ACK, .seq = 1, .ack = 7);
    assert_int_equal(row_of(all[0]).owner_kind, LASTACK_OWNER_ACCEPT_QUEUE);
    assert_in_range(row_of(all[0]).recv_q, 5, 6);
    opens(all[1]);
    ARRIVES(all[1], .flags = RST, .seq = 1);
    STATE(all[1], ESTABLISHED, CLOSED, RST);
    ACCEPTS(all[0]);
    READS(all[0], 5);
    READS_END(all[0]);
    CLOSES(all[0]);
    STATE(all[0], CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(all[0], .flags = FIN | ACK, .seq = 1, .ack = 7);
    ACCEPTS(all[1]);
    READS_ERROR(all[1], LASTACK_ECONNRESET);
}

/* A full descriptor table refuses accept(); the connection waits for the next try. */
TEST(accept_without_a_descriptor)
{
    struct lastack_config config;

    peer_config(&config);
    config.max_descriptors = 2;
    restart(&config);
    peers_from(PEER_PORT, 2);
    LISTENS(5);
    opens(all[0]);
    opens(all[1]);
    ACCEPTS(all[0]);
    assert_int_equal(lastack_accept(world.stack, world.listener, NULL), -LASTACK_EMFILE);
    assert_int_equal(lastack_last_cause(world.stack), LASTACK_CAUSE_NO_DESCRIPTOR_LEFT);
    assert_int_equal(row_of_listener().recv_q, 1);
    IS_IN(all[1], ESTABLISHED);
    CLOSES(all[0]);
    STATE(all[0], ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(all[0], .flags = FIN | ACK, .seq = 1, .ack = 1);
    ACCEPTS(all[1]);
}

/* What ss -i shows of a listener, and of what it accepted before and after it chose. */
TEST(a_row_names_the_algorithm)
{
    peers_from(PEER_PORT, 2);
    LISTENS(5);
    assert_string_equal(row_of_listener().congestion, "cubic"); /* the stack's */
    opens(all[0]);
    assert_true(listener_row.has_tcp_info);
    assert_int_equal(row_of_listener().tcp_info.tcpi_unacked, 1);
    assert_int_equal(listener_row.tcp_info.tcpi_sacked, 5);
    assert_int_equal(listener_row.tcp_info.tcpi_snd_cwnd, 10);
    assert_int_equal(listener_row.tcp_info.tcpi_state, TCP_LISTEN);
    assert_int_equal(lastack_set_congestion(world.stack, world.listener, "reno"), 0);
    assert_string_equal(row_of_listener().congestion, "reno");
    opens(all[1]);
    assert_string_equal(row_of(all[0]).congestion, "cubic");
    assert_int_equal(row_of(all[0]).tcp_info.tcpi_advmss, 1460); /* no timestamps */
    assert_string_equal(row_of(all[1]).congestion, "reno");
    ACCEPTS(all[0]);
    ACCEPTS(all[1]);
    assert_int_equal(lastack_set_congestion(world.stack, all[1]->fd, "cubic"), 0);
    assert_string_equal(row_of(all[1]).congestion, "cubic");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_full_accept_queue_drops),
        RUN(a_full_accept_queue_takes_no_text),
        RUN(a_full_accept_queue_resets_if_told_to),
        RUN(the_backlog_is_bounded_by_somaxconn),
        RUN(a_full_syn_queue_drops),
        RUN(a_closed_listener_leaves_nobody_behind),
        RUN(gone_before_accept),
        RUN(accept_without_a_descriptor),
        RUN(a_row_names_the_algorithm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
