/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox_child.c: see sandbox_child.h.
 *
 *     enter namespaces ─▶ lo up ─▶ tun ─────────────────────────┬─▶ addresses, up ─▶ report,
 *                             └──▶ packet socket here,          │   wait, exec
 *                                  then a second namespace, ────┘
 *                                  veth from there to here
 */
#include "sandbox_child.h"

#include "namespaces.h"
#include "packet_socket.h"
#include "rtnetlink.h"
#include "tun.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STATUS_LASTACK_FAILED = 125, STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127 };

static const char stack_side[] = "stack0";

/* The interface `name` of the present namespace, asked afresh; 0 and trouble if it is not there. */
static int interface_index(const char *name, struct trouble *trouble)
{
    int index = (int)if_nametoindex(name);

    if (index == 0)
        trouble_set(trouble, errno, "find interface %s", name);
    return index;
}

static bool set_up(struct rtnetlink *netlink, const char *name, struct trouble *trouble)
{
    int index = interface_index(name, trouble);

    return index != 0 && rtnetlink_set_up(netlink, index, true, trouble);
}

/* All of the command's side. Addresses first, so that the interface is complete the moment it is
 * up. */
static bool complete_interface(struct rtnetlink *netlink, const struct sandbox_config *config,
                               struct trouble *trouble)
{
    struct rtnetlink_interface wanted = {.mtu = config->mtu,
                                         .queue_length = config->queue_length,
                                         .namespace_fd = -1,
                                         .no_link_local = true};
    int index = interface_index(config->interface, trouble);

    if (index == 0 || !rtnetlink_configure(netlink, index, &wanted, trouble))
        return false;
    for (unsigned i = 0; i < config->address_count; i++)
        if (!rtnetlink_add_address(netlink, index, &config->addresses[i].address,
                                   config->addresses[i].prefix_length, trouble))
            return false;
    return rtnetlink_set_up(netlink, index, true, trouble);
}

/* ---- tun ---- */

static bool make_tun(struct rtnetlink *netlink, const struct sandbox_config *config, int *packet_fd,
                     struct trouble *trouble)
{
    char name[IFNAMSIZ] = "";

    memcpy(name, config->interface, strnlen(config->interface, sizeof name - 1));
    *packet_fd = tun_open(name, trouble);
    return *packet_fd >= 0 && complete_interface(netlink, config, trouble);
}

/* ---- veth ---- */

/* The far end, in the first namespace: no address, nothing of the kernel's own, only our packet
 * socket. The routing socket and the packet socket were opened there and still act there. */
static bool ready_far_end(struct rtnetlink *far, int packet_fd, int *far_index,
                          struct trouble *trouble)
{
    static const struct rtnetlink_interface silent = {.namespace_fd = -1, .no_link_local = true};
    struct ifreq request = {0};
    int index;

    memcpy(request.ifr_name, stack_side, sizeof stack_side);
    if (ioctl(packet_fd, SIOCGIFINDEX, &request) != 0)
        return trouble_set(trouble, errno, "find interface %s", stack_side);
    index = *far_index = request.ifr_ifindex;
    return rtnetlink_configure(far, index, &silent, trouble) &&
           rtnetlink_set_up(far, index, true, trouble) &&
           packet_socket_bind(packet_fd, index, trouble);
}

static bool make_pair(const struct sandbox_config *config, struct rtnetlink *near,
                      int far_namespace, struct trouble *trouble)
{
    struct rtnetlink_interface here = {
        .name = config->interface, .mtu = config->mtu, .namespace_fd = -1};
    struct rtnetlink_interface there = {
        .name = stack_side, .mtu = config->mtu, .namespace_fd = far_namespace};

    return rtnetlink_add_veth(near, &here, &there, trouble);
}

/* Leaves the namespace with the far end behind and goes on in a second one. */
static bool make_veth(struct rtnetlink *netlink, const struct sandbox_config *config,
                      int *packet_fd, struct trouble *trouble)
{
    struct rtnetlink far = *netlink;
    bool is_made;
    int far_namespace, far_index = 0;

    *packet_fd = packet_socket_open(trouble);
    if (*packet_fd < 0)
        return false;
    far_namespace = namespaces_net_fd(trouble);
    if (far_namespace < 0)
        return false;
    is_made = namespaces_enter_another_net(trouble) && rtnetlink_open(netlink, trouble) &&
              set_up(netlink, "lo", trouble) &&
              make_pair(config, netlink, far_namespace, trouble) &&
              ready_far_end(&far, *packet_fd, &far_index, trouble) &&
              complete_interface(netlink, config, trouble);
    if (is_made) /* or our first answer is lost, and the command waits a second for the next */
        (void)rtnetlink_await_running(&far, far_index);
    close(far_namespace);
    rtnetlink_close(&far);
    return is_made;
}

/* ---- all of it ---- */

static bool make_link(struct rtnetlink *netlink, const struct sandbox_config *config,
                      struct sandbox_report *report, int *packet_fd)
{
    if (config->link != SANDBOX_LINK_VETH) {
        report->link = SANDBOX_LINK_TUN;
        if (make_tun(netlink, config, packet_fd, &report->trouble))
            return true;
        if (config->link == SANDBOX_LINK_TUN)
            return false;
        report->not_tun = report->trouble;
        if (*packet_fd >= 0)
            close(*packet_fd); /* a half-made tun goes with its descriptor */
    }
    report->link = SANDBOX_LINK_VETH;
    return make_veth(netlink, config, packet_fd, &report->trouble);
}

static void prepare(const struct sandbox_config *config, struct sandbox_report *report,
                    int fds[SANDBOX_REPORT_FDS])
{
    struct rtnetlink netlink;

    if (!namespaces_enter(&report->has_user_namespace, &report->trouble))
        return;
    if (!rtnetlink_open(&netlink, &report->trouble))
        return;
    report->is_ready = set_up(&netlink, "lo", &report->trouble) &&
                       make_link(&netlink, config, report, &fds[SANDBOX_REPORT_PACKET]) &&
                       (fds[SANDBOX_REPORT_NET] = namespaces_net_fd(&report->trouble)) >= 0;
    if (!report->is_ready && report->has_user_namespace && report->trouble.error == EPERM)
        trouble_hint(&report->trouble,
                     "the user namespace was given no capabilities: "
                     "kernel.apparmor_restrict_unprivileged_userns=1, or another policy");
    rtnetlink_close(&netlink);
}

static bool send_report(int gate, const struct sandbox_report *report,
                        const int fds[SANDBOX_REPORT_FDS])
{
    enum { SIZE = SANDBOX_REPORT_FDS * sizeof(int) };
    char control[CMSG_SPACE(SIZE)] __attribute__((aligned(sizeof(size_t)))) = {0};
    struct iovec iov = {(void *)(uintptr_t)report, sizeof *report};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

    if (report->is_ready) {
        struct cmsghdr *c;

        message.msg_control = control;
        message.msg_controllen = sizeof control;
        c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(SIZE);
        memcpy(CMSG_DATA(c), fds, SIZE);
    }
    return sendmsg(gate, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *report;
}

/* The command starts with the signals that lastack was started with. */
static void restore_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The command ends with lastack, however that ends: its network is gone then, and nobody tells its
 * story. After the namespaces, since the kernel forgets this wish when a process is given
 * capabilities; before the report, so that the parent cannot be gone unnoticed in between: without
 * it the report or the wait for the gate fails. A command that is set-user-ID or has capabilities
 * of its own is out of our reach.
 */
static void end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

_Noreturn void sandbox_child(const struct sandbox_config *config, int gate)
{
    struct sandbox_report report = {.is_ready = false};
    int fds[SANDBOX_REPORT_FDS] = {-1, -1};
    char go;

    prepare(config, &report, fds);
    end_with_parent();
    if (!send_report(gate, &report, fds) || !report.is_ready)
        _exit(STATUS_LASTACK_FAILED);
    /* the parent's now: the interface must not live longer than lastack */
    for (size_t i = 0; i < SANDBOX_REPORT_FDS; i++)
        close(fds[i]);
    if (recv(gate, &go, 1, 0) != 1)
        _exit(STATUS_LASTACK_FAILED);
    restore_signals();
    execvp(config->command[0], config->command);
    fprintf(stderr, "lastack: run %s: %s\n", config->command[0], strerror(errno));
    _exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}
