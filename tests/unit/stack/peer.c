/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.c: the world of a test: the stack, its only link and the clock; begun afresh before each
 * test and brought to rest behind it. See peer.h.
 *
 *     peer_arrives.c  what the peers say            peer_sends.c  what the stack must answer
 *     peer_trace.c    states, rows and counters     peer_calls.c  sockets, and what they move
 *     peer_reach.c    connections in any state
 */
#define _GNU_SOURCE 1 /* mmap with MAP_ANONYMOUS */
#include "peer_world.h"

#include "tcp_header.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MTU_MOST = 9000, TRACE_RECORDS = 1 << 15, PEER_IRS = -16, REST_DAYS = 4 };

struct peer_world world;
struct peer peer_all[PEERS_MOST];
unsigned peer_count;
struct peer_waiting peer_queue[PEER_QUEUE_MOST];
uint32_t peer_queued;

/* The byte that stands at `at` (1 is the first one) in the text of either end. */
uint8_t peer_byte(uint32_t at, bool is_ours)
{
    return (uint8_t)((at * 2654435761u >> 13) + (is_ours ? 7 : 0));
}

void peer_config(struct lastack_config *config)
{
    lastack_config_default(config);
    config->max_connections = config->max_sockets = config->max_descriptors = 128;
    config->max_time_waits_ipv4 = config->max_time_waits_ipv6 = 128;
    config->max_syn_entries = 128;
    config->max_pages = 4096;
    config->max_ranges = 1024;
    config->max_replies = 128;
    config->max_endpoints = 256;
    config->trace_records = TRACE_RECORDS;
    config->trace_classes = LASTACK_TRACE_CLASS_STATE;
    for (unsigned i = 0; i < sizeof config->seed; i++)
        config->seed[i] = (uint8_t)(i * 7 + 3);
}

static void world_free(void)
{
    while (peer_queued > 0)
        free(peer_queue[--peer_queued].bytes);
    if (world.memory != NULL)
        assert_int_equal(munmap(world.memory, world.size), 0);
    world = (struct peer_world){.listener = -1};
    memset(peer_all, 0, sizeof peer_all);
    peer_count = 0;
}

void restart(const struct lastack_config *config)
{
    restart_with_mtu(config, MTU_USUAL);
}

void restart_with_mtu(const struct lastack_config *config, uint32_t mtu)
{
    const struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = mtu};
    const struct lastack_address ipv4 = lastack_ipv4(192, 0, 2, 1);
    struct lastack_address ipv6;
    size_t size;

    world_free();
    assert_true(mtu <= MTU_MOST);
    world.mtu = mtu;
    world.config = *config;
    world.now = world.mark = SEC(1000);
    size = lastack_size(config);
    assert_true(size > 0);
    /* A fresh mapping, as the contract wants it: zeroed, and only what is used exists. */
    world.memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(world.memory != MAP_FAILED);
    world.size = size;
    world.stack = lastack_create(config, world.memory, size, world.now);
    assert_non_null(world.stack);
    assert_int_equal(lastack_add_link(world.stack, &link), PEER_LINK);
    assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &ipv4, 24), 0);
    assert_true(lastack_address_parse("2001:db8::1", &ipv6));
    if (mtu >= 1280) /* RFC 8200 §5: below that there is no IPv6 */
        assert_int_equal(lastack_add_address(world.stack, PEER_LINK, &ipv6, 64), 0);
}

static struct peer *new_peer(uint16_t port, const char *local, const char *remote)
{
    struct peer *peer = &peer_all[peer_count++];

    assert_true(peer_count <= PEERS_MOST);
    *peer = (struct peer){.fd = -1, .irs = (uint32_t)PEER_IRS, .is_used = true};
    assert_true(lastack_address_parse(local, &peer->local.address));
    assert_true(lastack_address_parse(remote, &peer->remote.address));
    peer->local.port = STACK_PORT;
    peer->remote.port = port;
    return peer;
}

struct peer *peer_at(uint16_t port)
{
    return new_peer(port, "192.0.2.1", "192.0.2.9");
}

struct peer *peer_at_ipv6(uint16_t port)
{
    return new_peer(port, "2001:db8::1", "2001:db8::9");
}

/* ---- what the stack sends ---- */

struct peer *peer_of(const struct segment *seg)
{
    for (unsigned i = 0; i < peer_count; i++) {
        struct peer *peer = &peer_all[i];

        if (peer->remote.port == seg->tuple.local_port &&
            peer->local.port == seg->tuple.remote_port &&
            lastack_address_equal(&peer->remote.address, &seg->tuple.local))
            return peer;
    }
    return NULL;
}

void peer_parse_own(const struct peer_waiting *waiting, struct segment *seg,
                    struct ip_packet *packet)
{
    assert_int_equal(ip_parse(waiting->bytes, waiting->length, false, packet), LASTACK_CAUSE_NONE);
    assert_int_equal(packet->protocol, IP_PROTOCOL_TCP);
    assert_true(ip_payload_checksum_ok(packet));
    assert_int_equal(tcp_parse(packet, seg), LASTACK_CAUSE_NONE);
}

/* What must be true of every segment. */
static void check_wire(struct peer *peer, const struct segment *seg)
{
    const bool is_syn = (seg->flags & SYN) != 0;
    uint32_t window = seg->wnd;
    uint32_t edge;

    if (peer == NULL || seg->flags & RST)
        return;
    if (is_syn && !peer->has_iss) {
        peer->iss = seg->seq.v;
        peer->has_iss = true;
    }
    if (seg->options & OPTION_WINDOW_SCALE)
        peer->offered_shift = (uint8_t)(seg->window_scale + 1);
    if (seg->options & OPTION_TIMESTAMP)
        peer->ts_last = seg->ts_value;
    if (!is_syn && peer->has_timestamps) /* RFC 7323 §3.2 */
        assert_true(seg->options & OPTION_TIMESTAMP);
    if (!is_syn && !peer->has_timestamps)
        assert_false(seg->options & OPTION_TIMESTAMP);
    if (!(seg->flags & ACK))
        return;
    if (!is_syn && peer->has_shift && peer->offered_shift > 0)
        window <<= peer->offered_shift - 1;
    edge = seg->ack.v + window;
    if (peer->has_edge && peer->tells_short) /* RFC 7323 §2.4 */
        assert_true((int32_t)(edge - peer->edge) > -(1 << (peer->offered_shift - 1)));
    else if (peer->has_edge)
        assert_true((int32_t)(edge - peer->edge) >= 0); /* SHLD-14 */
    peer->edge = peer->has_edge && (int32_t)(edge - peer->edge) < 0 ? peer->edge : edge;
    peer->has_edge = true;
}

static void collect(const struct lastack_packet_out *out)
{
    struct peer_waiting *waiting = &peer_queue[peer_queued];
    struct ip_packet packet;
    struct segment seg;
    uint32_t length = 0;

    assert_true(peer_queued < PEER_QUEUE_MOST);
    assert_int_equal(out->link, PEER_LINK);
    assert_true(out->length <= world.mtu); /* the link takes no larger frames */
    *waiting = (struct peer_waiting){.at = world.now, .length = out->length};
    waiting->bytes = malloc(out->length);
    assert_non_null(waiting->bytes);
    for (unsigned i = 0; i < out->iov_count; i++) {
        memcpy(waiting->bytes + length, out->iov[i].base, out->iov[i].length);
        length += (uint32_t)out->iov[i].length;
    }
    assert_int_equal(length, out->length);
    peer_queued++;
    peer_parse_own(waiting, &seg, &packet);
    if (!packet.is_ipv6) /* RFC 1191 §6.3: DF on every packet */
        assert_int_equal((packet.header[6] & 0x40) != 0, world.config.params.path_mtu_discovery);
    check_wire(peer_of(&seg), &seg);
}

void SETTLES(void)
{
    struct lastack_packet_out packets[32];
    size_t count;

    while ((count = lastack_output(world.stack, packets, 32)) > 0) {
        for (size_t i = 0; i < count; i++)
            collect(&packets[i]);
    }
}

void AFTER(int64_t ns)
{
    const int64_t until = world.now + ns;

    for (;;) {
        const int64_t next = lastack_next_deadline(world.stack);

        if (next > until)
            break;
        world.now = max64(world.now, next);
        lastack_tick(world.stack, world.now);
        SETTLES();
    }
    world.now = until;
    lastack_tick(world.stack, until);
    SETTLES();
}

void NEW_LIFE(struct peer *peer)
{
    peer->has_iss = peer->has_edge = peer->has_timestamps = peer->has_shift = false;
    peer->offered_shift = 0;
    peer->written = peer->read = 0;
}

void MARK(void)
{
    world.mark = world.now;
}

/* ---- each test ---- */

int peer_setup(void **state)
{
    struct lastack_config config;

    (void)state;
    world.listener = -1;
    peer_config(&config);
    restart(&config);
    return 0;
}

/* No state without an exit: with nobody left at either end, everything comes to rest. */
static void check_rest(void)
{
    for (unsigned pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        const struct lastack_pool_usage usage = usage_of((enum lastack_pool)pool);

        if (usage.used != 0 && pool != LASTACK_POOL_NEIGHBORS && pool != LASTACK_POOL_PATHS)
            PEER_FAIL(__FILE__, __LINE__, "%u left in pool %s", (unsigned)usage.used, usage.name);
    }
    if (lastack_next_deadline(world.stack) != INT64_MAX)
        PEER_FAIL(__FILE__, __LINE__, "a deadline is still armed");
}

int peer_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < peer_count; i++) {
        peer_sends_nothing(&peer_all[i], __FILE__, __LINE__);
        peer_no_state(&peer_all[i], __FILE__, __LINE__);
    }
    assert_int_equal(peer_queued, 0); /* nothing to strangers either */
    for (int fd = 0; fd < (int)world.config.max_descriptors; fd++)
        (void)lastack_close(world.stack, fd);
    SETTLES();
    for (unsigned i = 0; i < REST_DAYS * 24; i++) {
        AFTER(SEC(3600));
        while (peer_queued > 0)
            free(peer_queue[--peer_queued].bytes);
    }
    check_rest();
    world_free();
    return 0;
}
