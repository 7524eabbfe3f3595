/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_waits.c: calls that sleep, each on a thread of its own, while time jumps over their end.
 */
#include "so_plays.h"
#include "so_stage.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

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
    receives.fd = new_accepted(&peer, &iss);
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
    writes.fd = new_accepted(&peer, &iss);
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

void play_waits(void)
{
    play_blocking();
    play_waiting();
    play_turns();
    play_idle();
    play_long_write();
    play_opening();
}
