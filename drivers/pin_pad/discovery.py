"""Which dialect the pad at a port speaks, found by asking it who it is in each."""

import logging
from collections.abc import Sequence
from typing import Final

from drivers.pin_pad.conversation import ANSWER_S, DEVICE, Conversation
from drivers.pin_pad.dialect import DamagedFrame, Dialect
from drivers.pin_pad.serial_pad import SerialPinPad
from drivers.pin_pad.sunson import SUNSON
from drivers.pin_pad.szzt import SZZT
from drivers.ports.errors import ProtocolViolation, TimedOut

DIALECTS: Final = (SZZT, SUNSON)
"""In the order of asking: SUNSON's pads see at once that SZZT's question is none of theirs, while SUNSON's question
leaves an SZZT pad waiting for the rest of a longer frame."""
_ROUNDS: Final = 2
"""Noise may spoil one answer; in the second round each dialect gets the whole time for one."""

_trace = logging.getLogger(__name__)


def open_pin_pad(port_path: str, dialect: str) -> SerialPinPad:
    """The pad at a port; nothing is opened or asked yet.

    :param dialect: a dialect's name, or ``auto`` to find it out.
    :raises ValueError: there is no such dialect.
    """
    if dialect == "auto":
        return DiscoveringPinPad(port_path)
    for known in DIALECTS:
        if known.name == dialect:
            return SerialPinPad(port_path, known)
    raise ValueError("no such dialect")


class DiscoveringPinPad(SerialPinPad):
    """A pad of any known dialect, as a :class:`drivers.ports.pin_pad.PinPad`.

    The dialect is found anew whenever it isn't sure that the same pad is still there and well: when the port was
    opened, and after a fault (a converter's port stays while a technician plugs in the other make). Nothing but
    :attr:`Dialect.identity` is asked until then.
    """

    def __init__(self, port_path: str, dialects: Sequence[Dialect] = DIALECTS, *, answer_s: float = ANSWER_S) -> None:
        """:param answer_s: seconds until an answer must begin. While the dialect is sought, all of them share it
        as long as there is silence.
        """
        super().__init__(port_path, dialects[0], answer_s=answer_s)
        self._dialects = dialects
        self._patience_s = answer_s

    def _meet(self) -> Conversation:
        """Ask around.

        :raises TimedOut: silence; the text says which dialects were asked.
        :raises ProtocolViolation: something came, but nobody's answer.
        """
        asked = " and ".join(dialect.name for dialect in self._dialects)
        patience_s = self._patience_s / len(self._dialects)
        for _ in range(_ROUNDS):
            heard, noise = False, None
            for dialect in self._dialects:
                talk = Conversation(self._line, dialect, patience_s)
                heard |= talk.resynchronise()
                try:
                    talk.attempt(dialect.identity)
                except TimedOut:
                    continue
                except DamagedFrame as damage:
                    heard, noise = True, damage
                    continue
                except ProtocolViolation as complaint:
                    _trace.debug("a complaint in %s: %s", dialect.name, complaint)
                _trace.info("the pad speaks %s", dialect.name)
                return Conversation(self._line, dialect, self._patience_s)
            if not heard:
                raise TimedOut(DEVICE, f"no answer, asked in {asked}")
            # The noise may have been a slow pad's answer to the question before; what else is on its way comes first.
            patience_s = self._patience_s
            talk.resynchronise(quiet_s=patience_s, at_most_s=2 * patience_s)
        raise ProtocolViolation(DEVICE, f"no sound answer, asked in {asked}") from noise
