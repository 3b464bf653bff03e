"""Coming in by one-time code, over a real ledger: what is taken, what is not, and what a cut leaves of it."""

import logging
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from kiosk.ledger import Ledger, LedgerReader
from kiosk.ledger.errors import LedgerFull
from kiosk.records.chain import SealedEntry
from kiosk.records.roster import Roster
from kiosk.records.technician import ActOutcome, Role, TechnicianAct
from kiosk.records.upload import decode, encode
from kiosk.technician.acts import ActLedger
from kiosk.technician.admission import Admission, Admitted, Refusal, Refused
from tests import ledgers
from tests.kill_points import killed_before
from tests.technicians import NOW_MS, YEAR_MS, a_roster, code, keeper, technician

MINUTE_S = 60.0
IN = Admitted("T1001", Role.FULL)
NOT_ADMITTED = Refused(Refusal.NOT_ADMITTED)
ROSTER = a_roster(
    7,
    [
        technician("T1001"),
        technician("T1002", Role.SUPPLIES),
        technician("T1003", revoked=True),
        technician("T1004", valid_until_ms=NOW_MS),
    ],
)


class Door:
    """One terminal's way in, its clock in the test's hand; opened anew at will."""

    def __init__(self, folder: Path, roster: Roster | None = ROSTER) -> None:
        self.folder, self.now, self.offset_ms = folder, NOW_MS / 1000, 0
        self.keeper = keeper(folder, roster)
        ledgers.create(folder / "ledger").close()
        self.ledger = ledgers.reopen(folder / "ledger")

    def admission(self, ledger: ActLedger | None = None) -> Admission:
        return Admission(
            self.keeper, ledger or self.ledger, "zhumadian", clock=lambda: self.now, offset_ms=lambda: self.offset_ms
        )

    def by_code(self, staff: str, digits: str) -> Admitted | Refused:
        return self.admission().by_code(staff, digits)

    def right(self, staff: str = "T1001", steps: int = 0) -> str:
        return code(staff, int(self.now * 1000) + self.offset_ms, steps=steps)

    def wrong(self, times: int = 1) -> Admitted | Refused:
        given = [self.by_code("T1001", "000000") for _ in range(times)]
        return given[-1]

    def restart(self) -> None:
        self.ledger.close()
        self.ledger = ledgers.reopen(self.folder / "ledger")

    def acts(self) -> list[TechnicianAct]:
        with LedgerReader(self.folder / "ledger") as reader:
            sealed = [entry for entry in reader.entries(0, 500) if isinstance(entry, SealedEntry)]
            return [decode(ledgers._unsealed(reader, entry), TechnicianAct) for entry in sealed]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_a_code_lets_in_and_says_as_what(door: Door) -> None:
    assert door.by_code("T1001", door.right()) == IN
    assert door.by_code("T1002", door.right("T1002")) == Admitted("T1002", Role.SUPPLIES)
    assert [(act.staff, act.role, act.act, act.outcome, act.why) for act in door.acts()] == [
        ("T1001", Role.FULL, "admission", ActOutcome.DONE, "code"),
        ("T1002", Role.SUPPLIES, "admission", ActOutcome.DONE, "code"),
    ]


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_is_forgiven_either_way(door: Door, steps: int, is_taken: bool) -> None:
    assert isinstance(door.by_code("T1001", door.right(steps=steps)), Admitted) is is_taken


def test_codes_go_by_the_mended_clock(door: Door) -> None:
    right = door.right()
    door.now, door.offset_ms = door.now - 86_400, 86_400_000
    assert door.by_code("T1001", right) == IN


def test_a_code_is_taken_once_over_restarts_and_none_before_it(door: Door) -> None:
    assert door.by_code("T1001", door.right()) == IN
    assert door.by_code("T1001", door.right()) == NOT_ADMITTED
    door.restart()
    assert door.by_code("T1001", door.right()) == NOT_ADMITTED
    assert door.by_code("T1001", door.right(steps=-1)) == NOT_ADMITTED
    assert door.by_code("T1001", door.right(steps=1)) == IN
    assert [act.why for act in door.acts()] == ["code", "code_used", "code_used", "code_used", "code"]


@pytest.mark.parametrize(
    ("staff", "why"), [("T1003", "revoked"), ("T1004", "expired"), ("T9999", "unknown"), ("T1001", "code_wrong")]
)
def test_strangers_are_not_told_which_and_the_log_is(
    door: Door, staff: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    digits = "000000" if staff in ("T9999", "T1001") else code("T1004", NOW_MS)
    with caplog.at_level(logging.WARNING):
        assert door.by_code(staff, digits) == NOT_ADMITTED
    assert why in caplog.text
    assert [act.why for act in door.acts()] == [why]


@pytest.mark.parametrize("digits", ["", "00000", "0000000", "12345x", "１２３４５６", "-12345", "abcdef"])
def test_what_is_no_code_is_a_failure_like_any(door: Door, digits: str) -> None:
    assert door.by_code("T1001", digits) == NOT_ADMITTED
    assert [act.why for act in door.acts()] == ["code_wrong"]


def test_what_a_stranger_types_for_a_staff_number_is_kept_nowhere(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        door.by_code("13812345678", "000000")
    assert "13812345678" not in caplog.text
    assert door.acts()[0].staff == ""


def test_nobody_is_let_in_once_their_term_is_over(door: Door) -> None:
    door.now += YEAR_MS / 1000
    assert door.by_code("T1001", door.right()) == NOT_ADMITTED


def test_five_failures_lock_out_and_a_right_code_waits(door: Door) -> None:
    assert door.wrong(4) == NOT_ADMITTED
    assert door.wrong() == Refused(Refusal.LOCKED_OUT, 15)
    assert door.by_code("T1001", door.right()) == Refused(Refusal.LOCKED_OUT, 15)
    door.now += 14 * MINUTE_S + 1
    assert door.by_code("T1002", door.right("T1002")) == Refused(Refusal.LOCKED_OUT, 1)
    door.now += MINUTE_S
    assert door.by_code("T1001", door.right()) == IN
    assert [act.act for act in door.acts()] == ["admission"] * 5 + ["lock_out", "admission"]


def test_a_lock_out_survives_a_restart_and_erasure(door: Door) -> None:
    door.wrong(5)
    door.ledger.erase(door.ledger.head().sequence)
    door.restart()
    assert door.by_code("T1001", door.right()) == Refused(Refusal.LOCKED_OUT, 15)


def test_failures_are_counted_over_restarts(door: Door) -> None:
    for _ in range(4):
        assert door.wrong() == NOT_ADMITTED
        door.restart()
    assert door.wrong() == Refused(Refusal.LOCKED_OUT, 15)
    door.now += 15 * MINUTE_S
    assert door.wrong(5) == Refused(Refusal.LOCKED_OUT, 30)


def test_who_comes_in_begins_anew(door: Door) -> None:
    door.wrong(4)
    assert door.by_code("T1001", door.right()) == IN
    assert door.wrong(4) == NOT_ADMITTED


def test_tries_while_locked_out_leave_the_ledger_alone(door: Door) -> None:
    door.wrong(5)
    before = door.ledger.head().sequence
    door.wrong(50)
    assert door.ledger.head().sequence == before


def test_a_clock_that_went_back_keeps_nobody_out_for_ever(door: Door) -> None:
    door.wrong(5)
    door.now -= 365 * 86_400.0
    assert door.by_code("T1001", door.right()) == Refused(Refusal.LOCKED_OUT, 15)
    door.now += 15 * MINUTE_S
    assert door.by_code("T1001", door.right()) == IN
    assert [act.why for act in door.acts() if act.act == "lock_out"] == ["code", "clock_went_back"]


def test_without_a_roster_nobody_comes_in(tmp_path: Path) -> None:
    door = Door(tmp_path, roster=None)
    assert door.by_code("T1001", door.right()) == Refused(Refusal.NO_ROSTER)
    assert door.acts() == []


def test_an_older_roster_put_back_on_the_disk_lets_nobody_in(door: Door) -> None:
    old = door.keeper.kept.read_bytes()
    door.keeper.take(encode(a_roster(8, [technician("T1001", revoked=True)])))
    assert door.wrong() == NOT_ADMITTED
    door.keeper.kept.write_bytes(old)
    assert door.by_code("T1001", door.right()) == Refused(Refusal.NO_ROSTER)


def test_a_roster_that_arrived_counts_at_once(door: Door) -> None:
    assert door.by_code("T1001", door.right()) == IN
    door.keeper.arrived.write_bytes(encode(a_roster(8, [technician("T1001", revoked=True)])))
    assert door.by_code("T1001", door.right(steps=1)) == NOT_ADMITTED


def test_nobody_comes_in_off_the_record(door: Door) -> None:
    door.ledger._db.execute("PRAGMA max_page_count = 1")  # as a full disk
    with pytest.raises(LedgerFull):
        ledgers.fill(door.ledger, 1000)
    assert door.by_code("T1001", door.right()) == Refused(Refusal.NOT_ON_RECORD)
    door.ledger.close()
    assert door.by_code("T1001", door.right()) == Refused(Refusal.NOT_ON_RECORD)


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_its_words(refusal: Refusal) -> None:
    words = Refused(refusal, 3).words
    assert re.search("[一-鿿]", words.zh)
    assert words.en


_CODE = ("kiosk/technician/admission.py", "kiosk/technician/acts.py")
"""What lies around the write; of the write itself see test_ledger_kill."""


@pytest.mark.parametrize("is_right", [False, True])
def test_a_cut_at_any_line_gives_no_guess_for_nothing_and_no_code_twice(tmp_path: Path, is_right: bool) -> None:
    door = Door(tmp_path)
    door.ledger.close()
    digits, told = door.right() if is_right else "000000", tmp_path / "told"

    def work(begin: Callable[[], None]) -> None:
        ledger: Ledger = ledgers.reopen(tmp_path / "ledger")
        admission = door.admission(ledger)
        begin()
        answer = admission.by_code("T1001", digits)
        told.write_text(repr(answer))

    failures = 0
    for line in count(1, 3):  # every third: each costs a process, and the write is one line
        told.unlink(missing_ok=True)
        killed = killed_before(line, work, *_CODE)
        door.restart()
        verdicts = sum(act.act == "admission" for act in door.acts())
        assert verdicts - failures in ((0, 1) if not told.exists() else (1,)), f"cut before line {line}"
        failures = verdicts
        if is_right and verdicts:
            assert door.by_code("T1001", digits) == NOT_ADMITTED
            assert killed or told.exists()
            break
        if not is_right and (verdicts == 4 or not killed):
            assert door.wrong(5 - verdicts) == Refused(Refusal.LOCKED_OUT, 15)
            break
        door.ledger.close()
