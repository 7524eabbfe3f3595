#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Floors are enforced by the build, and this proves it: with the include path that each folder is really
compiled with (compile_commands.json), every header of a folder it may not see is out of reach, and every
header of its own folder is in reach.

    floors_test.py BUILD_DIR
"""
import json
import shlex
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tools'))
import floors  # noqa: E402


def include_paths(build):
    """Folder -> the compiler and the -I arguments of one of its files."""
    commands = json.loads((build / 'compile_commands.json').read_text())
    found = {}
    for entry in commands:
        source = (build / entry['file']).resolve()
        if floors.TOP not in source.parents:
            continue
        folder = floors.folder_of(source.relative_to(floors.TOP))
        arguments = shlex.split(entry['command'])
        while not Path(arguments[0]).name.split('-')[0] in ('gcc', 'cc', 'clang', 'i686', 's390x'):
            arguments.pop(0)  # ccache and the like
        if folder is not None and folder not in found:
            # In "quotes" a file finds its neighbours without being told.
            found[folder] = [arguments[0], '-iquote', str(source.parent)]
            found[folder] += [a for a in arguments if a.startswith(('-I', '-isystem'))]
    return found


def compiles(command, text, build):
    result = subprocess.run(command + ['-x', 'c', '-fsyntax-only', '-'], input=text, text=True, cwd=build,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode == 0, result.stdout


def main():
    build = Path(sys.argv[1]).resolve()
    headers = floors.files('.h')
    paths = include_paths(build)
    failures = checked = 0
    for folder, command in sorted(paths.items()):
        text = ''
        for header, home in headers:
            if folder != home and not floors.may_see(folder, home):
                text += f'#if __has_include("{header.name}")\n#error "{folder} sees {header}"\n#endif\n'
                checked += 1
            elif folder == home:
                text += f'#if !__has_include("{header.name}")\n#error "{folder} misses {header}"\n#endif\n'
        good, output = compiles(command, text, build)
        if not good:
            failures += 1
            print('\n'.join(line for line in output.splitlines() if '#error' in line))

    # The same once more as a person would do it: base includes something of a higher floor.
    upward = [h for h, home in headers if floors.FOLDERS[home][0] > 0]
    if upward and 'src/base' in paths:
        good, output = compiles(paths['src/base'], f'#include "{upward[0].name}"\n', build)
        if good or upward[0].name not in output:
            failures += 1
            print(f'src/base could include {upward[0]}')
    print(f'{len(paths)} folders, {checked} forbidden includes tried, {failures} failures')
    return 1 if failures or not paths else 0


sys.exit(main())
