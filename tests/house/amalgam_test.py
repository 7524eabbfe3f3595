#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The two-file form is real C11 for anybody's compiler, and the example works with it.

    amalgam_test.py BUILD_DIR [EXAMPLE.C]

Compiles lastack.c with gcc and clang as C11, and checks it as C2x, with warnings as errors; then builds the
example from the two files alone and compares what it prints with EXAMPLE.expected.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    build = Path(sys.argv[1])
    failed = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for compiler in ('gcc', 'clang'):
            if shutil.which(compiler) is None:
                print(f'{compiler} is not here: not tried')
                continue
            for options in (['-std=c11', '-c', '-o', out / f'{compiler}.o'], ['-std=c2x', '-fsyntax-only']):
                run = subprocess.run([compiler, '-Wall', '-Werror', *options, build / 'lastack.c'])
                tried += 1
                failed += run.returncode != 0
        if len(sys.argv) > 2:
            failed += run_example(Path(sys.argv[2]), build, out)
    print(f'{tried} compilations, {failed} failed')
    return 1 if failed or not tried else 0


def run_example(example, build, out):
    # As after installing the two files: <lastack/lastack.h> is the one header.
    (out / 'lastack').mkdir()
    shutil.copy(build / 'lastack.h', out / 'lastack')
    made = subprocess.run(['gcc', '-std=c11', '-Wall', '-Werror', f'-I{out}', example, out / 'gcc.o',
                           '-o', out / 'example'])
    if made.returncode != 0:
        return 1
    printed = subprocess.run([out / 'example'], stdout=subprocess.PIPE, text=True, timeout=60)
    expected = example.with_suffix('.expected').read_text()
    if printed.returncode != 0 or printed.stdout != expected:
        print(f'{example.name} ended with {printed.returncode} and printed\n{printed.stdout}'
              f'-- instead of\n{expected}')
        return 1
    return 0


sys.exit(main())
