"""Every fault of the table, planted in one whole terminal and lifted again: named rightly, nothing else blamed."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.equipment.devices import open_card_reader
from kiosk.technician.causes import Cause
from kiosk.technician.devices import card_reader
from kiosk.technician.doctor import CHECKS
from kiosk.technician.subject import Subject
from simulators.pcscd import PrivatePcscd
from tests.e2e.technician.draw import drawn
from tests.e2e.technician.plants import PLANTS
from tests.e2e.technician.report import write_report
from tests.e2e.technician.stand import Stand
from tests.e2e.technician.table import EVERYTHING, load_table
from tests.e2e.technician.tour import toured
from tests.e2e.technician.verdict import differences
from tests.stack import chip

ROOT = Path(__file__).parents[2]
TABLE = load_table()
FAULTS = {fault.name: fault for fault in TABLE.fault}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, pcscd: PrivatePcscd) -> Iterator[Stand]:
    """One terminal for all; each fault leaves it well."""
    if pcscd.pid is None:
        pcscd.start()
    with Stand(tmp_path_factory.mktemp("site"), pcscd) as made:
        yield made


@pytest.mark.stack
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_and_nothing_else_is_blamed(site: Stand, name: str) -> None:
    fault = FAULTS[name]
    with site.looked_at_by_camera(wanted=fault.check == "camera"):
        with PLANTS[name](site):
            said = site.examined()  # judged when the fault is gone, so that the next one finds the terminal well
        assert differences(TABLE, [fault], said) == []


@pytest.mark.stack
def test_a_terminal_that_is_well_has_no_fault_and_its_camera_is_looked_at(site: Stand) -> None:
    said = site.examined()
    assert differences(TABLE, [], said) == []
    told = {one.check: one for one in said.findings}
    assert {one.state.value for one in told.values()} == {"well", "not_tried"}
    assert told["camera"].found == "1280 × 720"
    assert told["link"].found == "eth0 is up"


@pytest.mark.stack
def test_a_card_that_is_pulled_out_as_it_is_looked_at_is_no_fault_of_the_reader(site: Stand) -> None:
    """pcscd misses a card some tenths of a second after it has left."""
    subject = Subject(site.file, maybe_configuration=site.configuration)
    with closing(open_card_reader(site.configuration.card_reader.name)) as reader:
        for _ in range(5):
            site.slot.insert(chip("zhumadian-normal"))
            reader.wait_for_card(5.0)
            reader.release()
            site.slot.pull()
            assert card_reader(subject) == (None, "the slot is empty")


@pytest.mark.stack
def test_a_small_tour_finds_four_and_writes_what_it_saw(site: Stand, tmp_path: Path) -> None:
    drawing = drawn(TABLE, seed=11, count=4)
    with site.looked_at_by_camera(wanted=False):
        results = toured(site, TABLE, drawing, seed=11)
    looks = [*results.well, *results.singles, *results.pairs]
    assert [look.differences for look in looks] == [[]] * len(looks)
    assert (len(results.well), len(results.singles), len(results.pairs)) == (7, 4, 2)
    write_report(tmp_path, results)
    written = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert written["ok"] is True
    assert written["seed"] == 11
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for look, fault in zip(written["singles"], drawing.singles, strict=True):
        (found,) = look["planted"]
        assert (found["fault"], found["found_by"], found["cause"]) == (fault.name, fault.check, fault.cause.value)
        assert found["advice"]["zh"] == fault.cause.advice.zh
        assert fault.cause.advice.zh in page
        assert look["seconds"] > 0


def test_every_cause_is_planted_and_every_plant_is_expected() -> None:
    assert {fault.cause for fault in TABLE.fault} == set(Cause)
    assert [fault.name for fault in TABLE.fault] == sorted(PLANTS, key=list(FAULTS).index)
    assert {fault.check for fault in TABLE.fault} == {check.word for check in CHECKS}


def test_the_table_hides_what_stands_on_it() -> None:
    """Typed by hand; here only that no check is meant that there is not, and none that comes before its ground."""
    order = [check.word for check in CHECKS]
    for fault in TABLE.fault:
        for check in fault.hides:
            assert check == EVERYTHING or order.index(check) > order.index(fault.check), fault.name


def test_every_fault_has_its_row() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    triggers = [row[1] for row in rows if len(row) > 2]
    for fault in TABLE.fault:
        assert any(trigger.startswith(fault.row) for trigger in triggers), fault.row
