/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http.c: HTTP/1.1 (RFC 9110, RFC 9112), the server's side of one connection.
 *
 *     READING_HEAD ─▶ READING_BODY ─▶ REPLYING ─┬─ keep-alive ─▶ READING_HEAD
 *          │ refused         │ refused    ▲      └─ close ─▶ our FIN; gone, or, after a
 *          └─────────────────┴────────────┘                refusal, LINGERING for the peer's FIN
 *
 *     GET, HEAD /           the connection's own row
 *     GET, HEAD /bytes/N    N bytes of the pattern
 *     PUT, POST anything    counted and hashed
 *
 * We close first when asked to (Connection: close, HTTP/1.0) and after a refusal. Closing with
 * unread text would send a RST that can overtake our reply (RFC 9112 §9.6), so then we shut down
 * our side only and read on for a while.
 */
#include "service_connection.h"

#include "check.h"
#include "pattern.h"
#include "status_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A body that nobody asked for (with GET) is read up to here. */
enum { UNWANTED_BODY_MAX = 65536, HEAD_TEXT_MAX = 512 };

/* ---- replies ---- */

static bool is_upload(const struct http *http)
{
    return http->request.method == HTTP_PUT || http->request.method == HTTP_POST;
}

static void put_date(struct services *services, char *text, size_t size)
{
    time_t seconds;
    struct tm utc;

    text[0] = '\0';
    if (services->config.wall_clock == NULL)
        return; /* RFC 9110 §6.6.1: without a clock there is no Date */
    seconds = (time_t)services->config.wall_clock(services->config.context);
    gmtime_r(&seconds, &utc);
    strftime(text, size, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
}

/* Status line and fields, then `body` if there is one and it was not a HEAD. */
static enum service_verdict reply(struct services *services, struct service_connection *connection,
                                  const char *type, uint64_t length, const char *body)
{
    struct http *http = &connection->u.http;
    bool has_body = http->request.method != HTTP_HEAD && length > 0;
    char text[HEAD_TEXT_MAX + STATUS_PAGE_MAX], date[64];
    int head;

    put_date(services, date, sizeof date);
    head = snprintf(text, HEAD_TEXT_MAX,
                    "HTTP/1.1 %u %s\r\n%sServer: lastack\r\nContent-Type: %s\r\n"
                    "Content-Length: %" PRIu64 "\r\nConnection: %s\r\n%s\r\n",
                    http->status, http_reason(http->status), date, type, length,
                    http->request.keep_alive ? "keep-alive" : "close",
                    http->status == 405 ? "Allow: GET, HEAD, PUT, POST\r\n" : "");
    CHECK(head > 0 && head < HEAD_TEXT_MAX);
    http->phase = HTTP_REPLYING;
    services->counters.refused_requests += http->status >= 400;
    service_wait_in(services, connection, SERVICE_WAIT_NONE);
    if (!has_body || body == NULL)
        return service_send_text(services, connection, text, (size_t)head, has_body);
    CHECK(length <= STATUS_PAGE_MAX);
    memcpy(text + head, body, length);
    return service_send_text(services, connection, text, (size_t)head + length, false);
}

static enum service_verdict reply_text(struct services *services,
                                       struct service_connection *connection, const char *body)
{
    return reply(services, connection, "text/plain; charset=utf-8", strlen(body), body);
}

static enum service_verdict refuse(struct services *services, struct service_connection *connection,
                                   unsigned status)
{
    char body[80];

    connection->u.http.status = status;
    snprintf(body, sizeof body, "%u %s\n", status, http_reason(status));
    return reply_text(services, connection, body);
}

static enum service_verdict reply_page(struct services *services,
                                       struct service_connection *connection)
{
    struct lastack_connection_row row;
    char page[STATUS_PAGE_MAX];

    if (lastack_status(services->stack, connection->descriptor, &row) != 0)
        return SERVICE_FAILED;
    status_page_write(page, services->config.stack_name, &row);
    return reply_text(services, connection, page);
}

/* "/bytes/N" */
static bool parse_bytes_path(const char *path, uint64_t *length)
{
    static const char prefix[] = "/bytes/";
    const char *digits = path + strlen(prefix);

    return strncmp(path, prefix, strlen(prefix)) == 0 &&
           http_parse_number(digits, strlen(digits), length);
}

static enum service_verdict reply_upload(struct services *services,
                                         struct service_connection *connection)
{
    struct http *http = &connection->u.http;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char body[200];
    size_t at;

    services->counters.uploads++;
    services->counters.upload_bytes += http->body_length;
    sha256_digest(&http->sha256, sizeof digest, digest);
    at = (size_t)snprintf(body, sizeof body, "bytes %" PRIu64 "\nsha256 ", http->body_length);
    for (unsigned i = 0; i < sizeof digest; i++)
        at += (size_t)snprintf(body + at, sizeof body - at, "%02x", digest[i]);
    snprintf(body + at, sizeof body - at, "\n");
    return reply_text(services, connection, body);
}

/* The request is complete: what is the answer? */
static enum service_verdict answer(struct services *services, struct service_connection *connection)
{
    struct http *http = &connection->u.http;
    uint64_t length;

    http->status = 200;
    http->stream_at = http->stream_end = 0;
    if (is_upload(http))
        return reply_upload(services, connection);
    if (http->request.method == HTTP_OTHER_METHOD)
        return refuse(services, connection, 405);
    if (strcmp(http->request.path, "/") == 0)
        return reply_page(services, connection);
    if (!parse_bytes_path(http->request.path, &length))
        return refuse(services, connection, 404);
    if (http->request.method == HTTP_GET)
        http->stream_end = length;
    return reply(services, connection, "application/octet-stream", length, NULL);
}

/* ---- reading ---- */

static enum service_verdict start_body(struct services *services,
                                       struct service_connection *connection)
{
    struct http *http = &connection->u.http;

    http->phase = HTTP_READING_BODY;
    http->body_left = http->request.length;
    http->body_length = 0;
    memset(&http->chunked, 0, sizeof http->chunked);
    sha256_init(&http->sha256);
    service_wait_in(services, connection, SERVICE_WAIT_IDLE);
    if (http->request.expects_continue && (http->body_left > 0 || http->request.is_chunked))
        return service_send_text(services, connection, "HTTP/1.1 100 Continue\r\n\r\n", 25, false);
    return SERVICE_LIVES;
}

/* Nothing, or only a part of a head: the patience with that began when the last exchange ended, and
 * a few bytes more do not renew it. */
static enum service_verdict wait_for_head(struct services *services,
                                          struct service_connection *connection, bool *is_stuck)
{
    *is_stuck = true;
    if (connection->wait != SERVICE_WAIT_IDLE)
        service_wait_in(services, connection, SERVICE_WAIT_IDLE);
    return SERVICE_LIVES;
}

static enum service_verdict read_head(struct services *services,
                                      struct service_connection *connection, bool *is_stuck)
{
    struct http *http = &connection->u.http;
    unsigned status;
    int64_t got = lastack_recv(services->stack, connection->descriptor, services->scratch,
                               HTTP_HEAD_MAX, LASTACK_MSG_PEEK);

    if (got == -LASTACK_EAGAIN)
        return wait_for_head(services, connection, is_stuck);
    if (got <= 0)
        return got == 0 ? SERVICE_CLOSE : SERVICE_FAILED;
    switch (
        http_request_parse((const char *)services->scratch, (size_t)got, &http->request, &status)) {
    case HTTP_NEEDS_MORE:
        if (lastack_poll(services->stack, connection->descriptor) & LASTACK_POLLRDHUP)
            return SERVICE_CLOSE; /* the rest will never come */
        return wait_for_head(services, connection, is_stuck);
    case HTTP_REFUSED:
        services->counters.requests++;
        http->request.keep_alive = false;
        http->stream_at = http->stream_end = 0;
        return refuse(services, connection, status);
    case HTTP_PARSED:
        break;
    }
    services->counters.requests++;
    service_read_done(services, connection, http->request.head_length);
    return start_body(services, connection);
}

static bool body_is_complete(const struct http *http)
{
    return http->request.is_chunked ? http->chunked.phase == CHUNKED_DONE : http->body_left == 0;
}

static void take_data(struct http *http, const uint8_t *data, size_t length)
{
    http->body_length += length;
    if (is_upload(http))
        sha256_update(&http->sha256, length, data);
}

/* Takes what belongs to the body off the front of one piece; returns how many bytes that was. */
static size_t take_piece(struct http *http, const uint8_t *data, size_t length)
{
    size_t used = 0;

    if (!http->request.is_chunked) {
        used = length < http->body_left ? length : (size_t)http->body_left;
        take_data(http, data, used);
        http->body_left -= used;
        return used;
    }
    while (used < length && http->chunked.phase < CHUNKED_DONE) {
        struct chunked_span span = chunked_take(&http->chunked, data + used, length - used);

        take_data(http, data + used + span.data_at, span.data_length);
        used += span.used;
    }
    return used;
}

static enum service_verdict read_body(struct services *services,
                                      struct service_connection *connection, bool *is_stuck)
{
    struct http *http = &connection->u.http;
    struct lastack_iovec pieces[SERVICE_PIECES];
    size_t used = 0;
    int count;

    if (body_is_complete(http))
        return answer(services, connection);
    count = service_peek(services, connection, pieces);
    if (count == -LASTACK_EAGAIN) {
        *is_stuck = true;
        return SERVICE_LIVES;
    }
    if (count < 0)
        return SERVICE_FAILED;
    if (count == 0) { /* the peer closed before the end of what it announced */
        http->request.keep_alive = false;
        return refuse(services, connection, 400);
    }
    for (int i = 0; i < count && !body_is_complete(http); i++)
        used += take_piece(http, pieces[i].base, pieces[i].length);
    service_read_done(services, connection, used);
    service_wait_in(services, connection, SERVICE_WAIT_IDLE);
    if (http->chunked.phase == CHUNKED_BAD ||
        (!is_upload(http) && http->body_length > UNWANTED_BODY_MAX)) {
        http->request.keep_alive = false;
        return refuse(services, connection, http->chunked.phase == CHUNKED_BAD ? 400 : 413);
    }
    return SERVICE_LIVES;
}

/* ---- replying and ending ---- */

/* Writes the next part of the pattern to where it is sent from. */
static int64_t stream_part(struct services *services, struct service_connection *connection)
{
    const struct http *http = &connection->u.http;
    const uint64_t left = http->stream_end - http->stream_at;
    struct lastack_buffer pieces[SERVICE_PIECES];
    const int count =
        lastack_send_room(services->stack, connection->descriptor, pieces, SERVICE_PIECES,
                          left < SERVICE_SCRATCH ? (size_t)left : SERVICE_SCRATCH);
    size_t part = 0;

    for (int i = 0; i < count; i++) {
        pattern_fill(pieces[i].base, pieces[i].length, http->stream_at + part);
        part += pieces[i].length;
    }
    return count < 0 ? count
                     : lastack_send_done(services->stack, connection->descriptor, part,
                                         part < left ? LASTACK_MSG_MORE : 0);
}

static enum service_verdict stream(struct services *services, struct service_connection *connection,
                                   bool *is_stuck)
{
    struct http *http = &connection->u.http;

    while (http->stream_at < http->stream_end) {
        const int64_t sent = stream_part(services, connection);

        if (sent == -LASTACK_EAGAIN) {
            *is_stuck = true;
            return SERVICE_LIVES;
        }
        if (sent < 0)
            return SERVICE_FAILED;
        http->stream_at += (uint64_t)sent;
    }
    return SERVICE_LIVES;
}

/* Our side first. With nothing of the peer's unread the socket can go at once. */
static enum service_verdict close_first(struct services *services,
                                        struct service_connection *connection)
{
    int end = service_discard(services, connection);

    if (end == 0)
        return SERVICE_CLOSE;
    if (end != -LASTACK_EAGAIN)
        return SERVICE_FAILED;
    if (connection->u.http.status < 400)
        return SERVICE_CLOSE;
    connection->u.http.phase = HTTP_LINGERING;
    service_wait_in(services, connection, SERVICE_WAIT_LINGER);
    return lastack_shutdown(services->stack, connection->descriptor, LASTACK_SHUT_WR) == 0
               ? SERVICE_LIVES
               : SERVICE_FAILED;
}

static enum service_verdict go_on_replying(struct services *services,
                                           struct service_connection *connection, bool *is_stuck)
{
    struct http *http = &connection->u.http;
    enum service_verdict verdict = stream(services, connection, is_stuck);

    if (verdict != SERVICE_LIVES || *is_stuck)
        return verdict;
    if (!http->request.keep_alive)
        return close_first(services, connection);
    http->phase = HTTP_READING_HEAD;
    service_wait_in(services, connection, SERVICE_WAIT_IDLE);
    return SERVICE_LIVES;
}

static enum service_verdict linger(struct services *services, struct service_connection *connection,
                                   bool *is_stuck)
{
    int end = service_discard(services, connection);

    *is_stuck = true;
    if (end == -LASTACK_EAGAIN)
        return SERVICE_LIVES;
    return end == 0 ? SERVICE_CLOSE : SERVICE_FAILED;
}

static enum service_verdict step(struct services *services, struct service_connection *connection,
                                 bool *is_stuck)
{
    switch (connection->u.http.phase) {
    case HTTP_READING_HEAD:
        return read_head(services, connection, is_stuck);
    case HTTP_READING_BODY:
        return read_body(services, connection, is_stuck);
    case HTTP_REPLYING:
        return go_on_replying(services, connection, is_stuck);
    case HTTP_LINGERING:
        return linger(services, connection, is_stuck);
    }
    return SERVICE_FAILED;
}

enum service_verdict http_advance(struct services *services, struct service_connection *connection)
{
    bool is_stuck = false;

    while (!is_stuck) {
        enum service_verdict verdict = service_flush(services, connection);

        if (verdict == SERVICE_LIVES && !service_is_flushed(connection))
            return SERVICE_LIVES; /* one reply after the other */
        if (verdict == SERVICE_LIVES)
            verdict = step(services, connection, &is_stuck);
        if (verdict != SERVICE_LIVES)
            return verdict;
    }
    return SERVICE_LIVES;
}
