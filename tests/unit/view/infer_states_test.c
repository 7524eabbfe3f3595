/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * infer_states_test.c: the state is what the facts say: RFC 9293 §3.3.2, Figure 5, and what an open
 * fact leaves open.
 */
#include "infer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define BIT(state) (1u << TCP_##state)

/* Of an end whose handshake is over and who has closed nothing. */
static struct infer_facts established(void)
{
    return (struct infer_facts){
        .is_seen = true,
        .has_sent_syn = true,
        .heard_syn = KNOW_YES,
        .syn_acked = KNOW_YES,
        .sent_fin = KNOW_NO,
        .heard_fin = KNOW_NO,
        .fin_acked = KNOW_NO,
        .heard_rst = KNOW_NO,
        .is_gone = KNOW_NO,
    };
}

static struct infer_facts after_fins(enum knowledge sent, enum knowledge heard,
                                     enum knowledge acked, enum knowledge first)
{
    struct infer_facts facts = established();

    facts.sent_fin = (uint8_t)sent;
    facts.heard_fin = (uint8_t)heard;
    facts.fin_acked = (uint8_t)acked;
    facts.closed_first = (uint8_t)first;
    return facts;
}

/* Where nothing is open there is one state: possible, proven and expected are the same. */
static void one_case_is_one_state(void **state)
{
    (void)state;
    static const struct {
        enum knowledge sent, heard, acked, first;
        enum tcp_state state;
    } rows[] = {
        {KNOW_NO, KNOW_NO, KNOW_NO, KNOW_NO, TCP_ESTABLISHED},
        {KNOW_NO, KNOW_YES, KNOW_NO, KNOW_NO, TCP_CLOSE_WAIT},
        {KNOW_YES, KNOW_NO, KNOW_NO, KNOW_YES, TCP_FIN_WAIT_1},
        {KNOW_YES, KNOW_NO, KNOW_YES, KNOW_YES, TCP_FIN_WAIT_2},
        {KNOW_YES, KNOW_YES, KNOW_NO, KNOW_YES, TCP_CLOSING},
        {KNOW_YES, KNOW_YES, KNOW_YES, KNOW_YES, TCP_TIME_WAIT},
        {KNOW_YES, KNOW_YES, KNOW_NO, KNOW_NO, TCP_LAST_ACK},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct infer_facts facts =
            after_fins(rows[i].sent, rows[i].heard, rows[i].acked, rows[i].first);

        assert_int_equal(infer_possible(&facts), 1u << rows[i].state);
        assert_int_equal(infer_proven(&facts), rows[i].state);
        assert_int_equal(infer_expected(&facts), rows[i].state);
    }
    struct infer_facts closed = after_fins(KNOW_YES, KNOW_YES, KNOW_YES, KNOW_NO);
    assert_int_equal(infer_possible(&closed), BIT(CLOSED));
}

static void the_handshake(void **state)
{
    (void)state;
    struct infer_facts facts = established();

    facts.syn_acked = KNOW_NO;
    assert_int_equal(infer_possible(&facts), BIT(SYN_RECEIVED));
    facts.heard_syn = KNOW_NO;
    assert_int_equal(infer_possible(&facts), BIT(SYN_SENT));
    facts.heard_syn = facts.syn_acked = KNOW_MAYBE;
    assert_int_equal(infer_possible(&facts), BIT(SYN_SENT) | BIT(SYN_RECEIVED) | BIT(ESTABLISHED));
    assert_int_equal(infer_proven(&facts), 0);
    assert_int_equal(infer_expected(&facts), TCP_ESTABLISHED);
}

/* A MAYBE leaves both, and what may have arrived is expected to have. */
static void an_open_fact_multiplies(void **state)
{
    (void)state;
    struct infer_facts facts = after_fins(KNOW_YES, KNOW_NO, KNOW_MAYBE, KNOW_YES);

    assert_int_equal(infer_possible(&facts), BIT(FIN_WAIT_1) | BIT(FIN_WAIT_2));
    assert_int_equal(infer_proven(&facts), 0);
    assert_int_equal(infer_expected(&facts), TCP_FIN_WAIT_2);

    /* Who closed first nobody saw: four states have sent and heard a FIN. */
    facts = after_fins(KNOW_YES, KNOW_YES, KNOW_MAYBE, KNOW_MAYBE);
    assert_int_equal(infer_possible(&facts),
                     BIT(CLOSING) | BIT(TIME_WAIT) | BIT(LAST_ACK) | BIT(CLOSED));

    /* A FIN that was seen is expected; one that may only have been missed is not. */
    facts = after_fins(KNOW_NO, KNOW_MAYBE, KNOW_NO, KNOW_NO);
    assert_int_equal(infer_possible(&facts), BIT(ESTABLISHED) | BIT(CLOSE_WAIT));
    assert_int_equal(infer_expected(&facts), TCP_ESTABLISHED);
    facts.has_peer_fin = true;
    assert_int_equal(infer_expected(&facts), TCP_CLOSE_WAIT);
}

static void resets_and_reopening(void **state)
{
    (void)state;
    struct infer_facts facts = established();

    facts.heard_rst = KNOW_MAYBE;
    assert_int_equal(infer_possible(&facts), BIT(ESTABLISHED) | BIT(CLOSED));
    assert_int_equal(infer_expected(&facts), TCP_CLOSED);
    facts.syn_acked = KNOW_NO; /* a listener's request goes back to LISTEN (§3.10.7.4) */
    assert_int_equal(infer_possible(&facts), BIT(SYN_RECEIVED) | BIT(CLOSED) | BIT(LISTEN));

    facts = established();
    facts.is_gone = KNOW_YES;
    assert_int_equal(infer_possible(&facts), BIT(CLOSED));
    facts = after_fins(KNOW_YES, KNOW_YES, KNOW_YES, KNOW_YES);
    facts.may_reopen = true;
    assert_int_equal(infer_possible(&facts), BIT(TIME_WAIT) | BIT(SYN_RECEIVED));
    assert_int_equal(infer_expected(&facts), TCP_SYN_RECEIVED);
}

static void nothing_seen_is_nothing_said(void **state)
{
    (void)state;
    struct infer_facts facts = established();

    facts.is_seen = facts.has_sent_syn = false;
    assert_int_equal(infer_possible(&facts), 0);
    assert_int_equal(infer_proven(&facts), 0);
    assert_int_equal(infer_expected(&facts), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_case_is_one_state),        cmocka_unit_test(the_handshake),
        cmocka_unit_test(an_open_fact_multiplies),      cmocka_unit_test(resets_and_reopening),
        cmocka_unit_test(nothing_seen_is_nothing_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
