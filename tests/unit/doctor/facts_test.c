/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts_test.c: bundles from elsewhere: what is good is understood, what is broken is counted or
 * refused.
 */
#include "facts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add_meta(struct bundle *bundle)
{
    bundle_addf(
        bundle, "meta",
        "format 1\nbyte_order 1234\nnetns 4711\ntime_ns_1 1000000000\ntime_ns_2 3000000000\n"
        "has_owners 1\ndenied 2\ndestroy -1\n");
    bundle_add(bundle, "1.sockets", "", 0);
    bundle_add(bundle, "2.sockets", "", 0);
}

static void a_small_bundle(void **state)
{
    (void)state;
    struct bundle bundle = {0};
    struct facts *facts = malloc(sizeof *facts);
    add_meta(&bundle);
    bundle_addf(&bundle, "settings",
                "net.ipv4.ip_local_port_range\t40000 40009\n"
                "net.ipv4.ip_local_reserved_ports\t40001,40003-40004,50000\n"
                "net.ipv4.tcp_mem\t1 2 3\nno tab here\n");
    bundle_addf(&bundle, "files", "/etc/a.conf\t7\tnet.ipv4.tcp_tw_recycle\t1\nrubbish\n");
    bundle_addf(&bundle, "owners", "P 5 33 10 1024 1 4711 my server\nF 99 5 7\nP nonsense\nF\n");
    bundle_addf(&bundle, "leaks", "1 5 8 TCP\nx\n");
    bundle_addf(&bundle, "unix", "4 5 6\n");
    bundle_addf(&bundle, "1.netstat",
                "TcpExt: ListenDrops ListenOverflows\nTcpExt: 5 6\nTcpExt: odd\n");
    bundle_addf(&bundle, "2.netstat", "TcpExt: ListenDrops ListenOverflows\nTcpExt: 9 4\n");
    assert_int_equal(facts_read(facts, &bundle), 0);
    assert_true(facts->seconds == 2);
    assert_int_equal(facts->netns, 4711);
    assert_int_equal(facts->destroy_status, -1);
    assert_int_equal(facts_delta(facts, "TcpExt", "ListenDrops"), 4);
    assert_int_equal(facts_delta(facts, "TcpExt", "ListenOverflows"), 0); /* never backwards */
    assert_int_equal(facts_number(facts, "net.ipv4.tcp_mem", 2, 0), 3);
    assert_int_equal(facts_number(facts, "net.ipv4.tcp_mem", 3, -7), -7);
    struct port_range range = facts_ports(facts);
    assert_int_equal(range.available, 7);
    assert_true(facts_port_is_reserved(facts, 40004) && !facts_port_is_reserved(facts, 40005));
    assert_int_equal(facts->owners.denied, 2);
    const struct owner_process *process = owners_process(&facts->owners, 5);
    assert_non_null(process);
    assert_string_equal(process->comm, "my server");
    assert_int_equal(facts->assignment_count, 1);
    assert_int_equal(facts->leak_count, 1);
    assert_int_equal(facts->queue_count, 1);
    facts_free(facts);
    bundle_free(&bundle);
    free(facts);
}

static void broken_ones(void **state)
{
    (void)state;
    struct facts *facts = malloc(sizeof *facts);
    struct bundle bundle = {0};
    assert_int_equal(facts_read(facts, &bundle), -EPROTO);
    add_meta(&bundle);
    uint32_t head[2] = {4000000000u, 6}; /* longer than everything */
    bundle_add(&bundle, "2.sockets", head, sizeof head);
    assert_int_equal(facts_read(facts, &bundle), 0);
    assert_int_equal(facts->now.row_count, 0);
    assert_int_equal(facts->malformed, 1);
    facts_free(facts);
    uint32_t seed = 3;
    for (int round = 0; round < 300; round++) {
        struct bundle noise = {0};
        add_meta(&noise);
        for (int i = 0; i < 64; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t word = round % 2 == 0 ? seed >> 20 : seed;
            bundle_add(&noise, i % 3 == 0 ? "1.sockets" : "2.sockets", &word, 4);
            bundle_add(&noise, i % 2 == 0 ? "owners" : "settings", &word, 3);
        }
        assert_int_equal(facts_read(facts, &noise), 0);
        facts_free(facts);
        bundle_free(&noise);
    }
    bundle_free(&bundle);
    free(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_small_bundle),
                                       cmocka_unit_test(broken_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
