"""Faults of the two printers: paper and cutter of that for slips; blanks, ribbon and rollers of that for cards."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import serial

from simulators.card_printer import CardPrinterFault
from simulators.card_printer.body import BIN_HOLDS
from simulators.receipt_printer.faults import PrinterFault
from tests.e2e.technician.plants.devices import EVER
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import BLANKS, Site


@contextmanager
def _no_paper(site: Site) -> Iterator[None]:
    site.receipt_printer.run_out()
    yield
    site.receipt_printer.refill()


@contextmanager
def _paper_low(site: Site) -> Iterator[None]:
    site.receipt_printer.run_low()
    yield
    site.receipt_printer.refill()


@contextmanager
def _cover_open(site: Site) -> Iterator[None]:
    site.receipt_printer.open_cover()
    yield
    site.receipt_printer.close_cover()


@contextmanager
def _cutter_stuck(site: Site) -> Iterator[None]:
    """It sticks at the end of a slip."""
    site.receipt_printer.faults.fail_next(PrinterFault.CUTTER_STUCK)
    with serial.Serial(site.own_port("receipt-printer")) as line:
        line.write(b"\x1dV\x00")  # GS V 0: cut
        ends, moment = time.monotonic() + 10.0, threading.Event()
        while site.receipt_printer.condition != "stuck":
            if time.monotonic() > ends:
                raise TimeoutError("the cutter goes on cutting")
            moment.wait(0.01)
    yield
    site.receipt_printer.open_cover()
    site.receipt_printer.close_cover()


@contextmanager
def _printer_silent(site: Site) -> Iterator[None]:
    site.receipt_printer.faults.fail_next(PrinterFault.SILENT, times=EVER)
    yield
    site.receipt_printer.faults.clear()


@contextmanager
def _printer_unplugged(site: Site) -> Iterator[None]:
    site.receipt_printer.unplug()
    yield
    site.receipt_printer.replug()


@contextmanager
def _no_ribbon(site: Site) -> Iterator[None]:
    site.card_printer.run_ribbon_out()
    yield
    site.card_printer.change_ribbon()


@contextmanager
def _card_printer_open(site: Site) -> Iterator[None]:
    site.card_printer.open_cover()
    yield
    site.card_printer.close_cover()


@contextmanager
def _jammed(site: Site) -> Iterator[None]:
    site.card_printer.faults.fail_next(CardPrinterFault.JAM, command="Sis")
    _obeys(site, "Sis", "JAM")
    yield
    site.card_printer.clear()
    site.load_printer(1)


@contextmanager
def _two_fed(site: Site) -> Iterator[None]:
    site.card_printer.faults.fail_next(CardPrinterFault.TWO_FED)
    _obeys(site, "Sis", "TWO FED")
    yield
    site.card_printer.clear()
    site.load_printer(2)


@contextmanager
def _hopper_empty(site: Site) -> Iterator[None]:
    site.card_printer.empty("hopper")
    yield
    site.load_printer(BLANKS)


@contextmanager
def _bin_full(site: Site) -> Iterator[None]:
    """As many were spoilt as the bin holds, one after the other."""
    site.load_printer(BIN_HOLDS)
    for _ in range(BIN_HOLDS):
        _obeys(site, "Si", "OK")
        _obeys(site, "Ser;r", "OK")
    yield
    site.card_printer.empty("reject_bin")


@contextmanager
def _card_printer_silent(site: Site) -> Iterator[None]:
    site.card_printer.faults.fail_next(CardPrinterFault.DEAF, times=EVER)
    yield
    site.card_printer.faults.clear()


@contextmanager
def _card_printer_off(site: Site) -> Iterator[None]:
    site.card_printer.power_cut()
    yield
    with site.machine.inside():  # its port is the terminal's network's
        site.card_printer.power_on()


def _obeys(site: Site, command: str, answer: str) -> None:
    """A command on the printer's line, as its driver sends it.

    :raises RuntimeError: another answer than this.
    """
    with site.machine.inside():
        line = socket.create_connection(("127.0.0.1", site.card_printer.port), timeout=10)
    with line:
        line.sendall(b"\x1b" + command.encode("ascii") + b"\r")
        said = _line(line)
    if said != answer:
        raise RuntimeError(f"{command}: {said}")


def _line(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\r"):
        piece = line.recv(64)
        if not piece:
            raise RuntimeError("the printer has hung up")
        said += piece
    return said[:-1].decode("ascii")


PRINTERS: Final[Mapping[str, Plant]] = {
    "no paper": _no_paper,
    "paper low": _paper_low,
    "receipt printer's cover open": _cover_open,
    "cutter stuck": _cutter_stuck,
    "receipt printer silent": _printer_silent,
    "receipt printer unplugged": _printer_unplugged,
    "no ribbon": _no_ribbon,
    "card printer's cover open": _card_printer_open,
    "card jammed": _jammed,
    "two blanks fed": _two_fed,
    "hopper empty": _hopper_empty,
    "reject bin full": _bin_full,
    "card printer silent": _card_printer_silent,
    "card printer off": _card_printer_off,
}
