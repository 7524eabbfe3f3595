/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics_stack.c: see metrics_stack.h. All samples of one metric stand together, as the format
 * wants it, so every stack is asked before anything is printed.
 */
#include "metrics_stack.h"

#include "instruments.h"
#include "json_names.h"
#include "stack_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIGURES_MAX = 64, STATES = 16, OWNERS = LASTACK_OWNER_KERNEL + 1 };

struct figures {
    char name[CONTROL_NAME_MAX + 1];
    uint64_t states[STATES], owners[OWNERS];
    struct lastack_pool_usage pools[LASTACK_POOL_COUNT];
    uint64_t causes[LASTACK_CAUSE_COUNT];
};

struct all {
    struct figures *list;
    size_t count;
};

/* ---- asking ---- */

static bool count_row(void *context, const struct lastack_connection_row *row)
{
    struct figures *figures = context;

    figures->states[row->state % STATES]++;
    if (row->owner_kind < OWNERS)
        figures->owners[row->owner_kind]++;
    return true;
}

static const char *const pool_names[] = {
#define LASTACK_X(name, text) text,
    LASTACK_POOLS(LASTACK_X)
#undef LASTACK_X
};

static void take_pool(void *context, const char *name, const struct lastack_pool_usage *usage)
{
    struct figures *figures = context;

    for (size_t pool = 0; pool < LASTACK_POOL_COUNT; pool++)
        if (strcmp(name, pool_names[pool]) == 0)
            figures->pools[pool] = *usage;
}

static void take_cause(void *context, enum lastack_cause cause, uint64_t count)
{
    struct figures *figures = context;

    if ((unsigned)cause < LASTACK_CAUSE_COUNT)
        figures->causes[cause] = count;
}

static bool ask(void *context, const struct control_stack *stack, struct control_client *client)
{
    static const struct host_query query = {
        .tcp = true, .ipv4 = true, .ipv6 = true, .states = DIAG_ALL_STATES};
    struct all *all = context;
    struct figures *figures = &all->list[all->count];
    struct trouble trouble = {0};

    if (all->count == FIGURES_MAX)
        return false;
    *figures = (struct figures){0}; /* of one that failed in the middle */
    snprintf(figures->name, sizeof figures->name, "%s", stack->name);
    if (!stack_rows("metrics", client, &query, count_row, figures) ||
        !control_pools(client, take_pool, figures, &trouble) ||
        !control_counters(client, take_cause, figures, &trouble)) {
        if (trouble.text[0] != '\0')
            fprintf(stderr, "lastack metrics: %s\n", trouble.text);
        return false;
    }
    all->count++;
    return true;
}

/* ---- printing ---- */

static void head(const char *name, const char *type, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put(const char *metric, const struct figures *figures, const char *label,
                const char *value, uint64_t number)
{
    printf("%s{stack=\"%s\",%s=\"%s\"} %" PRIu64 "\n", metric, figures->name, label, value, number);
}

static void print_states(const struct all *all)
{
    head("lastack_stack_connections", "gauge", "Connections of a lastack stack by state.");
    for (size_t i = 0; i < all->count; i++)
        for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
            put("lastack_stack_connections", &all->list[i], "state",
                lastack_state_text((enum tcp_state)state), all->list[i].states[state]);
    head("lastack_stack_owners", "gauge",
         "Connections of a lastack stack by who holds them, or why nobody does.");
    for (size_t i = 0; i < all->count; i++)
        for (int owner = 0; owner <= LASTACK_OWNER_SYN_REQUEST; owner++)
            put("lastack_stack_owners", &all->list[i], "owner",
                lastack_owner_text((enum lastack_owner)owner), all->list[i].owners[owner]);
}

static void print_pools(const struct all *all)
{
    static const struct {
        const char *name, *type, *help;
    } metrics[] = {
        {"lastack_stack_pool_used", "gauge", "Objects of a pool that are in use."},
        {"lastack_stack_pool_peak", "gauge", "The most that were in use at once."},
        {"lastack_stack_pool_limit", "gauge", "How many there may be."},
        {"lastack_stack_pool_refusals_total", "counter", "How often a full pool refused."},
    };

    for (size_t m = 0; m < sizeof metrics / sizeof metrics[0]; m++) {
        head(metrics[m].name, metrics[m].type, metrics[m].help);
        for (size_t i = 0; i < all->count; i++) {
            for (size_t pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
                const struct lastack_pool_usage *usage = &all->list[i].pools[pool];
                const uint64_t numbers[] = {usage->used, usage->peak, usage->limit,
                                            usage->refusals};

                put(metrics[m].name, &all->list[i], "pool", pool_names[pool], numbers[m]);
            }
        }
    }
}

/* Every cause, with 0 too: an absent series breaks alerts. */
static void print_causes(const struct all *all)
{
    head("lastack_stack_events_total", "counter",
         "What happened to connections and segments of a lastack stack, by cause.");
    for (size_t i = 0; i < all->count; i++) {
        for (int cause = 1; cause < LASTACK_CAUSE_COUNT; cause++) {
            json_t *name = json_cause((enum lastack_cause)cause);

            put("lastack_stack_events_total", &all->list[i], "cause", json_string_value(name),
                all->list[i].causes[cause]);
            json_decref(name);
        }
    }
}

int metrics_stack(const char *name)
{
    struct all all = {.list = calloc(FIGURES_MAX + 1, sizeof *all.list)};
    int status = STATUS_FINE;

    if (all.list == NULL)
        abort();
    if (stack_each("metrics", name, ask, &all) < 0)
        status = STATUS_PARTLY;
    if (all.count > 0) {
        print_states(&all);
        print_pools(&all);
        print_causes(&all);
    }
    free(all.list);
    return status;
}
