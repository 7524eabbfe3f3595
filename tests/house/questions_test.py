#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Each command in the table of docs/questions.md is one: run as it stands there, in a namespace where nothing happens, it ends
with 0, or with 1 where nothing is found, and complains of nothing that was typed.

    questions_test.py LASTACK PAGE.md
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    lastack, page = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    if os.environ.get('INSIDE') is None:
        inside = subprocess.run(['unshare', '-Urn', 'true'], stderr=subprocess.DEVNULL)
        if inside.returncode != 0:
            print('no network namespace of our own here')
            return 77
        return subprocess.run(['unshare', '-Urn', sys.executable, __file__, lastack, page],
                              env=dict(os.environ, INSIDE='1')).returncode
    rows = [line for line in page.read_text().splitlines() if line.startswith('|')]
    commands = [command for row in rows for command in re.findall(r'`(lastack [^`]*)`', row)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for command in commands:
            words = [lastack] + shlex.split(command)[1:]
            if words[1] == 'doctor' and '--from' not in words:
                words += ['--interval', '0.1']
            run = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 timeout=60)
            if run.returncode not in (0, 1) or 'usage' in run.stderr:
                print(f'{command}: {run.returncode}\n{run.stderr}')
                failed += 1
    print(f'{len(commands)} commands, {failed} failed')
    return 1 if failed or len(commands) < 20 else 0


sys.exit(main())
