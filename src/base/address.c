/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address.c: addresses to text (RFC 5952) and back (RFC 4291 §2.2), without libc.
 *
 *     ::ffff:a.b.c.d  is an IPv4 address and is written a.b.c.d
 *     any other       eight groups of hex without leading zeros; the longest run of two or more
 *                     zero groups (the first of equals) becomes "::"
 */
#include "bytes.h"
#include "digits.h"

#include <lastack/address.h>
#include <string.h>

static const uint8_t ipv4_mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct lastack_address lastack_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct lastack_address){
        {[10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c, [15] = d}};
}

bool lastack_is_ipv4(const struct lastack_address *address)
{
    return memcmp(address->bytes, ipv4_mapped_prefix, sizeof ipv4_mapped_prefix) == 0;
}

bool lastack_is_any(const struct lastack_address *address)
{
    const uint64_t low = load64(address->bytes + 8); /* :: or ::ffff:0.0.0.0 */

    return load64(address->bytes) == 0 && (low == 0 || low == (uint64_t)0xffff << 32);
}

bool lastack_address_equal(const struct lastack_address *a, const struct lastack_address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* ---- to text ---- */

/* A text that grows; `length` goes on counting where `size` cuts. */
struct address_text {
    char *text;
    size_t size, length;
};

static void address_put(struct address_text *out, char c)
{
    if (out->length + 1 < out->size)
        out->text[out->length] = c;
    out->length++;
}

static size_t address_end(const struct address_text *out)
{
    if (out->size > 0)
        out->text[out->length < out->size ? out->length : out->size - 1] = '\0';
    return out->length;
}

static void address_put_number(struct address_text *out, unsigned value, unsigned base)
{
    unsigned unit = 1;

    while (value / unit >= base)
        unit *= base;
    for (; unit > 0; unit /= base)
        address_put(out, "0123456789abcdef"[value / unit % base]);
}

static unsigned address_group(const struct lastack_address *address, unsigned group)
{
    return (unsigned)address->bytes[2 * group] << 8 | address->bytes[2 * group + 1];
}

/* RFC 5952 §4.2: the run of zero groups to shorten; a single one is not shortened. */
static unsigned address_zero_run(const struct lastack_address *address, unsigned *start)
{
    unsigned best = 1, run = 0;

    *start = 8;
    for (unsigned group = 0; group < 8; group++) {
        run = address_group(address, group) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *start = group + 1 - run;
        }
    }
    return best;
}

static void address_put_ipv4(struct address_text *out, const struct lastack_address *address)
{
    for (unsigned i = 12; i < 16; i++) {
        if (i > 12)
            address_put(out, '.');
        address_put_number(out, address->bytes[i], 10);
    }
}

static void address_put_ipv6(struct address_text *out, const struct lastack_address *address)
{
    unsigned start, run = address_zero_run(address, &start);

    for (unsigned group = 0; group < 8; group++) {
        if (group == start) {
            address_put(out, ':');
            address_put(out, ':');
            group += run - 1;
            continue;
        }
        if (group > 0 && group != start + run)
            address_put(out, ':');
        address_put_number(out, address_group(address, group), 16);
    }
}

static void address_put_any(struct address_text *out, const struct lastack_address *address)
{
    if (lastack_is_ipv4(address))
        address_put_ipv4(out, address);
    else
        address_put_ipv6(out, address);
}

size_t lastack_address_text(const struct lastack_address *address, char *text, size_t size)
{
    struct address_text out = {.text = text, .size = size};

    address_put_any(&out, address);
    return address_end(&out);
}

size_t lastack_endpoint_text(const struct lastack_endpoint *endpoint, char *text, size_t size)
{
    struct address_text out = {.text = text, .size = size};
    bool brackets = !lastack_is_ipv4(&endpoint->address);

    if (brackets)
        address_put(&out, '[');
    address_put_any(&out, &endpoint->address);
    if (brackets)
        address_put(&out, ']');
    address_put(&out, ':');
    if (endpoint->port == 0)
        address_put(&out, '*');
    else
        address_put_number(&out, endpoint->port, 10);
    return address_end(&out);
}

/* ---- from text ---- */

/* "a.b.c.d" to the end of the text; 0..255 without leading zeros, which some read as octal. */
static bool address_parse_ipv4(const char *text, uint8_t bytes[4])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;

        for (; *text >= '0' && *text <= '9'; text++, digits++) {
            value = value * 10 + (unsigned)(*text - '0');
            if (value > 255 || (digits > 0 && value < 10))
                return false;
        }
        if (digits == 0 || *text != (i < 3 ? '.' : '\0'))
            return false;
        text += i < 3;
        bytes[i] = (uint8_t)value;
    }
    return true;
}

/* A group of one to four hex digits; how many were read: 0 if there is none, 5 if too many. */
static unsigned address_parse_group(const char *text, uint8_t bytes[2])
{
    unsigned value = 0, digits = 0;

    while (digits < 5 && hex_digit(text[digits]) >= 0)
        value = value << 4 | (unsigned)hex_digit(text[digits++]);
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return digits;
}

enum { ADDRESS_NO_GAP = 17 };

/* The bytes written so far and where "::" stood among them. */
struct address_parts {
    uint8_t bytes[16];
    unsigned length;
    unsigned gap; /* offset of "::", or ADDRESS_NO_GAP */
};

/* What follows a group: the end, ":" and another group, or the one "::". False if none of these. */
static bool address_parse_separator(const char **text, struct address_parts *parts)
{
    if (**text == '\0')
        return true;
    if (**text != ':')
        return false;
    ++*text;
    if (**text != ':')
        return **text != '\0';
    ++*text;
    if (parts->gap != ADDRESS_NO_GAP)
        return false;
    parts->gap = parts->length;
    return true;
}

static bool address_parse_parts(const char *text, struct address_parts *parts)
{
    if (*text == ':') { /* only as "::" may an address begin with a colon */
        if (text[1] != ':')
            return false;
        text += 2;
        parts->gap = 0;
    }
    while (*text != '\0') {
        unsigned digits;

        if (parts->length <= 12 && address_parse_ipv4(text, parts->bytes + parts->length)) {
            parts->length += 4;
            return true;
        }
        if (parts->length > 14)
            return false;
        digits = address_parse_group(text, parts->bytes + parts->length);
        if (digits == 0 || digits > 4)
            return false;
        text += digits;
        parts->length += 2;
        if (!address_parse_separator(&text, parts))
            return false;
    }
    return true;
}

bool lastack_address_parse(const char *text, struct lastack_address *address)
{
    struct address_parts parts = {.gap = ADDRESS_NO_GAP};
    uint8_t ipv4[4];
    size_t behind;

    if (address_parse_ipv4(text, ipv4)) {
        *address = lastack_ipv4(ipv4[0], ipv4[1], ipv4[2], ipv4[3]);
        return true;
    }
    if (!address_parse_parts(text, &parts))
        return false;
    /* "::" stands for at least one group (RFC 4291 §2.2); without it there must be all eight. */
    if (parts.gap == ADDRESS_NO_GAP ? parts.length != 16 : parts.length > 14)
        return false;
    *address = (struct lastack_address){{0}};
    behind = parts.gap == ADDRESS_NO_GAP ? 0 : parts.length - parts.gap;
    memcpy(address->bytes, parts.bytes, parts.length - behind);
    memcpy(address->bytes + 16 - behind, parts.bytes + parts.length - behind, behind);
    return true;
}
