/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parameters.h: one table of parameters, under the names of four systems.
 *
 *                        ┌─ net.ipv4.tcp_fin_timeout     60          (Linux, seconds)
 *     fin_wait_2 = 60s ──┼─ net.inet.tcp.finwait2_timeout 60000      (BSD, milliseconds)
 *                        ├─ tcp_fin_wait_2_flush_interval 60000      (Solaris ndd, milliseconds)
 *                        └─ (Windows has none)
 *
 * Values live in struct lastack_params, which the core reads, their ranges in base/param_ranges.h;
 * names, units and texts live here. A value is always a text: our own names take a unit with times
 * ("60s", "200ms"), foreign names take what their system takes. A name that we know but do not
 * model (tcp_autocorking) is said to have no effect; nothing is ever ignored in silence.
 *
 * Profiles are rows of the same kind: a name and {parameter, value} pairs on top of Linux's.
 */
#ifndef LASTACK_PARAMETERS_H
#define LASTACK_PARAMETERS_H

#include "param_ranges.h"

#include <lastack/params.h>

#include <stdbool.h>
#include <stddef.h>

enum parameter_unit {
    PARAMETER_TIME,   /* ns in an int64_t */
    PARAMETER_COUNT,  /* uint32_t */
    PARAMETER_BYTES,  /* uint32_t */
    PARAMETER_PORT,   /* uint16_t */
    PARAMETER_SHIFT,  /* uint8_t */
    PARAMETER_SWITCH, /* bool */
    PARAMETER_CHOICE, /* an enum; the words are in `choices` */
};

/* What a parameter belongs to, and so when a change is felt. */
enum parameter_scope { PARAMETER_OF_STACK, PARAMETER_OF_LISTENER, PARAMETER_OF_CONNECTION };

struct parameter {
    const char *name;
    const char *text;     /* what it is, one sentence */
    const char *not_text; /* what it is often taken for and is not, or NULL */
    enum parameter_unit unit;
    enum parameter_scope scope;
    const char *takes_effect;        /* "at once", "for new connections" ... */
    const char *const *choices;      /* PARAMETER_CHOICE: words by value, ended by NULL */
    const struct param_range *range; /* where it is, and what it may be */
    const char *zero_text; /* what 0 means when it is special ("off", "no limit"), or NULL */
};

enum parameter_dialect {
    PARAMETER_LINUX,   /* net.ipv4.tcp_fin_timeout, also with slashes or below /proc/sys */
    PARAMETER_BSD,     /* net.inet.tcp.msl */
    PARAMETER_SOLARIS, /* ndd: tcp_time_wait_interval */
    PARAMETER_WINDOWS, /* registry: TcpTimedWaitDelay */
};

size_t parameter_count(void);
const struct parameter *parameter_at(size_t index);
/* By our own name; NULL if there is none. */
const struct parameter *parameter_find(const char *name);

/* The names that a parameter has in a dialect, alone or along with others (tcp_rmem,
 * ip_local_port_range, tcp_ecn): the index-th, or NULL behind the last. */
const char *parameter_alias(const struct parameter *parameter, enum parameter_dialect dialect,
                            size_t index);

/* A name of a dialect that means something here, and the one or two of ours that it stands for (the
 * second NULL if there is one only). */
struct parameter_foreign {
    const char *name;
    const char *unit; /* what its values look like: "milliseconds", "a number" */
    const struct parameter *parts[2];
};

/* The index-th such name of a dialect, in its order; false behind the last. */
bool parameter_foreign_at(enum parameter_dialect dialect, size_t index,
                          struct parameter_foreign *foreign);

/* "seconds", "a number", "bytes", "0 or 1", "drop or rst": what a value looks like. */
const char *parameter_unit_text(enum parameter_unit unit);

enum parameter_result {
    PARAMETER_DONE,
    /* the name is known, but nothing here corresponds to it; message says why */
    PARAMETER_NO_EFFECT,
    PARAMETER_UNKNOWN,   /* nobody's name; message suggests one if one is near */
    PARAMETER_BAD_VALUE, /* message names what is allowed */
};

/* Sets one parameter under any of its names. Anything but DONE leaves `params` as it was and writes
 * `message` (NUL-terminated; size > 0). */
enum parameter_result parameter_set(struct lastack_params *params, const char *name,
                                    const char *value, char *message, size_t size);

/* Its value under any of its names, in that name's unit. DONE, or NO_EFFECT or UNKNOWN with a
 * message in `value`. */
enum parameter_result parameter_get(const struct lastack_params *params, const char *name,
                                    char *value, size_t size);

/* The value of one of ours as parameter_set takes it: "60s", "on", "drop". */
void parameter_value_text(const struct parameter *parameter, const struct lastack_params *params,
                          char *value, size_t size);
/* The least and the most it may be, in the same form. */
void parameter_limit_text(const struct parameter *parameter, bool want_maximum, char *value,
                          size_t size);

/* ---- profiles ---- */

/* linux, freebsd, rfc, linux-2.6, linux-3: the index-th name, or NULL behind the last; its one
 * line. */
const char *profile_name(size_t index);
const char *profile_text(size_t index);

/* Fills in a profile by its name; false if there is none. */
bool profile_fill(const char *name, struct lastack_params *params);

/* The command that public packetdrill scripts run first sets these (../common/defaults.sh): a
 * profile of its own on top of what is there. */
void profile_packetdrill_defaults(struct lastack_params *params);

#endif
