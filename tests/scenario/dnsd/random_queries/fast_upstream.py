# Signpost. Apache-2.0; see LICENSE.
"""An upstream in a process of its own, fast because it has each answer ready: what it says follows from the name's checksum.

    with FastUpstream() as upstream:
        ...  # upstream.address
    expected("r1.example.net", "A")      # (rcode, number of answers): what a client must get; None: SERVFAIL may come, too
"""
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import zlib

if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3]))

from support.process import _PR_SET_PDEATHSIG, _libc

A, TXT, AAAA = 1, 16, 28
NXDOMAIN, SERVFAIL = 3, 2
VARIANTS = 1024
TTLS = (0, 1, 2, 5, 10, 30, 60, 300, 3600, 86400)
SILENT, FAILING, CUT = 1000, 1001, 1002  # variants that are not answered, answered by SERVFAIL, answered over TCP only
_OPT = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)


def variant_of(question):
    """`question`: name in wire form and type, lower case."""
    return zlib.crc32(question) % VARIANTS


def _records(variant, kind):
    """(rcode, number of answers, answer and authority sections) of a variant."""
    if variant % 10 == 9:
        return NXDOMAIN, 0, _soa()
    if variant % 10 == 8 or kind not in (A, AAAA, TXT):
        return 0, 0, _soa()
    ttl, count = TTLS[variant % len(TTLS) if variant % 3 else 7], 1 + variant % 16 * (variant % 7 == 0)
    data = {A: lambda n: struct.pack("!HBB", 0xC612, variant & 255, n), AAAA: lambda n: struct.pack("!QQ", 0x20010DB8 << 32, n),
            TXT: lambda n: bytes([40 + variant % 100]) + b"%03d" % n + b"x" * (37 + variant % 100)}[kind]
    records = [b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, ttl, len(data(n))) + data(n) for n in range(count)]
    return 0, count, b"".join(records)


def _soa():
    """The root's, for every name lies in it."""
    data = b"\x00\x00" + struct.pack("!5I", 1, 3600, 600, 86400, 5)
    return b"\x00" + struct.pack("!HHIH", 6, 1, 5, len(data)) + data


def expected(name, kind):
    """(rcode, answers) or None."""
    from support.ask import encode_name
    variant = variant_of(encode_name(name) + struct.pack("!H", kind))
    return None if variant in (SILENT, FAILING) else _records(variant, kind)[:2]


class Server:
    def __init__(self, udp, tcp):
        self._udp, self._tcp = udp, tcp
        self._ready = {}  # (variant, type): what follows the question
        self._streams = {}

    def run(self):
        while True:
            ready, _, _ = select.select([self._udp, self._tcp, *self._streams], [], [])
            for link in ready:
                if link is self._udp:
                    self._take_datagrams()
                elif link is self._tcp:
                    stream, _ = self._tcp.accept()
                    self._streams[stream] = b""
                else:
                    self._take_stream(link)

    def _take_datagrams(self):
        for _ in range(256):
            try:
                query, peer = self._udp.recvfrom(2048)
            except BlockingIOError:
                return
            answer = self._answer(query, False)
            if answer:
                self._udp.sendto(answer, peer)

    def _take_stream(self, stream):
        try:
            piece = stream.recv(65536)
        except OSError:
            piece = b""
        if not piece:
            del self._streams[stream]
            stream.close()
            return
        got = self._streams[stream] + piece
        while len(got) >= 2 and len(got) >= 2 + int.from_bytes(got[:2], "big"):
            size = int.from_bytes(got[:2], "big")
            answer = self._answer(got[2:2 + size], True)
            if answer:
                stream.sendall(struct.pack("!H", len(answer)) + answer)
            got = got[2 + size:]
        self._streams[stream] = got

    def _answer(self, query, tcp):
        end = query.index(0, 12) + 5
        question = query[12:end - 4].lower() + query[end - 4:end - 2]  # a type may look like a letter
        variant = variant_of(question)
        if variant == SILENT:
            return None
        if variant == FAILING:
            return query[:2] + struct.pack("!5H", 0x8182, 1, 0, 0, 0) + query[12:end]
        if variant == CUT and not tcp:
            return query[:2] + struct.pack("!5H", 0x8380, 1, 0, 0, 0) + query[12:end]
        key = variant, question[-1] | question[-2] << 8
        head, tail = self._ready.get(key) or self._prepare(key)
        return query[:2] + head + query[12:end] + tail

    def _prepare(self, key):
        rcode, count, records = _records(*key)
        self._ready[key] = struct.pack("!5H", 0x8180 | rcode, 1, count, not count, 1), records + _OPT
        return self._ready[key]


class FastUpstream:
    def __init__(self):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._udp.bind(("127.0.0.1", 0))
        self.port = self._udp.getsockname()[1]
        self._tcp = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self._child = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        descriptors = [self._udp.fileno(), self._tcp.fileno()]
        self._child = subprocess.Popen(
            [sys.executable, __file__, *map(str, descriptors)], stdin=subprocess.DEVNULL, pass_fds=descriptors,
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        self._udp.close()
        self._tcp.close()
        return self

    def __exit__(self, *_):
        self._child.kill()
        self._child.wait()


if __name__ == "__main__":
    sockets = [socket.socket(fileno=int(word)) for word in sys.argv[1:]]
    for one in sockets:
        one.setblocking(False)
    Server(*sockets).run()
