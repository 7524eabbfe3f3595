/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leftovers.c: see leftovers.h.
 */
#include "leftovers.h"

#include "row_json.h"
#include "words.h"

#include <stdio.h>

enum { TOLD_MAX = 10 };

struct count {
    unsigned rows;
    struct text lines; /* of the first TOLD_MAX */
};

static void tell_row(struct text *text, const struct lastack_connection_row *row)
{
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];

    lastack_endpoint_text(&row->local, local, sizeof local);
    lastack_endpoint_text(&row->remote, remote, sizeof remote);
    text_addf(text, "  %s %s %s: ", local, remote, lastack_state_text(row->state));
    words_timer(text, row);
    text_add(text, "; ");
    words_why(text, row);
    text_add(text, "\n");
}

static bool count_row(void *context, const struct lastack_connection_row *row)
{
    struct count *count = context;

    if (count->rows++ < TOLD_MAX)
        tell_row(&count->lines, row);
    return true;
}

static void walk(const struct lastack *stack, lastack_row_callback *callback, void *context)
{
    uint64_t cursor = 0;

    lastack_rows(stack, LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_SYN, &cursor, callback, context);
}

void leftovers_tell(const struct lastack *stack)
{
    struct count count = {0};

    walk(stack, count_row, &count);
    if (count.rows > 0)
        fprintf(stderr, "lastack: %u connection%s still there\n%s", count.rows,
                count.rows == 1 ? "" : "s", text_string(&count.lines));
    if (count.rows > TOLD_MAX)
        fprintf(stderr, "  ... and %u more\n", count.rows - TOLD_MAX);
    text_free(&count.lines);
}

struct array {
    json_t *rows;
    const char *source;
};

static bool append_row(void *context, const struct lastack_connection_row *row)
{
    const struct array *array = context;

    json_array_append_new(array->rows, row_json(row, array->source, false, NULL, 0));
    return json_array_size(array->rows) < LEFTOVERS_MAX;
}

json_t *leftovers_json(const struct lastack *stack, const char *source)
{
    struct array array = {.rows = json_array(), .source = source};

    walk(stack, append_row, &array);
    return array.rows;
}
