#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`lastack ladder` and `lastack states` as a user meets them: output, exit status, messages.

    ladder_verb_test.py LASTACK
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT, SERVER = (b'\xc0\x00\x02\x02', 41822), (b'\xc0\x00\x02\x01', 80)
lastack = sys.argv[1]


def check(condition, what):
    if not condition:
        sys.exit(f'not ok: {what}')


def tcp(source, destination, flags, seq, ack=0, text=b''):
    header = struct.pack('>HHIIBBHHH', source[1], destination[1], seq, ack, 5 << 4, flags, 64240, 0, 0)
    total = 20 + len(header) + len(text)
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, total, 7, 0x4000, 64, 6, 0, source[0], destination[0])
    return ip + header + text


def pcap(packets):
    data = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101)
    for number, packet in enumerate(packets):
        data += struct.pack('<IIII', 1700000000, number * 100, len(packet), len(packet)) + packet
    return data


def exchange(port=41822):
    client = (CLIENT[0], port)
    return [tcp(client, SERVER, SYN, 100), tcp(SERVER, client, SYN | ACK, 300, 101),
            tcp(client, SERVER, ACK, 101, 301), tcp(client, SERVER, PSH | ACK, 101, 301, b'hello'),
            tcp(SERVER, client, ACK, 301, 106), tcp(client, SERVER, FIN | ACK, 106, 301),
            tcp(SERVER, client, ACK, 301, 107), tcp(SERVER, client, FIN | ACK, 301, 107),
            tcp(client, SERVER, ACK, 107, 302)]


def run(*words, status=0, stdin=None, verb='ladder'):
    result = subprocess.run([lastack, verb, *map(str, words)], input=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=30)
    out, err = result.stdout.decode(), result.stderr.decode()
    check(result.returncode == status,
          f'{verb} {words}: status {result.returncode}, not {status}\n{out}\n{err}')
    return out, err


def ladder(folder):
    one, two = folder / 'one.pcap', folder / 'two.pcap'
    one.write_bytes(pcap(exchange()))
    two.write_bytes(pcap(exchange() + exchange(41823)))

    out, err = run(one)
    for word in ('192.0.2.2:41822', 'SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1', 'CLOSE-WAIT', 'LAST-ACK',
                 'TIME-WAIT', 'closes first', '192.0.2.2:41822 closed first. It waits in TIME-WAIT.'):
        check(word in out, f'{word} in\n{out}')
    check(err == '', err)
    check('\x1b' not in out, 'no colour into a pipe')
    check('\x1b[' in run(one, '--color=always')[0], 'colour where it is asked for')
    check(max(map(len, run(one, '--width', 72)[0].splitlines())) <= 72, '72 columns')
    check(run('-', stdin=one.read_bytes())[0] == out, 'standard input')
    check(run(two)[0].count('closed first') == 2, 'both connections')
    check(run(two, '--stream', 1)[0].count('192.0.2.2:41823 closed first') == 1, 'the second one')

    listed = run(two, '--list')[0].splitlines()
    check(len(listed) == 2 and '192.0.2.2:41823 > 192.0.2.1:80  9 segments' in listed[1], listed)
    rows = [json.loads(line) for line in run(one, '--json')[0].splitlines()]
    check(len(rows) == 10, f'{len(rows)} objects')
    check(rows[0]['flags'] == 'SYN' and rows[0]['left_state'] == 'SYN-SENT' and rows[0]['left_proven'], rows[0])
    check(rows[6]['left_state'] == 'FIN-WAIT-2' and not rows[6]['left_proven'], rows[6])
    check(rows[9]['closed_first'] == 'left' and rows[9]['time_wait'] == 'left', rows[9])

    svg = folder / 'one.svg'
    run(one, '-o', svg)
    check(ElementTree.parse(svg).getroot().tag.endswith('svg'), 'an SVG')
    check(run(one, '-o', '-')[0] == svg.read_text(encoding='utf-8'), 'SVG to standard output')
    run(one, '-o', folder / 'one.txt', '--text')
    check((folder / 'one.txt').read_text(encoding='utf-8') == out, 'text into a file')


def ladder_troubles(folder):
    one, bad, short, other = (folder / name for name in ('one.pcap', 'bad', 'short.pcap', 'other.pcap'))
    bad.write_text('this is no capture')
    short.write_bytes(one.read_bytes()[:-10])
    other.write_bytes(pcap([tcp(CLIENT, SERVER, SYN, 1)[:9] + b'\x11' + tcp(CLIENT, SERVER, SYN, 1)[10:]]))
    fragment = bytearray(tcp(CLIENT, SERVER, ACK, 1, 1, b'four'))
    fragment[6] = 0x20

    check('usage:' in run(status=2)[1], 'usage')
    check('no-such-file' in run(folder / 'no-such-file', status=2)[1], 'which file')
    run(bad, status=2)
    for words in (['--stream', '-1'], ['--stream', 'x'], ['--width', '71'], ['--width', '161'],
                  ['--color=blue'], ['--nonsense']):
        err = run(one, *words, status=2)[1]
        check(words[0].split('=')[0] in err, f'{words}: {err}')
    check('no number 3' in run(one, '--stream', 3, status=1)[1], 'no such connection')
    check('0 TCP connections' in run(other, status=1)[1], 'nothing in it')
    out, err = run(short, status=3)
    check('after frame 8' in err and 'FIN-WAIT-1' in out, f'{err}{out}')
    other.write_bytes(pcap([bytes(fragment)] + exchange()))
    check('IP fragments, which are not put together: 1 left out' in run(other)[1], 'fragments')
    check('cannot write' in run(one, '-o', folder / 'no' / 'where.svg', status=2)[1], 'where to')
    if os.geteuid() != 0:
        one.chmod(0)
        run(one, status=4)


def states(folder):
    out, _ = run(verb='states')
    check('FIN arrives / ACK' in out and 'CLOSE-WAIT' in out, out)
    svg = folder / 'states.svg'
    run('-o', svg, verb='states')
    check(ElementTree.parse(svg).getroot().tag.endswith('svg'), 'an SVG')
    moves = [json.loads(line) for line in run('--json', verb='states')[0].splitlines()]
    check({'from': 'TIME-WAIT', 'to': 'CLOSED', 'event': '2MSL over', 'sends': None} in moves, moves)
    check(len(moves) == 31, f'{len(moves)} moves')
    live = subprocess.run([lastack, 'states', '--json', '--live'], stdout=subprocess.PIPE, timeout=30)
    check(live.returncode in (0, 3, 4), f'--live ends with {live.returncode}')
    if live.returncode == 0: # else this host does not let its sockets be listed
        lines = [json.loads(line) for line in live.stdout.splitlines()]
        check({line['state'] for line in lines if 'state' in line} >= {'LISTEN', 'TIME-WAIT'}, lines)
    run('--stack', 'no-such-stack', verb='states', status=3)
    run('word', verb='states', status=2)


def main():
    with tempfile.TemporaryDirectory() as name:
        ladder(Path(name))
        ladder_troubles(Path(name))
        states(Path(name))
    print('ok')


main()
