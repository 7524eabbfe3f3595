/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * relay.c: the loop that carries packets between the ends, and bytes into and out of them.
 *
 * Its ends are made in relay_ends.c.
 */
#include "relay_ends.h"

#include "check.h"
#include "duration.h"
#include "event_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_MAX = 2048, CHUNK = 65536 };

/* ---- packets ---- */

/* Towards the far kernel everything; back: by the address to which the packet goes. */
static void deliver(struct relay *relay, enum relay_direction direction, int64_t now,
                    const struct sim_frame *frame)
{
    struct virtio_net_hdr header = {0}; /* nothing left to do: complete, summed, of one segment */
    struct iovec iov[2] = {{&header, sizeof header}, {frame->data, frame->length}};
    const uint8_t ours = relay_address(RELAY_END_OURS).bytes[15];

    if (direction == RELAY_BACK && frame->length >= 20 && frame->data[19] == ours) {
        struct lastack_packet_in packet = {frame->data, frame->length, 1, 0};

        if (relay->stack != NULL)
            lastack_input(relay->stack, now, &packet, 1);
        return;
    }
    if (writev(relay->tun[1 - direction], iov, 2) < 0)
        relay->refused++;
}

static void deliver_due(struct relay *relay, int64_t now)
{
    struct sim_frame frame;

    for (unsigned d = 0; d < RELAY_DIRECTIONS; d++) {
        while (sim_link_receive(&relay->link[d], now, &frame)) {
            deliver(relay, (enum relay_direction)d, now, &frame);
            free(frame.data);
        }
    }
}

static void enter_link(struct relay *relay, enum relay_direction direction, int64_t now,
                       const uint8_t *packet, uint32_t length)
{
    if (length < 20 || packet[0] >> 4 != 4)
        return; /* the kernel's own IPv6 noise */
    if (direction == RELAY_FORWARD && relay->config.drops != NULL &&
        relay->config.drops(relay->config.context, packet, length))
        return;
    sim_link_send(&relay->link[direction], now, packet, length);
}

/* Bounded, so that a fast sender cannot keep the loop from its other work. */
static void read_tun(struct relay *relay, enum relay_direction direction, int64_t now)
{
    uint8_t packet[FRAME_MAX];
    struct virtio_net_hdr header;
    struct iovec iov[2] = {{&header, sizeof header}, {packet, sizeof packet}};

    for (unsigned i = 0; i < BATCH; i++) {
        const ssize_t length = readv(relay->tun[direction], iov, 2);

        if (length <= (ssize_t)sizeof header)
            return;
        enter_link(relay, direction, now, packet, (uint32_t)length - (uint32_t)sizeof header);
    }
}

static void take_output(struct relay *relay, int64_t now)
{
    struct lastack_packet_out out[BATCH];
    uint8_t packet[FRAME_MAX];
    size_t count;

    while (relay->stack != NULL && (count = lastack_output(relay->stack, out, BATCH)) > 0) {
        for (size_t i = 0; i < count; i++) {
            uint32_t length = 0;

            CHECK(out[i].length <= sizeof packet);
            for (unsigned k = 0; k < out[i].iov_count; k++) {
                memcpy(packet + length, out[i].iov[k].base, out[i].iov[k].length);
                length += (uint32_t)out[i].iov[k].length;
            }
            enter_link(relay, RELAY_FORWARD, now, packet, length);
        }
    }
}

/* ---- bytes ---- */

static int64_t send_some(struct relay *relay, struct relay_flow *flow)
{
    static const uint8_t text[CHUNK];
    const size_t part = flow->left < sizeof text ? (size_t)flow->left : sizeof text;
    ssize_t sent;

    if (flow->is_ours)
        return lastack_send(relay->stack, flow->sender, text, part, 0);
    sent = send(flow->sender, text, part, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

static bool would_wait(int64_t error)
{
    return error == -EAGAIN || error == -EINPROGRESS || error == -ENOTCONN;
}

static bool pump_sender(struct relay *relay, struct relay_flow *flow, struct trouble *trouble)
{
    while (flow->left > 0) {
        const int64_t sent = send_some(relay, flow);

        if (sent < 0)
            return would_wait(sent) || trouble_set(trouble, (int)-sent, "send on the %s connection",
                                                   flow->is_ours ? "lastack" : "Linux");
        if (flow->left != UINT64_MAX)
            flow->left -= (uint64_t)sent;
    }
    return true;
}

static void pump_receiver(struct relay *relay, struct relay_flow *flow, int64_t now)
{
    static uint8_t sink[CHUNK];
    ssize_t got;

    if (flow->receiver < 0)
        return;
    while ((got = recv(flow->receiver, sink, sizeof sink, MSG_DONTWAIT)) > 0) {
        flow->got += (uint64_t)got;
        if (flow->got == relay->config.bytes)
            flow->ended_at = now;
    }
}

static bool pump(struct relay *relay, int64_t now, struct trouble *trouble)
{
    struct lastack_event event;

    while (relay->stack != NULL && lastack_next_event(relay->stack, &event))
        ; /* every flow is looked at below, whatever the event was */
    for (unsigned i = 0; i < relay->flow_count; i++) {
        struct relay_flow *flow = &relay->flow[i];

        if (flow->began_at != 0 && !pump_sender(relay, flow, trouble))
            return false;
        pump_receiver(relay, flow, now);
    }
    return true;
}

/* ---- what the senders think ---- */

static struct lastack_tcp_info info_of(const struct relay *relay, const struct relay_flow *flow)
{
    struct lastack_connection_row row = {0};
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (flow->is_ours) {
        (void)lastack_status(relay->stack, flow->sender, &row);
        return row.tcp_info;
    }
    (void)getsockopt(flow->sender, IPPROTO_TCP, TCP_INFO, &info, &size);
    return (struct lastack_tcp_info){
        .tcpi_ca_state = info.tcpi_ca_state,
        .tcpi_snd_cwnd = info.tcpi_snd_cwnd,
        .tcpi_snd_ssthresh = info.tcpi_snd_ssthresh,
        .tcpi_unacked = info.tcpi_unacked,
        .tcpi_rtt = info.tcpi_rtt,
        .tcpi_rto = info.tcpi_rto,
        .tcpi_total_retrans = info.tcpi_total_retrans,
        .tcpi_reordering = info.tcpi_reordering,
        .tcpi_snd_wnd = info.tcpi_snd_wnd,
        .tcpi_notsent_bytes = info.tcpi_notsent_bytes,
        .tcpi_backoff = info.tcpi_backoff,
    };
}

static void trace(struct relay *relay, int64_t now)
{
    FILE *const out = relay->config.trace;

    if (out == NULL || now < relay->trace_at)
        return;
    if (relay->trace_at == 0)
        fputs("flow\tms\tgot\tstate\tcwnd\tssthresh\tunacked\trtt_us\trto_us\tretrans\t"
              "reordering\tsnd_wnd\tnotsent\tbackoff\tlost\toverflowed\n",
              out);
    relay->trace_at = now + RELAY_TRACE_NS;
    for (unsigned i = 0; i < relay->flow_count; i++) {
        const struct relay_flow *flow = &relay->flow[i];
        const struct lastack_tcp_info info = info_of(relay, flow);

        if (flow->began_at == 0)
            continue;
        fprintf(out, "%s\t%.1f\t%" PRIu64 "\t%u\t%u\t%d\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u",
                flow->is_ours ? "lastack" : "linux", (double)(now - flow->began_at) / 1e6,
                flow->got, info.tcpi_ca_state, info.tcpi_snd_cwnd, (int)info.tcpi_snd_ssthresh,
                info.tcpi_unacked, info.tcpi_rtt, info.tcpi_rto, info.tcpi_total_retrans,
                info.tcpi_reordering, info.tcpi_snd_wnd, info.tcpi_notsent_bytes,
                info.tcpi_backoff);
        fprintf(out, "\t%" PRIu64 "\t%" PRIu64 "\n", relay->link[RELAY_FORWARD].lost,
                relay->link[RELAY_FORWARD].overflowed);
    }
}

/* ---- the loop ---- */

static int64_t next_instant(const struct relay *relay)
{
    int64_t next =
        min64(sim_link_next(&relay->link[RELAY_FORWARD]), sim_link_next(&relay->link[RELAY_BACK]));

    return relay->stack == NULL ? next : min64(next, lastack_next_deadline(relay->stack));
}

static void sleep_until(struct relay *relay, int64_t until)
{
    const int64_t left = max64(0, until - event_loop_clock());
    const struct timespec timeout = {left / SEC(1), left % SEC(1)};
    struct epoll_event events[RELAY_FLOWS_MAX * 2 + 3];

    (void)epoll_pwait2(relay->epoll, events, sizeof events / sizeof events[0], &timeout, NULL);
}

static bool loop_once(struct relay *relay, int64_t until, struct trouble *trouble)
{
    const int64_t now = event_loop_clock();

    deliver_due(relay, now);
    if (relay->stack != NULL)
        lastack_tick(relay->stack, now);
    if (!pump(relay, now, trouble))
        return false;
    take_output(relay, now);
    trace(relay, now);
    read_tun(relay, RELAY_FORWARD, now);
    read_tun(relay, RELAY_BACK, now);
    sleep_until(relay, min64(until, next_instant(relay)));
    return true;
}

static bool is_done(const struct relay *relay)
{
    for (unsigned i = 0; i < relay->flow_count; i++)
        if (relay->config.bytes == 0 || relay->flow[i].ended_at == 0)
            return false;
    return true;
}

bool relay_run(struct relay *relay, int64_t length_ns, struct trouble *trouble)
{
    const int64_t until = event_loop_clock() + length_ns;

    /* One after the other, so that the receiver's descriptors are known by order. */
    for (unsigned i = 0; i < relay->flow_count; i++) {
        relay->flow[i].began_at = event_loop_clock();
        if (!relay_connect(relay, &relay->flow[i], trouble))
            return false;
        while (relay->flow[i].receiver < 0) {
            if (event_loop_clock() >= until)
                return trouble_set(trouble, 0, "no connection came about in time");
            if (!loop_once(relay, until, trouble))
                return false;
            relay_accept(relay, &relay->flow[i]);
        }
    }
    while (event_loop_clock() < until && !is_done(relay))
        if (!loop_once(relay, until, trouble))
            return false;
    return true;
}
