/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_lives.c: random lives of connections over a bad link, seed by seed; sim_lives.h says what
 * must hold.
 *
 *     random_lives [--seed SEED] [--lives COUNT] [--twice] [--quiet] [--every-move] [--life N]
 *
 * Prints one line for each world with the hash of both stacks' traces: the same on every machine,
 * for every compiler and every optimisation (tools/test-all compares the last line). --twice runs
 * each world again at once; --every-move wants each arrow of the state diagram taken. A failure
 * names the seed that repeats it; --life tells that life of the first world, packet by packet.
 * `lastack sim --lives` is the same for people.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "life_story.h"
#include "parameters.h"
#include "sim_lives.h"

enum { PROFILES_MOST = 16 };

/* All there are. */
static struct lastack_params profiles[PROFILES_MOST];
static unsigned profile_count;

static void fill_profiles(void)
{
    while (profile_count < PROFILES_MOST && profile_name(profile_count) != NULL) {
        CHECK(profile_fill(profile_name(profile_count), &profiles[profile_count]));
        profile_count++;
    }
}

/* The world being lived, for whoever finds a failed CHECK. */
static uint64_t world_seed;
static uint32_t world_lives;
static uint64_t watched_life;

static void tell_how_to_repeat(void)
{
    fflush(stdout);
    fprintf(stderr, "to repeat: random_lives --seed %" PRIu64 " --lives %" PRIu32 "\n", world_seed,
            world_lives);
}

_Noreturn void lastack_check_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "%s:%d: CHECK(%s)\n", file, line, expression);
    tell_how_to_repeat();
    abort();
}

static bool live(uint64_t seed, uint32_t lives, bool twice, bool quiet,
                 struct sim_lives_result *total)
{
    struct life_story story = {.out = stdout};
    struct sim_watcher watcher;
    const struct sim_lives_options options = {.seed = seed,
                                              .lives = lives,
                                              .profiles = profiles,
                                              .profile_count = profile_count,
                                              .watched_life = watched_life,
                                              .watcher = &watcher};
    struct sim_lives_result result, again;

    world_seed = seed;
    world_lives = lives;
    life_story_watch(&story, &watcher);
    sim_lives_run(&options, &result);
    watched_life = 0;
    if (!quiet)
        printf("seed %" PRIu64 " hash %016" PRIx64 ": %" PRIu64 " lives, %" PRIu64
               " completed, %" PRIu64 " cut, %" PRIu64 " silent, %" PRIu64 " refused, %" PRIu64
               " given up, %" PRIu64 " reboots, %" PRIu64 " bytes\n",
               seed, result.trace_hash, result.lives, result.completed, result.cut, result.silent,
               result.refused, result.given_up, result.reboots, result.bytes);
    sim_lives_add(total, &result);
    if (result.failure != NULL) {
        fprintf(stderr, "FAILED in life %" PRIu64 ": %s\n", result.failure_life, result.failure);
        tell_how_to_repeat();
        return false;
    }
    if (!twice)
        return true;
    sim_lives_run(&options, &again);
    if (again.trace_hash == result.trace_hash)
        return true;
    fprintf(stderr, "FAILED: seed %" PRIu64 " has two hashes\n", seed);
    return false;
}

static bool check_moves(const struct sim_lives_result *total)
{
    struct state_move move;

    for (size_t i = 0; state_census_wanted(i, &move); i++) {
        if (total->census.moves[move.from][move.to] == 0)
            fprintf(stderr, "FAILED: nobody went from %s to %s\n", lastack_state_text(move.from),
                    lastack_state_text(move.to));
    }
    return state_census_missing(&total->census) == 0;
}

static uint64_t number(const char *option, const char *text)
{
    char *end;
    uint64_t value = text != NULL ? strtoull(text, &end, 10) : 0;

    if (text == NULL || end == text || *end != '\0') {
        fprintf(stderr, "random_lives: %s takes a number\n", option);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, lives = 1000;
    bool twice = false, quiet = false, every_move = false;
    struct sim_lives_result total = {0};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--twice") == 0)
            twice = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            quiet = true;
        else if (strcmp(argv[i], "--every-move") == 0)
            every_move = true;
        else if (strcmp(argv[i], "--seed") == 0)
            seed = number("--seed", argv[++i]);
        else if (strcmp(argv[i], "--life") == 0)
            watched_life = number("--life", argv[++i]);
        else if (strcmp(argv[i], "--lives") == 0)
            lives = number("--lives", argv[++i]);
        else {
            fprintf(stderr, "random_lives: unknown option %s\n", argv[i]);
            return 2;
        }
    }
    fill_profiles();
    for (uint64_t world = 0; world * SIM_LIVES_PER_WORLD < lives; world++) {
        const uint64_t left = lives - world * SIM_LIVES_PER_WORLD;

        if (!live(sim_lives_seed(seed, world),
                  (uint32_t)(left < SIM_LIVES_PER_WORLD ? left : SIM_LIVES_PER_WORLD), twice, quiet,
                  &total))
            return 1;
    }
    if (lives >= 5 * SIM_LIVES_PER_WORLD && (total.completed == 0 || total.bytes == 0)) {
        fprintf(stderr, "FAILED: too little happened, this proves nothing\n");
        return 1;
    }
    if (every_move && !check_moves(&total))
        return 1;
    printf("%" PRIu64 " lives, %" PRIu64 " completed, %" PRIu64 " bytes: hash %016" PRIx64 "\n",
           total.lives, total.completed, total.bytes, total.trace_hash);
    return 0;
}
