/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checksum.c: the Internet checksum, RFC 1071, wide and independent of the machine's byte order.
 *
 * The ones-complement sum of 16-bit words is the sum modulo 65535, and 2^16, 2^32 and 2^64 are all
 * 1 modulo 65535. So memory may be summed in any wider words (RFC 1071 §2 C) and in the machine's
 * own byte order (§2 B), if the 16-bit result is put into network order at the end, once.
 *
 * No carry is ever lost: per 64-bit lane two numbers are kept,
 *
 *     all  += word          modulo 2^64
 *     high += word >> 32    exact
 *
 * and the exact sum of the low halves is  all - (high << 32)  modulo 2^64, because it is itself
 * below 2^64 (for anything shorter than 2^34 bytes). That is three operations per 16 bytes where
 * lanes are wide.
 */
#include "checksum.h"

#include "bits.h"
#include "bytes.h"
#include "ip_address.h"
#include "lanes.h"

/* What is shorter is summed word by word sooner than the lanes are set up and put together. */
enum { CHECKSUM_BLOCK = 4 * sizeof(lanes), CHECKSUM_BLOCKS_FROM = 4 * CHECKSUM_BLOCK };

/* Partial sums of words in the machine's byte order. */
struct checksum_lanes {
    lanes all, high;
};

/* Modulo 65535 the same, and small enough that millions may be added. */
static inline uint64_t checksum_halves(uint64_t sum)
{
    return (sum & 0xffffffff) + (sum >> 32);
}

static inline uint32_t checksum_merge(uint32_t sum, uint64_t native)
{
    uint16_t narrow = checksum_narrow(native);
    uint8_t in_memory[2];

    memcpy(in_memory, &narrow, 2);
    return (sum & 0xffff) + (sum >> 16) + load16(in_memory);
}

/* Less than a word. */
static inline uint64_t checksum_end(const uint8_t *p, size_t length)
{
    uint64_t sum = 0;

    if (length & 4) {
        uint32_t word;
        memcpy(&word, p, 4);
        sum += word;
        p += 4;
    }
    if (length & 2) {
        uint16_t word;
        memcpy(&word, p, 2);
        sum += word;
        p += 2;
    }
    if (length & 1) {
        uint8_t padded[2] = {*p, 0};
        uint16_t word;
        memcpy(&word, padded, 2);
        sum += word;
    }
    return sum;
}

/* The last bytes, or a few. */
static inline uint64_t checksum_tail(const uint8_t *p, size_t length)
{
    uint64_t sum = 0, word;

    for (; length >= 32; p += 32, length -= 32)
        sum = checksum_native16(checksum_native16(sum, p), p + 16);
    if (length & 16) {
        sum = checksum_native16(sum, p);
        p += 16;
    }
    if (length & 8) {
        memcpy(&word, p, 8);
        sum = checksum_carry(sum, word);
        p += 8;
    }
    sum = checksum_halves(sum); /* room for what follows, and for the blocks' sum */
    return (length & 7) == 0 ? sum : sum + checksum_end(p, length & 7);
}

static inline void checksum_take(struct checksum_lanes *sum, const uint8_t *from)
{
    lanes word;

    LANES_LOAD(word, from);
    sum->all += word;
    sum->high += word >> 32;
}

/* Whole blocks only; two pairs of accumulators keep the additions independent. */
static inline uint64_t checksum_blocks(const uint8_t *from, size_t blocks)
{
    struct checksum_lanes even = {{0}, {0}}, odd = {{0}, {0}};
    lanes high, low;

    for (; blocks > 0; blocks--) {
        checksum_take(&even, from);
        checksum_take(&odd, from + 16);
        checksum_take(&even, from + 32);
        checksum_take(&odd, from + 48);
        from += CHECKSUM_BLOCK;
    }
    high = even.high + odd.high;
    low = even.all + odd.all - (high << 32);
    return checksum_halves(low[0]) + checksum_halves(low[1]) + checksum_halves(high[0]) +
           checksum_halves(high[1]);
}

uint64_t checksum_native(const void *data, size_t length)
{
    const uint8_t *p = data;
    const size_t whole = length - length % CHECKSUM_BLOCK;

    if (length < CHECKSUM_BLOCKS_FROM)
        return checksum_tail(p, length);
    return checksum_blocks(p, whole / CHECKSUM_BLOCK) + checksum_tail(p + whole, length - whole);
}

uint32_t checksum_add(uint32_t sum, const void *data, size_t length)
{
    return checksum_merge(sum, checksum_native(data, length));
}

uint32_t checksum_add_at(uint32_t sum, const void *data, size_t length, size_t offset)
{
    uint16_t piece;

    if ((offset & 1) == 0)
        return checksum_add(sum, data, length);
    /* One byte later, every byte is in the other half of its word (RFC 1071 §2 B). */
    piece = checksum_fold(checksum_add(0, data, length));
    return checksum_join(sum, (uint32_t)(piece >> 8 | (piece & 0xff) << 8));
}

uint32_t checksum_pseudo(const struct lastack_address *source,
                         const struct lastack_address *destination, uint8_t protocol,
                         uint32_t length)
{
    return checksum_narrow(checksum_addresses(source, destination, ip_is_ipv4(destination)) +
                           length + protocol);
}
