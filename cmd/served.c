/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * served.c: see served.h.
 */
#include "served.h"

#include "duration.h"
#include "entropy.h"
#include "parameters.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* Limits of a stack that costs what it uses: generous, in address space only. */
static void set_limits(struct lastack_config *config)
{
    config->max_connections = 1 << 16;
    config->max_time_waits_ipv4 = 1 << 20;
    config->max_time_waits_ipv6 = 1 << 20;
    config->max_syn_entries = 1 << 16;
    config->max_sockets = 1 << 17;
    config->max_descriptors = 1 << 17;
    config->max_pages = 1 << 14; /* 64 MiB */
    config->trace_records = 1 << 14;
}

void served_default_addresses(struct served_config *config)
{
    static const struct lastack_address ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};

    config->addresses[0] = (struct served_address){lastack_ipv4(192, 0, 2, 1), 24};
    config->addresses[1] = (struct served_address){ipv6, 64};
    config->address_count = 2;
}

/* ---- hooks of the event loop ---- */

static void on_event(void *context, int64_t now, const struct lastack_event *event)
{
    struct served *served = context;

    services_event(served->services, now, event);
}

static int64_t next_deadline(void *context)
{
    const struct served *served = context;

    return services_next_deadline(served->services);
}

static void on_tick(void *context, int64_t now)
{
    struct served *served = context;

    services_tick(served->services, now);
}

static void on_packet_in(void *context, int64_t now, const struct lastack_packet_in *packet)
{
    struct served *served = context;

    viewer_packet_in(served->viewer, now, packet);
}

static void on_packet_out(void *context, int64_t now, const struct lastack_packet_out *packet)
{
    struct served *served = context;

    viewer_packet_out(served->viewer, now, packet);
}

static void on_traced(void *context, int64_t now)
{
    struct served *served = context;

    viewer_traced(served->viewer, now);
    stack_memory_follow_use(&served->memory, served->stack, now);
}

static void on_signal(void *context, int signal_number)
{
    struct served *served = context;

    served->signalled(served->context, signal_number);
}

/* A parameter of the running stack, by any of its names. */
static bool on_sysctl(void *context, const char *name, const char *value, char *reply, size_t size)
{
    struct served *served = context;
    struct lastack_params params = *lastack_params(served->stack);

    if (value == NULL)
        return parameter_get(&params, name, reply, size) == PARAMETER_DONE;
    if (parameter_set(&params, name, value, reply, size) != PARAMETER_DONE)
        return false;
    lastack_set_params(served->stack, &params);
    return parameter_get(&params, name, reply, size) == PARAMETER_DONE;
}

static int64_t wall_clock(void *context)
{
    (void)context;
    return time(NULL);
}

/* ---- opening ---- */

static bool open_stack(struct served *served, const struct served_config *config,
                       struct trouble *trouble)
{
    struct lastack_config limits;

    lastack_config_default(&limits);
    set_limits(&limits);
    limits.params = config->params;
    limits.trace_classes = viewer_trace_classes(config->viewer);
    if (!entropy_seed(limits.seed, trouble))
        return false;
    served->stack = stack_memory_create(&served->memory, &limits, served->started_at, trouble);
    return served->stack != NULL;
}

static bool open_loop(struct served *served, struct trouble *trouble)
{
    struct event_loop_hooks hooks = {.context = served,
                                     .event = on_event,
                                     .next_deadline = next_deadline,
                                     .tick = on_tick,
                                     .packet_in = on_packet_in,
                                     .packet_out = on_packet_out,
                                     .traced = on_traced,
                                     .signalled = on_signal,
                                     .one_by_one = viewer_wants_packets(served->viewer)};
    sigset_t signals;

    served->loop = event_loop_create(served->stack, &hooks, trouble);
    if (served->loop == NULL)
        return false;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    return event_loop_catch(served->loop, &signals, trouble);
}

static bool open_link(struct served *served, const struct served_config *config,
                      struct host_link *link, struct trouble *trouble)
{
    if (!event_loop_add_link(served->loop, link, trouble))
        return false;
    served->link = link;
    for (unsigned i = 0; i < config->address_count; i++) {
        char text[LASTACK_ADDRESS_TEXT];
        int error = lastack_add_address(served->stack, link->number, &config->addresses[i].address,
                                        config->addresses[i].prefix_length);

        lastack_address_text(&config->addresses[i].address, text, sizeof text);
        if (error != 0)
            trouble_set(trouble, -error, "give the stack the address %s", text);
        if (error == -LASTACK_EINVAL)
            trouble_hint(trouble, "no host may have it here (unspecified, loopback, multicast, "
                                  "broadcast, reserved, or IPv6 with an MTU below 1280)");
        if (error != 0)
            return false;
    }
    return true;
}

static bool open_services(struct served *served, const struct served_config *config,
                          struct trouble *trouble)
{
    struct services_config services;
    enum service_kind failed;
    int error;

    services_config_default(&services);
    services.stack_name = config->name;
    services.wall_clock = wall_clock;
    served->services = services_create(served->stack, &services, &error, &failed);
    return served->services != NULL || trouble_set(trouble, -error, "listen for %s on port %u",
                                                   service_name(failed), service_port(failed));
}

static bool open_control(struct served *served, const struct served_config *config,
                         struct trouble *trouble)
{
    struct control_config control = {.name = config->name,
                                     .link = served->link->ops->kind,
                                     .stack = served->stack,
                                     .loop = served->loop,
                                     .sysctl = on_sysctl,
                                     .context = served};

    served->control = control_open(&control, trouble);
    return served->control != NULL;
}

bool served_open(struct served *served, const struct served_config *config, struct host_link *link,
                 struct trouble *trouble)
{
    *served = (struct served){.viewer = config->viewer,
                              .context = config->context,
                              .signalled = config->signalled,
                              .started_at = event_loop_clock()};
    if (!open_stack(served, config, trouble) || !open_loop(served, trouble) ||
        !open_link(served, config, link, trouble) || !open_services(served, config, trouble) ||
        !open_control(served, config, trouble)) {
        if (served->link == NULL)
            host_link_close(link);
        served_close(served);
        return false;
    }
    viewer_begin(served->viewer, served->stack, link->config.kind, link->config.name,
                 served->started_at);
    return true;
}

void served_close(struct served *served)
{
    if (served->control != NULL)
        control_close(served->control);
    if (served->services != NULL)
        services_destroy(served->services);
    if (served->loop != NULL)
        event_loop_destroy(served->loop);
    stack_memory_release(&served->memory);
}

/* ---- what is left ---- */

static uint32_t used(const struct served *served, enum lastack_pool pool)
{
    struct lastack_pool_usage usage;

    lastack_pool_usage(served->stack, pool, &usage);
    return usage.used;
}

uint32_t served_connections(const struct served *served)
{
    return used(served, LASTACK_POOL_CONNECTIONS) + used(served, LASTACK_POOL_SYN_ENTRIES);
}

uint32_t served_time_waits(const struct served *served)
{
    return used(served, LASTACK_POOL_TIME_WAIT_IPV4) + used(served, LASTACK_POOL_TIME_WAIT_IPV6);
}
