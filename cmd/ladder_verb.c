/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_verb.c: `lastack ladder FILE.pcap`: both ends of every connection in a capture, drawn.
 */
#include "verbs.h"

#include "capture.h"
#include "charset.h"
#include "color.h"
#include "ladder_json.h"
#include "same_file.h"
#include "streams.h"
#include "words.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { STATUS_FINE, STATUS_NOTHING, STATUS_USAGE, STATUS_PARTLY, STATUS_NOT_PERMITTED };

/* Without --stream: so many at the most, or the picture is none. */
enum { DRAWN_UNASKED = 8 };

struct options {
    const char *file, *output;
    bool is_text, is_list, is_json, has_stream;
    size_t stream;
    unsigned width; /* 0: as wide as the terminal */
    enum color_mode color;
};

static const char usage[] =
    "usage: lastack ladder FILE.pcap[ng] [--stream N] [-o FILE.svg | --text]\n"
    "  --stream N    the connection number N only (--list numbers them)\n"
    "  -o FILE       SVG into FILE (\"-\": standard output); with --text, text\n"
    "  --text        text with box characters: the default without -o\n"
    "  --list        the connections in the file, one a line\n"
    "  --json        one object for each row of the ladder (or of --list)\n"
    "  --width N     columns of text, 72 to 160; the terminal's, or 100\n"
    "  --color=auto|always|never\n"
    "Both ends' states are inferred from the packets alone; (STATE) in brackets is not\n"
    "proven by a packet of that end. FILE may be \"-\": standard input.\n"
    "exit status: 0, 1 no such connection in it, 2 usage or unreadable, 3 the file breaks off,\n"
    "4 not permitted\n";

enum {
    OPTION_STREAM = 256,
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_JSON,
    OPTION_WIDTH,
    OPTION_COLOR,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"stream", required_argument, NULL, OPTION_STREAM},
    {"output", required_argument, NULL, 'o'},
    {"text", no_argument, NULL, OPTION_TEXT},
    {"list", no_argument, NULL, OPTION_LIST},
    {"json", no_argument, NULL, OPTION_JSON},
    {"width", required_argument, NULL, OPTION_WIDTH},
    {"color", required_argument, NULL, OPTION_COLOR},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

/* ---- options ---- */

static bool take_number(const char *option, const char *text, unsigned long from, unsigned long to,
                        unsigned long *number)
{
    char *end;

    errno = 0;
    *number = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *number >= from &&
        *number <= to)
        return true;
    fprintf(stderr, "lastack ladder: %s %s: a number from %lu to %lu\n", option, text, from, to);
    return false;
}

static bool take_option(struct options *options, int option, const char *value)
{
    unsigned long number = 0;
    bool is_fine = true;

    switch (option) {
    case OPTION_STREAM:
        is_fine = take_number("--stream", value, 0, STREAMS_MAX - 1, &number);
        options->stream = number;
        options->has_stream = true;
        break;
    case 'o':
        options->output = value;
        break;
    case OPTION_TEXT:
        options->is_text = true;
        break;
    case OPTION_LIST:
        options->is_list = true;
        break;
    case OPTION_JSON:
        options->is_json = true;
        break;
    case OPTION_WIDTH:
        is_fine = take_number("--width", value, 72, 160, &number);
        options->width = (unsigned)number;
        break;
    case OPTION_COLOR:
        is_fine = color_mode_parse(value, &options->color);
        if (!is_fine)
            fprintf(stderr, "lastack ladder: --color=%s: auto, always or never\n", value);
        break;
    default:
        return false; /* getopt has said what */
    }
    return is_fine;
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
    if (optind + 1 != argc) {
        if (optind + 1 < argc)
            fprintf(stderr, "lastack ladder: one FILE is drawn at a time, not %d\n", argc - optind);
        fputs(usage, stderr);
        return STATUS_USAGE;
    }
    options->file = argv[optind];
    return -1;
}

/* ---- reading ---- */

static int cannot(const char *what, const char *file, const char *why, bool is_permission)
{
    fprintf(stderr, "lastack ladder: cannot %s %s: %s\n", what, file, why);
    return is_permission ? STATUS_NOT_PERMITTED : STATUS_USAGE;
}

static void say_left_out(uint64_t count, const char *what)
{
    if (count > 0)
        fprintf(stderr, "lastack ladder: %s: %" PRIu64 " left out\n", what, count);
}

static int read_file(const struct options *options, struct streams *streams)
{
    bool is_stdin = strcmp(options->file, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(options->file, "rb");
    struct text error = {0};
    int status = STATUS_FINE;

    if (in == NULL)
        return cannot("read", options->file, strerror(errno), errno == EACCES || errno == EPERM);
    struct capture *capture = capture_open(in, &error);
    if (capture == NULL) {
        status = cannot("read", options->file, text_string(&error), false);
        text_free(&error);
        return status;
    }
    if (streams_read(streams, capture) == CAPTURE_ERROR) {
        fprintf(stderr, "lastack ladder: %s: after frame %" PRIu64 ": %s\n", options->file,
                capture_counts(capture)->frames, capture_error(capture));
        status = STATUS_PARTLY;
    }
    const struct capture_counts *counts = capture_counts(capture);
    say_left_out(counts->fragments, "IP fragments, which are not put together");
    say_left_out(counts->cut, "packets cut before the end of their TCP header");
    say_left_out(counts->broken, "packets with headers that make no sense");
    say_left_out(streams->seen_elsewhere, "packets seen before at another interface");
    if (streams->count == 0 && counts->other > 0)
        fprintf(stderr,
                "lastack ladder: %s: %" PRIu64 " of %" PRIu64 " frames carry no TCP over IP\n",
                options->file, counts->other, counts->frames);
    if (streams->beyond > 0)
        fprintf(stderr, "lastack ladder: only the first %d connections are read\n", STREAMS_MAX);
    capture_close(capture);
    return status;
}

/* ---- writing ---- */

static void list_streams(const struct streams *streams, struct text *text)
{
    for (size_t i = 0; i < streams->count; i++) {
        const struct stream *stream = &streams->stream[i];
        char left[LASTACK_ENDPOINT_TEXT], right[LASTACK_ENDPOINT_TEXT];

        lastack_endpoint_text(&stream->end[0], left, sizeof left);
        lastack_endpoint_text(&stream->end[1], right, sizeof right);
        text_addf(text, "%5zu  %s > %s  %" PRIu64 " segments, ", i, left, right, stream->segments);
        words_bytes(text, stream->bytes);
        text_add(text, ", ");
        words_duration(text, stream->last_at - stream->first_at);
        text_add(text, "\n");
    }
}

static unsigned width_of(const struct options *options, FILE *out)
{
    struct winsize size;

    if (options->width != 0)
        return options->width;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 100;
}

static void draw_text(const struct options *options, const struct streams *streams, FILE *out,
                      struct text *text)
{
    const struct ladder_text_style style = {
        .width = width_of(options, out),
        .has_color =
            color_wanted(options->color, isatty(fileno(out)), getenv("NO_COLOR"), getenv("TERM")),
    };

    for (size_t i = 0; i < streams->count; i++) {
        if (streams->stream[i].ladder == NULL)
            continue;
        if (text->length > 0)
            text_add(text, "\n\n");
        ladder_draw_text(streams->stream[i].ladder, &style, text);
    }
}

static void draw_svg(const struct streams *streams, struct text *text)
{
    const struct ladder *ladders[DRAWN_UNASKED];
    size_t count = 0;

    for (size_t i = 0; i < streams->count && count < DRAWN_UNASKED; i++)
        if (streams->stream[i].ladder != NULL)
            ladders[count++] = streams->stream[i].ladder;
    ladder_draw_svg(ladders, count, text);
}

static void draw(const struct options *options, const struct streams *streams, FILE *out,
                 struct text *text)
{
    for (size_t i = 0; i < streams->count; i++)
        if (streams->stream[i].ladder != NULL)
            ladder_finish(streams->stream[i].ladder);
    if (options->is_list && !options->is_json)
        list_streams(streams, text);
    else if (options->is_json)
        ladder_streams_json(streams, options->is_list, text);
    else if (options->output != NULL && !options->is_text)
        draw_svg(streams, text);
    else
        draw_text(options, streams, out, text);
}

static int write_out(const struct options *options, const struct streams *streams)
{
    bool is_stdout = options->output == NULL || strcmp(options->output, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(options->output, "w");
    struct text text = {0};

    if (out == NULL)
        return cannot("write", options->output, strerror(errno), errno == EACCES || errno == EPERM);
    draw(options, streams, out, &text);
    charset_suit(&text, isatty(fileno(out)));
    bool has_failed = fwrite(text_string(&text), 1, text.length, out) != text.length;
    has_failed |= fflush(out) != 0;
    if (!is_stdout)
        has_failed |= fclose(out) != 0;
    text_free(&text);
    if (has_failed)
        return cannot("write", is_stdout ? "standard output" : options->output, strerror(errno),
                      false);
    return STATUS_FINE;
}

int ladder_main(int argc, char **argv)
{
    struct options options = {0};
    struct streams streams;
    int status = take_options(&options, argc, argv);

    if (status >= 0)
        return status;
    if (same_file(options.file, options.output)) {
        fprintf(stderr, "lastack ladder: -o %s: that is the capture itself\n", options.output);
        return STATUS_USAGE;
    }
    if (options.has_stream)
        streams_init(&streams, options.stream, 1);
    else
        streams_init(&streams, 0, options.is_list ? 0 : DRAWN_UNASKED);
    status = read_file(&options, &streams);
    if (status == STATUS_USAGE || status == STATUS_NOT_PERMITTED) {
        streams_free(&streams);
        return status;
    }
    if (streams.count == 0 || (options.has_stream && options.stream >= streams.count)) {
        fprintf(stderr, "lastack ladder: %s has %zu TCP connection%s", options.file, streams.count,
                streams.count == 1 ? "" : "s");
        fprintf(stderr, options.has_stream ? ": no number %zu\n" : "\n", options.stream);
        streams_free(&streams);
        return status == STATUS_FINE ? STATUS_NOTHING : status;
    }
    if (!options.has_stream && !options.is_list && streams.count > DRAWN_UNASKED)
        fprintf(stderr,
                "lastack ladder: %zu connections; the first %d are drawn. --list shows all, "
                "--stream N draws one\n",
                streams.count, DRAWN_UNASKED);
    int written = write_out(&options, &streams);
    streams_free(&streams);
    return written != STATUS_FINE ? written : status;
}
