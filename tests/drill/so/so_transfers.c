/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_transfers.c: text in pieces and frames, readiness, splice, options; what is wrong with a
 *                  call.
 */
#include "so_plays.h"
#include "so_stage.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include <linux/sock_diag.h>
/* not <netinet/tcp.h>: its tcp_info is an old one */
#include <linux/tcp.h>

static void expect_frames(const char *flags, const size_t *lengths, size_t count)
{
    const struct peer peer = {false, 40011, 8080, NULL};
    static const char text[2 * 536];
    const bool is_cut = strcmp(flags, "frames=cut") == 0;
    struct seen seen;
    uint32_t next;
    int fd;

    start(flags);
    fd = new_accepted(&peer, &next);
    next++; /* no MSS option: 536 bytes */
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
    fd = new_accepted(&peer, &iss);
    epoll = so.epoll_create(so.userdata, 1);
    EXPECT(epoll >= 0 && epoll != fd);
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

/* What is no memory is told after what is wrong with the socket. */
static void play_faults(void)
{
    const struct peer peer = {false, 40016, 8080, NULL};
    uint32_t iss;
    int fd;

    start("profile=linux");
    fd = new_accepted(&peer, &iss);
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

void play_transfer(void)
{
    play_frames();
    play_readiness();
    play_faults();
    play_options();
}
