"""Coming in by card and PIN, over pcscd and a real ledger."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from drivers.card_reader import PcscCardReader
from drivers.pin_pad.discovery import open_pin_pad
from kiosk.journeys.technician_views import Page
from kiosk.policy.rule import Text
from kiosk.records.technician import Role
from kiosk.records.upload import encode
from kiosk.technician.admission import Admitted, Refusal, Refused
from kiosk.technician.front_desk import Devices, FrontDesk
from simulators.card.slot import CardSlot, Chip, SlotFault
from simulators.card.technician_chip import TECHNICIANS, TechnicianChip, load_technician_card
from simulators.pcscd import READER_NAME
from simulators.pin_pad import PadSimulator
from tests.stack import READER_LIMIT_S, chip, technician_chip, typed
from tests.technicians import NOW_MS, YEAR_MS, a_roster, technician
from tests.unit.test_admission import Door

pytestmark = pytest.mark.stack
NOT_ADMITTED = Refused(Refusal.NOT_ADMITTED)
PIN = "135790"
VERSION = (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x08")
"""X.509's third version, and its ninth, which there is not."""
OF_NO_VERSION = b"the card's own, of no version"


class Stand:
    """A door with a card slot."""

    def __init__(self, folder: Path, slot: CardSlot, reader: PcscCardReader) -> None:
        self.slot, self.reader = slot, reader
        self.door = Door(folder, a_roster(1, [technician("T1001", card="t1001")]))

    def lay_in(self, card: Chip) -> None:
        self.slot.insert(card)
        self.reader.wait_for_card(5.0)

    def by_card(self, digits: str = PIN) -> Admitted | Refused:
        pin = typed(digits)
        answer = self.door.admission().by_card(self.reader, pin)
        assert len(pin) == 0, "the PIN is wiped"
        return answer

    def why(self) -> list[str]:
        return [act.why for act in self.door.acts()]


@pytest.fixture
def stand(tmp_path: Path, slot: CardSlot) -> Iterator[Stand]:
    reader = PcscCardReader(READER_NAME, answer_limit_s=READER_LIMIT_S)
    yield Stand(tmp_path, slot, reader)
    reader.close()


def test_card_and_pin_let_in_and_the_pin_alone_does_not(stand: Stand) -> None:
    stand.lay_in(technician_chip("t1001"))
    assert stand.by_card("000000") == Refused(Refusal.PIN_WRONG, 2)
    assert stand.by_card() == Admitted("T1001", Role.FULL)
    assert stand.why() == ["pin_wrong", "card"]
    assert [act.staff for act in stand.door.acts()] == ["T1001", "T1001"]


def test_a_copied_card_is_not_admitted(stand: Stand) -> None:
    stand.lay_in(technician_chip("clone-of-t1001"))
    assert stand.by_card() == NOT_ADMITTED
    assert stand.why() == ["card_not_genuine"]


@pytest.mark.parametrize("certificate", [b"", b"\x30\x03\x02\x01\x00", bytes(3000), OF_NO_VERSION])
def test_a_card_with_no_certificate_in_its_place_is_told_unread(stand: Stand, certificate: bytes) -> None:
    file = load_technician_card(TECHNICIANS / "t1001.json")
    shown = certificate if certificate != OF_NO_VERSION else file.certificate.replace(*VERSION, 1)
    stand.lay_in(TechnicianChip(msgspec.structs.replace(file, certificate=shown)))
    assert stand.by_card() == Refused(Refusal.CARD_UNREADABLE)
    assert stand.why() == []


def test_a_genuine_card_of_nobody_on_the_roster_is_not_admitted(stand: Stand) -> None:
    stand.lay_in(technician_chip("t1002"))
    assert stand.by_card("246813") == NOT_ADMITTED
    assert stand.why() == ["unknown"]
    assert stand.door.acts()[0].staff == ""


@pytest.mark.parametrize("why", ["revoked", "expired"])
def test_a_card_whose_time_is_over_is_not_admitted(stand: Stand, why: str) -> None:
    is_revoked = why == "revoked"
    ends = NOW_MS + YEAR_MS if is_revoked else NOW_MS
    over = technician("T1001", card="t1001", revoked=is_revoked, valid_until_ms=ends)
    stand.door.keeper.take(encode(a_roster(2, [over])))
    stand.lay_in(technician_chip("t1001"))
    assert stand.by_card() == NOT_ADMITTED
    assert stand.why() == [why]


def test_a_blocked_card_says_so(stand: Stand) -> None:
    stand.lay_in(technician_chip("t1003-blocked"))
    assert stand.by_card("112358") == Refused(Refusal.PIN_BLOCKED)


def test_cards_and_codes_share_one_lock_out(stand: Stand) -> None:
    assert stand.door.wrong(4) == NOT_ADMITTED
    card: TechnicianChip = technician_chip("t1001")
    stand.lay_in(card)
    assert stand.by_card("000000") == Refused(Refusal.LOCKED_OUT, 15)
    assert stand.by_card() == Refused(Refusal.LOCKED_OUT, 15)
    assert card.card.pin.tries_left == 2, "no try of the card is spent while nobody is let in"


def test_no_card_and_other_cards_count_as_no_failure(stand: Stand) -> None:
    assert stand.by_card() == Refused(Refusal.NO_CARD)
    stand.lay_in(chip("zhumadian-normal"))
    assert stand.by_card() == Refused(Refusal.ANOTHER_CARD)
    assert stand.door.acts() == []


@pytest.mark.parametrize("command", [6, 8, 9])
def test_a_card_pulled_on_the_way_counts_as_none(stand: Stand, command: int) -> None:
    stand.lay_in(technician_chip("t1001"))
    stand.reader.release()
    stand.slot.faults.pull_at(command)
    assert stand.by_card() == Refused(Refusal.CARD_UNREADABLE)
    assert stand.door.acts() == []


def test_a_silent_card_is_told_unread(stand: Stand) -> None:
    stand.lay_in(technician_chip("t1001"))
    stand.slot.faults.fail_next(SlotFault.SILENT)
    assert stand.by_card() == Refused(Refusal.CARD_UNREADABLE)


class Behind:
    """The pages behind, for whoever came in."""

    def __init__(self, who: Admitted) -> None:
        self.who = who

    def page(self, word: str) -> Page:
        return Page(word, Text(zh=word, en=self.who.staff))

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        raise KeyError(act)

    def close(self) -> None:
        """Nothing is held."""


def entered(stand: Stand, pad: PadSimulator, type_in: Callable[[], None]) -> Page:
    """Touch By card, and let a hand type when the pad asks."""
    devices = Devices(lambda: PcscCardReader(READER_NAME), lambda: open_pin_pad(pad.path, "sunson"))
    desk = FrontDesk(stand.door.admission(), devices, Behind)

    def hand() -> None:
        assert pad.wait_until_entering(10.0)
        type_in()

    fingers = threading.Thread(target=hand)
    fingers.start()
    page = desk.do("entry", "card", {})
    fingers.join()
    return page


def test_the_page_that_asks_who_it_is_takes_card_and_pad(stand: Stand) -> None:
    stand.lay_in(technician_chip("t1001"))
    stand.reader.release()
    with PadSimulator("sunson") as pad:

        def type_pin() -> None:
            pad.press(PIN)
            pad.press_enter()

        cancelled = entered(stand, pad, pad.press_cancel)
        assert cancelled.note is not None
        assert cancelled.note.zh == "没有输完密码"
        assert entered(stand, pad, type_pin).title.en == "T1001"
    assert stand.why() == ["card"]
