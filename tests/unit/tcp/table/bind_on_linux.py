#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Asks the running Linux kernel who may bind where, and writes bind_on_linux.inc.

    unshare -n sh -c 'ip link set lo up; ip addr add 2001:db8::1/128 dev lo nodad;
                      python3 bind_on_linux.py > bind_on_linux.inc'

For each kind of use, address and flags of a first socket, a second one tries to bind to the same port on
each address, with each of the four flags: none, SO_REUSEADDR, SO_REUSEPORT, both. Every trial has a port
of its own, so that TIME-WAITs do not disturb each other.
"""
import errno
import itertools
import platform
import socket
import struct

FORMS = {  # name: family, address, IPV6_V6ONLY, where a client connects to
    'any4': (socket.AF_INET, '0.0.0.0', None, '127.0.0.1'),
    'a4': (socket.AF_INET, '127.0.0.1', None, '127.0.0.1'),
    'b4': (socket.AF_INET, '127.0.0.2', None, '127.0.0.2'),
    'any6': (socket.AF_INET6, '::', 0, '::1'),
    'only6': (socket.AF_INET6, '::', 1, '::1'),
    'a6': (socket.AF_INET6, '::1', 0, '::1'),
    'a6only': (socket.AF_INET6, '::1', 1, '::1'),
    'b6': (socket.AF_INET6, '2001:db8::1', 0, '2001:db8::1'),
    'mapped_any': (socket.AF_INET6, '::ffff:0.0.0.0', 0, '127.0.0.1'),
    'mapped_a': (socket.AF_INET6, '::ffff:127.0.0.1', 0, '127.0.0.1'),
}
FLAGS = {'0': (), 'A': (socket.SO_REUSEADDR,), 'P': (socket.SO_REUSEPORT,),
         'AP': (socket.SO_REUSEADDR, socket.SO_REUSEPORT)}
KINDS = ('BOUND', 'LISTENER', 'CONNECTION', 'TIME_WAIT')
ports = itertools.count(5000)


def bind(form, flags, port):
    family, address, v6only, _ = FORMS[form]
    s = socket.socket(family, socket.SOCK_STREAM)
    if v6only is not None:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    for option in FLAGS[flags]:
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        s.bind((address, port))
    except OSError as error:
        s.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None
    return s


def first_socket(kind, form, flags, port, peer):
    """The sockets that keep the use alive."""
    s = bind(form, flags, port)
    if kind == 'BOUND':
        return [s]
    s.listen()
    if kind == 'LISTENER':
        return [s]
    client = socket.create_connection((peer, port))
    accepted, _ = s.accept()
    s.close()
    if kind == 'CONNECTION':
        return [accepted, client]
    accepted.close()  # first, so TIME-WAIT is on this side
    client.recv(1)
    client.close()
    return []


def answer(kind, form, flags, peer, second, second_flags):
    port = next(ports)
    kept = first_socket(kind, form, flags, port, peer)
    s = bind(second, second_flags, port)
    may_listen = s is not None
    if s is not None:
        s.listen()
        s.close()
    for k in kept:
        k.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        k.close()
    return '.' if may_listen else 'B'


def main():
    print('/* SPDX-License-Identifier: BSD-2-Clause */')
    print(f'/* bind_on_linux.inc: written by bind_on_linux.py on Linux {platform.release().split("-")[0]}. */')
    for kind in KINDS:
        for form, flags in itertools.product(FORMS, FLAGS):
            peers = [FORMS[form][3]]
            if form == 'any6' and kind in ('CONNECTION', 'TIME_WAIT'):
                peers.append('127.0.0.1')
            for peer in peers:
                answers = ' '.join(''.join(answer(kind, form, flags, peer, second, second_flags)
                                           for second_flags in FLAGS) for second in FORMS)
                at = 'a4' if form == 'any6' and peer == '127.0.0.1' else form
                print(f'{{{kind}, {form}, {at}, "{flags}",\n    "{answers}"}},')


main()
