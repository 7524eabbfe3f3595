/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_link_test.c: full, down, kept, ready again, against a descriptor that obeys the test and a
 * stack that only counts what it is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "duration.h"
#include "host_link.h"

#include <errno.h>
#include <string.h>

/* ---- the stack's three functions that a link calls ---- */

static struct {
    unsigned full, ready;
    bool is_up;
} told;

int lastack_add_link(struct lastack *stack, const struct lastack_link_config *link)
{
    (void)stack;
    return strcmp(link->name, "refused") == 0 ? -ENOBUFS : 3;
}

void lastack_set_link_up(struct lastack *stack, uint32_t link, bool is_up)
{
    (void)stack;
    assert_int_equal(link, 3);
    assert_int_equal(told.is_up, !is_up); /* only changes are told */
    told.is_up = is_up;
}

void lastack_link_full(struct lastack *stack, uint32_t link)
{
    (void)stack;
    assert_int_equal(link, 3);
    told.full++;
}

void lastack_link_ready(struct lastack *stack, uint32_t link)
{
    (void)stack;
    assert_int_equal(link, 3);
    told.ready++;
}

/* ---- the descriptor ---- */

static struct {
    int answer;    /* what send says when no room is left */
    unsigned room; /* packets */
    char sent[64]; /* the last payload byte of each */
    unsigned count;
} device;

static int device_send(struct host_link *link, const struct lastack_packet_out *packet)
{
    const struct lastack_iovec *last = &packet->iov[packet->iov_count - 1];
    size_t length = 0;

    (void)link;
    if (device.room == 0)
        return device.answer;
    for (unsigned i = 0; i < packet->iov_count; i++)
        length += packet->iov[i].length;
    assert_int_equal(length, packet->length);
    device.room--;
    device.sent[device.count++] = ((const char *)last->base)[last->length - 1];
    return 0;
}

static int waiting;

static int device_receive(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags)
{
    (void)link;
    assert_true(size == HOST_LINK_PACKET_MAX);
    if (waiting == 0)
        return -EAGAIN;
    waiting--;
    *flags = LASTACK_CHECKSUM_TRUSTED;
    memset(buffer, waiting, 60000);
    return waiting == 5 ? -EMSGSIZE : 60000;
}

static const struct host_link_ops device_ops = {"test", device_receive, device_send};

static struct host_link new_link(void)
{
    struct lastack_link_config config = {.name = "test", .mtu = 1500};
    struct host_link link;
    struct trouble trouble;

    memset(&told, 0, sizeof told);
    memset(&device, 0, sizeof device);
    host_link_init(&link, &device_ops, -1, &config);
    assert_true(host_link_attach(&link, NULL, &trouble));
    return link;
}

/* A packet of a header and two pieces, the last of which ends in `mark`; the pieces change right
 * afterwards, as the stack's pages may. */
static void send_marked(struct host_link *link, char mark)
{
    char first[] = "first", second[] = "second.";
    struct lastack_packet_out packet = {
        .link = 3, .header_length = 40, .length = 40 + 5 + 7, .iov_count = 3};

    second[6] = mark;
    packet.iov[0] = (struct lastack_iovec){packet.header, 40};
    packet.iov[1] = (struct lastack_iovec){first, 5};
    packet.iov[2] = (struct lastack_iovec){second, 7};
    host_link_send(link, NULL, &packet);
    memset(second, '?', sizeof second);
    memset(&packet, 0xff, sizeof packet);
}

static void expect_sent(const char *marks)
{
    assert_int_equal(device.count, strlen(marks));
    assert_memory_equal(device.sent, marks, device.count);
}

/* ---- tests ---- */

static void a_stack_without_room_for_a_link_is_said(void **state)
{
    struct lastack_link_config config = {.name = "refused"};
    struct host_link link;
    struct trouble trouble;

    (void)state;
    host_link_init(&link, &device_ops, -1, &config);
    assert_false(host_link_attach(&link, NULL, &trouble));
    assert_non_null(strstr(trouble.text, "refused"));
    assert_non_null(strstr(trouble.text, "ENOBUFS"));
}

static void what_a_full_descriptor_refuses_is_kept_and_leaves_in_order(void **state)
{
    struct host_link link = new_link();

    (void)state;
    device.room = 1;
    device.answer = -EAGAIN;
    for (char mark = 'a'; mark <= 'd'; mark++)
        send_marked(&link, mark);
    expect_sent("a");
    assert_int_equal(told.full, 1);
    assert_true(link.wants_room);
    assert_int_equal(link.state, HOST_LINK_FULL);

    device.room = 2; /* part of it */
    host_link_flush(&link, NULL, SEC(1));
    expect_sent("abc");
    assert_int_equal(told.ready, 0);
    assert_true(link.wants_room);

    device.room = 5;
    host_link_flush(&link, NULL, SEC(2));
    expect_sent("abcd");
    assert_int_equal(told.ready, 1);
    assert_false(link.wants_room);
    assert_int_equal(link.retry_at, NEVER);
    send_marked(&link, 'e');
    expect_sent("abcde");
    assert_int_equal(link.counters.packets_out, 5);
    assert_int_equal(link.counters.full, 1);
    host_link_close(&link);
}

static void a_descriptor_that_lies_about_room_is_asked_less_and_less(void **state)
{
    struct host_link link = new_link();
    int64_t now = SEC(1), pauses[9];

    (void)state;
    device.answer = -ENOBUFS;
    send_marked(&link, 'a');
    for (int i = 0; i < 9; i++) {
        host_link_flush(&link, NULL, now);
        assert_false(link.wants_room);
        pauses[i] = link.retry_at - now;
        now = link.retry_at;
    }
    assert_int_equal(pauses[0], MS(1));
    assert_int_equal(pauses[1], MS(2));
    assert_int_equal(pauses[6], MS(64));
    assert_int_equal(pauses[8], MS(64));
    device.room = 1;
    host_link_flush(&link, NULL, now);
    expect_sent("a");
    assert_int_equal(told.ready, 1);
    host_link_close(&link);
}

static void a_down_interface_is_not_fatal(void **state)
{
    struct host_link link = new_link();

    (void)state;
    device.answer = -EIO;
    send_marked(&link, 'a');
    assert_int_equal(link.state, HOST_LINK_DOWN);
    assert_int_equal(link.counters.down, 1);
    assert_false(told.is_up);
    device.room = 1;
    host_link_flush(&link, NULL, SEC(1));
    expect_sent("a");
    assert_true(told.is_up);
    assert_int_equal(told.ready, told.full);
    assert_int_equal(link.state, HOST_LINK_READY);
    host_link_close(&link);
}

/* Up again, but full at once: it is up for the stack, too. */
static void down_then_full_then_ready(void **state)
{
    struct host_link link = new_link();

    (void)state;
    device.answer = -EIO;
    send_marked(&link, 'a');
    send_marked(&link, 'b');
    device.room = 1;
    device.answer = -ENOBUFS;
    host_link_flush(&link, NULL, SEC(1));
    assert_int_equal(link.state, HOST_LINK_FULL);
    assert_true(told.is_up);
    device.answer = -EIO; /* and down again */
    host_link_flush(&link, NULL, SEC(2));
    assert_false(told.is_up);
    device.room = 1;
    host_link_flush(&link, NULL, SEC(3));
    expect_sent("ab");
    assert_true(told.is_up);
    assert_int_equal(told.full, 1);
    assert_int_equal(told.ready, 1);
    host_link_close(&link);
}

static void what_waiting_does_not_cure_is_counted_and_blocks_nothing(void **state)
{
    struct host_link link = new_link();

    (void)state;
    device.answer = -EINVAL;
    send_marked(&link, 'a');
    assert_int_equal(link.counters.out_refused, 1);
    assert_int_equal(link.last_error, EINVAL);
    assert_int_equal(link.state, HOST_LINK_READY);
    assert_int_equal(told.full, 0);
    host_link_close(&link);
}

static void a_batch_ends_where_memory_ends(void **state)
{
    static uint8_t memory[4 * HOST_LINK_PACKET_MAX];
    struct lastack_packet_in packets[16];
    struct host_link link = new_link();

    (void)state;
    waiting = 9;
    assert_int_equal(host_link_receive(&link, memory, sizeof memory, packets, 16), 4);
    assert_int_equal(packets[0].length, 60000);
    assert_int_equal(packets[0].link, 3);
    assert_int_equal(packets[0].flags, LASTACK_CHECKSUM_TRUSTED);
    assert_int_equal(packets[0].data[59999], 8);
    assert_int_equal(packets[1].data[0], 7);
    assert_int_equal(packets[3].data[59999], 4); /* one was too long, lost and counted */
    assert_int_equal(link.counters.in_too_long, 1);
    assert_int_equal(link.counters.largest_in, 60000);
    assert_int_equal(host_link_receive(&link, memory, sizeof memory, packets, 2), 2);
    assert_int_equal(host_link_receive(&link, memory, sizeof memory, packets, 16), 2);
    assert_int_equal(host_link_receive(&link, memory, sizeof memory, packets, 16), 0);
    host_link_close(&link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stack_without_room_for_a_link_is_said),
        cmocka_unit_test(what_a_full_descriptor_refuses_is_kept_and_leaves_in_order),
        cmocka_unit_test(a_descriptor_that_lies_about_room_is_asked_less_and_less),
        cmocka_unit_test(a_down_interface_is_not_fatal),
        cmocka_unit_test(down_then_full_then_ready),
        cmocka_unit_test(what_waiting_does_not_cure_is_counted_and_blocks_nothing),
        cmocka_unit_test(a_batch_ends_where_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
