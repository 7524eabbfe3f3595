/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * service_connection.h: one accepted connection, and what every service may use.
 *
 * A service is two functions. `advance` does all that can be done now and says whether the
 * connection lives on; it is called after accept and at every event. Sending goes through
 * service_send_text, which keeps what the stack does not take; advance starts by flushing that.
 */
#ifndef LASTACK_SERVICE_CONNECTION_H
#define LASTACK_SERVICE_CONNECTION_H

#include "chunked.h"
#include "http_request.h"
#include "services.h"

#include <nettle/sha2.h>

enum { SERVICE_SCRATCH = 65536 };

/* Whoever waits for the peer does so in one of these queues, each ordered by time. */
enum service_wait { SERVICE_WAIT_NONE, SERVICE_WAIT_IDLE, SERVICE_WAIT_LINGER, SERVICE_WAIT_COUNT };

enum http_phase {
    HTTP_READING_HEAD,
    HTTP_READING_BODY,
    HTTP_REPLYING,
    HTTP_LINGERING, /* our side is closed; what still comes is thrown away */
};

struct http {
    enum http_phase phase;
    struct http_request request; /* valid from READING_BODY on */
    unsigned status;             /* of the reply */
    uint64_t body_left;          /* of the request, when not chunked */
    uint64_t body_length;        /* received */
    struct chunked chunked;
    struct sha256_ctx sha256;       /* of PUT and POST */
    uint64_t stream_at, stream_end; /* of the pattern, in the reply */
};

struct service_connection {
    int descriptor;
    enum service_kind kind;
    uint32_t index;
    int64_t accepted_at;
    /* text that the stack has not taken yet */
    uint8_t *pending;
    size_t pending_at, pending_length;
    /* wait queue */
    enum service_wait wait;
    int64_t wait_until;
    struct service_connection *earlier, *later;
    union {
        struct http http;
        uint64_t chargen_at;
        bool is_told; /* daytime */
    } u;
};

struct services {
    struct lastack *stack;
    struct services_config config;
    struct services_counters counters;
    int listeners[SERVICE_COUNT][2];
    struct service_connection **connections; /* by index; NULL = free */
    uint32_t *free_indexes;
    uint32_t free_count, index_count, connection_count;
    struct {
        struct service_connection *first, *last;
    } waiting[SERVICE_WAIT_COUNT];
    int64_t now;
    uint8_t scratch[SERVICE_SCRATCH];
};

/* What has become of it. */
enum service_verdict { SERVICE_LIVES, SERVICE_CLOSE, SERVICE_FAILED };

typedef enum service_verdict service_advance(struct services *services,
                                             struct service_connection *connection);

service_advance http_advance, echo_advance, discard_advance, daytime_advance, chargen_advance;

/* Sends; keeps by copy what the stack does not take now. */
enum service_verdict service_send_text(struct services *services,
                                       struct service_connection *connection, const void *text,
                                       size_t length, bool more_follows);
/* Sends what was kept. */
enum service_verdict service_flush(struct services *services,
                                   struct service_connection *connection);
static inline bool service_is_flushed(const struct service_connection *connection)
{
    return connection->pending == NULL;
}

/* What can be read without waiting: > 0 pieces of text, 0 the peer closed its direction, or
 * -LASTACK_EAGAIN or another negative error. Pieces are valid until the next call on the stack. */
enum { SERVICE_PIECES = 16 };
int service_peek(struct services *services, struct service_connection *connection,
                 struct lastack_iovec pieces[SERVICE_PIECES]);
void service_read_done(struct services *services, struct service_connection *connection,
                       size_t length);
/* Reads everything there is and throws it away: 0 at the end of what the peer sends, else an error.
 * */
int service_discard(struct services *services, struct service_connection *connection);

/* (Re)starts its time in that queue; NONE: it waits for nobody. */
void service_wait_in(struct services *services, struct service_connection *connection,
                     enum service_wait wait);

#endif
