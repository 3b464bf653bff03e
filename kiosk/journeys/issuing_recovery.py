"""What a terminal does with a card that a power cut, or a silent centre, left half made.

Nobody is served by the printer until this has come to an end. Three are heard: the printer's sensors say what is true
now, the ledger what was about to happen, the centre which card is the valid one. docs/replacement.md is the table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from drivers.ports.card_printer import Media, Position
from drivers.ports.errors import DeviceError
from kiosk.journeys.frame import Ending, Progress, Session
from kiosk.journeys.issuing import (
    End,
    Hold,
    Issued,
    give_old_card_back,
    hand_out,
    keep,
    offer,
    put_away,
    retain_old_card,
    tell_abandoned,
    tell_committed,
)
from kiosk.journeys.issuing_requests import AnnounceStep, LookAtPrinter, WhereIsBlank
from kiosk.journeys.requests import Distrusted, Journey, Record, Unreachable, ask, ask_centre
from kiosk.journeys.views import Working
from kiosk.journeys.wording import say
from kiosk.records.custody import Move, Place
from kiosk.records.issuance import (
    AbandonedWhy,
    AskIssuance,
    BlankFate,
    IssuanceStage,
    IssuanceStanding,
    NewCardFate,
)
from kiosk.records.transaction import IssuanceStep, Outcome, Stage, Transaction

_ENDED_AT_THE_CENTRE: Final = frozenset({IssuanceStage.COMMITTED, IssuanceStage.OPEN_CASE})
_MAY_HAVE_OLD_CARD: Final = frozenset(
    {
        IssuanceStep.HOLDING_OLD_CARD,
        IssuanceStep.OLD_CARD_HELD,
        IssuanceStep.SWITCHING,
        IssuanceStep.REJECTING,
        IssuanceStep.RETURNING_OLD_CARD,
    }
)


def settling(session: Session, begun: Transaction, *, somebody_waits: bool) -> Journey[Outcome]:
    """Bring what was left half made to an end, and put that on record; UNKNOWN while it has none.

    :param session: of that transaction.
    :param begun: its newest entry.
    """
    progress = Progress(begun.service, session)
    progress.social_security_number, progress.holder_name = begun.social_security_number, begun.holder_name
    progress.identified_by, progress.began = begun.identified_by, True
    yield from ask(AnnounceStep(Working(say("请稍候"), say("机器正在核对上一张新卡。"))))
    issued = yield from settle(progress, begun, somebody_waits=somebody_waits)
    if progress.unsettled:
        return Outcome.UNKNOWN
    outcome = _OUTCOMES[issued.end]
    ending = Ending(outcome, (), reason="" if issued.end is End.TAKEN else issued.end.value)
    yield from ask(Record(progress.transaction(Stage.FINISHED, ending)))
    return outcome


_OUTCOMES: Final[Mapping[End, Outcome]] = MappingProxyType(
    {
        End.TAKEN: Outcome.DONE,
        End.RETAINED: Outcome.PARTLY_DONE,
        End.UNSEEN: Outcome.UNKNOWN,
        End.ABANDONED: Outcome.FAILED,
    }
)


def settle(progress: Progress, begun: Transaction, *, somebody_waits: bool) -> Journey[Issued]:
    """Bring what was left half made to an end: UNSETTLED again while the centre or the printer can't be asked.

    :param begun: the newest entry of the transaction.
    :param somebody_waits: its citizen may stand there still, so that a valid card is offered before it is retained.
    """
    hold = Hold(progress, begun.transaction_id)
    standing = yield from ask_centre(AskIssuance(transaction_id=hold.job), IssuanceStanding)
    if isinstance(standing, Distrusted) and standing.declined:
        # It never heard of it: nothing was reserved, so no blank had leave to move.
        return Issued(End.ABANDONED, why=AbandonedWhy.RESTART)
    if isinstance(standing, Unreachable | Distrusted):
        return _unsettled(progress)
    whereabouts = yield from ask(WhereIsBlank(hold.job))
    hold.may_be_fed = whereabouts is not None
    hold.identification_code = whereabouts.identification_code if whereabouts is not None else ""
    place = whereabouts.place if whereabouts is not None else None
    try:
        if standing.stage in _ENDED_AT_THE_CENTRE:
            return (yield from _note_end(hold, standing, place, begun.step))
        if standing.stage is IssuanceStage.SWITCHED:
            return (yield from _after_the_switch(hold, standing, place, begun.step, somebody_waits=somebody_waits))
        return (yield from _before_the_switch(hold, standing, place, begun.step))
    except DeviceError:
        return _unsettled(progress)


def _unsettled(progress: Progress) -> Issued:
    progress.unsettled = True
    return Issued(End.UNSETTLED)


def _before_the_switch(
    hold: Hold, standing: IssuanceStanding, place: Place | None, step: IssuanceStep | None
) -> Journey[Issued]:
    match place:
        case None | Place.HOPPER:
            fate = BlankFate.NOT_FED
        case Place.REJECT_BIN:
            fate = BlankFate.REJECTED
        case Place.PRINTER:
            fate = yield from _put_away(hold, step)
        case _:
            fate = BlankFate.UNKNOWN
    inside = False
    if step in _MAY_HAVE_OLD_CARD:
        inside = not (yield from give_old_card_back(hold))
    if standing.stage is IssuanceStage.ABANDONED:
        return Issued(End.ABANDONED, why=AbandonedWhy.RESTART, old_card_inside=inside)
    return (yield from tell_abandoned(hold, AbandonedWhy.RESTART, fate, old_card_inside=inside))


def _put_away(hold: Hold, step: IssuanceStep | None) -> Journey[BlankFate]:
    empty = yield from _is_empty()  # a printer that can't be asked is asked again later
    if step is IssuanceStep.REJECTING and empty:
        # It was about to fall into the bin, and is in the printer no more.
        yield from hold.book(Move.REJECTED, why=AbandonedWhy.RESTART.value)
        return BlankFate.REJECTED
    return (yield from put_away(hold, AbandonedWhy.RESTART.value))


def _after_the_switch(
    hold: Hold, standing: IssuanceStanding, place: Place | None, step: IssuanceStep | None, *, somebody_waits: bool
) -> Journey[Issued]:
    if step in (IssuanceStep.SWITCHING, IssuanceStep.SWITCHED):
        yield from retain_old_card(hold)
    if place in (Place.PRINTER, Place.EXIT):
        fate = yield from _to_its_holder(hold, place, step, somebody_waits=somebody_waits)
    else:
        fate = _ON_RECORD.get(place, NewCardFate.UNKNOWN)
    return (yield from tell_committed(hold, fate, sealed=standing.sealed))


def _to_its_holder(
    hold: Hold, place: Place, step: IssuanceStep | None, *, somebody_waits: bool
) -> Journey[NewCardFate]:
    status = yield from ask(LookAtPrinter())
    if status.media is Media.JAMMED:
        return NewCardFate.UNKNOWN
    if status.media is Media.NOT_PRESENT:
        yield from _book_as_gone(hold, place, step)
        return NewCardFate.UNKNOWN  # who took a card while nobody looked, nobody knows
    if not somebody_waits:
        return (yield from keep(hold))
    if place is Place.PRINTER:
        yield from hold.book_if_possible(Move.PRESENTED)
    if status.position is Position.EXIT:
        return (yield from offer(hold))
    return (yield from hand_out(hold))


def _book_as_gone(hold: Hold, place: Place, step: IssuanceStep | None) -> Journey[bool]:
    """It has left the printer: into the bin, where it was about to go there, else into a hand. Whether into the bin."""
    if step is IssuanceStep.RETAINING:
        yield from hold.book_if_possible(Move.RETAINED, why=AbandonedWhy.RESTART.value)
        return True
    if place is Place.PRINTER:
        yield from hold.book_if_possible(Move.PRESENTED)
    yield from hold.book_if_possible(Move.TAKEN)
    return False


def _note_end(
    hold: Hold, standing: IssuanceStanding, place: Place | None, step: IssuanceStep | None
) -> Journey[Issued]:
    """The centre knows the end already: its answer was lost, or what the ledger should have taken down after it.

    Where neither says how the card left, the book stays as it is: two people count, and set it right.
    """
    committed = standing.stage is IssuanceStage.COMMITTED
    known = committed or step is IssuanceStep.RETAINING
    if known and place in (Place.PRINTER, Place.EXIT) and (yield from _is_empty()):
        place = Place.RETAINED_BIN if (yield from _book_as_gone(hold, place, step)) else Place.CITIZEN
    if committed:
        return Issued(End.TAKEN, sealed=standing.sealed)
    end = End.RETAINED if place is Place.RETAINED_BIN else End.UNSEEN
    return Issued(end, place=standing.place, sealed=standing.sealed)


def _is_empty() -> Journey[bool]:
    return (yield from ask(LookAtPrinter())).media is Media.NOT_PRESENT


_ON_RECORD: Final[Mapping[Place | None, NewCardFate]] = MappingProxyType(
    {Place.CITIZEN: NewCardFate.TAKEN, Place.RETAINED_BIN: NewCardFate.RETAINED}
)
