/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.h: the constants that scripts name, with their numbers on Linux and on FreeBSD.
 *
 *     "SO_REUSEADDR" ──▶ {class SOCKET_OPTION, linux 2, freebsd 4}
 *
 * The runner works with Linux's numbers throughout (they are those of socket.h); a number that a
 * script wrote out is first taken from its dialect to Linux by class. A name of the other system is
 * found too (many FreeBSD scripts run well under a Linux profile and the other way round); then
 * `linux` may be absent, which says that the stack has no such thing.
 */
#ifndef LASTACK_SYMBOLS_H
#define LASTACK_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum drill_dialect { DRILL_LINUX, DRILL_FREEBSD };

enum symbol_class {
    SYMBOL_DOMAIN,        /* AF_, PF_ */
    SYMBOL_TYPE,          /* SOCK_ */
    SYMBOL_LEVEL,         /* SOL_, IPPROTO_ */
    SYMBOL_SOCKET_OPTION, /* SO_ */
    SYMBOL_IP_OPTION,
    SYMBOL_IPV6_OPTION,
    SYMBOL_TCP_OPTION,
    SYMBOL_MESSAGE,  /* MSG_ */
    SYMBOL_SHUTDOWN, /* SHUT_ */
    SYMBOL_FCNTL,    /* F_ */
    SYMBOL_OPEN,     /* O_ */
    SYMBOL_POLL,
    SYMBOL_EPOLL,
    SYMBOL_IOCTL,
    SYMBOL_ERRNO,
    SYMBOL_TOS,
    SYMBOL_TIMESTAMPING,
    SYMBOL_ERROR_QUEUE, /* SO_EE_, SCM_, TCP_CM_, TCP_NLA_ */
    SYMBOL_OTHER,
};

/* The number of a symbol that a system does not have. */
#define SYMBOL_ABSENT INT64_MIN

struct symbol {
    enum symbol_class class;
    const char *name;
    int64_t linux_value, freebsd_value;
};

/* The symbol of this name, or NULL. */
const struct symbol *symbol_find(const char *name);

/* The symbol with this number in a class and a dialect, or NULL; the first listed where several
 * share it. */
const struct symbol *symbol_by_value(enum symbol_class class, enum drill_dialect dialect,
                                     int64_t value);

/* Its number in a dialect, else that of the other system. */
int64_t symbol_value(const struct symbol *symbol, enum drill_dialect dialect);

/* A number of a class, bit by bit where it is a set of flags, from a dialect to Linux's
 * numbering. False where some bit or number has no counterpart. */
bool symbol_to_linux(enum symbol_class class, enum drill_dialect dialect, int64_t value,
                     int64_t *linux_value);
bool symbol_from_linux(enum symbol_class class, enum drill_dialect dialect, int64_t linux_value,
                       int64_t *value);

/* "ECONNRESET" for an errno in Linux's numbering; "errno N" style texts are the caller's. NULL if
 * unknown. */
const char *symbol_errno_name(int64_t linux_value);

/* How many symbols there are, and the one at an index (for tests and for `--help`). */
size_t symbol_count(void);
const struct symbol *symbol_at(size_t index);

#endif
