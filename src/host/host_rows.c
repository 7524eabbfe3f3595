/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_rows.c: see host_rows.h.
 */
#include "host_rows.h"

#include "duration.h"
#include "host_setting.h"
#include "netns_walk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return SEC(now.tv_sec) + now.tv_nsec;
}

int64_t host_now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t host_wall_time(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* For good: who is asked to end must not sleep again, whichever of several sleeps was hit. */
static volatile sig_atomic_t was_interrupted;

static void note_interrupt(int signal)
{
    (void)signal;
    was_interrupted = 1;
}

/* The signals are let in only while it sleeps: one that came just before is not slept over. */
bool host_sleep(int64_t ns)
{
    struct sigaction action = {.sa_handler = note_interrupt}, old_int, old_term;
    const int64_t until = host_now() + ns;
    sigset_t ours, others;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, &others);
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    for (int64_t left = ns; !was_interrupted && left > 0; left = until - host_now()) {
        const struct timespec rest = {.tv_sec = (time_t)(left / SEC(1)),
                                      .tv_nsec = (long)(left % SEC(1))};
        (void)ppoll(NULL, 0, &rest, &others);
    }
    sigprocmask(SIG_SETMASK, &others, NULL);
    sigaction(SIGINT, &old_int, NULL);
    sigaction(SIGTERM, &old_term, NULL);
    return !was_interrupted;
}

bool host_is_terminal(void *file)
{
    return isatty(fileno(file)) == 1;
}

struct pass {
    struct host_rows *rows;
    const struct host_query *query;
    lastack_row_callback *callback;
    void *context;
    uint64_t netns;
    int64_t fin_timeout_ns;
    bool is_finished;
};

static bool pass_row(void *context, const struct lastack_connection_row *kernel_row)
{
    struct pass *pass = context;
    struct lastack_connection_row *row =
        (struct lastack_connection_row *)kernel_row; /* diag's own copy */
    row->netns = pass->netns;
    if (row->protocol == LASTACK_PROTOCOL_TCP)
        row->age_ns = age_of_row(row, pass->fin_timeout_ns);
    if (pass->rows->ages != NULL)
        age_table_apply(pass->rows->ages, row, pass->rows->now);
    if (pass->rows->has_owners)
        owners_apply(&pass->rows->owners, row);
    pass->is_finished = !pass->callback(pass->context, row);
    return !pass->is_finished;
}

static int dump(struct pass *pass, struct diag *diag, uint8_t protocol,
                const struct retry_limits *limits)
{
    const struct host_query *query = pass->query;
    struct diag_request request = {
        .protocol = protocol,
        .ipv4 = query->ipv4,
        .ipv6 = query->ipv6,
        .want_info = query->want_info,
        .want_memory = query->want_memory,
        .want_tos = query->want_tos,
        .want_autobound = query->want_autobound,
        .states = query->states,
        .limits = limits,
    };
    uint64_t malformed = 0;
    int status = diag_dump(diag, &request, pass_row, pass, &malformed);
    pass->rows->malformed += malformed;
    return status;
}

static int read_netns(void *context, const struct netns *netns)
{
    struct pass *pass = context;
    int error = 0;
    struct diag *diag = diag_open(&error);
    if (diag == NULL)
        return error;
    struct retry_limits limits;
    retry_limits_read(&limits);
    pass->netns = netns->inode;
    pass->fin_timeout_ns = SEC(host_setting_number("net.ipv4.tcp_fin_timeout", 0, 60));
    int status = 0;
    if (pass->query->tcp)
        status = dump(pass, diag, LASTACK_PROTOCOL_TCP, &limits);
    if (status == 0 && pass->query->udp && !pass->is_finished)
        status = dump(pass, diag, LASTACK_PROTOCOL_UDP, &limits);
    diag_close(diag);
    pass->rows->netns_count++;
    return status;
}

static int read_all_netns(struct pass *pass)
{
    struct netns *list;
    size_t count;
    int status = netns_list(&list, &count);
    for (size_t i = 0; status == 0 && i < count && !pass->is_finished; i++) {
        int result = netns_run(&list[i], read_netns, pass);
        if (result == -EPERM || result == -EACCES)
            pass->rows->netns_denied++;
        else if (result != -ESRCH) /* it ended meanwhile */
            status = result;
    }
    free(list);
    return status;
}

int host_rows_read(struct host_rows *rows, const struct host_query *query,
                   lastack_row_callback *callback, void *context)
{
    struct pass pass = {.rows = rows, .query = query, .callback = callback, .context = context};
    if (rows->has_owners)
        owners_free(&rows->owners);
    rows->has_owners = query->want_owners && owners_read(&rows->owners, "/proc") == 0;
    rows->malformed = rows->netns_count = rows->netns_denied = 0;
    rows->now = host_now();
    struct netns own = {.inode = netns_own()};
    int status = query->all_netns ? read_all_netns(&pass) : read_netns(&pass, &own);
    if (rows->ages != NULL)
        age_table_turn(rows->ages);
    return status;
}

void host_rows_free(struct host_rows *rows)
{
    if (rows->has_owners)
        owners_free(&rows->owners);
    age_table_free(rows->ages);
    memset(rows, 0, sizeof *rows);
}
