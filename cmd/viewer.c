/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewer.c: interim.
 */
#include "viewer.h"

#include "duration.h"

#include <stdio.h>
#include <stdlib.h>

struct viewer {
    struct viewer_config config;
    struct lastack *stack;
    int64_t started_at;
    uint64_t cursor, lost;
};

struct viewer *viewer_open(const struct viewer_config *config, struct trouble *trouble)
{
    struct viewer *viewer = calloc(1, sizeof *viewer);

    if (config->pcap != NULL || config->ladder != NULL) {
        trouble_set(trouble, 0, "captures and ladders cannot be written yet");
        free(viewer);
        return NULL;
    }
    viewer->config = *config;
    return viewer;
}

bool viewer_close(struct viewer *viewer, struct trouble *trouble)
{
    (void)trouble;
    free(viewer);
    return true;
}

uint32_t viewer_trace_classes(const struct viewer *viewer)
{
    (void)viewer;
    return LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_TIMER | LASTACK_TRACE_CLASS_DROP;
}

bool viewer_wants_packets(const struct viewer *viewer)
{
    return viewer->config.pcap != NULL || viewer->config.ladder != NULL;
}

void viewer_begin(struct viewer *viewer, struct lastack *stack, int64_t now)
{
    viewer->stack = stack;
    viewer->started_at = now;
}

void viewer_packet_in(struct viewer *viewer, int64_t now, const struct lastack_packet_in *packet)
{
    (void)viewer;
    (void)now;
    (void)packet;
}

void viewer_packet_out(struct viewer *viewer, int64_t now, const struct lastack_packet_out *packet)
{
    (void)viewer;
    (void)now;
    (void)packet;
}

static void tell(const struct viewer *viewer, const struct lastack_trace_record *record)
{
    if (record->what != LASTACK_TRACE_STATE && record->what != LASTACK_TRACE_GONE &&
        record->what != LASTACK_TRACE_DROP && record->what != LASTACK_TRACE_RETRANSMIT)
        return;
    fprintf(stderr, "%9.3f ms  :%u <-> :%u  %d %s -> %s: %s\n",
            (double)(record->time_ns - viewer->started_at) / 1e6, record->local_port,
            record->remote_port, record->what, lastack_state_text(record->old_state),
            lastack_state_text(record->new_state), lastack_cause_text(record->cause));
}

void viewer_traced(struct viewer *viewer, int64_t now)
{
    struct lastack_trace_record records[64];
    size_t count;

    (void)now;
    if (viewer->stack == NULL)
        return;
    while ((count =
                lastack_trace_read(viewer->stack, &viewer->cursor, records, 64, &viewer->lost)) > 0)
        for (size_t i = 0; i < count && !viewer->config.is_quiet; i++)
            tell(viewer, &records[i]);
}
