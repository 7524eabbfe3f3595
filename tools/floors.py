# SPDX-License-Identifier: BSD-2-Clause
"""
The floors of the house, in one place for every tool: which folder may see which.

    floor 7  cmd                                 a folder sees itself and every folder of a lower floor;
    floor 6  drill view doctor gateway bench     folders of one floor do not see each other;
             instruments drill                   the verbs see view (and doctor)
             packetdrill                         the original's shared object: sees drill's target
    floor 5  sim host services                   host sees sim: its relay is a simulated link between real ends
    floor 4  socket          } the core: freestanding, amalgamated,
    floor 3  stack           } sealed into liblastack.a
    floor 2  ip tcp udp      }     tcp: value < mechanism loss cc < conn < table < event
    floor 1  wire            }
    floor 0  base            }
"""
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

# Folder -> (floor, step inside the floor). A folder sees lower floors, and lower steps of its own floor; what
# has the same step cannot see each other, nor can protocols, whatever their steps.
FOLDERS = {
    'src/base': (0, 0),
    'src/wire': (1, 0),
    'src/ip': (2, 0),
    'src/udp': (2, 0),
    'src/tcp': (2, 6),
    'src/tcp/value': (2, 1),
    'src/tcp/mechanism': (2, 2),
    'src/tcp/loss': (2, 2),
    'src/tcp/cc': (2, 2),
    'src/tcp/conn': (2, 3),
    'src/tcp/table': (2, 4),
    'src/tcp/event': (2, 5),
    'src/stack': (3, 0),
    'src/socket': (4, 0),
    'src/sim': (5, 0),
    'src/host': (5, 1),
    'src/services': (5, 0),
    'src/drill': (6, 1),
    'src/view': (6, 0),
    'src/doctor': (6, 0),
    'src/gateway': (6, 0),
    'src/bench': (6, 0),
    'src/instruments': (6, 1),
    'src/packetdrill': (6, 2),
    'cmd': (7, 0),
}

LAST_CORE_FLOOR = 4


def folder_of(path):
    """The folder of FOLDERS that holds this file (a path relative to TOP), or None."""
    parent = Path(path).parent
    while parent != Path('.'):
        if str(parent) in FOLDERS:
            return str(parent)
        parent = parent.parent
    return None


def is_core(folder):
    return FOLDERS[folder][0] <= LAST_CORE_FLOOR


def may_see(folder, other):
    """May a file of `folder` include a header of `other`?"""
    if folder == other:
        return True
    (floor, step), (other_floor, other_step) = FOLDERS[folder], FOLDERS[other]
    if floor != other_floor:
        return other_floor < floor
    siblings = floor == 2 and not (folder.startswith('src/tcp') and other.startswith('src/tcp'))
    return not siblings and other_step < step


def files(*suffixes, core_only=False):
    """Every file of the floors with one of the suffixes, as (path relative to TOP, folder), by floor."""
    found = []
    for top in ('src', 'cmd'):
        for path in sorted((TOP / top).rglob('*')):
            relative = path.relative_to(TOP)
            folder = folder_of(relative)
            if path.suffix not in suffixes or folder is None:
                continue
            if not core_only or is_core(folder):
                found.append((relative, folder))
    return sorted(found, key=lambda item: (FOLDERS[item[1]], str(item[0])))
