/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_text_test.c: the left part of every line is what iproute2 6.1 printed for the same sockets.
 *
 * The expected texts were written down from `ss` itself, run in a network namespace with these
 * sockets; ours have OWNER, TIMER and WHY behind them.
 */
#include "row_text.h"

#include "duration.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Prints `rows` and compares, line by line, what stands before `width` columns with `expected`. */
static void begins_as(const struct row_view *view, const struct lastack_connection_row *rows,
                      size_t count, const char *const *expected)
{
    struct printed printed;

    printed_open(&printed);
    struct row_table *table = row_table_new(view, printed.out);
    for (size_t i = 0; i < count; i++)
        row_table_add(table, &rows[i], NULL, 0);
    assert_int_equal(row_table_end(table), count);

    char *line = strdup(printed_string(&printed)), *rest = line;
    for (; *expected != NULL; expected++) {
        char *next = strsep(&rest, "\n");
        char begin[256];

        assert_non_null(next);
        snprintf(begin, sizeof begin, "%.*s", (int)strlen(*expected), next);
        assert_string_equal(begin, *expected);
    }
    assert_string_equal(rest, "");
    free(line);
    printed_free(&printed);
}

static const char *root_cgroup(void *context, uint64_t id)
{
    (void)context;
    return id == 1 ? "/" : NULL;
}

static void columns_are_those_of_ss(void **state)
{
    struct lastack_connection_row rows[] = {
        row_of(TCP_LISTEN, "127.0.0.1", 34201, "0.0.0.0", 0),
        row_of(TCP_CLOSE_WAIT, "127.0.0.1", 34201, "127.0.0.1", 41274),
        row_of(TCP_ESTABLISHED, "127.0.0.1", 34201, "127.0.0.1", 41262),
        row_of(TCP_FIN_WAIT_2, "127.0.0.1", 41274, "127.0.0.1", 34201),
        row_of(TCP_TIME_WAIT, "127.0.0.1", 41282, "127.0.0.1", 34201),
        row6_of(TCP_LISTEN, "::", 36497, "::", 0),
        row6_of(TCP_ESTABLISHED, "::1", 36497, "::1", 33702),
        row6_of(TCP_ESTABLISHED, "127.0.0.1", 36497, "127.0.0.1", 35742),
    };
    static const char *const expected[] = {
        "State      Recv-Q Send-Q      Local Address:Port        Peer Address:Port Process",
        "LISTEN     0      5               127.0.0.1:34201            0.0.0.0:*           ",
        "CLOSE-WAIT 1      0               127.0.0.1:34201          127.0.0.1:41274       ",
        "ESTAB      1000   0               127.0.0.1:34201          127.0.0.1:41262       ",
        "FIN-WAIT-2 0      0               127.0.0.1:41274          127.0.0.1:34201       ",
        "TIME-WAIT  0      0               127.0.0.1:41282          127.0.0.1:34201       ",
        "LISTEN     0      7                       *:36497                  *:*           ",
        "ESTAB      0      0                   [::1]:36497              [::1]:33702       ",
        "ESTAB      0      0      [::ffff:127.0.0.1]:36497 [::ffff:127.0.0.1]:35742       ",
        NULL,
    };
    const struct row_view view = {0};

    (void)state;
    rows[0].send_q = 5;
    rows[1].recv_q = 1;
    rows[2].recv_q = 1000;
    rows[5].send_q = 7;
    begins_as(&view, rows, sizeof rows / sizeof rows[0], expected);
}

static void narrow_tables_are_narrow(void **state)
{
    struct lastack_connection_row rows[] = {row_of(TCP_LISTEN, "0.0.0.0", 2024, "0.0.0.0", 0)};
    static const char *const expected[] = {
        "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess",
        "LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*          ",
        NULL,
    };
    static const char *const netid[] = {
        "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess",
        "tcp   LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*          ",
        NULL,
    };
    static const char *const headless[] = {
        "LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*          ", NULL};
    struct row_view view = {0};

    (void)state;
    rows[0].send_q = 128;
    begins_as(&view, rows, 1, expected);
    view.has_netid = true;
    begins_as(&view, rows, 1, netid);
    view.has_netid = false;
    view.is_headless = true;
    begins_as(&view, rows, 1, headless);
}

static void processes_timers_and_details(void **state)
{
    struct lastack_connection_row rows[] = {
        row_of(TCP_LISTEN, "127.0.0.1", 34201, "0.0.0.0", 0),
        row_of(TCP_CLOSE_WAIT, "127.0.0.1", 34201, "127.0.0.1", 41274),
        row_of(TCP_TIME_WAIT, "127.0.0.1", 41282, "127.0.0.1", 34201),
        row6_of(TCP_LISTEN, "::", 36497, "::", 0),
    };
    static const char *const users[] = {
        "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process                    "
        "        ",
        "LISTEN     0      5          127.0.0.1:34201      0.0.0.0:*     "
        "users:((\"python3\",pid=10126,fd=3))",
        "CLOSE-WAIT 1      0          127.0.0.1:34201    127.0.0.1:41274 "
        "users:((\"python3\",pid=10126,fd=8))",
        "TIME-WAIT  0      0          127.0.0.1:41282    127.0.0.1:34201                           "
        "         ",
        "LISTEN     0      7                  *:36497            *:*                               "
        "         ",
        NULL,
    };
    static const char *const details[] = {
        "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process                    "
        "         ",
        "LISTEN     0      5          127.0.0.1:34201      0.0.0.0:*     ino:15545 sk:2 cgroup:/ "
        "<->        ",
        "CLOSE-WAIT 1      0          127.0.0.1:34201    127.0.0.1:41274 ino:15550 sk:3 cgroup:/ "
        "-->        ",
        "TIME-WAIT  0      0          127.0.0.1:41282    127.0.0.1:34201 timer:(timewait,59sec,0) "
        "ino:0 sk:9",
        "LISTEN     0      7                  *:36497            *:*     uid:33 ino:15546 sk:b "
        "v6only:0 <->",
        NULL,
    };
    struct row_view view = {.has_processes = true};

    (void)state;
    rows[0].send_q = 5;
    rows[1].recv_q = 1;
    rows[3].send_q = 7;
    row_own(&rows[0], "python3", 10126, 3);
    row_own(&rows[1], "python3", 10126, 8);
    begins_as(&view, rows, 4, users);

    rows[0].inode = 15545, rows[0].cookie = 2, rows[0].cgroup = 1;
    rows[1].inode = 15550, rows[1].cookie = 3, rows[1].cgroup = 1, rows[1].shutdown = 1;
    rows[2].timer = LASTACK_TIMER_TIME_WAIT, rows[2].timer_left_ns = MS(59700), rows[2].cookie = 9;
    rows[3].inode = 15546, rows[3].cookie = 11, rows[3].uid = 33;
    view = (struct row_view){.has_extended = true};
    view.cgroup_path = root_cgroup;
    begins_as(&view, rows, 4, details);
}

static void timer_is(int64_t ns, const char *expected)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);
    struct text text = {0};

    row.timer = LASTACK_TIMER_RETRANSMIT;
    row.timer_left_ns = ns;
    row.timer_retries = 3;
    row_timer_text(&text, &row);
    assert_string_equal(text_string(&text), expected);
    text_free(&text);
}

static void times_are_those_of_ss(void **state)
{
    (void)state;
    timer_is(MS(200), "timer:(on,200ms,3)");
    timer_is(MS(4944), "timer:(on,4.944sec,3)");
    timer_is(MS(59700), "timer:(on,59sec,3)");
    timer_is(MS(100000), "timer:(on,1min40sec,3)");
    timer_is(SEC(7140), "timer:(on,119min,3)");
    timer_is(-5, "timer:(on,,3)");
}

/* What ss -i said about a socket, and the numbers it said it about. */
static void tcp_info_reads_as_in_ss(void **state)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "127.0.0.1", 41262, "127.0.0.1", 34201);
    struct text text = {0};

    (void)state;
    row.has_tcp_info = true;
    snprintf(row.congestion, sizeof row.congestion, "cubic");
    row.tcp_info = (struct lastack_tcp_info){
        .tcpi_options = 7,
        .tcpi_snd_wscale = 10,
        .tcpi_rcv_wscale = 10,
        .tcpi_rto = 204000,
        .tcpi_rtt = 44,
        .tcpi_rttvar = 24,
        .tcpi_snd_mss = 35328,
        .tcpi_pmtu = 65535,
        .tcpi_rcv_mss = 536,
        .tcpi_advmss = 65483,
        .tcpi_snd_cwnd = 11,
        .tcpi_snd_ssthresh = 0x7fffffff,
        .tcpi_bytes_sent = 1000,
        .tcpi_bytes_acked = 1001,
        .tcpi_segs_out = 3,
        .tcpi_segs_in = 2,
        .tcpi_data_segs_out = 1,
        .tcpi_last_data_sent = 216,
        .tcpi_last_data_recv = 220,
        .tcpi_last_ack_recv = 216,
        .tcpi_pacing_rate = 19095694024,
        .tcpi_max_pacing_rate = UINT64_MAX,
        .tcpi_delivery_rate = 2944000000,
        .tcpi_delivered = 2,
        .tcpi_delivery_rate_app_limited = 1,
        .tcpi_reordering = 3,
        .tcpi_rcv_space = 65495,
        .tcpi_rcv_ssthresh = 65495,
        .tcpi_min_rtt = 12,
        .tcpi_snd_wnd = 70656,
    };
    row_tcp_info_text(&text, &row, true);
    assert_string_equal(
        text_string(&text),
        " ts sack cubic wscale:10,10 rto:204 rtt:0.044/0.024 mss:35328 pmtu:65535 rcvmss:536 "
        "advmss:65483"
        " cwnd:11 bytes_sent:1000 bytes_acked:1001 segs_out:3 segs_in:2 data_segs_out:1"
        " send 70656000000bps lastsnd:216 lastrcv:220 lastack:216 pacing_rate 152765552192bps"
        " delivery_rate 23552000000bps delivered:2 app_limited rcv_space:65495 rcv_ssthresh:65495"
        " minrtt:0.012 snd_wnd:70656");
    text_free(&text);
}

static void memory_and_info_on_their_own_line_or_not(void **state)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);
    struct row_view view = {.has_memory = true, .is_headless = true};
    struct printed printed;

    (void)state;
    row.has_memory = true;
    row.memory =
        (struct lastack_socket_memory){.rmem_alloc = 832, .rcvbuf = 131072, .sndbuf = 3939840};
    for (int is_oneline = 0; is_oneline < 2; is_oneline++) {
        view.is_oneline = is_oneline != 0;
        printed_open(&printed);
        struct row_table *table = row_table_new(&view, printed.out);
        row_table_add(table, &row, NULL, 0);
        row_table_end(table);
        const char *text = printed_string(&printed);
        const char *memory = strstr(text, " skmem:(r832,rb131072,t0,tb3939840,f0,w0,o0,bl0,d0)\n");
        assert_non_null(memory);
        assert_int_equal(memory[-1] == '\t', !is_oneline);
        printed_free(&printed);
    }
}

/* TIME-WAIT has neither, and its empty line: who takes lines in pairs relies on it. */
static void nothing_to_add_is_an_empty_line(void **state)
{
    struct lastack_connection_row row = row_of(TCP_TIME_WAIT, "192.0.2.1", 80, "192.0.2.2", 41822);
    struct row_view view = {.has_tcp_info = true, .is_headless = true};
    struct printed printed;

    (void)state;
    printed_open(&printed);
    struct row_table *table = row_table_new(&view, printed.out);
    row_table_add(table, &row, NULL, 0);
    row_table_end(table);
    const char *text = printed_string(&printed);
    assert_string_equal(text + strlen(text) - 3, "\n\t\n");
    printed_free(&printed);
}

static void all_holders_are_named_and_none_can_pretend(void **state)
{
    struct lastack_connection_row row =
        row_of(TCP_ESTABLISHED, "192.0.2.1", 80, "192.0.2.2", 41822);
    const struct row_holder holders[] = {{7, 3, "a\"),(\"root"}, {8, 4, "b\x1b[0m"}};
    const struct row_view view = {.has_processes = true};
    struct printed printed;

    (void)state;
    row_own(&row, "a", 7, 3);
    printed_open(&printed);
    struct row_table *table = row_table_new(&view, printed.out);
    row_table_add(table, &row, holders, 2);
    row_table_end(table);
    assert_non_null(strstr(printed_string(&printed),
                           "users:((\"a\\\"),(\\\"root\",pid=7,fd=3),(\"b\\x1b[0m\",pid=8,fd=4))"));
    assert_null(strchr(printed_string(&printed), '\x1b'));
    printed_free(&printed);
}

static void nothing_to_show_is_a_header(void **state)
{
    const struct row_view view = {0};
    struct printed printed;

    (void)state;
    printed_open(&printed);
    assert_int_equal(row_table_end(row_table_new(&view, printed.out)), 0);
    assert_string_equal(
        printed_string(&printed),
        "State Recv-Q Send-Q Local Address:Port Peer Address:PortProcess  OWNER  TIMER  WHY\n");
    printed_free(&printed);
}

/* After ROW_TABLE_GATHER rows each further one is printed at once, in the widths found so far. */
static void long_tables_stream(void **state)
{
    struct lastack_connection_row row = row_of(TCP_TIME_WAIT, "192.0.2.1", 80, "192.0.2.2", 41822);
    const struct row_view view = {0};
    struct printed printed;

    (void)state;
    printed_open(&printed);
    struct row_table *table = row_table_new(&view, printed.out);
    for (int i = 0; i < ROW_TABLE_GATHER - 1; i++)
        row_table_add(table, &row, NULL, 0);
    fflush(printed.out);
    assert_int_equal(printed.length, 0);
    row_table_add(table, &row, NULL, 0);
    fflush(printed.out);
    size_t first = printed.length;
    assert_true(first > 0);
    row_table_add(table, &row, NULL, 0);
    fflush(printed.out);
    assert_true(printed.length > first);
    assert_int_equal(row_table_end(table), ROW_TABLE_GATHER + 1);
    printed_free(&printed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_those_of_ss),
        cmocka_unit_test(narrow_tables_are_narrow),
        cmocka_unit_test(processes_timers_and_details),
        cmocka_unit_test(times_are_those_of_ss),
        cmocka_unit_test(tcp_info_reads_as_in_ss),
        cmocka_unit_test(memory_and_info_on_their_own_line_or_not),
        cmocka_unit_test(nothing_to_add_is_an_empty_line),
        cmocka_unit_test(all_holders_are_named_and_none_can_pretend),
        cmocka_unit_test(nothing_to_show_is_a_header),
        cmocka_unit_test(long_tables_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
