/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_test.h: what the tests of the language share.
 */
#ifndef LASTACK_DRILL_TEST_H
#define LASTACK_DRILL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "script.h"
#include "script_text.h"

/* Parses a text that must be right, in the dialect given; fails the test with the message if it is
 * not. */
void parse_good(const char *text, enum drill_dialect dialect, struct drill_script *script);

/* Parses a text that must be wrong: its error must be at line:column and contain `part`. */
void assert_bad(const char *text, unsigned line, unsigned column, const char *part);

/* The first event of "0 ACTION" in Linux's dialect. The script is freed by free_action. */
struct drill_event *parse_action_text(const char *action);
void free_action(void);

/* True if two scripts say the same; places do not count. */
bool script_equal(const struct drill_script *a, const struct drill_script *b);

/* Prints a script, parses that, and demands an equal script. `settings` as it was parsed with
 * first. */
void assert_round_trip(const struct drill_script *script, const struct drill_settings *settings);

/* The folder of the public suites, or NULL when it is not there (a message has been printed
 * then). */
const char *suites_folder(void);

/* Calls `visit` with the path and text of every .pkt below a folder; returns how many there
 * were. */
typedef void visit_script(void *context, const char *path, const char *text, size_t length);
unsigned each_script(const char *folder, visit_script *visit, void *context);

#endif
