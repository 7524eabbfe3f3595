/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.c: see peer.h.
 */
#define _GNU_SOURCE 1 /* mmap with MAP_ANONYMOUS */
#include "peer.h"

#include "checksum.h"
#include "icmp.h"
#include "ip_header.h"
#include "packet_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PEERS_MOST = 80, QUEUE_MOST = 4096, PACKET_MOST = 65536 + 64 };
enum { MTU_USUAL = 1500, MTU_MOST = 9000, BATCH_MOST = 64 };
enum { TRACE_RECORDS = 1 << 15, PEER_IRS = -16, PEER_TS = 5000000, REST_DAYS = 4 };

/* A packet of the stack that no SENDS has read yet. */
struct waiting {
    int64_t at;
    uint32_t length;
    uint8_t *bytes;
};

struct peer_world world;

static struct peer peers[PEERS_MOST];
static struct waiting queue[QUEUE_MOST];
static uint32_t queued;
static unsigned peer_count;

#define FAIL_AT(file, number, ...)                                                                 \
    do {                                                                                           \
        print_error("%s:%d: ", (file), (number));                                                  \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        fail();                                                                                    \
    } while (0)

/* The byte that stands at `at` (1 is the first one) in the text of either end. */
static uint8_t pattern(uint32_t at, bool is_ours)
{
    return (uint8_t)((at * 2654435761u >> 13) + (is_ours ? 7 : 0));
}

/* ---- the world ---- */

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
    while (queued > 0)
        free(queue[--queued].bytes);
    if (world.memory != NULL)
        assert_int_equal(munmap(world.memory, world.size), 0);
    world = (struct peer_world){.listener = -1};
    memset(peers, 0, sizeof peers);
    peer_count = 0;
}

void restart(const struct lastack_config *config)
{
    restart_with_mtu(config, MTU_USUAL);
}

void restart_with_mtu(const struct lastack_config *config, uint32_t mtu)
{
    const struct lastack_link_config link = {
        .kind = LASTACK_LINK_IP, .name = "wire", .mtu = mtu};
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
    struct peer *peer = &peers[peer_count++];

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

static struct peer *peer_of(const struct segment *seg)
{
    for (unsigned i = 0; i < peer_count; i++) {
        struct peer *peer = &peers[i];

        if (peer->remote.port == seg->local.port && peer->local.port == seg->remote.port &&
            lastack_address_equal(&peer->remote.address, &seg->local.address))
            return peer;
    }
    return NULL;
}

static void parse_own(const struct waiting *waiting, struct segment *seg, struct ip_packet *packet)
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
    if (peer->has_edge)
        assert_true((int32_t)(edge - peer->edge) >= 0); /* SHLD-14 */
    peer->edge = edge;
    peer->has_edge = true;
}

static void collect(const struct lastack_packet_out *out)
{
    struct waiting *waiting = &queue[queued];
    struct ip_packet packet;
    struct segment seg;
    uint32_t length = 0;

    assert_true(queued < QUEUE_MOST);
    assert_int_equal(out->link, PEER_LINK);
    assert_true(out->length <= world.mtu); /* the link takes no larger frames */
    *waiting = (struct waiting){.at = world.now, .length = out->length, .bytes = malloc(out->length)};
    assert_non_null(waiting->bytes);
    for (unsigned i = 0; i < out->iov_count; i++) {
        memcpy(waiting->bytes + length, out->iov[i].base, out->iov[i].length);
        length += (uint32_t)out->iov[i].length;
    }
    assert_int_equal(length, out->length);
    queued++;
    parse_own(waiting, &seg, &packet);
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

/* ---- expectations on the wire ---- */

static int64_t relative(uint32_t seq, uint32_t base)
{
    return (int32_t)(seq - base);
}

/* The oldest packet for this peer; NULL: none. The caller frees it. */
static bool take_waiting(struct peer *peer, struct waiting *taken, struct segment *seg,
                         struct ip_packet *packet)
{
    for (uint32_t i = 0; i < queued; i++) {
        parse_own(&queue[i], seg, packet);
        if (peer_of(seg) != peer)
            continue;
        *taken = queue[i];
        memmove(&queue[i], &queue[i + 1], (queued - i - 1) * sizeof queue[0]);
        queued--;
        return true;
    }
    return false;
}

static void describe(const struct peer *peer, const struct waiting *waiting, char *text,
                     size_t size)
{
    const struct packet_text_style style = {.seq_base = {peer->iss}, .ack_base = {peer->irs}};
    struct ip_packet packet;
    size_t length;

    length = (size_t)snprintf(text, size, "%.6f ", (double)(waiting->at - world.mark) / 1e9);
    if (ip_parse(waiting->bytes, waiting->length, false, &packet) == LASTACK_CAUSE_NONE)
        (void)packet_text(&packet, &style, text + length, size - length);
}

static const char *difference_of_options(const struct line *line, const struct segment *seg)
{
    const bool has_ts = (seg->options & OPTION_TIMESTAMP) != 0;

    if (line->mss != 0 && line->mss != (seg->options & OPTION_MSS ? seg->mss : NONE))
        return "mss";
    if (line->shift != 0 &&
        line->shift != (seg->options & OPTION_WINDOW_SCALE ? seg->window_scale + 1 : NONE))
        return "shift";
    if (line->sack_ok != 0 &&
        line->sack_ok != (seg->options & OPTION_SACK_PERMITTED ? 1 : NONE))
        return "sack_ok";
    if (line->ts != 0 && line->ts != (has_ts ? (int64_t)seg->ts_value : NONE))
        return "ts";
    if (line->echo != 0 && line->echo != (has_ts ? (int64_t)seg->ts_echo : NONE))
        return "echo";
    return NULL;
}

static uint64_t first_bytes(const uint8_t *bytes, unsigned length)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value = value << 8 | (i < length ? bytes[i] : 0);
    return value;
}

static const char *difference_of_fast_open(struct peer *peer, const struct line *line,
                                           const struct segment *seg)
{
    const bool is_experiment = (seg->options & OPTION_FAST_OPEN_EXP) != 0;
    const bool is_there = is_experiment || seg->options & OPTION_FAST_OPEN;

    if (is_there && seg->fast_open_length > 0)
        peer->cookie = first_bytes(seg->fast_open, seg->fast_open_length);
    if (line->fast_open == 0)
        return NULL;
    if (line->fast_open != (is_there ? seg->fast_open_length + 1 : NONE))
        return "fast_open";
    if (is_there && is_experiment != line->experiment)
        return "experiment";
    return line->cookie != 0 && line->cookie != peer->cookie ? "cookie" : NULL;
}

static const char *difference_of_sack(const struct peer *peer, const struct line *line,
                                      const struct segment *seg)
{
    if (line->no_sack && seg->options & OPTION_SACK)
        return "sack: there is one";
    for (unsigned i = 0; i < 4; i++) {
        const bool is_wanted = line->sack[i][1] != 0;

        if (!is_wanted && i < seg->sack_count && (i > 0 && line->sack[0][1] != 0))
            return "sack: more blocks";
        if (is_wanted && i >= seg->sack_count)
            return "sack: fewer blocks";
        if (is_wanted && (relative(seg->sack[i].from.v, peer->irs) != line->sack[i][0] ||
                          relative(seg->sack[i].to.v, peer->irs) != line->sack[i][1]))
            return "sack";
    }
    return NULL;
}

/* What is wrong with a segment; NULL: nothing. A RST without ACK is of no connection's sequence. */
static const char *difference(struct peer *peer, const struct line *line,
                              const struct segment *seg, const struct waiting *waiting,
                              const struct ip_packet *packet)
{
    const uint16_t mask = line->flags & PSH ? 0xffff : (uint16_t)~PSH;
    const uint32_t seq_base = peer->has_iss ? peer->iss : 0;
    const char *options = difference_of_options(line, seg);

    if ((seg->flags & mask) != (line->flags & mask))
        return "flags";
    if (line->no_push && seg->flags & PSH)
        return "flags: there is a PSH";
    if (relative(seg->seq.v, seq_base) != line->seq)
        return "seq";
    if (seg->flags & ACK ? relative(seg->ack.v, peer->irs) != line->ack : seg->ack.v != 0)
        return "ack";
    if (seg->text_length != line->text)
        return "text";
    for (uint32_t i = 0; i < seg->text_length; i++) {
        if (seg->text[i] != pattern((uint32_t)line->seq + (line->flags & SYN ? 1 : 0) + i, true))
            return "bytes of the text";
    }
    if (line->win != 0 && (line->win == NONE ? 0 : line->win) != seg->wnd)
        return "win";
    if (line->at != 0 && line->at != waiting->at - world.mark)
        return "at";
    if (line->tos != 0 && line->tos != packet->traffic_class)
        return "tos";
    if (line->urgent != 0 && line->urgent != seg->urgent)
        return "urgent";
    if (line->not_ect && (packet->traffic_class & 3) != 0)
        return "ECT";
    if (line->ttl != 0 && line->ttl != packet->ttl)
        return "ttl";
    if (line->from.bytes[10] != 0 && !lastack_address_equal(&line->from, &packet->source))
        return "from";
    if (line->new_id && packet->fragment_id == peer->last_id)
        return "id";
    if (options == NULL)
        options = difference_of_fast_open(peer, line, seg);
    return options != NULL ? options : difference_of_sack(peer, line, seg);
}

void peer_sends(struct peer *peer, const struct line *line, const char *file, int number)
{
    char text[PACKET_TEXT_MAX + 32];
    struct waiting waiting;
    struct ip_packet packet;
    struct segment seg;
    const char *what;

    if (!take_waiting(peer, &waiting, &seg, &packet))
        FAIL_AT(file, number, "the stack has sent nothing more");
    what = difference(peer, line, &seg, &waiting, &packet);
    peer->last_id = packet.fragment_id;
    describe(peer, &waiting, text, sizeof text);
    free(waiting.bytes);
    if (what != NULL)
        FAIL_AT(file, number, "%s differs: the stack has sent %s", what, text);
}

void peer_sends_nothing(struct peer *peer, const char *file, int number)
{
    char text[PACKET_TEXT_MAX + 32];
    struct waiting waiting;
    struct ip_packet packet;
    struct segment seg;

    if (!take_waiting(peer, &waiting, &seg, &packet))
        return;
    describe(peer, &waiting, text, sizeof text);
    free(waiting.bytes);
    FAIL_AT(file, number, "the stack has sent %s", text);
}

uint32_t packets_forgotten(struct peer *peer)
{
    struct waiting waiting;
    struct ip_packet packet;
    struct segment seg;
    uint32_t count = 0;

    while (take_waiting(peer, &waiting, &seg, &packet)) {
        free(waiting.bytes);
        count++;
    }
    return count;
}

/* ---- what the peer sends ---- */

static void fill_options(struct peer *peer, const struct line *line, struct segment *seg)
{
    const bool is_syn = (line->flags & SYN) != 0;
    const bool is_offer = is_syn && line->timestamps;
    const int64_t clock = PEER_TS + world.now / 1000000;

    if (is_syn && line->mss != NONE) {
        seg->options |= OPTION_MSS;
        seg->mss = (uint16_t)(line->mss == 0 ? PEER_MSS : line->mss);
    }
    if (line->shift > 0) {
        seg->options |= OPTION_WINDOW_SCALE;
        seg->window_scale = (uint8_t)(line->shift - 1);
        peer->has_shift = peer->has_shift || is_syn;
    }
    if (line->sack_ok > 0)
        seg->options |= OPTION_SACK_PERMITTED;
    if (is_offer)
        peer->has_timestamps = true;
    if ((peer->has_timestamps && line->ts != NONE) || line->ts > 0) {
        seg->options |= OPTION_TIMESTAMP;
        seg->ts_value = (uint32_t)(line->ts != 0 ? line->ts : clock);
        seg->ts_echo = line->echo == NONE ? 0
                       : line->echo != 0  ? (uint32_t)line->echo
                       : line->flags & ACK ? peer->ts_last : 0;
    }
    if (line->fast_open > 0) {
        seg->options |= line->experiment ? OPTION_FAST_OPEN_EXP : OPTION_FAST_OPEN;
        seg->fast_open_length = (uint8_t)(line->fast_open - 1);
        for (unsigned i = 0; i < 8 && i < seg->fast_open_length; i++)
            seg->fast_open[i] = (uint8_t)(line->cookie >> (56 - 8 * i));
    }
    for (unsigned i = 0; i < 4 && line->sack[i][1] != 0; i++) {
        seg->options |= OPTION_SACK;
        seg->sack[seg->sack_count++] =
            (struct sack_block){seq_of(peer->iss + (uint32_t)line->sack[i][0]),
                                seq_of(peer->iss + (uint32_t)line->sack[i][1])};
    }
}

static size_t build(struct peer *peer, const struct line *line, uint8_t *bytes)
{
    struct segment seg = {
        .seq = seq_of(peer->irs + (uint32_t)line->seq),
        .ack = seq_of(line->flags & ACK ? peer->iss + (uint32_t)line->ack : 0),
        .flags = line->flags,
        .wnd = (uint16_t)(line->win == NONE ? 0 : line->win == 0 ? 65535 : line->win),
        .urgent = (uint16_t)line->urgent,
        .local = peer->remote,
        .remote = peer->local,
    };
    struct ip_build ip = {.source = peer->remote.address,
                          .destination = peer->local.address,
                          .protocol = IP_PROTOCOL_TCP,
                          .ttl = 64,
                          .traffic_class = line->tos,
                          .dont_fragment = true};
    uint8_t header[TCP_HEADER_MAX];
    uint8_t text[PACKET_MOST];
    unsigned ip_length, length;

    fill_options(peer, line, &seg);
    length = tcp_build(&seg, LASTACK_OPTIONS_LINUX, header);
    for (uint32_t i = 0; i < line->text; i++)
        text[i] = pattern((uint32_t)line->seq + (line->flags & SYN ? 1 : 0) + i, false);
    ip.payload_length = length + line->text;
    ip_length = ip_build(&ip, bytes);
    memcpy(bytes + ip_length, header, length);
    memcpy(bytes + ip_length + length, text, line->text);
    tcp_store_checksum(bytes + ip_length, length, &ip.source, &ip.destination, ip.payload_length,
                       checksum_add(0, text, line->text));
    if (line->bad_checksum)
        bytes[ip_length + TCP_CHECKSUM_OFFSET] ^= 1;
    return ip_length + ip.payload_length;
}

void peer_arrives(struct peer *peer, const struct line *line)
{
    static uint8_t bytes[PACKET_MOST];
    const struct lastack_packet_in packet = {bytes, build(peer, line, bytes), PEER_LINK, 0};

    lastack_input(world.stack, world.now, &packet, 1);
    SETTLES();
}

void peer_arrive(struct peer *peer, const struct line *lines, unsigned count)
{
    static uint8_t bytes[BATCH_MOST][MTU_USUAL];
    struct lastack_packet_in packets[BATCH_MOST];

    assert_true(count <= BATCH_MOST);
    for (unsigned i = 0; i < count; i++) {
        assert_true(lines[i].text <= PEER_MSS - 40);
        packets[i] = (struct lastack_packet_in){bytes[i], build(peer, &lines[i], bytes[i]),
                                                PEER_LINK, 0};
    }
    lastack_input(world.stack, world.now, packets, count);
    SETTLES();
}

/* The start of a segment of the stack's, as a router quotes it: its IP header and 8 bytes. */
static size_t build_quoted(const struct peer *peer, const struct icmp_line *line, uint8_t *bytes)
{
    const unsigned ip_length = ip_header_length(&peer->remote.address);
    const struct ip_build ip = {
        .source = peer->local.address,
        .destination = peer->remote.address,
        .payload_length = (line->quoted != 0 ? line->quoted : MTU_USUAL) - ip_length,
        .protocol = IP_PROTOCOL_TCP,
        .ttl = 64,
        .dont_fragment = true,
    };

    memset(bytes, 0, ip_length + ip.payload_length);
    ip_build(&ip, bytes);
    store16(bytes + ip_length, peer->local.port);
    store16(bytes + ip_length + 2, peer->remote.port);
    store32(bytes + ip_length + 4, peer->iss + (uint32_t)line->seq);
    return ip_length + ip.payload_length;
}

void peer_icmp_arrives(const struct peer *peer, const struct icmp_line *line)
{
    static uint8_t quoted[PACKET_MOST], bytes[PACKET_MOST];
    const bool is_ipv4 = lastack_is_ipv4(&peer->remote.address);
    const struct icmp_error error = {line->type, line->code, line->mtu};
    struct lastack_packet_in in = {.data = bytes, .link = PEER_LINK};
    struct ip_build ip = {.protocol = is_ipv4 ? IP_PROTOCOL_ICMP : IP_PROTOCOL_ICMPV6, .ttl = 64};
    struct ip_packet about;
    size_t length;

    assert_true(lastack_address_parse(is_ipv4 ? "192.0.2.254" : "2001:db8::fe", &ip.source));
    ip.destination = peer->local.address;
    length = build_quoted(peer, line, quoted);
    assert_int_equal(ip_parse(quoted, length, true, &about), LASTACK_CAUSE_NONE);
    ip.payload_length = (uint32_t)icmp_error_length(&about);
    length = ip_build(&ip, bytes);
    length += icmp_build_error(&error, &ip.source, &about, bytes + length, ip.payload_length);
    in.length = length;
    lastack_input(world.stack, world.now, &in, 1);
    SETTLES();
}

/* ---- the trace ---- */

static const char *state_text(unsigned state)
{
    return lastack_state_text((enum tcp_state)state);
}

/* The next move of this peer's tuple; false: none. */
static bool next_state(struct peer *peer, struct lastack_trace_record *record)
{
    uint64_t lost = 0;

    while (lastack_trace_read(world.stack, &peer->trace_at, record, 1, &lost) == 1) {
        assert_int_equal(lost, 0);
        if (record->what == LASTACK_TRACE_STATE && record->local_port == peer->local.port &&
            record->remote_port == peer->remote.port)
            return true;
    }
    return false;
}

void peer_state(struct peer *peer, enum tcp_state from, enum tcp_state to, enum lastack_cause cause,
                const char *file, int number)
{
    struct lastack_trace_record record;

    if (!next_state(peer, &record))
        FAIL_AT(file, number, "the state has not moved");
    if (record.old_state != from || record.new_state != to || record.cause != cause)
        FAIL_AT(file, number, "the trace says %s -> %s because of: %s",
                state_text(record.old_state), state_text(record.new_state),
                lastack_cause_text((enum lastack_cause)record.cause));
}

void peer_no_state(struct peer *peer, const char *file, int number)
{
    struct lastack_trace_record record;

    if (next_state(peer, &record))
        FAIL_AT(file, number, "the state moved %s -> %s because of: %s",
                state_text(record.old_state), state_text(record.new_state),
                lastack_cause_text((enum lastack_cause)record.cause));
}

void FORGET(struct peer *peer)
{
    struct lastack_trace_record record;

    (void)packets_forgotten(peer);
    while (next_state(peer, &record))
        continue;
}

struct wanted {
    const struct peer *peer;
    struct lastack_connection_row *row;
    bool is_found;
};

static bool match_row(void *context, const struct lastack_connection_row *row)
{
    struct wanted *wanted = context;

    if (row->local.port != wanted->peer->local.port ||
        row->remote.port != wanted->peer->remote.port ||
        !lastack_address_equal(&row->remote.address, &wanted->peer->remote.address))
        return true;
    *wanted->row = *row;
    wanted->is_found = true;
    return false;
}

bool has_row(const struct peer *peer, struct lastack_connection_row *row)
{
    struct wanted wanted = {.peer = peer, .row = row};
    uint64_t cursor = 0;

    (void)lastack_rows(world.stack,
                       LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_TIME_WAIT | LASTACK_ROWS_SYN,
                       &cursor, match_row, &wanted);
    return wanted.is_found;
}

struct lastack_connection_row row_of(const struct peer *peer)
{
    struct lastack_connection_row row = {0};

    assert_true(has_row(peer, &row));
    return row;
}

void peer_is_in(struct peer *peer, enum tcp_state state, const char *file, int number)
{
    struct lastack_connection_row row = {.state = TCP_CLOSED};

    (void)has_row(peer, &row);
    if (row.state != state)
        FAIL_AT(file, number, "the row says %s", state_text(row.state));
}

uint64_t counted(enum lastack_cause cause)
{
    return lastack_counter(world.stack, cause);
}

struct lastack_pool_usage usage_of(enum lastack_pool pool)
{
    struct lastack_pool_usage usage;

    lastack_pool_usage(world.stack, pool, &usage);
    return usage;
}

/* ---- calls ---- */

void LISTENS(int backlog)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), STACK_PORT};

    assert_int_equal(world.listener, -1);
    world.listener = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_true(world.listener >= 0);
    assert_int_equal(lastack_bind(world.stack, world.listener, &any), 0);
    assert_int_equal(lastack_listen(world.stack, world.listener, backlog), 0);
}

void CONNECTS(struct peer *peer)
{
    struct lastack_endpoint local;

    if (peer->fd < 0)
        peer->fd = lastack_socket(world.stack,
                                  lastack_is_ipv4(&peer->remote.address) ? LASTACK_AF_INET
                                                                         : LASTACK_AF_INET6,
                                  LASTACK_SOCK_STREAM, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(lastack_connect(world.stack, peer->fd, &peer->remote), -LASTACK_EINPROGRESS);
    assert_int_equal(lastack_getsockname(world.stack, peer->fd, &local), 0);
    peer->local = local;
    SETTLES();
}

void ACCEPTS(struct peer *peer)
{
    struct lastack_endpoint remote;

    peer->fd = lastack_accept(world.stack, world.listener, &remote);
    assert_true(peer->fd >= 0);
    assert_int_equal(remote.port, peer->remote.port);
    SETTLES();
}

static struct line syn_of(const struct opening *opening)
{
    return (struct line){.flags = SYN,
                         .mss = opening->mss,
                         .shift = opening->shift,
                         .win = opening->shift == 0 && opening->win > 0 ? opening->win : 0,
                         .timestamps = opening->timestamps,
                         .sack_ok = opening->sack ? 1 : 0};
}

struct peer *accepted_with(uint16_t port, const struct opening *opening)
{
    struct peer *peer = peer_at(port);
    const struct line syn = syn_of(opening);

    if (world.listener < 0)
        LISTENS(16);
    peer_arrives(peer, &syn);
    STATE(peer, LISTEN, SYN_RECEIVED, SYN);
    SENDS(peer, .flags = SYN | ACK, .seq = 0, .ack = 1);
    AFTER(opening->rtt);
    ARRIVES(peer, .flags = ACK, .seq = 1, .ack = 1, .win = opening->win);
    STATE(peer, SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK);
    ACCEPTS(peer);
    SENDS_NOTHING(peer);
    return peer;
}

struct peer *connected_with(uint16_t port, const struct opening *opening)
{
    struct peer *peer = peer_at(port);
    struct line syn_ack = syn_of(opening);

    CONNECTS(peer);
    STATE(peer, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(peer, .flags = SYN, .seq = 0);
    AFTER(opening->rtt);
    syn_ack.flags |= ACK;
    syn_ack.ack = 1;
    syn_ack.win = opening->win;
    peer_arrives(peer, &syn_ack);
    STATE(peer, SYN_SENT, ESTABLISHED, SYN_ACK);
    SENDS(peer, .flags = ACK, .seq = 1, .ack = 1);
    SENDS_NOTHING(peer);
    return peer;
}

/* ---- roads to every state ---- */

static void peer_fin(struct peer *peer, int64_t ack)
{
    ARRIVES(peer, .flags = FIN | ACK, .seq = 1, .ack = ack);
    peer->rcv = 2;
}

static void own_fin(struct peer *peer)
{
    SHUTS(peer, LASTACK_SHUT_WR);
    SENDS(peer, .flags = FIN | ACK, .seq = 1, .ack = peer->rcv);
    peer->nxt = 2;
}

static struct peer *reach_before_established(uint16_t port, enum tcp_state state)
{
    struct peer *peer = peer_at(port);

    CONNECTS(peer);
    STATE(peer, CLOSED, SYN_SENT, CALL_CONNECT);
    SENDS(peer, .flags = SYN, .seq = 0);
    peer->nxt = 1;
    if (state == TCP_SYN_SENT)
        return peer;
    ARRIVES(peer, .flags = SYN, .seq = 0);
    STATE(peer, SYN_SENT, SYN_RECEIVED, SYN_CROSSED);
    SENDS(peer, .flags = SYN | ACK, .seq = 0, .ack = 1);
    peer->rcv = 1;
    return peer;
}

/* We close first. */
static void reach_behind_fin_wait_1(struct peer *peer, enum tcp_state state)
{
    own_fin(peer);
    STATE(peer, ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    if (state == TCP_FIN_WAIT_1)
        return;
    if (state == TCP_CLOSING) {
        peer_fin(peer, 1);
        STATE(peer, FIN_WAIT_1, CLOSING, FIN);
        SENDS(peer, .flags = ACK, .seq = 2, .ack = 2);
        return;
    }
    ARRIVES(peer, .flags = ACK, .seq = 1, .ack = 2);
    STATE(peer, FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED);
    if (state == TCP_FIN_WAIT_2)
        return;
    peer_fin(peer, 2);
    STATE(peer, FIN_WAIT_2, TIME_WAIT, FIN);
    SENDS(peer, .flags = ACK, .seq = 2, .ack = 2);
}

struct peer *reach(uint16_t port, enum tcp_state state)
{
    struct peer *peer;

    if (state == TCP_SYN_SENT || state == TCP_SYN_RECEIVED)
        return reach_before_established(port, state);
    peer = accepted_with(port, &(struct opening){0});
    peer->nxt = peer->rcv = 1;
    if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK) {
        peer_fin(peer, 1);
        STATE(peer, ESTABLISHED, CLOSE_WAIT, FIN);
        SENDS(peer, .flags = ACK, .seq = 1, .ack = 2);
    }
    if (state == TCP_LAST_ACK) {
        own_fin(peer);
        STATE(peer, CLOSE_WAIT, LAST_ACK, CALL_SHUTDOWN);
    } else if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT) {
        reach_behind_fin_wait_1(peer, state);
    }
    SENDS_NOTHING(peer);
    return peer;
}

/* ---- calls on a connection ---- */

int64_t writes_with(struct peer *peer, uint32_t bytes, uint32_t flags)
{
    uint8_t *data = malloc(bytes);
    int64_t taken;

    assert_non_null(data);
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = pattern(1 + peer->written + i, true);
    taken = lastack_send(world.stack, peer->fd, data, bytes, flags);
    free(data);
    peer->written += taken > 0 ? (uint32_t)taken : 0;
    SETTLES();
    return taken;
}

void WRITES(struct peer *peer, uint32_t bytes)
{
    assert_int_equal(writes_with(peer, bytes, 0), bytes);
}

int64_t FAST_OPENS(struct peer *peer, uint32_t bytes)
{
    uint8_t *data = malloc(bytes + 1);
    int64_t sent;

    assert_non_null(data);
    for (uint32_t i = 0; i < bytes; i++)
        data[i] = pattern(1 + peer->written + i, true);
    if (peer->fd < 0)
        peer->fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    assert_true(peer->fd >= 0);
    sent = lastack_send_to(world.stack, peer->fd, data, bytes, LASTACK_MSG_FASTOPEN,
                           &peer->remote);
    free(data);
    assert_int_equal(lastack_getsockname(world.stack, peer->fd, &peer->local), 0);
    peer->written += sent > 0 ? (uint32_t)sent : 0;
    SETTLES();
    return sent;
}

void READS(struct peer *peer, uint32_t bytes)
{
    uint8_t data[4096];

    while (bytes > 0) {
        const size_t want = bytes < sizeof data ? bytes : sizeof data;
        const int64_t got = lastack_recv(world.stack, peer->fd, data, want, 0);

        assert_int_equal(got, want);
        for (uint32_t i = 0; i < (uint32_t)got; i++)
            assert_int_equal(data[i], pattern(1 + peer->read + i, false));
        peer->read += (uint32_t)got;
        bytes -= (uint32_t)got;
    }
    SETTLES();
}

static int64_t recv_answer(struct peer *peer)
{
    uint8_t byte;

    return lastack_recv(world.stack, peer->fd, &byte, 1, 0);
}

void READS_END(struct peer *peer)
{
    assert_int_equal(recv_answer(peer), 0);
}

void READS_NOTHING(struct peer *peer)
{
    assert_int_equal(recv_answer(peer), -LASTACK_EAGAIN);
}

void READS_ERROR(struct peer *peer, int error)
{
    assert_int_equal(recv_answer(peer), -error);
}

void WRITES_ERROR(struct peer *peer, int error)
{
    assert_int_equal(lastack_send(world.stack, peer->fd, "x", 1, 0), -error);
}

void CLOSES(struct peer *peer)
{
    assert_int_equal(lastack_close(world.stack, peer->fd), 0);
    peer->fd = -1;
    SETTLES();
}

void SHUTS(struct peer *peer, int how)
{
    assert_int_equal(lastack_shutdown(world.stack, peer->fd, how), 0);
    SETTLES();
}

void ABORTS(struct peer *peer)
{
    assert_int_equal(lastack_abort(world.stack, peer->fd), 0);
    SETTLES();
}

void LINGERS(struct peer *peer, int seconds)
{
    assert_int_equal(lastack_set_linger(world.stack, peer->fd, seconds), 0);
}

void SETS(struct peer *peer, enum lastack_option option, int value)
{
    assert_int_equal(lastack_set_option(world.stack, peer->fd, option, value), 0);
    SETTLES();
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
            FAIL_AT(__FILE__, __LINE__, "%u left in pool %s", (unsigned)usage.used, usage.name);
    }
    if (lastack_next_deadline(world.stack) != INT64_MAX)
        FAIL_AT(__FILE__, __LINE__, "a deadline is still armed");
}

int peer_teardown(void **state)
{
    (void)state;
    for (unsigned i = 0; i < peer_count; i++) {
        peer_sends_nothing(&peers[i], __FILE__, __LINE__);
        peer_no_state(&peers[i], __FILE__, __LINE__);
    }
    assert_int_equal(queued, 0); /* nothing to strangers either */
    for (int fd = 0; fd < (int)world.config.max_descriptors; fd++)
        (void)lastack_close(world.stack, fd);
    SETTLES();
    for (unsigned i = 0; i < REST_DAYS * 24; i++) {
        AFTER(SEC(3600));
        while (queued > 0)
            free(queue[--queued].bytes);
    }
    check_rest();
    world_free();
    return 0;
}
