/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c: the memory plan: one walk over everything, done twice (arena.h).
 *
 * Nothing here touches memory in proportion to a limit: pools and the index start empty and are
 * touched as they are used. The memory comes zeroed (a fresh mapping), which some of them rely on.
 */
#include "core.h"

void lastack_config_default(struct lastack_config *config)
{
    *config = (struct lastack_config){
        .max_connections = 4096,
        .max_time_waits_ipv4 = 65536,
        .max_time_waits_ipv6 = 65536,
        .max_syn_entries = 4096,
        .max_syn_budgets = 4096,
        .max_sockets = 8192,
        .max_descriptors = 16384,
        .max_pages = 16384,
        .page_size = 4096,
        .max_ranges = 65536,
        .max_replies = 4096,
        .max_endpoints = 8192,
        .max_links = 8,
        .max_routes = 32,
        .max_addresses = 32,
        .max_neighbors = 1024,
        .max_paths = 1024,
        .max_reassemblies = 16,
        .max_udp_sockets = 64,
        .udp_queue_bytes = 65536,
        .max_watches = 8192,
        .trace_records = 4096,
        .trace_classes = LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_DROP,
        .shard_count = 1,
    };
    lastack_params_linux(&config->params);
}

static bool is_power_of_two(uint32_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

bool config_is_valid(const struct lastack_config *config)
{
    const uint32_t most = 1u << FLOW_INDEX_BITS;

    return config->max_connections >= 1 && config->max_connections < most &&
           config->max_time_waits_ipv4 < most && config->max_time_waits_ipv6 < most &&
           config->max_syn_entries >= 1 && config->max_syn_entries < most &&
           config->max_syn_budgets < most && config->max_sockets >= 1 &&
           config->max_sockets < most && config->max_descriptors >= 1 &&
           config->max_descriptors < 1u << 30 && config->max_pages >= 2 &&
           config->max_pages < 1u << 30 && is_power_of_two(config->page_size) &&
           config->page_size >= 1024 && config->page_size <= 65536 && config->max_ranges >= 1 &&
           config->max_ranges < most && config->max_replies >= 1 && config->max_replies < most &&
           config->max_endpoints >= 1 && config->max_endpoints < most && config->max_links >= 1 &&
           config->max_links <= LINKS_MOST && config->max_routes >= 1 &&
           config->max_routes <= 65536 && config->max_addresses >= 2 &&
           config->max_addresses <= 65536 && config->max_neighbors < most &&
           config->max_paths < most && config->max_reassemblies <= 65536 &&
           config->max_udp_sockets < most && config->max_watches < most &&
           config->udp_queue_bytes >= 2048 && config->udp_queue_bytes <= 1u << 24 &&
           (config->trace_records == 0 || is_power_of_two(config->trace_records)) &&
           config->shard_count >= 1 && config->shard_id < config->shard_count;
}

/* How many tuples the index may have to hold. */
static uint32_t index_limit(const struct lastack_config *config)
{
    const uint64_t sum = (uint64_t)config->max_connections + config->max_time_waits_ipv4 +
                         config->max_time_waits_ipv6 + config->max_syn_entries;

    return sum > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)sum;
}

/* At any time few connections are repairing losses: one in eight may, and some in any case. */
static uint32_t recovery_limit(const struct lastack_config *config)
{
    return config->max_connections / 8 + 64;
}

/* Whoever writes may wait for a page: a connection, a datagram socket. */
static uint32_t waiter_limit(const struct lastack_config *config)
{
    return config->max_connections + config->max_udp_sockets;
}

struct plan {
    void *index, *conns, *write_queues, *waiters, *time_waits, *syns, *listeners, *pages, *ranges;
    void *recoveries, *replies, *endpoints, *syn_budgets, *fast_open, *urgents;
    void *links, *routes, *trace, *loopback, *neighbors, *paths, *reassembly, *udp;
};

static void lay_out_stack(struct arena *arena, const struct lastack_config *config,
                          struct plan *plan)
{
    plan->links = arena_take(arena, links_size(config->max_links, config->max_addresses));
    plan->routes = arena_take(arena, routes_size(config->max_routes));
    plan->neighbors = arena_take(arena, neighbors_size(config->max_neighbors));
    plan->paths = arena_take(arena, paths_size(config->max_paths));
    plan->reassembly = arena_take(arena, reassembly_size(config->max_reassemblies));
    plan->udp = arena_take(arena, local_endpoints_size(config->max_sockets));
    plan->trace =
        arena_take_array(arena, sizeof(struct lastack_trace_record), config->trace_records);
    plan->loopback = arena_take(arena, LOOPBACK_MTU);
    plan->index = arena_take(arena, hash_index_size(index_limit(config)));
    plan->conns = arena_take(arena, pool_size(sizeof(struct tcp_conn), config->max_connections));
    plan->write_queues =
        arena_take(arena, pool_size(sizeof(struct write_queue), config->max_connections));
    plan->waiters = arena_take(arena, pool_size(sizeof(struct page_waiter), waiter_limit(config)));
    plan->listeners = arena_take(arena, pool_size(sizeof(struct listener), config->max_sockets));
    plan->time_waits =
        arena_take(arena, time_wait_size(config->max_time_waits_ipv4, config->max_time_waits_ipv6));
    plan->syns = arena_take(arena, syn_cache_size(config->max_syn_entries));
    plan->syn_budgets = arena_take(arena, syn_limit_size(config->max_syn_budgets));
    plan->urgents = arena_take_array(arena, sizeof(struct urgent), config->max_connections);
    plan->fast_open = arena_take(arena, fast_open_cache_size(config->max_paths));
    plan->ranges = arena_take(arena, pool_size(sizeof(struct range), config->max_ranges));
    plan->recoveries = arena_take(arena, pool_size(sizeof(struct repair), recovery_limit(config)));
    plan->replies = arena_take(arena, pool_size(sizeof(struct reply), config->max_replies));
    plan->endpoints = arena_take(arena, local_endpoints_size(config->max_endpoints));
    plan->pages = arena_take(arena, page_pool_size(config->page_size, config->max_pages));
}

/* Each use of the seed has a key of its own, so that learning one secret tells nothing about
 * another. */
static struct siphash_key derive_key(const uint8_t seed[32], uint64_t purpose)
{
    const struct siphash_key first = siphash_key(seed);
    const struct siphash_key second = siphash_key(seed + 16);

    return (struct siphash_key){siphash24_words(&first, &purpose, 1),
                                siphash24_words(&second, &purpose, 1)};
}

enum purpose {
    KEY_INDEX = 1,
    KEY_ISN,
    KEY_PORTS,
    KEY_RNG,
    KEY_ENDPOINTS,
    KEY_NEIGHBORS,
    KEY_PATHS,
    KEY_ICMP,
    KEY_UDP,
    KEY_COOKIE_TUPLE,
    KEY_COOKIE_MINUTE,
    KEY_SYN_LIMIT,
    KEY_FAST_OPEN,
    KEY_FAST_OPEN_CACHE
};

static void place_tcp(struct lastack *stack, const struct plan *plan)
{
    const struct lastack_config *config = &stack->config;
    struct tcp *tcp = &stack->tcp;
    const struct siphash_key ports_key = derive_key(config->seed, KEY_PORTS);
    const struct siphash_key endpoints_key = derive_key(config->seed, KEY_ENDPOINTS);
    const struct siphash_key cache_key = derive_key(config->seed, KEY_FAST_OPEN_CACHE);
    const struct siphash_key limit_key = derive_key(config->seed, KEY_SYN_LIMIT);

    tcp->params = config->params;
    tcp->report = (struct report){.ring = &stack->trace, .counters = stack->counters};
    report_set_time(&tcp->report, stack->now);
    tcp->until_check = CHECK_PERIOD;
    tcp->index.key = derive_key(config->seed, KEY_INDEX);
    hash_index_init(&tcp->index.slots, plan->index, index_limit(config));
    pool_init(&tcp->conns, plan->conns, sizeof(struct tcp_conn), config->max_connections);
    pool_init(&tcp->write_queues, plan->write_queues, sizeof(struct write_queue),
              config->max_connections);
    wheel_init(&tcp->wheel, plan->conns, sizeof(struct tcp_conn), offsetof(struct tcp_conn, timer),
               stack->now);
    time_wait_init(&tcp->time_waits, plan->time_waits, config->max_time_waits_ipv4,
                   config->max_time_waits_ipv6, stack->now);
    syn_cache_init(&tcp->syns, plan->syns, config->max_syn_entries, stack->now);
    syn_limit_init(&tcp->syn_limit, plan->syn_budgets, config->max_syn_budgets, &limit_key);
    fast_open_cache_init(&tcp->fast_open_cache, plan->fast_open, config->max_paths, &cache_key);
    tcp->fast_open_keys =
        (struct fast_open_keys){.key = {derive_key(config->seed, KEY_FAST_OPEN)}, .count = 1};
    pool_init(&tcp->listeners, plan->listeners, sizeof(struct listener), config->max_sockets);
    pool_init(&tcp->ranges, plan->ranges, sizeof(struct range), config->max_ranges);
    pool_init(&tcp->recoveries, plan->recoveries, sizeof(struct repair), recovery_limit(config));
    replies_init(&tcp->replies, plan->replies, config->max_replies);
    page_pool_init(&tcp->pages, plan->pages, config->page_size, config->max_pages,
                   config->max_pages / 16);
    local_endpoints_init(&tcp->endpoints, plan->endpoints, config->max_endpoints, &endpoints_key);
    ports_init(&tcp->ports, &ports_key);
    for (unsigned i = 0; i < TCP_LANES; i++)
        tcp->lanes[i] = (struct send_queue){POOL_NONE, POOL_NONE};
    tcp->wake_head = tcp->wake_tail = tcp->listener_wake = POOL_NONE;
    pool_init(&tcp->waiters, plan->waiters, sizeof(struct page_waiter), waiter_limit(config));
    age_list_init(&tcp->page_waiters, &tcp->waiters, offsetof(struct page_waiter, node));
    tcp->time_wait_warned_at = NEVER;
    tcp->isn_key = derive_key(config->seed, KEY_ISN);
    tcp->cookie_keys.tuple = derive_key(config->seed, KEY_COOKIE_TUPLE);
    tcp->cookie_keys.minute = derive_key(config->seed, KEY_COOKIE_MINUTE);
    rng_init(&tcp->rng, derive_key(config->seed, KEY_RNG).k0);
    tcp->path = stack_path;
    tcp->doubt = stack_doubt;
    tcp->urgents = plan->urgents;
    tcp->path_context = stack;
}

static void place_ip(struct lastack *stack, const struct plan *plan)
{
    const struct lastack_config *config = &stack->config;
    const struct siphash_key neighbors_key = derive_key(config->seed, KEY_NEIGHBORS);
    const struct siphash_key paths_key = derive_key(config->seed, KEY_PATHS);
    const struct siphash_key icmp_key = derive_key(config->seed, KEY_ICMP);
    const struct siphash_key udp_key = derive_key(config->seed, KEY_UDP);

    links_init(&stack->links, plan->links, config->max_links, config->max_addresses);
    routes_init(&stack->routes, plan->routes, config->max_routes);
    neighbors_init(&stack->neighbors, plan->neighbors, config->max_neighbors, &neighbors_key,
                   stack->now);
    paths_init(&stack->paths, plan->paths, config->max_paths, &paths_key);
    reassembly_init(&stack->reassembly, plan->reassembly, config->max_reassemblies);
    icmp_limit_init(&stack->icmp_limit, &icmp_key);
    messages_init(&stack->messages);
    local_endpoints_init(&stack->udp_endpoints, plan->udp, config->max_sockets, &udp_key);
}

struct lastack *stack_place(struct arena *arena, const struct lastack_config *config, int64_t now)
{
    struct lastack *stack = arena_take(arena, sizeof *stack);
    struct plan plan;

    lay_out_stack(arena, config, &plan);
    if (stack == NULL)
        return NULL;
    stack->config = *config;
    stack->now = now;
    trace_ring_init(&stack->trace, plan.trace, config->trace_records);
    trace_ring_switch(&stack->trace, config->trace_classes, config->trace_hash);
    place_ip(stack, &plan);
    stack->loopback_text = plan.loopback;
    place_tcp(stack, &plan);
    return stack;
}

void stack_set_time(struct lastack *stack, int64_t now)
{
    CHECK(now >= stack->now);
    stack->now = now;
    report_set_time(&stack->tcp.report, now);
}

/* ---- links, addresses, routes ---- */

/* What was known of any destination may be over. */
static void routes_changed(struct lastack *stack)
{
    stack->destination.is_set = false;
    stack->tcp.path_changes++;
}

int lastack_add_link(struct lastack *stack, const struct lastack_link_config *link)
{
    routes_changed(stack);
    stack->has_neighbors = stack->has_neighbors || link->kind == LASTACK_LINK_ETHERNET;
    return links_add(&stack->links, link);
}

void lastack_set_link_up(struct lastack *stack, uint32_t link, bool is_up)
{
    CHECK(link < stack->links.link_count && link != LINK_LOOPBACK);
    link_at(&stack->links, link)->is_up = is_up;
}

int lastack_add_address(struct lastack *stack, uint32_t link, const struct lastack_address *address,
                        unsigned prefix_length)
{
    int error = links_add_address(&stack->links, link, address, prefix_length);

    routes_changed(stack);
    if (error < 0 || link == LINK_LOOPBACK)
        return error;
    error = routes_add(&stack->routes, &stack->links, address, prefix_length, link, NULL);
    if (error < 0)
        links_undo_address(&stack->links);
    return error;
}

int lastack_add_route(struct lastack *stack, const struct lastack_address *prefix,
                      unsigned prefix_length, uint32_t link, const struct lastack_address *via)
{
    routes_changed(stack);
    return routes_add(&stack->routes, &stack->links, prefix, prefix_length, link, via);
}
