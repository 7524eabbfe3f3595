/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_code.c: what names in %{ }% mean: tcp_info of the socket under test, and the constants that
 * go with it.
 *
 * Values are read when the code runs, at its own time. States are numbered as the script's system
 * numbers them: TCP_ESTABLISHED is 1 on Linux, TCPI_ESTABLISHED (tcps) is 4 on FreeBSD.
 */
#include "runner.h"

#include <string.h>

/* ---- tcp_info ---- */

struct info_field {
    const char *name;
    size_t offset, size;
};

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct lastack_tcp_info, name),                                            \
            sizeof(((struct lastack_tcp_info *)0)->name)                                           \
    }

static const struct info_field fields[] = {
    FIELD(tcpi_ca_state),
    FIELD(tcpi_retransmits),
    FIELD(tcpi_probes),
    FIELD(tcpi_backoff),
    FIELD(tcpi_options),
    FIELD(tcpi_snd_wscale),
    FIELD(tcpi_rcv_wscale),
    FIELD(tcpi_delivery_rate_app_limited),
    FIELD(tcpi_fastopen_client_fail),
    FIELD(tcpi_rto),
    FIELD(tcpi_ato),
    FIELD(tcpi_snd_mss),
    FIELD(tcpi_rcv_mss),
    FIELD(tcpi_unacked),
    FIELD(tcpi_sacked),
    FIELD(tcpi_lost),
    FIELD(tcpi_retrans),
    FIELD(tcpi_fackets),
    FIELD(tcpi_last_data_sent),
    FIELD(tcpi_last_ack_sent),
    FIELD(tcpi_last_data_recv),
    FIELD(tcpi_last_ack_recv),
    FIELD(tcpi_pmtu),
    FIELD(tcpi_rcv_ssthresh),
    FIELD(tcpi_rtt),
    FIELD(tcpi_rttvar),
    FIELD(tcpi_snd_ssthresh),
    FIELD(tcpi_snd_cwnd),
    FIELD(tcpi_advmss),
    FIELD(tcpi_reordering),
    FIELD(tcpi_rcv_rtt),
    FIELD(tcpi_rcv_space),
    FIELD(tcpi_total_retrans),
    FIELD(tcpi_pacing_rate),
    FIELD(tcpi_max_pacing_rate),
    FIELD(tcpi_bytes_acked),
    FIELD(tcpi_bytes_received),
    FIELD(tcpi_segs_out),
    FIELD(tcpi_segs_in),
    FIELD(tcpi_notsent_bytes),
    FIELD(tcpi_min_rtt),
    FIELD(tcpi_data_segs_in),
    FIELD(tcpi_data_segs_out),
    FIELD(tcpi_delivery_rate),
    FIELD(tcpi_busy_time),
    FIELD(tcpi_rwnd_limited),
    FIELD(tcpi_sndbuf_limited),
    FIELD(tcpi_delivered),
    FIELD(tcpi_delivered_ce),
    FIELD(tcpi_bytes_sent),
    FIELD(tcpi_bytes_retrans),
    FIELD(tcpi_dsack_dups),
    FIELD(tcpi_reord_seen),
    FIELD(tcpi_rcv_ooopack),
    FIELD(tcpi_snd_wnd),
    FIELD(tcpi_rcv_wnd),
    FIELD(tcpi_rehash),
    FIELD(tcpi_total_rto),
    FIELD(tcpi_total_rto_recoveries),
    FIELD(tcpi_total_rto_time),
};

static int64_t read_field(const struct lastack_tcp_info *info, const struct info_field *field)
{
    const uint8_t *at = (const uint8_t *)info + field->offset;
    uint64_t wide;
    uint32_t word;
    uint16_t half;

    switch (field->size) {
    case 1:
        return *at;
    case 2:
        memcpy(&half, at, sizeof half);
        return half;
    case 4:
        memcpy(&word, at, sizeof word);
        return word;
    default:
        memcpy(&wide, at, sizeof wide);
        return (int64_t)wide;
    }
}

/* ---- constants ---- */

struct state_name {
    const char *name; /* behind TCP_ (Linux) */
    const char *bsd;  /* behind TCPI_ (FreeBSD), as in tcp_fsm.h */
    enum tcp_state state;
    int bsd_number;
};

static const struct state_name states[] = {
    {"CLOSE", "CLOSED", TCP_CLOSED, 0},
    {"LISTEN", "LISTEN", TCP_LISTEN, 1},
    {"SYN_SENT", "SYN_SENT", TCP_SYN_SENT, 2},
    {"SYN_RECV", "SYN_RECEIVED", TCP_SYN_RECEIVED, 3},
    {"ESTABLISHED", "ESTABLISHED", TCP_ESTABLISHED, 4},
    {"CLOSE_WAIT", "CLOSE_WAIT", TCP_CLOSE_WAIT, 5},
    {"FIN_WAIT1", "FIN_WAIT_1", TCP_FIN_WAIT_1, 6},
    {"CLOSING", "CLOSING", TCP_CLOSING, 7},
    {"LAST_ACK", "LAST_ACK", TCP_LAST_ACK, 8},
    {"FIN_WAIT2", "FIN_WAIT_2", TCP_FIN_WAIT_2, 9},
    {"TIME_WAIT", "TIME_WAIT", TCP_TIME_WAIT, 10},
};

static const struct {
    const char *name;
    int64_t value;
} constants[] = {
    {"TCP_CA_Open", 0},          {"TCP_CA_Disorder", 1},    {"TCP_CA_CWR", 2},
    {"TCP_CA_Recovery", 3},      {"TCP_CA_Loss", 4},        {"TCPI_OPT_TIMESTAMPS", 1},
    {"TCPI_OPT_SACK", 2},        {"TCPI_OPT_WSCALE", 4},    {"TCPI_OPT_ECN", 8},
    {"TCPI_OPT_ECN_SEEN", 16},   {"TCPI_OPT_SYN_DATA", 32}, {"TCPI_OPT_USEC_TS", 64},
    {"TCPI_OPT_TFO_CHILD", 128},
};

static bool find_state(const struct runner *runner, const char *name, int64_t *value)
{
    const bool is_bsd = strncmp(name, "TCPI_", 5) == 0;

    if (!is_bsd && strncmp(name, "TCP_", 4) != 0)
        return false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (strcmp(name + (is_bsd ? 5 : 4), is_bsd ? states[i].bsd : states[i].name) != 0)
            continue;
        *value = runner->script->settings.dialect == DRILL_FREEBSD ? states[i].bsd_number
                                                                   : (int64_t)states[i].state;
        return true;
    }
    return false;
}

static int64_t state_number(const struct runner *runner, enum tcp_state state)
{
    if (runner->script->settings.dialect == DRILL_LINUX)
        return state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (states[i].state == state)
            return states[i].bsd_number;
    return 0;
}

/* ---- looking up ---- */

/* An open descriptor of the conversation under test. */
static const struct run_descriptor *current_descriptor(const struct runner *runner)
{
    const struct run_descriptor *descriptor = runner->descriptors;

    while (descriptor != NULL &&
           (!descriptor->is_open || descriptor->conversation != runner->current))
        descriptor = descriptor->next;
    return descriptor;
}

/* What newer kernels, other congestion controls and sk_buffs tell, and this stack does not. */
static bool is_told_elsewhere(const char *name)
{
    static const char *const names[] = {"bbr_",
                                        "dctcp_",
                                        "tcpv_",
                                        "SK_MEMINFO_",
                                        "tcpi_accecn_",
                                        "tcpi_received_ce",
                                        "tcpi_received_e",
                                        "tcpi_delivered_e",
                                        "tcpi_delivered_ce_bytes"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static bool look_up_info(struct runner *runner, const char *name, int64_t *value)
{
    const struct run_descriptor *descriptor = current_descriptor(runner);
    struct lastack_connection_row row;

    if (descriptor == NULL || lastack_status(runner->target.stack, descriptor->live, &row) != 0) {
        runner->code_gap = script_format(&runner->memory,
                                         "there is no open socket under test to tell %s of", name);
        return false;
    }
    if (strcmp(name, "tcpi_state") == 0) {
        *value = state_number(runner, (enum tcp_state)row.state);
        return true;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(name, fields[i].name) == 0) {
            *value = read_field(&row.tcp_info, &fields[i]);
            return true;
        }
    }
    return false;
}

static bool look_up(void *context, const char *name, int64_t *value)
{
    struct runner *runner = context;

    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        if (strcmp(name, constants[i].name) == 0) {
            *value = constants[i].value;
            return true;
        }
    }
    if (is_told_elsewhere(name)) {
        runner->code_gap = script_format(&runner->memory, "not supported: %s", name);
        runner->code_gap_is_ours = true;
        return false;
    }
    if (strncmp(name, "tcpi_", 5) == 0)
        return look_up_info(runner, name, value);
    return find_state(runner, name, value);
}

static void print_line(void *context, const char *line)
{
    struct runner *runner = context;

    runner_note(runner, "%s", line);
}

void runner_code_init(struct runner *runner)
{
    runner->code =
        (struct code_environment){.lookup = look_up, .print = print_line, .context = runner};
}

bool runner_code(struct runner *runner, const struct drill_code *code, struct place place)
{
    struct script_error error = {0};

    if (!runner_advance(runner, runner->event_us) ||
        !runner_check_time(runner, place, "data collection for code", runner_now_us(runner)))
        return false;
    switch (drill_code_run(code, &runner->code, &error)) {
    case CODE_PASSED:
        return true;
    case CODE_ASSERTION_FAILED:
        return runner_fail_error(runner, DRILL_CLASS_BEHAVIOUR, &error);
    case CODE_FAILED:
        break;
    }
    if (runner->code_gap != NULL)
        return runner_fail(
            runner, runner->code_gap_is_ours ? DRILL_CLASS_NOT_SUPPORTED : DRILL_CLASS_SCRIPT,
            error.place, "%s", runner->code_gap);
    return runner_fail_error(runner, DRILL_CLASS_SCRIPT, &error);
}
