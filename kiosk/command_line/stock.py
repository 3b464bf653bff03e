"""``kiosk stock``: blank cards handed over, taken out, counted and closed out, for the two who answer for them."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.configuration import Configuration
from kiosk.custody.book import Remembered, StockBook, read_history, read_stock
from kiosk.custody.stock import Booked, Level, Stock, StorageSizes, levels, obstacle
from kiosk.equipment.card_making import stock_sizes
from kiosk.ledger.errors import LedgerError, LedgerInUse
from kiosk.policy.rule import Text
from kiosk.records.custody import EMPTIABLE, Counted, Impossible, Place, Reason, differences
from kiosk.records.masking import mask_number
from kiosk.technician.blanks import PLACES, REASONS
from kiosk.uplink.alone import AlreadyRunning

_SHOWN: Final = 20


class Exit(ExitCode):
    """Exit codes of ``kiosk stock``; scripts rely on them."""

    SOUND = 0
    USAGE = 2, "wrong arguments"
    LOW = 30, "show: the hopper runs low, or a bin fills"
    BLOCKED = 31, "show: no card can be issued until somebody comes"
    REFUSED = 32, "it can't be; nothing was written"
    DOES_NOT_BALANCE = 33, "close-out: counted is not what the book has; nothing was written"
    IN_USE = 34, "the terminal runs and holds its ledger; nothing was written"
    UNUSABLE = 35, "the ledger can't be read or written"


_EXAMPLES: Final = {
    "show": {
        "kiosk stock show": "how many blanks are where",
    },
    "history": {
        "kiosk stock history --last 5": "the five newest movements",
    },
    "hand-over": {
        "kiosk stock hand-over 100 --by 1017 --and 1022": "two people have put a hundred blanks into the hopper",
    },
    "empty": {
        "kiosk stock empty reject-bin 3 --by 1017 --and 1022": "two people have taken three spoilt cards out",
    },
    "remove": {
        "kiosk stock remove --why jammed --by 1017 --and 1022": "two people have taken a card out of the printer",
    },
    "close-out": {
        "kiosk stock close-out --hopper 97 --printer 0 --reject-bin 0 --retained-bin 2 "
        "--by 1017 --and 1022": "everything was counted",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``stock …`` to the kiosk's commands."""
    stock = subparsers.add_parser("stock", help="hand over, count and close out blank cards")
    commands = stock.add_subparsers(dest="action", required=True)
    show = commands.add_parser(
        "show",
        help="print how many blanks are where; works while the terminal runs",
    )
    history = commands.add_parser(
        "history",
        help="print the newest movements; works while the terminal runs",
    )
    history.add_argument("--last", type=int, default=_SHOWN, metavar="N", help=f"how many (default {_SHOWN})")
    hand_over = commands.add_parser("hand-over", help="blanks were put into the hopper")
    hand_over.add_argument("count", type=int, metavar="COUNT", help="how many were added")
    empty = commands.add_parser("empty", help="all blanks of hopper or bin were taken out")
    empty.add_argument("place", choices=[_option(place) for place in EMPTIABLE])
    empty.add_argument("count", type=int, metavar="COUNT", help="how many were counted")
    remove = commands.add_parser("remove", help="a blank was taken out of the printer by hand")
    remove.add_argument(
        "--job", default="", help="its 32 characters, as show prints them; left out where the book knows none"
    )
    remove.add_argument("--why", default="jammed", metavar="WORD", help="default jammed")
    close_out = commands.add_parser("close-out", help="everything was counted; it must balance")
    for name, text in (
        ("hopper", "counted in the hopper"),
        ("printer", "counted in the printer and its mouth"),
        ("reject-bin", "counted in the reject bin"),
        ("retained-bin", "counted in the retained bin"),
    ):
        close_out.add_argument(f"--{name}", type=_count, required=True, metavar="N", help=text)
    close_out.add_argument("--explain", default="", metavar="TEXT", help="why it differs; no names of citizens")
    for command in (hand_over, empty, remove, close_out):
        command.add_argument("--by", required=True, metavar="STAFF", help="staff number or initials")
        command.add_argument("--and", required=True, dest="and_by", metavar="STAFF", help="of the second person")
    for command in (show, history, hand_over, empty, remove, close_out):
        command.add_argument("--config", type=Path, default=default, help="kiosk.toml")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    for command in (show, history):
        command.add_argument("--reveal", action="store_true", help="print identification codes whole")
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | STATE)


def run(args: argparse.Namespace, configuration: Configuration) -> int:
    """Do what was asked and return an :class:`Exit` code.

    :raises ConfigurationError: a section or a key is missing.
    """
    sizes = stock_sizes(configuration)
    try:
        if args.action in {"show", "history"}:
            return _look(args, configuration, sizes)
        with bootstrap.open_stock(configuration) as book:
            return _write(args, book)
    except (LedgerInUse, AlreadyRunning):
        return _failed(
            args,
            Exit.IN_USE,
            Text(
                zh="自助机正在运行，账本由它占着：先停自助机，记完再启动；show 和 history 不用停",
                en="the terminal runs and holds its ledger: stop it, do this again, start it; "
                "show and history need no stop",
            ),
        )
    except LedgerError as error:
        return _failed(args, Exit.UNUSABLE, Text(zh="账本读不出来或写不进去", en=str(error)))


def _look(args: argparse.Namespace, configuration: Configuration, sizes: StorageSizes) -> int:
    with bootstrap.open_kept(configuration) as reader:
        stock = read_stock(reader.kept)
        movements = read_history(reader.kept, max(0, args.last)) if args.action == "history" else []
    if args.action == "history":
        return _tell_history(args, movements)
    found = levels(stock, sizes)
    blocked = obstacle(stock, sizes)
    low = any(level is not Level.OK for level in found.values())
    code = Exit.BLOCKED if blocked is not None else Exit.LOW if low else Exit.SOUND
    _tell_stock(args, stock, sizes, code, reveal=args.reveal)
    if blocked is not None:
        print(f"kiosk stock: {_in_words(REASONS[blocked])}", file=sys.stderr)
    return code


def _write(args: argparse.Namespace, book: StockBook) -> int:
    two = {"by": args.by, "and_by": args.and_by}
    booked: list[Booked]
    try:
        match args.action:
            case "hand-over":
                booked = [book.hand_over(args.count, **two)]
            case "empty":
                booked = [book.empty(Place(args.place.replace("-", "_")), args.count, **two)]
            case "remove":
                booked = [book.remove(args.job, args.why, **two)]
            case _:
                booked = book.close_out(_counted(args), explanation=args.explain, **two)
    except Impossible as refusal:
        return _refused(args, refusal.reason, book.stock())
    _tell_stock(args, booked[-1].stock, book.sizes, Exit.SOUND, reveal=False)
    return Exit.SOUND


def _refused(args: argparse.Namespace, reason: Reason, stock: Stock) -> int:
    off: dict[str, int] = {}
    if reason is Reason.DOES_NOT_BALANCE:
        off = differences(stock.balance, _counted(args))
    code = Exit.DOES_NOT_BALANCE if off else Exit.REFUSED
    words = REASONS[reason]
    named = ", ".join(f"{name.replace('_', ' ')} {difference:+d}" for name, difference in off.items())
    told = Text(zh=words.zh, en=f"{words.en} ({named})") if named else words
    return _failed(args, code, told, reason=reason.value, differences=off)


def _failed(args: argparse.Namespace, code: Exit, why: Text, **more: object) -> int:
    print(f"kiosk stock: {_in_words(why)}", file=sys.stderr)
    if args.json:
        print(json.dumps({"outcome": code.name.lower(), **more}, ensure_ascii=False, indent=2))
    else:
        print(f"outcome: {code.name.lower()}")
    return code


def _tell_stock(args: argparse.Namespace, stock: Stock, sizes: StorageSizes, code: Exit, *, reveal: bool) -> None:
    balance, found = stock.balance, levels(stock, sizes)
    if args.json:
        shown = {
            "outcome": code.name.lower(),
            "handed_over": balance.handed_over,
            "places": {place.value: balance.at(place) for place in Place},
            "balances": balance.balances,
            "levels": {place.value: level.value for place, level in found.items()},
            "hopper_initial": stock.hopper_initial,
            "blanks": [
                {
                    "job": one.job,
                    "place": one.place.value,
                    "identification_code": _code(one.identification_code, reveal),
                }
                for one in stock.blanks
            ],
            "movements": stock.movements,
            "closed_out": stock.closed_out,
        }
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    print(f"outcome: {code.name.lower()}")
    print(f"交接 handed over: {balance.handed_over}")
    size = {Place.HOPPER: sizes.hopper, Place.REJECT_BIN: sizes.reject_bin, Place.RETAINED_BIN: sizes.retained_bin}
    for place, words in PLACES.items():
        level = f" of {size[place]}, {found[place].value}" if place in found else ""
        print(f"{words.zh} {words.en}: {balance.at(place)}{level}")
    print(f"平衡 balances: {'yes' if balance.balances else 'NO'}")
    print(f"笔数 movements: {stock.movements}, 最近盘点 last close-out: {stock.closed_out or 'never'}")
    for blank in stock.blanks:
        words = PLACES[blank.place]
        print(f"{words.zh} {words.en}: {blank.job} {_code(blank.identification_code, reveal)}".rstrip())


def _tell_history(args: argparse.Namespace, movements: list[Remembered]) -> int:
    rows = [_row(one, reveal=args.reveal) for one in movements]
    if args.json:
        print(json.dumps({"outcome": Exit.SOUND.name.lower(), "movements": rows}, ensure_ascii=False, indent=2))
        return Exit.SOUND
    for row in rows:
        print("  ".join(str(value) for value in row.values() if value != ""))
    return Exit.SOUND


def _row(one: Remembered, *, reveal: bool) -> dict[str, object]:
    movement = one.movement
    signed = f"{movement.by} + {movement.and_by}" if movement.by else ""
    counted = movement.counted
    return {
        "number": movement.number,
        "at": datetime.fromtimestamp(one.at_ms / 1000, tz=UTC).isoformat(timespec="seconds"),
        "move": movement.move.value,
        "count": movement.count if movement.count != 1 or movement.by else "",
        "place": movement.place.value if movement.place is not None else "",
        "job": movement.job,
        "identification_code": _code(movement.identification_code, reveal),
        "why": movement.why,
        "counted": "" if counted is None else _numbers(counted),
        "explanation": movement.explanation,
        "signed": signed,
    }


def _numbers(counted: Counted) -> str:
    return "/".join(str(getattr(counted, name)) for name in Counted.__struct_fields__)


def _counted(args: argparse.Namespace) -> Counted:
    return Counted(
        hopper=args.hopper, printer=args.printer, reject_bin=args.reject_bin, retained_bin=args.retained_bin
    )  # fmt: skip


def _code(identification_code: str, reveal: bool) -> str:
    return identification_code if reveal or not identification_code else mask_number(identification_code)


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count < 1 << 40:
        raise argparse.ArgumentTypeError(f"{text} is no count of cards")
    return count


def _option(place: Place) -> str:
    return place.value.replace("_", "-")


def _in_words(why: Text) -> str:
    return f"{why.zh}。{why.en[:1].upper()}{why.en[1:]}."
