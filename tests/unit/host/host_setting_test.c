/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_setting_test.c: names in both spellings, files of sysctl.d in their order.
 */
#include "host_setting.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void names(void **state)
{
    (void)state;
    char dots[HOST_SETTING_TEXT], slashes[HOST_SETTING_TEXT];
    assert_int_equal(host_setting_read("net.ipv4.tcp_fin_timeout", dots), 0);
    assert_int_equal(host_setting_read("net/ipv4/tcp_fin_timeout", slashes), 0);
    assert_string_equal(dots, slashes);
    assert_true(host_setting_number("net.ipv4.tcp_fin_timeout", 0, -1) > 0);
    assert_int_equal(host_setting_number("net.ipv4.tcp_fin_timeout", 1, -1), -1);
    assert_true(host_setting_number("net.ipv4.ip_local_port_range", 1, -1) >
                host_setting_number("net.ipv4.ip_local_port_range", 0, 1 << 20) - 1);
    assert_int_equal(host_setting_read("net.ipv4.tcp_tw_recycle_no_such", dots), -ENOENT);
    assert_int_equal(host_setting_read("../../etc/passwd", dots), -EINVAL);
    assert_int_equal(host_setting_read("/etc/passwd", dots), -EINVAL);
    assert_int_equal(host_setting_read("", dots), -EINVAL);
}

struct seen {
    char text[1024];
};

static void note(void *context, const char *file, int line, const char *name, const char *value)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s:%d %s=%s\n", file, line, name, value);
}

static void files(void **state)
{
    (void)state;
    char root[] = "/tmp/host_setting_test.XXXXXX", command[512];
    struct seen seen = {{0}};
    assert_non_null(mkdtemp(root));
    snprintf(command, sizeof command,
             "mkdir -p %s/etc/sysctl.d && printf '# c\\n; c\\n\\nnet.ipv4.tcp_fin_timeout = 5\\n' "
             "> %s/etc/sysctl.d/20-b.conf &&"
             "printf -- '-net/ipv4/tcp_tw_recycle=1\\nbroken\\n' > %s/etc/sysctl.d/10-a.conf &&"
             "echo ignored=1 > %s/etc/sysctl.d/README && echo 'a.b=c d' > %s/etc/sysctl.conf",
             root, root, root, root, root);
    assert_int_equal(system(command), 0);
    host_setting_files(root, note, &seen);
    assert_string_equal(seen.text, "/etc/sysctl.d/10-a.conf:1 net.ipv4.tcp_tw_recycle=1\n"
                                   "/etc/sysctl.d/20-b.conf:4 net.ipv4.tcp_fin_timeout=5\n"
                                   "/etc/sysctl.conf:1 a.b=c d\n");
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names), cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
