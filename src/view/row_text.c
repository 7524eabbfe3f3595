/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_text.c: columns like those of `ss`.
 *
 * Each row becomes one string per column, kept in one text buffer, NUL after NUL:
 *
 *     cells:  "ESTAB\0" "0\0" "0\0" "192.0.2.1:\0" "80\0" ... "\t skmem:(...)\0"   next row ...
 *
 * The last cell is what -m and -i put on a line of its own. Printing is a second walk with the
 * widths known. A time such as 4.944 s is printed "4.944sec" (iproute2 6.1 says "4.944ms",
 * corrected later).
 */
#include "row_text.h"

#include "color.h"
#include "duration.h"
#include "words.h"

#include "check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum column {
    COLUMN_NETID,
    COLUMN_STATE,
    COLUMN_RECV_Q,
    COLUMN_SEND_Q,
    COLUMN_LOCAL,
    COLUMN_LOCAL_PORT,
    COLUMN_PEER,
    COLUMN_PEER_PORT,
    COLUMN_PROCESS,
    COLUMN_OWNER,
    COLUMN_TIMER,
    COLUMN_WHY,
    COLUMN_MORE, /* on a line of its own, or behind WHY */
    COLUMN_COUNT
};

struct column_form {
    const char *title;
    const char *before; /* delimiter on the left */
    bool is_right;      /* aligned */
};

static const struct column_form forms[COLUMN_COUNT] = {
    [COLUMN_NETID] = {"Netid", "", false},
    [COLUMN_STATE] = {"State", " ", false},
    [COLUMN_RECV_Q] = {"Recv-Q", " ", false},
    [COLUMN_SEND_Q] = {"Send-Q", " ", false},
    [COLUMN_LOCAL] = {"Local Address:", " ", true},
    [COLUMN_LOCAL_PORT] = {"Port", "", false},
    [COLUMN_PEER] = {"Peer Address:", " ", true},
    [COLUMN_PEER_PORT] = {"Port", "", false},
    [COLUMN_PROCESS] = {"Process", "", false},
    [COLUMN_OWNER] = {"OWNER", "  ", false},
    [COLUMN_TIMER] = {"TIMER", "  ", false},
    [COLUMN_WHY] = {"WHY", "  ", false},
    [COLUMN_MORE] = {"", "", false},
};

struct row_table {
    struct row_view view;
    FILE *out;
    uint64_t rows;
    size_t gathered;
    bool is_header_out;
    struct text cells;
    uint8_t states[ROW_TABLE_GATHER]; /* of the gathered rows: their colour */
    struct text line;
    size_t width[COLUMN_COUNT];
};

struct row_table *row_table_new(const struct row_view *view, FILE *out)
{
    struct row_table *table = calloc(1, sizeof *table);

    CHECK(table != NULL);
    table->view = *view;
    table->out = out;
    for (int i = 0; i < COLUMN_COUNT; i++)
        table->width[i] = strlen(forms[i].title); /* as ss: also without a header */
    if (!view->has_netid)
        table->width[COLUMN_NETID] = 0;
    return table;
}

/* ---- cells ---- */

static void add_bracketed(struct text *text, const char *address)
{
    bool has_colons = strchr(address, ':') != NULL;

    text_add(text, has_colons ? "[" : "");
    text_add(text, address);
    text_add(text, has_colons ? "]" : "");
}

void row_address_text(struct text *text, const struct lastack_connection_row *row, bool peer,
                      const struct row_view *view)
{
    const struct lastack_endpoint *end = peer ? &row->remote : &row->local;
    char address[LASTACK_ADDRESS_TEXT];

    if (row->is_ipv6 && lastack_is_any(&end->address) && !row->v6_only) {
        text_add(text, "*");
    } else {
        lastack_address_text(&end->address, address, sizeof address);
        if (!row->is_ipv6 && lastack_is_any(&end->address))
            text_add(text, "0.0.0.0");
        else if (row->is_ipv6 && lastack_is_ipv4(&end->address))
            text_addf(text, "[::ffff:%s]", address);
        else
            add_bracketed(text, address);
    }
    if (row->link != 0 && !peer) {
        const char *name =
            view->link_name != NULL ? view->link_name(view->context, row->link) : NULL;

        text_add(text, "%");
        if (name != NULL)
            text_add_safe(text, name, NULL);
        else
            text_addf(text, "if%u", row->link);
    }
}

void row_port_text(struct text *text, uint16_t port)
{
    if (port == 0)
        text_add(text, "*");
    else
        text_add_number(text, port);
}

/* "59sec", "1min40sec", "4.944sec", "200ms": minutes hide milliseconds, more than nine of them
 * seconds. */
static void add_ss_time(struct text *text, int64_t ns)
{
    int64_t ms = max64(ns, 0) / MS(1);
    int64_t minutes = ms / 60000, seconds = ms / 1000 % 60, rest = ms % 1000;

    if (minutes > 0)
        text_addf(text, "%" PRId64 "min", minutes);
    if (minutes > 0 || seconds > 9)
        rest = 0;
    if (minutes > 9)
        return;
    if (seconds > 0 && rest > 0)
        text_addf(text, "%" PRId64 ".%03" PRId64 "sec", seconds, rest);
    else if (seconds > 0)
        text_addf(text, "%" PRId64 "sec", seconds);
    else if (rest > 0)
        text_addf(text, "%" PRId64 "ms", rest);
}

static const char *ss_timer_name(enum lastack_timer timer)
{
    switch (timer) {
    case LASTACK_TIMER_RETRANSMIT:
    case LASTACK_TIMER_SYN_ACK:
    case LASTACK_TIMER_LOSS:
        return "on";
    case LASTACK_TIMER_KEEPALIVE:
        return "keepalive";
    case LASTACK_TIMER_TIME_WAIT:
    case LASTACK_TIMER_FIN_WAIT_2:
        return "timewait";
    case LASTACK_TIMER_PERSIST:
        return "persist";
    case LASTACK_TIMER_DELAYED_ACK:
        return "delack";
    case LASTACK_TIMER_USER_TIMEOUT:
        return "user";
    case LASTACK_TIMER_PACE:
        return "pacing";
    case LASTACK_TIMER_COUNT:
        break;
    }
    return "unknown";
}

void row_timer_text(struct text *text, const struct lastack_connection_row *row)
{
    if (row->timer < 0)
        return;
    text_addf(text, "timer:(%s,", ss_timer_name((enum lastack_timer)row->timer));
    add_ss_time(text, row->timer_left_ns);
    text_addf(text, ",%u)", row->timer_retries);
}

static void add_users(struct text *text, const struct lastack_connection_row *row,
                      const struct row_holder *holders, size_t count)
{
    const struct row_holder own = {row->pid, row->fd, row->comm};

    if (count == 0) {
        if (row->owner_kind != LASTACK_OWNER_PROCESS || row->pid == 0)
            return;
        holders = &own;
        count = 1;
    }
    text_add(text, " users:(");
    for (size_t i = 0; i < count; i++) {
        text_add(text, i == 0 ? "(\"" : ",(\"");
        text_add_safe(text, holders[i].comm, "\"\\");
        text_addf(text, "\",pid=%u,fd=%d)", holders[i].pid, holders[i].fd);
    }
    text_add(text, ")");
}

/* A small record instead of a socket: the kernel tells neither its cgroup nor its directions. */
static bool is_record(const struct lastack_connection_row *row)
{
    const bool is_late_orphan = row->timer == LASTACK_TIMER_FIN_WAIT_2 && row->inode == 0;
    return is_late_orphan || row->timer == LASTACK_TIMER_TIME_WAIT ||
           row->owner_kind == LASTACK_OWNER_TIME_WAIT ||
           row->owner_kind == LASTACK_OWNER_SYN_REQUEST;
}

static void add_extended(struct text *text, const struct lastack_connection_row *row,
                         const struct row_view *view)
{
    if (row->uid != 0)
        text_addf(text, " uid:%u", row->uid);
    text_addf(text, " ino:%" PRIu64 " sk:%" PRIx64, row->inode, row->cookie);
    if (row->mark != 0)
        text_addf(text, " fwmark:0x%x", row->mark);
    if (row->cgroup != 0) {
        const char *path =
            view->cgroup_path != NULL ? view->cgroup_path(view->context, row->cgroup) : NULL;

        text_add(text, " cgroup:");
        if (path != NULL)
            text_add_safe(text, path, NULL);
        else
            text_addf(text, "unreachable:%" PRIx64, row->cgroup);
    }
    if (is_record(row))
        return;
    if (row->is_ipv6 && (row->state == TCP_LISTEN || row->state == TCP_CLOSED))
        text_addf(text, " v6only:%d", row->v6_only);
    text_addf(text, " %c-%c", row->shutdown & 1 ? '-' : '<', row->shutdown & 2 ? '-' : '>');
}

static void add_memory(struct text *text, const struct lastack_connection_row *row)
{
    const struct lastack_socket_memory *memory = &row->memory;

    text_addf(text, " skmem:(r%u,rb%u,t%u,tb%u,f%u,w%u,o%u,bl%u,d%u)", memory->rmem_alloc,
              memory->rcvbuf, memory->wmem_alloc, memory->sndbuf, memory->fwd_alloc,
              memory->wmem_queued, memory->optmem, memory->backlog, memory->drops);
}

/* ---- a row ---- */

/* Ends the cell that was begun at `begin` and lets its column grow. */
static void end_cell(struct row_table *table, enum column column, size_t begin)
{
    /* What stands on a line of its own, or last, pads nothing. */
    if (column != COLUMN_MORE && column != COLUMN_WHY) {
        size_t width = text_width(table->cells.data + begin, table->cells.length - begin);

        if (width > table->width[column])
            table->width[column] = width;
    }
    text_add_bytes(&table->cells, "", 1);
}

static void add_more(struct text *text, const struct row_table *table,
                     const struct lastack_connection_row *row)
{
    if (table->view.has_memory && row->has_memory)
        add_memory(text, row);
    if (table->view.has_tcp_info && row->has_tcp_info)
        row_tcp_info_text(text, row, table->view.has_timers);
}

static void add_cell(struct row_table *table, enum column column,
                     const struct lastack_connection_row *row, const struct row_holder *holders,
                     size_t count)
{
    struct text *cells = &table->cells;
    const struct row_view *view = &table->view;

    switch (column) {
    case COLUMN_NETID:
        if (view->has_netid)
            text_add(cells, row->protocol == LASTACK_PROTOCOL_UDP ? "udp" : "tcp");
        break;
    case COLUMN_STATE:
        text_add(cells, words_ss_state((enum tcp_state)row->state));
        break;
    case COLUMN_RECV_Q:
        text_add_number(cells, row->recv_q);
        break;
    case COLUMN_SEND_Q:
        text_add_number(cells, row->send_q);
        break;
    case COLUMN_LOCAL:
    case COLUMN_PEER:
        row_address_text(cells, row, column == COLUMN_PEER, view);
        text_add(cells, ":");
        break;
    case COLUMN_LOCAL_PORT:
        row_port_text(cells, row->local.port);
        break;
    case COLUMN_PEER_PORT:
        row_port_text(cells, row->remote.port);
        break;
    case COLUMN_PROCESS:
        if (view->has_processes)
            add_users(cells, row, holders, count);
        if ((view->has_timers || view->has_extended) && row->timer >= 0) {
            text_add(cells, " ");
            row_timer_text(cells, row);
        }
        if (view->has_extended)
            add_extended(cells, row, view);
        break;
    case COLUMN_OWNER:
        words_owner(cells, row);
        break;
    case COLUMN_TIMER:
        words_timer(cells, row);
        break;
    case COLUMN_WHY:
        words_why(cells, row);
        if (view->note != NULL)
            view->note(view->context, row, cells);
        break;
    case COLUMN_MORE:
        add_more(cells, table, row);
        break;
    case COLUMN_COUNT:
        UNREACHABLE();
    }
}

/* ---- printing ---- */

static void add_column(struct row_table *table, enum column column, const char *cell,
                       enum color color)
{
    struct text *line = &table->line;
    size_t width = table->width[column];
    size_t taken = text_width(cell, strlen(cell));

    if ((column == COLUMN_NETID && !table->view.has_netid) ||
        (column == COLUMN_STATE && table->view.is_stateless))
        return;
    if (line->length > 0)
        text_add(line, forms[column].before);
    if (forms[column].is_right && taken < width)
        text_add_repeat(line, " ", width - taken);
    color_add(line, table->view.has_color, color, cell);
    if (!forms[column].is_right && taken < width && column != COLUMN_WHY)
        text_add_repeat(line, " ", width - taken);
}

static void print_header(struct row_table *table)
{
    table->is_header_out = true;
    if (table->view.is_headless)
        return;
    text_clear(&table->line);
    for (int i = 0; i < COLUMN_MORE; i++)
        add_column(table, (enum column)i, forms[i].title, COLOR_NONE);
    text_trim(&table->line);
    fprintf(table->out, "%s\n", text_string(&table->line));
}

static void print_row(struct row_table *table, const char *cells[COLUMN_COUNT],
                      enum tcp_state state)
{
    const char *more = cells[COLUMN_MORE];

    text_clear(&table->line);
    for (int i = 0; i < COLUMN_MORE; i++)
        add_column(table, (enum column)i, cells[i],
                   i == COLUMN_STATE ? color_of_state(state) : COLOR_NONE);
    if (more[0] != '\0' && table->view.is_oneline)
        text_addf(&table->line, " %s", more);
    text_trim(&table->line);
    text_add_bytes(&table->line, "\n", 1);
    fwrite(table->line.data, 1, table->line.length, table->out);
    /* Every row has this line, if only an empty one, so that lines can be taken in pairs. */
    bool has_more = table->view.has_memory || table->view.has_tcp_info;
    if (has_more && !table->view.is_oneline)
        fprintf(table->out, "\t%s\n", more);
}

static void print_gathered(struct row_table *table)
{
    const char *cell = text_string(&table->cells);
    const char *cells[COLUMN_COUNT];

    if (!table->is_header_out)
        print_header(table);
    for (size_t row = 0; row < table->gathered; row++) {
        for (int i = 0; i < COLUMN_COUNT; i++) {
            cells[i] = cell;
            cell += strlen(cell) + 1;
        }
        print_row(table, cells, (enum tcp_state)table->states[row]);
    }
    table->gathered = 0;
    text_clear(&table->cells);
}

void row_table_add(struct row_table *table, const struct lastack_connection_row *row,
                   const struct row_holder *holders, size_t count)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        size_t begin = table->cells.length;

        add_cell(table, (enum column)i, row, holders, count);
        end_cell(table, (enum column)i, begin);
    }
    table->states[table->gathered++] = row->state;
    table->rows++;
    if (table->gathered == ROW_TABLE_GATHER || table->rows > ROW_TABLE_GATHER)
        print_gathered(table);
}

uint64_t row_table_end(struct row_table *table)
{
    uint64_t rows = table->rows;

    print_gathered(table);
    text_free(&table->cells);
    text_free(&table->line);
    free(table);
    return rows;
}
