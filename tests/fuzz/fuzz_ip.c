/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_ip.c: an Ethernet link where anything arrives: frames, pieces of packets, time, and
 * questions of our own in between.
 *
 * The tape chooses: a frame of so many bytes of the tape; a frame with a right header around such
 * bytes; a neighbour to resolve; time to pass; frames to send. After each step the table of
 * neighbours and the reassembly keep their bounds, nothing is due in the past, and what is sent
 * parses.
 */
#include "fuzz.h"

#include "icmp_reply.h"
#include "ip_address.h"
#include "ip_input.h"
#include "neighbor.h"
#include "path.h"
#include "reassembly.h"

enum { LINK = 1, NEIGHBORS = 6, CONTEXTS = 3, PATHS = 4, FRAME_MAX = 1600 };

static _Alignas(64) uint8_t links_memory[4096];
static _Alignas(64) uint8_t neighbors_memory[32768];
static _Alignas(64) uint8_t paths_memory[32768];
static _Alignas(64) uint8_t reassembly_memory[CONTEXTS * (sizeof(struct reassembly_context) + 64)];

struct world {
    struct links links;
    struct neighbors neighbors;
    struct reassembly reassembly;
    struct paths paths;
    struct icmp_limit limit;
    int64_t now;
};

static const uint8_t our_mac[MAC_BYTES] = {2, 0, 0, 0, 0, 1};

static struct lastack_address host(bool is_ipv6, uint8_t number)
{
    struct lastack_address ipv4 = {{[10] = 0xff, [11] = 0xff, 192, 0, 2, number}};
    struct lastack_address ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = number}};
    return is_ipv6 ? ipv6 : ipv4;
}

static void world_init(struct world *world)
{
    static const struct siphash_key key = {1, 2};
    struct lastack_link_config config = {.kind = LASTACK_LINK_ETHERNET, .mtu = 1500};
    struct lastack_address ipv4 = host(false, 1), ipv6 = host(true, 1);
    memset(neighbors_memory, 0, sizeof neighbors_memory);
    memset(paths_memory, 0, sizeof paths_memory);
    CHECK(links_size(2, 4) <= sizeof links_memory);
    CHECK(neighbors_size(NEIGHBORS) <= sizeof neighbors_memory);
    CHECK(paths_size(PATHS) <= sizeof paths_memory);
    CHECK(reassembly_size(CONTEXTS) <= sizeof reassembly_memory);
    memcpy(config.mac, our_mac, MAC_BYTES);
    links_init(&world->links, links_memory, 2, 4);
    CHECK(links_add(&world->links, &config) == LINK);
    CHECK(links_add_address(&world->links, LINK, &ipv4, 24) == 0);
    CHECK(links_add_address(&world->links, LINK, &ipv6, 64) == 0);
    neighbors_init(&world->neighbors, neighbors_memory, NEIGHBORS, &key, 0);
    paths_init(&world->paths, paths_memory, PATHS, &key);
    icmp_limit_init(&world->limit, &key);
    reassembly_init(&world->reassembly, reassembly_memory, CONTEXTS);
    for (uint32_t i = 0; i < CONTEXTS; i++)
        world->reassembly.contexts[i].is_used = false;
    world->now = 0;
}

/* Whatever we would say about it, it can be said. */
static void complain(struct world *world, const struct ip_arrival *arrival,
                     const struct ip_packet *about, const struct icmp_error *error)
{
    uint8_t bytes[ICMP_QUOTED_MAX_IPV6];
    struct ip_build ip;
    uint8_t header[IPV6_HEADER];
    size_t length = icmp_reply_error(&world->limit, &world->links, arrival, about, error,
                                     world->now, &ip, bytes, sizeof bytes);
    if (length == 0)
        return;
    CHECK(ip.payload_length == length && links_is_own(&world->links, &ip.source));
    CHECK(length + ip_build(&ip, header) <= ICMP_QUOTED_MAX_IPV6);
}

static void take_icmp(struct world *world, const struct ip_arrival *arrival,
                      const struct ip_packet *packet)
{
    struct icmp_message message;
    struct icmp_echo echo;
    struct ip_build ip;
    struct nd_message neighbor;
    if (icmp_parse(packet, true, &message) != LASTACK_CAUSE_NONE)
        return;
    if (icmp_reply_echo(&world->links, arrival, packet, &message, &ip, &echo))
        CHECK(ip.payload_length == ICMP_HEADER + message.body_length);
    if (message.kind == ICMP_NEIGHBOR && nd_parse(packet, true, &neighbor) == LASTACK_CAUSE_NONE)
        (void)neighbor_nd_arrives(&world->neighbors, &world->links, world->now, LINK, packet,
                                  &neighbor);
    if (message.kind == ICMP_TOO_BIG) {
        const struct lastack_address *to = &message.quote.destination;
        uint32_t before = path_mtu(&world->paths, to, 1500, world->now);
        bool is_lower = path_too_big(&world->paths, to, message.mtu,
                                     (uint32_t)message.quote.packet_length, 1500, world->now);
        uint32_t after = path_mtu(&world->paths, to, 1500, world->now);
        CHECK(is_lower ? after < before : after == before);
        CHECK(after >= (ip_is_ipv4(to) ? PATH_MTU_MIN_IPV4 : PATH_MTU_MIN_IPV6));
    }
}

static void take_packet(struct world *world, const struct ip_arrival *arrival, const uint8_t *data,
                        size_t length, bool is_rebuilt)
{
    struct ip_packet packet;
    enum lastack_cause parsed = ip_parse(data, length, true, &packet);
    struct ip_verdict verdict = ip_input(&world->links, arrival, parsed, &packet);
    struct reassembly_result result;
    CHECK((verdict.action == IP_DROP) == (verdict.cause != LASTACK_CAUSE_NONE));
    CHECK(!verdict.has_error || verdict.action == IP_DROP);
    if (verdict.has_error)
        complain(world, arrival, &packet, &verdict.error);
    if (verdict.action == IP_DELIVER && packet.protocol != IP_PROTOCOL_TCP)
        take_icmp(world, arrival, &packet);
    if (verdict.action != IP_REASSEMBLE)
        return;
    CHECK(!is_rebuilt); /* no fragment within fragments: atomic or not, they were taken out */
    switch (reassembly_take(&world->reassembly, LINK, &packet, world->now, &result)) {
    case REASSEMBLY_WHOLE:
        CHECK(ip_parse(result.packet, result.length, false, &packet) !=
              LASTACK_CAUSE_DROP_IP_CHECKSUM);
        take_packet(world, arrival, result.packet, result.length, true);
        break;
    case REASSEMBLY_REFUSED:
        CHECK(result.cause != LASTACK_CAUSE_NONE);
        if (result.has_error)
            complain(world, arrival, &packet, &result.error);
        break;
    case REASSEMBLY_WAITS:
        break;
    }
}

static void take_frame(struct world *world, const uint8_t *data, size_t length)
{
    struct ethernet_frame frame;
    struct arp_packet arp;
    if (ethernet_parse(data, length, our_mac, &frame) != LASTACK_CAUSE_NONE)
        return;
    if (frame.type == ETHERNET_TYPE_ARP) {
        if (arp_parse(frame.payload, frame.payload_length, &arp) == LASTACK_CAUSE_NONE)
            (void)neighbor_arp_arrives(&world->neighbors, &world->links, world->now, LINK, &arp);
        return;
    }
    const struct ip_arrival arrival = {LINK, mac_is_group(frame.destination)};
    take_packet(world, &arrival, frame.payload, frame.payload_length, false);
}

/* Bytes of the tape, with headers in front that lead them on: the way random bytes get anywhere. */
static size_t dress(struct tape *tape, uint8_t *frame)
{
    static const uint8_t protocols[] = {1, 17, 58, 44, 0, 60};
    uint8_t choice = tape_u8(tape), shape = tape_u8(tape);
    bool is_ipv6 = (choice & 1) != 0;
    struct ip_build ip = {.ttl = (choice & 2) ? 255 : 64, .protocol = protocols[shape % 6]};
    struct ip_piece piece = {
        .id = shape & 3, .offset = 8u * (shape >> 4), .more = (choice & 4) != 0};
    uint8_t *header = frame + ETHERNET_HEADER;
    size_t length = tape_u8(tape);
    if (length > tape->left)
        length = tape->left;
    ip.source = host(is_ipv6, 2 + (choice >> 6));
    ip.destination = host(is_ipv6, 1);
    ip.payload_length = (uint32_t)(piece.more ? length & ~(size_t)7 : length);
    ethernet_build(our_mac, our_mac, is_ipv6 ? ETHERNET_TYPE_IPV6 : ETHERNET_TYPE_IPV4, frame);
    header += (choice & 8) ? ip_build_piece(&ip, &piece, header) : ip_build(&ip, header);
    memcpy(header, tape->at, ip.payload_length);
    tape->at += ip.payload_length;
    tape->left -= ip.payload_length;
    return (size_t)(header - frame) + ip.payload_length;
}

static void send_frames(struct world *world)
{
    struct neighbor_message message;
    for (unsigned sent = 0; neighbor_next_message(&world->neighbors, &world->links, &message);
         sent++) {
        uint8_t bytes[NEIGHBOR_FRAME_MAX];
        struct ethernet_frame frame;
        unsigned length = neighbor_build(&message, &world->links, bytes);
        CHECK(sent < NEIGHBOR_ANSWERS + NEIGHBORS && length <= sizeof bytes);
        CHECK(ethernet_parse(bytes, length, message.mac_to, &frame) == LASTACK_CAUSE_NONE ||
              mac_is_group(frame.source));
        if (frame.type == ETHERNET_TYPE_IPV6) {
            struct ip_packet packet;
            struct nd_message nd;
            CHECK(ip_parse(frame.payload, frame.payload_length, false, &packet) ==
                  LASTACK_CAUSE_NONE);
            CHECK(nd_parse(&packet, false, &nd) == LASTACK_CAUSE_NONE);
        }
    }
}

static void pass_time(struct world *world, int64_t length)
{
    struct ip_packet about;
    uint32_t link;
    world->now += length;
    neighbor_tick(&world->neighbors, world->now);
    for (unsigned given_up = 0; reassembly_expire(&world->reassembly, world->now, &about, &link);
         given_up++) {
        static const struct icmp_error errors[2] = {{11, 1, 0}, {3, 1, 0}};
        const struct ip_arrival arrival = {LINK, false};
        CHECK(given_up < CONTEXTS);
        if (about.header != NULL)
            complain(world, &arrival, &about, &errors[about.is_ipv6]);
    }
    CHECK(neighbor_next_deadline(&world->neighbors) > world->now);
    CHECK(reassembly_next_deadline(&world->reassembly) > world->now);
}

static void check_bounds(const struct world *world)
{
    const struct neighbors *n = &world->neighbors;
    CHECK(n->pool.used <= NEIGHBORS && n->pending.count <= (NEIGHBORS + 1) / 2);
    CHECK(n->pending.count + n->known.count == n->pool.used && n->wheel.armed == n->pool.used);
    CHECK(n->index.count == n->pool.used && n->answer_count <= NEIGHBOR_ANSWERS);
    CHECK(world->paths.pool.used <= PATHS && world->paths.ages.count == world->paths.pool.used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tape = {data, size};
    static struct world world;
    uint8_t frame[FRAME_MAX], mac[MAC_BYTES];
    world_init(&world);
    while (tape.left > 0) {
        uint8_t operation = tape_u8(&tape);
        if (operation % 8 < 3) {
            size_t length = dress(&tape, frame);
            take_frame(&world, frame, length);
        } else if (operation % 8 == 3) {
            size_t length = tape_u8(&tape);
            length = length < tape.left ? length : tape.left;
            memcpy(frame, tape.at, length);
            tape.at += length;
            tape.left -= length;
            take_frame(&world, frame, length);
        } else if (operation % 8 < 6) {
            struct lastack_address to = host(operation & 8, tape_u8(&tape) % 16);
            (void)neighbor_resolve(&world.neighbors, &world.links, world.now, LINK, &to, mac);
            neighbor_doubt(&world.neighbors, world.now, LINK, &to);
        } else if (operation % 8 == 6) {
            pass_time(&world, MS(1) * tape_u16(&tape));
        } else {
            send_frames(&world);
        }
        check_bounds(&world);
    }
    return 0;
}
