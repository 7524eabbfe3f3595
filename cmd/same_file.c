/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * same_file.c: see same_file.h. Devices may be written to twice: /dev/null, a terminal.
 */
#include "same_file.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

bool same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;

    if (a == NULL || b == NULL)
        return false;
    if (stat(a, &of_a) != 0 || stat(b, &of_b) != 0)
        return strcmp(a, b) == 0;
    return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}
