#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Bad input, verb by verb: a clear error on stderr that names the option, the value or the file, the exit
status of the contract, nothing on stdout, and no waiting.

    usage_test.py LASTACK
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LASTACK = None
USAGE, RUN_FAILED = 2, 125
VERBS = ('serve demo drill ss netstat kill doctor explain sysctl metrics collect ladder states bench').split()

# arguments, exit status, what must be said
CASES = [
    ('', USAGE, 'usage: lastack VERB'),
    ('frobnicate', USAGE, "no verb 'frobnicate'"),
    ('run', RUN_FAILED, 'no CMD'),
    ('run --', RUN_FAILED, 'no CMD'),
    ('run --link', RUN_FAILED, "'--link' requires an argument"),
    ('run --link wire -- true', RUN_FAILED, '--link wire: auto, tun, veth or sim'),
    ('run --fallback veth -- true', RUN_FAILED, '--fallback veth'),
    ('run --wait -1 -- true', RUN_FAILED, '--wait -1: seconds, from 0 to 86400'),
    ('run --name a/b -- true', RUN_FAILED, '--name "a/b"'),
    ('run --name all -- true', RUN_FAILED, '--name "all": --stack all means every stack'),
    ('run --profile vax -- true', RUN_FAILED, '--profile vax: there is linux'),
    ('run --set time_wait -- true', RUN_FAILED, 'NAME=VALUE'),
    ('run --set time_weit=1s -- true', RUN_FAILED, 'did you mean time_wait?'),
    ('run --set time_wait=-1s -- true', RUN_FAILED, 'from 1ms to 3600s, not "-1s"'),
    ('run --set x=1 -- true', RUN_FAILED, 'no parameter is called x'),
    ('run --pcap /no/such/x -- true', RUN_FAILED, '/no/such/x: No such file'),
    ('run --ladder /no/such/x -- true', RUN_FAILED, '/no/such/x: No such file'),
    ('run --color=red -- true', RUN_FAILED, 'red'),
    ('serve', USAGE, 'one of --tun NAME and --veth NAME'),
    ('serve --tun a-name-far-too-long', USAGE, '1 to 15 bytes'),
    ('serve --tun t --address 192.0.2.1/33', USAGE, '192.0.2.1/33: ADDRESS/LENGTH'),
    ('serve --tun t --address 192.0.2.1/24 --address 192.0.2.1/30', USAGE, '192.0.2.1/30: given twice'),
    ('serve --veth lo', USAGE, 'lo is no Ethernet interface'),
    ('serve --veth nothere', 3, 'find interface nothere'),
    ('demo opening', USAGE, "no story 'opening'"),
    ('drill', USAGE, 'nothing to run'),
    ('drill /no/such.pkt', USAGE, '/no/such.pkt: No such file'),
    ('drill --profile vax x', USAGE, 'vax'),
    ('drill -j 0 x', USAGE, '-j takes a number from 1 to 64, not: 0'),
    ('drill --set time_wait=5 x', USAGE, 'time_wait'),
    ('ss state nonsense', USAGE, "no state or group is called 'nonsense'"),
    ('ss ( sport = :80', USAGE, "')' is missing"),
    ('ss dst 10.0.0.0/33', USAGE, 'at most 32, not 33'),
    ('ss sport = :99999', USAGE, "'99999' is no port (0 to 65535)"),
    ('ss --count-by colour', USAGE, "'colour' is no field"),
    ('ss --watch=x', USAGE, '--watch=x'),
    ('ss --color=red', USAGE, 'red'),
    ('ss -Z', USAGE, "'Z'"),
    ('ss --stack no-such-stack', 3, "no running stack is called 'no-such-stack'"),
    ('netstat -Q', USAGE, "'Q'"),
    ('kill', USAGE, 'a filter or a tuple is needed'),
    ('kill state nonsense', USAGE, 'nonsense'),
    ('kill 192.0.2.1:80', USAGE, "'192.0.2.1:80' is one end"),
    ('kill 192.0.2.1 198.51.100.1', USAGE, '192.0.2.1'),
    ('kill --stack no-such-stack state all', 3, "no running stack is called 'no-such-stack'"),
    ('doctor --check nosuch', USAGE, '--check nosuch'),
    ('doctor --from /no/such', USAGE, '/no/such: No such file'),
    ('doctor --interval x', USAGE, '--interval x: seconds'),
    ('doctor more', USAGE, "'more'"),
    ('explain', USAGE, 'usage: lastack explain'),
    ('explain nonsense', USAGE, "'nonsense'"),
    ('explain :99999', USAGE, "':99999' is no port (1 to 65535)"),
    ('explain 99999999999', USAGE, "'99999999999' is no port"),
    ('explain pid=x', USAGE, "'pid=x' is no process"),
    ('explain pid=0', USAGE, "'pid=0' is no process"),
    ('explain ECONNREFUSED :80', USAGE, "':80' is more than it takes"),
    ('explain 192.0.2.1:80 192.0.2.2', USAGE, "'192.0.2.2' is no end of a connection"),
    ('explain --color=red close-wait', USAGE, 'red'),
    ('explain EADDRINUSE nonsense', USAGE, 'nonsense'),
    ('sysctl no_such_name_at_all', USAGE, 'no_such_name_at_all'),
    ('sysctl --dialect vms', USAGE, '--dialect vms: linux, bsd, solaris or windows'),
    ('sysctl --profile vax', USAGE, '--profile vax'),
    ('sysctl --profile rfc --stack x -a', USAGE, '--stack or --profile, not both'),
    ('ss --stack x --pairs', USAGE, '--pairs and --all-netns look at the host'),
    ('ss --stack x --all-netns -s', USAGE, '--pairs and --all-netns look at the host'),
    ('netstat --stack x --all-netns', USAGE, '--all-netns looks at the host'),
    ('kill --stack x --all-netns sport = :80', USAGE, '--all-netns looks at the host'),
    ('metrics --stack x --from y', USAGE, '--stack or --from, not both'),
    ('metrics --interval x', USAGE, '--interval x'),
    ('collect --interval x /tmp', USAGE, 'lastack collect: --interval x: seconds'),
    ('metrics more', USAGE, "'more'"),
    ('metrics --from /no/such', USAGE, '/no/such: No such file'),
    ('collect', USAGE, 'usage: lastack collect'),
    ('collect /no/such/folder', USAGE, '/no/such/folder: No such file'),
    ('ladder', USAGE, 'usage: lastack ladder'),
    ('ladder SELF -o SELF', USAGE, 'that is the capture itself'),
    ('run --pcap /no/such/y --ladder /no/such/y -- true', RUN_FAILED, '--pcap and --ladder are one file'),
    ('sim --pcap /no/such/y --ladder /no/such/y', USAGE, '--pcap and --ladder are one file'),
    ('ladder /no/such.pcap', USAGE, '/no/such.pcap: No such file'),
    ('ladder /dev/null', USAGE, '/dev/null: truncated'),
    ('ladder SELF', USAGE, 'unknown file format'),
    ('ladder SELF SELF', USAGE, 'one FILE is drawn at a time, not 2'),
    ('ladder --stream x SELF', USAGE, '--stream x: a number'),
    ('states -o /no/such/x.svg', USAGE, '/no/such/x.svg: No such file'),
    ('states --live --stack no-such-stack', 3, "no running stack is called 'no-such-stack'"),
    ('states more', USAGE, "'more'"),
    ('bench nosuch', USAGE, "no bench 'nosuch'"),
    ('bench life --cells loss0/1/10', USAGE, '--cells: of recovery, which is not asked for'),
    ('bench --seconds 3', USAGE, '--seconds: of recovery, which is not asked for'),
    ('bench --largest 0 life', USAGE, '--largest 0: a number from 1 to 18446744073709551615'),
    ('bench bulk --pages 4k', USAGE, '--pages: of timewait or demux, which are not asked for'),
]

# What prints; where it cannot be written, that is an error. (metrics > file && mv file ...)
PRINTING = [
    '--help', 'ss --help', 'ss -tan', 'ss -s', 'ss -tan --json', 'ss -tan --count-by state', 'netstat -an',
    'netstat -s', 'explain close-wait', 'explain --json close-wait', 'doctor --list', 'sysctl -a', 'sysctl -a --json',
    'metrics --interval 0.1', 'states', 'states --json', 'states --book', 'states -o -', 'demo', 'demo closing',
    'sim --bytes 10k', 'sim --bytes 10k --json', 'sim --lives 10', 'drill SCRIPT', 'drill --json SCRIPT',
]
# These write line by line, and may have forgotten the reason at the end.
PRINTING_AT_ONCE = ['ss -tan --watch=1', 'run --link sim --set time_wait=1s']


def lastack(arguments):
    return subprocess.run([LASTACK, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=20)


class Usage(unittest.TestCase):
    def test_every_verb_takes_color(self):
        for verb in VERBS + ['run', 'sim']:
            with self.subTest(verb=verb):
                done = lastack([verb, '--color=red'])
                self.assertEqual(done.returncode, RUN_FAILED if verb == 'run' else USAGE)
                self.assertRegex(done.stderr.decode(), r'--color.*auto, always or never.*red|red.*auto, always or never')
                self.assertNotIn('--color', lastack([verb, '--color=never', '--no-such-option']).stderr.decode().splitlines()[0])

    def test_unknown_options(self):
        for verb in VERBS + ['run']:
            with self.subTest(verb=verb):
                done = lastack([verb, '--no-such-option'])
                self.assertEqual(done.returncode, RUN_FAILED if verb == 'run' else USAGE)
                self.assertIn(b'--no-such-option', done.stderr)
                self.assertEqual(done.stdout, b'')

    def test_every_case(self):
        for line, status, said in CASES:
            with self.subTest(line=line):
                done = lastack([__file__ if word == 'SELF' else word for word in line.split()])
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(said, done.stderr.decode())
                self.assertEqual(done.stdout, b'')

    def test_output_that_cannot_be_written_is_an_error(self):
        script = Path(__file__).resolve().parents[1] / 'scripts/stories'
        for line in PRINTING + PRINTING_AT_ONCE:
            command = [str(script) if word == 'SCRIPT' else word for word in line.split()]
            for where, reason in (('>&-', 'Bad file descriptor'), ('>/dev/full', 'No space left on device')):
                with self.subTest(line=line, where=where):
                    done = subprocess.run(['sh', '-c', f'exec "$@" {where}', 'sh', LASTACK, *command],
                                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=20)
                    self.assertEqual(done.returncode, RUN_FAILED if line.startswith('run') else USAGE, done.stderr)
                    self.assertIn('cannot write standard output', done.stderr)
                    if line in PRINTING:
                        self.assertIn(reason, done.stderr)

    def test_a_table_to_compare_with_that_is_none(self):
        done = lastack('sim --grid --bytes 1k --seeds 1 --quiet --against /dev/null'.split())
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b'33 of its 33 cells are missing', done.stderr)
        self.assertNotIn(b'slower', done.stderr)

    def test_scripts_say_file_and_line(self):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, 'bad.pkt')
            for text, line in (('0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 nonsense(((\n', 2),
                               ('+0 < S 0:0(0) win 65536x\n', 1), ('+0 `unterminated\n', 1)):
                script.write_text(text, encoding='utf-8')
                done = lastack(['drill', str(script)])
                self.assertEqual(done.returncode, 1, text)
                self.assertIn(f'bad.pkt:{line}:', (done.stdout + done.stderr).decode(), text)

    def test_what_is_quoted_of_a_script_need_not_be_utf8(self):
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, os.fsdecode(b'caf\xe9.pkt'))
            script.write_bytes(b'0 socket(..., SOCK_STR\xc9AM, IPPROTO_TCP) = 3\n')
            done = lastack(['drill', '--json', folder])
            self.assertEqual(done.returncode, 1, done.stderr)
            answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
            self.assertEqual([answers[0]['ok'], answers[0]['line']], [False, 1])
            self.assertIn('caf', answers[0]['script'])


LASTACK = os.path.abspath(sys.argv.pop(1))
unittest.main()
