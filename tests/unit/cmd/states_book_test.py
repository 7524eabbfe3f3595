#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
docs/states-book.md ends with what `lastack states --book` prints, and every state and error has its page.

    states_book_test.py LASTACK
"""
import subprocess
import sys
from pathlib import Path

BOOK = Path(__file__).resolve().parents[3] / 'docs/states-book.md'
STATES = 'LISTEN SYN-SENT SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSING TIME-WAIT CLOSE-WAIT LAST-ACK CLOSED'


def pages(text):
    """{heading: body}"""
    return {page.split('\n', 1)[0]: page.split('\n', 1)[1] for page in text.split('\n## ')[1:]}


def main():
    printed = subprocess.run([sys.argv[1], 'states', '--book'], stdout=subprocess.PIPE, check=True).stdout.decode()
    if not BOOK.read_text(encoding='utf-8').endswith(printed):
        print('docs/states-book.md is old: its end is not what lastack states --book prints')
        return 1
    book = pages(printed)
    for state in STATES.split():
        for head in ('How it ends by itself', 'Whose move it is', 'What to do') + (() if state in ('CLOSED', 'CLOSING')
                                                                                  else ('What not to do',)):
            assert f'- **{head}' in book[state], (state, head)
        assert '- **From:** ' in book[state] and '- **To:** ' in book[state], state
    assert 'SO_REUSEADDR' in book['EADDRINUSE'] and 'CLOSE-WAIT' in book['EMFILE']
    assert 'FIN-WAIT-2 (FIN arrives; sends ACK)' in book['TIME-WAIT']
    return 0


sys.exit(main())
