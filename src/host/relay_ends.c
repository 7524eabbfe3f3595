/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay_ends.c: see relay_ends.h.
 */
#include "relay_ends.h"

#include "check.h"
#include "duration.h"
#include "event_loop.h"
#include "namespaces.h"
#include "tun_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct lastack_address relay_address(enum relay_end end)
{
    return lastack_ipv4(192, 0, 2, (uint8_t)(end + 1));
}

/* ---- the kernel's ends ---- */

static int make_tun(enum relay_end end, struct trouble *trouble)
{
    const struct lastack_address address = relay_address(end);

    return tun_end_open(&address, 24, RELAY_MTU, trouble);
}

/* Of the present namespace; CUBIC, and it is asked whether that was granted: a new namespace may
 * refuse it, and then another algorithm would be measured under its name. */
static int make_socket(struct trouble *trouble)
{
    static const char wanted[] = "cubic";
    char given[16] = "";
    socklen_t size = sizeof given;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        trouble_set(trouble, errno, "open a socket");
    } else if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, wanted, sizeof wanted - 1) != 0 ||
               getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, given, &size) != 0) {
        trouble_set(trouble, errno, "choose cubic");
    } else if (strcmp(given, wanted) != 0) {
        trouble_set(trouble, 0, "choose cubic: the kernel gave %.15s", given);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static struct sockaddr_in far_name(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(RELAY_PORT)};

    name.sin_addr.s_addr = htonl(0xc0000202); /* 192.0.2.2 */
    return name;
}

static bool make_listener(struct relay *relay, struct trouble *trouble)
{
    const struct sockaddr_in name = far_name();

    relay->listener = make_socket(trouble);
    if (relay->listener < 0)
        return false;
    if (bind(relay->listener, (const struct sockaddr *)&name, sizeof name) != 0 ||
        listen(relay->listener, RELAY_FLOWS_MAX) != 0)
        return trouble_set(trouble, errno, "listen on port %d", RELAY_PORT);
    return true;
}

static bool make_kernel_ends(struct relay *relay, struct trouble *trouble)
{
    bool has_user_namespace;

    if (!namespaces_enter(&has_user_namespace, trouble) ||
        (relay->tun[RELAY_FORWARD] = make_tun(RELAY_END_NEAR, trouble)) < 0)
        return false;
    for (unsigned i = 0; i < relay->flow_count; i++)
        if (!relay->flow[i].is_ours && (relay->flow[i].sender = make_socket(trouble)) < 0)
            return false;
    return namespaces_enter_another_net(trouble) &&
           (relay->tun[RELAY_BACK] = make_tun(RELAY_END_FAR, trouble)) >= 0 &&
           make_listener(relay, trouble);
}

/* ---- our end ---- */

static bool make_our_end(struct relay *relay, struct trouble *trouble)
{
    static const struct lastack_link_config link = {
        .kind = LASTACK_LINK_IP, .name = "relay", .mtu = RELAY_MTU};
    const struct lastack_address address = relay_address(RELAY_END_OURS);
    struct lastack_config config;

    lastack_config_default(&config);
    config.params.congestion = LASTACK_CC_CUBIC;
    memcpy(config.seed, &relay->config.seed, sizeof relay->config.seed);
    relay->stack = stack_memory_create(&relay->memory, &config, event_loop_clock(), trouble);
    if (relay->stack == NULL)
        return false;
    CHECK(lastack_add_link(relay->stack, &link) == 1);
    CHECK(lastack_add_address(relay->stack, 1, &address, 24) == 0);
    for (unsigned i = 0; i < relay->flow_count; i++) {
        struct relay_flow *flow = &relay->flow[i];

        if (!flow->is_ours)
            continue;
        flow->sender = lastack_socket(relay->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
        CHECK(flow->sender >= 0);
    }
    return true;
}

/* ---- both ---- */

static bool watch(struct relay *relay, int fd, uint32_t events, struct trouble *trouble)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ||
           trouble_set(trouble, errno, "watch a descriptor");
}

static bool watch_all(struct relay *relay, struct trouble *trouble)
{
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (relay->epoll < 0)
        return trouble_set(trouble, errno, "make an epoll descriptor");
    for (unsigned i = 0; i < relay->flow_count; i++)
        if (!relay->flow[i].is_ours &&
            !watch(relay, relay->flow[i].sender, EPOLLOUT | EPOLLET, trouble))
            return false;
    return watch(relay, relay->tun[RELAY_FORWARD], EPOLLIN, trouble) &&
           watch(relay, relay->tun[RELAY_BACK], EPOLLIN, trouble) &&
           watch(relay, relay->listener, EPOLLIN | EPOLLET, trouble);
}

bool relay_open(struct relay *relay, const struct relay_config *config, struct trouble *trouble)
{
    CHECK(config->kernel_senders + config->our_senders <= RELAY_FLOWS_MAX);
    *relay = (struct relay){.config = *config,
                            .tun = {-1, -1},
                            .listener = -1,
                            .epoll = -1,
                            .flow_count = config->kernel_senders + config->our_senders};
    for (unsigned d = 0; d < RELAY_DIRECTIONS; d++)
        sim_link_init(&relay->link[d], &config->recipe[d], config->seed + d);
    for (unsigned i = 0; i < relay->flow_count; i++)
        relay->flow[i] =
            (struct relay_flow){.is_ours = i >= config->kernel_senders,
                                .sender = -1,
                                .receiver = -1,
                                .left = config->bytes > 0 ? config->bytes : UINT64_MAX};
    if (make_kernel_ends(relay, trouble) &&
        (config->our_senders == 0 || make_our_end(relay, trouble)) && watch_all(relay, trouble))
        return true;
    relay_close(relay);
    return false;
}

void relay_close(struct relay *relay)
{
    const int fds[] = {relay->tun[0], relay->tun[1], relay->listener, relay->epoll};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (unsigned i = 0; i < relay->flow_count; i++) {
        if (!relay->flow[i].is_ours && relay->flow[i].sender >= 0)
            close(relay->flow[i].sender);
        if (relay->flow[i].receiver >= 0)
            close(relay->flow[i].receiver);
    }
    if (relay->stack != NULL)
        stack_memory_release(&relay->memory);
    for (unsigned d = 0; d < RELAY_DIRECTIONS; d++)
        sim_link_free(&relay->link[d]);
}

bool relay_connect(struct relay *relay, struct relay_flow *flow, struct trouble *trouble)
{
    const struct sockaddr_in name = far_name();
    const struct lastack_endpoint remote = {relay_address(RELAY_END_FAR), RELAY_PORT};
    int error = 0;

    if (flow->is_ours)
        error = -lastack_connect(relay->stack, flow->sender, &remote);
    else if (connect(flow->sender, (const struct sockaddr *)&name, sizeof name) != 0)
        error = errno;
    return error == 0 || error == EINPROGRESS || trouble_set(trouble, error, "connect");
}

void relay_accept(struct relay *relay, struct relay_flow *flow)
{
    struct trouble ignored;

    flow->receiver = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (flow->receiver >= 0)
        (void)watch(relay, flow->receiver, EPOLLIN | EPOLLET, &ignored);
}
