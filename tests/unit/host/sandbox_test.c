/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sandbox_test.c: real namespaces, a real kernel TCP, and a peer of a few lines in place of the
 * stack.
 *
 *     sandbox_test [--nobody]      as who one is / as user 65534, without capabilities (root only)
 *
 * The peer answers ARP, and a SYN with a RST, so that the kernel's connect() fails at once with
 * "connection refused": packets went both ways through the link, with good checksums and headers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bytes.h"
#include "host_link.h"
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SKIPPED = 77, PATIENCE_MS = 10000 };

/* ---- there is no stack: links are used through their operations only ---- */

int lastack_add_link(struct lastack *stack, const struct lastack_link_config *link)
{
    (void)stack;
    (void)link;
    abort();
}

void lastack_set_link_up(struct lastack *stack, uint32_t link, bool is_up)
{
    (void)stack;
    (void)link;
    (void)is_up;
    abort();
}

void lastack_link_full(struct lastack *stack, uint32_t link)
{
    (void)stack;
    (void)link;
    abort();
}

void lastack_link_ready(struct lastack *stack, uint32_t link)
{
    (void)stack;
    (void)link;
    abort();
}

/* ---- the peer ---- */

static uint32_t sum(uint32_t total, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        total += load16(p + i);
    return n % 2 == 1 ? total + ((uint32_t)p[n - 1] << 8) : total;
}

static uint16_t fold(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static void send_frame(struct host_link *link, uint8_t *frame, size_t length)
{
    struct lastack_packet_out packet = {.iov_count = 1, .length = (uint32_t)length};

    packet.iov[0] = (struct lastack_iovec){frame, length};
    assert_int_equal(link->ops->send(link, &packet), 0);
}

/* Request -> reply, in place: opcode 2, sender and target exchanged, our hardware address. */
static void answer_arp(struct host_link *link, uint8_t *frame)
{
    uint8_t asked[4];

    if (load16(frame + 20) != 1)
        return;
    memcpy(asked, frame + 38, 4);
    memcpy(frame, frame + 6, 6);
    memcpy(frame + 6, link->config.mac, 6);
    store16(frame + 20, 2);
    memcpy(frame + 32, frame + 22, 10);
    memcpy(frame + 22, link->config.mac, 6);
    memcpy(frame + 28, asked, 4);
    send_frame(link, frame, 42);
}

/* SYN -> RST, ACK (RFC 9293 §3.10.7.1), `at` = where the IPv4 header starts. */
static void answer_syn(struct host_link *link, uint8_t *frame, size_t at)
{
    uint8_t *ip = frame + at, *tcp = ip + 20, other[6];
    uint32_t seq = load32(tcp + 4), total;
    uint16_t port = load16(tcp);

    if (at == 14) {
        memcpy(other, frame + 6, 6);
        memcpy(frame + 6, link->config.mac, 6);
        memcpy(frame, other, 6);
    }
    memcpy(other, ip + 12, 4);
    memcpy(ip + 12, ip + 16, 4);
    memcpy(ip + 16, other, 4);
    store16(ip + 2, 40);
    store16(ip + 10, 0);
    store16(ip + 10, fold(sum(0, ip, 20)));
    memcpy(tcp, tcp + 2, 2);
    store16(tcp + 2, port);
    store32(tcp + 4, 0);
    store32(tcp + 8, seq + 1);
    store16(tcp + 12, 5 << 12 | 0x14);
    memset(tcp + 14, 0, 6);
    total = sum(6 + 20, ip + 12, 8);
    store16(tcp + 16, fold(sum(total, tcp, 20)));
    send_frame(link, frame, at + 40);
}

/* Answers one packet; true if it was a SYN. */
static bool answer(struct host_link *link, uint8_t *frame, size_t length, uint32_t flags)
{
    size_t at = link->config.kind == LASTACK_LINK_ETHERNET ? 14 : 0;

    if (at == 14 && length >= 42 && load16(frame + 12) == 0x0806) {
        answer_arp(link, frame);
        return false;
    }
    if (length < at + 40 || frame[at] != 0x45 || frame[at + 9] != 6 || (frame[at + 33] & 0x3f) != 2)
        return false;
    assert_int_equal(flags, LASTACK_CHECKSUM_TRUSTED); /* it never left this machine */
    answer_syn(link, frame, at);
    return true;
}

/* ---- running a command with the peer on its link ---- */

struct outcome {
    int status;
    unsigned syns;
    enum sandbox_link link;
    struct trouble not_tun, trouble;
    char enter[80];
};

static uint8_t memory[2 * HOST_LINK_PACKET_MAX];

static void serve(struct sandbox *sandbox, struct host_link *link, struct outcome *outcome)
{
    struct pollfd fds[2] = {{link->fd, POLLIN, 0}, {sandbox->pid_fd, POLLIN, 0}};

    while (fds[1].revents == 0) {
        struct lastack_packet_in packet;

        assert_true(poll(fds, 2, PATIENCE_MS) > 0);
        while (host_link_receive(link, memory, sizeof memory, &packet, 1) == 1)
            outcome->syns += answer(link, memory, packet.length, packet.flags);
    }
}

static struct outcome run(enum sandbox_link wanted, const char *const *command)
{
    struct sandbox_config config;
    struct sandbox sandbox;
    struct host_link link;
    struct outcome outcome = {.status = -1};

    sandbox_config_default(&config);
    config.link = wanted;
    config.command = (char *const *)(uintptr_t)command;
    if (!sandbox_open(&sandbox, &config, &outcome.trouble))
        return outcome;
    outcome.link = sandbox.link;
    outcome.not_tun = sandbox.not_tun;
    sandbox_enter_text(&sandbox, outcome.enter, sizeof outcome.enter);
    sandbox_take_link(&sandbox, &config, &link);
    assert_int_equal(sandbox_status(&sandbox), -1); /* it waits for us */
    assert_true(sandbox_release(&sandbox, &outcome.trouble));
    serve(&sandbox, &link, &outcome);
    outcome.status = sandbox_status(&sandbox);
    host_link_close(&link);
    sandbox_close(&sandbox);
    return outcome;
}

static struct outcome run_shell(enum sandbox_link wanted, const char *script)
{
    const char *const command[] = {"bash", "-c", script, NULL};

    return run(wanted, command);
}

static bool tun_is_open_to_us(void)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- tests ---- */

static void refused_through(enum sandbox_link wanted)
{
    struct outcome outcome = run_shell(
        wanted, "m=$( (echo >/dev/tcp/192.0.2.1/80) 2>&1 ); [[ $m == *refused* ]] && exit 42");

    assert_string_equal(outcome.trouble.text, "");
    assert_int_equal(outcome.link, wanted);
    assert_int_equal(outcome.status, 42);
    assert_true(outcome.syns >= 1);
}

static void packets_go_both_ways_through_tun(void **state)
{
    (void)state;
    if (!tun_is_open_to_us())
        skip();
    refused_through(SANDBOX_LINK_TUN);
}

static void packets_go_both_ways_through_veth(void **state)
{
    (void)state;
    refused_through(SANDBOX_LINK_VETH);
}

/* What is sent into an end that does not run yet is lost without an error: the first answer to the
 * command, whose next question comes a second later. */
static void the_stacks_end_of_a_veth_runs_before_the_command(void **state)
{
    const char *const command[] = {"true", NULL};
    struct ifreq request = {.ifr_name = "stack0"};
    struct sandbox_config config;
    struct sandbox sandbox;
    struct trouble trouble = {0};

    (void)state;
    sandbox_config_default(&config);
    config.link = SANDBOX_LINK_VETH;
    config.command = (char *const *)(uintptr_t)command;
    assert_true(sandbox_open(&sandbox, &config, &trouble));
    assert_int_equal(ioctl(sandbox.packet_fd, SIOCGIFFLAGS, &request), 0);
    assert_true(request.ifr_flags & IFF_RUNNING);
    sandbox_close(&sandbox);
}

static void the_automatic_choice_says_why_not_tun(void **state)
{
    struct outcome outcome = run_shell(SANDBOX_LINK_AUTO, "exit 0");

    (void)state;
    assert_int_equal(outcome.status, 0);
    if (tun_is_open_to_us()) {
        assert_int_equal(outcome.link, SANDBOX_LINK_TUN);
        assert_string_equal(outcome.not_tun.text, "");
    } else {
        assert_int_equal(outcome.link, SANDBOX_LINK_VETH);
        assert_non_null(strstr(outcome.not_tun.text, "open /dev/net/tun: "));
    }
}

static void a_link_that_is_asked_for_is_not_replaced(void **state)
{
    struct outcome outcome;

    (void)state;
    if (tun_is_open_to_us())
        skip();
    outcome = run_shell(SANDBOX_LINK_TUN, "exit 0");
    assert_int_equal(outcome.status, -1);
    assert_non_null(strstr(outcome.trouble.text, "open /dev/net/tun: "));
}

/* 43 if there are lo and lastack0 and nothing else, and lastack0 has its addresses (flag 0x80:
 * permanent, and no 0x40: not tentative any more) and its route. */
static const char look_around[] =
    "n=0; while read -r name rest; do "
    "  case $name in lo:|lastack0:) n=$((n + 1));; *:) exit 9;; esac; "
    "done </proc/net/dev; [ $n = 2 ] || exit 8; "
    "grep -q '^20010db8000000000000000000000002 .. 40 00 8. *lastack0' /proc/net/if_inet6 || exit "
    "7; "
    "grep -q '^lastack0.*000200C0' /proc/net/route || exit 6; exit 43";

static void the_command_sees_one_interface_addressed_and_up(void **state)
{
    static const enum sandbox_link links[] = {SANDBOX_LINK_TUN, SANDBOX_LINK_VETH};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct outcome outcome;

        if (links[i] == SANDBOX_LINK_TUN && !tun_is_open_to_us())
            continue;
        outcome = run_shell(links[i], look_around);
        assert_int_equal(outcome.status, 43);
    }
}

static void the_command_keeps_its_identity(void **state)
{
    char script[200];

    (void)state;
    snprintf(script, sizeof script, "[ \"$(id -u) $(id -g)\" = '%u %u' ] && exit 44",
             (unsigned)geteuid(), (unsigned)getegid());
    assert_int_equal(run_shell(SANDBOX_LINK_VETH, script).status, 44);
}

static void exit_status_is_the_commands(void **state)
{
    static const char *const missing[] = {"/nonexistent/command", NULL};
    static const char *const not_a_program[] = {"/dev/null", NULL};

    (void)state;
    assert_int_equal(run_shell(SANDBOX_LINK_VETH, "exit 0").status, 0);
    assert_int_equal(run_shell(SANDBOX_LINK_VETH, "exit 7").status, 7);
    assert_int_equal(run_shell(SANDBOX_LINK_VETH, "kill -KILL $$").status, 128 + 9);
    assert_int_equal(run(SANDBOX_LINK_VETH, missing).status, 127);
    assert_int_equal(run(SANDBOX_LINK_VETH, not_a_program).status, 126);
}

static void a_second_terminal_is_told_how(void **state)
{
    struct outcome outcome = run_shell(SANDBOX_LINK_VETH, "exit 0");
    bool has_user_namespace = geteuid() != 0;

    (void)state;
    assert_int_equal(strncmp(outcome.enter, "nsenter ", 8), 0);
    assert_int_equal(strstr(outcome.enter, "--preserve-credentials -U") != NULL,
                     has_user_namespace);
    assert_non_null(strstr(outcome.enter, "-n -t "));
}

/* A sandbox in a process of its own, which tells who the command is and does nothing more. */
static _Noreturn void open_and_wait(enum sandbox_link wanted, int tell)
{
    static char *const command[] = {"sleep", "1000", NULL};
    struct sandbox_config config;
    struct sandbox sandbox;
    struct trouble trouble;

    sandbox_config_default(&config);
    config.link = wanted;
    config.command = command;
    if (sandbox_open(&sandbox, &config, &trouble) && sandbox_release(&sandbox, &trouble) &&
        write(tell, &sandbox.pid, sizeof sandbox.pid) == (ssize_t)sizeof sandbox.pid)
        pause();
    _exit(1);
}

/* Whether that process becomes a command other than ours: it has been exec'ed. */
static bool comes_to_run(pid_t pid, const char *name)
{
    char path[40], comm[20] = "";

    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    for (int i = 0; i < PATIENCE_MS / 10 && strncmp(comm, name, strlen(name)) != 0; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && read(fd, comm, sizeof comm - 1) < 0)
            comm[0] = '\0';
        close(fd);
        (void)poll(NULL, 0, 10);
    }
    return strncmp(comm, name, strlen(name)) == 0;
}

static void the_command_does_not_outlive_us(void **state)
{
    struct pollfd gone = {.events = POLLIN};
    pid_t middle, command = 0;
    int tell[2];

    (void)state;
    assert_int_equal(pipe(tell), 0);
    middle = fork();
    assert_true(middle >= 0);
    if (middle == 0)
        open_and_wait(SANDBOX_LINK_VETH, tell[1]);
    close(tell[1]);
    assert_int_equal(read(tell[0], &command, sizeof command), sizeof command);
    close(tell[0]);
    gone.fd = pidfd_open(command, 0);
    assert_true(gone.fd >= 0);
    assert_true(comes_to_run(command, "sleep"));
    kill(middle, SIGKILL);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    if (poll(&gone, 1, PATIENCE_MS) != 1) {
        kill(command, SIGKILL);
        fail_msg("the command still runs");
    }
    close(gone.fd);
}

/* Runs `body` in a child that is root of its own user namespace, where limits may be lowered. */
static int in_own_user_namespace(int (*body)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        char map[32];
        int fd;

        snprintf(map, sizeof map, "0 %u 1", (unsigned)geteuid());
        if (unshare(CLONE_NEWUSER) != 0)
            _exit(SKIPPED);
        fd = open("/proc/self/uid_map", O_WRONLY);
        if (fd < 0 || write(fd, map, strlen(map)) < 0)
            _exit(SKIPPED);
        close(fd);
        _exit(body());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_with_no_namespaces_left(void)
{
    static char *const command[] = {(char *)(uintptr_t) "true", NULL};
    int fd = open("/proc/sys/user/max_net_namespaces", O_WRONLY);
    struct sandbox_config config;
    struct sandbox sandbox;
    struct trouble trouble = {0};

    if (fd < 0 || write(fd, "0", 1) != 1)
        return SKIPPED;
    close(fd);
    sandbox_config_default(&config);
    config.command = command;
    if (sandbox_open(&sandbox, &config, &trouble))
        return 1;
    return trouble.error == ENOSPC &&
                   strstr(trouble.text, "network namespace: No space left on device (ENOSPC)") &&
                   strstr(trouble.text, "max_net_namespaces")
               ? 0
               : 2;
}

static void refused_namespaces_are_explained(void **state)
{
    int status = in_own_user_namespace(open_with_no_namespaces_left);

    (void)state;
    if (status == SKIPPED)
        skip();
    assert_int_equal(status, 0);
}

/* ---- */

static bool become_nobody(void)
{
    enum { NOBODY = 65534 };

    if (geteuid() != 0 || setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return false;
    return prctl(PR_SET_DUMPABLE, 1) == 0; /* or /proc/self would stay root's */
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_go_both_ways_through_tun),
        cmocka_unit_test(packets_go_both_ways_through_veth),
        cmocka_unit_test(the_stacks_end_of_a_veth_runs_before_the_command),
        cmocka_unit_test(the_automatic_choice_says_why_not_tun),
        cmocka_unit_test(a_link_that_is_asked_for_is_not_replaced),
        cmocka_unit_test(the_command_sees_one_interface_addressed_and_up),
        cmocka_unit_test(the_command_keeps_its_identity),
        cmocka_unit_test(exit_status_is_the_commands),
        cmocka_unit_test(a_second_terminal_is_told_how),
        cmocka_unit_test(the_command_does_not_outlive_us),
        cmocka_unit_test(refused_namespaces_are_explained),
    };
    struct outcome probe;

    if (argc > 1 && strcmp(argv[1], "--nobody") == 0 && !become_nobody()) {
        fprintf(stderr, "skipped: only root can become nobody\n");
        return SKIPPED;
    }
    probe = run_shell(SANDBOX_LINK_AUTO, "exit 0");
    if (probe.status < 0) {
        fprintf(stderr, "skipped: no namespaces here: %s\n", probe.trouble.text);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
