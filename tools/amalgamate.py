#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The core as two files, for programs without Meson: lastack.h (all public headers) and lastack.c (floors 0-4).

    amalgamate.py LASTACK.C LASTACK.H [DEPFILE]

Files stand in floor order; each header appears once, before its first user. Compile with any C11 compiler:
cc -std=c11 -c lastack.c. The only thing to bring along is a lastack_check_failed (src/base/check.h).

What is not lastack_* is static there: it clashes with nothing of the program's, and the compiler may give a function
the shape that its callers want, or none if there is only one (docs/decisions/0012). A prototype that says so is enough.
"""
import re
import sys
from pathlib import Path

import floors
from floors import TOP

OWN = re.compile(r'^[ ]*#[ ]*include[ ]+(?:"([^"]+)"|<(lastack/[^>]+)>)[^\n]*\n', re.M)
SYSTEM = re.compile(r'^#[ ]*include[ ]+<([^>]+)>[^\n]*\n', re.M)
# A prototype of a header in src: it begins in the first column, and not with what is no function or static already.
PROTOTYPE = re.compile(r'^(?!static |typedef |extern |_Static_assert)(?=[a-z][\w *]*[ *](?!lastack_)\w+\()', re.M)
LICENCE = '/* SPDX-License-Identifier: BSD-2-Clause */\n'

# Inline helpers of headers and what only higher floors call are unused static functions here.
QUIET = '#ifdef __GNUC__\n#pragma GCC diagnostic ignored "-Wunused-function"\n#endif\n\n'

PUBLIC = TOP / 'include/lastack'


class Amalgam:
    """Text under construction: which headers are in already, which system headers are wanted."""

    def __init__(self, places, taken):
        self.places = places      # header name -> path
        self.done = set(taken)    # paths that are in already
        self.system = set()
        self.read = []
        self.parts = []

    def add(self, path):
        if path in self.done:
            return
        self.done.add(path)
        self.read.append(path)
        text = path.read_text(encoding='utf-8')
        for quoted, angled in OWN.findall(text):
            self.add(self.find(quoted or angled, path))
        text = OWN.sub('', text).removeprefix(LICENCE)
        self.system.update(SYSTEM.findall(text))
        text = SYSTEM.sub('', text)
        if path.suffix == '.h' and PUBLIC not in path.parents:
            text = PROTOTYPE.sub('static ', text)
        self.parts.append(f'\n/* ======== {path.relative_to(TOP)} ======== */\n\n{text.strip()}\n')

    def find(self, name, user):
        """The file that `#include "name"` in `user` means."""
        if name.startswith('lastack/'):
            return PUBLIC / name.removeprefix('lastack/')
        beside = user.parent / name
        if not beside.is_file() and name not in self.places:
            sys.exit(f'{user}: no "{name}" in the core')
        return beside if beside.is_file() else self.places[name]

    def text(self, title, first=''):
        includes = ''.join(f'#include <{name}>\n' for name in sorted(self.system))
        return LICENCE + title + first + includes + ''.join(self.parts)


def main():
    source, header = Path(sys.argv[1]), Path(sys.argv[2])
    public = Amalgam({}, ())
    public.add(PUBLIC / 'lastack.h')

    places = {path.name: TOP / path for path, _ in floors.files('.h', core_only=True)}
    core = Amalgam(places, public.done)
    for path, _ in floors.files('.c', core_only=True):
        core.add(TOP / path)

    header.write_text(public.text('/* lastack in two files, generated: this is every public header. */\n'))
    source.write_text(core.text('/* lastack in two files, generated: this is the core, lowest floor first. */\n',
                                QUIET + f'#include "{header.name}"\n\n'))
    if len(sys.argv) > 3:
        read = ' '.join(str(path) for path in public.read + core.read)
        Path(sys.argv[3]).write_text(f'{source}: {read}\n')


main()
