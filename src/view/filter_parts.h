/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_parts.h: the tree of a filter, its parser, and what the parts ask of each other. Nobody
 * else includes it.
 */
#ifndef LASTACK_FILTER_PARTS_H
#define LASTACK_FILTER_PARTS_H

#include "filter.h"

enum { FILTER_NODES_MAX = 512, FILTER_WORD_MAX = 256, FILTER_ADDRESSES_MAX = 8 };

enum filter_node_kind {
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_SRC,
    NODE_DST,
    NODE_SPORT,
    NODE_DPORT,
    NODE_DEV,
    NODE_FWMARK,
    NODE_CGROUP,
    NODE_AUTOBOUND,
    NODE_STATE,
    NODE_PID,
    NODE_UID,
    NODE_INODE,
    NODE_NETNS,
    NODE_AGE,
    NODE_COMM,
    NODE_OWNER,
    NODE_WHY,
};

enum filter_family { FAMILY_ANY, FAMILY_INET, FAMILY_INET6 };

enum filter_operator { OP_NONE, OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE };

struct filter_node {
    enum filter_node_kind kind;
    enum filter_operator op;
    int left, right;
    /* src, dst */
    struct lastack_address addresses[FILTER_ADDRESSES_MAX];
    int address_count;         /* 0: any address */
    unsigned prefix;           /* bits of the 16 bytes that count */
    enum filter_family family; /* demanded by "inet:" or "inet6:" */
    int port;                  /* -1: any */
    uint64_t number, mask;
    char text[FILTER_WORD_MAX];
};

struct filter {
    struct filter_scope scope;
    uint32_t states;
    int root; /* -1: everything */
    int count;
    bool needs_owners, needs_age, needs_autobound;
    struct filter_node nodes[FILTER_NODES_MAX];
};

struct filter_parser {
    const char *text;
    size_t at;
    size_t word_at;
    char word[FILTER_WORD_MAX]; /* the token in hand; "" at the end */
    int depth;
    const struct filter_scope *scope;
    struct filter *filter;
    struct filter_error *error;
    bool has_failed;
};

#define FILTER_BIT(state) (1u << (state))

/* ---- filter_words.c ---- */

/* Remembers the first error: `message` is a format with one %s, for `word`. */
void filter_fail(struct filter_parser *p, size_t position, const char *message, const char *word);

#define FILTER_FAIL(p, message) filter_fail(p, (p)->word_at, message "%s", "")

/* Takes the next token in hand; "" at the end, and behind an error. */
void filter_next_word(struct filter_parser *p);

/* Is the token in hand one of these? `b` and `c` may be NULL. filter_take also goes on. */
bool filter_is_word(const struct filter_parser *p, const char *a, const char *b, const char *c);
bool filter_take(struct filter_parser *p, const char *a, const char *b, const char *c);
enum filter_operator filter_take_operator(struct filter_parser *p);

/* ---- filter_values.c ---- */

/* The token in hand as the value that this kind of node wants; false after an error. */
bool filter_parse_value(struct filter_parser *p, struct filter_node *node);

#endif
