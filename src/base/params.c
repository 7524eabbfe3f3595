/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params.c: the default profile, Linux 6.18 as it ships.
 *
 * Where Linux derives a number from the size of the machine, it is the number of one with an
 * established hash of 524288 slots (8 GiB and more): half of it for orphans and TIME-WAITs, a 128th
 * for the SYN backlog.
 */
#include "param_ranges.h"

#include "duration.h"

enum { LINUX_ESTABLISHED_HASH = 524288 };

static void linux_times(struct lastack_params *params)
{
    params->time_wait_ns = SEC(60);  /* TCP_TIMEWAIT_LEN; tcp_fin_timeout does not change it */
    params->fin_wait_2_ns = SEC(60); /* tcp_fin_timeout */
    params->rto_initial_ns = SEC(1);
    params->rto_fallback_ns = SEC(3);
    params->rto_min_ns = MS(200);
    params->rto_max_ns = SEC(120);
    params->rto_slop_ns = 0;
    params->delayed_ack_ns = MS(200);
    params->delayed_ack_min_ns = MS(40);
    params->keepalive_idle_ns = SEC(7200);
    params->keepalive_interval_ns = SEC(75);
    params->persist_min_ns = MS(200); /* probes back off like the RTO, between its bounds */
    params->persist_max_ns = SEC(120);
    params->user_timeout_ns = 0;
    params->challenge_interval_ns = MS(500);   /* tcp_invalid_ratelimit */
    params->time_wait_reuse_delay_ns = SEC(1); /* tcp_tw_reuse_delay */
    params->isn_tick_ns = 64;
    params->connect_timeout_ns = 0;
    params->fast_open_blackhole_ns = 0; /* tcp_fastopen_blackhole_timeout_sec, off since 5.14 */
    params->fast_open_path_disable_ns = 0;
    params->paws_slack_ns = MS(1);     /* TCP_PAWS_WINDOW */
    params->paws_stale_ns = SEC(2147); /* TCP_PAWS_WRAP */
}

static void linux_counts(struct lastack_params *params)
{
    params->syn_retries = 6;
    params->syn_linear_retries = 4;
    params->synack_retries = 5;
    params->retries1 = 3;
    params->retries2 = 15;
    params->orphan_retries = 0;
    params->keepalive_probes = 9;
    params->max_orphans = LINUX_ESTABLISHED_HASH / 2;
    params->challenge_count = 1;
    params->challenge_limit = 0; /* INT_MAX there, which is off too */
    params->dupthresh = 3;
    params->initial_cwnd_segs = 10;
    params->initial_cwnd_bytes = 0;
    params->reordering_max = 300;
    params->slow_start_limit = 0;
    params->syn_backlog_max = LINUX_ESTABLISHED_HASH / 128;
    params->somaxconn = 4096;
    params->time_wait_max = LINUX_ESTABLISHED_HASH / 2;
    params->reassembly_ranges_max = 1024; /* Linux bounds holes by memory only; this is ours */
    params->ack_every_segs = 2;
    params->ecn_retries = 0; /* tcp_ecn_fallback */
    params->fast_open = LASTACK_FAST_OPEN_CLIENT;
    params->tso_win_divisor = 3;
    params->min_tso_segs = 2;
}

static void linux_sizes(struct lastack_params *params)
{
    params->receive_buffer_min = 4096;
    params->receive_buffer = 131072;
    params->receive_buffer_max = 6 << 20;
    params->send_buffer_min = 4096;
    params->send_buffer = 16384;
    params->send_buffer_max = 4 << 20;
    params->receive_window_initial = 0;
    params->mss_default_ipv4 = 536;
    params->mss_default_ipv6 = 1220;
    params->mss_min = 48; /* tcp_min_snd_mss */
    params->mss_base = 1024;
    params->notsent_lowat = UINT32_MAX;
    params->port_first = 32768;
    params->port_last = 60999;
    params->window_scale_max = 14;
    params->window_scale_fixed = 0xff;
    params->ttl = 64;
}

static void linux_switches(struct lastack_params *params)
{
    params->sack = true;
    params->timestamps = true;
    params->window_scaling = true;
    params->ecn_accept = true; /* tcp_ecn 2: accept, do not ask */
    params->ecn_request = false;
    params->path_mtu_discovery = true;
    params->tcp_rfc1337 = false;
    params->slow_start_after_idle = true;
    params->idle_restart_at_once = false;
    params->impatient_newreno = false;
    params->autotune_receive = true;
    params->autotune_send = true;
    params->receive_window_grows = true;
    params->syn_queue_ages = true;
    params->implied_connect = false;
    params->drop_syn_fin = true;
    params->insecure_rst = false;
    params->insecure_syn = false;
    params->rst_extra_linux = true;
    params->tail_loss_probe = true;
    params->frto = true;
    params->rack_window_at_timeout = false;
    params->undo = true;
    params->cwnd_counts_segs = true;
    params->ssthresh_from_cwnd = true;
    params->abort_on_unread = true;
    params->missing_timestamp_ok = true;
    params->log_in_vain_silence = false;
    params->listen_synack_silent = false;
    params->closing_repeats_fin = false;
    params->request_syn_rst = true;
    params->time_wait_reopen = true;
    params->first_window_in_segs = true;
    params->buffers_in_segs = false;
    params->accept_whole_buffer = false;
    params->old_segment_acks = false;
    params->syn_drops_options = false;
    params->time_wait_fin_restarts = false;
    params->drop_syn_fin_always = false;
    params->syn_text_kept = false;
    params->rst_error_closing = true;
    params->time_wait_needs_ack = false;
    params->ack_of_unsent_silent = true;
    params->mss_option_of_path = true;
    params->push_every_frame = true;
    params->unexpected_signature_drops = true;
}

void lastack_params_linux(struct lastack_params *params)
{
    *params = (struct lastack_params){
        .time_wait_full = LASTACK_TIME_WAIT_REFUSE_NEW,
        .time_wait_reuse = LASTACK_REUSE_LOOPBACK,
        .time_wait_syn = LASTACK_TIME_WAIT_SYN_ACK,
        .accept_overflow = LASTACK_ACCEPT_OVERFLOW_DROP,
        .syn_cookies = LASTACK_SYN_COOKIES_OVERFLOW,
        .syn_overflow = LASTACK_SYN_OVERFLOW_DROP,
        .option_order = LASTACK_OPTIONS_LINUX,
        .rto_formula = LASTACK_RTO_LINUX,
        .quick_ack = LASTACK_QUICK_ACK_LINUX,
        .window_update = LASTACK_WINDOW_UPDATE_DOUBLED,
        .icmp_in_syn = LASTACK_ICMP_SYN_ABORT,
        .icmp_errors = LASTACK_ICMP_ERRORS_LINUX,
        .send_accounting = LASTACK_SNDBUF_LINUX_SKB,
        .congestion = LASTACK_CC_CUBIC,
        .loss_detection = LASTACK_LOSS_RACK,
        .prr = LASTACK_PRR_LINUX,
        .hystart = LASTACK_HYSTART_LINUX,
    };
    linux_times(params);
    linux_counts(params);
    linux_sizes(params);
    linux_switches(params);
}

const char *lastack_params_fault(const struct lastack_params *params)
{
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (!param_allows(&param_ranges[i], param_number(&param_ranges[i], params)))
            return param_ranges[i].text;
    }
    return NULL;
}
