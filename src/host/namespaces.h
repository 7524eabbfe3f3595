/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * namespaces.h: a network of one's own for the calling process, without root.
 *
 *     root                 unshare(NEWNET) is enough; the user stays who he is
 *     anybody else, or     unshare(NEWUSER | NEWNET); the one id mapped is one's own, so files and
 *     a root without       processes keep their owners, and no setuid helper (newuidmap) is needed
 *     CAP_SYS_ADMIN
 *
 * The capabilities inside last until exec: whatever needs them is done before.
 */
#ifndef LASTACK_NAMESPACES_H
#define LASTACK_NAMESPACES_H

#include "trouble.h"

/* Moves the calling process (which must have one thread) into a new network namespace, in a new
 * user namespace if that takes one; *has_user_namespace says so. */
bool namespaces_enter(bool *has_user_namespace, struct trouble *trouble);

/* One more network namespace, leaving the present one to whoever holds a descriptor in it. */
bool namespaces_enter_another_net(struct trouble *trouble);

/* A descriptor that names the present network namespace, or -1. */
int namespaces_net_fd(struct trouble *trouble);

#endif
