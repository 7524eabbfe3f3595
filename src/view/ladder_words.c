/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_words.c: what a row says: its label in as many words as fit, what is remarkable, what a
 * fold holds; and the sentence under the drawing.
 */
#include "ladder.h"

#include "words.h"

#include <inttypes.h>

void ladder_flags_text(struct text *text, uint16_t flags)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } names[] = {
        {LASTACK_SYN, "SYN"}, {LASTACK_FIN, "FIN"}, {LASTACK_RST, "RST"},
        {LASTACK_PSH, "PSH"}, {LASTACK_URG, "URG"}, {LASTACK_ACK, "ACK"},
        {LASTACK_ECE, "ECE"}, {LASTACK_CWR, "CWR"}, {LASTACK_AE, "AE"},
    };
    size_t before = text->length;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (flags & names[i].bit)
            text_addf(text, "%s%s", text->length > before ? " " : "", names[i].name);
    if (text->length == before)
        text_add(text, "-");
}

static void add_numbers(struct text *text, const struct ladder_row *row, const char *seq_word,
                        const char *gap, const char *length_gap)
{
    bool is_bare_ack =
        row->length == 0 && (row->flags & (LASTACK_SYN | LASTACK_FIN | LASTACK_RST)) == 0;

    if (row->length > 0)
        text_addf(text, "%s%s%u:%u%s(%u)", gap, seq_word, row->seq, row->seq + row->length,
                  length_gap, row->length);
    else if (!is_bare_ack)
        text_addf(text, "%s%s%u", gap, seq_word, row->seq);
    if (row->flags & LASTACK_ACK)
        text_addf(text, "%sack %u", gap, row->ack);
}

/* The label in as many words as fit: 0 all of them, 3 the least. */
static void add_label(struct text *text, const struct ladder_row *row, unsigned brevity)
{
    ladder_flags_text(text, row->flags);
    if (brevity < 3)
        add_numbers(text, row, brevity == 0 ? "seq " : "", brevity == 0 ? "  " : " ",
                    brevity == 0 ? " " : "");
    else if (row->length > 0)
        text_addf(text, " (%u)", row->length);
    if (brevity < 2 && !(row->flags & LASTACK_RST))
        text_addf(text, "%swin %u", brevity == 0 ? "  " : " ", row->window);
}

void ladder_label_text(struct text *text, const struct ladder_row *row, size_t width)
{
    static const char letters[] = "FSRPAUEWe"; /* in the order of the bits */

    for (unsigned brevity = 0; brevity < 4; brevity++) {
        text_clear(text);
        add_label(text, row, brevity);
        if (text_width(text_string(text), text->length) <= width)
            return;
    }
    text_clear(text); /* nobody but an attacker sets so many */
    for (unsigned bit = 0; bit < sizeof letters - 1 && bit < width; bit++)
        if (row->flags & 1u << bit)
            text_add_bytes(text, &letters[bit], 1);
}

static bool counts_times(enum infer_mark mark)
{
    return mark == INFER_RETRANSMISSION || mark == INFER_FIN_REPEATED ||
           mark == INFER_DUPLICATE_ACK || mark == INFER_WINDOW_PROBE || mark == INFER_KEEPALIVE;
}

void ladder_remark_text(struct text *text, const struct ladder_row *row)
{
    size_t before = text->length;

    for (int i = 0; i < INFER_MARK_COUNT; i++) {
        enum infer_mark mark = (enum infer_mark)i;

        if ((row->marks & 1u << i) == 0 || mark == INFER_RESET)
            continue;
        text_addf(text, "%s%s", text->length > before ? ", " : "", infer_mark_text(mark));
        if (counts_times(mark) && row->times > 1)
            text_addf(text, " (%u)", row->times);
    }
    if (row->marks & 1u << INFER_RESET) {
        text_addf(text, "%s%s", text->length > before ? ", " : "", infer_reset_text(row->reset));
        if (row->is_foreign)
            text_add(text, " - or forged: its hop count is not that end's");
    }
}

unsigned ladder_remark_weight(const struct ladder_row *row)
{
    const uint32_t news =
        1u << INFER_CLOSES_FIRST | 1u << INFER_SIMULTANEOUS_OPEN | 1u << INFER_SIMULTANEOUS_CLOSE |
        1u << INFER_HALF_CLOSE | 1u << INFER_WINDOW_OPENS | 1u << INFER_KEEPALIVE |
        1u << INFER_KEEPALIVE_ACK | 1u << INFER_REOPENS | 1u << INFER_REOPENS_TIME_WAIT |
        1u << INFER_WINDOW_FULL | 1u << INFER_LAST_ACK_REPEATED;

    if (row->marks & 1u << INFER_RESET)
        return 3;
    if (row->marks & ~news)
        return 2;
    return row->marks != 0;
}

static void add_reset(struct text *text, const struct ladder *ladder)
{
    const struct ladder_summary *summary = &ladder->summary;

    if (summary->reset == INFER_RESET_NONE)
        return;
    if (!summary->by_reset && summary->closed_first == (int)summary->reset_by)
        text_add(text, " Later it reset the connection");
    else if (!summary->by_reset)
        text_addf(text, " Later %s reset it", ladder->name[summary->reset_by]);
    text_addf(text, ": %s.", infer_reset_text(summary->reset));
}

static void add_closing(struct text *text, const struct ladder *ladder)
{
    const struct ladder_summary *summary = &ladder->summary;
    bool is_sure = summary->is_time_wait_proven;

    if (summary->closed_first < 0) {
        text_add(text, "Not closed.");
        return;
    }
    text_addf(text, "%s %s", ladder->name[summary->closed_first],
              summary->by_reset ? "reset it" : "closed first.");
    add_reset(text, ladder);
    if (summary->time_wait == 2)
        text_addf(text, " Both ends %s in TIME-WAIT.", is_sure ? "wait" : "should wait");
    else if (summary->time_wait >= 0 && summary->time_wait == summary->closed_first)
        text_addf(text, " It %s in TIME-WAIT.", is_sure ? "waits" : "should wait");
    else if (summary->time_wait >= 0)
        text_addf(text, " %s %s in TIME-WAIT.", ladder->name[summary->time_wait],
                  is_sure ? "waits" : "should wait");
}

/* "442 KB" that stays on one line. */
static void add_unbroken_bytes(struct text *text, uint64_t bytes)
{
    struct text words = {0};

    words_bytes(&words, bytes);
    for (const char *at = text_string(&words); *at != '\0'; at++)
        text_add_bytes(text, *at == ' ' ? "\u00a0" : at, *at == ' ' ? 2 : 1);
    text_free(&words);
}

static void add_sizes(struct text *text, const uint64_t bytes[2])
{
    for (unsigned end = 0; end < 2; end++) {
        if (bytes[end] == 0)
            continue;
        text_add(text, ", ");
        add_unbroken_bytes(text, bytes[end]);
        text_add(text, end == 0 ? "\u00a0\u2192" : "\u00a0\u2190");
    }
}

void ladder_fold_text(struct text *text, const struct ladder_row *row)
{
    text_addf(text, "%" PRIu64 " segments", row->segments);
    add_sizes(text, row->bytes);
    if (row->repeats > 0)
        text_addf(text, ", %" PRIu64 " sent again", row->repeats);
    text_add(text, ", ");
    words_duration(text, row->until - row->at);
}

void ladder_summary_text(struct text *text, const struct ladder *ladder)
{
    const struct ladder_summary *summary = &ladder->summary;
    uint64_t repeats = summary->repeats[0] + summary->repeats[1];

    add_closing(text, ladder);
    text_addf(text, " %" PRIu64 " segments in ", summary->segments);
    words_duration(text, summary->duration_ns);
    add_sizes(text, summary->bytes);
    if (repeats > 0)
        text_addf(text, ", %" PRIu64 " sent again", repeats);
    text_add(text, ".");
    if (ladder->left_out > 0)
        text_addf(text, " %" PRIu64 " more segments are not drawn.", ladder->left_out);
}
