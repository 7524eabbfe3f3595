/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code_eval.c: running parsed code against a table of names.
 *
 * A failed assertion tells what its names were, which is what one wants to know first:
 *
 *     assertion failed: tcpi_snd_cwnd == 10 (tcpi_snd_cwnd = 12)
 */
#include "code_value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EVAL_DEPTH_MAX = 200 };

struct code_variable {
    struct code_variable *next;
    const char *name;
    struct code_value value;
};

struct evaluation {
    struct code_environment *environment;
    struct script_error *error;
    unsigned depth;
};

static bool fail_at(struct evaluation *evaluation, struct place place, const char *what)
{
    return script_error_at(evaluation->error, place, "%s", what);
}

static bool evaluate(struct evaluation *evaluation, const struct code_node *node,
                     struct code_value *value);

/* ---- names ---- */

static struct code_variable *find_variable(const struct code_environment *environment,
                                           const char *name)
{
    struct code_variable *variable = environment->variables;

    while (variable != NULL && strcmp(variable->name, name) != 0)
        variable = variable->next;
    return variable;
}

static bool look_up(const struct code_environment *environment, const char *name,
                    struct code_value *value)
{
    const struct code_variable *variable = find_variable(environment, name);
    int64_t number;

    if (variable != NULL) {
        *value = variable->value;
        return true;
    }
    if (environment->lookup == NULL || !environment->lookup(environment->context, name, &number))
        return false;
    *value = code_integer(number);
    return true;
}

static void set_variable(struct code_environment *environment, const char *name,
                         const struct code_value *value)
{
    struct code_variable *variable = find_variable(environment, name);

    if (variable == NULL) {
        variable = script_take(&environment->memory, sizeof *variable);
        variable->name = script_copy(&environment->memory, name, strlen(name));
        variable->next = environment->variables;
        environment->variables = variable;
    }
    variable->value = *value;
}

/* ---- expressions ---- */

static bool evaluate_items(struct evaluation *evaluation, const struct code_node *first,
                           struct code_value **items, size_t *count)
{
    *count = 0;
    for (const struct code_node *node = first; node != NULL; node = node->next)
        ++*count;
    *items = script_take(&evaluation->environment->memory, *count * sizeof **items);
    for (size_t i = 0; i < *count; i++, first = first->next)
        if (!evaluate(evaluation, first, &(*items)[i]))
            return false;
    return true;
}

static bool evaluate_unary(struct evaluation *evaluation, const struct code_node *node,
                           struct code_value *value)
{
    const struct code_value zero = code_integer(0), ones = code_integer(-1);
    struct code_value operand;
    const char *wrong = NULL;

    if (!evaluate(evaluation, node->first, &operand))
        return false;
    if (node->op == OP_NOT)
        *value = code_integer(!code_value_is_true(&operand));
    else
        wrong = code_value_compute(node->op == OP_INVERT   ? OP_BIT_XOR
                                   : node->op == OP_NEGATE ? OP_SUBTRACT
                                                           : OP_ADD,
                                   node->op == OP_INVERT ? &ones : &zero, &operand,
                                   &evaluation->environment->memory, value);
    return wrong == NULL || fail_at(evaluation, node->place, wrong);
}

static bool evaluate_binary(struct evaluation *evaluation, const struct code_node *node,
                            struct code_value *value)
{
    struct code_value left, right;
    const char *wrong;

    if (!evaluate(evaluation, node->first, &left) ||
        !evaluate(evaluation, node->first->next, &right))
        return false;
    wrong = code_value_compute(node->op, &left, &right, &evaluation->environment->memory, value);
    return wrong == NULL || fail_at(evaluation, node->place, wrong);
}

static bool is_in(const struct code_value *item, const struct code_value *container)
{
    if (container->kind == VALUE_OF_TEXT)
        return item->kind == VALUE_OF_TEXT && strstr(container->text, item->text) != NULL;
    for (size_t i = 0; container->kind == VALUE_OF_TUPLE && i < container->count; i++)
        if (code_value_equal(item, &container->items[i]))
            return true;
    return false;
}

static bool holds(struct evaluation *evaluation, const struct code_node *node,
                  const struct code_value *left, const struct code_value *right, bool *result)
{
    int order = 0;

    if (node->op == OP_EQUAL || node->op == OP_NOT_EQUAL) {
        *result = code_value_equal(left, right) == (node->op == OP_EQUAL);
        return true;
    }
    if (node->op == OP_IN || node->op == OP_NOT_IN) {
        *result = is_in(left, right) == (node->op == OP_IN);
        return true;
    }
    if (!code_value_order(left, right, &order))
        return fail_at(evaluation, node->place, "these two have no order");
    *result = node->op == OP_LESS         ? order < 0
              : node->op == OP_LESS_EQUAL ? order <= 0
              : node->op == OP_GREATER    ? order > 0
                                          : order >= 0;
    return true;
}

/* a <= b <= c: every pair must hold; the first that does not ends it. */
static bool evaluate_compare(struct evaluation *evaluation, const struct code_node *node,
                             struct code_value *value)
{
    struct code_value left, right;
    bool result = true;

    if (!evaluate(evaluation, node->first, &left))
        return false;
    for (const struct code_node *link = node->first->next; link != NULL && result;
         link = link->next) {
        if (!evaluate(evaluation, link->first, &right) ||
            !holds(evaluation, link, &left, &right, &result))
            return false;
        left = right;
    }
    *value = code_integer(result);
    return true;
}

/* `and` and `or` give the operand that decided. */
static bool evaluate_logic(struct evaluation *evaluation, const struct code_node *node,
                           struct code_value *value)
{
    for (const struct code_node *operand = node->first; operand != NULL; operand = operand->next) {
        if (!evaluate(evaluation, operand, value))
            return false;
        if (code_value_is_true(value) == (node->kind == CODE_OR))
            return true;
    }
    return true;
}

static bool evaluate_conditional(struct evaluation *evaluation, const struct code_node *node,
                                 struct code_value *value)
{
    const struct code_node *condition = node->first->next;

    if (!evaluate(evaluation, condition, value))
        return false;
    return evaluate(evaluation, code_value_is_true(value) ? node->first : condition->next, value);
}

/* ---- functions ---- */

static void print_items(struct evaluation *evaluation, const struct code_value *items, size_t count)
{
    struct script_memory *memory = &evaluation->environment->memory;
    const char *line = "";

    for (size_t i = 0; i < count; i++)
        line = script_format(memory, "%s%s%s", line, i == 0 ? "" : " ",
                             code_value_text(&items[i], false, memory));
    if (evaluation->environment->print != NULL)
        evaluation->environment->print(evaluation->environment->context, line);
}

static const char *extreme(bool want_max, const struct code_value *items, size_t count,
                           struct code_value *value)
{
    int order;

    if (count == 1 && items->kind == VALUE_OF_TUPLE) {
        count = items->count;
        items = items->items;
    }
    if (count == 0)
        return "the extreme of nothing";
    *value = items[0];
    for (size_t i = 1; i < count; i++) {
        if (!code_value_order(&items[i], value, &order))
            return "these have no order";
        if (want_max ? order > 0 : order < 0)
            *value = items[i];
    }
    return NULL;
}

static const char *to_integer(const struct code_value *item, bool round_it,
                              struct code_value *value)
{
    double number;

    if (!code_value_is_number(item))
        return "int() of something that is no number";
    *value = *item;
    if (item->kind == VALUE_OF_INTEGER)
        return NULL;
    number = round_it ? rint(item->number) : trunc(item->number);
    if (!(number > -9.2e18 && number < 9.2e18))
        return "the result does not fit 64 bits";
    *value = code_integer((int64_t)number);
    return NULL;
}

static const char *length_of(const struct code_value *item, struct code_value *value)
{
    if (item->kind != VALUE_OF_TEXT && item->kind != VALUE_OF_TUPLE)
        return "len() of a number";
    *value = code_integer((int64_t)item->count);
    return NULL;
}

static const char *absolute(struct evaluation *evaluation, const struct code_value *item,
                            struct code_value *value)
{
    const struct code_value zero = code_integer(0);

    *value = *item;
    if (!code_value_is_number(item))
        return "abs() of something that is no number";
    if (code_value_as_float(item) >= 0)
        return NULL;
    return code_value_compute(OP_SUBTRACT, &zero, item, &evaluation->environment->memory, value);
}

static const char *call(struct evaluation *evaluation, const char *name, struct code_value *items,
                        size_t count, struct code_value *value)
{
    struct script_memory *memory = &evaluation->environment->memory;

    *value = (struct code_value){.kind = VALUE_OF_NONE};
    if (strcmp(name, "print") == 0)
        return print_items(evaluation, items, count), NULL;
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
        return extreme(name[1] == 'a', items, count, value);
    if (count != 1)
        return "this function takes one argument";
    if (strcmp(name, "abs") == 0)
        return absolute(evaluation, items, value);
    if (strcmp(name, "int") == 0 || strcmp(name, "round") == 0)
        return to_integer(items, name[0] == 'r', value);
    if (strcmp(name, "len") == 0)
        return length_of(items, value);
    const char *text = code_value_text(items, false, memory);
    *value = code_text(text, strlen(text));
    return NULL;
}

static bool evaluate_call(struct evaluation *evaluation, const struct code_node *node,
                          struct code_value *value)
{
    static const char *const names[] = {"print", "abs", "min", "max", "len", "int", "round", "str"};
    struct code_value *items;
    const char *wrong;
    size_t i = 0, count;

    while (i < sizeof names / sizeof names[0] && strcmp(names[i], node->text) != 0)
        i++;
    if (i == sizeof names / sizeof names[0])
        return script_error_at(evaluation->error, node->place, "there is no function %s()",
                               node->text);
    if (!evaluate_items(evaluation, node->first, &items, &count))
        return false;
    wrong = call(evaluation, node->text, items, count, value);
    return wrong == NULL || fail_at(evaluation, node->place, wrong);
}

static bool evaluate_plain(struct evaluation *evaluation, const struct code_node *node,
                           struct code_value *value)
{
    struct code_value *items;

    switch (node->kind) {
    case CODE_INTEGER:
        *value = code_integer(node->integer);
        return true;
    case CODE_FLOAT:
        *value = code_float(node->number);
        return true;
    case CODE_STRING:
        *value = code_text(node->text, node->length);
        return true;
    case CODE_CONSTANT:
        *value = code_integer(node->integer);
        if (node->integer < 0)
            value->kind = VALUE_OF_NONE;
        return true;
    case CODE_NAME:
        return look_up(evaluation->environment, node->text, value) ||
               script_error_at(evaluation->error, node->place, "the name %s is not known",
                               node->text);
    case CODE_TUPLE:
        *value = (struct code_value){.kind = VALUE_OF_TUPLE};
        if (!evaluate_items(evaluation, node->first, &items, &value->count))
            return false;
        value->items = items;
        return true;
    case CODE_CALL:
        return evaluate_call(evaluation, node, value);
    case CODE_UNARY:
        return evaluate_unary(evaluation, node, value);
    case CODE_BINARY:
        return evaluate_binary(evaluation, node, value);
    case CODE_COMPARE:
        return evaluate_compare(evaluation, node, value);
    case CODE_AND:
    case CODE_OR:
        return evaluate_logic(evaluation, node, value);
    case CODE_CONDITIONAL:
        return evaluate_conditional(evaluation, node, value);
    }
    return false;
}

static bool evaluate(struct evaluation *evaluation, const struct code_node *node,
                     struct code_value *value)
{
    bool done;

    if (evaluation->depth == EVAL_DEPTH_MAX)
        return fail_at(evaluation, node->place, "this expression is nested too deep");
    evaluation->depth++;
    done = evaluate_plain(evaluation, node, value);
    evaluation->depth--;
    return done;
}

/* ---- statements ---- */

/* "a = 1, b = 2": the names of an expression, each once, as far as they fit. */
static void name_values(struct evaluation *evaluation, const struct code_node *node, char *out,
                        size_t size, unsigned depth)
{
    for (; node != NULL && depth < EVAL_DEPTH_MAX; node = node->next) {
        struct code_value value;
        char start[80];
        size_t length = strlen(out);

        if (node->kind == CODE_NAME && look_up(evaluation->environment, node->text, &value)) {
            snprintf(start, sizeof start, "%s = ", node->text);
            if (strstr(out, start) == NULL)
                snprintf(out + length, size - length, "%s%s%s", length == 0 ? "" : ", ", start,
                         code_value_text(&value, true, &evaluation->environment->memory));
        }
        name_values(evaluation, node->first, out, size, depth + 1);
    }
}

static enum code_outcome fail_assertion(struct evaluation *evaluation,
                                        const struct code_statement *statement)
{
    struct script_memory *memory = &evaluation->environment->memory;
    const char *source = statement->source + strlen("assert");
    const char *message = "", *separator = "";
    struct code_node only = *statement->value;
    struct code_value value;
    char names[160] = "";

    source += strspn(source, " \t");
    if (statement->message != NULL && statement->message->kind != CODE_NAME) {
        if (!evaluate(evaluation, statement->message, &value))
            return CODE_FAILED;
        message = code_value_text(&value, false, memory);
        separator = ": ";
    }
    only.next = NULL;
    name_values(evaluation, &only, names, sizeof names, 0);
    script_error_at(evaluation->error, statement->place, "assertion failed: %.*s%s%s%s%s%s",
                    (int)strcspn(source, ",\n"), source, separator, message, names[0] ? " (" : "",
                    names, names[0] ? ")" : "");
    return CODE_ASSERTION_FAILED;
}

static bool assign(struct evaluation *evaluation, const struct code_statement *statement,
                   struct code_value *value)
{
    struct code_value old;
    const char *wrong;

    if (statement->op != OP_NONE) {
        if (!look_up(evaluation->environment, statement->name, &old))
            return script_error_at(evaluation->error, statement->place, "the name %s is not known",
                                   statement->name);
        wrong =
            code_value_compute(statement->op, &old, value, &evaluation->environment->memory, value);
        if (wrong != NULL)
            return fail_at(evaluation, statement->place, wrong);
    }
    set_variable(evaluation->environment, statement->name, value);
    return true;
}

/* Code and environment live as long as the script does, so values may point into both. */
static enum code_outcome run_statement(struct evaluation *evaluation,
                                       const struct code_statement *statement)
{
    struct code_value value;

    if (statement->kind == CODE_PASS)
        return CODE_PASSED;
    if (!evaluate(evaluation, statement->value, &value))
        return CODE_FAILED;
    if (statement->kind == CODE_ASSERT && !code_value_is_true(&value))
        return fail_assertion(evaluation, statement);
    if (statement->kind == CODE_ASSIGN && !assign(evaluation, statement, &value))
        return CODE_FAILED;
    return CODE_PASSED;
}

enum code_outcome drill_code_run(const struct drill_code *code,
                                 struct code_environment *environment, struct script_error *error)
{
    struct evaluation evaluation = {.environment = environment, .error = error};

    *error = (struct script_error){0};
    for (const struct code_statement *statement = code->statements; statement != NULL;
         statement = statement->next) {
        enum code_outcome outcome = run_statement(&evaluation, statement);

        if (outcome != CODE_PASSED)
            return outcome;
    }
    return CODE_PASSED;
}

void code_environment_free(struct code_environment *environment)
{
    script_memory_free(&environment->memory);
    environment->variables = NULL;
}
