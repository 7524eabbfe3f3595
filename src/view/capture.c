/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.c: libpcap reads the file; the wire's own functions take the packets apart.
 *
 * A packet that the capture cut is laid into a buffer of its original length, zeros behind what is
 * there: then it parses as any other, and only where its TCP header ends has to be compared with
 * where the capture did.
 */
#include "capture.h"

#include "ethernet.h"
#include "packet_parse.h"
#include "tcp_header.h"

#include "bytes.h"
#include "check.h"
#include "duration.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum {
    PACKET_SIZE_MAX = 65535 + 40, /* the largest IPv6 packet that is no jumbogram */
    VLAN_MAX = 4,                 /* nested tags */
};

/* The year 2262: what nanoseconds can count to. */
#define SECONDS_MAX INT64_C(9223372035)

enum {
    LOOPBACK_HEADER = 4,
};

struct capture {
    pcap_t *pcap;
    int link;
    struct capture_counts counts;
    uint8_t buffer[PACKET_SIZE_MAX];
};

static bool is_known_link(int link)
{
    switch (link) {
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
    case DLT_EN10MB:
    case DLT_LINUX_SLL:
    case DLT_LINUX_SLL2:
    case DLT_NULL:
    case DLT_LOOP:
        return true;
    default:
        return false;
    }
}

struct capture *capture_open(FILE *in, struct text *error)
{
    char message[PCAP_ERRBUF_SIZE];
    struct capture *capture;
    pcap_t *pcap =
        pcap_fopen_offline_with_tstamp_precision(in, PCAP_TSTAMP_PRECISION_NANO, message);

    if (pcap == NULL) {
        text_add_safe(error, message, NULL);
        fclose(in);
        return NULL;
    }
    if (!is_known_link(pcap_datalink(pcap))) {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(pcap));

        text_addf(error,
                  "packets of link type %d (%s) cannot be read; raw IP, Ethernet, Linux "
                  "cooked and loopback can",
                  pcap_datalink(pcap), name != NULL ? name : "?");
        pcap_close(pcap);
        return NULL;
    }
    capture = calloc(1, sizeof *capture);
    CHECK(capture != NULL);
    capture->pcap = pcap;
    capture->link = pcap_datalink(pcap);
    return capture;
}

void capture_close(struct capture *capture)
{
    pcap_close(capture->pcap);
    free(capture);
}

const char *capture_error(struct capture *capture)
{
    return pcap_geterr(capture->pcap);
}

const struct capture_counts *capture_counts(const struct capture *capture)
{
    return &capture->counts;
}

/* ---- link headers: how many bytes to the IP header, 0 for what is no IP ---- */

static bool is_ip_type(uint16_t type)
{
    return type == ETHERNET_TYPE_IPV4 || type == ETHERNET_TYPE_IPV6;
}

static size_t after_ethernet(const uint8_t *data, size_t length)
{
    size_t at = 12;

    for (unsigned tags = 0; tags <= VLAN_MAX && at + 2 <= length; tags++) {
        uint16_t type = load16(data + at);

        if (type != 0x8100 && type != 0x88a8 && type != 0x9100) /* 802.1Q, 802.1ad, older */
            return is_ip_type(type) ? at + 2 : 0;
        at += 4;
    }
    return 0;
}

static size_t after_cooked(const uint8_t *data, size_t length, size_t type_at, size_t header)
{
    return length >= header && is_ip_type(load16(data + type_at)) ? header : 0;
}

/* An address family in the byte order of whoever wrote it; IPv6's number differs by system. */
static size_t after_loopback(const uint8_t *data, size_t length)
{
    if (length < LOOPBACK_HEADER)
        return 0;
    uint32_t big = load32(data);
    uint32_t family = big <= 0xffff ? big : big >> 24;
    bool is_ip = family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
    return is_ip ? LOOPBACK_HEADER : 0;
}

/* Offset of the IP header; SIZE_MAX if there is none. */
static size_t ip_offset(const struct capture *capture, const uint8_t *data, size_t length)
{
    size_t offset = 0;

    switch (capture->link) {
    case DLT_EN10MB:
        offset = after_ethernet(data, length);
        break;
    case DLT_LINUX_SLL:
        offset = after_cooked(data, length, 14, 16);
        break;
    case DLT_LINUX_SLL2:
        offset = after_cooked(data, length, 0, 20);
        break;
    case DLT_NULL:
    case DLT_LOOP:
        offset = after_loopback(data, length);
        break;
    default:
        return 0;
    }
    return offset == 0 ? SIZE_MAX : offset;
}

/* ---- packets ---- */

/* A large frame of a sending host may have no length yet: it is what the capture says. */
static void repair_length(uint8_t *ip, size_t length)
{
    bool is_ipv4 = length >= 20 && ip[0] >> 4 == 4;

    if (is_ipv4 && load16(ip + 2) == 0 && length <= UINT16_MAX)
        store16(ip + 2, (uint16_t)length);
}

/* Into `segment`; false, and counted, if this is no TCP segment. */
static bool take_apart(struct capture *capture, size_t captured, size_t length,
                       struct capture_segment *segment)
{
    struct capture_counts *counts = &capture->counts;
    const uint8_t *ip = capture->buffer;
    struct ip_packet packet;

    if (ip_parse(ip, length, true, &packet) != LASTACK_CAUSE_NONE) {
        counts->broken++;
        return false;
    }
    if (packet.protocol != IP_PROTOCOL_TCP) {
        counts->other++;
        return false;
    }
    if (packet.is_fragment) {
        counts->fragments++;
        return false;
    }
    size_t at = (size_t)(packet.payload - ip);
    if (at + TCP_HEADER_MIN > captured || at + (size_t)(packet.payload[12] >> 4) * 4 > captured) {
        counts->cut++;
        return false;
    }
    if (tcp_parse(&packet, &segment->segment) != LASTACK_CAUSE_NONE) {
        counts->broken++;
        return false;
    }
    segment->segment.tuple = tuple_reversed(&segment->segment.tuple);
    segment->segment.text = NULL;
    segment->ip_id = packet.is_ipv6 ? 0 : load16(ip + 4);
    counts->segments++;
    return true;
}

static bool read_frame(struct capture *capture, const struct pcap_pkthdr *header,
                       const uint8_t *data, struct capture_segment *segment)
{
    size_t captured = header->caplen, length = header->len;
    size_t offset = ip_offset(capture, data, captured);

    if (offset == SIZE_MAX || offset >= captured) {
        capture->counts.other++;
        return false;
    }
    captured -= offset;
    length = length > offset + captured ? length - offset : captured;
    if (length > sizeof capture->buffer) {
        capture->counts.broken++;
        return false;
    }
    memcpy(capture->buffer, data + offset, captured);
    memset(capture->buffer + captured, 0, length - captured);
    repair_length(capture->buffer, length);
    segment->at = clamp64(header->ts.tv_sec, 0, SECONDS_MAX) * SEC(1) +
                  clamp64(header->ts.tv_usec, 0, SEC(1) - 1);
    segment->frame = capture->counts.frames;
    return take_apart(capture, captured, length, segment);
}

enum capture_result capture_next(struct capture *capture, struct capture_segment *segment)
{
    struct pcap_pkthdr *header;
    const u_char *data;

    for (;;) {
        int result = pcap_next_ex(capture->pcap, &header, &data);

        if (result == PCAP_ERROR_BREAK)
            return CAPTURE_END;
        if (result != 1)
            return CAPTURE_ERROR;
        capture->counts.frames++;
        if (read_frame(capture, header, data, segment))
            return CAPTURE_SEGMENT;
    }
}
