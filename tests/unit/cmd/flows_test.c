/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flows_test.c: flows come, are found both ways, tell their news, go, and are not mistaken for one
 * another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "flows.h"

#include <string.h>

static struct lastack_endpoint end_of(uint32_t number)
{
    return (struct lastack_endpoint){lastack_ipv4(198, 51, (uint8_t)(number >> 16), 7),
                                     (uint16_t)(1 + number % 65535)};
}

static const struct lastack_endpoint *server(void)
{
    static struct lastack_endpoint own;

    own = (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 1), 80};
    return &own;
}

static uint64_t id_of(uint32_t number)
{
    return number * UINT64_C(0x9e3779b97f4a7c15);
}

static struct flow *open_flow(struct flows *flows, uint32_t number)
{
    struct lastack_trace_record record = {.flow = id_of(number), .what = LASTACK_TRACE_FLOW};
    struct lastack_endpoint remote = end_of(number);

    record.local_port = 80;
    record.remote_port = remote.port;
    record.u.flow_addresses.local = server()->address;
    record.u.flow_addresses.remote = remote.address;
    return flows_take(flows, &record);
}

static struct flow *move(struct flows *flows, uint32_t number, enum tcp_state old,
                         enum tcp_state new, enum lastack_cause cause)
{
    struct lastack_trace_record record = {.flow = id_of(number),
                                          .what = LASTACK_TRACE_STATE,
                                          .old_state = (uint8_t)old,
                                          .new_state = (uint8_t) new,
                                          .cause = (uint16_t)cause};

    return flows_take(flows, &record);
}

static struct flow *tell(struct flows *flows, uint32_t number, enum lastack_trace_what what,
                         enum lastack_cause cause)
{
    struct lastack_trace_record record = {
        .flow = id_of(number), .what = (uint8_t)what, .cause = (uint16_t)cause};

    return flows_take(flows, &record);
}

static void a_flow_is_found_by_number_and_by_its_ends(void **state)
{
    struct flows *flows = flows_new(false);
    struct lastack_endpoint remote = end_of(1), other = end_of(2);
    struct flow *flow = open_flow(flows, 1);

    (void)state;
    assert_non_null(flow);
    assert_int_equal(flow->number, 1);
    assert_int_equal(flow->closed_first, -1);
    assert_ptr_equal(flows_find(flows, server(), &remote), flow);
    assert_null(flows_find(flows, server(), &other));
    assert_null(flows_find(flows, &remote, server()));
    assert_ptr_equal(move(flows, 1, TCP_LISTEN, TCP_SYN_RECEIVED, LASTACK_CAUSE_SYN), flow);
    assert_int_equal(flow->state, TCP_SYN_RECEIVED);
    assert_null(move(flows, 2, TCP_LISTEN, TCP_SYN_RECEIVED, LASTACK_CAUSE_SYN));
    flows_free(flows);
}

static void listeners_are_no_connections(void **state)
{
    struct lastack_trace_record record = {.flow = 5, .what = LASTACK_TRACE_FLOW, .local_port = 80};
    struct flows *flows = flows_new(false);

    (void)state;
    assert_null(flows_take(flows, &record));
    assert_int_equal(flows_count(flows), 0);
    flows_free(flows);
}

static void news_pile_up_in_words(void **state)
{
    struct flows *flows = flows_new(true);
    struct flow *flow = open_flow(flows, 1);

    (void)state;
    move(flows, 1, TCP_ESTABLISHED, TCP_FIN_WAIT_1, LASTACK_CAUSE_CALL_CLOSE);
    assert_string_equal(text_string(&flow->news),
                        "ESTABLISHED -> FIN-WAIT-1: close() of the last descriptor");
    tell(flows, 1, LASTACK_TRACE_RETRANSMIT, LASTACK_CAUSE_RETRANSMISSION_TIMEOUT);
    tell(flows, 1, LASTACK_TRACE_TIMER_ARMED, LASTACK_CAUSE_NONE);
    tell(flows, 1, LASTACK_TRACE_DROP, LASTACK_CAUSE_DROP_PAWS);
    assert_string_equal(text_string(&flow->news),
                        "ESTABLISHED -> FIN-WAIT-1: close() of the last descriptor; "
                        "sent again: retransmission timeout; dropped: timestamp too old (PAWS)");
    flows_free(flows);
}

static void who_closed_first(void **state)
{
    struct flows *flows = flows_new(false);
    struct flow *we = open_flow(flows, 1), *peer = open_flow(flows, 2);

    (void)state;
    move(flows, 1, TCP_SYN_RECEIVED, TCP_ESTABLISHED, LASTACK_CAUSE_HANDSHAKE_ACK);
    assert_int_equal(we->closed_first, -1);
    move(flows, 1, TCP_ESTABLISHED, TCP_FIN_WAIT_1, LASTACK_CAUSE_CALL_CLOSE);
    move(flows, 1, TCP_FIN_WAIT_1, TCP_CLOSING, LASTACK_CAUSE_FIN);
    assert_int_equal(we->closed_first, END_OURS);
    move(flows, 2, TCP_ESTABLISHED, TCP_CLOSE_WAIT, LASTACK_CAUSE_FIN);
    move(flows, 2, TCP_CLOSE_WAIT, TCP_LAST_ACK, LASTACK_CAUSE_CALL_CLOSE);
    assert_int_equal(peer->closed_first, END_PEER);
    flows_free(flows);
}

static void the_same_ends_again_are_another_flow(void **state)
{
    struct flows *flows = flows_new(false);
    struct lastack_endpoint remote = end_of(1);
    struct flow *first = open_flow(flows, 1), *second;

    (void)state;
    move(flows, 1, TCP_FIN_WAIT_2, TCP_TIME_WAIT, LASTACK_CAUSE_FIN);
    second = open_flow(flows, 1);
    assert_ptr_not_equal(first, second);
    assert_int_equal(second->number, 2);
    assert_ptr_equal(flows_find(flows, server(), &remote), second);
    assert_int_equal(first->state, TCP_TIME_WAIT); /* kept for the closing table */
    assert_ptr_equal(flows_at(flows, 0), first);
    assert_ptr_equal(flows_at(flows, 1), second);
    flows_free(flows);
}

static void the_first_ones_are_kept_the_others_forgotten(void **state)
{
    enum { MANY = FLOWS_DETAILED + 5000 };
    struct flows *flows = flows_new(false);
    struct lastack_endpoint first = end_of(0), last = end_of(MANY - 1), next = end_of(MANY);

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        struct flow *flow = open_flow(flows, i);

        assert_int_equal(flow->detail != NULL, i < FLOWS_DETAILED);
        move(flows, i, TCP_LAST_ACK, TCP_CLOSED, LASTACK_CAUSE_FIN_ACKED);
        assert_true(tell(flows, i, LASTACK_TRACE_GONE, LASTACK_CAUSE_FIN_ACKED)->is_gone);
    }
    assert_int_equal(flows_count(flows), MANY);
    assert_int_equal(flows_detailed(flows), FLOWS_DETAILED);
    assert_non_null(flows_find(flows, server(), &first));
    assert_non_null(open_flow(flows, MANY));
    assert_null(flows_find(flows, server(), &last));
    assert_non_null(flows_find(flows, server(), &next));
    flows_free(flows);
}

static void what_is_over_need_not_be_watched(void **state)
{
    struct flows *flows = flows_new(false);

    (void)state;
    open_flow(flows, 1);
    open_flow(flows, 2);
    assert_int_equal(flows_watched(flows), 2);
    move(flows, 1, TCP_FIN_WAIT_2, TCP_TIME_WAIT, LASTACK_CAUSE_FIN);
    assert_int_equal(flows_watched(flows), 1);
    move(flows, 1, TCP_TIME_WAIT, TCP_CLOSED, LASTACK_CAUSE_TIME_WAIT_OVER);
    assert_int_equal(flows_watched(flows), 1);
    move(flows, 2, TCP_LAST_ACK, TCP_CLOSED, LASTACK_CAUSE_FIN_ACKED);
    assert_int_equal(flows_watched(flows), 0);
    flows_free(flows);
}

static void too_many_are_counted_not_kept(void **state)
{
    struct flows *flows = flows_new(false);
    struct lastack_endpoint beyond = end_of(FLOWS_MAX);

    (void)state;
    for (uint32_t i = 0; i < FLOWS_MAX; i++)
        assert_non_null(open_flow(flows, i));
    assert_null(open_flow(flows, FLOWS_MAX));
    assert_null(flows_find(flows, server(), &beyond));
    assert_int_equal(flows_count(flows), FLOWS_MAX + 1);
    flows_free(flows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flow_is_found_by_number_and_by_its_ends),
        cmocka_unit_test(listeners_are_no_connections),
        cmocka_unit_test(news_pile_up_in_words),
        cmocka_unit_test(who_closed_first),
        cmocka_unit_test(the_same_ends_again_are_another_flow),
        cmocka_unit_test(the_first_ones_are_kept_the_others_forgotten),
        cmocka_unit_test(what_is_over_need_not_be_watched),
        cmocka_unit_test(too_many_are_counted_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
