/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunked_test.c: every text in one piece and byte by byte gives the same body.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chunked.h"

#include <string.h>

static struct {
    char body[64];
    size_t length, used;
    enum chunked_phase phase;
} out;

static void decode(const char *text, size_t step)
{
    struct chunked chunked = {0};
    size_t length = strlen(text);

    memset(&out, 0, sizeof out);
    while (out.used < length && chunked.phase < CHUNKED_DONE) {
        size_t part = length - out.used < step ? length - out.used : step;
        const uint8_t *data = (const uint8_t *)text + out.used;
        struct chunked_span span = chunked_take(&chunked, data, part);

        assert_true(span.used > 0 && span.used <= part);
        assert_true(span.data_at + span.data_length <= span.used);
        memcpy(out.body + out.length, data + span.data_at, span.data_length);
        out.length += span.data_length;
        out.used += span.used;
    }
    out.phase = chunked.phase;
}

static void expect(const char *text, const char *body, size_t used)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        decode(text, step);
        assert_int_equal(out.phase, CHUNKED_DONE);
        assert_int_equal(out.used, used);
        assert_string_equal(out.body, body);
    }
}

static void bodies(void **state)
{
    (void)state;
    expect("5\r\nhello\r\n0\r\n\r\nGET", "hello", 15);
    expect("0\r\n\r\n", "", 5);
    expect("3;a=\"b\"\r\nabc\r\n00a\r\n0123456789\r\n0\r\nX: y\r\n\r\n", "abc0123456789", 42);
    expect("A\n0123456789\n0\n\n", "0123456789", 16);
}

static void refused(const char *text)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        decode(text, step);
        assert_int_equal(out.phase, CHUNKED_BAD);
    }
}

static void nonsense(void **state)
{
    (void)state;
    refused("x\r\n");
    refused("\r\n");
    refused(";a\r\n");
    refused("-1\r\n");
    refused("1000000000000000\r\n"); /* 2^60 */
    refused("3\r\nabcd\r\n");
    refused("3\r\nabc\r\r\n0");
}

static void extensions_and_trailers_are_bounded(void **state)
{
    static char text[CHUNKED_EXTRA_MAX + 100];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "1;", 2);
    decode(text, sizeof text);
    assert_int_equal(out.phase, CHUNKED_BAD);
    memcpy(text, "0\r\n", 3);
    decode(text, sizeof text);
    assert_int_equal(out.phase, CHUNKED_BAD);
    assert_true(out.used <= CHUNKED_EXTRA_MAX + 8);
}

/* A body of a gigabyte has as many chunks as its sender likes: no line of them is long. */
static void chunks_are_not_counted(void **state)
{
    static const char chunk[] = "1;a\r\nx\r\n", end[] = "0\r\n\r\n";
    struct chunked chunked = {0};
    struct chunked_span span;

    (void)state;
    for (unsigned i = 0; i < 2 * CHUNKED_EXTRA_MAX; i++) {
        size_t used = 0, body = 0;

        while (used < strlen(chunk)) {
            span = chunked_take(&chunked, (const uint8_t *)chunk + used, strlen(chunk) - used);
            used += span.used;
            body += span.data_length;
            assert_true(chunked.phase < CHUNKED_DONE && span.used > 0);
        }
        assert_int_equal(body, 1);
    }
    span = chunked_take(&chunked, (const uint8_t *)end, strlen(end));
    assert_int_equal(span.used, strlen(end));
    assert_int_equal(chunked.phase, CHUNKED_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(extensions_and_trailers_are_bounded),
        cmocka_unit_test(chunks_are_not_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
