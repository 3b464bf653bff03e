"""Every journey, with everything that can end it thrown in at every step: all must come home."""

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from drivers.ports.card_reader import CardKind
from drivers.ports.errors import (
    Busy,
    DeviceError,
    EntryCancelled,
    MediaRemoved,
    NotConnected,
    PictureDark,
    PictureFrozen,
    ProtocolViolation,
    TimedOut,
)
from kiosk.journeys import issuing_requests as wanted
from kiosk.journeys import requests
from kiosk.journeys.ask_handbook import ask_handbook
from kiosk.journeys.cancelling import cancelling
from kiosk.journeys.card_activation import card_activation
from kiosk.journeys.card_application import card_application
from kiosk.journeys.card_examination import card_examination
from kiosk.journeys.card_query import card_query
from kiosk.journeys.card_replacement import card_replacement
from kiosk.journeys.data_change import data_change
from kiosk.journeys.filing_progress import filing_progress
from kiosk.journeys.formal_loss import formal_loss
from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.offsite_care import offsite_care
from kiosk.journeys.papers import papers
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.portrait import AGREE, DECLINE
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import (
    CardTaken,
    CitizenCancelled,
    CitizenGone,
    GoingOutOfService,
    Journey,
    LedgerFailed,
    NoSitting,
    NotTaken,
    Request,
    SlipFate,
    Unread,
)
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import Chosen, Intent, ReadBack
from kiosk.portrait.guidance import Instruction
from kiosk.records.activation import ActivateCard
from kiosk.records.card import CardState
from kiosk.records.filings import FileMatter, FilingState, FilingVerdict, GetFilings, OffsiteCare, OffsiteGroup
from kiosk.records.issuance import FeeStanding, RequestToken
from kiosk.records.portrait import ConsentWord, Likeness
from kiosk.records.questions import (
    CardProof,
    CardProved,
    LiftLossWithoutCard,
    PinVerdict,
    RecordAnswer,
    ReportFormalLoss,
)
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.replacing import EXCHANGE, GONE, Replacing, replacement
from tests.journeys.workshop import Workshop
from tests.journeys.world import (
    HOLDER_X,
    ID_CARD,
    JPEG,
    OWN_ID_CARD,
    RECEIPT,
    RECORD,
    YEAR,
    World,
    advanced,
    filing,
    titles,
)
from tests.journeys.world import session as plain_session
from tests.shipped_handbooks import handbook

CENTRE_PIN = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)

LOST = CardProved(proof=CardProof.GENUINE, card_state=CardState.TEMPORARILY_LOST)
NEVER_STARTED = CardProved(proof=CardProof.GENUINE, card_state=CardState.SEALED)
NUMBER = "11010119900307002X"
PROXY = replace(ID_CARD, name="李代办", number="110101196505050017", birth_date=date(1965, 5, 5))
CHILD = replace(ID_CARD, name="王小小", number="110101201211230016", birth_date=date(2012, 11, 23))
AWAY = OffsiteCare(group=OffsiteGroup.REFERRED, place="310000")


def _asking(about: Session) -> Journey[Outcome]:
    return ask_handbook(dataclasses.replace(about, handbook=handbook(about.region.key)))


Scenario = tuple[Callable[[Session], Journey[Outcome | Service]], Callable[[], World]]
SCENARIOS: dict[str, Scenario] = {
    "query on the chip": (card_query, lambda: World(typed=["246810"])),
    "query whose card is forgotten": (card_query, lambda: World(typed=["246810"], forgotten=requests.Kept.KEPT)),
    "unreadable card that is forgotten": (
        card_query,
        lambda: World(kind=CardKind.FOREIGN, forgotten=requests.Kept.UNKNOWN),
    ),
    "query after a wrong PIN": (card_query, lambda: World(typed=["111222", "246810"])),
    "query of a closed chip": (card_query, lambda: World(typed=["246810"], chip_closed=True)),
    "query without the centre": (card_query, lambda: World(typed=["246810"], centre_up=False)),
    "query of everything": (
        card_query,
        lambda: World(
            typed=["246810"],
            records=[
                RecordAnswer(
                    pin=PinVerdict.NOT_ASKED,
                    record=msgspec.structs.replace(RECORD, medical_years=[YEAR], receipts=[RECEIPT, RECEIPT]),
                )
            ],
        ),
    ),
    "query at the centre": (card_query, lambda: World(key="beijing", typed=["135790"], proof=CENTRE_PIN)),
    "PIN change on the chip": (pin_change, lambda: World(typed=["246810", "975318", "975318"])),
    "weak PIN change": (
        pin_change,
        lambda: World(typed=["246810", "111111", "111111"], choices={"这个密码容易被人猜到": Intent.NEXT}),
    ),
    "PIN change at the centre": (
        pin_change,
        lambda: World(key="beijing", typed=["135790", "975318", "975318"], proof=CENTRE_PIN),
    ),
    "loss report": (temporary_loss, lambda: World(key="beijing", documents=[ID_CARD])),
    "loss report without the centre": (
        temporary_loss,
        lambda: World(key="beijing", documents=[ID_CARD], centre_up=False),
    ),
    "loss report after a second look at the ID card": (
        temporary_loss,
        lambda: World(key="beijing", documents=[Unread.TAKEN_AWAY, ID_CARD]),
    ),
    "loss report with an expired ID card": (
        temporary_loss,
        lambda: World(key="yunling", documents=[replace(ID_CARD, valid_until=date(2020, 1, 1))]),
    ),
    "loss report with a choice": (
        temporary_loss,
        lambda: World(key="yunling", keyed=[NUMBER, "王小明"], choices={"您带身份证了吗？": Intent.TYPE}),
    ),
    "loss report mended": (
        temporary_loss,
        lambda: World(key="jiangxi", keyed=["1", NUMBER, "", "王小明"], choices={"您带身份证了吗？": Intent.TYPE}),
    ),
    "formal loss report": (formal_loss, lambda: World(key="yunling", documents=[ID_CARD])),
    "formal loss report without the centre": (
        formal_loss,
        lambda: World(key="yunling", documents=[ID_CARD], centre_up=False),
    ),
    "formal loss report unanswered": (
        formal_loss,
        lambda: World(key="yunling", documents=[ID_CARD], lost_answer_to=ReportFormalLoss),
    ),
    "report taken back, on paper": (
        loss_lifting,
        lambda: World(
            key="yunling", typed=["246810"], proof=LOST, printing=Printing.READY, choices={"挂失已撤销": Intent.NEXT}
        ),
    ),
    "loss report, paper out in the middle": (
        temporary_loss,
        lambda: World(key="beijing", documents=[ID_CARD], printing=Printing.READY, fate=SlipFate.PARTLY),
    ),
    "handbook searched": (_asking, lambda: World(keyed=["zzzz", "gs"])),
    "answer printed": (_asking, lambda: World(printing=Printing.READY)),
    "answer not printed": (_asking, lambda: World(printing=Printing.READY, fate=SlipFate.PARTLY)),
    "report taken back by the ID card": (
        loss_lifting,
        lambda: World(key="yunling", documents=[ID_CARD], choices={"卡在手上吗？": Chosen("id_card")}),
    ),
    "report taken back by the ID card, unanswered": (
        loss_lifting,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            choices={"卡在手上吗？": Chosen("id_card")},
            lost_answer_to=LiftLossWithoutCard,
        ),
    ),
    "report taken back": (loss_lifting, lambda: World(key="yunling", typed=["246810"], proof=LOST)),
    "examination": (card_examination, lambda: World(tries=2)),
    "examination of a closed chip": (card_examination, lambda: World(key="yunling", chip_closed=True)),
    "application": (
        card_application,
        lambda: World(key="yunling", documents=[ID_CARD, ID_CARD], keyed=["23800000000", "13800000000"]),
    ),
    "application without the centre": (
        card_application,
        lambda: World(key="yunling", documents=[ID_CARD], centre_up=False, choices={"留一个手机号码": Intent.NEXT}),
    ),
    "application with a portrait": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"要在这里拍照吗？": AGREE, "这张照片行吗？": Intent.NEXT},
            sittings=[JPEG],
        ),
    ),
    "application with a portrait that is compared": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            looks=Likeness.NOT_THE_SAME,
            choices={"要在这里拍照吗？": AGREE, "要比一比是不是本人吗？": AGREE, "这张照片行吗？": Intent.NEXT},
            sittings=[JPEG],
        ),
    ),
    "application with a portrait at the third try": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[PROXY, CHILD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"给谁办？": Chosen("guardian"), "给孩子拍照，您同意吗？": AGREE},
            sittings=[
                NotTaken((Instruction.COME_CLOSER, Instruction.LOOK_AT_CAMERA)),
                NotTaken((Instruction.OPEN_EYES,)),
                JPEG,
            ],
        ),
    ),
    "application whose camera fails": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"要在这里拍照吗？": AGREE},
            sittings=[NotConnected("camera", "unplugged")],
        ),
    ),
    "application with a portrait, taken back": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"要在这里拍照吗？": AGREE, "这张照片行吗？": DECLINE},
            sittings=[JPEG],
        ),
    ),
    "application of somebody who can't be taken": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"要在这里拍照吗？": AGREE},
            sittings=[NoSitting.LEFT],
        ),
    ),
    "application with a portrait, without the centre": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[ID_CARD],
            keyed=["13800000000"],
            takes_portraits=True,
            choices={"要在这里拍照吗？": AGREE, "这张照片行吗？": Intent.NEXT},
            sittings=[JPEG],
            centre_up=False,
        ),
    ),
    "application for another": (
        card_application,
        lambda: World(
            key="yunling",
            documents=[PROXY, PROXY, ID_CARD],
            keyed=["13800000000"],
            choices={"给谁办？": Chosen("sent")},
            printing=Printing.READY,
        ),
    ),
    "application for a child": (
        card_application,
        lambda: World(
            key="yunling", documents=[PROXY, CHILD], keyed=["13800000000"], choices={"给谁办？": Chosen("guardian")}
        ),
    ),
    "application for another without the papers": (
        card_application,
        lambda: World(key="yunling", choices={"给谁办？": Chosen("sent"), "这些都带了吗？": Intent.BACK}),
    ),
    "card given up for another, without the centre": (
        cancelling,
        lambda: World(key="yunling", documents=[PROXY, ID_CARD], centre_up=False, choices={"给谁办？": Chosen("sent")}),
    ),
    "application where it is not open": (card_application, lambda: World(key="zhumadian")),
    "progress": (
        filing_progress,
        lambda: World(key="yunling", documents=[ID_CARD], filings=[filing(), filing(state=FilingState.READY)]),
    ),
    "progress without the centre": (
        filing_progress,
        lambda: World(key="yunling", documents=[ID_CARD], centre_up=False),
    ),
    "paper": (papers, lambda: World(key="yunling", documents=[ID_CARD], valid_until="2027-01-21")),
    "examination without the centre": (card_examination, lambda: World(centre_up=False)),
    "new card started": (
        card_activation,
        lambda: World(
            key="yunling",
            proof=NEVER_STARTED,
            holder=HOLDER_X,
            documents=[OWN_ID_CARD],
            keyed=["13800000000", "430000"],
        ),
    ),
    "new card started by a child's grandmother": (
        card_activation,
        lambda: World(key="yunling", proof=NEVER_STARTED, documents=[ID_CARD]),
    ),
    "new card started without the centre": (card_activation, lambda: World(key="zhumadian", centre_up=False)),
    "new card started, unanswered": (
        card_activation,
        lambda: World(proof=NEVER_STARTED, holder=HOLDER_X, documents=[OWN_ID_CARD], lost_answer_to=ActivateCard),
    ),
    "care elsewhere": (offsite_care, lambda: World(key="yunling", documents=[ID_CARD])),
    "care elsewhere in an emergency": (
        offsite_care,
        lambda: World(key="yunling", documents=[ID_CARD], choices={"现在住院了吗？": Chosen("emergency")}),
    ),
    "care elsewhere looked up": (
        offsite_care,
        lambda: World(
            key="yunling", documents=[ID_CARD], choices={"去外地看病": Chosen("state")}, filings=[filing(matter=AWAY)]
        ),
    ),
    "why a card did not settle": (
        offsite_care,
        lambda: World(key="yunling", choices={"去外地看病": Chosen("failures")}),
    ),
    "changed data": (
        data_change,
        lambda: World(key="yunling", documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT}),
    ),
    "card ordered": (
        card_replacement,
        lambda: World(key="beijing", documents=[ID_CARD], keyed=["13800000000"]),
    ),
    "card ordered, which ends the old one": (
        card_replacement,
        lambda: World(key="qingdao", documents=[ID_CARD], keyed=["13800000000"]),
    ),
    "card ordered by a proxy": (
        card_replacement,
        lambda: World(
            key="yunling",
            documents=[PROXY, ID_CARD],
            keyed=["13800000000"],
            choices={"给谁办？": Chosen("sent")},
        ),
    ),
    "card ordered, unanswered": (
        card_replacement,
        lambda: World(key="beijing", documents=[ID_CARD], keyed=["13800000000"], lost_answer_to=FileMatter),
    ),
    "card ordered that is not reported lost": (
        card_replacement,
        lambda: World(key="beijing", documents=[ID_CARD], keyed=["13800000000"], verdict=FilingVerdict.NOT_REPORTED),
    ),
    "new card made in exchange": (replacement(EXCHANGE), Replacing),
    "new card made for a lost one": (
        card_replacement,
        lambda: Replacing(reason=GONE, choices={"为什么要新卡？": Chosen("lost"), "给谁办？": Chosen("self")}),
    ),
    "new card that nobody takes": (
        replacement(EXCHANGE),
        lambda: Replacing(shop=Workshop(exchange=True, citizen_takes=False), fee_fen=0),
    ),
    "new card paid for too late": (
        replacement(EXCHANGE),
        lambda: Replacing(standings=[FeeStanding.CLOSED, FeeStanding.REFUNDED]),
    ),
    "new card that is not made": (
        replacement(EXCHANGE),
        lambda: Replacing(declines=(RequestToken,), kind=CardKind.DEAD),
    ),
    "card given up": (cancelling, lambda: World(key="yunling", documents=[ID_CARD])),
    "card of somebody who has died": (
        cancelling,
        lambda: World(key="yunling", choices={"为什么不用这张卡了？": Chosen("death")}),
    ),
}


def session(world: World) -> Session:
    """With all that a terminal can have, and a camera where the scenario has somebody before it."""
    return plain_session(
        world.key,
        world.printing,
        reads_id_cards=True,
        takes_portraits=world.takes_portraits,
        compares_portraits=world.looks is not None,
        makes_cards=world.makes_cards,
    )


CARD_REQUESTS = (
    requests.AwaitCard, requests.ReadIssuer, requests.ReadHolder, requests.ReadTransactionLog,
    requests.PinTriesLeft, requests.VerifyPin,
    requests.ChangeChipPin, requests.AnswerChallenge, requests.DrawChallenge, requests.OpenChip, requests.ReturnCard,
    requests.KeepCard,
)  # fmt: skip
ID_REQUESTS = (requests.AwaitIdDocument, requests.ReadIdDocument, requests.ReturnIdDocument)
CONSENTED = {"要在这里拍照吗？", "给孩子拍照，您同意吗？"}
PRINTER_REQUESTS = (
    wanted.LookAtPrinter, wanted.FeedBlank, wanted.IdentifyBlank, wanted.DrawBlankChallenge, wanted.Personalise,
    wanted.PrintFace, wanted.DrawReadBackChallenge, wanted.ReadBack, wanted.EjectCard, wanted.AwaitTaken,
    wanted.DiscardCard,
)  # fmt: skip
PAD_REQUESTS = (requests.EnterPin, requests.EnterPinBlock, requests.IdentifyPad, requests.LoadWorkingKey)


def what_may_come(request: Request[Any]) -> list[Exception]:
    """All that the runtime may throw in while this request is at hand."""
    found: list[Exception] = []
    if request.interruptible:
        found += [
            CitizenGone(),
            GoingOutOfService(),
            CitizenCancelled(),
            CardTaken(),
            NotConnected("card_reader", "gone"),
        ]
    device = (
        "card_reader" if isinstance(request, CARD_REQUESTS)
        else "pin_pad" if isinstance(request, PAD_REQUESTS)
        else "id_reader" if isinstance(request, ID_REQUESTS)
        else "camera" if isinstance(request, requests.TakePortrait)
        else "card_printer" if isinstance(request, PRINTER_REQUESTS)
        else ""
    )  # fmt: skip
    if device:
        found += [kind(device, "x") for kind in (NotConnected, TimedOut, ProtocolViolation, Busy, DeviceError)]
    if device == "camera":
        found += [PictureDark(device, "x"), PictureFrozen(device, "x")]
    if device == "card_reader":
        found.append(MediaRemoved(device, "pulled"))
    if isinstance(request, requests.EnterPin | requests.EnterPinBlock):
        found.append(EntryCancelled("pin_pad", "cancel key"))
    if isinstance(request, requests.Record):
        found.append(LedgerFailed("disk full"))
    return found


def every_case() -> list[tuple[str, int, int]]:
    cases = []
    for name, (journey_of, world_of) in SCENARIOS.items():
        world = world_of()
        journey = journey_of(session(world))
        request = next(journey)
        step = 0
        while True:
            cases += [(name, step, number) for number in range(len(what_may_come(request)))]
            step += 1
            try:
                request = advanced(journey, world, request)
            except StopIteration:
                break
    return cases


CASES = every_case()


def test_the_walk_is_not_empty() -> None:
    assert len(CASES) > 300
    assert {name for name, _, _ in CASES} == set(SCENARIOS)


@pytest.mark.parametrize(("name", "step", "number"), CASES)
def test_all_come_home(name: str, step: int, number: int) -> None:
    journey_of, world_of = SCENARIOS[name]
    world = world_of()
    journey = journey_of(session(world))
    request = next(journey)
    for _ in range(step):
        request = advanced(journey, world, request)
    thrown = what_may_come(request)[number]
    at_record = isinstance(request, requests.Record)
    effect_asked = isinstance(request, requests.ChangeChipPin)
    at_return = isinstance(request, requests.ReturnCard)
    at_id_return = isinstance(request, requests.ReturnIdDocument)
    at_ending = isinstance(request, requests.Show) and request.ending
    outcome = None
    try:
        request = journey.throw(thrown)
        while True:
            request = advanced(journey, world, request)
    except StopIteration as end:
        outcome = end.value

    if isinstance(outcome, Service):
        assert not at_ending, "who has left does nothing next"
        outcome = Outcome.DONE
    assert isinstance(outcome, Outcome)
    assert all(len(pin) == 0 for pin in world.pins), "a PIN was not wiped"
    assert all(portrait.wiped for portrait in world.portraits), "a portrait was not wiped"
    assert not isinstance(world, Replacing) or world.wrongs() == []
    assert not world.camera_opened_after or set(world.camera_opened_after) & CONSENTED, "nobody had agreed"
    card_out = isinstance(thrown, CardTaken | MediaRemoved) or at_return
    if world.card_came and not card_out:
        kept = world.card_kept or [entry for entry in world.recorded if entry.stage is Stage.CARD_KEPT]
        kept_not = world.forgotten is not None and at_record
        assert world.card_returned or kept or kept_not, "the card was neither given back nor kept on record"
    assert at_id_return or not world.on_the_reader, "the identity card was not given back"
    confirmed = any(isinstance(view, ReadBack) for view in world.seen) and bool(world.recorded)
    confirmed |= any(isinstance(question, GetFilings) for question in world.asked)
    consents = [entry for entry in world.recorded if entry.stage is Stage.CONSENT]
    confirmed |= bool(consents) or (at_record and not CONSENTED.isdisjoint(titles(world)))
    if world.camera_opened_after:
        assert consents[0].consent is not None, "the camera opened before consent was on record"
        assert consents[0].consent.word is ConsentWord.GIVEN
    finished = [entry for entry in world.recorded if entry.stage is Stage.FINISHED]
    if (world.chip_read or confirmed) and not at_record:
        assert len(finished) == 1, "a citizen's transaction has exactly one end on record"
        assert finished[0].outcome is outcome
    if effect_asked:
        assert outcome is Outcome.UNKNOWN, "nobody knows whether the chip has changed the PIN"
    if not world.chip_read and not confirmed:
        assert {entry.stage for entry in world.recorded} <= {Stage.CARD_KEPT}
