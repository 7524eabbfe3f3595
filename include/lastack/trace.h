/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h: every change has a cause.
 *
 * Each state change, timer, drop, refusal, retransmission and (when switched on) segment writes
 * one record of 64 bytes. The narration, the ladder, pcapng comments, drill's failure reports,
 * `why` in `ss` and the hash that proves determinism all read this one stream; nothing else is
 * ever told to a viewer.
 *
 * The lists are X-lists, so that names exist once: LASTACK_STATES(X) and so on.
 */
#ifndef LASTACK_TRACE_H
#define LASTACK_TRACE_H

#include "address.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The eleven states of RFC 9293 §3.3.2, in the numbering of Linux (include/net/tcp_states.h). */
#define LASTACK_STATES(X)                                                                          \
    X(ESTABLISHED, 1, "ESTABLISHED")                                                               \
    X(SYN_SENT, 2, "SYN-SENT")                                                                     \
    X(SYN_RECEIVED, 3, "SYN-RECEIVED")                                                             \
    X(FIN_WAIT_1, 4, "FIN-WAIT-1")                                                                 \
    X(FIN_WAIT_2, 5, "FIN-WAIT-2")                                                                 \
    X(TIME_WAIT, 6, "TIME-WAIT")                                                                   \
    X(CLOSED, 7, "CLOSED")                                                                         \
    X(CLOSE_WAIT, 8, "CLOSE-WAIT")                                                                 \
    X(LAST_ACK, 9, "LAST-ACK")                                                                     \
    X(LISTEN, 10, "LISTEN")                                                                        \
    X(CLOSING, 11, "CLOSING")

enum tcp_state {
#define LASTACK_X(name, number, text) TCP_##name = number,
    LASTACK_STATES(LASTACK_X)
#undef LASTACK_X
};

/* "ESTABLISHED", "TIME-WAIT" ...; "?" for a number that is none. */
const char *lastack_state_text(enum tcp_state state);

/* What a record tells. (class, name, text) The class decides which switch it obeys. */
#define LASTACK_TRACES(X)                                                                          \
    X(STATE, FLOW, "flow")               /* first record of a flow: its addresses (see union) */   \
    X(STATE, STATE, "state")             /* old_state -> new_state, because of cause */            \
    X(STATE, ACCEPTED, "accepted")       /* moved from the accept queue to a descriptor */         \
    X(STATE, GONE, "gone")               /* the tuple is free */                                   \
    X(TIMER, TIMER_ARMED, "timer armed") /* a = enum lastack_timer, b = deadline (ns) */           \
    X(TIMER, TIMER_FIRED, "timer fired") /* a = enum lastack_timer, b = times in a row */          \
    X(TIMER, TIMER_STOPPED, "timer off") /* a = enum lastack_timer */                              \
    X(TIMER, RETRANSMIT, "retransmit")   /* seq, len again; a = times; b = next RTO (ns) */        \
    X(TIMER, TIME_WAIT_RESTART, "2MSL restarts") /* b = new deadline */                            \
    X(DROP, DROP, "drop")                        /* a segment dropped; cause says why */           \
    X(DROP, REFUSED, "refused")    /* a call or a resource refused; cause says why */              \
    X(DROP, WARNING, "warning")    /* something an operator wants to know; cause says what */      \
    X(SEGMENT, SEGMENT_IN, "in")   /* a segment of this connection arrived */                      \
    X(SEGMENT, SEGMENT_OUT, "out") /* a segment was handed to the link */

enum lastack_trace_what {
#define LASTACK_X(class, name, text) LASTACK_TRACE_##name,
    LASTACK_TRACES(LASTACK_X)
#undef LASTACK_X
        LASTACK_TRACE_COUNT
};

enum lastack_trace_class { /* bits of the switch */
                           LASTACK_TRACE_CLASS_STATE = 1 << 0,
                           LASTACK_TRACE_CLASS_TIMER = 1 << 1,
                           LASTACK_TRACE_CLASS_DROP = 1 << 2,
                           LASTACK_TRACE_CLASS_SEGMENT = 1 << 3,
                           LASTACK_TRACE_CLASS_ALL = (1 << 4) - 1,
};

/*
 * Causes. One list for everything that can be the reason of a change, a drop, a refusal or a close.
 * Every one is also a counter (lastack_counter). (name, text)
 */
#define LASTACK_CAUSES(X)                                                                          \
    X(NONE, "-")                                                                                   \
    /* the application */                                                                          \
    X(CALL_CONNECT, "connect()")                                                                   \
    X(CALL_LISTEN, "listen()")                                                                     \
    X(CALL_ACCEPT, "accept()")                                                                     \
    X(CALL_CLOSE, "close() of the last descriptor")                                                \
    X(CALL_SHUTDOWN, "shutdown(SHUT_WR)")                                                          \
    X(CALL_ABORT, "abort")                                                                         \
    X(CALL_KILL, "killed by an operator")                                                          \
    X(LINGER_ZERO, "close() with SO_LINGER 0")                                                     \
    X(UNREAD_DATA, "close() with unread data")                                                     \
    X(LISTENER_CLOSED, "its listener was closed")                                                  \
    /* segments */                                                                                 \
    X(SYN, "SYN arrived")                                                                          \
    X(SYN_ACK, "SYN-ACK arrived")                                                                  \
    X(SYN_CROSSED, "SYN crossed ours (simultaneous open)")                                         \
    X(HANDSHAKE_ACK, "ACK of our SYN arrived")                                                     \
    X(FIN, "FIN arrived")                                                                          \
    X(FIN_ACKED, "ACK of our FIN arrived")                                                         \
    X(RST, "RST arrived")                                                                          \
    X(REFUSED, "RST answered our SYN (refused)")                                                   \
    X(ACKED, "ACK arrived")                                                                        \
    X(DATA_AFTER_CLOSE, "data arrived after close()")                                              \
    X(TIME_WAIT_REOPENED, "a new SYN reopened TIME-WAIT")                                          \
    X(TIME_WAIT_REUSED, "connect() reused TIME-WAIT")                                              \
    X(FIN_REPEATED, "the peer repeated its FIN")                                                   \
    X(OLD_DUPLICATE, "old duplicate")                                                              \
    /* timers */                                                                                   \
    X(RETRANSMISSION_TIMEOUT, "retransmission timeout")                                            \
    X(FAST_RETRANSMIT, "three duplicate ACKs")                                                     \
    X(TAIL_LOSS_PROBE, "tail loss probe")                                                          \
    X(RECOVERY_UNDONE, "nothing was lost: window restored")                                        \
    X(SYN_TIMEOUT, "SYN retries exhausted")                                                        \
    X(SYNACK_TIMEOUT, "SYN-ACK retries exhausted")                                                 \
    X(RETRIES_EXHAUSTED, "retransmissions exhausted (R2)")                                         \
    X(ORPHAN_RETRIES, "orphan gave up")                                                            \
    X(USER_TIMEOUT, "user timeout")                                                                \
    X(KEEPALIVE_TIMEOUT, "keepalive probes unanswered")                                            \
    X(PERSIST_TIMEOUT, "zero-window probes unanswered")                                            \
    X(FIN_WAIT_2_TIMEOUT, "FIN-WAIT-2 timeout")                                                    \
    X(TIME_WAIT_OVER, "2MSL over")                                                                 \
    X(DELAYED_ACK, "delayed-ACK timer")                                                            \
    X(KEEPALIVE, "keepalive sent")                                                                 \
    X(PERSIST, "closed window probed")                                                             \
    /* ICMP */                                                                                     \
    X(ICMP_UNREACHABLE, "ICMP destination unreachable")                                            \
    X(ICMP_TOO_BIG, "ICMP packet too big")                                                         \
    X(ICMP_TIME_EXCEEDED, "ICMP time exceeded")                                                    \
    X(ICMP_PARAMETER_PROBLEM, "ICMP parameter problem")                                            \
    X(ICMP_STALE, "ICMP error quotes a sequence number not in flight")                             \
    /* dropped on arrival: below TCP */                                                            \
    X(DROP_SHORT, "packet too short")                                                              \
    X(DROP_NOT_IP, "neither IPv4 nor IPv6")                                                        \
    X(DROP_IP_HEADER, "bad IP header")                                                             \
    X(DROP_IP_CHECKSUM, "bad IP header checksum")                                                  \
    X(DROP_IP_LENGTH, "IP length beyond the packet")                                               \
    X(DROP_IP_OPTION, "bad IP option or extension header")                                         \
    X(DROP_SOURCE_ROUTE, "source-routed")                                                          \
    X(DROP_FRAGMENT, "fragment not reassembled")                                                   \
    X(DROP_NOT_OURS, "not our address")                                                            \
    X(DROP_BAD_SOURCE, "impossible source address")                                                \
    X(DROP_NO_PROTOCOL, "unknown transport protocol")                                              \
    X(DROP_NOT_INTERESTING, "harmless packet nobody asked for")                                    \
    X(DROP_ETHERNET, "frame not for us")                                                           \
    X(DROP_NEIGHBOR, "bad ARP or neighbour discovery")                                             \
    X(DROP_ICMP, "bad ICMP message")                                                               \
    X(DROP_UDP, "bad UDP datagram")                                                                \
    X(DROP_UDP_NO_PORT, "no UDP socket on that port")                                              \
    X(DROP_UDP_FULL, "UDP receive queue full")                                                     \
    /* dropped by TCP */                                                                           \
    X(DROP_TCP_SHORT, "TCP header too short")                                                      \
    X(DROP_TCP_OFFSET, "bad TCP data offset")                                                      \
    X(DROP_TCP_CHECKSUM, "bad TCP checksum")                                                       \
    X(DROP_TCP_OPTION, "bad TCP option length")                                                    \
    X(DROP_MD5_UNEXPECTED, "signed with MD5, and there is no key")                                 \
    X(DROP_AO_UNEXPECTED, "signed with TCP-AO, and there is no key")                               \
    X(DROP_TCP_ADDRESS, "TCP from or to an address that cannot have it")                           \
    X(DROP_TCP_PORT_ZERO, "TCP port 0")                                                            \
    X(DROP_NO_CONNECTION, "no connection and no listener")                                         \
    X(DROP_RST_NO_CONNECTION, "RST for no connection")                                             \
    X(DROP_OUT_OF_WINDOW, "outside the window")                                                    \
    X(DROP_PAWS, "timestamp too old (PAWS)")                                                       \
    X(DROP_NO_TIMESTAMP, "timestamp missing though negotiated")                                    \
    X(DROP_RST_OUT_OF_WINDOW, "RST outside the window")                                            \
    X(DROP_RST_NOT_EXACT, "RST in the window but not at RCV.NXT (RFC 5961)")                       \
    X(DROP_RST_TIME_WAIT, "RST in TIME-WAIT (RFC 1337)")                                           \
    X(DROP_SYN_IN_CONNECTION, "SYN in a connection (RFC 5961)")                                    \
    X(DROP_NO_ACK, "no ACK bit")                                                                   \
    X(DROP_ACK_OF_UNSENT, "ACK of something never sent")                                           \
    X(DROP_ACK_TOO_OLD, "ACK older than the largest window (RFC 5961)")                            \
    X(DROP_ACK_DUPLICATE, "duplicate ACK")                                                         \
    X(DROP_NOT_SYN_IN_LISTEN, "no SYN, in LISTEN")                                                 \
    X(DROP_SYN_FIN, "SYN with FIN")                                                                \
    X(DROP_RECEIVE_BUFFER, "receive buffer full")                                                  \
    X(DROP_REASSEMBLY_LIMIT, "too many holes")                                                     \
    X(DROP_TEXT_AFTER_FIN, "text after the peer's FIN")                                            \
    X(DROP_OLD_SYN, "SYN not newer than TIME-WAIT")                                                \
    X(DROP_ACK_QUEUE_FULL, "accept queue full")                                                    \
    X(DROP_SYN_QUEUE_FULL, "SYN queue full")                                                       \
    X(DROP_SYN_LIMIT, "SYN limit of its prefix")                                                   \
    X(DROP_DEFERRED, "bare ACK of a SYN-ACK, and the listener waits for text")                     \
    X(DROP_COOKIE, "bad SYN cookie")                                                               \
    X(SYN_COOKIE, "SYN answered with a SYN cookie")                                                \
    X(COOKIE_ACK, "ACK with a valid SYN cookie arrived")                                           \
    X(SYN_EVICTED, "evicted from a full SYN queue")                                                \
    X(URGENT, "urgent pointer advanced")                                                           \
    X(R1, "retransmitted in vain (R1): told to program and IP")                                    \
    X(ECN_CE, "text arrived with CE (ECN)")                                                        \
    X(ECN_ECHO, "ECE told of congestion (ECN)")                                                    \
    X(FAST_OPEN_COOKIE, "Fast Open cookie asked for")                                              \
    X(FAST_OPEN_PASSIVE, "SYN with a valid Fast Open cookie arrived")                              \
    X(FAST_OPEN_PASSIVE_FAILED, "bad Fast Open cookie")                                            \
    X(FAST_OPEN_OVERFLOW, "too many Fast Open requests pending")                                   \
    X(FAST_OPEN_ACTIVE, "SYN-ACK acknowledged the text in our SYN")                                \
    X(FAST_OPEN_ACTIVE_FAILED, "SYN-ACK did not acknowledge the text in our SYN")                  \
    X(FAST_OPEN_BLACKHOLE, "Fast Open paused: SYNs with it are lost")                              \
    /* resources and limits */                                                                     \
    X(NO_CONNECTION_LEFT, "connection pool full")                                                  \
    X(NO_PAGE_LEFT, "page pool full")                                                              \
    X(NO_TIME_WAIT_LEFT, "TIME-WAIT table full")                                                   \
    X(NO_SYN_ENTRY_LEFT, "SYN entries exhausted")                                                  \
    X(NO_REPLY_LEFT, "reply records exhausted")                                                    \
    X(NO_SOCKET_LEFT, "socket pool full")                                                          \
    X(NO_DESCRIPTOR_LEFT, "descriptor table full")                                                 \
    X(NO_RANGE_LEFT, "range pool full")                                                            \
    X(NO_RECOVERY_LEFT, "pool of loss recoveries full")                                            \
    X(NO_ENDPOINT_LEFT, "local endpoint pool full")                                                \
    X(NO_INDEX_LEFT, "flow index full")                                                            \
    X(NEIGHBOR_UNRESOLVED, "neighbour did not answer")                                             \
    X(NO_ROUTE, "no route")                                                                        \
    X(LINK_DOWN, "link down")                                                                      \
    X(ORPHAN_LIMIT, "too many orphans")                                                            \
    X(TIME_WAIT_EVICTED, "evicted from a full TIME-WAIT table")                                    \
    X(TIME_WAIT_OVERFLOW, "TIME-WAIT not kept: the table is full")                                 \
    X(CHALLENGE_LIMIT, "challenge-ACK limit")                                                      \
    X(BLACK_HOLE, "large segments seem to vanish on the path")                                     \
    X(PORT_TIME_WAIT, "address in use: TIME-WAIT without SO_REUSEADDR on both")                    \
    X(PORT_LISTENER, "address in use: a listener has it")                                          \
    X(PORT_BOUND, "address in use: a socket is bound to it")                                       \
    X(PORT_CONNECTION, "address in use: a connection has it")                                      \
    X(PORTS_EXHAUSTED, "no ephemeral port left to that destination")

enum lastack_cause {
#define LASTACK_X(name, text) LASTACK_CAUSE_##name,
    LASTACK_CAUSES(LASTACK_X)
#undef LASTACK_X
        LASTACK_CAUSE_COUNT
};

/* "FIN arrived"; never NULL. */
const char *lastack_cause_text(enum lastack_cause cause);

/* The deadlines a connection can wait for. (name, text) */
#define LASTACK_TIMERS(X)                                                                          \
    X(RETRANSMIT, "retransmit")                                                                    \
    X(PERSIST, "persist")                                                                          \
    X(DELAYED_ACK, "delayed ACK")                                                                  \
    X(KEEPALIVE, "keepalive")                                                                      \
    X(USER_TIMEOUT, "user timeout")                                                                \
    X(LOSS, "loss probe or reordering")                                                            \
    /* from here on not of a connection: of its record, its socket, its half-open request */       \
    X(FIN_WAIT_2, "FIN-WAIT-2")                                                                    \
    X(PACE, "pacing")                                                                              \
    X(TIME_WAIT, "2MSL")                                                                           \
    X(SYN_ACK, "SYN-ACK")

enum lastack_timer {
#define LASTACK_X(name, text) LASTACK_TIMER_##name,
    LASTACK_TIMERS(LASTACK_X)
#undef LASTACK_X
        LASTACK_TIMER_COUNT
};

/* "delayed ACK"; "?" for a number that is none. */
const char *lastack_timer_text(enum lastack_timer timer);

/* Bits of `flags` in records of segments, as in the TCP header (RFC 9293 §3.1, RFC 9768 for AE). */
enum {
    LASTACK_FIN = 0x01,
    LASTACK_SYN = 0x02,
    LASTACK_RST = 0x04,
    LASTACK_PSH = 0x08,
    LASTACK_ACK = 0x10,
    LASTACK_URG = 0x20,
    LASTACK_ECE = 0x40,
    LASTACK_CWR = 0x80,
    LASTACK_AE = 0x100,
};

/* One record, 64 bytes. Fields that a kind of record has no use for are 0. */
struct lastack_trace_record {
    int64_t time_ns;   /* the `now` of the call that caused it */
    uint64_t flow;     /* names the 4-tuple for as long as the stack lives: a keyed hash of it */
    uint16_t cause;    /* enum lastack_cause */
    uint8_t what;      /* enum lastack_trace_what */
    uint8_t old_state; /* enum tcp_state; the state now, where nothing changes */
    uint8_t new_state;
    uint8_t reserved;
    uint16_t flags; /* of the segment concerned */
    uint16_t local_port;
    uint16_t remote_port;
    uint32_t serial; /* which record this is, from 0 */
    union {
        struct {
            uint32_t seq; /* of the segment concerned, as on the wire */
            uint32_t ack;
            uint32_t length; /* text bytes */
            uint32_t window; /* bytes, scaled where the scale is known */
            int64_t a;
            int64_t b;
        } detail;
        struct { /* LASTACK_TRACE_FLOW */
            struct lastack_address local;
            struct lastack_address remote;
        } flow_addresses;
    } u;
};

#ifdef __cplusplus
}
#endif

#endif
