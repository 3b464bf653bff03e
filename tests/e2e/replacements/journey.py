"""The citizen's way to a new card in a campaign: :func:`kiosk.journeys.instant_replacement.instant_replacement` without
the identity card, the portrait and the preview, which need no centre, move no card and cost nothing.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import Face
from drivers.ports.card_reader import HolderData
from drivers.ports.errors import DeviceError
from drivers.ports.id_reader import DocumentKind, IdDocument
from kiosk.journeys.fee import pay
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import await_card, read_issuer
from kiosk.journeys.issuing import CardInMaking, Issued, make_card
from kiosk.journeys.new_card_endings import Made, told
from kiosk.journeys.requests import Interruption, Journey, LedgerFailed, Record, ask
from kiosk.journeys.reservation import NoCard, give_up, reserve
from kiosk.journeys.views import Step
from kiosk.records.issuance import AbandonedWhy, CardOrder, IssuanceReserved
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage
from tests.blanks import PHOTO
from tests.e2e.replacements.plan import Person, Replacement

_FEE: Final = Step(5, 5)


def replacement(planned: Replacement, face: Face, *, again: bool) -> Callable[[Session], Journey[Outcome]]:
    """The journey of one replacement.

    :param again: it was paid for in an earlier life, and is begun once more.
    """

    def body(session: Session, progress: Progress) -> Journey[Ending]:
        return (yield from _body(planned, face, session, progress, again=again))

    return lambda session: serve(session, Service.CARD_REPLACEMENT, body)


def _body(
    planned: Replacement, face: Face, session: Session, progress: Progress, *, again: bool
) -> Journey[Ending]:  # fmt: skip
    shown = None
    if planned.exchanges and not again:
        yield from await_card(progress)
        shown = (yield from read_issuer(progress)).identification_code
    reserved = yield from reserve(session, progress, _holder(planned.person), planned.reason, shown)
    try:
        order = yield from _ordered(session, progress, reserved, again=again)
    except NoCard as stop:
        yield from give_up(session, progress, stop.why)
        raise stop.ended from None
    except (Ended, Interruption, DeviceError, LedgerFailed):
        yield from give_up(session, progress, AbandonedWhy.CITIZEN)
        raise
    issued = yield from _made(progress, CardInMaking(planned.job, _chip(order), face, planned.exchanges))
    if issued.old_card_inside:
        progress.holds_card = False
    made = Made(exchange=planned.exchanges, fee_fen=reserved.fee_fen or 0, number=planned.person.number)
    return told(session, progress, made, issued)


def _ordered(session: Session, progress: Progress, reserved: IssuanceReserved, *, again: bool) -> Journey[CardOrder]:
    if reserved.order is None:
        raise LookupError("nothing was reserved")
    if not again:
        yield from ask(Record(progress.transaction(Stage.STEP, step=IssuanceStep.RESERVED)))
        yield from pay(session, progress, reserved.fee_fen or 0, _FEE)
    return reserved.order


def _made(progress: Progress, card: CardInMaking) -> Journey[Issued]:
    try:
        return (yield from make_card(progress, card))
    except LedgerFailed:
        progress.unsettled = True
        raise


def _holder(person: Person) -> Holder:
    document = IdDocument(
        kind=DocumentKind.RESIDENT,
        name=person.name,
        chinese_name="",
        sex="1",
        nation="01",
        birth_date=person.birth_date,
        address="",
        number=person.number,
        issuer="",
        valid_from=date(2020, 1, 1),
        valid_until=None,
        travel_document="",
        issue_count="",
        photo=b"",
    )
    return Holder(person.number, person.name, document)


def _chip(order: CardOrder) -> ChipData:
    return ChipData(
        card_class=order.card_class,
        norm_version=order.norm_version,
        issued_on=date.fromisoformat(order.issued_on),
        expires_on=date.fromisoformat(order.expires_on),
        card_number=order.card_number,
        holder=HolderData(
            social_security_number=order.social_security_number,
            name=order.name,
            sex=order.sex,
            ethnic_group=order.ethnic_group,
            birthplace=order.birthplace,
            birth_date=date.fromisoformat(order.birth_date),
        ),
        photo=PHOTO,
    )
