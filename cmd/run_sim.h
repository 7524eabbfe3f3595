/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_sim.h: the exchange of `lastack run -- curl URL` where no real command can run: between two
 * stacks, over a simulated link, on a clock that jumps.
 */
#ifndef LASTACK_RUN_SIM_H
#define LASTACK_RUN_SIM_H

#include "trouble.h"
#include "viewer.h"

#include <lastack/params.h>

/* A client on one stack asks the services of the other, whose side the viewer sees, for the URL
 * among the words of `command` (or for /), and the answer's body goes to stdout. Then both come to
 * rest. */
bool run_sim(const struct lastack_params *params, const char *name, char *const *command,
             struct viewer *viewer, struct trouble *trouble);

#endif
