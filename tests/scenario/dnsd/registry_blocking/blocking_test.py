# Signpost. Apache-2.0; see LICENSE.
"""Thousands wait for changes of the registry.

- 4,000 watchers of one service are all woken by one change, with the same news; watchers of other services, keys and
  lists that it does not touch stay asleep.
- A watcher that asks again with the index it was given misses no change, however fast they come.
- A write that changes nothing wakes nobody.
- When dnsd ends, the watchers' connections end; when it is killed and started again, their index is still good: it is
  not higher than the new one, and asking with it neither misses a change nor spins.
"""
import contextlib
import threading

import pytest
import requests
from watchers import Watchers, many_files

from support.embedded import Embedded
from support.wait import eventually

WATCHERS = 4000


@pytest.fixture(scope="module", autouse=True)
def files():
    with many_files():
        yield


@pytest.fixture
def registry():
    with Embedded() as registry:
        registry.put("/v1/kv/other", "1")
        for name in ("web", "db"):
            register(registry, name, 80)
        yield registry


def register(registry, name, port):
    registry.put("/v1/agent/service/register", {"Name": name, "Port": port,
                                                "Check": {"TTL": "1h", "Status": "passing"}})


def blocking(registry, path, wait="5m"):
    """`path` with the index it has now."""
    index = registry.index(path)
    return f"{path}{'&' if '?' in path else '?'}wait={wait}&index={index}"


def watch(registry, path, count=1):
    return Watchers(registry.dnsd.http_port, blocking(registry, path), count)


def blocked(registry):
    return registry.dnsd.metric("signpost_registry_blocked")


def ports(answer):
    return [entry["Service"]["Port"] for entry in answer.json()]


def percentile(answers, share):
    seconds = sorted(answer.seconds for answer in answers)
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))]


def test_one_change_wakes_thousands(registry, note):
    with watch(registry, "/v1/health/service/web", WATCHERS) as web, \
            watch(registry, "/v1/health/service/db", 100) as others:
        eventually(lambda: blocked(registry) == WATCHERS + 100, 20, lambda: f"{blocked(registry)} blocked")
        web.from_now()
        writer = threading.Thread(target=register, args=(registry, "web", 81))
        writer.start()
        assert web.collect(20) == WATCHERS
        writer.join()
        assert {answer.status for answer in web.answers} == {200}
        assert len({answer.body for answer in web.answers}) == 1 and ports(web.answers[0]) == [81]
        assert {answer.index for answer in web.answers} == {registry.index("/v1/health/service/web")}
        assert others.collect(0.2) == 0 and others.asleep == 100
        note(f"registry_blocking: {WATCHERS} watchers woken, p50 {percentile(web.answers, 0.5) * 1000:.0f} ms, "
             f"p99 {percentile(web.answers, 0.99) * 1000:.0f} ms")


WAKES = {
    # what changes: (change, paths that wake, paths that sleep)
    "an instance": (
        lambda registry: register(registry, "web", 81),
        ("/v1/health/service/web", "/v1/catalog/service/web", "/v1/catalog/services", "/v1/catalog/node/srv1"),
        ("/v1/health/service/db", "/v1/kv/other", "/v1/session/list", "/v1/catalog/nodes")),
    "a check": (
        lambda registry: registry.put("/v1/agent/check/fail/service:web"),
        ("/v1/health/service/web", "/v1/health/state/any", "/v1/health/checks/web", "/v1/health/node/srv1"),
        ("/v1/health/service/db", "/v1/catalog/services", "/v1/kv/other")),
    "a key": (
        lambda registry: registry.put("/v1/kv/other", "2"),
        ("/v1/kv/other", "/v1/kv/?recurse", "/v1/kv/oth?keys"),
        ("/v1/kv/another", "/v1/kv/x?recurse", "/v1/catalog/services", "/v1/health/service/web")),
    "a node": (
        lambda registry: registry.register({"Node": "n2", "Address": "10.0.0.2"}),
        ("/v1/catalog/nodes", "/v1/internal/ui/nodes"),
        ("/v1/health/service/web", "/v1/kv/other", "/v1/catalog/node/srv1")),
    "a session": (
        lambda registry: registry.put("/v1/session/create", {}),
        ("/v1/session/list", "/v1/session/node/srv1"),
        ("/v1/kv/other", "/v1/health/service/web", "/v1/catalog/services")),
    "nothing": (
        lambda registry: register(registry, "web", 80), (),
        ("/v1/health/service/web", "/v1/catalog/services", "/v1/health/state/any", "/v1/catalog/node/srv1")),
}


@pytest.mark.parametrize("what", WAKES)
def test_who_wakes(registry, what):
    change, awake, asleep = WAKES[what]
    with contextlib.ExitStack() as stack:
        watchers = {path: stack.enter_context(watch(registry, path)) for path in (*awake, *asleep)}
        eventually(lambda: blocked(registry) == len(watchers), 10, lambda: f"{blocked(registry)} blocked")
        change(registry)
        for path in awake:
            assert watchers[path].collect(5) == 1, f"{path} sleeps"
        assert blocked(registry) == len(asleep)
        for path in asleep:
            assert watchers[path].collect(0.02) == 0, f"{path} was woken"


def test_no_change_is_missed(registry):
    """Each watcher follows by index; it need not see every value, but must see the last, and none after a later one."""
    last, seen = 400, []

    def follow():
        index, mine = 0, []
        while not mine or mine[-1] != last:
            answer = requests.get(f"{registry.url}/v1/kv/counter?raw&wait=10s&index={index}", timeout=20)
            assert int(answer.headers["X-Consul-Index"]) >= index
            if answer.status_code == 200:
                mine.append(int(answer.text))
            index = int(answer.headers["X-Consul-Index"])
        seen.append(mine)

    threads = [threading.Thread(target=follow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for number in range(1, last + 1):
        registry.request("PUT", "/v1/kv/counter", str(number))
    for thread in threads:
        thread.join(30)
    assert len(seen) == 8, "a follower did not see the last value"
    for mine in seen:
        assert mine == sorted(set(mine)), "each value once, in order"


def test_a_clean_end_ends_the_watchers(registry):
    with watch(registry, "/v1/health/service/web", 200) as watchers:
        eventually(lambda: blocked(registry) == 200, 10, "watchers")
        registry.stop()
        watchers.collect(5)
        assert watchers.asleep == 0
        registry.start()


def test_a_restart_under_the_watchers(registry):
    path = blocking(registry, "/v1/health/service/web")
    index = int(path.rsplit("=", 1)[1])
    with Watchers(registry.dnsd.http_port, path, 200) as watchers:
        eventually(lambda: blocked(registry) == 200, 10, "watchers")
        registry.kill()
        watchers.collect(5)
        assert watchers.ended == 200
    registry.start()
    with Watchers(registry.dnsd.http_port, path, 1) as again:
        assert again.collect(5) == 1, "an index of before the restart is answered at once, or it could miss something"
        assert again.answers[0].index >= index and ports(again.answers[0]) == [80]
    with watch(registry, "/v1/health/service/web", 1) as following:
        assert following.collect(0.2) == 0, "the new index waits: nobody spins"
        register(registry, "web", 82)
        assert following.collect(5) == 1 and ports(following.answers[0]) == [82]
