/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control_path.h: where the control sockets of one user's stacks are.
 *
 *     $XDG_RUNTIME_DIR/lastack/NAME      if that directory is this user's
 *     /run/lastack/NAME                  else, for root
 *     /tmp/lastack-UID/NAME              else
 *
 * The directory is the user's own and nobody else may enter it (mode 0700); one that is not is
 * refused, never repaired: somebody may have put it there.
 */
#ifndef LASTACK_CONTROL_PATH_H
#define LASTACK_CONTROL_PATH_H

#include "trouble.h"

enum { CONTROL_NAME_MAX = 32, CONTROL_PATH_MAX = 108 /* sun_path */ };

/* Letters, digits, '-', '_' and '.', not starting with '.', 1..CONTROL_NAME_MAX of them. */
bool control_name_is_good(const char *name);

/* The directory; made if it is not there and `make`. */
bool control_directory(char path[CONTROL_PATH_MAX], bool make, struct trouble *trouble);

/* Its socket of that name. */
bool control_path(char path[CONTROL_PATH_MAX], const char *name, bool make,
                  struct trouble *trouble);

#endif
