/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * descriptors.c: small numbers that hold sockets, counted as an operating system counts them.
 *
 * A new one is the lowest free number (POSIX). Each knows its owner; those of one socket hang
 * together, so that a row can name who still holds it.
 */
#include "socket_table.h"

static uint32_t lowest_free(struct sockets *table)
{
    while (table->lowest_free < table->descriptor_bump &&
           table->descriptors[table->lowest_free].socket != POOL_NONE)
        table->lowest_free++;
    return table->lowest_free;
}

/* Into its socket's list, in ascending order. */
static void link_descriptor(struct lastack *stack, uint32_t number, struct sock *sock)
{
    struct descriptor *all = sockets_of(stack)->descriptors;
    uint32_t *at = &sock->first_descriptor;

    while (*at != POOL_NONE && *at < number)
        at = &all[*at].next;
    all[number].next = *at;
    *at = number;
    sock->holders++;
}

int descriptor_add(struct lastack *stack, struct sock *sock, uint32_t owner)
{
    struct sockets *table = sockets_of(stack);
    const uint32_t number = lowest_free(table);

    if (number >= table->descriptor_limit) {
        table->descriptor_refusals++;
        return sock_refuse(stack, LASTACK_CAUSE_NO_DESCRIPTOR_LEFT, LASTACK_EMFILE);
    }
    if (number == table->descriptor_bump)
        table->descriptor_bump++;
    table->descriptors[number] =
        (struct descriptor){.socket = sock->index, .owner = owner, .next = POOL_NONE};
    table->descriptor_used++;
    if (table->descriptor_used > table->descriptor_peak)
        table->descriptor_peak = table->descriptor_used;
    link_descriptor(stack, number, sock);
    return (int)number;
}

bool descriptor_remove(struct lastack *stack, struct sock *sock, int descriptor)
{
    struct sockets *table = sockets_of(stack);
    const uint32_t number = (uint32_t)descriptor;
    uint32_t *at = &sock->first_descriptor;

    while (*at != number) {
        CHECK(*at != POOL_NONE);
        at = &table->descriptors[*at].next;
    }
    *at = table->descriptors[number].next;
    table->descriptors[number].socket = POOL_NONE;
    table->descriptor_used--;
    if (number < table->lowest_free)
        table->lowest_free = number;
    return --sock->holders == 0;
}

int lastack_dup(struct lastack *stack, int descriptor)
{
    struct sock *sock = holder_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    return descriptor_add(stack, sock, sockets_of(stack)->descriptors[descriptor].owner);
}

int lastack_dup_to(struct lastack *stack, int descriptor, uint32_t owner)
{
    struct sock *sock = holder_of(stack, descriptor);

    if (sock == NULL)
        return -LASTACK_EBADF;
    return descriptor_add(stack, sock, owner);
}

void lastack_exit_owner(struct lastack *stack, uint32_t owner)
{
    const struct sockets *table = sockets_of(stack);

    for (uint32_t number = 0; number < table->descriptor_bump; number++) {
        if (table->descriptors[number].socket != POOL_NONE &&
            table->descriptors[number].owner == owner)
            (void)lastack_close(stack, (int)number);
    }
}

int lastack_name_owner(struct lastack *stack, uint32_t owner, const char *name)
{
    struct sockets *table = sockets_of(stack);
    uint32_t at = 0;
    size_t length = 0;

    while (at < table->owner_count && table->owners[at].owner != owner)
        at++;
    if (at == OWNERS_MOST)
        return -LASTACK_ENOBUFS;
    if (at == table->owner_count)
        table->owner_count++;
    while (length < OWNER_NAME - 1 && name[length] != '\0')
        length++;
    table->owners[at].owner = owner;
    memset(table->owners[at].name, 0, OWNER_NAME);
    memcpy(table->owners[at].name, name, length);
    return 0;
}
