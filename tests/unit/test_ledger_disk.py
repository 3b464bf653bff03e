"""A disk that is full or fails: the error has a name, nothing is half-written, and what was written stays."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kiosk.ledger import LedgerFull, LedgerReader, LedgerUnusable
from kiosk.records.transaction import Stage
from tests.ledgers import create, fill, reopen, transaction


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes. Needs root, as the whole suite does."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill_up(place: Path) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert os.statvfs(place).f_bavail == 0
    return ballast


def test_a_full_disk_is_named_and_works_again_once_there_is_space(small_disk: Path) -> None:
    folder = small_disk / "ledger"
    with create(folder) as ledger:
        ledger.append(transaction(100, Stage.BEGUN), offset_ms=0)
        ballast = fill_up(small_disk)
        with pytest.raises(LedgerFull, match="no space left") as caught:
            fill(ledger, 1000)
        assert caught.value.__cause__ is not None
        last = ledger.head()
        for _ in range(3):
            with pytest.raises(LedgerFull):
                ledger.append(transaction(100, reason="r" * 5000), offset_ms=0)
        assert ledger.head() == last
        assert ledger.unfinished() == [transaction(100, Stage.BEGUN)]
        with LedgerReader(folder) as reader:
            assert reader.head() == last
        ballast.unlink()
        assert ledger.append(transaction(100), offset_ms=0).sequence == last.sequence + 1
        assert ledger.unfinished() == []
        assert ledger.verify(from_checkpoint=False) == []
    with reopen(folder) as ledger:
        assert ledger.head().sequence == last.sequence + 1
        assert ledger.verify(from_checkpoint=False) == []


def test_no_room_to_make_a_ledger(small_disk: Path) -> None:
    ballast = fill_up(small_disk)
    with pytest.raises((LedgerFull, LedgerUnusable)):
        create(small_disk / "ledger")
    ballast.unlink()
    create(small_disk / "ledger").close()


@contextmanager
def writes_failing_beyond(size: int) -> Iterator[None]:
    """The kernel refuses to let any file of this process grow beyond ``size`` bytes (EFBIG, an I/O error to SQLite)."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_after_a_disk_error_nothing_is_written_until_it_is_opened_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    with create(folder) as ledger:
        fill(ledger, 5)
        last = ledger.head()
        with (
            writes_failing_beyond((folder / "ledger.db-wal").stat().st_size),
            pytest.raises(LedgerUnusable, match="SQLITE_IOERR"),
        ):
            ledger.append(transaction(6), offset_ms=0)
        assert ledger.head() == last
        with pytest.raises(LedgerUnusable, match="open it anew"):
            ledger.append(transaction(6), offset_ms=0)
        with pytest.raises(LedgerUnusable, match="open it anew"):
            ledger.erase(1)
    with reopen(folder) as ledger:
        assert ledger.head() == last
        assert ledger.append(transaction(6), offset_ms=0).sequence == 6
        assert ledger.verify(from_checkpoint=False) == []
