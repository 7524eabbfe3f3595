/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter_test.c: the language of filters: what matches, what is refused and where the caret points.
 */
#include "filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t device(const char *name)
{
    return strcmp(name, "eth0") == 0 ? 7 : 0;
}

static uint64_t cgroup(const char *path)
{
    return strcmp(path, "/web") == 0 ? 4711 : 0;
}

static int service(const char *name)
{
    return strcmp(name, "http") == 0 ? 80 : -1;
}

static int host(const char *name, struct lastack_address *addresses, int max)
{
    if (strcmp(name, "two.example") != 0 || max < 2)
        return 0;
    addresses[0] = lastack_ipv4(192, 0, 2, 1);
    lastack_address_parse("2001:db8::1", &addresses[1]);
    return 2;
}

static const struct filter_names names = {device, cgroup, service, host};
static const struct filter_scope scope = {.port_first = 32768, .port_last = 60999, .names = &names};

static struct lastack_connection_row row_of(const char *local, uint16_t lport, const char *remote,
                                            uint16_t rport)
{
    struct lastack_connection_row row = {
        .protocol = LASTACK_PROTOCOL_TCP, .state = TCP_ESTABLISHED, .age_ns = -1};
    assert_true(lastack_address_parse(local, &row.local.address));
    assert_true(lastack_address_parse(remote, &row.remote.address));
    row.local.port = lport;
    row.remote.port = rport;
    row.is_ipv6 = strchr(local, ':') != NULL;
    return row;
}

static struct filter *compiled(const char *text)
{
    struct filter_error error;
    struct filter *filter = filter_compile(text, &scope, &error);
    if (filter == NULL)
        fail_msg("%s: %s", text, error.message);
    return filter;
}

static bool matches(const char *text, const struct lastack_connection_row *row)
{
    struct filter *filter = compiled(text);
    bool result = filter_match(filter, row);
    filter_free(filter);
    return result;
}

struct expectation {
    const char *text;
    bool matches;
};

static void check_all(const struct expectation *expected, size_t count,
                      const struct lastack_connection_row *row)
{
    for (size_t i = 0; i < count; i++)
        if (matches(expected[i].text, row) != expected[i].matches)
            fail_msg("'%s' should %smatch", expected[i].text, expected[i].matches ? "" : "not ");
}

#define CHECK_ALL(expected, row) check_all(expected, sizeof(expected) / sizeof((expected)[0]), row)

static void addresses_and_ports(void **state)
{
    (void)state;
    struct lastack_connection_row row = row_of("192.0.2.1", 40000, "198.51.100.7", 80);
    static const struct expectation expected[] = {
        {"", true},
        {"src 192.0.2.1", true},
        {"src 192.0.2.2", false},
        {"src = 192.0.2.1", true},
        {"src != 192.0.2.1", false},
        {"src 192.0.2.0/24", true},
        {"src 192.0.3.0/24", false},
        {"src 192.0.0.0/22", true},
        {"src 0.0.0.0/0", true},
        {"dst 198.51.100.7:80", true},
        {"dst 198.51.100.7:81", false},
        {"dst :80", true},
        {"dst *:80", true},
        {"dst *", true},
        {"dst 198.51.100.0/24:80", true},
        {"dst :http", true},
        {"dst inet:198.51.100.7", true},
        {"dst two.example", false},
        {"src two.example", true},
        {"src two.example:40000", true},
        {"src two.example:40001", false},
        {"sport = :40000", true},
        {"sport == 40000", true},
        {"sport eq :40001", false},
        {"sport ne :40001", true},
        {"dport < :81", true},
        {"dport lt 80", false},
        {"dport <= 80", true},
        {"dport > 79", true},
        {"dport gt 80", false},
        {"dport >= 80", true},
        {"dport ge 81", false},
        {"dport leq 80", true},
        {"dport geq 81", false},
        {"dport neq 80", false},
        {"dport = :http", true},
        {"autobound", true},
        {"not autobound", false},
        {"src [::ffff:192.0.2.1]", true},
    };
    CHECK_ALL(expected, &row);
    struct lastack_connection_row six = row_of("2001:db8::1", 443, "2001:db8:5::9", 50000);
    static const struct expectation expected6[] = {
        {"src 2001:db8::1", true},
        {"src [2001:db8::1]:443", true},
        {"src [2001:db8::1]:80", false},
        {"dst 2001:db8::/32", true},
        {"dst 2001:db8:4::/47", true},
        {"dst 2001:db8:6::/47", false},
        {"dst [2001:db8::]/32:50000", true},
        {"src inet6:2001:db8::1", true},
        {"src two.example", true},
        {"src 192.0.2.1", false},
        {"autobound", false},
    };
    CHECK_ALL(expected6, &six);
}

static void logic_binds_as_in_ss(void **state)
{
    (void)state;
    struct lastack_connection_row row = row_of("192.0.2.1", 80, "198.51.100.7", 40000);
    static const struct expectation expected[] = {
        {"( sport = :80 or dport = :80 )", true},
        {"sport = :80 and dport = :80", false},
        {"sport = :80 dport = :40000", true},
        {"sport = :80 && dport = :40000", true},
        {"sport = :80 & dport = :1", false},
        {"sport = :1 | dport = :40000", true},
        {"sport = :1 || dport = :1", false},
        {"! sport = :80", false},
        {"not sport = :81", true},
        {"!sport=:81", true},
        {"not ( sport = :80 or sport = :81 )", false},
        {"! ! sport = :80", true},
        /* one rank, from left to right */
        {"sport = :80 or sport = :81 and dport = :1", false},
        {"sport = :80 or sport = :81 dport = :1", false},
        {"sport = :80 or (sport = :81 and dport = :1)", true},
        {"dport = :1 and sport = :81 or sport = :80", true},
        {"(sport = :80 or sport = :81) and dport = :1", false},
        {"not sport = :81 and dport = :40000", true},
        {"not sport = :80 or dport = :40000", true},
        {"((((sport=80))))", true},
        {"NOT sport = 81 AND dport = 40000", true},
    };
    CHECK_ALL(expected, &row);
}

static void states_and_groups(void **state)
{
    (void)state;
    struct lastack_connection_row row = row_of("192.0.2.1", 80, "198.51.100.7", 40000);
    row.state = TCP_TIME_WAIT;
    static const struct expectation expected[] = {
        {"state time-wait", true},
        {"state TIME_WAIT", true},
        {"state timewait", true},
        {"state established", false},
        {"state established state time-wait", true},
        {"exclude time-wait", false},
        {"excl established", true},
        {"state all exclude time-wait", false},
        {"state connected", true},
        {"state synchronized", true},
        {"state bucket", true},
        {"state big", false},
        {"state all sport = :80", true},
        {"state time-wait and sport = :80", true},
        {"state time-wait ( sport = :81 )", false},
        {"sport = :80 and state time-wait", true},
        {"( state close-wait or state time-wait )", true},
        {"state != time-wait", false},
        {"not state = close-wait", true},
    };
    CHECK_ALL(expected, &row);
    struct filter *filter = compiled("state close-wait state last-ack sport = :80");
    assert_int_equal(filter_states(filter), 1 << TCP_CLOSE_WAIT | 1 << TCP_LAST_ACK);
    filter_free(filter);
    filter = compiled("sport = :80");
    assert_int_equal(filter_states(filter), 0);
    assert_false(filter_is_empty(filter));
    filter_free(filter);
    assert_int_equal(filter_state_mask("connected") & 1 << TCP_LISTEN, 0);
    assert_int_equal(filter_state_mask("synchronized") & 1 << TCP_SYN_SENT, 0);
    assert_true((filter_state_mask("synchronized") & 1 << TCP_SYN_RECEIVED) != 0);
    assert_int_equal(filter_state_mask("nonsense"), 0);
    assert_int_equal(filter_state_mask(""), 0);
    assert_int_equal(filter_state_mask("bound-inactive"), FILTER_STATES_BOUND);
}

static void what_ss_lacks(void **state)
{
    (void)state;
    struct lastack_connection_row row = row_of("192.0.2.1", 80, "198.51.100.7", 40000);
    row.pid = 812;
    row.uid = 33;
    strcpy(row.comm, "nginx");
    row.netns = 4026531840u;
    row.age_ns = INT64_C(90) * 1000000000;
    row.owner_kind = LASTACK_OWNER_ACCEPT_QUEUE;
    row.cause = LASTACK_CAUSE_FIN;
    row.mark = 0x103;
    row.cgroup = 4711;
    row.link = 7;
    static const struct expectation expected[] = {
        {"pid = 812", true},
        {"pid=812", true},
        {"pid!=812", false},
        {"pid > 800", true},
        {"uid = 33", true},
        {"comm = nginx", true},
        {"comm=ngi*", true},
        {"comm=apache2", false},
        {"comm != ngi*", false},
        {"netns=4026531840", true},
        {"netns=net:[4026531840]", true},
        {"age>5", true},
        {"age > 89s", true},
        {"age > 90s", false},
        {"age >= 1.5m", true},
        {"age<2h", true},
        {"age > 95000ms", false},
        {"owner=accept_queue", true},
        {"owner = accept-queue", true},
        {"owner=process", false},
        {"owner!=process", true},
        {"why=fin", true},
        {"why = timeout", false},
        {"fwmark = 0x103", true},
        {"fwmark = 3/0xff", true},
        {"fwmark = 0x03", false},
        {"fwmark != 0x103", false},
        {"cgroup = /web", true},
        {"dev = eth0", true},
        {"dev eth0", true},
        {"dev = 8", false},
        {"dev != eth0", false},
    };
    CHECK_ALL(expected, &row);
    row.age_ns = -1; /* unknown is neither more nor less */
    assert_false(matches("age>5", &row));
    assert_false(matches("age<5", &row));
    struct filter *filter = compiled("age>5 and comm=x");
    assert_true(filter_needs_age(filter) && filter_needs_owners(filter));
    filter_free(filter);
}

struct refusal {
    const char *text;
    size_t position;
    const char *message; /* a part of it */
};

static void errors_point_at_the_place(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"sport", 5, "operator"},
        {"sport =", 7, "value is missing"},
        {"sport = :70000", 8, "no port"},
        {"sport = :gopherx", 8, "no service"},
        {"dst 1.2.3.4.5", 4, "no address"},
        {"dst 10.0.0.0/33", 4, "at most 32"},
        {"dst 2001:db8::/129", 4, "prefix"},
        {"dst [2001:db8::1", 4, "']'"},
        {"dst unix:/x", 4, "inet:"},
        {"dst nosuch.example", 4, "no host"},
        {"dst < 10.0.0.1", 4, "= or !="},
        {"( sport = :80", 13, "')' is missing"},
        {"sport = :80 )", 12, "never opened"},
        {"sport = :80 or", 14, "condition is missing"},
        {"and sport = :80", 0, "no condition"},
        {"fnord = 3", 0, "no condition"},
        {"state nonsense", 6, "no state"},
        {"state", 5, "state is expected"},
        {"owner = me", 8, "kind of owner"},
        {"age > yesterday", 6, "length of time"},
        {"pid = abc", 6, "no number"},
        {"dev = wlan9", 6, "no interface"},
        {"cgroup = /none", 9, "no cgroup"},
        {"fwmark = 1/zz", 9, "no mark"},
        {"sport > *", 8, "port is needed"},
        {"dst inet6:10.0.0.1", 4, "family"},
        {"sport = :80 = :81", 12, "operator without"},
        {"()", 1, "no condition"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct filter_error error;
        struct filter *filter = filter_compile(refusals[i].text, &scope, &error);
        if (filter != NULL)
            fail_msg("'%s' was taken", refusals[i].text);
        if (error.position != refusals[i].position ||
            strstr(error.message, refusals[i].message) == NULL)
            fail_msg("'%s': at %zu: %s", refusals[i].text, error.position, error.message);
    }
}

static void caret_stands_under_the_word(void **state)
{
    (void)state;
    struct filter_error error;
    char out[512];
    const char *text = "sport = :80 or fno\033rd";
    assert_null(filter_compile(text, &scope, &error));
    filter_error_text(text, &error, out, sizeof out);
    assert_string_equal(out, "'fno?rd' is no condition of a filter\n"
                             "  sport = :80 or fno?rd\n"
                             "                 ^\n");
}

static void bounds_hold(void **state)
{
    (void)state;
    struct filter_error error;
    char *text = calloc(1, 6000);
    memset(text, '(', 200);
    strcat(text, "sport = 1");
    assert_null(filter_compile(text, &scope, &error));
    assert_non_null(strstr(error.message, "64 levels"));
    text[0] = '\0';
    for (int i = 0; i < 300; i++)
        strcat(text, "uid=1 ");
    assert_null(filter_compile(text, &scope, &error));
    assert_non_null(strstr(error.message, "too long"));
    memset(text, 'a', 5000);
    assert_null(filter_compile(text, &scope, &error));
    text[300] = '\0';
    assert_null(filter_compile(text, &scope, &error));
    assert_non_null(strstr(error.message, "255 bytes"));
    free(text);
}

/* Any mixture of the language's own words is either compiled or refused, and what is compiled can
 * be run. */
static void random_words_never_break(void **state)
{
    (void)state;
    static const char *const words[] = {"(",      ")",       "and",       "or",        "not",
                                        "!",      "&&",      "|",         "sport",     "dport",
                                        "src",    "dst",     "=",         "!=",        "<",
                                        ">=",     ":80",     "192.0.2.1", "[::1]:5",   "10.0.0.0/8",
                                        "state",  "exclude", "time-wait", "autobound", "pid",
                                        "7",      "age",     "5s",        "comm",      "x*",
                                        "\x01",   "[",       "/",         ":",         "owner",
                                        "orphan", "why",     "dev",       "inet6:",    "*"};
    struct lastack_connection_row row = row_of("192.0.2.1", 80, "198.51.100.7", 40000);
    uint32_t seed = 1;
    int compiled_count = 0;
    for (int round = 0; round < 20000; round++) {
        char text[256] = "";
        for (int n = 0; n < 1 + round % 12; n++) {
            seed = seed * 1664525 + 1013904223;
            strcat(text, words[(seed >> 16) % (sizeof words / sizeof words[0])]);
            strcat(text, " ");
        }
        struct filter_error error;
        struct filter *filter = filter_compile(text, &scope, &error);
        if (filter == NULL) {
            assert_true(error.message[0] != '\0' && error.position <= strlen(text));
            continue;
        }
        compiled_count++;
        (void)filter_match(filter, &row);
        filter_free(filter);
    }
    assert_true(compiled_count > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_ports),
        cmocka_unit_test(logic_binds_as_in_ss),
        cmocka_unit_test(states_and_groups),
        cmocka_unit_test(what_ss_lacks),
        cmocka_unit_test(errors_point_at_the_place),
        cmocka_unit_test(caret_stands_under_the_word),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(random_words_never_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
