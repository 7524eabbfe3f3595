/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng.c: blocks of pcapng.
 *
 *     │ type │ length │ body, padded to 4 │ options, each padded │ end of options │ length │
 *        4       4                                                       4            4
 *
 * Written big-endian, whatever the machine, so that equal runs give equal files. The length is
 * known before the first byte is written: nothing is sought in, so the FILE may be a pipe.
 */
#include "pcapng.h"

#include "checksum.h"
#include "packet_parse.h"

#include "bytes.h"
#include "check.h"

#include <inttypes.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6, /* enhanced packet block */
    BYTE_ORDER = 0x1a2b3c4d,

    OPTION_COMMENT = 1,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_RESOLUTION = 9,
    PACKET_FLAGS = 2,

    COMMENT_MAX = 65000, /* an option's length has 16 bits */
    PIECES_MAX = LASTACK_IOV_MAX + 1,
};

/* ---- writing ---- */

static void put(struct pcapng *file, const void *data, size_t length)
{
    if (!file->has_failed && length > 0 && fwrite(data, 1, length, file->out) != length)
        file->has_failed = true;
}

static void put32(struct pcapng *file, uint32_t value)
{
    uint8_t bytes[4];

    store32(bytes, value);
    put(file, bytes, sizeof bytes);
}

static void put16(struct pcapng *file, uint16_t value)
{
    uint8_t bytes[2];

    store16(bytes, value);
    put(file, bytes, sizeof bytes);
}

static uint32_t padded(size_t length)
{
    return (uint32_t)((length + 3) & ~(size_t)3);
}

static void put_padding(struct pcapng *file, size_t length)
{
    static const uint8_t zeros[3];

    put(file, zeros, padded(length) - length);
}

/* Bytes of an option with its header; 0 for none. */
static uint32_t option_size(size_t length)
{
    return length == 0 ? 0 : 4 + padded(length);
}

static void put_option(struct pcapng *file, uint16_t code, const void *value, size_t length)
{
    if (length == 0)
        return;
    put16(file, code);
    put16(file, (uint16_t)length);
    put(file, value, length);
    put_padding(file, length);
}

static void put_end_of_options(struct pcapng *file)
{
    put32(file, 0);
}

/* Type, length, body of `body` bytes (written by the caller), options: 12 bytes around. */
static uint32_t begin_block(struct pcapng *file, uint32_t type, uint32_t body)
{
    put32(file, type);
    put32(file, body + 12);
    return body + 12;
}

static size_t length_of(const char *string)
{
    size_t length = string == NULL ? 0 : strlen(string);

    if (length <= COMMENT_MAX)
        return length;
    length = COMMENT_MAX;
    while (length > 0 && ((unsigned char)string[length] & 0xc0) == 0x80) /* not amid a character */
        length--;
    return length;
}

/* ---- section and interfaces ---- */

void pcapng_begin(struct pcapng *file, FILE *out, const char *application)
{
    *file = (struct pcapng){.out = out};

    size_t length = length_of(application);
    uint32_t total = begin_block(file, BLOCK_SECTION, 16 + option_size(length) + 4);
    put32(file, BYTE_ORDER);
    put16(file, 1); /* version 1.0 */
    put16(file, 0);
    put32(file, UINT32_MAX); /* length of the section: not said */
    put32(file, UINT32_MAX);
    put_option(file, SECTION_APPLICATION, application, length);
    put_end_of_options(file);
    put32(file, total);
}

uint32_t pcapng_interface(struct pcapng *file, enum pcapng_link link, const char *name)
{
    static const uint8_t nanoseconds = 9;

    size_t length = length_of(name);
    uint32_t body = 8 + option_size(length) + option_size(sizeof nanoseconds) + 4;
    uint32_t total = begin_block(file, BLOCK_INTERFACE, body);
    put16(file, (uint16_t)link);
    put16(file, 0);
    put32(file, 0); /* packets are never cut */
    put_option(file, INTERFACE_NAME, name, length);
    put_option(file, INTERFACE_RESOLUTION, &nanoseconds, sizeof nanoseconds);
    put_end_of_options(file);
    put32(file, total);
    return file->interfaces++;
}

/* ---- packets ---- */

/* A packet in pieces, so that a header can be corrected without copying the text. */
struct pieces {
    struct lastack_iovec piece[PIECES_MAX];
    unsigned count;
    size_t length;
};

static void add_piece(struct pieces *pieces, const void *data, size_t length)
{
    CHECK(pieces->count < PIECES_MAX);
    pieces->piece[pieces->count++] = (struct lastack_iovec){data, length};
    pieces->length += length;
}

static void put_packet(struct pcapng *file, const struct pcapng_note *note,
                       const struct pieces *pieces)
{
    uint64_t time = note->time_ns > 0 ? (uint64_t)note->time_ns : 0;
    size_t comment = length_of(note->comment);
    uint8_t flags[4];

    CHECK(note->interface < file->interfaces);
    store32(flags, (uint32_t)note->direction); /* bits 0-1: 01 inbound, 10 outbound */
    uint32_t options = option_size(comment) + option_size(sizeof flags) + 4;
    uint32_t total = begin_block(file, BLOCK_PACKET, 20 + padded(pieces->length) + options);
    put32(file, note->interface);
    put32(file, (uint32_t)(time >> 32));
    put32(file, (uint32_t)time);
    put32(file, (uint32_t)pieces->length); /* captured */
    put32(file, (uint32_t)pieces->length); /* on the wire */
    for (unsigned i = 0; i < pieces->count; i++)
        put(file, pieces->piece[i].base, pieces->piece[i].length);
    put_padding(file, pieces->length);
    put_option(file, OPTION_COMMENT, note->comment, comment);
    put_option(file, PACKET_FLAGS, flags, sizeof flags);
    put_end_of_options(file);
    put32(file, total);
    file->packets++;
}

void pcapng_bytes(struct pcapng *file, const struct pcapng_note *note, const uint8_t *data,
                  size_t length)
{
    struct pieces pieces = {0};

    add_piece(&pieces, data, length);
    put_packet(file, note, &pieces);
}

/* Where the transport's checksum stands in its header; -1 if it has none that a link finishes. */
static int checksum_place(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP ? 16 : protocol == IP_PROTOCOL_UDP ? 6 : -1;
}

/* Finishes the checksum in `header`, a copy of the first bytes of the frame. True if it was not
 * right. */
static bool finish_trusted(const uint8_t *data, size_t length, size_t ip_offset, uint8_t *header,
                           size_t header_size)
{
    struct ip_packet ip;

    if (ip_offset >= length ||
        ip_parse(data + ip_offset, length - ip_offset, true, &ip) != LASTACK_CAUSE_NONE)
        return false;
    int place = checksum_place(ip.protocol);
    if (ip.is_fragment || place < 0 || ip.payload_length < (size_t)place + 2)
        return false;
    size_t at = (size_t)(ip.payload - data) + (size_t)place;
    if (at + 2 > header_size || ip_payload_checksum_ok(&ip))
        return false;
    uint32_t sum =
        checksum_pseudo(&ip.source, &ip.destination, ip.protocol, (uint32_t)ip.payload_length);
    sum = checksum_add(sum, ip.payload, (size_t)place);
    sum = checksum_add_at(sum, ip.payload + place + 2, ip.payload_length - (size_t)place - 2,
                          (size_t)place + 2);
    uint16_t checksum = checksum_finish(sum);
    /* In UDP 0 means "none" (RFC 768). */
    store16(header + at, ip.protocol == IP_PROTOCOL_UDP && checksum == 0 ? 0xffff : checksum);
    return true;
}

void pcapng_packet_in(struct pcapng *file, const struct pcapng_note *note,
                      const struct lastack_packet_in *packet, size_t ip_offset)
{
    uint8_t header[256];
    size_t size = packet->length < sizeof header ? packet->length : sizeof header;
    struct pieces pieces = {0};

    memcpy(header, packet->data, size);
    if ((packet->flags & LASTACK_CHECKSUM_TRUSTED) &&
        finish_trusted(packet->data, packet->length, ip_offset, header, sizeof header)) {
        add_piece(&pieces, header, size);
        add_piece(&pieces, packet->data + size, packet->length - size);
    } else {
        add_piece(&pieces, packet->data, packet->length);
    }
    put_packet(file, note, &pieces);
}

/* The sum over [checksum_start, end), the partial sum in the checksum's field included
 * (packet.h). */
static uint16_t finish_partial(const struct lastack_packet_out *packet)
{
    size_t offset = 0;
    uint32_t sum = 0;

    for (unsigned i = 0; i < packet->iov_count; i++) {
        const uint8_t *data = packet->iov[i].base;
        size_t length = packet->iov[i].length;
        size_t skip = offset < packet->checksum_start ? packet->checksum_start - offset : 0;

        if (skip < length)
            sum = checksum_add_at(sum, data + skip, length - skip,
                                  offset + skip - packet->checksum_start);
        offset += length;
    }
    return checksum_finish(sum);
}

/* "..., gso 1448" */
static const char *gso_comment(const struct lastack_packet_out *packet, const char *comment,
                               char *buffer, size_t size)
{
    if (packet->gso_size == 0)
        return comment;
    unsigned payload = packet->length - packet->header_length;
    unsigned segments = (payload + packet->gso_size - 1) / packet->gso_size;
    snprintf(buffer, size, "%s%sgso %u: %u segments on the wire", comment != NULL ? comment : "",
             comment != NULL ? "; " : "", packet->gso_size, segments);
    return buffer;
}

void pcapng_packet_out(struct pcapng *file, const struct pcapng_note *note,
                       const struct lastack_packet_out *packet)
{
    uint8_t header[LASTACK_HEADER_MAX];
    char comment[1024];
    struct pcapng_note noted = *note;
    struct pieces pieces = {0};

    CHECK(packet->iov_count >= 1 && packet->iov_count <= LASTACK_IOV_MAX);
    CHECK(packet->iov[0].length <= sizeof header);
    memcpy(header, packet->iov[0].base, packet->iov[0].length);
    if (packet->flags & LASTACK_CHECKSUM_PARTIAL) {
        size_t at = (size_t)packet->checksum_start + packet->checksum_offset;

        CHECK(at + 2 <= packet->iov[0].length);
        store16(header + at, finish_partial(packet));
    }
    add_piece(&pieces, header, packet->iov[0].length);
    for (unsigned i = 1; i < packet->iov_count; i++)
        add_piece(&pieces, packet->iov[i].base, packet->iov[i].length);
    noted.comment = gso_comment(packet, note->comment, comment, sizeof comment);
    put_packet(file, &noted, &pieces);
}

bool pcapng_failed(struct pcapng *file)
{
    if (!file->has_failed && (fflush(file->out) != 0 || ferror(file->out)))
        file->has_failed = true;
    return file->has_failed;
}
