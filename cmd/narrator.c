/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * narrator.c: see narrator.h.
 */
#include "narrator.h"

#include "duration.h"
#include "words.h"

#include <stdlib.h>
#include <unistd.h>

enum { TABLE_MAX = 20 }; /* lines */

void narrator_init(struct narrator *narrator, FILE *out, enum color_mode color, int64_t now)
{
    *narrator = (struct narrator){.out = out, .started_at = now};
    narrator->has_color =
        out != NULL && color_wanted(color, isatty(fileno(out)), getenv("NO_COLOR"), getenv("TERM"));
}

void narrator_free(struct narrator *narrator)
{
    text_free(&narrator->line);
}

/* ---- lines ---- */

/* Whether this flow's lines are told; says once that some are not. */
static bool tells(struct narrator *narrator, const struct flow *flow)
{
    if (narrator->out == NULL)
        return false;
    if (flow->detail != NULL)
        return true;
    if (!narrator->has_excused)
        fprintf(
            narrator->out,
            "           connections after #%d are only counted; lastack ss --stack shows them\n",
            FLOWS_DETAILED);
    narrator->has_excused = true;
    return false;
}

static void begin(struct narrator *narrator, const struct flow *flow, int64_t at, const char *who)
{
    int64_t us = max64(at - narrator->started_at, 0) / US(1);

    text_clear(&narrator->line);
    text_addf(&narrator->line, "%4lld.%06lld  #%-3u %s", (long long)(us / 1000000),
              (long long)(us % 1000000), (unsigned)flow->number, who);
}

static void add_state(struct narrator *narrator, enum tcp_state state)
{
    color_add(&narrator->line, narrator->has_color, color_of_state(state),
              lastack_state_text(state));
}

static void end(struct narrator *narrator)
{
    text_add(&narrator->line, "\n");
    fputs(text_string(&narrator->line), narrator->out);
}

/* ---- what happens ---- */

void narrator_flow(struct narrator *narrator, const struct flow *flow)
{
    char local[LASTACK_ENDPOINT_TEXT], remote[LASTACK_ENDPOINT_TEXT];

    if (!tells(narrator, flow))
        return;
    lastack_endpoint_text(&flow->local, local, sizeof local);
    lastack_endpoint_text(&flow->remote, remote, sizeof remote);
    begin(narrator, flow, flow->opened_at, "");
    text_addf(&narrator->line, "%s and our %s", remote, local);
    end(narrator);
}

static void tell_state(struct narrator *narrator, const struct lastack_trace_record *record)
{
    add_state(narrator, (enum tcp_state)record->old_state);
    text_add(&narrator->line, " -> ");
    add_state(narrator, (enum tcp_state)record->new_state);
    text_addf(&narrator->line, ": %s", lastack_cause_text((enum lastack_cause)record->cause));
}

/* "FIN sent again (2nd time): retransmission timeout; next in 800 ms" */
static void tell_again(struct narrator *narrator, const struct lastack_trace_record *record)
{
    const char *what = record->flags & LASTACK_FIN   ? "FIN"
                       : record->flags & LASTACK_SYN ? "SYN"
                                                     : "text";

    text_addf(&narrator->line, "%s sent again (%lld): %s", what, (long long)record->u.detail.a,
              lastack_cause_text((enum lastack_cause)record->cause));
    if (record->u.detail.b > 0) {
        text_add(&narrator->line, "; next after ");
        words_duration(&narrator->line, record->u.detail.b);
    }
}

static bool tell(struct narrator *narrator, const struct lastack_trace_record *record)
{
    const char *cause = lastack_cause_text((enum lastack_cause)record->cause);

    switch ((enum lastack_trace_what)record->what) {
    case LASTACK_TRACE_STATE:
        tell_state(narrator, record);
        return true;
    case LASTACK_TRACE_GONE:
        text_addf(&narrator->line, "gone: %s", cause);
        return true;
    case LASTACK_TRACE_RETRANSMIT:
        tell_again(narrator, record);
        return true;
    case LASTACK_TRACE_TIME_WAIT_RESTART:
        text_addf(&narrator->line, "2MSL restarts: %s", cause);
        return true;
    case LASTACK_TRACE_DROP:
        text_addf(&narrator->line, "dropped a segment: %s", cause);
        return true;
    case LASTACK_TRACE_REFUSED:
        text_addf(&narrator->line, "refused: %s", cause);
        return true;
    case LASTACK_TRACE_WARNING:
        text_addf(&narrator->line, "warning: %s", cause);
        return true;
    case LASTACK_TRACE_FLOW:
    case LASTACK_TRACE_ACCEPTED:
    case LASTACK_TRACE_TIMER_ARMED:
    case LASTACK_TRACE_TIMER_FIRED:
    case LASTACK_TRACE_TIMER_STOPPED:
    case LASTACK_TRACE_SEGMENT_IN:
    case LASTACK_TRACE_SEGMENT_OUT:
    case LASTACK_TRACE_COUNT:
        break;
    }
    return false;
}

void narrator_record(struct narrator *narrator, const struct flow *flow,
                     const struct lastack_trace_record *record)
{
    if (!tells(narrator, flow))
        return;
    begin(narrator, flow, record->time_ns, "ours  ");
    if (tell(narrator, record))
        end(narrator);
}

void narrator_peer(struct narrator *narrator, const struct flow *flow, int64_t at,
                   enum tcp_state old_state, enum tcp_state new_state)
{
    if (!tells(narrator, flow))
        return;
    begin(narrator, flow, at, "peer  ");
    if (old_state != 0) {
        add_state(narrator, old_state);
        text_add(&narrator->line, " -> ");
    }
    add_state(narrator, new_state);
    text_add(&narrator->line, ", as its packets prove");
    end(narrator);
}

/* ---- the closing table ---- */

static void add_bytes(struct text *text, const char *verb, uint64_t bytes, uint64_t again)
{
    text_addf(text, " %s ", verb);
    words_bytes(text, bytes);
    if (again > 0)
        text_addf(text, " (%llu segments again)", (unsigned long long)again);
}

static void put_flow(struct narrator *narrator, const struct flow *flow)
{
    static const char *const first[] = {"peer", "we", "nobody"};
    struct text *line = &narrator->line;
    char remote[LASTACK_ENDPOINT_TEXT], local[LASTACK_ENDPOINT_TEXT];

    lastack_endpoint_text(&flow->remote, remote, sizeof remote);
    lastack_endpoint_text(&flow->local, local, sizeof local);
    text_clear(line);
    text_addf(line, "  #%-3u %s, our %s: ", (unsigned)flow->number, remote, local);
    if (flow->is_gone)
        text_addf(line, "gone (%s)", lastack_cause_text(flow->cause));
    else
        add_state(narrator, flow->state);
    text_addf(line, "; %s closed first; peer",
              first[flow->closed_first < 0 ? 2 : flow->closed_first]);
    add_bytes(line, "sent", flow->detail->text_bytes[END_PEER], flow->detail->again[END_PEER]);
    text_add(line, ", we");
    add_bytes(line, "sent", flow->detail->text_bytes[END_OURS], flow->detail->again[END_OURS]);
    text_add(line, "; lived ");
    words_duration(line, flow->changed_at - flow->opened_at);
    end(narrator);
}

void narrator_table(struct narrator *narrator, const struct flows *flows)
{
    uint32_t shown = flows_detailed(flows) < TABLE_MAX ? flows_detailed(flows) : TABLE_MAX;

    if (narrator->out == NULL)
        return;
    fprintf(narrator->out, "lastack: %u connection%s\n", (unsigned)flows_count(flows),
            flows_count(flows) == 1 ? "" : "s");
    for (uint32_t i = 0; i < shown; i++)
        put_flow(narrator, flows_at(flows, i));
    if (flows_count(flows) > shown)
        fprintf(narrator->out, "  ... and %u more\n", (unsigned)(flows_count(flows) - shown));
}
