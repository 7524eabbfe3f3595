/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sent_test.c: the scoreboard: blocks and whole segments, what is lost by count and by time,
 * retransmissions that are lost again, and random histories recounted after each step.
 */
#include "sent.h"

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEG = 1000, BOARD_NODES = 600 };

struct history {
    struct pool pool;
    struct range memory[BOARD_NODES];
    struct ranges ranges;
    struct scoreboard board;
    struct sent_set sent;
    uint32_t base;
};

static struct seq at(const struct history *h, uint32_t segment)
{
    return seq_of(h->base + segment * SEG);
}

static void begin(struct history *h, uint32_t base)
{
    *h = (struct history){.base = base};
    pool_init(&h->pool, h->memory, sizeof(struct range), BOARD_NODES);
    ranges_init(&h->ranges);
    scoreboard_init(&h->board);
    h->sent = (struct sent_set){&h->ranges, &h->pool, &h->board, SEG};
}

static void recount(const struct history *h)
{
    const uint32_t queued = scoreboard_check(&h->board, &h->ranges, &h->pool, true);

    assert_int_equal(h->pool.used, h->ranges.count + queued);
}

static bool sack(struct history *h, uint32_t from, uint32_t to, struct sent_news *news)
{
    sent_news_init(news, &h->board, 1000, 1, at(h, 0));
    return sent_sacked(&h->sent, at(h, from), at(h, to), news);
}

/* covers: 6675-4-islost 6675-4-next */
static void lost_by_count(void **state)
{
    struct history h;
    struct sent_news news;

    (void)state;
    begin(&h, 0u - 3500u);
    assert_true(sent_new(&h.sent, at(&h, 0), at(&h, 10), 10, 1));
    assert_true(sack(&h, 1, 3, &news)); /* 2 SMSS above: not more than two */
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 0);
    assert_null(sent_hole(&h.sent));
    assert_true(sack(&h, 3, 4, &news)); /* 3 SMSS */
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 1);
    assert_int_equal(sent_hole(&h.sent)->from.v, at(&h, 0).v);
    assert_int_equal(sent_hole(&h.sent)->to.v, at(&h, 1).v);
    assert_true(sack(&h, 5, 6, &news)); /* what lies between is not lost by one segment above it */
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 1);
    assert_true(sack(&h, 7, 9, &news)); /* now three above it */
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 2);
    assert_int_equal(sent_again(&h.sent, at(&h, 0), at(&h, 1), 50), 0);
    assert_int_equal(sent_hole(&h.sent)->from.v, at(&h, 4).v); /* the next */
    assert_int_equal(h.board.again.segs, 1);
    assert_false(sack(&h, 7, 9, &news)); /* no news */
    recount(&h);
}

/* Small segments: three islands are enough. Parts of segments are not believed.
 * covers: 6675-4-islost */
static void islands_and_parts(void **state)
{
    struct history h;
    struct sent_news news;

    (void)state;
    begin(&h, 77);
    for (uint32_t i = 0; i < 7; i++)
        assert_true(sent_new(&h.sent, seq_of(77 + 10 * i), seq_of(87 + 10 * i), 1, i));
    sent_news_init(&news, &h.board, 1000, 1, seq_of(77));
    assert_true(sent_sacked(&h.sent, seq_of(97), seq_of(107), &news));
    assert_true(sent_sacked(&h.sent, seq_of(117), seq_of(127), &news));
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 0);
    assert_false(sent_sacked(&h.sent, seq_of(138), seq_of(147), &news)); /* its first byte is not */
    assert_true(sent_sacked(&h.sent, seq_of(137), seq_of(147), &news));
    sent_lost_by_sack(&h.sent, 3);
    assert_int_equal(h.board.lost.segs, 2);
    recount(&h);
}

/* Sent later and arrived: what was sent before is lost once the window is over; a retransmission is
 * lost again when a later one arrives.
 * covers: 8985-6.2-loss 6675-4-pipe */
static void lost_by_time(void **state)
{
    struct history h;
    struct sent_news news;

    (void)state;
    begin(&h, 0);
    for (uint32_t i = 0; i < 6; i++)
        assert_true(sent_new(&h.sent, at(&h, i), at(&h, i + 1), 1, 10 * (i + 1)));
    assert_true(sack(&h, 3, 4, &news)); /* sent at 40 */
    assert_int_equal(news.newest_at, 40);
    assert_int_equal(sent_lost_by_time(&h.sent, 40, at(&h, 4), 15), 30);
    assert_int_equal(h.board.lost.segs, 1); /* sent at 10 */
    assert_int_equal(sent_lost_by_time(&h.sent, 40, at(&h, 4), 40), NEVER);
    assert_int_equal(h.board.lost.segs, 3); /* those at 50 and 60 were not sent before */
    (void)sent_again(&h.sent, at(&h, 0), at(&h, 1), 100);
    (void)sent_again(&h.sent, at(&h, 1), at(&h, 2), 110);
    assert_int_equal(h.board.again.segs, 2);
    assert_true(sack(&h, 1, 2, &news)); /* the second retransmission: at 110 */
    assert_int_equal(news.newest_at, 110);
    (void)sent_lost_by_time(&h.sent, 110, at(&h, 2), 100);
    assert_int_equal(h.board.again.segs, 0);
    assert_int_equal(sent_hole(&h.sent)->from.v, at(&h, 0).v);
    assert_int_equal(h.board.sacked.segs, 2);
    recount(&h);
}

/* covers: 2018-5-renege */
static void the_peer_reneges(void **state)
{
    struct history h;
    struct sent_news news;

    (void)state;
    begin(&h, 0);
    assert_true(sent_new(&h.sent, at(&h, 0), at(&h, 8), 8, 1));
    assert_true(sack(&h, 0, 4, &news));
    sent_reneged(&h.sent);
    assert_int_equal(h.board.sacked.segs, 0);
    assert_int_equal(h.board.lost.segs, 4);
    sent_lost_all(&h.sent, 1);
    assert_int_equal(h.board.lost.segs, 8);
    sent_found(&h.sent);
    assert_int_equal(h.board.lost.segs, 0);
    recount(&h);
}

/* Whatever happens in whatever order, the amounts are those of the ranges, in the end nothing is
 * left, and what an ACK delivered is how far SND.UNA moved and, with its sign, how much more is
 * sacked.
 * covers: 9937-6.2-del */
static void random_histories(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 11);
    for (unsigned round = 0; round < 60; round++) {
        uint32_t una = 0, nxt = 0;
        struct sent_news news;
        struct history h;

        begin(&h, 0u - 40000u);
        for (int64_t now = 1; now < 250; now++) {
            const uint32_t what = rng_below(&rng, 10);
            const uint32_t sacked = h.board.sacked.segs;
            const uint32_t some = nxt > una ? una + rng_below(&rng, nxt - una) : una;

            if (what < 3) {
                const uint32_t count = 1 + rng_below(&rng, 5);

                if (sent_new(&h.sent, at(&h, nxt), at(&h, nxt + count), count, now))
                    nxt += count;
            } else if (what < 6 && some < nxt) {
                (void)sack(&h, some, some + 1 + rng_below(&rng, nxt - some), &news);
                assert_int_equal(news.delivered.segs, h.board.sacked.segs - sacked);
            } else if (what == 6) {
                sent_news_init(&news, &h.board, now, 1, at(&h, 0));
                sent_acknowledged(&h.sent, at(&h, some), &news);
                assert_int_equal(news.acked.segs, some - una);
                assert_int_equal(news.delivered.segs, some - una + h.board.sacked.segs - sacked);
                assert_int_equal(news.delivered.bytes, SEG * news.delivered.segs);
                una = some;
            } else if (what == 7) {
                (void)sent_lost_by_time(&h.sent, now, at(&h, nxt), now - rng_below(&rng, 60));
            } else if (what == 8 && sent_hole(&h.sent) != NULL) {
                const struct seq from = sent_hole(&h.sent)->from;

                (void)sent_again(&h.sent, from, seq_add(from, SEG), now);
            } else if (rng_below(&rng, 6) == 0) {
                sent_lost_all(&h.sent, now);
            } else if (rng_below(&rng, 6) == 0) {
                sent_found(&h.sent);
            }
            recount(&h);
        }
        sent_news_init(&news, &h.board, 1000, 1, at(&h, 0));
        sent_acknowledged(&h.sent, at(&h, nxt), &news);
        scoreboard_clear(&h.board, &h.pool);
        assert_int_equal(h.pool.used, 0);
        assert_int_equal(h.board.sacked.bytes + h.board.lost.bytes + h.board.again.bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_by_count),    cmocka_unit_test(islands_and_parts),
        cmocka_unit_test(lost_by_time),     cmocka_unit_test(the_peer_reneges),
        cmocka_unit_test(random_histories),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
