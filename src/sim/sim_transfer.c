/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_transfer.c: see sim_transfer.h.
 */
#include "sim_transfer.h"

#include "check.h"
#include "sim_bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SENDER, RECEIVER, TRANSFER_PORT = 9, CHUNK = 65536, TEXT_PAGES = 8192, CHECK_EVERY = 64 };

#define PATIENCE_NS SEC(24 * 3600) /* of virtual time */
/* The row tells the timeout in microseconds, and clocks round up to a millisecond. */
#define SLACK_NS MS(2)

struct run {
    const struct sim_transfer *transfer;
    struct sim_transfer_result *result;
    struct sim_world world;
    uint64_t key;
    int listener, descriptor[SIM_HOSTS]; /* -1: not open */
    uint64_t sent;
    bool is_over, has_closed;
    int64_t last_byte_at;
    /* the sender's silence: since when, and how long it may last */
    int64_t silent_since, silence_most;
    int64_t times_out_at, timeout; /* its timer, and the timeout when it was set */
    bool has_spoken;               /* since silence_most was looked up */
    uint64_t trace_at[SIM_HOSTS];
    uint8_t data[CHUNK]; /* of one call */
};

static void fail(struct run *run, const char *what)
{
    if (run->result->failure == NULL)
        run->result->failure = what;
}

static struct lastack *stack_of(struct run *run, unsigned host)
{
    return run->world.host[host].stack;
}

/* Which error a socket saw, and what became of the packets: a link that loses all of them, or a
 * queue too short for one, is no fault of the stacks. */
static void fail_with(struct run *run, const char *who, int64_t error)
{
    struct sim_transfer_result *result = run->result;
    uint64_t sent = 0, arrived = 0;

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        sent += run->world.host[host].out.sent;
        arrived += run->world.host[host].out.delivered;
    }
    snprintf(result->error, sizeof result->error,
             "the %s saw %s after %" PRIu64 " bytes; of %" PRIu64 " packets %" PRIu64 " arrived",
             who, lastack_error_name((int)error), result->bytes, sent, arrived);
    fail(run, result->error);
}

static int pending_error(struct run *run, unsigned host)
{
    int error = 0;

    (void)lastack_get_option(stack_of(run, host), run->descriptor[host], LASTACK_SO_ERROR, &error);
    return error;
}

/* ---- programs ---- */

static void send_on(struct run *run)
{
    struct lastack *stack = stack_of(run, SENDER);

    while (run->sent < run->transfer->bytes) {
        const uint64_t left = run->transfer->bytes - run->sent;
        const uint32_t length = left < CHUNK ? (uint32_t)left : CHUNK;
        int64_t taken;

        sim_bytes_fill(run->key, run->sent, run->data, length);
        taken = lastack_send(stack, run->descriptor[SENDER], run->data, length, 0);
        if (taken == -LASTACK_EAGAIN)
            return;
        if (taken < 0) {
            fail_with(run, "sender", -taken);
            return;
        }
        run->sent += (uint64_t)taken;
    }
    if (!run->has_closed)
        (void)lastack_shutdown(stack, run->descriptor[SENDER], LASTACK_SHUT_WR);
    run->has_closed = true;
}

static void read_on(struct run *run)
{
    struct sim_transfer_result *result = run->result;
    int64_t got;

    while ((got = lastack_recv(stack_of(run, RECEIVER), run->descriptor[RECEIVER], run->data, CHUNK,
                               0)) > 0) {
        if (!sim_bytes_are(run->key, result->bytes, run->data, (uint32_t)got))
            fail(run, "a byte was delivered that was not sent there");
        if (result->bytes > 0) /* how long the handshake took is another matter */
            result->longest_stall_ns =
                max64(result->longest_stall_ns, run->world.now - run->last_byte_at);
        result->bytes += (uint64_t)got;
        run->last_byte_at = run->world.now;
    }
    if (got == -LASTACK_EAGAIN)
        return;
    if (got < 0)
        fail_with(run, "receiver", -got);
    else if (result->bytes != run->transfer->bytes)
        fail(run, "the end came before the last byte");
    run->is_over = true;
}

static void on_transfer_event(void *context, struct sim_world *world, unsigned host,
                              const struct lastack_event *event)
{
    struct run *run = context;

    (void)world;
    (void)event;
    if (run->is_over)
        return;
    if (host == SENDER) {
        if ((lastack_poll(stack_of(run, SENDER), run->descriptor[SENDER]) & LASTACK_POLLERR) != 0)
            fail_with(run, "sender", pending_error(run, SENDER));
        else if (!run->has_closed)
            send_on(run);
        return;
    }
    if (run->descriptor[RECEIVER] < 0)
        run->descriptor[RECEIVER] = lastack_accept(stack_of(run, RECEIVER), run->listener, NULL);
    if (run->descriptor[RECEIVER] >= 0)
        read_on(run);
}

/* ---- the wire ---- */

static void show_records(struct run *run)
{
    const struct sim_watcher *watcher = run->transfer->watcher;
    struct lastack_trace_record records[64];

    if (watcher == NULL || watcher->on_record == NULL)
        return;
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        size_t count;

        while ((count = lastack_trace_read(stack_of(run, host), &run->trace_at[host], records, 64,
                                           NULL)) > 0) {
            for (size_t i = 0; i < count; i++)
                watcher->on_record(watcher->context, host, &records[i]);
        }
    }
}

/* What a packet did is told before the packets that answer it. */
static void show_packet(struct run *run, int64_t now, unsigned host, bool arrives,
                        const uint8_t *data, uint32_t length)
{
    const struct sim_watcher *watcher = run->transfer->watcher;

    if (watcher == NULL || watcher->on_packet == NULL)
        return;
    show_records(run);
    watcher->on_packet(watcher->context, now, host, arrives, data, length);
}

/* The sender speaks: was it silent for too long? */
static void on_transfer_packet(void *context, int64_t now, unsigned host, const uint8_t *data,
                               uint32_t length)
{
    struct run *run = context;
    const int64_t silence = now - run->silent_since;

    show_packet(run, now, host, false, data, length);
    if (host != SENDER || run->is_over)
        return;
    if (run->silent_since != NEVER) {
        run->result->longest_silence_ns = max64(run->result->longest_silence_ns, silence);
        if (silence > run->silence_most + SLACK_NS)
            fail(run, "the sender was silent for longer than its retransmission timeout");
    }
    run->silent_since = now;
    run->has_spoken = true;
}

/* What is heard may restart the timer. */
static void on_transfer_arrival(void *context, int64_t now, unsigned host, const uint8_t *data,
                                uint32_t length)
{
    struct run *run = context;

    show_packet(run, now, host, true, data, length);
    if (host != SENDER)
        return;
    run->silent_since = now;
    run->has_spoken = true;
}

/* How long the silence that begins now may last. A timer that runs was set with the timeout of that
 * moment; samples from SACKs may have made it shorter since. */
static void look_at_timeout(struct run *run)
{
    struct lastack_connection_row row;

    if (!run->has_spoken || run->descriptor[SENDER] < 0)
        return;
    run->has_spoken = false;
    if (lastack_status(stack_of(run, SENDER), run->descriptor[SENDER], &row) != 0 ||
        !row.has_tcp_info)
        return;
    if (row.timer != LASTACK_TIMER_RETRANSMIT ||
        run->world.now + row.timer_left_ns != run->times_out_at)
        run->timeout = (int64_t)row.tcp_info.tcpi_rto * 1000;
    run->times_out_at =
        row.timer == LASTACK_TIMER_RETRANSMIT ? run->world.now + row.timer_left_ns : NEVER;
    run->silence_most = max64(run->timeout, (int64_t)row.tcp_info.tcpi_rto * 1000);
}

/* ---- the whole ---- */

void sim_transfer_default(struct sim_transfer *transfer)
{
    *transfer = (struct sim_transfer){
        .seed = 1,
        .bytes = 1 << 20,
        .recipe = {.delay_ns = MS(10), .reorder_ns = MS(10)},
        .mtu = 1500,
    };
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        lastack_params_linux(&transfer->params[host]);
}

static bool create_world(struct run *run)
{
    const struct sim_transfer *transfer = run->transfer;
    struct lastack_config config[SIM_HOSTS];

    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        lastack_config_default(&config[host]);
        config[host].params = transfer->params[host];
        config[host].max_pages = TEXT_PAGES;
        config[host].max_time_waits_ipv4 = config[host].max_time_waits_ipv6 = 16;
        config[host].max_connections = config[host].max_sockets = 16;
        config[host].trace_hash = true;
        config[host].trace_classes = transfer->watcher == NULL ? 0 : transfer->watcher->classes;
    }
    if (!sim_world_init_pair(&run->world, config, &transfer->recipe, transfer->mtu, transfer->seed))
        return false;
    run->world.context = run;
    run->world.on_event = on_transfer_event;
    run->world.on_packet = on_transfer_packet;
    run->world.on_arrival = on_transfer_arrival;
    return true;
}

static bool open_ends(struct run *run)
{
    const struct sim_transfer *transfer = run->transfer;
    const struct lastack_endpoint any = {.port = TRANSFER_PORT};
    const struct lastack_endpoint to = {sim_address(RECEIVER, transfer->is_ipv6), TRANSFER_PORT};
    struct lastack *sender = stack_of(run, SENDER), *receiver = stack_of(run, RECEIVER);
    struct lastack_endpoint from;

    run->descriptor[RECEIVER] = -1;
    run->listener = lastack_socket(receiver, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);
    if (run->listener < 0 || lastack_bind(receiver, run->listener, &any) != 0 ||
        lastack_listen(receiver, run->listener, 1) != 0)
        return false;
    run->descriptor[SENDER] = lastack_socket(
        sender, transfer->is_ipv6 ? LASTACK_AF_INET6 : LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    if (run->descriptor[SENDER] < 0 ||
        lastack_connect(sender, run->descriptor[SENDER], &to) != -LASTACK_EINPROGRESS)
        return false;
    (void)lastack_getsockname(sender, run->descriptor[SENDER], &from);
    if (transfer->watcher != NULL && transfer->watcher->on_begin != NULL)
        transfer->watcher->on_begin(transfer->watcher->context, 0, SENDER, &from, &to);
    return true;
}

static void transmit(struct run *run)
{
    sim_settle(&run->world);
    look_at_timeout(run);
    while (!run->is_over && run->result->failure == NULL) {
        if (!sim_step(&run->world, PATIENCE_NS))
            fail(run, "nothing happens any more, and not everything has come");
        look_at_timeout(run);
        show_records(run);
        for (unsigned host = 0; host < SIM_HOSTS && run->world.steps % CHECK_EVERY == 0; host++)
            lastack_check(stack_of(run, host));
    }
}

static void count_sender(struct run *run)
{
    struct sim_transfer_result *result = run->result;
    struct lastack_connection_row row;

    if (lastack_status(stack_of(run, SENDER), run->descriptor[SENDER], &row) == 0 &&
        row.has_tcp_info) {
        result->segments = row.tcp_info.tcpi_data_segs_out;
        result->retransmitted = row.tcp_info.tcpi_total_retrans;
    }
    result->timeouts = lastack_counter(stack_of(run, SENDER), LASTACK_CAUSE_RETRANSMISSION_TIMEOUT);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        result->lost += run->world.host[host].out.lost;
        result->overflowed += run->world.host[host].out.overflowed;
    }
    result->elapsed_ns = run->last_byte_at;
    if (run->last_byte_at > 0)
        result->goodput_bps = (uint64_t)((double)result->bytes * 8e9 / (double)run->last_byte_at);
}

/* Everything is closed, and both come to rest. */
static void rest(struct run *run)
{
    static const enum lastack_pool empty[] = {
        LASTACK_POOL_CONNECTIONS, LASTACK_POOL_TIME_WAIT_IPV4, LASTACK_POOL_TIME_WAIT_IPV6,
        LASTACK_POOL_PAGES,       LASTACK_POOL_RANGES,         LASTACK_POOL_SOCKETS};

    (void)lastack_close(stack_of(run, SENDER), run->descriptor[SENDER]);
    (void)lastack_close(stack_of(run, RECEIVER), run->descriptor[RECEIVER]);
    (void)lastack_close(stack_of(run, RECEIVER), run->listener);
    sim_settle(&run->world);
    sim_run(&run->world, run->world.now + PATIENCE_NS);
    show_records(run);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        lastack_check(stack_of(run, host));
        for (unsigned i = 0; i < sizeof empty / sizeof empty[0]; i++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(stack_of(run, host), empty[i], &usage);
            if (usage.used != 0)
                fail(run, "a pool was not empty at the end");
        }
    }
}

void sim_transfer_run(const struct sim_transfer *transfer, struct sim_transfer_result *result)
{
    struct run *run = calloc(1, sizeof *run);

    *result = (struct sim_transfer_result){0};
    if (run == NULL) {
        result->failure = "no memory";
        return;
    }
    run->transfer = transfer;
    run->result = result;
    run->key = transfer->seed * 2 + 1;
    run->silent_since = NEVER;
    if (!create_world(run)) {
        result->failure = "no memory";
        free(run);
        return;
    }
    if (open_ends(run))
        transmit(run);
    else
        fail(run, "connect() refused");
    count_sender(run);
    if (result->failure == NULL)
        rest(run);
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        result->trace_hash = result->trace_hash * 31 + lastack_trace_hash(stack_of(run, host));
    sim_world_free(&run->world);
    free(run);
}
