/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_values.c: what stands behind an operator, into a node: hosts, ports, states, numbers,
 * lengths of time, owners. Names are looked up through the scope, which may know none.
 */
#include "filter_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
static bool parse_port(struct filter_parser *p, const char *text, int *port)
{
    uint64_t number;
    if (strcmp(text, "*") == 0 || text[0] == '\0') {
        *port = -1;
        return true;
    }
    if (isdigit((unsigned char)text[0])) {
        if (!parse_u64(text, &number) || number > 65535) {
            filter_fail(p, p->word_at, "'%s' is no port (0 to 65535)", text);
            return false;
        }
        *port = (int)number;
        return true;
    }
    *port = p->scope->names != NULL && p->scope->names->service != NULL
                ? p->scope->names->service(text)
                : -1;
    if (*port < 0)
        filter_fail(p, p->word_at, "no service is called '%s'", text);
    return *port >= 0;
}

static bool resolve(struct filter_parser *p, const char *name, struct filter_node *node)
{
    if (p->scope->names != NULL && p->scope->names->host != NULL)
        node->address_count = p->scope->names->host(name, node->addresses, FILTER_ADDRESSES_MAX);
    if (node->address_count <= 0)
        filter_fail(p, p->word_at, "'%s' is no address and no host of that name is known", name);
    return node->address_count > 0;
}

/* ADDRESS[/PREFIX], brackets already off */
static bool parse_address(struct filter_parser *p, char *text, struct filter_node *node)
{
    if (strcmp(text, "*") == 0 || text[0] == '\0')
        return true;
    char *slash = strchr(text, '/');
    uint64_t bits = 128;
    if (slash != NULL) {
        *slash++ = '\0';
        if (!parse_u64(slash, &bits) || bits > 128) {
            filter_fail(p, p->word_at, "'%s' is no prefix length", slash);
            return false;
        }
    }
    node->prefix = 128;
    if (!lastack_address_parse(text, &node->addresses[0])) {
        if (slash == NULL && !isdigit((unsigned char)text[0]) && strchr(text, ':') == NULL)
            return resolve(p, text, node);
        filter_fail(p, p->word_at, "'%s' is no address", text);
        return false;
    }
    node->address_count = 1;
    bool is_ipv4 = lastack_is_ipv4(&node->addresses[0]) && strchr(text, ':') == NULL;
    if (slash != NULL && is_ipv4 && bits > 32) {
        filter_fail(p, p->word_at, "an IPv4 prefix is at most 32, not %s", slash);
        return false;
    }
    if ((is_ipv4 && node->family == FAMILY_INET6) || (!is_ipv4 && node->family == FAMILY_INET)) {
        filter_fail(p, p->word_at, "'%s' is of the other family", text);
        return false;
    }
    if (slash != NULL)
        node->prefix = (unsigned)bits + (is_ipv4 ? 96 : 0);
    return true;
}

/* [inet:|inet6:]ADDRESS[/PREFIX][:PORT], IPv6 with a port or at will in brackets */
static bool parse_host(struct filter_parser *p, struct filter_node *node)
{
    char text[FILTER_WORD_MAX];
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
        FILTER_FAIL(p, "only inet: and inet6: exist here; lastack shows TCP and UDP");
        return false;
    }
    if (host[0] == '[') {
        char *end = strchr(++host, ']');
        if (end == NULL) {
            FILTER_FAIL(p, "']' is missing");
            return false;
        }
        if (end[1] != '\0' && end[1] != ':' && end[1] != '/') {
            FILTER_FAIL(p, "after ']' comes :PORT or /PREFIX");
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

static bool parse_device(struct filter_parser *p, struct filter_node *node)
{
    if (p->scope->names != NULL && p->scope->names->device != NULL)
        node->number = p->scope->names->device(p->word);
    if (node->number != 0 || parse_u64(p->word, &node->number))
        return true;
    filter_fail(p, p->word_at, "no interface is called '%s'", p->word);
    return false;
}

static bool parse_cgroup(struct filter_parser *p, struct filter_node *node)
{
    if (p->scope->names != NULL && p->scope->names->cgroup != NULL)
        node->number = p->scope->names->cgroup(p->word);
    if (node->number == 0)
        filter_fail(p, p->word_at, "no cgroup (v2) is called '%s'", p->word);
    return node->number != 0;
}

static bool parse_mark(struct filter_parser *p, struct filter_node *node)
{
    char text[FILTER_WORD_MAX];
    memcpy(text, p->word, sizeof text);
    char *slash = strchr(text, '/');
    node->mask = UINT32_MAX;
    if (slash != NULL)
        *slash++ = '\0';
    if (!parse_u64(text, &node->number) || node->number > UINT32_MAX ||
        (slash != NULL && (!parse_u64(slash, &node->mask) || node->mask > UINT32_MAX))) {
        filter_fail(p, p->word_at, "'%s' is no mark: NUMBER[/MASK], 32 bits each", p->word);
        return false;
    }
    return true;
}

static bool parse_owner_kind(struct filter_parser *p, struct filter_node *node)
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
    filter_fail(p, p->word_at,
                "'%s' is no kind of owner: process, time_wait, orphan, accept_queue, syn_request, "
                "other_netns, "
                "no_permission, kernel",
                p->word);
    return false;
}

static bool parse_number(struct filter_parser *p, struct filter_node *node)
{
    const char *text =
        node->kind == NODE_NETNS && strncmp(p->word, "net:[", 5) == 0 ? p->word + 5 : p->word;
    char digits[FILTER_WORD_MAX];
    snprintf(digits, sizeof digits, "%s", text);
    if (text != p->word && digits[0] != '\0' && digits[strlen(digits) - 1] == ']')
        digits[strlen(digits) - 1] = '\0';
    if (parse_u64(digits, &node->number))
        return true;
    filter_fail(p, p->word_at, "'%s' is no number", p->word);
    return false;
}

static bool parse_port_value(struct filter_parser *p, struct filter_node *node)
{
    const char *text = p->word[0] == ':' ? p->word + 1 : p->word;
    if (strrchr(text, ':') != NULL) /* ADDRESS:PORT compares both, as in ss */
        return parse_host(p, node);
    return parse_port(p, text, &node->port);
}

bool filter_parse_value(struct filter_parser *p, struct filter_node *node)
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
            filter_fail(p, p->word_at, "no state or group is called '%s'", p->word);
        return node->mask != 0;
    case NODE_AGE:
        p->filter->needs_age = true;
        if (parse_duration(p->word, &node->number))
            return true;
        filter_fail(p, p->word_at, "'%s' is no length of time: 5, 5s, 200ms, 3m, 2h, 1d", p->word);
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
