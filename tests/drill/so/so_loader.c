/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_loader.c: a stand-in for the original packetdrill: loads liblastack-packetdrill.so as that
 * does (RTLD_NOW, LOCAL, NODELETE, DEEPBIND) and plays against it through the interface alone.
 *
 *     so_loader LIBRARY          the callbacks
 *     so_loader LIBRARY hooks    run with the preload object
 */
#include "so_plays.h"
#include "so_stage.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The places of the members as packetdrill counts them, each of a pointer's size. That our own
 * header agrees with itself would prove nothing. */
static void check_order(void)
{
#define AT(member) offsetof(struct packetdrill_interface, member)
    static const size_t places[] = {
        AT(userdata),       AT(free),       AT(socket),       AT(bind),         AT(listen),
        AT(accept),         AT(connect),    AT(read),         AT(readv),        AT(recv),
        AT(recvfrom),       AT(recvmsg),    AT(write),        AT(writev),       AT(send),
        AT(sendto),         AT(sendmsg),    AT(fcntl),        AT(ioctl),        AT(close),
        AT(shutdown),       AT(getsockopt), AT(setsockopt),   AT(poll),         AT(netdev_send),
        AT(netdev_receive), AT(usleep),     AT(gettimeofday), AT(epoll_create), AT(epoll_ctl),
        AT(epoll_wait),     AT(pipe),       AT(splice),
    };
#undef AT

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        EXPECT(places[i] == i * sizeof(void *));
}

/* What --so_flags may not say ends the program with a word about it. */
static void check_bad_flags(void)
{
    static const char *const bad[] = {
        "profile=plan9", "nothing_of_the_kind=1",  "mtu=12",     "local=everywhere", "patience=",
        "word",          "net.ipv4.tcp_sack=many", "frames=half"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int ends[2], status;
        char said[512];
        pid_t child;

        EXPECT(pipe(ends) == 0);
        child = fork();
        if (child == 0) {
            dup2(ends[1], STDERR_FILENO);
            so_init(bad[i], &so);
            _exit(0);
        }
        close(ends[1]);
        EXPECT(child > 0 && waitpid(child, &status, 0) == child);
        EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
        EXPECT(read(ends[0], said, sizeof said) > 0);
        close(ends[0]);
    }
}

int main(int count, char **arguments)
{
    void *library, *found;

    EXPECT(count == 2 || count == 3);
    library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE | RTLD_DEEPBIND);
    if (library == NULL)
        fprintf(stderr, "%s\n", dlerror());
    EXPECT(library != NULL);
    found = dlsym(library, "packetdrill_interface_init");
    EXPECT(found != NULL);
    memcpy(&so_init, &found, sizeof so_init);
    alarm(30);
    if (count == 3) {
        play_hooks();
        return 0;
    }
    check_order();
    check_bad_flags();
    play_opens();
    play_transfer();
    play_waits();
    play_time();
    return 0;
}
