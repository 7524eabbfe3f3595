/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * isn.c: see isn.h.
 */
#include "isn.h"

uint64_t tuple_secret(const struct siphash_key *key, const struct tuple *tuple)
{
    const struct tuple_words words = tuple_words_of(tuple);

    return siphash24_words_and(key, words.word, words.count, words.ports);
}
