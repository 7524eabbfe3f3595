/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * code.h: what scripts write in %{ }%: the few lines of Python that they need, and no Python.
 *
 *     assert tcpi_snd_cwnd == 10, 'cwnd=%d' % tcpi_snd_cwnd
 *     TCP_INFINITE_SSTHRESH = 0x7fffffff
 *     assert 98000 <= tcpi_rwnd_limited <= 110000; print(tcpi_rtt)
 *
 * Statements are assert, assignment (= += -= ...), pass and expressions; expressions have Python's
 * operators and precedences, chains of comparisons, tuples and lists, `a if c else b`, % formatting
 * and a few functions (print, abs, min, max, len, int, str, round). Anything else is refused by
 * name, at its place.
 *
 * Names are looked up in the caller's table (tcpi_..., TCP_CA_...) unless the code assigned them;
 * assigned ones last for the whole script.
 */
#ifndef LASTACK_CODE_H
#define LASTACK_CODE_H

#include "script_error.h"
#include "script_memory.h"

enum code_kind {
    CODE_INTEGER,
    CODE_FLOAT,
    CODE_STRING,
    CODE_NAME,
    CODE_CONSTANT, /* True, False, None: in `integer` 1, 0, -1 */
    CODE_TUPLE,    /* (a, b), [a, b]: members */
    CODE_CALL,     /* name in text, arguments are members */
    CODE_UNARY,    /* op, one member: - + ~ not */
    CODE_BINARY,   /* op, two members */
    CODE_COMPARE, /* the first member, then CODE_UNARY members: what it is compared with, and how */
    CODE_AND,     /* members */
    CODE_OR,
    CODE_CONDITIONAL, /* value, condition, other value */
};

enum code_op {
    OP_NONE,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_FLOOR_DIVIDE,
    OP_MODULO,
    OP_POWER,
    OP_BIT_AND,
    OP_BIT_OR,
    OP_BIT_XOR,
    OP_SHIFT_LEFT,
    OP_SHIFT_RIGHT,
    OP_NEGATE,
    OP_PLUS,
    OP_INVERT,
    OP_NOT,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_IN,
    OP_NOT_IN,
};

struct code_node {
    struct code_node *first, *next;
    enum code_kind kind;
    enum code_op op;
    struct place place;
    int64_t integer;
    double number;
    const char *text; /* name or string, NUL-terminated */
    size_t length;
};

enum code_statement_kind { CODE_ASSERT, CODE_ASSIGN, CODE_EXPRESSION, CODE_PASS };

struct code_statement {
    struct code_statement *next;
    enum code_statement_kind kind;
    struct place place;
    const char *source; /* the statement's own text, for messages */
    const char *name;   /* ASSIGN */
    enum code_op op;    /* ASSIGN: OP_NONE for =, OP_ADD for += ... */
    struct code_node *value;
    struct code_node *message; /* ASSERT: or NULL */
};

struct drill_code {
    const char *text; /* as written between %{ and }% */
    struct code_statement *statements;
};

/* Parses code that starts at `place` in its script. NULL with an error. */
struct drill_code *drill_code_parse(const char *text, size_t length, struct place place,
                                    struct script_memory *memory, struct script_error *error);

/* ---- running ---- */

/* The value of a name; false if there is none. */
typedef bool code_lookup(void *context, const char *name, int64_t *value);
/* One line that print() wrote, without its newline. */
typedef void code_print(void *context, const char *line);

struct code_variable;

struct code_environment {
    code_lookup *lookup;
    code_print *print;           /* may be NULL */
    void *context;               /* of both */
    struct script_memory memory; /* of variables and results */
    struct code_variable *variables;
};

enum code_outcome {
    CODE_PASSED,
    CODE_ASSERTION_FAILED, /* the error says which, and what the names in it were */
    CODE_FAILED, /* the code itself is wrong: an unknown name, a string minus a number ... */
};

enum code_outcome drill_code_run(const struct drill_code *code,
                                 struct code_environment *environment, struct script_error *error);

void code_environment_free(struct code_environment *environment);

#endif
