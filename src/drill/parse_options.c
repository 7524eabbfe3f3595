/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_options.c: the options of both dialects in one table.
 *
 * Each row says how a value is read, where it goes and, for what we do not do, why it is refused.
 * The number of a row is its bit in settings->locked.
 */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_form {
    FORM_FLAG,    /* no value */
    FORM_NUMBER,  /* an integer in [low, high] */
    FORM_PERCENT, /* 12.5: kept in thousandths of the whole */
    FORM_TEXT,
    FORM_IP_VERSION,
    FORM_DEFINE,
    FORM_NON_FATAL, /* packet, syscall, comma between */
    FORM_ENCAPSULATION,
    FORM_IGNORED, /* accepted; means nothing in-process */
    FORM_REFUSED,
};

struct option_row {
    const char *name;
    enum option_form form;
    size_t offset;
    int64_t low, high;
    const char *note; /* FORM_REFUSED: why */
};

#define AT(field) offsetof(struct drill_settings, field)

static const struct option_row rows[] = {
    {"ip_version", FORM_IP_VERSION, AT(ip_version), 0, 0, NULL},
    {"bind_port", FORM_NUMBER, AT(bind_port), 1, 65535, NULL},
    {"connect_port", FORM_NUMBER, AT(connect_port), 1, 65535, NULL},
    {"local_ip", FORM_TEXT, AT(local_ip), 0, 0, NULL},
    {"remote_ip", FORM_TEXT, AT(remote_ip), 0, 0, NULL},
    {"gateway_ip", FORM_TEXT, AT(gateway_ip), 0, 0, NULL},
    {"netmask_ip", FORM_TEXT, AT(netmask_ip), 0, 0, NULL},
    {"local_linklocal_ip", FORM_IGNORED, 0, 0, 0, NULL},
    {"gateway_linklocal_ip", FORM_IGNORED, 0, 0, 0, NULL},
    {"mtu", FORM_NUMBER, AT(mtu), 68, 65535, NULL},
    {"mss", FORM_NUMBER, AT(mss), 1, 65535, NULL},
    {"speed", FORM_IGNORED, 0, 0, 0, NULL},
    {"init_scripts", FORM_REFUSED, 0, 0, 0, "put the commands into the script's init command"},
    {"tolerance_usecs", FORM_NUMBER, AT(tolerance_us), 0, 1000000000, NULL},
    {"tolerance_percent", FORM_PERCENT, AT(tolerance_millis), 0, 1000, NULL},
    {"tcp_ts_tick_usecs", FORM_NUMBER, AT(ts_tick_us), 0, 1000000000, NULL},
    {"tcp_ts_ecr_scaled", FORM_FLAG, AT(ts_ecr_scaled), 0, 0, NULL},
    {"strict_segments", FORM_FLAG, AT(strict_segments), 0, 0, NULL},
    {"non_fatal", FORM_NON_FATAL, 0, 0, 0, NULL},
    {"dry_run", FORM_FLAG, AT(dry_run), 0, 0, NULL},
    {"is_anyip", FORM_FLAG, AT(is_anyip), 0, 0, NULL},
    {"send_omit_free", FORM_IGNORED, 0, 0, 0, NULL},
    {"code_command", FORM_IGNORED, 0, 0, 0, NULL},
    {"code_format", FORM_IGNORED, 0, 0, 0, NULL},
    {"code_sockopt", FORM_IGNORED, 0, 0, 0, NULL},
    {"define", FORM_DEFINE, 0, 0, 0, NULL},
    {"verbose", FORM_FLAG, AT(is_verbose), 0, 0, NULL},
    {"debug", FORM_IGNORED, 0, 0, 0, NULL},
    {"no_cleanup", FORM_IGNORED, 0, 0, 0, NULL},
    {"tun_dev", FORM_IGNORED, 0, 0, 0, NULL},
    {"persistent_tun_dev", FORM_IGNORED, 0, 0, 0, NULL},
    {"tcp_md5_secret", FORM_TEXT, AT(md5_secret), 0, 0, NULL},
    {"udp_encapsulation", FORM_ENCAPSULATION, AT(tcp_over_udp), 0, 0, NULL},
    {"so_filename", FORM_REFUSED, 0, 0, 0, "the stack under test is built in"},
    {"so_flags", FORM_REFUSED, 0, 0, 0, "the stack under test is built in"},
    {"wire_client", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_server", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_server_ip", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_server_at", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_server_port", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_client_dev", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"wire_server_dev", FORM_REFUSED, 0, 0, 0, "there is no wire: scripts run in-process"},
    {"psp_udp_port", FORM_REFUSED, 0, 0, 0, "PSP is not supported"},
};

enum { ROWS = sizeof rows / sizeof rows[0], DEFINES_MAX = 256 };

_Static_assert(ROWS <= 64, "one bit of settings->locked per row");

void drill_settings_init(struct drill_settings *settings, enum drill_dialect dialect)
{
    *settings = (struct drill_settings){
        .dialect = dialect,
        .bind_port = 8080,
        .connect_port = 8080,
        .mtu = 1500,
        .tolerance_us = 4000,
        .tolerance_millis = dialect == DRILL_FREEBSD ? 50 : 125,
    };
}

/* ---- reading values ---- */

static bool read_number(const struct option_row *row, const char *value, uint32_t *field,
                        struct place place, struct script_error *error)
{
    char *end;
    long long number = strtoll(value, &end, 0);

    if (*value == '\0' || *end != '\0' || number < row->low || number > row->high)
        return script_error_at(error, place, "--%s takes a number from %lld to %lld, not \"%s\"",
                               row->name, (long long)row->low, (long long)row->high, value);
    *field = (uint32_t)number;
    return true;
}

/* "12.5" as 125: one digit behind the point is kept. */
static bool read_percent(const struct option_row *row, const char *value, uint32_t *field,
                         struct place place, struct script_error *error)
{
    char *end;
    unsigned long whole = strtoul(value, &end, 10);
    unsigned tenths = 0;

    if (end != value && *end == '.') {
        tenths = end[1] >= '0' && end[1] <= '9' ? (unsigned)(end[1] - '0') : 0;
        for (end++; *end >= '0' && *end <= '9'; end++)
            ;
    }
    if (*value == '\0' || value[0] == '-' || *end != '\0' || whole > (unsigned long)row->high)
        return script_error_at(error, place, "--%s takes a percentage from 0 to %lld, not \"%s\"",
                               row->name, (long long)row->high, value);
    *field = (uint32_t)(whole * 10 + tenths);
    return true;
}

static bool read_ip_version(struct drill_settings *settings, const char *value, struct place place,
                            struct script_error *error)
{
    if (strcmp(value, "ipv4") == 0)
        settings->ip_version = DRILL_IPV4;
    else if (strcmp(value, "ipv6") == 0)
        settings->ip_version = DRILL_IPV6;
    else if (strcmp(value, "ipv4-mapped-ipv6") == 0 || strcmp(value, "ipv4_mapped_ipv6") == 0)
        settings->ip_version = DRILL_IPV4_MAPPED;
    else
        return script_error_at(
            error, place, "--ip_version takes ipv4, ipv6 or ipv4-mapped-ipv6, not \"%s\"", value);
    return true;
}

static bool read_non_fatal(struct drill_settings *settings, const char *value, struct place place,
                           struct script_error *error)
{
    while (*value != '\0') {
        size_t length = strcspn(value, ", ");

        if (length == 6 && memcmp(value, "packet", 6) == 0)
            settings->non_fatal_packet = true;
        else if (length == 7 && memcmp(value, "syscall", 7) == 0)
            settings->non_fatal_call = true;
        else if (length > 0)
            return script_error_at(error, place,
                                   "--non_fatal takes packet and syscall, not \"%.*s\"",
                                   (int)length, value);
        value += length;
        value += strspn(value, ", ");
    }
    return true;
}

/* ---- symbols ---- */

static bool is_name(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (!(c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
              (c >= 'A' && c <= 'Z')))
            return false;
    }
    return length > 0;
}

/* A quoted value ends with the quote that it begins with and has none between. */
static bool is_define_value(const char *value)
{
    size_t length = strlen(value);

    if (value[0] == '"' || value[0] == '`')
        return length >= 2 && strchr(value + 1, value[0]) == value + length - 1;
    return is_name(value + (value[0] == '-'), length - (value[0] == '-'));
}

static const struct drill_define *find_define(const struct drill_define *define, const char *name,
                                              size_t length)
{
    while (define != NULL &&
           (strlen(define->name) != length || memcmp(define->name, name, length) != 0))
        define = define->next;
    return define;
}

/* What the public suites expect their runner to define: cookies under the key that their set-up
 * command installs, for the default addresses; the level and type of error-queue messages; one
 * code to try. */
static const struct {
    const char *name, *ipv4, *mapped, *ipv6;
} suite_symbols[] = {
    {"TFO_COOKIE", "3021b9d889017eeb", "3021b9d889017eeb", "c1d1e9742a47a9bc"},
    {"TFO_COOKIE_ZERO", "b7c12350a90dc8f5", "b7c12350a90dc8f5", "82af1a8f9a205c34"},
    {"CMSG_LEVEL_IP", "SOL_IP", "SOL_IPV6", "SOL_IPV6"},
    {"CMSG_TYPE_RECVERR", "IP_RECVERR", "IPV6_RECVERR", "IPV6_RECVERR"},
    {"CODE", "host_unreachable", "host_unreachable", "address_unreachable"},
};

static const char *suite_symbol(const struct drill_settings *settings, const char *name,
                                size_t length)
{
    for (size_t i = 0; i < sizeof suite_symbols / sizeof suite_symbols[0]; i++) {
        if (strlen(suite_symbols[i].name) != length ||
            memcmp(suite_symbols[i].name, name, length) != 0)
            continue;
        return settings->ip_version == DRILL_IPV6          ? suite_symbols[i].ipv6
               : settings->ip_version == DRILL_IPV4_MAPPED ? suite_symbols[i].mapped
                                                           : suite_symbols[i].ipv4;
    }
    return NULL;
}

const char *drill_settings_symbol(const struct drill_settings *settings, const char *name,
                                  size_t length)
{
    const struct drill_define *define = find_define(settings->command_line_defines, name, length);

    if (define == NULL)
        define = find_define(settings->defines, name, length);
    return define == NULL ? suite_symbol(settings, name, length) : define->value;
}

bool drill_settings_is_defined(const struct drill_settings *settings, const char *name,
                               size_t length)
{
    const char *system = settings->dialect == DRILL_FREEBSD ? "FreeBSD" : "Linux";

    if (strlen(system) == length && memcmp(system, name, length) == 0)
        return true;
    return drill_settings_symbol(settings, name, length) != NULL;
}

bool drill_settings_define(struct drill_settings *settings, struct script_memory *memory,
                           enum settings_source source, const char *text, struct place place,
                           struct script_error *error)
{
    size_t length = strcspn(text, "="), count = 0;
    const char *value = text[length] == '=' ? text + length + 1 : "1";
    struct drill_define *define,
        **list = source == SETTINGS_SCRIPT ? &settings->defines : &settings->command_line_defines;

    if (!is_name(text, length) || !is_define_value(value))
        return script_error_at(
            error, place,
            "a definition is NAME=WORD, NAME=NUMBER, NAME=\"text\" or NAME=`command`, "
            "not %s",
            text);
    for (define = *list; define != NULL; define = define->next)
        count++;
    if (count == DEFINES_MAX)
        return script_error_at(error, place, "more than %d definitions", DEFINES_MAX);
    define = script_take(memory, sizeof *define);
    define->name = script_copy(memory, text, length);
    define->value = script_copy(memory, value, strlen(value));
    define->next = *list; /* a later definition of the same name is found first */
    *list = define;
    return true;
}

/* ---- one option ---- */

/* Dashes and underscores are the same. */
static bool same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
            return false;
    return *a == *b;
}

/* "text" loses its quotes. */
static const char *unquoted(struct script_memory *memory, const char *value)
{
    size_t length = strlen(value);

    if (length >= 2 && value[0] == '"' && value[length - 1] == '"')
        return script_copy(memory, value + 1, length - 2);
    return script_copy(memory, value, length);
}

static bool store(struct drill_settings *settings, struct script_memory *memory,
                  enum settings_source source, const struct option_row *row, const char *value,
                  struct place place, struct script_error *error)
{
    char *field = (char *)settings + row->offset;

    switch (row->form) {
    case FORM_FLAG:
        *(bool *)(void *)field = true;
        return true;
    case FORM_NUMBER:
        return read_number(row, value, (uint32_t *)(void *)field, place, error);
    case FORM_PERCENT:
        return read_percent(row, value, (uint32_t *)(void *)field, place, error);
    case FORM_TEXT:
        *(const char **)(void *)field = unquoted(memory, value);
        return true;
    case FORM_IP_VERSION:
        return read_ip_version(settings, value, place, error);
    case FORM_DEFINE:
        return drill_settings_define(settings, memory, source, value, place, error);
    case FORM_NON_FATAL:
        return read_non_fatal(settings, value, place, error);
    case FORM_ENCAPSULATION:
        if (strcmp(value, "tcp") != 0)
            return script_error_at(error, place, "--udp_encapsulation takes tcp, not \"%s\"",
                                   value);
        settings->tcp_over_udp = true;
        return true;
    case FORM_IGNORED:
        return true;
    case FORM_REFUSED:
        return script_error_at(error, place, "--%s is not supported: %s", row->name, row->note);
    }
    return false;
}

static bool needs_value(enum option_form form)
{
    return form != FORM_FLAG && form != FORM_IGNORED && form != FORM_REFUSED;
}

bool drill_settings_apply(struct drill_settings *settings, struct script_memory *memory,
                          enum settings_source source, const char *name, const char *value,
                          struct place place, struct script_error *error)
{
    for (size_t i = 0; i < ROWS; i++) {
        uint64_t bit = UINT64_C(1) << i;

        if (!same_name(rows[i].name, name))
            continue;
        if (value == NULL && needs_value(rows[i].form))
            return script_error_at(error, place, "--%s needs a value: --%s=...", rows[i].name,
                                   rows[i].name);
        if (value != NULL && rows[i].form == FORM_FLAG)
            return script_error_at(error, place, "--%s takes no value", rows[i].name);
        if (source == SETTINGS_SCRIPT && (settings->locked & bit) && rows[i].form != FORM_DEFINE)
            return true;
        if (source == SETTINGS_COMMAND_LINE)
            settings->locked |= bit;
        return store(settings, memory, source, &rows[i], value, place, error);
    }
    return script_error_at(error, place, "unknown option --%s", name);
}
