/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_names.c: the names of both dialects in one table: {family, type, number, {code names}}.
 */
#include "icmp_names.h"

#include <stddef.h>
#include <string.h>

struct code_name {
    const char *name;
    uint8_t number;
};

/* RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1. */
static const struct code_name unreachable_4[] = {
    {"net_unreachable", 0},
    {"host_unreachable", 1},
    {"protocol_unreachable", 2},
    {"port_unreachable", 3},
    {"frag_needed", 4},
    {"source_route_failed", 5},
    {"net_unknown", 6},
    {"host_unknown", 7},
    {"source_host_isolated", 8},
    {"net_prohibited", 9},
    {"host_prohibited", 10},
    {"net_unreachable_for_tos", 11},
    {"host_unreachable_for_tos", 12},
    {"packet_filtered", 13},
    {"precedence_violation", 14},
    {"precedence_cutoff", 15},
    {NULL, 0},
};

static const struct code_name exceeded_4[] = {
    {"ttl_exceeded_in_transit", 0}, {"frag_reass_exceeded", 1}, {NULL, 0}};

/* RFC 4443 §3; net_unreachable is google's other name for no_route. */
static const struct code_name unreachable_6[] = {
    {"no_route", 0},
    {"net_unreachable", 0},
    {"admin_prohibited", 1},
    {"not_neighbour", 2},
    {"address_unreachable", 3},
    {"port_unreachable", 4},
    {NULL, 0},
};

static const struct code_name exceeded_6[] = {
    {"exceeded_hop_limit", 0}, {"exceeded_frag_time", 1}, {NULL, 0}};

static const struct code_name parameter_6[] = {
    {"header_field", 0}, {"unknown_next_header", 1}, {"unknown_option", 2}, {NULL, 0}};

static const struct {
    bool is_ipv6;
    const char *name;
    uint8_t number;
    const struct code_name *codes; /* NULL: only code_N */
} types[] = {
    {false, "echo_reply", 0, NULL},
    {false, "unreachable", 3, unreachable_4},
    {false, "source_quench", 4, NULL},
    {false, "redirect", 5, NULL},
    {false, "echo_request", 8, NULL},
    {false, "time_exceeded", 11, exceeded_4},
    {false, "parameter_problem", 12, NULL},
    {false, "timestamp_request", 13, NULL},
    {false, "timestamp_reply", 14, NULL},
    {false, "information_request", 15, NULL},
    {false, "information_reply", 16, NULL},
    {false, "address_mask_request", 17, NULL},
    {false, "address_mask_reply", 18, NULL},
    {true, "unreachable", 1, unreachable_6},
    {true, "packet_too_big", 2, NULL},
    {true, "time_exceeded", 3, exceeded_6},
    {true, "parameter_problem", 4, parameter_6},
    {true, "echo_request", 128, NULL},
    {true, "echo_reply", 129, NULL},
};

enum { TYPES = sizeof types / sizeof types[0] };

/* "type_7", "code_12": the number behind the underscore. */
static bool written_number(const char *text, const char *prefix, uint8_t *number)
{
    size_t length = strlen(prefix);
    unsigned value = 0;

    if (strncmp(text, prefix, length) != 0 || text[length] == '\0')
        return false;
    for (const char *c = text + length; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            return false;
        value = value * 10 + (unsigned)(*c - '0');
        if (value > UINT8_MAX)
            return false;
    }
    *number = (uint8_t)value;
    return true;
}

/* The index of a type in a family; TYPES if it has none of this name. */
static size_t find_type(bool is_ipv6, const char *name)
{
    size_t i = 0;

    while (i < TYPES && (types[i].is_ipv6 != is_ipv6 || strcmp(types[i].name, name) != 0))
        i++;
    return i;
}

bool icmp_has_type(bool is_ipv6, const char *type)
{
    uint8_t number;

    return written_number(type, "type_", &number) || find_type(is_ipv6, type) < TYPES;
}

static bool find_code(const struct code_name *codes, const char *name, uint8_t *number)
{
    if (name == NULL) {
        *number = 0;
        return true;
    }
    if (written_number(name, "code_", number))
        return true;
    for (; codes != NULL && codes->name != NULL; codes++) {
        if (strcmp(codes->name, name) != 0)
            continue;
        *number = codes->number;
        return true;
    }
    return false;
}

bool icmp_numbers(bool is_ipv6, const char *type, const char *code, uint8_t *type_number,
                  uint8_t *code_number)
{
    size_t i;

    if (written_number(type, "type_", type_number))
        return find_code(NULL, code, code_number);
    i = find_type(is_ipv6, type);
    if (i == TYPES)
        return false;
    *type_number = types[i].number;
    return find_code(types[i].codes, code, code_number);
}
