/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_end.c: see life_end.h.
 */
#include "life_end.h"

#include "sim_bytes.h"

#include <string.h>

enum { CHUNK = 4096 };

static void judge_bytes(struct life_end *end, const uint8_t *data, uint32_t length)
{
    if (!sim_bytes_are(end->reads, end->received, data, length))
        end->failure = "a byte was delivered that was not sent there";
    end->received += length;
}

/* ---- beginning and end ---- */

void life_end_init(struct life_end *end, const struct life_end_plan *plan, int64_t now)
{
    *end = (struct life_end){
        .plan = plan,
        .start = now,
        .patience_at = now + plan->patience_ns,
        .wake_at = NEVER,
        .paused_until = now,
        .hold_until = NEVER,
        .descriptor = -1,
        .copy = {-1, -1},
    };
}

static void set(const struct life_end *end, enum lastack_option option, int value)
{
    if (value != 0)
        (void)lastack_set_option(end->stack, end->descriptor, option, value);
}

static void set_options(const struct life_end *end)
{
    const struct life_end_plan *plan = end->plan;

    set(end, LASTACK_TCP_NODELAY, plan->nodelay);
    set(end, LASTACK_TCP_CORK, plan->cork);
    set(end, LASTACK_SO_REUSEADDR, plan->reuse_address);
    set(end, LASTACK_TCP_MAXSEG, plan->mss);
    set(end, LASTACK_SO_SNDBUF, plan->send_buffer);
    set(end, LASTACK_SO_RCVBUF, plan->receive_buffer);
    set(end, LASTACK_TCP_USER_TIMEOUT, plan->user_timeout_ms);
    set(end, LASTACK_TCP_LINGER2, plan->linger2_s);
    set(end, LASTACK_TCP_SYNCNT, plan->syn_count);
    if (plan->keepalive) {
        set(end, LASTACK_TCP_KEEPIDLE, 5);
        set(end, LASTACK_TCP_KEEPINTVL, 3);
        set(end, LASTACK_TCP_KEEPCNT, 8); /* longer than links are full */
        set(end, LASTACK_SO_KEEPALIVE, 1);
    }
}

void life_end_take(struct life_end *end, int descriptor)
{
    end->descriptor = descriptor;
    end->was_opened = true;
    set_options(end);
    for (unsigned i = 0; i < end->plan->copies; i++)
        end->copy[i] = end->plan->is_copy_foreign
                           ? lastack_dup_to(end->stack, descriptor, end->owner + 1)
                           : lastack_dup(end->stack, descriptor);
}

int life_end_connect(struct life_end *end, const struct lastack_endpoint *remote)
{
    uint8_t data[CHUNK];
    const uint32_t length = min32(CHUNK, end->plan->to_send);
    int64_t taken;

    if (!end->plan->fast_open || length == 0)
        return lastack_connect(end->stack, end->descriptor, remote);
    sim_bytes_fill(end->writes, 0, data, length);
    taken =
        lastack_send_to(end->stack, end->descriptor, data, length, LASTACK_MSG_FASTOPEN, remote);
    if (taken < 0)
        return (int)taken;
    end->sent = (uint32_t)taken;
    return -LASTACK_EINPROGRESS;
}

static bool has_copies(const struct life_end *end)
{
    return end->copy[0] >= 0 || end->copy[1] >= 0;
}

/* A descriptor that is not the last one: nothing may change by giving it back. */
static void close_one_of_several(struct life_end *end, int *descriptor, int witness)
{
    struct lastack_connection_row before, after;

    (void)lastack_status(end->stack, witness, &before);
    (void)lastack_close(end->stack, *descriptor);
    *descriptor = -1;
    if (lastack_status(end->stack, witness, &after) != 0 || before.state != after.state ||
        after.holders + 1 != before.holders)
        end->failure = "close() of one of several descriptors changed the connection";
}

static void close_all(struct life_end *end)
{
    int *all[] = {&end->descriptor, &end->copy[0], &end->copy[1]};

    for (unsigned i = 0; i < 3; i++) {
        if (*all[i] >= 0)
            (void)lastack_close(end->stack, *all[i]);
        *all[i] = -1;
    }
    end->wake_at = NEVER;
    end->is_done = true;
}

void life_end_finish(struct life_end *end, int64_t now)
{
    if (end->descriptor >= 0 && has_copies(end)) {
        const int witness = end->copy[0] >= 0 ? end->copy[0] : end->copy[1];

        close_one_of_several(end, &end->descriptor, witness);
        end->hold_until = end->wake_at = now + end->plan->hold_ns;
        return;
    }
    close_all(end);
}

void life_end_forget(struct life_end *end)
{
    end->descriptor = end->copy[0] = end->copy[1] = -1;
    end->wake_at = NEVER;
    end->is_done = true;
}

/* ---- what it does ---- */

static void note_error(struct life_end *end, int64_t error)
{
    end->saw_error = true;
    if (end->error == 0)
        end->error = (int)-error;
}

/* At most `room` bytes by one of three ways; as recv. */
static int64_t read_once(struct life_end *end, uint32_t room)
{
    uint8_t data[CHUNK], peeked[CHUNK];
    struct lastack_iovec iov[4];
    int64_t got;

    if (end->plan->how_it_reads == 2) {
        const int pieces = lastack_recv_peek(end->stack, end->descriptor, iov, 4);

        if (pieces <= 0)
            return pieces;
        got = (int64_t)(iov[0].length < room ? iov[0].length : room);
        judge_bytes(end, iov[0].base, (uint32_t)got);
        if (lastack_recv_done(end->stack, end->descriptor, (size_t)got) != 0)
            end->failure = "what was shown could not be taken";
        return got;
    }
    got = end->plan->how_it_reads == 0
              ? room
              : lastack_recv(end->stack, end->descriptor, peeked, room, LASTACK_MSG_PEEK);
    if (got <= 0)
        return got;
    got = lastack_recv(end->stack, end->descriptor, data, (size_t)got, 0);
    if (got > 0 && end->plan->how_it_reads == 1 && memcmp(data, peeked, (size_t)got) != 0)
        end->failure = "MSG_PEEK showed other bytes than recv() gave";
    if (got > 0)
        judge_bytes(end, data, (uint32_t)got);
    return got;
}

static void receive(struct life_end *end, int64_t now)
{
    const uint32_t room = end->plan->read_size < CHUNK ? end->plan->read_size : CHUNK;

    if (now < end->paused_until || end->saw_end) {
        end->wake_at = min64(end->wake_at, end->paused_until > now ? end->paused_until : NEVER);
        return;
    }
    for (;;) {
        const int64_t got = read_once(end, room);

        if (got == -LASTACK_EAGAIN)
            return;
        if (got < 0) {
            note_error(end, got);
            return;
        }
        if (got == 0) {
            end->saw_end = true;
            return;
        }
        if (end->plan->pause_ns > 0) {
            end->paused_until = now + end->plan->pause_ns;
            end->wake_at = min64(end->wake_at, end->paused_until);
            return;
        }
    }
}

static void transmit(struct life_end *end)
{
    uint8_t data[CHUNK];

    while (end->sent < end->plan->to_send && !end->has_shut) {
        const uint32_t length =
            min32(min32(CHUNK, end->plan->write_size), end->plan->to_send - end->sent);
        int64_t taken;

        sim_bytes_fill(end->writes, end->sent, data, length);
        taken = lastack_send(end->stack, end->descriptor, data, length, 0);
        if (taken == -LASTACK_EAGAIN)
            return;
        if (taken < 0) {
            note_error(end, taken);
            return;
        }
        end->sent += (uint32_t)taken;
    }
}

static void shut(struct life_end *end, int how)
{
    uint8_t byte = 0;

    if (lastack_shutdown(end->stack, end->descriptor, how) != 0)
        return;
    if (how == LASTACK_SHUT_RD) {
        end->has_shut_reading = true;
        return;
    }
    end->has_shut = true;
    end->has_shut_reading = how == LASTACK_SHUT_RDWR;
    if (lastack_send(end->stack, end->descriptor, &byte, 1, 0) >= 0)
        end->failure = "send() after shutdown() took a byte";
}

static void be_killed(struct life_end *end)
{
    struct lastack_endpoint local, remote;

    if (lastack_getsockname(end->stack, end->descriptor, &local) == 0 &&
        lastack_getpeername(end->stack, end->descriptor, &remote) == 0)
        (void)lastack_kill(end->stack, &local, &remote, false);
}

/* The drawn moment has come. */
static void act_at_last(struct life_end *end, int64_t now)
{
    switch ((enum life_ending)end->plan->ending) {
    case LIFE_ABORTS:
        (void)lastack_abort(end->stack, end->descriptor);
        close_all(end);
        return;
    case LIFE_LINGERS_ZERO:
        (void)lastack_set_linger(end->stack, end->descriptor, 0);
        life_end_finish(end, now);
        return;
    case LIFE_EXITS:
        lastack_exit_owner(end->stack, end->owner);
        (void)lastack_close(end->stack, end->descriptor); /* if it was never handed over */
        end->descriptor = -1;
        if (end->plan->is_copy_foreign && has_copies(end)) {
            end->hold_until = end->wake_at = now + end->plan->hold_ns;
            return;
        }
        life_end_forget(end);
        return;
    case LIFE_IS_KILLED:
        be_killed(end);
        life_end_finish(end, now);
        return;
    case LIFE_SHUTS_BOTH:
        if (end->has_shut)
            life_end_finish(end, now);
        return;
    case LIFE_SHUTS_READING:
        if (!end->has_shut_reading)
            shut(end, LASTACK_SHUT_RD);
        return;
    case LIFE_CLOSES:
    case LIFE_HALF_CLOSES:
    case LIFE_CLOSES_EARLY:
    case LIFE_ENDINGS:
        return;
    }
}

/* Has it done its part? */
static void decide(struct life_end *end, int64_t now)
{
    const bool has_sent_all = end->sent == end->plan->to_send;

    if (end->saw_error) {
        life_end_finish(end, now);
        return;
    }
    switch ((enum life_ending)end->plan->ending) {
    case LIFE_CLOSES: /* somebody has to begin */
        if (has_sent_all && !end->has_shut && end->begins)
            shut(end, LASTACK_SHUT_WR);
        break;
    case LIFE_HALF_CLOSES:
        if (has_sent_all && !end->has_shut)
            shut(end, LASTACK_SHUT_WR);
        break;
    case LIFE_SHUTS_BOTH:
        if (has_sent_all && !end->has_shut)
            shut(end, LASTACK_SHUT_RDWR);
        break;
    case LIFE_CLOSES_EARLY:
    case LIFE_SHUTS_READING:
        if (has_sent_all && (end->plan->ending == LIFE_CLOSES_EARLY || end->has_shut_reading))
            life_end_finish(end, now);
        return;
    case LIFE_ABORTS:
    case LIFE_LINGERS_ZERO:
    case LIFE_EXITS:
    case LIFE_IS_KILLED:
    case LIFE_ENDINGS:
        return;
    }
    if (life_ending_is_orderly(end->plan->ending) && has_sent_all && end->saw_end)
        life_end_finish(end, now);
}

static bool acts_at_a_moment(const struct life_end *end)
{
    return end->plan->ending >= LIFE_SHUTS_BOTH;
}

void life_end_act(struct life_end *end, int64_t now)
{
    const int64_t moment = end->start + end->plan->act_ns;

    if (end->is_done)
        return;
    if (end->descriptor < 0) {
        if (now >= end->hold_until)
            close_all(end);
        return;
    }
    end->wake_at = end->patience_at;
    if (acts_at_a_moment(end) && now < moment)
        end->wake_at = min64(end->wake_at, moment);
    receive(end, now);
    if (!end->saw_error)
        transmit(end);
    decide(end, now);
    if (end->descriptor >= 0 && acts_at_a_moment(end) && now >= moment)
        act_at_last(end, now);
    if (end->descriptor >= 0 && now >= end->patience_at) {
        end->lost_patience = true;
        life_end_finish(end, now);
    }
}
