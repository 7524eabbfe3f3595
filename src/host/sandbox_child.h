/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox_child.h: what the child of sandbox.c does between fork and exec.
 */
#ifndef LASTACK_SANDBOX_CHILD_H
#define LASTACK_SANDBOX_CHILD_H

#include "sandbox.h"

/* Child to parent, once, with the packet descriptor and that of the network
 * namespace beside it when is_ready. */
struct sandbox_report {
    bool is_ready;
    bool has_user_namespace;
    enum sandbox_link link;
    struct trouble trouble; /* why not ready */
    struct trouble not_tun; /* AUTO went on to veth: why */
};

enum { SANDBOX_REPORT_PACKET, SANDBOX_REPORT_NET, SANDBOX_REPORT_FDS };

/* Makes namespaces and interface, reports through `gate`, waits there for a byte, runs the command.
 * */
_Noreturn void sandbox_child(const struct sandbox_config *config, int gate);

#endif
