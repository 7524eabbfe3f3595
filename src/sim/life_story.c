/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_story.c: see life_story.h.
 */
#include "life_story.h"

#include "packet_text.h"

#include <inttypes.h>

static const char *const what_texts[] = {
#define LASTACK_X(class, name, text) text,
    LASTACK_TRACES(LASTACK_X)
#undef LASTACK_X
};

static void tell_moment(const struct life_story *story, int64_t now, unsigned host)
{
    const int64_t us = (now - story->start) / 1000;

    fprintf(story->out, "%5" PRId64 ".%06" PRId64 "  host %u  ", us / 1000000, us % 1000000, host);
}

void life_story_begin(struct life_story *story, int64_t now, unsigned host,
                      const struct lastack_endpoint *from, const struct lastack_endpoint *to)
{
    char a[LASTACK_ENDPOINT_TEXT], b[LASTACK_ENDPOINT_TEXT];

    story->start = now;
    if (story->out == NULL)
        return;
    (void)lastack_endpoint_text(from, a, sizeof a);
    (void)lastack_endpoint_text(to, b, sizeof b);
    tell_moment(story, now, host);
    fprintf(story->out, "%s connects to %s\n", a, b);
}

void life_story_packet(const struct life_story *story, int64_t now, unsigned host, bool arrives,
                       const uint8_t *data, uint32_t length)
{
    const struct packet_text_style style = {.addresses = false};
    char text[PACKET_TEXT_MAX];
    struct ip_packet packet;

    if (story->out == NULL)
        return;
    tell_moment(story, now, host);
    if (ip_parse(data, length, true, &packet) != LASTACK_CAUSE_NONE) {
        fprintf(story->out, "%s  (not IP)\n", arrives ? "-->|" : "|-->");
        return;
    }
    (void)packet_text(&packet, &style, text, sizeof text);
    fprintf(story->out, "%s  %s\n", arrives ? "-->|" : "|-->", text);
}

void life_story_record(const struct life_story *story, unsigned host,
                       const struct lastack_trace_record *record)
{
    if (story->out == NULL || record->what == LASTACK_TRACE_FLOW ||
        record->what >= LASTACK_TRACE_COUNT)
        return;
    tell_moment(story, record->time_ns, host);
    if (record->what == LASTACK_TRACE_STATE)
        fprintf(story->out, "      %s -> %s: %s\n", lastack_state_text(record->old_state),
                lastack_state_text(record->new_state), lastack_cause_text(record->cause));
    else
        fprintf(story->out, "      %s in %s: %s\n", what_texts[record->what],
                lastack_state_text(record->old_state), lastack_cause_text(record->cause));
}

static void on_begin(void *context, int64_t now, unsigned host, const struct lastack_endpoint *from,
                     const struct lastack_endpoint *to)
{
    life_story_begin(context, now, host, from, to);
}

static void on_packet(void *context, int64_t now, unsigned host, bool arrives, const uint8_t *data,
                      uint32_t length)
{
    life_story_packet(context, now, host, arrives, data, length);
}

static void on_record(void *context, unsigned host, const struct lastack_trace_record *record)
{
    life_story_record(context, host, record);
}

void life_story_watch(struct life_story *story, struct sim_watcher *watcher)
{
    *watcher = (struct sim_watcher){
        .context = story,
        .on_begin = on_begin,
        .on_packet = on_packet,
        .on_record = on_record,
        .classes = LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_DROP,
    };
}
