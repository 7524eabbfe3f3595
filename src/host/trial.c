/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trial.c: see trial.h.
 */
#include "trial.h"

#include "apart.h"
#include "check.h"
#include "event_loop.h"

#include <errno.h>
#include <sys/wait.h>

static void run_trial(const void *context, void *place)
{
    const struct trial *trial = context;
    struct trial_result *result = place;
    static struct relay relay;
    struct relay_config config = trial->config;

    if (trial->trace != NULL && (config.trace = fopen(trial->trace, "we")) == NULL) {
        trouble_set(&result->trouble, errno, "write %s", trial->trace);
        return;
    }
    if (!relay_open(&relay, &config, &result->trouble))
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
    if (config.trace != NULL && fclose(config.trace) != 0)
        result->is_good = trouble_set(&result->trouble, errno, "write %s", trial->trace);
}

static void finish(struct trial *trial, struct apart *apart)
{
    struct trouble trouble;

    if (apart_finish(apart, &trial->result, sizeof trial->result, &trouble))
        return;
    trial->result = (struct trial_result){.is_good = false, .trouble = trouble};
}

struct running {
    struct apart apart;
    size_t trial;
};

static bool end_one(struct running *running, unsigned *count, struct trial *trials,
                    unsigned *weight)
{
    const pid_t child = waitpid(-1, NULL, 0);

    for (unsigned i = 0; i < *count; i++) {
        if (running[i].apart.child != child)
            continue;
        finish(&trials[running[i].trial], &running[i].apart);
        *weight -= trials[running[i].trial].weight;
        running[i] = running[--*count];
        return true;
    }
    return child > 0 || errno == EINTR;
}

/* How far it is, and about how long it will take. */
static void tell(FILE *progress, size_t done, size_t count, int64_t elapsed_ns)
{
    const double elapsed = (double)elapsed_ns / 1e9;

    fprintf(progress, "\r%zu of %zu trials done, %.0f s", done, count, elapsed);
    if (done > 0)
        fprintf(progress, ", about %.0f s left    ",
                elapsed / (double)done * (double)(count - done));
    (void)fflush(progress);
}

bool trials_run(struct trial *trials, size_t count, FILE *progress)
{
    struct running running[TRIAL_CAPACITY];
    unsigned running_count = 0, weight = 0;
    bool is_good = true;
    size_t next = 0;
    const int64_t began_at = event_loop_clock();

    while (next < count || running_count > 0) {
        if (next < count && weight + trials[next].weight <= TRIAL_CAPACITY) {
            struct running *place = &running[running_count];

            CHECK(trials[next].weight > 0);
            place->trial = next;
            if (!apart_begin(&place->apart, run_trial, &trials[next], sizeof trials[next].result,
                             &trials[next].result.trouble)) {
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
            tell(progress, next - running_count, count, event_loop_clock() - began_at);
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
