/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_http.c: any bytes as an HTTP request, arriving byte by byte or at once, with the same
 * outcome.
 */
#include <string.h>

#include "chunked.h"
#include "fuzz.h"
#include "http_request.h"

/* A body cut in two is the same body: sizes of data and coding do not depend on
 * where it was cut. */
static void take_body(const uint8_t *data, size_t size, size_t cut, struct chunked *chunked,
                      size_t *body)
{
    size_t at = 0, end = cut;
    *chunked = (struct chunked){.phase = CHUNKED_SIZE};
    *body = 0;
    for (;;) {
        while (at < end && chunked->phase != CHUNKED_DONE && chunked->phase != CHUNKED_BAD) {
            struct chunked_span span = chunked_take(chunked, data + at, end - at);
            CHECK(span.used > 0 && span.used <= end - at);
            CHECK(span.data_length == 0 || span.data_at + span.data_length <= span.used);
            *body += span.data_length;
            at += span.used;
        }
        if (end == size)
            return;
        end = size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request whole, part;
    unsigned whole_status = 0, part_status = 0;
    size_t head = size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX;
    enum http_parse outcome = http_request_parse((const char *)data, head, &whole, &whole_status);
    CHECK(outcome != HTTP_REFUSED || (whole_status >= 400 && http_reason(whole_status) != NULL));
    if (outcome == HTTP_PARSED) {
        CHECK(whole.head_length <= head && memchr(whole.path, '\0', sizeof whole.path) != NULL);
        CHECK(!(whole.has_length && whole.is_chunked) && whole.length <= HTTP_NUMBER_MAX);
        /* Nothing less is a request already, and nothing behind it matters. */
        CHECK(http_request_parse((const char *)data, whole.head_length - 1, &part, &part_status) ==
              HTTP_NEEDS_MORE);
        CHECK(http_request_parse((const char *)data, whole.head_length, &part, &part_status) ==
              HTTP_PARSED);
        CHECK(part.method == whole.method && strcmp(part.path, whole.path) == 0);
        CHECK(part.keep_alive == whole.keep_alive && part.length == whole.length);
    }

    struct chunked once, twice;
    size_t body_once, body_twice;
    take_body(data, size, size, &once, &body_once);
    take_body(data, size, size > 0 ? data[0] % size : 0, &twice, &body_twice);
    CHECK(once.phase == twice.phase && body_once == body_twice);
    return 0;
}
