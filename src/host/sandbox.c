/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox.c: the parent's half: fork, what the child reports, how the command ends. The child's
 * half is sandbox_child.c.
 */
#include "sandbox.h"

#include "packet_socket.h"
#include "sandbox_child.h"
#include "tun.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The stack's own Ethernet address: locally administered, the same in every run. */
static const uint8_t stack_mac[6] = {0x02, 0x00, 0x5e, 0x00, 0x53, 0x01};

void sandbox_config_default(struct sandbox_config *config)
{
    static const struct lastack_address ipv6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 2}};

    *config = (struct sandbox_config){
        .interface = "lastack0", .mtu = 1500, .queue_length = 1000, .address_count = 2};
    config->addresses[0].address = lastack_ipv4(192, 0, 2, 2);
    config->addresses[0].prefix_length = 24;
    config->addresses[1].address = ipv6;
    config->addresses[1].prefix_length = 64;
}

/* ---- the child's report ---- */

static void take_descriptors(struct sandbox *sandbox, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        int fds[SANDBOX_REPORT_FDS];

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len != CMSG_LEN(sizeof fds))
            continue;
        memcpy(fds, CMSG_DATA(c), sizeof fds);
        sandbox->packet_fd = fds[SANDBOX_REPORT_PACKET];
        sandbox->net_fd = fds[SANDBOX_REPORT_NET];
    }
}

static bool receive_report(struct sandbox *sandbox, struct trouble *trouble)
{
    struct sandbox_report report;
    char control[CMSG_SPACE(SANDBOX_REPORT_FDS * sizeof(int))]
        __attribute__((aligned(sizeof(size_t))));
    struct iovec iov = {&report, sizeof report};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t length;

    do {
        length = recvmsg(sandbox->gate, &message, MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    if (length < 0)
        return trouble_set(trouble, errno, "hear from the sandbox");
    if (length != (ssize_t)sizeof report)
        return trouble_set(trouble, 0, "the sandbox ended before it was ready");
    take_descriptors(sandbox, &message);
    sandbox->link = report.link;
    sandbox->has_user_namespace = report.has_user_namespace;
    sandbox->not_tun = report.not_tun;
    if (!report.is_ready) {
        *trouble = report.trouble;
        return false;
    }
    if (sandbox->packet_fd < 0)
        return trouble_set(trouble, 0, "the sandbox passed no descriptors");
    return true;
}

bool sandbox_open(struct sandbox *sandbox, const struct sandbox_config *config,
                  struct trouble *trouble)
{
    int pair[2];

    *sandbox = (struct sandbox){.pid = -1, .pid_fd = -1, .gate = -1, .packet_fd = -1, .net_fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return trouble_set(trouble, errno, "make a socket pair");
    (void)fflush(NULL); /* what is buffered must not be written twice */
    sandbox->pid = fork();
    if (sandbox->pid == 0) {
        close(pair[0]);
        sandbox_child(config, pair[1]);
    }
    close(pair[1]);
    sandbox->gate = pair[0];
    if (sandbox->pid < 0)
        trouble_set(trouble, errno, "fork");
    else if ((sandbox->pid_fd = pidfd_open(sandbox->pid, 0)) < 0)
        trouble_set(trouble, errno, "open a descriptor for process %d", (int)sandbox->pid);
    else if (receive_report(sandbox, trouble))
        return true;
    sandbox_close(sandbox);
    return false;
}

void sandbox_take_link(struct sandbox *sandbox, const struct sandbox_config *config,
                       struct host_link *link)
{
    if (sandbox->link == SANDBOX_LINK_TUN)
        tun_link_init(link, sandbox->packet_fd, "tun", config->mtu);
    else
        packet_socket_link_init(link, sandbox->packet_fd, "veth", stack_mac, config->mtu);
    sandbox->packet_fd = -1;
}

/* ---- the command ---- */

bool sandbox_release(struct sandbox *sandbox, struct trouble *trouble)
{
    char go = 'g';

    if (send(sandbox->gate, &go, 1, MSG_NOSIGNAL) != 1)
        return trouble_set(trouble, errno, "release the command");
    close(sandbox->gate);
    sandbox->gate = -1;
    return true;
}

int sandbox_status(struct sandbox *sandbox)
{
    int status;

    if (sandbox->pid <= 0 || waitpid(sandbox->pid, &status, WNOHANG) != sandbox->pid)
        return -1;
    sandbox->pid = -1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void sandbox_close(struct sandbox *sandbox)
{
    int *const fds[] = {&sandbox->gate, &sandbox->packet_fd, &sandbox->pid_fd, &sandbox->net_fd};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
    if (sandbox->pid > 0) {
        kill(sandbox->pid, SIGTERM);
        (void)waitpid(sandbox->pid, NULL, 0);
    }
    sandbox->pid = -1;
}

void sandbox_enter_text(const struct sandbox *sandbox, char *text, size_t size)
{
    snprintf(text, size, "nsenter %s-n -t %d",
             sandbox->has_user_namespace ? "--preserve-credentials -U " : "", (int)sandbox->pid);
}
