/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_test.c: parsing in tests, and walking over folders of scripts.
 */
#include "drill_test.h"

#include <dirent.h>
#include <sys/stat.h>

static struct drill_script action_script;

void parse_good(const char *text, enum drill_dialect dialect, struct drill_script *script)
{
    struct drill_settings settings;
    struct script_error error;
    char message[1024];

    drill_settings_init(&settings, dialect);
    if (drill_parse("test.pkt", text, strlen(text), &settings, script, &error))
        return;
    script_error_text(&error, "test.pkt", text, strlen(text), message, sizeof message);
    fail_msg("%s", message);
}

void assert_bad(const char *text, unsigned line, unsigned column, const char *part)
{
    struct drill_settings settings;
    struct drill_script script;
    struct script_error error;

    drill_settings_init(&settings, DRILL_LINUX);
    if (drill_parse("test.pkt", text, strlen(text), &settings, &script, &error)) {
        drill_script_free(&script);
        fail_msg("this should have been refused: %s", text);
    }
    if (error.place.line != line || error.place.column != column ||
        strstr(error.message, part) == NULL)
        fail_msg("%s\n  refused at %u:%u with \"%s\",\n  expected at %u:%u with \"%s\"", text,
                 error.place.line, error.place.column, error.message, line, column, part);
}

struct drill_event *parse_action_text(const char *action)
{
    char text[1024];

    snprintf(text, sizeof text, "0 %s\n", action);
    parse_good(text, DRILL_LINUX, &action_script);
    assert_int_equal(action_script.event_count, 1);
    return action_script.events;
}

void free_action(void)
{
    drill_script_free(&action_script);
}

void assert_round_trip(const struct drill_script *script, const struct drill_settings *settings)
{
    struct text out = {0};
    struct drill_script again;
    struct script_error error;

    drill_script_text(&out, script);
    if (!drill_parse("printed.pkt", out.data, out.length, settings, &again, &error)) {
        char message[1024];

        script_error_text(&error, script->path, out.data, out.length, message, sizeof message);
        text_free(&out);
        fail_msg("what was printed does not parse: %s", message);
    }
    if (!script_equal(script, &again))
        fail_msg("%s is another script after printing:\n%s", script->path, out.data);
    drill_script_free(&again);
    text_free(&out);
}

const char *suites_folder(void)
{
    const char *folder = getenv("LASTACK_SUITES");
    struct stat status;

    if (folder != NULL && stat(folder, &status) == 0 && S_ISDIR(status.st_mode))
        return folder;
    print_message("skipped: there is no folder %s with the public scripts\n",
                  folder == NULL ? "(LASTACK_SUITES is not set)" : folder);
    return NULL;
}

static void read_script(const char *path, visit_script *visit, void *context)
{
    FILE *file = fopen(path, "rb");
    char *text;
    long length;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    length = ftell(file);
    rewind(file);
    text = malloc((size_t)length + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)length, file), length);
    fclose(file);
    visit(context, path, text, (size_t)length);
    free(text);
}

unsigned each_script(const char *folder, visit_script *visit, void *context)
{
    DIR *directory = opendir(folder);
    unsigned count = 0;

    if (directory == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t length = strlen(entry->d_name);
        char path[1024];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".pkt") == 0) {
            read_script(path, visit, context);
            count++;
        } else {
            count += each_script(path, visit, context);
        }
    }
    closedir(directory);
    return count;
}
