#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Seals the core: one object, in which only lastack_* can be seen from outside.

    seal.py ARCHIVE OUTPUT.a --cc CC... --objcopy OBJCOPY --ar AR

Inside, names carry their module's prefix only (tcp_arrives, wheel_arm); a program that links the archive
may have its own functions of those names. So all objects become one (ld -r), and whatever is not named
lastack_* becomes local to it.
"""
import argparse
import subprocess
import tempfile
from pathlib import Path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('archive', type=Path)
    parser.add_argument('output', type=Path)
    parser.add_argument('--cc', nargs='+', required=True)
    parser.add_argument('--objcopy', required=True)
    parser.add_argument('--ar', required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        merged = str(Path(folder) / 'lastack.o')
        subprocess.run(given.cc + ['-r', '-nostdlib', '-o', merged, '-Wl,--whole-archive', str(given.archive),
                                   '-Wl,--no-whole-archive'], check=True)
        subprocess.run([given.objcopy, '--wildcard', '--keep-global-symbol=lastack_*', merged], check=True)
        given.output.unlink(missing_ok=True)
        subprocess.run([given.ar, 'crs', str(given.output), merged], check=True)


main()
