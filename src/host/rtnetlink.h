/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtnetlink.h: the few things that `ip link` and `ip address` do, asked of the kernel in this
 * process.
 *
 * In-process because a program started in a fresh user namespace whose uid is not 0 there has lost
 * its capabilities by its exec, and `ip` would be refused what we ourselves may still do.
 * A socket stays with the network namespace in which it was opened.
 */
#ifndef LASTACK_RTNETLINK_H
#define LASTACK_RTNETLINK_H

#include "trouble.h"

#include <lastack/address.h>

struct mnl_socket;

struct rtnetlink {
    struct mnl_socket *socket;
    uint32_t sequence;
};

bool rtnetlink_open(struct rtnetlink *netlink, struct trouble *trouble);
void rtnetlink_close(struct rtnetlink *netlink);

/* Sets an interface up or down. */
bool rtnetlink_set_up(struct rtnetlink *netlink, int interface, bool is_up,
                      struct trouble *trouble);

/* Waits until an interface that was set up carries packets, for a second at most; says whether it
 * does. Of a veth pair the end that is up first is told by a worker of the kernel, some time after
 * the other one is up: until then what is sent into it is dropped, and no error says so. */
bool rtnetlink_await_running(struct rtnetlink *netlink, int interface);

/* An interface as it should be when it appears or before it goes up. */
struct rtnetlink_interface {
    const char *name;
    const uint8_t *mac;    /* 6 bytes, or NULL: as it is */
    uint32_t mtu;          /* 0: as it is */
    uint32_t queue_length; /* packets; 0: as it is */
    int namespace_fd;      /* where a veth's peer lives; -1: here */
    bool no_link_local;    /* no IPv6 link-local address of the kernel's own making */
};

/* Changes mtu, queue length and link-local policy of an interface that exists. */
bool rtnetlink_configure(struct rtnetlink *netlink, int interface,
                         const struct rtnetlink_interface *wanted, struct trouble *trouble);

/* A pair of Ethernet interfaces, each the other's wire. */
bool rtnetlink_add_veth(struct rtnetlink *netlink, const struct rtnetlink_interface *here,
                        const struct rtnetlink_interface *peer, struct trouble *trouble);

/* Adds an address that is usable at once: without duplicate address detection (RFC 4862 §5.4),
 * since nobody else can be on a link that was made a moment ago. */
bool rtnetlink_add_address(struct rtnetlink *netlink, int interface,
                           const struct lastack_address *address, unsigned prefix_length,
                           struct trouble *trouble);

#endif
