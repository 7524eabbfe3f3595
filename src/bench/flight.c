/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flight.c: the embedder of both ends, with a wire that holds back what it is given.
 *
 * The receive buffer is what is wanted in flight and the sender has no congestion window, so the
 * offered window decides. Time goes on by a microsecond a segment: each is a burst of its own for
 * the sender's books.
 */
#include "flight.h"

#include "check.h"
#include "duration.h"
#include "instructions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLIGHT_PORT = 9,
    FLIGHT_MTU = 1500,
    FLIGHT_TEXT = 1448, /* with timestamps */
    FLIGHT_FRAME = 1536,
    FLIGHT_PIECES = 16,
    FLIGHT_ROUNDS = 1000,
};

static struct lastack *sender_of(const struct flight *flight)
{
    return flight->pair.stack[PAIR_CLIENT];
}

static struct lastack *receiver_of(const struct flight *flight)
{
    return flight->pair.stack[PAIR_SERVER];
}

static uint8_t *frame_at(const struct flight *flight, uint32_t i)
{
    return (uint8_t *)flight->wire.base +
           (size_t)((flight->first + i) % flight->frames) * FLIGHT_FRAME;
}

/* Its length stands in front of it. */
static void put_frame(uint8_t *slot, const struct lastack_packet_out *packet)
{
    uint8_t *at = slot + sizeof(uint32_t);

    CHECK(packet->length + sizeof(uint32_t) <= FLIGHT_FRAME);
    memcpy(slot, &packet->length, sizeof(uint32_t));
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(at, packet->iov[i].base, packet->iov[i].length);
        at += packet->iov[i].length;
    }
}

static struct lastack_packet_in get_frame(const uint8_t *slot)
{
    uint32_t length;

    memcpy(&length, slot, sizeof length);
    return (struct lastack_packet_in){slot + sizeof length, length, PAIR_LINK, 0};
}

static void no_events(struct lastack *stack)
{
    struct lastack_event event;

    while (lastack_next_event(stack, &event))
        CHECK((event.kinds & (1u << LASTACK_EVENT_ERROR | 1u << LASTACK_EVENT_HANGUP)) == 0);
}

static void count_if(bool is_counted, bool begins)
{
    if (is_counted && begins)
        counting_resume();
    else if (is_counted)
        counting_pause();
}

/* ---- the three parts ---- */

/* The program writes a few segments ahead. */
static void flight_write(struct flight *flight)
{
    static const char text[16 * FLIGHT_TEXT];
    int64_t done;

    if (flight->written - flight->sent >= sizeof text)
        return;
    done = lastack_send(sender_of(flight), flight->sender, text, sizeof text, 0);
    CHECK(done > 0);
    flight->written += (uint64_t)done;
}

/* What leaves goes on the wire until it holds what is wanted, or the window is full. */
static void flight_send(struct flight *flight, bool is_counted)
{
    struct lastack_packet_out out[1];

    while (flight->count < flight->segments) {
        size_t made;

        flight_write(flight);
        flight->pair.now += US(1);
        lastack_tick(sender_of(flight), flight->pair.now);
        count_if(is_counted, true);
        made = lastack_output(sender_of(flight), out, 1);
        count_if(is_counted, false);
        if (made == 0)
            return;
        CHECK(flight->count < flight->frames);
        flight->sent += out[0].length - out[0].header_length;
        put_frame(frame_at(flight, flight->count++), out);
        flight->operations[FLIGHT_SEND]++;
    }
}

static void flight_collect_acks(struct flight *flight)
{
    struct lastack_packet_out out[PAIR_BATCH];
    size_t made;

    while ((made = lastack_output(receiver_of(flight), out, PAIR_BATCH)) > 0) {
        for (size_t i = 0; i < made; i++) {
            CHECK(flight->acks < flight->ack_room);
            put_frame(flight->ack + (size_t)flight->acks++ * FLIGHT_FRAME, &out[i]);
        }
    }
}

static void flight_read(struct flight *flight)
{
    struct lastack_iovec piece[FLIGHT_PIECES];
    int count;

    while ((count = lastack_recv_peek(receiver_of(flight), flight->receiver, piece,
                                      FLIGHT_PIECES)) > 0) {
        size_t length = 0;

        for (int i = 0; i < count; i++)
            length += piece[i].length;
        CHECK(lastack_recv_done(receiver_of(flight), flight->receiver, length) == 0);
    }
}

/* The receiver takes a segment, its program reads it, and its ACK leaves if one is due. */
static void flight_receive(struct flight *flight, uint32_t segments, bool is_counted)
{
    for (uint32_t i = 0; i < segments && flight->count > 0; i++) {
        const struct lastack_packet_in in = get_frame(frame_at(flight, 0));

        flight->first = (flight->first + 1) % flight->frames;
        flight->count--;
        flight->pair.now += US(1);
        count_if(is_counted, true);
        lastack_input(receiver_of(flight), flight->pair.now, &in, 1);
        no_events(receiver_of(flight));
        flight_read(flight);
        flight_collect_acks(flight);
        count_if(is_counted, false);
        flight->operations[FLIGHT_RECEIVE]++;
    }
}

static void flight_acknowledge(struct flight *flight, bool is_counted)
{
    for (uint32_t i = 0; i < flight->acks; i++) {
        const struct lastack_packet_in in = get_frame(flight->ack + (size_t)i * FLIGHT_FRAME);

        flight->pair.now += US(1);
        count_if(is_counted, true);
        lastack_input(sender_of(flight), flight->pair.now, &in, 1);
        no_events(sender_of(flight));
        count_if(is_counted, false);
        flight->operations[FLIGHT_ACK]++;
    }
    flight->acks = 0;
}

void flight_step(struct flight *flight, uint32_t segments, enum flight_part counted)
{
    flight_receive(flight, segments, counted == FLIGHT_RECEIVE);
    flight_acknowledge(flight, counted == FLIGHT_ACK);
    flight_send(flight, counted == FLIGHT_SEND);
}

/* ---- set-up ---- */

static void flight_connect(struct flight *flight)
{
    const struct lastack_endpoint server = {pair_address(PAIR_SERVER), FLIGHT_PORT};
    const int listener =
        lastack_socket(receiver_of(flight), LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    flight->sender = lastack_socket(sender_of(flight), LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    CHECK(lastack_bind(receiver_of(flight), listener, &server) == 0);
    CHECK(lastack_listen(receiver_of(flight), listener, 1) == 0);
    CHECK(lastack_connect(sender_of(flight), flight->sender, &server) == -LASTACK_EINPROGRESS);
    pair_settle(&flight->pair);
    flight->receiver = lastack_accept(receiver_of(flight), listener, NULL);
    CHECK(flight->receiver >= 0);
    no_events(receiver_of(flight));
    no_events(sender_of(flight));
}

static void ignore_event(void *context, enum pair_end end, const struct lastack_event *event)
{
    (void)context;
    (void)end;
    (void)event;
}

bool flight_make(struct flight *flight, uint32_t segments)
{
    /* Wider than what is wanted in flight: a sender waits for a good part of a
     * large frame to fit. */
    const uint32_t window = (segments + segments / 8 + 64) * FLIGHT_TEXT;
    struct lastack_config config;
    struct trouble trouble;

    lastack_config_default(&config);
    config.params.congestion = LASTACK_CC_NONE;
    config.params.receive_buffer = config.params.receive_buffer_max = window;
    config.params.send_buffer = config.params.send_buffer_max = 1u << 30;
    config.params.receive_window_initial = 0;
    config.params.autotune_receive = config.params.autotune_send = false;
    config.max_pages = 2 * (window / config.page_size) + 1024;
    config.max_ranges = 2 * segments + 4096;
    config.trace_classes = 0;
    *flight = (struct flight){
        .segments = segments, .frames = segments + 64, .ack_room = segments / 4 + 64};
    flight->ack = malloc((size_t)flight->ack_room * FLIGHT_FRAME);
    if (flight->ack == NULL || !pair_make(&flight->pair, &config, FLIGHT_MTU, 0) ||
        !mapping_make(&flight->wire, (size_t)flight->frames * FLIGHT_FRAME, &trouble)) {
        flight_release(flight);
        return false;
    }
    flight->pair.on_event = ignore_event;
    flight_connect(flight);
    /* the offered window opens as text arrives: until it is as wide as it gets */
    flight_send(flight, false);
    for (unsigned round = 0; flight->count < segments; round++) {
        CHECK(round < FLIGHT_ROUNDS);
        flight_receive(flight, flight->count / 4 + 1, false);
        flight_acknowledge(flight, false);
        flight_send(flight, false);
    }
    memset(flight->operations, 0, sizeof flight->operations);
    return true;
}

void flight_release(struct flight *flight)
{
    pair_release(&flight->pair);
    mapping_release(&flight->wire);
    free(flight->ack);
    flight->ack = NULL;
}
