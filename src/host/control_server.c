/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_server.c: answers the questions of control.h.
 *
 *     client's socket ─▶ in[] ─ a line ─▶ ask ─▶ out[] ─▶ client's socket
 *                                          ▲       │ room again
 *                                          └───────┘ rows go on from their cursor
 *
 * A client is served one question at a time: while an answer is on its way, its next question stays
 * in the socket. Who sends a line longer than LINE_MAX_BYTES is disconnected.
 */
#include "control.h"

#include "check.h"
#include "row_wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 32,
    LINE_MAX_BYTES = 256 * 1024, /* a question: kill with some thousand tuples */
    FILL_TO = 128 * 1024,        /* of an answer, before the client has read it */
};

struct control_server_client {
    struct control *control;
    int fd; /* -1: free */
    char *in;
    size_t in_length;
    char *out;
    size_t out_length, out_at, out_size;
    bool is_walking; /* in the middle of rows */
    uint32_t row_flags;
    uint64_t cursor;
};

struct control {
    struct control_config config;
    char path[CONTROL_PATH_MAX];
    int fd;
    struct control_server_client clients[CLIENTS_MAX];
};

static void disconnect(struct control_server_client *client)
{
    event_loop_forget(client->control->config.loop, client->fd);
    close(client->fd);
    free(client->in);
    free(client->out);
    *client = (struct control_server_client){.control = client->control, .fd = -1};
}

/* ---- out ---- */

static bool put_bytes(struct control_server_client *client, const char *bytes, size_t length)
{
    if (client->out_length + length > client->out_size) {
        size_t size = 2 * (client->out_length + length);
        char *out = realloc(client->out, size);

        if (out == NULL)
            return false;
        client->out = out;
        client->out_size = size;
    }
    memcpy(client->out + client->out_length, bytes, length);
    client->out_length += length;
    return true;
}

static int put_callback(const char *bytes, size_t length, void *context)
{
    return put_bytes(context, bytes, length) ? 0 : -1;
}

/* Adds one line; drops the reference. */
static void put_line(struct control_server_client *client, json_t *object)
{
    if (object == NULL)
        return;
    if (json_dump_callback(object, put_callback, client, JSON_COMPACT) == 0)
        (void)put_bytes(client, "\n", 1);
    json_decref(object);
}

static void put_error(struct control_server_client *client, const char *text)
{
    put_line(client, json_pack("{s:s, s:b}", "error", text, "done", 1));
}

/* Writes what the socket takes; false: the client is gone. */
static bool drain(struct control_server_client *client)
{
    while (client->out_at < client->out_length) {
        ssize_t sent = send(client->fd, client->out + client->out_at,
                            client->out_length - client->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        client->out_at += (size_t)sent;
    }
    client->out_at = client->out_length = 0;
    return true;
}

/* ---- answers ---- */

static void answer_hello(struct control_server_client *client)
{
    const struct control_config *config = &client->control->config;

    put_line(client,
             json_pack("{s:s, s:i, s:s, s:s, s:b}", "name", config->name, "pid", (int)getpid(),
                       "link", config->link, "version", LASTACK_VERSION, "done", 1));
}

static bool put_row(void *context, const struct lastack_connection_row *row)
{
    struct control_server_client *client = context;

    put_line(client, json_pack("{s:o}", "row", row_encode(row)));
    return client->out_length < FILL_TO;
}

/* As many rows as fit. A walk that stopped behind its last row is found finished at the next call.
 * */
static void walk_rows(struct control_server_client *client)
{
    if (!lastack_rows(client->control->config.stack, client->row_flags, &client->cursor, put_row,
                      client))
        return;
    client->is_walking = false;
    put_line(client, json_pack("{s:b}", "done", 1));
}

static void answer_rows(struct control_server_client *client, const json_t *question)
{
    json_t *flags = json_object_get(question, "flags");

    client->row_flags =
        json_is_integer(flags) ? (uint32_t)json_integer_value(flags) : LASTACK_ROWS_ALL;
    client->cursor = 0;
    client->is_walking = true;
}

static bool kill_one(struct control *control, const json_t *pair, bool force, json_t *verdicts)
{
    const char *local = json_string_value(json_array_get(pair, 0));
    const char *remote = json_string_value(json_array_get(pair, 1));
    struct control_tuple tuple;

    if (local == NULL || remote == NULL || !endpoint_decode(local, &tuple.local) ||
        !endpoint_decode(remote, &tuple.remote))
        return false;
    json_array_append_new(verdicts, json_integer(lastack_kill(control->config.stack, &tuple.local,
                                                              &tuple.remote, force)));
    return true;
}

static void answer_kill(struct control_server_client *client, const json_t *question)
{
    const json_t *tuples = json_object_get(question, "tuples");
    bool force = json_is_true(json_object_get(question, "force"));
    json_t *verdicts = json_array();
    const json_t *pair;
    size_t i;

    json_array_foreach(tuples, i, pair)
    {
        if (!kill_one(client->control, pair, force, verdicts)) {
            json_decref(verdicts);
            put_error(client, "a tuple is not [\"ADDRESS:PORT\", \"ADDRESS:PORT\"]");
            return;
        }
    }
    put_line(client, json_pack("{s:o, s:b}", "verdicts", verdicts, "done", 1));
}

static void answer_sysctl(struct control_server_client *client, const json_t *question)
{
    const struct control_config *config = &client->control->config;
    const char *name = json_string_value(json_object_get(question, "name"));
    const char *value = json_string_value(json_object_get(question, "value"));
    char reply[1024] = "";
    bool is_good;

    if (name == NULL || config->sysctl == NULL) {
        put_error(client, name == NULL ? "no name" : "this stack's parameters cannot be reached");
        return;
    }
    is_good = config->sysctl(config->context, name, value, reply, sizeof reply);
    put_line(client, json_pack("{s:s, s:b, s:b}", "text", reply, "is_good", is_good, "done", 1));
}

static void answer_pools(struct control_server_client *client)
{
    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;

        lastack_pool_usage(client->control->config.stack, pool, &usage);
        put_line(client,
                 json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "pool", usage.name, "used",
                           (json_int_t)usage.used, "peak", (json_int_t)usage.peak, "limit",
                           (json_int_t)usage.limit, "bytes_each", (json_int_t)usage.bytes_each,
                           "refusals", (json_int_t)usage.refusals));
    }
    put_line(client, json_pack("{s:b}", "done", 1));
}

static void answer_counters(struct control_server_client *client)
{
    for (enum lastack_cause cause = 0; cause < LASTACK_CAUSE_COUNT; cause++) {
        uint64_t count = lastack_counter(client->control->config.stack, cause);

        if (count > 0)
            put_line(client, json_pack("{s:s, s:i, s:I}", "cause", lastack_cause_text(cause),
                                       "number", (int)cause, "count", (json_int_t)count));
    }
    put_line(client, json_pack("{s:b}", "done", 1));
}

static void answer(struct control_server_client *client, const char *line, size_t length)
{
    json_error_t error;
    json_t *question = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
    const char *ask = json_string_value(json_object_get(question, "ask"));

    if (ask == NULL)
        put_error(client, question == NULL ? error.text : "no \"ask\"");
    else if (strcmp(ask, "hello") == 0)
        answer_hello(client);
    else if (strcmp(ask, "rows") == 0)
        answer_rows(client, question);
    else if (strcmp(ask, "kill") == 0)
        answer_kill(client, question);
    else if (strcmp(ask, "sysctl") == 0)
        answer_sysctl(client, question);
    else if (strcmp(ask, "pools") == 0)
        answer_pools(client);
    else if (strcmp(ask, "counters") == 0)
        answer_counters(client);
    else
        put_error(client, "unknown question");
    json_decref(question);
}

/* ---- in ---- */

/* Takes one whole line off the input and answers it; false if there is none. */
static bool answer_line(struct control_server_client *client)
{
    char *end = memchr(client->in, '\n', client->in_length);
    size_t length;

    if (end == NULL)
        return false;
    length = (size_t)(end - client->in);
    answer(client, client->in, length);
    client->in_length -= length + 1;
    memmove(client->in, end + 1, client->in_length);
    return true;
}

static bool fill(struct control_server_client *client)
{
    ssize_t got = recv(client->fd, client->in + client->in_length,
                       LINE_MAX_BYTES - client->in_length, MSG_DONTWAIT);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    client->in_length += (size_t)got;
    return got > 0; /* 0: it has hung up, or its line is too long */
}

static void serve_client(void *context, uint32_t events)
{
    struct control_server_client *client = context;

    if (!drain(client) || (events & EPOLLERR) != 0) {
        disconnect(client);
        return;
    }
    if (client->out_length == 0 && !client->is_walking && (events & (EPOLLIN | EPOLLHUP)) != 0 &&
        !fill(client)) {
        disconnect(client);
        return;
    }
    /* Answer while the client keeps up; what it does not take now waits for EPOLLOUT. */
    while (client->out_length == 0) {
        if (client->is_walking)
            walk_rows(client);
        else if (!answer_line(client))
            break;
        if (!drain(client)) {
            disconnect(client);
            return;
        }
    }
    event_loop_change(client->control->config.loop, client->fd,
                      client->out_length > 0 ? EPOLLOUT : EPOLLIN);
}

static struct control_server_client *free_client(struct control *control)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (control->clients[i].fd < 0)
            return &control->clients[i];
    return NULL;
}

static void accept_client(void *context, uint32_t events)
{
    struct control *control = context;
    int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct control_server_client *client = free_client(control);
    struct trouble trouble;

    (void)events;
    if (fd < 0)
        return;
    if (client == NULL) {
        close(fd);
        return;
    }
    client->in = malloc(LINE_MAX_BYTES);
    client->fd = fd;
    if (client->in != NULL &&
        event_loop_watch(control->config.loop, fd, EPOLLIN, serve_client, client, &trouble))
        return;
    free(client->in);
    client->in = NULL;
    client->fd = -1;
    close(fd);
}

/* ---- the name ---- */

static bool somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_taken = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    return is_taken;
}

static bool take_name(struct control *control, struct trouble *trouble)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!control_path(control->path, control->config.name, true, trouble))
        return false;
    memcpy(address.sun_path, control->path, strlen(control->path) + 1);
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return trouble_set(trouble, errno, "make a control socket");
    if (bind(control->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EADDRINUSE)
            return trouble_set(trouble, errno, "bind the control socket %s", control->path);
        if (somebody_answers(&address))
            return trouble_set(trouble, 0, "the name \"%s\" is taken by a running stack",
                               control->config.name);
        (void)unlink(control->path); /* left behind */
        if (bind(control->fd, (const struct sockaddr *)&address, sizeof address) != 0)
            return trouble_set(trouble, errno, "bind the control socket %s", control->path);
    }
    if (listen(control->fd, 8) != 0)
        return trouble_set(trouble, errno, "listen on the control socket %s", control->path);
    return true;
}

struct control *control_open(const struct control_config *config, struct trouble *trouble)
{
    struct control *control = calloc(1, sizeof *control);

    if (control == NULL) {
        trouble_set(trouble, ENOMEM, "make a control socket");
        return NULL;
    }
    control->config = *config;
    control->fd = -1;
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        control->clients[i] = (struct control_server_client){.control = control, .fd = -1};
    if (take_name(control, trouble) &&
        event_loop_watch(config->loop, control->fd, EPOLLIN, accept_client, control, trouble))
        return control;
    if (control->fd >= 0)
        close(control->fd);
    free(control);
    return NULL;
}

void control_close(struct control *control)
{
    for (unsigned i = 0; i < CLIENTS_MAX; i++)
        if (control->clients[i].fd >= 0)
            disconnect(&control->clients[i]);
    event_loop_forget(control->config.loop, control->fd);
    close(control->fd);
    (void)unlink(control->path);
    free(control);
}
