/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun_end.c: see tun_end.h.
 */
#include "tun_end.h"

#include "rtnetlink.h"
#include "tun.h"

#include <net/if.h>
#include <unistd.h>

static bool complete(const char *name, const struct lastack_address *address,
                     unsigned prefix_length, uint32_t mtu, struct trouble *trouble)
{
    const struct rtnetlink_interface wanted = {
        .mtu = mtu, .queue_length = 10000, .namespace_fd = -1, .no_link_local = true};
    const int index = (int)if_nametoindex(name);
    struct rtnetlink netlink;
    bool is_complete;

    if (!rtnetlink_open(&netlink, trouble))
        return false;
    is_complete = rtnetlink_configure(&netlink, index, &wanted, trouble) &&
                  rtnetlink_add_address(&netlink, index, address, prefix_length, trouble) &&
                  rtnetlink_set_up(&netlink, index, true, trouble);
    rtnetlink_close(&netlink);
    return is_complete;
}

int tun_end_open(const struct lastack_address *address, unsigned prefix_length, uint32_t mtu,
                 struct trouble *trouble)
{
    char name[IFNAMSIZ] = "lastack0";
    const int fd = tun_open(name, trouble);

    if (fd < 0 || complete(name, address, prefix_length, mtu, trouble))
        return fd;
    close(fd);
    return -1;
}
