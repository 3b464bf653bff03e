"""The making of new cards against plain words: terminals that repeat, mix up and give up, people who pay late.

Nobody has two valid cards. Nobody has paid without a card, the money on its way back, or a case that staff see to.
Cards are switched once. The provider's own till and the cards' rows are the witnesses, never what the desk says.
"""

import contextlib
import itertools
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from central.app import issuance_desk
from central.card_states import Cause, NotAllowed, activate, cancel
from central.exchange import Asker
from central.issuance import CaseOutcome, CaseRefused
from central.loss_reports import LossDesk
from central.problems import Declined
from central.region_rules import load_region_rules
from central.tables import Card, CardEvent, Fee, Holder, Issuance
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AbandonIssuance,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankFate,
    CommitIssuance,
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
from kiosk.records.questions import ReportFormalLoss, ReportLoss
from simulators.payment import till
from tests.centre import REGION_RULES, RunningCentre
from tests.quick_folder import quick_folder

BEGIN, MINUTE = 1_800_000_000_000, 60_000
NAMES = {"990100198701059015": "云示例", "990100199409169027": "云挂失", "990100197503129031": "云三"}
PEOPLE = sorted(NAMES)
TERMINALS = 3
VALID = frozenset({"1", "3"})


class Asked:
    """One transaction id as the people at the counter know it."""

    def __init__(self, transaction_id: str, terminal: int, person: str, blank: str) -> None:
        self.id, self.terminal, self.person, self.blank = transaction_id, terminal, person, blank
        self.switched = False
        self.lost = False
        self.answers: dict[str, Any] = {}


class IssuanceMachine(RuleBasedStateMachine):
    """A centre, three terminals, two people, a provider that fails, a window."""

    place: Path
    centre: RunningCentre

    @classmethod
    def open(cls) -> None:
        cls.place = quick_folder("issuance-model-")
        cls.centre = RunningCentre(cls.place, seeded=False)

    @classmethod
    def close(cls) -> None:
        cls.centre.database.close()
        shutil.rmtree(cls.place)

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Asked] = []
        self.ids = (f"{number:032x}" for number in itertools.count(1))
        self.codes = (f"990100D15600000500000000{number:08X}" for number in itertools.count(1))

    @initialize()
    def begin(self) -> None:
        self.now = BEGIN
        centre = self.centre
        centre.reset(at_ms=BEGIN)
        rules = load_region_rules(REGION_RULES)
        with centre.database.writing() as session:
            for number, name in NAMES.items():
                session.add(
                    Holder(
                        social_security_number=number,
                        name=name,
                        sex="1",
                        birth_date="1987-01-05",
                        person_state="1",
                        ethnic_group="01",
                        birthplace="990100",
                    )
                )
        terminals = [centre.enrol(f"t-{number}", "yunling") for number in range(TERMINALS)]
        self.askers = [Asker(one.id, one.key.public_key()) for one in terminals]
        self.desk = issuance_desk(centre.settings, centre.database, centre.keys, rules, centre.clock, centre.provider)
        self.losses = LossDesk(centre.database, rules, centre.clock)
        for person in PEOPLE:
            self._make_card(person, "1")

    def _make_card(self, person: str, state: str) -> None:
        code = next(self.codes)
        with self.centre.database.writing() as session:
            session.add(
                Card(
                    identification_code=code, card_number=f"T{code[-8:]}", social_security_number=person,
                    region="yunling", norm_version="2.00", state=state, bank="", bank_account="",
                    bank_side_active=False,
                )
            )  # fmt: skip

    def _ask(self, job: Asked, what: str, call: Callable[[], Any]) -> Any:
        """What is answered once is answered the same ever after, until something else has ended it."""
        try:
            answer = call()
        except Declined:
            return None
        again = call()
        if what not in {"fee", "standing", "commit"}:
            assert again == answer
        job.answers[what] = answer
        return answer

    # --- time and the world

    @rule(minutes=st.sampled_from([1, 4, 14, 15, 60, 1430]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.centre.clock.held_ms = self.now

    @rule()
    def the_centre_sweeps(self) -> None:
        self.desk.sweep()

    @rule(way=st.sampled_from(["absent", "lost", "well", "well"]))
    def the_provider_has_its_day(self, way: str) -> None:
        self.centre.provider.absent = way == "absent"
        self.centre.provider.answers_lost = 2 if way == "lost" else 0

    @precondition(lambda self: self.centre.till.orders)
    @rule(number=st.integers(0, 9), late=st.booleans(), notified=st.booleans())
    def somebody_pays(self, number: int, late: bool, notified: bool) -> None:
        orders = list(self.centre.till.orders.values())
        order = orders[number % len(orders)]
        if order.state in {"SUCCESS", "REFUND"}:
            return
        if late:
            self.centre.till.come_through(order.number)
        else:
            try:
                self.centre.till.pay(order.code_url)
            except till.Declined:
                return
        if notified and not (self.centre.provider.absent or self.centre.provider.answers_lost):
            self.desk.fees.notified({}, order.number.encode())

    # --- terminals

    @rule(
        terminal=st.integers(0, TERMINALS - 1), person=st.sampled_from(PEOPLE),
        reason=st.sampled_from([ReplacementReason.LOST, ReplacementReason.DAMAGED, ReplacementReason.OTHER]),
    )  # fmt: skip
    def reserves(self, terminal: int, person: str, reason: ReplacementReason) -> None:
        question = ReserveIssuance(
            transaction_id=next(self.ids), region="yunling", social_security_number=person, name=NAMES[person],
            identified_by=IdentifiedBy.ID_CARD, reason=reason,
        )  # fmt: skip
        job = Asked(question.transaction_id, terminal, person, next(self.codes))
        job.lost = reason is ReplacementReason.LOST
        answer = self._ask(job, "reserve", lambda: self.desk.reserve(self.askers[terminal], question))
        if answer.verdict is IssuanceVerdict.RESERVED:
            self.jobs.append(job)

    def _one(self, number: int) -> Asked:
        return self.jobs[-1 - number % len(self.jobs)]

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2))
    def asks_for_the_fee(self, number: int) -> None:
        job = self._one(number)
        asker = self.askers[job.terminal]
        self._ask(job, "order", lambda: self.desk.order_fee(asker, OrderFee(transaction_id=job.id)))

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2))
    def asks_how_far_the_fee_is(self, number: int) -> None:
        job = self._one(number)
        self._ask(job, "fee", lambda: self.desk.fee(self.askers[job.terminal], AskFee(transaction_id=job.id)))

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), elsewhere=st.integers(0, 3))
    def goes_on(self, number: int, elsewhere: int) -> None:
        """Every step that is due or not, also at a terminal that has nothing to do with it."""
        job = self._one(number)
        terminal = (job.terminal + (1 if elsewhere == 3 else 0)) % TERMINALS
        asker = self.askers[terminal]
        token = self._ask(job, "token", lambda: self.desk.token(asker, RequestToken(transaction_id=job.id)))
        if token is not None:
            assert terminal == job.terminal
            signed = token_bytes(job.id, f"t-{job.terminal}", token.expires_at_ms)
            self.centre.signing_key.verify(token.signature, signed)

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), foreign=st.integers(0, 5))
    def feeds_and_writes(self, number: int, foreign: int) -> None:
        job = self._one(number)
        asker, blank = self.askers[job.terminal], self._one(number + 1).blank if foreign == 5 else job.blank
        question = RegisterBlank(transaction_id=job.id, identification_code=blank)
        self._ask(job, f"blank {blank}", lambda: self.desk.register_blank(asker, question))
        challenge = AuthenticateBlank(transaction_id=job.id, challenge=bytes(16))
        self._ask(job, "authenticate", lambda: self.desk.authenticate_blank(asker, challenge))

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), kept=st.booleans())
    def switches(self, number: int, kept: bool) -> None:
        job = self._one(number)
        asker = self.askers[job.terminal]
        question = SwitchCards(transaction_id=job.id, identification_code=job.blank, old_card_kept=kept or not job.lost)
        answer = self._ask(job, "switch", lambda: self.desk.switch(asker, question))
        if answer is not None and answer.verdict is SwitchVerdict.SWITCHED:
            job.switched = True

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), fate=st.sampled_from(NewCardFate))
    def says_where_the_card_went(self, number: int, fate: NewCardFate) -> None:
        job = self._one(number)
        question = CommitIssuance(transaction_id=job.id, fate=fate)
        self._ask(job, "commit", lambda: self.desk.commit(self.askers[job.terminal], question))

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), why=st.sampled_from(AbandonedWhy), often=st.integers(0, 2))
    def gives_up(self, number: int, why: AbandonedWhy, often: int) -> None:
        job = self._one(number)
        if often:  # most are carried on with
            return
        question = AbandonIssuance(transaction_id=job.id, why=why, blank=BlankFate.UNKNOWN)
        answer = self._ask(job, "abandon", lambda: self.desk.abandon(self.askers[job.terminal], question))
        assert (answer.verdict.value == "switched") is job.switched

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2))
    def asks_what_the_centre_believes(self, number: int) -> None:
        job = self._one(number)
        asker = self.askers[job.terminal]
        self._ask(job, "standing", lambda: self.desk.standing(asker, AskIssuance(transaction_id=job.id)))

    @rule(
        terminal=st.integers(0, TERMINALS - 1),
        person=st.sampled_from(PEOPLE),
        reason=st.sampled_from([ReplacementReason.LOST, ReplacementReason.DAMAGED]),
        steps=st.integers(2, 9),
        minutes=st.sampled_from([0, 1, 14, 15]),
        on_the_way=st.sampled_from(["", "", "", "lost", "unpaid", "gives up", "not taken"]),
    )
    def goes_a_long_way(
        self, terminal: int, person: str, reason: ReplacementReason, steps: int, minutes: int, on_the_way: str
    ) -> None:
        """As it mostly is: without it, long rows of steps that fit would be rare."""
        self.time_passes(minutes)
        if on_the_way == "lost":
            self.somebody_reports_a_loss(person, True, terminal)
            reason = ReplacementReason.LOST
        before = len(self.jobs)
        self.reserves(terminal, person, reason)
        if len(self.jobs) == before:
            return
        self.asks_for_the_fee(0)
        order = self.centre.till.orders.get(self.jobs[-1].id)
        if steps > 2 and order is not None and on_the_way != "unpaid":
            self.centre.till.pay(order.code_url)
        fate = NewCardFate.RETAINED if on_the_way == "not taken" else NewCardFate.TAKEN
        further: list[Callable[[], object]] = [
            lambda: self.asks_how_far_the_fee_is(0),
            lambda: self.goes_on(0, 0),
            lambda: self.feeds_and_writes(0, 0),
            lambda: self._another_card(person) if on_the_way == "lost" else None,
            lambda: self.switches(0, kept=True),
            lambda: self.gives_up(0, AbandonedWhy.RESTART, 0) if on_the_way == "gives up" else None,
            lambda: self.says_where_the_card_went(0, fate),
        ]
        for step in further[: steps - 2]:
            step()

    def _another_card(self, person: str) -> None:
        """A card that lay ready elsewhere is started while the new one is made."""
        self._make_card(person, "0")
        self.a_window_does_something(person, "start", 0)

    # --- windows

    @rule(person=st.sampled_from(PEOPLE), formal=st.booleans(), terminal=st.integers(0, TERMINALS - 1))
    def somebody_reports_a_loss(self, person: str, formal: bool, terminal: int) -> None:
        values: dict[str, Any] = {
            "transaction_id": next(self.ids), "region": "yunling", "social_security_number": person,
            "name": NAMES[person], "identified_by": IdentifiedBy.ID_CARD,
        }  # fmt: skip
        if formal:
            self.losses.report_formally(self.askers[terminal], ReportFormalLoss(**values))
        else:
            self.losses.report(self.askers[terminal], ReportLoss(**values))

    @rule(person=st.sampled_from(PEOPLE), how=st.sampled_from(["cancel", "start", "make"]), often=st.integers(0, 5))
    def a_window_does_something(self, person: str, how: str, often: int) -> None:
        if often:
            return
        if how == "make":
            self._make_card(person, "0")
            return
        with self.centre.database.writing() as session:
            query = select(Card).where(Card.social_security_number == person).with_for_update()
            cards = list(session.scalars(query.order_by(Card.identification_code)))
            for card in cards:
                try:
                    if how == "cancel":
                        session.add(cancel(card, self.now, Cause()))
                    else:
                        others = [other for other in cards if other is not card]
                        session.add(activate(card, others, self.now, Cause()))
                except NotAllowed:
                    continue
                break

    @precondition(lambda self: self.jobs)
    @rule(number=st.integers(0, 2), outcome=st.sampled_from(CaseOutcome))
    def staff_close_a_case(self, number: int, outcome: CaseOutcome) -> None:
        with contextlib.suppress(CaseRefused):
            self.desk.close_case(self._one(number).id, outcome)

    # --- what must hold

    @invariant()
    def promises_hold(self) -> None:
        if not hasattr(self, "desk"):
            return
        with self.centre.database.reading() as session:
            cards = list(session.scalars(select(Card)))
            rows = {row.transaction_id: row for row in session.scalars(select(Issuance))}
            fees = {fee.transaction_id: fee for fee in session.scalars(select(Fee))}
            booked = list(session.scalars(select(CardEvent)))
        valid = Counter(card.social_security_number for card in cards if card.state in VALID)
        assert all(count <= 1 for count in valid.values()), "two valid cards"
        under_way = Counter(row.social_security_number for row in rows.values() if row.ended_at is None)
        assert all(count <= 1 for count in under_way.values()), "two under way"
        replaced = Counter(event.transaction_id for event in booked if event.event == "replaced")
        codes = {card.identification_code for card in cards}
        for job in self.jobs:
            row = rows[job.id]
            assert replaced[job.id] == int(job.switched), "not switched once"
            assert (job.blank in codes) == job.switched, "a card that is nobody's, or none that is somebody's"
            assert (row.switched_at is not None) == job.switched
        for order in self.centre.till.orders.values():
            self._is_accounted_for(order, rows[order.number], fees[order.number])

    def _is_accounted_for(self, order: till.Order, row: Issuance, fee: Fee) -> None:
        """Whoever has paid has a card, is getting one, gets the money back once, or has an open case."""
        assert order.refunded_fen <= order.paid_fen, "given back twice"
        assert len(order.refunds) <= 1, "two refunds"
        if order.paid_fen == 0:
            assert row.switched_at is None, "a card that was not paid"
            return
        if order.refunded_fen:
            assert row.stage in {"abandoned", "committed"}, "a card and the money"
            assert row.stage == "abandoned" or row.why == "destroyed"
            return
        gets_a_card = row.switched_at is not None and (row.stage != "committed" or row.why in {"taken", "handed_out"})
        being_made = row.ended_at is None
        goes_back = fee.state == "refund_pending"
        not_known_yet = fee.state in {"pending", "closed"}  # it is asked about, or told by a notification
        assert gets_a_card or being_made or goes_back or not_known_yet, "paid, and nothing comes of it"

    def teardown(self) -> None:
        """When all is over and the provider works, everybody has a card or the money."""
        if not hasattr(self, "desk"):
            return
        self.centre.provider.recover()
        self.now += 16 * MINUTE
        self.centre.clock.held_ms = self.now
        for _ in range(3):
            self.desk.sweep()
        for number, order in self.centre.till.orders.items():
            if order.paid_fen:
                self.desk.fees.notified({}, number.encode())
                self.desk.fees.notified({}, number.encode())
        with self.centre.database.reading() as session:
            for number, order in self.centre.till.orders.items():
                row = session.get_one(Issuance, number)
                has_a_card = row.switched_at is not None and row.why != "destroyed"
                assert order.paid_fen in (0, 2000)
                assert order.refunded_fen == (0 if has_a_card else order.paid_fen)
                assert order.state != "NOTPAY", "somebody could still pay"
                assert session.get_one(Fee, number).state == (
                    "paid" if has_a_card else "refunded" if order.paid_fen else "closed"
                )
            assert all(
                row.stage in {"abandoned", "committed", "open_case"} for row in session.scalars(select(Issuance))
            )


IssuanceMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None,
    phases=[Phase.explicit, Phase.generate],  # each step is a commit: shortening a failure would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


class TestTheCentreAgainstItsModel(IssuanceMachine.TestCase):  # type: ignore[valid-type, misc]  # made by Hypothesis
    """One centre for all sequences; each begins with empty tables."""

    @classmethod
    def setUpClass(cls) -> None:
        IssuanceMachine.open()

    @classmethod
    def tearDownClass(cls) -> None:
        IssuanceMachine.close()
