/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll.c: many sockets watched at once, as epoll(7) does.
 *
 *     socket ── wakes ─▶ its watches ─▶ ready list of their epoll ─▶ epoll_wait samples the level
 *
 * A watch stands in the ready list once; it gets there when its socket has news that it asked for,
 * or when it is made and the level is there already. Level-triggered ones stay while the level
 * lasts, edge-triggered ones leave when they are reported, one-shot ones ask for nothing
 * afterwards.
 *
 * A watch is found by its descriptor and asks its socket: when the descriptor was closed and
 * another still holds the socket, the number may mean something else by now.
 *
 * An epoll is held by descriptors like a socket and stands in the same pool.
 */
#include "socket_table.h"

enum { ALWAYS_TOLD = LASTACK_POLLERR | LASTACK_POLLHUP };
enum { BEHAVIOUR = (int)(LASTACK_EPOLLEXCLUSIVE | LASTACK_EPOLLWAKEUP | LASTACK_EPOLLONESHOT) };

static struct watch *watch_at(const struct lastack *stack, uint32_t index)
{
    return pool_at(&sockets_of(stack)->watches, index);
}

static uint32_t asked_for(const struct watch *watch)
{
    if (watch->is_spent)
        return 0;
    return (watch->events & ~(uint32_t)BEHAVIOUR & ~LASTACK_EPOLLET) | ALWAYS_TOLD;
}

static void make_ready(struct lastack *stack, uint32_t index)
{
    struct watch *watch = watch_at(stack, index);
    struct sock *epoll = sock_at(stack, watch->epoll);

    if (watch->is_ready)
        return;
    watch->is_ready = true;
    watch->next_ready = POOL_NONE;
    if (epoll->ready_head == POOL_NONE)
        epoll->ready_head = index;
    else
        watch_at(stack, epoll->ready_tail)->next_ready = index;
    epoll->ready_tail = index;
}

/* Takes the first of the ready list. */
static uint32_t take_ready(struct lastack *stack, struct sock *epoll)
{
    const uint32_t index = epoll->ready_head;

    if (index == POOL_NONE)
        return POOL_NONE;
    epoll->ready_head = watch_at(stack, index)->next_ready;
    if (epoll->ready_head == POOL_NONE)
        epoll->ready_tail = POOL_NONE;
    watch_at(stack, index)->is_ready = false;
    return index;
}

static void leave_ready(struct lastack *stack, uint32_t index)
{
    struct sock *epoll = sock_at(stack, watch_at(stack, index)->epoll);
    uint32_t before = POOL_NONE;

    if (!watch_at(stack, index)->is_ready)
        return;
    for (uint32_t at = epoll->ready_head; at != index; at = watch_at(stack, at)->next_ready)
        before = at;
    if (before == POOL_NONE)
        epoll->ready_head = watch_at(stack, index)->next_ready;
    else
        watch_at(stack, before)->next_ready = watch_at(stack, index)->next_ready;
    if (epoll->ready_tail == index)
        epoll->ready_tail = before;
    watch_at(stack, index)->is_ready = false;
}

/* ---- news ---- */

static uint32_t poll_bits_of(uint8_t wake)
{
    uint32_t bits = 0;

    bits |= wake & WAKE_READABLE ? LASTACK_POLLIN | LASTACK_POLLRDNORM | LASTACK_POLLRDHUP : 0;
    bits |= wake & WAKE_WRITABLE ? LASTACK_POLLOUT | LASTACK_POLLWRNORM : 0;
    bits |= wake & WAKE_ERROR ? LASTACK_POLLERR : 0;
    bits |= wake & WAKE_HANGUP ? LASTACK_POLLHUP | LASTACK_POLLRDHUP : 0;
    return bits;
}

/* Of several that want to be woken exclusively the first one is enough. */
NOINLINE void epoll_socket_wakes(struct lastack *stack, const struct sock *sock, uint8_t wake)
{
    const uint32_t bits = poll_bits_of(wake);
    bool has_exclusive = false;

    for (uint32_t at = sock->first_watch; at != POOL_NONE;
         at = watch_at(stack, at)->next_of_socket) {
        const struct watch *watch = watch_at(stack, at);
        const bool is_exclusive = watch->events & LASTACK_EPOLLEXCLUSIVE;

        if (!(asked_for(watch) & bits) || (is_exclusive && has_exclusive))
            continue;
        has_exclusive = has_exclusive || is_exclusive;
        make_ready(stack, at);
    }
}

/* ---- watches ---- */

static uint32_t find_watch(const struct lastack *stack, uint32_t epoll, const struct sock *sock,
                           int descriptor)
{
    uint32_t at = sock->first_watch;

    while (at != POOL_NONE &&
           (watch_at(stack, at)->epoll != epoll || watch_at(stack, at)->descriptor != descriptor))
        at = watch_at(stack, at)->next_of_socket;
    return at;
}

static void ask_now(struct lastack *stack, uint32_t index)
{
    const struct watch *watch = watch_at(stack, index);

    if (sock_poll(stack, sock_at(stack, watch->socket)) & asked_for(watch))
        make_ready(stack, index);
}

static int add_watch(struct lastack *stack, uint32_t epoll_index, struct sock *sock, int descriptor,
                     const struct lastack_epoll_event *event)
{
    const uint32_t index = pool_take(&sockets_of(stack)->watches);
    struct sock *epoll = sock_at(stack, epoll_index);
    struct watch *watch;

    if (index == POOL_NONE)
        return -LASTACK_ENOSPC;
    watch = watch_at(stack, index);
    *watch = (struct watch){
        .epoll = epoll_index,
        .socket = sock->index,
        .descriptor = descriptor,
        .events = event->events,
        .data = event->data,
        .next_of_socket = sock->first_watch,
        .next_of_epoll = epoll->first_watch,
        .next_ready = POOL_NONE,
    };
    sock->first_watch = index;
    epoll->first_watch = index;
    ask_now(stack, index);
    return 0;
}

static void unlink_watch(struct lastack *stack, uint32_t index)
{
    const struct watch *watch = watch_at(stack, index);
    uint32_t *at = &sock_at(stack, watch->socket)->first_watch;

    leave_ready(stack, index);
    while (*at != index)
        at = &watch_at(stack, *at)->next_of_socket;
    *at = watch->next_of_socket;
    at = &sock_at(stack, watch->epoll)->first_watch;
    while (*at != index)
        at = &watch_at(stack, *at)->next_of_epoll;
    *at = watch->next_of_epoll;
    pool_give(&sockets_of(stack)->watches, index);
}

void epoll_forget(struct lastack *stack, struct sock *sock)
{
    while (sock->first_watch != POOL_NONE)
        unlink_watch(stack, sock->first_watch);
}

/* ---- calls ---- */

int lastack_epoll_create(struct lastack *stack, uint32_t owner)
{
    struct sock *epoll = sock_new(stack, LASTACK_AF_INET, SOCK_TYPE_EPOLL);
    int descriptor;

    if (epoll == NULL)
        return sock_refuse(stack, LASTACK_CAUSE_NO_SOCKET_LEFT, LASTACK_ENOBUFS);
    epoll->creator = owner;
    descriptor = descriptor_add(stack, epoll, owner);
    if (descriptor < 0)
        sock_free(stack, epoll);
    return descriptor;
}

/* The epoll of a descriptor, or NULL. */
static struct sock *epoll_of(struct lastack *stack, int descriptor)
{
    struct sock *sock = holder_of(stack, descriptor);

    return sock != NULL && sock->type == SOCK_TYPE_EPOLL ? sock : NULL;
}

int lastack_epoll_control(struct lastack *stack, int epoll_descriptor,
                          enum lastack_epoll_operation operation, int descriptor,
                          const struct lastack_epoll_event *event)
{
    struct sock *sock = holder_of(stack, descriptor);
    struct sock *epoll = holder_of(stack, epoll_descriptor);
    uint32_t epoll_index, index;

    if (sock == NULL || epoll == NULL)
        return -LASTACK_EBADF;
    if (epoll->type != SOCK_TYPE_EPOLL || sock->type == SOCK_TYPE_EPOLL)
        return -LASTACK_EINVAL;
    if (operation != LASTACK_EPOLL_CTL_DEL && event == NULL)
        return -LASTACK_EFAULT;
    epoll_index = epoll->index;
    index = find_watch(stack, epoll_index, sock, descriptor);
    switch (operation) {
    case LASTACK_EPOLL_CTL_ADD:
        if (index != POOL_NONE)
            return -LASTACK_EEXIST;
        return add_watch(stack, epoll_index, sock, descriptor, event);
    case LASTACK_EPOLL_CTL_DEL:
        if (index == POOL_NONE)
            return -LASTACK_ENOENT;
        unlink_watch(stack, index);
        return 0;
    case LASTACK_EPOLL_CTL_MOD:
        if (index == POOL_NONE)
            return -LASTACK_ENOENT;
        if ((event->events | watch_at(stack, index)->events) & LASTACK_EPOLLEXCLUSIVE)
            return -LASTACK_EINVAL;
        watch_at(stack, index)->events = event->events;
        watch_at(stack, index)->data = event->data;
        watch_at(stack, index)->is_spent = false;
        ask_now(stack, index);
        return 0;
    }
    return -LASTACK_EINVAL;
}

int lastack_epoll_wait(struct lastack *stack, int epoll_descriptor,
                       struct lastack_epoll_event *events, int most)
{
    struct sock *epoll = epoll_of(stack, epoll_descriptor);
    uint32_t index, again = POOL_NONE;
    int count = 0;

    if (epoll == NULL)
        return holder_of(stack, epoll_descriptor) == NULL ? -LASTACK_EBADF : -LASTACK_EINVAL;
    if (most <= 0)
        return -LASTACK_EINVAL;
    while (count < most && epoll->ready_head != again &&
           (index = take_ready(stack, epoll)) != POOL_NONE) {
        struct watch *watch = watch_at(stack, index);
        const uint32_t bits = sock_poll(stack, sock_at(stack, watch->socket)) & asked_for(watch);

        if (bits == 0)
            continue;
        events[count++] = (struct lastack_epoll_event){bits, watch->data};
        if (watch->events & LASTACK_EPOLLONESHOT) {
            watch->is_spent = true;
        } else if (!(watch->events & LASTACK_EPOLLET)) {
            make_ready(stack, index); /* the level lasts: behind the others */
            if (again == POOL_NONE)
                again = index;
        }
    }
    return count;
}
