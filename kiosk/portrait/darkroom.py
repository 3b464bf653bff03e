"""Measures frames and finishes portraits with the models of one terminal; for one thread."""

import logging
from pathlib import Path

from kiosk.portrait.errors import PortraitError
from kiosk.portrait.finish import finish
from kiosk.portrait.following import Following
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Norm, Verdict
from kiosk.portrait.plate import read_plate

_log = logging.getLogger(__name__)


class Darkroom:
    """The models, loaded, the norm they judge by, and the empty booth's picture where there is one.

    A plate that is not there, or that somebody is in, is done without.

    :raises ModelsMissing: one is not there or not the one it should be.
    """

    def __init__(self, models: Path, norm: Norm, plate: Path | None = None) -> None:
        self._models = Models(models)
        self._norm = norm
        self._following = Following(self._models, norm)
        self._plate = None if plate is None else self._read(plate)

    def measure(self, pixels: Pixels) -> tuple[Verdict, ...]:
        """A frame's verdicts of the capture stage, beside the frames before it.

        :param pixels: RGB, not mirrored.
        """
        return self._following.measure(pixels).verdicts

    def forget(self) -> None:
        """Whoever comes next is another one."""
        self._following.forget()

    def finish(self, pixels: Pixels) -> bytes:
        """The card's portrait, as a JPEG that complies.

        :raises NoFace: nobody is found.
        :raises NotCompliant: it can't be brought to the norm.
        """
        return finish(self._models, pixels, self._norm, self._plate).jpeg

    def _read(self, plate: Path) -> Pixels | None:
        try:
            return read_plate(self._models, plate.read_bytes())
        except (PortraitError, OSError) as error:
            _log.error("no plate: %s", error)
            return None
