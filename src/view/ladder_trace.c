/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_trace.c: what the own end's trace tells: states and causes, timers, calls, refusals.
 *
 *     record at t ─▶ is there a row at t that shows why? ─▶ written beside it
 *                    else                                ─▶ a note of its own, in its place
 *
 * Records may be read later than packets that came after them.
 */
#include "ladder_parts.h"

#include "words.h"

#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The row of a thing that happened at `at` because of what a row shows: the last row of that
 * time that is a note, or a packet from the peer. Its index, or `count`. */
static size_t row_behind(const struct ladder *ladder, int64_t at)
{
    for (size_t i = ladder->count; i-- > 0 && ladder->rows[i].at >= at;) {
        const struct ladder_row *row = &ladder->rows[i];

        if (row->at == at && (row->kind == LADDER_NOTE ||
                              (row->kind == LADDER_SEGMENT && row->from != (unsigned)ladder->own)))
            return i;
    }
    return ladder->count;
}

static void add_to(char **string, const char *more)
{
    struct text text = {0};

    if (*string != NULL && strstr(*string, more) != NULL)
        return;
    if (*string != NULL)
        text_addf(&text, "%s, ", *string);
    text_add(&text, more);
    free(*string);
    *string = ladder_copy(text_string(&text));
    text_free(&text);
}

/* A note in its place: records may be read later than packets that came after them. Its index,
 * or `count` if there are too many rows. */
static size_t add_note(struct ladder *ladder, int64_t at, const char *note)
{
    size_t place;

    if (ladder->count >= LADDER_ROWS_MAX)
        return ladder->count;
    struct ladder_row row = *ladder_add_row(ladder, LADDER_NOTE, (unsigned)ladder->own, at);
    row.note = ladder_copy(note);
    row.life = ladder->infer.lives;
    for (unsigned end = 0; end < 2; end++)
        row.facts[end] = *infer_facts_of(&ladder->infer, end);
    for (place = ladder->count - 1; place > 0 && ladder->rows[place - 1].at > at; place--)
        ladder->rows[place] = ladder->rows[place - 1];
    if (place + 1 < ladder->count) { /* what later rows know of either end was not known yet */
        const struct ladder_row *next = &ladder->rows[place + 1];

        row.facts[0] = place > 0 ? ladder->rows[place - 1].facts[0] : next->facts[0];
        row.facts[1] = place > 0 ? ladder->rows[place - 1].facts[1] : next->facts[1];
        row.life = next->life;
        row.state[ladder->own] =
            place > 0 ? ladder->rows[place - 1].state[ladder->own] : ladder->begin[ladder->own];
    }
    ladder->rows[place] = row;
    return place;
}

/* A change of state goes with the packet or the call that caused it, if that is a row; else it
 * is one. */
static void trace_state(struct ladder *ladder, const struct lastack_trace_record *record)
{
    const char *cause = lastack_cause_text((enum lastack_cause)record->cause);
    size_t place = row_behind(ladder, record->time_ns);

    ladder->own_state = (struct ladder_state){(enum tcp_state)record->new_state, LADDER_PROVEN};
    if (place == ladder->count) {
        place = add_note(ladder, record->time_ns, cause);
    } else if (ladder->rows[place].kind == LADDER_SEGMENT) {
        add_to(&ladder->rows[place].cause[ladder->own], cause);
    } else if (record->cause != LASTACK_CAUSE_NONE) { /* says more than "timer: 2MSL" */
        free(ladder->rows[place].note);
        ladder->rows[place].note = ladder_copy(cause);
    }
    for (size_t i = place; i < ladder->count; i++)
        ladder->rows[i].state[ladder->own] = ladder->own_state;
}

static void trace_armed(struct ladder *ladder, const struct lastack_trace_record *record)
{
    enum lastack_timer timer = (enum lastack_timer)record->u.detail.a;
    size_t place = row_behind(ladder, record->time_ns);
    struct text text = {0};

    if (place == ladder->count && place > 0)
        place--;
    /* The other timers run all the time; only what ends a state is worth a word before it fires. */
    if (place == ladder->count ||
        (timer != LASTACK_TIMER_TIME_WAIT && timer != LASTACK_TIMER_FIN_WAIT_2))
        return;
    text_addf(&text, "%s: ", lastack_timer_text(timer));
    words_duration(&text, record->u.detail.b - record->time_ns);
    add_to(&ladder->rows[place].cause[ladder->own], text_string(&text));
    text_free(&text);
}

static void trace_fired(struct ladder *ladder, const struct lastack_trace_record *record)
{
    enum lastack_timer timer = (enum lastack_timer)record->u.detail.a;
    struct text text = {0};

    /* What it sent again says so itself; and these two fire all day. */
    if (timer == LASTACK_TIMER_RETRANSMIT || timer == LASTACK_TIMER_DELAYED_ACK ||
        timer == LASTACK_TIMER_PACE)
        return;
    text_addf(&text, "timer: %s", lastack_timer_text(timer));
    add_note(ladder, record->time_ns, text_string(&text));
    text_free(&text);
}

static void trace_retransmit(struct ladder *ladder, const struct lastack_trace_record *record)
{
    struct text text = {0};

    text_addf(&text, "%s: sends again (%" PRId64 ")",
              lastack_cause_text((enum lastack_cause)record->cause), record->u.detail.a);
    if (record->u.detail.b > 0) {
        text_add(&text, ", then waits ");
        words_duration(&text, record->u.detail.b);
    }
    add_note(ladder, record->time_ns, text_string(&text));
    text_free(&text);
}

static void trace_refusal(struct ladder *ladder, const struct lastack_trace_record *record)
{
    const char *cause = lastack_cause_text((enum lastack_cause)record->cause);
    size_t place = row_behind(ladder, record->time_ns);

    if (record->cause == LASTACK_CAUSE_DROP_ACK_DUPLICATE)
        return;
    if (place < ladder->count && ladder->rows[place].kind == LADDER_SEGMENT)
        add_to(&ladder->rows[place].note, cause);
    else
        add_note(ladder, record->time_ns, cause);
}

static void trace_segment(struct ladder *ladder, const struct lastack_trace_record *record)
{
    bool is_out = record->what == LASTACK_TRACE_SEGMENT_OUT;
    unsigned flags = record->flags;
    struct infer_packet packet = {
        .at = record->time_ns,
        .from = (unsigned)(is_out ? ladder->own : 1 - ladder->own),
        .segment =
            {
                .seq = {record->u.detail.seq},
                .ack = {record->u.detail.ack},
                .flags = (uint16_t)flags,
                .text_length = record->u.detail.length,
                .len = record->u.detail.length + ((flags & LASTACK_SYN) != 0) +
                       ((flags & LASTACK_FIN) != 0),
            },
    };
    uint32_t window = record->u.detail.window;

    packet.segment.wnd = window > UINT16_MAX ? UINT16_MAX : (uint16_t)window;
    size_t before = ladder->count;
    ladder_segment(ladder, &packet);
    if (ladder->count > before) /* the record has it scaled already */
        ladder->rows[ladder->count - 1].window = window;
}

void ladder_trace(struct ladder *ladder, const struct lastack_trace_record *record,
                  bool has_segments)
{
    CHECK(ladder->own >= 0);
    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_STATE:
        trace_state(ladder, record);
        break;
    case LASTACK_TRACE_ACCEPTED:
        add_note(ladder, record->time_ns, "accept()");
        break;
    case LASTACK_TRACE_TIMER_ARMED:
        trace_armed(ladder, record);
        break;
    case LASTACK_TRACE_TIMER_FIRED:
        trace_fired(ladder, record);
        break;
    case LASTACK_TRACE_RETRANSMIT:
        trace_retransmit(ladder, record);
        break;
    case LASTACK_TRACE_TIME_WAIT_RESTART:
        add_note(ladder, record->time_ns, "2MSL restarts");
        break;
    case LASTACK_TRACE_DROP:
    case LASTACK_TRACE_REFUSED:
    case LASTACK_TRACE_WARNING:
        trace_refusal(ladder, record);
        break;
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
        if (has_segments)
            trace_segment(ladder, record);
        break;
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_GONE:
    case LASTACK_TRACE_TIMER_STOPPED:
    case LASTACK_TRACE_COUNT:
        break;
    }
}
