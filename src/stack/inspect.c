/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect.c: parameters, counters, pools and trace, as an instrument asks for them.
 */
#include "core.h"

const struct lastack_params *lastack_params(const struct lastack *stack)
{
    return &stack->tcp.params;
}

void lastack_set_params(struct lastack *stack, const struct lastack_params *params)
{
    stack->tcp.params = *params;
}

int lastack_add_syn_rule(struct lastack *stack, const struct lastack_syn_rule *rule)
{
    return syn_limit_add(&stack->tcp.syn_limit, rule);
}

void lastack_clear_syn_rules(struct lastack *stack)
{
    syn_limit_clear(&stack->tcp.syn_limit);
}

bool lastack_syn_rule_at(const struct lastack *stack, uint32_t index, struct lastack_syn_rule *rule,
                         uint64_t *passed, uint64_t *refused)
{
    const struct syn_limit *limit = &stack->tcp.syn_limit;

    if (index >= limit->count)
        return false;
    if (rule != NULL)
        *rule = limit->rules[index].rule;
    if (passed != NULL)
        *passed = limit->rules[index].passed;
    if (refused != NULL)
        *refused = limit->rules[index].refused;
    return true;
}

uint64_t lastack_counter(const struct lastack *stack, enum lastack_cause cause)
{
    CHECK((unsigned)cause < LASTACK_CAUSE_COUNT);
    return stack->counters[cause];
}

static struct lastack_pool_usage usage_of(const char *name, const struct pool *pool)
{
    return (struct lastack_pool_usage){
        name, pool->used, pool->peak, pool->limit, (uint32_t)pool->stride, pool->refusals};
}

void lastack_pool_usage(const struct lastack *stack, enum lastack_pool pool,
                        struct lastack_pool_usage *usage)
{
    const struct tcp *tcp = &stack->tcp;

    *usage = (struct lastack_pool_usage){.name = "?"};
    switch (pool) {
    case LASTACK_POOL_CONNECTIONS:
        *usage = usage_of("connections", &tcp->conns);
        return;
    case LASTACK_POOL_TIME_WAIT_IPV4:
        *usage = usage_of("time_wait_ipv4", &tcp->time_waits.ipv4.records.pool);
        return;
    case LASTACK_POOL_TIME_WAIT_IPV6:
        *usage = usage_of("time_wait_ipv6", &tcp->time_waits.ipv6.records.pool);
        return;
    case LASTACK_POOL_SYN_ENTRIES:
        *usage = usage_of("syn_entries", &tcp->syns.entries);
        return;
    case LASTACK_POOL_PAGES:
        *usage = (struct lastack_pool_usage){
            "pages",          tcp->pages.used,      tcp->pages.peak,
            tcp->pages.limit, tcp->pages.page_size, tcp->pages.refusals};
        return;
    case LASTACK_POOL_RANGES:
        *usage = usage_of("ranges", &tcp->ranges);
        return;
    case LASTACK_POOL_REPLIES:
        *usage = usage_of("replies", &tcp->replies.pool);
        return;
    case LASTACK_POOL_ENDPOINTS:
        *usage = usage_of("endpoints", &tcp->endpoints.entries);
        return;
    case LASTACK_POOL_NEIGHBORS:
        *usage = usage_of("neighbors", &stack->neighbors.pool);
        return;
    case LASTACK_POOL_PATHS:
        *usage = usage_of("paths", &stack->paths.pool);
        return;
    case LASTACK_POOL_SOCKETS:
    case LASTACK_POOL_DESCRIPTORS:
        if (stack->upper_usage != NULL)
            stack->upper_usage(stack, pool, usage);
        return;
    case LASTACK_POOL_COUNT:
        break;
    }
}

void lastack_trace_classes(struct lastack *stack, uint32_t classes)
{
    trace_ring_switch(&stack->trace, classes, stack->trace.hash_on);
}

size_t lastack_trace_read(const struct lastack *stack, uint64_t *cursor,
                          struct lastack_trace_record *records, size_t max, uint64_t *lost)
{
    return trace_read(&stack->trace, cursor, records, max, lost);
}

uint64_t lastack_trace_hash(const struct lastack *stack)
{
    return stack->trace.hash;
}
