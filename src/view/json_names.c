/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_names.c: names in JSON, from the X-lists.
 */
#include "json_names.h"

#include "check.h"
#include "duration.h"

static json_t *lower(const char *name)
{
    char small[48];
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < sizeof small; i++)
        small[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    small[i] = '\0';
    return json_string(small);
}

json_t *json_state(enum tcp_state state)
{
    return json_string(lastack_state_text(state));
}

json_t *json_cause(enum lastack_cause cause)
{
    static const char *const names[LASTACK_CAUSE_COUNT] = {
#define LASTACK_X(name, text) #name,
        LASTACK_CAUSES(LASTACK_X)
#undef LASTACK_X
    };

    return cause > LASTACK_CAUSE_NONE && cause < LASTACK_CAUSE_COUNT ? lower(names[cause])
                                                                     : json_null();
}

json_t *json_timer(int timer)
{
    static const char *const names[LASTACK_TIMER_COUNT] = {
#define LASTACK_X(name, text) #name,
        LASTACK_TIMERS(LASTACK_X)
#undef LASTACK_X
    };

    return timer >= 0 && timer < LASTACK_TIMER_COUNT ? lower(names[timer]) : json_null();
}

json_t *json_trace_what(enum lastack_trace_what what)
{
    static const char *const names[LASTACK_TRACE_COUNT] = {
#define LASTACK_X(class, name, text) #name,
        LASTACK_TRACES(LASTACK_X)
#undef LASTACK_X
    };

    return (unsigned)what < LASTACK_TRACE_COUNT ? lower(names[what]) : json_null();
}

json_t *json_endpoint(const struct lastack_endpoint *endpoint)
{
    char text[LASTACK_ENDPOINT_TEXT];

    lastack_endpoint_text(endpoint, text, sizeof text);
    return json_string(text);
}

json_t *json_text(const struct text *text)
{
    return json_safe(text_string(text));
}

json_t *json_safe(const char *string)
{
    struct text safe = {0};
    json_t *value;

    text_add_safe(&safe, string, NULL);
    value = json_string(text_string(&safe));
    CHECK(value != NULL);
    text_free(&safe);
    return value;
}

json_t *json_ms(int64_t ns)
{
    return ns < 0 ? json_null() : json_integer(ns / MS(1));
}

void json_line(FILE *out, json_t *object)
{
    int failed = json_dumpf(object, out, JSON_COMPACT | JSON_PRESERVE_ORDER);

    /* A closed pipe is seen by the caller through ferror(out), as for text. */
    (void)failed;
    fputc('\n', out);
    json_decref(object);
}
