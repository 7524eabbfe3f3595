# SPDX-License-Identifier: BSD-2-Clause
"""
What can go wrong with connections on Linux, made for real, each in a network namespace of its own.

A scenario is a generator function: it builds its state, yields the options for `lastack doctor`, and is thrown away after
the doctor has looked. SICK maps each to what the doctor must say: {check: {evidence: smallest value or (low, high)}}; ALSO
lists checks that may speak up besides, because the scenario's other end lives on the same host. HEALTHY must stay silent.
"""
import array
import errno
import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from peer import ACK, FIN, LOCAL, PEER, RST, SYN, Client, Server, Tun, run

SICK, HEALTHY, SLOW = {}, [], set()
SOON = ['--close-wait-age', '1', '--half-close-age', '1', '--zero-window-age', '1']


def sick(expected, also=(), slow=False):
    def note(function):
        SICK[function.__name__] = (function, expected, set(also))
        if slow:
            SLOW.add(function.__name__)
        return function
    return note


def healthy(function):
    HEALTHY.append(function)
    return function


def sysctl(name, value):
    with open('/proc/sys/net/' + name.replace('.', '/'), 'w') as file:
        file.write(str(value))


def listener(backlog=128, address='127.0.0.1', port=0, family=socket.AF_INET, reuse=True):
    sock = socket.socket(family)
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


def answers(port):
    """Waits for a server that is being started."""
    end = time.time() + 60
    while time.time() < end:
        try:
            return socket.create_connection(('127.0.0.1', port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)


def pair(server):
    client = socket.create_connection(server.getsockname()[:2])
    return client, server.accept()[0]


def client_process(server, code, *words):
    """A client in a process of its own, so that it holds no descriptor of the server."""
    host, port = server.getsockname()[:2]
    return subprocess.Popen(['python3', '-c', 'import socket,sys,time\ns=socket.create_connection((%r,%d))\n%s'
                             % (host, port, code)] + list(words), stdout=subprocess.PIPE)


# ---- CLOSE-WAIT

@sick({'close-wait-leak': {'sockets': 1, 'inherited': 1, 'unread_fin': 1}}, also=['orphans'])
def fd_leaked_to_a_child():
    server = listener()
    client, accepted = pair(server)
    child = subprocess.Popen(['sleep', '60'], pass_fds=[accepted.fileno()])
    accepted.close()
    client.close()
    time.sleep(1.2)
    yield SOON
    child.kill()


@sick({'close-wait-leak': {'sockets': 1, 'inherited': (0, 0)}}, also=['orphans'])
def duplicated_fd_kept():
    server = listener()
    client, accepted = pair(server)
    kept = os.dup(accepted.fileno())
    accepted.close()
    client.close()
    time.sleep(1.2)
    yield SOON
    os.close(kept)


@sick({'close-wait-leak': {'sockets': 1, 'parked': 1}}, also=['orphans'])
def fd_parked_in_a_unix_queue():
    server = listener()
    client, accepted = pair(server)
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    left.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [accepted.fileno()]))])
    accepted.close()
    client.close()
    time.sleep(1.2)
    yield SOON


@sick({'close-wait-leak': {'sockets': 30, 'unread_data': 30}}, also=['orphans'])
def request_never_read():
    server = listener()
    kept = []
    for _ in range(30):
        client, accepted = pair(server)
        client.send(b'GET / HTTP/1.0\r\n\r\n')
        client.close()
        kept.append(accepted)
    time.sleep(1.2)
    yield SOON


@sick({'close-wait-leak': {'sockets': 5, 'read_to_end': 5}}, also=['orphans'])
def end_of_data_read_and_forgotten():
    server = listener()
    kept = []
    for _ in range(5):
        client, accepted = pair(server)
        client.close()
        assert accepted.recv(10) == b''
        kept.append(accepted)
    time.sleep(1.2)
    yield SOON


# ---- accept()

@sick({'acceptor-stalled': {'stuck': 1, 'closed_by_peer': 1}}, also=['orphans'])
def never_accepted():
    server = listener()
    client = socket.create_connection(server.getsockname())
    client.send(b'hello')
    client.close()
    time.sleep(0.2)
    yield SOON


@sick({'acceptor-stalled': {'accept_queue': (3, 3), 'backlog': (2, 2), 'stuck': (3, 3), 'listen_overflows_delta': 1}})
def accept_queue_full():
    server = listener(backlog=2)
    clients = []
    for _ in range(6):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(server.getsockname())
        clients.append(sock)
    time.sleep(0.3)
    yield SOON


@sick({'acceptor-stalled': {'accept_queue': (3, 3), 'half_open': (2, 2), 'syn_ack_resends_delta': 2}},
      also=['syn-pressure'])
def third_ack_dropped():
    tun = Tun()
    server = listener(backlog=2, address=LOCAL)
    kept = [Client(tun, server.getsockname()[1], 40000 + i).established() for i in range(2)]
    late = [Client(tun, server.getsockname()[1], 50000 + i) for i in range(3)]  # in before the queue is full
    for client in late:
        client.established()
    time.sleep(0.3)
    yield SOON
    del kept


@sick({'acceptor-stalled': {'accept_queue': (3, 3)}, 'sysctl-folklore': {'value': 1}})
def abort_on_overflow():
    sysctl('ipv4.tcp_abort_on_overflow', 1)
    server = listener(backlog=2)
    clients = [socket.socket() for _ in range(5)]
    for sock in clients:
        sock.setblocking(False)
        sock.connect_ex(server.getsockname())
    time.sleep(0.3)
    yield SOON


# ---- closing

@sick({'orphans': {'fin_unacknowledged': 1}})
def simultaneous_close_unfinished():
    tun = Tun()
    server = Server(tun)
    server.socket.close()
    tun.expect(FIN | ACK)
    server.say(FIN | ACK)  # crosses ours: CLOSING, and the ACK of the kernel's FIN never comes
    time.sleep(1.2)
    yield SOON


@sick({'half-closed-forever': {'peer_is_local': (0, 0)}})
def half_closed_peer_silent():
    tun = Tun()
    server = Server(tun)
    server.socket.shutdown(socket.SHUT_WR)
    server.ack = tun.expect(FIN | ACK).seq + 1
    server.say(ACK)
    time.sleep(1.5)
    yield SOON


@sick({'half-closed-forever': {'peer_is_local': 1, 'peer_pid': 1}, 'close-wait-leak': {'sockets': 1}})
def half_closed_both_ends_here():
    server = listener()
    client, accepted = pair(server)
    client.shutdown(socket.SHUT_WR)
    time.sleep(1.5)
    yield SOON


@sick({'orphans': {'fin_wait_2': 1}})
def orphan_in_fin_wait_2():
    tun = Tun()
    server = Server(tun)
    server.socket.close()
    server.ack = tun.expect(FIN | ACK).seq + 1
    server.say(ACK)
    time.sleep(1.2)
    yield SOON


@sick({'orphans': {'fin_wait_2': 1}})
def orphan_in_fin_wait_2_long_timeout():
    sysctl('ipv4.tcp_fin_timeout', 90)  # its first 30 s run as an ordinary socket, under the keepalive timer
    yield from orphan_in_fin_wait_2()


@sick({'orphans': {'window_closed': 1}})
def orphan_with_closed_window():
    tun = Tun()
    server = Server(tun)
    server.socket.setblocking(False)
    server.socket.send(b'x' * 500)  # one segment
    segment = tun.expect(ACK)
    server.ack = segment.seq + len(segment.data)
    server.say(ACK, window=0)
    server.socket.send(b'y' * 500)
    server.socket.close()
    time.sleep(1.5)
    yield SOON


def reset_loop(close, seconds=4.0, send=b''):
    """Connections that end in a RST, about 200 a second, in the background."""
    server = listener()
    stop = time.time() + seconds

    def loop():
        while time.time() < stop:
            client, accepted = pair(server)
            if send:
                client.send(send)
                time.sleep(0.001)
            close(accepted)
            try:
                client.recv(1)
            except ConnectionResetError:
                pass
            client.close()
            time.sleep(0.003)
    threading.Thread(target=loop, daemon=True).start()
    time.sleep(0.2)


@sick({'reset-storm': {'abort_on_close_per_s': 50}}, also=['port-exhaustion'])
def closed_with_unread_data():
    reset_loop(lambda sock: sock.close(), send=b'never read')
    yield ['--interval', '1']


@sick({'reset-storm': {'abort_on_data_per_s': 50}}, also=['port-exhaustion'])
def closed_with_linger_0():
    def close(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        sock.close()
    reset_loop(close)
    yield ['--interval', '1']


@sick({'fd-leak': {'descriptors_leaked': 12}})
def reset_by_peer_and_kept():
    server = listener()
    kept = []
    for _ in range(12):
        client, accepted = pair(server)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        accepted.close()
        kept.append(client)
    time.sleep(0.2)
    yield SOON


# ---- ports

def fill_range(server, count, close):
    sockets = []
    for _ in range(count):
        client, accepted = pair(server)
        if close:
            client.close()
            accepted.close()
        else:
            sockets += [client, accepted]
    return sockets


def fails_with(number, call):
    try:
        call()
    except OSError as error:
        return error.errno == number
    return False


@sick({'port-exhaustion': {'ports_used': (100, 100), 'ports_available': (100, 100)}})
def ports_exhausted():
    server, other = listener(port=9), listener(port=10)
    sysctl('ipv4.ip_local_port_range', '40000 40099')
    kept = fill_range(server, 100, False)
    assert fails_with(errno.EADDRNOTAVAIL, lambda: socket.create_connection(server.getsockname()))
    kept += pair(other)  # another destination port has its own hundred
    yield SOON


@sick({'port-exhaustion': {'ports_available': (90, 90), 'ports_used': 80}})
def ports_exhausted_less_the_reserved():
    server = listener(port=9)
    sysctl('ipv4.ip_local_port_range', '40000 40099')
    sysctl('ipv4.ip_local_reserved_ports', '40010-40019')
    kept = fill_range(server, 90, False)
    yield SOON
    del kept


@sick({'port-exhaustion': {'ports_bound': 50}})
def ports_bound_before_connect():
    sysctl('ipv4.ip_local_port_range', '40000 40059')
    kept = [socket.socket() for _ in range(55)]
    for sock in kept:
        sock.bind(('127.0.0.1', 0))
    yield SOON


@sick({'port-exhaustion': {'time_waits': (100, 100), 'tcp_tw_reuse': (0, 0), 'ports_used': (100, 100)}})
def time_waits_fill_the_range():
    sysctl('ipv4.tcp_tw_reuse', 0)
    server = listener(port=9)
    sysctl('ipv4.ip_local_port_range', '40000 40099')
    fill_range(server, 100, True)
    time.sleep(1.2)
    assert fails_with(errno.EADDRNOTAVAIL, lambda: socket.create_connection(server.getsockname()))
    yield SOON


@sick({'bind-borrowed': {'time_waits': 1, 'connections': (0, 0)}})
def restart_meets_time_wait():
    server = listener(reuse=False)
    name = server.getsockname()
    client, accepted = pair(server)
    accepted.close()
    client.close()
    server.close()
    time.sleep(0.1)
    assert fails_with(errno.EADDRINUSE, lambda: listener(port=name[1]))
    yield ['--port', str(name[1])]


@sick({'bind-borrowed': {'connections': 1, 'in_ephemeral_range': 1}})
def listen_port_stolen_by_a_client():
    sysctl('ipv4.ip_local_port_range', '40000 40001')
    server = listener(port=9)
    client, accepted = pair(server)
    port = client.getsockname()[1]
    assert fails_with(errno.EADDRINUSE, lambda: listener(port=port))
    yield ['--port', str(port)]


@sick({'tw-overflow': {'overflow_delta': 30, 'tcp_max_tw_buckets': (10, 10)}})
def time_wait_buckets_overflow():
    sysctl('ipv4.tcp_max_tw_buckets', 10)
    server = listener()

    def later():
        time.sleep(0.7)
        fill_range(server, 50, True)
    threading.Thread(target=later, daemon=True).start()
    yield ['--interval', '2']


@sick({'stale-tuple': {'syn_retries': 1, 'stale_state': (6, 6)}})
def syn_meets_a_stale_time_wait():
    """Initial sequence numbers grow by 16 MB a second. After 400 MB in less than that, the next SYN from the same port is
    old to the TIME-WAIT at the server: it answers with an ACK, and (tcp_rfc1337) takes no RST."""
    sysctl('ipv4.tcp_timestamps', 0)
    sysctl('ipv4.tcp_rfc1337', 1)
    server = listener()
    client, accepted = pair(server)
    name = client.getsockname()
    sender = threading.Thread(target=client.sendall, args=(b'x' * (400 << 20),))
    sender.start()
    left = 400 << 20
    while left:
        left -= len(accepted.recv(1 << 20))
    sender.join()
    accepted.close()
    client.close()
    again = socket.socket()
    again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    again.bind(name)
    again.setblocking(False)
    again.connect_ex(server.getsockname())
    time.sleep(1.5)
    yield []


# ---- SYNs

def flood(cookies, seconds=3.0):
    sysctl('ipv4.tcp_syncookies', cookies)
    tun = Tun()
    server = listener(backlog=4, address=LOCAL)
    stop = time.time() + seconds

    def loop():
        n = 0
        while time.time() < stop:
            Client(tun, server.getsockname()[1], 1024 + n, '198.51.100.%d' % (1 + n % 250))
            n += 1
            time.sleep(0.005)
    threading.Thread(target=loop, daemon=True).start()
    time.sleep(0.3)
    return server, tun


@sick({'syn-pressure': {'queue_full_drops_delta': 15, 'cookies_sent_delta': (0, 0)}},
      also=['sysctl-folklore'])
def syn_flood_without_cookies():
    kept = flood(0)
    yield ['--interval', '1']
    del kept


@sick({'syn-pressure': {'queue_full_cookies_delta': 15, 'cookies_sent_delta': 15}})
def syn_flood_with_cookies():
    kept = flood(1)
    yield ['--interval', '1']
    del kept


@sick({'syn-pressure': {'cookies_sent_delta': 15}})
def syn_flood_always_cookies():
    kept = flood(2)
    yield ['--interval', '1']
    del kept


# ---- TIME-WAIT and what reaches it

def scripted_time_wait(tun):
    server = listener(address=LOCAL, reuse=True)
    client = Client(tun, server.getsockname()[1]).established()
    accepted = server.accept()[0]
    accepted.close()
    fin = tun.expect(FIN | ACK)
    client.ack = fin.seq + 1
    client.say(FIN | ACK)
    client.seq += 1
    tun.expect(ACK)
    return server, client


@sick({'reset-storm': {'time_waits_killed': (1, 1), 'tcp_rfc1337': (0, 0)}})
def rst_ends_time_wait():
    tun = Tun()
    server, client = scripted_time_wait(tun)
    threading.Timer(1.0, lambda: client.say(RST)).start()
    yield ['--interval', '2']


# ---- somebody waits

@sick({'zero-window': {'reader_queue_bytes': 10000, 'send_queue_bytes': 1, 'reader_pid': 1}})
def reader_asleep():
    server = listener()
    client, accepted = pair(server)
    client.setblocking(False)
    try:
        while True:
            client.send(b'x' * 65536)
    except BlockingIOError:
        pass
    time.sleep(2.5)
    yield SOON


@sick({'dead-peer': {'resends': 4}})
def peer_is_dead():
    tun = Tun()
    server = Server(tun)
    server.socket.send(b'hello?')
    time.sleep(4.5)
    yield []


# ---- settings

@sick({'sysctl-folklore': {'value': (5, 5)}})
def fin_timeout_to_shrink_time_wait():
    sysctl('ipv4.tcp_fin_timeout', 5)
    yield []


@sick({'sysctl-folklore': {'value': (0, 0)}})
def reuse_without_timestamps():
    sysctl('ipv4.tcp_tw_reuse', 1)
    sysctl('ipv4.tcp_timestamps', 0)
    yield []


# ---- waits of a minute

@sick({'half-closed-forever': {'age_s': 120}}, slow=True)
def half_closed_by_the_default_threshold():
    tun = Tun()
    server = Server(tun)
    server.socket.shutdown(socket.SHUT_WR)
    server.ack = tun.expect(FIN | ACK).seq + 1
    server.say(ACK)
    time.sleep(121)
    yield []


@sick({'zero-window': {'closed_for_s': 30}}, slow=True)
def reader_asleep_by_the_default_threshold():
    server = listener()
    client, accepted = pair(server)
    client.setblocking(False)
    try:
        while True:
            client.send(b'x' * 65536)
    except BlockingIOError:
        pass
    time.sleep(31)
    yield []


# ---- nothing is wrong

@healthy
def idle_host():
    yield []


@healthy
def idle_listeners():
    kept = [listener() for _ in range(20)]
    yield []
    del kept


@healthy
def nginx_keepalive_under_wrk():
    yield from web_server(['-c', '50', '-t', '1'])


@healthy
def nginx_few_connections():
    yield from web_server(['-c', '2', '-t', '1'])


@healthy
def nginx_ipv6():
    yield from web_server(['-c', '20', '-t', '1'], host='[::1]')


def web_server(wrk_options, host='127.0.0.1'):
    folder = '/tmp/lastack-nginx-%d' % os.getpid()
    os.makedirs(folder, exist_ok=True)
    with open(folder + '/nginx.conf', 'w') as file:
        file.write('''daemon off; master_process on; worker_processes 1; pid %s/pid; error_log /dev/null;
events { worker_connections 512; }
http { access_log off; keepalive_requests 10000000; client_body_temp_path %s; proxy_temp_path %s;
  fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
  server { listen 8080; listen [::]:8080; location / { return 200 "hello"; } } }
''' % ((folder,) * 6))
    nginx = subprocess.Popen(['nginx', '-c', folder + '/nginx.conf'], stderr=subprocess.DEVNULL)
    answers(8080)
    wrk = subprocess.Popen(['wrk', '-d', '6'] + wrk_options + ['http://%s:8080/' % host], stdout=subprocess.DEVNULL)
    time.sleep(1)
    assert nginx.poll() is None and wrk.poll() is None
    yield []
    wrk.kill()
    nginx.terminate()
    nginx.wait()
    subprocess.run(['rm', '-rf', folder])


@healthy
def long_idle_connections():
    server = listener()
    kept = [pair(server) for _ in range(200)]
    time.sleep(2)
    yield []
    del kept


@healthy
def busy_pairs():
    server = listener()
    stop = time.time() + 6

    def echo(client, accepted):
        while time.time() < stop:
            client.send(b'x' * 1000)
            accepted.recv(1000, socket.MSG_WAITALL)
    for _ in range(4):
        threading.Thread(target=echo, args=pair(server), daemon=True).start()
    yield []


@healthy
def bulk_transfer():
    server = listener()
    client, accepted = pair(server)
    stop = time.time() + 6

    def write():
        while time.time() < stop:
            client.send(b'x' * 65536)

    def read():
        while time.time() < stop:
            accepted.recv(1 << 20)
    threading.Thread(target=read, daemon=True).start()
    threading.Thread(target=write, daemon=True).start()
    yield []


@healthy
def short_connections():
    server = listener()
    stop = time.time() + 6

    def loop():
        while time.time() < stop:
            client, accepted = pair(server)
            client.send(b'question')
            accepted.recv(100)
            accepted.send(b'answer')
            client.recv(100)
            accepted.close()
            client.recv(1)
            client.close()
            time.sleep(0.01)
    threading.Thread(target=loop, daemon=True).start()
    yield []


@healthy
def two_thousand_time_waits():
    server = listener()
    fill_range(server, 2000, True)
    time.sleep(1.2)
    yield []


@healthy
def half_close_in_use():
    server = listener()
    client, accepted = pair(server)
    client.shutdown(socket.SHUT_WR)
    stop = time.time() + 12

    def stream():
        while time.time() < stop:
            accepted.send(b'still talking')
            client.recv(100)
            time.sleep(0.2)
    threading.Thread(target=stream, daemon=True).start()
    time.sleep(6)
    yield []


@healthy
def reader_pauses_for_a_moment():
    server = listener()
    client, accepted = pair(server)
    client.setblocking(False)
    try:
        while True:
            client.send(b'x' * 65536)
    except BlockingIOError:
        pass
    time.sleep(1)
    yield []


@healthy
def redis_with_clients():
    redis = subprocess.Popen(['redis-server', '--port', '6379', '--save', '', '--daemonize', 'no'],
                             stdout=subprocess.DEVNULL)
    answers(6379)
    load = subprocess.Popen(['redis-benchmark', '-c', '20', '-n', '10000000', '-q', '-t', 'get'],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    assert redis.poll() is None and load.poll() is None
    yield []
    load.kill()
    redis.kill()
    redis.wait()


@healthy
def reuse_makes_a_full_range_harmless():
    sysctl('ipv4.tcp_tw_reuse', 1)
    server = listener(port=9)
    sysctl('ipv4.ip_local_port_range', '40000 40099')
    fill_range(server, 100, True)
    time.sleep(1.2)
    pair(server)  # connect() takes a port out of TIME-WAIT
    yield []


@healthy
def reuse_on_loopback_by_default():
    sysctl('ipv4.tcp_tw_reuse', 2)
    server = listener(port=9)
    sysctl('ipv4.ip_local_port_range', '40000 40099')
    fill_range(server, 100, True)
    time.sleep(1.2)
    pair(server)
    yield []


@healthy
def syn_on_time_wait_is_normal():
    tun = Tun()
    server, client = scripted_time_wait(tun)
    client.seq += 1000000  # higher than anything before: reopens
    client.say(SYN, has_ack=False)
    client.seq += 1
    client.established()
    accepted = server.accept()[0]
    yield []
    accepted.close()


@healthy
def rst_on_time_wait_with_rfc1337():
    sysctl('ipv4.tcp_rfc1337', 1)
    tun = Tun()
    server, client = scripted_time_wait(tun)
    threading.Timer(1.0, lambda: client.say(RST)).start()
    yield ['--interval', '2']


@healthy
def simultaneous_close_finished():
    tun = Tun()
    server = Server(tun)
    server.socket.close()
    fin = tun.expect(FIN | ACK)
    server.say(FIN | ACK)
    server.seq += 1
    server.ack = fin.seq + 1
    time.sleep(0.05)
    server.say(ACK)
    time.sleep(0.3)
    yield []
