/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_census.c: see state_census.h.
 */
#include "state_census.h"

/*
 * Figure 5 of RFC 9293, arrow by arrow, and what else is legal. Not among them is LISTEN ->
 * SYN-SENT (SEND on a listener): sockets have no such call. CLOSE in SYN-RECEIVED is queued until
 * the connection is established, and then FIN-WAIT-1 is entered from there (RFC 9293 §3.10.4). FIN
 * and the ACK of ours in one segment are two steps, the fifth and the eighth: FIN-WAIT-1 ->
 * FIN-WAIT-2 -> TIME-WAIT. What a passive open leaves by RST is SYN-RECEIVED -> LISTEN.
 */
static const struct state_move wanted[] = {
    {TCP_CLOSED, TCP_LISTEN},          {TCP_LISTEN, TCP_CLOSED},
    {TCP_CLOSED, TCP_SYN_SENT},        {TCP_LISTEN, TCP_SYN_RECEIVED},
    {TCP_SYN_SENT, TCP_SYN_RECEIVED},  {TCP_SYN_SENT, TCP_ESTABLISHED},
    {TCP_SYN_SENT, TCP_CLOSED},        {TCP_SYN_RECEIVED, TCP_ESTABLISHED},
    {TCP_SYN_RECEIVED, TCP_LISTEN},    {TCP_SYN_RECEIVED, TCP_CLOSED},
    {TCP_ESTABLISHED, TCP_FIN_WAIT_1}, {TCP_ESTABLISHED, TCP_CLOSE_WAIT},
    {TCP_ESTABLISHED, TCP_CLOSED},     {TCP_FIN_WAIT_1, TCP_FIN_WAIT_2},
    {TCP_FIN_WAIT_1, TCP_CLOSING},     {TCP_FIN_WAIT_1, TCP_CLOSED},
    {TCP_FIN_WAIT_2, TCP_TIME_WAIT},   {TCP_FIN_WAIT_2, TCP_CLOSED},
    {TCP_CLOSING, TCP_TIME_WAIT},      {TCP_CLOSING, TCP_CLOSED},
    {TCP_CLOSE_WAIT, TCP_LAST_ACK},    {TCP_CLOSE_WAIT, TCP_CLOSED},
    {TCP_LAST_ACK, TCP_CLOSED},        {TCP_TIME_WAIT, TCP_CLOSED},
    {TCP_TIME_WAIT, TCP_SYN_RECEIVED}, /* RFC 9293 MAY-2, RFC 6191 */
    {TCP_SYN_RECEIVED, TCP_TIME_WAIT}, /* RFC 1122 §4.2.2.13: it was an old duplicate */
};

enum { WANTED = sizeof wanted / sizeof wanted[0] };

void state_census_take(struct state_census *census, const struct lastack_trace_record *record)
{
    if (record->what != LASTACK_TRACE_STATE || record->old_state >= CENSUS_STATES ||
        record->new_state >= CENSUS_STATES)
        return;
    census->moves[record->old_state][record->new_state]++;
    census->causes[record->cause]++;
}

void state_census_add(struct state_census *census, const struct state_census *other)
{
    for (unsigned from = 0; from < CENSUS_STATES; from++)
        for (unsigned to = 0; to < CENSUS_STATES; to++)
            census->moves[from][to] += other->moves[from][to];
    for (unsigned cause = 0; cause < LASTACK_CAUSE_COUNT; cause++)
        census->causes[cause] += other->causes[cause];
}

uint64_t state_census_entered(const struct state_census *census, enum tcp_state state)
{
    uint64_t sum = 0;

    for (unsigned from = 0; from < CENSUS_STATES; from++)
        sum += census->moves[from][state];
    return sum;
}

bool state_census_wanted(size_t index, struct state_move *move)
{
    if (index >= WANTED)
        return false;
    *move = wanted[index];
    return true;
}

size_t state_census_missing(const struct state_census *census)
{
    size_t missing = 0;

    for (size_t i = 0; i < WANTED; i++)
        missing += census->moves[wanted[i].from][wanted[i].to] == 0;
    return missing;
}
