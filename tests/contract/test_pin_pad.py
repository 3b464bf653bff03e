"""What every PIN pad keeps to, on the simulator or, with ``--hardware pin_pad=/dev/…``, on a real one.

Every case runs for each dialect, named beforehand and discovered. On a real pad, whose dialect is discovered, a person
is the fingers: the terminal tells them what to press.
"""

import concurrent.futures
import logging
import statistics
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drivers.pin_pad.dialect import Dialect
from drivers.pin_pad.discovery import DiscoveringPinPad
from drivers.pin_pad.serial_pad import SerialPinPad
from drivers.pin_pad.sunson import SUNSON
from drivers.pin_pad.szzt import SZZT
from drivers.ports.errors import (
    Busy,
    DeviceError,
    EntryCancelled,
    NotConnected,
    ProtocolViolation,
    TimedOut,
)
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, PinPad, WrappedKey
from simulators.pin_pad import PadDialect, PadFault, PadSimulator
from simulators.pin_pad.keys import decrypt

T = TypeVar("T")

ACCOUNT = "122233344455"
WORKING_KEY = bytes.fromhex("1C2B3A49586F7E8D9DACBBCAD9E8F706")
# `openssl enc -des-ede -nopad` of the key under the simulator's test master key, and of eight zero bytes under the key
WRAPPED = WrappedKey(bytes.fromhex("24F245DE3267B34C9C7A0ED6717B5803"), bytes.fromhex("62B4CED1"))


@dataclass(frozen=True)
class Make:
    """One family of pads: what of it is asked, typed by hand from docs/wire-pin-pad.md."""

    name: PadDialect
    dialect: Dialect
    identity: PadIdentity
    status: str
    """Command code that asks for the identity; and so on."""
    rest: str
    read_block: str
    other_commands: tuple[str, ...]
    hardware_error: str
    no_master_key: str
    time_is_over: bytes
    fault_frame: bytes
    fault_named: str
    key_frames: list[bytes]
    """Frames and bytes that come near to sense."""
    trace: tuple[str, ...]


MAKES = (
    Make(
        name="sunson",
        dialect=SUNSON,
        identity=PadIdentity("sunson", "XZ-F10 SIM 1.0", "00000042"),
        status="30",
        rest="31",
        read_block="42",
        other_commands=("33", "34", "35", "43", "44", "45"),
        hardware_error="F1",
        no_master_key="A4",
        time_is_over=b"\x02018081",
        fault_frame=b"\x0201F2F3",
        fault_named="F2",
        key_frames=[b"\x0201040502", b"\x02", b"*", b"\r", b"\x1b"],
        trace=("START_PLAIN_ENTRY: done", "RESET: done"),
    ),
    Make(
        name="szzt",
        dialect=SZZT,
        identity=PadIdentity("szzt", "ZT588 1.0-SIM", "00000042"),
        status="3",
        rest="5032",
        read_block="7",
        other_commands=("2", "52", "53", "5033", "6"),
        hardware_error="EF",
        no_master_key="E2",
        time_is_over=b"\x80",
        fault_frame=b"\x02001\xe0\x03D2",
        fault_named="E0",
        key_frames=[b"\x02001e\x0357", b"\x02001", b"*", b"\r", b"\x1b", b".", b"\x80"],
        trace=("ENABLE_KEYS: done", "DISABLE_KEYS: done"),
    ),
)


@dataclass(frozen=True)
class Case:
    """A make, and whether the driver was told which."""

    make: Make
    discovered: bool

    def pad(self, path: str, *, answer_s: float = 1.0) -> SerialPinPad:
        if self.discovered:
            return DiscoveringPinPad(path, answer_s=answer_s)
        return SerialPinPad(path, self.make.dialect, answer_s=answer_s)


CASES = {
    f"{make.name}{'-discovered' if discovered else ''}": Case(make, discovered)
    for make in MAKES
    for discovered in (False, True)
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


class Fingers(Protocol):
    """Who presses the keys."""

    def wait_until_entering(self) -> None: ...
    def press(self, digits: str) -> None: ...
    def press_enter(self) -> None: ...
    def press_clear(self) -> None: ...
    def press_cancel(self) -> None: ...


class SimulatedFingers:
    def __init__(self, simulator: PadSimulator) -> None:
        self._simulator = simulator
        self.press = simulator.press
        self.press_enter = simulator.press_enter
        self.press_clear = simulator.press_clear
        self.press_cancel = simulator.press_cancel

    def wait_until_entering(self) -> None:
        assert self._simulator.wait_until_entering(5)


class HumanFingers:
    """Asks on the controlling terminal, past pytest's capture."""

    def _say(self, what: str) -> None:
        with Path("/dev/tty").open("w") as terminal:
            terminal.write(f"\n>>> on the PIN pad: {what}\n")

    def wait_until_entering(self) -> None:
        self._say("(an entry begins)")

    def press(self, digits: str) -> None:
        self._say(f"press {' '.join(digits)}")

    def press_enter(self) -> None:
        self._say("press the green key")

    def press_clear(self) -> None:
        self._say("press the yellow key")

    def press_cancel(self) -> None:
        self._say("press the red key")


@dataclass
class Bench:
    """A pad under test, with fingers, and with its inside when it is simulated."""

    case: Case
    pad: PinPad
    fingers: Fingers
    patience_s: float
    maybe_simulator: PadSimulator | None
    counts: list[int] = field(default_factory=list)
    pool: concurrent.futures.ThreadPoolExecutor = field(
        default_factory=lambda: concurrent.futures.ThreadPoolExecutor(1)
    )

    @property
    def simulator(self) -> PadSimulator:
        if self.maybe_simulator is None:
            pytest.skip("needs the inside of a simulated pad")
        return self.maybe_simulator

    def run(self, call: Callable[[], T]) -> concurrent.futures.Future[T]:
        """Start an entry on the pad's own thread and wait until the pad takes keys."""
        future = self.pool.submit(call)
        self.fingers.wait_until_entering()
        return future

    def enter_pin(self, length: int = 6, timeout_s: float | None = None) -> concurrent.futures.Future[Pin]:
        patience = timeout_s or self.patience_s
        return self.run(lambda: self.pad.enter_pin(length, patience, self.counts.append))

    def enter_pin_block(self, length: int = 6) -> concurrent.futures.Future[PinBlock]:
        return self.run(lambda: self.pad.enter_pin_block(ACCOUNT, length, self.patience_s, self.counts.append))

    def result(self, future: concurrent.futures.Future[T]) -> T:
        return future.result(self.patience_s + 10)


@pytest.fixture
def bench(request: pytest.FixtureRequest, case: Case, tmp_path: Path) -> Iterator[Bench]:
    ports = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    if "pin_pad" in ports:
        pad = case.pad(ports["pin_pad"])
        if not case.discovered or pad.identify().dialect != case.make.name:
            pad.close()
            pytest.skip("a real pad is discovered, and is of one make")
        hardware = Bench(case, pad, HumanFingers(), 60, None)
        yield hardware
        hardware.pad.close()
        hardware.pool.shutdown()
        return
    with PadSimulator(case.make.name, link=tmp_path / "pin_pad", state_file=tmp_path / "keys.json") as simulator:
        simulated = Bench(case, case.pad(simulator.path), SimulatedFingers(simulator), 10, simulator)
        yield simulated
        simulated.pad.cancel()
        simulated.pool.shutdown()
        simulated.pad.close()


# --- saying who it is


def test_identify(bench: Bench) -> None:
    identity = bench.pad.identify()
    assert identity.dialect == bench.case.make.name
    if bench.maybe_simulator is not None:
        assert identity == bench.case.make.identity


def test_silence_is_timed_out_within_a_second(bench: Bench) -> None:
    bench.pad.identify()
    bench.simulator.faults.fail_next("silent")
    began = time.monotonic()
    with pytest.raises(TimedOut):
        bench.pad.identify()
    assert 0.9 <= time.monotonic() - began <= 1.3
    bench.pad.identify()


def test_answer_that_comes_too_late_is_not_taken_for_the_next(bench: Bench) -> None:
    bench.pad.identify()
    bench.simulator.faults.fail_next("late")
    with pytest.raises(TimedOut):
        bench.pad.identify()
    assert bench.pad.identify().serial == "00000042"


DAMAGE = ["garbage", "half_frame", "wrong_bcc", "wrong_len"]


@pytest.mark.parametrize("kind", DAMAGE)
def test_one_damaged_answer_is_asked_again(bench: Bench, kind: str) -> None:
    bench.pad.identify()
    bench.simulator.faults.fail_next(kind, command=bench.case.make.status)
    assert bench.pad.identify().serial == "00000042"


@pytest.mark.parametrize("kind", DAMAGE)
def test_two_damaged_answers_are_a_violation_and_then_it_recovers(bench: Bench, kind: str) -> None:
    bench.pad.identify()
    bench.simulator.faults.fail_next(kind, command=bench.case.make.status, times=2)
    began = time.monotonic()
    with pytest.raises(ProtocolViolation):
        bench.pad.identify()
    assert time.monotonic() - began < 4.0  # docs/wire-pin-pad.md
    assert bench.pad.identify().serial == "00000042"


def test_hardware_error_and_unknown_command_are_violations(bench: Bench) -> None:
    bench.pad.identify()
    bench.simulator.faults.fail_next("hardware_error")
    with pytest.raises(ProtocolViolation, match=bench.case.make.hardware_error):
        bench.pad.identify()


# --- a PIN in clear


def test_enter_pin_hands_over_the_digits_typed(bench: Bench) -> None:
    entry = bench.enter_pin()
    bench.fingers.press("193751")
    bench.fingers.press_enter()
    with bench.result(entry) as pin:
        assert pin.equals_digits("193751")
        assert len(pin) == 6
    assert bench.counts == [1, 2, 3, 4, 5, 6, 6]


@pytest.mark.parametrize(("length", "digits"), [(4, "2580"), (12, "908172635441")])
def test_shortest_and_longest(bench: Bench, length: int, digits: str) -> None:
    entry = bench.enter_pin(length)
    bench.fingers.press(digits)
    bench.fingers.press_enter()
    assert bench.result(entry).equals_digits(digits)


def test_digit_beyond_the_length_is_ignored_and_said(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.fingers.press("258099")
    bench.fingers.press_enter()
    assert bench.result(entry).equals_digits("2580")
    assert bench.counts == [1, 2, 3, 4, 4, 4, 4]


def test_enter_too_early_does_not_count(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.fingers.press_enter()
    bench.fingers.press("258")
    bench.fingers.press_enter()
    bench.fingers.press("0")
    bench.fingers.press_enter()
    assert bench.result(entry).equals_digits("2580")
    assert bench.counts == [0, 1, 2, 3, 3, 4, 4]


def test_clear_takes_all_digits_back(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.fingers.press("111")
    bench.fingers.press_clear()
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    assert bench.result(entry).equals_digits("2580")
    assert bench.counts == [1, 2, 3, 0, 1, 2, 3, 4, 4]


def test_cancel_key(bench: Bench) -> None:
    entry = bench.enter_pin()
    bench.fingers.press("12")
    bench.fingers.press_cancel()
    with pytest.raises(EntryCancelled, match="cancel key"):
        bench.result(entry)


def test_cancel_from_another_thread_is_prompt_and_leaves_the_pad_idle(bench: Bench) -> None:
    took = []
    for _ in range(5):  # the median, since a loaded machine may stall any single one
        entry = bench.enter_pin()
        began = time.monotonic()
        bench.pad.cancel()
        with pytest.raises(EntryCancelled, match="terminal"):
            bench.result(entry)
        took.append(time.monotonic() - began)
        if bench.maybe_simulator is not None:
            assert bench.maybe_simulator.wait_until_idle(0)
    assert statistics.median(took) < 0.1


def test_an_entry_that_failed_leaves_no_digit_in_what_its_error_holds(bench: Bench) -> None:
    entry = bench.enter_pin()
    bench.fingers.press("12")
    bench.fingers.press_cancel()
    error = entry.exception(bench.patience_s)
    assert error is not None
    held = [frame.f_locals["pin"] for frame, _ in traceback.walk_tb(error.__traceback__) if "pin" in frame.f_locals]
    assert held
    assert all(len(pin) == 0 for pin in held)


def test_cancel_without_an_entry_does_not_touch_the_next(bench: Bench) -> None:
    bench.pad.cancel()
    entry = bench.enter_pin(4)
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    assert bench.result(entry).equals_digits("2580")
    bench.pad.cancel()
    bench.pad.identify()


def test_cancel_at_the_very_last_key_still_cancels(bench: Bench) -> None:
    def cancel_at_enter(count: int) -> None:
        bench.counts.append(count)
        if bench.counts == [1, 2, 3, 4, 4]:
            bench.pad.cancel()

    entry = bench.run(lambda: bench.pad.enter_pin(4, bench.patience_s, cancel_at_enter))
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    with pytest.raises(EntryCancelled):
        bench.result(entry)


def test_time_out_counts_from_the_last_key(bench: Bench) -> None:
    entry = bench.enter_pin(6, timeout_s=0.4)
    began = time.monotonic()
    for pressed in range(1, 4):
        tick = threading.Event()
        tick.wait(0.25)  # a slow finger: each pause is shorter than the time-out, all of them are longer
        if bench.maybe_simulator is None:
            pytest.skip("a person is slower than this")
        bench.fingers.press(str(pressed))
    with pytest.raises(TimedOut):
        bench.result(entry)
    took = time.monotonic() - began
    assert 3 * 0.25 + 0.4 <= took < 3 * 0.25 + 0.4 + 0.4
    assert bench.counts == [1, 2, 3]


def test_keys_pressed_between_entries_never_reach_the_next(bench: Bench) -> None:
    first = bench.enter_pin(4)
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    bench.fingers.press("77")  # the pad takes keys until it has been told to stop
    bench.result(first)
    bench.simulator.disturb(b"888")  # and what a bad pad says while it is idle
    second = bench.enter_pin(4)
    bench.fingers.press("1357")
    bench.fingers.press_enter()
    assert bench.result(second).equals_digits("1357")


@pytest.mark.parametrize("end", ["cancel", "time_out", "cancel_key", "noise"])
def test_keys_after_an_entry_that_failed_never_reach_the_next(bench: Bench, end: str) -> None:
    simulator = bench.simulator
    first = bench.enter_pin(4, timeout_s=0.3)
    bench.fingers.press("99")
    match end:
        case "cancel":
            bench.pad.cancel()
        case "cancel_key":
            bench.fingers.press_cancel()
        case "noise":
            simulator.disturb(b"\xf7")
    bench.fingers.press("99")
    with pytest.raises(DeviceError):
        bench.result(first)
    bench.counts.clear()
    second = bench.enter_pin(4)
    bench.fingers.press("1357")
    bench.fingers.press_enter()
    assert bench.result(second).equals_digits("1357")
    assert bench.counts == [1, 2, 3, 4, 4]


def test_a_new_process_takes_a_pad_out_of_the_entry_that_a_killed_one_left(bench: Bench) -> None:
    simulator = bench.simulator
    killed = bench.enter_pin(4)
    bench.fingers.press("99")
    # A killed process leaves no reset behind: the faults make the pad deaf to the one this driver sends.
    simulator.faults.fail_next("silent", command=bench.case.make.rest)
    bench.pad.cancel()
    with pytest.raises(EntryCancelled):
        bench.result(killed)
    bench.pad.close()
    assert simulator.wait_until_entering(0)
    bench.fingers.press("99")
    assert bench.pad.identify().serial == "00000042"
    assert simulator.wait_until_idle(0)


def test_noise_during_an_entry_is_a_violation(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.fingers.press("25")
    bench.simulator.disturb(b"\xc3")
    with pytest.raises(ProtocolViolation, match="no key"):
        bench.result(entry)


def test_the_pads_own_time_out_ends_the_entry(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.simulator.disturb(bench.case.make.time_is_over)
    with pytest.raises(TimedOut):
        bench.result(entry)


def test_hardware_fault_during_an_entry(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.simulator.disturb(bench.case.make.fault_frame)
    with pytest.raises(ProtocolViolation, match=bench.case.make.fault_named):
        bench.result(entry)


@pytest.mark.parametrize("key", sorted(SZZT.keys.idle))
def test_a_key_that_means_nothing_in_a_pin_is_passed_over(key: int) -> None:
    with PadSimulator("szzt") as simulator:
        bench = Bench(CASES["szzt"], SerialPinPad(simulator.path, SZZT), SimulatedFingers(simulator), 10, simulator)
        entry = bench.enter_pin(4)
        bench.fingers.press("25")
        simulator.disturb(bytes((key,)))
        bench.fingers.press("80")
        bench.fingers.press_enter()
        assert bench.result(entry).equals_digits("2580")
        assert bench.counts == [1, 2, 2, 3, 4, 4]
        bench.pool.shutdown()
        bench.pad.close()


def test_a_stuck_key_ends_the_entry(bench: Bench) -> None:
    entry = bench.enter_pin(4)
    bench.simulator.disturb(b"5" * 300)
    with pytest.raises(ProtocolViolation, match="stuck"):
        bench.result(entry)
    bench.pad.identify()


@pytest.mark.parametrize("length", [3, 13])
def test_a_length_outside_the_norm_is_a_mistake_of_the_caller(bench: Bench, length: int) -> None:
    with pytest.raises(ValueError, match="4 to 12"):
        bench.pad.enter_pin(length, 1, bench.counts.append)


def test_a_callback_that_fails_still_leaves_the_pad_idle(bench: Bench) -> None:
    simulator = bench.simulator

    def fail(_: int) -> None:
        raise ZeroDivisionError

    entry = bench.run(lambda: bench.pad.enter_pin(4, bench.patience_s, fail))
    bench.fingers.press("2")
    with pytest.raises(ZeroDivisionError):
        bench.result(entry)
    assert simulator.wait_until_idle(0)


# --- the cable


def test_no_pad_at_all(case: Case, tmp_path: Path) -> None:
    pad = case.pad(str(tmp_path / "nothing"))
    for ask in (
        pad.identify,
        lambda: pad.enter_pin(6, 1, lambda _: None),
        lambda: pad.enter_pin_block(ACCOUNT, 6, 1, lambda _: None),
        lambda: pad.load_working_key(WRAPPED),
    ):
        with pytest.raises(NotConnected):
            ask()
    pad.cancel()
    pad.close()


def test_a_pad_that_is_plugged_in_late(bench: Bench) -> None:
    bench.simulator.unplug()
    with pytest.raises(NotConnected):
        bench.pad.identify()
    bench.simulator.replug()
    assert bench.pad.identify().serial == "00000042"


def test_a_cable_pulled_and_put_back_between_two_calls_is_not_noticed(bench: Bench) -> None:
    bench.pad.identify()
    bench.simulator.unplug()
    bench.simulator.replug()
    assert bench.pad.identify().serial == "00000042"


@pytest.mark.parametrize("encrypted", [False, True])
def test_unplugged_in_the_middle_of_an_entry_and_plugged_in_again(bench: Bench, *, encrypted: bool) -> None:
    simulator = bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block(4) if encrypted else bench.enter_pin(4)
    bench.fingers.press("25")
    simulator.unplug()
    assert isinstance(entry.exception(bench.patience_s), NotConnected)
    with pytest.raises(NotConnected):
        bench.pad.identify()
    simulator.replug()
    again = bench.enter_pin(4)
    bench.fingers.press("1357")
    bench.fingers.press_enter()
    assert bench.result(again).equals_digits("1357")


def test_a_port_that_another_holds_is_busy(bench: Bench) -> None:
    bench.pad.identify()
    other = bench.case.pad(bench.simulator.path)
    with pytest.raises(Busy):
        other.identify()
    bench.pad.close()
    assert other.identify().serial == "00000042"
    other.close()


# --- a PIN block


def test_pin_block_is_format_3_under_the_working_key(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block()
    bench.fingers.press("123456")
    bench.fingers.press_enter()
    block = bench.result(entry)
    assert bench.counts == [1, 2, 3, 4, 5, 6, 6]
    assert len(block.cipher) == 8
    clear = decrypt(WORKING_KEY, block.cipher)
    pin_field = bytes(a ^ b for a, b in zip(clear, bytes.fromhex("0000122233344455"), strict=True)).hex().upper()
    assert pin_field[:8] == "36123456"
    assert set(pin_field[8:]) <= set("ABCDEF")


def test_pin_block_with_enter_too_early_clear_and_a_digit_too_many(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block(4)
    bench.fingers.press("99")
    bench.fingers.press_enter()
    bench.fingers.press_clear()
    bench.fingers.press("25801")
    bench.fingers.press_enter()
    block = bench.result(entry)
    assert bench.counts == [1, 2, 2, 0, 1, 2, 3, 4, 4, 4]
    clear = decrypt(WORKING_KEY, block.cipher)
    assert clear[:1] == b"\x34"
    assert bytes(a ^ b for a, b in zip(clear, bytes.fromhex("0000122233344455"), strict=True))[1:3].hex() == "2580"


def test_a_second_block_needs_no_second_load(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    for _ in range(2):
        entry = bench.enter_pin_block(4)
        bench.fingers.press("2580")
        bench.fingers.press_enter()
        assert decrypt(WORKING_KEY, bench.result(entry).cipher)[:1] == b"\x34"


def test_pin_block_cancelled_by_key_and_by_the_terminal(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block(4)
    bench.fingers.press("25")
    bench.fingers.press_cancel()
    with pytest.raises(EntryCancelled):
        bench.result(entry)
    entry = bench.enter_pin_block(4)
    bench.pad.cancel()
    with pytest.raises(EntryCancelled):
        bench.result(entry)


def test_pin_block_timed_out(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    with pytest.raises(TimedOut):
        bench.pad.enter_pin_block(ACCOUNT, 6, 0.2, bench.counts.append)


def test_pin_block_without_a_working_key(bench: Bench) -> None:
    assert bench.simulator
    with pytest.raises(ProtocolViolation):
        bench.pad.enter_pin_block(ACCOUNT, 6, 1, bench.counts.append)


@pytest.mark.parametrize("account", ["12223334445", "1222333444555", "12223334445X", "１２２２３３３４４４５５"])
def test_an_account_that_is_not_twelve_digits_is_a_mistake_of_the_caller(bench: Bench, account: str) -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        bench.pad.enter_pin_block(account, 6, 1, bench.counts.append)


def test_digits_in_clear_during_an_encrypted_entry_are_a_violation(bench: Bench) -> None:
    simulator = bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block(4)
    simulator.disturb(b"2")
    with pytest.raises(ProtocolViolation, match="no echo"):
        bench.result(entry)


@pytest.mark.parametrize("kind", [*DAMAGE, "wrong_size"])
def test_a_damaged_pin_block_is_not_asked_for_twice(bench: Bench, kind: str) -> None:
    simulator = bench.simulator
    bench.pad.load_working_key(WRAPPED)
    entry = bench.enter_pin_block(4)
    simulator.faults.fail_next(kind, command=bench.case.make.read_block)
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    with pytest.raises(ProtocolViolation, match=r"damaged|broke off|no answer|wrong size"):
        bench.result(entry)
    bench.pad.identify()


# --- keys


def test_no_master_key(case: Case, tmp_path: Path) -> None:
    with PadSimulator(case.make.name, link=tmp_path / "pin_pad", master_key=None) as simulator:
        pad = case.pad(simulator.path)
        with pytest.raises(ProtocolViolation, match=case.make.no_master_key):
            pad.load_working_key(WRAPPED)
        pad.close()


def test_a_key_whose_check_value_does_not_fit_leaves_the_good_one_in_place(bench: Bench) -> None:
    assert bench.simulator
    bench.pad.load_working_key(WRAPPED)
    with pytest.raises(ProtocolViolation, match="check value"):
        bench.pad.load_working_key(WrappedKey(bytes(16), WRAPPED.check_value))
    entry = bench.enter_pin_block(4)
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    assert decrypt(WORKING_KEY, bench.result(entry).cipher)[:1] == b"\x34"


def test_a_key_of_a_wrong_size_never_reaches_the_pad(bench: Bench) -> None:
    with pytest.raises(ProtocolViolation, match="16 bytes"):
        bench.pad.load_working_key(WrappedKey(bytes(8), bytes(4)))


def test_the_pad_keeps_its_keys_without_power(bench: Bench) -> None:
    simulator = bench.simulator
    bench.pad.load_working_key(WRAPPED)
    simulator.unplug()
    simulator.replug()
    entry = bench.enter_pin_block(4)
    bench.fingers.press("2580")
    bench.fingers.press_enter()
    assert decrypt(WORKING_KEY, bench.result(entry).cipher)[:1] == b"\x34"


def faults_after(case: Case, fault: PadFault, command: str) -> list[DeviceError]:
    """What still goes wrong with a pad after one answer to one command was spoilt."""

    def type_when_asked(event: str) -> None:
        if event.startswith("entering"):
            simulator.press("2580")
            simulator.press_enter()

    def whole_round() -> list[DeviceError]:
        faults = []
        for step in (
            lambda: pad.load_working_key(WRAPPED),
            lambda: pad.enter_pin(4, 0.5, lambda _: None),
            lambda: pad.enter_pin_block(ACCOUNT, 4, 0.5, lambda _: None),
        ):
            try:
                step()
            except DeviceError as error:
                faults.append(error)
        return faults

    with PadSimulator(case.make.name, on_event=type_when_asked) as simulator:
        pad = case.pad(simulator.path, answer_s=0.2)
        pad.load_working_key(WRAPPED)
        simulator.faults.fail_next(fault, command=command)
        whole_round()
        assert command in simulator.heard
        left = whole_round()
        pad.close()
        return left


@pytest.mark.parametrize(
    ("case", "command"),
    [
        pytest.param(case, command, id=f"{name}-{command}")
        for name, case in CASES.items()
        for command in (case.make.rest, case.make.read_block, *case.make.other_commands)
    ],
)
def test_whatever_fails_once_the_pad_works_again_without_help(case: Case, command: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(len(PadFault)) as pool:  # they do little but wait
        left = pool.map(lambda fault: faults_after(case, fault, command), PadFault)
        assert dict(zip(PadFault, left, strict=True)) == {fault: [] for fault in PadFault}


# --- silence about the citizen


def test_the_trace_names_commands_and_never_keys(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    entry = bench.enter_pin(12)
    bench.fingers.press("908172635441")
    bench.fingers.press_enter()
    bench.result(entry).wipe()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("drivers.")]
    assert set(bench.case.make.trace) <= set(lines)
    everything = "".join(lines)
    assert not any(digit in everything for digit in "0123456789")


# --- anything at all from the pad


KEYS = st.binary(max_size=40)
FRAMES = st.builds(
    lambda octets: b"\x02" + octets.hex().upper().encode(),
    st.binary(max_size=12),
)
NEARLY = st.sampled_from([octets for make in MAKES for octets in make.key_frames])
NOISE = st.lists(st.one_of(KEYS, FRAMES, NEARLY), max_size=4)


@pytest.fixture(scope="module", params=CASES)
def noisy_pad(request: pytest.FixtureRequest) -> Iterator[tuple[PadSimulator, SerialPinPad]]:
    case = CASES[request.param]
    with PadSimulator(case.make.name) as simulator:
        pad = case.pad(simulator.path, answer_s=0.02)
        yield simulator, pad
        pad.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(noise=NOISE, deaf=st.booleans())
@example(noise=[b"\x02" + b"F" * 30], deaf=True)
def test_random_bytes_raise_device_errors_only_and_never_hang(
    noisy_pad: tuple[PadSimulator, SerialPinPad], noise: list[bytes], *, deaf: bool
) -> None:
    simulator, pad = noisy_pad
    octets = b"".join(noise)
    calls: list[Callable[[], object]] = [
        pad.identify,
        lambda: pad.enter_pin(4, 0.02, lambda _: None).wipe(),
        lambda: pad.load_working_key(WRAPPED),
        lambda: pad.enter_pin_block(ACCOUNT, 4, 0.02, lambda _: None),
    ]
    for call in calls:
        if deaf:
            simulator.faults.fail_next(PadFault.SILENT)
        done = threading.Event()

        def babble(done: threading.Event = done) -> None:
            while not done.wait(0.003):
                simulator.disturb(octets)

        babbler = threading.Thread(target=babble)
        babbler.start()
        began = time.monotonic()
        try:
            call()
        except DeviceError as fault:
            named = fault.device
        else:
            named = "pin_pad"
        finally:
            done.set()
            babbler.join()
        assert named == "pin_pad"
        assert time.monotonic() - began < 8
