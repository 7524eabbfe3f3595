#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The installed headers stand alone: each one by itself is clean C11, C17, C2x and C++ for gcc and clang.

    headers_test.py
"""
import shutil
import subprocess
import sys
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[2] / 'include'
STRICT = ['-Wall', '-Wextra', '-Wpedantic', '-Wundef', '-Werror', '-fsyntax-only', f'-I{INCLUDE}']

# -nostdinc++: the headers ask for C headers only, so a C++ library need not be installed.
DIALECTS = [['gcc', '-std=c11', '-xc'], ['gcc', '-std=c2x', '-xc'], ['clang', '-std=c11', '-xc'],
            ['clang', '-std=c17', '-xc'], ['clang', '-std=c++11', '-xc++', '-nostdinc++']]


def main():
    headers = sorted(path.name for path in (INCLUDE / 'lastack').glob('*.h'))
    tried = failed = 0
    for compiler, *options in DIALECTS:
        if shutil.which(compiler) is None:
            print(f'{compiler} is not here: not tried')
            continue
        for name in headers:
            text = f'#include <lastack/{name}>\n#include <lastack/{name}>\n'
            run = subprocess.run([compiler, *options, *STRICT, '-'], input=text, text=True)
            tried += 1
            failed += run.returncode != 0
    print(f'{tried} compilations, {failed} failed')
    return 1 if failed or not tried else 0


sys.exit(main())
