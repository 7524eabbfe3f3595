/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sent.c: see sent.h.
 *
 * Invariant: the board's amounts are the sums over the ranges with that flag (for a peer without
 * SACK, `sacked` is the count of duplicate ACKs and no range has the flag: recovery.h). HOLE and
 * RESOLVED follow from the other flags.
 *
 * The queue of what was sent again is a list of nodes from the same pool {from, to, at, left:
 * next}. An entry speaks only for ranges that are still AGAIN with just its time: nothing has to
 * be taken out of the middle when an ACK overtakes it.
 */
#include "sent.h"

void scoreboard_init(struct scoreboard *board)
{
    *board = (struct scoreboard){.again_first = POOL_NONE, .again_last = POOL_NONE};
}

static void drop_entry(struct scoreboard *board, struct pool *pool)
{
    const uint32_t index = board->again_first;

    board->again_first = ((const struct range *)pool_at(pool, index))->left;
    if (board->again_first == POOL_NONE)
        board->again_last = POOL_NONE;
    pool_give(pool, index);
}

NOINLINE void scoreboard_clear(struct scoreboard *board, struct pool *pool)
{
    while (board->again_first != POOL_NONE)
        drop_entry(board, pool);
    board->sacked = board->lost = board->again = (struct sent_amount){0, 0};
}

void sent_news_init(struct sent_news *news, const struct scoreboard *board, int64_t now,
                    int64_t rtt_min_ns, struct seq high)
{
    sent_news_clear(news);
    news->now = now;
    news->rtt_min_ns = rtt_min_ns;
    news->high = high;
    news->had_sacked = board->sacked.segs > 0;
    news->fack = board->fack;
}

/* ---- amounts and flags ---- */

static uint32_t length_of(const struct range *range)
{
    return seq_distance(range->from, range->to);
}

static void add_amount(struct sent_amount *amount, uint32_t segs, uint32_t bytes)
{
    amount->segs += segs;
    amount->bytes += bytes;
}

static void take_amount(struct sent_amount *amount, uint32_t segs, uint32_t bytes)
{
    CHECK(amount->segs >= segs && amount->bytes >= bytes);
    amount->segs -= segs;
    amount->bytes -= bytes;
}

static void leave_amounts(struct scoreboard *board, uint8_t flags, uint32_t segs, uint32_t bytes)
{
    if (flags & SENT_SACKED)
        take_amount(&board->sacked, segs, bytes);
    if (flags & SENT_LOST)
        take_amount(&board->lost, segs, bytes);
    if (flags & SENT_AGAIN)
        take_amount(&board->again, segs, bytes);
}

static void join_amounts(struct scoreboard *board, uint8_t flags, uint32_t segs, uint32_t bytes)
{
    if (flags & SENT_SACKED)
        add_amount(&board->sacked, segs, bytes);
    if (flags & SENT_LOST)
        add_amount(&board->lost, segs, bytes);
    if (flags & SENT_AGAIN)
        add_amount(&board->again, segs, bytes);
}

static void set_flags(const struct sent_set *sent, struct range *range, unsigned flags)
{
    flags &= SENT_SACKED | SENT_LOST | SENT_AGAIN | SENT_RETRANSMITTED;
    if ((flags & (SENT_LOST | SENT_AGAIN)) == SENT_LOST)
        flags |= SENT_HOLE;
    if (flags & (SENT_SACKED | SENT_LOST | SENT_RETRANSMITTED))
        flags |= SENT_RESOLVED;
    if (sent->board != NULL) {
        leave_amounts(sent->board, range->flags, range->count, length_of(range));
        join_amounts(sent->board, (uint8_t)flags, range->count, length_of(range));
    }
    ranges_mark(sent->ranges, sent->pool, range, (uint8_t)flags);
}

static bool is_equal_amount(struct sent_amount a, struct sent_amount b)
{
    return a.segs == b.segs && a.bytes == b.bytes;
}

uint32_t scoreboard_check(const struct scoreboard *board, const struct ranges *ranges,
                          const struct pool *pool, bool has_sack)
{
    struct scoreboard sum = {.again_first = POOL_NONE};
    uint32_t count = 0;

    for (const struct range *range = ranges_first(ranges, pool); range != NULL;
         range = ranges_next(ranges, pool, range)) {
        CHECK(range->count > 0);
        join_amounts(&sum, range->flags, range->count, length_of(range));
    }
    CHECK(!has_sack || is_equal_amount(sum.sacked, board->sacked));
    CHECK(is_equal_amount(sum.lost, board->lost) && is_equal_amount(sum.again, board->again));
    for (uint32_t index = board->again_first; index != POOL_NONE;
         index = ((const struct range *)pool_at(pool, index))->left)
        count++;
    return count;
}

/* How many of the range's segments lie before `at`, which is inside it. */
static uint32_t segs_before(const struct sent_set *sent, const struct range *range, struct seq at)
{
    return (seq_distance(range->from, at) + sent->mss - 1) / sent->mss;
}

/* Divides a range at `at`, inside it; the segments are shared out. False: the pool is empty. `more`
 * grows if a segment itself was cut. */
static bool divide(const struct sent_set *sent, struct range *range, struct seq at, uint32_t *more)
{
    const uint32_t count = range->count, before = segs_before(sent, range, at);
    const uint32_t first = min32(max32(before, 1), max32(count - 1, 1));
    const uint32_t second = count > first ? count - first : 1;
    struct range *behind;

    if (!seq_before(range->from, at) || !seq_before(at, range->to))
        return true;
    if (!ranges_split(sent->ranges, sent->pool, at))
        return false;
    behind = ranges_next(sent->ranges, sent->pool, range);
    range->count = (uint16_t)first;
    behind->count = (uint16_t)second;
    if (first + second > count) {
        *more += first + second - count;
        if (sent->board != NULL)
            join_amounts(sent->board, range->flags, first + second - count, 0);
    }
    return true;
}

static bool may_join(const struct range *first, const struct range *second)
{
    return first != NULL && second != NULL && seq_equal(first->to, second->from) &&
           first->flags == second->flags && first->count + second->count <= UINT16_MAX &&
           (first->at == second->at || first->flags & (SENT_SACKED | SENT_HOLE));
}

/* Joins the range with neighbours of the same kind. Returns what it has become. */
static struct range *join_around(const struct sent_set *sent, struct range *range)
{
    struct range *before = ranges_previous(sent->ranges, sent->pool, range);

    if (may_join(before, range)) {
        ranges_join_next(sent->ranges, sent->pool, before);
        range = before;
    }
    if (may_join(range, ranges_next(sent->ranges, sent->pool, range)))
        ranges_join_next(sent->ranges, sent->pool, range);
    return range;
}

/* ---- leaves ---- */

bool sent_new(const struct sent_set *sent, struct seq from, struct seq to, uint32_t count,
              int64_t now)
{
    struct range *last = ranges_last(sent->ranges, sent->pool);
    struct range *range;

    CHECK(count > 0 && count <= UINT16_MAX);
    /* one burst, if it can be divided again at the borders of its segments */
    if (last != NULL && last->at == now && last->flags == 0 && seq_equal(last->to, from) &&
        length_of(last) == last->count * sent->mss && last->count + count <= UINT16_MAX) {
        last->to = to;
        last->count = (uint16_t)(last->count + count);
        return true;
    }
    range = ranges_append(sent->ranges, sent->pool, from, to);
    if (range != NULL) {
        range->at = now;
        range->count = (uint16_t)count;
        return true;
    }
    if (last == NULL || !seq_equal(last->to, from) || last->count + count > UINT16_MAX)
        return false;
    if (sent->board != NULL)
        join_amounts(sent->board, last->flags, count, seq_distance(from, to));
    last->to = to;
    last->count = (uint16_t)(last->count + count);
    return true;
}

static void queue_again(const struct sent_set *sent, const struct range *range)
{
    struct scoreboard *board = sent->board;
    struct range *entry;
    uint32_t index;

    if (board->again_last != POOL_NONE) {
        entry = pool_at(sent->pool, board->again_last);
        if (entry->at == range->at && seq_equal(entry->to, range->from)) {
            entry->to = range->to;
            return;
        }
    }
    index = pool_take(sent->pool);
    if (index == POOL_NONE)
        return; /* the timeout will notice if it is lost */
    entry = pool_at(sent->pool, index);
    *entry =
        (struct range){.left = POOL_NONE, .from = range->from, .to = range->to, .at = range->at};
    if (board->again_last == POOL_NONE)
        board->again_first = index;
    else
        ((struct range *)pool_at(sent->pool, board->again_last))->left = index;
    board->again_last = index;
}

static struct range *leave_again(const struct sent_set *sent, struct range *range, int64_t now)
{
    range->at = now;
    if (sent->board == NULL) {
        set_flags(sent, range, SENT_RETRANSMITTED);
        return range;
    }
    set_flags(sent, range, (range->flags & SENT_LOST) | SENT_AGAIN | SENT_RETRANSMITTED);
    queue_again(sent, range);
    return join_around(sent, range);
}

uint32_t sent_again(const struct sent_set *sent, struct seq from, struct seq to, int64_t now)
{
    struct range *range = ranges_at_or_after(sent->ranges, sent->pool, from);
    uint32_t more = 0;

    if (range != NULL && seq_before(range->from, from) && divide(sent, range, from, &more))
        range = ranges_next(sent->ranges, sent->pool, range);
    while (range != NULL && seq_before(range->from, to)) {
        (void)divide(sent, range, to, &more);
        range = leave_again(sent, range, now);
        if (!seq_before(range->to, to))
            break;
        range = ranges_next(sent->ranges, sent->pool, range);
    }
    return more;
}

/* ---- arrives ---- */

/* RFC 8985 §6.2 step 2: what was sent last of all that arrived; a retransmission answered faster
 * than a round trip can be was not needed, and tells nothing. */
static void note_newest(struct sent_news *news, const struct range *range, struct seq end)
{
    if (range->flags & SENT_RETRANSMITTED && news->now - range->at < news->rtt_min_ns)
        return;
    if (news->has_newest && (range->at < news->newest_at ||
                             (range->at == news->newest_at && !seq_after(end, news->newest_end))))
        return;
    news->has_newest = true;
    news->newest_at = range->at;
    news->newest_end = end;
}

static void note_late(struct sent_news *news, struct seq from)
{
    if (!news->is_reordered || seq_before(from, news->reordered))
        news->reordered = from;
    news->is_reordered = true;
}

/* What the scoreboard makes of it. */
static NOINLINE void leave_board(struct scoreboard *board, const struct range *range,
                                 struct sent_amount amount, struct seq to, struct sent_news *news)
{
    leave_amounts(board, range->flags, amount.segs, amount.bytes);
    if (range->flags & SENT_SACKED)
        return;
    note_newest(news, range, to);
    if (range->flags & SENT_RETRANSMITTED)
        return;
    if (news->had_sacked && seq_before(range->from, news->fack))
        note_late(news, range->from);
    if (!seq_after(to, news->high))
        news->was_original = true;
}

/* `segs` from the beginning of the range are acknowledged, up to `to`. */
static void note_acknowledged(struct scoreboard *board, const struct range *range, uint32_t segs,
                              struct seq to, struct sent_news *news)
{
    const struct sent_amount amount = {segs, seq_distance(range->from, to)};

    add_amount(&news->acked, amount.segs, amount.bytes);
    if (board != NULL)
        leave_board(board, range, amount, to, news);
    if (range->flags & SENT_SACKED)
        return;
    add_amount(&news->delivered, amount.segs, amount.bytes);
    if (range->flags & SENT_RETRANSMITTED) {
        news->was_repeated = true;
        return;
    }
    if (!news->has_once)
        news->first_at = range->at;
    news->has_once = true;
    news->last_at = range->at;
}

/* The range that was acknowledged in part. */
static NOINLINE void acknowledge_part(struct scoreboard *board, struct range *range, uint32_t mss,
                                      struct seq una, struct sent_news *news)
{
    const uint32_t left = (seq_distance(una, range->to) + mss - 1) / mss;
    const uint32_t segs = range->count > left ? range->count - left : 0;

    note_acknowledged(board, range, segs, una, news);
    range->count = (uint16_t)(range->count - segs);
    range->from = una;
}

void sent_acknowledged(const struct sent_set *sent, struct seq una, struct sent_news *news)
{
    struct range taken, *first;

    while (ranges_take_first(sent->ranges, sent->pool, una, &taken))
        note_acknowledged(sent->board, &taken, taken.count, taken.to, news);
    first = ranges_first(sent->ranges, sent->pool);
    if (first != NULL && seq_before(first->from, una))
        acknowledge_part(sent->board, first, sent->mss, una, news);
}

/* The part of a range that [from, to) covers in whole segments. False: none. */
static bool whole_segments_of(const struct sent_set *sent, const struct range *range,
                              struct seq *from, struct seq *to)
{
    *from = seq_max(*from, range->from);
    *to = seq_min(*to, range->to);
    if (range->count == 1)
        return seq_equal(*from, range->from) && seq_equal(*to, range->to);
    if (seq_after(*from, range->from)) {
        const uint32_t into = segs_before(sent, range, *from) * sent->mss;

        if (into >= length_of(range))
            return false;
        *from = seq_add(range->from, into);
    }
    if (seq_before(*to, range->to)) {
        const uint32_t into = seq_distance(range->from, *to);

        *to = seq_add(range->from, into - into % sent->mss);
    }
    return seq_before(*from, *to);
}

static struct range *sack_range(const struct sent_set *sent, struct range *range, bool has_fack,
                                struct sent_news *news)
{
    const uint8_t flags = range->flags;

    note_newest(news, range, range->to);
    if (!(flags & SENT_RETRANSMITTED)) {
        if (has_fack && seq_before(range->from, sent->board->fack))
            note_late(news, range->from); /* what was sent later is there: it was overtaken */
        if (!seq_after(range->to, news->high))
            news->was_original = true;
        if (!news->has_once_sacked)
            news->first_sacked_at = range->at;
        news->has_once_sacked = true;
        news->last_sacked_at = range->at;
    }
    add_amount(&news->delivered, range->count, length_of(range));
    set_flags(sent, range, SENT_SACKED);
    return join_around(sent, range);
}

bool sent_sacked(const struct sent_set *sent, struct seq from, struct seq to,
                 struct sent_news *news)
{
    struct range *range = ranges_at_or_after(sent->ranges, sent->pool, from);
    const bool is_first = sent->board->sacked.segs == 0;
    struct seq highest = from;
    bool is_news = false;
    uint32_t more = 0;

    while (range != NULL && seq_before(range->from, to)) {
        struct seq first = from, end = to;

        if (!(range->flags & SENT_SACKED) && whole_segments_of(sent, range, &first, &end)) {
            if (!divide(sent, range, first, &more))
                break;
            if (seq_before(range->from, first))
                range = ranges_next(sent->ranges, sent->pool, range);
            if (!divide(sent, range, end, &more))
                break;
            highest = range->to;
            range = sack_range(sent, range, !is_first, news);
            is_news = true;
        }
        range = ranges_next(sent->ranges, sent->pool, range);
    }
    if (is_news && (is_first || seq_after(highest, sent->board->fack)))
        sent->board->fack = highest;
    return is_news;
}

/* ---- lost ---- */

static struct range *lose(const struct sent_set *sent, struct range *range)
{
    if (range->flags & SENT_SACKED)
        return range;
    set_flags(sent, range, (range->flags & SENT_RETRANSMITTED) | SENT_LOST);
    return join_around(sent, range);
}

static struct range *unresolved_first(const struct sent_set *sent)
{
    struct range *first = ranges_first(sent->ranges, sent->pool);

    return first == NULL
               ? NULL
               : ranges_first_flagged(sent->ranges, sent->pool, first->from, SENT_RESOLVED);
}

/* (at, range) was sent before (newest_at, newest_end). */
static bool is_sent_before(int64_t at, struct seq to, int64_t newest_at, struct seq newest_end)
{
    return at < newest_at || (at == newest_at && seq_before(to, newest_end));
}

/* What one entry of the queue still speaks for, and was sent before (at, end), is lost (again).
 * False: the rest of it was not sent before. */
static bool lose_entry(const struct sent_set *sent, struct range *entry, int64_t at, struct seq end)
{
    struct range *range = ranges_at_or_after(sent->ranges, sent->pool, entry->from);

    while (range != NULL && seq_before(range->from, entry->to)) {
        if (range->flags & SENT_AGAIN && range->at == entry->at) {
            if (!is_sent_before(range->at, range->to, at, end)) {
                entry->from = range->from;
                return false;
            }
            range = lose(sent, range);
        }
        range = ranges_next(sent->ranges, sent->pool, range);
    }
    return true;
}

static void lose_again(const struct sent_set *sent, int64_t expired, int64_t at, struct seq end)
{
    while (sent->board->again_first != POOL_NONE) {
        struct range *entry = pool_at(sent->pool, sent->board->again_first);

        if (entry->at > expired || !lose_entry(sent, entry, at, end))
            return;
        drop_entry(sent->board, sent->pool);
    }
}

/* The last of those that were sent before the newest delivered, and may be lost: when. */
static int64_t last_in_doubt(const struct sent_set *sent, int64_t at, struct seq end)
{
    const struct range *last =
        ranges_last_flagged(sent->ranges, sent->pool, seq_add(end, 1u << 30), SENT_RESOLVED);
    const struct range *before = ranges_last_flagged(sent->ranges, sent->pool, end, SENT_RESOLVED);
    const struct scoreboard *board = sent->board;
    int64_t doubt = NEVER;

    if (last != NULL && is_sent_before(last->at, last->to, at, end))
        doubt = last->at;
    else if (before != NULL && is_sent_before(before->at, before->to, at, end))
        doubt = before->at;
    if (board->again_first != POOL_NONE) {
        const struct range *first = pool_at(sent->pool, board->again_first);
        const struct range *tail = pool_at(sent->pool, board->again_last);

        if (is_sent_before(tail->at, tail->to, at, end))
            doubt = doubt == NEVER ? tail->at : max64(doubt, tail->at);
        else if (is_sent_before(first->at, first->to, at, end))
            doubt = at; /* at the latest */
    }
    return doubt;
}

int64_t sent_lost_by_time(const struct sent_set *sent, int64_t at, struct seq end, int64_t expired)
{
    struct range *range;

    while ((range = unresolved_first(sent)) != NULL && range->at <= expired &&
           is_sent_before(range->at, range->to, at, end))
        (void)lose(sent, range);
    lose_again(sent, expired, at, end);
    return last_in_doubt(sent, at, end);
}

void sent_lost_by_sack(const struct sent_set *sent, uint32_t dupthresh)
{
    struct seq point = sent->board->fack;
    uint32_t bytes = 0, islands = 0;
    struct range *range;

    if (sent->board->sacked.segs == 0)
        return;
    while (bytes <= (dupthresh - 1) * sent->mss && islands < dupthresh) {
        range = ranges_last_flagged(sent->ranges, sent->pool, point, SENT_SACKED);
        if (range == NULL)
            return;
        bytes += length_of(range);
        islands += !seq_equal(range->to, point) || islands == 0;
        point = range->from;
    }
    while ((range = unresolved_first(sent)) != NULL && seq_before_or_equal(range->to, point))
        (void)lose(sent, range);
}

uint32_t sent_lost_first(const struct sent_set *sent)
{
    struct range *first = ranges_first(sent->ranges, sent->pool);
    uint32_t more = 0;

    if (first == NULL || first->flags & SENT_HOLE)
        return 0;
    if (length_of(first) > sent->mss)
        (void)divide(sent, first, seq_add(first->from, sent->mss), &more);
    (void)lose(sent, first);
    return more;
}

void sent_lost_all(const struct sent_set *sent, int64_t expired)
{
    struct range *range = ranges_first(sent->ranges, sent->pool);

    if (range == NULL)
        return;
    lose_again(sent, expired, NEVER, range->to);
    if (!(range->flags & SENT_LOST) || range->flags & SENT_AGAIN) {
        if (range->at > expired)
            (void)sent_lost_first(sent);
        else
            (void)lose(sent, range);
    }
    while ((range = unresolved_first(sent)) != NULL && range->at <= expired)
        (void)lose(sent, range);
}

/* The text of a full segment of this range: all but the last are full ones, of whatever size was
 * full when they left. Where it could have been `old_mss`, it was. */
static uint32_t full_segment(const struct range *range, uint32_t text, uint32_t old_mss)
{
    const uint32_t count = range->count;

    if (count <= 1 || text == 0)
        return text;
    return max32((text + count - 1) / count, min32(old_mss, (text - 1) / (count - 1)));
}

/* Loses the segments of a range that are larger than sent->mss; the last one may be small enough.
 * Returns what they have become, NULL: there are none. */
static struct range *lose_larger(const struct sent_set *sent, struct range *range, uint32_t old_mss,
                                 struct seq text_end)
{
    const struct seq end = seq_min(range->to, text_end);
    const uint32_t text = seq_after(end, range->from) ? seq_distance(range->from, end) : 0;
    const uint32_t full = full_segment(range, text, old_mss);
    const uint32_t before_last = (range->count - 1u) * full;
    uint32_t more = 0;

    if (full <= sent->mss || range->flags & (SENT_SACKED | SENT_HOLE))
        return NULL;
    if (range->count > 1 && text - min32(before_last, text) <= sent->mss)
        (void)divide(sent, range, seq_add(range->from, before_last), &more);
    return lose(sent, range);
}

bool sent_lost_larger(const struct sent_set *sent, uint32_t old_mss, struct seq text_end)
{
    struct range *range = ranges_first(sent->ranges, sent->pool);
    bool is_any = false;

    for (; range != NULL; range = ranges_next(sent->ranges, sent->pool, range)) {
        struct range *lost = lose_larger(sent, range, old_mss, text_end);

        is_any = is_any || lost != NULL;
        range = lost != NULL ? lost : range;
    }
    return is_any;
}

void sent_reneged(const struct sent_set *sent)
{
    const struct range *first = ranges_first(sent->ranges, sent->pool);
    struct range *range;

    while (first != NULL && (range = ranges_first_flagged(sent->ranges, sent->pool, first->from,
                                                          SENT_SACKED)) != NULL)
        set_flags(sent, range, SENT_RETRANSMITTED | SENT_LOST);
}

void sent_found(const struct sent_set *sent)
{
    const struct range *first = ranges_first(sent->ranges, sent->pool);
    struct range *range;

    while (first != NULL && (range = ranges_first_flagged(sent->ranges, sent->pool, first->from,
                                                          SENT_LOST)) != NULL) {
        const bool is_repeated = (range->flags & SENT_RETRANSMITTED) != 0;

        /* What was repeated is under way as far as anybody knows. */
        if (is_repeated && !(range->flags & SENT_AGAIN))
            queue_again(sent, range);
        set_flags(sent, range, is_repeated ? SENT_AGAIN | SENT_RETRANSMITTED : 0);
    }
}

const struct range *sent_hole(const struct sent_set *sent)
{
    const struct range *first = ranges_first(sent->ranges, sent->pool);

    return first == NULL ? NULL
                         : ranges_first_flagged(sent->ranges, sent->pool, first->from, SENT_HOLE);
}

const struct range *sent_first(const struct sent_set *sent)
{
    return ranges_first(sent->ranges, sent->pool);
}

const struct range *sent_last(const struct sent_set *sent)
{
    return ranges_last(sent->ranges, sent->pool);
}
