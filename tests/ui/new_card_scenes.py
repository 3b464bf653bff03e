"""Screens on the way to a new card and of how it ended, as a journey makes them."""

from typing import Final

from kiosk.journeys import fee, instant_replacement, portrait, refusals
from kiosk.journeys.frame import Ended, Ending, Progress, Session
from kiosk.journeys.holder import Holder
from kiosk.journeys.issuing import End, Issued
from kiosk.journeys.issuing_requests import Unprintable
from kiosk.journeys.new_card_endings import Made, told
from kiosk.journeys.portrait_words import FOR_NEW_CARD
from kiosk.journeys.views import Step, View
from kiosk.policy.region import Region
from kiosk.records.issuance import AbandonedWhy, ReplacementReason
from kiosk.records.transaction import Service
from tests.journeys.world import ID_CARD, TODAY, TRANSACTION_ID, region

_LONG_PLACE: Final = "办这台自助机的社会保障卡服务窗口，市民服务中心三楼东厅十二号窗口"
_FICTIONAL, _ZHUMADIAN = region("yunling"), region("zhumadian")
_SITTER = portrait.Sitter(Step(3, 5), purpose=FOR_NEW_CARD)
_EXCHANGE = instant_replacement._Way(ReplacementReason.DAMAGED)
_LOST = instant_replacement._Way(ReplacementReason.LOST)
_HOLDER = Holder("11010119900307002X", "欧阳𠮷㛃", ID_CARD)


def _ending(where: Region, issued: Issued, *, exchange: bool = True) -> Ending:
    session = Session(TRANSACTION_ID, where, TODAY)
    made = Made(exchange=exchange, fee_fen=1600, number=_HOLDER.number)
    return told(session, Progress(Service.CARD_REPLACEMENT, session), made, issued)


def _first(ended: Ended) -> View:
    return ended.ending.views[0]


NEW_CARD_VIEWS: Final[dict[str, View]] = {
    "new-card-lost": instant_replacement._lost(_FICTIONAL),
    "new-card-read-back": instant_replacement._read_back(_HOLDER, _EXCHANGE),
    "new-card-read-back-lost": instant_replacement._read_back(_HOLDER, _LOST),
    "new-card-old-card": instant_replacement._insert(Step(2, 5)),
    "new-card-unreadable": instant_replacement._unreadable(Step(2, 5)),
    "new-card-consent": portrait._consent(_SITTER),
    "new-card-not-taken": portrait._not_taken((), _SITTER, 0),
    "new-card-fee-unknown": _first(fee._not_told(_FICTIONAL)),
    **{
        f"new-card-{name}": _first(ended)
        for name, ended in {
            "no-maker": refusals.makes_no_cards(_ZHUMADIAN),
            "no-motor": refusals.keeps_no_old_cards(_ZHUMADIAN),
            "no-portrait": refusals.no_portrait(_ZHUMADIAN),
            "incomplete": refusals.incomplete(_ZHUMADIAN),
            "reported-lost": refusals.reported_lost(_FICTIONAL),
            "running": refusals.being_made(_FICTIONAL),
            "waits": refusals.waits_for_you(_FICTIONAL, _LONG_PLACE),
            "characters": refusals.unprintable(_ZHUMADIAN, Unprintable.CHARACTERS),
            "not-right": refusals.face_not_right(_ZHUMADIAN),
            "no-telephone": refusals.not_by_telephone(_ZHUMADIAN),
            "not-paid": refusals.not_paid(_ZHUMADIAN),
        }.items()
    },
    "new-card-taken": _ending(_FICTIONAL, Issued(End.TAKEN)).views[0],
    "new-card-taken-steps": _ending(_FICTIONAL, Issued(End.TAKEN)).views[1],
    "new-card-taken-steps-sealed": _ending(_FICTIONAL, Issued(End.TAKEN, sealed=True)).views[1],
    "new-card-taken-slip": _ending(_FICTIONAL, Issued(End.TAKEN)).views[-1],
    "new-card-retained": _ending(_FICTIONAL, Issued(End.RETAINED, place=_LONG_PLACE)).views[0],
    "new-card-retained-slip": _ending(_FICTIONAL, Issued(End.RETAINED, place=_LONG_PLACE)).views[1],
    "new-card-unseen": _ending(_FICTIONAL, Issued(End.UNSEEN, place=_LONG_PLACE)).views[0],
    "new-card-abandoned": _ending(_ZHUMADIAN, Issued(End.ABANDONED, why=AbandonedWhy.BLANK)).views[0],
    "new-card-abandoned-inside": _ending(
        _ZHUMADIAN, Issued(End.ABANDONED, why=AbandonedWhy.REFUSED, old_card_inside=True)
    ).views[0],
    "new-card-unsettled": _ending(_FICTIONAL, Issued(End.UNSETTLED, old_card_inside=True)).views[0],
    "new-card-unsettled-slip": _ending(_FICTIONAL, Issued(End.UNSETTLED)).views[1],
}
