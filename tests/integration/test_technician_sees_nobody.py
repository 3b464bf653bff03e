"""No citizen's data anywhere before a technician: planted wherever it could come from, and looked for on every page.

And every act is on record: the same walk does all of them.
"""

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator

import pytest

from drivers.card_reader import PcscCardReader
from drivers.id_reader import SerialIdReader
from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.errors import DeviceError, ProtocolViolation
from drivers.ports.pin_pad import WrappedKey
from drivers.ports.receipt_printer import Line, Slip
from drivers.transport.byte_line import TcpLine
from drivers.transport.escape_line import EscapeLine
from drivers.transport.wire_trace import Passage, watched
from kiosk import bootstrap
from kiosk.equipment.devices import open_receipt_printer
from kiosk.journeys.technician_views import Page
from kiosk.technician.desk import Desk
from kiosk.technician.waiting import try_now
from simulators.card.slot import CardSlot
from simulators.id_reader import load_document
from simulators.pcscd import READER_NAME, PrivatePcscd
from tests.centre import RunningCentre, a_transaction
from tests.integration.technician_stand import STAFF, Stand, a_stand, milliseconds
from tests.stack import chip, typed

pytestmark = pytest.mark.stack

NAME = "王小明"
PLANTED = ("411702199001011234", "41170219900101123X", "13812345678", "6217001234567890123", "Z12345678")
SOMEBODY = "yun-shili"
WRAPPED = WrappedKey(bytes.fromhex("24F245DE3267B34C9C7A0ED6717B5803"), bytes.fromhex("62B4CED1"))
ACCOUNT, PIN = "411700000123", "246810"


@pytest.fixture(scope="module")
def stand(
    tmp_path_factory: pytest.TempPathFactory, sqlite_centre: RunningCentre, pcscd: PrivatePcscd
) -> Iterator[Stand]:
    sqlite_centre.reset()
    with a_stand(tmp_path_factory.mktemp("nobody"), sqlite_centre) as made, made.with_camera():
        yield made


def in_every_form(secret: str) -> tuple[str, ...]:
    """As it would stand in text, and as bytes in each encoding that our wires have."""
    coded = [secret.encode(encoding) for encoding in ("utf-8", "gb18030", "utf-16-le")]
    return secret, *(one.hex(" ").upper() for one in coded), *(repr(one)[2:-1] for one in coded if not one.isascii())


def plant(stand: Stand, slot: CardSlot) -> tuple[str, ...]:
    """Put somebody's data wherever a page might take it from; all of it."""
    document = load_document(SOMEBODY)
    stand.id_reader.place(document)
    slot.insert(chip("zhumadian-normal"))
    with contextlib.closing(PcscCardReader(READER_NAME)) as reader:
        reader.wait_for_card(10)
        card = reader.card()
        issuer, holder = card.read_issuer(), card.read_holder()
    with bootstrap.ledger_opener(stand.folder.configuration)() as ledger:
        ledger.append(a_transaction(), offset_ms=0)
    try_now(bootstrap.uplink_settings(stand.folder.configuration))
    with contextlib.closing(sqlite3.connect(stand.folder.configuration.receipts_path)) as db:
        db.execute("UPDATE judgement SET verdict = 'refused', reason = ?", (f"{NAME} {PLANTED[0]}",))
        db.execute("UPDATE state SET reason = ?", (NAME,))
        db.commit()
    lines = [f"2026-11-30 12:00:00 ERROR pin_pad said {NAME}，{one}.\n" for one in PLANTED]
    stand.log.write_text("".join(lines), encoding="utf-8")
    (stand.stick / f"{NAME} {PLANTED[0]}.pack").write_bytes(b"none")
    told = {"device": "pin_pad", "code": "P-01", "found": f"{NAME}，{PLANTED[2]}", "since_ms": milliseconds()}
    sheet = {"terminal": stand.folder.id, "version": "1", "started_at_ms": 1, "written_at_ms": milliseconds(),
             "standing": "waits for somebody", "devices": [told]}  # fmt: skip
    stand.folder.configuration.health_path.write_text(json.dumps(sheet), encoding="utf-8")
    return (*PLANTED, NAME, issuer.card_number, issuer.identification_code, holder.name,
            holder.social_security_number, document.number, document.name)  # fmt: skip


def given_for(page: Page, act: str) -> dict[str, str]:
    """What somebody would fill in, so that an act is done and not refused at once."""
    wanted = page.act(act)
    assert wanted is not None
    filled = {entry.word: entry.given or "10" for entry in wanted.entries}
    known = {"by": STAFF, "and_by": "2044", "explanation": "", "printer": "0", "reject_bin": "0", "retained_bin": "0"}
    return filled | {word: value for word, value in known.items() if word in filled}


def walked(desk: Desk, at_the_pad: Callable[[str], None]) -> Iterator[tuple[str, str, Page]]:
    """Every page that a page leads to, and every act on each: the page, the act, what came."""
    found, coming = ["home"], ["home"]
    while coming:
        word = coming.pop(0)
        page = desk.page(word)
        yield word, "", page
        for act in page.acts_offered():
            if act.word.startswith("page:"):
                led = act.word.removeprefix("page:")
                if led not in found:
                    found.append(led)
                    coming.append(led)
                continue
            if word == "pad-keys":
                at_the_pad(act.word)
            yield word, act.word, desk.do(word, act.word, given_for(page, act.word))


def test_no_page_shows_anybody_and_each_act_is_on_record(stand: Stand, slot: CardSlot) -> None:
    secrets = plant(stand, slot)
    fingers: list[threading.Thread] = []

    def at_the_pad(act: str) -> None:
        def press() -> None:
            assert stand.pad.wait_until_entering(10)
            if act == "digits":
                stand.pad.press("1234567890")
                stand.pad.press_enter()
            elif act == "clear":
                stand.pad.press("7")
                stand.pad.press_clear()
            else:
                stand.pad.press_cancel()

        fingers.append(threading.Thread(target=press))
        fingers[-1].start()

    desk = stand.desk()
    done: list[tuple[str, str]] = []
    pages: dict[str, list[str]] = {}
    for word, act, page in walked(desk, at_the_pad):
        pages.setdefault(word, []).append(repr(page))
        if act:
            done.append((word, act))
    pages["after"] = [repr(desk.page(f"trace:{noun}")) for noun in ("card_reader", "id_reader", "pin_pad")]
    desk.close()
    for one in fingers:
        one.join()
    stand.id_reader.remove()
    assert [(page, act) for page, act, _ in stand.told] == done
    assert set(pages) == {"after", *desk.words}
    assert ("supplies", "close-out") in done
    for word, shown in pages.items():
        for secret in secrets:
            for form in in_every_form(secret):
                assert not any(form in one for one in shown), f"{word} shows {form}"


def test_the_trace_shows_no_pin_no_key_and_nobody(stand: Stand, slot: CardSlot) -> None:
    document = load_document(SOMEBODY)
    stand.id_reader.place(document)
    slot.insert(chip("zhumadian-normal"))
    configuration = stand.folder.configuration
    printer = open_receipt_printer(configuration)
    assert printer is not None
    press = threading.Thread(target=_press_twice, args=(stand,))
    with watched() as trace, contextlib.ExitStack() as opened:
        reader = opened.enter_context(contextlib.closing(PcscCardReader(READER_NAME)))
        reader.wait_for_card(10)
        card = reader.card()
        holder, issuer = card.read_holder(), card.read_issuer()
        with typed(PIN) as old, typed("135790") as new:
            assert card.verify_pin(old).accepted
            assert card.change_pin(old, new).accepted
        pad = opened.enter_context(contextlib.closing(open_pin_pad(str(configuration.pin_pad.port), "sunson")))
        pad.identify()
        pad.load_working_key(WRAPPED)
        press.start()
        pad.enter_pin(6, 10, lambda _: None).wipe()
        block = pad.enter_pin_block(ACCOUNT, 6, 10, lambda _: None)
        plate = opened.enter_context(contextlib.closing(SerialIdReader(str(stand.folder.directory / "id-reader"))))
        plate.identify()
        plate.wait_for_document(10)
        plate.read_document()
        opened.enter_context(contextlib.closing(printer)).print_slip(Slip((Line(NAME),)))
        line = EscapeLine("card_printer", TcpLine("card_printer", "127.0.0.1", stand.card_printer.port), 1.0)
        opened.enter_context(contextlib.closing(line))
        line.asked("Rse", lambda heard: heard)
        face = line.sent_once(b"\x1bDb;k;2;" + NAME.encode("gb18030") + b"\r", 1.0, lambda heard: heard)
        assert isinstance(face, bytes | DeviceError)
    press.join()
    stand.id_reader.remove()
    passages = trace.passages()
    _all_shown_is_of_devices(passages)
    shown = b"".join(one.shown for one in passages if one.shown is not None)
    told = repr([(one.device, one.what, one.length, one.shown) for one in passages])
    for secret in (PIN, "135790", ACCOUNT, "2580", NAME, holder.name, holder.social_security_number, issuer.card_number,
                   document.name, document.number):  # fmt: skip
        for form in in_every_form(secret):
            assert form not in told
        assert not any(secret.encode(coding) in shown for coding in ("utf-8", "gb18030", "utf-16-le"))
    for octets in (bytes.fromhex(PIN), bytes.fromhex("135790"), WRAPPED.cipher, block.cipher):
        assert octets not in shown
        assert octets.hex().upper().encode() not in shown


def _press_twice(stand: Stand) -> None:
    for _ in range(2):
        assert stand.pad.wait_until_entering(10)
        stand.pad.press(PIN)
        stand.pad.press_enter()
        assert stand.pad.wait_until_idle(10)


def _all_shown_is_of_devices(passages: tuple[Passage, ...]) -> None:
    """Each device's harmless words are there with their bytes; of all else there is a name and a length."""
    named = {(one.device, one.what.split()[0]) for one in passages if one.shown is not None}
    assert named == {
        ("card_reader", "00"),  # SELECT, outward
        ("pin_pad", "VERSION"), ("pin_pad", "RESET"),
        ("id_reader", "STATUS"), ("id_reader", "SAM_ID"),
        ("receipt_printer", "DLE"), ("receipt_printer", "GS"),
        ("card_printer", "Rse"),
    }  # fmt: skip
    hidden = {one.what for one in passages if one.shown is None}
    assert {"LOAD_WORKING_KEY", "READ_PIN_BLOCK", "SET_ACCOUNT", "READ", "Db", "a portion of a slip"} <= hidden
    assert any(what.startswith("00 20") for what in hidden), hidden  # VERIFY
    assert any(what.startswith("INS B2 SW") for what in hidden)


def test_nobody_watches_and_nothing_is_kept(stand: Stand) -> None:
    with watched() as trace:
        pass
    with contextlib.closing(open_pin_pad(str(stand.folder.configuration.pin_pad.port), "sunson")) as pad:
        pad.identify()
    assert trace.passages() == ()
    with pytest.raises(ProtocolViolation), watched() as trace:
        raise ProtocolViolation("pin_pad", "x")
    assert trace.passages() == ()
