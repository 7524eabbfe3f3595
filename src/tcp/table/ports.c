/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ports.c: RFC 6056 §3.3.4. One keyed hash gives both of the RFC's functions: its low half is F
 * (where the destination's sequence starts), its high half is G (which counter moves it on).
 */
#include "ports.h"

static uint64_t ports_hash(const struct ports *ports, const struct tuple *tuple)
{
    const struct tuple_words words = tuple_words_of(tuple);

    return siphash24_words_and(&ports->key, words.word, words.count, tuple->remote_port);
}

void ports_init(struct ports *ports, const struct siphash_key *key)
{
    *ports = (struct ports){.key = *key};
}

bool ports_choose(struct ports *ports, struct tuple *tuple, uint16_t first, uint16_t last,
                  port_usable *usable, void *context)
{
    uint64_t hash = ports_hash(ports, tuple);
    uint16_t *next = &ports->next[(hash >> 32) % PORTS_COUNTERS];
    uint32_t range, start;

    CHECK(first > 0 && first <= last);
    range = (uint32_t)last - first + 1;
    start = ((uint32_t)hash % range + *next) % range;
    for (uint32_t probe = 0; probe < range; probe++) {
        tuple->local_port = (uint16_t)(first + (start + probe) % range);
        if (usable(context, tuple)) {
            *next = (uint16_t)((*next + probe + 1) % range);
            return true;
        }
    }
    tuple->local_port = 0;
    return false;
}
