/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bulk_end.c: see bulk_end.h.
 */
#include "bulk_end.h"

#include "namespaces.h"
#include "tun_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024, MTU = 1500 };

static int make_listener(struct trouble *trouble)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(BULK_END_PORT)};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    /* A paced algorithm (BBR) would measure its pacing. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
    name.sin_addr.s_addr = htonl(0xc0000202); /* 192.0.2.2 */
    if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 1) == 0)
        return fd;
    trouble_set(trouble, errno, "listen on port %d", BULK_END_PORT);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One connection, until it ends or we are ended. */
static _Noreturn void run_program(int listener, bool is_sender)
{
    static char text[CHUNK];
    const int fd = accept(listener, NULL, NULL);
    ssize_t moved = fd < 0 ? -1 : 1;

    while (moved > 0)
        moved =
            is_sender ? send(fd, text, sizeof text, MSG_NOSIGNAL) : recv(fd, text, sizeof text, 0);
    _exit(0);
}

bool bulk_end_open(struct bulk_end *end, bool is_sender, struct trouble *trouble)
{
    const struct lastack_address address = lastack_ipv4(192, 0, 2, 2);
    bool has_user_namespace;
    int listener;

    if (!namespaces_enter(&has_user_namespace, trouble) ||
        (end->packet_fd = tun_end_open(&address, 24, MTU, trouble)) < 0)
        return false;
    listener = make_listener(trouble);
    if (listener >= 0) {
        (void)fflush(NULL);
        end->program = fork();
        if (end->program == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(end->packet_fd);
            run_program(listener, is_sender);
        }
        close(listener);
        if (end->program > 0)
            return true;
        trouble_set(trouble, errno, "fork");
    }
    close(end->packet_fd);
    return false;
}

void bulk_end_close(struct bulk_end *end)
{
    (void)kill(end->program, SIGKILL);
    (void)waitpid(end->program, NULL, 0);
}

void bulk_end_wait(const struct host_link *link, int64_t timeout_ns)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLIN};
    const struct timespec timeout = {timeout_ns / 1000000000, timeout_ns % 1000000000};

    (void)ppoll(&wait, 1, &timeout, NULL);
}
