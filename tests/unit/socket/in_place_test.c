/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * in_place_test.c: text written to where it is sent from: it arrives, what is not used goes back,
 * and nothing is promised that send would refuse.
 */
#include "pair.h"

static uint32_t pages_used(const struct pair *pair)
{
    struct lastack_pool_usage usage;

    lastack_pool_usage(pair->stack, LASTACK_POOL_PAGES, &usage);
    return usage.used;
}

/* Writes a counting text into the room; how many bytes that were. */
static size_t write_text(const struct lastack_buffer *pieces, int count, uint32_t at)
{
    size_t length = 0;

    for (int i = 0; i < count; i++) {
        assert_true(pieces[i].length > 0);
        for (size_t b = 0; b < pieces[i].length; b++)
            ((uint8_t *)pieces[i].base)[b] = (uint8_t)((at + length + b) * 7);
        length += pieces[i].length;
    }
    return length;
}

static uint32_t read_text(struct pair *pair, uint32_t at)
{
    static uint8_t text[65536];
    int64_t got;

    while ((got = lastack_recv(pair->stack, pair->server, text, sizeof text, 0)) > 0) {
        for (int64_t i = 0; i < got; i++)
            assert_int_equal(text[i], (uint8_t)((at + i) * 7));
        at += (uint32_t)got;
    }
    assert_int_equal(got, -LASTACK_EAGAIN);
    return at;
}

/* Of every length, in the middle of pages and at their ends, among ordinary sends. */
static void text_arrives(void **state)
{
    struct pair *pair = *state;
    const uint32_t before = pages_used(pair);
    uint32_t sent = 0, received = 0;

    for (uint32_t round = 0; round < 400; round++) {
        struct lastack_buffer pieces[20];
        const size_t asked = 1 + round * 977 % 70000;
        const int count = lastack_send_room(pair->stack, pair->client, pieces, 20, asked);
        const size_t room = count > 0 ? write_text(pieces, count, sent) : 0;
        const size_t used = round % 3 == 0 ? room / 2 : room;

        if (count == -LASTACK_EAGAIN) {
            pair_run(pair);
            received = read_text(pair, received);
            pair_run(pair);
            continue;
        }
        assert_in_range(count, 1, 20);
        assert_in_range(room, 1, asked);
        assert_int_equal(lastack_send_done(pair->stack, pair->client, used, 0), used);
        sent += (uint32_t)used;
        if (round % 5 == 0) {
            const uint8_t byte = (uint8_t)(sent * 7);
            const int64_t one = lastack_send(pair->stack, pair->client, &byte, 1, 0);

            assert_true(one == 1 || one == -LASTACK_EAGAIN);
            sent += one == 1;
        }
        lastack_check(pair->stack);
    }
    for (int i = 0; i < 1000 && received < sent; i++) {
        pair_wait(pair, 1000000);
        received = read_text(pair, received);
    }
    assert_int_equal(received, sent);
    assert_true(sent > 1000000);
    pair_wait(pair, 1000000000);
    assert_in_range(pages_used(pair), before, before + 2); /* where either direction goes on */
    lastack_check(pair->stack);
}

static void what_is_not_used_goes_back(void **state)
{
    struct pair *pair = *state;
    const uint32_t before = pages_used(pair);
    struct lastack_buffer pieces[20];

    assert_true(lastack_send_room(pair->stack, pair->client, pieces, 20, 16000) > 0);
    assert_true(pages_used(pair) >= before + 4);
    assert_int_equal(lastack_send_done(pair->stack, pair->client, 0, 0), 0);
    assert_int_equal(pages_used(pair), before);
    lastack_check(pair->stack);

    assert_true(lastack_send_room(pair->stack, pair->client, pieces, 20, 16000) > 0);
    memset(pieces[0].base, 'x', 10);
    assert_int_equal(lastack_send_done(pair->stack, pair->client, 10, 0), 10);
    assert_in_range(pages_used(pair), before + 1, before + 2); /* ten bytes: at a border, two */
    lastack_check(pair->stack);

    /* asked for and forgotten: it ends with the connection */
    assert_true(lastack_send_room(pair->stack, pair->client, pieces, 20, 16000) > 0);
    lastack_check(pair->stack);
    assert_int_equal(lastack_abort(pair->stack, pair->client), 0);
    pair_run(pair);
    lastack_check(pair->stack);
    assert_in_range(pages_used(pair), before, before + 1);
}

/* A full buffer: nothing is given, and a writable event follows when there is room. */
static void a_full_buffer_gives_no_room(void **state)
{
    struct pair *pair = *state;
    struct lastack_buffer pieces[20];
    struct lastack_event event;
    uint32_t sent = 0, received = 0;
    bool is_writable = false;
    int count;

    while (lastack_next_event(pair->stack, &event))
        ;
    while ((count = lastack_send_room(pair->stack, pair->client, pieces, 20, 50000)) > 0) {
        const size_t room = write_text(pieces, count, sent);

        assert_int_equal(lastack_send_done(pair->stack, pair->client, room, 0), room);
        sent += (uint32_t)room;
        assert_true(sent < 64 << 20);
    }
    assert_int_equal(count, -LASTACK_EAGAIN);
    for (int i = 0; i < 1000 && received < sent; i++) {
        pair_wait(pair, 1000000);
        received = read_text(pair, received);
    }
    assert_int_equal(received, sent);
    while (lastack_next_event(pair->stack, &event))
        is_writable |=
            event.descriptor == pair->client && event.kinds & 1 << LASTACK_EVENT_WRITABLE;
    assert_true(is_writable);
    assert_true(lastack_send_room(pair->stack, pair->client, pieces, 20, 1) == 1);
}

static void mistakes_are_told(void **state)
{
    struct pair *pair = *state;
    struct lastack_buffer pieces[2];
    const int datagrams = lastack_socket(pair->stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);

    assert_int_equal(lastack_send_room(pair->stack, 99, pieces, 2, 10), -LASTACK_EBADF);
    assert_int_equal(lastack_send_done(pair->stack, 99, 10, 0), -LASTACK_EBADF);
    assert_int_equal(lastack_send_room(pair->stack, datagrams, pieces, 2, 10), -LASTACK_EOPNOTSUPP);
    assert_int_equal(lastack_send_room(pair->stack, pair->client, pieces, 0, 10), -LASTACK_EINVAL);
    assert_int_equal(lastack_send_room(pair->stack, pair->client, pieces, 2, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_send_done(pair->stack, pair->client, 1, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_send_room(pair->stack, pair->client, pieces, 2, 10), 1);
    assert_int_equal(pieces[0].length, 10);
    assert_int_equal(lastack_send_done(pair->stack, pair->client, 10000, 0), -LASTACK_EINVAL);
    assert_int_equal(lastack_send_room(pair->stack, pair->listener, pieces, 2, 10), -LASTACK_EPIPE);
    assert_int_equal(lastack_shutdown(pair->stack, pair->client, LASTACK_SHUT_WR), 0);
    assert_int_equal(lastack_send_room(pair->stack, pair->client, pieces, 2, 10), -LASTACK_EPIPE);
    assert_int_equal(lastack_send_done(pair->stack, pair->client, 10, 0), -LASTACK_EPIPE);
    lastack_check(pair->stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(text_arrives, pair_set_up, pair_tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_used_goes_back, pair_set_up, pair_tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_gives_no_room, pair_set_up, pair_tear_down),
        cmocka_unit_test_setup_teardown(mistakes_are_told, pair_set_up, pair_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
