/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtnetlink.c: requests to the kernel's routing socket, each answered by one acknowledgement.
 */
#include "rtnetlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>

enum { REQUEST_MAX = 2048, REPLY_MAX = 8192, RUNNING_TRIES = 1000, RUNNING_PAUSE_NS = 1000000 };

bool rtnetlink_open(struct rtnetlink *netlink, struct trouble *trouble)
{
    netlink->sequence = 0;
    netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (netlink->socket == NULL)
        return trouble_set(trouble, errno, "open a routing socket");
    if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        trouble_set(trouble, errno, "bind a routing socket");
        rtnetlink_close(netlink);
        return false;
    }
    return true;
}

void rtnetlink_close(struct rtnetlink *netlink)
{
    if (netlink->socket != NULL)
        mnl_socket_close(netlink->socket);
    netlink->socket = NULL;
}

static struct nlmsghdr *request(void *buffer, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    return message;
}

/* Sends the request and waits for its answer, an acknowledgement or what `see` is shown: 0 or
 * errno. */
static int ask(struct rtnetlink *netlink, struct nlmsghdr *message, mnl_cb_t see, void *context)
{
    char reply[REPLY_MAX];
    ssize_t length;

    message->nlmsg_seq = ++netlink->sequence;
    if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
        return errno;
    do {
        length = mnl_socket_recvfrom(netlink->socket, reply, sizeof reply);
    } while (length < 0 && errno == EINTR);
    if (length < 0)
        return errno;
    if (mnl_cb_run(reply, (size_t)length, message->nlmsg_seq,
                   mnl_socket_get_portid(netlink->socket), see, context) < 0)
        return errno;
    return 0;
}

static int transact(struct rtnetlink *netlink, struct nlmsghdr *message)
{
    return ask(netlink, message, NULL, NULL);
}

static struct ifinfomsg *put_interface(struct nlmsghdr *message, int interface)
{
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

    info->ifi_family = AF_UNSPEC;
    info->ifi_index = interface;
    return info;
}

static void put_no_link_local(struct nlmsghdr *message)
{
    struct nlattr *families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    struct nlattr *inet6 = mnl_attr_nest_start(message, AF_INET6);

    mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(message, inet6);
    mnl_attr_nest_end(message, families);
}

static void put_wishes(struct nlmsghdr *message, const struct rtnetlink_interface *wanted)
{
    if (wanted->name != NULL)
        mnl_attr_put_strz(message, IFLA_IFNAME, wanted->name);
    if (wanted->mac != NULL)
        mnl_attr_put(message, IFLA_ADDRESS, 6, wanted->mac);
    if (wanted->mtu != 0)
        mnl_attr_put_u32(message, IFLA_MTU, wanted->mtu);
    if (wanted->queue_length != 0)
        mnl_attr_put_u32(message, IFLA_TXQLEN, wanted->queue_length);
    if (wanted->namespace_fd >= 0)
        mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)wanted->namespace_fd);
    if (wanted->no_link_local)
        put_no_link_local(message);
}

bool rtnetlink_set_up(struct rtnetlink *netlink, int interface, bool is_up, struct trouble *trouble)
{
    char buffer[REQUEST_MAX];
    struct nlmsghdr *message = request(buffer, RTM_NEWLINK, 0);
    struct ifinfomsg *info = put_interface(message, interface);
    int error;

    info->ifi_flags = is_up ? IFF_UP : 0;
    info->ifi_change = IFF_UP;
    error = transact(netlink, message);
    return error == 0 ||
           trouble_set(trouble, error, "set interface %d %s", interface, is_up ? "up" : "down");
}

static int note_flags(const struct nlmsghdr *message, void *context)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

    if (message->nlmsg_type == RTM_NEWLINK)
        *(unsigned *)context = info->ifi_flags;
    return MNL_CB_OK;
}

/* The question is answered under the lock under which the worker makes the interface ready (and
 * since Linux 6.8 it does the worker's work): who is told "running" may send. */
bool rtnetlink_await_running(struct rtnetlink *netlink, int interface)
{
    const struct timespec pause = {.tv_nsec = RUNNING_PAUSE_NS};

    for (unsigned i = 0; i < RUNNING_TRIES; i++) {
        char buffer[REQUEST_MAX];
        struct nlmsghdr *message = request(buffer, RTM_GETLINK, 0);
        unsigned flags = 0;

        message->nlmsg_flags = NLM_F_REQUEST; /* the answer is the acknowledgement */
        put_interface(message, interface);
        if (ask(netlink, message, note_flags, &flags) != 0)
            return false;
        if ((flags & IFF_RUNNING) != 0)
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

bool rtnetlink_configure(struct rtnetlink *netlink, int interface,
                         const struct rtnetlink_interface *wanted, struct trouble *trouble)
{
    char buffer[REQUEST_MAX];
    struct nlmsghdr *message = request(buffer, RTM_NEWLINK, 0);
    int error;

    put_interface(message, interface);
    put_wishes(message, wanted);
    error = transact(netlink, message);
    return error == 0 || trouble_set(trouble, error, "configure interface %d", interface);
}

bool rtnetlink_add_veth(struct rtnetlink *netlink, const struct rtnetlink_interface *here,
                        const struct rtnetlink_interface *peer, struct trouble *trouble)
{
    char buffer[REQUEST_MAX];
    struct nlmsghdr *message = request(buffer, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    struct nlattr *information, *data, *other;
    int error;

    put_interface(message, 0);
    put_wishes(message, here);
    information = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
    data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    other = mnl_attr_nest_start(message, VETH_INFO_PEER);
    put_interface(message, 0);
    put_wishes(message, peer);
    mnl_attr_nest_end(message, other);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, information);
    error = transact(netlink, message);
    return error == 0 ||
           trouble_set(trouble, error, "create the veth pair %s and %s", here->name, peer->name);
}

bool rtnetlink_add_address(struct rtnetlink *netlink, int interface,
                           const struct lastack_address *address, unsigned prefix_length,
                           struct trouble *trouble)
{
    char buffer[REQUEST_MAX];
    struct nlmsghdr *message = request(buffer, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    bool is_ipv4 = lastack_is_ipv4(address);
    const uint8_t *bytes = address->bytes + (is_ipv4 ? 12 : 0);
    size_t length = is_ipv4 ? 4 : 16;
    int error;

    info->ifa_family = is_ipv4 ? AF_INET : AF_INET6;
    info->ifa_prefixlen = (uint8_t)prefix_length;
    info->ifa_flags = is_ipv4 ? 0 : IFA_F_NODAD;
    info->ifa_index = (uint32_t)interface;
    mnl_attr_put(message, IFA_LOCAL, length, bytes);
    mnl_attr_put(message, IFA_ADDRESS, length, bytes);
    error = transact(netlink, message);
    return error == 0 || trouble_set(trouble, error, "give interface %d an IPv%d address",
                                     interface, is_ipv4 ? 4 : 6);
}
