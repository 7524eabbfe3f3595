#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
examples/tun.c is a server that Linux's TCP can talk to: what is sent comes back, also more than both buffers hold while
nobody reads; the close is answered; twenty connections at once; and when all is quiet it sleeps.

    example_tun_test.py TUN_PROGRAM
"""
import os
import socket
import subprocess
import sys
import time

STACK = ('192.0.2.1', 7)
SOME = bytes(range(256)) * 64


def echoed(text):
    with socket.create_connection(STACK, timeout=20) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        back = b''
        while piece := connection.recv(65536):
            back += piece
    return back


def echoed_late(length):
    """Writes until nothing more is taken, and only then begins to read."""
    with socket.create_connection(STACK, timeout=20) as connection:
        connection.setblocking(False)
        sent = b''
        try:
            while len(sent) < length:
                sent += SOME[:connection.send(SOME)]
                time.sleep(0.0005)
        except BlockingIOError:
            pass
        connection.settimeout(20)
        connection.shutdown(socket.SHUT_WR)
        got = b''
        while piece := connection.recv(65536):
            got += piece
    return sent, got


def main():
    if os.environ.get('INSIDE') is None:
        user = [] if os.getuid() == 0 else ['-Ur']
        return subprocess.run(['unshare', *user, '-n', sys.executable, *sys.argv],
                              env=dict(os.environ, INSIDE='1'), timeout=100).returncode
    if not os.path.exists('/dev/net/tun'):
        print('no /dev/net/tun here')
        return 77
    for words in ('tuntap add t0 mode tun', 'address add 192.0.2.2/24 dev t0', 'link set t0 up'):
        subprocess.run(['ip', *words.split()], check=True)
    server = subprocess.Popen([sys.argv[1], 't0'])
    try:
        for _ in range(200):
            try:
                socket.create_connection(STACK, timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        assert echoed(b'hello\n') == b'hello\n'
        assert echoed(SOME * 40) == SOME * 40
        many = [socket.create_connection(STACK, timeout=20) for _ in range(20)]
        for number, one in enumerate(many):
            one.sendall(b'%d' % number)
        for number, one in enumerate(many):
            assert one.recv(10) == b'%d' % number
            one.close()
        sent, got = echoed_late(64 << 20)
        assert 0 < len(sent) < 64 << 20, 'it took all that nobody read'
        assert got == sent
        with open(f'/proc/{server.pid}/stat') as stat:
            used = int(stat.read().rsplit(')', 1)[1].split()[11])
        time.sleep(1)
        with open(f'/proc/{server.pid}/stat') as stat:
            used = int(stat.read().rsplit(')', 1)[1].split()[11]) - used
        assert used < 20, f'{used} ticks of a second though all was quiet'
        assert server.poll() is None
    finally:
        server.kill()
        server.wait()
    return 0


sys.exit(main())
