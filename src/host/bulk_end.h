/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bulk_end.h: the kernel's end of a bulk transfer, in a process of its own: 192.0.2.2 port 9.
 *
 *     here: a tun, frames of 64 KiB ════ kernel's TCP ── program: reads, or writes, for ever
 */
#ifndef LASTACK_BULK_END_H
#define LASTACK_BULK_END_H

#include "host_link.h"

#include <sys/types.h>

enum { BULK_END_PORT = 9 };

struct bulk_end {
    int packet_fd; /* of the tun; whoever makes a link of it owns it */
    pid_t program;
};

/* In a network namespace of its own, which this process enters. `is_sender`: the program writes. */
bool bulk_end_open(struct bulk_end *end, bool is_sender, struct trouble *trouble);
/* Ends the program. */
void bulk_end_close(struct bulk_end *end);
/* Sleeps until the link has something to receive, or so long. */
void bulk_end_wait(const struct host_link *link, int64_t timeout_ns);

#endif
