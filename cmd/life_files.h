/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_files.h: one simulated connection as files and lines: text, JSON, pcapng, a ladder.
 *
 *     watcher ──┬─▶ story on stdout: each packet where it leaves and where it arrives
 *               ├─▶ or one JSON object for each trace record of both hosts
 *               ├─▶ pcapng: two interfaces, "host 0" and "host 1"; states and causes as comments
 *               └─▶ ladder: as the end sees it that connected
 */
#ifndef LASTACK_LIFE_FILES_H
#define LASTACK_LIFE_FILES_H

#include "sim_watch.h"
#include "trouble.h"

struct life_files_config {
    const char *pcap, *ladder; /* files, or NULL */
    bool has_story;            /* text on stdout */
    bool has_json;             /* records on stdout */
};

struct life_files;

/* NULL and trouble if a file cannot be written. */
struct life_files *life_files_open(const struct life_files_config *config, struct trouble *trouble);
/* What the simulation has to call; valid until close. */
const struct sim_watcher *life_files_watcher(struct life_files *files);
/* Completes the files. */
bool life_files_close(struct life_files *files, struct trouble *trouble);

#endif
