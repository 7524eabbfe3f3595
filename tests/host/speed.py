#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
About a hundred thousand sockets, half of them TIME-WAIT, and how much processor time `lastack ss` and
`ss` take for them: ratios, best of five.

    speed.py LASTACK [SOCKETS]
"""
import os
import signal
import socket
import subprocess
import sys

PER_PROCESS = 4500  # pairs: descriptors are limited


def pairs(count, address, keep):
    server = socket.create_server((address, 1000), backlog=4000)
    kept = [server]
    for _ in range(count):
        client = socket.create_connection((address, 1000))
        accepted = server.accept()[0]
        if keep:
            kept += [client, accepted]
        else:
            accepted.close()
            client.close()
    return kept


def build(sockets):
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    for name, value in (('ip_local_port_range', '1025 65000'), ('tcp_max_tw_buckets', str(4 * sockets))):
        with open('/proc/sys/net/ipv4/' + name, 'w') as file:
            file.write(value)
    children, done, number = [], 0, 2
    while done < sockets // 4:
        count = min(PER_PROCESS, sockets // 4 - done)
        ready = os.pipe()
        child = os.fork()
        if child == 0:
            kept = pairs(count, '127.0.1.%d' % number, True)
            os.write(ready[1], b'x')
            signal.pause()
            os._exit(len(kept) * 0)
        children.append(child)
        os.read(ready[0], 1)
        done, number = done + count, number + 1
    done = 0
    while done < sockets // 2:
        count = min(20000, sockets // 2 - done)
        pairs(count, '127.0.0.%d' % number, False)
        done, number = done + count, number + 1
    return children


def best(command):
    """Processor time, of the program and of the kernel for it: the machine may be busy with other things."""
    times = []
    for _ in range(5):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, command
        times.append(usage.ru_utime + usage.ru_stime)
    return min(times)


def main():
    if '--inside' not in sys.argv:
        unshare = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        sys.exit(subprocess.run(unshare + [sys.executable, __file__, '--inside', os.path.abspath(sys.argv[1])] +
                                sys.argv[2:]).returncode)
    lastack = sys.argv[2]
    children = build(int(sys.argv[3]) if len(sys.argv) > 3 else 100000)
    count = len(subprocess.run(['ss', '-tanH'], stdout=subprocess.PIPE).stdout.splitlines())
    print('%d sockets' % count)
    failed = 0
    for ours, theirs, limit in ((['-tan'], ['-tan'], 1.0), (['-tan', '--count-by', 'state'], ['-tan'], 0.5),
                                (['-tanp'], ['-tanp'], 1.0)):
        a, b = best([lastack, 'ss'] + ours), best(['ss'] + theirs)
        failed += a > limit * b
        print('%-32s %7.1f ms   ss %-6s %7.1f ms   ratio %.2f (at most %.2f)%s' % (
            'lastack ss ' + ' '.join(ours), 1e3 * a, ' '.join(theirs), 1e3 * b, a / b, limit,
            '' if a <= limit * b else '  FAIL'))
    doctor = subprocess.Popen([lastack, 'doctor', '--interval', '0.1'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    usage = os.wait4(doctor.pid, 0)[2]
    seconds = usage.ru_utime + usage.ru_stime  # of its own: the machine may be busy with other things
    failed += seconds > 2
    print('lastack doctor                   %7.1f ms of processor time for both samples (at most 2000)%s' % (
        1e3 * seconds, '' if seconds <= 2 else '  FAIL'))
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print('%d passed, %d failed' % (4 - failed, failed))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
