"""One instruction at a time, until every measure holds for a moment and the best frame is taken.

Pure: times are handed in, frames are not looked into, and neither numpy nor OpenCV is imported.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeVar

from kiosk.portrait.norm import Measure, Verdict

Frame = TypeVar("Frame")


class Instruction(StrEnum):
    """What the person is asked for. Left and right are the person's own, as in a mirror."""

    COME_INTO_VIEW = "come_into_view"
    ONE_PERSON = "one_person"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    MOVE_LEFT = "move_left"
    MOVE_RIGHT = "move_right"
    LOWER = "lower"
    """Sit lower, or the camera has to go up."""
    HIGHER = "higher"
    UNCOVER_FACE = "uncover_face"
    FACE_CAMERA = "face_camera"
    HEAD_UPRIGHT = "head_upright"
    CHIN_UP = "chin_up"
    CHIN_DOWN = "chin_down"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    EVEN_LIGHT = "even_light"
    PLAIN_LIGHT = "plain_light"
    """The light has a colour, or there is too little or too much for skin to have its own."""
    OPEN_EYES = "open_eyes"
    CLOSE_MOUTH = "close_mouth"
    LOOK_AT_CAMERA = "look_at_camera"
    HOLD_STILL = "hold_still"
    """Nothing is amiss, or all that is amiss is a blurred picture."""


class _End(StrEnum):
    LOW = "low"
    HIGH = "high"


_ORDER: Final = (
    (Instruction.ONE_PERSON, Measure.SINGLE_FACE, _End.LOW),
    (Instruction.COME_CLOSER, Measure.EYE_DISTANCE, _End.LOW),
    (Instruction.HEAD_UPRIGHT, Measure.ROLL, None),
    (Instruction.MOVE_LEFT, Measure.ROOM_LEFT, _End.LOW),
    (Instruction.MOVE_RIGHT, Measure.ROOM_RIGHT, _End.LOW),
    (Instruction.LOWER, Measure.ROOM_ABOVE, _End.LOW),
    (Instruction.HIGHER, Measure.ROOM_BELOW, _End.LOW),
    (Instruction.UNCOVER_FACE, Measure.FACE_PRESENCE, _End.LOW),
    (Instruction.FACE_CAMERA, Measure.YAW, None),
    (Instruction.CHIN_UP, Measure.PITCH, _End.HIGH),
    (Instruction.CHIN_DOWN, Measure.PITCH, _End.LOW),
    (Instruction.MORE_LIGHT, Measure.LUMINANCE, _End.LOW),
    (Instruction.MORE_LIGHT, Measure.UNDER_EXPOSED, None),
    (Instruction.LESS_LIGHT, Measure.LUMINANCE, _End.HIGH),
    (Instruction.LESS_LIGHT, Measure.OVER_EXPOSED, None),
    (Instruction.EVEN_LIGHT, Measure.EVEN_LIGHT, None),
    (Instruction.EVEN_LIGHT, Measure.SIDE_SHADOW, None),
    (Instruction.EVEN_LIGHT, Measure.CONTRAST, None),
    (Instruction.EVEN_LIGHT, Measure.DYNAMIC_RANGE, None),
    (Instruction.PLAIN_LIGHT, Measure.NATURAL_COLOUR, None),
    (Instruction.OPEN_EYES, Measure.EYES_OPEN, None),
    (Instruction.CLOSE_MOUTH, Measure.MOUTH_CLOSED, None),
    (Instruction.LOOK_AT_CAMERA, Measure.GAZE, None),
    (Instruction.HOLD_STILL, Measure.SHARPNESS, None),
)
"""The most useful first: where the person is, how the head is held, the light, and last what passes by itself. A tilted
head comes before the room around it, which it takes up."""
_OPPOSITE: Final = ((Measure.ROOM_LEFT, Measure.ROOM_RIGHT), (Measure.ROOM_ABOVE, Measure.ROOM_BELOW))


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient the guidance is; seconds, by judgement: a sentence is read in about two."""

    settle_s: float = 0.4
    """Something has to be amiss, or well, for so long before the instruction changes."""
    least_shown_s: float = 1.2
    hold_s: float = 1.0
    """Every measure holds for so long before a frame is taken."""
    blink_s: float = 0.3
    """A lapse no longer than this does not start the hold anew."""
    lost_s: float = 1.0
    """After a gap of this length between frames everything starts anew."""
    margin: float = 0.1
    """Of a limit's width, or of the limit itself: so far within must a value come before its instruction goes."""


@dataclass(frozen=True, slots=True, repr=False)
class Advice(Generic[Frame]):
    """What to show after a frame."""

    instruction: Instruction
    held: float
    """0–1 of the hold; the ring around the oval."""
    taken: Frame | None
    """The best frame of the hold, given once, when the hold is full."""


class Guidance(Generic[Frame]):
    """Follows one person's frames; start a new one for the next try."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._shown = Instruction.COME_INTO_VIEW
        self._shown_since: float | None = None
        self._wanted = self._shown
        self._wanted_since = 0.0
        self._last: float | None = None
        self._held_since: float | None = None
        self._amiss_since: float | None = None
        self._best: tuple[float, Frame] | None = None

    def look(self, frame: Frame, verdicts: tuple[Verdict, ...], at: float) -> Advice[Frame]:
        """Take one more frame into account.

        :param frame: whatever the caller wants back when it is the best.
        :param verdicts: the frame's, of the capture stage.
        :param at: seconds by a clock that never goes back.
        """
        if self._last is not None and at - self._last > self._pace.lost_s:
            self._let_go()
            self._shown_since = None
        self._last = at
        self._show(self._wish(verdicts), at)
        held = self._hold(frame, verdicts, at)
        taken = None
        if held >= 1 and self._best is not None:
            taken = self._best[1]
            self._let_go()
        return Advice(self._shown, held, taken)

    @property
    def kept(self) -> Frame | None:
        """The best frame of the hold so far; whoever wipes the others leaves it."""
        return None if self._best is None else self._best[1]

    def _wish(self, verdicts: tuple[Verdict, ...]) -> Instruction:
        wish = wanted(verdicts)
        if wish is not self._shown and self._shown is not Instruction.HOLD_STILL:
            near = wanted(verdicts, self._shown, self._pace.margin)
            if near is self._shown:
                return near  # barely within: it would come back at the next breath
        return wish

    def _show(self, wish: Instruction, at: float) -> None:
        if self._shown_since is None:
            self._shown, self._shown_since = wish, at
        if wish is not self._wanted:
            self._wanted, self._wanted_since = wish, at
        settled = at - self._wanted_since >= self._pace.settle_s
        if wish is not self._shown and settled and at - self._shown_since >= self._pace.least_shown_s:
            self._shown, self._shown_since = wish, at

    def _hold(self, frame: Frame, verdicts: tuple[Verdict, ...], at: float) -> float:
        if any(verdict.refuses for verdict in verdicts):
            if self._amiss_since is None:
                self._amiss_since = at
            if at - self._amiss_since > self._pace.blink_s:
                self._let_go()
                self._amiss_since = at
            return 0.0 if self._held_since is None else min(0.99, (at - self._held_since) / self._pace.hold_s)
        self._amiss_since = None
        if self._held_since is None:
            self._held_since = at
        worth = quality(verdicts)
        if self._best is None or worth > self._best[0]:
            self._best = (worth, frame)
        return min(1.0, (at - self._held_since) / self._pace.hold_s)

    def _let_go(self) -> None:
        """Forget the hold, and with it the frame."""
        self._held_since = self._best = self._amiss_since = None


def wanted(verdicts: tuple[Verdict, ...], closer_for: Instruction | None = None, margin: float = 0.0) -> Instruction:
    """The most useful instruction for a frame; :attr:`Instruction.HOLD_STILL` when nothing is amiss.

    :param closer_for: an instruction whose limits are drawn closer by ``margin``.
    """
    by_measure = {verdict.limit.measure: verdict for verdict in verdicts}
    if not by_measure[Measure.SINGLE_FACE].value > 0:
        return Instruction.COME_INTO_VIEW
    if any(all(by_measure[side].value < 0 for side in sides) for sides in _OPPOSITE):
        return Instruction.STEP_BACK  # before any single side
    for instruction, measure, end in _ORDER:
        if _amiss(by_measure[measure], end, margin if instruction is closer_for else 0.0):
            return instruction
    return Instruction.HOLD_STILL


def quality(verdicts: tuple[Verdict, ...]) -> float:
    """How good one compliant frame is beside another: sharp, eyes open, straight ahead; 0–4."""
    value = {verdict.limit.measure: verdict.value for verdict in verdicts}
    limit = {verdict.limit.measure: verdict.limit for verdict in verdicts}
    sharp = 1 - limit[Measure.SHARPNESS].low / max(value[Measure.SHARPNESS], limit[Measure.SHARPNESS].low)
    eyes = 1 - limit[Measure.EYES_OPEN].low / max(value[Measure.EYES_OPEN], limit[Measure.EYES_OPEN].low)
    straight = 1 - abs(value[Measure.YAW]) / limit[Measure.YAW].high
    ahead = 1 - value[Measure.GAZE] / limit[Measure.GAZE].high
    return sharp + eyes + straight + ahead


def _amiss(verdict: Verdict, end: _End | None, margin: float) -> bool:
    limit, value = verdict.limit, verdict.value
    if value != value:  # noqa: PLR0124 - NaN: not measured, which never passes
        return True
    low, high = limit.low, limit.high
    wide = high - low
    step = margin * (wide if wide != float("inf") else max(abs(low), 0.1))
    if limit.measure is Measure.SINGLE_FACE:
        step = 0.0  # its window is a point
    below, above = value < low + step, value > high - step
    if end is _End.LOW:
        return below
    if end is _End.HIGH:
        return above
    # A window that ends at zero has one end only: nothing can be too little shadow or too closed a mouth.
    return (below and (low != 0 or value < 0)) or above
