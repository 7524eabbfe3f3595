/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verbs.h: the verbs of this folder; each is a main() of its own, argv[0] is the verb.
 */
#ifndef LASTACK_VERBS_H
#define LASTACK_VERBS_H

int demo_main(int argc, char **argv);
int ladder_main(int argc, char **argv);
int run_main(int argc, char **argv);
int serve_main(int argc, char **argv);
int sim_main(int argc, char **argv);
int states_main(int argc, char **argv);

#endif
