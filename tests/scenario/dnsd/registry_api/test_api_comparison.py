# Signpost. Apache-2.0; see LICENSE.
"""The comparison behind the registry's API test can fail.

- An answer altered in status, in a header, in a value, type, key or order of its body, or in its layout, is refused.
- An answer that differs in index, UUIDs, own ports or the order of fields is not; two UUIDs where one was are refused.
- A request that is answered too early, too late or never is refused, by the name of its step.
- A deviation is applied for dnsd only, and refused when dnsd does not deviate.
- A case file with a word that is not understood, or with a deviation without a reason, is an error.
"""
import copy
import json

import pytest

from support import api_case, api_compare
from support.api_runner import Runner
from support.api_side import Answer

UUIDS = ("11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")
HEADERS = {"content-type": "application/json", "vary": "Accept-Encoding", "x-consul-index": "17",
           "x-consul-knownleader": "true", "x-consul-lastcontact": "0", "date": "Mon, 02 Nov 2026 10:00:00 GMT"}
BODY = [{"Node": {"ID": UUIDS[0], "Address": "127.0.0.1", "Meta": None}, "Tags": ["a", "b"], "Port": 80, "Native": False,
         "ModifyIndex": 17}, {"Session": UUIDS[0], "At": "127.0.0.1:2000", "Port": 2000, "Checks": []}]


def answer(body=None, status=200, layout=None, **headers):
    """A JSON answer; a header given as None is left out."""
    found = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    text = json.dumps(BODY if body is None else body, indent=layout)
    return Answer(status, {name: value for name, value in found.items() if value is not None}, text.encode())


def text_answer(text, status=400):
    return Answer(status, {"content-type": "text/plain; charset=utf-8"}, text.encode())


def body_with(change):
    body = copy.deepcopy(BODY)
    change(body)
    return answer(body)


class FakeSide:
    """Answers one request after the other with `answers`."""

    def __init__(self, *answers, program="consul", ports=(2000,), pending=None):
        self.program, self.ports = program, {port: "<own port>" for port in ports}
        self.saved, self.pending, self.sent = {}, {}, []
        self._answers, self._pending = list(answers), pending

    def begin(self):
        self.saved = {}

    def send(self, method, path, body=None, headers=()):
        self.sent.append((method, path, body, headers))
        return self._answers.pop(0)

    def start(self, name, *_):
        self.pending[name] = self._pending

    def clean(self):
        pass


class FakePending:
    """A request that takes `seconds`."""

    def __init__(self, reply, seconds):
        self._reply, self.seconds = reply, seconds

    def done_within(self, seconds):
        return self.seconds <= seconds

    def answer(self):
        return self._reply


def case(tmp_path, text):
    path = tmp_path / "fake.cases"
    path.write_text(text)
    return api_case.load(path)[0]


def compared(tmp_path, first, second, options="", program="consul", ports=(2000,)):
    """What the runner finds different between two answers to one request."""
    text = f"deviation known: a reason\n== one\nGET /v1/x\n{options}"
    sides = (FakeSide(first), FakeSide(second, program=program, ports=ports))
    return Runner(sides).differences(case(tmp_path, text))


ALTERED = {
    "status": answer(status=201),
    "header gone": answer(x_consul_knownleader=None),
    "index gone": answer(x_consul_index=None),
    "index 0": answer(x_consul_index="0"),
    "header changed": answer(x_consul_lastcontact="5"),
    "header added": answer(x_cache="HIT"),
    "content type": answer(content_type="application/json; charset=utf-8"),
    "text for JSON": answer(content_type="text/plain"),
    "layout": answer(layout=4),
    "value": body_with(lambda body: body[0].update(Port=81)),
    "number as text": body_with(lambda body: body[0].update(Port="80")),
    "0 for false": body_with(lambda body: body[0].update(Native=0)),
    "list for null": body_with(lambda body: body[0]["Node"].update(Meta=[])),
    "null for list": body_with(lambda body: body[1].update(Checks=None)),
    "key gone": body_with(lambda body: body[0].pop("Native")),
    "key added": body_with(lambda body: body[0].update(New=1)),
    "key in other case": body_with(lambda body: body[0].update(port=body[0].pop("Port"))),
    "order of a list": body_with(lambda body: body[0]["Tags"].reverse()),
    "member gone": body_with(lambda body: body.pop()),
    "body index 0": body_with(lambda body: body[0].update(ModifyIndex=0)),
    "another UUID where the same was": body_with(lambda body: body[1].update(Session=UUIDS[1])),
    "a port not its own": body_with(lambda body: body[1].update(Port=2001)),
    "an address with another port": body_with(lambda body: body[1].update(At="127.0.0.1:2001")),
}

HIDDEN = {
    "index": answer(x_consul_index="18"),
    "body index": body_with(lambda body: body[0].update(ModifyIndex=99)),
    "UUID everywhere": body_with(lambda body: (body[0]["Node"].update(ID=UUIDS[1]), body[1].update(Session=UUIDS[1]))),
    "order of fields": answer([dict(reversed(member.items())) for member in BODY]),
    "a header of the transport": answer(date="Tue, 03 Nov 2026 10:00:00 GMT"),
}


@pytest.mark.parametrize("altered", ALTERED.values(), ids=ALTERED)
def test_altered_answers_are_refused(tmp_path, altered):
    found = compared(tmp_path, answer(), altered)
    assert found and "fake.cases:3" in found[0]
    assert compared(tmp_path, altered, answer())  # whichever side is altered


@pytest.mark.parametrize("other", HIDDEN.values(), ids=HIDDEN)
def test_what_must_differ_is_hidden(tmp_path, other):
    assert not compared(tmp_path, answer(), other)


def test_own_ports_are_hidden(tmp_path):
    other = body_with(lambda body: body[1].update(Port=3000, At="127.0.0.1:3000"))
    assert not compared(tmp_path, answer(), other, ports=(3000,))


def test_texts_are_compared_to_the_letter(tmp_path):
    first, second = text_answer("Bad: at 1"), text_answer("Bad: at 2")
    assert compared(tmp_path, first, second)
    assert not compared(tmp_path, first, second, "    start-of-text 5 reason\n")
    assert compared(tmp_path, first, text_answer("Good: at 1"), "    start-of-text 5 reason\n")


def test_options_narrow_the_comparison_no_further_than_they_say(tmp_path):
    other = ALTERED["value"]
    assert not compared(tmp_path, answer(), other, "    only 0.Tags 0.Node.ID\n")
    assert compared(tmp_path, answer(), other, "    only 0.Tags 0.Port\n")
    assert not compared(tmp_path, answer(), other, "    only 0.Port?\n")
    assert compared(tmp_path, answer(), ALTERED["key gone"], "    only 0.Native?\n")
    assert not compared(tmp_path, answer(), other, "    ignore 0.Port reason\n")
    assert compared(tmp_path, answer(), other, "    ignore 1.Port reason\n")
    assert not compared(tmp_path, answer(), ALTERED["order of a list"], "    sort 0.Tags .\n")
    assert compared(tmp_path, answer(), ALTERED["value"], "    sort 0.Tags .\n")


def test_deviations_are_for_dnsd_and_exact(tmp_path):
    option = "    dnsd known: json 0.Port 81\n"
    assert not compared(tmp_path, answer(), ALTERED["value"], option, program="dnsd")
    assert compared(tmp_path, answer(), answer(), option, program="dnsd")
    assert compared(tmp_path, answer(), ALTERED["value"], option, program="consul")
    option = "    dnsd known: status 201\n"
    assert not compared(tmp_path, answer(), ALTERED["status"], option, program="dnsd")
    assert compared(tmp_path, answer(), ALTERED["value"], option, program="dnsd")


def test_deviations_everywhere(tmp_path):
    text = "deviation known: a reason\neverywhere known: header Vary Other\n== one\nGET /v1/x\nGET /v1/x\n"
    same, other = answer(), answer(vary="Other")
    sides = FakeSide(same, same), FakeSide(other, same, program="dnsd")
    found = Runner(sides).differences(case(tmp_path, text))
    assert len(found) == 1 and "fake.cases:5" in found[0]


WAITING = "== one\nstart s GET /v1/x\nwaiting s for 200ms\ndone s in 10s\n"
DONE = "== one\nstart s GET /v1/x\ndone s after 500ms in 2s\n"


@pytest.mark.parametrize("text, seconds, word", [
    (WAITING, 0.1, "has answered"), (WAITING, 5, None), (DONE, 0.1, "answered after 0.100 s"), (DONE, 0.6, None),
    (DONE, 5, "has not answered")], ids=["too early", "waits", "before its time", "in time", "too late"])
def test_times_of_waiting_requests(tmp_path, text, seconds, word):
    for first, second in ((1.0, seconds), (seconds, 1.0)):
        sides = [FakeSide(pending=FakePending(answer(), took)) for took in (first, second)]
        found = Runner(sides).differences(case(tmp_path, text))
        assert bool(found) == bool(word) and (not word or word in found[0])


def test_answers_that_were_awaited_are_compared(tmp_path):
    sides = [FakeSide(pending=FakePending(reply, 1.0)) for reply in (answer(), ALTERED["value"])]
    assert Runner(sides).differences(case(tmp_path, DONE))


def test_saved_values_are_each_sides_own(tmp_path):
    text = ("== one\nGET /v1/x\n    save id json 0.Node.ID\n    save n header X-Consul-Index\n"
            "PUT /v1/${id}?index=${n+3}\n    | ${x*3} $\\{id}\n")
    sides = [FakeSide(reply, reply) for reply in (answer(), HIDDEN["UUID everywhere"])]
    assert not Runner(sides).differences(case(tmp_path, text))
    for side, uuid in zip(sides, UUIDS):
        assert side.sent[1] == ("PUT", f"/v1/{uuid}?index=20", "xxx ${id}", [])


@pytest.mark.parametrize("text", [
    "== one\nGET /v1/x\n    onyl Node\n", "== one\nGET /v1/x\n    dnsd unknown: status 200\n",
    "everywhere unknown: status 200\n== one\nGET /v1/x\n", "== one\nwaiting for it\n",
    "GET /v1/x\n", "== one\nget /v1/x\n", "== one\n    | body\n", "== one\nGET /v1/x\n== one\nGET /v1/x\n",
    "== one\nstart s GET /v1/x\n", "== one\ndone s in 2s\n"])
def test_bad_case_files_are_errors(tmp_path, text):
    with pytest.raises((ValueError, AssertionError)):
        case(tmp_path, text)


def test_paths():
    body = {"a": [{"b": 1}, {"b": 2}], "c.d": 3}
    assert api_compare.pick(body, "a.*.b") == [1, 2] and api_compare.pick(body, "c\\.d") == 3
    assert api_compare.pick(body, "a.5.b") == "absent" and api_compare.pick(body, "") == body
