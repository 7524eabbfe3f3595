/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_test.c: what a run says about scripts that must fail, and why: a script that contradicts
 * itself, one that asks for what is not there, one that another TCP would pass.
 *
 * Each case goes on behind an open connection, descriptor 4. (What must pass is in tests/scripts.)
 */
#include "drill_test.h"

#include "parameters.h"
#include "run.h"

static const char opening[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                              "+0 bind(3, ..., ...) = 0\n"
                              "+0 listen(3, 1) = 0\n"
                              "+0 < S 0:0(0) win 32792 <mss 1000>\n"
                              "+0 > S. 0:0(0) ack 1 <...>\n"
                              "+.1 < . 1:1(0) ack 1 win 32792\n"
                              "+0 accept(3, ..., ...) = 4\n";

enum { CASE_LINE = 8 };

struct bad_case {
    enum drill_class class;
    const char *text, *said;
};

static void run_behind_opening(const char *text, struct drill_report *report)
{
    struct drill_run_options options = {0};
    struct drill_script script;
    char whole[2048];

    assert_true(profile_fill("linux", &options.params));
    snprintf(whole, sizeof whole, "%s%s\n", opening, text);
    parse_good(whole, DRILL_LINUX, &script);
    drill_run(&script, &options, report);
    drill_script_free(&script);
}

static void fails(const struct bad_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct drill_report report;

        run_behind_opening(cases[i].text, &report);
        if (report.has_passed || report.class != cases[i].class || report.line != CASE_LINE ||
            strstr(text_string(&report.message), cases[i].said) == NULL)
            fail_msg("%s\n  was said: line %u, %s: %s\n  expected: %s", cases[i].text, report.line,
                     drill_class_text(report.class), text_string(&report.message), cases[i].said);
        drill_report_free(&report);
    }
}

#define FAILS(cases) fails(cases, sizeof cases / sizeof cases[0])

/* A count beside a list is the list's. */
static void counts_are_those_of_the_lists(void **state)
{
    static const struct bad_case cases[] = {
        {DRILL_CLASS_SCRIPT, "+0 writev(4, [{..., 40}, {..., 60}], 1) = 40", "1 is given for 2"},
        {DRILL_CLASS_SCRIPT, "+0 readv(4, [{..., 40}], 2) = 40", "2 is given for 1"},
        {DRILL_CLASS_SCRIPT, "+0 poll([{fd=4, events=POLLIN, revents=0}], 2, 0) = 0",
         "2 is given for 1"},
        {DRILL_CLASS_SCRIPT,
         "+0 sendmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 40}], msg_flags=0}, 0) = 40",
         "2 is given for 1"},
        {DRILL_CLASS_SCRIPT,
         "+0 recvmsg(4, {msg_name(...)=..., msg_iov(3)=[{..., 40}], msg_flags=0}, 0) = 40",
         "3 is given for 1"},
    };

    (void)state;
    FAILS(cases);
}

/* The kernel tells how long an option's value is; the script says how long it must be. */
static void the_length_of_an_option_is_compared(void **state)
{
    static const struct bad_case cases[] = {
        {DRILL_CLASS_BEHAVIOUR, "+0 getsockopt(4, SOL_TCP, TCP_NODELAY, [0], [8]) = 0",
         "Bad getsockopt optlen: expected: 8 actual: 4"},
        {DRILL_CLASS_BEHAVIOUR,
         "+0 getsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=0, linger=0}, [4]) = 0",
         "Bad getsockopt optlen: expected: 4 actual: 8"},
        {DRILL_CLASS_BEHAVIOUR, "+0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 3) = 0",
         "errno 22 (EINVAL"},
    };

    (void)state;
    FAILS(cases);
}

/* By its own name, not "encapsulation". */
static void headers_outside_are_refused_by_name(void **state)
{
    static const struct bad_case cases[] = {
        {DRILL_CLASS_NOT_SUPPORTED, "+0 < gre: . 1:1(0) ack 1 win 257", "not supported: GRE"},
        {DRILL_CLASS_NOT_SUPPORTED,
         "+0 < ipv4 192.0.2.1 > 192.168.0.1: gre: . 1:1(0) ack 1 win 257", "not supported: GRE"},
        {DRILL_CLASS_NOT_SUPPORTED, "+0 > mpls (label 0, tc 0, [S], ttl 0): . 1:1(0) ack 1",
         "not supported: MPLS"},
        {DRILL_CLASS_NOT_SUPPORTED, "+0 < ipv4 192.0.2.1 > 192.168.0.1: . 1:1(0) ack 1 win 257",
         "not supported: IP in IP"},
        {DRILL_CLASS_NOT_SUPPORTED, "+0 > encap psp spi 1 . 1:1(0) ack 1", "not supported: PSP"},
    };

    (void)state;
    FAILS(cases);
}

/* What the stack cannot tell is not a mistake of the script. */
static void names_of_other_systems_are_not_supported(void **state)
{
    static const struct bad_case cases[] = {
        {DRILL_CLASS_NOT_SUPPORTED, "+0 %{ assert bbr_bw_lo > 0 }%", "not supported: bbr_bw_lo"},
        {DRILL_CLASS_NOT_SUPPORTED, "+0 %{ assert SK_MEMINFO_RMEM_ALLOC == 0 }%",
         "not supported: SK_MEMINFO_RMEM_ALLOC"},
        {DRILL_CLASS_NOT_SUPPORTED, "+0 %{ assert tcpi_received_ce == 0 }%",
         "not supported: tcpi_received_ce"},
        {DRILL_CLASS_SCRIPT, "+0 %{ assert cwnd == 10 }%", "the name cwnd is not known"},
    };

    (void)state;
    FAILS(cases);
}

static void keep_retransmission(void *context, const struct lastack_trace_record *record)
{
    if (record->what == LASTACK_TRACE_RETRANSMIT)
        *(struct lastack_trace_record *)context = *record;
}

/* A SYN-ACK that leaves again is told of as what it is. */
static void a_repeated_syn_ack_has_its_flags(void **state)
{
    static const char text[] = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
                               "+0 bind(3, ..., ...) = 0\n"
                               "+0 listen(3, 1) = 0\n"
                               "+0 < S 7:7(0) win 32792 <mss 1000>\n"
                               "+0 > S. 0:0(0) ack 8 <...>\n"
                               "+1 > S. 0:0(0) ack 8 <...>\n";
    struct lastack_trace_record seen = {0};
    struct drill_run_options options = {.on_trace = keep_retransmission, .context = &seen};
    struct drill_script script;
    struct drill_report report;

    (void)state;
    assert_true(profile_fill("linux", &options.params));
    parse_good(text, DRILL_LINUX, &script);
    drill_run(&script, &options, &report);
    assert_true(report.has_passed);
    assert_int_equal(seen.flags, LASTACK_SYN | LASTACK_ACK);
    assert_int_equal(seen.u.detail.ack, 8);
    assert_int_not_equal(seen.u.detail.seq, 0);
    drill_report_free(&report);
    drill_script_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_lists),
        cmocka_unit_test(the_length_of_an_option_is_compared),
        cmocka_unit_test(headers_outside_are_refused_by_name),
        cmocka_unit_test(names_of_other_systems_are_not_supported),
        cmocka_unit_test(a_repeated_syn_ack_has_its_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
