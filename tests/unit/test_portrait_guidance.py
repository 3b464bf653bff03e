"""One instruction at a time, steady, and the best frame once everything held for a moment; times are handed in."""

import math
from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.portrait.guidance import Advice, Guidance, Instruction, Pace, quality, wanted
from kiosk.portrait.norm import Limit, Measure, Norm, Stage, Verdict, judge, limits

NORM: Final = Norm()
GOOD: Final = {
    Measure.SINGLE_FACE: 100.0, Measure.FACE_PRESENCE: 1.0, Measure.EYE_DISTANCE: 130.0,
    Measure.ROOM_LEFT: 0.5, Measure.ROOM_RIGHT: 0.5, Measure.ROOM_ABOVE: 0.2, Measure.ROOM_BELOW: 0.2,
    Measure.ROLL: 0.0, Measure.YAW: 0.0, Measure.PITCH: 5.0, Measure.EYES_OPEN: 0.09, Measure.MOUTH_CLOSED: 0.02,
    Measure.GAZE: 0.01, Measure.SHARPNESS: 120.0, Measure.LUMINANCE: 0.35, Measure.CONTRAST: 85.0,
    Measure.UNDER_EXPOSED: 0.01, Measure.OVER_EXPOSED: 0.0, Measure.DYNAMIC_RANGE: 90.0, Measure.EVEN_LIGHT: 70.0,
    Measure.SIDE_SHADOW: 1.0, Measure.NATURAL_COLOUR: 100.0, Measure.NOSE_BRIDGE: 0.3, Measure.TOP_LIGHTNESS: 20.0,
}  # fmt: skip
FRAME: Final = 1 / 30
PACE: Final = Pace()


def seen(**changed: float) -> tuple[Verdict, ...]:
    values = GOOD | {Measure(name): value for name, value in changed.items()}
    return judge(values, Stage.CAPTURE, NORM)


NOBODY: Final = judge({Measure.SINGLE_FACE: 0.0}, Stage.CAPTURE, NORM)
FAR: Final = seen(eye_distance=80)


class Sitting:
    """A guidance and the clock in its hand."""

    def __init__(self) -> None:
        self.guidance: Guidance[int] = Guidance()
        self.at = 100.0
        self.frames = 0
        self.taken: list[int] = []
        self.shown: list[Instruction] = []

    def sees(self, verdicts: tuple[Verdict, ...], seconds: float = FRAME) -> Advice[int]:
        for _ in range(max(1, round(seconds / FRAME))):
            advice = self.guidance.look(self.frames, verdicts, self.at)
            self.frames += 1
            self.at += FRAME
            if not self.shown or self.shown[-1] is not advice.instruction:
                self.shown.append(advice.instruction)
            if advice.taken is not None:
                self.taken.append(advice.taken)
        return advice


@pytest.mark.parametrize(
    ("changed", "instruction"),
    [
        ({}, Instruction.HOLD_STILL),
        ({"single_face": 60}, Instruction.ONE_PERSON),
        ({"eye_distance": 90}, Instruction.COME_CLOSER),
        ({"room_above": -0.1, "room_below": -0.1}, Instruction.STEP_BACK),
        ({"room_left": -0.1, "room_right": -0.1}, Instruction.STEP_BACK),
        ({"room_left": -0.1}, Instruction.MOVE_LEFT),
        ({"room_right": -0.1}, Instruction.MOVE_RIGHT),
        ({"room_above": -0.1}, Instruction.LOWER),
        ({"room_below": -0.1}, Instruction.HIGHER),
        ({"face_presence": 0.2}, Instruction.UNCOVER_FACE),
        ({"yaw": 12}, Instruction.FACE_CAMERA),
        ({"yaw": -12}, Instruction.FACE_CAMERA),
        ({"roll": 12}, Instruction.HEAD_UPRIGHT),
        ({"roll": -12, "room_above": -0.1}, Instruction.HEAD_UPRIGHT),
        ({"pitch": 20}, Instruction.CHIN_UP),
        ({"pitch": -20}, Instruction.CHIN_DOWN),
        ({"luminance": 0.05}, Instruction.MORE_LIGHT),
        ({"luminance": 0.9}, Instruction.LESS_LIGHT),
        ({"over_exposed": 0.2}, Instruction.LESS_LIGHT),
        ({"under_exposed": 0.6}, Instruction.MORE_LIGHT),
        ({"even_light": 30}, Instruction.EVEN_LIGHT),
        ({"side_shadow": 0.4}, Instruction.EVEN_LIGHT),
        ({"side_shadow": 2.5}, Instruction.EVEN_LIGHT),
        ({"natural_colour": 20}, Instruction.PLAIN_LIGHT),
        ({"eyes_open": 0.01}, Instruction.OPEN_EYES),
        ({"mouth_closed": 0.1}, Instruction.CLOSE_MOUTH),
        ({"gaze": 0.2}, Instruction.LOOK_AT_CAMERA),
        ({"sharpness": 10}, Instruction.HOLD_STILL),
        # The more useful of several comes first.
        ({"eye_distance": 80, "mouth_closed": 0.2, "luminance": 0.01}, Instruction.COME_CLOSER),
        ({"yaw": 20, "eyes_open": 0.0}, Instruction.FACE_CAMERA),
        ({"single_face": 10, "eye_distance": 20}, Instruction.ONE_PERSON),
    ],
)
def test_a_frame_asks_for_the_most_useful_thing(changed: Mapping[str, float], instruction: Instruction) -> None:
    assert wanted(seen(**changed)) is instruction


def test_nobody_is_asked_into_view() -> None:
    assert wanted(NOBODY) is Instruction.COME_INTO_VIEW


@pytest.mark.parametrize("limit", [row for row in limits(Stage.CAPTURE, NORM) if row.binding], ids=lambda r: r.measure)
def test_whatever_refuses_a_frame_has_an_instruction(limit: Limit) -> None:
    """Else somebody would hold still for ever and never be taken."""
    ends = [limit.low - 1, math.nan]
    if limit.high != math.inf and limit.measure not in {Measure.SINGLE_FACE, Measure.FACE_PRESENCE}:
        ends.append(limit.high + 1)
    for amiss in ends:
        verdicts = seen(**{limit.measure.value: amiss})
        assert any(verdict.refuses for verdict in verdicts)
        assert wanted(verdicts) is not Instruction.HOLD_STILL or limit.measure is Measure.SHARPNESS


def test_who_stands_right_is_taken_after_the_hold_and_not_before() -> None:
    sitting = Sitting()
    sitting.sees(seen(), PACE.hold_s - 2 * FRAME)
    assert sitting.taken == []
    sitting.sees(seen(), 4 * FRAME)
    assert len(sitting.taken) == 1


def test_the_best_frame_of_the_hold_is_taken() -> None:
    sitting = Sitting()
    sitting.sees(seen(), 0.4)
    sitting.sees(seen(sharpness=300))
    best = sitting.frames - 1
    sitting.sees(seen(gaze=0.05), 1.0)
    assert sitting.taken == [best]


def test_what_does_not_comply_is_never_taken_however_sharp() -> None:
    sitting = Sitting()
    sitting.sees(seen(), 0.5)
    sitting.sees(seen(mouth_closed=0.2, sharpness=5000))
    speaking = sitting.frames - 1
    sitting.sees(seen(), 1.0)
    assert sitting.taken
    assert speaking not in sitting.taken


def test_a_blink_does_not_start_the_hold_anew_and_a_turned_head_does() -> None:
    blinking, turning = Sitting(), Sitting()
    for sitting, amiss, how_long in ((blinking, seen(eyes_open=0.0), 0.2), (turning, seen(yaw=20), 0.6)):
        sitting.sees(seen(), 0.6)
        sitting.sees(amiss, how_long)
        sitting.sees(seen(), 0.4)
    assert len(blinking.taken) == 1
    assert turning.taken == []
    turning.sees(seen(), PACE.hold_s)
    assert len(turning.taken) == 1


def test_the_frames_of_a_broken_hold_are_forgotten() -> None:
    sitting = Sitting()
    sitting.sees(seen(sharpness=900), 0.6)
    broken = sitting.frames
    sitting.sees(seen(yaw=20), 1.0)
    sitting.sees(seen(), 1.2)
    assert sitting.taken
    assert all(frame > broken for frame in sitting.taken)


def test_an_instruction_stays_long_enough_to_be_read() -> None:
    sitting = Sitting()
    sitting.sees(FAR, 2)
    start = sitting.at
    assert sitting.shown == [Instruction.COME_CLOSER]
    sitting.sees(seen(yaw=20), PACE.settle_s - 2 * FRAME)
    assert sitting.shown == [Instruction.COME_CLOSER]
    sitting.sees(seen(yaw=20), 0.3)
    sitting.sees(seen(mouth_closed=0.2), PACE.least_shown_s - 0.5)
    assert sitting.shown[1:] == [Instruction.FACE_CAMERA]
    sitting.sees(seen(mouth_closed=0.2), 1.0)
    assert sitting.shown[2:] == [Instruction.CLOSE_MOUTH]
    assert sitting.at - start > PACE.least_shown_s


def test_a_value_that_swings_about_its_limit_does_not_flicker() -> None:
    sitting = Sitting()
    sitting.sees(FAR, 1.5)
    for _ in range(60):
        sitting.sees(seen(eye_distance=108), 0.1)
        sitting.sees(seen(eye_distance=112), 0.1)
    assert sitting.shown == [Instruction.COME_CLOSER]


def test_who_is_barely_within_is_taken_all_the_same() -> None:
    """Hysteresis holds the words, never the capture."""
    sitting = Sitting()
    sitting.sees(FAR, 2)
    sitting.sees(seen(eye_distance=111), 1.5)
    assert len(sitting.taken) == 1


def test_a_lost_camera_starts_everything_anew() -> None:
    sitting = Sitting()
    sitting.sees(seen(), 0.9)
    sitting.at += 5
    assert sitting.sees(seen()).held == 0
    sitting.sees(seen(), 0.9)
    assert sitting.taken == []


def test_the_ring_fills_and_never_says_full_while_something_is_amiss() -> None:
    sitting = Sitting()
    held = [sitting.sees(seen()).held for _ in range(20)]
    assert held == sorted(held)
    assert held[0] == 0
    assert sitting.sees(seen(eyes_open=0.0)).held < 1


def test_a_sharper_straighter_frame_is_worth_more() -> None:
    plain = quality(seen(sharpness=60, eyes_open=0.06, yaw=4, gaze=0.04))
    for better in ({"sharpness": 200}, {"eyes_open": 0.1}, {"yaw": 1}, {"gaze": 0.0}):
        assert quality(seen(**({"sharpness": 60, "eyes_open": 0.06, "yaw": 4, "gaze": 0.04} | better))) > plain


PERSON = st.sampled_from(
    [seen(), FAR, NOBODY, seen(yaw=20), seen(eyes_open=0.0), seen(luminance=0.01), seen(single_face=40), seen(roll=7.5)]
)


@given(st.lists(st.tuples(PERSON, st.integers(1, 50)), max_size=25))
def test_whatever_somebody_does_nothing_is_taken_amiss_or_flickers(acts: list[tuple[tuple[Verdict, ...], int]]) -> None:
    guidance: Guidance[tuple[Verdict, ...]] = Guidance()
    at, changed_at, shown = 0.0, None, None
    for verdicts, frames in acts:
        for _ in range(frames):
            advice = guidance.look(verdicts, verdicts, at)
            if advice.taken is not None:
                assert not any(verdict.refuses for verdict in advice.taken)
            if shown is not None and advice.instruction is not shown:
                assert changed_at is not None
                assert at - changed_at >= PACE.least_shown_s
            if advice.instruction is not shown:
                shown, changed_at = advice.instruction, at
            assert 0 <= advice.held <= 1
            at += FRAME
