/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instruments.h: the verbs that look at connections and end them, each a main() of its own.
 *
 *     argv[0] is the verb's name as the user typed it; what is returned is the exit status:
 *     0 fine or nothing found, 1 findings or nothing matched, 2 usage, 3 partly or not supported,
 *     4 not permitted.
 */
#ifndef LASTACK_INSTRUMENTS_H
#define LASTACK_INSTRUMENTS_H

enum {
    STATUS_FINE = 0,
    STATUS_FINDINGS = 1,
    STATUS_USAGE = 2,
    STATUS_PARTLY = 3,
    STATUS_NOT_PERMITTED = 4,
};

int ss_main(int argc, char **argv);
int netstat_main(int argc, char **argv);
int kill_main(int argc, char **argv);
int sysctl_main(int argc, char **argv);
int doctor_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int metrics_main(int argc, char **argv);
int collect_main(int argc, char **argv);

#endif
