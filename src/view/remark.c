/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remark.c: retransmissions, probes, resets and who closed: judgements about one packet.
 *
 * Where the packets leave a choice the ordinary explanation is taken: a hole filled within most
 * of a round trip was a packet overtaken on the way, one filled later was lost and sent again.
 * The states (infer.c) do not depend on it.
 */
#include "remark.h"

#include "check.h"
#include "duration.h"

#define MARK(name) (1u << INFER_##name)

/* Without a measured round trip: what overtaking can take. */
#define OVERTAKING MS(3)

const char *infer_mark_text(enum infer_mark mark)
{
    static const char *const texts[INFER_MARK_COUNT] = {
#define INFER_X(name, text) text,
        INFER_MARKS(INFER_X)
#undef INFER_X
    };

    return (unsigned)mark < INFER_MARK_COUNT ? texts[mark] : "?";
}

const char *infer_reset_text(enum infer_reset reset)
{
    static const char *const texts[] = {
#define INFER_X(name, text) text,
        INFER_RESETS(INFER_X)
#undef INFER_X
    };

    return (unsigned)reset < sizeof texts / sizeof texts[0] ? texts[reset] : "?";
}

/* What a remark is made from. */
struct sight {
    const struct infer *infer;
    const struct infer_packet *packet;
    const struct segment *seg;
    struct infer_side *side, *peer;
    const struct infer_facts *facts, *peer_facts;
    struct seq end;
    struct infer_remark *remark;
};

static void mark(struct sight *sight, unsigned marks)
{
    sight->remark->marks |= marks;
}

/* ---- sequence numbers ---- */

static const struct infer_hole *hole_at(const struct infer_side *side, struct seq from,
                                        struct seq to)
{
    for (unsigned i = 0; i < side->holes; i++)
        if (seq_before(from, side->hole[i].to) && seq_after(to, side->hole[i].from))
            return &side->hole[i];
    return NULL;
}

/* The same bytes of memory twice on the wire, not sent twice by the end. */
static bool is_copy(const struct sight *sight)
{
    const struct infer_side *side = sight->side;
    const struct segment *seg = sight->seg;
    bool has_ts = seg->options & OPTION_TIMESTAMP;

    if (side->packets == 0 || !seq_equal(side->last_seq, seg->seq) ||
        side->last_length != seg->len || side->last_flags != seg->flags ||
        !seq_equal(side->last_ack, seg->ack))
        return false;
    if (sight->packet->ip_id != 0)
        return side->last_ip_id == sight->packet->ip_id &&
               (!has_ts || side->last_ts == seg->ts_value);
    return has_ts && side->last_ts == seg->ts_value && seg->len > 0 &&
           sight->packet->at - side->last_at < MS(10);
}

static bool has_older_timestamp(const struct sight *sight)
{
    return (sight->seg->options & OPTION_TIMESTAMP) && sight->side->has_newest_ts &&
           (int32_t)(sight->seg->ts_value - sight->side->newest_ts) < 0;
}

static void count_repeat(struct sight *sight)
{
    struct infer_side *side = sight->side;

    side->repeats =
        side->repeats > 0 && seq_equal(side->repeat_seq, sight->seg->seq) ? side->repeats + 1 : 1;
    side->repeat_seq = sight->seg->seq;
    side->repeated_bytes += sight->seg->text_length;
    sight->remark->times = side->repeats;
}

static void remark_again(struct sight *sight)
{
    const struct infer_side *side = sight->side, *peer = sight->peer;
    bool is_acked = peer->has_acked && seq_before_or_equal(sight->end, peer->acked_to);
    bool is_fin = (sight->seg->flags & LASTACK_FIN) && side->has_fin;

    if (is_copy(sight)) {
        mark(sight, MARK(COPY));
        return;
    }
    if (is_acked && has_older_timestamp(sight)) {
        mark(sight, MARK(OLD_DUPLICATE));
        return;
    }
    count_repeat(sight);
    if (is_fin) {
        mark(sight, MARK(FIN_REPEATED));
        sight->remark->times = side->fins;
    } else if (is_acked) {
        mark(sight, MARK(NEEDLESS));
    } else if (peer->duplicate_acks >= 3 && seq_equal(sight->seg->seq, peer->acked_to)) {
        mark(sight, MARK(FAST_RETRANSMISSION));
    } else {
        mark(sight, MARK(RETRANSMISSION));
    }
}

static void remark_hole_filled(struct sight *sight, const struct infer_hole *hole)
{
    int64_t round_trip = sight->infer->round_trip_ns;
    int64_t limit = round_trip > 0 ? round_trip - round_trip / 5 : OVERTAKING;

    if (sight->packet->at - hole->at < limit) {
        mark(sight, MARK(OUT_OF_ORDER));
        return;
    }
    count_repeat(sight);
    mark(sight,
         sight->peer->duplicate_acks >= 3 ? MARK(FAST_RETRANSMISSION) : MARK(RETRANSMISSION));
}

static void remark_new_text(struct sight *sight)
{
    struct infer_side *side = sight->side;
    const struct infer_side *peer = sight->peer;
    bool heard_fin = peer->has_fin && seq_after_or_equal(sight->seg->ack, peer->fin_end) &&
                     (sight->seg->flags & LASTACK_ACK);

    side->repeats = 0;
    if (sight->seg->text_length == 0)
        return;
    if (heard_fin && !side->has_gone_on) {
        side->has_gone_on = true;
        mark(sight, MARK(HALF_CLOSE));
    }
    if (peer->has_acked && peer->has_scale == side->has_scale && peer->window > 0 &&
        seq_equal(sight->end, seq_add(peer->acked_to, peer->window)))
        mark(sight, MARK(WINDOW_FULL));
}

/* Bytes of this text not seen before. */
static uint32_t fresh_text(const struct sight *sight)
{
    const struct infer_side *side = sight->side;
    const struct segment *seg = sight->seg;

    if (!side->has_seq || seq_after_or_equal(seg->seq, side->sent_to) ||
        hole_at(side, seg->seq, sight->end) != NULL)
        return seg->text_length;
    if (seq_before_or_equal(sight->end, side->sent_to))
        return 0;
    uint32_t fresh = seq_distance(side->sent_to, sight->end);
    return min32(fresh, seg->text_length);
}

static void remark_sequence(struct sight *sight)
{
    struct infer_side *side = sight->side;
    const struct infer_hole *hole;

    if (!side->has_seq || sight->seg->len == 0)
        return;
    hole = hole_at(side, sight->seg->seq, sight->end);
    if (hole != NULL)
        remark_hole_filled(sight, hole);
    else if (seq_before_or_equal(sight->end, side->sent_to))
        remark_again(sight);
    else
        remark_new_text(sight);
    if (seq_after(sight->seg->seq, side->sent_to))
        mark(sight, MARK(UNSEEN_BEFORE));
}

/* ---- probes ---- */

/* One byte, or none, just before what the peer has acknowledged: asks for an ACK, brings
 * nothing. */
static bool is_probe(const struct sight *sight)
{
    const struct infer_side *side = sight->side, *peer = sight->peer;

    return side->has_seq && peer->has_acked && sight->seg->len <= 1 &&
           (sight->seg->flags & (LASTACK_SYN | LASTACK_FIN)) == 0 &&
           seq_equal(seq_add(sight->seg->seq, 1), peer->acked_to);
}

/* One byte beyond a window of none. */
static bool is_byte_beyond(const struct sight *sight)
{
    return sight->peer->has_acked && sight->peer->window == 0 && sight->seg->text_length == 1 &&
           seq_equal(sight->seg->seq, sight->peer->acked_to);
}

/* True if it was one. */
static bool remark_probe(struct sight *sight)
{
    struct infer_side *side = sight->side;

    if (is_byte_beyond(sight) || (is_probe(sight) && sight->peer->window == 0)) {
        mark(sight, MARK(WINDOW_PROBE));
        sight->remark->times = ++side->probes;
        return true;
    }
    if (is_probe(sight) && seq_equal(sight->peer->acked_to, side->sent_to)) {
        mark(sight, MARK(KEEPALIVE));
        sight->remark->times = ++side->keepalives;
        return true;
    }
    return false;
}

/* ---- acknowledgements ---- */

static bool is_bare_ack(const struct segment *seg)
{
    return seg->len == 0 && (seg->flags & (LASTACK_ACK | LASTACK_SYN | LASTACK_RST)) == LASTACK_ACK;
}

/* A bare ACK that says nothing new: why was it sent? */
static void remark_repeated_ack(struct sight *sight)
{
    struct infer_side *side = sight->side;
    const struct infer_side *peer = sight->peer;
    unsigned provoked = peer->last_marks;
    /* The SYN of a new connection, answered by the old one, is kept with the new. */
    const struct infer_side *latest =
        sight->infer->overlaps ? &sight->infer->now.side[sight->infer->opener] : peer;

    if (provoked & MARK(KEEPALIVE)) {
        mark(sight, MARK(KEEPALIVE_ACK));
    } else if (provoked & (MARK(FIN_REPEATED) | MARK(COPY)) && (peer->last_flags & LASTACK_FIN) &&
               peer->has_fin && seq_equal(sight->seg->ack, peer->fin_end)) {
        mark(sight, MARK(LAST_ACK_REPEATED));
    } else if ((latest->last_flags & (LASTACK_SYN | LASTACK_RST)) &&
               sight->facts->heard_syn == KNOW_YES && side->last_at < latest->last_at) {
        mark(sight, MARK(CHALLENGE_ACK));
    } else if (seq_after(peer->sent_to, sight->seg->ack)) {
        mark(sight, MARK(DUPLICATE_ACK));
        sight->remark->times = ++side->duplicate_acks;
    }
}

static void remark_ack(struct sight *sight)
{
    struct infer_side *side = sight->side, *peer = sight->peer;
    uint32_t window = infer_window(sight->infer, sight->packet);
    bool is_same = side->has_acked && seq_equal(sight->seg->ack, side->acked_to);

    if (peer->has_seq && seq_after(sight->seg->ack, peer->sent_to))
        mark(sight, MARK(ACKS_UNSEEN));
    if (side->has_acked && seq_after(sight->seg->ack, side->acked_to)) {
        side->duplicate_acks = 0;
        peer->repeats = peer->probes = 0;
    }
    /* Whatever comes back, the prober knows that the peer lives. */
    peer->keepalives = 0;
    if (is_bare_ack(sight->seg) && is_same && side->packets > 0 && side->window == window)
        remark_repeated_ack(sight);
    if (window == 0 && (!side->has_acked || side->window != 0 || is_same))
        mark(sight, MARK(ZERO_WINDOW));
    if (window > 0 && side->has_acked && side->window == 0)
        mark(sight, MARK(WINDOW_OPENS));
}

/* ---- opening and closing ---- */

static void remark_syn(struct sight *sight)
{
    const struct infer_side *side = sight->side;
    bool is_bare = !(sight->seg->flags & LASTACK_ACK);

    if (side->has_seq && sight->facts->has_sent_syn && seq_equal(side->isn, sight->seg->seq)) {
        /* In a simultaneous open the SYN comes again, with an ACK: that is new. */
        if (is_bare != side->has_bare_syn)
            return;
        if (is_copy(sight)) {
            mark(sight, MARK(COPY));
            return;
        }
        count_repeat(sight);
        mark(sight, MARK(RETRANSMISSION));
    } else if (is_bare && sight->peer->has_bare_syn) {
        mark(sight, MARK(SIMULTANEOUS_OPEN));
    }
}

static void remark_fin(struct sight *sight)
{
    const struct infer_side *peer = sight->peer;

    if (sight->side->has_fin)
        return;
    if (sight->infer->closed_first < 0)
        mark(sight, MARK(CLOSES_FIRST));
    else if (peer->has_fin && seq_before(sight->seg->ack, peer->fin_end))
        mark(sight, MARK(SIMULTANEOUS_CLOSE));
}

/* ---- resets ---- */

static bool gave_up(const struct sight *sight)
{
    return sight->side->repeats >= 3 && sight->peer->last_at < sight->side->last_at;
}

static enum infer_reset reset_of_fresh_end(const struct sight *sight)
{
    const struct infer_side *peer = sight->peer;

    if (peer->has_bare_syn && !peer->has_acked)
        return INFER_RESET_REFUSED;
    if (peer->last_flags & LASTACK_SYN)
        return INFER_RESET_UNWANTED_SYN_ACK;
    return INFER_RESET_NO_CONNECTION;
}

static enum infer_reset reset_reason(const struct sight *sight)
{
    const struct infer_side *side = sight->side, *peer = sight->peer;
    bool answers_syn_ack = (peer->last_flags & LASTACK_SYN) && (peer->last_flags & LASTACK_ACK);
    bool is_answer =
        !(sight->seg->flags & LASTACK_ACK) && seq_equal(sight->seg->seq, peer->last_ack);

    if (sight->infer->overlaps && sight->packet->from == sight->infer->opener)
        return INFER_RESET_CHALLENGED;
    if (sight->facts->is_gone == KNOW_YES)
        return INFER_RESET_ALREADY_GONE;
    if (!sight->facts->is_seen)
        return reset_of_fresh_end(sight);
    if (side->has_bare_syn && answers_syn_ack && sight->facts->heard_syn != KNOW_YES)
        return INFER_RESET_UNWANTED_SYN_ACK;
    if (!side->has_bare_syn && sight->facts->has_sent_syn && sight->facts->syn_acked != KNOW_YES &&
        peer->has_acked && !side->has_fin)
        return INFER_RESET_LISTENER_GONE;
    if (side->has_fin && seq_after(peer->sent_to, side->acked_to) &&
        peer->no_fin_to.v != side->acked_to.v)
        return INFER_RESET_DATA_AFTER_CLOSE;
    if (gave_up(sight))
        return INFER_RESET_GAVE_UP;
    if (side->keepalives >= 2)
        return INFER_RESET_KEEPALIVE_GAVE_UP;
    if (side->has_fin)
        return INFER_RESET_AFTER_FIN;
    if (is_answer && sight->packet->at - side->last_at >= SEC(60))
        return INFER_RESET_NO_CONNECTION;
    return INFER_RESET_ABORTED;
}

static void remark_rst(struct sight *sight)
{
    const struct infer_side *side = sight->side;

    mark(sight, MARK(RESET));
    sight->remark->reset = reset_reason(sight);
    sight->remark->is_foreign =
        side->ttl != 0 && sight->seg->ttl != 0 && sight->seg->ttl != side->ttl;
}

/* ---- the whole ---- */

void remark_packet(const struct infer *infer, struct infer_life *life,
                   const struct infer_packet *packet, struct infer_remark *remark)
{
    unsigned x = packet->from, y = 1 - x;
    struct sight sight = {
        .infer = infer,
        .packet = packet,
        .seg = &packet->segment,
        .side = &life->side[x],
        .peer = &life->side[y],
        .facts = &life->facts[x],
        .peer_facts = &life->facts[y],
        .end = seq_add(packet->segment.seq, packet->segment.len),
        .remark = remark,
    };

    if (packet->segment.flags & LASTACK_RST) {
        remark_rst(&sight);
        return;
    }
    remark->fresh_text = fresh_text(&sight);
    sight.side->text_bytes += remark->fresh_text;
    if (packet->segment.flags & LASTACK_SYN)
        remark_syn(&sight);
    else if (!remark_probe(&sight))
        remark_sequence(&sight);
    if (packet->segment.flags & LASTACK_FIN)
        remark_fin(&sight);
    if ((packet->segment.flags & (LASTACK_ACK | LASTACK_SYN)) == LASTACK_ACK)
        remark_ack(&sight);
}

void remark_remember(const struct infer *infer, struct infer_life *life,
                     const struct infer_packet *packet, const struct infer_remark *remark)
{
    struct infer_side *side = &life->side[packet->from];
    const struct segment *seg = &packet->segment;

    side->packets++;
    side->last_at = packet->at;
    side->last_flags = seg->flags;
    side->last_marks = remark->marks;
    side->last_seq = seg->seq;
    side->last_ack = seg->ack;
    side->last_length = seg->len;
    side->last_ip_id = packet->ip_id;
    side->last_ts = seg->ts_value;
    if (seg->flags & LASTACK_RST)
        return;
    side->window = infer_window(infer, packet);
    if (side->ttl == 0)
        side->ttl = seg->ttl;
    if ((seg->options & OPTION_TIMESTAMP) &&
        !has_older_timestamp(&(struct sight){.side = side, .seg = seg})) {
        side->newest_ts = seg->ts_value;
        side->has_newest_ts = true;
    }
}
