/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h: looking into a running stack from another process of the same user.
 *
 *     lastack ss --stack NAME ── Unix socket (control_path.h) ──▶ lastack run --name NAME
 *
 * One JSON object per line, both ways; a question may be followed by the next when its last line
 * has come, which is the one with "done".
 *
 *     {"ask":"hello"}       {"name":"demo","pid":7,"link":"tun","version":"0.1.0","done":true}
 *     {"ask":"rows",        {"row":{...}}             row_wire.h; one line each, then
 *      "flags":63}          {"done":true}
 *     {"ask":"kill",        {"verdicts":[0],"done":true}
 *      "force":false,                                 enum lastack_kill_verdict, in order
 *      "tuples":[["[::1]:80","[::2]:9"]]}
 *     {"ask":"sysctl",      {"text":"60","is_good":true,"done":true}
 *      "name":N,"value":V}                            without value: reads
 *     {"ask":"pools"}       {"pool":"pages","used":1,...}             one line each, then
 *                           {"done":true}
 *     {"ask":"counters"}    {"cause":"FIN arrived","number":23,"count":7}
 *                           {"done":true}
 *     anything else         {"error":"...","done":true}
 *
 * The server never blocks and holds at most a bounded reply per client: rows are walked with their
 * cursor as fast as the client reads them, so a million of them cost neither side memory; and a
 * batch at a time, so they keep nothing else waiting. A client who cannot be served (all of
 * CONTROL_CLIENTS_MAX places are taken by others who are not idle, no descriptor is left, a line is
 * too long) is told so with an "error" and disconnected.
 */
#ifndef LASTACK_CONTROL_H
#define LASTACK_CONTROL_H

#include "control_path.h"
#include "event_loop.h"

enum { CONTROL_CLIENTS_MAX = 32 };

/* ---- in the process that has the stack ---- */

struct control_config {
    const char *name;
    const char *link; /* "tun", "veth" */
    struct lastack *stack;
    struct event_loop *loop;
    /* Reads (value NULL) or sets a parameter by any of its names; writes the value now, or what is
     * wrong, into `reply`. False: not done. NULL: no parameters here. */
    bool (*sysctl)(void *context, const char *name, const char *value, char *reply, size_t size);
    void *context;
};

struct control;

/* Listens under `name`; sockets left behind by processes that are gone, of this and other names,
 * are removed. NULL and trouble if the name is bad or taken. */
struct control *control_open(const struct control_config *config, struct trouble *trouble);
/* Removes the name. */
void control_close(struct control *control);

/* ---- in the process that asks ---- */

struct control_stack {
    char name[CONTROL_NAME_MAX + 1];
    bool is_silent; /* listens, but does not answer; what follows is not known */
    char link[16];
    char version[16];
    int pid;
};

/* The stacks of this user, by name; at most `max`. Each has two seconds to answer. Returns how many
 * there are (0 too if there is no directory), or -1 and trouble. */
int control_list(struct control_stack *stacks, int max, struct trouble *trouble);

struct control_client;

/* NULL and trouble if nobody listens under that name (trouble's error: ENOENT or ECONNREFUSED), or
 * does not accept in ten seconds; no answer is waited for any longer, either. */
struct control_client *control_connect(const char *name, struct trouble *trouble);
void control_disconnect(struct control_client *client);

/* Who it is. */
bool control_hello(struct control_client *client, struct control_stack *stack,
                   struct trouble *trouble);

/* Rows of these kinds (enum lastack_row_flags) until the callback returns false. After false, or a
 * failure, only control_disconnect is left to be called. */
bool control_rows(struct control_client *client, uint32_t flags, lastack_row_callback *callback,
                  void *context, struct trouble *trouble);

struct control_tuple {
    struct lastack_endpoint local, remote;
};

/* Ends the connections of these tuples, in the stack's order of things one after the other; a
 * verdict for each. */
bool control_kill(struct control_client *client, const struct control_tuple *tuples, size_t count,
                  bool force, enum lastack_kill_verdict *verdicts, struct trouble *trouble);

/* Reads (value NULL) or sets one parameter; the answer's text is in `reply`. False with
 * trouble.text empty: the stack refused, and `reply` says why. */
bool control_sysctl(struct control_client *client, const char *name, const char *value, char *reply,
                    size_t size, struct trouble *trouble);

typedef void control_pool_callback(void *context, const char *name,
                                   const struct lastack_pool_usage *usage);
bool control_pools(struct control_client *client, control_pool_callback *callback, void *context,
                   struct trouble *trouble);

/* Causes that have occurred, with how often. */
typedef void control_counter_callback(void *context, enum lastack_cause cause, uint64_t count);
bool control_counters(struct control_client *client, control_counter_callback *callback,
                      void *context, struct trouble *trouble);

#endif
