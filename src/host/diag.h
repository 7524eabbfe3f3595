/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag.h: the kernel's sockets as rows, by NETLINK_SOCK_DIAG (sock_diag(7)).
 *
 *     diag_open ── netlink socket, bound to the network namespace it was opened in
 *     diag_dump ── one question ──▶ 32 KiB of answers at a time ─▶ diag_parse ─▶ row by row
 *
 * Everything the kernel knows is asked for by name: all states, also SYN requests (NEW_SYN_RECV)
 * and sockets that are only bound; IPv4 and IPv6. Nothing here trusts a length: an attribute is
 * read as far as it reaches, so a kernel whose tcp_info is shorter (6.1) or longer (6.18) than ours
 * is just as good.
 *
 * Trap: the kernel sizes its answers by the largest buffer it ever saw on that socket; a smaller
 * read later truncates. So there is one buffer, always of the same size, and every dump is drained
 * to its end.
 *
 * Errors are negative errno values.
 */
#ifndef LASTACK_DIAG_H
#define LASTACK_DIAG_H

#include <lastack/stack.h>
#include "retry_limits.h"

/* Bits of `states`: 1 << enum tcp_state, and two that exist only here. */
enum {
    DIAG_NEW_SYN_RECV = 12, /* a half-open request; its row says SYN_RECEIVED */
    DIAG_BOUND =
        13, /* bound, neither listening nor connected (kernel >= 6.8); its row says CLOSED */
    DIAG_ALL_STATES = (1 << 14) - 2,
};

struct diag_request {
    uint8_t protocol; /* enum lastack_protocol */
    bool ipv4, ipv6;
    bool want_info; /* tcp_info and the congestion control's name */
    bool want_memory;
    bool want_tos;       /* TOS, traffic class, class id, cgroup come along */
    bool want_autobound; /* one dump more: whose port the kernel chose */
    uint32_t states;
    const struct retry_limits *limits; /* to predict when a connection is given up; NULL = do not */
};

struct diag;

/* A netlink socket in this thread's network namespace, or NULL with *error set. */
struct diag *diag_open(int *error);
void diag_close(struct diag *diag);

/* Calls back for each socket until the callback returns false (the rest is read and dropped). 0, or
 * a negative errno; rows seen before an error are good. *malformed (may be NULL) counts messages
 * that were not understood and left out. */
int diag_dump(struct diag *diag, const struct diag_request *request, lastack_row_callback *callback,
              void *context, uint64_t *malformed);

/* The payload of one SOCK_DIAG_BY_FAMILY answer. False if it is too short or nonsense. */
bool diag_parse(const void *payload, size_t length, uint8_t protocol,
                struct lastack_connection_row *row);

/* The socket with exactly this row's tuple and cookie, as it is now; -ENOENT if it is gone. */
int diag_find(struct diag *diag, const struct lastack_connection_row *row,
              struct lastack_connection_row *found);

/* SOCK_DESTROY. 0: the kernel ended it. -ENOENT: gone, -EPERM: not permitted, -EOPNOTSUPP: this
 * kernel cannot. The cookie must match, so a newer socket on the same tuple is never hit. */
int diag_destroy(struct diag *diag, const struct lastack_connection_row *row);

/* Can SOCK_DESTROY work here? Asks to end a socket that does not exist: 0 = yes, -EPERM,
 * -EOPNOTSUPP. */
int diag_probe_destroy(struct diag *diag);

/* Like diag_dump, but the raw answers (for saving them); and rows from such answers. */
typedef bool diag_payload_callback(void *context, const void *payload, size_t length);
int diag_dump_raw(struct diag *diag, const struct diag_request *request,
                  diag_payload_callback *callback, void *context);

/* Returns 1 to go on, 0 when the answer is complete, or a negative errno. */
typedef int diag_message_callback(void *context, const void *payload, size_t length);

/* Walks one buffer of netlink messages (aligned to 4), those of another sequence number are passed
 * over. 1: more is to come, 0: that was all, or a negative errno (-EBADMSG: a length that cannot
 * be). */
int diag_walk(const void *buffer, size_t length, uint32_t sequence, diag_message_callback *callback,
              void *context);

/* One UNIX socket's view: descriptors can be parked in its queue. */
struct diag_unix {
    uint32_t inode;
    uint32_t peer_inode;
    uint32_t queued_bytes;
};
typedef bool diag_unix_callback(void *context, const struct diag_unix *entry);
int diag_dump_unix(struct diag *diag, diag_unix_callback *callback, void *context);

#endif
