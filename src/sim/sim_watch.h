/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_watch.h: somebody who looks at one connection of a simulated world, from outside.
 *
 * He sees each of its packets twice, where it leaves and where it arrives (or once, if it is
 * lost), and what both stacks trace about it. Any of the calls may be NULL.
 */
#ifndef LASTACK_SIM_WATCH_H
#define LASTACK_SIM_WATCH_H

#include <lastack/trace.h>

struct sim_watcher {
    void *context;
    /* The connection begins: `host` connects. */
    void (*on_begin)(void *context, int64_t now, unsigned host, const struct lastack_endpoint *from,
                     const struct lastack_endpoint *to);
    /* A packet of it leaves a host, or arrives there. */
    void (*on_packet)(void *context, int64_t now, unsigned host, bool arrives, const uint8_t *data,
                      uint32_t length);
    /* A trace record of it, of the classes in `classes`. */
    void (*on_record)(void *context, unsigned host, const struct lastack_trace_record *record);
    uint32_t classes;
};

#endif
