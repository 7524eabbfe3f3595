/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_lives.c: random lives of connections over a bad link, seed by seed; sim_lives.h says what
 * must hold.
 *
 *     random_lives [--first SEED] [--seeds COUNT] [--lives COUNT] [--twice]
 *
 * Prints one line for each seed with the hash of both stacks' traces: the same on every machine,
 * for every compiler and every optimisation (tools/test-all compares them). --twice runs each seed
 * again at once. A failure names the seed that repeats it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_lives.h"

static bool is_good(uint64_t seed, uint32_t lives, bool twice, uint64_t *hash)
{
    struct sim_lives_result result, again;
    sim_lives_run(seed, lives, &result);
    printf("seed %" PRIu64 " hash %016" PRIx64 ": %" PRIu64 " lives, %" PRIu64
           " completed, %" PRIu64 " aborted, %" PRIu64 " vanished, %" PRIu64 " refused, %" PRIu64
           " bytes\n",
           seed, result.trace_hash, result.lives, result.completed, result.aborted, result.vanished,
           result.refused, result.bytes);
    *hash ^= result.trace_hash;
    if (result.failure != NULL) {
        printf("FAILED in life %" PRIu64 ": %s\nto repeat: random_lives --first %" PRIu64
               " --seeds 1 --lives %" PRIu32 "\n",
               result.failure_life, result.failure, seed, lives);
        return false;
    }
    if (result.lives < lives || result.completed == 0 || result.bytes == 0) {
        printf("FAILED: seed %" PRIu64 " proves nothing, too little happened\n", seed);
        return false;
    }
    if (twice) {
        sim_lives_run(seed, lives, &again);
        if (again.trace_hash != result.trace_hash) {
            printf("FAILED: seed %" PRIu64 " has two hashes\n", seed);
            return false;
        }
    }
    return true;
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
    uint64_t first = 1, seeds = 10, lives = 100, hash = 0;
    bool twice = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--twice") == 0)
            twice = true;
        else if (strcmp(argv[i], "--first") == 0)
            first = number("--first", argv[++i]);
        else if (strcmp(argv[i], "--seeds") == 0)
            seeds = number("--seeds", argv[++i]);
        else if (strcmp(argv[i], "--lives") == 0)
            lives = number("--lives", argv[++i]);
        else {
            fprintf(stderr, "random_lives: unknown option %s\n", argv[i]);
            return 2;
        }
    }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        if (!is_good(seed, (uint32_t)lives, twice, &hash))
            return 1;
    }
    printf("all seeds: %016" PRIx64 "\n", hash);
    return 0;
}
