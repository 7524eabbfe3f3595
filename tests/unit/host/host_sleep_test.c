/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_sleep_test.c: a sleep that SIGTERM ends, at whichever moment it comes.
 */
#include "duration.h"
#include "host_rows.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void so_long_and_not_less(void **state)
{
    (void)state;
    const int64_t before = host_now();

    assert_true(host_sleep(MS(20)));
    assert_true(host_now() - before >= MS(20));
}

static bool catches_term(pid_t pid)
{
    char path[64], line[256];
    bool found = false;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, "SigCgt:", 7) == 0 &&
                (strtoull(line + 7, NULL, 16) >> (SIGTERM - 1) & 1) != 0;
    fclose(file);
    return found;
}

/* The signal comes as soon as it is caught, which is just before the process sleeps. */
static void ended_just_before_it_begins(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        const pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0)
            _exit(host_sleep(SEC(60)) ? 1 : 0);
        while (!catches_term(child))
            continue;
        assert_int_equal(kill(child, SIGTERM), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_long_and_not_less),
        cmocka_unit_test(ended_just_before_it_begins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
