"""What the doctor may find: in both languages, on docs/doctor.md, and in the row of docs/faults.md that it names."""

import re
from pathlib import Path

from kiosk.technician.causes import Cause
from kiosk.technician.doctor import CHECKS, WARNINGS

ROOT = Path(__file__).parents[2]
DOCTOR = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_every_cause_says_what_it_means_and_what_to_do() -> None:
    for cause in Cause:
        for words in (cause.means, cause.advice):
            assert words.zh
            assert words.en


def test_a_code_stands_in_the_faults() -> None:
    rows = set(re.findall(r"^\| ([A-Z]-\d\d) \|", FAULTS, re.MULTILINE))
    assert {cause.code for cause in Cause if cause.code} <= rows


def test_the_page_has_every_check_and_every_cause_and_no_other() -> None:
    checks = re.findall(r"^\| `(\w+)` \|.*\|.*\|$", DOCTOR, re.MULTILINE)
    assert checks == [*(check.word for check in CHECKS), *(cause.value for cause in Cause)]
    for cause in Cause:
        grade = "warning" if cause in WARNINGS else "fault"
        assert f"| `{cause.value}` | {grade} | {cause.advice.zh} {cause.advice.en} |" in DOCTOR


def test_no_check_stands_on_one_that_comes_later() -> None:
    done: set[str] = set()
    for check in CHECKS:
        assert set(check.stands_on) <= done
        done.add(check.word)
