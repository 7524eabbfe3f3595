/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ladder_test.c: the samples drawn as text, compared with golden files; and what the model says.
 *
 *     ladder_test GOLDEN_FOLDER          LADDER_GOLDEN=write rewrites the files: then read the diff
 */
#include "ladder.h"

#include "duration.h"
#include "ladders.h"
#include "rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *golden_folder;

static char *read_all(const char *path)
{
    FILE *in = fopen(path, "r");
    char *data = NULL;
    size_t size = 0;

    if (in == NULL)
        return strdup("(no file)");
    if (getdelim(&data, &size, '\0', in) < 0) {
        free(data);
        data = strdup("");
    }
    fclose(in);
    return data;
}

static void compare_with_golden(const char *name, unsigned width, const char *drawn)
{
    char path[512];

    snprintf(path, sizeof path, "%s/ladder-%s-%u.txt", golden_folder, name, width);
    if (getenv("LADDER_GOLDEN") != NULL) {
        FILE *out = fopen(path, "w");

        assert_non_null(out);
        fputs(drawn, out);
        fclose(out);
    }
    char *golden = read_all(path);
    if (strcmp(golden, drawn) != 0)
        fail_msg("%s differs from:\n%s", path, drawn);
    free(golden);
}

static void texts_are_golden(void **state)
{
    static const unsigned widths[] = {80, 110};

    (void)state;
    for (size_t i = 0; i < ladder_sample_count; i++) {
        struct ladder ladder;

        ladder_sample_build(&ladder_samples[i], &ladder);
        for (unsigned w = 0; w < 2; w++) {
            struct text text = {0};
            const struct ladder_text_style style = {.width = widths[w]};

            ladder_draw_text(&ladder, &style, &text);
            compare_with_golden(ladder_samples[i].name, widths[w], text_string(&text));
            text_free(&text);
        }
        ladder_free(&ladder);
    }
}

/* No line is wider than asked for, whatever is drawn, and colour takes no room. */
static void widths_are_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < ladder_sample_count; i++) {
        struct ladder ladder;

        ladder_sample_build(&ladder_samples[i], &ladder);
        for (unsigned width = 60; width <= 170; width += 11) {
            unsigned limit = width < 72 ? 72 : width > 160 ? 160 : width;
            const struct ladder_text_style style = {.width = width, .has_color = width % 2};
            struct text text = {0};

            ladder_draw_text(&ladder, &style, &text);
            char *rest = text.data;
            for (char *line; (line = strsep(&rest, "\n")) != NULL;)
                assert_true(text_width(line, strlen(line)) <= limit);
            text_free(&text);
        }
        ladder_free(&ladder);
    }
}

static const struct ladder_sample *sample(const char *name)
{
    for (size_t i = 0; i < ladder_sample_count; i++)
        if (strcmp(ladder_samples[i].name, name) == 0)
            return &ladder_samples[i];
    fail_msg("no sample %s", name);
    return NULL;
}

static void is_state(const struct ladder *ladder, size_t row, unsigned end, enum tcp_state state,
                     enum ladder_certainty certainty)
{
    assert_true(row < ladder->count);
    assert_int_equal(ladder->rows[row].state[end].certainty, certainty);
    assert_string_equal(lastack_state_text(ladder->rows[row].state[end].state),
                        lastack_state_text(state));
}

/* ESTABLISHED of the passive end is drawn where the third packet arrives, though only the fifth
 * proves it, and only that the fourth came. */
static void hindsight_draws_states_where_they_begin(void **state)
{
    struct ladder ladder;

    (void)state;
    ladder_sample_build(sample("close"), &ladder);
    assert_int_equal(ladder.begin[0].state, TCP_CLOSED);
    assert_int_equal(ladder.begin[1].state, TCP_LISTEN);
    is_state(&ladder, 0, 1, TCP_SYN_RECEIVED, LADDER_PROVEN);
    is_state(&ladder, 2, 1, TCP_ESTABLISHED, LADDER_ASSUMED);
    is_state(&ladder, 3, 1, TCP_ESTABLISHED, LADDER_PROVEN);
    is_state(&ladder, 7, 0, TCP_FIN_WAIT_1, LADDER_PROVEN);
    is_state(&ladder, 7, 1, TCP_CLOSE_WAIT, LADDER_PROVEN);
    /* Its ACK may have been lost, and the FIN have brought it. */
    is_state(&ladder, 8, 0, TCP_FIN_WAIT_2, LADDER_ASSUMED);
    assert_int_equal(ladder.rows[9].kind, LADDER_PAUSE);
    is_state(&ladder, 10, 0, TCP_TIME_WAIT, LADDER_PROVEN);
    is_state(&ladder, 11, 1, TCP_CLOSED, LADDER_ASSUMED);
    assert_int_equal(ladder.summary.closed_first, 0);
    assert_int_equal(ladder.summary.time_wait, 0);
    assert_true(ladder.summary.is_time_wait_proven);
    ladder_free(&ladder);
}

/* The FIN of the right end is on its way when the left one closes: it is not drawn as heard. */
static void hindsight_does_not_draw_what_had_not_come(void **state)
{
    struct ladder ladder;

    (void)state;
    ladder_sample_build(sample("simultaneous-close"), &ladder);
    is_state(&ladder, 6, 0, TCP_FIN_WAIT_1, LADDER_PROVEN);
    is_state(&ladder, 6, 1, TCP_ESTABLISHED, LADDER_PROVEN);
    is_state(&ladder, 7, 1, TCP_FIN_WAIT_1, LADDER_PROVEN);
    is_state(&ladder, 7, 0, TCP_CLOSING, LADDER_PROVEN);
    is_state(&ladder, 9, 0, TCP_TIME_WAIT, LADDER_ASSUMED);
    assert_int_equal(ladder.summary.time_wait, 2);
    assert_false(ladder.summary.is_time_wait_proven);
    ladder_free(&ladder);
}

static void folds_lose_nothing(void **state)
{
    uint64_t segments = 0, bytes = 0;
    struct ladder ladder;
    unsigned folds = 0;

    (void)state;
    ladder_sample_build(sample("bulk-loss"), &ladder);
    for (size_t i = 0; i < ladder.count; i++) {
        const struct ladder_row *row = &ladder.rows[i];

        segments += row->kind == LADDER_FOLD ? row->segments : row->kind == LADDER_SEGMENT;
        bytes += row->kind == LADDER_FOLD ? row->bytes[1] : row->from == 1 ? row->length : 0;
        folds += row->kind == LADDER_FOLD;
    }
    assert_int_equal(folds, 1);
    assert_int_equal(segments, ladder.summary.segments);
    assert_int_equal(bytes, 306 * 1448 + 3 * 700);
    assert_int_equal(ladder.summary.bytes[1], 305 * 1448 + 700);
    assert_int_equal(ladder.summary.repeats[1], 3);
    assert_true(ladder.count < 40);
    ladder_free(&ladder);
}

static void a_ladder_of_nothing(void **state)
{
    struct ladder ladder;
    struct text text = {0};
    const struct ladder *const all[] = {&ladder};

    (void)state;
    ladder_init(&ladder, "a", "b");
    ladder_finish(&ladder);
    ladder_draw_text(&ladder, &(struct ladder_text_style){.width = 80}, &text);
    assert_non_null(strstr(text_string(&text), "Not closed."));
    text_clear(&text);
    ladder_draw_svg(all, 1, &text);
    assert_non_null(strstr(text_string(&text), "</svg>"));
    text_free(&text);
    ladder_free(&ladder);
}

/* Rows are bounded; what is beyond is counted and said. */
static void too_many_rows_are_left_out(void **state)
{
    struct ladder ladder;
    struct text text = {0};

    (void)state;
    ladder_init(&ladder, "a", "b");
    for (uint32_t i = 0; i < LADDER_ROWS_MAX + 5; i++) {
        const struct infer_packet packet = {
            .at = i,
            .from = i % 2,
            .segment = {.flags = LASTACK_ACK, .wnd = 1, .seq = {1}, .ack = {1}},
        };
        ladder_segment(&ladder, &packet);
    }
    ladder_finish(&ladder);
    assert_int_equal(ladder.left_out, 5);
    ladder_summary_text(&text, &ladder);
    assert_non_null(strstr(text_string(&text), "5 more segments are not drawn"));
    text_free(&text);
    ladder_free(&ladder);
}

/* Records alone are enough: segments from the trace, where nobody saw packets. */
static void records_alone_make_a_ladder(void **state)
{
    struct ladder ladder;
    const struct lastack_trace_record records[] = {
        {.what = LASTACK_TRACE_SEGMENT_IN,
         .flags = LASTACK_SYN,
         .time_ns = 1,
         .u.detail = {.seq = 100, .window = 70000}},
        {.what = LASTACK_TRACE_STATE,
         .new_state = TCP_SYN_RECEIVED,
         .time_ns = 1,
         .cause = LASTACK_CAUSE_SYN},
        {.what = LASTACK_TRACE_SEGMENT_OUT,
         .flags = LASTACK_SYN | LASTACK_ACK,
         .time_ns = 1,
         .u.detail = {.seq = 300, .ack = 101, .window = 65535}},
        {.what = LASTACK_TRACE_DROP, .time_ns = 2, .cause = LASTACK_CAUSE_DROP_PAWS},
    };

    (void)state;
    ladder_init(&ladder, "a", "b");
    ladder_set_own(&ladder, 1, TCP_LISTEN);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        ladder_trace(&ladder, &records[i], true);
    ladder_finish(&ladder);
    assert_int_equal(ladder.count, 3);
    assert_int_equal(ladder.rows[0].window, 70000);
    assert_string_equal(ladder.rows[0].cause[1], "SYN arrived");
    is_state(&ladder, 0, 1, TCP_SYN_RECEIVED, LADDER_PROVEN);
    is_state(&ladder, 1, 0, TCP_ESTABLISHED, LADDER_ASSUMED);
    assert_int_equal(ladder.rows[2].kind, LADDER_NOTE);
    assert_string_equal(ladder.rows[2].note, "timestamp too old (PAWS)");
    ladder_free(&ladder);
}

/* Records that are read after a later packet was seen stand where they belong. */
static void late_records_find_their_place(void **state)
{
    struct ladder ladder;
    struct infer_packet packet = {.at = 10, .segment = {.flags = LASTACK_SYN, .len = 1}};
    const struct lastack_trace_record records[] = {
        {.what = LASTACK_TRACE_STATE,
         .new_state = TCP_SYN_RECEIVED,
         .time_ns = 10,
         .cause = LASTACK_CAUSE_SYN},
        {.what = LASTACK_TRACE_STATE,
         .new_state = TCP_ESTABLISHED,
         .time_ns = 20,
         .cause = LASTACK_CAUSE_HANDSHAKE_ACK},
        {.what = LASTACK_TRACE_ACCEPTED, .time_ns = 20},
        {.what = LASTACK_TRACE_STATE,
         .new_state = TCP_FIN_WAIT_1,
         .time_ns = 25,
         .cause = LASTACK_CAUSE_CALL_CLOSE},
    };

    (void)state;
    ladder_init(&ladder, "a", "b");
    ladder_set_own(&ladder, 1, TCP_LISTEN);
    ladder_segment(&ladder, &packet);
    packet.segment = (struct segment){.flags = LASTACK_ACK, .seq = {1}, .ack = {1}};
    packet.at = 20;
    ladder_segment(&ladder, &packet);
    packet.at = 30;
    ladder_segment(&ladder, &packet);
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
        ladder_trace(&ladder, &records[i], false);
    assert_int_equal(ladder.count, 5);
    assert_string_equal(ladder.rows[0].cause[1], "SYN arrived");
    assert_string_equal(ladder.rows[1].cause[1], "ACK of our SYN arrived");
    assert_string_equal(ladder.rows[2].note, "accept()");
    assert_string_equal(ladder.rows[3].note, "close() of the last descriptor");
    assert_int_equal(ladder.rows[4].at, 30);
    is_state(&ladder, 0, 1, TCP_SYN_RECEIVED, LADDER_PROVEN);
    is_state(&ladder, 2, 1, TCP_ESTABLISHED, LADDER_PROVEN);
    is_state(&ladder, 4, 1, TCP_FIN_WAIT_1, LADDER_PROVEN);
    ladder_finish(&ladder);
    ladder_free(&ladder);
}

static void hostile_names_cannot_leave_the_picture(void **state)
{
    struct ladder ladder;
    struct text svg = {0};
    const struct ladder *const all[] = {&ladder};

    (void)state;
    ladder_init(&ladder, "<script>&\"", "b\x1b[2J");
    ladder_set_role(&ladder, 0, "</text><a href='x'>");
    ladder_finish(&ladder);
    ladder_draw_svg(all, 1, &svg);
    assert_null(strstr(text_string(&svg), "<script"));
    assert_null(strstr(text_string(&svg), "<a "));
    assert_null(strchr(text_string(&svg), '\x1b'));
    assert_non_null(strstr(text_string(&svg), "&lt;script&gt;&amp;&quot;"));
    text_free(&svg);
    ladder_free(&ladder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_golden),
        cmocka_unit_test(widths_are_kept),
        cmocka_unit_test(hindsight_draws_states_where_they_begin),
        cmocka_unit_test(hindsight_does_not_draw_what_had_not_come),
        cmocka_unit_test(folds_lose_nothing),
        cmocka_unit_test(a_ladder_of_nothing),
        cmocka_unit_test(too_many_rows_are_left_out),
        cmocka_unit_test(records_alone_make_a_ladder),
        cmocka_unit_test(late_records_find_their_place),
        cmocka_unit_test(hostile_names_cannot_leave_the_picture),
    };

    if (argc != 2)
        return 2;
    golden_folder = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
