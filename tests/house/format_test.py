#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Every C file is as `make format` leaves it.

    format_test.py CLANG-FORMAT

Skipped (77) outside a git checkout: which files are ours, git knows.
"""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main():
    listed = subprocess.run(['git', '-C', ROOT, 'ls-files', '*.c', '*.h'], capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        print('no git checkout here')
        return 77
    files = listed.stdout.split()
    assert len(files) > 100, files
    return subprocess.run([sys.argv[1], '--dry-run', '-Werror', *files], cwd=ROOT, check=False).returncode


if __name__ == '__main__':
    sys.exit(main())
