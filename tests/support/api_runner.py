# Signpost. Apache-2.0; see LICENSE.
"""Runs the steps of an API case against two servers side by side and tells the differences of their answers."""
import json
import re
import time

from support import api_compare
from support.api_case import fill
from support.wait import eventually

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_SETTLE = 5.0   # seconds within which an agent tells its catalog
_SLACK = 0.02   # clocks of client and server


class Runner:
    """`sides`: two servers (api_side.Side), the first one Consul. `heard(side, step, answer)`, if given, is told
    every answer.
    """

    def __init__(self, sides, heard=None):
        self._sides = sides
        self._heard = heard or (lambda *_: None)

    def differences(self, case):
        """One text for each step with differences, naming the step and what differs; cleans up behind the case."""
        literal = {uuid for step in case.requests for uuid in _UUID.findall(f"{step.path} {step.body}")}
        normalise = {side: api_compare.Normaliser(side, literal) for side in self._sides}
        for side in self._sides:
            side.begin()
        found = []
        try:
            for step in case.steps:
                lines = self._step(step, case, normalise)
                found += ["\n    ".join([f"{step.where}: {describe(step)}", *lines])] if lines else []
        finally:
            if case.writes:
                for side in self._sides:
                    side.clean()
        return found

    def _step(self, step, case, normalise):
        if step.kind == "start":
            for side in self._sides:
                side.start(step.name, *_request(step, side.saved))
            return []
        if step.kind == "waiting":
            end = time.monotonic() + step.within
            done = [side for side in self._sides if side.pending[step.name].done_within(end - time.monotonic())]
            return [f"{side.program} has answered: {side.pending[step.name].answer()}" for side in done]
        if step.kind == "done":
            return self._compare_pending(step, case, normalise)
        return self._compare(step, [self._ask(step, side) for side in self._sides], case, normalise)

    def _compare_pending(self, step, case, normalise):
        asked = next(other for other in case.steps if other.kind == "start" and other.name == step.name)
        for side in self._sides:
            pending = side.pending[step.name]
            if not pending.done_within(step.within):
                return [f"{side.program} has not answered within {step.within} s"]
            if pending.seconds < step.after - _SLACK:
                return [f"{side.program} answered after {pending.seconds:.3f} s, not {step.after} s: {pending.answer()}"]
        return self._compare(asked, [side.pending[step.name].answer() for side in self._sides], case, normalise)

    def _ask(self, step, side):
        request = _request(step, side.saved)
        until = step.all("until")
        if not until:
            return side.send(*request)
        last = []

        def asked():
            last[:] = [side.send(*request)]
            return all(_holds(condition, last[0]) for condition in until) and last[0]

        return eventually(asked, _SETTLE, lambda: f"{side.program}: {describe(step)} until {until}: {last}", every=0.01)

    def _compare(self, step, answers, case, normalise):
        shown = []
        for side, answer in zip(self._sides, answers):
            self._heard(side, step, answer)
            for words in step.all("save"):
                _save(side.saved, words, answer)
            try:
                shown.append(normalise[side](step, answer))
            except (ValueError, AssertionError) as error:
                return [f"answer of {side.program} not understood: {error}: {answer}"]
        if self._sides[1].program == "dnsd":
            api_compare.with_deviations([*case.everywhere, *step.all("dnsd")], shown[0])
        return api_compare.differences(*shown)


def _request(step, saved):
    headers = [fill(words, saved).split(": ", 1) for words in step.all("header")]
    return step.method, fill(step.path, saved), None if step.body is None else fill(step.body, saved), headers


def _save(saved, words, answer):
    name, kind, what = words.split(" ", 2)
    saved[name] = answer.headers.get(what.lower(), "1") if kind == "header" else api_compare.pick(answer.json(), what)


def _holds(condition, answer):
    """`until` of a case: PATH is JSON, or PATH has COUNT; PATH may be empty."""
    if not answer.is_json:
        return False
    match = re.fullmatch(r"(?:(\S+) )?(is|has) (.*)", condition)
    value = api_compare.pick(answer.json(), match[1] or "")
    return value == json.loads(match[3]) if match[2] == "is" else len(value or ()) == int(match[3])


def describe(step):
    body = f"  {step.body}" if step.body else ""
    return f"{step.kind} {step.name} {step.method} {step.path}{body}".replace("request  ", "")[:400]
