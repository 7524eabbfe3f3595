#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`lastack demo`: every story comes true, shows the states it is about, and ends the same each time.

    demo_test.py LASTACK
"""
import json
import re
import subprocess
import sys
import unittest

LASTACK = None
SHOWN = {  # what stands in a story, in this order
    'closing': ['client FIN-WAIT-1 -> CLOSING: FIN arrived', 'server ss: CLOSING', 'CLOSING -> TIME-WAIT',
                '60.060000  client TIME-WAIT -> CLOSED: 2MSL over'],
    'close-wait': ['server ESTABLISHED -> CLOSE-WAIT', 'client FIN-WAIT-2 -> CLOSED: FIN-WAIT-2 timeout',
                   'server ss: CLOSE-WAIT | worker[7]', 'CLOSE-WAIT -> LAST-ACK', 'client ─▶  RST'],
    'time-wait': ['ACK  (lost)', 'server FIN sent again', 'client 2MSL restarts',
                  '60.320000  client TIME-WAIT -> CLOSED'],
    'fin-timeout': ['3600.040000  client ss: FIN-WAIT-2', '3605.040000  client FIN-WAIT-2 -> CLOSED: FIN-WAIT-2 timeout',
                    '3667.140000  client TIME-WAIT -> CLOSED: 2MSL over'],
    'reuseaddr': ['EADDRINUSE (address in use: TIME-WAIT', 'with SO_REUSEADDR: done',
                  'EADDRINUSE (address in use: a listener has it)'],
    'port-exhaustion': ['connect() to port 80: EADDRNOTAVAIL', 'connect() to port 81: EINPROGRESS',
                        'connect() reused TIME-WAIT', 'client ss: ESTABLISHED'],
}


def demo(*arguments):
    return subprocess.run([LASTACK, 'demo', *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)


class Demo(unittest.TestCase):
    def test_every_story(self):
        listed = re.findall(r'^  ([a-z-]+) {2,}\S', demo().stdout.decode(), re.M)
        self.assertEqual(set(listed), set(SHOWN))
        for name, wanted in SHOWN.items():
            with self.subTest(story=name):
                done = demo(name)
                self.assertEqual(done.returncode, 0, done.stdout.decode())
                text = done.stdout.decode()
                at = 0
                for words in wanted:
                    at = text.find(words, at)
                    self.assertGreaterEqual(at, 0, words)
                self.assertNotIn('NOT TRUE', text)
                self.assertEqual(demo(name).stdout, done.stdout)

    def test_json(self):
        self.assertEqual({json.loads(line)['story'] for line in demo('--json').stdout.splitlines()}, set(SHOWN))
        for name in SHOWN:
            lines = [json.loads(line) for line in demo('--json', name).stdout.splitlines()]
            self.assertEqual(lines.pop(), {'story': name, 'summary': True, 'ok': True})
            words = demo(name).stdout.decode()
            for line in lines:
                self.assertEqual((set(line), line['story']), ({'story', 'time_ns', 'who', 'text'}, name))
                if line['who'] != 'story':
                    at = '%d.%06d' % divmod(line['time_ns'] // 1000, 10**6)
                    self.assertIn('%s  %s %s\n' % (at, line['who'], line['text']), words)
            self.assertEqual([line['time_ns'] for line in lines], sorted(line['time_ns'] for line in lines))
            self.assertGreater(len([line for line in lines if line['who'] == 'story']), 1)

    def test_several_and_colour(self):
        self.assertIn(b'\x1b[', demo('--color=always', 'closing').stdout)
        self.assertNotIn(b'\x1b[', demo('closing').stdout)
        both = demo('closing', 'reuseaddr').stdout
        self.assertEqual(both, demo('closing').stdout + demo('reuseaddr').stdout)

    def test_bad_usage(self):
        for arguments, said in ((['opening'], "no story 'opening'"), (['--color=red', 'closing'], '--color=red'),
                                (['--no-such'], '--no-such')):
            done = demo(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr.decode())


LASTACK = sys.argv.pop(1)
unittest.main()
