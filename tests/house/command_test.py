#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The command, its man page and its completion tell the same story.

    command_test.py LASTACK

For every verb of `lastack --help`: its --help exits 0 and fits one screen; lastack(1) has a section of that
name, and there or in the verb's own page stands every long option; completion offers the verb and those
options. And mandoc finds no fault with any page.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MAN = TOP / 'docs/man/lastack.1'
SCREEN_LINES, SCREEN_COLUMNS = 50, 120

failures = []


def require(is_so, message):
    if not is_so:
        failures.append(message)


def help_of(*command):
    run = subprocess.run([*command, '--help'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         timeout=30)
    name = ' '.join(Path(c).name for c in command)
    lines = run.stdout.splitlines()
    require(run.returncode == 0, f'{name} --help ends with {run.returncode}')
    require(0 < len(lines) <= SCREEN_LINES, f'{name} --help has {len(lines)} lines')
    require(all(len(line) <= SCREEN_COLUMNS for line in lines), f'{name} --help is too wide')
    return run.stdout


def complete(lastack, *words):
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lastack; printf "%s\\n" "${COMPREPLY[@]}"'
    run = subprocess.run(['bash', '-c', script, 'bash', TOP / 'completions/lastack.bash', lastack, *words],
                         stdout=subprocess.PIPE, text=True, timeout=30)
    return set(run.stdout.split())


def man_section(text, verb):
    """The part of the man page about one verb: from its .Ss to the next heading."""
    match = re.search(rf'^\.Ss {verb}$(.*?)(?=^\.S[sh] |\Z)', text, re.M | re.S)
    return match.group(1) if match else None


def require_no_fault(page):
    lint = subprocess.run(['mandoc', '-T', 'lint', '-W', 'style', page], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL)
    # Which other manuals are there is a matter of the machine.
    faults = [line for line in lint.stdout.splitlines() if 'referenced manual not found' not in line]
    require(not faults, '\n'.join(faults))


def main():
    lastack = str(Path(sys.argv[1]).resolve())
    verbs = re.findall(r'^  ([a-z]+) +\S', help_of(lastack), re.M)
    require(verbs, 'lastack --help lists no verbs')
    require(set(verbs) <= complete(lastack, ''), 'completion does not offer every verb')
    man = MAN.read_text(encoding='utf-8')
    for verb in verbs:
        options = set(re.findall(r'(?<![\w-])--[a-z][a-z0-9-]*', help_of(lastack, verb))) - {'--help'}
        section = man_section(man, verb)
        require(section is not None, f'the man page has no ".Ss {verb}"')
        page = MAN.with_name(f'lastack-{verb}.1')
        section = (section or '') + (page.read_text(encoding='utf-8') if page.is_file() else '')
        for option in sorted(options):
            in_man = re.search(rf'Fl -{option[2:]}(?![\w-])', section)
            require(in_man, f'the man page does not tell {verb} {option}')
        require(options <= complete(lastack, verb, '--'), f'completion misses options of {verb}')
    for verb in re.findall(r'^\.Ss ([a-z]+)$', man, re.M):
        require(verb in verbs, f'the man page tells of a verb {verb} that is not there')

    for word in ('no-such-verb', '--no-such-option'):
        run = subprocess.run([lastack, word], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        require(run.returncode == 2 and word in run.stderr, f'lastack {word}: {run.returncode}, {run.stderr!r}')
    for verb in verbs:
        run = subprocess.run([lastack, verb, '--no-such-option'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=30)
        expected = 125 if verb == 'run' else 2
        require(run.returncode == expected and '--no-such-option' in run.stderr,
                f'lastack {verb} --no-such-option: {run.returncode}, {run.stderr!r}')
    for page in sorted(MAN.parent.glob('*.1')) if shutil.which('mandoc') else []:
        require_no_fault(page)
    print('\n'.join(failures) or f'{len(verbs)} verbs')
    return 1 if failures else 0


sys.exit(main())
