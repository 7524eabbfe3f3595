#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Rows against the kernel's own answers, read here once more by a second reader that shares no code; against `ss -tan` line by
line; and a hundred filters against the sockets that `ss` chooses.

    agreement_test.py LASTACK
"""
import json
import os
import socket
import struct
import subprocess
import sys

STATES = [None, 'ESTABLISHED', 'SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED', 'CLOSE-WAIT',
          'LAST-ACK', 'LISTEN', 'CLOSING', 'SYN-RECEIVED', 'CLOSED']
TIMERS = [None, 'retransmit', 'keepalive', 'time_wait', 'persist']

FILTERS = '''
state established|state syn-sent|state syn-recv|state fin-wait-1|state fin-wait-2|state time-wait|state close-wait
state last-ack|state listening|state closing|state all|state connected|state synchronized|state bucket|state big
exclude established|exclude time-wait|state established state close-wait|state connected exclude time-wait
exclude listening exclude closing
sport = :8080|sport == :8080|sport eq :8080|sport != :8080|sport ne :8080|sport neq :8080|dport = :7|dport = 7|dport != :7
dport < :12|dport lt :12|dport > :12|dport gt :12|dport <= :12|dport le :12|dport >= :12|dport ge :12|dport leq :10
dport geq :15|sport < :40000|sport > :40000|sport >= :8080|sport <= :8080
src 192.0.2.1|src 192.0.2.1:8080|src 192.0.2.0/24|src 192.0.2.0/25|src 192.0.2.128/25|src 10.0.0.0/8|src 0.0.0.0/1
dst 192.0.2.9|dst 192.0.2.9:7|dst 192.0.2.9:11|dst 192.0.2.8/31|dst 192.0.2.8/30|dst 192.0.0.0/16|dst 192.0.2.10
src [2001:db8::1]|src [2001:db8::1]:8080|src 2001:db8::/32|dst [2001:db8::9]|dst [2001:db8::9]:13
dst 2001:db8::/127|dst 2001:db8::8/125|dst 2001:db9::/32|dst :7|dst *:7|src *:8080|dst :16|src :8080
( sport = :8080 or dport = :7 )|sport = :8080 or dport = :7|sport = :8080 and dport = :40001
sport = :8080 dport = :40001|sport = :8080 & dport = :40001|sport = :8080 && dport = :40001|sport = :8080 | dport = :7
sport = :8080 || dport = :7|not sport = :8080|! sport = :8080|not ( dport = :7 or dport = :8 )
! ( dport = :7 ) and src 192.0.2.1|dport = :7 or dport = :11 and src 192.0.2.1
( dport = :7 or dport = :11 ) and src 192.0.2.1|( ( dport = :7 ) )|not not dport = :7
state time-wait dst 192.0.2.9|state time-wait ( dport = :16 )|state close-wait ( dst 192.0.2.9 or dst [2001:db8::9] )
state connected dport > :12 and dport < :16|exclude established dport >= :10 dport <= :14
state fin-wait-2 src 192.0.2.0/24|state all ( sport = :8080 and not dport = :40001 )|state big dst 192.0.2.9
state bucket dst 192.0.2.9|state synchronized dport != :7|src 192.0.2.1 and dst 192.0.2.9 and dport = :15
src 192.0.2.1 dst 192.0.2.9 dport = :15|dport = :7 or dport = :10 or dport = :13 or dport = :16|autobound
state connected autobound|not autobound|dst inet:192.0.2.9|dst inet6:[2001:db8::9]|src inet:192.0.2.1 and dport = :7
dev = tun0|not dev = tun0
'''


def filters():
    """One filter per piece; a bar within parentheses or between blanks belongs to the filter."""
    pieces = []
    for line in FILTERS.strip().split('\n'):
        line = line.replace(' || ', ' \0\0 ').replace(' | ', ' \0 ')
        pieces += [piece.replace('\0', '|') for piece in line.split('|')]
    return pieces


# ---- a second reader of sock_diag

def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack('=HH', data[:4])
        if length < 4:
            return
        yield kind, data[4:length]
        data = data[(length + 3) & ~3:]


def raw_rows():
    rows = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
        request = struct.pack('=BBBBI', family, 6, 2, 0, 0xffffffff) + bytes(48)  # ext: INFO
        sock.send(struct.pack('=IHHII', 16 + len(request), 20, 0x301, 1, 0) + request)
        done = False
        while not done:
            data = sock.recv(1 << 18)
            while data:
                length, kind = struct.unpack('=IH', data[:6])
                if kind == 3:
                    done = True
                    break
                assert kind == 20, kind
                add_raw(rows, data[16:length])
                data = data[(length + 3) & ~3:]
    return rows


def endpoint(family, address, port):
    text = socket.inet_ntop(family, address[:4] if family == socket.AF_INET else address)
    if text == '::' or text == '0.0.0.0' or ':' not in text:
        return text, port
    return text, port


def add_raw(rows, data):
    family, state, timer, retrans, sport, dport = struct.unpack('=BBBB2s2s', data[:8])
    src, dst, ifindex, low, high = struct.unpack('=16s16sIII', data[8:52])
    expires, rqueue, wqueue, uid, inode = struct.unpack('=IIIII', data[52:72])
    info = dict(attributes(data[72:])).get(2, b'')
    rows['%x' % (high << 32 | low)] = {
        'family': 'inet' if family == socket.AF_INET else 'inet6', 'state': STATES[state], 'recv_q': rqueue, 'send_q': wqueue,
        'uid': uid, 'inode': inode, 'timer': timer, 'expires': expires, 'retrans': retrans,
        'local': endpoint(family, src, struct.unpack('!H', sport)[0]),
        'peer': endpoint(family, dst, struct.unpack('!H', dport)[0]),
        'info': info}


def split(text):
    address, port = text.rsplit(':', 1)
    return address.strip('[]'), 0 if port == '*' else int(port)


def same_end(text, wanted):
    address, port = split(text)
    return port == wanted[1] and (address == wanted[0] or address == '*' or
                                  (wanted[0].startswith('::ffff:') and address == wanted[0][7:]))


def at_rest(look, between):
    """What `look` sees and what `between` sees, when nothing has moved meanwhile: a timer may fire at any moment."""
    for _ in range(50):
        before, seen, after = look(), between(), look()
        if before == after:
            break
    return after, seen


def still(rows):
    """What does not move by itself."""
    return {cookie: {name: value for name, value in row.items() if name not in ('expires', 'info')} | info_fields(row['info'])
            for cookie, row in rows.items()}


def our_rows(lastack):
    lines = subprocess.run([lastack, 'ss', '-taBi', '--json'], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {row['cookie']: row for row in map(json.loads, lines.splitlines())}


def compare_raw(lastack):
    """All fields; of timers the kind, and that what is left is between what was left before and after."""
    kept = []
    _, ours = at_rest(lambda: kept.append(raw_rows()) or still(kept[-1]), lambda: our_rows(lastack))
    earlier, raw = kept[-2:]
    assert set(raw) == set(ours), (set(raw) ^ set(ours))
    seen = set()
    for cookie, row in ours.items():
        wanted = raw[cookie]
        seen.add((wanted['state'], wanted['family']))
        for field in ('family', 'state', 'recv_q', 'send_q', 'uid', 'inode'):
            assert row[field] == wanted[field], (field, row, wanted)
        assert same_end(row['local'], wanted['local']) and same_end(row['peer'], wanted['peer']), (row, wanted)
        assert (row['timer_kind'] is None) == (wanted['timer'] == 0), (row, wanted)
        if wanted['timer'] != 0:
            kind = TIMERS[wanted['timer']]
            kind = 'syn_ack' if row['state'] == 'SYN-RECEIVED' else kind
            kind = 'fin_wait_2' if kind == 'time_wait' and row['state'] == 'FIN-WAIT-2' else kind
            assert row['timer_kind'] == kind, (row, wanted)
            assert row['timer_retries'] == wanted['retrans'], (row, wanted)
            assert wanted['expires'] - 1 <= row['timer_left_ms'] <= earlier[cookie]['expires'] + 1, (row, wanted)
        assert ('tcp_info' in row) == (len(wanted['info']) > 0), (row, wanted)
        if 'tcp_info' in row:
            compare_info(row['tcp_info'], wanted['info'])
    states = set(STATES[1:12])
    assert {s for s, f in seen if f == 'inet'} == states and {s for s, f in seen if f == 'inet6'} == states, seen
    return len(ours)


def info_fields(raw):
    fields = {'tcpi_state': ('B', 0), 'tcpi_options': ('B', 5), 'tcpi_snd_mss': ('I', 16), 'tcpi_unacked': ('I', 24),
              'tcpi_pmtu': ('I', 60), 'tcpi_rtt': ('I', 68), 'tcpi_snd_ssthresh': ('I', 76), 'tcpi_advmss': ('I', 84),
              'tcpi_reordering': ('I', 88), 'tcpi_bytes_acked': ('Q', 120), 'tcpi_bytes_received': ('Q', 128),
              'tcpi_data_segs_in': ('I', 152), 'tcpi_min_rtt': ('I', 148), 'tcpi_snd_wnd': ('I', 228),
              'tcpi_rcv_wnd': ('I', 232), 'tcpi_rcv_ssthresh': ('I', 64)}
    return {name: struct.unpack_from('=' + form, raw, offset)[0] for name, (form, offset) in fields.items()
            if offset + struct.calcsize(form) <= len(raw)}


def compare_info(ours, raw):
    for name, wanted in info_fields(raw).items():
        assert ours[name] == wanted, name


# ---- ss

def table(command, skip_header=True):
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    rows = [line.split() for line in lines[1 if skip_header else 0:]]
    return [row[:4 if row[0].isdigit() else 5] for row in rows]  # one state asked for: no column for it


def compare_ss(lastack):
    theirs, ours = at_rest(lambda: table(['ss', '-tan']), lambda: table([lastack, 'ss', '-tan']))
    assert theirs == ours, '\n'.join(map(str, zip(theirs, ours)))
    title = subprocess.run([lastack, 'ss', '-tan'], stdout=subprocess.PIPE, text=True).stdout.split('\n')[0]
    assert title.split()[-3:] == ['OWNER', 'TIMER', 'WHY'], title
    return len(ours)


def compare_filters(lastack):
    """As sets: with a state in the filter, ss may walk the tables in another order."""
    count, wrong = 0, []
    for text in filters():
        options = ['-taHn'] if not text.startswith(('state', 'exclude')) else ['-tHn']
        try:
            theirs, ours = at_rest(lambda: sorted(table(['ss'] + options + text.split(), False)),
                                   lambda: sorted(table([lastack, 'ss'] + options + text.split(), False)))
        except subprocess.CalledProcessError as error:
            theirs, ours = 'taken by both', str(error)
        if theirs != ours:
            wrong.append('%s:\nss      %s\nlastack %s' % (text, theirs, ours))
        count += 1
    assert not wrong, '\n'.join(wrong)
    assert count >= 100, count
    return count


def compare_netstat(lastack):
    """PID 0 of a Windows-shaped view is explained on every TIME_WAIT line."""
    lines = subprocess.run([lastack, 'netstat', '-ano'], stdout=subprocess.PIPE, text=True, check=True).stdout
    waits = [line for line in lines.splitlines() if 'TIME_WAIT' in line]
    assert len(waits) == 2 and all('(time_wait)' in line and 'timewait (' in line for line in waits), lines
    return len(waits)


def main():
    if '--inside' not in sys.argv:
        unshare = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
        sys.exit(subprocess.run(unshare + [sys.executable, __file__, '--inside', os.path.abspath(sys.argv[1])]).returncode)
    from all_states import build
    from peer import Tun
    lastack = sys.argv[2]
    kept = build(Tun())
    print('%d rows agree with sock_diag' % compare_raw(lastack))
    print('%d lines agree with ss -tan' % compare_ss(lastack))
    print('%d filters choose what ss chooses' % compare_filters(lastack))
    print('%d TIME_WAIT lines explained' % compare_netstat(lastack))
    print('4 passed, 0 failed', flush=True)
    os._exit(0 if kept else 1)


if __name__ == '__main__':
    main()
