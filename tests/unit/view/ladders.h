/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladders.h: the connections that tests of drawings draw.
 */
#ifndef LASTACK_TEST_LADDERS_H
#define LASTACK_TEST_LADDERS_H

#include "ladder.h"

struct ladder_sample {
    const char *name;
    void (*build)(struct ladder *ladder); /* of a fresh ladder, finished */
};

extern const struct ladder_sample ladder_samples[];
extern const size_t ladder_sample_count;

/* The sample's ladder; ladder_free when done. */
void ladder_sample_build(const struct ladder_sample *sample, struct ladder *ladder);

#endif
