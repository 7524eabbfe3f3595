#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Would the random lives notice? Small faults are put into TCP one at a time, and each must be found.

    tools/lives_mutants.py [--lives N] [--only REGEX] [--list]

A mutant is a file, a piece of its text that stands there exactly once, and what stands there instead: a timer
that is not armed, a free that is skipped, a wrong edge, a window that is off by one. They are built in a copy of
the sources, and `random_lives` runs until it fails, or N lives (200000) were lived. A mutant that survives is a
hole in the simulation. One whose text is not there any more says that this table is out of date.

Exit status: 0 all were found, 1 some survived, 2 the table does not fit the sources or nothing can be built.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
HANGS_AFTER_S = 600

ENDING, ACK, TEXT = 'src/tcp/event/ending.c', 'src/tcp/event/arrives_ack.c', 'src/tcp/event/arrives_text.c'
ARRIVES, LISTEN, NEXT = 'src/tcp/event/arrives.c', 'src/tcp/event/arrives_listen.c', 'src/tcp/event/next_segment.c'
RECORDS, SETTLE, TIMEOUTS = 'src/tcp/event/records.c', 'src/tcp/event/settle.c', 'src/tcp/event/timeouts.c'
USER, STREAM, LISTENER = 'src/tcp/event/user.c', 'src/tcp/mechanism/stream.c', 'src/tcp/table/listener.c'
SOCKETS, DESCRIPTORS, TRANSFER = 'src/socket/socket_events.c', 'src/socket/descriptors.c', 'src/socket/transfer.c'

# (what is wrong, file, text that stands there once, what stands there instead)
MUTANTS = [
    # timers
    ('the wheel is never told of an earlier deadline', SETTLE,
     'if (earliest < conn->timer.at)', 'if (conn->timer.at == NEVER)'),
    ('the retransmission timer stops while something is unacknowledged', 'src/tcp/event/recover_send.c',
     'conn_arm_timeout(tcp, conn, conn->deadline.at[LASTACK_TIMER_LOSS] == NEVER);',
     'conn_stop_deadline(conn, LASTACK_TIMER_RETRANSMIT, &tcp->report);'),
    ('text that left in SYN-RECEIVED has no timer', ACK,
     'if (seq_after(conn->snd.max, seg->ack)) /* text left in SYN-RECEIVED (RFC 7413 §4.2.2) */', 'if (false)'),
    ('nobody watches a window that is shut', NEXT,
     'conn_set_deadline(conn, LASTACK_TIMER_PERSIST, time_after(tcp->report.now, wait), &tcp->report);', '(void)wait;'),
    ('a keepalive is set behind the wheel\'s back', USER,
     'conn_set_deadline(conn, LASTACK_TIMER_KEEPALIVE, max64(at, tcp->report.now), &tcp->report);',
     'conn->deadline.at[LASTACK_TIMER_KEEPALIVE] = max64(at, tcp->report.now);'),
    ('a dead block\'s timer goes on', ENDING,
     'wheel_cancel(&tcp->wheel, tcp_index_of(tcp, conn));', '(void)tcp;'),
    # what is not given back
    ('sent ranges are not given back', ENDING, 'ranges_clear(&conn->sent, &tcp->ranges);', ''),
    ('holes are not given back', ENDING, 'ranges_clear(&conn->arrived, &tcp->ranges);', ''),
    ('text to send is not given back', ENDING, 'stream_clear(&conn->send, &tcp->pages);', ''),
    ('unread text dies with its socket, its pages do not', SOCKETS,
     'stream_clear(&sock->left, &stack->tcp.pages);', ''),
    ('a page is lost when a stream shrinks', STREAM,
     'stream->count--;\n        page_pool_give(pages, page);', 'stream->count--;'),
    ('orphans are only ever counted up', ENDING, 'tcp->orphans--;', ''),
    ('an ended record stays counted on its endpoint', RECORDS,
     '    (void)flow_remove(&tcp->index, flow, flow_of_record(ref));\n    tcp_leave_record(tcp, record);',
     '    (void)flow_remove(&tcp->index, flow, flow_of_record(ref));'),
    ('a record does not take the endpoint over', RECORDS, 'tcp_endpoint_to_record(tcp, conn);', ''),
    ('a forgotten request stays in the index', LISTEN,
     '(void)flow_remove(&tcp->index, entry->flow, ref);', '(void)ref;'),
    # edges
    ('what waited behind a hole is forgotten', TEXT,
     'conn->rcv.nxt = ends_by_fin ? seq_min(next->to, conn->rcv.fin) : next->to;', '(void)next;'),
    ('holes that were filled stay', TEXT,
     'ranges_trim_before(&conn->arrived, &tcp->ranges, conn->rcv.nxt);', ''),
    ('the FIN stands before the text of its segment', TEXT,
     '        conn->rcv.fin = end;', '        conn->rcv.fin = seg->seq;'),
    ('the peer\'s FIN is not told', TEXT, 'conn->flags |= CONN_FIN_RECEIVED;', ''),
    ('our FIN counts as acknowledged with the text before it', ACK,
     'seq_after(seg->ack, conn->snd.end)', 'seq_after_or_equal(seg->ack, conn->snd.end)'),
    ('one byte more is sent than the window has room for', 'src/tcp/event/tcp.h',
     'return conn->snd.wnd > used ? conn->snd.wnd - used : 0;',
     'return conn->snd.wnd > used ? conn->snd.wnd - used + 1 : 0;'),
    ('an ACK of something new leaves its window behind', ACK,
     'if (!seq_after(seg->ack, conn->snd.una) && !seq_before', 'if (!seq_before'),
    ('an answer to the first SYN is refused while the second waits', ARRIVES,
     'seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.max)',
     'seq_before_or_equal(seg->ack, conn->iss) || seq_after(seg->ack, conn->snd.nxt)'),
    ('a passive open expects the first byte one too late', LISTEN,
     'conn->rcv.nxt = conn->rcv.read = conn->rcv.acked = seq_add(entry->irs, 1);',
     'conn->rcv.nxt = conn->rcv.read = conn->rcv.acked = seq_add(entry->irs, 2);'),
    ('the reader loses a byte in each call', USER,
     'conn->rcv.read = seq_add(conn->rcv.read, length);',
     'conn->rcv.read = seq_add(conn->rcv.read, length + (conn_readable(conn) > length));'),
    # owners
    ('the accept queue is only ever counted up', LISTENER,
     'CHECK(listener->queued > 0);\n    listener->queued--;', ''),
    ('close() of one of two descriptors closes the socket', DESCRIPTORS,
     'return sock->holders == 0 ? sock : NULL;', 'return sock->holders <= 1 ? sock : NULL;'),
    ('nobody is told that there is room again', 'src/tcp/event/send_space.c',
     'conn_wake(tcp, conn, WAKE_WRITABLE);', '(void)tcp;'),
    ('recv() says the end where there is only nothing yet', TRANSFER,
     '(void)stack;\n        return -LASTACK_EAGAIN;', '(void)stack;\n        return sock->options.mss_clamp != 0 ? 0 : -LASTACK_EAGAIN;'),
]


def copy_sources(folder):
    """The files as they stand here now, committed or not."""
    listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], cwd=TOP,
                            stdout=subprocess.PIPE, check=True).stdout.decode().split('\0')
    for name in filter(None, listed):
        if (TOP / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, folder / name)


def check_table():
    """Which mutants have no place in the sources."""
    lost = []
    for what, file, old, _ in MUTANTS:
        count = (TOP / file).read_text(encoding='utf-8').count(old)
        if count != 1:
            lost.append(f'{what}: its text stands {count} times in {file}')
    return lost


def build(folder):
    return subprocess.run(['ninja', '-C', folder / 'build', 'tests/sim/random_lives'], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def live(folder, lives):
    """None: it survived; else what found it."""
    command = [folder / 'build/tests/sim/random_lives', '--lives', str(lives)]
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             timeout=HANGS_AFTER_S)
    except subprocess.TimeoutExpired:
        return f'it hangs ({HANGS_AFTER_S} s)'
    if run.returncode == 0:
        return None
    worlds = len(re.findall(r'^seed ', run.stdout, re.M))
    return f'world {max(worlds, 1)}: {(run.stderr.strip().splitlines() or ["it dies"])[0]}'


def try_mutant(folder, mutant, lives):
    what, file, old, new = mutant
    path = folder / file
    text = path.read_text(encoding='utf-8')
    path.write_text(text.replace(old, new), encoding='utf-8')
    made = build(folder)
    found = live(folder, lives) if made.returncode == 0 else None
    path.write_text(text, encoding='utf-8')
    if made.returncode != 0:
        print(f'not built  {what}\n{made.stdout[-2000:]}', flush=True)
        return 2
    print(f'{"SURVIVED" if found is None else "found":9}  {what}' + (f': {found}' if found else ''), flush=True)
    return 1 if found is None else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lives', type=int, default=200000)
    parser.add_argument('--only', default='', help='mutants whose line of --list has this regular expression')
    parser.add_argument('--list', action='store_true')
    options = parser.parse_args()
    wanted = [m for m in MUTANTS if re.search(options.only, f"{m[1]}: {m[0]}")]
    if options.list:
        for what, file, *_ in wanted:
            print(f'{file}: {what}')
        return 0
    lost = check_table()
    if lost:
        print('\n'.join(lost))
        return 2
    with tempfile.TemporaryDirectory(prefix='lives-mutants-') as name:
        folder = Path(name)
        copy_sources(folder)
        setup = subprocess.run(['meson', 'setup', 'build', '-Dfloors=sim', '-Dwerror=false'], cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
        made = build(folder) if setup.returncode == 0 else setup
        if made.returncode != 0:
            print(made.stdout[-3000:])
            return 2
        sound = live(folder, options.lives)
        if sound is not None:
            print(f'the sources themselves do not pass: {sound}')
            return 2
        statuses = [try_mutant(folder, mutant, options.lives) for mutant in wanted]
    print(f'{statuses.count(0)} of {len(statuses)} found')
    return max(statuses, default=0)


if __name__ == '__main__':
    sys.exit(main())
