/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * so_options.c: getsockopt, setsockopt. Numbers pass as they are; SO_LINGER, TCP_INFO and
 * TCP_FASTOPEN_KEY have a form of their own.
 */
#include "session.h"

#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>

enum { OPTION_NAME_MAX = 0xffff, LEVEL_MAX = 0x7fff, CONGESTION_NAME = 16 };

/* The kernel's structure from the row's, which has its names; what follows in a newer kernel's is
 * cut off by *length. */
static void fill_info(const struct lastack_tcp_info *from, struct tcp_info *to)
{
    memset(to, 0, sizeof *to);
#define SAME(name) to->name = from->name
    SAME(tcpi_state), SAME(tcpi_ca_state), SAME(tcpi_retransmits), SAME(tcpi_probes);
    SAME(tcpi_backoff), SAME(tcpi_options);
    to->tcpi_snd_wscale = from->tcpi_snd_wscale & 0xfu;
    to->tcpi_rcv_wscale = from->tcpi_rcv_wscale & 0xfu;
    to->tcpi_delivery_rate_app_limited = from->tcpi_delivery_rate_app_limited & 1u;
    to->tcpi_fastopen_client_fail = from->tcpi_fastopen_client_fail & 3u;
    SAME(tcpi_rto), SAME(tcpi_ato), SAME(tcpi_snd_mss), SAME(tcpi_rcv_mss);
    SAME(tcpi_unacked), SAME(tcpi_sacked), SAME(tcpi_lost), SAME(tcpi_retrans);
    SAME(tcpi_fackets), SAME(tcpi_last_data_sent), SAME(tcpi_last_ack_sent);
    SAME(tcpi_last_data_recv), SAME(tcpi_last_ack_recv), SAME(tcpi_pmtu);
    SAME(tcpi_rcv_ssthresh), SAME(tcpi_rtt), SAME(tcpi_rttvar), SAME(tcpi_snd_ssthresh);
    SAME(tcpi_snd_cwnd), SAME(tcpi_advmss), SAME(tcpi_reordering), SAME(tcpi_rcv_rtt);
    SAME(tcpi_rcv_space), SAME(tcpi_total_retrans), SAME(tcpi_pacing_rate);
    SAME(tcpi_max_pacing_rate), SAME(tcpi_bytes_acked), SAME(tcpi_bytes_received);
    SAME(tcpi_segs_out), SAME(tcpi_segs_in), SAME(tcpi_notsent_bytes), SAME(tcpi_min_rtt);
    SAME(tcpi_data_segs_in), SAME(tcpi_data_segs_out), SAME(tcpi_delivery_rate);
    SAME(tcpi_busy_time), SAME(tcpi_rwnd_limited), SAME(tcpi_sndbuf_limited);
    SAME(tcpi_delivered), SAME(tcpi_delivered_ce), SAME(tcpi_bytes_sent);
    SAME(tcpi_bytes_retrans), SAME(tcpi_dsack_dups), SAME(tcpi_reord_seen);
    SAME(tcpi_rcv_ooopack), SAME(tcpi_snd_wnd);
#undef SAME
}

static int64_t answer(const void *from, socklen_t size, void *value, socklen_t *length)
{
    if (*length > size)
        *length = size;
    memcpy(value, from, *length);
    return 0;
}

static int64_t get_info(struct session *session, int live, void *value, socklen_t *length)
{
    struct lastack_connection_row row;
    struct tcp_info info;
    const int result = lastack_status(session->target.stack, live, &row);

    if (result < 0)
        return result;
    fill_info(&row.tcp_info, &info);
    return answer(&info, sizeof info, value, length);
}

/* sk_meminfo(7): what is queued, and the room for it; nothing else is accounted for here. */
static int64_t get_memory(struct session *session, int live, void *value, socklen_t *length)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    struct lastack_connection_row row;
    int room = 0;
    const int result = lastack_status(session->target.stack, live, &row);

    if (result < 0)
        return result;
    if (lastack_get_option(session->target.stack, live, LASTACK_SO_RCVBUF, &room) == 0)
        memory[SK_MEMINFO_RCVBUF] = (uint32_t)room;
    if (lastack_get_option(session->target.stack, live, LASTACK_SO_SNDBUF, &room) == 0)
        memory[SK_MEMINFO_SNDBUF] = (uint32_t)room;
    memory[SK_MEMINFO_RMEM_ALLOC] = row.recv_q;
    memory[SK_MEMINFO_WMEM_QUEUED] = row.send_q;
    return answer(memory, sizeof memory, value, length);
}

/* A name of 16 bytes, zeros behind it; *length says how much of it the caller takes. */
static int64_t get_congestion(struct session *session, int live, void *value, socklen_t *length)
{
    char field[CONGESTION_NAME] = {0};
    const char *name = NULL;
    const int result = lastack_get_congestion(session->target.stack, live, &name);

    if (result < 0)
        return result;
    strncpy(field, name, sizeof field - 1);
    return answer(field, sizeof field, value, length);
}

/* As Linux takes it: up to 15 bytes, with or without a zero behind them. */
static int64_t set_congestion(struct session *session, int live, const void *value,
                              socklen_t length)
{
    char name[CONGESTION_NAME] = {0};

    if (length < 1)
        return -LASTACK_EINVAL;
    memcpy(name, value, length < sizeof name ? length : sizeof name - 1);
    return lastack_set_congestion(session->target.stack, live, name);
}

static int64_t get_option(struct session *session, int fd, int level, int name, void *value,
                          socklen_t *length)
{
    const int live = session_live(session, fd);
    int number = 0, result;

    if (live < 0)
        return live;
    if (value == NULL || length == NULL)
        return -LASTACK_EFAULT;
    if (level == LASTACK_SOL_TCP && name == TCP_INFO)
        return get_info(session, live, value, length);
    if (level == LASTACK_SOL_TCP && name == TCP_CONGESTION)
        return get_congestion(session, live, value, length);
    if (level == LASTACK_SOL_TCP && name == TCP_CC_INFO)
        return answer("", 0, value, length); /* as CUBIC and Reno there: nothing to tell */
    if (level == SOL_SOCKET && name == SO_MEMINFO)
        return get_memory(session, live, value, length);
    if (level < 0 || level > LEVEL_MAX || name < 0 || name > OPTION_NAME_MAX)
        return -LASTACK_ENOPROTOOPT;
    result = lastack_get_option(session->target.stack, live,
                                (enum lastack_option)(level << 16 | name), &number);
    if (result < 0)
        return result;
    if (level == SOL_SOCKET && name == SO_LINGER) {
        const struct linger linger = {number >= 0, number >= 0 ? number : 0};

        return answer(&linger, sizeof linger, value, length);
    }
    return answer(&number, sizeof number, value, length);
}

static int64_t set_option(struct session *session, int fd, int level, int name, const void *value,
                          socklen_t length)
{
    const int live = session_live(session, fd);
    struct linger linger;
    int number;

    if (live < 0)
        return live;
    if (value == NULL)
        return -LASTACK_EFAULT;
    if (level == LASTACK_SOL_TCP && name == TCP_CONGESTION)
        return set_congestion(session, live, value, length);
    if (level == LASTACK_SOL_TCP && name == TCP_FASTOPEN_KEY)
        return lastack_set_fast_open_key(session->target.stack, live, value, length);
    if (level < 0 || level > LEVEL_MAX || name < 0 || name > OPTION_NAME_MAX)
        return -LASTACK_ENOPROTOOPT;
    if (level == SOL_SOCKET && name == SO_LINGER) {
        if (length < sizeof linger)
            return -LASTACK_EINVAL;
        memcpy(&linger, value, sizeof linger);
        return lastack_set_linger(session->target.stack, live,
                                  linger.l_onoff ? linger.l_linger : -1);
    }
    if (level == IPPROTO_IP && length > 0 && length < sizeof number) {
        number = *(const unsigned char *)value; /* Linux takes a byte there, too */
    } else {
        if (length < sizeof number)
            return -LASTACK_EINVAL;
        memcpy(&number, value, sizeof number);
    }
    return lastack_set_option(session->target.stack, live,
                              (enum lastack_option)(level << 16 | name), number);
}

static int so_getsockopt(void *userdata, int fd, int level, int name, void *value,
                         socklen_t *length)
{
    struct session *session = session_enter(userdata);

    return (int)session_leave(session, get_option(session, fd, level, name, value, length));
}

static int so_setsockopt(void *userdata, int fd, int level, int name, const void *value,
                         socklen_t length)
{
    struct session *session = session_enter(userdata);

    return (int)session_leave(session, set_option(session, fd, level, name, value, length));
}

void so_fill_options(struct packetdrill_interface *interface)
{
    interface->getsockopt = so_getsockopt;
    interface->setsockopt = so_setsockopt;
}
