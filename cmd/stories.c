/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stories.c: see stories.h. Each story says what will happen, lets it happen, and checks that it
 * did: a sentence that is no longer true makes `lastack demo` fail.
 */
#include "stories.h"

#include <string.h>

/* ---- closing ---- */

static void play_closing(struct stage *stage)
{
    stage_say(stage,
              "CLOSING is the state nobody ever sees: both ends close within one trip of the "
              "link, and their FINs cross. First, a connection.");
    stage_listen(stage, false);
    stage_connect(stage);
    stage_say(stage, "Now both close in the same moment. Each sends a FIN before the other's has "
                     "arrived, so each is in FIN-WAIT-1 when a FIN comes that does not acknowledge "
                     "its own: CLOSING. It lasts until the ACK comes, 10 ms here.");
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_wait(stage, MS(15));
    stage_shows(stage, STAGE_SERVER, TCP_CLOSING);
    stage_shows(stage, STAGE_CLIENT, TCP_CLOSING);
    stage_wait(stage, MS(15));
    stage_say(stage,
              "Both closed first, so both hold TIME-WAIT: the only way to get two records of "
              "one connection. After 2MSL nothing is left.");
    stage_shows(stage, STAGE_SERVER, TCP_TIME_WAIT);
    stage_shows(stage, STAGE_CLIENT, TCP_TIME_WAIT);
    stage_wait(stage, SEC(61));
    stage_is_empty(stage, STAGE_SERVER);
    stage_is_empty(stage, STAGE_CLIENT);
}

/* ---- close-wait ---- */

static void play_close_wait(struct stage *stage)
{
    struct lastack *server = stage_stack(stage, STAGE_SERVER);

    stage_say(stage,
              "A server accepts a connection and hands a copy of the descriptor to a worker, "
              "as fork() does.");
    stage_listen(stage, false);
    stage_connect(stage);
    (void)lastack_name_owner(server, 7, "worker");
    (void)lastack_dup_to(server, stage->server, 7);
    stage_say(stage, "The client is done and closes. Its FIN is acknowledged by TCP; the rest is "
                     "the program's business.");
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_wait(stage, MS(50));
    stage_shows(stage, STAGE_SERVER, TCP_CLOSE_WAIT);
    stage_say(stage, "The server closes its descriptor. Nothing is sent: the worker's copy holds "
                     "the socket. Programmers swear here that they have closed it.");
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_say(stage, "A day later. No timer ends CLOSE-WAIT; no sysctl does. The client's end, an "
                     "orphan in FIN-WAIT-2, was given up after 60 s.");
    stage_wait(stage, SEC(86400));
    stage_shows(stage, STAGE_SERVER, TCP_CLOSE_WAIT);
    stage_is_empty(stage, STAGE_CLIENT);
    stage_say(stage, "The row names who holds it. When the worker ends, the FIN leaves at last. "
                     "Nobody is there any more: a RST is the answer.");
    lastack_exit_owner(server, 7);
    stage_wait(stage, SEC(1));
    stage_is_empty(stage, STAGE_SERVER);
}

/* ---- time-wait ---- */

static void play_time_wait(struct stage *stage)
{
    struct lastack *client = stage_stack(stage, STAGE_CLIENT);
    struct lastack_endpoint local;

    stage_say(stage, "Who closes first pays: the client closes, and will wait for 2MSL, 60 s.");
    stage_listen(stage, false);
    stage_connect(stage);
    (void)lastack_getsockname(client, stage->client, &local);
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_wait(stage, MS(50));
    stage_say(stage, "This is what it is for: the ACK of the server's FIN is lost. The server, in "
                     "LAST-ACK, sends its FIN again; somebody has to be there to acknowledge it. "
                     "Each time 2MSL starts again.");
    stage_cut(stage, STAGE_CLIENT, true);
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_wait(stage, MS(50));
    stage_cut(stage, STAGE_CLIENT, false);
    stage_shows(stage, STAGE_SERVER, TCP_LAST_ACK);
    stage_shows(stage, STAGE_CLIENT, TCP_TIME_WAIT);
    stage_wait(stage, SEC(2));
    stage_is_empty(stage, STAGE_SERVER);
    stage_say(stage, "It costs a record of 48 bytes and this one tuple, no descriptor and no "
                     "process. After 2MSL it is gone.");
    stage_wait(stage, SEC(30));
    stage_shows(stage, STAGE_CLIENT, TCP_TIME_WAIT);
    stage_wait(stage, SEC(31));
    stage_is_empty(stage, STAGE_CLIENT);
}

/* ---- fin-timeout ---- */

static void short_fin_timeout(struct lastack_config *config)
{
    config->params.fin_wait_2_ns = SEC(5);
}

static void play_fin_timeout(struct stage *stage)
{
    stage_say(stage, "tcp_fin_timeout is set to 5 s here. First a client that only shuts down its "
                     "sending half and keeps the descriptor.");
    stage_listen(stage, false);
    stage_connect(stage);
    (void)lastack_shutdown(stage_stack(stage, STAGE_CLIENT), stage->client, LASTACK_SHUT_WR);
    stage_wait(stage, SEC(3600));
    stage_say(stage, "An hour later it is still in FIN-WAIT-2: tcp_fin_timeout never applies to a "
                     "socket that somebody holds.");
    stage_shows(stage, STAGE_CLIENT, TCP_FIN_WAIT_2);
    stage_say(stage, "Now the descriptor is closed: an orphan, and 5 s it is.");
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_wait(stage, SEC(6));
    stage_is_empty(stage, STAGE_CLIENT);
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_wait(stage, SEC(1));
    stage_say(stage, "And TIME-WAIT? A second connection, closed by both. The record still waits "
                     "60 s: 2MSL is another number, whatever the internet says.");
    stage_connect(stage);
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_wait(stage, MS(50));
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_wait(stage, SEC(55));
    stage_shows(stage, STAGE_CLIENT, TCP_TIME_WAIT);
    stage_wait(stage, SEC(6));
    stage_is_empty(stage, STAGE_CLIENT);
}

/* ---- reuseaddr ---- */

static int bind_again(struct stage *stage, bool reuse_address)
{
    const struct lastack_endpoint any = {lastack_ipv4(0, 0, 0, 0), STAGE_PORT};
    struct lastack *server = stage_stack(stage, STAGE_SERVER);
    const int fd = stage_socket(stage, STAGE_SERVER);
    int answer;

    (void)lastack_set_option(server, fd, LASTACK_SO_REUSEADDR, reuse_address);
    answer = lastack_bind(server, fd, &any);
    stage_answers(stage, STAGE_SERVER,
                  reuse_address ? "bind() to port 80 with SO_REUSEADDR" : "bind() to port 80",
                  answer, reuse_address ? 0 : -LASTACK_EADDRINUSE);
    if (answer < 0)
        (void)lastack_close(server, fd);
    return answer < 0 ? -1 : fd;
}

static void play_reuseaddr(struct stage *stage)
{
    int fd;

    stage_say(stage, "A server that closes its connections first, with SO_REUSEADDR on its "
                     "listener. It is stopped with one connection served.");
    stage_listen(stage, true);
    stage_connect(stage);
    stage_close_fd(stage, STAGE_SERVER, &stage->server);
    stage_wait(stage, MS(50));
    stage_close_fd(stage, STAGE_CLIENT, &stage->client);
    stage_wait(stage, MS(50));
    stage_close_fd(stage, STAGE_SERVER, &stage->listener);
    stage_shows(stage, STAGE_SERVER, TCP_TIME_WAIT);
    stage_say(stage, "It is started again, without the flag, and with it. The flag does not "
                     "shorten TIME-WAIT; it says that the new socket does not mind, and the record "
                     "remembers that the old one did not either. Both must have it.");
    (void)bind_again(stage, false);
    fd = bind_again(stage, true);
    stage_shows(stage, STAGE_SERVER, TCP_TIME_WAIT);
    stage_say(stage, "It is no way to take a port from somebody who listens there:");
    stage_answers(stage, STAGE_SERVER, "listen() on it",
                  lastack_listen(stage_stack(stage, STAGE_SERVER), fd, 16), 0);
    (void)bind_again(stage, false);
}

/* ---- port-exhaustion ---- */

enum { PORTS = 4 };

static void few_ports(struct lastack_config *config)
{
    config->params.port_first = 40000;
    config->params.port_last = 40000 + PORTS - 1;
    config->params.time_wait_reuse = LASTACK_REUSE_ON;
}

static void play_port_exhaustion(struct stage *stage)
{
    const struct lastack_endpoint other = {sim_address(STAGE_SERVER, false), 81};
    struct lastack *client = stage_stack(stage, STAGE_CLIENT);
    int fd;

    stage_say(stage, "A client with four ephemeral ports instead of 28232, for brevity. It opens "
                     "and closes four connections.");
    stage_listen(stage, false);
    for (unsigned i = 0; i < PORTS; i++) {
        stage_connect(stage);
        stage_close_fd(stage, STAGE_CLIENT, &stage->client);
        stage_wait(stage, MS(30));
        stage_close_fd(stage, STAGE_SERVER, &stage->server);
        stage_wait(stage, MS(30));
        stage->is_silent = true; /* the others are the same */
    }
    stage->is_silent = false;
    stage_shows(stage, STAGE_CLIENT, TCP_TIME_WAIT);
    stage_say(stage, "The fifth finds no port for this source, destination and destination port. "
                     "Another destination port still has all four.");
    fd = stage_socket(stage, STAGE_CLIENT);
    stage_answers(stage, STAGE_CLIENT, "connect() to port 80", stage_connect_to(stage, fd, 80),
                  -LASTACK_EADDRNOTAVAIL);
    (void)lastack_close(client, fd);
    fd = stage_socket(stage, STAGE_CLIENT);
    stage_answers(stage, STAGE_CLIENT, "connect() to port 81", lastack_connect(client, fd, &other),
                  -LASTACK_EINPROGRESS);
    stage_wait(stage, MS(100));
    (void)lastack_close(client, fd);
    stage_say(stage,
              "tcp_tw_reuse=1 lets connect() take a record's tuple when it is a second old "
              "and both ends use timestamps, which prove the new connection newer. A pool of "
              "connections would have needed none of this.");
    stage_wait(stage, SEC(1));
    stage_connect(stage);
    stage_shows(stage, STAGE_CLIENT, TCP_ESTABLISHED);
}

/* ---- all of them ---- */

static const struct story stories[] = {
    {"closing", "both ends close at once: the state nobody sees", NULL, play_closing},
    {"close-wait", "the peer has closed, the program has not", NULL, play_close_wait},
    {"time-wait", "who closes first waits, and what for", NULL, play_time_wait},
    {"fin-timeout", "what tcp_fin_timeout shortens, and what it does not", short_fin_timeout,
     play_fin_timeout},
    {"reuseaddr", "the restart that fails, and the flag that helps", NULL, play_reuseaddr},
    {"port-exhaustion", "no port left for one destination", few_ports, play_port_exhaustion},
};

const struct story *story_at(size_t index)
{
    return index < sizeof stories / sizeof stories[0] ? &stories[index] : NULL;
}

const struct story *story_find(const char *name)
{
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++)
        if (strcmp(stories[i].name, name) == 0)
            return &stories[i];
    return NULL;
}
