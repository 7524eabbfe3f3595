/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script.h: a packetdrill script as values: what the parser makes and the runner runs.
 *
 *     script ── settings (--name=value)
 *            ── init command            `...` without a time, first
 *            ── events                  TIME ACTION, TIME ACTION ...
 *            │     action: packet | call | command | code
 *            └─ cleanup command         `...` without a time, last; runs whatever happened
 *
 * Both dialects (google's and nplab's) give the same values, so nothing behind the parser asks
 * which one a script was written in. Everything lives in the script's own memory (script_memory.h);
 * texts are NUL-terminated; a `const` pointer that may be NULL says so.
 */
#ifndef LASTACK_SCRIPT_H
#define LASTACK_SCRIPT_H

#include "code.h"
#include "script_error.h"
#include "script_memory.h"
#include "settings.h"

#include <lastack/trace.h>

/* ---- values: arguments and results of calls ---- */

enum drill_value_kind {
    VALUE_ELLIPSIS, /* ... */
    VALUE_NULL,     /* NULL */
    VALUE_INTEGER,  /* 17, -1, 0x12 (is_hex) */
    VALUE_WORD,     /* SOL_SOCKET */
    VALUE_STRING,   /* "abc", "abc"... (is_prefix) */
    VALUE_OR,       /* A | B | C: the operands are the members */
    VALUE_LIST,     /* [a, b] */
    VALUE_STRUCT,   /* {name=a, name(2)=b, c} */
    VALUE_CALL,     /* htons(8080): name in `text`, the argument is the only member */
};

struct drill_value {
    enum drill_value_kind kind;
    struct place place;
    int64_t integer; /* VALUE_INTEGER */
    bool is_hex, is_prefix;
    const char *text; /* VALUE_WORD, _CALL: the word; _STRING: as written, escapes and all */
    struct drill_value *first; /* members, in order */
    struct drill_value *next;  /* the sibling behind this one */
    /* as a member of a struct: */
    const char *field;         /* its name, or NULL */
    struct drill_value *count; /* the N of msg_iov(N), or NULL */
};

struct drill_call {
    struct place place; /* of the name */
    const char *name;
    struct drill_value *arguments; /* the first; a chain by `next` */
    unsigned argument_count;
    struct drill_value *result;
    const char *error; /* "EINPROGRESS", or NULL */
    const char *note;  /* what stands in parentheses behind it, or NULL */
    bool is_blocking;  /* TIME...END name(...) */
    int64_t end_us;    /* when it must have returned; on the same base as the event's time */
};

/* ---- packets ---- */

enum drill_direction { DRILL_IN, DRILL_OUT };
enum drill_protocol { DRILL_TCP, DRILL_UDP, DRILL_UDPLITE, DRILL_ICMP };

/* Which bits of the traffic class are compared, and against what. */
enum drill_tos_check {
    TOS_UNCHECKED,
    TOS_ECN,        /* the two ECN bits = tos */
    TOS_ECT01,      /* ECT(0) or ECT(1) */
    TOS_WHOLE,      /* all eight bits = tos */
    TOS_DSCP,       /* the upper six = tos */
    TOS_DSCP_ECT01, /* the upper six = tos, and ECT(0) or ECT(1) */
};

struct drill_ip_info {
    enum drill_tos_check tos_check;
    uint8_t tos;
    bool has_ttl, has_flow_label;
    uint8_t ttl; /* or hop limit */
    uint32_t flow_label;
};

enum drill_prefix_kind { PREFIX_IPV4, PREFIX_IPV6, PREFIX_GRE, PREFIX_MPLS, PREFIX_PSP };

struct drill_mpls_label {
    struct drill_mpls_label *next;
    uint32_t label;
    uint8_t traffic_class, ttl;
    bool is_bottom;
};

/* A header outside the packet proper. Parsed and kept, but no runner of ours builds one. */
struct drill_prefix {
    struct drill_prefix *next; /* the one inside this */
    enum drill_prefix_kind kind;
    struct place place;
    struct drill_ip_info ip;               /* IPV4, IPV6 */
    const char *source, *destination;      /* IPV4, IPV6: addresses as written */
    bool has_fields;                       /* GRE: flags, sum, off, key and seq were given */
    uint32_t flags, sum, offset, key, seq; /* GRE */
    struct drill_mpls_label *labels;       /* MPLS, outermost first */
    uint32_t spi;                          /* PSP */
};

enum drill_option_kind {
    DRILL_OPT_NOP,
    DRILL_OPT_EOL,
    DRILL_OPT_MSS,
    DRILL_OPT_WSCALE,
    DRILL_OPT_SACK_OK,
    DRILL_OPT_SACK,
    DRILL_OPT_TIMESTAMP,
    DRILL_OPT_MD5,
    DRILL_OPT_FAST_OPEN,     /* kind 34 */
    DRILL_OPT_FAST_OPEN_EXP, /* kind 254, magic F989 */
    DRILL_OPT_ACCECN,        /* kinds 172 and 174, RFC 9768 */
    DRILL_OPT_ACCECN_EXP,    /* kind 254, magic ACC0 and ACC1 */
    DRILL_OPT_TARR,          /* kind 254, magic 00AC */
    DRILL_OPT_GENERIC,       /* gen-KIND: kind, length, bytes */
    DRILL_OPT_EXPERIMENTAL,  /* exp-MAGIC: kind 254, length, magic, bytes */
    DRILL_OPT_RAW,           /* bytes as they are */
};

enum { DRILL_OPTION_BYTES = 40, DRILL_SACK_MAX = 4 };

struct drill_tcp_option {
    struct drill_tcp_option *next;
    enum drill_option_kind kind;
    struct place place;
    uint32_t value; /* MSS, WSCALE, TIMESTAMP val, TARR rate, GENERIC kind, EXPERIMENTAL magic */
    uint32_t echo;  /* TIMESTAMP ecr */
    bool value_ignored;   /* TS val ...: anything */
    bool echo_absolute;   /* ecr N!: not mapped */
    bool is_valid_digest; /* md5 valid: computed from --tcp_md5_secret */
    bool has_value;       /* TARR with a rate */
    bool is_wide;         /* EXPERIMENTAL: the magic has four bytes */
    uint8_t order;        /* ACCECN: 0 = e0b first, 1 = e1b first */
    uint8_t count;        /* SACK blocks, ACCECN counters */
    uint8_t length;       /* of bytes[] */
    uint32_t left[DRILL_SACK_MAX],
        right[DRILL_SACK_MAX]; /* SACK; left[] also the ACCECN counters */
    uint8_t
        bytes[DRILL_OPTION_BYTES]; /* FAST_OPEN cookie, MD5 digest, GENERIC, EXPERIMENTAL, RAW */
};

/* Which part of an offending packet an ICMP error quotes. */
enum drill_quote_kind { QUOTE_NONE, QUOTE_TCP, QUOTE_UDP, QUOTE_UDPLITE, QUOTE_RAW };

struct drill_icmp {
    const char *type; /* "unreachable", "type_3" */
    const char *code; /* "host_unreachable", "code_1", or NULL = 0 */
    bool has_mtu, has_id;
    uint32_t mtu;
    uint16_t id;
    enum drill_quote_kind quote;
    uint32_t quote_seq;      /* TCP */
    uint32_t quote_length;   /* TCP, UDP: payload bytes; RAW: bytes of the whole message */
    uint32_t quote_coverage; /* UDPLITE */
    bool quote_in_udp;
    uint16_t quote_udp_source, quote_udp_destination;
};

struct drill_tcp {
    uint16_t flags; /* LASTACK_FIN ... LASTACK_AE */
    int8_t ace;     /* the ACE counter instead of E, W and A: 0-7; -1: the three flags are meant */
    uint32_t seq, length;
    bool seq_absolute; /* N:N(L)!: not mapped */
    bool seq_ignored;  /* ...(L): anything */
    bool has_ack;
    uint32_t ack;
    int32_t window; /* -1: not given */
    uint16_t urgent;
    bool options_ignored; /* <...> */
    struct drill_tcp_option *options;
    unsigned options_length; /* bytes on the wire */
};

struct drill_packet {
    enum drill_direction direction;
    enum drill_protocol protocol;
    struct place place; /* of the < or > */
    struct drill_prefix *prefixes;
    struct drill_ip_info ip;
    bool has_ports;
    uint16_t source_port, destination_port;
    bool in_udp; /* .../udp(A > B): TCP over UDP; parsed, not supported */
    uint16_t udp_source, udp_destination;
    struct drill_tcp tcp;   /* DRILL_TCP */
    uint16_t udp_length;    /* DRILL_UDP, _UDPLITE: payload bytes */
    uint16_t udp_coverage;  /* DRILL_UDPLITE */
    struct drill_icmp icmp; /* DRILL_ICMP */
};

/* ---- events ---- */

struct drill_command {
    struct place place;
    const char *text; /* as written between the backquotes */
};

enum drill_time_kind {
    TIME_ABSOLUTE,       /* 1.5 */
    TIME_RELATIVE,       /* +1.5 */
    TIME_ANY,            /* * */
    TIME_ABSOLUTE_RANGE, /* 1~2 */
    TIME_RELATIVE_RANGE, /* +1~+2 */
};

enum drill_event_kind { EVENT_PACKET, EVENT_CALL, EVENT_COMMAND, EVENT_CODE };

struct drill_event {
    struct drill_event *next;
    struct place place; /* of the time */
    enum drill_time_kind time_kind;
    int64_t time_us, time_end_us; /* the end only of ranges */
    enum drill_event_kind kind;
    union {
        struct drill_packet *packet;
        struct drill_call *call;
        struct drill_command *command;
        struct drill_code *code;
    } action;
};

struct drill_script {
    struct script_memory memory;
    const char *path; /* as given by the caller */
    const char *text; /* a copy of the source */
    size_t length;
    struct drill_settings settings;
    struct drill_command *init; /* or NULL */
    struct drill_event *events; /* at least one */
    unsigned event_count;
    struct drill_command *cleanup; /* or NULL */
};

/* Source text longer than this is refused. */
enum { SCRIPT_TEXT_MAX = 8 * 1024 * 1024 };

/* Parses `length` bytes of `text` (any bytes). `settings` holds what the command line said: it
 * wins over the script's own options, and its dialect decides #ifdef Linux or FreeBSD. On
 * success true, and the script is to be freed with drill_script_free; else false, `error` says
 * what and where, and there is nothing to free. `path` is only quoted; it must live as long as
 * the script. */
bool drill_parse(const char *path, const char *text, size_t length,
                 const struct drill_settings *settings, struct drill_script *script,
                 struct script_error *error);

void drill_script_free(struct drill_script *script);

#endif
