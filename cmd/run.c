/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c: `lastack run -- CMD`: a command whose network is a lastack stack.
 *
 *     sandbox (namespaces, interface) ─▶ stack, services, control ─▶ CMD runs ─▶ CMD ends
 *     ─▶ what is left of its connections ends ─▶ the closing table; CMD's status
 */
#include "run_sim.h"
#include "serving_options.h"
#include "verbs.h"

#include "duration.h"
#include "sandbox.h"
#include "served.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { STATUS_LASTACK_FAILED = 125 };

static const char help_text[] =
    "usage: lastack run [options] -- CMD [ARGUMENT...]\n"
    "\n"
    "Runs CMD in a network of its own whose only interface is a lastack stack; no root needed. "
    "There\n"
    "192.0.2.1 and 2001:db8::1 answer: HTTP on 80 (/, /bytes/N, PUT), echo 7, discard 9, daytime "
    "13,\n"
    "chargen 19. Every state change of each connection is told with its cause.\n"
    "\n"
    "  --link auto|tun|veth|sim  how packets travel; auto: tun, else veth. sim: no CMD, the same "
    "exchange\n"
    "                            between two stacks over a simulated link\n"
    "  --fallback sim            where neither tun nor veth can be had: as --link sim\n"
    "  --wait SECONDS            after CMD, wait so long for its connections to be gone (default "
    "5); a\n"
    "                            TIME-WAIT that would last longer is not waited "
    "for\n" SERVING_OPTIONS_HELP "\n"
    "Exit status: CMD's; 125 if lastack failed, 126 if CMD cannot be run, 127 if it is not "
    "found.\n";

struct run {
    struct sandbox sandbox;
    struct served served;
    int status; /* CMD's, once it has ended; -1 before */
    int64_t ended_at;
    bool is_interrupted;
};

struct run_options {
    struct serving_options serving;
    enum sandbox_link link;
    bool wants_sim, falls_back_to_sim;
    int64_t wait_ns;
    char **command;
};

/* ---- the command's end ---- */

static void on_command_end(void *context, uint32_t events)
{
    struct run *run = context;

    (void)events;
    run->status = sandbox_status(&run->sandbox);
    if (run->status < 0)
        return;
    run->ended_at = event_loop_clock();
    event_loop_forget(run->served.loop, run->sandbox.pid_fd);
    event_loop_stop(run->served.loop);
}

/* Ctrl-C reaches CMD, too, which decides; a SIGTERM or SIGHUP for us is meant for it. Once CMD has
 * ended we stop waiting. */
static void on_signal(void *context, int signal_number)
{
    struct run *run = context;

    run->is_interrupted = true;
    if (run->status >= 0)
        event_loop_stop(run->served.loop);
    else if (signal_number != SIGINT)
        kill(run->sandbox.pid, signal_number);
}

/* ---- options ---- */

static bool is_word(const char *value, const char *word)
{
    return strcmp(value, word) == 0;
}

static bool take_link(struct run_options *options, const char *value)
{
    options->wants_sim = is_word(value, "sim");
    if (is_word(value, "tun"))
        options->link = SANDBOX_LINK_TUN;
    else if (is_word(value, "veth"))
        options->link = SANDBOX_LINK_VETH;
    else if (is_word(value, "auto"))
        options->link = SANDBOX_LINK_AUTO;
    else if (!options->wants_sim)
        fprintf(stderr, "lastack run: --link %s: auto, tun, veth or sim\n", value);
    return options->wants_sim || is_word(value, "tun") || is_word(value, "veth") ||
           is_word(value, "auto");
}

/* Seconds with decimals, 0 to a day. */
static bool take_wait(struct run_options *options, const char *value)
{
    char *end;
    double seconds = strtod(value, &end);

    if (end == value || *end != '\0' || !(seconds >= 0 && seconds <= 86400)) {
        fprintf(stderr, "lastack run: --wait %s: seconds, from 0 to 86400\n", value);
        return false;
    }
    options->wait_ns = (int64_t)(seconds * 1e9);
    return true;
}

enum { OPTION_LINK = SERVING_LAST, OPTION_FALLBACK, OPTION_WAIT };

static bool take_option(struct run_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_LINK:
        return take_link(options, value);
    case OPTION_FALLBACK:
        options->falls_back_to_sim = is_word(value, "sim");
        if (!options->falls_back_to_sim)
            fprintf(stderr, "lastack run: --fallback %s: only sim\n", value);
        return options->falls_back_to_sim;
    case OPTION_WAIT:
        return take_wait(options, value);
    default:
        return serving_option_take(&options->serving, "run", option, value);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* 0: go on; else the exit status plus one. */
static int parse(struct run_options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        SERVING_OPTIONS(SERVING_ENTRY){"link", required_argument, NULL, OPTION_LINK},
        {"fallback", required_argument, NULL, OPTION_FALLBACK},
        {"wait", required_argument, NULL, OPTION_WAIT},
        {NULL, 0, NULL, 0}};
    int option;

    *options = (struct run_options){.wait_ns = SEC(5)};
    serving_options_default(&options->serving, "run");
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (option == SERVING_HELP) {
            fputs(help_text, stdout);
            return 1;
        }
        if (option == '?' || !take_option(options, option, optarg))
            return 1 + STATUS_LASTACK_FAILED;
    }
    options->command = argv + optind;
    if (options->command[0] == NULL && !options->wants_sim) {
        fprintf(stderr, "lastack run: no CMD; lastack run --help\n");
        return 1 + STATUS_LASTACK_FAILED;
    }
    if (options->command[0] != NULL)
        options->serving.viewer.peer = base_name(options->command[0]);
    return serving_options_finish(&options->serving, "run") ? 0 : 1 + STATUS_LASTACK_FAILED;
}

/* ---- the whole ---- */

static void say(const struct run_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct run_options *options, const char *format, ...)
{
    va_list arguments;

    if (options->serving.viewer.voice != VIEWER_WORDS)
        return;
    va_start(arguments, format);
    fputs("lastack: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

/* What is not as it usually is. */
static void say_parameters(const struct serving_options *serving)
{
    if (serving->viewer.voice != VIEWER_WORDS)
        return;
    fprintf(stderr, "lastack: parameters of %s", serving->profile);
    for (unsigned i = 0; i < serving->set_count; i++)
        fprintf(stderr, ", %s", serving->sets[i]);
    fputc('\n', stderr);
}

static void introduce(const struct run *run, const struct run_options *options)
{
    char enter[80];

    sandbox_enter_text(&run->sandbox, enter, sizeof enter);
    if (run->sandbox.not_tun.text[0] != '\0')
        say(options, "link veth, because not tun: %s\n", run->sandbox.not_tun.text);
    else
        say(options, "link %s, %s\n", run->served.link->ops->kind,
            options->link == SANDBOX_LINK_AUTO ? "the first choice" : "as asked for");
    if (options->serving.set_count > 0 || strcmp(options->serving.profile, "linux") != 0)
        say_parameters(&options->serving);
    say(options, "192.0.2.1 and 2001:db8::1 answer; a second terminal: %s CMD\n", enter);
    say(options, "from outside: lastack ss --stack %s\n", options->serving.name);
}

/* Nothing to wait for: all is gone, or all that is left are TIME-WAITs that outlast our patience.
 * */
static bool is_at_rest(const struct run *run, int64_t patience_ns)
{
    if (served_connections(&run->served) > 0)
        return false;
    return served_time_waits(&run->served) == 0 ||
           lastack_params(run->served.stack)->time_wait_ns > patience_ns;
}

static void wait_for_rest(struct run *run, int64_t patience_ns)
{
    int64_t until = time_after(run->ended_at, patience_ns);

    while (!run->is_interrupted && event_loop_clock() < until && !is_at_rest(run, patience_ns))
        event_loop_run(run->served.loop, min64(until, event_loop_clock() + MS(20)));
}

static bool run_command(struct run *run, struct trouble *trouble)
{
    if (!event_loop_watch(run->served.loop, run->sandbox.pid_fd, EPOLLIN, on_command_end, run,
                          trouble))
        return false;
    if (!sandbox_release(&run->sandbox, trouble))
        return false;
    while (run->status < 0)
        event_loop_run(run->served.loop, NEVER);
    return true;
}

static bool open_run(struct run *run, const struct run_options *options, struct viewer *viewer,
                     struct host_link *link, struct trouble *trouble)
{
    struct sandbox_config sandbox;
    struct served_config served = {.name = options->serving.name,
                                   .params = options->serving.params,
                                   .viewer = viewer,
                                   .context = run,
                                   .signalled = on_signal};

    sandbox_config_default(&sandbox);
    sandbox.link = options->link;
    sandbox.command = options->command;
    served_default_addresses(&served);
    if (!sandbox_open(&run->sandbox, &sandbox, trouble))
        return false;
    sandbox_take_link(&run->sandbox, &sandbox, link);
    if (served_open(&run->served, &served, link, trouble))
        return true;
    sandbox_close(&run->sandbox);
    return false;
}

/* No CMD: `why`. */
static int simulate(const struct run_options *options, struct viewer *viewer, const char *why)
{
    struct trouble trouble;

    if (why != NULL)
        fprintf(stderr, "lastack: CMD cannot run: %s\n", why);
    viewer_set_peer(viewer, "simulated client");
    say(options, "SIMULATED: two stacks, a link of 10 ms each way, a clock that jumps\n");
    if (run_sim(&options->serving.params, options->serving.name, options->command, viewer,
                &trouble))
        return 0;
    fprintf(stderr, "lastack run: %s\n", trouble.text);
    return STATUS_LASTACK_FAILED;
}

static int run_with(const struct run_options *options, struct viewer *viewer)
{
    struct run run = {.status = -1};
    struct trouble trouble;
    struct host_link link;

    if (!open_run(&run, options, viewer, &link, &trouble)) {
        if (options->falls_back_to_sim)
            return simulate(options, viewer, trouble.text);
        fprintf(stderr, "lastack run: %s\n", trouble.text);
        return STATUS_LASTACK_FAILED;
    }
    introduce(&run, options);
    if (run_command(&run, &trouble)) {
        wait_for_rest(&run, options->wait_ns);
    } else {
        fprintf(stderr, "lastack run: %s\n", trouble.text);
        run.status = STATUS_LASTACK_FAILED;
    }
    viewer_end(viewer, run.served.link, run.status);
    served_close(&run.served);
    sandbox_close(&run.sandbox);
    return run.status;
}

int run_main(int argc, char **argv)
{
    struct run_options options;
    struct trouble trouble;
    struct viewer *viewer;
    int status = parse(&options, argc, argv);

    if (status != 0)
        return status - 1;
    viewer = viewer_open(&options.serving.viewer, &trouble);
    if (viewer == NULL) {
        fprintf(stderr, "lastack run: %s\n", trouble.text);
        return STATUS_LASTACK_FAILED;
    }
    status = options.wants_sim ? simulate(&options, viewer, NULL) : run_with(&options, viewer);
    if (!viewer_close(viewer, &trouble)) {
        fprintf(stderr, "lastack run: %s\n", trouble.text);
        return STATUS_LASTACK_FAILED;
    }
    return status;
}
