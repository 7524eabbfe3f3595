/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parameter_alias.c: the names that Linux, the BSDs, Solaris and Windows have for the same things.
 *
 * Most foreign values are a number times a scale. The others have a form of their own: a triple of
 * buffer sizes, a range of ports, one number for several switches.
 */
#include "parameter_value.h"

#include "duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum alias_form {
    FORM_SCALED,       /* a whole number, times `scale` */
    FORM_SWITCH,       /* 0, or anything else, which is told as `scale` */
    FORM_INVERTED,     /* 1 switches it off */
    FORM_CHOICE,       /* the index of the choice */
    FORM_BIT,          /* 0 or 1: this bit of it */
    FORM_TRIPLE,       /* minimum, default, maximum: this parameter and the two behind it */
    FORM_PORTS,        /* first and last */
    FORM_BOTH_BUFFERS, /* receive_buffer_max and send_buffer_max */
    FORM_ECN_LINUX,    /* 0 never, 1 ask and accept, 2 accept */
    FORM_ECN_SOLARIS,  /* 0 never, 1 accept, 2 ask and accept */
    FORM_RFC1323_BSD,  /* 0 none, 1 both, 2 window scaling, 3 timestamps */
    FORM_RFC1323_BITS, /* Windows: 1 window scaling, 2 timestamps */
    FORM_ICMP_BSD,     /* 0 never, 1 refused */
    FORM_CONGESTION,   /* a name */
    FORM_TLP_LINUX,    /* 0 off, 3 or 4 on; 1 and 2 meant RFC 5827 once, and are off */
    FORM_ABSENT,       /* known, but nothing here corresponds to it: `note` */
};

struct alias {
    enum parameter_dialect dialect;
    const char *name;
    const char *parameter; /* ours, or NULL where the form says which */
    enum alias_form form;
    int64_t scale;
    const char *note;
};

#define MEANS(dialect, name, parameter, form, scale)                                               \
    {                                                                                              \
        PARAMETER_##dialect, name, parameter, form, scale, NULL                                    \
    }
#define L(...) MEANS(LINUX, __VA_ARGS__)
#define B(...) MEANS(BSD, __VA_ARGS__)
#define N(...) MEANS(SOLARIS, __VA_ARGS__)
#define W(...) MEANS(WINDOWS, __VA_ARGS__)
#define NOT(dialect, name, note)                                                                   \
    {                                                                                              \
        PARAMETER_##dialect, name, NULL, FORM_ABSENT, 0, note                                      \
    }

#define FIXED_PACE "where sending is paced, it is at 200 % in slow start, then at 120 %"
#define NO_TUNNEL  "TCP over UDP is not modelled"

static const struct alias aliases[] = {
    L("net.ipv4.tcp_fin_timeout", "fin_wait_2", FORM_SCALED, SEC(1)),
    L("net.ipv4.tcp_rto_min_us", "rto_min", FORM_SCALED, US(1)),
    L("net.ipv4.tcp_rto_max_ms", "rto_max", FORM_SCALED, MS(1)),
    L("net.ipv4.tcp_keepalive_time", "keepalive_idle", FORM_SCALED, SEC(1)),
    L("net.ipv4.tcp_keepalive_intvl", "keepalive_interval", FORM_SCALED, SEC(1)),
    L("net.ipv4.tcp_keepalive_probes", "keepalive_probes", FORM_SCALED, 1),
    L("net.ipv4.tcp_invalid_ratelimit", "challenge_interval", FORM_SCALED, MS(1)),
    L("net.ipv4.tcp_tw_reuse", "time_wait_reuse", FORM_CHOICE, 1),
    L("net.ipv4.tcp_tw_reuse_delay", "time_wait_reuse_delay", FORM_SCALED, MS(1)),
    L("net.ipv4.tcp_syn_retries", "syn_retries", FORM_SCALED, 1),
    L("net.ipv4.tcp_syn_linear_timeouts", "syn_linear_retries", FORM_SCALED, 1),
    L("net.ipv4.tcp_synack_retries", "synack_retries", FORM_SCALED, 1),
    L("net.ipv4.tcp_retries1", "retries1", FORM_SCALED, 1),
    L("net.ipv4.tcp_retries2", "retries2", FORM_SCALED, 1),
    L("net.ipv4.tcp_orphan_retries", "orphan_retries", FORM_SCALED, 1),
    L("net.ipv4.tcp_max_orphans", "max_orphans", FORM_SCALED, 1),
    L("net.ipv4.tcp_challenge_ack_limit", "challenge_limit", FORM_SCALED, 1),
    L("net.ipv4.tcp_reordering", "dupthresh", FORM_SCALED, 1),
    L("net.ipv4.tcp_max_syn_backlog", "syn_backlog_max", FORM_SCALED, 1),
    L("net.core.somaxconn", "somaxconn", FORM_SCALED, 1),
    L("net.ipv4.tcp_max_tw_buckets", "time_wait_max", FORM_SCALED, 1),
    L("net.ipv4.tcp_rmem", "receive_buffer_min", FORM_TRIPLE, 1),
    L("net.ipv4.tcp_wmem", "send_buffer_min", FORM_TRIPLE, 1),
    L("net.ipv4.tcp_min_snd_mss", "mss_min", FORM_SCALED, 1),
    L("net.ipv4.tcp_notsent_lowat", "notsent_lowat", FORM_SCALED, 1),
    L("net.ipv4.ip_local_port_range", NULL, FORM_PORTS, 1),
    L("net.ipv4.ip_default_ttl", "ttl", FORM_SCALED, 1),
    L("net.ipv4.tcp_sack", "sack", FORM_SWITCH, 1),
    L("net.ipv4.tcp_timestamps", "timestamps", FORM_SWITCH, 1),
    L("net.ipv4.tcp_window_scaling", "window_scaling", FORM_SWITCH, 1),
    L("net.ipv4.tcp_ecn", NULL, FORM_ECN_LINUX, 1),
    L("net.ipv4.ip_no_pmtu_disc", "path_mtu_discovery", FORM_INVERTED, 1),
    L("net.ipv4.tcp_mtu_probing", "mtu_probing", FORM_SWITCH, 1),
    L("net.ipv4.tcp_base_mss", "mss_base", FORM_SCALED, 1),
    L("net.ipv4.tcp_rfc1337", "tcp_rfc1337", FORM_SWITCH, 1),
    L("net.ipv4.tcp_slow_start_after_idle", "slow_start_after_idle", FORM_SWITCH, 1),
    L("net.ipv4.tcp_moderate_rcvbuf", "autotune_receive", FORM_SWITCH, 1),
    L("net.ipv4.tcp_syncookies", "syn_cookies", FORM_CHOICE, 1),
    L("net.ipv4.tcp_abort_on_overflow", "accept_overflow", FORM_CHOICE, 1),
    L("net.ipv4.tcp_congestion_control", "congestion", FORM_CONGESTION, 1),
    NOT(LINUX, "net.ipv4.tcp_allowed_congestion_control", "every algorithm is allowed"),
    L("net.ipv4.tcp_fastopen", "fast_open", FORM_SCALED, 1),
    L("net.ipv4.tcp_fastopen_blackhole_timeout_sec", "fast_open_blackhole", FORM_SCALED, SEC(1)),
    NOT(LINUX, "net.ipv4.tcp_fastopen_key", "the key follows from the stack's seed"),
    L("net.ipv4.tcp_early_retrans", "tail_loss_probe", FORM_TLP_LINUX, 1),
    /* its bits 2 and 4 (a window that stays, no count of duplicates) are refused: both are as
     * without them */
    L("net.ipv4.tcp_recovery", "loss_detection", FORM_CHOICE, 1),
    L("net.ipv4.tcp_frto", "frto", FORM_SWITCH, 2),
    NOT(LINUX, "net.ipv4.tcp_dsack", "duplicate SACKs go with SACK"),
    NOT(LINUX, "net.ipv4.tcp_fack", "Linux itself ignores it since 4.15"),
    L("net.ipv4.tcp_max_reordering", "reordering_max", FORM_SCALED, 1),
    NOT(LINUX, "net.ipv4.tcp_thin_linear_timeouts", "a thin stream's timeouts double like any"),
    L("net.ipv4.tcp_tso_win_divisor", "tso_win_divisor", FORM_SCALED, 1),
    L("net.ipv4.tcp_min_tso_segs", "min_tso_segs", FORM_SCALED, 1),
    NOT(LINUX, "net.ipv4.tcp_tso_rtt_log", "frames follow the window, not the round trip"),
    NOT(LINUX, "tcp_cubic.hystart_detect", "both detectors of HyStart are on where CUBIC is"),
    NOT(LINUX, "net.ipv4.tcp_pacing_ss_ratio", FIXED_PACE),
    NOT(LINUX, "net.ipv4.tcp_pacing_ca_ratio", FIXED_PACE),
    NOT(LINUX, "net.ipv4.tcp_limit_output_bytes", "a link takes what it has room for"),
    NOT(LINUX, "net.ipv4.tcp_autocorking", "small writes are not held back for a busy link"),
    NOT(LINUX, "net.ipv4.tcp_no_metrics_save", "nothing but the path MTU is remembered per host"),
    NOT(LINUX, "net.ipv4.tcp_no_ssthresh_metrics_save", "nothing but the path MTU is remembered"),
    NOT(LINUX, "net.ipv4.tcp_probe_interval", "the path MTU is learned from ICMP only"),
    NOT(LINUX, "net.ipv4.tcp_probe_threshold", "the path MTU is learned from ICMP only"),
    NOT(LINUX, "net.ipv4.tcp_mem", "memory is a matter of the stack's configuration"),
    NOT(LINUX, "net.ipv4.tcp_stdurg", "the urgent pointer is read as RFC 9293 has it"),
    NOT(LINUX, "net.ipv4.tcp_tw_recycle",
        "gone from Linux since 4.12: it broke clients behind NAT"),
    NOT(LINUX, "net.ipv4.tcp_ecn_fallback", "say ecn_retries"),
    NOT(LINUX, "net.ipv4.tcp_ecn_option", "AccECN is not modelled"),
    NOT(LINUX, "net.ipv4.tcp_ecn_option_beacon", "AccECN is not modelled"),
    NOT(LINUX, "net.ipv4.tcp_shrink_window", "the right edge of a window is never moved back"),
    NOT(LINUX, "net.ipv4.ip_autobind_reuse", "ports are borrowed per destination anyway"),
    NOT(LINUX, "net.ipv4.ip_dynaddr", "addresses stay"),
    NOT(LINUX, "net.ipv4.ip_early_demux", "there is one look-up"),
    NOT(LINUX, "net.ipv4.tcp_early_demux", "there is one look-up"),
    NOT(LINUX, "net.ipv4.ip_forward", "the stack is a host, it forwards nothing"),
    NOT(LINUX, "net.ipv4.ip_forward_use_pmtu", "the stack is a host, it forwards nothing"),
    NOT(LINUX, "net.ipv4.ip_forward_update_priority", "the stack is a host, it forwards nothing"),
    NOT(LINUX, "net.ipv4.ip_local_reserved_ports", "choose port_first and port_last"),
    NOT(LINUX, "net.ipv4.ip_nonlocal_bind", "ask for IP_FREEBIND"),
    NOT(LINUX, "net.ipv4.ip_unprivileged_port_start", "every port may be bound"),
    NOT(LINUX, "net.ipv4.tcp_available_congestion_control", "it only tells"),
    NOT(LINUX, "net.ipv4.tcp_available_ulp", "no protocol is layered upon TCP"),
    NOT(LINUX, "net.ipv4.tcp_child_ehash_entries", "the flow index grows as it is needed"),
    NOT(LINUX, "net.ipv4.tcp_ehash_entries", "the flow index grows as it is needed"),
    NOT(LINUX, "net.ipv4.tcp_fwmark_accept", "marks are only remembered"),
    NOT(LINUX, "net.ipv4.tcp_l3mdev_accept", "there are no VRFs"),
    NOT(LINUX, "net.ipv4.tcp_low_latency", "Linux itself ignores it since 4.14"),
    NOT(LINUX, "net.ipv4.tcp_mtu_probe_floor", "the path MTU is learned from ICMP only"),
    NOT(LINUX, "net.ipv4.tcp_retrans_collapse", "segments are cut anew when they are sent again"),
    NOT(LINUX, "net.ipv4.tcp_plb_enabled", "flow labels do not change"),
    NOT(LINUX, "net.ipv4.tcp_plb_cong_thresh", "flow labels do not change"),
    NOT(LINUX, "net.ipv4.tcp_plb_idle_rehash_rounds", "flow labels do not change"),
    NOT(LINUX, "net.ipv4.tcp_plb_rehash_rounds", "flow labels do not change"),
    NOT(LINUX, "net.ipv4.tcp_plb_suspend_rto_sec", "flow labels do not change"),
    NOT(LINUX, "net.core.netdev_max_backlog", "batches are as large as the embedder makes them"),
    NOT(LINUX, "net.ipv6.flowlabel_reflect", "flow labels are not reflected"),
    NOT(LINUX, "net.ipv4.conf.all.rp_filter", "where a packet comes from is not looked at"),
    NOT(LINUX, "net.ipv4.tcp_workaround_signed_windows", "windows are unsigned"),
    NOT(LINUX, "net.ipv4.tcp_adv_win_scale", "Linux itself ignores it since 6.6"),
    NOT(LINUX, "net.ipv4.tcp_app_win", "no part of a receive buffer is reserved"),
    NOT(LINUX, "net.ipv4.tcp_comp_sack_nr", "SACKs are not compressed"),
    NOT(LINUX, "net.ipv4.tcp_comp_sack_delay_ns", "SACKs are not compressed"),
    NOT(LINUX, "net.ipv4.tcp_comp_sack_slack_ns", "SACKs are not compressed"),
    NOT(LINUX, "net.ipv4.tcp_pingpong_thresh", "one answer makes a flow interactive"),
    NOT(LINUX, "net.ipv4.tcp_migrate_req", "a listener's requests end with it"),
    NOT(LINUX, "net.ipv4.tcp_reflect_tos", "the traffic class is the socket's own"),
    NOT(LINUX, "net.ipv4.tcp_backlog_ack_defer", "there is no socket backlog"),
    NOT(LINUX, "net.ipv4.icmp_ratelimit", "ICMP errors are limited by the stack's own bound"),
    NOT(LINUX, "net.core.default_qdisc", "there is no queueing discipline"),
    NOT(LINUX, "net.core.rmem_max", "buffers are bounded by receive_buffer_max"),
    NOT(LINUX, "net.core.wmem_max", "buffers are bounded by send_buffer_max"),
    NOT(LINUX, "net.core.optmem_max", "ancillary memory is not accounted"),
    NOT(LINUX, "net.ipv4.route.min_adv_mss", "the MSS follows from the link"),

    B("net.inet.tcp.msl", "time_wait", FORM_SCALED, MS(2)),
    B("net.inet.tcp.finwait2_timeout", "fin_wait_2", FORM_SCALED, MS(1)),
    B("net.inet.tcp.rexmit_initial", "rto_initial", FORM_SCALED, MS(1)),
    B("net.inet.tcp.rexmit_min", "rto_min", FORM_SCALED, MS(1)),
    B("net.inet.tcp.rexmit_slop", "rto_slop", FORM_SCALED, MS(1)),
    B("net.inet.tcp.delacktime", "delayed_ack", FORM_SCALED, MS(1)),
    B("net.inet.tcp.ack_war_timewindow", "challenge_interval", FORM_SCALED, MS(1)),
    B("net.inet.tcp.ack_war_cnt", "challenge_count", FORM_SCALED, 1),
    B("net.inet.tcp.keepidle", "keepalive_idle", FORM_SCALED, MS(1)),
    B("net.inet.tcp.keepintvl", "keepalive_interval", FORM_SCALED, MS(1)),
    B("net.inet.tcp.keepcnt", "keepalive_probes", FORM_SCALED, 1),
    B("net.inet.tcp.keepinit", "connect_timeout", FORM_SCALED, MS(1)),
    B("net.inet.tcp.persmin", "persist_min", FORM_SCALED, MS(1)),
    B("net.inet.tcp.persmax", "persist_max", FORM_SCALED, MS(1)),
    B("net.inet.tcp.syncache.rexmtlimit", "synack_retries", FORM_SCALED, 1),
    B("net.inet.tcp.syncache.bucketlimit", "syn_backlog_max", FORM_SCALED, 1),
    B("net.inet.tcp.initcwnd_segments", "initial_cwnd_segs", FORM_SCALED, 1),
    B("net.inet.tcp.maxtcptw", "time_wait_max", FORM_SCALED, 1),
    B("net.inet.tcp.reass.maxqueuelen", "reassembly_ranges_max", FORM_SCALED, 1),
    B("net.inet.tcp.recvspace", "receive_buffer", FORM_SCALED, 1),
    B("net.inet.tcp.sendspace", "send_buffer", FORM_SCALED, 1),
    B("net.inet.tcp.recvbuf_max", "receive_buffer_max", FORM_SCALED, 1),
    B("net.inet.tcp.sendbuf_max", "send_buffer_max", FORM_SCALED, 1),
    B("kern.ipc.maxsockbuf", NULL, FORM_BOTH_BUFFERS, 1),
    B("kern.ipc.soacceptqueue", "somaxconn", FORM_SCALED, 1),
    B("net.inet.tcp.mssdflt", "mss_default_ipv4", FORM_SCALED, 1),
    B("net.inet.tcp.v6mssdflt", "mss_default_ipv6", FORM_SCALED, 1),
    B("net.inet.tcp.minmss", "mss_min", FORM_SCALED, 1),
    B("net.inet.ip.portrange.first", "port_first", FORM_SCALED, 1),
    B("net.inet.ip.portrange.last", "port_last", FORM_SCALED, 1),
    B("net.inet.ip.ttl", "ttl", FORM_SCALED, 1),
    B("net.inet.tcp.rfc1323", NULL, FORM_RFC1323_BSD, 1),
    B("net.inet.tcp.sack.enable", "sack", FORM_SWITCH, 1),
    B("net.inet.tcp.ecn.maxretries", "ecn_retries", FORM_SCALED, 1),
    B("net.inet.tcp.ecn.enable", NULL, FORM_ECN_LINUX, 1),
    B("net.inet.tcp.path_mtu_discovery", "path_mtu_discovery", FORM_SWITCH, 1),
    B("net.inet.tcp.pmtud_blackhole_detection", "mtu_probing", FORM_SWITCH, 1),
    B("net.inet.tcp.pmtud_blackhole_mss", "mss_base", FORM_SCALED, 1),
    B("net.inet.tcp.recvbuf_auto", "autotune_receive", FORM_SWITCH, 1),
    B("net.inet.tcp.sendbuf_auto", "autotune_send", FORM_SWITCH, 1),
    B("net.inet.tcp.syncookies", "syn_cookies", FORM_CHOICE, 1),
    B("net.inet.tcp.rexmit_drop_options", "syn_drops_options", FORM_SWITCH, 1),
    B("net.inet.tcp.drop_synfin", "drop_syn_fin_always", FORM_SWITCH, 1),
    B("net.inet.tcp.insecure_rst", "insecure_rst", FORM_SWITCH, 1),
    B("net.inet.tcp.insecure_syn", "insecure_syn", FORM_SWITCH, 1),
    B("net.inet.tcp.tolerate_missing_ts", "missing_timestamp_ok", FORM_SWITCH, 1),
    B("net.inet.tcp.blackhole", "log_in_vain_silence", FORM_SWITCH, 1),
    B("net.inet.tcp.cc.algorithm", "congestion", FORM_CONGESTION, 1),
    NOT(BSD, "net.inet.tcp.hostcache.purgenow", "a new stack remembers no hosts"),
    NOT(BSD, "net.inet.tcp.syncookies_only", "say syn_cookies always"),
    B("net.inet.tcp.icmp_may_rst", "icmp_in_syn", FORM_ICMP_BSD, 1),
    NOT(BSD, "net.inet.tcp.v6pmtud_blackhole_mss", "the path MTU is learned from ICMP only"),
    B("net.inet.tcp.fastopen.client_enable", "fast_open", FORM_BIT, LASTACK_FAST_OPEN_CLIENT),
    B("net.inet.tcp.fastopen.server_enable", "fast_open", FORM_BIT, LASTACK_FAST_OPEN_SERVER),
    B("net.inet.tcp.fastopen.path_disable_time", "fast_open_path_disable", FORM_SCALED, SEC(1)),
    NOT(BSD, "net.inet.tcp.udp_tunneling_port", NO_TUNNEL),
    NOT(BSD, "net.inet.tcp.udp_tunneling_overhead", NO_TUNNEL),
    NOT(BSD, "net.inet.tcp.delayed_ack", "ACKs are always delayed; delacktime says how long"),
    NOT(BSD, "net.inet.tcp.always_keepalive", "keepalive is what a program asks for"),
    NOT(BSD, "net.inet.tcp.functions_default", "there is one TCP"),

    N("tcp_time_wait_interval", "time_wait", FORM_SCALED, MS(1)),
    N("tcp_fin_wait_2_flush_interval", "fin_wait_2", FORM_SCALED, MS(1)),
    N("tcp_rexmit_interval_initial", "rto_initial", FORM_SCALED, MS(1)),
    N("tcp_rexmit_interval_min", "rto_min", FORM_SCALED, MS(1)),
    N("tcp_rexmit_interval_max", "rto_max", FORM_SCALED, MS(1)),
    N("tcp_deferred_ack_interval", "delayed_ack", FORM_SCALED, MS(1)),
    N("tcp_deferred_acks_max", "ack_every_segs", FORM_SCALED, 1),
    N("tcp_keepalive_interval", "keepalive_idle", FORM_SCALED, MS(1)),
    N("tcp_ip_abort_interval", "user_timeout", FORM_SCALED, MS(1)),
    N("tcp_ip_abort_cinterval", "connect_timeout", FORM_SCALED, MS(1)),
    N("tcp_conn_req_max_q", "somaxconn", FORM_SCALED, 1),
    N("tcp_conn_req_max_q0", "syn_backlog_max", FORM_SCALED, 1),
    N("tcp_slow_start_initial", "initial_cwnd_segs", FORM_SCALED, 1),
    N("tcp_dupack_fast_retransmit", "dupthresh", FORM_SCALED, 1),
    N("tcp_recv_hiwat", "receive_buffer", FORM_SCALED, 1),
    N("tcp_xmit_hiwat", "send_buffer", FORM_SCALED, 1),
    N("tcp_max_buf", NULL, FORM_BOTH_BUFFERS, 1),
    N("tcp_mss_def_ipv4", "mss_default_ipv4", FORM_SCALED, 1),
    N("tcp_mss_def_ipv6", "mss_default_ipv6", FORM_SCALED, 1),
    N("tcp_mss_min", "mss_min", FORM_SCALED, 1),
    N("tcp_smallest_anon_port", "port_first", FORM_SCALED, 1),
    N("tcp_largest_anon_port", "port_last", FORM_SCALED, 1),
    N("tcp_ipv4_ttl", "ttl", FORM_SCALED, 1),
    N("tcp_sack_permitted", "sack", FORM_SWITCH, 1),
    N("tcp_ecn_permitted", NULL, FORM_ECN_SOLARIS, 1),
    N("tcp_wscale_always", "window_scaling", FORM_SWITCH, 1),
    N("tcp_tstamp_always", "timestamps", FORM_SWITCH, 1),
    NOT(SOLARIS, "tcp_naglim_def", "Nagle's algorithm is a socket's own choice (TCP_NODELAY)"),
    NOT(SOLARIS, "tcp_rst_sent_rate", "RSTs are bounded by the queue of replies"),

    W("TcpTimedWaitDelay", "time_wait", FORM_SCALED, SEC(1)),
    W("TcpFinWait2Delay", "fin_wait_2", FORM_SCALED, SEC(1)),
    W("TcpInitialRTT", "rto_initial", FORM_SCALED, MS(1)),
    W("KeepAliveTime", "keepalive_idle", FORM_SCALED, MS(1)),
    W("KeepAliveInterval", "keepalive_interval", FORM_SCALED, MS(1)),
    W("TcpMaxConnectRetransmissions", "syn_retries", FORM_SCALED, 1),
    W("TcpMaxConnectResponseRetransmissions", "synack_retries", FORM_SCALED, 1),
    W("TcpMaxDataRetransmissions", "retries2", FORM_SCALED, 1),
    W("TcpMaxDupAcks", "dupthresh", FORM_SCALED, 1),
    W("MaxFreeTWTcbs", "time_wait_max", FORM_SCALED, 1),
    W("TcpWindowSize", "receive_buffer", FORM_SCALED, 1),
    W("GlobalMaxTcpWindowSize", "receive_buffer_max", FORM_SCALED, 1),
    W("MaxUserPort", "port_last", FORM_SCALED, 1),
    W("DefaultTTL", "ttl", FORM_SCALED, 1),
    W("SackOpts", "sack", FORM_SWITCH, 1),
    W("Tcp1323Opts", NULL, FORM_RFC1323_BITS, 1),
    W("EnablePMTUDiscovery", "path_mtu_discovery", FORM_SWITCH, 1),
    W("EnablePMTUBHDetect", "mtu_probing", FORM_SWITCH, 1),
    NOT(WINDOWS, "SynAttackProtect",
        "the SYN queue is always protected: compact entries, then cookies"),
    NOT(WINDOWS, "TcpAckFrequency", "set ack_every_segs"),
};

enum { ALIASES = sizeof aliases / sizeof aliases[0], NAME_MAX_LENGTH = 80 };

/* ---- finding ---- */

/* Which of ours it stands for: up to three of the table in a row, or two named here. */
static bool is_of(const struct alias *alias, const struct parameter *parameter)
{
    const struct parameter *first =
        alias->parameter != NULL ? parameter_find(alias->parameter) : NULL;
    const char *name = parameter->name;

    switch (alias->form) {
    case FORM_SCALED:
    case FORM_SWITCH:
    case FORM_INVERTED:
    case FORM_CHOICE:
    case FORM_BIT:
    case FORM_ICMP_BSD:
    case FORM_CONGESTION:
    case FORM_TLP_LINUX:
        return parameter == first;
    case FORM_TRIPLE:
        return parameter >= first && parameter <= first + 2;
    case FORM_PORTS:
        return strcmp(name, "port_first") == 0 || strcmp(name, "port_last") == 0;
    case FORM_BOTH_BUFFERS:
        return strcmp(name, "receive_buffer_max") == 0 || strcmp(name, "send_buffer_max") == 0;
    case FORM_ECN_LINUX:
    case FORM_ECN_SOLARIS:
        return strcmp(name, "ecn_accept") == 0 || strcmp(name, "ecn_request") == 0;
    case FORM_RFC1323_BSD:
    case FORM_RFC1323_BITS:
        return strcmp(name, "window_scaling") == 0 || strcmp(name, "timestamps") == 0;
    case FORM_ABSENT:
        return false;
    }
    return false;
}

const char *parameter_alias(const struct parameter *parameter, enum parameter_dialect dialect,
                            size_t index)
{
    for (size_t i = 0; i < ALIASES; i++)
        if (aliases[i].dialect == dialect && is_of(&aliases[i], parameter) && index-- == 0)
            return aliases[i].name;
    return NULL;
}

static const char *unit_of(const struct alias *alias, const struct parameter *first)
{
    if (alias->form == FORM_SCALED && first->unit == PARAMETER_TIME)
        return alias->scale >= SEC(1)  ? "seconds"
               : alias->scale >= MS(1) ? "milliseconds"
                                       : "microseconds";
    if (alias->form == FORM_CONGESTION)
        return "a name";
    if (alias->form == FORM_TRIPLE)
        return "three numbers of bytes: least, first, most";
    if (alias->form == FORM_PORTS)
        return "two ports: first, last";
    if (alias->form == FORM_BOTH_BUFFERS ||
        (alias->form == FORM_SCALED && first->unit == PARAMETER_BYTES))
        return "bytes";
    return alias->form == FORM_INVERTED || alias->form == FORM_BIT ||
                   (alias->form == FORM_SWITCH && alias->scale == 1)
               ? "0 or 1"
               : "a number";
}

bool parameter_foreign_at(enum parameter_dialect dialect, size_t index,
                          struct parameter_foreign *foreign)
{
    const struct alias *alias = aliases;
    size_t count = 0;

    while (alias < aliases + ALIASES &&
           (alias->dialect != dialect || alias->form == FORM_ABSENT || index-- > 0))
        alias++;
    if (alias == aliases + ALIASES)
        return false;
    *foreign = (struct parameter_foreign){.name = alias->name};
    for (size_t i = 0; i < parameter_count() && count < 2; i++)
        if (is_of(alias, parameter_at(i)))
            foreign->parts[count++] = parameter_at(i);
    foreign->unit = unit_of(alias, foreign->parts[0]);
    return true;
}

/* "/proc/sys/net/ipv4/x" and "net/ipv4/x" are net.ipv4.x. */
static void plain_name(const char *name, char plain[NAME_MAX_LENGTH])
{
    static const char proc[] = "/proc/sys/";

    if (strncmp(name, proc, sizeof proc - 1) == 0)
        name += sizeof proc - 1;
    snprintf(plain, NAME_MAX_LENGTH, "%s", name);
    for (char *c = plain; *c != '\0'; c++)
        if (*c == '/')
            *c = '.';
}

static bool is_name_of(const struct alias *alias, const char *name)
{
    if (alias->dialect == PARAMETER_WINDOWS)
        return strcasecmp(alias->name, name) == 0;
    return strcmp(alias->name, name) == 0;
}

/* The whole name; else what stands behind the last dot of one: "tcp_fin_timeout". */
static const struct alias *find_alias(const char *name)
{
    for (size_t i = 0; i < ALIASES; i++)
        if (is_name_of(&aliases[i], name))
            return &aliases[i];
    for (size_t i = 0; i < ALIASES; i++) {
        const char *dot = strrchr(aliases[i].name, '.');

        if (dot != NULL && strcmp(dot + 1, name) == 0)
            return &aliases[i];
    }
    return NULL;
}

static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LENGTH + 1], length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[length];
}

static enum parameter_result unknown(const char *name, char *message, size_t size)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 2; /* so few slips of the finger are a slip, and four never */

    if (least > 4)
        least = 4;

    for (size_t i = 0; i < parameter_count() + ALIASES; i++) {
        const char *other = i < ALIASES ? aliases[i].name : parameter_at(i - ALIASES)->name;
        size_t apart = distance(name, other);

        if (apart < least) {
            least = apart;
            nearest = other;
        }
    }
    if (nearest != NULL)
        snprintf(message, size, "no parameter is called %s; did you mean %s?", name, nearest);
    else
        snprintf(message, size, "no parameter is called %s", name);
    return PARAMETER_UNKNOWN;
}

/* ---- setting ---- */

static enum parameter_result refuse(const struct parameter *parameter, const char *name,
                                    const char *value, int64_t scale, char *message, size_t size)
{
    const char *zero = parameter->zero_text;
    char low[40], high[40];

    if (scale > 0 && parameter->unit != PARAMETER_SWITCH) {
        snprintf(low, sizeof low, "%" PRId64, (parameter->range->minimum + scale - 1) / scale);
        snprintf(high, sizeof high, "%" PRId64, parameter->range->maximum / scale);
    } else {
        parameter_limit_text(parameter, false, low, sizeof low);
        parameter_limit_text(parameter, true, high, sizeof high);
    }
    if (parameter->unit == PARAMETER_CHOICE && scale == 0) {
        size_t length = (size_t)snprintf(message, size, "%s takes", name);

        for (size_t i = 0; parameter->choices[i] != NULL && length < size; i++)
            length += (size_t)snprintf(message + length, size - length, "%s %s",
                                       i == 0 ? "" : " or", parameter->choices[i]);
        if (length < size)
            snprintf(message + length, size - length, ", not \"%s\"", value);
        return PARAMETER_BAD_VALUE;
    }
    snprintf(message, size, "%s takes %s from %s to %s%s%s%s, not \"%s\"", name,
             scale > 0 ? "a number" : parameter_unit_text(parameter->unit), low, high,
             zero == NULL ? "" : ", or 0 (", zero == NULL ? "" : zero, zero == NULL ? "" : ")",
             value);
    return PARAMETER_BAD_VALUE;
}

static enum parameter_result bad(char *message, size_t size, const char *name, const char *what,
                                 const char *value)
{
    snprintf(message, size, "%s takes %s, not \"%s\"", name, what, value);
    return PARAMETER_BAD_VALUE;
}

static void put(struct lastack_params *params, const char *name, int64_t number)
{
    parameter_store(parameter_find(name), params, number);
}

static int64_t get(const struct lastack_params *params, const char *name)
{
    return parameter_number(parameter_find(name), params);
}

/* Up to three whole numbers with blanks between; returns how many, 0 if something else stands
 * there. */
static unsigned read_integers(const char *text, int64_t numbers[3])
{
    unsigned count = 0;
    char word[24];

    for (text += strspn(text, " \t\""); *text != '\0'; text += strspn(text, " \t\"")) {
        size_t length = strcspn(text, " \t\"");

        if (count == 3 || length >= sizeof word)
            return 0;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!parameter_read_integer(word, &numbers[count++]))
            return 0;
        text += length;
    }
    return count;
}

static enum parameter_result set_triple(struct lastack_params *params, const struct alias *alias,
                                        const char *value, char *message, size_t size)
{
    const struct parameter *first = parameter_find(alias->parameter);
    int64_t numbers[3];

    if (read_integers(value, numbers) != 3 || numbers[0] > numbers[1] || numbers[1] > numbers[2])
        return bad(message, size, alias->name, "three numbers that do not fall (min, default, max)",
                   value);
    for (size_t i = 0; i < 3; i++)
        if (!parameter_allows(first + i, numbers[i]))
            return refuse(first + i, alias->name, value, 1, message, size);
    for (size_t i = 0; i < 3; i++)
        parameter_store(first + i, params, numbers[i]);
    return PARAMETER_DONE;
}

static enum parameter_result set_ports(struct lastack_params *params, const struct alias *alias,
                                       const char *value, char *message, size_t size)
{
    int64_t numbers[3];

    if (read_integers(value, numbers) != 2 || numbers[0] < 1 || numbers[1] > 65535 ||
        numbers[0] > numbers[1])
        return bad(message, size, alias->name, "two ports that do not fall", value);
    put(params, "port_first", numbers[0]);
    put(params, "port_last", numbers[1]);
    return PARAMETER_DONE;
}

/* One number that stands for two switches. */
static enum parameter_result set_pair(struct lastack_params *params, const struct alias *alias,
                                      const char *value, char *message, size_t size)
{
    bool is_ecn = alias->form == FORM_ECN_LINUX || alias->form == FORM_ECN_SOLARIS;
    const char *first = is_ecn ? "ecn_accept" : "window_scaling";
    const char *second = is_ecn ? "ecn_request" : "timestamps";
    int64_t number, most = is_ecn ? 2 : 3;
    bool second_on;

    if (!parameter_read_integer(value, &number) || number < 0 || number > most)
        return bad(message, size, alias->name, is_ecn ? "0, 1 or 2" : "0, 1, 2 or 3", value);
    if (alias->form == FORM_ECN_LINUX)
        second_on = number == 1;
    else if (alias->form == FORM_ECN_SOLARIS)
        second_on = number == 2;
    else if (alias->form == FORM_RFC1323_BSD)
        second_on = number == 1 || number == 3;
    else
        second_on = (number & 2) != 0;
    if (alias->form == FORM_RFC1323_BSD)
        put(params, first, number == 1 || number == 2);
    else
        put(params, first, alias->form == FORM_RFC1323_BITS ? number & 1 : number != 0);
    put(params, second, second_on);
    return PARAMETER_DONE;
}

static enum parameter_result set_buffers(struct lastack_params *params, const struct alias *alias,
                                         const char *value, char *message, size_t size)
{
    const struct parameter *receive = parameter_find("receive_buffer_max");
    int64_t number;

    if (!parameter_read_integer(value, &number) || !parameter_allows(receive, number))
        return refuse(receive, alias->name, value, 1, message, size);
    put(params, "receive_buffer_max", number);
    put(params, "send_buffer_max", number);
    return PARAMETER_DONE;
}

static enum parameter_result set_scaled(struct lastack_params *params, const struct alias *alias,
                                        const char *value, char *message, size_t size)
{
    const struct parameter *parameter = parameter_find(alias->parameter);
    int64_t number, product;

    if (!parameter_read_integer(value, &number) ||
        __builtin_mul_overflow(number, alias->scale, &product) ||
        !parameter_allows(parameter, product))
        return refuse(parameter, alias->name, value, alias->scale, message, size);
    parameter_store(parameter, params, product);
    return PARAMETER_DONE;
}

static enum parameter_result set_switch(struct lastack_params *params, const struct alias *alias,
                                        const char *value, char *message, size_t size)
{
    int64_t number;

    if (!parameter_read_integer(value, &number) || number < 0 || number > 255)
        return bad(message, size, alias->name, "0 or 1", value);
    put(params, alias->parameter, (number != 0) != (alias->form == FORM_INVERTED));
    return PARAMETER_DONE;
}

/* net.ipv4.tcp_early_retrans */
static enum parameter_result set_tlp_linux(struct lastack_params *params, const struct alias *alias,
                                           const char *value, char *message, size_t size)
{
    int64_t number;

    if (!parameter_read_integer(value, &number) || number < 0 || number > 4)
        return bad(message, size, alias->name, "a number from 0 to 4", value);
    put(params, alias->parameter, number >= 3);
    return PARAMETER_DONE;
}

/* net.inet.tcp.icmp_may_rst */
static enum parameter_result set_icmp_bsd(struct lastack_params *params, const char *value,
                                          char *message, size_t size)
{
    int64_t number;

    if (!parameter_read_integer(value, &number) || number < 0 || number > 1)
        return bad(message, size, "net.inet.tcp.icmp_may_rst", "0 or 1", value);
    params->icmp_in_syn = number != 0 ? LASTACK_ICMP_SYN_REFUSED : LASTACK_ICMP_SYN_NEVER;
    return PARAMETER_DONE;
}

static enum parameter_result set_bit(struct lastack_params *params, const struct alias *alias,
                                     const char *value, char *message, size_t size)
{
    const int64_t old = get(params, alias->parameter);
    int64_t number;

    if (!parameter_read_integer(value, &number) || number < 0 || number > 1)
        return bad(message, size, alias->name, "0 or 1", value);
    put(params, alias->parameter, number != 0 ? old | alias->scale : old & ~alias->scale);
    return PARAMETER_DONE;
}

/* reno is the name that every system has for what we call newreno. */
static enum parameter_result set_congestion(struct lastack_params *params,
                                            const struct alias *alias, const char *value,
                                            char *message, size_t size)
{
    const struct parameter *parameter = parameter_find(alias->parameter);
    int64_t number;

    if (!parameter_read(parameter, strcmp(value, "reno") == 0 ? "newreno" : value, &number))
        return bad(message, size, alias->name, "cubic, reno or newreno", value);
    parameter_store(parameter, params, number);
    return PARAMETER_DONE;
}

static enum parameter_result set_alias(struct lastack_params *params, const struct alias *alias,
                                       const char *value, char *message, size_t size)
{
    switch (alias->form) {
    case FORM_SCALED:
    case FORM_CHOICE:
        return set_scaled(params, alias, value, message, size);
    case FORM_SWITCH:
    case FORM_INVERTED:
        return set_switch(params, alias, value, message, size);
    case FORM_BIT:
        return set_bit(params, alias, value, message, size);
    case FORM_TRIPLE:
        return set_triple(params, alias, value, message, size);
    case FORM_PORTS:
        return set_ports(params, alias, value, message, size);
    case FORM_BOTH_BUFFERS:
        return set_buffers(params, alias, value, message, size);
    case FORM_ECN_LINUX:
    case FORM_ECN_SOLARIS:
    case FORM_RFC1323_BSD:
    case FORM_RFC1323_BITS:
        return set_pair(params, alias, value, message, size);
    case FORM_ICMP_BSD:
        return set_icmp_bsd(params, value, message, size);
    case FORM_CONGESTION:
        return set_congestion(params, alias, value, message, size);
    case FORM_TLP_LINUX:
        return set_tlp_linux(params, alias, value, message, size);
    case FORM_ABSENT:
        snprintf(message, size, "%s has no effect: %s", alias->name, alias->note);
        return PARAMETER_NO_EFFECT;
    }
    return PARAMETER_UNKNOWN;
}

enum parameter_result parameter_set(struct lastack_params *params, const char *name,
                                    const char *value, char *message, size_t size)
{
    const struct parameter *parameter;
    const struct alias *alias;
    char plain[NAME_MAX_LENGTH];
    int64_t number;

    plain_name(name, plain);
    parameter = parameter_find(plain);
    if (parameter != NULL) {
        if (!parameter_read(parameter, value, &number) || !parameter_allows(parameter, number))
            return refuse(parameter, plain, value, 0, message, size);
        parameter_store(parameter, params, number);
        return PARAMETER_DONE;
    }
    alias = find_alias(plain);
    return alias == NULL ? unknown(plain, message, size)
                         : set_alias(params, alias, value, message, size);
}

/* ---- getting ---- */

static int64_t pair_number(const struct lastack_params *params, enum alias_form form)
{
    if (form == FORM_ECN_LINUX)
        return params->ecn_request ? 1 : params->ecn_accept ? 2 : 0;
    if (form == FORM_ECN_SOLARIS)
        return params->ecn_request ? 2 : params->ecn_accept;
    if (form == FORM_RFC1323_BITS)
        return (params->timestamps ? 2 : 0) + params->window_scaling;
    if (params->window_scaling)
        return params->timestamps ? 1 : 2;
    return params->timestamps ? 3 : 0;
}

static enum parameter_result get_alias(const struct lastack_params *params,
                                       const struct alias *alias, char *value, size_t size)
{
    const struct parameter *parameter =
        alias->parameter == NULL ? NULL : parameter_find(alias->parameter);

    switch (alias->form) {
    case FORM_SCALED:
    case FORM_CHOICE:
        snprintf(value, size, "%" PRId64, parameter_number(parameter, params) / alias->scale);
        break;
    case FORM_SWITCH:
        snprintf(value, size, "%" PRId64, parameter_number(parameter, params) * alias->scale);
        break;
    case FORM_TLP_LINUX:
        snprintf(value, size, "%d", parameter_number(parameter, params) != 0 ? 3 : 0);
        break;
    case FORM_BIT:
        snprintf(value, size, "%d", (parameter_number(parameter, params) & alias->scale) != 0);
        break;
    case FORM_INVERTED:
        snprintf(value, size, "%d", parameter_number(parameter, params) == 0);
        break;
    case FORM_TRIPLE:
        snprintf(value, size, "%" PRId64 " %" PRId64 " %" PRId64,
                 parameter_number(parameter, params), parameter_number(parameter + 1, params),
                 parameter_number(parameter + 2, params));
        break;
    case FORM_PORTS:
        snprintf(value, size, "%u %u", params->port_first, params->port_last);
        break;
    case FORM_BOTH_BUFFERS:
        snprintf(value, size, "%" PRId64, get(params, "receive_buffer_max"));
        break;
    case FORM_ECN_LINUX:
    case FORM_ECN_SOLARIS:
    case FORM_RFC1323_BSD:
    case FORM_RFC1323_BITS:
        snprintf(value, size, "%" PRId64, pair_number(params, alias->form));
        break;
    case FORM_ICMP_BSD:
        snprintf(value, size, "%d", params->icmp_in_syn != LASTACK_ICMP_SYN_NEVER);
        break;
    case FORM_CONGESTION:
        parameter_value_text(parameter, params, value, size);
        if (strcmp(value, "newreno") == 0)
            snprintf(value, size, "reno");
        break;
    case FORM_ABSENT:
        snprintf(value, size, "%s has no effect: %s", alias->name, alias->note);
        return PARAMETER_NO_EFFECT;
    }
    return PARAMETER_DONE;
}

enum parameter_result parameter_get(const struct lastack_params *params, const char *name,
                                    char *value, size_t size)
{
    const struct parameter *parameter;
    const struct alias *alias;
    char plain[NAME_MAX_LENGTH];

    plain_name(name, plain);
    parameter = parameter_find(plain);
    if (parameter != NULL) {
        parameter_value_text(parameter, params, value, size);
        return PARAMETER_DONE;
    }
    alias = find_alias(plain);
    return alias == NULL ? unknown(plain, value, size) : get_alias(params, alias, value, size);
}
