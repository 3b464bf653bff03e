"""What a region's pack asks of a portrait, as a norm; pure. What it does not state is the national norm's."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kiosk.policy.counter import PhotoDemand
from kiosk.policy.region import Region
from kiosk.policy.rule import Rule
from kiosk.portrait.norm import NATIONAL, Confirmed, Measure, Norm
from kiosk.records.portrait import byte_window

_WORN: Final = (
    PhotoDemand.DARK_TOP,
    PhotoDemand.NO_HAT,
    PhotoDemand.NO_SCARF,
    PhotoDemand.NO_GLASSES,
    PhotoDemand.NO_JEWELLERY,
)
"""What lies with the person. White, size and form are made by the terminal."""
_WORN_AT_LEAST: Final = (PhotoDemand.NO_HAT, PhotoDemand.NO_SCARF, PhotoDemand.NO_JEWELLERY)
"""Where a region says nothing of it: what no model tells and no card has (docs/portrait.md)."""


def norm_of(region: Region) -> Norm:
    """The region's own norm.

    The windows for face, crown and eyes are those of 358 × 441 px, in proportion where the picture is of another size.
    """
    rules, national = region.pack.portrait, Norm()
    norm = replace(national, checklist=checklist(region))
    cited: list[tuple[Measure, str]] = []
    size, density, window = rules.size.value, rules.dots_per_inch.value, rules.file_size.value
    if size is not None:
        norm = _resized(norm, size.width, size.height)
        stated = _grounds(region, rules.size)
        cited += [(measure, stated) for measure in (Measure.WIDTH, Measure.HEIGHT)]
        cited += [
            (measure, f"{NATIONAL}, in proportion to {stated}")
            for measure in (Measure.FACE_WIDTH, Measure.CROWN, Measure.EYE_LINE, Measure.EYE_MIDPOINT)
        ]
    if density is not None:
        norm = replace(norm, dots_per_inch=density)
        cited.append((Measure.DENSITY, _grounds(region, rules.dots_per_inch)))
    if window is not None:
        least, most = byte_window(window.least_kb, window.most_kb)
        norm = replace(norm, least_bytes=least, most_bytes=most)
        cited.append((Measure.FILE_SIZE, _grounds(region, rules.file_size)))
    return replace(norm, cited=tuple(cited))


def worn(region: Region) -> tuple[PhotoDemand, ...]:
    """What the person sees to before the picture is taken, in the order in which it is asked."""
    stated = set(region.pack.application.photo.value or ())
    demands = tuple(demand for demand in _WORN if demand in stated) or _WORN_AT_LEAST
    off = region.pack.portrait.glasses_worn_daily.value is False and PhotoDemand.NO_GLASSES not in demands
    return (*demands, PhotoDemand.NO_GLASSES) if off else demands


def may_cover_head(region: Region) -> bool:
    """Whether a head cover for religion stays on by the region's own word. Not stated means that a window decides."""
    return bool(region.pack.portrait.religious_head_cover.value)


def checklist(region: Region) -> tuple[Confirmed, ...]:
    """The same as :func:`worn`, as what is to be confirmed of a picture from elsewhere."""
    return tuple(_confirmed(region))


def _confirmed(region: Region) -> Iterator[Confirmed]:
    demands = worn(region)
    if PhotoDemand.DARK_TOP in demands:
        yield Confirmed.DARK_TOP
    if PhotoDemand.NO_HAT in demands:
        yield Confirmed.NO_HEAD_COVER_BUT_RELIGIOUS if may_cover_head(region) else Confirmed.NO_HEAD_COVER
    yield Confirmed.NO_GLASSES if PhotoDemand.NO_GLASSES in demands else Confirmed.NO_GLARE_ON_GLASSES
    if PhotoDemand.NO_SCARF in demands:
        yield Confirmed.NO_SCARF
    if PhotoDemand.NO_JEWELLERY in demands:
        yield Confirmed.NO_JEWELLERY


def _resized(norm: Norm, width: int, height: int) -> Norm:
    across, down = width / norm.width, height / norm.height
    return replace(
        norm,
        width=width,
        height=height,
        face_width=(round(norm.face_width[0] * across), round(norm.face_width[1] * across)),
        wanted_face_width=round(norm.wanted_face_width * across),
        crown=(round(norm.crown[0] * down), round(norm.crown[1] * down)),
        eye_midpoint=(round(norm.eye_midpoint[0] * across), round(norm.eye_midpoint[1] * across)),
        least_eye_line=round(norm.least_eye_line * down),
    )


def _grounds(region: Region, rule: Rule[object]) -> str:
    """Where a rule stands, or that the operator decided it."""
    citation = region.citation(rule)
    return f"《{citation.title}》{citation.section}" if citation is not None else rule.basis.value
