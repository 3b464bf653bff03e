"""docs/field before the devices: what its pages say that a scan and a trace look like is what a technician sees."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.command_line.devices import as_printed
from kiosk.technician import scan
from simulators.card.slot import CardSlot
from simulators.pcscd import READER_NAME, PrivatePcscd
from tests.centre import RunningCentre
from tests.integration.technician_stand import Stand, a_stand
from tests.stack import chip

pytestmark = pytest.mark.stack

FIELD = Path(__file__).parents[2] / "docs" / "field"
READER = "ACS ACR39U ICC Reader"
"""Of the page; the tests' own is a virtual one."""
SERIAL = {
    "pin-pad": "pin-pad",
    "id-reader": "id-reader",
    "receipt-printer": "printer",
    "capture-unit": "motor",
}
"""Pages of serial devices, with the names of their ports at the stand."""
SCAN, TRACE = "扫描看到 What the scan shows", "线路记录 The trace of a test that passed"


@pytest.fixture(scope="module")
def stand(
    tmp_path_factory: pytest.TempPathFactory, sqlite_centre: RunningCentre, pcscd: PrivatePcscd
) -> Iterator[Stand]:
    sqlite_centre.reset()
    with a_stand(tmp_path_factory.mktemp("field"), sqlite_centre) as made:
        yield made


def printed(page: str, heading: str) -> str:
    """The first block below a heading of a page."""
    below = (FIELD / f"{page}.md").read_text("utf-8").partition(f"\n## {heading}\n")[2]
    assert below, f"{page} has no {heading}"
    return below.partition("```text\n")[2].partition("```")[0]


def trace(stand: Stand, noun: str, spoilt: str = "") -> tuple[bool, list[str]]:
    """Whether the test on the screen passed, and the page of its trace without the milliseconds.

    :param spoilt: what becomes of the pad's next answer.
    """
    desk = stand.desk()
    desk.page(f"device:{noun}")  # it is looked at once without a test
    if spoilt:
        stand.pad.faults.fail_next(spoilt)
    note = desk.do(f"device:{noun}", "test", {}).note
    rows = desk.page(f"trace:{noun}").rows
    desk.close()
    assert note is not None
    lines = [f"{row.label.zh} {row.label.en} {re.sub(r'^ *[0-9]+ ms ', '', row.value)}" for row in rows]
    return note.en.startswith("passed"), lines


@pytest.mark.parametrize("page", SERIAL)
def test_each_scan_is_as_its_page_has_it(stand: Stand, page: str) -> None:
    kind = page.replace("-", "_")
    told, speed = dict(scan.QUESTIONS)[kind](str(stand.folder.directory / SERIAL[page]))
    found = scan.Found(kind, f"/dev/card-terminal/{page}", told, speed)
    assert as_printed(found) + "\n" == printed(page, SCAN)


def test_the_scan_of_a_card_reader_is_as_its_page_has_it(stand: Stand, slot: CardSlot) -> None:
    (found, *_) = scan.readers()
    assert as_printed(found).replace(READER_NAME, READER) + "\n" == printed("card-reader", SCAN)


@pytest.mark.parametrize("page", ["camera", "card-printer"])
def test_the_scan_of_what_no_simulator_stands_for_has_its_form(page: str) -> None:
    """The kernel's device files are not there in a test."""
    name, told = re.findall(r"^\w+: (\S+): (.+)$", printed(page, SCAN), re.MULTILINE)[0]
    assert as_printed(scan.Found(page.replace("-", "_"), name, told)) + "\n" == printed(page, SCAN)
    assert page == "camera" or told == scan.ON_USB


@pytest.mark.parametrize("page", ["pin-pad", "id-reader", "card-printer", "capture-unit"])
def test_each_trace_is_as_its_page_has_it(stand: Stand, page: str) -> None:
    assert trace(stand, page.replace("-", "_")) == (True, printed(page, TRACE).splitlines())


def test_the_trace_of_a_card_is_as_its_page_has_it(stand: Stand, slot: CardSlot) -> None:
    before = stand.file.read_text("utf-8")
    stand.file.write_text(before.replace('[capture_unit]\nport = "motor"\n', ""), encoding="utf-8")
    try:
        slot.insert(chip("zhumadian-normal"))
        assert trace(stand, "card_reader") == (True, printed("card-reader", TRACE).splitlines())
    finally:
        stand.file.write_text(before, encoding="utf-8")


def test_the_trace_of_a_slip_begins_as_its_page_has_it(stand: Stand) -> None:
    passed, lines = trace(stand, "receipt_printer")
    wanted = printed("receipt-printer", TRACE).splitlines()
    assert passed
    assert lines[: len(wanted)] == wanted
    assert all("a portion of a slip" in line or line.startswith("收 came GS r") for line in lines[len(wanted) :])
    stand.printer.open_cover()
    try:
        passed, lines = trace(stand, "receipt_printer")
    finally:
        stand.printer.close_cover()
    assert not passed
    assert [line.rpartition(": ")[2] for line in lines if "came" in line][:2] == ["1A", "16"]  # as the page says


def test_a_trace_reads_as_the_page_for_the_site_says(stand: Stand) -> None:
    """Silent, damaged and gone, as docs/field/on-site.md tells them apart."""
    passed, lines = trace(stand, "pin_pad", "silent")
    assert not passed
    assert not any("came" in line for line in lines)
    passed, lines = trace(stand, "pin_pad", "wrong_bcc")
    assert passed
    assert lines[:3] == [lines[0], lines[0], "收 came RESET 04 (0 B)"]
    stand.pad.unplug()
    try:
        assert trace(stand, "pin_pad") == (False, [])
    finally:
        stand.pad.replug()
