/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urgent.h: the urgent pointers of one connection, RFC 9293 §3.8.5.
 *
 *     ... text │ urgent text │ more text
 *              └─ any length ┴─ the pointer: the octet behind (MUST-31, MUST-62)
 *
 * Few connections ever have one, so they stand beside the control blocks, in an array of the same
 * indices; CONN_URGENT_IN and CONN_URGENT_OUT say which of the two mean anything.
 */
#ifndef LASTACK_URGENT_H
#define LASTACK_URGENT_H

#include "seq.h"

struct urgent {
    struct seq out; /* SND.UP */
    struct seq in;  /* RCV.UP */
};

#endif
