/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reassembly_test.c: packets cut by ip_build_piece come together again, in any order; every kind of
 * overlap, loss and flood ends as reassembly.h says.
 */
#include "reassembly.h"

#include "ip_fixture.h"
#include "ip_header.h"
#include "rng.h"

#include <stdlib.h>

enum { LIMIT = 6, PIECES_MAX = 256 };

static struct reassembly reassembly;
static void *memory;

static int set_up(void **state)
{
    (void)state;
    memory = calloc(1, (size_t)reassembly_size(LIMIT));
    assert_non_null(memory);
    reassembly_init(&reassembly, memory, LIMIT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(memory);
    return 0;
}

/* A packet to be cut: its payload is a pattern, from 192.0.2.<host> or 2001:db8::<host>. */
struct original {
    bool is_ipv6;
    uint8_t host, protocol, ecn;
    uint32_t id, length;
};

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static struct ip_build header_of(const struct original *original)
{
    struct ip_build build = {
        .ttl = 60, .protocol = original->protocol, .traffic_class = original->ecn};

    build.source = address_of(original->is_ipv6 ? "2001:db8::" : "192.0.2.0");
    build.source.bytes[15] = original->host;
    build.destination = address_of(original->is_ipv6 ? "2001:db8::1" : "192.0.2.1");
    return build;
}

/* One piece [from, to) of it, handed over from memory of its own. */
static enum reassembly_state give(const struct original *original, uint32_t from, uint32_t to,
                                  int64_t now, struct reassembly_result *result)
{
    struct ip_build build = header_of(original);
    struct ip_piece piece = {.id = original->id, .offset = from, .more = to < original->length};
    uint8_t *bytes = malloc(IPV6_PIECE_HEADER + (to - from));
    enum reassembly_state answer;
    struct ip_packet packet;
    unsigned header;

    assert_non_null(bytes);
    build.payload_length = to - from;
    header = ip_build_piece(&build, &piece, bytes);
    for (uint32_t at = from; at < to; at++)
        bytes[header + at - from] = pattern(at);
    assert_int_equal(ip_parse(bytes, header + to - from, false, &packet), LASTACK_CAUSE_NONE);
    answer = reassembly_take(&reassembly, 1, &packet, now, result);
    free(bytes);
    return answer;
}

static void assert_whole(const struct original *original, const struct reassembly_result *result)
{
    struct ip_build build = header_of(original);
    struct ip_packet packet;

    assert_int_equal(ip_parse(result->packet, result->length, false, &packet), LASTACK_CAUSE_NONE);
    assert_false(packet.is_fragment);
    assert_int_equal(packet.protocol, original->protocol);
    assert_memory_equal(&packet.source, &build.source, 16);
    assert_memory_equal(&packet.destination, &build.destination, 16);
    assert_int_equal(packet.ttl, 60);
    assert_int_equal(packet.payload_length, original->length);
    for (uint32_t at = 0; at < original->length; at++)
        assert_int_equal(packet.payload[at], pattern(at));
}

static struct original udp(bool is_ipv6, uint32_t length)
{
    return (struct original){
        .is_ipv6 = is_ipv6, .host = 9, .protocol = IP_PROTOCOL_UDP, .id = 77, .length = length};
}

/* covers: 1122-3.3.2-min 8200-5 */
static void pieces_come_together_in_any_order(void **state)
{
    static const uint32_t lengths[] = {556, 1480, 3001, 9000, 65515};
    struct rng rng;

    (void)state;
    rng_init(&rng, 41);
    for (unsigned round = 0; round < 60; round++) {
        struct original original = udp(round % 2, lengths[round / 2 % 5]);
        uint32_t size = 8 * (32 + rng_below(&rng, 160)),
                 count = (original.length + size - 1) / size;
        uint32_t order[PIECES_MAX];
        struct reassembly_result result;
        enum reassembly_state answer = REASSEMBLY_WAITS;

        assert_true(count <= PIECES_MAX && count > 0);
        if (count == 1)
            continue;
        for (uint32_t i = 0; i < count; i++) { /* inside-out shuffle */
            uint32_t j = rng_below(&rng, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        original.id += round;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t from = order[i] * size;
            uint32_t to = from + size < original.length ? from + size : original.length;
            assert_int_equal(answer, REASSEMBLY_WAITS);
            answer = give(&original, from, to, 0, &result);
        }
        assert_int_equal(answer, REASSEMBLY_WHOLE);
        assert_whole(&original, &result);
        assert_int_equal(reassembly_next_deadline(&reassembly), NEVER);
    }
}

/* covers: 8200-4.5-ovl 1122-3.3.2-ovl */
static void repeated_pieces_are_ignored(void **state)
{
    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        struct original original = udp(is_ipv6, 2000);
        struct reassembly_result result;
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_WAITS);
            assert_int_equal(give(&original, 1600, 2000, 0, &result), REASSEMBLY_WAITS);
        }
        assert_int_equal(give(&original, 800, 1600, 0, &result), REASSEMBLY_WHOLE);
        assert_whole(&original, &result);
    }
}

/* covers: 8200-4.5-ovl 1122-3.3.2-ovl */
static void any_other_overlap_abandons_the_packet(void **state)
{
    static const uint32_t overlaps[][2] = {
        {792, 1600}, {0, 808}, {8, 1600}, {0, 1600}, {800, 1608}};

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        struct original original = udp(i % 2, 2000);
        struct reassembly_result result;
        original.id = 100 + i;
        assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_WAITS);
        assert_int_equal(give(&original, 1600, 2000, 0, &result), REASSEMBLY_WAITS);
        assert_int_equal(give(&original, overlaps[i / 2][0], overlaps[i / 2][1], 0, &result),
                         REASSEMBLY_REFUSED);
        assert_int_equal(result.cause, LASTACK_CAUSE_DROP_FRAGMENT);
        assert_false(result.has_error);
        /* what is missing comes, and the rest again: all the same it stays abandoned */
        assert_int_equal(give(&original, 800, 1600, 0, &result), REASSEMBLY_REFUSED);
        assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_REFUSED);
    }
}

/* The same place, other bytes: the classic way round a filter. */
static void a_repetition_with_other_bytes_is_an_overlap(void **state)
{
    struct original original = udp(false, 2000), shifted = original;
    struct ip_packet packet = {
        .is_fragment = true, .more_fragments = true, .protocol = IP_PROTOCOL_UDP};
    static uint8_t other[IPV4_HEADER + 800];
    struct reassembly_result result;

    (void)state;
    assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_WAITS);
    packet.source = header_of(&shifted).source;
    packet.destination = header_of(&shifted).destination;
    packet.fragment_id = 77;
    packet.header = other;
    packet.payload = other + IPV4_HEADER;
    packet.payload_length = 800;
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_REFUSED);
}

static void pieces_beyond_the_end_abandon_the_packet(void **state)
{
    struct original longer = udp(false, 4000), original = udp(false, 2000);
    struct reassembly_result result;

    (void)state;
    assert_int_equal(give(&original, 1600, 2000, 0, &result), REASSEMBLY_WAITS); /* the end: 2000 */
    assert_int_equal(give(&longer, 2400, 3200, 0, &result), REASSEMBLY_REFUSED);
    original.id = longer.id = 78;
    assert_int_equal(give(&longer, 2400, 3200, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&original, 1600, 2000, 0, &result),
                     REASSEMBLY_REFUSED); /* an end before */
    original.id = longer.id = 80;
    assert_int_equal(give(&original, 1600, 2000, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&longer, 1200, 2000, 0, &result),
                     REASSEMBLY_REFUSED); /* the end, and more */
    original.id = longer.id = 79;
    assert_int_equal(give(&original, 1600, 2000, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&longer, 3200, 4000, 0, &result), REASSEMBLY_REFUSED); /* two ends */
}

static void packets_with_other_names_do_not_mix(void **state)
{
    struct original a = udp(false, 1600), b = a, c = a, d = udp(true, 1600);
    struct reassembly_result result;

    (void)state;
    b.host = 8;
    c.id = 78;
    assert_int_equal(give(&a, 0, 800, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&b, 800, 1600, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&c, 800, 1600, 0, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&d, 800, 1600, 0, &result), REASSEMBLY_WAITS);
    c = a;
    c.protocol = IP_PROTOCOL_ICMP; /* IPv4: part of the name */
    assert_int_equal(give(&c, 800, 1600, 0, &result), REASSEMBLY_WAITS);
    c = d;
    c.protocol = IP_PROTOCOL_ICMPV6; /* IPv6: not; the first piece says what it is */
    assert_int_equal(give(&c, 0, 800, 0, &result), REASSEMBLY_WHOLE);
    assert_whole(&c, &result);
}

/* Gives up everything that is due; returns how many had a first piece. */
static unsigned expire(int64_t now, unsigned *count)
{
    unsigned told = 0;
    struct ip_packet about;
    uint32_t link;

    *count = 0;
    while (reassembly_expire(&reassembly, now, &about, &link)) {
        assert_int_equal(link, 1);
        (*count)++;
        if (about.header == NULL)
            continue;
        told++;
        assert_int_equal(about.fragment_offset, 0);
        assert_int_equal(about.payload_length, 800);
        assert_int_equal(about.payload[799], pattern(799));
    }
    return told;
}

/* covers: 1122-3.3.2-to 8200-4.5-to */
static void what_is_incomplete_after_a_minute_is_given_up(void **state)
{
    unsigned count;

    (void)state;
    for (unsigned is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
        struct original with_first = udp(is_ipv6, 2000), without = with_first;
        struct reassembly_result result;
        without.id = 78;
        assert_int_equal(give(&with_first, 0, 800, SEC(1), &result), REASSEMBLY_WAITS);
        assert_int_equal(give(&without, 800, 1600, SEC(2), &result), REASSEMBLY_WAITS);
        assert_int_equal(give(&with_first, 800, 1600, SEC(30), &result),
                         REASSEMBLY_WAITS); /* no extension */
        assert_int_equal(reassembly_next_deadline(&reassembly), SEC(61));
        assert_int_equal(expire(SEC(61) - 1, &count), 0);
        assert_int_equal(count, 0);
        assert_int_equal(expire(SEC(61), &count), 1);
        assert_int_equal(count, 1);
        assert_int_equal(reassembly_next_deadline(&reassembly), SEC(62));
        assert_int_equal(expire(SEC(62), &count), 0); /* nobody is told without a first piece */
        assert_int_equal(count, 1);
        assert_int_equal(reassembly_next_deadline(&reassembly), NEVER);
        /* its last piece starts anew and does not complete anything */
        assert_int_equal(give(&with_first, 1600, 2000, SEC(63), &result), REASSEMBLY_WAITS);
        assert_int_equal(expire(SEC(200), &count), 0);
    }
    assert_int_equal(reassembly.timeouts, 6);
}

/* covers: 1122-3.3.2-lim */
static void floods_of_first_pieces_evict_the_oldest(void **state)
{
    struct original victim = udp(false, 1600);
    struct reassembly_result result;

    (void)state;
    for (unsigned i = 0; i < 100; i++) { /* one source: it competes with itself only */
        struct original flood = udp(false, 1600);
        flood.host = 66;
        flood.id = 1000 + i;
        assert_int_equal(give(&flood, 0, 800, (int64_t)i, &result), REASSEMBLY_WAITS);
    }
    assert_int_equal(reassembly.evictions, 100 - REASSEMBLY_PER_SOURCE);
    assert_int_equal(give(&victim, 0, 800, 200, &result), REASSEMBLY_WAITS);
    for (unsigned i = 0; i < 100; i++) {
        struct original flood = udp(false, 1600);
        flood.host = 66;
        flood.id = 2000 + i;
        assert_int_equal(give(&flood, 0, 800, 300 + (int64_t)i, &result), REASSEMBLY_WAITS);
    }
    assert_int_equal(give(&victim, 800, 1600, 500, &result), REASSEMBLY_WHOLE);
    assert_whole(&victim, &result);
    for (unsigned i = 0; i < 100; i++) { /* many sources: the oldest of all goes, memory is flat */
        struct original flood = udp(false, 1600);
        flood.host = (uint8_t)(100 + i);
        assert_int_equal(give(&flood, 0, 800, 600 + (int64_t)i, &result), REASSEMBLY_WAITS);
    }
    victim.id = 79; /* and a packet whose pieces come close together still gets through */
    assert_int_equal(give(&victim, 800, 1600, 800, &result), REASSEMBLY_WAITS);
    assert_int_equal(give(&victim, 0, 800, 800, &result), REASSEMBLY_WHOLE);
}

/* covers: 8200-4.5-first */
static void a_first_piece_without_all_headers_is_a_problem(void **state)
{
    struct original original = udp(true, 1600);
    struct ip_build build = header_of(&original);
    struct ip_piece piece = {.id = 5, .offset = 0, .more = true};
    uint8_t bytes[IPV6_PIECE_HEADER + 8] = {0};
    struct reassembly_result result;
    struct ip_packet packet;
    unsigned header;

    (void)state;
    build.protocol = IP_PROTOCOL_TCP; /* 8 bytes of its header */
    build.payload_length = 8;
    header = ip_build_piece(&build, &piece, bytes);
    assert_int_equal(ip_parse(bytes, header + 8, false, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_REFUSED);
    assert_true(result.has_error && result.error.type == 4 && result.error.code == 3);
    assert_int_equal(reassembly_next_deadline(&reassembly), NEVER); /* nothing was kept */
    build.protocol = IP_PROTOCOL_UDP;                               /* of UDP that is all */
    header = ip_build_piece(&build, &piece, bytes);
    assert_int_equal(ip_parse(bytes, header + 8, false, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_WAITS);
}

/* covers: 3168-5.3 */
static void congestion_marks_survive(void **state)
{
    static const struct {
        uint8_t first, second;
        int whole; /* -1: dropped */
    } cases[] = {{0, 0, 0}, {2, 2, 2}, {2, 3, 3},  {3, 2, 3},
                 {1, 3, 3}, {3, 3, 3}, {0, 3, -1}, {3, 0, -1}};

    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        struct original original = udp(i % 2, 1600);
        struct reassembly_result result;
        struct ip_packet packet;
        original.id = 200 + i;
        original.ecn = cases[i / 2].first;
        assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_WAITS);
        original.ecn = cases[i / 2].second;
        if (cases[i / 2].whole < 0) {
            assert_int_equal(give(&original, 800, 1600, 0, &result), REASSEMBLY_REFUSED);
            continue;
        }
        assert_int_equal(give(&original, 800, 1600, 0, &result), REASSEMBLY_WHOLE);
        assert_int_equal(ip_parse(result.packet, result.length, false, &packet),
                         LASTACK_CAUSE_NONE);
        assert_int_equal(packet.traffic_class, cases[i / 2].whole);
    }
}

/* Hop-by-hop options before, destination options behind the fragment header. */
static void extension_headers_on_both_sides_stay(void **state)
{
    uint8_t bytes[IPV6_HEADER + 8 + 8 + 24] = {0};
    struct original original = udp(true, 0);
    struct ip_build build = header_of(&original);
    struct reassembly_result result;
    struct ip_packet packet;

    (void)state;
    build.protocol = IP_PROTOCOL_HOP_BY_HOP;
    build.payload_length = 40;
    ip_build(&build, bytes);
    bytes[40] = IP_PROTOCOL_FRAGMENT;
    bytes[42] = 1;
    bytes[43] = 4;
    bytes[48] = IP_PROTOCOL_DESTINATION;
    bytes[51] = 1; /* more */
    bytes[56] = IP_PROTOCOL_UDP;
    bytes[58] = 1;
    bytes[59] = 4;
    bytes[64] = 0xaa; /* UDP */
    assert_int_equal(ip_parse(bytes, sizeof bytes, false, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_WAITS);
    store16(bytes + 50, 24);
    bytes[79] = 0xbb;
    assert_int_equal(ip_parse(bytes, sizeof bytes, false, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_WHOLE);
    assert_int_equal(ip_parse(result.packet, result.length, false, &packet), LASTACK_CAUSE_NONE);
    assert_int_equal(packet.protocol, IP_PROTOCOL_UDP);
    assert_int_equal(packet.packet_length, IPV6_HEADER + 8 + 48);
    assert_int_equal(packet.payload_length, 40);
    assert_int_equal(packet.payload[0], 0xaa);
    assert_int_equal(packet.payload[39], 0xbb);
}

static void empty_pieces_and_no_memory_are_refused(void **state)
{
    struct original original = udp(false, 1600);
    struct ip_packet packet = {.is_fragment = true, .fragment_offset = 8};
    struct reassembly_result result;

    (void)state;
    assert_int_equal(reassembly_take(&reassembly, 1, &packet, 0, &result), REASSEMBLY_REFUSED);
    reassembly_init(&reassembly, NULL, 0);
    assert_int_equal(reassembly_size(0), 0);
    assert_int_equal(give(&original, 0, 800, 0, &result), REASSEMBLY_REFUSED);
    assert_int_equal(result.cause, LASTACK_CAUSE_DROP_FRAGMENT);
    assert_int_equal(reassembly_next_deadline(&reassembly), NEVER);
}

/* Random pieces of a few packets, whole or cut wrongly: what comes out is always the pattern. */
static void noise_never_brings_a_wrong_packet(void **state)
{
    struct rng rng;
    unsigned whole = 0;
    int64_t now = 0;

    (void)state;
    rng_init(&rng, 42);
    for (unsigned round = 0; round < 20000; round++) {
        struct original original = udp(rng_below(&rng, 2), 640);
        uint32_t from = 160 * rng_below(&rng, 4), to = from + 160;
        struct reassembly_result result;
        unsigned count;
        if (rng_below(&rng, 40) == 0)
            from += 8;
        original.id = rng_below(&rng, 4);
        original.host = 9;
        if (give(&original, from, to, now, &result) == REASSEMBLY_WHOLE) {
            assert_whole(&original, &result);
            whole++;
        }
        now += MS(rng_below(&rng, 1000));
        if (reassembly_next_deadline(&reassembly) <= now) {
            struct ip_packet about;
            uint32_t link;
            for (count = 0; reassembly_expire(&reassembly, now, &about, &link); count++)
                assert_true(count < LIMIT);
        }
    }
    assert_true(whole > 500);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(pieces_come_together_in_any_order),
        WITH(repeated_pieces_are_ignored),
        WITH(any_other_overlap_abandons_the_packet),
        WITH(a_repetition_with_other_bytes_is_an_overlap),
        WITH(pieces_beyond_the_end_abandon_the_packet),
        WITH(packets_with_other_names_do_not_mix),
        WITH(what_is_incomplete_after_a_minute_is_given_up),
        WITH(floods_of_first_pieces_evict_the_oldest),
        WITH(a_first_piece_without_all_headers_is_a_problem),
        WITH(congestion_marks_survive),
        WITH(extension_headers_on_both_sides_stay),
        WITH(empty_pieces_and_no_memory_are_refused),
        WITH(noise_never_brings_a_wrong_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
