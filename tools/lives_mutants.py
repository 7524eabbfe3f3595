#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Would the random lives notice? Small faults are put into TCP one at a time, and each must be found.

    tools/lives_mutants.py [--lives N] [--only WORD] [--list] [--keep FOLDER]

A mutant is a file, a piece of its text that stands there exactly once, and what stands there instead: a timer
not armed, a free skipped, a wrong edge, a window that is off by one. All of them are compiled into a tree of
their own (the sources are copied, never changed in place), and `random_lives` runs until it fails or N lives
are lived. A mutant that survives is a hole in the simulation; so is one whose text is no longer there, because
then the table is out of date. Exit status 0: all were found; 1: some survived; 2: the table does not fit.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]

# (name, file, text that stands there once, what stands there instead)
MUTANTS = [
    ('retransmission timer never armed again', 'src/tcp/event/timeouts.c',
     'conn_set_deadline(conn, LASTACK_TIMER_RETRANSMIT, conn_retransmit_at(tcp, conn), &tcp->report);\n    return false;',
     'return false;'),
]
