"""A PIN that went from the pad through the driver into a command buffer is nowhere in the process afterwards.

The process that takes the PIN is a child; it never learns the digits but through the pad's line. The parent is the
citizen's fingers, and searches the child's memory. A marker of the same shape, which the child holds on purpose in
every form, proves that the search would have found it.
"""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.pin_pad import PadDialect, PadSimulator
from tests.memory_search import forms_of, search_process

CHILD = """
import logging, sys
from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.pin import LockedPage

logging.basicConfig(level=logging.DEBUG, filename=sys.argv[2])
digits = sys.stdin.readline().strip()
packed = bytes.fromhex(digits)
marker = [digits.encode(), packed + b"\\xff\\xff", *(digits.encode(form) for form in
          ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))]

def say(what):
    print(what, flush=True)
    sys.stdin.readline()

pad = open_pin_pad(sys.argv[1], "auto")
pin = pad.enter_pin(12, 30, lambda count: None)
command = LockedPage()
pin.write_bcd(command.view[5:])
say("holds")
pin.wipe()
command.wipe()
say("wiped")
del pin, command
pad.close()
say("closed")
"""


def random_digits() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(12))


STARTED_BY: dict[PadDialect, str] = {"sunson": "START_PLAIN_ENTRY", "szzt": "ENABLE_KEYS"}


@pytest.fixture(params=STARTED_BY)
def dialect(request: pytest.FixtureRequest) -> PadDialect:
    chosen: PadDialect = request.param
    return chosen


@pytest.fixture
def pad(dialect: PadDialect) -> Iterator[PadSimulator]:
    with PadSimulator(dialect) as simulator:
        yield simulator


def test_pin_leaves_nothing(pad: PadSimulator, dialect: PadDialect, tmp_path: Path) -> None:
    pin, marker = random_digits(), random_digits()
    trace = tmp_path / "trace.log"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, pad.path, str(trace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,  # a line is sent when it is written
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(marker + "\n")
            assert pad.wait_until_entering(30)
            pad.press("11")  # a change of mind first: what was cleared must be gone too
            pad.press_clear()
            pad.press(pin)
            pad.press_enter()

            assert child.stdout.readline() == "holds\n"
            held = search_process(child.pid, forms_of(pin))  # once in the PIN's page, once in the command's
            assert sorted(finding.form for finding in held) == ["ASCII", "BCD"]
            assert search_process(child.pid, forms_of(pin), swappable_only=True) == []

            for stage in ("wiped\n", "closed\n"):
                child.stdin.write("\n")
                assert child.stdout.readline() == stage
                assert search_process(child.pid, forms_of(pin)) == []
                found = {finding.form for finding in search_process(child.pid, forms_of(marker))}
                assert found == set(forms_of(marker))
            child.stdin.write("\n")
            assert child.wait(10) == 0
        finally:
            child.kill()
    text = trace.read_text()
    assert f"{STARTED_BY[dialect]}: done" in text
    assert pin not in text
