/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option_bytes.c: kinds of RFC 9293 §3.2, 7323, 2018, 2385, 7413, 9768; experiments of RFC 6994.
 */
#include "option_bytes.h"

#include "bytes.h"
#include "check.h"
#include "tcp_header.h"

enum {
    KIND_ACCECN0 = 172,
    KIND_ACCECN1 = 174,
    MAGIC_TARR = 0x00ac,
    MAGIC_ACCECN0 = 0xacc0,
    MAGIC_ACCECN1 = 0xacc1,
    DIGEST_BYTES = 16,
    COUNTER_BYTES = 3,
};

unsigned tcp_option_length(const struct drill_tcp_option *option)
{
    switch (option->kind) {
    case DRILL_OPT_NOP:
    case DRILL_OPT_EOL:
        return 1;
    case DRILL_OPT_MSS:
        return 4;
    case DRILL_OPT_WSCALE:
        return 3;
    case DRILL_OPT_SACK_OK:
        return 2;
    case DRILL_OPT_SACK:
        return 2 + 8u * option->count;
    case DRILL_OPT_TIMESTAMP:
        return 10;
    case DRILL_OPT_MD5:
        return 2 + DIGEST_BYTES;
    case DRILL_OPT_FAST_OPEN:
    case DRILL_OPT_GENERIC:
        return 2u + option->length;
    case DRILL_OPT_FAST_OPEN_EXP:
        return 4u + option->length;
    case DRILL_OPT_ACCECN:
        return 2 + COUNTER_BYTES * (unsigned)option->count;
    case DRILL_OPT_ACCECN_EXP:
        return 4 + COUNTER_BYTES * (unsigned)option->count;
    case DRILL_OPT_TARR:
        return option->has_value ? 6 : 4;
    case DRILL_OPT_EXPERIMENTAL:
        return (option->is_wide ? 6u : 4u) + option->length;
    case DRILL_OPT_RAW:
        return option->length;
    }
    return 0;
}

/* ---- writing ---- */

static void put_counters(const struct drill_tcp_option *option, uint8_t *to)
{
    for (unsigned i = 0; i < option->count; i++, to += COUNTER_BYTES) {
        to[0] = (uint8_t)(option->left[i] >> 16);
        store16(to + 1, (uint16_t)option->left[i]);
    }
}

static void put_sack(const struct drill_tcp_option *option, uint8_t *to)
{
    for (unsigned i = 0; i < option->count; i++, to += 8) {
        store32(to, option->left[i]);
        store32(to + 4, option->right[i]);
    }
}

/* Behind kind and length: an experiment's magic, two or four bytes. */
static uint8_t *put_magic(const struct drill_tcp_option *option, uint32_t magic, uint8_t *to)
{
    if (option->is_wide) {
        store32(to, magic);
        return to + 4;
    }
    store16(to, (uint16_t)magic);
    return to + 2;
}

/* An option without a length byte: true if it was one. */
static bool put_bare(const struct drill_tcp_option *option, uint8_t *to)
{
    switch (option->kind) {
    case DRILL_OPT_NOP:
        to[0] = TCP_OPTION_NOP;
        return true;
    case DRILL_OPT_EOL:
        to[0] = TCP_OPTION_END;
        return true;
    case DRILL_OPT_RAW:
        memcpy(to, option->bytes, option->length);
        return true;
    case DRILL_OPT_MSS:
    case DRILL_OPT_WSCALE:
    case DRILL_OPT_SACK_OK:
    case DRILL_OPT_SACK:
    case DRILL_OPT_TIMESTAMP:
    case DRILL_OPT_MD5:
    case DRILL_OPT_FAST_OPEN:
    case DRILL_OPT_FAST_OPEN_EXP:
    case DRILL_OPT_ACCECN:
    case DRILL_OPT_ACCECN_EXP:
    case DRILL_OPT_TARR:
    case DRILL_OPT_GENERIC:
    case DRILL_OPT_EXPERIMENTAL:
        break;
    }
    return false;
}

static uint8_t kind_byte(const struct drill_tcp_option *option)
{
    switch (option->kind) {
    case DRILL_OPT_MSS:
        return TCP_OPTION_MSS;
    case DRILL_OPT_WSCALE:
        return TCP_OPTION_WINDOW_SCALE;
    case DRILL_OPT_SACK_OK:
        return TCP_OPTION_SACK_PERMITTED;
    case DRILL_OPT_SACK:
        return TCP_OPTION_SACK;
    case DRILL_OPT_TIMESTAMP:
        return TCP_OPTION_TIMESTAMP;
    case DRILL_OPT_MD5:
        return TCP_OPTION_MD5;
    case DRILL_OPT_FAST_OPEN:
        return TCP_OPTION_FAST_OPEN;
    case DRILL_OPT_ACCECN:
        return option->order == 0 ? KIND_ACCECN0 : KIND_ACCECN1;
    case DRILL_OPT_GENERIC:
        return (uint8_t)option->value;
    case DRILL_OPT_FAST_OPEN_EXP:
    case DRILL_OPT_ACCECN_EXP:
    case DRILL_OPT_TARR:
    case DRILL_OPT_EXPERIMENTAL:
        return TCP_OPTION_EXPERIMENT;
    case DRILL_OPT_NOP:
    case DRILL_OPT_EOL:
    case DRILL_OPT_RAW:
        break;
    }
    UNREACHABLE();
}

/* What follows kind and length. */
static void put_data(const struct drill_tcp_option *option, uint8_t *to)
{
    switch (option->kind) {
    case DRILL_OPT_MSS:
        store16(to, (uint16_t)option->value);
        break;
    case DRILL_OPT_WSCALE:
        to[0] = (uint8_t)option->value;
        break;
    case DRILL_OPT_SACK:
        put_sack(option, to);
        break;
    case DRILL_OPT_TIMESTAMP:
        store32(to, option->value);
        store32(to + 4, option->echo);
        break;
    case DRILL_OPT_ACCECN:
        put_counters(option, to);
        break;
    case DRILL_OPT_ACCECN_EXP:
        put_counters(option,
                     put_magic(option, option->order == 0 ? MAGIC_ACCECN0 : MAGIC_ACCECN1, to));
        break;
    case DRILL_OPT_TARR:
        to = put_magic(option, MAGIC_TARR, to);
        if (option->has_value)
            store16(to, (uint16_t)option->value);
        break;
    case DRILL_OPT_FAST_OPEN_EXP:
        memcpy(put_magic(option, TCP_FAST_OPEN_MAGIC, to), option->bytes, option->length);
        break;
    case DRILL_OPT_EXPERIMENTAL:
        memcpy(put_magic(option, option->value, to), option->bytes, option->length);
        break;
    case DRILL_OPT_MD5:
    case DRILL_OPT_FAST_OPEN:
    case DRILL_OPT_GENERIC:
        memcpy(to, option->bytes, option->length);
        break;
    case DRILL_OPT_NOP:
    case DRILL_OPT_EOL:
    case DRILL_OPT_SACK_OK:
    case DRILL_OPT_RAW:
        break;
    }
}

unsigned option_bytes_write(const struct drill_tcp_option *options,
                            uint8_t bytes[DRILL_OPTION_BYTES])
{
    unsigned at = 0;

    for (; options != NULL; options = options->next) {
        const unsigned length = tcp_option_length(options);

        CHECK(at + length <= DRILL_OPTION_BYTES);
        if (!put_bare(options, bytes + at)) {
            bytes[at] = kind_byte(options);
            bytes[at + 1] = (uint8_t)length;
            put_data(options, bytes + at + 2);
        }
        at += length;
    }
    return at;
}

/* ---- reading ---- */

static void keep_bytes(struct drill_tcp_option *option, const uint8_t *data, unsigned length)
{
    memcpy(option->bytes, data, length);
    option->length = (uint8_t)length;
}

static void read_counters(struct drill_tcp_option *option, const uint8_t *data, unsigned length)
{
    option->count = (uint8_t)(length / COUNTER_BYTES);
    for (unsigned i = 0; i < option->count; i++, data += COUNTER_BYTES)
        option->left[i] = (uint32_t)data[0] << 16 | load16(data + 1);
}

static void read_sack(struct drill_tcp_option *option, const struct tcp_option *from)
{
    option->kind = DRILL_OPT_SACK;
    option->count = from->length / 8;
    for (unsigned i = 0; i < option->count; i++) {
        option->left[i] = load32(from->data + 8 * i);
        option->right[i] = load32(from->data + 8 * i + 4);
    }
}

static bool read_experiment(struct drill_tcp_option *option, const struct tcp_option *from)
{
    const unsigned left = from->length < 2 ? 0 : from->length - 2u;
    uint16_t magic;

    if (from->length < 2)
        return false;
    magic = load16(from->data);
    if (magic == TCP_FAST_OPEN_MAGIC) {
        option->kind = DRILL_OPT_FAST_OPEN_EXP;
        keep_bytes(option, from->data + 2, left);
    } else if ((magic == MAGIC_ACCECN0 || magic == MAGIC_ACCECN1) && left % COUNTER_BYTES == 0 &&
               left <= 3 * COUNTER_BYTES) {
        option->kind = DRILL_OPT_ACCECN_EXP;
        option->order = magic == MAGIC_ACCECN1;
        read_counters(option, from->data + 2, left);
    } else if (magic == MAGIC_TARR && (left == 0 || left == 2)) {
        option->kind = DRILL_OPT_TARR;
        option->has_value = left == 2;
        option->value = left == 2 ? load16(from->data + 2) : 0;
    } else {
        option->kind = DRILL_OPT_EXPERIMENTAL;
        option->value = magic;
        keep_bytes(option, from->data + 2, left);
    }
    return true;
}

/* An option whose length is the one that its kind asks for. */
static bool read_known(struct drill_tcp_option *option, const struct tcp_option *from)
{
    const unsigned length = from->length;

    if (from->kind == TCP_OPTION_NOP) {
        option->kind = DRILL_OPT_NOP;
    } else if (from->kind == TCP_OPTION_END) {
        option->kind = DRILL_OPT_EOL;
    } else if (from->kind == TCP_OPTION_MSS && length == 2) {
        option->kind = DRILL_OPT_MSS;
        option->value = load16(from->data);
    } else if (from->kind == TCP_OPTION_WINDOW_SCALE && length == 1) {
        option->kind = DRILL_OPT_WSCALE;
        option->value = from->data[0];
    } else if (from->kind == TCP_OPTION_SACK_PERMITTED && length == 0) {
        option->kind = DRILL_OPT_SACK_OK;
    } else if (from->kind == TCP_OPTION_SACK && length % 8 == 0 && length <= 8 * DRILL_SACK_MAX) {
        read_sack(option, from);
    } else if (from->kind == TCP_OPTION_TIMESTAMP && length == 8) {
        option->kind = DRILL_OPT_TIMESTAMP;
        option->value = load32(from->data);
        option->echo = load32(from->data + 4);
    } else if (from->kind == TCP_OPTION_MD5 && length == DIGEST_BYTES) {
        option->kind = DRILL_OPT_MD5;
        keep_bytes(option, from->data, length);
    } else if (from->kind == TCP_OPTION_FAST_OPEN) {
        option->kind = DRILL_OPT_FAST_OPEN;
        keep_bytes(option, from->data, length);
    } else if ((from->kind == KIND_ACCECN0 || from->kind == KIND_ACCECN1) &&
               length % COUNTER_BYTES == 0 && length <= 3 * COUNTER_BYTES) {
        option->kind = DRILL_OPT_ACCECN;
        option->order = from->kind == KIND_ACCECN1;
        read_counters(option, from->data, length);
    } else {
        return from->kind == TCP_OPTION_EXPERIMENT && read_experiment(option, from);
    }
    return true;
}

struct drill_tcp_option *option_bytes_read(const uint8_t *bytes, unsigned length,
                                           struct script_memory *memory)
{
    struct tcp_option_cursor cursor = {.at = bytes, .end = bytes + length};
    struct drill_tcp_option *first = NULL, **link = &first;
    struct tcp_option from;

    while (tcp_option_next(&cursor, &from)) {
        *link = script_take(memory, sizeof **link);
        if (!read_known(*link, &from)) {
            (*link)->kind = DRILL_OPT_GENERIC;
            (*link)->value = from.kind;
            keep_bytes(*link, from.data, from.length);
        }
        link = &(*link)->next;
    }
    if (cursor.is_broken) {
        *link = script_take(memory, sizeof **link);
        (*link)->kind = DRILL_OPT_RAW;
        keep_bytes(*link, cursor.at, (unsigned)(cursor.end - cursor.at));
    }
    return first;
}
