"""A head that turned, and a flat picture of one that was swung: by exact points, and by those that the model finds."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from kiosk.portrait.head import HEAD
from kiosk.portrait.landmarks import CHIN, LEFT_CORNERS, RIGHT_CORNERS, Eye, Face, find_face
from kiosk.portrait.planarity import LEAST_TURN, SOLID_FROM, Turn, TurnHint, turn_between
from tests import portraits

SOLID: Final = {**HEAD, CHIN: (0.0, -9.0, 4.3)}
"""Centimetres; the chin as far down as on most heads."""
EYES_APART: Final = 6.3
FACES: Final = ("portrait-a", "portrait-b", "collins", "obama", "sunak", "macron-2025", "ardern-2018", "ardern-2022")


def seen(yaw: float, pitch: float = 0.0, *, flat: bool = False) -> Face:
    """The canonical head, or its picture on a sheet, swung before a lens that is ten eye distances away."""
    solid = np.array(list(SOLID.values()), np.float64) * (1, -1, -1)
    if flat:
        solid = np.column_stack((solid[:, :2] / (1 + solid[:, 2:] / (10 * EYES_APART)), np.zeros(len(solid))))
    turn, _ = cv2.Rodrigues(np.radians((pitch, yaw, 0.0)))
    there = solid @ turn.T + (0, 0, 10 * EYES_APART)
    points = np.zeros((468, 2), np.float32)
    points[list(SOLID)] = 1200 * there[:, :2] / there[:, 2:] + (640, 360)
    return Face(
        boxes=(), points=points, presence=1.0, left_eye=eye(points, LEFT_CORNERS), right_eye=eye(points, RIGHT_CORNERS)
    )


def eye(points: npt.NDArray[np.float32], corners: tuple[int, int]) -> Eye:
    ends = points[list(corners)]
    return Eye(iris=ends.mean(0), corners=ends, lid_gap=8.0)


@pytest.mark.parametrize("pitch", [0, 12])
@pytest.mark.parametrize("yaw", [-25, -15, 15, 25])
def test_a_head_that_turns_is_no_plane(yaw: float, pitch: float) -> None:
    turn = turn_between(seen(0), seen(yaw, pitch))
    assert turn.degrees == pytest.approx(max(abs(yaw), pitch), abs=2)
    assert turn.hint is TurnHint.SOLID


@pytest.mark.parametrize("pitch", [0, 12])
@pytest.mark.parametrize("yaw", [-35, -15, 15, 35])
def test_a_sheet_that_is_swung_is_one(yaw: float, pitch: float) -> None:
    turn = turn_between(seen(0, flat=True), seen(yaw, pitch, flat=True))
    assert turn.residual < SOLID_FROM / 10
    assert turn.hint is not TurnHint.SOLID


def test_between_two_frames_of_a_still_head_nothing_can_be_told() -> None:
    turn = turn_between(seen(3), seen(-3))
    assert turn.hint is TurnHint.OPEN


def test_the_words_begin_where_the_numbers_say() -> None:
    assert Turn(SOLID_FROM, LEAST_TURN, 1.3).hint is TurnHint.SOLID
    assert Turn(SOLID_FROM - 1e-9, LEAST_TURN, 1.0).hint is TurnHint.FLAT
    assert Turn(1.0, LEAST_TURN - 1e-9, 1.0).hint is TurnHint.OPEN
    assert Turn(1.0, 90.0, 1.31).hint is TurnHint.OPEN


def found(face: str, change: str, amount: float) -> Face:
    there = find_face(portraits.models(), portraits.frame(face, change, amount))
    assert there is not None
    return there


@pytest.mark.parametrize("face", FACES)
def test_a_picture_of_a_head_that_turns_looks_solid_or_can_not_be_told(face: str) -> None:
    straight = found(face, "none", 0)
    hints = [turn_between(straight, found(face, "turn", degrees)).hint for degrees in (-30, -20, 20, 30)]
    assert TurnHint.FLAT not in hints
    assert hints.count(TurnHint.SOLID) >= 3


@pytest.mark.parametrize("face", FACES)
def test_a_print_that_is_swung_never_looks_solid(face: str) -> None:
    straight = found(face, "none", 0)
    for degrees in (-40, -30, -20, 20, 30, 40):
        assert turn_between(straight, found(face, "swung", degrees)).hint is not TurnHint.SOLID
