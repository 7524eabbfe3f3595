/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_verb.h: what the three kinds of `lastack sim` share: one transfer (sim_verb.c), many lives
 * (sim_lives_verb.c), a grid of transfers (sim_grid.c).
 */
#ifndef LASTACK_SIM_VERB_H
#define LASTACK_SIM_VERB_H

#include "life_files.h"
#include "sim_transfer.h"

#include <jansson.h>
#include <stdio.h>

enum { SIM_SETS_MAX = 32 };

struct sim_verb_options {
    struct sim_transfer transfer; /* seed, link, size and parameters */
    uint64_t seeds;               /* how many, from transfer.seed on */
    uint64_t lives;               /* 0: not asked for */
    uint64_t life;                /* to be shown; 0: none */
    const char *profile;          /* NULL: linux for a transfer, all for lives */
    const char *sets[SIM_SETS_MAX];
    unsigned set_count;
    bool is_grid, is_twice, is_json, is_quiet, has_bytes;
    const char *out, *against; /* of a grid; files, or NULL */
    struct life_files_config files;
};

/* The exit status: 0 everything held, 1 something did not. */
int sim_lives_verb(const struct sim_verb_options *options);
int sim_grid_verb(const struct sim_verb_options *options);

/* A profile with what --set says on top. False: stderr says why. */
bool sim_fill_params(const struct sim_verb_options *options, const char *profile,
                     struct lastack_params *params);

/* A seed in JSON: a string if it is beyond 2^63 - 1, where JSON's readers have no number. */
json_t *sim_seed_json(uint64_t seed);

/* Profile and parameters as options, as far as they were given. */
void sim_print_params(FILE *out, const struct sim_verb_options *options);

/* The link as options: what a command that repeats a run has to say. */
void sim_print_link(FILE *out, const struct sim_transfer *transfer);

/* "12.3 ms", "1.5 s": for people. `text` has at least 32 bytes. */
const char *sim_duration_text(int64_t ns, char *text);

#endif
