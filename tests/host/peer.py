# SPDX-License-Identifier: BSD-2-Clause
"""
A scripted TCP peer behind a tun device: it sends what the scenario says and nothing else, so that the kernel's sockets
can be put into any state and left there.

    kernel 192.0.2.1, 2001:db8::1 --- tun0 --- 192.0.2.9, 2001:db8::9, 198.51.100.0/24: this file

A peer answers nothing by itself. Packets of the kernel are read in a thread into a queue.
"""
import fcntl
import os
import queue
import socket
import struct
import subprocess
import threading

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
LOCAL, PEER = '192.0.2.1', '192.0.2.9'
LOCAL6, PEER6 = '2001:db8::1', '2001:db8::9'


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Segment:
    """A TCP segment of the kernel: src, sport, dst, dport, seq, ack, flags, window, data."""

    def __init__(self, packet):
        if packet[0] >> 4 == 6:
            self.src = socket.inet_ntop(socket.AF_INET6, packet[8:24])
            self.dst = socket.inet_ntop(socket.AF_INET6, packet[24:40])
            tcp = packet[40:40 + struct.unpack('!H', packet[4:6])[0]]
        else:
            self.src, self.dst = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
            tcp = packet[(packet[0] & 15) * 4:struct.unpack('!H', packet[2:4])[0]]
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window) = struct.unpack(
            '!HHIIBBH', tcp[:16])
        self.data = tcp[(offset >> 4) * 4:]


class Tun:
    def __init__(self):
        self.fd = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(self.fd, 0x400454ca, struct.pack('16sH22s', b'tun0', 0x1001, b''))  # TUNSETIFF: TUN, no header
        run('ip', 'addr', 'add', LOCAL + '/24', 'dev', 'tun0')
        run('ip', '-6', 'addr', 'add', LOCAL6 + '/64', 'dev', 'tun0', 'nodad')
        run('ip', 'link', 'set', 'tun0', 'up')
        run('ip', 'route', 'add', '198.51.100.0/24', 'dev', 'tun0')
        self.segments = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            packet = os.read(self.fd, 65535)
            if (packet[0] >> 4 == 4 and packet[9] == 6) or (packet[0] >> 4 == 6 and packet[6] == 6):
                self.segments.put(Segment(packet))

    def send(self, flags, sport, dport, seq, ack=0, data=b'', window=65535, src=PEER, dst=LOCAL):
        family = socket.AF_INET6 if ':' in src else socket.AF_INET
        addresses = socket.inet_pton(family, src) + socket.inet_pton(family, dst)
        tcp = struct.pack('!HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, window, 0, 0)
        pseudo = addresses + struct.pack('!BBH', 0, 6, len(tcp) + len(data))
        tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp + data)) + tcp[18:] + data
        if family == socket.AF_INET6:
            os.write(self.fd, struct.pack('!IHBB', 6 << 28, len(tcp), 6, 64) + addresses + tcp)
            return
        ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
        os.write(self.fd, ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:] + tcp)

    def expect(self, flags, port=None, timeout=5):
        """The next segment with just these flags (PSH aside), to this port of ours; others are passed over."""
        while True:
            segment = self.segments.get(timeout=timeout)
            if segment.flags & ~PSH & 0x3f == flags and port in (None, segment.dport):
                return segment


class Server:
    """The peer as a server: the kernel connects to it. Afterwards seq and ack are what the peer says next."""

    def __init__(self, tun, port=7, address=PEER):
        self.tun, self.port, self.address = tun, port, address
        self.local = LOCAL6 if ':' in address else LOCAL
        self.socket = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
        self.socket.setblocking(False)
        try:
            self.socket.connect((address, port))
        except BlockingIOError:
            pass
        syn = tun.expect(SYN, port)
        self.remote = syn.sport
        self.seq, self.ack = 1000, syn.seq + 1
        self.say(SYN | ACK)
        self.seq += 1
        tun.expect(ACK, port)
        self.socket.setblocking(True)

    def say(self, flags, data=b'', window=65535):
        self.tun.send(flags, self.port, self.remote, self.seq, self.ack, data, window, self.address, self.local)


class Client:
    """The peer as a client of a kernel listener."""

    def __init__(self, tun, dport, sport=40000, src=PEER):
        self.tun, self.dport, self.sport, self.src = tun, dport, sport, src
        self.seq = 5000
        self.say(SYN, has_ack=False)
        self.seq += 1

    def established(self):
        answer = self.tun.expect(SYN | ACK, self.sport)
        self.ack = answer.seq + 1
        self.say(ACK)
        return self

    def say(self, flags, data=b'', has_ack=True):
        self.tun.send(flags, self.sport, self.dport, self.seq, self.ack if has_ack else 0, data, src=self.src,
                      dst=LOCAL6 if ':' in self.src else LOCAL)
