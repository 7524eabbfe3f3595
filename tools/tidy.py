#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What must never slip, as a test. Prints file:line: message for every breach and fails if there is one.
Columns are counted in C files: pictures and code are read side by side there. Python, Meson, Markdown and
scripts in the languages of others (.pkt, .drill) have tables and links that are worse when cut. Lengths of
functions are reported, never failed.

    tidy.py [--lengths]

Each rule is one function below, named after what it refuses.
"""
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import floors
from floors import TOP

C_SUFFIXES = ('.c', '.h')
TEXT_SUFFIXES = C_SUFFIXES + ('.py', '.sh', '.bash', '.md', '.build', '.txt', '.1', '.3', '.in', '.drill',
                              '.pkt', '.yml', '.json', '.ini', '')
LICENCE = 'SPDX-License-Identifier: BSD-2-Clause'
LINE_MAX = 100
FUNCTION_MAX = 70

# All that the core may include of the system: the freestanding headers and the four mem functions.
CORE_HEADERS = {'limits.h', 'stdalign.h', 'stdarg.h', 'stdbool.h', 'stddef.h', 'stdint.h', 'string.h'}

# Names that a header of ours may not take: "time.h" before <time.h> on an include path is a trap.
SYSTEM_HEADERS = CORE_HEADERS | {
    'alloca.h', 'assert.h', 'complex.h', 'ctype.h', 'dirent.h', 'dlfcn.h', 'elf.h', 'endian.h', 'err.h',
    'errno.h', 'fcntl.h', 'features.h', 'fenv.h', 'float.h', 'fnmatch.h', 'getopt.h', 'glob.h', 'grp.h',
    'ifaddrs.h', 'inttypes.h', 'iso646.h', 'link.h', 'locale.h', 'malloc.h', 'math.h', 'memory.h', 'netdb.h',
    'paths.h', 'poll.h', 'pthread.h', 'pwd.h', 'regex.h', 'resolv.h', 'sched.h', 'search.h', 'semaphore.h',
    'setjmp.h', 'signal.h', 'socket.h', 'spawn.h', 'stdatomic.h', 'stdio.h', 'stdlib.h', 'strings.h',
    'syscall.h', 'syslog.h', 'tar.h', 'termios.h', 'threads.h', 'time.h', 'types.h', 'uchar.h', 'unistd.h',
    'values.h', 'wait.h', 'wchar.h', 'wctype.h'}

# In floors 0-4 these are refused outright ...
CORE_WORDS = {'float': 'floating point', 'double': 'floating point', 'goto': 'goto', 'errno': 'libc',
              'alloca': 'hidden memory', 'asm': 'assembly', '__thread': 'threads', '_Thread_local': 'threads'}
# ... and these as calls (a field may well be named free or time).
CORE_CALLS = {'malloc', 'calloc', 'realloc', 'free', 'time', 'clock', 'clock_gettime', 'gettimeofday', 'rand',
              'random', 'srand', 'printf', 'fprintf', 'sprintf', 'snprintf', 'vsnprintf', 'puts', 'assert',
              'abort', 'exit', 'qsort', 'bsearch', 'strlen', 'strcmp', 'strcpy', 'strncpy', 'strchr', 'memchr',
              'setjmp', 'longjmp'}

errors = []


def complain(path, line, message):
    errors.append(f'{path}:{line}: {message}')


def text_files():
    """The files of the repository, as paths relative to TOP: what git has or would take."""
    listed = subprocess.run(['git', 'ls-files', '--cached', '--others', '--exclude-standard'], cwd=TOP,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if listed.returncode == 0 and listed.stdout:
        paths = [Path(name) for name in listed.stdout.splitlines()]
    else:
        paths = [p.relative_to(TOP) for p in TOP.rglob('*')]
        paths = [p for p in paths if not p.parts[0].startswith(('build', '.git', 'out'))]
    return sorted(p for p in paths if p.suffix in TEXT_SUFFIXES and 'corpus' not in p.parts
                  and (TOP / p).is_file())


def read(path):
    """The text, or None for what is not text."""
    try:
        return (TOP / path).read_text(encoding='utf-8')
    except UnicodeDecodeError:
        return None


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def code_of(text):
    """C without comments, strings and characters; lines and columns stay where they were."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    includes_kept = re.sub(r'^(\s*#\s*include\s*)"([^"]*)"', r'\1<\2>', text, flags=re.M)
    return re.sub(pattern, blank, includes_kept, flags=re.S)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


# ---- every text file


def refuse_blanks(path, text):
    for number, line in enumerate(text.split('\n'), 1):
        if '\t' in line and path.name != 'Makefile' and path.suffix not in ('.pkt', '.drill'):
            complain(path, number, 'tab')
        if line != line.rstrip():
            complain(path, number, 'trailing blank')
    if text and not text.endswith('\n'):
        complain(path, text.count('\n') + 1, 'no newline at the end')


def refuse_wide_lines(path, text):
    """Columns, not bytes: an arrow is one."""
    for number, line in enumerate(text.split('\n'), 1):
        if len(line) > LINE_MAX:
            complain(path, number, f'{len(line)} columns, {LINE_MAX} at most')


def refuse_machine_paths(path, text):
    # Written in pieces so that this file passes itself.
    for match in re.finditer(r'/(wo' r'rk/|ho' r'me/\w|ro' r'ot/|tm' r'p/(?:wt|team)\b)', text):
        before = text[match.start() - 1:match.start()]
        if not (before.isalnum() or before in '._-/}$'):
            complain(path, line_of(text, match.start()), f'path of one machine: {match.group(0)}')


def refuse_other_citations(path, text):
    """One spelling: RFC 9293 \u00a73.10.7.4, so that tools/rfcmap.py finds them all."""
    wrong = (r'\bRFC[-_]?\d{3,5}\b', r'\brfc \d{4,5}\b', r'\bRFC  +\d',
             r'\bRFC \d{3,5},? ?(?:[Ss]ection|[Ss]ec\.)', r'\bRFC \d{3,5},? \(?\d+\.\d', r'\bRFC \d{3,5},? \u00a7 ')
    for pattern in wrong:
        for match in re.finditer(pattern, text):
            complain(path, line_of(text, match.start()), f'cite as "RFC 9293 \u00a73.10", not "{match.group(0)}"')


def refuse_open_ends(path, text):
    for number, line in enumerate(text.split('\n'), 1):
        open_end = re.search(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b', line)
        if open_end and not re.search(r'decision \d{4}', line):
            complain(path, number, f'{open_end.group(1)} without a decision number')
        if re.search(r'\bDIFFERS:', line) and path.suffix in C_SUFFIXES:
            following = '\n'.join(text.split('\n')[number - 1:number + 4])
            if not re.search(r'decision \d{4}', following):
                complain(path, number, 'DIFFERS without a decision number')


def refuse_missing_decisions(path, text):
    have = {p.name[:4] for p in (TOP / 'docs/decisions').glob('[0-9]*.md')}
    for match in re.finditer(r'\bdecision (\d{4})\b', text):
        if match.group(1) not in have:
            complain(path, line_of(text, match.start()), f'no decision {match.group(1)} in docs/decisions')


def refuse_lost_files(path, text):
    """What a page of documentation names in `backticks` or links to must be there."""
    if path.name == 'CHANGELOG.md' or path.parts[:2] == ('docs', 'decisions'):
        return
    named = re.finditer(r'`((?:src|cmd|include|tests|tools|docs|examples)/[\w./-]*)`', text)
    for match in named:
        if not (TOP / match.group(1)).exists():
            complain(path, line_of(text, match.start()), f'{match.group(1)} does not exist')
    for match in re.finditer(r'\]\(([^)#:]+)(?:#[^)]*)?\)', text):
        if not (TOP / path.parent / match.group(1)).exists():
            complain(path, line_of(text, match.start()), f'link to {match.group(1)}, which does not exist')
    for match in re.finditer(r'^\|.*\| `(src/[\w./]+)` \| `(\w+)` \|$', text, flags=re.M):
        file = TOP / match.group(1)
        if file.exists() and not re.search(rf'\b{match.group(2)}\(', file.read_text(encoding='utf-8')):
            complain(path, line_of(text, match.start()), f'no {match.group(2)} in {match.group(1)}')


def refuse_no_licence(path, text):
    head = '\n'.join(text.split('\n')[:2])
    is_script = text.startswith('#!') or path.suffix == '.py'
    if path.suffix in C_SUFFIXES and not text.startswith(f'/* {LICENCE} */\n'):
        complain(path, 1, f'first line must be /* {LICENCE} */')
    elif is_script and f'# {LICENCE}' not in head:
        complain(path, 1, f'first or second line must be # {LICENCE}')


# ---- C files


def refuse_no_opening(path, text):
    opening = re.match(r'[^\n]*\n/\*\n \* (\S+)', text)
    if opening is None:
        complain(path, 2, 'no opening comment')
    elif opening.group(1) != path.name + ':':
        complain(path, 3, f'the opening comment starts with "{path.name}:"')


def refuse_upward_includes(path, code, folder, homes):
    core = floors.is_core(folder) if folder else path.parts[0] == 'include'
    for match in re.finditer(r'^\s*#\s*include\s*<([^>]*)>', code, flags=re.M):
        name, line = match.group(1), line_of(code, match.start())
        if '..' in name.split('/'):
            complain(path, line, 'an include with ".."')
        elif folder and name in homes:
            if not floors.may_see(folder, homes[name]):
                complain(path, line, f'{folder} may not see {homes[name]} ({name})')
            elif (folder, homes[name]) == ('src/host', 'src/sim') and name != 'sim_link.h':
                complain(path, line, f'of src/sim the host sees sim_link.h alone (decision 0013), not {name}')
        elif core and name not in CORE_HEADERS and not name.startswith('lastack/') \
                and not (TOP / path.parent / name).is_file():
            complain(path, line, f'the core includes {name}')
        # src/packetdrill: its callbacks have the system's own types (struct sockaddr, msghdr), decision 0013
        elif folder and folder not in ('src/host', 'src/packetdrill', 'cmd') and \
                re.match(r'(sys|linux|net|netinet|netpacket|arpa)/|unistd\.h', name):
            complain(path, line, f'only src/host makes system calls ({name})')


def refuse_core_words(path, code):
    for match in re.finditer(r'\b[A-Za-z_]\w*\b', code):
        word = match.group(0)
        is_call = code[match.end():match.end() + 1] == '('
        is_member = code[max(0, match.start() - 1):match.start()] in ('.', '>')
        if word in CORE_WORDS:
            complain(path, line_of(code, match.start()), f'{word} in the core ({CORE_WORDS[word]})')
        elif word in CORE_CALLS and is_call and not is_member:
            complain(path, line_of(code, match.start()), f'{word}() in the core')


def block_after(code, offset):
    """The {...} that starts at or after offset."""
    start = code.find('{', offset)
    depth = 0
    for i in range(start, len(code)):
        depth += (code[i] == '{') - (code[i] == '}')
        if depth == 0:
            return code[start:i + 1]
    return code[start:]


def refuse_default_state(path, code):
    """A switch over the eleven states names them all, so that the compiler finds a forgotten one."""
    for match in re.finditer(r'\bswitch \(([^()]*\bstate)\)', code):
        if re.search(r'\bdefault\s*:', block_after(code, match.end())):
            complain(path, line_of(code, match.start()), f'default in switch ({match.group(1)})')


def refuse_conditions_in_functions(path, code):
    depth = 0
    for number, line in enumerate(code.split('\n'), 1):
        if depth > 0 and re.match(r'\s*#\s*if', line):
            complain(path, number, '#if inside a function: make it a parameter or a file')
        if not line.lstrip().startswith('#'):
            depth += line.count('{') - line.count('}')


def file_scope_names(code):
    """Static functions and objects, struct and enum tags and macros of one file, with their lines."""
    flat = re.sub(r'\\\n', '  ', code)
    for match in re.finditer(r'^static\b[^;{}=(]*?\b([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*[(=;]', flat, flags=re.M):
        yield 'static', match.group(1), line_of(flat, match.start())
    for match in re.finditer(r'^(struct|enum|union) (\w+) \{', flat, flags=re.M):
        yield match.group(1), match.group(2), line_of(flat, match.start())
    removed = set(re.findall(r'^\s*#\s*undef\s+(\w+)', flat, flags=re.M))
    for match in re.finditer(r'^\s*#\s*define\s+(\w+)', flat, flags=re.M):
        if match.group(1) not in removed:
            yield 'macro', match.group(1), line_of(flat, match.start())


def refuse_same_names(names):
    """The core is also compiled as one file: what is private to two files may not share a name."""
    for (kind, name), places in sorted(names.items()):
        paths = {path for path, _ in places}
        if len(paths) > 1:
            path, line = places[-1]
            others = ', '.join(f'{p}:{n}' for p, n in places[:-1])
            complain(path, line, f'{kind} {name} is also in {others}')


def refuse_same_files(paths):
    by_name = defaultdict(list)
    for path in paths:
        if path.suffix in C_SUFFIXES and path.parts[0] in ('src', 'cmd'):
            by_name[path.name].append(path)
            if path.name in SYSTEM_HEADERS:
                complain(path, 1, 'named like a header of the system')
            if floors.folder_of(path) is None:
                complain(path, 1, 'in no folder of tools/floors.py')
    for name, same in by_name.items():
        if len(same) > 1 and name != 'main.c':
            complain(same[1], 1, f'{same[0]} has the same name')


# A parameter of the host's that a stack only remembers: the table says so.
REMEMBERED_PARAMS = {'receive_buffer_min', 'send_buffer_min'}


def promised_names():
    """What the public headers say that the core does: causes, traces, timers, parameters; with their lines."""
    trace, params = Path('include/lastack/trace.h'), Path('include/lastack/params.h')
    text = read(trace)
    for kind, pattern in (('CAUSE', r'X\((\w+), "'), ('TIMER', r'X\((\w+), "'), ('TRACE', r'X\(\w+, (\w+), "')):
        start = text.index(f'#define LASTACK_{kind}S(X)')
        for match in re.finditer(pattern, text[start:text.index('\nenum ', start)]):
            yield trace, line_of(text, start + match.start()), f'LASTACK_{kind}_{match.group(1)}'
    code = code_of(read(params))
    start = code.index('struct lastack_params {')
    for match in re.finditer(r'^    (?:enum )?\w+ (\w+(?:,\s+\w+)*);', code[start:], flags=re.M):
        for name in set(re.findall(r'\w+', match.group(1))) - REMEMBERED_PARAMS:
            yield params, line_of(code, start + match.start()), name


def refuse_idle_promises(c_files):
    """A cause that nothing raises is a counter that is always 0; a parameter that nothing reads, a lie."""
    used = set()
    for path, code in c_files:
        folder = floors.folder_of(path) if path.parts[0] == 'src' else None
        if folder and floors.is_core(folder) and path != Path('src/base/params.c'):
            used |= set(re.findall(r'\w+', code))
    for path, line, name in promised_names():
        if name not in used:
            complain(path, line, f'nothing in the core has to do with {name}')


# ---- reported, not refused


def report_lengths(c_files):
    functions, untested = [], []
    tests = {p.name for p in (TOP / 'tests').rglob('*_test.c')}
    for path, code in c_files:
        for match in re.finditer(r'^\w[^;{}=]*\)\s*\n\{\n(.*?)^\}', code, flags=re.M | re.S):
            length = match.group(1).count('\n')
            if length > FUNCTION_MAX:
                functions.append(f'{path}:{line_of(code, match.start())}: a function of {length} lines')
        if path.parts[0] == 'src' and path.suffix == '.c' and f'{path.stem}_test.c' not in tests:
            untested.append(f'{path}:1: no {path.stem}_test.c')
    if '--lengths' in sys.argv:
        print('\n'.join(functions + untested))
    print(f'reported: {len(functions)} functions over {FUNCTION_MAX} lines, '
          f'{len(untested)} sources without a unit test of their own')


def check_c(path, text, homes, names):
    code = code_of(text)
    folder = floors.folder_of(path) if path.parts[0] in ('src', 'cmd') else None
    refuse_wide_lines(path, text)
    refuse_no_opening(path, text)
    refuse_upward_includes(path, code, folder, homes)
    if (folder and floors.is_core(folder)) or path.parts[0] == 'include':
        refuse_core_words(path, code)
        for kind, name, line in file_scope_names(code):
            names[kind, name].append((path, line))
        if path.suffix == '.c':
            refuse_default_state(path, code)
            refuse_conditions_in_functions(path, code)
    return path, code


def main():
    paths = text_files()
    homes = {path.name: folder for path, folder in floors.files('.h')}
    names = defaultdict(list)
    c_files = []
    for path in paths:
        text = read(path)
        if text is None:
            continue
        refuse_blanks(path, text)
        refuse_machine_paths(path, text)
        refuse_no_licence(path, text)
        if path.suffix in C_SUFFIXES or path.suffix == '.md':
            refuse_other_citations(path, text)
            refuse_missing_decisions(path, text)
        if path.suffix == '.md':
            refuse_lost_files(path, text)
        refuse_open_ends(path, text)
        if path.suffix in C_SUFFIXES:
            c_files.append(check_c(path, text, homes, names))
    refuse_same_names(names)
    refuse_same_files(paths)
    refuse_idle_promises(c_files)
    for error in errors:
        print(error)
    report_lengths(c_files)
    print(f'tidy: {len(paths)} files, {len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
