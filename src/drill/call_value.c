/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * call_value.c: arguments of calls.
 */
#include "call_value.h"

#include "script_text.h"
#include "symbols.h"

#include <string.h>

enum { NO_DESCRIPTOR = 1 << 28 }; /* a live number beyond all of the target's */

const struct drill_value *call_argument(const struct drill_call *call, unsigned index)
{
    const struct drill_value *value = call->arguments;

    while (index-- > 0)
        value = value->next;
    return value;
}

static bool is_unclear(struct runner *runner, const struct drill_value *value, const char *wanted)
{
    struct text text = {0};

    script_value_text(&text, value);
    runner_fail(runner, DRILL_CLASS_SCRIPT, value->place, "expected %s, got %s", wanted,
                text_string(&text));
    text_free(&text);
    return false;
}

/* ---- numbers ---- */

static bool symbol_number(struct runner *runner, const struct drill_value *value, int64_t *number)
{
    const struct symbol *symbol = symbol_find(value->text);

    if (symbol == NULL)
        return runner_fail(runner, DRILL_CLASS_SCRIPT, value->place, "unknown symbol %s",
                           value->text);
    if (symbol->linux_value == SYMBOL_ABSENT)
        return runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, value->place, "not supported: %s",
                           value->text);
    *number = symbol->linux_value;
    return true;
}

static bool plain_number(struct runner *runner, const struct drill_value *value,
                         enum symbol_class class, int64_t *number)
{
    *number = value->integer;
    if (class == SYMBOL_OTHER || value->integer == 0 ||
        runner->script->settings.dialect == DRILL_LINUX)
        return true;
    return symbol_to_linux(class, DRILL_FREEBSD, value->integer, number) ||
           runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, value->place,
                       "not supported: the number %lld here", (long long)value->integer);
}

bool value_number(struct runner *runner, const struct drill_value *value, enum symbol_class class,
                  int64_t *number)
{
    int64_t part;

    switch (value->kind) {
    case VALUE_INTEGER:
        return plain_number(runner, value, class, number);
    case VALUE_WORD:
        return symbol_number(runner, value, number);
    case VALUE_NULL:
        *number = 0;
        return true;
    case VALUE_OR:
        *number = 0;
        for (const struct drill_value *member = value->first; member != NULL;
             member = member->next) {
            if (!value_number(runner, member, class, &part))
                return false;
            *number |= part;
        }
        return true;
    case VALUE_LIST:
        if (value->first != NULL && value->first->next == NULL)
            return value_number(runner, value->first, class, number);
        break;
    case VALUE_CALL: /* htons and htonl: numbers are in the host's order throughout */
        if (value->text[0] == 'h')
            return value_number(runner, value->first, SYMBOL_OTHER, number);
        break;
    case VALUE_ELLIPSIS:
    case VALUE_STRING:
    case VALUE_STRUCT:
        break;
    }
    return is_unclear(runner, value, "a number");
}

bool value_in_range(struct runner *runner, const struct drill_value *value, enum symbol_class class,
                    const char *what, int64_t low, int64_t high, int64_t *number)
{
    if (!value_number(runner, value, class, number))
        return false;
    return (*number >= low && *number <= high) ||
           runner_fail(runner, DRILL_CLASS_SCRIPT, value->place,
                       "%s is from %lld to %lld, not %lld", what, (long long)low, (long long)high,
                       (long long)*number);
}

/* ---- structures ---- */

const struct drill_value *value_member(const struct drill_value *value, const char *name)
{
    if (value->kind == VALUE_LIST && value->first != NULL)
        value = value->first;
    if (value->kind != VALUE_STRUCT)
        return NULL;
    for (const struct drill_value *member = value->first; member != NULL; member = member->next)
        if (member->field != NULL && strcmp(member->field, name) == 0)
            return member;
    return NULL;
}

bool value_member_number(struct runner *runner, const struct drill_value *value, const char *name,
                         enum symbol_class class, int64_t otherwise, int64_t *number)
{
    const struct drill_value *member = value_member(value, name);

    *number = otherwise;
    return member == NULL || value_number(runner, member, class, number);
}

/* inet_addr("192.0.2.1") or a plain string. */
static bool address_of(struct runner *runner, const struct drill_value *value,
                       struct lastack_address *address)
{
    const struct drill_value *text = value->kind == VALUE_CALL ? value->first : value;

    return (text->kind == VALUE_STRING && lastack_address_parse(text->text, address)) ||
           is_unclear(runner, value, "an address");
}

bool value_endpoint(struct runner *runner, const struct drill_value *value,
                    const struct lastack_endpoint *otherwise, struct lastack_endpoint *endpoint)
{
    const struct drill_value *port, *address;
    int64_t number;

    *endpoint = *otherwise;
    if (value->kind == VALUE_ELLIPSIS)
        return true;
    port = value_member(value, "sin_port");
    if (port == NULL)
        port = value_member(value, "sin6_port");
    address = value_member(value, "sin_addr");
    if (address == NULL)
        address = value_member(value, "sin6_addr");
    if (port == NULL && address == NULL)
        return is_unclear(runner, value, "... or a sockaddr");
    if (port != NULL &&
        !value_in_range(runner, port, SYMBOL_OTHER, "a port", 0, UINT16_MAX, &number))
        return false;
    if (port != NULL)
        endpoint->port = (uint16_t)number;
    return address == NULL || address_of(runner, address, &endpoint->address);
}

bool value_descriptor(struct runner *runner, const struct drill_value *value,
                      struct run_descriptor *descriptor)
{
    const struct run_descriptor *known;
    int64_t number;

    if (!value_in_range(runner, value, SYMBOL_OTHER, "a descriptor", INT32_MIN, INT32_MAX, &number))
        return false;
    known = runner_descriptor(runner, (int)number);
    *descriptor = (struct run_descriptor){.script = (int)number, .live = NO_DESCRIPTOR};
    if (known != NULL && known->is_open)
        *descriptor = *known;
    return true;
}

bool value_is_count(struct runner *runner, const struct drill_value *count,
                    const struct drill_value *list)
{
    int64_t expected = 0, number;

    if (count == NULL || count->kind == VALUE_ELLIPSIS || list->kind != VALUE_LIST)
        return true;
    for (const struct drill_value *entry = list->first; entry != NULL; entry = entry->next)
        expected++;
    return value_number(runner, count, SYMBOL_OTHER, &number) &&
           (number == expected || runner_fail(runner, DRILL_CLASS_SCRIPT, count->place,
                                              "the count %lld is given for %lld in the list",
                                              (long long)number, (long long)expected));
}

bool value_iovec_is_null(const struct drill_value *value)
{
    for (const struct drill_value *piece = value->first; piece != NULL; piece = piece->next)
        if (piece->first->kind == VALUE_NULL &&
            !(piece->first->next->kind == VALUE_INTEGER && piece->first->next->integer == 0))
            return true;
    return false;
}

bool value_iovec_length(struct runner *runner, const struct drill_value *value, int64_t *length)
{
    const int64_t most = 64 << 20;
    int64_t part;

    *length = 0;
    if (value->kind != VALUE_LIST)
        return is_unclear(runner, value, "[{..., N}, ...]");
    if (!value_is_count(runner, value->count, value)) /* msg_iov(N) = [...] */
        return false;
    for (const struct drill_value *piece = value->first; piece != NULL; piece = piece->next) {
        if (piece->kind != VALUE_STRUCT || piece->first == NULL || piece->first->next == NULL)
            return is_unclear(runner, piece, "{..., N}");
        if (!value_in_range(runner, piece->first->next, SYMBOL_OTHER, "a length", 0, most, &part))
            return false;
        *length += part;
    }
    return *length <= most || is_unclear(runner, value, "at most 64 MiB");
}
