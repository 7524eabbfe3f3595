#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`lastack sim` as a person uses it.

    sim_test.py LASTACK

Transfers: bytes, link and seed mean what they say; two runs are equal, two seeds are not. Lives: the same hash
alone and in company, a life as text, capture and ladder. A grid: the table, compared with itself and with a
faster one. Bad input: exit status 2 and what is wrong with it.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LASTACK = str(Path(sys.argv[1]).resolve())
failures = []


def sim(*words, status=0):
    run = subprocess.run([LASTACK, 'sim', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         timeout=120)
    require(run.returncode == status, f'sim {" ".join(words)}: ended with {run.returncode}: {run.stderr[:500]}')
    return run


def require(is_so, message):
    if not is_so:
        failures.append(message)


def summary(*words):
    lines = sim(*words, '--json', '--quiet').stdout.splitlines()
    require(len(lines) == 1, f'{words}: {len(lines)} lines instead of a summary')
    return json.loads(lines[0])


def test_transfers():
    one = summary('--bytes', '200k', '--rate', '10M', '--delay', '20')
    require(one['bytes'] == 200000 and 'failure' not in one, f'a transfer: {one}')
    require(one['retransmitted'] == 0 and one['lost'] == 0, 'a good link loses nothing')
    # 200 kB at 10 Mbit/s are 160 ms on the wire; the handshake takes 40, the last byte 20 more
    require(210e6 < one['elapsed_ns'] < 400e6, f'took {one["elapsed_ns"]} ns')
    require(summary('--bytes', '200k', '--rate', '10M', '--delay', '20') == one, 'two runs of one seed differ')
    bad = summary('--bytes', '200k', '--rate', '10M', '--delay', '20', '--loss', '5', '--reorder', '2', '--dup', '2')
    require(bad['retransmitted'] > 0 and bad['lost'] > 0, 'a bad link loses nothing')
    require(bad['goodput_bps'] < one['goodput_bps'], 'a bad link is as fast as a good one')
    require(bad['longest_stall_ns'] > one['longest_stall_ns'], 'a bad link never stalls')
    other = summary('--seed', '2', '--bytes', '200k', '--rate', '10M', '--delay', '20', '--loss', '5')
    require(other['trace_hash'] != bad['trace_hash'], 'another seed gives the same run')
    require('3 seeds, 0 failed' in sim('--seeds', '3', '--bytes', '50k', '--ipv6', '--quiet').stdout, 'seeds')
    told = sim('--bytes', '3000', '--trace').stdout
    require('CLOSED -> SYN-SENT: connect()' in told and 'TIME-WAIT -> CLOSED: 2MSL over' in told, '--trace')
    records = [json.loads(line) for line in sim('--bytes', '3000', '--json').stdout.splitlines()]
    require(records[-1].get('summary') and {'time_ns', 'conn', 'what', 'old', 'new', 'cause'} <= set(records[0]),
            '--json tells records and a summary')


def test_lives():
    first = summary('--lives', '1000', '--seed', '5')
    require(first['lives'] == 1000 and first['failures'] == 0 and first['completed'] > 0, f'lives: {first}')
    require(summary('--lives', '1000', '--seed', '5', '--twice')['trace_hash'] == first['trace_hash'],
            'lives: two runs of one seed differ')
    two = summary('--lives', '1200', '--seed', '5')
    require(two['lives'] == 1200 and two['trace_hash'] != first['trace_hash'], 'lives: a second world')
    with tempfile.TemporaryDirectory() as folder:
        pcap, ladder = Path(folder) / 'life.pcapng', Path(folder) / 'life.svg'
        sim('--lives', '50', '--life', '3', '--pcap', str(pcap), '--ladder', str(ladder))
        data = pcap.read_bytes()
        require(data[:4] == b'\x0a\x0d\x0d\x0a' and b'host 1' in data and b'connect()' in data, 'no capture of a life')
        require(ladder.read_text(encoding='utf-8').startswith('<svg'), 'no ladder of a life')
        require(sim('--trace', '--pcap', f'{folder}/no/where', status=2).stderr != '', 'a file that cannot be')
    told = sim('--lives', '50', '--life', '3').stdout
    require('connects to' in told and 'SYN-SENT' in told, 'a life is not told')


def test_grid():
    with tempfile.TemporaryDirectory() as folder:
        table, faster = Path(folder) / 'table', Path(folder) / 'faster'
        words = ('--grid', '--seeds', '1', '--bytes', '60k')
        sim(*words, '--out', str(table))
        rows = [line.split() for line in table.read_text().splitlines() if not line.startswith('#')]
        require(len(rows) == 33, f'{len(rows)} cells')
        require(all(0 < float(row[3]) <= int(row[2]) for row in rows), 'a cell is faster than its link')
        require(table.read_text().endswith('# 33 transfers, 0 failed\n'), 'no count behind the table')
        sim(*words, '--against', str(table))
        rows[7][3] = str(float(rows[7][3]) * 1.5)
        faster.write_text('\n'.join(' '.join(row) for row in rows) + '\n')
        run = sim(*words, '--against', str(faster), status=1)
        require(run.stderr.count('slower:') == 1, f'a slower cell is not found: {run.stderr}')


def test_many_seeds_of_a_grid():
    end = summary('--grid', '--seeds', '3', '--bytes', '20k')
    require((end['seeds'], end['transfers'], end['failures']) == (3, 99, 0), f'{end}')
    run = sim('--grid', '--seeds', '2', '--bytes', '20k', '--quiet')
    require(run.stdout == '# 66 transfers, 0 failed\n', f'--quiet: {run.stdout}')
    # given up before anything arrives: each is a line that repeats it
    run = sim('--grid', '--seeds', '2', '--bytes', '20k', '--quiet', '--set', 'connect_timeout=50ms', status=1)
    lines = run.stderr.splitlines()
    require(len(lines) > 10 and all(line.startswith('FAILED: ') and 'lastack sim --grid --seed' in line
                                    for line in lines), f'findings: {lines[:3]}')
    require(run.stdout == f'# 66 transfers, {len(lines)} failed\n', f'{run.stdout} of {len(lines)} lines')


def test_errors_have_names():
    for words in (('--loss', '100'), ('--rate', '1M', '--queue', '10'), ('--rate', '1')):
        run = sim('--bytes', '1k', *words, status=1)
        require('the sender saw ETIMEDOUT after 0 bytes; of 11 packets 0 arrived' in run.stderr, f'{words}: {run.stderr}')
    large = summary('--seed', str(2**64 - 1), '--bytes', '1k')
    require(large['seed'] == str(2**64 - 1), f'a large seed: {large["seed"]}')


def test_its_captures_are_read():
    with tempfile.TemporaryDirectory() as folder:
        pcap = str(Path(folder) / 'transfer.pcapng')
        sim('--bytes', '3000', '--pcap', pcap)
        run = subprocess.run([LASTACK, 'ladder', '--text', pcap], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        drawn = run.stdout.decode()
        require(run.returncode == 0 and 'closed first' in drawn and '9 segments' in drawn, f'ladder: {drawn} {run.stderr}')


def test_tables_in_files():
    with tempfile.TemporaryDirectory() as folder:
        table, quiet = Path(folder) / 'table', Path(folder) / 'quiet'
        cells = sim('--grid', '--seeds', '1', '--bytes', '2k', '--json', '--out', str(table)).stdout
        require(len(cells.splitlines()) == 34, '--json and --out')
        sim('--grid', '--seeds', '1', '--bytes', '2k', '--quiet', '--out', str(quiet))
        text = table.read_text()
        require(len(text.splitlines()) == 36 and quiet.read_text() == text, '--out with --json and --quiet')
        run = sim('--grid', '--out', str(table), '--against', str(table), status=2)
        require('--out' in run.stderr and table.read_text() == text, f'a table against itself: {run.stderr}')


def test_bad_input():
    for words, wanted in (
            (('--loss', '101'), '--loss 101'), (('--loss', 'x'), '--loss x'), (('--loss', '0.00001'), '--loss'),
            (('--seed', '-1'), '--seed -1'), (('--bytes', '0'), '--bytes 0'), (('--bytes', '5T'), '--bytes 5T'),
            (('--mtu', '100'), '576 to 65535'), (('--delay', '99999999'), 'from 0 to 60000'),
            (('--rate', '9999999999G'), '--rate 9999999999G: a whole number, with k, M or G if need be, is wanted, from 0 to'),
            (('--seed', '18446744073709551616'), 'from 0 to 18446744073709551615'), (('--seeds', '0'), 'from 1 to 1000000'),
            (('--seed', '18446744073709551615', '--seeds', '2'), 'beyond'), (('--bytes', ''), '--bytes'),
            (('--loss', 'nan'), '--loss nan'), (('--loss', '1e1'), '0 to 100'), (('--trace', '--json'), 'not both'),
            (('--lives', '5', '--loss', '3'), '--loss: --lives draw'), (('--lives', '5', '--bytes', '3'), '--bytes: '),
            (('--lives', '5', '--seeds', '3'), '--seeds: '), (('--grid', '--rate', '3'), '--rate: each cell'),
            (('--grid', '--twice'), '--twice: '), (('--profile', 'solaris'), 'there is linux'),
            (('--set', 'nonsense'), 'NAME=VALUE'), (('--set', 'nonsense=1'), 'nonsense'), (('word',), "word 'word'"),
            (('--life', '3'), '--lives'), (('--lives', '5', '--life', '6'), 'beyond'),
            (('--lives', '5', '--grid'), 'not both'), (('--grid', '--pcap', 'x'), 'grid'),
            (('--out', 'x'), '--grid'), (('--seeds', '2', '--trace'), 'one seed'),
            (('--mtu', '1000', '--ipv6'), '1280'), (('--grid', '--against', '/no/where'), '/no/where')):
        run = sim(*words, status=2)
        require(wanted in run.stderr and run.stdout == '', f'{words}: says {run.stderr!r}')


test_transfers()
test_lives()
test_grid()
test_many_seeds_of_a_grid()
test_errors_have_names()
test_its_captures_are_read()
test_tables_in_files()
test_bad_input()
if failures:
    sys.exit('\n'.join(failures))
