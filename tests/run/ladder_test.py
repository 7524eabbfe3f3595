#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Captures of every order of closing between our stack and the kernel's, made by dumpcap, read by
`lastack ladder`: the states it infers from the packets alone are those that both ends said of themselves.

    ladder_test.py PUPPET LASTACK [NAME...]
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import closes_test
import puppet
from closes_test import STORIES, Case, Ends
from puppet import until

LASTACK = None
# The first to close did it with a RST.
RESET = {'we abort', 'we linger 0', 'they linger 0', 'we leave text unread', 'they leave text unread'}


class Capture:
    """What passes the kernel's interface, into a file. It has begun when a first mark is in the file, and is complete
    when a second one is."""

    def __init__(self, file):
        self.file = file
        self.process = subprocess.Popen(['dumpcap', '-q', '-i', 'near', '-w', str(file)], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            if line.startswith('File:'):
                break
        self.mark(b'the capture begins')

    def mark(self, text):
        """Sends it until it is seen: a datagram to nobody."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            end = time.monotonic() + puppet.PATIENCE
            while text not in self.file.read_bytes():
                assert time.monotonic() < end, text
                try:
                    sock.sendto(text, (puppet.OURS[4], 9))
                except ConnectionRefusedError:
                    pass
                time.sleep(0.05)

    def end(self):
        self.mark(b'the capture is complete')
        self.process.send_signal(signal.SIGINT)
        self.process.stderr.read()
        self.process.stderr.close()
        self.process.wait(timeout=60)


def ladder(file, *options):
    done = subprocess.run([LASTACK, 'ladder', str(file), *options], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


class Ladders(Case):
    def play(self, ends, steps):
        self.addCleanup(ends.kernel.close)
        self.assertEqual(until(('ESTABLISHED',) * 2, ends.states), ('ESTABLISHED',) * 2)
        for what, *wanted in steps:
            getattr(ends, what.replace('.', '_'))()
            self.assertEqual(until(tuple(wanted), ends.states), tuple(wanted), what)
        ends.kernel.close()

    def test_inferred_states_are_the_true_ones(self):
        for kind, strings in self.each_link():
            puppet.make_patient(strings)
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o777)  # dumpcap may write as somebody else
                file = Path(folder, kind + '.pcapng')
                capture = Capture(file)
                played = []
                for version in (4, 6):
                    for ours_connects in (False, True):
                        for name, steps in STORIES.items():
                            ends = Ends(strings, version, ours_connects, self.next_port())
                            self.play(ends, steps)
                            played.append((ends.ports, name, steps[-1][1:]))
                capture.end()
                self.compare(file, played)

    def compare(self, file, played):
        streams = {}
        for line in ladder(file, '--list', '--json').splitlines():
            stream = json.loads(line)
            ports = tuple(int(stream[end].rsplit(':', 1)[1]) for end in ('left', 'right'))
            streams[ports] = (stream['stream'], 'left', 'right')
            streams[ports[::-1]] = (stream['stream'], 'right', 'left')
        proven = 0
        for ports, name, truth in played:
            number, ours, theirs = streams[ports]
            *rows, summary = map(json.loads, ladder(file, '--json', '--stream', str(number)).splitlines())
            row = [row for row in rows if row['kind'] == 'segment'][-1]
            with self.subTest(story=name, ports=ports):
                inferred = (row[ours + '_state'], row[theirs + '_state'])
                self.assertEqual(inferred, truth)
                proven += row[ours + '_proven'] + row[theirs + '_proven']
                self.assertEqual(summary['by_reset'], name in RESET)
                waits = [end for end, state in ((ours, truth[0]), (theirs, truth[1])) if state == 'TIME-WAIT']
                self.assertEqual(summary['time_wait'], {0: None, 1: (waits or [None])[0], 2: 'both'}[len(waits)])
        self.assertGreater(2 * proven, len(played))  # who hears last proves nothing more; the others do

    def test_loss_is_seen_and_survived(self):
        """Every fifth packet of the kernel's is lost behind the capture: it sends again, and that is marked."""
        for kind, strings in self.each_link():
            strings.lose(5)
            with self.subTest(link=kind), tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o777)
                file = Path(folder, 'loss.pcapng')
                capture = Capture(file)
                ends = Ends(strings, 4, False, self.next_port())
                for _ in range(30):
                    ends.theirs_send()
                    ends.ours_reads()
                ends.kernel.close()
                ends.ours_reads_end()
                ends.ours_close()
                self.assertEqual(until(('CLOSED', 'TIME-WAIT'), ends.states), ('CLOSED', 'TIME-WAIT'))
                capture.end()
                rows = [json.loads(line) for line in ladder(file, '--json').splitlines()]
                segments = [row for row in rows if 'kind' in row]
                again = [row for row in segments if 'retransmission' in (row.get('remark') or '')]
                self.assertIn('left', {row['from'] for row in again})
                self.assertEqual((segments[-1]['left_state'], segments[-1]['right_state']), ('TIME-WAIT', 'CLOSED'))


def main():
    global LASTACK
    if shutil.which('dumpcap') is None:
        print('skipped: no dumpcap')
        sys.exit(puppet.SKIPPED)
    puppet.enter_namespace()
    closes_test.PUPPET, LASTACK = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main(argv=['ladder_test', *sys.argv[1:]], verbosity=2)


main()
