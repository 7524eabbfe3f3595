/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_opens.c: connections from either end, and whose address the stack has.
 */
#include "so_plays.h"
#include "so_stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

static void play_passive(bool is_ipv6)
{
    const struct peer peer = {is_ipv6, 40000, 8080, NULL};
    struct sockaddr_storage remote;
    socklen_t length = sizeof remote;
    struct seen seen;
    char text[16];
    uint32_t iss;
    int listener, fd;

    start("profile=linux,net.ipv4.tcp_syn_retries=2");
    listener = new_listener(&peer);
    iss = shake(&peer);
    fd = so.accept(so.userdata, listener, (struct sockaddr *)&remote, &length);
    EXPECT(fd >= 0 && fd != listener);
    EXPECT(remote.ss_family == (is_ipv6 ? AF_INET6 : AF_INET));
    EXPECT(ntohs(((struct sockaddr_in *)&remote)->sin_port) == peer.port);
    arrives(&peer, PSH | ACK, 1, iss + 1, "hello");
    EXPECT(leaves(&seen) && seen.flags == ACK && seen.ack == 6);
    EXPECT(so.read(so.userdata, fd, text, sizeof text) == 5 && memcmp(text, "hello", 5) == 0);
    EXPECT(so.fcntl(so.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    errno = 0;
    EXPECT(so.read(so.userdata, fd, text, sizeof text) == -1 && errno == EAGAIN);
    EXPECT(so.write(so.userdata, fd, "good day", 8) == 8);
    EXPECT(leaves(&seen) && seen.seq == iss + 1 && seen.length == 8);
    EXPECT(memcmp(seen.text, "good day", 8) == 0);
    arrives(&peer, ACK, 6, iss + 9, "");
    EXPECT(so.close(so.userdata, fd) == 0);
    EXPECT(leaves(&seen) && (seen.flags & FIN) && seen.seq == iss + 9);
    arrives(&peer, FIN | ACK, 6, iss + 10, "");
    EXPECT(leaves(&seen) && seen.flags == ACK && seen.ack == 7 && seen.seq == iss + 10);
    errno = 0;
    EXPECT(so.read(so.userdata, fd, text, 1) == -1 && errno == EBADF);
    EXPECT(so.close(so.userdata, listener) == 0);
    so.free(so.userdata);
}

/* A SYN that nobody answers comes again by virtual time alone; then a RST refuses it. */
static void play_refused(void)
{
    struct peer peer = {false, 9, 0, NULL};
    struct sockaddr_storage remote;
    struct seen first, second;
    struct pollfd entry;
    int fd, error = 0;
    socklen_t length = sizeof error;

    start("profile=linux");
    fd = new_socket(&peer);
    EXPECT(so.fcntl(so.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    errno = 0;
    EXPECT(so.connect(so.userdata, fd, (struct sockaddr *)&remote,
                      name(&remote, &peer, false, 9)) == -1 &&
           errno == EINPROGRESS);
    EXPECT(leaves(&first) && first.flags == SYN && first.destination == 9);
    EXPECT(leaves(&second) && second.flags == SYN && second.seq == first.seq);
    EXPECT(second.at - first.at == 1000000); /* RFC 6298 §2.1: an RTO of one second */
    peer.local_port = first.source;
    arrives(&peer, RST | ACK, 0, first.seq + 1, "");
    entry = (struct pollfd){.fd = fd, .events = POLLOUT};
    EXPECT(so.poll(so.userdata, &entry, 1, 0) == 1 && (entry.revents & POLLERR));
    EXPECT(so.getsockopt(so.userdata, fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0);
    EXPECT(error == ECONNREFUSED && length == sizeof error);
    so.free(so.userdata);
}

/* ---- whose address it is ---- */

static int bind_to(const char *address, uint16_t port)
{
    const bool is_ipv6 = strchr(address, ':') != NULL;
    const struct peer peer = {is_ipv6, 0, port, address};
    struct sockaddr_storage local;
    const int fd = new_socket(&peer);
    const socklen_t length = name(&local, &peer, true, port);
    int error;

    errno = 0;
    error = so.bind(so.userdata, fd, (struct sockaddr *)&local, length) == 0 ? 0 : errno;
    EXPECT(so.close(so.userdata, fd) == 0);
    return error;
}

/* The first address of each version that the script takes for the stack's own is that; a
 * packetdrill may choose one by chance. */
static void play_addresses(void)
{
    const struct peer by_packet = {false, 40010, 8080, "192.168.77.9"};
    struct sockaddr_storage any;
    int fd;

    start("profile=linux");
    EXPECT(bind_to("192.168.77.7", 80) == 0);
    EXPECT(bind_to("192.168.77.8", 80) == EADDRNOTAVAIL); /* it has one by now */
    EXPECT(bind_to("fd3d:fa7b:d17d::77", 80) == 0);
    EXPECT(bind_to("fd3d:fa7b:d17d::78", 80) == EADDRNOTAVAIL);
    so.free(so.userdata);

    start("profile=linux");
    EXPECT(bind_to("224.0.0.1", 80) == EADDRNOTAVAIL); /* a group is nobody's */
    fd = new_socket(&by_packet);
    memset(&any, 0, sizeof any);
    any.ss_family = AF_INET;
    ((struct sockaddr_in *)&any)->sin_port = htons(8080);
    EXPECT(so.bind(so.userdata, fd, (struct sockaddr *)&any, sizeof(struct sockaddr_in)) == 0);
    EXPECT(so.listen(so.userdata, fd, 1) == 0);
    (void)shake(&by_packet);
    EXPECT(so.accept(so.userdata, fd, NULL, NULL) >= 0);
    so.free(so.userdata);

    start("local=192.168.0.1");
    EXPECT(bind_to("192.168.77.7", 80) == EADDRNOTAVAIL); /* it was said whose it is */
    EXPECT(bind_to("192.168.0.1", 80) == 0);
    so.free(so.userdata);
}

void play_opens(void)
{
    play_passive(false);
    play_passive(true);
    play_refused();
    play_addresses();
}
