"""The centre against a model of plain words: any requests of terminals and windows, in any order.

Nobody has two valid cards, no cancelled card comes back, and no report is lost.

The model knows nothing of the centre's table: its rules are written a second time, as one would say them at a counter.
"""

import itertools
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from central.card_sessions import CardDesk
from central.card_states import (
    Cause,
    NotAllowed,
    Withdrawal,
    accept_replacement,
    activate,
    cancel,
    change,
    issue_replacement,
    settle_all,
)
from central.exchange import Asker
from central.ingest import Ingest
from central.loss_reports import LossDesk
from central.region_rules import load_region_rules
from central.replacement_orders import OrderDesk, OrderRefused
from central.tables import Card, CardEvent, CardSession, Holder, ReplacementOrder
from kiosk.records.activation import ActivateCard, ContactData
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import ReplacementReason
from kiosk.records.questions import LiftLoss, LiftLossWithoutCard, ReportFormalLoss, ReportLoss
from kiosk.records.transaction import Outcome, Service, Transaction
from tests.centre import REGION_RULES, LedgerWriter, RunningCentre, a_header, a_transaction
from tests.quick_folder import quick_folder

BEGIN, HOUR, DAY = 1_800_000_000_000, 3_600_000, 86_400_000
# Of tests/regions/central/region_rules.toml, said again.
TERM = {"yunling": 3 * DAY, "beijing": 10 * DAY, "qingdao": None}
LETS_TYPE = {"yunling"}
LETS_GO = {"yunling"}
MAKES_FINAL = {"yunling"}
STARTS = {"yunling"}
ENDS_WHEN_ACCEPTED = {"qingdao"}
NAMES = {"990100198701059015": "云示例", "990100199409169027": "云挂失"}
PEOPLE = sorted(NAMES)
CODES = {"sealed": "0", "works": "1", "final": "2", "locked": "3", "stopped": "4", "dead": "9"}


class Known:
    """What the model knows of one card."""

    def __init__(self, code: str, person: str) -> None:
        self.code, self.person = code, person
        self.state, self.before = "sealed", "works"
        self.until: int | None = None
        self.changed = 0
        self.being_replaced = False
        self.successor: str | None = None

    def becomes(self, state: str, at: int) -> None:
        if state == "stopped":
            self.before = self.state
        self.state, self.changed, self.until = state, at, None


class CentreMachine(RuleBasedStateMachine):
    """A centre, three terminals, a window, two people."""

    place: Path
    centre: RunningCentre

    @classmethod
    def open(cls) -> None:
        cls.place = quick_folder("card-states-model-")
        cls.centre = RunningCentre(cls.place, seeded=False)

    @classmethod
    def close(cls) -> None:
        cls.centre.database.close()
        shutil.rmtree(cls.place)

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[Known] = []
        self.ids = (f"{number:032x}" for number in itertools.count(1))
        self.waiting: list[tuple[int, int, Transaction]] = []
        self.reports = 0
        self.ever_dead: set[str] = set()
        self.ever_final: set[str] = set()

    @initialize(region=st.sampled_from(sorted(TERM)))
    def begin(self, region: str) -> None:
        self.region, self.now = region, BEGIN
        self.centre.reset(at_ms=BEGIN)
        centre, rules = self.centre, load_region_rules(REGION_RULES)
        with centre.database.writing() as session:
            for number, name in NAMES.items():
                session.add(
                    Holder(social_security_number=number, name=name, sex="1", birth_date="1987-01-05", person_state="1")
                )
        self.terminals = [centre.enrol(f"t-{number}", region) for number in range(3)]
        self.ledgers = [LedgerWriter(terminal, centre) for terminal in self.terminals]
        self.askers = [Asker(one.id, one.key.public_key()) for one in self.terminals]
        self.losses = LossDesk(centre.database, rules, centre.clock)
        self.desk = CardDesk(centre.database, centre.keys, rules, 6, centre.clock)
        self.ingest = Ingest(centre.database, centre.keys, centre.clock, rules)
        self.orders = OrderDesk(centre.database, rules, centre.clock)
        self.rule_of = rules.of(region)
        for nth, person in enumerate(PEOPLE):
            self._make_card(person)
            self.activates(nth)

    def _make_card(self, person: str) -> Known:
        known = Known(f"{len(self.cards):032X}", person)
        with self.centre.database.writing() as session:
            session.add(
                Card(
                    identification_code=known.code,
                    card_number=f"T{len(self.cards):08}",
                    social_security_number=person,
                    region=self.region,
                    norm_version="2.00",
                    state="0",
                    bank="",
                    bank_account="",
                    bank_side_active=False,
                )
            )
        self.cards.append(known)
        return known

    # --- the counter's own rules

    def _of(self, person: str) -> list[Known]:
        found = [card for card in self.cards if card.person == person]
        for card in found:
            if card.state == "stopped" and card.until is not None and card.until <= self.now:
                card.becomes(card.before, card.until)
        return found

    def _meant(self, person: str) -> tuple[str, Known | None]:
        cards = self._of(person)
        current = [card for card in cards if card.successor is None]
        if not current:
            return "replaced", None
        order = ["stopped", "works", "locked", "final", "sealed", "dead"]
        meant = min(current, key=lambda card: (order.index(card.state), card.code))
        if meant.state in {"works", "locked"}:
            return "reported", meant
        if meant.being_replaced:
            return "replacement_running", meant
        if meant.state == "sealed":
            new = any(card.successor == meant.code for card in cards)
            return ("replaced" if new else "not_activated"), meant
        return {"stopped": "already_reported", "final": "formally_lost", "dead": "cancelled"}[meant.state], meant

    def _stop(self, card: Known) -> None:
        card.becomes("stopped", self.now)
        term = TERM[self.region]
        card.until = None if term is None else self.now + term
        self.reports += 1

    # --- time

    @rule(hours=st.sampled_from([1, 12, 71, 72, 73, 240, 300]))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        self.centre.clock.held_ms = self.now

    @rule()
    def the_centre_sweeps(self) -> None:
        self.losses.sweep()

    # --- terminals

    @rule(terminal=st.integers(0, 2), person=st.sampled_from(PEOPLE), right=st.booleans(), typed=st.booleans())
    def reports_online(self, terminal: int, person: str, right: bool, typed: bool) -> None:
        question = ReportLoss(
            transaction_id=next(self.ids), region=self.region, social_security_number=person,
            name=NAMES[person] if right else "别人",
            identified_by=IdentifiedBy.TYPED if typed else IdentifiedBy.ID_CARD,
        )  # fmt: skip
        answer = self.losses.report(self.askers[terminal], question)
        if typed and self.region not in LETS_TYPE:
            assert answer.verdict.value == "id_card_wanted"
            return
        expected, card = self._meant(person)
        assert answer.verdict.value == (expected if right else "unknown")
        if right and expected == "reported" and card is not None:
            self._stop(card)
            assert (answer.reported_at_ms, answer.lapses_at_ms) == (self.now, card.until)
        assert self.losses.report(self.askers[terminal], question) == answer

    @rule(terminal=st.integers(0, 2), person=st.sampled_from(PEOPLE))
    def reports_formally(self, terminal: int, person: str) -> None:
        question = ReportFormalLoss(
            transaction_id=next(self.ids), region=self.region, social_security_number=person, name=NAMES[person],
            identified_by=IdentifiedBy.ID_CARD,
        )  # fmt: skip
        answer = self.losses.report_formally(self.askers[terminal], question)
        expected, card = self._meant(person)
        if card is not None and card.state == "stopped":
            expected = "reported"
        if expected == "reported" and self.region not in MAKES_FINAL:
            expected = "not_open"
        assert answer.verdict.value == expected
        if expected == "reported" and card is not None:
            assert answer.temporary_at_ms == (card.changed if card.state == "stopped" else None)
            card.becomes("final", self.now)
        assert self.losses.report_formally(self.askers[terminal], question) == answer

    @rule(terminal=st.integers(0, 2), person=st.sampled_from(PEOPLE))
    def types_without_the_centre(self, terminal: int, person: str) -> None:
        entry = a_transaction(
            card=("", "", person), service=Service.TEMPORARY_LOSS, outcome=Outcome.RECORDED, region=self.region,
            holder_name=NAMES[person], assumed_card_state="1", transaction_id=next(self.ids),
            identified_by=IdentifiedBy.TYPED if self.region in LETS_TYPE else IdentifiedBy.ID_CARD,
        )  # fmt: skip
        self.waiting.append((terminal, self.now, entry))

    @precondition(lambda self: self.waiting)
    @rule(number=st.integers(0, 4))
    def an_entry_arrives(self, number: int) -> None:
        terminal, typed, entry = self.waiting.pop(number % len(self.waiting))
        ledger = self.ledgers[terminal]
        header = msgspec.structs.replace(a_header(self.region), created_ms=typed)
        batch = ledger.batch([ledger.append(entry, header=header)])
        (judged,) = self.ingest.receive(self.askers[terminal], batch).judgements
        expected, card = self._meant(entry.social_security_number)
        if expected == "reported" and any(one.changed > typed for one in self._of(entry.social_security_number)):
            expected = "overtaken"
        assert (judged.verdict.value, judged.reason) == (
            ("applied", "") if expected == "reported" else ("superseded", expected)
        )
        if expected == "reported" and card is not None:
            self._stop(card)

    def _proves_itself(self, terminal: int, card: Known) -> None:
        with self.centre.database.writing() as session:
            session.merge(
                CardSession(
                    session_id="s", terminal=self.terminals[terminal].id, transaction_id="0" * 32, region=self.region,
                    identification_code=card.code, card_number="", norm_version="2.00", challenge=b"",
                    expires_at=self.now + DAY, stage="proved",
                )
            )  # fmt: skip

    @rule(terminal=st.integers(0, 2), number=st.integers(0, 4))
    def holds_the_card_out(self, terminal: int, number: int) -> None:
        card = self.cards[number % len(self.cards)]
        self._proves_itself(terminal, card)
        answer = self.desk.lift_loss(self.askers[terminal], "s", LiftLoss(transaction_id=next(self.ids)))
        expected = self._lifting(card)
        assert answer.verdict is not None
        assert answer.verdict.value == expected
        if expected == "lifted":
            card.becomes(card.before, self.now)

    @rule(terminal=st.integers(0, 2), person=st.sampled_from(PEOPLE), right=st.booleans())
    def comes_without_the_card(self, terminal: int, person: str, right: bool) -> None:
        question = LiftLossWithoutCard(
            transaction_id=next(self.ids), region=self.region, social_security_number=person,
            name=NAMES[person] if right else "别人", identified_by=IdentifiedBy.ID_CARD,
        )  # fmt: skip
        answer = self.losses.lift(self.askers[terminal], question)
        word, card = self._meant(person)
        in_its_place = card is None or (card.state == "sealed" and word == "replaced")
        expected = "replaced" if card is None or in_its_place else self._lifting(card)
        assert answer.verdict is not None
        assert answer.verdict.value == (expected if right else "unknown")
        if right and expected == "lifted" and card is not None:
            card.becomes(card.before, self.now)
        assert self.losses.lift(self.askers[terminal], question) == answer

    def _lifting(self, card: Known) -> str:
        others = [one for one in self._of(card.person) if one is not card]
        expected = "not_reported"
        if card.successor is not None:
            expected = "replaced"
        elif card.being_replaced and (card.state != "stopped" or self.region in LETS_GO):
            expected = "replacement_running"
        elif card.state in {"final", "dead"}:
            expected = {"final": "formally_lost", "dead": "cancelled"}[card.state]
        elif card.state == "stopped":
            in_its_place = any(
                one.successor is None and one.state != "dead" and (one.state != "sealed" or self.region in LETS_GO)
                for one in others
            )
            expected = "replaced" if in_its_place else "lifted" if self.region in LETS_GO else "not_open"
        return expected

    @rule(terminal=st.integers(0, 2), number=st.integers(0, 4), own=st.booleans())
    def starts_a_card(self, terminal: int, number: int, own: bool) -> None:
        card = self.cards[number % len(self.cards)]
        self._proves_itself(terminal, card)
        shown = card.person if own else "990100198001019999"
        contact = ContactData(phone="13800000000", address="云岭市新街五号", postcode="430000")
        question = ActivateCard(transaction_id=next(self.ids), id_number=shown, contact=contact)
        answer = self.desk.activate(self.askers[terminal], "s", question)
        others = [one for one in self._of(card.person) if one is not card]
        expected = {
            "works": "in_use", "locked": "locked", "stopped": "already_reported", "final": "formally_lost",
            "dead": "cancelled",
        }.get(card.state)  # fmt: skip
        if card.successor is not None:
            expected = "replaced"
        elif card.state == "sealed":
            if self.region not in STARTS:
                expected = "not_open"
            elif not own:
                expected = "holder_mismatch"
            else:
                working = any(one.state in {"works", "locked", "stopped"} for one in others)
                expected = "another_card" if working else "activated"
        assert answer.verdict.value == expected
        if expected == "activated":
            card.becomes("works", self.now)
        assert self.desk.activate(self.askers[terminal], "s", question) == answer

    # --- windows

    def _at_a_window(self, card: Known, work: Any) -> bool:
        """Whether the window could do it."""
        with self.centre.database.writing() as session:
            rows = session.scalars(select(Card).where(Card.social_security_number == card.person).with_for_update())
            of_person = {row.identification_code: row for row in rows}
            session.add_all(settle_all(of_person.values(), self.now))
            session.flush()
            self._of(card.person)
            try:
                session.add_all(work(session, of_person.pop(card.code), of_person.values()))
            except NotAllowed:
                return False
        return True

    @precondition(lambda self: len(self.cards) < 5)
    @rule(person=st.sampled_from(PEOPLE))
    def a_card_is_made(self, person: str) -> None:
        self._make_card(person)

    @rule(number=st.integers(0, 4))
    def activates(self, number: int) -> None:
        card = self.cards[number % len(self.cards)]
        done = self._at_a_window(card, lambda _, row, others: [activate(row, others, self.now, Cause())])
        others = [one for one in self._of(card.person) if one is not card]
        free = not any(one.state in {"works", "locked", "stopped"} for one in others)
        assert done is (card.state == "sealed" and card.successor is None and free)
        if done:
            card.becomes("works", self.now)

    @rule(number=st.integers(0, 4), to=st.sampled_from(["works", "locked"]))
    def locks_or_unlocks(self, number: int, to: str) -> None:
        card = self.cards[number % len(self.cards)]
        self._of(card.person)
        if card.state in {"works", "locked"}:
            state = CardState(CODES[to])
            assert self._at_a_window(card, lambda _, row, __: [change(row, state, "x", self.now, Cause())])
            card.becomes(to, self.now)

    @rule(number=st.integers(0, 4))
    def cancels(self, number: int) -> None:
        card = self.cards[number % len(self.cards)]
        done = self._at_a_window(card, lambda _, row, __: [cancel(row, self.now, Cause())])
        assert done is (card.state != "dead")
        if done:
            card.becomes("dead", self.now)

    @rule(number=st.integers(0, 4))
    def accepts_a_replacement(self, number: int) -> None:
        card = self.cards[number % len(self.cards)]

        def work(session: Any, row: Card, _: Any) -> list[Any]:
            order, events = accept_replacement(
                row, self.rule_of, next(self.ids), ReplacementReason.LOST, self.now, Cause(),
                being_replaced=card.being_replaced,
            )  # fmt: skip
            return [order, *events]

        done = self._at_a_window(card, work)
        assert done is (card.state not in {"sealed", "dead"} and not card.being_replaced)
        if done:
            card.being_replaced, card.until = True, None
            if self.region in ENDS_WHEN_ACCEPTED:
                card.becomes("dead", self.now)

    @rule(number=st.integers(0, 4))
    def hands_the_new_card_out(self, number: int) -> None:
        card = self.cards[number % len(self.cards)]
        new = next((one for one in self._of(card.person) if one.state == "sealed" and one is not card), None)
        if not card.being_replaced or new is None:
            return

        def work(session: Any, row: Card, others: Any) -> list[Any]:
            order = session.scalars(
                select(ReplacementOrder).where(
                    ReplacementOrder.identification_code == card.code, ReplacementOrder.ended_at.is_(None)
                )
            ).one()
            made = next(one for one in others if one.identification_code == new.code)
            return [issue_replacement(row, order, made, self.now, Cause())]

        assert self._at_a_window(card, work)
        card.becomes("dead", self.now)
        card.being_replaced, card.successor = False, new.code

    @rule(number=st.integers(0, 4), why=st.sampled_from(Withdrawal))
    def withdraws_the_order(self, number: int, why: Withdrawal) -> None:
        place = number % len(self.cards)
        card = self.cards[place]
        self._of(card.person)
        if not card.being_replaced:
            with pytest.raises(OrderRefused):
                self.orders.withdraw(f"T{place:08}", why)
            return
        self.orders.withdraw(f"T{place:08}", why)
        card.being_replaced = False
        term = TERM[self.region]
        if card.state == "stopped" and card.until is None and term is not None:
            card.until = card.changed + term
            if card.until <= self.now:
                card.becomes(card.before, self.now)

    # --- what must hold

    @invariant()
    def promises_hold(self) -> None:
        if not self.cards:
            return
        with self.centre.database.reading() as session:
            rows = {row.identification_code: row for row in session.scalars(select(Card))}
            booked = list(session.scalars(select(CardEvent)))
        reported = [one for one in booked if one.event == "reported"]
        assert all(one.reason for one in booked), "an event without its reason"
        states = {code: self._settled(row) for code, row in rows.items()}
        for person in PEOPLE:
            theirs = [states[code] for code, row in rows.items() if row.social_security_number == person]
            assert sum(state in {"1", "3"} for state in theirs) <= 1, "two valid cards"
        dead = {code for code, state in states.items() if state == "9"}
        assert self.ever_dead <= dead, "a cancelled card came back"
        self.ever_dead |= dead
        final = {code for code, state in states.items() if state in {"2", "9"}}
        assert self.ever_final <= final, "a formally lost card came back"
        self.ever_final |= final
        assert len(reported) == self.reports, "a report is lost, or counted twice"
        for person in PEOPLE:
            for card in self._of(person):
                assert states[card.code] == CODES[card.state]

    def _settled(self, row: Card) -> str:
        """The state in which whoever looks next finds a card."""
        over = row.state == "4" and row.loss_lapses_at is not None and row.loss_lapses_at <= self.now
        return (row.state_before_loss or "") if over else row.state


CentreMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None,
    phases=[Phase.explicit, Phase.generate],  # each step is a commit: shortening a failure would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


class TestTheCentreAgainstItsModel(CentreMachine.TestCase):  # type: ignore[valid-type, misc]  # made by Hypothesis
    """One centre for all sequences; each begins with empty tables."""

    @classmethod
    def setUpClass(cls) -> None:
        CentreMachine.open()

    @classmethod
    def tearDownClass(cls) -> None:
        CentreMachine.close()
