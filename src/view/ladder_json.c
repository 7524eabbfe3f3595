/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_json.c: ladders for scripts.
 */
#include "ladder_json.h"

#include "json_names.h"

#include "check.h"

#include <stdlib.h>

static void set(json_t *object, const char *name, json_t *value)
{
    CHECK(value != NULL);
    int failed = json_object_set_new(object, name, value);
    CHECK(!failed);
}

static void add_json_line(struct text *text, json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);

    CHECK(line != NULL);
    text_addf(text, "%s\n", line);
    free(line);
    json_decref(object);
}

static void set_state(json_t *object, const char *name, const char *proven,
                      const struct ladder_state *state)
{
    bool is_known = state->certainty != LADDER_UNKNOWN;

    set(object, name, is_known ? json_state(state->state) : json_null());
    set(object, proven, json_boolean(state->certainty == LADDER_PROVEN));
}

static void set_words(json_t *object, const char *name, const struct text *text)
{
    set(object, name, text->length > 0 ? json_text(text) : json_null());
}

static const char *kind_name(enum ladder_kind kind)
{
    switch (kind) {
    case LADDER_SEGMENT:
        return "segment";
    case LADDER_NOTE:
        return "note";
    case LADDER_FOLD:
        return "fold";
    case LADDER_PAUSE:
        return "pause";
    case LADDER_AGAIN:
        return "again";
    }
    return "?";
}

static void set_segment(json_t *object, const struct ladder_row *row)
{
    struct text words = {0};

    ladder_flags_text(&words, row->flags);
    set(object, "from", json_string(row->from == 0 ? "left" : "right"));
    set_words(object, "flags", &words);
    set(object, "seq", json_integer(row->seq));
    set(object, "ack", row->flags & LASTACK_ACK ? json_integer(row->ack) : json_null());
    set(object, "len", json_integer(row->length));
    set(object, "win", json_integer(row->window));
    text_clear(&words);
    ladder_remark_text(&words, row);
    set_words(object, "remark", &words);
    text_free(&words);
}

static void add_row(struct text *text, size_t stream, const struct ladder_row *row)
{
    json_t *object = json_object();

    set(object, "stream", json_integer((json_int_t)stream));
    set(object, "kind", json_string(kind_name(row->kind)));
    set(object, "time_ns", json_integer(row->at));
    if (row->kind == LADDER_SEGMENT)
        set_segment(object, row);
    if (row->kind == LADDER_FOLD)
        set(object, "segments", json_integer((json_int_t)row->segments));
    if (row->kind == LADDER_FOLD || row->kind == LADDER_PAUSE)
        set(object, "until_ns", json_integer(row->until));
    if (row->note != NULL)
        set(object, "note", json_safe(row->note));
    set_state(object, "left_state", "left_proven", &row->state[0]);
    set_state(object, "right_state", "right_proven", &row->state[1]);
    add_json_line(text, object);
}

static json_t *end_name(int end)
{
    static const char *const names[] = {"left", "right", "both"};

    return end < 0 ? json_null() : json_string(names[end]);
}

static void add_stream(struct text *text, size_t number, const struct stream *stream)
{
    json_t *object = json_object();

    set(object, "stream", json_integer((json_int_t)number));
    set(object, "left", json_endpoint(&stream->end[0]));
    set(object, "right", json_endpoint(&stream->end[1]));
    set(object, "segments", json_integer((json_int_t)stream->segments));
    set(object, "duration_ns", json_integer(stream->last_at - stream->first_at));
    if (stream->ladder != NULL) {
        const struct ladder_summary *summary = &stream->ladder->summary;

        set(object, "bytes_left", json_integer((json_int_t)summary->bytes[0]));
        set(object, "bytes_right", json_integer((json_int_t)summary->bytes[1]));
        set(object, "closed_first", end_name(summary->closed_first));
        set(object, "by_reset", json_boolean(summary->by_reset));
        set(object, "time_wait", end_name(summary->time_wait));
    }
    add_json_line(text, object);
}

void ladder_streams_json(const struct streams *streams, bool is_list, struct text *text)
{
    for (size_t i = 0; i < streams->count; i++) {
        const struct stream *stream = &streams->stream[i];

        if (!is_list && stream->ladder == NULL)
            continue;
        for (size_t row = 0; !is_list && row < stream->ladder->count; row++)
            add_row(text, i, &stream->ladder->rows[row]);
        add_stream(text, i, stream);
    }
}
