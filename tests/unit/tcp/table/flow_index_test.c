/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow_index_test.c: references pack and unpack, the hash tells every part of a tuple apart and is
 * the same on every machine, a tuple changes owners without a gap.
 */
#include "flow_index.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LIMIT = 64 };

static const struct siphash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

static struct tuple ipv4_tuple(void)
{
    return (struct tuple){lastack_ipv4(192, 0, 2, 1), lastack_ipv4(198, 51, 100, 7), 80, 50000};
}

static struct tuple ipv6_tuple(void)
{
    return (struct tuple){
        .local = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
        .remote = {{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}},
        .local_port = 80,
        .remote_port = 50000,
    };
}

static void refs_keep_kind_and_index(void **state)
{
    static const uint32_t index[] = {0, 1, 77, (1u << FLOW_INDEX_BITS) - 1};

    (void)state;
    for (int kind = FLOW_CONNECTION; kind <= FLOW_TIME_WAIT_IPV6; kind++) {
        for (size_t i = 0; i < sizeof index / sizeof index[0]; i++) {
            const struct flow_ref ref = {(enum flow_kind)kind, index[i]};
            const struct flow_ref back = flow_unpack(flow_pack(ref));

            assert_int_not_equal(flow_pack(ref), 0);
            assert_int_equal(back.kind, kind);
            assert_int_equal(back.index, index[i]);
        }
    }
    expect_assert_failure(flow_pack((struct flow_ref){FLOW_NONE, 0}));
    expect_assert_failure(flow_pack((struct flow_ref){FLOW_SYN_ENTRY, 1u << FLOW_INDEX_BITS}));
}

/* One bit anywhere in the tuple changes the hash; the two ends are not interchangeable. */
static void every_bit_counts(void **state)
{
    const struct flow_index index = {.key = key};
    const struct tuple tuples[2] = {ipv4_tuple(), ipv6_tuple()};

    (void)state;
    for (unsigned t = 0; t < 2; t++) {
        const uint64_t flow = flow_hash(&index, &tuples[t]);
        struct tuple swapped = {tuples[t].remote, tuples[t].local, tuples[t].remote_port,
                                tuples[t].local_port};

        for (unsigned bit = 0; bit < sizeof(struct tuple) * 8; bit++) {
            struct tuple other = tuples[t];

            ((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(flow_hash(&index, &other) != flow);
        }
        assert_true(flow_hash(&index, &swapped) != flow);
    }
}

/* The words that are hashed, written out: big-endian machines must name flows alike (traces are
 * hashed). */
static void the_hash_is_fixed(void **state)
{
    const struct flow_index index = {.key = key};
    const struct tuple ipv4 = ipv4_tuple(), ipv6 = ipv6_tuple();
    const uint64_t ipv4_words[] = {0xc0000201c6336407u};
    const uint64_t ipv6_words[] = {0x20010db800000000u, 1, 0x20010db800000000u, 2};
    const uint32_t ports = 80 << 16 | 50000;

    (void)state;
    assert_true(flow_hash(&index, &ipv4) == siphash13_words_and(&key, ipv4_words, 1, ports));
    assert_true(flow_hash(&index, &ipv6) == siphash13_words_and(&key, ipv6_words, 4, ports));
}

static void the_key_decides(void **state)
{
    const struct flow_index one = {.key = key}, other = {.key = {key.k0, key.k1 ^ 1}};
    const struct tuple tuple = ipv4_tuple();

    (void)state;
    assert_true(flow_hash(&one, &tuple) != flow_hash(&other, &tuple));
}

static struct flow_ref owner_of(const struct flow_index *index, uint64_t flow)
{
    struct hash_cursor cursor;
    const uint32_t ref = hash_index_first(&index->slots, (uint32_t)flow, &cursor);

    return ref == 0 ? (struct flow_ref){FLOW_NONE, 0} : flow_unpack(ref);
}

/* SYN entry, connection, record, gone: one slot all the while. */
static void a_tuple_changes_owners(void **state)
{
    static const struct flow_ref owners[] = {
        {FLOW_SYN_ENTRY, 3}, {FLOW_CONNECTION, 5}, {FLOW_TIME_WAIT_IPV4, 9}, {FLOW_SYN_ENTRY, 3}};
    struct flow_index index = {.key = key};
    const struct tuple tuple = ipv4_tuple();
    const uint64_t flow = flow_hash(&index, &tuple);
    void *memory = aligned_alloc(64, (size_t)hash_index_size(LIMIT));

    (void)state;
    memset(memory, 0, (size_t)hash_index_size(LIMIT));
    hash_index_init(&index.slots, memory, LIMIT);
    assert_int_equal(owner_of(&index, flow).kind, FLOW_NONE);
    assert_true(flow_insert(&index, flow, owners[0]));
    for (unsigned i = 0; i + 1 < 4; i++) {
        assert_false(flow_replace(&index, flow, owners[i + 1], owners[i]));
        assert_true(flow_replace(&index, flow, owners[i], owners[i + 1]));
        assert_int_equal(owner_of(&index, flow).kind, owners[i + 1].kind);
        assert_int_equal(owner_of(&index, flow).index, owners[i + 1].index);
        assert_int_equal(index.slots.count, 1);
    }
    assert_false(flow_remove(&index, flow, owners[2]));
    assert_true(flow_remove(&index, flow, owners[3]));
    assert_int_equal(owner_of(&index, flow).kind, FLOW_NONE);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refs_keep_kind_and_index), cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(the_hash_is_fixed),        cmocka_unit_test(the_key_decides),
        cmocka_unit_test(a_tuple_changes_owners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
