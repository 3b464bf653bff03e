"""``kiosk run``, ``uplink`` and ``check`` as systemd starts them: a notify socket, a watchdog, keys handed over."""

import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from Xlib.display import Display

from kiosk.records.health import Ending, HealthSheet, Starts
from kiosk.runtime.starts import RunBook
from tests.centre import RunningCentre
from tests.terminal import DEADLINE_S, TerminalFolder, running
from tests.ui.display import mortal_display, virtual_display
from tests.unit.test_service_manager import Systemd

pytestmark = pytest.mark.window
USAGE = 64
WATCHDOG_S = 2.0
FREEZABLE = """
import signal, sys, threading
from kiosk.__main__ import main

def freeze(*_):
    print("frozen", file=sys.stderr, flush=True)
    threading.Event().wait()

signal.signal(signal.SIGUSR1, freeze)
sys.exit(main(sys.argv[1:]))
"""
"""The terminal; told so, the thread of its window stands still, and all others go on."""


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    return TerminalFolder.enrolled(tmp_path / "terminal", centre)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    manager = Systemd(tmp_path / "notify")
    yield manager
    manager.close()


def environment(systemd: Systemd) -> dict[str, str]:
    return {
        "NOTIFY_SOCKET": systemd.address,
        "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000)),
        "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm",
        "PYTHONUNBUFFERED": "1",
    }


def test_a_window_that_freezes_gives_no_more_signs_of_life(folder: TerminalFolder, systemd: Systemd) -> None:
    with virtual_display(540, 960) as display:
        command = [sys.executable, "-c", FREEZABLE, *folder.command("run")[3:]]
        with running(command, environment(systemd) | {"DISPLAY": display}) as terminal:
            assert systemd.hears("READY=1", DEADLINE_S)
            assert systemd.hears("WATCHDOG=1", WATCHDOG_S)
            assert systemd.hears("WATCHDOG=1", WATCHDOG_S)
            terminal.process.send_signal(signal.SIGUSR1)
            terminal.says("frozen")
            systemd.heard()
            assert not systemd.hears("WATCHDOG=1", WATCHDOG_S), "its lanes live; the window does not"


def test_a_terminal_that_is_told_to_stop_says_so(folder: TerminalFolder, systemd: Systemd) -> None:
    with (
        virtual_display(540, 960) as display,
        running(folder.command("run"), environment(systemd) | {"DISPLAY": display}) as terminal,
    ):
        assert systemd.hears("STATUS=waits for somebody, reads no card: C-01", DEADLINE_S), "no reader"
        terminal.process.terminate()
        assert systemd.hears("STOPPING=1", DEADLINE_S)
        assert terminal.process.wait(DEADLINE_S) == 0
    sheet = msgspec.json.decode(folder.configuration.health_path.read_bytes(), type=HealthSheet)
    assert sheet.starts == Starts(count=1, unasked=0, before=Ending.NONE)
    assert sheet.memory_bytes > 50_000_000
    assert RunBook(folder.configuration.terminal.state).begin() == Starts(count=2, unasked=0, before=Ending.CLEAN)


def test_a_terminal_whose_display_goes_ends_so_that_it_is_started_anew(
    folder: TerminalFolder, systemd: Systemd
) -> None:
    with (
        mortal_display(540, 960) as (display, server),
        running(folder.command("run"), environment(systemd) | {"DISPLAY": display}) as terminal,
    ):
        assert systemd.hears("READY=1", DEADLINE_S)
        server.kill()
        assert terminal.process.wait(DEADLINE_S) == 1


def test_the_window_has_the_whole_of_a_display_that_nothing_else_manages(
    folder: TerminalFolder, systemd: Systemd
) -> None:
    file = folder.directory / "kiosk.toml"
    sized = "width = 540\nheight = 960\nfullscreen = false\n"
    text = file.read_text("utf-8")
    assert sized in text
    file.write_text(text.replace(sized, ""), "utf-8")
    with (
        virtual_display(720, 1280) as display,
        running(folder.command("run"), environment(systemd) | {"DISPLAY": display}),
    ):
        assert systemd.hears("READY=1", DEADLINE_S)
        server = Display(display)
        (window,) = server.screen().root.query_tree().children
        place = window.get_geometry()
        server.close()
        assert (place.x, place.y, place.width, place.height) == (0, 0, 720, 1280)


def test_an_uplink_without_a_line_is_ready_and_alive(folder: TerminalFolder, systemd: Systemd) -> None:
    folder.configure("https://127.0.0.1:9")
    with running(folder.command("uplink"), environment(systemd)) as uplink:
        assert systemd.hears("READY=1", DEADLINE_S)
        assert systemd.hears("STATUS=waits for the line: unreachable", DEADLINE_S)
        assert systemd.hears("WATCHDOG=1", DEADLINE_S)
        uplink.process.terminate()
        assert systemd.hears("STOPPING=1", DEADLINE_S)
        assert uplink.process.wait(DEADLINE_S) == 0


def test_a_start_is_tried_before_it_is_made(folder: TerminalFolder) -> None:
    told = folder.run("check")
    assert (told.returncode, told.stdout) == (0, "all that a start needs is there\n")
    (folder.directory / "public.json").unlink()
    told = folder.run("check")
    assert told.returncode == USAGE
    assert "public.json: can't be read" in told.stderr


def test_keys_that_are_handed_over_are_believed_instead_of_the_folder(folder: TerminalFolder, tmp_path: Path) -> None:
    handed_over = tmp_path / "handed-over"
    shutil.move(folder.configuration.terminal.credentials, handed_over)
    told = folder.run("check")
    assert told.returncode == USAGE
    assert "storage.key: can't be read" in told.stderr
    for command in (("check",), ("ledger", "check")):
        told = folder.run(*command, environment={"CREDENTIALS_DIRECTORY": str(handed_over)})
        assert told.returncode == 0, told.stderr
    (handed_over / "storage.key").write_bytes(secrets.token_bytes(31))
    told = folder.run("check", environment={"CREDENTIALS_DIRECTORY": str(handed_over)})
    assert "storage.key: wanted are 32 bytes" in told.stderr


def test_the_uplink_needs_no_storage_key(folder: TerminalFolder, systemd: Systemd) -> None:
    folder.configuration.storage_key_path.unlink()
    with running(folder.command("uplink"), environment(systemd)):
        assert systemd.hears("STATUS=the line carries", DEADLINE_S)
