/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_stage.c: see so_stage.h.
 */
#include "so_stage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/time.h>

struct packetdrill_interface so;
void (*so_init)(const char *flags, struct packetdrill_interface *);

void start(const char *flags)
{
    memset(&so, 0, sizeof so);
    so_init(flags, &so);
    /* userdata and 32 callbacks, none of them missing */
    EXPECT(sizeof so == (1 + 32) * sizeof(void *));
    for (size_t i = 0; i < sizeof so / sizeof(void *); i++) {
        void *member;

        memcpy(&member, (char *)&so + i * sizeof member, sizeof member);
        EXPECT(member != NULL);
    }
}

int64_t now_us(void)
{
    struct timeval now;

    EXPECT(so.gettimeofday(so.userdata, &now, NULL) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

/* ---- the peer ---- */

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

void arrives(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
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

bool leaves(struct seen *seen)
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

socklen_t name(struct sockaddr_storage *storage, const struct peer *peer, bool is_local,
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

int new_socket(const struct peer *peer)
{
    const int fd =
        so.socket(so.userdata, peer->is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_TCP);

    EXPECT(fd >= 0);
    EXPECT(fcntl(fd, F_GETFD) >= 0); /* a real one: the script's end closes it with libc's close */
    return fd;
}

int new_listener(const struct peer *peer)
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

uint32_t shake(const struct peer *peer)
{
    struct seen seen;

    arrives(peer, SYN, 0, 0, "");
    EXPECT(leaves(&seen) && seen.flags == (SYN | ACK) && seen.ack == 1);
    EXPECT(seen.source == peer->local_port && seen.destination == peer->port);
    arrives(peer, ACK, 1, seen.seq + 1, "");
    return seen.seq;
}

int new_accepted(const struct peer *peer, uint32_t *iss)
{
    const int listener = new_listener(peer);
    int fd;

    *iss = shake(peer);
    fd = so.accept(so.userdata, listener, NULL, NULL);
    EXPECT(fd >= 0);
    return fd;
}
