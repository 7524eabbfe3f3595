/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally.h: how many of each: counts by text, printed from the most frequent down.
 */
#ifndef LASTACK_TALLY_H
#define LASTACK_TALLY_H

#include <lastack/row.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally_entry {
    char *key;
    uint32_t hash;
    uint64_t count;
};

struct tally {
    struct tally_entry *entries; /* open addressing; key NULL = free */
    size_t capacity, count;
};

void tally_add(struct tally *tally, const char *key, uint64_t count);

/* Puts the entries at the front, most frequent first (then by key). The tally takes no more keys
 * after that. */
void tally_sort(struct tally *tally);
void tally_free(struct tally *tally);

/* What rows can be counted by. */
enum tally_field {
    TALLY_STATE,
    TALLY_LOCAL,
    TALLY_PEER,
    TALLY_SPORT,
    TALLY_DPORT,
    TALLY_PID,
    TALLY_COMM,
    TALLY_OWNER,
    TALLY_UID,
    TALLY_NETNS,
    TALLY_FIELD_COUNT
};

enum { TALLY_FIELDS_MAX = 6 };

struct tally_by {
    int count;
    enum tally_field fields[TALLY_FIELDS_MAX];
    bool needs_owners;
};

/* "state,peer,pid". False with a word that is no field in *bad (at most 31 bytes). */
bool tally_by_parse(struct tally_by *by, const char *text, char bad[32]);

const char *tally_field_name(enum tally_field field);

/* The row's key: values separated by tabs. */
void tally_row_key(const struct tally_by *by, const struct lastack_connection_row *row, char *key,
                   size_t size);

#endif
