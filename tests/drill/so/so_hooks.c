/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_hooks.c: close, getsockopt, open, sendfile and system of libc, with the preloaded object.
 */
#include "so_plays.h"
#include "so_stage.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

/* not <netinet/tcp.h>: its tcp_info is an old one */
#include <linux/tcp.h>

/* The shell's words are drill's own: one interpreter for both. */
static void play_commands(void)
{
    static const char *const done[] = {
        "sysctl -q net.ipv4.tcp_sack=0 && ../common/defaults.sh",
        "../common/set_sysctls.py /proc/sys/net/ipv4/tcp_sack=0 \\\n"
        "    /proc/sys/net/ipv4/tcp_timestamps=0",
        "sysctl -n net.ipv4.tcp_timestamps | grep 0",
        "sysctl -w net.ipv4.tcp_fastopen_key=1-2-3-4",
        "echo 1 > /proc/sys/net/ipv4/tcp_timestamps; sysctl -n net.ipv4.tcp_timestamps | grep 1",
        "nstat > /dev/null",
        "ethtool -K tun0 tso off gso off",
        "ip tcp_metrics flush all",
        "sockstat -4 -s | grep -c LISTEN",
        "/tmp/sysctl_restore_${PPID}.sh",
    };
    static const char *const refused[] = {
        "sysctl -q net.ipv4.tcp_nothing_of_the_kind=0",
        "sysctl -w net.ipv4.tcp_fastopen_key=1-2",
        "sysctl -n net.ipv4.tcp_sack | grep 0", /* restored by now */
        "touch /tmp/lastack-so-loader",         /* not done on the host */
        "sockstat -4 -s | grep TIME_WAIT",
    };

    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++)
        EXPECT(system(done[i]) == 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        EXPECT(system(refused[i]) != 0);
    EXPECT(access("/tmp/lastack-so-loader", F_OK) == -1);
}

/* %{ }% is a file of packetdrill's own, and a program of the host reads it. */
static void play_code(void)
{
    char path[] = "/tmp/code_XXXXXX", command[64];
    const int fd = mkstemp(path);

    EXPECT(fd >= 0 && write(fd, "exit 7\n", 7) == 7 && close(fd) == 0);
    snprintf(command, sizeof command, "sh %s", path);
    EXPECT(WEXITSTATUS(system(command)) == 7);
    snprintf(command, sizeof command, "sh %s; true", path);
    EXPECT(WEXITSTATUS(system(command)) == 127); /* a script's word for it is none */
    EXPECT(unlink(path) == 0);
    snprintf(command, sizeof command, "sh %s", path);
    EXPECT(WEXITSTATUS(system(command)) == 127);
}

/* A file that a command made is there for open() and sendfile(), and nowhere else. */
static void play_file(int fd, uint32_t next)
{
    static const char path[] = "/tmp/lastack-so-loader-zeros";
    struct seen seen;
    off_t offset = 1;
    int file;

    EXPECT(system("dd if=/dev/zero of=/tmp/lastack-so-loader-zeros bs=1 count=5") == 0);
    EXPECT(access(path, F_OK) == -1);
    file = open(path, O_RDONLY);
    EXPECT(file >= 0 && file != fd);
    EXPECT(sendfile(fd, file, &offset, 100) == 4 && offset == 5);
    EXPECT(leaves(&seen) && seen.seq == next && seen.length == 4 && seen.text[3] == 0);
    EXPECT(close(file) == 0);
    EXPECT(system("rm -f /tmp/lastack-so-loader-zeros") == 0);
    EXPECT(open(path, O_RDONLY) == -1);
}

/* A descriptor is shown with its TIME-WAIT, as FreeBSD does it. */
static void play_time_wait(void)
{
    const struct peer peer = {false, 40014, 8080, NULL};
    struct seen seen;
    uint32_t iss;
    int fd;

    start("profile=freebsd");
    fd = new_accepted(&peer, &iss);
    EXPECT(so.shutdown(so.userdata, fd, SHUT_RDWR) == 0);
    EXPECT(leaves(&seen) && (seen.flags & FIN) && seen.seq == iss + 1);
    EXPECT(system("sockstat -4 -P tcp -s | grep TIME_WAIT") != 0);
    arrives(&peer, FIN | ACK, 1, iss + 2, "");
    EXPECT(system("sockstat -4 -P tcp -s | grep packetdril | grep -c TIME_WAIT | grep 1") == 0);
    EXPECT(so.close(so.userdata, fd) == 0);
    EXPECT(system("sockstat -4 -P tcp -s | grep packetdril | grep TIME_WAIT") != 0);
    EXPECT(system("sockstat -4 -P tcp -s | grep TIME_WAIT") == 0);
    so.free(so.userdata);
}

static void play_kept_sysctls(void)
{
    const struct peer peer = {false, 40004, 8080, NULL};
    struct tcp_info info;
    socklen_t length = sizeof info;
    struct seen seen;
    uint32_t iss;
    int listener, fd;

    EXPECT(system("sysctl -q net.ipv4.tcp_sack=0") == 0); /* as --init_scripts: kept ... */
    start("profile=linux");
    EXPECT(system("sysctl -n net.ipv4.tcp_sack | grep 0") == 0); /* ... until there is a stack */
    EXPECT(system("sysctl -q net.ipv4.tcp_sack=1") == 0);
    play_code();
    listener = new_listener(&peer);
    play_commands();
    iss = shake(&peer);
    fd = so.accept(so.userdata, listener, NULL, NULL);
    EXPECT(fd >= 0);
    EXPECT(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
    EXPECT(info.tcpi_state == 1 && info.tcpi_snd_cwnd == 10 && info.tcpi_unacked == 0);
    play_file(fd, iss + 1);
    arrives(&peer, ACK, 1, iss + 5, "");
    EXPECT(close(fd) == 0); /* libc's, which the stack hears of */
    EXPECT(leaves(&seen) && (seen.flags & FIN) && seen.seq == iss + 5);
    EXPECT(close(fd) == -1);
    so.free(so.userdata);
    EXPECT(system("/tmp/sysctl_restore_${PPID}.sh") == 0); /* there is no stack */
}

void play_hooks(void)
{
    play_kept_sysctls();
    play_time_wait();
}
