import dataclasses

import pytest

from kiosk.ui.theme import CONTRAST, DAY, GAP, LARGE, NORMAL, PICTURE_PAIRS, REACH_LINE, TARGET, TEXT_PAIRS, Palette


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2.1."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#111827", "#F3F6FB", 16.4),
        ("#FFFFFF", "#0B4FA3", 7.9),
        ("#FFE600", "#000000", 16.6),
    ],
)
def test_the_measure_itself(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize("palette", [DAY, CONTRAST], ids=["day", "contrast"])
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_is_seven_to_one(palette: Palette, pair: tuple[str, str]) -> None:
    assert contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) >= 7


@pytest.mark.parametrize("palette", [DAY, CONTRAST], ids=["day", "contrast"])
@pytest.mark.parametrize("pair", PICTURE_PAIRS, ids="-on-".join)
def test_pictures_are_three_to_one(palette: Palette, pair: tuple[str, str]) -> None:
    assert contrast(getattr(palette, pair[0]), getattr(palette, pair[1])) >= 3


def test_the_rulebooks_colours() -> None:
    assert (DAY.ink, DAY.ground, DAY.primary, DAY.grave, DAY.good) == (
        "#111827",
        "#F3F6FB",
        "#0B4FA3",
        "#A3161A",
        "#0F5C2E",
    )
    assert (CONTRAST.ink, CONTRAST.ground) == ("#FFE600", "#000000")


def test_the_rulebooks_sizes() -> None:
    assert dataclasses.astuple(NORMAL) == (32, 40, 48, 56, 64, 88)
    assert dataclasses.astuple(LARGE) == (40, 52, 60, 72, 80, 96)
    assert TARGET >= 81
    assert GAP >= 24
    assert REACH_LINE == 226
