/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packetdrill_interface.h: what the original packetdrill asks of a stack that it loads with
 * --so_filename: the same members in the same order as its own header.
 *
 *     packetdrill ── dlopen, packetdrill_interface_init(--so_flags, &interface) ──▶ this library
 *          │ calls of the script:  socket ... splice                                   │
 *          │ the network:          netdev_send (towards the stack), netdev_receive     │ one stack
 *          └ time:                 usleep, gettimeofday                                ┘
 *
 * Each callback is the system call of its name with `userdata` before its arguments: -1 and errno.
 * Packets are bare IPv4 or IPv6. The order of the members is the interface: never change it.
 */
#ifndef LASTACK_PACKETDRILL_INTERFACE_H
#define LASTACK_PACKETDRILL_INTERFACE_H

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct packetdrill_interface {
    void *userdata;
    void (*free)(void *userdata);

    int (*socket)(void *userdata, int domain, int type, int protocol);
    int (*bind)(void *userdata, int fd, const struct sockaddr *address, socklen_t length);
    int (*listen)(void *userdata, int fd, int backlog);
    int (*accept)(void *userdata, int fd, struct sockaddr *address, socklen_t *length);
    int (*connect)(void *userdata, int fd, const struct sockaddr *address, socklen_t length);

    ssize_t (*read)(void *userdata, int fd, void *buffer, size_t size);
    ssize_t (*readv)(void *userdata, int fd, const struct iovec *iov, int count);
    ssize_t (*recv)(void *userdata, int fd, void *buffer, size_t size, int flags);
    ssize_t (*recvfrom)(void *userdata, int fd, void *buffer, size_t size, int flags,
                        struct sockaddr *address, socklen_t *length);
    ssize_t (*recvmsg)(void *userdata, int fd, struct msghdr *message, int flags);

    ssize_t (*write)(void *userdata, int fd, const void *buffer, size_t size);
    ssize_t (*writev)(void *userdata, int fd, const struct iovec *iov, int count);
    ssize_t (*send)(void *userdata, int fd, const void *buffer, size_t size, int flags);
    ssize_t (*sendto)(void *userdata, int fd, const void *buffer, size_t size, int flags,
                      const struct sockaddr *address, socklen_t length);
    ssize_t (*sendmsg)(void *userdata, int fd, const struct msghdr *message, int flags);

    int (*fcntl)(void *userdata, int fd, int command, ...);
    int (*ioctl)(void *userdata, int fd, unsigned long request, ...);
    int (*close)(void *userdata, int fd);
    int (*shutdown)(void *userdata, int fd, int how);
    int (*getsockopt)(void *userdata, int fd, int level, int name, void *value, socklen_t *length);
    int (*setsockopt)(void *userdata, int fd, int level, int name, const void *value,
                      socklen_t length);
    int (*poll)(void *userdata, struct pollfd *entries, nfds_t count, int timeout_ms);

    /* One packet arrives at the stack. */
    int (*netdev_send)(void *userdata, const void *packet, size_t length);
    /* The next packet that the stack sends: *length is the room, then its length (0: none came),
     * *time_us when it was sent, on the clock of gettimeofday. */
    int (*netdev_receive)(void *userdata, void *packet, size_t *length, long long *time_us);
    int (*usleep)(void *userdata, useconds_t us);
    int (*gettimeofday)(void *userdata, struct timeval *now, struct timezone *zone);

    int (*epoll_create)(void *userdata, int size);
    int (*epoll_ctl)(void *userdata, int epoll, int operation, int fd, struct epoll_event *event);
    int (*epoll_wait)(void *userdata, int epoll, struct epoll_event *events, int most,
                      int timeout_ms);

    int (*pipe)(void *userdata, int ends[2]);
    int (*splice)(void *userdata, int from, loff_t *from_offset, int to, loff_t *to_offset,
                  size_t length, unsigned int flags);
};

/* What the library exports. `flags` is --so_flags, or NULL. */
void packetdrill_interface_init(const char *flags, struct packetdrill_interface *interface);

#endif
