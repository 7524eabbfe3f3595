/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gso_cut.c: see gso_cut.h.
 */
#include "gso_cut.h"

#include "bytes.h"
#include "check.h"
#include "checksum.h"
#include "packet_parse.h"
#include "tcp_header.h"

enum { TCP_FLAGS_AT = 12, IPV4_LENGTH_AT = 2, IPV4_CHECKSUM_AT = 10, IPV6_LENGTH_AT = 4 };

struct gso_frame {
    struct ip_packet ip;
    size_t ip_header, headers, text;
};

static struct gso_frame read_frame(const uint8_t *frame, size_t length)
{
    struct gso_frame gso;

    CHECK(ip_parse(frame, length, true, &gso.ip) == LASTACK_CAUSE_NONE &&
          gso.ip.protocol == IP_PROTOCOL_TCP && gso.ip.payload_length >= TCP_HEADER_MIN);
    gso.ip_header = (size_t)(gso.ip.payload - frame);
    gso.headers = gso.ip_header + 4u * (gso.ip.payload[TCP_FLAGS_AT] >> 4);
    gso.text = length - gso.headers;
    return gso;
}

size_t gso_count(const uint8_t *frame, size_t length, size_t size)
{
    const struct gso_frame gso = read_frame(frame, length);

    return (gso.text + size - 1) / size;
}

static void store_ip_length(uint8_t *segment, const struct gso_frame *gso, size_t length)
{
    if (gso->ip.is_ipv6) {
        store16(segment + IPV6_LENGTH_AT, (uint16_t)(length - IPV6_HEADER));
        return;
    }
    store16(segment + IPV4_LENGTH_AT, (uint16_t)length);
    store16(segment + IPV4_CHECKSUM_AT, 0);
    store16(segment + IPV4_CHECKSUM_AT, checksum_finish(checksum_add(0, segment, gso->ip_header)));
}

size_t gso_cut(const uint8_t *frame, size_t length, size_t size, size_t index, uint8_t *segment)
{
    const struct gso_frame gso = read_frame(frame, length);
    const size_t offset = index * size;
    const size_t left = gso.text - offset;
    const size_t text = left < size ? left : size;
    uint8_t *tcp = segment + gso.ip_header;
    uint16_t drop = 0;

    memcpy(segment, frame, gso.headers);
    memcpy(segment + gso.headers, frame + gso.headers + offset, text);
    if (text < left)
        drop |= LASTACK_PSH | LASTACK_FIN;
    if (index > 0)
        drop |= LASTACK_CWR;
    store32(tcp + 4, load32(tcp + 4) + (uint32_t)offset);
    store16(tcp + TCP_FLAGS_AT, (uint16_t)(load16(tcp + TCP_FLAGS_AT) & ~drop));
    store_ip_length(segment, &gso, gso.headers + text);
    tcp_store_checksum(tcp, (unsigned)(gso.headers - gso.ip_header), &gso.ip.source,
                       &gso.ip.destination, (uint32_t)(gso.headers - gso.ip_header + text),
                       checksum_add(0, segment + gso.headers, text));
    return gso.headers + text;
}
