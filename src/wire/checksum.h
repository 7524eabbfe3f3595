/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checksum.h: the Internet checksum, RFC 1071.
 *
 * A `sum` is the ones-complement sum as it builds up, of words in network order, in 32 bits with
 * carries pending; the checksum is its folded complement. Pieces may be summed one after the other
 * as long as each but the last has an even length; checksum_add_at takes care of a piece that
 * starts at an odd offset. Sums of pieces may be added by checksum_join.
 */
#ifndef LASTACK_CHECKSUM_H
#define LASTACK_CHECKSUM_H

#include "bytes.h"

#include <lastack/address.h>

#include <string.h>

/* Adds `length` bytes; an odd last byte counts as the high half of a word. */
uint32_t checksum_add(uint32_t sum, const void *data, size_t length);
/* The same for a piece that starts `offset` bytes into the whole. */
uint32_t checksum_add_at(uint32_t sum, const void *data, size_t length, size_t offset);
/* The same in the machine's byte order, 64 bits wide, for what is only judged (checksum_ok). */
uint64_t checksum_native(const void *data, size_t length);
/* Pseudo-header of TCP, UDP, ICMPv6 over either family (RFC 9293 §3.1, RFC 8200 §8.1). */
uint32_t checksum_pseudo(const struct lastack_address *source,
                         const struct lastack_address *destination, uint8_t protocol,
                         uint32_t length);

/* What is written word by word is summed on the way, from the values: bytes that were stored four
 * at a time cannot be loaded eight at a time at once. 64 bits lose no carry of 2^32 words. */
static inline uint64_t checksum_store32(uint8_t *to, uint32_t word)
{
    store32(to, word);
    return word;
}

/* The words of two addresses of one family, as they travel. */
static inline uint64_t checksum_addresses(const struct lastack_address *a,
                                          const struct lastack_address *b, bool is_ipv4)
{
    uint64_t sum = (uint64_t)load32(a->bytes + 12) + load32(b->bytes + 12);

    for (unsigned i = 0; !is_ipv4 && i < 12; i += 4)
        sum += (uint64_t)load32(a->bytes + i) + load32(b->bytes + i);
    return sum;
}

/* A sum of 64 bits in 16, not complemented; in either byte order (2^16 and 2^32 are 1 modulo
 * 65535). */
static inline uint16_t checksum_narrow(uint64_t sum)
{
    uint32_t half;

    /* Added to itself with its halves changed over, the upper half is the sum of both, the lower
     * one's carry included. */
    sum += rotate_left64(sum, 32);
    half = (uint32_t)(sum >> 32);
    half += half << 16 | half >> 16;
    return (uint16_t)(half >> 16);
}

/* A word more; the carry comes back in at the bottom (2^64 is 1 modulo 65535). */
static inline uint64_t checksum_carry(uint64_t sum, uint64_t word)
{
    return add_carried64(sum, word);
}

/* ---- in the machine's byte order: what arrives sums to all ones in any; text that leaves ---- */

static inline uint64_t checksum_native4(uint64_t sum, const uint8_t bytes[4])
{
    uint32_t word;

    memcpy(&word, bytes, 4);
    return checksum_carry(sum, word);
}

static inline uint64_t checksum_native16(uint64_t sum, const uint8_t bytes[16])
{
    uint64_t word[2];

    memcpy(word, bytes, 16);
    return checksum_carry(checksum_carry(sum, word[0]), word[1]);
}

/* The pseudo-header of either family alike: an IPv4 address has the prefix ::ffff:0:0, and to add
 * 0xffff is to add nothing (it is 0 modulo 65535). */
static inline uint64_t checksum_native_pseudo(const struct lastack_address *source,
                                              const struct lastack_address *destination,
                                              uint8_t protocol, uint32_t length)
{
    const uint64_t addresses =
        checksum_native16(checksum_native16(0, source->bytes), destination->bytes);

    return checksum_carry(addresses, network32(length + protocol));
}

/* The 20 bytes of an IPv4 header without options. */
static inline bool checksum_ipv4_header_ok(const uint8_t header[20])
{
    return checksum_narrow(checksum_native4(checksum_native16(0, header), header + 16)) == 0xffff;
}

/* With a piece more, which starts `offset` bytes into the whole: one byte later every byte is in
 * the other half of its word (RFC 1071 §2 B), and so is a sum that is turned by eight bits. */
static inline uint64_t checksum_native_at(uint64_t sum, const void *data, size_t length,
                                          size_t offset)
{
    const uint64_t piece = checksum_native(data, length);

    return checksum_carry(sum, (offset & 1) == 0 ? piece : rotate_left64(piece, 8));
}

/* Undamaged, behind what sums to `sum`, its checksum among its bytes? The first 32 of them, a TCP
 * header with timestamps and so most often all, need no loop. */
static inline bool checksum_ok(uint64_t sum, const uint8_t *data, size_t length)
{
    if (length >= 32) {
        sum = checksum_native16(checksum_native16(sum, data), data + 16);
        data += 32;
        length -= 32;
    }
    if (length > 0)
        sum = checksum_carry(sum, checksum_native(data, length));
    return checksum_narrow(sum) == 0xffff;
}

/* The sum of both; either may still have carries pending. */
static inline uint32_t checksum_join(uint32_t a, uint32_t b)
{
    return (a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16);
}

/* Folded to 16 bits, not complemented (what CHECKSUM_PARTIAL leaves in the field). */
static inline uint16_t checksum_fold(uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)(sum + (sum >> 16));
}

/* The checksum to store. */
static inline uint16_t checksum_finish(uint32_t sum)
{
    return (uint16_t)~checksum_fold(sum);
}

#endif
