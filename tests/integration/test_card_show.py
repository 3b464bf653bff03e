"""``kiosk card show`` as a technician starts it: a process of its own on the real card stack."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from simulators.card.slot import CardSlot, SlotFault
from simulators.pcscd import READER_NAME, VPCD_PORT, PrivatePcscd
from tests.stack import chip

pytestmark = pytest.mark.stack
VICC = "/usr/bin/vicc"
DEBIAN_CRYPTODOME = Path("/usr/lib/python3/dist-packages/Cryptodome")
VICC_PYTHON_PATH = "/usr/lib/python3/site-packages/virtualsmartcard"


def show(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kiosk.command_line", "card", "show", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_social_security_card_masked(slot: CardSlot) -> None:
    slot.insert(chip("zhumadian-normal"))
    shown = show("--json")
    assert shown.returncode == 0
    assert json.loads(shown.stdout) == {
        "outcome": "social_security",
        "region": "4117",
        "norm_version": "2.00",
        "card_class": "1",
        "card_number": "T******15",
        "identification_code": "411" + "*" * 27 + "01",
        "initialising_body": "411700000000000000000001",
        "issued_on": "2021-03-01",
        "expires_on": "2099-12-31",
        "name": "张*例",
        "social_security_number": "411*************36",
        "sex": "*",
        "ethnic_group": "*",
        "birthplace": "*",
        "birth_date": "*",
        "pin_tries_left": 6,
    }
    assert shown.stderr == ""


def test_revealed_only_when_asked(slot: CardSlot) -> None:
    slot.insert(chip("rare-name"))
    shown = show("--reveal", "--reader", READER_NAME)
    assert shown.returncode == 0
    for said in ("name: 欧阳\U0002cc56\u3402", "social security number: 411700199503151051", "birth date: 1995-03-15"):
        assert said in shown.stdout
    masked = show("--reader", READER_NAME)
    for hidden in ("阳", "199503", "1995-03-15", "T41170058"):
        assert hidden not in masked.stdout + masked.stderr


def test_a_3_0_card_shows_what_it_says_to_anyone(slot: CardSlot) -> None:
    slot.insert(chip("zhumadian-3.00"))
    shown = json.loads(show("--json", "--reveal").stdout)
    assert shown["card_number"] == "T4117004X"
    assert shown["holder"] == "closed until the terminal has proved itself"
    assert "name" not in shown


@pytest.mark.parametrize(("card", "code", "outcome"), [("blank", 10, "blank"), ("bank-only", 11, "bank_only")])
def test_other_cards(slot: CardSlot, card: str, code: int, outcome: str) -> None:
    slot.insert(chip(card))
    shown = show("--json")
    assert (shown.returncode, json.loads(shown.stdout)) == (code, {"outcome": outcome})


def test_foreign(slot: CardSlot) -> None:
    slot.insert(CardApplication(CardFile(about="", region="0000", serial="00000000")))
    assert show().returncode == 12


def test_dead(slot: CardSlot) -> None:
    slot.faults.fail_next(SlotFault.DEAD_ATR)
    slot.insert(chip("zhumadian-normal"))
    assert show().returncode == 13


def test_silent(slot: CardSlot) -> None:
    slot.faults.fail_next(SlotFault.SILENT)
    slot.insert(chip("zhumadian-normal"))
    assert show().returncode == 14


@pytest.mark.parametrize("command", [1, 4, 9, 20])
def test_pulled(slot: CardSlot, command: int) -> None:
    slot.faults.pull_at(command)
    slot.insert(chip("zhumadian-normal"))
    shown = show("--json")
    assert (shown.returncode, json.loads(shown.stdout)) == (15, {"outcome": "pulled"})


def test_no_card(slot: CardSlot) -> None:
    assert show("--timeout", "0.2").returncode == 16


def test_no_reader_and_no_daemon(slot: CardSlot) -> None:
    assert show("--reader", "No Such Reader").returncode == 17
    nowhere = show(PCSCLITE_CSOCK_NAME="/nonexistent/pcscd.comm")
    assert nowhere.returncode == 17
    assert nowhere.stderr.startswith("card_reader: ")


def test_unreadable(slot: CardSlot) -> None:
    slot.faults.fail_next(SlotFault.TORN_ANSWER)
    slot.insert(chip("zhumadian-normal"))
    assert show().returncode == 19


def test_usage() -> None:
    assert show("--no-such-option").returncode == 2


@contextmanager
def someone_elses_card(pcscd: PrivatePcscd, modules: Path) -> Iterator[None]:
    """The ISO 7816 card of Debian's vsmartcard-vpicc, in the same slot.

    :param modules: an empty directory, for the name under which the package looks for pycryptodome.
    """
    assert DEBIAN_CRYPTODOME.exists(), "apt-get install vsmartcard-vpicc python3-pycryptodome python3-pil"
    (modules / "Crypto").symlink_to(DEBIAN_CRYPTODOME)
    command = ["nsenter", f"--net={pcscd.network}", "/usr/bin/python3", VICC, "--type", "iso7816"]
    command += ["--hostname", "127.0.0.1", "--port", str(VPCD_PORT)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": f"{VICC_PYTHON_PATH}:{modules}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.kill()
        said, _ = process.communicate()
    assert b"Traceback" not in said, said.decode()


def test_a_card_that_nobody_here_wrote_is_foreign(pcscd: PrivatePcscd, slot: CardSlot, tmp_path: Path) -> None:
    """The package's ePass, cryptoflex and nPA cards don't start under Debian 12's Python 3."""
    with someone_elses_card(pcscd, tmp_path):
        shown = show("--json", "--timeout", "15")
    assert (shown.returncode, json.loads(shown.stdout)) == (12, {"outcome": "foreign"}), shown.stderr
