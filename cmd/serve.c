/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * serve.c: `lastack serve`: the services of `run` on an interface of the present network namespace,
 * until interrupted.
 *
 *     --tun NAME     attaches to that tun device (or makes it, if we may); whoever made it gives
 *                    it addresses
 *     --veth NAME    a packet socket on that Ethernet interface; the stack is one more host on its
 *                    wire
 */
#include "serving_options.h"
#include "verbs.h"

#include "duration.h"
#include "packet_socket.h"
#include "served.h"
#include "tun.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STATUS_USAGE = 2, STATUS_FAILED = 3, STATUS_NOT_PERMITTED = 4 };

static const char help_text[] =
    "usage: lastack serve --tun NAME | --veth NAME [options]\n"
    "\n"
    "Answers on an interface of this network namespace until interrupted: HTTP on 80 (/, /bytes/N, "
    "PUT),\n"
    "echo 7, discard 9, daytime 13, chargen 19. Needs CAP_NET_ADMIN, or a tun given to this user, "
    "for\n"
    "--tun; CAP_NET_RAW for --veth.\n"
    "\n"
    "  --tun NAME                attach to this tun device; made if it is not there and we may\n"
    "  --veth NAME               a packet socket on this Ethernet interface\n"
    "  --address ADDRESS/LENGTH  of the stack; may be repeated, up to 4 (default: 192.0.2.1/24 "
    "and\n"
    "                            2001:db8::1/64)\n" SERVING_OPTIONS_HELP "\n"
    "Exit status: 0 interrupted, 2 usage, 3 failed, 4 not permitted.\n";

struct serve_options {
    struct serving_options serving;
    const char *tun, *veth;
    struct served_address addresses[SERVED_ADDRESSES_MAX];
    unsigned address_count;
};

struct serve {
    struct served served;
    unsigned veth_index; /* 0: a tun */
    bool is_interrupted;
};

#define LOOK_NS SEC(1) /* how often the interface is looked for */

/* ---- options ---- */

enum { OPTION_TUN = SERVING_LAST, OPTION_VETH, OPTION_ADDRESS };

static bool take_interface(const char **to, const char *option, const char *value)
{
    if (value[0] == '\0' || strlen(value) >= IFNAMSIZ) {
        fprintf(stderr, "lastack serve: %s \"%s\": an interface's name has 1 to %d bytes\n", option,
                value, IFNAMSIZ - 1);
        return false;
    }
    *to = value;
    return true;
}

static bool parse_address(struct served_address *to, const char *value)
{
    const char *slash = strchr(value, '/');
    char text[LASTACK_ADDRESS_TEXT], *end;
    unsigned long length;

    if (slash == NULL || (size_t)(slash - value) >= sizeof text || slash[1] < '0' || slash[1] > '9')
        return false;
    memcpy(text, value, (size_t)(slash - value));
    text[slash - value] = '\0';
    length = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || !lastack_address_parse(text, &to->address))
        return false;
    to->prefix_length = (unsigned)length;
    return length <= (lastack_is_ipv4(&to->address) ? 32 : 128);
}

static bool is_given(const struct serve_options *options, const struct lastack_address *address)
{
    for (unsigned i = 0; i < options->address_count; i++)
        if (lastack_address_equal(&options->addresses[i].address, address))
            return true;
    return false;
}

static bool take_address(struct serve_options *options, const char *value)
{
    if (options->address_count == SERVED_ADDRESSES_MAX) {
        fprintf(stderr, "lastack serve: --address %s: %d addresses at the most\n", value,
                SERVED_ADDRESSES_MAX);
        return false;
    }
    if (parse_address(&options->addresses[options->address_count], value)) {
        if (is_given(options, &options->addresses[options->address_count].address)) {
            fprintf(stderr, "lastack serve: --address %s: given twice\n", value);
            return false;
        }
        options->address_count++;
        return true;
    }
    fprintf(stderr, "lastack serve: --address %s: ADDRESS/LENGTH, such as 192.0.2.1/24\n", value);
    return false;
}

static bool take_option(struct serve_options *options, int option, const char *value)
{
    switch (option) {
    case OPTION_TUN:
        return take_interface(&options->tun, "--tun", value);
    case OPTION_VETH:
        return take_interface(&options->veth, "--veth", value);
    case OPTION_ADDRESS:
        return take_address(options, value);
    default:
        return serving_option_take(&options->serving, "serve", option, value);
    }
}

/* 0: go on; else the exit status plus one. */
static int parse(struct serve_options *options, int argc, char **argv)
{
    static const struct option long_options[] = {
        SERVING_OPTIONS(SERVING_ENTRY){"tun", required_argument, NULL, OPTION_TUN},
        {"veth", required_argument, NULL, OPTION_VETH},
        {"address", required_argument, NULL, OPTION_ADDRESS},
        {NULL, 0, NULL, 0}};
    int option;

    *options = (struct serve_options){.tun = NULL};
    serving_options_default(&options->serving, "serve");
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (option == SERVING_HELP) {
            fputs(help_text, stdout);
            return 1;
        }
        if (option == '?' || !take_option(options, option, optarg))
            return 1 + STATUS_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "lastack serve: %s: unexpected; lastack serve --help\n", argv[optind]);
        return 1 + STATUS_USAGE;
    }
    if ((options->tun != NULL) == (options->veth != NULL)) {
        fprintf(stderr, "lastack serve: one of --tun NAME and --veth NAME; lastack serve --help\n");
        return 1 + STATUS_USAGE;
    }
    return serving_options_finish(&options->serving, "serve") ? 0 : 1 + STATUS_USAGE;
}

/* ---- links ---- */

/* The MTU of an interface that is there. */
static uint32_t mtu_of(int fd, const char *name)
{
    struct ifreq request = {0};

    memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    return ioctl(fd, SIOCGIFMTU, &request) == 0 ? (uint32_t)request.ifr_mtu : 1500;
}

static bool open_tun(const char *wanted, struct host_link *link, struct trouble *trouble)
{
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    char name[IFNAMSIZ] = "";
    int fd;

    memcpy(name, wanted, strlen(wanted));
    fd = tun_open(name, trouble);
    if (fd >= 0)
        tun_link_init(link, fd, name, mtu_of(control, name));
    if (control >= 0)
        close(control);
    return fd >= 0;
}

/* Locally administered, and of its own for each interface and process. */
static void make_mac(uint8_t mac[6], int interface)
{
    uint32_t pid = (uint32_t)getpid();

    mac[0] = 0x02;
    mac[1] = (uint8_t)interface;
    for (int i = 0; i < 4; i++)
        mac[2 + i] = (uint8_t)(pid >> 8 * (3 - i));
}

/* A tun has no Ethernet header, and nobody is at the other end of lo: a stack there would wait
 * without end for a frame. */
static bool is_ethernet(const char *name, struct trouble *trouble)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    bool is_asked;

    if (fd < 0)
        return trouble_set(trouble, errno, "make a socket");
    memcpy(request.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
    is_asked = ioctl(fd, SIOCGIFHWADDR, &request) == 0 ||
               trouble_set(trouble, errno, "ask for the kind of interface %s", name);
    close(fd);
    if (!is_asked || request.ifr_hwaddr.sa_family == ARPHRD_ETHER)
        return is_asked;
    trouble_set(trouble, 0, "--veth %s: %s is no Ethernet interface", name, name);
    trouble->error = EINVAL;
    return false;
}

static bool open_veth(const char *name, struct host_link *link, struct trouble *trouble)
{
    int interface = (int)if_nametoindex(name), fd;
    uint8_t mac[6];

    if (interface == 0)
        return trouble_set(trouble, errno, "find interface %s", name);
    if (!is_ethernet(name, trouble))
        return false;
    fd = packet_socket_open(trouble);
    if (fd < 0)
        return false;
    if (!packet_socket_bind(fd, interface, trouble)) {
        close(fd);
        return false;
    }
    make_mac(mac, interface);
    packet_socket_link_init(link, fd, name, mac, mtu_of(fd, name));
    return true;
}

/* ---- the whole ---- */

static void on_signal(void *context, int signal_number)
{
    struct serve *serve = context;

    (void)signal_number;
    serve->is_interrupted = true;
    event_loop_stop(serve->served.loop);
}

/* Closes everything in order and gives it a second to end. */
static void wind_up(struct serve *serve)
{
    int64_t until = event_loop_clock() + SEC(1);

    services_close_all(serve->served.services);
    serve->is_interrupted = false;
    while (!serve->is_interrupted && event_loop_clock() < until &&
           served_connections(&serve->served) > 0)
        event_loop_run(serve->served.loop, min64(until, event_loop_clock() + MS(20)));
}

static bool open_serve(struct serve *serve, const struct serve_options *options,
                       struct viewer *viewer, struct trouble *trouble)
{
    static struct host_link link;
    struct served_config config = {.name = options->serving.name,
                                   .params = options->serving.params,
                                   .viewer = viewer,
                                   .context = serve,
                                   .signalled = on_signal};

    served_default_addresses(&config);
    if (options->address_count > 0) {
        memcpy(config.addresses, options->addresses, sizeof config.addresses);
        config.address_count = options->address_count;
    }
    if (options->tun != NULL ? !open_tun(options->tun, &link, trouble)
                             : !open_veth(options->veth, &link, trouble))
        return false;
    serve->veth_index = options->veth != NULL ? if_nametoindex(options->veth) : 0;
    return served_open(&serve->served, &config, &link, trouble);
}

/* A tun says so itself; a packet socket whose interface is deleted just never hears again. */
static bool interface_has_gone(const struct serve *serve)
{
    char name[IF_NAMESIZE];

    return serve->served.link->is_gone ||
           (serve->veth_index != 0 && if_indextoname(serve->veth_index, name) == NULL);
}

static int serve_with(const struct serve_options *options, struct viewer *viewer,
                      struct trouble *trouble)
{
    struct serve serve = {.is_interrupted = false};

    trouble->error = 0;
    if (!open_serve(&serve, options, viewer, trouble)) {
        fprintf(stderr, "lastack serve: %s\n", trouble->text);
        if (trouble->error == EINVAL) /* an address or a name that nobody can have */
            return STATUS_USAGE;
        return trouble->error == EPERM || trouble->error == EACCES ? STATUS_NOT_PERMITTED
                                                                   : STATUS_FAILED;
    }
    if (options->serving.viewer.voice == VIEWER_WORDS)
        fprintf(stderr, "lastack: serving on %s; lastack ss --stack %s; Ctrl-C ends it\n",
                serve.served.link->config.name, options->serving.name);
    bool has_gone = false;
    while (!serve.is_interrupted && !has_gone) {
        event_loop_run(serve.served.loop, event_loop_clock() + LOOK_NS);
        has_gone = interface_has_gone(&serve);
    }
    if (has_gone)
        fprintf(stderr, "lastack serve: the interface %s is gone\n",
                serve.served.link->config.name);
    wind_up(&serve);
    viewer_end(viewer, serve.served.link, has_gone ? STATUS_FAILED : 0);
    served_close(&serve.served);
    return has_gone ? STATUS_FAILED : 0;
}

int serve_main(int argc, char **argv)
{
    struct serve_options options;
    struct trouble trouble = {0};
    struct viewer *viewer;
    int status = parse(&options, argc, argv);

    if (status != 0)
        return status - 1;
    viewer = viewer_open(&options.serving.viewer, &trouble);
    if (viewer == NULL) {
        fprintf(stderr, "lastack serve: %s\n", trouble.text);
        return STATUS_USAGE;
    }
    status = serve_with(&options, viewer, &trouble);
    if (!viewer_close(viewer, &trouble)) {
        fprintf(stderr, "lastack serve: %s\n", trouble.text);
        return STATUS_FAILED;
    }
    return status;
}
