/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_compare.c: field by field, those of behaviour first.
 */
#include "packet_compare.h"

#include "icmp_names.h"
#include "option_bytes.h"
#include "script_text.h"

#include <stdio.h>
#include <string.h>

enum { ECN_BITS = 3, ECN_CE = 3 };

static bool differ(struct packet_difference *difference, bool is_wire_format, const char *field)
{
    difference->is_wire_format = is_wire_format;
    difference->field = field;
    return false;
}

static bool differ_number(struct packet_difference *difference, bool is_wire_format,
                          const char *field, const char *format, uint32_t expected, uint32_t seen)
{
    snprintf(difference->expected, sizeof difference->expected, "%s%u", format, expected);
    snprintf(difference->seen, sizeof difference->seen, "%s%u", format, seen);
    return differ(difference, is_wire_format, field);
}

/* ---- TCP's fixed fields ---- */

static void copy_text(struct text *text, char *to, size_t size)
{
    snprintf(to, size, "%s", text_string(text));
    text_free(text);
}

static void range_text(const struct drill_tcp *tcp, bool is_ignored, char *to, size_t size)
{
    if (is_ignored)
        snprintf(to, size, "...(%u)", tcp->length);
    else
        snprintf(to, size, "%u:%u(%u)", tcp->seq, tcp->seq + tcp->length, tcp->length);
}

static bool compare_flags(const struct drill_tcp *expected, const struct drill_tcp *seen,
                          struct packet_difference *difference)
{
    uint16_t flags = expected->flags;
    struct text text = {0};

    if (expected->ace >= 0)
        flags |= (uint16_t)((expected->ace & 4 ? LASTACK_AE : 0) |
                            (expected->ace & 2 ? LASTACK_CWR : 0) |
                            (expected->ace & 1 ? LASTACK_ECE : 0));
    if (flags == seen->flags)
        return true;
    script_flags_text(&text, expected->flags, expected->ace);
    copy_text(&text, difference->expected, sizeof difference->expected);
    text = (struct text){0};
    script_flags_text(&text, seen->flags, -1);
    copy_text(&text, difference->seen, sizeof difference->seen);
    return differ(difference, false, "tcp_flags");
}

static bool compare_range(const struct drill_tcp *expected, const struct drill_tcp *seen,
                          struct packet_difference *difference)
{
    const bool is_same_seq = expected->seq_ignored || expected->seq == seen->seq;

    if (is_same_seq && expected->length == seen->length)
        return true;
    range_text(expected, expected->seq_ignored, difference->expected, sizeof difference->expected);
    range_text(seen, false, difference->seen, sizeof difference->seen);
    return differ(difference, false, is_same_seq ? "tcp_length" : "tcp_seq");
}

static bool compare_ack(const struct drill_tcp *expected, const struct drill_tcp *seen,
                        struct packet_difference *difference)
{
    if (!expected->has_ack || expected->ack == seen->ack)
        return true;
    return differ_number(difference, false, "tcp_ack_seq", "ack ", expected->ack, seen->ack);
}

static bool compare_urgent(const struct drill_tcp *expected, const struct drill_tcp *seen,
                           struct packet_difference *difference)
{
    if (expected->urgent == seen->urgent)
        return true;
    return differ_number(difference, false, "tcp_urg_ptr", "urg ", expected->urgent, seen->urgent);
}

static bool compare_window(const struct drill_tcp *expected, const struct drill_tcp *seen,
                           struct packet_difference *difference)
{
    if (expected->window < 0 || expected->window == seen->window)
        return true;
    return differ_number(difference, true, "tcp_window", "win ", (uint32_t)expected->window,
                         (uint32_t)seen->window);
}

/* ---- options ---- */

static bool stamp_is_close(const struct drill_tcp_option *expected,
                           const struct drill_tcp_option *seen, const struct compare_rules *rules)
{
    const int32_t off = (int32_t)(seen->value - expected->value);
    const uint32_t distance = off < 0 ? 0u - (uint32_t)off : (uint32_t)off;

    return expected->value_ignored || rules->stamp_tolerance == UINT32_MAX ||
           distance <= rules->stamp_tolerance;
}

/* The bytes of one option, without what is not compared. */
static unsigned plain_bytes(const struct drill_tcp_option *option,
                            const struct compare_rules *rules, uint8_t *bytes)
{
    struct drill_tcp_option plain = *option;

    plain.next = NULL;
    if (plain.kind == DRILL_OPT_TIMESTAMP) {
        plain.value = 0;
        plain.echo = rules->is_strict ? plain.echo : 0;
    }
    return option_bytes_write(&plain, bytes);
}

/* All of them, each plain. */
static unsigned plain_list(const struct drill_tcp_option *option, const struct compare_rules *rules,
                           uint8_t *bytes)
{
    unsigned length = 0;

    for (; option != NULL; option = option->next)
        length += plain_bytes(option, rules, bytes + length);
    return length;
}

static const struct drill_tcp_option *find_option(const struct drill_tcp_option *option,
                                                  enum drill_option_kind kind)
{
    while (option != NULL && option->kind != kind)
        option = option->next;
    return option;
}

static bool stamps_agree(const struct drill_tcp *expected, const struct drill_tcp *seen,
                         const struct compare_rules *rules)
{
    const struct drill_tcp_option *a = find_option(expected->options, DRILL_OPT_TIMESTAMP);
    const struct drill_tcp_option *b = find_option(seen->options, DRILL_OPT_TIMESTAMP);

    return a == NULL || b == NULL || stamp_is_close(a, b, rules);
}

/* SACK blocks tell what arrived: that is behaviour. All else in options is how it is said. */
static bool sacks_agree(const struct drill_tcp *expected, const struct drill_tcp *seen)
{
    const struct drill_tcp_option *a = find_option(expected->options, DRILL_OPT_SACK);
    const struct drill_tcp_option *b = find_option(seen->options, DRILL_OPT_SACK);

    if (a == NULL || b == NULL)
        return a == b;
    return a->count == b->count && memcmp(a->left, b->left, a->count * sizeof a->left[0]) == 0 &&
           memcmp(a->right, b->right, a->count * sizeof a->right[0]) == 0;
}

static bool compare_options(const struct drill_tcp *expected, const struct drill_tcp *seen,
                            const struct compare_rules *rules, struct packet_difference *difference)
{
    uint8_t a[DRILL_OPTION_BYTES], b[DRILL_OPTION_BYTES];
    struct text text = {0};
    unsigned length;

    if (expected->options_ignored)
        return true;
    length = plain_list(expected->options, rules, a);
    if (length == plain_list(seen->options, rules, b) && memcmp(a, b, length) == 0 &&
        stamps_agree(expected, seen, rules))
        return true;
    script_options_text(&text, expected);
    copy_text(&text, difference->expected, sizeof difference->expected);
    text = (struct text){0};
    script_options_text(&text, seen);
    copy_text(&text, difference->seen, sizeof difference->seen);
    return differ(difference, sacks_agree(expected, seen), "tcp_options");
}

static bool compare_tcp(const struct drill_packet *expected, const struct drill_packet *seen,
                        const struct compare_rules *rules, struct packet_difference *difference)
{
    const struct drill_tcp *a = &expected->tcp, *b = &seen->tcp;

    return compare_flags(a, b, difference) && compare_range(a, b, difference) &&
           compare_ack(a, b, difference) && compare_urgent(a, b, difference) &&
           compare_options(a, b, rules, difference) && compare_window(a, b, difference);
}

/* ---- IP, UDP, ICMP ---- */

static bool tos_agrees(const struct drill_ip_info *expected, uint8_t seen)
{
    const uint8_t ecn = seen & ECN_BITS;
    const bool is_ect = ecn == 1 || ecn == 2;

    switch (expected->tos_check) {
    case TOS_UNCHECKED:
        return true;
    case TOS_ECN:
        return ecn == (expected->tos & ECN_BITS);
    case TOS_ECT01:
        return is_ect;
    case TOS_WHOLE:
        return seen == expected->tos;
    case TOS_DSCP:
        return seen >> 2 == expected->tos >> 2;
    case TOS_DSCP_ECT01:
        return seen >> 2 == expected->tos >> 2 && is_ect;
    }
    return false;
}

static bool compare_ip(const struct drill_ip_info *expected, const struct drill_ip_info *seen,
                       struct packet_difference *difference)
{
    if (!tos_agrees(expected, seen->tos)) {
        snprintf(difference->expected, sizeof difference->expected, "%s 0x%02x%s",
                 expected->tos_check == TOS_ECN || expected->tos_check == TOS_ECT01 ? "ecn" : "tos",
                 expected->tos, expected->tos_check == TOS_ECT01 ? " (ect0 or ect1)" : "");
        snprintf(difference->seen, sizeof difference->seen, "tos 0x%02x", seen->tos);
        return differ(difference, true, "ip_tos");
    }
    if (expected->has_ttl && expected->ttl != seen->ttl)
        return differ_number(difference, true, "ip_ttl", "ttl ", expected->ttl, seen->ttl);
    return true;
}

static bool compare_icmp(const struct drill_packet *expected, const struct drill_packet *seen,
                         const struct compare_rules *rules, struct packet_difference *difference)
{
    const struct drill_icmp *a = &expected->icmp, *b = &seen->icmp;
    uint8_t type = 0, code = 0, seen_type = 0, seen_code = 0;

    if (icmp_numbers(rules->is_ipv6, a->type, a->code, &type, &code) &&
        icmp_numbers(rules->is_ipv6, b->type, b->code, &seen_type, &seen_code) &&
        type == seen_type && code == seen_code)
        return true;
    snprintf(difference->expected, sizeof difference->expected, "icmp type_%u code_%u", type, code);
    snprintf(difference->seen, sizeof difference->seen, "icmp type_%u code_%u", seen_type,
             seen_code);
    return differ(difference, false, "icmp_type");
}

static bool compare_checksums(const struct seen_packet *seen, const struct compare_rules *rules,
                              struct packet_difference *difference)
{
    const char *what = seen->has_bad_ip_checksum                    ? "ip_check"
                       : seen->has_other_text                       ? "payload"
                       : seen->has_bad_checksum && rules->is_strict ? "checksum"
                                                                    : NULL;

    if (what == NULL)
        return true;
    snprintf(difference->expected, sizeof difference->expected, "%s",
             seen->has_other_text ? "zeros" : "a right checksum");
    snprintf(difference->seen, sizeof difference->seen, "%s",
             seen->has_other_text ? "other bytes" : "a wrong one");
    return differ(difference, false, what);
}

bool packet_compare(const struct drill_packet *expected, const struct seen_packet *seen,
                    const struct compare_rules *rules, struct packet_difference *difference)
{
    static const char *const protocols[] = {"tcp", "udp", "udplite", "icmp"};

    *difference = (struct packet_difference){0};
    if (expected->protocol != seen->packet.protocol) {
        snprintf(difference->expected, sizeof difference->expected, "%s",
                 protocols[expected->protocol]);
        snprintf(difference->seen, sizeof difference->seen, "%s", protocols[seen->packet.protocol]);
        return differ(difference, false, "ip_protocol");
    }
    if (expected->protocol == DRILL_TCP && !compare_tcp(expected, &seen->packet, rules, difference))
        return false;
    if (expected->protocol == DRILL_UDP && expected->udp_length != seen->packet.udp_length)
        return differ_number(difference, false, "udp_length", "udp ", expected->udp_length,
                             seen->packet.udp_length);
    if (expected->protocol == DRILL_ICMP &&
        !compare_icmp(expected, &seen->packet, rules, difference))
        return false;
    return compare_checksums(seen, rules, difference) &&
           compare_ip(&expected->ip, &seen->packet.ip, difference);
}
