/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.h: a language for tests of TCP: a stack on one link, and a peer whose segments the test
 * writes.
 *
 *     ARRIVES(p, .flags = FIN | ACK, .seq = 1, .ack = 1);       the peer says this now
 *     STATE(p, ESTABLISHED, CLOSE_WAIT, FIN);                   the stack's trace says so, and why
 *     SENDS(p, .flags = ACK, .seq = 1, .ack = 2);               and this is what it answers
 *     AFTER(p, MS(200));                                        time passes, deadlines act
 *
 *   - Sequence numbers count from the sender's own SYN: 0 is the SYN, 1 the first byte. On the wire
 *     the peer starts 16 bytes before the wrap of sequence space, the stack where its ISN puts it.
 *   - Text is a number of bytes; what stands in them follows from their sequence numbers, and is
 *     verified wherever it comes out.
 *   - Everything the stack sends and every move of its state has to be expected, in order. What a
 *     test leaves unread is an error at its end, unless it says FORGET.
 *   - Every packet is parsed again as a stranger would: checksums, lengths, MTU, DF, options where
 *     they may stand; and the right edge of the window never moves left (RFC 9293 SHLD-14).
 *   - At the end of every test all descriptors are closed, the peers say nothing more, and within
 *     virtual days the stack has to come to rest with every pool empty: no state without an exit.
 *
 * The stack's only link has 192.0.2.1/24 and 2001:db8::1/64; the peers are 192.0.2.9 and
 * 2001:db8::9. Time starts at 1000 s.
 */
#ifndef LASTACK_PEER_H
#define LASTACK_PEER_H

#include "duration.h"
#include "segment.h"

#include <lastack/lastack.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FIN = LASTACK_FIN, SYN = LASTACK_SYN, RST = LASTACK_RST, PSH = LASTACK_PSH };
enum { ACK = LASTACK_ACK, URG = LASTACK_URG, ECE = LASTACK_ECE, CWR = LASTACK_CWR };

enum { PEER_PORT = 40000, STACK_PORT = 80, PEER_MSS = 1460, PEER_LINK = 1 };

/* Instead of 0, which means "as usual" or "never mind". */
enum { NONE = -1 };

/* A segment as a test writes it. What is not written is 0: for flags, seq, ack and text that is
 * what it says; for the rest it is "as usual" (ARRIVES) or "never mind" (SENDS). */
struct line {
    uint16_t flags; /* PSH is compared only if written */
    int64_t seq, ack;
    uint32_t text;    /* bytes */
    int32_t win;      /* the field, unscaled; NONE: 0. ARRIVES: 65535 */
    int32_t mss;      /* NONE: no option. ARRIVES: 1460 on a SYN */
    int32_t shift;    /* window scale + 1; NONE: no option */
    int32_t sack_ok;  /* 1: the option is there; NONE: it is not */
    int64_t ts, echo; /* TSval, TSecr; NONE: no option. ARRIVES: right ones once negotiated */
    bool timestamps;  /* ARRIVES, on a SYN: offer them */
    int64_t sack[4][2];
    bool no_sack;                /* SENDS: there is no SACK block */
    int32_t fast_open;           /* Fast Open: bytes of the cookie + 1; NONE: no option */
    uint64_t cookie;             /* ... its first 8, in the order of the wire */
    bool experiment;             /* ... as option 254 */
    int64_t at;                  /* when it left, counted from MARK */
    int32_t urgent;              /* the pointer, as on the wire; SENDS: 0 never mind */
    uint8_t tos;                 /* all 8 bits. SENDS; 0: never mind */
    uint8_t ttl;                 /* SENDS; 0: never mind */
    bool not_ect;                /* SENDS: neither ECT nor CE */
    struct lastack_address from; /* SENDS: the source; all 0: never mind */
    bool no_push;                /* SENDS: it has no PSH */
    bool new_id;                 /* SENDS: its IPv4 ID is none that this peer saw before */
    bool bad_checksum;
};

/* An ICMP error from a router (192.0.2.254, 2001:db8::fe) about a segment of the stack. */
struct icmp_line {
    uint8_t type, code;
    int64_t seq;     /* of the segment that it quotes, as in SENDS */
    uint32_t mtu;    /* of a too-big */
    uint32_t quoted; /* length of the IP packet it quotes; 0: 1500 */
};

/* One connection of one peer. */
struct peer {
    struct lastack_endpoint local, remote; /* of the stack, of the peer */
    int fd;                                /* the stack's descriptor; -1 */
    uint32_t iss, irs;                     /* of the stack, of the peer */
    int64_t nxt, rcv;                      /* after reach(): the stack's SND.NXT and RCV.NXT */
    bool has_iss, has_timestamps, is_used;
    uint32_t ts_last;       /* last TSval of the stack */
    uint32_t written, read; /* bytes, by WRITES and READS */
    uint8_t offered_shift;  /* window scale + 1 in the stack's SYN */
    bool has_shift;         /* the peer's SYN had one too */
    bool has_edge;
    bool tells_short;  /* the window may be told short of that by less than its unit */
    uint32_t edge;     /* right edge of the stack's window */
    uint32_t last_id;  /* IPv4 ID of the last packet that SENDS read */
    uint64_t cookie;   /* the last one that the stack sent */
    uint64_t trace_at; /* next trace record to read */
};

/* The world of a test; made afresh before each. */
struct peer_world {
    struct lastack *stack;
    void *memory;
    size_t size;
    struct lastack_config config;
    int64_t now, mark;
    uint32_t mtu;
    int listener; /* -1 */
};

extern struct peer_world world;

/* ---- beginnings ---- */

/* The config that tests start from: the linux profile, small pools, everything traced but
 * segments. */
void peer_config(struct lastack_config *config);
/* The stack again, from this config: first line of a test that needs another one. */
void restart(const struct lastack_config *config);
/* ... on a link with this MTU instead of 1500 (at most 9000). */
void restart_with_mtu(const struct lastack_config *config, uint32_t mtu);

/* A peer at 192.0.2.9:port, or [2001:db8::9]:port; no connection yet. */
struct peer *peer_at(uint16_t port);
struct peer *peer_at_ipv6(uint16_t port);

struct opening {
    char start;    /* so that ACCEPTED() may be empty */
    int64_t rtt;   /* how long the handshake takes: gives the first sample */
    int32_t mss;   /* of the peer; 0: 1460 */
    int32_t shift; /* window scale of the peer + 1; 0: none */
    bool timestamps, sack;
    int32_t win; /* of the peer's ACK (SYN-ACK); 0: 65535, NONE: 0 */
};

/* A listener on 0.0.0.0:80 with this backlog (once per test). */
void LISTENS(int backlog);
/* connect() from an idle socket to the peer; the SYN is left to be read. */
void CONNECTS(struct peer *peer);
/* accept() of the listener: must be this peer's connection. */
void ACCEPTS(struct peer *peer);
/* Ready connections, all segments and states of their handshake checked. Listening for it if nobody
 * does. */
struct peer *accepted_with(uint16_t port, const struct opening *opening);
struct peer *connected_with(uint16_t port, const struct opening *opening);
#define ACCEPTED(...)  accepted_with(PEER_PORT, &(struct opening){0, __VA_ARGS__})
#define CONNECTED(...) connected_with(PEER_PORT, &(struct opening){0, __VA_ARGS__})

/* A connection that has come to this state, its descriptor still held; all of the way was checked.
 * SYN-RECEIVED is that of a simultaneous open; on the way to the states behind FIN-WAIT-1
 * shutdown() was called, not close(). */
struct peer *reach(uint16_t port, enum tcp_state state);

/* ---- calls, each with what follows from it ---- */

/* sendto(MSG_FASTOPEN) of `bytes` from an idle socket (a new one if there is none): its result. */
int64_t FAST_OPENS(struct peer *peer, uint32_t bytes);

void WRITES(struct peer *peer, uint32_t bytes);
/* send() with flags; what it answers. */
int64_t writes_with(struct peer *peer, uint32_t bytes, uint32_t flags);
void READS(struct peer *peer, uint32_t bytes); /* exactly so many can be read, and are right */
void READS_END(struct peer *peer);             /* recv answers 0 */
void READS_NOTHING(struct peer *peer);         /* EAGAIN */
void READS_ERROR(struct peer *peer, int error);
void WRITES_ERROR(struct peer *peer, int error);
void CLOSES(struct peer *peer);
void SHUTS(struct peer *peer, int how);
void ABORTS(struct peer *peer);
void LINGERS(struct peer *peer, int seconds);
void SETS(struct peer *peer, enum lastack_option option, int value);
/* Whatever was done by hand: output is fetched. */
void SETTLES(void);

/* ---- the wire, the trace, the clock ---- */

void peer_arrives(struct peer *peer, const struct line *line);
void peer_icmp_arrives(const struct peer *peer, const struct icmp_line *line);
/* Several segments in one batch: the stack sees them all before it is asked for output. */
void peer_arrive(struct peer *peer, const struct line *lines, unsigned count);
void peer_sends(struct peer *peer, const struct line *line, const char *file, int number);
void peer_sends_nothing(struct peer *peer, const char *file, int number);
void peer_state(struct peer *peer, enum tcp_state from, enum tcp_state to, enum lastack_cause cause,
                const char *file, int number);
void peer_no_state(struct peer *peer, const char *file, int number);
void peer_is_in(struct peer *peer, enum tcp_state state, const char *file, int number);

#define ARRIVES(peer, ...)      peer_arrives((peer), &(struct line){__VA_ARGS__})
#define ICMP_ARRIVES(peer, ...) peer_icmp_arrives((peer), &(struct icmp_line){__VA_ARGS__})
#define SENDS(peer, ...)        peer_sends((peer), &(struct line){__VA_ARGS__}, __FILE__, __LINE__)
#define SENDS_NOTHING(peer)     peer_sends_nothing((peer), __FILE__, __LINE__)
#define STATE(peer, from, to, cause)                                                               \
    peer_state((peer), TCP_##from, TCP_##to, LASTACK_CAUSE_##cause, __FILE__, __LINE__)
#define NO_STATE(peer) peer_no_state((peer), __FILE__, __LINE__)
/* What a row says of its tuple now; CLOSED: there is none. */
#define IS_IN(peer, state) peer_is_in((peer), TCP_##state, __FILE__, __LINE__)

/* Time passes: every deadline acts at its moment. */
void AFTER(int64_t ns);
/* The tuple begins anew: sequence numbers, timestamps and window of the old life are forgotten. */
void NEW_LIFE(struct peer *peer);
/* .at counts from here. */
void MARK(void);
/* Nothing that the stack has sent or done so far matters to this test. */
void FORGET(struct peer *peer);
/* How many packets wait to be read, whatever is in them; they are forgotten. */
uint32_t packets_forgotten(struct peer *peer);

uint64_t counted(enum lastack_cause cause);
/* The row of the peer's tuple; fails if there is none. */
struct lastack_connection_row row_of(const struct peer *peer);
bool has_row(const struct peer *peer, struct lastack_connection_row *row);
struct lastack_pool_usage usage_of(enum lastack_pool pool);

/* ---- the test program ---- */

int peer_setup(void **state);
int peer_teardown(void **state);

#define TEST(name) static void name(__attribute__((unused)) void **state)
#define RUN(name)  cmocka_unit_test_setup_teardown(name, peer_setup, peer_teardown)

#endif
