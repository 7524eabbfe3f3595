/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_lives_verb.c: `lastack sim --lives N`: random lives, a thousand in each world, and what they
 * have visited.
 *
 * A failure names the seed of its world, which is repeated alone: that world is number 0 of a run
 * with its own seed (sim_lives_seed). A failed CHECK says the same before the program stops.
 */
#include "sim_verb.h"

#include "check.h"
#include "host_check.h"
#include "json_names.h"
#include "parameters.h"
#include "sim_lives.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROFILES_MOST = 16 };

struct lives_run {
    const struct sim_verb_options *options;
    struct lastack_params profiles[PROFILES_MOST];
    unsigned profile_count;
    struct sim_lives_result total;
    uint64_t failures;
};

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return SEC(now.tv_sec) + now.tv_nsec;
}

static bool fill_profiles(struct lives_run *run)
{
    const struct sim_verb_options *options = run->options;

    if (options->profile != NULL) {
        run->profile_count = 1;
        return sim_fill_params(options, options->profile, &run->profiles[0]);
    }
    for (size_t i = 0; profile_name(i) != NULL; i++) {
        CHECK(i < PROFILES_MOST);
        if (!sim_fill_params(options, profile_name(i), &run->profiles[i]))
            return false;
        run->profile_count++;
    }
    return true;
}

/* The command that lives this world again. */
static void repeat_text(const struct lives_run *run, uint64_t seed, uint32_t lives, char *text,
                        size_t size)
{
    const struct sim_verb_options *options = run->options;
    size_t at = (size_t)snprintf(text, size, "lastack sim --seed %" PRIu64 " --lives %" PRIu32,
                                 seed, lives);

    if (options->profile != NULL && at < size)
        at += (size_t)snprintf(text + at, size - at, " --profile %s", options->profile);
    for (unsigned i = 0; i < options->set_count && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, " --set %s", options->sets[i]);
}

static void tell_failure(struct lives_run *run, const struct sim_lives_result *world,
                         const char *repeat)
{
    run->failures++;
    fprintf(stderr, "FAILED: %s", world->failure);
    if (world->failure_life != 0)
        fprintf(stderr, "\nto repeat: %s --life %" PRIu64 "\n", repeat, world->failure_life);
    else
        fprintf(stderr, "\nto repeat: %s\n", repeat);
}

/* One world. */
static void live(struct lives_run *run, uint64_t seed, uint32_t lives,
                 const struct sim_watcher *watcher)
{
    const struct sim_lives_options options = {
        .seed = seed,
        .lives = lives,
        .profiles = run->profiles,
        .profile_count = run->profile_count,
        .watched_life = watcher == NULL ? 0 : run->options->life,
        .watcher = watcher,
    };
    struct sim_lives_result world, again;
    char repeat[1024], note[1100];

    repeat_text(run, seed, lives, repeat, sizeof repeat);
    snprintf(note, sizeof note, "to repeat: %s", repeat);
    host_check_note(note);
    sim_lives_run(&options, &world);
    if (world.failure == NULL && run->options->is_twice) {
        sim_lives_run(&options, &again);
        if (again.trace_hash != world.trace_hash)
            world.failure = "two runs of one seed differ";
    }
    host_check_note(NULL);
    if (world.failure != NULL)
        tell_failure(run, &world, repeat);
    sim_lives_add(&run->total, &world);
}

/* ---- what is told ---- */

static void tell_progress(const struct lives_run *run, int64_t started_at)
{
    const double seconds = (double)(wall_ns() - started_at) / 1e9;

    if (run->options->is_quiet || run->options->is_json || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " lives, %.0f a second ", run->total.lives,
            run->options->lives, seconds > 0 ? (double)run->total.lives / seconds : 0);
}

static void print_census(const struct state_census *census)
{
    struct state_move move;

    for (enum tcp_state state = TCP_ESTABLISHED; state <= TCP_CLOSING; state++)
        printf("  %-12s %12" PRIu64 "\n", lastack_state_text(state),
               state_census_entered(census, state));
    puts("moves of the diagram (RFC 9293 Figure 5, RFC 1122, RFC 6191):");
    for (size_t i = 0; state_census_wanted(i, &move); i++)
        printf("  %-12s -> %-12s %12" PRIu64 "%s\n", lastack_state_text(move.from),
               lastack_state_text(move.to), census->moves[move.from][move.to],
               census->moves[move.from][move.to] == 0 ? "  not visited" : "");
}

static void print_text(const struct lives_run *run, int64_t wall)
{
    const struct sim_lives_result *total = &run->total;

    if (!run->options->is_quiet) {
        printf("%" PRIu64 " lives: %" PRIu64 " completed, %" PRIu64 " cut short by plan, %" PRIu64
               " fell silent, %" PRIu64 " refused, %" PRIu64 " given up; %" PRIu64
               " opened from both sides, %" PRIu64 " reboots\n",
               total->lives, total->completed, total->cut, total->silent, total->refused,
               total->given_up, total->crossed, total->reboots);
        printf("%" PRIu64 " bytes, %" PRId64
               " s of virtual time; %.1f s here, %.0f lives a second\n",
               total->bytes, total->virtual_ns / SEC(1), (double)wall / 1e9,
               (double)total->lives * 1e9 / (double)(wall > 0 ? wall : 1));
        puts("states entered:");
        print_census(&total->census);
    }
    printf("%" PRIu64 " lives, %zu moves not visited, %" PRIu64 " failures, hash %016" PRIx64 "\n",
           total->lives, state_census_missing(&total->census), run->failures, total->trace_hash);
}

static json_t *census_json(const struct state_census *census)
{
    json_t *moves = json_array();
    struct state_move move;

    for (size_t i = 0; state_census_wanted(i, &move); i++)
        json_array_append_new(moves, json_pack("{s:o, s:o, s:I}", "old", json_state(move.from),
                                               "new", json_state(move.to), "count",
                                               (json_int_t)census->moves[move.from][move.to]));
    return moves;
}

/* Why states were left, those reasons that occurred. */
static json_t *causes_json(const struct state_census *census)
{
    json_t *causes = json_object();

    for (enum lastack_cause cause = 0; cause < LASTACK_CAUSE_COUNT; cause++) {
        if (census->causes[cause] > 0)
            json_object_set_new(causes, lastack_cause_text(cause),
                                json_integer((json_int_t)census->causes[cause]));
    }
    return causes;
}

static void print_json(const struct lives_run *run, int64_t wall)
{
    const struct sim_lives_result *total = &run->total;
    char hash[20];

    snprintf(hash, sizeof hash, "%016" PRIx64, total->trace_hash);
    json_line(stdout,
              json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
                        "s:s, s:o, s:o}",
                        "summary", 1, "seed", sim_seed_json(run->options->transfer.seed), "lives",
                        (json_int_t)total->lives, "completed", (json_int_t)total->completed, "cut",
                        (json_int_t)total->cut, "silent", (json_int_t)total->silent, "refused",
                        (json_int_t)total->refused, "given_up", (json_int_t)total->given_up,
                        "crossed", (json_int_t)total->crossed, "reboots",
                        (json_int_t)total->reboots, "bytes", (json_int_t)total->bytes, "wall_ns",
                        (json_int_t)wall, "moves_missing",
                        (json_int_t)state_census_missing(&total->census), "failures",
                        (json_int_t)run->failures, "trace_hash", hash, "moves",
                        census_json(&total->census), "causes", causes_json(&total->census)));
}

/* ---- the verb ---- */

static void live_all(struct lives_run *run, const struct sim_watcher *watcher, int64_t started_at)
{
    const uint64_t lives = run->options->lives;

    for (uint64_t world = 0; world * SIM_LIVES_PER_WORLD < lives; world++) {
        const uint64_t left = lives - world * SIM_LIVES_PER_WORLD;
        const uint32_t count = left < SIM_LIVES_PER_WORLD ? (uint32_t)left : SIM_LIVES_PER_WORLD;

        live(run, sim_lives_seed(run->options->transfer.seed, world), count,
             world == 0 ? watcher : NULL);
        if (world % 16 == 15)
            tell_progress(run, started_at);
    }
    if (!run->options->is_quiet && !run->options->is_json && isatty(STDERR_FILENO))
        fputs("\n", stderr);
}

int sim_lives_verb(const struct sim_verb_options *options)
{
    struct lives_run run = {.options = options};
    struct life_files_config config = options->files;
    const int64_t started_at = wall_ns();
    struct life_files *files = NULL;
    struct trouble trouble = {0};

    if (!fill_profiles(&run))
        return 2;
    /* asked for by its number, a life is told unless files are wanted instead */
    config.has_story =
        config.has_story || (!options->is_json && config.pcap == NULL && config.ladder == NULL);
    if (options->life > 0 && (files = life_files_open(&config, &trouble)) == NULL) {
        fprintf(stderr, "lastack sim: %s\n", trouble.text);
        return 2;
    }
    live_all(&run, files == NULL ? NULL : life_files_watcher(files), started_at);
    if (options->is_json)
        print_json(&run, wall_ns() - started_at);
    else
        print_text(&run, wall_ns() - started_at);
    if (files != NULL && !life_files_close(files, &trouble)) {
        fprintf(stderr, "lastack sim: %s\n", trouble.text);
        return 2;
    }
    return run.failures == 0 ? 0 : 1;
}
