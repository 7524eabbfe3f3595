/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full_link_test.c: S17. The transmit queue is really full for five seconds, of older packets,
 * while a FIN is not acknowledged.
 *
 *     stack ─▶ host_link ─▶ socket pair [ older | older ... full ] ─▶ the test, a scripted peer
 *
 * Required: the timers go on as the row shows them; as soon as there is room the FIN leaves; the
 * retransmissions after that leave at the instants that the row showed; and the processor sleeps
 * meanwhile. Takes about seven seconds of real time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "check.h"
#include "checksum.h"
#include "duration.h"
#include "event_loop.h"
#include "ip_header.h"
#include "stack_memory.h"
#include "tcp_header.h"

#include <lastack/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 9, PEER_PORT = 4000, OLDER = 1400 };

#define FULL_FOR_NS SEC(5)

static struct stack_memory memory;
static struct lastack *stack;
static struct event_loop *loop;
static struct host_link link_;
static int peer;

/* ---- the device: a socket pair, whose queue is the transmit queue ---- */

static unsigned sends;

static int pair_receive(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags)
{
    ssize_t got = recv(link->fd, buffer, size, MSG_DONTWAIT);

    (void)flags;
    return got < 0 ? -errno : got == 0 ? -EBADFD : (int)got;
}

static int pair_send(struct host_link *link, const struct lastack_packet_out *packet)
{
    uint8_t bytes[2048];
    size_t length = 0;

    sends++;
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(bytes + length, packet->iov[i].base, packet->iov[i].length);
        length += packet->iov[i].length;
    }
    return send(link->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static const struct host_link_ops pair_ops = {"pair", pair_receive, pair_send};

/* ---- the scripted peer ---- */

static struct lastack_address address(unsigned host)
{
    return lastack_ipv4(192, 0, 2, (uint8_t)host);
}

static void peer_sends(uint32_t seq, uint32_t ack, uint16_t flags)
{
    struct segment segment = {.seq = {seq}, .ack = {ack}, .flags = flags, .wnd = 65535};
    struct ip_build ip = {
        .source = address(2), .destination = address(1), .protocol = 6, .ttl = 64};
    uint8_t packet[IPV4_HEADER + TCP_HEADER_MAX];
    unsigned length;

    segment.tuple.local_port = PEER_PORT;
    segment.tuple.remote_port = PORT;
    length = tcp_build(&segment, LASTACK_OPTIONS_LINUX, packet + IPV4_HEADER);
    tcp_store_checksum(packet + IPV4_HEADER, length, &ip.source, &ip.destination, length, 0);
    ip.payload_length = length;
    ip_build(&ip, packet);
    assert_int_equal(send(peer, packet, IPV4_HEADER + length, 0), IPV4_HEADER + length);
}

/* The next TCP segment that has reached the peer; false: none. Older packets (the fill) are no IP.
 * */
static bool peer_hears(struct segment *segment)
{
    static uint8_t bytes[2048];
    struct ip_packet packet;
    ssize_t got;

    while ((got = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        if (bytes[0] == 0xff)
            continue;
        assert_int_equal(ip_parse(bytes, (size_t)got, false, &packet), LASTACK_CAUSE_NONE);
        assert_int_equal(tcp_parse(&packet, segment), LASTACK_CAUSE_NONE);
        assert_true(ip_payload_checksum_ok(&packet));
        return true;
    }
    return false;
}

/* Fills the queue with older packets until it takes no more. */
static void fill_queue(void)
{
    uint8_t older[OLDER];

    memset(older, 0xff, sizeof older);
    while (send(link_.fd, older, sizeof older, MSG_DONTWAIT) > 0)
        ;
    assert_int_equal(errno, EAGAIN);
}

/* A busy machine may give us no time for long: how long at the most, as seen so far. */
static int64_t longest_pause, ran_until;

static int64_t go_on(void)
{
    const int64_t now = event_loop_clock();

    if (ran_until != 0)
        longest_pause = max64(longest_pause, now - ran_until);
    return now;
}

static void run_for(int64_t ns)
{
    const int64_t begun = go_on();

    event_loop_run(loop, begun + ns);
    ran_until = event_loop_clock();
    longest_pause = max64(longest_pause, ran_until - begun - ns);
}

/* How late things may be that happen in time. */
static int64_t tolerance(void)
{
    return MS(60) + 2 * longest_pause;
}

/* ---- the stack's side ---- */

static int open_listener(void)
{
    struct lastack_endpoint any = {.address = lastack_ipv4(0, 0, 0, 0), .port = PORT};
    int listener = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    assert_true(listener >= 0);
    assert_int_equal(lastack_bind(stack, listener, &any), 0);
    assert_int_equal(lastack_listen(stack, listener, 5), 0);
    return listener;
}

static bool take_row(void *context, const struct lastack_connection_row *row)
{
    *(struct lastack_connection_row *)context = *row;
    return false;
}

static int64_t row_time; /* from when what row_now shows is left */

static struct lastack_connection_row row_now(void)
{
    struct lastack_connection_row row = {.state = 0};
    uint64_t cursor = 0;

    row_time = go_on();
    lastack_tick(stack, row_time);
    (void)lastack_rows(stack, LASTACK_ROWS_CONNECTIONS, &cursor, take_row, &row);
    return row;
}

static void start(void)
{
    struct lastack_link_config config = {.kind = LASTACK_LINK_IP, .name = "pair", .mtu = 1500};
    struct event_loop_hooks hooks = {.context = NULL};
    struct lastack_address own = address(1);
    struct lastack_config limits;
    struct trouble trouble;
    int fds[2];

    lastack_config_default(&limits);
    stack = stack_memory_create(&memory, &limits, event_loop_clock(), &trouble);
    assert_non_null(stack);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    peer = fds[1];
    host_link_init(&link_, &pair_ops, fds[0], &config);
    loop = event_loop_create(stack, &hooks, &trouble);
    assert_non_null(loop);
    assert_true(event_loop_add_link(loop, &link_, &trouble));
    assert_int_equal(lastack_add_address(stack, link_.number, &own, 24), 0);
}

/* The handshake; returns our ISS. */
static uint32_t shake_hands(void)
{
    struct segment synack;
    bool is_heard = false;

    peer_sends(1000, 0, LASTACK_SYN);
    for (int i = 0; i < 500 && !(is_heard = peer_hears(&synack)); i++)
        run_for(MS(20));
    assert_true(is_heard);
    assert_int_equal(synack.flags, LASTACK_SYN | LASTACK_ACK);
    peer_sends(1001, synack.seq.v + 1, LASTACK_ACK);
    for (int i = 0; i < 500 && row_now().state != TCP_ESTABLISHED; i++)
        run_for(MS(20));
    return synack.seq.v;
}

/* Lets `until` come and follows the row meanwhile: its deadline must be kept and must move back by
 * doubling. Returns when the next one is due. */
static int64_t follow_deadlines(int64_t until, unsigned *fired)
{
    struct lastack_connection_row row = row_now();
    int64_t due = row_time + row.timer_left_ns, pause = row.timer_left_ns;

    *fired = 0;
    while (event_loop_clock() < until) {
        int64_t next;

        run_for(MS(20));
        row = row_now();
        next = row_time + row.timer_left_ns;
        assert_int_equal(row.state, TCP_FIN_WAIT_1);
        assert_int_equal(row.timer, LASTACK_TIMER_RETRANSMIT);
        if (next > due + MS(10)) { /* it fired: when it had said, and twice as long now */
            assert_true(row_time >= due);
            assert_in_range(next - due, 19 * pause / 10 - tolerance(),
                            21 * pause / 10 + tolerance());
            pause = *fired == 0 ? next - due : 2 * pause;
            due = next;
            ++*fired;
        }
    }
    return due;
}

static void expect_fin(uint32_t seq)
{
    struct segment segment;

    assert_true(peer_hears(&segment));
    assert_true(segment.flags & LASTACK_FIN);
    assert_int_equal(segment.seq.v, seq);
}

static int64_t processor_ns(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return SEC(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           US(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void a_fin_behind_a_full_queue(void **state)
{
    struct segment segment;
    int64_t closed_at, room_at, due, processor;
    unsigned fired;
    uint32_t iss;
    int listener, connection;

    (void)state;
    start();
    listener = open_listener();
    iss = shake_hands();
    connection = lastack_accept(stack, listener, NULL);
    assert_true(connection >= 0);

    fill_queue();
    processor = processor_ns();
    closed_at = event_loop_clock();
    lastack_tick(stack, closed_at);
    assert_int_equal(lastack_close(stack, connection), 0);
    event_loop_settle(loop);
    assert_int_equal(link_.state, HOST_LINK_FULL); /* the FIN met the full queue */
    sends = 0;
    due = follow_deadlines(closed_at + FULL_FOR_NS, &fired);
    assert_in_range(fired, 3, 6); /* 0.2, 0.6, 1.4, 3.0 s ... */
    assert_true(processor_ns() - processor < SEC(1));
    assert_true(sends < 200); /* asked by the clock at the most every 64 ms, not spinning */

    while (peer_hears(&segment)) /* room */
        fail_msg("a segment overtook the full queue");
    room_at = event_loop_clock();
    while (link_.state != HOST_LINK_READY)
        run_for(MS(1));
    assert_true(ran_until - room_at < tolerance());
    run_for(MS(5));
    expect_fin(iss + 1); /* at once */
    while (peer_hears(&segment))
        assert_int_equal(segment.seq.v,
                         iss + 1); /* what fell due meanwhile, at the most once more */
    print_message(
        "full for %.3f s, %u timeouts meanwhile; the FIN left %.1f ms after there was room\n",
        (double)(room_at - closed_at) / 1e9, fired, (double)(event_loop_clock() - room_at) / 1e6);

    assert_true(due > event_loop_clock());
    assert_true(due < room_at + SEC(4));
    for (bool is_heard = false; !is_heard; is_heard = peer_hears(&segment)) {
        assert_true(ran_until < due + tolerance());
        run_for(MS(2));
    }
    assert_true(event_loop_clock() >= due - MS(5)); /* not before its instant */
    print_message("the next one left %.1f ms from the instant that the row had shown\n",
                  (double)(event_loop_clock() - due) / 1e6);
    assert_true(segment.flags & LASTACK_FIN);

    peer_sends(1001, iss + 2, LASTACK_ACK);
    for (int i = 0; i < 500 && row_now().state != 0; i++)
        run_for(MS(20));
    assert_int_equal(row_now().state, 0); /* an orphan in FIN-WAIT-2: a record */
    event_loop_destroy(loop);
    close(peer);
    stack_memory_release(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fin_behind_a_full_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
