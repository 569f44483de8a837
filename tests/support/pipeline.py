# Signpost. Apache-2.0; see LICENSE.
"""The same question asked very often over UDP, from several sockets, many at a time: ~50,000 answers a second."""
import socket
import struct

from support.ask import build

WINDOW = 64  # questions on the way per socket: fits into the smallest receive buffer with answers of 1232 bytes
_ATTEMPTS = 20


def answers(server, name, kind, count, sockets=4, **message):
    """Yields `count` raw replies to one question. Within one socket they come in the order of the questions.

    Replies are matched by id, so that a late or doubled one is never counted twice; what is lost is asked again.
    """
    query = build(name, kind, id=0, **message)[2:]
    links = [_connected(server) for _ in range(sockets)]
    try:
        while count > 0:
            for link in links:
                size = min(WINDOW, count)
                if size:
                    yield from _batch(link, query, size)
                count -= size
    finally:
        for link in links:
            link.close()


def _connected(server):
    link = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
    link.settimeout(2.0)
    link.connect(server)
    return link


def _batch(link, query, size):
    got = [None] * size
    for _ in range(_ATTEMPTS):
        missing = [number for number in range(size) if got[number] is None]
        if not missing:
            return got
        for number in missing:
            link.send(struct.pack("!H", number) + query)
        try:
            for _ in missing:
                reply = link.recv(4096)
                got[struct.unpack_from("!H", reply)[0]] = reply
        except socket.timeout:
            pass
    raise AssertionError(f"replies keep missing: {got.count(None)} of {size}")


class AnswerReader:
    """Reads the answer section of replies to one question whose owners are all the question's name, without names
    being decoded: `addresses(reply)` gives the A data in order, `ports(reply)` the ports of SRV records."""

    def __init__(self, name, kind, **message):
        self._start = len(build(name, kind, **{**message, "edns": None}))

    def addresses(self, reply):
        return [".".join(map(str, data)) for data in self._data(reply, 1)]

    def ports(self, reply):
        return [struct.unpack_from("!H", data, 4)[0] for data in self._data(reply, 33)]

    def weights(self, reply):
        """{port: weight} of SRV records."""
        return {port: weight for weight, port in (struct.unpack_from("!HH", data, 2) for data in self._data(reply, 33))}

    def _data(self, reply, kind):
        rcode, count = reply[3] & 15, struct.unpack_from("!H", reply, 6)[0]
        assert rcode == 0, f"rcode {rcode}"
        place = self._start
        for _ in range(count):
            owner, found, length = struct.unpack_from("!HH6xH", reply, place)
            assert owner == 0xC00C and found == kind, f"record of type {found} with owner {owner:x}"
            place += 12 + length
            yield reply[place - length:place]
