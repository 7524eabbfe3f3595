/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sent.h: what was sent and not yet acknowledged, one range per burst (docs/decisions/0005), and
 * the scoreboard over it: RFC 6675 §3, RFC 8985 §5.
 *
 *      SND.UNA                                                              SND.NXT
 *        [ t1, lost ][ t9, again ][ sacked ............ ][ t4 ][ sacked ][ t5 ]
 *           hole        AGAIN                              unresolved
 *
 *   unresolved  sent once, nothing is known of it; in order of sequence they are in order of time
 *   hole        lost, and waits to be sent again
 *   again       sent again; these are queued in order of time
 *   sacked      the peer has it (RFC 2018); neighbours are joined
 *
 * Every question (next hole, oldest unresolved, what lies under this SACK block) is one walk down
 * the tree, O(log n); marking is O(log n) for each range that changes.
 *
 * Amounts are kept in segments and in bytes: Linux counts segments, the RFCs bytes. A range knows
 * how many segments it holds; it is divided at the borders of segments.
 *
 * When the pool is empty a burst joins the one before it, a block that would have to divide a range
 * is not believed, and a range that would have to be divided to be sent again counts as sent again
 * whole: recovery gets slower, never wrong.
 */
#ifndef LASTACK_SENT_H
#define LASTACK_SENT_H

#include "duration.h"
#include "ranges.h"

enum sent_flag {
    /* looked for where they are set */
    SENT_SACKED = 1 << 0,
    SENT_HOLE = 1 << 1, /* LOST, not AGAIN */
    SENT_LOST = 1 << 2,
    SENT_AGAIN = 1 << 3, /* its retransmission is under way */
    /* looked for where they are not */
    SENT_RESOLVED = 1 << 4,      /* SACKED, LOST or RETRANSMITTED */
    SENT_RETRANSMITTED = 1 << 5, /* at least once: no RTT sample (Karn, RFC 6298 §3) */
};

struct sent_amount {
    uint32_t segs, bytes;
};

struct scoreboard {
    struct sent_amount sacked, lost, again;
    struct seq fack;                  /* behind the highest byte sacked, if any is */
    uint32_t again_first, again_last; /* queue of what was sent again, POOL_NONE */
};

/* The sent ranges of one connection, for the time of a call. board may be NULL: nothing was ever
 * lost, sacked or repeated. */
struct sent_set {
    struct ranges *ranges;
    struct pool *pool;
    struct scoreboard *board;
    uint32_t mss;
};

/* What an ACK told. */
struct sent_news {
    struct sent_amount acked;     /* cumulatively */
    struct sent_amount delivered; /* acked or sacked, and neither before */
    bool was_repeated;            /* something retransmitted was acknowledged */
    bool has_once;                /* something sent once was: first_at, last_at are set */
    bool has_once_sacked;         /* ... was sacked: first_sacked_at, last_sacked_at */
    bool has_newest;              /* newest_at, newest_end are set */
    bool is_reordered;            /* reordered is set */
    bool was_original;            /* something before `high` that was sent once was delivered */
    int64_t first_at, last_at;    /* when the first and the last of these were sent */
    int64_t first_sacked_at, last_sacked_at;
    int64_t newest_at; /* RACK: of all delivered the one sent last */
    struct seq newest_end;
    struct seq reordered; /* the lowest that was delivered late without a retransmission */
    /* in, where there is a scoreboard */
    bool had_sacked;
    struct seq fack; /* the board's, before this ACK */
    struct seq high; /* F-RTO: what lies before it was sent before the timeout */
    int64_t now, rtt_min_ns;
};

/* Nothing is told yet, and there is no scoreboard. What is not set is not cleared. */
static inline void sent_news_clear(struct sent_news *news)
{
    news->acked = news->delivered = (struct sent_amount){0, 0};
    news->was_repeated = news->has_once = news->has_once_sacked = false;
    news->has_newest = news->is_reordered = news->was_original = false;
}

void scoreboard_init(struct scoreboard *board);
/* Forgets everything: nothing is outstanding any more. */
void scoreboard_clear(struct scoreboard *board, struct pool *pool);
/* Stops the program when the amounts are not those of the ranges. Returns how many nodes the queue
 * holds. */
uint32_t scoreboard_check(const struct scoreboard *board, const struct ranges *ranges,
                          const struct pool *pool, bool has_sack);

/* Before the SACK blocks of an ACK and the ACK itself are taken, where there is a scoreboard. */
void sent_news_init(struct sent_news *news, const struct scoreboard *board, int64_t now,
                    int64_t rtt_min_ns, struct seq high);

/* [from, to), `count` segments, leaves for the first time. False: unrecorded, the pool is empty and
 * nothing is there to join. */
bool sent_new(const struct sent_set *sent, struct seq from, struct seq to, uint32_t count,
              int64_t now);

/* [from, to) leaves again: part of one range. Returns how many segments there are more than was
 * thought (the segment size shrank). */
uint32_t sent_again(const struct sent_set *sent, struct seq from, struct seq to, int64_t now);

/* Everything before `una` is acknowledged. */
void sent_acknowledged(const struct sent_set *sent, struct seq una, struct sent_news *news);

/* The peer has [from, to): RFC 2018. Only whole segments count. True: that was news. */
bool sent_sacked(const struct sent_set *sent, struct seq from, struct seq to,
                 struct sent_news *news);

/* RFC 8985 §6.2 step 5: what was sent before (at, end) and no later than `expired` is lost. Returns
 * when the last was sent that may still prove lost, or NEVER. */
int64_t sent_lost_by_time(const struct sent_set *sent, int64_t at, struct seq end, int64_t expired);

/* RFC 6675 §4 IsLost: `dupthresh` sacked ranges, or more than dupthresh - 1 segments' worth of
 * sacked bytes, lie above. */
void sent_lost_by_sack(const struct sent_set *sent, uint32_t dupthresh);

/* The first segment is lost (RFC 6582, RFC 6298 §5.4). Returns as sent_again does. */
uint32_t sent_lost_first(const struct sent_set *sent);

/* A timeout: everything sent no later than `expired` is lost, the first range in any case. */
void sent_lost_all(const struct sent_set *sent, int64_t expired);

/* Full segments were of `old_mss`, where that can be, and the path takes no more than sent->mss:
 * what holds larger ones is lost, what of it was sent again too. What lies at text_end is a FIN.
 * True: there were some that were not lost before. */
bool sent_lost_larger(const struct sent_set *sent, uint32_t old_mss, struct seq text_end);

/* The peer has thrown away what it had SACKed (RFC 2018 §8). */
void sent_reneged(const struct sent_set *sent);
/* Nothing was lost after all. */
void sent_found(const struct sent_set *sent);

/* What to send again next, from its beginning; NULL: nothing. */
const struct range *sent_hole(const struct sent_set *sent);
/* The first outstanding range; NULL. */
const struct range *sent_first(const struct sent_set *sent);
/* The last one. */
const struct range *sent_last(const struct sent_set *sent);

#endif
