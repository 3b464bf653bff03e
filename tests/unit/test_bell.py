"""What is heard, by an ear at the loudspeaker: which signals, when, how loud; and a terminal that has none."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drivers.ports.errors import NotConnected
from drivers.ports.sounder import RATE_HZ
from drivers.sounder import AlsaSounder
from kiosk.journeys.views import (
    Attract,
    Fault,
    Home,
    Intent,
    PinEntry,
    TakeCard,
    TakeIdCard,
    TakeNewCard,
    Working,
)
from kiosk.journeys.wording import say
from kiosk.runtime.bell import RETRY_S, Bell, Chimes, VolumeNote
from kiosk.runtime.tones import ATTACK_S, LOUDER_DB, LOUDEST, STEP_DB, Signal, sound_of
from tests.ear import Ear, Samples, ear_at, loudness_db, pitch, spectrum
from tests.unit.test_conductor import Hall

LEVEL = 7


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    with ear_at(tmp_path) as there:
        yield there


@pytest.fixture
def note(tmp_path: Path) -> VolumeNote:
    return VolumeNote(tmp_path / "volume", LEVEL)


@pytest.fixture
def hall(ear: Ear, note: VolumeNote) -> Iterator[Hall]:
    place = Hall(bell=Bell(AlsaSounder(), note))
    yield place
    place.pad.cancel()
    place.conductor.stop()


def silence_over(hall: Hall) -> None:
    """Whatever is being played is at its end."""
    hall.until(lambda: hall.conductor._lanes.sound.idle)


def samples_of(signal: Signal, level: int = LEVEL) -> Samples:
    return np.frombuffer(sound_of(signal, level).samples, "<i2").astype(np.float64) / 32768


# --- the tones themselves


@pytest.mark.parametrize("signal", Signal)
def test_every_tone_lies_where_old_ears_and_small_loudspeakers_are_good(signal: Signal) -> None:
    frequencies, strengths = spectrum(samples_of(signal))
    assert 440 <= frequencies[strengths.argmax()] <= 1200
    outside = strengths[(frequencies < 400) | (frequencies > 3000)] ** 2
    assert outside.sum() < 0.01 * (strengths**2).sum()


@pytest.mark.parametrize("signal", Signal)
def test_a_tone_begins_softly_ends_softly_and_does_not_clip(signal: Signal) -> None:
    samples = samples_of(signal, LOUDEST)
    peak = np.abs(samples).max()
    assert np.abs(samples[: round(ATTACK_S * RATE_HZ / 8)]).max() < 0.06 * peak
    assert samples[-1] == 0
    assert peak < 0.71
    # From one sample to the next it never jumps, between its notes neither: a click is a jump.
    assert np.abs(np.diff(samples)).max() < 0.25 * peak


def test_each_level_is_a_step_louder_and_none_is_silence() -> None:
    for signal in Signal:
        assert sound_of(signal, 0).samples == b""
        levels = [loudness_db(samples_of(signal, level)) for level in range(1, LOUDEST + 1)]
        assert np.diff(levels) == pytest.approx(STEP_DB, abs=0.2)


def test_a_key_is_softer_than_a_call_and_the_last_call_is_twice_as_loud() -> None:
    call, last, key = (loudness_db(samples_of(signal)) for signal in (Signal.TAKE, Signal.TAKE_AT_LAST, Signal.KEY))
    assert last - call == pytest.approx(LOUDER_DB, abs=0.1)
    assert key < call - 3


# --- when


def to_the_call(hall: Hall, ear: Ear) -> None:
    hall.to_pin_entry()
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    silence_over(hall)


def test_a_card_that_waits_is_called_for_at_once_after_5_and_10_s_and_louder_after_30(hall: Hall, ear: Ear) -> None:
    to_the_call(hall, ear)
    since = hall.now
    heard = [(0.0, ear.listen())]
    while hall.now - since < 120:
        hall.later(0.5)
        silence_over(hall)
        fresh = ear.listen()
        if len(fresh):
            heard.append((round(hall.now - since), fresh))
    assert [at for at, _ in heard] == [0, 5, 10, 30, 60, 90]
    soft, loud = [loudness_db(call) for _, call in heard[:3]], [loudness_db(call) for _, call in heard[3:]]
    assert max(soft) - min(soft) < 0.1
    assert min(loud) - max(soft) == pytest.approx(LOUDER_DB, abs=0.1)
    first = heard[0][1]
    assert pitch(first[: round(0.16 * RATE_HZ)]) == pytest.approx(660, abs=10)
    assert pitch(first[round(0.16 * RATE_HZ) :]) == pytest.approx(880, abs=10), "it rises"


def test_a_card_that_is_taken_is_not_called_for_any_more(hall: Hall, ear: Ear) -> None:
    to_the_call(hall, ear)
    hall.slot.pull()
    hall.until(lambda: not isinstance(hall.view, TakeCard))
    ear.listen()
    for _ in range(5):
        hall.later(1)
    silence_over(hall)
    assert len(ear.listen()) == 0


def test_a_new_card_and_an_identity_card_are_called_for_likewise_each_from_its_own_beginning() -> None:
    chimes = Chimes()
    nothing = say("")
    card = TakeNewCard(nothing, nothing, urgent=False)
    assert chimes.due(TakeIdCard(nothing, nothing, urgent=False), None, 100.0) is Signal.TAKE
    assert chimes.due(card, None, 100.0) is Signal.TAKE
    assert chimes.due(card, None, 104.0) is None
    assert chimes.due(replace(card, urgent=True), None, 110.0) is Signal.TAKE, "urgent, and the same call"
    assert chimes.due(card, None, 131.0) is Signal.TAKE_AT_LAST
    assert chimes.due(Working(nothing, nothing), None, 132.0) is None
    assert chimes.due(card, None, 133.0) is Signal.TAKE


def test_every_key_of_the_pad_has_one_and_the_same_tone(hall: Hall, ear: Ear) -> None:
    hall.to_pin_entry()
    ear.listen()
    heard = []
    for count in range(1, 7):
        hall.pad.count(count)
        hall.until(lambda count=count: isinstance(hall.view, PinEntry) and hall.view.typed == count)  # type: ignore[misc]
        silence_over(hall)
        heard.append(ear.listen())
    assert len({one.tobytes() for one in heard}) == 1, "whoever listens would learn more than how many"
    assert pitch(heard[0]) == pytest.approx(1000, abs=10)
    hall.pad.count(0)
    hall.until(lambda: isinstance(hall.view, PinEntry) and hall.view.typed == 0)
    silence_over(hall)
    assert len(ear.listen()) == 0, "cleared: the dots go"


def test_a_pad_with_a_tone_of_its_own_is_not_doubled(ear: Ear, note: VolumeNote) -> None:
    Bell(AlsaSounder(), note, keys=False).ring(Signal.KEY)
    assert len(ear.listen()) == 0
    Bell(AlsaSounder(), note, keys=False).ring(Signal.TAKE)
    assert len(ear.listen()) > 0


def falls(samples: Samples) -> bool:
    """Whether it is two notes, the second the lower one."""
    first = round(0.16 * RATE_HZ)
    return len(samples) == len(samples_of(Signal.ATTENTION)) and pitch(samples[:first]) > pitch(samples[first:])


def test_a_session_about_to_end_asks_for_attention_once(hall: Hall, ear: Ear) -> None:
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    ear.listen()
    hall.later(125)
    assert hall.warning is not None
    hall.later(1)
    silence_over(hall)
    assert falls(ear.listen())


def test_a_failure_asks_for_attention_once(hall: Hall, ear: Ear) -> None:
    hall.to_pin_entry()
    ear.listen()
    hall.slot.pull()
    hall.later(1)
    hall.sees(Fault)
    hall.later(1)
    silence_over(hall)
    assert falls(ear.listen())


# --- how loud


def test_the_volume_that_is_set_holds_from_the_next_signal_on(ear: Ear, note: VolumeNote) -> None:
    bell = Bell(AlsaSounder(), note)
    bell.ring(Signal.TAKE)
    before = loudness_db(ear.listen())
    assert note.set(LEVEL + 2) == LEVEL + 2
    bell.ring(Signal.TAKE)
    assert loudness_db(ear.listen()) - before == pytest.approx(2 * STEP_DB, abs=0.1)
    assert note.set(0) == 0
    bell.ring(Signal.TAKE_AT_LAST)
    assert len(ear.listen()) == 0
    assert (note.set(-3), note.set(99)) == (0, LOUDEST)


@pytest.mark.parametrize("damaged", ["", "loud", "11", "-1", "7.5", "\N{BROKEN HEART}"])
def test_a_volume_that_is_none_is_the_configured_one(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "volume").write_text(damaged, "utf-8")
    assert VolumeNote(tmp_path / "volume", 4).level == 4


# --- none


def test_a_terminal_without_a_loudspeaker_is_silent_says_so_and_serves(
    ear: Ear, note: VolumeNote, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(bell=Bell(AlsaSounder("none-here"), note))
    try:
        with caplog.at_level(logging.WARNING):
            to_the_call(hall, ear)
            hall.until(lambda: any(one.device == "sounder" for one in hall.conductor.device_health))
            (told,) = (one for one in hall.conductor.device_health if one.device == "sounder")
            assert told.code == "D-01"
            assert "none-here" in told.found
            hall.later(RETRY_S / 2)
            silence_over(hall)
            assert caplog.text.count("a signal was not heard") == 1, "it is let alone for a minute"
        assert hall.conductor.ailment is None
        hall.slot.pull()
        hall.until(lambda: not isinstance(hall.view, TakeCard))
        assert len(ear.listen()) == 0
    finally:
        hall.pad.cancel()
        hall.conductor.stop()


def test_a_loudspeaker_that_hangs_is_no_ailment(hall: Hall) -> None:
    hall.sees(Attract)
    lane = hall.conductor._lanes.sound
    lane._begun_at = hall.now
    hall.now += 100_000
    assert lane.hangs(hall.now)
    assert hall.conductor._pulse.ailment(hall.now) is None


def test_a_card_that_does_not_exist_is_not_connected(ear: Ear) -> None:
    with pytest.raises(NotConnected, match="none-here"):
        AlsaSounder("none-here").identify()
    with pytest.raises(NotConnected, match="none-here"):
        AlsaSounder("none-here").play(sound_of(Signal.KEY, LEVEL))
    assert AlsaSounder().identify() == "default"
