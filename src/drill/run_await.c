/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_await.c: packets that a script expects from the stack.
 *
 * Only packets of the conversation under test count; of others the script knows nothing. Where a
 * script's line is longer than a segment, segments of the same kind are put together until they
 * are as long (an original runs on hosts whose network cards cut).
 */
#include "runner.h"

#include "check.h"
#include "duration.h"
#include "packet_compare.h"
#include "script_text.h"

#include <stdlib.h>
#include <string.h>

enum { GRACE_US = 2000000, ANY_WAIT_US = 600 * 1000000 };

/* ---- which packets count ---- */

static bool is_between(const struct packet_ends *ends, const struct conversation *conversation)
{
    return lastack_address_equal(&ends->source.address, &conversation->local.address) &&
           lastack_address_equal(&ends->destination.address, &conversation->remote.address);
}

/* The first SYN of an active open says which port the stack chose. */
static bool is_first_syn(const struct conversation *conversation, const struct seen_packet *seen)
{
    return conversation->state == CONVERSATION_CONNECTING && seen->packet.protocol == DRILL_TCP &&
           seen->packet.tcp.flags & LASTACK_SYN &&
           seen->ends.destination.port == conversation->remote.port;
}

static bool is_relevant(const struct runner *runner, const struct seen_packet *seen)
{
    const struct conversation *conversation = runner->current;
    enum drill_protocol protocol;

    if (conversation == NULL || !is_between(&seen->ends, conversation))
        return false;
    if (seen->packet.protocol == DRILL_ICMP) /* seen only where one is expected */
        return runner->event != NULL && runner->event->kind == EVENT_PACKET &&
               runner->event->action.packet->protocol == DRILL_ICMP;
    protocol = conversation->is_udp ? DRILL_UDP : DRILL_TCP;
    if (is_first_syn(conversation, seen))
        return true;
    return seen->packet.protocol == protocol &&
           seen->ends.source.port == conversation->local.port &&
           seen->ends.destination.port == conversation->remote.port;
}

struct seen_packet *runner_peek(struct runner *runner)
{
    struct sent_packet *sent;

    while (!runner->has_ahead && (sent = target_take(&runner->target)) != NULL) {
        runner->has_ahead =
            packet_bytes_read(sent->bytes, sent->length, &runner->memory, &runner->ahead) &&
            is_relevant(runner, &runner->ahead);
        runner->ahead.at = sent->at - target_epoch;
        free(sent);
    }
    return runner->has_ahead ? &runner->ahead : NULL;
}

/* ---- one out of several ---- */

/* Both lists carry the same words. */
static bool same_options(const struct drill_tcp *a, const struct drill_tcp *b)
{
    struct text one = {0}, other = {0};
    bool is_same;

    script_options_text(&one, a);
    script_options_text(&other, b);
    is_same = strcmp(text_string(&one), text_string(&other)) == 0;
    text_free(&one);
    text_free(&other);
    return is_same;
}

/* Does `next` go on where `seen` ends, as the next cut of one long segment would? `piece` is the
 * length of the pieces so far. */
static bool goes_on(const struct seen_packet *seen, const struct seen_packet *next, uint32_t piece)
{
    const uint16_t free_flags = LASTACK_PSH | LASTACK_FIN | LASTACK_CWR;
    const struct drill_tcp *a = &seen->packet.tcp, *b = &next->packet.tcp;

    return b->length > 0 && b->length <= piece && b->seq == a->seq + a->length &&
           !(a->flags & LASTACK_FIN) && /* (a PSH ends a frame, not the line) */
           ((a->flags ^ b->flags) & ~free_flags) == 0 && b->ack == a->ack &&
           b->window == a->window && same_options(a, b);
}

/* Takes the packet at hand, with those that make it as long as `expected`. */
static struct seen_packet take_merged(struct runner *runner, const struct drill_packet *expected)
{
    struct seen_packet seen = runner->ahead;
    uint32_t piece = seen.packet.tcp.length;
    bool wants_more = expected->protocol == DRILL_TCP && seen.packet.protocol == DRILL_TCP &&
                      piece > 0 && !runner->script->settings.strict_segments;

    runner->has_ahead = false;
    while (wants_more && seen.packet.tcp.length < expected->tcp.length) {
        const struct seen_packet *next = runner_peek(runner);

        if (next == NULL || !goes_on(&seen, next, piece) ||
            seen.packet.tcp.length + next->packet.tcp.length > expected->tcp.length)
            break;
        wants_more = next->packet.tcp.length == piece; /* a shorter one is the last */
        seen.packet.tcp.length += next->packet.tcp.length;
        seen.packet.tcp.flags &= (uint16_t)~LASTACK_PSH; /* the last one's counts */
        seen.packet.tcp.flags |= next->packet.tcp.flags & (LASTACK_PSH | LASTACK_FIN);
        runner->has_ahead = false;
    }
    return seen;
}

/* ---- what it says ---- */

/* A conversation's first segments name its numbers. */
static void follow(struct conversation *conversation, const struct drill_packet *expected,
                   const struct seen_packet *seen)
{
    const struct drill_tcp *tcp = &seen->packet.tcp;

    if (seen->packet.protocol != DRILL_TCP || !(tcp->flags & LASTACK_SYN))
        return;
    if (is_first_syn(conversation, seen)) {
        conversation->state = CONVERSATION_SYN_SENT;
        conversation->local.port = seen->ends.source.port;
    } else if (conversation->state == CONVERSATION_PACKET_RECEIVED && tcp->flags & LASTACK_ACK) {
        conversation->state = CONVERSATION_SYNACK_SENT;
    } else {
        return;
    }
    conversation->script_local_isn = expected->tcp.seq;
    conversation->live_local_isn = tcp->seq;
}

static uint32_t stamp_tolerance(const struct runner *runner)
{
    const uint32_t tick_us = runner->script->settings.ts_tick_us;

    if (tick_us == 0)
        return UINT32_MAX;
    return (uint32_t)(runner_tolerance_us(runner, runner_now_us(runner)) / tick_us);
}

/* Where `word` stands in `line` as a word of its own, or NULL. */
static const char *find_word(const char *line, const char *word)
{
    const size_t length = strlen(word);

    for (const char *at = line; length > 0 && (at = strstr(at, word)) != NULL; at++)
        if (at > line && strchr(" [,", at[-1]) != NULL && strchr(" ],", at[length]) != NULL)
            return at; /* (the NUL at the end counts, too) */
    return NULL;
}

/* A line that is marked under the word that differs. */
static void add_marked(struct text *out, const char *title, const struct drill_packet *packet,
                       int64_t at_us, const char *word)
{
    struct text line = {0};
    const char *found;
    size_t packet_at;

    text_addf(&line, "    %s ", title);
    script_time_text(&line, at_us);
    packet_at = line.length;
    text_add(&line, " ");
    script_packet_text(&line, packet);
    text_addf(out, "%s\n", text_string(&line));
    found = word != NULL ? find_word(text_string(&line) + packet_at, word) : NULL;
    if (found != NULL) {
        text_add_repeat(out, " ", (size_t)(found - text_string(&line)));
        text_add_repeat(out, "^", strlen(word));
        text_add(out, "\n");
    }
    text_free(&line);
}

/* What the script does not ask about is not shown. */
static void trim_ip_info(const struct drill_packet *expected, struct drill_packet *seen)
{
    const struct drill_ip_info *asked = &expected->ip;

    if (asked->tos_check == TOS_UNCHECKED)
        seen->ip.tos_check = TOS_UNCHECKED;
    seen->ip.has_ttl = asked->has_ttl;
    seen->ip.has_flow_label = asked->has_flow_label;
}

static bool fail_packet(struct runner *runner, const struct drill_packet *expected,
                        const struct seen_packet *seen, const struct packet_difference *difference)
{
    const struct drill_settings *settings = &runner->script->settings;
    struct drill_packet shown = seen->packet;
    struct text *message = &runner->report->message;

    if (settings->non_fatal_packet) {
        runner_note(runner, "%s:%u: warning: live packet field %s: expected: %s vs actual: %s",
                    runner->script->path, expected->place.line, difference->field,
                    difference->expected, difference->seen);
        return true;
    }
    trim_ip_info(expected, &shown);
    runner_fail(
        runner, difference->is_wire_format ? DRILL_CLASS_WIRE_FORMAT : DRILL_CLASS_BEHAVIOUR,
        expected->place, "error handling packet: live packet field %s: expected: %s vs actual: %s",
        difference->field, difference->expected, difference->seen);
    add_marked(message, "script packet:", expected, runner->event_us, NULL);
    add_marked(message, "actual packet:", &shown, seen->at / US(1), difference->seen);
    return false;
}

static bool judge(struct runner *runner, const struct drill_packet *expected,
                  struct seen_packet *seen)
{
    struct conversation *conversation = runner->current;
    const struct compare_rules rules = {runner->is_ipv6, runner->options->is_strict,
                                        stamp_tolerance(runner)};
    const uint32_t live_seq = seen->packet.tcp.seq;
    struct packet_difference difference;

    follow(conversation, expected, seen);
    conversation_learn_stamp(conversation, expected, &seen->packet);
    conversation_to_script(conversation, &seen->packet);
    if (expected->tcp.seq_absolute)
        seen->packet.tcp.seq = live_seq;
    if (expected->has_ports && (expected->source_port != seen->ends.source.port ||
                                expected->destination_port != seen->ends.destination.port))
        return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, expected->place,
                           "error handling packet: expected ports %u > %u, seen %u > %u",
                           expected->source_port, expected->destination_port,
                           seen->ends.source.port, seen->ends.destination.port);
    return packet_compare(expected, seen, &rules, &difference) ||
           fail_packet(runner, expected, seen, &difference);
}

static bool is_supported(struct runner *runner, const struct drill_packet *packet)
{
    const char *what = packet->prefixes != NULL            ? packet_prefix_name(packet->prefixes)
                       : packet->in_udp                    ? "TCP over UDP"
                       : packet->protocol == DRILL_UDPLITE ? "UDP-Lite"
                                                           : NULL;

    for (const struct drill_tcp_option *option = packet->tcp.options; option != NULL;
         option = option->next)
        if (option->is_valid_digest)
            what = "MD5 digests";
    return what == NULL ||
           runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, packet->place, "not supported: %s", what);
}

bool runner_await(struct runner *runner, const struct drill_packet *expected)
{
    const int64_t wait_us = runner->event->time_kind == TIME_ANY ? ANY_WAIT_US : GRACE_US;
    const int64_t until = target_epoch + US(runner->event_end_us + wait_us);
    struct seen_packet seen;
    bool is_left = true;

    if (!is_supported(runner, expected))
        return false;
    while (runner_peek(runner) == NULL) {
        if (!is_left)
            return runner_fail(runner, DRILL_CLASS_BEHAVIOUR, expected->place,
                               "error handling packet: Timed out waiting for packet: "
                               "none was sent until %.6f sec",
                               (double)runner_now_us(runner) / 1e6);
        if (!runner_step(runner, until, &is_left))
            return false;
    }
    seen = take_merged(runner, expected);
    return judge(runner, expected, &seen) &&
           runner_check_time(runner, expected->place, "outbound packet", seen.at / US(1));
}
