/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer_sends.c: what the stack has sent against the line that the test expects: the first field
 * that differs is named, with the packet as it was. See peer.h.
 */
#include "peer_world.h"

#include "packet_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t relative(uint32_t seq, uint32_t base)
{
    return (int32_t)(seq - base);
}

/* The oldest packet for this peer; false: there is none. The caller frees it. */
static bool take_waiting(struct peer *peer, struct peer_waiting *taken, struct segment *seg,
                         struct ip_packet *packet)
{
    for (uint32_t i = 0; i < peer_queued; i++) {
        peer_parse_own(&peer_queue[i], seg, packet);
        if (peer_of(seg) != peer)
            continue;
        *taken = peer_queue[i];
        memmove(&peer_queue[i], &peer_queue[i + 1], (peer_queued - i - 1) * sizeof peer_queue[0]);
        peer_queued--;
        return true;
    }
    return false;
}

static void describe(const struct peer *peer, const struct peer_waiting *waiting, char *text,
                     size_t size)
{
    const struct packet_text_style style = {.seq_base = {peer->iss}, .ack_base = {peer->irs}};
    struct ip_packet packet;
    size_t length;

    length = (size_t)snprintf(text, size, "%.6f ", (double)(waiting->at - world.mark) / 1e9);
    if (ip_parse(waiting->bytes, waiting->length, false, &packet) == LASTACK_CAUSE_NONE)
        (void)packet_text(&packet, &style, text + length, size - length);
}

static const char *difference_of_options(const struct line *line, const struct segment *seg)
{
    const bool has_ts = (seg->options & OPTION_TIMESTAMP) != 0;

    if (line->mss != 0 && line->mss != (seg->options & OPTION_MSS ? seg->mss : NONE))
        return "mss";
    if (line->shift != 0 &&
        line->shift != (seg->options & OPTION_WINDOW_SCALE ? seg->window_scale + 1 : NONE))
        return "shift";
    if (line->sack_ok != 0 && line->sack_ok != (seg->options & OPTION_SACK_PERMITTED ? 1 : NONE))
        return "sack_ok";
    if (line->ts != 0 && line->ts != (has_ts ? (int64_t)seg->ts_value : NONE))
        return "ts";
    if (line->echo != 0 && line->echo != (has_ts ? (int64_t)seg->ts_echo : NONE))
        return "echo";
    return NULL;
}

static uint64_t first_bytes(const uint8_t *bytes, unsigned length)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < 8; i++)
        value = value << 8 | (i < length ? bytes[i] : 0);
    return value;
}

static const char *difference_of_fast_open(struct peer *peer, const struct line *line,
                                           const struct segment *seg)
{
    const bool is_experiment = (seg->options & OPTION_FAST_OPEN_EXP) != 0;
    const bool is_there = is_experiment || seg->options & OPTION_FAST_OPEN;

    if (is_there && seg->fast_open_length > 0)
        peer->cookie = first_bytes(seg->fast_open, seg->fast_open_length);
    if (line->fast_open == 0)
        return NULL;
    if (line->fast_open != (is_there ? seg->fast_open_length + 1 : NONE))
        return "fast_open";
    if (is_there && is_experiment != line->experiment)
        return "experiment";
    return line->cookie != 0 && line->cookie != peer->cookie ? "cookie" : NULL;
}

static const char *difference_of_sack(const struct peer *peer, const struct line *line,
                                      const struct segment *seg)
{
    if (line->no_sack && seg->options & OPTION_SACK)
        return "sack: there is one";
    for (unsigned i = 0; i < 4; i++) {
        const bool is_wanted = line->sack[i][1] != 0;

        if (!is_wanted && i < seg->sack_count && (i > 0 && line->sack[0][1] != 0))
            return "sack: more blocks";
        if (is_wanted && i >= seg->sack_count)
            return "sack: fewer blocks";
        if (is_wanted && (relative(seg->sack[i].from.v, peer->irs) != line->sack[i][0] ||
                          relative(seg->sack[i].to.v, peer->irs) != line->sack[i][1]))
            return "sack";
    }
    return NULL;
}

/* Of a packet that is no fragment, in IPv4; 0 in IPv6. */
static uint32_t ip_id(const struct ip_packet *packet)
{
    return packet->is_ipv6 ? 0 : load16(packet->header + 4);
}

/* What is wrong with a segment; NULL: nothing. A RST without ACK is of no connection's sequence. */
static const char *difference(struct peer *peer, const struct line *line, const struct segment *seg,
                              const struct peer_waiting *waiting, const struct ip_packet *packet)
{
    const uint16_t mask = line->flags & PSH ? 0xffff : (uint16_t)~PSH;
    const uint32_t seq_base = peer->has_iss ? peer->iss : 0;
    const char *options = difference_of_options(line, seg);

    if ((seg->flags & mask) != (line->flags & mask))
        return "flags";
    if (line->no_push && seg->flags & PSH)
        return "flags: there is a PSH";
    if (relative(seg->seq.v, seq_base) != line->seq)
        return "seq";
    if (seg->flags & ACK ? relative(seg->ack.v, peer->irs) != line->ack : seg->ack.v != 0)
        return "ack";
    if (seg->text_length != line->text)
        return "text";
    for (uint32_t i = 0; i < seg->text_length; i++) {
        if (seg->text[i] != peer_byte((uint32_t)line->seq + (line->flags & SYN ? 1 : 0) + i, true))
            return "bytes of the text";
    }
    if (line->win != 0 && (line->win == NONE ? 0 : line->win) != seg->wnd)
        return "win";
    if (line->at != 0 && line->at != waiting->at - world.mark)
        return "at";
    if (line->tos != 0 && line->tos != packet->traffic_class)
        return "tos";
    if (line->urgent != 0 && line->urgent != seg->urgent)
        return "urgent";
    if (line->not_ect && (packet->traffic_class & 3) != 0)
        return "ECT";
    if (line->ttl != 0 && line->ttl != packet->ttl)
        return "ttl";
    if (line->from.bytes[10] != 0 && !lastack_address_equal(&line->from, &packet->source))
        return "from";
    if (line->new_id && ip_id(packet) == peer->last_id)
        return "id";
    if (options == NULL)
        options = difference_of_fast_open(peer, line, seg);
    return options != NULL ? options : difference_of_sack(peer, line, seg);
}

void peer_sends(struct peer *peer, const struct line *line, const char *file, int number)
{
    char text[PACKET_TEXT_MAX + 32];
    struct peer_waiting waiting = {0};
    struct ip_packet packet;
    struct segment seg;
    const char *what;

    if (!take_waiting(peer, &waiting, &seg, &packet))
        PEER_FAIL(file, number, "the stack has sent nothing more");
    what = difference(peer, line, &seg, &waiting, &packet);
    peer->last_id = ip_id(&packet);
    describe(peer, &waiting, text, sizeof text);
    free(waiting.bytes);
    if (what != NULL)
        PEER_FAIL(file, number, "%s differs: the stack has sent %s", what, text);
}

void peer_sends_nothing(struct peer *peer, const char *file, int number)
{
    char text[PACKET_TEXT_MAX + 32];
    struct peer_waiting waiting;
    struct ip_packet packet;
    struct segment seg;

    if (!take_waiting(peer, &waiting, &seg, &packet))
        return;
    describe(peer, &waiting, text, sizeof text);
    free(waiting.bytes);
    PEER_FAIL(file, number, "the stack has sent %s", text);
}

uint32_t packets_forgotten(struct peer *peer)
{
    struct peer_waiting waiting;
    struct ip_packet packet;
    struct segment seg;
    uint32_t count = 0;

    while (take_waiting(peer, &waiting, &seg, &packet)) {
        free(waiting.bytes);
        count++;
    }
    return count;
}
