/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_network.c: netdev_send, netdev_receive, usleep, gettimeofday: the link and the clock.
 *
 * packetdrill spins on gettimeofday in the last microseconds before an event, so each call moves
 * time on; and it asks netdev_receive for ever, so that goes from deadline to deadline by itself
 * and says "none" (length 0) when its patience is at an end.
 */
#include "session.h"

#include "duration.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS_MOST = 1000000 };

/* Whoever a packet is for is the stack, if it has no address of that version yet. */
static void meet_destination(struct session *session, const uint8_t *bytes, size_t length)
{
    struct lastack_address to = {{0}};

    if (length >= 40 && bytes[0] >> 4 == 6) {
        memcpy(to.bytes, bytes + 24, 16);
        session_meet_address(session, false, &to);
    } else if (length >= 20 && bytes[0] >> 4 == 4) {
        to = lastack_ipv4(bytes[16], bytes[17], bytes[18], bytes[19]);
        session_meet_address(session, true, &to);
    }
}

static int so_netdev_send(void *userdata, const void *bytes, size_t length)
{
    struct session *session = session_enter(userdata);
    const struct lastack_packet_in packet = {.data = bytes, .length = length, .link = 1};

    meet_destination(session, bytes, length);
    target_input(&session->target, &packet, 1);
    if (session->handshakes > 0) {
        /* Linux delays the ACK of a SYN-ACK that somebody waits for with text to send. */
        session_changed(session);
        session_let_try(session);
    }
    return (int)session_leave(session, 0);
}

/* The oldest sent packet; NULL: none within the session's patience. */
static struct sent_packet *await_packet(struct session *session)
{
    const int64_t until = session->target.now + session->patience;
    struct sent_packet *sent;

    session_let_try(session);
    sent = target_take(&session->target);
    for (unsigned step = 0; sent == NULL && step < STEPS_MOST; step++) {
        const int64_t next = target_next(&session->target);

        if ((next > until && session->wake_at > until) || session->target.now >= until)
            return NULL;
        session_step(session, until);
        session_let_try(session);
        sent = target_take(&session->target);
    }
    return sent;
}

static int so_netdev_receive(void *userdata, void *bytes, size_t *length, long long *time_us)
{
    struct session *session = session_enter(userdata);
    struct sent_packet *sent = await_packet(session);

    if (sent == NULL) {
        *length = 0;
        return (int)session_leave(session, 0);
    }
    if (session->frames == SO_FRAMES_JOINED)
        sent = so_join(&session->target, sent);
    if (sent->length < *length)
        *length = sent->length;
    memcpy(bytes, sent->bytes, *length);
    *time_us = sent->at / US(1);
    free(sent);
    return (int)session_leave(session, 0);
}

static int so_usleep(void *userdata, useconds_t us)
{
    struct session *session = session_enter(userdata);
    const int64_t until = session->target.now + US((int64_t)us);

    while (session->target.now < until)
        session_step(session, until);
    return (int)session_leave(session, 0);
}

static int so_gettimeofday(void *userdata, struct timeval *now, struct timezone *zone)
{
    struct session *session = session_enter(userdata);
    const bool has_returned =
        session->has_returned && pthread_equal(session->returned, pthread_self());
    int64_t us;

    (void)zone;
    if (has_returned) { /* exactly when its call returned */
        session->has_returned = false;
        pthread_cond_broadcast(&session->settled);
    }
    us = session->target.now / US(1);
    *now = (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    if (!has_returned)
        session_step(session, session->target.now + US(1));
    return (int)session_leave(session, 0);
}

void so_fill_network(struct packetdrill_interface *interface)
{
    interface->netdev_send = so_netdev_send;
    interface->netdev_receive = so_netdev_receive;
    interface->usleep = so_usleep;
    interface->gettimeofday = so_gettimeofday;
}
