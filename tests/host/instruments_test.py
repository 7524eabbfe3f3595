#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
metrics, explain, collect and hostile names, in a namespace of their own.

    instruments_test.py LASTACK
"""
import errno
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def lastack(*words):
    done = subprocess.run([LASTACK] + list(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(condition, *facts):
    if not condition:
        raise AssertionError(facts)


def until(look):
    """What `look` says when it says something, or at the end of patience."""
    end = time.monotonic() + 60
    while True:
        seen = look()
        if seen or time.monotonic() > end:
            return seen
        time.sleep(0.02)


def come_to_be(count, *words):
    """So many sockets there are by and by, says the other ss: a loopback delivers when the machine has time for it."""
    def look():
        run = subprocess.run(['ss', '-tanH', *words], stdout=subprocess.PIPE, check=True)
        return len(run.stdout.splitlines()) == count
    expect(until(look), words)


def catches(pid, number):
    with open('/proc/%d/status' % pid) as file:
        caught = next(line for line in file if line.startswith('SigCgt:'))
    return int(caught.split()[1], 16) >> (number - 1) & 1


def metrics_are_clean():
    status, text, _ = lastack('metrics', '--interval', '0.1')
    expect(status == 0, text)
    expect('node_tcp_connection_states{state="time_wait"} 0' in text, 'zeros are there')
    expect(shutil.which('promtool') is not None, 'promtool is missing: tools/install-deps test')
    check = subprocess.run(['promtool', 'check', 'metrics'], input=text.encode(), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
    expect(check.returncode == 0, check.stdout.decode())


def cause_of(port):
    status, text, _ = lastack('explain', '--json', 'EADDRINUSE', ':%d' % port)
    return status, json.loads(text)


def three_causes_of_eaddrinuse():
    server = socket.create_server(('127.0.0.1', 8081))
    status, answer = cause_of(8081)
    expect(status == 0 and answer['cause'] == 'listener' and answer['pid'] == os.getpid(), answer)
    expect('SO_REUSEPORT' in answer['why'], answer)
    client = socket.create_connection(('127.0.0.1', 8081))
    accepted = server.accept()[0]
    port = client.getsockname()[1]
    status, answer = cause_of(port)
    expect(answer['cause'] == 'connection' and 'ip_local_reserved_ports' in answer['why'], answer)
    accepted.close()
    client.close()
    server.close()
    come_to_be(1, 'state', 'time-wait', 'sport = :8081')
    try:
        fresh = socket.socket()
        fresh.bind(('127.0.0.1', 8081))
        raise AssertionError('TIME-WAIT does not hold the port')
    except OSError as error:
        expect(error.errno == errno.EADDRINUSE, error)
    status, answer = cause_of(8081)
    expect(answer['cause'] == 'time_wait' and 'SO_REUSEADDR' in answer['why'], answer)
    expect(answer['time_wait_left_ms'] > 50000, answer)
    expect(cause_of(8082)[0] == 1 and cause_of(8082)[1]['cause'] == 'free', 'nobody has it')


def a_busy_port_does_not_hide_the_one_that_matters():
    server = socket.create_server(('127.0.0.1', 8085))
    kept = []
    for i in range(30):
        client = socket.create_connection(('127.0.0.1', 8085))
        accepted = server.accept()[0]
        accepted.close()
        client.close()
    client = socket.create_connection(('127.0.0.1', 8085))
    kept.append(server.accept()[0])
    client.close()
    come_to_be(30, 'state', 'time-wait', 'sport = :8085')
    come_to_be(1, 'state', 'close-wait', 'sport = :8085')
    status, text, _ = lastack('explain', ':8085')
    titles = [line.split()[0] for line in text.splitlines() if line and not line.startswith(' ')]
    expect(status == 0 and titles[0] == 'LISTEN' and 'CLOSE-WAIT' in titles, titles)
    expect('and more: 28 in TIME-WAIT' in text, text)


def an_interrupt_between_the_samples_ends_the_watch():
    for words in (['doctor', '--watch=0.1', '--interval', '300'], ['doctor', '--interval', '300']):
        child = subprocess.Popen([LASTACK] + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        expect(until(lambda: catches(child.pid, signal.SIGTERM)), words)  # it sleeps
        child.send_signal(signal.SIGTERM)
        _, message = child.communicate(timeout=60)
        expect(child.returncode == 3, words, child.returncode, message)


def hostile_names():
    """A process may call itself anything; no escape sequence reaches the terminal."""
    code = ('import ctypes,socket,time;ctypes.CDLL(None).prctl(15,b"\\x1b[2Jx\\"\\\\y\\n",0,0,0);'
            's=socket.create_server(("127.0.0.1",8083));print(1,flush=True);time.sleep(300)')
    child = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE)
    child.stdout.readline()
    for words in (['ss', '-tanp'], ['ss', '--json', '-tap'], ['netstat', '-antp'], ['explain', ':8083'],
                  ['ss', '--count-by', 'comm', '-l'], ['kill', 'sport', '=', ':8083'], ['metrics', '--interval', '0']):
        _, text, message = lastack(*words)
        expect('\x1b' not in text + message and '\n"' not in text, words, text)
    _, text, _ = lastack('ss', '-lp', 'pid=%d' % child.pid)
    expect('8083' in text, text)
    child.kill()


def collect_and_read_again():
    folder = tempfile.mkdtemp()
    server = socket.create_server(('127.0.0.1', 8084))
    kept = []
    for _ in range(3):
        client = socket.create_connection(('127.0.0.1', 8084))
        accepted = server.accept()[0]
        client.close()
        kept.append(accepted)
    come_to_be(3, 'state', 'close-wait', 'sport = :8084')
    place = folder + '/bundle'
    status, _, message = lastack('collect', place, '--interval', '0.3')
    expect(status == 0, message)
    expect(lastack('collect', place)[0] == 2, 'a folder that is not empty is left alone')
    status, text, _ = lastack('doctor', '--from', place, '--json', '--close-wait-age', '0.1')
    findings = [json.loads(line) for line in text.splitlines()]
    leaks = [f for f in findings if f['check'] == 'close-wait-leak']
    expect(status == 1 and leaks and leaks[0]['evidence']['sockets'] == 3 and leaks[0]['pid'] == os.getpid(), findings)
    status, text, _ = lastack('metrics', '--from', place)
    expect(status == 0 and 'node_tcp_connection_states{state="close_wait"} 3' in text, text)
    damage(place)
    expect(lastack('doctor', '--from', folder + '/nowhere')[0] == 2, 'nothing there')
    shutil.rmtree(folder)


def damage(place):
    """Every file cut, swapped bytes and rubbish: an answer or an error, never a crash."""
    for name in sorted(os.listdir(place)):
        path = os.path.join(place, name)
        with open(path, 'rb') as file:
            good = file.read()
        for bad in (b'', good[:len(good) // 2], good[:-3], good[::-1], b'\xff' * 4096, good.replace(b'1', b'99999999999')):
            with open(path, 'wb') as file:
                file.write(bad)
            status, _, said = lastack('doctor', '--from', place)
            expect(status in (0, 1, 2, 3), name, len(bad), status)
            if len(bad) != len(good): # nobody is told that all is well
                expect(status in (1, 2, 3) and (name in said or 'no saved samples' in said), name, len(bad), status, said)
                expect(lastack('metrics', '--from', place)[0] in (2, 3), name, len(bad))
        os.unlink(path)
        status, _, said = lastack('doctor', '--from', place)
        expect(status in (1, 2, 3) and name in said, name, 'is missing', status, said)
        with open(path, 'wb') as file:
            file.write(good)


def counting_and_watching():
    server = socket.create_server(('127.0.0.1', 8085))
    kept = [socket.create_connection(('127.0.0.1', 8085)) for _ in range(4)]
    status, text, _ = lastack('ss', '-a', '--json', '--count-by', 'state,dport', 'sport = :8085 or dport = :8085')
    counts = {(c['state'], c['dport']): c['count'] for c in map(json.loads, text.splitlines())}
    expect(counts[('ESTAB', '8085')] == 4 and counts[('LISTEN', '0')] == 1, counts)
    watch = subprocess.Popen([LASTACK, 'ss', '-tn', '--watch=0.2', 'dport = :8085'], stdout=subprocess.PIPE, text=True)
    text = ''.join(line for _, line in zip(range(3 * 6), watch.stdout))  # a head, four sockets, the count, thrice
    watch.terminate()
    watch.communicate()
    expect(text.count('-- 4 sockets') == 3 and 'for ' in text, text)
    old = lastack('ss', '-tn', '--json', 'dport = :8085')[1].splitlines()
    expect(all(json.loads(line)['owner_kind'] == 'process' for line in old), old)
    del kept, server


def both_ends_across_namespaces():
    """A server in another namespace, behind a veth: each end names the other's process."""
    other = subprocess.Popen(['unshare', '-n', 'sh', '-c', 'echo; read x; exec python3 -c "'
                              "import socket,time;s=socket.create_server(('192.0.2.2',8090));print(1,flush=True);"
                              'a=s.accept()[0];print(2,flush=True);time.sleep(300)"'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    pid = str(other.pid)
    for words in ('ip link add va type veth peer name vb netns ' + pid, 'ip addr add 192.0.2.1/24 dev va', 'ip link set va up',
                  'nsenter -n -t %s ip addr add 192.0.2.2/24 dev vb' % pid, 'nsenter -n -t %s ip link set vb up' % pid):
        subprocess.run(words.split(), check=True)
    other.stdin.write(b'go\n')
    other.stdin.flush()
    other.stdout.readline()
    client = socket.create_connection(('192.0.2.2', 8090))
    other.stdout.readline()
    _, text, _ = lastack('ss', '-tnp', '--json', '--pairs', 'dport = :8090')
    row = json.loads(text)
    expect(row['pid'] == os.getpid() and row['twin']['pid'] == other.pid, row)
    expect(row['twin']['netns'] != row['netns'] and row['twin']['state'] == 'ESTABLISHED', row)
    _, text, _ = lastack('ss', '-tnp', '--all-netns', '--pairs', 'sport = :8090')
    expect('other end: ESTAB, python3[%d]' % os.getpid() in text, text)
    _, text, _ = lastack('ss', '-tan', 'dport = :8090 or sport = :8090')
    expect(len(text.splitlines()) == 2, 'one namespace only', text)
    status, text, _ = lastack('doctor', '--all-netns', '--interval', '0.1', '--check', 'netns-scope', '--json')
    expect(len({json.loads(line)['netns'] for line in text.splitlines()}) >= 2, text)
    client.close()
    other.kill()


def namespaces_that_come_and_go():
    """One that ends while it is listed, entered or between two samples is nobody's error."""
    commands = (('ss', '-tan', '--all-netns'), ('doctor', '--all-netns', '--interval', '0.1', '--check', 'netns-scope', '--json'))
    usual = [(status, message) for status, _, message in (lastack(*words) for words in commands)]
    churn = subprocess.Popen(['sh', '-c', 'while :; do unshare -n sleep 0.05; unshare -n true; done'])
    try:
        for _ in range(15):
            for words, wanted in zip(commands, usual):
                status, text, message = lastack(*words)
                expect(text and status == wanted[0] and set(message.splitlines()) == set(wanted[1].splitlines()), status, text, message)
    finally:
        churn.kill()
        churn.wait()
    stale = 'mount -t tmpfs none /run && mkdir /run/netns && touch /run/netns/stale && exec "$@"'
    done = subprocess.run(['unshare', '-m', 'sh', '-c', stale, 'sh', LASTACK, *commands[0]], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect(done.stdout and (done.returncode, done.stderr.decode()) == usual[0], 'a name without a namespace', done)


def sysctl_in_another_dialect():
    """Names and units of that system, or a remark: nobody may take a line of Linux for one of BSD."""
    def read(name):
        with open('/proc/sys/net/ipv4/' + name) as file:
            return file.read().split()

    status, text, _ = lastack('sysctl', '--dialect', 'bsd', '-a')
    settings = dict(line.split(' = ') for line in text.splitlines() if not line.startswith('#'))
    remarks = [line for line in text.splitlines() if line.startswith('#')]
    expect(status == 0 and all(name.startswith(('net.inet.', 'kern.ipc.')) for name in settings), text)
    expect(settings['net.inet.tcp.finwait2_timeout'] == read('tcp_fin_timeout')[0] + '000', settings)
    expect(settings['net.inet.tcp.recvspace'] == read('tcp_rmem')[1], settings)
    expect([settings['net.inet.ip.portrange.' + end] for end in ('first', 'last')] == read('ip_local_port_range'), settings)
    expect(settings['net.inet.tcp.rfc1323'] == '1', settings)
    expect('# net.inet.tcp.msl: Linux has no sysctl for it' in remarks, remarks)
    expect('# net.ipv4.tcp_retries2 = %s: BSD has no name for it' % read('tcp_retries2')[0] in remarks, remarks)
    for dialect in ('linux', 'bsd', 'solaris', 'windows'):
        rows = [json.loads(line) for line in lastack('sysctl', '--dialect', dialect, '-a', '--json')[1].splitlines()]
        own = [row for row in rows if row['dialect'] == dialect]
        expect(len({row['name'] for row in own}) == len(own) > 15, dialect, len(own))
        expect(all('why_not' in row for row in rows if row['dialect'] != dialect or row['value'] is None), dialect)
    status, text, _ = lastack('sysctl', '--dialect', 'bsd', 'net.ipv4.tcp_keepalive_time')
    expect(status == 0 and text.startswith('net.inet.tcp.keepidle = %s000' % read('tcp_keepalive_time')[0]), text)
    expect('unit     milliseconds' in text, text)
    text = lastack('sysctl', '-a')[1]
    expect(text.count('net.ipv4.tcp_rmem') == 1 and 'net.ipv4.tcp_ecn = ' in text, text)


def usage_errors():
    for words, wanted in ((['ss', 'sport', '=', ':x'], 2), (['ss', '--count-by', 'colour'], 2), (['ss', '--watch=no'], 2),
                          (['ss', '-Z'], 2), (['doctor', '--check', 'nothing'], 2), (['doctor', '--port', '0'], 2),
                          (['explain'], 2), (['explain', 'x', 'y', 'z'], 2), (['netstat', '-Q'], 2), (['collect'], 2),
                          (['metrics', '--interval', 'x'], 2), (['ss', '--help'], 0), (['doctor', '--list'], 0)):
        status, text, message = lastack(*words)
        expect(status == wanted and (text if wanted == 0 else message), words, status)
        expect(wanted == 2 or len(text.splitlines()) <= 24, words, 'one screen')


def main():
    global LASTACK
    if '--inside' not in sys.argv:
        unshare = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        sys.exit(subprocess.run(unshare + [sys.executable, __file__, '--inside', os.path.abspath(sys.argv[1])]).returncode)
    LASTACK = sys.argv[2]
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    failed = 0
    tests = [metrics_are_clean, three_causes_of_eaddrinuse, a_busy_port_does_not_hide_the_one_that_matters,
             an_interrupt_between_the_samples_ends_the_watch, hostile_names, collect_and_read_again, counting_and_watching,
             both_ends_across_namespaces, namespaces_that_come_and_go,
             sysctl_in_another_dialect, usage_errors]
    for test in tests:
        try:
            test()
            print('ok      ' + test.__name__)
        except Exception as error:
            failed += 1
            print('FAILED  %s: %s' % (test.__name__, repr(error)[:1500]))
    print('%d passed, %d failed' % (len(tests) - failed, failed))
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
