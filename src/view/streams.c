/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * streams.c: a hash table from pairs of endpoints to streams.
 *
 * The key is SipHash with a fixed key: the file is the only input, and who crafts one gains
 * nothing but a slower reading of it, bounded by STREAMS_MAX.
 */
#include "streams.h"

#include "bytes.h"
#include "check.h"
#include "siphash.h"

#include <stdlib.h>

void streams_init(struct streams *streams, size_t from, size_t count)
{
    *streams = (struct streams){.wanted_from = from, .wanted_count = count};
}

void streams_free(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        if (streams->stream[i].ladder != NULL) {
            ladder_free(streams->stream[i].ladder);
            free(streams->stream[i].ladder);
        }
    }
    free(streams->stream);
    free(streams->slot);
    *streams = (struct streams){0};
}

static bool endpoint_equal(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    return a->port == b->port && lastack_address_equal(&a->address, &b->address);
}

/* The same for both directions: the sum of the ends' hashes. */
static uint64_t hash_of(const struct lastack_endpoint *a, const struct lastack_endpoint *b)
{
    static const struct siphash_key key = {0x6c61737461636b00, 0x73747265616d7300};
    const struct lastack_endpoint *ends[2] = {a, b};
    uint64_t hash = 0;

    for (unsigned i = 0; i < 2; i++) {
        const uint8_t *bytes = ends[i]->address.bytes;
        const uint64_t words[3] = {load64(bytes), load64(bytes + 8), ends[i]->port};

        hash += siphash13_words(&key, words, 3);
    }
    return hash;
}

static void place(struct streams *streams, size_t index)
{
    const struct stream *stream = &streams->stream[index];
    size_t at = (size_t)hash_of(&stream->end[0], &stream->end[1]) & (streams->slots - 1);

    while (streams->slot[at] != 0)
        at = (at + 1) & (streams->slots - 1);
    streams->slot[at] = (uint32_t)index + 1;
}

static void grow(struct streams *streams)
{
    if (streams->count == streams->capacity) {
        streams->capacity = streams->capacity == 0 ? 16 : streams->capacity * 2;
        streams->stream = realloc(streams->stream, streams->capacity * sizeof *streams->stream);
        CHECK(streams->stream != NULL);
    }
    if (streams->count * 2 < streams->slots)
        return;
    free(streams->slot);
    streams->slots = streams->slots == 0 ? 64 : streams->slots * 2;
    streams->slot = calloc(streams->slots, sizeof *streams->slot);
    CHECK(streams->slot != NULL);
    for (size_t i = 0; i < streams->count; i++)
        place(streams, i);
}

/* The stream between these two, or NULL. */
static struct stream *find(const struct streams *streams, const struct lastack_endpoint *a,
                           const struct lastack_endpoint *b)
{
    if (streams->slots == 0)
        return NULL;
    for (size_t at = (size_t)hash_of(a, b) & (streams->slots - 1); streams->slot[at] != 0;
         at = (at + 1) & (streams->slots - 1)) {
        struct stream *stream = &streams->stream[streams->slot[at] - 1];

        if ((endpoint_equal(&stream->end[0], a) && endpoint_equal(&stream->end[1], b)) ||
            (endpoint_equal(&stream->end[0], b) && endpoint_equal(&stream->end[1], a)))
            return stream;
    }
    return NULL;
}

static struct ladder *new_ladder(const struct stream *stream)
{
    char name[2][LASTACK_ENDPOINT_TEXT];
    struct ladder *ladder = malloc(sizeof *ladder);

    CHECK(ladder != NULL);
    for (unsigned end = 0; end < 2; end++)
        lastack_endpoint_text(&stream->end[end], name[end], sizeof name[end]);
    ladder_init(ladder, name[0], name[1]);
    return ladder;
}

static struct stream *begin_stream(struct streams *streams, const struct capture_segment *segment)
{
    const struct segment *seg = &segment->segment;
    bool is_answer = (seg->flags & (LASTACK_SYN | LASTACK_ACK)) == (LASTACK_SYN | LASTACK_ACK);
    size_t index = streams->count;

    if (index == STREAMS_MAX)
        return NULL;
    grow(streams);
    struct stream *stream = &streams->stream[streams->count++];
    *stream = (struct stream){.first_at = segment->at};
    stream->end[is_answer ? 1 : 0] = tuple_local(&seg->tuple);
    stream->end[is_answer ? 0 : 1] = tuple_remote(&seg->tuple);
    if (index >= streams->wanted_from && index - streams->wanted_from < streams->wanted_count)
        stream->ladder = new_ladder(stream);
    place(streams, index);
    return stream;
}

static bool is_taken_from(struct stream *stream, unsigned end, uint64_t seen)
{
    if (!stream->is_seen[end])
        stream->seen[end] = seen;
    stream->is_seen[end] = true;
    return stream->seen[end] == seen;
}

struct stream *streams_add(struct streams *streams, const struct capture_segment *segment)
{
    const struct segment *seg = &segment->segment;
    const struct lastack_endpoint from = tuple_local(&seg->tuple);
    const struct lastack_endpoint to = tuple_remote(&seg->tuple);
    struct stream *stream = find(streams, &from, &to);

    if (stream == NULL)
        stream = begin_stream(streams, segment);
    if (stream == NULL) {
        streams->beyond++;
        return NULL;
    }
    const unsigned end = endpoint_equal(&stream->end[0], &from) ? 0 : 1;
    if (!is_taken_from(stream, end, segment->seen)) {
        streams->seen_elsewhere++;
        return stream;
    }
    stream->segments++;
    stream->bytes += seg->text_length;
    stream->last_at = segment->at;
    if (stream->ladder != NULL) {
        const struct infer_packet packet = {
            .at = segment->at,
            .from = end,
            .segment = *seg,
            .ip_id = segment->ip_id,
        };
        ladder_segment(stream->ladder, &packet);
    }
    return stream;
}

enum capture_result streams_read(struct streams *streams, struct capture *capture)
{
    struct capture_segment segment;
    enum capture_result result;

    while ((result = capture_next(capture, &segment)) == CAPTURE_SEGMENT)
        streams_add(streams, &segment);
    return result;
}
