/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_loop_test.c: the contract of stack.h, kept: against a stack that writes down how it is
 * called.
 *
 * The link is one end of a socket pair; the test is its other end. The clock is the machine's, and
 * a busy one may give us no time for long: so a test waits for what must happen, however late, and
 * asks of durations only what a pause cannot spoil (not early, not more often).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "duration.h"
#include "event_loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the stack that writes down ---- */

static struct {
    char calls[4096]; /* I n = input of n, T tick, O n = output gave n, E event, t told of time */
    size_t length;
    size_t to_send;     /* packets that output still has */
    size_t length_told; /* of each; 0: as long as they are */
    unsigned events;    /* that next_event still has */
    int64_t deadline, now;
    bool is_full;
    unsigned outputs_while_full;
} stack;

static void note(char call)
{
    if (stack.length < sizeof stack.calls - 1)
        stack.calls[stack.length++] = call;
}

static char digit(size_t n)
{
    return (char)(n < 10 ? '0' + (int)n : 'a' + (int)n - 10);
}

int lastack_add_link(struct lastack *s, const struct lastack_link_config *link)
{
    (void)s;
    (void)link;
    return 1;
}

void lastack_set_link_up(struct lastack *s, uint32_t link, bool is_up)
{
    (void)s;
    (void)link;
    (void)is_up;
}

void lastack_link_full(struct lastack *s, uint32_t link)
{
    (void)s;
    (void)link;
    stack.is_full = true;
}

void lastack_link_ready(struct lastack *s, uint32_t link)
{
    (void)s;
    (void)link;
    stack.is_full = false;
}

static void set_time(int64_t now)
{
    assert_true(now >= stack.now);
    stack.now = now;
}

void lastack_input(struct lastack *s, int64_t now, const struct lastack_packet_in *packets,
                   size_t count)
{
    (void)s;
    set_time(now);
    assert_true(count > 0 && count <= EVENT_LOOP_BATCH);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(packets[i].link, 1);
    note('I');
    note(digit(count));
}

void lastack_tick(struct lastack *s, int64_t now)
{
    (void)s;
    set_time(now);
    note('T');
    if (stack.deadline <= now)
        stack.deadline = NEVER;
}

size_t lastack_output(struct lastack *s, struct lastack_packet_out *packets, size_t max)
{
    static uint8_t bytes[100];
    size_t count = stack.to_send < max ? stack.to_send : max;

    (void)s;
    if (stack.is_full)
        return 0;
    for (size_t i = 0; i < count; i++) {
        packets[i] = (struct lastack_packet_out){.link = 1, .iov_count = 1, .length = sizeof bytes};
        packets[i].iov[0] = (struct lastack_iovec){bytes, sizeof bytes};
        if (stack.length_told != 0)
            packets[i].length = (uint32_t)stack.length_told;
    }
    stack.to_send -= count;
    note('O');
    note(digit(count));
    return count;
}

bool lastack_next_event(struct lastack *s, struct lastack_event *event)
{
    (void)s;
    if (stack.events == 0)
        return false;
    stack.events--;
    *event = (struct lastack_event){.descriptor = 5};
    return true;
}

int64_t lastack_next_deadline(const struct lastack *s)
{
    (void)s;
    return stack.deadline;
}

/* ---- the link and its other end ---- */

static int other_end;
static unsigned sends;

static int pair_receive(struct host_link *link, uint8_t *buffer, size_t size, uint32_t *flags)
{
    ssize_t got = recv(link->fd, buffer, size, MSG_DONTWAIT);

    (void)flags;
    return got < 0 ? -errno : got == 0 ? -EBADFD : (int)got;
}

static int pair_send(struct host_link *link, const struct lastack_packet_out *packet)
{
    sends++;
    return send(link->fd, packet->iov[0].base, packet->iov[0].length, MSG_DONTWAIT | MSG_NOSIGNAL) <
                   0
               ? -errno
               : 0;
}

static const struct host_link_ops pair_ops = {"pair", pair_receive, pair_send};

/* ---- the owner ---- */

static struct event_loop *loop;
static struct host_link link_;
static unsigned ticks, traces, packets_in, packets_out, more_to_send;
static bool every_packet_is_news;
static bool (*goal)(void); /* the loop stops when it is reached */
static int64_t tick_every;

static void on_event(void *context, int64_t now, const struct lastack_event *event)
{
    (void)context;
    assert_int_equal(event->descriptor, 5);
    assert_true(now >= stack.now);
    note('E');
    stack.to_send += more_to_send;
    more_to_send = 0;
}

static int64_t tick_at;

static int64_t next_tick(void *context)
{
    (void)context;
    return tick_at;
}

static void on_tick(void *context, int64_t now)
{
    (void)context;
    assert_true(now >= tick_at);
    ticks++;
    tick_at = now + tick_every;
}

static void on_trace(void *context, int64_t now)
{
    (void)context;
    (void)now;
    traces++;
    if (goal != NULL && goal())
        event_loop_stop(loop);
}

static void on_packet_in(void *context, int64_t now, const struct lastack_packet_in *packet)
{
    (void)context;
    (void)now;
    (void)packet;
    packets_in++;
    stack.events += every_packet_is_news;
    note('<');
}

static void on_packet_out(void *context, int64_t now, const struct lastack_packet_out *packet)
{
    (void)context;
    (void)now;
    (void)packet;
    packets_out++;
    note('>');
}

static void start(bool one_by_one)
{
    struct event_loop_hooks hooks = {.event = on_event,
                                     .next_deadline = next_tick,
                                     .tick = on_tick,
                                     .packet_in = on_packet_in,
                                     .packet_out = on_packet_out,
                                     .traced = on_trace,
                                     .one_by_one = one_by_one};
    struct lastack_link_config config = {.mtu = 1500};
    struct trouble trouble;
    int fds[2];

    memset(&stack, 0, sizeof stack);
    stack.deadline = NEVER;
    sends = ticks = traces = packets_in = packets_out = more_to_send = 0;
    tick_at = NEVER;
    every_packet_is_news = false;
    goal = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
    other_end = fds[1];
    host_link_init(&link_, &pair_ops, fds[0], &config);
    loop = event_loop_create(NULL, &hooks, &trouble);
    assert_non_null(loop);
    assert_true(event_loop_add_link(loop, &link_, &trouble));
}

static void run_for(int64_t ns)
{
    event_loop_run(loop, event_loop_clock() + ns);
}

/* Until then, and to the end of that turn. */
static void run_until(bool (*reached)(void))
{
    goal = reached;
    event_loop_run(loop, event_loop_clock() + SEC(60));
    goal = NULL;
    assert_true(reached());
}

static void finish(void)
{
    event_loop_destroy(loop);
    close(other_end);
}

static void arrive(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(send(other_end, "packet", 6, 0), 6);
}

static void expect_calls(const char *calls)
{
    stack.calls[stack.length] = '\0';
    assert_string_equal(stack.calls, calls);
}

/* ---- goals ---- */

static bool has_five_in(void)
{
    return packets_in == 5;
}

static bool has_three_in(void)
{
    return packets_in == 3;
}

static bool has_two_in(void)
{
    return packets_in == 2;
}

static bool has_three_out(void)
{
    return packets_out == 3;
}

static bool has_twelve_out(void)
{
    return packets_out == 12;
}

static bool has_a_batch_and_three_in(void)
{
    return packets_in == EVENT_LOOP_BATCH + 3;
}

static bool has_kept_the_deadline(void)
{
    return stack.deadline == NEVER;
}

static bool has_ticked_five_times(void)
{
    return ticks >= 5;
}

static bool is_gone(void)
{
    return link_.is_gone;
}

static bool is_full(void)
{
    return link_.state == HOST_LINK_FULL;
}

/* ---- tests ---- */

static void a_batch_is_answered_after_its_last_packet(void **state)
{
    (void)state;
    start(false);
    arrive(5);
    stack.to_send = 2;
    stack.events = 1;
    run_until(has_five_in);
    /* the start settles first: output until 0, events until none, again; then the batch, all in one
     * call */
    expect_calls("O2>>E"
                 "O0I5<<<<<O0");
    finish();
}

static void what_an_event_causes_is_sent_before_sleeping(void **state)
{
    (void)state;
    start(false);
    stack.events = 1;
    more_to_send = 3;
    run_until(has_three_out);
    expect_calls("O0EO3>>>O0");
    finish();
}

static void large_batches_are_cut(void **state)
{
    (void)state;
    start(false);
    arrive(EVENT_LOOP_BATCH + 3);
    run_until(has_a_batch_and_three_in);
    assert_non_null(strstr(stack.calls, "I3<<<"));
    finish();
}

static bool has_no_events(void)
{
    return stack.events == 0;
}

/* More events than one settlement tells, no deadline, nothing arrives: the rest is told all the
 * same. */
static void what_was_cut_short_does_not_sleep(void **state)
{
    (void)state;
    start(false);
    stack.deadline = tick_at = NEVER;
    stack.events = 300000;
    goal = has_no_events;
    alarm(20);
    event_loop_run(loop, NEVER);
    alarm(0);
    assert_int_equal(stack.events, 0);
    finish();
}

/* Each frame is a batch, which the owner hears of before the next one is read; one answer for
 * all. */
static void large_frames_are_told_apart_and_answered_together(void **state)
{
    static const uint8_t frame[60000];

    (void)state;
    start(false);
    every_packet_is_news = true;
    for (int i = 0; i < 3; i++)
        assert_int_equal(send(other_end, frame, sizeof frame, 0), sizeof frame);
    run_until(has_three_in);
    expect_calls("O0"
                 "I1<EI1<EI1<EO0");
    finish();
}

/* Who has much to send looks at the input in between, and sends on without sleeping. */
static void a_long_stream_looks_at_the_input(void **state)
{
    (void)state;
    start(false);
    stack.to_send = 12;
    stack.length_told = 64000;
    arrive(2);
    run_until(has_twelve_out);
    /* 4 of 64,000 bytes, 4 more: that is enough for once; then the input, and the rest */
    expect_calls("O4>>>>O4>>>>"
                 "I2<<O4>>>>O0");
    finish();
}

static void one_by_one_tells_packets_apart(void **state)
{
    (void)state;
    start(true);
    arrive(2);
    stack.to_send = 2;
    run_until(has_two_in);
    expect_calls("O1>O1>O0"
                 "I1<O0I1<O0");
    finish();
}

static void deadlines_are_kept_and_not_early(void **state)
{
    int64_t start_at;

    (void)state;
    start(false);
    start_at = event_loop_clock();
    stack.deadline = start_at + MS(30);
    event_loop_run(loop, start_at + MS(20));
    if (stack.deadline == NEVER) /* overslept, for more than 10 ms: but not early */
        assert_true(stack.now >= start_at + MS(30));
    else
        run_until(has_kept_the_deadline);
    assert_true(stack.now >= start_at + MS(30));
    finish();
}

/* Whoever had no time for us has it again: the packet that waited comes before the deadline. */
static void packets_come_before_the_deadlines_that_passed_meanwhile(void **state)
{
    (void)state;
    start(false);
    arrive(2);
    stack.deadline = event_loop_clock() - MS(1);
    run_until(has_kept_the_deadline);
    expect_calls("O0"
                 "I2<<O0TO0");
    finish();
}

static void the_owner_is_called_when_he_wants(void **state)
{
    int64_t start_at;

    (void)state;
    start(false);
    tick_every = MS(5);
    start_at = tick_at = event_loop_clock();
    run_until(has_ticked_five_times);
    assert_true(stack.now - start_at >= 4 * MS(5)); /* on_tick asserts that none is early */
    assert_true(ticks <= 6);
    finish();
}

/* S17: while the link is full the stack is told so, nothing is asked of it, time goes on, nothing
 * spins; and when there is room everything leaves. */
static void a_full_link_costs_nothing_and_loses_nothing(void **state)
{
    enum { MANY = 3000 };
    unsigned received = 0;
    char buffer[200];

    (void)state;
    start(false);
    stack.to_send = MANY;
    run_until(is_full);
    assert_true(stack.is_full);
    assert_true(packets_out < MANY);
    sends = 0;
    tick_every = MS(10);
    tick_at = event_loop_clock();
    run_for(MS(100));
    assert_true(sends <= 8); /* it sleeps */
    for (int i = 0; i < 1000 && received < MANY; i++) {
        while (recv(other_end, buffer, sizeof buffer, MSG_DONTWAIT) == 100)
            received++;
        run_for(MS(2));
    }
    assert_int_equal(received, MANY);
    assert_int_equal(link_.state, HOST_LINK_READY);
    assert_int_equal(link_.counters.packets_out, MANY);
    finish();
}

static int watched[2];
static unsigned called;

static void on_readable(void *context, uint32_t events)
{
    (void)context;
    assert_true(events & EPOLLIN);
    called++;
    event_loop_forget(loop, watched[0]); /* from inside its own callback */
    event_loop_stop(loop);
}

static void descriptors_are_watched_and_forgotten(void **state)
{
    struct trouble trouble;

    (void)state;
    start(false);
    called = 0;
    assert_int_equal(pipe(watched), 0);
    assert_true(event_loop_watch(loop, watched[0], EPOLLIN, on_readable, NULL, &trouble));
    assert_int_equal(write(watched[1], "x", 1), 1);
    run_for(SEC(60));
    assert_int_equal(called, 1);
    run_for(MS(10)); /* still readable, but nobody asks */
    assert_int_equal(called, 1);
    close(watched[0]);
    close(watched[1]);
    finish();
}

static void a_link_that_is_gone_does_not_spin(void **state)
{
    unsigned before;

    (void)state;
    start(false);
    shutdown(other_end, SHUT_RDWR); /* reads as 0: what this device calls gone */
    tick_at = event_loop_clock() + MS(1);
    tick_every = MS(1);
    run_until(is_gone);
    tick_at = NEVER;
    before = traces;
    run_for(MS(50));
    assert_true(traces - before < 20);
    finish();
}

static int caught;

static void on_signal(void *context, int number)
{
    (void)context;
    caught = number;
    event_loop_stop(loop);
}

static void signals_are_told(void **state)
{
    struct event_loop_hooks hooks = {.signalled = on_signal};
    struct trouble trouble;
    sigset_t signals;

    (void)state;
    memset(&stack, 0, sizeof stack);
    stack.deadline = NEVER;
    loop = event_loop_create(NULL, &hooks, &trouble);
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    assert_true(event_loop_catch(loop, &signals, &trouble));
    raise(SIGUSR1);
    run_for(SEC(60));
    assert_int_equal(caught, SIGUSR1);
    event_loop_destroy(loop);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_answered_after_its_last_packet),
        cmocka_unit_test(what_an_event_causes_is_sent_before_sleeping),
        cmocka_unit_test(large_batches_are_cut),
        cmocka_unit_test(what_was_cut_short_does_not_sleep),
        cmocka_unit_test(large_frames_are_told_apart_and_answered_together),
        cmocka_unit_test(a_long_stream_looks_at_the_input),
        cmocka_unit_test(one_by_one_tells_packets_apart),
        cmocka_unit_test(deadlines_are_kept_and_not_early),
        cmocka_unit_test(packets_come_before_the_deadlines_that_passed_meanwhile),
        cmocka_unit_test(the_owner_is_called_when_he_wants),
        cmocka_unit_test(a_full_link_costs_nothing_and_loses_nothing),
        cmocka_unit_test(descriptors_are_watched_and_forgotten),
        cmocka_unit_test(a_link_that_is_gone_does_not_spin),
        cmocka_unit_test(signals_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
