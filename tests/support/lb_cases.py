# Signpost. Apache-2.0; see LICENSE.
"""Reads tests/cases/lb_http_requests.cases and lb_http_responses.cases; their heads explain the format."""
import pathlib
import re

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases"
_PLAIN = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "s": b" ", "\\": b"\\"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")


class HttpCase:
    """What the words of a case say, as bytes; `want` is text, `options` a set of words."""

    def __init__(self, case_id, title):
        self.id, self.title = case_id, title
        self.options, self.want = frozenset(), ""
        self.bytes = self.head = self.added = self.body = self.trailers = self.rest = b""
        self.flagged = False  # "close" or "discard"
        self.fin = False

    def __repr__(self):
        return f"<{self.id} {self.title}>"

    def add(self, word, text):
        """One line of the case. KeyError when the word is unknown."""
        if word in ("want", "with"):
            setattr(self, *{"want": ("want", text), "with": ("options", self.options | set(text.split(" ")))}[word])
        elif word in ("close", "discard"):
            self.flagged = True
        elif word == "fin":
            self.fin = True
        elif word == "repeat":
            times, text = text.split(" ", 1)
            self.bytes += unescaped(text) * int(times)
        else:
            name, end = {"line": ("bytes", b"\r\n"), "send": ("bytes", b""), "up": ("head", b"\r\n"), "down": ("head", b"\r\n"),
                         "add": ("added", b"\r\n"), "body": ("body", b""), "trailer": ("trailers", b"\r\n"),
                         "rest": ("rest", b"")}[word]
            setattr(self, name, getattr(self, name) + unescaped(text) + end)


def unescaped(text):
    r"""The bytes that TEXT stands for: \r \n \t \0 \xHH \\, and \s for a space."""
    out, at = b"", 0
    for match in _ESCAPE.finditer(text):
        escape = match[1]
        out += text[at:match.start()].encode("ascii")
        out += bytes.fromhex(escape[1:]) if escape[0] == "x" else _PLAIN[escape]
        at = match.end()
    return out + text[at:].encode("ascii")


def read_cases(name):
    """The cases of tests/cases/NAME.cases, in order."""
    cases = []
    for line in (CASES / f"{name}.cases").read_text(encoding="ascii").split("\n"):
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            cases.append(HttpCase(*line.split(" ", 1)))
            continue
        word, _, text = line[2:].partition(" ")
        cases[-1].add(word, text)
    assert cases and len({case.id for case in cases}) == len(cases), f"{name}: ids must differ"
    return cases


def requests():
    return read_cases("lb_http_requests")


def responses():
    return read_cases("lb_http_responses")
