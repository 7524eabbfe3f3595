/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_key.h: the secret of Fast Open cookies as sysctl(8) has it, which is no parameter:
 * "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4[,...]" under net.ipv4.tcp_fastopen_key.
 */
#ifndef LASTACK_FAST_OPEN_KEY_H
#define LASTACK_FAST_OPEN_KEY_H

#include <lastack/lastack.h>

/* Is this its name, with dots, slashes or below /proc/sys? */
bool fast_open_key_is_named(const char *name);
/* Sets it for the whole stack. False: the text is none. */
bool fast_open_key_set(struct lastack *stack, const char *text);

/* The key that the public suites' defaults.sh sets. */
#define FAST_OPEN_KEY_OF_SUITES "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4"

#endif
