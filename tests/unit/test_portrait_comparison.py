"""Whether two pictures show the same person: every pair of the labelled set, and what can't be compared."""

import math
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from kiosk.portrait.comparison import LEAST_EYES, OPEN_FROM, SAME_FROM, Compared, Comparison
from kiosk.portrait.errors import ModelsMissing
from kiosk.portrait.models import RECOGNISER, Pixels
from kiosk.records.portrait import Likeness
from tests import portraits
from tests.portrait_verdicts import IDENTITIES

PAIRS: Final = list(combinations(IDENTITIES, 2))
AS_ON_A_CARD: Final = 30
"""Pixels between the eyes in a photo of 102 × 126."""


@cache
def comparison() -> Comparison:
    return Comparison(portraits.models(), portraits.MODELS)


@cache
def of_pair(pair: tuple[str, str]) -> Compared:
    one, other = (portraits.original(name)[0] for name in pair)
    return comparison().compare(one, other)


def shrunk(name: str, eyes: float) -> Pixels:
    pixels, face = portraits.original(name)
    scale = eyes / face.eye_distance
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_nobody_is_taken_for_another_or_told_to_be_one(one: str, other: str) -> None:
    compared = of_pair((one, other))
    if IDENTITIES[one] == IDENTITIES[other]:
        assert compared.likeness is Likeness.SAME
        assert compared.similarity < 0.99, "two pictures, not one of them twice"
    else:
        assert compared.likeness is not Likeness.SAME


def test_most_people_are_clearly_told_apart() -> None:
    different = [pair for pair in PAIRS if IDENTITIES[pair[0]] != IDENTITIES[pair[1]]]
    told = [of_pair(pair).likeness for pair in different]
    assert told.count(Likeness.NOT_THE_SAME) >= 0.8 * len(different)


@pytest.mark.parametrize("eyes", [AS_ON_A_CARD, LEAST_EYES + 2])
@pytest.mark.parametrize(("one", "other"), [("macron-2025", "macron-2014"), ("ardern-2018", "ardern-2022")])
def test_a_photo_as_small_as_on_an_identity_card_is_large_enough(one: str, other: str, eyes: float) -> None:
    compared = comparison().compare(portraits.original(one)[0], shrunk(other, eyes))
    assert compared.likeness is Likeness.SAME


@pytest.mark.parametrize("change", [("light", 0.4), ("tilt", 12), ("blur", 2), ("grey", 0), ("size", 0.5)])
@pytest.mark.parametrize("face", ["portrait-a", "sunak"])
def test_light_and_posture_make_nobody_another(face: str, change: tuple[str, float]) -> None:
    compared = comparison().compare(portraits.original(face)[0], portraits.frame(face, *change))
    assert compared.likeness is Likeness.SAME


def test_which_picture_comes_first_does_not_matter() -> None:
    one, other = (portraits.original(name)[0] for name in ("ardern-2018", "portrait-a"))
    there, back = comparison().compare(one, other), comparison().compare(other, one)
    assert there.similarity == pytest.approx(back.similarity, abs=1e-5)
    assert comparison().compare(one, one).similarity == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("change", [("nobody", 0), ("sheet_before_face", 0), ("somebody_behind", 0.7)])
def test_without_exactly_one_face_nothing_is_told(change: tuple[str, float]) -> None:
    whole, spoilt = portraits.original("portrait-a")[0], portraits.frame("portrait-a", *change)
    for one, other in ((whole, spoilt), (spoilt, whole)):
        compared = comparison().compare(one, other)
        assert math.isnan(compared.similarity)
        assert compared.likeness is Likeness.OPEN


def test_a_face_of_too_few_pixels_is_not_judged() -> None:
    whole = portraits.original("macron-2025")[0]
    assert comparison().compare(whole, shrunk("macron-2025", LEAST_EYES - 4)).likeness is Likeness.OPEN


def test_the_words_begin_where_the_numbers_say() -> None:
    below = -math.inf
    assert Compared(SAME_FROM).likeness is Likeness.SAME
    assert Compared(math.nextafter(SAME_FROM, below)).likeness is Likeness.OPEN
    assert Compared(OPEN_FROM).likeness is Likeness.OPEN
    assert Compared(math.nextafter(OPEN_FROM, below)).likeness is Likeness.NOT_THE_SAME


def test_a_model_that_is_missing_or_changed_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match="fetch_models"):
        Comparison(portraits.models(), tmp_path)
    (tmp_path / RECOGNISER).write_bytes(b"\0")
    with pytest.raises(ModelsMissing, match="not the model"):
        Comparison(portraits.models(), tmp_path)
