"""The technician's tour before it plants anything: what it draws, and that its judge finds what a doctor does wrong."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pytest

from kiosk.technician.causes import Cause
from kiosk.technician.doctor import CHECKS, WARNINGS
from kiosk.technician.findings import State
from tests.e2e.technician.draw import divided, drawn
from tests.e2e.technician.ground import Examination, Told, Words
from tests.e2e.technician.on_screen import Grade, Seen, SeenRow, differences_on_screen
from tests.e2e.technician.table import Fault, load_table
from tests.e2e.technician.verdict import differences

TABLE = load_table()
FAULTS = {fault.name: fault for fault in TABLE.fault}
WORDS = Words("字", "words")
PAD, NAME, PAPER = FAULTS["PIN pad silent"], FAULTS["centre's name unknown"], FAULTS["no paper"]


def told(found: Mapping[str, Cause | State]) -> Examination:
    """What a doctor says who found this, by check; everything else is as on a terminal that is well."""
    findings = []
    for check in CHECKS:
        what = found.get(check.word, State.NOT_TRIED if check.word in TABLE.well_without else State.WELL)
        cause = what if isinstance(what, Cause) else None
        if isinstance(what, Cause):
            what = State.WARNING if what in WARNINGS else State.FAULT
        advice = WORDS if cause is not None else None
        findings.append(
            Told(check=check.word, state=what, found="seen", cause=cause, code="", means=advice, advice=advice)
        )
    states = {one.state for one in findings}
    outcome = "fault" if State.FAULT in states else "warning" if State.WARNING in states else "well"
    return Examination(outcome=outcome, findings=findings)


HIDDEN: dict[str, Cause | State] = dict.fromkeys(NAME.hides, State.NOT_TRIED)
UNKNOWN: dict[str, Cause | State] = {"pin_pad": Cause.DEVICE_SILENT}
NO_NAME: dict[str, Cause | State] = {**HIDDEN, "name": Cause.NAME_NOT_FOUND}


def without_words(fault: Fault) -> Fault:
    return msgspec.structs.replace(fault, says="")


def test_what_is_found_by_its_name_is_good() -> None:
    assert differences(TABLE, [], told({})) == []
    assert differences(TABLE, [PAD], told(UNKNOWN)) == []
    assert differences(TABLE, [PAPER], told({"receipt_printer": Cause.PAPER_OUT})) == []
    assert differences(TABLE, [without_words(NAME)], told(NO_NAME)) == []
    assert differences(TABLE, [PAD, without_words(NAME)], told({**NO_NAME, **UNKNOWN})) == []


@pytest.mark.parametrize(
    ("planted", "found", "trouble"),
    [
        ([], UNKNOWN, "pin_pad is blamed"),
        ([], {"camera": State.NOT_TRIED}, "camera is not_tried"),
        ([PAD], {}, "does not find PIN pad silent"),
        ([PAD], {"pin_pad": Cause.DEVICE_GARBLED}, "PIN pad silent is called device_garbled"),
        ([PAD], {**UNKNOWN, "id_reader": Cause.DEVICE_SILENT}, "id_reader is blamed"),
        ([PAD, PAPER], UNKNOWN, "does not find no paper"),
        ([PAD, PAPER], {"receipt_printer": Cause.PAPER_OUT}, "does not find PIN pad silent"),
        ([NAME], {**NO_NAME, "reach": Cause.CENTRE_NOT_REACHED}, "reach is blamed"),
        ([NAME], {**NO_NAME, "sign_in": State.WELL}, "sign_in is well"),
        ([FAULTS["certificate ends soon"]], {"certificate": Cause.CERTIFICATE_ENDS_SOON}, "told without 9 days"),
    ],
)  # fmt: skip
def test_a_doctor_who_is_wrong_is_found_out(
    planted: list[Fault], found: dict[str, Cause | State], trouble: str
) -> None:
    assert any(trouble in one for one in differences(TABLE, planted, told(found)))


def test_a_check_that_was_left_out_or_a_gentler_word_is_found_out() -> None:
    said = told(UNKNOWN)
    assert differences(TABLE, [PAD], msgspec.structs.replace(said, findings=said.findings[:-1])) != []
    assert differences(TABLE, [PAD], msgspec.structs.replace(said, outcome="well")) != []
    mild = [msgspec.structs.replace(one, state=State.WARNING) if one.cause else one for one in said.findings]
    assert differences(TABLE, [PAD], msgspec.structs.replace(said, findings=mild)) != []


def test_a_second_fault_that_hangs_on_the_first_is_not_asked_for() -> None:
    daemon, reader = FAULTS["card daemon stopped"], FAULTS["card reader of another name"]
    both: dict[str, Cause | State] = {"card_daemon": Cause.DAEMON_STOPPED, "card_reader": State.NOT_TRIED}
    assert differences(TABLE, [daemon, without_words(reader)], told(both)) == []
    blamed = told({**both, "card_reader": Cause.DEVICE_MISSING})
    assert differences(TABLE, [daemon, without_words(reader)], blamed) != []


def test_a_seed_draws_the_same_again_and_another_others() -> None:
    first, other = drawn(TABLE, 1, 20), drawn(TABLE, 2, 20)
    assert drawn(TABLE, 1, 20) == first
    assert {fault.name for fault in first.singles} != {fault.name for fault in other.singles}
    assert len(TABLE.fault) >= 30


@pytest.mark.parametrize("seed", range(12))
def test_twenty_are_drawn_of_twenty_checks_and_nearly_all_go_in_pairs(seed: int) -> None:
    drawing = drawn(TABLE, seed, 20)
    assert len({fault.check for fault in drawing.singles}) == 20
    assert len(drawing.pairs) >= 8
    paired = [fault.name for pair in drawing.pairs for fault in pair]
    assert len(set(paired)) == len(paired)
    assert all(one.goes_with(other) for one, other in drawing.pairs)
    assert set(paired) <= {fault.name for fault in drawing.singles}


def page(found: Mapping[str, tuple[Grade, Cause]], note: str, *, lacks: str = "") -> Seen:
    """A page of findings that shows this, and everything else as well."""
    rows = []
    for check in CHECKS:
        shown = found.get(check.word)
        row = SeenRow(check.word, "well", frozenset(), 0)
        if shown is not None:
            row = SeenRow(check.word, shown[0], frozenset({shown[1]}), 0)
        if check.word != lacks:
            rows.append(row)
    return Seen(note, tuple(rows), (np.zeros((2, 2, 4), np.uint8),))


ONE_FAULT, WELL = "1 处故障，0 处要注意：先处理第一处故障", "都正常"
SILENT: Mapping[str, tuple[Grade, Cause]] = {"pin_pad": ("fault", Cause.DEVICE_SILENT)}


def test_a_page_that_shows_what_was_planted_is_good() -> None:
    assert differences_on_screen({}, page({}, WELL)) == []
    assert differences_on_screen(SILENT, page(SILENT, ONE_FAULT)) == []
    low: Mapping[str, tuple[Grade, Cause]] = {"receipt_printer": ("warning", Cause.PAPER_LOW)}
    assert differences_on_screen(low, page(low, "能办业务，1 处要注意")) == []


@pytest.mark.parametrize(
    ("seen", "trouble"),
    [
        (page({"pin_pad": ("fault", Cause.DEVICE_HELD)}, ONE_FAULT), "shows the advice of device_held"),
        (page({}, ONE_FAULT), "pin_pad has the sign of well"),
        (page({"pin_pad": ("warning", Cause.DEVICE_SILENT)}, ONE_FAULT), "pin_pad has the sign of warning"),
        (page(SILENT, ONE_FAULT, lacks="stock"), "stock is not on the page"),
        (page(SILENT, WELL), "the page says '都正常'"),
        (page({**SILENT, "camera": ("fault", Cause.CAMERA_DARK)}, ONE_FAULT), "camera has the sign of fault"),
    ],
)  # fmt: skip
def test_a_page_that_is_wrong_is_found_out(seen: Seen, trouble: str) -> None:
    found = differences_on_screen(SILENT, seen)
    assert any(trouble in words for words in found), found


def test_what_no_booted_machine_can_have_is_planted_on_the_stand_and_nothing_twice() -> None:
    drawing = drawn(TABLE, seed=3, count=20)
    there = divided(drawing)
    assert sorted(fault.name for part in there.values() for fault in part.singles) == sorted(
        fault.name for fault in drawing.singles
    )
    assert len(there["installed"].pairs) + len(there["stand"].pairs) == len(drawing.pairs)
    assert not any(fault.stand for fault in there["installed"].singles)
    assert not any(fault.stand for pair in there["installed"].pairs for fault in pair)
    assert all(any(fault.stand for fault in pair) for pair in there["stand"].pairs)


def test_the_document_tells_each_that_is_on_the_stand_only() -> None:
    text = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    _, _, rows = text.partition("| only on the stand | why |\n|---|---|\n")
    names = [name for row in rows.partition("\n\n")[0].splitlines() for name in row.split("|")[1].strip().split(", ")]
    assert sorted(names) == sorted(fault.name for fault in TABLE.fault if fault.stand)
