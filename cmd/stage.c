/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stage.c: see stage.h.
 *
 * Order of telling: what a host's state did comes before the packet that follows from it, so the
 * trace is read whenever a packet enters the link, and after each step.
 */
#include "stage.h"

#include "charset.h"
#include "check.h"
#include "ip_header.h"
#include "json_names.h"
#include "tcp_header.h"
#include "words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 78, TRACE_RECORDS = 4096, MTU = 1500 };

#define ONE_WAY_NS MS(10)

static const char *const names[SIM_HOSTS] = {"server", "client"};

struct lastack *stage_stack(const struct stage *stage, enum stage_host host)
{
    return stage->world.host[host].stack;
}

/* ---- telling ---- */

static void begin(struct stage *stage, int64_t at, enum stage_host host)
{
    text_clear(&stage->line);
    stage->line_at = at;
    stage->line_of = names[host];
    text_addf(&stage->line, "  %4lld.%06lld  ", (long long)(at / SEC(1)),
              (long long)(at % SEC(1) / 1000));
    color_add(&stage->line, stage->has_color, COLOR_BOLD, names[host]);
    text_add(&stage->line, " ");
    stage->line_begins = stage->line.length;
}

static void tell_json(const struct stage *stage, const char *who, const char *text)
{
    json_line(stage->out,
              json_pack("{s:s, s:I, s:s, s:o}", "story", stage->json, "time_ns",
                        (json_int_t)stage->line_at, "who", who, "text", json_safe(text)));
}

static void end(struct stage *stage)
{
    if (stage->json != NULL) {
        if (!stage->is_silent)
            tell_json(stage, stage->line_of, text_string(&stage->line) + stage->line_begins);
        return;
    }
    charset_suit(&stage->line, isatty(fileno(stage->out)) != 0);
    if (!stage->is_silent)
        fprintf(stage->out, "%s\n", text_string(&stage->line));
}

static void add_state(struct stage *stage, unsigned state)
{
    color_add(&stage->line, stage->has_color, color_of_state((enum tcp_state)state),
              lastack_state_text((enum tcp_state)state));
}

static void tell_record(struct stage *stage, enum stage_host host,
                        const struct lastack_trace_record *record)
{
    const char *cause = lastack_cause_text((enum lastack_cause)record->cause);

    if (record->what != LASTACK_TRACE_STATE && record->what != LASTACK_TRACE_RETRANSMIT &&
        record->what != LASTACK_TRACE_TIME_WAIT_RESTART)
        return;
    begin(stage, record->time_ns, host);
    if (record->what == LASTACK_TRACE_STATE) {
        add_state(stage, record->old_state);
        text_add(&stage->line, " -> ");
        add_state(stage, record->new_state);
        text_addf(&stage->line, ": %s", cause);
    } else if (record->what == LASTACK_TRACE_RETRANSMIT) {
        text_addf(&stage->line, "%s sent again: %s",
                  record->flags & LASTACK_FIN   ? "FIN"
                  : record->flags & LASTACK_SYN ? "SYN"
                                                : "text",
                  cause);
    } else {
        text_addf(&stage->line, "2MSL restarts: %s", cause);
    }
    end(stage);
}

static void tell_trace(struct stage *stage, enum stage_host host)
{
    struct lastack_trace_record record;

    while (lastack_trace_read(stage_stack(stage, host), &stage->cursor[host], &record, 1, NULL) > 0)
        tell_record(stage, host, &record);
}

static void tell_traces(struct stage *stage)
{
    tell_trace(stage, STAGE_SERVER);
    tell_trace(stage, STAGE_CLIENT);
}

static void on_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                      uint32_t length)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } flags[] = {
        {LASTACK_SYN, " SYN"}, {LASTACK_FIN, " FIN"}, {LASTACK_RST, " RST"}, {LASTACK_ACK, " ACK"}};
    struct stage *stage = context;
    struct ip_packet packet;
    struct segment seg;

    tell_trace(stage, (enum stage_host)host);
    if (ip_parse(data, length, true, &packet) != LASTACK_CAUSE_NONE ||
        packet.protocol != IP_PROTOCOL_TCP || tcp_parse(&packet, &seg) != LASTACK_CAUSE_NONE)
        return;
    begin(stage, now, (enum stage_host)host);
    text_add(&stage->line, host == STAGE_SERVER ? "◀─ " : "─▶ ");
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (seg.flags & flags[i].flag)
            text_add(&stage->line, flags[i].name);
    if (seg.text_length > 0)
        text_addf(&stage->line, ", %u bytes", (unsigned)seg.text_length);
    if (stage->world.host[host].out.is_cut)
        color_add(&stage->line, stage->has_color, COLOR_TROUBLE, "  (lost)");
    end(stage);
}

void stage_say(struct stage *stage, const char *text)
{
    size_t column = 0;

    stage->line_at = stage->world.now;
    if (stage->json != NULL) {
        tell_json(stage, "story", text);
        return;
    }
    fputc('\n', stage->out);
    while (*text != '\0') {
        const size_t word = strcspn(text, " ");

        if (column > 0 && column + 1 + word > WIDTH) {
            fputc('\n', stage->out);
            column = 0;
        }
        column += (size_t)fprintf(stage->out, "%s%.*s", column > 0 ? " " : "", (int)word, text);
        text += word + strspn(text + word, " ");
    }
    fputs("\n\n", stage->out);
}

void stage_wait(struct stage *stage, int64_t ns)
{
    const int64_t until = stage->world.now + ns;

    sim_settle(&stage->world);
    tell_traces(stage);
    while (sim_step(&stage->world, until))
        tell_traces(stage);
    tell_traces(stage);
}

void stage_cut(struct stage *stage, enum stage_host host, bool is_cut)
{
    stage->world.host[host].out.is_cut = is_cut;
}

/* ---- opening and closing ---- */

/* Memory is cleared before it is used: a stage for a handful of connections opens at once. */
static void set_small(struct lastack_config *config)
{
    config->max_connections = config->max_sockets = config->max_descriptors = 64;
    config->max_time_waits_ipv4 = config->max_time_waits_ipv6 = 64;
    config->max_syn_entries = config->max_endpoints = config->max_replies = 64;
    config->max_pages = config->max_ranges = 256;
    config->max_reassemblies = 0;
}

bool stage_open(struct stage *stage, FILE *out, bool has_color,
                void (*change)(struct lastack_config *config))
{
    const struct sim_recipe recipe = {.delay_ns = ONE_WAY_NS};
    struct lastack_config config;

    *stage = (struct stage){.out = out,
                            .has_color = has_color,
                            .is_true = true,
                            .listener = -1,
                            .server = -1,
                            .client = -1};
    lastack_config_default(&config);
    set_small(&config);
    config.trace_records = TRACE_RECORDS;
    config.trace_classes = LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_TIMER;
    if (change != NULL)
        change(&config);
    if (!sim_world_init(&stage->world, &config, &recipe, MTU, 1))
        return false;
    stage->world.context = stage;
    stage->world.on_packet = on_packet;
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        (void)lastack_name_owner(stage->world.host[host].stack, 0, names[host]);
    return true;
}

void stage_close(struct stage *stage)
{
    sim_world_free(&stage->world);
    text_free(&stage->line);
}

/* ---- calls ---- */

static void tell_call(struct stage *stage, enum stage_host host, const char *call)
{
    begin(stage, stage->world.now, host);
    text_add(&stage->line, call);
    end(stage);
}

int stage_socket(struct stage *stage, enum stage_host host)
{
    const int fd =
        lastack_socket(stage_stack(stage, host), LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    CHECK(fd >= 0);
    return fd;
}

void stage_listen(struct stage *stage, bool reuse_address)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), STAGE_PORT};
    struct lastack *stack = stage_stack(stage, STAGE_SERVER);

    stage->listener = stage_socket(stage, STAGE_SERVER);
    if (lastack_set_option(stack, stage->listener, LASTACK_SO_REUSEADDR, reuse_address) != 0 ||
        lastack_bind(stack, stage->listener, &any) != 0 ||
        lastack_listen(stack, stage->listener, 16) != 0)
        stage->is_true = false;
    tell_trace(stage, STAGE_SERVER);
}

int stage_connect_to(struct stage *stage, int fd, uint16_t port)
{
    const struct lastack_endpoint remote = {sim_address(STAGE_SERVER, false), port};

    return lastack_connect(stage_stack(stage, STAGE_CLIENT), fd, &remote);
}

void stage_connect(struct stage *stage)
{
    stage->client = stage_socket(stage, STAGE_CLIENT);
    stage->is_true = stage_connect_to(stage, stage->client, STAGE_PORT) == -LASTACK_EINPROGRESS &&
                     stage->is_true;
    stage_wait(stage, 4 * ONE_WAY_NS);
    stage->server = lastack_accept(stage_stack(stage, STAGE_SERVER), stage->listener, NULL);
    stage->is_true = stage->server >= 0 && stage->is_true;
}

void stage_close_fd(struct stage *stage, enum stage_host host, int *fd)
{
    tell_call(stage, host, "close()");
    (void)lastack_close(stage_stack(stage, host), *fd);
    *fd = -1;
    sim_settle(&stage->world);
    tell_trace(stage, host);
}

/* ---- claims ---- */

struct search {
    struct stage *stage;
    enum stage_host host;
    enum tcp_state state;
    unsigned found;
};

static bool show_row(void *context, const struct lastack_connection_row *row)
{
    struct search *search = context;
    struct stage *stage = search->stage;

    if (search->state != 0 && row->state != search->state)
        return true;
    search->found++;
    begin(stage, stage->world.now, search->host);
    text_add(&stage->line, "ss: ");
    add_state(stage, row->state);
    text_add(&stage->line, " | ");
    words_owner(&stage->line, row);
    text_add(&stage->line, " | ");
    words_timer(&stage->line, row);
    text_add(&stage->line, " | ");
    words_why(&stage->line, row);
    end(stage);
    return true;
}

static unsigned show_rows(struct stage *stage, enum stage_host host, enum tcp_state state)
{
    struct search search = {stage, host, state, 0};
    uint64_t cursor = 0;

    lastack_rows(stage_stack(stage, host),
                 LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_TIME_WAIT | LASTACK_ROWS_SYN, &cursor,
                 show_row, &search);
    return search.found;
}

/* Something that was claimed did not come true. */
static void is_not_true(struct stage *stage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void is_not_true(struct stage *stage, const char *format, ...)
{
    char text[160] = "NOT TRUE: ";
    const size_t length = strlen(text);
    va_list arguments;

    stage->is_true = false;
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - length, format, arguments);
    va_end(arguments);
    if (stage->json != NULL)
        tell_json(stage, "story", text);
    else
        fprintf(stage->out, "  %s\n", text);
}

void stage_shows(struct stage *stage, enum stage_host host, enum tcp_state state)
{
    if (show_rows(stage, host, state) == 0)
        is_not_true(stage, "no row of the %s is in %s", names[host], lastack_state_text(state));
}

void stage_is_empty(struct stage *stage, enum stage_host host)
{
    if (show_rows(stage, host, (enum tcp_state)0) == 0) {
        tell_call(stage, host, "ss: no connection");
        return;
    }
    is_not_true(stage, "the %s should have nothing left", names[host]);
}

void stage_answers(struct stage *stage, enum stage_host host, const char *call, int answer,
                   int wanted)
{
    const enum lastack_cause cause = lastack_last_cause(stage_stack(stage, host));

    begin(stage, stage->world.now, host);
    text_addf(&stage->line, "%s: %s", call, answer >= 0 ? "done" : lastack_error_name(answer));
    if (answer < 0 && cause != LASTACK_CAUSE_NONE)
        text_addf(&stage->line, " (%s)", lastack_cause_text(cause));
    end(stage);
    sim_settle(&stage->world);
    tell_trace(stage, host);
    if (answer != wanted)
        is_not_true(stage, "it should have been %s",
                    wanted >= 0 ? "done" : lastack_error_name(wanted));
}
