/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holders_test.c: descriptors are counted: only the last one closes a socket, whoever holds it, and
 * the row names who that is.
 */
#include "peer.h"

enum { SERVER = 7, CHILD = 8 };

static void name_owners(void)
{
    assert_int_equal(lastack_name_owner(world.stack, SERVER, "server"), 0);
    assert_int_equal(lastack_name_owner(world.stack, CHILD, "child"), 0);
}

/* S1: "it was closed", says the program; a descriptor it once handed on holds it in CLOSE-WAIT for
 * as long as that lives. */
TEST(close_wait_lasts_while_a_copy_is_held)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);
    int server, child;

    name_owners();
    server = lastack_dup_to(world.stack, p->fd, SERVER);
    child = lastack_dup_to(world.stack, p->fd, CHILD);
    assert_true(server > p->fd && child > server);
    assert_int_equal(row_of(p).holders, 3);
    CLOSES(p);
    ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);
    SENDS(p, .flags = ACK, .seq = 1, .ack = 2);
    assert_int_equal(lastack_close(world.stack, server), 0);
    SETTLES();
    for (unsigned day = 0; day < 10; day++) { /* no timer ends it */
        AFTER(SEC(24 * 3600));
        IS_IN(p, CLOSE_WAIT);
    }
    SENDS_NOTHING(p);
    NO_STATE(p);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_PROCESS);
    assert_int_equal(row_of(p).holders, 1);
    assert_int_equal(row_of(p).pid, CHILD);
    assert_int_equal(row_of(p).fd, child);
    assert_string_equal(row_of(p).comm, "child");
    assert_true(row_of(p).age_ns >= SEC(10 * 24 * 3600));
    assert_int_equal(lastack_close(world.stack, child), 0);
    SETTLES();
    STATE(p, CLOSE_WAIT, LAST_ACK, CALL_CLOSE);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 2);
    assert_int_equal(row_of(p).owner_kind, LASTACK_OWNER_ORPHAN);
    ARRIVES(p, .flags = ACK, .seq = 2, .ack = 2);
    STATE(p, LAST_ACK, CLOSED, FIN_ACKED);
}

/* shutdown() does not ask who else holds it. */
TEST(shutdown_is_for_all_holders)
{
    struct peer *p = reach(PEER_PORT, TCP_ESTABLISHED);
    const int copy = lastack_dup(world.stack, p->fd);

    SHUTS(p, LASTACK_SHUT_WR);
    STATE(p, ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN);
    SENDS(p, .flags = FIN | ACK, .seq = 1, .ack = 1);
    assert_int_equal(lastack_send(world.stack, copy, "x", 1, 0), -LASTACK_EPIPE);
}

/* The owner ends: all that it held is closed, what others hold too goes on. */
TEST(an_owner_exits)
{
    struct peer *shared = reach(PEER_PORT, TCP_ESTABLISHED), *own;
    int copy;

    name_owners();
    own = reach(PEER_PORT + 1, TCP_ESTABLISHED);
    copy = lastack_dup_to(world.stack, shared->fd, CHILD);
    lastack_exit_owner(world.stack, 0); /* the listener's, and so theirs */
    SETTLES();
    world.listener = -1;
    STATE(own, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(own, .flags = FIN | ACK, .seq = 1, .ack = 1);
    NO_STATE(shared);
    assert_int_equal(row_of(shared).pid, CHILD);
    lastack_exit_owner(world.stack, CHILD);
    SETTLES();
    STATE(shared, ESTABLISHED, FIN_WAIT_1, CALL_CLOSE);
    SENDS(shared, .flags = FIN | ACK, .seq = 1, .ack = 1);
    assert_int_equal(lastack_close(world.stack, copy), -LASTACK_EBADF);
    FORGET(peer_at(0));
}

/* The lowest free number, as POSIX has it; a listener may be held twice, too. */
TEST(numbers_and_listeners)
{
    struct peer *p;
    int copy;

    LISTENS(5);
    copy = lastack_dup(world.stack, world.listener);
    assert_int_equal(copy, world.listener + 1);
    assert_int_equal(lastack_close(world.stack, world.listener), 0);
    world.listener = copy;
    p = reach(PEER_PORT, TCP_ESTABLISHED);
    assert_int_equal(p->fd, copy - 1);
    assert_int_equal(lastack_dup(world.stack, 99), -LASTACK_EBADF);
    assert_int_equal(lastack_dup(world.stack, -1), -LASTACK_EBADF);
    assert_int_equal(lastack_close(world.stack, 99), -LASTACK_EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(close_wait_lasts_while_a_copy_is_held),
        RUN(shutdown_is_for_all_holders),
        RUN(an_owner_exits),
        RUN(numbers_and_listeners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
