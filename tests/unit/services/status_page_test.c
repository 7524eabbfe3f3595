/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status_page_test.c: a row in words, whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "status_page.h"

#include <string.h>

static const char expected[] =
    "This is demo, a TCP/IP stack in user space. It sees your connection like this:\n"
    "\n"
    "  local        192.0.2.1:80\n"
    "  remote       192.0.2.2:40000\n"
    "  state        ESTABLISHED for 1.50 s, because: ACK of our SYN arrived\n"
    "  held by      http, descriptor 11\n"
    "  timer        delayed ACK in 39.50 ms\n"
    "  options      MSS 1448 (theirs), 1460 (ours), window scale 9 (theirs), 7 (ours), SACK, "
    "timestamps\n"
    "  round trip   120 us, varying by 60 us; retransmission timeout 201.00 ms\n"
    "  congestion   window 10 segments, no threshold yet\n"
    "  windows      64256 bytes (theirs), 65535 bytes (ours)\n"
    "  received     75 bytes in 3 segments\n"
    "  sent         0 bytes in 2 segments, 0 sent again\n"
    "  queues       5 bytes unread, 6 bytes not acknowledged\n"
    "\n"
    "Also here: GET /bytes/N sends N bytes, PUT or POST anything is counted and hashed;\n"
    "echo on port 7, discard on 9, daytime on 13, chargen on 19.\n";

static struct lastack_connection_row sample(void)
{
    struct lastack_connection_row row = {.protocol = LASTACK_PROTOCOL_TCP,
                                         .state = TCP_ESTABLISHED};

    row.local = (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 1), 80};
    row.remote = (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 2), 40000};
    row.cause = LASTACK_CAUSE_HANDSHAKE_ACK;
    row.age_ns = 1500000000;
    strcpy(row.comm, "http");
    row.fd = 11;
    row.holders = 1;
    row.timer = LASTACK_TIMER_DELAYED_ACK;
    row.timer_left_ns = 39500000;
    row.recv_q = 5;
    row.send_q = 6;
    row.has_tcp_info = true;
    row.tcp_info.tcpi_options = 7;
    row.tcp_info.tcpi_snd_mss = 1448;
    row.tcp_info.tcpi_advmss = 1460;
    row.tcp_info.tcpi_snd_wscale = 9;
    row.tcp_info.tcpi_rcv_wscale = 7;
    row.tcp_info.tcpi_rtt = 120;
    row.tcp_info.tcpi_rttvar = 60;
    row.tcp_info.tcpi_rto = 201000;
    row.tcp_info.tcpi_snd_cwnd = 10;
    row.tcp_info.tcpi_snd_ssthresh = 0x7fffffff;
    row.tcp_info.tcpi_snd_wnd = 64256;
    row.tcp_info.tcpi_rcv_wnd = 65535;
    row.tcp_info.tcpi_bytes_received = 75;
    row.tcp_info.tcpi_segs_in = 3;
    row.tcp_info.tcpi_segs_out = 2;
    return row;
}

static void a_row_in_words(void **state)
{
    struct lastack_connection_row row = sample();
    char text[STATUS_PAGE_MAX];
    size_t length = status_page_write(text, "demo", &row);

    (void)state;
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void a_fin_is_no_byte(void **state)
{
    struct lastack_connection_row row = sample();
    char text[STATUS_PAGE_MAX];

    (void)state;
    row.state = TCP_CLOSE_WAIT;
    row.tcp_info.tcpi_bytes_received = 76;
    status_page_write(text, "demo", &row);
    assert_non_null(strstr(text, "  received     75 bytes in 3 segments\n"));
}

static void what_is_unknown_is_left_out(void **state)
{
    struct lastack_connection_row row = sample();
    char text[STATUS_PAGE_MAX];

    (void)state;
    row.has_tcp_info = false;
    row.age_ns = -1;
    row.timer = -1;
    row.holders = 3;
    status_page_write(text, "demo", &row);
    assert_null(strstr(text, "round trip"));
    assert_non_null(strstr(text, "  state        ESTABLISHED, because"));
    assert_non_null(strstr(text, "descriptor 11 and 2 more\n"));
    assert_non_null(strstr(text, "  timer        none\n"));
}

static void a_name_of_any_length_fits(void **state)
{
    struct lastack_connection_row row = sample();
    char text[STATUS_PAGE_MAX], name[2 * STATUS_PAGE_MAX];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(status_page_write(text, name, &row), STATUS_PAGE_MAX - 1);
    assert_int_equal(strlen(text), STATUS_PAGE_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_in_words),
        cmocka_unit_test(a_fin_is_no_byte),
        cmocka_unit_test(what_is_unknown_is_left_out),
        cmocka_unit_test(a_name_of_any_length_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
