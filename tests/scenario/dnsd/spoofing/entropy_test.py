# Signpost. Apache-2.0; see LICENSE.
"""What a forger has to guess (F21, F25, F27): ids and ports of 2,000 questions as the upstream sees them.

Claims
- Ids are spread over all 16 bits, in no order: no more meet than chance wants, each bit is set in half of them, and none
  follows from the one before.
- Ports are many, spread over the range of the kernel or wider, in no order; none carries more than a few of the questions
  of a moment; ports in use are replaced.
- Tries of one question differ in id and port.
"""
import collections
import socket

import pytest

from support.ask import ask, build
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns
from support.wait import eventually

COUNT = 2000


@pytest.fixture(scope="module")
def heard():
    """The 2,000 questions, in their order."""
    with MisbehavingDns() as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        for number in range(COUNT):
            assert ask(dnsd.dns, f"e{number}.example.net").of("A")
        return [one for one in upstream.heard() if one.name.startswith("e")]


def differences(values):
    return collections.Counter((after - before) & 0xFFFF for before, after in zip(values, values[1:]))


def test_ids(heard, note):
    ids = [one.id for one in heard]
    assert len(ids) == COUNT
    note(f"spoofing: {len(set(ids))} different ids in {COUNT} questions")
    assert len(set(ids)) > 1900  # chance: 1,970, and 8 more or less
    for bit in range(16):
        ones = sum(id >> bit & 1 for id in ids)
        assert COUNT * 0.43 < ones < COUNT * 0.57, f"bit {bit}: {ones}"
    assert differences(ids).most_common(1)[0][1] <= 6
    assert min(ids) < 2000 and max(ids) > 63000


def test_ports(heard, note):
    ports = [one.port for one in heard]
    counts = collections.Counter(ports)
    note(f"spoofing: {len(counts)} different ports in {COUNT} questions, the most used one {counts.most_common(1)[0][1]} times")
    assert len(counts) >= 100
    assert counts.most_common(1)[0][1] <= COUNT / 10
    assert max(ports) - min(ports) > 1 << 14
    assert sum(after == before + 1 for before, after in zip(ports, ports[1:])) < COUNT / 50
    early, late = set(ports[:COUNT // 4]), set(ports[-COUNT // 4:])
    assert late - early, "no port was replaced"


def test_pairs_do_not_repeat(heard):
    assert len({(one.id, one.port) for one in heard}) >= COUNT - 1


def test_tries_differ():
    with MisbehavingDns(lambda asked: None) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        names = [f"try{number}.example.net" for number in range(8)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            for name in names:
                link.sendto(build(name), dnsd.dns)
            eventually(lambda: all(upstream.count(name) >= 2 for name in names), 5)
        for name in names:
            tries = upstream.heard(name)
            assert len({(one.id, one.port) for one in tries}) == len({one.port for one in tries}) == len(tries)
