#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
tools/check_symbols.py refuses what it should: archives made to break each of its rules.

    symbols_test.py
"""
import subprocess
import sys
import tempfile
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / 'tools/check_symbols.py'

# Source, and what the complaint must be about; None for an archive that is fine.
CASES = [
    ('void *memcpy(void *, const void *, unsigned long); void lastack_check_failed(void);\n'
     'void lastack_f(char *a, char *b) { memcpy(a, b, 9999); lastack_check_failed(); }\n'
     'const int lastack_table[2] = {1, 2};\n', None),
    ('int puts(const char *); void lastack_f(void) { puts(""); }\n', 'needs puts'),
    ('void lastack_f(void) { }\nvoid tcp_arrives(void) { }\n', 'shows tcp_arrives'),
    ('int lastack_count = 3;\n', 'has a variable lastack_count'),
    ('static int hidden; int *lastack_f(void) { return &hidden; }\n', 'has a variable hidden'),
    ('int lastack_f(void) { static int calls; return ++calls; }\n', 'has a variable calls'),
    ('_Thread_local int lastack_mine; int lastack_f(void) { return lastack_mine; }\n', 'has a variable'),
    ('static int nothing;\n', 'shows nothing at all'),
]


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        source, unit, archive = (Path(folder) / name for name in ('a.c', 'a.o', 'a.a'))
        for text, expected in CASES:
            source.write_text(text)
            archive.unlink(missing_ok=True)
            subprocess.run(['cc', '-w', '-O1', '-c', source, '-o', unit], check=True)
            subprocess.run(['ar', 'crs', archive, unit], check=True)
            run = subprocess.run([sys.executable, CHECK, archive], stdout=subprocess.PIPE, text=True)
            good = run.returncode == 0 if expected is None else run.returncode == 1 and expected in run.stdout
            if not good:
                failures += 1
                print(f'expected {expected!r}, got {run.returncode}: {run.stdout}of\n{text}')
    print(f'{len(CASES)} archives, {failures} failures')
    return 1 if failures else 0


sys.exit(main())
