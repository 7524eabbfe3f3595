# SPDX-License-Identifier: BSD-2-Clause
"""
A scripted TCP peer behind a tun device: it sends what the scenario says and nothing else, so that the kernel's sockets
can be put into any state and left there.

    kernel 192.0.2.1 --- tun0 --- 192.0.2.9 and 198.51.100.0/24: this file

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
        ihl = (packet[0] & 15) * 4
        self.src, self.dst = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        tcp = packet[ihl:]
        (self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window) = struct.unpack(
            '!HHIIBBH', tcp[:16])
        self.data = tcp[(offset >> 4) * 4:struct.unpack('!H', packet[2:4])[0] - ihl]


class Tun:
    def __init__(self):
        self.fd = os.open('/dev/net/tun', os.O_RDWR)
        fcntl.ioctl(self.fd, 0x400454ca, struct.pack('16sH22s', b'tun0', 0x1001, b''))  # TUNSETIFF: TUN, no header
        run('ip', 'addr', 'add', LOCAL + '/24', 'dev', 'tun0')
        run('ip', 'link', 'set', 'tun0', 'up')
        run('ip', 'route', 'add', '198.51.100.0/24', 'dev', 'tun0')
        self.segments = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            packet = os.read(self.fd, 65535)
            if packet[0] >> 4 == 4 and packet[9] == 6:
                self.segments.put(Segment(packet))

    def send(self, flags, sport, dport, seq, ack=0, data=b'', window=65535, src=PEER, dst=LOCAL):
        addresses = socket.inet_aton(src) + socket.inet_aton(dst)
        tcp = struct.pack('!HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, window, 0, 0)
        pseudo = addresses + struct.pack('!BBH', 0, 6, len(tcp) + len(data))
        tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp + data)) + tcp[18:] + data
        ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + addresses
        os.write(self.fd, ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:] + tcp)

    def expect(self, flags, timeout=5):
        """The next segment with just these flags (PSH aside); others are passed over."""
        while True:
            segment = self.segments.get(timeout=timeout)
            if segment.flags & ~PSH & 0x3f == flags:
                return segment


class Server:
    """The peer as a server: the kernel connects to it. Afterwards seq and ack are what the peer says next."""

    def __init__(self, tun, port=7, mss_window=65535):
        self.tun, self.port = tun, port
        self.socket = socket.socket()
        self.socket.setblocking(False)
        try:
            self.socket.connect((PEER, port))
        except BlockingIOError:
            pass
        syn = tun.expect(SYN)
        self.remote = syn.sport
        self.seq, self.ack = 1000, syn.seq + 1
        self.say(SYN | ACK, window=mss_window)
        self.seq += 1
        tun.expect(ACK)
        self.socket.setblocking(True)

    def say(self, flags, data=b'', window=65535):
        self.tun.send(flags, self.port, self.remote, self.seq, self.ack, data, window)


class Client:
    """The peer as a client of a kernel listener."""

    def __init__(self, tun, dport, sport=40000, src=PEER):
        self.tun, self.dport, self.sport, self.src = tun, dport, sport, src
        self.seq = 5000
        self.say(SYN, has_ack=False)
        self.seq += 1

    def established(self):
        answer = self.tun.expect(SYN | ACK)
        self.ack = answer.seq + 1
        self.say(ACK)
        return self

    def say(self, flags, data=b'', has_ack=True):
        self.tun.send(flags, self.sport, self.dport, self.seq, self.ack if has_ack else 0, data, src=self.src)
