"""The contacts under a card printer's station, as a reader of the PC/SC daemon."""

from typing import Final

from drivers.card_reader.personalisation import DEVICE, name_fields
from drivers.card_reader.reader import PcscCardReader
from drivers.ports.card_encoder import Blank, ChipData, NameDoesNotFit
from drivers.ports.card_reader import CardKind, Challenge, Cryptogram
from drivers.ports.errors import ProtocolViolation, TimedOut
from drivers.transport.pcsc import ANSWER_LIMIT_S

_NOT_ANSWERING: Final = frozenset({CardKind.DEAD, CardKind.SILENT})


class PcscCardEncoder:
    """A :class:`drivers.ports.card_encoder.CardEncoder` on the same driver that reads the citizen's card."""

    def __init__(self, reader_name: str, *, answer_limit_s: float = ANSWER_LIMIT_S) -> None:
        """
        :param reader_name: the contact station as PC/SC has it, with the numbers pcscd appends.
        :param answer_limit_s: longest wait for one answer of the chip, seconds.
        """
        self._reader = PcscCardReader(reader_name, device=DEVICE, answer_limit_s=answer_limit_s)

    def has_room_for(self, name: str) -> bool:
        """Whether EF06 takes it; see :meth:`drivers.ports.card_encoder.CardEncoder.has_room_for`."""
        try:
            name_fields(name)
        except NameDoesNotFit:
            return False
        return True

    def blank(self, timeout_s: float) -> Blank:
        """Which blank has been brought; see :meth:`drivers.ports.card_encoder.CardEncoder.blank`."""
        kind = self._reader.wait_for_card(timeout_s)
        if kind in _NOT_ANSWERING:
            raise TimedOut(DEVICE, "the chip does not answer")
        if kind is not CardKind.BLANK:
            self._reader.release()
            raise ProtocolViolation(DEVICE, f"a blank was to come, and this is {kind.value}")
        return self._reader.blank().identify()

    def draw_challenge(self) -> Challenge:
        """The chip's random bytes, to be answered next."""
        return self._reader.blank().draw_challenge()

    def personalise(self, cryptogram: Cryptogram, data: ChipData) -> None:
        """Make the blank somebody's card; see :meth:`drivers.ports.card_encoder.CardEncoder.personalise`."""
        self._reader.blank().personalise(cryptogram, data)

    def release(self) -> None:
        """Power the chip off. Harmless without one."""
        self._reader.release()

    def close(self) -> None:
        """Leave the contact station."""
        self._reader.close()
