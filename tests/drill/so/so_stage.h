/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_stage.h: what a play needs: the shared object, a peer on its wire, sockets.
 *
 * The peer is written out byte by byte, so nothing of the stack judges itself.
 */
#ifndef LASTACK_SO_STAGE_H
#define LASTACK_SO_STAGE_H

#include "packetdrill_interface.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition,      \
                    errno);                                                                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* The object's callbacks, and what fills them in. */
extern struct packetdrill_interface so;
extern void (*so_init)(const char *flags, struct packetdrill_interface *);

/* A new stack, as --so_flags wants it. */
void start(const char *flags);
/* Its clock. */
int64_t now_us(void);

/* ---- the peer ---- */

struct peer {
    bool is_ipv6;
    uint16_t port, local_port;
    const char *local; /* NULL: the usual one */
};

/* A packet of the stack. */
struct seen {
    uint8_t flags;
    uint32_t seq, ack;
    size_t length; /* text */
    uint8_t text[65536];
    long long at;
    uint16_t source, destination;
};

void arrives(const struct peer *peer, uint8_t flags, uint32_t seq, uint32_t ack, const char *text);
/* The next packet of the stack, with its checksums; false: none. */
bool leaves(struct seen *seen);

/* ---- sockets of the script ---- */

/* An address of the peer, or of the stack, with this port; its length is returned. */
socklen_t name(struct sockaddr_storage *storage, const struct peer *peer, bool is_local,
               uint16_t port);
int new_socket(const struct peer *peer);
int new_listener(const struct peer *peer);
/* The handshake of a peer that starts at sequence number 0; the stack's own is returned. */
uint32_t shake(const struct peer *peer);
/* A connection that the stack accepted from the peer; *iss: its first sequence number. */
int new_accepted(const struct peer *peer, uint32_t *iss);

#endif
