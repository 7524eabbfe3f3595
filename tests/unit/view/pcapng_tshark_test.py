#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
tshark reads our captures: every checksum good, nothing malformed, names, directions and comments there.

    pcapng_tshark_test.py PCAPNG_SAMPLE
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SKIP = 77
FIELDS = ['frame.interface_name', 'frame.packet_flags_direction', 'frame.comment', 'frame.time_epoch',
          'ip.checksum.status', 'tcp.checksum.status', 'tcp.len', 'tcp.analysis.retransmission',
          '_ws.malformed', '_ws.expert.severity', '_ws.expert.message', 'tcp.stream', 'eth.type']
GOOD = '1'
ERROR = 8388608


def frames(path):
    command = ['tshark', '-n', '-r', path, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE',
               '-T', 'fields', '-E', 'separator=\t', '-E', 'occurrence=a', '-E', 'aggregator=|']
    for field in FIELDS:
        command += ['-e', field]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return [dict(zip(FIELDS, line.split('\t'))) for line in run.stdout.splitlines()]


def check(condition, what):
    if not condition:
        sys.exit(f'not ok: {what}')


def main():
    if shutil.which('tshark') is None:
        print('tshark is not installed')
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / 'sample.pcapng')
        subprocess.run([sys.argv[1], path], check=True)
        found = frames(path)

    check(len(found) == 26, f'{len(found)} frames')
    for number, frame in enumerate(found, 1):
        check(frame['tcp.checksum.status'] == GOOD, f'frame {number}: TCP checksum: {frame}')
        check(frame['ip.checksum.status'] in (GOOD, ''), f'frame {number}: IP checksum: {frame}')
        check(frame['_ws.malformed'] == '', f'frame {number}: malformed: {frame}')
        worst = max([int(s) for s in frame['_ws.expert.severity'].split('|') if s] or [0])
        check(worst < ERROR, f'frame {number}: {frame["_ws.expert.message"]}')

    first = found[:12]
    check({f['frame.interface_name'] for f in found[:24]} == {'tun0'}, 'name of interface 0')
    check({f['frame.interface_name'] for f in found[24:]} == {'veth0'}, 'name of interface 1')
    check([int(f['frame.packet_flags_direction'], 16) for f in first] ==
          [1, 2, 1, 1, 2, 1, 2, 2, 1, 1, 2, 1], 'directions')
    check(first[1]['frame.comment'] == 'LISTEN -> SYN-RECEIVED: SYN arrived', first[1]['frame.comment'])
    check(first[0]['frame.comment'] == '', 'no comment where there is nothing to say')
    check(first[4]['frame.comment'] == 'gso 1448: 45 segments on the wire', first[4]['frame.comment'])
    check(first[6]['frame.comment'] == '3 × 200 ms', first[6]['frame.comment'])
    check(first[4]['tcp.len'] == '64000', 'the large frame is whole')
    check(first[0]['frame.time_epoch'] == '1700000000.001000000', first[0]['frame.time_epoch'])
    check([i for i, f in enumerate(first) if f['tcp.analysis.retransmission']] == [7],
          'the retransmission, and nothing else, is seen as one')
    check({f['tcp.stream'] for f in found[:12]} == {'0'} and {f['tcp.stream'] for f in found[12:24]} == {'1'},
          'two streams')
    check([f['eth.type'] for f in found[24:]] == ['0x0800', '0x86dd'], 'Ethernet types')
    print(f'{len(found)} frames, all good')
    return 0


if __name__ == '__main__':
    sys.exit(main())
