/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netstat_text.c: the classic columns.
 *
 * The timer column counts as netstat does: seconds left / retransmissions / unanswered keepalive
 * probes.
 */
#include "netstat_text.h"

#include "words.h"

#include <inttypes.h>

enum { ADDRESS_WIDTH = 23, STATE_WIDTH = 11, PROGRAM_WIDTH = 20 };

void netstat_header(const struct netstat_view *view, FILE *out)
{
    struct text line = {0};

    fprintf(out, "Active Internet connections (%s)\n",
            view->is_servers_only ? "only servers"
            : view->has_servers   ? "servers and established"
                                  : "w/o servers");
    text_add(&line,
             "Proto Recv-Q Send-Q Local Address           Foreign Address         State      ");
    if (view->has_extended)
        text_add(&line, " User       Inode     ");
    if (view->has_programs)
        text_add(&line, " PID/Program name    ");
    if (view->has_timers)
        text_add(&line, " Timer");
    fprintf(out, "%s\n", text_string(&line));
    text_free(&line);
}

/* netstat writes IPv6 addresses without brackets, and a mapped IPv4 address bare. */
static void add_address(struct text *line, const struct lastack_connection_row *row,
                        const struct lastack_endpoint *end)
{
    char address[LASTACK_ADDRESS_TEXT];
    struct text text = {0};

    lastack_address_text(&end->address, address, sizeof address);
    if (lastack_is_any(&end->address))
        text_add(&text, row->is_ipv6 ? "::" : "0.0.0.0");
    else
        text_add(&text, address);
    if (end->port == 0)
        text_add(&text, ":*");
    else
        text_addf(&text, ":%u", end->port);
    text_add_left(line, text_string(&text), ADDRESS_WIDTH);
    text_free(&text);
}

static void add_program(struct text *line, const struct lastack_connection_row *row)
{
    struct text text = {0};

    if (row->owner_kind == LASTACK_OWNER_PROCESS && row->pid != 0) {
        text_addf(&text, "%u/", row->pid);
        text_add_safe(&text, row->comm, NULL);
    } else {
        text_addf(&text, "- (%s)", lastack_owner_text((enum lastack_owner)row->owner_kind));
    }
    text_add(line, " ");
    text_add_left(line, text_string(&text), PROGRAM_WIDTH);
    text_free(&text);
}

static const char *timer_name(const struct lastack_connection_row *row)
{
    switch (row->timer) {
    case LASTACK_TIMER_RETRANSMIT:
    case LASTACK_TIMER_SYN_ACK:
    case LASTACK_TIMER_LOSS:
        return "on";
    case LASTACK_TIMER_KEEPALIVE:
        return "keepalive";
    case LASTACK_TIMER_TIME_WAIT:
    case LASTACK_TIMER_FIN_WAIT_2:
        return "timewait";
    case LASTACK_TIMER_PERSIST:
        return "probe";
    default:
        return "off";
    }
}

static void add_timer(struct text *line, const struct lastack_connection_row *row)
{
    const char *name = timer_name(row);
    bool runs = name[1] != 'f'; /* "off" */
    int64_t hundredths = runs && row->timer_left_ns > 0 ? row->timer_left_ns / 10000000 : 0;
    bool is_keepalive = row->timer == LASTACK_TIMER_KEEPALIVE;

    text_addf(line, " %s (%" PRId64 ".%02" PRId64 "/%u/%u)", name, hundredths / 100,
              hundredths % 100, runs && !is_keepalive ? row->timer_retries : 0u,
              is_keepalive ? row->timer_retries : 0u);
}

void netstat_row(const struct netstat_view *view, const struct lastack_connection_row *row,
                 FILE *out)
{
    struct text line = {0};
    bool is_udp = row->protocol == LASTACK_PROTOCOL_UDP;
    bool is_idle_udp = is_udp && row->state == TCP_CLOSED;
    struct text name = {0};

    text_addf(&name, "%s%s", is_udp ? "udp" : "tcp", row->is_ipv6 ? "6" : "");
    text_add_left(&line, text_string(&name), 4);
    text_free(&name);
    /* A listener's queue is the number waiting for accept(); netstat shows its Send-Q as 0. */
    text_addf(&line, "  %6u %6u ", row->recv_q, row->state == TCP_LISTEN ? 0 : row->send_q);
    add_address(&line, row, &row->local);
    text_add(&line, " ");
    add_address(&line, row, &row->remote);
    text_add(&line, " ");
    text_add_left(&line, is_idle_udp ? "" : words_netstat_state((enum tcp_state)row->state),
                  STATE_WIDTH);
    if (view->has_extended)
        text_addf(&line, " %-10u %-10" PRIu64, row->uid, row->inode);
    if (view->has_programs)
        add_program(&line, row);
    if (view->has_timers)
        add_timer(&line, row);
    fprintf(out, "%s\n", text_string(&line));
    text_free(&line);
}
