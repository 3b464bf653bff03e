"""Whose affair it is, by the identity card on the reader."""

from dataclasses import replace
from datetime import date

import pytest

from drivers.ports.errors import DeviceError, NotConnected, ProtocolViolation, TimedOut
from drivers.ports.id_reader import DocumentKind, IdDocument
from kiosk.journeys.holder import Holder
from kiosk.journeys.requests import ReadIdDocument, Request, ReturnIdDocument, Show, Unread
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import (
    Explain,
    Fault,
    Intent,
    NumberEntry,
    PlaceIdCard,
    ReadBack,
    Refusal,
    Step,
    View,
)
from kiosk.journeys.wording import Personal, PersonName
from kiosk.records import identity
from kiosk.records.questions import LossReported, LossVerdict, ReportLoss
from kiosk.records.transaction import Outcome
from tests.journeys.world import ID_CARD, TODAY, World, session, steps, titles, walk

BEIJING = session("beijing", reads_id_cards=True)
TWIN = replace(ID_CARD, name="王小朋", number="110101199003070038")


def citizen(*documents: IdDocument | Unread, key: str = "beijing", **changes: object) -> World:
    return World(key=key, documents=list(documents), **changes)  # type: ignore[arg-type]  # fields by name


def last(world: World) -> View:
    return world.seen[-1]


def reported(world: World) -> ReportLoss:
    (question,) = [question for question in world.asked if isinstance(question, ReportLoss)]
    return question


def test_the_report_carries_what_the_card_says() -> None:
    world = citizen(ID_CARD)
    assert walk(temporary_loss(BEIJING), world) is Outcome.DONE
    entry = world.recorded[-1]
    assert (entry.social_security_number, entry.holder_name) == (ID_CARD.number, ID_CARD.name)
    assert (reported(world).social_security_number, reported(world).name) == (ID_CARD.number, ID_CARD.name)
    assert not any(isinstance(view, NumberEntry) for view in world.seen)


def test_it_goes_back_before_anything_else_is_asked() -> None:
    world = citizen(ID_CARD)
    requests: list[Request[object]] = list(steps(temporary_loss(BEIJING), world))
    back = next(at for at, request in enumerate(requests) if isinstance(request, ReturnIdDocument))
    check = next(at for at, request in enumerate(requests) if isinstance(getattr(request, "view", None), ReadBack))
    assert isinstance(requests[back - 1], ReadIdDocument)
    assert back < check


def test_the_read_back_is_masked_and_counts_its_own_steps() -> None:
    world = citizen(ID_CARD)
    walk(temporary_loss(BEIJING), world)
    place = next(view for view in world.seen if isinstance(view, PlaceIdCard))
    check = next(view for view in world.seen if isinstance(view, ReadBack))
    assert (place.step, check.step) == (Step(1, 2), Step(2, 2))
    assert [fact.value.masked for fact in check.facts if isinstance(fact.value, Personal | PersonName)] == [
        "王*明", "110*************2X",
    ]  # fmt: skip
    assert "不是我，重新放" in [action.label.text for action in check.actions]


def test_the_wrong_person_s_card_is_laid_down_and_then_the_right_one() -> None:
    world = citizen(TWIN, ID_CARD)
    pick, again = world.pick, iter([Intent.AGAIN, Intent.NEXT])
    world.pick = lambda view: next(again) if isinstance(view, ReadBack) else pick(view)  # type: ignore[method-assign]  # a citizen who looks twice
    assert walk(temporary_loss(BEIJING), world) is Outcome.DONE
    assert reported(world).name == ID_CARD.name


def test_taken_away_too_early_is_asked_for_again() -> None:
    world = citizen(Unread.TAKEN_AWAY, ID_CARD)
    assert walk(temporary_loss(BEIJING), world) is Outcome.DONE
    notes = [view.note.text if view.note else None for view in world.seen if isinstance(view, PlaceIdCard)]
    assert notes == [None, "刚才拿开得早了一点，请再放一次。"]


def test_what_can_not_be_read_three_times_is_refused() -> None:
    world = citizen(Unread.UNREADABLE, Unread.TAKEN_AWAY, Unread.UNREADABLE)
    assert walk(temporary_loss(BEIJING), world) is Outcome.REFUSED
    view = last(world)
    assert isinstance(view, Refusal)
    assert view.code == "D-12"
    assert not world.recorded
    assert not world.on_the_reader


@pytest.mark.parametrize(
    ("document", "code", "title"),
    [
        (replace(ID_CARD, number="110101199003070029"), "D-13", "身份证号码不对"),
        (replace(ID_CARD, birth_date=date(1990, 7, 3)), "D-14", "身份证上的生日对不上"),
        (replace(ID_CARD, valid_until=date(2026, 11, 21)), "D-15", "身份证已经过期"),
        (replace(ID_CARD, valid_from=date(2026, 11, 23)), "D-16", "身份证还没有生效"),
    ],
)
def test_a_card_that_may_not_be_used_is_refused_in_its_own_words(document: IdDocument, code: str, title: str) -> None:
    world = citizen(document)
    assert walk(temporary_loss(BEIJING), world) is Outcome.REFUSED
    view = last(world)
    assert isinstance(view, Refusal)
    assert (view.code, view.title.text) == (code, title)
    assert not world.asked
    assert not world.recorded
    assert not world.on_the_reader


@pytest.mark.parametrize(
    "document",
    [
        replace(ID_CARD, valid_until=TODAY),
        replace(ID_CARD, valid_from=TODAY),
        replace(ID_CARD, valid_until=None),
    ],
)
def test_first_and_last_day_and_no_last_day_count(document: IdDocument) -> None:
    assert walk(temporary_loss(BEIJING), citizen(document)) is Outcome.DONE


def test_a_dead_clock_calls_no_card_too_new() -> None:
    world = citizen(ID_CARD)
    assert walk(temporary_loss(replace(BEIJING, today=date(1970, 1, 1))), world) is Outcome.DONE


def test_a_foreigner_s_number_of_2017_has_no_check_character() -> None:
    document = replace(
        ID_CARD, kind=DocumentKind.FOREIGNER_2017, name="EXAMPLE, JOHN", number="XXA990175110201", nation="XXA"
    )
    world = citizen(document)
    assert walk(temporary_loss(BEIJING), world) is Outcome.DONE
    assert reported(world).social_security_number == "XXA990175110201"


@pytest.mark.parametrize("kind", [DocumentKind.FOREIGNER_2023, DocumentKind.HK_MACAU_TAIWAN_RESIDENT])
def test_other_documents_are_checked_like_a_resident_s(kind: DocumentKind) -> None:
    document = replace(ID_CARD, kind=kind)
    assert walk(temporary_loss(BEIJING), citizen(document)) is Outcome.DONE
    assert walk(temporary_loss(BEIJING), citizen(replace(document, birth_date=date(1990, 7, 3)))) is Outcome.REFUSED


def test_a_twin_reports_nobody_s_card_but_their_own() -> None:
    world = citizen(TWIN, reports=[LossReported(verdict=LossVerdict.UNKNOWN)])
    assert walk(temporary_loss(BEIJING), world) is Outcome.REFUSED
    assert (reported(world).social_security_number, reported(world).name) == (TWIN.number, TWIN.name)
    view = last(world)
    assert isinstance(view, Refusal)
    assert view.code == "R-14"


@pytest.mark.parametrize("name", ["云", "阿卜杜热合曼·吐尔逊江示例人名", "欧阳𬱖㐂"])
def test_names_of_any_length_arrive_whole(name: str) -> None:
    world = citizen(replace(ID_CARD, name=name))
    assert walk(temporary_loss(BEIJING), world) is Outcome.DONE
    assert reported(world).name == world.recorded[-1].holder_name == name
    check = next(view for view in world.seen if isinstance(view, ReadBack))
    value = check.facts[0].value
    assert isinstance(value, PersonName)
    assert value.masked != name
    assert len(value.masked) == len(name)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotConnected("id_reader", "gone"), "D-01"),
        (TimedOut("id_reader", "x"), "D-02"),
        (ProtocolViolation("id_reader", "noise"), "D-03"),
    ],
)
def test_a_reader_that_fails_ends_it_in_words(error: DeviceError, code: str) -> None:
    world = citizen(ID_CARD)
    journey = temporary_loss(BEIJING)
    request = next(journey)
    while not isinstance(request, ReadIdDocument):
        request = journey.send(world.answer(request))
    request = journey.throw(error)
    assert isinstance(request, ReturnIdDocument)
    request = journey.throw(error)
    assert isinstance(request, Show)
    view = request.view
    assert isinstance(view, Fault)
    assert (view.code, view.title.text) == (code, "身份证阅读器没有反应")
    assert not world.recorded


def test_whoever_has_a_choice_is_asked_once() -> None:
    placed = citizen(ID_CARD, key="yunling")
    assert walk(temporary_loss(session("yunling", reads_id_cards=True)), placed) is Outcome.DONE
    assert titles(placed).count("您带身份证了吗？") == 1
    typed = citizen(key="yunling", keyed=[ID_CARD.number, ID_CARD.name], choices={"您带身份证了吗？": Intent.TYPE})
    assert walk(temporary_loss(session("yunling", reads_id_cards=True)), typed) is Outcome.DONE
    assert not any(isinstance(view, PlaceIdCard) for view in typed.seen)


def test_without_a_reader_typing_is_asked_for_at_once_where_the_region_allows_it() -> None:
    world = citizen(key="jiangxi", keyed=[ID_CARD.number, ID_CARD.name])
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    assert "您带身份证了吗？" not in titles(world)


def test_without_a_reader_and_without_typing_it_is_refused_before_anything_begins() -> None:
    world = citizen(keyed=[ID_CARD.number, ID_CARD.name])
    assert walk(temporary_loss(session("beijing")), world) is Outcome.REFUSED
    (view,) = world.seen
    assert isinstance(view, Refusal)
    assert view.code == "D-11"
    assert "96102" in view.instead[-1].values["place"].text  # type: ignore[union-attr]  # a sentence of the pack's
    assert not world.recorded


def test_what_is_needed_is_said_before_it_begins() -> None:
    world = citizen(ID_CARD)
    walk(temporary_loss(BEIJING), world)
    first = world.seen[0]
    assert isinstance(first, Explain)
    assert "要用您的身份证。" in [line.text for line in first.lines]


def test_age_counts_from_the_birthday() -> None:
    child = Holder("990100201011230017", "云小童")
    assert child.age(date(2026, 11, 22)) == 15
    assert child.age(date(2026, 11, 23)) == 16
    leap = replace(ID_CARD, birth_date=date(2012, 2, 29))
    assert Holder(leap.number, leap.name, leap).age(date(2028, 2, 28)) == 15
    assert Holder(leap.number, leap.name, leap).age(date(2028, 2, 29)) == 16
    assert Holder("XXA990175110201", "EXAMPLE").age(TODAY) is None
    assert identity.age(date(2012, 2, 29), date(2026, 2, 28)) == 13


def test_nothing_of_the_card_is_in_a_repr() -> None:
    world = citizen(ID_CARD)
    texts = [repr(request) for request in steps(temporary_loss(BEIJING), world)]
    texts += [repr(ID_CARD), repr(Holder(ID_CARD.number, ID_CARD.name, ID_CARD))]
    assert not any(ID_CARD.number in text or ID_CARD.name in text or "例子路" in text for text in texts)
