#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Real programs on our TCP: curl, wrk, bash and the Linux kernel as their peer, through `lastack run`.

    run_test.py LASTACK [--as oneself|nobody] [NAME...]

Each test is one method; NAME picks some. `nobody` (root only) is user 65534 without groups: no root needed
is a promise. Exit 77: namespaces are refused here, or nobody cannot reach the program.
"""
import array
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SKIPPED = 77
NOBODY = 65534
LASTACK = None
PREFIX = []          # what makes a command run as somebody else
LINKS = ['veth']
SCRATCH = None       # a directory that whoever runs may write to

WEB4, WEB6 = 'http://192.0.2.1', 'http://[2001:db8::1]'


def run(*arguments, timeout=200, **more):
    """The finished `lastack run ARGUMENTS`."""
    return subprocess.run([*PREFIX, LASTACK, 'run', *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=timeout, cwd=SCRATCH, **more)


def pattern(length):
    return array.array('Q', range((length + 7) // 8)).tobytes()[:length]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def own_name(word):
    """Of a stack: others may run these tests, too."""
    return f'{word}-{os.getpid()}'


def asleep(*options, **more):
    """A `lastack run` whose command has begun, and sleeps."""
    process = subprocess.Popen([*PREFIX, LASTACK, 'run', '--quiet', *options, '--', 'sh', '-c', 'echo; exec sleep 100'],
                               stdout=subprocess.PIPE, cwd=SCRATCH, **more)
    process.stdout.readline()
    return process


def changes(stderr, who='ours'):
    """What the narration says of one end of #1: [(old, new, why)]."""
    found = re.findall(rf'#1 +{who}  ([A-Z12-]+) -> ([A-Z12-]+)(?:: (.*))?', stderr.decode())
    return [(old, new, why) for old, new, why in found]


class Pages(unittest.TestCase):
    def test_a_page_over_each_link_and_family(self):
        for link in LINKS:
            for web, own in ((WEB4, '192.0.2.1:80'), (WEB6, r'[2001:db8::1]:80')):
                with self.subTest(link=link, web=web):
                    done = run('--link', link, '--', 'curl', '-s', '-m', '60', web + '/')
                    self.assertEqual(done.returncode, 0, done.stderr)
                    page = done.stdout.decode()
                    self.assertIn(f'local        {own}\n', page)
                    self.assertRegex(page, r'state        ESTABLISHED')

    def test_bytes_are_the_pattern(self):
        length = 20_000_003
        for link in LINKS:
            with self.subTest(link=link):
                done = run('--quiet', '--link', link, '--', 'curl', '-s', '-m', '150', f'{WEB4}/bytes/{length}')
                self.assertEqual(done.stderr, b'')
                self.assertEqual(len(done.stdout), length)
                self.assertEqual(digest(done.stdout), digest(pattern(length)))

    def test_uploads_are_hashed(self):
        data = os.urandom(10_000_000)
        for link in LINKS:
            with self.subTest(link=link):
                for how in (['-T', '-'], ['-X', 'POST', '--data-binary', '@-']):
                    done = run('--quiet', '--link', link, '--', 'curl', '-s', '-m', '150', *how, f'{WEB6}/x',
                               input=data)
                    self.assertEqual(done.stdout.decode(), f'bytes {len(data)}\nsha256 {digest(data)}\n')

    def test_many_short_connections(self):
        if shutil.which('wrk') is None:
            self.skipTest('no wrk')
        for link in LINKS:
            with self.subTest(link=link):
                done = run('--link', link, '--', 'wrk', '-t1', '-c50', '-d1s', '--timeout', '30s', '-H',
                           'Connection: close', WEB4 + '/')
                self.assertEqual(done.returncode, 0)
                out = done.stdout.decode()
                self.assertNotIn('Socket errors', out)
                self.assertNotIn('Non-2xx', out)
                self.assertGreater(int(re.search(r'(\d+) requests in', out).group(1)), 100)

    def test_the_small_services(self):
        script = r'''
            exec 3<>/dev/tcp/192.0.2.1/7; echo hello >&3; read -r -t 50 line <&3; echo "echo $line"
            exec 3>&-; echo "daytime $(timeout 50 cat </dev/tcp/192.0.2.1/13)"
            echo "chargen $(timeout 50 head -c 72 </dev/tcp/192.0.2.1/19)"
            exec 3<>/dev/tcp/192.0.2.1/9; head -c 100000 /dev/zero >&3 && echo "discard done"
            (exec 3<>/dev/tcp/192.0.2.1/81) 2>&1 | grep -o refused'''
        for link in LINKS:
            with self.subTest(link=link):
                out = run('--quiet', '--link', link, '--', 'bash', '-c', script).stdout.decode()
                self.assertIn('echo hello\n', out)
                self.assertRegex(out, r'daytime \w+day, \w+ \d\d, \d{4} \d\d:\d\d:\d\d UTC')
                self.assertIn('chargen  !"#$%&', out)
                self.assertIn('discard done\n', out)
                self.assertIn('refused\n', out)


class Narration(unittest.TestCase):
    def test_a_whole_life_with_its_causes(self):
        for link in LINKS:
            with self.subTest(link=link):
                done = run('--link', link, '--set', 'time_wait=1s', '--', 'curl', '-s', '-H', 'Connection: close',
                           WEB4 + '/')
                self.assertIn(b'time_wait=1s', done.stderr)
                ours = changes(done.stderr)
                states = [new for _, new, _ in ours]
                self.assertEqual(states[:3], ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1'])
                self.assertEqual(states[-2:], ['TIME-WAIT', 'CLOSED'])
                self.assertEqual([old for old, _, _ in ours], ['LISTEN'] + states[:-1])
                self.assertEqual(ours[0][2], 'SYN arrived')
                self.assertEqual(ours[-1][2], '2MSL over')
                self.assertIn(b'#1   ours  gone: 2MSL over', done.stderr)
                self.assertIn(b'we closed first', done.stderr)
                peers = [new.rstrip(',') for _, new, _ in changes(done.stderr, 'peer')]
                self.assertIn('ESTABLISHED', peers)

    def test_a_long_time_wait_is_not_waited_for(self):
        begun = time.monotonic()
        done = run('--', 'curl', '-s', '-H', 'Connection: close', WEB4 + '/')
        self.assertLess(time.monotonic() - begun, 40)  # of 60
        self.assertIn(b'TIME-WAIT; we closed first', done.stderr)

    def test_json_lines(self):
        done = run('--json', '--set', 'time_wait=1s', '--', 'curl', '-s', '-H', 'Connection: close', WEB4 + '/')
        lines = [json.loads(line) for line in done.stderr.splitlines()]
        own = [line for line in lines if line.get('conn', '').startswith('192.0.2.1:80 192.0.2.2:')]
        self.assertEqual([line['new'] for line in own if line['what'] == 'state'][-1], 'CLOSED')
        self.assertIn('time_wait_over', [line['cause'] for line in own])
        for line in own:
            self.assertLessEqual({'time_ns', 'conn', 'what', 'old', 'new', 'cause', 'seq', 'ack', 'flags', 'len'}, set(line))
        summary = lines[-1]
        self.assertTrue(summary['summary'])
        self.assertEqual((summary['connections'], summary['exit_status']), (1, 0))
        self.assertGreater(summary['link']['packets_in'], 3)

    def test_pools_come_back(self):
        if shutil.which('wrk') is None:
            self.skipTest('no wrk')
        for link in LINKS:
            with self.subTest(link=link):
                self.pools_come_back(link)

    def pools_come_back(self, link):
        # 2MSL is 4 s: wrk's second is over before the first record is; afterwards all are waited for
        done = run('--json', '--link', link, '--set', 'time_wait=4s', '--', 'wrk', '-t1', '-c50', '-d1s',
                   '--timeout', '30s', '-H', 'Connection: close', WEB4 + '/')
        self.assertNotIn(b'Socket errors', done.stdout)
        summary = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual(summary['left'], [])
        pools = summary['pools']
        self.assertGreater(pools['time_wait_ipv4']['peak'], 100)
        for name, pool in pools.items():
            if name not in ('neighbors', 'paths'):  # caches: they remember on purpose
                self.assertEqual((name, pool['used']), (name, pool['start']))
            self.assertEqual((name, pool['refusals']), (name, 0))

    def test_what_is_left_is_told(self):
        script = '''exec 4< <(exec 3<>/dev/tcp/192.0.2.1/7; echo connected; exec sleep 20 </dev/null >/dev/null 2>&1)
            read -r <&4'''
        done = run('--wait', '0.3', '--', 'bash', '-c', script)
        self.assertRegex(done.stderr.decode(), r'1 connection still there\n  192\.0\.2\.1:7 192\.0\.2\.2:\d+ ESTABLISHED: ')
        done = run('--wait', '0.3', '--json', '--', 'bash', '-c', script)
        left = json.loads(done.stderr.splitlines()[-1])['left']
        self.assertEqual([(row['state'], row['local']) for row in left], [('ESTABLISHED', '192.0.2.1:7')])

    def test_frames_are_far_larger_than_the_mtu(self):
        for link in LINKS:
            with self.subTest(link=link):
                done = run('--json', '--link', link, '--', 'curl', '-s', '-o', '/dev/null', WEB4 + '/bytes/20000000')
                link_of = json.loads(done.stderr.splitlines()[-1])['link']
                self.assertEqual(link_of['kind'], link)
                self.assertGreater(link_of['largest_out_bytes'], 40000)
                done = run('--json', '--link', link, '--', 'curl', '-s', '-T', '-', WEB4 + '/x', input=bytes(20_000_000))
                link_of = json.loads(done.stderr.splitlines()[-1])['link']
                self.assertGreater(link_of['largest_in_bytes'], 40000)

    def test_captures_are_sound_and_say_why(self):
        if shutil.which('tshark') is None:
            self.skipTest('no tshark')
        for link in LINKS:
            with self.subTest(link=link):
                file = f'{SCRATCH}/{link}.pcapng'
                run('--link', link, '--pcap', file, '--', 'curl', '-s', '-H', 'Connection: close', WEB4 + '/bytes/300000')
                fields = subprocess.run(
                    ['tshark', '-r', file, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE', '-T',
                     'fields', '-e', 'tcp.checksum.status', '-e', 'ip.checksum.status', '-e', '_ws.malformed', '-e',
                     'frame.comment', '-Y', 'tcp'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
                rows = [line.split('\t') for line in fields.stdout.splitlines()]
                self.assertGreater(len(rows), 8)
                self.assertEqual({tuple(row[:3]) for row in rows}, {('1', '1', '')})
                comments = '\n'.join(row[3] for row in rows)
                self.assertIn('LISTEN -> SYN-RECEIVED: SYN arrived', comments)
                self.assertIn('ESTABLISHED -> FIN-WAIT-1: close() of the last descriptor', comments)
                self.assertIn('-> TIME-WAIT', comments)
                self.assertTrue(all(row[3] for row in rows))


    def test_ladders_show_both_ends(self):
        for link in LINKS + ['sim']:
            with self.subTest(link=link):
                file = f'{SCRATCH}/{link}.svg'
                done = run('--quiet', '--link', link, '--set', 'time_wait=1s', '--ladder', file, '--', 'curl', '-s', '-H',
                           'Connection: close', WEB4 + '/')
                self.assertEqual(done.returncode, 0, done.stderr)
                words = re.findall(r'>([^<>]+)<', Path(file).read_text())
                for word in ('SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', '192.0.2.1:80',
                             'this stack', '2MSL over', 'simulated client' if link == 'sim' else 'curl'):
                    self.assertIn(word, words)
                self.assertTrue(any('192.0.2.1:80 closed first' in word for word in words))
                if shutil.which('rsvg-convert'):
                    subprocess.run(['rsvg-convert', '-o', file + '.png', file], check=True)


class Commands(unittest.TestCase):
    def test_exit_status(self):
        for command, status in ((['true'], 0), (['sh', '-c', 'exit 7'], 7), (['sh', '-c', 'kill -9 $$'], 137),
                                (['/no/such/command'], 127), (['/dev/null'], 126)):
            self.assertEqual(run('--quiet', '--', *command).returncode, status, command)

    def test_bad_usage(self):
        for arguments, said in (
                (['--no-such-option', '--', 'true'], '--no-such-option'),
                ([], 'no CMD'),
                (['--link', 'wire', '--', 'true'], 'auto, tun, veth or sim'),
                (['--wait', 'x', '--', 'true'], '--wait x'),
                (['--name', 'a/b', '--', 'true'], '--name "a/b"'),
                (['--profile', 'vax', '--', 'true'], '--profile vax'),
                (['--set', 'time_wait', '--', 'true'], 'NAME=VALUE'),
                (['--set', 'time_wait=5', '--', 'true'], 'time_wait'),
                (['--pcap', '/no/such/dir/x', '--', 'true'], '/no/such/dir/x')):
            done = run(*arguments)
            self.assertEqual(done.returncode, 125, arguments)
            self.assertIn(said, done.stderr.decode())

    def test_the_user_stays_himself(self):
        out = run('--quiet', '--', 'id', '-u').stdout.decode().strip()
        self.assertEqual(int(out), NOBODY if PREFIX else os.geteuid())

    def test_sigterm_is_for_the_command(self):
        with asleep() as process:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(timeout=50), 128 + signal.SIGTERM)

    def test_a_taken_name(self):
        twice = own_name('twice')
        with asleep('--name', twice) as first:
            second = run('--name', twice, '--', 'true')
            first.terminate()
            first.wait(timeout=50)
        self.assertEqual(second.returncode, 125)
        self.assertIn(f'"{twice}" is taken'.encode(), second.stderr)
        self.assertEqual(run('--quiet', '--name', twice, '--', 'true').returncode, 0)

    def test_netstat_and_metrics_of_a_stack(self):
        seen = own_name('seen')
        script = (f'curl -s -o /dev/null -H "Connection: close" {WEB4}/; '
                  f'until {LASTACK} ss --stack {seen} -tanH state time-wait | grep -q .; do sleep 0.02; done; '
                  f'{LASTACK} netstat --stack {seen} -ant; echo ==; '
                  f'{LASTACK} netstat --stack {seen} -s; echo ==; {LASTACK} metrics --stack {seen}')
        rows, causes, metrics = run('--quiet', '--name', seen, '--', 'sh', '-c', script).stdout.decode().split('==\n')
        self.assertRegex(rows, r'(?m)^tcp +0 +0 192\.0\.2\.1:80 +192\.0\.2\.2:\d+ +TIME_WAIT')
        self.assertEqual(rows.count('LISTEN'), 10)
        self.assertRegex(causes, r'(?m)^ +accept\(\) +1$')
        self.assertIn(f'lastack_stack_connections{{stack="{seen}",state="TIME-WAIT"}} 1\n', metrics)
        self.assertIn(f'lastack_stack_owners{{stack="{seen}",owner="time_wait"}} 1\n', metrics)
        self.assertIn(f'lastack_stack_pool_used{{stack="{seen}",pool="time_wait_ipv4"}} 1\n', metrics)
        self.assertIn(f'lastack_stack_events_total{{stack="{seen}",cause="call_accept"}} 1\n', metrics)
        if shutil.which('promtool'):
            check = subprocess.run(['promtool', 'check', 'metrics'], input=metrics.encode(), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
            self.assertEqual(check.returncode, 0, check.stdout)

    def test_what_ss_tells_of_a_connection(self):
        named = own_name('named')
        script = (f'exec 3<>/dev/tcp/192.0.2.1/7; echo hello >&3; read -r line <&3; '
                  f'{LASTACK} ss --stack {named} -tainH; {LASTACK} ss --stack {named} -tai --json')
        done = run('--quiet', '--name', named, '--', 'bash', '-c', script)
        lines = done.stdout.decode().splitlines()
        rows = [json.loads(line) for line in lines if line.startswith('{')]
        more = [line for line in lines if line.startswith('\t')]
        self.assertIn('\t cubic cwnd:10', more)  # a listener
        self.assertEqual(sum(line.startswith('\t cubic wscale:') for line in more), 1, more)
        self.assertTrue(rows)
        self.assertEqual({row['congestion'] for row in rows}, {'cubic'})

    def test_signals_for_us_are_the_commands(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with asleep(preexec_fn=functools.partial(signal.signal, number, signal.SIG_DFL)) as child:
                child.send_signal(number)  # (a nohup around the tests would be inherited)
                child.communicate(timeout=50)
            self.assertEqual(child.returncode, 128 + number)

    def test_the_summary_of_a_stack_is_of_that_stack(self):
        summed = own_name('summed')
        script = f'{LASTACK} ss --stack {summed} -s; {LASTACK} ss --stack {summed} -s --json'
        lines = run('--quiet', '--name', summed, '--', 'sh', '-c', script).stdout.decode().splitlines()
        self.assertRegex(lines[0], rf'^stack {summed} \(pid ')
        self.assertIn(['LISTEN', '10', '5', '5'], [line.split() for line in lines])
        summary = json.loads(lines[-1])
        self.assertEqual((summary['source'], summary['states']['LISTEN']), (summed, 10))

    def test_no_name_means_every_stack(self):
        with tempfile.TemporaryDirectory(dir=SCRATCH) as own:  # other tests' stacks are not meant
            os.chmod(own, 0o777)
            script = (f'export XDG_RUNTIME_DIR={own}/$(id -u); curl -s -o /dev/null -H "Connection: close" {WEB4}/; '
                      f'until {LASTACK} ss --stack -tanH state time-wait | grep -q .; do sleep 0.02; done; '
                      f'{LASTACK} kill --stack --time-wait --yes; {LASTACK} ss --stack -tanH state time-wait')
            folder = Path(own, str(NOBODY if PREFIX else os.geteuid()))
            folder.mkdir(mode=0o700)
            if PREFIX:
                os.chown(folder, NOBODY, NOBODY)
            done = run('--quiet', '--', 'sh', '-c', script, env=dict(os.environ, XDG_RUNTIME_DIR=str(folder)))
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r'^TIME-WAIT  192\.0\.2\.1:80 192\.0\.2\.2:\d+  nobody: TIME-WAIT record: closed$')

    def test_a_second_terminal(self):
        process = subprocess.Popen([*PREFIX, LASTACK, 'run', '--', 'sleep', '100'], cwd=SCRATCH, stderr=subprocess.PIPE)
        for line in process.stderr:
            found = re.search(rb'a second terminal: (.*) CMD', line)
            if found:
                break
        enter = found.group(1).decode().split()
        page = subprocess.run([*PREFIX, *enter, 'curl', '-s', '-m', '50', WEB4 + '/'], stdout=subprocess.PIPE,
                              cwd=SCRATCH)
        process.terminate()
        process.stderr.read()
        process.stderr.close()
        process.wait(timeout=50)
        self.assertIn(b'It sees your connection', page.stdout)


class Trouble(unittest.TestCase):
    def test_an_interface_that_goes_down_and_comes_back(self):
        if 'tun' not in LINKS or PREFIX or shutil.which('ip') is None:
            self.skipTest('only root may set the interface down')
        script = f'''exec 3<>/dev/tcp/192.0.2.1/80
            printf 'GET /bytes/20000000 HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' >&3
            dd bs=1000 count=1 <&3 >{SCRATCH}/start 2>/dev/null
            ip link set lastack0 down; timeout 1 cat <&3 >{SCRATCH}/middle; ip link set lastack0 up
            date +%s%N; timeout 100 cat <&3 >{SCRATCH}/end; date +%s%N'''
        done = run('--link', 'tun', '--', 'bash', '-c', script)
        up, ended = map(int, done.stdout.split())
        got = b''.join(Path(SCRATCH, part).read_bytes() for part in ('start', 'middle', 'end'))
        self.assertTrue(got.endswith(pattern(20_000_000)))
        self.assertLess(ended - up, 30_000_000_000)
        self.assertIn(b'FIN-WAIT-1 -> ', done.stderr)

    def without_namespaces(self, *arguments):
        script = ('echo 0 >/proc/sys/user/max_net_namespaces && echo 0 >/proc/sys/user/max_user_namespaces && '
                  'exec "$@"')
        return subprocess.run([*PREFIX, 'unshare', '-U', '-r', 'sh', '-c', script, 'sh', LASTACK, 'run', *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=SCRATCH)

    def test_refused_namespaces_are_explained(self):
        done = self.without_namespaces('--', 'curl', '-s', WEB4 + '/')
        self.assertEqual(done.returncode, 125)
        self.assertIn(b'No space left on device (ENOSPC)', done.stderr)
        self.assertIn(b'max_net_namespaces', done.stderr)
        self.assertEqual(done.stdout, b'')

    def test_where_they_are_refused_the_exchange_is_simulated_and_said_to_be(self):
        done = self.without_namespaces('--fallback', 'sim', '--set', 'time_wait=2s', '--', 'curl', '-s', WEB4 + '/')
        self.assertEqual(done.returncode, 0)
        self.assertIn(b'ENOSPC', done.stderr)
        self.assertIn(b'SIMULATED', done.stderr)
        self.assertIn(b'It sees your connection', done.stdout)
        self.assertEqual(changes(done.stderr)[-1], ('TIME-WAIT', 'CLOSED', '2MSL over'))

    def test_simulated_bytes_are_the_same_bytes(self):
        done = run('--quiet', '--link', 'sim', '--', 'curl', WEB6 + '/bytes/300000')
        self.assertEqual(done.stdout, pattern(300000))


class Serving(unittest.TestCase):
    def test_on_a_tun_of_ones_own(self):
        if 'tun' not in LINKS or PREFIX or shutil.which('ip') is None:
            self.skipTest('needs root and /dev/net/tun')
        script = f'''ip link set lo up; {LASTACK} serve --tun t0 --quiet & server=$!
            until ip link show t0 >/dev/null 2>&1; do sleep 0.05; done
            ip address add 192.0.2.2/24 dev t0; ip link set t0 up; curl -s -m 50 {WEB4}/bytes/16
            {LASTACK} serve --tun t0 2>{SCRATCH}/second; echo "second $?" >&2
            kill -INT $server; wait $server; echo "first $?" >&2'''
        done = subprocess.run(['unshare', '-n', 'bash', '-c', script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=100)
        self.assertEqual(done.stdout, pattern(16))
        self.assertEqual(done.stderr, b'second 3\nfirst 0\n')
        self.assertIn('EBUSY', Path(SCRATCH, 'second').read_text())

    def test_on_an_ethernet_interface(self):
        if PREFIX or os.geteuid() != 0 or shutil.which('ip') is None:
            self.skipTest('needs root')
        name = own_name('ethernet')
        script = f'''ip link set lo up; ip link add a0 type veth peer name b0; ip link set a0 up; ip link set b0 up
            ip address add 198.51.100.2/24 dev a0
            {LASTACK} serve --veth b0 --address 198.51.100.1/24 --quiet --name {name} & server=$!
            until {LASTACK} ss --stack {name} -tl >/dev/null 2>&1; do sleep 0.05; done
            curl -s -m 50 http://198.51.100.1/bytes/16; kill -INT $server; wait $server'''
        done = subprocess.run(['unshare', '-n', 'bash', '-c', script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=100)
        self.assertEqual((done.stdout, done.stderr), (pattern(16), b''))

    def test_an_interface_that_is_deleted_ends_it(self):
        if 'tun' not in LINKS or PREFIX or shutil.which('ip') is None:
            self.skipTest('needs root and /dev/net/tun')
        for kind, name in (('--tun', 't0'), ('--veth', 'b0')):
            stack = own_name('deleted')
            script = f'''ip link set lo up; ip link add a0 type veth peer name b0; ip link set b0 up
                {LASTACK} serve {kind} {name} --quiet --name {stack} & server=$!
                until {LASTACK} ss --stack {stack} -tl >/dev/null 2>&1; do sleep 0.05; done
                ip link delete {name}; wait $server'''
            done = subprocess.run(['unshare', '-n', 'bash', '-c', script], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=100)
            self.assertEqual((done.returncode, done.stderr.decode()),
                             (3, f'lastack serve: the interface {name} is gone\n'))

    def test_bad_usage(self):
        for arguments, status, said in (([], 2, 'one of --tun NAME and --veth NAME'),
                                        (['--tun', 'a', '--veth', 'b'], 2, 'one of'),
                                        (['--tun', 'a-name-far-too-long'], 2, '1 to 15 bytes'),
                                        (['--veth', 'nothere'], 3, 'find interface nothere'),
                                        (['--tun', 'a', '--address', '1.2.3.4'], 2, 'ADDRESS/LENGTH'),
                                        (['--tun', 'a', '--address', '1.2.3.4/33'], 2, 'ADDRESS/LENGTH'),
                                        (['--tun', 'a', 'b'], 2, 'b: unexpected')):
            done = subprocess.run([*PREFIX, LASTACK, 'serve', *arguments], stderr=subprocess.PIPE, cwd=SCRATCH)
            self.assertEqual(done.returncode, status, arguments)
            self.assertIn(said, done.stderr.decode())


def main():
    global LASTACK, PREFIX, LINKS, SCRATCH
    arguments = sys.argv[1:]
    LASTACK = str(Path(arguments.pop(0)).resolve())
    if arguments[:1] == ['--as']:
        if arguments[1] == 'nobody':
            PREFIX = ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups']
        arguments = arguments[2:]
    os.environ.pop('XDG_RUNTIME_DIR', None)
    with tempfile.TemporaryDirectory(prefix='lastack-run-') as SCRATCH:
        os.chmod(SCRATCH, 0o777)
        if PREFIX and os.geteuid() != 0:
            print('skipped: only root can become nobody')
            return SKIPPED
        probe = run('--quiet', '--', 'true')
        if probe.returncode != 0:
            print('skipped:', probe.stderr.decode())
            return SKIPPED
        if run('--quiet', '--link', 'tun', '--', 'true').returncode == 0:
            LINKS = ['tun', 'veth']
        result = unittest.main(argv=['run_test', *arguments], exit=False, verbosity=2).result
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
