#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Every line of `ss` is the begin of the same line of `lastack ss`, for the same sockets in a network namespace of
this test's own.

    ss_same_test.py LASTACK

Left out: what the congestion control says of itself in brackets, bbr:(...), which `lastack ss` does not ask for.
"""
import os
import re
import shutil
import socket
import subprocess
import sys
import time

SKIP = 77
OPTIONS = ['-tan', '-tanH', '-tanp', '-tano', '-tane', '-tanm', '-tani', '-tanoipem', '-tanpOH', '-tl', '-tn', '-tan4',
           '-tan6', '-tuan']
MOVING = [(r'timewait,[0-9a-z.]*', 'timewait'), (r' last(snd|rcv|ack):\d+', ''), (r' bbr:\([^)]*\)', '')]


def listener(family, address):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.bind((address, 0))
    sock.listen(5)
    return sock


def sockets():
    """Connections in six states, IPv4, IPv6 and mapped."""
    four, six = listener(socket.AF_INET, '127.0.0.1'), listener(socket.AF_INET6, '::')
    kept = [four, six]
    pairs = []
    for where, on in [('127.0.0.1', four)] * 4 + [('::1', six), ('127.0.0.1', six)]:
        client = socket.create_connection((where, on.getsockname()[1]))
        pairs.append((client, on.accept()[0]))
    kept += [end for pair in pairs for end in pair]
    pairs[0][0].send(b'x' * 1000)
    pairs[1][0].close()
    pairs[2][0].close()
    pairs[2][1].close()
    pairs[3][0].shutdown(socket.SHUT_WR)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(('127.0.0.1', 0))
    return kept + [udp]


def lines_of(*command):
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=30)
    lines = []
    for line in run.stdout.splitlines():
        for pattern, instead in MOVING:
            line = re.sub(pattern, instead, line)
        lines.append(line.rstrip())
    return lines


def at_rest(option, between):
    """What ss and `between` see while nothing moves: an ACK is delayed, a timer is on, a loopback takes its time."""
    for _ in range(100):
        before, seen, after = lines_of('ss', option), between(), lines_of('ss', option)
        if before == after:
            break
        time.sleep(0.05)
    return after, seen


def compare(lastack, option):
    # One line holds more than -O promises in ss 6.1: blanks between the columns of different widths.
    theirs, ours = at_rest(option, lambda: lines_of(lastack, 'ss', option))
    if len(theirs) != len(ours):
        sys.exit(f'ss {option}: {len(theirs)} lines, lastack ss: {len(ours)}')
    if '-O' in option or 'O' in option:
        theirs = [' '.join(line.split()) for line in theirs]
        ours = [' '.join(line.split()) for line in ours]
    unmatched = list(ours)
    # Behind it comes another column, not one more word of the same: -e of a record has no directions.
    rest = re.compile(r'$|  ' if option == '-tane' else '')
    for line in theirs:
        match = next((own for own in unmatched if own.startswith(line) and rest.match(own[len(line):])), None)
        if match is None:
            sys.exit(f'ss {option} has\n{line}\nand lastack ss\n' + '\n'.join(ours))
        unmatched.remove(match)


def inside(lastack):
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    kept = sockets()
    time.sleep(0.3)  # delayed ACKs are sent, timers are off
    for option in OPTIONS:
        compare(lastack, option)
    print(f'{len(OPTIONS)} sets of options, {len(kept)} sockets: the same')


def main():
    lastack = os.path.abspath(sys.argv[1])
    if len(sys.argv) > 2:
        inside(lastack)
        return 0
    if not all(map(shutil.which, ('ss', 'ip', 'unshare'))):
        print('ss, ip or unshare is not installed')
        return SKIP
    if subprocess.run(['unshare', '-rn', 'true'], stderr=subprocess.DEVNULL).returncode != 0:
        print('no network namespaces here')
        return SKIP
    return subprocess.run(['unshare', '-rn', sys.executable, __file__, lastack, 'inside']).returncode


sys.exit(main())
