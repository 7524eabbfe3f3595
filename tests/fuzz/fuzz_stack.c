/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_stack.c: the whole stack as a program and a hostile network see it.
 *
 *     tape ─▶ operation: a segment made up from what was overheard, raw bytes, an ICMP error,
 *             socket calls, time, a full link, kill ─▶ stack ─▶ packets, events, rows: looked at
 *
 * The peer overhears what the stack sends, so that made-up segments land near the windows;
 * checksums are right except where an operation breaks them. The pools are small, so that every
 * refusal is met.
 *
 * Asked after every operation:
 *   - what is sent is well-formed, no larger than the link allows, with right checksums;
 *   - output, events and rows end; a tick leaves no deadline in the past;
 *   - no pool is above its limit, every table agrees with every other (lastack_check).
 * Asked at the end, when every descriptor is closed and the network is silent:
 *   - time alone brings every pool back to empty: no state without an exit.
 * Now and then the input is played twice: the trace hash must be the same.
 *
 * FUZZ_TRACE=1 tells the story of an input; FUZZ_COVERAGE=1 counts, over all inputs of a run, the
 * moves of the diagram that were made, and fails where a state was never reached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "duration.h"
#include "fuzz.h"
#include "ip_header.h"
#include "policy_mix.h"
#include "tcp_header.h"

#include <lastack/lastack.h>

enum {
    LINK = 1,
    MTU = 1500,
    OVERHEARD = 8, /* tuples that the peer remembers */
    DESCRIPTORS = 12,
    OUTPUT_MAX = 512, /* packets in answer to one operation */
    EVENTS_MAX = 256,
    OPERATIONS_MAX = 400,
    DEADLINES_MAX = 60000,
};

/* One side of a conversation as the peer knows it from listening. */
struct overheard {
    struct lastack_endpoint here, there; /* the stack's end, the peer's end */
    struct seq nxt;                      /* after the last byte the stack sent */
    struct seq ack;                      /* what the stack acknowledged last */
    uint32_t ts_value;
};

struct world {
    struct lastack *stack;
    int64_t now;
    struct overheard heard[OVERHEARD];
    unsigned heard_next;
    uint8_t last[MTU]; /* the last packet sent, for ICMP errors to quote and for reflection */
    size_t last_length;
};

/* ---- the stack under test */

static void configure(struct lastack_config *config, struct tape *tape)
{
    lastack_config_default(config);
    config->seed[0] = 7;
    config->max_connections = 6;
    config->max_time_waits_ipv4 = 5;
    config->max_time_waits_ipv6 = 3;
    config->max_syn_entries = 5;
    config->max_sockets = 10;
    config->max_descriptors = DESCRIPTORS;
    config->max_pages = 24;
    config->page_size = 1024;
    config->max_ranges = 16;
    config->max_replies = 6;
    config->max_endpoints = 12;
    config->max_links = 2;
    config->max_routes = 6;
    config->max_addresses = 6;
    config->max_neighbors = 4;
    config->max_paths = 4;
    config->max_udp_sockets = 2;
    config->udp_queue_bytes = 2048;
    config->max_watches = 4;
    config->max_reassemblies = 2;
    config->max_syn_budgets = 8;
    config->trace_hash = true;
    config->trace_records = 256;
    config->trace_classes = UINT32_MAX;
    mix_policies(&config->params, tape);
}

static struct lastack_address here_address(bool is_ipv6)
{
    struct lastack_address address = lastack_ipv4(192, 0, 2, 1);
    if (is_ipv6)
        CHECK(lastack_address_parse("2001:db8::1", &address));
    return address;
}

static struct lastack_address there_address(bool is_ipv6, unsigned host)
{
    struct lastack_address address = lastack_ipv4(192, 0, 2, (uint8_t)(2 + host % 2));
    if (is_ipv6) {
        CHECK(lastack_address_parse("2001:db8::2", &address));
        address.bytes[15] = (uint8_t)(2 + host % 2);
    }
    return address;
}

static void create(struct world *world, struct tape *tape)
{
    struct lastack_config config;
    configure(&config, tape);
    size_t size = lastack_size(&config);
    CHECK(size > 0);
    memset(world, 0, sizeof *world);
    /* The same for every input: fresh pages would cost more than the stack does. */
    static void *memory;
    if (memory == NULL)
        memory = aligned_alloc(64, (size + 63) / 64 * 64);
    CHECK(memory != NULL);
    memset(memory, 0, size); /* as the contract asks */
    world->stack = lastack_create(&config, memory, size, 0);
    CHECK(world->stack != NULL);
    struct lastack_link_config link = {.kind = LASTACK_LINK_IP, .name = "wire", .mtu = MTU};
    CHECK(lastack_add_link(world->stack, &link) == LINK);
    for (int v6 = 0; v6 < 2; v6++) {
        struct lastack_address address = here_address(v6);
        CHECK(lastack_add_address(world->stack, LINK, &address, v6 ? 64 : 24) == 0);
    }
}

/* ---- what the stack says is looked at */

static void overhear(struct world *world, const struct segment *segment)
{
    struct overheard *heard = NULL;
    /* Parsed as if it had arrived: local is the destination, which is the peer. */
    const struct lastack_endpoint here = tuple_remote(&segment->tuple);
    const struct lastack_endpoint there = tuple_local(&segment->tuple);
    for (int i = 0; i < OVERHEARD && heard == NULL; i++)
        if (memcmp(&world->heard[i].here, &here, sizeof here) == 0 &&
            memcmp(&world->heard[i].there, &there, sizeof there) == 0)
            heard = &world->heard[i];
    if (heard == NULL)
        heard = &world->heard[world->heard_next++ % OVERHEARD];
    heard->here = here;
    heard->there = there;
    heard->nxt = seq_add(segment->seq, segment->len);
    if (segment->flags & LASTACK_ACK)
        heard->ack = segment->ack;
    if (segment->options & OPTION_TIMESTAMP)
        heard->ts_value = segment->ts_value;
}

static void look_at_packet(struct world *world, const struct lastack_packet_out *out)
{
    size_t length = 0;
    CHECK(out->link == LINK && out->length <= MTU && out->gso_size == 0);
    CHECK(out->iov_count >= 1 && out->iov_count <= LASTACK_IOV_MAX && out->flags == 0);
    for (unsigned i = 0; i < out->iov_count; i++) {
        CHECK(out->iov[i].length <= MTU - length);
        memcpy(world->last + length, out->iov[i].base, out->iov[i].length);
        length += out->iov[i].length;
    }
    CHECK(length == out->length);
    world->last_length = length;

    struct ip_packet packet;
    struct segment segment;
    CHECK(ip_parse(world->last, length, false, &packet) == LASTACK_CAUSE_NONE);
    CHECK(packet.packet_length == length && ip_payload_checksum_ok(&packet));
    if (packet.protocol != IP_PROTOCOL_TCP)
        return;
    CHECK(tcp_parse(&packet, &segment) == LASTACK_CAUSE_NONE);
    CHECK(segment.tuple.local_port != 0 && segment.tuple.remote_port != 0);
    CHECK((segment.flags & (LASTACK_SYN | LASTACK_FIN)) != (LASTACK_SYN | LASTACK_FIN));
    CHECK(!(segment.flags & LASTACK_RST) || segment.text_length == 0);
    overhear(world, &segment);
}

static bool count_row(void *context, const struct lastack_connection_row *row)
{
    unsigned *rows = context;
    CHECK(row->protocol == LASTACK_PROTOCOL_TCP || row->protocol == LASTACK_PROTOCOL_UDP);
    CHECK(row->cause < LASTACK_CAUSE_COUNT && row->timer < LASTACK_TIMER_COUNT);
    return ++*rows < 64;
}

static void settle_world(struct world *world)
{
    struct lastack_packet_out out[4];
    struct lastack_event event;
    size_t got, packets = 0, events = 0;
    while ((got = lastack_output(world->stack, out, 4)) > 0) {
        CHECK(got <= 4 && (packets += got) <= OUTPUT_MAX);
        for (size_t i = 0; i < got; i++)
            look_at_packet(world, &out[i]);
    }
    while (lastack_next_event(world->stack, &event))
        CHECK(++events <= EVENTS_MAX && event.kinds != 0 && event.descriptor < DESCRIPTORS);
    for (int pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;
        lastack_pool_usage(world->stack, (enum lastack_pool)pool, &usage);
        CHECK(usage.used <= usage.limit && usage.used <= usage.peak && usage.name != NULL);
    }
    lastack_check(world->stack);
}

/* ---- operations: the network */

static void arrive(struct world *world, const uint8_t *bytes, size_t length, bool is_trusted)
{
    /* On the heap and exact: a byte read too far is a report of the sanitizer. */
    uint8_t *exact = malloc(length > 0 ? length : 1);
    CHECK(exact != NULL);
    memcpy(exact, bytes, length);
    struct lastack_packet_in in = {exact, length, LINK, is_trusted ? LASTACK_CHECKSUM_TRUSTED : 0};
    lastack_input(world->stack, world->now, &in, 1);
    memset(exact, 0xa5, length); /* the stack may not have kept a pointer */
    free(exact);
}

static void options_of(struct segment *segment, struct tape *tape, const struct overheard *heard,
                       int64_t now)
{
    uint8_t wanted = tape_u8(tape);
    if (segment->flags & LASTACK_SYN) {
        if (wanted & 1) {
            segment->options |= OPTION_MSS;
            segment->mss = tape_u16(tape);
        }
        if (wanted & 2) {
            segment->options |= OPTION_WINDOW_SCALE;
            segment->window_scale = wanted >> 4;
        }
        if (wanted & 4)
            segment->options |= OPTION_SACK_PERMITTED;
    } else if (wanted & 4) {
        segment->options |= OPTION_SACK;
        segment->sack_count = 1;
        segment->sack[0].from = seq_sub(heard->nxt, tape_u8(tape));
        segment->sack[0].to = seq_add(segment->sack[0].from, tape_u8(tape));
    }
    if (wanted & 8) {
        segment->options |= OPTION_TIMESTAMP;
        segment->ts_value = (uint32_t)(now / MS(1)) + 1000 - 32 + tape_u8(tape) % 64;
        segment->ts_echo = heard->ts_value - (wanted >> 6);
    }
}

static size_t put_packet(uint8_t *bytes, const struct segment *segment, const uint8_t *text)
{
    uint8_t header[TCP_HEADER_MAX];
    unsigned header_length = tcp_build(segment, LASTACK_OPTIONS_LINUX, header);
    uint32_t length = header_length + segment->text_length;
    tcp_store_checksum(header, header_length, &segment->tuple.local, &segment->tuple.remote,
                       length, checksum_add(0, text, segment->text_length));
    struct ip_build ip = {.source = segment->tuple.local,
                          .destination = segment->tuple.remote,
                          .payload_length = length,
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64};
    unsigned ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, header_length);
    if (segment->text_length > 0)
        memcpy(bytes + ip_length + header_length, text, segment->text_length);
    return ip_length + length;
}

/* A segment near the windows of an overheard conversation, or a new one to port 80 or 81. */
static void made_up_segment(struct world *world, struct tape *tape)
{
    static const uint8_t text[256];
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    struct overheard fresh = {{here_address(false), 80}, {there_address(false, 0), 0}, {0}, {0}, 0};
    uint8_t shape = tape_u8(tape);
    if (heard->here.port == 0 || (shape & 3) == 0) {
        bool is_ipv6 = (shape & 4) != 0;
        fresh.here =
            (struct lastack_endpoint){here_address(is_ipv6), (uint16_t)(80 + (shape >> 3 & 1))};
        fresh.there = (struct lastack_endpoint){there_address(is_ipv6, shape >> 4),
                                                (uint16_t)(40000 + (shape >> 5))};
        heard = &fresh;
    }
    /* Built by the peer: its local end is there, its remote end is here. */
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here)};
    segment.flags = tape_u8(tape) & (LASTACK_FIN | LASTACK_SYN | LASTACK_RST | LASTACK_PSH |
                                     LASTACK_ACK | LASTACK_URG);
    segment.seq = seq_add(heard->ack, (uint32_t)(int32_t)(int8_t)tape_u8(tape));
    segment.ack = seq_add(heard->nxt, (uint32_t)(int32_t)(int8_t)tape_u8(tape));
    segment.wnd = tape_u16(tape);
    segment.urgent = shape & 4 ? tape_u8(tape) : 0;
    segment.text_length = tape_u8(tape);
    options_of(&segment, tape, heard, world->now);
    uint8_t bytes[MTU];
    size_t length = put_packet(bytes, &segment, text);
    if (shape == 255)
        bytes[length - 1] ^= 1; /* a broken checksum */
    arrive(world, bytes, length, false);
}

static void add_timestamp(struct segment *segment, const struct overheard *heard, int64_t now)
{
    segment->options |= OPTION_TIMESTAMP;
    segment->ts_value = (uint32_t)(now / MS(1)) + 1000;
    segment->ts_echo = heard->ts_value;
}

/* What the stack is due in an ordinary life: an ACK of all it sent, a FIN with it if asked. */
static void proper_answer(struct world *world, struct tape *tape)
{
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    if (heard->here.port == 0)
        return;
    uint8_t choice = tape_u8(tape);
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here),
                              .seq = heard->ack,
                              .ack = heard->nxt,
                              .flags = LASTACK_ACK,
                              .wnd = 65535};
    static const uint8_t text[64];
    if (heard->ts_value != 0)
        add_timestamp(&segment, heard, world->now);
    if (choice & 1)
        segment.flags |= LASTACK_FIN;
    if (choice & 2)
        segment.flags |= LASTACK_SYN;
    if (choice & 4)
        segment.text_length = choice >> 3;
    uint8_t bytes[MTU];
    arrive(world, bytes, put_packet(bytes, &segment, text), false);
}

static void raw_bytes(struct world *world, struct tape *tape)
{
    uint8_t bytes[256];
    size_t length = tape_u8(tape);
    /* the stack's own packet comes back, changed */
    if (tape_u8(tape) & 1 && world->last_length > 0) {
        length = world->last_length < sizeof bytes ? world->last_length : sizeof bytes;
        memcpy(bytes, world->last, length);
        bytes[tape_u8(tape) % length] ^= tape_u8(tape);
    } else {
        tape_bytes(tape, bytes, length);
    }
    arrive(world, bytes, length, true);
}

static void icmp_error(struct world *world, struct tape *tape)
{
    uint8_t bytes[MTU], body[8 + 576] = {0};
    size_t quoted = world->last_length < 576 ? world->last_length : 576;
    struct ip_packet packet;
    if (ip_parse(world->last, world->last_length, true, &packet) != LASTACK_CAUSE_NONE)
        return;
    quoted -= tape_u8(tape) % (quoted + 1);
    body[0] = packet.is_ipv6 ? 1 + tape_u8(tape) % 4 : tape_u8(tape) % 13;
    body[1] = tape_u8(tape) % 16;
    body[6] = tape_u8(tape); /* next-hop MTU of either family ends here */
    memcpy(body + 8, world->last, quoted);
    uint32_t length = (uint32_t)(8 + quoted);
    uint32_t sum = packet.is_ipv6 ? checksum_pseudo(&packet.destination, &packet.source,
                                                    IP_PROTOCOL_ICMPV6, length)
                                  : 0;
    uint16_t checksum = checksum_finish(checksum_add(sum, body, length));
    store16(body + 2, checksum);
    struct ip_build ip = {.source = packet.destination,
                          .destination = packet.source,
                          .payload_length = length,
                          .ttl = 64,
                          .protocol = packet.is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP};
    unsigned ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, body, length);
    arrive(world, bytes, ip_length + length, false);
}

/* ---- operations: the program */

static struct lastack_endpoint some_endpoint(struct tape *tape, bool is_local)
{
    uint8_t choice = tape_u8(tape);
    bool is_ipv6 = (choice & 1) != 0;
    struct lastack_endpoint endpoint = {
        is_local ? here_address(is_ipv6) : there_address(is_ipv6, choice >> 1),
        (uint16_t)(choice & 8 ? 80 + (choice >> 4 & 1) : choice >> 4)};
    if ((choice & 6) == 6)
        CHECK(lastack_address_parse(is_ipv6 ? "::" : "0.0.0.0", &endpoint.address));
    else if ((choice & 6) == 4)
        CHECK(lastack_address_parse(is_ipv6 ? "::1" : "127.0.0.1", &endpoint.address));
    return endpoint;
}

static void set_some_option(struct lastack *stack, int fd, struct tape *tape)
{
    static const enum lastack_option options[] = {
#define LASTACK_X(name, level, number) LASTACK_##name,
        LASTACK_OPTIONS(LASTACK_X)
#undef LASTACK_X
    };
    enum lastack_option option = options[tape_u8(tape) % (sizeof options / sizeof options[0])];
    int value = (int)tape_u16(tape) - 8, back;
    lastack_set_option(stack, fd, option, value);
    lastack_get_option(stack, fd, option, &back);
}

/* sendmsg of a few pieces; with a name and MSG_FASTOPEN among the flags it may open. */
static int64_t send_in_pieces(struct world *world, int fd, struct tape *tape)
{
    static const uint8_t text[2048];
    const struct lastack_iovec pieces[] = {
        {text, tape_u16(tape) % sizeof text}, {text, tape_u8(tape)}, {NULL, 0}};
    struct lastack_endpoint remote = some_endpoint(tape, false);
    const uint8_t choice = tape_u8(tape);
    const struct lastack_message message = {
        .remote = choice & 1 ? &remote : NULL, .send = pieces, .count = choice >> 1 & 3};
    const uint32_t flags = tape_u8(tape) | (choice & 8 ? (uint32_t)LASTACK_MSG_FASTOPEN : 0);

    return lastack_send_message(world->stack, fd, &message, flags);
}

static int64_t receive_in_pieces(struct world *world, int fd, struct tape *tape)
{
    static uint8_t room[2048];
    const struct lastack_buffer pieces[] = {{room, tape_u16(tape) % sizeof room},
                                            {room, tape_u8(tape)}};
    struct lastack_control control[2];
    struct lastack_endpoint remote;
    struct lastack_message message = {.remote = &remote,
                                      .receive = pieces,
                                      .count = tape_u8(tape) % 3,
                                      .control = control,
                                      .control_count = tape_u8(tape) % 3};
    const int64_t result =
        lastack_recv_message(world->stack, fd, &message, (uint32_t)tape_u16(tape));

    CHECK(result <= (int64_t)(sizeof room + 255) && message.control_count <= 2);
    return result;
}

/* epoll: one may exist; the others are sockets that are no epoll. */
static int64_t watch(struct world *world, int fd, struct tape *tape)
{
    const uint8_t choice = tape_u8(tape);
    struct lastack_epoll_event events[3] = {{.events = tape_u32(tape), .data = choice}};
    struct lastack_pollfd entries[3] = {{fd, tape_u16(tape), 0}, {fd + 1, 0xffff, 0}, {-1, 1, 0}};
    int result;

    switch (choice % 4) {
    case 0:
        return lastack_epoll_create(world->stack, choice >> 2 & 1);
    case 1:
        return lastack_epoll_control(world->stack, fd,
                                     (enum lastack_epoll_operation)(1 + (choice >> 2) % 3),
                                     tape_u8(tape) % DESCRIPTORS, events);
    case 2:
        result = lastack_epoll_wait(world->stack, fd, events, 1 + (choice >> 2) % 3);
        CHECK(result <= 3);
        return result;
    default:
        result = lastack_poll_many(world->stack, entries, 3);
        CHECK(result <= 2);
        return result;
    }
}

/* Reading without a copy: what is shown is there to be given back, and no more. */
static int64_t peek(struct world *world, int fd, struct tape *tape)
{
    struct lastack_iovec pieces[2];
    size_t shown = 0;
    const int count = lastack_recv_peek(world->stack, fd, pieces, 2);

    CHECK(count <= 2);
    for (int i = 0; i < count; i++) {
        const uint8_t *const bytes = pieces[i].base;

        CHECK(pieces[i].length > 0);
        CHECK(bytes[0] + bytes[pieces[i].length - 1] >= 0); /* the sanitizer looks */
        shown += pieces[i].length;
    }
    if (count <= 0)
        return count;
    return lastack_recv_done(world->stack, fd, tape_u16(tape) % (shown + 1));
}

/* Writing without a copy: what is given is ours to write, and no more than that is taken back. */
static int64_t write_in_place(struct world *world, int fd, struct tape *tape)
{
    struct lastack_buffer pieces[3];
    size_t given = 0;
    const size_t wanted = tape_u16(tape) % 8192;
    const int count = lastack_send_room(world->stack, fd, pieces, 1 + tape_u8(tape) % 3, wanted);

    CHECK(count <= 3);
    for (int i = 0; i < count; i++) {
        memset(pieces[i].base, 0x5a, pieces[i].length);
        given += pieces[i].length;
    }
    CHECK(given <= wanted);
    if (count <= 0)
        return count;
    if (tape_u8(tape) % 8 == 0) /* something else comes between */
        lastack_poll(world->stack, fd);
    return lastack_send_done(world->stack, fd, tape_u16(tape) % (given + 2), tape_u8(tape));
}

static int64_t control(struct world *world, int fd, struct tape *tape)
{
    static const unsigned requests[] = {LASTACK_SIOCINQ, LASTACK_SIOCOUTQ, LASTACK_SIOCOUTQNSD,
                                        LASTACK_SIOCATMARK, 0};
    int value = -1;
    const int result = lastack_ioctl(world->stack, fd, requests[tape_u8(tape) % 5], &value);

    CHECK(result != 0 || value >= 0);
    lastack_soft_error(world->stack, fd);
    lastack_set_user(world->stack, fd, tape_u8(tape));
    return result;
}

static int64_t limit_syns(struct world *world, struct tape *tape)
{
    const struct lastack_syn_rule rule = {.prefix = there_address(tape_u8(tape) & 1, 0),
                                          .prefix_length = tape_u8(tape),
                                          .each_length = tape_u8(tape),
                                          .port = (uint16_t)(tape_u8(tape) & 1 ? 80 : 0),
                                          .rate = tape_u16(tape),
                                          .burst = tape_u16(tape)};

    if (tape_u8(tape) % 4 == 0)
        lastack_clear_syn_rules(world->stack);
    return lastack_add_syn_rule(world->stack, &rule);
}

static void socket_call(struct world *world, struct tape *tape)
{
    struct lastack *stack = world->stack;
    static uint8_t data[4096];
    uint8_t call = tape_u8(tape) % 27;
    int fd = tape_u8(tape) % DESCRIPTORS;
    struct lastack_endpoint local = {0}, remote = {0};
    struct lastack_connection_row row;
    int64_t result = 0;
    switch (call) {
    case 0:
    case 1:
        result =
            lastack_socket(stack, tape_u8(tape) & 1 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                           tape_u8(tape) % 8 == 0 ? LASTACK_SOCK_DGRAM : LASTACK_SOCK_STREAM, call);
        break;
    case 2:
    case 3:
        local = some_endpoint(tape, true);
        result = lastack_bind(stack, fd, &local);
        break;
    case 4:
    case 5:
        result = lastack_listen(stack, fd, tape_u8(tape) % 4);
        break;
    case 6:
    case 7:
        result = lastack_accept(stack, fd, &remote);
        break;
    case 8:
    case 9:
        remote = some_endpoint(tape, false);
        result = lastack_connect(stack, fd, &remote);
        break;
    case 10:
        result = lastack_send(stack, fd, data, tape_u16(tape) % sizeof data, tape_u8(tape));
        CHECK(result <= (int64_t)sizeof data);
        break;
    case 11:
        result = lastack_recv(stack, fd, data, tape_u16(tape) % sizeof data, tape_u8(tape));
        CHECK(result <= (int64_t)sizeof data);
        break;
    case 12:
        result = lastack_shutdown(stack, fd, tape_u8(tape) % 4);
        break;
    case 13:
        result = lastack_close(stack, fd);
        break;
    case 14:
        result = tape_u8(tape) & 1 ? lastack_dup(stack, fd) : lastack_dup_to(stack, fd, 1);
        break;
    case 15:
        result = tape_u8(tape) % 4 == 0 ? lastack_abort(stack, fd)
                                        : lastack_set_linger(stack, fd, tape_u8(tape) % 3 - 1);
        break;
    case 16:
        set_some_option(stack, fd, tape);
        break;
    case 17:
        remote = some_endpoint(tape, false);
        result = lastack_send_to(stack, fd, data, tape_u8(tape), 0, &remote);
        break;
    case 18:
        result = lastack_status(stack, fd, &row);
        lastack_getsockname(stack, fd, &local);
        lastack_getpeername(stack, fd, &remote);
        lastack_poll(stack, fd);
        break;
    case 19:
        result = send_in_pieces(world, fd, tape);
        break;
    case 20:
        result = receive_in_pieces(world, fd, tape);
        break;
    case 21:
        result = watch(world, fd, tape);
        break;
    case 22:
        result = peek(world, fd, tape);
        break;
    case 23:
        result = tape_u8(tape) & 1 ? lastack_fcntl(stack, fd, tape_u8(tape) % 5, tape_u16(tape))
                                   : control(world, fd, tape);
        break;
    case 24:
        result = limit_syns(world, tape);
        break;
    case 25:
        result = write_in_place(world, fd, tape);
        break;
    default:
        lastack_exit_owner(stack, tape_u8(tape) % 2);
    }
    /* A refusal is one of the documented errors, and has a name. */
    CHECK(result >= 0 || strcmp(lastack_error_name((int)result), lastack_error_name(0)) != 0);
    CHECK(lastack_last_cause(stack) < LASTACK_CAUSE_COUNT);
}

/* ---- operations: time and management */

static void tick(struct world *world, int64_t now)
{
    world->now = now;
    lastack_tick(world->stack, now);
    settle_world(world);
    /* Early is allowed, but then a tick makes progress: it may not be due again at once. */
    CHECK(lastack_next_deadline(world->stack) > now);
}

static void pass_time(struct world *world, struct tape *tape)
{
    uint8_t choice = tape_u8(tape);
    int64_t deadline = lastack_next_deadline(world->stack);
    if (choice & 1 && deadline != NEVER)
        tick(world, max64(world->now, deadline));
    else
        tick(world, world->now + (int64_t)(1ull << (choice >> 1) % 38));
}

static void manage(struct world *world, struct tape *tape)
{
    struct lastack *stack = world->stack;
    uint8_t choice = tape_u8(tape);
    const struct overheard *heard = &world->heard[tape_u8(tape) % OVERHEARD];
    uint64_t cursor = 0, lost = 0;
    unsigned rows = 0;
    struct lastack_trace_record records[8];
    struct lastack_params params;
    switch (choice % 7) {
    case 0:
        lastack_kill(stack, &heard->here, &heard->there, (choice & 64) != 0);
        break;
    case 1:
        lastack_link_full(stack, LINK);
        break;
    case 2:
        lastack_link_ready(stack, LINK);
        break;
    case 3:
        lastack_set_link_up(stack, LINK, (choice & 64) != 0);
        break;
    case 4:
        CHECK(lastack_rows(stack, LASTACK_ROWS_ALL, &cursor, count_row, &rows));
        break;
    case 5:
        params = *lastack_params(stack);
        mix_policies(&params, tape);
        lastack_set_params(stack, &params);
        break;
    default:
        while (lastack_trace_read(stack, &cursor, records, 8, &lost) > 0)
            ;
    }
}

static void operate(struct world *world, struct tape *tape)
{
    switch (tape_u8(tape) % 16) {
    case 0:
    case 1:
    case 2:
    case 3:
        made_up_segment(world, tape);
        break;
    case 4:
    case 5:
        proper_answer(world, tape);
        break;
    case 6:
        raw_bytes(world, tape);
        break;
    case 7:
        icmp_error(world, tape);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
        socket_call(world, tape);
        break;
    case 13:
    case 14:
        pass_time(world, tape);
        break;
    default:
        manage(world, tape);
    }
    settle_world(world);
}

/* ---- where the story begins: libFuzzer would take long to find a handshake by itself */

static void listen_on(struct lastack *stack, bool is_ipv6, uint16_t port)
{
    int fd =
        lastack_socket(stack, is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    struct lastack_endpoint local = {here_address(is_ipv6), port};
    CHECK(fd >= 0 && lastack_bind(stack, fd, &local) == 0 && lastack_listen(stack, fd, 3) == 0);
}

/* The peer speaks as it should: flags, from the numbers that were overheard last. */
static void peer_says(struct world *world, const struct overheard *heard, unsigned flags)
{
    struct segment segment = {.tuple = tuple_of(&heard->there, &heard->here),
                              .seq = heard->ack,
                              .ack = heard->nxt,
                              .flags = (uint16_t)flags,
                              .wnd = 4096};
    if (flags & LASTACK_SYN || heard->ts_value != 0) /* offered, or agreed upon */
        add_timestamp(&segment, heard, world->now);
    if (flags & LASTACK_SYN) {
        segment.options |= OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_WINDOW_SCALE;
        segment.mss = 600;
        segment.window_scale = 2;
    }
    uint8_t bytes[MTU];
    arrive(world, bytes, put_packet(bytes, &segment, NULL), false);
    settle_world(world);
}

static void set_scene(struct world *world, struct tape *tape)
{
    uint8_t scene = tape_u8(tape);
    bool is_ipv6 = (scene & 1) != 0;
    struct overheard fresh = {
        {here_address(is_ipv6), 80}, {there_address(is_ipv6, 0), 40000}, {0}, {0}, 0};
    if (scene & 2)
        listen_on(world->stack, is_ipv6, 80);
    if (scene & 4 && scene & 2) { /* a client came and was accepted */
        peer_says(world, &fresh, LASTACK_SYN);
        peer_says(world, &world->heard[0], LASTACK_ACK);
        CHECK(lastack_accept(world->stack, 0, NULL) >= 0);
    }
    if (scene & 8) { /* we are a client ourselves */
        int fd = lastack_socket(world->stack, is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                                LASTACK_SOCK_STREAM, 0);
        unsigned before = world->heard_next;
        CHECK(lastack_connect(world->stack, fd, &fresh.there) == -LASTACK_EINPROGRESS);
        settle_world(world);
        CHECK(world->heard_next == before + 1);
        if (scene & 16)
            peer_says(world, &world->heard[before], LASTACK_SYN | LASTACK_ACK);
    }
    settle_world(world);
}

/* ---- what the inputs of a run reached */

static uint64_t moves[TCP_CLOSING + 1][TCP_CLOSING + 1];

static void print_coverage(void)
{
    unsigned kinds = 0, states = 0;

    for (int from = 0; from <= TCP_CLOSING; from++)
        for (int to = 1; to <= TCP_CLOSING; to++)
            if (moves[from][to] > 0) {
                kinds++;
                fprintf(stderr, "%-12s -> %-12s %12llu\n",
                        from > 0 ? lastack_state_text((enum tcp_state)from) : "",
                        lastack_state_text((enum tcp_state)to),
                        (unsigned long long)moves[from][to]);
            }
    for (int to = 1; to <= TCP_CLOSING; to++) {
        bool is_reached = false;

        for (int from = 0; from <= TCP_CLOSING; from++)
            is_reached = is_reached || moves[from][to] > 0;
        states += is_reached;
        if (!is_reached)
            fprintf(stderr, "never reached: %s\n", lastack_state_text((enum tcp_state)to));
    }
    fprintf(stderr, "%u of 11 states, %u kinds of moves\n", states, kinds);
    if (states < 11)
        _Exit(1);
}

static bool is_asked(const char *name)
{
    const char *const value = getenv(name);

    return value != NULL && value[0] == '1';
}

static void tell(const struct lastack_trace_record *record)
{
    fprintf(stderr, "%12.6f %2u %5u>%-5u state %u>%u flags %03x seq %u ack %u len %u  %s\n",
            (double)record->time_ns / 1e9, record->what, record->local_port, record->remote_port,
            record->old_state, record->new_state, record->flags, record->u.detail.seq,
            record->u.detail.ack, record->u.detail.length,
            lastack_cause_text((enum lastack_cause)record->cause));
}

/* Reads the trace, if somebody wants to know of it. */
static void tell_story(const struct lastack *stack, uint64_t *cursor)
{
    static int wants_story = -1, wants_coverage = -1;
    struct lastack_trace_record record;

    if (wants_story < 0) {
        wants_story = is_asked("FUZZ_TRACE");
        wants_coverage = is_asked("FUZZ_COVERAGE");
        if (wants_coverage)
            atexit(print_coverage);
    }
    if (!wants_story && !wants_coverage)
        return;
    while (lastack_trace_read(stack, cursor, &record, 1, NULL) == 1) {
        if (wants_story)
            tell(&record);
        if (record.what == LASTACK_TRACE_STATE)
            moves[record.old_state][record.new_state]++;
    }
}

/* Everybody closes and goes away; then time alone must end everything. */
static void wind_down(struct world *world, uint64_t *told)
{
    lastack_exit_owner(world->stack, 0);
    lastack_exit_owner(world->stack, 1);
    lastack_set_link_up(world->stack, LINK, true);
    lastack_link_ready(world->stack, LINK);
    settle_world(world);
    for (int i = 0; lastack_next_deadline(world->stack) != NEVER; i++) {
        CHECK(i < DEADLINES_MAX);
        tick(world, max64(world->now, lastack_next_deadline(world->stack)));
        tell_story(world->stack, told);
    }
    lastack_tick(world->stack, world->now); /* what was handed out last may be taken back now */
    for (int pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;
        lastack_pool_usage(world->stack, (enum lastack_pool)pool, &usage);
        /* What is remembered about destinations outlives connections: that is its purpose. */
        if (pool != LASTACK_POOL_PATHS && pool != LASTACK_POOL_NEIGHBORS && usage.used != 0) {
            fprintf(stderr, "%u of pool %s never came back\n", usage.used, usage.name);
            abort();
        }
    }
}

static uint64_t play(const uint8_t *data, size_t size)
{
    struct tape tape = {data, size};
    static struct world world;
    uint64_t told = 0;
    create(&world, &tape);
    set_scene(&world, &tape);
    for (int i = 0; tape.left > 0 && i < OPERATIONS_MAX; i++) {
        tell_story(world.stack, &told);
        operate(&world, &tape);
    }
    tell_story(world.stack, &told);
    wind_down(&world, &told);
    return lastack_trace_hash(world.stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t hash = play(data, size);
    if (size > 0 && data[size - 1] % 8 == 0)
        CHECK(play(data, size) == hash);
    return 0;
}
