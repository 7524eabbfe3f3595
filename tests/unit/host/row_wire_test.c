/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row_wire_test.c: any row survives the way to another process and back, every byte that means
 * something; and what is no row is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rng.h"
#include "row_wire.h"

#include <stdlib.h>
#include <string.h>

/* Random bytes in every field; then what has only some legal values is made legal. */
static struct lastack_connection_row random_row(struct rng *rng)
{
    struct lastack_connection_row row;
    uint8_t *bytes = (uint8_t *)&row;
    bool *const booleans[] = {&row.is_ipv6,    &row.has_tcp_info, &row.reuse_address,
                              &row.reuse_port, &row.v6_only,      &row.has_memory};

    for (size_t i = 0; i < sizeof row; i++)
        bytes[i] = rng_below(rng, 3) == 0 ? 0 : (uint8_t)rng_next(rng);
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++)
        memset(booleans[i], (int)rng_below(rng, 2), 1);
    for (size_t i = 0; i < sizeof row.comm; i++)
        row.comm[i] = (char)('a' + rng_below(rng, 26));
    row.comm[rng_below(rng, sizeof row.comm)] = '\0';
    strcpy(row.congestion, "cubic");
    return row;
}

/* The same row with the padding and the bytes behind texts zeroed, so that memory can be compared.
 * */
static struct lastack_connection_row canonical(const struct lastack_connection_row *row)
{
    json_t *object = row_encode(row);
    struct lastack_connection_row result;

    assert_non_null(object);
    assert_true(row_decode(object, &result));
    json_decref(object);
    return result;
}

static void expect_same_fields(const struct lastack_connection_row *a,
                               const struct lastack_connection_row *b)
{
#define SAME(field) assert_memory_equal(&a->field, &b->field, sizeof a->field)
    SAME(protocol);
    SAME(state);
    SAME(owner_kind);
    SAME(shutdown);
    SAME(is_ipv6);
    SAME(has_tcp_info);
    assert_true(lastack_address_equal(&a->local.address, &b->local.address));
    assert_true(lastack_address_equal(&a->remote.address, &b->remote.address));
    SAME(local.port);
    SAME(remote.port);
    SAME(link);
    SAME(cookie);
    SAME(inode);
    SAME(uid);
    SAME(mark);
    SAME(pid);
    SAME(fd);
    SAME(holders);
    assert_string_equal(a->comm, b->comm);
    SAME(recv_q);
    SAME(send_q);
    SAME(timer);
    SAME(timer_retries);
    SAME(timer_retries_max);
    SAME(timer_left_ns);
    SAME(gives_up_ns);
    SAME(cause);
    SAME(age_ns);
    SAME(reuse_address);
    SAME(reuse_port);
    SAME(v6_only);
    SAME(has_memory);
    SAME(tos);
    SAME(tclass);
    SAME(class_id);
    SAME(cgroup);
    SAME(netns);
    assert_string_equal(a->congestion, b->congestion);
    SAME(memory);
#undef SAME
}

static void rows_survive(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 1);
    for (int i = 0; i < 300; i++) {
        struct lastack_connection_row row = random_row(&rng), back = canonical(&row);

        expect_same_fields(&row, &back);
    }
}

/* Every field of tcp_info, found by writing each byte of it alone: no field is forgotten in the
 * table. */
static void no_byte_of_tcp_info_is_forgotten(void **state)
{
    static const size_t padding[] = {
        offsetof(struct lastack_tcp_info, tcpi_fastopen_client_fail) + 1,
        offsetof(struct lastack_tcp_info, tcpi_fastopen_client_fail) + 2,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(struct lastack_tcp_info); i++) {
        struct lastack_connection_row row = {.state = TCP_ESTABLISHED}, back;

        memset((uint8_t *)&row.tcp_info + i, 0x7f, 1);
        back = canonical(&row);
        if (memcmp(&row.tcp_info, &back.tcp_info, sizeof row.tcp_info) == 0)
            continue;
        assert_true(i == padding[0] || i == padding[1] ||
                    i >= offsetof(struct lastack_tcp_info, tcpi_total_rto_time) + 4 ||
                    (i >= offsetof(struct lastack_tcp_info, tcpi_total_retrans) + 4 &&
                     i < offsetof(struct lastack_tcp_info, tcpi_pacing_rate)));
    }
}

static bool decodes(const char *text)
{
    struct lastack_connection_row row;
    json_t *object = json_loads(text, 0, NULL);
    bool is_good = row_decode(object, &row);

    json_decref(object);
    return is_good;
}

static void what_is_no_row_is_refused(void **state)
{
    (void)state;
    assert_true(decodes("{}"));
    assert_true(decodes("{\"a field of tomorrow\":1,\"state\":1}"));
    assert_false(decodes("[]"));
    assert_false(decodes("{\"state\":256}"));
    assert_false(decodes("{\"state\":-1}"));
    assert_false(decodes("{\"state\":\"LISTEN\"}"));
    assert_false(decodes("{\"timer\":128}"));
    assert_true(decodes("{\"timer\":-1}"));
    assert_false(decodes("{\"is_ipv6\":1}"));
    assert_false(decodes("{\"comm\":\"a name of more than thirty-one bytes\"}"));
    assert_false(decodes("{\"local\":\"192.0.2.1\"}"));
    assert_false(decodes("{\"local\":80}"));
}

static void endpoints(void **state)
{
    static const char *const bad[] = {"",         ":80",          "192.0.2.1:", "192.0.2.1:65536",
                                      "[::1]:-1", "192.0.2.1:8x", "[::1:80",    "x:80",
                                      "[]:80",    "1.2.3:*"};
    struct lastack_endpoint endpoint;

    (void)state;
    assert_true(endpoint_decode("192.0.2.1:80", &endpoint));
    assert_int_equal(endpoint.port, 80);
    assert_true(lastack_is_ipv4(&endpoint.address));
    assert_true(endpoint_decode("[2001:db8::1]:65535", &endpoint));
    assert_int_equal(endpoint.port, 65535);
    assert_false(lastack_is_ipv4(&endpoint.address));
    assert_true(endpoint_decode("[::]:*", &endpoint));
    assert_int_equal(endpoint.port, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(endpoint_decode(bad[i], &endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_survive),
        cmocka_unit_test(no_byte_of_tcp_info_is_forgotten),
        cmocka_unit_test(what_is_no_row_is_refused),
        cmocka_unit_test(endpoints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
