"""What a portrait has to be: the norm's numbers, and the one table of measures with unit, limits and source.

Pure and light: neither numpy nor OpenCV is imported, so that a journey may name a measure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.records.portrait import NATIONAL_KB, byte_window

NATIONAL: Final = "社会保障卡制证用数字相片技术要求"
"""The norm, as a university's notice quotes it; the document itself was not at hand."""


class Measure(StrEnum):
    """What is measured, in the order in which it is told."""

    SINGLE_FACE = "single_face"
    FACE_PRESENCE = "face_presence"
    EYE_DISTANCE = "eye_distance"
    ROOM_LEFT = "room_left"
    ROOM_RIGHT = "room_right"
    ROOM_ABOVE = "room_above"
    ROOM_BELOW = "room_below"
    WIDTH = "width"
    HEIGHT = "height"
    DENSITY = "density"
    CHANNELS = "channels"
    FILE_SIZE = "file_size"
    FACE_WIDTH = "face_width"
    CROWN = "crown"
    EYE_LINE = "eye_line"
    EYE_MIDPOINT = "eye_midpoint"
    ROLL = "roll"
    YAW = "yaw"
    PITCH = "pitch"
    EYES_OPEN = "eyes_open"
    MOUTH_CLOSED = "mouth_closed"
    GAZE = "gaze"
    SHARPNESS = "sharpness"
    LUMINANCE = "luminance"
    CONTRAST = "contrast"
    UNDER_EXPOSED = "under_exposed"
    OVER_EXPOSED = "over_exposed"
    DYNAMIC_RANGE = "dynamic_range"
    EVEN_LIGHT = "even_light"
    SIDE_SHADOW = "side_shadow"
    NATURAL_COLOUR = "natural_colour"
    BACKGROUND = "background"
    NOSE_BRIDGE = "nose_bridge"
    TOP_LIGHTNESS = "top_lightness"


class Stage(StrEnum):
    """Which picture is judged."""

    CAPTURE = "capture"
    """A frame of the camera, or any picture to be finished."""
    FINISHED = "finished"
    """The picture for the card."""


class Confirmed(StrEnum):
    """What no packaged model can tell, so that the person confirms it (docs/portrait.md)."""

    DARK_TOP = "dark_top"
    """Measured too, but long hair over the shoulders is measured with it."""
    NO_HEAD_COVER = "no_head_cover"
    NO_HEAD_COVER_BUT_RELIGIOUS = "no_head_cover_but_religious"
    NO_GLASSES = "no_glasses"
    NO_GLARE_ON_GLASSES = "no_glare_on_glasses"
    NO_SCARF = "no_scarf"
    NO_JEWELLERY = "no_jewellery"


CHECKLIST: Final = (
    Confirmed.NO_HEAD_COVER,
    Confirmed.NO_GLARE_ON_GLASSES,
    Confirmed.NO_SCARF,
    Confirmed.NO_JEWELLERY,
)
"""Where a region says nothing of it. Most rules let whoever always wears glasses wear them, without glare."""


@dataclass(frozen=True, slots=True)
class Norm:
    """The numbers of 社会保障卡制证用数字相片技术要求, or a region's own (:mod:`kiosk.portrait.regional`).

    Pixels are those of the finished picture. A place that counts a KB as 1 000 bytes and one that counts 1 024 are
    both satisfied: the lower end is taken by 1 024, the upper by 1 000.
    """

    width: int = 358
    height: int = 441
    dots_per_inch: int = 350
    least_bytes: int = byte_window(*NATIONAL_KB)[0]
    most_bytes: int = byte_window(*NATIONAL_KB)[1]
    quality: int = 70
    """The JPEG quality that the norm names; another is used only where the byte window asks for it."""
    face_width: tuple[int, int] = (179, 255)
    wanted_face_width: int = 207
    """What is aimed at; also the middle of GA 461-2004's window of 207 ± 14."""
    crown: tuple[int, int] = (7, 21)
    """From the upper edge to the hair."""
    eye_midpoint: tuple[int, int] = (162, 196)
    """From the left edge."""
    least_eye_line: int = 207
    """From the lower edge; it has priority over the face's width (GA 461-2004)."""
    lightest_top: float = 60.0
    """CIE L* above which a top is not called dark (Zhumadian 2.1 asks for a dark one, GA 461-2004 for no white one)."""
    checklist: tuple[Confirmed, ...] = CHECKLIST
    cited: tuple[tuple[Measure, str], ...] = ()
    """By whose word a number is that is not the norm's own."""

    def source(self, measure: Measure) -> str:
        """By whose word the window of a measure is."""
        return dict(self.cited).get(measure, NATIONAL)


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table: what is measured, in which unit, between which ends, and by whose word."""

    measure: Measure
    unit: str
    low: float
    high: float
    source: str
    binding: bool = True
    """False: the value is a hint, told as "may", and refuses nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A value beside its limit."""

    limit: Limit
    value: float
    """NaN where it could not be measured, which never passes."""

    @property
    def within(self) -> bool:
        """Whether the value keeps both ends."""
        return self.limit.low <= self.value <= self.limit.high

    @property
    def refuses(self) -> bool:
        """Whether the picture may not be used because of it."""
        return self.limit.binding and not self.within


_ISO: Final = "ISO/IEC 29794-5"
_OWN: Final = "own"
_ANY: Final = math.inf


def limits(stage: Stage, norm: Norm) -> tuple[Limit, ...]:
    """The rows that hold at a stage, in the order of :class:`Measure`."""
    face = (
        Limit(Measure.SINGLE_FACE, "%", 100, 100, f"{_ISO} single face present: 1 − second ÷ first area"),
        Limit(Measure.FACE_PRESENCE, "", 0.5, 1, f"{_OWN}: the landmark model's own word that a face is there"),
    )
    expression = (
        Limit(Measure.YAW, "°", -8, 8, f"{_ISO} head pose"),
        Limit(Measure.PITCH, "°", -16, 16, f"{_ISO} head pose"),
        Limit(Measure.EYES_OPEN, "", 0.035, _ANY, f"{_ISO} eyes open: lid gap ÷ eye midpoint to chin"),
        Limit(Measure.MOUTH_CLOSED, "", 0, 0.05, f"{_ISO} mouth closed: lip gap ÷ eye midpoint to chin"),
        Limit(Measure.GAZE, "", 0, 0.08, f"{_OWN}: iris from the eye's middle ÷ eye width"),
    )
    light = (
        Limit(
            Measure.SHARPNESS,
            "",
            40,
            _ANY,
            f"{_OWN}: second derivative's variance, the lesser of two directions, eyes 90 px apart",
        ),
        Limit(Measure.LUMINANCE, "", 0.12, 0.75, f"{_ISO} luminance mean, linear light"),
        Limit(Measure.CONTRAST, "", 60, 100, f"{_ISO} luminance variance: 100·sin(π·60v ÷ (60v+1))"),
        Limit(Measure.UNDER_EXPOSED, "", 0, 0.45, f"{_ISO} under-exposure: share ≤ 25, of grey levels"),
        Limit(Measure.OVER_EXPOSED, "", 0, 0.05, f"{_ISO} over-exposure: share ≥ 247, of grey levels"),
        Limit(Measure.DYNAMIC_RANGE, "", 70, 100, f"{_ISO} dynamic range: 12.5 · entropy of linear light"),
        Limit(Measure.EVEN_LIGHT, "", 50, 100, f"{_ISO} illumination uniformity: 100 · overlap^0.3"),
        Limit(Measure.SIDE_SHADOW, "", 0.5, 2, f"{_OWN}: luminance of one cheek ÷ the other"),
        Limit(Measure.NATURAL_COLOUR, "", 90, 100, f"{_ISO} natural colour: cheeks' mean within a* 5–25, b* 5–35"),
    )
    hints = (
        Limit(
            Measure.NOSE_BRIDGE, "", 0, 0.8, f"{_OWN}: edges on the nose bridge ÷ on the cheeks; may be glasses", False
        ),
        Limit(Measure.TOP_LIGHTNESS, "L*", 0, norm.lightest_top, f"{_OWN}: the shoulders' upper quartile", False),
    )
    if stage is Stage.CAPTURE:
        room = f"{_OWN}: room beside the picture to be cut out, in its own width or height"
        return (
            *face,
            Limit(Measure.EYE_DISTANCE, "px", 110, _ANY, f"{_ISO} inter-eye distance: px ÷ cos(yaw)"),
            *(Limit(side, "", 0, _ANY, room) for side in ROOM),
            Limit(Measure.ROLL, "°", -8, 8, f"{_ISO} head pose; levelled afterwards"),
            *expression,
            *light,
            *hints,
        )
    pixels = "px"
    return (
        *face,
        Limit(Measure.WIDTH, pixels, norm.width, norm.width, norm.source(Measure.WIDTH)),
        Limit(Measure.HEIGHT, pixels, norm.height, norm.height, norm.source(Measure.HEIGHT)),
        Limit(Measure.DENSITY, "dpi", norm.dots_per_inch, norm.dots_per_inch, norm.source(Measure.DENSITY)),
        Limit(Measure.CHANNELS, "", 3, 3, f"{NATIONAL}: 24-bit RGB"),
        Limit(Measure.FILE_SIZE, "B", norm.least_bytes, norm.most_bytes, norm.source(Measure.FILE_SIZE)),
        Limit(Measure.FACE_WIDTH, pixels, *norm.face_width, norm.source(Measure.FACE_WIDTH)),
        Limit(Measure.CROWN, pixels, *norm.crown, norm.source(Measure.CROWN)),
        Limit(Measure.EYE_LINE, pixels, norm.least_eye_line, norm.height, norm.source(Measure.EYE_LINE)),
        Limit(Measure.EYE_MIDPOINT, pixels, *norm.eye_midpoint, norm.source(Measure.EYE_MIDPOINT)),
        Limit(Measure.ROLL, "°", -3, 3, f"{_OWN}: what is left after levelling"),
        *expression,
        *light,
        Limit(Measure.BACKGROUND, "%", 99.5, 100, f"{NATIONAL}: white; {_OWN}: share of background ≥ 250"),
        *hints,
    )


ROOM: Final = (Measure.ROOM_LEFT, Measure.ROOM_RIGHT, Measure.ROOM_ABOVE, Measure.ROOM_BELOW)


def judge(values: Mapping[Measure, float], stage: Stage, norm: Norm) -> tuple[Verdict, ...]:
    """Each row of the table with its value; what is not among the values was not measured."""
    return tuple(Verdict(limit, values.get(limit.measure, math.nan)) for limit in limits(stage, norm))


def failed(verdicts: tuple[Verdict, ...]) -> tuple[Measure, ...]:
    """The measures for which the picture is refused."""
    return tuple(verdict.limit.measure for verdict in verdicts if verdict.refuses)
