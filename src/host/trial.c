/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial.c: see trial.h.
 */
#include "trial.h"

#include "check.h"
#include "event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_here(const struct trial *trial, struct trial_result *result)
{
    static struct relay relay;

    *result = (struct trial_result){.is_good = false};
    if (!relay_open(&relay, &trial->config, &result->trouble))
        return;
    result->is_good = relay_run(&relay, trial->length_ns, &result->trouble);
    for (unsigned i = 0; i < relay.flow_count; i++) {
        const struct relay_flow *flow = &relay.flow[i];
        const int64_t end = flow->ended_at != 0 ? flow->ended_at : event_loop_clock();

        result->flow[i] = (struct trial_flow){flow->got, end - flow->began_at};
    }
    result->lost = relay.link[RELAY_FORWARD].lost;
    result->overflowed = relay.link[RELAY_FORWARD].overflowed;
    relay_close(&relay);
}

/* The child's process id; its result comes through *fd. */
static pid_t begin(const struct trial *trial, int *fd)
{
    int pair[2];
    pid_t child;

    if (pipe(pair) != 0)
        return -1;
    (void)fflush(NULL); /* what is buffered must not be written twice */
    child = fork();
    if (child == 0) {
        struct trial_result result;

        close(pair[0]);
        run_here(trial, &result);
        _exit(write(pair[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
    }
    close(pair[1]);
    if (child < 0)
        close(pair[0]);
    *fd = pair[0];
    return child;
}

/* The result is far smaller than a pipe, so a child that has ended has written all of it. */
static void finish(struct trial *trial, int fd)
{
    if (read(fd, &trial->result, sizeof trial->result) != (ssize_t)sizeof trial->result) {
        trial->result = (struct trial_result){.is_good = false};
        trouble_set(&trial->result.trouble, 0, "the trial's process ended without a result");
    }
    close(fd);
}

/* Each of the running ones: {process, descriptor, trial}. */
struct running {
    pid_t child;
    int fd;
    size_t trial;
};

static bool end_one(struct running *running, unsigned *count, struct trial *trials,
                    unsigned *weight)
{
    const pid_t child = waitpid(-1, NULL, 0);

    for (unsigned i = 0; i < *count; i++) {
        if (running[i].child != child)
            continue;
        finish(&trials[running[i].trial], running[i].fd);
        *weight -= trials[running[i].trial].weight;
        running[i] = running[--*count];
        return true;
    }
    return child > 0 || errno == EINTR;
}

bool trials_run(struct trial *trials, size_t count, FILE *progress)
{
    struct running running[TRIAL_CAPACITY];
    unsigned running_count = 0, weight = 0;
    bool is_good = true;
    size_t next = 0;

    while (next < count || running_count > 0) {
        if (next < count && weight + trials[next].weight <= TRIAL_CAPACITY) {
            struct running *place = &running[running_count];

            CHECK(trials[next].weight > 0);
            place->trial = next;
            place->child = begin(&trials[next], &place->fd);
            if (place->child < 0) {
                trouble_set(&trials[next].result.trouble, errno, "start a trial");
                is_good = false;
            } else {
                weight += trials[next].weight;
                running_count++;
            }
            next++;
        } else if (!end_one(running, &running_count, trials, &weight)) {
            return false;
        }
        if (progress != NULL)
            fprintf(progress, "\r%zu of %zu trials begun ", next, count);
    }
    if (progress != NULL)
        fputc('\n', progress);
    for (size_t i = 0; i < count; i++)
        is_good = is_good && trials[i].result.is_good;
    return is_good;
}

double trial_goodput(const struct trial *trial, unsigned flow)
{
    const struct trial_flow *seen = &trial->result.flow[flow];

    return seen->took_ns <= 0 ? 0 : (double)seen->got * 8e9 / (double)seen->took_ns;
}
