"""Every measure against faces that were spoilt on purpose, with the verdicts typed apart from the code."""

import math
from typing import Final

import pytest

from kiosk.portrait.darkroom import Darkroom
from kiosk.portrait.guidance import wanted
from kiosk.portrait.measures import Measured, measure_finished, measure_frame
from kiosk.portrait.norm import ROOM, Measure, Norm, Stage, Verdict, failed, judge, limits
from kiosk.portrait.picture import read_picture
from tests import portrait_verdicts, portraits

FACES: Final = ("portrait-a", "portrait-b")
BOTH: Final = pytest.mark.parametrize("face", FACES)
NORM: Final = Norm()


def frame(face: str, change: str, amount: float) -> Measured:
    return measure_frame(portraits.models(), portraits.frame(face, change, amount), NORM)


def finished(face: str, change: str, amount: float) -> Measured:
    return measure_finished(portraits.models(), read_picture(portraits.spoilt(face, change, amount)), NORM)


def as_typed(typed: portrait_verdicts.Verdict, measured: Measured) -> None:
    refused = frozenset(measured.failed)
    assert typed.fails - typed.errs <= refused, f"not noticed: {typed.fails - refused}"
    if typed.measured:
        allowed = typed.fails | typed.open | typed.any | typed.errs
        assert refused <= allowed, f"refused without need: {refused - allowed}"
    assert not typed.any or typed.any & refused, "none of these was noticed"
    hints = {verdict.limit.measure for verdict in measured.verdicts if not verdict.within and not verdict.limit.binding}
    assert typed.hints - typed.errs <= hints


@pytest.mark.parametrize("typed", portrait_verdicts.FRAMES, ids=str)
def test_a_frame_is_judged_as_typed(typed: portrait_verdicts.Verdict) -> None:
    measured = frame(typed.face, typed.change, typed.amount)
    as_typed(typed, measured)
    if typed.instruction is not None:
        assert wanted(measured.verdicts) == typed.instruction


@pytest.mark.parametrize("typed", portrait_verdicts.FINISHED, ids=str)
def test_a_finished_portrait_is_judged_as_typed(typed: portrait_verdicts.Verdict) -> None:
    as_typed(typed, finished(typed.face, typed.change, typed.amount))


KNOWN_ERRORS: Final = [
    (typed, measure)
    for typed in portrait_verdicts.FRAMES
    for measure in sorted(typed.errs)
    if len(typed.errs) > 1 or measure in typed.fails | typed.hints or typed.case == portrait_verdicts.STANDS_RIGHT
]


@pytest.mark.parametrize(("typed", "measure"), KNOWN_ERRORS, ids=str)
def test_an_error_that_is_owned_up_to_is_still_one(typed: portrait_verdicts.Verdict, measure: Measure) -> None:
    (verdict,) = (one for one in frame(typed.face, typed.change, typed.amount).verdicts if one.limit.measure is measure)
    assert verdict.within == (measure in typed.fails | typed.hints), "take it off the list"


def test_every_binding_measure_is_made_to_fail_by_somebody() -> None:
    # The landmark model's own word for "a face" is near one wherever the detector found one; and by grey levels, as
    # they are counted here, a face is too dark on the whole before half of it is black.
    never = {Measure.FACE_PRESENCE, Measure.UNDER_EXPOSED}
    of_frames = {row.measure for row in limits(Stage.CAPTURE, NORM) if row.binding} - never
    assert of_frames <= made_to_fail(portrait_verdicts.FRAMES)
    # What lies with the person is seen to in the frame: such a frame becomes no portrait.
    of_files = {row.measure for row in limits(Stage.FINISHED, NORM) if row.binding} - of_frames - never
    assert of_files <= made_to_fail(portrait_verdicts.FINISHED)


def made_to_fail(typed: tuple[portrait_verdicts.Verdict, ...]) -> frozenset[Measure]:
    return frozenset[Measure]().union(*(one.fails - one.errs for one in typed))


MOVES: Final = {
    Measure.SINGLE_FACE: ("somebody_behind", 0.7),
    Measure.EYE_DISTANCE: ("size", 0.9),
    Measure.ROOM_LEFT: ("across", -100),
    Measure.ROOM_RIGHT: ("across", 100),
    Measure.ROOM_ABOVE: ("down", -40),
    Measure.ROOM_BELOW: ("down", 40),
    Measure.ROLL: ("tilt", 4),
    Measure.YAW: ("turn", 12),
    Measure.PITCH: ("nod", 12),
    Measure.EYES_OPEN: ("eyes_shut", 0.4),
    Measure.MOUTH_CLOSED: ("mouth_open", 0.08),
    Measure.GAZE: ("looking_aside", 0.25),
    Measure.SHARPNESS: ("blur", 1),
    Measure.LUMINANCE: ("light", 0.7),
    Measure.CONTRAST: ("light", 0.3),
    Measure.UNDER_EXPOSED: ("light", 0.02),
    Measure.OVER_EXPOSED: ("light", 2),
    Measure.DYNAMIC_RANGE: ("light", 0.1),
    Measure.EVEN_LIGHT: ("window_beside", 0.6),
    Measure.SIDE_SHADOW: ("window_beside", 0.6),
    Measure.NATURAL_COLOUR: ("colour", 0.2),
    Measure.NOSE_BRIDGE: ("glasses", 0.04),
    Measure.TOP_LIGHTNESS: ("light", 0.3),
}
MOVES_FINISHED: Final = {
    Measure.WIDTH: ("size", 0.9),
    Measure.HEIGHT: ("size", 0.9),
    Measure.DENSITY: ("density", 300),
    Measure.CHANNELS: ("grey", 0),
    Measure.FILE_SIZE: ("quality", 60),
    Measure.FACE_WIDTH: ("shrunk", 0.9),
    Measure.CROWN: ("up", 6),
    Measure.EYE_LINE: ("up", 6),
    Measure.EYE_MIDPOINT: ("aside", 10),
    Measure.BACKGROUND: ("veil", 245),
}


@BOTH
@pytest.mark.parametrize("measure", MOVES)
def test_no_measure_of_a_frame_is_a_constant(measure: Measure, face: str) -> None:
    before, after = frame(face, "none", 0).values[measure], frame(face, *MOVES[measure]).values[measure]
    assert abs(after - before) > 0.05 * max(abs(before), 0.1)


@BOTH
@pytest.mark.parametrize("measure", MOVES_FINISHED)
def test_no_measure_of_a_finished_portrait_is_a_constant(measure: Measure, face: str) -> None:
    before, after = finished(face, "none", 0).values[measure], finished(face, *MOVES_FINISHED[measure]).values[measure]
    assert abs(after - before) > 0.02 * abs(before)


def test_every_measure_is_moved_by_one_of_these() -> None:
    # The landmark model's own word for "a face" is near one wherever the detector found one; it is a safety net.
    assert set(MOVES) | set(MOVES_FINISHED) | {Measure.FACE_PRESENCE} == set(Measure)


@BOTH
@pytest.mark.parametrize("rows", [-6, -3, 3, 6])
def test_the_crown_is_measured_to_two_pixels(face: str, rows: int) -> None:
    before, after = finished(face, "none", 0).values, finished(face, "up", rows).values
    assert after[Measure.CROWN] == pytest.approx(before[Measure.CROWN] - rows, abs=2)
    assert after[Measure.EYE_LINE] == pytest.approx(before[Measure.EYE_LINE] + rows, abs=2)


@BOTH
def test_a_tilt_is_measured_in_degrees(face: str) -> None:
    for degrees in (-12, -5, 5, 12):
        assert frame(face, "tilt", degrees).values[Measure.ROLL] == pytest.approx(degrees, abs=1)


@BOTH
def test_what_is_measured_does_not_depend_on_how_far_away_somebody_is(face: str) -> None:
    near, far = frame(face, "none", 0).values, frame(face, "size", 0.9).values
    for measure in (Measure.YAW, Measure.PITCH, Measure.ROLL):
        assert far[measure] == pytest.approx(near[measure], abs=2)
    for measure in (Measure.LUMINANCE, Measure.EYES_OPEN, Measure.SIDE_SHADOW, Measure.CONTRAST):
        assert far[measure] == pytest.approx(near[measure], rel=0.1)


@pytest.mark.parametrize("stage", Stage)
def test_the_table_has_each_measure_once_with_a_source(stage: Stage) -> None:
    rows = limits(stage, NORM)
    assert len({row.measure for row in rows}) == len(rows)
    assert all(row.source and row.low <= row.high for row in rows)
    order = list(Measure)
    assert [order.index(row.measure) for row in rows] == sorted(order.index(row.measure) for row in rows)


def test_what_was_not_measured_never_passes() -> None:
    for stage in Stage:
        verdicts = judge({}, stage, NORM)
        assert not any(verdict.within for verdict in verdicts)
        assert set(failed(verdicts)) == {row.measure for row in limits(stage, NORM) if row.binding}


def test_both_ends_of_a_window_are_within_it() -> None:
    for row in limits(Stage.FINISHED, NORM):
        assert Verdict(row, row.low).within
        if row.high != math.inf:
            assert Verdict(row, row.high).within
            assert not Verdict(row, math.nextafter(row.high, math.inf)).within
        assert not Verdict(row, math.nextafter(row.low, -math.inf)).within


def test_a_region_may_state_its_own_numbers() -> None:
    small = Norm(least_bytes=9 * 1024, most_bytes=20_000, crown=(5, 30))
    rows = {row.measure: row for row in limits(Stage.FINISHED, small)}
    assert (rows[Measure.FILE_SIZE].low, rows[Measure.FILE_SIZE].high) == (9216, 20_000)
    assert (rows[Measure.CROWN].low, rows[Measure.CROWN].high) == (5, 30)


def test_each_frame_is_looked_at_anew() -> None:
    darkroom = Darkroom(portraits.MODELS, NORM)
    here, gone, tilted = (
        {verdict.limit.measure: verdict.value for verdict in darkroom.measure(portraits.frame("portrait-a", *change))}
        for change in (("none", 0), ("nobody", 0), ("tilt", 12))
    )
    assert (here[Measure.SINGLE_FACE], gone[Measure.SINGLE_FACE]) == (100, 0)
    assert tilted[Measure.ROLL] - here[Measure.ROLL] == pytest.approx(12, abs=1)


def test_nobody_measures_nothing() -> None:
    measured = frame("portrait-a", "nobody", 0)
    assert measured.face is None
    assert measured.values[Measure.SINGLE_FACE] == 0
    assert all(math.isnan(measured.values[side]) for side in ROOM)


def test_no_number_of_a_face_is_in_its_words() -> None:
    measured = frame("portrait-a", "none", 0)
    for thing in (measured, measured.face):
        assert "array" not in repr(thing)
        assert "verdict" not in repr(thing).lower()
