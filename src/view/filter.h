/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.h: which rows? The whole language of ss(8), and what it lacks.
 *
 *   filter     := { ("state" | "exclude") STATE } ["and"] [ expression ]
 *   expression := factor { ("or" | "|" | "||" | ["and" | "&" | "&&"]) factor }
 *   factor     := ("not" | "!") factor | "(" expression ")" | predicate
 *   predicate  := ("src" | "dst") [= | !=] [inet: | inet6:] ADDRESS[/PREFIX][:PORT]
 *               | ("sport" | "dport") OP [:]PORT   OP: = == eq != ne neq < lt > gt <= le >= ge
 *               | "dev" [=|!=] NAME    | "fwmark" [=|!=] MARK[/MASK]   | "cgroup" [=|!=] PATH
 *               | "autobound"          | "state" [=|!=] STATE
 *               | ("pid" | "uid" | "inode" | "netns") OP NUMBER
 *               | "age" OP DURATION (5, 5s, 3m, 2h, 200ms)
 *               | "comm" [=|!=] GLOB   | "owner" [=|!=] KIND      | "why" [=|!=] WORDS of the cause
 *
 * As in ss, "and" and "or" have the same rank and bind from left to right: "a or b and c" is "(a
 * or b) and c". States are written as anybody writes them: time-wait, TIME_WAIT, timewait; groups:
 * all, connected, synchronized, bucket, big. Bounds: 4096 bytes of text, 256 predicates, 64 levels
 * of parentheses.
 */
#ifndef LASTACK_FILTER_H
#define LASTACK_FILTER_H

#include <lastack/row.h>

struct filter;

enum { FILTER_TEXT_MAX = 4096 };

/* Bits of a state mask: 1 << enum tcp_state; bit 12 is a half-open request, bit 13 bound only. */
enum {
    FILTER_STATES_ALL = (1 << 12) - 2,
    FILTER_STATES_BOUND = 1 << 13,
};

struct filter_error {
    size_t position; /* byte of the text the message is about */
    char message[240];
};

/* What names mean is the world's business (src/host/name_lookup.h); a NULL
 * function knows no name. */
struct filter_names {
    uint32_t (*device)(const char *name); /* 0: no such interface */
    uint64_t (*cgroup)(const char *path); /* 0: no such cgroup (v2) */
    int (*service)(const char *name);     /* port, or -1 */
    int (*host)(const char *name, struct lastack_address *addresses, int max); /* how many */
};

struct filter_scope {
    uint16_t port_first,
        port_last; /* of ephemeral ports: "autobound" where the source has no cookie to tell */
    const struct filter_names *names; /* NULL: numbers and addresses only */
};

/* NULL with *error filled in if the text is not a filter. "" matches everything. */
struct filter *filter_compile(const char *text, const struct filter_scope *scope,
                              struct filter_error *error);
void filter_free(struct filter *filter);

bool filter_match(const struct filter *filter, const struct lastack_connection_row *row);

/* The states of the leading "state" and "exclude" words, 0 if there were none. */
uint32_t filter_states(const struct filter *filter);

bool filter_needs_owners(const struct filter *filter); /* pid, comm or owner occurs */
bool filter_needs_autobound(const struct filter *filter);
bool filter_needs_age(const struct filter *filter);
bool filter_is_empty(const struct filter *filter); /* no state word, no predicate */

/* One state or group name as a mask; 0 if it is none. */
uint32_t filter_state_mask(const char *name);

/* Writes "message", the text and a caret under the position, three lines. Control characters of the
 * text are shown as '?'. */
size_t filter_error_text(const char *text, const struct filter_error *error, char *out,
                         size_t size);

#endif
