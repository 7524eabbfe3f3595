/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diag_test.c: answers of the kernel, true ones and broken ones, and one real round trip on
 * loopback.
 */
#include "diag.h"

#include "duration.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct answer {
    _Alignas(8) uint8_t bytes[1024];
    size_t length;
};

static void base(struct answer *answer, uint8_t family, uint8_t state)
{
    memset(answer, 0, sizeof *answer);
    struct inet_diag_msg msg = {
        .idiag_family = family, .idiag_state = state, .idiag_inode = 99, .idiag_uid = 33};
    msg.id.idiag_sport = htons(8080);
    msg.id.idiag_dport = htons(40000);
    msg.id.idiag_src[0] = htonl(0xc0000201);
    msg.id.idiag_dst[0] = htonl(0xc6336407);
    msg.id.idiag_cookie[0] = 5;
    msg.id.idiag_cookie[1] = 1;
    msg.idiag_rqueue = 3;
    msg.idiag_wqueue = 128;
    memcpy(answer->bytes, &msg, sizeof msg);
    answer->length = sizeof msg;
}

static void attribute(struct answer *answer, uint16_t type, const void *data, size_t length)
{
    struct nlattr head = {.nla_len = (uint16_t)(sizeof head + length), .nla_type = type};
    memcpy(answer->bytes + answer->length, &head, sizeof head);
    memcpy(answer->bytes + answer->length + sizeof head, data, length);
    answer->length += NLA_ALIGN(head.nla_len);
}

static void base_fields_arrive(void **state)
{
    (void)state;
    struct answer answer;
    struct lastack_connection_row row;
    base(&answer, AF_INET, TCP_CLOSE_WAIT);
    assert_true(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    char text[LASTACK_ENDPOINT_TEXT];
    lastack_endpoint_text(&row.local, text, sizeof text);
    assert_string_equal(text, "192.0.2.1:8080");
    lastack_endpoint_text(&row.remote, text, sizeof text);
    assert_string_equal(text, "198.51.100.7:40000");
    assert_int_equal(row.state, TCP_CLOSE_WAIT);
    assert_int_equal(row.inode, 99);
    assert_int_equal(row.uid, 33);
    assert_true(row.cookie == (UINT64_C(1) << 32 | 5));
    assert_int_equal(row.recv_q, 3);
    assert_int_equal(row.send_q, 128);
    assert_int_equal(row.timer, -1);
    assert_int_equal(row.fd, -1);
    assert_int_equal(row.cause, LASTACK_CAUSE_NONE); /* the kernel does not say */
    assert_int_equal(row.owner_kind, LASTACK_OWNER_PROCESS);
    assert_false(row.is_ipv6 || row.has_tcp_info || row.has_memory);
}

/* State 12 and 13 of new kernels, the timer of each state. */
static void states_and_timers(void **state)
{
    (void)state;
    static const struct {
        uint8_t state, timer, want_state;
        int want_timer;
    } cases[] = {
        {12, 1, TCP_SYN_RECEIVED, LASTACK_TIMER_SYN_ACK},
        {3, 1, TCP_SYN_RECEIVED, LASTACK_TIMER_SYN_ACK},
        {13, 0, TCP_CLOSED, -1},
        {5, 3, TCP_FIN_WAIT_2, LASTACK_TIMER_FIN_WAIT_2},
        {6, 3, TCP_TIME_WAIT, LASTACK_TIMER_TIME_WAIT},
        {1, 2, TCP_ESTABLISHED, LASTACK_TIMER_KEEPALIVE},
        {1, 4, TCP_ESTABLISHED, LASTACK_TIMER_PERSIST},
        {4, 1, TCP_FIN_WAIT_1, LASTACK_TIMER_RETRANSMIT},
        {1, 9, TCP_ESTABLISHED, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer answer;
        struct lastack_connection_row row;
        base(&answer, AF_INET6, cases[i].state);
        answer.bytes[2] = cases[i].timer;
        answer.bytes[3] = 2;
        uint32_t expires = 4944;
        memcpy(answer.bytes + offsetof(struct inet_diag_msg, idiag_expires), &expires, 4);
        assert_true(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
        assert_int_equal(row.state, cases[i].want_state);
        assert_int_equal(row.timer, cases[i].want_timer);
        assert_true(row.timer_left_ns == (cases[i].want_timer < 0 ? 0 : MS(4944)));
        assert_true(row.is_ipv6);
    }
}

/* 104 bytes (old glibc), 232 (6.1), 280 (6.18) and a future length: each is read as far as it
 * reaches. */
static void tcp_info_of_any_length(void **state)
{
    (void)state;
    uint8_t info[400];
    for (size_t i = 0; i < sizeof info; i++)
        info[i] = (uint8_t)i;
    static const size_t lengths[] = {7, 8, 104, 231, 232, 248, 280, 400};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct answer answer;
        struct lastack_connection_row row;
        base(&answer, AF_INET, TCP_ESTABLISHED);
        attribute(&answer, INET_DIAG_INFO, info, lengths[i]);
        assert_true(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
        assert_int_equal(row.has_tcp_info, lengths[i] >= 8);
        uint32_t rtt, snd_wnd, rto_time;
        memcpy(&rtt, info + 68, 4);
        memcpy(&snd_wnd, info + 228, 4);
        memcpy(&rto_time, info + 244, 4);
        assert_int_equal(row.tcp_info.tcpi_rtt, lengths[i] >= 104 ? rtt : 0);
        assert_int_equal(row.tcp_info.tcpi_snd_wnd, lengths[i] >= 232 ? snd_wnd : 0);
        assert_int_equal(row.tcp_info.tcpi_total_rto_time, lengths[i] >= 248 ? rto_time : 0);
    }
}

static void other_attributes_arrive(void **state)
{
    (void)state;
    struct answer answer;
    struct lastack_connection_row row;
    base(&answer, AF_INET, TCP_ESTABLISHED);
    uint32_t memory[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    attribute(&answer, INET_DIAG_SKMEMINFO, memory, sizeof memory);
    attribute(&answer, INET_DIAG_CONG, "a name far longer than sixteen bytes",
              36); /* not terminated */
    attribute(&answer, INET_DIAG_SHUTDOWN, "\x03", 1);
    attribute(&answer, INET_DIAG_MARK, &memory[6], 4);
    uint64_t group = UINT64_C(1) << 40;
    attribute(&answer, INET_DIAG_CGROUP_ID, &group, 8);
    attribute(&answer, 77, "?", 1); /* of a newer kernel */
    assert_true(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    assert_int_equal(row.memory.rcvbuf, 2);
    assert_int_equal(row.memory.drops, 9);
    assert_string_equal(row.congestion, "a name far long");
    assert_int_equal(row.shutdown, 3);
    assert_int_equal(row.mark, 7);
    assert_true(row.cgroup == group);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct answer answer;
    struct lastack_connection_row row;
    base(&answer, AF_INET, TCP_ESTABLISHED);
    for (size_t length = 0; length < sizeof(struct inet_diag_msg); length++)
        assert_false(diag_parse(answer.bytes, length, LASTACK_PROTOCOL_TCP, &row));
    base(&answer, AF_UNIX, TCP_ESTABLISHED);
    assert_false(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    base(&answer, AF_INET, 0);
    assert_false(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    base(&answer, AF_INET, 14);
    assert_false(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    for (uint16_t length = 0; length < 4;
         length++) { /* shorter than its own head: would never advance */
        base(&answer, AF_INET, TCP_ESTABLISHED);
        attribute(&answer, INET_DIAG_SHUTDOWN, "\x01", 1);
        memcpy(answer.bytes + sizeof(struct inet_diag_msg), &length, 2);
        assert_false(diag_parse(answer.bytes, answer.length, LASTACK_PROTOCOL_TCP, &row));
    }
    base(&answer, AF_INET, TCP_ESTABLISHED);
    attribute(&answer, INET_DIAG_SHUTDOWN, "\x01", 1);
    assert_false(
        diag_parse(answer.bytes, answer.length - 4, LASTACK_PROTOCOL_TCP, &row)); /* cut off */
}

/* Every byte of a good answer changed, cut anywhere: never a read outside (the sanitizers watch).
 * */
static void mutations_are_survived(void **state)
{
    (void)state;
    struct answer good;
    uint8_t info[280] = {1};
    base(&good, AF_INET6, TCP_ESTABLISHED);
    attribute(&good, INET_DIAG_INFO, info, sizeof info);
    attribute(&good, INET_DIAG_CONG, "cubic", 6);
    uint32_t seed = 7;
    int taken = 0;
    for (int round = 0; round < 30000; round++) {
        seed = seed * 1664525 + 1013904223;
        size_t length = seed % (good.length + 1);
        uint8_t *copy =
            malloc(length + 1); /* exactly as long as told, so that overreads are seen */
        memcpy(copy, good.bytes, length);
        if (length > 0)
            copy[(seed >> 8) % length] = (uint8_t)(seed >> 24);
        struct lastack_connection_row row;
        taken += diag_parse(copy, length, LASTACK_PROTOCOL_TCP, &row);
        free(copy);
    }
    assert_true(taken > 0 && taken < 30000);
}

static int count_message(void *context, const void *payload, size_t length)
{
    (void)payload;
    (void)length;
    ++*(int *)context;
    return 1;
}

static size_t message(uint8_t *at, uint16_t type, uint32_t sequence, const void *payload,
                      size_t length)
{
    struct nlmsghdr head = {
        .nlmsg_len = (uint32_t)(sizeof head + length), .nlmsg_type = type, .nlmsg_seq = sequence};
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, payload, length);
    return NLMSG_ALIGN(head.nlmsg_len);
}

static void messages_are_walked(void **state)
{
    (void)state;
    _Alignas(8) uint8_t buffer[512];
    int count = 0;
    int zero = 0, denied = -EPERM;
    size_t length =
        message(buffer, SOCK_DIAG_BY_FAMILY, 4, "late", 4); /* answers an older question */
    length += message(buffer + length, SOCK_DIAG_BY_FAMILY, 5, "abcd", 4);
    size_t one = length;
    assert_int_equal(diag_walk(buffer, length, 5, count_message, &count), 1);
    assert_int_equal(count, 1);
    length += message(buffer + length, NLMSG_DONE, 5, &zero, sizeof zero);
    assert_int_equal(diag_walk(buffer, length, 5, count_message, &count), 0);
    length = one + message(buffer + one, NLMSG_ERROR, 5, &denied, sizeof denied);
    assert_int_equal(diag_walk(buffer, length, 5, count_message, &count), -EPERM);
    length = one + message(buffer + one, NLMSG_ERROR, 5, "", 0);
    assert_int_equal(diag_walk(buffer, length, 5, count_message, &count), -EBADMSG);
    uint32_t huge = 4000;
    memcpy(buffer, &huge, 4); /* longer than what arrived */
    assert_int_equal(diag_walk(buffer, one, 5, count_message, &count), -EBADMSG);
    uint32_t tiny = 3;
    memcpy(buffer, &tiny, 4);
    assert_int_equal(diag_walk(buffer, one, 5, count_message, &count), -EBADMSG);
}

struct search {
    uint16_t port;
    int found;
    struct lastack_connection_row row;
};

static bool find_listener(void *context, const struct lastack_connection_row *row)
{
    struct search *search = context;
    if (row->local.port == search->port && row->state == TCP_LISTEN) {
        search->found++;
        search->row = *row;
    }
    return true;
}

/* A listener of ours, both ways of finding it, in this very kernel. */
static void a_real_listener(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 7), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    int error = 0;
    struct diag *diag = diag_open(&error);
    if (diag == NULL)
        skip(); /* a sandbox without netlink */
    struct search search = {.port = ntohs(address.sin_port)};
    struct diag_request request = {.protocol = LASTACK_PROTOCOL_TCP,
                                   .ipv4 = true,
                                   .ipv6 = true,
                                   .want_info = true,
                                   .want_memory = true,
                                   .states = DIAG_ALL_STATES};
    uint64_t malformed = 1;
    assert_int_equal(diag_dump(diag, &request, find_listener, &search, &malformed), 0);
    assert_int_equal(malformed, 0);
    assert_int_equal(search.found, 1);
    assert_int_equal(search.row.send_q, 7); /* the backlog */
    assert_true(search.row.has_tcp_info && search.row.has_memory && search.row.inode != 0);
    struct lastack_connection_row again;
    assert_int_equal(diag_find(diag, &search.row, &again), 0);
    assert_true(again.cookie == search.row.cookie);
    search.row.cookie ^= 1; /* another socket's cookie: not ours to touch */
    assert_int_equal(diag_find(diag, &search.row, &again), -ENOENT);
    search.row.cookie ^= 1;
    close(fd);
    assert_int_equal(diag_find(diag, &search.row, &again), -ENOENT);
    diag_close(diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_fields_arrive),     cmocka_unit_test(states_and_timers),
        cmocka_unit_test(tcp_info_of_any_length), cmocka_unit_test(other_attributes_arrive),
        cmocka_unit_test(nonsense_is_refused),    cmocka_unit_test(mutations_are_survived),
        cmocka_unit_test(messages_are_walked),    cmocka_unit_test(a_real_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
