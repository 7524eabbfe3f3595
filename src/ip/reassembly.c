/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reassembly.c: see reassembly.h. ip_parse has refused the impossible pieces already: lengths in
 * the middle that are no multiple of 8, ends beyond 65535.
 */
#include "reassembly.h"

#include "arena.h"
#include "bits.h"
#include "check.h"
#include "checksum.h"
#include "ip_address.h"
#include "ip_header.h"

enum { REASSEMBLY_ECN_MASK = 3, REASSEMBLY_CE = 3, SEEN_CE = 1 << 3, SEEN_NOT_ECT = 1 << 0 };

uint64_t reassembly_size(uint32_t limit)
{
    struct arena arena = {0};

    (void)arena_take_array(&arena, sizeof(struct reassembly_context), limit);
    return arena.used;
}

void reassembly_init(struct reassembly *reassembly, void *memory, uint32_t limit)
{
    *reassembly = (struct reassembly){.contexts = memory, .limit = limit};
}

/* ---- which context ---- */

/* RFC 791: source, destination, protocol, identification; RFC 8200 §4.5: without the protocol. */
static bool reassembly_is_same_packet(const struct reassembly_context *context,
                                      const struct ip_packet *piece)
{
    return context->is_used && context->id == piece->fragment_id &&
           context->is_ipv6 == piece->is_ipv6 &&
           (piece->is_ipv6 || context->protocol == piece->protocol) &&
           ip_address_equal(&context->source, &piece->source) &&
           ip_address_equal(&context->destination, &piece->destination);
}

static struct reassembly_context *reassembly_find_context(const struct reassembly *reassembly,
                                                          const struct ip_packet *piece)
{
    for (uint32_t i = 0; i < reassembly->limit; i++) {
        if (reassembly_is_same_packet(&reassembly->contexts[i], piece))
            return &reassembly->contexts[i];
    }
    return NULL;
}

/* A free one; or the oldest of this source if it has its share; or the oldest of all. */
static struct reassembly_context *reassembly_choose_context(struct reassembly *reassembly,
                                                            const struct lastack_address *source)
{
    struct reassembly_context *unused = NULL, *oldest = NULL, *its_oldest = NULL;
    uint32_t its_count = 0;

    for (uint32_t i = 0; i < reassembly->limit; i++) {
        struct reassembly_context *context = &reassembly->contexts[i];
        if (!context->is_used) {
            unused = context;
            continue;
        }
        if (oldest == NULL || context->deadline < oldest->deadline)
            oldest = context;
        if (!ip_address_equal(&context->source, source))
            continue;
        its_count++;
        if (its_oldest == NULL || context->deadline < its_oldest->deadline)
            its_oldest = context;
    }
    if (its_count < REASSEMBLY_PER_SOURCE && unused != NULL)
        return unused;
    reassembly->evictions++;
    return its_count >= REASSEMBLY_PER_SOURCE ? its_oldest : oldest;
}

static struct reassembly_context *reassembly_start_context(struct reassembly *reassembly,
                                                           uint32_t link,
                                                           const struct ip_packet *piece,
                                                           int64_t now)
{
    struct reassembly_context *context = reassembly_choose_context(reassembly, &piece->source);

    context->source = piece->source;
    context->destination = piece->destination;
    reassembly->used += !context->is_used; /* else it was evicted */
    context->is_used = true;
    context->deadline = time_after(now, REASSEMBLY_TIMEOUT_NS);
    context->id = piece->fragment_id;
    context->link = link;
    context->end = context->highest = context->units = 0;
    context->head_length = context->next_header = 0;
    context->first_length = 0;
    context->protocol = piece->protocol;
    context->ecn_seen = 0;
    context->is_ipv6 = piece->is_ipv6;
    context->is_abandoned = false;
    memset(context->have, 0, sizeof context->have);
    return context;
}

/* ---- the units that came ---- */

static bool reassembly_has_unit(const struct reassembly_context *context, uint32_t unit)
{
    return (context->have[unit / 64] >> unit % 64 & 1) != 0;
}

enum reassembly_overlap { REASSEMBLY_NEW, REASSEMBLY_REPEATED, REASSEMBLY_OVERLAPS };

/* Does the piece bring bytes that are there already? All of them, and the same: a repetition. */
static enum reassembly_overlap reassembly_overlap_of(const struct reassembly_context *context,
                                                     const struct ip_packet *piece)
{
    uint32_t first = piece->fragment_offset / 8u;
    uint32_t count = (uint32_t)(piece->payload_length + 7) / 8;
    uint32_t held = 0;

    for (uint32_t unit = first; unit < first + count; unit++)
        held += reassembly_has_unit(context, unit);
    if (held == 0)
        return REASSEMBLY_NEW;
    if (held < count || piece->fragment_offset + piece->payload_length > context->highest ||
        memcmp(context->bytes + REASSEMBLY_HEAD + piece->fragment_offset, piece->payload,
               piece->payload_length) != 0)
        return REASSEMBLY_OVERLAPS;
    return REASSEMBLY_REPEATED;
}

static void reassembly_keep_piece(struct reassembly_context *context, const struct ip_packet *piece)
{
    uint32_t first = piece->fragment_offset / 8u;
    uint32_t count = (uint32_t)(piece->payload_length + 7) / 8;
    uint32_t end = piece->fragment_offset + (uint32_t)piece->payload_length;

    memcpy(context->bytes + REASSEMBLY_HEAD + piece->fragment_offset, piece->payload,
           piece->payload_length);
    for (uint32_t unit = first; unit < first + count; unit++)
        context->have[unit / 64] |= (uint64_t)1 << unit % 64;
    context->units += count;
    context->highest = max32(context->highest, end);
    if (!piece->more_fragments)
        context->end = end;
    context->ecn_seen |= (uint8_t)(1u << (piece->traffic_class & REASSEMBLY_ECN_MASK));
}

/* The end that the last piece names, and nothing beyond it; or two last pieces that disagree. */
static bool reassembly_ends_agree(const struct reassembly_context *context,
                                  const struct ip_packet *piece)
{
    uint32_t end = piece->fragment_offset + (uint32_t)piece->payload_length;

    if (context->end != 0)
        return piece->more_fragments ? end < context->end : end == context->end;
    return piece->more_fragments || end >= context->highest;
}

/* The header of the first piece, put right before its payload. */
static void reassembly_keep_head(struct reassembly_context *context, const struct ip_packet *piece)
{
    size_t length = (size_t)(piece->payload - piece->header);

    context->head_length = (uint16_t)length;
    context->next_header = piece->next_header_offset;
    context->first_length = (uint32_t)piece->payload_length;
    context->protocol = piece->protocol;
    memcpy(context->bytes + REASSEMBLY_HEAD - length, piece->header, length);
}

/* ---- the whole ---- */

static bool reassembly_is_whole(const struct reassembly_context *context)
{
    return context->end != 0 && context->head_length != 0 &&
           context->units == (context->end + 7) / 8;
}

static void reassembly_set_ecn(const struct reassembly_context *context, uint8_t *traffic_class)
{
    if (context->ecn_seen & SEEN_CE)
        *traffic_class |= REASSEMBLY_CE;
}

static size_t reassembly_make_ipv4_whole(struct reassembly_context *context, uint8_t *header)
{
    uint32_t length = context->head_length + context->end;

    reassembly_set_ecn(context, header + 1);
    store16(header + 2, (uint16_t)length);
    store16(header + 6, 0);
    store16(header + 10, 0);
    store16(header + 10, checksum_finish(checksum_add(0, header, context->head_length)));
    return length;
}

/* The fragment header goes, and what announced it announces what it announced. */
static size_t reassembly_make_ipv6_whole(struct reassembly_context *context, uint8_t **header)
{
    uint32_t kept = context->head_length - (uint32_t)IPV6_FRAGMENT;
    uint8_t *moved = *header + IPV6_FRAGMENT;
    uint8_t class_low;

    (*header)[context->next_header] = context->protocol;
    memmove(moved, *header, kept);
    class_low = moved[1] >> 4;
    reassembly_set_ecn(context, &class_low);
    moved[1] = (uint8_t)(class_low << 4 | (moved[1] & 15));
    store16(moved + 4, (uint16_t)(kept - IPV6_HEADER + context->end));
    *header = moved;
    return kept + context->end;
}

static enum reassembly_state reassembly_give_whole(struct reassembly *reassembly,
                                                   struct reassembly_context *context,
                                                   struct reassembly_result *result)
{
    uint8_t *header = context->bytes + REASSEMBLY_HEAD - context->head_length;

    context->is_used = false;
    reassembly->used--;
    if ((context->ecn_seen & SEEN_CE) && (context->ecn_seen & SEEN_NOT_ECT)) {
        result->cause = LASTACK_CAUSE_DROP_FRAGMENT;
        return REASSEMBLY_REFUSED;
    }
    result->length = context->is_ipv6 ? reassembly_make_ipv6_whole(context, &header)
                                      : reassembly_make_ipv4_whole(context, header);
    result->packet = header;
    return REASSEMBLY_WHOLE;
}

/* ---- the calls ---- */

static enum reassembly_state reassembly_refuse_piece(struct reassembly_result *result)
{
    result->cause = LASTACK_CAUSE_DROP_FRAGMENT;
    return REASSEMBLY_REFUSED;
}

/* The first piece must hold all headers (RFC 8200 §4.5, RFC 7112 §5), and its own must fit the
 * head. */
static bool reassembly_is_good_first_piece(const struct ip_packet *piece,
                                           struct reassembly_result *result)
{
    if ((size_t)(piece->payload - piece->header) > REASSEMBLY_HEAD)
        return false;
    if (!piece->is_ipv6 ||
        ip_chain_is_whole(piece->payload, piece->payload_length, piece->protocol))
        return true;
    result->has_error = true;
    result->error =
        (struct icmp_error){ICMPV6_TYPE_PARAMETER_PROBLEM, ICMPV6_CODE_FIRST_FRAGMENT, 0};
    return false;
}

enum reassembly_state reassembly_take(struct reassembly *reassembly, uint32_t link,
                                      const struct ip_packet *piece, int64_t now,
                                      struct reassembly_result *result)
{
    struct reassembly_context *context;
    enum reassembly_overlap overlap;

    *result = (struct reassembly_result){.cause = LASTACK_CAUSE_NONE};
    CHECK(piece->is_fragment);
    if (reassembly->limit == 0 || piece->payload_length == 0 ||
        (piece->fragment_offset == 0 && !reassembly_is_good_first_piece(piece, result)))
        return reassembly_refuse_piece(result);
    context = reassembly_find_context(reassembly, piece);
    if (context == NULL)
        context = reassembly_start_context(reassembly, link, piece, now);
    if (context->is_abandoned)
        return reassembly_refuse_piece(result);
    overlap = reassembly_overlap_of(context, piece);
    if (overlap == REASSEMBLY_REPEATED)
        return REASSEMBLY_WAITS;
    if (overlap == REASSEMBLY_OVERLAPS || !reassembly_ends_agree(context, piece)) {
        context->is_abandoned = true;
        return reassembly_refuse_piece(result);
    }
    reassembly_keep_piece(context, piece);
    if (piece->fragment_offset == 0)
        reassembly_keep_head(context, piece);
    return reassembly_is_whole(context) ? reassembly_give_whole(reassembly, context, result)
                                        : REASSEMBLY_WAITS;
}

static struct reassembly_context *reassembly_earliest_context(const struct reassembly *reassembly)
{
    struct reassembly_context *earliest = NULL;

    if (reassembly->used == 0) /* nearly always */
        return NULL;
    for (uint32_t i = 0; i < reassembly->limit; i++) {
        struct reassembly_context *context = &reassembly->contexts[i];
        if (context->is_used && (earliest == NULL || context->deadline < earliest->deadline))
            earliest = context;
    }
    return earliest;
}

bool reassembly_expire(struct reassembly *reassembly, int64_t now, struct ip_packet *about,
                       uint32_t *link)
{
    struct reassembly_context *context = reassembly_earliest_context(reassembly);
    size_t length;

    if (context == NULL || context->deadline > now)
        return false;
    context->is_used = false;
    reassembly->used--;
    reassembly->timeouts++;
    *link = context->link;
    *about = (struct ip_packet){.header = NULL};
    if (context->head_length == 0 || context->is_abandoned)
        return true;
    length = (size_t)context->head_length + context->first_length;
    if (ip_parse(context->bytes + REASSEMBLY_HEAD - context->head_length, length, true, about) !=
        LASTACK_CAUSE_NONE)
        about->header = NULL;
    return true;
}

int64_t reassembly_next_deadline(const struct reassembly *reassembly)
{
    const struct reassembly_context *earliest = reassembly_earliest_context(reassembly);

    return earliest == NULL ? NEVER : earliest->deadline;
}
