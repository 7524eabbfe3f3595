/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl_lore.c: see sysctl_lore.h. Measured on Linux 6.1 and 6.18 where articles disagree.
 */
#include "sysctl_lore.h"

#include <stddef.h>
#include <string.h>

#define IPV4 "net.ipv4."

static const struct sysctl_lore lore[] = {
    {IPV4 "tcp_tw_recycle", "nothing: removed in Linux 4.12",
     "it never was safe: with timestamps it dropped SYNs of clients that share an address (NAT). "
     "Delete the line",
     true, false},
    {IPV4 "tcp_fin_timeout", "how long an orphan waits in FIN-WAIT-2, in seconds",
     "TIME-WAIT: that lasts 60 s whatever this says. Nor FIN-WAIT-1, nor a FIN-WAIT-2 that a "
     "descriptor holds. 0 is not for ever: Linux then waits three and a half RTOs",
     false, false},
    {IPV4 "tcp_tw_reuse",
     "whether connect() may take over a TIME-WAIT after tcp_tw_reuse_delay: 0 never, 1 always, 2 "
     "on loopback; with timestamps "
     "only",
     "a server's TIME-WAITs: it is about outgoing connections", false, false},
    {IPV4 "tcp_tw_reuse_delay",
     "how old a TIME-WAIT must be before connect() may take it over, in ms", NULL, false, false},
    {IPV4 "tcp_max_tw_buckets",
     "how many TIME-WAIT records a namespace keeps; the next one is not made",
     "lowering it does not free anything useful: it ends connections without the protection of "
     "TIME-WAIT, seen only in "
     "TCPTimeWaitOverflow. Its default grows with memory",
     false, false},
    {IPV4 "tcp_max_orphans",
     "how many closed sockets without a descriptor the host keeps before it resets them",
     "TIME-WAITs: those are no orphans. From a quarter of it on, sick orphans count twice or four "
     "times",
     false, true},
    {IPV4 "tcp_orphan_retries", "how often an orphan resends its FIN; 0 means 8",
     "0 does not mean never", false, false},
    {IPV4 "tcp_syncookies", "1: SYN cookies when a SYN queue is full; 2: always; 0: never",
     "2 is for tests: cookies lose options", false, false},
    {IPV4 "tcp_max_syn_backlog", "an upper bound of half-open requests when cookies are off",
     "with cookies on, the listen() backlog alone decides", false, false},
    {"net.core.somaxconn", "the largest backlog that listen() gets",
     "raising it alone changes nothing: the program's own listen() argument is the smaller one as "
     "a rule",
     false, false},
    {IPV4 "tcp_abort_on_overflow",
     "1: a full accept queue answers with RST; 0: it lets the client try again",
     "1 does not help: it turns a short burst into errors", false, false},
    {IPV4 "tcp_keepalive_time",
     "idle seconds before the first keepalive probe, where a socket has SO_KEEPALIVE",
     "sockets without SO_KEEPALIVE; and CLOSE-WAIT: the peer answers probes there. Containers have "
     "a value of their own",
     false, false},
    {IPV4 "tcp_retries2",
     "how long unacknowledged data is resent: 15 stands for about 924 s, not for 15 times",
     "connections without data in flight", false, false},
    {IPV4 "tcp_syn_retries", "how often connect() resends its SYN: 6 is about two minutes", NULL,
     false, false},
    {IPV4 "tcp_synack_retries", "how often a half-open request repeats its SYN-ACK", NULL, false,
     false},
    {IPV4 "tcp_rfc1337", "1: TIME-WAIT ignores RST (RFC 1337); 0: a RST ends it",
     "no counter tells either way", false, false},
    {IPV4 "tcp_timestamps",
     "the timestamps option (RFC 7323): round-trip times, and protection from old duplicates",
     "switching it off also switches off what tcp_tw_reuse needs", false, false},
    {IPV4 "ip_local_port_range",
     "the ports that connect() and bind(port 0) choose from, both ends included",
     "it is not a limit per host: each destination address and port has the whole range", false,
     false},
    {IPV4 "ip_local_reserved_ports",
     "ports of that range that are never chosen: put the services' ports here", NULL, false, false},
    {IPV4 "tcp_mem",
     "pages for all TCP of the host: no pressure below the first, limit at the third",
     "it is in pages, not bytes, and not per socket", false, true},
    {IPV4 "tcp_rmem",
     "bytes of a socket's receive buffer: least, default, most when it grows by itself",
     "SO_RCVBUF switches the growing off", false, false},
    {IPV4 "tcp_wmem", "bytes of a socket's send buffer: least, default, most",
     "SO_SNDBUF switches the growing off", false, false},
    {IPV4 "tcp_fastopen", "data in the SYN (RFC 7413)", "closing: \"fast close\" is another tale",
     false, false},
};

const struct sysctl_lore *sysctl_lore_find(const char *name)
{
    for (size_t i = 0; i < sizeof lore / sizeof lore[0]; i++) {
        const char *last = strrchr(lore[i].name, '.') + 1;
        if (strcmp(name, lore[i].name) == 0 || strcmp(name, last) == 0)
            return &lore[i];
    }
    return NULL;
}
