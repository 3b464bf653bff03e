"""A disk that is full, and one that the kernel has made read-only, under a terminal that serves citizens."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.journeys.requests import LedgerFailed
from kiosk.journeys.views import Choices, Fault, Intent, OutOfService, TakeCard
from kiosk.ledger import Damaged, LedgerReader
from kiosk.records.transaction import Service, Stage
from simulators.card.card_file import CardFile
from simulators.card.slot import CardSlot
from tests.centre import RunningCentre, a_transaction
from tests.stack import chip
from tests.terminal import RunningTerminal, TerminalFolder, running

pytestmark = pytest.mark.stack
MIB = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Somebody's file takes all the space."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert os.statvfs(disk).f_bavail == 0
    yield
    ballast.unlink()


class FailingDisk:
    """An ext4 that the kernel makes read-only when it meets an error, as the fstab of a terminal should say."""

    def __init__(self, folder: Path) -> None:
        self.image, self.place = folder / "disk.img", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(32 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(self.image)], check=True)

    def mount(self) -> None:
        """Put it in."""
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.place)], check=True)

    def unmount(self) -> None:
        """Take it out; fails while anybody holds a file on it open."""
        subprocess.run(["umount", str(self.place)], check=True)

    def meet_an_error(self) -> None:
        """Let ext4 find one."""
        found = subprocess.run(
            ["findmnt", "-n", "-o", "SOURCE", str(self.place)], check=True, capture_output=True, text=True
        )
        Path(f"/sys/fs/ext4/{Path(found.stdout.strip()).name}/trigger_fs_error").write_text("1", encoding="ascii")
        with pytest.raises(OSError, match="Read-only"):
            (self.place / "x").touch()


@pytest.fixture
def failing_disk(tmp_path: Path) -> Iterator[FailingDisk]:
    disk = FailingDisk(tmp_path)
    disk.mount()
    try:
        yield disk
    finally:
        disk.unmount()


def write_until_it_fails(terminal: RunningTerminal) -> int:
    """How many entries still went in: what is left of the log's last page is used up."""
    count = 0
    with suppress(LedgerFailed):
        while True:
            terminal.journal.append(a_transaction(stage=Stage.BEGUN, outcome=None, reason="r" * 200))
            count += 1
            assert count < 5000
    return count


def tries_to_change_the_pin(terminal: RunningTerminal, kept: list[CardFile]) -> Fault:
    """A citizen types everything right, and the terminal can't write."""
    terminal.chooses(Service.PIN_CHANGE, chip("zhumadian-normal", kept.append))
    terminal.types("246810")
    for _ in range(2):
        terminal.types("135792")
    terminal.sees(TakeCard)
    terminal.slot.pull()
    return terminal.sees(Fault)


def serves_again(terminal: RunningTerminal) -> None:
    """The next citizen is served, and it is on record."""
    terminal.skipped_s += 11
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.types("246810")
    terminal.sees(TakeCard)
    terminal.slot.pull()
    terminal.sees(Choices)


def pin_on(kept: list[CardFile]) -> set[str]:
    """The PINs that the chip has had since it was put in."""
    chips = [card.social_security for card in kept]
    return {one.pin.digits for one in chips if one is not None and one.pin is not None}


def whole(folder: TerminalFolder) -> int:
    """How many entries the ledger has; nothing of it is half-written."""
    with LedgerReader(folder.configuration.ledger_path) as reader:
        entries = reader.entries(0, 100_000)
    assert not [entry for entry in entries if isinstance(entry, Damaged)]
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    return len(entries)


def test_a_full_disk_stops_the_service_and_nothing_is_changed(
    tmp_path: Path, centre: RunningCentre, slot: CardSlot, small_disk: Path
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, state=small_disk)
    kept: list[CardFile] = []
    with RunningTerminal(folder, slot) as terminal:
        terminal.until(lambda: terminal.journal.is_open, "the ledger is open")
        with filled(small_disk):
            written = write_until_it_fails(terminal)
            fault = tries_to_change_the_pin(terminal, kept)
            assert fault.code == "L-01"
            assert "没有变动" in str(fault.means)
            terminal.touch(Intent.DONE)
            assert terminal.sees(OutOfService).code == "L-01"
            assert "不能保存" in str(terminal.view)
            assert whole(folder) == written
        assert pin_on(kept) <= {"246810"}, "the chip was not asked to change what could not be recorded"
        serves_again(terminal)
    assert whole(folder) == written + written + 2, "what was begun is ended, then the citizens' two ends"


def test_a_disk_that_is_full_at_the_start(
    tmp_path: Path, centre: RunningCentre, slot: CardSlot, small_disk: Path
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, state=small_disk)
    with RunningTerminal(folder, slot) as terminal:
        with filled(small_disk):
            assert terminal.sees(OutOfService).code == "L-01"
        serves_again(terminal)
    assert whole(folder) == 1


def test_a_read_only_disk_stops_the_service_and_is_mended_while_it_runs(
    tmp_path: Path, centre: RunningCentre, slot: CardSlot, failing_disk: FailingDisk
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, state=failing_disk.place)
    kept: list[CardFile] = []
    with RunningTerminal(folder, slot) as terminal:
        serves_again(terminal)
        terminal.touch(Intent.NEXT)
        terminal.touch(Intent.DONE)
        terminal.touch(Intent.CANCEL)
        failing_disk.meet_an_error()
        fault = tries_to_change_the_pin(terminal, kept)
        assert fault.code == "L-01"
        terminal.touch(Intent.DONE)
        assert terminal.sees(OutOfService).code == "L-01"
        assert pin_on(kept) <= {"246810"}
        failing_disk.unmount()  # the technician: the terminal holds nothing of it open
        terminal.skipped_s += 11
        terminal.conductor.tick()
        assert terminal.sees(OutOfService).code == "L-01"
        failing_disk.mount()
        serves_again(terminal)
    assert whole(folder) == 3
    with running(folder.command("uplink")):
        folder.wait_until_stored(3)
    assert [row[2] for row in folder.stored()] == ["applied"] * 3
