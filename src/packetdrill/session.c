/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.c: see session.h.
 */
#include "session.h"

#include "duration.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STEPS_MAX = 10000000 };

static const int64_t grace_ns = MS(200); /* real time for a thread to ask what time it is */
static const int64_t idle_ns = MS(400);  /* real time without a call: then time passes by itself */

/* ---- opening ---- */

bool session_open(struct session *session, const char *text, char *message, size_t size)
{
    struct so_flags flags;
    struct target_config config;

    if (!so_flags_read(&flags, text, message, size))
        return false;
    config = (struct target_config){.params = flags.params,
                                    .mtu = flags.mtu,
                                    .gso_max = flags.gso_max,
                                    .whole_frames = flags.frames == SO_FRAMES_WHOLE};
    session->frames = flags.frames;
    session->patience = flags.patience;
    session->driver = pthread_self();
    session->wake_at = INT64_MAX;
    if (!target_open(&session->target, &config)) {
        snprintf(message, size, "the stack refuses its configuration");
        return false;
    }
    memcpy(session->local, flags.local, sizeof session->local);
    for (int version = 0; version < 2; version++)
        if (flags.names_local[version])
            session_meet_address(session, version == 0, NULL);
    so_command_init(session);
    pthread_mutex_init(&session->lock, NULL);
    pthread_cond_init(&session->changed, NULL);
    pthread_cond_init(&session->settled, NULL);
    return true;
}

void session_close(struct session *session)
{
    for (int fd = 0; fd < SESSION_FDS; fd++)
        if (session->live[fd] != 0)
            close(fd);
    so_remove_files(session);
    script_memory_free(&session->memory);
    target_close(&session->target);
    pthread_cond_destroy(&session->settled);
    pthread_cond_destroy(&session->changed);
    pthread_mutex_destroy(&session->lock);
}

/* ---- own addresses ---- */

void session_meet_address(struct session *session, bool is_ipv4,
                          const struct lastack_address *address)
{
    const int version = is_ipv4 ? 0 : 1;

    if (session->has_local[version] || (address != NULL && lastack_is_any(address)))
        return;
    if (address == NULL)
        address = &session->local[version];
    /* (a group's address, say, is nobody's own) */
    session->has_local[version] = target_add_address(&session->target, address);
}

/* ---- calls ---- */

struct session *session_enter(void *userdata)
{
    struct session *session = userdata;

    pthread_mutex_lock(&session->lock);
    if (pthread_equal(session->driver, pthread_self()))
        session->is_idle = false;
    return session;
}

int64_t session_leave(struct session *session, int64_t value)
{
    target_settle(&session->target);
    session_changed(session);
    if (pthread_equal(session->driver, pthread_self()))
        session_let_try(session);
    pthread_mutex_unlock(&session->lock);
    if (value >= 0)
        return value;
    errno = (int)-value; /* the numbers are Linux's */
    return -1;
}

/* ---- descriptors ---- */

int session_live(const struct session *session, int fd)
{
    return fd >= 0 && fd < SESSION_FDS && session->live[fd] != 0 ? session->live[fd] - 1
                                                                 : -LASTACK_EBADF;
}

int session_new_fd(struct session *session, int live)
{
    int fd;

    if (live < 0)
        return live;
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && fd < SESSION_FDS) {
        /* if it had another meaning, libc's close() ended that behind our back */
        if (session->live[fd] != 0)
            (void)lastack_close(session->target.stack, session->live[fd] - 1);
        session->live[fd] = live + 1;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    (void)lastack_close(session->target.stack, live);
    return -LASTACK_EMFILE;
}

int session_close_fd(struct session *session, int fd)
{
    const int live = session_live(session, fd);

    if (live < 0)
        return live;
    session->live[fd] = 0;
    close(fd);
    return lastack_close(session->target.stack, live);
}

bool session_may_wait(const struct session *session, int live, int flags)
{
    const int mode = lastack_fcntl(session->target.stack, live, LASTACK_F_GETFL, 0);

    return mode >= 0 && !(mode & LASTACK_O_NONBLOCK) && !(flags & MSG_DONTWAIT);
}

/* ---- waiting ---- */

void session_changed(struct session *session)
{
    session->generation++;
    session->behind = session->waiting;
    if (session->waiting == 0)
        return;
    session->wake_at = INT64_MAX; /* each says it again */
    pthread_cond_broadcast(&session->changed);
}

static struct timespec real_time_in(int64_t ns)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    ns += until.tv_nsec;
    until.tv_sec += ns / SEC(1);
    until.tv_nsec = ns % SEC(1);
    return until;
}

/* packetdrill waits for one call's end before it makes another that blocks, and asks for no time
 * while it does: as on a kernel, it passes all the same, as far as a call's time-out. */
static void sleep_until_changed(struct session *session, int64_t deadline)
{
    const struct timespec until = real_time_in(session->is_idle ? 0 : idle_ns);
    const uint64_t before = session->generation;
    int error = 0;

    if (deadline < session->wake_at)
        session->wake_at = deadline;
    session->waiting++;
    while (session->generation == before && error == 0)
        error = deadline == INT64_MAX
                    ? pthread_cond_wait(&session->changed, &session->lock)
                    : pthread_cond_timedwait(&session->changed, &session->lock, &until);
    if (session->generation == before) {
        session->is_idle = true;
        session_step(session, deadline);
    }
    session->waiting--;
    if (--session->behind == 0)
        pthread_cond_broadcast(&session->settled);
}

/* A thread whose call has returned asks for the time next: it is still what it was. */
static void let_returned_look(struct session *session)
{
    const struct timespec until = real_time_in(grace_ns);

    if (!session->has_returned || pthread_equal(session->returned, pthread_self()))
        return;
    while (session->has_returned &&
           pthread_cond_timedwait(&session->settled, &session->lock, &until) == 0)
        continue;
    session->has_returned = false;
}

void session_let_try(struct session *session)
{
    while (session->behind > 0)
        pthread_cond_wait(&session->settled, &session->lock);
    let_returned_look(session);
}

void session_step(struct session *session, int64_t until)
{
    session_let_try(session);
    if (session->wake_at < until)
        until = session->wake_at;
    (void)target_step(&session->target, until);
    session_changed(session);
}

/* The driver's own call: nobody else moves time, so it does, within its patience. */
static int64_t drive(struct session *session, int64_t deadline, session_attempt *attempt,
                     void *context)
{
    const int64_t patient = session->target.now + session->patience;
    const int64_t until = deadline < patient ? deadline : patient;
    int64_t value = -LASTACK_EAGAIN;

    for (unsigned step = 0; step < STEPS_MAX && value == -LASTACK_EAGAIN; step++) {
        if (session->target.now >= until)
            break;
        session_step(session, until);
        value = attempt(session, context);
        target_settle(&session->target);
    }
    return value;
}

int64_t session_wait(struct session *session, int64_t deadline, session_attempt *attempt,
                     void *context)
{
    int64_t value = attempt(session, context);

    target_settle(&session->target);
    if (value != -LASTACK_EAGAIN || session->target.now >= deadline)
        return value;
    if (pthread_equal(session->driver, pthread_self()))
        return drive(session, deadline, attempt, context);
    while (value == -LASTACK_EAGAIN && session->target.now < deadline) {
        sleep_until_changed(session, deadline);
        value = attempt(session, context);
        target_settle(&session->target);
    }
    session->is_idle = false;
    session->has_returned = true;
    session->returned = pthread_self();
    return value;
}
