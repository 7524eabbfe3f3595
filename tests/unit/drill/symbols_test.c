/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols_test.c: Linux's numbers against the headers of this machine, and the ways between the
 * systems.
 */
#define _GNU_SOURCE
#include "drill_test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define SAME(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

/* Names that the headers of the machine know, too. */
static const struct {
    const char *name;
    int64_t value;
} headers[] = {
    SAME(AF_INET),
    SAME(AF_INET6),
    SAME(SOCK_STREAM),
    SAME(SOCK_DGRAM),
    SAME(SOCK_NONBLOCK),
    SAME(SOL_SOCKET),
    SAME(SOL_IP),
    SAME(SOL_IPV6),
    SAME(IPPROTO_TCP),
    SAME(SO_REUSEADDR),
    SAME(SO_ERROR),
    SAME(SO_SNDBUF),
    SAME(SO_RCVBUF),
    SAME(SO_KEEPALIVE),
    SAME(SO_LINGER),
    SAME(SO_REUSEPORT),
    SAME(SO_RCVLOWAT),
    SAME(SO_SNDTIMEO),
    SAME(SO_TIMESTAMP),
    SAME(SO_MARK),
    SAME(SO_TIMESTAMPING),
    SAME(SO_MAX_PACING_RATE),
    SAME(SO_ZEROCOPY),
    SAME(SO_COOKIE),
    SAME(IP_TOS),
    SAME(IP_TTL),
    SAME(IP_MTU_DISCOVER),
    SAME(IP_RECVERR),
    SAME(IP_MTU),
    SAME(IP_FREEBIND),
    SAME(IP_PMTUDISC_PROBE),
    SAME(IP_MINTTL),
    SAME(IPV6_UNICAST_HOPS),
    SAME(IPV6_MTU_DISCOVER),
    SAME(IPV6_MTU),
    SAME(IPV6_RECVERR),
    SAME(IPV6_V6ONLY),
    SAME(IPV6_HOPLIMIT),
    SAME(IPV6_TCLASS),
    SAME(TCP_NODELAY),
    SAME(TCP_MAXSEG),
    SAME(TCP_CORK),
    SAME(TCP_KEEPIDLE),
    SAME(TCP_KEEPINTVL),
    SAME(TCP_KEEPCNT),
    SAME(TCP_SYNCNT),
    SAME(TCP_LINGER2),
    SAME(TCP_DEFER_ACCEPT),
    SAME(TCP_WINDOW_CLAMP),
    SAME(TCP_INFO),
    SAME(TCP_QUICKACK),
    SAME(TCP_CONGESTION),
    SAME(TCP_MD5SIG),
    SAME(TCP_USER_TIMEOUT),
    SAME(TCP_FASTOPEN),
    SAME(TCP_TIMESTAMP),
    SAME(TCP_NOTSENT_LOWAT),
    SAME(TCP_CC_INFO),
    SAME(TCP_SAVE_SYN),
    SAME(TCP_FASTOPEN_CONNECT),
    SAME(TCP_FASTOPEN_KEY),
    SAME(TCP_INQ),
    SAME(TCP_CM_INQ),
    SAME(TCP_TX_DELAY),
    SAME(MSG_OOB),
    SAME(MSG_PEEK),
    SAME(MSG_DONTROUTE),
    SAME(MSG_CTRUNC),
    SAME(MSG_TRUNC),
    SAME(MSG_DONTWAIT),
    SAME(MSG_EOR),
    SAME(MSG_WAITALL),
    SAME(MSG_ERRQUEUE),
    SAME(MSG_NOSIGNAL),
    SAME(MSG_MORE),
    SAME(MSG_ZEROCOPY),
    SAME(MSG_FASTOPEN),
    SAME(MSG_CMSG_CLOEXEC),
    SAME(SHUT_RDWR),
    SAME(F_GETFL),
    SAME(F_SETFL),
    SAME(F_DUPFD_CLOEXEC),
    SAME(FD_CLOEXEC),
    SAME(O_RDWR),
    SAME(O_NONBLOCK),
    SAME(O_CREAT),
    SAME(O_APPEND),
    SAME(POLLIN),
    SAME(POLLOUT),
    SAME(POLLERR),
    SAME(POLLHUP),
    SAME(POLLRDHUP),
    SAME(EPOLLIN),
    SAME(EPOLLOUT),
    SAME(EPOLLET),
    SAME(EPOLLONESHOT),
    SAME(EPOLLEXCLUSIVE),
    SAME(EPOLLRDHUP),
    SAME(EPOLL_CTL_ADD),
    SAME(EPOLL_CTL_DEL),
    SAME(EPOLL_CTL_MOD),
    SAME(SIOCINQ),
    SAME(SIOCOUTQ),
    SAME(SIOCOUTQNSD),
    SAME(FIONREAD),
    SAME(EPERM),
    SAME(EBADF),
    SAME(EAGAIN),
    SAME(EWOULDBLOCK),
    SAME(ENOMEM),
    SAME(EFAULT),
    SAME(EINVAL),
    SAME(EMFILE),
    SAME(EPIPE),
    SAME(ENOTSOCK),
    SAME(EMSGSIZE),
    SAME(ENOPROTOOPT),
    SAME(EOPNOTSUPP),
    SAME(EADDRINUSE),
    SAME(EADDRNOTAVAIL),
    SAME(ENETUNREACH),
    SAME(ECONNABORTED),
    SAME(ECONNRESET),
    SAME(ENOBUFS),
    SAME(EISCONN),
    SAME(ENOTCONN),
    SAME(ETIMEDOUT),
    SAME(ECONNREFUSED),
    SAME(EHOSTUNREACH),
    SAME(EALREADY),
    SAME(EINPROGRESS),
    SAME(ENOMSG),
    SAME(IPTOS_DSCP_AF11),
    SAME(IPTOS_DSCP_EF),
    SAME(SOF_TIMESTAMPING_TX_SOFTWARE),
    SAME(SOF_TIMESTAMPING_OPT_ID),
    SAME(SOF_TIMESTAMPING_TX_SCHED),
    SAME(SOF_TIMESTAMPING_TX_ACK),
    SAME(SOF_TIMESTAMPING_OPT_STATS),
    SAME(SO_EE_ORIGIN_TIMESTAMPING),
    SAME(SO_EE_ORIGIN_ZEROCOPY),
    SAME(SCM_TSTAMP_ACK),
    SAME(TCP_NLA_BUSY),
    SAME(TCP_NLA_SRTT),
    SAME(TCP_NLA_DELIVERED_CE),
};

static void linux_numbers_are_those_of_its_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct symbol *symbol = symbol_find(headers[i].name);

        if (symbol == NULL || symbol->linux_value != (int64_t)(uint32_t)headers[i].value)
            fail_msg("%s is %lld here", headers[i].name, (long long)headers[i].value);
    }
}

static void no_name_is_listed_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < symbol_count(); i++) {
        assert_ptr_equal(symbol_find(symbol_at(i)->name), symbol_at(i));
        assert_true(symbol_at(i)->linux_value != SYMBOL_ABSENT ||
                    symbol_at(i)->freebsd_value != SYMBOL_ABSENT);
    }
    assert_null(symbol_at(symbol_count()));
    assert_null(symbol_find("SO_NONSENSE"));
}

static void numbers_of_the_two_systems_differ(void **state)
{
    (void)state;
    assert_int_equal(symbol_value(symbol_find("ECONNREFUSED"), DRILL_LINUX), 111);
    assert_int_equal(symbol_value(symbol_find("ECONNREFUSED"), DRILL_FREEBSD), 61);
    assert_int_equal(symbol_value(symbol_find("SO_REUSEADDR"), DRILL_FREEBSD), 4);
    assert_int_equal(symbol_value(symbol_find("TCP_KEEPIDLE"), DRILL_FREEBSD), 256);
    assert_int_equal(symbol_value(symbol_find("SO_ERROR"), DRILL_FREEBSD), 0x1007);
    assert_int_equal(symbol_value(symbol_find("TCP_FUNCTION_BLK"), DRILL_LINUX), 8192);
    assert_int_equal(symbol_value(symbol_find("SOL_TCP"), DRILL_FREEBSD), 6);
    assert_string_equal(symbol_errno_name(104), "ECONNRESET");
    assert_string_equal(symbol_errno_name(11), "EAGAIN");
    assert_null(symbol_errno_name(9999));
}

static void flags_are_translated_bit_by_bit(void **state)
{
    int64_t value;

    (void)state;
    assert_true(symbol_to_linux(SYMBOL_MESSAGE, DRILL_FREEBSD, 0x80 | 0x2, &value));
    assert_int_equal(value, MSG_DONTWAIT | MSG_PEEK);
    assert_true(symbol_to_linux(SYMBOL_OPEN, DRILL_FREEBSD, 2 | 4, &value));
    assert_int_equal(value, O_RDWR | O_NONBLOCK);
    assert_true(symbol_from_linux(SYMBOL_OPEN, DRILL_FREEBSD, O_RDWR | O_NONBLOCK, &value));
    assert_int_equal(value, 6);
    assert_true(symbol_to_linux(SYMBOL_ERRNO, DRILL_FREEBSD, 61, &value));
    assert_int_equal(value, 111);
    assert_true(symbol_to_linux(SYMBOL_MESSAGE, DRILL_FREEBSD, 0, &value));
    assert_int_equal(value, 0);
    assert_true(symbol_to_linux(SYMBOL_MESSAGE, DRILL_LINUX, 0x12345, &value));
    assert_int_equal(value, 0x12345);
    assert_false(symbol_to_linux(SYMBOL_MESSAGE, DRILL_FREEBSD, 0x100, &value));
    assert_false(symbol_to_linux(SYMBOL_TCP_OPTION, DRILL_FREEBSD, 8192, &value));
    assert_true(symbol_to_linux(SYMBOL_TCP_OPTION, DRILL_FREEBSD, 128, &value));
    assert_int_equal(value, 0x8080);
    assert_false(symbol_to_linux(SYMBOL_ERRNO, DRILL_FREEBSD, 12345, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linux_numbers_are_those_of_its_headers),
        cmocka_unit_test(no_name_is_listed_twice),
        cmocka_unit_test(numbers_of_the_two_systems_differ),
        cmocka_unit_test(flags_are_translated_bit_by_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
