/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_text.h: a parsed script, or a piece of it, as text again.
 *
 * Parsing the text of a script gives the same values: nothing that matters is lost in either
 * direction. The text is in google's dialect where both have a word, in nplab's where only it has
 * one. Reports show packets and calls with these functions, so that what was expected and what was
 * seen read alike.
 */
#ifndef LASTACK_SCRIPT_TEXT_H
#define LASTACK_SCRIPT_TEXT_H

#include "script.h"
#include "text.h"

void script_packet_text(struct text *out, const struct drill_packet *packet);
/* Only "<mss 1460,...>"; nothing when there are none. */
void script_options_text(struct text *out, const struct drill_tcp *tcp);
/* "S.", "P.5", "-". */
void script_flags_text(struct text *out, uint16_t flags, int ace);
void script_value_text(struct text *out, const struct drill_value *value);
void script_call_text(struct text *out, const struct drill_call *call);
/* Microseconds as seconds: "0.3", "1.000001". */
void script_time_text(struct text *out, int64_t time_us);

/* The whole script; options that differ from the defaults of its dialect come first. */
void drill_script_text(struct text *out, const struct drill_script *script);

#endif
