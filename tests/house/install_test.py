#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What `make install` leaves is what a program needs: the example is compiled and linked the way the README
says, with pkg-config, against an installed tree; and a program whose own functions have names that the
stack uses inside still links.

    install_test.py BUILD_DIR [EXAMPLE.C]
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# Names that occur inside the core; sealed, they belong to the program.
OWN_NAMES = '''
int tcp_arrives(void); int wheel_init(void); int siphash13(void); int tcp_state_name(void);
int tcp_arrives(void) { return 1; }
int wheel_init(void) { return 2; }
int siphash13(void) { return 3; }
int tcp_state_name(void) { return 4; }
'''


def main():
    build = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', root],
                       check=True)
        pc = next(root.rglob('lastack.pc'))
        environment = dict(os.environ, PKG_CONFIG_PATH=str(pc.parent), PKG_CONFIG_SYSROOT_DIR=str(root))
        flags = subprocess.run(['pkg-config', '--cflags', '--libs', 'lastack'], env=environment, check=True,
                               stdout=subprocess.PIPE, text=True).stdout.split()
        program = root / 'program.c'
        if len(sys.argv) > 2:
            program.write_text(Path(sys.argv[2]).read_text() + OWN_NAMES)
        else:
            program.write_text('#include <lastack/lastack.h>\n' + OWN_NAMES +
                               '_Noreturn void lastack_check_failed(const char *e, const char *f, int l)\n'
                               '{ (void)e; (void)f; (void)l; for (;;) ; }\n'
                               'int main(void) { return lastack_cause_text(0) == 0; }\n')
        subprocess.run(['cc', '-std=c11', '-Wall', program, *flags, '-o', root / 'program'], check=True)
        printed = subprocess.run([root / 'program'], stdout=subprocess.PIPE, text=True, timeout=60)
        if printed.returncode != 0:
            print(f'the program ended with {printed.returncode}')
            return 1
        if len(sys.argv) > 2 and printed.stdout != Path(sys.argv[2]).with_suffix('.expected').read_text():
            print(f'the example printed\n{printed.stdout}')
            return 1
    return 0


sys.exit(main())
