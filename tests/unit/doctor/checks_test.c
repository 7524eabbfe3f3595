/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks_test.c: checks on facts made by hand: what no namespace of ours can produce (orphan
 * limit, TCP memory, connection tracking), thresholds to both sides, and old settings in files.
 */
#include "checks.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct facts facts;
    struct facts_setting settings[16];
    struct facts_assignment assignments[4];
    struct lastack_connection_row rows[128];
    struct lastack_connection_row earlier[128];
    uint32_t listeners[8];
    uint32_t by_tuple[128];
    struct findings findings;
};

static struct fixture *make(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->facts.settings = f->settings;
    f->facts.assignments = f->assignments;
    f->facts.now.rows = f->rows;
    f->facts.before.rows = f->earlier;
    f->facts.listeners = f->listeners;
    f->facts.by_tuple = f->by_tuple;
    f->facts.seconds = 2;
    return f;
}

static void drop(struct fixture *f)
{
    findings_free(&f->findings);
    free(f);
}

static void set(struct fixture *f, const char *name, const char *value)
{
    struct facts_setting *setting = &f->settings[f->facts.setting_count++];
    snprintf(setting->name, sizeof setting->name, "%s", name);
    snprintf(setting->value, sizeof setting->value, "%s", value);
}

static void count(struct counters *counters, const char *text)
{
    counters_parse_sockstat(counters, text);
}

static size_t run(struct fixture *f, check_function *check)
{
    findings_free(&f->findings);
    check(&f->facts, &doctor_limits_default, &f->findings);
    return f->findings.count;
}

static double evidence(const struct finding *finding, const char *name)
{
    for (size_t i = 0; i < finding->evidence_count; i++)
        if (strcmp(finding->evidence[i].name, name) == 0)
            return finding->evidence[i].value;
    fail_msg("no evidence %s", name);
    return 0;
}

static struct lastack_connection_row *add_row(struct fixture *f, enum tcp_state state)
{
    struct lastack_connection_row *row = &f->rows[f->facts.now.row_count];
    f->by_tuple[f->facts.now.row_count] = (uint32_t)f->facts.now.row_count;
    if (state == TCP_LISTEN)
        f->listeners[f->facts.listener_count++] = (uint32_t)f->facts.now.row_count;
    f->facts.now.row_count++;
    *row = (struct lastack_connection_row){.protocol = LASTACK_PROTOCOL_TCP,
                                           .state = (uint8_t)state,
                                           .timer = -1,
                                           .inode = 7,
                                           .age_ns = -1,
                                           .gives_up_ns = -1,
                                           .fd = -1,
                                           .cookie = f->facts.now.row_count};
    row->local = (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 1), 80};
    row->remote = (struct lastack_endpoint){lastack_ipv4(192, 0, 2, 9), 40000};
    return row;
}

static void orphan_limit(void **state)
{
    (void)state;
    struct fixture *f = make();
    set(f, "net.ipv4.tcp_max_orphans", "1000");
    count(&f->facts.now.counters, "TCP: inuse 5 orphan 250 tw 0 alloc 6 mem 1\n");
    assert_int_equal(run(f, check_orphans), 0); /* a quarter is the limit */
    f->facts.now.counters.count = 0;
    count(&f->facts.now.counters, "TCP: inuse 5 orphan 251 tw 0 alloc 6 mem 1\n");
    assert_int_equal(run(f, check_orphans), 1);
    assert_true(evidence(&f->findings.list[0], "host_orphans") == 251);
    drop(f);
}

static void an_unknown_limit_is_no_evidence(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct lastack_connection_row *row = add_row(f, TCP_FIN_WAIT_2);
    row->inode = 0;
    row->owner_kind = LASTACK_OWNER_ORPHAN;
    row->age_ns = SEC(30);
    assert_int_equal(run(f, check_orphans), 1);
    const struct finding *finding = &f->findings.list[0];
    assert_non_null(strstr(finding->summary, "1 orphan in"));
    for (size_t i = 0; i < finding->evidence_count; i++) /* a namespace does not show it: not 0 */
        assert_string_not_equal(finding->evidence[i].name, "tcp_max_orphans");
    drop(f);
}

static void memory(void **state)
{
    (void)state;
    struct fixture *f = make();
    set(f, "net.ipv4.tcp_mem", "100 200 300");
    count(&f->facts.now.counters, "TCP: inuse 5 orphan 0 tw 0 alloc 6 mem 200\n");
    assert_int_equal(run(f, check_tcp_mem), 0);
    count(&f->facts.before.counters, "TcpExt: TCPAbortOnMemory 5\n");
    count(&f->facts.now.counters, "TcpExt: TCPAbortOnMemory 17\n");
    assert_int_equal(run(f, check_tcp_mem), 1);
    assert_true(evidence(&f->findings.list[0], "aborts_delta") == 12);
    assert_int_equal(f->findings.list[0].severity, SEVERITY_CRIT);
    f->facts.now.counters.count = 0;
    count(&f->facts.now.counters, "TCP: inuse 5 orphan 0 tw 0 alloc 6 mem 201\n");
    assert_int_equal(run(f, check_tcp_mem), 1);
    drop(f);
}

static void tracking(void **state)
{
    (void)state;
    struct fixture *f = make();
    assert_int_equal(run(f, check_conntrack), 0); /* not there at all */
    set(f, "net.netfilter.nf_conntrack_max", "1000");
    set(f, "net.netfilter.nf_conntrack_count", "800");
    assert_int_equal(run(f, check_conntrack), 0);
    strcpy(f->settings[1].value, "801");
    assert_int_equal(run(f, check_conntrack), 1);
    assert_int_equal(f->findings.list[0].severity, SEVERITY_WARN);
    strcpy(f->settings[1].value, "960");
    run(f, check_conntrack);
    assert_int_equal(f->findings.list[0].severity, SEVERITY_CRIT);
    drop(f);
}

static void folklore_in_files(void **state)
{
    (void)state;
    struct fixture *f = make();
    set(f, "net.ipv4.tcp_fin_timeout", "60");
    f->assignments[0] = (struct facts_assignment){"/etc/sysctl.d/99-tuning.conf", 3,
                                                  "net.ipv4.tcp_tw_recycle", "1"};
    f->assignments[1] = (struct facts_assignment){"/etc/sysctl.d/99-tuning.conf", 4,
                                                  "net.ipv4.tcp_fin_timeout", "10"};
    f->assignments[2] =
        (struct facts_assignment){"/etc/sysctl.conf", 9, "net.ipv4.tcp_fin_timeout", "60"};
    f->facts.assignment_count = 3;
    assert_int_equal(run(f, check_sysctl_folklore), 2);
    assert_non_null(strstr(f->findings.list[0].summary, "/etc/sysctl.d/99-tuning.conf:3"));
    assert_non_null(strstr(f->findings.list[1].summary, "99-tuning.conf:4"));
    drop(f);
}

static void close_wait_ages_and_blame(void **state)
{
    (void)state;
    struct fixture *f = make();
    struct lastack_connection_row *row = add_row(f, TCP_CLOSE_WAIT);
    row->age_ns = SEC(5) - 1;
    assert_int_equal(run(f, check_close_wait_leak), 0);
    row->age_ns = SEC(5);
    row->recv_q = 1;
    assert_int_equal(run(f, check_close_wait_leak), 1);
    assert_true(evidence(&f->findings.list[0], "unread_fin") == 1);
    row->inode = 0; /* never accepted: another check's business */
    assert_int_equal(run(f, check_close_wait_leak), 0);
    row->inode = 7;
    row->send_q = 100; /* still sending: a half-close in use */
    assert_int_equal(run(f, check_close_wait_leak), 0);
    drop(f);
}

static void many_close_waits_are_critical(void **state)
{
    (void)state;
    struct fixture *f = make();
    for (int i = 0; i < 100; i++)
        add_row(f, TCP_CLOSE_WAIT)->age_ns = SEC(60);
    assert_int_equal(run(f, check_close_wait_leak), 1); /* one process, one finding */
    assert_int_equal(f->findings.list[0].severity, SEVERITY_CRIT);
    assert_true(evidence(&f->findings.list[0], "sockets") == 100);
    drop(f);
}

static void half_close_threshold_follows_fin_timeout(void **state)
{
    (void)state;
    struct fixture *f = make();
    set(f, "net.ipv4.tcp_fin_timeout", "30");
    struct lastack_connection_row *row = add_row(f, TCP_FIN_WAIT_2);
    row->age_ns = SEC(60) - 1;
    assert_int_equal(run(f, check_half_closed_forever), 0);
    row->age_ns = SEC(60);
    assert_int_equal(run(f, check_half_closed_forever), 1);
    row->inode = 0; /* an orphan: tcp_fin_timeout ends it */
    assert_int_equal(run(f, check_half_closed_forever), 0);
    drop(f);
}

static void fill_ports(struct fixture *f, int used, enum tcp_state state, int64_t age_ns)
{
    f->facts.now.row_count = 0;
    for (int i = 0; i < used; i++) {
        struct lastack_connection_row *row = add_row(f, state);
        row->local.port = (uint16_t)(40000 + i);
        row->remote.port = 443;
        row->age_ns = age_ns;
    }
}

static void ports_by_destination(void **state)
{
    (void)state;
    struct fixture *f = make();
    set(f, "net.ipv4.ip_local_port_range", "40000 40099");
    static const struct {
        int used;
        int severity;
    } steps[] = {{49, -1},
                 {50, SEVERITY_INFO},
                 {80, SEVERITY_WARN},
                 {95, SEVERITY_CRIT},
                 {100, SEVERITY_CRIT}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        fill_ports(f, steps[i].used, TCP_ESTABLISHED, -1);
        assert_int_equal(run(f, check_port_exhaustion), steps[i].severity >= 0);
        if (steps[i].severity >= 0)
            assert_int_equal(f->findings.list[0].severity, steps[i].severity);
    }
    for (int i = 0; i < 100; i += 2) /* two destinations: each has the whole range */
        f->rows[i].remote.port = 80;
    assert_int_equal(run(f, check_port_exhaustion), 2);
    assert_true(evidence(&f->findings.list[0], "ports_used") == 50);
    fill_ports(f, 100, TCP_TIME_WAIT, SEC(5));
    set(f, "net.ipv4.tcp_tw_reuse", "1");
    assert_int_equal(run(f, check_port_exhaustion), 0); /* connect() may take them */
    set(f, "net.ipv4.tcp_timestamps", "0");
    assert_int_equal(run(f, check_port_exhaustion), 1); /* not without timestamps */
    drop(f);
}

static void resets_are_rates(void **state)
{
    (void)state;
    struct fixture *f = make();
    count(&f->facts.before.counters,
          "TcpExt: TCPAbortOnClose 1000 TCPAbortOnData 0\nTcp: OutRsts 1000\n");
    count(&f->facts.now.counters,
          "TcpExt: TCPAbortOnClose 1098 TCPAbortOnData 0\nTcp: OutRsts 1098\n");
    assert_int_equal(run(f, check_reset_storm), 0); /* 49 a second */
    f->facts.now.counters.count = 0;
    count(&f->facts.now.counters,
          "TcpExt: TCPAbortOnClose 1100 TCPAbortOnData 0\nTcp: OutRsts 1100\n");
    assert_int_equal(run(f, check_reset_storm), 1);
    assert_non_null(
        strstr(f->findings.list[0].summary, "unread data")); /* the specific counter wins */
    assert_true(evidence(&f->findings.list[0], "abort_on_close_per_s") == 50);
    drop(f);
}

static void notes_are_for_those_who_ask(void **state)
{
    (void)state;
    struct fixture *f = make();
    static const char *const ids[] = {"kill-capability", "netns-scope"};
    checks_run(&f->facts, &doctor_limits_default, NULL, 0, &f->findings);
    assert_int_equal(f->findings.count, 0);
    f->facts.destroy_status = -1; /* EPERM */
    checks_run(&f->facts, &doctor_limits_default, ids, 2, &f->findings);
    assert_int_equal(f->findings.count, 2);
    assert_non_null(strstr(f->findings.list[0].remedy, "CAP_NET_ADMIN"));
    drop(f);
}

static void every_check_has_an_id_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(check_count, 18);
    for (size_t i = 0; i < check_count; i++)
        assert_ptr_equal(check_find(checks[i].id), &checks[i]);
    assert_null(check_find("nonsense"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orphan_limit),
        cmocka_unit_test(an_unknown_limit_is_no_evidence),
        cmocka_unit_test(memory),
        cmocka_unit_test(tracking),
        cmocka_unit_test(folklore_in_files),
        cmocka_unit_test(close_wait_ages_and_blame),
        cmocka_unit_test(many_close_waits_are_critical),
        cmocka_unit_test(half_close_threshold_follows_fin_timeout),
        cmocka_unit_test(ports_by_destination),
        cmocka_unit_test(resets_are_rates),
        cmocka_unit_test(notes_are_for_those_who_ask),
        cmocka_unit_test(every_check_has_an_id_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
