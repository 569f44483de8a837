# Signpost. Apache-2.0; see LICENSE.
"""Waiting for a condition: the only place in the tests that sleeps."""
import time


class NotInTime(AssertionError):
    """The condition did not come true before its deadline."""


def eventually(condition, deadline=10.0, what="", every=0.02):
    """Returns the first true value of `condition()`, asked again every `every` seconds for at most `deadline` seconds.

    `what` names the thing waited for, or is a function that describes the present state; both end up in NotInTime.
    Exceptions of `condition` are not caught: a condition that may fail while something starts has to catch them itself
    (see `quiet`).
    """
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            text = what() if callable(what) else what
            raise NotInTime(f"not within {deadline} s: {text or getattr(condition, '__name__', condition)}")
        time.sleep(every)


def quiet(condition, *errors):
    """`condition`, with the exceptions `errors` (default: OSError) counted as "not yet"."""
    errors = errors or (OSError,)

    def asked():
        try:
            return condition()
        except errors:
            return None

    return asked
