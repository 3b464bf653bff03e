"""What a new card asks of the conductor: a cancel that is always heard, a kept card that nobody misses, the time."""

import dataclasses
import threading
from collections.abc import Iterator
from typing import Any, cast

import pytest

from drivers.ports.capture_unit import CaptureStatus
from drivers.ports.card_printer import Fill, Media
from kiosk.journeys.fee import SECOND_S
from kiosk.journeys.frame import Session
from kiosk.journeys.issuing_requests import Pause, RetainOldCard, TellTime
from kiosk.journeys.new_card import REPLACEMENT_FEE, fee_waiting
from kiosk.journeys.requests import (
    AskCentre,
    AwaitCard,
    CardTaken,
    CentreAnswer,
    CitizenCancelled,
    Distrusted,
    Journey,
    Show,
    Unreachable,
    ask,
    ask_centre,
)
from kiosk.journeys.views import Action, Attract, ChooseService, Explain, FeeCode, Home, InsertCard, Intent
from kiosk.journeys.wording import say
from kiosk.records.issuance import AskFee, FeeStanding, FeeState
from kiosk.records.transaction import Outcome, Service
from kiosk.runtime.card_making import CardMaker
from kiosk.runtime.conductor import CARD_POLL_S
from kiosk.runtime.repertoire import JOURNEYS
from tests.unit.test_conductor import DEADLINE_S, Hall

FEE = fee_waiting(1600, REPLACEMENT_FEE, "weixin://wxpay/x", 300, None)


class _SlowCentre(Hall):
    """A centre that answers when the test lets it."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        super().__init__()

    def ask_centre(self, request: AskCentre) -> CentreAnswer | Unreachable | Distrusted:
        self.asked.set()
        assert self.may_answer.wait(DEADLINE_S)
        return FeeState(standing=FeeStanding.PENDING, fee_fen=1600)


@pytest.fixture
def hall() -> Iterator[_SlowCentre]:
    place = _SlowCentre()
    yield place
    place.may_answer.set()
    place.conductor.stop()


def begin(hall: Hall, journey: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOURNEYS, Service.CARD_QUERY, journey)
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_QUERY))


def test_cancel_is_heard_while_it_is_asked_whether_the_fee_has_come(
    hall: _SlowCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[object] = []

    def paying(_session: Session) -> Journey[Outcome]:
        try:
            yield from ask(Pause(FEE, SECOND_S))
            came.append((yield from ask_centre(AskFee(transaction_id="ab" * 16), FeeState)))
            yield from ask(Pause(FEE, SECOND_S))
        except CitizenCancelled:
            came.append("cancelled")
        return Outcome.CANCELLED

    begin(hall, paying, monkeypatch)
    hall.sees(FeeCode)
    hall.later(SECOND_S + 0.1)
    assert hall.asked.wait(DEADLINE_S)
    hall.touch(Intent.CANCEL)
    assert came == [], "a question that is under way is waited for"
    hall.may_answer.set()
    hall.until(lambda: len(came) == 2)
    assert came[1] == "cancelled"


def test_the_time_is_the_centres(hall: _SlowCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def asking(_session: Session) -> Journey[Outcome]:
        told.append((yield from ask(TellTime())))
        return Outcome.DONE

    begin(hall, asking, monkeypatch)
    hall.until(lambda: bool(told))
    assert told == [1_795_315_200_000]  # 2026-11-22 10:40 in China


class _Motor:
    """A slot's motor over the card of the hall's slot."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def status(self) -> CaptureStatus:
        return CaptureStatus(Media.PRESENT if self._hall.slot.present else Media.NOT_PRESENT, Fill.OK)

    def retain(self) -> None:
        self._hall.slot.pull()


def test_a_card_that_was_kept_for_good_is_not_missed(hall: _SlowCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    slept = Explain(say("请稍候"), (), None, (Action(Intent.NEXT, say("好的")),))

    def exchanging(_session: Session) -> Journey[Outcome]:
        yield from ask(AwaitCard(InsertCard(say("请插入社会保障卡"), say("插到底。"), None, ())))
        assert (yield from ask(RetainOldCard()))
        ended.append("kept")
        try:
            yield from ask(Show(slept))
            ended.append("read")
        except CardTaken:
            ended.append("missed")
        return Outcome.DONE

    nothing = cast("Any", None)
    maker = CardMaker(nothing, nothing, nothing, nothing, nothing, cast("Any", _Motor(hall)))
    hall.conductor._devices = dataclasses.replace(hall.conductor._devices, card_maker=maker)
    begin(hall, exchanging, monkeypatch)
    hall.sees(InsertCard)
    hall.slot.insert()
    hall.until(lambda: ended == ["kept"])
    hall.sees(Explain)
    for _ in range(20):
        hall.later(CARD_POLL_S)
        hall.woken.wait(0.02)
        hall.woken.clear()
    assert ended == ["kept"], "nobody has taken a card that was kept"
    hall.touch(Intent.NEXT)
    hall.until(lambda: ended == ["kept", "read"])


def test_what_is_done_next_follows_at_once(hall: _SlowCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def made(_session: Session) -> Journey[Outcome | Service]:
        done.append("new card")
        yield from ask(Show(Explain(say("做好了"), (), None, (Action(Intent.DONE, say("好的")),)), ending=True))
        return Service.PIN_CHANGE

    def changing(_session: Session) -> Journey[Outcome]:
        done.append("pin")
        yield from ask(Show(Explain(say("改密码"), (), None, (Action(Intent.DONE, say("好的")),)), ending=True))
        return Outcome.DONE

    monkeypatch.setitem(JOURNEYS, Service.PIN_CHANGE, changing)
    begin(hall, made, monkeypatch)
    hall.sees(Explain)
    hall.touch(Intent.DONE)
    hall.until(lambda: isinstance(hall.view, Explain) and hall.view.title.text == "改密码")
    hall.touch(Intent.DONE)
    hall.sees(Home)
    assert done == ["new card", "pin"]
