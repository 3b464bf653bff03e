"""The sheet by which others learn how a terminal is: written when something changes, and so that its age tells."""

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from drivers.ports.errors import NotConnected, TimedOut
from kiosk.records.health import DeviceHealth, Ending, FrameTimes, HealthSheet, Starts, Supplies
from kiosk.runtime.device_states import DeviceStates
from kiosk.runtime.health_keeper import EVERY_MS, FrameWatch, HealthKeeper


@dataclass
class Patient:
    standing: str = "waits for somebody"
    ailment: str | None = None
    device_health: tuple[DeviceHealth, ...] = ()
    supplies: Supplies = field(default_factory=Supplies)


class Clock:
    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


def read(path: Path) -> HealthSheet:
    return msgspec.json.decode(path.read_bytes(), type=HealthSheet)


def test_a_change_is_written_at_once_and_what_stays_every_half_minute(tmp_path: Path) -> None:
    path, patient, clock = tmp_path / "health.json", Patient(), Clock()
    keeper = HealthKeeper(path, "zmd-0001", patient, clock)
    keeper.keep()
    first = read(path)
    assert (first.terminal, first.standing, first.written_at_ms) == ("zmd-0001", "waits for somebody", clock.ms)
    clock.ms += EVERY_MS - 1
    keeper.keep()
    assert read(path) == first
    clock.ms += 1
    keeper.keep()
    assert read(path).written_at_ms == clock.ms
    clock.ms += 1
    patient.ailment = "lane-card hangs"
    keeper.keep()
    assert read(path).ailment == "lane-card hangs"
    assert read(path).started_at_ms == first.started_at_ms
    assert [file.name for file in tmp_path.iterdir()] == ["health.json"]


def test_a_clock_that_was_set_back_does_not_silence_it(tmp_path: Path) -> None:
    path, clock = tmp_path / "health.json", Clock()
    keeper = HealthKeeper(path, "zmd-0001", Patient(), clock)
    keeper.keep()
    clock.ms -= 86_400_000
    keeper.keep()
    assert read(path).written_at_ms == clock.ms


def test_a_disk_that_takes_nothing_closes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    keeper = HealthKeeper(tmp_path / "gone" / "health.json", "zmd-0001", Patient(), clock)
    for _ in range(3):
        keeper.keep()
        clock.ms += EVERY_MS
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_devices_state_keeps_since_when_it_is_so() -> None:
    clock = Clock()
    states = DeviceStates(clock)
    states.note("pin_pad", None)
    clock.ms += 1
    states.note("pin_pad", NotConnected("pin_pad", "unplugged"))
    since = clock.ms
    clock.ms += 1
    states.note("pin_pad", NotConnected("pin_pad", "unplugged"))
    states.note("camera", None)
    states.note("camera", ValueError("not a device's"))
    assert states.all == (
        DeviceHealth(device="pin_pad", code="P-01", found="unplugged", since_ms=since),
        DeviceHealth(device="camera", since_ms=clock.ms),
    )
    states.note("pin_pad", TimedOut("pin_pad", "silent"))
    assert states.all[0].code == "P-02"
    states.note("pin_pad", None)
    assert states.all[0].code == ""


def test_supplies_are_told_at_once_and_frames_memory_and_starts_with_the_next_sheet(tmp_path: Path) -> None:
    path, patient, clock = tmp_path / "health.json", Patient(), Clock()
    starts = Starts(count=7, unasked=2, before=Ending.WATCHDOG)
    keeper = HealthKeeper(path, "zmd-0001", patient, clock, starts)
    keeper.keep()
    first = read(path)
    assert (first.frames, first.starts, first.supplies) == (None, starts, Supplies())
    assert 1_000_000 < first.memory_bytes < 10**11
    clock.ms += 1
    for seconds in (0.033, 0.034, 0.9):
        keeper.frames.took(seconds)
        keeper.keep()
    assert read(path) == first
    clock.ms += 1
    patient.supplies = Supplies(paper="low", hopper=12)
    keeper.keep()
    assert read(path).supplies == patient.supplies
    assert read(path).frames == FrameTimes(rounds=3, median_ms=34, worst_ms=900)
    clock.ms += EVERY_MS
    keeper.keep()
    assert read(path).frames is None


def test_a_sheet_that_is_never_written_lets_no_list_grow() -> None:
    watch = FrameWatch()
    for _ in range(5_000):
        watch.took(0.05)
    told = watch.told()
    assert told is not None
    assert told.rounds == 4_000
