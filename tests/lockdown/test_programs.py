"""Terminal and uplink as they run: nobody looks in, nothing listens, a crash leaves nothing, no key does anything."""

import hashlib
import json
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from Xlib import X
from Xlib.display import Display

from tests.centre import RunningCentre
from tests.lockdown.real_display import HEIGHT, STARTS_S, WIDTH, Keyboard, RealDisplay, real_display
from tests.lockdown.sockets import listeners
from tests.lockdown.window_checks import CHORDS, DIGITS, ENTER
from tests.memory_search import forms_of, search_file
from tests.terminal import Process, TerminalFolder, running

pytestmark = pytest.mark.window
NOBODY, SOMEBODY = 65534, 65533
PLANTED = """[kivy]
exit_on_escape = 1
[modules]
inspector =
monitor =
[input]
mouse = mouse,multitouch_on_demand
[graphics]
fullscreen = 0
"""
"""What a file in Kivy's own folder would switch on."""
LOOKS_IN = """
import ctypes, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, pid, None, None) == 0)  # PTRACE_ATTACH
for name in ("mem", "environ", "maps", "stack"):
    try:
        open(f"/proc/{pid}/{name}", "rb").close()
        print(name)
    except PermissionError:
        pass
"""

READS_ALL = """
import json, os, sys
from pathlib import Path
found = []
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        try:
            Path(folder, name).open("rb").close()
            found.append(str(Path(folder, name)))
        except OSError:
            pass
print(json.dumps(found))
"""
LIFTED = """
import resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
"""
DIGITS_HELD = "".join(secrets.choice("123456789") for _ in range(12))


@dataclass(frozen=True)
class Running:
    """A terminal and its uplink."""

    folder: TerminalFolder
    display: RealDisplay
    terminal: Process
    uplink: Process

    @property
    def processes(self) -> list[int]:
        return [self.terminal.process.pid, self.uplink.process.pid]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Both as a service user's, on the terminal's own X server; Kivy's folder holds a file that opens everything."""
    place = Path(tempfile.mkdtemp(prefix="lockdown-"))
    place.chmod(0o755)
    with RunningCentre(tmp_path_factory.mktemp("centre")) as centre:
        folder = TerminalFolder.enrolled(place / "terminal", centre)
        shutil.copy(centre.ca_file, place / "ca.pem")
        folder.configure(centre.url, ca=place / "ca.pem")
        kivy = folder.configuration.terminal.state / "kivy"
        kivy.mkdir()
        (kivy / "config.ini").write_text(PLANTED)
        with real_display(tmp_path_factory.mktemp("display")) as display:
            environment = {
                **display.environment, "XAUTHORITY": str(place / "terminal" / "authority"), "PYTHONUNBUFFERED": "1",
                "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm", "HOME": str(folder.directory),
                "KCFG_MODULES_INSPECTOR": "", "KCFG_KIVY_EXIT_ON_ESCAPE": "1",
            }  # fmt: skip
            shutil.copy(display.environment["XAUTHORITY"], environment["XAUTHORITY"])
            for one in (folder.directory, *folder.directory.rglob("*")):
                os.chown(one, NOBODY, NOBODY)
            with (
                running(folder.command("run"), environment, user=NOBODY) as terminal,
                running(folder.command("uplink"), environment, user=NOBODY) as uplink,
            ):
                terminal.says("card_reader is out of service, C-01", within_s=STARTS_S)
                folder.wait_until_standing("sending")
                yield Running(folder, display, terminal, uplink)
    shutil.rmtree(place)


def picture(display: Display) -> str:
    """What stands on the screen, by its sum; of a screen of one colour there is none."""
    data = display.screen().root.get_image(0, 0, WIDTH, HEIGHT, X.ZPixmap, 0xFFFFFFFF).data
    assert len(set(data)) > 2, "nothing is drawn"
    return hashlib.sha256(data).hexdigest()


def test_neither_listens(programs: Running) -> None:
    assert [str(one) for one in listeners(programs.processes)] == []


def test_what_listens_would_be_seen(programs: Running) -> None:
    """By the same eye: the centre does, in this process, on loopback."""
    heard = listeners([os.getpid()])
    assert programs.folder.centre.port in {one.port for one in heard}
    assert all(one.is_loopback for one in heard)


def looked_into(pid: int) -> list[str]:
    """What another process of the same user gets of this one: whether it may attach, and what it reads."""
    return subprocess.run(
        [sys.executable, "-c", LOOKS_IN, str(pid)], check=True, capture_output=True, text=True, user=NOBODY,
        group=NOBODY, extra_groups=[],
    ).stdout.split()  # fmt: skip


def test_its_own_user_looks_into_neither(programs: Running) -> None:
    for pid in programs.processes:
        assert looked_into(pid) == ["False"], "memory or environment is open"
    with subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        user=NOBODY, group=NOBODY, extra_groups=[],
    ) as plain:  # fmt: skip
        try:
            assert plain.stdout is not None
            assert plain.stdout.readline() == b"up\n"
            assert "environ" in looked_into(plain.pid), "of a plain process it would read all"
        finally:
            plain.kill()


def test_neither_may_write_a_core(programs: Running) -> None:
    for pid in programs.processes:
        limits = Path(f"/proc/{pid}/limits").read_text("ascii")
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE), limits


def test_another_user_reads_neither_ledger_nor_keys(programs: Running) -> None:
    """Even in a folder that everybody may enter, which the units' is not (StateDirectoryMode, UMask)."""
    folder = programs.folder.directory
    told = subprocess.run(
        [sys.executable, "-c", READS_ALL, str(folder)], check=True, capture_output=True, text=True, user=SOMEBODY,
        group=SOMEBODY, extra_groups=[],
    ).stdout  # fmt: skip
    readable = {str(Path(name).relative_to(folder)) for name in json.loads(told)}
    assert "kiosk.toml" in readable, "the eye sees"
    kept = {str(programs.folder.configuration.ledger_path.relative_to(folder)), "credentials"}
    assert {name for name in readable if name.startswith(tuple(kept))} == set()


def test_no_key_does_anything_to_a_running_terminal(programs: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though a file in Kivy's folder and the environment switch on inspector, monitor and an end by Esc."""
    monkeypatch.setenv("XAUTHORITY", programs.display.environment["XAUTHORITY"])
    client = Display(programs.display.name)
    (window,) = client.screen().root.query_tree().children
    window.set_input_focus(X.RevertToParent, X.CurrentTime)
    client.sync()
    before = picture(client)
    with Keyboard(programs.display.place / "keys") as keyboard:
        for chord in (*CHORDS, *([digit] for digit in DIGITS), [ENTER]):
            keyboard.chord(chord)
    # A frame later, and another sign of life of its loop's.
    for _ in range(3):
        assert picture(client) == before
    client.close()
    with pytest.raises(subprocess.TimeoutExpired):
        programs.terminal.process.wait(1.0)


def crashed(place: Path, *lines: str) -> tuple[int, list[Path]]:
    """A process that holds digits and dies of a fault: how (``si_code`` of waitid(2)), and what lies in its folder."""
    place.mkdir()
    program = "\n".join((LIFTED, *lines, "digits = sys.stdin.readline()", "print(1, flush=True)"))
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}\nsys.stdin.readline()"], cwd=place, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, bufsize=1, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{DIGITS_HELD}\n")
        assert process.stdout.readline() == "1\n"
        process.send_signal(signal.SIGSEGV)
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
    return ended.si_code, sorted(place.iterdir())


@pytest.mark.parametrize("limit", ["0", "not asked for"])
def test_a_crash_leaves_nothing(tmp_path: Path, limit: str) -> None:
    """Not even where the kernel pipes cores to a program, and asks for no limit (core(5))."""
    how, left = crashed(tmp_path / "plain")
    assert how == os.CLD_DUMPED, "a plain process leaves a core here"
    for core in left:
        assert search_file(core, forms_of(DIGITS_HELD)), "and its digits in it"
    kept = () if limit == "0" else ("resource.setrlimit = lambda *_: None",)
    how, left = crashed(tmp_path / "ours", *kept, "from kiosk.bootstrap import harden_process", "harden_process()")
    assert (how, left) == (os.CLD_KILLED, []), "a core is left"


def test_pages_of_a_pin_are_locked() -> None:
    """So that no swap, should there be one, gets them; the kernel counts them."""
    program = "from drivers.ports.pin import Pin; pin = Pin(); print(open('/proc/self/status').read())"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    (locked,) = (int(line.split()[1]) for line in told.splitlines() if line.startswith("VmLck:"))
    assert locked * 1024 >= resource.getpagesize()
