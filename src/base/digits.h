/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digits.h: what a character is worth as a digit, in any locale.
 */
#ifndef LASTACK_DIGITS_H
#define LASTACK_DIGITS_H

/* 0-15, or -1: no hexadecimal digit. */
static inline int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

#endif
