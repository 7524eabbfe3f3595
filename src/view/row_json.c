/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_json.c: rows for scripts.
 */
#include "row_json.h"

#include "json_names.h"
#include "words.h"

#include "check.h"

#include <inttypes.h>

/* Every field of struct lastack_tcp_info; tests compare the list with the struct's size. */
/* clang-format off */
#define TCP_INFO_FIELDS(X) \
    X(tcpi_state) X(tcpi_ca_state) X(tcpi_retransmits) X(tcpi_probes) X(tcpi_backoff) \
    X(tcpi_options) X(tcpi_snd_wscale) X(tcpi_rcv_wscale) X(tcpi_delivery_rate_app_limited) \
    X(tcpi_fastopen_client_fail) X(tcpi_rto) X(tcpi_ato) X(tcpi_snd_mss) X(tcpi_rcv_mss) \
    X(tcpi_unacked) X(tcpi_sacked) X(tcpi_lost) X(tcpi_retrans) X(tcpi_fackets) \
    X(tcpi_last_data_sent) X(tcpi_last_ack_sent) X(tcpi_last_data_recv) X(tcpi_last_ack_recv) \
    X(tcpi_pmtu) X(tcpi_rcv_ssthresh) X(tcpi_rtt) X(tcpi_rttvar) X(tcpi_snd_ssthresh) \
    X(tcpi_snd_cwnd) X(tcpi_advmss) X(tcpi_reordering) X(tcpi_rcv_rtt) X(tcpi_rcv_space) \
    X(tcpi_total_retrans) X(tcpi_pacing_rate) X(tcpi_max_pacing_rate) X(tcpi_bytes_acked) \
    X(tcpi_bytes_received) X(tcpi_segs_out) X(tcpi_segs_in) X(tcpi_notsent_bytes) X(tcpi_min_rtt) \
    X(tcpi_data_segs_in) X(tcpi_data_segs_out) X(tcpi_delivery_rate) X(tcpi_busy_time) \
    X(tcpi_rwnd_limited) X(tcpi_sndbuf_limited) X(tcpi_delivered) X(tcpi_delivered_ce) \
    X(tcpi_bytes_sent) X(tcpi_bytes_retrans) X(tcpi_dsack_dups) X(tcpi_reord_seen) \
    X(tcpi_rcv_ooopack) X(tcpi_snd_wnd) X(tcpi_rcv_wnd) X(tcpi_rehash) X(tcpi_total_rto) \
    X(tcpi_total_rto_recoveries) X(tcpi_total_rto_time)
/* clang-format on */

static void set(json_t *object, const char *name, json_t *value)
{
    CHECK(value != NULL);
    int failed = json_object_set_new(object, name, value);
    CHECK(!failed);
}

/* "Unlimited" is the largest number of 64 bits in the kernel; JSON readers get the largest they
 * can hold. */
static json_t *number(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *tcp_info_json(const struct lastack_tcp_info *info)
{
    json_t *object = json_object();

#define X(field) set(object, #field, number(info->field));
    TCP_INFO_FIELDS(X)
#undef X
    return object;
}

typedef void words_function(struct text *text, const struct lastack_connection_row *row);

static void set_words(json_t *object, const char *name, words_function *words,
                      const struct lastack_connection_row *row)
{
    struct text text = {0};

    words(&text, row);
    set(object, name, json_text(&text));
    text_free(&text);
}

static void set_owner(json_t *object, const struct lastack_connection_row *row,
                      const struct row_holder *holders, size_t count)
{
    bool is_known = row->owner_kind == LASTACK_OWNER_PROCESS && row->pid != 0;

    set_words(object, "owner", words_owner, row);
    set(object, "owner_kind", json_string(lastack_owner_text((enum lastack_owner)row->owner_kind)));
    set(object, "pid", is_known ? json_integer(row->pid) : json_null());
    set(object, "fd", is_known ? json_integer(row->fd) : json_null());
    set(object, "comm", is_known ? json_safe(row->comm) : json_null());
    set(object, "holders", json_integer(row->holders));
    if (count < 2)
        return;
    json_t *all = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *one = json_object();

        set(one, "pid", json_integer(holders[i].pid));
        set(one, "fd", json_integer(holders[i].fd));
        set(one, "comm", json_safe(holders[i].comm));
        json_array_append_new(all, one);
    }
    set(object, "processes", all);
}

static void set_timer(json_t *object, const struct lastack_connection_row *row)
{
    bool runs = row->timer >= 0;

    set_words(object, "timer", words_timer, row);
    set(object, "timer_kind", json_timer(row->timer));
    set(object, "timer_left_ms",
        runs ? json_ms(row->timer_left_ns < 0 ? 0 : row->timer_left_ns) : json_null());
    set(object, "timer_retries", runs ? json_integer(row->timer_retries) : json_null());
    set(object, "timer_retries_max",
        runs && row->timer_retries_max != 0 ? json_integer(row->timer_retries_max) : json_null());
    set(object, "gives_up_ms", json_ms(row->gives_up_ns));
}

json_t *row_json(const struct lastack_connection_row *row, const char *source, bool has_tcp_info,
                 const struct row_holder *holders, size_t count)
{
    json_t *object = json_object();
    char cookie[17];

    CHECK(object != NULL);
    snprintf(cookie, sizeof cookie, "%" PRIx64, row->cookie);
    set(object, "family", json_string(row->is_ipv6 ? "inet6" : "inet"));
    set(object, "protocol", json_string(row->protocol == LASTACK_PROTOCOL_UDP ? "udp" : "tcp"));
    set(object, "state", json_state((enum tcp_state)row->state));
    set(object, "local", json_endpoint(&row->local));
    set(object, "peer", json_endpoint(&row->remote));
    set(object, "recv_q", json_integer(row->recv_q));
    set(object, "send_q", json_integer(row->send_q));
    set_owner(object, row, holders, count);
    set_timer(object, row);
    set_words(object, "why", words_why, row);
    set(object, "cause", json_cause((enum lastack_cause)row->cause));
    set(object, "age_ms", json_ms(row->age_ns));
    set(object, "inode", json_integer((json_int_t)row->inode));
    set(object, "cookie", json_string(cookie));
    set(object, "uid", json_integer(row->uid));
    set(object, "netns", row->netns != 0 ? json_integer((json_int_t)row->netns) : json_null());
    set(object, "source", json_safe(source));
    if (has_tcp_info && row->has_tcp_info) {
        set(object, "congestion",
            row->congestion[0] != '\0' ? json_safe(row->congestion) : json_null());
        set(object, "tcp_info", tcp_info_json(&row->tcp_info));
    }
    return object;
}
