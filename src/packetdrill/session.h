/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.h: one loaded stack: the target, the descriptors, one lock, and who waits.
 *
 *     the driver's thread: netdev_send, usleep ... ──▶ something changed ──┐ each tries again
 *     other threads: accept() ... that must wait   ◀───────────────────────┘ and sleeps, or returns
 *
 * Invariant: nothing more happens, and time never moves on, before every waiting call has tried
 * with what happened until now, and a thread whose call has returned had the chance to look at the
 * clock. So neither results nor virtual times of blocking calls depend on how the kernel schedules
 * threads.
 *
 * A descriptor is a real one of /dev/null, for the script's end closes it with libc's close().
 */
#ifndef LASTACK_SESSION_H
#define LASTACK_SESSION_H

#include "commands.h"
#include "packetdrill_interface.h"
#include "target.h"

#include <pthread.h>

enum { SESSION_FDS = 4096 };

/* How text that leaves at one time is seen: a script's line is compared with one packet. */
enum so_frames {
    SO_FRAMES_WHOLE,  /* as the stack hands it out, and a tun device of Linux sees it */
    SO_FRAMES_CUT,    /* segment by segment, as on a wire */
    SO_FRAMES_JOINED, /* segments of one size that go on without a gap, in one packet */
};

struct session {
    struct target target;
    enum so_frames frames;
    unsigned handshakes; /* calls that wait for one with text to send */
    int64_t patience;    /* ns that netdev_receive goes on for a packet */
    pthread_t driver;    /* the thread that called init: it moves time */
    pthread_mutex_t lock;
    pthread_cond_t changed;   /* something happened: try again */
    pthread_cond_t settled;   /* all have tried; or the returned one looked at the clock */
    uint64_t generation;      /* of what happened */
    unsigned waiting, behind; /* threads; those of them that have not tried yet */
    bool is_idle;             /* the driver makes no calls: calls that wait move time */
    int64_t wake_at;          /* the first deadline of a waiting call */
    bool has_returned;        /* a call that waited has returned in this thread: */
    pthread_t returned;
    struct lastack_address local[2]; /* own addresses, IPv4 and IPv6 */
    bool has_local[2]; /* it is one of the stack; until then the script may name another */
    struct script_memory memory; /* of commands */
    struct command_shell shell;
    struct so_file *files; /* that commands made */
    int live[SESSION_FDS]; /* the stack's descriptor + 1 by the process's; 0: none */
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

/* An address that the script takes for the stack's own becomes that, unless one of its version is
 * known already. NULL: the usual one of the version, which the stack connects from. */
void session_meet_address(struct session *session, bool is_ipv4,
                          const struct lastack_address *address);

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

/* so_flags.c: "profile=NAME,PARAMETER=VALUE,local=ADDRESS,mtu=BYTES,
 * patience=SECONDS,frames=whole|cut|joined". */
struct so_flags {
    struct lastack_params params;
    struct lastack_address local[2]; /* IPv4, IPv6 */
    bool names_local[2];             /* it was said, and is not up to the script */
    uint32_t mtu, gso_max;
    enum so_frames frames;
    int64_t patience;
};

bool so_flags_read(struct so_flags *flags, const char *text, char *message, size_t size);

/* so_name.c: addresses of the system's form. _read: 0 or a negative LASTACK_E number. */
int so_name_read(const struct sockaddr *address, socklen_t length,
                 struct lastack_endpoint *endpoint);
void so_name_write(const struct lastack_endpoint *endpoint, bool is_ipv6, struct sockaddr *address,
                   socklen_t *length);
bool so_name_is_ipv6(const struct session *session, int live);

/* so_frames.c: joins what follows `first` and goes on where it ends; `first` grows. */
struct sent_packet *so_join(struct target *target, struct sent_packet *first);

/* so_command.c: what system() answers, by drill's own commands and never by the host. */
void so_command_init(struct session *session);
int so_command(struct session *session, const char *command);

/* so_files.c: files of zeros that commands made; the host sees none of them. */
void so_make_file(struct session *session, const char *path, int64_t length);
void so_remove_file(struct session *session, const char *path);
void so_remove_files(struct session *session);
/* A new descriptor of the process; -1: no command made such a file. */
int so_open_file(struct session *session, const char *path);
int64_t so_sendfile(struct session *session, int to, int from, int64_t *offset, size_t count);

/* The callbacks, file by file. */
void so_fill_sockets(struct packetdrill_interface *interface);
void so_fill_transfer(struct packetdrill_interface *interface);
void so_fill_options(struct packetdrill_interface *interface);
void so_fill_readiness(struct packetdrill_interface *interface);
void so_fill_pipes(struct packetdrill_interface *interface);
void so_fill_network(struct packetdrill_interface *interface);

#endif
