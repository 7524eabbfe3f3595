/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_limit.c: see syn_limit.h.
 */
#include "syn_limit.h"

#include "bits.h"
#include "bytes.h"
#include "check.h"
#include "duration.h"
#include "ip_address.h"

/* An address as ::ffff:a.b.c.d or IPv6: a prefix of IPv4 counts from its 96th bit. */
static unsigned prefix_bits(const struct lastack_address *address, unsigned length)
{
    return ip_is_ipv4(address) ? 96 + length : length;
}

static bool address_starts_with(const struct lastack_address *address,
                                const struct lastack_address *prefix, unsigned bits)
{
    const unsigned bytes = bits / 8;
    const uint8_t mask = (uint8_t)(0xff00u >> bits % 8);

    return memcmp(address->bytes, prefix->bytes, bytes) == 0 &&
           (bits % 8 == 0 || ((address->bytes[bytes] ^ prefix->bytes[bytes]) & mask) == 0);
}

static struct lastack_address network_of(const struct lastack_address *address, unsigned bits)
{
    struct lastack_address network = {{0}};

    memcpy(network.bytes, address->bytes, bits / 8);
    if (bits % 8 != 0)
        network.bytes[bits / 8] = address->bytes[bits / 8] & (uint8_t)(0xff00u >> bits % 8);
    return network;
}

uint64_t syn_limit_size(uint32_t budgets)
{
    return (uint64_t)(budgets / SYN_BUDGET_WAYS) * SYN_BUDGET_WAYS * sizeof(struct syn_budget);
}

void syn_limit_init(struct syn_limit *limit, void *memory, uint32_t budgets,
                    const struct siphash_key *key)
{
    limit->count = 0;
    limit->lines = budgets / SYN_BUDGET_WAYS;
    limit->budgets = memory;
    limit->key = *key;
}

int syn_limit_add(struct syn_limit *limit, const struct lastack_syn_rule *rule)
{
    const unsigned most = ip_is_ipv4(&rule->prefix) ? 32 : 128;
    struct syn_rule *added;

    if (rule->prefix_length > most || rule->each_length > most ||
        (rule->each_length != 0 && rule->each_length < rule->prefix_length))
        return -LASTACK_EINVAL;
    if (rule->rate != 0 && rule->rate != LASTACK_SYN_UNLIMITED &&
        (rule->rate > 1000000000 || rule->burst == 0 || rule->burst > 1000000000))
        return -LASTACK_EINVAL;
    if (limit->count == LASTACK_SYN_RULES_MAX || (rule->each_length != 0 && limit->lines == 0))
        return -LASTACK_ENOBUFS;
    added = &limit->rules[limit->count];
    *added = (struct syn_rule){.rule = *rule};
    return (int)limit->count++;
}

void syn_limit_clear(struct syn_limit *limit)
{
    limit->count = 0;
    memset(limit->budgets, 0, (size_t)limit->lines * SYN_BUDGET_WAYS * sizeof(struct syn_budget));
}

/* Pays for one SYN if the debt allows it. */
static bool budget_pay(int64_t *full_at, const struct lastack_syn_rule *rule, int64_t now)
{
    const int64_t each = SEC(1) / rule->rate;
    const int64_t then = max64(*full_at, now) + each;

    if (then - now > each * rule->burst)
        return false;
    *full_at = then;
    return true;
}

/* The budget of a network: its own, or a fresh one in the place of the one with the least debt. */
static int64_t *budget_of(struct syn_limit *limit, uint32_t rule_index,
                          const struct lastack_address *remote)
{
    const struct lastack_syn_rule *rule = &limit->rules[rule_index].rule;
    const struct lastack_address network =
        network_of(remote, prefix_bits(remote, rule->each_length));
    const uint64_t words[3] = {load64(network.bytes), load64(network.bytes + 8), rule_index};
    const uint64_t hash = siphash13_words(&limit->key, words, 3) | 1;
    struct syn_budget *line =
        limit->budgets + (size_t)(((hash >> 32) * limit->lines) >> 32) * SYN_BUDGET_WAYS;
    struct syn_budget *least = line;

    for (unsigned i = 0; i < SYN_BUDGET_WAYS; i++) {
        if (line[i].network == hash)
            return &line[i].full_at;
        if (line[i].full_at < least->full_at)
            least = &line[i];
    }
    *least = (struct syn_budget){.network = hash};
    return &least->full_at;
}

static bool syn_rule_fits(const struct lastack_syn_rule *rule, const struct lastack_address *remote,
                          uint16_t port)
{
    if (rule->port != 0 && rule->port != port)
        return false;
    return ip_is_ipv4(&rule->prefix) == ip_is_ipv4(remote) &&
           address_starts_with(remote, &rule->prefix,
                               prefix_bits(&rule->prefix, rule->prefix_length));
}

bool syn_limit_pass(struct syn_limit *limit, const struct lastack_address *remote, uint16_t port,
                    int64_t now)
{
    for (uint32_t i = 0; i < limit->count; i++) {
        struct syn_rule *at = &limit->rules[i];
        bool may_pass;

        if (!syn_rule_fits(&at->rule, remote, port))
            continue;
        if (at->rule.rate == 0)
            may_pass = false;
        else if (at->rule.rate == LASTACK_SYN_UNLIMITED)
            may_pass = true;
        else
            may_pass =
                budget_pay(at->rule.each_length == 0 ? &at->full_at : budget_of(limit, i, remote),
                           &at->rule, now);
        at->passed += may_pass;
        at->refused += !may_pass;
        return may_pass;
    }
    return true;
}
