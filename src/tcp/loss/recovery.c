/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recovery.c: see recovery.h. What happens in an episode is in event/recover*.c.
 */
#include "recovery.h"

void recovery_init(struct recovery *recovery, uint32_t reordering)
{
    *recovery = (struct recovery){.reordering = (uint16_t)min32(reordering, UINT16_MAX)};
    scoreboard_init(&recovery->board);
    rack_init(&recovery->rack);
}
