/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owners_test.c: a /proc of our own making, with hostile names and vanished processes; and why
 * nobody.
 */
#include "owners.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static void write_file(const char *pid, const char *name, const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s/%s", root, pid, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_process(const char *pid, const char *comm)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", root, pid);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/%s/fd", root, pid);
    assert_int_equal(mkdir(path, 0755), 0);
    write_file(pid, "comm", comm);
    write_file(pid, "statm", "2508 215 193 3 0 163 0\n");
    write_file(pid, "status", "Name:\tx\nUmask:\t0022\nPPid:\t1\nUid:\t33\t33\t33\t33\n");
    write_file(pid, "limits",
               "Limit                     Soft Limit           Hard Limit           Units\n"
               "Max open files            1024                 524288               files\n");
}

static void make_fd(const char *pid, const char *fd, const char *target)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s/fd/%s", root, pid, fd);
    assert_int_equal(symlink(target, path), 0);
}

static int make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/owners_test.XXXXXX");
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_root(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static struct lastack_connection_row row_with(uint64_t inode, enum tcp_state state)
{
    return (struct lastack_connection_row){
        .protocol = LASTACK_PROTOCOL_TCP, .inode = inode, .state = (uint8_t)state, .fd = -1};
}

static void entries_are_found(void **state)
{
    (void)state;
    make_process("812", "nginx\n");
    make_fd("812", "0", "/dev/null");
    make_fd("812", "7", "socket:[4242]");
    make_fd("812", "8", "socket:[4242]");
    make_fd("812", "9", "anon_inode:[eventpoll]");
    make_process("9", "evil\033[2J\001name-longer-than-fits-into-the-field\n");
    make_fd("9", "3", "socket:[4242]");
    make_fd("9", "4", "socket:[17]");
    make_process("10", ""); /* vanished between two reads: nothing inside any more */
    make_fd("10", "5", "socket:[not a number]");
    make_fd("10", "6", "socket:[18");
    make_fd("10", "x7", "socket:[19]");
    assert_int_equal(mkdir(strcat(strcpy((char[96]){0}, root), "/11"), 0755), 0); /* no fd folder */
    assert_int_equal(mkdir(strcat(strcpy((char[96]){0}, root), "/self"), 0755), 0);
    assert_int_equal(mkdir(strcat(strcpy((char[96]){0}, root), "/99999999999"), 0755),
                     0); /* no pid */

    struct owners owners;
    assert_int_equal(owners_read(&owners, root), 0);
    size_t count;
    const struct owner_entry *entry = owners_find(&owners, 4242, &count);
    assert_int_equal(count, 3);
    assert_int_equal(entry[0].pid, 9);
    assert_int_equal(entry[1].pid, 812);
    assert_int_equal(entry[1].fd, 7);
    assert_int_equal(entry[2].fd, 8);
    assert_null(owners_find(&owners, 18, &count));
    assert_null(owners_find(&owners, 19, &count));
    assert_null(owners_find(&owners, 0, &count));
    const struct owner_process *process = owners_process(&owners, 812);
    assert_non_null(process);
    assert_string_equal(process->comm, "nginx");
    assert_int_equal(process->fd_count, 4);
    assert_int_equal(process->fd_limit, 1024);
    assert_int_equal(process->uid, 33);
    assert_int_equal(process->parent, 1);
    assert_null(owners_process(&owners, 10));

    struct lastack_connection_row row = row_with(4242, TCP_CLOSE_WAIT);
    owners_apply(&owners, &row);
    assert_int_equal(row.owner_kind, LASTACK_OWNER_PROCESS);
    assert_int_equal(row.holders, 3);
    assert_int_equal(row.pid, 9);
    assert_int_equal(strlen(row.comm), 31); /* cut, terminated */
    row = row_with(5555, TCP_CLOSE_WAIT); /* an inode that nobody holds: parked, or the kernel's */
    owners_apply(&owners, &row);
    assert_int_equal(row.owner_kind, LASTACK_OWNER_KERNEL);
    owners.denied = 1;
    owners_apply(&owners, &row);
    assert_int_equal(row.owner_kind, LASTACK_OWNER_NO_PERMISSION);
    owners.denied = 0;
    owners.is_foreign_pid_space = true;
    owners_apply(&owners, &row);
    assert_int_equal(row.owner_kind, LASTACK_OWNER_OTHER_NETNS);
    owners_free(&owners);
}

static void nobody_has_a_reason(void **state)
{
    (void)state;
    static const struct {
        enum tcp_state state;
        enum lastack_owner owner;
    } cases[] = {
        {TCP_TIME_WAIT, LASTACK_OWNER_TIME_WAIT},
        {TCP_FIN_WAIT_1, LASTACK_OWNER_ORPHAN},
        {TCP_FIN_WAIT_2, LASTACK_OWNER_ORPHAN},
        {TCP_CLOSING, LASTACK_OWNER_ORPHAN},
        {TCP_LAST_ACK, LASTACK_OWNER_ORPHAN},
        {TCP_SYN_RECEIVED, LASTACK_OWNER_SYN_REQUEST},
        {TCP_ESTABLISHED, LASTACK_OWNER_ACCEPT_QUEUE},
        {TCP_CLOSE_WAIT, LASTACK_OWNER_ACCEPT_QUEUE},
        {TCP_LISTEN, LASTACK_OWNER_KERNEL},
        {TCP_CLOSED, LASTACK_OWNER_KERNEL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lastack_connection_row row = row_with(0, cases[i].state);
        assert_int_equal(owner_class(&row), cases[i].owner);
        row.inode = 5;
        assert_int_equal(owner_class(&row), LASTACK_OWNER_PROCESS);
    }
}

static void what_may_not_be_seen_is_counted(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_process("77", "secret\n");
    make_fd("77", "3", "socket:[31]");
    make_process("78", "ended\n");
    write_file("78", "statm", "0 0 0 0 0 0 0\n");
    char path[96];
    snprintf(path, sizeof path, "%s/77/fd", root);
    assert_int_equal(chmod(path, 0700), 0);
    snprintf(path, sizeof path, "%s/78/fd", root);
    assert_int_equal(chmod(path, 0700), 0);
    chmod(root, 0755);
    pid_t child = fork();
    if (child == 0) {
        struct owners owners;
        if (setegid(65534) != 0 || seteuid(65534) != 0)
            _exit(9);
        int status = owners_read(&owners, root);
        _exit(status == 0 && owners.denied == 1 && owners.entry_count == 0 ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
}

static void make_thread(const char *pid, const char *thread, const char *stat)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s/task", root, pid);
    assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
    snprintf(path, sizeof path, "%s/%s/task/%s", root, pid, thread);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "task/%s/stat", thread);
    write_file(pid, path, stat);
}

static void who_is_at_work(void **state)
{
    (void)state;
    make_process("5", "asleep\n");
    make_thread("5", "5", "5 (as) R leep) S 1 5 5 0 -1\n");
    assert_false(owner_is_at_work(root, 5));
    make_thread("5", "6", "6 (worker) R 1 5 5 0 -1\n");
    assert_true(owner_is_at_work(root, 5));
    make_process("7", "reads\n");
    make_thread("7", "7", "7 (reads) D 1 5 5 0 -1\n");
    assert_true(owner_is_at_work(root, 7));
    make_process("8", "cut\n");
    make_thread("8", "8", "8 (cut)");
    assert_false(owner_is_at_work(root, 8));
    assert_false(owner_is_at_work(root, 9));
    assert_true(owner_is_at_work("/proc", (uint32_t)getpid()));
}

static void no_proc_is_an_error(void **state)
{
    (void)state;
    struct owners owners;
    assert_int_equal(owners_read(&owners, "/nonexistent/proc"), -ENOENT);
}

/* Three who bear children that end at once, until they are killed. */
static void make_crowd(pid_t crowd[3])
{
    for (unsigned i = 0; i < 3; i++) {
        crowd[i] = fork();
        assert_true(crowd[i] >= 0);
        while (crowd[i] == 0) {
            const pid_t child = fork();

            if (child <= 0 || waitpid(child, NULL, 0) != child)
                _exit(0);
        }
    }
}

/* May we see everybody's descriptors (CAP_SYS_PTRACE)? If not, how many are hidden depends on who
 * else is there at the moment. */
static bool sees_everybody(void)
{
    char line[256];
    bool is_so = false;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "CapEff:", 7) == 0)
            is_so = (strtoull(line + 7, NULL, 16) >> 19 & 1) != 0;
    fclose(file);
    return is_so;
}

/* Who ends while /proc is read takes nobody else's descriptors with him. */
static void processes_that_end_meanwhile(void **state)
{
    (void)state;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_all_seen = sees_everybody();
    struct stat about;
    struct owners before;
    pid_t crowd[3];
    unsigned failures = 0;

    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    assert_int_equal(owners_read(&before, "/proc"), 0);
    make_crowd(crowd);
    const time_t end = time(NULL) + 4; /* a sanitizer on a busy machine reads fewer times */
    for (unsigned i = 0; i < 600 && failures == 0 && time(NULL) < end; i++) {
        struct owners owners;
        size_t count = 0;

        failures += owners_read(&owners, "/proc") != 0 ||
                    owners_find(&owners, about.st_ino, &count) == NULL ||
                    (is_all_seen && owners.denied != before.denied);
        owners_free(&owners);
    }
    for (unsigned i = 0; i < 3; i++) {
        kill(crowd[i], SIGKILL);
        waitpid(crowd[i], NULL, 0);
    }
    owners_free(&before);
    close(fd);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_are_found, make_root, remove_root),
        cmocka_unit_test(nobody_has_a_reason),
        cmocka_unit_test_setup_teardown(what_may_not_be_seen_is_counted, make_root, remove_root),
        cmocka_unit_test_setup_teardown(who_is_at_work, make_root, remove_root),
        cmocka_unit_test(no_proc_is_an_error),
        cmocka_unit_test(processes_that_end_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
