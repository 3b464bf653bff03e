"""Faults of card reader, PIN pad, identity-card reader, slot and camera, and of their lines."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from simulators.capture_unit.simulator import CaptureFault
from simulators.id_reader.faults import ReaderFault
from simulators.pin_pad.faults import PadFault
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import Site
from tests.stack import chip

EVER: Final = 10_000
"""More often than anybody asks."""
_HOLDS_A_PORT: Final = """
import serial, sys
port = serial.Serial(sys.argv[1], exclusive=True)
print("has it", flush=True)
sys.stdin.read()
"""
_HOLDS_A_CARD: Final = """
import sys, time
from smartcard import scard
_, context = scard.SCardEstablishContext(0)
ends, result = time.monotonic() + 5, scard.SCARD_E_NO_SMARTCARD
while result == scard.SCARD_E_NO_SMARTCARD and time.monotonic() < ends:  # pcscd looks for cards now and then
    result, card, _ = scard.SCardConnect(context, sys.argv[1], scard.SCARD_SHARE_EXCLUSIVE, 3)
print("has it" if result == 0 else result, flush=True)
sys.stdin.read()
"""


@contextmanager
def _no_daemon(site: Site) -> Iterator[None]:
    site.pcscd.kill()
    yield
    site.pcscd.restart()


@contextmanager
def _other_reader(site: Site) -> Iterator[None]:
    with site.edited('name = "', 'name = "ACS '):
        yield


@contextmanager
def _reader_stolen(site: Site) -> Iterator[None]:
    """A program that does not belong on a terminal has a card in the slot to itself."""
    site.slot.insert(chip("zhumadian-normal"))
    site.slot.wait_until_in_contact(5.0)
    with _another_program(_HOLDS_A_CARD, site.pcscd.reader_name):
        yield
    site.slot.pull()


@contextmanager
def _pad_stolen(site: Site) -> Iterator[None]:
    with _another_program(_HOLDS_A_PORT, str(site.folder.directory / "pin-pad")):
        yield


@contextmanager
def _another_program(program: str, what: str) -> Iterator[None]:
    """:raises RuntimeError: it did not get hold of it."""
    command = [sys.executable, "-c", program, what]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            said = other.stdout.readline()
            if said != "has it\n":
                raise RuntimeError(f"the thief got nothing: {said}")
            yield
        finally:
            other.kill()


@contextmanager
def _pad_unplugged(site: Site) -> Iterator[None]:
    site.pad.unplug()
    yield
    site.pad.replug()


@contextmanager
def _other_dialect(site: Site) -> Iterator[None]:
    """Another make was plugged into the same port."""
    site.pad.exchange("szzt")
    yield
    site.pad.exchange("sunson")


@contextmanager
def _pad_silent(site: Site) -> Iterator[None]:
    site.pad.faults.fail_next(PadFault.SILENT, times=EVER)
    yield
    site.pad.faults.clear()


@contextmanager
def _pad_garbled(site: Site) -> Iterator[None]:
    site.pad.faults.fail_next(PadFault.GARBAGE, times=EVER)
    yield
    site.pad.faults.clear()


@contextmanager
def _id_reader_unplugged(site: Site) -> Iterator[None]:
    site.id_reader.unplug()
    yield
    site.id_reader.replug()


@contextmanager
def _id_reader_silent(site: Site) -> Iterator[None]:
    site.id_reader.faults.fail_next(ReaderFault.SILENT, times=EVER)
    yield
    site.id_reader.faults.clear()


@contextmanager
def _id_reader_garbled(site: Site) -> Iterator[None]:
    site.id_reader.faults.fail_next(ReaderFault.WRONG_CHECKSUM, times=EVER)
    yield
    site.id_reader.faults.clear()


@contextmanager
def _slot_silent(site: Site) -> Iterator[None]:
    site.capture_unit.faults.fail_next(CaptureFault.DEAF, times=EVER)
    yield
    site.capture_unit.faults.clear()


@contextmanager
def _slot_unplugged(site: Site) -> Iterator[None]:
    site.capture_unit.unplug()
    yield
    site.capture_unit.replug()


@contextmanager
def _slot_jammed(site: Site) -> Iterator[None]:
    site.capture_unit.jam()
    yield
    site.capture_unit.clear()


@contextmanager
def _slot_bin_full(site: Site) -> Iterator[None]:
    site.capture_unit.stuff_bin(Path("somebody's"))
    yield
    site.capture_unit.empty()


def _camera(breaks: Callable[[Site], None], mends: Callable[[Site], None]) -> Plant:
    @contextmanager
    def plant(site: Site) -> Iterator[None]:
        breaks(site)
        yield
        mends(site)

    return plant


DEVICES: Final[Mapping[str, Plant]] = {
    "card daemon stopped": _no_daemon,
    "card reader of another name": _other_reader,
    "card reader stolen": _reader_stolen,
    "PIN pad unplugged": _pad_unplugged,
    "PIN pad of another dialect": _other_dialect,
    "PIN pad stolen": _pad_stolen,
    "PIN pad silent": _pad_silent,
    "PIN pad garbled": _pad_garbled,
    "ID reader unplugged": _id_reader_unplugged,
    "ID reader silent": _id_reader_silent,
    "ID reader garbled": _id_reader_garbled,
    "slot's motor silent": _slot_silent,
    "slot's motor unplugged": _slot_unplugged,
    "slot jammed": _slot_jammed,
    "slot's bin full": _slot_bin_full,
    "camera covered": _camera(lambda site: site.camera.cover(), lambda site: site.camera.uncover()),
    "camera frozen": _camera(lambda site: site.camera.freeze(), lambda site: site.camera.recover()),
    "camera unplugged": _camera(lambda site: site.camera.unplug(), lambda site: site.camera.replug()),
}
