#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`lastack kill` on each state, IPv4 and IPv6: the verdict is what happened (the kernel's tables are looked at again here); as
nobody it says which privilege is missing; it frees an exhausted port range; listeners and crowds need a word more.

    kill_test.py LASTACK
"""
import json
import os
import socket
import subprocess
import sys
import time


def kill(*words, user=None):
    command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] if user else []
    done = subprocess.run(command + [LASTACK, 'kill', '--json'] + list(words), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def rows(text='state all'):
    lines = subprocess.run([LASTACK, 'ss', '-taB', '--json'] + text.split(), stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def expect(condition, *facts):
    if not condition:
        raise AssertionError(facts)


def until(look):
    """Waits for what must come, for a minute at most."""
    end = time.monotonic() + 60
    while not look() and time.monotonic() < end:
        time.sleep(0.02)


def is_asleep(pid):
    with open('/proc/%d/wchan' % pid) as wait, open('/proc/%d/stat' % pid) as stat:
        return stat.read().rsplit(')', 1)[1].split()[0] == 'S' and wait.read()


def ss_has(row):
    """The third look is not ours: ss."""
    lines = subprocess.run(['ss', '-tanH'], stdout=subprocess.PIPE, text=True).stdout
    return any(line.split()[3:5] == [row['local'], row['peer']] for line in lines.splitlines())


def as_nobody():
    status, verdicts, message = kill('state', 'close-wait', 'and', 'dst', '192.0.2.9', user='nobody')
    expect(status == 4 and verdicts[0]['verdict'] == 'not_permitted' and 'CAP_NET_ADMIN' in message, status, verdicts)
    lines = subprocess.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', LASTACK, 'ss', '-tan'],
                           stdout=subprocess.PIPE, text=True)
    expect(lines.returncode == 0 and len(lines.stdout.splitlines()) > 20, 'looking is allowed')


def usage():
    expect(kill()[0] == 2, 'no filter')
    expect(kill('sport', '=')[0] == 2, 'half a filter')
    status, verdicts, _ = kill('sport', '=', ':1')
    expect(status == 1 and not verdicts, 'nothing matches')
    before = rows()
    status, verdicts, message = kill('state', 'connected')
    expect(status == 3 and '--yes' in message and all(v['verdict'] == 'would_close' for v in verdicts), status, message)
    expect({r['cookie'] for r in rows()} == {r['cookie'] for r in before}, 'a dry run touches nothing')
    listeners = [r for r in before if r['state'] == 'LISTEN' and r['family'] == 'inet']
    status, verdicts, _ = kill(listeners[0]['local'], '*:*')
    expect(status == 3 and verdicts[0]['verdict'] == 'listener', status, verdicts)


def every_state():
    """Each by its tuple; the holder of the descriptors is the parent of this test, which does not close them."""
    seen = set()
    for row in rows():
        if row['state'] in ('LISTEN', 'CLOSED'):
            continue
        status, verdicts, _ = kill(row['local'], row['peer'])
        verdict = verdicts[0]['verdict'] if verdicts else None
        wanted = 'descriptor_stays' if row['inode'] else 'closed'
        expect(status == 0 and verdict == wanted, row, verdicts)
        expect(not ss_has(row), row)
        if row['inode']:
            expect(str(os.getppid()) in verdicts[0]['detail'], verdicts)
        seen.add((row['state'], row['family']))
    expect(len(seen) == 18, sorted(seen))
    bound = [r for r in rows() if r['state'] == 'CLOSED']
    status, verdicts, _ = kill('sport', '=', ':' + bound[0]['local'].rsplit(':', 1)[1], 'and', 'state', '=', 'bound')
    expect(status == 3 and verdicts[0]['verdict'] == 'not_supported', verdicts)
    for row in [r for r in rows() if r['state'] == 'LISTEN']:
        status, verdicts, _ = kill('--force', 'src', row['local'], 'and', 'state', '=', 'listening')
        expect(status == 0 and verdicts[0]['verdict'] == 'descriptor_stays', verdicts)
        expect('port stays bound' in verdicts[0]['detail'], verdicts)
        expect(not ss_has(row), row)
        seen.add((row['state'], row['family']))
    return len(seen)


def vanished():
    """A process that closes at once when its connection ends leaves no descriptor."""
    server = socket.create_server(('127.0.0.1', 0))
    code = 'import socket;s=socket.create_connection(("127.0.0.1",%d));\ntry:\n s.recv(1)\nexcept OSError:\n s.close()'
    child = subprocess.Popen([sys.executable, '-c', code % server.getsockname()[1]])
    accepted = server.accept()[0]
    until(lambda: is_asleep(child.pid))  # in recv()
    status, verdicts, _ = kill('pid=%d' % child.pid)
    expect(status == 0 and verdicts[0]['verdict'] == 'closed', verdicts)
    expect(child.wait(60) == 0, 'it has seen the end')
    accepted.close()


def exhausted_range():
    with open('/proc/sys/net/ipv4/tcp_tw_reuse', 'w') as file:
        file.write('0')
    server = socket.create_server(('127.0.0.1', 9), backlog=100)
    with open('/proc/sys/net/ipv4/ip_local_port_range', 'w') as file:
        file.write('40100 40149')
    for _ in range(50):
        client = socket.create_connection(('127.0.0.1', 9))
        accepted = server.accept()[0]
        client.close()
        accepted.close()
    try:
        socket.create_connection(('127.0.0.1', 9))
        raise AssertionError('the range is not full')
    except OSError as error:
        expect(error.errno == 99, error)
    until(lambda: len(rows('state time-wait dport = :9')) == 50)
    status, verdicts, _ = kill('--time-wait', 'dport', '=', ':9', '--yes')
    expect(status == 0 and len(verdicts) == 50 and all(v['verdict'] == 'closed' for v in verdicts), status, len(verdicts))
    socket.create_connection(('127.0.0.1', 9)).close()


def main():
    global LASTACK
    if '--inside' not in sys.argv:
        unshare = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        sys.exit(subprocess.run(unshare + [sys.executable, __file__, '--inside', os.path.abspath(sys.argv[1])]).returncode)
    LASTACK = sys.argv[2]
    from all_states import build
    from peer import Tun
    kept = build(Tun())
    if os.fork() == 0:  # the parent holds the sockets, the child tests
        for descriptor in range(3, 200):
            try:
                os.close(descriptor)
            except OSError:
                pass
        status = 1
        try:
            as_nobody() if os.geteuid() == 0 else None
            usage()
            print('%d states ended, each verdict true' % every_state())
            vanished()
            exhausted_range()
            print('5 passed, 0 failed')
            status = 0
        except BaseException as error:
            import traceback
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    _, result = os.wait()
    os._exit(os.waitstatus_to_exitcode(result) if kept else 1)


if __name__ == '__main__':
    main()
