/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_words.c: the text of a filter as tokens.
 *
 *     "sport>=:80&&!(dst ::1)"  ─▶  sport  >=  :80  &&  !  (  dst  ::1  )
 *
 * One token is in hand. The first error stays: behind it every token is "", so that the parser
 * comes home without asking.
 */
#include "filter_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void filter_fail(struct filter_parser *p, size_t position, const char *message, const char *word)
{
    if (p->has_failed)
        return;
    p->has_failed = true;
    p->error->position = position;
    char shown[48]; /* the word itself stands above the caret: its beginning is enough here */
    size_t length = strnlen(word, sizeof shown - 1);
    for (size_t i = 0; i < length; i++)
        shown[i] = iscntrl((unsigned char)word[i]) ? '?' : word[i];
    shown[length] = '\0';
    snprintf(p->error->message, sizeof p->error->message, message, shown);
}

static bool is_operator_char(char c)
{
    return c != '\0' && strchr("()!&|=<>", c) != NULL;
}

/* "<=", "&&" ... or a word; an operator is as long as possible. */
static size_t token_length(const char *text)
{
    static const char *const twos[] = {"&&", "||", "==", "!=", "<=", ">="};
    for (size_t i = 0; i < sizeof twos / sizeof twos[0]; i++)
        if (strncmp(text, twos[i], 2) == 0)
            return 2;
    if (is_operator_char(text[0]))
        return 1;
    size_t length = 0;
    while (text[length] != '\0' && !isspace((unsigned char)text[length]) &&
           !is_operator_char(text[length]))
        length++;
    return length;
}

void filter_next_word(struct filter_parser *p)
{
    while (isspace((unsigned char)p->text[p->at]))
        p->at++;
    p->word_at = p->at;
    size_t length = token_length(p->text + p->at);
    if (length >= FILTER_WORD_MAX) {
        FILTER_FAIL(p, "a word longer than 255 bytes");
        length = 0;
    }
    memcpy(p->word, p->text + p->at, length);
    p->word[length] = '\0';
    p->at += length;
    if (p->has_failed) /* nothing is read beyond the first error */
        p->word[0] = '\0';
}

bool filter_is_word(const struct filter_parser *p, const char *a, const char *b, const char *c)
{
    return strcasecmp(p->word, a) == 0 || (b != NULL && strcasecmp(p->word, b) == 0) ||
           (c != NULL && strcasecmp(p->word, c) == 0);
}

bool filter_take(struct filter_parser *p, const char *a, const char *b, const char *c)
{
    if (!filter_is_word(p, a, b, c))
        return false;
    filter_next_word(p);
    return true;
}

enum filter_operator filter_take_operator(struct filter_parser *p)
{
    if (filter_take(p, "=", "==", "eq"))
        return OP_EQ;
    if (filter_take(p, "!=", "ne", "neq"))
        return OP_NE;
    if (filter_take(p, "<=", "le", "leq"))
        return OP_LE;
    if (filter_take(p, ">=", "ge", "geq"))
        return OP_GE;
    if (filter_take(p, "<", "lt", NULL))
        return OP_LT;
    if (filter_take(p, ">", "gt", NULL))
        return OP_GT;
    return OP_NONE;
}
