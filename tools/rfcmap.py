#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The map from RFC sections to functions to tests: docs/rfc-map.md.

    rfcmap.py           writes docs/rfc-map.md and prints how much is covered
    rfcmap.py --check   writes nothing; fails if a test claims a requirement that does not exist, or the map is old

Code cites "RFC 9293 \u00a73.10.7.4"; a test says "covers: 9293-MUST-13 LNX-TW" in a comment above it. The
requirements are a table (id, area, level, rfc, section, requirement, test idea, priority) that stands
beside the repository, in ../shared/rfc/requirements.tsv or where LASTACK_REQUIREMENTS points; without it the
ids are taken from the map as it was last written.
"""
import os
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import floors
from floors import TOP

MAP = TOP / 'docs/rfc-map.md'
CITATION = re.compile(r'RFC (\d{3,5})\s+((?:\u00a7[\dA-Z][\w.-]*(?:,?\s+and\s+|,\s+|/|;\s+)?)+)')
ID = re.compile(r'\b[A-Z0-9][A-Z0-9.]*(?:-[A-Za-z0-9.+]+)+(?<!\.)')
FUNCTION = re.compile(r'^(?:static |_Noreturn |inline |const |unsigned |struct |enum )*\w[\w ]*[ *]+(\w+)\([^;{}]*\)\s*\{',
                      re.M)
CASE = re.compile(r'^TEST\((\w+)\)', re.M)
TEST_SUFFIXES = ('.c', '.drill', '.pkt', '.py', '.sh')


class Requirement(NamedTuple):
    id: str
    area: str
    level: str
    rfc: str
    section: str
    priority: str


def requirements():
    """Every requirement, from the table or, without it, from the map."""
    for place in (os.environ.get('LASTACK_REQUIREMENTS'), TOP.parent / 'shared/rfc/requirements.tsv'):
        if place and Path(place).is_file():
            rows = [line.split('\t') for line in Path(place).read_text(encoding='utf-8').splitlines()[1:]]
            return [Requirement(r[0], r[1], r[2], r[3], r[4], r[7]) for r in rows if len(r) >= 8]
    found = []
    rfc = None
    for line in MAP.read_text(encoding='utf-8').splitlines() if MAP.is_file() else []:
        if line.startswith('## '):
            rfc = line.removeprefix('## ').removeprefix('RFC ')
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if line.startswith('| ') and len(cells) == 6 and cells[0] != 'requirement':
            found.append(Requirement(cells[0].strip('*'), cells[3], cells[1], rfc, cells[4].strip('\u00a7'), cells[2]))
    return found


def functions(text):
    """(start of the comment above, end of the body, name) of each function of a C file."""
    spans = []
    for match in FUNCTION.finditer(text):
        end = text.find('\n}', match.end())
        before = text[:match.start()].rstrip()
        start = before.rfind('/*') if before.endswith('*/') else match.start()
        spans.append((start, end if end >= 0 else len(text), match.group(1)))
    return spans


def name_at(spans, offset, path):
    for start, end, name in spans:
        if start <= offset <= end:
            return f'`{name}`'
    return f'{path.name}'


def citations():
    """rfc -> section -> the places that cite it."""
    cited = defaultdict(lambda: defaultdict(dict))
    for path, _ in floors.files('.c', '.h'):
        text = (TOP / path).read_text(encoding='utf-8')
        # A citation may be broken at a line's end inside a comment.
        joined = re.sub(r'\n \*(?= )|\n +\*(?= )', lambda m: ' ' * len(m.group(0)), text)
        spans = functions(text)
        for match in CITATION.finditer(joined):
            for section in re.findall(r'\u00a7([\dA-Z][\w.-]*)', match.group(2)):
                cited[match.group(1)][section.rstrip('.-')][name_at(spans, match.start(), path)] = None
    return cited


def case_below(text, offset):
    """The test case that a comment in a C file stands above; None: something else."""
    found = [m for m in (FUNCTION.search(text, offset), CASE.search(text, offset)) if m]
    first = min(found, key=lambda m: m.start(), default=None)
    is_case = first and (first.re is CASE or 'void **' in first.group(0))
    return first.group(1) if is_case else None


def script_name(path):
    """syn-ack/time-wait"""
    return f'{path.parent.name}/{path.stem}'


def claims():
    """(id, test, file, line) for each requirement that a test says it covers."""
    for path in sorted((TOP / 'tests').rglob('*')):
        if path.suffix not in TEST_SUFFIXES:
            continue
        text = path.read_text(encoding='utf-8')
        for match in re.finditer(r'covers: *([^\n]*(?:\n[ /#*]+(?=[A-Z0-9.]+-[A-Za-z0-9])[^\n]*)*)', text):
            test = case_below(text, match.end()) if path.suffix == '.c' else None
            test = test or (script_name(path) if path.suffix == '.pkt' else path.stem)
            line = text.count('\n', 0, match.start()) + 1
            for name in ID.findall(match.group(1)):
                yield name, test, path.relative_to(TOP), line


def numerically(text):
    return [(0, int(part), '') if part.isdigit() else (1, 0, part) for part in re.split(r'[.-]', text)]


def counts(wanted, covered, key):
    """Lines "name: covered of all", by one field."""
    every = Counter(getattr(r, key) for r in wanted)
    good = Counter(getattr(r, key) for r in wanted if r.id in covered)
    return [(name, good[name], every[name]) for name in sorted(every)]


def map_text(wanted, covered, cited):
    lines = ['# RFC map', '',
             'Generated by `tools/rfcmap.py`: section, the functions that cite it, and the tests that assert its',
             'requirements. A requirement in bold has no test yet.', '']
    for title, key in (('priority', 'priority'), ('area', 'area')):
        lines += [f'| {title} | covered | of |', '|---|---|---|']
        lines += [f'| {name} | {good} | {every} |' for name, good, every in counts(wanted, covered, key)] + ['']
    by_rfc = defaultdict(list)
    for r in wanted:
        by_rfc[r.rfc].append(r)
    for rfc in sorted(set(by_rfc) | set(cited), key=numerically):
        lines += [f'## RFC {rfc}' if rfc.isdigit() else f'## {rfc}', '']
        if cited.get(rfc):
            lines += ['| section | code |', '|---|---|']
            lines += [f'| \u00a7{section} | {", ".join(places)} |'
                      for section, places in sorted(cited[rfc].items(), key=lambda i: numerically(i[0]))] + ['']
        if by_rfc[rfc]:
            lines += ['| requirement | level | priority | area | section | tests |', '|---|---|---|---|---|---|']
            for r in sorted(by_rfc[rfc], key=lambda r: (numerically(r.section), numerically(r.id))):
                tests = ', '.join(f'`{t}`' for t in covered.get(r.id, ()))
                name = r.id if tests else f'**{r.id}**'
                lines.append(f'| {name} | {r.level} | {r.priority} | {r.area} | \u00a7{r.section} | {tests} |')
            lines.append('')
    return '\n'.join(lines).rstrip() + '\n'


def main():
    wanted = requirements()
    known = {r.id for r in wanted}
    covered = defaultdict(dict)
    unknown = 0
    for name, test, path, line in claims():
        if known and name not in known:
            print(f'{path}:{line}: covers {name}, which is no requirement')
            unknown += 1
        covered[name][test] = None
    text = map_text(wanted, covered, citations())
    is_old = not MAP.is_file() or MAP.read_text(encoding='utf-8') != text
    if '--check' not in sys.argv:
        MAP.write_text(text, encoding='utf-8')
    elif is_old:
        print(f'{MAP.relative_to(TOP)} is older than the tree: run tools/rfcmap.py')
    for key in ('area', 'priority'):
        print(f'by {key}: ' + ', '.join(f'{name} {good}/{every}'
                                        for name, good, every in counts(wanted, covered, key)))
    good = sum(1 for r in wanted if r.id in covered)
    print(f'requirements with a test: {good} of {len(wanted)}; unknown ids: {unknown}')
    return 1 if unknown or is_old and '--check' in sys.argv else 0


if __name__ == '__main__':
    sys.exit(main())
