/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flows.c: see flows.h. Two hash tables with chains, by flow number and by endpoints, over one
 * array of pointers.
 */
#include "flows.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1 << 14, NONE = 0 };

struct flows {
    bool wants_news;
    struct flow *flow[FLOWS_MAX + 1]; /* from 1; NULL: free */
    uint32_t free_index[FLOWS_MAX];
    uint32_t free_count, index_count;
    uint32_t by_id[BUCKETS], by_ends[BUCKETS];
    uint32_t count; /* ever seen */
    uint32_t detailed[FLOWS_DETAILED];
    uint32_t detailed_count, watched;
    uint32_t gone; /* to be forgotten at the next call, or NONE */
};

struct flows *flows_new(bool wants_news)
{
    struct flows *flows = calloc(1, sizeof *flows);

    CHECK(flows != NULL);
    flows->wants_news = wants_news;
    return flows;
}

static void free_flow(struct flow *flow)
{
    free(flow->detail);
    text_free(&flow->news);
    free(flow);
}

void flows_free(struct flows *flows)
{
    for (uint32_t i = 1; i <= flows->index_count; i++)
        if (flows->flow[i] != NULL)
            free_flow(flows->flow[i]);
    free(flows);
}

/* ---- the two tables ---- */

static uint32_t bucket_of_id(uint64_t id)
{
    return (uint32_t)(id ^ id >> 32) % BUCKETS; /* a keyed hash already */
}

static uint32_t bucket_of_ends(const struct lastack_endpoint *local,
                               const struct lastack_endpoint *remote)
{
    uint32_t hash = (uint32_t)local->port << 16 | remote->port;

    for (unsigned i = 0; i < 16; i++)
        hash = (hash ^ local->address.bytes[i] ^ (uint32_t)remote->address.bytes[i] << 8) *
               0x9e3779b1u;
    return (hash >> 16 ^ hash) % BUCKETS;
}

static bool has_ends(const struct flow *flow, const struct lastack_endpoint *local,
                     const struct lastack_endpoint *remote)
{
    return flow->local.port == local->port && flow->remote.port == remote->port &&
           lastack_address_equal(&flow->local.address, &local->address) &&
           lastack_address_equal(&flow->remote.address, &remote->address);
}

static void link_in(struct flows *flows, uint32_t index)
{
    struct flow *flow = flows->flow[index];
    uint32_t *id = &flows->by_id[bucket_of_id(flow->id)];
    uint32_t *ends = &flows->by_ends[bucket_of_ends(&flow->local, &flow->remote)];

    flow->next_by_id = *id;
    *id = index;
    flow->next_by_ends = *ends;
    *ends = index;
}

static void link_out(struct flows *flows, uint32_t index)
{
    struct flow *flow = flows->flow[index];
    uint32_t *at = &flows->by_id[bucket_of_id(flow->id)];

    while (*at != index)
        at = &flows->flow[*at]->next_by_id;
    *at = flow->next_by_id;
    at = &flows->by_ends[bucket_of_ends(&flow->local, &flow->remote)];
    while (*at != index)
        at = &flows->flow[*at]->next_by_ends;
    *at = flow->next_by_ends;
}

static uint32_t find_id(const struct flows *flows, uint64_t id)
{
    uint32_t index = flows->by_id[bucket_of_id(id)];

    while (index != NONE && flows->flow[index]->id != id)
        index = flows->flow[index]->next_by_id;
    return index;
}

struct flow *flows_find(struct flows *flows, const struct lastack_endpoint *local,
                        const struct lastack_endpoint *remote)
{
    uint32_t index = flows->by_ends[bucket_of_ends(local, remote)];

    while (index != NONE && !has_ends(flows->flow[index], local, remote))
        index = flows->flow[index]->next_by_ends;
    return index == NONE ? NULL : flows->flow[index];
}

/* ---- coming and going ---- */

static void add_detail(struct flows *flows, uint32_t index)
{
    struct flow *flow = flows->flow[index];

    if (flows->detailed_count == FLOWS_DETAILED)
        return;
    flow->detail = calloc(1, sizeof *flow->detail);
    CHECK(flow->detail != NULL);
    infer_init(&flow->detail->infer);
    flows->detailed[flows->detailed_count++] = index;
    flows->watched++;
}

/* A free index, or NONE. */
static uint32_t take_index(struct flows *flows)
{
    if (flows->free_count > 0)
        return flows->free_index[--flows->free_count];
    return flows->index_count < FLOWS_MAX ? ++flows->index_count : NONE;
}

static struct flow *add(struct flows *flows, const struct lastack_trace_record *record)
{
    uint32_t index = take_index(flows);
    struct flow *flow;

    flows->count++;
    if (index == NONE)
        return NULL;
    flow = calloc(1, sizeof *flow);
    CHECK(flow != NULL);
    flows->flow[index] = flow;
    flow->id = record->flow;
    flow->local = (struct lastack_endpoint){record->u.flow_addresses.local, record->local_port};
    flow->remote = (struct lastack_endpoint){record->u.flow_addresses.remote, record->remote_port};
    flow->number = flows->count;
    flow->state = TCP_CLOSED;
    flow->opened_at = flow->changed_at = record->time_ns;
    flow->closed_first = -1;
    add_detail(flows, index);
    link_in(flows, index);
    return flow;
}

static void forget_gone(struct flows *flows)
{
    uint32_t index = flows->gone;

    flows->gone = NONE;
    if (index == NONE)
        return;
    link_out(flows, index);
    free_flow(flows->flow[index]);
    flows->flow[index] = NULL;
    flows->free_index[flows->free_count++] = index;
}

/* ---- records ---- */

static void note_state(struct flow *flow, const struct lastack_trace_record *record)
{
    bool is_open = record->old_state != TCP_CLOSED && record->old_state != TCP_LISTEN;

    flow->state = (enum tcp_state)record->new_state;
    flow->cause = (enum lastack_cause)record->cause;
    flow->changed_at = record->time_ns;
    if (flow->closed_first < 0 && is_open) {
        if (record->new_state == TCP_FIN_WAIT_1)
            flow->closed_first = END_OURS;
        else if (record->new_state == TCP_CLOSE_WAIT)
            flow->closed_first = END_PEER;
    }
}

static void tell_state(struct flow *flow, const struct lastack_trace_record *record)
{
    text_addf(&flow->news, "%s%s -> %s: %s", flow->news.length > 0 ? "; " : "",
              lastack_state_text((enum tcp_state)record->old_state),
              lastack_state_text((enum tcp_state)record->new_state),
              lastack_cause_text((enum lastack_cause)record->cause));
}

/* Once for each detailed flow. */
static void count_over(struct flows *flows, struct flow *flow)
{
    if (flow->detail == NULL || flow->detail->is_over ||
        (flow->state != TCP_TIME_WAIT && flow->state != TCP_CLOSED))
        return;
    flow->detail->is_over = true;
    flows->watched--;
}

/* Adds to the news. */
static void tell(struct flow *flow, const struct lastack_trace_record *record)
{
    const char *separator = flow->news.length > 0 ? "; " : "";

    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_STATE:
        tell_state(flow, record);
        break;
    case LASTACK_TRACE_RETRANSMIT:
        text_addf(&flow->news, "%ssent again: %s", separator,
                  lastack_cause_text((enum lastack_cause)record->cause));
        break;
    case LASTACK_TRACE_DROP:
        text_addf(&flow->news, "%sdropped: %s", separator,
                  lastack_cause_text((enum lastack_cause)record->cause));
        break;
    case LASTACK_TRACE_TIME_WAIT_RESTART:
        text_addf(&flow->news, "%s2MSL restarts: %s", separator,
                  lastack_cause_text((enum lastack_cause)record->cause));
        break;
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_ACCEPTED:
    case LASTACK_TRACE_GONE:
    case LASTACK_TRACE_TIMER_ARMED:
    case LASTACK_TRACE_TIMER_FIRED:
    case LASTACK_TRACE_TIMER_STOPPED:
    case LASTACK_TRACE_REFUSED:
    case LASTACK_TRACE_WARNING:
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
    case LASTACK_TRACE_COUNT:
        break;
    }
}

/* Two lives of the same endpoints have the same number: the older one, if it was kept, is found no
 * more. */
static void retire(struct flows *flows, uint32_t index)
{
    link_out(flows, index);
    flows->flow[index]->was_reused = true;
    if (flows->flow[index]->detail != NULL)
        return; /* still listed among the detailed */
    free_flow(flows->flow[index]);
    flows->flow[index] = NULL;
    flows->free_index[flows->free_count++] = index;
}

struct flow *flows_take(struct flows *flows, const struct lastack_trace_record *record)
{
    uint32_t index;
    struct flow *flow;

    forget_gone(flows);
    index = find_id(flows, record->flow);
    if (record->what == LASTACK_TRACE_FLOW) {
        if (record->remote_port == 0)
            return NULL; /* a listener: no connection */
        if (index != NONE)
            retire(flows, index);
        return add(flows, record);
    }
    if (index == NONE)
        return NULL;
    flow = flows->flow[index];
    if (flows->wants_news)
        tell(flow, record);
    if (record->what == LASTACK_TRACE_STATE) {
        note_state(flow, record);
        count_over(flows, flow);
    }
    if (record->what == LASTACK_TRACE_GONE) {
        flow->is_gone = true;
        if (flow->detail == NULL)
            flows->gone = index;
    }
    return flow;
}

uint32_t flows_count(const struct flows *flows)
{
    return flows->count;
}

uint32_t flows_detailed(const struct flows *flows)
{
    return flows->detailed_count;
}

uint32_t flows_watched(const struct flows *flows)
{
    return flows->watched;
}

struct flow *flows_at(const struct flows *flows, uint32_t index)
{
    return flows->flow[flows->detailed[index]];
}
