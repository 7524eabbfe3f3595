/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_mix.h: parameters that no profile has: policies are data, so any mixture of them must
 * keep the stack whole.
 *
 *     tape ─▶ how many changes ─▶ each: one switch turned, one policy chosen, one number taken
 *
 * Numbers stay in their ranges, and where time alone still ends every connection: no endless
 * FIN-WAIT-2, no endless persist.
 */
#ifndef LASTACK_POLICY_MIX_H
#define LASTACK_POLICY_MIX_H

#include <stddef.h>

#include "duration.h"
#include "fuzz.h"

#include <lastack/lastack.h>

/* clang-format off */
#define SWITCHES(X) \
    X(sack) X(timestamps) X(window_scaling) X(ecn_accept) X(ecn_request) X(path_mtu_discovery) \
    X(mtu_probing) X(tcp_rfc1337) X(slow_start_after_idle) X(idle_restart_at_once) \
    X(autotune_receive) X(autotune_send) X(syn_queue_ages) X(implied_connect) X(drop_syn_fin) \
    X(insecure_rst) X(insecure_syn) X(rst_extra_linux) X(tail_loss_probe) X(frto) \
    X(rack_window_at_timeout) \
    X(impatient_newreno) X(undo) X(cwnd_counts_segs) X(ssthresh_from_cwnd) X(abort_on_unread) \
    X(missing_timestamp_ok) X(log_in_vain_silence) X(listen_synack_silent) X(closing_repeats_fin) \
    X(request_syn_rst) X(time_wait_reopen) X(time_wait_new_timestamps) X(first_window_in_segs) \
    X(buffers_in_segs) X(accept_whole_buffer) X(old_segment_acks) X(syn_drops_options) \
    X(time_wait_fin_restarts) X(drop_syn_fin_always) X(syn_text_kept) X(rst_error_closing) \
    X(time_wait_needs_ack) X(ack_of_unsent_silent) X(mss_option_of_path) X(push_every_frame) \
    X(unexpected_signature_drops)
/* clang-format on */

/* (field, its last value) */
#define POLICIES(X)                                                                                \
    X(time_wait_full, LASTACK_TIME_WAIT_EVICT_OLDEST)                                              \
    X(time_wait_reuse, LASTACK_REUSE_LOOPBACK)                                                     \
    X(time_wait_syn, LASTACK_TIME_WAIT_SYN_DROP)                                                   \
    X(accept_overflow, LASTACK_ACCEPT_OVERFLOW_RST)                                                \
    X(syn_cookies, LASTACK_SYN_COOKIES_ALWAYS)                                                     \
    X(syn_overflow, LASTACK_SYN_OVERFLOW_EVICT_OLDEST)                                             \
    X(option_order, LASTACK_OPTIONS_FREEBSD)                                                       \
    X(rto_formula, LASTACK_RTO_FREEBSD)                                                            \
    X(quick_ack, LASTACK_QUICK_ACK_LINUX)                                                          \
    X(window_update, LASTACK_WINDOW_UPDATE_TWO_SEGS)                                               \
    X(icmp_in_syn, LASTACK_ICMP_SYN_NEVER)                                                         \
    X(icmp_errors, LASTACK_ICMP_ERRORS_BSD)                                                        \
    X(send_accounting, LASTACK_SNDBUF_LINUX_SKB)                                                   \
    X(congestion, LASTACK_CC_CUBIC)                                                                \
    X(loss_detection, LASTACK_LOSS_RACK)                                                           \
    X(prr, LASTACK_PRR_LINUX)                                                                      \
    X(hystart, LASTACK_HYSTART_LINUX)

enum policy {
#define X(field, last) POLICY_##field,
    POLICIES(X)
#undef X
};

static inline void mix_number(struct lastack_params *params, struct tape *tape)
{
    const uint8_t value = tape_u8(tape);

    switch (tape_u8(tape) % 14) {
    case 0:
        params->fast_open = tape_u16(tape) & 0x607;
        break;
    case 1:
        params->challenge_limit = value;
        break;
    case 2:
        params->challenge_interval_ns = MS(value);
        break;
    case 3:
        params->somaxconn = 1 + value % 8;
        break;
    case 4:
        params->syn_backlog_max = 1 + value % 8;
        break;
    case 5:
        params->reassembly_ranges_max = 1 + value % 16;
        break;
    case 6:
        params->window_scale_max = value % 15;
        break;
    case 7:
        params->initial_cwnd_segs = 1 + value % 20;
        break;
    case 8:
        params->receive_buffer = 256 + 64 * (uint32_t)value;
        break;
    case 9:
        params->send_buffer = 256 + 64 * (uint32_t)value;
        break;
    case 10:
        params->delayed_ack_ns = MS(1 + (int64_t)value);
        break;
    case 11:
        params->time_wait_ns = MS(100 * (int64_t)value + 1);
        break;
    case 12:
        params->user_timeout_ns = MS(100 * (int64_t)value);
        break;
    default:
        params->connect_timeout_ns = MS(1000 * (int64_t)value);
    }
}

static inline void mix_policies(struct lastack_params *params, struct tape *tape)
{
#define X(field) offsetof(struct lastack_params, field),
    static const size_t switches[] = {SWITCHES(X)};
#undef X
    const unsigned changes = tape_u8(tape) % 8;

    for (unsigned i = 0; i < changes; i++) {
        const uint8_t which = tape_u8(tape), value = tape_u8(tape);

        switch (which % 4) {
        case 0:
        case 1:
            *(bool *)((char *)params + switches[value % (sizeof switches / sizeof *switches)]) =
                which >> 2 & 1;
            break;
        case 2:
            switch (value >> 3) {
#define X(field, last)                                                                             \
    case POLICY_##field:                                                                           \
        params->field = value % (last + 1);                                                        \
        break;
                POLICIES(X)
#undef X
            default:
                break;
            }
            break;
        default:
            mix_number(params, tape);
        }
    }
}

#endif
