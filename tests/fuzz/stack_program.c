/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_program.c: every call of a program, with sensible and senseless arguments.
 */
#include "stack_world.h"

#include <string.h>

static struct lastack_endpoint some_endpoint(struct tape *tape, bool is_local)
{
    uint8_t choice = tape_u8(tape);
    bool is_ipv6 = (choice & 1) != 0;
    struct lastack_endpoint endpoint = {
        is_local ? here_address(is_ipv6) : there_address(is_ipv6, choice >> 1),
        (uint16_t)(choice & 8 ? 80 + (choice >> 4 & 1) : choice >> 4)};
    if ((choice & 6) == 6)
        CHECK(lastack_address_parse(is_ipv6 ? "::" : "0.0.0.0", &endpoint.address));
    else if ((choice & 6) == 4)
        CHECK(lastack_address_parse(is_ipv6 ? "::1" : "127.0.0.1", &endpoint.address));
    return endpoint;
}

static void set_some_option(struct lastack *stack, int fd, struct tape *tape)
{
    static const enum lastack_option options[] = {
#define LASTACK_X(name, level, number) LASTACK_##name,
        LASTACK_OPTIONS(LASTACK_X)
#undef LASTACK_X
    };
    enum lastack_option option = options[tape_u8(tape) % (sizeof options / sizeof options[0])];
    int value = (int)tape_u16(tape) - 8, back;
    lastack_set_option(stack, fd, option, value);
    lastack_get_option(stack, fd, option, &back);
}

/* sendmsg of a few pieces; with a name and MSG_FASTOPEN among the flags it may open. */
static int64_t send_in_pieces(struct world *world, int fd, struct tape *tape)
{
    static const uint8_t text[2048];
    const struct lastack_iovec pieces[] = {
        {text, tape_u16(tape) % sizeof text}, {text, tape_u8(tape)}, {NULL, 0}};
    struct lastack_endpoint remote = some_endpoint(tape, false);
    const uint8_t choice = tape_u8(tape);
    const struct lastack_message message = {
        .remote = choice & 1 ? &remote : NULL, .send = pieces, .count = choice >> 1 & 3};
    const uint32_t flags = tape_u8(tape) | (choice & 8 ? (uint32_t)LASTACK_MSG_FASTOPEN : 0);

    return lastack_send_message(world->stack, fd, &message, flags);
}

static int64_t receive_in_pieces(struct world *world, int fd, struct tape *tape)
{
    static uint8_t room[2048];
    const struct lastack_buffer pieces[] = {{room, tape_u16(tape) % sizeof room},
                                            {room, tape_u8(tape)}};
    struct lastack_control control[2];
    struct lastack_endpoint remote;
    struct lastack_message message = {.remote = &remote,
                                      .receive = pieces,
                                      .count = tape_u8(tape) % 3,
                                      .control = control,
                                      .control_count = tape_u8(tape) % 3};
    const int64_t result =
        lastack_recv_message(world->stack, fd, &message, (uint32_t)tape_u16(tape));

    CHECK(result <= (int64_t)(sizeof room + 255) && message.control_count <= 2);
    return result;
}

/* epoll: one may exist; the others are sockets that are no epoll. */
static int64_t watch(struct world *world, int fd, struct tape *tape)
{
    const uint8_t choice = tape_u8(tape);
    struct lastack_epoll_event events[3] = {{.events = tape_u32(tape), .data = choice}};
    struct lastack_pollfd entries[3] = {{fd, tape_u16(tape), 0}, {fd + 1, 0xffff, 0}, {-1, 1, 0}};
    int result;

    switch (choice % 4) {
    case 0:
        return lastack_epoll_create(world->stack, choice >> 2 & 1);
    case 1:
        return lastack_epoll_control(world->stack, fd,
                                     (enum lastack_epoll_operation)(1 + (choice >> 2) % 3),
                                     tape_u8(tape) % DESCRIPTORS, events);
    case 2:
        result = lastack_epoll_wait(world->stack, fd, events, 1 + (choice >> 2) % 3);
        CHECK(result <= 3);
        return result;
    default:
        result = lastack_poll_many(world->stack, entries, 3);
        CHECK(result <= 2);
        return result;
    }
}

/* Reading without a copy: what is shown is there to be given back, and no more. */
static int64_t peek(struct world *world, int fd, struct tape *tape)
{
    struct lastack_iovec pieces[2];
    size_t shown = 0;
    const int count = lastack_recv_peek(world->stack, fd, pieces, 2);

    CHECK(count <= 2);
    for (int i = 0; i < count; i++) {
        const uint8_t *const bytes = pieces[i].base;

        CHECK(pieces[i].length > 0);
        CHECK(bytes[0] + bytes[pieces[i].length - 1] >= 0); /* the sanitizer looks */
        shown += pieces[i].length;
    }
    if (count <= 0)
        return count;
    return lastack_recv_done(world->stack, fd, tape_u16(tape) % (shown + 1));
}

/* Writing without a copy: what is given is ours to write, and no more than that is taken back. */
static int64_t write_in_place(struct world *world, int fd, struct tape *tape)
{
    struct lastack_buffer pieces[3];
    size_t given = 0;
    const size_t wanted = tape_u16(tape) % 8192;
    const int count = lastack_send_room(world->stack, fd, pieces, 1 + tape_u8(tape) % 3, wanted);

    CHECK(count <= 3);
    for (int i = 0; i < count; i++) {
        memset(pieces[i].base, 0x5a, pieces[i].length);
        given += pieces[i].length;
    }
    CHECK(given <= wanted);
    if (count <= 0)
        return count;
    if (tape_u8(tape) % 8 == 0) /* something else comes between */
        lastack_poll(world->stack, fd);
    return lastack_send_done(world->stack, fd, tape_u16(tape) % (given + 2), tape_u8(tape));
}

static int64_t control(struct world *world, int fd, struct tape *tape)
{
    static const unsigned requests[] = {LASTACK_SIOCINQ, LASTACK_SIOCOUTQ, LASTACK_SIOCOUTQNSD,
                                        LASTACK_SIOCATMARK, 0};
    int value = -1;
    const int result = lastack_ioctl(world->stack, fd, requests[tape_u8(tape) % 5], &value);

    CHECK(result != 0 || value >= 0);
    lastack_soft_error(world->stack, fd);
    lastack_set_user(world->stack, fd, tape_u8(tape));
    return result;
}

static int64_t limit_syns(struct world *world, struct tape *tape)
{
    const struct lastack_syn_rule rule = {.prefix = there_address(tape_u8(tape) & 1, 0),
                                          .prefix_length = tape_u8(tape),
                                          .each_length = tape_u8(tape),
                                          .port = (uint16_t)(tape_u8(tape) & 1 ? 80 : 0),
                                          .rate = tape_u16(tape),
                                          .burst = tape_u16(tape)};

    if (tape_u8(tape) % 4 == 0)
        lastack_clear_syn_rules(world->stack);
    return lastack_add_syn_rule(world->stack, &rule);
}

void socket_call(struct world *world, struct tape *tape)
{
    struct lastack *stack = world->stack;
    static uint8_t data[4096];
    uint8_t call = tape_u8(tape) % 27;
    int fd = tape_u8(tape) % DESCRIPTORS;
    struct lastack_endpoint local = {0}, remote = {0};
    struct lastack_connection_row row;
    int64_t result = 0;
    switch (call) {
    case 0:
    case 1:
        result =
            lastack_socket(stack, tape_u8(tape) & 1 ? LASTACK_AF_INET6 : LASTACK_AF_INET,
                           tape_u8(tape) % 8 == 0 ? LASTACK_SOCK_DGRAM : LASTACK_SOCK_STREAM, call);
        break;
    case 2:
    case 3:
        local = some_endpoint(tape, true);
        result = lastack_bind(stack, fd, &local);
        break;
    case 4:
    case 5:
        result = lastack_listen(stack, fd, tape_u8(tape) % 4);
        break;
    case 6:
    case 7:
        result = lastack_accept(stack, fd, &remote);
        break;
    case 8:
    case 9:
        remote = some_endpoint(tape, false);
        result = lastack_connect(stack, fd, &remote);
        break;
    case 10:
        result = lastack_send(stack, fd, data, tape_u16(tape) % sizeof data, tape_u8(tape));
        CHECK(result <= (int64_t)sizeof data);
        break;
    case 11:
        result = lastack_recv(stack, fd, data, tape_u16(tape) % sizeof data, tape_u8(tape));
        CHECK(result <= (int64_t)sizeof data);
        break;
    case 12:
        result = lastack_shutdown(stack, fd, tape_u8(tape) % 4);
        break;
    case 13:
        result = lastack_close(stack, fd);
        break;
    case 14:
        result = tape_u8(tape) & 1 ? lastack_dup(stack, fd) : lastack_dup_to(stack, fd, 1);
        break;
    case 15:
        result = tape_u8(tape) % 4 == 0 ? lastack_abort(stack, fd)
                                        : lastack_set_linger(stack, fd, tape_u8(tape) % 3 - 1);
        break;
    case 16:
        set_some_option(stack, fd, tape);
        break;
    case 17:
        remote = some_endpoint(tape, false);
        result = lastack_send_to(stack, fd, data, tape_u8(tape), 0, &remote);
        break;
    case 18:
        result = lastack_status(stack, fd, &row);
        lastack_getsockname(stack, fd, &local);
        lastack_getpeername(stack, fd, &remote);
        lastack_poll(stack, fd);
        break;
    case 19:
        result = send_in_pieces(world, fd, tape);
        break;
    case 20:
        result = receive_in_pieces(world, fd, tape);
        break;
    case 21:
        result = watch(world, fd, tape);
        break;
    case 22:
        result = peek(world, fd, tape);
        break;
    case 23:
        result = tape_u8(tape) & 1 ? lastack_fcntl(stack, fd, tape_u8(tape) % 5, tape_u16(tape))
                                   : control(world, fd, tape);
        break;
    case 24:
        result = limit_syns(world, tape);
        break;
    case 25:
        result = write_in_place(world, fd, tape);
        break;
    default:
        lastack_exit_owner(stack, tape_u8(tape) % 2);
    }
    /* A refusal is one of the documented errors, and has a name. */
    CHECK(result >= 0 || strcmp(lastack_error_name((int)result), lastack_error_name(0)) != 0);
    CHECK(lastack_last_cause(stack) < LASTACK_CAUSE_COUNT);
}
