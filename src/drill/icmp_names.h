/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * icmp_names.h: types and codes of ICMP as scripts name them, RFC 792, RFC 1122 §3.2.2 and RFC
 * 4443.
 *
 * A name may exist in one family, in both with different numbers, or in neither; "type_N" and
 * "code_N" are numbers written out. Which family a script runs over is not known while it is
 * parsed, so the parser asks only whether some family knows the pair, and the runner asks for the
 * numbers.
 */
#ifndef LASTACK_ICMP_NAMES_H
#define LASTACK_ICMP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* The numbers of a type and of one of its codes (NULL: code 0) in a family; false if it has no such
 * pair. */
bool icmp_numbers(bool is_ipv6, const char *type, const char *code, uint8_t *type_number,
                  uint8_t *code_number);

/* True if the family has this type, whatever the code. */
bool icmp_has_type(bool is_ipv6, const char *type);

#endif
