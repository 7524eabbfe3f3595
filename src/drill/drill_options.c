/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_options.c: see drill_options.h.
 */
#include "drill_options.h"

#include "parameters.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 64, MESSAGE_MAX = 256 };

const char drill_help[] =
    "usage: lastack drill [options] FILE|FOLDER...\n"
    "\n"
    "Runs packetdrill scripts, in google's and in FreeBSD's dialect, against a lastack\n"
    "stack in this process: on virtual time, without privileges, the same every time.\n"
    "\n"
    "  --profile=P           linux (default), freebsd, rfc, linux-2.6, linux-3\n"
    "  --set=NAME=VALUE      a parameter under any of its names, on top of the profile\n"
    "  --ip-version=V        ipv4, ipv6, ipv4-mapped-ipv6, for scripts that leave it open\n"
    "  -D NAME[=VALUE]       a symbol for scripts; also what #ifdef asks for\n"
    "  --strict              checksums, outbound TS ecr, packets that no line speaks of\n"
    "  --shell               commands that are not built in run on this host\n"
    "  --trace               what the stack did, line by line\n"
    "  --pcap=FILE           every packet, with what it did, as pcapng\n"
    "  --json                one object a script, and one for the sum\n"
    "  -j N                  so many scripts at a time\n"
    "  and all options of packetdrill itself (tolerance_usecs=N ...): they win over a script's\n"
    "\n"
    "Exit status: 0 all passed, 1 some failed, 2 usage.\n";

struct reading {
    struct drill_options *options;
    struct text *message;
    char **argv;
    int argc, at;
    bool takes_files;
};

static bool complain(struct reading *reading, const char *what, const char *value)
{
    text_addf(reading->message, "lastack drill: %s: %s\n", what, value);
    return false;
}

/* ---- names ---- */

/* "--ip-version" is "--ip_version". */
static bool is_named(const char *word, size_t length, const char *name)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (word[i] != name[i] && !(word[i] == '-' && name[i] == '_'))
            return false;
    return true;
}

/* The value of the option at hand: behind = or the next word. */
static const char *take_value(struct reading *reading, const char *inside)
{
    if (inside != NULL)
        return inside;
    if (reading->at + 1 >= reading->argc) {
        complain(reading, "a value is missing behind", reading->argv[reading->at]);
        return NULL;
    }
    return reading->argv[++reading->at];
}

/* ---- values ---- */

static bool set_parameter(struct reading *reading, const char *word)
{
    const char *equals = strchr(word, '=');
    char message[MESSAGE_MAX];
    const char *name;

    if (equals == NULL)
        return complain(reading, "--set takes NAME=VALUE, not", word);
    name = script_copy(&reading->options->memory, word, (size_t)(equals - word));
    if (parameter_set(&reading->options->params, name, equals + 1, message, sizeof message) ==
        PARAMETER_DONE)
        return true;
    return complain(reading, "--set", message);
}

static bool set_profile(struct reading *reading, const char *name)
{
    struct drill_options *options = reading->options;

    if (!profile_fill(name, &options->params))
        return complain(reading, "no such profile (linux, freebsd, rfc, linux-2.6, linux-3)", name);
    options->profile = name;
    return true;
}

/* Nothing here has colors: the word is checked all the same. */
static bool check_color(struct reading *reading, const char *word)
{
    return strcmp(word, "auto") == 0 || strcmp(word, "always") == 0 || strcmp(word, "never") == 0 ||
           complain(reading, "--color takes auto, always or never, not", word);
}

static bool set_jobs(struct reading *reading, const char *text)
{
    char *end;
    const unsigned long number = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || number < 1 || number > JOBS_MAX)
        return complain(reading, "-j takes a number from 1 to 64, not", text);
    reading->options->jobs = (unsigned)number;
    return true;
}

static bool set_language_option(struct reading *reading, const char *name, const char *value)
{
    struct drill_options *options = reading->options;
    struct script_error error = {0};
    const struct place nowhere = {0, 0};

    return drill_settings_apply(&options->settings, &options->memory, SETTINGS_COMMAND_LINE, name,
                                value, nowhere, &error) ||
           complain(reading, reading->argv[reading->at], error.message);
}

static bool define(struct reading *reading, const char *text)
{
    struct drill_options *options = reading->options;
    struct script_error error = {0};
    const struct place nowhere = {0, 0};

    return drill_settings_define(&options->settings, &options->memory, SETTINGS_COMMAND_LINE, text,
                                 nowhere, &error) ||
           complain(reading, "-D", error.message);
}

/* ---- words ---- */

/* Switches without a value; NULL if the name is none of them. */
static bool *find_switch(struct drill_options *options, const char *name, size_t length)
{
    const struct {
        const char *name;
        bool *value;
    } switches[] = {{"strict", &options->is_strict},
                    {"shell", &options->allows_shell},
                    {"trace", &options->traces},
                    {"json", &options->is_json},
                    {"help", &options->wants_help}};

    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
        if (is_named(name, length, switches[i].name))
            return switches[i].value;
    return NULL;
}

static bool read_long(struct reading *reading, const char *word)
{
    const char *inside = strchr(word, '=');
    const size_t length = inside != NULL ? (size_t)(inside - word) : strlen(word);
    const char *name = script_copy(&reading->options->memory, word, length);
    bool *found = find_switch(reading->options, name, length);
    const char *value;

    if (inside != NULL)
        inside++;
    if (found != NULL) {
        *found = true;
        return inside == NULL || complain(reading, "takes no value", name);
    }
    if (is_named(name, length, "profile"))
        return true; /* read before all others */
    if (!is_named(name, length, "set") && !is_named(name, length, "pcap") &&
        !is_named(name, length, "color") &&
        !(is_named(name, length, "ip_version") && inside == NULL))
        return set_language_option(reading, name, inside);
    value = take_value(reading, inside);
    if (value == NULL)
        return false;
    if (is_named(name, length, "set"))
        return set_parameter(reading, value);
    if (is_named(name, length, "color"))
        return check_color(reading, value);
    if (is_named(name, length, "ip_version"))
        return set_language_option(reading, name, value);
    reading->options->pcap = value;
    return true;
}

static bool read_short(struct reading *reading, const char *word)
{
    const char *value;

    if (word[1] == 'h' && word[2] == '\0') {
        reading->options->wants_help = true;
        return true;
    }
    if (word[1] != 'j' && word[1] != 'D')
        return complain(reading, "no such option", word);
    value = take_value(reading, word[2] != '\0' ? word + 2 : NULL);
    if (value == NULL)
        return false;
    return word[1] == 'j' ? set_jobs(reading, value) : define(reading, value);
}

/* The profile is the ground on which all else stands, wherever it is named. */
static bool read_profile(struct reading *reading)
{
    static const char name[] = "--profile";
    const size_t length = sizeof name - 1;

    for (int i = 1; i < reading->argc; i++) {
        const char *word = reading->argv[i];

        if (strcmp(word, "--") == 0)
            break;
        if (strncmp(word, name, length) != 0 || (word[length] != '=' && word[length] != '\0'))
            continue;
        if (word[length] == '\0' && i + 1 == reading->argc)
            return complain(reading, "a value is missing behind", word);
        if (!set_profile(reading, word[length] == '=' ? word + length + 1 : reading->argv[i + 1]))
            return false;
        reading->options->names_profile = true;
    }
    return true;
}

/* What a profile means for the language. */
static bool settle_language(struct reading *reading)
{
    struct drill_options *options = reading->options;
    const bool is_freebsd = strcmp(options->profile, "freebsd") == 0;

    drill_settings_init(&options->settings, is_freebsd ? DRILL_FREEBSD : DRILL_LINUX);
    return strcmp(options->profile, "rfc") != 0 || define(reading, "STANDARD");
}

/* Everything but the profile, in its order. */
static bool read_words(struct reading *reading)
{
    bool takes_options = true;

    for (; reading->at < reading->argc; reading->at++) {
        const char *word = reading->argv[reading->at];

        if (takes_options && strcmp(word, "--") == 0)
            takes_options = false;
        else if (takes_options && strcmp(word, "--profile") == 0)
            reading->at++;
        else if (takes_options && strncmp(word, "--", 2) == 0) {
            if (!read_long(reading, word + 2))
                return false;
        } else if (takes_options && word[0] == '-' && word[1] != '\0') {
            if (!read_short(reading, word))
                return false;
        } else if (reading->takes_files &&
                   !script_files_add(&reading->options->files, word, reading->message)) {
            return false;
        }
    }
    return true;
}

bool drill_options_for_profile(const struct drill_options *options, const char *profile,
                               struct drill_options *other, struct text *message)
{
    struct reading reading = {other, message, options->argv, options->argc, 1, false};

    *other = (struct drill_options){.jobs = 1, .argc = options->argc, .argv = options->argv};
    return set_profile(&reading, profile) && settle_language(&reading) && read_words(&reading);
}

bool drill_options_read(struct drill_options *options, int argc, char **argv, struct text *message)
{
    struct reading reading = {options, message, argv, argc, 1, true};

    *options = (struct drill_options){.profile = "linux", .jobs = 1, .argc = argc, .argv = argv};
    profile_fill(options->profile, &options->params);
    if (!read_profile(&reading) || !settle_language(&reading) || !read_words(&reading))
        return false;
    if (options->files.count > 0 || options->wants_help)
        return true;
    return complain(&reading, "nothing to run", "name a script or a folder; --help tells more");
}

void drill_options_free(struct drill_options *options)
{
    script_files_free(&options->files);
    script_memory_free(&options->memory);
}
