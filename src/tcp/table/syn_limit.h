/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_limit.h: how many SYNs whom may send: a list of rules, and a budget for each network.
 *
 *     SYN from 198.51.100.77 ─▶ rules in their order ─▶ first whose prefix and port fit
 *                                                         │ its budget, or that of 198.51.100.0/24
 *                                                         ▼
 *                                               pass, or refused (counted)
 *
 * A budget is one number, the time at which it would be full again (a leaky bucket told as
 * "theoretical arrival time"): a SYN costs 1/rate of a second, and may be paid at most `burst` of
 * them ahead. One that is full remembers nothing, so budgets live in a table of fixed size, four to
 * a line: a newcomer takes the place of the one with the least debt. A flood from more networks
 * than the table has places is thereby limited less, never more: the SYN queue and cookies stand
 * behind.
 */
#ifndef LASTACK_SYN_LIMIT_H
#define LASTACK_SYN_LIMIT_H

#include "siphash.h"

#include <lastack/stack.h>

struct syn_budget {
    uint64_t network; /* keyed hash of rule and network; 0: free */
    int64_t full_at;
};

enum { SYN_BUDGET_WAYS = 4 };

struct syn_rule {
    struct lastack_syn_rule rule;
    uint64_t passed, refused;
    int64_t full_at; /* of a rule with one budget for all */
};

struct syn_limit {
    struct syn_rule rules[LASTACK_SYN_RULES_MAX];
    uint32_t count;
    uint32_t lines;
    struct syn_budget *budgets;
    struct siphash_key key;
};

uint64_t syn_limit_size(uint32_t budgets);
/* The memory is zeroed. */
void syn_limit_init(struct syn_limit *limit, void *memory, uint32_t budgets,
                    const struct siphash_key *key);

/* Its number; -LASTACK_EINVAL, -LASTACK_ENOBUFS. */
int syn_limit_add(struct syn_limit *limit, const struct lastack_syn_rule *rule);
void syn_limit_clear(struct syn_limit *limit);

/* A SYN from `remote` for `port` at `now`: may it be looked at? Takes it off the budget if so. */
bool syn_limit_pass(struct syn_limit *limit, const struct lastack_address *remote, uint16_t port,
                    int64_t now);

#endif
