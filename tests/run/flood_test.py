#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A flood of SYNs against `lastack run` while curl fetches pages: every page arrives.

    flood_test.py LASTACK FLOODER [SECONDS]

The flooder sends from addresses that nobody has, faster than the tun device carries: curl's packets
are lost with the others and come again. Exit 77: there is no tun device or no namespace to be had here.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SKIPPED = 77

SCRIPT = '''
    "$FLOODER" 192.0.2.1 80 "$MILLISECONDS" >"$FOLDER/sent" & flooder=$!
    good=0 all=0
    while kill -0 $flooder 2>/dev/null; do
        all=$((all + 1))
        [ "$(curl -s -m 20 http://192.0.2.1/bytes/100000 | wc -c)" = 100000 ] && good=$((good + 1))
    done
    wait $flooder || exit 9
    echo "$good $all"
'''


def main():
    lastack, flooder = (str(Path(name).resolve()) for name in sys.argv[1:3])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory(prefix='lastack-flood-') as folder:
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'FLOODER': flooder,
                       'FOLDER': folder, 'MILLISECONDS': str(int(seconds * 1000))}
        start = time.monotonic()
        done = subprocess.run([lastack, 'run', '--link', 'tun', '--quiet', '--json', '--wait', '0', '--',
                               'bash', '-c', SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment, timeout=seconds + 120)
        if done.returncode == 125:
            print('skipped:', done.stderr.decode().strip())
            return SKIPPED
        if done.returncode != 0:
            print('failed:', done.returncode, done.stderr.decode())
            return 1
        took = time.monotonic() - start
        sent = int(Path(folder, 'sent').read_text())
        good, pages = map(int, done.stdout.split())
    summary = json.loads(done.stderr.decode().splitlines()[-1])
    cookies = summary['causes'].get('syn_cookie', 0)
    accepted = summary['causes'].get('cookie_ack', 0)
    half_open = summary['pools']['syn_entries']
    print(f'{sent} spoofed SYNs in {took:.1f} s, {cookies} cookies; {good} of {pages} pages arrived, '
          f'{accepted} of them through a cookie; {half_open["peak"]} half-open at most')
    if good != pages or pages == 0:
        print('failed: an honest client was not served')
        return 1
    if half_open['peak'] > 4097 or half_open['peak'] >= half_open['limit']:
        print('failed: half-open memory beyond its limit')
        return 1
    if summary['pools']['connections']['peak'] > pages:
        print('failed: a control block was made for a spoofed source')
        return 1
    if cookies < sent / 10 or accepted == 0:
        print('failed: the flood did not fill the SYN queue: this proves nothing')
        return 1
    return 0


sys.exit(main())
