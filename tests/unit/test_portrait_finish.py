"""The finished portrait keeps every number of the norm, whatever it was made from, or says why there is none."""

from io import BytesIO
from typing import Final

import numpy as np
import pytest
from PIL import Image

from kiosk.portrait.crop import crown_above_eyes, place
from kiosk.portrait.errors import NoFace, NotCompliant
from kiosk.portrait.finish import CHIP_BYTES, CHIP_SIZE, chip_portrait, encode, finish
from kiosk.portrait.landmarks import find_face, person_mask
from kiosk.portrait.measures import measure_finished
from kiosk.portrait.norm import ROOM, Measure, Norm
from kiosk.portrait.picture import read_picture
from simulators.camera import SCENES
from tests import portraits

FACES: Final = ("portrait-a", "portrait-b")
BOTH: Final = pytest.mark.parametrize("face", FACES)
NORM: Final = Norm()
NOISE: Final = np.random.default_rng(3).integers(0, 256, (441, 358, 3), np.uint8)


@BOTH
@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ("none", 0),
        ("tilt", 6),
        ("tilt", -6),
        ("size", 0.92),
        ("size", 1.1),
        ("across", 250),
        ("down", -15),
        ("down", 40),
    ],
)
def test_whoever_stands_about_right_gets_a_portrait_to_the_norm(face: str, change: str, amount: float) -> None:
    portrait = finish(portraits.models(), portraits.frame(face, change, amount), NORM)
    # Read again from the bytes alone, as the card factory does.
    measured = measure_finished(portraits.models(), read_picture(portrait.jpeg), NORM)
    assert not measured.failed
    assert abs(measured.values[Measure.ROLL]) < 1.5


@pytest.mark.parametrize("scene", ["adult", "child"])
def test_whoever_stands_well_before_the_simulated_camera_gets_one_too(scene: str) -> None:
    jpeg = SCENES[scene].film().developed(1280, 720)[0]
    portrait = finish(portraits.models(), read_picture(jpeg).pixels, NORM)
    assert portrait.measured.values[Measure.BACKGROUND] > 99.9


@BOTH
def test_the_file_is_what_the_norm_says_without_exif(face: str) -> None:
    jpeg = portraits.finished(face)
    image = Image.open(BytesIO(jpeg))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (358, 441))
    assert image.info["dpi"] == (350, 350)
    assert image.info["jfif_unit"] == 1
    assert not image.getexif()
    assert "exif" not in image.info
    assert "icc_profile" not in image.info
    assert 14 * 1024 <= len(jpeg) <= 40_000


@BOTH
def test_the_background_is_white_and_the_face_keeps_its_colour(face: str) -> None:
    pixels = read_picture(portraits.finished(face)).pixels
    edge = np.concatenate(
        (pixels[:6].reshape(-1, 3), pixels[:200, :6].reshape(-1, 3), pixels[:200, -6:].reshape(-1, 3))
    )
    assert np.median(edge.min(axis=-1)) == 255
    assert (edge.min(axis=-1) >= 250).mean() > 0.98
    found = find_face(portraits.models(), pixels)
    before = find_face(portraits.models(), portraits.standing(face))
    assert found is not None
    assert before is not None
    for landmark in (101, 330, 10):
        here, there = (
            picture[int(y) - 4 : int(y) + 4, int(x) - 4 : int(x) + 4].mean(axis=(0, 1))
            for picture, (x, y) in (
                (pixels, found.points[landmark]),
                (portraits.standing(face), before.points[landmark]),
            )
        )
        assert np.abs(here - there).max() < 9


@BOTH
@pytest.mark.parametrize(
    ("change", "amount", "named"),
    [
        ("light", 0.1, Measure.LUMINANCE),
        ("light", 4, Measure.OVER_EXPOSED),
        ("mouth_open", 0.2, Measure.MOUTH_CLOSED),
        ("eyes_shut", 0.95, Measure.EYES_OPEN),
        ("turn", 30, Measure.YAW),
        ("colour", 0.3, Measure.NATURAL_COLOUR),
        ("blur", 5, Measure.SHARPNESS),
        ("somebody_behind", 0.7, Measure.SINGLE_FACE),
        ("across", 500, Measure.ROOM_RIGHT),
        ("size", 1.6, Measure.ROOM_BELOW),
    ],
)
def test_what_can_not_be_to_the_norm_is_refused_by_name(face: str, change: str, amount: float, named: Measure) -> None:
    with pytest.raises(NotCompliant) as caught:
        finish(portraits.models(), portraits.frame(face, change, amount), NORM)
    assert named in caught.value.failed


@pytest.mark.parametrize("size", [(441, 358), (64, 64), (64, 3000)])
def test_where_nobody_is_no_portrait_is_made(size: tuple[int, int]) -> None:
    with pytest.raises(NoFace):
        finish(portraits.models(), np.full((*size, 3), 127, np.uint8), NORM)


def test_much_hair_makes_the_face_smaller_before_the_eye_line_sinks() -> None:
    pixels = portraits.standing("portrait-a")
    face = find_face(portraits.models(), pixels)
    assert face is not None
    crown = crown_above_eyes(person_mask(portraits.models(), pixels), face, pixels)
    usual, high, higher = (place(face, crown * times, NORM) for times in (0.7, 1.0, 1.15))
    assert usual.scale * face.width == pytest.approx(NORM.wanted_face_width)
    assert higher.scale <= high.scale < usual.scale
    for crop in (usual, high, higher):
        assert crop.height - crop.eye_row >= NORM.least_eye_line
        assert crop.scale * face.width >= NORM.face_width[0]


@pytest.mark.parametrize("window", [(14 * 1024, 40_000), (9 * 1024, 20_000), (20 * 1024, 60_000), (40 * 1024, 100_000)])
def test_every_places_byte_window_is_met(window: tuple[int, int]) -> None:
    norm = Norm(least_bytes=window[0], most_bytes=window[1])
    pixels = read_picture(portraits.finished("portrait-b")).pixels
    assert window[0] <= len(encode(pixels, norm)) <= window[1]


def test_the_norms_quality_is_kept_where_it_fits() -> None:
    pixels = read_picture(portraits.finished("portrait-a")).pixels
    wide = encode(pixels, Norm(least_bytes=1, most_bytes=10**6))
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=70, optimize=True, dpi=(350, 350))
    assert wide == out.getvalue()


@pytest.mark.parametrize("pixels", [np.full((441, 358, 3), 255, np.uint8), NOISE], ids=["an empty sheet", "noise"])
def test_what_fits_no_byte_window_is_refused(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    with pytest.raises(NotCompliant) as caught:
        encode(pixels, NORM)
    assert caught.value.failed == (Measure.FILE_SIZE,)


@BOTH
def test_the_chip_gets_a_small_one(face: str) -> None:
    small = chip_portrait(portraits.finished(face))
    image = Image.open(BytesIO(small))
    assert image.size == CHIP_SIZE == (102, 126)
    assert len(small) <= CHIP_BYTES == 4096
    assert not image.getexif()


def test_what_is_too_much_for_the_chip_is_refused() -> None:
    out = BytesIO()
    Image.fromarray(NOISE).crop((0, 0, *CHIP_SIZE)).save(out, "PNG")
    with pytest.raises(NotCompliant):
        chip_portrait(out.getvalue())


@BOTH
def test_the_crown_is_where_the_hair_begins(face: str) -> None:
    """By the finished pixels alone: on white, dark hair needs no model to be seen."""
    content = portraits.finished(face)
    measured = measure_finished(portraits.models(), read_picture(content), NORM)
    dark = read_picture(content).pixels[:, 90:268].min(axis=-1) < 170
    first = int(np.flatnonzero(dark.sum(axis=1) > 24)[0])
    assert measured.values[Measure.CROWN] == pytest.approx(first, abs=3)


@BOTH
def test_what_fails_when_measured_again_is_not_handed_out(face: str) -> None:
    wide = Norm(face_width=(330, 340), wanted_face_width=335)
    with pytest.raises(NotCompliant) as caught:
        finish(portraits.models(), portraits.frame(face, "down", 60), wide)
    assert not set(caught.value.failed) <= {*ROOM}
    assert {Measure.EYE_LINE, Measure.CROWN} & set(caught.value.failed)
