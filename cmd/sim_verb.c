/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_verb.c: `lastack sim`: two stacks over a simulated link, on a clock that jumps. Everything
 * is a function of the seed; what fails is printed with the command that repeats it.
 *
 *     lastack sim --loss 1 --delay 20 --rate 10M        one transfer, or --seeds of them
 *     lastack sim --lives 1000000                       random lives        sim_lives_verb.c
 *     lastack sim --grid                                a table of transfers     sim_grid.c
 */
#include "sim_verb.h"

#include "color.h"
#include "json_names.h"
#include "parameters.h"
#include "same_file.h"
#include "verbs.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PPM_OF_PERCENT = 10000, MTU_LEAST = 576, MTU_MOST = 65535, MTU_OF_IPV6 = 1280 };

static int print_help(void)
{
    fputs(
        "usage: lastack sim [options]                 one transfer between two stacks\n"
        "       lastack sim --lives N [options]       random lives of connections\n"
        "       lastack sim --grid [options]          a table: loss, round trip, rate\n\n"
        "  --seed N             everything is drawn from it (default 1)\n"
        "  --seeds N            so many runs, with the seeds that follow\n"
        "  --bytes N            of a transfer, with k, M or G (default 1M)\n"
        "  --loss P             percent of packets lost, in each direction; 0 to 100, \"0.1\"\n"
        "  --reorder P          percent held back by 10 ms\n"
        "  --dup P              percent that arrive twice\n"
        "  --delay MS           one way (default 10)\n"
        "  --jitter MS          more, at random, up to this\n"
        "  --rate BPS           bits per second, with k, M or G (default: no limit)\n"
        "  --queue BYTES        what waits for the rate at the most (default: no limit)\n"
        "  --mtu N              576 to 65535 (default 1500)\n"
        "  --ipv6\n"
        "  --profile P          linux (default), rfc, freebsd, linux-2.6, linux-3; of lives: all\n"
        "  --set NAME=VALUE     a parameter, by any name it is known by; may be repeated\n"
        "  --trace              tell the transfer packet by packet\n"
        "  --pcap FILE          its packets at both hosts, with states and causes (pcapng)\n"
        "  --ladder FILE.svg    draw it\n"
        "  --lives N            live so many; 1000 share a world\n"
        "  --life N             tell the N-th life of the first world; --pcap, --ladder as above\n"
        "  --twice              each world again: its traces must have the same hash\n"
        "  --grid               every cell with --seeds seeds (default 5) and --bytes bytes\n"
        "  --out FILE           write the table there\n"
        "  --against FILE       compare with a table of before: slower by a tenth is a finding\n"
        "  --json               trace records and a summary as JSON lines; with --quiet the "
        "summary\n"
        "  --quiet              the last line only\n"
        "  --color=auto|always|never\n"
        "  --help               this text\n\n"
        "exit code: 0 everything held, 1 something did not, 2 usage\n",
        stdout);
    return 0;
}

/* ---- options ---- */

static bool refuse(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "lastack sim: --%s %s: %s\n", option, value, wanted);
    return false;
}

struct range {
    uint64_t least, most;
    bool may_have_unit; /* k, M or G */
};

static bool refuse_count(const char *option, const char *value, const struct range *range)
{
    fprintf(stderr,
            "lastack sim: --%s %s: a whole number%s is wanted, from %" PRIu64 " to %" PRIu64 "\n",
            option, value, range->may_have_unit ? ", with k, M or G if need be," : "", range->least,
            range->most);
    return false;
}

static bool parse_count(const char *option, const char *value, struct range range, uint64_t *count)
{
    static const char units[] = "kMG";
    const char *unit;
    uint64_t factor = 1;
    char *end;

    errno = 0;
    *count = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || errno != 0)
        return refuse_count(option, value, &range);
    if (range.may_have_unit && *end != '\0' && (unit = strchr(units, *end)) != NULL) {
        for (const char *at = units; at <= unit; at++)
            factor *= 1000;
        end++;
    }
    if (*end != '\0' || *count > range.most / factor || *count * factor < range.least)
        return refuse_count(option, value, &range);
    *count *= factor;
    return true;
}

/* "0.1" percent as 1000 in a million. No floating point: the number decides a run. */
static bool parse_percent(const char *option, const char *value, uint32_t *ppm)
{
    static const char wanted[] = "percent are wanted: 0 to 100, with up to four decimals";
    uint32_t whole = 0, part = 0, scale = PPM_OF_PERCENT;
    const char *at = value;

    if (*at < '0' || *at > '9')
        return refuse(option, value, wanted);
    for (; *at >= '0' && *at <= '9' && whole <= 100; at++)
        whole = whole * 10 + (uint32_t)(*at - '0');
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9' && scale > 1; at++) {
            scale /= 10;
            part += (uint32_t)(*at - '0') * scale;
        }
    }
    *ppm = whole * PPM_OF_PERCENT + part;
    return (*at == '\0' && *ppm <= 100 * PPM_OF_PERCENT) || refuse(option, value, wanted);
}

static bool parse_ms(const char *option, const char *value, int64_t *ns)
{
    uint64_t ms;

    if (!parse_count(option, value, (struct range){0, 60000, false}, &ms))
        return false;
    *ns = MS((int64_t)ms);
    return true;
}

#define SIM_OPTIONS(X)                                                                             \
    X("seed", required_argument, SIM_SEED)                                                         \
    X("seeds", required_argument, SIM_SEEDS)                                                       \
    X("bytes", required_argument, SIM_BYTES)                                                       \
    X("loss", required_argument, SIM_LOSS)                                                         \
    X("reorder", required_argument, SIM_REORDER)                                                   \
    X("dup", required_argument, SIM_DUP)                                                           \
    X("delay", required_argument, SIM_DELAY)                                                       \
    X("jitter", required_argument, SIM_JITTER)                                                     \
    X("rate", required_argument, SIM_RATE)                                                         \
    X("queue", required_argument, SIM_QUEUE)                                                       \
    X("mtu", required_argument, SIM_MTU)                                                           \
    X("ipv6", no_argument, SIM_IPV6)                                                               \
    X("profile", required_argument, SIM_PROFILE)                                                   \
    X("set", required_argument, SIM_SET)                                                           \
    X("trace", no_argument, SIM_TRACE)                                                             \
    X("pcap", required_argument, SIM_PCAP)                                                         \
    X("ladder", required_argument, SIM_LADDER)                                                     \
    X("lives", required_argument, SIM_LIVES)                                                       \
    X("life", required_argument, SIM_LIFE)                                                         \
    X("twice", no_argument, SIM_TWICE)                                                             \
    X("grid", no_argument, SIM_GRID)                                                               \
    X("out", required_argument, SIM_OUT)                                                           \
    X("against", required_argument, SIM_AGAINST)                                                   \
    X("json", no_argument, SIM_JSON)                                                               \
    X("quiet", no_argument, SIM_QUIET)                                                             \
    X("color", required_argument, SIM_COLOR)                                                       \
    X("help", no_argument, SIM_HELP)

enum sim_option {
    SIM_BEFORE = 999,
#define SIM_NUMBER(name, argument, number) number,
    SIM_OPTIONS(SIM_NUMBER)
#undef SIM_NUMBER
};

static bool take_link_option(struct sim_verb_options *options, int option, const char *value)
{
    struct sim_transfer *transfer = &options->transfer;
    struct sim_recipe *recipe = &transfer->recipe;
    uint64_t number = 0;

    switch (option) {
    case SIM_LOSS:
        return parse_percent("loss", value, &recipe->loss_ppm);
    case SIM_REORDER:
        return parse_percent("reorder", value, &recipe->reorder_ppm);
    case SIM_DUP:
        return parse_percent("dup", value, &recipe->duplicate_ppm);
    case SIM_DELAY:
        return parse_ms("delay", value, &recipe->delay_ns);
    case SIM_JITTER:
        return parse_ms("jitter", value, &recipe->jitter_ns);
    case SIM_RATE:
        return parse_count("rate", value, (struct range){0, UINT64_C(1000000000000), true},
                           &recipe->rate_bps);
    case SIM_QUEUE:
        if (!parse_count("queue", value, (struct range){0, UINT32_MAX, true}, &number))
            return false;
        recipe->queue_bytes = (uint32_t)number;
        return true;
    case SIM_MTU:
        if (!parse_count("mtu", value, (struct range){MTU_LEAST, MTU_MOST, false}, &number))
            return false;
        transfer->mtu = (uint32_t)number;
        return true;
    default:
        return false;
    }
}

static bool take_set(struct sim_verb_options *options, const char *value)
{
    if (strchr(value, '=') == NULL)
        return refuse("set", value, "NAME=VALUE");
    if (options->set_count == SIM_SETS_MAX)
        return refuse("set", value, "32 parameters at the most");
    options->sets[options->set_count++] = value;
    return true;
}

static bool take_option(struct sim_verb_options *options, int option, const char *value)
{
    enum color_mode color;

    switch (option) {
    case SIM_SEED:
        return parse_count("seed", value, (struct range){0, UINT64_MAX, false},
                           &options->transfer.seed);
    case SIM_SEEDS:
        return parse_count("seeds", value, (struct range){1, 1000000, false}, &options->seeds);
    case SIM_BYTES:
        options->has_bytes = true;
        return parse_count("bytes", value, (struct range){1, UINT64_C(1) << 40, true},
                           &options->transfer.bytes);
    case SIM_LIVES:
        return parse_count("lives", value, (struct range){1, UINT64_C(1000000000), true},
                           &options->lives);
    case SIM_LIFE:
        return parse_count("life", value, (struct range){1, UINT32_MAX, false}, &options->life);
    case SIM_COLOR: /* nothing here has colors: the word is checked all the same */
        return color_mode_parse(value, &color) || refuse("color", value, "auto, always or never");
    case SIM_IPV6:
        return options->transfer.is_ipv6 = true;
    case SIM_PROFILE:
        options->profile = value;
        return true;
    case SIM_SET:
        return take_set(options, value);
    case SIM_TRACE:
        return options->files.has_story = true;
    case SIM_PCAP:
        options->files.pcap = value;
        return true;
    case SIM_LADDER:
        options->files.ladder = value;
        return true;
    case SIM_TWICE:
        return options->is_twice = true;
    case SIM_GRID:
        return options->is_grid = true;
    case SIM_OUT:
        options->out = value;
        return true;
    case SIM_AGAINST:
        options->against = value;
        return true;
    case SIM_JSON:
        return options->is_json = true;
    case SIM_QUIET:
        return options->is_quiet = true;
    default:
        return take_link_option(options, option, value);
    }
}

static bool complain(const char *what)
{
    fprintf(stderr, "lastack sim: %s; lastack sim --help tells more\n", what);
    return false;
}

static uint32_t bit_of(enum sim_option option)
{
    return UINT32_C(1) << (option - SIM_SEED);
}

static bool refuse_given(uint32_t given, const enum sim_option *options, size_t count,
                         const char *why)
{
    static const char *const names[] = {
#define SIM_NAME(name, argument, number) [number - SIM_SEED] = name,
        SIM_OPTIONS(SIM_NAME)
#undef SIM_NAME
    };

    for (size_t i = 0; i < count; i++) {
        if ((given & bit_of(options[i])) != 0) {
            fprintf(stderr, "lastack sim: --%s: %s\n", names[options[i] - SIM_SEED], why);
            return false;
        }
    }
    return true;
}

/* What lives and a grid choose themselves: it would be passed over in silence. */
static bool check_choices(const struct sim_verb_options *options, uint32_t given)
{
    static const enum sim_option of_a_transfer[] = {SIM_LOSS,   SIM_REORDER, SIM_DUP,  SIM_DELAY,
                                                    SIM_JITTER, SIM_RATE,    SIM_QUEUE};
    static const enum sim_option not_of_lives[] = {SIM_BYTES, SIM_SEEDS, SIM_MTU, SIM_IPV6};
    static const enum sim_option not_of_a_grid[] = {SIM_TWICE};
    const size_t count = sizeof of_a_transfer / sizeof of_a_transfer[0];

    if (options->lives > 0)
        return refuse_given(given, of_a_transfer, count,
                            "--lives draw their links from the seed") &&
               refuse_given(given, not_of_lives, 4, "of a transfer; --lives draw it from the seed");
    if (options->is_grid)
        return refuse_given(given, of_a_transfer, count,
                            "each cell of a --grid has its own link") &&
               refuse_given(given, not_of_a_grid, 1, "of a transfer or --lives, not of a --grid");
    return true;
}

/* What does not go together. */
static bool check_options(const struct sim_verb_options *options, uint32_t given)
{
    const struct life_files_config *files = &options->files;
    const bool shows_one = files->has_story || files->pcap != NULL || files->ladder != NULL;

    if (options->is_grid && options->lives > 0)
        return complain("--grid or --lives, not both");
    if (same_file(files->pcap, files->ladder))
        return complain("--pcap and --ladder are one file");
    if (files->has_story && options->is_json)
        return complain("--trace tells in words, --json in objects: not both");
    if (options->seeds > 0 && options->transfer.seed > UINT64_MAX - (options->seeds - 1))
        return complain("--seed and --seeds: the last seed is beyond 18446744073709551615");
    if (options->life > 0 && options->lives == 0)
        return complain("--life is one of --lives");
    if (options->life > options->lives)
        return complain("--life is beyond --lives");
    if (shows_one && options->is_grid)
        return complain("a grid has no --trace, --pcap or --ladder: repeat one of its transfers");
    if (shows_one && options->lives > 0 && options->life == 0)
        return complain("which life is to be shown? --life N");
    if (shows_one && options->lives == 0 && options->seeds > 1)
        return complain("--trace, --pcap and --ladder show one transfer: one seed");
    if ((options->out != NULL || options->against != NULL) && !options->is_grid)
        return complain("--out and --against are for a --grid");
    if (options->transfer.is_ipv6 && options->transfer.mtu < MTU_OF_IPV6)
        return complain("IPv6 needs an --mtu of 1280");
    return check_choices(options, given);
}

/* 0: go on; else the exit status + 1. */
static int parse_options(int argc, char **argv, struct sim_verb_options *options)
{
#define SIM_ENTRY(name, argument, number) {name, argument, NULL, number},
    static const struct option known[] = {SIM_OPTIONS(SIM_ENTRY){NULL, 0, NULL, 0}};
#undef SIM_ENTRY
    uint32_t given = 0;
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == SIM_HELP)
            return print_help() + 1;
        if (option == '?' || !take_option(options, option, optarg))
            return 3;
        given |= bit_of((enum sim_option)option);
    }
    if (optind < argc) {
        fprintf(stderr, "lastack sim: unexpected word '%s'\n", argv[optind]);
        return 3;
    }
    return check_options(options, given) ? 0 : 3;
}

bool sim_fill_params(const struct sim_verb_options *options, const char *profile,
                     struct lastack_params *params)
{
    char name[128], message[400];

    if (!profile_fill(profile, params)) {
        fprintf(stderr, "lastack sim: --profile %s: there is", profile);
        for (size_t i = 0; profile_name(i) != NULL; i++)
            fprintf(stderr, "%s %s", i > 0 ? "," : "", profile_name(i));
        fputs("\n", stderr);
        return false;
    }
    for (unsigned i = 0; i < options->set_count; i++) {
        const char *equals = strchr(options->sets[i], '=');

        snprintf(name, sizeof name, "%.*s", (int)(equals - options->sets[i]), options->sets[i]);
        if (parameter_set(params, name, equals + 1, message, sizeof message) != PARAMETER_DONE)
            return refuse("set", options->sets[i], message);
    }
    return true;
}

/* ---- what is printed ---- */

const char *sim_duration_text(int64_t ns, char *text)
{
    if (ns < MS(1000))
        snprintf(text, 32, "%" PRId64 ".%" PRId64 " ms", ns / MS(1), ns % MS(1) / 100000);
    else
        snprintf(text, 32, "%" PRId64 ".%02" PRId64 " s", ns / SEC(1), ns % SEC(1) / MS(10));
    return text;
}

static void print_percent(FILE *out, const char *option, uint32_t ppm)
{
    if (ppm != 0)
        fprintf(out, " --%s %" PRIu32 ".%04" PRIu32, option, ppm / PPM_OF_PERCENT,
                ppm % PPM_OF_PERCENT);
}

void sim_print_link(FILE *out, const struct sim_transfer *transfer)
{
    const struct sim_recipe *recipe = &transfer->recipe;

    fprintf(out, " --bytes %" PRIu64 " --delay %" PRId64, transfer->bytes,
            recipe->delay_ns / MS(1));
    print_percent(out, "loss", recipe->loss_ppm);
    print_percent(out, "reorder", recipe->reorder_ppm);
    print_percent(out, "dup", recipe->duplicate_ppm);
    if (recipe->jitter_ns != 0)
        fprintf(out, " --jitter %" PRId64, recipe->jitter_ns / MS(1));
    if (recipe->rate_bps != 0)
        fprintf(out, " --rate %" PRIu64, recipe->rate_bps);
    if (recipe->queue_bytes != 0)
        fprintf(out, " --queue %" PRIu32, recipe->queue_bytes);
    if (transfer->mtu != 1500)
        fprintf(out, " --mtu %" PRIu32, transfer->mtu);
    fputs(transfer->is_ipv6 ? " --ipv6" : "", out);
}

void sim_print_params(FILE *out, const struct sim_verb_options *options)
{
    if (options->profile != NULL)
        fprintf(out, " --profile %s", options->profile);
    for (unsigned i = 0; i < options->set_count; i++)
        fprintf(out, " --set %s", options->sets[i]);
}

static void tell_failure(const struct sim_verb_options *options,
                         const struct sim_transfer *transfer, const char *failure)
{
    fprintf(stderr, "FAILED: seed %" PRIu64 ": %s\nto repeat: lastack sim --seed %" PRIu64,
            transfer->seed, failure, transfer->seed);
    sim_print_link(stderr, transfer);
    sim_print_params(stderr, options);
    fputs("\n", stderr);
}

static void print_text(const struct sim_transfer *transfer,
                       const struct sim_transfer_result *result)
{
    char elapsed[32], stall[32];

    printf(
        "seed %" PRIu64 ": %" PRIu64 " bytes in %s, %" PRIu64 ".%02" PRIu64 " Mbit/s; %" PRIu64
        " of %" PRIu64 " segments sent again, %" PRIu64 " timeouts, longest stall %s; lost %" PRIu64
        ", overflowed %" PRIu64 "; hash %016" PRIx64 "\n",
        transfer->seed, result->bytes, sim_duration_text(result->elapsed_ns, elapsed),
        result->goodput_bps / 1000000, result->goodput_bps % 1000000 / 10000, result->retransmitted,
        result->segments, result->timeouts, sim_duration_text(result->longest_stall_ns, stall),
        result->lost, result->overflowed, result->trace_hash);
}

json_t *sim_seed_json(uint64_t seed)
{
    char text[24];

    if (seed <= INT64_MAX)
        return json_integer((json_int_t)seed);
    snprintf(text, sizeof text, "%" PRIu64, seed);
    return json_string(text);
}

static void print_json(const struct sim_transfer *transfer,
                       const struct sim_transfer_result *result)
{
    char hash[20];

    snprintf(hash, sizeof hash, "%016" PRIx64, result->trace_hash);
    json_line(stdout,
              json_pack("{s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s*}",
                        "summary", 1, "seed", sim_seed_json(transfer->seed), "bytes",
                        (json_int_t)result->bytes, "elapsed_ns", (json_int_t)result->elapsed_ns,
                        "goodput_bps", (json_int_t)result->goodput_bps, "segments",
                        (json_int_t)result->segments, "retransmitted",
                        (json_int_t)result->retransmitted, "timeouts", (json_int_t)result->timeouts,
                        "lost", (json_int_t)result->lost, "overflowed",
                        (json_int_t)result->overflowed, "longest_stall_ns",
                        (json_int_t)result->longest_stall_ns, "longest_silence_ns",
                        (json_int_t)result->longest_silence_ns, "trace_hash", hash, "failure",
                        result->failure));
}

/* ---- transfers ---- */

/* False: something did not hold. */
static bool run_seed(const struct sim_verb_options *options, const struct sim_transfer *transfer)
{
    struct sim_transfer_result result, again;

    sim_transfer_run(transfer, &result);
    if (options->is_json)
        print_json(transfer, &result);
    else if (!options->is_quiet || options->seeds == 1)
        print_text(transfer, &result);
    if (result.failure == NULL && options->is_twice) {
        sim_transfer_run(transfer, &again);
        if (again.trace_hash != result.trace_hash)
            result.failure = "two runs of one seed differ";
    }
    if (result.failure != NULL)
        tell_failure(options, transfer, result.failure);
    return result.failure == NULL;
}

static int run_transfers(struct sim_verb_options *options)
{
    struct sim_transfer transfer = options->transfer;
    const bool shows = options->files.has_story || options->files.pcap != NULL ||
                       options->files.ladder != NULL || options->files.has_json;
    struct life_files *files = NULL;
    struct trouble trouble = {0};
    uint64_t failures = 0;

    if (shows && options->seeds == 1 &&
        (files = life_files_open(&options->files, &trouble)) == NULL) {
        fprintf(stderr, "lastack sim: %s\n", trouble.text);
        return 2;
    }
    for (uint64_t i = 0; i < options->seeds; i++) {
        transfer.seed = options->transfer.seed + i;
        transfer.watcher = files == NULL ? NULL : life_files_watcher(files);
        failures += !run_seed(options, &transfer);
    }
    if (options->seeds > 1 && !options->is_json)
        printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", options->seeds, failures);
    if (files != NULL && !life_files_close(files, &trouble)) {
        fprintf(stderr, "lastack sim: %s\n", trouble.text);
        return 2;
    }
    return failures == 0 ? 0 : 1;
}

int sim_main(int argc, char **argv)
{
    struct sim_verb_options options = {.seeds = 0};
    int status;

    sim_transfer_default(&options.transfer);
    status = parse_options(argc, argv, &options);
    if (status != 0)
        return status - 1;
    options.files.has_json = options.is_json && !options.is_quiet;
    if (options.lives > 0)
        return sim_lives_verb(&options);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        if (!sim_fill_params(&options, options.profile == NULL ? "linux" : options.profile,
                             &options.transfer.params[host]))
            return 2;
    }
    if (options.is_grid)
        return sim_grid_verb(&options);
    if (options.seeds == 0)
        options.seeds = 1;
    return run_transfers(&options);
}
