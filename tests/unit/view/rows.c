/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.c: rows and captured output for the tests of this folder.
 */
#include "rows.h"

#include "check.h"

#include <stdlib.h>

static struct lastack_endpoint endpoint_of(const char *address, uint16_t port)
{
    struct lastack_endpoint endpoint = {.port = port};

    CHECK(lastack_address_parse(address, &endpoint.address));
    return endpoint;
}

struct lastack_connection_row row_of(enum tcp_state state, const char *local, uint16_t local_port,
                                     const char *remote, uint16_t remote_port)
{
    return (struct lastack_connection_row){
        .protocol = LASTACK_PROTOCOL_TCP,
        .state = (uint8_t)state,
        .owner_kind = LASTACK_OWNER_KERNEL,
        .local = endpoint_of(local, local_port),
        .remote = endpoint_of(remote, remote_port),
        .fd = -1,
        .timer = -1,
        .gives_up_ns = -1,
        .age_ns = -1,
    };
}

struct lastack_connection_row row6_of(enum tcp_state state, const char *local, uint16_t local_port,
                                      const char *remote, uint16_t remote_port)
{
    struct lastack_connection_row row = row_of(state, local, local_port, remote, remote_port);

    row.is_ipv6 = true;
    return row;
}

void row_own(struct lastack_connection_row *row, const char *comm, uint32_t pid, int fd)
{
    row->owner_kind = LASTACK_OWNER_PROCESS;
    row->pid = pid;
    row->fd = fd;
    row->holders = 1;
    snprintf(row->comm, sizeof row->comm, "%s", comm);
}

void printed_open(struct printed *printed)
{
    *printed = (struct printed){0};
    printed->out = open_memstream(&printed->data, &printed->length);
    CHECK(printed->out != NULL);
}

const char *printed_string(struct printed *printed)
{
    if (printed->out != NULL)
        fclose(printed->out);
    printed->out = NULL;
    return printed->data;
}

void printed_free(struct printed *printed)
{
    printed_string(printed);
    free(printed->data);
}
