/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_request.h: the head of an HTTP/1.1 request, bytes -> values (RFC 9112 §2 to §7).
 *
 *     PUT /file HTTP/1.1            method, target, minor version
 *     Host: 192.0.2.1               exactly one (RFC 9112 §3.2)
 *     Content-Length: 1048576       or Transfer-Encoding: chunked, never both (§6.3)
 *     Expect: 100-continue          RFC 9110 §10.1.1
 *     Connection: close             RFC 9112 §9.6
 *                                   an empty line ends it
 *
 * Parsing is total: any bytes give a request, a wish for more, or the status code to refuse them
 * with. Nothing that two readers could understand differently is let through (request smuggling:
 * §11.2).
 */
#ifndef LASTACK_HTTP_REQUEST_H
#define LASTACK_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_MAX = 8192, HTTP_PATH_MAX = 256 };

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST, HTTP_OTHER_METHOD };

struct http_request {
    enum http_method method;
    char path[HTTP_PATH_MAX]; /* of the target, without query; "*" for OPTIONS */
    unsigned minor_version;   /* of HTTP/1 */
    bool has_length, is_chunked;
    uint64_t length; /* of the body; 0 without has_length */
    bool expects_continue;
    bool keep_alive; /* the connection outlives this exchange */
    size_t head_length;
};

enum http_parse {
    HTTP_PARSED,
    HTTP_NEEDS_MORE,
    HTTP_REFUSED, /* *status says why; where the request ends is unknown */
};

/* `text` is what has arrived so far, at most HTTP_HEAD_MAX bytes of it. */
enum http_parse http_request_parse(const char *text, size_t length, struct http_request *request,
                                   unsigned *status);

/* 1*DIGIT, up to HTTP_NUMBER_MAX. */
#define HTTP_NUMBER_MAX ((uint64_t)INT64_MAX)
bool http_parse_number(const char *digits, size_t length, uint64_t *value);

/* "Not Found"; never NULL. */
const char *http_reason(unsigned status);

#endif
