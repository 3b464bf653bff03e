"""What portraits are taken and compared with."""

import functools
import importlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from drivers.ports.id_reader import PhotoDecoder
from kiosk.configuration import Configuration, ConfigurationError
from kiosk.credentials import read_centre_keys
from kiosk.policy.region import Region
from kiosk.portrait.regional import norm_of
from kiosk.runtime.likeness import LikenessCheck
from kiosk.runtime.sitting import Studio
from kiosk.runtime.viewfinder import Viewfinder

if TYPE_CHECKING:
    from kiosk.portrait.comparison import Comparison
    from kiosk.portrait.darkroom import Darkroom


def open_studio(configuration: Configuration, region: Region, viewfinder: Viewfinder) -> Studio | None:
    """What portraits of the region's norm are taken with; None without a camera. No model is loaded yet.

    :raises ConfigurationError: the centre's keys are not there.
    """
    if configuration.camera is None:
        return None
    models, norm = configuration.paths.assets / "models", norm_of(region)
    plate = configuration.camera.plate

    @functools.cache
    def darkroom() -> "Darkroom":
        from kiosk.portrait.darkroom import Darkroom  # noqa: PLC0415 - numpy, OpenCV and the models: at the first sitting

        return Darkroom(models, norm, plate)

    centre = X25519PublicKey.from_public_bytes(read_centre_keys(configuration).opening_key)
    return Studio(darkroom, viewfinder, centre, open_likeness_check(configuration))


def open_likeness_check(configuration: Configuration) -> LikenessCheck | None:
    """What compares a portrait with an identity card's photo; None where that is switched off. No model is loaded yet.

    :raises ConfigurationError: there is no such decoder, or no camera or reader of identity cards.
    """
    section = configuration.comparison
    if section is None:
        return None
    if configuration.camera is None or configuration.id_reader is None:
        raise ConfigurationError("comparison: wants [camera] and [id_reader]")
    module, _, name = section.photo_decoder.partition(":")
    try:
        decoder: PhotoDecoder = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigurationError(f"comparison.photo_decoder = {section.photo_decoder!r}: {error}") from error
    directory = configuration.paths.assets / "models"

    @functools.cache
    def comparison() -> "Comparison":
        from kiosk.portrait.comparison import Comparison  # noqa: PLC0415 - as with the darkroom
        from kiosk.portrait.models import Models  # noqa: PLC0415 - see there

        return Comparison(Models(directory), directory)

    return LikenessCheck(comparison, decoder)
