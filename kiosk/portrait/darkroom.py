"""Measures frames and finishes portraits with the models of one terminal; for one thread."""

from pathlib import Path

from kiosk.portrait.finish import finish
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Norm, Verdict


class Darkroom:
    """The models, loaded, and the norm they judge by.

    :raises ModelsMissing: one is not there or not the one it should be.
    """

    def __init__(self, models: Path, norm: Norm) -> None:
        self._models = Models(models)
        self._norm = norm

    def measure(self, pixels: Pixels) -> tuple[Verdict, ...]:
        """A frame's verdicts of the capture stage.

        :param pixels: RGB, not mirrored.
        """
        return measure_frame(self._models, pixels, self._norm).verdicts

    def finish(self, pixels: Pixels) -> bytes:
        """The card's portrait, as a JPEG that complies.

        :raises NoFace: nobody is found.
        :raises NotCompliant: it can't be brought to the norm.
        """
        return finish(self._models, pixels, self._norm).jpeg
