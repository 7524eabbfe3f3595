#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Every rule of tools/tidy.py refuses what it should and lets pass what it should.

    tidy_test.py
"""
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools'))
import tidy  # noqa: E402

HOMES = {'seq.h': 'src/base', 'segment.h': 'src/wire', 'icmp.h': 'src/ip', 'conn.h': 'src/tcp/conn',
         'rtt.h': 'src/tcp/loss', 'tun.h': 'src/host', 'sim_link.h': 'src/sim', 'sim_world.h': 'src/sim'}
CORE = Path('src/tcp/loss/rtt.c')
HEAD = '/* SPDX-License-Identifier: BSD-2-Clause */\n/*\n * rtt.c: round trips.\n */\n'

# Text of a C file of src/tcp/loss, and a piece of the complaint, or None for what is fine.
C_FILES = [
    ('#include "rtt.h"\n#include "seq.h"\n#include <string.h>\n#include <lastack/trace.h>\n', None),
    ('#include "conn.h"\n', 'may not see'),
    ('#include "icmp.h"\n', 'may not see'),
    ('#include "../conn/conn.h"\n', 'with ".."'),
    ('#include <stdlib.h>\n', 'the core includes stdlib.h'),
    ('static int f(void)\n{\n    return (int)time(0);\n}\n', 'time()'),
    ('static void f(struct pool *p)\n{\n    p->free(p);\n}\n', None),
    ('static void *f(void)\n{\n    return malloc(1);\n}\n', 'malloc()'),
    ('/* malloc() and double are words in a comment */\nstatic const char *const t = "double free(";\n', None),
    ('static double rate;\n', 'double in the core'),
    ('static void f(int x)\n{\n    if (x)\n        goto out;\nout:\n    return;\n}\n', 'goto'),
    ('void f(int state)\n{\n    switch (state) {\n    case 1:\n        break;\n    default:\n        break;\n    }\n}\n',
     'default in switch'),
    ('void f(int other)\n{\n    switch (other) {\n    default:\n        break;\n    }\n}\n', None),
    ('void f(void)\n{\n#ifdef X\n#endif\n}\n', '#if inside a function'),
    ('/* RFC 6298 \u00a72.2, RFC 9293 \u00a73.10.7.4 and rfc1337 as a name */\n', None),
    ('/* RFC6298 */\n', 'cite as'),
    ('/* RFC 6298 section 2 */\n', 'cite as'),
    ('/* RFC 6298 (2.2) */\n', 'cite as'),
    ('/* RFC 6298 2.2 */\n', 'cite as'),
    ('int a;\t/* b */\n', 'tab'),
    ('int a; \n', 'trailing blank'),
    ('/* TO' 'DO: later */\n', 'without a decision number'),
    ('/* TO' 'DO: later, decision 0001 */\n', None),
    ('/* decision 9999 */\n', 'no decision 9999'),
    ('/* DIF' 'FERS: we do not */\nint a;\n', 'DIFFERS without'),
    ('/* see /wo' 'rk/notes */\n', 'path of one machine'),
    ('int a;', 'no newline'),
    ('/* ' + 'x' * 94 + ' */\n', None),
    ('/* ' + '\u2500' * 94 + ' */\n', None),
    ('/* ' + 'x' * 95 + ' */\n', '101 columns'),
]


def complaints_of(text, head=HEAD):
    tidy.errors.clear()
    whole = head + text
    for rule in (tidy.refuse_blanks, tidy.refuse_machine_paths, tidy.refuse_no_licence,
                 tidy.refuse_other_citations, tidy.refuse_missing_decisions, tidy.refuse_open_ends):
        rule(CORE, whole)
    tidy.check_c(CORE, whole, HOMES, defaultdict(list))
    return list(tidy.errors)


def main():
    failures = []
    for text, expected in C_FILES:
        found = complaints_of(text)
        if (expected is None and found) or (expected and not any(expected in f for f in found)):
            failures.append(f'{text!r}: expected {expected!r}, got {found}')
    if not any('first line' in f for f in complaints_of('int a;\n', '/*\n * rtt.c: no licence.\n */\n')):
        failures.append('a file without its licence line passes')
    if not any('opening' in f for f in complaints_of('int a;\n', HEAD.replace('rtt.c:', 'rack.c:'))):
        failures.append('a file that opens with another name passes')

    tidy.errors.clear()
    for name in ('sim_link.h', 'sim_world.h'):
        tidy.refuse_upward_includes(Path('src/host/relay.h'), f'#include <{name}>\n', 'src/host', HOMES)
    if len(tidy.errors) != 1 or 'sim_world.h' not in tidy.errors[0]:
        failures.append(f'the host sees of the simulation what it should not: {tidy.errors}')
    tidy.errors.clear()
    tidy.refuse_lost_files(Path('docs/page.md'), '1. `tools/tidy.py` - it is there\n2. `src/base/lost.h` - it is not\n'
                           '[here](decisions/0001-call-contract.md) [nowhere](decisions/lost.md#there)\n'
                           '| where | `src/base/seq.h` | `seq_add` |\n| and | `src/base/seq.h` | `seq_lost` |\n')
    if [e.split(':')[1] for e in tidy.errors] != ['2', '3', '5']:
        failures.append(f'what a page names and is not there: {tidy.errors}')

    tidy.errors.clear()
    tidy.refuse_same_names({('static', 'step'): [(Path('a.c'), 1), (Path('b.c'), 2)],
                            ('macro', 'ONE'): [(Path('a.c'), 3), (Path('a.c'), 4)]})
    tidy.refuse_same_files([Path('src/base/seq.h'), Path('src/wire/seq.h'), Path('src/base/time.h'),
                            Path('src/attic/old.c')])
    for expected in ('static step is also in a.c:1', 'has the same name', 'named like a header', 'in no folder'):
        if not any(expected in error for error in tidy.errors):
            failures.append(f'no complaint "{expected}"')
    if len(tidy.errors) != 4:
        failures.append(f'too many complaints: {tidy.errors}')
    names = {name for _, name, _ in tidy.file_scope_names(
        'static inline int f(int a)\n{\n}\nstatic const int table[] = {1};\nstruct s {\n};\n#define M 1\n'
        '#define N 2\n#undef N\nstatic void g(void);\nint h(void)\n{\n    static int inside;\n}\n')}
    if names != {'f', 'table', 's', 'M', 'g'}:
        failures.append(f'names of a file: {names}')

    tidy.errors.clear()
    promised = [name for _, _, name in tidy.promised_names()]
    lost = ['LASTACK_CAUSE_FIN', 'LASTACK_TIMER_PERSIST', 'LASTACK_TRACE_GONE', 'time_wait_ns', 'receive_buffer_max', 'prr']
    tidy.refuse_idle_promises([(CORE, ' '.join(name for name in promised if name not in lost))])
    if sorted(error.split()[-1] for error in tidy.errors) != sorted(lost):
        failures.append(f'what the headers promise and nothing does: {tidy.errors}')
    print('\n'.join(failures) or f'{len(C_FILES) + 16} cases')
    return 1 if failures else 0


sys.exit(main())
