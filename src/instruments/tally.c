/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally.c: see tally.h.
 */
#include "tally.h"

#include "check.h"
#include "text.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *key != '\0'; key++)
        hash = (hash ^ (uint8_t)*key) * 16777619u;
    return hash;
}

static struct tally_entry *find(struct tally_entry *entries, size_t capacity, const char *key,
                                uint32_t hash)
{
    size_t i = hash & (capacity - 1);
    while (entries[i].key != NULL && (entries[i].hash != hash || strcmp(entries[i].key, key) != 0))
        i = (i + 1) & (capacity - 1);
    return &entries[i];
}

static void widen(struct tally *tally)
{
    size_t capacity = tally->capacity == 0 ? 64 : 2 * tally->capacity;
    struct tally_entry *entries = calloc(capacity, sizeof *entries);
    CHECK(entries != NULL);
    for (size_t i = 0; i < tally->capacity; i++)
        if (tally->entries[i].key != NULL)
            *find(entries, capacity, tally->entries[i].key, tally->entries[i].hash) =
                tally->entries[i];
    free(tally->entries);
    tally->entries = entries;
    tally->capacity = capacity;
}

void tally_add(struct tally *tally, const char *key, uint64_t count)
{
    if (2 * tally->count >= tally->capacity)
        widen(tally);
    uint32_t hash = hash_of(key);
    struct tally_entry *entry = find(tally->entries, tally->capacity, key, hash);
    if (entry->key == NULL) {
        entry->key = strdup(key);
        CHECK(entry->key != NULL);
        entry->hash = hash;
        tally->count++;
    }
    entry->count += count;
}

static int compare(const void *left, const void *right)
{
    const struct tally_entry *a = left, *b = right;
    if ((a->key == NULL) != (b->key == NULL))
        return a->key == NULL ? 1 : -1;
    if (a->key == NULL)
        return 0;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->key, b->key);
}

void tally_sort(struct tally *tally)
{
    if (tally->capacity > 0)
        qsort(tally->entries, tally->capacity, sizeof *tally->entries, compare);
}

void tally_free(struct tally *tally)
{
    for (size_t i = 0; i < tally->capacity; i++)
        free(tally->entries[i].key);
    free(tally->entries);
    memset(tally, 0, sizeof *tally);
}

/* ---- keys ---- */

static const char *const field_names[TALLY_FIELD_COUNT] = {
    [TALLY_STATE] = "state", [TALLY_LOCAL] = "local", [TALLY_PEER] = "peer",
    [TALLY_SPORT] = "sport", [TALLY_DPORT] = "dport", [TALLY_PID] = "pid",
    [TALLY_COMM] = "comm",   [TALLY_OWNER] = "owner", [TALLY_UID] = "uid",
    [TALLY_NETNS] = "netns",
};

const char *tally_field_name(enum tally_field field)
{
    return field_names[field];
}

bool tally_by_parse(struct tally_by *by, const char *text, char bad[32])
{
    memset(by, 0, sizeof *by);
    for (;;) {
        size_t length = strcspn(text, ",");
        int found = -1;
        for (int i = 0; i < TALLY_FIELD_COUNT; i++)
            if (strlen(field_names[i]) == length && strncmp(field_names[i], text, length) == 0)
                found = i;
        if (found < 0 || by->count == TALLY_FIELDS_MAX) {
            snprintf(bad, 32, "%.*s", (int)(length < 31 ? length : 31), text);
            return false;
        }
        by->fields[by->count++] = (enum tally_field)found;
        by->needs_owners =
            by->needs_owners || found == TALLY_PID || found == TALLY_COMM || found == TALLY_OWNER;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

/* Names of processes come from outside: escaped. */
static int safe_comm(const struct lastack_connection_row *row, char *out, size_t size)
{
    struct text text = {0};
    text_add_safe(&text, row->comm[0] == '\0' ? "-" : row->comm, NULL);
    int length = snprintf(out, size, "%s", text_string(&text));
    text_free(&text);
    return length;
}

static int field_text(enum tally_field field, const struct lastack_connection_row *row, char *out,
                      size_t size)
{
    switch (field) {
    case TALLY_STATE:
        return snprintf(out, size, "%s", words_ss_state((enum tcp_state)row->state));
    case TALLY_LOCAL:
        return (int)lastack_address_text(&row->local.address, out, size);
    case TALLY_PEER:
        return (int)lastack_address_text(&row->remote.address, out, size);
    case TALLY_SPORT:
        return snprintf(out, size, "%u", row->local.port);
    case TALLY_DPORT:
        return snprintf(out, size, "%u", row->remote.port);
    case TALLY_PID:
        return snprintf(out, size, "%u", row->pid);
    case TALLY_COMM:
        return safe_comm(row, out, size);
    case TALLY_OWNER:
        return snprintf(out, size, "%s", lastack_owner_text((enum lastack_owner)row->owner_kind));
    case TALLY_UID:
        return snprintf(out, size, "%u", row->uid);
    case TALLY_NETNS:
        return snprintf(out, size, "%" PRIu64, row->netns);
    case TALLY_FIELD_COUNT:
        break;
    }
    UNREACHABLE();
}

void tally_row_key(const struct tally_by *by, const struct lastack_connection_row *row, char *key,
                   size_t size)
{
    size_t used = 0;
    for (int i = 0; i < by->count && used + 2 < size; i++) {
        if (i > 0)
            key[used++] = '\t';
        int length = field_text(by->fields[i], row, key + used, size - used);
        size_t room = size - used - 1;
        used += length < 0 ? 0 : (size_t)length < room ? (size_t)length : room;
    }
    key[used] = '\0';
}
