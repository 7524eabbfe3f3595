/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_test.c: a child has a stack (one that only pretends) and a control socket; we ask it.
 *
 * The pretended stack has ROWS rows whose remote port and cookie are their number, and kills those
 * of even number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "control.h"
#include "duration.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 5000 };

/* ---- the pretended stack ---- */

int lastack_add_link(struct lastack *stack, const struct lastack_link_config *link)
{
    (void)stack;
    (void)link;
    return -1;
}
void lastack_set_link_up(struct lastack *stack, uint32_t link, bool is_up)
{
    (void)stack;
    (void)link;
    (void)is_up;
}
void lastack_link_full(struct lastack *stack, uint32_t link)
{
    (void)stack;
    (void)link;
}
void lastack_link_ready(struct lastack *stack, uint32_t link)
{
    (void)stack;
    (void)link;
}
void lastack_input(struct lastack *stack, int64_t now, const struct lastack_packet_in *packets,
                   size_t count)
{
    (void)stack;
    (void)now;
    (void)packets;
    (void)count;
}
void lastack_tick(struct lastack *stack, int64_t now)
{
    (void)stack;
    (void)now;
}
/* How often the servers' loops have turned, in memory that they share with us. */
static volatile unsigned *turns;

/* Batches of rows since packets were last asked for: what they had to wait for. */
static unsigned batches, most_batches;

size_t lastack_output(struct lastack *stack, struct lastack_packet_out *packets, size_t max)
{
    batches = 0;
    (void)stack;
    (void)packets;
    (void)max;
    return 0;
}
bool lastack_next_event(struct lastack *stack, struct lastack_event *event)
{
    (void)stack;
    (void)event;
    return false;
}
int64_t lastack_next_deadline(const struct lastack *stack)
{
    (void)stack;
    ++*turns;
    return NEVER;
}

static struct lastack_endpoint local_end(void)
{
    return (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 1), 80};
}

static struct lastack_endpoint remote_end(uint32_t number)
{
    return (struct lastack_endpoint){lastack_ipv4(198, 51, 100, (uint8_t)(number >> 16)),
                                     (uint16_t)number};
}

bool lastack_rows(const struct lastack *stack, uint32_t flags, uint64_t *cursor,
                  lastack_row_callback *callback, void *context)
{
    (void)stack;
    batches++;
    most_batches = batches > most_batches ? batches : most_batches;
    while (*cursor < ROWS) {
        struct lastack_connection_row row = {.state = (uint8_t)flags, .cookie = *cursor};

        row.local = local_end();
        row.remote = remote_end((uint32_t)*cursor);
        ++*cursor;
        if (!callback(context, &row))
            return false;
    }
    return true;
}

enum lastack_kill_verdict lastack_kill(struct lastack *stack, const struct lastack_endpoint *local,
                                       const struct lastack_endpoint *remote, bool force)
{
    (void)stack;
    if (local->port != 80)
        return LASTACK_KILL_GONE;
    return remote->port % 2 == 0 || force ? LASTACK_KILLED : LASTACK_KILL_LISTEN;
}

uint64_t lastack_counter(const struct lastack *stack, enum lastack_cause cause)
{
    (void)stack;
    return cause == LASTACK_CAUSE_FIN ? 7 : cause == LASTACK_CAUSE_RST ? UINT64_C(1) << 40 : 0;
}

void lastack_pool_usage(const struct lastack *stack, enum lastack_pool pool,
                        struct lastack_pool_usage *usage)
{
    (void)stack;
    *usage = (struct lastack_pool_usage){.name = pool == LASTACK_POOL_PAGES ? "pages" : "other",
                                         .used = pool,
                                         .peak = 20,
                                         .limit = 4000000000};
}

/* ---- the process that has it ---- */

static bool one_parameter(void *context, const char *name, const char *value, char *reply,
                          size_t size)
{
    static int number = 60;

    (void)context;
    if (strcmp(name, "most_batches") == 0) {
        snprintf(reply, size, "%u", most_batches);
        return true;
    }
    if (strcmp(name, "half a letter") == 0) {
        snprintf(reply, size, "\xc3");
        return true;
    }
    if (strcmp(name, "fin_timeout") != 0) {
        snprintf(reply, size, "no parameter \"%s\"", name);
        return false;
    }
    if (value != NULL)
        number = atoi(value);
    snprintf(reply, size, "%d", number);
    return true;
}

static void stop(void *context, int signal_number)
{
    (void)signal_number;
    event_loop_stop(*(struct event_loop **)context);
}

/* How many descriptors more than it has a server may have; -1: as many as it likes. */
static int descriptors_more = -1;

static void limit_descriptors(void)
{
    int next = dup(0);
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    close(next);
    if (descriptors_more >= 0) {
        limit.rlim_cur = (rlim_t)(next + descriptors_more);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* None at all: not even one that was given up can be had again. */
static void forbid_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool has_no_descriptors;

static void run_server(const char *name, int ready)
{
    struct event_loop *loop;
    struct event_loop_hooks hooks = {.context = &loop, .signalled = stop};
    struct trouble trouble = {0};
    struct control_config config = {.name = name, .link = "tun", .sysctl = one_parameter};
    struct control *control;
    sigset_t signals;

    loop = event_loop_create(NULL, &hooks, &trouble);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    event_loop_catch(loop, &signals, &trouble);
    config.loop = loop;
    control = control_open(&config, &trouble);
    limit_descriptors();
    if (has_no_descriptors)
        forbid_descriptors();
    (void)!write(ready, trouble.text, sizeof trouble.text);
    if (control != NULL) {
        event_loop_run(loop, event_loop_clock() + SEC(60));
        control_close(control);
    }
    event_loop_destroy(loop);
    _exit(control == NULL);
}

/* Returns the child; *trouble is what control_open said there. */
static pid_t start_server(const char *name, struct trouble *trouble)
{
    int ready[2];
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_server(name, ready[1]);
    assert_int_equal(read(ready[0], trouble->text, sizeof trouble->text), sizeof trouble->text);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static int stop_server(pid_t pid, int signal_number)
{
    int status;

    kill(pid, signal_number);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t server;
static struct trouble trouble;
static char directory[64];

static int start(void **state)
{
    (void)state;
    server = start_server("demo", &trouble);
    return trouble.text[0] == '\0' ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return stop_server(server, SIGTERM);
}

static struct control_client *client_of(const char *name)
{
    struct control_client *client = control_connect(name, &trouble);

    assert_non_null(client);
    return client;
}

/* ---- tests ---- */

static uint64_t rows_seen, stop_after;

static bool expect_next_row(void *context, const struct lastack_connection_row *row)
{
    struct lastack_endpoint remote = remote_end((uint32_t)rows_seen);

    (void)context;
    assert_int_equal(row->cookie, rows_seen);
    assert_int_equal(row->remote.port, remote.port);
    assert_true(lastack_address_equal(&row->remote.address, &remote.address));
    assert_int_equal(row->state, LASTACK_ROWS_TIME_WAIT);
    return ++rows_seen < stop_after;
}

static void every_row_comes_once_and_in_order(void **state)
{
    struct control_client *client = client_of("demo");

    (void)state;
    stop_after = UINT64_MAX;
    for (int again = 0; again < 2; again++) {
        rows_seen = 0;
        assert_true(control_rows(client, LASTACK_ROWS_TIME_WAIT, expect_next_row, NULL, &trouble));
        assert_int_equal(rows_seen, ROWS);
    }
    control_disconnect(client);
}

static void a_client_that_has_enough_may_leave(void **state)
{
    struct control_client *client = client_of("demo");

    (void)state;
    rows_seen = 0;
    stop_after = 10;
    assert_true(control_rows(client, LASTACK_ROWS_TIME_WAIT, expect_next_row, NULL, &trouble));
    assert_int_equal(rows_seen, 10);
    control_disconnect(client);
    every_row_comes_once_and_in_order(state); /* the server is well */
}

static void verdicts_come_in_order_however_many(void **state)
{
    enum { COUNT = 2500 };
    static struct control_tuple tuples[COUNT];
    static enum lastack_kill_verdict verdicts[COUNT];
    struct control_client *client = client_of("demo");

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        tuples[i] = (struct control_tuple){local_end(), remote_end(i)};
    tuples[7].local.port = 81;
    assert_true(control_kill(client, tuples, COUNT, false, verdicts, &trouble));
    for (uint32_t i = 0; i < COUNT; i++) {
        enum lastack_kill_verdict expected = i % 2 == 0 ? LASTACK_KILLED : LASTACK_KILL_LISTEN;

        assert_int_equal(verdicts[i], i == 7 ? LASTACK_KILL_GONE : expected);
    }
    assert_true(control_kill(client, tuples, 2, true, verdicts, &trouble));
    assert_int_equal(verdicts[1], LASTACK_KILLED);
    control_disconnect(client);
}

static void parameters_are_read_and_set(void **state)
{
    struct control_client *client = client_of("demo");
    char reply[40];

    (void)state;
    assert_true(control_sysctl(client, "fin_timeout", NULL, reply, sizeof reply, &trouble));
    assert_string_equal(reply, "60");
    assert_true(control_sysctl(client, "fin_timeout", "30", reply, sizeof reply, &trouble));
    assert_true(control_sysctl(client, "fin_timeout", NULL, reply, sizeof reply, &trouble));
    assert_string_equal(reply, "30");
    assert_false(control_sysctl(client, "no_such", NULL, reply, sizeof reply, &trouble));
    assert_string_equal(trouble.text, "");
    assert_string_equal(reply, "no parameter \"no_such\"");
    control_disconnect(client);
}

static unsigned pools_seen, counters_seen;

static void see_pool(void *context, const char *name, const struct lastack_pool_usage *usage)
{
    (void)context;
    assert_int_equal(usage->used, pools_seen);
    assert_string_equal(name, pools_seen == LASTACK_POOL_PAGES ? "pages" : "other");
    assert_int_equal(usage->limit, 4000000000);
    pools_seen++;
}

static void see_counter(void *context, enum lastack_cause cause, uint64_t count)
{
    (void)context;
    assert_int_equal(count, lastack_counter(NULL, cause));
    counters_seen++;
}

static void pools_and_counters(void **state)
{
    struct control_client *client = client_of("demo");

    (void)state;
    assert_true(control_pools(client, see_pool, NULL, &trouble));
    assert_int_equal(pools_seen, LASTACK_POOL_COUNT);
    assert_true(control_counters(client, see_counter, NULL, &trouble));
    assert_int_equal(counters_seen, 2);
    control_disconnect(client);
}

static void stacks_are_listed_by_name(void **state)
{
    struct control_stack stacks[4];
    struct trouble ignored;
    pid_t other = start_server("a-second", &ignored);

    (void)state;
    assert_int_equal(control_list(stacks, 4, &trouble), 2);
    assert_string_equal(stacks[0].name, "a-second");
    assert_string_equal(stacks[1].name, "demo");
    assert_string_equal(stacks[1].link, "tun");
    assert_int_equal(stacks[1].pid, server);
    assert_int_equal(stop_server(other, SIGTERM), 0);
    assert_int_equal(control_list(stacks, 4, &trouble), 1);
}

static void a_taken_name_is_refused_a_dead_ones_is_not(void **state)
{
    struct trouble said = {0};

    (void)state;
    assert_int_equal(stop_server(start_server("demo", &said), SIGTERM), 1);
    assert_non_null(strstr(said.text, "\"demo\" is taken"));
    assert_int_equal(stop_server(start_server("dead", &said), SIGKILL), -1);
    assert_null(control_connect("dead", &said));
    assert_non_null(strstr(said.text, "no stack \"dead\" is running"));
    assert_int_equal(stop_server(start_server("dead", &said), SIGTERM), 0);
    assert_string_equal(said.text, "");
}

static void nonsense_is_answered_with_an_error(void **state)
{
    static const char questions[] =
        "no json\n{}\n{\"ask\":\"x\"}\n{\"ask\":\"kill\",\"tuples\":[[1,2]]}\n";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    char answers[2000];
    size_t length = 0;
    unsigned lines = 0;

    (void)state;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/lastack/demo", directory);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(write(fd, questions, sizeof questions - 1), sizeof questions - 1);
    while (lines < 4) {
        ssize_t got = read(fd, answers + length, sizeof answers - 1 - length);

        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++)
            lines += answers[length + (size_t)i] == '\n';
        length += (size_t)got;
    }
    answers[length] = '\0';
    assert_int_equal(strncmp(answers, "{\"error\":", 9), 0);
    assert_non_null(strstr(answers, "unknown question"));
    assert_non_null(strstr(answers, "a tuple is not"));
    close(fd);
    every_row_comes_once_and_in_order(state);
}

/* A socket to that stack, which does not wait; -1: it cannot be had at once. */
static int bare_client(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/lastack/%s", directory, name);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The servers have nothing to do: soon there is a while in which their loops hardly turn. */
static void assert_all_idle(void)
{
    static const struct timespec pause = {.tv_nsec = MS(100)};
    unsigned turned = 4;

    for (int i = 0; i < 50 && turned > 3; i++) {
        const unsigned before = *turns;

        nanosleep(&pause, NULL);
        turned = *turns - before;
    }
    assert_in_range(turned, 0, 3);
}

static void who_comes_when_no_descriptor_is_left_is_told(void **state)
{
    struct control_client *first, *second;
    struct control_stack stack;
    pid_t poor;

    (void)state;
    descriptors_more = 1;
    poor = start_server("poor", &trouble);
    descriptors_more = -1;
    first = client_of("poor");
    assert_true(control_hello(first, &stack, &trouble));
    for (int i = 0; i < 3; i++) {
        second = client_of("poor");
        assert_false(control_hello(second, &stack, &trouble));
        assert_non_null(strstr(trouble.text, "no descriptors left"));
        control_disconnect(second);
    }
    assert_all_idle();
    assert_true(control_hello(first, &stack, &trouble));
    control_disconnect(first);
    do /* its descriptor comes back in a moment */
        first = client_of("poor");
    while (!control_hello(first, &stack, &trouble) && (control_disconnect(first), true));
    control_disconnect(first);
    assert_int_equal(stop_server(poor, SIGTERM), 0);
}

static void a_client_that_cannot_be_accepted_keeps_nobody_busy(void **state)
{
    pid_t poor;
    int fd;

    (void)state;
    has_no_descriptors = true;
    poor = start_server("poor", &trouble);
    has_no_descriptors = false;
    for (int i = 0; i < 3; i++) {
        fd = bare_client("poor");
        assert_true(fd >= 0);
        assert_all_idle();
        close(fd);
    }
    assert_int_equal(stop_server(poor, SIGTERM), 0);
}

static void when_all_places_are_taken_it_is_said_and_who_is_silent_gives_way(void **state)
{
    static const struct timespec silence = {.tv_sec = 1, .tv_nsec = MS(100)};
    struct control_client *clients[CONTROL_CLIENTS_MAX], *another;
    struct control_stack stack;

    (void)state;
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        clients[i] = client_of("demo");
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        assert_true(control_hello(clients[i], &stack, &trouble));
    another = client_of("demo");
    assert_false(control_hello(another, &stack, &trouble));
    assert_non_null(strstr(trouble.text, "all places for 32"));
    control_disconnect(another);
    nanosleep(&silence, NULL);
    assert_true(control_hello(clients[0], &stack, &trouble)); /* no longer silent */
    another = client_of("demo");
    assert_true(control_hello(another, &stack, &trouble));
    assert_true(control_hello(clients[0], &stack, &trouble));
    assert_false(control_hello(clients[1], &stack, &trouble));
    assert_non_null(strstr(trouble.text, "silent"));
    control_disconnect(another);
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control_disconnect(clients[i]);
}

static void who_does_not_read_keeps_nobody_else_waiting(void **state)
{
    static const char question[] = "{\"ask\":\"rows\"}\n";
    struct control_client *client;
    char reply[40];
    int fd = bare_client("demo");

    (void)state;
    assert_int_equal(write(fd, question, sizeof question - 1), sizeof question - 1);
    every_row_comes_once_and_in_order(state);
    assert_all_idle();
    client = client_of("demo");
    assert_true(control_sysctl(client, "most_batches", NULL, reply, sizeof reply, &trouble));
    assert_string_equal(reply, "1"); /* nor does who reads as fast as it is written */
    control_disconnect(client);
    close(fd);
}

static void an_answer_that_is_no_utf8_is_an_error(void **state)
{
    struct control_client *client = client_of("demo");
    char reply[40];

    (void)state;
    assert_false(control_sysctl(client, "half a letter", NULL, reply, sizeof reply, &trouble));
    assert_non_null(strstr(trouble.text, "no UTF-8"));
    assert_true(control_sysctl(client, "fin_timeout", NULL, reply, sizeof reply, &trouble));
    control_disconnect(client);
}

static void a_stack_that_is_stopped_is_listed_and_keeps_nobody_for_long(void **state)
{
    struct control_stack stacks[4];
    pid_t stopped = start_server("stopped", &trouble);
    int fds[300], count = 0;

    (void)state;
    kill(stopped, SIGSTOP);
    while (count < 300 && (fds[count] = bare_client("stopped")) >= 0)
        count++;
    assert_in_range(count, 1, 299); /* its queue is full: a connect() waits */
    assert_int_equal(control_list(stacks, 4, &trouble), 2);
    assert_string_equal(stacks[0].name, "demo");
    assert_false(stacks[0].is_silent);
    assert_string_equal(stacks[1].name, "stopped");
    assert_true(stacks[1].is_silent);
    assert_int_equal(stop_server(start_server("stopped", &trouble), SIGTERM), 1);
    assert_non_null(strstr(trouble.text, "\"stopped\" is taken"));
    while (count > 0)
        close(fds[--count]);
    kill(stopped, SIGCONT);
    assert_int_equal(stop_server(stopped, SIGTERM), 0);
}

static bool is_there(const char *name)
{
    char path[160];
    struct stat status;

    snprintf(path, sizeof path, "%s/lastack/%s", directory, name);
    return lstat(path, &status) == 0;
}

static void who_starts_removes_what_was_left_behind_but_no_file(void **state)
{
    char path[100];
    int fd;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char name[20];

        snprintf(name, sizeof name, "killed-%d", i);
        assert_int_equal(stop_server(start_server(name, &trouble), SIGKILL), -1);
    }
    assert_true(is_there("killed-2"));
    snprintf(path, sizeof path, "%s/lastack/file", directory);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    assert_int_equal(stop_server(start_server("new", &trouble), SIGTERM), 0);
    for (int i = 0; i < 3; i++)
        assert_false(is_there(i == 0 ? "killed-0" : i == 1 ? "killed-1" : "killed-2"));
    assert_true(is_there("demo"));
    assert_int_equal(stop_server(start_server("file", &trouble), SIGTERM), 1);
    assert_non_null(strstr(trouble.text, "it is no socket"));
    assert_int_equal(unlink(path), 0);
}

static void a_line_without_end_is_not_stored_for_ever(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    static char much[65536];
    ssize_t sent = 1;

    (void)state;
    memset(much, 'x', sizeof much);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/lastack/demo", directory);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    for (int i = 0; i < 100 && sent > 0; i++)
        sent = send(fd, much, sizeof much, MSG_NOSIGNAL);
    assert_true(sent < 0); /* EPIPE: it hung up */
    sent = recv(fd, much, sizeof much - 1, 0);
    assert_true(sent > 0); /* but said why */
    much[sent] = '\0';
    assert_non_null(strstr(much, "at most 262144 bytes"));
    close(fd);
}

static void names(void **state)
{
    (void)state;
    assert_true(control_name_is_good("run-1234"));
    assert_true(control_name_is_good("A_b.c"));
    assert_false(control_name_is_good(""));
    assert_false(control_name_is_good(".hidden"));
    assert_false(control_name_is_good("../up"));
    assert_false(control_name_is_good("a b"));
    assert_false(control_name_is_good("123456789012345678901234567890123"));
    assert_null(control_connect("../up", &trouble));
    assert_non_null(strstr(trouble.text, "is no name of a stack"));
}

static void a_directory_that_others_may_enter_is_refused(void **state)
{
    struct control_stack stacks[1];
    char path[100];

    (void)state;
    snprintf(path, sizeof path, "%s/lastack", directory);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(control_list(stacks, 1, &trouble), -1);
    assert_non_null(strstr(trouble.text, "mode 0700"));
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(control_list(stacks, 1, &trouble), 1);
}

static void the_directory_is_made_whatever_the_umask(void **state)
{
    char path[CONTROL_PATH_MAX], own[100], other[100];
    struct stat status;
    mode_t mask = umask(0777);

    (void)state;
    snprintf(own, sizeof own, "%s", directory);
    snprintf(other, sizeof other, "%s/other", directory);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(chmod(other, 0700), 0);
    setenv("XDG_RUNTIME_DIR", other, 1);
    assert_true(control_directory(path, true, &trouble));
    setenv("XDG_RUNTIME_DIR", own, 1);
    umask(mask);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once_and_in_order),
        cmocka_unit_test(a_client_that_has_enough_may_leave),
        cmocka_unit_test(verdicts_come_in_order_however_many),
        cmocka_unit_test(parameters_are_read_and_set),
        cmocka_unit_test(pools_and_counters),
        cmocka_unit_test(stacks_are_listed_by_name),
        cmocka_unit_test(a_taken_name_is_refused_a_dead_ones_is_not),
        cmocka_unit_test(nonsense_is_answered_with_an_error),
        cmocka_unit_test(a_line_without_end_is_not_stored_for_ever),
        cmocka_unit_test(who_comes_when_no_descriptor_is_left_is_told),
        cmocka_unit_test(a_client_that_cannot_be_accepted_keeps_nobody_busy),
        cmocka_unit_test(when_all_places_are_taken_it_is_said_and_who_is_silent_gives_way),
        cmocka_unit_test(who_does_not_read_keeps_nobody_else_waiting),
        cmocka_unit_test(an_answer_that_is_no_utf8_is_an_error),
        cmocka_unit_test(a_stack_that_is_stopped_is_listed_and_keeps_nobody_for_long),
        cmocka_unit_test(who_starts_removes_what_was_left_behind_but_no_file),
        cmocka_unit_test(names),
        cmocka_unit_test(a_directory_that_others_may_enter_is_refused),
        cmocka_unit_test(the_directory_is_made_whatever_the_umask),
    };
    char path[100];
    int failed;

    turns = mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (turns == MAP_FAILED)
        return 1;
    strcpy(directory, "/tmp/lastack-test-XXXXXX");
    if (mkdtemp(directory) == NULL || setenv("XDG_RUNTIME_DIR", directory, 1) != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, start, end);
    snprintf(path, sizeof path, "%s/lastack", directory);
    if (rmdir(path) != 0 || rmdir(directory) != 0)
        return 1; /* something was left behind */
    return failed;
}
