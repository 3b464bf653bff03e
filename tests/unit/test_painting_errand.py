"""What the runtime makes of an order and a portrait: one painted card, or a word why there is none."""

import dataclasses
from datetime import date
from typing import Any, cast

import pytest

from kiosk.card_face.layout import layout_for
from kiosk.card_face.painted import PaintedCard
from kiosk.card_face.painter import FacePainter
from kiosk.card_face.particulars import Particulars
from kiosk.journeys.issuing_requests import CheckParticulars, PaintCard, Unprintable
from kiosk.records.portrait import TakenPortrait
from kiosk.runtime.card_making import CardMaker, face_errand
from kiosk.ui.fonts import FontBook
from tests.centre import REPOSITORY
from tests.integration.test_instant_replacement import a_portrait

ORDER = Particulars("欧阳𠮷㛃", "41170019900307001X", "D2143569X", date(2026, 11, 30), date(2036, 11, 30))


class _Encoder:
    def has_room_for(self, name: str) -> bool:
        return len(name) <= 25


@pytest.fixture(scope="module")
def maker() -> CardMaker:
    painter = FacePainter(
        layout_for(REPOSITORY / "config" / "card_faces", "yunling"), FontBook(REPOSITORY / "assets" / "fonts")
    )
    nothing = cast("Any", None)
    return CardMaker(nothing, cast("Any", _Encoder()), nothing, nothing, painter)


WRONG = {
    "\ue000小明": Unprintable.CHARACTERS,
    "王" * 60: Unprintable.NAME_TOO_LONG,
    "ANNA MARGARETA LINDSTROEM OF": Unprintable.NAME_TOO_LONG,
    " 王小明": Unprintable.DATA,
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_printed_is_told_in_a_word(maker: CardMaker, name: str) -> None:
    request = CheckParticulars(dataclasses.replace(ORDER, name=name))
    assert face_errand(request, maker)() is WRONG[name]
    assert name not in repr(request)


def test_what_can_be_printed_and_written_is_passed(maker: CardMaker) -> None:
    assert face_errand(CheckParticulars(ORDER), maker)() is None


def test_a_painted_card_has_face_proof_and_a_portrait_for_the_chip(maker: CardMaker) -> None:
    painted = face_errand(PaintCard(ORDER, TakenPortrait(a_portrait())), maker)()
    assert isinstance(painted, PaintedCard)
    assert len(painted.face.colour) == 1016 * 648 * 3
    assert bytes(painted.proof.masked).startswith(b"\x89PNG")
    assert bytes(painted.proof.masked) != bytes(painted.proof.whole)
    assert bytes(painted.chip_portrait).startswith(b"\xff\xd8")
    assert len(painted.chip_portrait) <= 4096
    assert repr(painted) == "<PaintedCard>"
    assert not painted.wiped
    painted.wipe()
    assert painted.wiped
    assert not any(painted.chip_portrait)


@pytest.mark.parametrize("jpeg", [b"\xff\xd8 no picture \xff\xd9", b""])
def test_a_portrait_that_is_no_picture_is_told(maker: CardMaker, jpeg: bytes) -> None:
    assert face_errand(PaintCard(ORDER, TakenPortrait(jpeg)), maker)() is Unprintable.PORTRAIT


def test_an_order_that_can_not_be_right_is_told(maker: CardMaker) -> None:
    wrong = dataclasses.replace(ORDER, number="411700199003070017")
    assert face_errand(PaintCard(wrong, TakenPortrait(a_portrait())), maker)() is Unprintable.DATA
