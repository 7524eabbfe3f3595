# SPDX-License-Identifier: BSD-2-Clause
"""
Kernel sockets in all eleven states, IPv4 and IPv6, in the network namespace this runs in, and kept there.
"""
import socket
import time

from peer import ACK, FIN, LOCAL, LOCAL6, PEER, PEER6, Client, Server, SYN, run


def build(tun):
    """Returns what must be kept alive."""
    run('ip', 'link', 'set', 'lo', 'up')
    kept = []
    for local, peer, family in ((LOCAL, PEER, socket.AF_INET), (LOCAL6, PEER6, socket.AF_INET6)):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((local, 8080))
        listener.listen(16)
        kept.append(listener)
        kept.append(Server(tun, 7, peer))                      # ESTABLISHED
        silent = socket.socket(family)                         # SYN-SENT
        silent.setblocking(False)
        silent.connect_ex((peer, 9))
        kept.append(silent)
        Client(tun, 8080, 40001, peer)                         # SYN-RECEIVED
        waiting = Server(tun, 10, peer)                        # FIN-WAIT-1, with data
        waiting.socket.send(b'never acknowledged')
        waiting.socket.close()
        half = Server(tun, 11, peer)                           # FIN-WAIT-2, held
        half.socket.shutdown(socket.SHUT_WR)
        half.ack = tun.expect(FIN | ACK, 11).seq + 1
        half.say(ACK)
        kept.append(half)
        orphan = Server(tun, 12, peer)                         # FIN-WAIT-2, nobody's
        orphan.socket.close()
        orphan.ack = tun.expect(FIN | ACK, 12).seq + 1
        orphan.say(ACK)
        left = Server(tun, 13, peer)                           # CLOSE-WAIT
        left.say(FIN | ACK)
        kept.append(left)
        last = Server(tun, 14, peer)                           # LAST-ACK
        last.say(FIN | ACK)
        time.sleep(0.05)
        last.socket.close()
        crossing = Server(tun, 15, peer)                       # CLOSING
        crossing.socket.close()
        tun.expect(FIN | ACK, 15)
        crossing.say(FIN | ACK)
        over = Server(tun, 16, peer)                           # TIME-WAIT
        over.socket.close()
        over.ack = tun.expect(FIN | ACK, 16).seq + 1
        over.say(FIN | ACK)
        bound = socket.socket(family)                          # bound only
        bound.bind((local, 0))
        kept.append(bound)
        queued = Client(tun, 8080, 40002, peer).established()  # ESTABLISHED, not accepted
        kept.append(queued)
    time.sleep(0.2)
    return kept
