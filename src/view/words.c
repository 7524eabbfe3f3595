/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * words.c: durations, sizes, timers, owners and reasons in words.
 *
 * What a wait is for depends on the state first and the timer second: the retransmission timer
 * of LAST-ACK resends a FIN, that of SYN-SENT a SYN. The tables here are the one place that says
 * so.
 */
#include "words.h"

#include "duration.h"

#include <inttypes.h>

static void add_whole(struct text *text, int64_t number, const char *name)
{
    text_add_number(text, (uint64_t)number);
    text_add(text, " ");
    text_add(text, name);
}

/* "1.6 s", "52 s": one decimal below ten, none above, and no ".0". */
static void add_scaled(struct text *text, int64_t ns, int64_t unit, const char *name)
{
    int64_t tenths = ns / (unit / 10);

    if (tenths < 100 && tenths % 10 != 0)
        text_addf(text, "%" PRId64 ".%" PRId64 " %s", tenths / 10, tenths % 10, name);
    else
        add_whole(text, tenths / 10, name);
}

static void add_two(struct text *text, int64_t high, const char *high_name, int64_t low,
                    const char *low_name)
{
    add_whole(text, high, high_name);
    if (low == 0)
        return;
    text_add(text, " ");
    add_whole(text, low, low_name);
}

void words_duration(struct text *text, int64_t ns)
{
    int64_t seconds = max64(ns, 0) / SEC(1);

    if (ns < US(1))
        text_addf(text, "%" PRId64 " ns", max64(ns, 0));
    else if (ns < MS(1))
        add_scaled(text, ns, US(1), "us");
    else if (ns < SEC(1))
        add_scaled(text, ns, MS(1), "ms");
    else if (seconds < 60)
        add_scaled(text, ns, SEC(1), "s");
    else if (seconds < 600)
        add_two(text, seconds / 60, "min", seconds % 60, "s");
    else if (seconds < 3600)
        text_addf(text, "%" PRId64 " min", seconds / 60);
    else if (seconds < 86400)
        add_two(text, seconds / 3600, "h", seconds / 60 % 60, "min");
    else
        add_two(text, seconds / 86400, "d", seconds / 3600 % 24, "h");
}

void words_bytes(struct text *text, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    uint64_t unit = 1000;
    unsigned power = 0;

    if (bytes < 1000) {
        text_addf(text, "%" PRIu64 " B", bytes);
        return;
    }
    while (bytes / unit >= 1000 && power + 2 < sizeof units) {
        unit *= 1000;
        power++;
    }
    uint64_t tenths = bytes / (unit / 10);
    if (tenths < 100 && tenths % 10 != 0)
        text_addf(text, "%" PRIu64 ".%" PRIu64 " %cB", tenths / 10, tenths % 10, units[power]);
    else
        text_addf(text, "%" PRIu64 " %cB", tenths / 10, units[power]);
}

/* What the retransmission timer would send again. */
static const char *resent_in(enum tcp_state state)
{
    switch (state) {
    case TCP_SYN_SENT:
        return "SYN";
    case TCP_SYN_RECEIVED:
        return "SYN-ACK";
    case TCP_FIN_WAIT_1:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
        return "FIN";
    case TCP_ESTABLISHED:
    case TCP_CLOSE_WAIT:
    case TCP_FIN_WAIT_2:
    case TCP_TIME_WAIT:
    case TCP_CLOSED:
    case TCP_LISTEN:
        return "data";
    }
    return "data";
}

static void add_left(struct text *text, const char *before, int64_t left_ns)
{
    if (left_ns <= 0) {
        text_add(text, " now");
        return;
    }
    text_add(text, before);
    words_duration(text, left_ns);
}

/* " 3/8": which of how many; the next one to come, counted from 1. The limit of Linux is a time for
 * some: there may be one more than it says. */
static void add_tries(struct text *text, const struct lastack_connection_row *row)
{
    text_addf(text, " %u", row->timer_retries + 1u);
    if (row->timer_retries < row->timer_retries_max)
        text_addf(text, "/%u", row->timer_retries_max);
}

/* All have been sent: what the timer ends is the wait for an answer to the last. */
static bool is_last_wait(const struct lastack_connection_row *row)
{
    return row->timer_retries_max != 0 && row->timer_retries >= row->timer_retries_max &&
           row->gives_up_ns >= 0 && row->gives_up_ns <= row->timer_left_ns;
}

static void add_resend(struct text *text, const char *what,
                       const struct lastack_connection_row *row)
{
    text_add(text, what);
    if (is_last_wait(row)) {
        text_addf(text, " %u/%u sent", row->timer_retries, row->timer_retries_max);
        return;
    }
    /* An ordinary wait for an ACK counts nothing yet. */
    if (row->timer_retries > 0 || row->timer_retries_max > 0)
        add_tries(text, row);
    add_left(text, " in ", row->timer_left_ns);
}

static void add_running_timer(struct text *text, const struct lastack_connection_row *row)
{
    switch ((enum lastack_timer)row->timer) {
    case LASTACK_TIMER_RETRANSMIT:
    case LASTACK_TIMER_SYN_ACK:
        text_add(text, resent_in((enum tcp_state)row->state));
        add_resend(text, " resend", row);
        break;
    case LASTACK_TIMER_PERSIST:
        add_resend(text, "zero-window probe", row);
        break;
    case LASTACK_TIMER_KEEPALIVE:
        add_resend(text, "keepalive probe", row);
        break;
    case LASTACK_TIMER_DELAYED_ACK:
        text_add(text, "delayed ACK");
        add_left(text, " in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_FIN_WAIT_2:
        text_add(text, "FIN-WAIT-2");
        add_left(text, " ends in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_USER_TIMEOUT:
        text_add(text, "user timeout");
        add_left(text, " in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_PACE:
        text_add(text, "paced data");
        add_left(text, " in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_LOSS:
        text_add(text, "loss probe");
        add_left(text, " in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_TIME_WAIT:
        /* Linux keeps an orphan's FIN-WAIT-2 in the same record and under the same timer. */
        text_add(text, row->state == TCP_FIN_WAIT_2 ? "FIN-WAIT-2" : "2MSL");
        add_left(text, " ends in ", row->timer_left_ns);
        break;
    case LASTACK_TIMER_COUNT:
        text_add(text, "?");
        break;
    }
}

void words_timer(struct text *text, const struct lastack_connection_row *row)
{
    if (row->timer < 0 || row->timer >= LASTACK_TIMER_COUNT) {
        bool for_ever = row->state == TCP_FIN_WAIT_2 || row->state == TCP_CLOSE_WAIT;
        text_add(text, for_ever ? "none: waits for ever" : "-");
        return;
    }
    add_running_timer(text, row);
    if (row->gives_up_ns >= 0) {
        text_add(text, ", gives up");
        add_left(text, " in ", row->gives_up_ns);
    }
}

void words_owner(struct text *text, const struct lastack_connection_row *row)
{
    switch ((enum lastack_owner)row->owner_kind) {
    case LASTACK_OWNER_PROCESS:
        if (row->pid == 0 && row->comm[0] == '\0') {
            text_add(text, "a process");
            return;
        }
        text_add_safe(text, row->comm[0] != '\0' ? row->comm : "?", NULL);
        text_addf(text, "[%u] fd %d", row->pid, row->fd);
        if (row->holders > 1)
            text_addf(text, " +%u", row->holders - 1);
        return;
    case LASTACK_OWNER_TIME_WAIT:
        text_add(text, "nobody: TIME-WAIT record");
        return;
    case LASTACK_OWNER_ORPHAN:
        text_add(text, "nobody: orphan");
        return;
    case LASTACK_OWNER_ACCEPT_QUEUE:
        text_add(text, "nobody yet: accept queue");
        return;
    case LASTACK_OWNER_SYN_REQUEST:
        text_add(text, "nobody yet: SYN request");
        return;
    case LASTACK_OWNER_OTHER_NETNS:
        text_add(text, "in another netns");
        return;
    case LASTACK_OWNER_NO_PERMISSION:
        text_add(text, "hidden: no permission");
        return;
    case LASTACK_OWNER_KERNEL:
        text_add(text, "the kernel");
        return;
    }
    text_add(text, "unknown");
}

static void why_listening(struct text *text, const struct lastack_connection_row *row)
{
    if (row->recv_q == 0) {
        text_add(text, "waits for connections");
        return;
    }
    text_addf(text, "%u of %u wait for accept()", row->recv_q, row->send_q);
    if (row->recv_q >= row->send_q)
        text_add(text, ": accept queue full");
}

/* Without a cause from the source: what the state itself says, and about whom. */
static const char *why_of_state(const struct lastack_connection_row *row)
{
    bool has_owner = row->owner_kind == LASTACK_OWNER_PROCESS;

    switch ((enum tcp_state)row->state) {
    case TCP_ESTABLISHED:
        return row->owner_kind == LASTACK_OWNER_ACCEPT_QUEUE ? "open, waits for accept()" : "open";
    case TCP_SYN_SENT:
        return "SYN sent, not answered yet";
    case TCP_SYN_RECEIVED:
        return "SYN-ACK sent, not acknowledged yet";
    case TCP_FIN_WAIT_1:
        return "we closed, our FIN is not acknowledged yet";
    case TCP_FIN_WAIT_2:
        return has_owner ? "we closed one direction, the peer goes on"
                         : "we closed, the peer has not";
    case TCP_TIME_WAIT:
        return "closed; old duplicates die out";
    case TCP_CLOSED:
        return "bound, not connected";
    case TCP_CLOSE_WAIT:
        return row->owner_kind == LASTACK_OWNER_ACCEPT_QUEUE
                   ? "the peer closed, accept() was never called"
                   : "the peer closed, the owner has not";
    case TCP_LAST_ACK:
        return "both closed, the ACK of our FIN is missing";
    case TCP_CLOSING:
        return "both closed at once, the ACK of our FIN is missing";
    case TCP_LISTEN:
        return "waits for connections";
    }
    return "unknown";
}

void words_why(struct text *text, const struct lastack_connection_row *row)
{
    bool has_cause = row->cause != LASTACK_CAUSE_NONE && row->cause < LASTACK_CAUSE_COUNT;

    if (row->protocol == LASTACK_PROTOCOL_UDP) {
        text_add(text, row->remote.port != 0 ? "connected datagrams" : "bound");
        return;
    }
    if (row->state == TCP_LISTEN) {
        why_listening(text, row);
        return;
    }
    text_add(text,
             has_cause ? lastack_cause_text((enum lastack_cause)row->cause) : why_of_state(row));
    if (row->age_ns < 0)
        return;
    text_add(text, has_cause ? " " : ", for ");
    words_duration(text, row->age_ns);
    text_add(text, has_cause ? " ago" : "");
}

const char *words_ss_state(enum tcp_state state)
{
    switch (state) {
    case TCP_ESTABLISHED:
        return "ESTAB";
    case TCP_SYN_RECEIVED:
        return "SYN-RECV";
    case TCP_CLOSED:
        return "UNCONN";
    case TCP_SYN_SENT:
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
    case TCP_TIME_WAIT:
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
    case TCP_LISTEN:
    case TCP_CLOSING:
        return lastack_state_text(state);
    }
    return "UNKNOWN";
}

const char *words_netstat_state(enum tcp_state state)
{
    switch (state) {
    case TCP_ESTABLISHED:
        return "ESTABLISHED";
    case TCP_SYN_SENT:
        return "SYN_SENT";
    case TCP_SYN_RECEIVED:
        return "SYN_RECV";
    case TCP_FIN_WAIT_1:
        return "FIN_WAIT1";
    case TCP_FIN_WAIT_2:
        return "FIN_WAIT2";
    case TCP_TIME_WAIT:
        return "TIME_WAIT";
    case TCP_CLOSED:
        return "CLOSE";
    case TCP_CLOSE_WAIT:
        return "CLOSE_WAIT";
    case TCP_LAST_ACK:
        return "LAST_ACK";
    case TCP_LISTEN:
        return "LISTEN";
    case TCP_CLOSING:
        return "CLOSING";
    }
    return "UNKNOWN";
}
