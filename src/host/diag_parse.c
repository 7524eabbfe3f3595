/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag_parse.c: one answer of sock_diag into one row. See diag.h.
 *
 * What the kernel's numbers mean (net/ipv4/inet_diag.c):
 *   idiag_timer    0 none, 1 retransmit (a SYN request: SYN-ACK), 2 keepalive, 3 time-wait,
 *                  4 persist
 *   idiag_inode    0: nobody's descriptor. A record, an orphan, a SYN request or in an accept queue
 *   rqueue/wqueue  a listener: accept queue and its limit
 */
#include "diag.h"

#include "diag_attributes.h"
#include "duration.h"
#include "owners.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

/* Where each field of the kernel's struct tcp_info stands and where it goes. */
struct info_field {
    uint16_t from;
    uint8_t width;
    uint16_t to;
};

#define INFO(offset, name)                                                                         \
    {                                                                                              \
        offset, sizeof(((struct lastack_tcp_info *)0)->name),                                      \
            offsetof(struct lastack_tcp_info, name)                                                \
    }

static const struct info_field info_fields[] = {
    INFO(0, tcpi_state),
    INFO(1, tcpi_ca_state),
    INFO(2, tcpi_retransmits),
    INFO(3, tcpi_probes),
    INFO(4, tcpi_backoff),
    INFO(5, tcpi_options),
    INFO(8, tcpi_rto),
    INFO(12, tcpi_ato),
    INFO(16, tcpi_snd_mss),
    INFO(20, tcpi_rcv_mss),
    INFO(24, tcpi_unacked),
    INFO(28, tcpi_sacked),
    INFO(32, tcpi_lost),
    INFO(36, tcpi_retrans),
    INFO(40, tcpi_fackets),
    INFO(44, tcpi_last_data_sent),
    INFO(48, tcpi_last_ack_sent),
    INFO(52, tcpi_last_data_recv),
    INFO(56, tcpi_last_ack_recv),
    INFO(60, tcpi_pmtu),
    INFO(64, tcpi_rcv_ssthresh),
    INFO(68, tcpi_rtt),
    INFO(72, tcpi_rttvar),
    INFO(76, tcpi_snd_ssthresh),
    INFO(80, tcpi_snd_cwnd),
    INFO(84, tcpi_advmss),
    INFO(88, tcpi_reordering),
    INFO(92, tcpi_rcv_rtt),
    INFO(96, tcpi_rcv_space),
    INFO(100, tcpi_total_retrans),
    INFO(104, tcpi_pacing_rate),
    INFO(112, tcpi_max_pacing_rate),
    INFO(120, tcpi_bytes_acked),
    INFO(128, tcpi_bytes_received),
    INFO(136, tcpi_segs_out),
    INFO(140, tcpi_segs_in),
    INFO(144, tcpi_notsent_bytes),
    INFO(148, tcpi_min_rtt),
    INFO(152, tcpi_data_segs_in),
    INFO(156, tcpi_data_segs_out),
    INFO(160, tcpi_delivery_rate),
    INFO(168, tcpi_busy_time),
    INFO(176, tcpi_rwnd_limited),
    INFO(184, tcpi_sndbuf_limited),
    INFO(192, tcpi_delivered),
    INFO(196, tcpi_delivered_ce),
    INFO(200, tcpi_bytes_sent),
    INFO(208, tcpi_bytes_retrans),
    INFO(216, tcpi_dsack_dups),
    INFO(220, tcpi_reord_seen),
    INFO(224, tcpi_rcv_ooopack),
    INFO(228, tcpi_snd_wnd),
    INFO(232, tcpi_rcv_wnd),
    INFO(236, tcpi_rehash),
    INFO(240, tcpi_total_rto),
    INFO(242, tcpi_total_rto_recoveries),
    INFO(244, tcpi_total_rto_time),
};

/* As far as the attribute reaches; later fields stay 0. */
static void parse_info(const uint8_t *data, size_t length, struct lastack_tcp_info *info)
{
    for (size_t i = 0; i < sizeof info_fields / sizeof info_fields[0]; i++) {
        const struct info_field *field = &info_fields[i];
        if ((size_t)field->from + field->width <= length)
            memcpy((uint8_t *)info + field->to, data + field->from, field->width);
    }
    if (length >= 8) { /* two bytes of bit-fields, which C lays out by the machine's byte order */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        info->tcpi_snd_wscale = data[6] & 15;
        info->tcpi_rcv_wscale = data[6] >> 4;
        info->tcpi_delivery_rate_app_limited = data[7] & 1;
        info->tcpi_fastopen_client_fail = data[7] >> 1 & 3;
#else
        info->tcpi_snd_wscale = data[6] >> 4;
        info->tcpi_rcv_wscale = data[6] & 15;
        info->tcpi_delivery_rate_app_limited = data[7] >> 7;
        info->tcpi_fastopen_client_fail = data[7] >> 5 & 3;
#endif
    }
}

static void parse_attribute(const struct attribute *attribute, struct lastack_connection_row *row)
{
    const uint8_t *data = attribute->data;
    size_t length = attribute->length;
    switch (attribute->type) {
    case INET_DIAG_INFO:
        if (row->protocol == LASTACK_PROTOCOL_TCP && length >= 8) {
            row->has_tcp_info = true;
            parse_info(data, length, &row->tcp_info);
        }
        break;
    case INET_DIAG_SKMEMINFO: {
        size_t take = length < sizeof row->memory ? length : sizeof row->memory;
        memcpy(&row->memory, data, take);
        row->has_memory = true;
        break;
    }
    case INET_DIAG_CONG: {
        size_t take = strnlen((const char *)data, length);
        if (take >= sizeof row->congestion)
            take = sizeof row->congestion - 1;
        memcpy(row->congestion, data, take);
        row->congestion[take] = '\0';
        break;
    }
    case INET_DIAG_SHUTDOWN:
        row->shutdown = length >= 1 ? data[0] & 3 : 0;
        break;
    case INET_DIAG_TOS:
        row->tos = length >= 1 ? data[0] : 0;
        break;
    case INET_DIAG_TCLASS:
        row->tclass = length >= 1 ? data[0] : 0;
        break;
    case INET_DIAG_SKV6ONLY:
        row->v6_only = length >= 1 && data[0] != 0;
        break;
    case INET_DIAG_MARK:
        row->mark = attribute_number(data, length);
        break;
    case INET_DIAG_CLASS_ID:
        row->class_id = attribute_number(data, length);
        break;
    case INET_DIAG_CGROUP_ID:
        if (length >= sizeof row->cgroup)
            memcpy(&row->cgroup, data, sizeof row->cgroup);
        break;
    default: /* newer kernels say more */
        break;
    }
}

/* IPv4 sockets carry four bytes; an IPv6 socket's "::" is any IPv6 address. */
static void parse_address(uint8_t family, const uint32_t words[4], struct lastack_address *address)
{
    if (family == AF_INET6) {
        memcpy(address->bytes, words, 16);
        return;
    }
    memset(address->bytes, 0, 10);
    memset(address->bytes + 10, 0xff, 2);
    memcpy(address->bytes + 12, words, 4);
}

static uint8_t state_of(const struct inet_diag_msg *msg)
{
    if (msg->idiag_state == DIAG_NEW_SYN_RECV)
        return TCP_SYN_RECEIVED;
    return msg->idiag_state == DIAG_BOUND ? TCP_CLOSED : msg->idiag_state;
}

static int8_t timer_of(const struct inet_diag_msg *msg)
{
    switch (msg->idiag_timer) {
    case 1:
        return state_of(msg) == TCP_SYN_RECEIVED ? LASTACK_TIMER_SYN_ACK : LASTACK_TIMER_RETRANSMIT;
    case 2:
        return LASTACK_TIMER_KEEPALIVE;
    case 3:
        return msg->idiag_state == TCP_FIN_WAIT_2 ? LASTACK_TIMER_FIN_WAIT_2
                                                  : LASTACK_TIMER_TIME_WAIT;
    case 4:
        return LASTACK_TIMER_PERSIST;
    default:
        return -1;
    }
}

static bool is_sane(const struct inet_diag_msg *msg)
{
    return (msg->idiag_family == AF_INET || msg->idiag_family == AF_INET6) &&
           msg->idiag_state >= 1 && msg->idiag_state <= DIAG_BOUND;
}

static void parse_base(const struct inet_diag_msg *msg, uint8_t protocol,
                       struct lastack_connection_row *row)
{
    row->protocol = protocol;
    row->state = state_of(msg);
    row->is_ipv6 = msg->idiag_family == AF_INET6;
    parse_address(msg->idiag_family, msg->id.idiag_src, &row->local.address);
    parse_address(msg->idiag_family, msg->id.idiag_dst, &row->remote.address);
    row->local.port = ntohs(msg->id.idiag_sport);
    row->remote.port = ntohs(msg->id.idiag_dport);
    row->link = msg->id.idiag_if;
    row->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
    row->inode = msg->idiag_inode;
    row->uid = msg->idiag_uid;
    row->recv_q = msg->idiag_rqueue;
    row->send_q = msg->idiag_wqueue;
    row->timer = timer_of(msg);
    row->timer_retries = msg->idiag_retrans;
    row->timer_left_ns = row->timer < 0 ? 0 : MS((int32_t)msg->idiag_expires);
    row->gives_up_ns = -1;
    row->age_ns = -1;
    row->fd = -1;
}

bool diag_parse(const void *payload, size_t length, uint8_t protocol,
                struct lastack_connection_row *row)
{
    struct inet_diag_msg msg;
    if (length < sizeof msg)
        return false;
    memcpy(&msg, payload, sizeof msg);
    if (!is_sane(&msg))
        return false;
    memset(row, 0, sizeof *row);
    parse_base(&msg, protocol, row);
    struct attributes attributes = attributes_behind(payload, length, sizeof msg);
    struct attribute attribute;
    while (attributes_next(&attributes, &attribute))
        parse_attribute(&attribute, row);
    if (attributes.is_broken)
        return false;
    row->owner_kind = (uint8_t)owner_class(row);
    return true;
}
