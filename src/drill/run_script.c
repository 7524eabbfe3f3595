/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_script.c: a script's events in order, on a stack of their own.
 */
#include "run.h"

#include "runner.h"

#include "icmp_names.h"
#include "script_text.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PEER_PORT = 49152 };

/* ---- addresses ---- */

/* ICMP names that only one family has tell which one is meant. */
static bool has_ipv6_names(const struct drill_script *script)
{
    for (const struct drill_event *event = script->events; event != NULL; event = event->next) {
        const char *type;

        if (event->kind != EVENT_PACKET || event->action.packet->protocol != DRILL_ICMP)
            continue;
        type = event->action.packet->icmp.type;
        if (icmp_has_type(true, type) && !icmp_has_type(false, type))
            return true;
    }
    return false;
}

/* What a script is run over when nobody says: its addresses, its ICMP names, its own name tell. */
static enum drill_ip_version infer_version(const struct drill_script *script)
{
    const char *end = strstr(script->path, "v6.pkt");

    if (script->settings.ip_version != DRILL_IP_UNSET)
        return script->settings.ip_version;
    if (script->settings.local_ip != NULL && strchr(script->settings.local_ip, ':') != NULL)
        return DRILL_IPV6;
    if (has_ipv6_names(script) || (end != NULL && end[strlen("v6.pkt")] == '\0'))
        return DRILL_IPV6;
    return DRILL_IPV4;
}

/* An address as written, a /prefix cut off. */
static bool read_address(struct runner *runner, const char *option, const char *text,
                         struct lastack_address *address)
{
    char copy[LASTACK_ADDRESS_TEXT];
    const size_t length = strcspn(text, "/");
    const struct place start = {1, 1};

    if (length < sizeof copy) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (lastack_address_parse(copy, address) && lastack_is_ipv4(address) == !runner->is_ipv6)
            return true;
    }
    return runner_fail(runner, DRILL_CLASS_SCRIPT, start, "--%s=%s is no %s address", option, text,
                       runner->is_ipv6 ? "IPv6" : "IPv4");
}

static bool choose_addresses(struct runner *runner)
{
    const struct drill_settings *settings = &runner->script->settings;
    const enum drill_ip_version version = infer_version(runner->script);
    const char *local = settings->local_ip, *remote = settings->remote_ip;

    runner->is_ipv6 = version == DRILL_IPV6;
    runner->has_ipv6_sockets = version != DRILL_IPV4;
    if (local == NULL)
        local = runner->is_ipv6 ? "fd3d:0a0b:17d6::1" : "192.168.0.1";
    if (remote == NULL)
        remote = runner->is_ipv6 ? "fd3d:fa7b:d17d::1" : "192.0.2.1";
    runner->local.port = (uint16_t)settings->bind_port;
    runner->remote.port = (uint16_t)settings->connect_port;
    runner->next_port = FIRST_PEER_PORT;
    return read_address(runner, "local_ip", local, &runner->local.address) &&
           read_address(runner, "remote_ip", remote, &runner->remote.address);
}

/* ---- events ---- */

static bool run_event(struct runner *runner, const struct drill_event *event)
{
    switch (event->kind) {
    case EVENT_PACKET:
        return event->action.packet->direction == DRILL_IN
                   ? runner_send_in(runner, event->action.packet)
                   : runner_await(runner, event->action.packet);
    case EVENT_CALL:
        return runner_call(runner, event->action.call);
    case EVENT_COMMAND:
        return runner_advance(runner, runner->event_us) &&
               runner_check_time(runner, event->place, "command", runner_now_us(runner)) &&
               runner_command(runner, event->action.command);
    case EVENT_CODE:
        return runner_code(runner, event->action.code, event->place);
    }
    return false;
}

static bool run_events(struct runner *runner)
{
    for (const struct drill_event *event = runner->script->events; event != NULL;
         event = event->next) {
        runner_set_event_time(runner, event);
        if (!run_event(runner, event))
            return false;
        if (runner->options->on_trace != NULL)
            runner_tell_trace(runner);
        runner->has_before = true;
        runner->before_us = runner->event_us;
        runner->before_was_inbound =
            event->kind == EVENT_PACKET && event->action.packet->direction == DRILL_IN;
    }
    return runner_finish_posted(runner);
}

bool runner_check_rest(struct runner *runner, struct place place)
{
    const struct seen_packet *rest = runner_peek(runner);
    struct drill_packet packet;
    struct text text = {0};

    if (rest == NULL || !runner->report->has_passed)
        return true;
    packet = rest->packet;
    conversation_to_script(runner->current, &packet);
    script_packet_text(&text, &packet);
    runner_fail(runner, DRILL_CLASS_BEHAVIOUR, place,
                "unexpected packet at %.6f sec, which no line speaks of: %s",
                (double)rest->at / 1e9, text_string(&text));
    text_free(&text);
    return false;
}

static void run_script(struct runner *runner)
{
    const struct drill_script *script = runner->script;
    bool goes_on = script->init == NULL || runner_command(runner, script->init);

    goes_on = goes_on && run_events(runner);
    if (goes_on && runner->options->is_strict)
        (void)runner_check_rest(runner, runner->event->place);
    /* The cleanup runs whatever happened; its own failure is one only if there was none. */
    if (script->cleanup != NULL)
        (void)runner_command(runner, script->cleanup);
    runner_report_end(runner);
}

/* ---- the whole ---- */

/* The trace first: what it says belongs to this packet. */
static void watch(void *context, int64_t at, bool is_inbound, const uint8_t *data, size_t length)
{
    struct runner *runner = context;

    if (runner->target.stack != NULL && runner->options->on_trace != NULL)
        runner_tell_trace(runner);
    if (runner->options->on_packet != NULL)
        runner->options->on_packet(runner->options->context, at, is_inbound, data, length);
}

static void free_runner(struct runner *runner)
{
    for (struct conversation *conversation = runner->conversations; conversation != NULL;
         conversation = conversation->next)
        conversation_free(conversation);
    code_environment_free(&runner->code);
    target_close(&runner->target);
    script_memory_free(&runner->memory);
    free(runner);
}

void drill_run(const struct drill_script *script, const struct drill_run_options *options,
               struct drill_report *report)
{
    struct runner *runner = calloc(1, sizeof *runner);
    struct target_config config = {
        .params = options->params,
        .mtu = script->settings.mtu,
        /* On Linux any device takes frames of many segments; FreeBSD's runs have none. */
        .gso_max = script->settings.dialect == DRILL_LINUX ? TARGET_GSO_LINUX : 0,
        .watch = watch,
        .context = runner,
    };

    *report = (struct drill_report){.has_passed = true, .state = "-"};
    if (runner == NULL)
        abort();
    runner->script = script;
    runner->options = options;
    runner->report = report;
    runner_code_init(runner);
    runner_shell_init(runner);
    if (choose_addresses(runner)) {
        config.address = runner->local.address;
        if (target_open(&runner->target, &config))
            run_script(runner);
        else
            runner_fail(runner, DRILL_CLASS_NOT_SUPPORTED, (struct place){1, 1},
                        "the stack refuses this set-up (MTU %u)", config.mtu);
    }
    free_runner(runner);
}
