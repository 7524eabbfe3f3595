/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * binds_test.c: S11: who reaches a listener over the loopback link, by the address it is bound to.
 * The table is Linux's; tests/run/binds_test.py measures it there and compares, over a wire, too.
 */
#include "peer.h"

enum { LOOP4 = 1, OWN4 = 2, LOOP6 = 4, OWN6 = 8, TARGETS = 4, PORT = 8080 };

static const char *const targets[TARGETS] = {"127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"};

static const struct form {
    const char *address;
    enum lastack_domain domain;
    bool is_v6_only;
    unsigned reached; /* LOOP4, ... or-ed */
} forms[] = {
    {"0.0.0.0", LASTACK_AF_INET, false, LOOP4 | OWN4},
    {"127.0.0.1", LASTACK_AF_INET, false, LOOP4},
    {"192.0.2.1", LASTACK_AF_INET, false, OWN4},
    {"::", LASTACK_AF_INET6, false, LOOP4 | OWN4 | LOOP6 | OWN6},
    {"::", LASTACK_AF_INET6, true, LOOP6 | OWN6},
    {"::1", LASTACK_AF_INET6, false, LOOP6},
    {"2001:db8::1", LASTACK_AF_INET6, false, OWN6},
    {"2001:db8::1", LASTACK_AF_INET6, true, OWN6},
    {"::ffff:0.0.0.0", LASTACK_AF_INET6, false, LOOP4 | OWN4},
    {"::ffff:127.0.0.1", LASTACK_AF_INET6, false, LOOP4},
    {"::ffff:192.0.2.1", LASTACK_AF_INET6, false, OWN4},
};

static struct lastack_endpoint endpoint(const char *address, uint16_t port)
{
    struct lastack_endpoint result = {.port = port};

    assert_true(lastack_address_parse(address, &result.address));
    return result;
}

static int bound(const struct form *form)
{
    const struct lastack_endpoint local = endpoint(form->address, PORT);
    const int fd = lastack_socket(world.stack, form->domain, LASTACK_SOCK_STREAM, 0);

    assert_true(fd >= 0);
    if (form->domain == LASTACK_AF_INET6)
        assert_int_equal(lastack_set_option(world.stack, fd, LASTACK_IPV6_V6ONLY, form->is_v6_only),
                         0);
    assert_int_equal(lastack_bind(world.stack, fd, &local), 0);
    return fd;
}

/* connect() from a fresh socket of the target's family: 0 or a negative error. */
static int reach_for(const char *target)
{
    const struct lastack_endpoint remote = endpoint(target, PORT);
    const enum lastack_domain domain =
        lastack_is_ipv4(&remote.address) ? LASTACK_AF_INET : LASTACK_AF_INET6;
    const int fd = lastack_socket(world.stack, domain, LASTACK_SOCK_STREAM, 0);
    int answer;

    assert_true(fd >= 0);
    assert_int_equal(lastack_connect(world.stack, fd, &remote), -LASTACK_EINPROGRESS);
    SETTLES(); /* all of the handshake runs inside the stack: nothing comes out */
    answer = lastack_connect(world.stack, fd, &remote);
    assert_int_equal(lastack_set_linger(world.stack, fd, 0), 0);
    assert_int_equal(lastack_close(world.stack, fd), 0);
    SETTLES();
    return answer;
}

TEST(a_bound_address_accepts_what_is_meant_for_it)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const int listener = bound(&forms[i]);

        assert_int_equal(lastack_listen(world.stack, listener, TARGETS), 0);
        for (unsigned t = 0; t < TARGETS; t++) {
            const bool is_reached = (forms[i].reached & 1u << t) != 0;
            const int answer = reach_for(targets[t]);
            struct lastack_endpoint remote, local, wanted;
            int fd;

            if (answer != (is_reached ? 0 : -LASTACK_ECONNREFUSED))
                fail_msg("bound to %s, %s: %d", forms[i].address, targets[t], answer);
            fd = lastack_accept(world.stack, listener, &remote);
            assert_int_equal(fd >= 0, is_reached);
            if (fd < 0)
                continue;
            /* the child has the address that was asked for, not the wildcard */
            assert_int_equal(lastack_getsockname(world.stack, fd, &local), 0);
            wanted = endpoint(targets[t], PORT);
            assert_true(lastack_address_equal(&local.address, &wanted.address));
            assert_int_equal(local.port, PORT);
            assert_int_equal(lastack_close(world.stack, fd), 0);
        }
        assert_int_equal(lastack_close(world.stack, listener), 0);
        SETTLES();
    }
}

TEST(addresses_that_are_not_ours)
{
    const struct lastack_endpoint ipv4 = endpoint("198.51.100.7", PORT);
    const struct lastack_endpoint ipv6 = endpoint("2001:db8:7::7", PORT);
    const struct lastack_endpoint own = endpoint("192.0.2.1", PORT);
    const int four = lastack_socket(world.stack, LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);
    const int six = lastack_socket(world.stack, LASTACK_AF_INET6, LASTACK_SOCK_STREAM, 0);

    assert_int_equal(lastack_bind(world.stack, four, &ipv4), -LASTACK_EADDRNOTAVAIL);
    assert_int_equal(lastack_bind(world.stack, six, &ipv6), -LASTACK_EADDRNOTAVAIL);
    assert_int_equal(lastack_bind(world.stack, four, &ipv6), -LASTACK_EAFNOSUPPORT);
    assert_int_equal(lastack_set_option(world.stack, six, LASTACK_IPV6_V6ONLY, 1), 0);
    assert_int_equal(lastack_bind(world.stack, six, &own), -LASTACK_EINVAL);
    assert_int_equal(usage_of(LASTACK_POOL_ENDPOINTS).used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(a_bound_address_accepts_what_is_meant_for_it),
        RUN(addresses_that_are_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
