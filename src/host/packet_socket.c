/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_socket.c: see packet_socket.h and packet(7).
 */
#include "packet_socket.h"

#include "check.h"
#include "virtio_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* As much as the system lets us have: 64 KiB frames fill the usual 208 KiB with three. */
enum { BUFFER_BYTES = 8 << 20 };

static void enlarge(int fd, int force, int plain)
{
    int bytes = BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof bytes) != 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &bytes,
                         sizeof bytes); /* cut to net.core.rmem_max, wmem_max */
}

static bool switch_on(int fd, int option, const char *name, struct trouble *trouble)
{
    int on = 1;

    if (setsockopt(fd, SOL_PACKET, option, &on, sizeof on) == 0)
        return true;
    return trouble_set(trouble, errno, "set %s on a packet socket", name);
}

int packet_socket_open(struct trouble *trouble)
{
    /* Protocol 0: nothing arrives before bind says from where. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        trouble_set(trouble, errno, "open a packet socket");
        if (errno == EPERM)
            trouble_hint(trouble, "that needs CAP_NET_RAW");
        return -1;
    }
    if (!switch_on(fd, PACKET_VNET_HDR, "PACKET_VNET_HDR", trouble) ||
        !switch_on(fd, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", trouble)) {
        close(fd);
        return -1;
    }
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF);
    return fd;
}

bool packet_socket_bind(int fd, int interface, struct trouble *trouble)
{
    struct packet_mreq promiscuous = {.mr_ifindex = interface, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface};

    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) != 0)
        return trouble_set(trouble, errno, "set interface %d promiscuous", interface);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return trouble_set(trouble, errno, "bind a packet socket to interface %d", interface);
    return true;
}

void packet_socket_link_init(struct host_link *link, int fd, const char *name, const uint8_t mac[6],
                             uint32_t mtu)
{
    struct lastack_link_config config = {.kind = LASTACK_LINK_ETHERNET, .mtu = mtu};

    config.checksum_out = true;
    config.gso_max = 65535 - 120;
    memcpy(config.mac, mac, sizeof config.mac);
    memcpy(config.name, name, strnlen(name, sizeof config.name - 1));
    host_link_init(link, &packet_socket_ops, fd, &config);
}

static int packet_socket_receive(struct host_link *link, uint8_t *buffer, size_t size,
                                 uint32_t *flags)
{
    struct virtio_net_hdr header;
    struct iovec iov[2] = {{&header, sizeof header}, {buffer, size}};
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = 2};
    ssize_t length = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_TRUNC);

    if (length < 0)
        return -errno;
    if ((size_t)length <= sizeof header || (message.msg_flags & MSG_TRUNC) != 0)
        return -EMSGSIZE;
    *flags = virtio_header_flags(&header);
    return (int)((size_t)length - sizeof header);
}

static int packet_socket_send(struct host_link *link, const struct lastack_packet_out *packet)
{
    struct virtio_net_hdr header = virtio_header_of(packet);
    struct iovec iov[1 + LASTACK_IOV_MAX];
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = 1u + packet->iov_count};

    CHECK(packet->iov_count <= LASTACK_IOV_MAX);
    iov[0] = (struct iovec){&header, sizeof header};
    for (unsigned i = 0; i < packet->iov_count; i++)
        iov[1 + i] = (struct iovec){(void *)(uintptr_t)packet->iov[i].base, packet->iov[i].length};
    return sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

const struct host_link_ops packet_socket_ops = {
    .kind = "veth", .receive = packet_socket_receive, .send = packet_socket_send};
