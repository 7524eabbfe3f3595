/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_code.c: the text of %{ }% as statements and expressions.
 *
 *     statement:   assert E [, E] | NAME = E | NAME op= E | pass | E
 *     E:           or [if or else E]
 *     or:          and {or and}            and: not {and not}       not: [not] compare
 *     compare:     binary {(== != < <= > >= in, not in) binary}
 *     binary:      | then ^ then & then << >> then + - then * / // % then unary (- + ~) then **,
 *                  each level of the next: Python's precedences; the last level is primary
 *     primary:     number | strings | NAME | NAME(E, ...) | (E, ...) | [E, ...] | True False None
 *
 * Statements end at a newline, a ';' or the end. A newline inside parentheses or behind a backslash
 * does not end a statement; # starts a comment.
 */
#include "code_tokens.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 50, NODES_MAX = 20000 };

/* ---- expressions ---- */

static bool parse_expression(struct code_reader *reader, struct code_node **node);

static bool node_new(struct code_reader *reader, enum code_kind kind, struct code_node **node)
{
    if (reader->nodes++ == NODES_MAX)
        return code_fail(reader, "this code is too long");
    *node = script_take(reader->memory, sizeof **node);
    (*node)->kind = kind;
    (*node)->place = code_place(reader, reader->from);
    return true;
}

static bool enter(struct code_reader *reader)
{
    return reader->depth++ < DEPTH_MAX || code_fail(reader, "expressions are nested too deep");
}

/* Adjacent strings are one. Escapes: \n \t \\ \' \". */
static bool parse_strings(struct code_reader *reader, struct code_node **node)
{
    size_t length = 0, room = 0;
    char *text = NULL;

    if (!node_new(reader, CODE_STRING, node))
        return false;
    while (reader->kind == AT_STRING) {
        size_t piece = reader->to - reader->from;

        if (length + piece + 1 > room) {
            char *more = script_take(reader->memory, room = 2 * (length + piece + 1));

            text = length == 0 ? more : memcpy(more, text, length);
        }
        for (size_t i = reader->from; i < reader->to; i++) {
            char c = reader->text[i];

            if (c == '\\' && i + 1 < reader->to) {
                c = reader->text[++i];
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
            }
            text[length++] = c;
        }
        if (!code_next(reader))
            return false;
    }
    text[length] = '\0';
    (*node)->text = text;
    (*node)->length = length;
    return true;
}

/* Expressions with commas between, up to a closing bracket, which is taken. */
static bool parse_items(struct code_reader *reader, struct code_node *owner, const char *close,
                        bool *has_comma)
{
    struct code_node **end = &owner->first;
    bool closed;

    *has_comma = false;
    for (;;) {
        if (code_token_is(reader, close))
            break;
        if (!parse_expression(reader, end))
            return false;
        end = &(*end)->next;
        if (code_token_is(reader, close))
            break;
        if (!code_take(reader, ",", "expected , or the closing bracket"))
            return false;
        *has_comma = true;
    }
    reader->parentheses--;
    return code_try_take(reader, close, &closed);
}

static bool parse_bracket(struct code_reader *reader, struct code_node **node)
{
    const char *close = code_token_is(reader, "(") ? ")" : "]";
    bool has_comma;

    if (!node_new(reader, CODE_TUPLE, node))
        return false;
    reader->parentheses++;
    if (!code_next(reader) || !parse_items(reader, *node, close, &has_comma))
        return false;
    if (*close == ')' && !has_comma && (*node)->first != NULL)
        *node = (*node)->first; /* parentheses only */
    return true;
}

static bool parse_name(struct code_reader *reader, struct code_node **node)
{
    static const struct {
        const char *name;
        int64_t value;
    } constants[] = {{"True", 1}, {"False", 0}, {"None", -1}};
    bool has_comma;

    if (!node_new(reader, CODE_NAME, node))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!code_token_is(reader, constants[i].name))
            continue;
        (*node)->kind = CODE_CONSTANT;
        (*node)->integer = constants[i].value;
        return code_next(reader);
    }
    (*node)->length = reader->to - reader->from;
    (*node)->text = script_copy(reader->memory, reader->text + reader->from, (*node)->length);
    if (!code_next(reader))
        return false;
    if (!code_token_is(reader, "("))
        return true;
    (*node)->kind = CODE_CALL;
    reader->parentheses++;
    return code_next(reader) && parse_items(reader, *node, ")", &has_comma);
}

static bool parse_float(struct code_reader *reader, struct code_node **node)
{
    char *end,
        *text = script_copy(reader->memory, reader->text + reader->from, reader->to - reader->from);

    if (!node_new(reader, CODE_FLOAT, node))
        return false;
    (*node)->number = strtod(text, &end);
    return *end == '\0' ? code_next(reader) : code_fail(reader, "expected a number");
}

static bool parse_primary(struct code_reader *reader, struct code_node **node)
{
    static const char *const words[] = {"if", "else", "and",    "or", "not",
                                        "in", "is",   "lambda", "for"};

    switch (reader->kind) {
    case AT_NUMBER:
        if (!node_new(reader, CODE_INTEGER, node))
            return false;
        (*node)->integer = reader->integer;
        return code_next(reader);
    case AT_FLOAT:
        return parse_float(reader, node);
    case AT_STRING:
        return parse_strings(reader, node);
    case AT_NAME:
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (code_token_is(reader, words[i]))
                return code_fail(reader, "expected a value");
        return parse_name(reader, node);
    case AT_OP:
        if (code_token_is(reader, "(") || code_token_is(reader, "["))
            return parse_bracket(reader, node);
        break;
    case AT_END:
    case AT_NEWLINE:
        break;
    }
    return code_fail(reader, "expected a value");
}

static bool unary_op(const struct code_reader *reader, enum code_op *op)
{
    *op = code_token_is(reader, "-")   ? OP_NEGATE
          : code_token_is(reader, "+") ? OP_PLUS
          : code_token_is(reader, "~") ? OP_INVERT
                                       : OP_NONE;
    return *op != OP_NONE;
}

/* - + ~, and ** which binds tighter on its left and looser on its right. */
static bool parse_unary(struct code_reader *reader, struct code_node **node)
{
    enum code_op op;
    struct code_node *power = NULL;
    bool taken;

    if (!enter(reader))
        return false;
    if (unary_op(reader, &op)) {
        if (!node_new(reader, CODE_UNARY, node))
            return false;
        (*node)->op = op;
        if (!code_next(reader) || !parse_unary(reader, &(*node)->first))
            return false;
    } else {
        if (!parse_primary(reader, node) || !code_try_take(reader, "**", &taken))
            return false;
        if (taken) {
            if (!node_new(reader, CODE_BINARY, &power) || !parse_unary(reader, &(*node)->next))
                return false;
            power->op = OP_POWER;
            power->first = *node;
            *node = power;
        }
    }
    reader->depth--;
    return true;
}

/* The binary operators by level, loosest first. */
static const struct {
    int level;
    const char *text;
    enum code_op op;
} binaries[] = {
    {0, "|", OP_BIT_OR},        {1, "^", OP_BIT_XOR},      {2, "&", OP_BIT_AND},
    {3, "<<", OP_SHIFT_LEFT},   {3, ">>", OP_SHIFT_RIGHT}, {4, "+", OP_ADD},
    {4, "-", OP_SUBTRACT},      {5, "*", OP_MULTIPLY},     {5, "/", OP_DIVIDE},
    {5, "//", OP_FLOOR_DIVIDE}, {5, "%", OP_MODULO},
};

enum { BINARY_LEVELS = 6 };

static bool binary_op(const struct code_reader *reader, int level, enum code_op *op)
{
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        if (binaries[i].level != level || !code_token_is(reader, binaries[i].text))
            continue;
        *op = binaries[i].op;
        return true;
    }
    return false;
}

static bool parse_binary(struct code_reader *reader, int level, struct code_node **node)
{
    enum code_op op;

    if (level == BINARY_LEVELS)
        return parse_unary(reader, node);
    if (!parse_binary(reader, level + 1, node))
        return false;
    while (binary_op(reader, level, &op)) {
        struct code_node *both = NULL;

        if (!node_new(reader, CODE_BINARY, &both) || !code_next(reader) ||
            !parse_binary(reader, level + 1, &(*node)->next))
            return false;
        both->op = op;
        both->first = *node;
        *node = both;
    }
    return true;
}

/* "not in" is two words; `is` compares like ==, which for numbers and None it does. */
static bool take_compare_op(struct code_reader *reader, enum code_op *op)
{
    static const struct {
        const char *text;
        enum code_op op;
    } compares[] = {{"==", OP_EQUAL},      {"!=", OP_NOT_EQUAL}, {"<", OP_LESS},
                    {"<=", OP_LESS_EQUAL}, {">", OP_GREATER},    {">=", OP_GREATER_EQUAL},
                    {"in", OP_IN},         {"is", OP_EQUAL}};
    bool is_not;

    *op = OP_NONE;
    for (size_t i = 0; i < sizeof compares / sizeof compares[0]; i++)
        if (code_token_is(reader, compares[i].text))
            *op = compares[i].op;
    if (*op != OP_NONE) {
        bool is_is = code_token_is(reader, "is");

        if (!code_next(reader) || !is_is)
            return reader->error->message[0] == '\0';
        if (!code_try_take(reader, "not", &is_not))
            return false;
        *op = is_not ? OP_NOT_EQUAL : OP_EQUAL;
        return true;
    }
    if (!code_token_is(reader, "not"))
        return true;
    *op = OP_NOT_IN;
    return code_next(reader) && code_take(reader, "in", "expected in behind not");
}

static bool parse_compare(struct code_reader *reader, struct code_node **node)
{
    struct code_node *chain = NULL, **end = NULL;
    enum code_op op;

    if (!parse_binary(reader, 0, node))
        return false;
    for (;;) {
        if (!take_compare_op(reader, &op))
            return false;
        if (op == OP_NONE)
            return true;
        if (chain == NULL) {
            if (!node_new(reader, CODE_COMPARE, &chain))
                return false;
            chain->place = (*node)->place;
            chain->first = *node;
            end = &(*node)->next;
            *node = chain;
        }
        if (!parse_binary(reader, 0, end))
            return false;
        /* the operator stands on a node of its own, so that the operand keeps its own */
        struct code_node *operand = *end;

        if (!node_new(reader, CODE_UNARY, end))
            return false;
        (*end)->op = op;
        (*end)->first = operand;
        end = &(*end)->next;
    }
}

static bool parse_not(struct code_reader *reader, struct code_node **node)
{
    struct code_node *operand;

    if (!code_token_is(reader, "not"))
        return parse_compare(reader, node);
    if (!enter(reader) || !node_new(reader, CODE_UNARY, node) || !code_next(reader) ||
        !parse_not(reader, &operand))
        return false;
    (*node)->op = OP_NOT;
    (*node)->first = operand;
    reader->depth--;
    return true;
}

static bool parse_logic(struct code_reader *reader, enum code_kind kind, struct code_node **node)
{
    bool (*inner)(struct code_reader *, enum code_kind, struct code_node **) =
        kind == CODE_OR ? parse_logic : NULL;
    const char *word = kind == CODE_OR ? "or" : "and";
    struct code_node *all = NULL, **end = NULL;
    bool taken;

    if (inner ? !inner(reader, CODE_AND, node) : !parse_not(reader, node))
        return false;
    for (;;) {
        if (!code_try_take(reader, word, &taken))
            return false;
        if (!taken)
            return true;
        if (all == NULL) {
            if (!node_new(reader, kind, &all))
                return false;
            all->first = *node;
            end = &(*node)->next;
            *node = all;
        }
        if (inner ? !inner(reader, CODE_AND, end) : !parse_not(reader, end))
            return false;
        end = &(*end)->next;
    }
}

static bool parse_expression(struct code_reader *reader, struct code_node **node)
{
    struct code_node *choice = NULL;
    bool taken;

    if (!enter(reader) || !parse_logic(reader, CODE_OR, node) ||
        !code_try_take(reader, "if", &taken))
        return false;
    if (taken) {
        if (!node_new(reader, CODE_CONDITIONAL, &choice) ||
            !parse_logic(reader, CODE_OR, &(*node)->next) ||
            !code_take(reader, "else", "expected else") ||
            !parse_expression(reader, &(*node)->next->next))
            return false;
        choice->first = *node;
        *node = choice;
    }
    reader->depth--;
    return true;
}

/* An expression that may be a tuple without parentheses: a, b */
static bool parse_expressions(struct code_reader *reader, struct code_node **node)
{
    struct code_node *tuple = NULL, **end;
    bool again;

    if (!parse_expression(reader, node) || !code_try_take(reader, ",", &again))
        return false;
    if (!again)
        return true;
    if (!node_new(reader, CODE_TUPLE, &tuple))
        return false;
    tuple->first = *node;
    end = &(*node)->next;
    *node = tuple;
    while (again && reader->kind != AT_END && reader->kind != AT_NEWLINE) {
        if (!parse_expression(reader, end) || !code_try_take(reader, ",", &again))
            return false;
        end = &(*end)->next;
    }
    return true;
}

/* ---- statements ---- */

static bool refuse_compound(struct code_reader *reader)
{
    static const char *const words[] = {"if",   "for",    "while", "def",   "import",
                                        "from", "class",  "try",   "with",  "return",
                                        "del",  "global", "raise", "lambda"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (code_token_is(reader, words[i]))
            return script_error_at(
                reader->error, code_place(reader, reader->from),
                "\"%s\" is not supported: code in %%{ }%% has assert, assignments and "
                "expressions",
                words[i]);
    return true;
}

/* = or op=; *is_assignment = false when neither stands here. */
static bool take_assignment(struct code_reader *reader, enum code_op *op, bool *is_assignment)
{
    static const struct {
        const char *text;
        enum code_op op;
    } ops[] = {{"=", OP_NONE},         {"+=", OP_ADD},     {"-=", OP_SUBTRACT},
               {"*=", OP_MULTIPLY},    {"/=", OP_DIVIDE},  {"//=", OP_FLOOR_DIVIDE},
               {"%=", OP_MODULO},      {"**=", OP_POWER},  {"&=", OP_BIT_AND},
               {"|=", OP_BIT_OR},      {"^=", OP_BIT_XOR}, {"<<=", OP_SHIFT_LEFT},
               {">>=", OP_SHIFT_RIGHT}};

    *is_assignment = false;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (!code_token_is(reader, ops[i].text))
            continue;
        *op = ops[i].op;
        *is_assignment = true;
        return code_next(reader);
    }
    return true;
}

static bool parse_assert(struct code_reader *reader, struct code_statement *statement)
{
    bool taken;

    statement->kind = CODE_ASSERT;
    return code_next(reader) && parse_expression(reader, &statement->value) &&
           code_try_take(reader, ",", &taken) &&
           (!taken || parse_expressions(reader, &statement->message));
}

static bool parse_simple(struct code_reader *reader, struct code_statement *statement)
{
    bool is_assignment;

    if (code_token_is(reader, "assert"))
        return parse_assert(reader, statement);
    if (code_token_is(reader, "pass")) {
        statement->kind = CODE_PASS;
        return code_next(reader);
    }
    statement->kind = CODE_EXPRESSION;
    if (!parse_expressions(reader, &statement->value) ||
        !take_assignment(reader, &statement->op, &is_assignment))
        return false;
    if (!is_assignment)
        return true;
    if (statement->value->kind != CODE_NAME)
        return script_error_at(reader->error, statement->place, "only a name can be assigned to");
    statement->kind = CODE_ASSIGN;
    statement->name = statement->value->text;
    return parse_expressions(reader, &statement->value);
}

static bool parse_statement(struct code_reader *reader, struct code_statement *statement)
{
    size_t from = reader->from, to;

    statement->place = code_place(reader, from);
    if (!refuse_compound(reader) || !parse_simple(reader, statement))
        return false;
    if (reader->kind != AT_END && reader->kind != AT_NEWLINE)
        return code_fail(reader, "expected the end of the statement");
    for (to = reader->from; to > from && strchr(" \t\r\n\\", reader->text[to - 1]) != NULL; to--)
        ;
    statement->source = script_copy(reader->memory, reader->text + from, to - from);
    return true;
}

struct drill_code *drill_code_parse(const char *text, size_t length, struct place place,
                                    struct script_memory *memory, struct script_error *error)
{
    struct code_reader reader = {
        .text = text, .length = length, .place = place, .memory = memory, .error = error};
    struct drill_code *code = script_take(memory, sizeof *code);
    struct code_statement **end = &code->statements;

    code->text = script_copy(memory, text, length);
    if (!code_next(&reader))
        return NULL;
    while (reader.kind != AT_END) {
        if (reader.kind == AT_NEWLINE) {
            if (!code_next(&reader))
                return NULL;
            continue;
        }
        *end = script_take(memory, sizeof **end);
        if (!parse_statement(&reader, *end))
            return NULL;
        end = &(*end)->next;
    }
    return code;
}
