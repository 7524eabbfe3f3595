/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answers_test.c: what each central call answers in each phase of a socket, as a table: rows are
 * phases, columns calls. It is the table behind the comments of <lastack/socket.h>.
 *
 *     fresh ─ bound ─ listening
 *       └── connecting ─ connected ─ shut ─ reset: an error is pending ─ ended: it was told
 *     datagram, epoll, closed: what is no stream socket
 */
#include "pair.h"

enum phase {
    FRESH,
    BOUND,
    LISTENING,
    CONNECTING,
    CONNECTED,
    SHUT, /* our direction */
    RESET,
    ENDED,
    DATAGRAM,
    EPOLL,
    NOTHING,
    PHASES
};

static const struct lastack_endpoint peer = {{.bytes = {[10] = 0xff, 0xff, 127, 0, 0, 1}}, 80};
static const struct lastack_endpoint nobody = {{.bytes = {[10] = 0xff, 0xff, 127, 0, 0, 1}}, 81};

static int stream_socket(struct pair *pair)
{
    return lastack_socket(pair->stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
}

/* A descriptor in that phase. */
static int in_phase(struct pair *pair, enum phase phase)
{
    struct lastack *stack = pair->stack;
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), 0};
    char byte;
    int fd;

    switch (phase) {
    case FRESH:
        return stream_socket(pair);
    case BOUND:
        fd = stream_socket(pair);
        assert_int_equal(lastack_bind(stack, fd, &any), 0);
        return fd;
    case LISTENING:
        return pair->listener;
    case CONNECTING: /* nothing has left yet */
        fd = stream_socket(pair);
        assert_int_equal(lastack_connect(stack, fd, &peer), -LASTACK_EINPROGRESS);
        return fd;
    case CONNECTED:
        return pair->client;
    case SHUT:
        assert_int_equal(lastack_shutdown(stack, pair->client, LASTACK_SHUT_WR), 0);
        pair_run(pair);
        return pair->client;
    case RESET:
    case ENDED:
        assert_int_equal(lastack_abort(stack, pair->server), 0);
        pair_run(pair);
        if (phase == ENDED)
            assert_int_equal(lastack_recv(stack, pair->client, &byte, 1, 0), -LASTACK_ECONNRESET);
        return pair->client;
    case DATAGRAM:
        return lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_DGRAM, 0);
    case EPOLL:
        return lastack_epoll_create(stack, 0);
    case NOTHING:
    case PHASES:
        break;
    }
    return 31;
}

/* ---- the calls ---- */

static int64_t call_bind(struct lastack *stack, int fd)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), 0};

    return lastack_bind(stack, fd, &any);
}

static int64_t call_listen(struct lastack *stack, int fd)
{
    return lastack_listen(stack, fd, 1);
}

static int64_t call_accept(struct lastack *stack, int fd)
{
    return lastack_accept(stack, fd, NULL);
}

static int64_t call_connect(struct lastack *stack, int fd)
{
    return lastack_connect(stack, fd, &nobody);
}

static int64_t call_send(struct lastack *stack, int fd)
{
    return lastack_send(stack, fd, "x", 1, 0);
}

static int64_t call_recv(struct lastack *stack, int fd)
{
    char byte;

    return lastack_recv(stack, fd, &byte, 1, 0);
}

static int64_t call_recv_peek(struct lastack *stack, int fd)
{
    struct lastack_iovec iov;

    return lastack_recv_peek(stack, fd, &iov, 1);
}

static int64_t call_send_room(struct lastack *stack, int fd)
{
    struct lastack_buffer piece;

    return lastack_send_room(stack, fd, &piece, 1, 1);
}

static int64_t call_shutdown(struct lastack *stack, int fd)
{
    return lastack_shutdown(stack, fd, LASTACK_SHUT_WR);
}

static int64_t call_abort(struct lastack *stack, int fd)
{
    return lastack_abort(stack, fd);
}

static int64_t call_getpeername(struct lastack *stack, int fd)
{
    struct lastack_endpoint remote;

    return lastack_getpeername(stack, fd, &remote);
}

static int64_t call_so_error(struct lastack *stack, int fd)
{
    int value, error = lastack_get_option(stack, fd, LASTACK_SO_ERROR, &value);

    return error < 0 ? error : value;
}

static int64_t call_nodelay(struct lastack *stack, int fd)
{
    return lastack_set_option(stack, fd, LASTACK_TCP_NODELAY, 1);
}

static int64_t call_mtu(struct lastack *stack, int fd)
{
    int value, error = lastack_get_option(stack, fd, LASTACK_IP_MTU, &value);

    return error < 0 ? error : 0;
}

static int64_t call_epoll_wait(struct lastack *stack, int fd)
{
    struct lastack_epoll_event event;

    return lastack_epoll_wait(stack, fd, &event, 1);
}

static int64_t call_close(struct lastack *stack, int fd)
{
    return lastack_close(stack, fd);
}

enum {
    INVAL = -LASTACK_EINVAL,
    BADF = -LASTACK_EBADF,
    AGAIN = -LASTACK_EAGAIN,
    BEGUN = -LASTACK_EINPROGRESS,
    ALREADY = -LASTACK_EALREADY,
    ISCONN = -LASTACK_EISCONN,
    NOTCONN = -LASTACK_ENOTCONN,
    WAS_RST = -LASTACK_ECONNRESET,
    PIPE = -LASTACK_EPIPE,
    NO_DEST = -LASTACK_EDESTADDRREQ,
    NOTSUPP = -LASTACK_EOPNOTSUPP,
    NOPROTO = -LASTACK_ENOPROTOOPT,
};

/* clang-format off */
static const struct {
    const char *name;
    int64_t (*call)(struct lastack *stack, int fd);
    int answer[PHASES];
} calls[] = {
#define CALL(name, ...) {#name, call_##name, {__VA_ARGS__, BADF}}
    /*                 fresh    bound    listen.  connect. conn'd   shut     reset    ended
     *                 datagram epoll */
    CALL(bind,         0,       INVAL,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,
                       0,       BADF),
    CALL(listen,       0,       0,       0,       INVAL,   INVAL,   INVAL,   INVAL,   INVAL,
                       NOTSUPP, BADF),
    CALL(accept,       INVAL,   INVAL,   AGAIN,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,
                       INVAL,   BADF),
    CALL(connect,      BEGUN,   BEGUN,   ISCONN,  ALREADY, ISCONN,  ISCONN,  WAS_RST, ISCONN,
                       0,       BADF),
    CALL(send,         PIPE,    PIPE,    PIPE,    AGAIN,   1,       PIPE,    WAS_RST, PIPE,
                       NO_DEST, BADF),
    CALL(recv,         NOTCONN, NOTCONN, NOTCONN, AGAIN,   AGAIN,   AGAIN,   WAS_RST, 0,
                       AGAIN,   BADF),
    CALL(recv_peek,    NOTCONN, NOTCONN, NOTCONN, AGAIN,   AGAIN,   AGAIN,   WAS_RST, 0,
                       NOTCONN, BADF),
    CALL(send_room,    PIPE,    PIPE,    PIPE,    AGAIN,   1,       PIPE,    WAS_RST, PIPE,
                       NOTSUPP, BADF),
    CALL(shutdown,     NOTCONN, NOTCONN, NOTCONN, 0,       0,       0,       NOTCONN, NOTCONN,
                       NOTCONN, BADF),
    CALL(abort,        NOTCONN, NOTCONN, NOTCONN, 0,       0,       0,       NOTCONN, NOTCONN,
                       NOTCONN, BADF),
    CALL(getpeername,  NOTCONN, NOTCONN, NOTCONN, 0,       0,       0,       0,       0,
                       NOTCONN, BADF),
    CALL(so_error,     0,       0,       0,       0,       0,       0,       -WAS_RST, 0,
                       0,       BADF),
    CALL(nodelay,      0,       0,       0,       0,       0,       0,       0,       0,
                       NOPROTO, BADF),
    CALL(mtu,          NOTCONN, NOTCONN, NOTCONN, 0,       0,       0,       NOTCONN, NOTCONN,
                       NOTCONN, BADF),
    CALL(epoll_wait,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,   INVAL,
                       INVAL,   0),
    CALL(close,        0,       0,       0,       0,       0,       0,       0,       0,
                       0,       0),
#undef CALL
};
/* clang-format on */

enum { CALLS = sizeof calls / sizeof calls[0] };

/* Each answer from a stack of its own: calls change what comes behind them. */
static void every_call_in_every_phase(void **state)
{
    unsigned wrong = 0;

    for (unsigned i = 0; i < CALLS; i++) {
        for (unsigned phase = 0; phase < PHASES; phase++) {
            void *fixture = NULL;
            struct pair *pair;
            int64_t answer;

            pair_set_up(&fixture);
            pair = fixture;
            answer = calls[i].call(pair->stack, in_phase(pair, (enum phase)phase));
            if (answer != calls[i].answer[phase]) {
                print_error("%s in phase %u: %d, expected %d\n", calls[i].name, phase, (int)answer,
                            calls[i].answer[phase]);
                wrong++;
            }
            pair_tear_down(&fixture);
        }
    }
    assert_int_equal(wrong, 0);
    (void)state;
}

/* What connect says from its beginning to its success, and of one that is refused. */
static void connect_tells_its_end_once(void **state)
{
    struct pair *pair = *state;
    const int good = in_phase(pair, CONNECTING), bad = stream_socket(pair);

    assert_int_equal(lastack_connect(pair->stack, bad, &nobody), -LASTACK_EINPROGRESS);
    pair_run(pair);
    assert_int_equal(lastack_connect(pair->stack, good, &peer), 0);
    assert_int_equal(lastack_connect(pair->stack, good, &peer), -LASTACK_EISCONN);
    assert_int_equal(lastack_connect(pair->stack, bad, &nobody), -LASTACK_ECONNREFUSED);
    assert_int_equal(lastack_connect(pair->stack, bad, &nobody), -LASTACK_EINPROGRESS); /* anew */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_in_every_phase),
        PAIR_TEST(connect_tells_its_end_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
