# Signpost. Apache-2.0; see LICENSE.
"""A client with hundreds of questions under way on a few sockets; it checks each reply as it comes."""
import collections
import random
import select
import socket
import struct
import time

from fast_upstream import AAAA, TXT, A, expected
from support.ask import encode_name

WINDOW = 200     # questions under way on each socket
PATIENCE = 4.5   # seconds until a question counts as lost
_KINDS = [A] * 6 + [AAAA] * 3 + [TXT] * 2 + [15, 65, 12]
_ODD = "abcdefghijklmnopqrstuvwxyz0123456789-"

Waiting = collections.namedtuple("Waiting", "name kind sent")


class Names:
    """Half of the questions are about few names, as those of people are, the others about names nobody asked for before."""

    def __init__(self, seed):
        self._dice, self._count = random.Random(seed), 0

    def next(self):
        dice = self._dice
        kind = dice.choice(_KINDS)
        if dice.random() < 0.5:
            return f"p{int(dice.paretovariate(0.7)) % 50000}.popular.example.net", kind
        self._count += 1
        word = "".join(dice.choice(_ODD) for _ in range(dice.randrange(1, 30)))
        return f"{word}.{self._count}.example.org", kind


class Burst:
    """`run` asks for so many seconds, `end` waits for what is under way; `asked`, `seen` (rcodes), `lost`, `wrong` and `slowest`
    say how it went."""

    def __init__(self, server, seed, sockets=4):
        self._names = Names(seed)
        self._links, self._waiting = [], {}
        self._poll = select.poll()
        for _ in range(sockets):
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            link.connect(server)
            link.setblocking(False)
            self._links.append(link)
            self._waiting[link.fileno()] = {}
            self._poll.register(link, select.POLLIN)
        self._by_descriptor = {link.fileno(): link for link in self._links}
        self._next_id = 0
        self.asked, self.seen, self.lost, self.wrong, self.slowest = 0, collections.Counter(), [], [], 0.0

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for link in self._links:
                self._fill(link)
            self._take(20)

    def end(self):
        limit = time.monotonic() + PATIENCE
        while any(self._waiting.values()) and time.monotonic() < limit:
            self._take(20)
        self._give_up(float("inf"))
        for link in self._links:
            link.close()

    def _fill(self, link):
        waiting = self._waiting[link.fileno()]
        for _ in range(min(64, WINDOW - len(waiting))):
            name, kind = self._names.next()
            self._next_id = (self._next_id + 1) & 0xFFFF
            if self._next_id in waiting:
                continue
            wire = struct.pack("!6H", self._next_id, 0x0100, 1, 0, 0, 1) + encode_name(name) + struct.pack(
                "!HHBHHIH", kind, 1, 0, 41, 1232, 0, 0)
            waiting[self._next_id] = Waiting(name, kind, time.monotonic())
            link.send(wire)
            self.asked += 1
        if self.asked % 1024 < 64:
            self._give_up(time.monotonic() - PATIENCE)

    def _take(self, milliseconds):
        for descriptor, _ in self._poll.poll(milliseconds):
            link, waiting = self._by_descriptor[descriptor], self._waiting[descriptor]
            for _ in range(128):
                try:
                    wire = link.recv(4096)
                except BlockingIOError:
                    break
                id, bits, _, answers = struct.unpack_from("!4H", wire)
                question = waiting.pop(id, None)
                if question is None:
                    self.wrong.append(f"nobody asked for {wire[:40].hex()}")
                else:
                    self._check(question, bits, answers, wire)

    def _check(self, question, bits, answers, wire):
        self.slowest = max(self.slowest, time.monotonic() - question.sent)
        rcode = bits & 15
        self.seen[rcode] += 1
        want = expected(question.name, question.kind)
        asked = encode_name(question.name)
        right = wire[12:12 + len(asked)] == asked
        if want is None or rcode == 2:
            right = right and (rcode == 2 or want is None) and answers == 0
        elif bits & 0x0200:
            right = right and rcode in (0, want[0]) and answers <= want[1]
        else:
            right = right and (rcode, answers) == want
        if not right and len(self.wrong) < 20:
            self.wrong.append(f"{question.name} {question.kind}: {bits:04x}, {answers} answers, wanted {want}")

    def _give_up(self, before):
        for waiting in self._waiting.values():
            for id in [id for id, question in waiting.items() if question.sent < before]:
                self.lost.append(waiting.pop(id))
