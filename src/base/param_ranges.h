/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param_ranges.h: what each field of struct lastack_params may be. One table: lastack_create holds
 * its config against it, and src/view/parameters.c has names, units and texts for the same rows.
 *
 *      X(field, least, most, is 0 allowed beside these?)     times in ns, as the struct has them
 */
#ifndef LASTACK_PARAM_RANGES_H
#define LASTACK_PARAM_RANGES_H

#include "duration.h"

#include <lastack/params.h>

#include <stddef.h>

/* clang-format off */
#define PARAM_RANGES(X) \
    X(time_wait_ns, MS(1), SEC(3600), false) \
    X(fin_wait_2_ns, MS(1), SEC(86400), true) \
    X(rto_initial_ns, MS(1), SEC(120), false) \
    X(rto_fallback_ns, MS(1), SEC(120), false) \
    X(rto_min_ns, MS(1), SEC(120), false) \
    X(rto_max_ns, SEC(1), SEC(3600), false) \
    X(rto_slop_ns, 0, SEC(10), true) \
    X(delayed_ack_ns, MS(1), MS(500), false) \
    X(delayed_ack_min_ns, MS(1), MS(500), false) \
    X(keepalive_idle_ns, MS(1), SEC(32767), false) \
    X(keepalive_interval_ns, MS(1), SEC(32767), false) \
    X(persist_min_ns, MS(1), SEC(3600), false) \
    X(persist_max_ns, MS(1), SEC(3600), false) \
    X(user_timeout_ns, MS(1), SEC(86400), true) \
    X(challenge_interval_ns, 0, SEC(60), true) \
    X(time_wait_reuse_delay_ns, 0, SEC(60), true) \
    X(paws_slack_ns, 0, SEC(60), false) \
    X(paws_stale_ns, SEC(1), SEC(24 * 86400), false) \
    X(connect_timeout_ns, MS(1), SEC(86400), true) \
    X(isn_tick_ns, 1, MS(1), false) \
    X(fast_open_blackhole_ns, SEC(1), SEC(86400), true) \
    X(fast_open_path_disable_ns, SEC(1), SEC(86400), true) \
    X(syn_retries, 1, 127, false) \
    X(syn_linear_retries, 0, 127, true) \
    X(synack_retries, 0, 127, true) \
    X(retries1, 0, 255, false) \
    X(retries2, 1, 255, false) \
    X(orphan_retries, 0, 255, true) \
    X(keepalive_probes, 1, 127, false) \
    X(max_orphans, 0, UINT32_MAX, false) \
    X(challenge_count, 0, UINT8_MAX, true) \
    X(challenge_limit, 0, UINT32_MAX, true) \
    X(dupthresh, 1, 300, false) \
    X(initial_cwnd_segs, 1, 1000, false) \
    X(initial_cwnd_bytes, 1, 1073741824, true) \
    X(reordering_max, 1, 65535, false) \
    X(slow_start_limit, 1, 65535, true) \
    X(syn_backlog_max, 1, UINT32_MAX, false) \
    X(somaxconn, 1, UINT32_MAX, false) \
    X(time_wait_max, 0, UINT32_MAX, true) \
    X(reassembly_ranges_max, 1, 65535, false) \
    X(ack_every_segs, 1, 255, false) \
    X(ecn_retries, 0, 127, true) \
    X(fast_open, 0, 0xffffff, true) \
    X(tso_win_divisor, 0, 65535, true) \
    X(min_tso_segs, 0, 65535, true) \
    X(receive_buffer_min, 256, INT32_MAX, false) \
    X(receive_buffer, 256, INT32_MAX, false) \
    X(receive_buffer_max, 256, UINT32_MAX, false) \
    X(send_buffer_min, 256, INT32_MAX, false) \
    X(send_buffer, 256, INT32_MAX, false) \
    X(send_buffer_max, 256, UINT32_MAX, false) \
    X(receive_window_initial, 0, 65535, true) \
    X(mss_default_ipv4, 48, 65495, false) \
    X(mss_default_ipv6, 48, 65475, false) \
    X(mss_min, 28, 65475, false) \
    X(mss_base, 28, 65475, false) \
    X(notsent_lowat, 0, UINT32_MAX, true) \
    X(port_first, 1, 65535, false) \
    X(port_last, 1, 65535, false) \
    X(window_scale_max, 0, 14, true) \
    X(window_scale_fixed, 0, 255, true) \
    X(ttl, 1, 255, false) \
    X(sack, 0, 1, false) \
    X(timestamps, 0, 1, false) \
    X(window_scaling, 0, 1, false) \
    X(ecn_accept, 0, 1, false) \
    X(ecn_request, 0, 1, false) \
    X(path_mtu_discovery, 0, 1, false) \
    X(mtu_probing, 0, 1, false) \
    X(request_syn_rst, 0, 1, false) \
    X(time_wait_new_timestamps, 0, 1, false) \
    X(tcp_rfc1337, 0, 1, false) \
    X(slow_start_after_idle, 0, 1, false) \
    X(impatient_newreno, 0, 1, false) \
    X(idle_restart_at_once, 0, 1, false) \
    X(autotune_receive, 0, 1, false) \
    X(autotune_send, 0, 1, false) \
    X(pacing, 0, 1, false) \
    X(receive_window_grows, 0, 1, false) \
    X(syn_queue_ages, 0, 1, false) \
    X(drop_syn_fin, 0, 1, false) \
    X(insecure_rst, 0, 1, false) \
    X(insecure_syn, 0, 1, false) \
    X(rst_extra_linux, 0, 1, false) \
    X(tail_loss_probe, 0, 1, false) \
    X(frto, 0, 1, false) \
    X(rack_window_at_timeout, 0, 1, false) \
    X(undo, 0, 1, false) \
    X(cwnd_counts_segs, 0, 1, false) \
    X(ssthresh_from_cwnd, 0, 1, false) \
    X(abort_on_unread, 0, 1, false) \
    X(missing_timestamp_ok, 0, 1, false) \
    X(log_in_vain_silence, 0, 1, false) \
    X(listen_synack_silent, 0, 1, false) \
    X(closing_repeats_fin, 0, 1, false) \
    X(time_wait_reopen, 0, 1, false) \
    X(first_window_in_segs, 0, 1, false) \
    X(buffers_in_segs, 0, 1, false) \
    X(accept_whole_buffer, 0, 1, false) \
    X(old_segment_acks, 0, 1, false) \
    X(syn_drops_options, 0, 1, false) \
    X(time_wait_fin_restarts, 0, 1, false) \
    X(drop_syn_fin_always, 0, 1, false) \
    X(syn_text_kept, 0, 1, false) \
    X(rst_error_closing, 0, 1, false) \
    X(time_wait_needs_ack, 0, 1, false) \
    X(ack_of_unsent_silent, 0, 1, false) \
    X(mss_option_of_path, 0, 1, false) \
    X(push_every_frame, 0, 1, false) \
    X(unexpected_signature_drops, 0, 1, false) \
    X(time_wait_full, 0, 1, false) \
    X(time_wait_reuse, 0, 2, false) \
    X(time_wait_syn, 0, 1, false) \
    X(accept_overflow, 0, 1, false) \
    X(implied_connect, 0, 1, false) \
    X(syn_cookies, 0, 2, false) \
    X(syn_overflow, 0, 1, false) \
    X(option_order, 0, 1, false) \
    X(rto_formula, 0, 2, false) \
    X(quick_ack, 0, 2, false) \
    X(window_update, 0, 1, false) \
    X(icmp_in_syn, 0, 3, false) \
    X(icmp_errors, 0, 1, false) \
    X(send_accounting, 0, 1, false) \
    X(congestion, 0, 2, false) \
    X(loss_detection, 0, 1, false) \
    X(prr, 0, 2, false) \
    X(hystart, 0, 2, false)
/* clang-format on */

enum param_index {
#define LASTACK_X(field, least, most, is_zero_allowed) PARAM_##field,
    PARAM_RANGES(LASTACK_X)
#undef LASTACK_X
        PARAM_COUNT
};

struct param_range {
    const char *text; /* "rto_max_ns: SEC(1)..SEC(3600)" */
    int64_t minimum, maximum;
    uint16_t offset; /* in struct lastack_params */
    uint8_t size;    /* bytes: 8 is signed, the others are not */
    bool is_zero_allowed;
};

/* (Here, not in a file of its own: what is one file when it is released shares no data.) */
#define PARAM_ZERO_true  ", or 0"
#define PARAM_ZERO_false ""

static const struct param_range param_ranges[PARAM_COUNT] = {
#define LASTACK_X(field, least, most, is_zero)                                                     \
    [PARAM_##field] = {.text = #field ": " #least ".." #most PARAM_ZERO_##is_zero,                 \
                       .minimum = least,                                                           \
                       .maximum = most,                                                            \
                       .offset = offsetof(struct lastack_params, field),                           \
                       .size = sizeof(((struct lastack_params *)0)->field),                        \
                       .is_zero_allowed = is_zero},
    PARAM_RANGES(LASTACK_X)
#undef LASTACK_X
};

/* The field's value. */
int64_t param_number(const struct param_range *range, const struct lastack_params *params);

static inline bool param_allows(const struct param_range *range, int64_t number)
{
    return (number >= range->minimum && number <= range->maximum) ||
           (number == 0 && range->is_zero_allowed);
}

#endif
