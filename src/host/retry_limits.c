/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * retry_limits.c: when Linux gives a connection up (net/ipv4/tcp_timer.c, retransmits_timed_out).
 *
 * Data in flight: not a count but a time. tcp_retries2 = 15 stands for the time that 15 doublings
 * of 200 ms would take, 924.6 s, whatever this connection's own RTO is. We replay the timer until
 * that time is over. Handshakes and orphans: counts. Keepalive: probes times interval.
 */
#include "retry_limits.h"

#include "duration.h"

#include <stdio.h>

#define RTO_MIN_NS     MS(200)
#define RTO_MAX_NS     SEC(120)
#define RTO_INITIAL_NS SEC(1)

const struct retry_limits retry_limits_default = {
    .retries2 = 15,
    .orphan_retries = 8,
    .syn_retries = 6,
    .syn_linear = 4,
    .synack_retries = 5,
    .keepalive_probes = 9,
    .keepalive_interval = 75,
};

static void read_number(const char *name, uint32_t *value)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    unsigned number;
    if (fscanf(file, "%u", &number) == 1)
        *value = number;
    fclose(file);
}

void retry_limits_read(struct retry_limits *limits)
{
    *limits = retry_limits_default;
    limits->syn_linear = 0; /* a kernel without the name has no linear phase */
    read_number("tcp_retries2", &limits->retries2);
    read_number("tcp_orphan_retries", &limits->orphan_retries);
    read_number("tcp_syn_retries", &limits->syn_retries);
    read_number("tcp_syn_linear_timeouts", &limits->syn_linear);
    read_number("tcp_synack_retries", &limits->synack_retries);
    read_number("tcp_keepalive_probes", &limits->keepalive_probes);
    read_number("tcp_keepalive_intvl", &limits->keepalive_interval);
    if (limits->orphan_retries == 0)
        limits->orphan_retries = 8;
}

static int64_t doubled(int64_t rto_ns)
{
    return min64(2 * rto_ns, RTO_MAX_NS);
}

/* The time that `retries` doublings of the minimum RTO take. */
static int64_t model_time(uint32_t retries)
{
    int64_t total = 0;
    int64_t rto = RTO_MIN_NS;
    for (uint32_t i = 0; i <= retries && i < 64; i++) {
        total += rto;
        rto = doubled(rto);
    }
    return total;
}

/* The RTO that is running now, already backed off; the first `linear` repetitions doubled nothing.
 */
static int64_t current_rto(const struct lastack_connection_row *row, uint32_t linear)
{
    if (row->has_tcp_info && row->tcp_info.tcpi_rto != 0)
        return US(row->tcp_info.tcpi_rto);
    int64_t rto =
        row->state == TCP_SYN_SENT || row->state == TCP_SYN_RECEIVED ? RTO_INITIAL_NS : RTO_MIN_NS;
    for (uint32_t i = linear; i < row->timer_retries && rto < RTO_MAX_NS; i++)
        rto = doubled(rto);
    return max64(rto, row->timer_left_ns);
}

/* Given up at the first expiry after `retries_max` repetitions. */
static int64_t after_count(const struct lastack_connection_row *row, uint32_t retries_max,
                           uint32_t linear)
{
    int64_t left = row->timer_left_ns;
    int64_t rto = current_rto(row, linear);
    for (uint32_t n = row->timer_retries; n < retries_max && n < 256; n++) {
        if (n >= linear)
            rto = doubled(rto);
        left += rto;
    }
    return left;
}

/* The RTO before any doubling. */
static int64_t base_rto(const struct lastack_connection_row *row)
{
    const struct lastack_tcp_info *info = &row->tcp_info;
    return max64(RTO_MIN_NS, US((int64_t)info->tcpi_rtt + 4 * (int64_t)info->tcpi_rttvar));
}

/* Given up at the first expiry at which the time since the first retransmission exceeds the
 * model's. */
static int64_t after_time(const struct lastack_connection_row *row, int64_t limit_ns)
{
    int64_t left = row->timer_left_ns;
    int64_t elapsed = 0; /* from the first retransmission to the expiry that is due next */
    int64_t interval = base_rto(row);
    for (uint8_t n = 0; n < row->timer_retries; n++) {
        interval = doubled(interval);
        elapsed += interval;
    }
    for (int n = 0; n < 64 && elapsed < limit_ns; n++) {
        interval = doubled(interval);
        left += interval;
        elapsed += interval;
    }
    return left;
}

static bool is_orphan(const struct lastack_connection_row *row)
{
    return row->inode == 0 && (row->state == TCP_FIN_WAIT_1 || row->state == TCP_LAST_ACK ||
                               row->state == TCP_CLOSING || row->state == TCP_FIN_WAIT_2);
}

static void apply_retransmit(const struct retry_limits *limits, struct lastack_connection_row *row)
{
    if (row->state == TCP_SYN_SENT) {
        row->timer_retries_max = (uint8_t)min32(limits->syn_retries + limits->syn_linear, 255);
        row->gives_up_ns = after_count(row, row->timer_retries_max, limits->syn_linear);
    } else if (is_orphan(row)) {
        row->timer_retries_max = (uint8_t)min32(limits->orphan_retries, 255);
        row->gives_up_ns = after_count(row, row->timer_retries_max, 0);
    } else {
        row->timer_retries_max = (uint8_t)min32(limits->retries2, 255);
        row->gives_up_ns = after_time(row, model_time(limits->retries2));
    }
}

static void apply_keepalive(const struct retry_limits *limits, struct lastack_connection_row *row)
{
    if (row->state == TCP_FIN_WAIT_2 &&
        row->inode == 0) /* the part of tcp_fin_timeout beyond 60 s */
        return;
    uint32_t probes = limits->keepalive_probes;
    row->timer_retries_max = (uint8_t)min32(probes, 255);
    uint32_t left = probes > row->timer_retries ? probes - row->timer_retries : 0;
    row->gives_up_ns = row->timer_left_ns + (int64_t)left * SEC(limits->keepalive_interval);
}

void retry_limits_apply(const struct retry_limits *limits, struct lastack_connection_row *row)
{
    switch (row->timer) {
    case LASTACK_TIMER_RETRANSMIT:
        apply_retransmit(limits, row);
        break;
    case LASTACK_TIMER_SYN_ACK:
        row->timer_retries_max = (uint8_t)min32(limits->synack_retries, 255);
        row->gives_up_ns = after_count(row, row->timer_retries_max, 0);
        break;
    case LASTACK_TIMER_KEEPALIVE:
        apply_keepalive(limits, row);
        break;
    case LASTACK_TIMER_PERSIST: /* the owner may wait for ever: each answered probe starts anew */
        if (is_orphan(row)) {
            row->timer_retries_max = (uint8_t)min32(limits->orphan_retries, 255);
            row->gives_up_ns = after_count(row, row->timer_retries_max, 0);
        }
        break;
    default:
        break;
    }
}
