# Signpost. Apache-2.0; see LICENSE.
"""Answers rotate by health weight (all by chi-square at 99.9 %).

- The first A record and the first SRV record of 100,000 answers fall on the instances by their weights: passing ones by
  their passing weight, warning ones by their warning weight.
- The whole order is a draw without replacement, and answers do not depend on the one before.
- With a limit of one record, that record is drawn by the weights too, for A and for SRV.
- After a change of weight or health is visible, the new weights hold.
- Instances with one address are one record with the sum of their weights.
- Weight 0 is never the first while another weight is there; in A it is not there at all, in SRV it is shown as 0.
- If all weights are 0, all are equal.
"""
import collections
import itertools
import random

import pytest

from support import chi_square
from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.pipeline import AnswerReader, answers
from support.wait import eventually

MANY = 100_000  # answers for the first record
SOME = 30_000   # answers for each further question
EDNS = 1232

# service: {last byte of the address, which is also the port: (passing weight, warning weight, status)}
SERVICES = {
    "web": {1: (10, 1, "passing"), 2: (5, 1, "passing"), 3: (60, 3, "warning"), 4: (2, 90, "passing"),
            5: (1, 1, "critical")},
    "one": {11: (6, 1, "passing"), 12: (3, 1, "passing"), 13: (9, 1, "warning")},
    "moving": {21: (1, 8, "passing"), 22: (3, 1, "passing")},
    "zero": {41: (5, 0, "warning"), 42: (2, 1, "passing"), 43: (1, 1, "passing")},
    "nothing": {51: (7, 0, "warning"), 52: (3, 0, "warning")},
}


def weight(instance):
    passing, warning, status = instance
    return {"passing": passing, "warning": warning, "critical": 0}[status]


def address(number):
    return f"10.7.0.{number}"


def register(consul, service, number, instance, host=None):
    passing, warning, status = instance
    consul.register_service(service, f"{service}-{number}", address(host or number), port=number,
                            weights=(passing, warning), status=status)


@pytest.fixture(scope="module")
def consul():
    with ConsulAgent() as agent:
        for service, instances in SERVICES.items():
            for number, instance in instances.items():
                register(agent, service, number, instance)
        register(agent, "merged", 31, (2, 1, "passing"))
        register(agent, "merged", 33, (3, 1, "passing"), host=31)
        register(agent, "merged", 32, (5, 1, "passing"))
        yield agent


@pytest.fixture(scope="module")
def dnsd(consul):
    options = {"answer-limit": {"one": 1}}
    with Dnsd(consul=consul, options=options) as server:
        yield server


def shares(weights):
    """{outcome: probability} of {outcome: weight}."""
    total = sum(weights.values())
    return {outcome: share / total for outcome, share in weights.items() if share}


def orders(weights):
    """{order as a tuple: probability} of drawing all of {outcome: weight} without replacement."""
    found = {}
    for order in itertools.permutations(weights):
        left, probability = sum(weights.values()), 1.0
        for outcome in order:
            probability *= weights[outcome] / left
            left -= weights[outcome]
        found[order] = probability
    return found


class Service:
    """One name of the server, its answers reduced to tuples of numbers (last byte of the address, or port)."""

    def __init__(self, server, name):
        self._server, self._name = server, f"{name}.service.consul"

    def seen(self, kind, count, sockets=4):
        reader = AnswerReader(self._name, kind)
        for reply in answers(self._server, self._name, kind, count, sockets=sockets, edns=EDNS):
            if kind == "SRV":
                yield tuple(reader.ports(reply))
            else:
                yield tuple(int(text.rsplit(".", 1)[1]) for text in reader.addresses(reply))

    def first(self, kind, count):
        """A function that counts first records; every answer must have the same set of records."""
        def sample():
            counts = collections.Counter(self.seen(kind, count))
            assert len({frozenset(seen) for seen in counts}) == 1, "answers with different records"
            firsts = collections.Counter()
            for seen, times in counts.items():
                firsts[seen[0]] += times
            return firsts
        return sample

    def whole(self, kind, count):
        """A function that counts answers as they are."""
        return lambda: collections.Counter(self.seen(kind, count))


@pytest.mark.parametrize("kind", ["A", "SRV"])
def test_first_record_follows_the_weights(dnsd, kind):
    weights = {number: weight(instance) for number, instance in SERVICES["web"].items()}
    assert weights == {1: 10, 2: 5, 3: 3, 4: 2, 5: 0}
    chi_square.assert_fits(Service(dnsd.dns, "web").first(kind, MANY), shares(weights))


@pytest.mark.parametrize("kind", ["A", "SRV"])
def test_order_is_a_draw_without_replacement(dnsd, kind):
    weights = {1: 10, 2: 5, 3: 3, 4: 2}
    assert len(orders(weights)) == 24
    chi_square.assert_fits(Service(dnsd.dns, "web").whole(kind, MANY), orders(weights))


def test_answers_do_not_depend_on_the_one_before(dnsd):
    weights = shares({1: 10, 2: 5, 3: 3, 4: 2})

    def pairs_of_firsts():
        seen = [order[0] for order in Service(dnsd.dns, "web").seen("A", 2 * SOME, sockets=1)]
        return collections.Counter(zip(seen[::2], seen[1::2]))

    chi_square.assert_fits(pairs_of_firsts, {(a, b): weights[a] * weights[b] for a in weights for b in weights})


@pytest.mark.parametrize("kind", ["A", "SRV"])
def test_one_record_by_limit(dnsd, kind):
    """answer-limit 1 for this service."""
    counts = shares({(11,): 6, (12,): 3, (13,): 1})
    chi_square.assert_fits(Service(dnsd.dns, "one").whole(kind, SOME), counts)
    reply = ask(dnsd.dns, "one.service.consul", kind)
    assert len(reply.answer) == 1 and "TC" not in reply.flags, str(reply)


def test_equal_addresses_add_their_weights(dnsd):
    chi_square.assert_fits(Service(dnsd.dns, "merged").first("A", SOME), shares({31: 2 + 3, 32: 5}))
    assert sorted(ask(dnsd.dns, "merged.service.consul").of("A")) == [address(31), address(32)]
    chi_square.assert_fits(Service(dnsd.dns, "merged").first("SRV", SOME), shares({31: 2, 33: 3, 32: 5}))


def test_new_weights_hold_once_they_are_visible(consul, dnsd):
    moving = Service(dnsd.dns, "moving")

    def shown():
        texts = ask(dnsd.dns, "moving.service.consul", "SRV").of("SRV")
        return {int(text.split()[2]): int(text.split()[1]) for text in texts}

    assert shown() == {21: 1, 22: 3}
    chi_square.assert_fits(moving.first("A", SOME), shares({21: 1, 22: 3}))

    register(consul, "moving", 22, (30, 2, "passing"))
    eventually(lambda: shown() == {21: 1, 22: 30}, 5, "weight 30 in SRV")
    for kind in ("A", "SRV"):
        chi_square.assert_fits(moving.first(kind, SOME), shares({21: 1, 22: 30}))

    register(consul, "moving", 22, (30, 2, "warning"))
    register(consul, "moving", 21, (1, 8, "warning"))
    eventually(lambda: shown() == {21: 8, 22: 2}, 5, "weights of warning instances in SRV")
    for kind in ("A", "SRV"):
        chi_square.assert_fits(moving.first(kind, SOME), shares({21: 8, 22: 2}))


def test_weight_zero(dnsd):
    chi_square.assert_fits(Service(dnsd.dns, "zero").first("A", SOME), shares({42: 2, 43: 1}))
    assert sorted(ask(dnsd.dns, "zero.service.consul").of("A")) == [address(42), address(43)]
    chi_square.assert_fits(Service(dnsd.dns, "zero").whole("SRV", SOME), {(42, 43, 41): 2 / 3, (43, 42, 41): 1 / 3})
    weights = {text.split()[2]: text.split()[1] for text in ask(dnsd.dns, "zero.service.consul", "SRV").of("SRV")}
    assert weights == {"41": "0", "42": "2", "43": "1"}


@pytest.mark.parametrize("kind", ["A", "SRV"])
def test_all_weights_zero_are_equal(dnsd, kind):
    chi_square.assert_fits(Service(dnsd.dns, "nothing").first(kind, SOME), shares({51: 1, 52: 1}))


def test_the_judge_tells_true_from_false(seed):
    """Uniform draws, weights off by a tenth, and a rotation that only turns are all refused; true weights are not."""
    dice = random.Random(seed)
    weights = {1: 10, 2: 5, 3: 3, 4: 2}

    def drawn(by):
        return lambda: collections.Counter(dice.choices(list(by), by.values(), k=SOME))

    chi_square.assert_fits(drawn(weights), shares(weights))
    for false in ({1: 1, 2: 1, 3: 1, 4: 1}, {1: 10, 2: 5, 3: 4, 4: 2}, {1: 11, 2: 5, 3: 3, 4: 2}):
        with pytest.raises(AssertionError):
            chi_square.assert_fits(drawn(false), shares(weights))
    turning = collections.Counter({(1, 2, 3): 10_000, (2, 3, 1): 10_000, (3, 1, 2): 10_000})
    with pytest.raises(AssertionError):
        chi_square.assert_fits(lambda: turning, orders({1: 1, 2: 1, 3: 1}))
