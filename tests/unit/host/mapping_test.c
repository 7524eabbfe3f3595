/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping_test.c: a mapping costs what is touched of it, and gets large pages when that is much.
 */
#include "mapping.h"
#include "duration.h"
#include "stack_memory.h"

#include <lastack/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Kilobytes that the map with this address in it has of `what` ("Rss", "AnonHugePages"). */
static size_t kilobytes(const void *at, const char *what)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[256], name[64];
    bool is_it = false;
    size_t sum = 0, value;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long first, end;

        if (sscanf(line, "%lx-%lx ", &first, &end) == 2)
            is_it = (unsigned long)at >= first && (unsigned long)at < end;
        else if (is_it && sscanf(line, "%63[^:]: %zu kB", name, &value) == 2 &&
                 strcmp(name, what) == 0)
            sum += value;
    }
    fclose(file);
    return sum;
}

static void fill(const struct mapping *mapping, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 4096)
        ((uint8_t *)mapping->base)[at] = (uint8_t)(at >> 12 | 1);
}

static bool is_filled(const struct mapping *mapping, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 4096)
        if (((uint8_t *)mapping->base)[at] != (uint8_t)(at >> 12 | 1))
            return false;
    return true;
}

static void costs_what_is_touched(void **state)
{
    (void)state;
    struct mapping mapping;
    struct trouble trouble;

    assert_true(mapping_make(&mapping, (size_t)1 << 34, &trouble));
    assert_int_equal((uintptr_t)mapping.base % (2 << 20), 0);
    fill(&mapping, 0, 4 << 20);
    mapping_follow_use(&mapping, 4 << 20);
    assert_int_equal(kilobytes(mapping.base, "Rss"), 4 << 10);
    mapping_follow_use(&mapping, MAPPING_MUCH - 1);
    assert_false(mapping.has_large_pages);
    assert_int_equal(kilobytes(mapping.base, "AnonHugePages"), 0);
    mapping_release(&mapping);
}

static bool system_has_large_pages(void)
{
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
    char text[64] = "";
    bool is_readable;

    if (file == NULL)
        return false;
    is_readable = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    return is_readable && strstr(text, "[never]") == NULL;
}

static void large_pages_when_much_is_used(void **state)
{
    (void)state;
    const size_t hole = MAPPING_MUCH + (64 << 20), end = hole + (4 << 20);
    struct mapping mapping;
    struct trouble trouble;

    if (!system_has_large_pages())
        skip();
    assert_true(mapping_make(&mapping, (size_t)1 << 34, &trouble));
    fill(&mapping, 0, MAPPING_MUCH);
    mapping_follow_use(&mapping, MAPPING_MUCH);
    assert_true(mapping.has_large_pages);
    fill(&mapping, hole, end);
    assert_true(is_filled(&mapping, 0, MAPPING_MUCH) && is_filled(&mapping, hole, end));
    /* what was there before and what came after; what nobody touched costs nothing */
    assert_true(kilobytes(mapping.base, "AnonHugePages") > 0);
    assert_true(kilobytes(mapping.base, "Rss") <= (MAPPING_MUCH + (4 << 20)) >> 10);
    mapping_release(&mapping);
}

/* A connection to itself over the stack's own loopback link, with `bytes` waiting to be sent. */
static void queue_text(struct lastack *stack, size_t bytes)
{
    static const uint8_t text[1 << 20];
    const struct lastack_endpoint local = {lastack_ipv4(127, 0, 0, 1), 80};
    const int listener = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    const int client = lastack_socket(stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    struct lastack_packet_out out[8];

    assert_int_equal(lastack_bind(stack, listener, &local), 0);
    assert_int_equal(lastack_listen(stack, listener, 1), 0);
    assert_int_equal(lastack_connect(stack, client, &local), -LASTACK_EINPROGRESS);
    assert_int_equal(lastack_output(stack, out, 8), 0);
    for (size_t done = 0; done < bytes; done += sizeof text)
        assert_int_equal(lastack_send(stack, client, text, sizeof text, 0), sizeof text);
}

/* The stack's own account of itself is what decides, looked at once a second. */
static void follows_a_stack(void **state)
{
    (void)state;
    struct lastack_config config;
    struct stack_memory memory;
    struct trouble trouble;
    struct lastack *stack;

    lastack_config_default(&config);
    config.max_pages = 1 << 20;
    config.params.autotune_send = false;
    config.params.send_buffer = config.params.send_buffer_max = 1 << 30;
    stack = stack_memory_create(&memory, &config, SEC(1), &trouble);
    assert_non_null(stack);
    stack_memory_follow_use(&memory, stack, SEC(1));
    assert_false(memory.mapping.has_large_pages);
    queue_text(stack, MAPPING_MUCH);
    stack_memory_follow_use(&memory, stack, SEC(2) - 1);
    assert_false(memory.mapping.has_large_pages);
    stack_memory_follow_use(&memory, stack, SEC(2));
    assert_true(memory.mapping.has_large_pages);
    lastack_check(stack);
    stack_memory_release(&memory);
    assert_null(memory.mapping.mapped);
}

/* What no machine has is refused in words. */
static void too_much(void **state)
{
    (void)state;
    struct mapping mapping;
    struct trouble trouble;

    assert_false(mapping_make(&mapping, (size_t)1 << 60, &trouble));
    assert_non_null(strstr(trouble.text, "map 1152921504608944128 bytes"));
    mapping_release(&mapping);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_what_is_touched),
        cmocka_unit_test(large_pages_when_much_is_used),
        cmocka_unit_test(follows_a_stack),
        cmocka_unit_test(too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
