"""Everything of the demo put together, and the hands that work on it."""

import fcntl
import os
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from Xlib import display

from simulators.bench.server import NotPossible
from simulators.camera import SCENES, CameraSimulator
from simulators.card.slot import CardSlot
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import CONTACT_STATION_PORT, PrivatePcscd
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from simulators.screen import Screen
from simulators.stand.cable import CableState, NetworkCable
from simulators.stand.card_printing import CardPrinterAtHand
from simulators.stand.card_slot import SlotAtHand, SlotCard
from simulators.stand.centre import DemoCentre
from simulators.stand.deck import DemoCard, lay_out
from simulators.stand.id_documents import DemoDocument, documents_at_hand
from simulators.stand.paying import PayingAtHand
from simulators.stand.programs import Program
from simulators.stand.requirements import missing
from simulators.stand.settings import CanNotStart, StandSettings
from simulators.stand.technicians import FOLDER as TECHNICIANS_FOLDER
from simulators.stand.technicians import TechniciansAtHand
from simulators.stand.terminals import DemoTerminal, TerminalPlace, Wiring
from simulators.stand.virtual_display import start_display

_PORTRAIT: Final = (1080, 1920)
_MARKER: Final = "this-is-a-demo-stand"


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of what the stand did or saw."""

    at: str
    zh: str
    en: str
    bad: bool = False


@dataclass(slots=True)
class _Surroundings:
    """What is there while the stand stands."""

    wiring: Wiring
    screen: Screen
    places: dict[str, TerminalPlace]
    display: str
    screen_program: Program | None
    exits: ExitStack = field(default_factory=ExitStack, repr=False)


class Stand:
    """One demo stand: use as a context manager. Stops what it started and nothing else."""

    def __init__(self, settings: StandSettings, *, say: Callable[[str], None] = lambda _: None) -> None:
        """:param say: told each step of the set-up in a few words."""
        self.settings = settings
        self.state = settings.state.resolve()
        self.logs = self.state / "logs"
        self.region = settings.region
        self._say = say
        self._hands = threading.RLock()
        self._happenings: deque[Happening] = deque(maxlen=60)
        self._surroundings: _Surroundings | None = None
        self._terminal: tuple[Program, Program] | None = None
        self.powered = False
        self.cards: dict[str, DemoCard] = {}
        self.technicians = TechniciansAtHand({}, {})
        self._pads: dict[str, PadSimulator] = {}
        self.id_documents: dict[str, DemoDocument] = {}
        self.placed: DemoDocument | None = None
        self._printers: dict[str, PrinterSimulator] = {}
        self._card_printers: dict[str, CardPrinterAtHand] = {}

    # --- setting up and clearing away -----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, the terminal last.

        :raises CanNotStart: something is missing, or another stand uses the same directory.
        :raises simulators.stand.programs.ProgramDied: a program did not come up.
        """
        lacking = missing(display=self.settings.display is not None)
        if lacking:
            raise CanNotStart("missing:\n  " + "\n  ".join(lacking))
        with ExitStack() as exits:
            exits.callback(self._reserve_directory())
            surroundings = self._surroundings = self._build(exits)
            exits.callback(self.power_off, quietly=True)
            self.power_on()
            surroundings.exits = exits.pop_all()

    def stop(self) -> None:
        """Stop everything in the opposite order. Harmless when nothing runs."""
        with self._hands:
            if self._surroundings is not None:
                self._surroundings.exits.close()
                self._surroundings = None

    def _reserve_directory(self) -> Callable[[], None]:
        state = self.state
        if state.exists() and any(state.iterdir()) and not (state / _MARKER).exists():
            raise CanNotStart(f"{state} holds something else; give an empty directory or one of an earlier stand")
        state.mkdir(parents=True, exist_ok=True)
        lock = os.open(state / _MARKER, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise CanNotStart(f"another stand is running in {state}") from error
        if not self.settings.keep:
            for entry in state.iterdir():
                if entry.name != _MARKER:
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        self.logs.mkdir(exist_ok=True)
        return lambda: os.close(lock)

    def _build(self, exits: ExitStack) -> _Surroundings:
        settings = self.settings
        self._say("显示 display …")
        screen_program, display_name = None, settings.display or ""
        width, height = _PORTRAIT[::-1] if settings.landscape else _PORTRAIT
        if settings.display is None:
            screen_program, display_name = start_display(width, height, self.logs / "xvfb.log", on_death=self._died)
            exits.callback(screen_program.stop)
        else:
            width, height = _fitting(settings.display, width, height)
        screen = exits.enter_context(Screen(display_name, settings.assets / "fonts"))

        self._say("读卡器 pcscd and the virtual reader …")
        self.pcscd = PrivatePcscd(self.state / "pcscd")
        self.pcscd.start()
        exits.callback(self.pcscd.stop)
        slot = CardSlot.of(self.pcscd)
        exits.callback(slot.close)
        self.contacts = CardSlot(self.pcscd.network, CONTACT_STATION_PORT)
        exits.callback(self.contacts.close)
        self.cards = {card.key: card for card in lay_out(self.state / "cards", settings.decks, settings.seeds)}

        self.slot = SlotAtHand(self.state / "slot", slot, motor=settings.motor)
        exits.callback(self.slot.close)

        self.id_reader = exits.enter_context(IdReaderSimulator(link=self.state / "id-reader"))
        self.id_documents = {one.key: one for one in documents_at_hand(settings.id_documents)}
        self.camera = exits.enter_context(CameraSimulator())
        self.scene = "nobody"

        self._say("中心系统 central system …")
        self.centre = DemoCentre(
            self.state / "centre", settings.seeds, settings.region_rules, settings.holidays, self.logs,
            on_death=self._died,
        )  # fmt: skip
        self.paying = PayingAtHand(
            self.state / "payment", f"{self.centre.url}v1/payment-notifications", self.centre.ca, self.logs,
            on_death=self._died,
        )  # fmt: skip
        self.paying.start()
        exits.callback(self.paying.program.stop)
        self.centre.payment = self.paying.merchant
        self.centre.prepare()
        self.technicians = TechniciansAtHand.enlisted(self.state / TECHNICIANS_FOLDER, self.centre.enlist)
        self.centre.program.start()
        exits.callback(self.centre.program.stop)
        self.centre.wait_until_served()
        self.cable = NetworkCable(self.centre.port)
        exits.callback(self.cable.close)

        wiring = Wiring(
            regions=settings.regions,
            handbook=settings.handbook,
            outlets=settings.outlets,
            card_faces=settings.card_faces,
            assets=settings.assets,
            holidays=settings.holidays,
            width=width,
            height=height,
            reader=self.pcscd.reader_name,
            contact_station=self.pcscd.contact_station_name,
            id_reader=self.state / "id-reader",
            camera=self.camera.url,
            centre_url=f"https://127.0.0.1:{self.cable.port}",
            centre_ca=self.centre.ca,
            centre_keys=self.centre.public_keys,
            environment={**self.pcscd.environment, "DISPLAY": display_name},
            sound=settings.sound,
        )
        places = {
            region: TerminalPlace(one.id, region, self.state / one.id) for region, one in settings.terminals.items()
        }
        surroundings = _Surroundings(wiring, screen, places, display_name, screen_program)
        exits.callback(self._put_pads_away)
        self._set_up(surroundings, self.region)
        return surroundings

    def _set_up(self, surroundings: _Surroundings, region: str) -> None:
        """Give a region's terminal its configuration, its PIN pad and its identity. Harmless when it has them."""
        if region in self._pads:
            return
        self._say(f"终端登记 enrolment: {region} …")
        place, delivered = surroundings.places[region], self.settings.terminals[region]
        card_printer = CardPrinterAtHand(
            place.card_printer_folder, self.contacts, delivered.codes[0], self._chip_pin(delivered)
        )
        self._card_printers[region] = card_printer
        self._furnish(surroundings.wiring, place, card_printer)
        place.make_pad(delivered.pad_serial)
        log = self.logs / "enrolment.log"
        if not place.enrolment.exists():
            self.centre.enrol(place.enrol(surroundings.wiring, log))
        place.stock_up(card_printer.counted.hopper, surroundings.wiring, log)
        self.cards |= {card.key: card for card in card_printer.handed_out()}
        pad = PadSimulator(delivered.pad_dialect, link=place.pad_link, state_file=place.pad_memory)
        self._pads[region] = pad.__enter__()
        self._printers[region] = PrinterSimulator(link=place.printer_link)

    def _furnish(self, wiring: Wiring, place: TerminalPlace, card_printer: CardPrinterAtHand) -> None:
        motor = self.slot.port if self.slot.has_motor else None
        place.furnish(wiring, f"127.0.0.1:{card_printer.simulator.port}", motor)

    def _chip_pin(self, delivered: DemoTerminal) -> str | None:
        """The initial PIN of that region's blanks: where no card of the deck holds a PIN, its chips have none."""
        environments = [
            card.file().social_security for card in self.cards.values() if card.file().region in delivered.codes
        ]
        return "123456" if any(one is not None and one.pin is not None for one in environments) else None

    def _put_pads_away(self) -> None:
        while self._card_printers:
            self._card_printers.popitem()[1].close()
        while self._pads:
            self._pads.popitem()[1].close()
        while self._printers:
            self._printers.popitem()[1].close()

    # --- what is there ----------------------------------------------------------------------------------------------

    @property
    def surroundings(self) -> _Surroundings:
        """What was built.

        :raises RuntimeError: the stand does not stand.
        """
        if self._surroundings is None:
            raise RuntimeError("the stand is not set up")
        return self._surroundings

    @property
    def screen(self) -> Screen:
        """The eye and the finger, powered or not."""
        return self.surroundings.screen

    @property
    def place(self) -> TerminalPlace:
        """The terminal that stands here now."""
        return self.surroundings.places[self.region]

    @property
    def pad(self) -> PadSimulator:
        """The PIN pad of the terminal that stands here now."""
        return self._pads[self.region]

    @property
    def printer(self) -> PrinterSimulator:
        """Its receipt printer."""
        return self._printers[self.region]

    @property
    def inserted(self) -> SlotCard | None:
        """The card in the slot."""
        return self.slot.inserted()

    @property
    def card_printer(self) -> CardPrinterAtHand:
        """Its card printer."""
        return self._card_printers[self.region]

    def programs(self) -> list[tuple[str, int | None, str, bool]]:
        """What runs: name, process, where, and whether it has died."""
        surroundings = self.surroundings
        known: list[tuple[Program | None, str]] = [
            (surroundings.screen_program, f"DISPLAY={surroundings.display}"),
            (self.centre.program, self.centre.url),
        ]
        rows = [
            (program.name, program.pid, where, program.exit_code is not None)
            for program, where in known
            if program is not None
        ]
        rows.append(("pcscd", self.pcscd.pid, f"{self.pcscd.reader_name} · {self.pcscd.socket_path}", False))
        rows.append(("PIN pad, card slot, cable", os.getpid(), f"{self.pad.path} · 127.0.0.1:{self.cable.port}", False))
        rows.append(("identity-card reader", os.getpid(), self.id_reader.path, False))
        rows.append(("camera", os.getpid(), self.camera.url, False))
        line = f"127.0.0.1:{self.card_printer.simulator.port}"
        rows.append(("card printer", os.getpid(), f"{line} · {self.pcscd.contact_station_name}", False))
        rows += [
            (program.name, program.pid, str(program.log), self.powered and program.exit_code is not None)
            for program in self._terminal or ()
        ]
        return rows

    def fresh_cards(self) -> None:
        """Put every card back to what it was at first."""
        with self._hands:
            shutil.rmtree(self.state / "cards", ignore_errors=True)
            self.cards = {
                card.key: card for card in lay_out(self.state / "cards", self.settings.decks, self.settings.seeds)
            }

    # --- hands (Workbench) --------------------------------------------------------------------------------------------

    def screen_in_view(self) -> Screen | None:
        """See :class:`simulators.bench.server.Workbench`."""
        return self.surroundings.screen if self.powered else None

    def press(self, key: str) -> None:
        """Press a key of the PIN pad."""
        match key:
            case "enter":
                self.pad.press_enter()
            case "clear":
                self.pad.press_clear()
            case "cancel":
                self.pad.press_cancel()
            case _ if len(key) == 1 and key.isascii() and key.isdigit():
                self.pad.press(key)
            case _:
                raise NotPossible("no such key")

    def insert(self, card: str) -> None:
        """Put a card into the slot."""
        with self._hands:
            chosen = self.cards.get(card) or self.technicians.cards.get(card)
            if chosen is None:
                raise NotPossible("no such card")
            self.slot.insert(chosen)
            self._note(f"插入了卡：{chosen.title}", f"card in: {chosen.title_en}")

    def pull(self) -> None:
        """Pull the card out."""
        with self._hands:
            card = self.slot.pull()
            self._note(f"拔出了卡：{card.title}", f"card out: {card.title_en}")

    def set_slot(self, what: str) -> None:
        """Fit the slot with the motor (``motor``) or the one without (``hand``), or do something to the motor."""
        if what not in ("motor", "hand"):
            self._note(*self.slot.do(what))
            return
        with self._hands, self._switched_off():
            self.slot.fit(motor=what == "motor")
            for region, card_printer in self._card_printers.items():
                self._furnish(self.surroundings.wiring, self.surroundings.places[region], card_printer)
        if what == "motor":
            self._note("换上了电动卡槽", "slot with a motor fitted")
        else:
            self._note("换上了手插卡槽", "slot without a motor fitted")

    def place_id(self, document: str) -> None:
        """Lay an identity card on the reader."""
        with self._hands:
            if self.placed is not None:
                raise NotPossible("an identity card lies on the reader already")
            if document not in self.id_documents:
                raise NotPossible("no such identity card")
            self.placed = self.id_documents[document]
            self.id_reader.place(self.placed.file)
            self._note(f"放上了身份证：{self.placed.file.title}", f"identity card down: {self.placed.file.title_en}")

    def take_id(self) -> None:
        """Take it away."""
        with self._hands:
            if self.placed is None:
                raise NotPossible("nothing lies on the reader")
            self.id_reader.remove()
            self._note(f"拿走了身份证：{self.placed.file.title}", f"identity card away: {self.placed.file.title_en}")
            self.placed = None

    def set_cable(self, what: str) -> None:
        """Do something to the network cable."""
        match what:
            case "plugged":
                self.cable.plug()
                self._note("网线插好了", "network cable in")
            case "unplugged":
                self.cable.unplug()
                self._note("网线拔掉了", "network cable out")
            case "slow":
                self.cable.slow_down()
                self._note("网线很慢", "network cable slow")
            case "cut":
                self.cable.cut_next_answer()
                self._note("下一个回答会被截断", "the next answer will be cut")
            case _:
                raise NotPossible("no such state of a cable")

    def set_printer(self, what: str) -> None:
        """Do something to the receipt printer."""
        verbs: dict[str, tuple[Callable[[], None], str, str]] = {
            "low": (self.printer.run_low, "凭条纸快用完了", "paper low"),
            "out": (self.printer.run_out, "凭条纸用完了", "paper out"),
            "ends": (lambda: self.printer.run_out(300), "凭条纸只剩一截", "paper ends within the next slip"),
            "refill": (self.printer.refill, "换了新纸卷", "new roll"),
            "open": (self.printer.open_cover, "打印机盖打开了", "printer cover open"),
            "close": (self.printer.close_cover, "打印机盖合上了", "printer cover closed"),
            "unplugged": (self.printer.unplug, "打印机线拔掉了", "printer cable out"),
            "plugged": (self.printer.replug, "打印机线插好了", "printer cable in"),
        }
        if what not in verbs:
            raise NotPossible("no such thing can be done to a printer")
        act, zh, en = verbs[what]
        act()
        self._note(zh, en)

    def set_card_printer(self, what: str) -> None:
        """Do something to the card printer; for what two of the staff sign, the terminal is stopped meanwhile."""
        log, wiring = self.logs / "stock.log", self.surroundings.wiring
        match what:
            case "hand_over":
                with self._hands, self._switched_off():
                    self.place.hand_over(self.card_printer.load(), wiring, log)
                self._note("两个人加了十张空白卡并签字", "ten blanks handed over, signed by two")
            case "close_out":
                with self._hands, self._switched_off():
                    self.place.close_out(self.card_printer.counted, wiring, log)
                self._note("两个人盘点了卡并签字", "cards counted, signed by two")
            case _:
                self._note(*self.card_printer.do(what))
        self.cards |= {card.key: card for card in self.card_printer.handed_out()}

    def last_face(self) -> bytes | None:
        """The face that the card printer printed last, as a PNG."""
        return self.card_printer.last_face()

    def pay(self) -> None:
        """Pay what the screen shows a code for, as a telephone does."""
        yuan = self.paying.pay() / 100
        self._note(f"用手机付了 {yuan:.2f} 元", f"{yuan:.2f} yuan paid by telephone")

    def set_camera(self, what: str) -> None:
        """Let somebody step before the camera, or do something to it."""
        if what in SCENES:
            self.camera.show(SCENES[what].film())
            self.scene = what
            self._note(f"摄像头前：{SCENES[what].zh}", f"before the camera: {SCENES[what].en}")
            return
        verbs: dict[str, tuple[Callable[[], None], str, str]] = {
            "cover": (self.camera.cover, "摄像头被挡住了", "lens covered"),
            "uncover": (self.camera.uncover, "摄像头不挡了", "lens free"),
            "freeze": (self.camera.freeze, "摄像头画面卡住了", "camera frozen"),
            "hang": (self.camera.hang, "摄像头不出画面了", "camera silent"),
            "recover": (self.camera.recover, "摄像头恢复了", "camera works again"),
            "unplugged": (self.camera.unplug, "摄像头线拔掉了", "camera cable out"),
            "plugged": (self.camera.replug, "摄像头线插好了", "camera cable in"),
        }
        if what not in verbs:
            raise NotPossible("no such thing can be done to a camera")
        act, zh, en = verbs[what]
        act()
        self._note(zh, en)

    def before_camera(self) -> bytes:
        """What stands before the camera, a JPEG."""
        return self.camera.picture()

    def last_slip(self) -> bytes | None:
        """The last slip that the printer cut off, as a PNG."""
        slips = self.printer.slips
        return slips[-1] if slips else None

    def set_power(self, what: str) -> None:
        """``on`` or ``off``."""
        match what:
            case "on":
                self.power_on()
            case "off":
                self.power_off()
            case _:
                raise NotPossible("a plug is in or out")

    def power_on(self) -> None:
        """Plug the terminal in: application and uplink start. Harmless when it is in."""
        with self._hands:
            if self.powered:
                return
            surroundings = self.surroundings
            self._terminal = self.place.programs(surroundings.wiring, self.logs, on_death=self._died)
            for program in self._terminal:
                program.start()
            if surroundings.screen_program is None:
                surroundings.screen.look_at(self._terminal[0].pid)
            self.powered = True
            self._note(f"终端 {self.place.id} 通电了", f"terminal {self.place.id} has power")

    def power_off(self, *, quietly: bool = False) -> None:
        """Pull the plug: SIGKILL to application and uplink. Harmless when it is out."""
        with self._hands:
            if not self.powered:
                return
            self.powered = False
            for program in self._terminal or ():
                program.kill()
            if not quietly:
                self._note(f"终端 {self.place.id} 断电了", f"terminal {self.place.id} has lost power")

    @contextmanager
    def _switched_off(self) -> Iterator[None]:
        """The terminal has no power meanwhile; afterwards it has it again if it had it before."""
        had_power = self.powered
        self.power_off()
        try:
            yield
        finally:
            if had_power:
                self.power_on()

    def choose_region(self, region: str) -> None:
        """Put another region's terminal into this place."""
        if region not in self.settings.terminals:
            raise NotPossible("no terminal of such a region")
        with self._hands:
            self.power_off()
            self.card_printer.simulator.power_cut()  # there is one contact station, and it goes with who stands here
            self._set_up(self.surroundings, region)
            self.region = region
            self.card_printer.simulator.power_on()
            self.power_on()

    def picture_of_state(self) -> dict[str, Any]:
        """Everything the bench shows."""
        terminals = self.settings.terminals
        here = terminals[self.region]
        with self._hands:
            inserted, placed = self.inserted, self.placed
        return {
            "terminal": self.place.id,
            "region": f"{here.zh} {here.en}",
            "region_key": self.region,
            "regions": [{"key": key, "zh": one.zh, "en": one.en} for key, one in terminals.items()],
            "powered": self.powered,
            "inserted": inserted.key if inserted else None,
            "cards": [
                *(card.picture(self.region, terminals) for card in self.cards.values()),
                *(card.picture() for card in self.technicians.cards.values()),
            ],
            "technicians": self.technicians.picture(time.time()),
            "placed": placed.key if placed else None,
            "id_documents": [document.picture(self.region, terminals) for document in self.id_documents.values()],
            "cable": self.cable.state.value,
            "cut_armed": self.cable.cut_armed,
            "printer": self.printer.condition,
            "slips": self.printer.cut,
            "card_printer": self.card_printer.picture(),
            "slot": self.slot.picture(),
            "camera": self.camera.condition,
            "viewers": self.camera.viewers,
            "scene": self.scene,
            "scenes": [{"key": key, "zh": scene.zh, "en": scene.en} for key, scene in SCENES.items()],
            "centre_url": self.centre.url,
            "programs": [
                {"name": name, "pid": pid, "where": where, "failed": failed}
                for name, pid, where, failed in self.programs()
            ],
            "happenings": [
                {"at": one.at, "zh": one.zh, "en": one.en, "bad": one.bad} for one in reversed(self._happenings)
            ],
        }

    def _died(self, program: Program, code: int) -> None:
        self._note(
            f"{program.name} 自己停了（{code}），见 {program.log.name}", f"ended by itself with {code}", bad=True
        )
        self._say(f"!! {program.name} ended by itself with {code}; its log: {program.log}")

    def _note(self, zh: str, en: str, *, bad: bool = False) -> None:
        self._happenings.append(Happening(time.strftime("%H:%M:%S"), zh, en, bad))


def _fitting(display_name: str, width: int, height: int) -> tuple[int, int]:
    """The window's size on somebody's own display: the real one if it fits, else the half."""
    with_room = display.Display(display_name)
    try:
        room = with_room.screen()
        if room.width_in_pixels >= width and room.height_in_pixels >= height:
            return width, height
    finally:
        with_room.close()
    return width // 2, height // 2


__all__ = ["CableState", "CanNotStart", "Stand", "StandSettings"]
