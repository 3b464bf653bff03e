"""The table of planted faults fits the code and the tests as they are now; running them takes ``make mutants``."""

import re
from pathlib import Path

import pytest

from tests.mutants.__main__ import ROOT, Mutant, apply, judge, load_table

MUTANTS = load_table()
PAGE = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
LEAST = 16


def test_there_are_enough_and_each_has_its_own_name() -> None:
    assert len(MUTANTS) >= LEAST
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    # Names become those of log files.
    assert all(re.fullmatch(r"[a-z0-9-]+", mutant.name) for mutant in MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_each_patch_fits_todays_source(mutant: Mutant, tmp_path: Path) -> None:
    before = (ROOT / mutant.file).read_text(encoding="utf-8")
    copy = tmp_path / mutant.file
    copy.parent.mkdir(parents=True)
    copy.write_text(before, encoding="utf-8")
    apply(mutant, tmp_path)
    after = copy.read_text(encoding="utf-8")
    assert after != before
    if copy.suffix == ".py":
        compile(after, mutant.file, "exec")


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_each_is_held_by_tests_that_exist(mutant: Mutant) -> None:
    assert mutant.seen
    assert mutant.tests
    # The campaigns and the technician's tour are programs of their own, and their counting has tests.
    campaigns = ("tests/e2e/chaos", "tests/e2e/replacements/", "tests/e2e/technician/")
    within_tests = mutant.file.startswith("tests/") and not mutant.file.startswith(campaigns)
    assert not within_tests, "a fault is planted in a test"
    for test in mutant.tests:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not name or re.search(rf"^def {re.escape(name.partition('[')[0])}\(", text, re.MULTILINE), test


def test_the_page_names_each_fault_and_no_other() -> None:
    named = re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| `", PAGE, re.MULTILINE)
    assert named == [(mutant.name, mutant.fault) for mutant in MUTANTS]


def test_a_fault_is_killed_by_the_failure_that_was_expected_only() -> None:
    mutant = MUTANTS[0]
    for code, failed, verdict in [
        (0, [], "SURVIVED"),
        (1, [("test_it", f"> assert x\nE {mutant.seen}")], "killed"),
        (1, [("test_it", "> assert x\nE NameError")], "FAILED FOR ANOTHER REASON"),
        (1, [], "NOT TRIED: pytest ended with 1, and no test failed"),  # a fixture broke
        (5, [], "NOT TRIED: pytest ended with 5, and no test failed"),  # nothing was collected
    ]:
        assert judge(mutant, code, failed)[0] == verdict


def test_a_patch_that_fits_twice_is_refused(tmp_path: Path) -> None:
    mutant = Mutant(name="x", fault="x", file="a.py", old="one", new="two", tests=["t"], seen="s")
    for text in ("one one", "nothing"):
        (tmp_path / "a.py").write_text(text)
        with pytest.raises(LookupError):
            apply(mutant, tmp_path)
