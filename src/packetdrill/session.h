/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h: one loaded stack: the target, the descriptors, one lock, and who waits.
 *
 *     the driver's thread: netdev_send, usleep ...  ──▶ something changed ──┐ each tries again
 *     other threads: accept() ... that must wait    ◀───────────────────────┘ and sleeps, or returns
 *
 * Invariant: time never moves on before every waiting call has tried with what happened until now,
 * and a thread whose call has returned had the chance to look at the clock. So the virtual times of
 * blocking calls do not depend on how the kernel schedules threads.
 *
 * A descriptor is a real one of /dev/null, for the script's end closes it with libc's close().
 */
#ifndef LASTACK_SESSION_H
#define LASTACK_SESSION_H

#include "packetdrill_interface.h"
#include "target.h"

#include <pthread.h>

enum { SESSION_FDS = 4096 };

struct session {
    struct target target;
    int64_t patience;         /* ns that netdev_receive goes on for a packet */
    pthread_t driver;         /* the thread that called init: it moves time */
    pthread_mutex_t lock;
    pthread_cond_t changed;   /* something happened: try again */
    pthread_cond_t settled;   /* all have tried; or the returned one looked at the clock */
    uint64_t generation;      /* of what happened */
    unsigned waiting, behind; /* threads; those of them that have not tried yet */
    int64_t wake_at;          /* the first deadline of a waiting call */
    bool has_returned;        /* a call that waited has returned in this thread: */
    pthread_t returned;
    int live[SESSION_FDS];    /* the stack's descriptor + 1 by the process's; 0: none */
};

/* Fills in the configuration of `session` from --so_flags and opens its stack. False: what is
 * wrong is in `message`. */
bool session_open(struct session *session, const char *flags, char *message, size_t size);
void session_close(struct session *session);

/* Every callback is between these two. _leave tells those who wait; a negative LASTACK_E number
 * becomes -1 and errno. */
struct session *session_enter(void *userdata);
int64_t session_leave(struct session *session, int64_t value);

/* -LASTACK_EBADF: not of the stack. */
int session_live(const struct session *session, int fd);
/* A new descriptor for `live`, which is closed if there is none; passes errors through. */
int session_new_fd(struct session *session, int live);
int session_close_fd(struct session *session, int fd);
/* May a call on it wait? */
bool session_may_wait(const struct session *session, int live, int flags);

/* Tries until the answer is not -LASTACK_EAGAIN or it is `deadline` (INT64_MAX: never). */
typedef int64_t session_attempt(struct session *session, void *context);
int64_t session_wait(struct session *session, int64_t deadline, session_attempt *attempt,
                     void *context);

/* Calls that wait try with what happened until now; what they send has been sent then. */
void session_let_try(struct session *session);
/* ... then time goes on to the next thing that happens, at most to `until`. */
void session_step(struct session *session, int64_t until);
/* Something happened. */
void session_changed(struct session *session);

/* so_flags.c: "profile=NAME,PARAMETER=VALUE,local=ADDRESS,mtu=BYTES,patience=SECONDS". */
struct so_flags {
    struct lastack_params params;
    struct lastack_address local[2]; /* IPv4, IPv6 */
    uint32_t mtu;
    int64_t patience;
};

bool so_flags_read(struct so_flags *flags, const char *text, char *message, size_t size);

/* so_name.c: addresses of the system's form. _read: 0 or a negative LASTACK_E number. */
int so_name_read(const struct sockaddr *address, socklen_t length,
                 struct lastack_endpoint *endpoint);
void so_name_write(const struct lastack_endpoint *endpoint, bool is_ipv6,
                   struct sockaddr *address, socklen_t *length);
bool so_name_is_ipv6(const struct session *session, int live);

/* so_command.c: what system() answers; parameters are set here and not on the host. */
int so_command(struct session *session, const char *command);

/* The callbacks, file by file. */
void so_fill_sockets(struct packetdrill_interface *interface);
void so_fill_transfer(struct packetdrill_interface *interface);
void so_fill_options(struct packetdrill_interface *interface);
void so_fill_readiness(struct packetdrill_interface *interface);
void so_fill_pipes(struct packetdrill_interface *interface);
void so_fill_network(struct packetdrill_interface *interface);

#endif
