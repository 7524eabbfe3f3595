/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder.h: the time chart of one connection, as a model that text and SVG draw.
 *
 *     192.0.2.2:41822                         192.0.2.1:80
 *      SYN-SENT  ├─ SYN ──────────────────────▶│ SYN-RECEIVED
 *   ESTABLISHED  │◀────────────────── SYN ACK ─┤
 *
 * Rows come from packets, in the order in which they were seen, and if one end is ours also from
 * its trace records: then its states, causes and timers are told rather than inferred. An end
 * that is not ours is in the state that its packets prove (infer.h). Between two packets of an
 * end its state is drawn with hindsight: what the later packet proves to have arrived, arrived
 * when it was seen; what it proves not to have arrived is not drawn; and what remains open is
 * drawn as not proven.
 *
 * Long runs in which nothing happens but data and ACKs are folded into one row.
 */
#ifndef LASTACK_LADDER_H
#define LASTACK_LADDER_H

#include "infer.h"
#include "text.h"

#include <lastack/trace.h>

enum { LADDER_ROWS_MAX = 200000 };

enum ladder_certainty {
    LADDER_UNKNOWN,
    LADDER_ASSUMED, /* if what was on its way arrived */
    LADDER_PROVEN,
};

struct ladder_state {
    enum tcp_state state; /* meaningless when UNKNOWN */
    enum ladder_certainty certainty;
};

enum ladder_kind {
    LADDER_SEGMENT,
    LADDER_NOTE,  /* something that happened at one end: a call, a timer */
    LADDER_FOLD,  /* a run of segments */
    LADDER_PAUSE, /* time passes */
    LADDER_AGAIN, /* the same addresses, a new connection */
};

struct ladder_row {
    enum ladder_kind kind;
    unsigned from; /* 0 left, 1 right: who sent it, whose note it is */
    int64_t at;
    uint16_t flags;
    uint32_t seq, ack; /* relative to the ISNs */
    uint32_t length;   /* text */
    uint32_t window;   /* scaled if the scale is known */
    uint32_t marks;    /* bits 1 << enum infer_mark */
    uint32_t times;
    enum infer_reset reset;
    bool is_foreign;
    char *note;     /* options of a SYN; the text of a NOTE; or NULL */
    char *cause[2]; /* why an end's state changed here, where that is known; or NULL */
    struct ladder_state state[2]; /* after this row */
    /* FOLD: what is in it */
    uint64_t segments, bytes[2], repeats;
    /* FOLD, PAUSE: when it ends */
    int64_t until;
    /* what is needed until ladder_finish */
    uint32_t life;
    uint8_t carries;
    struct infer_facts facts[2], sender;
};

struct ladder_summary {
    int64_t duration_ns;
    uint64_t segments;
    uint64_t bytes[2];   /* text sent by each end, each byte once */
    uint64_t repeats[2]; /* segments sent again */
    int closed_first;    /* -1: nobody */
    bool by_reset;
    enum infer_reset reset; /* of the first RST, if there was one */
    unsigned reset_by;
    int time_wait; /* end that waits out 2MSL; -1 none, 2 both */
    bool is_time_wait_proven;
};

struct ladder {
    char *name[2]; /* what stands above the rails: "192.0.2.1:80" */
    char *role[2]; /* and under it: "curl", "this stack"; or NULL */
    int own;       /* the end that trace records tell about; -1: neither */
    struct infer infer;
    struct ladder_row *rows;
    size_t count, capacity;
    uint64_t left_out;            /* segments beyond LADDER_ROWS_MAX */
    struct ladder_state begin[2]; /* before the first row */
    struct ladder_state own_state;
    struct ladder_summary summary;
    bool is_finished;
};

/* Names are copied; `role` may be NULL. Frees nothing: for a fresh or a freed ladder. */
void ladder_init(struct ladder *ladder, const char *left, const char *right);
void ladder_free(struct ladder *ladder);
void ladder_set_role(struct ladder *ladder, unsigned end, const char *role);
/* Trace records will tell about this end, which is in `state` now. */
void ladder_set_own(struct ladder *ladder, unsigned end, enum tcp_state state);

/* The next packet. */
void ladder_segment(struct ladder *ladder, const struct infer_packet *packet);

/* The next record of the own end's trace. Records of segments are left out: the packets
 * themselves tell more. A viewer that has no packets passes `has_segments` and gets rows from
 * these records. */
void ladder_trace(struct ladder *ladder, const struct lastack_trace_record *record,
                  bool has_segments);

/* States with hindsight, pauses, folds, summary. Then the rows can be drawn. */
void ladder_finish(struct ladder *ladder);

/* "SYN ACK", "PSH ACK", "RST"; "-" without any flag. */
void ladder_flags_text(struct text *text, uint16_t flags);
/* Flags and numbers of a segment, in as many words as fit into `width` columns; replaces what
 * `text` holds. */
void ladder_label_text(struct text *text, const struct ladder_row *row, size_t width);
/* What is remarkable about a row, in words; nothing for most. */
void ladder_remark_text(struct text *text, const struct ladder_row *row);
/* How serious that is: 0 nothing, 1 worth saying, 2 trouble, 3 a reset. */
unsigned ladder_remark_weight(const struct ladder_row *row);
/* "523 segments, 1.2 MB to the right, 3 sent again, in 340 ms". */
void ladder_fold_text(struct text *text, const struct ladder_row *row);
/* One sentence or two: who closed first, who waits, how much. */
void ladder_summary_text(struct text *text, const struct ladder *ladder);

struct ladder_text_style {
    unsigned width; /* columns, at least 72; more than 160 count as 160 */
    bool has_color;
};

/* Draws it with box characters. */
void ladder_draw_text(const struct ladder *ladder, const struct ladder_text_style *style,
                      struct text *text);

/* Draws ladders below each other as one self-contained SVG, readable on light and dark grounds. */
void ladder_draw_svg(const struct ladder *const *ladders, size_t count, struct text *svg);

#endif
