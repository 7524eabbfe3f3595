/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * puppet.c: a stack on an interface of this network namespace, moved by lines on its standard
 * input. tests/run/puppet.py holds the strings, and beside them the kernel's end of each
 * connection.
 *
 *     puppet tun NAME ADDRESS/LENGTH...     or veth NAME ..., or none. With PUPPET_NAME in the
 *                                           environment `lastack ss --stack` finds it
 *
 *     "socket 4"          ─▶ "ok 3"                    each call of socket.h is a line, answered by
 *     "bind 3 0.0.0.0 80" ─▶ "no EADDRINUSE PORT_..."  one: the result, or error and last cause
 *     "rows"              ─▶ "row ESTABLISHED ..." * n, "ok"
 *     "hold"              ─▶ "ok"                      from here to "go" no packet is read: what
 *                                                      the peer sends crosses what we send
 */
#include "control.h"
#include "duration.h"
#include "event_loop.h"
#include "packet_socket.h"
#include "parameters.h"
#include "stack_memory.h"
#include "tun.h"

#include <lastack/lastack.h>

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { WORDS_MAX = 8, LINE_MAX = 256 };

static const uint8_t stack_mac[6] = {0x02, 0x00, 0x5e, 0x00, 0x53, 0x01};

static struct lastack *stack;
static struct event_loop *loop;
static bool is_held, is_over;
static uint32_t link_number;
static char *words[WORDS_MAX];

/* ---- arguments ---- */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "puppet: %s\n", what);
    exit(2);
}

static int number(unsigned at)
{
    char *end;
    long value;

    if (words[at] == NULL)
        die("a number is missing");
    value = strtol(words[at], &end, 0);
    if (*end != '\0' || end == words[at])
        die("not a number");
    return (int)value;
}

static struct lastack_endpoint endpoint(unsigned at)
{
    struct lastack_endpoint result;

    if (words[at] == NULL || !lastack_address_parse(words[at], &result.address))
        die("not an address");
    result.port = (uint16_t)number(at + 1);
    return result;
}

/* ---- answers ---- */

static const char *cause_name(enum lastack_cause cause)
{
    static const char *const names[] = {
#define LASTACK_X(name, text) #name,
        LASTACK_CAUSES(LASTACK_X)
#undef LASTACK_X
    };

    return (size_t)cause < sizeof names / sizeof names[0] ? names[cause] : "?";
}

static void answer(int64_t result)
{
    if (result >= 0)
        printf("ok %lld\n", (long long)result);
    else
        printf("no %s %s\n", lastack_error_name((int)result),
               cause_name(lastack_last_cause(stack)));
}

/* ---- calls ---- */

static void do_socket(void)
{
    const enum lastack_domain domain = number(1) == 6 ? LASTACK_AF_INET6 : LASTACK_AF_INET;

    answer(lastack_socket(stack, domain, LASTACK_SOCK_STREAM, 0));
}

static void do_bind(void)
{
    const struct lastack_endpoint local = endpoint(2);

    answer(lastack_bind(stack, number(1), &local));
}

static void do_listen(void)
{
    answer(lastack_listen(stack, number(1), number(2)));
}

static void do_accept(void)
{
    answer(lastack_accept(stack, number(1), NULL));
}

static void do_connect(void)
{
    const struct lastack_endpoint remote = endpoint(2);

    answer(lastack_connect(stack, number(1), &remote));
}

static void do_send(void)
{
    static char text[65536];
    const int length = number(2);

    answer(lastack_send(stack, number(1), text, (size_t)(length < 65536 ? length : 65536), 0));
}

static void do_recv(void)
{
    static char text[65536];

    answer(lastack_recv(stack, number(1), text, sizeof text, 0));
}

static void do_shutdown(void)
{
    answer(lastack_shutdown(stack, number(1), number(2)));
}

static void do_close(void)
{
    answer(lastack_close(stack, number(1)));
}

static void do_abort(void)
{
    answer(lastack_abort(stack, number(1)));
}

static void do_linger(void)
{
    answer(lastack_set_linger(stack, number(1), number(2)));
}

static void do_option(void)
{
    static const struct {
        const char *name;
        enum lastack_option option;
    } options[] = {
#define LASTACK_X(name, level, number) {#name, LASTACK_##name},
        LASTACK_OPTIONS(LASTACK_X)
#undef LASTACK_X
    };

    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(words[2], options[i].name) == 0) {
            answer(lastack_set_option(stack, number(1), options[i].option, number(3)));
            return;
        }
    }
    die("no such option");
}

static void do_name(void)
{
    struct lastack_endpoint local;
    char text[LASTACK_ADDRESS_TEXT];

    if (lastack_getsockname(stack, number(1), &local) < 0)
        die("no such descriptor");
    lastack_address_text(&local.address, text, sizeof text);
    printf("ok %s %u\n", text, local.port);
}

/* "route 0.0.0.0/0 192.0.2.2": over the only link. */
static void do_route(void)
{
    char *slash = strchr(words[1], '/');
    struct lastack_address prefix, via;

    if (slash == NULL)
        die("ADDRESS/LENGTH");
    *slash = '\0';
    if (!lastack_address_parse(words[1], &prefix) || !lastack_address_parse(words[2], &via))
        die("not an address");
    answer(lastack_add_route(stack, &prefix, (unsigned)atoi(slash + 1), link_number, &via));
}

static void do_set(void)
{
    struct lastack_params params = *lastack_params(stack);
    char problem[200];

    if (parameter_set(&params, words[1], words[2], problem, sizeof problem) != PARAMETER_DONE)
        die(problem);
    lastack_set_params(stack, &params);
    answer(0);
}

/* ---- looking ---- */

static bool print_row(void *context, const struct lastack_connection_row *row)
{
    char local[LASTACK_ADDRESS_TEXT], remote[LASTACK_ADDRESS_TEXT];
    const struct lastack_tcp_info *info = &row->tcp_info;

    (void)context;
    lastack_address_text(&row->local.address, local, sizeof local);
    lastack_address_text(&row->remote.address, remote, sizeof remote);
    printf("row %s %s %u %s %u %s %s options=%u mss=%u pmtu=%u unread=%u\n",
           lastack_state_text(row->state), local, row->local.port, remote, row->remote.port,
           cause_name((enum lastack_cause)row->cause), lastack_owner_text(row->owner_kind),
           info->tcpi_options, info->tcpi_snd_mss, info->tcpi_pmtu, row->recv_q);
    return true;
}

static void do_rows(void)
{
    uint64_t cursor = 0;

    lastack_rows(stack, LASTACK_ROWS_CONNECTIONS | LASTACK_ROWS_TIME_WAIT | LASTACK_ROWS_SYN,
                 &cursor, print_row, NULL);
    answer(0);
}

static void do_pools(void)
{
    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;

        lastack_pool_usage(stack, pool, &usage);
        printf("pool %s %u\n", usage.name, usage.used);
    }
    answer(0);
}

/* ---- a link that loses ---- */

static const struct host_link_ops *whole; /* the link's own operations */
static unsigned lost_one_of, received;

static int receive_some(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags)
{
    int length = whole->receive(link, buffer, size, flags);

    if (length > 0 && lost_one_of != 0 && ++received % lost_one_of == 0)
        return whole->receive(link, buffer, size, flags);
    return length;
}

/* "lose 5": every fifth packet that arrives is lost before the stack sees it; 0: none. */
static void do_lose(void)
{
    lost_one_of = (unsigned)number(1);
    answer(0);
}

static void do_hold(void)
{
    is_held = true;
    answer(0);
}

static void do_go(void)
{
    is_held = false;
    answer(0);
}

/* ---- lines ---- */

static const struct {
    const char *name;
    void (*run)(void);
} commands[] = {
    {"socket", do_socket},   {"bind", do_bind},   {"listen", do_listen}, {"accept", do_accept},
    {"connect", do_connect}, {"send", do_send},   {"recv", do_recv},     {"shutdown", do_shutdown},
    {"close", do_close},     {"abort", do_abort}, {"linger", do_linger}, {"option", do_option},
    {"name", do_name},       {"set", do_set},     {"rows", do_rows},     {"pools", do_pools},
    {"hold", do_hold},       {"go", do_go},       {"route", do_route},   {"lose", do_lose},
};

static void obey(char *line)
{
    unsigned count = 0;

    memset(words, 0, sizeof words);
    for (char *word = strtok(line, " \n"); word != NULL && count < WORDS_MAX - 1;
         word = strtok(NULL, " \n"))
        words[count++] = word;
    if (count == 0)
        return;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words[0], commands[i].name) != 0)
            continue;
        commands[i].run();
        fflush(stdout);
        event_loop_settle(loop);
        return;
    }
    die("no such command");
}

/* One line; the end of input is the end of the puppet. */
static void read_line(void)
{
    char line[LINE_MAX];
    size_t length = 0;

    while (length < sizeof line - 1) {
        if (read(STDIN_FILENO, &line[length], 1) != 1) {
            is_over = true;
            is_held = false;
            event_loop_stop(loop);
            return;
        }
        if (line[length++] == '\n')
            break;
    }
    line[length] = '\0';
    obey(line);
}

static void on_line(void *context, uint32_t events)
{
    (void)context;
    (void)events;
    do {
        read_line();
    } while (is_held);
}

/* ---- the world ---- */

static void open_link(struct host_link *link, const char *kind, const char *name)
{
    static struct host_link_ops lossy;
    struct trouble trouble;
    char buffer[IFNAMSIZ] = "";
    int fd;

    strncpy(buffer, name, sizeof buffer - 1);
    if (strcmp(kind, "tun") == 0) {
        fd = tun_open(buffer, &trouble);
        if (fd < 0)
            die(trouble.text);
        tun_link_init(link, fd, buffer, 1500);
    } else {
        fd = packet_socket_open(&trouble);
        if (fd < 0 || !packet_socket_bind(fd, (int)if_nametoindex(name), &trouble))
            die(trouble.text);
        packet_socket_link_init(link, fd, buffer, stack_mac, 1500);
    }
    whole = link->ops;
    lossy = *whole;
    lossy.receive = receive_some;
    link->ops = &lossy;
    if (!event_loop_add_link(loop, link, &trouble))
        die(trouble.text);
}

static void add_address(uint32_t link, char *text)
{
    char *slash = strchr(text, '/');
    struct lastack_address address;

    if (slash == NULL)
        die("ADDRESS/LENGTH");
    *slash = '\0';
    if (!lastack_address_parse(text, &address) ||
        lastack_add_address(stack, link, &address, (unsigned)atoi(slash + 1)) != 0)
        die("cannot have that address");
}

static struct control *open_control(const char *kind)
{
    const struct control_config config = {
        .name = getenv("PUPPET_NAME"), .link = kind, .stack = stack, .loop = loop};
    struct control *control;
    struct trouble trouble;

    if (config.name == NULL)
        return NULL;
    control = control_open(&config, &trouble);
    if (control == NULL)
        die(trouble.text);
    return control;
}

int main(int argc, char **argv)
{
    static const struct event_loop_hooks hooks = {.context = NULL};
    static struct host_link link;
    struct lastack_config config;
    struct stack_memory memory;
    struct control *control;
    struct trouble trouble;

    if (argc < 3)
        die("usage: puppet tun|veth|none NAME [ADDRESS/LENGTH...]");
    lastack_config_default(&config);
    for (unsigned i = 0; i < sizeof config.seed; i++)
        config.seed[i] = (uint8_t)((unsigned)getpid() >> i % 2 * 8);
    stack = stack_memory_create(&memory, &config, event_loop_clock(), &trouble);
    if (stack == NULL)
        die(trouble.text);
    loop = event_loop_create(stack, &hooks, &trouble);
    if (loop == NULL || !event_loop_watch(loop, STDIN_FILENO, EPOLLIN, on_line, NULL, &trouble))
        die(trouble.text);
    if (strcmp(argv[1], "none") != 0)
        open_link(&link, argv[1], argv[2]);
    link_number = link.number;
    for (int i = 3; i < argc; i++)
        add_address(link.number, argv[i]);
    control = open_control(argv[1]);
    puts("ok ready");
    fflush(stdout);
    while (!is_over)
        event_loop_run(loop, INT64_MAX);
    if (control != NULL)
        control_close(control);
    event_loop_destroy(loop);
    stack_memory_release(&memory);
    return 0;
}
