/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * send_space.c: RFC 9293 §3.10.2 SEND: how much of what the user writes is taken, and when he may
 * write again.
 *
 *     LASTACK_SNDBUF_BYTES       bytes: the limit less what is held
 *     LASTACK_SNDBUF_LINUX_SKB   chunks (chunks.h): while the charge (text and the overhead of each
 *                                chunk) is below the limit another chunk may be begun, and one that
 *                                was begun may be filled; so a write can go beyond the limit
 *
 * Where pages are short who writes waits for his turn (page_waiters.c).
 *
 * A long write pushes full chunks out on its way, before it is over. Here nothing leaves before the
 * call returns; what would have left is reckoned (`sent`), for it decides how the rest is cut and
 * how much counts as not sent.
 */
#include "bits.h"
#include "tcp.h"

enum {
    CHUNK_OVERHEAD = 960,     /* of an sk_buff without text: what 64-bit Linux charges for it */
    CHUNK_MAX = 65536 - 321,  /* gso_max_size of any device, less the headers */
    MSS_OVERHEAD = 320 + 320, /* headers and shared info, for the size that a buffer grows to */
};

static uint32_t lowat_of(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return conn->options.notsent_lowat != 0 ? conn->options.notsent_lowat
                                            : tcp->params.notsent_lowat;
}

static uint32_t power_of_two_from(uint32_t size)
{
    return size <= 1 ? 1 : 2u << min32(highest_bit64(size - 1), 30);
}

/* Linux: room for two congestion windows of full segments, as they are charged. */
static uint32_t grown_limit(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t mss = conn->mss;
    const uint32_t segment = power_of_two_from(max32(mss, conn->mss_peer) + MSS_OVERHEAD) + 256;
    const uint64_t segments = max32(max32(conn->cc.cwnd / mss, 10), tcp->params.dupthresh + 1);
    const uint64_t wanted = 2 * segments * segment;

    return wanted < UINT32_MAX ? (uint32_t)wanted : UINT32_MAX;
}

/* What the buffer would grow to now: not while memory is tight, and never beyond the connection's
 * share of it. */
static uint32_t limit_by_window(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t wanted = tcp->params.send_accounting == LASTACK_SNDBUF_LINUX_SKB
                                ? grown_limit(tcp, conn)
                                : 2 * min32(conn->cc.cwnd, UINT32_MAX / 2);

    return tcp_memory_is_tight(tcp)
               ? 0
               : min32(wanted, tcp_buffer_share(tcp, tcp->params.send_buffer_max));
}

uint32_t tcp_send_limit(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const struct lastack_params *params = &tcp->params;

    if (conn->options.send_buffer != 0)
        return conn->options.send_buffer;
    if (!params->autotune_send || conn->mss == 0)
        return params->send_buffer;
    return max32(max32(params->send_buffer, limit_by_window(tcp, conn)),
                 conn->write_queue != POOL_NONE ? conn_queue(tcp, conn)->grown : 0);
}

/* The window may come down: the buffer does not (what was lost and what follows it must fit). */
static inline void remember_growth(const struct tcp *tcp, const struct tcp_conn *conn,
                                   struct write_queue *queue)
{
    if (tcp->params.autotune_send && conn->options.send_buffer == 0 && conn->mss != 0)
        queue->grown = max32(queue->grown, limit_by_window(tcp, conn));
}

/* ---- Linux's chunks ---- */

static bool has_chunks(const struct tcp *tcp)
{
    return tcp->params.send_accounting == LASTACK_SNDBUF_LINUX_SKB;
}

/* Text that a chunk is filled to: a frame, but not more than half of the largest window seen. */
static uint32_t chunk_goal(const struct tcp_conn *conn)
{
    const uint32_t seen = conn->snd.wnd_max;
    const uint32_t half = seen > 536 ? seen / 2 : seen;
    const uint32_t largest = half > 0 && half < CHUNK_MAX ? half : CHUNK_MAX;

    return max32(largest - largest % conn->mss, conn->mss);
}

/* What leaves as one frame is one chunk. */
static uint32_t chunks_in_flight(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t held)
{
    const uint32_t in_flight = min32(conn_in_flight(conn), held);
    uint32_t frame;

    if (in_flight == 0)
        return 0;
    frame = conn_frame_segments(tcp, conn) * conn->mss;
    return (in_flight + frame - 1) / frame;
}

uint32_t tcp_send_charge(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t held = conn_send_held(conn);
    uint32_t chunks = chunks_in_flight(tcp, conn, held);

    if (conn->write_queue != POOL_NONE) {
        const struct chunks *queued = &conn_queue(tcp, conn)->chunks;

        chunks +=
            queued->closed.count + (chunks_tail_length(queued, conn->snd.nxt, conn->snd.end) > 0);
    }
    return held + CHUNK_OVERHEAD * chunks;
}

/* A limit that is left to the stack is no smaller than it begins. */
static bool is_below_limit(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t charge)
{
    if (conn->options.send_buffer == 0 && charge < tcp->params.send_buffer)
        return true;
    return charge < tcp_send_limit(tcp, conn);
}

static bool may_begin_chunk(const struct tcp *tcp, const struct tcp_conn *conn, struct seq sent)
{
    return (conn_send_held(conn) == 0 || /* nothing is charged */
            is_below_limit(tcp, conn, tcp_send_charge(tcp, conn))) &&
           seq_distance(sent, conn->snd.end) < lowat_of(tcp, conn);
}

/* How far the queue would have been sent by now: one frame of a first chunk that is full, or all
 * that may leave when half of the largest window was written since the last push. */
static NOINLINE struct seq push_on_the_way(const struct tcp *tcp, struct tcp_conn *conn,
                                           struct seq sent)
{
    struct write_queue *queue = conn_queue(tcp, conn);
    struct chunks *chunks = &queue->chunks;
    const bool is_forced = seq_after(conn->snd.end, seq_add(queue->push, conn->snd.wnd_max >> 1));
    const bool is_first = seq_after_or_equal(sent, chunks->tail) ||
                          chunks_at(chunks, &tcp->ranges, sent, conn->snd.end).is_tail;
    const enum frame_push push = is_forced ? FRAME_PUSHED : FRAME_ONE;
    struct send_room room;
    uint32_t length;

    if (is_forced)
        queue->push = conn->snd.end;
    else if (!is_first)
        return sent;
    room = (struct send_room){conn_offered_room(conn), conn_congestion_room(tcp, conn)};
    while (conn_next_frame(tcp, conn, room, sent, push, &length) == FRAME_LEAVES) {
        sent = seq_add(sent, length);
        if (!is_forced)
            break;
    }
    chunks->released = seq_max(chunks->released, sent);
    return sent;
}

/* ---- putting text ---- */

static bool put_at_end(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data, uint32_t length)
{
    return stream_put(&conn->send, &tcp->pages, conn->snd.end, data, length);
}

/* `data` NULL: the writer has put it there himself. */
static const uint8_t *behind(const uint8_t *data, uint32_t done)
{
    return data != NULL ? data + done : NULL;
}

/* What is left of the page in which the queue ends. */
static NOINLINE uint32_t room_in_page(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t page = tcp->pages.page_size;

    return stream_has_room(&conn->send, &tcp->pages, conn->snd.end, 1)
               ? page - (conn->snd.end.v & (page - 1))
               : 0;
}

/* All at once if there are pages for it; else page by page: what fits is taken, whatever comes
 * behind it. */
static uint32_t put_in_pages(struct tcp *tcp, struct tcp_conn *conn, const uint8_t *data,
                             uint32_t length)
{
    const uint32_t page = tcp->pages.page_size;
    const uint32_t most = LIKELY(conn_may_take_page(tcp, conn)) ? length : room_in_page(tcp, conn);
    uint32_t done = 0;

    if (most < length) {
        report_count(&tcp->report, LASTACK_CAUSE_NO_PAGE_LEFT);
        length = most;
    }
    while (done < length) {
        uint32_t piece = min32(length - done, page / 8 * page); /* stream.h: at most */

        if (!put_at_end(tcp, conn, behind(data, done), piece)) {
            piece = min32(piece, page - (conn->snd.end.v & (page - 1)));
            if (!put_at_end(tcp, conn, behind(data, done), piece)) {
                report_count(&tcp->report, LASTACK_CAUSE_NO_PAGE_LEFT);
                break;
            }
        }
        conn->snd.end = seq_add(conn->snd.end, piece);
        done += piece;
    }
    return done;
}

static uint32_t put_in_chunks(struct tcp *tcp, struct tcp_conn *conn, struct write_queue *queue,
                              const uint8_t *data, uint32_t length)
{
    const uint32_t goal = chunk_goal(conn);
    struct chunks *chunks = &queue->chunks;
    struct seq sent = conn->snd.nxt;
    uint32_t done = 0;

    while (done < length) {
        uint32_t tail = chunks_tail_length(chunks, sent, conn->snd.end);
        uint32_t piece, put;

        if (tail == 0 || tail >= goal || chunks->is_tail_ended) {
            if (!may_begin_chunk(tcp, conn, sent))
                break;
            if (chunks_close(chunks, &tcp->ranges, sent, conn->snd.end,
                             seq_equal(queue->push, conn->snd.end)))
                tail = 0;
        }
        piece = tail < goal ? min32(length - done, goal - tail) : length - done;
        put = put_in_pages(tcp, conn, behind(data, done), piece);
        done += put;
        if (put < piece)
            break;
        if (tail + put >= goal)
            sent = push_on_the_way(tcp, conn, sent);
    }
    return done;
}

struct write_queue *conn_need_queue(struct tcp *tcp, struct tcp_conn *conn)
{
    struct write_queue *queue;

    if (conn->write_queue != POOL_NONE)
        return conn_queue(tcp, conn);
    conn->write_queue = pool_take(&tcp->write_queues);
    CHECK(conn->write_queue != POOL_NONE); /* there are as many as connections */
    queue = conn_queue(tcp, conn);
    clear_object(queue, sizeof *queue);
    queue->chronograph.since = tcp->report.now;
    queue->small = conn->snd.una;
    queue->push = conn->snd.end;
    queue->turn.waiter = POOL_NONE;
    chunks_init(&queue->chunks, conn->snd.end);
    return queue;
}

/* The socket is told when there is room; by its turn, if pages are what is short. */
NOINLINE void tcp_want_room(struct tcp *tcp, struct tcp_conn *conn)
{
    conn->flags |= CONN_WANTS_ROOM;
    if (!conn_has_page(tcp, conn))
        conn_wait_for_page(tcp, conn);
}

uint32_t tcp_send(struct tcp *tcp, struct tcp_conn *conn, const void *data, uint32_t length,
                  uint32_t flags)
{
    struct write_queue *queue = conn_need_queue(tcp, conn);
    uint32_t done;

    CHECK(!conn_has(conn, CONN_FIN_QUEUED));
    remember_growth(tcp, conn, queue);
    if (has_chunks(tcp)) {
        done = put_in_chunks(tcp, conn, queue, data, length);
    } else {
        const uint32_t limit = tcp_send_limit(tcp, conn);
        const uint32_t held = conn_send_held(conn);

        done = put_in_pages(tcp, conn, data, min32(length, limit > held ? limit - held : 0));
    }
    if (done > 0)
        queue->turn.has_waited = false;
    if (done < length) {
        flags = 0; /* of an end that is still to come */
        tcp_want_room(tcp, conn);
    }
    if (done == 0)
        return 0;
    chronograph_start(&queue->chronograph, CHRONO_BUSY, tcp->report.now);
    queue->chunks.is_held = (flags & LASTACK_MSG_MORE) != 0;
    if (!queue->chunks.is_held)
        queue->push = conn->snd.end;
    if (done < length) /* who waits for room does not wait for Nagle */
        queue->chunks.unheld = conn->snd.end;
    if (flags & LASTACK_MSG_EOR)
        queue->chunks.is_tail_ended = true;
    conn->owe |= OWE_SEND;
    settle(tcp, conn);
    return done;
}

/* ---- text that is written in place ---- */

/* What tcp_send would take for certain: of chunks, what is left of one. */
static uint32_t room_for_text(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t limit = tcp_send_limit(tcp, conn), held = conn_send_held(conn);
    uint32_t goal, tail;

    if (!has_chunks(tcp))
        return limit > held ? limit - held : 0;
    goal = chunk_goal(conn);
    if (conn->write_queue != POOL_NONE) {
        const struct chunks *chunks = &conn_queue(tcp, conn)->chunks;

        tail = chunks_tail_length(chunks, conn->snd.nxt, conn->snd.end);
        if (tail > 0 && tail < goal && !chunks->is_tail_ended)
            return goal - tail;
    }
    return may_begin_chunk(tcp, conn, conn->snd.nxt) ? goal : 0;
}

uint32_t tcp_send_room(struct tcp *tcp, struct tcp_conn *conn, uint32_t length)
{
    const uint32_t page = tcp->pages.page_size;
    const uint32_t in_page = page - (conn->snd.end.v & (page - 1));
    uint32_t room = min32(min32(length, room_for_text(tcp, conn)), page / 8 * page);

    if (UNLIKELY(!conn_may_take_page(tcp, conn)))
        room = min32(room, room_in_page(tcp, conn));
    if (room > 0 && !stream_make_room(&conn->send, &tcp->pages, conn->snd.end, room)) {
        room = min32(room, in_page);
        if (!stream_make_room(&conn->send, &tcp->pages, conn->snd.end, room)) {
            report_count(&tcp->report, LASTACK_CAUSE_NO_PAGE_LEFT);
            room = 0;
        }
    }
    if (room == 0)
        tcp_want_room(tcp, conn);
    return room;
}

bool tcp_has_send_room(const struct tcp *tcp, const struct tcp_conn *conn, uint32_t length)
{
    return length <= room_for_text(tcp, conn) &&
           stream_has_room(&conn->send, &tcp->pages, conn->snd.end, length);
}

void tcp_drop_send_room(struct tcp *tcp, struct tcp_conn *conn)
{
    const uint32_t page = tcp->pages.page_size;

    if (conn_send_held(conn) == 0)
        stream_clear(&conn->send, &tcp->pages);
    else
        stream_drop_room(&conn->send, &tcp->pages, conn->snd.end, page / 8 * page);
}

/* ---- room again ---- */

/* The buffer has room for a good deal. */
static bool has_buffer(const struct tcp *tcp, const struct tcp_conn *conn)
{
    const uint32_t limit = tcp_send_limit(tcp, conn);
    const uint32_t held = has_chunks(tcp) ? tcp_send_charge(tcp, conn) : conn_send_held(conn);
    const uint64_t not_sent =
        seq_after(conn->snd.end, conn->snd.nxt) ? seq_distance(conn->snd.nxt, conn->snd.end) : 0;

    if (has_chunks(tcp) && 2 * not_sent >= lowat_of(tcp, conn))
        return false;
    return limit > held && limit - held >= held / 2;
}

bool tcp_is_writable(const struct tcp *tcp, const struct tcp_conn *conn)
{
    return has_buffer(tcp, conn) && conn_has_page(tcp, conn);
}

void conn_check_room(struct tcp *tcp, struct tcp_conn *conn)
{
    if (!conn_has(conn, CONN_WANTS_ROOM) || !has_buffer(tcp, conn))
        return;
    if (!conn_has_page(tcp, conn)) {
        conn_wait_for_page(tcp, conn);
        return;
    }
    conn_leave_page_waiters(tcp, conn);
    conn->flags &= ~(uint32_t)CONN_WANTS_ROOM;
    conn_chrono_stop(tcp, conn, CHRONO_SNDBUF);
    conn_wake(tcp, conn, WAKE_WRITABLE);
}

void conn_stop_holding(struct tcp *tcp, struct tcp_conn *conn)
{
    if (conn->write_queue != POOL_NONE)
        conn_queue(tcp, conn)->chunks.is_held = false;
}

/* ---- the clocks ---- */

void conn_chrono_start(struct tcp *tcp, struct tcp_conn *conn, enum chronograph_kind kind)
{
    if (conn->write_queue != POOL_NONE)
        chronograph_start(&conn_queue(tcp, conn)->chronograph, kind, tcp->report.now);
}

void conn_chrono_stop(struct tcp *tcp, struct tcp_conn *conn, enum chronograph_kind kind)
{
    if (conn->write_queue != POOL_NONE)
        chronograph_stop(&conn_queue(tcp, conn)->chronograph, kind,
                         seq_after_or_equal(conn->snd.una, conn->snd.end), tcp->report.now);
}
