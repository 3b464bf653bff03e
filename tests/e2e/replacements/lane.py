"""One terminal of a campaign with all that stands around it, and the hands that its citizens and its staff have."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.custody import StockBook
from kiosk.ledger import Ledger
from kiosk.records.custody import Counted, Impossible, Place, differences
from kiosk.records.transaction import IssuanceStep
from kiosk.uplink import BackOff, Halted, Idle, UplinkSettings, opened
from simulators.card.card_file import CardHolder, CardPin, save_card_file
from simulators.card.personalise import personalise
from simulators.pcscd import PrivatePcscd
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre
from tests.e2e.replacements.plan import REGION, REGION_CODE, Blow, Cut, Fault, Person, Replacement
from tests.e2e.replacements.terminal import SIZES, STORAGE_KEY, Life, Site
from tests.e2e.replacements.things import Printer, Provider, Refused, Slot

_PACK: Final = REPOSITORY / "tests" / "regions" / f"{REGION}.toml"
_LIVES: Final = 8
"""Of the terminal, for one replacement; more and it does not come to rest."""
_SILENT_S: Final = 240.0
_REACH_S: Final = 0.1
_REFILL: Final = 40
_LOW: Final = 8
_SLOT_BIN: Final = 12
_UPLINK_EVERY: Final = 25
_UPLINK_S: Final = 60.0
_BLANKS_OF_A_LANE: Final = 0x100000
_STAFF: Final = {"by": "A", "and_by": "B"}


class Struck(msgspec.Struct, frozen=True, kw_only=True):
    """A cut that has happened."""

    blow: Blow
    during: str
    """The last that the terminal had begun: a device call, a question, an entry."""
    takes_power: bool


class Fate(msgspec.Struct, kw_only=True):
    """What was done to one replacement from outside; nothing here is the terminal's word."""

    planned: Replacement
    lane: int
    struck: list[Struck] = []
    taken: list[str] = []
    """Serials of cards that its citizen took out of the exit."""
    old_card: str = ""
    """Where the old card is now: ``person``, ``bin``, ``staff``; empty where it was lost before."""
    pulled_while_held: bool = False
    """Somebody with a key took the old card out after the terminal had seen it held."""
    paid: bool = False
    given_back_by_staff: bool = False
    cleared: bool = False
    """Staff took a card out of the printer by hand."""
    differences: dict[str, int] = {}
    """What two people counted otherwise than the terminal's book had it, place by place."""
    crashes: list[str] = []
    """How a life of the terminal ended that nobody had struck."""
    restless: bool = False
    fed: int = 0
    unheard: bool = False
    """A question to the centre was not heard, or its answer."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all terminals of a campaign share."""

    folder: Path
    centre: RunningCentre
    centre_url: str
    provider: Provider


class Lane:
    """A terminal and its devices. One thread drives it."""

    def __init__(self, number: int, shared: Surroundings) -> None:
        self.number, self._shared = number, shared
        self._folder = shared.folder / f"terminal-{number}"
        self._folder.mkdir()
        self._log = self._folder / "terminal.log"
        self.terminal = self._enrolled(f"yl-{number:04}")
        self._pcscd = PrivatePcscd(self._folder / "pcscd")
        self._pcscd.start()
        first = 0x10001 + number * _BLANKS_OF_A_LANE
        network = self._pcscd.network
        self.printer = Printer(self._folder / "printer", network, first, self._folder / "printer.log", self._strike_now)
        self.slot = Slot(self._folder / "slot", network, self._folder / "slot.log")
        self._pid: int | None = None
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._mother = self._started()
        self._done = 0
        self._weak_waits = False
        """A chip that will not hold what is written lies in the hopper."""
        self.destroyed: set[str] = set()
        """Old cards that staff took out of the slot's bin."""

    def serve(self, planned: Replacement) -> Fate:
        """Let one replacement happen, with all that befalls it, until everything is at rest."""
        began = time.monotonic()
        fate = Fate(planned=planned, lane=self.number)
        self._look_after(planned)
        fed_before = self._fed()
        self._holding = False
        cuts, life = list(planned.cuts), Life(replacement=planned, serves=True, silence=planned.silence,
                                             pays=planned.fault not in (Fault.UNPAID, Fault.PAID_LATE))  # fmt: skip
        for _ in range(_LIVES):
            cut = cuts.pop(0) if cuts else None
            life = msgspec.structs.replace(life, cut=cut)
            self._order_cut(cut)
            how = self._lived(life, fate)
            self.printer.order("fail_no_more") if cut is not None and cut.blow is Blow.PRINTER else None
            if how == "rest" and not life.forgetful:
                break
            if how not in ("rest", str(-signal.SIGKILL)):
                fate.crashes.append(how)
            life = self._next(life, planned, first=len(fate.struck) == 1 and not life.forgetful)
        else:
            fate.restless = True
        fate.fed = self._fed() - fed_before
        self._leave_in_order(fate)
        self._done += 1
        if self._done % _UPLINK_EVERY == 0:
            self.upload()
        fate.seconds = time.monotonic() - began
        return fate

    def _next(self, before: Life, planned: Replacement, *, first: bool) -> Life:
        again = planned.fault is Fault.TRIED_AGAIN and first
        return msgspec.structs.replace(before, serves=again, forgetful=again, silence=None)

    # What happens in one life.

    def _lived(self, life: Life, fate: Fate) -> str:
        assert self._mother.stdin is not None
        self._mother.stdin.write(msgspec.json.encode(life) + b"\n")
        self._mother.stdin.flush()
        cut, during, timer = life.cut, "start", None
        while True:
            word, _, rest = self._heard(fate).partition(" ")
            match word:
                case "alive":
                    self._pid = int(rest)
                    timer = self._time_of(cut)
                case "at":
                    number, _, during = rest.partition(" ")
                    self._holding |= during == IssuanceStep.HOLDING_OLD_CARD.value
                    self._mind_moment(int(number), cut, fate, served=life.serves)
                case "line":
                    during = f"{during.split(' /')[0]} /{rest.partition(' ')[2]}"
                case "unheard":
                    fate.unheard = True
                case "shows":
                    self._answer_view(rest, fate)
                case "ended":
                    self._pid = None
                    break
        if timer is not None:
            timer.cancel()
        killed = rest == str(-signal.SIGKILL)
        power = killed and (cut is None or cut.takes_power)
        if killed:
            blow = cut.blow if cut is not None else Blow.PRINTER
            fate.struck.append(Struck(blow=blow, during=during, takes_power=power))
        self._cut_power(fate, power=power)
        return rest

    def _time_of(self, cut: Cut | None) -> threading.Timer | None:
        if cut is None or cut.blow is not Blow.TIME:
            return None
        timer = threading.Timer(cut.share / 1000, self._strike_now)
        timer.start()
        return timer

    def _heard(self, fate: Fate) -> str:
        """What the terminal says next; meanwhile a hand waits at the slot's mouth for what it was called to."""
        deadline = time.monotonic() + _SILENT_S
        while True:
            try:
                said = self._said.get(timeout=_REACH_S if self._called_to_slot else _SILENT_S)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise
                self._take_old_card(fate)
                continue
            if said == "gone":
                raise RuntimeError(f"the terminal of lane {self.number} can't be started again")
            return said

    def _mind_moment(self, number: int, cut: Cut | None, fate: Fate, *, served: bool) -> None:
        planned = fate.planned
        if served and planned.fault is Fault.OLD_CARD_PULLED and number == planned.number:
            self._take_old_card_out(fate)
        if cut is not None and cut.blow is Blow.AMID and number == cut.number:
            time.sleep(cut.share / 1000)
            self._strike_now()

    def _answer_view(self, shown: str, fate: Fate) -> None:
        fault = fate.planned.fault
        view, _, code = shown.partition(" ")
        match view:
            case "FeeCode" if code and fault is not Fault.UNPAID and not fate.paid:
                if fault is Fault.PAID_LATE:
                    self._code = code
                else:
                    fate.paid = self._shared.provider.pay(code)
            case "InsertCard" if fate.planned.exchanges and not fate.old_card:
                with suppress(Refused):  # it is in already
                    self.slot.order(f"insert {self._old_card(fate.planned.person)}")
            case "TakeNewCard" if fault is not Fault.NOT_TAKEN:
                self._take_new_card(fate)
            case "TakeCard":
                self._called_to_slot = True
                self._take_old_card(fate)

    def _strike_now(self) -> None:
        pid = self._pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _order_cut(self, cut: Cut | None) -> None:
        if cut is not None and cut.blow is Blow.PRINTER:
            self.printer.order(f"fail {cut.fault} {cut.command}")

    def _cut_power(self, fate: Fate, *, power: bool) -> None:
        if power:
            self.printer.order("power_cut")
            self.slot.order("unplug")
        if fate.planned.fault is Fault.TAKEN_IN_THE_DARK:
            self._take_new_card(fate)
        if fate.planned.fault is Fault.PAID_LATE:
            self._pay_late(fate)
        self.printer.order("power_on")
        self.slot.order("replug")

    # Hands.

    _code = ""
    _called_to_slot = False
    _holding = False

    def _pay_late(self, fate: Fate) -> None:
        code, self._code = self._code, ""
        if code and not fate.paid:
            fate.paid = self._shared.provider.pay(code)

    def _take_new_card(self, fate: Fate) -> None:
        with suppress(Refused):
            fate.taken.append(self.printer.order("take"))

    def _take_old_card(self, fate: Fate) -> None:
        with suppress(Refused):
            self.slot.order("take")
            fate.old_card, self._called_to_slot = "person", False

    def _take_old_card_out(self, fate: Fate) -> None:
        if self.slot.order("clear"):
            fate.old_card, fate.pulled_while_held = "person", self._holding

    def _look_after(self, planned: Replacement) -> None:
        """Everything as it should be, but for what this replacement is to meet."""
        tally = self.printer.tally
        with self._book() as book:
            if tally.reject_bin >= SIZES.reject_bin_high or tally.retained_bin >= SIZES.retained_bin_high:
                for place in (Place.REJECT_BIN, Place.RETAINED_BIN):
                    count = int(self.printer.order(f"empty {place.value}"))
                    if count:
                        book.stock.empty(place, count, **_STAFF)
            if tally.hopper < _LOW or planned.fault is Fault.HOPPER_EMPTY or _wants_weak(planned) or self._weak_waits:
                self._fill(book.stock, planned, tally.hopper)
        self.printer.order("change_ribbon")
        if len(self.slot.state["retained"]) >= _SLOT_BIN:
            self.destroyed.update(self.slot.state["retained"])
            self.slot.order("empty")
        self._order_fault(planned)
        self._code = ""

    def _fill(self, book: StockBook, planned: Replacement, left: int) -> None:
        """Empty the hopper and fill it; what is put in first is fed first."""
        if left:
            self.printer.order("empty hopper")
            book.empty(Place.HOPPER, left, **_STAFF)
        self._weak_waits = _wants_weak(planned)
        if planned.fault is Fault.HOPPER_EMPTY:
            return
        weak = int(_wants_weak(planned))
        if weak:
            self.printer.order(f"load 1 {planned.at}")
        self.printer.order(f"load {_REFILL}")
        book.hand_over(_REFILL + weak, **_STAFF)

    def _order_fault(self, planned: Replacement) -> None:
        match planned.fault:
            case Fault.JAM | Fault.LOST_ANSWER | Fault.GARBAGE | Fault.DEAF:
                self.printer.order(f"fail {planned.fault.value} {planned.at}")
            case Fault.TWO_FED | Fault.RIBBON_ENDS | Fault.DEAD_CHIP:
                self.printer.order(f"fail {planned.fault.value}")
            case Fault.RIBBON_EMPTY:
                self.printer.order("run_ribbon_out 0")
            case Fault.COVER_OPEN:
                self.printer.order("open_cover")
            case Fault.SLOT_JAM:
                self.slot.order("fail jam")
            case Fault.SLOT_LOST_ANSWER:
                self.slot.order("fail lost_answer Ser")

    def _leave_in_order(self, fate: Fate) -> None:
        """What staff do afterwards: clear what is stuck, give back what is held, count."""
        self.printer.order("fail_no_more")
        self.slot.order("fail_no_more")
        self.printer.order("close_cover")
        if fate.planned.fault is Fault.PAID_LATE:
            self._pay_late(fate)
        slot = self.slot.state
        if slot["where"] == "mouth" and not slot["jammed"]:
            self._take_old_card(fate)
        elif slot["card"] is not None:
            self.slot.order("clear")
            fate.old_card, fate.given_back_by_staff = "staff", True
        elif fate.planned.exchanges and not fate.old_card:
            fate.old_card = "bin" if self._is_kept(fate.planned.person) else "person"
        with self._book() as book:
            if self.printer.tally.inside:
                self.printer.order("clear")
                fate.cleared = True
                with suppress(Impossible):
                    book.stock.remove(fate.planned.job, "cleared", **_STAFF)
            self._count(book.stock, fate)

    def _count(self, book: StockBook, fate: Fate) -> None:
        tally = self.printer.tally
        counted = Counted(
            hopper=tally.hopper, printer=tally.inside, reject_bin=tally.reject_bin, retained_bin=tally.retained_bin
        )
        stock = book.stock()
        fate.differences = differences(stock.balance, counted)
        if fate.differences or stock.two_fed > stock.closed_out:
            book.close_out(counted, explanation=f"{fate.planned.job[:8]} {fate.planned.fault.value}", **_STAFF)

    def _fed(self) -> int:
        return (self.printer.folder / "events.jsonl").read_bytes().count(b'"what":"fed"')

    def _is_kept(self, person: Person) -> bool:
        return str(self._file_of(person)) in self.slot.state["retained"]

    def _file_of(self, person: Person) -> Path:
        return self._folder / f"{person.order:08X}.json"

    def _old_card(self, person: Person) -> Path:
        file = self._file_of(person)
        holder = CardHolder(
            social_security_number=person.number,
            name=person.name,
            sex="1",
            ethnic_group="01",
            birthplace=f"{REGION_CODE}00",
            birth_date=person.birth_date,
        )
        card = personalise(
            about="Somebody's old card.",
            region=REGION_CODE,
            number=person.order,
            card_number=person.card_number,
            holder=holder,
            pin=CardPin(digits="246810", tries_left=6, tries_allowed=6),
            bank_side=True,
        )
        save_card_file(file, card)
        return file

    # The terminal's own.

    def _book(self) -> "_OpenedBook":
        return _OpenedBook(self._folder / "ledger", self.terminal, self._shared.centre)

    def upload(self) -> str:
        """Bring to the centre what the ledger has; why not all of it came."""
        settings = UplinkSettings(
            ledger=self._folder / "ledger",
            receipts=self._folder / "receipts",
            clock_offset=self._folder / "offset",
            centre=self._shared.centre_url,
            ca=self._shared.centre.ca_file,
            terminal=self.terminal.id,
            key=self.terminal.key,
            centre_keys={self._shared.centre.keys.key_id: self._shared.centre.signing_key},
        )
        deadline, pace = time.monotonic() + _UPLINK_S, threading.Event()
        with opened(settings) as uplink:
            while time.monotonic() < deadline:
                match uplink.step():
                    case Idle():
                        return ""
                    case Halted(reason=reason):
                        return f"the uplink halted: {reason}"
                    case BackOff():
                        pace.wait(0.2)
        return "the uplink does not come to rest"

    def close(self) -> None:
        """End all of it."""
        if self._mother.stdin is not None:
            self._mother.stdin.close()
        self._mother.wait(30)
        self.printer.close()
        self.slot.close()
        self._pcscd.stop()

    def _enrolled(self, name: str) -> EnrolledTerminal:
        centre, key = self._shared.centre, Ed25519PrivateKey.generate()
        with Ledger.create(self._folder / "ledger", name, STORAGE_KEY, centre.opening_key) as ledger:
            terminal = EnrolledTerminal(name, REGION, key, ledger.ledger_id, f"PAD-{name}", bytes(16))
        centre.register(terminal)
        return terminal

    def _started(self) -> "subprocess.Popen[bytes]":
        centre = self._shared.centre
        site = Site(
            terminal=self.terminal.id,
            key=self.terminal.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            region_pack=str(_PACK),
            folder=str(self._folder),
            centre=self._shared.centre_url,
            centre_ca=str(centre.ca_file),
            centre_key_id=centre.keys.key_id,
            centre_key=centre.signing_key.public_bytes_raw(),
            opening_key=centre.opening_key.public_bytes_raw(),
            printer_port=self.printer.port,
            slot_link=str(self.slot.link),
            slot_folder=str(self.slot.folder),
            reader=self._pcscd.reader_name,
            station=self._pcscd.contact_station_name,
            pcscd_socket=str(self._pcscd.socket_path),
        )
        with self._log.open("ab") as log:
            mother = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.replacements.terminal", msgspec.json.encode(site).decode()],
                cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        threading.Thread(target=self._listen, args=(mother,), daemon=True).start()
        return mother

    def _listen(self, mother: "subprocess.Popen[bytes]") -> None:
        assert mother.stdout is not None
        with mother.stdout, self._log.with_name("said.log").open("ab", buffering=0) as said:
            for line in mother.stdout:
                said.write(f"{time.time() % 10_000:.3f} ".encode() + line)
                self._said.put(line.decode().strip())
        self._said.put("gone")


class _OpenedBook:
    """The terminal's stock while the terminal does not run."""

    def __init__(self, folder: Path, terminal: EnrolledTerminal, centre: RunningCentre) -> None:
        self._ledger = Ledger.open(folder, terminal.id, STORAGE_KEY, centre.opening_key)
        self.stock = StockBook(self._ledger, REGION, SIZES, clock=time.time, offset_ms=lambda: 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ledger.close()


def run_lanes(
    lanes: Sequence[Lane],
    planned: "queue.SimpleQueue[Replacement]",
    fates: "queue.SimpleQueue[Fate]",
    failed: list[BaseException],
    until: float | None,
) -> list[threading.Thread]:
    """Let every lane serve one after the other until nobody is left; its threads.

    :param until: seconds of the monotonic clock after which nobody else is served.
    """

    def work(lane: Lane) -> None:
        try:
            while not failed and (until is None or time.monotonic() < until) and (one := _next_of(planned)) is not None:
                fates.put(lane.serve(one))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for this thread
            failed.append(error)

    threads = [threading.Thread(target=work, args=(lane,), name=f"lane-{lane.number}") for lane in lanes]
    for thread in threads:
        thread.start()
    return threads


def _wants_weak(planned: Replacement) -> bool:
    return planned.fault in {Fault.WEAK_CHIP, Fault.TRIED_AGAIN}


def _next_of(planned: "queue.SimpleQueue[Replacement]") -> Replacement | None:
    try:
        return planned.get_nowait()
    except queue.Empty:
        return None
