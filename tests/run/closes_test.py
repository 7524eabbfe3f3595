#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Every order in which two ends can part, ours and the Linux kernel's: the states of both ends, as each says
itself, at every step, are what RFC 9293 §3.6 and Figure 5 make of it.

    closes_test.py PUPPET LASTACK [NAME...]

A story is a list of steps; between steps both ends come to rest in the states written beside it:

    ('ours.close', 'FIN-WAIT-2', 'CLOSE-WAIT')     what is done, our state then, the kernel's
"""
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest

import puppet
from puppet import FAMILY, OURS, THEIRS, Refused, kernel_state, until

PUPPET = None
TCPI_TIMESTAMPS, TCPI_SACK, TCPI_WSCALE, TCPI_ECN, TCPI_ECN_SEEN = 1, 2, 4, 8, 16

E, FW1, FW2, TW, CW, LA, C = ('ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK',
                              'CLOSED')

STORIES = {
    'we close first': [('ours.close', FW2, CW), ('theirs.reads_end', FW2, CW), ('theirs.close', TW, C)],
    'they close first': [('theirs.close', CW, FW2), ('ours.reads_end', CW, FW2), ('ours.close', C, TW)],
    'both at once': [('both.close', TW, TW)],
    'both shut down at once': [('both.shutdown', TW, TW), ('ours.close', TW, TW), ('theirs.close', TW, TW)],
    'we close half, they go on': [('ours.shutdown', FW2, CW), ('theirs.send', FW2, CW), ('ours.reads', FW2, CW),
                                  ('theirs.close', TW, C), ('ours.reads_end', TW, C), ('ours.close', TW, C)],
    'they close half, we go on': [('theirs.shutdown', CW, FW2), ('ours.send', CW, FW2), ('theirs.reads', CW, FW2),
                                  ('ours.close', C, TW), ('theirs.reads_end', C, TW), ('theirs.close', C, TW)],
    'text, then our FIN in its wake': [('ours.send', E, E), ('ours.close', FW2, CW), ('theirs.reads', FW2, CW),
                                       ('theirs.reads_end', FW2, CW), ('theirs.close', TW, C)],
    'we abort': [('ours.abort', C, C), ('theirs.reads_reset', C, C), ('theirs.close', C, C)],
    'we linger 0': [('ours.linger0', E, E), ('ours.close', C, C), ('theirs.reads_reset', C, C)],
    'they linger 0': [('theirs.linger0', E, E), ('theirs.close', C, C), ('ours.reads_reset', C, C)],
    'we leave text unread': [('theirs.send', E, E), ('ours.close', C, C), ('theirs.reads_reset', C, C)],
    'they leave text unread': [('ours.send', E, E), ('theirs.close', C, C), ('ours.reads_reset', C, C)],
    'they abort after our FIN': [('ours.shutdown', FW2, CW), ('theirs.linger0', FW2, CW), ('theirs.close', C, C),
                                 ('ours.reads_reset', C, C)],
    'we abort after their FIN': [('theirs.shutdown', CW, FW2), ('ours.abort', C, C)],
    'text for a closed end of ours': [('ours.close', FW2, CW), ('theirs.send', C, C), ('theirs.reads_reset_or_end', C, C)],
    'text for a closed end of theirs': [('theirs.close', CW, FW2), ('ours.send', C, C), ('ours.reads_reset_or_end', C, C)],
}


class Ends:
    """One connection: ours a descriptor of the puppet, theirs a socket."""

    LENGTH = 3000

    def __init__(self, strings, version, ours_connects, port):
        self.puppet = strings
        if ours_connects:
            listener = socket.create_server((THEIRS[version], port), family=FAMILY[version])
            self.fd = strings.socket(version)
            try:
                strings.connect(self.fd, THEIRS[version], port)
            except Refused as refused:
                assert refused.error == 'EINPROGRESS', refused
            self.kernel, remote = listener.accept()
            listener.close()
            self.ports = (remote[1], port)
        else:
            listener = strings.listener(version, port)
            self.kernel = socket.create_connection((OURS[version], port), timeout=60)
            self.fd = until_accepted(strings, listener)
            strings.close(listener)
            self.ports = (port, self.kernel.getsockname()[1])
        self.kernel.settimeout(60)

    def states(self):
        return self.puppet.state(*self.ports), kernel_state(self.ports[1], self.ports[0])

    # ---- ours

    def ours_close(self):
        self.puppet.close(self.fd)

    def ours_shutdown(self):
        self.puppet.shutdown(self.fd, 1)

    def ours_abort(self):
        self.puppet.abort(self.fd)

    def ours_linger0(self):
        self.puppet.linger(self.fd, 0)

    def ours_send(self):
        """... and lets it arrive: what comes next might overtake it."""
        assert self.puppet.send(self.fd, self.LENGTH) == self.LENGTH
        if self.kernel.fileno() >= 0:
            assert until(self.LENGTH, self.unread_by_kernel) == self.LENGTH

    def unread_by_kernel(self):
        return struct.unpack('i', fcntl.ioctl(self.kernel, termios.FIONREAD, bytes(4)))[0]

    def ours_answer(self):
        try:
            return self.puppet.recv(self.fd)
        except Refused as refused:
            return refused.error

    def ours_reads(self):
        got = 0
        while got < self.LENGTH:
            answer = until_not('EAGAIN', self.ours_answer)
            assert isinstance(answer, int) and answer > 0, answer
            got += answer
        assert got == self.LENGTH, got

    def ours_reads_end(self):
        assert until_not('EAGAIN', self.ours_answer) == 0

    def ours_reads_reset(self):
        assert until_not('EAGAIN', self.ours_answer) == 'ECONNRESET'

    def ours_reads_reset_or_end(self):
        assert until_not('EAGAIN', self.ours_answer) in (0, 'ECONNRESET', 'EPIPE')

    def ours_wait(self):
        time.sleep(1)

    # ---- theirs

    def theirs_close(self):
        self.kernel.close()

    def theirs_shutdown(self):
        self.kernel.shutdown(socket.SHUT_WR)

    def theirs_linger0(self):
        self.kernel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    def theirs_send(self):
        self.kernel.sendall(bytes(self.LENGTH))
        assert until(True, self.has_arrived)

    def has_arrived(self):
        return self.puppet.unread(*self.ports) in (self.LENGTH, None)  # None: it met a closed end

    def theirs_reads(self):
        got = 0
        while got < self.LENGTH:
            text = self.kernel.recv(65536)
            assert text
            got += len(text)
        assert got == self.LENGTH, got

    def theirs_reads_end(self):
        assert self.kernel.recv(1) == b''

    def theirs_reads_reset(self):
        try:
            text = self.kernel.recv(1)
        except ConnectionResetError:
            return
        raise AssertionError(f'read {text!r}')

    def theirs_reads_reset_or_end(self):
        try:
            self.kernel.recv(1)
        except OSError:
            pass

    # ---- both: their FIN is on its way while ours is sent

    def both_close(self):
        self.puppet.hold()
        self.kernel.close()
        self.puppet.close(self.fd)
        self.puppet.go()

    def both_shutdown(self):
        self.puppet.hold()
        self.kernel.shutdown(socket.SHUT_WR)
        self.puppet.shutdown(self.fd, 1)
        self.puppet.go()


def until_accepted(strings, listener):
    def look():
        try:
            return strings.accept(listener)
        except Refused as refused:
            return refused.error
    return until_not('EAGAIN', look)


def until_not(unwanted, look):
    seen = []
    until(True, lambda: seen.append(look()) or seen[-1] != unwanted)
    return seen[-1]


class Case(unittest.TestCase):
    port = 5000

    def each_link(self):
        for kind in (['tun'] if puppet.has_tun() else []) + ['veth']:
            strings = puppet.puppet_on(PUPPET, kind)
            try:
                yield kind, strings
            finally:
                puppet.remove(strings, kind)

    @classmethod
    def next_port(cls):
        Case.port += 1
        return Case.port


class Closes(Case):
    def play(self, ends, steps):
        self.addCleanup(ends.kernel.close)
        self.assertEqual(until((E, E), ends.states), (E, E))
        for what, *wanted in steps:
            getattr(ends, what.replace('.', '_'))()
            self.assertEqual(until(tuple(wanted), ends.states), tuple(wanted), what)
        ends.kernel.close()

    def test_every_order(self):
        for kind, strings in self.each_link():
            puppet.make_patient(strings)
            for version in (4, 6):
                for ours_connects in (False, True):
                    for name, steps in STORIES.items():
                        with self.subTest(link=kind, version=version, ours_connects=ours_connects, story=name):
                            self.play(Ends(strings, version, ours_connects, self.next_port()), steps)

    def test_the_other_end_holds_time_wait_as_long_as_it_must(self):
        """2MSL of ours is over after a second: the record goes, the kernel's end went at once."""
        for kind, strings in self.each_link():
            puppet.make_patient(strings)
            with self.subTest(link=kind):
                strings.set('time_wait', '1s')
                ends = Ends(strings, 4, False, self.next_port())
                self.play(ends, STORIES['we close first'] + [('ours.wait', C, C)])
                self.assertEqual(strings.pools()['time_wait_ipv4'], 0)

    def test_simultaneous_open(self):
        for kind, strings in self.each_link():
            puppet.make_patient(strings)
            for version in (4, 6):
                with self.subTest(link=kind, version=version):
                    ours, theirs = self.next_port(), self.next_port()
                    kernel = socket.socket(FAMILY[version])
                    kernel.setblocking(False)
                    kernel.bind((THEIRS[version], theirs))
                    fd = strings.socket(version)
                    strings.bind(fd, OURS[version], ours)
                    strings.hold()
                    self.assertEqual(kernel.connect_ex((OURS[version], ours)), 115)
                    with self.assertRaisesRegex(Refused, 'EINPROGRESS'):
                        strings.connect(fd, THEIRS[version], theirs)
                    strings.go()
                    look = lambda: (strings.state(ours, theirs), kernel_state(theirs, ours))
                    self.assertEqual(until((E, E), look), (E, E))
                    kernel.close()
                    self.assertEqual(until((CW, FW2), look), (CW, FW2))
                    strings.close(fd)
                    self.assertEqual(until((C, TW), look), (C, TW))


class Options(Case):
    """What one end does not have, neither uses; a megabyte goes both ways all the same."""

    SWITCHES = {'timestamps': ('net.ipv4.tcp_timestamps', TCPI_TIMESTAMPS),
                'sack': ('net.ipv4.tcp_sack', TCPI_SACK),
                'window_scaling': ('net.ipv4.tcp_window_scaling', TCPI_WSCALE)}
    MEGABYTE = 1 << 20

    def kernel_options(self, sock):
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5] & 7

    def our_options(self, strings, ports):
        return next(int(row[7]['options']) for row in strings.rows() if (row[2], row[4]) == ports) & 7

    def transfer(self, strings, ends):
        sent = 0
        got = bytearray()
        ends.kernel.setblocking(False)
        while sent < self.MEGABYTE or len(got) < self.MEGABYTE:
            try:
                sent += strings.send(ends.fd, min(65536, self.MEGABYTE - sent)) if sent < self.MEGABYTE else 0
            except Refused as refused:
                self.assertEqual(refused.error, 'EAGAIN')
            ready, _, _ = select.select([ends.kernel], [], [], 0.02)
            if ready:
                text = ends.kernel.recv(1 << 20)
                self.assertTrue(text)
                got += text
        sent = received = 0
        while received < self.MEGABYTE:
            _, ready, _ = select.select([], [ends.kernel], [], 0)
            if ready and sent < self.MEGABYTE:
                sent += ends.kernel.send(bytes(min(65536, self.MEGABYTE - sent)))
            answer = ends.ours_answer()
            if answer != 'EAGAIN':
                self.assertGreater(answer, 0)
                received += answer

    def check(self, strings, version, ours_connects, wanted):
        ends = Ends(strings, version, ours_connects, self.next_port())
        self.assertEqual(until(E, lambda: ends.states()[0]), E)
        self.assertEqual(self.kernel_options(ends.kernel), wanted)
        self.assertEqual(self.our_options(strings, ends.ports), wanted)
        self.transfer(strings, ends)
        ends.ours_close()
        ends.kernel.close()

    def test_each_switch_at_each_end(self):
        everything = TCPI_TIMESTAMPS | TCPI_SACK | TCPI_WSCALE
        for kind, strings in self.each_link():
            for ours_connects in (False, True):
                with self.subTest(link=kind, ours_connects=ours_connects):
                    self.check(strings, 4, ours_connects, everything)
                for name, (kernel_name, bit) in self.SWITCHES.items():
                    for whose in ('ours', 'theirs'):
                        with self.subTest(link=kind, ours_connects=ours_connects, off=name, whose=whose):
                            if whose == 'ours':
                                strings.set(name, 'off')
                            else:
                                puppet.sysctl(kernel_name, 0)
                            try:
                                self.check(strings, 6 if ours_connects else 4, ours_connects, everything & ~bit)
                            finally:
                                strings.set(name, 'on')
                                puppet.sysctl(kernel_name, 1)


class Ecn(Options):
    """RFC 3168: agreed on where both want it, and then the text of both is ECN-capable, as each end sees of
    the other. Who connects has to ask, who is connected to has to accept."""

    KERNEL_OFF, KERNEL_ON = 0, 1
    KERNEL_DEFAULT = 2  # accepts, does not ask

    def kernel_options(self, sock):
        """By TCP_INFO and by ss, which have to agree."""
        options = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5] & (TCPI_ECN | TCPI_ECN_SEEN)
        told = subprocess.run(['ss', '-Htoi', f'sport = :{sock.getsockname()[1]}'], capture_output=True, text=True,
                              check=True).stdout.split()
        self.assertEqual((TCPI_ECN if 'ecn' in told else 0) | (TCPI_ECN_SEEN if 'ecnseen' in told else 0), options)
        return options

    def our_options(self, strings, ports):
        return next(int(row[7]['options']) for row in strings.rows()
                    if (row[2], row[4]) == ports) & (TCPI_ECN | TCPI_ECN_SEEN)

    def both(self, strings, ends):
        return self.our_options(strings, ends.ports), self.kernel_options(ends.kernel)

    def agree(self, strings, version, ours_connects, is_agreed):
        ends = Ends(strings, version, ours_connects, self.next_port())
        wanted = TCPI_ECN if is_agreed else 0
        self.assertEqual(until(E, lambda: ends.states()[0]), E)
        ours, theirs = self.both(strings, ends)
        self.assertEqual((ours & TCPI_ECN, theirs & TCPI_ECN), (wanted, wanted))
        self.transfer(strings, ends)
        wanted = TCPI_ECN | TCPI_ECN_SEEN if is_agreed else 0
        self.assertEqual(self.both(strings, ends), (wanted, wanted))
        ends.ours_close()
        ends.kernel.close()

    def test_each_switch_at_each_end(self):
        self.addCleanup(puppet.sysctl, 'net.ipv4.tcp_ecn', self.KERNEL_DEFAULT)
        for kind, strings in self.each_link():
            for version in (4, 6):
                for ours_connects in (False, True):
                    # what we do, what the kernel does, whether they agree when we connect, when it connects
                    for ours, kernel, *agreed in (('on', self.KERNEL_ON, True, True),
                                                  ('on', self.KERNEL_DEFAULT, True, False),
                                                  ('on', self.KERNEL_OFF, False, False),
                                                  ('off', self.KERNEL_ON, False, False)):
                        with self.subTest(link=kind, version=version, ours_connects=ours_connects, ours=ours,
                                          kernel=kernel):
                            strings.set('ecn_request', ours)
                            strings.set('ecn_accept', ours)
                            puppet.sysctl('net.ipv4.tcp_ecn', kernel)
                            self.agree(strings, version, ours_connects, agreed[0 if ours_connects else 1])


class Path(Case):
    """A router between the ends whose far side carries 1280 bytes.

          puppet ═ near (1500) [router] narrow (1280) ═ wide [another namespace] kernel's end
    """

    MEGABYTE = 1 << 20

    def setUp(self):
        self.keeper = subprocess.Popen(['unshare', '-n', 'sleep', '600'])
        self.addCleanup(self.keeper.wait)
        self.addCleanup(self.keeper.kill)
        end = time.monotonic() + 60
        own = os.readlink('/proc/self/ns/net')
        while os.readlink(f'/proc/{self.keeper.pid}/ns/net') == own and time.monotonic() < end:
            time.sleep(0.01)
        puppet.ip(f'link add narrow mtu 1280 type veth peer name wide mtu 1280 netns {self.keeper.pid}')
        self.addCleanup(puppet.ip, 'link delete narrow')
        puppet.ip('address add 198.51.100.1/24 dev narrow')
        puppet.ip('address add 2001:db8:1::1/64 dev narrow nodad')
        puppet.ip('link set narrow up')
        for line in ('address add 198.51.100.2/24 dev wide', 'address add 2001:db8:1::2/64 dev wide nodad',
                     'link set wide up', 'route add 192.0.2.0/24 via 198.51.100.1 advmss 1460',
                     '-6 route add 2001:db8::/64 via 2001:db8:1::1 advmss 1440'):
            subprocess.run(['nsenter', '-n', '-t', str(self.keeper.pid), 'ip', *line.split()], check=True)
        puppet.sysctl('net.ipv4.ip_forward', 1)
        puppet.sysctl('net.ipv6.conf.all.forwarding', 1)

    def socket_there(self, version):
        """A socket stays in the network namespace it was made in."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open('/proc/self/ns/net') as here, open(f'/proc/{self.keeper.pid}/ns/net') as there:
            self.assertEqual(libc.setns(there.fileno(), 0), 0)
            try:
                return socket.socket(FAMILY[version])
            finally:
                libc.setns(here.fileno(), 0)

    def test_1280_bytes_on_the_path(self):
        for kind, strings in self.each_link():
            strings.route('0.0.0.0/0', THEIRS[4])
            strings.route('::/0', THEIRS[6])
            for version, mss in ((4, 1280 - 40 - 12), (6, 1280 - 60 - 12)):
                with self.subTest(link=kind, version=version):
                    port = self.next_port()
                    listener = strings.listener(version, port)
                    there = self.socket_there(version)
                    there.settimeout(60)
                    there.connect((OURS[version], port))
                    fd = until_accepted(strings, listener)
                    row = next(row for row in strings.rows() if row[2] == port)
                    self.assertGreater(int(row[7]['mss']), mss)  # nothing told us yet
                    sent = got = 0
                    while got < self.MEGABYTE:
                        if sent < self.MEGABYTE:
                            try:
                                sent += strings.send(fd, min(65536, self.MEGABYTE - sent))
                            except Refused as refused:
                                self.assertEqual(refused.error, 'EAGAIN')
                        text = there.recv(1 << 20)
                        self.assertTrue(text)
                        got += len(text)
                    row = next(row for row in strings.rows() if row[2] == port)
                    self.assertEqual(int(row[7]['mss']), mss)
                    self.assertEqual(int(row[7]['pmtu']), 1280)
                    strings.close(fd)
                    strings.close(listener)
                    there.close()


def main():
    global PUPPET
    puppet.enter_namespace()
    PUPPET = os.path.abspath(sys.argv.pop(1))
    sys.argv.pop(1)  # the command: for others
    unittest.main(argv=['closes_test', *sys.argv[1:]], verbosity=2)


if __name__ == '__main__':
    main()
