/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_truth_test.c: a thousand seeded connections between two stacks of ours, watched by infer,
 * and compared with what both ends say of themselves at each packet.
 *
 *     client ──▶ capture ── link: delay, loss, copies, overtaking ── server
 *
 * The capture is at the client's own link, as tcpdump's would be. What infer holds possible for
 * the sender of each packet must include the truth, and what it calls proven must be the truth:
 *
 *     - the client's packets are seen as they are sent: the truth is its row at that moment;
 *     - the server's are seen as they arrive, if they do: a state that it was in since it sent
 *       them.
 *
 * A state is that of the wire, as infer.h says: an end whose FIN waits behind unsent text is in
 * FIN-WAIT-1 for its stack and in ESTABLISHED for who sees its packets; if the peer's FIN comes
 * meanwhile, CLOSING for its stack, CLOSE-WAIT and LAST-ACK for the others.
 *
 * infer_model_test.c does the same with models that do wilder things; here it is the real stack.
 */
#include "infer.h"

#include "duration.h"
#include "ip_header.h"
#include "rng.h"
#include "sim_link.h"
#include "tcp_header.h"

#include <lastack/lastack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CLIENT, SERVER, ENDS, PORT = 80, FRAME = 2048, MOVES = 64, CONNECTIONS = 1000, EACH = 50 };

static const char *const addresses[ENDS] = {"192.0.2.2", "192.0.2.1"};

struct host {
    struct lastack *stack;
    void *memory;
    struct sim_link out;
    int fd;
    bool has_ended;             /* it read the peer's end, or an error */
    bool has_sent_fin, is_late; /* its FIN; which it sent after the peer's had arrived */
    /* the states it was in, and since when */
    enum tcp_state state[MOVES];
    int64_t since[MOVES];
    unsigned moves;
};

static struct world {
    struct rng rng;
    int64_t now;
    struct host host[ENDS];
    int listener;
    uint16_t client_port;
    struct infer infer;
    uint64_t seed, seen, proven;
    unsigned reached; /* states that were proven, as bits */
} world;

/* A frame on its way to the client, and when it was sent: in front of the frame itself. */
struct stamped {
    int64_t sent_at;
    uint8_t frame[FRAME];
};

/* ---- the truth ---- */

static bool is_state(void *context, const struct lastack_connection_row *row)
{
    if (row->local.port != world.client_port && row->remote.port != world.client_port)
        return true;
    *(enum tcp_state *)context = (enum tcp_state)row->state;
    return false;
}

static enum tcp_state true_state(unsigned end)
{
    enum tcp_state state = TCP_CLOSED;
    uint64_t cursor = 0;

    lastack_rows(world.host[end].stack,
                 LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_TIME_WAIT | LASTACK_ROWS_SYN, &cursor,
                 is_state, &state);
    return state;
}

/* As its packets can tell. */
static enum tcp_state wire_state(unsigned end)
{
    const struct host *host = &world.host[end];
    const enum tcp_state state = true_state(end);

    if (!host->has_sent_fin)
        return state == TCP_FIN_WAIT_1                         ? TCP_ESTABLISHED
               : state == TCP_CLOSING || state == TCP_LAST_ACK ? TCP_CLOSE_WAIT
                                                               : state;
    if (!host->is_late)
        return state;
    return state == TCP_CLOSING ? TCP_LAST_ACK : state == TCP_TIME_WAIT ? TCP_CLOSED : state;
}

/* Every move of the host's state since the last look. */
static void look(unsigned end)
{
    struct host *host = &world.host[end];
    const enum tcp_state state = wire_state(end);

    if (host->moves > 0 && host->state[(host->moves - 1) % MOVES] == state)
        return;
    host->state[host->moves % MOVES] = state;
    host->since[host->moves % MOVES] = world.now;
    host->moves++;
}

/* It was in `state` at `since`, or later. */
static bool was_in(const struct host *host, enum tcp_state state, int64_t since)
{
    for (unsigned i = host->moves; i > 0 && host->moves - i < MOVES; i--) {
        if (host->state[(i - 1) % MOVES] == state)
            return true;
        if (host->since[(i - 1) % MOVES] < since)
            return false;
    }
    return false;
}

/* ---- the capture ---- */

static void capture(unsigned from, const uint8_t *frame, uint32_t length, int64_t sent_at)
{
    struct infer_packet packet = {.at = world.now, .from = from};
    struct host *host = &world.host[from];
    struct infer_remark remark;
    struct ip_packet ip;
    enum tcp_state proven;
    uint16_t possible;

    assert_int_equal(ip_parse(frame, length, true, &ip), LASTACK_CAUSE_NONE);
    assert_int_equal(tcp_parse(&ip, &packet.segment), LASTACK_CAUSE_NONE);
    packet.ip_id = load16(ip.header + 4);
    look(from);
    infer_see(&world.infer, &packet, &remark);
    possible = infer_possible(&remark.sender);
    proven = infer_proven(&remark.sender);
    world.seen++;
    if (possible == 0 || (packet.segment.flags & LASTACK_RST && wire_state(from) == TCP_CLOSED))
        return; /* nothing is claimed; or a RST, whose sender has forgotten what it was */
    if (from == CLIENT && (possible & 1u << wire_state(from)) == 0)
        fail_msg("seed %llu, at %lld ms: the client is %s, possible %x",
                 (unsigned long long)world.seed, (long long)(world.now / MS(1)),
                 lastack_state_text(true_state(from)), possible);
    if (proven == 0)
        return;
    world.proven++;
    world.reached |= 1u << proven;
    if (from == CLIENT ? proven != wire_state(from) : !was_in(host, proven, sent_at))
        fail_msg("seed %llu, at %lld ms: %s is %s, not %s as is said to be proven",
                 (unsigned long long)world.seed, (long long)(world.now / MS(1)),
                 from == CLIENT ? "the client" : "the server", lastack_state_text(true_state(from)),
                 lastack_state_text(proven));
}

/* ---- the world ---- */

/* The packet that leaves is, or is not, this end's first FIN. */
static void note_fin(unsigned end, const uint8_t *frame, uint32_t length)
{
    struct host *host = &world.host[end];
    struct ip_packet ip;
    struct segment seg;

    assert_int_equal(ip_parse(frame, length, true, &ip), LASTACK_CAUSE_NONE);
    assert_int_equal(tcp_parse(&ip, &seg), LASTACK_CAUSE_NONE);
    if (!(seg.flags & LASTACK_FIN) || host->has_sent_fin)
        return;
    host->has_sent_fin = true;
    host->is_late = true_state(end) == TCP_CLOSING || true_state(end) == TCP_TIME_WAIT;
}

static void collect(unsigned end, const struct lastack_packet_out *out)
{
    struct stamped stamped = {.sent_at = world.now};
    uint32_t length = 0;

    assert_true(out->length <= FRAME);
    for (unsigned i = 0; i < out->iov_count; i++) {
        memcpy(stamped.frame + length, out->iov[i].base, out->iov[i].length);
        length += (uint32_t)out->iov[i].length;
    }
    note_fin(end, stamped.frame, length);
    look(end);
    if (end == CLIENT)
        capture(CLIENT, stamped.frame, length, world.now);
    sim_link_send(&world.host[end].out, world.now, &stamped,
                  (uint32_t)offsetof(struct stamped, frame) + length);
}

static void settle(void)
{
    struct lastack_packet_out out;
    struct lastack_event event;

    for (unsigned end = 0; end < ENDS; end++) {
        look(end);
        while (lastack_output(world.host[end].stack, &out, 1) > 0)
            collect(end, &out);
        while (lastack_next_event(world.host[end].stack, &event))
            continue;
        look(end);
    }
}

static void deliver(unsigned to)
{
    struct sim_frame frame;

    while (sim_link_receive(&world.host[1 - to].out, world.now, &frame)) {
        const uint8_t *bytes = frame.data + offsetof(struct stamped, frame);
        const uint32_t length = frame.length - (uint32_t)offsetof(struct stamped, frame);
        const struct lastack_packet_in in = {bytes, length, 1, 0};
        int64_t sent_at;

        memcpy(&sent_at, frame.data, sizeof sent_at);
        if (to == CLIENT)
            capture(SERVER, bytes, length, sent_at);
        lastack_input(world.host[to].stack, world.now, &in, 1);
        free(frame.data);
        settle();
    }
}

static int64_t next_thing(void)
{
    int64_t next = NEVER;

    for (unsigned end = 0; end < ENDS; end++) {
        next = min64(next, lastack_next_deadline(world.host[end].stack));
        next = min64(next, sim_link_next(&world.host[end].out));
    }
    return max64(next, world.now);
}

static void run_until(int64_t until)
{
    int64_t next;

    settle();
    while ((next = next_thing()) <= until) {
        world.now = next;
        for (unsigned end = 0; end < ENDS; end++) {
            lastack_tick(world.host[end].stack, world.now);
            settle();
            deliver(end);
        }
    }
    world.now = until;
}

static void open_host(unsigned end, const struct sim_recipe *recipe)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = 1500};
    struct host *host = &world.host[end];
    struct lastack_address address;
    struct lastack_config config;
    size_t size;

    lastack_config_default(&config);
    config.max_connections = config.max_sockets = config.max_descriptors = 16;
    config.max_time_waits_ipv4 = config.max_time_waits_ipv6 = 128;
    config.max_syn_entries = config.max_replies = config.max_endpoints = 64;
    config.max_pages = config.max_ranges = 256;
    config.max_reassemblies = 0;
    memcpy(config.seed, &world.seed, sizeof world.seed);
    config.seed[15] = (uint8_t)end;
    size = lastack_size(&config);
    host->memory = aligned_alloc(64, (size + 63) & ~(size_t)63);
    assert_non_null(host->memory);
    memset(host->memory, 0, size);
    host->stack = lastack_create(&config, host->memory, size, world.now);
    assert_non_null(host->stack);
    assert_int_equal(lastack_add_link(host->stack, &link), 1);
    assert_true(lastack_address_parse(addresses[end], &address));
    assert_int_equal(lastack_add_address(host->stack, 1, &address, 24), 0);
    sim_link_init(&host->out, recipe, world.seed * 2 + end);
}

static void draw_recipe(struct sim_recipe *recipe)
{
    static const uint32_t levels[] = {0, 0, 10000, 100000, 200000};

    *recipe = (struct sim_recipe){.delay_ns = MS(1 + rng_below(&world.rng, 60)),
                                  .jitter_ns = MS(rng_below(&world.rng, 10)),
                                  .loss_ppm = levels[rng_below(&world.rng, 5)],
                                  .duplicate_ppm = levels[rng_below(&world.rng, 4)],
                                  .reorder_ppm = levels[rng_below(&world.rng, 5)],
                                  .reorder_ns = MS(1 + rng_below(&world.rng, 50))};
}

static void open_world(uint64_t seed)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), PORT};
    struct sim_recipe recipe;
    struct lastack *server;

    world.seed = seed;
    world.now = SEC(1000);
    rng_init(&world.rng, seed);
    draw_recipe(&recipe);
    for (unsigned end = 0; end < ENDS; end++)
        open_host(end, &recipe);
    server = world.host[SERVER].stack;
    world.listener = lastack_socket(server, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_bind(server, world.listener, &any), 0);
    assert_int_equal(lastack_listen(server, world.listener, 4), 0);
}

static void close_world(void)
{
    for (unsigned end = 0; end < ENDS; end++) {
        sim_link_free(&world.host[end].out);
        free(world.host[end].memory);
    }
}

/* ---- the programs ---- */

static void act(unsigned end)
{
    static const uint8_t text[4000];
    struct host *host = &world.host[end];
    const uint32_t what = rng_below(&world.rng, 100);
    uint8_t buffer[4096];
    int64_t got = 0;

    if (host->fd < 0)
        return;
    while (what % 4 != 0 && (got = lastack_recv(host->stack, host->fd, buffer, 4096, 0)) > 0)
        continue;
    host->has_ended = host->has_ended || (what % 4 != 0 && got != -LASTACK_EAGAIN);
    if (what < 30) {
        (void)lastack_send(host->stack, host->fd, text, 1 + rng_below(&world.rng, 3999), 0);
    } else if (what < 36) {
        (void)lastack_shutdown(host->stack, host->fd, LASTACK_SHUT_WR);
    } else if (what < 38) {
        (void)lastack_abort(host->stack, host->fd);
    } else if (what < 44 || (host->has_ended && what < 70)) {
        assert_int_equal(lastack_close(host->stack, host->fd), 0);
        host->fd = -1;
    }
}

static void dial(void)
{
    struct host *client = &world.host[CLIENT];
    struct lastack_endpoint remote = {.port = PORT}, local;

    assert_true(lastack_address_parse(addresses[SERVER], &remote.address));
    client->fd = lastack_socket(client->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_int_equal(lastack_connect(client->stack, client->fd, &remote), -LASTACK_EINPROGRESS);
    assert_int_equal(lastack_getsockname(client->stack, client->fd, &local), 0);
    world.client_port = local.port;
    world.host[SERVER].fd = -1;
    for (unsigned end = 0; end < ENDS; end++) {
        world.host[end].moves = 0;
        world.host[end].has_ended = world.host[end].has_sent_fin = false;
        world.host[end].is_late = false;
    }
    infer_init(&world.infer);
    infer_distrust(&world.infer, SERVER); /* its packets cross the link before they are seen */
}

/* One connection, from its SYN until both ends have forgotten it. */
static void live(void)
{
    struct host *server = &world.host[SERVER];
    unsigned turns = 0;

    dial();
    settle();
    while (world.host[CLIENT].fd >= 0 || server->fd >= 0 || turns < 4) {
        run_until(world.now + MS(1 + rng_below(&world.rng, 80)));
        if (server->fd < 0)
            server->fd = lastack_accept(server->stack, world.listener, NULL);
        act(CLIENT);
        act(SERVER);
        settle();
        assert_true(++turns < 100000);
    }
    run_until(world.now + SEC(300));
    for (;;) { /* nobody took it: it is closed unread */
        const int fd = lastack_accept(server->stack, world.listener, NULL);

        if (fd < 0)
            break;
        assert_int_equal(lastack_close(server->stack, fd), 0);
    }
    run_until(world.now + SEC(2000));
}

static void a_thousand_connections(void **state)
{
    /* not SYN-RECEIVED: a SYN-ACK seen behind the link may be an old one, repeated */
    const unsigned all = 1u << TCP_SYN_SENT | 1u << TCP_ESTABLISHED | 1u << TCP_FIN_WAIT_1 |
                         1u << TCP_FIN_WAIT_2 | 1u << TCP_CLOSE_WAIT | 1u << TCP_CLOSING |
                         1u << TCP_LAST_ACK | 1u << TCP_TIME_WAIT;

    (void)state;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        if (i % EACH == 0)
            open_world(1 + i / EACH);
        live();
        if (i % EACH == EACH - 1)
            close_world();
    }
    print_message("%llu of %llu packets proved a state\n", (unsigned long long)world.proven,
                  (unsigned long long)world.seen);
    assert_int_equal(world.reached & all, all);
    assert_true(world.proven * 2 > world.seen); /* "unknown" is allowed, and rare enough */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_thousand_connections)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
