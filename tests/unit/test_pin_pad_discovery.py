"""The dialect is found by harmless questions only, and found anew when another pad may be there."""

import os
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.pin_pad.conversation import Conversation
from drivers.pin_pad.discovery import DIALECTS, DiscoveringPinPad, open_pin_pad
from drivers.pin_pad.serial_pad import SerialPinPad
from drivers.ports.errors import DeviceError, EntryCancelled, NotConnected, ProtocolViolation, TimedOut
from kiosk.configuration import ConfigurationError, load_configuration
from simulators.pin_pad import PadDialect, PadFault, PadSimulator

STATUS: dict[PadDialect, str] = {"sunson": "30", "szzt": "3"}
REST: dict[PadDialect, str] = {"sunson": "31", "szzt": "5032"}
OTHER: dict[PadDialect, PadDialect] = {"sunson": "szzt", "szzt": "sunson"}


@pytest.fixture(params=STATUS)
def dialect(request: pytest.FixtureRequest) -> PadDialect:
    chosen: PadDialect = request.param
    return chosen


@pytest.fixture
def simulator(dialect: PadDialect, tmp_path: Path) -> Iterator[PadSimulator]:
    with PadSimulator(dialect, link=tmp_path / "pin_pad") as pad:
        yield pad


@pytest.fixture
def pad(simulator: PadSimulator) -> Iterator[DiscoveringPinPad]:
    discovering = DiscoveringPinPad(simulator.path)
    yield discovering
    discovering.close()


@pytest.fixture
def deaf_port() -> Iterator[str]:
    """A port behind which nothing answers."""
    pad_end, host_end = os.openpty()
    tty.setraw(host_end)
    yield os.ttyname(host_end)
    os.close(pad_end)
    os.close(host_end)


def test_nothing_but_the_status_is_asked_until_the_dialect_is_known(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad
) -> None:
    assert pad.identify().dialect == dialect
    # Found out; then put to rest as every pad of which nothing is known; then what the caller asked.
    assert simulator.heard == [STATUS[dialect], REST[dialect], STATUS[dialect]]
    pad.identify()
    assert simulator.heard[3:] == [STATUS[dialect]]


def test_the_questions_are_the_harmless_ones_of_the_tables() -> None:
    assert {known.name: known.identity.frame for known in DIALECTS} == {
        "sunson": b"\x02013031",
        "szzt": b"\x020013\x0301",
    }


def test_a_pad_that_complains_of_the_question_has_spoken_its_dialect(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad
) -> None:
    simulator.faults.fail_next("hardware_error", command=STATUS[dialect])
    assert pad.identify().dialect == dialect


@pytest.mark.parametrize("kind", [PadFault.GARBAGE, PadFault.HALF_FRAME, PadFault.WRONG_BCC, PadFault.WRONG_LEN])
def test_one_spoilt_answer_does_not_hide_a_pad(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad, kind: PadFault
) -> None:
    simulator.faults.fail_next(kind, command=STATUS[dialect])
    assert pad.identify().dialect == dialect


def test_a_pad_that_only_ever_babbles_is_a_violation_that_names_who_was_asked(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad
) -> None:
    simulator.faults.fail_next("garbage", command=STATUS[dialect], times=2)
    with pytest.raises(ProtocolViolation, match="asked in szzt and sunson"):
        pad.identify()
    assert pad.identify().dialect == dialect


class SlowRelay:
    """Stands between the driver and a pad and holds each answer back."""

    def __init__(self, simulator: PadSimulator, delay_s: float) -> None:
        self._relay, host_end = os.openpty()
        tty.setraw(host_end)
        tty.setraw(self._relay)
        self.path = os.ttyname(host_end)
        self._host_end, self._delay_s = host_end, delay_s
        self._pad = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._pad)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._questions), threading.Thread(target=self._answers)]
        for thread in self._threads:
            thread.start()

    def _questions(self) -> None:
        while not self._stop.is_set():
            if select.select([self._relay], [], [], 0.02)[0]:
                os.write(self._pad, os.read(self._relay, 512))

    def _answers(self) -> None:
        held: list[tuple[float, bytes]] = []
        while not self._stop.is_set():
            if select.select([self._pad], [], [], 0.005)[0]:
                held.append((time.monotonic() + self._delay_s, os.read(self._pad, 512)))
            while held and held[0][0] <= time.monotonic():
                os.write(self._relay, held.pop(0)[1])

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for end in (self._relay, self._host_end, self._pad):
            os.close(end)


@pytest.mark.parametrize("delay_s", [0.2, 0.45, 0.6, 0.8])
def test_a_slow_pad_is_found_as_long_as_it_may_be_slow(
    dialect: PadDialect, simulator: PadSimulator, delay_s: float
) -> None:
    """With its dialect by name such a pad works: what half of the time hides must not stay hidden.

    An answer that comes just between two questions is lost; the terminal asks every ten seconds.
    """
    relay = SlowRelay(simulator, delay_s)
    pad = DiscoveringPinPad(relay.path)
    try:
        for _ in range(2):
            with suppress(TimedOut):
                pad.identify()
                break
        assert pad.identify().dialect == dialect
    finally:
        pad.close()
        relay.close()


def test_silence_is_timed_out_and_says_who_was_asked(deaf_port: str) -> None:
    pad = DiscoveringPinPad(deaf_port)
    began = time.monotonic()
    with pytest.raises(TimedOut, match="asked in szzt and sunson"):
        pad.identify()
    assert 0.9 <= time.monotonic() - began <= 1.5
    pad.close()


def test_no_port_is_not_connected(tmp_path: Path) -> None:
    with pytest.raises(NotConnected, match="can't be opened"):
        DiscoveringPinPad(str(tmp_path / "nothing")).identify()


def test_another_make_behind_a_new_port(dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad) -> None:
    assert pad.identify().dialect == dialect
    simulator.unplug()
    with pytest.raises(NotConnected):
        pad.identify()
    simulator.exchange(OTHER[dialect])
    simulator.replug()
    assert pad.identify().dialect == OTHER[dialect]


def test_another_make_behind_a_new_port_that_was_not_missed(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad
) -> None:
    assert pad.identify().dialect == dialect
    simulator.unplug()
    simulator.exchange(OTHER[dialect])
    simulator.replug()
    assert pad.identify().dialect == OTHER[dialect]


def test_another_make_behind_the_same_port_is_found_after_one_fault(
    dialect: PadDialect, simulator: PadSimulator, pad: DiscoveringPinPad
) -> None:
    assert pad.identify().dialect == dialect
    simulator.exchange(OTHER[dialect])
    with pytest.raises(DeviceError):
        pad.identify()
    assert pad.identify().dialect == OTHER[dialect]


class CancelledMeanwhile(DiscoveringPinPad):
    """Another thread cancels just as the dialect has been found."""

    def _meet(self) -> Conversation:
        talk = super()._meet()
        self.cancel()
        return talk


def test_an_entry_that_is_cancelled_while_the_dialect_is_sought_ends(simulator: PadSimulator) -> None:
    pad = CancelledMeanwhile(simulator.path)
    with pytest.raises(EntryCancelled):
        pad.enter_pin(4, 5.0, lambda _: None)
    assert simulator.wait_until_idle(0)
    pad.close()


def test_a_dialect_by_its_name(tmp_path: Path) -> None:
    port = str(tmp_path / "nothing")
    assert isinstance(open_pin_pad(port, "auto"), DiscoveringPinPad)
    for name in ("sunson", "szzt"):
        assert type(open_pin_pad(port, name)) is SerialPinPad
    with pytest.raises(ValueError, match="no such dialect"):
        open_pin_pad(port, "morse")


@pytest.mark.parametrize(
    ("line", "dialect"),
    [("", "auto"), ('dialect = "auto"', "auto"), ('dialect = "szzt"', "szzt"), ('dialect = "sunson"', "sunson")],
)
def test_the_configuration_names_a_dialect_or_none(tmp_path: Path, line: str, dialect: str) -> None:
    assert load_configuration(kiosk_toml(tmp_path, line)).pin_pad.dialect == dialect


def test_a_dialect_that_nobody_speaks_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"pin_pad\.dialect"):
        load_configuration(kiosk_toml(tmp_path, 'dialect = "morse"'))


def kiosk_toml(directory: Path, line: str) -> Path:
    path = directory / "kiosk.toml"
    path.write_text(
        f"""
[terminal]
id = "zmd-0001"
region = "zhumadian"
state = "state"
credentials = "credentials"
[display]
[card_reader]
name = "reader"
[pin_pad]
port = "/dev/ttyUSB0"
{line}
[centre]
url = "https://localhost"
ca = "ca.pem"
keys = "centre.json"
[paths]
regions = "regions"
handbook = "handbook"
outlets = "outlets"
assets = "assets"
""",
        encoding="utf-8",
    )
    return path
