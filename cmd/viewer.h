/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewer.h: shows what happens on a stack while it happens: told on stderr, written to a capture
 * with states and causes as comments, drawn as ladders at the end.
 *
 *     trace ──┐              ┌─▶ narrator
 *             ├─▶ flows ─────┼─▶ pcapng: every packet, and what it did
 *     packets ┘              └─▶ ladders: both ends
 */
#ifndef LASTACK_VIEWER_H
#define LASTACK_VIEWER_H

#include "color.h"
#include "host_link.h"
#include "trouble.h"

#include <lastack/stack.h>

/* How it is told, on stderr: stdout is the command's. */
enum viewer_voice {
    VIEWER_WORDS,   /* narrator.h */
    VIEWER_JSON,    /* one object for each trace record, then one with "summary" */
    VIEWER_SUMMARY, /* that last object alone */
    VIEWER_SILENT,  /* errors only */
};

struct viewer_config {
    enum viewer_voice voice;
    enum color_mode color;
    const char *pcap;   /* file, or NULL */
    const char *ladder; /* file, or NULL */
    const char *peer;   /* what the other end is, for ladders; or NULL */
};

struct viewer;

/* NULL and trouble if a file cannot be written. */
struct viewer *viewer_open(const struct viewer_config *config, struct trouble *trouble);
/* Completes the files. */
bool viewer_close(struct viewer *viewer, struct trouble *trouble);

/* The end: the closing table, or the summary object. `link` is the host's, or NULL. */
void viewer_end(struct viewer *viewer, const struct host_link *link, int exit_status);

/* Another word for config.peer. */
void viewer_set_peer(struct viewer *viewer, const char *peer);

/* What the stack must trace for it, and whether it wants each packet's effects apart. */
uint32_t viewer_trace_classes(const struct viewer *viewer);
bool viewer_wants_packets(const struct viewer *viewer);

/* The stack exists, with one link of this kind; time is told from `now` on. */
void viewer_begin(struct viewer *viewer, struct lastack *stack, enum lastack_link_kind kind,
                  const char *link_name, int64_t now);
void viewer_packet_in(struct viewer *viewer, int64_t now, const struct lastack_packet_in *packet);
void viewer_packet_out(struct viewer *viewer, int64_t now, const struct lastack_packet_out *packet);
void viewer_traced(struct viewer *viewer, int64_t now);

#endif
