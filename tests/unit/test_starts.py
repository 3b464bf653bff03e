"""How often the application has begun, and how the run before ended, by what each end leaves behind."""

from pathlib import Path

import pytest

from kiosk.records.health import Ending, Starts
from kiosk.runtime.starts import RunBook


def begun(state: Path, boot: str = "one") -> tuple[RunBook, Starts]:
    book = RunBook(state, boot=boot)
    starts = book.begin()
    assert starts is not None
    return book, starts


def test_the_first_run_has_none_before_it(tmp_path: Path) -> None:
    assert begun(tmp_path)[1] == Starts(count=1, unasked=0, before=Ending.NONE)


@pytest.mark.parametrize("how", [Ending.CLEAN, Ending.MAINTENANCE])
def test_an_end_that_was_asked_for_is_counted_and_no_fault(tmp_path: Path, how: Ending) -> None:
    begun(tmp_path)[0].end(how)
    assert begun(tmp_path, boot="another")[1] == Starts(count=2, unasked=0, before=how)


@pytest.mark.parametrize(
    ("boot", "managers_word", "before"),
    [
        ("one", None, Ending.BROKEN_OFF),
        ("one", "signal", Ending.BROKEN_OFF),
        ("one", "watchdog\n", Ending.WATCHDOG),
        ("another", None, Ending.MACHINE),
        ("another", "watchdog", Ending.MACHINE),
    ],
)
def test_a_run_that_said_nothing(tmp_path: Path, boot: str, managers_word: str | None, before: Ending) -> None:
    begun(tmp_path)
    if managers_word is not None:
        (tmp_path / "last-end").write_text(managers_word)
    assert begun(tmp_path, boot)[1] == Starts(count=2, unasked=1, before=before)


def test_what_the_service_manager_said_counts_once(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / "last-end").write_text("watchdog")
    begun(tmp_path)
    assert begun(tmp_path)[1] == Starts(count=3, unasked=2, before=Ending.BROKEN_OFF)


@pytest.mark.parametrize("damage", [b"\0", b'{"boot":"\xff"}', b""])
def test_a_damaged_file_begins_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "starts.json").write_bytes(damage)
    assert begun(tmp_path)[1].count == 1


def test_a_disk_that_takes_nothing_closes_nothing(tmp_path: Path) -> None:
    book = RunBook(tmp_path / "gone", boot="one")
    assert book.begin() is None
    book.end(Ending.CLEAN)
