/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chunked.c: see chunked.h.
 */
#include "chunked.h"

#include "digits.h"

static enum chunked_phase after_size(struct chunked *chunked)
{
    if (chunked->digits == 0)
        return CHUNKED_BAD;
    chunked->line_is_empty = true;
    return chunked->left == 0 ? CHUNKED_TRAILER : CHUNKED_DATA;
}

static enum chunked_phase take_size(struct chunked *chunked, uint8_t c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        if (++chunked->digits > 15) /* below 2^60: cannot overflow */
            return CHUNKED_BAD;
        chunked->left = chunked->left << 4 | (unsigned)digit;
        return CHUNKED_SIZE;
    }
    if (c == '\n')
        return after_size(chunked);
    if (c == '\r' || c == ';' || c == ' ' || c == '\t')
        return chunked->digits > 0 ? CHUNKED_EXTENSION : CHUNKED_BAD;
    return CHUNKED_BAD;
}

static enum chunked_phase take_extra(struct chunked *chunked, uint8_t c)
{
    if (++chunked->extra > CHUNKED_EXTRA_MAX)
        return CHUNKED_BAD;
    if (chunked->phase == CHUNKED_EXTENSION)
        return c == '\n' ? after_size(chunked) : CHUNKED_EXTENSION;
    if (c == '\n' && chunked->line_is_empty)
        return CHUNKED_DONE;
    if (c != '\r')
        chunked->line_is_empty = c == '\n';
    return CHUNKED_TRAILER;
}

static enum chunked_phase take_data_end(struct chunked *chunked, uint8_t c)
{
    if (c == '\r' && chunked->digits != 0) {
        chunked->digits = 0; /* one CR at the most */
        return CHUNKED_DATA_END;
    }
    if (c != '\n')
        return CHUNKED_BAD;
    chunked->digits = 0;
    chunked->left = 0;
    chunked->extra = 0;
    return CHUNKED_SIZE;
}

static enum chunked_phase take_byte(struct chunked *chunked, uint8_t c)
{
    switch (chunked->phase) {
    case CHUNKED_SIZE:
        return take_size(chunked, c);
    case CHUNKED_EXTENSION:
    case CHUNKED_TRAILER:
        return take_extra(chunked, c);
    case CHUNKED_DATA_END:
        return take_data_end(chunked, c);
    case CHUNKED_DATA:
    case CHUNKED_DONE:
    case CHUNKED_BAD:
        break;
    }
    return CHUNKED_BAD;
}

struct chunked_span chunked_take(struct chunked *chunked, const uint8_t *data, size_t length)
{
    struct chunked_span span = {0};

    while (span.used < length && chunked->phase < CHUNKED_DONE) {
        if (chunked->phase == CHUNKED_DATA) {
            size_t part = length - span.used;

            span.data_at = span.used;
            span.data_length = part < chunked->left ? part : (size_t)chunked->left;
            span.used += span.data_length;
            chunked->left -= span.data_length;
            if (chunked->left == 0)
                chunked->phase = CHUNKED_DATA_END;
            break;
        }
        chunked->phase = take_byte(chunked, data[span.used++]);
    }
    return span;
}
