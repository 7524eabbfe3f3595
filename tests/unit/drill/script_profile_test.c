/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script_profile_test.c: the profile that a script names in the comments at its head, and nowhere
 * else.
 */
#include "script_profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void named(const char *text, const char *wanted)
{
    char name[SCRIPT_PROFILE_MAX] = "?";

    if (wanted == NULL) {
        assert_false(script_profile(text, strlen(text), name));
        return;
    }
    assert_true(script_profile(text, strlen(text), name));
    assert_string_equal(name, wanted);
}

static void in_the_comments_at_the_head(void **state)
{
    (void)state;
    named("// profile: rfc\n", "rfc");
    named("//profile:rfc", "rfc");
    named("\n  // A story.\r\n//\n\t//  profile:  linux-2.6 \r\n0 socket()", "linux-2.6");
    named("// profile: freebsd as it ships\n", "freebsd");
    named("// profile: rfc\n// profile: linux\n", "rfc");
}

static void nowhere_else(void **state)
{
    (void)state;
    named("", NULL);
    named("/", NULL);
    named("// a profile: rfc\n", NULL);
    named("// profile:\n// rfc\n", NULL);
    named("0 socket(...) = 3\n// profile: rfc\n", NULL);
    named("--ip_version=ipv4\n// profile: rfc\n", NULL);
    named("/* profile: rfc */\n", NULL);
    named("// profile: a-name-that-is-longer-than-any-profile\n", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_comments_at_the_head),
        cmocka_unit_test(nowhere_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
