/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * embed.c: two stacks in one process, a line each way, and the whole life of the connection.
 *
 * All there is to embedding: memory, a clock, something that carries packets, and the five calls.
 * Here the clock is a number and the wire is a loop. Build: cc embed.c $(pkg-config --cflags
 * --libs lastack)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lastack/lastack.h>

enum { LINK = 1, PORT = 7 };

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, expression);
    abort();
}

static struct lastack *make_stack(uint8_t host)
{
    struct lastack_config config;
    lastack_config_default(&config);
    config.seed[0] = host; /* a real program takes 32 secret random bytes */
    size_t size = lastack_size(&config);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    if (memory == NULL)
        exit(1);
    struct lastack *stack = lastack_create(&config, memset(memory, 0, size), size, 0);
    struct lastack_address address = lastack_ipv4(192, 0, 2, host);
    lastack_add_link(stack, &(struct lastack_link_config){.kind = LASTACK_LINK_IP, .mtu = 1500});
    lastack_add_address(stack, LINK, &address, 24);
    return stack;
}

/* The wire: whatever one stack has to send arrives at the other. True if there was something. */
static bool carry(struct lastack *from, struct lastack *to, int64_t now)
{
    struct lastack_packet_out out;
    bool any = false;
    for (; lastack_output(from, &out, 1) == 1; any = true) {
        uint8_t packet[1500];
        size_t length = 0;
        for (int i = 0; i < out.iov_count; length += out.iov[i++].length)
            memcpy(packet + length, out.iov[i].base, out.iov[i].length);
        lastack_input(to, now, &(struct lastack_packet_in){packet, length, LINK, 0}, 1);
    }
    return any;
}

/* The server's program: greet whoever connects, close when he has closed. */
static void serve(struct lastack *stack, const struct lastack_event *event, int listener)
{
    char line[64];
    int fd = event->descriptor;
    if (fd == listener) {
        fd = lastack_accept(stack, listener, NULL);
        lastack_send(stack, fd, "hello, client\n", 14, 0);
    } else if (event->kinds & 1 << LASTACK_EVENT_READABLE) {
        int64_t got;
        while ((got = lastack_recv(stack, fd, line, sizeof(line), 0)) > 0)
            printf("server got: %.*s", (int)got, line);
        if (got == 0)
            lastack_close(stack, fd);
    }
}

/* The client's: wait for the greeting, answer, close. */
static void ask(struct lastack *stack, const struct lastack_event *event)
{
    char line[64];
    int64_t got = lastack_recv(stack, event->descriptor, line, sizeof(line), 0);
    if (got > 0) {
        printf("client got: %.*s", (int)got, line);
        lastack_send(stack, event->descriptor, "hello, server\n", 14, 0);
        lastack_close(stack, event->descriptor);
    }
}

int main(void)
{
    struct lastack *server = make_stack(1), *client = make_stack(2);
    struct lastack_endpoint at = {lastack_ipv4(192, 0, 2, 1), PORT};
    int listener = lastack_socket(server, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    lastack_bind(server, listener, &at);
    lastack_listen(server, listener, 8);
    lastack_connect(client, lastack_socket(client, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0), &at);

    int64_t now = 0, next = 0;
    while (next != INT64_MAX) {
        struct lastack_event event;
        while (carry(client, server, now) || carry(server, client, now))
            ;
        while (lastack_next_event(server, &event))
            serve(server, &event, listener);
        while (lastack_next_event(client, &event))
            ask(client, &event);
        if (carry(client, server, now) || carry(server, client, now))
            continue;
        int64_t a = lastack_next_deadline(server), b = lastack_next_deadline(client);
        next = a < b ? a : b;
        if (next != INT64_MAX) {
            now = next; /* nothing to do until then; a real program sleeps */
            lastack_tick(server, now);
            lastack_tick(client, now);
        }
    }
    printf("after %lld s all is quiet: TIME-WAIT ended %llu times\n", (long long)(now / 1000000000),
           (unsigned long long)lastack_counter(client, LASTACK_CAUSE_TIME_WAIT_OVER));
    return 0;
}
