/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status_page.c: see status_page.h. Everything comes from the connection's row (RFC 9293 §3.10.6
 * STATUS).
 */
#include "status_page.h"

#include "duration.h"

#include <lastack/socket.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* tcpi_options, as the kernel numbers them. */
enum { OPTIONS_TIMESTAMPS = 1, OPTIONS_SACK = 2, OPTIONS_WSCALE = 4, OPTIONS_ECN = 8 };

struct page {
    char *text;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct page *page, const char *format, ...)
{
    size_t room = STATUS_PAGE_MAX - page->length;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(page->text + page->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        page->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void put_duration(struct page *page, int64_t ns)
{
    if (ns < MS(1))
        put(page, "%" PRId64 " us", ns / US(1));
    else if (ns < SEC(1))
        put(page, "%" PRId64 ".%02" PRId64 " ms", ns / MS(1), ns % MS(1) / US(10));
    else
        put(page, "%" PRId64 ".%02" PRId64 " s", ns / SEC(1), ns % SEC(1) / MS(10));
}

static void put_endpoints(struct page *page, const struct lastack_connection_row *row)
{
    char text[LASTACK_ENDPOINT_TEXT];

    lastack_endpoint_text(&row->local, text, sizeof text);
    put(page, "  local        %s\n", text);
    lastack_endpoint_text(&row->remote, text, sizeof text);
    put(page, "  remote       %s\n", text);
}

static void put_state(struct page *page, const struct lastack_connection_row *row)
{
    put(page, "  state        %s", lastack_state_text(row->state));
    if (row->age_ns >= 0) {
        put(page, " for ");
        put_duration(page, row->age_ns);
    }
    put(page, ", because: %s\n", lastack_cause_text(row->cause));
    put(page, "  held by      %s, descriptor %d", row->comm, row->fd);
    put(page, row->holders > 1 ? " and %u more\n" : "\n", (unsigned)row->holders - 1);
    if (row->timer < 0) {
        put(page, "  timer        none\n");
        return;
    }
    put(page, "  timer        %s in ", lastack_timer_text((enum lastack_timer)row->timer));
    put_duration(page, max64(row->timer_left_ns, 0));
    put(page, "\n");
}

static void put_options(struct page *page, const struct lastack_tcp_info *info)
{
    put(page, "  options      MSS %u (theirs), %u (ours)", (unsigned)info->tcpi_snd_mss,
        (unsigned)info->tcpi_advmss);
    if (info->tcpi_options & OPTIONS_WSCALE)
        put(page, ", window scale %u (theirs), %u (ours)", info->tcpi_snd_wscale,
            info->tcpi_rcv_wscale);
    if (info->tcpi_options & OPTIONS_SACK)
        put(page, ", SACK");
    if (info->tcpi_options & OPTIONS_TIMESTAMPS)
        put(page, ", timestamps");
    if (info->tcpi_options & OPTIONS_ECN)
        put(page, ", ECN");
    put(page, "\n");
}

static void put_path(struct page *page, const struct lastack_tcp_info *info)
{
    put(page, "  round trip   ");
    put_duration(page, US(info->tcpi_rtt));
    put(page, ", varying by ");
    put_duration(page, US(info->tcpi_rttvar));
    put(page, "; retransmission timeout ");
    put_duration(page, US(info->tcpi_rto));
    put(page, "\n  congestion   window %u segments, ", (unsigned)info->tcpi_snd_cwnd);
    if (info->tcpi_snd_ssthresh >= 0x7fffffff)
        put(page, "no threshold yet\n");
    else
        put(page, "threshold %u\n", (unsigned)info->tcpi_snd_ssthresh);
    put(page, "  windows      %u bytes (theirs), %u bytes (ours)\n", (unsigned)info->tcpi_snd_wnd,
        (unsigned)info->tcpi_rcv_wnd);
}

/* Without the peer's FIN, which tcp_info counts as a byte. */
static uint64_t text_received(const struct lastack_connection_row *row)
{
    const uint64_t bytes = row->tcp_info.tcpi_bytes_received;

    switch ((enum tcp_state)row->state) {
    case TCP_CLOSE_WAIT:
    case TCP_CLOSING:
    case TCP_LAST_ACK:
    case TCP_TIME_WAIT:
        return bytes > 0 ? bytes - 1 : 0;
    case TCP_CLOSED:
    case TCP_LISTEN:
    case TCP_SYN_SENT:
    case TCP_SYN_RECEIVED:
    case TCP_ESTABLISHED:
    case TCP_FIN_WAIT_1:
    case TCP_FIN_WAIT_2:
        break;
    }
    return bytes;
}

static void put_counts(struct page *page, const struct lastack_connection_row *row)
{
    const struct lastack_tcp_info *info = &row->tcp_info;

    put(page, "  received     %" PRIu64 " bytes in %u segment%s\n", text_received(row),
        (unsigned)info->tcpi_segs_in, info->tcpi_segs_in == 1 ? "" : "s");
    put(page, "  sent         %" PRIu64 " bytes in %u segment%s, %u sent again\n",
        info->tcpi_bytes_sent, (unsigned)info->tcpi_segs_out, info->tcpi_segs_out == 1 ? "" : "s",
        (unsigned)info->tcpi_total_retrans);
    put(page, "  queues       %u bytes unread, %u bytes not acknowledged\n", (unsigned)row->recv_q,
        (unsigned)row->send_q);
}

size_t status_page_write(char text[STATUS_PAGE_MAX], const char *stack_name,
                         const struct lastack_connection_row *row)
{
    struct page page = {text, 0};

    put(&page, "This is %s, a TCP/IP stack in user space. It sees your connection like this:\n\n",
        stack_name);
    put_endpoints(&page, row);
    put_state(&page, row);
    if (row->has_tcp_info) {
        put_options(&page, &row->tcp_info);
        put_path(&page, &row->tcp_info);
        put_counts(&page, row);
    }
    put(&page,
        "\nAlso here: GET /bytes/N sends N bytes, PUT or POST anything is counted and hashed;\n"
        "echo on port 7, discard on 9, daytime on 13, chargen on 19.\n");
    return page.length;
}
