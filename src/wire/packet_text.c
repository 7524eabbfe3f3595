/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet_text.c: packets in packetdrill's notation, without libc.
 *
 *     [ip info] [a > b] flags seq:end(len) [ack N] [win N] [urg N] [<options>]
 */
#include "packet_text.h"

#include "icmp.h"
#include "ip_address.h"
#include "udp_header.h"

/* A text that grows; `length` goes on counting where `size` cuts. */
struct text_line {
    char *text;
    size_t size, length;
};

static void line_put(struct text_line *line, char c)
{
    if (line->length + 1 < line->size)
        line->text[line->length] = c;
    line->length++;
}

static void line_puts(struct text_line *line, const char *text)
{
    while (*text != '\0')
        line_put(line, *text++);
}

static void line_number(struct text_line *line, uint32_t value)
{
    uint32_t unit = 1;

    while (value / unit >= 10)
        unit *= 10;
    for (; unit > 0; unit /= 10)
        line_put(line, (char)('0' + value / unit % 10));
}

/* "word N" */
static void line_named(struct text_line *line, const char *name, uint32_t value)
{
    line_puts(line, name);
    line_number(line, value);
}

static void line_hex(struct text_line *line, const uint8_t *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        line_put(line, digits[bytes[i] >> 4]);
        line_put(line, digits[bytes[i] & 15]);
    }
}

static size_t line_end(struct text_line *line)
{
    if (line->size > 0)
        line->text[line->length < line->size ? line->length : line->size - 1] = '\0';
    return line->length;
}

/* "1:1001(1000)" */
static void line_range(struct text_line *line, uint32_t from, uint32_t length)
{
    line_number(line, from);
    line_named(line, ":", from + length);
    line_named(line, "(", length);
    line_put(line, ')');
}

/* ---- TCP ---- */

static void line_flags(struct text_line *line, unsigned flags)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {
        {LASTACK_FIN, 'F'}, {LASTACK_SYN, 'S'}, {LASTACK_RST, 'R'},
        {LASTACK_PSH, 'P'}, {LASTACK_ACK, '.'}, {LASTACK_URG, 'U'},
        {LASTACK_ECE, 'E'}, {LASTACK_CWR, 'W'}, {LASTACK_AE, 'A'},
    };

    if (flags == 0)
        line_put(line, '-');
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (flags & letters[i].flag)
            line_put(line, letters[i].letter);
    }
    line_put(line, ' ');
}

static void line_sack(struct text_line *line, const struct tcp_option *option, struct seq base)
{
    line_puts(line, "sack");
    for (unsigned i = 0; i + 8 <= option->length; i += 8) {
        line_named(line, " ", load32(option->data + i) - base.v);
        line_named(line, ":", load32(option->data + i + 4) - base.v);
    }
}

/* A cookie, or nothing for a request. */
static void line_cookie(struct text_line *line, const char *name, const uint8_t *cookie,
                        size_t length)
{
    line_puts(line, name);
    if (length > 0)
        line_put(line, ' ');
    line_hex(line, cookie, length);
}

static uint32_t text_load24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | load16(p + 1);
}

/* AccECN counters, RFC 9768 §3.2.3: kind 172 starts with ECT(0), 174 with ECT(1). */
static void line_accecn(struct text_line *line, const struct tcp_option *option)
{
    static const char *const names[2][3] = {{" e0b ", " ceb ", " e1b "},
                                            {" e1b ", " ceb ", " e0b "}};
    unsigned order = option->kind == 174;

    line_puts(line, "ECN");
    for (unsigned i = 0; i < 3 && 3 * i + 3 <= option->length; i++)
        line_named(line, names[order][i], text_load24(option->data + 3 * i));
}

/* Kind and bytes of an option without a form of its own, or of a length that is not its own. */
static void line_generic_option(struct text_line *line, const struct tcp_option *option)
{
    line_named(line, "gen-", option->kind);
    if (option->length > 0)
        line_put(line, ' ');
    line_hex(line, option->data, option->length);
}

static bool line_short_option(struct text_line *line, const struct tcp_option *option)
{
    if (option->kind == TCP_OPTION_END)
        line_puts(line, "eol");
    else if (option->kind == TCP_OPTION_NOP)
        line_puts(line, "nop");
    else if (option->kind == TCP_OPTION_MSS && option->length == 2)
        line_named(line, "mss ", load16(option->data));
    else if (option->kind == TCP_OPTION_WINDOW_SCALE && option->length == 1)
        line_named(line, "wscale ", option->data[0]);
    else if (option->kind == TCP_OPTION_SACK_PERMITTED && option->length == 0)
        line_puts(line, "sackOK");
    else
        return false;
    return true;
}

static void line_option(struct text_line *line, const struct tcp_option *option,
                        const struct packet_text_style *style)
{
    bool is_experiment = option->kind == TCP_OPTION_EXPERIMENT && option->length >= 2 &&
                         load16(option->data) == TCP_FAST_OPEN_MAGIC;

    if (line_short_option(line, option))
        return;
    if (option->kind == TCP_OPTION_SACK && option->length > 0 && option->length % 8 == 0) {
        line_sack(line, option, style->ack_base);
    } else if (option->kind == TCP_OPTION_TIMESTAMP && option->length == 8) {
        uint32_t echo = load32(option->data + 4);
        line_named(line, "TS val ", load32(option->data) - style->ts_value_base);
        line_named(line, " ecr ", echo == 0 ? 0 : echo - style->ts_echo_base);
    } else if (option->kind == TCP_OPTION_FAST_OPEN) {
        line_cookie(line, "FO", option->data, option->length);
    } else if (is_experiment) {
        line_cookie(line, "FOEXP", option->data + 2, option->length - 2u);
    } else if (option->kind == TCP_OPTION_MD5) {
        line_cookie(line, "md5", option->data, option->length);
    } else if ((option->kind == 172 || option->kind == 174) && option->length % 3 == 0) {
        line_accecn(line, option);
    } else {
        line_generic_option(line, option);
    }
}

static void line_options(struct text_line *line, const uint8_t *options, size_t length,
                         const struct packet_text_style *style)
{
    struct tcp_option_cursor cursor = {.at = options, .end = options + length};
    struct tcp_option option;
    const char *separator = " <";

    while (tcp_option_next(&cursor, &option)) {
        line_puts(line, separator);
        line_option(line, &option, style);
        separator = ",";
    }
    if (cursor.is_broken) {
        line_puts(line, separator);
        line_puts(line, "broken ");
        line_hex(line, cursor.at, (size_t)(cursor.end - cursor.at));
    }
    if (length > 0)
        line_put(line, '>');
}

/* A header that is known to be whole. */
static void line_tcp_header(struct text_line *line, const uint8_t *header, size_t header_length,
                            uint32_t text_length, const struct packet_text_style *style)
{
    unsigned flags = load16(header + 12) & 0x1ff;

    line_flags(line, flags);
    line_range(line, load32(header + 4) - style->seq_base.v, text_length);
    if (flags & LASTACK_ACK)
        line_named(line, " ack ", load32(header + 8) - style->ack_base.v);
    line_named(line, " win ", load16(header + 14));
    if (flags & LASTACK_URG)
        line_named(line, " urg ", load16(header + 18));
    line_options(line, header + TCP_HEADER_MIN, header_length - TCP_HEADER_MIN, style);
}

static void line_broken(struct text_line *line, const char *what, const struct ip_packet *packet)
{
    line_puts(line, what);
    line_named(line, " (", (uint32_t)packet->payload_length);
    line_puts(line, ") broken");
}

static void line_tcp(struct text_line *line, const struct ip_packet *packet,
                     const struct packet_text_style *style)
{
    const uint8_t *header = packet->payload;
    size_t length = packet->payload_length;
    size_t header_length = length < TCP_HEADER_MIN ? 0 : (size_t)(header[12] >> 4) * 4;

    if (header_length < TCP_HEADER_MIN || header_length > length)
        line_broken(line, "tcp", packet);
    else
        line_tcp_header(line, header, header_length, (uint32_t)(length - header_length), style);
}

/* ---- ICMP: the names that packetdrill has; others are type_N and code_N ---- */

struct icmp_name {
    uint8_t type;
    int16_t code; /* -1: the type itself */
    const char *name;
};

static const struct icmp_name icmp_names_ipv4[] = {
    {0, -1, "echo_reply"},
    {3, -1, "unreachable"},
    {3, 0, "net_unreachable"},
    {3, 1, "host_unreachable"},
    {3, 2, "protocol_unreachable"},
    {3, 3, "port_unreachable"},
    {3, 4, "frag_needed"},
    {3, 5, "source_route_failed"},
    {3, 6, "net_unknown"},
    {3, 7, "host_unknown"},
    {3, 8, "source_host_isolated"},
    {3, 9, "net_prohibited"},
    {3, 10, "host_prohibited"},
    {3, 11, "net_unreachable_for_tos"},
    {3, 12, "host_unreachable_for_tos"},
    {3, 13, "packet_filtered"},
    {3, 14, "precedence_violation"},
    {3, 15, "precedence_cutoff"},
    {4, -1, "source_quench"},
    {5, -1, "redirect"},
    {8, -1, "echo_request"},
    {11, -1, "time_exceeded"},
    {12, -1, "parameter_problem"},
};

static const struct icmp_name icmp_names_ipv6[] = {
    {1, -1, "unreachable"},        {1, 0, "no_route"},           {1, 1, "admin_prohibited"},
    {1, 3, "address_unreachable"}, {1, 4, "port_unreachable"},   {2, -1, "packet_too_big"},
    {3, -1, "time_exceeded"},      {3, 0, "exceeded_hop_limit"}, {3, 1, "exceeded_frag_time"},
    {4, -1, "parameter_problem"},  {4, 0, "header_field"},       {4, 1, "unknown_next_header"},
    {4, 2, "unknown_option"},      {128, -1, "echo_request"},    {129, -1, "echo_reply"},
};

static const char *icmp_name_of(bool is_ipv6, uint8_t type, int code)
{
    const struct icmp_name *names = is_ipv6 ? icmp_names_ipv6 : icmp_names_ipv4;
    size_t count = is_ipv6 ? sizeof icmp_names_ipv6 / sizeof icmp_names_ipv6[0]
                           : sizeof icmp_names_ipv4 / sizeof icmp_names_ipv4[0];

    for (size_t i = 0; i < count; i++) {
        if (names[i].type == type && names[i].code == code)
            return names[i].name;
    }
    return NULL;
}

static void line_icmp_names(struct text_line *line, const struct icmp_message *message)
{
    const char *type = icmp_name_of(message->is_ipv6, message->type, -1);
    const char *code = icmp_name_of(message->is_ipv6, message->type, message->code);

    line_puts(line, "icmp ");
    if (type != NULL)
        line_puts(line, type);
    else
        line_named(line, "type_", message->type);
    if (code != NULL) {
        line_put(line, ' ');
        line_puts(line, code);
    } else if (message->code != 0) {
        line_named(line, " code_", message->code);
    }
}

/* The text of a quoted segment: what the IP header claims without headers; TCP's is known only if
 * its data offset was quoted. */
static uint32_t icmp_quoted_text_length(const struct ip_packet *quote)
{
    size_t claimed = quote->packet_length - (size_t)(quote->payload - quote->header);
    size_t header = TCP_HEADER_MIN;

    if (quote->payload_length > 12)
        header = (size_t)(quote->payload[12] >> 4) * 4;
    return claimed > header ? (uint32_t)(claimed - header) : 0;
}

static void line_icmp_quote(struct text_line *line, const struct ip_packet *quote,
                            const struct packet_text_style *style)
{
    line_puts(line, " [");
    if (quote->protocol == IP_PROTOCOL_TCP && quote->payload_length >= 8)
        line_range(line, load32(quote->payload + 4) - style->seq_base.v,
                   icmp_quoted_text_length(quote));
    else if (quote->protocol == IP_PROTOCOL_UDP && quote->payload_length >= 8)
        line_named(line, "udp(", load16(quote->payload + 4) - (uint32_t)UDP_HEADER);
    else
        line_named(line, "raw(", (uint32_t)quote->payload_length);
    line_puts(line, quote->protocol == IP_PROTOCOL_TCP && quote->payload_length >= 8 ? "]" : ")]");
}

static void line_icmp(struct text_line *line, const struct ip_packet *packet,
                      const struct packet_text_style *style)
{
    struct icmp_message message;
    bool is_broken = icmp_parse(packet, true, &message) != LASTACK_CAUSE_NONE;

    if (packet->payload_length < ICMP_HEADER) {
        line_broken(line, "icmp", packet);
        return;
    }
    line_icmp_names(line, &message);
    if (message.kind == ICMP_TOO_BIG)
        line_named(line, " mtu ", message.mtu);
    if (message.kind == ICMP_ECHO_REQUEST || message.kind == ICMP_ECHO_REPLY)
        line_named(line, " id ", message.id);
    if (is_broken) {
        line_puts(line, " broken");
    } else if (message.has_quote) {
        line_icmp_quote(line, &message.quote, style);
    } else {
        line_named(line, " [raw(", (uint32_t)packet->payload_length);
        line_puts(line, ")]");
    }
}

/* ---- everything else ---- */

static void line_udp(struct text_line *line, const struct ip_packet *packet)
{
    struct udp_datagram datagram;

    if (packet->payload_length < UDP_HEADER || load16(packet->payload + 4) < UDP_HEADER ||
        load16(packet->payload + 4) > packet->payload_length) {
        line_broken(line, "udp", packet);
        return;
    }
    udp_parse(packet, true, &datagram);
    line_named(line, "udp (", (uint32_t)datagram.length);
    line_put(line, ')');
}

static void line_fragment(struct text_line *line, const struct ip_packet *packet)
{
    line_named(line, "fragment id ", packet->fragment_id);
    line_put(line, ' ');
    line_range(line, packet->fragment_offset, (uint32_t)packet->payload_length);
    if (packet->more_fragments)
        line_puts(line, " more");
}

static void line_ip_info(struct text_line *line, const struct ip_packet *packet)
{
    line_named(line, packet->is_ipv6 ? "[hlim " : "[ttl ", packet->ttl);
    line_puts(line, packet->is_ipv6 ? ", class 0x" : ", tos 0x");
    line_hex(line, &packet->traffic_class, 1);
    line_puts(line, "] ");
}

/* Ports only where there are some. */
static void line_addresses(struct text_line *line, const struct ip_packet *packet)
{
    bool has_ports = !packet->is_fragment && packet->payload_length >= 4 &&
                     (packet->protocol == IP_PROTOCOL_TCP || packet->protocol == IP_PROTOCOL_UDP);
    struct lastack_endpoint source = {packet->source, 0}, destination = {packet->destination, 0};
    char text[LASTACK_ENDPOINT_TEXT];

    if (has_ports) {
        source.port = load16(packet->payload);
        destination.port = load16(packet->payload + 2);
        lastack_endpoint_text(&source, text, sizeof text);
    } else {
        lastack_address_text(&source.address, text, sizeof text);
    }
    line_puts(line, text);
    line_puts(line, " > ");
    if (has_ports)
        lastack_endpoint_text(&destination, text, sizeof text);
    else
        lastack_address_text(&destination.address, text, sizeof text);
    line_puts(line, text);
    line_put(line, ' ');
}

size_t packet_text(const struct ip_packet *packet, const struct packet_text_style *style,
                   char *text, size_t size)
{
    struct text_line line = {.text = text, .size = size};

    if (style->ip_info)
        line_ip_info(&line, packet);
    if (style->addresses)
        line_addresses(&line, packet);
    if (packet->is_fragment) {
        line_fragment(&line, packet);
    } else if (packet->protocol == IP_PROTOCOL_TCP) {
        line_tcp(&line, packet, style);
    } else if (packet->protocol == IP_PROTOCOL_UDP) {
        line_udp(&line, packet);
    } else if (packet->protocol == (packet->is_ipv6 ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP)) {
        line_icmp(&line, packet, style);
    } else {
        line_named(&line, "protocol ", packet->protocol);
        line_named(&line, " (", (uint32_t)packet->payload_length);
        line_put(&line, ')');
    }
    return line_end(&line);
}

size_t segment_text(const struct segment *segment, enum lastack_option_order order,
                    const struct packet_text_style *style, char *text, size_t size)
{
    struct text_line line = {.text = text, .size = size};
    uint8_t header[TCP_HEADER_MAX];
    unsigned header_length = tcp_build(segment, order, header);
    struct ip_packet packet = {
        .source = segment->tuple.local,
        .destination = segment->tuple.remote,
        .payload = header,
        .payload_length = header_length,
        .protocol = IP_PROTOCOL_TCP,
        .ttl = segment->ttl,
        .traffic_class = segment->ecn,
        .is_ipv6 = !ip_is_ipv4(&segment->tuple.local),
    };

    if (style->ip_info)
        line_ip_info(&line, &packet);
    if (style->addresses)
        line_addresses(&line, &packet);
    line_tcp_header(&line, header, header_length, segment->text_length, style);
    return line_end(&line);
}
