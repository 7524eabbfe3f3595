/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag.c: questions to sock_diag and the way of their answers. See diag.h; what an answer says is
 * diag_parse.c's business.
 *
 *     start_message ─▶ ask ─▶ drain: read until done ─▶ diag_walk ─▶ sink_... one answer each
 */
#include "diag.h"

#include "diag_attributes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { DIAG_BUFFER = 1 << 16 };

struct diag {
    struct mnl_socket *socket;
    uint32_t sequence;
    uint32_t port;
    _Alignas(8) uint8_t buffer[DIAG_BUFFER];
};

/* ---- the socket ---- */

struct diag *diag_open(int *error)
{
    struct diag *diag = calloc(1, sizeof *diag);
    if (diag == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    diag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (diag->socket == NULL || mnl_socket_bind(diag->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        *error = -errno;
        diag_close(diag);
        return NULL;
    }
    diag->port = mnl_socket_get_portid(diag->socket);
    return diag;
}

void diag_close(struct diag *diag)
{
    if (diag == NULL)
        return;
    if (diag->socket != NULL)
        mnl_socket_close(diag->socket);
    free(diag);
}

static int take_message(const struct nlmsghdr *header, uint32_t sequence,
                        diag_message_callback *callback, void *context)
{
    const void *payload = mnl_nlmsg_get_payload(header);
    size_t length = mnl_nlmsg_get_payload_len(header);
    int status = 0;
    if (header->nlmsg_seq != sequence)
        return 1; /* a late answer to an older question */
    switch (header->nlmsg_type) {
    case NLMSG_DONE:
        if (length >= sizeof status)
            memcpy(&status, payload, sizeof status);
        return status < 0 ? status : 0;
    case NLMSG_ERROR: /* its status 0 is an acknowledgement: that ends the answer, too */
        if (length < sizeof status)
            return -EBADMSG;
        memcpy(&status, payload, sizeof status);
        return status <= 0 ? status : -EBADMSG;
    case SOCK_DIAG_BY_FAMILY:
        return callback(context, payload, length);
    default:
        return 1;
    }
}

int diag_walk(const void *buffer, size_t length, uint32_t sequence, diag_message_callback *callback,
              void *context)
{
    int left = (int)length;
    const struct nlmsghdr *header = buffer;
    while (mnl_nlmsg_ok(header, left)) {
        int status = take_message(header, sequence, callback, context);
        if (status <= 0)
            return status;
        header = mnl_nlmsg_next(header, &left);
    }
    return left > 0 ? -EBADMSG : 1; /* behind a bad length nothing can be told apart */
}

static int drain(struct diag *diag, diag_message_callback *callback, void *context)
{
    for (;;) {
        ssize_t received = mnl_socket_recvfrom(diag->socket, diag->buffer, sizeof diag->buffer);
        if (received < 0 && errno == EINTR)
            continue;
        if (received <= 0)
            return received == 0 ? -EPIPE : -errno;
        int status = diag_walk(diag->buffer, (size_t)received, diag->sequence, callback, context);
        if (status <= 0)
            return status;
    }
}

static struct nlmsghdr *start_message(struct diag *diag, uint16_t type, uint16_t flags)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(diag->buffer);
    header->nlmsg_type = type;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    header->nlmsg_seq = ++diag->sequence;
    return header;
}

static int ask(struct diag *diag, const struct nlmsghdr *header, diag_message_callback *callback,
               void *context)
{
    if (mnl_socket_sendto(diag->socket, header, header->nlmsg_len) < 0)
        return -errno;
    return drain(diag, callback, context);
}

/* ---- dumps ---- */

static uint8_t extensions(const struct diag_request *request)
{
    unsigned bits = 0;
    if (request->want_info)
        bits |= 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
    if (request->want_memory)
        bits |= 1 << (INET_DIAG_SKMEMINFO - 1);
    if (request->want_tos)
        bits |= 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1);
    return (uint8_t)bits;
}

static int dump_family(struct diag *diag, const struct diag_request *request, uint8_t family,
                       bool only_autobound, diag_message_callback *callback, void *context)
{
    struct nlmsghdr *header = start_message(diag, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
    struct inet_diag_req_v2 *question = mnl_nlmsg_put_extra_header(header, sizeof *question);
    question->sdiag_family = family;
    question->sdiag_protocol = request->protocol;
    question->idiag_ext = extensions(request);
    question->idiag_states = request->states;
    if (only_autobound) {
        static const struct inet_diag_bc_op program = {INET_DIAG_BC_AUTO, sizeof program,
                                                       2 * sizeof program};
        mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, sizeof program, &program);
    }
    if (request->states & 1 << DIAG_NEW_SYN_RECV) /* old kernels know requests by bit 3 only */
        question->idiag_states |= 1 << TCP_SYN_RECEIVED;
    return ask(diag, header, callback, context);
}

static int dump_families(struct diag *diag, const struct diag_request *request, bool only_autobound,
                         diag_message_callback *callback, void *context)
{
    int status = 0;
    if (request->ipv4)
        status = dump_family(diag, request, AF_INET, only_autobound, callback, context);
    if (status == 0 && request->ipv6)
        status = dump_family(diag, request, AF_INET6, only_autobound, callback, context);
    return status;
}

/* Cookies of sockets, sorted once complete. */
struct cookies {
    uint64_t *list;
    size_t count, capacity;
};

static int compare_cookies(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static int sink_cookie(void *context, const void *payload, size_t length)
{
    struct cookies *cookies = context;
    struct inet_diag_msg msg;
    if (length < sizeof msg)
        return 1;
    memcpy(&msg, payload, sizeof msg);
    if (cookies->count == cookies->capacity) {
        cookies->capacity = 2 * cookies->capacity + 256;
        uint64_t *bigger = realloc(cookies->list, cookies->capacity * sizeof *bigger);
        if (bigger == NULL)
            return -ENOMEM;
        cookies->list = bigger;
    }
    cookies->list[cookies->count++] =
        (uint64_t)msg.id.idiag_cookie[1] << 32 | msg.id.idiag_cookie[0];
    return 1;
}

static bool cookies_have(const struct cookies *cookies, uint64_t cookie)
{
    return cookies->count > 0 &&
           bsearch(&cookie, cookies->list, cookies->count, sizeof cookie, compare_cookies) != NULL;
}

struct row_sink {
    const struct diag_request *request;
    struct cookies autobound;
    lastack_row_callback *callback;
    void *context;
    uint64_t malformed;
    bool is_finished;
    struct lastack_connection_row row;
};

static int sink_row(void *context, const void *payload, size_t length)
{
    struct row_sink *sink = context;
    if (sink->is_finished)
        return 1;
    if (!diag_parse(payload, length, sink->request->protocol, &sink->row)) {
        sink->malformed++;
        return 1;
    }
    if (sink->request->limits != NULL)
        retry_limits_apply(sink->request->limits, &sink->row);
    sink->row.is_autobound = cookies_have(&sink->autobound, sink->row.cookie);
    sink->is_finished = !sink->callback(sink->context, &sink->row);
    return 1;
}

int diag_dump(struct diag *diag, const struct diag_request *request, lastack_row_callback *callback,
              void *context, uint64_t *malformed)
{
    struct row_sink sink = {.request = request, .callback = callback, .context = context};
    int status = 0;
    if (request->want_autobound) {
        status = dump_families(diag, request, true, sink_cookie, &sink.autobound);
        if (sink.autobound.count > 1)
            qsort(sink.autobound.list, sink.autobound.count, sizeof(uint64_t), compare_cookies);
    }
    if (status == 0)
        status = dump_families(diag, request, false, sink_row, &sink);
    free(sink.autobound.list);
    if (malformed != NULL)
        *malformed = sink.malformed;
    return status;
}

struct payload_sink {
    diag_payload_callback *callback;
    void *context;
    bool is_finished;
};

static int sink_payload(void *context, const void *payload, size_t length)
{
    struct payload_sink *sink = context;
    if (!sink->is_finished)
        sink->is_finished = !sink->callback(sink->context, payload, length);
    return 1;
}

int diag_dump_raw(struct diag *diag, const struct diag_request *request,
                  diag_payload_callback *callback, void *context)
{
    struct payload_sink sink = {.callback = callback, .context = context};
    return dump_families(diag, request, false, sink_payload, &sink);
}

/* ---- one socket ---- */

static void put_address(uint32_t words[4], const struct lastack_address *address, bool is_ipv6)
{
    memset(words, 0, 16);
    if (is_ipv6)
        memcpy(words, address->bytes, 16);
    else
        memcpy(words, address->bytes + 12, 4);
}

static struct nlmsghdr *one_socket(struct diag *diag, uint16_t type, uint16_t flags,
                                   const struct lastack_connection_row *row)
{
    struct nlmsghdr *header = start_message(diag, type, flags);
    struct inet_diag_req_v2 *question = mnl_nlmsg_put_extra_header(header, sizeof *question);
    question->sdiag_family = row->is_ipv6 ? AF_INET6 : AF_INET;
    question->sdiag_protocol = row->protocol;
    question->idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1);
    question->idiag_states = ~0u;
    question->id.idiag_sport = htons(row->local.port);
    question->id.idiag_dport = htons(row->remote.port);
    put_address(question->id.idiag_src, &row->local.address, row->is_ipv6);
    put_address(question->id.idiag_dst, &row->remote.address, row->is_ipv6);
    question->id.idiag_if = row->link;
    question->id.idiag_cookie[0] = row->cookie == 0 ? INET_DIAG_NOCOOKIE : (uint32_t)row->cookie;
    question->id.idiag_cookie[1] =
        row->cookie == 0 ? INET_DIAG_NOCOOKIE : (uint32_t)(row->cookie >> 32);
    return header;
}

struct find_sink {
    uint8_t protocol;
    bool is_found;
    struct lastack_connection_row *row;
};

static int sink_found(void *context, const void *payload, size_t length)
{
    struct find_sink *sink = context;
    sink->is_found = diag_parse(payload, length, sink->protocol, sink->row);
    return sink->is_found ? 0 : -EBADMSG; /* one answer, no DONE follows */
}

int diag_find(struct diag *diag, const struct lastack_connection_row *row,
              struct lastack_connection_row *found)
{
    struct find_sink sink = {.protocol = row->protocol, .row = found};
    const struct nlmsghdr *header = one_socket(diag, SOCK_DIAG_BY_FAMILY, 0, row);
    int status = ask(diag, header, sink_found, &sink);
    if (status == -ESTALE)
        return -ENOENT; /* another socket has the tuple now */
    return status != 0 ? status : sink.is_found ? 0 : -ENOENT;
}

static int ignore_message(void *context, const void *payload, size_t length)
{
    (void)context;
    (void)payload;
    (void)length;
    return 1;
}

int diag_destroy(struct diag *diag, const struct lastack_connection_row *row)
{
    const struct nlmsghdr *header = one_socket(diag, SOCK_DESTROY, NLM_F_ACK, row);
    int status = ask(diag, header, ignore_message, NULL);
    return status == -ESTALE ? -ENOENT : status;
}

int diag_probe_destroy(struct diag *diag)
{
    /* 192.0.2.0/24 is documentation (RFC 5737); a cookie that no socket has makes it certain. */
    struct lastack_connection_row row = {.protocol = LASTACK_PROTOCOL_TCP,
                                         .cookie = UINT64_MAX - 1,
                                         .local.port = 9,
                                         .remote.port = 9};
    static const uint8_t documentation[16] = {
        [10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1};
    memcpy(row.local.address.bytes, documentation, 16);
    memcpy(row.remote.address.bytes, documentation, 16);
    int status = diag_destroy(diag, &row);
    return status == -ENOENT ? 0 : status;
}

/* ---- UNIX sockets ---- */

struct unix_sink {
    diag_unix_callback *callback;
    void *context;
    bool is_finished;
};

static int sink_unix(void *context, const void *payload, size_t length)
{
    struct unix_sink *sink = context;
    struct unix_diag_msg msg;
    if (sink->is_finished || length < sizeof msg)
        return 1;
    memcpy(&msg, payload, sizeof msg);
    struct diag_unix entry = {.inode = msg.udiag_ino};
    struct attributes attributes = attributes_behind(payload, length, sizeof msg);
    struct attribute attribute;
    while (attributes_next(&attributes, &attribute)) {
        if (attribute.type == UNIX_DIAG_PEER)
            entry.peer_inode = attribute_number(attribute.data, attribute.length);
        if (attribute.type == UNIX_DIAG_RQLEN)
            entry.queued_bytes = attribute_number(attribute.data, attribute.length);
    }
    sink->is_finished = !sink->callback(sink->context, &entry);
    return 1;
}

int diag_dump_unix(struct diag *diag, diag_unix_callback *callback, void *context)
{
    struct unix_sink sink = {.callback = callback, .context = context};
    struct nlmsghdr *header = start_message(diag, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
    struct unix_diag_req *question = mnl_nlmsg_put_extra_header(header, sizeof *question);
    question->sdiag_family = AF_UNIX;
    question->udiag_states = ~0u;
    question->udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN;
    return ask(diag, header, sink_unix, &sink);
}
