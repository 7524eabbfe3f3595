/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.h: a TCP/IP stack that never does anything by itself.
 *
 * It has no clock, no thread, no socket, no allocator. You tell it what arrived and what time it
 * is; it tells you what to send, what happened and when to come back:
 *
 *   packets that arrived ─▶ lastack_input ─┐
 *   time that passed     ─▶ lastack_tick  ─┤        ┌─▶ lastack_output         until it returns 0
 *   calls on sockets     ─▶ socket.h      ─┴─ stack ┼─▶ lastack_next_event     until it is false
 *                                                   └─▶ lastack_next_deadline  sleep until then
 *
 * After any call on the left: output until 0, then events until none, then sleep until the next
 * deadline or the next packet. One thread per stack; any number of stacks per process.
 *
 * Time is an int64_t of nanoseconds from an origin of your choice, 0 or more and never backwards;
 * it may stand still or leap by years. Calls of socket.h happen at the time last told, so call
 * lastack_tick first if some time has passed.
 *
 * What only a mistake in the program can cause (a time before the last, the number of a link that
 * was never added) is no error value: it stops the program (lastack_check_failed). Pointers are not
 * looked at: NULL only where a comment says so, or for data of length 0.
 *
 * Memory is given once. lastack_size() says how many bytes a config needs; only what is used is
 * ever touched, so a lazily committed mapping of a generous config costs next to nothing.
 */
#ifndef LASTACK_STACK_H
#define LASTACK_STACK_H

#include "address.h"
#include "errors.h"
#include "packet.h"
#include "params.h"
#include "row.h"
#include "trace.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lastack;

/* Brought along by you: the stack found itself or its caller in contradiction. It must not return;
 * print, reset, abort. */
#ifdef __cplusplus
[[noreturn]]
#else
_Noreturn
#endif
void
lastack_check_failed(const char *expression, const char *file, int line);

/* Limits: how many of each there may be. Every limit, when reached, is an ordinary, counted
 * refusal. Where no range is given: below 2^29, and 0 is allowed for what need not be there
 * (max_time_waits_*, max_syn_budgets, max_neighbors, max_paths, max_reassemblies,
 * max_udp_sockets, max_watches, trace_records), 1 is the least for the others. */
struct lastack_config {
    struct lastack_params params;
    /* all randomness comes from it: keep it secret, or fixed for a repeatable run */
    uint8_t seed[32];
    uint32_t max_connections;
    uint32_t max_time_waits_ipv4;
    uint32_t max_time_waits_ipv6;
    uint32_t max_syn_entries;
    uint32_t max_syn_budgets; /* networks whose SYNs are counted at once (lastack_add_syn_rule) */
    uint32_t max_sockets;
    uint32_t max_descriptors;
    uint32_t max_pages;     /* for data, of page_size bytes; 2..2^30-1 */
    uint32_t page_size;     /* a power of two, 1024..65536; 4096 */
    uint32_t max_ranges;    /* holes and bursts of all connections together */
    uint32_t max_replies;   /* answers waiting that belong to no connection */
    uint32_t max_endpoints; /* local (address, port) pairs in use */
    uint32_t max_links;     /* loopback is one of them; 1..32 */
    uint32_t max_routes;    /* each address has one for its prefix; 1..65536 */
    uint32_t max_addresses; /* loopback has two of them; 2..65536 */
    uint32_t max_neighbors; /* on all Ethernet links together */
    uint32_t max_paths;     /* destinations whose path MTU is remembered */
    uint32_t max_udp_sockets;
    uint32_t max_watches;     /* of all epolls together */
    uint32_t udp_queue_bytes; /* of datagrams that wait to be read, per socket; 2048..2^24 */
    /* IP packets in pieces at once, about 66 KiB each, at most 65536; 0: fragments are refused */
    uint32_t max_reassemblies;
    uint32_t trace_records; /* ring size, a power of two, or 0 */
    uint32_t trace_classes; /* enum lastack_trace_class, or-ed */
    /* keep lastack_trace_hash up to date: costs, see docs/decisions/0006 */
    bool trace_hash;
    /* for a world with several stacks behind one address: this one owns the flows whose hash is
     * shard_id modulo shard_count. 1 and 0 otherwise. */
    uint32_t shard_count, shard_id;
};

/* A config for a small host: 4096 connections, 65536 TIME-WAITs, 64 MiB of pages; the linux
 * profile. The seed is zero: set it. */
void lastack_config_default(struct lastack_config *config);

/* Bytes that lastack_create needs for this config; 0 if a limit is out of range, or if all of them
 * together are more than this machine can address. config.params is not looked at. */
size_t lastack_size(const struct lastack_config *config);

/* Places a stack into `memory` (lastack_size bytes, aligned to 64, zeroed: a fresh mapping is) at
 * time `now`. Returns the stack, which is `memory`, or NULL if a limit is out of range, or a
 * parameter (lastack_params_fault says which), size too small, memory NULL or not aligned, or now
 * negative. `config` is copied. Nothing needs to be destroyed: when you are done, drop the memory.
 */
struct lastack *lastack_create(const struct lastack_config *config, void *memory, size_t size,
                               int64_t now);

/* ---- links, addresses, routes ---- */

enum lastack_link_kind {
    LASTACK_LINK_IP,       /* bare IP packets: tun */
    LASTACK_LINK_ETHERNET, /* frames: veth, tap; the stack does ARP and neighbour discovery */
};

struct lastack_link_config {
    enum lastack_link_kind kind;
    char name[16];  /* for viewers */
    uint8_t mac[6]; /* LASTACK_LINK_ETHERNET */
    uint32_t mtu;   /* largest IP packet, 576..65535 (68..1279 serve IPv4 only) */
    /* largest payload of one TCP frame handed out with a gso_size; 0 = none */
    uint32_t gso_max;
    bool checksum_out; /* the link finishes checksums (LASTACK_CHECKSUM_PARTIAL) */
};

/* The link's number (0 is the loopback link that always exists, with 127.0.0.1 and ::1), or a
 * negative LASTACK_E... number: -LASTACK_EINVAL (kind, mtu, gso_max above 65535, a mac that no
 * single host has), -LASTACK_ENOBUFS. It is up. Links, addresses and routes stay for as long as the
 * stack does: there is no call that takes one away. */
int lastack_add_link(struct lastack *stack, const struct lastack_link_config *link);
/* While a link (not 0) is down nothing is handed out for it: connections wait and their timers go
 * on, as with one that is full; datagrams and answers that belong to no connection are lost. What
 * arrives is taken all the same. */
void lastack_set_link_up(struct lastack *stack, uint32_t link, bool is_up);

/* Gives the stack an address on a link; the prefix becomes a route. 0 or a negative error, and then
 * nothing has changed: -LASTACK_EINVAL (no such link, the prefix too long, not one host's address,
 * a loopback address on another link than 0, IPv6 with an MTU below 1280), -LASTACK_EADDRINUSE (it
 * is ours already), -LASTACK_ENOBUFS. */
int lastack_add_address(struct lastack *stack, uint32_t link, const struct lastack_address *address,
                        unsigned prefix_length);

/* Longest prefix wins; via may be NULL (on link). The same prefix again takes the place of the
 * former. 0 or a negative error: -LASTACK_EINVAL (no such link, the prefix too long, via not of its
 * family or not one host), -LASTACK_ENOBUFS. */
int lastack_add_route(struct lastack *stack, const struct lastack_address *prefix,
                      unsigned prefix_length, uint32_t link, const struct lastack_address *via);

/* ---- the five calls ---- */

/* `count` packets arrived, on links that were added (not 0). Their memory is the caller's again
 * when this returns. A batch is answered after its last packet; batches of 8 to 64 make lookups
 * several times cheaper than single packets. */
void lastack_input(struct lastack *stack, int64_t now, const struct lastack_packet_in *packets,
                   size_t count);

/* Time passed: deadlines up to `now` act. */
void lastack_tick(struct lastack *stack, int64_t now);

/* Fills in up to `max` packets to send, most urgent first; returns how many. Payload is valid
 * until the next call that is not lastack_output; iov[0] points into the struct that was filled
 * in, even from a copy of it. A packet taken is a packet sent: if the link cannot take it now, keep
 * a copy, or drop it as a network would (TCP sends it again when its timer fires);
 * lastack_link_full stops the next ones. */
size_t lastack_output(struct lastack *stack, struct lastack_packet_out *packets, size_t max);

/* The link is full: nothing more is handed out for it until lastack_link_ready. Retransmissions
 * that fall due meanwhile leave as soon as it is ready; nothing is lost and no timer stops. */
void lastack_link_full(struct lastack *stack, uint32_t link);
void lastack_link_ready(struct lastack *stack, uint32_t link);

enum lastack_event_kind {
    LASTACK_EVENT_READABLE, /* data, the end of data, or a connection to accept */
    LASTACK_EVENT_WRITABLE, /* room in the send buffer again; also: connected */
    LASTACK_EVENT_ERROR,    /* an error is pending (SO_ERROR) */
    LASTACK_EVENT_HANGUP,   /* both directions closed */
    LASTACK_EVENT_URGENT,   /* the peer's urgent pointer advanced (lastack_at_mark, MSG_OOB) */
    /* delivery is failing for now: an ICMP error, or R1 retransmissions (lastack_soft_error);
     * LASTACK_TCP_ADVICE 0 switches it off */
    LASTACK_EVENT_ADVICE,
};

struct lastack_event {
    int descriptor; /* lowest descriptor of the socket */
    uint32_t kinds; /* 1 << enum lastack_event_kind, or-ed */
    uint64_t user;  /* as set by lastack_set_user */
};

/* The next socket on which something new happened since its last event (edge-triggered). Data that
 * was all read meanwhile is not news. */
bool lastack_next_event(struct lastack *stack, struct lastack_event *event);

/* When to call lastack_tick next: absolute ns, INT64_MAX = never; in the past: at once. May be
 * early, is never late. */
int64_t lastack_next_deadline(const struct lastack *stack);

/* ---- inspection ---- */

typedef bool lastack_row_callback(void *context, const struct lastack_connection_row *row);

enum lastack_row_flags {
    LASTACK_ROWS_LISTEN = 1 << 0,
    LASTACK_ROWS_CONNECTIONS = 1 << 1, /* all states but LISTEN, TIME-WAIT, half-open */
    LASTACK_ROWS_TIME_WAIT = 1 << 2,
    LASTACK_ROWS_SYN = 1 << 3,
    LASTACK_ROWS_BOUND = 1 << 4,
    LASTACK_ROWS_UDP = 1 << 5,
    LASTACK_ROWS_ALL = (1 << 6) - 1,
};

/* Calls `callback` for each row until it returns false. `cursor` starts at 0; when the callback
 * stopped the walk, calling again with it goes on behind that row. Rows that come or go between
 * calls may be missed; none is shown twice. Returns true when the walk is finished. */
bool lastack_rows(const struct lastack *stack, uint32_t flags, uint64_t *cursor,
                  lastack_row_callback *callback, void *context);

enum lastack_kill_verdict {
    LASTACK_KILLED,      /* closed; the peer was told by RST where the state asks for one */
    LASTACK_KILL_GONE,   /* no such connection any more */
    LASTACK_KILL_LISTEN, /* a listener, and `force` was not given */
};

/* Ends the connection, record or half-open request of this tuple (a listener: remote port 0). */
enum lastack_kill_verdict lastack_kill(struct lastack *stack, const struct lastack_endpoint *local,
                                       const struct lastack_endpoint *remote, bool force);

/* Live parameters (params.h). What a connection took over when it began stays with it, the rest
 * changes at once. Values are not checked here: ask lastack_params_fault first. */
const struct lastack_params *lastack_params(const struct lastack *stack);
void lastack_set_params(struct lastack *stack, const struct lastack_params *params);

/* ---- who may send how many SYNs ---- */

enum { LASTACK_SYN_RULES_MAX = 32 };
#define LASTACK_SYN_UNLIMITED UINT32_MAX

/*
 * A SYN that reaches a listener is held against the rules in their order; the first whose prefix
 * and port fit decides, and one that none fits passes. Refused SYNs are not answered, and counted
 * (LASTACK_CAUSE_DROP_SYN_LIMIT).
 */
struct lastack_syn_rule {
    struct lastack_address prefix; /* of the source; IPv4 ones as lastack_ipv4() makes them */
    uint8_t prefix_length;         /* 0..32 for IPv4, 0..128 for IPv6 */
    /* a budget for every network of this length within the prefix; 0: one for all of it */
    uint8_t each_length;
    uint16_t port;  /* the listener's; 0: any */
    uint32_t rate;  /* SYNs per second, 1..10^9; 0: none pass; or _UNLIMITED */
    uint32_t burst; /* SYNs at once, 1..10^9 */
};

/* Appends a rule; its number, -LASTACK_EINVAL for values out of range, -LASTACK_ENOBUFS when there
 * are LASTACK_SYN_RULES_MAX of them (or each_length is used with config.max_syn_budgets < 4). */
int lastack_add_syn_rule(struct lastack *stack, const struct lastack_syn_rule *rule);
/* Forgets all rules and what was counted for them. */
void lastack_clear_syn_rules(struct lastack *stack);
/* The index-th rule and how many SYNs it let pass and refused (each may be NULL); false: there is
 * none. */
bool lastack_syn_rule_at(const struct lastack *stack, uint32_t index, struct lastack_syn_rule *rule,
                         uint64_t *passed, uint64_t *refused);

/* How often each cause occurred. */
uint64_t lastack_counter(const struct lastack *stack, enum lastack_cause cause);

#define LASTACK_POOLS(X)                                                                           \
    X(CONNECTIONS, "connections")                                                                  \
    X(TIME_WAIT_IPV4, "time_wait_ipv4")                                                            \
    X(TIME_WAIT_IPV6, "time_wait_ipv6")                                                            \
    X(SYN_ENTRIES, "syn_entries")                                                                  \
    X(SOCKETS, "sockets")                                                                          \
    X(DESCRIPTORS, "descriptors")                                                                  \
    X(PAGES, "pages")                                                                              \
    X(RANGES, "ranges")                                                                            \
    X(REPLIES, "replies")                                                                          \
    X(ENDPOINTS, "endpoints")                                                                      \
    X(NEIGHBORS, "neighbors")                                                                      \
    X(PATHS, "paths")

enum lastack_pool {
#define LASTACK_X(name, text) LASTACK_POOL_##name,
    LASTACK_POOLS(LASTACK_X)
#undef LASTACK_X
        LASTACK_POOL_COUNT
};

struct lastack_pool_usage {
    const char *name;
    uint32_t used, peak, limit, bytes_each;
    uint64_t refusals;
};

/* How full a pool is, was at its fullest, may become, and how often it had no more to give. */
void lastack_pool_usage(const struct lastack *stack, enum lastack_pool pool,
                        struct lastack_pool_usage *usage);

/* Looks at every table at once and stops the program (lastack_check_failed) if one contradicts
 * another. Takes time in proportion to everything that is held: for tests, simulations, fuzzers. */
void lastack_check(const struct lastack *stack);

/* ---- trace ---- */

/* Which records go into the ring from now on: enum lastack_trace_class, or-ed (config.trace_classes
 * at first). The hash does not depend on it. */
void lastack_trace_classes(struct lastack *stack, uint32_t classes);

/* Copies records that follow *cursor (0 at first) and moves it; returns how many. Records that were
 * overwritten unread are counted in *lost (may be NULL). */
size_t lastack_trace_read(const struct lastack *stack, uint64_t *cursor,
                          struct lastack_trace_record *records, size_t max, uint64_t *lost);

/* A hash over every field of every STATE, TIMER and DROP record so far, in a fixed byte order:
 * equal runs, equal hashes. Only with config.trace_hash. */
uint64_t lastack_trace_hash(const struct lastack *stack);

#ifdef __cplusplus
}
#endif

#endif
