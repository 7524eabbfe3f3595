/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_nstat.c: Linux's counters, those that one of our causes is.
 */
#include "commands.h"

static const struct {
    const char *name;
    enum lastack_cause cause;
} counters[] = {
    {"TcpExtOutOfWindowIcmps", LASTACK_CAUSE_ICMP_STALE},
    {"TcpExtListenOverflows", LASTACK_CAUSE_DROP_ACK_QUEUE_FULL},
    {"TcpExtTCPMD5Unexpected", LASTACK_CAUSE_DROP_MD5_UNEXPECTED},
    {"TcpExtTCPAOKeyNotFound", LASTACK_CAUSE_DROP_AO_UNEXPECTED},
    {"TcpExtPAWSEstab", LASTACK_CAUSE_DROP_PAWS},
    {"TcpExtTCPTimeWaitOverflow", LASTACK_CAUSE_TIME_WAIT_OVERFLOW},
};

enum command_outcome command_nstat(struct command_shell *shell, const struct command_stage *stage,
                                   struct command_io *io)
{
    if (stage->count != 1)
        return COMMAND_UNKNOWN;
    text_add(&io->output, "#kernel\n");
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        uint64_t *told = &shell->told_counters[counters[i].cause];
        const uint64_t now = lastack_counter(shell->target->stack, counters[i].cause);

        if (now != *told)
            text_addf(&io->output, "%-32s %llu 0.0\n", counters[i].name,
                      (unsigned long long)(now - *told));
        *told = now;
    }
    return COMMAND_SUCCEEDED;
}
