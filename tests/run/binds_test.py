#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Who reaches a listener, by the address it is bound to: measured on our sockets and on the Linux kernel's in
the same namespace, over each loopback link and over the wire between them. Both tables must be equal, and
what every operating system does must stand in them.

    binds_test.py PUPPET LASTACK [NAME...]
"""
import errno
import itertools
import json
import os
import socket
import subprocess
import sys
import unittest

import puppet
from puppet import FAMILY, OURS, THEIRS, Refused, until

PUPPET = LASTACK = None
STACK = f'binds-{os.getpid()}'

# name: version of the socket, address, IPV6_V6ONLY; OWN4, OWN6: the interface's
FORMS = {
    '0.0.0.0': (4, '0.0.0.0', None),
    '127.0.0.1': (4, '127.0.0.1', None),
    'own IPv4': (4, 'OWN4', None),
    '::': (6, '::', 0),
    ':: v6-only': (6, '::', 1),
    '::1': (6, '::1', 0),
    'own IPv6': (6, 'OWN6', 0),
    'own IPv6 v6-only': (6, 'OWN6', 1),
    '::ffff:0.0.0.0': (6, '::ffff:0.0.0.0', 0),
    '::ffff:127.0.0.1': (6, '::ffff:127.0.0.1', 0),
    '::ffff:own IPv4': (6, '::ffff:OWN4', 0),
    '::ffff:own IPv4 v6-only': (6, '::ffff:OWN4', 1),
    'a stranger IPv4': (4, '198.51.100.77', None),
    'a stranger IPv6': (6, '2001:db8:77::1', 0),
}
TARGETS = {  # version of the client's socket, address
    '127.0.0.1': (4, '127.0.0.1'),
    '127.0.0.2': (4, '127.0.0.2'),
    'own IPv4': (4, 'OWN4'),
    '::1': (6, '::1'),
    'own IPv6': (6, 'OWN6'),
    'own IPv4 from an IPv6 socket': (6, '::ffff:OWN4'),
}
WIRE = ('own IPv4', 'own IPv6')

# What must stand in every loopback table, whoever measures it.
KNOWN = {
    ('0.0.0.0', '127.0.0.1'): 'accepted', ('0.0.0.0', 'own IPv4'): 'accepted', ('0.0.0.0', '::1'): 'refused',
    ('127.0.0.1', '127.0.0.1'): 'accepted', ('127.0.0.1', 'own IPv4'): 'refused',
    ('own IPv4', '127.0.0.1'): 'refused', ('own IPv4', 'own IPv4'): 'accepted',
    ('::', '127.0.0.1'): 'accepted', ('::', '::1'): 'accepted', ('::', 'own IPv6'): 'accepted',
    (':: v6-only', '127.0.0.1'): 'refused', (':: v6-only', '::1'): 'accepted',
    ('::1', '::1'): 'accepted', ('::1', 'own IPv6'): 'refused', ('own IPv6', '::1'): 'refused',
    ('::ffff:own IPv4', 'own IPv4'): 'accepted', ('::ffff:own IPv4', '::1'): 'refused',
    ('a stranger IPv4', 'own IPv4'): 'EADDRNOTAVAIL',
}

ports = itertools.count(6000)


def spelled(address, own):
    return address.replace('OWN4', own[4]).replace('OWN6', own[6])


class Ours:
    """Listens and connects on the puppet's stack."""

    def __init__(self, strings):
        self.strings, self.own = strings, OURS

    def listen(self, form, port):
        version, address, only = FORMS[form]
        fd = self.strings.socket(version)
        try:
            if only is not None:
                self.strings.option(fd, 'IPV6_V6ONLY', only)
            self.strings.bind(fd, spelled(address, self.own), port)
            self.strings.listen(fd, 5)
        except Refused as refused:
            self.strings.close(fd)
            return refused.error
        return fd

    def end_listening(self, fd):
        self.strings.close(fd)

    def accepts(self, fd):
        try:
            self.strings.close(self.strings.accept(fd))
        except Refused as refused:
            assert refused.error == 'EAGAIN', refused
            return False
        return True

    def reaches(self, version, address, port):
        """Does a connect() come through?"""
        fd = self.strings.socket(version)

        def look():
            try:
                self.strings.connect(fd, address, port)
            except Refused as refused:
                return refused.error
            return 'accepted'

        try:
            seen = look()
            if seen in ('EINPROGRESS', 'EALREADY'):
                seen = next(seen for seen in iter(look, None) if seen not in ('EINPROGRESS', 'EALREADY'))
            if seen == 'accepted':
                self.strings.linger(fd, 0)
            return {'ECONNREFUSED': 'refused'}.get(seen, seen)
        finally:
            self.strings.close(fd)


class Kernels:
    """Listens and connects on the kernel's."""

    own = THEIRS

    def listen(self, form, port):
        version, address, only = FORMS[form]
        sock = socket.socket(FAMILY[version])
        try:
            if only is not None:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            sock.bind((spelled(address, self.own), port))
            sock.listen(5)
        except OSError as error:
            sock.close()
            return errno.errorcode[error.errno]
        sock.setblocking(False)
        return sock

    def end_listening(self, sock):
        sock.close()

    def accepts(self, sock):
        try:
            sock.accept()[0].close()
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return True

    def reaches(self, version, address, port):
        with socket.socket(FAMILY[version]) as sock:
            sock.settimeout(60)
            try:
                sock.connect((address, port))
            except OSError as error:
                name = errno.errorcode.get(error.errno, str(error))
                return {'ECONNREFUSED': 'refused'}.get(name, name)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            return 'accepted'


def is_listening(listener):
    return not isinstance(listener, str)


class Binds(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        kind = 'tun' if puppet.has_tun() else 'veth'
        strings = puppet.puppet_on(PUPPET, kind)
        self.addCleanup(puppet.remove, strings, kind)
        self.ours, self.kernels = Ours(strings), Kernels()

    def measured(self, server, client, targets):
        """{(form, target): 'accepted', 'refused', or what bind() or connect() said}"""
        table = {}
        for form in FORMS:
            for target in targets:
                port = next(ports)
                listener = server.listen(form, port)
                if not is_listening(listener):
                    table[form, target] = listener
                    continue
                version, address = TARGETS[target]
                table[form, target] = client.reaches(version, spelled(address, server.own), port)
                if table[form, target] == 'accepted':
                    self.assertTrue(until(True, lambda: server.accepts(listener)), (form, target))
                server.end_listening(listener)
        return table

    def test_over_the_loopback_link(self):
        ours = self.measured(self.ours, self.ours, TARGETS)
        self.assertEqual(ours, self.measured(self.kernels, self.kernels, TARGETS))
        self.assertEqual({key: ours[key] for key in KNOWN}, KNOWN)

    def test_over_the_wire(self):
        ours = self.measured(self.ours, self.kernels, WIRE)
        self.assertEqual(ours, self.measured(self.kernels, self.ours, WIRE))
        for key, wanted in (((':: v6-only', 'own IPv4'), 'refused'), (('::', 'own IPv4'), 'accepted'),
                            (('127.0.0.1', 'own IPv4'), 'refused'), (('::1', 'own IPv6'), 'refused'),
                            (('0.0.0.0', 'own IPv4'), 'accepted')):
            self.assertEqual(ours[key], wanted, key)

    def served(self, side):
        """{(first form, second form): which error, or {target: who accepted}}: two listeners on a port."""
        table = {}
        for first, second in itertools.permutations(FORMS, 2):
            if 'stranger' in first + second or first.endswith('IPv4 v6-only') or second.endswith('IPv4 v6-only'):
                continue
            port = next(ports)
            pair = [side.listen(first, port), side.listen(second, port)]
            if is_listening(pair[1]):
                table[first, second] = {}
                for target in ('127.0.0.1', 'own IPv4', '::1', 'own IPv6'):
                    version, address = TARGETS[target]
                    answer = side.reaches(version, spelled(address, side.own), port)
                    if answer == 'accepted':
                        who = []
                        until(True, lambda: who.extend(name for name, one in zip((first, second), pair)
                                                       if side.accepts(one)) or bool(who))
                        answer = who
                    table[first, second][target] = answer
                side.end_listening(pair[1])
            else:
                table[first, second] = pair[1]
            side.end_listening(pair[0])
        return table

    def test_two_listeners_on_a_port(self):
        ours = self.served(self.ours)
        self.assertEqual(ours, self.served(self.kernels))
        self.assertEqual(ours['0.0.0.0', '127.0.0.1'], 'EADDRINUSE')
        self.assertEqual(ours['0.0.0.0', ':: v6-only']['127.0.0.1'], ['0.0.0.0'])
        self.assertEqual(ours['::1', '127.0.0.1']['::1'], ['::1'])


class InUse(unittest.TestCase):
    """EADDRINUSE on the stack: the call's cause, and what `lastack explain` makes of its rows."""

    def setUp(self):
        kind = 'tun' if puppet.has_tun() else 'veth'
        self.strings = puppet.puppet_on(PUPPET, kind)
        self.addCleanup(puppet.remove, self.strings, kind)

    def refuses(self, port, cause, told):
        fd = self.strings.socket(4)
        with self.assertRaises(Refused) as refused:
            self.strings.bind(fd, '0.0.0.0', port)
        self.strings.close(fd)
        self.assertEqual((refused.exception.error, refused.exception.cause), ('EADDRINUSE', cause))
        answer = self.explained(port)
        self.assertEqual((answer['error'], answer['cause']), ('EADDRINUSE', told))
        return answer

    def explained(self, port):
        out = subprocess.run([LASTACK, 'explain', '--stack', STACK, '--json', 'EADDRINUSE', f':{port}'],
                             stdout=subprocess.PIPE).stdout
        return json.loads(out)

    def accepted(self, listener, port):
        client = socket.create_connection((OURS[4], port))
        found = []

        def look():
            try:
                found.append(self.strings.accept(listener))
            except Refused as refused:
                assert refused.error == 'EAGAIN', refused
            return bool(found)
        self.assertTrue(until(True, look))
        return client, found[0]

    def test_every_cause(self):
        strings = self.strings
        listener = strings.listener(4, 8080)
        self.assertEqual(self.refuses(8080, 'PORT_LISTENER', 'listener')['listeners'], 1)
        client, fd = self.accepted(listener, 8080)
        strings.close(listener)
        answer = self.refuses(8080, 'PORT_CONNECTION', 'connection')
        self.assertEqual((answer['connections'], answer['listeners']), (1, 0))
        strings.close(fd)  # we first
        self.assertEqual(client.recv(1), b'')
        client.close()
        self.assertEqual(until('TIME-WAIT', lambda: strings.state(8080, self.rows_port())), 'TIME-WAIT')
        answer = self.refuses(8080, 'PORT_TIME_WAIT', 'time_wait')
        self.assertGreater(answer['time_wait_left_ms'], 50000)
        self.assertIn('SO_REUSEADDR', answer['why'])
        bound = strings.socket(4)
        strings.bind(bound, '192.0.2.1', 8081)
        self.refuses(8081, 'PORT_BOUND', 'bound')
        self.assertEqual(self.explained(8082)['cause'], 'free')

    def rows_port(self):
        return next(row[4] for row in self.strings.rows() if row[2] == 8080)

    def test_a_port_that_a_client_borrowed(self):
        with socket.create_server((THEIRS[4], 9090)):
            fd = self.strings.socket(4)
            with self.assertRaisesRegex(Refused, 'EINPROGRESS'):
                self.strings.connect(fd, THEIRS[4], 9090)
            _, port = self.strings.name(fd)
            answer = self.refuses(port, 'PORT_CONNECTION', 'connection')
            self.assertIn('ephemeral range', answer['why'])
            self.strings.abort(fd)


def main():
    global PUPPET, LASTACK
    puppet.enter_namespace()
    os.environ['PUPPET_NAME'] = STACK
    PUPPET, LASTACK = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(argv=['binds_test', *sys.argv[1:]], verbosity=2)


main()
