# Signpost. Apache-2.0; see LICENSE.
"""How an endpoint is chosen by the algorithms other than round robin.

Claims
- least_conn goes by what is under way for its weight, over all threads together, and so spares who is slow.
- source_hash keeps a key on its endpoint; who goes takes only its own keys along.
- random_two keeps a hundred endpoints nearly even.
- A sticky cookie keeps a client on its endpoint as long as that can serve.
"""
import contextlib

import pytest

from support.farm import Asking, Farm, ask, shares
from support.origin import Origin, late, name
from support.wait import eventually

GET = b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"


@pytest.fixture
def holding():
    """holding(lb, count): so many requests under way, on a connection each."""
    with contextlib.ExitStack() as stack:
        def hold(lb, count):
            for _ in range(count):
                stack.enter_context(lb.wire()).send(GET)
            eventually(lambda: sum(in_use(lb)) == count, 20, lambda: f"{count} under way: {in_use(lb)}")
        yield hold


def in_use(lb):
    return [endpoint["in_use"] for endpoint in lb.service("web")["endpoints"]]


@pytest.mark.parametrize("threads, count, wanted, within", [
    pytest.param(1, 8, (6, 2), 0, id="B03"), pytest.param(4, 80, (60, 20), 1, id="B04 four threads"),
    pytest.param(1, 80, (60, 20), 0, id="B04 one thread")])
def test_least_conn(start, holding, threads, count, wanted, within):
    with Farm("a", "b", kind="silent") as farm:
        lb = start([{"address": farm["a"], "weight": 3}, farm["b"]], algorithm="least_conn", options={"threads": threads})
        holding(lb, count)
        assert all(abs(held - want) <= within for held, want in zip(in_use(lb), wanted)), in_use(lb)


def test_B05_the_slow_one_is_spared(start):
    with contextlib.ExitStack() as stack:
        origins = [stack.enter_context(Origin(late(0.05, name("fast")))) for _ in range(3)]
        origins.append(stack.enter_context(Origin(late(0.5, name("slow")))))
        lb = start(origins, algorithm="least_conn")

        with Asking(lb, "web.test", threads=16, batch=1) as asking:
            counts = shares(asking.wait(400))
        # In theory 13 % of an equal share.
        assert counts["slow"] < 0.2 * 400 / 4, counts


def test_B08_keys_stay_when_an_endpoint_goes(start, change):
    keys = 4000
    with Farm(*"abcdefghij") as farm:
        lb = start(farm.addresses, algorithm="source_hash", hash="header:X-User")

        def ask_all():
            return ask(lb, "web.test", keys, fields=lambda number: f"X-User: user{number}\r\n")

        before = ask_all()
        assert ask_all() == before
        counts = shares(before)
        assert len(counts) == 10 and min(counts.values()) > 0.7 * keys / 10, counts
        change(lb, [farm[each] for each in "abcdefghi"], algorithm="source_hash", hash="header:X-User")
        after = ask_all()
        moved = [old for old, new in zip(before, after) if old != new]
        assert set(moved) == {"j"} and len(moved) == counts["j"] <= 0.12 * keys, shares(moved)


@pytest.mark.parametrize("endpoints", [pytest.param(100, id="B09"), pytest.param(200, id="B09 beyond a scan")])
def test_random_two(start, holding, endpoints):
    with Farm(*map(str, range(endpoints)), kind="silent") as farm:
        lb = start(farm.addresses, algorithm="random_two")
        holding(lb, 1000)
        assert max(in_use(lb)) <= 1.5 * 1000 / endpoints + (2 if endpoints > 100 else 0), sorted(in_use(lb))


def test_a_sticky_cookie(start, change):
    with Farm("a", "b", "c") as farm:
        lb = start(farm.addresses, sticky_cookie="at")
        first = lb.get("web.test")
        cookie = first.cookies.get("at")
        assert cookie
        again = [lb.get("web.test", cookies={"at": cookie}) for _ in range(6)]
        assert {answer.text for answer in again} == {first.text} and not any(answer.cookies for answer in again)
        change(lb, [farm[each] for each in "abc" if each != first.text], sticky_cookie="at")
        moved = lb.get("web.test", cookies={"at": cookie})
        assert moved.status_code == 200 and moved.text != first.text and moved.cookies["at"] != cookie
        assert {lb.get("web.test", cookies={"at": moved.cookies["at"]}).text for _ in range(4)} == {moved.text}
        assert len({lb.get("web.test").text for _ in range(4)}) == 2, "others go by turns"
