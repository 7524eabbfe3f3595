/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.c: `lastack sysctl`: one table of parameters under the names of four systems.
 *
 *     a name ──▶ a row of the table? ──▶ its value: of the kernel, of a running stack, of a profile
 *          └──▶ a name of Linux only?  ──▶ the kernel's value and what it does not do
 *          └──▶ dead?                  ──▶ why, and which file still sets it
 */
#include "instruments.h"

#include "color_option.h"
#include "control.h"
#include "host_setting.h"
#include "json_names.h"
#include "parameters.h"
#include "sysctl_lore.h"
#include "text.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "usage: lastack sysctl [options] [NAME[=VALUE]]...\n"
    "  -a              all parameters of the table\n"
    "  --dialect D     with names and units of linux, bsd, solaris or windows; what has no name "
    "there is a remark\n"
    "  --profile P     the values of a profile instead of the host's: linux freebsd rfc linux-2.6 "
    "linux-3\n"
    "  --stack NAME    those of a running stack; NAME=VALUE changes it\n"
    "  --json          one object per parameter\n"
    "NAME may be of any dialect: fin_wait_2, net.ipv4.tcp_fin_timeout, net.inet.tcp.msl, "
    "tcp_time_wait_interval,\n"
    "TcpTimedWaitDelay. NAME=VALUE writes the host's kernel (root), range checked.\n"
    "  lastack sysctl net.ipv4.tcp_fin_timeout       its value, its unit, and what it does not do\n"
    "exit status: 0, 1 a name without effect here, 2 usage or a bad value, 3 not supported, 4 not "
    "permitted\n";

struct sysctl {
    bool is_json, is_all;
    int dialect; /* -1: our own names */
    const char *profile, *stack;
    struct lastack_params params; /* of the profile; of linux for defaults */
    struct control_client *client;
};

/* ---- names ---- */

/* "net/ipv4/x", "/proc/sys/net/ipv4/x" -> "net.ipv4.x" */
static void plain_name(const char *name, char plain[128])
{
    if (strncmp(name, "/proc/sys/", 10) == 0)
        name += 10;
    snprintf(plain, 128, "%s", name);
    for (char *at = plain; *at != '\0'; at++)
        *at = *at == '/' ? '.' : *at;
}

static const struct parameter *row_of(const char *plain)
{
    const struct parameter *found = parameter_find(plain);
    for (size_t i = 0; found == NULL && i < parameter_count(); i++) {
        const struct parameter *parameter = parameter_at(i);
        const char *alias;
        for (int dialect = PARAMETER_LINUX; dialect <= PARAMETER_WINDOWS; dialect++)
            for (size_t n = 0;
                 (alias = parameter_alias(parameter, (enum parameter_dialect)dialect, n)) != NULL;
                 n++)
                if (strcasecmp(alias, plain) == 0)
                    found = parameter;
    }
    return found;
}

/* Its first name that this kernel has; NULL if it has none. */
static const char *kernel_name(const struct parameter *parameter, char value[HOST_SETTING_TEXT])
{
    const char *alias;
    for (size_t n = 0; (alias = parameter_alias(parameter, PARAMETER_LINUX, n)) != NULL; n++)
        if (host_setting_read(alias, value) == 0)
            return alias;
    return NULL;
}

/* ---- values ---- */

struct answer {
    const char *name; /* under which the value is given */
    char value[HOST_SETTING_TEXT];
    const char *unit;
    bool has_value;
    char why_not[384]; /* without a value, if there is more to say than that */
    char source[48];
};

static const char *const dialect_names[] = {"linux", "bsd", "solaris", "windows"};
static const char *const system_names[] = {"Linux", "BSD", "Solaris", "Windows"};

/* Linux says the unit of a time in the name, if it is not seconds. */
static const char *kernel_unit(const struct parameter *parameter, const char *name)
{
    size_t length = strlen(name);
    if (parameter->unit != PARAMETER_TIME)
        return parameter_unit_text(parameter->unit);
    if (length > 3 && strcmp(name + length - 3, "_us") == 0)
        return "microseconds";
    bool is_ms =
        (length > 3 && strcmp(name + length - 3, "_ms") == 0) || strstr(name, "_delay") != NULL;
    return is_ms ? "milliseconds" : "seconds";
}

static bool foreign_find(int dialect, const char *name, struct parameter_foreign *foreign)
{
    size_t i = 0;

    while (parameter_foreign_at((enum parameter_dialect)dialect, i, foreign) &&
           strcmp(foreign->name, name) != 0)
        i++;
    return parameter_foreign_at((enum parameter_dialect)dialect, i, foreign);
}

/* The host's values of what a foreign name stands for, in the unit of that name. */
static void translate_host(const struct parameter_foreign *foreign, struct answer *answer)
{
    char value[HOST_SETTING_TEXT], message[256];
    struct lastack_params params;

    lastack_params_linux(&params);
    for (size_t i = 0; i < 2 && foreign->parts[i] != NULL; i++) {
        const char *linux_name = parameter_alias(foreign->parts[i], PARAMETER_LINUX, 0);
        const char *live = kernel_name(foreign->parts[i], value);

        if (linux_name == NULL)
            snprintf(answer->why_not, sizeof answer->why_not, "Linux has no sysctl for it");
        else if (live == NULL)
            snprintf(answer->why_not, sizeof answer->why_not, "%s is not to be read here",
                     linux_name);
        else if (parameter_set(&params, live, value, message, sizeof message) != PARAMETER_DONE)
            snprintf(answer->why_not, sizeof answer->why_not, "no value of it stands for %s = %s",
                     live, value);
    }
    answer->has_value =
        answer->why_not[0] == '\0' && parameter_get(&params, foreign->name, answer->value,
                                                    sizeof answer->value) == PARAMETER_DONE;
}

/* A name of the wanted dialect, where we were told to look. */
static struct answer answer_foreign(struct sysctl *sysctl, const struct parameter_foreign *foreign)
{
    struct answer answer = {.name = foreign->name, .unit = foreign->unit, .source = "host"};
    struct trouble trouble;

    if (sysctl->client != NULL) {
        snprintf(answer.source, sizeof answer.source, "stack %.32s", sysctl->stack);
        answer.has_value = control_sysctl(sysctl->client, answer.name, NULL, answer.value,
                                          sizeof answer.value, &trouble);
    } else if (sysctl->profile != NULL) {
        snprintf(answer.source, sizeof answer.source, "profile %.32s", sysctl->profile);
        answer.has_value = parameter_get(&sysctl->params, answer.name, answer.value,
                                         sizeof answer.value) == PARAMETER_DONE;
    } else if (sysctl->dialect == PARAMETER_LINUX) {
        answer.has_value = host_setting_read(foreign->name, answer.value) == 0;
        if (!answer.has_value)
            snprintf(answer.why_not, sizeof answer.why_not, "not in this kernel");
    } else {
        translate_host(foreign, &answer);
    }
    return answer;
}

/* The value where we were told to look, under the wanted dialect's name if there is one. */
static struct answer answer_of(struct sysctl *sysctl, const struct parameter *parameter)
{
    struct answer answer = {.name = parameter->name, .unit = parameter_unit_text(parameter->unit)};
    struct parameter_foreign foreign;
    struct trouble trouble;
    const char *alias =
        sysctl->dialect < 0
            ? NULL
            : parameter_alias(parameter, (enum parameter_dialect)sysctl->dialect, 0);
    if (alias != NULL && foreign_find(sysctl->dialect, alias, &foreign))
        return answer_foreign(sysctl, &foreign);
    if (sysctl->client != NULL) {
        snprintf(answer.source, sizeof answer.source, "stack %.32s", sysctl->stack);
        answer.has_value = control_sysctl(sysctl->client, answer.name, NULL, answer.value,
                                          sizeof answer.value, &trouble);
    } else if (sysctl->profile != NULL) {
        snprintf(answer.source, sizeof answer.source, "profile %.32s", sysctl->profile);
        answer.has_value = parameter_get(&sysctl->params, answer.name, answer.value,
                                         sizeof answer.value) == PARAMETER_DONE;
    } else {
        snprintf(answer.source, sizeof answer.source, "host");
        const char *live = kernel_name(parameter, answer.value);
        answer.has_value = live != NULL;
        answer.name = live != NULL ? live : answer.name;
        answer.unit = live != NULL ? kernel_unit(parameter, live) : answer.unit;
    }
    return answer;
}

static json_t *aliases_json(const struct parameter *parameter)
{
    json_t *object = json_object();
    for (int dialect = PARAMETER_LINUX; dialect <= PARAMETER_WINDOWS; dialect++) {
        json_t *list = json_array();
        const char *alias;
        for (size_t n = 0;
             (alias = parameter_alias(parameter, (enum parameter_dialect)dialect, n)) != NULL; n++)
            json_array_append_new(list, json_string(alias));
        json_object_set_new(object, dialect_names[dialect], list);
    }
    return object;
}

/* Whose name it is; ours if no system has it. */
static const char *dialect_of(const char *name)
{
    struct parameter_foreign foreign;

    for (int dialect = PARAMETER_LINUX; dialect <= PARAMETER_WINDOWS; dialect++)
        if (foreign_find(dialect, name, &foreign))
            return dialect_names[dialect];
    return "lastack";
}

static const char *scope_text(enum parameter_scope scope)
{
    static const char *const texts[] = {"stack", "listener", "connection"};
    return texts[scope];
}

static void print_row_json(const struct sysctl *sysctl, const struct parameter *parameter,
                           const struct answer *answer)
{
    char low[64], high[64], standard[64];
    struct lastack_params linux_params;
    const struct sysctl_lore *lore = sysctl_lore_find(answer->name);
    (void)sysctl;
    lastack_params_linux(&linux_params);
    parameter_value_text(parameter, &linux_params, standard, sizeof standard);
    parameter_limit_text(parameter, false, low, sizeof low);
    parameter_limit_text(parameter, true, high, sizeof high);
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(answer->name));
    json_object_set_new(object, "parameter", json_string(parameter->name));
    json_object_set_new(object, "value",
                        answer->has_value ? json_safe(answer->value) : json_null());
    json_object_set_new(object, "unit", json_string(answer->unit));
    json_object_set_new(object, "default", json_string(standard));
    json_object_set_new(object, "minimum", json_string(low));
    json_object_set_new(object, "maximum", json_string(high));
    json_object_set_new(object, "aliases", aliases_json(parameter));
    json_object_set_new(object, "scope", json_string(scope_text(parameter->scope)));
    json_object_set_new(object, "takes_effect", json_string(parameter->takes_effect));
    json_object_set_new(object, "text", json_string(parameter->text));
    const char *wrong =
        lore != NULL && lore->does_not != NULL ? lore->does_not : parameter->not_text;
    json_object_set_new(object, "does_not", wrong == NULL ? json_null() : json_string(wrong));
    json_object_set_new(object, "dialect", json_string(dialect_of(answer->name)));
    if (answer->why_not[0] != '\0')
        json_object_set_new(object, "why_not", json_safe(answer->why_not));
    json_object_set_new(object, "source", json_string(answer->source));
    json_line(stdout, object);
}

static void print_aliases(const struct parameter *parameter)
{
    printf("  also    ");
    for (int dialect = PARAMETER_LINUX; dialect <= PARAMETER_WINDOWS; dialect++) {
        const char *alias;
        for (size_t n = 0;
             (alias = parameter_alias(parameter, (enum parameter_dialect)dialect, n)) != NULL; n++)
            printf(" %s: %s ", system_names[dialect], alias);
    }
    printf(" here: %s\n", parameter->name);
}

struct assignment_search {
    const char *name;
};

static void print_assignment(void *context, const char *file, int line, const char *name,
                             const char *value)
{
    const struct assignment_search *search = context;
    if (strcmp(name, search->name) != 0)
        return;
    struct text text = {0};
    text_add_safe(&text, value, NULL);
    printf("  set in   %s:%d to %s\n", file, line, text_string(&text));
    text_free(&text);
}

static void print_lore(const char *name, const char *text, const char *not_text)
{
    const struct sysctl_lore *lore = sysctl_lore_find(name);
    struct assignment_search search = {name};
    if (lore != NULL)
        text = lore->does;
    if (lore != NULL && lore->does_not != NULL)
        not_text = lore->does_not;
    if (text != NULL)
        printf("  is       %s\n", text);
    if (not_text != NULL)
        printf("  is not   %s\n", not_text);
    host_setting_files("", print_assignment, &search);
}

static const char *absence_of(const struct sysctl_lore *lore)
{
    return lore != NULL && lore->is_global
               ? "not in this kernel, or not in this network namespace: there is one for the "
                 "whole host"
               : "not in this kernel";
}

/* Linux has a name for it, which cannot be read here: says so. False: it has none. */
static bool print_absence(const struct parameter *parameter)
{
    const char *name = parameter_alias(parameter, PARAMETER_LINUX, 0);
    if (name == NULL)
        return false;
    printf("%s: %s\n", name, absence_of(sysctl_lore_find(name)));
    return true;
}

static void print_row_text(struct sysctl *sysctl, const struct parameter *parameter,
                           const struct answer *answer, bool is_long)
{
    char low[64], high[64], standard[64];
    struct lastack_params linux_params;
    if (answer->has_value)
        printf("%s = %s\n", answer->name, answer->value);
    else if (answer->why_not[0] != '\0')
        printf("# %s: %s\n", answer->name, answer->why_not);
    else if (is_long && !print_absence(parameter))
        printf("%s: Linux has no sysctl for it\n", answer->name);
    if (!is_long)
        return;
    lastack_params_linux(&linux_params);
    parameter_value_text(parameter, &linux_params, standard, sizeof standard);
    parameter_limit_text(parameter, false, low, sizeof low);
    parameter_limit_text(parameter, true, high, sizeof high);
    print_lore(answer->name, parameter->text, parameter->not_text);
    printf("  unit     %s; of a lastack stack: default %s, from %s to %s%s%s\n", answer->unit,
           standard, low, high, parameter->zero_text != NULL ? ", 0 means " : "",
           parameter->zero_text != NULL ? parameter->zero_text : "");
    printf("  scope    %s; a change is felt %s\n", scope_text(parameter->scope),
           parameter->takes_effect);
    print_aliases(parameter);
    (void)sysctl;
}

/* ---- one name ---- */

/* A name that the table does not have: the kernel may, or it is dead. */
static int show_kernel_only(const struct sysctl *sysctl, const char *plain)
{
    char value[HOST_SETTING_TEXT], message[256];
    const struct sysctl_lore *lore = sysctl_lore_find(plain);
    const char *name = lore != NULL ? lore->name : plain;
    int status = sysctl->client != NULL || sysctl->profile != NULL ? -ENOENT
                                                                   : host_setting_read(name, value);
    struct lastack_params params = sysctl->params;
    bool is_known = parameter_get(&params, plain, message, sizeof message) != PARAMETER_UNKNOWN;
    if (status == -EACCES || status == -EPERM) {
        fprintf(stderr, "lastack sysctl: %s: %s\n", name, strerror(-status));
        return STATUS_NOT_PERMITTED;
    }
    if (status != 0 && lore == NULL) {
        fprintf(stderr, "lastack sysctl: %s%s%s\n", plain,
                message[0] == '\0' ? ": no such name" : ": ", message);
        return is_known ? STATUS_FINDINGS : STATUS_USAGE;
    }
    if (sysctl->is_json) {
        json_line(stdout, json_pack("{s:s,s:o,s:s,s:s?,s:s}", "name", name, "value",
                                    status == 0 ? json_safe(value) : json_null(), "text",
                                    lore != NULL ? lore->does : "", "does_not",
                                    lore != NULL ? lore->does_not : NULL, "source", "host"));
    } else {
        if (status == 0)
            printf("%s = %s\n", name, value);
        else
            printf("%s: %s\n", name, absence_of(lore));
        print_lore(name, NULL, NULL);
    }
    return status == 0 ? STATUS_FINE : STATUS_FINDINGS;
}

static int show(struct sysctl *sysctl, const char *name, bool is_long)
{
    char plain[128];
    plain_name(name, plain);
    const struct parameter *parameter = row_of(plain);
    if (parameter == NULL)
        return show_kernel_only(sysctl, plain);
    struct answer answer = answer_of(sysctl, parameter);
    char value[HOST_SETTING_TEXT];
    bool is_live_name = sysctl->client == NULL && sysctl->profile == NULL &&
                        sysctl->dialect <= PARAMETER_LINUX && host_setting_read(plain, value) == 0;
    if (is_live_name) { /* the very name that was asked for */
        answer.name = plain;
        memcpy(answer.value, value, sizeof value);
        answer.has_value = true;
    }
    if (sysctl->is_json)
        print_row_json(sysctl, parameter, &answer);
    else
        print_row_text(sysctl, parameter, &answer, is_long);
    return answer.has_value ? STATUS_FINE : STATUS_FINDINGS;
}

/* ---- all of them ---- */

static bool has_linux_name(const struct parameter *parameter, const char *name)
{
    const char *alias;

    for (size_t n = 0; (alias = parameter_alias(parameter, PARAMETER_LINUX, n)) != NULL; n++)
        if (strcmp(alias, name) == 0)
            return true;
    return false;
}

/* Of rows that share a name of the kernel (tcp_rmem), all but the first. */
static bool is_told_before(size_t index, const char *name)
{
    for (size_t i = 0; i < index; i++)
        if (has_linux_name(parameter_at(i), name))
            return true;
    return false;
}

/* Of such rows, one has a name in the dialect, which has told it. */
static bool is_told_in(enum parameter_dialect dialect, const char *name)
{
    for (size_t i = 0; i < parameter_count(); i++)
        if (parameter_alias(parameter_at(i), dialect, 0) != NULL &&
            has_linux_name(parameter_at(i), name))
            return true;
    return false;
}

static void show_rows(struct sysctl *sysctl)
{
    for (size_t i = 0; i < parameter_count(); i++) {
        struct answer answer = answer_of(sysctl, parameter_at(i));

        if (is_told_before(i, answer.name))
            continue;
        if (sysctl->is_json)
            print_row_json(sysctl, parameter_at(i), &answer);
        else
            print_row_text(sysctl, parameter_at(i), &answer, false);
    }
}

/* What the dialect has no name for, under ours or the kernel's, as a remark: whoever reads the list
 * as settings of that system must not take it for one. */
static void show_nameless(struct sysctl *sysctl)
{
    const enum parameter_dialect dialect = (enum parameter_dialect)sysctl->dialect;

    for (size_t i = 0; i < parameter_count(); i++) {
        const struct parameter *parameter = parameter_at(i);
        struct answer answer;

        if (parameter_alias(parameter, dialect, 0) != NULL)
            continue;
        answer = answer_of(sysctl, parameter);
        if (!answer.has_value || is_told_before(i, answer.name) || is_told_in(dialect, answer.name))
            continue;
        snprintf(answer.why_not, sizeof answer.why_not, "%s has no name for it",
                 system_names[sysctl->dialect]);
        if (sysctl->is_json)
            print_row_json(sysctl, parameter, &answer);
        else
            printf("# %s = %s: %s\n", answer.name, answer.value, answer.why_not);
    }
}

static void show_dialect(struct sysctl *sysctl)
{
    struct parameter_foreign foreign;

    for (size_t i = 0; parameter_foreign_at((enum parameter_dialect)sysctl->dialect, i, &foreign);
         i++) {
        struct answer answer = answer_foreign(sysctl, &foreign);

        if (sysctl->is_json)
            print_row_json(sysctl, foreign.parts[0], &answer);
        else
            print_row_text(sysctl, foreign.parts[0], &answer, false);
    }
    show_nameless(sysctl);
}

/* ---- changing ---- */

static int change_stack(struct sysctl *sysctl, const char *name, const char *value)
{
    char reply[256];
    struct trouble trouble = {0};
    if (control_sysctl(sysctl->client, name, value, reply, sizeof reply, &trouble)) {
        printf("%s = %s\n", name, reply);
        return STATUS_FINE;
    }
    fprintf(stderr, "lastack sysctl: %s=%s: %s\n", name, value,
            trouble.text[0] != '\0' ? trouble.text : reply);
    if (trouble.text[0] != '\0')
        return STATUS_PARTLY;
    struct lastack_params scratch = sysctl->params;
    return parameter_set(&scratch, name, value, reply, sizeof reply) == PARAMETER_NO_EFFECT
               ? STATUS_FINDINGS
               : STATUS_USAGE;
}

static int change_host(struct sysctl *sysctl, const char *name, const char *value)
{
    char plain[128], message[256], old[HOST_SETTING_TEXT];
    plain_name(name, plain);
    const struct parameter *parameter = row_of(plain);
    struct lastack_params checked = sysctl->params;
    const char *live = host_setting_read(plain, old) == 0 ? plain : NULL;
    if (live == NULL && parameter != NULL)
        live = kernel_name(parameter, old);
    if (live == NULL) {
        const struct sysctl_lore *lore = sysctl_lore_find(plain);
        fprintf(stderr, "lastack sysctl: %s: this kernel has no such name%s%s\n", name,
                lore != NULL ? ": " : "", lore != NULL ? lore->does : "");
        return STATUS_PARTLY;
    }
    if (live != plain && parameter != NULL) {
        fprintf(stderr, "lastack sysctl: %s is %s here; write that name, in its unit\n", name,
                live);
        return STATUS_USAGE;
    }
    if (parameter != NULL &&
        parameter_set(&checked, plain, value, message, sizeof message) == PARAMETER_BAD_VALUE) {
        fprintf(stderr, "lastack sysctl: %s=%s: %s\n", name, value, message);
        return STATUS_USAGE;
    }
    int status = host_setting_write(plain, value);
    if (status != 0) {
        fprintf(stderr, "lastack sysctl: %s=%s: %s%s\n", name, value, strerror(-status),
                status == -EACCES || status == -EPERM ? " (root of this network namespace may)"
                                                      : "");
        return status == -EACCES || status == -EPERM ? STATUS_NOT_PERMITTED : STATUS_USAGE;
    }
    printf("%s was %s\n", live, old);
    return show(sysctl, plain, true);
}

static int take_word(struct sysctl *sysctl, const char *word)
{
    char name[128];
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        return show(sysctl, word, true);
    snprintf(name, sizeof name, "%.*s", (int)(equals - word < 127 ? equals - word : 127), word);
    if (sysctl->client != NULL)
        return change_stack(sysctl, name, equals + 1);
    if (sysctl->profile != NULL) {
        fprintf(stderr, "lastack sysctl: a profile cannot be changed; --stack NAME can\n");
        return STATUS_USAGE;
    }
    return change_host(sysctl, name, equals + 1);
}

/* ---- options ---- */

static bool take_dialect(struct sysctl *sysctl, const char *word)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(word, dialect_names[i]) == 0) {
            sysctl->dialect = i;
            return true;
        }
    }
    fprintf(stderr, "lastack sysctl: --dialect %s: linux, bsd, solaris or windows\n", word);
    return false;
}

static bool take_profile(struct sysctl *sysctl, const char *word)
{
    sysctl->profile = word;
    if (profile_fill(word, &sysctl->params))
        return true;
    fprintf(stderr, "lastack sysctl: --profile %s: there are", word);
    for (size_t i = 0; profile_name(i) != NULL; i++)
        fprintf(stderr, " %s", profile_name(i));
    fprintf(stderr, "\n");
    return false;
}

static bool take_options(struct sysctl *sysctl, int argc, char **argv, int *status)
{
    static const struct option options[] = {
        {"dialect", required_argument, NULL, 'd'}, {"profile", required_argument, NULL, 'p'},
        {"stack", required_argument, NULL, 's'},   {"host", no_argument, NULL, 'H'},
        {"json", no_argument, NULL, 'j'},          {"color", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    int option;
    *status = STATUS_USAGE;
    optind = 1;
    while ((option = getopt_long(argc, argv, "aw", options, NULL)) != -1) {
        bool is_good = true;
        switch (option) {
        case 'a':
            sysctl->is_all = true;
            break;
        case 'c':
            is_good = color_option("sysctl", optarg, &(bool){false});
            break;
        case 'w':
        case 'H':
            break; /* sysctl(8)'s fingers */
        case 'd':
            is_good = take_dialect(sysctl, optarg);
            break;
        case 'p':
            is_good = take_profile(sysctl, optarg);
            break;
        case 's':
            sysctl->stack = optarg;
            break;
        case 'j':
            sysctl->is_json = true;
            break;
        case 'h':
            *status = fputs(usage, stdout) < 0 ? STATUS_USAGE : STATUS_FINE;
            return false;
        default:
            is_good = fputs(usage, stderr) < 0;
            break;
        }
        if (!is_good)
            return false;
    }
    if (sysctl->stack != NULL && sysctl->profile != NULL) {
        fprintf(stderr, "lastack sysctl: --stack or --profile, not both\n");
        return false;
    }
    if (optind < argc || sysctl->is_all)
        return true;
    fputs(usage, stderr);
    return false;
}

int sysctl_main(int argc, char **argv)
{
    struct sysctl sysctl = {.dialect = -1};
    int status;
    lastack_params_linux(&sysctl.params);
    if (!take_options(&sysctl, argc, argv, &status))
        return status;
    if (sysctl.stack != NULL) {
        struct trouble trouble = {0};
        sysctl.client = control_connect(sysctl.stack, &trouble);
        if (sysctl.client == NULL) {
            fprintf(stderr, "lastack sysctl: --stack %s: %s\n", sysctl.stack, trouble.text);
            return STATUS_PARTLY;
        }
    }
    status = STATUS_FINE;
    if (sysctl.is_all && sysctl.dialect >= 0)
        show_dialect(&sysctl);
    else if (sysctl.is_all)
        show_rows(&sysctl);
    for (int i = optind; i < argc; i++) {
        int result = take_word(&sysctl, argv[i]);
        status = result > status ? result : status;
    }
    if (sysctl.client != NULL)
        control_disconnect(sysctl.client);
    return status;
}
