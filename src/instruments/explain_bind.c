/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain_bind.c: `lastack explain EADDRINUSE :PORT`: what stands in bind()'s way, the worst first,
 * and which flags would help.
 *
 *     a listener ─▶ a socket that is only bound ─▶ a connection ─▶ TIME-WAIT records ─▶ nobody
 */
#include "explain.h"

#include "host_setting.h"
#include "instruments.h"
#include "json_names.h"
#include "row_json.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

struct port_use {
    size_t listeners, bound, time_waits, connections;
    const struct lastack_connection_row *listener, *holder, *connection;
    int64_t longest_ns;
};

static struct port_use use_of(const struct explain *explain, const struct lastack_endpoint *wanted)
{
    struct port_use use = {0};
    for (size_t i = 0; i < explain->count; i++) {
        const struct lastack_connection_row *row = &explain->list[i];
        bool is_address = lastack_is_any(&wanted->address) || lastack_is_any(&row->local.address) ||
                          lastack_address_equal(&wanted->address, &row->local.address);
        if (row->local.port != wanted->port || !is_address)
            continue;
        if (row->state == TCP_LISTEN) {
            use.listeners++;
            use.listener = row;
        } else if (row->state == TCP_CLOSED) {
            use.bound++;
            use.holder = row;
        } else if (row->state == TCP_TIME_WAIT) {
            use.time_waits++;
            use.longest_ns =
                row->timer_left_ns > use.longest_ns ? row->timer_left_ns : use.longest_ns;
        } else {
            use.connections++;
            use.connection = row;
        }
    }
    return use;
}

/* "listener", "bound", "connection", "time_wait", "free": what stands in bind()'s way, the worst
 * first. */
static const char *cause_of(const struct port_use *use)
{
    return use->listeners > 0     ? "listener"
           : use->bound > 0       ? "bound"
           : use->connections > 0 ? "connection"
           : use->time_waits > 0  ? "time_wait"
                                  : "free";
}

static bool is_ephemeral(const struct explain *explain, uint16_t port)
{
    if (explain->stack != NULL) /* the range of a stack's profile, unless somebody changed it */
        return port >= 32768 && port <= 60999;
    return port >= host_setting_number("net.ipv4.ip_local_port_range", 0, 32768) &&
           port <= host_setting_number("net.ipv4.ip_local_port_range", 1, 60999);
}

static void add_bind(const struct explain *explain, struct text *text, const struct port_use *use,
                     uint16_t port)
{
    if (use->listeners > 0) {
        text_add(text, "a listener has it: ");
        words_owner(text, use->listener);
        text_add(text, ". Only SO_REUSEPORT, on both sockets and with the same user, lets two "
                       "listen on one port; "
                       "SO_REUSEADDR does not");
    } else if (use->bound > 0) {
        text_add(text, "a socket is bound to it without listening: ");
        words_owner(text, use->holder);
        text_add(text, ". With SO_REUSEADDR on both, bind() succeeds as long as neither listens");
    } else if (use->connections > 0) {
        char peer[LASTACK_ENDPOINT_TEXT];
        lastack_endpoint_text(&use->connection->remote, peer, sizeof peer);
        if (use->connections == 1)
            text_addf(text, "a connection has it as its local port, to %s: ", peer);
        else
            text_addf(text,
                      "%zu connections have it as their local port, one to %s: ", use->connections,
                      peer);
        words_owner(text, use->connection);
        text_addf(text,
                  "%s. SO_REUSEADDR helps only if those sockets had it too (the old server's "
                  "children); against an "
                  "outgoing connection net.ipv4.ip_local_reserved_ports=%u does",
                  is_ephemeral(explain, port)
                      ? ". The port lies in the ephemeral range, so connect() may take it"
                      : "",
                  port);
    } else if (use->time_waits > 0) {
        text_addf(text, "%zu TIME-WAIT record%s for ", use->time_waits,
                  use->time_waits == 1 ? " holds it" : "s hold it");
        words_duration(text, use->longest_ns);
        text_add(text, " more. bind() succeeds if the old and the new socket both had SO_REUSEADDR "
                       "(or both SO_REUSEPORT, "
                       "same user); the record remembers the old one's flags, so the first restart "
                       "after adding the flag "
                       "still fails");
    } else {
        text_addf(text, "nobody has it %s; it is free, or bound on another address%s",
                  explain_place(explain), explain->stack != NULL ? "" : " or in another namespace");
    }
}

int explain_bind(const struct explain *explain, const struct lastack_endpoint *wanted)
{
    struct port_use use = use_of(explain, wanted);
    struct text text = {0};
    const struct lastack_connection_row *row = use.listener != NULL ? use.listener
                                               : use.holder != NULL ? use.holder
                                                                    : use.connection;
    add_bind(explain, &text, &use, wanted->port);
    if (explain->is_json) {
        json_t *object = json_object();
        json_object_set_new(object, "error", json_string("EADDRINUSE"));
        json_object_set_new(object, "port", json_integer(wanted->port));
        json_object_set_new(object, "cause", json_string(cause_of(&use)));
        json_object_set_new(object, "listeners", json_integer((json_int_t)use.listeners));
        json_object_set_new(object, "bound", json_integer((json_int_t)use.bound));
        json_object_set_new(object, "connections", json_integer((json_int_t)use.connections));
        json_object_set_new(object, "time_waits", json_integer((json_int_t)use.time_waits));
        json_object_set_new(object, "time_wait_left_ms", json_ms(use.longest_ns));
        json_object_set_new(object, "pid",
                            row == NULL || row->pid == 0 ? json_null() : json_integer(row->pid));
        json_object_set_new(object, "why", json_text(&text));
        json_line(stdout, object);
    } else {
        printf("EADDRINUSE :%u  cause: %s\n  %s\n", wanted->port, cause_of(&use),
               text_string(&text));
        if (row != NULL) {
            struct text tuple = {0};
            explain_add_tuple(&tuple, row);
            printf("  %s\n", text_string(&tuple));
            text_free(&tuple);
        }
    }
    text_free(&text);
    return strcmp(cause_of(&use), "free") == 0 ? STATUS_FINDINGS : STATUS_FINE;
}
