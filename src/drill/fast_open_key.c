/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast_open_key.c: see fast_open_key.h.
 */
#include "fast_open_key.h"

#include <stdlib.h>
#include <string.h>

bool fast_open_key_set(struct lastack *stack, const char *text)
{
    uint8_t key[32];
    unsigned words = 0;

    do {
        char *end;
        const unsigned long word = strtoul(text, &end, 16);

        if (end == text || word > UINT32_MAX || words == 8 ||
            (*end != '\0' && *end != (words % 4 == 3 ? ',' : '-')))
            return false;
        for (unsigned i = 0; i < 4; i++)
            key[4 * words + i] = (uint8_t)(word >> 8 * i);
        words++;
        text = *end == '\0' ? end : end + 1;
    } while (*text != '\0');
    return words % 4 == 0 && lastack_set_fast_open_key(stack, -1, key, 4 * words) == 0;
}

bool fast_open_key_is_named(const char *name)
{
    static const char suffix[] = "ipv4?tcp_fastopen_key";
    const size_t length = strlen(name);

    if (length < sizeof suffix - 1)
        return false;
    name += length - (sizeof suffix - 1);
    return strncmp(name, "ipv4", 4) == 0 && (name[4] == '.' || name[4] == '/') &&
           strcmp(name + 5, suffix + 5) == 0;
}
