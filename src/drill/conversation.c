/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conversation.c: offsets and time stamps.
 */
#include "conversation.h"

#include "check.h"

#include <stdlib.h>

void conversation_init(struct conversation *conversation)
{
    *conversation = (struct conversation){.script_fd = -1};
}

void conversation_free(struct conversation *conversation)
{
    free(conversation->stamps);
    conversation->stamps = NULL;
    conversation->stamp_count = conversation->stamp_room = 0;
}

uint32_t conversation_local_offset(const struct conversation *conversation, bool is_syn)
{
    return conversation->live_local_isn - (is_syn ? conversation->script_local_isn : 0);
}

uint32_t conversation_remote_offset(const struct conversation *conversation, bool is_syn)
{
    return is_syn ? 0 : conversation->live_remote_isn; /* the script's ISN is the live one */
}

static bool has_syn(const struct drill_packet *packet)
{
    return packet->tcp.flags & LASTACK_SYN;
}

static void shift_sack(struct drill_tcp_option *option, uint32_t offset)
{
    for (unsigned i = 0; i < option->count; i++) {
        option->left[i] += offset;
        option->right[i] += offset;
    }
}

/* ---- time stamps ---- */

static const struct stamp *stamp_of_script(const struct conversation *conversation, uint32_t value)
{
    for (size_t i = conversation->stamp_count; i > 0; i--)
        if (conversation->stamps[i - 1].script == value)
            return &conversation->stamps[i - 1];
    return NULL;
}

static struct drill_tcp_option *stamp_in(const struct drill_packet *packet)
{
    struct drill_tcp_option *option = packet->tcp.options;

    while (option != NULL && option->kind != DRILL_OPT_TIMESTAMP)
        option = option->next;
    return option;
}

static bool echo_to_live(const struct conversation *conversation, bool guesses,
                         struct drill_tcp_option *option, struct script_error *error)
{
    const struct stamp *stamp = stamp_of_script(conversation, option->echo);

    if (stamp != NULL) {
        option->echo = stamp->live;
        return true;
    }
    if (!guesses || conversation->stamp_count == 0)
        return script_error_at(error, option->place,
                               "ecr %u: nothing that was sent had this TS val", option->echo);
    option->echo += conversation->stamps[0].live - conversation->stamps[0].script;
    return true;
}

void conversation_learn_stamp(struct conversation *conversation,
                              const struct drill_packet *expected, const struct drill_packet *seen)
{
    const struct drill_tcp_option *script = stamp_in(expected), *live = stamp_in(seen);

    if (script == NULL || live == NULL || script->value_ignored)
        return;
    if (conversation->stamp_count == conversation->stamp_room) {
        size_t room = conversation->stamp_room == 0 ? 16 : 2 * conversation->stamp_room;
        struct stamp *stamps = realloc(conversation->stamps, room * sizeof *stamps);

        CHECK(stamps != NULL);
        conversation->stamps = stamps;
        conversation->stamp_room = room;
    }
    conversation->stamps[conversation->stamp_count++] = (struct stamp){script->value, live->value};
}

/* ---- packets ---- */

static bool options_to_live(const struct conversation *conversation, bool guesses,
                            struct drill_tcp *tcp, struct script_memory *memory,
                            struct script_error *error)
{
    const uint32_t offset = conversation_local_offset(conversation, tcp->flags & LASTACK_SYN);
    struct drill_tcp_option **link = &tcp->options;

    for (const struct drill_tcp_option *from = tcp->options; from != NULL; from = from->next) {
        struct drill_tcp_option *copy = script_take(memory, sizeof *copy);

        *copy = *from;
        *link = copy;
        link = &copy->next;
        if (copy->kind == DRILL_OPT_SACK)
            shift_sack(copy, offset);
        if (copy->kind == DRILL_OPT_TIMESTAMP && tcp->flags & LASTACK_ACK && !copy->echo_absolute &&
            !echo_to_live(conversation, guesses, copy, error))
            return false;
    }
    return true;
}

bool conversation_to_live(const struct conversation *conversation,
                          const struct drill_packet *script, bool guesses_echo,
                          struct script_memory *memory, struct drill_packet *live,
                          struct script_error *error)
{
    struct drill_tcp *tcp = &live->tcp;
    const bool is_syn = has_syn(script);

    *live = *script;
    if (script->protocol == DRILL_ICMP && script->icmp.quote != QUOTE_RAW)
        live->icmp.quote_seq += conversation_local_offset(conversation, false);
    if (script->protocol != DRILL_TCP)
        return true;
    if (!tcp->seq_absolute)
        tcp->seq += conversation_remote_offset(conversation, is_syn);
    if (tcp->flags & LASTACK_ACK) /* without "ack N", it is 0 */
        tcp->ack += conversation_local_offset(conversation, is_syn);
    return options_to_live(conversation, guesses_echo, tcp, memory, error);
}

void conversation_to_script(const struct conversation *conversation, struct drill_packet *packet)
{
    struct drill_tcp *tcp = &packet->tcp;
    const bool is_syn = has_syn(packet);
    const uint32_t remote = conversation_remote_offset(conversation, is_syn);

    if (packet->protocol != DRILL_TCP)
        return;
    tcp->seq -= conversation_local_offset(conversation, is_syn);
    if (tcp->has_ack)
        tcp->ack -= remote;
    for (struct drill_tcp_option *option = tcp->options; option != NULL; option = option->next) {
        if (option->kind == DRILL_OPT_SACK)
            shift_sack(option, 0u - remote);
        if (option->kind == DRILL_OPT_TIMESTAMP && conversation->stamp_count > 0)
            option->value += conversation->stamps[0].script - conversation->stamps[0].live;
    }
}
