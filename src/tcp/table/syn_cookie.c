/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syn_cookie.c: see syn_cookie.h.
 */
#include "syn_cookie.h"

#include "bytes.h"

enum {
    COOKIE_BITS = 24,
    COOKIE_MINUTES = 2, /* a cookie counts in its minute and in the next */
    STAMP_BITS = 6,
    STAMP_NO_SCALE = 0xf,
    STAMP_SACK = 1 << 4,
    STAMP_ECN = 1 << 5,
};

#define COOKIE_MASK ((1u << COOKIE_BITS) - 1)

/* The sizes that most paths have (as Linux has measured them), ascending. */
static const uint16_t cookie_mss_ipv4[] = {536, 1300, 1440, 1460};
static const uint16_t cookie_mss_ipv6[] = {1220, 1420, 1440, 8940};

enum { COOKIE_MSS_COUNT = sizeof cookie_mss_ipv4 / sizeof cookie_mss_ipv4[0] };

static uint32_t cookie_hash(const struct siphash_key *key, const struct tuple *tuple,
                            uint32_t minute)
{
    const uint64_t ports =
        (uint64_t)minute << 32 | (uint64_t)tuple->local_port << 16 | tuple->remote_port;
    const uint64_t short_words[2] = {
        (uint64_t)load32(tuple->local.bytes + 12) << 32 | load32(tuple->remote.bytes + 12), ports};
    const uint64_t words[5] = {
        load64(tuple->local.bytes),
        load64(tuple->local.bytes + 8),
        load64(tuple->remote.bytes),
        load64(tuple->remote.bytes + 8),
        ports,
    };

    return (uint32_t)(tuple_is_ipv4(tuple) ? siphash24_words(key, short_words, 2)
                                           : siphash24_words(key, words, 5));
}

static uint32_t cookie_minute(int64_t now)
{
    CHECK(now >= 0);
    return (uint32_t)((uint64_t)now / 60000000000u);
}

static const uint16_t *cookie_mss_table(const struct tuple *tuple)
{
    return tuple_is_ipv4(tuple) ? cookie_mss_ipv4 : cookie_mss_ipv6;
}

struct seq syn_cookie_make(const struct syn_cookie_keys *keys, const struct tuple *tuple,
                           struct seq irs, uint32_t mss, int64_t now)
{
    const uint16_t *sizes = cookie_mss_table(tuple);
    const uint32_t minute = cookie_minute(now);
    uint32_t index = COOKIE_MSS_COUNT - 1;

    while (index > 0 && sizes[index] > mss)
        index--;
    return seq_of(cookie_hash(&keys->tuple, tuple, 0) + irs.v + (minute << COOKIE_BITS) +
                  ((cookie_hash(&keys->minute, tuple, minute) + index) & COOKIE_MASK));
}

uint32_t syn_cookie_check(const struct syn_cookie_keys *keys, const struct tuple *tuple,
                          struct seq irs, struct seq cookie, int64_t now)
{
    const uint32_t minute = cookie_minute(now);
    const uint32_t rest = cookie.v - cookie_hash(&keys->tuple, tuple, 0) - irs.v;
    const uint32_t age = (minute - (rest >> COOKIE_BITS)) & (UINT32_MAX >> COOKIE_BITS);
    uint32_t index;

    if (age >= COOKIE_MINUTES)
        return 0;
    index = (rest - cookie_hash(&keys->minute, tuple, minute - age)) & COOKIE_MASK;
    return index < COOKIE_MSS_COUNT ? cookie_mss_table(tuple)[index] : 0;
}

uint32_t syn_cookie_stamp(uint32_t clock, const struct syn_cookie_options *options)
{
    const uint32_t bits =
        (uint32_t)(options->has_window_scale ? options->window_scale : STAMP_NO_SCALE) |
        (options->has_sack ? STAMP_SACK : 0u) | (options->has_ecn ? STAMP_ECN : 0u);
    const uint32_t stamp = (clock >> STAMP_BITS << STAMP_BITS) | bits;

    return stamp > clock ? stamp - (1u << STAMP_BITS) : stamp;
}

struct syn_cookie_options syn_cookie_read_stamp(uint32_t stamp)
{
    const uint8_t scale = stamp & STAMP_NO_SCALE;

    return (struct syn_cookie_options){
        .has_window_scale = scale != STAMP_NO_SCALE,
        .window_scale = scale > 14 ? 14 : scale,
        .has_sack = (stamp & STAMP_SACK) != 0,
        .has_ecn = (stamp & STAMP_ECN) != 0,
    };
}
