#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What the sealed archive asks of the world and what it shows of itself, read with nm.

    check_symbols.py LIBLASTACK.A [--nm NM] [--family CPU-FAMILY] [--unsealed]

  - it needs the four mem functions and lastack_check_failed; on 32-bit machines also the compiler's own
    arithmetic, listed below, and nothing else;
  - it exports names that start with lastack_ and no others (not asked with --unsealed);
  - it has no variables: every object in it is constant.
"""
import argparse
import subprocess
import sys

ALLOWED = {'memcpy', 'memmove', 'memset', 'memcmp', 'lastack_check_failed'}

# libgcc's and compiler-rt's 64-bit arithmetic for machines that have none.
ARITHMETIC_32 = {'__udivdi3', '__umoddi3', '__divdi3', '__moddi3', '__udivmoddi4', '__divmoddi4', '__muldi3',
                 '__ashldi3', '__ashrdi3', '__lshrdi3', '__clzdi2', '__ctzdi2', '__clzsi2', '__ctzsi2',
                 '__popcountdi2', '__popcountsi2', '__bswapdi2', '__bswapsi2', '__multi3'}
ARITHMETIC = {
    'x86_64': {'_GLOBAL_OFFSET_TABLE_'}, # the linker's own, where code is position independent
    's390x': {'_GLOBAL_OFFSET_TABLE_'},
    'aarch64': {'_GLOBAL_OFFSET_TABLE_'},
    'x86': ARITHMETIC_32 | {'_GLOBAL_OFFSET_TABLE_'},
    'wasm32': ARITHMETIC_32 | {'__stack_pointer', '__linear_memory', '__indirect_function_table',
                               '__memory_base', '__table_base'},
    'arm': ARITHMETIC_32 | {'__aeabi_uldivmod', '__aeabi_ldivmod', '__aeabi_uidiv', '__aeabi_idiv',
                            '__aeabi_uidivmod', '__aeabi_idivmod', '__aeabi_lmul', '__aeabi_llsl',
                            '__aeabi_llsr', '__aeabi_lasr', '__aeabi_lcmp', '__aeabi_ulcmp',
                            '__aeabi_memcpy', '__aeabi_memmove', '__aeabi_memset', '__aeabi_memclr',
                            '__aeabi_memcpy4', '__aeabi_memcpy8', '__aeabi_memset4', '__aeabi_memset8',
                            '__aeabi_memclr4', '__aeabi_memclr8'},
}

# Sections that the program loads writable; .data.rel.ro is constant once the loader has filled in addresses.
VARIABLE = ('.data', '.bss', '*COM*', 'COMMON', '.tdata', '.tbss', '.init_array')


def symbols(nm, archive):
    """(name, class, section) of each symbol, by `nm -f sysv`."""
    listing = subprocess.run([nm, '-f', 'sysv', archive], check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split('|')]
        if len(fields) == 7:
            yield fields[0], fields[2], fields[6]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('archive')
    parser.add_argument('--nm', default='nm')
    parser.add_argument('--family', default='x86_64', choices=sorted(ARITHMETIC))
    parser.add_argument('--unsealed', action='store_true')
    given = parser.parse_args()
    needed, shown, variables = set(), set(), set()
    for name, kind, section in symbols(given.nm, given.archive):
        if kind == 'U':
            needed.add(name)
        elif kind.isupper() and kind not in ('N',):
            shown.add(name)
        is_variable = section.startswith(VARIABLE) and not section.startswith('.data.rel.ro')
        if is_variable and kind != 'U':
            variables.add(name)
    complaints = [f'needs {name}' for name in sorted(needed - shown - ALLOWED - ARITHMETIC[given.family])]
    if not given.unsealed:
        complaints += [f'shows {name}' for name in sorted(shown) if not name.startswith('lastack_')]
    complaints += [f'has a variable {name}' for name in sorted(variables)]
    complaints += [] if shown else ['shows nothing at all']
    for complaint in complaints:
        print(f'{given.archive}: {complaint}')
    print(f'{len(shown)} names shown; needs {" ".join(sorted(needed - shown)) or "nothing"}')
    return 1 if complaints else 0


sys.exit(main())
