/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_profile.h: what a script says of itself in the comments at its head, before its first
 * event or option:
 *
 *     // profile: rfc
 *
 * A comment, so that other tools can read the script as well. The command line wins.
 */
#ifndef LASTACK_SCRIPT_PROFILE_H
#define LASTACK_SCRIPT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { SCRIPT_PROFILE_MAX = 32 };

/* The name, whether there is such a profile or not. False: the script names none. */
bool script_profile(const char *text, size_t length, char name[SCRIPT_PROFILE_MAX]);

#endif
