/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * urgent_test.c: RFC 9293 §3.8.5, RFC 6093: urgent pointers out and in, in line and out of band;
 * and what a program hears of trouble that does not end its connection (§3.8.3 R1, §3.9.1.8).
 */
#include "peer.h"

static int64_t recv_oob(struct peer *peer, uint8_t *byte)
{
    return lastack_recv(world.stack, peer->fd, byte, 1, LASTACK_MSG_OOB);
}

/* The byte that the peer sends at `at` (1 is the first). */
static uint8_t peer_byte(uint32_t at)
{
    return (uint8_t)(at * 2654435761u >> 13);
}

/* How many events of this kind wait; all are taken. */
static unsigned events_of(enum lastack_event_kind kind)
{
    struct lastack_event event;
    unsigned count = 0;

    while (lastack_next_event(world.stack, &event))
        count += (event.kinds >> kind) & 1;
    return count;
}

static int64_t sends_oob(struct peer *peer, uint32_t bytes)
{
    uint8_t data[16];

    for (uint32_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(((1 + peer->written + i) * 2654435761u >> 13) + 7);
    peer->written += bytes;
    return lastack_send(world.stack, peer->fd, data, bytes, LASTACK_MSG_OOB);
}

/* The pointer is the octet behind, counted from each segment; it goes with text that is repeated,
 * and not with what comes later.
 * covers: 9293-MUST-30 9293-MUST-62 */
TEST(the_pointer_is_the_octet_behind)
{
    struct peer *p = ACCEPTED();

    assert_int_equal(sends_oob(p, 5), 5);
    SETTLES();
    SENDS(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 5, .urgent = 5);
    AFTER(MS(300));
    SENDS(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 5, .urgent = 5);
    FORGET(p);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 6);
    WRITES(p, 10);
    SENDS(p, .flags = ACK, .seq = 6, .ack = 1, .text = 10);
    FORGET(p);
}

/* More urgent text than a segment: each of its segments points to its end.
 * covers: 9293-MUST-30 9293-MUST-31 9293-MUST-62 */
TEST(urgent_text_of_several_segments)
{
    struct peer *p = ACCEPTED();

    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 1, .win = 500);
    WRITES(p, 2000);
    SENDS_NOTHING(p); /* 500 of them would be a silly window */
    assert_int_equal(sends_oob(p, 10), 10);
    SETTLES();
    SENDS(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 500, .urgent = 2010);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 501);
    SENDS(p, .flags = ACK | URG, .seq = 501, .ack = 1, .text = 1460, .urgent = 1510);
    SENDS(p, .flags = ACK | URG, .seq = 1961, .ack = 1, .text = 50, .urgent = 50);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 2011);
    FORGET(p);
}

/* 5 bytes, the last one out of band: reading gives 4, and stops; MSG_OOB gives the fifth.
 * covers: 9293-MUST-30 LNX-URG */
TEST(out_of_band)
{
    struct peer *p = ACCEPTED();
    uint8_t byte = 0;

    assert_int_equal(recv_oob(p, &byte), -LASTACK_EINVAL);
    ARRIVES(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 8, .urgent = 5);
    assert_true(lastack_poll(world.stack, p->fd) & LASTACK_POLLPRI);
    assert_int_equal(lastack_at_mark(world.stack, p->fd), 0);
    {
        uint8_t data[16];
        int is_at_mark = 0;

        assert_int_equal(lastack_recv(world.stack, p->fd, data, sizeof data, 0), 4);
        assert_int_equal(lastack_at_mark(world.stack, p->fd), 1);
        assert_int_equal(lastack_ioctl(world.stack, p->fd, LASTACK_SIOCATMARK, &is_at_mark), 0);
        assert_int_equal(is_at_mark, 1);
        assert_int_equal(lastack_recv(world.stack, p->fd, data, sizeof data, 0), 3);
        assert_int_equal(data[0], peer_byte(6));
    }
    assert_int_equal(lastack_at_mark(world.stack, p->fd), 0);
    assert_true(lastack_poll(world.stack, p->fd) & LASTACK_POLLPRI);
    assert_int_equal(recv_oob(p, &byte), 1);
    assert_int_equal(byte, peer_byte(5));
    assert_int_equal(recv_oob(p, &byte), -LASTACK_EINVAL); /* once */
    assert_false(lastack_poll(world.stack, p->fd) & LASTACK_POLLPRI);
    FORGET(p);
}

/* MSG_OOB before reading gets there; reading steps over the place all the same. */
TEST(out_of_band_first)
{
    struct peer *p = ACCEPTED();
    uint8_t byte = 0, data[16];

    ARRIVES(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 3, .urgent = 3);
    assert_int_equal(recv_oob(p, &byte), 1);
    assert_int_equal(byte, peer_byte(3));
    assert_int_equal(lastack_recv(world.stack, p->fd, data, sizeof data, 0), 2);
    assert_int_equal(lastack_recv(world.stack, p->fd, data, sizeof data, 0), -LASTACK_EAGAIN);
    FORGET(p);
}

/* In line nothing leaves the stream; reading stops before the mark once.
 * covers: 9293-MUST-33 9293-3.10.3-ESTAB */
TEST(in_line)
{
    struct peer *p = ACCEPTED();
    uint8_t data[16];

    SETS(p, LASTACK_SO_OOBINLINE, 1);
    ARRIVES(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 8, .urgent = 5);
    assert_int_equal(lastack_recv(world.stack, p->fd, data, 16, LASTACK_MSG_OOB), -LASTACK_EINVAL);
    READS(p, 4);
    assert_int_equal(lastack_at_mark(world.stack, p->fd), 1);
    assert_int_equal(lastack_recv(world.stack, p->fd, data, sizeof data, 0), 4);
    assert_int_equal(data[0], peer_byte(5));
    assert_int_equal(lastack_at_mark(world.stack, p->fd), 0);
    FORGET(p);
}

/* Told when it is first known, even before it has arrived, and each time it advances; not again.
 * covers: 9293-MUST-32 9293-MUST-33 */
TEST(an_event_for_each_advance)
{
    struct peer *p = ACCEPTED();
    uint8_t byte;

    (void)events_of(LASTACK_EVENT_URGENT);
    ARRIVES(p, .flags = ACK | URG, .seq = 1, .ack = 1, .urgent = 100);
    assert_int_equal(events_of(LASTACK_EVENT_URGENT), 1);
    assert_int_equal(recv_oob(p, &byte), -LASTACK_EAGAIN);
    ARRIVES(p, .flags = ACK | URG, .seq = 1, .ack = 1, .text = 10, .urgent = 100);
    assert_int_equal(events_of(LASTACK_EVENT_URGENT), 0);
    ARRIVES(p, .flags = ACK | URG, .seq = 11, .ack = 1, .text = 10, .urgent = 200);
    assert_int_equal(events_of(LASTACK_EVENT_URGENT), 1);
    ARRIVES(p, .flags = ACK | URG, .seq = 21, .ack = 1, .text = 10, .urgent = 1); /* older */
    assert_int_equal(events_of(LASTACK_EVENT_URGENT), 0);
    FORGET(p);
}

/* 10000 bytes of urgent text: the mark stays until it is read up to.
 * covers: 9293-MUST-31 */
TEST(urgent_text_of_any_length)
{
    struct peer *p = ACCEPTED();

    for (int64_t i = 0; i < 10; i++) {
        ARRIVES(p, .flags = ACK | URG, .seq = 1 + i * 1000, .ack = 1, .text = 1000,
                .urgent = (int32_t)(10000 - i * 1000));
        READS(p, i < 9 ? 1000 : 999);
        assert_int_equal(lastack_at_mark(world.stack, p->fd), i == 9);
    }
    FORGET(p);
}

/* Pointers that point nowhere harm nobody.
 * covers: 6093-3 */
TEST(bad_pointers)
{
    static const int32_t pointers[] = {0, 1, 65535, 30000};
    struct peer *p = ACCEPTED();
    uint32_t at = 1;

    SETS(p, LASTACK_SO_OOBINLINE, 1);
    for (unsigned i = 0; i < 4; i++) {
        ARRIVES(p, .flags = ACK | URG, .seq = at, .ack = 1, .text = 10, .urgent = pointers[i]);
        at += 10;
    }
    READS(p, 10);
    READS(p, 30);
    SHUTS(p, LASTACK_SHUT_WR);
    ARRIVES(p, .flags = FIN | ACK | URG, .seq = at, .ack = 2, .urgent = 9);
    ARRIVES(p, .flags = ACK | URG, .seq = at + 1, .ack = 2, .urgent = 9);
    FORGET(p);
}

/* ---- what is told without an end ---- */

/* After R1 retransmissions the program hears that delivery is failing, once; an ACK ends the
 * trouble. covers: 9293-MUST-20 9293-SHLD-9 9293-MUST-47 */
TEST(r1_is_told)
{
    struct peer *p = ACCEPTED();

    (void)events_of(LASTACK_EVENT_ADVICE);
    WRITES(p, 10);
    AFTER(MS(201) + MS(402)); /* sent again twice */
    assert_int_equal(events_of(LASTACK_EVENT_ADVICE), 0);
    assert_int_equal(lastack_soft_error(world.stack, p->fd), 0);
    AFTER(SEC(20));
    assert_int_equal(events_of(LASTACK_EVENT_ADVICE), 1);
    assert_int_equal(lastack_soft_error(world.stack, p->fd), LASTACK_ETIMEDOUT);
    assert_int_equal(counted(LASTACK_CAUSE_R1), 1);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
    assert_int_equal(lastack_soft_error(world.stack, p->fd), 0);
    FORGET(p);
}

/* covers: 9293-SHLD-20 */
TEST(advice_can_be_switched_off)
{
    struct peer *p = ACCEPTED();

    SETS(p, LASTACK_TCP_ADVICE, 0);
    (void)events_of(LASTACK_EVENT_ADVICE);
    WRITES(p, 10);
    AFTER(SEC(20));
    assert_int_equal(events_of(LASTACK_EVENT_ADVICE), 0);
    assert_int_equal(lastack_soft_error(world.stack, p->fd), LASTACK_ETIMEDOUT);
    ARRIVES(p, .flags = ACK, .seq = 1, .ack = 11);
    FORGET(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(the_pointer_is_the_octet_behind),
        RUN(urgent_text_of_several_segments),
        RUN(out_of_band),
        RUN(out_of_band_first),
        RUN(in_line),
        RUN(an_event_for_each_advance),
        RUN(urgent_text_of_any_length),
        RUN(bad_pointers),
        RUN(r1_is_told),
        RUN(advice_can_be_switched_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
