"""Programs of the stand: nothing is left behind, and nothing else is touched."""

import os
import sys
import threading
from pathlib import Path

import pytest

from simulators.stand.programs import Program, ProgramDied, last_lines, run_to_end

LIMIT_S = 10.0
WITH_A_CHILD = """
import signal, subprocess, sys
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
child.wait()
"""


def runs(process: int) -> bool:
    try:
        with Path(f"/proc/{process}/stat").open(encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(process: int) -> bool:
    """It was killed; the system may take a moment to bury it."""
    moment = threading.Event()
    return any(not runs(process) or moment.wait(0.02) for _ in range(200))


def child_of(program: Program, log: Path) -> int:
    deadline = threading.Event()
    for _ in range(200):
        if text := log.read_text():
            return int(text)
        deadline.wait(0.05)
    raise AssertionError("it did not say its child's number")


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_program_goes_with_its_children(tmp_path: Path, ending: str) -> None:
    log = tmp_path / "log"
    program = Program("parent", [sys.executable, "-c", WITH_A_CHILD], log)
    program.start()
    parent, child = program.pid, child_of(program, log)
    assert parent is not None
    assert runs(child)
    getattr(program, ending)()
    assert program.pid is None
    assert not runs(parent)
    assert ends(child)


def test_a_program_that_ignores_the_request_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.stand.programs._GRACE_S", 0.2)
    log = tmp_path / "log"
    program = Program("stubborn", [sys.executable, "-c", WITH_A_CHILD, "stubborn"], log)
    program.start()
    child = child_of(program, log)
    program.stop()
    assert program.exit_code == -9
    assert ends(child)


def test_ctrl_c_in_this_terminal_does_not_reach_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = Program("parent", [sys.executable, "-c", WITH_A_CHILD], log)
    program.start()
    child_of(program, log)
    assert program.pid is not None
    assert os.getsid(program.pid) == program.pid != os.getsid(0)
    program.stop()


def test_an_unexpected_end_is_told_and_a_wanted_one_is_not(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    heard = threading.Event()

    def on_death(program: Program, code: int) -> None:
        told.append((program.name, code))
        heard.set()

    Program("crasher", [sys.executable, "-c", "raise SystemExit(7)"], tmp_path / "a", on_death=on_death).start()
    assert heard.wait(LIMIT_S)
    assert told == [("crasher", 7)]

    heard.clear()
    lasting = Program("lasting", [sys.executable, "-c", WITH_A_CHILD], tmp_path / "b", on_death=on_death)
    lasting.start()
    child_of(lasting, tmp_path / "b")
    lasting.stop()
    assert not heard.wait(0.3)


def test_a_program_starts_again(tmp_path: Path) -> None:
    program = Program("lasting", [sys.executable, "-c", WITH_A_CHILD], tmp_path / "log")
    program.start()
    first = program.pid
    program.kill()
    program.start()
    assert program.pid not in (None, first)
    program.stop()


def test_a_failed_step_says_what_was_printed(tmp_path: Path) -> None:
    with pytest.raises(ProgramDied, match="no such card"):
        run_to_end("step", [sys.executable, "-c", "raise SystemExit('no such card')"], tmp_path / "log")
    assert "no such card" in last_lines(tmp_path / "log")
