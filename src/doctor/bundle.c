/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundle.c: pieces, and their way to a folder and back. See bundle.h.
 */
#include "bundle.h"

#include "check.h"
#include "folder.h"
#include "small_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const piece_names[] = {
    "meta",      "1.sockets",  "2.sockets",  "1.snmp",      "2.snmp",      "1.netstat",
    "2.netstat", "1.sockstat", "2.sockstat", "1.sockstat6", "2.sockstat6", "owners",
    "leaks",     "unix",       "settings",   "files",
};

const struct piece *bundle_piece(const struct bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->pieces[i].name, name) == 0)
            return &bundle->pieces[i];
    return NULL;
}

void bundle_add(struct bundle *bundle, const char *name, const void *bytes, size_t length)
{
    struct piece *piece = (struct piece *)bundle_piece(bundle, name);
    if (piece == NULL) {
        CHECK(bundle->count < BUNDLE_PIECES);
        piece = &bundle->pieces[bundle->count++];
        memset(piece, 0, sizeof *piece);
        snprintf(piece->name, sizeof piece->name, "%s", name);
    }
    if (piece->length + length + 1 > piece->capacity) {
        piece->capacity = 2 * piece->capacity + length + 256;
        piece->bytes = realloc(piece->bytes, piece->capacity);
        CHECK(piece->bytes != NULL);
    }
    if (length > 0)
        memcpy(piece->bytes + piece->length, bytes, length);
    piece->length += length;
    piece->bytes[piece->length] = '\0';
}

void bundle_addf(struct bundle *bundle, const char *name, const char *format, ...)
{
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0)
        bundle_add(bundle, name, line,
                   (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

void bundle_free(struct bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        free(bundle->pieces[i].bytes);
    bundle->count = 0;
}

int64_t bundle_number(const struct bundle *bundle, const char *key, int64_t otherwise)
{
    const struct piece *meta = bundle_piece(bundle, "meta");
    size_t length = strlen(key);
    for (const char *line = meta == NULL ? NULL : meta->bytes; line != NULL && *line != '\0';) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoll(line + length + 1, NULL, 10);
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return otherwise;
}

/* meta, and how long all others are. */
static int save_meta(const struct bundle *bundle, const char *path)
{
    const struct piece *meta = bundle_piece(bundle, "meta");
    struct bundle whole = {.count = 0};
    bundle_add(&whole, "meta", meta == NULL ? "" : meta->bytes, meta == NULL ? 0 : meta->length);
    for (size_t i = 0; i < bundle->count; i++)
        if (&bundle->pieces[i] != meta)
            bundle_addf(&whole, "meta", "piece %s %zu\n", bundle->pieces[i].name,
                        bundle->pieces[i].length);
    bundle_addf(&whole, "meta", "end 1\n");
    int status = small_file_write(path, whole.pieces[0].bytes, whole.pieces[0].length);
    bundle_free(&whole);
    return status;
}

/* meta last: what has one is whole. */
static int save_one(const struct bundle *bundle, const char *folder, char *failed)
{
    snprintf(failed, 512, "%s", folder);
    int status = folder_make(folder);
    for (size_t i = 0; status == 0 && i < bundle->count; i++) {
        const struct piece *piece = &bundle->pieces[i];
        if (strcmp(piece->name, "meta") == 0)
            continue;
        snprintf(failed, 512, "%s/%s", folder, piece->name);
        status = small_file_write(failed, piece->bytes, piece->length);
    }
    if (status != 0)
        return status;
    snprintf(failed, 512, "%s/meta", folder);
    return save_meta(bundle, failed);
}

int bundle_save(const struct bundle *bundles, size_t count, const char *folder, char *failed)
{
    char path[400];
    int status = count == 1 ? save_one(&bundles[0], folder, failed) : folder_make(folder);
    if (status != 0 || count == 1)
        return status;
    for (size_t i = 0; status == 0 && i < count; i++) {
        snprintf(path, sizeof path, "%s/netns-%lld", folder,
                 (long long)bundle_number(&bundles[i], "netns", 0));
        status = save_one(&bundles[i], path, failed);
    }
    return status;
}

/* Compares the pieces with what meta says of them. Format 1 said nothing. */
static void look_for_damage(struct bundle *bundle)
{
    const char *line = bundle_piece(bundle, "meta")->bytes;
    if (bundle_number(bundle, "format", 0) < 2)
        return;
    if (bundle_number(bundle, "end", 0) != 1)
        bundle_addf(bundle, "damaged", "meta: it breaks off\n");
    for (; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        char name[sizeof bundle->pieces[0].name];
        unsigned long long saved;
        line += *line == '\n';
        if (sscanf(line, "piece %15s %llu", name, &saved) != 2)
            continue;
        const struct piece *piece = bundle_piece(bundle, name);
        if (piece == NULL)
            bundle_addf(bundle, "damaged", "%s: it is missing\n", name);
        else if (piece->length != saved)
            bundle_addf(bundle, "damaged", "%s: %llu bytes were saved, %zu are here\n", name, saved,
                        piece->length);
    }
}

static int load_one(struct bundle *bundle, const char *folder, char *failed)
{
    for (size_t i = 0; i < sizeof piece_names / sizeof piece_names[0]; i++) {
        char *bytes;
        size_t length;
        snprintf(failed, 512, "%s/%s", folder, piece_names[i]);
        int status = small_file_read_bytes(failed, &bytes, &length);
        if (status == -ENOENT && i > 0)
            continue; /* some kernels lack a file */
        if (status != 0)
            return status;
        bundle_add(bundle, piece_names[i], bytes, length);
        free(bytes);
    }
    int64_t order = bundle_number(bundle, "byte_order", 0);
    int64_t format = bundle_number(bundle, "format", 0);
    bool is_ours = (format == 1 || format == 2) &&
                   order == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1234 : 4321);
    snprintf(failed, 512, "%s/meta", folder);
    if (!is_ours)
        return -EPROTO;
    look_for_damage(bundle);
    return 0;
}

struct loading {
    struct bundle *bundles;
    size_t count;
    char *failed;
    int status;
};

static bool load_netns(void *context, const char *folder)
{
    struct loading *loading = context;
    loading->bundles = realloc(loading->bundles, (loading->count + 1) * sizeof *loading->bundles);
    CHECK(loading->bundles != NULL);
    struct bundle *bundle = &loading->bundles[loading->count++];
    memset(bundle, 0, sizeof *bundle);
    loading->status = load_one(bundle, folder, loading->failed);
    return loading->status == 0;
}

int bundle_load(const char *folder, struct bundle **bundles, size_t *count, char *failed)
{
    struct loading loading = {.failed = failed};
    snprintf(failed, 512, "%s", folder);
    int status = folder_walk(folder, "netns-", load_netns, &loading);
    if (status == 0 && loading.count == 0)
        load_netns(&loading, folder);
    if (status == 0)
        status = loading.status;
    *bundles = loading.bundles;
    *count = loading.count;
    return status;
}
