/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagrams.c: UDP sockets: bind, connect (which only remembers a peer), send, receive. RFC 768,
 * RFC 1122 §4.1.
 *
 *     arrives ──▶ port ──▶ socket ──▶ ring of udp_queue_bytes ──▶ recv
 *                                  full: the newcomer is dropped, counted
 *     send    ──▶ one message of the stack (never cut: -LASTACK_EMSGSIZE)
 *
 * A UDP socket that is bound is found as a listener is: its port table is another instance of the
 * local endpoints.
 */
#include "checksum.h"
#include "socket_table.h"
#include "udp.h"

static struct datagrams *datagrams_of(const struct lastack *stack, const struct sock *sock)
{
    return pool_at(&sockets_of(stack)->udp_queues, sock->udp);
}

static struct udp_queue *queue_of(const struct lastack *stack, const struct sock *sock)
{
    return &datagrams_of(stack, sock)->queue;
}

bool datagrams_open(struct lastack *stack, struct sock *sock)
{
    struct sockets *table = sockets_of(stack);
    const uint32_t index = pool_take(&table->udp_queues);
    struct datagrams *datagrams;

    if (index == POOL_NONE)
        return false;
    sock->udp = index;
    datagrams = datagrams_of(stack, sock);
    udp_queue_init(&datagrams->queue, (uint8_t *)datagrams + UDP_QUEUE_HEAD,
                   stack->config.udp_queue_bytes);
    datagrams->turn = (struct page_turn){.waiter = POOL_NONE};
    return true;
}

void datagrams_close(struct lastack *stack, struct sock *sock)
{
    page_turn_leave(&stack->tcp, &datagrams_of(stack, sock)->turn);
    pool_give(&sockets_of(stack)->udp_queues, sock->udp);
}

bool datagrams_are_waiting(const struct lastack *stack, const struct sock *sock)
{
    return queue_of(stack, sock)->count > 0;
}

uint32_t datagrams_first_length(const struct lastack *stack, const struct sock *sock)
{
    struct udp_record record;
    const uint8_t *bytes;

    return udp_queue_front(queue_of(stack, sock), &record, &bytes) ? record.length : 0;
}

uint32_t datagrams_bytes(const struct lastack *stack, const struct sock *sock)
{
    return queue_of(stack, sock)->bytes;
}

/* ---- arriving ---- */

static bool is_from_peer(const struct sock *sock, const struct lastack_endpoint *remote)
{
    return sock->remote.port == 0 || (sock->remote.port == remote->port &&
                                      ip_address_equal(&sock->remote.address, &remote->address));
}

static struct sock *sock_of_port(struct lastack *stack, const struct lastack_endpoint *local)
{
    const uint32_t index = local_endpoints_find_listener(&stack->udp_endpoints, local, 0, 0);

    return index == POOL_NONE ? NULL : sock_at(stack, index);
}

bool datagram_arrives(struct lastack *stack, const struct udp_datagram *datagram)
{
    struct sock *sock = sock_of_port(stack, &datagram->local);
    const struct udp_record record = {
        .local = datagram->local, .remote = datagram->remote, .length = (uint16_t)datagram->length};

    if (sock == NULL || !is_from_peer(sock, &datagram->remote))
        return false;
    if (!udp_queue_push(queue_of(stack, sock), &record, datagram->data)) {
        stack_drop(stack, LASTACK_CAUSE_DROP_UDP_FULL);
        return true;
    }
    sock_wake(stack, sock, WAKE_READABLE);
    return true;
}

/* Only who is connected to that peer is told: anybody else could not say which datagram it was
 * about. */
void datagram_unreachable(struct lastack *stack, const struct ip_packet *quote, int error)
{
    struct lastack_endpoint local = {.address = quote->source},
                            remote = {.address = quote->destination};
    struct sock *sock;

    if (quote->payload_length < 4)
        return;
    local.port = load16(quote->payload);
    remote.port = load16(quote->payload + 2);
    sock = sock_of_port(stack, &local);
    if (sock == NULL || sock->remote.port == 0 || !is_from_peer(sock, &remote))
        return;
    sock->error = (int16_t)error;
    sock_wake(stack, sock, WAKE_ERROR | WAKE_READABLE);
}

/* Into the pieces, one filled after the other; returns how much they hold. */
static size_t scatter(const uint8_t *bytes, size_t length, const struct lastack_buffer *pieces,
                      size_t count)
{
    size_t done = 0;

    for (size_t i = 0; i < count && done < length; i++) {
        const size_t part = length - done < pieces[i].length ? length - done : pieces[i].length;

        if (part == 0)
            continue; /* its base may be NULL */
        memcpy((uint8_t *)pieces[i].base, bytes + done, part);
        done += part;
    }
    return done;
}

int64_t datagram_receive(struct lastack *stack, struct sock *sock,
                         const struct lastack_buffer *pieces, size_t count, uint32_t flags,
                         struct lastack_endpoint *remote)
{
    struct udp_queue *queue = queue_of(stack, sock);
    struct udp_record record;
    const uint8_t *bytes;
    size_t length;

    if (sock->error != 0) {
        const int error = sock->error;

        sock->error = 0;
        return -error;
    }
    if (!udp_queue_front(queue, &record, &bytes))
        return -LASTACK_EAGAIN;
    length = scatter(bytes, record.length, pieces, count);
    if (remote != NULL)
        *remote = record.remote;
    if (!(flags & LASTACK_MSG_PEEK))
        udp_queue_pop(queue);
    return flags & LASTACK_MSG_TRUNC ? (int64_t)record.length : (int64_t)length;
}

/* ---- leaving ---- */

/* A page, its turn to take it, and a place among the messages. */
static bool has_room_to_send(struct lastack *stack, const struct sock *sock)
{
    messages_reclaim(&stack->messages, &stack->tcp.pages);
    return !messages_are_full(&stack->messages) && page_pool_has(&stack->tcp.pages, 1, false) &&
           page_turn_has_come(&stack->tcp, &datagrams_of(stack, sock)->turn);
}

bool datagrams_may_send(struct lastack *stack, struct sock *sock)
{
    if (LIKELY(has_room_to_send(stack, sock)))
        return true;
    if (!datagrams_want_room(stack, sock))
        page_turn_wait(&stack->tcp, &datagrams_of(stack, sock)->turn, sock->index,
                       !messages_are_full(&stack->messages));
    return false;
}

bool datagrams_want_room(const struct lastack *stack, const struct sock *sock)
{
    return datagrams_of(stack, sock)->turn.waiter != POOL_NONE;
}

bool datagrams_are_told(struct lastack *stack, struct sock *sock)
{
    struct page_turn *turn = &datagrams_of(stack, sock)->turn;

    page_turn_leave(&stack->tcp, turn);
    if (has_room_to_send(stack, sock)) {
        sock_wake(stack, sock, WAKE_WRITABLE);
        return true;
    }
    turn->has_waited = false; /* behind the others */
    return datagrams_may_send(stack, sock);
}

/* Gathers the pieces behind the header; returns the sum over them. */
static uint32_t gather(uint8_t *to, const struct lastack_iovec *iov, size_t count)
{
    uint32_t sum = 0;
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (iov[i].length == 0)
            continue; /* its base may be NULL */
        sum = checksum_add_at(sum, iov[i].base, iov[i].length, at);
        memcpy(to + at, iov[i].base, iov[i].length);
        at += iov[i].length;
    }
    return sum;
}

static int queue_datagram(struct lastack *stack, struct sock *sock, const struct lastack_iovec *iov,
                          size_t count, size_t length, const struct lastack_endpoint *local,
                          const struct lastack_endpoint *remote)
{
    struct page_pool *pages = &stack->tcp.pages;
    const struct udp_datagram datagram = {.local = *local, .remote = *remote, .length = length};
    struct message *message;
    uint32_t page;

    if (UDP_HEADER + length > messages_room(pages))
        return -LASTACK_EMSGSIZE;
    if (!datagrams_may_send(stack, sock))
        return sock_refuse(stack, LASTACK_CAUSE_NO_PAGE_LEFT, LASTACK_EAGAIN);
    message = messages_new(&stack->messages, pages, &page);
    CHECK(message != NULL);
    datagrams_of(stack, sock)->turn.has_waited = false;
    message->ip = (struct ip_build){
        .source = local->address,
        .destination = remote->address,
        .payload_length = (uint32_t)(UDP_HEADER + length),
        .protocol = IP_PROTOCOL_UDP,
        .ttl = sock->options.ttl != 0 ? sock->options.ttl : stack->tcp.params.ttl,
        .traffic_class = sock->options.tos,
        .dont_fragment = true,
    };
    udp_build(&datagram, gather(message_payload(message) + UDP_HEADER, iov, count),
              message_payload(message));
    messages_append(&stack->messages, pages, page);
    return 0;
}

NOINLINE int64_t datagram_send(struct lastack *stack, struct sock *sock,
                               const struct lastack_iovec *iov, size_t count,
                               const struct lastack_endpoint *remote)
{
    const struct lastack_endpoint *to = remote != NULL ? remote : &sock->remote;
    struct lastack_endpoint local;
    const struct ip_route *route;
    size_t length = 0;
    int error;

    if (sock->error != 0) {
        error = sock->error;
        sock->error = 0;
        return -error;
    }
    if (to->port == 0)
        return -LASTACK_EDESTADDRREQ;
    error = sock_check_family(sock, &to->address);
    if (error < 0)
        return error;
    for (size_t i = 0; i < count; i++)
        length += iov[i].length;
    if (!sock->is_bound) {
        const struct lastack_endpoint any = {.address = sock->local.address};

        error = sock_bind(stack, sock, &any);
        if (error < 0)
            return error;
    }
    route = stack_route(stack, &to->address);
    if (route == NULL)
        return sock_refuse(stack, LASTACK_CAUSE_NO_ROUTE, LASTACK_ENETUNREACH);
    if (length > udp_most(&to->address, route->mtu))
        return -LASTACK_EMSGSIZE;
    local = sock->local;
    if (lastack_is_any(&local.address))
        local.address = route->source;
    if (ip_is_ipv4(&local.address) != ip_is_ipv4(&to->address))
        return -LASTACK_EAFNOSUPPORT;
    error = queue_datagram(stack, sock, iov, count, length, &local, to);
    return error < 0 ? error : (int64_t)length;
}
