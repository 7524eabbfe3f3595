/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwip_pair.c: two copies of liblwip.so in one process.
 *
 * Packets that one copy sends are copied, once, into a buffer of the other and queued; they are
 * handed in when nothing else is on the stack, as a network card would.
 */
#include "lwip_pair.h"

#include "check.h"

#include <dlfcn.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <string.h>

/* What is called, in each of the copies. */
#define LWIP_CALLS(X)                                                                              \
    X(lwip_init)                                                                                   \
    X(netif_add)                                                                                   \
    X(netif_set_up)                                                                                \
    X(netif_set_default)                                                                           \
    X(ip_input)                                                                                    \
    X(pbuf_alloc)                                                                                  \
    X(pbuf_free)                                                                                   \
    X(tcp_new)                                                                                     \
    X(tcp_bind)                                                                                    \
    X(tcp_listen_with_backlog)                                                                     \
    X(tcp_accept)                                                                                  \
    X(tcp_arg)                                                                                     \
    X(tcp_recv)                                                                                    \
    X(tcp_sent)                                                                                    \
    X(tcp_connect)                                                                                 \
    X(tcp_write)                                                                                   \
    X(tcp_output)                                                                                  \
    X(tcp_recved)                                                                                  \
    X(tcp_close)                                                                                   \
    X(tcp_tmr)

enum { LWIP_QUEUE = 256, LWIP_TEXT = 64, LWIP_PORT = 80, LWIP_BULK_PORT = 9 };

struct lwip_end {
#define X(name) __typeof__(&name) name;
    LWIP_CALLS(X)
#undef X
    void *library;
    struct netif netif;
    struct lwip_pair *pair;
    struct lwip_end *other;
    struct pbuf *arrived[LWIP_QUEUE]; /* a ring */
    unsigned first, count;
};

struct lwip_pair {
    struct lwip_end client, server;
    uint64_t packets, begun, ended;
    struct tcp_pcb *bulk;
    uint64_t bulk_left, bulk_got;
    bool is_bulk_connected;
};

static char bulk_text[32768];

/* ---- the wire ---- */

static err_t lwip_send(struct netif *netif, struct pbuf *p, const ip4_addr_t *to)
{
    struct lwip_end *end = netif->state, *other = end->other;
    struct pbuf *copy = other->pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_RAM);
    u8_t *at = copy->payload;

    (void)to;
    CHECK(other->count < LWIP_QUEUE);
    for (const struct pbuf *part = p; part != NULL; part = part->next) {
        memcpy(at, part->payload, part->len);
        at += part->len;
    }
    other->arrived[(other->first + other->count++) % LWIP_QUEUE] = copy;
    end->pair->packets++;
    return ERR_OK;
}

static bool lwip_deliver(struct lwip_end *end)
{
    struct pbuf *p;

    if (end->count == 0)
        return false;
    p = end->arrived[end->first];
    end->first = (end->first + 1) % LWIP_QUEUE;
    end->count--;
    if (end->ip_input(p, &end->netif) != ERR_OK)
        end->pbuf_free(p);
    return true;
}

static void lwip_settle(struct lwip_pair *pair)
{
    bool was_any;

    do {
        was_any = false;
        while (lwip_deliver(&pair->server))
            was_any = true;
        while (lwip_deliver(&pair->client))
            was_any = true;
    } while (was_any);
}

/* ---- lives: the programs ---- */

static err_t lwip_server_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct lwip_end *end = arg;

    (void)error;
    if (p == NULL) {
        CHECK(end->tcp_close(pcb) == ERR_OK);
        end->pair->ended++;
        return ERR_OK;
    }
    end->tcp_recved(pcb, p->tot_len);
    CHECK(p->tot_len == LWIP_TEXT);
    CHECK(end->tcp_write(pcb, p->payload, LWIP_TEXT, TCP_WRITE_FLAG_COPY) == ERR_OK);
    end->tcp_output(pcb);
    end->pbuf_free(p);
    return ERR_OK;
}

static err_t lwip_server_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct lwip_end *end = arg;

    (void)error;
    end->tcp_arg(pcb, end);
    end->tcp_recv(pcb, lwip_server_recv);
    return ERR_OK;
}

static err_t lwip_client_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct lwip_end *end = arg;

    (void)error;
    if (p == NULL)
        return ERR_OK; /* the server's FIN, long after our close */
    end->tcp_recved(pcb, p->tot_len);
    end->pbuf_free(p);
    CHECK(end->tcp_close(pcb) == ERR_OK);
    return ERR_OK;
}

static err_t lwip_client_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    static const char request[LWIP_TEXT] = "GET";
    struct lwip_end *end = arg;

    (void)error;
    CHECK(end->tcp_write(pcb, request, LWIP_TEXT, TCP_WRITE_FLAG_COPY) == ERR_OK);
    end->tcp_output(pcb);
    return ERR_OK;
}

void lwip_pair_lives(struct lwip_pair *pair, uint64_t count)
{
    struct lwip_end *client = &pair->client;
    ip_addr_t to;

    IP_ADDR4(&to, 192, 0, 2, 2);
    for (uint64_t i = 0; i < count; i++) {
        struct tcp_pcb *pcb = client->tcp_new();

        CHECK(pcb != NULL);
        client->tcp_arg(pcb, client);
        client->tcp_recv(pcb, lwip_client_recv);
        CHECK(client->tcp_connect(pcb, &to, LWIP_PORT, lwip_client_connected) == ERR_OK);
        pair->begun++;
        lwip_settle(pair);
        CHECK(pair->ended == pair->begun);
    }
}

void lwip_pair_pass_2msl(struct lwip_pair *pair)
{
    for (unsigned ms = 0; ms <= 2 * TCP_MSL + 2 * TCP_SLOW_INTERVAL; ms += TCP_TMR_INTERVAL) {
        pair->client.tcp_tmr();
        pair->server.tcp_tmr();
        lwip_settle(pair);
    }
}

/* ---- bulk ---- */

static err_t lwip_bulk_fill(void *arg, struct tcp_pcb *pcb, u16_t acked)
{
    struct lwip_end *end = arg;
    struct lwip_pair *pair = end->pair;

    (void)acked;
    while (pair->bulk_left > 0) {
        uint64_t part = tcp_sndbuf(pcb);

        part = part < sizeof bulk_text ? part : sizeof bulk_text;
        part = part < pair->bulk_left ? part : pair->bulk_left;
        if (part == 0 || end->tcp_write(pcb, bulk_text, (u16_t)part, TCP_WRITE_FLAG_COPY) != ERR_OK)
            break;
        pair->bulk_left -= part;
    }
    end->tcp_output(pcb);
    return ERR_OK;
}

static err_t lwip_bulk_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct lwip_end *end = arg;

    (void)pcb;
    (void)error;
    end->pair->is_bulk_connected = true;
    return ERR_OK;
}

static err_t lwip_bulk_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    struct lwip_end *end = arg;

    (void)error;
    CHECK(p != NULL);
    end->pair->bulk_got += p->tot_len;
    end->tcp_recved(pcb, p->tot_len);
    end->pbuf_free(p);
    return ERR_OK;
}

static err_t lwip_bulk_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct lwip_end *end = arg;

    (void)error;
    end->tcp_arg(pcb, end);
    end->tcp_recv(pcb, lwip_bulk_recv);
    return ERR_OK;
}

static void lwip_bulk_connect(struct lwip_pair *pair)
{
    struct lwip_end *client = &pair->client;
    ip_addr_t to;

    IP_ADDR4(&to, 192, 0, 2, 2);
    pair->bulk = client->tcp_new();
    CHECK(pair->bulk != NULL);
    client->tcp_arg(pair->bulk, client);
    client->tcp_sent(pair->bulk, lwip_bulk_fill);
    CHECK(client->tcp_connect(pair->bulk, &to, LWIP_BULK_PORT, lwip_bulk_connected) == ERR_OK);
    lwip_settle(pair);
    CHECK(pair->is_bulk_connected);
}

/* When both ends rest although bytes are missing, a delayed acknowledgment holds the rest: time
 * passes. */
void lwip_pair_bulk(struct lwip_pair *pair, uint64_t bytes)
{
    if (pair->bulk == NULL)
        lwip_bulk_connect(pair);
    pair->bulk_left = bytes;
    pair->bulk_got = 0;
    lwip_bulk_fill(&pair->client, pair->bulk, 0);
    lwip_settle(pair);
    for (unsigned ticks = 0; pair->bulk_got < bytes; ticks++) {
        CHECK(ticks < 1000000);
        pair->server.tcp_tmr();
        pair->client.tcp_tmr();
        lwip_settle(pair);
    }
}

uint64_t lwip_pair_packets(const struct lwip_pair *pair)
{
    return pair->packets;
}

/* ---- set-up ---- */

static err_t lwip_netif_init(struct netif *netif)
{
    netif->name[0] = 'm';
    netif->name[1] = 'm';
    netif->mtu = 1500;
    netif->output = lwip_send;
    netif->flags = NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

static bool lwip_load(struct lwip_end *end, const char **why)
{
    end->library = dlmopen(LM_ID_NEWLM, "liblwip.so.0", RTLD_NOW | RTLD_LOCAL);
    if (end->library == NULL) {
        *why = "liblwip.so.0 is not installed (Debian: liblwip-dev)";
        return false;
    }
#define X(name)                                                                                    \
    *(void **)&end->name = dlsym(end->library, #name);                                             \
    if (end->name == NULL) {                                                                       \
        *why = "liblwip.so.0 has no " #name;                                                       \
        return false;                                                                              \
    }
    LWIP_CALLS(X)
#undef X
    return true;
}

static void lwip_start(struct lwip_end *end, u8_t host)
{
    ip4_addr_t address, mask, gateway;

    IP4_ADDR(&address, 192, 0, 2, host);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 192, 0, 2, 254);
    end->lwip_init();
    CHECK(end->netif_add(&end->netif, &address, &mask, &gateway, end, lwip_netif_init,
                         end->ip_input) != NULL);
    end->netif_set_default(&end->netif);
    end->netif_set_up(&end->netif);
}

static void lwip_listen(struct lwip_end *end, u16_t port, tcp_accept_fn on_accept)
{
    ip_addr_t any = IPADDR4_INIT(0);
    struct tcp_pcb *pcb = end->tcp_new();

    CHECK(pcb != NULL && end->tcp_bind(pcb, &any, port) == ERR_OK);
    pcb = end->tcp_listen_with_backlog(pcb, 64);
    CHECK(pcb != NULL);
    end->tcp_arg(pcb, end);
    end->tcp_accept(pcb, on_accept);
}

struct lwip_pair *lwip_pair_make(const char **why)
{
    static struct lwip_pair pair;

    pair.client.pair = pair.server.pair = &pair;
    pair.client.other = &pair.server;
    pair.server.other = &pair.client;
    if (!lwip_load(&pair.client, why) || !lwip_load(&pair.server, why))
        return NULL;
    lwip_start(&pair.client, 1);
    lwip_start(&pair.server, 2);
    lwip_listen(&pair.server, LWIP_PORT, lwip_server_accept);
    lwip_listen(&pair.server, LWIP_BULK_PORT, lwip_bulk_accept);
    return &pair;
}
