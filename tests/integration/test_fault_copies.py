"""A terminal's disk copied and both copies run, and an old copy of it put back: by the terminals' own processes."""

import shutil
from pathlib import Path

import pytest

from central.enrolment import add_ledger, thaw
from kiosk import bootstrap
from kiosk.command_line.ledger import Exit
from kiosk.journeys.views import OutOfService
from kiosk.ledger import LedgerReader
from kiosk.records.chain import SealedEntry
from kiosk.records.transaction import Service
from simulators.card.slot import CardSlot
from tests.centre import RunningCentre, a_transaction
from tests.terminal import RunningTerminal, TerminalFolder, running


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    """A terminal with two entries, delivered."""
    made = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    write(made, 2)
    deliver(made, 2)
    return made


def write(folder: TerminalFolder, count: int) -> None:
    with folder.journal() as book:
        for _ in range(count):
            book.append(a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip"))


def deliver(folder: TerminalFolder, count: int) -> None:
    with running(folder.command("uplink")):
        folder.wait_until_stored(count)
        folder.wait_until_standing("sending", through=count)


def in_standing(folder: TerminalFolder) -> bool:
    """What the running terminal finds when it looks after its ledger."""
    with folder.journal() as book:
        return book.tidy()


def kept(folder: TerminalFolder) -> list[bytes]:
    """Hashes of the entries whose content the terminal still has."""
    with LedgerReader(folder.configuration.ledger_path) as reader:
        return [entry.hash for entry in reader.entries(0, 500) if isinstance(entry, SealedEntry)]


def ledger_id(folder: TerminalFolder) -> bytes:
    with LedgerReader(folder.configuration.ledger_path) as reader:
        return reader.ledger_id


@pytest.mark.stack
@pytest.mark.parametrize("second_starts", ["with the first", "later", "later and behind"])
def test_two_copies_are_frozen_at_the_first_fork(
    folder: TerminalFolder, tmp_path: Path, slot: CardSlot, second_starts: str
) -> None:
    twin = folder.copy(tmp_path / "twin")
    ahead = 2 if second_starts == "later and behind" else 1
    with running(folder.command("uplink")) as first:
        first.says("runs")
        if second_starts == "with the first":
            with running(twin.command("uplink")):
                twin.wait_until_standing("sending", through=2, anew=True)
                write(folder, ahead)
                folder.wait_until_stored(2 + ahead)
                write(twin, 1)
                twin.wait_until_standing("halted", "frozen")
        else:
            write(folder, ahead)
            folder.wait_until_stored(2 + ahead)
            write(twin, 1)
            with running(twin.command("uplink")):
                twin.wait_until_standing("halted", "frozen")
        assert folder.alarms() == ["fork"]
        stored = folder.stored()
        assert len(stored) == 2 + ahead
        write(folder, 1)
        folder.wait_until_standing("halted", "frozen")
    assert folder.stored() == stored, "the centre takes nothing of either any more"
    for one in (folder, twin):
        assert not in_standing(one)
        with RunningTerminal(one, slot) as terminal:
            assert terminal.sees(OutOfService).code == "I-01"
    # What neither could deliver is still there, on its own disk.
    assert len(kept(folder)) == 1
    assert len(kept(twin)) == 1
    assert kept(folder) != kept(twin)
    # Staff found out which disk is the true one, and destroyed the other.
    thaw(folder.centre.database, folder.id, ledger_id(folder))
    with running(folder.command("uplink")):
        folder.wait_until_stored(3 + ahead)
        folder.wait_until_standing("sending", through=3 + ahead)
    assert in_standing(folder)
    assert folder.alarms() == ["fork"]


def test_a_thawed_twin_is_frozen_again(folder: TerminalFolder, tmp_path: Path) -> None:
    twin = folder.copy(tmp_path / "twin")
    write(folder, 1)
    deliver(folder, 3)
    write(twin, 1)
    for alarms in (["fork"], ["fork", "fork"]):
        with running(twin.command("uplink")):
            twin.wait_until_standing("halted", "frozen", anew=True)
        assert folder.alarms() == alarms
        thaw(folder.centre.database, folder.id, ledger_id(folder))
    assert len(folder.stored()) == 3


@pytest.fixture
def restored(folder: TerminalFolder, tmp_path: Path) -> TerminalFolder:
    """Two more entries were delivered, then the old copy was put back."""
    shutil.copytree(folder.configuration.terminal.state, tmp_path / "backup")
    write(folder, 2)
    deliver(folder, 4)
    shutil.rmtree(folder.configuration.terminal.state)
    shutil.copytree(tmp_path / "backup", folder.configuration.terminal.state)
    return folder


@pytest.mark.stack
def test_a_restored_backup_closes_the_terminal_and_overwrites_nothing(restored: TerminalFolder, slot: CardSlot) -> None:
    before = restored.stored()
    with running(restored.command("uplink")):
        restored.wait_until_standing("halted", "ledger_behind_centre")
    assert restored.stored() == before
    with RunningTerminal(restored, slot) as terminal:
        assert terminal.sees(OutOfService).code == "I-01"
    checked = restored.run("ledger", "check")
    assert checked.returncode == Exit.HALTED
    assert "uplink: halted ledger_behind_centre" in checked.stdout
    assert restored.alarms() == [], "an old copy that has written nothing contradicts nothing"


def test_a_restored_backup_that_went_on_is_a_fork(restored: TerminalFolder) -> None:
    before = restored.stored()
    write(restored, 1)
    with running(restored.command("uplink")):
        restored.wait_until_standing("halted", "frozen")
    assert restored.stored() == before
    assert restored.alarms() == ["fork"]
    assert not in_standing(restored)


def test_after_a_restored_backup_a_new_ledger_is_enrolled(restored: TerminalFolder) -> None:
    """As docs/faults.md says: the state is put aside, a new ledger made and registered; the centre keeps the old."""
    old = ledger_id(restored)
    state = restored.configuration.terminal.state
    state.rename(state.with_name("state.aside"))
    state.mkdir()
    request = bootstrap.enrol(restored.configuration)
    assert request.ledger_id != old
    add_ledger(restored.centre.database, restored.id, request.ledger_id, restored.centre.clock)
    write(restored, 1)
    with running(restored.command("uplink")):
        restored.wait_until_standing("sending", through=1)
    assert in_standing(restored)
    assert [verdict for _, _, verdict, _ in restored.stored()] == ["applied"] * 5
