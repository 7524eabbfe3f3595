/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.c: recursive descent into a tree of nodes, evaluated per row. See filter.h for the
 * grammar.
 *
 *     "sport = :80 or dport = :80"         or
 *                                         /  \
 *                                    sport    dport
 *
 * Nodes live in one array of the filter; children have smaller indices than their parents.
 */
#include "filter.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NODES_MAX = 512, DEPTH_MAX = 64, WORD_MAX = 256, ADDRESSES_MAX = 8 };

enum node_kind {
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

enum family { FAMILY_ANY, FAMILY_INET, FAMILY_INET6 };

enum operator{ OP_NONE, OP_EQ, OP_NE, OP_LT, OP_GT, OP_LE, OP_GE };

struct node {
    enum node_kind kind;
    enum operator op;
    int left, right;
    /* src, dst */
    struct lastack_address addresses[ADDRESSES_MAX];
    int address_count;  /* 0: any address */
    unsigned prefix;    /* bits of the 16 bytes that count */
    enum family family; /* demanded by "inet:" or "inet6:" */
    int port;           /* -1: any */
    uint64_t number, mask;
    char text[WORD_MAX];
};

struct filter {
    struct filter_scope scope;
    uint32_t states;
    int root; /* -1: everything */
    int count;
    bool needs_owners, needs_age, needs_autobound;
    struct node nodes[NODES_MAX];
};

struct parser {
    const char *text;
    size_t at;
    size_t word_at;
    char word[WORD_MAX]; /* the token in hand; "" at the end */
    int depth;
    const struct filter_scope *scope;
    struct filter *filter;
    struct filter_error *error;
    bool has_failed;
};

/* ---- words ---- */

static void fail_at(struct parser *p, size_t position, const char *message, const char *word)
{
    if (p->has_failed)
        return;
    p->has_failed = true;
    p->error->position = position;
    char shown[48]; /* the word itself stands above the caret: its beginning is enough here */
    size_t length = strnlen(word, sizeof shown - 1);
    for (size_t i = 0; i < length; i++)
        shown[i] = iscntrl((unsigned char)word[i]) ? '?' : word[i];
    shown[length] = '\0';
    snprintf(p->error->message, sizeof p->error->message, message, shown);
}

#define FAIL(p, message) fail_at(p, (p)->word_at, message "%s", "")

static bool is_operator_char(char c)
{
    return c != '\0' && strchr("()!&|=<>", c) != NULL;
}

/* "<=", "&&" ... or a word; an operator is as long as possible. */
static size_t token_length(const char *text)
{
    static const char *const twos[] = {"&&", "||", "==", "!=", "<=", ">="};
    for (size_t i = 0; i < sizeof twos / sizeof twos[0]; i++)
        if (strncmp(text, twos[i], 2) == 0)
            return 2;
    if (is_operator_char(text[0]))
        return 1;
    size_t length = 0;
    while (text[length] != '\0' && !isspace((unsigned char)text[length]) &&
           !is_operator_char(text[length]))
        length++;
    return length;
}

static void next_word(struct parser *p)
{
    while (isspace((unsigned char)p->text[p->at]))
        p->at++;
    p->word_at = p->at;
    size_t length = token_length(p->text + p->at);
    if (length >= WORD_MAX) {
        FAIL(p, "a word longer than 255 bytes");
        length = 0;
    }
    memcpy(p->word, p->text + p->at, length);
    p->word[length] = '\0';
    p->at += length;
    if (p->has_failed) /* nothing is read beyond the first error */
        p->word[0] = '\0';
}

static bool is_word(const struct parser *p, const char *a, const char *b, const char *c)
{
    return strcasecmp(p->word, a) == 0 || (b != NULL && strcasecmp(p->word, b) == 0) ||
           (c != NULL && strcasecmp(p->word, c) == 0);
}

static bool take(struct parser *p, const char *a, const char *b, const char *c)
{
    if (!is_word(p, a, b, c))
        return false;
    next_word(p);
    return true;
}

static enum operator take_operator(struct parser *p)
{
    if (take(p, "=", "==", "eq"))
        return OP_EQ;
    if (take(p, "!=", "ne", "neq"))
        return OP_NE;
    if (take(p, "<=", "le", "leq"))
        return OP_LE;
    if (take(p, ">=", "ge", "geq"))
        return OP_GE;
    if (take(p, "<", "lt", NULL))
        return OP_LT;
    if (take(p, ">", "gt", NULL))
        return OP_GT;
    return OP_NONE;
}

/* ---- states ---- */

struct state_name {
    const char *name; /* letters and digits only */
    uint32_t mask;
};

#define BIT(state) (1u << (state))
#define CONNECTED  (FILTER_STATES_ALL & ~(BIT(TCP_CLOSED) | BIT(TCP_LISTEN)))
#define BUCKET     (BIT(TCP_SYN_RECEIVED) | BIT(TCP_TIME_WAIT))

static const struct state_name state_names[] = {
    {"established", BIT(TCP_ESTABLISHED)},
    {"estab", BIT(TCP_ESTABLISHED)},
    {"synsent", BIT(TCP_SYN_SENT)},
    {"synreceived", BIT(TCP_SYN_RECEIVED)},
    {"synrecv", BIT(TCP_SYN_RECEIVED)},
    {"synrcv", BIT(TCP_SYN_RECEIVED)},
    {"finwait1", BIT(TCP_FIN_WAIT_1)},
    {"finwait2", BIT(TCP_FIN_WAIT_2)},
    {"timewait", BIT(TCP_TIME_WAIT)},
    {"closed", BIT(TCP_CLOSED)},
    {"close", BIT(TCP_CLOSED)},
    {"unconnected", BIT(TCP_CLOSED)},
    {"unconn", BIT(TCP_CLOSED)},
    {"closewait", BIT(TCP_CLOSE_WAIT)},
    {"lastack", BIT(TCP_LAST_ACK)},
    {"listen", BIT(TCP_LISTEN)},
    {"listening", BIT(TCP_LISTEN)},
    {"closing", BIT(TCP_CLOSING)},
    {"boundinactive", FILTER_STATES_BOUND},
    {"bound", FILTER_STATES_BOUND},
    {"all", FILTER_STATES_ALL},
    {"connected", CONNECTED},
    {"synchronized", CONNECTED & ~BIT(TCP_SYN_SENT)},
    {"bucket", BUCKET},
    {"big", FILTER_STATES_ALL & ~BUCKET},
};

uint32_t filter_state_mask(const char *name)
{
    char plain[32];
    size_t length = 0;
    for (; *name != '\0' && length < sizeof plain - 1; name++)
        if (*name != '-' && *name != '_')
            plain[length++] = (char)tolower((unsigned char)*name);
    plain[length] = '\0';
    for (size_t i = 0; *name == '\0' && i < sizeof state_names / sizeof state_names[0]; i++)
        if (strcmp(plain, state_names[i].name) == 0)
            return state_names[i].mask;
    return 0;
}

static uint32_t take_state(struct parser *p)
{
    uint32_t mask = filter_state_mask(p->word);
    if (p->word[0] == '\0')
        FAIL(
            p,
            "a state is expected here: established, time-wait ... or all, connected, synchronized, "
            "bucket, big");
    else if (mask == 0)
        fail_at(p, p->word_at, "no state or group is called '%s'", p->word);
    else
        next_word(p);
    return mask;
}

/* ss's way: "state a state b" is a union, "exclude" takes away from all or from
 * the union so far. */
static void parse_leading_states(struct parser *p)
{
    bool is_first = true;
    while (is_word(p, "state", "exclude", "excl") && !p->has_failed) {
        bool is_exclude = !is_word(p, "state", NULL, NULL);
        size_t back_at = p->word_at;
        next_word(p);
        if (is_word(p, "=", "==", "!=") || is_word(p, "eq", "ne", "neq")) { /* a predicate */
            p->at = back_at;
            next_word(p);
            return;
        }
        if (is_first)
            p->filter->states = is_exclude ? FILTER_STATES_ALL : 0;
        is_first = false;
        uint32_t mask = take_state(p);
        p->filter->states = is_exclude ? p->filter->states & ~mask : p->filter->states | mask;
    }
    if (!is_first) /* ss refuses the "and" that everybody writes here */
        take(p, "and", "&", "&&");
}

/* ---- values ---- */

static bool parse_u64(const char *text, uint64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return *end == '\0' && errno == 0;
}

/* "80" or "http"; -1 for "*" */
static bool parse_port(struct parser *p, const char *text, int *port)
{
    uint64_t number;
    if (strcmp(text, "*") == 0 || text[0] == '\0') {
        *port = -1;
        return true;
    }
    if (isdigit((unsigned char)text[0])) {
        if (!parse_u64(text, &number) || number > 65535) {
            fail_at(p, p->word_at, "'%s' is no port (0 to 65535)", text);
            return false;
        }
        *port = (int)number;
        return true;
    }
    *port = p->scope->names != NULL && p->scope->names->service != NULL
                ? p->scope->names->service(text)
                : -1;
    if (*port < 0)
        fail_at(p, p->word_at, "no service is called '%s'", text);
    return *port >= 0;
}

static bool resolve(struct parser *p, const char *name, struct node *node)
{
    if (p->scope->names != NULL && p->scope->names->host != NULL)
        node->address_count = p->scope->names->host(name, node->addresses, ADDRESSES_MAX);
    if (node->address_count <= 0)
        fail_at(p, p->word_at, "'%s' is no address and no host of that name is known", name);
    return node->address_count > 0;
}

/* ADDRESS[/PREFIX], brackets already off */
static bool parse_address(struct parser *p, char *text, struct node *node)
{
    if (strcmp(text, "*") == 0 || text[0] == '\0')
        return true;
    char *slash = strchr(text, '/');
    uint64_t bits = 128;
    if (slash != NULL) {
        *slash++ = '\0';
        if (!parse_u64(slash, &bits) || bits > 128) {
            fail_at(p, p->word_at, "'%s' is no prefix length", slash);
            return false;
        }
    }
    node->prefix = 128;
    if (!lastack_address_parse(text, &node->addresses[0])) {
        if (slash == NULL && !isdigit((unsigned char)text[0]) && strchr(text, ':') == NULL)
            return resolve(p, text, node);
        fail_at(p, p->word_at, "'%s' is no address", text);
        return false;
    }
    node->address_count = 1;
    bool is_ipv4 = lastack_is_ipv4(&node->addresses[0]) && strchr(text, ':') == NULL;
    if (slash != NULL && is_ipv4 && bits > 32) {
        fail_at(p, p->word_at, "an IPv4 prefix is at most 32, not %s", slash);
        return false;
    }
    if ((is_ipv4 && node->family == FAMILY_INET6) || (!is_ipv4 && node->family == FAMILY_INET)) {
        fail_at(p, p->word_at, "'%s' is of the other family", text);
        return false;
    }
    if (slash != NULL)
        node->prefix = (unsigned)bits + (is_ipv4 ? 96 : 0);
    return true;
}

/* [inet:|inet6:]ADDRESS[/PREFIX][:PORT], IPv6 with a port or at will in brackets */
static bool parse_host(struct parser *p, struct node *node)
{
    char text[WORD_MAX];
    char *host = text;
    char *port = NULL;
    memcpy(text, p->word, sizeof text);
    if (strncasecmp(host, "inet6:", 6) == 0) {
        node->family = FAMILY_INET6;
        host += 6;
    } else if (strncasecmp(host, "inet:", 5) == 0) {
        node->family = FAMILY_INET;
        host += 5;
    } else if (strncasecmp(host, "unix:", 5) == 0 || strncasecmp(host, "link:", 5) == 0 ||
               strncasecmp(host, "netlink:", 8) == 0 || strncasecmp(host, "vsock:", 6) == 0) {
        FAIL(p, "only inet: and inet6: exist here; lastack shows TCP and UDP");
        return false;
    }
    if (host[0] == '[') {
        char *end = strchr(++host, ']');
        if (end == NULL) {
            FAIL(p, "']' is missing");
            return false;
        }
        if (end[1] != '\0' && end[1] != ':' && end[1] != '/') {
            FAIL(p, "after ']' comes :PORT or /PREFIX");
            return false;
        }
        if (end[1] == '/') { /* [2001:db8::]/32:80 */
            memmove(end, end + 1, strlen(end));
            port = strchr(end, ':');
        } else {
            port = end[1] == ':' ? end + 1 : NULL;
            *end = '\0';
        }
    } else if (strchr(host, ':') == strrchr(host, ':')) { /* one colon or none: not IPv6 */
        port = strchr(host, ':');
    }
    if (port != NULL)
        *port++ = '\0';
    return parse_address(p, host, node) && (port == NULL || parse_port(p, port, &node->port));
}

/* 5 = 5s, 200ms, 3m, 2h, 1d */
static bool parse_duration(const char *text, uint64_t *ns)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9},     {"s", 1e9},    {"ms", 1e6},   {"m", 60e9},
                 {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
    char *end;
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    double value = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcasecmp(end, units[i].unit) == 0 && value * units[i].ns < 9e18) {
            *ns = (uint64_t)(value * units[i].ns);
            return true;
        }
    }
    return false;
}

static bool parse_device(struct parser *p, struct node *node)
{
    if (p->scope->names != NULL && p->scope->names->device != NULL)
        node->number = p->scope->names->device(p->word);
    if (node->number != 0 || parse_u64(p->word, &node->number))
        return true;
    fail_at(p, p->word_at, "no interface is called '%s'", p->word);
    return false;
}

static bool parse_cgroup(struct parser *p, struct node *node)
{
    if (p->scope->names != NULL && p->scope->names->cgroup != NULL)
        node->number = p->scope->names->cgroup(p->word);
    if (node->number == 0)
        fail_at(p, p->word_at, "no cgroup (v2) is called '%s'", p->word);
    return node->number != 0;
}

static bool parse_mark(struct parser *p, struct node *node)
{
    char text[WORD_MAX];
    memcpy(text, p->word, sizeof text);
    char *slash = strchr(text, '/');
    node->mask = UINT32_MAX;
    if (slash != NULL)
        *slash++ = '\0';
    if (!parse_u64(text, &node->number) || node->number > UINT32_MAX ||
        (slash != NULL && (!parse_u64(slash, &node->mask) || node->mask > UINT32_MAX))) {
        fail_at(p, p->word_at, "'%s' is no mark: NUMBER[/MASK], 32 bits each", p->word);
        return false;
    }
    return true;
}

static bool parse_owner_kind(struct parser *p, struct node *node)
{
    for (int kind = 0; kind <= LASTACK_OWNER_KERNEL; kind++) {
        const char *name = lastack_owner_text((enum lastack_owner)kind);
        size_t i = 0;
        while (name[i] != '\0' && (tolower((unsigned char)p->word[i]) == name[i] ||
                                   (name[i] == '_' && p->word[i] == '-')))
            i++;
        if (name[i] == '\0' && p->word[i] == '\0') {
            node->number = (uint64_t)kind;
            return true;
        }
    }
    fail_at(p, p->word_at,
            "'%s' is no kind of owner: process, time_wait, orphan, accept_queue, syn_request, "
            "other_netns, "
            "no_permission, kernel",
            p->word);
    return false;
}

/* ---- the tree ---- */

static int new_node(struct parser *p, enum node_kind kind)
{
    if (p->filter->count == NODES_MAX) {
        FAIL(p, "the filter is too long (256 predicates)");
        return -1;
    }
    struct node *node = &p->filter->nodes[p->filter->count];
    memset(node, 0, sizeof *node);
    node->kind = kind;
    node->port = -1;
    return p->filter->count++;
}

static int join(struct parser *p, enum node_kind kind, int left, int right)
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
    enum node_kind kind;
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

static bool parse_number(struct parser *p, struct node *node)
{
    const char *text =
        node->kind == NODE_NETNS && strncmp(p->word, "net:[", 5) == 0 ? p->word + 5 : p->word;
    char digits[WORD_MAX];
    snprintf(digits, sizeof digits, "%s", text);
    if (text != p->word && digits[0] != '\0' && digits[strlen(digits) - 1] == ']')
        digits[strlen(digits) - 1] = '\0';
    if (parse_u64(digits, &node->number))
        return true;
    fail_at(p, p->word_at, "'%s' is no number", p->word);
    return false;
}

static bool parse_port_value(struct parser *p, struct node *node)
{
    const char *text = p->word[0] == ':' ? p->word + 1 : p->word;
    if (strrchr(text, ':') != NULL) /* ADDRESS:PORT compares both, as in ss */
        return parse_host(p, node);
    return parse_port(p, text, &node->port);
}

static bool parse_value(struct parser *p, struct node *node)
{
    switch (node->kind) {
    case NODE_SRC:
    case NODE_DST:
        return parse_host(p, node);
    case NODE_SPORT:
    case NODE_DPORT:
        return parse_port_value(p, node);
    case NODE_DEV:
        return parse_device(p, node);
    case NODE_FWMARK:
        return parse_mark(p, node);
    case NODE_CGROUP:
        return parse_cgroup(p, node);
    case NODE_STATE:
        node->mask = filter_state_mask(p->word);
        if (node->mask == 0)
            fail_at(p, p->word_at, "no state or group is called '%s'", p->word);
        return node->mask != 0;
    case NODE_AGE:
        p->filter->needs_age = true;
        if (parse_duration(p->word, &node->number))
            return true;
        fail_at(p, p->word_at, "'%s' is no length of time: 5, 5s, 200ms, 3m, 2h, 1d", p->word);
        return false;
    case NODE_OWNER:
        p->filter->needs_owners = true;
        return parse_owner_kind(p, node);
    case NODE_COMM:
        p->filter->needs_owners = true;
        memcpy(node->text, p->word, sizeof node->text);
        return true;
    case NODE_WHY:
        memcpy(node->text, p->word, sizeof node->text);
        return true;
    case NODE_PID:
        p->filter->needs_owners = true;
        return parse_number(p, node);
    case NODE_UID:
    case NODE_INODE:
    case NODE_NETNS:
        return parse_number(p, node);
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
    case NODE_AUTOBOUND:
        break;
    }
    return true;
}

static int parse_predicate(struct parser *p)
{
    const struct predicate *found = NULL;
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++)
        if (is_word(p, predicates[i].name, predicates[i].alias, NULL))
            found = &predicates[i];
    if (found == NULL) {
        if (p->word[0] == '\0')
            FAIL(p, "a condition is missing here");
        else
            fail_at(p, p->word_at, "'%s' is no condition of a filter", p->word);
        return -1;
    }
    next_word(p);
    int index = new_node(p, found->kind);
    p->filter->needs_autobound = p->filter->needs_autobound || found->kind == NODE_AUTOBOUND;
    if (index < 0 || found->kind == NODE_AUTOBOUND)
        return index;
    struct node *node = &p->filter->nodes[index];
    size_t operator_at = p->word_at;
    node->op = take_operator(p);
    if (node->op > OP_NE && !found->may_compare) {
        fail_at(p, operator_at, "'%s' takes = or !=", found->name);
        return -1;
    }
    if (node->op == OP_NONE && found->may_compare) {
        fail_at(p, operator_at, "an operator is missing after '%s': = != < > <= >=", found->name);
        return -1;
    }
    if (p->word[0] == '\0') {
        fail_at(p, p->word_at, "a value is missing after '%s'", found->name);
        return -1;
    }
    if (!parse_value(p, node))
        return -1;
    if (node->op > OP_NE && (node->kind == NODE_SPORT || node->kind == NODE_DPORT) &&
        node->port < 0) {
        FAIL(p, "a port is needed to compare with");
        return -1;
    }
    next_word(p);
    return index;
}

static int parse_expression(struct parser *p);

static int parse_factor(struct parser *p)
{
    if (p->has_failed)
        return -1;
    if (++p->depth > DEPTH_MAX) {
        FAIL(p, "more than 64 levels of parentheses and 'not'");
        return -1;
    }
    int index;
    if (take(p, "!", "not", NULL)) {
        index = join(p, NODE_NOT, parse_factor(p), 0);
    } else if (take(p, "(", NULL, NULL)) {
        index = parse_expression(p);
        if (!p->has_failed && !take(p, ")", NULL, NULL))
            FAIL(p, "')' is missing");
    } else {
        index = parse_predicate(p);
    }
    p->depth--;
    return index;
}

static bool ends_expression(const struct parser *p)
{
    return p->word[0] == '\0' || is_word(p, ")", NULL, NULL);
}

static int parse_expression(struct parser *p)
{
    int left = parse_factor(p);
    while (!p->has_failed && !ends_expression(p)) {
        enum node_kind kind = take(p, "or", "|", "||") ? NODE_OR : NODE_AND;
        if (kind == NODE_AND && !take(p, "and", "&", "&&") && is_word(p, "=", "<", ">")) {
            FAIL(p, "an operator without a field before it");
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
    struct parser p = {.text = text, .scope = scope, .filter = filter, .error = error};
    memset(error, 0, sizeof *error);
    if (filter == NULL || strlen(text) > FILTER_TEXT_MAX) {
        fail_at(&p, 0, filter == NULL ? "out of memory%s" : "a filter is at most 4096 bytes%s", "");
        free(filter);
        return NULL;
    }
    filter->scope = *scope;
    filter->root = -1;
    next_word(&p);
    parse_leading_states(&p);
    if (!p.has_failed && p.word[0] != '\0') {
        filter->root = parse_expression(&p);
        if (!p.has_failed && p.word[0] != '\0')
            FAIL(&p, "this ')' was never opened");
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

/* ---- rows ---- */

static bool compare(uint64_t a, enum operator op, uint64_t b)
{
    switch (op) {
    case OP_LT:
        return a < b;
    case OP_GT:
        return a > b;
    case OP_LE:
        return a <= b;
    case OP_GE:
        return a >= b;
    case OP_NE:
        return a != b;
    case OP_NONE:
    case OP_EQ:
        break;
    }
    return a == b;
}

static bool is_in_prefix(const struct lastack_address *address,
                         const struct lastack_address *prefix, unsigned bits)
{
    unsigned bytes = bits / 8;
    if (memcmp(address->bytes, prefix->bytes, bytes) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || ((address->bytes[bytes] ^ prefix->bytes[bytes]) >> (8 - rest)) == 0;
}

static bool match_host(const struct node *node, const struct lastack_endpoint *end, bool is_ipv6)
{
    if (node->port >= 0 && end->port != node->port)
        return false;
    if (node->family == FAMILY_INET && is_ipv6 && !lastack_is_ipv4(&end->address))
        return false;
    if (node->family == FAMILY_INET6 && !is_ipv6)
        return false;
    for (int i = 0; i < node->address_count; i++)
        if (is_in_prefix(&end->address, &node->addresses[i], node->prefix))
            return true;
    return node->address_count == 0;
}

static bool match_port(const struct node *node, const struct lastack_endpoint *end, bool is_ipv6)
{
    if (node->op == OP_EQ || node->op == OP_NE)
        return match_host(node, end, is_ipv6) == (node->op == OP_EQ);
    return compare(end->port, node->op, (uint64_t)node->port);
}

static bool match_state(uint32_t mask, const struct lastack_connection_row *row)
{
    uint32_t bits = BIT(row->state);
    if (row->state == TCP_CLOSED && row->protocol == LASTACK_PROTOCOL_TCP)
        bits |= FILTER_STATES_BOUND;
    return (bits & mask) != 0;
}

static bool match_leaf(const struct filter *filter, const struct node *node,
                       const struct lastack_connection_row *row, bool by_kernel)
{
    switch (node->kind) {
    case NODE_SRC:
        return match_host(node, &row->local, row->is_ipv6);
    case NODE_DST:
        return match_host(node, &row->remote, row->is_ipv6);
    case NODE_DEV:
        return row->link == node->number;
    case NODE_FWMARK:
        return (row->mark & node->mask) == node->number;
    case NODE_CGROUP:
        return row->cgroup == node->number;
    case NODE_STATE:
        return match_state((uint32_t)node->mask, row);
    case NODE_COMM:
        return fnmatch(node->text, row->comm, 0) == 0;
    case NODE_OWNER:
        return row->owner_kind == node->number;
    case NODE_WHY:
        return strcasestr(lastack_cause_text((enum lastack_cause)row->cause), node->text) != NULL;
    case NODE_AUTOBOUND:
        return by_kernel ? row->is_autobound
                         : row->local.port >= filter->scope.port_first &&
                               row->local.port <= filter->scope.port_last;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
    case NODE_SPORT:
    case NODE_DPORT:
    case NODE_PID:
    case NODE_UID:
    case NODE_INODE:
    case NODE_NETNS:
    case NODE_AGE:
        break;
    }
    return false;
}

/* Depth is bounded by the number of nodes, so by the length of the text. */
static bool match(const struct filter *filter, int index, const struct lastack_connection_row *row,
                  bool by_kernel)
{
    const struct node *node = &filter->nodes[index];
    switch (node->kind) {
    case NODE_AND:
        return match(filter, node->left, row, by_kernel) &&
               match(filter, node->right, row, by_kernel);
    case NODE_OR:
        return match(filter, node->left, row, by_kernel) ||
               match(filter, node->right, row, by_kernel);
    case NODE_NOT:
        return !match(filter, node->left, row, by_kernel);
    case NODE_SPORT:
        return match_port(node, &row->local, row->is_ipv6);
    case NODE_DPORT:
        return match_port(node, &row->remote, row->is_ipv6);
    case NODE_PID:
        return compare(row->pid, node->op, node->number);
    case NODE_UID:
        return compare(row->uid, node->op, node->number);
    case NODE_INODE:
        return compare(row->inode, node->op, node->number);
    case NODE_NETNS:
        return compare(row->netns, node->op, node->number);
    case NODE_AGE:
        return row->age_ns >= 0 && compare((uint64_t)row->age_ns, node->op, node->number);
    case NODE_SRC:
    case NODE_DST:
    case NODE_DEV:
    case NODE_FWMARK:
    case NODE_CGROUP:
    case NODE_AUTOBOUND:
    case NODE_STATE:
    case NODE_COMM:
    case NODE_OWNER:
    case NODE_WHY:
        break;
    }
    return match_leaf(filter, node, row, by_kernel) == (node->op != OP_NE);
}

bool filter_match(const struct filter *filter, const struct lastack_connection_row *row)
{
    if (filter->states != 0 && !match_state(filter->states, row))
        return false;
    /* "autobound" has two meanings, and ss demands both: the kernel chose the port, and it lies in
     * the range. */
    if (filter->needs_autobound && row->cookie != 0 && !match(filter, filter->root, row, true))
        return false;
    return filter->root < 0 || match(filter, filter->root, row, false);
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
