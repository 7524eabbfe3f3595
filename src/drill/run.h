/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h: one script against one stack, from its first event to its first failure or its end.
 *
 * In-process and on virtual time: a script of three hours takes milliseconds, the same script gives
 * the same report and the same trace hash every time, and nothing but the report leaves the runner.
 * Nothing of the host is used or changed unless options say so (allows_shell).
 */
#ifndef LASTACK_RUN_H
#define LASTACK_RUN_H

#include "script.h"
#include "text.h"

#include <lastack/params.h>
#include <lastack/trace.h>

/* What kind of failure it was. (name, text) */
#define DRILL_CLASSES(X)                                                                           \
    X(NONE, "")                                                                                    \
    X(BEHAVIOUR, "behaviour")         /* another TCP would act otherwise */                        \
    X(WIRE_FORMAT, "wire-format")     /* the same, said otherwise */                               \
    X(NOT_SUPPORTED, "not-supported") /* the runner or the stack has no such thing */              \
    X(SCRIPT, "script")               /* the script contradicts itself, or cannot be read */

enum drill_class {
#define DRILL_X(name, text) DRILL_CLASS_##name,
    DRILL_CLASSES(DRILL_X)
#undef DRILL_X
};

const char *drill_class_text(enum drill_class class);

/* Sees a packet that crosses the link; `at` in ns since the script's start. */
typedef void drill_packet_watch(void *context, int64_t at, bool is_inbound, const uint8_t *data,
                                size_t length);
/* Sees each record of the trace, its time since the script's start. */
typedef void drill_trace_watch(void *context, const struct lastack_trace_record *record);
/* What the script prints, and remarks that are no failures. */
typedef void drill_note_watch(void *context, const char *line);

struct drill_run_options {
    struct lastack_params params;  /* the profile, with what the user set on top */
    bool is_strict;                /* checksums, outbound TS ecr, unexpected packets at the end */
    bool allows_shell;             /* commands that are not built in run on the host */
    uint64_t steps_max;            /* deadlines of the stack that may act; 0: ten million */
    drill_packet_watch *on_packet; /* each may be NULL */
    drill_trace_watch *on_trace;
    drill_note_watch *on_note;
    void *context;
};

struct drill_report {
    bool has_passed;
    enum drill_class class;
    uint32_t line;       /* of the failure; 0: none */
    struct text message; /* the failure, several lines, each with its newline */
    const char *state;   /* of the connection under test at the end; "-": it has none */
    uint64_t trace_hash;
    int64_t lasted_ns; /* script time */
};

/* Runs a parsed script. `report` is filled in; free it with drill_report_free. */
void drill_run(const struct drill_script *script, const struct drill_run_options *options,
               struct drill_report *report);

void drill_report_free(struct drill_report *report);

#endif
