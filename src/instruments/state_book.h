/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_book.h: for each state: what one sees, whose fault it is, what to do, what not to do. And
 * the same for the errors that programs get.
 */
#ifndef LASTACK_STATE_BOOK_H
#define LASTACK_STATE_BOOK_H

#include <lastack/trace.h>

struct state_page {
    const char *what;  /* what it means, and what one sees */
    const char *ends;  /* how it ends by itself */
    const char *whose; /* whose move it is */
    const char *todo;
    const char *dont;
};

const struct state_page *state_book_page(enum tcp_state state);

struct error_page {
    const char *name; /* "ECONNRESET" */
    const char *what;
    const char *causes; /* lines */
    const char *look;   /* what to run */
};

/* NULL if the book has no such error. */
const struct error_page *state_book_error(const char *name);
const char *state_book_error_names(void);

#endif
