"""Why a card's face can't be printed. Each is told before any fee is asked, and none quotes what it is about.

::

    CardFaceError
    ├── NameUnsound        empty, or with a space at an end
    ├── GlyphMissing       a character of the name is in none of the layout's fonts
    ├── NameTooLong        the name fits its box in no size and number of lines that the layout allows
    ├── NumberUnsound      the social security number has no form that one has, or its check character is wrong
    ├── CardNumberUnsound  the card number has another form, or its check character is wrong
    ├── DatesUnsound       born, issued, expires: not in this order, or one that the layout prints is missing
    └── PortraitUnfit      no picture, or not of the size that a finished portrait has
"""


class CardFaceError(Exception):
    """Anything below."""


class NameUnsound(CardFaceError):
    """No name as one would be printed."""


class GlyphMissing(CardFaceError):
    """The name can't be printed whole, and never is it printed otherwise."""


class NameTooLong(CardFaceError):
    """The name would be cut, or too small to be read."""


class NumberUnsound(CardFaceError):
    """The social security number can't be anybody's."""


class CardNumberUnsound(CardFaceError):
    """The card number can't be any card's."""


class DatesUnsound(CardFaceError):
    """Issued before its holder's birth, not expiring after it was issued, or without a date that is to be printed."""


class PortraitUnfit(CardFaceError):
    """Not the finished portrait."""
