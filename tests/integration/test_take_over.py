"""``/usr/lib/card-terminal/take-over``: root takes what was set up, and is led nowhere by whoever did it."""

import re
import shutil
from pathlib import Path

import pytest

from tests.integration.test_provision_script import KIOSK, SYSTEMD, Machine, machine, with_programs

__all__ = ["machine"]

STATE = "var/lib/card-terminal"
WORK = f"{STATE}/provisioning"
KEYS = f"{STATE}/credentials"
SETTINGS = {"kiosk.toml": "answered\n", "ca.pem": "ca\n", "centre.json": "keys\n"}
SEALED = "etc/credstore.encrypted/card-terminal"
TAKE_OVER = "/usr/lib/card-terminal/take-over"
NO_DATA = 65
STRIDE = 11
AT_EACH_COMMAND = """#!/bin/bash
# The power goes before the n-th command of all that root's scripts do.
set -T
on_command() {
    local left
    [ -e /run/commands-left ] || return 0
    read -r left </run/commands-left
    echo "$((left - 1))" >/run/commands-left
    [ "$left" -ne 1 ] || kill -9 0
}
trap on_command DEBUG
"""


@pytest.fixture
def set_up(machine: Machine) -> Machine:
    """A machine whose assistant has left its sign."""
    leave_sign(machine)
    return machine


def leave_sign(machine: Machine) -> None:
    """Lie there as the assistant leaves it."""
    for name, text in SETTINGS.items():
        machine.give(f"{WORK}/{name}", text)
    for key in ("terminal.key", "storage.key"):
        machine.give(f"{KEYS}/{key}", f"secret {key}\n", mode=0o600)
    machine.give(f"{WORK}/done", "")


def is_whole(machine: Machine) -> None:
    """Settings and keys are in their places, and nothing else of it is anywhere."""
    for name, text in SETTINGS.items():
        file = machine / f"etc/kiosk/{name}"
        assert (file.read_text(), file.stat().st_mode & 0o777, file.owner()) == (text, 0o644, "root")
    for key in ("terminal.key", "storage.key"):
        assert (machine / f"{SEALED}.{key}").read_text() == f"sealed secret {key}\n"
        assert (machine / f"{SEALED}.{key}").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (machine / "etc/kiosk").iterdir()} == set(SETTINGS)
    assert {path.name for path in (machine / STATE).iterdir()} <= {"told", "ends-with"}


def test_what_was_set_up_is_taken_and_nothing_open_is_left(set_up: Machine) -> None:
    set_up.give("etc/kiosk/enrolment.json", "its code is spent")
    told = set_up.run(TAKE_OVER)
    assert told.returncode == 0, told.stderr
    is_whole(set_up)
    assert set_up.told() == ["card-terminal check --config /etc/kiosk/taken/kiosk.toml"], "root's own copy is checked"


def refused(machine: Machine) -> str:
    """Nothing was taken; what the assistant will say."""
    told = machine.run("timeout", "20", TAKE_OVER)
    assert told.returncode == NO_DATA, told.stderr
    assert (machine / "etc/kiosk/kiosk.toml").read_text() == "pattern\n"
    assert {path.name for path in (machine / "etc/kiosk").iterdir()} == {"kiosk.toml"}
    assert not (machine / f"{SEALED}.terminal.key").exists()
    assert not (machine / f"{WORK}/done").exists(), "it is not tried over and over"
    return (machine / f"{WORK}/refused").read_text()


@pytest.mark.parametrize("name", ["ca.pem", "kiosk.toml"])
def test_root_follows_nothing_to_what_is_its_own(set_up: Machine, name: str) -> None:
    set_up.give("etc/secret", "root's\n", mode=0o600)
    (set_up.folder / "given" / WORK / name).unlink()
    (set_up.folder / "given" / WORK / name).symlink_to("/etc/secret")
    assert refused(set_up) == f"{name} can't be read\n"


def test_a_key_that_leads_to_root_s_own_is_not_sealed(set_up: Machine) -> None:
    set_up.give("etc/secret", "root's\n", mode=0o600)
    key = set_up.folder / "given" / KEYS / "terminal.key"
    key.unlink()
    key.symlink_to("/etc/secret")
    told = set_up.run(TAKE_OVER)
    assert told.returncode == NO_DATA, told.stderr
    assert not list((set_up / "etc/credstore.encrypted").iterdir()), "root's"


def test_a_folder_that_leads_elsewhere_loses_nothing(set_up: Machine) -> None:
    for name in ("done", "refused"):
        set_up.give(f"etc/elsewhere/{name}", "root's\n")
    work = set_up.folder / "given" / WORK
    shutil.rmtree(work)
    work.symlink_to("/etc/elsewhere")
    set_up.run(TAKE_OVER)
    assert {path.name for path in (set_up / "etc/elsewhere").iterdir()} == {"done", "refused"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("rm {work}/ca.pem", "ca.pem can't be read"),
        ("rm {work}/ca.pem; mkdir {work}/ca.pem", "ca.pem can't be read"),
        ("ln -sf /dev/zero {work}/ca.pem", "ca.pem has 65537 bytes, allowed are 1 to 65536"),
        (": >{work}/centre.json", "centre.json has 0 bytes, allowed are 1 to 65536"),
        ("rm {keys}/storage.key", "there is no storage.key; enrol first"),
        ("ln -sf /dev/zero {keys}/storage.key", "there is no storage.key; enrol first"),
        ("head -c 5000 /dev/zero >{keys}/storage.key", "the keys can't be bound to this machine"),
        ("echo wrong >{work}/kiosk.toml", "kiosk.toml:1: wrong"),
    ],
)
def test_what_is_not_there_or_no_setting_is_refused_and_told(set_up: Machine, wrong: str, told: str) -> None:
    set_up.give(
        "opt/card-terminal/bin/kiosk",
        KIOSK.replace(
            "case $1 in", 'grep -q answered "$3" || { echo "kiosk.toml:1: wrong" >&2; exit 64; }\ncase $1 in'
        ),
        mode=0o755,
    )
    first = wrong.format(work=f"/{WORK}", keys=f"/{KEYS}")
    set_up.give("usr/bin/go-wrong", f"#!/bin/sh\n{first}\n", mode=0o755)
    assert set_up.run("go-wrong").returncode == 0
    keep_only_programs(set_up)
    if "bound" in told:
        assert set_up.run(TAKE_OVER).returncode == NO_DATA
        assert (set_up / f"{WORK}/refused").read_text() == f"{told}\n"
        assert not list((set_up / "etc/credstore.encrypted").glob("*.key"))
    else:
        assert refused(set_up) == f"{told}\n"


def test_a_pipe_that_nobody_fills_holds_nobody_up_for_good(set_up: Machine) -> None:
    set_up.give("usr/bin/timeout", f'#!/bin/sh\nshift\nexec {shutil.which("timeout")}.real 1 "$@"\n', mode=0o755)
    real = set_up.folder / "given" / "usr/bin/timeout.real"
    shutil.copy2(str(shutil.which("timeout")), real)
    (set_up.folder / "given" / WORK / "ca.pem").unlink()
    set_up.give("usr/bin/go-wrong", f"#!/bin/sh\nmkfifo -m 0666 /{WORK}/ca.pem\n", mode=0o755)
    assert set_up.run("go-wrong").returncode == 0
    keep_only_programs(set_up)
    told = set_up.run(TAKE_OVER)
    assert told.returncode == NO_DATA
    assert (set_up / f"{WORK}/refused").read_text() == "ca.pem can't be read\n"


def keep_only_programs(machine: Machine) -> None:
    """What is given lies there already; given again it would undo what happened since."""
    for part in ("etc", "var"):
        shutil.rmtree(machine.folder / "given" / part)


def test_once_the_keys_are_bound_nothing_is_taken_any_more(set_up: Machine) -> None:
    assert set_up.run(TAKE_OVER).returncode == 0
    keep_only_programs(set_up)
    for name in (*SETTINGS, "done"):
        set_up.give(f"{WORK}/{name}", "another's\n")
    for key in ("terminal.key", "storage.key"):
        set_up.give(f"{KEYS}/{key}", "another's\n")
    assert set_up.run(TAKE_OVER).returncode == 0
    is_whole(set_up)


def test_keys_of_which_one_was_lost_are_not_replaced(set_up: Machine) -> None:
    assert set_up.run(TAKE_OVER).returncode == 0
    keep_only_programs(set_up)
    (set_up / f"{SEALED}.terminal.key").unlink()
    assert set_up.run("/usr/lib/card-terminal/seal-keys", "--check").returncode == 0


def test_the_power_goes_before_any_command_and_it_ends_the_same(tmp_path: Path) -> None:
    """Every eleventh command of both scripts; each one was tried with a stride of 1."""
    before, killed, tried = 1, True, 0
    while killed:
        part = set_out(tmp_path / str(before))
        told = part.run("sh", "-c", f"echo {before} >/run/commands-left; exec {TAKE_OVER}")
        killed = told.returncode == -9
        assert killed or told.returncode == 0, told.stderr
        keep_only_programs(part)
        starts_again(part)
        is_whole(part)
        before, tried = before + STRIDE, tried + 1
    assert tried > 5


def set_out(folder: Path) -> Machine:
    """A machine that was set up, whose scripts count their commands."""
    made = with_programs(folder)
    for name in ("take-over", "seal-keys"):
        made.give(f"usr/lib/card-terminal/{name}", AT_EACH_COMMAND + (SYSTEMD / name).read_text("utf-8"), mode=0o755)
    leave_sign(made)
    return made


def starts_again(part: Machine) -> None:
    """What the units do at the next start, by their conditions."""
    unit = (SYSTEMD / "system" / "card-terminal.service").read_text("utf-8")
    first = re.findall(r"^ExecStartPre=(.+)$", unit, re.MULTILINE)
    if (part / f"{SEALED}.terminal.key").exists():
        for command in first:
            assert part.run("setpriv", "--reuid=card-terminal", *command.split()).returncode == 0
    else:
        assert (part / f"{WORK}/done").exists(), "the path unit finds the sign"
        assert part.run(TAKE_OVER).returncode == 0
