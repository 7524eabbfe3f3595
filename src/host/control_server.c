/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_server.c: answers the questions of control.h.
 *
 *     client's socket ─▶ in[] ─ a line ─▶ ask ─▶ out[] ─▶ client's socket
 *                                          ▲       │ room again
 *                                          └───────┘ rows go on from their cursor
 *
 * A client is served one question at a time: while an answer is on its way, its next question stays
 * in the socket; and one batch of an answer at a time, so that a client that reads as fast as we
 * write keeps the stack from its packets no longer than one that does not read.
 *
 * Who cannot be served is told why, in an answer before any question: a line longer than
 * LINE_MAX_BYTES, all places taken, no descriptors left. For the last a descriptor is held in
 * reserve: it is given up to accept the client, tell him, and is then taken again. A client who was
 * silent for SILENCE_NS loses his place to one who comes when there is no other.
 */
#include "control.h"

#include "check.h"
#include "duration.h"
#include "row_wire.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    BACKLOG = 64,
    LINE_MAX_BYTES = 256 * 1024, /* a question: kill with some thousand tuples */
    FILL_TO = 128 * 1024,        /* of an answer, before the client has read it */
    LOCK_TRIES = 200,            /* for the directory, LOCK_PAUSE_NS apart: two seconds */
};

#define SILENCE_NS    SEC(1)
#define LOCK_PAUSE_NS MS(10)

/* The members of {"error":...,"done":true}. */
#define ERROR_FORMAT   "{s:s, s:b}"
#define ERROR_OF(text) "error", text, "done", 1

struct control_server_client {
    struct control *control;
    int fd; /* -1: free */
    char *in;
    size_t in_length;
    char *out;
    size_t out_length, out_at, out_size;
    bool is_walking;  /* in the middle of rows */
    bool is_broken;   /* half a line is all that there was memory for */
    int64_t moved_at; /* when a byte came from it or went to it */
    uint32_t row_flags;
    uint64_t cursor;
};

struct control {
    struct control_config config;
    char path[CONTROL_PATH_MAX];
    int fd;
    bool has_name; /* bound: to be removed */
    int reserve;   /* a descriptor for who comes when there are no more */
    bool is_deaf;  /* not even that helped: looks at the socket when the next client comes */
    struct control_server_client clients[CONTROL_CLIENTS_MAX];
};

/* Level-triggered, so that a client left for the next turn is not forgotten; a deaf one is told of
 * news alone, or it would be told without end of a client that it cannot accept. */
static void hear(struct control *control, bool is_deaf)
{
    control->is_deaf = is_deaf;
    event_loop_change(control->config.loop, control->fd,
                      is_deaf ? (uint32_t)EPOLLIN | (uint32_t)EPOLLET : (uint32_t)EPOLLIN);
}

static int take_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void disconnect(struct control_server_client *client)
{
    struct control *control = client->control;

    event_loop_forget(control->config.loop, client->fd);
    close(client->fd);
    free(client->in);
    free(client->out);
    *client = (struct control_server_client){.control = control, .fd = -1};
    if (control->reserve < 0) /* there is a descriptor now */
        control->reserve = take_reserve();
    if (control->is_deaf)
        hear(control, false);
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

/* Adds one line; drops the reference. A line is never left out: the client would wait for it. */
static void put_line(struct control_server_client *client, json_t *object)
{
    if (object == NULL) /* a text that was cut within a character */
        object = json_pack(ERROR_FORMAT, ERROR_OF("the answer is no UTF-8"));
    if (object == NULL || json_dump_callback(object, put_callback, client, JSON_COMPACT) != 0 ||
        !put_bytes(client, "\n", 1))
        client->is_broken = true;
    json_decref(object);
}

static void put_error(struct control_server_client *client, const char *text)
{
    put_line(client, json_pack(ERROR_FORMAT, ERROR_OF(text)));
}

/* Writes what the socket takes; false: the client is gone, or cannot be told. */
static bool drain(struct control_server_client *client)
{
    if (client->is_broken)
        return false;
    while (client->out_at < client->out_length) {
        ssize_t sent = send(client->fd, client->out + client->out_at,
                            client->out_length - client->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        client->out_at += (size_t)sent;
        client->moved_at = event_loop_clock();
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

/* To who is not, or no longer, a client; what does not fit at once is lost. */
__attribute__((format(printf, 2, 3))) static void send_error(int fd, const char *format, ...)
{
    char text[160];
    va_list arguments;
    json_t *object;
    size_t length;
    char *line;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    object = json_pack(ERROR_FORMAT, ERROR_OF(text));
    line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    if (line == NULL)
        return;
    length = strlen(line);
    line[length++] = '\n'; /* in place of the NUL */
    (void)!send(fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    free(line);
}

/* False: it has hung up, or its line is too long. */
static bool fill(struct control_server_client *client)
{
    ssize_t got;

    if (client->in_length == LINE_MAX_BYTES) {
        send_error(client->fd, "a question has at most %d bytes", LINE_MAX_BYTES);
        return false;
    }
    got = recv(client->fd, client->in + client->in_length, LINE_MAX_BYTES - client->in_length,
               MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    client->in_length += (size_t)got;
    client->moved_at = event_loop_clock();
    return got > 0;
}

/* Whether there is something to be done that waits for no more bytes of the client. */
static bool has_work(const struct control_server_client *client)
{
    return client->out_length > 0 || client->is_walking ||
           memchr(client->in, '\n', client->in_length) != NULL;
}

/* One step: the next batch of an answer, or the next question's. */
static void answer_on(struct control_server_client *client)
{
    if (client->is_walking)
        walk_rows(client);
    else
        (void)answer_line(client);
}

static void serve_client(void *context, uint32_t events)
{
    struct control_server_client *client = context;
    bool is_there = drain(client) && (events & EPOLLERR) == 0;

    if (is_there && !has_work(client) && (events & (EPOLLIN | EPOLLHUP)) != 0)
        is_there = fill(client);
    if (is_there && client->out_length == 0) {
        answer_on(client);
        is_there = drain(client);
    }
    if (!is_there) {
        disconnect(client);
        return;
    }
    /* What the client did not take, and what was not yet made, waits until it can take more. */
    event_loop_change(client->control->config.loop, client->fd,
                      has_work(client) ? EPOLLOUT : EPOLLIN);
}

/* ---- who comes ---- */

/* A free place, if need be that of who was silent for longest; NULL: there is none. */
static struct control_server_client *place(struct control *control)
{
    struct control_server_client *silent = &control->clients[0];

    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i].fd < 0)
            return &control->clients[i];
        if (control->clients[i].moved_at < silent->moved_at)
            silent = &control->clients[i];
    }
    if (event_loop_clock() - silent->moved_at < SILENCE_NS)
        return NULL;
    if (silent->out_length == 0) /* not in the middle of another line */
        send_error(silent->fd, "the place of this client, who was silent, was wanted by another");
    disconnect(silent);
    return silent;
}

static void admit(struct control *control, int fd)
{
    struct control_server_client *client = place(control);
    struct trouble trouble;

    if (client == NULL) {
        send_error(fd, "all places for %d who ask at a time are taken", CONTROL_CLIENTS_MAX);
        close(fd);
        return;
    }
    client->in = malloc(LINE_MAX_BYTES);
    client->fd = fd;
    client->moved_at = event_loop_clock();
    if (client->in != NULL &&
        event_loop_watch(control->config.loop, fd, EPOLLIN, serve_client, client, &trouble))
        return;
    send_error(fd, "no memory to serve another client");
    free(client->in);
    client->in = NULL;
    client->fd = -1;
    close(fd);
}

static int accept_one(const struct control *control)
{
    return accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* No descriptor is left. False: nor was one in reserve, or it was gone before we had it. */
static bool turn_away(struct control *control)
{
    int fd;

    if (control->reserve < 0)
        return false;
    close(control->reserve);
    fd = accept_one(control);
    if (fd >= 0) {
        send_error(fd, "the process of the stack has no descriptors left");
        close(fd);
    }
    control->reserve = take_reserve();
    return fd >= 0;
}

static void accept_client(void *context, uint32_t events)
{
    struct control *control = context;
    int fd = accept_one(control);

    (void)events;
    if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
        return;
    if (fd < 0 && !turn_away(control)) {
        if (!control->is_deaf)
            hear(control, true);
        return;
    }
    if (control->is_deaf)
        hear(control, false);
    if (fd >= 0)
        admit(control, fd);
}

/* ---- the name ---- */

/* Whether nobody listens on that socket any more. When in doubt, somebody does. */
static bool is_left_behind(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat status;
    bool is_refused;

    if (fd < 0)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    is_refused = lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
                 connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 &&
                 errno == ECONNREFUSED;
    close(fd);
    return is_refused;
}

/* Removes the sockets of stacks that were killed: nobody else will, and each has a new name. */
static void sweep(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    char path[CONTROL_PATH_MAX];

    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        if (!control_name_is_good(entry->d_name))
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path &&
            is_left_behind(path))
            (void)unlink(path);
    }
    closedir(directory);
}

static bool bind_name(struct control *control, struct trouble *trouble)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;

    memcpy(address.sun_path, control->path, strlen(control->path) + 1);
    if (bind(control->fd, (const struct sockaddr *)&address, sizeof address) == 0) {
        control->has_name = true;
        return listen(control->fd, BACKLOG) == 0 ||
               trouble_set(trouble, errno, "listen on the control socket %s", control->path);
    }
    if (errno != EADDRINUSE)
        return trouble_set(trouble, errno, "bind the control socket %s", control->path);
    if (lstat(control->path, &status) == 0 && !S_ISSOCK(status.st_mode))
        return trouble_set(trouble, 0, "%s is in the way: it is no socket", control->path);
    return trouble_set(trouble, 0, "the name \"%s\" is taken by a running stack",
                       control->config.name);
}

/* The folder, locked: between the bind and the listen of one stack no other may find its socket
 * deserted. -1 and trouble, if another stack holds the lock for long. */
static int lock_folder(const char *folder, struct trouble *trouble)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        trouble_set(trouble, errno, "open %s", folder);
        return -1;
    }
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return fd;
        nanosleep(&pause, NULL);
    }
    trouble_set(trouble, errno, "lock %s, where another stack is just taking its name", folder);
    close(fd);
    return -1;
}

static bool take_name(struct control *control, struct trouble *trouble)
{
    char folder[CONTROL_PATH_MAX];
    bool is_taken;
    int lock;

    if (!control_path(control->path, control->config.name, true, trouble) ||
        !control_directory(folder, false, trouble))
        return false;
    control->reserve = take_reserve();
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0)
        return trouble_set(trouble, errno, "make a control socket");
    lock = lock_folder(folder, trouble);
    if (lock < 0)
        return false;
    sweep(folder);
    is_taken = bind_name(control, trouble);
    close(lock);
    return is_taken;
}

static void give_back(struct control *control)
{
    if (control->fd >= 0)
        close(control->fd);
    if (control->reserve >= 0)
        close(control->reserve);
    if (control->has_name)
        (void)unlink(control->path);
    free(control);
}

struct control *control_open(const struct control_config *config, struct trouble *trouble)
{
    struct control *control = calloc(1, sizeof *control);

    if (control == NULL) {
        trouble_set(trouble, ENOMEM, "make a control socket");
        return NULL;
    }
    control->config = *config;
    control->fd = control->reserve = -1;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control->clients[i] = (struct control_server_client){.control = control, .fd = -1};
    if (take_name(control, trouble) &&
        event_loop_watch(config->loop, control->fd, EPOLLIN, accept_client, control, trouble))
        return control;
    give_back(control);
    return NULL;
}

void control_close(struct control *control)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i].fd >= 0)
            disconnect(&control->clients[i]);
    event_loop_forget(control->config.loop, control->fd);
    give_back(control);
}
