"""A world for pure journeys: a chip, a pad, a centre and a ledger as plain values, and a citizen with a script.

Nothing here is a device: journeys do no I/O, so neither does their world. What each party answers is written by hand.
"""

import dataclasses
import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import msgspec

from drivers.ports.card_reader import (
    CardKind,
    Challenge,
    Cryptogram,
    HolderData,
    IssuerData,
    LoggedKind,
    LoggedTransaction,
    PinCheck,
    TransactionLog,
)
from drivers.ports.errors import DeviceError
from drivers.ports.id_reader import DocumentKind, IdDocument
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock
from kiosk.journeys import requests
from kiosk.journeys.frame import Session
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import (
    Distrusted,
    Journey,
    NoSitting,
    NotTaken,
    Request,
    SlipFate,
    Unreachable,
    Unread,
)
from kiosk.journeys.views import (
    AnyIntent,
    Choices,
    Emphasis,
    Intent,
    NameEntry,
    NumberEntry,
    PaperSlip,
    ReadBack,
    SoundEntry,
    Typed,
    View,
    actions_of,
)
from kiosk.journeys.wording import Say, Value
from kiosk.policy.country import Country, load_places
from kiosk.policy.pack import Basis, Offline, Rule, load_pack
from kiosk.policy.region import Region
from kiosk.records.activation import ActivateCard, ActivationVerdict, CardActivated
from kiosk.records.card import CardState
from kiosk.records.filings import (
    CardApplication,
    Enclosure,
    Filed,
    FileMatter,
    FilingState,
    FilingsTold,
    FilingTold,
    FilingVerdict,
    GetFilings,
)
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    FiledComparison,
    FiledPortrait,
    Likeness,
    TakenPortrait,
)
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardExamined,
    CardProof,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    ExamineCard,
    FormalLossReported,
    FormalLossVerdict,
    GetRecord,
    GetWorkingKey,
    HolderRecord,
    InsuranceStatus,
    LiftLoss,
    LiftLossWithoutCard,
    LiftVerdict,
    LossLifted,
    LossReported,
    LossVerdict,
    OpenCardSession,
    PinChange,
    PinChanged,
    PinVerdict,
    ProveCard,
    RecordAnswer,
    ReportFormalLoss,
    ReportLoss,
    TerminalAuthenticated,
    WorkingKey,
)
from kiosk.records.settlement import MedicalYear, SettlementReceipt, Shares, Standing
from kiosk.records.transaction import Outcome, Service, Transaction
from kiosk.records.working_days import load_calendar

REGIONS = Path(__file__).parents[2] / "config" / "regions"
FICTIONAL = Path(__file__).parents[1] / "regions"
TODAY = date(2026, 11, 22)
COUNTRY = Country(
    load_calendar(REGIONS.parent / "holidays" / "china.toml"),
    load_places(REGIONS.parents[1] / "assets" / "places.toml"),
)
TRANSACTION_ID = "0123456789abcdef0123456789abcdef"


@functools.cache
def region(key: str) -> Region:
    """The pack as it ships, or the fictional one that opens everything; loaded once, since nothing changes it."""
    folder = FICTIONAL if key == "yunling" else REGIONS
    return Region(load_pack(folder / f"{key}.toml"))


def asking_only(terminal: Session, service: Service) -> Session:
    """The same terminal in a region that takes nothing of this service down without the centre."""
    pack = terminal.region.pack
    refused = Rule(value=Offline.REFUSED, basis=Basis.OPERATOR, reason="the centre decides")
    rules = msgspec.structs.replace(pack.services[service], offline=refused)
    services = {**pack.services, service: rules}
    return dataclasses.replace(terminal, region=Region(msgspec.structs.replace(pack, services=services)))


def session(
    key: str,
    printing: Printing = Printing.ABSENT,
    *,
    reads_cards: bool = True,
    enters_pins: bool = True,
    reads_id_cards: bool = False,
    takes_portraits: bool = False,
    compares_portraits: bool = False,
    gives_back_at: str = "",
    makes_cards: bool = False,
) -> Session:
    return Session(
        TRANSACTION_ID,
        region(key),
        TODAY,
        reads_cards=reads_cards,
        enters_pins=enters_pins,
        reads_id_cards=reads_id_cards,
        takes_portraits=takes_portraits,
        compares_portraits=compares_portraits,
        makes_cards=makes_cards,
        keeps_old_cards=makes_cards,
        printing=printing,
        gives_back_at=gives_back_at,
        country=COUNTRY,
    )


ISSUER = {
    "zhumadian": IssuerData(
        "41170019900307001000000000000001",
        "3",
        "2.00",
        "0" * 24,
        date(2020, 1, 1),
        date(2040, 1, 1),
        "A12345674",
        "4117",
    ),
    "beijing": IssuerData(
        "11010019900307001000000000000002",
        "3",
        "2.00",
        "0" * 24,
        date(2020, 1, 1),
        date(2040, 1, 1),
        "D2143569X",
        "1100",
    ),
    **{
        key: IssuerData(
            f"{code}0019900307001000000000000003",
            "3",
            "2.00",
            "0" * 24,
            date(2020, 1, 1),
            date(2040, 1, 1),
            "A12345674",
            code,
        )
        for key, code in {"guizhou": "5200", "qingdao": "3702", "jiangxi": "3601", "yunling": "9901"}.items()
    },
}
REPORTED_MS = 1_795_314_720_000
"""2026-11-22 10:32 in China."""
TEN_DAYS_LATER_MS = REPORTED_MS + 10 * 86_400_000
HOLDER = HolderData("411700199003070016", "王小明", "1", "01", "411700", date(1990, 3, 7))
HOLDER_X = HolderData("41170019900307001X", "王小明", "1", "01", "411700", date(1990, 3, 7))

SHARES = Shares(
    total_fen=68000,
    in_range_fen=60000,
    fund_fen=38000,
    person_fen=30000,
    own_share_fen=22000,
    out_of_range_fen=8000,
    cash_fen=25000,
)
"""680.00 = 380.00 + 300.00; 300.00 = 80.00 + 220.00; 600.00 = 380.00 + 220.00; 250.00 of 300.00 in cash."""
YEAR = MedicalYear(
    year=2026, standing=Standing.WORKING, shares=SHARES, deductible_used_fen=125050, mutual_aid_fen=38000
)
RECEIPT = SettlementReceipt(day="2026-10-19", place="模拟医院", shares=SHARES, mutual_aid_fen=38000)
LOG: TransactionLog = (
    LoggedTransaction(1, datetime(2026, 10, 19, 9, 46, 27), LoggedKind.OUTPATIENT, 25000, "模拟医院"),  # noqa: DTZ001 - the chip's own time
    LoggedTransaction(2, datetime(2026, 9, 7, 14, 22, 10), LoggedKind.PHARMACY, 12640, "模拟药店"),  # noqa: DTZ001
)

RECORD = HolderRecord(
    name="王小明",
    social_security_number="411700199003070016",
    card_number="A12345674",
    card_state=CardState.NORMAL,
    person_state="1",
    medical_account_fen=123456,
    medical_account_as_of="2026-11-20",
    bank="中国银行",
    bank_account="****6789",
    bank_side_active=True,
    insurances=[
        InsuranceStatus(kind="pension", active=True, paid_until="2026-10"),
        InsuranceStatus(kind="medical", active=True, paid_until="2026-10"),
    ],
)


ID_CARD = IdDocument(
    kind=DocumentKind.RESIDENT,
    name="王小明",
    chinese_name="",
    sex="1",
    nation="01",
    birth_date=date(1990, 3, 7),
    address="虚构市例子路1号",
    number="11010119900307002X",
    issuer="虚构市公安局",
    valid_from=date(2020, 1, 1),
    valid_until=date(2040, 1, 1),
    travel_document="",
    issue_count="",
    photo=bytes(1024),
)


OWN_ID_CARD = dataclasses.replace(ID_CARD, number=HOLDER_X.social_security_number)
"""Of :data:`HOLDER_X`."""
JPEG = b"\xff\xd8" + bytes(range(1, 251)) * 80 + b"\xff\xd9"
"""20 004 bytes that begin and end as a portrait does; nobody's face."""
FILED_NUMBER = TRANSACTION_ID[:8].upper()


def filing(**changes: Any) -> FilingTold:
    """A card that is being made, applied for on the day before; ``changes`` by field."""
    told = FilingTold(
        number="A1B2C3D4",
        matter=CardApplication(),
        state=FilingState.IN_PRODUCTION,
        filed_at_ms=REPORTED_MS - 86_400_000,
        changed_at_ms=REPORTED_MS,
    )
    return msgspec.structs.replace(told, **changes)


def pin(digits: str) -> Pin:
    handle = Pin()
    for digit in digits:
        handle.append(ord(digit))
    return handle


@dataclass
class World:
    """Answers requests. Change a field to change the world."""

    key: str = "zhumadian"
    kind: CardKind = CardKind.SOCIAL_SECURITY
    issuer: IssuerData | None = None
    """None: a card of the region."""
    holder: HolderData | None = HOLDER
    chip_closed: bool = False
    chip_pin: str = "246810"
    log: TransactionLog | None = LOG
    tries: int = 6
    refuses_change: bool = False
    typed: list[str] = field(default_factory=list)
    """What the citizen types on the pad, one entry after the other."""
    keyed: list[str] = field(default_factory=list)
    """What the citizen types on the screen, one entry after the other."""
    documents: list[IdDocument | Unread] = field(default_factory=list)
    """What the reader reads, one document laid down after the other."""
    takes_portraits: bool = False
    """The terminal has a camera."""
    makes_cards: bool = False
    """The terminal has a card printer, and a slot with a motor."""
    looks: Likeness | None = None
    """What comes of comparing a portrait with the ID card's photo; the terminal compares none when None."""
    compared: list[bytes] = field(default_factory=list)
    """Photos of ID cards that a portrait was compared with."""
    sittings: list[bytes | NotTaken | NoSitting | DeviceError] = field(default_factory=list)
    """What comes of each try before the camera; bytes are a portrait's."""
    centre_up: bool = True
    lost_answer_to: type | None = None
    distrusted_answer_to: type | None = None
    proof: CardProved = field(default_factory=lambda: CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL))
    printing: Printing = Printing.ABSENT
    fate: SlipFate = SlipFate.PRINTED
    records: list[RecordAnswer] = field(default_factory=lambda: [RecordAnswer(pin=PinVerdict.ACCEPTED, record=RECORD)])
    changes: list[PinChanged] = field(default_factory=lambda: [PinChanged(change=PinChange.CHANGED)])
    reports: list[LossReported] = field(
        default_factory=lambda: [
            LossReported(
                verdict=LossVerdict.REPORTED,
                reported_at_ms=REPORTED_MS,
                lapses_at_ms=TEN_DAYS_LATER_MS,
                bank="中国银行",
            )
        ]
    )
    formal_reports: list[FormalLossReported] = field(
        default_factory=lambda: [
            FormalLossReported(
                verdict=FormalLossVerdict.REPORTED, reported_at_ms=REPORTED_MS, bank="云岭银行", e_card_stopped=True
            )
        ]
    )
    liftings: list[LossLifted] = field(
        default_factory=lambda: [LossLifted(pin=PinVerdict.NOT_ASKED, verdict=LiftVerdict.LIFTED)]
    )
    activations: list[CardActivated] = field(
        default_factory=lambda: [CardActivated(verdict=ActivationVerdict.ACTIVATED, bank_side_active=False)]
    )
    examined: CardExamined = field(
        default_factory=lambda: CardExamined(
            card_state=CardState.NORMAL, bank_side_active=True, pin_repeated=False, name_agrees=True
        )
    )
    verdict: FilingVerdict = FilingVerdict.FILED
    """What the centre makes of a filing."""
    known: bool = True
    """Whether the centre has this person."""
    filings: list[FilingTold] = field(default_factory=lambda: [filing()])
    """What the person has filed, the newest first."""
    valid_until: str | None = None
    """Of a paper."""
    filed_by_proxy: bool = False
    """What stands open, somebody else has filed."""
    choices: dict[str, AnyIntent] = field(default_factory=dict)
    """Which intent the citizen picks on a screen of this title; the primary action elsewhere."""

    looked_at: list[AnyIntent] = field(default_factory=list)
    """What the citizen has chosen to look at: each thing once, then they leave."""

    pins: list[Pin] = field(default_factory=list)
    portraits: list[TakenPortrait] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)
    """What a portrait held when it was sealed."""
    camera_opened_after: list[str] = field(default_factory=list)
    """Titles of the screens that had been seen when the camera was first opened."""
    recorded: list[Transaction] = field(default_factory=list)
    enclosed: list[Enclosure] = field(default_factory=list)
    """What was kept beside the ledger."""
    seen: list[View] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    printed: list[PaperSlip] = field(default_factory=list)
    forgotten: requests.Kept | None = None
    """The citizen leaves without the card: what becomes of it before a motor that can keep it."""
    card_returned: bool = False
    card_kept: bool = False
    """It was taken in for good: a new one has taken its place."""
    card_came: bool = False
    chip_read: bool = False
    on_the_reader: bool = False
    """An identity card lies there."""

    def answer(self, request: Request[Any]) -> Any:
        handler = self._HANDLERS[type(request)]
        return handler(self, request)

    def _show(self, request: requests.Show) -> AnyIntent:
        self.seen.append(request.view)
        return self.pick(request.view)

    def pick(self, view: View) -> AnyIntent:
        actions = actions_of(view)
        wanted = self.choices.get(title_of(view))
        if wanted is not None and wanted in {action.intent for action in actions}:
            return wanted
        if isinstance(view, NumberEntry | NameEntry | SoundEntry):
            return Typed(self.keyed.pop(0))
        if isinstance(view, Choices):
            return self._choose(view)
        for action in actions:
            if action.emphasis is Emphasis.PRIMARY:
                return action.intent
        if isinstance(view, ReadBack):
            return Intent.NEXT
        return actions[0].intent

    def _choose(self, view: Choices) -> AnyIntent:
        for choice in view.choices:
            if choice.intent not in self.looked_at:
                self.looked_at.append(choice.intent)
                return choice.intent
        offered = {action.intent for action in view.actions}
        wanted = self.choices.get(title_of(view))
        if wanted in offered and wanted not in self.looked_at:
            self.looked_at.append(wanted)
            return wanted
        return Intent.AGAIN if Intent.AGAIN in offered else Intent.DONE

    def _await_card(self, request: requests.AwaitCard) -> CardKind:
        self.seen.append(request.view)
        self.card_came = True
        return self.kind

    def _await_id(self, request: requests.AwaitIdDocument) -> None:
        self.seen.append(request.view)
        self.on_the_reader = True

    def _read_id(self, _: Any) -> IdDocument | Unread:
        return self.documents.pop(0)

    def _return_id(self, _: Any) -> None:
        self.on_the_reader = False

    def _read_issuer(self, _: Any) -> IssuerData:
        self.chip_read = True
        return self.issuer or ISSUER[self.key]

    def _read_holder(self, _: Any) -> HolderData | None:
        return None if self.chip_closed else self.holder

    def _open_chip(self, _: Any) -> bool:
        self.chip_closed = False
        return True

    def _sit(self, request: requests.TakePortrait) -> TakenPortrait | NotTaken | NoSitting:
        self.camera_opened_after = self.camera_opened_after or titles(self)
        self.seen.append(request.view)
        came = self.sittings.pop(0)
        if isinstance(came, DeviceError):
            raise came
        if not isinstance(came, bytes):
            return came
        self.portraits.append(TakenPortrait(came))
        return self.portraits[-1]

    def _seal(self, request: requests.SealPortrait) -> FiledPortrait:
        assert request.transaction_id == TRANSACTION_ID
        self.sealed.append(bytes(request.portrait.jpeg))
        told = request.likeness
        return FiledPortrait(
            sealed=bytes(20_052),
            consent_by=request.consent_by,
            consent_text=request.consent_text,
            comparison=FiledComparison(likeness=told, consent_text=COMPARISON_TEXT) if told is not None else None,
        )

    def _compare(self, request: requests.ComparePortrait) -> Likeness:
        assert self.looks is not None, "this terminal compares nothing"
        assert not request.portrait.wiped
        self.compared.append(request.photo)
        return self.looks

    def _enter(self, request: requests.EnterPin) -> Pin:
        self.seen.append(request.view)
        handle = pin(self.typed.pop(0))
        self.pins.append(handle)
        return handle

    def _enter_block(self, request: requests.EnterPinBlock) -> PinBlock:
        self.seen.append(request.view)
        return PinBlock(self.typed.pop(0).encode().ljust(8, b"\0"))

    def _check(self, right: bool) -> PinCheck:
        if self.tries == 0:
            return PinCheck(accepted=False, tries_left=0)
        self.tries = 6 if right else self.tries - 1
        return PinCheck(accepted=right, tries_left=self.tries)

    def _verify(self, request: requests.VerifyPin) -> PinCheck:
        return self._check(request.pin.equals_digits(self.chip_pin))

    def _change(self, request: requests.ChangeChipPin) -> PinCheck:
        check = self._check(request.old.equals_digits(self.chip_pin) and not self.refuses_change)
        if check.accepted:
            self.chip_pin = "changed"
        return check

    def _ask_centre(self, request: requests.AskCentre) -> Any:
        self.asked.append(request.question)
        if isinstance(request.question, self.lost_answer_to or ()):
            return Unreachable(maybe_done=True)
        if isinstance(request.question, self.distrusted_answer_to or ()):
            return Distrusted("not signed", maybe_done=True)
        if not self.centre_up:
            return Unreachable(maybe_done=False)
        answers: dict[type, Callable[[], Any]] = {
            OpenCardSession: lambda: CardSessionOpened(session_id="s", challenge=bytes(8)),
            AuthenticateTerminal: lambda: TerminalAuthenticated(cryptogram=bytes(8)),
            ProveCard: lambda: self.proof,
            GetWorkingKey: lambda: WorkingKey(cipher=bytes(16), check_value=bytes(4)),
            GetRecord: lambda: self.records.pop(0),
            ChangeCentrePin: lambda: self.changes.pop(0),
            ReportLoss: lambda: self.reports.pop(0),
            ReportFormalLoss: lambda: self.formal_reports.pop(0),
            LiftLoss: lambda: self.liftings.pop(0),
            LiftLossWithoutCard: lambda: self.liftings.pop(0),
            ExamineCard: lambda: self.examined,
            ActivateCard: lambda: self.activations.pop(0),
            FileMatter: lambda: self._filed(cast("FileMatter", request.question)),
            GetFilings: lambda: FilingsTold(known=self.known, filings=tuple(self.filings)),
        }
        return answers[type(request.question)]()

    def _filed(self, question: FileMatter) -> Filed:
        if self.verdict not in (FilingVerdict.FILED, FilingVerdict.ALREADY_FILED):
            return Filed(verdict=self.verdict)
        number = FILED_NUMBER if self.verdict is FilingVerdict.FILED else "B2C3D4E5"
        told = filing(matter=question.matter, number=number, valid_until=self.valid_until, by_proxy=self.filed_by_proxy)
        return Filed(verdict=self.verdict, filing=told)

    def _record(self, request: requests.Record) -> int:
        self.recorded.append(request.transaction)
        if request.enclosure is not None:
            self.enclosed.append(request.enclosure)
        return len(self.recorded)

    def _return_card(self, _: Any) -> requests.Returned:
        if self.forgotten is not None:
            return requests.Returned.FORGOTTEN
        self.card_returned = True
        return requests.Returned.TAKEN

    def _keep_card(self, _: Any) -> requests.Kept:
        assert self.forgotten is not None
        self.card_returned = self.forgotten is requests.Kept.TAKEN
        return self.forgotten

    def _print(self, request: requests.PrintSlip) -> SlipFate:
        assert not self.printed, "a second slip was printed"
        self.printed.append(request.slip)
        return self.fate

    _HANDLERS: "dict[type, Callable[[World, Any], Any]]" = field(
        default_factory=lambda: {
            requests.Show: World._show,
            requests.Announce: lambda world, request: world.seen.append(request.view),
            requests.AwaitCard: World._await_card,
            requests.AwaitIdDocument: World._await_id,
            requests.ReadIdDocument: World._read_id,
            requests.ReturnIdDocument: World._return_id,
            requests.ReadIssuer: World._read_issuer,
            requests.ReadHolder: World._read_holder,
            requests.ReadTransactionLog: lambda world, _: world.log,
            requests.PinTriesLeft: lambda world, _: world.tries,
            requests.VerifyPin: World._verify,
            requests.ChangeChipPin: World._change,
            requests.AnswerChallenge: lambda _, __: Cryptogram(bytes(8)),
            requests.DrawChallenge: lambda _, __: Challenge(bytes(8)),
            requests.OpenChip: World._open_chip,
            requests.ReturnCard: World._return_card,
            requests.KeepCard: World._keep_card,
            requests.EnterPin: World._enter,
            requests.EnterPinBlock: World._enter_block,
            requests.IdentifyPad: lambda _, __: PadIdentity("sunson", "1", "PAD1"),
            requests.LoadWorkingKey: lambda _, __: None,
            requests.AskCentre: World._ask_centre,
            requests.Record: World._record,
            requests.PrintSlip: World._print,
            requests.TakePortrait: World._sit,
            requests.ComparePortrait: World._compare,
            requests.SealPortrait: World._seal,
        },
        repr=False,
    )


def title_of(view: View) -> str:
    return view.title.text


def filled(sentence: Value | None) -> str:
    """A sentence with its gaps filled, in Chinese."""
    if not isinstance(sentence, Say):
        return str(getattr(sentence, "text", sentence))
    return sentence.text.format(**{name: filled(value) for name, value in sentence.values.items()})


def titles(world: World) -> list[str]:
    return [title_of(view) for view in world.seen]


def steps(journey: Journey[Outcome | Service], world: World) -> Generator[Request[Any], None, Outcome | Service]:
    """The requests of a journey in ``world``, one by one; returns the outcome."""
    request = next(journey)
    while True:
        yield request
        try:
            request = advanced(journey, world, request)
        except StopIteration as end:
            return cast("Outcome", end.value)


def advanced(journey: Journey[Outcome | Service], world: World, request: Request[Any]) -> Request[Any]:
    """The next request, once ``world`` has answered this one or a device of it has failed."""
    try:
        answer = world.answer(request)
    except DeviceError as error:
        return journey.throw(error)
    return journey.send(answer)


def walk(journey: Journey[Outcome | Service], world: World) -> Outcome:
    """Run a journey to its end; where another service follows, it has done what it was to do."""
    walking = steps(journey, world)
    while True:
        try:
            next(walking)
        except StopIteration as end:
            return Outcome.DONE if isinstance(end.value, Service) else end.value
