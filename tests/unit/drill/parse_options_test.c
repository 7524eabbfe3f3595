/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parse_options_test.c: options with their ranges, and who wins.
 */
#include "drill_test.h"

static struct script_memory memory;
static struct script_error error;

static bool apply(struct drill_settings *settings, enum settings_source source, const char *name,
                  const char *value)
{
    error = (struct script_error){0};
    return drill_settings_apply(settings, &memory, source, name, value, (struct place){0}, &error);
}

static void values_go_where_they_belong(void **state)
{
    struct drill_settings s;

    (void)state;
    drill_settings_init(&s, DRILL_LINUX);
    assert_int_equal(s.tolerance_us, 4000);
    assert_int_equal(s.tolerance_millis, 125);
    assert_int_equal(s.bind_port, 8080);
    assert_true(apply(&s, SETTINGS_SCRIPT, "tolerance_usecs", "75000"));
    assert_int_equal(s.tolerance_us, 75000);
    assert_true(apply(&s, SETTINGS_SCRIPT, "tolerance_percent", "2.5"));
    assert_int_equal(s.tolerance_millis, 25);
    assert_true(apply(&s, SETTINGS_SCRIPT, "ip_version", "ipv4_mapped_ipv6"));
    assert_int_equal(s.ip_version, DRILL_IPV4_MAPPED);
    assert_true(apply(&s, SETTINGS_SCRIPT, "ip-version", "ipv6"));
    assert_int_equal(s.ip_version, DRILL_IPV6);
    assert_true(apply(&s, SETTINGS_SCRIPT, "local_ip", "\"192.0.2.7\""));
    assert_string_equal(s.local_ip, "192.0.2.7");
    assert_true(apply(&s, SETTINGS_SCRIPT, "strict_segments", NULL));
    assert_true(s.strict_segments);
    assert_true(apply(&s, SETTINGS_SCRIPT, "non_fatal", "packet,syscall"));
    assert_true(s.non_fatal_packet && s.non_fatal_call);
    assert_true(apply(&s, SETTINGS_SCRIPT, "udp_encapsulation", "tcp"));
    assert_true(s.tcp_over_udp);
    assert_true(apply(&s, SETTINGS_SCRIPT, "speed", "100"));
    drill_settings_init(&s, DRILL_FREEBSD);
    assert_int_equal(s.tolerance_millis, 50);
}

static void the_command_line_wins(void **state)
{
    struct drill_settings s;

    (void)state;
    drill_settings_init(&s, DRILL_LINUX);
    assert_true(apply(&s, SETTINGS_COMMAND_LINE, "mss", "500"));
    assert_true(apply(&s, SETTINGS_SCRIPT, "mss", "1000"));
    assert_int_equal(s.mss, 500);
    assert_true(apply(&s, SETTINGS_SCRIPT, "mtu", "1520"));
    assert_int_equal(s.mtu, 1520);
    assert_true(apply(&s, SETTINGS_SCRIPT, "define", "X=1"));
    assert_true(apply(&s, SETTINGS_COMMAND_LINE, "define", "X=2"));
    assert_string_equal(drill_settings_symbol(&s, "X", 1), "2");
}

static void symbols_of_the_suites_depend_on_the_family(void **state)
{
    struct drill_settings s;

    (void)state;
    drill_settings_init(&s, DRILL_LINUX);
    assert_string_equal(drill_settings_symbol(&s, "CMSG_LEVEL_IP", 13), "SOL_IP");
    s.ip_version = DRILL_IPV6;
    assert_string_equal(drill_settings_symbol(&s, "CMSG_LEVEL_IP", 13), "SOL_IPV6");
    assert_true(apply(&s, SETTINGS_SCRIPT, "define", "CMSG_LEVEL_IP=SOL_IP"));
    assert_string_equal(drill_settings_symbol(&s, "CMSG_LEVEL_IP", 13), "SOL_IP");
    assert_null(drill_settings_symbol(&s, "CMSG", 4));
}

static void conditional_names(void **state)
{
    struct drill_settings s;

    (void)state;
    drill_settings_init(&s, DRILL_FREEBSD);
    assert_true(drill_settings_is_defined(&s, "FreeBSD", 7));
    assert_false(drill_settings_is_defined(&s, "Linux", 5));
    assert_false(drill_settings_is_defined(&s, "STANDARD", 8));
    assert_true(drill_settings_define(&s, &memory, SETTINGS_COMMAND_LINE, "STANDARD",
                                      (struct place){0}, &error));
    assert_true(drill_settings_is_defined(&s, "STANDARD", 8));
}

static void assert_refused(const char *name, const char *value, const char *part)
{
    struct drill_settings s;

    drill_settings_init(&s, DRILL_LINUX);
    assert_false(apply(&s, SETTINGS_SCRIPT, name, value));
    if (strstr(error.message, part) == NULL)
        fail_msg("--%s: \"%s\" lacks \"%s\"", name, error.message, part);
}

static void what_is_wrong_names_the_option_and_its_range(void **state)
{
    (void)state;
    assert_refused("bind_port", "0", "--bind_port takes a number from 1 to 65535, not \"0\"");
    assert_refused("bind_port", "65536", "from 1 to 65535");
    assert_refused("bind_port", "12x", "from 1 to 65535");
    assert_refused("bind_port", NULL, "--bind_port needs a value");
    assert_refused("mtu", "20", "from 68 to 65535");
    assert_refused("ip_version", "ipv5", "ipv4, ipv6 or ipv4-mapped-ipv6");
    assert_refused("tolerance_percent", "x", "a percentage");
    assert_refused("tolerance_percent", "-1", "a percentage");
    assert_refused("non_fatal", "everything", "packet and syscall");
    assert_refused("strict_segments", "1", "takes no value");
    assert_refused("udp_encapsulation", "sctp", "takes tcp");
    assert_refused("so_filename", "x.so", "--so_filename is not supported: the stack under test");
    assert_refused("wire_client", NULL, "there is no wire");
    assert_refused("define", "1=2=", "a definition is");
    assert_refused("define", "X=\"open", "a definition is");
    assert_refused("define", "X=a b", "a definition is");
    assert_refused("define", "=3", "a definition is");
    assert_refused("", NULL, "unknown option --");
}

static void definitions_are_bounded(void **state)
{
    struct drill_settings s;
    char text[24];

    (void)state;
    drill_settings_init(&s, DRILL_LINUX);
    for (unsigned i = 0; i < 256; i++) {
        snprintf(text, sizeof text, "X%u=1", i);
        assert_true(apply(&s, SETTINGS_SCRIPT, "define", text));
    }
    assert_false(apply(&s, SETTINGS_SCRIPT, "define", "Y=1"));
    assert_non_null(strstr(error.message, "more than 256"));
}

static int teardown(void **state)
{
    (void)state;
    script_memory_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_go_where_they_belong),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(symbols_of_the_suites_depend_on_the_family),
        cmocka_unit_test(conditional_names),
        cmocka_unit_test(what_is_wrong_names_the_option_and_its_range),
        cmocka_unit_test(definitions_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, teardown);
}
