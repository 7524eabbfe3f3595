/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * in_use_test.c: EADDRINUSE has four causes, and lastack_last_cause tells which one it was. The
 * whole table of who may bind beside whom is that of tests/unit/tcp/table/local_endpoints_test.c.
 */
#include "peer.h"

static const struct lastack_address any = {{[10] = 0xff, [11] = 0xff}};

static int bound_with(uint16_t port, bool reuse_address, bool reuse_port)
{
    const struct lastack_endpoint local = {any, port};
    const int fd = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    int error;

    assert_true(fd >= 0);
    assert_int_equal(lastack_set_option(world.stack, fd, LASTACK_SO_REUSEADDR, reuse_address), 0);
    assert_int_equal(lastack_set_option(world.stack, fd, LASTACK_SO_REUSEPORT, reuse_port), 0);
    error = lastack_bind(world.stack, fd, &local);
    if (error == 0)
        return fd;
    assert_int_equal(lastack_last_cause(world.stack) != LASTACK_CAUSE_NONE, 1);
    {
        const enum lastack_cause why = lastack_last_cause(world.stack);

        assert_int_equal(error, -LASTACK_EADDRINUSE);
        assert_int_equal(lastack_close(world.stack, fd), 0);
        return -(int)why;
    }
}

#define BINDS(port, ...) assert_true(bound_with((port), __VA_ARGS__) >= 0)
#define REFUSES(why, port, ...)                                                                    \
    assert_int_equal(bound_with((port), __VA_ARGS__), -LASTACK_CAUSE_##why)

/* Our side closes first; then the server is stopped. */
static struct peer *time_wait_of_a_dead_server(bool reuse_address)
{
    struct peer *p;

    LISTENS(5);
    assert_int_equal(
        lastack_set_option(world.stack, world.listener, LASTACK_SO_REUSEADDR, reuse_address), 0);
    p = reach(PEER_PORT, TCP_TIME_WAIT);
    assert_int_equal(lastack_close(world.stack, p->fd), 0);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    SETTLES();
    world.listener = -1;
    return p;
}

/* S9: the restart that fails. */
TEST(time_wait_without_the_flag)
{
    struct peer *p = time_wait_of_a_dead_server(false);

    REFUSES(PORT_TIME_WAIT, STACK_PORT, false, false);
    REFUSES(PORT_TIME_WAIT, STACK_PORT, true, false); /* the dead socket had to have it too */
    REFUSES(PORT_TIME_WAIT, STACK_PORT, false, true);
    AFTER(SEC(59));
    REFUSES(PORT_TIME_WAIT, STACK_PORT, false, false);
    AFTER(SEC(2));
    STATE(p, TIME_WAIT, CLOSED, TIME_WAIT_OVER);
    BINDS(STACK_PORT, false, false);
}

TEST(time_wait_with_the_flag_on_both)
{
    struct peer *p = time_wait_of_a_dead_server(true);

    REFUSES(PORT_TIME_WAIT, STACK_PORT, false, false);
    BINDS(STACK_PORT, true, false);
    IS_IN(p, TIME_WAIT);
    FORGET(p);
}

TEST(a_listener)
{
    LISTENS(5);
    REFUSES(PORT_LISTENER, STACK_PORT, false, false);
    REFUSES(PORT_LISTENER, STACK_PORT, true, false); /* the flag is not for taking a port away */
    assert_int_equal(lastack_set_option(world.stack, world.listener, LASTACK_SO_REUSEADDR, 1), 0);
    REFUSES(PORT_LISTENER, STACK_PORT, true, false);
}

TEST(a_bound_socket)
{
    BINDS(8080, false, false);
    REFUSES(PORT_BOUND, 8080, false, false);
    REFUSES(PORT_BOUND, 8080, true, false);
    BINDS(8081, true, false);
    BINDS(8081, true, false);
    BINDS(8082, false, true);
    BINDS(8082, false, true);
    REFUSES(PORT_BOUND, 8082, true, false);
}

/* The listener is gone, its child lives on. */
TEST(a_connection_of_a_dead_server)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);

    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    world.listener = -1;
    REFUSES(PORT_CONNECTION, STACK_PORT, false, false);
    CLOSES(p);
    FORGET(p);
}

/* An outgoing connection borrowed the port that the server wants. */
TEST(a_borrowed_port)
{
    struct peer *p = CONNECTED();

    assert_in_range(p->local.port, 32768, 60999);
    REFUSES(PORT_CONNECTION, p->local.port, false, false);
    REFUSES(PORT_CONNECTION, p->local.port, true, false);
}

/* The worst is told: a listener stays until somebody ends it, a TIME-WAIT goes by itself. */
TEST(several_at_once)
{
    struct peer *p;

    LISTENS(5);
    p = reach(PEER_PORT, TCP_TIME_WAIT);
    assert_int_equal(lastack_close(world.stack, p->fd), 0);
    SETTLES();
    REFUSES(PORT_LISTENER, STACK_PORT, false, false);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(time_wait_without_the_flag),
        RUN(time_wait_with_the_flag_on_both),
        RUN(a_listener),
        RUN(a_bound_socket),
        RUN(a_connection_of_a_dead_server),
        RUN(a_borrowed_port),
        RUN(several_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
