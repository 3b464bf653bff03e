"""``kiosk run`` itself, on a virtual display: what it says and does when it is started on what it can't work with."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.command_line.ledger import Exit
from tests.centre import RunningCentre, a_transaction
from tests.terminal import TerminalFolder, running
from tests.ui.display import virtual_display

pytestmark = pytest.mark.window
USAGE = 64
RUNS_ALREADY = 3
NOBODY = 65534


@pytest.fixture(scope="module")
def display() -> Iterator[dict[str, str]]:
    """The environment of a process that opens its window there. No daemon of the card reader's is in reach."""
    with virtual_display(540, 960) as name:
        yield {"DISPLAY": name, "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm", "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    return TerminalFolder.enrolled(tmp_path / "terminal", centre)


def refused(folder: TerminalFolder) -> str:
    """What a start says that ends before any window opens."""
    told = folder.run("run")
    assert told.returncode == USAGE
    assert told.stderr.startswith("kiosk: ")
    assert "Traceback" not in told.stderr
    return told.stderr


def test_a_second_terminal_on_one_state_is_refused(folder: TerminalFolder, display: dict[str, str]) -> None:
    with running(folder.command("run"), display) as first:
        first.says("card_reader is out of service, C-01")
        with running(folder.command("run"), display) as second:
            second.says("held by another terminal", within_s=15)
            assert second.process.wait(15) == RUNS_ALREADY
        first.process.kill()
        first.process.wait()
    with running(folder.command("run"), display) as again:
        again.says("card_reader is out of service, C-01")
        again.process.terminate()
        assert again.process.wait(30) == 0, "the kernel let go of the lock with the killed one"


def test_a_missing_or_shortened_key_is_named(folder: TerminalFolder) -> None:
    storage, terminal = folder.configuration.storage_key_path, folder.configuration.terminal_key_path
    right = storage.read_bytes()
    storage.write_bytes(right[:31])
    assert "storage.key: wanted are 32 bytes" in refused(folder)
    storage.unlink()
    assert "storage.key: can't be read: No such file" in refused(folder)
    storage.write_bytes(right)
    terminal.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    assert "terminal.key: wanted is an Ed25519 key" in refused(folder)


def test_a_new_terminal_shows_how_it_is_set_up_and_a_damaged_one_does_not(
    folder: TerminalFolder, display: dict[str, str]
) -> None:
    configuration = folder.configuration
    configuration.terminal_key_path.unlink()
    assert "terminal.key: can't be read" in refused(folder), "with a ledger it is no new one"
    configuration.storage_key_path.unlink()
    shutil.rmtree(configuration.ledger_path)
    checked = folder.run("check")
    assert checked.returncode == 0, checked.stderr
    with running(folder.command("run"), display) as new:
        new.says("this terminal is new")
        new.process.terminate()
        assert new.process.wait(30) == 0


def test_another_storage_key_closes_the_terminal_until_the_right_one_is_back(
    folder: TerminalFolder, display: dict[str, str]
) -> None:
    with folder.journal() as book:
        book.append(a_transaction())
    storage = folder.configuration.storage_key_path
    right = storage.read_bytes()
    storage.write_bytes(secrets.token_bytes(32))
    with running(folder.command("run"), display) as wrong:
        wrong.says("ledger is out of service, L-01: the storage key is not that of the ledger")
        assert wrong.process.poll() is None, "the screen tells the citizen"
    storage.write_bytes(right)
    with folder.journal() as book:
        assert book.append(a_transaction()) == 2


def test_no_ledger_closes_the_terminal_until_it_is_there(folder: TerminalFolder, display: dict[str, str]) -> None:
    """As when the disk of the state is mounted late."""
    ledger = folder.configuration.ledger_path
    away = ledger.rename(ledger.with_name("away"))
    with running(folder.command("run"), display) as terminal:
        terminal.says("ledger is out of service, L-01: no ledger in")
        away.rename(ledger)
        terminal.says("ledger works again")


def test_a_copied_state_without_its_keys_does_not_open(folder: TerminalFolder, tmp_path: Path) -> None:
    """A disk put into another terminal: that one's storage key is not this ledger's."""
    other = TerminalFolder.enrolled(tmp_path / "other", folder.centre, terminal="zmd-0002")
    shutil.rmtree(other.configuration.terminal.state)
    shutil.copytree(folder.configuration.terminal.state, other.configuration.terminal.state)
    with other.journal() as book, pytest.raises(Exception, match="storage key is not that of the ledger"):
        book.tidy()


@pytest.fixture
def nobodys(centre: RunningCentre) -> Iterator[TerminalFolder]:
    """A terminal whose service user is nobody, where nobody can get at it."""
    place = Path(tempfile.mkdtemp(prefix="kiosk-nobody-"))
    place.chmod(0o755)
    made = TerminalFolder.enrolled(place / "terminal", centre)
    shutil.copy(centre.ca_file, place / "ca.pem")
    made.configure(centre.url, ca=place / "ca.pem")
    for one in (made.directory, *made.directory.rglob("*")):
        os.chown(one, NOBODY, NOBODY)
    yield made
    shutil.rmtree(place)


def as_nobody(folder: TerminalFolder, *words: str) -> tuple[int, str]:
    told = folder.run(*words, user=NOBODY)
    assert "Traceback" not in told.stderr
    return told.returncode, told.stdout + told.stderr


def test_a_state_that_is_another_users_is_named(nobodys: TerminalFolder) -> None:
    state = nobodys.configuration.terminal.state
    assert as_nobody(nobodys, "ledger", "check")[0] in (Exit.SOUND, Exit.LOW_SPACE)
    os.chown(state, 0, 0)
    state.chmod(0o755)
    code, told = as_nobody(nobodys, "run")
    assert code == USAGE
    assert f"terminal.state: {state} is not this user's" in told
    state.chmod(0o700)
    assert as_nobody(nobodys, "run") == (code, told)
    code, told = as_nobody(nobodys, "uplink")
    assert code == 1
    assert "Permission denied" in told
    assert as_nobody(nobodys, "ledger", "check")[0] == Exit.UNREADABLE


def test_a_ledger_that_is_another_users_closes_the_terminal(nobodys: TerminalFolder, display: dict[str, str]) -> None:
    """As after somebody has run the terminal as root."""
    ledger = nobodys.configuration.ledger_path
    for one in (ledger, *ledger.rglob("*")):
        os.chown(one, 0, 0)
    home = {"HOME": str(nobodys.directory)}
    with running(nobodys.command("run"), display | home, user=NOBODY) as terminal:
        terminal.says("ledger is out of service, L-01: the ledger in")
    code, told = as_nobody(nobodys, "ledger", "check")
    assert code == Exit.UNREADABLE
    assert "Permission denied" in told
