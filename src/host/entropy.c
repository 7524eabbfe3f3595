/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy.c: getrandom(2). 32 bytes come whole once the kernel's generator is ready, which it waits
 * for.
 */
#include "entropy.h"

#include <errno.h>
#include <sys/random.h>

bool entropy_seed(uint8_t seed[32], struct trouble *trouble)
{
    ssize_t got;

    do {
        got = getrandom(seed, 32, 0);
    } while (got < 0 && errno == EINTR);
    return got == 32 || trouble_set(trouble, got < 0 ? errno : EIO, "get 32 random bytes");
}
