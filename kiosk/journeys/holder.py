"""Whose affair it is where no card is at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from drivers.ports.id_reader import IdDocument
from kiosk.journeys import refusals
from kiosk.journeys.frame import Session
from kiosk.journeys.id_card import id_card
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.typed_entries import typed_words
from kiosk.journeys.views import Action, Emphasis, Explain, Intent, NumberEntry, ReadBack, Step, Typed
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import Identification
from kiosk.records import identity
from kiosk.records.filings import IdentifiedBy

LONGEST_NAME = 50
"""Characters; EF06 keeps 30 + 20 bytes, and names in letters are the longest."""

CHECK = Step(3, 3)
"""The read-back's step after typing."""

_CHECK_CARD = Step(2, 2)
_NUMBER, _NAME = Step(1, 3), Step(2, 3)


@dataclass(frozen=True, slots=True)
class Holder:
    """Number (AAC002) and name (AAC003) as the citizen has confirmed them."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    document: IdDocument | None = field(default=None, repr=False)
    """The identity card they were read from; None where they were typed."""

    @property
    def identified_by(self) -> IdentifiedBy:
        """What the centre is told of it."""
        return IdentifiedBy.TYPED if self.document is None else IdentifiedBy.ID_CARD

    @property
    def check(self) -> Step:
        """The read-back's step."""
        return CHECK if self.document is None else _CHECK_CARD

    @property
    def again(self) -> Action:
        """The read-back's button for whoever sees that it is not them."""
        return Action(Intent.AGAIN, say("不对，重新输") if self.document is None else say("不是我，重新放"))

    @property
    def born(self) -> date | None:
        """The birth date; None where the typed number holds none."""
        return identity.birth_date_of(self.number) if self.document is None else self.document.birth_date

    def age(self, today: date) -> int | None:
        """Whole years on a terminal's day; None where birth date or day is not known."""
        return None if self.born is None else identity.age_told(self.born, today)


def ways_to_identify(session: Session) -> frozenset[Identification]:
    """How somebody without a card can say at this terminal who they are.

    :raises Ended: they can't; to be asked before anything begins.
    """
    ways = session.region.identified_by
    if not session.reads_id_cards:
        ways -= {Identification.ID_CARD}
    if not ways:
        raise refusals.no_identification(session.region)
    return ways


def holder_without_card(
    session: Session, read_back: Callable[[Holder], ReadBack], *, may_type: bool = True
) -> Journey[Holder]:
    """Learn number and name from the identity card, or from what is typed, until the citizen says that they are right.

    :param read_back: what is about to be done to this holder's card; its AGAIN asks anew.
    :param may_type: False for what nobody takes back: it wants the identity card, whatever the region's rules let type.
    :raises Ended: this terminal can't learn who somebody is, or the identity card may not be used.
    """
    ways = ways_to_identify(session)
    if not may_type:
        ways &= {Identification.ID_CARD}
    while True:
        if (yield from _has_id_card(ways)):
            document = yield from id_card(session)
            holder = Holder(document.number, document.name, document)
        else:
            number = yield from _number(session)
            name = yield from _name()
            holder = Holder(number, name)
        if (yield from ask(Show(read_back(holder), personal=True))) is not Intent.AGAIN:
            return holder


def _has_id_card(ways: frozenset[Identification]) -> Journey[bool]:
    if len(ways) == 1:
        return Identification.ID_CARD in ways
    view = Explain(
        title=say("您带身份证了吗？"),
        lines=(say("带了，放一下就行，不用打字。"), say("没带，就自己输号码和姓名。")),
        step=None,
        actions=(
            CANCEL,
            Action(Intent.TYPE, say("没带，自己输")),
            Action(Intent.NEXT, say("带了，放身份证"), Emphasis.PRIMARY),
        ),
    )
    return (yield from ask(Show(view))) is not Intent.TYPE


def _number(session: Session) -> Journey[str]:
    note: Say | None = None
    while True:
        view = NumberEntry(
            title=say("请输入身份证号码"),
            line=say("就是卡上的社会保障号码，18 位。"),
            length=identity.LENGTH,
            confirm=say("输好了"),
            step=_NUMBER,
            note=note,
            actions=(CANCEL,),
        )
        typed = yield from ask(Show(view, personal=True))
        if isinstance(typed, Typed) and identity.is_identity_number(typed.text, session.today):
            return typed.text
        note = (
            say("这个号码不对，请对照身份证改一改。")
            if note is None or not session.region.hotline
            else say("还是不对。证件号码不是 18 位的，请打 {hotline}。", hotline=Verbatim(session.region.hotline))
        )


def _name() -> Journey[str]:
    title, line = say("请输入姓名"), say("和身份证上的一样。")
    return (yield from typed_words(title, line, _NAME, _may_be_a_name, say("请输入姓名，再按“输好了”。")))


def _may_be_a_name(text: str) -> bool:
    # Figures come from a tap on the number's button that was heard too late.
    return 0 < len(text) <= LONGEST_NAME and not any(char.isdecimal() for char in text)
