/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h: the options of the language, `--name=value` at the head of a script or on the command
 * line.
 *
 *     command line ──▶ settings (each one set is locked) ──▶ script's own options fill in the rest
 *
 * So the command line wins, whatever the order of reading is. Every option of both dialects has its
 * place here; those that make no sense without a network device are accepted and have no effect,
 * those that ask for something we do not do are refused by name (parse_options.c has the table).
 */
#ifndef LASTACK_SETTINGS_H
#define LASTACK_SETTINGS_H

#include "script_error.h"
#include "script_memory.h"
#include "symbols.h"

enum drill_ip_version {
    DRILL_IP_UNSET, /* nobody said: inferred from addresses and ICMP names, else IPv4 */
    DRILL_IPV4,
    DRILL_IPV4_MAPPED, /* IPv6 sockets, IPv4 packets */
    DRILL_IPV6,
};

/* A symbol that stands for a text: --define=NAME=VALUE, -D NAME=VALUE; also what #ifdef asks
 * for. */
struct drill_define {
    struct drill_define *next;
    const char *name;
    const char *value; /* with its quotes: "s" is a string, `s` a command, else a word or number */
};

struct drill_settings {
    enum drill_dialect dialect;
    enum drill_ip_version ip_version;
    uint32_t bind_port, connect_port;
    const char *local_ip, *remote_ip;    /* NULL: the default; remote_ip may carry a /prefix */
    const char *gateway_ip, *netmask_ip; /* accepted, no effect */
    uint32_t mtu;
    uint32_t mss; /* cut inbound segments to this, 0: leave them whole */
    uint32_t tolerance_us;
    uint32_t tolerance_millis; /* of the time since the previous event: 125 = 12.5 % */
    uint32_t ts_tick_us;       /* 0: outbound TS val is not compared */
    bool ts_ecr_scaled;
    bool strict_segments;
    bool non_fatal_packet, non_fatal_call;
    bool dry_run;
    bool is_anyip;
    bool is_verbose;
    bool tcp_over_udp;                         /* --udp_encapsulation=tcp: parsed, not supported */
    const char *md5_secret;                    /* or NULL */
    struct drill_define *defines;              /* of the script */
    struct drill_define *command_line_defines; /* found first; shared by all scripts of a run */
    uint64_t locked; /* one bit for each option that the command line set */
};

/* Defaults of the dialect: tolerances 4 ms and 12.5 % (google), 4 ms and 5 % (nplab on FreeBSD). */
void drill_settings_init(struct drill_settings *settings, enum drill_dialect dialect);

enum settings_source { SETTINGS_COMMAND_LINE, SETTINGS_SCRIPT };

/* Sets one option by its name ("ip_version", dashes or underscores); value may be NULL where
 * none is needed. False with an error that names the option and the values it takes. */
bool drill_settings_apply(struct drill_settings *settings, struct script_memory *memory,
                          enum settings_source source, const char *name, const char *value,
                          struct place place, struct script_error *error);

/* Adds NAME=VALUE, or NAME alone (defined as 1). The text is checked. */
bool drill_settings_define(struct drill_settings *settings, struct script_memory *memory,
                           enum settings_source source, const char *text, struct place place,
                           struct script_error *error);

/* The value of a symbol, or NULL: from the command line, else the script, else what suites
 * expect of any runner (TFO_COOKIE and its like). */
const char *drill_settings_symbol(const struct drill_settings *settings, const char *name,
                                  size_t length);

/* What #ifdef asks: a defined symbol, or the name of the dialect's system (Linux, FreeBSD). */
bool drill_settings_is_defined(const struct drill_settings *settings, const char *name,
                               size_t length);

#endif
