/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param_ranges.c: see param_ranges.h.
 */
#include "param_ranges.h"

#include "check.h"

#include <string.h>

int64_t param_number(const struct param_range *range, const struct lastack_params *params)
{
    const uint8_t *field = (const uint8_t *)params + range->offset;
    int64_t wide;
    uint32_t word;
    uint16_t half;

    switch (range->size) {
    case sizeof wide:
        memcpy(&wide, field, sizeof wide);
        return wide;
    case sizeof word:
        memcpy(&word, field, sizeof word);
        return word;
    case sizeof half:
        memcpy(&half, field, sizeof half);
        return half;
    default:
        CHECK(range->size == 1);
        return *field;
    }
}
