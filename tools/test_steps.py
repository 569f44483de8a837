# Signpost. Apache-2.0; see LICENSE.
"""The steps of tools/test. Each adds to what passed and failed; whatever could not run has failed."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
REPORTS = ROOT / "build" / "reports"
FUZZ_SECONDS = 20
UNIT_SECONDS = 300  # for one unit test program
STEP_SECONDS = 2700  # for any one command
MOST_REPEATED = 5  # failed tests of one step
# Scenario folders that run under each sanitizer too. by_hand tries tools/up, which builds for itself;
# registry_clock preloads a library, which the sanitizers do not suffer; real_engine, end_to_end and lb's load measure.
# Threads meet at start, stop, reload, metrics and TCP: that is what the thread sanitizer is shown. registrar has one thread.
# What the address sanitizer is shown: whatever reads bytes of strangers or juggles connections. A release run has shown that
# the rest does what it says; its code paths are in the unit tests, which all run with it. `long` shows it more.
REGISTRAR = ("bad_input", "command_line", "events")
DNSD = {
    "asan": ("bad_config", "feed_faults", "forwarding_faults", "operations", "protection", "protocol", "random_queries",
             "registry_faults", "registry_security", "snapshot", "spoofing", "static_zones", "tcp"),
    "tsan": ("operations", "registry_blocking", "registry_dns", "registry_faults", "registry_service_files", "tcp"),
}
LB = {
    "asan": ("balancing", "dns_discovery", "http_protocol", "life", "tcp"),
    "tsan": ("balancing", "life"),
}
SANITIZED = {preset: [f"tests/scenario/dnsd/{name}" for name in DNSD[preset]] + [f"tests/scenario/lb/{name}" for name in LB[preset]]
             for preset in DNSD}
SANITIZED["asan"] += [f"tests/scenario/registrar/{name}" for name in REGISTRAR]
# Of `long`: with the address sanitizer, and with SIGNPOST_LONG.
MORE_SANITIZED = ["tests/scenario/registrar/faults"] + [f"tests/scenario/dnsd/{name}" for name in (
    "consul_parity", "dns_sd", "random_queries", "registry_api", "registry_blocking", "registry_dns", "tls", "udp_sockets")]
LONG = ("tests/scenario/dnsd/callers", "tests/scenario/registrar/end_to_end", "tests/scenario/lb/source_scenario")
# Test programs of folders with threads, or with what threads share. In the others the thread sanitizer has nothing to find.
THREADED = ("common_base_test", "common_net_test", "common_http_test", "dnsd_registry_checks_test", "dnsd_registry_storage_test",
            "dnsd_registry_test", "dnsd_resolver_test", "dnsd_transport_test", "dnsd_test", "lb_balance_test", "lb_pool_test", "lb_session_test", "lb_test")
# What is built for a preset; nothing means all.
TARGETS = {"tsan": ("dnsd_program", "lb_program", *THREADED)}
ENVIRONMENT = {
    # Another checkout of the same sources finds the compiler's cache filled.
    "CCACHE_BASEDIR": str(ROOT),
    "CCACHE_NOHASHDIR": "1",
    "CMAKE_COLOR_DIAGNOSTICS": "OFF",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


class Tally:
    """What passed and failed so far, and how long each step took."""

    def __init__(self):
        self.begin = time.monotonic()
        self.passed = self.failed = 0
        self.failures, self.times = [], []
        self.unsteady = []  # what failed at first

    def add(self, passed, failed, what):
        self.passed += passed
        self.failed += failed
        if failed:
            self.failures.append(f"{what}: {failed} failed")
        print(f"   {what}: {passed} passed, {failed} failed", flush=True)

    def step(self, heading, function, *arguments):
        start = time.monotonic()
        minutes, seconds = divmod(int(start - self.begin), 60)
        print(f"== {minutes}:{seconds:02} {heading}", flush=True)
        done = function(self, *arguments)
        self.times.append((time.monotonic() - start, heading))
        return done

    def finish(self):
        for thread in BEHIND:
            thread.shutdown(cancel_futures=True)
        print("== time of each step")
        for seconds, heading in self.times:
            print(f"   {seconds:6.0f} s  {heading}")
        for test in self.unsteady:
            print(f"   AT FIRST {test}")
        for failure in self.failures:
            print(f"   FAILED {failure}")
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0


def run(*command, environment=None, seconds=STEP_SECONDS, log=None):
    """Runs a command to its end, or for at most `seconds`; its process group ends with it. Returns (exit status, output)."""
    process = subprocess.Popen([*map(str, command)], cwd=ROOT, env={**os.environ, **ENVIRONMENT, **(environment or {})},
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nstopped after {seconds} s"
        process.returncode = process.returncode or 1
    if log:
        REPORTS.mkdir(parents=True, exist_ok=True)
        (REPORTS / log).write_text(output)
    return process.returncode, output


def show_end(output, lines=60):
    print("\n".join("   | " + line for line in output.splitlines()[-lines:]), flush=True)


def command_result(tally, what, result):
    """A command that passes or fails as a whole. `result`: what `run` returned."""
    status, output = result
    if status:
        show_end(output)
    tally.add(int(status == 0), int(status != 0), what)
    return status == 0


def command_step(tally, what, *command):
    return command_result(tally, what, run(*command))


def compile_preset(preset, *prefix):
    """(exit status, output) of configuring and building."""
    targets = ("--target", *TARGETS[preset]) if preset in TARGETS else ()
    for command in (("cmake", "--preset", preset), ("cmake", "--build", "--preset", preset, *targets)):
        status, output = run(*prefix, *command, log=f"build-{preset}.log")
        if status:
            break
    return status, output


def build_result(tally, preset, result):
    """Failed builds count; good ones are no test."""
    status, output = result
    if status:
        errors = [line for line in output.splitlines() if re.search(r"error: |FAILED|undefined reference", line)]
        show_end("\n".join(errors) or output)
        tally.add(0, 1, f"build {preset}")
    return status == 0


def build(tally, preset):
    return build_result(tally, preset, compile_preset(preset))


# What keeps the processors busy runs one after the other behind the scenarios, which mostly wait, and gives way to them.
BEHIND = []
POLITELY = ("nice", "-n", "19")


def behind(*functions):
    """Starts the functions in turn on a thread of their own; their futures, in the same order."""
    thread = concurrent.futures.ThreadPoolExecutor(1)
    BEHIND.append(thread)
    return [thread.submit(function) for function in functions]


def gtest_cases(report):
    """(passed, failed) of one GoogleTest report. A skipped or disabled case has not passed."""
    root = xml.etree.ElementTree.parse(report).getroot()
    cases = list(root.iter("testcase"))
    good = sum(case.get("result") == "completed" and case.find("failure") is None for case in cases)
    return good, len(cases) - good


def unit_tests(tally, preset):
    reports = REPORTS / f"unit-{preset}"
    shutil.rmtree(reports, ignore_errors=True)
    folder = ROOT / "build" / preset
    _, listed = run("ctest", "--test-dir", folder, "--show-only=json-v1")
    names = [test["name"] for test in json.loads(listed[listed.index("{"):]).get("tests", [])]
    only = ()
    if preset in TARGETS:
        only = ("-R", f"^({'|'.join(THREADED)})$")
        names = [name for name in names if name in THREADED]
    # The thread sanitizer of this compiler needs addresses that are not randomised widely.
    prefix = ("setarch", "-R") if preset == "tsan" and run("setarch", "-R", "true")[0] == 0 else ()
    status, output = run(*prefix, "ctest", "--test-dir", folder, *only, "--output-on-failure", "-j", os.cpu_count(), "--timeout",
                         UNIT_SECONDS, "--output-junit", reports / "ctest.xml", environment={"GTEST_OUTPUT": f"xml:{reports}/"},
                         log=f"unit-{preset}.log")
    broken = {case.get("name") for case in xml.etree.ElementTree.parse(reports / "ctest.xml").iter("testcase")
              if case.get("status") != "run"} if (reports / "ctest.xml").is_file() else set(names)
    passed = failed = 0
    for name in names:
        report = reports / f"{name}.xml"
        good, bad = gtest_cases(report) if report.is_file() else (0, 1)
        passed, failed = passed + good, failed + max(bad, int(name in broken))
    if status or failed:
        show_end(output)
    tally.add(passed, failed if names else 1, f"unit tests, {preset}")


def run_pytest(report, *paths, **environment):
    """(exit status, output, {path::name of what has not passed: why}, number of tests)."""
    report.unlink(missing_ok=True)
    status, output = run("/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rfEs", "--tb=short",
                         f"--junitxml={report}", *paths, environment=environment, log=report.stem + ".log")
    cases = list(xml.etree.ElementTree.parse(report).iter("testcase")) if report.is_file() else []
    bad = {}
    for case in cases:
        for kind in ("failure", "error", "skipped"):
            if (found := case.find(kind)) is not None:
                name = f"{case.get('classname').replace('.', '/')}.py::{case.get('name')}"
                bad[name] = f"{kind}: {' '.join((found.get('message') or '').split())[:800]}"
    if status and not bad:
        bad["pytest"] = f"exit status {status}"
    return status, output, bad, len(cases)


def pytest(tally, what, *paths, **environment):
    """A skipped test, or a folder without tests, has failed."""
    report = REPORTS / (re.sub(r"\W+", "-", what) + ".xml")
    _, output, bad, count = run_pytest(report, *paths, **environment)
    if bad:
        # A long run's output may be cut; its end is what is read.
        show_end(output)
        tally.unsteady += [f"{name} {why}" for name, why in bad.items()]
        bad = repeated(report, bad, environment)
        tally.failures += [f"{name} {why}" for name, why in bad.items()]
    tally.add(max(count - len(bad), 0), len(bad), what)


def repeated(report, bad, environment):
    """What of `bad` fails again. Thousands of tests with real servers, beside compilers, meet a pause of the machine now and
    then: a few are tried once more, and all are told at the end, so that none hides."""
    names = [name for name, why in bad.items() if "::" in name and not why.startswith("skipped")]
    if len(names) < len(bad) or len(bad) > MOST_REPEATED:
        return bad
    status, output, again, count = run_pytest(report.with_stem(report.stem + "-repeated"), *names, **environment)
    if status:
        show_end(output)
    return again if count >= len(names) else bad


def fuzz_target(target):
    status, output = run("tools/fuzz", target, FUZZ_SECONDS, seconds=FUZZ_SECONDS * 6, log=f"fuzz-{target}.log")
    return target, status, output


def fuzz(tally):
    names = sorted({*re.findall(r"^(?:\S*/)?fuzz_(\w+): ", run("ninja", "-C", "build/fuzz", "-t", "targets", "all")[1], re.M)})
    if not names:
        tally.add(0, 1, "fuzz: no targets")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, status, output in pool.map(fuzz_target, names):
            if status:
                show_end(output)
            tally.add(int(status == 0), int(status != 0), f"fuzz {target}, {FUZZ_SECONDS} s")


def scenarios(tally, preset):
    pytest(tally, f"scenarios, {preset}", *SANITIZED[preset], SIGNPOST_BUILD=preset)


def has_tests(folder):
    return any((ROOT / folder).rglob("test_*.py")) or any((ROOT / folder).rglob("*_test.py"))


def quick(tally):
    if not tally.step("build release", build, "release"):
        return False
    tally.step("unit tests, release", unit_tests, "release")
    tally.step("rules of the source tree", pytest, "rules", "tests/rules")
    return True


def everything(tally):
    released = quick(tally)
    lint, *builds = behind(lambda: run(*POLITELY, "tools/lint") if released else None,
                           *(lambda preset=preset: compile_preset(preset, *POLITELY) for preset in (*SANITIZED, "fuzz")))
    if released:
        tally.step("format", command_step, "format", "tools/format", "--check")
        folders = ["tests/scenario"] + ["tests/cases"] * has_tests("tests/cases")
        tally.step("scenarios, release", pytest, "scenarios", *folders)
        tally.step("lint", lambda _: command_result(tally, "lint", lint.result()))
    for preset, future in zip(SANITIZED, builds):
        if tally.step(f"build {preset}", lambda _: build_result(tally, preset, future.result())):
            tally.step(f"unit tests, {preset}", unit_tests, preset)
            tally.step(f"scenarios, {preset}", scenarios, preset)
    if tally.step("build fuzz", lambda _: build_result(tally, "fuzz", builds[-1].result())):
        tally.step("fuzz", fuzz)


def long_runs(tally):
    if tally.step("build release", build, "release"):
        tally.step("long runs", lambda _: pytest(tally, "long runs", *LONG, SIGNPOST_LONG="1"))
    if tally.step("build asan", build, "asan"):
        tally.step("long runs, asan", lambda _: pytest(tally, "long runs, asan", *MORE_SANITIZED, SIGNPOST_LONG="1",
                                                      SIGNPOST_BUILD="asan"))


def main():
    modes = {"quick": quick, "all": everything, "long": long_runs}
    if len(sys.argv) != 2 or sys.argv[1] not in modes:
        print("usage: tools/test [quick|all|long]", file=sys.stderr)
        return 2
    tally = Tally()
    modes[sys.argv[1]](tally)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
