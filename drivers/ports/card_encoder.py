"""What the terminal asks of the contact station that personalises a blank card's chip."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from drivers.ports.card_reader import AuthenticationAlgorithm, Challenge, Cryptogram, HolderData

PHOTO_MOST: Final = 4096
"""Bytes of EF08 (LDB 0021; docs/wire.md)."""


@dataclass(frozen=True, slots=True)
class Blank:
    """A chip that is nobody's yet."""

    identification_code: str
    """16 bytes as 32 upper-case hex characters (EF05, tag 01): the number the centre knows the blank by."""
    algorithm: AuthenticationAlgorithm
    """Of its keys, and of the challenge it draws."""
    bank_account: str = ""
    """``****`` and the account's last four digits, as far as the bank's side tells it; the rest is read and dropped."""


@dataclass(frozen=True, slots=True)
class ChipData:
    """What makes a blank somebody's card. Never logged; ``repr`` shows nothing of the holder."""

    card_class: str
    norm_version: str
    """"1.00", "2.00" or "3.00"; it belongs to the blank's algorithm."""
    issued_on: date
    expires_on: date
    card_number: str = field(repr=False)
    holder: HolderData = field(repr=False)
    photo: bytes = field(repr=False)
    """JPEG, 102 × 126 pixels, at most 4096 bytes."""


class NameDoesNotFit(Exception):
    """The name has no room in the chip's 50 bytes; told before anything is written."""


class PersonalisationRefused(Exception):
    """The chip takes no data: the cryptogram was wrong, or the chip is somebody's card already."""


class CardEncoder(Protocol):
    """The contact station over a card in a card printer. Methods block, at most a few seconds; one thread uses them.

    Every method but :meth:`close` and :meth:`has_room_for` may raise :class:`~drivers.ports.errors.MediaRemoved`,
    ``NotConnected``, ``TimedOut``, ``Busy`` and ``ProtocolViolation``. What was written is read back by the ordinary
    session of a card reader (:class:`~drivers.ports.card_reader.CardReader`) on the same contacts, after
    :meth:`release`.
    """

    def has_room_for(self, name: str) -> bool:
        """Whether a chip takes this name whole; asks no chip, so that it can be known before anything is paid."""

    def blank(self, timeout_s: float) -> Blank:
        """Power the chip that was brought to the contacts and tell which blank it is.

        :raises TimedOut: no chip answers within ``timeout_s``, or it fell silent: it is dead, or there is none.
        :raises ProtocolViolation: not a blank.
        """

    def draw_challenge(self) -> Challenge:
        """The chip's random bytes, for the centre to answer under the blank's personalisation key.

        They are good for the very next command, which is :meth:`personalise`.
        """

    def personalise(self, cryptogram: Cryptogram, data: ChipData) -> None:
        """Write EF05, EF06 and EF08; the norm version last, by which the chip ceases to be a blank.

        An error may leave a part written: then the chip is still a blank to every reader, and nobody's card.

        :param cryptogram: the centre's answer to the challenge drawn just before.
        :raises PersonalisationRefused: the chip did not take it.
        :raises NameDoesNotFit: nothing was written.
        :raises ValueError: no photo that fits, or a norm version of another algorithm; nothing was written.
        """

    def release(self) -> None:
        """Power the chip off. Harmless without one."""

    def close(self) -> None:
        """Leave the contact station."""
