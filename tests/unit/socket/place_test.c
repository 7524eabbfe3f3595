/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place_test.c: how much memory a stack asks for, and which it refuses.
 */
#include <lastack/stack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Sixteen TiB of pages alone: where 32 bits count bytes, they must not come out as a few. */
static void limits_that_do_not_fit_into_32_bits(void **state)
{
    static _Alignas(64) uint8_t memory[64];
    struct lastack_config config;
    size_t size;

    (void)state;
    lastack_config_default(&config);
    config.page_size = 65536;
    config.max_pages = 1u << 28;
    size = lastack_size(&config);
    if (sizeof(size_t) > sizeof(uint32_t))
        assert_true(size > (size_t)((uint64_t)1 << 44 & SIZE_MAX));
    else
        assert_int_equal(size, 0);
    assert_null(lastack_create(&config, memory, sizeof memory, 0));
}

/* Where bytes are counted in 32 bits a larger limit would now and then take less. */
static void more_never_takes_less(void **state)
{
    struct lastack_config config;
    size_t before = 0;

    (void)state;
    lastack_config_default(&config);
    for (config.max_connections = 1024; config.max_connections <= 1u << 24;
         config.max_connections *= 2) {
        const size_t size = lastack_size(&config);

        if (size == 0 && sizeof(size_t) == sizeof(uint32_t))
            return;
        assert_true(size > before);
        before = size;
    }
}

static void memory_that_is_refused(void **state)
{
    struct lastack_config config;
    uint8_t *memory;
    size_t size;

    (void)state;
    lastack_config_default(&config);
    config.max_pages = 64;
    size = lastack_size(&config);
    memory = aligned_alloc(64, (size + 127) & ~(size_t)63);
    assert_non_null(memory);
    memset(memory, 0, size);
    assert_null(lastack_create(&config, NULL, size, 0));
    assert_null(lastack_create(&config, memory + 8, size, 0));
    assert_null(lastack_create(&config, memory, size - 1, 0));
    assert_null(lastack_create(&config, memory, size, -1));
    config.max_connections = 0;
    assert_int_equal(lastack_size(&config), 0);
    assert_null(lastack_create(&config, memory, size, 0));
    config.max_connections = 4096;
    config.params.mss_min = 0xffffffff;
    assert_int_equal(lastack_size(&config), size); /* parameters need no memory */
    assert_null(lastack_create(&config, memory, size, 0));
    lastack_params_linux(&config.params);
    assert_ptr_equal(lastack_create(&config, memory, size, 0), memory);
    free(memory);
}

/* docs/embedding.md has these numbers, of 64-bit machines: who changes one changes it there. */
static void sizes_that_embedders_are_told(void **state)
{
    static const struct {
        enum lastack_pool pool;
        uint32_t bytes;
    } told[] = {
        {LASTACK_POOL_CONNECTIONS, 512},   {LASTACK_POOL_TIME_WAIT_IPV4, 48},
        {LASTACK_POOL_TIME_WAIT_IPV6, 72}, {LASTACK_POOL_SYN_ENTRIES, 112},
        {LASTACK_POOL_SOCKETS, 248},       {LASTACK_POOL_DESCRIPTORS, 16},
        {LASTACK_POOL_RANGES, 32},         {LASTACK_POOL_REPLIES, 128},
        {LASTACK_POOL_ENDPOINTS, 104},
    };
    struct lastack_config config;
    struct lastack *stack;
    void *memory;
    size_t size;

    (void)state;
    lastack_config_default(&config);
    size = lastack_size(&config);
    memory = calloc(1, size + 63);
    assert_non_null(memory);
    stack = lastack_create(&config, (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63), size, 0);
    assert_non_null(stack);
    if (sizeof(void *) == 8) {
        assert_in_range(size, (size_t)93 << 20, (size_t)94 << 20);
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
            struct lastack_pool_usage usage;

            lastack_pool_usage(stack, told[i].pool, &usage);
            assert_int_equal(usage.bytes_each, told[i].bytes);
        }
    }
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_that_do_not_fit_into_32_bits),
        cmocka_unit_test(more_never_takes_less),
        cmocka_unit_test(memory_that_is_refused),
        cmocka_unit_test(sizes_that_embedders_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
