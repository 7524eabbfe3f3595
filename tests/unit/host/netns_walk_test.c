/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netns_walk_test.c: nothing is done in a namespace that is not the one that was meant.
 */
#include "netns_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int note_own(void *context, const struct netns *netns)
{
    (void)netns;
    *(uint64_t *)context = netns_own();
    return 7;
}

static void the_own_one_comes_first(void **state)
{
    (void)state;
    struct netns *list;
    size_t count;
    uint64_t seen = 0;

    assert_int_equal(netns_list(&list, &count), 0);
    assert_true(count >= 1);
    assert_int_equal(list[0].inode, netns_own());
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < i; n++)
            assert_int_not_equal(list[i].inode, list[n].inode);
    assert_int_equal(netns_run(&list[0], note_own, &seen), 7);
    assert_int_equal(seen, netns_own());
    free(list);
}

/* The pid is a process's, but that process is in another namespace: as when the one that was
 * listed went elsewhere, or ended and its number was given away. */
static void a_pid_that_is_elsewhere(void **state)
{
    (void)state;
    const struct netns gone = {.inode = 1, .pid = (uint32_t)getpid()};
    uint64_t seen = 0;

    assert_int_equal(netns_run(&gone, note_own, &seen), -ESRCH);
    assert_int_equal(seen, 0);
}

static void nobody_is_there(void **state)
{
    (void)state;
    static const struct netns gone[] = {
        {.inode = 1, .pid = UINT32_MAX}, {.inode = 1, .name = "no-such-name"}, {.inode = 1}};
    uint64_t seen = 0;

    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        assert_int_equal(netns_run(&gone[i], note_own, &seen), -ESRCH);
    assert_int_equal(seen, 0);
}

/* A process in a namespace of its own, whose number is told; 0: it was refused one. */
static pid_t make_namespace(uint64_t *inode)
{
    int ready[2];
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        uint64_t own = unshare(CLONE_NEWNET) == 0 ? netns_own() : 0;
        ssize_t written = write(ready[1], &own, sizeof own);

        close(ready[1]);
        pause();
        _exit(written == sizeof own ? 0 : 1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], inode, sizeof *inode), sizeof *inode);
    close(ready[0]);
    return child;
}

static void end_process(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Listed by the wrong process, and by none at all: its inode is enough while somebody is in it. */
static void found_by_another_process(void **state)
{
    (void)state;
    uint64_t inode = 0, seen = 0;
    const pid_t child = make_namespace(&inode);

    if (inode != 0) {
        const struct netns wrong = {.inode = inode, .pid = (uint32_t)getpid()};
        const struct netns bare = {.inode = inode};

        assert_int_equal(netns_run(&wrong, note_own, &seen), 7);
        assert_int_equal(seen, inode);
        seen = 0;
        assert_int_equal(netns_run(&bare, note_own, &seen), 7);
        assert_int_equal(seen, inode);
        assert_int_not_equal(netns_own(), inode);
    }
    end_process(child);
    if (inode == 0)
        skip();
}

/* The kernel may give its number to the next one that anybody on this machine makes; not always. */
static void one_that_ended_is_not_found(void **state)
{
    (void)state;
    int result = 0;

    for (unsigned i = 0; i < 20 && result != -ESRCH; i++) {
        struct netns ended = {0};
        uint64_t seen = 0;
        const pid_t child = make_namespace(&ended.inode);

        end_process(child);
        if (ended.inode == 0)
            skip();
        ended.pid = (uint32_t)child;
        result = netns_run(&ended, note_own, &seen);
        assert_true(result == -ESRCH ? seen == 0 : result == 7 && seen == ended.inode);
    }
    assert_int_equal(result, -ESRCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_one_comes_first),
        cmocka_unit_test(a_pid_that_is_elsewhere),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(found_by_another_process),
        cmocka_unit_test(one_that_ended_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
