# Signpost. Apache-2.0; see LICENSE.
"""A thousand clients at once, each with a socket of its own. The kernel notes when a reply came, so that it does not matter
when this program gets to read it."""
import collections
import select
import socket
import struct
import time

from support.ask import Reply

_SO_TIMESTAMPNS = 35
Got = collections.namedtuple("Got", "reply wire took")  # reply: None if none came; took: seconds


def ask_at_once(server, wires, deadline=5.0):
    """A Got for each of the messages, in their order; returns when all are answered, or after `deadline` seconds."""
    links = [_link(server) for _ in wires]
    try:
        sent = []
        for link, wire in zip(links, wires):
            sent.append(time.time())
            link.send(wire)
        return _collect(links, wires, sent, deadline)
    finally:
        for link in links:
            link.close()


def _link(server):
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    link.connect(server)
    link.setblocking(False)
    return link


def _collect(links, wires, sent, deadline):
    poll, number_of = select.poll(), {}
    got = [Got(None, wire, None) for wire in wires]
    for number, link in enumerate(links):
        poll.register(link, select.POLLIN)
        number_of[link.fileno()] = number
    end = time.monotonic() + deadline
    while number_of and time.monotonic() < end:
        for descriptor, _ in poll.poll(50):
            number = number_of.pop(descriptor)
            poll.unregister(descriptor)
            try:
                wire, extra, _, _ = links[number].recvmsg(65535, 64)
            except OSError:
                continue
            seconds, nanoseconds = struct.unpack("=qq", extra[0][2])
            got[number] = Got(Reply(wire), wires[number], seconds + nanoseconds / 1e9 - sent[number])
    return got


def share(values, part):
    """The value that `part` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]
