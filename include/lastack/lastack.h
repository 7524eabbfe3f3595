/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lastack.h: all of it. Start with stack.h, which tells the whole story.
 */
#ifndef LASTACK_H
#define LASTACK_H

#include "address.h"
#include "errors.h"
#include "packet.h"
#include "params.h"
#include "row.h"
#include "socket.h"
#include "stack.h"
#include "trace.h"

#endif
