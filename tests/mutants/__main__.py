"""``python -m tests.mutants``: plant one fault after the other in a copy of the project; each must turn the suite red.

The faults stand in ``tests/mutants/mutants.toml``; docs/mutants.md says how to add one. For each, the copy is patched
and the tests named beside it run. A fault counts as killed only when a test *failed* and its failing lines hold the
words that the table expects: a patch that breaks the program, a fixture that falls over, a test that can't be
collected or fails for another reason kills nothing. Before the first fault the same tests must pass on an unpatched
copy. The exit code is 0 when every fault was killed, 1 when one was not, 2 when nothing could be tried.
"""

import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import msgspec

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
RESULTS = ROOT / "build" / "mutants" / "results.json"
PASSED, TESTS_FAILED = 0, 1  # pytest's exit codes
PATIENCE_S = 120
"""A fault may make a test wait for ever; a test that takes this long has failed, for the wrong reason."""
NOT_TRACKED = ("assets/fonts", "assets/input", "assets/models", "assets/translations")
"""Made at set-up and needed by the interface's tests."""


class Mutant(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One planted fault."""

    name: str
    fault: str
    """What is wrong then, in one line for people."""
    file: str
    old: str
    """Stands in the file exactly once."""
    new: str
    tests: list[str]
    """Arguments for pytest."""
    seen: str
    """Stands in the failing lines of the test that notices: the statement that failed, and why (``>`` and ``E``)."""


class Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All of them."""

    mutant: list[Mutant]


class Result(msgspec.Struct, frozen=True):
    """What came of one."""

    name: str
    fault: str
    file: str
    verdict: str
    killed: bool
    noticed_by: str
    said: str
    seconds: float


def load_table() -> list[Mutant]:
    """Every planted fault, in the table's order."""
    return msgspec.toml.decode(TABLE.read_bytes(), type=Table).mutant


def apply(mutant: Mutant, project: Path) -> None:
    """Patch the project in ``project``.

    :raises LookupError: ``old`` does not stand in the file exactly once.
    """
    victim = project / mutant.file
    text = victim.read_text(encoding="utf-8")
    if (found := text.count(mutant.old)) != 1:
        raise LookupError(f"{mutant.name}: `old` stands {found} times in {mutant.file}")
    victim.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


@contextmanager
def project_copy(prefix: str) -> Iterator[Path]:
    """What git knows of the project, and what set-up has made, in a folder of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix=f"{prefix}-") as folder:
        target = Path(folder)
        target.chmod(0o755)  # some tests run a program as another user
        for name in filter(None, listed):
            source = ROOT / name
            if source.is_file():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target / name)
        for name in NOT_TRACKED:
            if (ROOT / name).exists():
                shutil.copytree(ROOT / name, target / name, dirs_exist_ok=True)
        yield target


def run_tests(project: Path, tests: list[str], log: Path) -> tuple[int, list[tuple[str, str]]]:
    """Run pytest in a copy; its exit code, and of each failed test the name and the failing lines."""
    report = log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"}
    # Very verbose: what pytest says of a failure is whole, wherever it runs.
    command = [sys.executable, "-m", "pytest", "-x", "-vv", "--no-header", f"--timeout={PATIENCE_S}"]
    with log.open("w", encoding="utf-8") as output:
        code = subprocess.run(
            [*command, f"--junitxml={report}", *tests],
            cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False,
        ).returncode  # fmt: skip
    failed = []
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        for failure in case.iter("failure"):
            lines = [line for line in (failure.text or "").splitlines() if line.startswith((">", "E "))]
            failed.append((case.get("name", ""), "\n".join(lines)))
    return code, failed


def judge(mutant: Mutant, code: int, failed: list[tuple[str, str]]) -> tuple[str, str, str]:
    """The verdict, which test noticed, and what it said."""
    if code == PASSED:
        return "SURVIVED", "", ""
    if code != TESTS_FAILED or not failed:
        return f"NOT TRIED: pytest ended with {code}, and no test failed", "", ""
    for name, lines in failed:
        if mutant.seen in lines:
            return "killed", name, _first_word_of(lines)
    return "FAILED FOR ANOTHER REASON", failed[0][0], _first_word_of(failed[0][1])


def _first_word_of(lines: str) -> str:
    """What pytest says first of a failure."""
    return next((line.removeprefix("E").strip() for line in lines.splitlines() if line.startswith("E ")), lines)


def try_mutant(mutant: Mutant, logs: Path) -> Result:
    """Plant one fault and see whether the tests notice."""
    began = time.monotonic()
    with project_copy("mutant") as project:
        try:
            apply(mutant, project)
        except LookupError as error:
            verdict, name, said = "NOT TRIED: the patch does not apply", "", str(error)
        else:
            verdict, name, said = judge(mutant, *run_tests(project, mutant.tests, logs / f"{mutant.name}.log"))
    seconds = round(time.monotonic() - began, 1)
    return Result(mutant.name, mutant.fault, mutant.file, verdict, verdict == "killed", name, said, seconds)


def main() -> int:
    """Try every mutant; 0 when each was killed."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="only faults whose names contain this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    chosen = parser.parse_args()
    mutants = [mutant for mutant in load_table() if chosen.only is None or chosen.only in mutant.name]
    if not mutants:
        print("no such fault")
        return 2
    logs = RESULTS.parent
    logs.mkdir(parents=True, exist_ok=True)
    with project_copy("unpatched") as project:
        selections = list(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        code, failed = run_tests(project, selections, logs / "unpatched.log")
        if code != PASSED:
            print(f"the unpatched project fails already: {failed[:1] or code}; see {logs / 'unpatched.log'}")
            return 2
    results = []
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        for result in pool.map(lambda mutant: try_mutant(mutant, logs), mutants):
            results.append(result)
            print(f"{result.verdict:<9} {result.seconds:>6} s  {result.name}: {result.noticed_by or result.fault}")
            if not result.killed:
                print(f"{'':<20}see {logs / result.name}.log  {result.said}")
    if chosen.only is None:  # the file is about the whole table
        RESULTS.write_text(json.dumps(msgspec.to_builtins(results), indent=2, ensure_ascii=False), encoding="utf-8")
    killed = sum(result.killed for result in results)
    print(f"{killed} of {len(results)} planted faults were noticed")
    return 0 if killed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
