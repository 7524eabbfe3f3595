#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Our SVG is well-formed, stands alone, and rsvg-convert makes a picture of it that is not empty.

    svg_render_test.py PROGRAM        PROGRAM FOLDER writes *.svg into FOLDER
"""
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

SKIP = 77


def check(condition, what):
    if not condition:
        sys.exit(f'not ok: {what}')


def png_size_and_colours(data):
    """Width, height and how many different byte values the picture's data has."""
    check(data[:8] == b'\x89PNG\r\n\x1a\n', 'a PNG')
    width, height = struct.unpack('>II', data[16:24])
    at, pixels = 8, b''
    while at < len(data):
        length, kind = struct.unpack('>I4s', data[at:at + 8])
        if kind == b'IDAT':
            pixels += data[at + 8:at + 8 + length]
        at += 12 + length
    return width, height, len(set(zlib.decompress(pixels)))


def stands_alone(path, text):
    check(not re.search(r'(href|src|@import|url\()', text), f'{path.name} refers to something')
    check('<script' not in text, f'{path.name} has a script')
    root = ElementTree.fromstring(text)
    check(root.tag == '{http://www.w3.org/2000/svg}svg', f'{path.name} is no SVG')
    check(root.find('{http://www.w3.org/2000/svg}title').text, f'{path.name} has no title')
    check('prefers-color-scheme:dark' in text, f'{path.name} knows no dark grounds')
    return int(root.get('width')), int(root.get('height'))


def dark(text):
    """The same as who prefers dark grounds sees it."""
    return text.replace('@media (prefers-color-scheme:dark){\n', '').replace('}\n</style>', '</style>')


def inside(path, text, width, height):
    """Nothing is drawn beyond the edges."""
    for attribute, limit in (('x', width), ('x1', width), ('x2', width), ('cx', width),
                             ('y', height), ('y1', height), ('y2', height), ('cy', height)):
        for value in re.findall(rf' {attribute}="(-?[0-9.]+)"', text):
            check(0 <= float(value) <= limit, f'{path.name}: {attribute}={value} of {limit}')


def main():
    if shutil.which('rsvg-convert') is None:
        print('rsvg-convert is not installed')
        return SKIP
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        pictures = sorted(Path(folder).glob('*.svg'))
        check(pictures, 'no pictures')
        for path in pictures:
            text = path.read_text(encoding='utf-8')
            width, height = stands_alone(path, text)
            inside(path, text, width, height)
            for kind, source in (('light', text), ('dark', dark(text))):
                png = subprocess.run(['rsvg-convert'], input=source.encode(), check=True,
                                     stdout=subprocess.PIPE).stdout
                seen_width, seen_height, colours = png_size_and_colours(png)
                check((seen_width, seen_height) == (width, height), f'{path.name} {kind}: size')
                check(colours > 60, f'{path.name} {kind}: {colours} colours: is it empty?')
            print(f'{path.name}: {width} x {height}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
