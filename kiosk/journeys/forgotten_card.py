"""A card that nobody takes, where the slot's motor can keep it: on record before and after, and how it is got back.

It never leaves the ledger's sight: what becomes of it is written down even where nobody knows whose card it is.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from drivers.ports.errors import DeviceError
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.printing import call_line, number_line
from kiosk.journeys.requests import Journey, KeepCard, Kept, LedgerFailed, Record, ask
from kiosk.journeys.views import Explain, PaperSlip
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.records.transaction import Transaction

ABOUT_TO: Final = "about_to"
"""The entry before the movement."""
_TITLE: Final = say("您的卡由机器保管")
_BRING: Final = say("带上身份证，报这个号。")


def keep_card(entry: Callable[[str], Transaction]) -> Journey[Kept]:
    """Have the motor take the card in, and tell what became of it.

    Without an entry nothing is kept: then the card stays at the mouth and is called for.

    :param entry: the ledger's entry with this reason.
    """
    try:
        yield from ask(Record(entry(ABOUT_TO)))
    except LedgerFailed:
        return Kept.STAYS
    try:
        kept = yield from ask(KeepCard())
    except DeviceError:
        kept = Kept.UNKNOWN
    with suppress(LedgerFailed):  # the entry before says that it may be in the bin, and staff look
        yield from ask(Record(entry(kept.value)))
    return kept


def collection_slip(region: Say, transaction_id: str, place: str, hotline: str) -> PaperSlip:
    """What is laid out for whoever comes back. It lies in the open, so it names nobody.

    :param place: where cards are given back, in the operator's words; empty: whoever works here.
    """
    lines = (say("没有人取卡，机器把卡收起来保管了。"), _where(place), _BRING)
    return PaperSlip((region, _TITLE), None, (number_line(transaction_id),), lines, call_line(hotline))


def kept_view(transaction_id: str, place: str) -> Explain:
    """Where a card is got back that the slot has kept."""
    return Explain(_TITLE, (_where(place), _BRING, number_line(transaction_id)), None, (CLOSE,))


def _where(place: str) -> Say:
    return say("到{place}领回。", place=Verbatim(place)) if place else say("请找这里的工作人员领回。")
