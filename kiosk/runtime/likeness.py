"""Whether an accepted portrait looks like its holder's identity card; in the camera's lane."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.ports.id_reader import PhotoDecoder
from kiosk.portrait.errors import PortraitError
from kiosk.records.portrait import Likeness, TakenPortrait

if TYPE_CHECKING:  # nobody loads numpy and the models before the first picture
    from kiosk.portrait.comparison import Comparison

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LikenessCheck:
    """What a portrait is compared by, and what reads the card's photo."""

    comparison: "Callable[[], Comparison]"
    """Loads the model; called in the camera's lane, at the first comparison."""
    decoder: PhotoDecoder

    def tell(self, portrait: TakenPortrait, photo: bytes) -> Likeness:
        """The likeness in a word; open where the photo, the portrait or the model does not let it be told.

        :param photo: as it lies in the card's chip.
        """
        from kiosk.portrait.picture import read_picture  # noqa: PLC0415 - see above

        try:
            own = read_picture(bytes(portrait.jpeg)).pixels
            card = read_picture(self.decoder.decode(photo)).pixels
            return self.comparison().compare(own, card).likeness
        except (PortraitError, ValueError) as error:
            _log.warning("no comparison: %s", type(error).__name__)
            return Likeness.OPEN
