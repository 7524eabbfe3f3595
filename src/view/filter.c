/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.c: recursive descent into a tree of nodes. See filter.h for the grammar.
 *
 *     "sport = :80 or dport = :80"         or
 *                                         /  \
 *                                    sport    dport
 *
 * Nodes live in one array of the filter; children have smaller indices than their parents.
 *
 *     filter_words.c    the text as tokens, and the first error in it
 *     filter_values.c   what stands behind an operator: hosts, ports, lengths of time, owners
 *     filter_states.c   names of states and of groups of them
 *     filter_match.c    a row against the tree
 */
#include "filter_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

/* ---- states in front ---- */

static uint32_t take_state(struct filter_parser *p)
{
    uint32_t mask = filter_state_mask(p->word);
    if (p->word[0] == '\0')
        FILTER_FAIL(
            p,
            "a state is expected here: established, time-wait ... or all, connected, synchronized, "
            "bucket, big");
    else if (mask == 0)
        filter_fail(p, p->word_at, "no state or group is called '%s'", p->word);
    else
        filter_next_word(p);
    return mask;
}

/* ss's way: "state a state b" is a union, "exclude" takes away from all or from
 * the union so far. */
static void parse_leading_states(struct filter_parser *p)
{
    bool is_first = true;
    while (filter_is_word(p, "state", "exclude", "excl") && !p->has_failed) {
        bool is_exclude = !filter_is_word(p, "state", NULL, NULL);
        size_t back_at = p->word_at;
        filter_next_word(p);
        if (filter_is_word(p, "=", "==", "!=") ||
            filter_is_word(p, "eq", "ne", "neq")) { /* a predicate */
            p->at = back_at;
            filter_next_word(p);
            return;
        }
        if (is_first)
            p->filter->states = is_exclude ? FILTER_STATES_ALL : 0;
        is_first = false;
        uint32_t mask = take_state(p);
        p->filter->states = is_exclude ? p->filter->states & ~mask : p->filter->states | mask;
    }
    if (!is_first) /* ss refuses the "and" that everybody writes here */
        filter_take(p, "and", "&", "&&");
}

/* ---- the tree ---- */

static int new_node(struct filter_parser *p, enum filter_node_kind kind)
{
    if (p->filter->count == FILTER_NODES_MAX) {
        FILTER_FAIL(p, "the filter is too long (256 predicates)");
        return -1;
    }
    struct filter_node *node = &p->filter->nodes[p->filter->count];
    memset(node, 0, sizeof *node);
    node->kind = kind;
    node->port = -1;
    return p->filter->count++;
}

static int join(struct filter_parser *p, enum filter_node_kind kind, int left, int right)
{
    int index = new_node(p, kind);
    if (index >= 0) {
        p->filter->nodes[index].left = left;
        p->filter->nodes[index].right = right;
    }
    return index;
}

struct predicate {
    const char *name, *alias;
    enum filter_node_kind kind;
    bool may_compare; /* < > <= >= make sense */
};

static const struct predicate predicates[] = {
    {"src", NULL, NODE_SRC, false},       {"dst", NULL, NODE_DST, false},
    {"sport", NULL, NODE_SPORT, true},    {"dport", NULL, NODE_DPORT, true},
    {"dev", "device", NODE_DEV, false},   {"fwmark", NULL, NODE_FWMARK, false},
    {"cgroup", NULL, NODE_CGROUP, false}, {"autobound", NULL, NODE_AUTOBOUND, false},
    {"state", NULL, NODE_STATE, false},   {"pid", NULL, NODE_PID, true},
    {"uid", NULL, NODE_UID, true},        {"inode", "ino", NODE_INODE, true},
    {"netns", NULL, NODE_NETNS, true},    {"age", NULL, NODE_AGE, true},
    {"comm", NULL, NODE_COMM, false},     {"owner", NULL, NODE_OWNER, false},
    {"why", "reason", NODE_WHY, false},
};

static int parse_predicate(struct filter_parser *p)
{
    const struct predicate *found = NULL;
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++)
        if (filter_is_word(p, predicates[i].name, predicates[i].alias, NULL))
            found = &predicates[i];
    if (found == NULL) {
        if (p->word[0] == '\0')
            FILTER_FAIL(p, "a condition is missing here");
        else
            filter_fail(p, p->word_at, "'%s' is no condition of a filter", p->word);
        return -1;
    }
    filter_next_word(p);
    int index = new_node(p, found->kind);
    p->filter->needs_autobound = p->filter->needs_autobound || found->kind == NODE_AUTOBOUND;
    if (index < 0 || found->kind == NODE_AUTOBOUND)
        return index;
    struct filter_node *node = &p->filter->nodes[index];
    size_t operator_at = p->word_at;
    node->op = filter_take_operator(p);
    if (node->op > OP_NE && !found->may_compare) {
        filter_fail(p, operator_at, "'%s' takes = or !=", found->name);
        return -1;
    }
    if (node->op == OP_NONE && found->may_compare) {
        filter_fail(p, operator_at,
                    "an operator is missing after '%s': = != < > <= >=", found->name);
        return -1;
    }
    if (p->word[0] == '\0') {
        filter_fail(p, p->word_at, "a value is missing after '%s'", found->name);
        return -1;
    }
    if (!filter_parse_value(p, node))
        return -1;
    if (node->op > OP_NE && (node->kind == NODE_SPORT || node->kind == NODE_DPORT) &&
        node->port < 0) {
        FILTER_FAIL(p, "a port is needed to compare with");
        return -1;
    }
    filter_next_word(p);
    return index;
}

static int parse_expression(struct filter_parser *p);

static int parse_factor(struct filter_parser *p)
{
    if (p->has_failed)
        return -1;
    if (++p->depth > DEPTH_MAX) {
        FILTER_FAIL(p, "more than 64 levels of parentheses and 'not'");
        return -1;
    }
    int index;
    if (filter_take(p, "!", "not", NULL)) {
        index = join(p, NODE_NOT, parse_factor(p), 0);
    } else if (filter_take(p, "(", NULL, NULL)) {
        index = parse_expression(p);
        if (!p->has_failed && !filter_take(p, ")", NULL, NULL))
            FILTER_FAIL(p, "')' is missing");
    } else {
        index = parse_predicate(p);
    }
    p->depth--;
    return index;
}

static bool ends_expression(const struct filter_parser *p)
{
    return p->word[0] == '\0' || filter_is_word(p, ")", NULL, NULL);
}

static int parse_expression(struct filter_parser *p)
{
    int left = parse_factor(p);
    while (!p->has_failed && !ends_expression(p)) {
        enum filter_node_kind kind = filter_take(p, "or", "|", "||") ? NODE_OR : NODE_AND;
        if (kind == NODE_AND && !filter_take(p, "and", "&", "&&") &&
            filter_is_word(p, "=", "<", ">")) {
            FILTER_FAIL(p, "an operator without a field before it");
            return -1;
        }
        left = join(p, kind, left, parse_factor(p));
    }
    return left;
}

struct filter *filter_compile(const char *text, const struct filter_scope *scope,
                              struct filter_error *error)
{
    struct filter *filter = calloc(1, sizeof *filter);
    struct filter_parser p = {.text = text, .scope = scope, .filter = filter, .error = error};
    memset(error, 0, sizeof *error);
    if (filter == NULL || strlen(text) > FILTER_TEXT_MAX) {
        filter_fail(&p, 0, filter == NULL ? "out of memory%s" : "a filter is at most 4096 bytes%s",
                    "");
        free(filter);
        return NULL;
    }
    filter->scope = *scope;
    filter->root = -1;
    filter_next_word(&p);
    parse_leading_states(&p);
    if (!p.has_failed && p.word[0] != '\0') {
        filter->root = parse_expression(&p);
        if (!p.has_failed && p.word[0] != '\0')
            FILTER_FAIL(&p, "this ')' was never opened");
    }
    if (p.has_failed) {
        free(filter);
        return NULL;
    }
    return filter;
}

void filter_free(struct filter *filter)
{
    free(filter);
}

uint32_t filter_states(const struct filter *filter)
{
    return filter->states;
}

bool filter_needs_owners(const struct filter *filter)
{
    return filter->needs_owners;
}

bool filter_needs_autobound(const struct filter *filter)
{
    return filter->needs_autobound;
}

bool filter_needs_age(const struct filter *filter)
{
    return filter->needs_age;
}

bool filter_is_empty(const struct filter *filter)
{
    return filter->root < 0 && filter->states == 0;
}

size_t filter_error_text(const char *text, const struct filter_error *error, char *out, size_t size)
{
    char line[FILTER_TEXT_MAX + 1];
    size_t length = strnlen(text, FILTER_TEXT_MAX);
    for (size_t i = 0; i < length; i++)
        line[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
    line[length] = '\0';
    int written = snprintf(out, size, "%s\n  %s\n  %*s\n", error->message, line,
                           (int)(error->position < length ? error->position : length) + 1, "^");
    return written < 0 ? 0 : (size_t)written;
}
