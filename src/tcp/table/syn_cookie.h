/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cookie.h: a half-open request that is remembered by the peer, RFC 4987 §3.6.
 *
 * When there is no room for another request, everything the handshake decided goes into the numbers
 * of the SYN-ACK, and comes back with the third ACK:
 *
 *     ISS    = F(tuple) + IRS + (minute << 24) + ((F'(tuple, minute) + mss index) mod 2^24)
 *     TSval  = clock rounded down to 64 ms, with  ..│ECN│SACK│ window scale (4 bits, 15: none)
 *
 * F and F' are SipHash-2-4 under two keys: who cannot see the SYN-ACK hits one of the cookies that
 * count with 2^-29. A cookie counts in its minute and the next. Without timestamps the options that
 * have no place in it count as not agreed on (RFC 4987 §3.6; Linux lays the bits out the same way).
 */
#ifndef LASTACK_SYN_COOKIE_H
#define LASTACK_SYN_COOKIE_H

#include "seq.h"
#include "siphash.h"
#include "tuple.h"

/* How long after the last cookie an ACK may bring one back: two minutes. */
#define SYN_COOKIE_VALID_NS ((int64_t)120 * 1000000000)

struct syn_cookie_keys {
    struct siphash_key tuple, minute;
};

/* What a timestamp remembers. */
struct syn_cookie_options {
    bool has_window_scale, has_sack, has_ecn;
    uint8_t window_scale; /* of the peer */
};

/* The ISS that stands for this request; `mss` is rounded down to one that a cookie has a number
 * for (the least of them if it is smaller still). */
struct seq syn_cookie_make(const struct syn_cookie_keys *keys, const struct tuple *tuple,
                           struct seq irs, uint32_t mss, int64_t now);
/* The MSS in a cookie of this tuple and IRS; 0: it is none of ours, or too old. */
uint32_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct tuple *tuple,
                          struct seq irs, struct seq cookie, int64_t now);

/* The clock's value with the options in its last six bits; never in the future. */
uint32_t syn_cookie_stamp(uint32_t clock, const struct syn_cookie_options *options);
/* What was put into it. */
struct syn_cookie_options syn_cookie_read_stamp(uint32_t stamp);

#endif
