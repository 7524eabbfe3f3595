/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option_bytes.h: the options of a TCP header, between a script's words and the wire's bytes.
 *
 *     <mss 1460,nop,wscale 7>  ◀──▶  02 04 05 b4 01 03 03 07
 */
#ifndef LASTACK_OPTION_BYTES_H
#define LASTACK_OPTION_BYTES_H

#include "script.h"

/* Bytes that one option takes. */
unsigned tcp_option_length(const struct drill_tcp_option *option);

/* Writes a list as it stands (no padding is added); returns how many bytes, at most
 * DRILL_OPTION_BYTES: the parser has seen to that. */
unsigned option_bytes_write(const struct drill_tcp_option *options,
                            uint8_t bytes[DRILL_OPTION_BYTES]);

/* Reads `length` bytes as a list, in `memory`. What has no word of its own becomes gen-KIND; what
 * is broken, raw bytes. */
struct drill_tcp_option *option_bytes_read(const uint8_t *bytes, unsigned length,
                                           struct script_memory *memory);

#endif
