"""Why the terminal serves nobody at the moment, in the order of weight."""

import logging
from typing import Final

from drivers.ports.errors import DeviceError
from kiosk.journeys.faults import fault_code
from kiosk.journeys.requests import LedgerFailed
from kiosk.journeys.views import OutOfService
from kiosk.journeys.wording import Say, say

_log = logging.getLogger(__name__)

_INSTEAD = say("请换一台机器，或到人工窗口。")

_WHY: dict[str, Say] = {
    "card_reader": say("读卡器没有准备好。"),
    "capture_unit": say("读卡器没有准备好。"),
    "ledger": say("机器不能保存办理记录，所以先停下来。"),
    "identity": say("这台机器要由工作人员核对后才能再用。"),
    "closed": say("工作人员已经把这台机器停用。"),
}
CARD_SLOT: Final = ("card_reader", "capture_unit")
"""What a citizen's card goes into."""
_CODES = {"ledger": "L-01", "identity": "I-01", "closed": "S-01"}


class Health:
    """What is known to be broken. Empty means that citizens are served."""

    def __init__(self) -> None:
        self._broken: dict[str, str] = {}

    def broken(self, what: str, error: DeviceError | LedgerFailed | None = None) -> None:
        """Note that ``what`` can't do its part.

        :param what: ``card_reader``, ``capture_unit``, ``ledger``, ``identity`` or ``closed``.
        """
        code = fault_code(error) if error is not None else _CODES[what]
        if self._broken.get(what) != code:
            _log.error("%s is out of service, %s: %s", what, code, error or "")
        self._broken[what] = code

    def whole(self, what: str) -> None:
        """Note that ``what`` works."""
        if self._broken.pop(what, None) is not None:
            _log.warning("%s works again", what)

    def is_broken(self, what: str) -> bool:
        """Whether ``what`` is known not to do its part."""
        return what in self._broken

    @property
    def is_closed(self) -> bool:
        """Whether staff or the system have closed the terminal."""
        return "closed" in self._broken

    @property
    def slot_fault(self) -> str | None:
        """The code of what keeps cards from being read; None while nothing does."""
        return next((self._broken[what] for what in CARD_SLOT if what in self._broken), None)

    def view(self, hotline: str, *, without_cards: bool = False) -> OutOfService | None:
        """The screen for the weightiest reason; None when all is well.

        :param without_cards: a slot that does nothing closes nothing.
        """
        for what, why in _WHY.items():
            if what in self._broken and not (without_cards and what in CARD_SLOT):
                return OutOfService(say("暂停服务"), why, _INSTEAD, hotline, self._broken[what])
        return None
