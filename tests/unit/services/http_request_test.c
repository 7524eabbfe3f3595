/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * http_request_test.c: heads of requests, good, incomplete, ambiguous and hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_request.h"

#include <string.h>

static struct http_request parsed(const char *text)
{
    struct http_request request;
    unsigned status = 0;

    assert_int_equal(http_request_parse(text, strlen(text), &request, &status), HTTP_PARSED);
    return request;
}

static unsigned refusal(const char *text)
{
    struct http_request request;
    unsigned status = 0;

    assert_int_equal(http_request_parse(text, strlen(text), &request, &status), HTTP_REFUSED);
    return status;
}

static void a_plain_request(void **state)
{
    struct http_request request = parsed("GET /bytes/7?x=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /next");

    (void)state;
    assert_int_equal(request.method, HTTP_GET);
    assert_string_equal(request.path, "/bytes/7");
    assert_int_equal(request.minor_version, 1);
    assert_true(request.keep_alive);
    assert_false(request.has_length || request.is_chunked || request.expects_continue);
    assert_int_equal(request.head_length, 38);
}

static void every_prefix_needs_more(void **state)
{
    static const char text[] = "\r\nPUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    struct http_request request;
    unsigned status;

    (void)state;
    for (size_t length = 0; length < sizeof text - 1; length++)
        assert_int_equal(http_request_parse(text, length, &request, &status), HTTP_NEEDS_MORE);
    assert_int_equal(http_request_parse(text, sizeof text - 1, &request, &status), HTTP_PARSED);
    assert_int_equal(request.length, 5);
}

static void bare_line_feeds_end_lines_too(void **state)
{
    (void)state;
    assert_string_equal(parsed("GET / HTTP/1.1\nHost: a\n\n").path, "/");
}

static void forms_of_the_target(void **state)
{
    (void)state;
    assert_string_equal(parsed("GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n").path, "/p");
    assert_string_equal(parsed("GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n").path, "/");
    assert_string_equal(parsed("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path, "*");
    assert_int_equal(refusal("GET x HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    assert_int_equal(refusal("GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

static void methods_are_case_sensitive(void **state)
{
    (void)state;
    assert_int_equal(parsed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").method, HTTP_HEAD);
    assert_int_equal(parsed("POST / HTTP/1.1\r\nHost: a\r\n\r\n").method, HTTP_POST);
    assert_int_equal(parsed("get / HTTP/1.1\r\nHost: a\r\n\r\n").method, HTTP_OTHER_METHOD);
    assert_int_equal(parsed("GETS / HTTP/1.1\r\nHost: a\r\n\r\n").method, HTTP_OTHER_METHOD);
}

static void whether_the_connection_lives_on(void **state)
{
    (void)state;
    assert_false(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
    assert_false(parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n").keep_alive);
    assert_false(parsed("GET / HTTP/1.0\r\n\r\n").keep_alive);
    assert_true(parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
    assert_false(
        parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
}

static void bodies(void **state)
{
    struct http_request request = parsed(
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n");

    (void)state;
    assert_true(request.is_chunked && request.expects_continue && !request.has_length);
    request = parsed("PUT / HTTP/1.1\r\nHost: a\r\ncontent-length:\t9223372036854775807 \r\n\r\n");
    assert_true(request.has_length && request.length == INT64_MAX);
    /* RFC 9110 §8.6: the same value repeated may be taken as one */
    assert_int_equal(parsed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n").length, 5);
    /* RFC 9110 §10.1.1: HTTP/1.0 does not know 100 Continue */
    assert_false(parsed("PUT / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                     .expects_continue);
}

static void what_two_readers_could_understand_differently_is_refused(void **state)
{
    static const char *const heads[] = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: \r\n",
        "Content-Length : 5\r\n",
        "X: a\r\n b\r\n",
        " X: a\r\n",
        "X: a\rb\r\n",
        "no colon\r\n",
        ": empty name\r\n",
        "Host: b\r\n", /* a second one */
    };

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[200] = "PUT / HTTP/1.1\r\nHost: a\r\n";

        strcat(text, heads[i]);
        strcat(text, "\r\n");
        assert_int_equal(refusal(text), 400);
    }
    assert_int_equal(refusal("GET / HTTP/1.1\r\n\r\n"), 400); /* no Host */
    assert_int_equal(refusal("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

static void a_nul_in_a_field_is_refused(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";
    struct http_request request;
    unsigned status = 0;

    (void)state;
    assert_int_equal(http_request_parse(text, sizeof text - 1, &request, &status), HTTP_REFUSED);
    assert_int_equal(status, 400);
}

static void what_we_cannot_do_has_its_own_status(void **state)
{
    (void)state;
    assert_int_equal(refusal("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
    assert_int_equal(refusal("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n"),
                     501);
    assert_int_equal(refusal("PUT / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n"), 417);
    assert_int_equal(refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
    assert_int_equal(refusal("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400);
    assert_int_equal(refusal("GET /\r\n\r\n"), 400);          /* HTTP/0.9 */
    assert_int_equal(refusal("\x16\x03\x01\x02\n\r\n"), 400); /* TLS */
}

static void heads_are_bounded(void **state)
{
    static char text[HTTP_HEAD_MAX];
    struct http_request request;
    unsigned status = 0;

    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    assert_int_equal(http_request_parse(text, sizeof text, &request, &status), HTTP_REFUSED);
    assert_int_equal(status, 414);
    memcpy(text, "GET / HTTP/1.1\r\nX: ", 19);
    assert_int_equal(http_request_parse(text, sizeof text, &request, &status), HTTP_REFUSED);
    assert_int_equal(status, 431);
    assert_int_equal(http_request_parse(text, sizeof text - 1, &request, &status), HTTP_NEEDS_MORE);
    memcpy(text, "GET /", 5);
    memset(text + 5, 'a', HTTP_PATH_MAX - 2);
    memcpy(text + 5 + HTTP_PATH_MAX - 2, " HTTP/1.1\r\nHost: a\r\n\r\n", 23);
    assert_int_equal(http_request_parse(text, 400, &request, &status), HTTP_PARSED);
    memset(text + 5, 'a', HTTP_PATH_MAX - 1);
    memcpy(text + 5 + HTTP_PATH_MAX - 1, " HTTP/1.1\r\nHost: a\r\n\r\n", 23);
    assert_int_equal(http_request_parse(text, 400, &request, &status), HTTP_REFUSED);
    assert_int_equal(status, 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request),
        cmocka_unit_test(every_prefix_needs_more),
        cmocka_unit_test(bare_line_feeds_end_lines_too),
        cmocka_unit_test(forms_of_the_target),
        cmocka_unit_test(methods_are_case_sensitive),
        cmocka_unit_test(whether_the_connection_lives_on),
        cmocka_unit_test(bodies),
        cmocka_unit_test(what_two_readers_could_understand_differently_is_refused),
        cmocka_unit_test(a_nul_in_a_field_is_refused),
        cmocka_unit_test(what_we_cannot_do_has_its_own_status),
        cmocka_unit_test(heads_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
