/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow_index.c: the hash of a tuple; see flow_index.h.
 */
#include "flow_index.h"

uint64_t flow_hash(const struct flow_index *index, const struct tuple *tuple)
{
    const struct tuple_words words = tuple_words_of(tuple);

    return siphash13_words_and(&index->key, words.word, words.count, words.ports);
}
