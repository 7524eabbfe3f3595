/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h: programmer errors stop the program, in every build.
 *
 * CHECK(x) states what must be true. It stays on in release builds: a stack that goes on with a
 * broken invariant answers the network with nonsense. What happens then is the embedder's choice,
 * through one hook that he defines; it must not return.
 * Operating errors (a full pool, a bad packet, a refused call) are values, never a CHECK.
 */
#ifndef LASTACK_CHECK_H
#define LASTACK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Defined by the embedder (the only symbol, beside memcpy and friends, that the core asks for). */
_Noreturn void lastack_check_failed(const char *expression, const char *file, int line);

#define CHECK(x) ((x) ? (void)0 : lastack_check_failed(#x, __FILE__, __LINE__))

/* Checks too dear for a release build: whole-structure invariants. */
#ifdef LASTACK_CHECK_SLOW
#define CHECK_SLOW(x) CHECK(x)
#define CHECK_PERIOD  1 /* dear invariants are checked every so many events */
#else
#define CHECK_PERIOD  1024
#define CHECK_SLOW(x) ((void)sizeof((x) ? 1 : 0))
#endif

#define UNREACHABLE() lastack_check_failed("unreachable", __FILE__, __LINE__)

#endif
