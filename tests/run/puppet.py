# SPDX-License-Identifier: BSD-2-Clause
"""
Both ends of a connection in one test's hands: ours are the sockets of puppet.c, theirs the kernel's, all
in one network namespace of this test's own.

      Puppet('tun', 'ours', ...)  ═ tun or veth ═  socket.socket()
      192.0.2.1, 2001:db8::1                       192.0.2.2, 2001:db8::2
"""
import os
import socket
import subprocess
import sys
import time

SKIPPED = 77
OURS = {4: '192.0.2.1', 6: '2001:db8::1'}
THEIRS = {4: '192.0.2.2', 6: '2001:db8::2'}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
STATES = ['', 'ESTABLISHED', 'SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED',
          'CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING', 'SYN-RECEIVED']
PATIENCE = 60


def enter_namespace():
    """Runs this program again in a network namespace of its own; exits 77 where that is refused."""
    if '--inside' in sys.argv:
        sys.argv.remove('--inside')
        for command in ('ip link set lo up',):
            if os.system(command + ' 2>/dev/null') != 0:
                print('skipped:', command)
                sys.exit(SKIPPED)
        return
    enter = ['unshare', '-n'] if os.geteuid() == 0 else ['unshare', '-r', '-n']
    if subprocess.run([*enter, 'true'], stderr=subprocess.DEVNULL).returncode != 0:
        print('skipped: namespaces are refused')
        sys.exit(SKIPPED)
    sys.exit(subprocess.run([*enter, sys.executable, *sys.argv, '--inside']).returncode)


def ip(line):
    subprocess.run(['ip', *line.split()], check=True)


def sysctl(name, value):
    with open('/proc/sys/' + name.replace('.', '/'), 'w') as file:
        file.write(str(value))


class Refused(Exception):
    """A call said no: .error is its name, .cause what lastack_last_cause says."""

    def __init__(self, error, cause):
        super().__init__(f'{error} {cause}')
        self.error, self.cause = error, cause


class Puppet:
    """Calls by name: puppet.socket(4), puppet.bind(fd, '0.0.0.0', 80) ..."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([program, *map(str, arguments)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines('ready')

    def lines(self, what):
        found = []
        for line in self.process.stdout:
            if line.startswith('ok'):
                return found, line.split()[1:]
            if line.startswith('no '):
                raise Refused(*line.split()[1:3])
            found.append(line.split()[1:])
        raise RuntimeError(f'the puppet is gone: {what}')

    def ask(self, *words):
        line = ' '.join(map(str, words))
        self.process.stdin.write(line + '\n')
        return self.lines(line)

    def __getattr__(self, name):
        return lambda *words: int(self.ask(name, *words)[1][0])

    def name(self, fd):
        address, port = self.ask('name', fd)[1]
        return address, int(port)

    def rows(self):
        """[(state, local, port, remote, port, cause, owner, {more})]"""
        return [(state, local, int(lport), remote, int(rport), cause, owner, dict(m.split('=') for m in more))
                for state, local, lport, remote, rport, cause, owner, *more in self.ask('rows')[0]]

    def pools(self):
        return {name: int(used) for name, used in self.ask('pools')[0]}

    def state(self, lport, rport):
        """Of our end of a connection; 'CLOSED' if there is none."""
        for state, _, local, _, remote, *_ in self.rows():
            if (local, remote) == (lport, rport):
                return state
        return 'CLOSED'

    def unread(self, lport, rport):
        """How many bytes wait to be read at our end of a connection; None if there is none."""
        return next((int(row[7]['unread']) for row in self.rows() if (row[2], row[4]) == (lport, rport)), None)

    def listener(self, version, port, backlog=16):
        fd = self.socket(version)
        self.bind(fd, '0.0.0.0' if version == 4 else '::', port)
        self.listen(fd, backlog)
        return fd

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=60)


def puppet_on(program, kind):
    """A puppet at the other end of the kernel's only interface; a fresh one each time."""
    if kind == 'tun':
        puppet = Puppet(program, 'tun', 'near', '192.0.2.1/24', '2001:db8::1/64')
    else:
        ip('link add near type veth peer name far')
        sysctl('net.ipv6.conf.far.disable_ipv6', 1)
        ip('link set far up')
        ip('link set near up')
        until(True, lambda: is_running('far'))
        puppet = Puppet(program, 'veth', 'far', '192.0.2.1/24', '2001:db8::1/64')
    ip('address add 192.0.2.2/24 dev near')
    ip('address add 2001:db8::2/64 dev near nodad')
    ip('link set near up')
    until(True, lambda: is_running('near'))
    return puppet


def is_running(name):
    """Both ends of a veth are: what is sent into one that is up but not ready yet is lost."""
    return 'LOWER_UP' in subprocess.run(['ip', 'link', 'show', name], stdout=subprocess.PIPE, text=True).stdout


def make_patient(puppet):
    """Nothing is lost between the ends, but a busy machine may give one of them no time: neither takes that for a loss.
    A FIN that comes twice is answered twice, and the second answer meets a closed end, whose RST ends TIME-WAIT."""
    puppet.set('rto_min', '20s')
    puppet.set('tail_loss_probe', 'off')
    sysctl('net.ipv4.tcp_early_retrans', 0)
    ip('route change 192.0.2.0/24 dev near proto kernel scope link src 192.0.2.2 rto_min 20s')
    ip('-6 route change 2001:db8::/64 dev near proto kernel metric 256 rto_min 20s')


def remove(puppet, kind):
    puppet.end()
    if kind == 'veth':
        ip('link delete near')


def has_tun():
    return os.access('/dev/net/tun', os.R_OK | os.W_OK)


# ---- the kernel's end ----

def kernel_rows():
    """{(local port, remote port): state}"""
    rows = {}
    for name in ('tcp', 'tcp6'):
        with open('/proc/net/' + name) as file:
            for line in list(file)[1:]:
                words = line.split()
                ports = tuple(int(word.split(':')[1], 16) for word in words[1:3])
                rows[ports] = STATES[int(words[3], 16)]
    return rows


def kernel_state(lport, rport):
    return kernel_rows().get((lport, rport), 'CLOSED')


def until(wanted, look):
    """What `look` says when it says what is wanted, or at the end of patience."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if seen == wanted or time.monotonic() > end:
            return seen
        time.sleep(0.005)
