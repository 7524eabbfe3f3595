/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * two_stacks_test.c: the ends of connections with a stack at either end and a wire that loses what
 * a test says: both open at once, both close at once, FIN lost, last ACK lost, old duplicates in
 * TIME-WAIT, and a peer that vanishes, in each of the eleven states.
 *
 *     host 0  192.0.2.1  ── 10 ms ──▶  host 1  192.0.2.2
 *             ours       ◀────────────         peer
 *
 * Every move of both ends is expected, with its cause, in order (MOVES); at the end of each test
 * both stacks must come to rest with their pools empty.
 */
#include "bytes.h"
#include "duration.h"
#include "sim_world.h"

#include <lastack/trace.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TEST(name) static void name(__attribute__((unused)) void **state)
#define ONE_WAY    MS(10)

enum {
    OURS,
    PEER,
    PORT = 80,
    MOVES_MOST = 32,
    FIN = LASTACK_FIN,
    SYN = LASTACK_SYN,
    ACK = LASTACK_ACK
};

struct move {
    enum tcp_state from, to;
    enum lastack_cause cause;
};

static struct {
    struct sim_world world;
    int listener, fd[SIM_HOSTS]; /* -1 */
    uint64_t trace_at[SIM_HOSTS];
    struct lastack_trace_record restart; /* the last restart of 2MSL of our end */
    struct move moves[SIM_HOSTS][MOVES_MOST];
    unsigned move_count[SIM_HOSTS], moves_read[SIM_HOSTS];
    /* the wire */
    bool is_cut;
    bool (*loses)(unsigned host, uint16_t flags, uint32_t text); /* or NULL */
    unsigned lost;
    uint8_t kept[2048]; /* the last segment with text from PEER */
    uint32_t kept_length;
} pair;

/* ---- the wire ---- */

static bool passes(void *context, unsigned host, const uint8_t *data, uint32_t length)
{
    const uint8_t *tcp = data + 20;
    const uint16_t flags = load16(tcp + 12) & 0x1ff;
    const uint32_t text = length - 20 - (uint32_t)(tcp[12] >> 4) * 4;
    const bool is_lost = pair.is_cut || (pair.loses != NULL && pair.loses(host, flags, text));

    (void)context;
    if (host == PEER && text > 0 && length <= sizeof pair.kept) {
        memcpy(pair.kept, data, length);
        pair.kept_length = length;
    }
    pair.lost += is_lost;
    return !is_lost;
}

static void note(unsigned host, const struct lastack_trace_record *record)
{
    if (record->what == LASTACK_TRACE_TIME_WAIT_RESTART && host == OURS)
        pair.restart = *record;
    if (record->what != LASTACK_TRACE_STATE)
        return;
    assert_true(pair.move_count[host] < MOVES_MOST);
    pair.moves[host][pair.move_count[host]++] =
        (struct move){record->old_state, record->new_state, record->cause};
}

static void read_traces(void)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        struct lastack_trace_record record;
        uint64_t lost = 0;

        while (lastack_trace_read(pair.world.host[host].stack, &pair.trace_at[host], &record, 1,
                                  &lost) == 1)
            note(host, &record);
        assert_int_equal(lost, 0);
        lastack_check(pair.world.host[host].stack);
    }
}

static void settle(void)
{
    sim_settle(&pair.world);
    read_traces();
}

static void run_for(int64_t ns)
{
    const int64_t until = pair.world.now + ns;

    while (sim_step(&pair.world, until))
        read_traces();
    read_traces();
}

/* ---- programs ---- */

static struct lastack *stack_of(unsigned host)
{
    return pair.world.host[host].stack;
}

static struct lastack_endpoint endpoint_of(unsigned host)
{
    return (struct lastack_endpoint){sim_address(host, false), PORT};
}

static void begin_with(const struct lastack_params *params)
{
    const struct sim_recipe recipe = {.delay_ns = ONE_WAY};
    struct lastack_config config;

    memset(&pair, 0, sizeof pair);
    pair.listener = pair.fd[OURS] = pair.fd[PEER] = -1;
    lastack_config_default(&config);
    if (params != NULL)
        config.params = *params;
    config.max_connections = config.max_sockets = config.max_descriptors = 16;
    config.max_time_waits_ipv4 = config.max_time_waits_ipv6 = 16;
    config.max_pages = 64;
    config.max_udp_sockets = 1;
    config.trace_classes = LASTACK_TRACE_CLASS_STATE | LASTACK_TRACE_CLASS_TIMER;
    config.trace_records = 1024;
    assert_true(sim_world_init(&pair.world, &config, &recipe, 1500, 1));
    pair.world.may_pass = passes;
}

static int begin(void **state)
{
    (void)state;
    begin_with(NULL);
    return 0;
}

static void close_end(unsigned host)
{
    if (pair.fd[host] >= 0)
        assert_int_equal(lastack_close(stack_of(host), pair.fd[host]), 0);
    pair.fd[host] = -1;
    settle();
}

static bool is_empty(unsigned host)
{
    for (enum lastack_pool pool = 0; pool < LASTACK_POOL_COUNT; pool++) {
        struct lastack_pool_usage usage;

        lastack_pool_usage(stack_of(host), pool, &usage);
        if (usage.used != 0 && pool != LASTACK_POOL_PATHS)
            return false;
    }
    return true;
}

/* Everything is closed; within a day of virtual time nothing is left. */
static int end(void **state)
{
    (void)state;
    close_end(OURS);
    close_end(PEER);
    if (pair.listener >= 0)
        (void)lastack_close(stack_of(PEER), pair.listener);
    settle();
    run_for(SEC(24 * 3600));
    assert_int_equal(sim_next(&pair.world), NEVER);
    assert_true(is_empty(OURS) && is_empty(PEER));
    assert_true(sim_fences_stand(&pair.world));
    sim_world_free(&pair.world);
    return 0;
}

static int socket_of(unsigned host)
{
    const int fd = lastack_socket(stack_of(host), LASTACK_AF_INET, LASTACK_SOCK_STREAM, 0);

    assert_true(fd >= 0);
    return fd;
}

static void peer_listens(void)
{
    const struct lastack_endpoint own = endpoint_of(PEER);

    pair.listener = socket_of(PEER);
    assert_int_equal(lastack_bind(stack_of(PEER), pair.listener, &own), 0);
    assert_int_equal(lastack_listen(stack_of(PEER), pair.listener, 4), 0);
    settle();
}

static void we_connect(void)
{
    const struct lastack_endpoint remote = endpoint_of(PEER);

    pair.fd[OURS] = socket_of(OURS);
    assert_int_equal(lastack_connect(stack_of(OURS), pair.fd[OURS], &remote), -LASTACK_EINPROGRESS);
    settle();
}

static void shut(unsigned host)
{
    assert_int_equal(lastack_shutdown(stack_of(host), pair.fd[host], LASTACK_SHUT_WR), 0);
}

static void writes(unsigned host, const char *text)
{
    assert_int_equal(lastack_send(stack_of(host), pair.fd[host], text, strlen(text), 0),
                     strlen(text));
    settle();
}

static void reads(unsigned host, const char *text)
{
    char data[256];

    assert_int_equal(lastack_recv(stack_of(host), pair.fd[host], data, sizeof data, 0),
                     strlen(text));
    assert_memory_equal(data, text, strlen(text));
    settle();
}

/* Exactly these moves since the last time. */
static void expect_moves(unsigned host, const struct move *moves, unsigned count, int line)
{
    for (unsigned i = 0; i < count; i++) {
        const unsigned at = pair.moves_read[host]++;
        const struct move *seen = &pair.moves[host][at];

        if (at >= pair.move_count[host])
            fail_msg("line %d: host %u did not go from %s to %s", line, host,
                     lastack_state_text(moves[i].from), lastack_state_text(moves[i].to));
        if (seen->from != moves[i].from || seen->to != moves[i].to || seen->cause != moves[i].cause)
            fail_msg("line %d: host %u went from %s to %s (%s), expected %s to %s (%s)", line, host,
                     lastack_state_text(seen->from), lastack_state_text(seen->to),
                     lastack_cause_text(seen->cause), lastack_state_text(moves[i].from),
                     lastack_state_text(moves[i].to), lastack_cause_text(moves[i].cause));
    }
    if (pair.moves_read[host] != pair.move_count[host])
        fail_msg("line %d: host %u also went to %s", line, host,
                 lastack_state_text(pair.moves[host][pair.moves_read[host]].to));
}

#define MOVE(from, to, cause)                                                                      \
    {                                                                                              \
        TCP_##from, TCP_##to, LASTACK_CAUSE_##cause                                                \
    }
#define MOVES(host, ...)                                                                           \
    expect_moves((host), (const struct move[]){__VA_ARGS__},                                       \
                 sizeof((const struct move[]){__VA_ARGS__}) / sizeof(struct move), __LINE__)
#define NO_MOVE(host) expect_moves((host), NULL, 0, __LINE__)
#define FORGET(host)  (pair.moves_read[host] = pair.move_count[host])

/* Both ESTABLISHED, both descriptors held; how they came there is forgotten. */
static void connect_pair(void)
{
    peer_listens();
    we_connect();
    run_for(SEC(1));
    pair.fd[PEER] = lastack_accept(stack_of(PEER), pair.listener, NULL);
    assert_true(pair.fd[PEER] >= 0);
    settle();
    FORGET(OURS);
    FORGET(PEER);
}

static enum tcp_state state_of(unsigned host)
{
    struct lastack_connection_row row;

    return lastack_status(stack_of(host), pair.fd[host], &row) == 0 ? row.state : TCP_CLOSED;
}

/* ---- both at once ---- */

/* RFC 9293 Figure 7. covers: 9293-MUST-10 */
TEST(both_open_at_once)
{
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        const struct lastack_endpoint own = endpoint_of(host), other = endpoint_of(1 - host);

        pair.fd[host] = socket_of(host);
        assert_int_equal(lastack_bind(stack_of(host), pair.fd[host], &own), 0);
        assert_int_equal(lastack_connect(stack_of(host), pair.fd[host], &other),
                         -LASTACK_EINPROGRESS);
    }
    settle();
    run_for(SEC(1));
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        MOVES(host, MOVE(CLOSED, SYN_SENT, CALL_CONNECT), MOVE(SYN_SENT, SYN_RECEIVED, SYN_CROSSED),
              MOVE(SYN_RECEIVED, ESTABLISHED, HANDSHAKE_ACK));
    }
    writes(OURS, "from host 0");
    writes(PEER, "from host 1");
    run_for(SEC(1));
    reads(PEER, "from host 0");
    reads(OURS, "from host 1");
}

/* Both SYNs are lost once: each is repeated, and they cross again. */
TEST(both_open_at_once_and_lose)
{
    pair.is_cut = true;
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        const struct lastack_endpoint own = endpoint_of(host), other = endpoint_of(1 - host);

        pair.fd[host] = socket_of(host);
        assert_int_equal(lastack_bind(stack_of(host), pair.fd[host], &own), 0);
        assert_int_equal(lastack_connect(stack_of(host), pair.fd[host], &other),
                         -LASTACK_EINPROGRESS);
    }
    settle();
    assert_int_equal(pair.lost, 2);
    pair.is_cut = false;
    run_for(SEC(2));
    assert_int_equal(state_of(OURS), TCP_ESTABLISHED);
    assert_int_equal(state_of(PEER), TCP_ESTABLISHED);
}

/* RFC 9293 Figure 13: CLOSING on both ends, TIME-WAIT on both. */
TEST(both_close_at_once)
{
    connect_pair();
    shut(OURS);
    shut(PEER);
    settle();
    run_for(2 * ONE_WAY);
    for (unsigned host = 0; host < SIM_HOSTS; host++) {
        MOVES(host, MOVE(ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN), MOVE(FIN_WAIT_1, CLOSING, FIN),
              MOVE(CLOSING, TIME_WAIT, FIN_ACKED));
    }
    close_end(OURS);
    close_end(PEER);
    run_for(SEC(60) - 1); /* since CLOSING ended: 10 ms ago at the most */
    run_for(1);
    for (unsigned host = 0; host < SIM_HOSTS; host++)
        MOVES(host, MOVE(TIME_WAIT, CLOSED, TIME_WAIT_OVER));
}

/* ---- what is lost on the way out ---- */

static bool loses_first_fin(unsigned host, uint16_t flags, uint32_t text)
{
    (void)text;
    return host == OURS && (flags & FIN) != 0 && pair.lost == 0;
}

TEST(fin_is_lost)
{
    int64_t closed_at;

    connect_pair();
    pair.loses = loses_first_fin;
    closed_at = pair.world.now;
    shut(OURS);
    settle();
    run_for(MS(100));
    assert_int_equal(pair.lost, 1);
    MOVES(OURS, MOVE(ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN));
    NO_MOVE(PEER);
    run_for(SEC(2)); /* the timer sends it again */
    MOVES(OURS, MOVE(FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED));
    MOVES(PEER, MOVE(ESTABLISHED, CLOSE_WAIT, FIN));
    assert_true(pair.world.now > closed_at);
    close_end(PEER);
    run_for(SEC(1));
    MOVES(PEER, MOVE(CLOSE_WAIT, LAST_ACK, CALL_CLOSE), MOVE(LAST_ACK, CLOSED, FIN_ACKED));
    MOVES(OURS, MOVE(FIN_WAIT_2, TIME_WAIT, FIN));
}

static bool loses_first_ack_of_fin(unsigned host, uint16_t flags, uint32_t text)
{
    (void)text;
    return host == OURS && flags == ACK && pair.lost == 0;
}

/* The peer repeats its FIN out of LAST-ACK; TIME-WAIT answers, and waits for 2MSL from then. */
TEST(last_ack_is_lost)
{
    int64_t entered_at;

    connect_pair();
    shut(OURS);
    settle();
    run_for(SEC(1));
    MOVES(OURS, MOVE(ESTABLISHED, FIN_WAIT_1, CALL_SHUTDOWN),
          MOVE(FIN_WAIT_1, FIN_WAIT_2, FIN_ACKED));
    pair.loses = loses_first_ack_of_fin;
    close_end(PEER);
    run_for(ONE_WAY);
    entered_at = pair.world.now;
    assert_int_equal(pair.lost, 1);
    MOVES(OURS, MOVE(FIN_WAIT_2, TIME_WAIT, FIN));
    FORGET(PEER);
    close_end(OURS);
    run_for(SEC(2));
    MOVES(PEER, MOVE(LAST_ACK, CLOSED, FIN_ACKED));
    assert_int_equal(pair.restart.cause, LASTACK_CAUSE_FIN_REPEATED);
    assert_true(pair.restart.time_ns > entered_at);
    assert_int_equal(pair.restart.u.detail.b, pair.restart.time_ns + SEC(60));
    run_for(entered_at + SEC(60) - pair.world.now);
    NO_MOVE(OURS); /* 60 s after it was entered it is still there */
    run_for(pair.restart.time_ns + SEC(60) - pair.world.now - 1);
    NO_MOVE(OURS);
    run_for(1);
    MOVES(OURS, MOVE(TIME_WAIT, CLOSED, TIME_WAIT_OVER));
}

/* Text of the old life comes again while our end is in TIME-WAIT. */
static void repeat_old_text(void)
{
    struct lastack_packet_in packet = {.link = 1};

    connect_pair();
    writes(PEER, "once");
    run_for(SEC(1));
    reads(OURS, "once");
    shut(OURS);
    settle();
    run_for(SEC(1));
    close_end(PEER);
    run_for(SEC(1));
    close_end(OURS);
    FORGET(OURS);
    FORGET(PEER);
    run_for(SEC(30));
    packet.data = pair.kept;
    packet.length = pair.kept_length;
    assert_true(pair.kept_length > 0);
    lastack_input(stack_of(OURS), pair.world.now, &packet, 1);
    settle();
    assert_int_equal(pair.restart.cause, LASTACK_CAUSE_OLD_DUPLICATE);
    NO_MOVE(OURS);
    run_for(SEC(1));
    NO_MOVE(PEER);
}

/* It is acknowledged; the peer, who has forgotten everything, answers with a RST that fits: RFC
 * 1337's assassination, which Linux lets happen. */
TEST(old_duplicate_in_time_wait)
{
    repeat_old_text();
    MOVES(OURS, MOVE(TIME_WAIT, CLOSED, RST));
}

/* ... and with tcp_rfc1337 it does not: 2MSL counts from the duplicate. */
TEST(old_duplicate_in_time_wait_by_rfc1337)
{
    struct lastack_params params;

    sim_world_free(&pair.world);
    lastack_params_linux(&params);
    params.tcp_rfc1337 = true;
    begin_with(&params);
    repeat_old_text();
    NO_MOVE(OURS);
    run_for(pair.restart.time_ns + SEC(60) - pair.world.now - 1);
    NO_MOVE(OURS);
    run_for(1);
    MOVES(OURS, MOVE(TIME_WAIT, CLOSED, TIME_WAIT_OVER));
}

/* ---- the peer vanishes, in each state ---- */

static bool loses_pure_acks(unsigned host, uint16_t flags, uint32_t text)
{
    return host == PEER && flags == ACK && text == 0;
}

static bool loses_syn_acks(unsigned host, uint16_t flags, uint32_t text)
{
    (void)text;
    return host == PEER && (flags & SYN) != 0;
}

static void reach_listen(void)
{
    peer_listens();
}

static void reach_syn_sent(void)
{
    pair.is_cut = true;
    we_connect();
}

static void reach_syn_received(void)
{
    pair.loses = loses_syn_acks;
    peer_listens();
    we_connect();
    run_for(ONE_WAY);
}

static void reach_established(void)
{
    connect_pair();
    pair.is_cut = true;
    writes(OURS, "nobody will answer");
}

static void reach_fin_wait_1(void)
{
    connect_pair();
    pair.is_cut = true;
    close_end(OURS);
}

static void reach_fin_wait_2(void)
{
    connect_pair();
    close_end(OURS);
    run_for(3 * ONE_WAY);
}

static void reach_close_wait(void)
{
    connect_pair();
    shut(PEER);
    settle();
    run_for(SEC(1));
}

static void reach_closing(void)
{
    connect_pair();
    shut(OURS);
    pair.loses = loses_pure_acks;
    lastack_tick(stack_of(PEER), pair.world.now);
    shut(PEER);
    settle();
    run_for(ONE_WAY);
    close_end(OURS);
}

static void reach_last_ack(void)
{
    reach_close_wait();
    pair.is_cut = true;
    close_end(OURS);
}

static void reach_time_wait(void)
{
    reach_fin_wait_2();
    close_end(PEER);
    run_for(ONE_WAY);
}

/*
 * Where our end (or the listener's, for LISTEN and SYN-RECEIVED) stands when the peer is heard of
 * for the last time; its way out; after how long at the most, by the clock of the linux profile;
 * and whether somebody has to close a descriptor first, without whom it would rightly wait for
 * ever.
 */
static const struct vanishing {
    enum tcp_state state;
    unsigned host;
    void (*reach)(void);
    bool needs_owner;
    enum lastack_cause exit;
    enum tcp_state exit_to;
    int64_t within;
} vanishings[] = {
    {TCP_LISTEN, PEER, reach_listen, true, LASTACK_CAUSE_CALL_CLOSE, TCP_CLOSED, 0},
    {TCP_SYN_SENT, OURS, reach_syn_sent, false, LASTACK_CAUSE_SYN_TIMEOUT, TCP_CLOSED, SEC(131)},
    {TCP_SYN_RECEIVED, PEER, reach_syn_received, false, LASTACK_CAUSE_SYNACK_TIMEOUT, TCP_LISTEN,
     SEC(63)},
    {TCP_ESTABLISHED, OURS, reach_established, false, LASTACK_CAUSE_RETRIES_EXHAUSTED, TCP_CLOSED,
     SEC(1100)},
    {TCP_FIN_WAIT_1, OURS, reach_fin_wait_1, false, LASTACK_CAUSE_ORPHAN_RETRIES, TCP_CLOSED,
     SEC(210)},
    {TCP_FIN_WAIT_2, OURS, reach_fin_wait_2, false, LASTACK_CAUSE_FIN_WAIT_2_TIMEOUT, TCP_CLOSED,
     SEC(60)},
    {TCP_CLOSE_WAIT, OURS, reach_close_wait, true, LASTACK_CAUSE_ORPHAN_RETRIES, TCP_CLOSED,
     SEC(210)},
    {TCP_CLOSING, OURS, reach_closing, false, LASTACK_CAUSE_ORPHAN_RETRIES, TCP_CLOSED, SEC(210)},
    {TCP_LAST_ACK, OURS, reach_last_ack, false, LASTACK_CAUSE_ORPHAN_RETRIES, TCP_CLOSED, SEC(210)},
    {TCP_TIME_WAIT, OURS, reach_time_wait, false, LASTACK_CAUSE_TIME_WAIT_OVER, TCP_CLOSED,
     SEC(60)},
};

static void vanish_in(const struct vanishing *v)
{
    unsigned before;

    v->reach();
    assert_true(pair.move_count[v->host] > 0);
    assert_int_equal(pair.moves[v->host][pair.move_count[v->host] - 1].to, v->state);
    pair.is_cut = true;
    before = pair.move_count[v->host];
    if (v->needs_owner) {
        /* whoever holds the descriptor may take his time: nothing happens without him */
        run_for(SEC(24 * 3600));
        assert_int_equal(pair.move_count[v->host], before);
        if (v->state == TCP_LISTEN) {
            assert_int_equal(lastack_close(stack_of(PEER), pair.listener), 0);
            pair.listener = -1;
            settle();
        }
        close_end(OURS);
    }
    run_for(v->within);
    assert_true(pair.move_count[v->host] > before);
    assert_int_equal(pair.moves[v->host][pair.move_count[v->host] - 1].to, v->exit_to);
    assert_int_equal(pair.moves[v->host][pair.move_count[v->host] - 1].cause, v->exit);
}

TEST(peer_vanishes)
{
    uint32_t seen = 1u << TCP_CLOSED; /* nothing waits there: is_empty at each end says so */

    sim_world_free(&pair.world);
    for (unsigned i = 0; i < sizeof vanishings / sizeof vanishings[0]; i++) {
        begin_with(NULL);
        vanish_in(&vanishings[i]);
        seen |= 1u << vanishings[i].state;
        (void)end(state);
    }
#define LASTACK_X(name, number, text) assert_true((seen & 1u << (number)) != 0);
    LASTACK_STATES(LASTACK_X)
#undef LASTACK_X
    begin_with(NULL);
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(both_open_at_once),
        RUN(both_open_at_once_and_lose),
        RUN(both_close_at_once),
        RUN(fin_is_lost),
        RUN(last_ack_is_lost),
        RUN(old_duplicate_in_time_wait),
        RUN(old_duplicate_in_time_wait_by_rfc1337),
        RUN(peer_vanishes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
