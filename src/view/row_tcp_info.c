/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_tcp_info.c: what -i adds to a row: tcp_info as ss writes it.
 *
 *     ts sack cubic wscale:7,7 rto:204 rtt:0.16/0.01 mss:1448 cwnd:10 bytes_acked:5120 ...
 *
 * The order and the units are ss's (ms and bit/s); what is 0 is left out, as there.
 */
#include "row_text.h"

#include <inttypes.h>

/* Bits of tcpi_options (linux/tcp.h). */
enum {
    INFO_TIMESTAMPS = 1,
    INFO_SACK = 2,
    INFO_WSCALE = 4,
    INFO_ECN = 8,
    INFO_ECN_SEEN = 16,
    INFO_SYN_DATA = 32
};

static void add_u32(struct text *text, const char *name, uint32_t value)
{
    if (value != 0)
        text_addf(text, " %s:%u", name, value);
}

static void add_u64(struct text *text, const char *name, uint64_t value)
{
    if (value != 0)
        text_addf(text, " %s:%" PRIu64, name, value);
}

/* Microseconds as milliseconds, "0.016", "204". */
static void add_ms(struct text *text, const char *name, uint32_t us)
{
    if (us != 0)
        text_addf(text, " %s:%g", name, us / 1000.0);
}

static void add_info_options(struct text *text, const struct lastack_connection_row *row,
                             bool has_names)
{
    static const struct {
        int bit;
        const char *name;
    } names[] = {{INFO_TIMESTAMPS, "ts"},
                 {INFO_SACK, "sack"},
                 {INFO_ECN, "ecn"},
                 {INFO_ECN_SEEN, "ecnseen"},
                 {INFO_SYN_DATA, "fastopen"}};
    const struct lastack_tcp_info *info = &row->tcp_info;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (has_names && (info->tcpi_options & names[i].bit))
            text_addf(text, " %s", names[i].name);
    if (row->congestion[0] != '\0') {
        text_add(text, " ");
        text_add_safe(text, row->congestion, NULL);
    }
    if (info->tcpi_options & INFO_WSCALE)
        text_addf(text, " wscale:%u,%u", info->tcpi_snd_wscale, info->tcpi_rcv_wscale);
}

static void add_info_sizes(struct text *text, const struct lastack_tcp_info *info)
{
    /* 3 s is the initial value before anything was measured. */
    if (info->tcpi_rto != 3000000)
        add_ms(text, "rto", info->tcpi_rto);
    add_u32(text, "backoff", info->tcpi_backoff);
    if (info->tcpi_rtt != 0)
        text_addf(text, " rtt:%g/%g", info->tcpi_rtt / 1000.0, info->tcpi_rttvar / 1000.0);
    add_ms(text, "ato", info->tcpi_ato);
    add_u32(text, "mss", info->tcpi_snd_mss);
    add_u32(text, "pmtu", info->tcpi_pmtu);
    add_u32(text, "rcvmss", info->tcpi_rcv_mss);
    add_u32(text, "advmss", info->tcpi_advmss);
    add_u32(text, "cwnd", info->tcpi_snd_cwnd);
    if (info->tcpi_snd_ssthresh < 0xffff)
        add_u32(text, "ssthresh", info->tcpi_snd_ssthresh);
}

static void add_info_traffic(struct text *text, const struct lastack_tcp_info *info)
{
    add_u64(text, "bytes_sent", info->tcpi_bytes_sent);
    add_u64(text, "bytes_retrans", info->tcpi_bytes_retrans);
    add_u64(text, "bytes_acked", info->tcpi_bytes_acked);
    add_u64(text, "bytes_received", info->tcpi_bytes_received);
    add_u32(text, "segs_out", info->tcpi_segs_out);
    add_u32(text, "segs_in", info->tcpi_segs_in);
    add_u32(text, "data_segs_out", info->tcpi_data_segs_out);
    add_u32(text, "data_segs_in", info->tcpi_data_segs_in);
}

static void add_info_rates(struct text *text, const struct lastack_tcp_info *info)
{
    if (info->tcpi_rtt > 0 && info->tcpi_snd_mss != 0 && info->tcpi_snd_cwnd != 0)
        text_addf(text, " send %.0fbps",
                  8.0 * info->tcpi_snd_mss * info->tcpi_snd_cwnd * 1000000.0 / info->tcpi_rtt);
    add_u32(text, "lastsnd", info->tcpi_last_data_sent);
    add_u32(text, "lastrcv", info->tcpi_last_data_recv);
    add_u32(text, "lastack", info->tcpi_last_ack_recv);
    if (info->tcpi_pacing_rate != 0 && info->tcpi_pacing_rate != UINT64_MAX) {
        text_addf(text, " pacing_rate %.0fbps", 8.0 * (double)info->tcpi_pacing_rate);
        if (info->tcpi_max_pacing_rate != 0 && info->tcpi_max_pacing_rate != UINT64_MAX)
            text_addf(text, "/%.0fbps", 8.0 * (double)info->tcpi_max_pacing_rate);
    }
    if (info->tcpi_delivery_rate != 0)
        text_addf(text, " delivery_rate %.0fbps", 8.0 * (double)info->tcpi_delivery_rate);
    add_u32(text, "delivered", info->tcpi_delivered);
    add_u32(text, "delivered_ce", info->tcpi_delivered_ce);
    if (info->tcpi_delivery_rate_app_limited)
        text_add(text, " app_limited");
}

static void add_share(struct text *text, const char *name, uint64_t part_us, uint64_t whole_us)
{
    if (part_us == 0)
        return;
    text_addf(text, " %s:%" PRIu64 "ms(%.1f%%)", name, part_us / 1000,
              whole_us == 0 ? 0.0 : 100.0 * (double)part_us / (double)whole_us);
}

static void add_info_troubles(struct text *text, const struct lastack_tcp_info *info)
{
    if (info->tcpi_busy_time != 0)
        text_addf(text, " busy:%" PRIu64 "ms", info->tcpi_busy_time / 1000);
    add_share(text, "rwnd_limited", info->tcpi_rwnd_limited, info->tcpi_busy_time);
    add_share(text, "sndbuf_limited", info->tcpi_sndbuf_limited, info->tcpi_busy_time);
    add_u32(text, "unacked", info->tcpi_unacked);
    if (info->tcpi_retrans != 0 || info->tcpi_total_retrans != 0)
        text_addf(text, " retrans:%u/%u", info->tcpi_retrans, info->tcpi_total_retrans);
    add_u32(text, "lost", info->tcpi_lost);
    if (info->tcpi_state != TCP_LISTEN) /* a listener has its backlog in this field */
        add_u32(text, "sacked", info->tcpi_sacked);
    add_u32(text, "dsack_dups", info->tcpi_dsack_dups);
    add_u32(text, "fackets", info->tcpi_fackets);
    if (info->tcpi_reordering != 3)
        add_u32(text, "reordering", info->tcpi_reordering);
    add_u32(text, "reord_seen", info->tcpi_reord_seen);
}

static void add_info_receiving(struct text *text, const struct lastack_tcp_info *info)
{
    add_ms(text, "rcv_rtt", info->tcpi_rcv_rtt);
    add_u32(text, "rcv_space", info->tcpi_rcv_space);
    add_u32(text, "rcv_ssthresh", info->tcpi_rcv_ssthresh);
    add_u32(text, "notsent", info->tcpi_notsent_bytes);
    if (info->tcpi_min_rtt != UINT32_MAX)
        add_ms(text, "minrtt", info->tcpi_min_rtt);
    add_u32(text, "rcv_ooopack", info->tcpi_rcv_ooopack);
    add_u32(text, "snd_wnd", info->tcpi_snd_wnd);
    add_u32(text, "rcv_wnd", info->tcpi_rcv_wnd);
    add_u32(text, "rehash", info->tcpi_rehash);
}

void row_tcp_info_text(struct text *text, const struct lastack_connection_row *row, bool has_names)
{
    add_info_options(text, row, has_names);
    add_info_sizes(text, &row->tcp_info);
    add_info_traffic(text, &row->tcp_info);
    add_info_rates(text, &row->tcp_info);
    add_info_troubles(text, &row->tcp_info);
    add_info_receiving(text, &row->tcp_info);
}
