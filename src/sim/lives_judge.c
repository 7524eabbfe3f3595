/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives_judge.c: what must hold in a world of lives: for each life when it is over, for both stacks
 * after each step, for everything at the end.
 */
#include "lives_inside.h"

/* ---- a life that is over ---- */

/* Whoever saw the end has seen everything before it. */
static void judge_ends(struct lives *lives, const struct life *life)
{
    /* A SYN with text that comes twice may make two connections (RFC 7413 §2.1), and so may the ACK
     * of a SYN cookie: if the first was ended, the end that is seen may be the second's. */
    if ((life->plan.end[0].fast_open || lives->setting.is_crowded || lives->setting.is_scarce) &&
        !life_is_whole(life))
        return;
    for (unsigned i = 0; i < 2; i++) {
        const struct life_end *reader = &life->end[i], *writer = &life->end[1 - i];

        if (reader->saw_end && !reader->saw_error && !reader->has_shut_reading &&
            !reader->lost_patience && reader->received != writer->sent)
            lives_fail(lives, life, "the end was seen before everything that was sent");
    }
}

/* Everything arrived where neither end cut the other short. */
static void judge_whole(struct lives *lives, const struct life *life)
{
    const struct lives_setting *setting = &lives->setting;
    const struct life_end *a = &life->end[0], *b = &life->end[1];
    const bool may_fail = setting->is_scarce || setting->is_crowded || setting->is_rough ||
                          setting->has_old_duplicates || life->plan.is_crossed;

    if (a->saw_end && b->saw_end && !a->saw_error && !b->saw_error &&
        a->received == life->plan.end[1].to_send && b->received == life->plan.end[0].to_send) {
        lives->result->completed++;
        return;
    }
    if (!may_fail && setting->outlives_isn && a->saw_error && !b->was_opened) {
        lives->result->outlived++;
        lives->result->refused++;
        return;
    }
    if (!may_fail)
        lives_fail(lives, life,
                   a->lost_patience || b->lost_patience ? "an orderly life got stuck"
                   : a->saw_error || b->saw_error       ? "an orderly life saw an error"
                                                  : "an orderly life did not deliver everything");
    if (b->was_opened)
        lives->result->given_up++;
    else
        lives->result->refused++;
}

void life_judge(struct lives *lives, const struct life *life)
{
    judge_ends(lives, life);
    if (life->is_silent)
        lives->result->silent++;
    else if (!life_is_whole(life))
        lives->result->cut++;
    else
        judge_whole(lives, life);
}

/* ---- each step, and the end ---- */

/* The connection that this end still holds; NULL: none that is alive. */
static const struct tcp_conn *living_conn(const struct lives *lives, const struct life *life,
                                          unsigned which)
{
    const struct lastack *stack = lives_stack(lives, life->host[which]);
    const int descriptor = life->end[which].descriptor;
    const struct tcp_conn *conn;
    const struct sock *sock;

    if (descriptor < 0)
        return NULL;
    sock = sock_at(stack, sockets_of(stack)->descriptors[descriptor].socket);
    if (sock->phase != SOCKET_ATTACHED)
        return NULL;
    conn = sock_conn(stack, sock);
    return tcp_state_is_synchronized(conn->state) && conn->state != TCP_CLOSED &&
                   !conn_has(conn, CONN_DETACHED)
               ? conn
               : NULL;
}

/* What one end sent, and what the other knows of it. */
static void check_direction(struct lives *lives, const struct life *life,
                            const struct tcp_conn *sender, const struct tcp_conn *receiver)
{
    const uint32_t fin = conn_fin_sent(sender) ? 1 : 0;

    if (seq_after(sender->snd.una, receiver->rcv.nxt))
        lives_fail(lives, life, "something was acknowledged that did not arrive");
    if (seq_after(receiver->rcv.nxt, sender->snd.max))
        lives_fail(lives, life, "something arrived that was not sent");
    /* Text in a SYN leaves before any window is known (RFC 7413 §4.2). */
    if (sender->fast_open == 0 && seq_after(seq_sub(sender->snd.max, fin), receiver->rcv.edge))
        lives_fail(lives, life, "more was sent than the window allows");
}

static void check_pair(struct lives *lives, const struct life *life)
{
    const struct tcp_conn *a = living_conn(lives, life, 0), *b = living_conn(lives, life, 1);

    if (a == NULL || b == NULL || !seq_equal(a->iss, b->irs) || !seq_equal(b->iss, a->irs))
        return;
    check_direction(lives, life, a, b);
    check_direction(lives, life, b, a);
}

void lives_check_step(struct lives *lives)
{
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        if (lives->life[i].is_used)
            check_pair(lives, &lives->life[i]);
    }
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        lives_read_trace(lives, host);
        lastack_check(lives_stack(lives, host));
    }
}

void lives_check_rest(struct lives *lives)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(lives_stack(lives, host), pool, &usage);
            if (usage.used != 0 && pool != LASTACK_POOL_NEIGHBORS && pool != LASTACK_POOL_PATHS)
                lives_fail(lives, NULL, usage.name);
        }
    }
    if (!sim_fences_stand(&lives->world))
        lives_fail(lives, NULL, "something was written behind a stack's memory");
}
