/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundle.h: everything the doctor reads, as named pieces of bytes.
 *
 *     live host ── bundle_capture ──┐                        ┌── facts_read ──▶ checks
 *     a folder  ── bundle_load ─────┴──▶ struct bundle ──────┴── bundle_save ──▶ a folder
 *
 * So what is collected on one machine and read on another is, byte for byte, what the doctor would
 * have read there. Pieces, "1" and "2" being the two samples:
 *
 *     meta                 KEY VALUE lines: format, byte_order, release, netns ...; in a folder
 *                          behind them "piece NAME LENGTH" of all others, and "end 1"
 *     1.sockets 2.sockets  raw sock_diag answers, in this byte order: length, protocol, answer
 *     1.snmp 1.netstat 1.sockstat 1.sockstat6 ...   as /proc/net has them
 *     owners               P pid uid fds limit parent netns comm | F inode pid fd
 *     leaks                inode pid fd protocol: sockets that are in no table
 *     unix                 inode peer queued
 *     settings             name TAB value
 *     files                file TAB line TAB name TAB value
 *     damaged              only of what was loaded: a line for each piece that is not as long as
 *                          it was saved. From less than all nobody may conclude that all is well.
 */
#ifndef LASTACK_BUNDLE_H
#define LASTACK_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUNDLE_PIECES = 24 };

struct piece {
    char name[16];
    char *bytes; /* NUL behind the end */
    size_t length;
    size_t capacity;
};

struct bundle {
    struct piece pieces[BUNDLE_PIECES];
    size_t count;
};

struct bundle_options {
    int64_t interval_ns; /* between the two samples */
    bool all_netns;
};

/* One bundle per network namespace; the own one first. *bundles is the caller's: bundle_free each,
 * then free(). 0 or a negative errno. *denied counts namespaces that could not be entered. */
int bundle_capture(const struct bundle_options *options, struct bundle **bundles, size_t *count,
                   size_t *denied);

/* Saves into `folder`, which is made and must be empty; several go into folders "netns-INODE" in
 * it. `failed` (at least 512 bytes) names the file of an error. */
int bundle_save(const struct bundle *bundles, size_t count, const char *folder, char *failed);
/* -EPROTO: not saved by bundle_save. */
int bundle_load(const char *folder, struct bundle **bundles, size_t *count, char *failed);

void bundle_free(struct bundle *bundle);

/* NULL if there is no such piece. */
const struct piece *bundle_piece(const struct bundle *bundle, const char *name);

/* Appends to a piece, making it. */
void bundle_add(struct bundle *bundle, const char *name, const void *bytes, size_t length);
void bundle_addf(struct bundle *bundle, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The value of "KEY VALUE" in meta; `otherwise` if there is none. */
int64_t bundle_number(const struct bundle *bundle, const char *key, int64_t otherwise);

#endif
