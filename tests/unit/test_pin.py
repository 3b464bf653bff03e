"""The PIN's page: what it tells, what it keeps to itself, and where it lies."""

import copy
import ctypes
import gc
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drivers.ports.pin import LockedPage, Pin, Weakness


def typed(digits: str, capacity: int = 12) -> Pin:
    pin = Pin(capacity)
    for digit in digits:
        pin.append(ord(digit))
    return pin


@pytest.mark.parametrize(
    ("digits", "weakness"),
    [
        ("000000", Weakness.REPEATED),
        ("999999", Weakness.REPEATED),
        ("8888", Weakness.REPEATED),
        ("123456", Weakness.RUN),
        ("012345", Weakness.RUN),
        ("456789", Weakness.RUN),
        ("567890", Weakness.RUN),
        ("890123", Weakness.RUN),
        ("654321", Weakness.RUN),
        ("987654", Weakness.RUN),
        ("543210", Weakness.RUN),
        ("321098", Weakness.RUN),
        ("123457", None),
        ("223456", None),
        ("112233", None),
        ("121212", None),
        ("135790", None),
        ("000001", None),
        ("100000", None),
        ("123321", None),
        ("098766", None),
        ("193751", None),
        ("5", None),
        ("", None),
    ],
)
def test_weakness(digits: str, weakness: Weakness | None) -> None:
    assert typed(digits).weakness() is weakness


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("193751", "193751", True),
        ("193751", "193752", False),
        ("193751", "293751", False),
        ("193751", "19375", False),
        ("0000", "00000", False),
        ("", "", True),
        ("", "0", False),
    ],
)
def test_equality(one: str, other: str, equal: bool) -> None:
    assert typed(one).equals(typed(other)) is equal
    assert typed(other).equals(typed(one)) is equal
    assert typed(one, 6).equals(typed(other, 12)) is equal
    assert typed(one).equals_digits(other) is equal


def test_equality_goes_by_digits_and_not_by_the_operator() -> None:
    assert typed("193751") != typed("193751")  # an operator that answered would be used by accident in logs and asserts


@pytest.mark.parametrize(
    ("digits", "packed"),
    [
        ("1234", "1234"),
        ("12345", "12345F"),
        ("193751", "193751"),
        ("908172635441", "908172635441"),
        ("00000", "00000F"),
    ],
)
def test_write_bcd(digits: str, packed: str) -> None:
    target = LockedPage()
    size = typed(digits).write_bcd(target.view)
    assert bytes(target.view[:size]).hex().upper() == packed
    assert not any(target.view[size:])


def test_only_digits_and_no_more_than_fit() -> None:
    pin = typed("1234", 4)
    with pytest.raises(ValueError, match="full"):
        pin.append(0x35)
    for key in (0x2F, 0x3A, 0x0D, 0x00, 0x41):
        with pytest.raises(ValueError, match="not a digit"):
            Pin().append(key)


def test_clear_starts_again() -> None:
    pin = typed("1234")
    pin.clear()
    assert len(pin) == 0
    pin.append(0x37)
    assert pin.equals_digits("7")


def test_an_empty_pin_is_still_a_handle() -> None:
    assert Pin()
    assert len(Pin()) == 0


def page_bytes(pin: Pin) -> bytes:
    return ctypes.string_at(pin._page.address, 4096)


def test_wiping_zeroes_the_page() -> None:
    pin = typed("193751")
    assert page_bytes(pin)[:7] == b"193751\x00"
    pin.wipe()
    assert page_bytes(pin) == bytes(4096)
    assert len(pin) == 0
    pin.wipe()


def test_leaving_a_with_block_wipes_even_after_an_error() -> None:
    pin = typed("193751")
    with pytest.raises(ZeroDivisionError), pin:
        raise ZeroDivisionError
    assert page_bytes(pin) == bytes(4096)


def test_a_forgotten_pin_wipes_itself() -> None:
    pin = typed("193751")
    view = pin._page.view  # keeps the mapping alive, so that it can be looked at
    del pin
    gc.collect()
    assert bytes(view) == bytes(4096)


def test_nothing_that_prints_shows_a_digit() -> None:
    pin = typed("193751")
    for shown in (repr(pin), str(pin), f"{pin}", f"{pin!r:>20}", "%s" % pin, repr([pin]), repr({"pin": pin})):  # noqa: UP031  every way of formatting
        assert not any(character.isdigit() for character in shown)
    with pytest.raises(TypeError):
        format(pin, "d")


def test_it_is_no_sequence_and_no_buffer() -> None:
    pin: Any = typed("193751")  # mypy would refuse each of these by itself
    for reader in (bytes, memoryview, iter, bytearray, list):
        with pytest.raises(TypeError):
            reader(pin)
    assert not hasattr(pin, "__dict__")


def test_it_can_be_neither_pickled_nor_copied() -> None:
    for thing in (typed("193751"), LockedPage()):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(thing, protocol)
        with pytest.raises(TypeError):
            copy.copy(thing)
        with pytest.raises(TypeError):
            copy.deepcopy(thing)


def locked_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmLck:")).split()[1])


def mapping_flags(address: int) -> set[str]:
    """VmFlags of the mapping that holds an address (proc(5))."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        first = line.split()[0]
        if "-" in first:
            start, end = (int(part, 16) for part in first.split("-"))
            inside = start <= address < end
        elif inside and first == "VmFlags:":
            return set(line.split()[1:])
    raise AssertionError("no such mapping")


def test_the_page_is_locked_and_stays_out_of_cores_and_children() -> None:
    before = locked_kilobytes()
    pin = Pin()
    assert locked_kilobytes() == before + 4
    flags = mapping_flags(pin._page.address)
    assert "lo" in flags  # locked: never swapped
    assert "dd" in flags  # don't dump: not in a core
    assert "wf" in flags  # wipe on fork
    plain = ctypes.create_string_buffer(64)
    assert not {"lo", "dd", "wf"} & mapping_flags(ctypes.addressof(plain))
    del pin
    gc.collect()
    assert locked_kilobytes() == before


def test_a_forked_child_sees_no_digit() -> None:
    pin = typed("193751")
    child = os.fork()
    if child == 0:
        os._exit(0 if page_bytes(pin) == bytes(4096) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pin.equals_digits("193751")


def test_the_end_of_the_interpreter_is_quiet() -> None:
    script = (
        "import sys\n"
        "from drivers.ports.pin import Pin\n"
        "at_module = Pin()\n"
        "at_module.append(0x31)\n"
        "sys.kept = [Pin()]\n"
        "sys.kept.append(sys.kept)\n"
    )
    run = subprocess.run([sys.executable, "-X", "dev", "-c", script], capture_output=True, check=True)
    assert run.stderr == b""


def test_without_permission_to_lock_there_is_no_page() -> None:
    script = (
        "import os, resource\n"
        "if os.getuid() == 0:\n"
        "    os.setresuid(65534, 65534, 65534)\n"  # the limit does not bind root
        "resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))\n"
        "from drivers.ports.pin import Pin\n"
        "try:\n"
        "    Pin()\n"
        "except OSError as refusal:\n"
        "    print(refusal.strerror)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert "mlock refused" in run.stdout
