/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_client.c: asks the questions of control.h, and waits for the answers, at most
 * ANSWER_SECONDS each: a stack may be stopped (Ctrl-Z, a debugger), with its queue of clients full.
 */
#include "control.h"

#include "row_wire.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ANSWER_SECONDS = 10,
    HELLO_SECONDS = 2,     /* of each stack in a list */
    LINE_SIZE = 64 * 1024, /* a line of an answer at the most */
    TUPLES_PER_QUESTION = 1000,
};

struct control_client {
    char name[CONTROL_NAME_MAX + 1];
    int fd;
    size_t length, at; /* of buffer: bytes there, bytes taken */
    char buffer[LINE_SIZE];
};

/* No call on that socket waits longer. A connect() that does so is answered EAGAIN. */
static bool limit_waits(int fd, int seconds)
{
    const struct timeval patience = {.tv_sec = seconds};

    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0;
}

static struct control_client *make_client(const char *name, struct trouble *trouble)
{
    struct control_client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        trouble_set(trouble, ENOMEM, "ask stack \"%s\"", name);
        return NULL;
    }
    snprintf(client->name, sizeof client->name, "%s", name);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd >= 0)
        return client;
    trouble_set(trouble, errno, "connect to stack \"%s\"", name);
    free(client);
    return NULL;
}

static struct control_client *connect_within(const char *name, int seconds, struct trouble *trouble)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct control_client *client;
    char path[CONTROL_PATH_MAX];

    if (!control_path(path, name, false, trouble)) {
        if (trouble->error == ENOENT)
            trouble_set(trouble, ENOENT, "no stack \"%s\" is running", name);
        return NULL;
    }
    client = make_client(name, trouble);
    if (client == NULL)
        return NULL;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (limit_waits(client->fd, seconds) &&
        connect(client->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return client;
    if (errno == ENOENT || errno == ECONNREFUSED)
        trouble_set(trouble, errno, "no stack \"%s\" is running", name);
    else
        trouble_set(trouble, errno == EAGAIN ? ETIMEDOUT : errno, "connect to stack \"%s\"", name);
    control_disconnect(client);
    return NULL;
}

struct control_client *control_connect(const char *name, struct trouble *trouble)
{
    return connect_within(name, ANSWER_SECONDS, trouble);
}

void control_disconnect(struct control_client *client)
{
    close(client->fd);
    free(client);
}

/* ---- lines ---- */

/* Sends a question; drops the reference. Who hung up before it was read has said why: that is the
 * answer. */
static bool ask(struct control_client *client, json_t *question, struct trouble *trouble)
{
    char *text = question != NULL ? json_dumps(question, JSON_COMPACT) : NULL;
    const int error = question != NULL ? ENOMEM : EILSEQ; /* of words that are no UTF-8 */
    size_t length, done = 0;
    bool has_hung_up;

    json_decref(question);
    if (text == NULL)
        return trouble_set(trouble, error, "ask stack \"%s\"", client->name);
    length = strlen(text);
    text[length++] = '\n'; /* in place of the NUL */
    while (done < length) {
        ssize_t sent = send(client->fd, text + done, length - done, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            break;
        done += sent > 0 ? (size_t)sent : 0;
    }
    free(text);
    has_hung_up = done < length && (errno == EPIPE || errno == ECONNRESET);
    return done == length || has_hung_up ||
           trouble_set(trouble, errno == EAGAIN ? ETIMEDOUT : errno, "ask stack \"%s\"",
                       client->name);
}

static bool receive_more(struct control_client *client, struct trouble *trouble)
{
    ssize_t got;

    memmove(client->buffer, client->buffer + client->at, client->length - client->at);
    client->length -= client->at;
    client->at = 0;
    if (client->length == sizeof client->buffer)
        return trouble_set(trouble, EMSGSIZE, "read the answer of stack \"%s\"", client->name);
    do {
        got = recv(client->fd, client->buffer + client->length,
                   sizeof client->buffer - client->length, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        client->length += (size_t)got;
        return true;
    }
    if (got < 0 && errno == EAGAIN)
        return trouble_set(trouble, ETIMEDOUT, "wait for stack \"%s\"", client->name);
    return trouble_set(trouble, got < 0 ? errno : ECONNRESET, "read the answer of stack \"%s\"",
                       client->name);
}

/* The next line as an object, or NULL and trouble; an "error" in it is trouble, too. */
static json_t *next_answer(struct control_client *client, struct trouble *trouble)
{
    const char *start, *end, *error;
    json_t *object;

    while ((end = memchr(client->buffer + client->at, '\n', client->length - client->at)) == NULL)
        if (!receive_more(client, trouble))
            return NULL;
    start = client->buffer + client->at;
    client->at += (size_t)(end - start) + 1;
    object = json_loadb(start, (size_t)(end - start), 0, NULL);
    error = json_string_value(json_object_get(object, "error"));
    if (json_is_object(object) && error == NULL)
        return object;
    trouble_set(trouble, 0, "stack \"%s\" answers: %s", client->name,
                error != NULL ? error : "something that is no JSON object");
    json_decref(object);
    return NULL;
}

static bool is_last(const json_t *answer)
{
    return json_is_true(json_object_get(answer, "done"));
}

static bool bad_answer(struct control_client *client, json_t *answer, struct trouble *trouble)
{
    json_decref(answer);
    return trouble_set(trouble, EPROTO, "understand the answer of stack \"%s\"", client->name);
}

/* ---- questions ---- */

bool control_rows(struct control_client *client, uint32_t flags, lastack_row_callback *callback,
                  void *context, struct trouble *trouble)
{
    json_t *answer;

    if (!ask(client, json_pack("{s:s, s:I}", "ask", "rows", "flags", (json_int_t)flags), trouble))
        return false;
    while ((answer = next_answer(client, trouble)) != NULL) {
        const json_t *object = json_object_get(answer, "row");
        struct lastack_connection_row row;
        bool is_done = is_last(answer);

        if (object != NULL && !row_decode(object, &row))
            return bad_answer(client, answer, trouble);
        is_done |= object != NULL && !callback(context, &row);
        json_decref(answer);
        if (is_done)
            return true;
    }
    return false;
}

static json_t *tuples_of(const struct control_tuple *tuples, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];

        lastack_endpoint_text(&tuples[i].local, local, sizeof local);
        lastack_endpoint_text(&tuples[i].remote, remote, sizeof remote);
        json_array_append_new(array, json_pack("[s, s]", local, remote));
    }
    return array;
}

static bool kill_some(struct control_client *client, const struct control_tuple *tuples,
                      size_t count, bool force, enum lastack_kill_verdict *verdicts,
                      struct trouble *trouble)
{
    const json_t *array;
    json_t *answer;

    if (!ask(client,
             json_pack("{s:s, s:b, s:o}", "ask", "kill", "force", force, "tuples",
                       tuples_of(tuples, count)),
             trouble))
        return false;
    answer = next_answer(client, trouble);
    if (answer == NULL)
        return false;
    array = json_object_get(answer, "verdicts");
    if (json_array_size(array) != count)
        return bad_answer(client, answer, trouble);
    for (size_t i = 0; i < count; i++)
        verdicts[i] = (enum lastack_kill_verdict)json_integer_value(json_array_get(array, i));
    json_decref(answer);
    return true;
}

bool control_kill(struct control_client *client, const struct control_tuple *tuples, size_t count,
                  bool force, enum lastack_kill_verdict *verdicts, struct trouble *trouble)
{
    for (size_t at = 0; at < count; at += TUPLES_PER_QUESTION) {
        size_t part = count - at < TUPLES_PER_QUESTION ? count - at : TUPLES_PER_QUESTION;

        if (!kill_some(client, tuples + at, part, force, verdicts + at, trouble))
            return false;
    }
    return true;
}

bool control_sysctl(struct control_client *client, const char *name, const char *value, char *reply,
                    size_t size, struct trouble *trouble)
{
    json_t *question = json_pack("{s:s, s:s, s:s*}", "ask", "sysctl", "name", name, "value", value);
    json_t *answer;
    const char *text;
    bool is_good;

    trouble->text[0] = '\0';
    if (!ask(client, question, trouble))
        return false;
    answer = next_answer(client, trouble);
    if (answer == NULL)
        return false;
    text = json_string_value(json_object_get(answer, "text"));
    if (text == NULL)
        return bad_answer(client, answer, trouble);
    is_good = json_is_true(json_object_get(answer, "is_good"));
    snprintf(reply, size, "%s", text);
    json_decref(answer);
    return is_good;
}

static uint64_t number_in(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

bool control_pools(struct control_client *client, control_pool_callback *callback, void *context,
                   struct trouble *trouble)
{
    json_t *answer;

    if (!ask(client, json_pack("{s:s}", "ask", "pools"), trouble))
        return false;
    while ((answer = next_answer(client, trouble)) != NULL) {
        bool is_done = is_last(answer);
        struct lastack_pool_usage usage = {
            .name = json_string_value(json_object_get(answer, "pool")),
            .used = (uint32_t)number_in(answer, "used"),
            .peak = (uint32_t)number_in(answer, "peak"),
            .limit = (uint32_t)number_in(answer, "limit"),
            .bytes_each = (uint32_t)number_in(answer, "bytes_each"),
            .refusals = number_in(answer, "refusals"),
        };

        if (usage.name != NULL)
            callback(context, usage.name, &usage);
        json_decref(answer);
        if (is_done)
            return true;
    }
    return false;
}

bool control_counters(struct control_client *client, control_counter_callback *callback,
                      void *context, struct trouble *trouble)
{
    json_t *answer;

    if (!ask(client, json_pack("{s:s}", "ask", "counters"), trouble))
        return false;
    while ((answer = next_answer(client, trouble)) != NULL) {
        bool is_done = is_last(answer);
        uint64_t cause = number_in(answer, "number");

        if (json_object_get(answer, "cause") != NULL && cause < LASTACK_CAUSE_COUNT)
            callback(context, (enum lastack_cause)cause, number_in(answer, "count"));
        json_decref(answer);
        if (is_done)
            return true;
    }
    return false;
}

/* ---- which stacks there are ---- */

static void copy_text(char *to, size_t size, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    snprintf(to, size, "%s", text != NULL ? text : "?");
}

bool control_hello(struct control_client *client, struct control_stack *stack,
                   struct trouble *trouble)
{
    json_t *answer;

    *stack = (struct control_stack){.is_silent = true};
    memcpy(stack->name, client->name, sizeof stack->name);
    if (!ask(client, json_pack("{s:s}", "ask", "hello"), trouble))
        return false;
    answer = next_answer(client, trouble);
    if (answer == NULL)
        return false;
    stack->is_silent = false;
    copy_text(stack->link, sizeof stack->link, answer, "link");
    copy_text(stack->version, sizeof stack->version, answer, "version");
    stack->pid = (int)number_in(answer, "pid");
    json_decref(answer);
    return true;
}

/* False: nobody listens there any more. */
static bool look_for(const char *name, struct control_stack *stack)
{
    struct trouble trouble;
    struct control_client *client = connect_within(name, HELLO_SECONDS, &trouble);

    *stack = (struct control_stack){.is_silent = true};
    snprintf(stack->name, sizeof stack->name, "%.*s", CONTROL_NAME_MAX, name);
    if (client == NULL)
        return trouble.error == ETIMEDOUT;
    (void)control_hello(client, stack, &trouble);
    control_disconnect(client);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct control_stack *)a)->name, ((const struct control_stack *)b)->name);
}

int control_list(struct control_stack *stacks, int max, struct trouble *trouble)
{
    char path[CONTROL_PATH_MAX];
    struct dirent *entry;
    DIR *directory;
    int count = 0;

    if (!control_directory(path, false, trouble))
        return trouble->error == ENOENT ? 0 : -1;
    directory = opendir(path);
    if (directory == NULL) {
        trouble_set(trouble, errno, "open %s", path);
        return -1;
    }
    while (count < max && (entry = readdir(directory)) != NULL)
        if (control_name_is_good(entry->d_name) && look_for(entry->d_name, &stacks[count]))
            count++;
    closedir(directory);
    qsort(stacks, (size_t)count, sizeof stacks[0], by_name);
    return count;
}
