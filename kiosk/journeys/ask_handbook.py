"""What does the handbook say? Topics, questions, answers, outlets, and a search. Region rule: services.ask_handbook.

No card, no centre: everything lies on the terminal. Nobody is identified, so no entry is written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.handbook.articles import Article
from kiosk.handbook.outlets import Group, Outlet, Outlets
from kiosk.journeys import refusals
from kiosk.journeys.answer_printing import NO_PAPER, NO_PROOF, show_code
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.paging import page
from kiosk.journeys.printing import Printing, call_line
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.sources import source_of
from kiosk.journeys.views import (
    Action,
    Answer,
    Choice,
    Choices,
    Chosen,
    Emphasis,
    Fact,
    Intent,
    PaperSlip,
    Slip,
    SoundEntry,
    Typed,
)
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import Text
from kiosk.policy.region import Citation, Region
from kiosk.records.transaction import Outcome, Service

CHOICES_A_PAGE: Final = 5
"""Questions of two lines in large type; rule 6 of docs/ux-rules.md would allow one more."""
LINES_A_PAGE: Final = 3  # docs/ux-rules.md rule 1
CHARACTERS_A_PAGE: Final = 60  # rule 1
OUTLETS_A_PAGE: Final = 2
"""Name and address of three have more than sixty characters."""

_SEARCH: Final = Chosen("search")
_OUTLETS: Final = Chosen("outlets")
_LINES: Final = Chosen("lines")
_RETURN: Final = Action(Intent.BACK, say("返回"))
_HOME: Final = Action(Intent.DONE, say("回首页"))


def ask_handbook(session: Session) -> Journey[Outcome]:
    """Let a citizen read what the handbook states and take an answer home."""
    return (yield from serve(session, Service.ASK_HANDBOOK, _ask))


def _ask(session: Session, _progress: Progress) -> Journey[Ending]:
    handbook = session.handbook
    if not session.region.offers(Service.ASK_HANDBOOK) or not handbook.articles:
        raise refusals.not_offered(session.region, Service.ASK_HANDBOOK)
    topics = Choices(
        say("您想问什么？"),
        tuple(Choice(Chosen(topic.id), in_words(topic.name)) for topic in handbook.topics),
        NO_PAPER if session.printing is Printing.UNABLE else None,
        (
            _HOME,
            Action(_OUTLETS, say("找网点"), spoken=say("找网点和电话")),
            Action(_SEARCH, say("打字找"), Emphasis.PRIMARY, say("点词或打拼音的首字母来找")),
        ),
    )
    while True:
        match (yield from ask(Show(topics))):
            case Chosen("search"):
                yield from _search(session)
            case Chosen("outlets"):
                yield from _outlets(session)
            case Chosen(topic):
                name = next(one.name for one in handbook.topics if one.id == topic)
                yield from _questions(session, in_words(name), handbook.about(topic))
            case _:
                return _left()


def _left() -> Ending:
    return Ending(Outcome.DONE, ())


def _search(session: Session) -> Journey[None]:
    note: Say | None = None
    while True:
        entry = SoundEntry(
            say("您想找什么？"),
            say("点一个词，或打拼音的首字母：挂失打 GS。"),
            say("找一找"),
            note,
            (_RETURN,),
            session.handbook.keywords,
        )
        typed = yield from ask(Show(entry))
        if not isinstance(typed, Typed):
            return
        found = session.handbook.find(typed.text)
        if found:
            note = None
            yield from _questions(session, say("找到这些"), found)
        else:
            note = say("没有找到。换个词，再试试。")


def _questions(session: Session, title: Say, articles: Sequence[Article]) -> Journey[None]:
    asked = tuple(Choice(Chosen(article.id), in_words(article.title)) for article in articles)
    for_page = _Turned(asked)
    while True:
        match (yield from ask(Show(for_page.view(title)))):
            case Chosen(name):
                yield from _read(session, session.handbook.article(name))
            case Intent.NEXT:
                for_page.turn(1)
            case _ if for_page.number > 1:
                for_page.turn(-1)
            case _:
                return


@dataclass(slots=True)
class _Turned:
    """A list of choices, and the page at which the citizen left it."""

    choices: tuple[Choice, ...]
    number: int = 1

    def view(self, title: Say) -> Choices:
        of = -(-len(self.choices) // CHOICES_A_PAGE)
        start = (self.number - 1) * CHOICES_A_PAGE
        more = (Action(Intent.NEXT, say("下一页")),) if self.number < of else ()
        back = Action(Intent.BACK, say("上一页")) if self.number > 1 else _RETURN
        return Choices(title, self.choices[start : start + CHOICES_A_PAGE], None, (back, *more), page(self.number, of))

    def turn(self, pages: int) -> None:
        self.number += pages


@dataclass(frozen=True, slots=True)
class _Part:
    """What stands on one page of an answer."""

    heading: Say | None = None
    lines: tuple[Say, ...] = ()
    numbered_from: int = 0
    facts: tuple[Fact, ...] = ()


def _read(session: Session, article: Article) -> Journey[None]:
    """Turn the pages of an answer. Its last one leads to the code, and to the paper, that take it home."""
    parts = list(_parts(session.region, article))
    sources = cited(session.region, article.cite)
    home = _home_with(session.region, article, sources)
    yield from _turn(in_words(article.title), parts, sources, home, may_print=session.printing is Printing.READY)


@dataclass(frozen=True, slots=True)
class _Home:
    """A whole answer to take along."""

    slip: Slip
    paper: PaperSlip


def _turn(
    title: Say,
    parts: Sequence[_Part],
    sources: tuple[Citation, ...],
    home: _Home | None = None,
    *,
    may_print: bool = False,
) -> Journey[None]:
    number = 1
    while True:
        last = number == len(parts)
        part = parts[number - 1]
        back = Action(Intent.BACK, say("上一页")) if number > 1 else _RETURN
        onwards: tuple[Action, ...] = (Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY),)
        if last:
            take_along = say("扫码或打印带走") if may_print else say("扫码带走")
            onwards = (Action(Intent.NEXT, take_along, Emphasis.PRIMARY),) if home is not None else ()
        if number > 1:
            onwards = (Action(Intent.DONE, say("看完了")), *onwards)
        view = Answer(
            title,
            part.heading,
            part.lines,
            part.numbered_from,
            part.facts,
            sources,
            (back, *onwards),
            page(number, len(parts)),
        )
        intent = yield from ask(Show(view))
        if intent is Intent.NEXT and not last:
            number += 1
        elif intent is Intent.NEXT and home is not None:
            wants, may_print = yield from show_code(home.slip, home.paper, may_print=may_print)
            if wants is Intent.DONE:
                raise Ended(_left())
        elif intent is Intent.BACK and number > 1:
            number -= 1
        else:
            return


def _parts(region: Region, article: Article) -> Iterator[_Part]:
    """The pages of an answer: what it is, what it costs and takes, the steps, the papers, what nobody wrote down.

    Few papers stand on the first page: who reads no further still brings them.
    """
    short: list[tuple[Say, int]] = [(in_words(article.answer), len(article.answer.zh))]
    for name, text in (("fee", article.fee), ("term", article.term), ("where", article.where)):
        if text is not None:
            short.append((_named(name, text), len(text.zh) + 3))
    papers = [(_to_bring(text), len(text.zh) + 3) for text in article.papers]
    together = [*short, *papers]
    apart = len(together) > LINES_A_PAGE or sum(length for _, length in together) > CHARACTERS_A_PAGE
    yield from (_Part(lines=lines) for lines, _ in _paged(short if apart else together))
    for heading, texts, numbered in (
        (say("具体来说"), article.steps, True),
        (say("带什么"), article.papers if apart else (), False),
    ):
        weighed = [(in_words(text), len(text.zh)) for text in texts]
        yield from (
            _Part(heading, lines, first if numbered and len(texts) > 1 else 0) for lines, first in _paged(weighed)
        )
    if article.unsaid is not None:
        yield _Part(lines=(_unsaid(article.unsaid), _whom_to_ask(region, article)))


def _named(name: str, text: Text) -> Say:
    match name:
        case "fee":
            return say("费用：{fee}", fee=in_words(text))
        case "term":
            return say("时间：{term}", term=in_words(text))
        case _:
            return say("地点：{place}", place=in_words(text))


def _to_bring(text: Text) -> Say:
    return say("要带：{paper}", paper=in_words(text))


def _unsaid(text: Text) -> Say:
    return say("本地手册没有写明：{what}。", what=in_words(text))


def _whom_to_ask(region: Region, article: Article) -> Say:
    line = article.hotline or region.hotline
    return say("请打电话问：{hotline}", hotline=Verbatim(line)) if line else say("请招呼身边的工作人员。")


def _paged(lines: Sequence[tuple[Say, int]]) -> Iterator[tuple[tuple[Say, ...], int]]:
    """Pages of as many lines as a screen may hold, each with the number of its first line."""
    held: list[Say] = []
    room = CHARACTERS_A_PAGE
    for number, (line, length) in enumerate(lines, 1):
        if held and (len(held) == LINES_A_PAGE or length > room):
            yield tuple(held), number - len(held)
            held, room = [], CHARACTERS_A_PAGE
        held.append(line)
        room -= length
    if held:
        yield tuple(held), len(lines) - len(held) + 1


def cited(region: Region, places: Sequence[str]) -> tuple[Citation, ...]:
    """The documents behind these places, each once with all its sections."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for cite in places:
        place = region.place_of(cite)
        found.setdefault((place.title, place.date, place.about), []).append(place.section)
    return tuple(Citation(title, date, "、".join(sections), about) for (title, date, about), sections in found.items())


def _home_with(region: Region, article: Article, sources: tuple[Citation, ...]) -> _Home:
    """The whole answer as a code, whose beginning is drawn as well, and on paper."""
    title, answer = in_words(article.title), in_words(article.answer)
    call = call_line(article.hotline or region.hotline)
    told = (("fee", article.fee), ("term", article.term), ("where", article.where))
    steps = tuple(in_words(text) for text in article.steps)
    rest = (
        *(_to_bring(text) for text in article.papers),
        *((_unsaid(article.unsaid),) if article.unsaid is not None else ()),
        *(source_of(citation) for citation in sources),
    )
    first = tuple(_named(name, text) for name, text in told if text is not None)
    slip = Slip(
        title=say("带走这个答案"),
        lines=(title, answer, *((call,) if call is not None else ())),
        note=say("用手机扫一扫，全部内容都能存下来。"),
        actions=(Action(Intent.BACK, say("上一页")), CLOSE),
        only_in_code=(*first, *steps, *rest),
    )
    paper = PaperSlip(
        heading=(in_words(region.pack.name), title),
        warning=None,
        facts=(NO_PROOF,),
        lines=(answer, *first, *_numbered(steps), *rest),
        call=call,
        code=(*slip.lines, *slip.only_in_code),
    )
    return _Home(slip, paper)


def _numbered(steps: tuple[Say, ...]) -> tuple[Say, ...]:
    if len(steps) < 2:
        return steps
    return tuple(say("{number}. {step}", number=number, step=step) for number, step in enumerate(steps, 1))


def _outlets(session: Session) -> Journey[None]:
    """By district, by bank, or the lines to call; straight there where there is only one way."""
    outlets = session.handbook.outlets
    ways: list[Choice] = []
    if len(outlets.districts) > 1:
        ways.append(Choice(Chosen("district"), say("按县区找网点")))
    if len(outlets.banks) > 1:
        ways.append(Choice(Chosen("bank"), say("按银行找网点")))
    if outlets.outlets and not ways:
        ways.append(Choice(Chosen("all"), say("服务地点")))
    ways.append(Choice(_LINES, say("服务电话")))
    if len(ways) == 1:
        yield from _lines(session.region, outlets)
        return
    view = Choices(say("网点和电话"), tuple(ways), None, (_RETURN,))
    while True:
        match (yield from ask(Show(view))):
            case Chosen("district"):
                yield from _groups(session, say("哪个县区？"), outlets.districts)
            case Chosen("bank"):
                yield from _groups(session, say("哪家银行？"), outlets.banks)
            case Chosen("all"):
                yield from _places(session.region, outlets, say("服务地点"), outlets.outlets)
            case Chosen("lines"):
                yield from _lines(session.region, outlets)
            case _:
                return


def _groups(session: Session, title: Say, groups: Sequence[Group]) -> Journey[None]:
    outlets = session.handbook.outlets
    by_district = groups is outlets.districts
    for_page = _Turned(tuple(Choice(Chosen(group.id), in_words(group.name)) for group in groups))
    while True:
        match (yield from ask(Show(for_page.view(title)))):
            case Chosen(chosen):
                name = next(in_words(group.name) for group in groups if group.id == chosen)
                found = outlets.in_district(chosen) if by_district else outlets.of_bank(chosen)
                yield from _places(session.region, outlets, name, found)
            case Intent.NEXT:
                for_page.turn(1)
            case _ if for_page.number > 1:
                for_page.turn(-1)
            case _:
                return


def _places(region: Region, outlets: Outlets, title: Say, found: Sequence[Outlet]) -> Journey[None]:
    parts = [
        _Part(
            in_words(outlets.does) if outlets.does is not None else None,
            facts=tuple(
                # Written over the door: the same in every language.
                Fact(Say(outlet.name, translations={"en": outlet.name}), Verbatim(outlet.address))
                for outlet in found[start : start + OUTLETS_A_PAGE]
            ),
        )
        for start in range(0, len(found), OUTLETS_A_PAGE)
    ]
    if outlets.newest is not None:
        parts.append(_Part(lines=(in_words(outlets.newest),)))
    yield from _turn(title, parts, cited(region, sorted({outlet.cite for outlet in found})))


def _lines(region: Region, outlets: Outlets) -> Journey[None]:
    facts = [Fact(in_words(one.name), Verbatim(one.line)) for one in outlets.lines]
    parts = [_Part(facts=tuple(facts[start : start + LINES_A_PAGE])) for start in range(0, len(facts), LINES_A_PAGE)]
    if outlets.newest is not None and (not outlets.outlets or len(outlets.districts) == 1):
        parts.append(_Part(lines=(in_words(outlets.newest),)))
    cites = sorted({one.cite for one in outlets.lines})
    yield from _turn(say("服务电话"), parts, cited(region, cites))
