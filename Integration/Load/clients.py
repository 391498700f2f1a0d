"""Clients of an agent's HTTP servers: those who want to keep it from others, and those who want an answer.

clients.py KIND TARGETS SOURCES

KIND     what it does, see below; `ask` for an honest client
TARGETS  address:port[/path],… or unix:/path/of/socket[/path]; the address in brackets for IPv6
SOURCES  addresses that it comes from, or `any`

It prints a line when it begins, works until SIGTERM, and prints then what it did, one JSON object.
"""
import errno
import json
import os
import random
import resource
import signal
import socket
import struct
import sys
import time

done = False
counts = {}


def count(name, number=1):
    counts[name] = counts.get(name, 0) + number


class Target:
    def __init__(self, text):
        if text.startswith("unix:"):
            self.family, self.address, self.path = socket.AF_UNIX, text[5:], "/status"
        else:
            place, _, path = text.partition("/")
            host, _, port = place.rpartition(":")
            self.family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
            self.address, self.path = (host.strip("[]"), int(port)), "/" + path
        self.name = text

    def socket(self, blocking=False):
        s = socket.socket(self.family, socket.SOCK_STREAM)
        s.setblocking(blocking)
        fitting = [a for a in sources if (":" in a) == (self.family == socket.AF_INET6)]
        if self.family != socket.AF_UNIX and fitting:
            s.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            s.bind((random.choice(fitting), 0))
        return s

    def connect(self):
        s = self.socket()
        code = s.connect_ex(self.address)
        if code not in (0, errno.EINPROGRESS, errno.EAGAIN):
            s.close()
            raise OSError(code, os.strerror(code))
        return s

    def request(self, more=""):
        return f"GET {self.path} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode()


class Crowd:
    """Clients that stay as long as they can; one that was sent away comes again."""

    def __init__(self, size, begin, go_on, pause=1.0):
        self.size, self.begin, self.go_on, self.pause = size, begin, go_on, pause
        self.members = {}

    def run(self):
        due = 0
        while not done:
            for _ in range(min(50, self.size - len(self.members))):
                try:
                    s = random.choice(targets).connect()
                except OSError as error:
                    count(errno.errorcode.get(error.errno, "error"))
                    continue
                count("connections")
                self.members[s] = self.begin(s)
            if time.monotonic() >= due:
                due = time.monotonic() + self.pause
                for s, state in list(self.members.items()):
                    try:
                        self.members[s] = self.go_on(s, state)
                    except BlockingIOError:
                        pass
                    except OSError:
                        count("sent away")
                        s.close()
                        del self.members[s]
            time.sleep(0.05)


def trickle(state):
    """A byte of a head each time."""
    text = b"GET / HTTP/1.1\r\nHost: test\r\nA: " + b"a" * 4000

    def go_on(s, sent):
        try:
            if s.recv(1 << 16) == b"":
                raise OSError
        except BlockingIOError:
            pass
        s.send(text[sent : sent + 1])
        return sent + 1

    return Crowd(state, lambda s: 0, go_on)


def silent(size):
    """Says nothing; half of them close their half after half a request."""

    def go_on(s, state):
        if state == 0 and random.random() < 0.5:
            s.send(b"GET / HTTP/1.1\r\n")
            s.shutdown(socket.SHUT_WR)
        if s.recv(1 << 16) == b"":
            raise OSError
        return 1

    return Crowd(size, lambda s: 0, go_on)


def readers(size):
    """Asks for much and takes a byte each time."""

    def begin(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        return 0

    def go_on(s, state):
        if state == 0:
            s.send(random.choice(targets).request())
        elif s.recv(1) == b"":
            raise OSError
        return 1

    return Crowd(size, begin, go_on)


def burst(closing):
    """300 connections at a time, closed at once."""

    class Burst:
        def run(self):
            while not done:
                for target in targets:
                    opened = []
                    for _ in range(300):
                        try:
                            opened.append(target.connect())
                            count("connections")
                        except OSError as error:
                            count(errno.errorcode.get(error.errno, "error"))
                    for s in opened:
                        closing(s)
                        s.close()
                time.sleep(0.1)

    return Burst()


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Garbage:
    """Long heads, pipelines, bodies and nonsense."""

    def run(self):
        while not done:
            target = random.choice(targets)
            text = random.choice([
                b"GET / HTTP/1.1\r\nA: " + b"a" * 100_000,
                target.request() * 500,
                b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"b" * 100_000,
                b"HEAD / HTTP/1.1\r\n\r\n", os.urandom(2000), b"\r\n" * 5000, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000,
            ])
            try:
                s = target.socket(blocking=True)
                s.settimeout(2)
                s.connect(target.address)
                count("connections")
                s.sendall(text)
                while s.recv(1 << 16):
                    pass
            except OSError:
                count("sent away")
            s.close()


class HalfOpen:
    """Begins connections from addresses that nobody has, and never completes them."""

    def run(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        while not done:
            for target in targets:
                source = bytes(map(int, sources[0].split(".")))[:3] + bytes([random.randrange(100, 200)])
                destination = socket.inet_aton(target.address[0])
                tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65536), target.address[1],
                                  random.getrandbits(32), 0, 5 << 4, 2, 65535, 0, 0)
                tcp = tcp[:16] + struct.pack("!H", checksum(source + destination + struct.pack("!HH", 6, 20) + tcp)) + tcp[18:]
                ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, destination)
                try:
                    s.sendto(ip + tcp, (target.address[0], 0))
                    count("connections")
                except OSError as error:
                    count(errno.errorcode.get(error.errno, "error"))
            time.sleep(0.01)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


class Ask:
    """Asks each target in turn, and takes the time from the first packet to the last byte of the answer."""

    patience = 20

    def run(self):
        figures = {target.name: {"asked": 0, "answered": 0, "longest": 0.0, "failures": []} for target in targets}
        counts["figures"] = figures
        while not done:
            for target in targets:
                figure = figures[target.name]
                began = time.monotonic()
                try:
                    answer = self.ask(target)
                    if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
                        raise OSError(0, f"answer {answer[:60]!r}")
                    figure["answered"] += 1
                except OSError as error:
                    figure["failures"] = (figure["failures"] + [f"{error}"])[:5]
                finally:
                    # The last one may be interrupted by the end; that it waited counts all the same.
                    figure["longest"] = max(figure["longest"], time.monotonic() - began)
                figure["asked"] += 1
            time.sleep(0.01)

    def ask(self, target):
        with target.socket(blocking=True) as s:
            s.settimeout(self.patience)
            s.connect(target.address)
            s.sendall(target.request("Connection: close\r\n"))
            parts = []
            while part := s.recv(1 << 16):
                parts.append(part)
            return b"".join(parts)


class Serve:
    """Answers one after another: what a server that nobody attacks takes on this machine now."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(targets[0].address)
        self.socket.listen(100)
        self.socket.settimeout(0.2)

    def run(self):
        while not done:
            try:
                client, _ = self.socket.accept()
            except OSError:
                continue
            with client:
                try:
                    client.settimeout(20)
                    client.recv(1 << 16)
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    count("answered")
                except OSError:
                    count("failed")


kinds = {
    "trickle": lambda: trickle(1000), "silent": lambda: silent(300), "readers": lambda: readers(100),
    "burst": lambda: burst(lambda s: None), "reset": lambda: burst(reset), "garbage": Garbage, "halfopen": HalfOpen,
    "ask": Ask, "serve": Serve,
}


def stop(*_):
    global done
    done = True
    if kind == "ask":
        raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
# Whoever starts this may do so from a thread that leaves signals to others.
signal.pthread_sigmask(signal.SIG_SETMASK, [])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
kind, targets = sys.argv[1], [Target(text) for text in sys.argv[2].split(",")]
sources = [] if sys.argv[3] == "any" else sys.argv[3].split(",")
try:
    work = kinds[kind]()
    print("begun", flush=True)
    work.run()
except KeyboardInterrupt:
    pass
print(json.dumps(counts), flush=True)
