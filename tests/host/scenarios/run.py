#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Does the doctor find what is wrong, and nothing where nothing is? Each scenario of scenarios.py in a network namespace of its
own, several at a time; then a table, precision and recall.

    run.py LASTACK [--slow] [--jobs N] [NAME ...]       --slow: also those that wait a minute or two
"""
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import scenarios


def within(value, wanted):
    low, high = wanted if isinstance(wanted, tuple) else (wanted, float('inf'))
    return low <= value <= high


def is_named(findings, check, evidence):
    return any(f['check'] == check and all(within(f['evidence'].get(k, -1), v) for k, v in evidence.items())
               for f in findings)


def play(name):
    """In the namespace: builds the scenario, lets the doctor look, prints its findings as one line of JSON."""
    function = scenarios.SICK[name][0] if name in scenarios.SICK else getattr(scenarios, name)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    scenario = function()
    options = next(scenario)
    doctor = subprocess.run([os.environ['LASTACK'], 'doctor', '--json'] + options, stdout=subprocess.PIPE, text=True)
    findings = [json.loads(line) for line in doctor.stdout.splitlines()]
    for _ in scenario:
        pass
    print(json.dumps({'status': doctor.returncode, 'findings': findings}), flush=True)
    os._exit(0)  # threads of the scenario may be waiting


def judge(name):
    started = time.time()
    command = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-rn']
    done = subprocess.run(command + [sys.executable, __file__, '--play', name], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=240)
    lines = done.stdout.splitlines()
    if not lines or done.returncode != 0:
        return name, None, 'not built: ' + ' '.join(done.stderr.split()[-25:]), time.time() - started
    result = json.loads(lines[-1])
    _, expected, also = scenarios.SICK.get(name, (None, {}, set()))
    found = result['findings']
    missed = [check for check, evidence in expected.items() if not is_named(found, check, evidence)]
    extra = [f for f in found if f['check'] not in expected and f['check'] not in also]
    if result['status'] != (1 if found else 0):
        missed.append('exit status %d' % result['status'])
    detail = ''
    if missed or extra:
        detail = ' '.join(['missed: %s' % m for m in missed] + ['wrong: %s (%s)' % (f['check'], f['summary'])
                                                                for f in extra])
        detail += ''.join('\n      %s %s' % (f['check'], json.dumps(f['evidence'])) for f in found)
    counts = (len(expected) - len([m for m in missed if m in expected]), len(missed), len(extra))
    return name, counts, detail, time.time() - started


def is_right(result):
    counts = result[1]
    return counts is not None and counts[1] == 0 and counts[2] == 0


def again(result):
    print('%s: once more, alone (%s)' % (result[0], result[2]))
    return judge(result[0])


def main():
    words = sys.argv[1:]
    if words[:1] == ['--play']:
        play(words[1])
    slow = '--slow' in words
    jobs = 6
    if '--jobs' in words:
        jobs = int(words.pop(words.index('--jobs') + 1))
    words = [w for w in words if not w.startswith('--')]
    if not words:
        sys.exit(__doc__)
    os.environ['LASTACK'] = os.path.abspath(words[0])
    names = list(scenarios.SICK) + [f.__name__ for f in scenarios.HEALTHY]
    names = words[1:] or [n for n in names if slow or n not in scenarios.SLOW]
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(judge, names))
    # Rates need a machine that keeps up: what failed beside five others gets one more chance alone.
    results = [r if is_right(r) else again(r) for r in results]
    true, missed, wrong, failed = 0, 0, 0, 0
    for name, counts, detail, seconds in results:
        kind = 'sick' if name in scenarios.SICK else 'healthy'
        is_good = is_right((name, counts, detail, seconds))
        failed += not is_good
        print('%-7s %-42s %-4s %5.1f s%s' % (kind, name, 'ok' if is_good else 'FAIL', seconds,
                                             '' if is_good else '  ' + detail))
        if counts is not None:
            true, missed, wrong = true + counts[0], missed + counts[1], wrong + counts[2]
    print('precision %.3f (%d right, %d wrong)   recall %.3f (%d missed)' % (
        true / (true + wrong) if true + wrong else 1, true, wrong, true / (true + missed) if true + missed else 1, missed))
    print('%d passed, %d failed' % (len(results) - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
