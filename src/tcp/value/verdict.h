/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.h: what a step of SEGMENT ARRIVES answers to its caller.
 */
#ifndef LASTACK_VERDICT_H
#define LASTACK_VERDICT_H

enum verdict {
    GO_ON,              /* the next step */
    STOP,               /* dealt with, the connection lives */
    STOPPED_CONNECTION, /* the connection has ended: do not touch it again */
};

#endif
