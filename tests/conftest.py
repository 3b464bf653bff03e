"""Fixtures of the real card stack. Without pcscd the tests that need it fail; they are never skipped."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from drivers.card_reader import PcscCardReader
from simulators.card.slot import CardSlot
from simulators.pcscd import READER_NAME, PrivatePcscd

# Speed is measured by `make bench`: a busy machine fails no property.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--hardware",
        action="append",
        metavar="PORT=DEVICE",
        help="run a port's contract on a real device: card_reader=NAME, pin_pad=/dev/tty…, id_reader=/dev/tty…, "
        "receipt_printer=/dev/tty…, camera=/dev/v4l/by-id/…, card_printer=HOST:PORT, capture_unit=/dev/tty…, "
        "sounder=NAME; may be given again",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "simulated: needs faults or cards that only the simulator has")


LONGEST: Final = (
    "e2e/test_tour_second_half.py",
    "e2e/test_tour.py",
    "ui/test_window.py",
    "unit/test_sitting.py",
    "unit/test_portrait_measures.py",
    "unit/test_portrait_plate.py",
    "unit/test_issuance_model.py",
    "unit/test_pin_pad_discovery.py",
    "unit/test_card_printer_model.py",
    "unit/test_card_states_model.py",
    "unit/test_ledger_enclosures.py",
    "unit/test_portrait_commands.py",
)
"""Files that one worker has for long and that would come late by their names, the longest first: what begins last ends
a run alone. Each is one worker's as a whole (``--dist loadfile``)."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first; with real hardware, leave out what a real device can't be made to do."""
    turns = {Path(__file__).parent / name: turn for turn, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))
    if not config.getoption("hardware"):
        return
    left_out = [item for item in items if item.get_closest_marker("simulated")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePcscd]:
    """A daemon of the tests' own with one empty reader. libpcsclite fixes the socket's path at its first use."""
    with PrivatePcscd(tmp_path_factory.mktemp("pcscd")) as daemon:
        os.environ.update(daemon.environment)
        yield daemon
        for name in daemon.environment:
            del os.environ[name]


@pytest.fixture
def slot(pcscd: PrivatePcscd) -> Iterator[CardSlot]:
    """The empty slot of that reader."""
    if pcscd.pid is None:
        pcscd.start()  # a test that failed with the daemon down shall not take the others with it
    reader = PcscCardReader(READER_NAME)
    reader.wait_for_removal(5.0)  # the last test's card counts until pcscd has looked
    reader.close()
    slot = CardSlot.of(pcscd)
    yield slot
    slot.close()
