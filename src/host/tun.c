/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun.c: see tun.h.
 */
#include "tun.h"

#include "check.h"
#include "virtio_header.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Reopening a name just after its last user has gone gives EBUSY for a moment. */
enum { BUSY_TRIES = 20, BUSY_PAUSE_US = 50000 };

static int set_interface(int fd, struct ifreq *request)
{
    for (int try = 1;; try++) {
        if (ioctl(fd, TUNSETIFF, request) == 0)
            return 0;
        if (errno != EBUSY || try == BUSY_TRIES)
            return -1;
        usleep(BUSY_PAUSE_US);
    }
}

static bool explain_refusal(int error, const char *name, struct trouble *trouble)
{
    trouble_set(trouble, error, "attach to the tun interface %s",
                name[0] != '\0' ? name : "(a new one)");
    if (error == EBUSY)
        return trouble_hint(trouble,
                            "another program has this interface, or it is of another kind");
    if (error == EINVAL)
        return trouble_hint(trouble,
                            "an interface of that name exists and is not a tun made for one queue, "
                            "or the name is not allowed");
    if (error == EPERM)
        return trouble_hint(trouble,
                            "that needs CAP_NET_ADMIN here, or an interface given to this user "
                            "(ip tuntap add ... user NAME)");
    return false;
}

int tun_open(char name[16], struct trouble *trouble)
{
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};

    if (fd < 0) {
        trouble_set(trouble, errno, "open /dev/net/tun");
        return -1;
    }
    memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    if (set_interface(fd, &request) != 0) {
        explain_refusal(errno, name, trouble);
        close(fd);
        return -1;
    }
    memcpy(name, request.ifr_name, IFNAMSIZ);
    return fd;
}

/* What the kernel may hand us: without TSO it cuts its frames itself, without CSUM it also sums
 * them. */
static unsigned probe_offloads(int fd)
{
    static const unsigned wishes[] = {TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, TUN_F_CSUM | TUN_F_TSO4,
                                      TUN_F_CSUM};

    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
        if (ioctl(fd, TUNSETOFFLOAD, wishes[i]) == 0)
            return wishes[i];
    return 0;
}

void tun_link_init(struct host_link *link, int fd, const char *name, uint32_t mtu)
{
    struct lastack_link_config config = {.kind = LASTACK_LINK_IP, .mtu = mtu};

    /* What is taken from us does not depend on the offloads: a virtio header is always understood.
     * */
    config.checksum_out = true;
    config.gso_max = 65535 - 120; /* a 16-bit IP length, with the largest headers */
    memcpy(config.name, name, strnlen(name, sizeof config.name - 1));
    (void)probe_offloads(fd);
    host_link_init(link, &tun_ops, fd, &config);
}

static int tun_receive(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags)
{
    struct virtio_net_hdr header;
    struct iovec iov[2] = {{&header, sizeof header}, {buffer, size}};
    ssize_t length = readv(link->fd, iov, 2);

    if (length < 0)
        return -errno;
    if ((size_t)length <= sizeof header)
        return -EMSGSIZE;
    *flags = virtio_header_flags(&header);
    return (int)((size_t)length - sizeof header);
}

static int tun_send(struct host_link *link, const struct lastack_packet_out *packet)
{
    struct virtio_net_hdr header = virtio_header_of(packet);
    struct iovec iov[1 + LASTACK_IOV_MAX];

    CHECK(packet->iov_count <= LASTACK_IOV_MAX);
    iov[0] = (struct iovec){&header, sizeof header};
    for (unsigned i = 0; i < packet->iov_count; i++)
        iov[1 + i] = (struct iovec){(void *)(uintptr_t)packet->iov[i].base, packet->iov[i].length};
    return writev(link->fd, iov, 1 + packet->iov_count) < 0 ? -errno : 0;
}

const struct host_link_ops tun_ops = {.kind = "tun", .receive = tun_receive, .send = tun_send};
