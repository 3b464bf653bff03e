"""Paper, ribbon and blank cards; what two people put in, take out and count."""

from collections.abc import Mapping
from typing import ClassVar, Final

from drivers.ports.errors import DeviceError
from kiosk import bootstrap
from kiosk.custody.book import StockBook, read_stock
from kiosk.custody.stock import Level, Stock, StorageSizes, levels, obstacle
from kiosk.equipment.card_making import stock_sizes
from kiosk.journeys.technician_views import Act, Entry, EntryKind, Mark, Page, Row
from kiosk.policy.rule import Text
from kiosk.records.custody import EMPTIABLE, LONGEST_EXPLANATION, Counted, Impossible, Place, Reason
from kiosk.technician.blanks import PLACES, REASONS
from kiosk.technician.desk.live import values
from kiosk.technician.desk.pages import Done, Pages, done, refused, row
from kiosk.technician.desk.visit import Visit

_MARKS: Final = {
    Level.OK: Mark.WELL,
    Level.LOW: Mark.WARNING,
    Level.HIGH: Mark.WARNING,
    Level.EMPTY: Mark.FAULT,
    Level.FULL: Mark.FAULT,
}
_COUNTS: Final = (("hopper", Place.HOPPER), ("printer", Place.PRINTER), ("reject_bin", Place.REJECT_BIN),
                  ("retained_bin", Place.RETAINED_BIN))  # fmt: skip
_LONGEST_COUNT: Final = 5
_LONGEST_STAFF: Final = 12
_LONGEST_CODE: Final = 8
_ANOTHER: Final = Text(zh="第一个签的是进来的人：填本人工号", en="who came in signs first, by their own number")
_NOT_WITNESSED: Final = Text(zh="第二个人的一次性口令不对", en="that is not the second person's one-time code")
_NO_NUMBER: Final = Text(zh="张数要填数字", en="a count is digits")


class Supplies(Pages):
    """``supplies``."""

    titles: ClassVar[Mapping[str, Text]] = {"supplies": Text(zh="耗材和白卡", en="supplies and blank cards")}

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`."""
        configuration = self._visit.configuration
        rows = self._told("receipt_printer") + self._told("card_printer")
        if configuration.stock is None:
            rows.append(row("白卡", "blank cards", "这台终端不做卡 no card is issued here"))
            return Page(word, self.titles[word], tuple(rows))
        sizes = stock_sizes(configuration)
        with bootstrap.open_kept(configuration) as kept:
            stock = read_stock(kept.kept)
        return Page(word, self.titles[word], (*rows, *_places(stock, sizes)), self._acts())

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Book what two people did."""
        and_by = given["and_by"]
        if given["by"] != self._visit.staff:
            return refused(_ANOTHER)
        if and_by.casefold() == self._visit.staff.casefold():
            return refused(REASONS[Reason.TWO_PEOPLE])
        witness = self._visit.witness
        if witness is not None and not witness(and_by, given["code"]):
            return refused(_NOT_WITNESSED)
        try:
            with self._visit.book() as book:
                return self._booked(book, act, given, {"by": self._visit.staff, "and_by": and_by})
        except Impossible as refusal:
            return refused(REASONS[refusal.reason])
        except ValueError:
            return refused(_NO_NUMBER)

    def _booked(self, book: StockBook, act: str, given: Mapping[str, str], two: Mapping[str, str]) -> Done:
        match act:
            case "hand-over":
                after = book.hand_over(_count(given["count"]), **two).stock
            case "close-out":
                counted = Counted(**{name: _count(given[name]) for name, _ in _COUNTS})
                after = book.close_out(counted, explanation=given["explanation"], **two)[-1].stock
            case _:
                after = book.empty(Place(act.removeprefix("empty-")), _count(given["count"]), **two).stock
        number = after.movements
        return done(f"记下了，第 {number} 笔", f"booked, movement {number}")

    def _told(self, noun: str) -> list[Row]:
        """What a printer says of its paper, or ribbon."""
        try:
            return list(values(noun, self._visit.configuration))
        except DeviceError as error:
            return [row("没有应答", "no answer", str(error), Mark.FAULT)]

    def _acts(self) -> tuple[Act, ...]:
        two = self._two_sign()
        count = (_digits("count", "张数", "how many"),)
        emptied = tuple(
            Act(
                f"empty-{place.value}",
                Text(zh=f"清空：{PLACES[place].zh}", en=f"empty: {PLACES[place].en}"),
                asks_again=True,
                entries=count + two,
            )
            for place in EMPTIABLE
        )
        counted = tuple(_digits(name, PLACES[place].zh, PLACES[place].en) for name, place in _COUNTS)
        label = Text(zh="为什么对不上（对得上不用填）", en="why it differs (empty where it does not)")
        why = Entry("explanation", label, EntryKind.CHINESE, LONGEST_EXPLANATION, optional=True)
        return (
            Act("hand-over", Text(zh="加白卡", en="blanks put in"), entries=count + two),
            *emptied,
            Act("close-out", Text(zh="盘点", en="close out"), asks_again=True, entries=(*counted, why, *two)),
        )

    def _two_sign(self) -> tuple[Entry, ...]:
        first = Entry("by", Text(zh="第一人工号", en="first person"), EntryKind.WORD, _LONGEST_STAFF, self._visit.staff)
        second = Entry("and_by", Text(zh="第二人工号", en="second person"), EntryKind.WORD, _LONGEST_STAFF)
        if self._visit.witness is None:
            return first, second
        code = Text(zh="第二人的一次性口令", en="second person's one-time code")
        return first, second, Entry("code", code, EntryKind.HIDDEN, _LONGEST_CODE)


def _places(stock: Stock, sizes: StorageSizes) -> list[Row]:
    found, balance = levels(stock, sizes), stock.balance
    limits = {
        Place.HOPPER: f" / {sizes.hopper}, low at {sizes.hopper_low}",
        Place.REJECT_BIN: f" / {sizes.reject_bin}, high at {sizes.reject_bin_high}",
        Place.RETAINED_BIN: f" / {sizes.retained_bin}, high at {sizes.retained_bin_high}",
    }
    rows = [
        Row(words, f"{balance.at(place)}{limits.get(place, '')}", _MARKS[found[place]] if place in found else Mark.NONE)
        for place, words in PLACES.items()
    ]
    closed = str(stock.closed_out) if stock.closed_out else "从未 never"
    rows.append(row("笔数，最近盘点", "movements, last close-out", f"{stock.movements}, {closed}"))
    blocked = obstacle(stock, sizes)
    if blocked is not None:
        rows.append(Row(Text(zh="不能做卡", en="no card is made"), blocked.value, Mark.FAULT, REASONS[blocked]))
    return rows


def _digits(word: str, zh: str, en: str) -> Entry:
    return Entry(word, Text(zh=zh, en=en), EntryKind.DIGITS, _LONGEST_COUNT)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
