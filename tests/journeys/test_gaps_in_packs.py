"""Packs with gaps: whatever a handbook leaves unstated and `kiosk region check` lets pass, every journey ends in words.

Base is the fictional region, which opens everything, with its PIN in the chip and at the centre.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from drivers.ports.card_reader import CardKind
from kiosk.journeys.card_activation import card_activation
from kiosk.journeys.card_application import card_application
from kiosk.journeys.card_examination import card_examination
from kiosk.journeys.card_query import card_query
from kiosk.journeys.card_replacement import card_replacement
from kiosk.journeys.filing_progress import filing_progress
from kiosk.journeys.formal_loss import formal_loss
from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.papers import papers
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.reception import further_choice, home
from kiosk.journeys.requests import Journey
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import AnyIntent, Chosen, Explain, Intent, Menu, Refusal, Slip, View
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim
from kiosk.policy.form import faults_of
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records.activation import ActivationVerdict, CardActivated
from kiosk.records.card import CardState, ReplacementReason
from kiosk.records.filings import (
    Cancelling,
    CardApplication,
    CardReplacement,
    ChangedDatum,
    DataChange,
    FilingState,
    FilingVerdict,
    IssuedPaper,
    LeavingReason,
    OffsiteCare,
    OffsiteGroup,
    Paper,
)
from kiosk.records.questions import (
    BenefitsBlock,
    CardExamined,
    CardProof,
    CardProved,
    FormalLossReported,
    FormalLossVerdict,
    GetRecord,
    LiftVerdict,
    LossLifted,
    LossReported,
    LossVerdict,
    OpenCardSession,
    PinVerdict,
    RecordAnswer,
)
from kiosk.records.transaction import Outcome, Service
from tests.journeys.world import (
    FICTIONAL,
    HOLDER_X,
    ID_CARD,
    OWN_ID_CARD,
    REPORTED_MS,
    TODAY,
    TRANSACTION_ID,
    World,
    filing,
    walk,
)

NUMBER, NAME = "11010119900307002X", "王小明"
RAW = tomllib.loads((FICTIONAL / "yunling.toml").read_text(encoding="utf-8"))
MUST_BE_STATED = {"codes", "pin.name", "pin.held_by", "pin.length"}
"""Without these nothing can be asked or said: the checker must refuse a pack that leaves them open."""


def rule_names(raw: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in raw.items():
        if isinstance(value, dict) and "basis" in value:
            yield prefix + key
        elif isinstance(value, dict) and key != "name":
            yield from rule_names(value, f"{prefix}{key}.")


RULES = sorted(rule_names(RAW))
LEANS_ON = {
    "application.minor_papers": "application.minor_below",
    "application.meanwhile": "papers.temporary_card.issued",
    "replacement.meanwhile": "papers.medical_slip.issued",
    "replacement.window_first": "replacement.reasons",
    "proxy.papers": "proxy.allowed",
}
"""What says nothing without another rule: the checker refuses a pack in which it is left alone."""
NEW_CARDS = {"replacement.instant_here", "replacement.order_here"}
"""Without either of which nobody gets a new card here, and the checker says so of a service that is open."""


def rules_called(*names: str) -> Iterator[str]:
    """Those that let a service open, whatever it is."""
    return (rule for rule in RULES if rule.rpartition(".")[2] in names)


def with_gaps(names: set[str], held_by: str) -> dict[str, Any]:
    raw = deepcopy(RAW)
    raw["pin"]["held_by"]["value"] = held_by
    leaning = {leaning for leaning, other in LEANS_ON.items() if other in names}
    leaning |= {"services.card_replacement.self_service"} if names >= NEW_CARDS else set()
    for name in names | leaning:
        *path, last = name.split(".")
        table = raw
        for part in path:
            table = table[part]
        table[last] = {"basis": "not_stated"}
    return raw


def faults(raw: dict[str, Any]) -> list[str]:
    return [".".join(map(str, fault.where)) for fault in faults_of(raw, msgspec.inspect.type_info(Pack))]


def sayings(value: object) -> Iterator[Say]:
    """Every sentence within a view; those within a sentence are drawn with it."""
    if isinstance(value, Say):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from sayings(item)
    elif is_dataclass(value) and not isinstance(value, Verbatim | Personal | PersonName | type):
        for one in fields(value):
            yield from sayings(getattr(value, one.name))


def empty_gaps(saying: Say) -> list[str]:
    """Gaps of a sentence that would be drawn as nothing."""
    found = []
    for name, value in saying.values.items():
        match value:
            case Say():
                found += empty_gaps(value)
            case Verbatim(text="") | "":
                found.append(f"{saying.text}: {name}")
    return found


def read_well(view: View) -> None:
    assert [gap for saying in sayings(view) for gap in empty_gaps(saying)] == []
    if isinstance(view, Explain):
        assert view.lines, f"{view.title.text}: nothing below it"
    if isinstance(view, Refusal):
        assert view.instead, f"{view.title.text}: no way out"
    if isinstance(view, Slip):
        assert all(line.text for line in view.lines)


PROVED = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)
LOST = CardProved(
    proof=CardProof.GENUINE, card_state=CardState.TEMPORARILY_LOST, pin_is_initial=False, pin_tries_left=6
)
NEXT: dict[str, AnyIntent] = dict.fromkeys(
    (
        "挂失好了",
        "挂失已记下，还没有生效",
        "接下来",
        "密码改好了",
        "挂失已撤销",
        "正式挂失好了",
        "留一个手机号码",
        "申领交上去了",
        "交上去了，等着领新卡",
        "等新卡的时候",
        "拿到新卡以后",
        "要先把信息改过来",
        "新卡启用好了",
        "启用新卡不在这里办",
        "{name}开好了",
        "{name}已经开过了",
        "申领不在这里办",
        "临时卡和证明不在这里办",
    ),
    Intent.NEXT,
)
MATTERS_FILED = (
    CardApplication(),
    OffsiteCare(group=OffsiteGroup.REFERRED, place="110100"),
    DataChange(data=(ChangedDatum.NAME,)),
    Cancelling(reason=LeavingReason.MOVED_AWAY),
    CardReplacement(reason=ReplacementReason.LOST),
    CardReplacement(reason=ReplacementReason.DAMAGED),
    *(Paper(kind=kind) for kind in IssuedPaper),
)
CONTACT = ["13800000000", "云岭市五号", "430000"]
PINS = ["246810", "975318", "975318"]


Story = Callable[[Session], Journey[Outcome | Service]]


def filed_worlds() -> Iterator[tuple[Story, World]]:
    for verdict in FilingVerdict:
        for filed in (card_application, card_replacement, papers):
            yield filed, World(key="yunling", documents=[ID_CARD], verdict=verdict, choices=dict(NEXT))
        yield card_application, World(key="yunling", documents=[ID_CARD], centre_up=False, choices=dict(NEXT))
        exchange = {**NEXT, "为什么要新卡？": Chosen("unreadable")}
        yield card_replacement, World(key="yunling", documents=[ID_CARD], verdict=verdict, choices=exchange)
    for state in FilingState:
        told = [filing(state=state, matter=matter) for matter in MATTERS_FILED]
        yield filing_progress, World(key="yunling", documents=[ID_CARD], filings=told, choices=dict(NEXT))
    yield filing_progress, World(key="yunling", documents=[ID_CARD], filings=[])


def without_card(**changes: Any) -> World:
    choices = {**NEXT, "卡在手上吗？": Chosen("id_card")}
    return World(key="yunling", documents=[ID_CARD], proof=LOST, typed=list(PINS), choices=choices, **changes)


def worlds_without_card() -> Iterator[tuple[Story, World]]:
    for up in (True, False):
        yield loss_lifting, without_card(centre_up=up)
    for verdict in LiftVerdict:
        yield loss_lifting, without_card(liftings=[LossLifted(pin=PinVerdict.NOT_ASKED, verdict=verdict)])


def worlds() -> Iterator[tuple[Story, World]]:
    for up in (True, False):
        yield card_query, World(key="yunling", typed=list(PINS), proof=PROVED, centre_up=up)
        yield pin_change, World(key="yunling", typed=list(PINS), proof=PROVED, centre_up=up, choices=NEXT)
        yield loss_lifting, World(key="yunling", typed=list(PINS), proof=LOST, centre_up=up, choices=NEXT)
        yield temporary_loss, World(key="yunling", keyed=[NUMBER, NAME], centre_up=up, choices=NEXT)
        yield formal_loss, World(key="yunling", keyed=[NUMBER, NAME], centre_up=up, choices=NEXT)
        yield temporary_loss, World(key="yunling", documents=[ID_CARD], centre_up=up, choices=NEXT)
        for tries in (0, 1, 6):
            yield card_examination, World(key="yunling", tries=tries, proof=PROVED, centre_up=up)
    for kind in CardKind:
        yield card_examination, World(key="yunling", kind=kind)
    for verdict in LossVerdict:
        for bank in ("", "云岭银行", "别的银行"):
            at = REPORTED_MS if verdict in (LossVerdict.REPORTED, LossVerdict.ALREADY_REPORTED) else None
            report = LossReported(verdict=verdict, reported_at_ms=at, bank=bank)
            yield temporary_loss, World(key="yunling", keyed=[NUMBER, NAME], reports=[report], choices=NEXT)
    for formal in FormalLossVerdict:
        for bank in ("", "云岭银行", "别的银行"):
            at = REPORTED_MS if formal is FormalLossVerdict.REPORTED else None
            final = FormalLossReported(verdict=formal, reported_at_ms=at, bank=bank)
            yield formal_loss, World(key="yunling", keyed=[NUMBER, NAME], formal_reports=[final], choices=NEXT)
    for state in CardState:
        proof = CardProved(proof=CardProof.GENUINE, card_state=state)
        yield loss_lifting, World(key="yunling", typed=list(PINS), proof=proof)
        for active in (True, False):
            examined = CardExamined(
                card_state=state,
                bank_side_active=active,
                pin_repeated=active,
                benefits_blocked=BenefitsBlock.BENEFITS_BLOCKED,
                name_agrees=active,
            )
            yield card_examination, World(key="yunling", proof=proof, examined=examined)
        yield (
            card_activation,
            World(key="yunling", proof=proof, holder=HOLDER_X, documents=[OWN_ID_CARD], keyed=list(CONTACT)),
        )
    sealed = CardProved(proof=CardProof.GENUINE, card_state=CardState.SEALED)
    for activation in ActivationVerdict:
        for bank_active in (True, False, None):
            started = CardActivated(verdict=activation, bank_side_active=bank_active)
            yield card_activation, World(
                key="yunling", proof=sealed, holder=HOLDER_X, documents=[OWN_ID_CARD],
                keyed=list(CONTACT), activations=[started], choices=NEXT,
            )  # fmt: skip
    yield card_query, World(key="yunling", typed=["111222"], tries=1, proof=PROVED)
    yield card_query, World(key="yunling", tries=0, proof=CardProved(
        proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=0))  # fmt: skip


@settings(deadline=None)  # some sixty journeys an example
@given(gaps=st.sets(st.sampled_from(sorted(set(RULES) - MUST_BE_STATED))), held_by=st.sampled_from(["chip", "centre"]))
@example(gaps=set(), held_by="chip")
@example(gaps=set(RULES) - MUST_BE_STATED, held_by="chip")
@example(
    gaps=set(RULES) - MUST_BE_STATED - {"services.temporary_loss.self_service", "loss.identified_by"}, held_by="chip"
)
@example(
    gaps=set(RULES)
    - MUST_BE_STATED
    - set(rules_called("self_service", "pin_required", "identified_by", "lifting_identified_by")),
    held_by="chip",
)
@example(
    gaps=set(RULES)
    - MUST_BE_STATED
    - set(rules_called("self_service", "pin_required", "identified_by", "lifting_identified_by", "offline")),
    held_by="centre",
)
def test_every_journey_ends_in_words(gaps: set[str], held_by: str) -> None:
    raw = with_gaps(gaps, held_by)
    # A centre that holds the PIN tells nothing without it; the checker says so, and there is no journey to walk.
    assume(held_by == "chip" or not any(fault.endswith("pin_required.value") for fault in faults(raw)))
    assert faults(raw) == []
    region = Region(msgspec.convert(raw, Pack))
    for choice in (home(region), *(further_choice(region, menu) for menu in Menu)):
        assert [gap for saying in sayings(choice) for gap in empty_gaps(saying)] == []
    for journey, world in (*worlds(), *worlds_without_card(), *filed_worlds()):
        session = Session(TRANSACTION_ID, region, TODAY, reads_id_cards=bool(world.documents))
        outcome = walk(journey(session), world)
        assert isinstance(outcome, Outcome)
        for view in world.seen:
            read_well(view)


@pytest.mark.parametrize("name", sorted(MUST_BE_STATED))
def test_what_no_terminal_can_do_without_is_asked_for(name: str) -> None:
    assert faults(with_gaps({name}, "chip")) == [f"{name}.value"]


@pytest.mark.parametrize(("leaning", "other"), sorted(LEANS_ON.items()))
def test_what_leans_on_a_rule_is_not_left_alone(leaning: str, other: str) -> None:
    raw = with_gaps({other}, "chip")
    section, name = leaning.split(".")
    raw[section][name] = RAW[section][name]
    assert faults(raw)


@pytest.mark.parametrize("rule", ["refused", None])
@pytest.mark.parametrize(
    ("service", "journey", "lost"),
    [
        ("card_query", card_query, OpenCardSession),
        ("card_query", card_query, GetRecord),
        ("pin_change", pin_change, OpenCardSession),
        ("card_examination", card_examination, OpenCardSession),
    ],
)
def test_what_a_region_does_not_do_without_the_centre_is_not_done(
    rule: str | None, service: str, journey: Story, lost: type
) -> None:
    raw = with_gaps(set() if rule else {f"services.{service}.offline"}, "chip")
    if rule:
        raw["services"][service]["offline"]["value"] = rule
    world = World(key="yunling", typed=list(PINS), proof=PROVED, lost_answer_to=lost)
    outcome = walk(journey(Session(TRANSACTION_ID, Region(msgspec.convert(raw, Pack)), TODAY)), world)
    assert outcome is Outcome.REFUSED
    assert (world.recorded[-1].reason, world.recorded[-1].rule) == (
        "centre_unreachable", f"services.{service}.offline",
    )  # fmt: skip
    assert world.chip_pin == "246810"
    if lost is OpenCardSession:
        assert world.typed == PINS, "nobody types a PIN for nothing"


def test_an_answer_without_a_record_is_not_told_as_one() -> None:
    """The centre keeps a PIN of its own for the card, which this region's terminal does not ask for."""
    answer = RecordAnswer(pin=PinVerdict.UNREADABLE, pin_tries_left=6)
    world = World(key="yunling", typed=list(PINS), records=[answer])
    walk(card_query(Session(TRANSACTION_ID, Region(msgspec.convert(RAW, Pack)), TODAY)), world)
    entry = world.recorded[-1]
    assert (entry.outcome, entry.done_online) == (Outcome.PARTLY_DONE, False)
