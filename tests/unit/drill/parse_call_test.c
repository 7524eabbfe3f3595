/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_call_test.c: calls, their arguments of every form, and their results.
 */
#include "drill_test.h"

static const struct drill_call *call(const char *text)
{
    const struct drill_event *event = parse_action_text(text);

    assert_int_equal(event->kind, EVENT_CALL);
    return event->action.call;
}

/* What was parsed, printed again. */
static void assert_call(const char *text, const char *wanted)
{
    struct text out = {0};

    script_call_text(&out, call(text));
    assert_string_equal(text_string(&out), wanted);
    text_free(&out);
    free_action();
}

static void arguments_of_every_form(void **state)
{
    (void)state;
    assert_call("socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
                "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    assert_call("fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK) = 0",
                "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0");
    assert_call("sendto(4, NULL, 1, 0x20, ..., ...) = -1",
                "sendto(4, NULL, 1, 0x20, ..., ...) = -1");
    assert_call("setsockopt(3, SOL_TCP, TCP_CONGESTION, \"re\" \"no\", 4) = 0",
                "setsockopt(3, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0");
    assert_call("getsockopt(3, SOL_TCP, TCP_CONGESTION, \"re\"..., [4]) = 0",
                "getsockopt(3, SOL_TCP, TCP_CONGESTION, \"re\"..., [4]) = 0");
    assert_call("sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 50}, {...,1}], msg_flags=0}, "
                "MSG_EOR|MSG_MORE) = 51",
                "sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 50}, {..., 1}], msg_flags=0}, "
                "MSG_EOR|MSG_MORE) = 51");
    assert_call("poll([{fd=4, events=POLLOUT|POLLIN, revents=POLLOUT}], 1, 1000) = 1",
                "poll([{fd=4, events=POLLOUT|POLLIN, revents=POLLOUT}], 1, 1000) = 1");
    assert_call(
        "connect(3, {sa_family = AF_INET, sin_port = htons(80), sin_addr = "
        "inet_addr(\"192.0.2.1\")}, 16) = 0",
        "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"192.0.2.1\")}, "
        "16) = 0");
    assert_call("setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
                "setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0");
    assert_call("pipe([5, 6]) = 0", "pipe([5, 6]) = 0");
    assert_call("x([]) = 0", "x([]) = 0");
    assert_call(
        "setsockopt(4, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name=\"freebsd\", pcbcnt=0}, "
        "36) = 0",
        "setsockopt(4, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name=\"freebsd\", pcbcnt=0}, "
        "36) = 0");
    assert_call("getpid() = 3", "getpid() = 3");
}

static void structures_have_named_members(void **state)
{
    const struct drill_value *event =
        call("epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLOUT|EPOLLIN, "
             "fd=4}) = 0")
            ->arguments->next->next->next;

    (void)state;
    assert_int_equal(event->kind, VALUE_STRUCT);
    assert_string_equal(event->first->field, "events");
    assert_int_equal(event->first->kind, VALUE_OR);
    assert_null(event->first->first->field);
    assert_string_equal(event->first->first->next->text, "EPOLLIN");
    assert_string_equal(event->first->next->field, "fd");
    assert_int_equal(event->first->next->integer, 4);
    free_action();
}

static void results_errors_and_notes(void **state)
{
    const struct drill_call *p =
        call("connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");

    (void)state;
    assert_int_equal(p->argument_count, 3);
    assert_int_equal(p->result->integer, -1);
    assert_string_equal(p->error, "EINPROGRESS");
    assert_string_equal(p->note, "Operation now in progress");
    free_action();
    p = call("write(4, ..., 100) = -1 EPIPE(Broken Pipe)");
    assert_string_equal(p->error, "EPIPE");
    free_action();
    p = call("fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)");
    assert_int_equal(p->result->integer, 2);
    assert_null(p->error);
    assert_string_equal(p->note, "flags O_RDWR");
    free_action();
    p = call("sendto(6, NULL, 1, MSG_FASTOPEN, ..., ...) = -1");
    assert_null(p->error);
    assert_null(p->note);
    free_action();
}

/* 100 levels of [ or htons( are refused, not recursed into. */
static void nesting_is_bounded(void **state)
{
    char text[1024] = "0 x(";

    (void)state;
    memset(text + 4, '[', 100);
    assert_bad(text, 1, 21, "nested deeper");
    strcpy(text, "0 x(");
    for (unsigned i = 0; i < 100; i++)
        strcat(text, "htons(");
    assert_bad(text, 1, 5 + 32 * 6, "nested deeper");
    strcpy(text, "0 x(");
    for (unsigned i = 0; i < 100; i++)
        strcat(text, "A|[B|[");
    assert_bad(text, 1, 100, "nested deeper");
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    assert_bad("0 close(3)", 1, 11, "\"=\"");
    assert_bad("0 close(3) =", 1, 13, "a value");
    assert_bad("0 close(3 = 0", 1, 11, "\")\"");
    assert_bad("0 close(3,) = 0", 1, 11, "a value");
    assert_bad("0 close(3) = -1 EWHAT (x)", 1, 17, "the name of an error");
    assert_bad("0 close(3) = -1 EBADF (x\n", 1, 23, "no ) on its line");
    assert_bad("0 x(foo(3)) = 0", 1, 5, "no function of the language");
    assert_bad("0 x({foo(3), 4}) = 0", 1, 12, "= behind NAME(...)");
    assert_bad("0 x([1, 2) = 0", 1, 10, "\"]\"");
    assert_bad("0 x(1.5) = 0", 1, 5, "a value");
    assert_bad("0 x(A|) = 0", 1, 7, "a value");
    assert_bad("0...0.1 3 = 0", 1, 9, "the name of a call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_of_every_form),  cmocka_unit_test(structures_have_named_members),
        cmocka_unit_test(results_errors_and_notes), cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(what_is_wrong_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
