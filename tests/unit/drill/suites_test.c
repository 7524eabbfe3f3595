/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suites_test.c: every public script parses and survives printing; mutated ones never crash or
 * hang.
 *
 * The suites are not part of this repository. Without them the first two tests are skipped, with a
 * message, and the third mutates a script of its own.
 */
#include "drill_test.h"
#include "rng.h"

struct parsing {
    enum drill_dialect dialect;
    unsigned good;
    char broken[1024];
};

static void parse_one(void *context, const char *path, const char *text, size_t length)
{
    struct parsing *parsing = context;
    struct drill_settings settings;
    struct drill_script script;
    struct script_error error;

    drill_settings_init(&settings, parsing->dialect);
    if (!drill_parse(path, text, length, &settings, &script, &error)) {
        script_error_text(&error, path, text, length, parsing->broken, sizeof parsing->broken);
        /* one script upstream begins with a stray "s" before its first comment */
        if (strncmp(text, "s//", 3) != 0)
            fail_msg("%s", parsing->broken);
        return;
    }
    assert_round_trip(&script, &settings);
    drill_script_free(&script);
    parsing->good++;
}

static void suite_parses(const char *name, enum drill_dialect dialect, unsigned at_least)
{
    struct parsing parsing = {.dialect = dialect};
    const char *folder = suites_folder();
    char path[1024];
    unsigned count;

    if (folder == NULL)
        skip();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    count = each_script(path, parse_one, &parsing);
    assert_true(count >= at_least);
    assert_true(parsing.good >= count - (dialect == DRILL_FREEBSD));
}

static void google_parses(void **state)
{
    (void)state;
    suite_parses("google", DRILL_LINUX, 80);
}

static void freebsd_parses(void **state)
{
    (void)state;
    suite_parses("freebsd", DRILL_FREEBSD, 500);
}

static void origin_parses(void **state)
{
    (void)state;
    suite_parses("../origin", DRILL_LINUX, 2);
}

/* ---- mutations ---- */

static const char seed_script[] =
    "--ip_version=ipv4\n`../common/defaults.sh\n sysctl -q net.ipv4.tcp_ecn=0`\n"
    "    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"
    "   +0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n"
    "   +0 bind(3, ..., ...) = 0 // comment\n"
    "   +0...0.200 accept(3, ..., ...) = 4\n"
    "#ifdef Linux\n"
    "  +.1 < [ect0] S 0:0(0) win 32792 <mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7>\n"
    "   +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8,FO abcd1234,nop,nop>\n"
    "#else\n  *  > R 1:1(0)\n#endif\n"
    " +.01 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 50}], msg_flags=0}, MSG_EOR|MSG_MORE) "
    "= 50\n"
    " +.3~+.4 > F. 1:1(0) ack 1 /* again */\n"
    "   +0 < icmp unreachable frag_needed mtu 1400 [0:1440(1440)]\n"
    "   +0 %{ assert 98000 <= tcpi_rtt <= 110000, 'rtt=%d' % (tcpi_rtt + 1); x = [1, 2] if y else "
    "z }%\n"
    "   +0 write(4, \"abc\"..., 100) = -1 EPIPE (Broken pipe)\n"
    "`cleanup`\n";

/* One random change: a byte, a cut, a doubled piece, a piece from elsewhere. */
static size_t mutate(struct rng *rng, char *text, size_t length, size_t size)
{
    static const char bytes[] = "<>()[]{}|,.:;+-*~=!\"'`%#/\\ \n\t0129afSPxXTRUE_\0\377";
    uint32_t at = rng_below(rng, (uint32_t)length), count = 1 + rng_below(rng, 20), from;

    if (count > length - at)
        count = (uint32_t)(length - at);
    switch (rng_below(rng, 4)) {
    case 0:
        text[at] = bytes[rng_below(rng, sizeof bytes - 1)];
        return length;
    case 1:
        memmove(text + at, text + at + count, length - at - count);
        return length - count > 0 ? length - count : 1;
    case 2:
        if (length + count > size)
            return length;
        memmove(text + at + count, text + at, length - at);
        return length + count;
    default:
        from = rng_below(rng, (uint32_t)(length - count + 1));
        memmove(text + at, text + from, count);
        return length;
    }
}

static void mutated_scripts_are_accepted_or_refused_at_a_place(void **state)
{
    struct drill_settings settings;
    struct drill_script good;
    unsigned refused = 0;
    struct rng rng;

    (void)state;
    rng_init(&rng, 20131109);
    drill_settings_init(&settings, DRILL_LINUX);
    parse_good(seed_script, DRILL_LINUX, &good);
    drill_script_free(&good);
    for (unsigned i = 0; i < 10000; i++) {
        char text[2 * sizeof seed_script], message[1024];
        size_t length = sizeof seed_script - 1;
        struct drill_script script;
        struct script_error error;

        memcpy(text, seed_script, length);
        for (uint32_t changes = 1 + rng_below(&rng, 4); changes > 0; changes--)
            length = mutate(&rng, text, length, sizeof text);
        if (drill_parse("mutated.pkt", text, length, &settings, &script, &error)) {
            assert_string_equal(error.message, "");
            drill_script_free(&script);
            continue;
        }
        refused++;
        assert_string_not_equal(error.message, "");
        assert_true(error.place.line >= 1 && error.place.column >= 1);
        script_error_text(&error, "mutated.pkt", text, length, message, sizeof message);
        assert_memory_equal(message, "mutated.pkt:", 12);
    }
    assert_true(refused > 3000 && refused < 9900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(google_parses),
        cmocka_unit_test(freebsd_parses),
        cmocka_unit_test(origin_parses),
        cmocka_unit_test(mutated_scripts_are_accepted_or_refused_at_a_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
