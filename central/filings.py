"""``POST /v1/filings`` and ``/v1/filings/query``: matters that an office acts on, and how far they have come."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from central.card_states import (
    By,
    Cause,
    Withdrawal,
    is_holder,
    settle_all,
    withdraw_replacement,
)
from central.database import Database
from central.exchange import Asker
from central.filing_rows import matter_of, put, written
from central.keys import CentreKeys
from central.online import locked_transaction, refuse_frozen, region_of
from central.problems import malformed
from central.region_rules import RegionRule, RegionRules
from central.replacement_orders import orders_in_progress, take_order
from central.tables import Card, Filing, FilingPortrait, FilingProxy, Holder, ReplacementOrder
from kiosk.records import identity
from kiosk.records.card import CardState
from kiosk.records.china_time import CHINA
from kiosk.records.filings import (
    ADULT_FROM,
    GUARDIAN_BELOW,
    MOST_TOLD,
    OPEN_STATES,
    PICTURED,
    Cancelling,
    CardApplication,
    CardReplacement,
    DataChange,
    Filed,
    FileMatter,
    FilingState,
    FilingsTold,
    FilingTold,
    FilingVerdict,
    GetFilings,
    IdentifiedBy,
    IssuedPaper,
    Matter,
    OffsiteCare,
    Paper,
    Proxy,
    Relation,
    discreet,
    matter_key,
)
from kiosk.records.portrait import ANY_KB, ConsentBy, FiledComparison, FiledPortrait, Likeness, open_portrait
from kiosk.records.sealing import Unreadable
from kiosk.records.transaction import Service
from kiosk.records.working_days import HolidayCalendar, NotKnown, working_days_after

LONGEST_WORDS: Final = 60
"""Characters of an office's own words: they stand on a terminal's screen (docs/ux-rules.md rule 1)."""
_INSURED: Final = "1"
_IN_USE: Final = frozenset({CardState.NORMAL.value, CardState.LOCKED.value, CardState.TEMPORARILY_LOST.value})
_PAPERS: Final = frozenset(kind.value for kind in IssuedPaper)
_SERVICES: Final[Mapping[type[Matter], Service]] = {
    CardApplication: Service.CARD_APPLICATION,
    OffsiteCare: Service.OFFSITE_CARE,
    DataChange: Service.DATA_CHANGE,
    Cancelling: Service.CANCELLING,
    CardReplacement: Service.CARD_REPLACEMENT,
    Paper: Service.PAPERS,
}


class FilingRefused(Exception):
    """Staff named a filing that is not there, or a state that it can't take."""


@dataclass(frozen=True, slots=True)
class FilingDesk:
    """Takes what people file, and tells them how far it has come."""

    database: Database
    keys: CentreKeys
    rules: RegionRules
    calendar: HolidayCalendar
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def file(self, asker: Asker, question: FileMatter) -> Filed:
        """File a matter, once per transaction id.

        :raises Declined: a frozen terminal, another region's question, a person whose card or ID card nobody has seen,
            a proxy for oneself or without the holder's ID card, a portrait that does not open, without the consent that
            it wants or with what ends in no card, an admission on a day that is none or has yet to come, or a
            transaction id that is something else's.
        """
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            region = self._own_region(session, asker, question.region)
            if question.identified_by is IdentifiedBy.TYPED:
                raise malformed("who files must have shown a card")
            _check_proxy(question)
            check_portrait(question, self.keys, self.rules.of(region))
            row = locked_transaction(
                session,
                asker,
                _SERVICES[type(question.matter)],
                transaction_id=question.transaction_id,
                region=region,
                now_ms=now_ms,
            )
            busy = bool(row.effects) or row.loss_reported_at is not None
            filed = self.take(session, asker.terminal, question, region, now_ms, busy=busy)
            if filed.verdict is FilingVerdict.FILED and not row.effects:
                row.social_security_number = question.social_security_number
                row.effects += 1
            return filed

    def take(
        self, session: Session, terminal: str, question: FileMatter, region: str, at_ms: int,
        *, busy: bool = False, arrived_ms: int | None = None,
    ) -> Filed:  # fmt: skip
        """File a matter in a transaction of the database that somebody else has begun, once per transaction id.

        :param at_ms: when it was filed; by that day ages and terms are counted.
        :param busy: this transaction id has done something before; what it has filed is told again, and nothing else.
        :param arrived_ms: when it got here, where that was later.
        :raises Declined: as :meth:`file`.
        """
        now_ms = at_ms if arrived_ms is None else arrived_ms
        number, rule = question.social_security_number, self.rules.of(region)
        _check_proxy(question)
        last_day_of_term = self._last_day_of_term(question.matter, rule, _day_of(at_ms))
        # One after the other for one person: two terminals must not both find that nothing stands open.
        holder = session.scalars(
            select(Holder).where(Holder.social_security_number == number).with_for_update()
        ).one_or_none()
        if not is_holder(holder, question.name) or holder is None:
            return Filed(verdict=FilingVerdict.UNKNOWN)
        again = _filed_before(session, question)
        if again is not None:
            return again
        if busy:
            raise malformed("this transaction id has done something else")
        # Before anything is told of what stands open: that is nobody's who may not act for the holder.
        barred = _barred(question, holder, rule, _day_of(at_ms))
        if barred is not None:
            return Filed(verdict=barred)
        everywhere = list(
            session.scalars(
                select(Card)
                .where(Card.social_security_number == number)
                .order_by(Card.identification_code)
                .with_for_update()
            )
        )
        session.add_all(settle_all(everywhere, now_ms))
        cards = [card for card in everywhere if card.region == region]
        filings = _filings(session, number, region)
        open_filings = [one for one in filings if FilingState(one.state) in OPEN_STATES]
        orders = orders_in_progress(session, [card.identification_code for card in cards])
        rests_on = _rests_on(question.matter, cards, open_filings, orders)
        same = next((one for one in filings if _is_the_same(one, question.matter, rests_on, now_ms)), None)
        if same is not None:
            by = session.get(FilingProxy, same.transaction_id)
            hanging = session.get(FilingPortrait, same.transaction_id) is not None
            return Filed(verdict=FilingVerdict.ALREADY_FILED, filing=told(same, by, has_portrait=hanging))
        late = last_day_of_term is not None and _day_of(at_ms) > last_day_of_term
        verdict = _verdict(question.matter, holder, cards, rests_on, rule, late=late)
        if verdict is FilingVerdict.FILED and isinstance(question.matter, CardReplacement):
            elsewhere = [card for card in everywhere if card.region != region]
            cause = Cause(terminal, question.transaction_id, by=By.TERMINAL)
            verdict = take_order(session, question.matter.reason, cards, elsewhere, rule, now_ms, cause)
        if verdict is not FilingVerdict.FILED:
            return Filed(verdict=verdict)
        new_number = _new_number(session, question.transaction_id)
        filing = _filing(terminal, question, new_number, region, rule, rests_on, now_ms)
        acting = _put_down(session, question, filing)
        return Filed(verdict=verdict, filing=told(filing, acting, has_portrait=question.portrait is not None))

    def refuse(
        self, session: Session, terminal: str, question: FileMatter, region: str, verdict: FilingVerdict, now_ms: int
    ) -> None:
        """Put it on file that a matter was refused on its arrival: its person has gone, and reads it under progress."""
        number = _new_number(session, question.transaction_id)
        refused = msgspec.structs.replace(question, matter=discreet(question.matter), portrait=None)
        filing = _filing(terminal, refused, number, region, self.rules.of(region), None, now_ms)
        filing.state, filing.verdict, filing.valid_until = FilingState.REFUSED.value, verdict.value, None
        _put_down(session, refused, filing)

    def query(self, asker: Asker, question: GetFilings) -> FilingsTold:
        """Tell a person their newest filings.

        :raises Declined: as :meth:`file`.
        """
        with self.database.reading() as session:
            region = self._own_region(session, asker, question.region)
            if question.identified_by is IdentifiedBy.TYPED:
                raise malformed("who asks must have shown a card")
            number = question.social_security_number
            if not is_holder(session.get(Holder, number), question.name):
                return FilingsTold(known=False)
            newest = _filings(session, number, region)[:MOST_TOLD]
            ids = [each.transaction_id for each in newest]
            acted = {
                one.transaction_id: one
                for one in session.scalars(select(FilingProxy).where(FilingProxy.transaction_id.in_(ids)))
            }
            hanging = set(
                session.scalars(select(FilingPortrait.transaction_id).where(FilingPortrait.transaction_id.in_(ids)))
            )
            return FilingsTold(
                known=True,
                filings=tuple(
                    told(one, acted.get(one.transaction_id), has_portrait=one.transaction_id in hanging)
                    for one in newest
                ),
            )

    def decide(self, number: str, state: FilingState, *, place: str = "", note: str = "") -> None:
        """An office's word on a filing that stands open, or the withdrawal of a paper that was issued.

        :param number: as on the slip.
        :raises FilingRefused: no such filing stands open, or several do; or a paper is to become something else, or an
            order for a new card to be done without one; or the words are not for a screen.
        """
        if any(len(words) > LONGEST_WORDS or not words.isprintable() for words in (place, note)):
            raise FilingRefused(f"place and note are one line of at most {LONGEST_WORDS} characters each")
        stands_open = Filing.state.in_([one.value for one in OPEN_STATES])
        issued = and_(Filing.matter_key.in_(_PAPERS), Filing.state == FilingState.DONE.value)
        with self.database.writing() as session:
            found = session.scalars(
                select(Filing).where(Filing.number == number, or_(stands_open, issued)).with_for_update()
            ).all()
            if len(found) != 1:
                raise FilingRefused(f"{len(found)} filings with the number {number} stand open")
            (filing,) = found
            if filing.matter_key in _PAPERS and state is not FilingState.WITHDRAWN:
                raise FilingRefused("a paper that was issued can be withdrawn, and nothing else")
            now_ms = int(self.clock() * 1000)
            order = session.get(ReplacementOrder, filing.transaction_id)
            if order is not None and order.ended_at is None and state not in OPEN_STATES:
                if state is FilingState.DONE:
                    raise FilingRefused("it is done when the new card is handed over: replacement-issue")
                self._give_up(session, order, now_ms)
            filing.place, filing.note = place or filing.place, note or filing.note
            put(session, filing, state, now_ms)

    def _give_up(self, session: Session, order: ReplacementOrder, now_ms: int) -> None:
        """End an order without a new card, whose filing an office has refused or taken back."""
        card = session.get_one(Card, order.identification_code, with_for_update=True)
        session.refresh(order, with_for_update=True)
        session.add_all(settle_all([card], now_ms))
        rule = self.rules.of(card.region)
        session.add_all(withdraw_replacement(card, rule, order, Withdrawal.NOT_WANTED, now_ms, Cause()))

    def portrait(self, number: str) -> bytes:
        """The portrait of an application that stands open, as a JPEG, for the card's maker.

        :param number: as on the slip.
        :raises FilingRefused: no such application stands open, several do, or it came without a portrait.
        """
        with self.database.reading() as session:
            hanging = _only_portrait(session, number)
            # Whatever the region asks for today: it was to its rules when it was filed.
            return open_portrait(hanging.sealed, hanging.transaction_id, self.keys.opening, ANY_KB)

    def likeness(self, number: str) -> Likeness | None:
        """How that portrait looked beside the ID card's photo, by the terminal: a hint. None where none was compared.

        :raises FilingRefused: as :meth:`portrait`.
        """
        with self.database.reading() as session:
            compared = _comparison(_only_portrait(session, number))
            return compared.likeness if compared is not None else None

    def _last_day_of_term(self, matter: Matter, rule: RegionRule, today: date) -> date | None:
        """Until when an emergency can be registered; None where there is no term, or the calendar can't tell it.

        :raises Declined: the day of admission is none, or has yet to come.
        """
        if not isinstance(matter, OffsiteCare) or matter.admitted_on is None:
            return None
        try:
            admitted_on = date.fromisoformat(matter.admitted_on)
        except ValueError as error:
            raise malformed("a day that no calendar has") from error
        if admitted_on > today:
            raise malformed("nobody is in hospital from tomorrow on")
        if rule.offsite_emergency_working_days is None:
            return None
        match working_days_after(admitted_on, rule.offsite_emergency_working_days, self.calendar):
            case NotKnown():
                return None  # nobody is late by a guess; the office that acts on it decides
            case last:
                return last

    def _own_region(self, session: Session, asker: Asker, named: str) -> str:
        refuse_frozen(session, asker)
        region = region_of(session, asker.terminal)
        if named != region:
            raise malformed("a terminal files matters of its own region")
        return region


def told(filing: Filing, proxy: FilingProxy | None, *, has_portrait: bool = False) -> FilingTold:
    """A filing as its person may know it."""
    return FilingTold(
        number=filing.number,
        matter=discreet(matter_of(filing)),
        state=FilingState(filing.state),
        filed_at_ms=filing.filed_at,
        changed_at_ms=filing.changed_at,
        valid_until=filing.valid_until,
        place=filing.place,
        note=filing.note,
        by_proxy=proxy is not None,
        to_show=() if proxy is None else tuple(proxy.to_show.split()),
        has_portrait=has_portrait,
        verdict=None if filing.verdict is None else FilingVerdict(filing.verdict),
    )


def _why_none(session: Session, number: str) -> str:
    """What was said to the terminal, for the window that is to take one."""
    rows = session.scalars(
        select(Filing).where(Filing.number == number, Filing.state.in_([one.value for one in OPEN_STATES]))
    )
    said = [matter.no_portrait for matter in map(matter_of, rows) if isinstance(matter, PICTURED)]
    return "".join(f"; it came without one: {why.value}" for why in said if why is not None)


def _check_proxy(question: FileMatter) -> None:
    """:raises Declined: two people are one, or nobody has seen the holder's ID card."""
    if question.proxy is None:
        return
    if question.proxy.number == question.social_security_number:
        raise malformed("nobody is their own proxy")
    if question.identified_by is not IdentifiedBy.ID_CARD:
        raise malformed("a proxy must have shown the holder's ID card")


def check_portrait(question: FileMatter, keys: CentreKeys, rule: RegionRule) -> None:
    """:raises Declined: no card comes of it, the holder is not there, no consent that counts, or not a portrait."""
    portrait, proxy = question.portrait, question.proxy
    if portrait is None:
        return
    if not isinstance(question.matter, PICTURED):
        raise malformed("a portrait goes with what ends in a card")
    if question.matter.no_portrait is not None:
        raise malformed("a portrait, and a reason why there is none")
    by_guardian = proxy is not None and proxy.relation is Relation.GUARDIAN
    if proxy is not None and not by_guardian:
        raise malformed("whoever was sent is not the holder")
    # That a child's guardian files, and so consents, is seen to for every matter: needs_guardian.
    if (portrait.consent_by is ConsentBy.GUARDIAN) != by_guardian:
        raise malformed("nobody has agreed to the portrait who could")
    try:
        open_portrait(portrait.sealed, question.transaction_id, keys.opening, rule.portrait_kb)
    except Unreadable as error:
        raise malformed("a portrait that does not open") from error


def _filed_before(session: Session, question: FileMatter) -> Filed | None:
    """The same answer to the same question.

    :raises Declined: its transaction id has filed something else.
    """
    before = session.get(Filing, question.transaction_id)
    if before is None:
        return None
    if before.verdict is not None:
        return Filed(verdict=FilingVerdict(before.verdict))
    acting = session.get(FilingProxy, question.transaction_id)
    hanging = session.get(FilingPortrait, question.transaction_id)
    same = before.social_security_number == question.social_security_number
    # Once it has ended its portrait is gone, and why there was none, and with them what could be compared.
    asked = question.matter if _is_open(before) else discreet(question.matter)
    if not same or matter_of(before) != asked or proxy_of(acting) != question.proxy:
        raise malformed("this transaction id has filed something else")
    if _is_open(before) and _taken_down(hanging) != question.portrait:
        raise malformed("this transaction id has filed something else")
    return Filed(verdict=FilingVerdict.FILED, filing=told(before, acting, has_portrait=hanging is not None))


def _only_portrait(session: Session, number: str) -> FilingPortrait:
    """:raises FilingRefused: no such application stands open, several do, or it came without a portrait."""
    found = session.scalars(
        select(FilingPortrait)
        .join(Filing, Filing.transaction_id == FilingPortrait.transaction_id)
        .where(Filing.number == number, Filing.state.in_([one.value for one in OPEN_STATES]))
    ).all()
    if len(found) != 1:
        why = _why_none(session, number)
        raise FilingRefused(f"{len(found)} open applications with the number {number} have a portrait{why}")
    return found[0]


def _kept(question: FileMatter) -> FilingProxy | None:
    proxy = question.proxy
    if proxy is None:
        return None
    return FilingProxy(
        transaction_id=question.transaction_id,
        number=proxy.number,
        name=proxy.name,
        relation=proxy.relation.value,
        to_show=" ".join(proxy.to_show),
    )


def _put_down(session: Session, question: FileMatter, filing: Filing) -> FilingProxy | None:
    """Store a filing with what belongs to it, and tell who acted."""
    session.add(filing)
    session.flush()  # first the filing, to which the others point
    acting = _kept(question)
    if acting is not None:
        session.add(acting)
    if question.portrait is not None:
        session.add(_hung_up(question.transaction_id, question.portrait))
    return acting


def proxy_of(kept: FilingProxy | None) -> Proxy | None:
    """Who filed for the holder, as it was told to the centre."""
    if kept is None:
        return None
    to_show = tuple(kept.to_show.split())
    return Proxy(number=kept.number, name=kept.name, relation=Relation(kept.relation), to_show=to_show)


def _hung_up(transaction_id: str, portrait: FiledPortrait) -> FilingPortrait:
    return FilingPortrait(
        transaction_id=transaction_id,
        sealed=portrait.sealed,
        consent_by=portrait.consent_by.value,
        consent_text=portrait.consent_text,
        likeness=portrait.comparison.likeness.value if portrait.comparison is not None else None,
        comparison_text=portrait.comparison.consent_text if portrait.comparison is not None else None,
    )


def _taken_down(kept: FilingPortrait | None) -> FiledPortrait | None:
    if kept is None:
        return None
    return FiledPortrait(
        sealed=kept.sealed,
        consent_by=ConsentBy(kept.consent_by),
        consent_text=kept.consent_text,
        comparison=_comparison(kept),
    )


def _comparison(kept: FilingPortrait) -> FiledComparison | None:
    if kept.likeness is None or kept.comparison_text is None:
        return None
    return FiledComparison(likeness=Likeness(kept.likeness), consent_text=kept.comparison_text)


def _barred(question: FileMatter, holder: Holder, rule: RegionRule, today: date) -> FilingVerdict | None:
    """Why who stands there may not file this; None where they may, or where nobody may."""
    key, proxy = matter_key(question.matter), question.proxy
    if key not in rule.filings:
        return None
    age = age_of(question.social_security_number, today, register=holder.birth_date)
    if proxy is not None:
        if key not in rule.proxies:
            return FilingVerdict.NOT_BY_PROXY
        own = age_of(proxy.number, today)
        if own is not None and own < ADULT_FROM:
            return FilingVerdict.PROXY_MINOR
        if proxy.relation is Relation.GUARDIAN:
            return FilingVerdict.HOLDER_ADULT if age is not None and age >= ADULT_FROM else None
    minor_below = rule.minor_below if isinstance(question.matter, CardApplication) else None
    return FilingVerdict.NEEDS_GUARDIAN if age is not None and age < max(minor_below or 0, GUARDIAN_BELOW) else None


def age_of(number: str, today: date, *, register: str = "") -> int | None:
    """Whole years; None where neither the number nor the register holds a birth date.

    :param register: AAC006; a foreigner's number of 2017 has no whole birth date in it.
    """
    born = identity.birth_date_of(number)
    if born is None:
        with suppress(ValueError):
            born = date.fromisoformat(register)
    return None if born is None else identity.age(born, today)


def _filings(session: Session, social_security_number: str, region: str) -> Sequence[Filing]:
    return session.scalars(
        select(Filing)
        .where(Filing.social_security_number == social_security_number, Filing.region == region)
        .order_by(Filing.filed_at.desc(), Filing.transaction_id)
    ).all()


def _rests_on(
    matter: Matter, cards: Sequence[Card], open_filings: Sequence[Filing], orders: Sequence[ReplacementOrder]
) -> str | None:
    """What a paper would be issued for: the id of that transaction or order; None where nothing such is under way.

    :param open_filings: newest first.
    :param orders: in progress, oldest first.
    """
    match matter:
        case Paper(kind=IssuedPaper.TEMPORARY_CARD):
            if any(card.replaced_by is None and card.state in _IN_USE for card in cards):
                return None
            found = [one.transaction_id for one in open_filings if one.matter_key == "card_application"]
        case Paper(kind=IssuedPaper.COLLECTION_SLIP):
            found = [one.transaction_id for one in open_filings if one.state == FilingState.READY.value]
        case Paper(kind=IssuedPaper.CANCEL_NOTICE):
            found = [one.transaction_id for one in open_filings if one.matter_key == "cancelling"]
        case Paper():
            found = [order.order_id for order in reversed(orders)]
        case _:
            return None
    return found[0] if found else None


def _is_the_same(filing: Filing, matter: Matter, rests_on: str | None, now_ms: int) -> bool:
    """Whether a matter stands open already, or a paper stands that would be issued again."""
    if filing.matter_key != matter_key(matter):
        return False
    return _still_holds(filing, rests_on, now_ms) if isinstance(matter, Paper) else _is_open(filing)


def _is_open(filing: Filing) -> bool:
    return FilingState(filing.state) in OPEN_STATES


def _still_holds(paper: Filing, rests_on: str | None, now_ms: int) -> bool:
    """Whether a paper stands: not withdrawn, not past its term, and what it was issued for is still under way.

    Of papers older than the column it is not known what they were issued for: they hold by their term alone.
    """
    if paper.state != FilingState.DONE.value:
        return False
    if paper.valid_until is not None and paper.valid_until < _day_of(now_ms).isoformat():
        return False
    if paper.rests_on is None:
        return paper.valid_until is not None
    return paper.rests_on == rests_on


def _verdict(
    matter: Matter,
    holder: Holder,
    cards: Sequence[Card],
    rests_on: str | None,
    rule: RegionRule,
    *,
    late: bool,
) -> FilingVerdict:
    """What filing this comes to; FILED is yet to do. A replaced card counts not: its successor does.

    Of the card that an order is for, :func:`take_order` judges.
    """
    if matter_key(matter) not in rule.filings:
        return FilingVerdict.NOT_OPEN
    waits = any(card.replaced_by is None and card.state != CardState.CANCELLED.value for card in cards)
    match matter:
        case CardApplication():
            if holder.person_state != _INSURED:
                return FilingVerdict.NOT_INSURED
            return FilingVerdict.HAS_CARD if waits else FilingVerdict.FILED
        case OffsiteCare():
            if holder.person_state != _INSURED:
                return FilingVerdict.NOT_INSURED
            return FilingVerdict.LATE if late else FilingVerdict.FILED
        case DataChange():
            return FilingVerdict.FILED if waits else FilingVerdict.NO_CARD
        case Cancelling():
            return FilingVerdict.FILED if waits else FilingVerdict.NO_CARD
        case CardReplacement(reason=reason):
            return FilingVerdict.FILED if reason in rule.order_reasons else FilingVerdict.NOT_OPEN
        case Paper():
            return FilingVerdict.FILED if rests_on is not None else FilingVerdict.NOTHING_TO_REST_ON


def _new_number(session: Session, transaction_id: str) -> str:
    """What an office finds it by: of the transaction id so much that no other filing begins with it, 8 at least."""
    end = len(transaction_id)
    for length in range(8, end, 4):
        start = transaction_id[:length]
        same_start = Filing.transaction_id.between(start.ljust(end, "0"), start.ljust(end, "f"))
        if session.scalars(select(Filing.transaction_id).where(same_start).limit(1)).first() is None:
            return start.upper()
    return transaction_id.upper()


def _filing(
    terminal: str, question: FileMatter, number: str, region: str, rule: RegionRule, rests_on: str | None, now_ms: int
) -> Filing:
    months = rule.temporary_card_months if question.matter == Paper(kind=IssuedPaper.TEMPORARY_CARD) else None
    return Filing(
        transaction_id=question.transaction_id,
        number=number,
        terminal=terminal,
        region=region,
        social_security_number=question.social_security_number,
        identified_by=question.identified_by.value,
        matter_key=matter_key(question.matter),
        matter=written(question.matter),
        state=(FilingState.DONE if isinstance(question.matter, Paper) else FilingState.RECEIVED).value,
        filed_at=now_ms,
        changed_at=now_ms,
        valid_until=None if months is None else last_day(_day_of(now_ms), months).isoformat(),
        rests_on=rests_on,
        place="",
        note="",
    )


def _day_of(moment_ms: int) -> date:
    return datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(CHINA).date()


def last_day(first: date, months: int) -> date:
    """The last day of a term of whole months that begins on ``first``: the day before its like, or a month's last."""
    years, month = divmod(first.month - 1 + months, 12)
    year, month = first.year + years, month + 1
    after = date(year + month // 12, month % 12 + 1, 1)
    longest = (after - timedelta(days=1)).day
    if first.day > longest:
        return date(year, month, longest)
    return date(year, month, first.day) - timedelta(days=1)
