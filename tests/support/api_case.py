# Signpost. Apache-2.0; see LICENSE.
r"""Case files of the registry's HTTP API (tests/cases/registry_api/AREA.cases): their notation, read into objects.

    deviation NAME: reason            a difference that dnsd keeps on purpose; steps name it
    everywhere NAME: CHANGE           the deviation concerns every request of this file; CHANGE as below
    == title                          a case; its steps follow
    METHOD /path                      a request that both servers get
    start NAME METHOD /path           the same, but the case goes on while the answer is awaited
    waiting NAME for 300ms            the answer has not come by then
    done NAME [after 500ms] in 5s     the answer comes, not before `after`; it is compared now

Below a request, indented:
    | TEXT                            a line of the body
    header NAME: VALUE                a request header
    save NAME header HEADER           keeps a value of the answer; ${NAME} in paths, headers and bodies stands for it
    save NAME json PATH
    until PATH is JSON                asks again till that holds (the real agent tells its catalog a little later);
    until PATH has COUNT              PATH is empty for the whole body; COUNT counts members of a list or an object
    sort PATH KEY                     the list at PATH has no order of its own: it is sorted by KEY
    only PATH...                      nothing but these parts of the body is compared; PATH? only has to be there, and not empty
    ignore PATH reason                this part of the body is not compared
    start-of-text COUNT reason        only so many characters of a text body are compared
    dnsd NAME: CHANGE                 what dnsd answers instead, for the deviation NAME. CHANGE is one of
                                      status N / header NAME VALUE / no-header NAME / json PATH JSON / no-json PATH /
                                      body JSON (the whole of it) / text TEXT

PATH is keys and positions joined by dots; * stands for each of them, a dot in a key is written \..
${x*600} is 600 times x (~ in it is a colon); ${NAME+5} adds to a saved number; $\{ is a plain ${. Lines that
begin with # are remarks.
"""
import dataclasses
import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "cases" / "registry_api"
_REQUEST = re.compile(r"(?:start (\w+) )?([A-Z]+) (\S.*)")
_WAITING = re.compile(r"waiting (\w+) for (\d+)(ms|s)")
_DONE = re.compile(r"done (\w+)(?: after (\d+)(ms|s))? in (\d+)(ms|s)")
_OPTIONS = {"header", "save", "until", "sort", "only", "ignore", "start-of-text", "dnsd"}
_PLACE = re.compile(r"\$\{(.*?\*\d+|\w+(?:\+\d+)?)\}")


@dataclasses.dataclass
class Step:
    """One line of a case. `kind`: request, start, waiting or done; times in seconds."""
    kind: str
    where: str
    name: str = ""
    method: str = ""
    path: str = ""
    body: str = None
    after: float = 0.0
    within: float = 0.0
    options: list = dataclasses.field(default_factory=list)

    def all(self, option):
        """The words after every `option` of this step."""
        return [words for name, words in self.options if name == option]

    def one(self, option):
        found = self.all(option)
        assert len(found) <= 1, f"{self.where}: {option} twice"
        return found[0] if found else None


@dataclasses.dataclass
class Case:
    area: str
    title: str
    steps: list
    deviations: dict  # name: reason, of the whole file
    everywhere: list  # words of the file's `everywhere`, as those of a step's `dnsd`

    def __str__(self):
        return f"{self.area}: {self.title}"

    @property
    def requests(self):
        return [step for step in self.steps if step.method]

    @property
    def writes(self):
        return any(step.method not in ("GET", "HEAD", "OPTIONS") for step in self.requests)


def load_all():
    """All cases of all files, in the order of file names."""
    files = sorted(FOLDER.glob("*.cases"))
    assert files, f"no case files in {FOLDER}"
    return [case for path in files for case in load(path)]


def load(path):
    deviations, everywhere, cases = {}, [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            _read_line(line, f"{path.name}:{number}", Case(path.stem, "", [], deviations, everywhere), cases)
        except (AssertionError, IndexError, ValueError) as error:
            raise ValueError(f"{path.name}:{number}: {error or 'not understood'}: {line}") from error
    titles = [case.title for case in cases]
    twice = {title for title in titles if titles.count(title) > 1}
    assert not twice, f"{path.name}: titles used twice: {twice}"
    for case in cases:
        _check_waiting(case)
    return cases


def _check_waiting(case):
    """Every request that is started is awaited later on, and the other way round."""
    started = [step.name for step in case.steps if step.kind == "start"]
    done = [step.name for step in case.steps if step.kind == "done"]
    waiting = {step.name for step in case.steps if step.kind == "waiting"}
    assert sorted(started) == sorted(set(done)) and len(done) == len(set(done)) and waiting <= set(started), (
        f"{case}: requests started: {started}, awaited: {done}, {waiting}")


def _read_line(line, where, head, cases):
    """`head`: a case without steps, with what holds for the whole file."""
    if not line.strip() or line.startswith("#"):
        return
    if line.startswith("deviation "):
        name, reason = line.removeprefix("deviation ").split(": ", 1)
        head.deviations[name] = reason
    elif line.startswith("everywhere "):
        head.everywhere.append(_deviation(line.removeprefix("everywhere "), head.deviations))
    elif line.startswith("== "):
        cases.append(dataclasses.replace(head, title=line[3:].strip(), steps=[]))
    elif line.startswith(" "):
        _read_option(cases[-1].steps[-1], line.strip(), head.deviations)
    else:
        cases[-1].steps.append(_step(line, where))


def _step(line, where):
    if match := _WAITING.fullmatch(line):
        return Step("waiting", where, match[1], within=_seconds(match[2], match[3]))
    if match := _DONE.fullmatch(line):
        after = _seconds(match[2], match[3]) if match[2] else 0.0
        return Step("done", where, match[1], after=after, within=_seconds(match[4], match[5]))
    match = _REQUEST.fullmatch(line)
    assert match, "no step"
    return Step("start" if match[1] else "request", where, match[1] or "", match[2], match[3])


def _seconds(number, unit):
    return int(number) / (1000 if unit == "ms" else 1)


def _read_option(step, line, deviations):
    if line.startswith("|"):
        text = line[1:].removeprefix(" ")
        step.body = text if step.body is None else f"{step.body}\n{text}"
        return
    name, _, words = line.partition(" ")
    assert name in _OPTIONS, f"unknown option {name}"
    assert step.method, "options belong to requests"
    step.options.append((name, _deviation(words, deviations) if name == "dnsd" else words.strip()))


def _deviation(words, deviations):
    assert words.split(":")[0] in deviations, "this deviation has no reason"
    return words.strip()


def fill(text, saved):
    """`text` with its ${...} replaced; `saved`: the values kept so far on this side."""
    def value(match):
        inside = match[1]
        if "*" in inside:
            repeated, count = inside.rsplit("*", 1)
            return repeated.replace("~", ":") * int(count)
        if "+" in inside:
            name, number = inside.split("+")
            return str(int(saved[name]) + int(number))
        return str(saved[inside])

    return _PLACE.sub(value, text).replace("$\\{", "${")


def path_parts(path):
    r"""The keys of a PATH: dots separate, \. is a dot inside a key."""
    return [part.replace("\0", ".") for part in path.replace("\\.", "\0").split(".")] if path else []
