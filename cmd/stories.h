/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stories.h: what `lastack demo` can play.
 */
#ifndef LASTACK_STORIES_H
#define LASTACK_STORIES_H

#include "stage.h"

struct story {
    const char *name, *summary;
    void (*change)(struct lastack_config *config); /* of both hosts; NULL: nothing */
    void (*play)(struct stage *stage);
};

/* NULL behind the last. */
const struct story *story_at(size_t index);
/* NULL: there is none of that name. */
const struct story *story_find(const char *name);

#endif
