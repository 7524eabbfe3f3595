/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command_shell_test.c: the built-in commands on a stack alone, with surroundings of the test's
 * own.
 */
#include "drill_test.h"

#include "commands.h"
#include "parameters.h"

struct around {
    struct target target;
    struct script_memory memory;
    struct command_shell shell;
    char note[256], made[64], removed[64];
    int64_t made_length;
};

static void note(void *context, const char *line)
{
    struct around *around = context;

    snprintf(around->note, sizeof around->note, "%s", line);
}

static void make_file(void *context, const char *path, int64_t length)
{
    struct around *around = context;

    snprintf(around->made, sizeof around->made, "%s", path);
    around->made_length = length;
}

static void remove_file(void *context, const char *path)
{
    struct around *around = context;

    snprintf(around->removed, sizeof around->removed, "%s", path);
}

static int holder_of(void *context, const struct lastack_connection_row *row)
{
    (void)context;
    (void)row;
    return -1;
}

static int set_up(void **state)
{
    static const struct command_surroundings surroundings = {note, make_file, remove_file,
                                                             holder_of};
    static struct around around;
    struct target_config config = {.mtu = 1500};

    around = (struct around){.made_length = -1};
    assert_true(profile_fill("linux", &config.params));
    assert_true(target_open(&around.target, &config));
    around.shell = (struct command_shell){.target = &around.target,
                                          .memory = &around.memory,
                                          .initial = config.params,
                                          .surroundings = &surroundings,
                                          .context = &around};
    *state = &around;
    return 0;
}

static int tear_down(void **state)
{
    struct around *around = *state;

    target_close(&around->target);
    script_memory_free(&around->memory);
    return 0;
}

static enum command_outcome run(struct around *around, const char *text, const char **said)
{
    struct command_pipeline *pipelines;

    *said = command_shell_read(&around->shell, text, &pipelines);
    return *said != NULL ? COMMAND_UNKNOWN : command_shell_run(&around->shell, pipelines, said);
}

static void parameters_are_set_and_restored(void **state)
{
    struct around *around = *state;
    const struct lastack_params *params = lastack_params(around->target.stack);
    const char *said;

    assert_true(params->sack);
    assert_int_equal(run(around, "sysctl -q net.ipv4.tcp_sack=0", &said), COMMAND_SUCCEEDED);
    assert_string_equal(said, "");
    assert_false(params->sack);
    assert_int_equal(run(around, "/tmp/sysctl_restore_7.sh", &said), COMMAND_SUCCEEDED);
    assert_true(params->sack);
    assert_int_equal(run(around, "echo 0 > /proc/sys/net/ipv4/tcp_sack", &said), COMMAND_SUCCEEDED);
    assert_false(params->sack);
}

/* The first one that fails ends the list, and is told with what it said. */
static void a_failure_ends_the_list(void **state)
{
    struct around *around = *state;
    const char *said;

    assert_int_equal(run(around, "true; sysctl nothing=1; sysctl net.ipv4.tcp_sack=0", &said),
                     COMMAND_FAILED);
    assert_non_null(strstr(said, "error executing `sysctl nothing=1`: it failed: "));
    assert_true(lastack_params(around->target.stack)->sack);
}

/* || is for what may fail; behind it the list goes on. */
static void an_alternative_is_for_a_failure(void **state)
{
    struct around *around = *state;
    const struct lastack_params *params = lastack_params(around->target.stack);
    const char *said;

    assert_int_equal(run(around, "sysctl nothing=1 || true; sysctl net.ipv4.tcp_sack=0", &said),
                     COMMAND_SUCCEEDED);
    assert_false(params->sack);
    assert_int_equal(run(around, "true || sysctl net.ipv4.tcp_sack=1; true", &said),
                     COMMAND_SUCCEEDED);
    assert_false(params->sack);
    assert_int_equal(run(around, "true || true && sysctl net.ipv4.tcp_sack=1", &said),
                     COMMAND_SUCCEEDED);
    assert_true(params->sack);
    assert_int_equal(run(around, "sysctl nothing=1 || sysctl nothing=2", &said), COMMAND_FAILED);
    assert_non_null(strstr(said, "nothing=2"));
    assert_int_equal(run(around, "|| true", &said), COMMAND_UNKNOWN);
}

/* Where errors go is no word of the command. */
static void errors_go_nowhere(void **state)
{
    struct around *around = *state;
    const struct lastack_params *params = lastack_params(around->target.stack);
    const char *said;

    assert_int_equal(run(around, "sysctl -e -q net.ipv4.tcp_sack=0 2>/dev/null", &said),
                     COMMAND_SUCCEEDED);
    assert_string_equal(said, "");
    assert_false(params->sack);
    assert_int_equal(run(around, "dd if=/dev/zero of=/tmp/z bs=1 count=2 2> /dev/null", &said),
                     COMMAND_SUCCEEDED);
    assert_int_equal(around->made_length, 2);
    assert_int_equal(run(around, "sysctl net.ipv4.tcp_sack=1 1>/dev/null 2>&1", &said),
                     COMMAND_SUCCEEDED);
    assert_true(params->sack);
    assert_int_equal(run(around, "sysctl net.ipv4.tcp_sack=0 2>/tmp/errors", &said),
                     COMMAND_UNKNOWN);
    assert_int_equal(run(around, "echo 0 >> /proc/sys/net/ipv4/tcp_sack", &said), COMMAND_UNKNOWN);
    assert_true(params->sack);
}

/* Nothing is done if one of them is not known. */
static void unknown_ones_are_told_before(void **state)
{
    struct around *around = *state;
    const char *said;

    assert_int_equal(run(around, "sysctl net.ipv4.tcp_sack=0 && reboot now", &said),
                     COMMAND_UNKNOWN);
    assert_string_equal(said, "not supported: the command `reboot now`");
    assert_int_equal(run(around, "echo x > /etc/passwd", &said), COMMAND_UNKNOWN);
    assert_string_equal(said, "not supported: the command `echo x > /etc/passwd`");
    assert_int_equal(run(around, "sleep 1 &", &said), COMMAND_UNKNOWN);
    assert_non_null(strstr(said, "a background job"));
    assert_true(lastack_params(around->target.stack)->sack);
}

static void files_are_the_surroundings(void **state)
{
    struct around *around = *state;
    const char *said;

    assert_int_equal(run(around, "dd if=/dev/zero of=/tmp/z bs=10 count=3", &said),
                     COMMAND_SUCCEEDED);
    assert_string_equal(around->made, "/tmp/z");
    assert_int_equal(around->made_length, 30);
    assert_int_equal(run(around, "/bin/rm -f /tmp/z", &said), COMMAND_SUCCEEDED);
    assert_string_equal(around->removed, "/tmp/z");
    assert_int_equal(run(around, "dd if=/etc/passwd of=/tmp/z count=1", &said), COMMAND_UNKNOWN);
}

static void what_has_no_effect_is_remarked(void **state)
{
    struct around *around = *state;
    const char *said;

    assert_int_equal(run(around, "sysctl -w net.inet.tcp.hostcache.purgenow=1", &said),
                     COMMAND_SUCCEEDED);
    assert_non_null(strstr(around->note, "purgenow"));
}

#define SHELL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL_TEST(parameters_are_set_and_restored),
        SHELL_TEST(a_failure_ends_the_list),
        SHELL_TEST(unknown_ones_are_told_before),
        SHELL_TEST(files_are_the_surroundings),
        SHELL_TEST(what_has_no_effect_is_remarked),
        SHELL_TEST(an_alternative_is_for_a_failure),
        SHELL_TEST(errors_go_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
