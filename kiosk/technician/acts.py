"""A technician's acts on record: each is an entry of the ledger, durable before it is told of."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from kiosk.records.technician import ActOutcome, Role, TechnicianAct

_WORD: Final = re.compile(r"[a-z0-9_:.-]{1,40}", re.ASCII)
_NOTHING: Final[Mapping[str, bytes | None]] = MappingProxyType({})


class ActLedger(Protocol):
    """What the book asks of the ledger, or of the running terminal's journal over it."""

    def append_act(self, act: TechnicianAct, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> object:
        """Make an act durable together with what is kept, or neither."""

    def kept(self, name: str) -> bytes | None:
        """What is kept under this name; erasing entries does not touch it."""


class ActBook:
    """Writes down what technicians do. Any thread may call it."""

    def __init__(self, ledger: ActLedger, region: str, offset_ms: Callable[[], int]) -> None:
        """
        :param region: pack key, for the entries' headers.
        :param offset_ms: centre's clock minus this one's.
        """
        self._ledger, self._region, self._offset_ms = ledger, region, offset_ms

    def record(
        self,
        act: str,
        *,
        staff: str,
        role: Role | None,
        page: str = "",
        outcome: ActOutcome = ActOutcome.DONE,
        why: str = "",
        keep: Mapping[str, bytes | None] = _NOTHING,
    ) -> None:
        """Write one act down and return when it is on the disk for good. Raises what the ledger raises.

        :param act: a machine word, as :class:`~kiosk.journeys.technician_views.Act` has it. What one names behind a
            colon, such as a file on a stick, is left out where it is no word: it comes from outside.
        :param keep: what is kept beside the chain from this entry on, together with it or not at all.
        """
        entry = TechnicianAct(
            region=self._region, act=_word(act), page=_word(page) if page else "", outcome=outcome, why=why,
            staff=staff, role=role,
        )  # fmt: skip
        self._ledger.append_act(entry, offset_ms=self._offset_ms(), keep=keep)


def _word(told: str) -> str:
    candidates = (told, told.partition(":")[0])
    return next((word for word in candidates if _WORD.fullmatch(word)), "other")
