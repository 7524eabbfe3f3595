/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * small_services.c: echo (RFC 862), discard (RFC 863), daytime (RFC 867), chargen (RFC 864).
 *
 * Each is also a way to hold a connection in a state: echo waits in ESTABLISHED, discard never
 * answers, daytime closes first, chargen fills the peer's window.
 */
#include "service_connection.h"

#include <string.h>
#include <time.h>

/* Text goes back from the stack's receive queue to its send queue; what does not fit stays where it
 * is, so the peer's window closes. */
enum service_verdict echo_advance(struct services *services, struct service_connection *connection)
{
    for (;;) {
        int64_t got = lastack_recv(services->stack, connection->descriptor, services->scratch,
                                   sizeof services->scratch, LASTACK_MSG_PEEK);
        int64_t sent;

        if (got == 0)
            return SERVICE_CLOSE; /* all of it was sent back: our FIN follows it */
        if (got < 0)
            return got == -LASTACK_EAGAIN ? SERVICE_LIVES : SERVICE_FAILED;
        sent = lastack_send(services->stack, connection->descriptor, services->scratch, (size_t)got,
                            0);
        if (sent < 0)
            return sent == -LASTACK_EAGAIN ? SERVICE_LIVES : SERVICE_FAILED;
        service_read_done(services, connection, (size_t)sent);
    }
}

enum service_verdict discard_advance(struct services *services,
                                     struct service_connection *connection)
{
    int end = service_discard(services, connection);

    if (end == -LASTACK_EAGAIN)
        return SERVICE_LIVES;
    return end == 0 ? SERVICE_CLOSE : SERVICE_FAILED;
}

/* "Saturday, November 21, 2026 12:24:52 UTC", then we close. */
enum service_verdict daytime_advance(struct services *services,
                                     struct service_connection *connection)
{
    time_t seconds = (time_t)services->config.wall_clock(services->config.context);
    enum service_verdict verdict = SERVICE_LIVES;
    char text[80];
    struct tm utc;

    if (!connection->u.is_told) {
        connection->u.is_told = true;
        gmtime_r(&seconds, &utc);
        strftime(text, sizeof text, "%A, %B %d, %Y %H:%M:%S UTC\r\n", &utc);
        verdict = service_send_text(services, connection, text, strlen(text), false);
    } else {
        verdict = service_flush(services, connection);
    }
    (void)service_discard(services, connection); /* "input is thrown away" */
    if (verdict != SERVICE_LIVES)
        return verdict;
    return service_is_flushed(connection) ? SERVICE_CLOSE : SERVICE_LIVES;
}

/* Lines of 72 of the 95 printing characters, each line starting one further. */
static size_t chargen_fill(uint8_t *to, size_t size, uint64_t at)
{
    enum { PRINTING = 95, WIDTH = 72, LINE = WIDTH + 2 };

    for (size_t i = 0; i < size; i++, at++) {
        unsigned column = (unsigned)(at % LINE);
        unsigned line = (unsigned)(at / LINE % PRINTING);

        if (column < WIDTH)
            to[i] = (uint8_t)(' ' + (line + column) % PRINTING);
        else
            to[i] = column == WIDTH ? '\r' : '\n';
    }
    return size;
}

enum service_verdict chargen_advance(struct services *services,
                                     struct service_connection *connection)
{
    enum { PART = 4096 };
    int end = service_discard(services, connection);
    int64_t sent;

    if (end != 0 && end != -LASTACK_EAGAIN)
        return SERVICE_FAILED;
    if (end == 0)
        return SERVICE_CLOSE; /* the peer has closed: it has had enough */
    do {
        chargen_fill(services->scratch, PART, connection->u.chargen_at);
        sent = lastack_send(services->stack, connection->descriptor, services->scratch, PART, 0);
        if (sent > 0)
            connection->u.chargen_at += (uint64_t)sent;
    } while (sent > 0); /* up to EAGAIN: only then an event tells of room */
    return sent == -LASTACK_EAGAIN ? SERVICE_LIVES : SERVICE_FAILED;
}
