/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_filter.c: any text as a filter of ss: a filter or an error that points into the text.
 */
#include <string.h>

#include "filter.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[FILTER_TEXT_MAX + 2];
    char message[sizeof(struct filter_error) + 3 * FILTER_TEXT_MAX];
    struct filter_scope scope = {.port_first = 32768, .port_last = 60999};
    struct lastack_connection_row row = {.protocol = LASTACK_PROTOCOL_TCP, .state = 1};
    struct filter_error error = {0};
    if (size > FILTER_TEXT_MAX + 1)
        size = FILTER_TEXT_MAX + 1; /* one more than is allowed */
    memcpy(text, data, size);
    text[size] = '\0';

    struct filter *filter = filter_compile(text, &scope, &error);
    if (filter == NULL) {
        CHECK(error.position <= strlen(text) && error.message[0] != '\0');
        filter_error_text(text, &error, message, sizeof message);
        CHECK(memchr(message, '\0', sizeof message) != NULL);
        return 0;
    }
    bool matched = filter_match(filter, &row);
    CHECK(filter_match(filter, &row) == matched);
    CHECK(!filter_is_empty(filter) || (matched && !filter_needs_owners(filter)));
    filter_states(filter);
    filter_needs_age(filter);
    filter_free(filter);
    return 0;
}
