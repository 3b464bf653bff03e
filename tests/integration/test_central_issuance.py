"""A new card while one waits: reserved once, switched in one step; before that all is as it was, then a card is due."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, TypeVar

import msgspec
import pytest
import requests
from cryptography.exceptions import InvalidSignature
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from central.app import issuance_desk
from central.card_keys import Algorithm
from central.card_states import Cause, activate, cancel
from central.command_line import main
from central.exchange import Asker
from central.issuance import CaseOutcome, IssuanceDesk, _years_later
from central.region_rules import InstantRule, RegionRule, RegionRules, load_region_rules
from central.replacement_orders import OrderRefused
from central.tables import Alarm, Card, CardNumberSeries, CentrePin, Fee, Holder, Issuance, ReplacementOrder
from kiosk.records.card import card_number_check_character
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AbandonIssuance,
    AbandonVerdict,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankFate,
    BlankPurpose,
    BlankRegistered,
    BlankVerdict,
    CardOrder,
    CardsSwitched,
    CommitIssuance,
    FeeOrdered,
    FeeStanding,
    FeeState,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceReserved,
    IssuanceStage,
    IssuanceStanding,
    IssuanceToken,
    IssuanceVerdict,
    NewCardFate,
    OrderFee,
    RegisterBlank,
    ReplacementReason,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
    SwitchVerdict,
    token_bytes,
)
from kiosk.records.questions import LiftVerdict, LossVerdict
from tests.centre import REGION_RULES, EnrolledTerminal, Refusal, RunningCentre
from tests.integration.test_central_card_sessions import Asked
from tests.integration.test_central_formal_loss import a_formal_report, formally, order_a_new_card
from tests.integration.test_central_loss_reports import (
    BEIJING,
    DAY,
    HOUR,
    LOST_YUNLING,
    LOST_YUNLING_KEY,
    NAMES,
    NOW,
    YUNLING,
    Person,
    a_report,
    ask,
    declined,
    events,
    lift,
    row,
    state,
)
from tests.integration.test_central_replacement_orders import withdraw

MINUTE = 60_000
BLANK = "990100D1560000050000000000007001"
OTHER_BLANK = "990100D1560000050000000000007002"
A = TypeVar("A", bound=msgspec.Struct)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest) -> RunningCentre:
    """A freshly seeded centre over either database, whose clock stands still at NOW."""
    running: RunningCentre = request.getfixturevalue(
        "sqlite_centre" if request.param == "sqlite" else "postgres_centre"
    )
    running.reset(at_ms=NOW)
    return running


@pytest.fixture
def yunling(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol("yl-0001", "yunling")


@dataclass
class Job:
    """One issuance as a terminal goes through it."""

    centre: RunningCentre
    terminal: EnrolledTerminal
    person: Person
    reason: ReplacementReason = ReplacementReason.DAMAGED
    blank: str = BLANK
    transaction_id: str = ""

    def __post_init__(self) -> None:
        self.transaction_id = self.transaction_id or os.urandom(16).hex()

    def ask(self, path: str, question: msgspec.Struct, kind: type[A]) -> A:
        return self.centre.ask(self.terminal, f"/v1/issuances{path}", question, kind)

    def reserve(self, **other: Any) -> IssuanceReserved:
        return self.ask(
            "", a_reservation(self.person, self.transaction_id, reason=self.reason, **other), IssuanceReserved
        )

    def order_fee(self) -> FeeOrdered:
        return self.ask("/fee-order", OrderFee(transaction_id=self.transaction_id), FeeOrdered)

    def fee(self) -> FeeStanding:
        return self.ask("/fee", AskFee(transaction_id=self.transaction_id), FeeState).standing

    def token(self) -> IssuanceToken:
        return self.ask("/token", RequestToken(transaction_id=self.transaction_id), IssuanceToken)

    def register(self, blank: str = "") -> BlankVerdict:
        question = RegisterBlank(
            transaction_id=self.transaction_id, identification_code=blank or self.blank, bank_account="****7001"
        )
        return self.ask("/blank", question, BlankRegistered).verdict

    def authenticate(self, challenge: bytes = bytes(16)) -> bytes:
        question = AuthenticateBlank(transaction_id=self.transaction_id, challenge=challenge)
        return self.ask("/blank-authentication", question, BlankAuthenticated).cryptogram

    def opens(self, challenge: bytes = bytes(16)) -> bytes:
        """The answer that opens the written chip to be read back."""
        question = AuthenticateBlank(
            transaction_id=self.transaction_id, challenge=challenge, purpose=BlankPurpose.READING_BACK
        )
        return self.ask("/blank-authentication", question, BlankAuthenticated).cryptogram

    def switch(self, *, kept: bool = True, blank: str = "") -> CardsSwitched:
        question = SwitchCards(
            transaction_id=self.transaction_id, identification_code=blank or self.blank, old_card_kept=kept
        )
        return self.ask("/switch", question, CardsSwitched)

    def commit(self, fate: NewCardFate = NewCardFate.TAKEN) -> IssuanceCommitted:
        return self.ask("/commit", CommitIssuance(transaction_id=self.transaction_id, fate=fate), IssuanceCommitted)

    def abandon(self, why: AbandonedWhy = AbandonedWhy.CITIZEN) -> AbandonVerdict:
        question = AbandonIssuance(transaction_id=self.transaction_id, why=why, blank=BlankFate.NOT_FED)
        return self.ask("/abandon", question, IssuanceAbandoned).verdict

    def standing(self) -> IssuanceStanding:
        return self.ask("/standing", AskIssuance(transaction_id=self.transaction_id), IssuanceStanding)

    def paid(self) -> "Job":
        self.reserve()
        self.centre.till.pay(self.order_fee().code_url)
        assert self.fee() is FeeStanding.PAID
        return self

    def made(self) -> "Job":
        self.paid()
        self.token()
        assert self.register() is BlankVerdict.REGISTERED
        self.authenticate()
        return self

    def switched(self) -> "Job":
        self.made()
        assert self.switch().verdict is SwitchVerdict.SWITCHED
        return self


def a_reservation(person: Person, transaction_id: str, **other: Any) -> ReserveIssuance:
    values: dict[str, Any] = {
        "region": "yunling",
        "social_security_number": person[2],
        "name": NAMES[person],
        "identified_by": IdentifiedBy.ID_CARD,
    }
    return ReserveIssuance(transaction_id=transaction_id, **(values | other))


def later(centre: RunningCentre, by_ms: int) -> None:
    centre.clock.held_ms = (centre.clock.held_ms or NOW) + by_ms


def kept(centre: RunningCentre, job: Job) -> Issuance:
    with centre.database.reading() as session:
        return session.get_one(Issuance, job.transaction_id)


def fee_of(centre: RunningCentre, job: Job) -> Fee:
    with centre.database.reading() as session:
        return session.get_one(Fee, job.transaction_id)


def a_desk(centre: RunningCentre, rules: RegionRules | None = None) -> IssuanceDesk:
    """The desk without a line before it."""
    known = rules or load_region_rules(REGION_RULES)
    return issuance_desk(centre.settings, centre.database, centre.keys, known, centre.clock, centre.provider)


def test_the_whole_way(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    reserved = job.reserve()
    assert (reserved.verdict, reserved.fee_fen, reserved.expires_at_ms) == (
        IssuanceVerdict.RESERVED, 2000, NOW + 15 * MINUTE,
    )  # fmt: skip
    # 1 800 000 000 s is 2027-01-15 16:00 in China.
    number = "N99" + "00001"
    assert reserved.order == CardOrder(
        name="云示例", social_security_number=YUNLING[2], sex="1", ethnic_group="01", birthplace="990100",
        birth_date="1987-01-05", card_number=number + card_number_check_character(number), issued_on="2027-01-15",
        expires_on="2035-01-15", card_class="1", norm_version="3.00", region_code="990100", bank="云岭银行",
    )  # fmt: skip
    assert declined(job.token) == (409, "fee_open")
    ordered = job.order_fee()
    assert (ordered.fee_fen, ordered.expires_at_ms) == (2000, NOW + 5 * MINUTE)
    assert job.fee() is FeeStanding.PENDING
    centre.till.pay(ordered.code_url)
    assert job.fee() is FeeStanding.PAID
    token = job.token()
    assert (token.job_id, token.terminal, token.expires_at_ms) == (job.transaction_id, "yl-0001", NOW + 2 * MINUTE)
    heading = b"card-terminal issuance token v1\n" + f"{job.transaction_id}\nyl-0001\n{NOW + 2 * MINUTE}".encode()
    assert token_bytes(token.job_id, token.terminal, token.expires_at_ms) == heading
    centre.signing_key.verify(token.signature, heading)
    with pytest.raises(InvalidSignature):
        centre.signing_key.verify(token.signature, heading.replace(b"yl-0001", b"yl-0002"))
    assert job.register() is BlankVerdict.REGISTERED
    # openssl enc -sm4-ecb: key 03 of the test keys, diversified by the blank's code, over sixteen zero bytes.
    assert job.authenticate().hex().upper() == "8528D9A58D4EA0BAC7CE5D84DCB23CD2"
    assert state(centre, YUNLING) == "1"
    switched = job.switch()
    assert switched == CardsSwitched(verdict=SwitchVerdict.SWITCHED, switched_at_ms=NOW)
    assert events(centre, YUNLING) == [("replacement_accepted", NOW, "1", "1"), ("replaced", NOW, "1", "9")]
    assert events(centre, (BLANK, "", "")) == [("activated", NOW, "0", "1")]
    with centre.database.reading() as session:
        new = session.get_one(Card, BLANK)
        order = session.get_one(ReplacementOrder, job.transaction_id)
        assert session.get_one(Card, YUNLING[0]).replaced_by == order.issued == BLANK
        assert (new.card_number, new.bank, new.bank_account) == (reserved.order.card_number, "云岭银行", "****7001")
        assert (new.bank_side_active, new.region, order.ended_at) == (False, "yunling", NOW)
    assert job.commit() == IssuanceCommitted(stage=IssuanceStage.COMMITTED)
    assert job.standing().stage is IssuanceStage.COMMITTED
    done = row(centre, job.transaction_id)
    assert (done["service"], done["switched_at"], done["identification_code"]) == ("card_replacement", NOW, YUNLING[0])
    assert repr(reserved) == "<IssuanceReserved reserved>"
    assert "云示例" not in f"{reserved.order!r} {a_reservation(YUNLING, '0' * 32, reason=job.reason)!r}"


def test_every_question_comes_twice(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    """The answer was lost: the same again, and nothing done twice."""
    job = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST)
    assert job.reserve() == job.reserve()
    assert job.order_fee() == job.order_fee()
    centre.till.pay(job.order_fee().code_url)
    assert job.fee() is job.fee()
    later(centre, MINUTE)
    first = job.token()
    later(centre, MINUTE)
    assert job.token() == first
    assert job.register() is job.register()
    assert job.token() == first
    assert job.authenticate() == job.authenticate()
    once = job.switch(kept=False)
    later(centre, MINUTE)
    assert job.switch(kept=False) == once
    assert job.commit() == job.commit()
    assert [name for name, *_ in events(centre, LOST_YUNLING)] == [
        "replacement_accepted", "formally_reported", "replaced",
    ]  # fmt: skip
    assert len(centre.till.orders) == 1
    assert row(centre, job.transaction_id)["effects"] == 2
    later(centre, DAY)
    assert job.reserve().expires_at_ms == NOW + 15 * MINUTE
    assert job.switch(kept=False) == once


# --- who gets none


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({"name": "别人"}, IssuanceVerdict.UNKNOWN),
        ({"social_security_number": "990100198701059999"}, IssuanceVerdict.UNKNOWN),
        ({"identified_by": IdentifiedBy.TYPED}, IssuanceVerdict.ID_CARD_WANTED),
        ({"reason": ReplacementReason.LOST, "identified_by": IdentifiedBy.CARD}, IssuanceVerdict.ID_CARD_WANTED),
        ({"identification_code": LOST_YUNLING[0]}, IssuanceVerdict.ANOTHER_CARD),
    ],
)
def test_who_gets_none(
    centre: RunningCentre, yunling: EnrolledTerminal, other: dict[str, Any], verdict: IssuanceVerdict
) -> None:
    question = a_reservation(YUNLING, os.urandom(16).hex(), **({"reason": ReplacementReason.DAMAGED} | other))
    assert centre.ask(yunling, "/v1/issuances", question, IssuanceReserved) == IssuanceReserved(verdict=verdict)
    assert events(centre, YUNLING) == []


def test_a_region_opens_it_and_a_terminal_is_not_trusted_alone(centre: RunningCentre) -> None:
    beijing = centre.enrol("bj-0001", "beijing")
    job = Job(centre, beijing, BEIJING)
    assert job.reserve(region="beijing").verdict is IssuanceVerdict.NOT_OPEN
    assert declined(lambda: Job(centre, beijing, YUNLING).reserve(region="yunling")) == (400, "malformed")


def test_a_reason_that_the_region_does_not_name(centre: RunningCentre) -> None:
    zhumadian = centre.enrol("zmd-0001", "zhumadian")
    person = ("411700D1560000050000000000001001", "T41170015", "411700198504121036")
    job = Job(centre, zhumadian, person, ReplacementReason.RENEWED)
    assert job.reserve(region="zhumadian").verdict is IssuanceVerdict.NOT_OPEN
    assert Job(centre, zhumadian, person).reserve(region="zhumadian").fee_fen == 1600


def test_a_card_that_is_reported_lost_is_replaced_as_lost_only(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    assert Job(centre, yunling, LOST_YUNLING).reserve().verdict is IssuanceVerdict.REPORTED_LOST
    formally(centre, yunling, a_formal_report(LOST_YUNLING))
    assert Job(centre, yunling, LOST_YUNLING).reserve().verdict is IssuanceVerdict.REPORTED_LOST
    assert Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).reserve().verdict is IssuanceVerdict.RESERVED


def test_a_lost_card_that_nobody_reported_is_so_with_the_switch(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    job = Job(centre, yunling, YUNLING, ReplacementReason.LOST).made()
    assert job.switch(kept=False).verdict is SwitchVerdict.SWITCHED
    assert events(centre, YUNLING)[1:] == [("formally_reported", NOW, "1", "2"), ("replaced", NOW, "2", "9")]


def test_a_child_comes_with_its_guardian(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    number = "990100201501059017"
    with centre.database.writing() as session:
        session.add(
            Holder(social_security_number=number, name="云小", sex="1", birth_date="2015-01-05", person_state="1")
        )
    question = a_reservation(
        YUNLING, os.urandom(16).hex(), reason=ReplacementReason.LOST, social_security_number=number, name="云小"
    )
    answer = centre.ask(yunling, "/v1/issuances", question, IssuanceReserved)
    assert answer.verdict is IssuanceVerdict.NEEDS_GUARDIAN


@pytest.mark.parametrize("lacking", ["ethnic_group", "birthplace"])
def test_what_the_chip_must_carry_is_known_before_anybody_pays(
    centre: RunningCentre, yunling: EnrolledTerminal, lacking: str
) -> None:
    with centre.database.writing() as session:
        setattr(session.get_one(Holder, YUNLING[2]), lacking, None)
    assert Job(centre, yunling, YUNLING).reserve().verdict is IssuanceVerdict.INCOMPLETE
    assert events(centre, YUNLING) == []


def test_a_blank_of_an_older_norm_is_asked_by_its_own_key(centre: RunningCentre) -> None:
    # openssl enc -des-ede-ecb, the same with eight.
    answer = centre.keys.cards.personalisation_cryptogram(Algorithm.TRIPLE_DES, BLANK, bytes(8))
    assert answer.hex().upper() == "CA4DFE49DB64708B"


def test_who_has_no_card_has_none_to_replace(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    number = "990100199001059018"
    with centre.database.writing() as session:
        session.add(
            Holder(social_security_number=number, name="云无", sex="1", birth_date="1990-01-05", person_state="1")
        )
    question = a_reservation(
        YUNLING, os.urandom(16).hex(), reason=ReplacementReason.LOST, social_security_number=number, name="云无"
    )
    answer = centre.ask(yunling, "/v1/issuances", question, IssuanceReserved)
    assert answer.verdict is IssuanceVerdict.NO_CARD


def test_what_costs_nothing_needs_no_fee(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING, ReplacementReason.OTHER)
    assert job.reserve().fee_fen == 0
    assert declined(job.order_fee) == (400, "malformed")
    assert job.fee() is FeeStanding.FREE
    job.token()
    job.register()
    job.authenticate()
    assert job.switch().verdict is SwitchVerdict.SWITCHED
    assert centre.till.orders == {}


def test_the_first_card_may_be_free() -> None:
    rule = InstantRule(
        reasons=(ReplacementReason.LOST, ReplacementReason.OTHER), fee_fen=1600, first_free=True,
        free_reasons=(ReplacementReason.OTHER,), card_number_prefix="N", region_code="990100", collection_place="-",
    )  # fmt: skip
    assert [rule.costs(ReplacementReason.LOST, before) for before in (0, 1, 2)] == [0, 1600, 1600]
    assert rule.costs(ReplacementReason.OTHER, 2) == 0


def test_without_anybody_who_takes_money_nothing_that_costs_is_made(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    settings, rules = centre.settings, load_region_rules(REGION_RULES)
    desk = issuance_desk(settings, centre.database, centre.keys, rules, centre.clock)
    asker = Asker(yunling.id, yunling.key.public_key())
    question = a_reservation(YUNLING, os.urandom(16).hex(), reason=ReplacementReason.DAMAGED)
    assert desk.reserve(asker, question).verdict is IssuanceVerdict.NO_PAYMENT
    free = a_reservation(YUNLING, os.urandom(16).hex(), reason=ReplacementReason.OTHER)
    assert desk.reserve(asker, free).verdict is IssuanceVerdict.RESERVED


# --- one at a time


def test_one_at_a_time_wherever_they_ask(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    other = centre.enrol("yl-0002", "yunling")
    first = Job(centre, yunling, YUNLING)
    assert first.reserve().verdict is IssuanceVerdict.RESERVED
    second = Job(centre, other, YUNLING)
    assert second.reserve().verdict is IssuanceVerdict.RUNNING
    assert declined(Job(centre, other, YUNLING, transaction_id=first.transaction_id).reserve) == (400, "malformed")
    assert declined(Job(centre, other, YUNLING, transaction_id=first.transaction_id).token) == (404, "unknown_issuance")
    later(centre, 15 * MINUTE)
    assert second.reserve().verdict is IssuanceVerdict.RESERVED, "the first one's time is over"
    assert declined(first.order_fee) == (409, "issuance_state")


def test_an_order_of_a_window_stands_in_the_way_and_is_not_withdrawn_under_a_terminal(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    order_a_new_card(centre, YUNLING)
    job = Job(centre, yunling, YUNLING)
    assert job.reserve().verdict is IssuanceVerdict.RUNNING
    withdraw(centre, YUNLING)
    assert job.reserve().verdict is IssuanceVerdict.RESERVED
    with pytest.raises(OrderRefused):
        withdraw(centre, YUNLING)


def test_the_same_id_asks_for_the_same(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    job.reason = ReplacementReason.RENEWED
    assert declined(job.reserve) == (400, "malformed")
    reported = a_formal_report(LOST_YUNLING)
    formally(centre, yunling, reported)
    used = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST, transaction_id=reported.transaction_id)
    assert declined(used.reserve) == (400, "malformed")


@pytest.mark.parametrize("column", ["social_security_number", "old_card", "blank", "card_number"])
def test_the_tables_themselves_let_nobody_have_two(
    centre: RunningCentre, yunling: EnrolledTerminal, column: str
) -> None:
    one, two = Job(centre, yunling, YUNLING).made(), Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST)
    two.reserve()
    value = getattr(kept(centre, one), column)
    with pytest.raises(IntegrityError), centre.database.writing() as session:
        session.execute(update(Issuance).where(Issuance.transaction_id == two.transaction_id).values({column: value}))


def test_many_terminals_at_once(centre: RunningCentre) -> None:
    terminals = [centre.enrol(f"yl-{number:04}", "yunling") for number in range(1, 7)]
    jobs = [Job(centre, one, YUNLING, blank=f"990100D15600000500000000000080{number:02}")
            for number, one in enumerate(terminals)]  # fmt: skip
    together = threading.Barrier(len(jobs))

    def at_once(job: Job) -> IssuanceVerdict:
        asker = Asker(job.terminal.id, job.terminal.key.public_key())
        question = a_reservation(YUNLING, job.transaction_id, reason=job.reason)
        desk = a_desk(centre)
        together.wait()
        try:
            return desk.reserve(asker, question).verdict
        except IntegrityError:
            return IssuanceVerdict.RUNNING  # answered busy, and RUNNING when asked again

    with ThreadPoolExecutor(len(jobs)) as pool:
        verdicts = list(pool.map(at_once, jobs))
    assert sorted(verdict.value for verdict in verdicts) == ["reserved", *["running"] * 5]
    winner = jobs[verdicts.index(IssuanceVerdict.RESERVED)]
    centre.till.pay(winner.order_fee().code_url)
    winner.fee()
    winner.token()
    winner.register()
    winner.authenticate()
    switches, abandons = at_the_same_time([*[winner.switch] * 4, *[winner.abandon] * 4], 4)
    words = {one.verdict for one in switches if one is not None}
    if AbandonVerdict.ABANDONED in abandons:
        assert words == set()
        assert state(centre, YUNLING) == "1"
        assert winner.fee() is FeeStanding.REFUNDED
    else:
        assert words == {SwitchVerdict.SWITCHED}
        assert state(centre, YUNLING) == "9"
        assert [name for name, *_ in events(centre, YUNLING)] == ["replacement_accepted", "replaced"]
    with centre.database.reading() as session:
        theirs = session.scalars(select(Card.state).where(Card.social_security_number == YUNLING[2])).all()
    assert theirs.count("1") == 1


def at_the_same_time(calls: Sequence[Callable[[], Any]], first: int) -> tuple[list[Any], list[Any]]:
    """What became of the first so many calls and of the others; None where they were declined."""
    together = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        together.wait()
        try:
            return call()
        except Refusal:
            return None

    with ThreadPoolExecutor(len(calls)) as pool:
        came = list(pool.map(one, calls))
    return came[:first], came[first:]


# --- a blank


def test_a_blank_is_nobodys_card_and_nobodys_blank(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    first = Job(centre, yunling, YUNLING).paid()
    assert declined(first.register) == (409, "issuance_state"), "no token, no blank"
    first.token()
    assert first.register(LOST_YUNLING[0]) is BlankVerdict.KNOWN_CARD
    assert declined(first.authenticate) == (409, "issuance_state")
    assert first.register() is BlankVerdict.REGISTERED
    assert first.register(OTHER_BLANK) is BlankVerdict.ANOTHER_BLANK
    second = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).paid()
    second.token()
    assert second.register() is BlankVerdict.USED_BLANK
    first.authenticate()
    first.abandon(AbandonedWhy.BLANK)
    assert second.register() is BlankVerdict.USED_BLANK, "what was fed once is never fed again"
    assert second.register(OTHER_BLANK) is BlankVerdict.REGISTERED


def test_a_challenge_is_the_blanks_own(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING).paid()
    job.token()
    job.register()
    for length in (0, 8, 15, 17):
        assert declined(partial(job.authenticate, bytes(length))) == (400, "malformed")
    assert declined(job.opens) == (409, "issuance_state"), "nothing is written on it yet"
    assert job.authenticate(bytes(16)) != job.authenticate(b"\1" * 16)


def test_what_was_written_is_opened_to_be_read_back_and_not_to_be_written_again(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    job = Job(centre, yunling, YUNLING).paid()
    job.token()
    job.register()
    job.authenticate()
    # openssl enc -sm4-ecb: key 02 of the test keys, diversified by the blank's code, over sixteen zero bytes.
    assert job.opens().hex().upper() == "DA4910EF47F7CC0ED6E08AEE4D6CC24C"
    assert job.opens() == job.opens()
    job.switch()
    assert declined(job.opens) == (409, "issuance_state")


def test_only_what_was_made_takes_the_old_cards_place(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING).paid()
    assert declined(job.switch) == (409, "issuance_state")
    job.token()
    assert declined(job.switch) == (409, "issuance_state")
    job.register()
    assert declined(job.switch) == (409, "issuance_state")
    job.authenticate()
    assert declined(lambda: job.switch(blank=OTHER_BLANK)) == (400, "malformed")
    assert declined(lambda: job.switch(kept=False)) == (400, "malformed")
    assert state(centre, YUNLING) == "1"
    assert job.switch().verdict is SwitchVerdict.SWITCHED


# --- before the switch and after


def test_abandoned_the_old_card_is_what_it_was(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).made()
    answer = ask(centre, yunling, a_report(LOST_YUNLING, "yunling"))
    assert answer.verdict is LossVerdict.REPLACEMENT_RUNNING
    later(centre, MINUTE)
    assert job.abandon(AbandonedWhy.DEVICE) is AbandonVerdict.ABANDONED
    assert job.abandon(AbandonedWhy.DEVICE) is AbandonVerdict.ABANDONED
    answer = ask(centre, yunling, a_report(LOST_YUNLING, "yunling"))
    # Reported twelve hours ago for three days, as if nobody had asked for a new card.
    assert (answer.verdict, answer.lapses_at_ms) == (LossVerdict.ALREADY_REPORTED, NOW - 12 * HOUR + 3 * DAY)
    assert lift(Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY).proved()).verdict is LiftVerdict.LIFTED
    assert job.fee() is FeeStanding.REFUNDED
    assert [one.refunded_fen for one in centre.till.orders.values()] == [2000]
    for step in (job.token, job.register, job.authenticate, job.switch, job.commit):
        assert declined(step) == (409, "issuance_state")
    last = kept(centre, job)
    assert (last.why, last.blank_fate, last.stage) == ("device", "not_fed", "abandoned")
    with centre.database.reading() as session:
        assert session.get(Card, BLANK) is None


def test_after_the_switch_nothing_is_abandoned(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING).switched()
    assert job.abandon() is AbandonVerdict.SWITCHED
    assert job.standing().stage is IssuanceStage.SWITCHED
    assert job.fee() is FeeStanding.PAID
    assert job.commit(NewCardFate.RETAINED) == IssuanceCommitted(stage=IssuanceStage.OPEN_CASE, place="云岭服务大厅")
    assert job.commit(NewCardFate.RETAINED) == job.commit(NewCardFate.UNKNOWN)
    assert declined(job.commit) == (409, "issuance_state"), "it lies in the terminal"
    again = Job(centre, yunling, YUNLING)
    assert again.reserve() == IssuanceReserved(verdict=IssuanceVerdict.WAITS, place="云岭服务大厅")


def test_nothing_runs_out_after_the_switch(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING).switched()
    later(centre, 15 * MINUTE)
    a_desk(centre).sweep()
    standing = job.standing()
    assert (standing.stage, standing.place) == (IssuanceStage.OPEN_CASE, "云岭服务大厅")
    assert (kept(centre, job).why, state(centre, YUNLING), state(centre, (BLANK, "", ""))) == ("no_word", "9", "1")
    assert job.commit() == IssuanceCommitted(stage=IssuanceStage.COMMITTED), "the word came late, and is good"


def test_each_step_gives_time_anew_and_no_step_ends_it(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    ordered = job.order_fee()
    later(centre, 4 * MINUTE)
    centre.till.pay(ordered.code_url)
    later(centre, 10 * MINUTE)
    assert job.fee() is FeeStanding.PAID, "the code was over, the issuance was not: honoured"
    later(centre, 14 * MINUTE)
    job.token()
    later(centre, 14 * MINUTE)
    job.register()
    later(centre, 15 * MINUTE)
    assert declined(job.authenticate) == (409, "issuance_state")
    assert events(centre, YUNLING)[-1][0] == "replacement_withdrawn"
    assert (job.fee(), job.fee()) == (FeeStanding.REFUND_PENDING, FeeStanding.REFUNDED)
    last = kept(centre, job)
    assert (last.why, last.blank_fate) == ("time", "unknown")


def test_the_new_card_may_have_to_be_started_elsewhere(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    known = load_region_rules(REGION_RULES).of("yunling")
    assert known.instant is not None
    sealed = msgspec.structs.replace(known.instant, sealed=True, fee_fen=0)
    rules = RegionRules({"yunling": msgspec.structs.replace(known, instant=sealed)})
    desk, asker = a_desk(centre, rules), Asker(yunling.id, yunling.key.public_key())
    job = Job(centre, yunling, YUNLING)
    desk.reserve(asker, a_reservation(YUNLING, job.transaction_id, reason=job.reason))
    job.token()
    job.register()
    job.authenticate()
    question = SwitchCards(transaction_id=job.transaction_id, identification_code=BLANK, old_card_kept=True)
    assert desk.switch(asker, question).sealed
    assert state(centre, (BLANK, "", "")) == "0"
    assert job.standing().sealed


def test_the_pin_goes_over_where_the_centre_holds_it(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    with centre.database.writing() as session:
        session.execute(delete(CentrePin).where(CentrePin.identification_code == YUNLING[0]))
        session.add(
            CentrePin(
                identification_code=YUNLING[0], salt=b"salt", hash=b"hash", initial=False, tries_left=3, changed_at=7
            )
        )
    Job(centre, yunling, YUNLING).switched()
    with centre.database.reading() as session:
        pin = session.get_one(CentrePin, BLANK)
        assert (pin.salt, pin.hash, pin.initial, pin.tries_left, pin.changed_at) == (b"salt", b"hash", False, 3, 7)


def test_an_office_that_ends_the_old_card_meanwhile_ends_it_all(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    job = Job(centre, yunling, YUNLING).made()
    with centre.database.writing() as session:
        session.add(cancel(session.get_one(Card, YUNLING[0]), NOW, Cause()))
    assert job.switch().verdict is SwitchVerdict.CANCELLED
    assert job.abandon(AbandonedWhy.REFUSED) is AbandonVerdict.ABANDONED
    assert job.fee() is FeeStanding.REFUNDED
    assert (state(centre, YUNLING), kept(centre, job).stage) == ("9", "abandoned")


def test_a_card_that_was_started_meanwhile_stands_in_the_way(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    formally(centre, yunling, a_formal_report(LOST_YUNLING))
    job = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).made()
    with centre.database.writing() as session:
        old = session.get_one(Card, LOST_YUNLING[0])
        other = Card(
            identification_code=OTHER_BLANK, card_number="T99019991", social_security_number=LOST_YUNLING[2],
            region="beijing", norm_version="2.00", state="0", bank="", bank_account="", bank_side_active=False,
        )  # fmt: skip
        session.add(other)
        session.flush()
        session.add(activate(other, [old], NOW, Cause()))
    assert job.switch(kept=False).verdict is SwitchVerdict.ANOTHER_CARD
    assert state(centre, LOST_YUNLING) == "2"
    assert job.abandon() is AbandonVerdict.ABANDONED
    assert Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).reserve().verdict is IssuanceVerdict.ANOTHER_CARD


# --- money


def test_paid_after_it_was_over_goes_back(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    ordered = job.order_fee()
    centre.provider.absent = True  # nobody can be asked, or told to close it
    assert job.abandon(AbandonedWhy.FEE) is AbandonVerdict.ABANDONED
    assert job.fee() is FeeStanding.PENDING
    centre.till.pay(ordered.code_url)
    centre.provider.absent = False
    a_desk(centre).sweep()
    assert job.fee() is FeeStanding.REFUNDED
    assert (fee_of(centre, job).paid_fen, centre.till.orders[job.transaction_id].refunded_fen) == (2000, 2000)


def test_a_payment_that_comes_through_after_the_order_was_closed_goes_back(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    job.order_fee()
    job.abandon(AbandonedWhy.FEE)
    assert job.fee() is FeeStanding.CLOSED
    centre.till.come_through(job.transaction_id)
    later(centre, DAY - MINUTE)
    a_desk(centre).sweep()
    a_desk(centre).sweep()
    assert centre.till.orders[job.transaction_id].refunded_fen == 2000
    assert fee_of(centre, job).state == "refunded"


def test_what_a_provider_says_is_asked_for_again(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    ordered = job.order_fee()
    assert notify(centre, job.transaction_id) == 204
    assert fee_of(centre, job).state == "pending", "a word alone pays nothing"
    centre.till.pay(ordered.code_url)
    assert notify(centre, "0" * 32) == 401
    centre.provider.absent = True
    assert notify(centre, job.transaction_id) == 503
    centre.provider.absent = False
    assert notify(centre, job.transaction_id) == 204
    assert fee_of(centre, job).state == "paid"
    assert notify(centre, "x" * 70_000) == 413


def notify(centre: RunningCentre, number: str) -> int:
    with requests.Session() as line:
        line.trust_env, line.verify = False, str(centre.ca_file)
        return line.post(f"{centre.url}/v1/payment-notifications", data=number, timeout=10).status_code


@pytest.mark.parametrize("amount_fen", [1, 1999, 2001])
def test_another_amount_is_not_the_fee(centre: RunningCentre, yunling: EnrolledTerminal, amount_fen: int) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    centre.till.pay(job.order_fee().code_url, amount_fen)
    assert job.fee() is FeeStanding.REFUND_PENDING
    assert declined(job.token) == (409, "fee_open")
    assert job.fee() is FeeStanding.REFUNDED
    assert centre.till.orders[job.transaction_id].refunded_fen == amount_fen
    assert fee_of(centre, job).trouble == "amount"
    with centre.database.reading() as session:
        assert [one.kind for one in session.scalars(select(Alarm))] == ["wrong_amount"]


def test_a_refund_is_asked_for_until_it_is_done_and_moves_money_once(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    job = Job(centre, yunling, YUNLING).paid()
    centre.provider.answers_lost = 1
    job.abandon()
    assert fee_of(centre, job).state == "refund_pending"
    centre.till.refunds_stick = True
    for _ in range(4):
        a_desk(centre).sweep()
    order = centre.till.orders[job.transaction_id]
    assert (order.refunded_fen, len(order.refunds)) == (2000, 1)
    assert list(order.refunds) == [f"R{job.transaction_id}"]
    assert fee_of(centre, job).state == "refunded"


def test_a_refund_that_is_stuck_is_for_staff(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING).paid()
    centre.till.refunds_stick = True
    job.abandon()
    assert job.fee() is FeeStanding.REFUND_PENDING
    (shown,) = overview(centre)
    assert (shown["stage"], shown["fee"], shown["trouble"]) == ("abandoned", "refund_pending", "refund")
    next(iter(centre.till.orders[job.transaction_id].refunds.values())).state = "SUCCESS"
    assert job.fee() is FeeStanding.REFUNDED
    assert overview(centre) == []


def test_a_provider_that_does_not_answer_takes_no_order(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    centre.provider.absent = True
    assert declined(job.order_fee) == (503, "busy")
    centre.provider.absent, centre.provider.answers_lost = False, 1
    assert declined(job.order_fee) == (503, "busy")
    assert job.order_fee().code_url == centre.till.orders[job.transaction_id].code_url
    assert len(centre.till.orders) == 1


@pytest.mark.parametrize("nth", range(4))
def test_whoever_comes_first_the_money_is_in_one_place(
    centre: RunningCentre, yunling: EnrolledTerminal, nth: int
) -> None:
    """Paying, polling, giving up, a notification and two sweeps, all at once."""
    job = Job(centre, yunling, YUNLING)
    job.reserve()
    code_url = job.order_fee().code_url
    centre.till.pay(code_url)
    desk, asker = a_desk(centre), Asker(yunling.id, yunling.key.public_key())
    number = job.transaction_id
    gone = AbandonIssuance(transaction_id=number, why=AbandonedWhy.CITIZEN, blank=BlankFate.NOT_FED)
    calls: list[Callable[[], Any]] = [
        partial(desk.fee, asker, AskFee(transaction_id=number)),
        partial(desk.abandon, asker, gone),
        partial(desk.fees.notified, {}, number.encode()),
        desk.sweep,
        desk.sweep,
        partial(desk.fee, asker, AskFee(transaction_id=number)),
    ]
    at_the_same_time([*calls[nth:], *calls[:nth]], 0)
    for _ in range(2):
        desk.sweep()
    order = centre.till.orders[number]
    assert (len(order.refunds), order.refunded_fen, job.fee()) == (1, 2000, FeeStanding.REFUNDED)
    assert (kept(centre, job).stage, state(centre, YUNLING)) == ("abandoned", "1")


# --- staff


def overview(centre: RunningCentre) -> list[dict[str, Any]]:
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(centre.ca_file)
        shown: list[dict[str, Any]] = session.get(f"{centre.url}/overview.json", timeout=10).json()["issuances"]
        return shown


def test_staff_see_what_runs_and_what_is_open(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    first = Job(centre, yunling, YUNLING).switched()
    first.commit(NewCardFate.RETAINED)
    later(centre, MINUTE)
    second = Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST, OTHER_BLANK)
    second.reserve()
    case, running = overview(centre)
    assert (case["stage"], case["why"], case["place"], case["fee"]) == ("open_case", "retained", "云岭服务大厅", "paid")
    assert (case["id"], case["holder"]) == (first.transaction_id, "云*例")
    assert (running["stage"], running["fee"], running["terminal"]) == ("reserved", "", "yl-0001")


@pytest.mark.parametrize(("outcome", "card", "fee"), [("handed_out", "1", "paid"), ("destroyed", "9", "refunded")])
def test_staff_close_a_case(
    centre: RunningCentre, yunling: EnrolledTerminal, outcome: str, card: str, fee: str
) -> None:
    job = Job(centre, yunling, YUNLING).switched()
    job.commit(NewCardFate.UNKNOWN)
    desk = a_desk(centre)
    desk.close_case(job.transaction_id[:8], CaseOutcome(outcome))
    desk.sweep()
    assert (state(centre, (BLANK, "", "")), fee_of(centre, job).state) == (card, fee)
    assert job.commit(NewCardFate.UNKNOWN).stage is IssuanceStage.COMMITTED
    assert kept(centre, job).ended_at == NOW


def test_staff_commands(centre: RunningCentre, yunling: EnrolledTerminal, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(centre.settings.tls_key.parent / "centre.toml")
    job = Job(centre, yunling, YUNLING).switched()
    assert main(["issuance-close", place, job.transaction_id[:8], "handed_out"]) == 1
    assert "0 open cases" in capsys.readouterr().err
    job.commit(NewCardFate.RETAINED)
    assert main(["issuance-close", place, job.transaction_id[:8], "handed_out"]) == 0
    assert job.standing().stage is IssuanceStage.COMMITTED
    centre.reset()  # by the machine's clock, which the command goes by
    centre.register(yunling)
    over = Job(centre, yunling, YUNLING)
    over.reserve()
    with centre.database.writing() as session:
        session.execute(update(Issuance).values(expires_at=1))
    assert main(["settle-fees", place]) == 0
    assert capsys.readouterr().out == "1 issuances have run out, 0 fees are not at their end\n"


def test_numbers_skip_those_that_are_taken_and_end(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    first_eight = "N9900001"
    with centre.database.writing() as session:
        card = session.get_one(Card, LOST_YUNLING[0])
        card.card_number = first_eight + card_number_check_character(first_eight)
    order = Job(centre, yunling, YUNLING).reserve().order
    assert order is not None
    assert order.card_number == "N9900002" + card_number_check_character("N9900002")


def test_numbers_that_are_used_up_are_a_defect_and_none_comes_twice(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    with centre.database.writing() as session:
        session.add(CardNumberSeries(prefix="N99", last=99_998))
    order = Job(centre, yunling, YUNLING).reserve().order
    assert order is not None
    assert order.card_number == "N9999999" + card_number_check_character("N9999999")
    assert declined(Job(centre, yunling, LOST_YUNLING, ReplacementReason.LOST).reserve) == (500, "defect")


def test_a_card_of_29_february_ends_on_the_28th(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    centre.clock.held_ms = 1_835_366_400_000  # the first moment of 2028-02-29 in China
    order = Job(centre, yunling, YUNLING).reserve().order
    assert order is not None
    assert (order.issued_on, order.expires_on) == ("2028-02-29", "2036-02-29")
    assert _years_later(date(2028, 2, 29), 9) == date(2037, 2, 28)


def test_rules_without_instant_have_none() -> None:
    assert RegionRule().instant is None
