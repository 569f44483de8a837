# Signpost. Apache-2.0; see LICENSE.
"""`dnsd explain NAME [TYPE]`: the person who looks for why a name has the answer that it has.

Claims
- For the catalog's names: the source and its age, every instance of the service, and why one is left out; then the answer.
- For a static zone its origin, for a forwarded name the route, each upstream and its state, what is cached and for how long;
  whichever thread has it; a failure that is remembered; that a question is under way.
- For a name that nobody answers: that, and what to do.
- What is printed under "answer" is what a client gets.
- Nothing is asked upstream by it, and nothing counted as a question.
- Exit code 1 and a sentence when no dnsd answers there, 2 for a mistake in the words.
"""
import socket

import pytest

from explain_run import block, run_explain
from support.ask import ask, build
from support.fake_consul import FakeConsul
from support.misbehaving_dns import reply, true_address
from support.ports import free_port
from support.wait import eventually


def test_the_catalog(start, explain):
    with FakeConsul() as consul:
        consul.register("web", "10.0.0.1", 80)
        dnsd = start(consul.url)
        eventually(lambda: ask(dnsd.dns, "web.service.consul").answer)
        lines = explain(dnsd, "web.service.consul", "SRV")
        assert lines[0] == "web.service.consul. SRV"
        assert lines[1].startswith("source: catalog; up to date; index ")
        assert lines[2].startswith("service web in dc1: 1 instances, TTL 0 s")
        assert "10.0.0.1:80" in lines[3] and lines[3].endswith(", passing")
        assert block(lines, "answer: NOERROR")[0].split("\t")[3] == "SRV"
        lines = explain(dnsd, "none.service.consul")
        assert "no such name" in lines and [line.split("\t")[3] for line in block(lines, "answer: NXDOMAIN")] == ["SOA"]


def test_a_static_zone(start, explain):
    dnsd = start()
    lines = explain(dnsd, "WWW.example.test")
    assert lines[:3] == ["www.example.test. A", "source: static zone example.test., 4 names", "answer: NOERROR"]
    assert sorted(line.split("\t")[4] for line in lines[3:]) == ["192.0.2.80", "192.0.2.81"]
    assert explain(dnsd, "x.local")[1].startswith("source: built-in zone local.")


def test_nothing_answers(start, explain):
    lines = explain(start(), "www.example.net")
    assert lines[1:] == ["source: none; nothing is forwarded: name a server with --upstream or --forward", "answer: REFUSED"]


def test_a_forwarded_name(start, explain, upstream):
    dnsd = start(upstream=[upstream.address], threads=4)
    lines = explain(dnsd, "www.example.net")
    assert lines[:3] == ["www.example.net. A", "source: forwarded by the route for .", "route: ."]
    assert lines[3].startswith(f"  upstream {upstream.address}: up")
    assert lines[4:] == ["cache: nothing", "answer: not known yet, a question waits for it"]
    assert upstream.count("www.example.net") == 0, "a look asks nobody"
    assert ask(dnsd.dns, "www.example.net").of("A")
    lines = explain(dnsd, "www.example.net")
    assert lines[4].startswith("cache: answer, ") and lines[4].endswith(" s more")
    assert lines[5] == "answer: NOERROR"
    owner, ttl, *rest = lines[6].strip().split("\t")
    assert (owner, rest) == ("www.example.net.", ["IN", "A", true_address("www.example.net")]) and 290 <= int(ttl) <= 300
    assert upstream.count("www.example.net") == 1


def test_whichever_thread_has_it(start, explain, upstream):
    """A client's port decides which thread keeps the answer; `explain` looks into one thread and the resolver."""
    dnsd = start(upstream=[upstream.address], threads=4)
    for number in range(12):
        assert ask(dnsd.dns, f"n{number}.example.net").of("A")
        assert explain(dnsd, f"n{number}.example.net")[5] == "answer: NOERROR"
    assert ask(dnsd.dns, "out.example.test").of("A")
    lines = explain(dnsd, "out.example.test")
    assert lines[1].startswith("source: static zone")
    assert [line.split("\t")[3] for line in block(lines, "answer: NOERROR")] == ["CNAME", "A"]


def test_the_upstream_is_down(start, explain, upstream):
    upstream.stop()
    dnsd = start(upstream=[upstream.address])
    assert ask(dnsd.dns, "www.example.net").rcode == "SERVFAIL"
    lines = explain(dnsd, "www.example.net")
    assert lines[3].startswith(f"  upstream {upstream.address}: down (") and " 0 answered" in lines[3], lines
    assert lines[4].startswith("cache: failure, "), lines
    upstream.start()
    eventually(lambda: explain(dnsd, "www.example.net")[3].startswith(f"  upstream {upstream.address}: up"))


def test_a_question_under_way(start, explain, upstream):
    upstream.behave = lambda asked: None if asked.name == "slow.example.net" else reply(asked)
    dnsd = start(upstream=[upstream.address])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.sendto(build("slow.example.net"), dnsd.dns)
        eventually(lambda: upstream.count("slow.example.net"))
        assert "being asked right now" in explain(dnsd, "slow.example.net")


def test_it_counts_nothing(start, explain):
    dnsd = start()
    before = dnsd.metric("signpost_dns_queries_total"), dnsd.metric("signpost_dns_answers_total")
    for name in ("www.example.test", "consul", "www.example.net"):
        explain(dnsd, name, "TXT")
    assert (dnsd.metric("signpost_dns_queries_total"), dnsd.metric("signpost_dns_answers_total")) == before


@pytest.mark.parametrize("name", ["localhost", "www.example.test", "out.example.test", "consul", "1.0.0.127.in-addr.arpa"])
def test_the_answer_is_the_clients(start, explain, name):
    dnsd = start()
    for kind in ("A", "SOA", "CNAME"):
        got = ask(dnsd.dns, name, kind, tcp=True)
        shown = block(explain(dnsd, name, kind), f"answer: {got.rcode}")
        assert sorted(line.split("\t")[3] for line in shown) == sorted(
            record.type for record in (*got.answer, *got.authority, *got.additional)), (kind, shown)


def test_no_dnsd_there():
    port = free_port()
    ran = run_explain("www.example.net", "--http", f"127.0.0.1:{port}")
    assert ran.returncode == 1 and ran.stdout == ""
    assert ran.stderr.startswith("dnsd explain: ") and f"127.0.0.1:{port}" in ran.stderr
    assert ran.stderr.endswith("; is dnsd running? Name its operations listener with --http\n")


def test_a_consul_agent_is_there():
    with FakeConsul() as consul:
        ran = run_explain("www.example.net", "--http", consul.url.removeprefix("http://"))
    assert ran.returncode == 1 and "dnsd explain: " in ran.stderr and ran.stdout == "", ran


@pytest.mark.parametrize("words", [(), ("a..b",), ("www.example.net", "BANANA"), ("www.example.net", "A", "more"),
                                   ("www.example.net", "--http", "somewhere"), ("--upstream", "none")])
def test_mistakes(words):
    ran = run_explain(*words)
    assert (ran.returncode, ran.stdout) == (2, ""), ran
    assert ran.stderr.startswith("dnsd explain: ") and ran.stderr.count("\n") == 1, ran


def test_help():
    ran = run_explain("--help")
    assert ran.returncode == 0 and "NAME [TYPE]" in ran.stdout
