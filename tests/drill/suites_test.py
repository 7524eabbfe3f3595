#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# The public suites, run by the command as users run it: LASTACK SUITES DOCS DEVIATIONS REPETITIONS
#
#   - under their own profiles, so often: each time the same verdicts, messages and trace hashes, within 5 s
#     of processor time for both suites;
#   - FreeBSD's under `freebsd`: at least 95 % of what is in scope, and every script that fails is named in
#     DOCS (docs/conformance.md);
#   - FreeBSD's under `rfc` and `linux`: every failure of behaviour has its line in DEVIATIONS, and every
#     line there that nothing needs any more is named. What is only written differently (order of options, first window) is set as FreeBSD
#     has it, so that scripts come to what they are about.
#
# Exit status 77 (skipped) without the suites, which are not part of the repository.
import fnmatch
import json
import os
import re
import resource
import subprocess
import sys

OUT_OF_SCOPE = ('fast-open/', 'tcp-over-udp/')
WRITTEN_AS_FREEBSD = ['--set=option_order=freebsd', '--set=first_window_in_segs=off',
                      '--set=buffers_in_segs=on', '--set=send_accounting=bytes']

# Meson asks malloc to fill what is freed: with a fresh stack for each script that takes minutes.
os.environ.pop('MALLOC_PERTURB_', None)
lastack, suites, docs, deviations, repetitions = sys.argv[1:6]
failures = []


def expect(is_so, text):
    if not is_so:
        failures.append(text)


def drill(profile, suite, options=()):
    """The report of each script, by its path below the suite."""
    folder = os.path.join(suites, suite)
    run = subprocess.run([lastack, 'drill', '--json', f'--profile={profile}', *options, folder],
                         capture_output=True, text=True, timeout=600)
    expect(run.returncode in (0, 1), f'{profile} {suite}: status {run.returncode}: {run.stderr[-500:]}')
    reports = {}
    for line in run.stdout.splitlines():
        report = json.loads(line)
        if 'script' in report:
            reports[os.path.relpath(report['script'], folder)] = report
    expect(len(reports) > 80, f'{profile} {suite}: only {len(reports)} reports')
    return reports


def short(report):
    """What a report says, without the place."""
    return report['message'].split(': ', 1)[-1].splitlines()[0]


def in_scope(name):
    return not name.startswith(OUT_OF_SCOPE)


def same_each_time():
    first = {suite: drill(profile, suite) for profile, suite in (('freebsd', 'freebsd'), ('linux', 'google'))}
    for repetition in range(1, int(repetitions)):
        for profile, suite in (('freebsd', 'freebsd'), ('linux', 'google')):
            again = drill(profile, suite)
            changed = [name for name in first[suite] if again.get(name) != first[suite][name]]
            expect(not changed, f'repetition {repetition} of {suite}: {len(changed)} differ: {changed[:3]}')
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = (used.ru_utime + used.ru_stime) / int(repetitions)
    hashes = {report['trace_hash'] for report in first['freebsd'].values()}
    expect(len(hashes) > 50, f'only {len(hashes)} different trace hashes')
    if os.environ.get('LASTACK_SPEED', '') != 'any':
        expect(seconds < 5, f'both suites took {seconds:.2f} s of processor time')
    print(f'{repetitions} repetitions the same, {seconds:.3f} s of processor time each')
    return first['freebsd']


def freebsd_passes(reports):
    scope = {name: report for name, report in reports.items() if in_scope(name)}
    failed = sorted(name for name, report in scope.items() if not report['ok'])
    expect(len(failed) <= len(scope) * 0.05, f'{len(failed)} of {len(scope)} in scope fail')
    with open(docs, encoding='utf-8') as file:
        text = file.read()
    for name in failed:
        expect(os.path.basename(name) in text, f'{docs} says nothing of {name}: {short(reports[name])}')
    explained = text.split('What fails in scope:')[1].split('##')[0]
    for name in re.findall(r'`([\w-]+\.pkt)`', explained):
        expect(any(os.path.basename(path) == name for path in failed), f'{docs} explains {name}, which passes')
    expect(f'| in scope | {len(scope) - len(failed)} of {len(scope)} |' in text, f'{docs} counts otherwise: '
           f'{len(scope) - len(failed)} of {len(scope)} in scope pass')
    print(f'freebsd: {len(scope) - len(failed)} of {len(scope)} in scope pass, the rest is explained')


def rows_of(path):
    with open(path, encoding='utf-8') as file:
        return [line.rstrip('\n').split('\t') for line in file if not line.startswith('#')]


def others_are_justified():
    rows = rows_of(deviations)
    needed = set()
    for profile in ('rfc', 'linux'):
        count = 0
        for name, report in drill(profile, 'freebsd', WRITTEN_AS_FREEBSD).items():
            if report['ok'] or report['class'] != 'behaviour' or not in_scope(name):
                continue
            count += 1
            found = [number for number, row in enumerate(rows)
                     if row[0] == profile and fnmatch.fnmatchcase(name, row[1]) and
                     fnmatch.fnmatchcase(short(report), row[2])]
            expect(found, f'{profile}: no reason for {name}: {short(report)}')
            needed.update(found[:1])
        print(f'{profile}: {count} differences of behaviour, each with its rule')
    for number, row in enumerate(rows):
        if number not in needed:
            print(f'{deviations}: no longer needed: {" ".join(row[:3])}')


if not os.path.isdir(os.path.join(suites, 'freebsd')):
    print('the public suites are not here')
    sys.exit(77)
freebsd_passes(same_each_time())
others_are_justified()
for text in failures[:20]:
    print('FAILED:', text)
sys.exit(1 if failures else 0)
