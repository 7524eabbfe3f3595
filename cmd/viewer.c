/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viewer.c: see viewer.h.
 *
 * Order matters for whoever reads the result: what a packet did comes after the packet, what made
 * us send one before it. So records are gathered; those that name a new flow are taken at once, the
 * others after the packet that arrived, or before the one that leaves.
 */
#include "viewer.h"

#include "check.h"
#include "duration.h"
#include "flows.h"
#include "json_names.h"
#include "ladder.h"
#include "leftovers.h"
#include "narrator.h"
#include "pcapng.h"
#include "tcp_header.h"
#include "trace_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECORDS = 1024, FRAME_MAX = 65536 + 64, LADDERS_MAX = 16 };

struct viewer {
    struct viewer_config config;
    struct lastack *stack;
    struct flows *flows;
    struct narrator narrator;
    FILE *pcap_file, *ladder_file;
    struct pcapng pcap;
    uint32_t pcap_interface;
    size_t ip_offset;
    int64_t to_wall_clock; /* add to CLOCK_MONOTONIC */
    uint64_t cursor, lost;
    uint32_t used_at_start[LASTACK_POOL_COUNT];
    struct lastack_trace_record records[RECORDS];
    size_t count;
    struct ladder *ladders[LADDERS_MAX];
    size_t ladder_count;
    uint8_t frame[FRAME_MAX];
};

static bool sees(const struct viewer *viewer)
{
    return viewer->config.voice == VIEWER_WORDS || viewer->config.voice == VIEWER_JSON ||
           viewer_wants_packets(viewer);
}

bool viewer_wants_packets(const struct viewer *viewer)
{
    return viewer->config.pcap != NULL || viewer->config.ladder != NULL;
}

uint32_t viewer_trace_classes(const struct viewer *viewer)
{
    return sees(viewer)
               ? LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_TIMER | LASTACK_TRACE_CLASS_DROP
               : 0;
}

/* ---- opening and closing ---- */

static FILE *open_file(const char *path, struct trouble *trouble)
{
    FILE *file = fopen(path, "wbe");

    if (file == NULL)
        trouble_set(trouble, errno, "write %s", path);
    return file;
}

struct viewer *viewer_open(const struct viewer_config *config, struct trouble *trouble)
{
    struct viewer *viewer = calloc(1, sizeof *viewer);

    CHECK(viewer != NULL);
    viewer->config = *config;
    if (config->ladder != NULL &&
        (viewer->ladder_file = open_file(config->ladder, trouble)) == NULL) {
        free(viewer);
        return NULL;
    }
    if (config->pcap != NULL && (viewer->pcap_file = open_file(config->pcap, trouble)) == NULL) {
        if (viewer->ladder_file != NULL)
            fclose(viewer->ladder_file);
        free(viewer);
        return NULL;
    }
    viewer->flows = flows_new(config->pcap != NULL);
    return viewer;
}

static bool close_file(FILE *file, const char *path, struct trouble *trouble)
{
    bool is_written = fflush(file) == 0 && ferror(file) == 0;
    int error = errno;

    return (fclose(file) == 0 && is_written) || trouble_set(trouble, error, "write %s", path);
}

/* "tun: 12 packets in, the largest 1500 bytes; 9 out, the largest 65226" */
static void tell_link(const struct host_link *link)
{
    const struct host_link_counters *c = &link->counters;

    fprintf(stderr,
            "lastack: %s: %" PRIu64 " packets in, the largest %u bytes; %" PRIu64
            " out, the largest %u\n",
            link->ops->kind, c->packets_in, (unsigned)c->largest_in, c->packets_out,
            (unsigned)c->largest_out);
    if (c->out_refused > 0)
        fprintf(stderr, "lastack: %s: %" PRIu64 " packets were refused: %s\n", link->ops->kind,
                c->out_refused, strerror(link->last_error));
}

static json_t *link_json(const struct host_link *link)
{
    const struct host_link_counters *c = &link->counters;

    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind", link->ops->kind, "packets_in",
        (json_int_t)c->packets_in, "bytes_in", (json_int_t)c->bytes_in, "largest_in_bytes",
        (json_int_t)c->largest_in, "packets_out", (json_int_t)c->packets_out, "bytes_out",
        (json_int_t)c->bytes_out, "largest_out_bytes", (json_int_t)c->largest_out, "refused",
        (json_int_t)c->out_refused, "full", (json_int_t)c->full, "down", (json_int_t)c->down);
}

/* ---- pools: does everything come back? ---- */

static uint32_t used_of(const struct viewer *viewer, enum lastack_pool pool,
                        struct lastack_pool_usage *usage)
{
    lastack_pool_usage(viewer->stack, pool, usage);
    return usage->used;
}

/* "pools: all back at their start but time_wait_ipv4: 3 more" */
static void tell_pools(const struct viewer *viewer)
{
    const char *separator = " but";
    struct lastack_pool_usage usage;

    fputs("lastack: pools: all back at their start", stderr);
    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        uint32_t used = used_of(viewer, pool, &usage);

        if (used <= viewer->used_at_start[pool])
            continue;
        fprintf(stderr, "%s %s: %u more", separator, usage.name,
                (unsigned)(used - viewer->used_at_start[pool]));
        separator = ",";
    }
    fputc('\n', stderr);
}

static json_t *pools_json(const struct viewer *viewer)
{
    json_t *pools = json_object();

    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;
        uint32_t used = used_of(viewer, pool, &usage);

        json_object_set_new(pools, usage.name,
                            json_pack("{s:I, s:I, s:I, s:I, s:I}", "used", (json_int_t)used,
                                      "start", (json_int_t)viewer->used_at_start[pool], "peak",
                                      (json_int_t)usage.peak, "limit", (json_int_t)usage.limit,
                                      "refusals", (json_int_t)usage.refusals));
    }
    return pools;
}

/* How often each cause occurred, those that did. */
static json_t *causes_json(const struct viewer *viewer)
{
    json_t *causes = json_object();

    for (enum lastack_cause cause = 1; cause < LASTACK_CAUSE_COUNT; cause++) {
        const uint64_t count = lastack_counter(viewer->stack, cause);
        json_t *name = json_cause(cause);

        if (count > 0)
            json_object_set_new(causes, json_string_value(name), json_integer((json_int_t)count));
        json_decref(name);
    }
    return causes;
}

static void tell_summary(const struct viewer *viewer, const struct host_link *link, int exit_status)
{
    json_line(stderr, json_pack("{s:b, s:I, s:I, s:i, s:o, s:o, s:o, s:o*}", "summary", 1,
                                "connections", (json_int_t)flows_count(viewer->flows),
                                "records_lost", (json_int_t)viewer->lost, "exit_status",
                                exit_status, "pools", pools_json(viewer), "causes",
                                causes_json(viewer), "left", leftovers_json(viewer->stack, "stack"),
                                "link", link != NULL ? link_json(link) : NULL));
}

void viewer_end(struct viewer *viewer, const struct host_link *link, int exit_status)
{
    if (viewer->config.voice == VIEWER_JSON || viewer->config.voice == VIEWER_SUMMARY)
        tell_summary(viewer, link, exit_status);
    if (viewer->config.voice != VIEWER_WORDS)
        return;
    narrator_table(&viewer->narrator, viewer->flows);
    if (link != NULL)
        tell_link(link);
    tell_pools(viewer);
    leftovers_tell(viewer->stack);
    if (viewer->lost > 0)
        fprintf(stderr, "lastack: %" PRIu64 " trace records came too fast and were not shown\n",
                viewer->lost);
}

void viewer_set_peer(struct viewer *viewer, const char *peer)
{
    viewer->config.peer = peer;
}

/* ---- ladders: of the first LADDERS_MAX flows ---- */

static void begin_ladder(struct viewer *viewer, struct flow *flow)
{
    char left[LASTACK_ENDPOINT_TEXT], right[LASTACK_ENDPOINT_TEXT];
    struct ladder *ladder;

    if (viewer->ladder_file == NULL || flow->detail == NULL || flow->detail->ladder != NULL ||
        viewer->ladder_count == LADDERS_MAX)
        return;
    ladder = calloc(1, sizeof *ladder);
    CHECK(ladder != NULL);
    (void)lastack_endpoint_text(&flow->remote, left, sizeof left);
    (void)lastack_endpoint_text(&flow->local, right, sizeof right);
    ladder_init(ladder, left, right);
    ladder_set_role(ladder, END_PEER, viewer->config.peer);
    ladder_set_role(ladder, END_OURS, "this stack");
    ladder_set_own(ladder, END_OURS, TCP_LISTEN);
    flow->detail->ladder = viewer->ladders[viewer->ladder_count++] = ladder;
}

static void draw_ladders(struct viewer *viewer)
{
    struct text svg = {0};

    for (size_t i = 0; i < viewer->ladder_count; i++)
        ladder_finish(viewer->ladders[i]);
    ladder_draw_svg((const struct ladder *const *)viewer->ladders, viewer->ladder_count, &svg);
    fputs(text_string(&svg), viewer->ladder_file);
    text_free(&svg);
    for (size_t i = 0; i < viewer->ladder_count; i++) {
        ladder_free(viewer->ladders[i]);
        free(viewer->ladders[i]);
    }
}

bool viewer_close(struct viewer *viewer, struct trouble *trouble)
{
    bool is_complete = true;

    if (viewer->pcap_file != NULL)
        is_complete = close_file(viewer->pcap_file, viewer->config.pcap, trouble);
    if (viewer->ladder_file != NULL) {
        draw_ladders(viewer);
        is_complete =
            close_file(viewer->ladder_file, viewer->config.ladder, trouble) && is_complete;
    }
    flows_free(viewer->flows);
    narrator_free(&viewer->narrator);
    free(viewer);
    return is_complete;
}

void viewer_begin(struct viewer *viewer, struct lastack *stack, enum lastack_link_kind kind,
                  const char *link_name, int64_t now)
{
    struct lastack_pool_usage usage;
    struct timespec wall;

    clock_gettime(CLOCK_REALTIME, &wall);
    viewer->stack = stack;
    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++)
        viewer->used_at_start[pool] = used_of(viewer, pool, &usage);
    viewer->to_wall_clock = SEC(wall.tv_sec) + wall.tv_nsec - now;
    viewer->ip_offset = kind == LASTACK_LINK_ETHERNET ? 14 : 0;
    narrator_init(&viewer->narrator, viewer->config.voice == VIEWER_WORDS ? stderr : NULL,
                  viewer->config.color, now);
    if (viewer->pcap_file == NULL)
        return;
    pcapng_begin(&viewer->pcap, viewer->pcap_file, "lastack");
    viewer->pcap_interface = pcapng_interface(
        &viewer->pcap, kind == LASTACK_LINK_ETHERNET ? PCAPNG_ETHERNET : PCAPNG_RAW_IP, link_name);
}

/* ---- records ---- */

static void tell_record(const struct flow *flow, const struct lastack_trace_record *record)
{
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];
    char both[2 * LASTACK_ENDPOINT_TEXT];

    if (flow == NULL) {
        json_line(stderr, trace_json(record, NULL));
        return;
    }
    lastack_endpoint_text(&flow->local, local, sizeof local);
    lastack_endpoint_text(&flow->remote, remote, sizeof remote);
    snprintf(both, sizeof both, "%s %s", local, remote);
    json_line(stderr, trace_json(record, both));
}

static void take_record(struct viewer *viewer, const struct lastack_trace_record *record)
{
    struct flow *flow = flows_take(viewer->flows, record);

    if (viewer->config.voice == VIEWER_JSON)
        tell_record(flow, record);
    if (flow == NULL)
        return;
    if (record->what == LASTACK_TRACE_FLOW) {
        narrator_flow(&viewer->narrator, flow);
        begin_ladder(viewer, flow);
        return;
    }
    if (flow->detail != NULL && flow->detail->ladder != NULL)
        ladder_trace(flow->detail->ladder, record, true);
    narrator_record(&viewer->narrator, flow, record);
}

/* Takes what was gathered. */
static void take_records(struct viewer *viewer)
{
    for (size_t i = 0; i < viewer->count; i++)
        take_record(viewer, &viewer->records[i]);
    viewer->count = 0;
}

/* Gathers new records. Those of a new flow are taken now. */
static void gather(struct viewer *viewer)
{
    size_t got;

    while (
        (got = lastack_trace_read(viewer->stack, &viewer->cursor, viewer->records + viewer->count,
                                  RECORDS - viewer->count, &viewer->lost)) > 0) {
        size_t end = viewer->count + got;

        for (size_t i = viewer->count; i < end; i++) {
            if (viewer->records[i].what == LASTACK_TRACE_FLOW)
                take_record(viewer, &viewer->records[i]);
            else
                viewer->records[viewer->count++] = viewer->records[i];
        }
        if (viewer->count == RECORDS)
            take_records(viewer);
    }
}

void viewer_traced(struct viewer *viewer, int64_t now)
{
    (void)now;
    if (viewer->stack == NULL || !sees(viewer))
        return;
    gather(viewer);
    take_records(viewer);
}

/* ---- packets ---- */

/* The packet as a segment, with our end as its local one; false if it is no TCP. */
static bool understand(const struct viewer *viewer, const uint8_t *frame, size_t length,
                       unsigned from, struct infer_packet *packet)
{
    struct ip_packet ip;

    if (length <= viewer->ip_offset ||
        ip_parse(frame + viewer->ip_offset, length - viewer->ip_offset, true, &ip) !=
            LASTACK_CAUSE_NONE ||
        ip.is_fragment || ip.protocol != IP_PROTOCOL_TCP ||
        tcp_parse(&ip, &packet->segment) != LASTACK_CAUSE_NONE)
        return false;
    if (from == END_OURS)
        packet->segment.tuple = tuple_reversed(&packet->segment.tuple);
    packet->from = from;
    packet->ip_id = ip.is_ipv6 ? 0 : load16(ip.header + 4);
    return true;
}

/* What the packet proves, counts and draws. */
static void see(struct viewer *viewer, struct flow *flow, const struct infer_packet *packet)
{
    struct flow_detail *detail = flow->detail;
    struct infer_remark remark;
    enum tcp_state state;

    if (detail == NULL)
        return;
    infer_see(&detail->infer, packet, &remark);
    if (detail->ladder != NULL)
        ladder_segment(detail->ladder, packet);
    detail->segments[packet->from]++;
    detail->text_bytes[packet->from] = infer_side_of(&detail->infer, packet->from)->text_bytes;
    detail->again[packet->from] += (remark.marks & 1u << INFER_RETRANSMISSION) != 0;
    /* A packet proves what its sender was when it sent it; what may be on its way to it does not
     * count. */
    state = packet->from == END_PEER ? infer_proven(&remark.sender) : (enum tcp_state)0;
    if (state == 0 || state == detail->peer_state)
        return;
    narrator_peer(&viewer->narrator, flow, packet->at, detail->peer_state, state);
    detail->peer_state = state;
}

/* The flow of a packet, which has been seen by then; NULL if it has none. */
static struct flow *take_packet(struct viewer *viewer, int64_t now, const uint8_t *frame,
                                size_t length, unsigned from)
{
    struct infer_packet packet = {.at = now};
    struct lastack_endpoint local, remote;
    struct flow *flow;

    if (!understand(viewer, frame, length, from, &packet))
        return NULL;
    local = tuple_local(&packet.segment.tuple);
    remote = tuple_remote(&packet.segment.tuple);
    flow = flows_find(viewer->flows, &local, &remote);
    if (flow != NULL)
        see(viewer, flow, &packet);
    return flow;
}

/* What to say about a packet: what it changed, or in which state it found us. The pieces of news
 * are used up. */
static struct pcapng_note note_of(const struct viewer *viewer, int64_t now, struct flow *flow,
                                  enum pcapng_direction direction, struct text *comment)
{
    if (flow != NULL && flow->news.length > 0)
        text_add(comment, text_string(&flow->news));
    else if (flow != NULL)
        text_addf(comment, "%s (%s)", lastack_state_text(flow->state),
                  lastack_cause_text(flow->cause));
    if (flow != NULL)
        text_clear(&flow->news);
    return (struct pcapng_note){.interface = viewer->pcap_interface,
                                .time_ns = now + viewer->to_wall_clock,
                                .direction = direction,
                                .comment = comment->length > 0 ? text_string(comment) : NULL};
}

void viewer_packet_in(struct viewer *viewer, int64_t now, const struct lastack_packet_in *packet)
{
    struct text comment = {0};
    struct pcapng_note note;
    struct flow *flow;

    if (!sees(viewer))
        return;
    gather(viewer);
    if (flows_watched(viewer->flows) == 0 && !viewer_wants_packets(viewer))
        return;
    flow = take_packet(viewer, now, packet->data, packet->length, END_PEER);
    if (viewer_wants_packets(viewer))
        take_records(viewer); /* else, behind the last packet of its batch */
    if (viewer->pcap_file != NULL) {
        note = note_of(viewer, now, flow, PCAPNG_IN, &comment);
        pcapng_packet_in(&viewer->pcap, &note, packet, viewer->ip_offset);
    }
    text_free(&comment);
}

static size_t flatten(struct viewer *viewer, const struct lastack_packet_out *packet)
{
    size_t length = 0;

    for (unsigned i = 0; i < packet->iov_count; i++) {
        CHECK(length + packet->iov[i].length <= FRAME_MAX);
        memcpy(viewer->frame + length, packet->iov[i].base, packet->iov[i].length);
        length += packet->iov[i].length;
    }
    return length;
}

void viewer_packet_out(struct viewer *viewer, int64_t now, const struct lastack_packet_out *packet)
{
    struct text comment = {0};
    struct pcapng_note note;
    struct flow *flow;

    if (!sees(viewer))
        return;
    gather(viewer);
    take_records(viewer);
    if (flows_watched(viewer->flows) == 0 && !viewer_wants_packets(viewer))
        return; /* nothing to learn from it: not even copied */
    flow = take_packet(viewer, now, viewer->frame, flatten(viewer, packet), END_OURS);
    if (viewer->pcap_file != NULL) {
        note = note_of(viewer, now, flow, PCAPNG_OUT, &comment);
        pcapng_packet_out(&viewer->pcap, &note, packet);
    }
    text_free(&comment);
}
