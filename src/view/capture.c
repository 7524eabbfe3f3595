/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.c: libpcap reads a pcap, pcapng_reader.h a pcapng, which begins with a line feed as no
 * pcap does; the wire's own functions take the packets apart.
 *
 * A packet that the capture cut is laid into a buffer of its original length, zeros behind what is
 * there: then it parses as any other, and only where its TCP header ends has to be compared with
 * where the capture did.
 */
#include "capture.h"

#include "ethernet.h"
#include "packet_parse.h"
#include "pcapng_reader.h"
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
    PCAPNG_BEGINS = '\n',
    LINKTYPE_RAW_IP = 101, /* in files; the only one here that libpcap calls otherwise */
    SLL2_INTERFACE_AT = 4,
};

/* A frame of either kind of file. */
struct frame {
    int link;
    int64_t at;
    uint64_t seen;
    const uint8_t *data;
    size_t captured, length;
};

struct capture {
    pcap_t *pcap; /* or NULL, and: */
    FILE *in;
    struct pcapng_reader *reader;
    struct pcapng_frame first; /* the reader's, which was looked at already */
    enum pcapng_result first_result;
    bool has_first;
    int link; /* of pcap */
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

static void say_unknown_link(struct text *error, int link)
{
    const char *name = pcap_datalink_val_to_name(link);

    text_addf(error,
              "packets of link type %d (%s) cannot be read; raw IP, Ethernet, Linux "
              "cooked and loopback can",
              link, name != NULL ? name : "?");
}

static struct capture *new_capture(void)
{
    struct capture *capture = calloc(1, sizeof *capture);

    CHECK(capture != NULL);
    return capture;
}

static struct capture *open_pcap(FILE *in, struct text *error)
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
        say_unknown_link(error, pcap_datalink(pcap));
        pcap_close(pcap);
        return NULL;
    }
    capture = new_capture();
    capture->pcap = pcap;
    capture->link = pcap_datalink(pcap);
    return capture;
}

static int link_of_file(int link)
{
    return link == LINKTYPE_RAW_IP ? DLT_RAW : link;
}

/* Whether the first frame says that it can be read. */
static struct capture *open_pcapng(FILE *in, struct text *error)
{
    struct capture *capture = new_capture();
    const struct pcapng_frame *first = &capture->first;

    capture->in = in;
    capture->reader = pcapng_reader_open(in);
    CHECK(capture->reader != NULL);
    capture->first_result = pcapng_reader_next(capture->reader, &capture->first);
    capture->has_first = true;
    if (capture->first_result == PCAPNG_ERROR)
        text_add_safe(error, pcapng_reader_error(capture->reader), NULL);
    else if (capture->first_result == PCAPNG_FRAME && first->interfaces == 1 &&
             !is_known_link(link_of_file(first->link)))
        say_unknown_link(error, first->link);
    else
        return capture;
    capture_close(capture);
    return NULL;
}

struct capture *capture_open(FILE *in, struct text *error)
{
    const int begin = getc(in);

    if (begin != EOF)
        ungetc(begin, in);
    return begin == PCAPNG_BEGINS ? open_pcapng(in, error) : open_pcap(in, error);
}

void capture_close(struct capture *capture)
{
    if (capture->pcap != NULL)
        pcap_close(capture->pcap);
    else
        fclose(capture->in);
    if (capture->reader != NULL)
        pcapng_reader_close(capture->reader);
    free(capture);
}

const char *capture_error(struct capture *capture)
{
    return capture->pcap != NULL ? pcap_geterr(capture->pcap)
                                 : pcapng_reader_error(capture->reader);
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
static size_t ip_offset(int link, const uint8_t *data, size_t length)
{
    size_t offset = 0;

    switch (link) {
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
        return is_known_link(link) ? 0 : SIZE_MAX;
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

static bool read_frame(struct capture *capture, const struct frame *frame,
                       struct capture_segment *segment)
{
    size_t captured = frame->captured, length = frame->length;
    size_t offset = ip_offset(frame->link, frame->data, captured);

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
    memcpy(capture->buffer, frame->data + offset, captured);
    memset(capture->buffer + captured, 0, length - captured);
    repair_length(capture->buffer, length);
    segment->at = frame->at;
    segment->seen = frame->seen;
    if (frame->link == DLT_LINUX_SLL2) /* of "any": it says which */
        segment->seen |= load32(frame->data + SLL2_INTERFACE_AT);
    segment->frame = capture->counts.frames;
    return take_apart(capture, captured, length, segment);
}

static enum capture_result next_of_pcap(struct capture *capture, struct frame *frame)
{
    struct pcap_pkthdr *header;
    int result = pcap_next_ex(capture->pcap, &header, &frame->data);

    if (result != 1)
        return result == PCAP_ERROR_BREAK ? CAPTURE_END : CAPTURE_ERROR;
    frame->link = capture->link;
    frame->at = clamp64(header->ts.tv_sec, 0, SECONDS_MAX) * SEC(1) +
                clamp64(header->ts.tv_usec, 0, SEC(1) - 1);
    frame->seen = 0;
    frame->captured = header->caplen;
    frame->length = header->len;
    return CAPTURE_SEGMENT;
}

static enum capture_result next_of_pcapng(struct capture *capture, struct frame *frame)
{
    struct pcapng_frame next = capture->first;
    enum pcapng_result result = capture->first_result;

    if (!capture->has_first)
        result = pcapng_reader_next(capture->reader, &next);
    capture->has_first = false;
    if (result != PCAPNG_FRAME)
        return result == PCAPNG_END ? CAPTURE_END : CAPTURE_ERROR;
    *frame = (struct frame){.link = link_of_file(next.link),
                            .at = next.at,
                            .seen = (uint64_t)next.interface << 32,
                            .data = next.data,
                            .captured = next.captured,
                            .length = next.length};
    return CAPTURE_SEGMENT;
}

enum capture_result capture_next(struct capture *capture, struct capture_segment *segment)
{
    enum capture_result result;
    struct frame frame;

    while ((result = capture->pcap != NULL ? next_of_pcap(capture, &frame)
                                           : next_of_pcapng(capture, &frame)) == CAPTURE_SEGMENT) {
        capture->counts.frames++;
        if (read_frame(capture, &frame, segment))
            break;
    }
    return result;
}
