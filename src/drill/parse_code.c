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
#include "code.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 50, NODES_MAX = 20000 };

enum symbol_kind { AT_END, AT_NEWLINE, AT_NUMBER, AT_FLOAT, AT_STRING, AT_NAME, AT_OP };

struct reader {
    const char *text;
    size_t length, at;
    size_t placed;            /* an offset whose place is known: places are asked for in order */
    struct place place;
    struct script_memory *memory;
    struct script_error *error;
    unsigned parentheses, depth, nodes;
    /* the token at hand: */
    enum symbol_kind kind;
    size_t from, to;          /* its text */
    int64_t integer;
};

/* ---- tokens ---- */

/* Offsets never decrease from call to call, so all calls together read the text once. */
static struct place place_of(struct reader *reader, size_t offset)
{
    for (; reader->placed < offset; reader->placed++) {
        reader->place.column++;
        if (reader->text[reader->placed] == '\n')
            reader->place = (struct place){reader->place.line + 1, 1};
    }
    return reader->place;
}

static bool fail(struct reader *reader, const char *message)
{
    size_t length = reader->to - reader->from;

    if (reader->kind == AT_END || reader->kind == AT_NEWLINE)
        return script_error_at(reader->error, place_of(reader, reader->from),
                               "%s, got the end of the "
                               "statement",
                               message);
    return script_error_at(reader->error, place_of(reader, reader->from), "%s, got \"%.*s\"",
                           message, (int)(length > 40 ? 40 : length), reader->text + reader->from);
}

static int char_at(const struct reader *reader, size_t at)
{
    return at < reader->length ? (unsigned char)reader->text[at] : -1;
}

static bool is_name_char(int c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_blanks(struct reader *reader)
{
    for (;;) {
        int c = char_at(reader, reader->at);

        if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && reader->parentheses > 0)) {
            reader->at++;
        } else if (c == '\\' && char_at(reader, reader->at + 1) == '\n') {
            reader->at += 2;
        } else if (c == '#') {
            while (char_at(reader, reader->at) != -1 && char_at(reader, reader->at) != '\n')
                reader->at++;
        } else {
            return;
        }
    }
}

static bool read_integer(struct reader *reader, unsigned base, size_t from)
{
    uint64_t sum = 0;

    for (size_t i = from; i < reader->to; i++) {
        int c = char_at(reader, i);
        unsigned digit = c <= '9' ? (unsigned)c - '0' : ((unsigned)c | 0x20) - 'a' + 10;

        if (digit >= base)
            return fail(reader, "expected a number");
        if (sum > ((uint64_t)INT64_MAX - digit) / base)
            return fail(reader, "the number is too large");
        sum = sum * base + digit;
    }
    reader->integer = (int64_t)sum;
    return reader->to > from || fail(reader, "expected a number");
}

static bool read_number(struct reader *reader)
{
    bool is_hex =
        char_at(reader, reader->at) == '0' && (char_at(reader, reader->at + 1) | 0x20) == 'x';
    bool is_float = false;

    reader->to = reader->at;
    for (int c; is_name_char(c = char_at(reader, reader->to)) || (c == '.' && !is_float && !is_hex);
         reader->to++)
        is_float |= c == '.';
    reader->at = reader->to;
    if (is_float ||
        (!is_hex && memchr(reader->text + reader->from, 'e', reader->to - reader->from))) {
        reader->kind = AT_FLOAT;
        return true;
    }
    reader->kind = AT_NUMBER;
    return read_integer(reader, is_hex ? 16 : 10, reader->from + (is_hex ? 2 : 0));
}

/* 'text' or "text": the token is what stands inside. */
static bool read_string(struct reader *reader)
{
    int quote = char_at(reader, reader->at);

    reader->kind = AT_STRING;
    reader->from = reader->to = reader->at + 1;
    while (char_at(reader, reader->to) != quote) {
        if (char_at(reader, reader->to) == -1 || char_at(reader, reader->to) == '\n')
            return script_error_at(reader->error, place_of(reader, reader->at),
                                   "this string is never closed");
        reader->to += char_at(reader, reader->to) == '\\' &&
                              char_at(reader, reader->to + 1) > '\n' ? 2 : 1;
    }
    reader->at = reader->to + 1;
    return true;
}

static void read_operator(struct reader *reader)
{
    static const char *const longest[] = {
        "**=", "//=", "<<=", ">>=", "==", "!=", "<=", ">=", "**", "//",
        "<<",  ">>",  "+=",  "-=",  "*=", "/=", "%=", "&=", "|=", "^="};

    reader->kind = AT_OP;
    reader->to = reader->at + 1;
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
        size_t length = strlen(longest[i]);

        if (reader->length - reader->at < length ||
            memcmp(reader->text + reader->at, longest[i], length) != 0)
            continue;
        reader->to = reader->at + length;
        break;
    }
    reader->at = reader->to;
}

static bool next(struct reader *reader)
{
    int c;

    skip_blanks(reader);
    reader->from = reader->to = reader->at;
    c = char_at(reader, reader->at);
    if (c == -1) {
        reader->kind = AT_END;
        return true;
    }
    if (c == '\n' || c == ';') {
        reader->kind = AT_NEWLINE;
        reader->to = ++reader->at;
        return true;
    }
    if ((c >= '0' && c <= '9') || (c == '.' && char_at(reader, reader->at + 1) >= '0' &&
                                   char_at(reader, reader->at + 1) <= '9'))
        return read_number(reader);
    if (c == '\'' || c == '"')
        return read_string(reader);
    if (!is_name_char(c)) {
        read_operator(reader);
        return true;
    }
    reader->kind = AT_NAME;
    while (is_name_char(char_at(reader, reader->to)))
        reader->to++;
    reader->at = reader->to;
    return true;
}

static bool token_is(const struct reader *reader, const char *text)
{
    size_t length = strlen(text);

    return (reader->kind == AT_OP || reader->kind == AT_NAME) &&
           reader->to - reader->from == length &&
           memcmp(reader->text + reader->from, text, length) == 0;
}

/* Takes an operator or a word if it is at hand. */
static bool try_take(struct reader *reader, const char *text, bool *taken)
{
    *taken = token_is(reader, text);
    return !*taken || next(reader);
}

static bool take(struct reader *reader, const char *text, const char *message)
{
    return token_is(reader, text) ? next(reader) : fail(reader, message);
}

/* ---- expressions ---- */

static bool parse_expression(struct reader *reader, struct code_node **node);

static bool node_new(struct reader *reader, enum code_kind kind, struct code_node **node)
{
    if (reader->nodes++ == NODES_MAX)
        return fail(reader, "this code is too long");
    *node = script_take(reader->memory, sizeof **node);
    (*node)->kind = kind;
    (*node)->place = place_of(reader, reader->from);
    return true;
}

static bool enter(struct reader *reader)
{
    return reader->depth++ < DEPTH_MAX || fail(reader, "expressions are nested too deep");
}

/* Adjacent strings are one. Escapes: \n \t \\ \' \". */
static bool parse_strings(struct reader *reader, struct code_node **node)
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
        if (!next(reader))
            return false;
    }
    text[length] = '\0';
    (*node)->text = text;
    (*node)->length = length;
    return true;
}

/* Expressions with commas between, up to a closing bracket, which is taken. */
static bool parse_items(struct reader *reader, struct code_node *owner, const char *close,
                        bool *has_comma)
{
    struct code_node **end = &owner->first;
    bool closed;

    *has_comma = false;
    for (;;) {
        if (token_is(reader, close))
            break;
        if (!parse_expression(reader, end))
            return false;
        end = &(*end)->next;
        if (token_is(reader, close))
            break;
        if (!take(reader, ",", "expected , or the closing bracket"))
            return false;
        *has_comma = true;
    }
    reader->parentheses--;
    return try_take(reader, close, &closed);
}

static bool parse_bracket(struct reader *reader, struct code_node **node)
{
    const char *close = token_is(reader, "(") ? ")" : "]";
    bool has_comma;

    if (!node_new(reader, CODE_TUPLE, node))
        return false;
    reader->parentheses++;
    if (!next(reader) || !parse_items(reader, *node, close, &has_comma))
        return false;
    if (*close == ')' && !has_comma && (*node)->first != NULL)
        *node = (*node)->first; /* parentheses only */
    return true;
}

static bool parse_name(struct reader *reader, struct code_node **node)
{
    static const struct {
        const char *name;
        int64_t value;
    } constants[] = {{"True", 1}, {"False", 0}, {"None", -1}};
    bool has_comma;

    if (!node_new(reader, CODE_NAME, node))
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!token_is(reader, constants[i].name))
            continue;
        (*node)->kind = CODE_CONSTANT;
        (*node)->integer = constants[i].value;
        return next(reader);
    }
    (*node)->length = reader->to - reader->from;
    (*node)->text = script_copy(reader->memory, reader->text + reader->from, (*node)->length);
    if (!next(reader))
        return false;
    if (!token_is(reader, "("))
        return true;
    (*node)->kind = CODE_CALL;
    reader->parentheses++;
    return next(reader) && parse_items(reader, *node, ")", &has_comma);
}

static bool parse_float(struct reader *reader, struct code_node **node)
{
    char *end, *text = script_copy(reader->memory, reader->text + reader->from,
                                   reader->to - reader->from);

    if (!node_new(reader, CODE_FLOAT, node))
        return false;
    (*node)->number = strtod(text, &end);
    return *end == '\0' ? next(reader) : fail(reader, "expected a number");
}

static bool parse_primary(struct reader *reader, struct code_node **node)
{
    static const char *const words[] = {"if", "else", "and",    "or", "not",
                                        "in", "is",   "lambda", "for"};

    switch (reader->kind) {
    case AT_NUMBER:
        if (!node_new(reader, CODE_INTEGER, node))
            return false;
        (*node)->integer = reader->integer;
        return next(reader);
    case AT_FLOAT:
        return parse_float(reader, node);
    case AT_STRING:
        return parse_strings(reader, node);
    case AT_NAME:
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
            if (token_is(reader, words[i]))
                return fail(reader, "expected a value");
        return parse_name(reader, node);
    case AT_OP:
        if (token_is(reader, "(") || token_is(reader, "["))
            return parse_bracket(reader, node);
        break;
    case AT_END:
    case AT_NEWLINE:
        break;
    }
    return fail(reader, "expected a value");
}

static bool unary_op(const struct reader *reader, enum code_op *op)
{
    *op = token_is(reader, "-") ? OP_NEGATE : token_is(reader, "+") ? OP_PLUS
          : token_is(reader, "~") ? OP_INVERT : OP_NONE;
    return *op != OP_NONE;
}

/* - + ~, and ** which binds tighter on its left and looser on its right. */
static bool parse_unary(struct reader *reader, struct code_node **node)
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
        if (!next(reader) || !parse_unary(reader, &(*node)->first))
            return false;
    } else {
        if (!parse_primary(reader, node) || !try_take(reader, "**", &taken))
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
    {0, "|", OP_BIT_OR},      {1, "^", OP_BIT_XOR},      {2, "&", OP_BIT_AND},
    {3, "<<", OP_SHIFT_LEFT}, {3, ">>", OP_SHIFT_RIGHT}, {4, "+", OP_ADD},
    {4, "-", OP_SUBTRACT},    {5, "*", OP_MULTIPLY},     {5, "/", OP_DIVIDE},
    {5, "//", OP_FLOOR_DIVIDE}, {5, "%", OP_MODULO},
};

enum { BINARY_LEVELS = 6 };

static bool binary_op(const struct reader *reader, int level, enum code_op *op)
{
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++) {
        if (binaries[i].level != level || !token_is(reader, binaries[i].text))
            continue;
        *op = binaries[i].op;
        return true;
    }
    return false;
}

static bool parse_binary(struct reader *reader, int level, struct code_node **node)
{
    enum code_op op;

    if (level == BINARY_LEVELS)
        return parse_unary(reader, node);
    if (!parse_binary(reader, level + 1, node))
        return false;
    while (binary_op(reader, level, &op)) {
        struct code_node *both = NULL;

        if (!node_new(reader, CODE_BINARY, &both) || !next(reader) ||
            !parse_binary(reader, level + 1, &(*node)->next))
            return false;
        both->op = op;
        both->first = *node;
        *node = both;
    }
    return true;
}

/* "not in" is two words; `is` compares like ==, which for numbers and None it does. */
static bool take_compare_op(struct reader *reader, enum code_op *op)
{
    static const struct {
        const char *text;
        enum code_op op;
    } compares[] = {{"==", OP_EQUAL}, {"!=", OP_NOT_EQUAL}, {"<", OP_LESS}, {"<=", OP_LESS_EQUAL},
                    {">", OP_GREATER}, {">=", OP_GREATER_EQUAL}, {"in", OP_IN}, {"is", OP_EQUAL}};
    bool is_not;

    *op = OP_NONE;
    for (size_t i = 0; i < sizeof compares / sizeof compares[0]; i++)
        if (token_is(reader, compares[i].text))
            *op = compares[i].op;
    if (*op != OP_NONE) {
        bool is_is = token_is(reader, "is");

        if (!next(reader) || !is_is)
            return reader->error->message[0] == '\0';
        if (!try_take(reader, "not", &is_not))
            return false;
        *op = is_not ? OP_NOT_EQUAL : OP_EQUAL;
        return true;
    }
    if (!token_is(reader, "not"))
        return true;
    *op = OP_NOT_IN;
    return next(reader) && take(reader, "in", "expected in behind not");
}

static bool parse_compare(struct reader *reader, struct code_node **node)
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

static bool parse_not(struct reader *reader, struct code_node **node)
{
    struct code_node *operand;

    if (!token_is(reader, "not"))
        return parse_compare(reader, node);
    if (!enter(reader) || !node_new(reader, CODE_UNARY, node) || !next(reader) ||
        !parse_not(reader, &operand))
        return false;
    (*node)->op = OP_NOT;
    (*node)->first = operand;
    reader->depth--;
    return true;
}

static bool parse_logic(struct reader *reader, enum code_kind kind, struct code_node **node)
{
    bool (*inner)(struct reader *, enum code_kind, struct code_node **) =
        kind == CODE_OR ? parse_logic : NULL;
    const char *word = kind == CODE_OR ? "or" : "and";
    struct code_node *all = NULL, **end = NULL;
    bool taken;

    if (inner ? !inner(reader, CODE_AND, node) : !parse_not(reader, node))
        return false;
    for (;;) {
        if (!try_take(reader, word, &taken))
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

static bool parse_expression(struct reader *reader, struct code_node **node)
{
    struct code_node *choice = NULL;
    bool taken;

    if (!enter(reader) || !parse_logic(reader, CODE_OR, node) || !try_take(reader, "if", &taken))
        return false;
    if (taken) {
        if (!node_new(reader, CODE_CONDITIONAL, &choice) ||
            !parse_logic(reader, CODE_OR, &(*node)->next) ||
            !take(reader, "else", "expected else") ||
            !parse_expression(reader, &(*node)->next->next))
            return false;
        choice->first = *node;
        *node = choice;
    }
    reader->depth--;
    return true;
}

/* An expression that may be a tuple without parentheses: a, b */
static bool parse_expressions(struct reader *reader, struct code_node **node)
{
    struct code_node *tuple = NULL, **end;
    bool again;

    if (!parse_expression(reader, node) || !try_take(reader, ",", &again))
        return false;
    if (!again)
        return true;
    if (!node_new(reader, CODE_TUPLE, &tuple))
        return false;
    tuple->first = *node;
    end = &(*node)->next;
    *node = tuple;
    while (again && reader->kind != AT_END && reader->kind != AT_NEWLINE) {
        if (!parse_expression(reader, end) || !try_take(reader, ",", &again))
            return false;
        end = &(*end)->next;
    }
    return true;
}

/* ---- statements ---- */

static bool refuse_compound(struct reader *reader)
{
    static const char *const words[] = {"if",   "for",    "while", "def",   "import",
                                        "from", "class",  "try",   "with",  "return",
                                        "del",  "global", "raise", "lambda"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (token_is(reader, words[i]))
            return script_error_at(
                reader->error, place_of(reader, reader->from),
                "\"%s\" is not supported: code in %%{ }%% has assert, assignments and "
                "expressions",
                words[i]);
    return true;
}

/* = or op=; *is_assignment = false when neither stands here. */
static bool take_assignment(struct reader *reader, enum code_op *op, bool *is_assignment)
{
    static const struct {
        const char *text;
        enum code_op op;
    } ops[] = {{"=", OP_NONE}, {"+=", OP_ADD}, {"-=", OP_SUBTRACT}, {"*=", OP_MULTIPLY},
               {"/=", OP_DIVIDE}, {"//=", OP_FLOOR_DIVIDE}, {"%=", OP_MODULO}, {"**=", OP_POWER},
               {"&=", OP_BIT_AND}, {"|=", OP_BIT_OR}, {"^=", OP_BIT_XOR}, {"<<=", OP_SHIFT_LEFT},
               {">>=", OP_SHIFT_RIGHT}};

    *is_assignment = false;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (!token_is(reader, ops[i].text))
            continue;
        *op = ops[i].op;
        *is_assignment = true;
        return next(reader);
    }
    return true;
}

static bool parse_assert(struct reader *reader, struct code_statement *statement)
{
    bool taken;

    statement->kind = CODE_ASSERT;
    return next(reader) && parse_expression(reader, &statement->value) &&
           try_take(reader, ",", &taken) &&
           (!taken || parse_expressions(reader, &statement->message));
}

static bool parse_simple(struct reader *reader, struct code_statement *statement)
{
    bool is_assignment;

    if (token_is(reader, "assert"))
        return parse_assert(reader, statement);
    if (token_is(reader, "pass")) {
        statement->kind = CODE_PASS;
        return next(reader);
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

static bool parse_statement(struct reader *reader, struct code_statement *statement)
{
    size_t from = reader->from, to;

    statement->place = place_of(reader, from);
    if (!refuse_compound(reader) || !parse_simple(reader, statement))
        return false;
    if (reader->kind != AT_END && reader->kind != AT_NEWLINE)
        return fail(reader, "expected the end of the statement");
    for (to = reader->from; to > from && strchr(" \t\r\n\\", reader->text[to - 1]) != NULL; to--)
        ;
    statement->source = script_copy(reader->memory, reader->text + from, to - from);
    return true;
}

struct drill_code *drill_code_parse(const char *text, size_t length, struct place place,
                                    struct script_memory *memory, struct script_error *error)
{
    struct reader reader = {.text = text, .length = length, .place = place, .memory = memory,
                            .error = error};
    struct drill_code *code = script_take(memory, sizeof *code);
    struct code_statement **end = &code->statements;

    code->text = script_copy(memory, text, length);
    if (!next(&reader))
        return NULL;
    while (reader.kind != AT_END) {
        if (reader.kind == AT_NEWLINE) {
            if (!next(&reader))
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
