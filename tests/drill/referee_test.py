#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The original packetdrill as a referee: its verdicts on the loaded stack beside lastack drill's.

    PACKETDRILL=/path/to/packetdrill referee_test.py LASTACK LIBRARY PRELOAD DEVIATIONS SUITE...

Each SUITE is a folder of scripts, or FOLDER=PROFILE; without one each script says its profile in a
comment, "// profile: NAME", or it is linux. For each script: does the
original, unmodified, say what lastack drill says? Its verdict is "passes" if it does so in one of
three ways to see frames (docs/drill.md, section 6), for an original from before 2020 compares each
line with exactly one packet and does not cut. What differs must be in DEVIATIONS, with its reason:
lines of SUITE/SCRIPT, a tab, the reason. A deviation that is none any more fails, too.

Without the original (PACKETDRILL, or one in PATH) or a suite the test is skipped: 77.
"""

import concurrent.futures
import json
import os
import re
import resource
import shutil
import subprocess
import sys

FRAMES = ("whole", "cut", "joined")
SECONDS = 30

# What the suite's own runner passes; a script's own words for addresses go first.
SYMBOLS = {
    "ipv4": {"TFO_COOKIE": "3021b9d889017eeb", "TFO_COOKIE_ZERO": "b7c12350a90dc8f5",
             "CMSG_LEVEL_IP": "SOL_IP", "CMSG_TYPE_RECVERR": "IP_RECVERR",
             "CODE": "host_unreachable"},
    "ipv6": {"TFO_COOKIE": "c1d1e9742a47a9bc", "TFO_COOKIE_ZERO": "82af1a8f9a205c34",
             "CMSG_LEVEL_IP": "SOL_IPV6", "CMSG_TYPE_RECVERR": "IPV6_RECVERR",
             "CODE": "address_unreachable"},
}
ADDRESSES = {
    "ipv4": {"local_ip": "192.168.0.1", "remote_ip": "192.0.2.1"},
    "ipv6": {"local_ip": "fd3d:0a0b:17d6::1", "remote_ip": "fd3d:fa7b:d17d::1"},
}


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def options_for(script):
    """The command line that goes with a script."""
    with open(script, encoding="utf-8", errors="replace") as file:
        text = file.read()
    version = "ipv6" if script.endswith("v6.pkt") else "ipv4"
    options = ["--code_command=python3"]  # the original's default is a path that is gone
    if "--ip_version" not in text:
        options.append(f"--ip_version={version}")
    options += [f"--{name}={value}" for name, value in ADDRESSES[version].items()
                if f"--{name}=" not in text]
    for name, value in SYMBOLS[version].items():
        options += ["-D", f"{name}={value}"]
    return options


def small_stack():
    """The original locks its memory: stacks of 8 MiB are beyond an ordinary user's limit."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (512 * 1024, hard))


class Referee:
    """The original with the two objects."""

    def __init__(self, program, library, preload):
        self.program = program
        self.library = os.path.abspath(library)  # it is played in the script's folder
        self.environment = dict(os.environ, LD_PRELOAD=os.path.abspath(preload))

    def play(self, script, profile, frames):
        """None: it passes; else the last line that is said."""
        command = [self.program, f"--so_filename={self.library}",
                   f"--so_flags=profile={profile},frames={frames}", *options_for(script),
                   os.path.basename(script)]
        try:
            run = subprocess.run(command, cwd=os.path.dirname(script), env=self.environment,
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 errors="replace", timeout=SECONDS, preexec_fn=small_stack,
                                 check=False)
        except subprocess.TimeoutExpired:
            return f"nothing after {SECONDS} s"
        said = (run.stdout + run.stderr).strip().splitlines()
        return None if run.returncode == 0 else (said[-1] if said else f"exit {run.returncode}")

    def reads(self, script):
        """None: it can be read; else what the original says about it."""
        run = subprocess.run([self.program, "--dry_run", *options_for(script),
                              os.path.basename(script)], cwd=os.path.dirname(script),
                             stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             errors="replace", timeout=SECONDS, check=False)
        said = (run.stdout + run.stderr).strip().splitlines()
        return None if run.returncode == 0 else (said or ["it cannot"])[0]

    def judge(self, script, profile):
        """(can be read, what is said in each way to see frames until one passes)"""
        unreadable = self.reads(script)
        if unreadable is not None:
            return False, {"": unreadable}
        said = {}
        for frames in FRAMES:
            said[frames] = self.play(script, profile, frames)
            if said[frames] is None:
                break
        return True, said


def profile_of(script, profile):
    if profile:
        return profile
    with open(script, encoding="utf-8", errors="replace") as file:
        named = re.search(r"^// profile: (\S+)", file.read(), re.MULTILINE)
    return named.group(1) if named else "linux"


def our_verdicts(lastack, folder, profile):
    """{path: passes} by lastack drill."""
    run = subprocess.run([lastack, "drill", "--json", *([f"--profile={profile}"] if profile else []),
                          folder], capture_output=True, text=True, check=False)
    rows = (json.loads(line) for line in run.stdout.splitlines())
    return {row["script"]: row["ok"] for row in rows if "script" in row}


def read_deviations(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def compare(referee, lastack, suite, deviations):
    """One suite: how many agree, and how many faults."""
    folder, _, profile = suite.partition("=")
    folder = os.path.abspath(folder)
    name = os.path.basename(folder)
    ours = our_verdicts(lastack, folder, profile)
    count = {"agree": 0, "pass": 0, "unreadable": 0, "known": 0, "frames": dict.fromkeys(FRAMES, 0)}
    faults = 0

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        verdicts = pool.map(lambda script: referee.judge(script, profile_of(script, profile)),
                            sorted(ours))
        for script, (readable, said) in zip(sorted(ours), verdicts):
            key = f"{name}/{os.path.relpath(script, folder)}"
            last = list(said)[-1]
            passes = said[last] is None
            reason = deviations.get(key)
            if not readable:
                count["unreadable"] += 1
                print(f"not read  {key}: {said[last]}")
            elif passes == ours[script]:
                count["agree"] += 1
                count["pass"] += passes
                if passes:
                    count["frames"][last] += 1
                if reason is not None:
                    faults += 1
                    print(f"FAULT     {key}: agrees, but is listed: {reason}")
            elif reason is not None:
                count["known"] += 1
                print(f"differs   {key}: {reason}")
            else:
                faults += 1
                print(f"FAULT     {key}: drill {'passes' if ours[script] else 'fails'}, "
                      f"the original {'passes' if passes else 'says'}")
                for frames, text in said.items():
                    print(f"              {frames}: {text}")
    ways = ", ".join(f"{number} with frames={frames}" for frames, number in
                     count["frames"].items())
    print(f"{name}: of {len(ours)} scripts the original reads "
          f"{len(ours) - count['unreadable']}; {count['agree']} have the same verdict "
          f"({count['pass']} pass: {ways}), {count['known']} differ for known reasons, "
          f"{faults} for none")
    return faults


def main():
    lastack, library, preload, deviations, *suites = sys.argv[1:]
    program = os.environ.get("PACKETDRILL") or shutil.which("packetdrill")
    if program is None:
        skip("there is no original packetdrill (PACKETDRILL=PATH says where it is)")
    suites = [suite for suite in suites if os.path.isdir(suite.partition("=")[0])]
    if not suites:
        skip("the suites are not there")
    referee = Referee(os.path.abspath(program), library, preload)
    known = read_deviations(deviations)
    faults = sum([compare(referee, lastack, suite, known) for suite in suites])
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
