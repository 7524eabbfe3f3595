/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tun.c: an echo server on a wire: the loop that every real program has around the five calls.
 *
 *     ┌─▶ sleep until a packet, or until lastack_next_deadline
 *     │      packets ─▶ lastack_input        time ─▶ lastack_tick
 *     │   lastack_output until 0 ─▶ write    lastack_next_event until none ─▶ echo
 *     └──────┘  (again, while events made something to send)
 *
 * The wire is a tun device of Linux; another one is another read and write. The stack is 192.0.2.1.
 *
 *     cc tun.c $(pkg-config --cflags --libs lastack) -o tun
 *     unshare -Urn bash -c 'ip tuntap add t0 mode tun; ip address add 192.0.2.2/24 dev t0
 *         ip link set t0 up; ./tun t0 & sleep .1
 *         exec 3<>/dev/tcp/192.0.2.1/7; echo hello >&3; head -1 <&3; kill %1'
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <lastack/lastack.h>

enum { LINK = 1, MTU = 1500, ECHO = 7 };

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, expression);
    abort();
}

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int open_tun(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    const int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
        fail(name);
    return tun;
}

/* Only what is used of a fresh mapping is ever real: a generous config costs next to nothing. */
static struct lastack *make_stack(void)
{
    const struct lastack_address address = lastack_ipv4(192, 0, 2, 1);
    struct lastack_config config;
    struct lastack *stack;
    void *memory;
    size_t size;

    lastack_config_default(&config);
    if (getrandom(config.seed, sizeof config.seed, 0) != sizeof config.seed)
        fail("getrandom");
    size = lastack_size(&config);
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    stack = lastack_create(&config, memory, size, now());
    lastack_add_link(stack, &(struct lastack_link_config){.kind = LASTACK_LINK_IP, .mtu = MTU});
    lastack_add_address(stack, LINK, &address, 24);
    return stack;
}

/* Takes no more than it can give back: when the peer does not read, his window closes. */
static void echo(struct lastack *stack, int fd)
{
    char text[4096];
    int64_t got, sent = 0;

    while ((got = lastack_recv(stack, fd, text, sizeof text, LASTACK_MSG_PEEK)) > 0) {
        sent = lastack_send(stack, fd, text, (size_t)got, 0);
        if (sent < 0)
            break;
        lastack_recv(stack, fd, NULL, (size_t)sent, LASTACK_MSG_TRUNC);
    }
    if (got <= 0 ? got != -LASTACK_EAGAIN : sent != -LASTACK_EAGAIN)
        lastack_close(stack, fd); /* the end, or an error; else an event will come */
}

/* True if there was news. */
static bool serve(struct lastack *stack, int listener)
{
    struct lastack_event event;
    bool any = false;
    int fd;

    for (; lastack_next_event(stack, &event); any = true) {
        if (event.descriptor != listener)
            echo(stack, event.descriptor);
        else /* one event for all that wait */
            while ((fd = lastack_accept(stack, listener, NULL)) >= 0)
                echo(stack, fd);
    }
    return any;
}

/* Sends all there is. False: the device takes no more now; what it did not take is lost, as on any
 * wire, and TCP sends it again. */
static bool send_all(struct lastack *stack, int tun)
{
    struct lastack_packet_out packet;

    while (lastack_output(stack, &packet, 1) == 1) {
        struct iovec iov[LASTACK_IOV_MAX];

        for (int i = 0; i < packet.iov_count; i++)
            iov[i] = (struct iovec){(void *)(uintptr_t)packet.iov[i].base, packet.iov[i].length};
        if (writev(tun, iov, packet.iov_count) < 0 && errno == EAGAIN) {
            lastack_link_full(stack, LINK);
            return false;
        }
    }
    return true;
}

static void receive_all(struct lastack *stack, int tun)
{
    uint8_t packet[MTU];
    ssize_t length;

    while ((length = read(tun, packet, sizeof packet)) > 0)
        lastack_input(stack, now(), &(struct lastack_packet_in){packet, (size_t)length, LINK, 0},
                      1); /* a batch of several is cheaper for each */
}

/* In milliseconds, as poll(2) has them: not before `deadline`, and not for too long at once. */
static int time_until(int64_t deadline)
{
    const int64_t left = deadline == INT64_MAX ? INT64_MAX : deadline - now();

    return left <= 0 ? 0 : left > 1000000000 ? 1000 : (int)(left / 1000000) + 1;
}

int main(int argc, char **argv)
{
    const struct lastack_endpoint at = {lastack_ipv4(192, 0, 2, 1), ECHO};
    struct lastack *stack = make_stack();
    const int tun = open_tun(argc > 1 ? argv[1] : "tun0");
    const int listener = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    if (lastack_bind(stack, listener, &at) < 0 || lastack_listen(stack, listener, 128) < 0)
        return 1;
    for (;;) {
        struct pollfd wait = {.fd = tun};

        do
            wait.events = (short)(send_all(stack, tun) ? POLLIN : POLLIN | POLLOUT);
        while (serve(stack, listener));
        poll(&wait, 1, time_until(lastack_next_deadline(stack)));
        if (wait.revents & POLLOUT)
            lastack_link_ready(stack, LINK);
        receive_all(stack, tun);
        lastack_tick(stack, now());
    }
}
