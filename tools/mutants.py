#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Breaks TCP on purpose, one step at a time, and sees to it that the tests notice.

    mutants.py --check               every text of tools/mutations.py stands in its file, exactly once
    mutants.py [--sample N] [--seed S]   so many of them (all), drawn by a seed (today's date)
    mutants.py --only WORD           those whose text or requirements contain it

    a copy of the sources in build-mutants/  ─▶  one change  ─▶  only what the tests of its requirements need is built
        ─▶  caught: a test case or a script that names one of these requirements fails (or stops the program)

One that survives is an error: a requirement is claimed by tests that do not ask for it. So is one that does not
compile, and a text that is no longer there: the table has to follow the code.
"""
import argparse
import datetime
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from floors import TOP
from mutations import MUTATIONS
import rfcmap

TREE = TOP / 'build-mutants/tree'
BUILD = TOP / 'build-mutants/build'
COPIED = ('src', 'include', 'cmd', 'tests', 'tools', 'examples', 'docs', 'completions')
CASE_SECONDS = 60


def complaints():
    """What is wrong with the table."""
    for file, text, replacement, ids in MUTATIONS:
        source = (TOP / 'src' / file).read_text(encoding='utf-8')
        count = source.count(text)
        if count != 1:
            yield f'src/{file}: stands there {count} times instead of once: {text.strip()!r}'
        if text == replacement:
            yield f'src/{file}: nothing is changed: {text.strip()!r}'
        for name in ids.split():
            if name not in CLAIMS:
                yield f'src/{file}: no unit test and no script names {name}'


def tests_by_requirement():
    """requirement -> {(kind, program or script, case)}, of the tests that can be run one by one."""
    found = {}
    for name, test, path, _ in rfcmap.claims():
        if path.suffix == '.pkt':
            found.setdefault(name, set()).add(('script', str(path), None))
        elif path.parts[:2] == ('tests', 'unit') and path.name.endswith('_test.c'):
            found.setdefault(name, set()).add(('unit', str(path.with_suffix('')), test))
    return found


def copy_tree():
    """The sources as they are, files that did not change left alone so that little is built again."""
    wanted = set()
    for name in COPIED:
        for path in (TOP / name).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                wanted.add(path.relative_to(TOP))
    wanted |= {p.relative_to(TOP) for p in TOP.glob('*') if p.is_file() and not p.name.startswith('.')}
    for path in wanted:
        there = TREE / path
        if not there.is_file() or there.read_bytes() != (TOP / path).read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / path, there)
    for path in TREE.rglob('*'):
        if path.is_file() and path.relative_to(TREE) not in wanted:
            path.unlink()


def ninja(targets):
    return subprocess.run(['ninja', '-C', BUILD, '-j', '2', *targets], capture_output=True, text=True, check=False)


def prepare():
    copy_tree()
    if not (BUILD / 'build.ninja').is_file():
        subprocess.run(['meson', 'setup', BUILD, TREE, '-Doptimization=1', '-Dwerror=false'], check=True,
                       stdout=subprocess.DEVNULL)


def failed_cases(output):
    """Names of the cases that failed; the one that was running, if the program stopped."""
    said = re.findall(r'\[ +(RUN|OK|FAILED|ERROR|SKIPPED) +\] (\w+)$', output, re.M)
    failed = {name for word, name in said if word in ('FAILED', 'ERROR')}
    running = [name for word, name in said if word == 'RUN']
    if running and not any(name == running[-1] for word, name in said if word != 'RUN'):
        failed.add(running[-1])
    return failed


def run(command):
    """(exit status, output); a test that hangs has failed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors='replace', check=False, timeout=CASE_SECONDS)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired as expired:
        return 1, (expired.stdout or b'').decode(errors='replace')


def catchers(tests):
    """Those of the tests that fail."""
    programs = sorted({path for kind, path, _ in tests if kind == 'unit'})
    for path in programs:
        status, output = run([BUILD / path])
        if status == 0:
            continue
        failed = failed_cases(output)
        for kind, its, case in sorted(tests, key=str):
            if kind == 'unit' and its == path and (case in failed or case == Path(path).name):
                yield case
    scripts = sorted(path for kind, path, _ in tests if kind == 'script')
    if scripts:
        status, output = run([BUILD / 'lastack', 'drill', '--strict', '--tolerance_usecs=0', '--tolerance_percent=0',
                              *[TREE / path for path in scripts]])
        if status != 0:
            broken = [path for path in scripts if f'not ok {TREE / path}' in output]
            yield from broken or ['drill stopped']


def try_one(mutation, number, count):
    """True: it is caught."""
    file, text, replacement, ids = mutation
    path = TREE / 'src' / file
    source = path.read_text(encoding='utf-8')
    tests = set().union(*(CLAIMS[name] for name in ids.split()))
    targets = {p for kind, p, _ in tests if kind == 'unit'}
    if any(kind == 'script' for kind, _, _ in tests):
        targets.add('lastack')
    started = time.monotonic()
    path.write_text(source.replace(text, replacement), encoding='utf-8')
    try:
        built = ninja(sorted(targets))
        found = list(catchers(tests)) if built.returncode == 0 else []
    finally:
        path.write_text(source, encoding='utf-8')
    first = text.strip().split('\n')[0]
    seconds = time.monotonic() - started
    if built.returncode != 0:
        print(f'{number}/{count} DOES NOT COMPILE src/{file}: {first}\n{built.stdout[-2000:]}')
        return False
    verdict = f'caught by {found[0]}' + (f' and {len(found) - 1} more' if len(found) > 1 else '') if found else 'SURVIVED'
    print(f'{number}/{count} {verdict} ({seconds:.1f} s) [{ids}] src/{file}: {first}', flush=True)
    return bool(found)


def is_clean(tests):
    """Without a change nothing may fail, or what is caught means nothing."""
    targets = {p for kind, p, _ in tests if kind == 'unit'} | {'lastack'}
    built = ninja(sorted(targets))
    if built.returncode != 0:
        print(f'the sources do not compile:\n{built.stdout[-2000:]}')
        return False
    found = list(catchers(tests))
    for name in found:
        print(f'fails without any change: {name}')
    return not found


def main():
    parser = argparse.ArgumentParser(description='Breaks TCP on purpose; the tests have to notice.')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('--sample', type=int)
    parser.add_argument('--seed', type=int, default=datetime.date.today().toordinal())
    parser.add_argument('--only', default='')
    options = parser.parse_args()
    wrong = list(complaints())
    for line in wrong:
        print(line)
    if wrong or options.check:
        print(f'{len(MUTATIONS)} mutations, {len(wrong)} that cannot be made')
        return 1 if wrong else 0
    chosen = [m for m in MUTATIONS if options.only in m[0] + m[1] + m[3]]
    if options.sample is not None:
        chosen = random.Random(options.seed).sample(chosen, min(options.sample, len(chosen)))
        print(f'seed {options.seed}: {len(chosen)} of {len(MUTATIONS)}')
    os.environ.pop('MALLOC_PERTURB_', None)
    prepare()
    if not is_clean(set().union(*(CLAIMS[name] for m in chosen for name in m[3].split()))):
        return 1
    caught = sum(try_one(mutation, i + 1, len(chosen)) for i, mutation in enumerate(chosen))
    print(f'{caught} of {len(chosen)} caught')
    return 0 if caught == len(chosen) else 1


CLAIMS = tests_by_requirement()
if __name__ == '__main__':
    sys.exit(main())
