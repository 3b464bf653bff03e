"""Why no card can be begun: by the devices' word, by the book's, and where the two differ."""

import logging
from dataclasses import replace

import msgspec
import pytest

from drivers.ports.card_printer import CardPrinterStatus, Fill, Media, Position, Ribbon
from drivers.ports.errors import NotConnected
from kiosk.custody.stock import Stock
from kiosk.journeys.requests import LedgerFailed
from kiosk.records.custody import Balance
from kiosk.records.health import Supplies
from kiosk.runtime.making_watch import MakerSeen, MakingWatch
from tests.ledgers import SIZES

READY = CardPrinterStatus(
    media=Media.NOT_PRESENT,
    position=Position.NONE,
    two_fed=False,
    hopper=Fill.OK,
    reject_bin=Fill.OK,
    retained_bin=Fill.OK,
    ribbon=Ribbon("YMCKO", 100),
    cover_open=False,
)
FIVE = Stock(balance=Balance(handed_over=5, hopper=5))


def watching(seen: MakerSeen, stock: Stock = FIVE) -> MakingWatch:
    watch = MakingWatch()
    watch.saw(seen)
    watch.counted(stock, SIZES)
    return watch


def test_nothing_is_promised_before_devices_and_book_have_told() -> None:
    watch = MakingWatch()
    assert not watch.ready
    watch.saw(MakerSeen(READY, chip_at_station=False))
    assert not watch.ready
    watch.counted(FIVE, SIZES)
    assert watch.ready


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (MakerSeen(replace(READY, cover_open=True), chip_at_station=False), "cover"),
        (MakerSeen(replace(READY, media=Media.JAMMED), chip_at_station=False), "stuck"),
        (MakerSeen(replace(READY, media=Media.PRESENT), chip_at_station=True), "lies in the printer"),
        (MakerSeen(READY, chip_at_station=True), "contact station"),
        (MakerSeen(replace(READY, ribbon=Ribbon("YMCKO", 0)), chip_at_station=False), "ribbon"),
        (MakerSeen(replace(READY, retained_bin=Fill.FULL), chip_at_station=False), "bin"),
    ],
)
def test_what_the_devices_lack_is_named(seen: MakerSeen, told: str) -> None:
    watch = watching(seen)
    assert not watch.ready
    assert told in watch.hindrance


@pytest.mark.parametrize(
    ("balance", "told"),
    [
        (Balance(), "hopper is empty"),
        (Balance(handed_over=5, hopper=4, printer=1), "in the printer"),
        (Balance(handed_over=9, hopper=2, reject_bin=7), "reject bin"),
    ],
)
def test_what_the_book_lacks_is_named(balance: Balance, told: str) -> None:
    sizes = replace(SIZES, reject_bin=7, reject_bin_high=6)
    watch = MakingWatch()
    watch.saw(MakerSeen(READY, chip_at_station=False))
    watch.counted(Stock(balance=balance), sizes)
    assert told in watch.hindrance


def test_an_empty_hopper_with_blanks_in_the_book_is_to_be_counted() -> None:
    watch = watching(MakerSeen(replace(READY, hopper=Fill.EMPTY), chip_at_station=False))
    assert watch.hindrance == "the hopper is empty, and by the book it holds 5: count them"


def test_it_is_told_when_it_changes_and_only_then(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch = watching(MakerSeen(READY, chip_at_station=False))
    for _ in range(3):
        watch.failed(NotConnected("card_printer", "unplugged"))
    watch.saw(MakerSeen(READY, chip_at_station=False))
    watch.uncounted(LedgerFailed("the disk is full"))
    watch.counted(FIVE, SIZES)
    assert [record.message for record in caplog.records] == [
        "cards can be made",
        "no card can be made: card_printer: unplugged",
        "cards can be made",
        "no card can be made: the disk is full",
        "cards can be made",
    ]


def test_what_is_left_is_told_as_far_as_it_is_known() -> None:
    watch = watching(MakerSeen(READY, chip_at_station=False))
    told = Supplies(
        faces_left=100,
        hopper=5,
        reject_bin=0,
        reject_bin_size=SIZES.reject_bin,
        retained_bin=0,
        retained_bin_size=SIZES.retained_bin,
    )
    assert watch.supplies == told
    watch.failed(NotConnected("card_printer", "unplugged"))
    assert watch.supplies == msgspec.structs.replace(told, faces_left=None)
    watch.uncounted(LedgerFailed("the disk is full"))
    assert watch.supplies == Supplies()
