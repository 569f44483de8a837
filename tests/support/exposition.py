# Signpost. Apache-2.0; see LICENSE.
"""Reads Prometheus text (version 0.0.4) as strictly as its description is, and says what is wrong with it."""
import collections
import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? ([0-9.eE+-]+|[+-]Inf|NaN)")
_TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
Family = collections.namedtuple("Family", "kind help samples")  # samples: [(name, {label: value}, number)]


def read_families(text):
    """{name: Family}; AssertionError where the text breaks a rule."""
    assert text.endswith("\n"), "the last line has no end"
    families, seen, present = {}, set(), None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            _, _, present, about = line.split(" ", 3)
            assert present not in families, f"{present} comes twice"
            families[present] = Family([], about, [])
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == present and kind in _TYPES and not families[name].kind, line
            families[name].kind.append(kind)
        else:
            name, labels, number = _sample(line)
            assert (name, tuple(labels.items())) not in seen, f"twice: {line}"
            seen.add((name, tuple(labels.items())))
            assert _belongs(name, present, families), f"outside its family: {line}"
            families[present].samples.append((name, labels, number))
    for name, family in families.items():
        _check(name, family)
    return families


def _sample(line):
    match = _SAMPLE.fullmatch(line)
    assert match, f"no sample: {line!r}"
    labels, rest = {}, match[2] or ""
    while rest:
        label = _LABEL.match(rest)
        assert label and label[1] not in labels, f"bad labels: {line!r}"
        labels[label[1]] = label[2]
        rest = rest[label.end():]
    return match[1], labels, float(match[3])


def _belongs(name, family, families):
    if family is None or not families[family].kind:
        return False
    parts = ("_bucket", "_sum", "_count") if families[family].kind == ["histogram"] else ("",)
    return name in {family + part for part in parts}


def _check(name, family):
    assert family.kind and family.help and family.samples, f"{name} is not whole"
    if family.kind == ["counter"]:
        assert name.endswith("_total") and all(number >= 0 for _, _, number in family.samples), name
    if family.kind == ["histogram"]:
        buckets = [(labels["le"], number) for part, labels, number in family.samples if part.endswith("_bucket")]
        bounds, counts = [float(bound) for bound, _ in buckets], [number for _, number in buckets]
        assert bounds == sorted(bounds) and counts == sorted(counts) and buckets[-1][0] == "+Inf", name
        [count] = [number for part, _, number in family.samples if part.endswith("_count")]
        assert count == counts[-1] and any(part.endswith("_sum") for part, _, _ in family.samples), name
