/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names.c: the texts of the public enums, expanded from the same lists as the enums themselves, so
 * that no text can be missing or out of step. A number that is none of them is "?".
 */
#include <lastack/socket.h>

#define NAMES_COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *const state_texts[] = {
#define LASTACK_X(name, number, text) [number] = text,
    LASTACK_STATES(LASTACK_X)
#undef LASTACK_X
};

static const char *const cause_texts[] = {
#define LASTACK_X(name, text) [LASTACK_CAUSE_##name] = text,
    LASTACK_CAUSES(LASTACK_X)
#undef LASTACK_X
};

static const char *const timer_texts[] = {
#define LASTACK_X(name, text) [LASTACK_TIMER_##name] = text,
    LASTACK_TIMERS(LASTACK_X)
#undef LASTACK_X
};

static const char *const owner_texts[] = {
#define LASTACK_X(name, text) [LASTACK_OWNER_##name] = text,
    LASTACK_OWNERS(LASTACK_X)
#undef LASTACK_X
};

struct error_text {
    const char *name, *text;
};

static const struct error_text error_texts[] = {
#define LASTACK_X(name, number, text) [number] = {#name, text},
    LASTACK_ERRORS(LASTACK_X)
#undef LASTACK_X
};

static const char *names_find(const char *const *table, size_t count, unsigned number)
{
    return number < count && table[number] != NULL ? table[number] : "?";
}

const char *lastack_state_text(enum tcp_state state)
{
    return names_find(state_texts, NAMES_COUNT(state_texts), (unsigned)state);
}

const char *lastack_cause_text(enum lastack_cause cause)
{
    return names_find(cause_texts, NAMES_COUNT(cause_texts), (unsigned)cause);
}

const char *lastack_timer_text(enum lastack_timer timer)
{
    return names_find(timer_texts, NAMES_COUNT(timer_texts), (unsigned)timer);
}

const char *lastack_owner_text(enum lastack_owner owner)
{
    return names_find(owner_texts, NAMES_COUNT(owner_texts), (unsigned)owner);
}

/* Calls return errors negative; both signs name the same error. 0 is no error. */
static const struct error_text *names_error(int error)
{
    static const struct error_text unknown = {"?", "unknown error"};
    static const struct error_text none = {"0", "no error"};
    unsigned number = error < 0 ? 0u - (unsigned)error : (unsigned)error;

    if (number == 0)
        return &none;
    if (number >= NAMES_COUNT(error_texts) || error_texts[number].name == NULL)
        return &unknown;
    return &error_texts[number];
}

const char *lastack_error_text(int error)
{
    return names_error(error)->text;
}

const char *lastack_error_name(int error)
{
    return names_error(error)->name;
}
