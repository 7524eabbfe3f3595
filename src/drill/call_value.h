/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_value.h: what a call's arguments mean: numbers in Linux's numbering, endpoints, sizes.
 *
 * Every function returns false after runner_fail.
 */
#ifndef LASTACK_CALL_VALUE_H
#define LASTACK_CALL_VALUE_H

#include "runner.h"

/* The index-th argument; there is one (the call's table has seen to that). */
const struct drill_value *call_argument(const struct drill_call *call, unsigned index);

/* A number, a symbol, symbols joined by |, or one of these in [ ]. A plain number counts as one of
 * the script's dialect in this class and is turned into Linux's. */
bool value_number(struct runner *runner, const struct drill_value *value, enum symbol_class class,
                  int64_t *number);
/* The same within a range; `what` names it in errors. */
bool value_in_range(struct runner *runner, const struct drill_value *value, enum symbol_class class,
                    const char *what, int64_t low, int64_t high, int64_t *number);

/* A member of {..} or of [{..}] by name; NULL if there is none. */
const struct drill_value *value_member(const struct drill_value *value, const char *name);
/* A member's number, or `otherwise`. */
bool value_member_number(struct runner *runner, const struct drill_value *value, const char *name,
                         enum symbol_class class, int64_t otherwise, int64_t *number);

/* An address: `...` means `otherwise`. */
bool value_endpoint(struct runner *runner, const struct drill_value *value,
                    const struct lastack_endpoint *otherwise, struct lastack_endpoint *endpoint);

/* The descriptor that a script number means; a closed or unknown one gives a live number that no
 * descriptor has. */
bool value_descriptor(struct runner *runner, const struct drill_value *value,
                      struct run_descriptor *descriptor);

/* Whether `count`, which may be NULL or `...`, is how many entries `list` has. */
bool value_is_count(struct runner *runner, const struct drill_value *count,
                    const struct drill_value *list);

/* The total length of [{..., N}, {..., N}]. */
bool value_iovec_length(struct runner *runner, const struct drill_value *value, int64_t *length);
/* Whether a piece of it that has a length is at NULL. (Its length has been read.) */
bool value_iovec_is_null(const struct drill_value *value);

#endif
