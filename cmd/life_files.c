/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_files.c: see life_files.h.
 */
#include "life_files.h"

#include "check.h"
#include "json_names.h"
#include "ladder.h"
#include "life_story.h"
#include "pcapng.h"
#include "tcp_header.h"
#include "trace_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS = 2, CONNECTOR = 0, ACCEPTOR = 1 };

struct life_files {
    struct life_files_config config;
    struct sim_watcher watcher;
    struct life_story story;
    FILE *pcap_file, *ladder_file;
    struct pcapng pcap;
    uint32_t interface[HOSTS];
    struct text news[HOSTS]; /* state changes since the last packet of that host */
    struct ladder ladder;
    bool has_begun;
    unsigned connector;                      /* the host that connected */
    char name[HOSTS][LASTACK_ENDPOINT_TEXT]; /* of each host's end */
};

/* ---- what is seen ---- */

static void on_begin(void *context, int64_t now, unsigned host, const struct lastack_endpoint *from,
                     const struct lastack_endpoint *to)
{
    struct life_files *files = context;

    files->has_begun = true;
    files->connector = host;
    (void)lastack_endpoint_text(from, files->name[host], LASTACK_ENDPOINT_TEXT);
    (void)lastack_endpoint_text(to, files->name[1 - host], LASTACK_ENDPOINT_TEXT);
    life_story_begin(&files->story, now, host, from, to);
    if (files->ladder_file == NULL)
        return;
    ladder_init(&files->ladder, files->name[host], files->name[1 - host]);
    ladder_set_role(&files->ladder, CONNECTOR, "connects; seen from here");
    ladder_set_role(&files->ladder, ACCEPTOR, "the other stack");
    ladder_set_own(&files->ladder, CONNECTOR, TCP_CLOSED);
}

static void draw_packet(struct life_files *files, int64_t now, bool arrives, const uint8_t *data,
                        uint32_t length)
{
    struct infer_packet packet = {.at = now, .from = arrives ? ACCEPTOR : CONNECTOR};
    struct ip_packet ip;

    if (ip_parse(data, length, true, &ip) != LASTACK_CAUSE_NONE ||
        tcp_parse(&ip, &packet.segment) != LASTACK_CAUSE_NONE)
        return;
    packet.ip_id = ip.is_ipv6 ? 0 : load16(ip.header + 4);
    ladder_segment(&files->ladder, &packet);
}

static void on_packet(void *context, int64_t now, unsigned host, bool arrives, const uint8_t *data,
                      uint32_t length)
{
    struct life_files *files = context;

    life_story_packet(&files->story, now, host, arrives, data, length);
    if (files->pcap_file != NULL) {
        const struct pcapng_note note = {
            .interface = files->interface[host],
            .time_ns = now,
            .direction = arrives ? PCAPNG_IN : PCAPNG_OUT,
            .comment = files->news[host].length > 0 ? text_string(&files->news[host]) : NULL};

        pcapng_bytes(&files->pcap, &note, data, length);
        text_clear(&files->news[host]);
    }
    if (files->ladder_file != NULL && files->has_begun && host == files->connector)
        draw_packet(files, now, arrives, data, length);
}

static void on_record(void *context, unsigned host, const struct lastack_trace_record *record)
{
    struct life_files *files = context;

    life_story_record(&files->story, host, record);
    if (files->config.has_json) {
        char both[2 * LASTACK_ENDPOINT_TEXT];

        snprintf(both, sizeof both, "%s %s", files->name[host], files->name[1 - host]);
        json_line(stdout, trace_json(record, both));
    }
    if (record->what == LASTACK_TRACE_STATE)
        text_addf(&files->news[host], "%s%s -> %s: %s", files->news[host].length > 0 ? "; " : "",
                  lastack_state_text(record->old_state), lastack_state_text(record->new_state),
                  lastack_cause_text(record->cause));
    if (files->ladder_file != NULL && files->has_begun && host == files->connector)
        ladder_trace(&files->ladder, record, true);
}

const struct sim_watcher *life_files_watcher(struct life_files *files)
{
    return &files->watcher;
}

/* ---- opening and closing ---- */

static FILE *open_file(const char *path, struct trouble *trouble)
{
    FILE *file = fopen(path, "wbe");

    if (file == NULL)
        trouble_set(trouble, errno, "write %s", path);
    return file;
}

static bool open_files(struct life_files *files, struct trouble *trouble)
{
    const struct life_files_config *config = &files->config;

    if (config->ladder != NULL && (files->ladder_file = open_file(config->ladder, trouble)) == NULL)
        return false;
    if (config->pcap == NULL)
        return true;
    files->pcap_file = open_file(config->pcap, trouble);
    if (files->pcap_file == NULL) {
        if (files->ladder_file != NULL)
            fclose(files->ladder_file);
        return false;
    }
    pcapng_begin(&files->pcap, files->pcap_file, "lastack sim");
    files->interface[0] = pcapng_interface(&files->pcap, PCAPNG_RAW_IP, "host 0");
    files->interface[1] = pcapng_interface(&files->pcap, PCAPNG_RAW_IP, "host 1");
    return true;
}

struct life_files *life_files_open(const struct life_files_config *config, struct trouble *trouble)
{
    struct life_files *files = calloc(1, sizeof *files);

    CHECK(files != NULL);
    files->config = *config;
    files->story.out = config->has_story ? stdout : NULL;
    files->watcher = (struct sim_watcher){
        .context = files,
        .on_begin = on_begin,
        .on_packet = on_packet,
        .on_record = on_record,
        .classes = LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_DROP |
                   (config->ladder != NULL || config->has_json ? LASTACK_TRACE_CLASS_TIMER : 0u),
    };
    if (open_files(files, trouble))
        return files;
    free(files);
    return NULL;
}

static bool close_file(FILE *file, const char *path, struct trouble *trouble)
{
    const bool is_written = fflush(file) == 0 && ferror(file) == 0;
    const int error = errno;

    return (fclose(file) == 0 && is_written) || trouble_set(trouble, error, "write %s", path);
}

static void draw(struct life_files *files)
{
    const struct ladder *ladder = &files->ladder;
    struct text svg = {0};

    if (!files->has_begun)
        return;
    ladder_finish(&files->ladder);
    ladder_draw_svg(&ladder, 1, &svg);
    fputs(text_string(&svg), files->ladder_file);
    text_free(&svg);
    ladder_free(&files->ladder);
}

bool life_files_close(struct life_files *files, struct trouble *trouble)
{
    bool is_complete = true;

    if (files->pcap_file != NULL)
        is_complete = close_file(files->pcap_file, files->config.pcap, trouble);
    if (files->ladder_file != NULL) {
        draw(files);
        is_complete = close_file(files->ladder_file, files->config.ladder, trouble) && is_complete;
    }
    for (unsigned host = 0; host < HOSTS; host++)
        text_free(&files->news[host]);
    free(files);
    return is_complete;
}
