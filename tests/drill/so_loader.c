/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_loader.c: a stand-in for the original packetdrill: loads liblastack-packetdrill.so as that
 * does (RTLD_NOW, LOCAL, NODELETE, DEEPBIND) and plays against it through the interface alone.
 *
 *     so_loader LIBRARY          the callbacks
 *     so_loader LIBRARY hooks    run with the preload object: close, getsockopt, open, sendfile and
 *                                system of libc
 *
 * The peer is written out byte by byte here, so nothing of the stack judges itself.
 */
#include "packetdrill_interface.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sock_diag.h>
/* not <netinet/tcp.h>: its tcp_info is an old one */
#include <linux/tcp.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition,      \
                    errno);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static struct packetdrill_interface so;
static void (*init)(const char *, struct packetdrill_interface *);

static void start(const char *flags)
{
    memset(&so, 0, sizeof so);
    init(flags, &so);
    /* userdata and 32 callbacks, none of them missing */
    EXPECT(sizeof so == (1 + 32) * sizeof(void *));
    for (size_t i = 0; i < sizeof so / sizeof(void *); i++) {
        void *member;

        memcpy(&member, (char *)&so + i * sizeof member, sizeof member);
        EXPECT(member != NULL);
    }
}

static int64_t now_us(void)
{
    struct timeval now;

    EXPECT(so.gettimeofday(so.userdata, &now, NULL) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

/* ---- the peer ---- */

struct seen {
    uint8_t flags;
    uint32_t seq, ack;
    size_t length; /* text */
    uint8_t text[65536];
    long long at;
    uint16_t source, destination;
};

struct peer {
    bool is_ipv6;
    uint16_t port, local_port;
    const char *local; /* NULL: the usual one */
};

static const char *address_of(const struct peer *peer, bool is_local)
{
    if (is_local && peer->local != NULL)
        return peer->local;
    if (peer->is_ipv6)
        return is_local ? "fd3d:0a0b:17d6::1" : "fd3d:fa7b:d17d::1";
    return is_local ? "192.168.0.1" : "192.0.2.1";
}

static uint32_t sum(const uint8_t *bytes, size_t length, uint32_t start_sum)
{
    for (size_t i = 0; i < length; i++)
        start_sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    return start_sum;
}

static uint16_t folded(uint32_t value)
{
    while (value >> 16 != 0)
        value = (value & 0xffff) + (value >> 16);
    return (uint16_t)~value;
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
    return get16(at) << 16 | get16(at + 2);
}

static void arrives(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack,
                    const char *text)
{
    const size_t length = strlen(text), head = peer->is_ipv6 ? 40 : 20, size = 20 + length;
    uint8_t packet[256] = {0}, *tcp = packet + head;
    const size_t width = peer->is_ipv6 ? 16 : 4, names = peer->is_ipv6 ? 8 : 12;
    const int family = peer->is_ipv6 ? AF_INET6 : AF_INET;

    EXPECT(inet_pton(family, address_of(peer, false), packet + names) == 1);
    EXPECT(inet_pton(family, address_of(peer, true), packet + names + width) == 1);
    packet[0] = peer->is_ipv6 ? 0x60 : 0x45;
    put16(packet + (peer->is_ipv6 ? 4 : 2), (unsigned)(peer->is_ipv6 ? size : size + head));
    packet[peer->is_ipv6 ? 6 : 9] = IPPROTO_TCP;
    packet[peer->is_ipv6 ? 7 : 8] = 64;
    if (!peer->is_ipv6)
        put16(packet + 10, folded(sum(packet, 20, 0)));
    put16(tcp, peer->port);
    put16(tcp + 2, peer->local_port);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 32792);
    memcpy(tcp + 20, text, length);
    put16(tcp + 16,
          folded(sum(tcp, size, sum(packet + names, 2 * width, (uint32_t)(IPPROTO_TCP + size)))));
    EXPECT(so.netdev_send(so.userdata, packet, head + size) == 0);
}

/* The next packet of the stack, with its checksums; false: none. */
static bool leaves(struct seen *seen)
{
    uint8_t packet[65536], *tcp;
    size_t length = sizeof packet, head, names, width;

    EXPECT(so.netdev_receive(so.userdata, packet, &length, &seen->at) == 0);
    if (length == 0)
        return false;
    head = packet[0] >> 4 == 6 ? 40 : 20;
    names = head == 40 ? 8 : 12;
    width = head == 40 ? 16 : 4;
    tcp = packet + head;
    EXPECT(length >= head + 20);
    EXPECT(head == 40 || folded(sum(packet, 20, 0)) == 0);
    EXPECT(folded(sum(tcp, length - head,
                      sum(packet + names, 2 * width, (uint32_t)(IPPROTO_TCP + length - head)))) ==
           0);
    seen->source = (uint16_t)get16(tcp);
    seen->destination = (uint16_t)get16(tcp + 2);
    seen->seq = get32(tcp + 4);
    seen->ack = get32(tcp + 8);
    seen->flags = tcp[13];
    seen->length = length - head - (size_t)(tcp[12] >> 4) * 4;
    EXPECT(seen->length < sizeof seen->text);
    memcpy(seen->text, packet + length - seen->length, seen->length);
    return true;
}

/* ---- sockets of the script ---- */

static socklen_t name(struct sockaddr_storage *storage, const struct peer *peer, bool is_local,
                      uint16_t port)
{
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
    struct sockaddr_in *four = (struct sockaddr_in *)storage;

    memset(storage, 0, sizeof *storage);
    if (peer->is_ipv6) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        EXPECT(inet_pton(AF_INET6, address_of(peer, is_local), &six->sin6_addr) == 1);
        return sizeof *six;
    }
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    EXPECT(inet_pton(AF_INET, address_of(peer, is_local), &four->sin_addr) == 1);
    return sizeof *four;
}

static int new_socket(const struct peer *peer)
{
    const int fd =
        so.socket(so.userdata, peer->is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);

    EXPECT(fd >= 0);
    EXPECT(fcntl(fd, F_GETFD) >= 0); /* a real one: the script's end closes it with libc's close */
    return fd;
}

static int new_listener(const struct peer *peer)
{
    struct sockaddr_storage local;
    const int fd = new_socket(peer);
    const int one = 1;

    EXPECT(so.setsockopt(so.userdata, fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
    EXPECT(so.bind(so.userdata, fd, (struct sockaddr *)&local,
                   name(&local, peer, true, peer->local_port)) == 0);
    EXPECT(so.listen(so.userdata, fd, 1) == 0);
    return fd;
}

/* The handshake of a peer that starts at sequence number 0; the stack's own is returned. */
static uint32_t shake(const struct peer *peer)
{
    struct seen seen;

    arrives(peer, SYN, 0, 0, "");
    EXPECT(leaves(&seen) && seen.flags == (SYN | ACK) && seen.ack == 1);
    EXPECT(seen.source == peer->local_port && seen.destination == peer->port);
    arrives(peer, ACK, 1, seen.seq + 1, "");
    return seen.seq;
}

/* ---- what is played ---- */

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

/* ---- a blocking accept on a thread of its own ---- */

/* Until the thread sleeps in its call: nobody else holds a lock that it could wait for. */
static void await_sleep(const _Atomic pid_t *thread)
{
    char path[64], text[256] = "";

    for (int i = 0; i < 10000; i++) {
        const char *state = strrchr(text, ')');
        FILE *file;

        if (state != NULL && state[1] != '\0' && state[2] == 'S')
            return;
        usleep(1000);
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)*thread);
        file = *thread != 0 ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        if (fgets(text, sizeof text, file) == NULL)
            text[0] = '\0';
        fclose(file);
    }
    EXPECT(!"the thread sleeps");
}

struct blocked {
    _Atomic pid_t thread;
    int listener, fd;
    int64_t returned_us;
};

static void *accept_blocking(void *context)
{
    struct blocked *blocked = context;

    blocked->thread = gettid();
    blocked->fd = so.accept(so.userdata, blocked->listener, NULL, NULL);
    blocked->returned_us = now_us();
    return NULL;
}

static void play_blocking(void)
{
    const struct peer peer = {false, 40001, 8080, NULL};
    struct blocked blocked = {.fd = -1};
    pthread_t thread;
    int64_t finished_us;

    start(NULL);
    blocked.listener = new_listener(&peer);
    EXPECT(pthread_create(&thread, NULL, accept_blocking, &blocked) == 0);
    await_sleep(&blocked.thread);
    EXPECT(so.usleep(so.userdata, 250000) == 0);
    EXPECT(blocked.fd == -1);
    (void)shake(&peer);
    finished_us = now_us();
    /* Time jumps at once, yet the thread sees the time when the handshake was done. */
    EXPECT(so.usleep(so.userdata, 5000000) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(blocked.fd >= 0 && blocked.fd != blocked.listener);
    EXPECT(blocked.returned_us - finished_us <= 10 && finished_us - blocked.returned_us <= 10);
    EXPECT(now_us() - finished_us >= 5000000);
    so.free(so.userdata);
}

/* Other calls that wait, each in its thread while time jumps over its end. */
struct waiter {
    _Atomic pid_t thread;
    int fd;
    int64_t value, returned_us;
    int error;
    struct peer peer;
    char text[8];
};

static void *poll_waiting(void *context)
{
    struct waiter *waiter = context;
    struct pollfd entry = {.fd = waiter->fd, .events = POLLIN};

    waiter->thread = gettid();
    waiter->value = so.poll(so.userdata, &entry, 1, 300);
    waiter->returned_us = now_us();
    return NULL;
}

static void *connect_waiting(void *context)
{
    struct waiter *waiter = context;
    struct sockaddr_storage remote;

    waiter->thread = gettid();
    waiter->value = so.connect(so.userdata, waiter->fd, (struct sockaddr *)&remote,
                               name(&remote, &waiter->peer, false, waiter->peer.port));
    waiter->error = errno;
    return NULL;
}

static void *receive_waiting(void *context)
{
    struct waiter *waiter = context;

    waiter->thread = gettid();
    waiter->value = so.recv(so.userdata, waiter->fd, waiter->text, 8, MSG_WAITALL);
    waiter->returned_us = now_us();
    return NULL;
}

static void *write_waiting(void *context)
{
    struct waiter *waiter = context;
    static char text[400000];

    waiter->thread = gettid();
    waiter->value = so.write(so.userdata, waiter->fd, text, sizeof text);
    return NULL;
}

static pthread_t begin(void *(*call)(void *), struct waiter *waiter)
{
    pthread_t thread;

    waiter->value = -2;
    waiter->thread = 0;
    EXPECT(pthread_create(&thread, NULL, call, waiter) == 0);
    await_sleep(&waiter->thread);
    EXPECT(waiter->value == -2); /* it waits */
    return thread;
}

static void play_waiting(void)
{
    const struct peer peer = {false, 40005, 8080, NULL};
    struct waiter polls, receives, connects = {.peer = {false, 9, 0, NULL}};
    struct seen seen;
    pthread_t thread;
    int64_t before;
    uint32_t iss;

    start("profile=linux");
    polls.fd = new_listener(&peer);
    before = now_us();
    thread = begin(poll_waiting, &polls);
    EXPECT(so.usleep(so.userdata, 5000000) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(polls.value == 0 && polls.returned_us - before >= 300000);
    EXPECT(polls.returned_us - before <= 300010); /* not when the jump was over */

    iss = shake(&peer);
    receives.fd = so.accept(so.userdata, polls.fd, NULL, NULL);
    EXPECT(receives.fd >= 0);
    thread = begin(receive_waiting, &receives);
    arrives(&peer, PSH | ACK, 1, iss + 1, "four");
    EXPECT(so.usleep(so.userdata, 1000000) == 0);
    EXPECT(receives.value == -2);
    arrives(&peer, PSH | ACK, 5, iss + 1, "more");
    before = now_us();
    EXPECT(so.usleep(so.userdata, 1000000) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(receives.value == 8 && memcmp(receives.text, "fourmore", 8) == 0);
    EXPECT(receives.returned_us - before <= 10);
    EXPECT(leaves(&seen) && seen.ack >= 5);
    while (seen.ack != 9)
        EXPECT(leaves(&seen));

    connects.fd = new_socket(&peer);
    thread = begin(connect_waiting, &connects);
    EXPECT(leaves(&seen) && seen.flags == SYN);
    connects.peer.local_port = seen.source;
    arrives(&connects.peer, RST | ACK, 0, seen.seq + 1, "");
    EXPECT(pthread_join(thread, NULL) == 0);
    EXPECT(connects.value == -1 && connects.error == ECONNREFUSED);
    so.free(so.userdata);
}

/* Who waits comes before whatever is done next. */
static void play_turns(void)
{
    const struct peer peer = {false, 40013, 8080, NULL};
    struct waiter receives;
    pthread_t thread;
    uint32_t iss;
    char byte;

    start("profile=linux");
    receives.fd = new_listener(&peer);
    iss = shake(&peer);
    receives.fd = so.accept(so.userdata, receives.fd, NULL, NULL);
    thread = begin(receive_waiting, &receives);
    arrives(&peer, PSH | ACK, 1, iss + 1, "eightbyt");
    errno = 0;
    EXPECT(so.recv(so.userdata, receives.fd, &byte, 1, MSG_DONTWAIT) == -1 && errno == EAGAIN);
    EXPECT(pthread_join(thread, NULL) == 0 && receives.value == 8);
    so.free(so.userdata);
}

/* While nobody asks for the time, it goes as far as a call's time-out: packetdrill waits for that
 * before the next call that blocks. */
static void play_idle(void)
{
    const struct peer peer = {false, 40015, 8080, NULL};
    struct waiter polls;
    pthread_t thread;
    int64_t before;

    start("profile=linux");
    polls.fd = new_listener(&peer);
    before = now_us();
    thread = begin(poll_waiting, &polls);
    EXPECT(pthread_join(thread, NULL) == 0 && polls.value == 0);
    EXPECT(polls.returned_us - before >= 300000 && polls.returned_us - before <= 300010);
    so.free(so.userdata);
}

/* What is no memory is told after what is wrong with the socket. */
static void play_faults(void)
{
    const struct peer peer = {false, 40016, 8080, NULL};
    uint32_t iss;
    int fd;

    start("profile=linux");
    fd = new_listener(&peer);
    iss = shake(&peer);
    fd = so.accept(so.userdata, fd, NULL, NULL);
    EXPECT(so.fcntl(so.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    EXPECT(so.read(so.userdata, fd, NULL, 10) == -1 && errno == EAGAIN);
    arrives(&peer, PSH | ACK, 1, iss + 1, "text");
    EXPECT(so.read(so.userdata, fd, NULL, 10) == -1 && errno == EFAULT);
    EXPECT(so.write(so.userdata, fd, NULL, 10) == -1 && errno == EFAULT);
    EXPECT(so.write(so.userdata, fd, NULL, 0) == 0);
    EXPECT(so.shutdown(so.userdata, fd, SHUT_WR) == 0);
    EXPECT(so.write(so.userdata, fd, NULL, 10) == -1 && errno == EPIPE);
    so.free(so.userdata);
}

/* A write of more than fits: all of it arrives, none twice, as fast as the peer acknowledges. */
static void play_long_write(void)
{
    const struct peer peer = {true, 40006, 8080, NULL};
    const int room = 20000;
    struct waiter writes;
    struct seen seen;
    pthread_t thread;
    uint32_t iss, next;
    int64_t before;

    start("profile=linux");
    writes.fd = new_listener(&peer);
    iss = shake(&peer);
    writes.fd = so.accept(so.userdata, writes.fd, NULL, NULL);
    EXPECT(so.setsockopt(so.userdata, writes.fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
    thread = begin(write_waiting, &writes);
    before = now_us();
    for (next = iss + 1; next != iss + 1 + 400000;) {
        EXPECT(leaves(&seen) && seen.length > 0 && seen.seq == next);
        next += (uint32_t)seen.length;
        arrives(&peer, ACK, 1, next, "");
    }
    EXPECT(pthread_join(thread, NULL) == 0 && writes.value == 400000);
    EXPECT(now_us() - before <= 10); /* nothing was waited for but acknowledgments */
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

/* ---- how text is seen ---- */

static void expect_frames(const char *flags, const size_t *lengths, size_t count)
{
    const struct peer peer = {false, 40011, 8080, NULL};
    static const char text[2 * 536];
    const bool is_cut = strcmp(flags, "frames=cut") == 0;
    struct seen seen;
    uint32_t next;
    int fd;

    start(flags);
    fd = new_listener(&peer);
    next = shake(&peer) + 1; /* no MSS option: 536 bytes */
    fd = so.accept(so.userdata, fd, NULL, NULL);
    for (int i = 0; i < 2; i++)
        EXPECT(so.write(so.userdata, fd, text, sizeof text) == sizeof text);
    for (size_t i = 0; i < count; i++) {
        EXPECT(leaves(&seen) && seen.seq == next && seen.length == lengths[i]);
        EXPECT(!(seen.flags & PSH) == (is_cut && i % 2 == 0));
        next += (uint32_t)seen.length;
    }
    so.free(so.userdata);
}

static void play_frames(void)
{
    static const size_t whole[] = {1072, 1072}, cut[] = {536, 536, 536, 536}, joined[] = {2144};

    expect_frames("profile=linux", whole, 2);
    expect_frames("frames=whole", whole, 2);
    expect_frames("frames=cut", cut, 4);
    expect_frames("frames=joined", joined, 1);
}

/* ---- a write that opens its connection ---- */

static void *send_opening(void *context)
{
    struct waiter *waiter = context;
    struct sockaddr_storage remote;
    const socklen_t length = name(&remote, &waiter->peer, false, waiter->peer.port);
    static const char text[2000];

    waiter->thread = gettid();
    waiter->value = so.sendto(so.userdata, waiter->fd, text, sizeof text, MSG_FASTOPEN,
                              (struct sockaddr *)&remote, length);
    return NULL;
}

/* It sleeps until the handshake is over; the ACK of that goes with the rest of its text. */
static void play_opening(void)
{
    struct waiter waiter = {.peer = {false, 9, 0, NULL}};
    struct seen seen;
    pthread_t thread;
    uint32_t taken;

    start("net.ipv4.tcp_fastopen=5"); /* also without a cookie */
    waiter.fd = new_socket(&waiter.peer);
    thread = begin(send_opening, &waiter);
    EXPECT(leaves(&seen) && seen.flags == SYN && seen.length > 0 && seen.length < 2000);
    taken = (uint32_t)seen.length;
    waiter.peer.local_port = seen.source;
    EXPECT(so.usleep(so.userdata, 20000) == 0 && waiter.value == -2);
    arrives(&waiter.peer, SYN | ACK, 0, seen.seq + 1 + taken, "");
    EXPECT(pthread_join(thread, NULL) == 0 && waiter.value == 2000);
    EXPECT(leaves(&seen) && seen.ack == 1 && seen.length == 2000 - taken);
    so.free(so.userdata);
}

/* ---- options ---- */

static void play_options(void)
{
    const struct peer peer = {false, 40012, 8080, NULL};
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t length = sizeof memory;
    const unsigned char tos = 4;
    int number = 0;
    int fd;

    start("profile=linux");
    fd = new_socket(&peer);
    memset(memory, 0xff, sizeof memory);
    EXPECT(so.getsockopt(so.userdata, fd, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0);
    EXPECT(length == sizeof memory && memory[SK_MEMINFO_DROPS] == 0);
    length = sizeof number;
    EXPECT(so.getsockopt(so.userdata, fd, SOL_SOCKET, SO_RCVBUF, &number, &length) == 0);
    EXPECT(number > 0 && memory[SK_MEMINFO_RCVBUF] == (uint32_t)number);
    length = sizeof memory;
    EXPECT(so.getsockopt(so.userdata, fd, IPPROTO_TCP, TCP_CC_INFO, memory, &length) == 0);
    EXPECT(length == 0);
    EXPECT(so.setsockopt(so.userdata, fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos) == 0);
    length = sizeof number;
    EXPECT(so.getsockopt(so.userdata, fd, IPPROTO_IP, IP_TOS, &number, &length) == 0);
    EXPECT(number == 4);
    errno = 0;
    EXPECT(so.setsockopt(so.userdata, fd, SOL_SOCKET, SO_REUSEADDR, &tos, sizeof tos) == -1 &&
           errno == EINVAL);
    so.free(so.userdata);
}

/* What --so_flags may not say ends the program with a word about it. */
static void play_bad_flags(void)
{
    static const char *const bad[] = {
        "profile=plan9", "nothing_of_the_kind=1",  "mtu=12",     "local=everywhere", "patience=",
        "word",          "net.ipv4.tcp_sack=many", "frames=half"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int ends[2], status;
        char said[512];
        pid_t child;

        EXPECT(pipe(ends) == 0);
        child = fork();
        if (child == 0) {
            dup2(ends[1], STDERR_FILENO);
            init(bad[i], &so);
            _exit(0);
        }
        close(ends[1]);
        EXPECT(child > 0 && waitpid(child, &status, 0) == child);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
        EXPECT(read(ends[0], said, sizeof said) > 0);
        close(ends[0]);
    }
}

/* ---- time ---- */

static void play_retransmission(void)
{
    const struct peer peer = {false, 40002, 8080, NULL};
    struct seen seen;
    int64_t first, gap = 0, last;
    uint32_t iss;
    int fd;

    start("profile=linux");
    fd = new_listener(&peer);
    iss = shake(&peer);
    fd = so.accept(so.userdata, fd, NULL, NULL);
    EXPECT(fd >= 0);
    EXPECT(so.write(so.userdata, fd, "x", 1) == 1);
    EXPECT(leaves(&seen) && seen.seq == iss + 1);
    first = last = seen.at;
    for (int i = 0; i < 6; i++) {
        EXPECT(leaves(&seen) && seen.seq == iss + 1 && seen.length == 1);
        /* RFC 6298 §5.5: doubled each time (a loss probe, RFC 8985 §7, may come before) */
        EXPECT(i < 3 || seen.at - last >= 2 * gap - 1000);
        gap = seen.at - last;
        last = seen.at;
    }
    EXPECT(last - first > 5000000 && now_us() >= last);
    so.free(so.userdata);
}

static void play_giving_up(void)
{
    struct seen seen;
    int64_t before, after;

    start("patience=2");
    before = now_us();
    EXPECT(!leaves(&seen));
    after = now_us();
    EXPECT(after > before && after <= before + 2000000 + 10);
    for (int i = 0; i < 1000; i++) { /* a clock that stood still would hang the original */
        before = after;
        after = now_us();
        EXPECT(after >= before + 1);
    }
    EXPECT(so.usleep(so.userdata, 123456) == 0);
    EXPECT(now_us() >= after + 123456);
    so.free(so.userdata);
}

/* ---- epoll, pieces, splice ---- */

static void play_readiness(void)
{
    const struct peer peer = {false, 40003, 8080, NULL};
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 77}, got[4];
    char a[3], b[8];
    struct iovec pieces[2] = {{a, 3}, {b, sizeof b}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    loff_t offset = 0;
    struct seen seen;
    int64_t before;
    uint32_t iss;
    int fd, epoll, ends[2];

    start("profile=linux");
    fd = new_listener(&peer);
    iss = shake(&peer);
    fd = so.accept(so.userdata, fd, NULL, NULL);
    epoll = so.epoll_create(so.userdata, 1);
    EXPECT(fd >= 0 && epoll >= 0 && epoll != fd);
    EXPECT(so.epoll_ctl(so.userdata, epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    before = now_us();
    EXPECT(so.epoll_wait(so.userdata, epoll, got, 4, 100) == 0);
    EXPECT(now_us() - before >= 100000);
    arrives(&peer, PSH | ACK, 1, iss + 1, "abcdefgh");
    EXPECT(so.epoll_wait(so.userdata, epoll, got, 4, 0) == 1);
    EXPECT(got[0].data.u64 == 77 && (got[0].events & EPOLLIN));
    EXPECT(so.recvmsg(so.userdata, fd, &message, 0) == 8);
    EXPECT(memcmp(a, "abc", 3) == 0 && memcmp(b, "defgh", 5) == 0);
    EXPECT(leaves(&seen) && seen.ack == 9);
    EXPECT(so.pipe(so.userdata, ends) == 0);
    arrives(&peer, PSH | ACK, 9, iss + 1, "pipe");
    EXPECT(so.splice(so.userdata, fd, &offset, ends[1], &offset, 4, 0) == 4);
    EXPECT(so.splice(so.userdata, ends[0], &offset, fd, &offset, 4, 0) == 4);
    do
        EXPECT(leaves(&seen)); /* acknowledgments may come before */
    while (seen.length == 0);
    EXPECT(seen.length == 4 && memcmp(seen.text, "pipe", 4) == 0);
    so.free(so.userdata);
}

/* ---- with the preloaded object ---- */

/* The shell's words are drill's own: one interpreter for both. */
static void play_commands(void)
{
    static const char *const done[] = {
        "sysctl -q net.ipv4.tcp_sack=0 && ../common/defaults.sh",
        "../common/set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0 \\\n"
        "    /proc/sys/net/ipv4/tcp_timestamps=0",
        "sysctl -n net.ipv4.tcp_timestamps | grep 0",
        "sysctl -w net.ipv4.tcp_fastopen_key=1-2-3-4",
        "echo 1 > /proc/sys/net/ipv4/tcp_timestamps; sysctl -n net.ipv4.tcp_timestamps | grep 1",
        "nstat > /dev/null",
        "ethtool -K tun0 tso off gso off",
        "ip tcp_metrics flush all",
        "sockstat -4 -s | grep -c LISTEN",
        "/tmp/sysctl_restore_${PPID}.sh",
    };
    static const char *const refused[] = {
        "sysctl -q net.ipv4.tcp_nothing_of_the_kind=0",
        "sysctl -w net.ipv4.tcp_fastopen_key=1-2",
        "sysctl -n net.ipv4.tcp_sack | grep 0", /* restored by now */
        "touch /tmp/lastack-so-loader",         /* not done on the host */
        "sockstat -4 -s | grep TIME_WAIT",
    };

    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++)
        EXPECT(system(done[i]) == 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        EXPECT(system(refused[i]) != 0);
    EXPECT(access("/tmp/lastack-so-loader", F_OK) == -1);
}

/* %{ }% is a file of packetdrill's own, and a program of the host reads it. */
static void play_code(void)
{
    char path[] = "/tmp/code_XXXXXX", command[64];
    const int fd = mkstemp(path);

    EXPECT(fd >= 0 && write(fd, "exit 7\n", 7) == 7 && close(fd) == 0);
    snprintf(command, sizeof command, "sh %s", path);
    EXPECT(WEXITSTATUS(system(command)) == 7);
    snprintf(command, sizeof command, "sh %s; true", path);
    EXPECT(WEXITSTATUS(system(command)) == 127); /* a script's word for it is none */
    EXPECT(unlink(path) == 0);
    snprintf(command, sizeof command, "sh %s", path);
    EXPECT(WEXITSTATUS(system(command)) == 127);
}

/* A file that a command made is there for open() and sendfile(), and nowhere else. */
static void play_file(int fd, uint32_t next)
{
    static const char path[] = "/tmp/lastack-so-loader-zeros";
    struct seen seen;
    off_t offset = 1;
    int file;

    EXPECT(system("dd if=/dev/zero of=/tmp/lastack-so-loader-zeros bs=1 count=5") == 0);
    EXPECT(access(path, F_OK) == -1);
    file = open(path, O_RDONLY);
    EXPECT(file >= 0 && file != fd);
    EXPECT(sendfile(fd, file, &offset, 100) == 4 && offset == 5);
    EXPECT(leaves(&seen) && seen.seq == next && seen.length == 4 && seen.text[3] == 0);
    EXPECT(close(file) == 0);
    EXPECT(system("rm -f /tmp/lastack-so-loader-zeros") == 0);
    EXPECT(open(path, O_RDONLY) == -1);
}

/* A descriptor is shown with its TIME-WAIT, as FreeBSD does it. */
static void play_time_wait(void)
{
    const struct peer peer = {false, 40014, 8080, NULL};
    struct seen seen;
    uint32_t iss;
    int fd;

    start("profile=freebsd");
    fd = new_listener(&peer);
    iss = shake(&peer);
    fd = so.accept(so.userdata, fd, NULL, NULL);
    EXPECT(so.shutdown(so.userdata, fd, SHUT_RDWR) == 0);
    EXPECT(leaves(&seen) && (seen.flags & FIN) && seen.seq == iss + 1);
    EXPECT(system("sockstat -4 -P tcp -s | grep TIME_WAIT") != 0);
    arrives(&peer, FIN | ACK, 1, iss + 2, "");
    EXPECT(system("sockstat -4 -P tcp -s | grep packetdril | grep -c TIME_WAIT | grep 1") == 0);
    EXPECT(so.close(so.userdata, fd) == 0);
    EXPECT(system("sockstat -4 -P tcp -s | grep packetdril | grep TIME_WAIT") != 0);
    EXPECT(system("sockstat -4 -P tcp -s | grep TIME_WAIT") == 0);
    so.free(so.userdata);
}

static void play_hooks(void)
{
    const struct peer peer = {false, 40004, 8080, NULL};
    struct tcp_info info;
    socklen_t length = sizeof info;
    struct seen seen;
    uint32_t iss;
    int listener, fd;

    EXPECT(system("sysctl -q net.ipv4.tcp_sack=0") == 0); /* as --init_scripts: kept ... */
    start("profile=linux");
    EXPECT(system("sysctl -n net.ipv4.tcp_sack | grep 0") == 0); /* ... until there is a stack */
    EXPECT(system("sysctl -q net.ipv4.tcp_sack=1") == 0);
    play_code();
    listener = new_listener(&peer);
    play_commands();
    iss = shake(&peer);
    fd = so.accept(so.userdata, listener, NULL, NULL);
    EXPECT(fd >= 0);
    EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
    EXPECT(info.tcpi_state == 1 && info.tcpi_snd_cwnd == 10 && info.tcpi_unacked == 0);
    play_file(fd, iss + 1);
    arrives(&peer, ACK, 1, iss + 5, "");
    EXPECT(close(fd) == 0); /* libc's, which the stack hears of */
    EXPECT(leaves(&seen) && (seen.flags & FIN) && seen.seq == iss + 5);
    EXPECT(close(fd) == -1);
    so.free(so.userdata);
    EXPECT(system("/tmp/sysctl_restore_${PPID}.sh") == 0); /* there is no stack */
}

/* The places of the members as packetdrill counts them, each of a pointer's size. That our own
 * header agrees with itself would prove nothing. */
static void play_order(void)
{
#define AT(member) offsetof(struct packetdrill_interface, member)
    static const size_t places[] = {
        AT(userdata),       AT(free),       AT(socket),       AT(bind),         AT(listen),
        AT(accept),         AT(connect),    AT(read),         AT(readv),        AT(recv),
        AT(recvfrom),       AT(recvmsg),    AT(write),        AT(writev),       AT(send),
        AT(sendto),         AT(sendmsg),    AT(fcntl),        AT(ioctl),        AT(close),
        AT(shutdown),       AT(getsockopt), AT(setsockopt),   AT(poll),         AT(netdev_send),
        AT(netdev_receive), AT(usleep),     AT(gettimeofday), AT(epoll_create), AT(epoll_ctl),
        AT(epoll_wait),     AT(pipe),       AT(splice),
    };
#undef AT

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        EXPECT(places[i] == i * sizeof(void *));
}

int main(int count, char **arguments)
{
    void *library, *found;

    EXPECT(count == 2 || count == 3);
    library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | RTLD_DEEPBIND);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    EXPECT(library != NULL);
    found = dlsym(library, "packetdrill_interface_init");
    EXPECT(found != NULL);
    memcpy(&init, &found, sizeof init);
    alarm(30);
    if (count == 3) {
        play_hooks();
        play_time_wait();
        return 0;
    }
    play_order();
    play_passive(false);
    play_passive(true);
    play_refused();
    play_blocking();
    play_waiting();
    play_turns();
    play_idle();
    play_faults();
    play_long_write();
    play_addresses();
    play_frames();
    play_opening();
    play_options();
    play_bad_flags();
    play_retransmission();
    play_giving_up();
    play_readiness();
    return 0;
}
