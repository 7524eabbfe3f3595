/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_sockstat.c: our rows as FreeBSD's sockstat shows them, and tcpdrop.
 *
 *     USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS    FOREIGN ADDRESS    CONN STATE
 *     root     packetdril 1     3   tcp4   192.168.0.1:8080 192.0.2.1:49152    TIME_WAIT
 *
 * What no descriptor holds any more has question marks instead of an owner, as there. A TIME-WAIT
 * record of ours has no owner (the socket has left it), but there its descriptor is still shown
 * with it: the script's descriptors know their connections.
 */
#include "commands.h"

#include <stdlib.h>
#include <string.h>

static const char *bsd_state(enum tcp_state state)
{
    switch (state) {
    case TCP_ESTABLISHED:
        return "ESTABLISHED";
    case TCP_SYN_SENT:
        return "SYN_SENT";
    case TCP_SYN_RECEIVED:
        return "SYN_RCVD";
    case TCP_FIN_WAIT_1:
        return "FIN_WAIT_1";
    case TCP_FIN_WAIT_2:
        return "FIN_WAIT_2";
    case TCP_TIME_WAIT:
        return "TIME_WAIT";
    case TCP_CLOSED:
        return "CLOSED";
    case TCP_CLOSE_WAIT:
        return "CLOSE_WAIT";
    case TCP_LAST_ACK:
        return "LAST_ACK";
    case TCP_LISTEN:
        return "LISTEN";
    case TCP_CLOSING:
        return "CLOSING";
    }
    return "?";
}

/* ---- sockstat ---- */

struct sockstat {
    const struct command_shell *shell;
    bool shows_ipv4, shows_ipv6, shows_udp, shows_state;
    uint16_t port; /* 0: any */
    struct text *output;
};

static void add_owner(struct text *out, const struct command_shell *shell,
                      const struct lastack_connection_row *row)
{
    const int holder =
        row->state == TCP_TIME_WAIT ? shell->surroundings->holder_of(shell->context, row) : -1;

    if (row->holders > 0)
        text_addf(out, "root     %-10.10s 1     %-3d ", row->comm, (int)row->fd);
    else if (holder >= 0)
        text_addf(out, "root     packetdril 1     %-3d ", holder);
    else
        text_add(out, "?        ?          ?     ?   ");
}

static bool show_row(void *context, const struct lastack_connection_row *row)
{
    struct sockstat *sockstat = context;
    const bool is_ipv6 = !lastack_is_ipv4(&row->local.address);
    const bool is_udp = row->protocol == LASTACK_PROTOCOL_UDP;
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];

    if ((is_ipv6 ? !sockstat->shows_ipv6 : !sockstat->shows_ipv4) ||
        is_udp != sockstat->shows_udp ||
        (sockstat->port != 0 && row->local.port != sockstat->port &&
         row->remote.port != sockstat->port))
        return true;
    lastack_endpoint_text(&row->local, local, sizeof local);
    lastack_endpoint_text(&row->remote, remote, sizeof remote);
    add_owner(sockstat->output, sockstat->shell, row);
    text_addf(sockstat->output, "%s%c   %-22s %-22s", is_udp ? "udp" : "tcp", is_ipv6 ? '6' : '4',
              local, remote);
    if (sockstat->shows_state && !is_udp)
        text_addf(sockstat->output, " %s", bsd_state((enum tcp_state)row->state));
    text_add(sockstat->output, "\n");
    return true;
}

enum command_outcome command_sockstat(struct command_shell *shell,
                                      const struct command_stage *stage, struct command_io *io)
{
    struct sockstat sockstat = {.shell = shell, .output = &io->output};
    uint64_t cursor = 0;

    for (unsigned i = 1; i < stage->count; i++) {
        const char *word = stage->words[i];
        const char *value = i + 1 < stage->count ? stage->words[i + 1] : NULL;

        if (strcmp(word, "-4") == 0) {
            sockstat.shows_ipv4 = true;
        } else if (strcmp(word, "-6") == 0) {
            sockstat.shows_ipv6 = true;
        } else if (strcmp(word, "-s") == 0) {
            sockstat.shows_state = true;
        } else if (strcmp(word, "-P") == 0 && value != NULL) {
            sockstat.shows_udp = strcmp(value, "udp") == 0;
            i++;
        } else if (strcmp(word, "-p") == 0 && value != NULL) {
            sockstat.port = (uint16_t)strtoul(value, NULL, 10);
            i++;
        } else {
            return COMMAND_UNKNOWN;
        }
    }
    if (!sockstat.shows_ipv4 && !sockstat.shows_ipv6)
        sockstat.shows_ipv4 = sockstat.shows_ipv6 = true;
    lastack_rows(shell->target->stack, LASTACK_ROWS_ALL, &cursor, show_row, &sockstat);
    return COMMAND_SUCCEEDED;
}

/* ---- tcpdrop ---- */

enum { VICTIMS_MAX = 64 };

struct victims {
    const char *state;
    struct lastack_endpoint local[VICTIMS_MAX], remote[VICTIMS_MAX];
    unsigned count;
};

static bool choose_victim(void *context, const struct lastack_connection_row *row)
{
    struct victims *victims = context;

    if (row->protocol == LASTACK_PROTOCOL_TCP && victims->count < VICTIMS_MAX &&
        strcmp(bsd_state((enum tcp_state)row->state), victims->state) == 0) {
        victims->local[victims->count] = row->local;
        victims->remote[victims->count++] = row->remote;
    }
    return true;
}

/* tcpdrop -s STATE: all connections in it. */
enum command_outcome command_tcpdrop(struct command_shell *shell, const struct command_stage *stage,
                                     struct command_io *io)
{
    struct victims victims = {.count = 0};
    uint64_t cursor = 0;

    (void)io;
    if (stage->count != 3 || strcmp(stage->words[1], "-s") != 0)
        return COMMAND_UNKNOWN;
    victims.state = stage->words[2];
    lastack_rows(shell->target->stack, LASTACK_ROWS_ALL, &cursor, choose_victim, &victims);
    for (unsigned i = 0; i < victims.count; i++)
        (void)lastack_kill(shell->target->stack, &victims.local[i], &victims.remote[i], false);
    return COMMAND_SUCCEEDED;
}
