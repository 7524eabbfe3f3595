/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runner.h: what the parts of the runner share.
 *
 *     run.c            events in order          run_call.c        a call's table, result, time
 *     run_time.c       the clock, tolerances    call_socket.c     socket ... close
 *     run_packet.c     < packets                call_transfer.c   read, write and their kin
 *     run_await.c      > packets                call_option.c     setsockopt, fcntl
 *                                               call_epoll.c      epoll, poll, ioctl
 *                                               call_message.c    recvmsg
 *                                               call_file.c       open, sendfile, pipe, splice
 *     run_command.c    `commands`               run_code.c        names in %{ }%
 *     run_report.c     what is said about a failure
 *
 * A function that returns bool returns false when the run is over: runner_fail has been called.
 */
#ifndef LASTACK_RUNNER_H
#define LASTACK_RUNNER_H

#include "commands.h"
#include "conversation.h"
#include "packet_bytes.h"
#include "run.h"
#include "target.h"

/* A descriptor as the script numbers it. */
struct run_descriptor {
    struct run_descriptor *next; /* older ones */
    int script, live;
    bool is_open, is_nonblocking;
    struct conversation *conversation;
    struct drill_file *file; /* no socket, but a file or a pipe of the runner's own */
};

/* A call that was made and may not have returned yet. */
struct posted_call {
    const struct drill_call *call; /* NULL: none */
    int64_t started_us, due_us;    /* due: when it must return, if the script says so */
    int64_t deadline;              /* of its own, ns; INT64_MAX: none */
    int64_t done;                  /* bytes so far */
    bool has_begun;                /* it was tried before */
    bool waits_for_handshake;      /* a write that connects (Fast Open) */
    int64_t value;                 /* result; -1: see error */
    int error;                     /* Linux's errno */
    struct run_descriptor made;    /* a new descriptor: live >= 0 */
};

struct runner {
    const struct drill_script *script;
    const struct drill_run_options *options;
    struct drill_report *report;
    struct script_memory memory; /* what is read and decoded on the way */
    struct target target;
    bool is_ipv6; /* packets */
    bool has_ipv6_sockets;
    struct lastack_endpoint local, remote; /* as bind and connect get them for ... */
    uint16_t next_port;                    /* of the peers that connect to us */
    struct conversation *conversations;    /* newest first */
    struct conversation *current;          /* the one under test, or NULL */
    struct run_descriptor *descriptors;    /* newest first */
    struct posted_call posted;
    struct drill_file *files;
    struct seen_packet ahead; /* looked at, not yet taken */
    bool has_ahead;
    struct code_environment code;
    const char *code_gap;  /* why a name in %{ }% has no value, or NULL: it is not known */
    bool code_gap_is_ours; /* ... because nothing here tells it */
    uint64_t trace_cursor, steps;
    struct command_shell shell;
    const struct drill_event *event;
    int64_t event_us, event_end_us; /* when it should happen, script time */
    int64_t before_us;              /* when the event before it should have */
    bool has_before, before_was_inbound;
};

/* ---- run_report.c ---- */

/* Ends the run: "FILE:LINE: ..." becomes the report's message. Only the first failure counts.
 * Always false. */
bool runner_fail(struct runner *runner, enum drill_class class, struct place place,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same from an error of parsing or converting. */
bool runner_fail_error(struct runner *runner, enum drill_class class,
                       const struct script_error *error);
/* A remark, if anyone listens. */
void runner_note(struct runner *runner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds state, class and the last events of the trace to a failure. */
void runner_report_end(struct runner *runner);
/* Hands new records of the trace to whoever listens. */
void runner_tell_trace(struct runner *runner);

/* ---- run_time.c ---- */

int64_t runner_now_us(const struct runner *runner);
/* Works out when the event should happen. */
void runner_set_event_time(struct runner *runner, const struct drill_event *event);
/* Advances to a script time; the posted call is tried on the way. */
bool runner_advance(struct runner *runner, int64_t until_us);
/* One step towards a time in ns, with the same care; *is_left false: the time is reached. */
bool runner_step(struct runner *runner, int64_t until, bool *is_left);
/* How far something may be off its time, microseconds; `since_us` is how long it took. */
int64_t runner_tolerance_us(const struct runner *runner, int64_t since_us);
/* Is `actual_us` within the event's time? */
bool runner_check_time(struct runner *runner, struct place place, const char *what,
                       int64_t actual_us);

/* ---- run_packet.c, run_await.c ---- */

bool runner_send_in(struct runner *runner, const struct drill_packet *packet);
bool runner_await(struct runner *runner, const struct drill_packet *packet);
/* The next packet of the conversation under test among those that were sent; NULL: none. */
struct seen_packet *runner_peek(struct runner *runner);
/* False: something was sent that no line spoke of. */
bool runner_check_rest(struct runner *runner, struct place place);
/* A new conversation becomes the current one. */
struct conversation *runner_new_conversation(struct runner *runner);

/* ---- run_call.c ---- */

bool runner_call(struct runner *runner, const struct drill_call *call);
/* Tries the posted call again, if there is one. */
bool runner_try_posted(struct runner *runner);
/* Waits up to a second of script time for the posted call. */
bool runner_finish_posted(struct runner *runner);
/* The descriptor of this script number: an open one, else the last closed one, else NULL. */
struct run_descriptor *runner_descriptor(struct runner *runner, int script_fd);

/* A descriptor of the script's, from now on. */
void runner_keep_descriptor(struct runner *runner, int script_fd,
                            const struct run_descriptor *made);

/* ---- call_file.c ---- */

/* A file of zeros that only this run knows; or none by that name any more. */
void runner_make_file(struct runner *runner, const char *path, int64_t length);
void runner_remove_file(struct runner *runner, const char *path);

/* ---- run_command.c, run_code.c ---- */

bool runner_command(struct runner *runner, const struct drill_command *command);
void runner_shell_init(struct runner *runner);
bool runner_code(struct runner *runner, const struct drill_code *code, struct place place);
void runner_code_init(struct runner *runner);

#endif
