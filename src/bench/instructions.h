/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instructions.h: instructions per operation, counted by valgrind's callgrind.
 *
 * The bench runs itself as a child under callgrind (`bench NAME --count WHAT`). The child sets
 * everything up with counting off, switches it on around a known number of operations, and dumps
 * the sum under a name; the parent reads the dumps. So nothing but the operations is counted, to
 * the instruction, and a second run gives the same numbers.
 *
 *     child:   counting_begin(); ... 100000 operations ... counting_end("insert", 100000);
 *     parent:  instructions_count("timewait", "ipv4:10000", &counts, &why);
 *              instructions_of(&counts, "insert")
 */
#ifndef LASTACK_INSTRUCTIONS_H
#define LASTACK_INSTRUCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INSTRUCTIONS_NAMES = 16, INSTRUCTIONS_NAME = 32 };

struct instruction_count {
    char name[INSTRUCTIONS_NAME];
    double per_operation;
};

struct instruction_counts {
    size_t count;
    struct instruction_count of[INSTRUCTIONS_NAMES];
};

void counting_begin(void);
/* Stops for what does not belong to the operations, and goes on: in turn, between begin and end. */
void counting_pause(void);
void counting_resume(void);
void counting_end(const char *name, uint64_t operations);

/* Runs the child. False when it cannot be done here (no valgrind); *why then says so. */
bool instructions_count(const char *bench, const char *what, struct instruction_counts *counts,
                        const char **why);
/* Per operation; a negative number when this name was not counted. */
double instructions_of(const struct instruction_counts *counts, const char *name);

#endif
