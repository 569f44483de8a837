# Signpost. Apache-2.0; see LICENSE.
"""Datagrams with a source address and port that are somebody else's. Needs root."""
import socket
import struct

_IP = struct.Struct("!BBHHHBBH4s4s")


class Forger:
    """Says what `upstream` would say, as `address`:`port` of loopback."""

    def __init__(self, address, port):
        self._source, self._port = socket.inet_aton(address), port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, reply, port, ids):
        """The reply to 127.0.0.1:`port`, once with each of the ids; how many."""
        packet = self._packet(reply, port)
        count = 0
        for id in ids:
            struct.pack_into("!H", packet, 28, id)
            self._socket.sendto(packet, ("127.0.0.1", 0))
            count += 1
        return count

    def _packet(self, reply, port):
        """IP and UDP header; the kernel writes the IP checksum, UDP needs none."""
        head = _IP.pack(0x45, 0, 28 + len(reply), 0, 0, 64, socket.IPPROTO_UDP, 0, self._source, socket.inet_aton("127.0.0.1"))
        return bytearray(head + struct.pack("!4H", self._port, port, 8 + len(reply), 0) + reply)
