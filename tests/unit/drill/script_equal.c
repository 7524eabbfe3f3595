/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_equal.c: comparing parsed scripts field by field, so that a printer which forgets one is
 * found out.
 */
#include "drill_test.h"

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_values(const struct drill_value *a, const struct drill_value *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next) {
        if (a->kind != b->kind || a->integer != b->integer || a->is_hex != b->is_hex ||
            a->is_prefix != b->is_prefix || !same_text(a->text, b->text) ||
            !same_text(a->field, b->field) || !same_values(a->first, b->first) ||
            !same_values(a->count, b->count))
            return false;
    }
    return a == b;
}

static bool same_call(const struct drill_call *a, const struct drill_call *b)
{
    return same_text(a->name, b->name) && a->argument_count == b->argument_count &&
           same_values(a->arguments, b->arguments) && same_values(a->result, b->result) &&
           same_text(a->error, b->error) && same_text(a->note, b->note) &&
           a->is_blocking == b->is_blocking && a->end_us == b->end_us;
}

static bool same_ip(const struct drill_ip_info *a, const struct drill_ip_info *b)
{
    return a->tos_check == b->tos_check && a->tos == b->tos && a->has_ttl == b->has_ttl &&
           a->ttl == b->ttl && a->has_flow_label == b->has_flow_label &&
           a->flow_label == b->flow_label;
}

static bool same_labels(const struct drill_mpls_label *a, const struct drill_mpls_label *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->label != b->label || a->traffic_class != b->traffic_class || a->ttl != b->ttl ||
            a->is_bottom != b->is_bottom)
            return false;
    return a == b;
}

static bool same_prefixes(const struct drill_prefix *a, const struct drill_prefix *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || !same_ip(&a->ip, &b->ip) || !same_text(a->source, b->source) ||
            !same_text(a->destination, b->destination) || a->has_fields != b->has_fields ||
            a->flags != b->flags || a->sum != b->sum || a->offset != b->offset ||
            a->key != b->key || a->seq != b->seq || !same_labels(a->labels, b->labels) ||
            a->spi != b->spi)
            return false;
    return a == b;
}

static bool same_options(const struct drill_tcp_option *a, const struct drill_tcp_option *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->value != b->value || a->echo != b->echo ||
            a->value_ignored != b->value_ignored || a->echo_absolute != b->echo_absolute ||
            a->is_valid_digest != b->is_valid_digest || a->has_value != b->has_value ||
            a->is_wide != b->is_wide || a->order != b->order || a->count != b->count ||
            a->length != b->length || memcmp(a->left, b->left, sizeof a->left) != 0 ||
            memcmp(a->right, b->right, sizeof a->right) != 0 ||
            memcmp(a->bytes, b->bytes, sizeof a->bytes) != 0)
            return false;
    return a == b;
}

static bool same_tcp(const struct drill_tcp *a, const struct drill_tcp *b)
{
    return a->flags == b->flags && a->ace == b->ace && a->seq == b->seq && a->length == b->length &&
           a->seq_absolute == b->seq_absolute && a->seq_ignored == b->seq_ignored &&
           a->has_ack == b->has_ack && a->ack == b->ack && a->window == b->window &&
           a->urgent == b->urgent && a->options_ignored == b->options_ignored &&
           a->options_length == b->options_length && same_options(a->options, b->options);
}

static bool same_icmp(const struct drill_icmp *a, const struct drill_icmp *b)
{
    return same_text(a->type, b->type) && same_text(a->code, b->code) && a->has_mtu == b->has_mtu &&
           a->mtu == b->mtu && a->has_id == b->has_id && a->id == b->id && a->quote == b->quote &&
           a->quote_seq == b->quote_seq && a->quote_length == b->quote_length &&
           a->quote_coverage == b->quote_coverage && a->quote_in_udp == b->quote_in_udp &&
           a->quote_udp_source == b->quote_udp_source &&
           a->quote_udp_destination == b->quote_udp_destination;
}

static bool same_packet(const struct drill_packet *a, const struct drill_packet *b)
{
    return a->direction == b->direction && a->protocol == b->protocol &&
           same_prefixes(a->prefixes, b->prefixes) && same_ip(&a->ip, &b->ip) &&
           a->has_ports == b->has_ports && a->source_port == b->source_port &&
           a->destination_port == b->destination_port && a->in_udp == b->in_udp &&
           a->udp_source == b->udp_source && a->udp_destination == b->udp_destination &&
           same_tcp(&a->tcp, &b->tcp) && a->udp_length == b->udp_length &&
           a->udp_coverage == b->udp_coverage && same_icmp(&a->icmp, &b->icmp);
}

static bool same_nodes(const struct code_node *a, const struct code_node *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->op != b->op || a->integer != b->integer ||
            memcmp(&a->number, &b->number, sizeof a->number) != 0 || !same_text(a->text, b->text) ||
            a->length != b->length || !same_nodes(a->first, b->first))
            return false;
    return a == b;
}

static bool same_code(const struct drill_code *code_a, const struct drill_code *code_b)
{
    const struct code_statement *a = code_a->statements, *b = code_b->statements;

    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->op != b->op || !same_text(a->source, b->source) ||
            !same_text(a->name, b->name) || !same_nodes(a->value, b->value) ||
            !same_nodes(a->message, b->message))
            return false;
    return a == b && same_text(code_a->text, code_b->text);
}

static bool same_command(const struct drill_command *a, const struct drill_command *b)
{
    return a == NULL || b == NULL ? a == b : same_text(a->text, b->text);
}

static bool same_action(const struct drill_event *a, const struct drill_event *b)
{
    switch (a->kind) {
    case EVENT_PACKET:
        return same_packet(a->action.packet, b->action.packet);
    case EVENT_CALL:
        return same_call(a->action.call, b->action.call);
    case EVENT_COMMAND:
        return same_command(a->action.command, b->action.command);
    case EVENT_CODE:
        return same_code(a->action.code, b->action.code);
    }
    return false;
}

static bool same_events(const struct drill_event *a, const struct drill_event *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (a->kind != b->kind || a->time_kind != b->time_kind || a->time_us != b->time_us ||
            a->time_end_us != b->time_end_us || !same_action(a, b))
            return false;
    return a == b;
}

static bool same_defines(const struct drill_define *a, const struct drill_define *b)
{
    for (; a != NULL && b != NULL; a = a->next, b = b->next)
        if (!same_text(a->name, b->name) || !same_text(a->value, b->value))
            return false;
    return a == b;
}

static bool same_settings(const struct drill_settings *a, const struct drill_settings *b)
{
    return a->dialect == b->dialect && a->ip_version == b->ip_version &&
           a->bind_port == b->bind_port && a->connect_port == b->connect_port &&
           same_text(a->local_ip, b->local_ip) && same_text(a->remote_ip, b->remote_ip) &&
           same_text(a->gateway_ip, b->gateway_ip) && same_text(a->netmask_ip, b->netmask_ip) &&
           a->mtu == b->mtu && a->mss == b->mss && a->tolerance_us == b->tolerance_us &&
           a->tolerance_millis == b->tolerance_millis && a->ts_tick_us == b->ts_tick_us &&
           a->ts_ecr_scaled == b->ts_ecr_scaled && a->strict_segments == b->strict_segments &&
           a->non_fatal_packet == b->non_fatal_packet && a->non_fatal_call == b->non_fatal_call &&
           a->dry_run == b->dry_run && a->is_anyip == b->is_anyip &&
           a->is_verbose == b->is_verbose && a->tcp_over_udp == b->tcp_over_udp &&
           same_text(a->md5_secret, b->md5_secret) && same_defines(a->defines, b->defines);
}

bool script_equal(const struct drill_script *a, const struct drill_script *b)
{
    return same_settings(&a->settings, &b->settings) && same_command(a->init, b->init) &&
           same_command(a->cleanup, b->cleanup) && a->event_count == b->event_count &&
           same_events(a->events, b->events);
}
