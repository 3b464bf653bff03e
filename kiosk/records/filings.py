"""What a person files at a terminal for an office to act on: applications, registrations, notices, papers.

Both ends share these words. What a region opens stands in its pack on one side, in the operator's file on the other.
"""

from enum import Enum
from typing import Annotated

import msgspec

from kiosk.records.card import ReplacementReason
from kiosk.records.china_time import Moment
from kiosk.records.portrait import FiledPortrait, NoPortrait

MOST_TOLD = 20
"""Filings in one answer, the newest first."""

LONGEST_KEPT_DAYS = 30
"""Without the centre's receipt a portrait is erased from the terminal after so many days. The operator's choice: long
enough for any line to be mended, and what its person agrees to."""

GUARDIAN_BELOW = 14
"""Years; below it a guardian consents to the use of personal data: Personal Information Protection Law, §31."""
ADULT_FROM = 18
"""Years: Civil Code, §17. No handbook says how old a proxy must be; that a minor acts for nobody is inferred."""

Day = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""YYYY-MM-DD."""
PlaceCode = Annotated[str, msgspec.Meta(pattern=r"\A[1-9][0-9]{5}\Z")]
"""GB/T 2260."""
Phone = Annotated[str, msgspec.Meta(pattern=r"\A1[0-9]{10}\Z")]
"""A mobile number of the mainland."""
PaperWord = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,40}\Z")]
"""A paper in the packs' machine words: ``mandate``, ``household_register``."""


class IdentifiedBy(Enum):
    """How the terminal knows who stands before it. The centre has only the terminal's word for it."""

    CARD = "card"
    """A social security card that has proved itself in this transaction."""
    ID_CARD = "id_card"
    """A resident ID card, read by the terminal."""
    TYPED = "typed"
    """Number and name, typed on the screen."""


class OffsiteGroup(Enum):
    """Who may have care away from the insured place settled there."""

    POSTED = "posted"
    """Sent elsewhere by the employer for long."""
    REFERRED = "referred"
    """Sent to a hospital elsewhere because the one here can't treat it."""
    LONG_RESIDENT = "long_resident"
    SETTLED_RETIRED = "settled_retired"
    """Settled elsewhere after retirement, the household register moved too."""
    SETTLED = "settled"
    """Settled elsewhere, where the source says no more of it."""


class ChangedDatum(Enum):
    """What may have changed of a person or of their insurance."""

    NAME = "name"
    NUMBER = "number"
    ETHNIC_GROUP = "ethnic_group"
    PHOTO = "photo"
    INSURANCE_DATA = "insurance_data"
    MISPRINT = "misprint"
    """Nothing changed: the card was wrong from the start."""


class LeavingReason(Enum):
    """Why a card is given up."""

    INSURANCE_ENDED = "insurance_ended"
    MOVED_AWAY = "moved_away"
    DEATH = "death"


class IssuedPaper(Enum):
    """What is handed out beside the card, or until there is one."""

    TEMPORARY_CARD = "temporary_card"
    """临时社会保障卡."""
    MEDICAL_SLIP = "medical_slip"
    """临时就医证."""
    REPLACEMENT_CERTIFICATE = "replacement_certificate"
    """新发与补（换）社会保障卡证明."""
    COLLECTION_SLIP = "collection_slip"
    """领卡证明."""
    CANCEL_NOTICE = "cancel_notice"
    """销卡通知书."""


class CardApplication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="card_application"):
    """A first card."""

    phone: Phone | None = None
    no_portrait: NoPortrait | None = None
    """None with a portrait, and where the terminal takes none. Told to nobody but the office."""

    def __repr__(self) -> str:
        return "<CardApplication>"


class OffsiteCare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="offsite_care"):
    """异地就医备案: registration for care away from the place of insurance."""

    group: OffsiteGroup
    place: PlaceCode
    admitted_on: Day | None = None
    """For an emergency: the day of admission to hospital."""

    def __repr__(self) -> str:
        return "<OffsiteCare>"


class DataChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="data_change"):
    """A notice that data of the card's holder have changed; the change itself is made where its papers are seen."""

    data: Annotated[tuple[ChangedDatum, ...], msgspec.Meta(min_length=1, max_length=6)]


class Cancelling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="cancelling"):
    """A notice that a card is to be given up; the card is cancelled where its papers are seen."""

    reason: LeavingReason


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="paper"):
    """A paper, issued at once where what it rests on stands."""

    kind: IssuedPaper


class CardReplacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="card_replacement"):
    """An order: a new card in place of another, which an office makes and hands over."""

    reason: ReplacementReason
    phone: Phone | None = None
    no_portrait: NoPortrait | None = None
    """As of an application."""

    def __repr__(self) -> str:
        return f"<CardReplacement {self.reason.value}>"


Matter = CardApplication | OffsiteCare | DataChange | Cancelling | CardReplacement | Paper
PICTURED = (CardApplication, CardReplacement)
"""Matters that end in a card with a portrait on it."""
MATTERS: tuple[type[Matter], ...] = (CardApplication, OffsiteCare, DataChange, Cancelling, CardReplacement, Paper)


def matter_key(matter: Matter) -> str:
    """The machine word of a matter, a paper's with its kind: what can stand open once a person."""
    match matter:
        case CardApplication():
            return "card_application"
        case OffsiteCare():
            return "offsite_care"
        case DataChange():
            return "data_change"
        case Cancelling():
            return "cancelling"
        case CardReplacement():
            return "card_replacement"
        case Paper(kind=kind):
            return kind.value


MATTER_KEYS = frozenset(
    {
        "card_application",
        "offsite_care",
        "data_change",
        "cancelling",
        "card_replacement",
        *(kind.value for kind in IssuedPaper),
    }
)


class Relation(Enum):
    """By what somebody acts for another. The terminal has only their word for it; the papers are a window's to see."""

    SENT = "sent"
    """The holder has sent them."""
    GUARDIAN = "guardian"


class Proxy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who files for the holder: both ID cards were read, this one first."""

    number: Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
    """AAE135."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    relation: Relation
    to_show: Annotated[tuple[PaperWord, ...], msgspec.Meta(max_length=12)] = ()
    """Papers that the proxy says are there and no terminal can check: a window has still to see them."""

    def __repr__(self) -> str:
        return f"<Proxy {self.relation.value}>"


class FileMatter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/filings. Somebody files a matter of their own, or of whom they act for."""

    transaction_id: str
    region: str
    social_security_number: str
    """AAC002."""
    name: str
    """AAC003; must be the holder's."""
    identified_by: IdentifiedBy
    matter: Matter
    proxy: Proxy | None = None
    """Who stands there, where it is not the holder."""
    portrait: FiledPortrait | None = None
    """With an application or an order for a new card, where the terminal has taken one."""

    def __repr__(self) -> str:
        return f"<FileMatter {matter_key(self.matter)}>"


class TakenDown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A filing in the ledger entry that brings it to a centre that did not answer. Who files it, the entry says."""

    matter: Matter
    """Without what is for the office alone: that goes in the :class:`Enclosure`."""
    relation: Relation | None = None
    """Of a proxy; None where the holder files."""
    to_show: Annotated[tuple[PaperWord, ...], msgspec.Meta(max_length=12)] = ()
    """Of :class:`Proxy`."""
    enclosure: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)] | None = None
    """SHA-256 of the sealed :class:`Enclosure` beside the ledger; None where nothing goes with it."""

    def __repr__(self) -> str:
        return f"<TakenDown {matter_key(self.matter)}>"


class Enclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes with a filing that was taken down and stands in no entry, since entries are kept: it can be erased."""

    portrait: FiledPortrait | None = None
    no_portrait: NoPortrait | None = None

    def __repr__(self) -> str:
        return "<Enclosure>"


def discreet(matter: Matter) -> Matter:
    """The matter without what is for an office to know, and only as long as it takes a portrait for it."""
    return msgspec.structs.replace(matter, no_portrait=None) if isinstance(matter, PICTURED) else matter


def taken_down(question: FileMatter) -> tuple[TakenDown, Enclosure | None]:
    """What of a question that nobody answered goes into the entry, and what is to be kept beside it."""
    matter, proxy = question.matter, question.proxy
    enclosure = Enclosure(
        portrait=question.portrait,
        no_portrait=matter.no_portrait if isinstance(matter, PICTURED) else None,
    )
    filing = TakenDown(
        matter=discreet(matter),
        relation=None if proxy is None else proxy.relation,
        to_show=() if proxy is None else proxy.to_show,
    )
    return filing, enclosure if enclosure != Enclosure() else None


class FilingVerdict(Enum):
    """What became of a filing."""

    FILED = "filed"
    ALREADY_FILED = "already_filed"
    """The same matter stands open: its own number is told, nothing is filed twice."""
    UNKNOWN = "unknown"
    """No such person here. Does not tell a wrong name from a wrong number."""
    NOT_INSURED = "not_insured"
    HAS_CARD = "has_card"
    """One card a person: there is one already, or it waits to be replaced."""
    NO_CARD = "no_card"
    """The matter is about a card, and there is none in use."""
    NOTHING_TO_REST_ON = "nothing_to_rest_on"
    """A paper wants an application or a replacement that is under way."""
    NOT_REPORTED = "not_reported"
    """The order for a lost card wants its report first."""
    REPORTED_LOST = "reported_lost"
    """The card is reported lost: a new one is ordered for that reason only."""
    NOT_ACTIVATED = "not_activated"
    """The card to be replaced has never been started."""
    RUNNING = "running"
    """A new card is on its way already, and not by a filing."""
    LATE = "late"
    """The term for it has passed: a window decides."""
    NOT_OPEN = "not_open"
    """The region's rules let no terminal file this."""
    NOT_BY_PROXY = "not_by_proxy"
    """The region's rules let nobody be sent for it."""
    PROXY_MINOR = "proxy_minor"
    NEEDS_GUARDIAN = "needs_guardian"
    """The holder is a child, and no guardian files."""
    HOLDER_ADULT = "holder_adult"
    """A guardian files for somebody who is no minor."""


class FilingState(Enum):
    """How far a filing has come."""

    RECEIVED = "received"
    IN_PRODUCTION = "in_production"
    """The card is being made."""
    READY = "ready"
    """To be collected."""
    DONE = "done"
    """Handed out, entered, in force."""
    REFUSED = "refused"
    """An office said no; ``note`` says why."""
    WITHDRAWN = "withdrawn"


OPEN_STATES = frozenset({FilingState.RECEIVED, FilingState.IN_PRODUCTION, FilingState.READY})
"""In which the same matter can't be filed once more."""


class FilingTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A filing as its person may know it."""

    number: str
    """受理号: what an office finds it by."""
    matter: Matter
    state: FilingState
    filed_at_ms: Moment
    changed_at_ms: Moment
    valid_until: Day | None = None
    """Of a paper or a registration that ends by itself."""
    place: str = ""
    """Where it is collected, as the office wrote it."""
    note: str = ""
    """Why it was refused, or what is missing, as the office wrote it."""
    by_proxy: bool = False
    """Somebody else filed it. Who, only the office knows."""
    to_show: tuple[PaperWord, ...] = ()
    """Of :class:`Proxy`."""
    has_portrait: bool = False
    """A portrait came with it and is there still; without one a window takes it."""
    verdict: FilingVerdict | None = None
    """Why it was refused when it arrived, taken down without the centre; None where nobody or an office refused it."""

    def __repr__(self) -> str:
        return f"<FilingTold {matter_key(self.matter)} {self.state.value}>"


class Filed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. The same transaction id asked again gets the same verdict and files nothing twice."""

    verdict: FilingVerdict
    filing: FilingTold | None = None
    """With FILED and ALREADY_FILED."""


class GetFilings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/filings/query. Somebody asks how far their own matters have come."""

    region: str
    social_security_number: str
    name: str
    identified_by: IdentifiedBy

    def __repr__(self) -> str:
        return "<GetFilings>"


class FilingsTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The newest filings, at most :data:`MOST_TOLD`; none where nobody has this number and name."""

    known: bool
    """Whether there is such a person here."""
    filings: tuple[FilingTold, ...] = ()
