"""What the printer makes of the escape stream: docs/wire-card-printer.md."""

import re
from collections.abc import Callable
from typing import Final, Protocol

from PIL import Image

from simulators.card_printer.body import BIN_HIGH, BIN_HOLDS, HOPPER_LOW, RIBBON, Folder, Where
from simulators.card_printer.faults import CardPrinterFault, CardPrinterFaults
from simulators.card_printer.ink import PANELS, ink_of, printed, size_of

FIRMWARE: Final = "SIM 1.4"
SERIAL: Final = "SIM00000001"

_ESC: Final = 0x1B
_CR: Final = b"\r"
_DOWNLOAD: Final = re.compile(rb"\x1b?Db;([a-z]);(\d{1,3});")
_LONGEST: Final = 64
"""Bytes of a command without data; more are thrown away up to the next carriage return."""
_HALF: Final = 0.5


class PowerGone(Exception):
    """The power has gone in the middle of it."""


class Station(Protocol):
    """The contacts under the card."""

    def touch(self, serial: str) -> None:
        """A card has come to lie under them."""

    def leave(self) -> None:
        """Whatever was there has left; harmless when nothing was."""


class Stream:
    """Commands out of bytes, however these are cut."""

    def __init__(self) -> None:
        self._left = b""

    def take(self, octets: bytes) -> list[tuple[list[str], bytes]]:
        """The commands that are whole now: their parts, and their data."""
        self._left += octets
        found = []
        while (command := self._next()) is not None:
            found.append(command)
        return found

    def _next(self) -> tuple[list[str], bytes] | None:
        download = _DOWNLOAD.match(self._left)
        if download is not None:
            return self._panel(download)
        if _CR not in self._left:
            if len(self._left) > _LONGEST and b"Db;" not in self._left[:5]:
                self._left = b""
            return None
        line, _, self._left = self._left.partition(_CR)
        return line.lstrip(bytes((_ESC,))).decode("ascii", "replace").split(";"), b""

    def _panel(self, download: re.Match[bytes]) -> tuple[list[str], bytes] | None:
        try:
            size = size_of(int(download[2]))
        except KeyError:
            size = 0  # its data are taken for commands, each of which is unknown
        end = download.end() + size
        if len(self._left) <= end:
            return None
        data, self._left = self._left[download.end() : end], self._left[end:].removeprefix(_CR)
        return ["Db", download[1].decode(), download[2].decode()], data


class Firmware:
    """The printer without its line: commands in, answers out, cards moved. Called with the printer's lock held."""

    def __init__(self, folder: Folder, faults: CardPrinterFaults, station: Station, spend: Callable[[], None]) -> None:
        """:param spend: lets the time of one movement pass."""
        self._folder = folder
        self._faults = faults
        self._station = station
        self._spend = spend
        self.moving = False
        self.asked = 0
        """How often somebody wanted to know where the card is."""
        self.power_on()

    def power_on(self) -> None:
        """Nothing is remembered but what the body shows."""
        self._panels: dict[str, Image.Image] = {}
        self._recovers_itself = True
        self._broke_off = False
        self.moving = False

    def obey(self, parts: list[str], data: bytes) -> str | None:
        """Do one command; the answer, or None where none is given.

        :raises PowerGone: the power was cut, by an order.
        """
        letters = parts[0]
        fault = self._fault(letters, CardPrinterFault.CUT_BEFORE, CardPrinterFault.DEAF)
        if fault is CardPrinterFault.CUT_BEFORE:
            raise PowerGone
        if fault is CardPrinterFault.DEAF:
            return None
        answer = self._done(letters, parts[1:], data)
        if self._fault(letters, CardPrinterFault.CUT_AFTER) is not None:
            raise PowerGone
        match self._fault(letters, CardPrinterFault.LOST_ANSWER, CardPrinterFault.GARBAGE):
            case CardPrinterFault.LOST_ANSWER:
                return None
            case CardPrinterFault.GARBAGE:
                return "\x00\x7f?"
        return answer

    def ribbon_changed(self) -> None:
        """A new ribbon is in. A printer that recovers by itself begins the face again that broke off."""
        if self._recovers_itself and self._broke_off and self._folder.body.where is Where.PRINT:
            self._broke_off = False
            self._print(self._folder.body.inside[0])

    def _fault(self, letters: str, *among: CardPrinterFault) -> CardPrinterFault | None:
        return self._faults.take(*among, command=letters)

    def _done(self, letters: str, parameters: list[str], data: bytes) -> str:
        match letters, parameters:
            case "Rfv", []:
                return FIRMWARE
            case "Rsn", []:
                return SERIAL
            case "Rlr", []:
                return f"{RIBBON};{self._folder.body.faces_left}"
            case "Rse", []:
                self.asked += 1
                return self._sensors()
            case "Pem", [("0" | "2") as who]:
                self._recovers_itself = who == "0"
                return "OK"
            case "Ss", []:
                self._panels = {}
                return "OK"
            case "Db", [panel, levels] if data:
                return self._take_panel(panel, int(levels), data)
            case (("Si" | "Sis" | "Se" | "Ser"), _):
                return self._move(letters, parameters)
        return "UNKNOWN"

    def _sensors(self) -> str:
        body = self._folder.body
        state = "moving" if self.moving else "two" if body.two_fed else "jam" if body.jammed else "ok"
        hopper = "empty" if not body.hopper else "low" if len(body.hopper) <= HOPPER_LOW else "ok"
        return (
            f"card={body.where.value};state={state};hopper={hopper};reject={_fill(body.reject_bin)};"
            f"retained={_fill(body.retained_bin)};cover={'open' if body.cover_open else 'closed'}"
        )

    def _take_panel(self, panel: str, levels: int, data: bytes) -> str:
        if panel not in PANELS:
            return "UNKNOWN"
        self._panels[panel] = ink_of(levels, data)
        return "OK"

    # What moves.

    def _move(self, letters: str, parameters: list[str]) -> str:
        if self.moving:
            return "BUSY"
        if self._folder.body.cover_open:
            return "COVER OPEN"
        self.moving = True
        try:
            match letters, parameters:
                case "Sis", []:
                    return self._feed(Where.CONTACT)
                case "Si", []:
                    return self._feed(Where.PRINT)
                case "Se", []:
                    return self._face()
                case "Ser", []:
                    return self._eject()
                case "Ser", ["r"]:
                    return self._put_away("rejected", self._folder.body.reject_bin)
                case "Ser", ["k"]:
                    return self._put_away("retained", self._folder.body.retained_bin)
            return "UNKNOWN"
        finally:
            self.moving = False

    def _feed(self, to: Where) -> str:
        body = self._folder.body
        if body.inside:
            return "CARD INSIDE"
        if not body.hopper:
            return "HOPPER EMPTY"
        two = self._fault("Sis", CardPrinterFault.TWO_FED) is not None and len(body.hopper) > 1
        cards = body.hopper[: 2 if two else 1]
        self._folder.record("fed", cards, Where.TRANSPORT)
        if self._fault("Sis", CardPrinterFault.DEAD_CHIP) is not None:
            self._folder.record("died", cards)
        if two:
            self._folder.record("jammed", cards, Where.TRANSPORT)
            return "TWO FED"
        if self._stopped("Sis"):
            return "JAM"
        self._arrive(to)
        return "OK"

    def _face(self) -> str:
        body = self._folder.body
        if not body.inside:
            return "NO CARD"
        if body.jammed:
            return "JAM"
        if set(self._panels) != set(PANELS):
            return "NO FACE"
        if body.faces_left <= 0:
            return "RIBBON EMPTY"
        self._depart(Where.PRINT)
        return self._print(body.inside[0])

    def _print(self, card: str) -> str:
        cut = self._fault("Se", CardPrinterFault.CUT_AMID)
        jam = self._fault("Se", CardPrinterFault.JAM)
        ends = self._fault("Se", CardPrinterFault.RIBBON_ENDS)
        whole = cut is jam is ends is None
        face = printed(self._folder.face(card), self._panels, 1.0 if whole else _HALF)
        self._folder.keep_face(card, face)
        left = 0 if ends is not None else self._folder.body.faces_left - 1
        self._folder.record("printed", [card], Where.PRINT, faces_left=left, whole=whole)
        self._spend()
        if cut is not None:
            raise PowerGone
        if jam is not None:
            self._folder.record("jammed", [card], Where.PRINT)
            return "JAM"
        if ends is not None:
            self._broke_off = True
            return "RIBBON ENDED"
        self._arrive(Where.CONTACT)
        return "OK"

    def _eject(self) -> str:
        body = self._folder.body
        if not body.inside:
            return "NO CARD"
        if body.where is Where.EXIT:
            return "OK"
        if body.jammed:
            return "JAM"
        self._depart(Where.TRANSPORT)
        if self._stopped("Ser"):
            return "JAM"
        self._panels = {}
        self._arrive(Where.EXIT)
        return "OK"

    def _put_away(self, what: str, into: list[str]) -> str:
        body = self._folder.body
        if not body.inside:
            return "NO CARD"
        if body.jammed and not body.two_fed:
            return "JAM"
        if len(into) + len(body.inside) > BIN_HOLDS:
            return "BIN FULL"
        self._depart(Where.TRANSPORT)
        if self._stopped("Ser"):
            return "JAM"
        self._panels = {}
        self._folder.record(what, body.inside)
        return "OK"

    def _stopped(self, letters: str) -> bool:
        """Half way: whether the card jams there.

        :raises PowerGone: the power goes there.
        """
        self._spend()
        if self._fault(letters, CardPrinterFault.CUT_AMID) is not None:
            raise PowerGone
        if self._fault(letters, CardPrinterFault.JAM) is None:
            return False
        self._folder.record("jammed", self._folder.body.inside, Where.TRANSPORT)
        return True

    def _depart(self, to: Where) -> None:
        self._station.leave()
        if self._folder.body.where is not to:
            self._folder.record("moved", self._folder.body.inside, to)

    def _arrive(self, at: Where) -> None:
        self._folder.record("moved", self._folder.body.inside, at)
        if at is Where.CONTACT:
            self._station.touch(self._folder.body.inside[0])


def _fill(cards: list[str]) -> str:
    return "full" if len(cards) >= BIN_HOLDS else "high" if len(cards) >= BIN_HIGH else "ok"
