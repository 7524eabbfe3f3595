/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_frames.c: segments that leave at one time and go on without a gap, seen as one packet.
 *
 *     . 1:1001(1000)  P. 1001:2001(1000)  P. 2001:2501(500)   ──▶   P. 1:2501(2500)
 *
 * A packetdrill that compares each line of a script with exactly one packet cannot know how large
 * the frames are that a stack cuts its text into: they depend on its pace. All but the sequence
 * number, PSH, FIN and CWR must be the same; the last one's PSH and FIN count. As the pieces of one
 * text they have one size, but for the last, which may be shorter. (lastack drill and newer
 * packetdrills join by the line they compare with.)
 */
#include "session.h"

#include "bytes.h"
#include "check.h"
#include "gso_cut.h"
#include "packet_parse.h"
#include "tcp_header.h"

#include <stdlib.h>
#include <string.h>

enum { FLAGS_AT = 12, WINDOW_AT = 14, URGENT_AT = 18, PACKET_MOST = 65535 };

struct joint {
    const uint8_t *tcp, *text;
    size_t header, length; /* of TCP, of its text */
    uint32_t seq;
    uint16_t flags;
    struct ip_packet ip;
};

static bool read_joint(const struct sent_packet *sent, struct joint *joint)
{
    if (ip_parse(sent->bytes, sent->length, true, &joint->ip) != LASTACK_CAUSE_NONE ||
        joint->ip.protocol != IP_PROTOCOL_TCP || joint->ip.payload_length < TCP_HEADER_MIN)
        return false;
    joint->tcp = joint->ip.payload;
    joint->header = 4u * (joint->tcp[FLAGS_AT] >> 4);
    joint->text = joint->tcp + joint->header;
    joint->length = joint->ip.payload_length - joint->header;
    joint->seq = load32(joint->tcp + 4);
    joint->flags = load16(joint->tcp + FLAGS_AT);
    return joint->length > 0;
}

static bool goes_on(const struct joint *first, const struct joint *next)
{
    const uint16_t free_flags = LASTACK_PSH | LASTACK_FIN | LASTACK_CWR;

    return next->seq == first->seq + (uint32_t)first->length && !(first->flags & LASTACK_FIN) &&
           ((first->flags ^ next->flags) & ~free_flags) == 0 &&
           memcmp(first->tcp, next->tcp, 4) == 0 &&         /* ports */
           memcmp(first->tcp + 8, next->tcp + 8, 4) == 0 && /* ack */
           memcmp(first->tcp + WINDOW_AT, next->tcp + WINDOW_AT, 2) == 0 &&
           memcmp(first->tcp + URGENT_AT, next->tcp + URGENT_AT, first->header - URGENT_AT) == 0 &&
           lastack_address_equal(&first->ip.destination, &next->ip.destination);
}

/* Lengths and checksums are right again as those of a frame that is cut into one. */
static struct sent_packet *join_two(struct sent_packet *first, const struct joint *next)
{
    const size_t length = first->length + next->length;
    struct sent_packet *joined = malloc(sizeof *joined + length);
    uint8_t *frame = malloc(length);
    struct joint old;

    CHECK(joined != NULL && frame != NULL && read_joint(first, &old));
    memcpy(frame, first->bytes, first->length);
    memcpy(frame + first->length, next->text, next->length);
    store16(frame + (old.tcp - first->bytes) + FLAGS_AT,
            (uint16_t)((old.flags & ~LASTACK_PSH) | (next->flags & (LASTACK_PSH | LASTACK_FIN))));
    *joined = (struct sent_packet){.at = first->at};
    joined->length = gso_cut(frame, length, length, 0, joined->bytes);
    free(frame);
    free(first);
    return joined;
}

struct sent_packet *so_join(struct target *target, struct sent_packet *first)
{
    struct joint one, next;
    size_t piece = read_joint(first, &one) ? one.length : 0;

    while (piece > 0 && target->sent != NULL && target->sent->at == first->at &&
           read_joint(first, &one) && read_joint(target->sent, &next) &&
           first->length + next.length <= PACKET_MOST && next.length <= piece &&
           goes_on(&one, &next)) {
        first = join_two(first, &next);
        if (next.length < piece)
            piece = 0;
        free(target_take(target));
    }
    return first;
}
