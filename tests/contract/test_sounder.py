"""What every loudspeaker keeps to: libasound with an ear for a card or, with ``--hardware sounder=NAME``, a real one,
which a person listens to.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.ports.errors import NotConnected, TimedOut
from drivers.ports.sounder import RATE_HZ, Sound, Sounder
from drivers.sounder import AlsaSounder
from kiosk.runtime.tones import Signal, sound_of
from tests.ear import Ear, ear_at


@pytest.fixture
def ear(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ear | None]:
    """None at a real device."""
    if request.config.getoption("hardware", default=[]):
        yield None
        return
    with ear_at(tmp_path) as there:
        yield there


@pytest.fixture
def sounder(ear: Ear | None, request: pytest.FixtureRequest) -> Sounder:
    devices = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    return AlsaSounder(devices.get("sounder", "default"))


def test_it_says_what_it_is_and_nothing_is_heard(sounder: Sounder, ear: Ear | None) -> None:
    assert sounder.identify()
    assert ear is None or len(ear.listen()) == 0


def test_a_sound_is_heard_whole_and_returned_from_at_its_end(sounder: Sounder, ear: Ear | None) -> None:
    for signal in Signal:
        sound = sound_of(signal, 8)
        began = time.monotonic()
        sounder.play(sound)
        if ear is None:
            assert sound.seconds * 0.7 <= time.monotonic() - began <= sound.seconds + 1
        else:
            assert (ear.listen() * 32768).astype("<i2").tobytes() == sound.samples


def test_two_sounds_follow_each_other_and_a_long_one_is_no_other(sounder: Sounder, ear: Ear | None) -> None:
    turn = 2 * np.pi * 660 * np.arange(3 * RATE_HZ) / RATE_HZ
    long = Sound((np.sin(turn) * 3000).astype("<i2").tobytes())
    sounder.play(long)
    sounder.play(sound_of(Signal.KEY, 8))
    assert long.seconds == 3.0
    assert ear is None or len(ear.listen()) == 3 * RATE_HZ + len(sound_of(Signal.KEY, 8).samples) // 2


@pytest.mark.simulated
def test_a_card_that_comes_late_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sounder = AlsaSounder()
    none = tmp_path / "none.conf"
    none.write_text("")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(none))
    with pytest.raises(NotConnected):
        sounder.play(sound_of(Signal.KEY, 8))
    with ear_at(tmp_path) as ear:
        sounder.play(sound_of(Signal.KEY, 8))
        assert len(ear.listen()) > 0


@pytest.mark.simulated
def test_a_card_that_stands_still_is_given_up(ear: Ear) -> None:
    """By the clock, which runs on: a minute for a sound of a second."""
    moments = iter([100.0, 160.0])
    with pytest.raises(TimedOut, match="stands still"):
        AlsaSounder(clock=lambda: next(moments)).play(Sound(bytes(2 * RATE_HZ)))


@pytest.mark.simulated
def test_without_the_library_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.sounder.alsa.LIBRARY", "libasound-of-nobody.so.2")
    with pytest.raises(NotConnected, match="is not installed"):
        AlsaSounder().identify()
