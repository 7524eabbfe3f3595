/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * param_ranges.c: see param_ranges.h.
 */
#include "param_ranges.h"

#include "check.h"

#include <string.h>

#define PARAM_ZERO_true  ", or 0"
#define PARAM_ZERO_false ""

const struct param_range param_ranges[PARAM_COUNT] = {
#define LASTACK_X(field, least, most, is_zero)                                                     \
    [PARAM_##field] = {.text = #field ": " #least ".." #most PARAM_ZERO_##is_zero,                 \
                       .minimum = least,                                                           \
                       .maximum = most,                                                            \
                       .offset = offsetof(struct lastack_params, field),                           \
                       .size = sizeof(((struct lastack_params *)0)->field),                        \
                       .is_zero_allowed = is_zero},
    PARAM_RANGES(LASTACK_X)
#undef LASTACK_X
};

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

const char *lastack_params_fault(const struct lastack_params *params)
{
    for (unsigned i = 0; i < PARAM_COUNT; i++) {
        if (!param_allows(&param_ranges[i], param_number(&param_ranges[i], params)))
            return param_ranges[i].text;
    }
    return NULL;
}
