/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_segment.c: a packet becomes a row: numbers counted from its sender's ISN, and what infer
 * makes of it.
 */
#include "ladder_parts.h"

#include "packet_text.h"

#include <string.h>

/* The number from which an end's sequence numbers count: its ISN, or what makes its first byte
 * 1. */
static struct seq base_of(const struct infer_side *side)
{
    return side->has_isn ? side->isn : side->has_seq ? seq_sub(side->first, 1) : seq_of(0);
}

/* "mss 1460, sackOK, TS, wscale 7": what a SYN asks for. */
static char *options_of(const struct segment *segment)
{
    char line[PACKET_TEXT_MAX];
    struct text text = {0};

    segment_text(segment, LASTACK_OPTIONS_LINUX, &(struct packet_text_style){0}, line, sizeof line);
    const char *begin = strchr(line, '<'), *end = strrchr(line, '>');
    if (begin == NULL || end == NULL || end < begin)
        return NULL;
    for (const char *at = begin + 1; at < end;) {
        size_t length = strcspn(at, ",>");
        bool is_timestamp =
            length > 2 && memcmp(at, "TS ", 3) == 0; /* its numbers say nothing here */
        bool is_padding = length == 3 && (memcmp(at, "nop", 3) == 0 || memcmp(at, "eol", 3) == 0);

        if (!is_padding) {
            text_add(&text, text.length > 0 ? ", " : "");
            text_add_bytes(&text, at, is_timestamp ? 2 : length);
        }
        at += length + 1;
    }
    char *options = ladder_copy(text_string(&text));
    text_free(&text);
    return options;
}

void ladder_segment(struct ladder *ladder, const struct infer_packet *packet)
{
    const struct segment *seg = &packet->segment;
    uint32_t lives = ladder->infer.lives;
    struct infer_remark remark;

    infer_see(&ladder->infer, packet, &remark);
    ladder->summary.segments++;
    if (remark.marks & (1u << INFER_RETRANSMISSION | 1u << INFER_FAST_RETRANSMISSION |
                        1u << INFER_NEEDLESS | 1u << INFER_FIN_REPEATED))
        ladder->summary.repeats[packet->from]++;
    ladder->summary.bytes[packet->from] += remark.fresh_text;
    if (remark.marks & 1u << INFER_RESET && ladder->summary.reset == INFER_RESET_NONE) {
        ladder->summary.reset = remark.reset;
        ladder->summary.reset_by = packet->from;
    }
    if (ladder->count >= LADDER_ROWS_MAX) {
        ladder->left_out++;
        return;
    }
    if (lives > 0 && ladder->infer.lives > lives)
        ladder_add_row(ladder, LADDER_AGAIN, packet->from, packet->at)->life = lives;

    struct ladder_row *row = ladder_add_row(ladder, LADDER_SEGMENT, packet->from, packet->at);
    row->flags = seg->flags;
    row->seq = seq_distance(base_of(infer_side_of(&ladder->infer, packet->from)), seg->seq);
    row->ack = seq_distance(base_of(infer_side_of(&ladder->infer, 1 - packet->from)), seg->ack);
    row->length = seg->text_length;
    row->window = infer_window(&ladder->infer, packet);
    row->marks = remark.marks;
    row->times = remark.times;
    row->reset = remark.reset;
    row->is_foreign = remark.is_foreign;
    row->note = seg->flags & LASTACK_SYN ? options_of(seg) : NULL;
    row->life = ladder->infer.lives;
    row->sender = remark.sender;
    row->carries = remark.carries;
    for (unsigned end = 0; end < 2; end++)
        row->facts[end] = *infer_facts_of(&ladder->infer, end);
}
