/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives_watch.c: traces and packets of a world of lives: counted, shown to whoever watches, or
 * swallowed by a wire that was cut.
 */
#include "lives_inside.h"

/* ---- the wire ---- */

struct ends_of_packet {
    uint16_t source, destination;
};

/* Ports of a TCP packet; false if it is none. Stacks write no IP options. */
static bool read_ports(const uint8_t *data, uint32_t length, struct ends_of_packet *ports)
{
    const bool is_ipv4 = length > 0 && data[0] >> 4 == 4;
    const uint32_t at = is_ipv4 ? IPV4_HEADER : IPV6_HEADER;

    if (length < at + 4 || data[is_ipv4 ? 9 : 6] != IP_PROTOCOL_TCP)
        return false;
    ports->source = load16(data + at);
    ports->destination = load16(data + at + 2);
    return true;
}

/* Does a packet that `host` sends belong to the life? */
static bool is_of_life(const struct life *life, unsigned host, const uint8_t *data, uint32_t length)
{
    const unsigned which = life->host[0] == host ? 0 : 1;
    struct ends_of_packet ports;

    return read_ports(data, length, &ports) && (data[0] >> 4 == 6) == life->plan.is_ipv6 &&
           ports.source == life->endpoint[which].port &&
           ports.destination == life->endpoint[1 - which].port;
}

/* No later life has taken its port over. */
static bool has_its_port(const struct lives *lives, const struct life *life)
{
    const struct lives_host *own = &lives->host[life->host[0]];

    return own->life_of_port[life->plan.is_ipv6][life->endpoint[0].port] == life - lives->life + 1;
}

bool lives_may_pass(void *context, unsigned host, const uint8_t *data, uint32_t length)
{
    const struct lives *lives = context;

    if (lives->silent_count == 0)
        return true;
    for (unsigned i = 0; i < lives->setting.at_once; i++) {
        const struct life *life = &lives->life[i];

        if (life->is_used && life->silent_at <= lives->world.now && has_its_port(lives, life) &&
            is_of_life(life, host, data, length))
            return false;
    }
    return true;
}

/* ---- traces, and the life that is watched ---- */

static bool is_same_endpoint(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

static bool is_watched(const struct lives *lives, unsigned host, const struct lastack_endpoint *a,
                       const struct lastack_endpoint *b)
{
    const struct life *life = &lives->watched;
    const unsigned which = life->host[0] == host ? 0 : 1;

    return is_same_endpoint(a, &life->endpoint[which]) &&
           is_same_endpoint(b, &life->endpoint[1 - which]);
}

static void show_record(struct lives *lives, unsigned host,
                        const struct lastack_trace_record *record)
{
    struct lives_host *own = &lives->host[host];

    if (!lives->watched.is_used)
        return;
    if (record->what == LASTACK_TRACE_FLOW) {
        const struct lastack_endpoint local = {record->u.flow_addresses.local, record->local_port};
        const struct lastack_endpoint remote = {record->u.flow_addresses.remote,
                                                record->remote_port};

        if (is_watched(lives, host, &local, &remote))
            own->watched_flow = record->flow;
    }
    if (record->flow == own->watched_flow && lives->watcher->on_record != NULL)
        lives->watcher->on_record(lives->watcher->context, host, record);
}

void lives_read_trace(struct lives *lives, unsigned host)
{
    struct lastack_trace_record records[64];
    uint64_t lost = 0;
    size_t count;

    while ((count = lastack_trace_read(lives_stack(lives, host), &lives->host[host].trace_at,
                                       records, 64, &lost)) > 0) {
        for (size_t i = 0; i < count; i++) {
            state_census_take(&lives->result->census, &records[i]);
            show_record(lives, host, &records[i]);
        }
    }
    if (lost > 0)
        lives_fail(lives, NULL, "the trace ring was too short for one step");
}

/* What a packet did is told before the packets that answer it. */
static void show_packet(struct lives *lives, unsigned host, bool arrives, const uint8_t *data,
                        uint32_t length)
{
    if (!lives->watched.is_used || lives->watcher->on_packet == NULL ||
        !is_of_life(&lives->watched, arrives ? 1 - host : host, data, length))
        return;
    lives_read_trace(lives, host);
    lives->watcher->on_packet(lives->watcher->context, lives->world.now, host, arrives, data,
                              length);
}

void lives_on_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                     uint32_t length)
{
    (void)now;
    show_packet(context, host, false, data, length);
}

void lives_on_arrival(void *context, int64_t now, unsigned host, const uint8_t *data,
                      uint32_t length)
{
    (void)now;
    show_packet(context, host, true, data, length);
}

void lives_fold_hash(struct lives *lives, unsigned host)
{
    lives->result->trace_hash =
        lives->result->trace_hash * 31 + lastack_trace_hash(lives_stack(lives, host));
}

/* A later life has the addresses of the one that is watched: what follows is about that one. */
void lives_watch_port(struct lives *lives, const struct life *life)
{
    for (unsigned i = 0; i < 2; i++) {
        if (life->number != lives->watched.number &&
            is_same_endpoint(&life->endpoint[0], &lives->watched.endpoint[i]) &&
            is_same_endpoint(&life->endpoint[1], &lives->watched.endpoint[1 - i]))
            lives->watched.is_used = false;
    }
}

void lives_watch_begin(struct lives *lives, const struct life *life)
{
    const struct sim_watcher *watcher = lives->watcher;

    if (watcher == NULL || lives->watched_life != life->number)
        return;
    lives->watched = *life;
    if (watcher->on_begin != NULL)
        watcher->on_begin(watcher->context, lives->world.now, life->host[0], &life->endpoint[0],
                          &life->endpoint[1]);
}
