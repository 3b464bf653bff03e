"""The empty booth's picture: its worth by mattes that are known, when it counts for nothing, who is never in it."""

import logging
import statistics
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from drivers.camera import OpenCvCamera, source_of
from kiosk.command_line import plate as command
from kiosk.command_line.plate import Exit
from kiosk.equipment import devices
from kiosk.portrait.crop import Crop, cut, cut_around
from kiosk.portrait.darkroom import Darkroom
from kiosk.portrait.errors import NotEmpty, UnreadablePicture
from kiosk.portrait.finish import finish
from kiosk.portrait.landmarks import MASK_EDGE
from kiosk.portrait.matting import WIDE, person_alpha, person_shares
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Floats, Pixels
from kiosk.portrait.norm import Measure, Norm
from kiosk.portrait.plate import behind, plate_of, read_plate, set_off
from simulators.camera import SCENES, CameraSimulator
from tests import mattes, portraits
from tests.mattes import SITTERS, WALLS, Seated, seated
from tests.unit.test_receipt_printer_section import configured

NORM: Final = Norm()
EVERYBODY: Final = [(sitter, wall) for sitter in SITTERS for wall in WALLS]
EVERYWHERE: Final = pytest.mark.parametrize(("sitter", "wall"), EVERYBODY)


@cache
def framed(shown: Seated) -> tuple[Crop, Pixels]:
    crop = measure_frame(portraits.models(), shown.picture, NORM).crop
    assert crop is not None
    return crop, cut(shown.picture, crop)


@cache
def by_the_model(shown: Seated) -> Floats:
    crop, tight = framed(shown)
    around = cut_around(shown.picture, crop, WIDE, MASK_EDGE)
    return person_alpha(person_shares(portraits.models(), tight, around), tight)


def by_the_plate(shown: Seated) -> Floats | None:
    crop, tight = framed(shown)
    return set_off(tight, cut(shown.plate, crop), by_the_model(shown))


def error(shown: Seated, alpha: Floats) -> float:
    """The mean over the portrait's pixels, in thousandths."""
    crop, _ = framed(shown)
    grey = np.repeat((255 * shown.alpha).astype(np.uint8)[..., None], 3, axis=2)
    return 1000 * float(np.abs(alpha - cut(grey, crop)[..., 0] / 255).mean())


@cache
def errors(sitter: str, wall: str) -> tuple[float, float]:
    """Without and with the plate."""
    shown = seated(sitter, wall)
    better = by_the_plate(shown)
    assert better is not None
    return error(shown, by_the_model(shown)), error(shown, better)


@EVERYWHERE
def test_the_plate_takes_a_fifth_of_the_error_away_everywhere(sitter: str, wall: str) -> None:
    without, with_plate = errors(sitter, wall)
    assert with_plate < 0.8 * without


def test_the_plate_takes_a_third_of_the_error_away_in_the_middle() -> None:
    pairs = [errors(*who) for who in EVERYBODY]
    assert statistics.mean(after for _, after in pairs) < 0.67 * statistics.mean(before for before, _ in pairs)


@EVERYWHERE
@pytest.mark.parametrize("lit", [(0.85, 0.85, 0.85), (1.06, 1.0, 0.93)], ids=["darker", "warmer"])
def test_another_exposure_or_white_balance_is_reckoned_with(
    sitter: str, wall: str, lit: tuple[float, float, float]
) -> None:
    shown = seated(sitter, wall, lit=lit)
    better = by_the_plate(shown)
    assert better is not None
    assert error(shown, better) < 0.85 * error(shown, by_the_model(shown))


@EVERYWHERE
@pytest.mark.parametrize(
    "change", [{"lamp": 0.6}, {"shadow": 0.25}, {"lit": (1.6, 1.0, 1.0)}], ids=["a lamp", "a shadow", "a red light"]
)
def test_where_the_booth_is_not_as_it_was_the_plate_counts_for_nothing(
    sitter: str, wall: str, change: dict[str, float]
) -> None:
    assert by_the_plate(seated(sitter, wall, **change)) is None


@EVERYWHERE
@pytest.mark.parametrize("shadow", [0.05, 0.1])
def test_a_faint_shadow_makes_nothing_worse(sitter: str, wall: str, shadow: float) -> None:
    shown = seated(sitter, wall, shadow=shadow)
    better = by_the_plate(shown)
    assert better is None or error(shown, better) < error(shown, by_the_model(shown))


def test_a_wall_of_the_persons_own_colour_takes_nothing_from_them() -> None:
    """A pale top before a pale wall: what can't be told by the difference is left to the model."""
    shown = seated("child", "pale")
    crop, tight = framed(shown)
    alpha = by_the_model(shown)
    there = np.broadcast_to(np.median(tight[alpha > 0.99], axis=0), tight.shape)
    same = np.where((alpha > 0.5)[..., None], there, cut(shown.plate, crop)).astype(np.uint8)
    better = set_off(tight, same, alpha)
    assert better is not None
    assert float(better[alpha > 0.99].mean()) > 0.99


@EVERYWHERE
def test_a_portrait_set_off_from_the_plate_complies(sitter: str, wall: str) -> None:
    shown = seated(sitter, wall)
    portrait = finish(portraits.models(), shown.picture, NORM, shown.plate)
    assert portrait.measured.values[Measure.BACKGROUND] > 99.5
    assert portrait.jpeg != finish(portraits.models(), shown.picture, NORM).jpeg


def test_the_middle_of_the_plate_is_behind_the_middle_of_the_picture() -> None:
    whole = mattes.plate("room")
    middle = behind(whole, whole[:, 340:940])
    assert middle is not None
    assert np.array_equal(middle, whole[:, 340:940])
    assert behind(whole, whole[:600]) is None
    assert behind(whole[:, :400], whole) is None


def test_the_plate_is_the_booth_without_its_noise() -> None:
    plate = plate_of(portraits.models(), mattes.pictures_of("room"))
    assert float(np.abs(plate - mattes.WALLS["room"]()).mean()) < 1


@EVERYWHERE
def test_nobody_is_ever_on_a_plate(sitter: str, wall: str) -> None:
    somebody = seated(sitter, wall).picture
    with pytest.raises(NotEmpty):
        plate_of(portraits.models(), [*mattes.pictures_of(wall), somebody])


def test_whoever_turns_away_or_hides_their_face_is_somebody_too() -> None:
    somebody = seated("adult", "pale").picture.copy()
    somebody[200:520, 520:760] = (70, 60, 56)
    with pytest.raises(NotEmpty):
        plate_of(portraits.models(), [somebody] * 5)


def _png(pixels: Pixels, file: Path) -> Path:
    Image.fromarray(pixels).save(file, "PNG")
    return file


def test_a_file_with_somebody_in_it_or_without_a_picture_is_no_plate(tmp_path: Path) -> None:
    with pytest.raises(NotEmpty):
        read_plate(portraits.models(), _png(seated("child", "room").picture, tmp_path / "a.png").read_bytes())
    with pytest.raises(UnreadablePicture):
        read_plate(portraits.models(), b"plate")


@pytest.mark.parametrize("kind", ["missing", "damaged", "somebody", "other size"])
def test_without_a_plate_that_can_be_used_portraits_are_made_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    file, shown = tmp_path / "plate.png", seated("adult", "pale")
    match kind:
        case "damaged":
            file.write_bytes(b"\x89PNG\r\n\x1a\n")
        case "somebody":
            _png(shown.picture, file)
        case "other size":
            _png(np.ascontiguousarray(shown.plate[::2, ::2]), file)
    with caplog.at_level(logging.WARNING):
        made = Darkroom(portraits.MODELS, NORM, file).finish(shown.picture)
    assert made == finish(portraits.models(), shown.picture, NORM).jpeg
    assert ["plate" in record.getMessage() for record in caplog.records] == [True]


def test_the_darkroom_sets_off_from_the_plate(tmp_path: Path) -> None:
    shown = seated("adult", "pale")
    file = _png(shown.plate, tmp_path / "plate.png")
    seat = np.ascontiguousarray(shown.picture[:, 340:940])
    made = Darkroom(portraits.MODELS, NORM, file).finish(seat)
    assert made != finish(portraits.models(), seat, NORM).jpeg


# The technician's command.


def _camera_section(simulator: CameraSimulator, tmp_path: Path) -> str:
    return f'[camera]\nsource = "{simulator.url}"\nplate = "{tmp_path}/plate.png"'


def test_kiosk_plate_takes_the_empty_booth_and_lets_go_of_the_camera(tmp_path: Path) -> None:
    with CameraSimulator() as simulator:
        configuration = configured(tmp_path, _camera_section(simulator, tmp_path))
        assert command.run(configuration, devices.open_camera(configuration)) == Exit.TAKEN
        seen = Image.open(tmp_path / "plate.png")
        assert seen.size == (1280, 720)
        assert [file.name for file in tmp_path.glob("*.p*")] == ["plate.png"]
    plate = read_plate(portraits.models(), (tmp_path / "plate.png").read_bytes())
    assert float(np.abs(plate - mattes.WALLS["pale"]()).mean()) < 1.5


@pytest.mark.parametrize("scene", ["adult", "far", "two", "hand"])
def test_kiosk_plate_keeps_nobodys_picture(tmp_path: Path, scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    with CameraSimulator() as simulator:
        simulator.show(SCENES[scene].film())
        configuration = configured(tmp_path, _camera_section(simulator, tmp_path))
        assert command.run(configuration, devices.open_camera(configuration)) == Exit.NOT_EMPTY
    assert not list(tmp_path.glob("plate*"))
    assert "somebody" in capsys.readouterr().err


def test_kiosk_plate_says_what_is_missing(tmp_path: Path) -> None:
    with CameraSimulator() as simulator:
        section = f'[camera]\nsource = "{simulator.url}"'
        configuration = configured(tmp_path, section)
        assert command.run(configuration, devices.open_camera(configuration)) == Exit.NO_PLACE
        simulator.unplug()
        configuration = configured(tmp_path, _camera_section(simulator, tmp_path))
        camera = OpenCvCamera(source_of(simulator.url))
        assert command.run(configuration, camera) == Exit.NO_PICTURE
        simulator.replug()
        nowhere = configured(tmp_path, _camera_section(simulator, tmp_path / "no-folder"))
        assert command.run(nowhere, devices.open_camera(nowhere)) == Exit.NO_FILE
    bare = configured(tmp_path, "")
    assert command.run(bare, devices.open_camera(bare)) == Exit.NO_PLACE
