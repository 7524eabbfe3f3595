#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Thousands of short connections between wrk on the kernel's TCP and ours, watched from both ends.

    wrk_test.py LASTACK SECONDS [NAME...]

While wrk runs, `ss -tan` and our rows are compared tuple by tuple; when it is over, whoever closed first
holds TIME-WAIT and nobody else anything; then they are killed at once, or wait out their 2MSL.
"""
import collections
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
NAME = os.environ.setdefault('WRK_TEST_STACK', f'wrk-{os.getpid()}')
ENDS = ('192.0.2.1', '192.0.2.2')
UNHURRIED = Path(__file__).with_name('unhurried.lua')
KERNELS = {'ESTAB': 'ESTABLISHED', 'SYN-RECV': 'SYN-RECEIVED'}

# What our end may be in while the kernel's, which connected, is in the state before the colon: what is under
# way between them makes the difference. No RST here; '-' is "no row".
LEGAL = {
    'SYN-SENT': '- SYN-RECEIVED TIME-WAIT',
    'ESTABLISHED': 'SYN-RECEIVED ESTABLISHED FIN-WAIT-1',
    'CLOSE-WAIT': 'FIN-WAIT-1 FIN-WAIT-2',
    'LAST-ACK': 'FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT',
    'FIN-WAIT-1': 'SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK FIN-WAIT-1 CLOSING',
    'FIN-WAIT-2': 'CLOSE-WAIT LAST-ACK',
    'CLOSING': 'FIN-WAIT-1 CLOSING TIME-WAIT',
    'TIME-WAIT': 'LAST-ACK CLOSING TIME-WAIT -',
}
LEGAL['-'] = ' '.join([*LEGAL, 'SYN-RECEIVED', 'LAST-ACK'])  # it came and went meanwhile

# wrk was stopped and nothing is under way any more.
AT_REST = dict.fromkeys(LEGAL, '') | {'ESTABLISHED': 'ESTABLISHED', 'CLOSE-WAIT': 'FIN-WAIT-2',
                                      'FIN-WAIT-2': 'CLOSE-WAIT', 'TIME-WAIT': '- TIME-WAIT', '-': 'TIME-WAIT'}


def is_short(seconds):
    return seconds <= 2


# ---- inside: beside wrk, in its namespace ----

def kernel_rows():
    out = subprocess.run(['ss', '-tanH'], stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = {}
    for line in out.splitlines():
        state, _, _, local, remote = line.split()[:5]
        rows[local + ' ' + remote] = KERNELS.get(state, state)
    return rows


def our_rows(lastack):
    """As the kernel's end names them: the ends exchanged."""
    out = subprocess.run([lastack, 'ss', '--stack', NAME, '-tan', '--json'], stdout=subprocess.PIPE, text=True,
                         check=True).stdout
    rows = {}
    for line in out.splitlines():
        row = json.loads(line)
        if row['state'] != 'LISTEN':
            rows[row['peer'] + ' ' + row['local']] = row['state']
    return rows


def compare(lastack, legal, pairs, wrong):
    """Counts pairs of states of tuples that the kernel's end did not move while ours was looked at."""
    before = kernel_rows()
    ours = our_rows(lastack)
    after = kernel_rows()
    for tuple_ in after.keys() | ours.keys():
        state, own = after.get(tuple_, '-'), ours.get(tuple_, '-')
        if before.get(tuple_, '-') != state:
            continue
        pairs[f'{state} {own}'] += 1
        if own not in legal[state].split():
            wrong.append((tuple_, state, own, legal is AT_REST))


def comes_to_rest(lastack):
    """Both ends stay as they are for longer than the kernel delays an ACK."""
    seen = None
    for _ in range(10):
        before, seen = seen, (kernel_rows(), our_rows(lastack))
        if seen == before:
            return True
        time.sleep(0.25)
    return False


def has_worked(lastack):
    """Waits until there is something more to compare."""
    end, wanted = time.monotonic() + 10, len(our_rows(lastack)) + 150
    while time.monotonic() < end and len(our_rows(lastack)) < wanted:
        time.sleep(0.02)


def interrupt(wrk):
    """Again and again: right after SIGCONT another of its threads may take the signal, and the first sleeps on."""
    while wrk.poll() is None:
        wrk.send_signal(signal.SIGINT)
        time.sleep(0.1)


def watch(wrk, lastack, seconds, report):
    """Looks at both ends while wrk works, and twice while it stands still."""
    pairs, at_rest = collections.Counter(), collections.Counter()
    for _ in range(2):  # at one and at two thirds of the time
        if is_short(seconds):
            has_worked(lastack)
        else:
            time.sleep(seconds / 3)
        compare(lastack, LEGAL, pairs, report['wrong'])
        wrk.send_signal(signal.SIGSTOP)
        if comes_to_rest(lastack):
            compare(lastack, AT_REST, at_rest, report['wrong'])
        wrk.send_signal(signal.SIGCONT)
    if is_short(seconds):
        interrupt(wrk)
    report['wrk'] = wrk.communicate()[0]
    report['pairs'], report['at_rest'] = dict(pairs), dict(at_rest)


def only_time_wait_is_left(lastack):
    """The rows of both ends, as soon as nothing else is among them."""
    end = time.monotonic() + 10
    while True:
        ours, kernels = our_rows(lastack), kernel_rows()
        if set(ours.values()) | set(kernels.values()) <= {'TIME-WAIT'} or time.monotonic() > end:
            return ours, kernels
        time.sleep(0.1)


def keep_time_wait():
    """A FIN that comes twice, on a busy machine, is answered twice: the RST for the second answer must not end the
    kernel's TIME-WAIT."""
    try:
        Path('/proc/sys/net/ipv4/tcp_rfc1337').write_text('1')
    except PermissionError:
        pass  # not root; then it may


def inside(lastack, seconds, what):
    report = {'wrong': []}
    keep_time_wait()
    # the short one ends when there is enough to look at, however busy the machine
    load = ['-t1', '-c50', '-d30s', '-s', str(UNHURRIED)] if is_short(seconds) else ['-t2', '-c200', f'-d{seconds}s']
    wrk = subprocess.Popen(['wrk', *load, '--timeout', '60s', '-H', 'Connection: close', f'http://{ENDS[0]}/'],
                           stdout=subprocess.PIPE, text=True)
    watch(wrk, lastack, seconds, report)
    report['ours'], report['kernels'] = only_time_wait_is_left(lastack)
    if what == 'kill':
        begun = time.monotonic()
        done = subprocess.run([lastack, 'kill', '--stack', NAME, '--time-wait', '--yes'], stdout=subprocess.PIPE,
                              text=True)
        report['kill'] = [done.returncode, time.monotonic() - begun, our_rows(lastack)]
    print(json.dumps(report))


# ---- outside ----

class Lives(unittest.TestCase):
    def life(self, what):
        """Runs it; the report, our moves by tuple, the summary."""
        # long enough for both ends to be looked at after the last close, on a busy machine too
        time_wait = '60s' if what == 'kill' else f'{SECONDS + (11 if is_short(SECONDS) else 18)}s'
        with tempfile.TemporaryFile('w+') as trace:
            done = subprocess.run(
                [LASTACK, 'run', '--name', NAME, '--json', '--set', f'time_wait={time_wait}', '--wait',
                 str(2 * SECONDS + 20), '--', sys.executable, __file__, LASTACK, str(SECONDS), '--inside', what],
                stdout=subprocess.PIPE, stderr=trace, text=True)
            trace.seek(0)
            lines = [json.loads(line) for line in trace]
        self.assertEqual(done.returncode, 0, done.stdout)
        moves = collections.defaultdict(list)
        for line in lines[:-1]:
            if line['what'] == 'state' and line['conn'].startswith(ENDS[0] + ':80 ' + ENDS[1]):
                ours, theirs = line['conn'].split()
                moves[f'{theirs} {ours}'].append((line['new'], line['cause']))
        return json.loads(done.stdout), moves, lines[-1]

    def check(self, report, moves, summary):
        self.assertEqual(summary['records_lost'], 0)
        self.assertNotIn('Socket errors', report['wrk'])
        self.assertNotIn('Non-2xx', report['wrk'])
        requests = int(re.search(r'(\d+) requests in', report['wrk']).group(1))
        self.assertGreater(requests, 100 * SECONDS)
        self.assertEqual([(pair, moves[pair[0]]) for pair in report['wrong']], [])
        at_rest = report['at_rest']
        self.assertGreater(at_rest.get('CLOSE-WAIT FIN-WAIT-2', 0) + at_rest.get('ESTABLISHED ESTABLISHED', 0), 20,
                           at_rest)
        self.assertGreater(at_rest.get('- TIME-WAIT', 0), 50, at_rest)
        self.holders(report, moves)

    def holders(self, report, moves):
        """Whoever closed first holds the record, says the trace of each tuple's last life."""
        first = {tuple_: self.who_closed_first(states) for tuple_, states in moves.items()}
        for end, wanted in (('ours', {'ours', 'both'}), ('kernels', {'kernels', 'both'})):
            self.assertEqual(set(report[end].values()) - {'TIME-WAIT'}, set())
            for tuple_ in report[end]:
                self.assertIn(first[tuple_], wanted, (tuple_, moves[tuple_]))
        self.assertGreater(len(report['ours']), 100)
        for tuple_, who in first.items():
            if who in ('ours', 'both'):
                self.assertIn(tuple_, report['ours'], moves[tuple_])
            if who in ('kernels', 'both'):
                self.assertIn(tuple_, report['kernels'], moves[tuple_])

    @staticmethod
    def who_closed_first(states):
        """From our moves since the tuple's last SYN."""
        names = [new for new, _ in states]
        last = len(names) - 1 - names[::-1].index('SYN-RECEIVED')
        life = names[last:]
        if states[-1] == ('CLOSED', 'rst'):  # of TIME-WAIT, too (tcp_rfc1337 is off)
            return 'reset'
        if 'CLOSING' in life:
            return 'both'
        if 'FIN-WAIT-2' in life or 'TIME-WAIT' in life:
            return 'ours' if 'TIME-WAIT' in life else 'reset'
        return 'kernels' if 'LAST-ACK' in life else 'reset'

    def back_at_start(self, summary):
        self.assertEqual(summary['left'], [])
        for name, pool in summary['pools'].items():
            if name not in ('neighbors', 'paths'):  # caches: they remember on purpose
                self.assertEqual((name, pool['used']), (name, pool['start']))
            self.assertEqual((name, pool['refusals']), (name, 0))

    def test_time_waits_are_killed_at_once(self):
        report, moves, summary = self.life('kill')
        self.check(report, moves, summary)
        status, seconds, rows = report['kill']
        self.assertEqual((status, rows), (0, {}))
        self.assertLess(seconds, 30)
        self.back_at_start(summary)

    def test_time_waits_are_gone_after_2msl(self):
        report, moves, summary = self.life('wait')
        self.check(report, moves, summary)
        self.back_at_start(summary)


def main():
    global LASTACK, SECONDS
    LASTACK, SECONDS = str(Path(sys.argv[1]).resolve()), int(sys.argv[2])
    if sys.argv[3:4] == ['--inside']:
        inside(LASTACK, SECONDS, sys.argv[4])
        return 0
    for program in ('wrk', 'ss'):
        if shutil.which(program) is None:
            print('skipped: no', program)
            return SKIPPED
    probe = subprocess.run([LASTACK, 'run', '--quiet', '--', 'true'], stderr=subprocess.PIPE)
    if probe.returncode != 0:
        print('skipped:', probe.stderr.decode())
        return SKIPPED
    result = unittest.main(argv=['wrk_test', *sys.argv[3:]], exit=False, verbosity=2).result
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
