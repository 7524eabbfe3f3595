/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * neighbor_arrives_test.c: who is believed, who is learnt, who is answered.
 */
#include "neighbor_fixture.h"

static const char peer[] = "198.51.100.9", peer6[] = "2001:db8:0:2::9";
static const char us[] = "198.51.100.1", us6[] = "2001:db8:0:2::1";

static const uint8_t *mac_of(const char *text)
{
    struct lastack_address address = address_of(text);
    const struct neighbor *neighbor = neighbor_find(&table, ETHER, &address);

    assert_non_null(neighbor);
    return neighbor->mac;
}

/* covers: 826-recv */
static void a_request_for_us_is_answered_and_its_sender_learnt(void **state)
{
    struct lastack_address asker = address_of(peer), answered = address_of(us);
    struct neighbor_message message;

    (void)state;
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(state_of(peer), NEIGHBOR_STALE); /* known, not verified */
    assert_memory_equal(mac_of(peer), peer_mac, MAC_BYTES);
    assert_true(next_message(&message));
    assert_true(message.is_answer);
    assert_int_equal(message.link, ETHER);
    assert_memory_equal(message.mac_to, peer_mac, MAC_BYTES);
    assert_memory_equal(&message.source, &answered, sizeof answered);
    assert_memory_equal(&message.destination, &asker, sizeof asker);
    assert_false(next_message(&message));
}

/* covers: 826-recv */
static void a_request_for_others_is_not(void **state)
{
    struct neighbor_message message;

    (void)state;
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, "198.51.100.7", 0),
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_int_equal(state_of(peer), -1);
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, "192.0.2.1", 0), /* ours, on another link */
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_int_equal(arp(ARP_REPLY, peer, peer_mac, us, 0), /* an answer to nothing */
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_int_equal(state_of(peer), -1);
    assert_false(next_message(&message));
}

/* covers: 826-recv */
static void one_who_is_known_is_updated_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(arp(ARP_REPLY, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(state_of(peer), NEIGHBOR_REACHABLE);
    assert_int_equal(arp(ARP_REQUEST, peer, new_mac, "198.51.100.7", 0), LASTACK_CAUSE_NONE);
    assert_memory_equal(mac_of(peer), new_mac, MAC_BYTES); /* a new card: to be verified */
    assert_int_equal(state_of(peer), NEIGHBOR_STALE);
    assert_int_equal(arp(ARP_REPLY, peer, new_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(arp(ARP_REQUEST, peer, new_mac, peer, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(state_of(peer), NEIGHBOR_REACHABLE); /* gratuitous, and nothing new */
}

static void a_request_answers_our_own_question(void **state)
{
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve(peer, 0, mac), RESOLVE_WAIT);
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(resolve(peer, 0, mac), RESOLVE_READY);
    assert_memory_equal(mac, peer_mac, MAC_BYTES);
    assert_int_equal(drain(), 1); /* the answer; our question is not needed any more */
}

static void a_late_answer_is_better_than_none(void **state)
{
    uint8_t mac[MAC_BYTES];

    (void)state;
    assert_int_equal(resolve(peer, 0, mac), RESOLVE_WAIT);
    neighbor_tick(&table, SEC(1));
    neighbor_tick(&table, SEC(2));
    neighbor_tick(&table, SEC(3));
    assert_int_equal(state_of(peer), NEIGHBOR_FAILED);
    assert_int_equal(arp(ARP_REPLY, peer, peer_mac, us, SEC(3) + 1), LASTACK_CAUSE_NONE);
    assert_int_equal(resolve(peer, SEC(3) + 1, mac), RESOLVE_READY);
}

static void probes_are_answered_but_tell_nothing(void **state)
{
    struct neighbor_message message;

    (void)state;
    assert_int_equal(arp(ARP_REQUEST, "0.0.0.0", peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(table.pool.used, 0);
    assert_true(next_message(&message) && message.is_answer);
    assert_int_equal(arp(ARP_REQUEST, "0.0.0.0", peer_mac, peer, 0),
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
}

static void claims_to_our_addresses_are_not_believed(void **state)
{
    struct neighbor_message message;

    (void)state;
    assert_int_equal(arp(ARP_REQUEST, us, peer_mac, us, 0), LASTACK_CAUSE_DROP_NEIGHBOR);
    assert_int_equal(arp(ARP_REPLY, us, peer_mac, us, 0), LASTACK_CAUSE_DROP_NEIGHBOR);
    assert_int_equal(advertise(us6, peer_mac, "O", 0), LASTACK_CAUSE_DROP_NEIGHBOR);
    assert_int_equal(table.pool.used, 0);
    assert_false(next_message(&message));
}

/* covers: 4861-7.2.5 */
static void advertisements_of_strangers_make_no_entry(void **state)
{
    (void)state;
    assert_int_equal(advertise(peer6, peer_mac, "SO", 0), LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_int_equal(table.pool.used, 0);
}

/* covers: 4861-7.2.5 */
static void an_incomplete_entry_takes_any_address_it_is_told(void **state)
{
    static const struct {
        const char *flags;
        enum neighbor_state state;
    } cases[] = {{"S", NEIGHBOR_REACHABLE},
                 {"SO", NEIGHBOR_REACHABLE},
                 {"", NEIGHBOR_STALE},
                 {"O", NEIGHBOR_STALE}};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t mac[MAC_BYTES];
        table_init(LIMIT, 0);
        assert_int_equal(resolve(peer6, 0, mac), RESOLVE_WAIT);
        assert_int_equal(advertise(peer6, NULL, cases[i].flags, 0),
                         LASTACK_CAUSE_DROP_NOT_INTERESTING);
        assert_int_equal(state_of(peer6), NEIGHBOR_INCOMPLETE); /* no address in it */
        assert_int_equal(advertise(peer6, peer_mac, cases[i].flags, 0), LASTACK_CAUSE_NONE);
        assert_int_equal(state_of(peer6), cases[i].state);
        assert_memory_equal(mac_of(peer6), peer_mac, MAC_BYTES);
    }
}

/* The table of RFC 4861 appendix C for entries that are known: from REACHABLE and from STALE. */
static void advertisements_update_as_tabulated(void **state)
{
    static const struct {
        const uint8_t *mac;
        const char *flags;
        bool is_replaced;
        int from_reachable, from_stale;
    } cases[] = {
        {peer_mac, "", false, NEIGHBOR_REACHABLE, NEIGHBOR_STALE},
        {peer_mac, "S", false, NEIGHBOR_REACHABLE, NEIGHBOR_REACHABLE},
        {peer_mac, "O", false, NEIGHBOR_REACHABLE, NEIGHBOR_STALE},
        {NULL, "S", false, NEIGHBOR_REACHABLE, NEIGHBOR_REACHABLE},
        {NULL, "", false, NEIGHBOR_REACHABLE, NEIGHBOR_STALE},
        {new_mac, "", false, NEIGHBOR_STALE, NEIGHBOR_STALE},
        {new_mac, "S", false, NEIGHBOR_STALE, NEIGHBOR_STALE},
        {new_mac, "O", true, NEIGHBOR_STALE, NEIGHBOR_STALE},
        {new_mac, "SO", true, NEIGHBOR_REACHABLE, NEIGHBOR_REACHABLE},
    };

    (void)state;
    for (unsigned i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        bool is_stale = i % 2;
        uint8_t mac[MAC_BYTES];
        table_init(LIMIT, 0);
        assert_int_equal(resolve(peer6, 0, mac), RESOLVE_WAIT);
        assert_int_equal(advertise(peer6, peer_mac, is_stale ? "" : "S", 0), LASTACK_CAUSE_NONE);
        assert_int_equal(advertise(peer6, cases[i / 2].mac, cases[i / 2].flags, 0),
                         LASTACK_CAUSE_NONE);
        assert_int_equal(state_of(peer6),
                         is_stale ? cases[i / 2].from_stale : cases[i / 2].from_reachable);
        assert_memory_equal(mac_of(peer6), cases[i / 2].is_replaced ? new_mac : peer_mac,
                            MAC_BYTES);
    }
}

static void solicitations_for_us_are_answered(void **state)
{
    struct lastack_address asker = address_of(peer6), answered = address_of(us6);
    struct neighbor_message message;

    (void)state;
    assert_int_equal(solicit(peer6, peer_mac, us6, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(state_of(peer6), NEIGHBOR_STALE);
    assert_true(next_message(&message));
    assert_true(message.is_answer && message.is_solicited);
    assert_memory_equal(message.mac_to, peer_mac, MAC_BYTES);
    assert_memory_equal(&message.destination, &asker, sizeof asker);
    assert_memory_equal(&message.source, &answered, sizeof answered);
    assert_int_equal(solicit(peer6, peer_mac, "2001:db8:0:2::7", 0),
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_int_equal(solicit(peer6, peer_mac, "2001:db8::1", 0), /* ours, on another link */
                     LASTACK_CAUSE_DROP_NOT_INTERESTING);
    assert_false(next_message(&message));
}

static void a_solicitation_without_address_is_answered_if_the_asker_is_known(void **state)
{
    struct neighbor_message message;

    (void)state;
    assert_int_equal(solicit(peer6, NULL, us6, 0), LASTACK_CAUSE_NONE);
    assert_false(next_message(&message));
    assert_int_equal(table.pool.used, 0);
    assert_int_equal(solicit(peer6, peer_mac, us6, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(drain(), 1);
    assert_int_equal(solicit(peer6, NULL, us6, 0), LASTACK_CAUSE_NONE);
    assert_true(next_message(&message));
    assert_memory_equal(message.mac_to, peer_mac, MAC_BYTES);
}

/* RFC 4861 §7.2.4: somebody asks whether our address is free; all are told that it is not. */
static void one_without_an_address_yet_is_answered_to_all(void **state)
{
    static const uint8_t all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};
    struct lastack_address all_nodes = nd_all_nodes();
    struct neighbor_message message;

    (void)state;
    assert_int_equal(solicit("::", NULL, us6, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(table.pool.used, 0);
    assert_true(next_message(&message));
    assert_true(message.is_answer && !message.is_solicited);
    assert_memory_equal(&message.destination, &all_nodes, sizeof all_nodes);
    assert_memory_equal(message.mac_to, all_nodes_mac, MAC_BYTES);
}

static void answers_are_bounded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NEIGHBOR_ANSWERS + 10; i++)
        assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(table.answers_refused, 10);
    assert_int_equal(drain(), NEIGHBOR_ANSWERS);
    assert_int_equal(arp(ARP_REQUEST, peer, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    assert_int_equal(drain(), 1);
}

/* Somebody invents a thousand askers: those whom we use stay. */
static void askers_are_learnt_at_the_cold_end(void **state)
{
    uint8_t mac[MAC_BYTES];

    (void)state;
    for (unsigned i = 0; i < LIMIT; i++) {
        struct lastack_address address = address_of("198.51.100.100");
        char text[LASTACK_ADDRESS_TEXT];
        address.bytes[15] = (uint8_t)(100 + i);
        lastack_address_text(&address, text, sizeof text);
        assert_int_equal(resolve(text, 0, mac), RESOLVE_WAIT);
        assert_int_equal(arp(ARP_REPLY, text, peer_mac, us, 0), LASTACK_CAUSE_NONE);
    }
    for (unsigned i = 0; i < 50; i++) {
        struct lastack_address address = address_of("198.51.100.10");
        char text[LASTACK_ADDRESS_TEXT];
        address.bytes[15] = (uint8_t)(10 + i);
        lastack_address_text(&address, text, sizeof text);
        assert_int_equal(arp(ARP_REQUEST, text, new_mac, us, 0), LASTACK_CAUSE_NONE);
    }
    assert_int_equal(state_of("198.51.100.100"), -1); /* one had to make room, for all of them */
    for (unsigned i = 1; i < LIMIT; i++) {
        struct lastack_address address = address_of("198.51.100.100");
        address.bytes[15] = (uint8_t)(100 + i);
        assert_non_null(neighbor_find(&table, ETHER, &address));
    }
    assert_int_equal(table.pool.used, LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TABLE(a_request_for_us_is_answered_and_its_sender_learnt),
        WITH_TABLE(a_request_for_others_is_not),
        WITH_TABLE(one_who_is_known_is_updated_in_any_case),
        WITH_TABLE(a_request_answers_our_own_question),
        WITH_TABLE(a_late_answer_is_better_than_none),
        WITH_TABLE(probes_are_answered_but_tell_nothing),
        WITH_TABLE(claims_to_our_addresses_are_not_believed),
        WITH_TABLE(advertisements_of_strangers_make_no_entry),
        WITH_TABLE(an_incomplete_entry_takes_any_address_it_is_told),
        WITH_TABLE(advertisements_update_as_tabulated),
        WITH_TABLE(solicitations_for_us_are_answered),
        WITH_TABLE(a_solicitation_without_address_is_answered_if_the_asker_is_known),
        WITH_TABLE(one_without_an_address_yet_is_answered_to_all),
        WITH_TABLE(answers_are_bounded),
        WITH_TABLE(askers_are_learnt_at_the_cold_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
