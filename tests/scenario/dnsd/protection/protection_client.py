# Signpost. Apache-2.0; see LICENSE.
"""Clients of other addresses of this machine, and many questions at once.

    replies = Client("127.0.0.2").flood(dnsd.dns, 100, "web.example.test")      # what came back of 100
    Client("127.0.0.2").ask(dnsd.dns, "www.foreign.test")                       # one Reply
"""
import socket
import struct

from support.ask import NoReply, Reply, build, option, read_tcp

COOKIE, OPTION_EDE = 10, 15
CLIENT_COOKIE = bytes.fromhex("0011223344556677")
PROBE_ID = 0x7777


class Client:
    def __init__(self, address):
        self.address = address

    def ask(self, server, name, kind="A", *, tcp=False, timeout=5, **message):
        wire = build(name, kind, **message)
        with self._connect(server, tcp, timeout) as link:
            if not tcp:
                link.send(wire)
                return _parsed(link)
            link.sendall(struct.pack("!H", len(wire)) + wire)
            return Reply(read_tcp(link))

    def flood(self, server, count, name, kind="A", **message):
        """The replies to `count` questions sent at once; dnsd has one thread, and a probe from elsewhere behind them shows
        that it has read them all. It is sent from loopback, where nobody is limited."""
        probe = Client("::1" if ":" in server[0] else "127.0.0.1")
        with self._connect(server, False, 5) as link:
            for number in range(count):
                link.send(build(name, kind, id=number, **message))
            assert probe.ask(server, "localhost", rd=0, id=PROBE_ID).id == PROBE_ID
            link.setblocking(False)
            replies = []
            while True:
                try:
                    replies.append(Reply(link.recv(65535)))
                except BlockingIOError:
                    return replies

    def cookie(self, server):
        """EDNS option with a whole cookie, as the server has just given it to this address."""
        reply = self.ask(server, "localhost", rd=0, edns=1232, options=option(COOKIE, CLIENT_COOKIE), tcp=True)
        assert len(reply.opt.options[COOKIE]) == 24, reply
        return option(COOKIE, reply.opt.options[COOKIE])

    def _connect(self, server, tcp, timeout):
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        link = socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        try:
            link.settimeout(timeout)
            link.bind((self.address, 0))
            link.connect(server)
            return link
        except OSError:
            link.close()
            raise


def _parsed(link):
    try:
        return Reply(link.recv(65535))
    except socket.timeout as error:
        raise NoReply("silence") from error


def ede(reply):
    """Code of the extended error (RFC 8914) in a reply with EDNS, or None."""
    data = reply.opt.options.get(OPTION_EDE) if reply.opt else None
    return struct.unpack_from("!H", data)[0] if data else None
