/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_plan.c: see life_plan.h.
 *
 * Each draw is a statement of its own: within one initializer C leaves their order to the compiler.
 */
#include "life_plan.h"

/* Once in `often` times. */
static bool chance(struct rng *rng, uint32_t often)
{
    return rng_below(rng, often) == 0;
}

static int64_t draw_ms(struct rng *rng, uint32_t least, uint32_t most)
{
    return MS(least + rng_below(rng, most - least + 1));
}

/* ---- the setting ---- */

static void draw_recipe(struct rng *rng, struct lives_setting *setting)
{
    static const uint32_t levels[] = {0, 0, 1000, 10000, 30000, 100000};
    struct sim_recipe *recipe = &setting->recipe;

    recipe->delay_ns = chance(rng, 8) ? 0 : draw_ms(rng, 1, 50);
    recipe->jitter_ns = chance(rng, 2) ? 0 : MS(rng_below(rng, 20));
    recipe->rate_bps = chance(rng, 2) ? 0 : 1000000u + rng_below(rng, 100000000u);
    recipe->queue_bytes = 100000;
    recipe->loss_ppm = levels[rng_below(rng, 6)];
    recipe->duplicate_ppm = levels[rng_below(rng, 6)];
    recipe->reorder_ppm = levels[rng_below(rng, 6)];
    recipe->reorder_ns = draw_ms(rng, 1, 30);
    setting->is_rough = recipe->loss_ppm >= 30000;
    if (chance(rng, 6)) {
        setting->has_old_duplicates = true;
        recipe->replay_ppm = 20000;
        recipe->replay_most_ms = chance(rng, 2) ? 2000 : 100000;
    }
}

/* Options on the wire and policies, on top of the profile. */
static void draw_params(struct rng *rng, struct lastack_params *params)
{
    if (chance(rng, 4))
        params->sack = false;
    if (chance(rng, 4))
        params->timestamps = false;
    if (chance(rng, 4))
        params->window_scaling = false;
    if (chance(rng, 4))
        params->time_wait_ns = SEC(1 + rng_below(rng, 10));
    if (chance(rng, 4))
        params->time_wait_reuse = LASTACK_REUSE_ON;
    if (chance(rng, 8))
        params->time_wait_full = LASTACK_TIME_WAIT_EVICT_OLDEST;
    if (chance(rng, 8))
        params->delayed_ack_ns = params->delayed_ack_min_ns = MS(500);
    if (chance(rng, 6)) { /* small windows */
        params->receive_buffer_min = 256;
        params->receive_buffer = params->receive_buffer_max = 256 + rng_below(rng, 4096);
        params->autotune_receive = false;
    }
    if (chance(rng, 2))
        params->fast_open = LASTACK_FAST_OPEN_CLIENT | LASTACK_FAST_OPEN_SERVER;
    if (chance(rng, 6)) { /* few ports: tuples come again soon */
        params->port_first = 40000;
        params->port_last = (uint16_t)(40000 + 16 + rng_below(rng, 64));
    }
}

/* Pools that are as small as can be, or nearly; 0 to 3 beyond the least. */
static void draw_scarcity(struct rng *rng, struct lastack_config *config)
{
    if (chance(rng, 3))
        config->max_connections = 1 + rng_below(rng, 4);
    if (chance(rng, 3))
        config->max_time_waits_ipv4 = rng_below(rng, 4);
    if (chance(rng, 3))
        config->max_time_waits_ipv6 = rng_below(rng, 4);
    if (chance(rng, 3))
        config->params.time_wait_max = rng_below(rng, 4);
    if (chance(rng, 3))
        config->params.max_orphans = rng_below(rng, 4);
    if (chance(rng, 3))
        config->params.accept_overflow = LASTACK_ACCEPT_OVERFLOW_RST;
    if (chance(rng, 3))
        config->max_syn_entries = 1 + rng_below(rng, 3);
    if (chance(rng, 3))
        config->max_sockets = 3 + rng_below(rng, 4);
    if (chance(rng, 3))
        config->max_descriptors = 3 + rng_below(rng, 4);
    if (chance(rng, 3))
        config->max_pages = 2 + rng_below(rng, 24);
    if (chance(rng, 3))
        config->max_ranges = 1 + rng_below(rng, 8);
    if (chance(rng, 3))
        config->max_replies = 1 + rng_below(rng, 3);
    if (chance(rng, 3))
        config->max_endpoints = 3 + rng_below(rng, 4);
}

static void draw_config(struct rng *rng, const struct lastack_params *profiles,
                        unsigned profile_count, bool is_scarce, struct lastack_config *config)
{
    lastack_config_default(config);
    config->params = profiles[rng_below(rng, profile_count)];
    draw_params(rng, &config->params);
    config->max_connections = 64;
    config->max_time_waits_ipv4 = config->max_time_waits_ipv6 = 2048;
    config->max_syn_entries = 64;
    config->max_sockets = 64;
    config->max_descriptors = 128;
    config->max_pages = 512;
    config->page_size = chance(rng, 4) ? 1024 : 4096;
    config->max_ranges = 1024;
    config->max_replies = 512;
    config->max_endpoints = 1024;
    config->max_neighbors = config->max_paths = 16;
    config->max_reassemblies = 2;
    config->max_udp_sockets = 1;
    config->udp_queue_bytes = 2048;
    config->trace_records = 1024;
    config->trace_classes = LASTACK_TRACE_CLASS_STATE;
    config->trace_hash = true;
    if (is_scarce)
        draw_scarcity(rng, config);
}

/* What happens to hosts and links as a whole. */
static void draw_mishaps(struct rng *rng, struct lives_setting *setting)
{
    if (chance(rng, 6))
        setting->reboot_every_ns = SEC(20 + rng_below(rng, 200));
    if (chance(rng, 4))
        setting->listener_closes_every_ns = SEC(1 + rng_below(rng, 30));
    if (chance(rng, 4))
        setting->link_fills_every_ns = SEC(1 + rng_below(rng, 20));
}

/*
 * A record that stays longer than the opener's clock of initial sequence numbers needs for half of
 * the space takes a new SYN for one that is older than its connection. If it drops that without a
 * word, or ignores the RST that its answer draws, nobody gets in from this port until it is gone.
 *
 *     64 ns a tick (Linux, BSD)    half of the space in 137 s: enough for records of 60 s, not 240
 *     4 us (RFC 9293 §3.4.1)       in 2 hours 23 minutes
 *
 * Timestamps at both ends tell the two apart (RFC 6191).
 */
static bool outlives_isn(const struct lastack_params *record, const struct lastack_params *opener)
{
    if (record->timestamps && opener->timestamps)
        return false;
    return record->time_wait_ns > opener->isn_tick_ns << 31 &&
           (record->time_wait_syn == LASTACK_TIME_WAIT_SYN_DROP || record->tcp_rfc1337);
}

void lives_setting_draw(struct rng *rng, const struct lastack_params *profiles,
                        unsigned profile_count, struct lives_setting *setting)
{
    static const uint32_t mtus[] = {1500, 1500, 9000, 1280, 576};

    *setting = (struct lives_setting){.at_once = 1 + rng_below(rng, 12)};
    draw_recipe(rng, setting);
    setting->mtu = mtus[rng_below(rng, sizeof mtus / sizeof mtus[0])];
    setting->is_scarce = chance(rng, 4);
    for (unsigned i = 0; i < SIM_HOSTS; i++) {
        draw_config(rng, profiles, profile_count, setting->is_scarce, &setting->config[i]);
        setting->backlog[i] = chance(rng, 4) ? (int)rng_below(rng, 3) : 64;
        setting->is_crowded = setting->is_crowded || setting->backlog[i] < 64;
        setting->fast_open[i] = chance(rng, 3) ? 1 + (int)rng_below(rng, 8) : 0;
    }
    for (unsigned i = 0; i < SIM_HOSTS; i++)
        setting->outlives_isn =
            setting->outlives_isn ||
            outlives_isn(&setting->config[i].params, &setting->config[1 - i].params);
    draw_mishaps(rng, setting);
}

/* ---- the plan of a life ---- */

static uint8_t draw_ending(struct rng *rng)
{
    if (chance(rng, 2)) /* most lives are orderly at this end */
        return chance(rng, 2) ? LIFE_CLOSES : LIFE_HALF_CLOSES;
    return (uint8_t)rng_below(rng, LIFE_ENDINGS);
}

static void draw_socket_options(struct rng *rng, struct life_end_plan *plan)
{
    plan->nodelay = chance(rng, 4);
    plan->cork = chance(rng, 16);
    plan->keepalive = chance(rng, 4);
    plan->reuse_address = chance(rng, 4);
    plan->fast_open = chance(rng, 4);
    if (chance(rng, 12))
        plan->mss = (uint16_t)(88 + rng_below(rng, 600));
    if (chance(rng, 12))
        plan->send_buffer = (uint16_t)(1 + rng_below(rng, 5000));
    if (chance(rng, 12))
        plan->receive_buffer = (uint16_t)(1 + rng_below(rng, 5000));
    if (chance(rng, 16))
        plan->linger2_s = (int8_t)((int)rng_below(rng, 5) - 1);
}

static void draw_end(struct rng *rng, struct life_end_plan *plan)
{
    const uint32_t size_class = rng_below(rng, 10);

    *plan = (struct life_end_plan){0};
    plan->to_send = rng_below(rng, size_class < 3 ? 1 : size_class < 9 ? 3000 : 40000);
    plan->write_size = chance(rng, 4) ? 1 + rng_below(rng, 2000) : 65536;
    plan->read_size = chance(rng, 4) ? 1 + rng_below(rng, 2000) : 65536;
    plan->ending = draw_ending(rng);
    plan->act_ns = draw_ms(rng, 0, 400);
    plan->patience_ns = SEC(100 + rng_below(rng, 3000));
    plan->how_it_reads = (uint8_t)rng_below(rng, 3);
    if (chance(rng, 8)) {
        plan->read_size = 100 + rng_below(rng, 1000);
        plan->pause_ns = draw_ms(rng, 1, 500);
    }
    if (chance(rng, 8)) {
        plan->copies = (uint8_t)(1 + rng_below(rng, 2));
        plan->is_copy_foreign = chance(rng, 2);
        plan->hold_ns = draw_ms(rng, 0, 5000);
    }
    draw_socket_options(rng, plan);
    if (life_ending_is_orderly(plan->ending))
        return; /* it does not give up early */
    if (chance(rng, 4))
        plan->user_timeout_ms = (uint16_t)(1 + rng_below(rng, 30000));
    if (chance(rng, 8))
        plan->syn_count = (uint8_t)(1 + rng_below(rng, 4));
}

void life_plan_draw(struct rng *rng, const struct lives_setting *setting, struct life_plan *plan)
{
    *plan = (struct life_plan){0};
    plan->is_ipv6 = setting->mtu >= 1280 && chance(rng, 2);
    plan->is_crossed = chance(rng, 8);
    plan->host = rng_below(rng, SIM_HOSTS);
    plan->silent_ns = chance(rng, 16) ? draw_ms(rng, 0, 600) : NEVER;
    for (unsigned i = 0; i < 2; i++) {
        draw_end(rng, &plan->end[i]);
        plan->port[i] = (uint16_t)(2000 + rng_below(rng, 2000));
    }
    /* so that the SYNs cross, or nearly do not */
    plan->end[1].connect_ns =
        MS(rng_below(rng, (uint32_t)(setting->recipe.delay_ns / 1000000) * 5 / 4 + 2));
}
