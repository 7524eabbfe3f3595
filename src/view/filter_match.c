/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_match.c: does a row match? The tree is walked once per row, and touches nothing else.
 */
#include "filter_parts.h"

#include <fnmatch.h>
#include <string.h>

static bool compare(uint64_t a, enum filter_operator op, uint64_t b)
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

static bool match_host(const struct filter_node *node, const struct lastack_endpoint *end,
                       bool is_ipv6)
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

static bool match_port(const struct filter_node *node, const struct lastack_endpoint *end,
                       bool is_ipv6)
{
    if (node->op == OP_EQ || node->op == OP_NE)
        return match_host(node, end, is_ipv6) == (node->op == OP_EQ);
    return compare(end->port, node->op, (uint64_t)node->port);
}

static bool match_state(uint32_t mask, const struct lastack_connection_row *row)
{
    uint32_t bits = FILTER_BIT(row->state);
    if (row->state == TCP_CLOSED && row->protocol == LASTACK_PROTOCOL_TCP)
        bits |= FILTER_STATES_BOUND;
    return (bits & mask) != 0;
}

static bool match_leaf(const struct filter *filter, const struct filter_node *node,
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
    const struct filter_node *node = &filter->nodes[index];
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
