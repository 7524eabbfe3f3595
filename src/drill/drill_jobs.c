/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drill_jobs.c: one job is one script: read, parse, run, say.
 */
#include "drill_jobs.h"

#include "check.h"
#include "json_names.h"
#include "pcapng.h"
#include "run.h"
#include "script_profile.h"
#include "trace_text.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

struct job {
    const char *path;
    struct text lines; /* what it prints */
    bool has_passed, is_done;
};

struct crew {
    const struct drill_options *options;
    struct job *jobs;
    size_t count, next;
    mtx_t lock;
    cnd_t one_done;
    struct pcapng *capture; /* NULL: none; then one job at a time */
};

/* What one script's callbacks share. */
struct job_view {
    struct job *job;
    const struct drill_options *options;
    struct pcapng *capture;
    uint32_t interface;
    struct text news; /* what happened since the last packet */
};

/* ---- watching ---- */

static void on_trace(void *context, const struct lastack_trace_record *record)
{
    struct job_view *view = context;

    if (view->options->traces) {
        text_add(&view->job->lines, "    ");
        trace_record_text(&view->job->lines, record);
        text_add(&view->job->lines, "\n");
    }
    if (record->what == LASTACK_TRACE_STATE && view->capture != NULL)
        text_addf(&view->news, "%s%s -> %s: %s", view->news.length > 0 ? "; " : "",
                  lastack_state_text((enum tcp_state)record->old_state),
                  lastack_state_text((enum tcp_state)record->new_state),
                  lastack_cause_text((enum lastack_cause)record->cause));
}

static void on_packet(void *context, int64_t at, bool is_inbound, const uint8_t *data,
                      size_t length)
{
    struct job_view *view = context;
    const struct pcapng_note note = {
        .interface = view->interface,
        .time_ns = at,
        .direction = is_inbound ? PCAPNG_IN : PCAPNG_OUT,
        .comment = view->news.length > 0 ? text_string(&view->news) : NULL,
    };

    if (view->capture != NULL)
        pcapng_bytes(view->capture, &note, data, length);
    text_clear(&view->news);
}

static void on_note(void *context, const char *line)
{
    struct job_view *view = context;

    if (view->options->traces || view->options->settings.is_verbose)
        text_addf(&view->job->lines, "    %s\n", line);
}

/* ---- saying ---- */

/* A file's name, or words that quote its contents: they need not be UTF-8. */
static json_t *json_words(const char *words)
{
    json_t *string = json_string(words);

    return string != NULL ? string : json_safe(words);
}

static void say_json(struct job *job, const struct drill_report *report)
{
    char hash[24];
    json_t *object;
    char *line;

    snprintf(hash, sizeof hash, "%016" PRIx64, report->trace_hash);
    object = json_pack("{s:o, s:b, s:s, s:i, s:o, s:s, s:s}", "script", json_words(job->path), "ok",
                       (int)report->has_passed, "class", drill_class_text(report->class), "line",
                       (int)report->line, "message", json_words(text_string(&report->message)),
                       "state", report->state, "trace_hash", hash);
    line = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    CHECK(line != NULL);
    text_addf(&job->lines, "%s\n", line);
    free(line);
    json_decref(object);
}

static void say(const struct drill_options *options, struct job *job,
                const struct drill_report *report)
{
    if (options->is_json) {
        say_json(job, report);
        return;
    }
    text_addf(&job->lines, "%s %s\n", report->has_passed ? "ok" : "not ok", job->path);
    if (!report->has_passed)
        text_add(&job->lines, text_string(&report->message));
}

/* ---- running ---- */

/* A script that cannot be read or parsed is a failure like any other. */
static void fail_early(struct drill_report *report, uint32_t line, const char *message)
{
    *report = (struct drill_report){.class = DRILL_CLASS_SCRIPT, .line = line, .state = "-"};
    text_add(&report->message, message);
}

static void run_parsed(const struct drill_options *options, struct job *job, struct pcapng *capture,
                       const struct drill_script *script, struct drill_report *report)
{
    struct job_view view = {.job = job, .options = options, .capture = capture};
    const struct drill_run_options run = {
        .params = options->params,
        .is_strict = options->is_strict,
        .allows_shell = options->allows_shell,
        .on_packet = capture != NULL ? on_packet : NULL,
        .on_trace = options->traces || capture != NULL ? on_trace : NULL,
        .on_note = on_note,
        .context = &view,
    };

    if (capture != NULL)
        view.interface = pcapng_interface(capture, PCAPNG_RAW_IP, job->path);
    drill_run(script, &run, report);
    text_free(&view.news);
}

/* google's own runner gives IPv6 twenty bytes more, so that its scripts see the same MSS. */
static struct drill_settings settings_for(const struct drill_options *options)
{
    struct drill_settings settings = options->settings;

    if (settings.ip_version == DRILL_IPV6 && settings.dialect == DRILL_LINUX &&
        settings.mtu == 1500)
        settings.mtu = 1520;
    return settings;
}

static void run_source(const struct drill_options *options, struct job *job, struct pcapng *capture,
                       const struct text *source, struct drill_report *report)
{
    const struct drill_settings settings = settings_for(options);
    struct script_error error = {0};
    struct drill_script script;
    char message[1024];

    if (!drill_parse(job->path, text_string(source), source->length, &settings, &script, &error)) {
        script_error_text(&error, job->path, text_string(source), source->length, message,
                          sizeof message);
        fail_early(report, error.place.line, message);
        return;
    }
    if (script.settings.dry_run)
        *report = (struct drill_report){.has_passed = true, .state = "-"};
    else
        run_parsed(options, job, capture, &script, report);
    drill_script_free(&script);
}

/* The script names the profile that it was written for. */
static void run_as_named(const struct drill_options *options, const char *profile, struct job *job,
                         struct pcapng *capture, const struct text *source,
                         struct drill_report *report)
{
    struct drill_options other;
    struct text trouble = {0};

    if (drill_options_for_profile(options, profile, &other, &trouble))
        run_source(&other, job, capture, source, report);
    else
        fail_early(report, 1, text_string(&trouble));
    drill_options_free(&other);
    text_free(&trouble);
}

static void run_job(const struct drill_options *options, struct job *job, struct pcapng *capture)
{
    struct text source = {0}, trouble = {0};
    struct drill_report report;
    char profile[SCRIPT_PROFILE_MAX];

    if (!script_file_read(job->path, &source, &trouble))
        fail_early(&report, 0, text_string(&trouble));
    else if (!options->names_profile &&
             script_profile(text_string(&source), source.length, profile))
        run_as_named(options, profile, job, capture, &source, &report);
    else
        run_source(options, job, capture, &source, &report);
    job->has_passed = report.has_passed;
    say(options, job, &report);
    drill_report_free(&report);
    text_free(&source);
    text_free(&trouble);
}

static int work(void *context)
{
    struct crew *crew = context;

    mtx_lock(&crew->lock);
    while (crew->next < crew->count) {
        struct job *job = &crew->jobs[crew->next++];

        mtx_unlock(&crew->lock);
        run_job(crew->options, job, crew->capture);
        mtx_lock(&crew->lock);
        job->is_done = true;
        cnd_signal(&crew->one_done);
    }
    mtx_unlock(&crew->lock);
    return 0;
}

/* Prints jobs as they are done, in their order. */
static void print_in_order(struct crew *crew, FILE *out, struct drill_totals *totals)
{
    for (size_t i = 0; i < crew->count; i++) {
        struct job *job = &crew->jobs[i];

        mtx_lock(&crew->lock);
        while (!job->is_done)
            cnd_wait(&crew->one_done, &crew->lock);
        mtx_unlock(&crew->lock);
        fputs(text_string(&job->lines), out);
        text_free(&job->lines);
        *(job->has_passed ? &totals->passed : &totals->failed) += 1;
    }
}

static void run_crew(struct crew *crew, FILE *out, struct drill_totals *totals)
{
    const unsigned hands = crew->capture != NULL ? 1 : crew->options->jobs;
    thrd_t threads[64];
    unsigned started = 0;

    CHECK(hands <= 64 && mtx_init(&crew->lock, mtx_plain) == thrd_success &&
          cnd_init(&crew->one_done) == thrd_success);
    while (started < hands && thrd_create(&threads[started], work, crew) == thrd_success)
        started++;
    if (started == 0)
        work(crew);
    print_in_order(crew, out, totals);
    for (unsigned i = 0; i < started; i++)
        thrd_join(threads[i], NULL);
    cnd_destroy(&crew->one_done);
    mtx_destroy(&crew->lock);
}

bool drill_jobs_run(const struct drill_options *options, FILE *out, struct drill_totals *totals,
                    struct text *message)
{
    struct crew crew = {.options = options, .count = options->files.count};
    struct pcapng capture;
    FILE *file = NULL;
    bool is_good = true;

    *totals = (struct drill_totals){0};
    if (options->pcap != NULL) {
        file = fopen(options->pcap, "wb");
        if (file == NULL) {
            text_addf(message, "lastack drill: %s: %s\n", options->pcap, strerror(errno));
            return false;
        }
        pcapng_begin(&capture, file, "lastack drill");
        crew.capture = &capture;
    }
    crew.jobs = calloc(crew.count, sizeof *crew.jobs);
    CHECK(crew.jobs != NULL);
    for (size_t i = 0; i < crew.count; i++)
        crew.jobs[i].path = options->files.paths[i];
    run_crew(&crew, out, totals);
    free(crew.jobs);
    if (file != NULL) {
        is_good = !pcapng_failed(&capture);
        is_good = fclose(file) == 0 && is_good;
        if (!is_good)
            text_addf(message, "lastack drill: %s could not be written\n", options->pcap);
    }
    return is_good;
}
