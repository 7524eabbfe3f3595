/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prr_test.c: RFC 9937 ACK by ACK: one loss of twenty, a burst of losses, a first ACK that allows
 * nothing; and RACK's window.
 */
#include "prr.h"
#include "rack.h"

#include "duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEG = 1000 };

static uint32_t budget(struct prr *prr, uint32_t in_flight, uint32_t ssthresh, uint32_t delivered,
                       bool is_safe)
{
    const struct prr_ack ack = {.in_flight = in_flight * SEG,
                                .ssthresh = ssthresh * SEG,
                                .mss = SEG,
                                .delivered = delivered * SEG,
                                .unit = SEG,
                                .is_safe = is_safe};

    return prr_budget(prr, &ack) / SEG;
}

/* Twenty in flight, ssthresh ten, the first is lost: the retransmission leaves at once, then one
 * segment for every two ACKs, and the window has come down when all were acknowledged.
 * covers: 9937-6.2-prr 9937-6.2-force */
static void one_loss_of_twenty(void **state)
{
    struct prr prr;
    uint32_t in_flight = 16, sent = 0; /* three were sacked, one is lost */

    (void)state;
    prr_begin(&prr, 20 * SEG);
    for (unsigned i = 0; i < 16; i++) {
        const uint32_t now = budget(&prr, in_flight, 10, 1, false);

        assert_true(now <= 1);
        prr.out += now * SEG;
        sent += now;
        in_flight += now;
        in_flight -= 1;
        if (i == 0)
            assert_int_equal(now, 1);
    }
    assert_in_range(sent, 8, 9);
    assert_in_range(in_flight, 7, 10);
}

/* Most of a window is lost: as much as was delivered, one more on safe ACKs, up to ssthresh.
 * covers: 9937-6.2-bound */
static void a_burst_of_losses(void **state)
{
    struct prr prr;

    (void)state;
    prr_begin(&prr, 20 * SEG);
    assert_int_equal(budget(&prr, 4, 10, 1, false), 1); /* conservative: one for one */
    prr.out += SEG;
    assert_int_equal(budget(&prr, 4, 10, 1, true), 2); /* safe: slow start */
    prr.out += 2 * SEG;
    assert_int_equal(budget(&prr, 9, 10, 3, true), 1); /* never above ssthresh */
    prr.out += SEG;
    assert_int_equal(budget(&prr, 10, 10, 3, true), 0);
}

/* Nothing was sent in the episode: a segment leaves, whatever the sum says.
 * covers: 9937-6.2-force */
static void the_first_always_leaves(void **state)
{
    struct prr prr;

    (void)state;
    prr_begin(&prr, 20 * SEG);
    assert_int_equal(budget(&prr, 10, 10, 0, false), 1);
    prr.out = SEG;
    assert_int_equal(budget(&prr, 10, 10, 0, false), 0);
}

/* The reordering window: none where nothing suggests reordering, a quarter of the least round trip
 * otherwise, more with every round of DSACKs, never above SRTT, and for sixteen recoveries.
 * covers: 8985-6.2-reo */
static void racks_window(void **state)
{
    struct rack_view view = {.rtt_min_ns = MS(100), .srtt_ns = MS(120), .is_eager = true};
    struct rack rack;

    (void)state;
    rack_init(&rack);
    assert_int_equal(rack_window(&rack, &view), 0);
    view.is_eager = false;
    assert_int_equal(rack_window(&rack, &view), MS(25));
    rack.was_dsack = true;
    rack_update_steps(&rack, seq_of(100), seq_of(200));
    assert_int_equal(rack_window(&rack, &view), MS(50));
    rack.was_dsack = true;
    rack_update_steps(&rack, seq_of(150), seq_of(250)); /* the same round trip: no step */
    assert_int_equal(rack_window(&rack, &view), MS(50));
    for (uint32_t i = 1; i <= 10; i++) {
        rack.was_dsack = true;
        rack_update_steps(&rack, seq_of(200 * i), seq_of(200 * i + 200));
    }
    assert_int_equal(rack_window(&rack, &view), MS(120));
    for (unsigned i = 0; i < RACK_PERSIST; i++) {
        rack_update_steps(&rack, seq_of(5000), seq_of(5000));
        assert_int_equal(rack_window(&rack, &view), MS(120));
        rack_recovered(&rack);
    }
    rack_update_steps(&rack, seq_of(5000), seq_of(5000));
    assert_int_equal(rack_window(&rack, &view), MS(25));
    for (uint32_t i = 1; i <= 3;
         i++) /* long after: the round of the last step is over all the same */
        rack_update_steps(&rack, seq_of(i << 30), seq_of(i << 30));
    rack.was_dsack = true;
    rack_update_steps(&rack, seq_of(3u << 30), seq_of(3u << 30));
    assert_int_equal(rack_window(&rack, &view), MS(50));
}

/* The newest is what was sent last, not what arrived last.
 * covers: 8985-6.2-up */
static void racks_newest(void **state)
{
    struct rack rack;

    (void)state;
    rack_init(&rack);
    rack_advance(&rack, MS(10), seq_of(3000), MS(110));
    rack_advance(&rack, MS(5), seq_of(9000), MS(112)); /* sent earlier, arrived later */
    assert_int_equal(rack.at, MS(10));
    assert_int_equal(rack.rtt_ns, MS(100));
    rack_advance(&rack, MS(10), seq_of(4000), MS(115)); /* of the same burst, further on */
    assert_int_equal(rack.end.v, 4000);
    assert_int_equal(rack.rtt_ns, MS(105));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_loss_of_twenty),
        cmocka_unit_test(a_burst_of_losses),
        cmocka_unit_test(the_first_always_leaves),
        cmocka_unit_test(racks_window),
        cmocka_unit_test(racks_newest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
