/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core.h: struct lastack, where the protocols meet.
 *
 *     input.c     bytes ─▶ wire parses ─▶ ip accepts ─▶ tcp, udp, icmp
 *     destination.c  the way to a host, as routes, links and learnt MTUs have it
 *     output.c    replies, then the connections that owe ─▶ headers ─▶ the links
 *     icmp_input.c  echo, errors to transports, neighbour discovery; and our own errors
 *     messages.c  ICMP and UDP packets that wait to leave
 *     loopback.c  link 0: what leaves there arrives at once, without becoming bytes
 *     plan.c      who gets which memory
 *     rows.c      STATUS (RFC 9293 §3.10.6) of everything
 *     inspect.c   parameters, counters, pools, trace
 *
 * The sockets of floor 4 live behind `sockets`; this floor never looks inside.
 */
#ifndef LASTACK_CORE_H
#define LASTACK_CORE_H

#include "arena.h"
#include "icmp_reply.h"
#include "ip_header.h"
#include "ip_input.h"
#include "links.h"
#include "messages.h"
#include "neighbor.h"
#include "path.h"
#include "reassembly.h"
#include "packet_parse.h"
#include "routes.h"
#include "tcp.h"
#include "trace_ring.h"
#include "udp_header.h"

#include <lastack/lastack.h>

enum { INPUT_BATCH = 32, LANE_PARKED = TCP_LANES - 1, LINKS_MOST = TCP_LANES - 2 };

/* A TCP segment that was parsed and waits for its turn in the batch. */
struct arrived {
    struct segment seg;
    uint64_t flow;
};

/* The destination asked for last (destination.c). */
struct destination {
    struct lastack_address remote;
    bool is_set; /* nothing has changed since that it was derived from */
    bool is_one_host;
    struct ip_route route; /* if path.is_reachable */
    struct tcp_path path;
};

struct lastack {
    struct lastack_config config;
    int64_t now;
    struct trace_ring trace;
    uint64_t counters[LASTACK_CAUSE_COUNT];
    struct links links;
    struct routes routes;
    struct neighbors neighbors;
    struct paths paths;
    struct reassembly reassembly;
    struct icmp_limit icmp_limit;
    struct messages messages;
    uint32_t neighbor_changes; /* neighbors.changes when the parked were looked at last */
    bool has_neighbors;        /* some link is an Ethernet */
    struct destination destination;
    struct tcp tcp;
    struct arrived batch[INPUT_BATCH];
    uint8_t *loopback_text; /* one packet's text on its way through link 0 */
    uint16_t ip_id;
    unsigned lane_turn; /* whose turn it is in output */
    enum lastack_cause last_cause;
    void *sockets;
    struct local_endpoints udp_endpoints;
    /* Floor 4 takes datagrams (false: no socket has that port) and learns of
     * errors about its own. */
    bool (*udp_arrives)(struct lastack *stack, const struct udp_datagram *datagram);
    void (*udp_unreachable)(struct lastack *stack, const struct ip_packet *quote, int error);
    /* Fills in the holder's columns of a row; set by the floor above. */
    void (*describe_owner)(const struct lastack *stack, uint32_t socket,
                           struct lastack_connection_row *row);
    /* Rows and pools that only the floor above knows: bound and UDP sockets. */
    bool (*upper_row)(const struct lastack *stack, uint32_t *index,
                      struct lastack_connection_row *row);
    void (*upper_usage)(const struct lastack *stack, enum lastack_pool pool,
                        struct lastack_pool_usage *usage);
};

static inline struct report *stack_report(struct lastack *stack)
{
    return &stack->tcp.report;
}

/* Limits in range? */
bool config_is_valid(const struct lastack_config *config);
/* Memory of floors 0-3, laid out in `arena` (counted only when its base is NULL). Returns the
 * stack (NULL while counting). */
struct lastack *stack_place(struct arena *arena, const struct lastack_config *config, int64_t now);

/* Time only moves forward. */
void stack_set_time(struct lastack *stack, int64_t now);

/* What link 0 has to carry is carried now; bounded. */
void loopback_run(struct lastack *stack);
void loopback_deliver(struct lastack *stack, const struct tcp_out *out);
void loopback_message(struct lastack *stack, struct message *message);

/* ---- icmp_input.c ---- */

void icmp_arrives(struct lastack *stack, const struct ip_arrival *arrival,
                  const struct ip_packet *packet, bool is_trusted);
/* Tells the sender why his packet was dropped, if the rules allow it. */
void stack_complain(struct lastack *stack, const struct ip_arrival *arrival,
                    const struct ip_packet *about, const struct icmp_error *error);

/* One row for each kind; used by rows.c and by status calls of the floor above. */
void row_of_conn(const struct lastack *stack, const struct tcp_conn *conn,
                 struct lastack_connection_row *row);
void row_of_listener(const struct lastack *stack, const struct listener *listener,
                     struct lastack_connection_row *row);

/* A dropped packet below TCP. */
static inline void stack_drop(struct lastack *stack, enum lastack_cause cause)
{
    report_count(&stack->tcp.report, cause);
}

/* ---- destination.c ---- */

/* What is known of a destination; good until the next is asked for. */
const struct destination *stack_destination(struct lastack *stack,
                                            const struct lastack_address *remote);
/* Its route alone; NULL: there is none. */
const struct ip_route *stack_route(struct lastack *stack, const struct lastack_address *remote);
/* The path of a connection, for struct tcp. */
const struct tcp_path *stack_path(void *context, const struct lastack_address *remote);
/* Retransmission to `remote` goes on in vain: its next hop is asked whether it is still there. */
void stack_doubt(void *context, const struct lastack_address *remote);

#endif
