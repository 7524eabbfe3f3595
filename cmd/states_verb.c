/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * states_verb.c: `lastack states`: the state diagram, with how many connections are where.
 */
#include "verbs.h"

#include "charset.h"
#include "color.h"
#include "json_names.h"
#include "state.h"
#include "stack_source.h"
#include "states_book.h"
#include "states_diagram.h"

#include "instruments.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *output, *stack;
    bool is_text, is_live, is_json, is_book, has_host;
    enum color_mode color;
};

static const char usage[] =
    "usage: lastack states [-o FILE.svg | --text] [--live]\n"
    "The eleven states of TCP and the moves between them (RFC 9293 Figure 5), drawn from the "
    "table\n"
    "that the code itself checks.\n"
    "  -o FILE         SVG into FILE (\"-\": standard output); with --text, text\n"
    "  --book          the states book as Markdown: what each state means, whose move it is, what "
    "to "
    "do\n"
    "  --text          text: the default without -o\n"
    "  --live          with the numbers of connections that are in each state now\n"
    "  --stack N|all   count those of running lastack stacks instead of the host's; with --host "
    "both\n"
    "  --json          one object for each move, then one for each state\n"
    "  --color=auto|always|never\n"
    "exit status: 0, 2 usage, 3 not all could be counted, 4 not permitted\n";

enum {
    OPTION_TEXT = 256,
    OPTION_BOOK,
    OPTION_LIVE,
    OPTION_STACK,
    OPTION_HOST,
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"output", required_argument, NULL, 'o'},
    {"text", no_argument, NULL, OPTION_TEXT},
    {"book", no_argument, NULL, OPTION_BOOK},
    {"live", no_argument, NULL, OPTION_LIVE},
    {"stack", required_argument, NULL, OPTION_STACK},
    {"host", no_argument, NULL, OPTION_HOST},
    {"json", no_argument, NULL, OPTION_JSON},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct options *options, int option, const char *value)
{
    switch (option) {
    case 'o':
        options->output = value;
        return true;
    case OPTION_TEXT:
        options->is_text = true;
        return true;
    case OPTION_BOOK:
        options->is_book = true;
        return true;
    case OPTION_LIVE:
        options->is_live = true;
        return true;
    case OPTION_STACK:
        options->stack = stack_option(value);
        options->is_live = true;
        return true;
    case OPTION_HOST:
        options->has_host = options->is_live = true;
        return true;
    case OPTION_JSON:
        options->is_json = true;
        return true;
    case OPTION_COLOR:
        if (color_mode_parse(value, &options->color))
            return true;
        fprintf(stderr, "lastack states: --color=%s: auto, always or never\n", value);
        return false;
    default:
        return false; /* getopt has said what */
    }
}

/* -1 to go on; else the exit status. */
static int take_options(struct options *options, int argc, char **argv)
{
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, "o:", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            fputs(usage, stdout);
            return STATUS_FINE;
        }
        if (!take_option(options, option, optarg))
            return STATUS_USAGE;
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "lastack states: '%s' is not expected\n", argv[optind]);
    return STATUS_USAGE;
}

/* ---- counting ---- */

static const struct host_query every_tcp = {
    .tcp = true, .ipv4 = true, .ipv6 = true, .states = DIAG_ALL_STATES & ~(1 << DIAG_BOUND)};

static bool count_row(void *context, const struct lastack_connection_row *row)
{
    struct states_counts *counts = context;

    if (row->protocol == LASTACK_PROTOCOL_TCP && row->state <= TCP_CLOSING)
        counts->count[row->state]++;
    return true;
}

static bool count_stack(void *context, const struct control_stack *stack,
                        struct control_client *client)
{
    (void)stack;
    return stack_rows("states", client, &every_tcp, count_row, context);
}

static int count(const struct options *options, struct states_counts *counts)
{
    int status = STATUS_FINE;
    if (options->stack != NULL && stack_each("states", options->stack, count_stack, counts) < 0)
        status = STATUS_PARTLY;
    if (options->stack != NULL && !options->has_host)
        return status;
    struct host_rows rows = {0};
    int error = host_rows_read(&rows, &every_tcp, count_row, counts);
    bool is_partial = rows.malformed > 0;
    host_rows_free(&rows);
    if (error < 0) {
        fprintf(stderr, "lastack states: sock_diag: %s\n", strerror(-error));
        return error == -EPERM || error == -EACCES ? STATUS_NOT_PERMITTED : STATUS_PARTLY;
    }
    return is_partial ? STATUS_PARTLY : status;
}

/* ---- drawing ---- */

static void print_json(const struct states_counts *counts, FILE *out)
{
    for (int from = TCP_ESTABLISHED; from <= TCP_CLOSING; from++) {
        for (int to = TCP_ESTABLISHED; to <= TCP_CLOSING; to++) {
            const struct states_arrow *arrow =
                states_arrow_of((enum tcp_state)from, (enum tcp_state)to);

            if (!tcp_state_may_move((enum tcp_state)from, (enum tcp_state)to))
                continue;
            json_t *object = json_object();
            json_object_set_new(object, "from", json_state((enum tcp_state)from));
            json_object_set_new(object, "to", json_state((enum tcp_state)to));
            json_object_set_new(
                object, "event",
                json_string(arrow != NULL ? arrow->event : "RST, abort or timeout"));
            json_object_set_new(object, "sends",
                                arrow != NULL && arrow->action != NULL ? json_string(arrow->action)
                                                                       : json_null());
            json_line(out, object);
        }
    }
    for (int state = TCP_ESTABLISHED; state <= TCP_CLOSING && counts != NULL; state++) {
        json_t *object = json_object();

        json_object_set_new(object, "state", json_state((enum tcp_state)state));
        json_object_set_new(object, "connections", json_integer((json_int_t)counts->count[state]));
        json_line(out, object);
    }
}

static const char *subject_of(const struct options *options)
{
    if (options->stack == NULL)
        return "this host";
    if (options->has_host)
        return "this host and of lastack stacks";
    return strcmp(options->stack, "all") == 0 ? "all lastack stacks" : options->stack;
}

static void draw(const struct options *options, const struct states_counts *counts, FILE *out)
{
    struct text text = {0};

    if (options->is_json) {
        print_json(counts, out);
        return;
    }
    if (options->is_book)
        states_book(&text);
    else if (options->output != NULL && !options->is_text)
        states_draw_svg(counts, subject_of(options), &text);
    else
        states_draw_text(
            counts,
            color_wanted(options->color, host_is_terminal(out), getenv("NO_COLOR"), getenv("TERM")),
            &text);
    charset_suit(&text, host_is_terminal(out));
    fputs(text_string(&text), out);
    text_free(&text);
}

int states_main(int argc, char **argv)
{
    struct options options = {0};
    struct states_counts counts = {{0}};
    int status = take_options(&options, argc, argv);

    if (status >= 0)
        return status;
    status = options.is_live ? count(&options, &counts) : STATUS_FINE;
    const bool has_nothing = status == STATUS_PARTLY && options.stack != NULL && !options.has_host;
    if (status == STATUS_NOT_PERMITTED || status == STATUS_USAGE || has_nothing)
        return status;
    bool is_stdout = options.output == NULL || strcmp(options.output, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(options.output, "w");
    if (out != NULL) {
        draw(&options, options.is_live ? &counts : NULL, out);
        bool has_failed = fflush(out) != 0 || ferror(out);
        if ((is_stdout || fclose(out) == 0) && !has_failed)
            return status;
    }
    fprintf(stderr, "lastack states: cannot write %s: %s\n",
            is_stdout ? "standard output" : options.output, strerror(errno));
    return errno == EACCES || errno == EPERM ? STATUS_NOT_PERMITTED : STATUS_USAGE;
}
