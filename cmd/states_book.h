/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_book.h: the states book as Markdown: what `lastack explain STATE` knows, all states, with
 * the moves of the table that the code checks. docs/states-book.md ends with it.
 */
#ifndef LASTACK_STATES_BOOK_H
#define LASTACK_STATES_BOOK_H

#include "text.h"

void states_book(struct text *text);

#endif
