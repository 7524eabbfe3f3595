/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_story.c: the trace, told or counted.
 */
#include "stack_world.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t moves[TCP_CLOSING + 1][TCP_CLOSING + 1];

static void print_coverage(void)
{
    unsigned kinds = 0, states = 0;

    for (int from = 0; from <= TCP_CLOSING; from++)
        for (int to = 1; to <= TCP_CLOSING; to++)
            if (moves[from][to] > 0) {
                kinds++;
                fprintf(stderr, "%-12s -> %-12s %12llu\n",
                        from > 0 ? lastack_state_text((enum tcp_state)from) : "",
                        lastack_state_text((enum tcp_state)to),
                        (unsigned long long)moves[from][to]);
            }
    for (int to = 1; to <= TCP_CLOSING; to++) {
        bool is_reached = false;

        for (int from = 0; from <= TCP_CLOSING; from++)
            is_reached = is_reached || moves[from][to] > 0;
        states += is_reached;
        if (!is_reached)
            fprintf(stderr, "never reached: %s\n", lastack_state_text((enum tcp_state)to));
    }
    fprintf(stderr, "%u of 11 states, %u kinds of moves\n", states, kinds);
    if (states < 11)
        _Exit(1);
}

static bool is_asked(const char *name)
{
    const char *const value = getenv(name);

    return value != NULL && value[0] == '1';
}

static void tell(const struct lastack_trace_record *record)
{
    fprintf(stderr, "%12.6f %2u %5u>%-5u state %u>%u flags %03x seq %u ack %u len %u  %s\n",
            (double)record->time_ns / 1e9, record->what, record->local_port, record->remote_port,
            record->old_state, record->new_state, record->flags, record->u.detail.seq,
            record->u.detail.ack, record->u.detail.length,
            lastack_cause_text((enum lastack_cause)record->cause));
}

void tell_story(const struct lastack *stack, uint64_t *cursor)
{
    static int wants_story = -1, wants_coverage = -1;
    struct lastack_trace_record record;

    if (wants_story < 0) {
        wants_story = is_asked("FUZZ_TRACE");
        wants_coverage = is_asked("FUZZ_COVERAGE");
        if (wants_coverage)
            atexit(print_coverage);
    }
    if (!wants_story && !wants_coverage)
        return;
    while (lastack_trace_read(stack, cursor, &record, 1, NULL) == 1) {
        if (wants_story)
            tell(&record);
        if (record.what == LASTACK_TRACE_STATE)
            moves[record.old_state][record.new_state]++;
    }
}
