/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profiles.c: how other systems, other times and the RFCs differ from the Linux of today.
 *
 *     linux      lastack_params_linux(), the base of all
 *     freebsd    FreeBSD 15 as it ships
 *     rfc        what RFC 9293 and its companions say where Linux deviates
 *     linux-2.6  2.6.32, the kernel of many articles; numbers only
 *     linux-3    3.2, likewise
 *
 * Each is a list of {parameter, value} in the words of the parameter table, applied in order.
 */
#include "parameters.h"

#include "check.h"

#include <string.h>

struct setting {
    const char *name, *value;
};

static const struct setting freebsd[] = {
    {"net.inet.tcp.msl", "30000"},
    {"net.inet.tcp.finwait2_timeout", "60000"},
    {"rto_initial", "1s"},
    {"rto_fallback", "1s"},
    {"rto_formula", "freebsd"},
    {"rto_min", "30ms"},
    {"rto_slop", "200ms"},
    {"rto_max", "64s"},
    {"delayed_ack", "100ms"},
    {"delayed_ack_min", "100ms"},
    {"quick_ack", "every-second"},
    {"keepalive_probes", "8"},
    {"persist_min", "5s"},
    {"persist_max", "60s"},
    {"connect_timeout", "75s"},
    {"syn_retries", "12"},
    {"syn_linear_retries", "0"},
    {"synack_retries", "3"},
    {"retries2", "12"},
    {"orphan_retries", "12"},
    {"net.inet.tcp.ack_war_timewindow", "1000"},
    {"net.inet.tcp.ack_war_cnt", "5"},
    {"receive_buffer", "65536"},
    {"receive_window_grows", "off"},
    {"send_buffer", "32768"},
    {"kern.ipc.maxsockbuf", "2097152"},
    {"mss_min", "216"},
    {"port_first", "10000"},
    {"port_last", "65535"},
    {"option_order", "freebsd"},
    {"send_accounting", "bytes"},
    {"time_wait_full", "evict-oldest"},
    {"time_wait_reuse", "off"},
    {"time_wait_syn", "drop"},
    {"tcp_rfc1337", "on"},
    {"icmp_in_syn", "refused"},
    {"icmp_errors", "bsd"},
    {"syn_overflow", "evict-oldest"},
    {"implied_connect", "on"},
    {"ecn_retries", "1"},
    {"fast_open_path_disable", "900s"},
    {"syn_queue_ages", "off"},
    {"drop_syn_fin", "off"},
    {"rst_extra_linux", "off"},
    {"abort_on_unread", "off"},
    {"missing_timestamp_ok", "off"},
    {"first_window_in_segs", "off"},
    {"ack_of_unsent_silent", "off"},
    {"push_every_frame", "off"},
    {"unexpected_signature_drops", "off"},
    {"mss_option_of_path", "off"},
    {"tso_win_divisor", "0"},
    {"min_tso_segs", "0"},
    {"paws_slack", "0"},
    {"paws_stale", "2073600s"},
    {"listen_synack_silent", "on"},
    {"closing_repeats_fin", "on"},
    {"window_update", "two-segs"},
    {"buffers_in_segs", "on"},
    {"accept_whole_buffer", "on"},
    {"old_segment_acks", "on"},
    {"time_wait_fin_restarts", "on"},
    {"syn_text_kept", "on"},
    {"loss_detection", "sack"},
    {"tail_loss_probe", "off"},
    {"frto", "off"},
    {"prr", "rfc9937"},
    {"hystart", "rfc9406"},
    {"initial_cwnd_bytes", "14600"},
    {"slow_start_limit", "2"},
    {"cwnd_counts_segs", "off"},
    {"ssthresh_from_cwnd", "off"},
    {"time_wait_needs_ack", "on"},
    {NULL, NULL},
};

static const struct setting rfc[] = {
    {"time_wait", "240s"}, /* RFC 9293 §3.4.2: MSL is 2 minutes */
    {"fin_wait_2", "0"},   /* no such timeout in RFC 9293 */
    {"receive_window_grows", "off"},
    {"rto_min", "1s"},  /* RFC 6298 §2.4 */
    {"rto_max", "60s"}, /* RFC 6298 §2.5: at least 60 s */
    {"rto_formula", "rfc6298"},
    {"quick_ack", "never"}, /* RFC 9293 §3.8.6.3: every second segment, within 500 ms */
    {"delayed_ack_min", "200ms"},
    {"syn_retries", "7"}, /* RFC 9293 §3.8.3: at least 3 minutes: 1+2+...+32+60+60 = 183 s */
    {"syn_linear_retries", "0"},
    {"synack_retries", "7"},
    {"orphan_retries", "15"}, /* an orphan is given up like any other */
    {"persist_max", "60s"},
    {"send_accounting", "bytes"},
    {"challenge_interval", "5s"}, /* RFC 5961 §7: its example, 10 in 5 s */
    {"challenge_count", "10"},
    {"isn_tick", "4us"}, /* RFC 9293 §3.4.1: the space goes round in 4.55 hours */
    {"time_wait_reuse", "off"},
    {"time_wait_syn", "drop"},          /* RFC 6191 §2 */
    {"request_syn_rst", "off"},         /* RFC 9293 §3.10.7.4, fourth */
    {"time_wait_new_timestamps", "on"}, /* RFC 6191 §2 */
    {"tcp_rfc1337", "on"},              /* RFC 1337 §3, fix F1 */
    {"mtu_probing", "on"},              /* RFC 4821 §7.7 */
    {"icmp_in_syn", "hard-only"},       /* RFC 9293 §3.9.2.2 */
    {"drop_syn_fin", "off"},            /* RFC 9293 §3.10.7.2 queues the rest of a SYN */
    {"rst_extra_linux", "off"},         /* RFC 5961 §3.2 */
    {"missing_timestamp_ok", "off"},    /* RFC 7323 §3.2 */
    {"first_window_in_segs", "off"},
    {"ack_of_unsent_silent", "off"},
    {"push_every_frame", "off"},
    {"unexpected_signature_drops", "off"}, /* RFC 5925 §7.3 */
    {"mss_option_of_path", "off"},
    {"tso_win_divisor", "0"},
    {"min_tso_segs", "0"},
    {"paws_slack", "0"},
    {"paws_stale", "2073600s"},
    {"congestion", "newreno"}, /* RFC 5681, 6582 */
    {"time_wait_fin_restarts", "on"},
    {"syn_text_kept", "on"},
    {"rst_error_closing", "off"},
    {"loss_detection", "sack"},       /* RFC 6675 */
    {"rack_window_at_timeout", "on"}, /* RFC 8985 §6.3, where loss_detection is rack */
    {"tail_loss_probe", "off"},
    {"prr", "rfc9937"},
    {"hystart", "rfc9406"},
    {"initial_cwnd_bytes", "14600"}, /* RFC 6928 §2 */
    {"slow_start_limit", "2"},       /* RFC 3465 §2.3 */
    {"cwnd_counts_segs", "off"},     /* RFC 5681 counts bytes */
    {"ssthresh_from_cwnd", "off"},   /* RFC 5681 (4) */
    {"idle_restart_at_once", "on"},  /* RFC 5681 §4.1 */
    {"impatient_newreno", "on"},     /* RFC 6582 §3.2 step 3 */
    {NULL, NULL},
};

static const struct setting linux_2_6[] = {
    {"rto_initial", "3s"},
    {"syn_retries", "5"},
    {"syn_linear_retries", "0"},
    {"initial_cwnd_segs", "3"},
    {"loss_detection", "sack"},
    {"tail_loss_probe", "off"},
    {"prr", "off"},
    {"receive_window_initial", "5840"},
    {"net.ipv4.tcp_rmem", "4096 87380 4194304"},
    {"net.ipv4.tcp_wmem", "4096 16384 4194304"},
    {"somaxconn", "128"},
    {"time_wait_max", "180000"},
    {"time_wait_reuse", "off"},
    {"port_last", "61000"},
    {"push_every_frame", "off"}, /* since 4.20 */
    {"min_tso_segs", "0"},       /* since 3.12 */
    {NULL, NULL},
};

static const struct setting linux_3[] = {
    {"syn_linear_retries", "0"},
    {"loss_detection", "sack"},
    {"tail_loss_probe", "off"},
    {"receive_window_initial", "14600"},
    {"net.ipv4.tcp_rmem", "4096 87380 6291456"},
    {"net.ipv4.tcp_wmem", "4096 16384 4194304"},
    {"somaxconn", "128"},
    {"time_wait_max", "180000"},
    {"time_wait_reuse", "off"},
    {"port_last", "61000"},
    {"push_every_frame", "off"}, /* since 4.20 */
    {"min_tso_segs", "0"},       /* since 3.12 */
    {NULL, NULL},
};

static const struct setting nothing[] = {{NULL, NULL}};

static const struct {
    const char *name, *text;
    const struct setting *settings;
} profiles[] = {
    {"linux", "Linux 6.18 as it ships", nothing},
    {"freebsd", "FreeBSD 15 as it ships", freebsd},
    {"rfc", "RFC 9293 and its companions, to the letter where there is a choice", rfc},
    {"linux-2.6", "Linux 2.6.32: first window 5840, initial RTO 3 s", linux_2_6},
    {"linux-3", "Linux 3.2: first window 14600", linux_3},
};

enum { PROFILES = sizeof profiles / sizeof profiles[0] };

/* What the public packetdrill scripts set first, in their own words. */
static const struct setting packetdrill_defaults[] = {
    {"net.ipv4.tcp_rmem", "4096 540000 15728640"},
    {"net.ipv4.tcp_wmem", "4096 262144 4194304"},
    {"net.ipv4.tcp_congestion_control", "cubic"},
    {"net.ipv4.tcp_ecn", "0"},
    {"net.ipv4.tcp_reordering", "3"},
    {"net.ipv4.tcp_sack", "1"},
    {"net.ipv4.tcp_slow_start_after_idle", "0"},
    {"net.ipv4.tcp_syn_retries", "5"},
    {"net.ipv4.tcp_synack_retries", "5"},
    {"net.ipv4.tcp_syncookies", "1"},
    {"net.ipv4.tcp_fastopen", "0x70403"},
    {"net.ipv4.tcp_timestamps", "1"},
    {"net.ipv4.tcp_window_scaling", "1"},
    {"net.ipv4.tcp_notsent_lowat", "4294967295"},
    {NULL, NULL},
};

static void apply(const struct setting *settings, struct lastack_params *params)
{
    for (; settings->name != NULL; settings++) {
        char message[160];

        CHECK(parameter_set(params, settings->name, settings->value, message, sizeof message) ==
              PARAMETER_DONE);
    }
}

const char *profile_name(size_t index)
{
    return index < PROFILES ? profiles[index].name : NULL;
}

const char *profile_text(size_t index)
{
    return index < PROFILES ? profiles[index].text : NULL;
}

bool profile_fill(const char *name, struct lastack_params *params)
{
    for (size_t i = 0; i < PROFILES; i++) {
        if (strcmp(profiles[i].name, name) != 0)
            continue;
        lastack_params_linux(params);
        apply(profiles[i].settings, params);
        return true;
    }
    return false;
}

void profile_packetdrill_defaults(struct lastack_params *params)
{
    apply(packetdrill_defaults, params);
}
