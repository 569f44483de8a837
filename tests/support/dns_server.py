# Signpost. Apache-2.0; see LICENSE.
"""The common part of DNS servers that lie on demand: UDP and TCP on one port. A subclass takes what comes (`_over_udp` and
`_over_tcp`, which run on the serving thread)."""
import asyncio
import socket
import threading

from support.loop_server import LoopServer
from support.ports import free_port


class DnsServer(LoopServer):
    """`refuse_tcp` closes TCP connections at once, `close_tcp` refuses them. `connections`: accepted over TCP so far."""

    def __init__(self, address="127.0.0.1", port=None):
        super().__init__()
        self.host, self.port = address, port or free_port(address)
        self.refuse_tcp, self.connections = False, 0
        self._lock = threading.Lock()
        self._links = []  # UDP transports; the first has the port
        self._tcp = None
        self._writers = set()

    @property
    def address(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def close_tcp(self):
        """Connections are refused from now on, those that are open break; `open_tcp` takes it back."""
        self._run(self._stop_tcp())

    def open_tcp(self):
        self._run(self._start_tcp())

    def _over_udp(self, data, peer):
        """Answers a datagram, by `_links`."""
        raise NotImplementedError

    def _over_tcp(self, data, writer):
        """Answers a message, by `write_message`."""
        raise NotImplementedError

    async def _start(self):
        self._links = [await self._bind(self.port)]
        await self._start_tcp()

    async def _stop(self):
        for link in self._links:
            link.close()
        self._links = []
        await self._stop_tcp()

    async def _bind(self, port):
        link = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        link.bind((self.host, port))
        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self._over_udp), sock=link)
        return transport

    async def _start_tcp(self):
        self._tcp = await asyncio.start_server(self._serve, self.host, self.port, backlog=1024)

    async def _stop_tcp(self):
        if self._tcp:
            self._tcp.close()
            for writer in list(self._writers):
                writer.transport.abort()
        self._tcp = None
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        self.connections += 1
        try:
            while not self.refuse_tcp:
                size = int.from_bytes(await reader.readexactly(2), "big")
                self._over_tcp(await reader.readexactly(size), writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take):
        self.datagram_received = take


def write_message(writer, wire):
    writer.write(len(wire).to_bytes(2, "big") + wire)
