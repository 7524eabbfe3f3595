/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder.c: rows from packets and records, states with hindsight, folds.
 *
 * Hindsight, for end e, row r sent by its peer, and n the next row that e sent:
 *
 *     r   ───── FIN ────▶  e    heard_fin = MAYBE
 *     ...
 *     n   ◀──── ACK ──────  e   its sender heard_fin = YES   =>  it was YES at r: draw
 *     CLOSE-WAIT at r NO       =>  it had not come: draw nothing at r MAYBE    =>  draw what is
 *     expected, as not proven
 */
#include "ladder.h"

#include "packet_text.h"
#include "words.h"

#include "check.h"
#include "duration.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FOLD_KEEP = 3,     /* rows of a run that stay at its begin and end */
    FOLD_MIN = 12,     /* shorter runs are not folded */
    ROWS_WANTED = 150, /* above that trouble is folded, too */
};

#define PAUSE MS(900) /* longer silences are said to be silences */

/* ---- life ---- */

static char *copy_of(const char *string)
{
    char *copy = string == NULL ? NULL : strdup(string);

    CHECK(string == NULL || copy != NULL);
    return copy;
}

void ladder_init(struct ladder *ladder, const char *left, const char *right)
{
    *ladder = (struct ladder){.own = -1};
    ladder->name[0] = copy_of(left);
    ladder->name[1] = copy_of(right);
    infer_init(&ladder->infer);
}

static void free_row(struct ladder_row *row)
{
    free(row->note);
    free(row->cause[0]);
    free(row->cause[1]);
}

void ladder_free(struct ladder *ladder)
{
    for (size_t i = 0; i < ladder->count; i++)
        free_row(&ladder->rows[i]);
    free(ladder->rows);
    for (unsigned end = 0; end < 2; end++) {
        free(ladder->name[end]);
        free(ladder->role[end]);
    }
    *ladder = (struct ladder){.own = -1};
}

void ladder_set_role(struct ladder *ladder, unsigned end, const char *role)
{
    CHECK(end < 2);
    free(ladder->role[end]);
    ladder->role[end] = copy_of(role);
}

void ladder_set_own(struct ladder *ladder, unsigned end, enum tcp_state state)
{
    CHECK(end < 2);
    ladder->own = (int)end;
    ladder->own_state = (struct ladder_state){state, LADDER_PROVEN};
    ladder->begin[end] = ladder->own_state;
}

static struct ladder_row *add_row(struct ladder *ladder, enum ladder_kind kind, unsigned from,
                                  int64_t at)
{
    CHECK(!ladder->is_finished);
    if (ladder->count == ladder->capacity) {
        ladder->capacity = ladder->capacity == 0 ? 64 : ladder->capacity * 2;
        ladder->rows = realloc(ladder->rows, ladder->capacity * sizeof *ladder->rows);
        CHECK(ladder->rows != NULL);
    }
    struct ladder_row *row = &ladder->rows[ladder->count++];
    *row = (struct ladder_row){.kind = kind, .from = from, .at = at, .until = at};
    if (ladder->own >= 0)
        row->state[ladder->own] = ladder->own_state;
    return row;
}

/* ---- packets ---- */

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
    char *options = copy_of(text_string(&text));
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
        add_row(ladder, LADDER_AGAIN, packet->from, packet->at)->life = lives;

    struct ladder_row *row = add_row(ladder, LADDER_SEGMENT, packet->from, packet->at);
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

/* ---- trace records ---- */

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
    *string = copy_of(text_string(&text));
    text_free(&text);
}

/* A note in its place: records may be read later than packets that came after them. Its index,
 * or `count` if there are too many rows. */
static size_t add_note(struct ladder *ladder, int64_t at, const char *note)
{
    size_t place;

    if (ladder->count >= LADDER_ROWS_MAX)
        return ladder->count;
    struct ladder_row row = *add_row(ladder, LADDER_NOTE, (unsigned)ladder->own, at);
    row.note = copy_of(note);
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
        ladder->rows[place].note = copy_of(cause);
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
    case LASTACK_TRACE_CALL:
    case LASTACK_TRACE_CWND:
    case LASTACK_TRACE_COUNT:
        break;
    }
}

/* ---- states with hindsight ---- */

static struct ladder_state state_by(const struct infer_facts *facts)
{
    enum tcp_state state = infer_proven(facts);

    if (state != 0)
        return (struct ladder_state){state, LADDER_PROVEN};
    state = infer_expected(facts);
    return (struct ladder_state){state, state != 0 ? LADDER_ASSUMED : LADDER_UNKNOWN};
}

/* A fact that was open and is settled later. If more than one packet may have brought it, only
 * the last of them is sure to have: the others may have been lost. */
static uint8_t in_hindsight(uint8_t then, uint8_t later, bool comes_again)
{
    if (then != KNOW_MAYBE || (later == KNOW_YES && comes_again))
        return then;
    return later;
}

/* What was open in `facts` and what the end's next packet says of it; `again`: what other
 * packets before that one carry, too. */
static struct infer_facts with_hindsight(struct infer_facts facts, const struct infer_facts *later,
                                         unsigned again)
{
    facts.heard_syn = in_hindsight(facts.heard_syn, later->heard_syn, again & INFER_CARRIES_SYN);
    facts.syn_acked =
        in_hindsight(facts.syn_acked, later->syn_acked, again & INFER_CARRIES_SYN_ACK);
    facts.heard_fin = in_hindsight(facts.heard_fin, later->heard_fin, again & INFER_CARRIES_FIN);
    facts.fin_acked =
        in_hindsight(facts.fin_acked, later->fin_acked, again & INFER_CARRIES_FIN_ACK);
    facts.heard_rst = in_hindsight(facts.heard_rst, later->heard_rst, false);
    if (later->closed_first != 0 && facts.closed_first == KNOW_MAYBE)
        facts.closed_first = later->closed_first;
    return facts;
}

static bool is_segment_of(const struct ladder_row *row, unsigned end)
{
    return row->kind == LADDER_SEGMENT && row->from == end;
}

/* The SYN that made a listener answer: the last one before its SYN-ACK. */
static bool is_answered_syn(const struct ladder *ladder, size_t at, size_t next)
{
    const struct ladder_row *row = &ladder->rows[at];

    if (next == ladder->count || row->kind != LADDER_SEGMENT ||
        (row->flags & (LASTACK_SYN | LASTACK_ACK)) != LASTACK_SYN)
        return false;
    return (ladder->rows[next].flags & (LASTACK_SYN | LASTACK_ACK | LASTACK_RST)) ==
           (LASTACK_SYN | LASTACK_ACK);
}

/* States of one end, from the last row to the first, because `next` is the end's next packet. */
static void draw_states_of(struct ladder *ladder, unsigned end)
{
    size_t next = ladder->count;
    unsigned again = 0;

    for (size_t i = ladder->count; i-- > 0;) {
        struct ladder_row *row = &ladder->rows[i];
        bool has_later = next < ladder->count && ladder->rows[next].life == row->life;

        if (row->kind == LADDER_AGAIN)
            continue;
        if (is_segment_of(row, end)) {
            row->state[end] = state_by(&row->sender);
            next = i;
            again = 0;
            continue;
        }
        struct infer_facts facts = row->facts[end];
        if (has_later && !(ladder->rows[next].flags & LASTACK_RST))
            facts = with_hindsight(facts, &ladder->rows[next].sender, again);
        row->state[end] = state_by(&facts);
        if (is_answered_syn(ladder, i, next) && has_later && !(again & INFER_CARRIES_SYN))
            row->state[end] = (struct ladder_state){TCP_SYN_RECEIVED, LADDER_PROVEN};
        again |= row->kind == LADDER_SEGMENT ? row->carries : 0;
    }
}

/* A row that tells nothing new of an end shows what was known before. */
static void carry_states(struct ladder *ladder, unsigned end)
{
    struct ladder_state state = ladder->begin[end];

    for (size_t i = 0; i < ladder->count; i++) {
        struct ladder_row *row = &ladder->rows[i];

        if (row->kind == LADDER_AGAIN || row->state[end].certainty == LADDER_UNKNOWN)
            row->state[end] = state;
        /* The same state, once proven, does not become doubtful because something is on its way
         * to it. */
        else if (row->state[end].state == state.state && state.certainty == LADDER_PROVEN)
            row->state[end].certainty = LADDER_PROVEN;
        state = row->state[end];
    }
}

/* Before its first packet: who sends a SYN was CLOSED, who answers one was in LISTEN. */
static struct ladder_state state_before(const struct ladder *ladder, unsigned end)
{
    for (size_t i = 0; i < ladder->count; i++) {
        const struct ladder_row *row = &ladder->rows[i];

        if (!is_segment_of(row, end) || !(row->flags & LASTACK_SYN) || (row->flags & LASTACK_RST)) {
            if (is_segment_of(row, end))
                break;
            continue;
        }
        bool is_answer = row->flags & LASTACK_ACK;
        return (struct ladder_state){is_answer ? TCP_LISTEN : TCP_CLOSED, LADDER_PROVEN};
    }
    return (struct ladder_state){(enum tcp_state)0, LADDER_UNKNOWN};
}

/* ---- pauses and folds ---- */

static bool is_same_state(const struct ladder_state *a, const struct ladder_state *b)
{
    return a->certainty == b->certainty && (a->certainty == LADDER_UNKNOWN || a->state == b->state);
}

static bool changes_state(const struct ladder *ladder, size_t i)
{
    const struct ladder_state *before = i == 0 ? ladder->begin : ladder->rows[i - 1].state;

    return !is_same_state(&before[0], &ladder->rows[i].state[0]) ||
           !is_same_state(&before[1], &ladder->rows[i].state[1]);
}

/* Nothing but data and ACKs; `with_trouble` counts retransmissions and duplicates as nothing. */
static bool is_plain(const struct ladder *ladder, size_t i, bool with_trouble)
{
    const uint32_t trouble =
        1u << INFER_RETRANSMISSION | 1u << INFER_FAST_RETRANSMISSION | 1u << INFER_NEEDLESS |
        1u << INFER_OUT_OF_ORDER | 1u << INFER_COPY | 1u << INFER_DUPLICATE_ACK |
        1u << INFER_WINDOW_FULL | 1u << INFER_UNSEEN_BEFORE | 1u << INFER_ACKS_UNSEEN |
        1u << INFER_KEEPALIVE | 1u << INFER_KEEPALIVE_ACK | 1u << INFER_OLD_DUPLICATE;
    const struct ladder_row *row = &ladder->rows[i];

    return row->kind == LADDER_SEGMENT &&
           (row->flags & (LASTACK_SYN | LASTACK_FIN | LASTACK_RST)) == 0 &&
           (row->marks & ~(with_trouble ? trouble : 1u << INFER_WINDOW_FULL)) == 0 &&
           !changes_state(ladder, i) && (i == 0 || row->at - ladder->rows[i - 1].at < PAUSE);
}

static void fold_in(struct ladder_row *fold, const struct ladder_row *row)
{
    fold->segments += row->kind == LADDER_FOLD ? row->segments : 1;
    fold->bytes[row->from] += row->length;
    fold->bytes[0] += row->bytes[0];
    fold->bytes[1] += row->bytes[1];
    fold->repeats += row->repeats;
    if (row->marks &
        (1u << INFER_RETRANSMISSION | 1u << INFER_FAST_RETRANSMISSION | 1u << INFER_NEEDLESS))
        fold->repeats++;
    fold->until = row->until > row->at ? row->until : row->at;
    fold->state[0] = row->state[0];
    fold->state[1] = row->state[1];
}

/* Rows [from, to) become one. */
static void fold_rows(struct ladder *ladder, size_t from, size_t to)
{
    struct ladder_row fold = {.kind = LADDER_FOLD, .at = ladder->rows[from].at};

    for (size_t i = from; i < to; i++) {
        fold_in(&fold, &ladder->rows[i]);
        free_row(&ladder->rows[i]);
    }
    ladder->rows[from] = fold;
    memmove(&ladder->rows[from + 1], &ladder->rows[to],
            (ladder->count - to) * sizeof *ladder->rows);
    ladder->count -= to - from - 1;
}

/* Runs are found from the end, so that folding one moves none that is still to be found. */
static void fold_runs(struct ladder *ladder, bool with_trouble)
{
    size_t end = ladder->count;

    while (end > 0) {
        size_t begin = end;

        while (begin > 0 && (is_plain(ladder, begin - 1, with_trouble) ||
                             ladder->rows[begin - 1].kind == LADDER_FOLD))
            begin--;
        if (end - begin >= FOLD_MIN)
            fold_rows(ladder, begin + FOLD_KEEP, end - FOLD_KEEP);
        end = begin == end ? end - 1 : begin;
    }
}

static void add_pauses(struct ladder *ladder)
{
    struct ladder_row *rows = ladder->rows;
    size_t count = ladder->count;

    ladder->rows = NULL;
    ladder->count = ladder->capacity = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_late = i > 0 && rows[i].at - rows[i - 1].until >= PAUSE;

        if (is_late) {
            struct ladder_row *pause = add_row(ladder, LADDER_PAUSE, 0, rows[i - 1].until);

            pause->until = rows[i].at;
            pause->state[0] = rows[i - 1].state[0];
            pause->state[1] = rows[i - 1].state[1];
        }
        *add_row(ladder, rows[i].kind, 0, rows[i].at) = rows[i];
    }
    free(rows);
}

/* ---- the whole ---- */

/* Bits 1 << end of the ends that were in TIME-WAIT, and how sure that is. */
static unsigned ends_in_time_wait(const struct ladder *ladder, enum ladder_certainty certainty)
{
    unsigned ends = 0;

    for (size_t i = 0; i < ladder->count; i++) {
        for (unsigned end = 0; end < 2; end++) {
            const struct ladder_state *state = &ladder->rows[i].state[end];

            if (state->certainty == certainty && state->state == TCP_TIME_WAIT)
                ends |= 1u << end;
        }
    }
    return ends;
}

static void sum_up(struct ladder *ladder)
{
    struct ladder_summary *summary = &ladder->summary;

    summary->closed_first = ladder->infer.closed_first;
    summary->by_reset = ladder->infer.closed_by_rst;
    summary->time_wait = -1;
    if (ladder->count == 0)
        return;
    summary->duration_ns = ladder->rows[ladder->count - 1].until - ladder->rows[0].at;
    unsigned proven = ends_in_time_wait(ladder, LADDER_PROVEN);
    unsigned ends = proven != 0 ? proven : ends_in_time_wait(ladder, LADDER_ASSUMED);
    summary->is_time_wait_proven = proven != 0;
    summary->time_wait = (int)ends - 1; /* 1, 2, 3: left, right, both */
}

void ladder_finish(struct ladder *ladder)
{
    for (unsigned end = 0; end < 2; end++) {
        if (ladder->own != (int)end) {
            ladder->begin[end] = state_before(ladder, end);
            draw_states_of(ladder, end);
        }
        carry_states(ladder, end);
    }
    fold_runs(ladder, false);
    if (ladder->count > ROWS_WANTED)
        fold_runs(ladder, true);
    add_pauses(ladder);
    sum_up(ladder);
    ladder->is_finished = true;
}

/* ---- words ---- */

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
