"""What every matter for an office has in common, tried on the application of a first card."""

from dataclasses import replace
from datetime import date

import pytest

from drivers.ports.id_reader import IdDocument
from kiosk.journeys.card_application import card_application
from kiosk.journeys.views import Fault, Refusal, Result
from kiosk.records import filings
from kiosk.records.filings import FileMatter, FilingVerdict, IdentifiedBy, IssuedPaper
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.test_temporary_loss import filled, stages
from tests.journeys.world import ID_CARD, World, asking_only, session, titles, walk

PHONE = "13800000000"


def citizen(document: IdDocument = ID_CARD, **changes: object) -> World:
    return World(key="yunling", documents=[document], keyed=[PHONE], **changes)  # type: ignore[arg-type]  # by name


def apply(world: World) -> Outcome:
    return walk(card_application(session(world.key, reads_id_cards=True)), world)


def apply_online(world: World) -> Outcome:
    """In a region where nothing is taken down without the centre."""
    terminal = session(world.key, reads_id_cards=True)
    return walk(card_application(asking_only(terminal, Service.CARD_APPLICATION)), world)


def refusal(world: World) -> Refusal:
    return next(view for view in world.seen if isinstance(view, Refusal))


def test_it_is_on_record_before_and_after() -> None:
    world = citizen()
    assert apply(world) is Outcome.DONE
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    assert world.recorded[-1].done_online is True
    (question,) = world.asked
    assert isinstance(question, FileMatter)
    assert question.identified_by is IdentifiedBy.ID_CARD
    assert (question.social_security_number, question.name) == (ID_CARD.number, ID_CARD.name)


@pytest.mark.parametrize(
    ("verdict", "code", "reason", "title"),
    [
        (FilingVerdict.ALREADY_FILED, "R-40", "already_filed", "已经交过了"),
        (FilingVerdict.UNKNOWN, "R-41", "unknown_person", "查不到您的登记"),
        (FilingVerdict.NOT_INSURED, "R-42", "not_insured", "您还没有参保"),
        (FilingVerdict.HAS_CARD, "R-43", "has_card", "您已经有卡了"),
        (FilingVerdict.NO_CARD, "R-44", "no_card", "没有查到您的卡"),
        (FilingVerdict.LATE, "R-46", "late", "过了办理的期限"),
        (FilingVerdict.NOT_BY_PROXY, "R-80", "not_by_proxy", "这件事不能请人代办"),
        (FilingVerdict.PROXY_MINOR, "R-82", "proxy_minor", "代办的人要满 {age} 岁"),
        (FilingVerdict.NEEDS_GUARDIAN, "R-47", "needs_guardian", "不满 {age} 岁，要监护人来办"),
        (FilingVerdict.HOLDER_ADULT, "R-84", "holder_adult", "对方已经满 {age} 岁了"),
        (FilingVerdict.NOT_OPEN, "R-01", "not_offered", "申领不在这里办"),
    ],
)
def test_each_verdict_is_its_own(verdict: FilingVerdict, code: str, reason: str, title: str) -> None:
    world = citizen(verdict=verdict)
    assert apply(world) is Outcome.REFUSED
    assert (refusal(world).code, refusal(world).title.text) == (code, title)
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, reason)
    assert not any(isinstance(view, Result) for view in world.seen)


def test_what_stands_open_is_told_with_its_own_number() -> None:
    world = citizen(verdict=FilingVerdict.ALREADY_FILED)
    apply(world)
    assert "B2C3D4E5" in filled(refusal(world).why)


def test_nothing_is_taken_down_without_the_centre_where_the_region_does_not_say_so() -> None:
    world = citizen(centre_up=False)
    assert apply_online(world) is Outcome.REFUSED
    assert refusal(world).code == "N-01"
    assert any("云岭服务大厅" in filled(line) for line in refusal(world).instead)
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, "centre_unreachable")


@pytest.mark.parametrize("how", ["lost_answer_to", "distrusted_answer_to"])
def test_a_lost_answer_to_a_filing_is_told_as_not_known(how: str) -> None:
    world = citizen()
    setattr(world, how, FileMatter)
    assert apply_online(world) is Outcome.UNKNOWN
    last = world.seen[-1]
    assert isinstance(last, Fault)
    assert (last.code, last.means.text) == ("N-03", "可能已经交上去了，也可能没有。再办一次就知道，不会重复。")
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.UNKNOWN, "answer_lost")


def test_a_verdict_without_its_filing_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world = citizen()
    monkeypatch.setattr(world, "_filed", lambda _: filings.Filed(verdict=FilingVerdict.FILED))
    assert apply(world) is Outcome.REFUSED
    assert refusal(world).code == "N-04"


def test_without_a_reader_of_id_cards_nothing_begins() -> None:
    world = citizen()
    assert walk(card_application(session("yunling")), world) is Outcome.REFUSED
    assert titles(world) == ["这台机器现在读不了身份证"]
    assert not world.asked
    assert not world.recorded


@pytest.mark.parametrize(
    ("born", "number", "refused"),
    [(date(2010, 11, 23), "110101201011230011", True), (date(2010, 11, 22), "110101201011220016", False)],
)
def test_a_child_is_sent_to_a_window_with_its_guardian(born: date, number: str, refused: bool) -> None:
    world = citizen(replace(ID_CARD, number=number, birth_date=born))
    assert apply(world) is (Outcome.REFUSED if refused else Outcome.DONE)
    assert bool(world.asked) is not refused
    if refused:
        assert refusal(world).code == "R-47"
        assert filled(refusal(world).title) == "不满 16 岁，要监护人来办"
        assert filled(refusal(world).instead[0]) == "请带：户口本、户口本复印件"
        assert not world.recorded


def test_the_words_of_both_ends_for_a_paper_are_the_same() -> None:
    assert [kind.value for kind in IssuedPaper] == [kind.value for kind in filings.IssuedPaper]
