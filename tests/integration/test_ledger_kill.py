"""Processes killed and power cut while they write: what was acknowledged is there, and the count goes on.

Run as a program, this file is the process that gets killed. KIOSK_KILLS and KIOSK_POWER_CUTS set the number of rounds.
"""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import IO

import pytest

from kiosk.ledger import Damaged, LedgerMissing, LedgerReader
from kiosk.records.chain import SealedEntry
from kiosk.records.transaction import Stage, Transaction
from tests.e2e.chaos_disk import blank_disk, copy_at_rest, mounted, why_no_disk
from tests.ledgers import create, opened_by_centre, reopen, transaction

KILLS = int(os.environ.get("KIOSK_KILLS", "20"))
POWER_CUTS = int(os.environ.get("KIOSK_POWER_CUTS", "4"))


def acknowledge(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def append_for_ever(folder: Path, *, erasing: bool) -> None:
    """Every number is begun, consented to and finished; each is acknowledged only after append has returned."""
    with reopen(folder) as ledger:
        start = ledger.head().sequence
        for number in count(start):
            for stage in (Stage.BEGUN, Stage.CONSENT, Stage.FINISHED):
                appended = ledger.append(transaction(number, stage), offset_ms=0)
                acknowledge(appended.sequence, appended.hash.hex())
            if erasing and number % 5 == 0:
                # Keep the newest, so that the parent can look at some.
                ledger.erase(max(0, ledger.head().sequence - 20))


def append_unsynced(folder: Path) -> None:
    """As if each append were cut off between its write and its sync."""
    with reopen(folder) as ledger:
        ledger._db.execute("PRAGMA synchronous = OFF")
        for number in count():
            acknowledge(ledger.append(transaction(number), offset_ms=0).sequence)


def create_for_ever(folder: Path) -> None:
    for number in count():
        create(folder / str(number)).close()
        acknowledge(number)


@contextmanager
def victim(
    what: str, folder: Path, *, module: str = "tests.integration.test_ledger_kill"
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-m", module, what, str(folder)], stdout=-1)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def lines(pipe: IO[bytes], number: int) -> list[str]:
    """So many acknowledgements; fewer mean that the victim died by itself."""
    found = [pipe.readline().decode() for _ in range(number)]
    assert all(line.endswith("\n") for line in found), "the victim ended before it was killed"
    return [line.strip() for line in found]


def kill_at_some_moment(process: "subprocess.Popen[bytes]", dice: random.Random) -> list[str]:
    """Every acknowledgement until the kill, at least one."""
    assert process.stdout is not None
    found = lines(process.stdout, dice.randint(1, 60))
    threading.Event().wait(dice.random() * 0.003)  # not for anything: the kill shall hit any phase of an append
    process.kill()
    rest = process.stdout.read().decode().splitlines(keepends=True)
    return found + [line.strip() for line in rest if line.endswith("\n")]


def check(folder: Path, acknowledged: dict[int, str]) -> None:
    """Everything acknowledged is there, the chain is whole, the open transactions are those without an end."""
    with reopen(folder) as ledger:
        assert ledger.damage_at_open == ()
        assert ledger.verify(from_checkpoint=False) == []
        last = ledger.head().sequence
        assert last >= max(acknowledged, default=0)
        begun: dict[str, Transaction] = {}
        with LedgerReader(folder) as reader:
            entries = reader.entries(0, last)
            assert [entry.sequence for entry in entries] == list(range(1, last + 1))
            for entry in entries:
                stored = entry.stored_hash if isinstance(entry, Damaged) else entry.hash
                assert acknowledged.get(entry.sequence, stored.hex()) == stored.hex()
                if isinstance(entry, SealedEntry):
                    opened = opened_by_centre(reader, entry)
                    if opened.stage is Stage.BEGUN:
                        begun[opened.transaction_id] = opened
                    elif opened.stage is Stage.FINISHED:
                        begun.pop(opened.transaction_id, None)
                else:
                    assert entry.reason == "erased"
        unfinished = ledger.unfinished()
        assert unfinished == list(begun.values())
        for one in unfinished:
            appended = ledger.append(transaction(int(one.transaction_id, 16)), offset_ms=0)
            last += 1
            assert appended.sequence == last
            acknowledged[last] = appended.hash.hex()
        assert ledger.unfinished() == []


def noted(acknowledged: dict[int, str], found: list[str]) -> None:
    for line in found:
        sequence, own_hash = line.split()
        assert int(sequence) not in acknowledged, "a sequence was given out twice"
        acknowledged[int(sequence)] = own_hash


@pytest.mark.parametrize("what", ["append", "erase"])
def test_killed_while_writing(tmp_path: Path, what: str) -> None:
    dice = random.Random(f"{what}-2")
    folder = tmp_path / "ledger"
    create(folder).close()
    acknowledged: dict[int, str] = {}
    for _ in range(KILLS):
        with victim(what, folder) as process:
            noted(acknowledged, kill_at_some_moment(process, dice))
            process.wait()
            check(folder, acknowledged)
    assert len(acknowledged) >= KILLS


def test_nothing_the_uplink_has_seen_is_lost_by_a_kill(tmp_path: Path) -> None:
    dice = random.Random("uplink-2")
    folder = tmp_path / "ledger"
    create(folder).close()
    seen: dict[int, str] = {}
    for _ in range(max(1, KILLS // 4)):
        with LedgerReader(folder) as reader, victim("append", folder) as process:
            assert process.stdout is not None
            for _ in range(dice.randint(1, 30)):
                lines(process.stdout, 1)
                for entry in reader.entries(max(seen, default=0), 500):
                    assert isinstance(entry, SealedEntry)
                    seen[entry.sequence] = entry.hash.hex()
            process.kill()
            process.wait()
        check(folder, seen)


def test_killed_while_creating(tmp_path: Path) -> None:
    dice = random.Random("create-2")
    for attempt in range(KILLS):
        place = tmp_path / str(attempt)
        place.mkdir()
        with victim("create", place) as process:
            assert process.stdout is not None
            found = lines(process.stdout, dice.randint(1, 8))
            threading.Event().wait(dice.random() * 0.01)
            process.kill()
            process.wait()
        for number in range(len(found) + 30):
            folder = place / str(number)
            try:
                ledger = reopen(folder)
            except LedgerMissing:
                assert number >= len(found), "an acknowledged ledger is gone"
                ledger = create(folder)
                with ledger:
                    assert ledger.append(transaction(1), offset_ms=0).sequence == 1
                break
            with ledger:
                assert ledger.append(transaction(1), offset_ms=0).sequence == 1


@pytest.fixture
def loop_disk() -> None:
    if why_no_disk():
        pytest.skip(f"NO POWER WAS CUT: {why_no_disk()}")


@pytest.mark.usefixtures("loop_disk")
def test_power_cut_while_writing(tmp_path: Path) -> None:
    """A copy of the disk, taken while the writer stands still, holds what had been synced and no more of memory."""
    dice = random.Random("power-2")
    image = blank_disk(tmp_path)
    acknowledged: dict[int, str] = {}
    for cut in range(POWER_CUTS):
        copy = tmp_path / f"after-{cut}.img"
        with mounted(image, tmp_path / f"live-{cut}") as disk:
            folder = disk / "ledger"
            if cut == 0:
                create(folder).close()
            with victim("append", folder) as process:
                assert process.stdout is not None
                noted(acknowledged, lines(process.stdout, dice.randint(1, 600)))
                process.send_signal(signal.SIGSTOP)
                os.waitpid(process.pid, os.WUNTRACED)
                os.set_blocking(process.stdout.fileno(), False)
                rest = (process.stdout.read() or b"").decode().splitlines(keepends=True)
                noted(acknowledged, [line.strip() for line in rest if line.endswith("\n")])
                copy_at_rest(image, copy)
        with mounted(copy, tmp_path / f"after-{cut}") as disk:
            check(disk / "ledger", acknowledged)
        image.unlink()
        image = copy


@pytest.mark.usefixtures("loop_disk")
def test_what_a_killed_writer_left_is_on_the_disk_before_it_is_read(tmp_path: Path) -> None:
    """Were it uploaded first and lost with the power then, its sequence would be given out twice."""
    image, copy = blank_disk(tmp_path), tmp_path / "after.img"
    with mounted(image, tmp_path / "live") as disk:
        create(disk / "ledger").close()
        with victim("unsynced", disk / "ledger") as process:
            assert process.stdout is not None
            lines(process.stdout, 20)
            process.kill()
            process.wait()
        with LedgerReader(disk / "ledger") as reader:
            seen = {row.sequence: row.hash.hex() for row in reader.entries(0, 500) if isinstance(row, SealedEntry)}
        assert len(seen) >= 20
        copy_at_rest(image, copy)
    with mounted(copy, tmp_path / "after") as disk:
        check(disk / "ledger", seen)


if __name__ == "__main__":
    match sys.argv[1]:
        case "append" | "erase" as work:
            append_for_ever(Path(sys.argv[2]), erasing=work == "erase")
        case "unsynced":
            append_unsynced(Path(sys.argv[2]))
        case "create":
            create_for_ever(Path(sys.argv[2]))
