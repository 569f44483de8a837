# Signpost. Apache-2.0; see LICENSE.
"""Two answers to the same API request, made comparable and compared.

Hidden are: indexes (that there is one stays visible, and 0 stays 0), UUIDs (the first one seen in a case is <uuid 1>, so that
it stays visible whether two are the same), the servers' own ports, times, and index and leader beside an error. Nothing
else is.
"""
import json
import re

from support.api_case import path_parts

# Headers that are part of the API. All others (Date, Content-Length, ...) are the transport's.
HEADERS = ("content-type", "vary", "allow", "location", "content-encoding", "x-cache", "age", "x-consul-index",
           "x-consul-knownleader", "x-consul-lastcontact", "x-consul-effective-consistency", "x-consul-reason",
           "x-consul-contenthash", "x-consul-translate-addresses", "x-consul-default-acl-policy",
           "x-consul-results-filtered-by-acls", "content-security-policy", "x-content-type-options")
# Some of Consul's reads say "index 1, no leader" beside an error, some say nothing; that means nothing to a client.
_META_HEADERS = ("x-consul-index", "x-consul-knownleader", "x-consul-lastcontact", "x-consul-effective-consistency")
_INDEX_KEYS = {"CreateIndex", "ModifyIndex", "Index"}
_HEX_KEYS = {"ContentHash"}
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_PORT = re.compile(r"(127\.0\.0\.1|\[::1\]):(\d+)")
_ABSENT = "absent"


class Normaliser:
    """Of one side and one case: remembers which UUIDs it has seen. `literal`: UUIDs that the case itself wrote."""

    def __init__(self, side, literal=()):
        self._side = side
        self._seen = {}
        self._literal = set(literal)

    def __call__(self, step, answer):
        """{"status", "headers", "body", "form"}: what is compared."""
        shown = {"status": answer.status, "headers": self._headers(answer), "form": "text"}
        if not answer.is_json:
            text = self._text(answer.text)
            cut = step.one("start-of-text")
            shown["body"] = text[:int(cut.split()[0])] if cut else text
            return shown
        shown["form"] = "pretty" if b"\n    " in answer.body else "compact"
        body = answer.json()
        for words in step.all("sort"):
            _sort(body, words)
        if step.one("only"):
            body = {path: _present(body, path[:-1]) if path.endswith("?") else pick(body, path)
                    for path in step.one("only").split()}
        for words in step.all("ignore"):
            change(body, path_parts(words.split()[0]), lambda _: "<ignored>")
        shown["body"] = self._json(body)
        return shown

    def _headers(self, answer):
        failed = answer.status >= 400 and answer.status != 404
        shown = {name: answer.headers[name] for name in HEADERS
                 if name in answer.headers and not (failed and name in _META_HEADERS)}
        for name in ("x-consul-index", "age"):
            if name in shown:
                assert shown[name].isdigit(), f"{name}: {shown[name]}"
                shown[name] = "<number>" if name == "age" or int(shown[name]) > 0 else "0"
        if "x-consul-contenthash" in shown:
            assert re.fullmatch("[0-9a-f]{16}", shown["x-consul-contenthash"]), shown
            shown["x-consul-contenthash"] = "<hash>"
        return {name: self._text(value) for name, value in shown.items()}

    def _text(self, text):
        text = _UUID.sub(lambda match: self._uuid(match[0]), text)
        return _PORT.sub(lambda match: f"{match[1]}:{self._side.ports.get(int(match[2]), match[2])}", text)

    def _uuid(self, uuid):
        if uuid in self._literal:
            return uuid
        return self._seen.setdefault(uuid, f"<uuid {len(self._seen) + 1}>")

    def _json(self, value, key=""):
        if isinstance(value, dict):
            return {self._text(name): self._json(item, name) for name, item in sorted(value.items())}
        if isinstance(value, list):
            return [self._json(item) for item in value]
        if isinstance(value, str):
            return "<hash>" if key in _HEX_KEYS and value else self._text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            if key in _INDEX_KEYS and value > 0:
                return "<index>"
            return self._side.ports.get(value, value)
        return value


def _sort(body, words):
    path, _, key = words.rpartition(" ")

    def sort(items):
        return sorted(items, key=lambda item: json.dumps(item if key == "." else pick(item, key), sort_keys=True))

    if path:
        change(body, path_parts(path), sort)
    else:
        body[:] = sort(body)


def pick(body, path):
    """The value at `path`; "absent" if there is none; a list of values where * stands for several."""
    parts = path_parts(path)
    while parts:
        part = parts.pop(0)
        if part == "*":
            items = body.values() if isinstance(body, dict) else body
            return [pick(item, ".".join(name.replace(".", "\\.") for name in parts)) for item in items]
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return body


def _present(body, path):
    value = pick(body, path)
    return "<present>" if value and value != _ABSENT else value


def change(body, parts, function):
    """Replaces the values at the path `parts` by what `function` makes of them; absent ones stay absent."""
    if not isinstance(body, (dict, list)):
        return
    keys = range(len(body)) if isinstance(body, list) else list(body)
    for key in keys:
        if parts[0] not in ("*", str(key)):
            continue
        if len(parts) == 1:
            body[key] = function(body[key])
        else:
            change(body[key], parts[1:], function)


def differences(wanted, got):
    """Sentences, one for each difference between two normalised answers."""
    found = []
    for part in ("status", "form", "headers", "body"):
        found += _differ(part, wanted[part], got[part])
    return found


def _differ(path, wanted, got):
    if isinstance(wanted, dict) and isinstance(got, dict):
        found = []
        for key in sorted({*wanted, *got}):
            found += _differ(f"{path}.{key}", wanted.get(key, _ABSENT), got.get(key, _ABSENT))
        return found
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [line for number, pair in enumerate(zip(wanted, got)) for line in _differ(f"{path}.{number}", *pair)]
    if wanted == got and type(wanted) is type(got):
        return []
    return [f"{path}: {_shown(wanted)} of A, {_shown(got)} of B"]


def _shown(value):
    text = value if value == _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 1500 else text[:1500] + "..."


def with_deviations(deviations, answer):
    """A normalised answer of Consul, changed into what dnsd answers where it deviates on purpose."""
    for words in deviations:
        what, _, rest = words.split(": ", 1)[1].partition(" ")
        _DEVIATIONS[what](answer, rest)
    return answer


def _set_header(answer, rest):
    name, _, value = rest.partition(" ")
    answer["headers"][name.lower()] = value


def _set_json(answer, rest):
    path, _, text = rest.partition(" ")
    *parents, last = path_parts(path)
    place = answer["body"]
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = json.loads(text)


def _remove_json(answer, rest):
    *parents, last = path_parts(rest)
    place = answer["body"]
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    del place[last]


def _set_body(answer, rest):
    answer["body"], answer["form"] = json.loads(rest), "compact"
    answer["headers"]["content-type"] = "application/json"


def _set_text(answer, rest):
    answer["body"], answer["form"] = rest, "text"
    answer["headers"]["content-type"] = "text/plain; charset=utf-8"


_DEVIATIONS = {
    "status": lambda answer, rest: answer.update(status=int(rest)),
    "header": _set_header,
    "no-header": lambda answer, rest: answer["headers"].pop(rest.lower(), None),
    "json": _set_json,
    "no-json": _remove_json,
    "body": _set_body,
    "text": _set_text,
}
