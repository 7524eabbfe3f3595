/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services_test.c: every service, asked over a simulated link by a client on another stack.
 *
 *     host 1: one raw TCP client ◀── 1 ms, or a recipe with loss ──▶ host 0: the services
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pattern.h"
#include "services.h"
#include "sim_world.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 21 };

static struct sim_world world;
static struct services *services;
static struct lastack *client; /* its stack */

static char answer[ANSWER_MAX + 1];
static size_t answer_length;

/* ---- the world ---- */

static int64_t some_day(void *context)
{
    (void)context;
    return 1767225599; /* 2025-12-31 23:59:59 UTC, a Wednesday */
}

static void on_event(void *context, struct sim_world *w, unsigned host,
                     const struct lastack_event *event)
{
    (void)context;
    if (host == 0)
        services_event(services, w->now, event);
}

static void start_with(const struct sim_recipe *recipe, uint32_t max_connections)
{
    struct services_config config;
    struct lastack_config limits;
    enum service_kind failed;
    int error;

    lastack_config_default(&limits);
    limits.max_connections = limits.max_sockets = limits.max_descriptors = 256;
    limits.max_time_waits_ipv4 = limits.max_time_waits_ipv6 = 256;
    limits.max_syn_entries = 256;
    limits.max_pages = 2048;
    limits.max_ranges = 4096;
    assert_true(sim_world_init(&world, &limits, recipe, 1500, 1));
    world.on_event = on_event;
    client = world.host[1].stack;
    services_config_default(&config);
    config.wall_clock = some_day;
    config.stack_name = "sim";
    config.max_connections = max_connections;
    services = services_create(world.host[0].stack, &config, &error, &failed);
    assert_non_null(services);
}

static void start(void)
{
    struct sim_recipe recipe = {.delay_ns = MS(1)};

    start_with(&recipe, 100);
}

static void finish(void)
{
    services_destroy(services);
    sim_world_free(&world);
}

/* One step of the world, not beyond `until`; false when `until` has come. */
static bool step(int64_t until)
{
    if (services_next_deadline(services) <= world.now) {
        services_tick(services, world.now);
        sim_settle(&world);
    }
    if (world.now >= until)
        return false;
    (void)sim_step(&world, min64(until, services_next_deadline(services)));
    return true;
}

static void pass(int64_t ns)
{
    int64_t until = world.now + ns;

    while (step(until))
        ;
}

/* ---- the client ---- */

static int dial(enum service_kind kind)
{
    struct lastack_endpoint to = {sim_address(0, true), service_port(kind)};
    int descriptor = lastack_socket(client, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
    int64_t until = world.now + SEC(30);

    assert_true(descriptor >= 0);
    assert_int_equal(lastack_connect(client, descriptor, &to), -LASTACK_EINPROGRESS);
    sim_settle(&world);
    while ((lastack_poll(client, descriptor) & LASTACK_POLLOUT) == 0)
        assert_true(step(until));
    return descriptor;
}

static void say(int descriptor, const void *bytes, size_t length)
{
    int64_t until = world.now + SEC(60);

    while (length > 0) {
        int64_t sent = lastack_send(client, descriptor, bytes, length, 0);

        if (sent > 0) {
            bytes = (const char *)bytes + sent;
            length -= (size_t)sent;
        } else {
            assert_int_equal(sent, -LASTACK_EAGAIN);
        }
        sim_settle(&world);
        if (length > 0)
            assert_true(step(until));
    }
}

/* Reads until `enough` bytes are there, or the end, or 60 s have passed. What ended it: 0 end,
 * -EAGAIN still open, else an error. */
static int hear(int descriptor, size_t enough)
{
    int64_t until = world.now + SEC(60);
    int64_t got;

    answer_length = 0;
    do {
        while ((got = lastack_recv(client, descriptor, answer + answer_length,
                                   ANSWER_MAX - answer_length, 0)) > 0) {
            answer_length += (size_t)got;
            assert_true(answer_length < ANSWER_MAX);
        }
        sim_settle(&world);
    } while (got == -LASTACK_EAGAIN && answer_length < enough && step(until));
    answer[answer_length] = '\0';
    return (int)got;
}

/* One request on a connection of its own; everything until the server closes. */
static void ask(const char *request)
{
    int descriptor = dial(SERVICE_HTTP);

    say(descriptor, request, strlen(request));
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_int_equal(lastack_close(client, descriptor), 0);
    sim_settle(&world);
}

static void expect_status(const char *status)
{
    char line[64];

    snprintf(line, sizeof line, "HTTP/1.1 %s\r\n", status);
    assert_memory_equal(answer, line, strlen(line));
}

static const char *body(void)
{
    const char *end = strstr(answer, "\r\n\r\n");

    assert_non_null(end);
    return end + 4;
}

static void expect_field(const char *field)
{
    char line[100];
    const char *at;

    snprintf(line, sizeof line, "\r\n%s\r\n", field);
    at = strstr(answer, line);
    assert_non_null(at);
    assert_true(at < body());
}

#define CLOSE "Host: a\r\nConnection: close\r\n\r\n"

/* ---- HTTP ---- */

static void the_page_describes_the_connection_that_asks(void **state)
{
    struct lastack_endpoint local;
    char text[LASTACK_ENDPOINT_TEXT], line[100];
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    assert_int_equal(lastack_getsockname(client, descriptor, &local), 0);
    say(descriptor, "GET / HTTP/1.1\r\n" CLOSE, 16 + strlen(CLOSE));
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    expect_status("200 OK");
    expect_field("Date: Wed, 31 Dec 2025 23:59:59 GMT");
    expect_field("Connection: close");
    lastack_endpoint_text(&local, text, sizeof text);
    snprintf(line, sizeof line, "  remote       %s\n", text);
    assert_non_null(strstr(body(), line));
    assert_non_null(strstr(body(), "  state        ESTABLISHED"));
    assert_non_null(strstr(body(), "held by      http, descriptor"));
    finish();
}

static void bytes_are_the_pattern(void **state)
{
    static const uint32_t lengths[] = {0, 1, 7, 8, 1448, 65536, 65537, 1000003};
    static uint8_t expected[1000003];
    char request[100];

    (void)state;
    start();
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        snprintf(request, sizeof request, "GET /bytes/%u HTTP/1.1\r\n" CLOSE, (unsigned)lengths[i]);
        ask(request);
        expect_status("200 OK");
        assert_int_equal(answer_length - (size_t)(body() - answer), lengths[i]);
        pattern_fill(expected, lengths[i], 0);
        assert_memory_equal(body(), expected, lengths[i]);
    }
    finish();
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    start();
    ask("HEAD /bytes/12345 HTTP/1.1\r\n" CLOSE);
    expect_status("200 OK");
    expect_field("Content-Length: 12345");
    assert_string_equal(body(), "");
    finish();
}

static void refusals(void **state)
{
    (void)state;
    start();
    ask("GET /nothing HTTP/1.1\r\n" CLOSE);
    expect_status("404 Not Found");
    ask("GET /bytes/ HTTP/1.1\r\n" CLOSE);
    expect_status("404 Not Found");
    ask("GET /bytes/9223372036854775808 HTTP/1.1\r\n" CLOSE);
    expect_status("404 Not Found");
    ask("DELETE / HTTP/1.1\r\n" CLOSE);
    expect_status("405 Method Not Allowed");
    expect_field("Allow: GET, HEAD, PUT, POST");
    ask("\x16\x03\x01 this is no HTTP\r\n\r\n");
    expect_status("400 Bad Request");
    expect_field("Connection: close");
    ask("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    expect_status("400 Bad Request");
    assert_int_equal(services_counters(services)->refused_requests, 6);
    finish();
}

static void a_head_too_long_is_refused_and_the_reply_arrives(void **state)
{
    static char head[3 * 8192];

    (void)state;
    start();
    memset(head, 'x', sizeof head - 1);
    memcpy(head, "GET / HTTP/1.1\r\nX: ", 19);
    ask(head); /* three times what is allowed: unread text must not turn the reply into a RST */
    expect_status("431 Request Header Fields Too Large");
    finish();
}

static void connections_are_kept_and_requests_answered_in_order(void **state)
{
    static const char requests[] = "GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                                   "GET /bytes/0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
                                   "GET /no HTTP/1.1\r\nHost: a\r\n\r\n";
    int descriptor;
    const char *at;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, requests, sizeof requests - 1); /* all at once: pipelined */
    pass(SEC(1));
    assert_int_equal(hear(descriptor, 1), -LASTACK_EAGAIN);
    for (size_t i = 0; i < answer_length; i++)
        answer[i] = answer[i] == '\0' ? '.' : answer[i]; /* the pattern's */
    at = strstr(answer, "200 OK");
    for (int i = 0; i < 2; i++) {
        assert_non_null(at);
        at = strstr(at + 1, "200 OK");
    }
    assert_non_null(at);
    assert_non_null(strstr(at, "404 Not Found"));
    assert_null(strstr(answer, "Connection: close"));
    say(descriptor, "GET /bytes/1 HTTP/1.1\r\n" CLOSE, 23 + strlen(CLOSE));
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    expect_field("Connection: close");
    assert_int_equal(services_counters(services)->requests, 5);
    finish();
}

static void we_close_first_and_hold_the_time_wait(void **state)
{
    struct lastack_pool_usage usage;

    (void)state;
    start();
    ask("GET / HTTP/1.1\r\n" CLOSE);
    pass(SEC(1));
    lastack_pool_usage(world.host[0].stack, LASTACK_POOL_TIME_WAIT_IPV6, &usage);
    assert_int_equal(usage.used, 1);
    lastack_pool_usage(client, LASTACK_POOL_TIME_WAIT_IPV6, &usage);
    assert_int_equal(usage.used, 0);
    assert_int_equal(services_connections(services), 0);
    finish();
}

static void expected_upload(char *text, size_t size, const void *data, size_t length)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha256;
    size_t at;

    sha256_init(&sha256);
    sha256_update(&sha256, length, data);
    sha256_digest(&sha256, sizeof digest, digest);
    at = (size_t)snprintf(text, size, "bytes %zu\nsha256 ", length);
    for (unsigned i = 0; i < sizeof digest; i++)
        at += (size_t)snprintf(text + at, size - at, "%02x", digest[i]);
    snprintf(text + at, size - at, "\n");
}

static void uploads_are_counted_and_hashed(void **state)
{
    static uint8_t data[300000];
    char expected[200], head[200];
    int descriptor;

    (void)state;
    start();
    pattern_fill(data, sizeof data, 5);
    expected_upload(expected, sizeof expected, data, sizeof data);
    descriptor = dial(SERVICE_HTTP);
    snprintf(head, sizeof head, "PUT /a HTTP/1.1\r\nContent-Length: %zu\r\n" CLOSE, sizeof data);
    say(descriptor, head, strlen(head));
    say(descriptor, data, sizeof data);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    expect_status("200 OK");
    assert_string_equal(body(), expected);
    assert_int_equal(services_counters(services)->upload_bytes, sizeof data);
    finish();
}

static void uploads_in_chunks(void **state)
{
    static uint8_t data[100000];
    char expected[200], line[20];
    size_t at = 0;
    int descriptor;

    (void)state;
    start();
    pattern_fill(data, sizeof data, 0);
    expected_upload(expected, sizeof expected, data, sizeof data);
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE, 45 + strlen(CLOSE));
    for (size_t part = 1; at < sizeof data; part = part * 3 + 1) {
        size_t length = part < sizeof data - at ? part : sizeof data - at;

        snprintf(line, sizeof line, "%zX\r\n", length);
        say(descriptor, line, strlen(line));
        say(descriptor, data + at, length);
        say(descriptor, "\r\n", 2);
        at += length;
    }
    say(descriptor, "0\r\n\r\n", 5);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_string_equal(body(), expected);
    finish();
}

static void who_expects_to_be_asked_is_asked(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "PUT / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n" CLOSE,
        57 + strlen(CLOSE));
    assert_int_equal(hear(descriptor, 1), -LASTACK_EAGAIN);
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(descriptor, "ok", 2);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    expect_status("200 OK");
    assert_non_null(strstr(body(), "bytes 2\n"));
    finish();
}

static void an_upload_cut_short_is_not_called_whole(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "PUT / HTTP/1.1\r\nContent-Length: 10\r\n" CLOSE, 36 + strlen(CLOSE));
    say(descriptor, "12345", 5);
    assert_int_equal(lastack_shutdown(client, descriptor, LASTACK_SHUT_WR), 0);
    sim_settle(&world);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    expect_status("400 Bad Request");
    assert_int_equal(services_counters(services)->uploads, 0);
    finish();
}

static void who_half_closes_still_gets_his_answer(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "GET /bytes/200000 HTTP/1.1\r\nHost: a\r\n\r\n", 39);
    assert_int_equal(lastack_shutdown(client, descriptor, LASTACK_SHUT_WR), 0);
    sim_settle(&world);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_int_equal(answer_length - (size_t)(body() - answer), 200000);
    finish();
}

static void nobody_stays_without_asking(void **state)
{
    int silent, halfway;

    (void)state;
    start();
    silent = dial(SERVICE_HTTP);
    halfway = dial(SERVICE_HTTP);
    say(halfway, "GET / HT", 8);
    pass(SEC(50));
    say(halfway, "TP/1.1\r\n", 8); /* a little more does not buy more time */
    assert_int_equal(services_connections(services), 2);
    pass(SEC(24));
    assert_int_equal(services_connections(services), 2);
    pass(SEC(2));
    assert_int_equal(services_connections(services), 0);
    assert_int_equal(services_counters(services)->timed_out, 2);
    assert_int_equal(hear(silent, SIZE_MAX), 0);
    (void)halfway;
    finish();
}

static void a_reader_who_does_not_read_costs_no_memory_and_may_go_on_later(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "GET /bytes/1900000 HTTP/1.1\r\n" CLOSE, 29 + strlen(CLOSE));
    pass(SEC(200)); /* a closed window for longer than any patience with silence */
    assert_int_equal(services_connections(services), 1);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_int_equal(answer_length - (size_t)(body() - answer), 1900000);
    finish();
}

static void too_many_are_turned_away(void **state)
{
    struct sim_recipe recipe = {.delay_ns = MS(1)};
    int first, second, third;

    (void)state;
    start_with(&recipe, 2);
    first = dial(SERVICE_HTTP);
    second = dial(SERVICE_HTTP);
    third = dial(SERVICE_HTTP);
    assert_int_equal(hear(third, SIZE_MAX), 0);
    assert_int_equal(answer_length, 0);
    assert_int_equal(services_counters(services)->turned_away, 1);
    assert_int_equal(lastack_close(client, first), 0);
    sim_settle(&world);
    pass(SEC(1));
    assert_int_equal(services_connections(services), 1);
    ask("GET / HTTP/1.1\r\n" CLOSE);
    expect_status("200 OK");
    (void)second;
    finish();
}

static void a_connection_that_is_reset_is_forgotten(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_HTTP);
    say(descriptor, "GET /bytes/1000000000 HTTP/1.1\r\nHost: a\r\n\r\n", 43);
    pass(MS(20));
    assert_int_equal(lastack_abort(client, descriptor), 0);
    sim_settle(&world);
    pass(SEC(1));
    assert_int_equal(services_connections(services), 0);
    assert_int_equal(services_counters(services)->failed, 1);
    finish();
}

static void everything_arrives_over_a_bad_link(void **state)
{
    struct sim_recipe recipe = {.delay_ns = MS(5),
                                .jitter_ns = MS(3),
                                .loss_ppm = 30000,
                                .duplicate_ppm = 20000,
                                .reorder_ppm = 20000,
                                .reorder_ns = MS(10)};
    static uint8_t expected[200000];

    (void)state;
    start_with(&recipe, 100);
    for (int i = 0; i < 3; i++) {
        ask("GET /bytes/200000 HTTP/1.1\r\n" CLOSE);
        pattern_fill(expected, sizeof expected, 0);
        assert_int_equal(answer_length - (size_t)(body() - answer), sizeof expected);
        assert_memory_equal(body(), expected, sizeof expected);
    }
    finish();
}

/* ---- the small ones ---- */

static void echo_gives_back_and_closes_after_us(void **state)
{
    static uint8_t data[150000];
    int descriptor;

    (void)state;
    start();
    pattern_fill(data, sizeof data, 3);
    descriptor = dial(SERVICE_ECHO);
    say(descriptor, data, 100);
    assert_int_equal(hear(descriptor, 100), -LASTACK_EAGAIN);
    assert_int_equal(answer_length, 100);
    assert_memory_equal(answer, data, 100);
    say(descriptor, data, sizeof data);
    assert_int_equal(lastack_shutdown(client, descriptor, LASTACK_SHUT_WR), 0);
    sim_settle(&world);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_int_equal(answer_length, sizeof data);
    assert_memory_equal(answer, data, sizeof data);
    finish();
}

static void discard_takes_everything_and_says_nothing(void **state)
{
    static uint8_t data[500000];
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_DISCARD);
    say(descriptor, data, sizeof data);
    assert_int_equal(lastack_shutdown(client, descriptor, LASTACK_SHUT_WR), 0);
    sim_settle(&world);
    assert_int_equal(hear(descriptor, SIZE_MAX), 0);
    assert_int_equal(answer_length, 0);
    finish();
}

static void daytime_tells_and_closes_first(void **state)
{
    (void)state;
    start();
    assert_int_equal(hear(dial(SERVICE_DAYTIME), SIZE_MAX), 0);
    assert_string_equal(answer, "Wednesday, December 31, 2025 23:59:59 UTC\r\n");
    finish();
}

static void chargen_never_ends(void **state)
{
    int descriptor;

    (void)state;
    start();
    descriptor = dial(SERVICE_CHARGEN);
    assert_int_equal(hear(descriptor, 100000), -LASTACK_EAGAIN);
    assert_memory_equal(answer, " !\"#$%&'()*+,-./0123456789", 26);
    for (size_t i = 0; i + 75 < answer_length; i++) {
        if (i % 74 < 71) /* each line is the one before, one further */
            assert_int_equal(answer[i + 1], answer[i + 74]);
        if (i % 74 == 72)
            assert_int_equal(answer[i], '\r');
    }
    assert_int_equal(lastack_close(client, descriptor), 0);
    sim_settle(&world);
    pass(SEC(5));
    assert_int_equal(services_connections(services), 0);
    finish();
}

static void a_taken_port_is_named(void **state)
{
    struct services_config config;
    enum service_kind failed;
    int error;

    (void)state;
    start();
    services_config_default(&config);
    assert_null(services_create(world.host[0].stack, &config, &error, &failed));
    assert_int_equal(error, -LASTACK_EADDRINUSE);
    assert_int_equal(failed, SERVICE_HTTP);
    ask("GET / HTTP/1.1\r\n" CLOSE); /* the first ones are well */
    expect_status("200 OK");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_describes_the_connection_that_asks),
        cmocka_unit_test(bytes_are_the_pattern),
        cmocka_unit_test(head_has_the_length_and_no_body),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_head_too_long_is_refused_and_the_reply_arrives),
        cmocka_unit_test(connections_are_kept_and_requests_answered_in_order),
        cmocka_unit_test(we_close_first_and_hold_the_time_wait),
        cmocka_unit_test(uploads_are_counted_and_hashed),
        cmocka_unit_test(uploads_in_chunks),
        cmocka_unit_test(who_expects_to_be_asked_is_asked),
        cmocka_unit_test(an_upload_cut_short_is_not_called_whole),
        cmocka_unit_test(who_half_closes_still_gets_his_answer),
        cmocka_unit_test(nobody_stays_without_asking),
        cmocka_unit_test(a_reader_who_does_not_read_costs_no_memory_and_may_go_on_later),
        cmocka_unit_test(too_many_are_turned_away),
        cmocka_unit_test(a_connection_that_is_reset_is_forgotten),
        cmocka_unit_test(everything_arrives_over_a_bad_link),
        cmocka_unit_test(echo_gives_back_and_closes_after_us),
        cmocka_unit_test(discard_takes_everything_and_says_nothing),
        cmocka_unit_test(daytime_tells_and_closes_first),
        cmocka_unit_test(chargen_never_ends),
        cmocka_unit_test(a_taken_port_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
