"""Signs in a folder, and somebody on the other side who takes them away or does not."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.power_switch import DELIVERS_S, HEARS_S, Power, PowerSwitch


class Watcher:
    """What watches the folder, and the clock; looks whenever the switch pauses."""

    def __init__(self, folder: Path, *, takes_after_s: float = 0.5) -> None:
        self.folder, self.takes_after_s = folder, takes_after_s
        self.now = 100.0
        self.since: float | None = None
        self.taken: list[str] = []
        self.saw: list[tuple[str, ...]] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        signs = tuple(sign.name for sign in self.folder.iterdir())
        self.saw.append(signs)
        if not signs:
            return
        self.since = self.now if self.since is None else self.since
        if self.now - self.since >= self.takes_after_s:
            for sign in signs:
                self.taken.append(sign)
                (self.folder / sign).unlink()


def switch(watcher: Watcher, delivered: Callable[[], bool] = lambda: True) -> PowerSwitch:
    return PowerSwitch(watcher.folder, delivered, clock=watcher.clock, pause=watcher.pause)


@pytest.mark.parametrize(("power", "sign"), [(Power.OFF, "switch-off"), (Power.ANEW, "start-anew")])
def test_a_sign_that_is_taken_was_heard(tmp_path: Path, power: Power, sign: str) -> None:
    watcher = Watcher(tmp_path)
    assert switch(watcher).throw(power)
    assert watcher.taken == [sign]


def test_a_sign_that_nobody_takes_is_taken_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher(tmp_path, takes_after_s=HEARS_S * 2)
    with caplog.at_level(logging.ERROR):
        assert not switch(watcher).throw(Power.OFF)
    assert watcher.now - 100.0 <= HEARS_S + 1
    assert list(tmp_path.iterdir()) == [], "or the machine would go off later, in the middle of a service"
    assert "nobody has taken the sign" in caplog.text


def test_without_somebody_who_watches_nothing_is_laid_down(caplog: pytest.LogCaptureFixture) -> None:
    assert not PowerSwitch.of({}, lambda: True).throw(Power.OFF)
    assert "nobody watches" in caplog.text


def test_a_folder_that_takes_nothing_is_not_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not PowerSwitch.of({"RUNTIME_DIRECTORY": str(tmp_path / "gone")}, lambda: True).throw(Power.ANEW)
    assert "start-anew: No such file or directory" in caplog.text


def test_what_was_just_written_down_goes_to_the_centre_first(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path)
    assert switch(watcher, lambda: watcher.now >= 103.0).throw(Power.OFF)
    laid_down_at = next(index for index, signs in enumerate(watcher.saw) if signs)
    assert 28 <= laid_down_at <= 32, "tenths of a second until the uplink had done"


def test_an_uplink_that_does_not_get_done_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path)
    assert switch(watcher, lambda: False).throw(Power.OFF)
    assert watcher.now - 100.0 <= DELIVERS_S + 2
