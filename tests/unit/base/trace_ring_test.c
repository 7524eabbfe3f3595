/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_ring_test.c: what is kept, what is lost, and a hash that sees every field but depends on
 * nothing else.
 */
#include "trace_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 8 };

static struct lastack_trace_record memory[ROOM];

static struct lastack_trace_record a_record(enum lastack_trace_what what, int64_t a)
{
    return (struct lastack_trace_record){
        .time_ns = 1000 + a, .what = (uint8_t)what, .u.detail.a = a};
}

static void write_some(struct trace_ring *ring, enum lastack_trace_what what, int64_t from,
                       int64_t to)
{
    for (; from < to; from++) {
        struct lastack_trace_record record = a_record(what, from);

        trace_write(ring, &record);
    }
}

static void classes_of_the_list(void **state)
{
    (void)state;
    assert_int_equal(trace_class(LASTACK_TRACE_FLOW), LASTACK_TRACE_CLASS_STATE);
    assert_int_equal(trace_class(LASTACK_TRACE_RETRANSMIT), LASTACK_TRACE_CLASS_TIMER);
    assert_int_equal(trace_class(LASTACK_TRACE_WARNING), LASTACK_TRACE_CLASS_DROP);
    assert_int_equal(trace_class(LASTACK_TRACE_SEGMENT_OUT), LASTACK_TRACE_CLASS_SEGMENT);
    expect_assert_failure(trace_class(LASTACK_TRACE_COUNT));
}

static void only_classes_switched_on_are_kept(void **state)
{
    struct lastack_trace_record out[ROOM];
    struct trace_ring ring;
    uint64_t cursor = 0, lost = 0;

    (void)state;
    trace_ring_init(&ring, memory, ROOM);
    write_some(&ring, LASTACK_TRACE_STATE, 0, 2);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, &lost), 0);
    trace_ring_switch(&ring, LASTACK_TRACE_CLASS_SEGMENT | LASTACK_TRACE_CLASS_STATE, ring.hash_on);
    write_some(&ring, LASTACK_TRACE_SEGMENT_IN, 2, 3);
    write_some(&ring, LASTACK_TRACE_DROP, 3, 4);
    write_some(&ring, LASTACK_TRACE_GONE, 4, 5);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, &lost), 2);
    assert_int_equal(out[0].u.detail.a, 2);
    assert_int_equal(out[0].serial, 0);
    assert_int_equal(out[1].u.detail.a, 4);
    assert_int_equal(out[1].serial, 1);
    assert_int_equal(lost, 0);
}

static void readers_go_on_where_they_were(void **state)
{
    struct lastack_trace_record out[ROOM];
    struct trace_ring ring;
    uint64_t cursor = 0, lost = 0;

    (void)state;
    trace_ring_init(&ring, memory, ROOM);
    trace_ring_switch(&ring, LASTACK_TRACE_CLASS_ALL, ring.hash_on);
    write_some(&ring, LASTACK_TRACE_STATE, 0, 5);
    assert_int_equal(trace_read(&ring, &cursor, out, 3, &lost), 3);
    assert_int_equal(out[2].u.detail.a, 2);
    write_some(&ring, LASTACK_TRACE_STATE, 5, 9);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, &lost), 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(out[i].u.detail.a, 3 + i);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, &lost), 0);
    assert_int_equal(lost, 0);
}

static void overwritten_records_are_counted(void **state)
{
    struct lastack_trace_record out[ROOM];
    struct trace_ring ring;
    uint64_t cursor = 0, lost = 0;

    (void)state;
    trace_ring_init(&ring, memory, ROOM);
    trace_ring_switch(&ring, LASTACK_TRACE_CLASS_ALL, ring.hash_on);
    write_some(&ring, LASTACK_TRACE_STATE, 0, 1);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, &lost), 1);
    write_some(&ring, LASTACK_TRACE_STATE, 1, 1 + ROOM + 3);
    assert_int_equal(trace_read(&ring, &cursor, out, 1, &lost), 1);
    assert_int_equal(lost, 3);
    assert_int_equal(out[0].u.detail.a, 4);
    assert_int_equal(trace_read(&ring, &cursor, out, ROOM, NULL), ROOM - 1);
    assert_int_equal(out[ROOM - 2].u.detail.a, ROOM + 3);
    assert_int_equal(out[ROOM - 2].serial, ROOM + 3);
}

static void no_ring_still_hashes(void **state)
{
    struct lastack_trace_record out[1];
    struct trace_ring ring;
    uint64_t cursor = 0;

    (void)state;
    trace_ring_init(&ring, NULL, 0);
    trace_ring_switch(&ring, LASTACK_TRACE_CLASS_ALL, ring.hash_on);
    assert_true(trace_wants(&ring, LASTACK_TRACE_STATE));
    assert_false(trace_wants(&ring, LASTACK_TRACE_SEGMENT_IN));
    write_some(&ring, LASTACK_TRACE_STATE, 0, 1);
    assert_true(ring.hash != 0);
    assert_int_equal(trace_read(&ring, &cursor, out, 1, NULL), 0);
    expect_assert_failure(trace_ring_init(&ring, memory, 6));
}

static void wants_follows_the_switches(void **state)
{
    struct trace_ring ring;

    (void)state;
    trace_ring_init(&ring, memory, ROOM);
    assert_true(trace_wants(&ring, LASTACK_TRACE_DROP));
    assert_false(trace_wants(&ring, LASTACK_TRACE_SEGMENT_OUT));
    trace_ring_switch(&ring, LASTACK_TRACE_CLASS_SEGMENT, ring.hash_on);
    assert_true(trace_wants(&ring, LASTACK_TRACE_SEGMENT_OUT));
    trace_ring_switch(&ring, ring.classes, false);
    assert_false(trace_wants(&ring, LASTACK_TRACE_DROP));
}

static uint64_t hash_of(uint32_t classes, uint32_t count)
{
    struct trace_ring ring;

    trace_ring_init(&ring, count == 0 ? NULL : memory, count);
    trace_ring_switch(&ring, classes, ring.hash_on);
    write_some(&ring, LASTACK_TRACE_STATE, 0, 3);
    write_some(&ring, LASTACK_TRACE_SEGMENT_IN, 3, 5); /* seen by nobody's hash */
    write_some(&ring, LASTACK_TRACE_TIMER_FIRED, 5, 7);
    write_some(&ring, LASTACK_TRACE_DROP, 7, 9);
    return ring.hash;
}

static void hash_ignores_switches_and_size(void **state)
{
    uint64_t hash = hash_of(0, 0);

    (void)state;
    assert_true(hash != 0);
    assert_true(hash_of(LASTACK_TRACE_CLASS_ALL, ROOM) == hash);
    assert_true(hash_of(LASTACK_TRACE_CLASS_DROP, 2) == hash);
}

static void hash_can_be_switched_off(void **state)
{
    struct trace_ring ring;

    (void)state;
    trace_ring_init(&ring, NULL, 0);
    trace_ring_switch(&ring, ring.classes, false);
    write_some(&ring, LASTACK_TRACE_STATE, 0, 3);
    assert_true(ring.hash == 0);
}

static uint64_t hash_of_one(const struct lastack_trace_record *record)
{
    struct trace_ring ring;

    trace_ring_init(&ring, NULL, 0);
    trace_write(&ring, record);
    return ring.hash;
}

/* Flip each bit of each field, one at a time: all hashes differ from that of the record itself. */
static void flip_bits(struct lastack_trace_record *record, void *field, size_t size)
{
    uint64_t before = hash_of_one(record);
    uint8_t *bytes = field;

    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(hash_of_one(record) != before);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void hash_sees_every_field(void **state)
{
    struct lastack_trace_record r = {
        .time_ns = 0x1122334455667788,
        .flow = 0x99aabbccddeeff00u,
        .cause = 3,
        .old_state = 4,
        .new_state = 5,
        .flags = 6,
        .local_port = 7,
        .remote_port = 8,
        .u.detail = {.seq = 9, .ack = 10, .length = 11, .window = 12, .a = 13, .b = 14},
    };

    (void)state;
    r.what = LASTACK_TRACE_STATE;
    flip_bits(&r, &r.time_ns, sizeof r.time_ns);
    flip_bits(&r, &r.flow, sizeof r.flow);
    flip_bits(&r, &r.cause, sizeof r.cause);
    flip_bits(&r, &r.old_state, sizeof r.old_state);
    flip_bits(&r, &r.new_state, sizeof r.new_state);
    flip_bits(&r, &r.flags, sizeof r.flags);
    flip_bits(&r, &r.local_port, sizeof r.local_port);
    flip_bits(&r, &r.remote_port, sizeof r.remote_port);
    flip_bits(&r, &r.u.detail, sizeof r.u.detail);
    r.what = LASTACK_TRACE_FLOW;
    flip_bits(&r, &r.u.flow_addresses, sizeof r.u.flow_addresses);
}

/* Computed once by other means from the rule in trace_ring.c, so that every byte order, word size
 * and compiler must come to it. Numbers of enums are written out: new names in a list do not change
 * the hash. */
static void hash_is_the_same_everywhere(void **state)
{
    struct lastack_trace_record flow = {
        .time_ns = 1, .flow = 2, .what = LASTACK_TRACE_FLOW, .local_port = 80, .remote_port = 1024};
    struct lastack_trace_record change = {
        .time_ns = -5,
        .flow = 2,
        .what = LASTACK_TRACE_STATE,
        .cause = 17,
        .old_state = TCP_ESTABLISHED,
        .new_state = TCP_CLOSE_WAIT,
        .flags = 0x101,
        .u.detail = {.seq = 0xfffffff0u, .ack = 17, .length = 3, .window = 64240, .a = -1, .b = 1}};
    struct trace_ring ring;

    (void)state;
    flow.u.flow_addresses.local = lastack_ipv4(192, 0, 2, 1);
    flow.u.flow_addresses.remote = lastack_ipv4(192, 0, 2, 2);
    trace_ring_init(&ring, NULL, 0);
    trace_write(&ring, &flow);
    trace_write(&ring, &change);
    assert_true(ring.hash == 0x29f5dbe600a796e6u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_of_the_list),
        cmocka_unit_test(only_classes_switched_on_are_kept),
        cmocka_unit_test(readers_go_on_where_they_were),
        cmocka_unit_test(overwritten_records_are_counted),
        cmocka_unit_test(no_ring_still_hashes),
        cmocka_unit_test(wants_follows_the_switches),
        cmocka_unit_test(hash_ignores_switches_and_size),
        cmocka_unit_test(hash_can_be_switched_off),
        cmocka_unit_test(hash_sees_every_field),
        cmocka_unit_test(hash_is_the_same_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
