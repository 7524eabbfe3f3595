/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pair.c: the embedder of both ends, as small as the contract of stack.h allows.
 */
#include "pair.h"

#include "check.h"
#include "duration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lastack_address pair_address(enum pair_end end)
{
    return lastack_ipv4(192, 0, 2, end == PAIR_CLIENT ? 1 : 2);
}

static bool make_end(struct pair *pair, enum pair_end end, struct lastack_config config,
                     const struct lastack_link_config *link)
{
    const struct lastack_address address = pair_address(end);
    const size_t size = lastack_size(&config);
    struct trouble trouble;

    memset(config.seed, end == PAIR_CLIENT ? 0x11 : 0x22, sizeof config.seed);
    if (size == 0) {
        fprintf(stderr, "lastack bench: the stack refuses its limits\n");
        return false;
    }
    if (!mapping_make(&pair->memory[end], size, &trouble)) {
        fprintf(stderr, "lastack bench: %s\n", trouble.text);
        return false;
    }
    pair->stack[end] = lastack_create(&config, pair->memory[end].base, size, pair->now);
    CHECK(pair->stack[end] != NULL);
    CHECK(lastack_add_link(pair->stack[end], link) == PAIR_LINK);
    CHECK(lastack_add_address(pair->stack[end], PAIR_LINK, &address, 24) == 0);
    return true;
}

bool pair_make(struct pair *pair, const struct lastack_config *config, uint32_t mtu,
               uint32_t gso_max)
{
    const struct lastack_link_config link = {
        .kind = LASTACK_LINK_IP, .name = "memory", .mtu = mtu, .gso_max = gso_max};

    *pair = (struct pair){.now = SEC(1), .frame_size = gso_max > 0 ? PAIR_FRAME : mtu};
    pair->frames = malloc((size_t)PAIR_BATCH * pair->frame_size);
    if (pair->frames == NULL || !make_end(pair, PAIR_CLIENT, *config, &link) ||
        !make_end(pair, PAIR_SERVER, *config, &link)) {
        pair_release(pair);
        return false;
    }
    return true;
}

void pair_release(struct pair *pair)
{
    for (unsigned end = 0; end < PAIR_ENDS; end++)
        mapping_release(&pair->memory[end]);
    free(pair->frames);
    pair->frames = NULL;
}

/* The one copy between the ends. */
static void copy_frame(const struct lastack_packet_out *packet, uint8_t *to)
{
    for (unsigned i = 0; i < packet->iov_count; i++) {
        memcpy(to, packet->iov[i].base, packet->iov[i].length);
        to += packet->iov[i].length;
    }
}

static bool carry(struct pair *pair, enum pair_end from)
{
    struct lastack_packet_out out[PAIR_BATCH];
    struct lastack_packet_in in[PAIR_BATCH];
    const size_t count = lastack_output(pair->stack[from], out, PAIR_BATCH);

    if (count == 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint8_t *frame = pair->frames + i * pair->frame_size;

        CHECK(out[i].link == PAIR_LINK && out[i].length <= pair->frame_size);
        copy_frame(&out[i], frame);
        in[i] = (struct lastack_packet_in){frame, out[i].length, PAIR_LINK, 0};
    }
    pair->packets += count;
    lastack_input(pair->stack[1 - from], pair->now, in, count);
    return true;
}

static void tell(struct pair *pair, enum pair_end end)
{
    struct lastack_event event;

    while (lastack_next_event(pair->stack[end], &event))
        pair->on_event(pair->context, end, &event);
}

/* Both rest when neither has said anything since the other spoke last. */
void pair_settle(struct pair *pair)
{
    enum pair_end end = PAIR_CLIENT;

    for (unsigned quiet = 0; quiet < PAIR_ENDS; end = 1 - end) {
        tell(pair, end);
        quiet = carry(pair, end) ? 0 : quiet + 1;
    }
}

/* As the contract of stack.h has it: a stack is called when something is due. */
void pair_pass(struct pair *pair, int64_t length_ns)
{
    const int64_t until = pair->now + length_ns;

    for (;;) {
        const int64_t next = min64(lastack_next_deadline(pair->stack[PAIR_CLIENT]),
                                   lastack_next_deadline(pair->stack[PAIR_SERVER]));

        if (next > until)
            break;
        pair->now = max64(pair->now, next);
        lastack_tick(pair->stack[PAIR_CLIENT], pair->now);
        lastack_tick(pair->stack[PAIR_SERVER], pair->now);
        pair_settle(pair);
    }
    pair->now = until;
}
