/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_test.c: states, timers and bounds of the table of neighbours.
 */
#include "neighbor_fixture.h"

#include "rng.h"

static const char ipv4[] = "198.51.100.9", ipv6[] = "2001:db8:0:2::9";

/* He answers the way of his family. */
static void answer(const char *text, int64_t now)
{
    if (strchr(text, ':') != NULL)
        assert_int_equal(advertise(text, peer_mac, "SO", now), LASTACK_CAUSE_NONE);
    else
        assert_int_equal(arp(ARP_REPLY, text, peer_mac, "198.51.100.1", now), LASTACK_CAUSE_NONE);
}

/* covers: 4861-7.2.2 1122-2.3.2.2 */
static void the_first_packet_waits_for_an_answer(void **state)
{
    static const char *const hosts[] = {ipv4, ipv6};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t changes = table.changes;
        uint8_t mac[MAC_BYTES];
        assert_int_equal(resolve(hosts[i], SEC(1), mac), RESOLVE_WAIT);
        assert_int_equal(state_of(hosts[i]), NEIGHBOR_INCOMPLETE);
        assert_int_equal(resolve(hosts[i], SEC(1), mac), RESOLVE_WAIT); /* one question for both */
        assert_int_equal(drain(), 1);
        assert_int_equal(table.changes, changes);
        answer(hosts[i], SEC(1) + MS(1));
        assert_int_not_equal(table.changes, changes); /* who waits is told */
        assert_int_equal(resolve(hosts[i], SEC(1) + MS(1), mac), RESOLVE_READY);
        assert_memory_equal(mac, peer_mac, MAC_BYTES);
        assert_int_equal(state_of(hosts[i]), NEIGHBOR_REACHABLE);
        assert_int_equal(drain(), 0);
    }
}

/* covers: 4861-7.2.2 1122-2.3.2.1-flush */
static void nobody_answers_three_questions_in_three_seconds(void **state)
{
    uint8_t mac[MAC_BYTES];
    uint32_t changes = table.changes;

    (void)state;
    assert_int_equal(resolve(ipv4, SEC(1), mac), RESOLVE_WAIT);
    assert_int_equal(drain(), 1);
    for (int second = 1; second <= 3; second++) {
        int64_t at = SEC(1) + SEC(second);
        assert_true(neighbor_next_deadline(&table) <= at);
        neighbor_tick(&table, at - 1);
        assert_int_equal(drain(), 0);
        assert_int_equal(resolve(ipv4, at - 1, mac), RESOLVE_WAIT);
        neighbor_tick(&table, at);
        assert_int_equal(drain(), second < 3 ? 1 : 0);
    }
    assert_int_equal(resolve(ipv4, SEC(4), mac), RESOLVE_FAILED);
    assert_int_not_equal(table.changes, changes);
    assert_int_equal(table.unresolved, 1);
    neighbor_tick(&table, SEC(5) - 1);
    assert_int_equal(resolve(ipv4, SEC(5) - 1, mac), RESOLVE_FAILED);
    neighbor_tick(&table, SEC(5)); /* forgotten: asked anew, still one a second */
    assert_int_equal(state_of(ipv4), -1);
    assert_int_equal(neighbor_next_deadline(&table), NEVER);
    assert_int_equal(resolve(ipv4, SEC(5), mac), RESOLVE_WAIT);
    assert_int_equal(drain(), 1);
}

/* Asked without a pause for a minute: never two questions within a second. */
static void questions_come_once_a_second_at_the_most(void **state)
{
    int64_t last = -SEC(1);
    unsigned count = 0;

    (void)state;
    for (int64_t now = SEC(1); now < SEC(61); now += MS(10)) {
        uint8_t mac[MAC_BYTES];
        neighbor_tick(&table, now);
        (void)resolve(ipv6, now, mac);
        if (drain() == 0)
            continue;
        assert_true(now - last >= SEC(1));
        last = now;
        count++;
    }
    assert_in_range(count, 40, 50); /* three of every four seconds */
}

/* A neighbour who answered at second 1; returns when he turned stale. */
static int64_t become_stale(const char *host)
{
    uint8_t mac[MAC_BYTES];
    int64_t at;

    assert_int_equal(resolve(host, SEC(1), mac), RESOLVE_WAIT);
    drain();
    answer(host, SEC(1));
    for (at = SEC(1); state_of(host) == NEIGHBOR_REACHABLE; at += MS(100)) {
        assert_true(at < SEC(50));
        neighbor_tick(&table, at);
    }
    assert_true(at > SEC(16) && at <= SEC(46) + MS(100)); /* 15 to 45 s */
    assert_int_equal(state_of(host), NEIGHBOR_STALE);
    return at;
}

/* covers: 4861-7.3 */
static void a_stale_neighbour_is_used_and_then_verified(void **state)
{
    static const char *const hosts[] = {ipv4, ipv6};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct neighbor_message message;
        uint8_t mac[MAC_BYTES];
        int64_t now;
        table_init(LIMIT, 0);
        now = become_stale(hosts[i]);
        assert_int_equal(resolve(hosts[i], now, mac), RESOLVE_READY);
        assert_int_equal(state_of(hosts[i]), NEIGHBOR_DELAY);
        neighbor_tick(&table, now + SEC(5) - 1);
        assert_int_equal(state_of(hosts[i]), NEIGHBOR_DELAY);
        assert_int_equal(drain(), 0);
        for (int probe = 0; probe < 3; probe++) {
            neighbor_tick(&table, now + SEC(5) + SEC(probe));
            assert_int_equal(state_of(hosts[i]), NEIGHBOR_PROBE);
            assert_int_equal(resolve(hosts[i], now + SEC(5) + SEC(probe), mac), RESOLVE_READY);
            assert_true(next_message(&message));
            assert_memory_equal(message.mac_to, peer_mac, MAC_BYTES); /* to himself */
            assert_false(next_message(&message));
        }
        neighbor_tick(&table, now + SEC(8));
        assert_int_equal(state_of(hosts[i]), -1);
    }
}

static void a_probe_that_is_answered_ends_well(void **state)
{
    uint8_t mac[MAC_BYTES];
    int64_t now = become_stale(ipv6);

    (void)state;
    assert_int_equal(resolve(ipv6, now, mac), RESOLVE_READY);
    neighbor_tick(&table, now + SEC(5));
    assert_int_equal(drain(), 1);
    answer(ipv6, now + SEC(5));
    assert_int_equal(state_of(ipv6), NEIGHBOR_REACHABLE);
    neighbor_tick(&table, now + SEC(8));
    assert_int_equal(state_of(ipv6), NEIGHBOR_REACHABLE);
    assert_int_equal(drain(), 0);
}

static void a_stale_neighbour_that_nobody_uses_is_flushed(void **state)
{
    int64_t now = become_stale(ipv4);

    (void)state;
    neighbor_tick(&table, now + SEC(599));
    assert_int_equal(state_of(ipv4), NEIGHBOR_STALE);
    neighbor_tick(&table, now + SEC(600));
    assert_int_equal(state_of(ipv4), -1);
    assert_int_equal(table.pool.used, 0);
}

static void groups_need_no_answer(void **state)
{
    static const uint8_t all_hosts[] = {0x01, 0, 0x5e, 0, 0, 1};
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve("198.51.100.255", 0, mac), RESOLVE_READY);
    assert_memory_equal(mac, mac_broadcast, MAC_BYTES);
    assert_int_equal(resolve("255.255.255.255", 0, mac), RESOLVE_READY);
    assert_memory_equal(mac, mac_broadcast, MAC_BYTES);
    assert_int_equal(resolve("224.0.0.1", 0, mac), RESOLVE_READY);
    assert_memory_equal(mac, all_hosts, MAC_BYTES);
    assert_int_equal(table.pool.used, 0);
}

static void the_same_address_on_two_links_is_two_neighbours(void **state)
{
    struct lastack_link_config second = {.kind = LASTACK_LINK_ETHERNET, .mtu = 1500, .mac = {2, 1}};
    struct lastack_address address = address_of(ipv4);
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(links_add(&world.links, &second), 3);
    assert_int_equal(own(&world, 3, "203.0.113.1", 24), 0);
    assert_int_equal(resolve(ipv4, 0, mac), RESOLVE_WAIT);
    answer(ipv4, 0);
    assert_int_equal(neighbor_resolve(&table, &world.links, 0, 3, &address, mac), RESOLVE_WAIT);
    assert_int_equal(table.pool.used, 2);
}

static const char *host(unsigned number)
{
    static char text[32];
    struct lastack_address address = address_of("198.51.100.0");

    address.bytes[15] = (uint8_t)(10 + number);
    lastack_address_text(&address, text, sizeof text);
    return text;
}

/* A scan through us: it fills half of the table and pushes out nobody who answered. */
static void those_who_do_not_answer_take_half_of_the_table(void **state)
{
    uint8_t mac[MAC_BYTES];
    uint32_t changes;

    (void)state;
    for (unsigned i = 0; i < LIMIT; i++) {
        assert_int_equal(resolve(host(i), 0, mac), RESOLVE_WAIT);
        answer(host(i), 0);
    }
    assert_int_equal(table.evictions, 0);
    changes = table.changes;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(resolve(host(100 + i), 0, mac), RESOLVE_WAIT);
    assert_int_equal(table.pool.used, LIMIT);
    assert_int_equal(table.pending.count, LIMIT / 2);
    assert_int_equal(table.known.count, LIMIT / 2);
    assert_int_equal(table.evictions, LIMIT / 2); /* of who had answered: the rest waits */
    assert_int_equal(table.changes, changes);
    for (unsigned i = 0; i < LIMIT; i++) /* the last four used are still there */
        assert_int_equal(state_of(host(i)), i < LIMIT / 2 ? -1 : NEIGHBOR_REACHABLE);
    assert_int_equal(drain(), LIMIT / 2); /* no question for those who wait */
}

/* More wait than may be asked at a time: within one moment each place is given away once, not from
 * one to the other and back, a question each, for ever. */
static void those_who_wait_do_not_take_turns_without_end(void **state)
{
    uint8_t mac[MAC_BYTES];
    unsigned questions = 0;

    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < LIMIT; i++)
            assert_int_equal(resolve(host(i), 0, mac), RESOLVE_WAIT);
        questions += drain();
    }
    assert_int_equal(questions, LIMIT / 2);
    neighbor_tick(&table, SEC(1)); /* asked again, all of them: the others may have a place now */
    questions = drain();
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < LIMIT; i++)
            assert_int_equal(resolve(host(i), SEC(1), mac), RESOLVE_WAIT);
        questions += drain();
    }
    assert_int_equal(questions, LIMIT);
    assert_int_equal(table.evictions, LIMIT / 2);
}

static void the_neighbour_unused_for_longest_makes_room(void **state)
{
    uint8_t mac[MAC_BYTES];

    (void)state;
    for (unsigned i = 0; i < LIMIT; i++) {
        assert_int_equal(resolve(host(i), 0, mac), RESOLVE_WAIT);
        answer(host(i), 0);
    }
    assert_int_equal(resolve(host(0), 0, mac), RESOLVE_READY); /* used: now 1 is the oldest */
    assert_int_equal(resolve(host(50), 0, mac), RESOLVE_WAIT);
    assert_int_equal(state_of(host(0)), NEIGHBOR_REACHABLE);
    assert_int_equal(state_of(host(1)), -1);
    assert_int_equal(state_of(host(2)), NEIGHBOR_REACHABLE);
}

static void a_table_of_one_and_a_table_of_none(void **state)
{
    uint8_t mac[MAC_BYTES];

    (void)state;
    table_init(1, 0);
    assert_int_equal(resolve(host(0), 0, mac), RESOLVE_WAIT);
    answer(host(0), 0);
    assert_int_equal(resolve(host(0), 0, mac), RESOLVE_READY);
    assert_int_equal(resolve(host(1), 0, mac), RESOLVE_WAIT);
    answer(host(1), 0);
    assert_int_equal(resolve(host(1), 0, mac), RESOLVE_READY);
    assert_int_equal(table.evictions, 1);
    table_init(0, 0);
    assert_int_equal(resolve(host(0), 0, mac), RESOLVE_FAILED);
    assert_int_equal(table.pool.refusals, 1);
    assert_int_equal(neighbor_next_deadline(&table), NEVER);
}

static void nobody_can_be_asked_without_an_address_to_ask_from(void **state)
{
    struct lastack_link_config bare = {.kind = LASTACK_LINK_ETHERNET, .mtu = 1500, .mac = {2, 1}};
    struct lastack_address address = address_of(ipv4);
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(links_add(&world.links, &bare), 3);
    assert_int_equal(neighbor_resolve(&table, &world.links, 0, 3, &address, mac), RESOLVE_FAILED);
    assert_int_equal(table.pool.used, 0);
}

/* Anything in any order: every entry has a deadline ahead, lists and pool agree. */
static void noise_never_breaks_the_table(void **state)
{
    struct rng rng;
    int64_t now = 0;
    unsigned ready = 0;

    (void)state;
    rng_init(&rng, 7);
    for (unsigned round = 0; round < 20000; round++) {
        const char *text = host(rng_below(&rng, 3 * LIMIT));
        const uint8_t *from = rng_below(&rng, 2) ? peer_mac : new_mac;
        uint8_t mac[MAC_BYTES];
        switch (rng_below(&rng, 6)) {
        case 0:
        case 1:
            ready += resolve(text, now, mac) == RESOLVE_READY;
            break;
        case 2:
            (void)arp(ARP_REPLY, text, from, "198.51.100.1", now);
            break;
        case 3:
            (void)arp(ARP_REQUEST, text, from, "198.51.100.1", now);
            break;
        case 4:
            now += MS(rng_below(&rng, 3000));
            neighbor_tick(&table, now);
            assert_true(neighbor_next_deadline(&table) > now);
            break;
        default:
            drain();
        }
        assert_int_equal(table.pending.count + table.known.count, table.pool.used);
        assert_int_equal(table.wheel.armed, table.pool.used);
        assert_int_equal(table.index.count, table.pool.used);
        assert_true(table.due.count <= table.pool.used);
    }
    assert_in_range(ready, 500, 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(the_first_packet_waits_for_an_answer),
        WITH_TABLE(nobody_answers_three_questions_in_three_seconds),
        WITH_TABLE(questions_come_once_a_second_at_the_most),
        WITH_TABLE(a_stale_neighbour_is_used_and_then_verified),
        WITH_TABLE(a_probe_that_is_answered_ends_well),
        WITH_TABLE(a_stale_neighbour_that_nobody_uses_is_flushed),
        WITH_TABLE(groups_need_no_answer),
        WITH_TABLE(the_same_address_on_two_links_is_two_neighbours),
        WITH_TABLE(those_who_do_not_answer_take_half_of_the_table),
        WITH_TABLE(those_who_wait_do_not_take_turns_without_end),
        WITH_TABLE(the_neighbour_unused_for_longest_makes_room),
        WITH_TABLE(a_table_of_one_and_a_table_of_none),
        WITH_TABLE(nobody_can_be_asked_without_an_address_to_ask_from),
        WITH_TABLE(noise_never_breaks_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
