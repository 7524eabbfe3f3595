/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_flooder.c: SYNs from sources that do not exist, as fast as the link takes them.
 *
 *     syn_flooder ADDRESS PORT MILLISECONDS
 *
 * For tests in a network namespace of their own only: it refuses any address outside of
 * 192.0.2.0/24 (RFC 5737). The sources are other addresses of that network. A tun device takes
 * what it is given and loses what its queue does not hold, honest packets among it. Prints how
 * many left.
 */
#define _GNU_SOURCE /* sendmmsg */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BURST = 64, OPTIONS = 20 };

struct syn {
    struct iphdr ip;
    struct tcphdr tcp;
    uint8_t options[OPTIONS];
};

static uint64_t state = 88172645463325252u;

/* xorshift64 */
static uint32_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static uint32_t sum_words(uint32_t sum, const void *data, size_t length)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void make_syn(struct syn *syn, uint32_t destination, uint16_t port)
{
    /* MSS 1460, SACK permitted, timestamps, NOP, window scale 7 */
    static const uint8_t options[OPTIONS] = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                             1, 1, 0, 0,    0, 0, 1, 3,  3, 7};
    const uint32_t random = next_random();
    uint32_t sum;

    memset(syn, 0, sizeof *syn);
    syn->ip.version = 4;
    syn->ip.ihl = 5;
    syn->ip.tot_len = htons(sizeof *syn);
    syn->ip.ttl = 64;
    syn->ip.protocol = IPPROTO_TCP;
    syn->ip.saddr = htonl((ntohl(destination) & ~0xffu) | (10 + random % 240));
    syn->ip.daddr = destination;
    syn->tcp.source = htons((uint16_t)(1024 + (random >> 8) % 60000));
    syn->tcp.dest = htons(port);
    syn->tcp.seq = next_random();
    syn->tcp.doff = sizeof(struct tcphdr) / 4 + OPTIONS / 4;
    syn->tcp.syn = 1;
    syn->tcp.window = htons(64240);
    memcpy(syn->options, options, OPTIONS);
    sum = sum_words(IPPROTO_TCP + sizeof(struct tcphdr) + OPTIONS, &syn->ip.saddr, 8);
    sum = sum_words(sum, &syn->tcp, sizeof(struct tcphdr) + OPTIONS);
    syn->tcp.check = htons(fold(sum));
}

static int64_t now_ms(void)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    static struct syn syns[BURST];
    struct mmsghdr messages[BURST];
    struct iovec iov[BURST];
    struct sockaddr_in to = {.sin_family = AF_INET};
    int64_t end;
    long sent = 0;
    int fd;

    if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || atoi(argv[3]) < 1 ||
        ntohl(to.sin_addr.s_addr) >> 8 != 0xc00002) {
        fprintf(stderr, "usage: syn_flooder 192.0.2.N PORT MILLISECONDS\n");
        return 2;
    }
    fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (fd < 0) {
        perror("syn_flooder");
        return 4;
    }
    for (unsigned i = 0; i < BURST; i++) {
        iov[i] = (struct iovec){&syns[i], sizeof syns[i]};
        messages[i] = (struct mmsghdr){
            .msg_hdr = {
                .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov[i], .msg_iovlen = 1}};
    }
    end = now_ms() + atoi(argv[3]);
    while (now_ms() < end) {
        int count;

        for (unsigned i = 0; i < BURST; i++)
            make_syn(&syns[i], to.sin_addr.s_addr, (uint16_t)atoi(argv[2]));
        count = sendmmsg(fd, messages, BURST, 0);
        if (count < 0 && errno != ENOBUFS && errno != EINTR) {
            perror("syn_flooder: sendmmsg");
            return 1;
        }
        sent += count > 0 ? count : 0;
    }
    printf("%ld\n", sent);
    return 0;
}
