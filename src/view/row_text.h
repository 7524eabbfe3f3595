/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_text.h: rows as `ss` prints them, then three columns more.
 *
 *     State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process  OWNER    TIMER   WHY
 *     \_________ as iproute2 has it when it writes into a pipe ________/  \_ never blank, never _/
 *                                                                            a bare dash
 *
 * Widths follow the contents, as ss does. So rows are gathered first; after ROW_TABLE_GATHER of
 * them the widths are what they are and the rest streams through, so that a million TIME-WAITs
 * need no memory to speak of.
 */
#ifndef LASTACK_ROW_TEXT_H
#define LASTACK_ROW_TEXT_H

#include "text.h"

#include <lastack/row.h>

enum { ROW_TABLE_GATHER = 16384 };

/* What is shown: the options of ss. */
struct row_view {
    bool has_netid;     /* a first column with "tcp" or "udp": several protocols are shown */
    bool is_stateless;  /* no column "State": all rows have the one that was asked for */
    bool has_processes; /* -p: users:(("nginx",pid=812,fd=7)) */
    bool has_timers;    /* -o */
    bool has_extended;  /* -e: uid, inode, cookie, cgroup, directions */
    bool has_memory;    /* -m */
    bool has_tcp_info;  /* -i */
    bool is_oneline;    /* -O: what -m and -i add stays on the row's line */
    bool is_headless;   /* -H */
    bool has_color;
    /* The path of a cgroup id, or NULL if it cannot be told; may be NULL itself. */
    const char *(*cgroup_path)(void *context, uint64_t id);
    /* The name of a link or device that a socket is bound to, for "%eth0"; may be NULL. */
    const char *(*link_name)(void *context, uint32_t link);
    /* Appends to WHY what only the caller knows (the other end of the connection); may be NULL. */
    void (*note)(void *context, const struct lastack_connection_row *row, struct text *text);
    void *context;
};

/* One descriptor that holds a socket. */
struct row_holder {
    uint32_t pid;
    int32_t fd;
    const char *comm;
};

struct row_table;

/* Lines go to `out` when the widths are known; `view` is copied. */
struct row_table *row_table_new(const struct row_view *view, FILE *out);

/* Adds a row. `holders` are all who hold it (for -p); with count 0 the row's own pid, fd, comm
 * stand for them. */
void row_table_add(struct row_table *table, const struct lastack_connection_row *row,
                   const struct row_holder *holders, size_t count);

/* Prints what is still gathered (the header even if there was no row) and frees the table.
 * Returns how many rows there were. */
uint64_t row_table_end(struct row_table *table);

/* Pieces that other viewers use, too. */

/* "192.0.2.1" + ":" + "80", "[::1]", "*" as ss writes them. `peer`: the remote end. */
void row_address_text(struct text *text, const struct lastack_connection_row *row, bool peer,
                      const struct row_view *view);
void row_port_text(struct text *text, uint16_t port);

/* " ts sack cubic wscale:7,7 rto:204 ..." in the order of ss; each field with a blank before it.
 * `has_names`: with those of the connection's options, which ss has only with -o. */
void row_tcp_info_text(struct text *text, const struct lastack_connection_row *row, bool has_names);

/* "timer:(timewait,59sec,0)" without blanks around; nothing if no timer runs. */
void row_timer_text(struct text *text, const struct lastack_connection_row *row);

#endif
