/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_wheel.c: the wheel against an array of deadlines.
 *
 * The tape arms, moves, cancels and lets time pass by steps of a nanosecond to weeks. Nothing
 * fires early, nothing is forgotten, what is due comes in the order of its deadlines, and
 * wheel_next is never late.
 */
#include "fuzz.h"
#include "wheel.h"

enum { OBJECTS = 16 };

struct object {
    uint64_t payload;
    struct wheel_node node;
};

struct model {
    int64_t at[OBJECTS]; /* NEVER: not armed */
    int64_t now;
};

static int64_t earliest(const struct model *model)
{
    int64_t at = NEVER;
    for (int i = 0; i < OBJECTS; i++)
        at = min64(at, model->at[i]);
    return at;
}

/* A step whose size is spread over all levels of the wheel. */
static int64_t step(struct tape *tape)
{
    unsigned shift = tape_u8(tape) % 52;
    return (int64_t)(((uint64_t)tape_u16(tape) << shift) >> 16);
}

static void pass_time(struct wheel *wheel, struct model *model, int64_t now)
{
    int64_t last = INT64_MIN;
    uint32_t index;
    model->now = now;
    while ((index = wheel_pop(wheel, now)) != WHEEL_NONE) {
        CHECK(index < OBJECTS && model->at[index] <= now);
        CHECK(model->at[index] >= last && model->at[index] == earliest(model));
        last = model->at[index];
        model->at[index] = NEVER;
    }
    CHECK(earliest(model) > now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tape = {data, size};
    struct object objects[OBJECTS] = {{0}};
    struct wheel wheel;
    struct model model = {.now = 0};
    wheel_init(&wheel, objects, sizeof objects[0], offsetof(struct object, node), 0);
    for (int i = 0; i < OBJECTS; i++) {
        wheel_node_init(&objects[i].node);
        model.at[i] = NEVER;
    }
    while (tape.left > 0) {
        unsigned operation = tape_u8(&tape);
        uint32_t index = operation / 4 % OBJECTS;
        if (operation % 4 < 2) {
            int64_t at = model.now + step(&tape);
            /* A deadline in the past is due at once: the model holds what the wheel was told. */
            wheel_arm(&wheel, index, at);
            model.at[index] = at;
        } else if (operation % 4 == 2) {
            wheel_cancel(&wheel, index);
            model.at[index] = NEVER;
        } else {
            pass_time(&wheel, &model, model.now + step(&tape));
        }
        CHECK(wheel_next(&wheel) <= earliest(&model));
        CHECK((wheel_next(&wheel) == NEVER) == (earliest(&model) == NEVER));
    }
    /* To the end, as a virtual world does: wheel_next brings every deadline, in bounded steps. */
    for (int steps = 0; earliest(&model) != NEVER; steps++) {
        CHECK(steps < OBJECTS * (WHEEL_LEVELS + 1));
        pass_time(&wheel, &model, max64(model.now, wheel_next(&wheel)));
    }
    CHECK(wheel.armed == 0);
    return 0;
}
