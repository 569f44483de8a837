# Signpost. Apache-2.0; see LICENSE.
"""Whatever an upstream does, the client gets what tests/cases/dns_upstream.cases says: reply, time, sends, what is cached.

- Every client gets the right answer, or SERVFAIL within 3.5 s, and never what the upstream should not have said.
- A question is sent at most 6 times; nothing is sent for what is cached.
- Every check from F01 to F20 stands in the table or names its place there.
"""
import collections
import concurrent.futures
import contextlib
import re
import threading
import time

import pytest

import upstream_checks
import upstream_notation
from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns
from support.program import ROOT
from support.wait import eventually

CASES_FILE = ROOT / "tests/cases/dns_upstream.cases"
CASES = upstream_notation.load(CASES_FILE)
AT_ONCE = 6  # cases that run beside each other: they mostly wait

Outcome = collections.namedtuple("Outcome", "reply took sends")


class Stage:
    """The upstreams of one case; what they are asked is numbered over all of them."""

    def __init__(self, case, stack):
        self.case = case
        self._lock, self._numbers = threading.Lock(), collections.Counter()
        self.upstreams = [stack.enter_context(MisbehavingDns(self._behave)) for _ in range(case.upstreams)]
        if case.tcp_refused:
            for upstream in self.upstreams:
                upstream.close_tcp()

    @property
    def routes(self):
        return [f"{self.case.zone}={upstream.address}" for upstream in self.upstreams]

    def _behave(self, asked):
        with self._lock:
            self._numbers[asked.name, asked.type] += 1
            nth = self._numbers[asked.name, asked.type]
        return self.case.behave(asked, nth)

    def sends(self):
        return [(number, one) for number, upstream in enumerate(self.upstreams) for one in upstream.heard()
                if one.name.endswith(self.case.zone)]

    def run(self, dnsd):
        """The Outcome (or an exception) of each of the case's questions."""
        outcomes = []
        for wanted in (self.case.first, *self.case.more):
            pause = time.monotonic() + float(dict(wanted.clauses).get("wait", 0))
            eventually(lambda: time.monotonic() >= pause, 5)
            outcomes.append(self._one(dnsd, wanted.question))
        return outcomes

    def _one(self, dnsd, question):
        before, began = len(self.sends()), time.monotonic()
        try:
            reply = ask(dnsd.dns, question.name, question.type, tcp=question.tcp, **question.build)
        except (NoReply, AssertionError) as error:
            return error
        took = time.monotonic() - began
        return Outcome(reply, took, sorted(self.sends(), key=lambda send: send[1].at)[before:])


@pytest.fixture(scope="module")
def outcomes():
    """{case's id: outcomes}, of all cases, run beside each other."""
    with contextlib.ExitStack() as stack:
        stages = [Stage(case, stack) for case in CASES]
        routes = [route for stage in stages for route in stage.routes]
        dnsd = stack.enter_context(Dnsd(options={"forward": routes, "prefetch": False}))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(AT_ONCE))
        slow_first = sorted(stages, key=lambda stage: "SERVFAIL" not in dict(stage.case.first.clauses).values())
        running = {stage.case.id: pool.submit(stage.run, dnsd) for stage in slow_first}
        yield {name: future.result() for name, future in running.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(outcomes, case):
    for wanted, outcome in zip((case.first, *case.more), outcomes[case.id], strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        found = upstream_checks.differences(wanted, *outcome)
        sent = [f"upstream {number}: {one.name} {one.type} {one.transport} {'edns' if one.edns else 'plain'} {one.at:.3f}"
                for number, one in outcome.sends]
        assert not found, "\n".join([f"{case}", *found, f"after {outcome.took:.3f} s", str(outcome.reply), *sent])


def test_the_names_are_unique():
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_check_is_in_the_table():
    text = CASES_FILE.read_text()
    assert not [number for number in range(1, 21) if not re.search(rf"\bF{number:02}", text)]
