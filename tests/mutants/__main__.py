"""``python -m tests.mutants``: plant one fault after the other in a copy of the project; each must turn the suite red.

The faults stand in ``tests/mutants/mutants.toml``. For each, the copy is patched, the tests named beside it run, and
the run must fail *because a test failed*: a patch that no longer applies, a test that can't be collected or an empty
selection is a fault of the table and fails the run as well. Before the first mutant the same selections run on the
unpatched copy and must pass.
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
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
RESULTS = ROOT / "build" / "mutants" / "results.json"
TESTS_FAILED = 1  # pytest's exit code for "tests were collected and run but some failed"
NOT_TRACKED = ("assets/fonts", "assets/translations")
"""Made at set-up and needed by the interface's tests."""


class Mutant(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One planted fault."""

    name: str
    file: str
    old: str
    """Stands in the file exactly once."""
    new: str
    tests: list[str]
    """Arguments for pytest."""


class Table(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """All of them."""

    mutant: list[Mutant]


def copy_project(target: Path) -> None:
    """Copy what git knows of the project, and what set-up has made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    for name in NOT_TRACKED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, target / name, dirs_exist_ok=True)


def run_tests(project: Path, tests: list[str], log: Path) -> int:
    """Run pytest in a copy; its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "mutants"}
    with log.open("w", encoding="utf-8") as output:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *tests],
            cwd=project, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False,
        ).returncode  # fmt: skip


def try_mutant(mutant: Mutant, logs: Path) -> dict[str, object]:
    """Plant one fault and see whether the tests notice."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        project = Path(folder)
        copy_project(project)
        victim = project / mutant.file
        text = victim.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            verdict = f"patch does not apply: found {text.count(mutant.old)} times"
        else:
            victim.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
            code = run_tests(project, mutant.tests, logs / f"{mutant.name}.log")
            verdict = "killed" if code == TESTS_FAILED else "SURVIVED" if code == 0 else f"pytest ended with {code}"
    return {
        "name": mutant.name,
        "file": mutant.file,
        "verdict": verdict,
        "killed": verdict == "killed",
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> int:
    """Try every mutant; 0 when each was killed."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("--only", help="names that contain this")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    mutants = [
        mutant
        for mutant in msgspec.toml.decode(TABLE.read_bytes(), type=Table).mutant
        if chosen.only is None or chosen.only in mutant.name
    ]
    logs = RESULTS.parent
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unpatched-") as folder:
        copy_project(Path(folder))
        selections = sorted({test for mutant in mutants for test in mutant.tests})
        if run_tests(Path(folder), selections, logs / "unpatched.log") != 0:
            print(f"the unpatched project fails already: {logs / 'unpatched.log'}")
            return 2
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(lambda mutant: try_mutant(mutant, logs), mutants))
    for result in results:
        print(f"{result['verdict']:<40} {result['seconds']:>6} s  {result['name']}")
    RESULTS.write_text(json.dumps(results, indent=2), encoding="utf-8")
    killed = sum(bool(result["killed"]) for result in results)
    print(f"{killed} of {len(results)} planted faults were noticed")
    return 0 if results and killed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
