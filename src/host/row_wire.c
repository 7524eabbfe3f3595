/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_wire.c: see row_wire.h.
 */
#include "row_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field_kind { FIELD_SIGNED, FIELD_UNSIGNED, FIELD_BOOL, FIELD_TEXT, FIELD_ENDPOINT };

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset, size;
};

#define FIELD(kind, name)                                                                          \
    {                                                                                              \
#name, kind, offsetof(struct lastack_connection_row, name),                                \
            sizeof(((struct lastack_connection_row *)NULL)->name)                                  \
    }
#define INFO(name)   FIELD(FIELD_UNSIGNED, tcp_info.name)
#define MEMORY(name) FIELD(FIELD_UNSIGNED, memory.name)

static const struct field fields[] = {
    FIELD(FIELD_UNSIGNED, protocol),
    FIELD(FIELD_UNSIGNED, state),
    FIELD(FIELD_UNSIGNED, owner_kind),
    FIELD(FIELD_UNSIGNED, shutdown),
    FIELD(FIELD_BOOL, is_ipv6),
    FIELD(FIELD_BOOL, has_tcp_info),
    FIELD(FIELD_ENDPOINT, local),
    FIELD(FIELD_ENDPOINT, remote),
    FIELD(FIELD_UNSIGNED, link),
    FIELD(FIELD_UNSIGNED, cookie),
    FIELD(FIELD_UNSIGNED, inode),
    FIELD(FIELD_UNSIGNED, uid),
    FIELD(FIELD_UNSIGNED, mark),
    FIELD(FIELD_UNSIGNED, pid),
    FIELD(FIELD_SIGNED, fd),
    FIELD(FIELD_UNSIGNED, holders),
    FIELD(FIELD_TEXT, comm),
    FIELD(FIELD_UNSIGNED, recv_q),
    FIELD(FIELD_UNSIGNED, send_q),
    FIELD(FIELD_SIGNED, timer),
    FIELD(FIELD_UNSIGNED, timer_retries),
    FIELD(FIELD_UNSIGNED, timer_retries_max),
    FIELD(FIELD_SIGNED, timer_left_ns),
    FIELD(FIELD_SIGNED, gives_up_ns),
    FIELD(FIELD_UNSIGNED, cause),
    FIELD(FIELD_SIGNED, age_ns),
    FIELD(FIELD_BOOL, reuse_address),
    FIELD(FIELD_BOOL, reuse_port),
    FIELD(FIELD_BOOL, v6_only),
    FIELD(FIELD_BOOL, has_memory),
    FIELD(FIELD_UNSIGNED, tos),
    FIELD(FIELD_UNSIGNED, tclass),
    FIELD(FIELD_UNSIGNED, class_id),
    FIELD(FIELD_UNSIGNED, cgroup),
    FIELD(FIELD_UNSIGNED, netns),
    FIELD(FIELD_TEXT, congestion),
    MEMORY(rmem_alloc),
    MEMORY(rcvbuf),
    MEMORY(wmem_alloc),
    MEMORY(sndbuf),
    MEMORY(fwd_alloc),
    MEMORY(wmem_queued),
    MEMORY(optmem),
    MEMORY(backlog),
    MEMORY(drops),
    INFO(tcpi_state),
    INFO(tcpi_ca_state),
    INFO(tcpi_retransmits),
    INFO(tcpi_probes),
    INFO(tcpi_backoff),
    INFO(tcpi_options),
    INFO(tcpi_snd_wscale),
    INFO(tcpi_rcv_wscale),
    INFO(tcpi_delivery_rate_app_limited),
    INFO(tcpi_fastopen_client_fail),
    INFO(tcpi_rto),
    INFO(tcpi_ato),
    INFO(tcpi_snd_mss),
    INFO(tcpi_rcv_mss),
    INFO(tcpi_unacked),
    INFO(tcpi_sacked),
    INFO(tcpi_lost),
    INFO(tcpi_retrans),
    INFO(tcpi_fackets),
    INFO(tcpi_last_data_sent),
    INFO(tcpi_last_ack_sent),
    INFO(tcpi_last_data_recv),
    INFO(tcpi_last_ack_recv),
    INFO(tcpi_pmtu),
    INFO(tcpi_rcv_ssthresh),
    INFO(tcpi_rtt),
    INFO(tcpi_rttvar),
    INFO(tcpi_snd_ssthresh),
    INFO(tcpi_snd_cwnd),
    INFO(tcpi_advmss),
    INFO(tcpi_reordering),
    INFO(tcpi_rcv_rtt),
    INFO(tcpi_rcv_space),
    INFO(tcpi_total_retrans),
    INFO(tcpi_pacing_rate),
    INFO(tcpi_max_pacing_rate),
    INFO(tcpi_bytes_acked),
    INFO(tcpi_bytes_received),
    INFO(tcpi_segs_out),
    INFO(tcpi_segs_in),
    INFO(tcpi_notsent_bytes),
    INFO(tcpi_min_rtt),
    INFO(tcpi_data_segs_in),
    INFO(tcpi_data_segs_out),
    INFO(tcpi_delivery_rate),
    INFO(tcpi_busy_time),
    INFO(tcpi_rwnd_limited),
    INFO(tcpi_sndbuf_limited),
    INFO(tcpi_delivered),
    INFO(tcpi_delivered_ce),
    INFO(tcpi_bytes_sent),
    INFO(tcpi_bytes_retrans),
    INFO(tcpi_dsack_dups),
    INFO(tcpi_reord_seen),
    INFO(tcpi_rcv_ooopack),
    INFO(tcpi_snd_wnd),
    INFO(tcpi_rcv_wnd),
    INFO(tcpi_rehash),
    INFO(tcpi_total_rto),
    INFO(tcpi_total_rto_recoveries),
    INFO(tcpi_total_rto_time),
};

enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

/* ---- numbers of any width, at any place ---- */

static int64_t load_number(const struct field *field, const uint8_t *at)
{
    bool is_signed = field->kind == FIELD_SIGNED;
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    switch (field->size) {
    case 1:
        return is_signed ? (int8_t)*at : *at;
    case 2:
        memcpy(&half, at, sizeof half);
        return is_signed ? (int16_t)half : half;
    case 4:
        memcpy(&word, at, sizeof word);
        return is_signed ? (int64_t)(int32_t)word : (int64_t)word;
    default:
        memcpy(&wide, at, sizeof wide);
        return (int64_t)wide;
    }
}

static void store_number(const struct field *field, uint8_t *at, int64_t value)
{
    uint64_t wide = (uint64_t)value;
    uint32_t word = (uint32_t)wide;
    uint16_t half = (uint16_t)wide;

    switch (field->size) {
    case 1:
        *at = (uint8_t)wide;
        break;
    case 2:
        memcpy(at, &half, sizeof half);
        break;
    case 4:
        memcpy(at, &word, sizeof word);
        break;
    default:
        memcpy(at, &wide, sizeof wide);
        break;
    }
}

/* Whether the number came back whole. */
static bool fits(const struct field *field, const uint8_t *at, int64_t value)
{
    return load_number(field, at) == value;
}

/* ---- out ---- */

static json_t *encode_field(const struct field *field, const uint8_t *at)
{
    char text[LASTACK_ENDPOINT_TEXT];
    struct lastack_endpoint endpoint;
    int64_t number;

    switch (field->kind) {
    case FIELD_SIGNED:
    case FIELD_UNSIGNED:
        number = load_number(field, at);
        return number != 0 ? json_integer(number) : NULL;
    case FIELD_BOOL:
        return *at != 0 ? json_true() : NULL;
    case FIELD_TEXT:
        return *at != 0 ? json_stringn((const char *)at, strnlen((const char *)at, field->size))
                        : NULL;
    case FIELD_ENDPOINT:
        memcpy(&endpoint, at, sizeof endpoint);
        lastack_endpoint_text(&endpoint, text, sizeof text);
        return json_string(text);
    }
    return NULL;
}

json_t *row_encode(const struct lastack_connection_row *row)
{
    json_t *object = json_object();

    if (object == NULL)
        return NULL;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        json_t *value = encode_field(&fields[i], (const uint8_t *)row + fields[i].offset);

        if (value != NULL)
            json_object_set_new_nocheck(object, fields[i].name, value);
    }
    return object;
}

/* ---- in ---- */

bool endpoint_decode(const char *text, struct lastack_endpoint *endpoint)
{
    const char *colon = strrchr(text, ':');
    char address[LASTACK_ADDRESS_TEXT], *end;
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned long port = 0;

    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof address)
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    if (strcmp(colon + 1, "*") != 0) {
        if (colon[1] < '0' || colon[1] > '9')
            return false;
        port = strtoul(colon + 1, &end, 10);
        if (*end != '\0' || port > UINT16_MAX)
            return false;
    }
    endpoint->port = (uint16_t)port;
    return lastack_address_parse(address, &endpoint->address);
}

static bool decode_text(const struct field *field, const json_t *value, uint8_t *at)
{
    size_t length = json_string_length(value);

    if (!json_is_string(value) || length >= field->size)
        return false;
    memcpy(at, json_string_value(value), length);
    return true;
}

static bool decode_endpoint(const json_t *value, uint8_t *at)
{
    struct lastack_endpoint endpoint = {0};

    if (!json_is_string(value) || !endpoint_decode(json_string_value(value), &endpoint))
        return false;
    memcpy(at, &endpoint, sizeof endpoint);
    return true;
}

static bool decode_field(const struct field *field, const json_t *value, uint8_t *at)
{
    switch (field->kind) {
    case FIELD_SIGNED:
    case FIELD_UNSIGNED:
        if (!json_is_integer(value))
            return false;
        store_number(field, at, json_integer_value(value));
        return fits(field, at, json_integer_value(value));
    case FIELD_BOOL:
        *at = json_is_true(value);
        return json_is_boolean(value);
    case FIELD_TEXT:
        return decode_text(field, value, at);
    case FIELD_ENDPOINT:
        return decode_endpoint(value, at);
    }
    return false;
}

bool row_decode(const json_t *object, struct lastack_connection_row *row)
{
    memset(row, 0, sizeof *row);
    if (!json_is_object(object))
        return false;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const json_t *value = json_object_get(object, fields[i].name);

        if (value != NULL && !decode_field(&fields[i], value, (uint8_t *)row + fields[i].offset))
            return false;
    }
    return true;
}
