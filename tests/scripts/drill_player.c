/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_player.c: `lastack drill` alone, for machines on which the command is not built.
 */
#include "drill.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: CHECK(%s)\n", file, line, expression);
    abort();
}

int main(int argc, char **argv)
{
    return drill_main(argc, argv);
}
