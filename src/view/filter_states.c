/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_states.c: names of states, as anybody writes them, and ss's groups of them.
 */
#include "filter_parts.h"

#include <ctype.h>
#include <string.h>

struct state_name {
    const char *name; /* letters and digits only */
    uint32_t mask;
};

#define BIT(state) FILTER_BIT(state)
#define CONNECTED  (FILTER_STATES_ALL & ~(BIT(TCP_CLOSED) | BIT(TCP_LISTEN)))
#define BUCKET     (BIT(TCP_SYN_RECEIVED) | BIT(TCP_TIME_WAIT))

static const struct state_name state_names[] = {
    {"established", BIT(TCP_ESTABLISHED)},
    {"estab", BIT(TCP_ESTABLISHED)},
    {"synsent", BIT(TCP_SYN_SENT)},
    {"synreceived", BIT(TCP_SYN_RECEIVED)},
    {"synrecv", BIT(TCP_SYN_RECEIVED)},
    {"synrcv", BIT(TCP_SYN_RECEIVED)},
    {"finwait1", BIT(TCP_FIN_WAIT_1)},
    {"finwait2", BIT(TCP_FIN_WAIT_2)},
    {"timewait", BIT(TCP_TIME_WAIT)},
    {"closed", BIT(TCP_CLOSED)},
    {"close", BIT(TCP_CLOSED)},
    {"unconnected", BIT(TCP_CLOSED)},
    {"unconn", BIT(TCP_CLOSED)},
    {"closewait", BIT(TCP_CLOSE_WAIT)},
    {"lastack", BIT(TCP_LAST_ACK)},
    {"listen", BIT(TCP_LISTEN)},
    {"listening", BIT(TCP_LISTEN)},
    {"closing", BIT(TCP_CLOSING)},
    {"boundinactive", FILTER_STATES_BOUND},
    {"bound", FILTER_STATES_BOUND},
    {"all", FILTER_STATES_ALL},
    {"connected", CONNECTED},
    {"synchronized", CONNECTED & ~BIT(TCP_SYN_SENT)},
    {"bucket", BUCKET},
    {"big", FILTER_STATES_ALL & ~BUCKET},
};

uint32_t filter_state_mask(const char *name)
{
    char plain[32];
    size_t length = 0;
    for (; *name != '\0' && length < sizeof plain - 1; name++)
        if (*name != '-' && *name != '_')
            plain[length++] = (char)tolower((unsigned char)*name);
    plain[length] = '\0';
    for (size_t i = 0; *name == '\0' && i < sizeof state_names / sizeof state_names[0]; i++)
        if (strcmp(plain, state_names[i].name) == 0)
            return state_names[i].mask;
    return 0;
}
