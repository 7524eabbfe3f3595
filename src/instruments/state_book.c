/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_book.c: see state_book.h. Linux's numbers; measured where the articles disagree.
 */
#include "state_book.h"

#include <stddef.h>
#include <strings.h>

static const struct state_page pages[] = {
    [TCP_ESTABLISHED] = {"open in both directions. Without a descriptor (inode 0) it waits in a "
                         "listener's accept queue",
                         "never by itself: without data and without keepalive nobody notices that "
                         "the other end is gone",
                         "both programs'",
                         "SO_KEEPALIVE and TCP_USER_TIMEOUT where the peer may vanish",
                         "tcp_keepalive_time acts only on sockets that switched keepalive on; "
                         "containers have values of their own"},
    [TCP_SYN_SENT] = {"connect() has sent a SYN and heard nothing yet",
                      "after tcp_syn_retries resends (6: about two minutes), with ETIMEDOUT",
                      "the network's or the peer's: SYN lost, filtered, its accept queue full, or "
                      "an old connection on the same ports",
                      "look at the other end for SYN-RECV, a full accept queue (ss -ltn), or the "
                      "same tuple in another state",
                      "it is not refused: that would be ECONNREFUSED at once"},
    [TCP_SYN_RECEIVED] = {"a half-open request of a listener: SYN-ACK sent, the last ACK is "
                          "missing. No descriptor, no process",
                          "after tcp_synack_retries resends (5: about a minute)",
                          "the client's or the path's; many from many sources: a flood; few, "
                          "resent: our accept queue is full",
                          "lastack doctor --check syn-pressure --check acceptor-stalled",
                          "do not switch tcp_syncookies off"},
    [TCP_FIN_WAIT_1] =
        {"closed here; our FIN, or data before it, is not acknowledged yet",
         "with a dead peer after tcp_orphan_retries resends (0 means 8) once no descriptor holds "
         "it",
         "the peer's or the path's: dead, window closed, or a firewall eats the FIN",
         "see TIMER: resend, or zero-window probe",
         "tcp_fin_timeout does not act here, and dropping its packets keeps it alive longer"},
    [TCP_FIN_WAIT_2] = {"closed here and acknowledged; the peer has not closed. With an inode: a "
                        "program holds it half-closed; without: an "
                        "orphan",
                        "an orphan after tcp_fin_timeout (60 s); a held one never",
                        "the other end's program: it has a CLOSE-WAIT",
                        "close() instead of shutdown() when the answer no longer matters",
                        "tcp_fin_timeout never ends a socket that a descriptor holds"},
    [TCP_TIME_WAIT] = {"over; this end closed first and keeps the tuple until old duplicates are "
                       "dead. A record: no descriptor, no process "
                       "(Windows shows PID 0)",
                       "after 60 s, a constant of Linux; a repeated FIN starts it anew; a RST ends "
                       "it while tcp_rfc1337 is 0",
                       "nobody's: it is how TCP closes. The end that closes first has it; after a "
                       "simultaneous close both have",
                       "nothing, unless ports run out towards one destination (lastack doctor "
                       "--check port-exhaustion): keep connections "
                       "open and reuse them",
                       "tcp_fin_timeout does not shorten it; tcp_tw_recycle is gone since 4.12; "
                       "tcp_tw_reuse helps clients only; "
                       "tcp_max_tw_buckets only drops the protection"},
    [TCP_CLOSED] = {"bound to a port, neither listening nor connected",
                    "when its program closes it", "its program's",
                    "bind() before connect() without IP_BIND_ADDRESS_NO_PORT takes the port for "
                    "every destination",
                    ""},
    [TCP_CLOSE_WAIT] =
        {"the peer has closed; this end's program has not. Recv-Q 0: it read the end and forgot "
         "close(); 1: it never read the "
         "FIN; more: data is unread. Without an inode: it was never accepted",
         "never: no timer runs; it lasts until close() or the end of the process",
         "the program's here, always",
         "find the missing close(), or the stuck worker, or the acceptor that does not accept()",
         "no sysctl acts on it; keepalive does not; ending the connection leaves the descriptor "
         "open"},
    [TCP_LAST_ACK] = {"both have closed; the ACK of our FIN is missing",
                      "after tcp_orphan_retries resends (0 means 8)",
                      "the path's or the peer's host",
                      "wait; many of them: look for a firewall that forgets connections early",
                      "it does not wait for a FIN: that has come"},
    [TCP_LISTEN] =
        {"waits for connections. Recv-Q: how many wait for accept(); Send-Q: how many may",
         "when its last descriptor is closed", "its program's",
         "Recv-Q near Send-Q: the program does not call accept(), or the backlog is small",
         "somaxconn alone does nothing: the smaller of it and listen()'s backlog counts"},
    [TCP_CLOSING] = {"both closed at the same moment; the ACK of our FIN is missing",
                     "within a round trip, to TIME-WAIT at both ends; with a dead peer after "
                     "tcp_orphan_retries resends",
                     "nobody's: crossing FINs", "nothing; if it stays, the path is dead", ""},
};

const struct state_page *state_book_page(enum tcp_state state)
{
    return &pages[state];
}

static const struct error_page errors[] = {
    {"EADDRINUSE", "bind() or listen(): somebody has the port",
     "  a listener has it\n"
     "  TIME-WAITs of the old server have it, and not both the old and the new socket had "
     "SO_REUSEADDR\n"
     "  an outgoing connection has it: the kernel gave it out as an ephemeral port\n"
     "  bind(port 0): the ephemeral range is used up\n",
     "lastack explain EADDRINUSE :PORT"},
    {"EADDRNOTAVAIL",
     "connect(): no ephemeral port is left towards that destination; bind(): not an address of "
     "this host",
     "  every port of ip_local_port_range is in use with this source, destination and destination "
     "port\n",
     "lastack doctor --check port-exhaustion"},
    {"ECONNRESET", "the peer sent RST",
     "  it closed with unread data, or with SO_LINGER 0\n"
     "  its process or host restarted: our segment met no connection\n"
     "  its accept queue was full and tcp_abort_on_overflow is set\n"
     "  somebody ended it (ss -K), or a middlebox did\n",
     "lastack ladder FILE.pcap; at the peer: lastack doctor --check reset-storm"},
    {"ECONNREFUSED", "RST answered our SYN: nobody listens there",
     "  the service is down, or listens on another address or family\n",
     "at the peer: lastack ss -ltnp sport = :PORT"},
    {"ETIMEDOUT", "no answer: the SYN, or data, was resent in vain, or keepalive was not answered",
     "  SYN: filtered, or the accept queue is full there\n"
     "  data: path or peer dead; tcp_retries2 (15) means about 15 minutes, TCP_USER_TIMEOUT "
     "shortens it\n",
     "lastack doctor --check dead-peer --check stale-tuple"},
    {"ECONNABORTED", "the connection ended before accept() or under our hands",
     "  the client reset it while it waited in the accept queue\n"
     "  somebody ended it with SOCK_DESTROY (ss -K, lastack kill)\n",
     "lastack netstat -s"},
    {"EPIPE", "we send after the end: we shut down, or the peer has reset",
     "  an earlier ECONNRESET was not looked at\n", "lastack explain ECONNRESET"},
    {"EMFILE", "the process has no descriptor left",
     "  connections are not closed: CLOSE-WAIT, or sockets that are in no table at all\n",
     "lastack doctor --check close-wait-leak --check fd-leak"},
    {"EHOSTUNREACH", "ICMP: the host cannot be reached",
     "  no route, or no answer to ARP or neighbour discovery\n", "ip route get ADDRESS"},
    {"ENOTCONN", "the socket is not connected",
     "  connect() has not finished or has failed; the peer has reset\n", "-"},
};

const struct error_page *state_book_error(const char *name)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcasecmp(errors[i].name, name) == 0)
            return &errors[i];
    return NULL;
}

const char *state_book_error_names(void)
{
    return "EADDRINUSE EADDRNOTAVAIL ECONNRESET ECONNREFUSED ETIMEDOUT ECONNABORTED EPIPE EMFILE "
           "EHOSTUNREACH ENOTCONN";
}
