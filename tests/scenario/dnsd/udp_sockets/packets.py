# Signpost. Apache-2.0; see LICENSE.
"""UDP datagrams by hand, and everything that dnsd sends as it looks on the wire. Needs root."""
import collections
import ctypes
import socket
import struct
import time

_ETH_P_IP = 0x0800
_PACKET_HOST = 0
_SO_ATTACH_FILTER = 26
_DEADLINE = 10.0

Datagram = collections.namedtuple("Datagram", "source source_port target target_port dont_fragment payload")


def send_raw(source_port, server, payload):
    """A datagram from 127.0.0.1 with any source port, 0 and ports in use included."""
    header = struct.pack("!4H", source_port, server[1], 8 + len(payload), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.sendto(header + payload, (server[0], 0))


class Sniffer:
    """IPv4 datagrams over the loopback device that `port` sends, from the moment of construction on."""

    def __init__(self, port):
        self._port = port
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: nothing before the filter is in
        _keep_source_port(self._socket, port)
        self._socket.bind(("lo", _ETH_P_IP))
        self._socket.settimeout(_DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def until(self, wanted):
        """All datagrams seen up to and with the first for which `wanted(datagram)` is true."""
        seen, end = [], time.monotonic() + _DEADLINE
        while not seen or not wanted(seen[-1]):
            assert time.monotonic() < end, f"not among {seen}"
            frame, (_, _, direction, *_) = self._socket.recvfrom(65535)
            datagram = _parse(frame[14:])
            if direction == _PACKET_HOST and datagram and datagram.source_port == self._port:
                seen.append(datagram)
        return seen


def _keep_source_port(link, port):
    """A kernel filter, so that other traffic of the machine cannot push the wanted packets out of the queue: IPv4 UDP
    (byte 23 of the frame) with that source port (bytes 34 and 35, no IP options on loopback)."""
    load_byte, load_half, jump_equal, give = 0x30, 0x28, 0x15, 0x06
    program = [(load_byte, 0, 0, 23), (jump_equal, 0, 3, socket.IPPROTO_UDP), (load_half, 0, 0, 34),
               (jump_equal, 0, 1, port), (give, 0, 0, 0xFFFF), (give, 0, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    link.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code)))


def _parse(packet):
    if packet[9] != socket.IPPROTO_UDP:
        return None
    start = (packet[0] & 15) * 4
    source_port, target_port, length = struct.unpack_from("!3H", packet, start)
    fragment = struct.unpack_from("!H", packet, 6)[0]
    return Datagram(socket.inet_ntoa(packet[12:16]), source_port, socket.inet_ntoa(packet[16:20]), target_port,
                    bool(fragment & 0x4000), packet[start + 8:start + length])
