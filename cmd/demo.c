/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo.c: `lastack demo [NAME]`: small stories, each played by two real stacks over a simulated
 * link and checked while it is told.
 */
#include "json_names.h"
#include "stories.h"
#include "verbs.h"

#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATUS_FINE, STATUS_FALSE, STATUS_USAGE };
enum { OPTION_COLOR = 256, OPTION_JSON, OPTION_HELP };

static void help(FILE *out)
{
    fputs(
        "usage: lastack demo [--color=auto|always|never] [--json] [NAME...]\n"
        "\n"
        "Plays stories of connections' ends between two stacks of this library, over a simulated\n"
        "link of 10 ms each way, on a clock that jumps. All that both ends do is told. Without "
        "NAME:\n"
        "the list.\n\n",
        out);
    for (size_t i = 0; story_at(i) != NULL; i++)
        fprintf(out, "  %-16s %s\n", story_at(i)->name, story_at(i)->summary);
    fputs("\nExit status: 0, 1 if something told did not come true, 2 usage.\n", out);
}

static void list_json(void)
{
    for (size_t i = 0; story_at(i) != NULL; i++)
        json_line(stdout, json_pack("{s:s, s:s}", "story", story_at(i)->name, "text",
                                    story_at(i)->summary));
}

static bool play(const struct story *story, bool has_color, bool is_json)
{
    struct stage stage;
    bool is_true;

    if (!is_json)
        printf("%s: %s\n", story->name, story->summary);
    if (!stage_open(&stage, stdout, has_color, story->change)) {
        fprintf(stderr, "lastack demo: no memory for two simulated hosts\n");
        return false;
    }
    stage.json = is_json ? story->name : NULL;
    story->play(&stage);
    is_true = stage.is_true;
    if (is_json)
        json_line(stdout, json_pack("{s:s, s:b, s:b}", "story", story->name, "summary", 1, "ok",
                                    (int)is_true));
    stage_close(&stage);
    return is_true;
}

int demo_main(int argc, char **argv)
{
    static const struct option long_options[] = {{"color", required_argument, NULL, OPTION_COLOR},
                                                 {"json", no_argument, NULL, OPTION_JSON},
                                                 {"help", no_argument, NULL, OPTION_HELP},
                                                 {NULL, 0, NULL, 0}};
    enum color_mode color = COLOR_AUTO;
    bool is_true = true, is_json = false, has_color;
    int option;

    optind = 1;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == OPTION_HELP) {
            help(stdout);
            return STATUS_FINE;
        }
        if (option == '?')
            return STATUS_USAGE;
        if (option == OPTION_JSON)
            is_json = true;
        else if (!color_mode_parse(optarg, &color)) {
            fprintf(stderr, "lastack demo: --color=%s: auto, always or never\n", optarg);
            return STATUS_USAGE;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (story_find(argv[i]) == NULL) {
            fprintf(stderr, "lastack demo: no story '%s'; lastack demo lists them\n", argv[i]);
            return STATUS_USAGE;
        }
    }
    if (optind == argc && is_json)
        list_json();
    else if (optind == argc)
        help(stdout);
    has_color = !is_json &&
                color_wanted(color, isatty(STDOUT_FILENO) != 0, getenv("NO_COLOR"), getenv("TERM"));
    for (int i = optind; i < argc; i++)
        is_true = play(story_find(argv[i]), has_color, is_json) && is_true;
    return is_true ? STATUS_FINE : STATUS_FALSE;
}
