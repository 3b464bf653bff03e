"""Somebody files for another: both ID cards on the reader, the proxy's first, and the papers that a window will see.

Region rules: proxy, application.minor_below. Asked only where the pack lets somebody be sent.
"""

from dataclasses import dataclass, replace
from typing import Final

from drivers.ports.id_reader import IdDocument
from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.counter_words import papers_in_words, photo_in_words
from kiosk.journeys.filing import child_below, holder_by_id_card, who
from kiosk.journeys.frame import Session
from kiosk.journeys.guide import Pages, minors_bring, pages
from kiosk.journeys.holder import Holder
from kiosk.journeys.id_card import ATTEMPTS, id_card
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.views import Action, Choice, Chosen, Emphasis, Explain, Fact, Intent, Step
from kiosk.journeys.wording import Say, say
from kiosk.policy.counter import Doer, Paper
from kiosk.policy.region import BUSINESS_OF, Region
from kiosk.records import identity
from kiosk.records.filings import ADULT_FROM, GUARDIAN_BELOW, Proxy, Relation
from kiosk.records.transaction import Service

_SHOWN_HERE: Final = frozenset({Paper.ID, Paper.ID_CARD, Paper.PROXY_ID})
"""Originals that the reader reads."""
_SELF: Final = "self"


@dataclass(frozen=True, slots=True)
class Filer:
    """Whose matter it is, and who stands there for them."""

    holder: Holder
    proxy: Proxy | None = None

    @property
    def photo(self) -> bytes:
        """The holder's, as it lies in the identity card's chip; empty where no card was read."""
        return self.holder.document.photo if self.holder.document is not None else b""

    @property
    def again(self) -> Action:
        """The read-back's button for whoever sees that it is somebody else."""
        return self.holder.again if self.proxy is None else Action(Intent.AGAIN, say("不对，重新放"))

    @property
    def facts(self) -> tuple[Fact, Fact]:
        """Whose matter it is, for a read-back: what a proxy must not mistake."""
        name, number = who(self.holder)
        return (name if self.proxy is None else replace(name, label=say("替谁办"))), number


def for_whom(session: Session, service: Service) -> Journey[Relation | None]:
    """Ask whose matter it is, and whether the papers are there; None where the holder stands there.

    :raises Ended: something that a proxy needs is not at hand.
    """
    region = session.region
    if not region.may_send(BUSINESS_OF[service]):
        return None
    choices = (
        Choice(Chosen(_SELF), say("给自己办"), say("用自己的身份证")),
        Choice(Chosen(Relation.GUARDIAN.value), say("替孩子办"), say("我是孩子的监护人")),
        Choice(Chosen(Relation.SENT.value), say("替别人办"), say("对方让我来的")),
    )
    chosen = yield from choose(say("给谁办？"), choices)
    if chosen == _SELF:
        return None
    relation = Relation(chosen)
    if (yield from ask(Show(_papers_page(region, service, relation)))) is Intent.BACK:
        raise refusals.papers_missing(region, service, guardian=relation is Relation.GUARDIAN)
    return relation


def step_of(step: Step, relation: Relation | None) -> Step:
    """The step of a journey that has one more where somebody acts for another: a second ID card."""
    return step if relation is None else Step(step.number + 1, step.of + 1)


def filer_by_id_card(session: Session, service: Service, step: Step, relation: Relation | None) -> Journey[Filer]:
    """Learn from one ID card whose matter it is, or from two who acts for whom.

    :param step: of the ID card where there is one.
    :raises Ended: as :func:`~kiosk.journeys.filing.holder_by_id_card`; a proxy who is a minor, one card laid down for
        both, a child without its guardian, a guardian of a grown-up.
    """
    if relation is None:
        return Filer((yield from holder_by_id_card(session, service, step)))
    region, today = session.region, session.today
    own = yield from id_card(session, Step(step.number, step.of + 1), say("先放您自己的身份证"))
    own_age = identity.age_told(own.birth_date, today)
    if own_age is not None and own_age < ADULT_FROM:
        raise refusals.proxy_minor(region)
    document = yield from _others_id_card(session, step_of(step, relation), own)
    holder = Holder(document.number, document.name, document)
    age = holder.age(today)
    if relation is Relation.GUARDIAN and age is not None and age >= ADULT_FROM:
        raise refusals.holder_adult(region)
    below = child_below(region, service)
    if relation is not Relation.GUARDIAN and age is not None and age < below:
        raise refusals.needs_guardian(region, service, below)
    # The centre knows the age; until then a window rather sees a paper too many.
    to_show = tuple(paper.value for paper in _to_show(region, service, relation, 0 if age is None else age))
    return Filer(holder, Proxy(number=own.number, name=own.name, relation=relation, to_show=to_show))


def _others_id_card(session: Session, step: Step, own: IdDocument) -> Journey[IdDocument]:
    note: Say | None = None
    for _ in range(ATTEMPTS):
        document = yield from id_card(
            session, step, say("再放对方的身份证"), say("您替谁办，就放谁的。平放在读卡区，先别拿开。"), note
        )
        if document.number != own.number:
            return document
        note = say("这还是您自己的身份证，请放对方的。")
    raise refusals.one_id_card_twice(session.region)


def _papers_page(region: Region, service: Service, relation: Relation) -> Explain:
    """What has to be there before anything is read. No terminal tells a forged mandate from a good one."""
    if relation is Relation.GUARDIAN:
        minors = minors_bring(region) if service is Service.CARD_APPLICATION else ()
        consent = say("不满 {age} 岁的，还要监护人的书面同意。", age=GUARDIAN_BELOW)
        lines = (say("您的和孩子的身份证，都要原件。"), *minors, consent)
    else:
        wanted = _to_show(region, service, relation, ADULT_FROM)
        told = papers_in_words(region, wanted, Doer.FAMILY) if wanted else None
        papers = say("窗口还要看：{papers}", papers=told) if told is not None else _PAPERS_NOT_STATED
        lines = (say("您的和对方的身份证，都要原件。"), papers)
    return Explain(
        title=say("这些都带了吗？"),
        lines=lines,
        step=None,
        actions=(
            CANCEL,
            Action(Intent.BACK, say("没带齐")),
            Action(Intent.NEXT, say("带齐了"), Emphasis.PRIMARY),
        ),
        note=say("机器只看身份证，别的材料由窗口看。"),
    )


_PAPERS_NOT_STATED: Final = say("还要什么材料，本地手册没有写明，窗口会告诉您。")


def _to_show(region: Region, service: Service, relation: Relation, age: int) -> tuple[Paper, ...]:
    """What a window has still to see. A guardian acts by law (Civil Code, §23): nobody has sent them.

    :param age: the holder's, in years.
    """
    wanted = [paper for paper in region.proxy_papers(BUSINESS_OF[service]) if paper not in _SHOWN_HERE]
    if relation is Relation.GUARDIAN:
        wanted = [paper for paper in wanted if paper is not Paper.MANDATE]
        minor = region.pack.application
        below = minor.minor_below.value
        if service is Service.CARD_APPLICATION and below is not None and age < below:
            wanted += [paper for paper in minor.minor_papers.value or () if paper not in wanted]
        if age < GUARDIAN_BELOW:
            wanted.append(Paper.GUARDIAN_CONSENT)
    return tuple(wanted)


def papers_to_show(region: Region, proxy: Proxy | None) -> tuple[Say, ...]:
    """What the window has still to see, in one line; none where the holder came."""
    return () if proxy is None else shown_at_window(region, proxy.to_show)


def shown_at_window(region: Region, to_show: tuple[str, ...]) -> tuple[Say, ...]:
    """The same from a record's machine words. One that this terminal does not know is the office's to name."""
    known = [paper for paper in Paper if paper.value in to_show]
    told = papers_in_words(region, known, Doer.FAMILY) if known else None
    return (say("窗口还要看：{papers}", papers=told),) if told is not None else ()


def at_the_window(region: Region, service: Service, proxy: Proxy | None) -> Pages:
    """What is still to be shown, and what the photograph is like where the holder does not come for it."""
    if proxy is None:
        return ()
    demands = region.pack.proxy.photo.value if service is Service.CARD_APPLICATION else None
    photo = (say("本人不来拍照的，照片要：{demands}", demands=photo_in_words(demands)),) if demands else ()
    return pages(say("代办还要做的"), *(papers_to_show(region, proxy) or (_PAPERS_NOT_STATED,)), *photo)


def on_slip(region: Region, proxy: Proxy | None) -> tuple[Say, ...]:
    """That somebody else has filed it, and what is still to be shown; their name stands on paper only."""
    return () if proxy is None else (say("由别人代办"), *papers_to_show(region, proxy))
