/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_text.c: the printer, one function per piece of script.h.
 */
#include "script_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void add_hex(struct text *out, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text_addf(out, "%02x", bytes[i]);
}

/* ---- packets ---- */

static const char *ecn_name(uint8_t bits)
{
    static const char *const names[] = {"noecn", "ect1", "ect0", "ce"};

    return names[bits & 3];
}

static void add_tos(struct text *out, const struct drill_ip_info *ip)
{
    switch (ip->tos_check) {
    case TOS_UNCHECKED:
        break;
    case TOS_ECN:
        text_addf(out, "%s", ecn_name(ip->tos));
        break;
    case TOS_ECT01:
        text_addf(out, "ect01");
        break;
    case TOS_WHOLE:
        text_addf(out, "tos 0x%02x", ip->tos);
        break;
    case TOS_DSCP:
        text_addf(out, "dscp 0x%02x", ip->tos >> 2);
        break;
    case TOS_DSCP_ECT01:
        text_addf(out, "dscp 0x%02x,ecn ect01", ip->tos >> 2);
        break;
    }
}

static void add_ip_info(struct text *out, const struct drill_ip_info *ip)
{
    const char *separator = "";

    if (ip->tos_check == TOS_UNCHECKED && !ip->has_ttl && !ip->has_flow_label)
        return;
    text_addf(out, "[");
    add_tos(out, ip);
    if (ip->tos_check != TOS_UNCHECKED)
        separator = ",";
    if (ip->has_flow_label) {
        text_addf(out, "%sflowlabel 0x%x", separator, ip->flow_label);
        separator = ",";
    }
    if (ip->has_ttl)
        text_addf(out, "%sttl %u", separator, ip->ttl);
    text_addf(out, "] ");
}

static void add_gre(struct text *out, const struct drill_prefix *prefix)
{
    text_addf(out, "gre");
    if (prefix->has_fields)
        text_addf(out, " flags 0x%x, sum 0x%x, off 0x%x, key = 0x%x, seq %u", prefix->flags,
                  prefix->sum, prefix->offset, prefix->key, prefix->seq);
    text_addf(out, ": ");
}

static void add_mpls(struct text *out, const struct drill_prefix *prefix)
{
    text_addf(out, "mpls");
    for (const struct drill_mpls_label *label = prefix->labels; label != NULL; label = label->next)
        text_addf(out, " (label %u, tc %u,%s ttl %u)", label->label, label->traffic_class,
                  label->is_bottom ? " [S]," : "", label->ttl);
    text_addf(out, ": ");
}

static void add_prefix(struct text *out, const struct drill_prefix *prefix)
{
    switch (prefix->kind) {
    case PREFIX_IPV4:
    case PREFIX_IPV6:
        text_addf(out, prefix->kind == PREFIX_IPV4 ? "ipv4 " : "ipv6 ");
        add_ip_info(out, &prefix->ip);
        text_addf(out, "%s > %s: ", prefix->source, prefix->destination);
        break;
    case PREFIX_GRE:
        add_gre(out, prefix);
        break;
    case PREFIX_MPLS:
        add_mpls(out, prefix);
        break;
    case PREFIX_PSP:
        text_addf(out, "encap psp spi 0x%x ", prefix->spi);
        break;
    }
}

void script_flags_text(struct text *out, uint16_t flags, int ace)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {{LASTACK_FIN, 'F'}, {LASTACK_SYN, 'S'}, {LASTACK_RST, 'R'},
                   {LASTACK_PSH, 'P'}, {LASTACK_URG, 'U'}, {LASTACK_ECE, 'E'},
                   {LASTACK_CWR, 'W'}, {LASTACK_AE, 'A'},  {LASTACK_ACK, '.'}};

    if (flags == 0 && ace < 0)
        text_addf(out, "-");
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (flags & letters[i].flag)
            text_addf(out, "%c", letters[i].letter);
    if (ace >= 0)
        text_addf(out, "%d", ace);
}

static void add_sack(struct text *out, const struct drill_tcp_option *option)
{
    text_addf(out, "sack");
    for (unsigned i = 0; i < option->count; i++)
        text_addf(out, " %u:%u", option->left[i], option->right[i]);
}

static void add_timestamp(struct text *out, const struct drill_tcp_option *option)
{
    text_addf(out, "TS val ");
    if (option->value_ignored)
        text_addf(out, "...");
    else
        text_addf(out, "%u", option->value);
    text_addf(out, " ecr %u%s", option->echo, option->echo_absolute ? "!" : "");
}

static void add_accecn(struct text *out, const struct drill_tcp_option *option)
{
    static const char *const names[2][3] = {{"ee0b", "eceb", "ee1b"}, {"ee1b", "eceb", "ee0b"}};

    text_addf(out, "%sAccECN%u", option->kind == DRILL_OPT_ACCECN_EXP ? "exp-" : "", option->order);
    for (unsigned i = 0; i < option->count; i++)
        text_addf(out, " %s %u", names[option->order & 1][i], option->left[i]);
}

/* A name, then the option's bytes in hex. */
static void add_named_bytes(struct text *out, const char *name,
                            const struct drill_tcp_option *option)
{
    text_addf(out, "%s%s", name, option->length > 0 ? " " : "");
    add_hex(out, option->bytes, option->length);
}

static void add_option(struct text *out, const struct drill_tcp_option *option)
{
    char name[24];

    switch (option->kind) {
    case DRILL_OPT_NOP:
        text_addf(out, "nop");
        break;
    case DRILL_OPT_EOL:
        text_addf(out, "eol");
        break;
    case DRILL_OPT_MSS:
        text_addf(out, "mss %u", option->value);
        break;
    case DRILL_OPT_WSCALE:
        text_addf(out, "wscale %u", option->value);
        break;
    case DRILL_OPT_SACK_OK:
        text_addf(out, "sackOK");
        break;
    case DRILL_OPT_SACK:
        add_sack(out, option);
        break;
    case DRILL_OPT_TIMESTAMP:
        add_timestamp(out, option);
        break;
    case DRILL_OPT_MD5:
        if (option->is_valid_digest)
            text_addf(out, "md5 valid");
        else
            add_named_bytes(out, "md5", option);
        break;
    case DRILL_OPT_FAST_OPEN:
        add_named_bytes(out, "FO", option);
        break;
    case DRILL_OPT_FAST_OPEN_EXP:
        add_named_bytes(out, "FOEXP", option);
        break;
    case DRILL_OPT_ACCECN:
    case DRILL_OPT_ACCECN_EXP:
        add_accecn(out, option);
        break;
    case DRILL_OPT_TARR:
        text_addf(out, "exp-tarr");
        if (option->has_value)
            text_addf(out, " %u", option->value);
        break;
    case DRILL_OPT_GENERIC:
        snprintf(name, sizeof name, "gen-%u", option->value);
        add_named_bytes(out, name, option);
        break;
    case DRILL_OPT_EXPERIMENTAL:
        snprintf(name, sizeof name, "exp-%0*X", option->is_wide ? 8 : 4, option->value);
        add_named_bytes(out, name, option);
        break;
    case DRILL_OPT_RAW:
        add_hex(out, option->bytes, option->length);
        break;
    }
}

void script_options_text(struct text *out, const struct drill_tcp *tcp)
{
    if (tcp->options_ignored) {
        text_addf(out, "<...>");
        return;
    }
    if (tcp->options == NULL)
        return;
    for (const struct drill_tcp_option *option = tcp->options; option != NULL;
         option = option->next) {
        text_addf(out, option == tcp->options ? "<" : ",");
        add_option(out, option);
    }
    text_addf(out, ">");
}

static void add_udp_suffix(struct text *out, uint16_t source, uint16_t destination)
{
    text_addf(out, "/udp(%u > %u)", source, destination);
}

static void add_tcp(struct text *out, const struct drill_packet *packet)
{
    const struct drill_tcp *tcp = &packet->tcp;

    script_flags_text(out, tcp->flags, tcp->ace);
    if (tcp->seq_ignored)
        text_addf(out, " ...(%u)", tcp->length);
    else
        text_addf(out, " %u:%u(%u)%s", tcp->seq, tcp->seq + tcp->length, tcp->length,
                  tcp->seq_absolute ? "!" : "");
    if (tcp->has_ack)
        text_addf(out, " ack %u", tcp->ack);
    if (tcp->window >= 0)
        text_addf(out, " win %d", tcp->window);
    if (tcp->urgent != 0)
        text_addf(out, " urg %u", tcp->urgent);
    if (tcp->options != NULL || tcp->options_ignored)
        text_addf(out, " ");
    script_options_text(out, tcp);
    if (packet->in_udp)
        add_udp_suffix(out, packet->udp_source, packet->udp_destination);
}

static void add_quote(struct text *out, const struct drill_icmp *icmp)
{
    switch (icmp->quote) {
    case QUOTE_NONE:
        break;
    case QUOTE_TCP:
        text_addf(out, " [%u:%u(%u)", icmp->quote_seq, icmp->quote_seq + icmp->quote_length,
                  icmp->quote_length);
        if (icmp->quote_in_udp)
            add_udp_suffix(out, icmp->quote_udp_source, icmp->quote_udp_destination);
        text_addf(out, "]");
        break;
    case QUOTE_UDP:
        text_addf(out, " [udp(%u)]", icmp->quote_length);
        break;
    case QUOTE_UDPLITE:
        text_addf(out, " [udplite(%u, %u)]", icmp->quote_length, icmp->quote_coverage);
        break;
    case QUOTE_RAW:
        text_addf(out, " [raw(%u)]", icmp->quote_length);
        break;
    }
}

static void add_icmp(struct text *out, const struct drill_icmp *icmp)
{
    text_addf(out, "icmp %s", icmp->type);
    if (icmp->code != NULL)
        text_addf(out, " %s", icmp->code);
    if (icmp->has_mtu)
        text_addf(out, " mtu %u", icmp->mtu);
    if (icmp->has_id)
        text_addf(out, " id %u", icmp->id);
    add_quote(out, icmp);
}

void script_packet_text(struct text *out, const struct drill_packet *packet)
{
    text_addf(out, packet->direction == DRILL_IN ? "< " : "> ");
    for (const struct drill_prefix *prefix = packet->prefixes; prefix != NULL;
         prefix = prefix->next)
        add_prefix(out, prefix);
    add_ip_info(out, &packet->ip);
    if (packet->has_ports)
        text_addf(out, "%u > %u ", packet->source_port, packet->destination_port);
    switch (packet->protocol) {
    case DRILL_TCP:
        add_tcp(out, packet);
        break;
    case DRILL_UDP:
        text_addf(out, "udp (%u)", packet->udp_length);
        break;
    case DRILL_UDPLITE:
        text_addf(out, "udplite (%u, %u)", packet->udp_length, packet->udp_coverage);
        break;
    case DRILL_ICMP:
        add_icmp(out, &packet->icmp);
        break;
    }
}

/* ---- calls ---- */

static void add_values(struct text *out, const struct drill_value *first, const char *separator)
{
    for (const struct drill_value *value = first; value != NULL; value = value->next) {
        if (value != first)
            text_addf(out, "%s", separator);
        if (value->field != NULL) {
            text_addf(out, "%s", value->field);
            if (value->count != NULL) {
                text_addf(out, "(");
                script_value_text(out, value->count);
                text_addf(out, ")");
            }
            text_addf(out, "=");
        }
        script_value_text(out, value);
    }
}

void script_value_text(struct text *out, const struct drill_value *value)
{
    switch (value->kind) {
    case VALUE_ELLIPSIS:
        text_addf(out, "...");
        break;
    case VALUE_NULL:
        text_addf(out, "NULL");
        break;
    case VALUE_INTEGER:
        text_addf(out, value->is_hex ? "0x%" PRIx64 : "%" PRId64, value->integer);
        break;
    case VALUE_WORD:
        text_addf(out, "%s", value->text);
        break;
    case VALUE_STRING:
        text_addf(out, "\"%s\"%s", value->text, value->is_prefix ? "..." : "");
        break;
    case VALUE_OR:
        add_values(out, value->first, "|");
        break;
    case VALUE_LIST:
        text_addf(out, "[");
        add_values(out, value->first, ", ");
        text_addf(out, "]");
        break;
    case VALUE_STRUCT:
        text_addf(out, "{");
        add_values(out, value->first, ", ");
        text_addf(out, "}");
        break;
    case VALUE_CALL:
        text_addf(out, "%s(", value->text);
        add_values(out, value->first, ", ");
        text_addf(out, ")");
        break;
    }
}

void script_call_text(struct text *out, const struct drill_call *call)
{
    text_addf(out, "%s(", call->name);
    add_values(out, call->arguments, ", ");
    text_addf(out, ") = ");
    script_value_text(out, call->result);
    if (call->error != NULL)
        text_addf(out, " %s", call->error);
    if (call->note != NULL)
        text_addf(out, " (%s)", call->note);
}

/* ---- events and the whole ---- */

void script_time_text(struct text *out, int64_t time_us)
{
    char digits[32];
    size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64 ".%06" PRId64,
                                     time_us / 1000000, time_us % 1000000);

    while (digits[length - 1] == '0')
        length--;
    length -= digits[length - 1] == '.';
    text_addf(out, "%.*s", (int)length, digits);
}

static void add_time(struct text *out, const struct drill_event *event)
{
    bool is_relative = event->time_kind == TIME_RELATIVE || event->time_kind == TIME_RELATIVE_RANGE;

    if (event->time_kind == TIME_ANY) {
        text_addf(out, "*");
        return;
    }
    text_addf(out, is_relative ? "+" : "");
    script_time_text(out, event->time_us);
    if (event->time_kind == TIME_ABSOLUTE_RANGE || event->time_kind == TIME_RELATIVE_RANGE) {
        text_addf(out, is_relative ? "~+" : "~");
        script_time_text(out, event->time_end_us);
    }
}

static void add_event(struct text *out, const struct drill_event *event)
{
    add_time(out, event);
    switch (event->kind) {
    case EVENT_PACKET:
        text_addf(out, " ");
        script_packet_text(out, event->action.packet);
        break;
    case EVENT_CALL:
        if (event->action.call->is_blocking) {
            text_addf(out, "...");
            script_time_text(out, event->action.call->end_us);
        }
        text_addf(out, " ");
        script_call_text(out, event->action.call);
        break;
    case EVENT_COMMAND:
        text_addf(out, " `%s`", event->action.command->text);
        break;
    case EVENT_CODE:
        text_addf(out, " %%{%s}%%", event->action.code->text);
        break;
    }
    text_addf(out, "\n");
}

static void add_number_option(struct text *out, const char *name, uint32_t value, uint32_t usual)
{
    if (value != usual)
        text_addf(out, "--%s=%u\n", name, value);
}

static void add_text_option(struct text *out, const char *name, const char *value)
{
    if (value != NULL)
        text_addf(out, "--%s=%s\n", name, value);
}

static void add_flag_option(struct text *out, const char *name, bool is_set)
{
    if (is_set)
        text_addf(out, "--%s\n", name);
}

/* Older definitions first: the list holds the newest first. */
static void add_defines(struct text *out, const struct drill_define *defines)
{
    size_t count = 0;

    for (const struct drill_define *define = defines; define != NULL; define = define->next)
        count++;
    for (; count > 0; count--) {
        const struct drill_define *define = defines;

        for (size_t i = 1; i < count; i++)
            define = define->next;
        text_addf(out, "--define=%s=%s\n", define->name, define->value);
    }
}

static void add_settings(struct text *out, const struct drill_settings *settings)
{
    static const char *const versions[] = {NULL, "ipv4", "ipv4-mapped-ipv6", "ipv6"};
    struct drill_settings usual;

    drill_settings_init(&usual, settings->dialect);
    add_text_option(out, "ip_version", versions[settings->ip_version]);
    add_number_option(out, "bind_port", settings->bind_port, usual.bind_port);
    add_number_option(out, "connect_port", settings->connect_port, usual.connect_port);
    add_text_option(out, "local_ip", settings->local_ip);
    add_text_option(out, "remote_ip", settings->remote_ip);
    add_text_option(out, "gateway_ip", settings->gateway_ip);
    add_text_option(out, "netmask_ip", settings->netmask_ip);
    add_number_option(out, "mtu", settings->mtu, usual.mtu);
    add_number_option(out, "mss", settings->mss, usual.mss);
    add_number_option(out, "tolerance_usecs", settings->tolerance_us, usual.tolerance_us);
    if (settings->tolerance_millis != usual.tolerance_millis)
        text_addf(out, "--tolerance_percent=%u.%u\n", settings->tolerance_millis / 10,
                  settings->tolerance_millis % 10);
    add_number_option(out, "tcp_ts_tick_usecs", settings->ts_tick_us, usual.ts_tick_us);
    add_flag_option(out, "tcp_ts_ecr_scaled", settings->ts_ecr_scaled);
    add_flag_option(out, "strict_segments", settings->strict_segments);
    if (settings->non_fatal_packet || settings->non_fatal_call)
        text_addf(out, "--non_fatal=%s%s%s\n", settings->non_fatal_packet ? "packet" : "",
                  settings->non_fatal_packet && settings->non_fatal_call ? "," : "",
                  settings->non_fatal_call ? "syscall" : "");
    add_flag_option(out, "dry_run", settings->dry_run);
    add_flag_option(out, "is_anyip", settings->is_anyip);
    add_flag_option(out, "verbose", settings->is_verbose);
    if (settings->tcp_over_udp)
        text_addf(out, "--udp_encapsulation=tcp\n");
    add_text_option(out, "tcp_md5_secret", settings->md5_secret);
    add_defines(out, settings->defines);
}

void drill_script_text(struct text *out, const struct drill_script *script)
{
    add_settings(out, &script->settings);
    if (script->init != NULL)
        text_addf(out, "`%s`\n", script->init->text);
    for (const struct drill_event *event = script->events; event != NULL; event = event->next)
        add_event(out, event);
    if (script->cleanup != NULL)
        text_addf(out, "`%s`\n", script->cleanup->text);
}
