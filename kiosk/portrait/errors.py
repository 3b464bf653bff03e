"""What keeps a picture from being measured or finished.

::

    PortraitError
    ├── ModelsMissing         set-up has not brought the models, or a file is not the one it should be
    ├── UnreadablePicture     no picture, a damaged one, a kind we don't open
    │   ├── TruncatedPicture  it breaks off
    │   └── PictureTooLarge   more pixels than are worth their memory; told from the header alone
    ├── PictureTooSmall       no face can be in so few pixels
    ├── NoFace                nobody is found
    ├── NotEmpty              somebody is in the picture of the empty booth
    └── NotCompliant          the picture can't be brought to the norm; names the measures that fail

No text names a person or holds a pixel.
"""

from collections.abc import Sequence

from kiosk.portrait.norm import Measure


class PortraitError(Exception):
    """Anything below."""


class ModelsMissing(PortraitError):
    """The models are not there, or not the ones whose hashes we know."""


class UnreadablePicture(PortraitError):
    """No picture can be made of these bytes."""


class TruncatedPicture(UnreadablePicture):
    """The picture breaks off."""


class PictureTooLarge(UnreadablePicture):
    """Its header announces more pixels than are ever decoded."""


class PictureTooSmall(PortraitError):
    """Too few pixels for a face."""


class NoFace(PortraitError):
    """No face is found."""


class NotEmpty(PortraitError):
    """The picture of the empty booth shows somebody; nobody's picture is kept for that."""


class NotCompliant(PortraitError):
    """The picture was not or could not be brought to the norm."""

    def __init__(self, failed: Sequence[Measure]) -> None:
        super().__init__("not to the norm: " + ", ".join(measure.value for measure in failed))
        self.failed = tuple(failed)
        """In the order of the table of measures."""
