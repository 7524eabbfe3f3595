/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill.h: the verb.
 */
#ifndef LASTACK_DRILL_H
#define LASTACK_DRILL_H

/* `lastack drill`: argv[0] is the verb. Returns the exit status: 0 all passed, 1 some failed, 2
 * usage. */
int drill_main(int argc, char **argv);

#endif
