/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcapng_reader.c: see pcapng_reader.h.
 *
 *     type, length | body, padded to four bytes | length again        of every block
 *
 * A section says with its first number in which byte order it is written.
 */
#include "pcapng_reader.h"

#include "bytes.h"
#include "duration.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OBSOLETE = 2,
    BLOCK_PACKET_SIMPLE = 3,
    BLOCK_PACKET = 6,
    ORDER_MARK = 0x1a2b3c4d,
    FRAMING = 12, /* type and both lengths */
    OPTION_END = 0,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,
    RESOLUTION_BINARY = 0x80,
    MICROSECONDS = 6, /* the resolution unless told otherwise: 10^-6 */
};

/* The year 2262: what nanoseconds can count to. */
#define PCAPNG_SECONDS_MAX INT64_C(9223372035)

struct known_interface {
    int link;
    uint32_t snap_length; /* 0: none */
    uint8_t resolution;
    int64_t offset_seconds;
};

struct pcapng_reader {
    FILE *in;
    bool is_little;
    struct known_interface interface[PCAPNG_INTERFACES_MAX]; /* of this section */
    uint32_t interfaces, before;                             /* before: of earlier sections */
    bool has_section;
    char error[120];
    size_t length; /* of the body */
    uint8_t body[PCAPNG_BLOCK_MAX];
};

struct pcapng_reader *pcapng_reader_open(FILE *in)
{
    struct pcapng_reader *reader = calloc(1, sizeof *reader);

    if (reader != NULL)
        reader->in = in;
    return reader;
}

void pcapng_reader_close(struct pcapng_reader *reader)
{
    free(reader);
}

const char *pcapng_reader_error(const struct pcapng_reader *reader)
{
    return reader->error;
}

static enum pcapng_result damaged(struct pcapng_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum pcapng_result damaged(struct pcapng_reader *reader, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reader->error, sizeof reader->error, format, arguments);
    va_end(arguments);
    return PCAPNG_ERROR;
}

/* ---- numbers ---- */

static uint16_t number16(const struct pcapng_reader *reader, const uint8_t *at)
{
    const uint16_t big = load16(at);

    return reader->is_little ? __builtin_bswap16(big) : big;
}

static uint32_t number32(const struct pcapng_reader *reader, const uint8_t *at)
{
    const uint32_t big = load32(at);

    return reader->is_little ? __builtin_bswap32(big) : big;
}

static uint64_t number64(const struct pcapng_reader *reader, const uint8_t *at)
{
    const uint64_t big = load64(at);

    return reader->is_little ? __builtin_bswap64(big) : big;
}

/* A count of 10^-digits seconds. */
static int64_t decimal_time(uint64_t count, unsigned digits)
{
    uint64_t unit = 1, seconds, rest;

    if (digits > 19) /* more than 64 bits can count */
        return 0;
    for (unsigned i = 0; i < digits; i++)
        unit *= 10;
    seconds = count / unit;
    rest = count % unit;
    if (seconds > (uint64_t)PCAPNG_SECONDS_MAX)
        return SEC(PCAPNG_SECONDS_MAX);
    for (; digits < 9; digits++)
        rest *= 10;
    for (; digits > 9; digits--)
        rest /= 10;
    return SEC((int64_t)seconds) + (int64_t)rest;
}

/* A count of 2^-bits seconds. */
static int64_t binary_time(uint64_t count, unsigned bits)
{
    uint64_t seconds = bits < 64 ? count >> bits : 0;
    uint64_t rest = bits == 0 ? 0 : bits < 64 ? count & (UINT64_MAX >> (64 - bits)) : count;

    if (bits > 64 + 32)
        return 0;
    if (bits > 32) { /* of the rest no more is wanted than its first 32 bits */
        rest = bits - 32 < 64 ? rest >> (bits - 32) : 0;
        bits = 32;
    }
    if (seconds > (uint64_t)PCAPNG_SECONDS_MAX)
        return SEC(PCAPNG_SECONDS_MAX);
    return SEC((int64_t)seconds) + (int64_t)(rest * 1000000000 >> bits);
}

static int64_t time_of(const struct known_interface *interface, uint64_t count)
{
    const unsigned power = interface->resolution & ~(unsigned)RESOLUTION_BINARY;
    const int64_t at = (interface->resolution & RESOLUTION_BINARY) != 0
                           ? binary_time(count, power)
                           : decimal_time(count, power);
    const int64_t most = PCAPNG_SECONDS_MAX - at / SEC(1);

    return at + SEC(clamp64(interface->offset_seconds, -(at / SEC(1)), most));
}

/* ---- blocks ---- */

static bool skip(struct pcapng_reader *reader, uint64_t count)
{
    while (count > 0) {
        const size_t part = count < sizeof reader->body ? (size_t)count : sizeof reader->body;

        if (fread(reader->body, 1, part, reader->in) != part)
            return false;
        count -= part;
    }
    return true;
}

/* Behind the type and the length of a section comes the number that says its byte order. */
static enum pcapng_result begin_section(struct pcapng_reader *reader, const uint8_t *length_at,
                                        uint32_t *length)
{
    uint8_t order[4];

    if (fread(order, 1, sizeof order, reader->in) != sizeof order)
        return damaged(reader, "it breaks off in a section header");
    reader->is_little = false;
    if (load32(order) != ORDER_MARK) {
        reader->is_little = true;
        if (number32(reader, order) != ORDER_MARK)
            return damaged(reader, "a section header without its byte order");
    }
    *length = number32(reader, length_at);
    reader->before += reader->interfaces;
    reader->interfaces = 0;
    reader->has_section = true;
    return PCAPNG_FRAME;
}

static bool holds_something(uint32_t type)
{
    return type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_PACKET_SIMPLE ||
           type == BLOCK_PACKET_OBSOLETE;
}

/* Body and second length. `ahead`: bytes of the body that were read before. */
static enum pcapng_result read_body(struct pcapng_reader *reader, uint32_t type, uint32_t length,
                                    uint32_t ahead)
{
    uint8_t again[4];

    if (length < FRAMING + ahead || length % 4 != 0)
        return damaged(reader, "a block of type %" PRIu32 " has the length %" PRIu32, type, length);
    reader->length = length - FRAMING - ahead;
    if (holds_something(type) && reader->length > sizeof reader->body)
        return damaged(reader, "a packet of %zu bytes; %d are read at the most", reader->length,
                       PCAPNG_BLOCK_MAX);
    if (!skip(reader, reader->length) || fread(again, 1, sizeof again, reader->in) != sizeof again)
        return damaged(reader, "it breaks off in a block of type %" PRIu32, type);
    if (number32(reader, again) != length)
        return damaged(reader, "a block of %" PRIu32 " bytes ends with the length %" PRIu32, length,
                       number32(reader, again));
    return PCAPNG_FRAME;
}

/* The next block: its type, and its body if it holds an interface or a packet. */
static enum pcapng_result read_block(struct pcapng_reader *reader, uint32_t *type)
{
    uint8_t head[8];
    const size_t got = fread(head, 1, sizeof head, reader->in);
    enum pcapng_result result = PCAPNG_FRAME;
    uint32_t length;

    if (got == 0 && ferror(reader->in) == 0)
        return reader->has_section ? PCAPNG_END : damaged(reader, "it is empty");
    if (got != sizeof head)
        return damaged(reader, "it breaks off in the head of a block");
    *type = number32(reader, head); /* a section's reads the same both ways */
    length = number32(reader, head + 4);
    if (*type != BLOCK_SECTION && !reader->has_section)
        return damaged(reader, "it does not begin with a section header");
    if (*type == BLOCK_SECTION)
        result = begin_section(reader, head + 4, &length);
    return result == PCAPNG_FRAME ? read_body(reader, *type, length, *type == BLOCK_SECTION ? 4 : 0)
                                  : result;
}

/* ---- interfaces ---- */

static void take_options(const struct pcapng_reader *reader, size_t at,
                         struct known_interface *interface)
{
    while (at + 4 <= reader->length) {
        const uint16_t code = number16(reader, reader->body + at);
        const uint16_t length = number16(reader, reader->body + at + 2);

        at += 4;
        if (code == OPTION_END || length > reader->length - at)
            return;
        if (code == OPTION_RESOLUTION && length == 1)
            interface->resolution = reader->body[at];
        if (code == OPTION_OFFSET && length == 8)
            interface->offset_seconds = (int64_t)number64(reader, reader->body + at);
        at += (length + 3u) & ~3u;
    }
}

static enum pcapng_result add_interface(struct pcapng_reader *reader)
{
    struct known_interface *interface = &reader->interface[reader->interfaces];

    if (reader->length < 8)
        return damaged(reader, "an interface of %zu bytes", reader->length);
    if (reader->interfaces == PCAPNG_INTERFACES_MAX)
        return damaged(reader, "more than %d interfaces", PCAPNG_INTERFACES_MAX);
    *interface = (struct known_interface){.link = number16(reader, reader->body),
                                          .snap_length = number32(reader, reader->body + 4),
                                          .resolution = MICROSECONDS};
    take_options(reader, 8, interface);
    reader->interfaces++;
    return PCAPNG_FRAME;
}

/* ---- packets ---- */

static enum pcapng_result make_frame(struct pcapng_reader *reader, uint32_t number, size_t at,
                                     struct pcapng_frame *frame)
{
    if (number >= reader->interfaces)
        return damaged(reader, "a packet of interface %" PRIu32 ", and there are %" PRIu32, number,
                       reader->interfaces);
    if (frame->captured > reader->length - at)
        return damaged(reader, "a packet of %zu bytes in a block of %zu", frame->captured,
                       reader->length);
    frame->interface = reader->before + number;
    frame->interfaces = reader->before + reader->interfaces;
    frame->link = reader->interface[number].link;
    frame->data = reader->body + at;
    return PCAPNG_FRAME;
}

/* The simple one has no time and no captured length: as much as the interface keeps. */
static enum pcapng_result take_simple(struct pcapng_reader *reader, struct pcapng_frame *frame)
{
    const uint32_t kept = reader->interfaces > 0 ? reader->interface[0].snap_length : 0;

    if (reader->length < 4)
        return damaged(reader, "a simple packet of %zu bytes", reader->length);
    frame->length = frame->captured = number32(reader, reader->body);
    if (kept != 0 && frame->captured > kept)
        frame->captured = kept;
    return make_frame(reader, 0, 4, frame);
}

static enum pcapng_result take_packet(struct pcapng_reader *reader, uint32_t type,
                                      struct pcapng_frame *frame)
{
    const uint8_t *body = reader->body;
    uint32_t number;
    enum pcapng_result result;

    *frame = (struct pcapng_frame){0};
    if (type == BLOCK_PACKET_SIMPLE)
        return take_simple(reader, frame);
    if (reader->length < 20)
        return damaged(reader, "a packet block of %zu bytes", reader->length);
    number = type == BLOCK_PACKET ? number32(reader, body) : number16(reader, body);
    frame->captured = number32(reader, body + 12);
    frame->length = number32(reader, body + 16);
    result = make_frame(reader, number, 20, frame);
    if (result == PCAPNG_FRAME)
        frame->at = time_of(&reader->interface[number], (uint64_t)number32(reader, body + 4) << 32 |
                                                            number32(reader, body + 8));
    return result;
}

enum pcapng_result pcapng_reader_next(struct pcapng_reader *reader, struct pcapng_frame *frame)
{
    enum pcapng_result result;
    uint32_t type = 0;

    while ((result = read_block(reader, &type)) == PCAPNG_FRAME) {
        if (type == BLOCK_INTERFACE)
            result = add_interface(reader);
        else if (holds_something(type))
            return take_packet(reader, type, frame);
        if (result != PCAPNG_FRAME)
            break;
    }
    return result;
}
