/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_book.c: see states_book.h.
 */
#include "states_book.h"

#include "state.h"
#include "state_book.h"
#include "states_diagram.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

/* In the order of a life: opening, open, the end that closes first, the end that is left. */
static const enum tcp_state in_order[] = {
    TCP_LISTEN,  TCP_SYN_SENT,  TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
    TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT,   TCP_LAST_ACK,    TCP_CLOSED,
};

enum { STATES = sizeof in_order / sizeof in_order[0] };

/* "- *How it ends:* after 60 s ..."; nothing if the book is silent. */
static void add_line(struct text *text, const char *head, const char *body)
{
    if (body[0] != '\0')
        text_addf(text, "- **%s** %s\n", head, body);
}

static void add_moves(struct text *text, enum tcp_state state, bool is_into)
{
    const char *separator = "";

    text_addf(text, "- **%s** ", is_into ? "From:" : "To:");
    for (unsigned i = 0; i < STATES; i++) {
        const enum tcp_state other = in_order[i];
        const struct states_arrow *arrow =
            is_into ? states_arrow_of(other, state) : states_arrow_of(state, other);

        if (arrow == NULL)
            continue;
        text_addf(text, "%s%s (%s%s%s)", separator, lastack_state_text(other), arrow->event,
                  arrow->action != NULL ? "; sends " : "",
                  arrow->action != NULL ? arrow->action : "");
        separator = ", ";
    }
    if (!is_into && state != TCP_CLOSED && state != TCP_LISTEN)
        text_addf(text, "%sCLOSED by RST, abort or a timeout", separator);
    text_add(text, "\n");
}

static void add_page(struct text *text, enum tcp_state state)
{
    const struct state_page *page = state_book_page(state);

    text_addf(text, "\n## %s\n\n`%s` in ss, `%s` in netstat: %s.\n\n", lastack_state_text(state),
              words_ss_state(state), words_netstat_state(state), page->what);
    add_moves(text, state, true);
    add_moves(text, state, false);
    add_line(text, "How it ends by itself:", page->ends);
    add_line(text, "Whose move it is:", page->whose);
    add_line(text, "What to do:", page->todo);
    add_line(text, "What not to do or believe:", page->dont);
}

static void add_error(struct text *text, const char *name)
{
    const struct error_page *page = state_book_error(name);
    const char *cause = page->causes;

    text_addf(text, "\n## %s\n\n%s.\n\n", page->name, page->what);
    while (*cause != '\0') { /* lines of two blanks and a sentence */
        const size_t length = strcspn(cause, "\n");

        text_add(text, "- ");
        text_add_bytes(text, cause + 2, length - 2);
        text_add(text, "\n");
        cause += length + 1;
    }
    if (strcmp(page->look, "-") != 0)
        text_addf(text, "\nLook with: `%s`\n", page->look);
}

void states_book(struct text *text)
{
    const char *names = state_book_error_names();

    for (unsigned i = 0; i < STATES; i++)
        add_page(text, in_order[i]);
    text_add(text, "\n# Errors\n\nWhat programs are told, and what is behind it.\n");
    while (*names != '\0') {
        const size_t length = strcspn(names, " ");
        char name[32];

        snprintf(name, sizeof name, "%.*s", (int)length, names);
        add_error(text, name);
        names += length + strspn(names + length, " ");
    }
}
