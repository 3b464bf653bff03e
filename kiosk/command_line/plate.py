"""``kiosk plate``: the picture of the empty booth, for whoever has put up the camera or changed the light."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.ports.camera import Camera
from drivers.ports.errors import DeviceError
from kiosk.command_line.manual import ASSETS, CONFIGURATION, ExitCode, closing
from kiosk.configuration import Configuration
from kiosk.portrait.errors import ModelsMissing, NotEmpty

if TYPE_CHECKING:  # numpy and OpenCV are loaded by whoever takes pictures, not by every command of the kiosk
    import numpy as np
    from numpy.typing import NDArray

_OPEN_S: Final = 5.0
_FRAME_S: Final = 2.0
_SETTLING: Final = 12
"""Frames until a camera has found its exposure; half a second."""
_PICTURES: Final = 9
"""Of which the median is taken: a sensor's noise is a third after it."""


class Exit(ExitCode):
    """Exit codes of ``kiosk plate``; scripts rely on them."""

    TAKEN = 0
    USAGE = 2, "wrong arguments"
    NOT_EMPTY = 10, "somebody is before the camera; nothing was kept"
    NO_PLACE = 11, "the configuration has no camera, or names no place for a plate"
    NO_PICTURE = 12, "the camera gives none"
    NO_FILE = 13, "the plate can't be written"
    NO_MODELS = 14, "set-up has not brought the models"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``plate`` to the kiosk's commands."""
    parser = subparsers.add_parser(
        "plate",
        help="take the picture of the empty booth that portraits are set off from",
        epilog=closing(
            Exit,
            {
                "kiosk plate": "with nobody in the booth, and its light as it is for citizens",
            },
            CONFIGURATION | ASSETS,
        ),
    )
    parser.add_argument("--config", type=Path, default=default, help="kiosk.toml; camera.plate says where it goes")


def run(configuration: Configuration, camera: Camera | None) -> int:
    """Take the plate and return an :class:`Exit` code; a picture with somebody in it is not kept."""
    place = None if configuration.camera is None else configuration.camera.plate
    if camera is None or place is None:
        print("kiosk plate: kiosk.toml has no camera.plate", file=sys.stderr)
        return Exit.NO_PLACE
    from kiosk.portrait.models import Models  # noqa: PLC0415 - see above
    from kiosk.portrait.plate import plate_of  # noqa: PLC0415 - see above

    pictures: list[NDArray[np.uint8]] = []
    try:
        models = Models(configuration.paths.assets / "models")
        _take(camera, pictures)
        _write(plate_of(models, pictures), place)
    except NotEmpty as error:
        return _said(error, Exit.NOT_EMPTY)
    except ModelsMissing as error:
        return _said(error, Exit.NO_MODELS)
    except DeviceError as error:
        return _said(error, Exit.NO_PICTURE)
    except OSError as error:
        return _said(error, Exit.NO_FILE)
    finally:
        for picture in pictures:
            picture.fill(0)
    print(f"{place}: the empty booth; take it again whenever the light or the camera is changed")
    return Exit.TAKEN


def _take(camera: Camera, pictures: "list[NDArray[np.uint8]]") -> None:
    camera.open(_OPEN_S)
    try:
        for number in range(_SETTLING + _PICTURES):
            frame = camera.frame(_FRAME_S)
            if number >= _SETTLING:
                pictures.append(frame.pixels.copy())
            frame.wipe()
    finally:
        camera.close()


def _write(plate: "NDArray[np.uint8]", place: Path) -> None:
    from PIL import Image  # noqa: PLC0415 - see above

    part = place.with_name(place.name + ".part")
    Image.fromarray(plate).save(part, "PNG")
    os.replace(part, place)  # noqa: PTH105 - the whole plate or none


def _said(error: Exception, code: Exit) -> Exit:
    print(f"kiosk plate: {error}", file=sys.stderr)
    return code
